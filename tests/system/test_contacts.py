"""Contact resistances on slanted and round interfaces: closed forms (support/contacts_exact.py), for interfaces that are
drawn by shapes and by maps.

`python3 test_contacts.py`, with HEAT2D and MPIEXEC set as ctest sets them, prints the table of solver/MEASURED.md.
"""
from __future__ import annotations

import filecmp
import math
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from contacts_exact import FORMS, PROBLEMS, annulus, as_map, circle, crossed, finished, measure, polygon, slanted, steady
from heat2d_case import Outcome, run

SHAPES, MAPS = FORMS
LAYOUTS = [(2, [2, 1]), (3, [1, 3]), (4, [2, 2]), (7, [7, 1])]


# ---- closed forms ---------------------------------------------------------------------------------------


def bound(name: str, form: str) -> float:
    """Return the largest relative error on 100 cells along a side.  A heat may be wrong by 1 %: faces at their full length
    would make 27 % on a circle.  The fields are allowed twice their measured error.  A straight interface in one
    conductivity is exact for shapes, to the solver's tolerance."""
    if PROBLEMS[name].what == "heat":
        return 0.01
    if not name.startswith("slanted"):
        return 3e-3
    if name.endswith(", 5"):
        return 8e-4
    return 1e-9 if form == SHAPES else 2e-5


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", PROBLEMS)
def test_heat_and_temperature_are_those_of_the_closed_form(tmp_path, name, form):
    assert abs(measure(tmp_path, name, 100, form)) < bound(name, form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["crossed", "annulus", "slanted 20, 5", "slanted 45, 5"])
def test_fields_converge(tmp_path, name, form):
    """The measured orders are 1.3 to 2.1; faces at their full length would make 0."""
    coarse, fine = (abs(measure(tmp_path / str(n), name, n, form)) for n in (50, 200))
    assert math.log(coarse / fine) / math.log(4) > 1.0


# ---- layouts --------------------------------------------------------------------------------------------


def same_snapshots(one: Outcome, other: Outcome) -> None:
    names = [path.name for path in one.snapshots()]
    assert names and names == [path.name for path in other.snapshots()]
    assert filecmp.cmpfiles(one.directory, other.directory, names, shallow=False)[1:] == ([], [])


def drawn(directory: Path, form: str, case: dict) -> dict:
    return case if form == SHAPES else as_map(directory, case)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("make", [annulus, lambda n: slanted(n, 33.0)], ids=["annulus", "slanted"])
def test_bits_do_not_depend_on_ranks_and_blocks(tmp_path, make, form):
    case = dict(make(30)[0], output={"snapshots": {"every": 1}})
    case = drawn(tmp_path, form, case)
    one = finished(run(tmp_path, case, "--quiet", output="one"))
    for ranks, processes in LAYOUTS:
        case["decomposition"] = {"processes": processes}
        same_snapshots(one, finished(run(tmp_path, case, "--quiet", ranks=ranks, output=f"on_{ranks}")))


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2", "crank-nicolson"])
def test_transient_run_has_the_same_bits_on_four_ranks_and_closes_its_account(tmp_path, scheme):
    case = dict(crossed(30)[0], output={"snapshots": {"every": 20}})
    case.pop("check", None)
    case["time"] = {"scheme": scheme, "step": 2e-6 if scheme == "ftcs" else 5e-5, "steps": 40}
    one = finished(run(tmp_path, case, "--quiet", output="one"))
    same_snapshots(one, finished(run(tmp_path, case, "--quiet", ranks=4, output="four")))
    # The tolerance of the solves is 1e-11.
    assert abs(one.results["energy"]["balance_error_relative"]) < 1e-9


# ---- interfaces along the axes --------------------------------------------------------------------------


def boxed(resistance: float, region: dict) -> dict:
    case = steady(24, ((0.0, 1.0), (0.0, 1.5)), {"block": 1.0, "rod": 3.0}, [region], [("block", "rod", resistance)],
                  boundary={"left": {"type": "temperature", "value": "y"}, "top": {"type": "flux", "value": 2.0}})
    return dict(case, output={"snapshots": {"every": 1}})


def test_rectangle_polygon_and_map_of_the_same_cells_have_the_same_bits(tmp_path):
    """All faces count with their full length, up to the corners."""
    corners = [(0.25, 0.25), (0.75, 0.25), (0.75, 1.0), (0.25, 1.0)]
    rectangle = {"shape": "rectangle", "x": [0.25, 0.75], "y": [0.25, 1.0], "material": "rod"}
    one = finished(run(tmp_path, boxed(0.2, rectangle), "--quiet", output="rectangle"))
    same_snapshots(one, finished(run(tmp_path, boxed(0.2, polygon(corners, "rod")), "--quiet", output="polygon")))
    case = as_map(tmp_path, boxed(0.2, polygon(corners, "rod")))
    same_snapshots(one, finished(run(tmp_path, case, "--quiet", output="map")))


# ---- limits ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_vanishing_resistance_is_none(tmp_path, form):
    disc = circle(0.5, 0.75, 0.3, "rod")
    none = finished(run(tmp_path, drawn(tmp_path, form, boxed(0.0, disc)), "--quiet", output="none"))
    tiny = finished(run(tmp_path, drawn(tmp_path, form, boxed(1e-300, disc)), "--quiet", output="tiny"))
    same_snapshots(none, tiny)


@pytest.mark.parametrize("form", FORMS)
def test_interface_that_nothing_passes_keeps_the_heat_of_a_disc(tmp_path, form):
    case = boxed(1e300, circle(0.5, 0.75, 0.3, "rod"))
    case["regions"][1]["temperature"] = 50.0
    case.update(time={"scheme": "backward-euler", "step": 1.0, "steps": 5}, output={"interfaces": [["rod", "block"]]})
    if form == MAPS:
        case = as_map(tmp_path, case)
        case["regions"].append({"shape": "circle", "centre": [0.5, 0.75], "radius": 0.3, "temperature": 50.0, "name": "disc"})
    else:
        case["regions"][1]["name"] = "disc"
    outcome = finished(run(tmp_path, case, "--quiet", ranks=2))
    region = next(region for region in outcome.results["regions"] if region["name"] == "disc")
    # The tolerance of the solves is 1e-11.
    assert region["min"] == pytest.approx(50.0, rel=1e-8) and region["max"] == pytest.approx(50.0, rel=1e-8)
    assert abs(outcome.results["energy"]["interfaces"][0]["heat"]) < 1e-12


# ---- reports --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ranks", [1, 3])
def test_heat_through_round_interfaces_is_that_through_the_sides(tmp_path, form, ranks):
    case = dict(annulus(40)[0], output={"interfaces": [["core", "ring"], ["ring", "block"]]})
    outcome = finished(run(tmp_path, drawn(tmp_path, form, case), "--quiet", ranks=ranks))
    energy = outcome.results["energy"]
    for interface in energy["interfaces"]:
        # The tolerance of the solve is 1e-11.
        assert interface["heat"] == pytest.approx(-sum(energy["through_sides"].values()), rel=1e-8)


@pytest.mark.parametrize("form", FORMS)
def test_points_on_either_side_show_the_jump(tmp_path, form):
    """Points at 2 cells from the interface around the rod across a gradient: within 2 % of the jump of 0.588 K/m x."""
    case = crossed(100)[0]
    a, away = 0.1, 2 * 0.4 / 100
    angles = np.radians(np.arange(7, 360, 24))
    places = [[float(r * math.cos(t)), float(r * math.sin(t))] for t in angles for r in (a - away, a + away)]
    case["output"] = {"probes": [{"name": f"p{k}", "at": place} for k, place in enumerate(places)]}
    outcome = finished(run(tmp_path, drawn(tmp_path, form, case), "--quiet", ranks=2))
    table = outcome.table("probes.csv")
    values = [table[f"p{k}"][-1] for k in range(len(places))]
    c = 2 / (1 + 5.0 + 0.05 * 5.0 / a)
    g = a * a * (1 - 5.0 * c)
    expected = [x * c if math.hypot(x, y) < a else x * (1 + g / (x * x + y * y)) for x, y in places]
    np.testing.assert_allclose(values, expected, atol=0.02 * 5.0 * 0.05 * c)


def table() -> None:
    grids = (50, 100, 200, 400)
    print("| problem | interface by | " + " | ".join(f"{n}" for n in grids) + " |")
    print("|---" * (2 + len(grids)) + "|")
    for name, problem in PROBLEMS.items():
        for form in FORMS:
            with tempfile.TemporaryDirectory() as folder:
                row = [measure(Path(folder) / str(n), name, n, form) for n in grids]
            print(f"| {problem.title} | {form} | " + " | ".join(f"{100 * error:.2g} %" for error in row) + " |", flush=True)


if __name__ == "__main__":
    table()

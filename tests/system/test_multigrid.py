"""The results of the default solver have the same bits on any number of ranks: a small body with jumps, contacts and all
linear kinds of sides, with every implicit scheme."""
from __future__ import annotations

import filecmp

import numpy as np
import pytest
from heat2d_case import Outcome, basic_case, run

NX, NY, STEPS = 37, 23, 4
SCHEMES = ["backward-euler", "crank-nicolson", "bdf2", "esdirk", "steady"]
# Blocks one cell wide, single rows and columns of blocks, uneven cuts, prime numbers, many ranks along one axis.
LAYOUTS = [(2, [2, 1]), (2, [1, 2]), (3, [1, 3]), (4, [2, 2]), (4, [4, 1]), (7, [7, 1]), (7, [1, 7]), (16, [4, 4]),
           (16, [16, 1]), (16, [1, 16])]
SIDES = ("left", "right", "bottom", "top")
PERIODIC = {side: {"type": "periodic"} for side in SIDES}


def body(scheme: str, **sections) -> dict:
    """Return a case with jumps of 1e3 and 1e2, a contact, and a side of each linear kind."""
    case = basic_case(
        grid={"cells": [NX, NY], "x": [0.0, 1.0], "y": [0.0, 0.5]},
        materials=[{"name": "slow", "conductivity": [1.0, 2.0], "density": 1.0, "specific_heat": 1.0},
                   {"name": "fast", "conductivity": 1000.0, "density": 30.0, "specific_heat": 2.0},
                   {"name": "bar", "conductivity": 30.0, "density": 3.0, "specific_heat": 1.0}],
        contacts=[{"between": ["slow", "bar"], "resistance": 0.05}],
        regions=[{"material": "slow"}, {"shape": "circle", "centre": [0.6, 0.2], "radius": 0.15, "material": "fast",
                                        "source": 500.0},
                 {"shape": "rectangle", "x": [0.1, 0.3], "y": [0.1, 0.4], "material": "bar"}],
        initial={"temperature": "1+sin(5*x)*cos(7*y)"},
        boundary={"left": {"type": "temperature", "value": "1+y"}, "right": {"type": "flux", "value": "1+y"},
                  "top": {"type": "convection", "coefficient": "2+x", "ambient": 1.0}},
        time={"scheme": scheme, "step": 0.02, "steps": STEPS} if scheme != "steady" else {"scheme": scheme},
        solver={"tolerance": 1e-9}, output={"snapshots": {"every": 2}})
    case.update(sections)
    return case


def finished(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, f"exit code {outcome.code}\n{outcome.err}"
    return outcome


def same_snapshots(one: Outcome, other: Outcome) -> None:
    names = [path.name for path in one.snapshots()]
    assert names and names == [path.name for path in other.snapshots()]
    _, differ, failed = filecmp.cmpfiles(one.directory, other.directory, names, shallow=False)
    if differ or failed:
        apart = np.abs(one.field() - other.field())
        pytest.fail(f"differ: {differ}, missing: {failed}; {np.count_nonzero(apart)} cells, by up to {apart.max():.3e}")


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """Return a function that runs a scheme on one rank, once."""
    done = {}

    def get(scheme: str) -> Outcome:
        if scheme not in done:
            done[scheme] = finished(run(tmp_path_factory.mktemp(scheme), body(scheme), "--quiet"))
        return done[scheme]

    return get


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ranks,processes", LAYOUTS, ids=str)
def test_snapshots_are_byte_identical(tmp_path, serial, scheme, ranks, processes):
    case = body(scheme, decomposition={"processes": processes})
    same_snapshots(serial(scheme), finished(run(tmp_path, case, "--quiet", ranks=ranks)))


@pytest.mark.parametrize("cells", [[36, 24], [35, 23], [2, 64], [1, 97]], ids=str)
@pytest.mark.parametrize("ranks", [2, 4, 7])
def test_periodic_snapshots_are_byte_identical(tmp_path, cells, ranks):
    case = body("backward-euler", grid={"cells": cells, "x": [0.0, 1.0], "y": [0.0, 1.0]}, boundary=PERIODIC)
    case["solver"] = {**case["solver"], "empty_regions": "allow"}  # two columns have no centre in the bar
    one = finished(run(tmp_path, case, "--quiet", output="one"))
    same_snapshots(one, finished(run(tmp_path, tmp_path / "case.yaml", "--quiet", ranks=ranks, output="many")))


@pytest.mark.parametrize("ranks", [3, 4])
def test_flat_cells_are_byte_identical(tmp_path, ranks):
    case = body("backward-euler", grid={"cells": [41, 67], "x": [0.0, 100.0], "y": [0.0, 0.5]},
                regions=[{"material": "slow"},
                         {"shape": "rectangle", "x": [50.0, 70.0], "y": [0.05, 0.35], "material": "fast", "source": 500.0},
                         {"shape": "rectangle", "x": [10.0, 30.0], "y": [0.1, 0.4], "material": "bar"}])
    one = finished(run(tmp_path, case, "--quiet", output="one"))
    same_snapshots(one, finished(run(tmp_path, tmp_path / "case.yaml", "--quiet", ranks=ranks, output="many")))

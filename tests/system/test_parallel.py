"""Results depend neither on the number of ranks nor on the layout of blocks."""
from __future__ import annotations

import filecmp

import numpy as np
import pytest
from heat2d_case import Outcome, basic_case, run

NX, NY, STEPS = 7, 9, 12
MATERIALS = [{"name": "slow", "conductivity": [1.0, 2.0], "density": 1.0, "specific_heat": 1.0},
             {"name": "fast", "conductivity": 40.0, "density": 3.0, "specific_heat": 2.0}]
# (ranks, processes): blocks one cell wide, single rows and columns of blocks, uneven cuts, a prime number.
LAYOUTS = [(2, [2, 1]), (2, [1, 2]), (3, [3, 1]), (3, "auto"), (4, [2, 2]), (4, [1, 4]), (7, [7, 1]), (7, [1, 7])]
SIDES = ("left", "right", "bottom", "top")


def mixed(scheme: str = "ftcs", **sections) -> dict:
    """Return a case without any symmetry: two materials, several kinds of sides, a source."""
    case = basic_case(
        grid={"cells": [NX, NY], "x": [0.0, 0.8], "y": [0.0, 1.0]}, materials=MATERIALS,
        regions=[{"material": "slow"}, {"shape": "circle", "centre": [0.5, 0.4], "radius": 0.25, "material": "fast",
                                        "source": "50*(1+x)*(t<0.004)"}],
        initial={"temperature": "1+sin(5*x)*cos(7*y)"},
        boundary={"left": {"type": "temperature", "value": "y+sin(100*t)"}, "right": {"type": "flux", "value": "1+y"},
                  "top": {"type": "convection", "coefficient": "2+x", "ambient": "1+t"}},
        time={"scheme": scheme, "step": 4e-3 if scheme == "rkl2" else 4e-4, "steps": STEPS}, solver={"tolerance": 1e-12, "preconditioner": "jacobi"},
        output={"snapshots": {"every": 6}, "fields": ["temperature", "material"], "history": {"every": 1},
                "probes": [{"name": "a", "at": [0.31, 0.22]}, {"name": "corner", "at": [0.8, 1.0]}]},
        checkpoint={"every": 6})
    case.update(sections)
    return case


def finished(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, f"exit code {outcome.code}\n{outcome.err}"
    return outcome


def layout(processes) -> tuple[str, str]:
    return "--set", f"decomposition.processes={processes}"


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """Return a function that runs a scheme on one rank, once."""
    done = {}

    def get(scheme: str) -> Outcome:
        if scheme not in done:
            done[scheme] = finished(run(tmp_path_factory.mktemp(scheme), mixed(scheme), "--quiet", "--set",
                                        "checkpoint.keep=9"))
        return done[scheme]

    return get


@pytest.fixture(scope="module")
def parallel(tmp_path_factory):
    """Return a function that runs a scheme on several ranks in a layout, once."""
    done = {}

    def get(scheme: str, ranks: int, processes) -> Outcome:
        key = scheme, ranks, str(processes)
        if key not in done:
            done[key] = finished(run(tmp_path_factory.mktemp("parallel"), mixed(scheme), "--quiet", *layout(processes),
                                     "--set", "checkpoint.keep=9", ranks=ranks))
        return done[key]

    return get


# ---- the same answer ------------------------------------------------------------------------------------


def same_bytes(one: Outcome, other: Outcome, kind: str, count: int) -> None:
    names = [path.name for path in sorted(one.directory.glob(f"{kind}_*.h5"))]
    assert len(names) == count, names
    _, differ, failed = filecmp.cmpfiles(one.directory, other.directory, names, shallow=False)
    assert not differ and not failed, f"differ from one rank's: {differ}, missing: {failed}"


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2"])
@pytest.mark.parametrize("ranks,processes", LAYOUTS, ids=str)
def test_explicit_snapshots_are_byte_identical(serial, parallel, scheme, ranks, processes):
    same_bytes(serial(scheme), parallel(scheme, ranks, processes), "snapshot", 3)


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2"])
@pytest.mark.parametrize("ranks,processes", LAYOUTS, ids=str)
def test_explicit_checkpoints_are_byte_identical(serial, parallel, scheme, ranks, processes):
    """A checkpoint holds fields, clock and energy account, and nothing that depends on the ranks."""
    same_bytes(serial(scheme), parallel(scheme, ranks, processes), "checkpoint", 2)


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2"])
@pytest.mark.parametrize("ranks,processes", LAYOUTS, ids=str)
def test_explicit_tables_and_accounts_are_the_same(serial, parallel, scheme, ranks, processes):
    one, other = serial(scheme), parallel(scheme, ranks, processes)
    for table in ("history.csv", "probes.csv"):
        assert (other.directory / table).read_bytes() == (one.directory / table).read_bytes(), table
    assert other.results["energy"] == one.results["energy"]


@pytest.mark.parametrize("scheme", ["backward-euler", "crank-nicolson"])
@pytest.mark.parametrize("ranks,processes", [(2, [2, 1]), (3, [1, 3]), (4, [2, 2]), (7, [7, 1])], ids=str)
def test_implicit_runs_agree_to_the_solver_tolerance(serial, parallel, scheme, ranks, processes):
    # Dot products are summed in another order, so the solutions differ by the solver's tolerance: 1e-12 of each step's
    # increment, which is of order 1, in 12 steps, with a condition number below 100.
    for step in (6, 12):
        np.testing.assert_allclose(parallel(scheme, ranks, processes).field(step), serial(scheme).field(step),
                                   rtol=0, atol=1e-10)


@pytest.mark.parametrize("ranks", [2, 3])
def test_multigrid_agrees_to_the_solver_tolerance(tmp_path, ranks):
    case = mixed("backward-euler", solver={"tolerance": 1e-12})
    one = finished(run(tmp_path, case, "--quiet", output="one"))
    many = finished(run(tmp_path, tmp_path / "case.yaml", "--quiet", ranks=ranks, output="many"))
    np.testing.assert_allclose(many.field(), one.field(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("table", ["history.csv", "probes.csv"])
@pytest.mark.parametrize("ranks,processes", [(2, [2, 1]), (3, [1, 3]), (4, [2, 2])], ids=str)
def test_implicit_tables_agree(serial, parallel, table, ranks, processes):
    one, many = (outcome.table(table) for outcome in (serial("backward-euler"), parallel("backward-euler", ranks, processes)))
    assert list(one) == list(many), "other columns"
    tolerance = 1e-9  # the solver's tolerance and its effect on the heat through a side
    for name in one:
        if name in ("iterations", "residual", "energy_error"):
            continue
        scale = max(1.0, np.abs(one[name]).max())
        np.testing.assert_allclose(many[name], one[name], rtol=0, atol=tolerance * scale, err_msg=name)
    if "energy_error" in many:
        assert np.abs(many["energy_error"]).max() < 1e-10, many["energy_error"]


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_checks_agree(tmp_path, ranks):
    checks = [{"quantity": "temperature", "at": [0.4, 0.5], "value": 0.0, "tolerance": 1e9},
              {"quantity": "temperature", "at": [0.0, 1.0], "value": 0.0, "tolerance": 1e9},
              {"quantity": "integral", "weight": "heat_capacity", "value": 0.0, "tolerance": 1e9},
              {"quantity": "heat_flow", "side": "left", "value": 0.0, "tolerance": 1e9},
              {"quantity": "error_l2", "exact": "x", "below": 1e9}]
    case = mixed(check=checks, output={"history": {"every": 100}}, checkpoint={"every": 0})
    one = finished(run(tmp_path, case, "--quiet", output="one"))
    many = finished(run(tmp_path, tmp_path / "case.yaml", "--quiet", ranks=ranks, output="many"))
    assert [check["value"] for check in many.checks] == [check["value"] for check in one.checks]


@pytest.mark.parametrize("mapping", ["node-blocks", "linear"])
def test_mapping_of_ranks_does_not_show(tmp_path, mapping):
    one = finished(run(tmp_path, mixed(decomposition={"mapping": mapping}), "--quiet", output="one"))
    many = finished(run(tmp_path, tmp_path / "case.yaml", "--quiet", ranks=4, output="many"))
    same_bytes(one, many, "snapshot", 3)


@pytest.mark.parametrize("cells,ranks,processes", [([1, 12], 3, [1, 3]), ([6, 1], 3, [3, 1]), ([1, 1], 1, [1, 1]),
                                                   ([4, 1], 4, "auto"), ([1, 4], 4, "auto")], ids=str)
def test_grids_one_cell_wide(tmp_path, cells, ranks, processes):
    case = mixed(grid={"cells": cells, "x": [0.0, 0.8], "y": [0.0, 1.0]})
    allow = ("--set", "solver.empty_regions=allow")  # a single cell is not in all regions
    one = finished(run(tmp_path, case, "--quiet", *allow, output="one"))
    many = finished(run(tmp_path, tmp_path / "case.yaml", "--quiet", *allow, *layout(processes), ranks=ranks, output="many"))
    same_bytes(one, many, "snapshot", 3)
    assert abs(many.results["energy"]["balance_error_relative"]) < 1e-10


PERIODIC = {"x": {s: {"type": "periodic"} for s in SIDES[:2]}, "y": {s: {"type": "periodic"} for s in SIDES[2:]},
            "xy": {s: {"type": "periodic"} for s in SIDES}}


@pytest.mark.parametrize("axes", PERIODIC)
@pytest.mark.parametrize("ranks,processes", [(2, [2, 1]), (2, [1, 2]), (3, [3, 1]), (4, [2, 2]), (7, [7, 1])], ids=str)
def test_periodic_runs_are_byte_identical(tmp_path, axes, ranks, processes):
    case = mixed(boundary=PERIODIC[axes], output={"snapshots": {"every": 6}}, checkpoint={"every": 0})
    one = finished(run(tmp_path, case, "--quiet", output="one"))
    many = finished(run(tmp_path, tmp_path / "case.yaml", "--quiet", *layout(processes), ranks=ranks, output="many"))
    same_bytes(one, many, "snapshot", 3)
    check_counts(many.results, processes, axes)


# ---- messages -------------------------------------------------------------------------------------------


def predicted(px: int, py: int, periodic: str = "") -> tuple[int, int]:
    """Return messages and bytes of a halo exchange: one value for each cell, in both directions, over every edge between two
    blocks."""
    vertical = px - 1 + ("x" in periodic and px > 1)  # edges across x; a block that is its own neighbour sends nothing
    horizontal = py - 1 + ("y" in periodic and py > 1)
    return 2 * (vertical * py + px * horizontal), 2 * 8 * (vertical * NY + horizontal * NX)


def check_counts(results: dict, processes, periodic: str = "") -> None:
    found = results["decomposition"]
    px, py = found["processes"]
    if processes != "auto":
        assert [px, py] == processes
    assert px * py == results["ranks"]
    messages, size = predicted(px, py, periodic)
    exchanges = found["halo_exchanges"]
    assert exchanges >= STEPS, f"{exchanges} halo exchanges in {STEPS} steps"
    for name, expected in (("messages", messages), ("bytes", size)):
        within = found[name]["within_nodes"]
        assert within == {"per_exchange": expected, "per_deep_exchange": None, "predicted": expected * exchanges,
                          "counted": expected * exchanges}, \
            f"{name} of {px} x {py} blocks, {exchanges} halo exchanges: {within}, expected {expected} for each"
        between = found[name]["between_nodes"]
        assert set(between.values()) == {0, None}, f"one node, yet {name} between nodes: {between}"


@pytest.mark.parametrize("ranks,processes", LAYOUTS, ids=str)
def test_counted_messages_and_bytes_are_the_predicted_ones(parallel, ranks, processes):
    check_counts(parallel("ftcs", ranks, processes).results, processes)


def test_one_rank_sends_nothing(serial):
    check_counts(serial("ftcs").results, [1, 1])


def test_implicit_messages_are_the_predicted_ones(parallel):
    check_counts(parallel("backward-euler", 4, [2, 2]).results, [2, 2])


def test_ftcs_step_takes_one_halo_exchange(tmp_path):
    case = mixed(output={"history": {"every": 1000}}, checkpoint={"every": 0})
    counts = [finished(run(tmp_path, case, "--quiet", "--set", f"time.steps={steps}", ranks=2, output=f"s{steps}"))
              .results["decomposition"]["halo_exchanges"] for steps in (10, 30)]
    assert counts[1] - counts[0] == 20, f"{counts[1] - counts[0]} halo exchanges in 20 steps"


# rkl2 takes 9 stages with `auto`, in one sweep of 16 or two of 8 cells' depth; with the long step it takes three sweeps or more.
EXPLICIT_TIMES = {"ftcs": {"scheme": "ftcs", "step": "auto", "steps": 123}, "rkl2": {"scheme": "rkl2", "step": "auto", "steps": 123},
                  "rkl2-long": {"scheme": "rkl2", "step": 1e-3, "steps": 123}}


def blocked(time="ftcs", **more) -> dict:
    """Return a case with a source and all kinds of sides, wide enough for sweeps of many steps on four blocks."""
    case = mixed(output={"history": {"every": 40}, "snapshots": {"every": 60}}, checkpoint={"every": 50, "keep": 9}, **more)
    case["grid"]["cells"] = [140, 132]
    case["regions"][1]["source"] = "50*(1+x)"
    case["time"] = EXPLICIT_TIMES[time]
    return case


def written_alike(tmp_path, case: dict, ranks: int) -> tuple[Outcome, list[str]]:
    """Assert that several steps at once on these ranks write the bytes of single steps on one rank, and the same energy account.
    Return the outcome of the former, and the names of the files."""
    alone = finished(run(tmp_path, case, "--quiet", "-heat_steps_at_once", "1", ranks=1, output="alone"))
    several = finished(run(tmp_path, case, "--quiet", ranks=ranks, output="several"))
    assert alone.results["decomposition"]["deep_exchanges"] == 0
    assert several.results["decomposition"]["deep_exchanges"] > 0
    assert several.results["decomposition"]["halo_exchanges"] < 60, "most steps were taken one by one"
    names = sorted(path.name for path in (tmp_path / "alone").glob("*.h5")) + ["history.csv"]
    for name in names:
        assert (tmp_path / "several" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    assert several.results["energy"] == alone.results["energy"]
    return several, names


@pytest.mark.parametrize("time", EXPLICIT_TIMES)
@pytest.mark.parametrize("ranks", [1, 2, 4, 7])
def test_several_steps_at_once_write_what_single_ones_write(tmp_path, ranks, time):
    """Also stages of rkl2; seven blocks are too low for more than 4 stages at once."""
    assert len(written_alike(tmp_path, blocked(time), ranks)[1]) > 5


EXCHANGE = {"coefficient": "20*(x > 0.2) + 3*y", "ambient": "1 + x"}


@pytest.mark.parametrize("time", EXPLICIT_TIMES)
@pytest.mark.parametrize("ranks", [1, 2, 4, 7])
def test_steps_at_once_with_an_ambient_exchange_write_what_single_ones_write(tmp_path, ranks, time):
    """The account too, whose heat of the exchange is summed cell by cell over 256 steps; the checkpoints hold it."""
    case = blocked(time, exchange=EXCHANGE)
    case["time"] = {**case["time"], "steps": 123 if time == "rkl2-long" else 323}
    several, names = written_alike(tmp_path, case, ranks)
    assert any("checkpoint" in name for name in names)
    energy = several.results["energy"]
    assert energy["exchange"] != 0 and energy["balance_error_relative"] < 1e-13


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2"])
@pytest.mark.parametrize("ranks", [(1, 4), (2, 1)])
def test_the_heat_of_an_ambient_exchange_survives_a_restart(tmp_path, ranks, scheme):
    """The first part ends within a sweep, and within the steps whose heat is summed in each cell; the second is on other ranks."""
    case = blocked(scheme, exchange=EXCHANGE)
    case["time"] = {**case["time"], "steps": 323}
    whole = finished(run(tmp_path, case, "--quiet", ranks=1, output="whole"))
    finished(run(tmp_path, case, "--quiet", "--set", "time.steps=271", ranks=ranks[0], output="parts"))
    rest = finished(run(tmp_path, case, "--quiet", "--restart", "latest", ranks=ranks[1], output="parts"))
    assert rest.results["energy"] == whole.results["energy"]
    rows = [[row for row in (tmp_path / name / "history.csv").read_text().splitlines() if not row.startswith("271,")] for name in ("parts", "whole")]
    assert len(rows[1]) > 8 and rows[0] == rows[1]  # the first part has a row of its end


def test_another_scheme_continues_the_account_of_an_ambient_exchange(tmp_path):
    case = blocked("ftcs", exchange=EXCHANGE, solver={"tolerance": 1e-12})
    finished(run(tmp_path, case, "--quiet"))
    case["time"] = {"scheme": "bdf2", "step": 1e-4, "steps": 130}
    rest = finished(run(tmp_path, case, "--quiet", "--restart", "latest", ranks=2))
    assert rest.results["energy"]["balance_error_relative"] < 1e-11


def test_the_heat_of_an_ambient_exchange_survives_a_rollback(tmp_path, monkeypatch):
    case = blocked("ftcs", exchange=EXCHANGE)
    whole = finished(run(tmp_path, case, "--quiet", ranks=1, output="whole"))
    monkeypatch.setenv("HEAT2D_INJECT", "68:40:50:1e6")
    back = finished(run(tmp_path, case, "--quiet", ranks=4, output="back"))
    assert "going back once, to step 50" in back.err
    assert back.results["energy"] == whole.results["energy"]
    assert (tmp_path / "back" / "history.csv").read_bytes() == (tmp_path / "whole" / "history.csv").read_bytes()


@pytest.mark.parametrize("source", ["50*(1+x)*(t<1e-4)", "-1e3*sin(1e5*t)*y/(2 + t)", "1e3*cos(1e5*t)"])
@pytest.mark.parametrize("ranks", [1, 4])
def test_a_source_that_follows_a_factor_of_time_is_taken_in_sweeps(tmp_path, ranks, source):
    """Also in a region beside a fixed source of the case; a switch ends a sweep."""
    case = blocked(source="20*y")
    case["regions"][1]["source"] = source
    written_alike(tmp_path, case, ranks)


def probed() -> dict:
    """Return the case `blocked` with probes in cells, at faces, on sides whose temperature changes with time, in corners of
    blocks and of the domain."""
    case = blocked()
    points = [[0.31, 0.17], [0.5, 0.5], [0.0, 0.6], [1.0, 0.2], [0.4, 1.0], [0.0, 0.0], [1.0, 1.0], [0.4999, 0.5001]]
    x, y = case["grid"]["x"], case["grid"]["y"]
    case["output"]["probes"] = [{"name": f"p{k}", "at": [x[0] + u * (x[1] - x[0]), y[0] + v * (y[1] - y[0])]}
                                for k, (u, v) in enumerate(points)]
    return case


@pytest.fixture(scope="module")
def probed_alone(tmp_path_factory) -> bytes:
    """Return probes.csv of single steps on one rank."""
    alone = finished(run(tmp_path_factory.mktemp("alone"), probed(), "--quiet", "-heat_steps_at_once", "1"))
    assert alone.results["decomposition"]["deep_exchanges"] == 0
    return (alone.directory / "probes.csv").read_bytes()


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_probes_read_every_step_of_several_at_once(tmp_path, probed_alone, ranks):
    """The table has a row a step, with the bytes of single steps."""
    several = finished(run(tmp_path, probed(), "--quiet", ranks=ranks))
    assert several.results["decomposition"]["halo_exchanges"] < 60, "most steps were taken one by one"
    found = (several.directory / "probes.csv").read_bytes()
    assert found.count(b"\n") == 1 + 1 + probed()["time"]["steps"]
    assert found == probed_alone


@pytest.mark.parametrize("ranks", [1, 4])
def test_probes_of_several_steps_survive_a_restart(tmp_path, probed_alone, ranks):
    """The first part ends within a sweep of the whole run, and leaves a checkpoint."""
    finished(run(tmp_path, probed(), "--quiet", "--set", "time.steps=71", ranks=ranks))
    rest = finished(run(tmp_path, probed(), "--quiet", "--restart", "latest", ranks=ranks))
    assert rest.results["decomposition"]["deep_exchanges"] > 0
    assert (rest.directory / "probes.csv").read_bytes() == probed_alone


@pytest.mark.parametrize("ranks", [1, 4])
def test_probes_of_several_steps_survive_a_rollback(tmp_path, probed_alone, ranks, monkeypatch):
    """A value is corrupted within a sweep; the run goes back to a checkpoint, and no row of the corrupted steps is left."""
    monkeypatch.setenv("HEAT2D_INJECT", "68:40:50:1e6")
    back = finished(run(tmp_path, probed(), "--quiet", ranks=ranks))
    assert "going back once, to step 50" in back.err and back.results["decomposition"]["deep_exchanges"] > 0
    assert (back.directory / "probes.csv").read_bytes() == probed_alone


@pytest.mark.parametrize("time", EXPLICIT_TIMES)
def test_messages_of_several_steps_at_once_are_the_predicted_ones(tmp_path, time):
    found = finished(run(tmp_path, blocked(time), "--quiet", *layout([2, 2]), ranks=4)).results["decomposition"]
    deep = found["deep_cells"]
    assert deep == 16  # a quarter of 66 rows, rounded down to a power of two
    within = found["messages"]["within_nodes"]
    assert within["per_deep_exchange"] == 8
    assert found["bytes"]["within_nodes"]["per_deep_exchange"] == 8 * 2 * deep * (132 + 140 + 2 * deep)
    for name in ("messages", "bytes"):
        assert found[name]["within_nodes"]["counted"] == found[name]["within_nodes"]["predicted"], name
    single, deep_ones = found["halo_exchanges"], found["deep_exchanges"]
    assert deep_ones > 0 and within["counted"] == 8 * (single + deep_ones)
    assert found["bytes"]["within_nodes"]["counted"] == 16 * (132 + 140) * single + 16 * deep * (132 + 140 + 2 * deep) * deep_ones


# 40 x 24 cells on four ranks of one node: process grid -> messages of an exchange, and the cells along its cuts.
BY_HAND = {(2, 2): (8, 24 + 40), (4, 1): (6, 3 * 24), (1, 4): (6, 3 * 40)}


@pytest.mark.parametrize("processes", BY_HAND, ids=str)
def test_halo_totals_of_four_ranks_on_one_node_are_those_counted_by_hand(tmp_path, processes):
    """Five single steps, with blocks too narrow for sweeps, and the row of the last step: six exchanges. Both blocks at a cut send
    8 bytes for each of its cells."""
    messages, cells = BY_HAND[processes]
    case = basic_case(grid={"cells": [40, 24], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": "300 + x"},
                      boundary={"left": {"type": "temperature", "value": 1.0}}, time={"scheme": "ftcs", "step": 1e-5, "steps": 5})
    results = finished(run(tmp_path, case, "--quiet", *layout(list(processes)), ranks=4)).results
    found, halo = results["decomposition"], results["communication"]["halo"]
    assert (found["halo_exchanges"], found["deep_exchanges"]) == (6, 0)
    assert found["messages"]["within_nodes"]["counted"] == halo["within_nodes"]["messages"] == 6 * messages
    assert found["bytes"]["within_nodes"]["counted"] == halo["within_nodes"]["bytes"] == 6 * 2 * 8 * cells
    assert found["messages"]["between_nodes"]["counted"] == found["bytes"]["between_nodes"]["counted"] == 0


def test_blocks_are_even(tmp_path):
    """Blocks differ by one row or column at most: 7 x 9 cells in 2 x 2 blocks."""
    found = finished(run(tmp_path, mixed(), "--quiet", *layout([2, 2]), ranks=4)).results["decomposition"]
    assert (found["cells_min"], found["cells_max"]) == (3 * 4, 4 * 5)


def test_owner_field_shows_the_blocks(tmp_path):
    case = mixed(output={"snapshots": {"every": STEPS}, "fields": ["temperature", "owner"]})
    owner = finished(run(tmp_path, case, "--quiet", *layout([2, 2]), ranks=4)).field(name="owner")
    assert sorted(set(owner.ravel())) == [0, 1, 2, 3]
    for rank in range(4):
        rows, columns = np.nonzero(owner == rank)
        area = (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
        assert len(rows) == area, f"rank {rank} does not own a rectangle"

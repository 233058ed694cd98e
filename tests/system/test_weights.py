"""decomposition.weights: unequal blocks for ranks of unequal speed.  The bytes stay those of one rank, messages and blocks are those
of the plan, and bad speeds are one message on any number of ranks."""
from __future__ import annotations

import filecmp
import json
import math

import pytest
from clustered import SCHEMES, body
from heat2d_case import basic_case, command, execute, run, write_case
from test_plan import plan
from test_restart import must

SPEEDS = {2: [1, 3], 3: [2, 1, 5], 4: [1, 1, 1, 4], 7: [3, 1, 4, 1, 5, 9, 2]}
# Blocks that are wide enough for deep halos, which several explicit steps and stages share.
WIDE = {"grid": {"cells": [140, 132], "x": [0.0, 1.0], "y": [0.0, 1.0]}, "initial": {"temperature": "sin(9*x)*cos(7*y)"}}


def weights(speeds) -> tuple[str, str]:
    return "--set", f"decomposition.weights={json.dumps(speeds)}"


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """Return a function that runs a scheme on one rank, once."""
    done = {}

    def get(scheme: str):
        if scheme not in done:
            done[scheme] = must(run(tmp_path_factory.mktemp(scheme), body(scheme), "--quiet"))
        return done[scheme]

    return get


def snapshots_differ(one, other) -> list[str]:
    names = [path.name for path in one.snapshots()]
    assert names == [path.name for path in other.snapshots()]
    same, differ, failed = filecmp.cmpfiles(one.directory, other.directory, names, shallow=False)
    assert len(same) + len(differ) == len(names) and not failed
    return differ


@pytest.mark.parametrize("ranks", SPEEDS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_leaves_the_bytes_of_one_rank(tmp_path, serial, scheme, ranks):
    outcome = must(run(tmp_path, body(scheme), "--quiet", *weights(SPEEDS[ranks]), ranks=ranks))
    found = outcome.results["decomposition"]
    assert found["weights"] == "ranks" and found["cells_max"] > 1.5 * found["cells_min"]
    assert not snapshots_differ(serial(scheme), outcome)


@pytest.mark.parametrize("scheme,step", [("ftcs", 1e-5), ("rkl2", 3e-4)])
def test_deep_halos_leave_the_bytes_of_one_rank(tmp_path, scheme, step):
    case = basic_case(**WIDE, time={"scheme": scheme, "step": step, "steps": 12}, output={"history": {"every": 12}})
    one = must(run(tmp_path, case, "--quiet", output="one"))
    for ranks, layout in ((3, [3, 1]), (4, [2, 2]), (7, [1, 7])):
        outcome = must(run(tmp_path, case, "--quiet", *weights(SPEEDS[ranks]), "--set", f"decomposition.processes={layout}", ranks=ranks))
        deep = outcome.results["decomposition"]["deep_cells"]
        assert (deep is None) == (ranks == 7), "the narrowest of seven blocks has too few rows for a deep halo"
        assert one.snapshots()[-1].read_bytes() == outcome.snapshots()[-1].read_bytes(), layout


@pytest.mark.parametrize("writers,mode,layout", [("all", "sync", [1, 7]), ("all", "async", [7, 1]), ("{per_node: 2}", "sync", [1, 7]),
                                                 ("{per_node: 3}", "async", [7, 1])])
def test_files_of_every_kind_have_the_bytes_of_one_rank(tmp_path, writers, mode, layout):
    """Snapshots, some of them compressed, and checkpoints in both modes, by all ranks and by some; blocks of 2 to 15 rows or columns."""
    case = basic_case(grid={"cells": [37, 41], "x": [0.0, 1.0], "y": [0.0, 1.0]}, time={"scheme": "ftcs", "step": 1e-5, "steps": 6},
                      checkpoint={"every": 3}, output={"snapshots": {"every": 3}, "fields": ["temperature", "material"]})
    for compression in ("none", "deflate"):
        options = ("--quiet", "--set", f"output.compression={compression}")
        one = must(run(tmp_path, case, *options, output="one"))
        other = must(run(tmp_path, case, *options, *weights(SPEEDS[7]), "--set", f"decomposition.processes={layout}", "--set",
                         f"output.writers={writers}", "--set", f"checkpoint.mode={mode}", ranks=7))
        for path in sorted(one.directory.glob("*.h5")):
            assert path.read_bytes() == (other.directory / path.name).read_bytes(), path.name


@pytest.mark.parametrize("scheme", ["ftcs", "bdf2"])
def test_a_restart_may_have_other_weights_and_ranks(tmp_path, serial, scheme):
    path = write_case(tmp_path, body(scheme))
    must(run(tmp_path, path, "--quiet", "--set", "time.steps=3", *weights(SPEEDS[3]), ranks=3))
    outcome = must(run(tmp_path, path, "--quiet", "--restart", "latest", *weights(SPEEDS[4]), ranks=4))
    assert outcome.results["restarts"][0]["step"] == 3
    assert outcome.snapshots()[-1].read_bytes() == serial(scheme).snapshots()[-1].read_bytes()


# ---- blocks ------------------------------------------------------------------------------------------------

FINE = {"grid": {"cells": [2000, 2000], "x": [0.0, 1.0], "y": [0.0, 1.0]}}


def balance(directory, speeds, layout, *args: str) -> dict:
    return plan(directory, basic_case(**FINE), "--ranks", str(len(speeds)), *weights(speeds), "--set",
                f"decomposition.processes={json.dumps(layout)}", *args)[1]["decomposition"]


def test_a_row_of_blocks_follows_any_speeds(tmp_path):
    """Widths are whole cells: a block of 77 to 700 columns is at most a column too wide, 1.3 %."""
    for layout in ([7, 1], [1, 7]):
        found = balance(tmp_path, SPEEDS[7], layout)
        assert 0.987 < found["load_balance"] <= 1.0
        assert found["cells_max"] / found["cells_min"] == pytest.approx(9, rel=0.03)


def test_columns_and_rows_of_equal_ranks_are_followed(tmp_path):
    """Speeds that are products of a factor of the column and one of the row; the bound is the rounding to whole cells."""
    speeds = [column * row for row in (1, 3) for column in (1, 2, 4)]
    assert balance(tmp_path, speeds, [3, 2])["load_balance"] > 0.99


def test_one_fast_rank_of_four_gets_the_best_of_products(tmp_path):
    """With widths a, 1 - a and heights a, 1 - a the slow ranks beside the fast one, of speed 4, take a(1 - a), and the fast one
    (1 - a)^2/4: both are 0.16 for a = 0.2.  The ideal is 1/7."""
    assert balance(tmp_path, [1, 1, 1, 4], [2, 2])["load_balance"] == pytest.approx(1 / 7 / 0.16, rel=0.01)


def test_the_process_grid_is_chosen_by_the_speeds(tmp_path):
    """Equal ranks get squares; one slow rank of 16 makes strips where cells cost more than halos, on one node."""
    case = basic_case(**FINE)
    equal = plan(tmp_path, case, "--ranks", "16", *weights([2] * 16))[1]["decomposition"]
    assert equal["processes"] == [4, 4] and equal["cells_min"] == equal["cells_max"]
    odd = plan(tmp_path, case, "--ranks", "4", *weights([1, 1, 1, 4]))[1]["decomposition"]
    assert sorted(odd["processes"]) == [1, 4] and odd["load_balance"] > 0.99


def test_nodes_of_the_plan_are_the_hosts_in_order(tmp_path):
    outcome, found = plan(tmp_path, basic_case(**FINE), "--ranks", "6", "--ranks-per-node", "2", *weights({"a": 1, "b": 3}))
    assert found["decomposition"]["load_balance"] > 0.99
    assert found["decomposition"]["cells_max"] > 2.9 * found["decomposition"]["cells_min"]
    assert any("has 2 hosts, and the plan has 3 nodes" in warning for warning in found["warnings"])
    assert "by the ranks' speeds" in outcome.out
    _, even = plan(tmp_path, basic_case(**FINE), "--ranks", "4", *weights("measure"))
    assert even["decomposition"]["load_balance"] == 1.0 and any("measure" in warning for warning in even["warnings"])


@pytest.mark.parametrize("kind", ["txt", "svg", "png"])
def test_maps_show_unequal_blocks(tmp_path, kind):
    plan(tmp_path, basic_case(), "--ranks", "3", *weights([1, 2, 5]), "--map", f"map.{kind}")
    equal = (tmp_path / f"map.{kind}").read_bytes()
    plan(tmp_path, basic_case(), "--ranks", "3", *weights([1, 1, 1]), "--set", "decomposition.processes=[3, 1]", "--map", f"map.{kind}")
    assert (equal == (tmp_path / f"map.{kind}").read_bytes()) == (kind == "txt")


# ---- the record --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_measured_balance_is_the_mean_time_of_computing_over_the_largest(tmp_path, ranks):
    """1 on one rank, and nowhere below 1/ranks; steps of an implicit scheme wait for one another, and have none."""
    case = basic_case(**WIDE, time={"scheme": "ftcs", "step": 1e-5, "steps": 40})
    found = must(run(tmp_path, case, "--quiet", ranks=ranks)).results["decomposition"]["load_balance_measured"]
    assert found == pytest.approx(1.0, rel=1e-12) if ranks == 1 else 1 / ranks < found < 1, found
    implicit = must(run(tmp_path, case, "--quiet", "--set", "time.scheme=backward-euler", ranks=ranks))
    assert implicit.results["decomposition"]["load_balance_measured"] is None


def test_measured_speeds_are_recorded_and_run_again_with_the_same_blocks(tmp_path):
    case = basic_case(**WIDE, time={"scheme": "ftcs", "step": 1e-5, "steps": 40}, decomposition={"weights": "measure"})
    first = must(run(tmp_path, case, "--quiet", ranks=3))
    results = first.results
    speeds = results["case"]["decomposition"]["weights"]
    assert len(speeds) == 3 and all(math.isclose(10 * speed, round(10 * speed)) and speed > 0 for speed in speeds)
    assert results["decomposition"]["weights"] == "measured"
    assert 0 < results["decomposition"]["load_balance_measured"] <= 1
    for kind in ("halo", "setup"):  # what is sent to measure is not counted
        counts = results["communication"][kind]
        assert counts["within_nodes"] == counts["predicted"]["within_nodes"], kind
    again = must(run(tmp_path, first.directory / "results.json", "--quiet", output="again", ranks=3))
    for key in ("processes", "cells_min", "cells_max", "load_balance"):
        assert again.results["decomposition"][key] == results["decomposition"][key]
    one = must(run(tmp_path, case, "--quiet", output="one"))
    assert not snapshots_differ(one, first) and not snapshots_differ(one, again)


# ---- wrong speeds ------------------------------------------------------------------------------------------

WRONG = {
    "negative": ([1, -2, 1], "decomposition.weights[1]: found -2; it must be greater than 0"),
    "zero": ([1, 2, 0], "decomposition.weights[2]: found 0; it must be greater than 0"),
    "nan": ([1, math.nan, 1], "decomposition.weights[1]: found .nan; it must be finite"),
    "word": ([1, "fast", 1], "decomposition.weights[1]: found fast; it must be a number"),
    "nothing": ([1, None, 1], "decomposition.weights[1]: found nothing"),
    "empty": ([], "found an empty list"),
    "too long": ([1, 2, 1, 2, 1], "found 5 speeds for "),
    "unknown host": ({"no-such-host": 2}, "no rank of this job is on the host no-such-host"),
    "bad host": ({"no-such-host": "x"}, "decomposition.weights.no-such-host: found x; it must be a number"),
    "other word": ("measured", "it must be a list with the speed of each rank, a mapping of hosts to speeds, or measure"),
    "far apart": ({"a": 1, "b": 1e-9}, "at most 1e+06 times"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("ranks", [1, 3])
def test_wrong_speeds_are_one_message(tmp_path, name, ranks):
    value, said = WRONG[name]
    outcome = run(tmp_path, basic_case(decomposition={"weights": value}), ranks=ranks)
    assert outcome.code == 2 and outcome.err.count("heat2d: error:") == 1 and outcome.err.count("\n") == 1, outcome.err
    assert said in outcome.err and not outcome.directory.exists()


@pytest.mark.parametrize("ranks", [2, 4])
def test_a_rank_without_cells_is_refused(tmp_path, ranks):
    """384 cells: a rank of this speed has a share of 0.04 cells."""
    path = write_case(tmp_path, basic_case())
    speeds = [1] * (ranks - 1) + [1e-4]
    outcome = run(tmp_path, path, *weights(speeds), ranks=ranks)
    planned = execute(command(None, 1, ("plan", str(path), "--ranks", str(ranks), *weights(speeds))), tmp_path)
    for code, err in ((outcome.code, outcome.err), (planned.returncode, planned.stderr)):
        assert code == 2 and err.count("\n") == 1, err
        assert f"decomposition.weights: rank {ranks - 1} is so slow that its share is" in err
    assert not outcome.directory.exists()

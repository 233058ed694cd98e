"""The benchmark of the linear solver runs, is complete, and notices a wrong solution.  Times are not compared."""
from __future__ import annotations

import importlib.util
import json
import math
import os
import sys
from pathlib import Path

import pytest
from heat2d_case import HEAT2D, MPIEXEC, ROOT, execute

BUILD = Path(os.environ.get("HEAT2D_BUILD", str(ROOT / "build")))
RUN = ROOT / "tests" / "benchmark" / "run.py"
CELLS, STEPS = 64, 2
TEALEAF_AFTER_ONE_STEP = 108.46977203007815  # U of the deck on 64^2 cells (TeaLeaf's own answer)


def load(path: Path):
    """Return a script as a module."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{path.stem}", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def bench():
    return load(RUN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return the folder of one small run; its budget is so large that nothing is skipped on a busy machine."""
    directory = tmp_path_factory.mktemp("benchmark")
    words = [sys.executable, str(RUN), "--build", str(BUILD), "--ranks", "1", "2", "--sizes", str(CELLS), "--repeats", "1",
             "--steps", str(STEPS), "--budget", "1e6", "--stream-mib", "1", "--json", "bench.json", "--markdown", "bench.md"]
    done = execute(words, directory, ranks=2, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return directory


@pytest.fixture(scope="module")
def record(folder) -> dict:
    return json.loads((folder / "bench.json").read_text())


def test_every_problem_and_number_of_ranks_is_there(record):
    found = [(m["problem"], m["cells"], m["ranks"]) for m in record["measurements"]]
    assert found == [(problem, CELLS, ranks) for ranks in (1, 2) for problem in ("deck", "constant", "random")]


def test_every_solver_has_numbers_or_a_reason(bench, record):
    for measurement in record["measurements"]:
        solvers = measurement["summary"]["solvers"]
        assert tuple(solvers) == bench.SOLVERS
        for name, entry in solvers.items():
            assert list(entry["tolerances"]) == ["1e-08", "1e-14"]
            for result in entry["tolerances"].values():
                if "skipped" in result:
                    may = {"ours-cg": "no heatmg: the same as ours", "pfmg": "not found", "pfmg-jacobi": "not found"}
                    assert result["skipped"] == may.get(name), f"{name}: {result['skipped']}"
                    continue
                assert result["seconds"] > 0.0 and result["iterations"] >= 1 and result["over_ours"] > 0.0
                assert entry["set_up"] >= 0.0 and entry["set_up_over_solve"] >= 0.0 and "+" in entry["label"]
        assert measurement["summary"]["stream"] > 0.0


def test_raw_values_are_kept(record):
    for measurement in record["measurements"]:
        series = [r for r in measurement["records"] if r["record"] == "series"]
        assert len(series) >= 2 * 5
        for one in series:
            assert all(len(one[key]) == STEPS for key in ("seconds", "iterations", "residual", "rounding"))


def test_true_residuals_meet_the_tolerance(record):
    """A tolerance of 1e-14 is below the rounding of double precision, so the benchmark's wider bound applies there."""
    for measurement in record["measurements"]:
        for name, entry in measurement["summary"]["solvers"].items():
            for tolerance, result in entry["tolerances"].items():
                if "skipped" in result:
                    continue
                assert result["met"], f"{measurement['problem']}, {name}, {tolerance}: {result}"
                if tolerance == "1e-08":
                    assert result["residual"] <= 1.1e-8, f"{measurement['problem']}, {name}: {result}"


def test_deck_is_tealeafs(record):
    """The answer agrees to 1e-7 with a tolerance of 1e-8, and far more closely with 1e-14."""
    for measurement in record["measurements"]:
        for one in measurement["records"]:
            if measurement["problem"] == "deck" and one["record"] == "series":
                bound = 1e-7 if one["tolerance"] > 1e-10 else 1e-12
                assert math.isclose(one["integral"], TEALEAF_AFTER_ONE_STEP, rel_tol=bound), one


def test_table_has_every_column(bench, folder, record):
    rows = [line for line in (folder / "bench.md").read_text().splitlines() if line.startswith("| ")]
    speed, set_up = rows[:1 + 2 * len(record["measurements"])], rows[1 + 2 * len(record["measurements"]):]
    assert len(set_up) == 1 + len(record["measurements"])
    assert {row.count("|") for row in speed} == {len(bench.SOLVERS) + 6}
    assert {row.count("|") for row in set_up} == {len(bench.SOLVERS) + 3}
    for solver in bench.SOLVERS:
        assert f"| {solver} |" in speed[0] and f"| {solver} |" in set_up[0]


def test_columns_are_the_solvers_of_the_program(bench, tmp_path):
    words = [*MPIEXEC, "-n", "1", str(BUILD / "tests" / "benchmark" / "bench_solver"), "-cells", "16", "-steps", "1",
             "-stream_mib", "1", "-budget", "1e6"]
    done = execute(words, tmp_path)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert tuple(r["solver"] for r in records if "solver" in r) == bench.SOLVERS


@pytest.mark.parametrize("words,message", [(["-solvers", "ours,abacus"], "-solvers: there is no solver 'abacus'"),
                                           (["-problem", "moon"], "-problem: found 'moon'")])
def test_wrong_name_is_refused(tmp_path, words, message):
    done = execute([*MPIEXEC, "-n", "2", str(BUILD / "tests" / "benchmark" / "bench_solver"), *words], tmp_path, 2)
    assert done.returncode == 2 and message in done.stderr and not done.stdout, done.stdout + done.stderr


# ---- evaluating what was measured -----------------------------------------------------------------------


def series(solver: str, label: str, seconds: list[float], residual: float, repeat: int = 0, solved: bool = True) -> dict:
    n = len(seconds)
    return {"record": "series", "solver": solver, "label": label, "repeat": repeat, "tolerance": 1e-8, "solved": solved,
            "set_up": 6.0, "seconds": seconds, "iterations": [9] + [10] * (n - 1), "residual": [residual] * n,
            "rounding": [None if residual is None else 1e-13] * n, "integral": 0.0}


def summary_of(bench, *records: dict) -> dict:
    stream = [{"record": "stream", "repeat": 0, "bytes_per_second": rate} for rate in (1e6, 4e6, 2e6)]
    return bench.summarise([*stream, *records], [1e-8], 100, {})


def test_medians_leave_out_the_first_step(bench):
    summary = summary_of(bench, series("ours", "heatcg+heatmg", [9.0, 2.0, 3.0], 1e-9),
                         series("ours", "heatcg+heatmg", [8.0, 4.0, 4.0], 1e-9, 1), series("pcmg", "cg+mg", [50.0, 7.0], 1e-9))
    ours, peer = (summary["solvers"][name]["tolerances"]["1e-08"] for name in ("ours", "pcmg"))
    assert (ours["seconds"], ours["iterations"], ours["turns"]) == (3.5, 10, 2)
    assert peer["over_ours"] == 7.0 / 3.5
    assert summary["stream"] == 2e6
    assert summary["solvers"]["ours"]["set_up_over_solve"] == 6.0 / 3.5


def test_fraction_of_stream_follows_from_the_model(bench):
    ours = summary_of(bench, series("ours", "heatcg+heatmg", [9.0, 2.0], 1e-9))["solvers"]["ours"]["tolerances"]["1e-08"]
    assert ours["of_stream"] == ours["bytes_per_cell_iteration"] * 100 ** 2 * 10 / 2.0 / 2e6


@pytest.mark.parametrize("residual,solved,met", [(1e-8, True, True), (2e-8, True, False), (None, True, False),
                                                 (1e-9, False, False)])
def test_wrong_solution_is_marked(bench, residual, solved, met):
    summary = summary_of(bench, series("ours", "cg+mg", [1.0, 1.0], residual, solved=solved))
    result = summary["solvers"]["ours"]["tolerances"]["1e-08"]
    assert result["met"] == met
    assert ("!" in bench.markdown_cell("ours", result)) == (not met)
    assert ("!" in bench.text_of(result) or residual is None) == (not met)


def test_larger_grids_are_predicted_from_smaller_ones(bench):
    def measured(solver):
        summary = summary_of(bench, series(solver, "cg+x", [1.0, 1.0], 1e-9))
        return [{"problem": "deck", "ranks": 2, "cells": 100, "summary": summary}]

    assert bench.predicted(measured("pcmg"), "deck", 200, 2, "pcmg") == 4 * 8.0
    assert bench.predicted(measured("jacobi"), "deck", 200, 2, "jacobi") == 8 * 8.0
    assert bench.predicted(measured("pcmg"), "deck", 200, 1, "pcmg") == 0.0


def test_the_start_is_measured_beside_the_first_touch(tmp_path):
    """The table has a row for each problem, with a time and the memory per cell.  On a small grid the numbers mean nothing: 400^2
    cells have a megabyte or so, as much as the high-water mark of a process varies."""
    table = tmp_path / "table.md"
    words = [sys.executable, str(ROOT / "tests" / "benchmark" / "startup.py"), "--heat2d", HEAT2D, "--mpiexec", " ".join(MPIEXEC),
             "--cells", "400", "--repeats", "1", "--markdown", str(table)]
    done = execute(words, tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in table.read_text().splitlines()[2:]]
    assert [row[0] for row in rows] == ["ftcs, constant k", "ftcs, k(x, y)", "backward-euler", "bdf2"]
    assert all(row[1] == "now" and float(row[2]) > 0.0 and abs(float(row[6])) < 1000.0 for row in rows), rows
    assert all(0.0 <= float(row[3]) < float(row[2]) for row in rows), rows


def test_newtons_iteration_is_measured_beside_a_linear_step(tmp_path):
    table = tmp_path / "table.md"
    words = [sys.executable, str(ROOT / "tests" / "benchmark" / "newton.py"), "--heat2d", HEAT2D, "--mpiexec", " ".join(MPIEXEC),
             "--cells", "64", "--steps", "2", "--repeats", "1", "--markdown", str(table)]
    done = execute(words, tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in table.read_text().splitlines()[2:]]
    assert [(row[0], row[1], float(row[3]) > 0) for row in rows] == [
        ("constant k", "now", False), ("k(T)", "now", True), ("k(T), gas", "now", True)]


# ---- the table of all goals ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table():
    return load(ROOT / "tests" / "benchmark" / "table.py")


def test_every_goal_has_a_row_in_the_table(table, tmp_path):
    """On the smallest problems, without PETSc's build.  hypre may be missing.  Differences of times may be negative on a busy machine."""
    words = [sys.executable, table.__file__, "--build", str(BUILD), "--mpiexec", " ".join(MPIEXEC), "--quick", "--markdown", "table.md"]
    done = execute(words, tmp_path, ranks=2, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    written = (tmp_path / "table.md").read_text()
    assert written in done.stdout
    rows = [line.strip("| ").split(" | ") for line in written.splitlines() if line.startswith("| ")]
    assert [row[0] for row in rows[1:]] == [goal.what for goals in table.GOALS.values() for goal in goals]
    for what, _, measured, verdict in rows[1:]:
        assert verdict == "-"
        if measured != ("not measured" if "PETSc" in what else "no hypre in this build"):
            assert all(math.isfinite(float(number)) for number in measured.split(" / ")), (what, measured)


@pytest.mark.parametrize("at_least,measured,verdict", [
    (True, [2.0, 3.0], "yes"), (True, [2.0, 1.9], "no"), (False, [2.0, 0.1], "yes"), (False, [0.1, 2.1], "no"),
    (True, [1.96], "yes"), (True, [1.94], "no"), (True, [3.0, math.nan], "-"), (True, "failed: exit code 3", "-")])
def test_a_goal_is_met_if_all_numbers_meet_it_as_they_are_printed(table, at_least, measured, verdict):
    row = table.row_of(table.Goal("speed", at_least, (2.0,), 1), measured).strip("| ").split(" | ")
    assert row[0] == "speed" and row[1] == ("at least 2" if at_least else "at most 2") and row[3] == verdict
    assert table.row_of(table.Goal("speed", at_least, (2.0,), 1), measured, judge=False).endswith(" - |")


def test_each_number_may_have_a_goal_of_its_own(table):
    goal = table.Goal("bytes", False, (40, 56), 0)
    assert table.row_of(goal, [40.2, 55.0]) == "| bytes | at most 40 / 56 | 40 / 55 | yes |"
    assert table.row_of(goal, [39.0, 57.0]) == "| bytes | at most 40 / 56 | 39 / 57 | no |"


def test_numbers_are_taken_from_the_right_places(table):
    ways = ("stream", "plain", "probed", "rows", "timed", "cooled", "rkl2")
    explicit = "".join(f"{k:9}   4000^2    2 ranks  {way:8}   1.000  {10 * i + j:5.2f}\n"
                       for j, k in enumerate(("constant", "varying")) for i, way in enumerate(ways))
    assert table.explicit(explicit) == [[60, 61], [20, 40, 50, 30], [21, 41, 51, 31], [10, 11]]
    built = "".join(f"==> PETSc {what} ... done ({seconds} s)\n" for what, seconds in
                    (("source package", 5), ("3.18.5: configure (about 1 min)", 60), ("3.18.5: build (about 3 min on two cores)", 100),
                     ("3.18.5: install", 4)))
    assert table.petsc("==> packages ... done (9 s)\n" + built) == [[169]]
    assert math.isnan(table.petsc("==> PETSc: petsc-3.18.5-mpich-1 from the cache\n")[0][0])
    counts = ("| iterations of a step of the quick start | 13.9 |\n| iterations of a step of backward Euler | 9.5 |\n"
              "| collective calls of this step | 12.4 |\n| collective calls of a row of history.csv | 1.0 |\n")
    assert table.counts("| what | count |\n|---|---|\n" + counts) == [[13.9], [12.9, 1.0]]


@pytest.mark.parametrize("better,met,ratio", [(7.0, True, 7.0), (9.0, True, 8.0), (7.0, False, 8.0)])
def test_the_peer_is_the_better_of_hypres_settings_that_solve_the_problem(table, better, met, ratio):
    def solver(over, met):
        return {"tolerances": {"1e-08": {"over_ours": over, "met": met}}}

    summary = {"solvers": {"ours": solver(1.0, True), "pfmg": solver(8.0, True), "pfmg-jacobi": solver(better, met)}}
    assert table.peers({"machine": {"hypre": "3.1.0"}, "measurements": [{"summary": summary}]}) == [[ratio]]
    assert table.peers({"machine": {"hypre": "not found"}, "measurements": [{"summary": summary}]}) == "no hypre in this build"

"""Records of runs, their statistics and efficiencies."""
from __future__ import annotations

import itertools
import json
import random
from pathlib import Path

import pytest

from postprocess.records.groups import read_results
from postprocess.records.run_record import RunRecord
from postprocess.records.scaling import efficiencies, series
from postprocess.records.statistics import coverage, interval_rank, ratio, summarise


@pytest.mark.parametrize("n, k", [(5, None), (6, 1), (8, 1), (9, 2), (10, 2), (20, 6), (50, 18)])
def test_ranks_of_the_interval_are_those_of_the_tables(n, k):
    """Le Boudec, Performance Evaluation, table A.1: n = 6: 1, n = 10: 2, n = 20: 6, n = 50: 18."""
    assert interval_rank(n) == k


def test_interval_covers_the_median_as_often_as_it_says():
    """4000 draws of 7 values of a skewed distribution: the fraction is binomial with a standard
    deviation below 0.0035; the bound is four of them."""
    draw = random.Random(1)
    covered = 0
    for _ in range(4000):
        found = summarise([draw.expovariate(1.0) for _ in range(7)])
        covered += found.low <= 0.6931471805599453 <= found.high
    assert abs(covered / 4000 - coverage(7, 1)) < 0.014


def test_order_of_the_values_does_not_matter():
    values = [3.0, 1.0, 2.0, 5.0, 4.0, 6.0]
    assert {(s.median, s.low, s.high) for s in map(summarise, itertools.permutations(values))} == {
        (3.5, 1.0, 6.0)}


def test_figure_of_merit_comes_from_the_median_time():
    times = summarise([1.0, 2.0, 4.0])
    assert times.inverse(8.0).median == 4.0  # the mean of the figures would be 4.67


def test_ratio_takes_the_intervals_at_their_opposite_ends():
    top, bottom = summarise([2.0] * 5 + [3.0]), summarise([1.0] * 5 + [2.0])
    assert (ratio(top, bottom).value, ratio(top, bottom).low, ratio(top, bottom).high) == (2, 1, 3)


BENCH = {"schema": "heat2d results 1", "status": "ok", "ranks": 2,
         "bench": {"class": "tiny", "valid": True, "reasons": [], "steps": 200, "duration": 60.0,
                   "setup": 2.0, "fom": 512 * 512 * 200 / 64.0, "iterations": 1800}}


def record(**more) -> RunRecord:
    data = json.loads(json.dumps(BENCH))
    data["bench"].update(more)
    return RunRecord(Path("results.json"), data)


def test_figure_of_checkpoints_is_in_bytes_and_charges_no_set_up():
    durable = record(workload="checkpoint", fom=8 * 512 * 512 * 200 / 60.0)
    assert durable.fom == 8 * 512 * 512 * 200 / 60.0 and not durable.problems


def test_figure_of_merit_charges_the_set_up_for_every_hundred_steps():
    assert record().fom == 512 * 512 * 200 / (60.0 + 2.0 * 200 / 100)
    assert record().counts and record().iterations == 9


@pytest.mark.parametrize("change, reason", [
    ({"fom": 1e9}, "does not follow from the times"), ({"duration": 50.0}, "does not follow"),
    ({"valid": False}, "not marked as valid"), ({"reasons": ["too short"]}, "too short"),
    ({"duration": -1.0}, "has no times"), ({"steps": 0}, "has no times"),
    ({"valid": "true"}, "not marked as valid")])
def test_edited_or_invalid_result_does_not_count(change, reason):
    assert not record(**change).counts and reason in "; ".join(record(**change).problems)


@pytest.mark.parametrize("junk", [None, [], "x", 1e999, float("nan"), True, {"a": 1}, 10 ** 400])
def test_any_type_of_any_member_is_tolerated(junk):
    for name in ("bench", "status", "ranks", "provenance", "timing", "grid", "checks", "nodes"):
        found = RunRecord(Path("x"), {**BENCH, name: junk})
        assert found.ranks is None or found.ranks >= 1
        _ = found.problems, found.fom, found.nodes, found.cells, found.phases, found.iterations
    for name in BENCH["bench"]:
        found = record(**{name: junk if junk != 10 ** 400 else 1e308})
        _ = found.problems, found.fom, found.iterations, found.setup


def write(folder: Path, ranks: int, seconds: float, iterations: int, steps: int = 10) -> None:
    folder.mkdir(parents=True)
    (folder / "results.json").write_text(json.dumps({
        "schema": "heat2d results 1", "status": "ok", "ranks": ranks, "title": "a",
        "grid": {"cells": [10, 10]}, "time": {"steps": steps}, "fom": {"seconds": seconds},
        "solver": {"iterations": {"total": iterations}}}))


def test_efficiency_is_the_product_of_its_parts(tmp_path):
    """16 s and 80 iterations on 1 rank, 5 s and 100 on 4: E = 0.8, of which 0.8 is numeric."""
    write(tmp_path / "a", 1, 16.0, 80)
    write(tmp_path / "b", 4, 5.0, 100)
    results = read_results(tmp_path)
    results.scaling = "strong"
    base, four = efficiencies(results, series(results)[0])
    assert base.total.value == 1.0
    assert four.total.value == pytest.approx(0.8) and four.speedup == pytest.approx(3.2)
    assert four.numeric == pytest.approx(0.8) and four.implementation == pytest.approx(1.0)


def test_weak_efficiency_compares_times_per_step_and_keeps_the_steps_apart(tmp_path):
    write(tmp_path / "a", 1, 10.0, 80, steps=10)
    write(tmp_path / "b", 4, 25.0, 160, steps=20)
    results = read_results(tmp_path)
    results.scaling = "weak-science"
    _, four = efficiencies(results, series(results)[0])
    assert four.total.value == pytest.approx(0.8) and four.steps == pytest.approx(0.5)
    assert four.numeric == pytest.approx(1.0)


def test_folder_without_records_is_an_error_and_links_are_not_followed(tmp_path):
    from postprocess.errors import ReaderError
    write(tmp_path / "elsewhere/a", 1, 1.0, 8)
    (tmp_path / "set").mkdir()
    (tmp_path / "set/link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ReaderError, match="neither study.json nor a results.json"):
        read_results(tmp_path / "set")


@pytest.mark.parametrize("text", ['{"status": "ok", "bench": {"fom": 1}, "bench": {"fom": 2}}',
                                  '{"grid": [{"cells": 1, "n": 2, "cells": 1}]}'])
def test_record_that_repeats_a_name_is_refused_in_one_line(tmp_path, text):
    """Readers of JSON differ in which of the members they take."""
    from postprocess.errors import ReaderError
    from postprocess.reader import Run
    from postprocess.records.run_record import read_record
    path = tmp_path / "results.json"
    path.write_text(text)
    for read in (lambda: read_record(path), lambda: Run(tmp_path).results):
        with pytest.raises(ReaderError) as error:
            read()
        message = str(error.value)
        assert "not JSON: an object has two members '" in message and "\n" not in message


def test_times_of_a_continued_run_belong_to_the_steps_after_its_checkpoint():
    """A run of 100 cells to step 20 that began at step 10 took 10 steps in 2 s: 500 cell-steps/s."""
    data = {"schema": "heat2d results 1", "status": "ok", "ranks": 1, "grid": {"cells": [10, 10]},
            "time": {"steps": 20}, "fom": {"value": 500.0, "seconds": 2.0},
            "solver": {"iterations": {"total": 50}},
            "restarts": [{"file": "out/checkpoint_000005.h5", "step": 5},
                         {"file": "out/checkpoint_000010.h5", "step": 10}]}
    found = RunRecord(Path("results.json"), data)
    assert found.problems == [] and found.step_time == 0.2 and found.iterations == 5.0


@pytest.mark.parametrize("workloads, heading", [
    (["checkpoint"], "bytes/s"), (["implicit", "explicit"], "cell-steps/s"),
    (["implicit", "checkpoint"], "FOM")])
def test_table_of_a_study_names_the_unit_of_its_figures(tmp_path, workloads, heading):
    from rich.console import Console

    from postprocess.study.study_table import print_table
    for name in workloads:
        (tmp_path / name).mkdir()
        (tmp_path / name / "results.json").write_text(json.dumps(record(workload=name).data))
    with open(tmp_path / "table", "w") as file:
        print_table(read_results(tmp_path), Console(file=file, width=120))
    columns = (tmp_path / "table").read_text()
    assert [w for w in ("bytes/s", "cell-steps/s", "FOM") if w in columns] == [heading]

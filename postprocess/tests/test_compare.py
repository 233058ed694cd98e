"""`compare`: pairs by time, says what it compared, refuses what cannot be compared."""
from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest

from postprocess import reader
from postprocess.compare import difference
from postprocess.reader import Snapshot
from postprocess.tests import synthetic

FIELD = synthetic.gradient()
CONFIGURED = {"steps of 60 s": {0: 0.0, 30: 1800.0, 60: 3600.0},
              "steps of 30 s": {0: 0.0, 60: 1800.0, 120: 3600.0}}


def write_run(directory: Path, times: dict[int, float], warmer: float = 0.0, **more) -> Path:
    """Write a snapshot for each step -> time [s]; the field grows by 1 K in 100 s."""
    for step, time in times.items():
        synthetic.write_snapshot(directory, step, time,
                                 {"temperature": FIELD + time / 100 + warmer}, **more)
    return directory


@pytest.fixture
def runs(tmp_path):
    """Make two runs of the same process, one with half the step: same times, other steps."""
    return [write_run(tmp_path / name[-4:-2].strip(), times) for name, times in CONFIGURED.items()]


@pytest.fixture
def pair(tmp_path):
    """Make two runs with one common time, 20 s; there, B is 0.5 K warmer in one cell."""
    a, b = tmp_path / "a", tmp_path / "b"
    warm = FIELD.copy()
    warm[2, 3] += 0.5
    for step in (10, 20, 30):
        synthetic.write_snapshot(a, step, float(step), {"temperature": FIELD})
    synthetic.write_snapshot(b, 20, 20.0, {"temperature": warm})
    synthetic.write_snapshot(b, 40, 40.0, {"temperature": warm})
    return a, b


def refusal(outcome, code: int = 2) -> str:
    """Check that a comparison was refused by one message; return the message."""
    assert outcome.code == code and outcome.out == ""
    assert outcome.err.startswith("postprocess: error: ") and outcome.err.count("\n") == 1
    return outcome.err


# ---- pairs


def test_snapshots_of_the_same_time_pair_whatever_their_steps(runs, command):
    """By steps, 60 would pair with 60: 3600 s with 1800 s, which differ by 18 K."""
    outcome = command("compare", *runs, "--tolerance", 0)
    assert outcome.code == 0
    assert "3 pairs of snapshots at t = 0, 1800, 3600 s; field temperature" in outcome.out
    assert "at step 30 of A and 60 of B, t = 1800 s: max |A - B| = 0 K" in outcome.out


def test_snapshots_of_the_same_step_do_not_pair_by_it(tmp_path, command):
    a = write_run(tmp_path / "a", {10: 10.0})
    b = write_run(tmp_path / "b", {10: 20.0})
    message = refusal(command("compare", a, b, "--tolerance", 1e9))
    assert "is at t = 10 s" in message and "at t = 20 s: no snapshots of the same time" in message


def test_initial_states_alone_are_no_comparison(tmp_path, command):
    a = write_run(tmp_path / "a", {0: 0.0, 1: 10.0})
    b = write_run(tmp_path / "b", {0: 0.0, 1: 11.0}, warmer=5.0)
    message = refusal(command("compare", a, b, "--tolerance", 1e9))
    assert "only the initial states have the same time" in message
    assert refusal(command("compare", a, b, "--time", "last")) == message
    assert command("compare", a, b, "--time", 0, "--tolerance", 5).code == 0


def test_runs_that_have_only_begun_compare_their_initial_states(tmp_path, command):
    a, b = (write_run(tmp_path / name, {0: 0.0}) for name in "ab")
    assert command("compare", a, b).code == 0


@pytest.mark.parametrize("other, pairs", [
    (0.1 + 0.2, True), (0.3 * (1 + 1e-12), True), (math.nextafter(0.3, 1), True),
    (0.3 * (1 + 1e-7), False), (0.300001, False)])
def test_times_pair_when_they_differ_by_rounding_only(tmp_path, command, other, pairs):
    a = write_run(tmp_path / "a", {1: 0.3})
    b = write_run(tmp_path / "b", {1: other})
    assert command("compare", a, b).code == (0 if pairs else 2)


def test_times_closer_than_rounding_still_pair_one_to_one(tmp_path, command):
    """After 1e9 s, snapshots 1 s apart differ by 1e-9 of their time."""
    a = write_run(tmp_path / "a", {k: 1e9 + k for k in range(3)})
    b = write_run(tmp_path / "b", {k: 1e9 + k for k in range(1, 4)})
    outcome = command("compare", a, b, "--tolerance", 0)
    assert outcome.code == 0 and "t = 1000000001, 1000000002 s" in outcome.out


def test_snapshots_without_a_partner_are_listed(pair, command):
    out = command("compare", *pair).out
    assert "1 pair of snapshots at t = 20 s" in out
    assert "not compared: 2 snapshots of A alone, at t = 10, 30 s" in out
    assert "not compared: 1 snapshot of B alone, at t = 40 s" in out


def test_two_snapshots_of_one_time_are_refused(tmp_path, command):
    a = write_run(tmp_path / "a", {1: 5.0, 2: 5.0, 3: 7.0})
    assert "steps 1 and 2 both have t = 5 s" in refusal(command("compare", a, a))


@pytest.mark.parametrize("time, said", [("last", "t = 3600 s"), ("1800", "t = 1800 s"),
                                        ("1800.0000001", "t = 1800 s")])
def test_time_selects_one_pair(runs, command, time, said):
    out = command("compare", *runs, "--time", time).out
    assert f"1 pair of snapshots at {said};" in out


def test_time_that_no_pair_has_is_refused(runs, command):
    message = refusal(command("compare", *runs, "--time", 1801))
    assert "no pair of snapshots at t = 1801 s; there are 3 pairs at t = 0, 1800, 3600 s" in message


def test_many_pairs_are_summed_up_in_one_line(tmp_path, command):
    for name in "ab":
        write_run(tmp_path / name, {k: float(k) for k in range(30)}, warmer=float(name == "b"))
    lines = command("compare", tmp_path / "a", tmp_path / "b").out.splitlines()
    assert len(lines) == 3 and "largest of 30 pairs: temperature at step" in lines[-1]
    assert "30 pairs of snapshots at t = 0, 1, 2, 3, ..., 27, 28, 29 s" in lines[1]


# ---- steady runs


def test_steady_runs_compare_their_results(steady, command):
    outcome = command("compare", steady, steady, "--tolerance", 0)
    assert outcome.code == 0 and "1 pair of snapshots at the steady state" in outcome.out


def test_steady_run_does_not_pair_with_the_start_of_a_transient_one(steady, runs, command):
    for arguments in ((steady, runs[0]), (runs[0], steady)):
        message = refusal(command("compare", *arguments, "--tolerance", 1e9))
        assert f"{steady} is a steady state, which has no time" in message


# ---- files


def test_files_compare_by_name(pair, command):
    a, b = (d / "snapshot_000020.h5" for d in pair)
    assert command("compare", a, b, "--tolerance", 0.1).code == 5


def test_files_of_different_times_compare_only_when_asked_to(runs, command):
    a, b = runs[0] / "snapshot_000030.h5", runs[0] / "snapshot_000060.h5"
    assert "--ignore-time" in refusal(command("compare", a, b))
    outcome = command("compare", a, b, "--ignore-time", "--tolerance", 18)
    assert outcome.code == 0 and "t = 1800 s (A) and t = 3600 s (B)" in outcome.out


def test_ignore_time_needs_two_files(runs, command):
    assert "--ignore-time needs two files" in refusal(command("compare", *runs, "--ignore-time"))


def test_file_compares_with_the_same_time_of_a_directory(runs, command):
    for arguments in ((runs[0] / "snapshot_000030.h5", runs[1]),
                      (runs[0], runs[1] / "snapshot_000060.h5")):
        outcome = command("compare", *arguments, "--tolerance", 0)
        assert outcome.code == 0 and "1 pair of snapshots at t = 1800 s" in outcome.out


def test_checkpoint_compares_with_a_snapshot(full, command):
    outcome = command("compare", full / "checkpoint_000020.h5", full / "snapshot_000020.h5")
    assert outcome.code == 0 and "max |A - B| = 20 K" in outcome.out


# ---- differences


def test_compare_finds_the_largest_difference_and_its_place(pair, command):
    assert "max |A - B| = 0.5 K at (0.035, 0.025) m" in command("compare", *pair).out


def test_l2_difference_is_the_root_of_the_area_mean(pair):
    a, b = (Snapshot(d / "snapshot_000020.h5") for d in pair)
    assert difference(a, b, "temperature").l2 == pytest.approx(0.5 / np.sqrt(200))


def test_difference_does_not_depend_on_the_slabs(pair, monkeypatch):
    files = [Snapshot(d / "snapshot_000020.h5") for d in pair]
    whole = difference(*files, "temperature")
    monkeypatch.setattr(reader, "SLAB_CELLS", 20)
    assert difference(*files, "temperature").max == whole.max


def test_compare_of_a_run_with_itself_is_zero(full, command):
    outcome = command("compare", full, full, "--tolerance", 0)
    assert outcome.code == 0 and "within tolerance 0" in outcome.out


def test_difference_above_the_tolerance_is_code_5(pair, command):
    outcome = command("compare", *pair, "--tolerance", 0.4)
    assert outcome.code == 5 and "ABOVE tolerance 0.4" in outcome.out


def test_difference_at_the_tolerance_passes(pair, command):
    assert command("compare", *pair, "--tolerance", 0.5).code == 0


def test_one_pair_above_the_tolerance_fails_them_all(tmp_path, command):
    a, b = (write_run(tmp_path / name, {0: 0.0, 1: 1.0, 2: 2.0}) for name in "ab")
    write_run(b, {1: 1.0}, warmer=3.0)
    outcome = command("compare", a, b, "--tolerance", 1)
    assert outcome.code == 5
    assert "largest of 3 pairs: temperature at step 1, t = 1 s: max |A - B| = 3 K" in outcome.out


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", [0, 1])
def test_value_that_is_not_finite_passes_no_tolerance(pair, command, value, side):
    data = FIELD.copy()
    data[5, 5] = value
    synthetic.write_snapshot(pair[side], 20, 20.0, {"temperature": data})
    outcome = command("compare", *pair, "--tolerance", 1e300)
    assert (outcome.code, outcome.err) == (5, "") and "not finite in 1 cell" in outcome.out


def test_fields_without_a_finite_value_pass_no_tolerance(tmp_path, command):
    synthetic.write_snapshot(tmp_path, 1, 1.0, {"temperature": np.full((10, 20), np.nan)})
    outcome = command("compare", tmp_path, tmp_path, "--tolerance", 1e300)
    assert (outcome.code, outcome.err) == (5, "") and "not finite in 200 cells" in outcome.out


# ---- fields


def test_fields_are_compared_one_by_one(full, command):
    outcome = command("compare", full, full, "--field", "temperature", "--field", "heat_flux",
                      "--field", "material", "--tolerance", 0)
    assert outcome.code == 0
    assert "fields temperature, heat_flux_x, heat_flux_y, material" in outcome.out
    assert "heat_flux_y at step 10, t = 10 s: max |A - B| = 0 W m⁻²" in outcome.out


@pytest.mark.parametrize("field", ["owner", "heat_flux", "pressure"])
def test_missing_field_is_refused(runs, command, field):
    message = refusal(command("compare", *runs, "--field", "temperature", "--field", field))
    assert "has no field" in message and "it has temperature" in message


def test_field_that_is_missing_in_one_pair_is_refused_before_any_result(full, command):
    synthetic.write_snapshot(full, 20, 20.0, {"owner": np.zeros((10, 20))})
    assert "snapshot_000020.h5: has no field" in refusal(command("compare", full, full))


def test_other_unit_is_refused(tmp_path, command):
    a = write_run(tmp_path / "a", {1: 1.0})
    b = write_run(tmp_path / "b", {1: 1.0}, temperature_unit="degC")
    message = refusal(command("compare", a, b, "--tolerance", 1e9))
    assert "in 'K'" in message and "in 'degC'" in message


def test_maps_whose_numbers_mean_other_materials_are_refused(tmp_path, command):
    for name, materials in (("a", ("steel", "ply")), ("b", ("ply", "steel"))):
        synthetic.write_snapshot(tmp_path / name, 1, 1.0, {"material": synthetic.two_materials()},
                                 materials=materials)
    message = refusal(command("compare", tmp_path / "a", tmp_path / "b", "--field", "material"))
    assert "0 steel, 1 ply; 0 ply, 1 steel" in message


# ---- grids


def test_other_grid_cannot_be_compared(pair, command):
    synthetic.write_snapshot(pair[1], 20, 20.0, {"temperature": synthetic.gradient(21, 10)})
    message = refusal(command("compare", *pair))
    assert "20 x 10 cells" in message and "21 x 10" in message


def test_other_domain_cannot_be_compared(pair, command):
    synthetic.write_snapshot(pair[1], 20, 20.0, {"temperature": FIELD}, box=(0.0, 0.3, 0.0, 0.1))
    message = refusal(command("compare", *pair))
    assert "/x_edges differs (0 to 0.2 m; 0 to 0.3 m)" in message


def test_edges_that_differ_by_rounding_can_be_compared(pair, command):
    synthetic.write_snapshot(pair[1], 20, 20.0, {"temperature": FIELD},
                             box=(0.0, 0.2 * (1 + 1e-12), 0.0, 0.1))
    assert command("compare", *pair, "--tolerance", 0).code == 0


# ---- the command line


@pytest.mark.parametrize("option", ["--tolerance=-1", "--tolerance=nan", "--tolerance=x",
                                    "--time=never", "--time=nan"])
def test_bad_number_is_a_usage_error(pair, command, option):
    refusal(command("compare", *pair, option))


def test_missing_file_is_code_4(one, command):
    message = refusal(command("compare", one, "/nowhere/snapshot_000020.h5"), 4)
    assert "no such file" in message


def test_compare_writes_no_file(pair, command):
    before = [sorted(os.listdir(d)) for d in pair]
    command("compare", *pair)
    assert [sorted(os.listdir(d)) for d in pair] == before

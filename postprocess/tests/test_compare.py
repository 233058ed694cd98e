"""`compare`: the difference of two runs."""
from __future__ import annotations

import numpy as np
import pytest

from postprocess import reader
from postprocess.compare import difference
from postprocess.reader import Snapshot
from postprocess.tests import synthetic


@pytest.fixture
def pair(tmp_path):
    """Two runs; B is 0.5 K warmer than A in one cell of the last common step, 20."""
    a, b = tmp_path / "a", tmp_path / "b"
    warm = synthetic.gradient()
    warm[2, 3] += 0.5
    for step in (10, 20, 30):
        synthetic.write_snapshot(a, step, float(step), {"temperature": synthetic.gradient()})
    synthetic.write_snapshot(b, 20, 20.0, {"temperature": warm})
    synthetic.write_snapshot(b, 40, 40.0, {"temperature": warm})
    return a, b


def test_compare_takes_the_last_common_step(pair, command):
    outcome = command("compare", *pair)
    assert outcome.code == 0 and "temperature at step 20 (t = 20 s)" in outcome.out


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


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_value_that_is_not_finite_passes_no_tolerance(pair, command, value):
    data = synthetic.gradient()
    data[5, 5] = value
    synthetic.write_snapshot(pair[1], 20, 20.0, {"temperature": data})
    assert command("compare", *pair, "--tolerance", 1e300).code == 5


def test_files_compare_by_name(pair, command):
    a, b = (d / "snapshot_000020.h5" for d in pair)
    assert command("compare", a, b, "--tolerance", 0.1).code == 5


def test_file_compares_with_the_same_step_of_a_directory(pair, command):
    a, b = pair
    assert "step 20" in command("compare", a, b / "snapshot_000020.h5").out


def test_checkpoint_compares_with_a_snapshot(full, command):
    outcome = command("compare", full / "checkpoint_000020.h5", full / "snapshot_000020.h5")
    assert outcome.code == 0 and "= 20 K" in outcome.out


def test_other_grid_cannot_be_compared(pair, command):
    synthetic.write_snapshot(pair[1], 20, 20.0, {"temperature": synthetic.gradient(21, 10)})
    outcome = command("compare", *pair)
    assert outcome.code == 2 and "20 x 10 cells" in outcome.err and "21 x 10" in outcome.err


def test_other_domain_cannot_be_compared(pair, command):
    synthetic.write_snapshot(pair[1], 20, 20.0, {"temperature": synthetic.gradient()},
                             box=(0.0, 0.3, 0.0, 0.1))
    outcome = command("compare", *pair)
    assert outcome.code == 2 and "/x_edges differs" in outcome.err


def test_runs_without_a_common_step_cannot_be_compared(one, tmp_path, command):
    synthetic.write_snapshot(tmp_path / "other", 1, 1.0, {"temperature": synthetic.gradient()})
    outcome = command("compare", one, tmp_path / "other")
    assert outcome.code == 2 and "no snapshot of the same step" in outcome.err


def test_other_time_at_the_same_step_is_said(pair, command):
    synthetic.write_snapshot(pair[1], 20, 25.0, {"temperature": synthetic.gradient()})
    assert "B is at t = 25 s, A at 20 s" in command("compare", *pair).out


@pytest.mark.parametrize("tolerance", ["-1", "nan", "x"])
def test_bad_tolerance_is_a_usage_error(pair, command, tolerance):
    outcome = command("compare", *pair, f"--tolerance={tolerance}")
    assert outcome.code == 2 and outcome.err.startswith("postprocess: error: ")


def test_missing_file_is_code_4(one, command):
    outcome = command("compare", one, "/nowhere/snapshot_000020.h5")
    assert outcome.code == 4 and "no such file" in outcome.err

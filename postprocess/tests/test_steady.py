"""Steady runs: no time anywhere, no history over time, bars of the last row instead."""
from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from postprocess import plot
from postprocess.history_columns import sort_columns
from postprocess.reader import Run
from postprocess.steady_plot import draw_steady
from postprocess.tests import synthetic
from postprocess.tests.conftest import assert_on_page, texts


def bars_of(directory):
    run = Run(directory)
    with matplotlib.rc_context(plot.STYLE):
        return draw_steady(run.title, sort_columns(run.history, run.results), run.probes, "K")


def test_steady_run_has_bars_and_neither_history_nor_series(steady, command):
    files = command("plot", steady, "--dpi", 50).files
    assert files == ["temperature.png", "steady.png", "profile_middle.png"]


@pytest.mark.parametrize("with_record", [True, False])
def test_picture_of_a_steady_run_shows_no_time(steady, with_record):
    if not with_record:  # the run is still writing, or was killed
        (steady / "results.json").unlink()
    run = Run(steady)
    figure = plot.picture(run, run.snapshot(), "temperature", None, 50)
    assert "steady state" in texts(figure)
    assert "t =" not in texts(figure) and "step" not in texts(figure)


def test_series_of_a_steady_run_names_its_states(steady):
    figure = plot.series_picture(Run(steady), "temperature", None, 50)
    captions = [axes.get_title(loc="left") for axes in figure.axes[:2]]
    assert captions == ["initial guess", "steady state"]


def test_steady_bars_show_the_last_row(steady):
    said = texts(bars_of(steady))
    for expected in ("left", "10", "−7", "−3", "left 0", "left 1", "a → b", "4.5", "whole domain",
                     "310 to 320, mean 315", "centre"):
        assert expected in said.splitlines(), expected
    assert "2.5×10⁶" not in said


def test_steady_bars_beyond_forty_are_counted(steady):
    synthetic.write_probes(steady, np.zeros(2), tuple(f"p{k}" for k in range(60)))
    figure = bars_of(steady)
    assert "22 more not drawn" in texts(figure)
    assert_on_page(figure)


def test_steady_value_that_is_not_finite_is_said(steady):
    synthetic.write_history(steady, np.zeros(2), heat_left=np.array([1.0, np.nan]))
    assert "not finite" in texts(bars_of(steady))


def test_transient_run_that_has_only_begun_is_not_steady(tmp_path):
    synthetic.write_snapshot(tmp_path, 0, 0.0, {"temperature": synthetic.gradient()})
    assert not Run(tmp_path).steady


def test_range_of_temperatures_does_not_begin_at_the_frame(steady):
    """A bar that touches the frame looks as if it were cut."""
    figure = bars_of(steady)
    axes = next(a for a in figure.axes if "temperature" in a.get_xlabel())
    low, high = axes.get_xlim()
    for bar in axes.patches:
        assert low < bar.get_x() and bar.get_x() + bar.get_width() < high

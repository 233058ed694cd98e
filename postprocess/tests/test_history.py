"""The history: which panels, on which scale, and that nothing is left out without a note."""
from __future__ import annotations

import matplotlib
import numpy as np
import pytest

from postprocess import plot
from postprocess.curve_scale import choose_scale, decades
from postprocess.history_columns import sort_columns
from postprocess.history_plot import draw_history
from postprocess.reader import Run
from postprocess.tests import synthetic
from postprocess.tests.conftest import assert_on_page, texts

TIMES = np.arange(101.0)
ONES = np.ones(101)


def figure_of(directory):
    run = Run(directory)
    with matplotlib.rc_context(plot.STYLE):
        return draw_history(run.title, run.history.get("time", np.empty(0)),
                            sort_columns(run.history, run.results), run.probes, "K")


def panel(figure, label: str):
    """Return the panel whose vertical axis has the label."""
    return next(axes for axes in figure.axes if axes.get_ylabel() == label)


def with_flow(directory, flow: np.ndarray):
    """Write a history whose left heat flow is given; return its page."""
    synthetic.write_history(directory, TIMES[:len(flow)], heat_left=flow)
    return figure_of(directory)


# ---- scale


def test_first_heat_flow_of_a_thousand_times_the_rest_leaves_the_rest_readable(one):
    figure = with_flow(one, np.where(TIMES == 0, 1e5, 100.0 + TIMES))
    low, high = panel(figure, "heat flow in [W/m]").get_ylim()
    # The rest goes from 100 to 200: it takes at least a third of the panel.
    assert 200 <= high <= 300 and low < 0
    assert "outside this axis: left 1×10⁵ at t = 0 s" in texts(figure)


def test_value_outside_the_axis_is_marked_at_its_edge(one):
    figure = with_flow(one, np.where(TIMES == 0, -1e6, 100.0))
    marks = [line for line in panel(figure, "heat flow in [W/m]").lines
             if line.get_marker() == "v"]
    assert [tuple(m.get_xydata()[0]) for m in marks] == [(0.0, 0.0)]


def test_heat_flow_that_spans_decades_is_logarithmic_and_says_so(one):
    figure = with_flow(one, 1e6 * np.exp(-TIMES / 6))
    assert panel(figure, "heat flow in [W/m]").get_yscale() == "symlog"
    assert "logarithmic axis, linear from −" in texts(figure)


def test_heat_flow_that_falls_with_the_root_of_time_stays_linear(one):
    figure = with_flow(one, 1e3 / np.sqrt(TIMES + 0.1))
    axes = panel(figure, "heat flow in [W/m]")
    assert axes.get_yscale() == "linear" and "outside" not in texts(figure)


def test_two_rows_a_thousand_times_apart_can_both_be_read(one):
    figure = with_flow(one, np.array([1e5, 100.0]))
    assert panel(figure, "heat flow in [W/m]").get_yscale() == "symlog"


def test_temperature_jump_of_a_million_is_outside_and_named(one):
    synthetic.write_history(one, TIMES, max=np.where(TIMES == 0, 1e6, 310.0 + TIMES / 100))
    figure = figure_of(one)
    assert panel(figure, "temperature [K]").get_ylim()[1] < 1000
    assert "outside this axis: max 1×10⁶ at t = 0 s" in texts(figure)


def test_short_pulse_of_some_hundred_kelvin_stays_on_the_axis(one):
    synthetic.write_history(one, TIMES, max=np.where(np.abs(TIMES - 50) < 2, 1500.0, 310.0))
    figure = figure_of(one)
    assert panel(figure, "temperature [K]").get_ylim()[1] > 1500
    assert "outside" not in texts(figure)


def test_constant_up_to_rounding_is_not_drawn_as_noise(one):
    noise = 1e-13 * np.sin(TIMES)
    synthetic.write_history(one, TIMES, min=300 + noise, mean=300 + noise, max=300 + noise)
    low, high = panel(figure_of(one), "temperature [K]").get_ylim()
    assert high - low > 1


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("from_zero", [True, False])
def test_no_value_is_outside_an_axis_without_being_counted(seed, from_zero):
    random = np.random.default_rng(seed)
    rows = int(random.integers(1, 60))
    values = random.normal(size=(3, rows)) * 10.0 ** random.integers(-9, 9, size=(3, rows)) \
        ** random.integers(0, 2)
    values[random.random((3, rows)) < 0.1] = np.nan
    curves = dict(zip("abc", values))
    scale = choose_scale(np.cumsum(random.random(rows)), curves, from_zero)
    low, high = scale.limits or (-np.inf, np.inf)
    counted = {(o.name, int(row)) for o in scale.outside for row in o.rows}
    hidden = {(name, int(k)) for name, curve in curves.items()
              for k in np.nonzero((curve < low) | (curve > high))[0]}
    assert hidden == counted


@pytest.mark.parametrize("low, high", [(-1e6, 1e6), (-0.5, 1e9), (-1e3, 0.1), (-2.0, 3.0)])
def test_logarithmic_ticks_are_few_and_include_zero(low, high):
    ticks = decades(1.0, low, high)
    assert 0.0 in ticks and len(ticks) <= 9 and ticks == sorted(ticks)


# ---- values that are not finite


def test_rows_that_are_not_finite_are_counted(one):
    figure = with_flow(one, np.where(TIMES % 10 == 0, np.nan, 5.0))
    assert "not finite: left in 11 of 101 rows" in texts(figure)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e307])
def test_history_without_a_finite_value_is_drawn_and_says_so(one, command, value):
    columns = ("min", "max", "mean", "heat_left", "heat_right")
    synthetic.write_history(one, TIMES, **{name: value * ONES for name in columns})
    assert "not finite: max in 101 of 101 rows" in texts(figure_of(one))
    outcome = command("plot", one, "--dpi", 50)
    assert (outcome.code, outcome.err) == (0, "")


# ---- panels


def test_history_panels_are_temperature_flows_and_probes(full):
    labels = [axes.get_ylabel() for axes in figure_of(full).axes]
    assert labels == ["temperature [K]", "heat flow in [W/m]", "probes [K]"]


def test_interfaces_segments_and_regions_have_panels(one):
    region = {f"{part}_core": 300 + k + TIMES for k, part in enumerate(("min", "mean", "max"))}
    synthetic.write_history(one, TIMES, heat_left_0=TIMES, heat_left_1=TIMES, heat_a_b=TIMES,
                            **region)
    figure = figure_of(one)
    assert [axes.get_ylabel() for axes in figure.axes][2:] == [
        "by segment [W/m]", "between materials [W/m]", "regions [K]"]
    said = texts(figure)
    assert all(name in said.splitlines() for name in ("left 0", "left 1", "a_b", "core"))


def test_record_names_the_materials_of_an_interface(one):
    synthetic.write_history(one, TIMES, heat_hot_felt_steel=TIMES)
    synthetic.write_results(one, energy={"interfaces": [{"from": "hot felt", "to": "steel"}]})
    assert "hot felt →" in texts(figure_of(one))


@pytest.mark.parametrize("interfaces", [None, 3, [], [{}], [{"from": "a", "to": "b"}] * 2, "ab"])
def test_interface_has_the_name_of_its_column_when_the_record_does_not_fit(interfaces):
    history = {"step": ONES, "heat_x_y": ONES}
    columns = sort_columns(history, {"energy": {"interfaces": interfaces}})
    assert list(columns.interfaces) == ["x_y"]


def test_interface_is_not_taken_for_a_segment():
    """A pair of the materials "top" and "0" has the column of a segment, but after another pair."""
    history = {name: ONES for name in ("heat_left_0", "heat_left_1", "heat_a_b", "heat_top_0")}
    columns = sort_columns(history)
    assert list(columns.segments) == ["left 0", "left 1"]
    assert list(columns.interfaces) == ["a_b", "top_0"]


def test_source_is_drawn_when_there_is_one(one):
    synthetic.write_history(one, TIMES, heat_source=TIMES)
    assert "source" in texts(figure_of(one)).splitlines()
    synthetic.write_history(one, TIMES)
    assert "source" not in texts(figure_of(one))


def test_probe_called_dt_is_drawn(one):
    synthetic.write_probes(one, TIMES, ("dt", "edge"))
    assert {"dt", "edge"} <= set(texts(figure_of(one)).splitlines())


def test_probes_beyond_ten_are_drawn_and_counted(one):
    synthetic.write_probes(one, TIMES, tuple(f"sensor {k:03d}" for k in range(200)))
    figure = figure_of(one)
    drawn = [line for line in panel(figure, "probes [K]").lines if len(line.get_xdata()) == 101]
    assert len(drawn) == 200 and "190 more" in texts(figure)
    assert_on_page(figure)


def test_curves_that_are_not_drawn_are_counted(one):
    synthetic.write_probes(one, TIMES[:3], tuple(f"p{k}" for k in range(450)))
    assert "50 not drawn" in texts(figure_of(one))


def test_long_names_that_begin_alike_stay_distinct(one):
    names = tuple(f"temperature sensor on the outer wall, number {k}" for k in (1, 2))
    synthetic.write_probes(one, TIMES, names)
    figure = figure_of(one)
    legend = panel(figure, "probes [K]").get_legend()
    assert len({t.get_text() for t in legend.get_texts()}) == 2
    assert_on_page(figure)


def test_history_without_rows_is_left_out(one, command):
    (one / "history.csv").write_text("step,time,min,max,mean\n")
    assert command("plot", one, "--dpi", 50).files == ["temperature.png"]


@pytest.mark.parametrize("size, unit", [(1e-15, "fs"), (1e-9, "ns"), (1.0, "s"), (1e7, "years")])
def test_time_has_a_readable_unit(one, size, unit):
    synthetic.write_history(one, 20 * size * np.arange(3.0), max=np.full(3, 400.0),
                            mean=np.full(3, 350.0))
    assert figure_of(one).axes[-1].get_xlabel() == f"time [{unit}]"

"""Charts of a report as SVG, small enough to be read on a phone.

Colours are Okabe and Ito's, which people with any colour vision distinguish; markers and dashes
differ as well, so that a print without colour is enough.  Texts are drawn as outlines: the page
needs no font, and no text of a record is parsed as a formula.
"""
from __future__ import annotations

import base64
import io
from typing import Sequence

import matplotlib

matplotlib.use("Agg")
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import (FixedLocator, FuncFormatter, LogLocator, NullLocator,  # noqa: E402
                               PercentFormatter)

from ..records.groups import Group
from ..records.scaling import Efficiency
from ..records.scaling_model import Model
from ..wording import plain, printable, shortened, time_unit

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000",
           "#999999")
MARKERS = "osD^vP*Xh"
# Hatches of lines, since hatches of dots make files of megabytes.
HATCHES = ("", "//", "\\\\", "xx", "--", "||", "++", "/", "\\")
STYLE = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True,
         "grid.alpha": 0.25, "legend.frameon": False, "svg.fonttype": "path",
         "text.parse_math": False, "text.usetex": False, "axes.unicode_minus": True}
WIDTH = 4.8  # width of a chart in inches; on a phone of 360 pixels its texts then have 7 points
WIDE = 20.0  # ratio of the largest to the smallest time above which the axis is logarithmic; chosen
# Most points of one chart; chosen: more do not fit on a page, and the table has all.
MOST_POINTS = 40


class Chart:
    """A figure with one pair of axes, as the source of an <img>."""

    def __init__(self, height: float = 3.0):
        self.figure = Figure(figsize=(WIDTH, height), layout="constrained")
        self.axes = self.figure.add_subplot()
        self.axes.set_axisbelow(True)

    def source(self, salt: str) -> str:
        """Return the picture as a data URI; as an image it can neither run scripts nor load."""
        file = io.BytesIO()
        with matplotlib.rc_context({**STYLE, "svg.hashsalt": salt}):
            self.figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()


def chart_of_runs(groups: Sequence[Group], all_runs: bool) -> str | None:
    """Draw the time per step of every run, with median and interval of each point."""
    shown = [(g, g.summary(all_runs=all_runs)) for g in groups]
    shown = [(group, time) for group, time in shown if time][:MOST_POINTS]
    if not shown:
        return None
    unit, name = time_unit(max(time.largest for _, time in shown))
    with matplotlib.rc_context(STYLE):
        chart = Chart(1.0 + 0.34 * len(shown))
        for row, (_, time) in enumerate(shown):
            values = [v / unit for v in time.values]
            chart.axes.plot(values, [row] * time.n, "o", color=COLOURS[0], alpha=0.5, ms=4,
                            mec="none", label="runs" if row == 0 else None)
            if time.low is not None:
                chart.axes.plot([time.low / unit, time.high / unit], [row + 0.22] * 2, "-|",
                                color=COLOURS[1], ms=6, label="95 % interval" if row == 0 else None)
            chart.axes.plot([time.median / unit], [row + 0.22], "D", color=COLOURS[1], ms=4,
                            label="median" if row == 0 else None)
        _rows(chart, [group.name for group, _ in shown])
        if max(t.largest for _, t in shown) > WIDE * min(t.smallest for _, t in shown):
            chart.axes.set_xscale("log")
            _logarithmic(chart.axes.xaxis)
        else:
            chart.axes.set_xlim(left=0.0)
        chart.axes.set_xlabel(f"time per step [{name}]")
        _legend(chart, 3)
        return chart.source("runs")


def _legend(chart: Chart, columns: int) -> None:
    """Put the legend above the axes, where it hides nothing."""
    chart.axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.01), ncols=columns,
                      borderaxespad=0.0, handlelength=1.8, columnspacing=1.2)


def _rows(chart: Chart, names: list[str]) -> None:
    """Name the rows, from top to bottom."""
    chart.axes.set_yticks(range(len(names)),
                          [shortened(printable(name), 24) for name in names])
    chart.axes.set_ylim(len(names) - 0.5, -0.5)
    chart.axes.grid(False, axis="y")


def _logarithmic(axis) -> None:
    """Mark 1, 2 and 5 of each decade, so that a short range has marks, too."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain(value)))
    axis.set_minor_locator(NullLocator())


def _rank_axis(chart: Chart, ranks: Sequence[int]) -> None:
    chart.axes.set_xscale("log", base=2)
    ticks = sorted(set(ranks))
    chart.axes.xaxis.set_major_locator(FixedLocator(ticks[::max(1, len(ticks) // 8)]))
    chart.axes.xaxis.set_minor_locator(NullLocator())
    chart.axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:.0f}"))
    chart.axes.set_xlabel("ranks")


def chart_of_efficiency(rows: list[Efficiency]) -> str | None:
    """Draw E with its interval, its two parts, and the ideal."""
    if len(rows) < 2:
        return None
    ranks = [row.group.ranks for row in rows]
    with matplotlib.rc_context(STYLE):
        chart = Chart()
        chart.axes.axhline(1.0, color="black", lw=1, ls=":", label="ideal")
        parts = (("E", [r.total.value for r in rows], "-"),
                 ("numeric", [r.numeric for r in rows], "--"),
                 ("implementation", [r.implementation for r in rows], "-."))
        for k, (label, values, line) in enumerate(parts):
            if None not in values:
                chart.axes.plot(ranks, values, line, marker=MARKERS[k], color=COLOURS[k], ms=5,
                                label=label)
        for row in rows[1:]:
            if row.total.low is not None:
                chart.axes.vlines(row.group.ranks, row.total.low, row.total.high,
                                  color=COLOURS[0], lw=2, alpha=0.5)
        highest = max(row.total.high or row.total.value for row in rows)
        chart.axes.set_ylim(0.0, 1.05 * max(1.05, highest))
        chart.axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        chart.axes.set_ylabel("efficiency")
        _rank_axis(chart, ranks)
        _legend(chart, 4)
        return chart.source("efficiency")


def chart_of_times(rows: list[Efficiency], strong: bool, model: Model | None) -> str | None:
    """Draw the time per step over the ranks, with the ideal and the model."""
    if len(rows) < 2:
        return None
    ranks = [row.group.ranks for row in rows]
    unit, name = time_unit(max(row.time.median for row in rows))
    with matplotlib.rc_context(STYLE):
        chart = Chart()
        base = rows[0].time.median / unit
        ideal = [base * (ranks[0] / p if strong else 1.0) for p in ranks]
        chart.axes.plot(ranks, ideal, ":", color="black", lw=1, label="ideal")
        chart.axes.plot(ranks, [row.time.median / unit for row in rows], "o-", ms=5,
                        color=COLOURS[0], label="median")
        for row in rows:
            if row.time.low is not None:
                chart.axes.vlines(row.group.ranks, row.time.low / unit, row.time.high / unit,
                                  color=COLOURS[0], lw=2, alpha=0.5)
        if model is not None:
            _draw_model(chart, rows, model, unit)
        chart.axes.set_yscale("log")
        _logarithmic(chart.axes.yaxis)
        chart.axes.set_ylabel(f"time per step [{name}]")
        _rank_axis(chart, ranks)
        _legend(chart, 4)
        return chart.source("times")


def _draw_model(chart: Chart, rows: list[Efficiency], model: Model, unit: float) -> None:
    found = []
    for row in rows:
        cells = row.group.summary("cells", all_runs=True)
        if cells is not None:
            found.append((row.group.ranks,
                          model.time(row.group.ranks, cells.median / row.group.ranks) / unit))
    chart.axes.plot(*zip(*found), "--", color=COLOURS[1], label="model")
    chart.axes.plot([model.held_out], [model.predicted / unit], "X", color=COLOURS[1], ms=7,
                    label="held out")


def chart_of_bandwidth(rows: list[tuple[str, float, float, float]]) -> str | None:
    """Draw the achieved bandwidth of each point below its roof, the STREAM bandwidth."""
    shown = rows[:MOST_POINTS]
    if not shown:
        return None
    with matplotlib.rc_context(STYLE):
        chart = Chart(1.1 + 0.34 * len(shown))
        places = range(len(shown))
        chart.axes.barh(places, [r[2] / 1e9 for r in shown], height=0.5, color=COLOURS[0],
                        label="achieved")
        chart.axes.plot([r[3] / 1e9 for r in shown], places, "|", color=COLOURS[1], ms=16, mew=2.5,
                        label="STREAM")
        _rows(chart, [r[0] for r in shown])
        chart.axes.set_xlim(left=0.0)
        chart.axes.set_xlabel("memory bandwidth [GB/s]")
        _legend(chart, 2)
        return chart.source("bandwidth")


def chart_of_phases(names: list[str], values: list[dict[str, float]]) -> str | None:
    """Draw the phases of each point as stacked bars, as parts of the whole time."""
    shown = [(name, parts) for name, parts in zip(names, values) if sum(parts.values()) > 0]
    shown = shown[:MOST_POINTS]
    if not shown:
        return None
    order = sorted({p for _, parts in shown for p in parts},
                   key=lambda p: (-sum(parts.get(p, 0.0) for _, parts in shown), p))
    kept, rest = order[:len(COLOURS) - 1], order[len(COLOURS) - 1:]
    with matplotlib.rc_context(STYLE):
        chart = Chart(1.5 + 0.34 * len(shown))
        left = [0.0] * len(shown)
        for k, phase in enumerate([*kept, *(["others"] if rest else [])]):
            widths = [sum(parts.get(p, 0.0) for p in (rest if phase == "others" else [phase]))
                      / sum(parts.values()) for _, parts in shown]
            chart.axes.barh(range(len(shown)), widths, left=left, color=COLOURS[k], height=0.7,
                            hatch=HATCHES[k], edgecolor="white", linewidth=0.5,
                            label=shortened(printable(phase), 32))
            left = [a + b for a, b in zip(left, widths)]
        _rows(chart, [name for name, _ in shown])
        chart.axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        chart.axes.set_xlim(0.0, 1.0)
        chart.axes.set_xlabel("part of the time, mean of the ranks")
        _legend(chart, 2)
        return chart.source("phases")

"""Draws the tables of a steady run.  They hold one state, so there are bars instead of curves.

Heat flows, ranges of temperature and probes are taken from the last row; the first row is the
initial guess and is not drawn.  Each bar has its value beside it, so small values can be read.
"""
from __future__ import annotations

from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from .curves import HEAD, NOTE_LINE, TITLE_LINE, TITLE_SIZE, WIDTH
from .history_columns import HistoryColumns, Table, probe_columns
from .texts import fitted, text_width, wrapped
from .wording import digits_between, plain, quantity, signed, span

ROW, FOOT, GAP = 0.21, 0.55, 0.08  # inches
NAMES = 1.85  # width of the names on the left in inches
TITLE_X = 0.29  # inches
SIZE = 8  # size of names and values in points
MOST_ROWS = 40  # most rows of a panel
BARS = {"heat flow in": "#0072b2", "by segment": "#56b4e9", "between materials": "#009e73"}


@dataclass(frozen=True)
class Bar:
    """A row of a panel: from low to high, with a mark in between where there is a mean."""

    name: str
    low: float
    high: float
    mean: float | None = None


def draw_steady(title: str, columns: HistoryColumns, probes: Table, units: str) -> Figure | None:
    """Draw the page of a steady state; return None when there is nothing to draw."""
    panels = _flow_panels(columns)
    rows = _temperature_rows(columns, probes)
    if rows:
        panels.append((quantity("temperature", units), units, rows))
    if not panels:
        return None
    head = wrapped(title, WIDTH - TITLE_X - 0.15, TITLE_SIZE, "bold", most=2)
    shown = [(label, unit, rows[:MOST_ROWS], len(rows)) for label, unit, rows in panels]
    top = HEAD + TITLE_LINE * len(head) + NOTE_LINE
    page = top + sum(ROW * (len(rows) + (count > len(rows))) + FOOT for _, _, rows, count in shown)
    figure = plt.figure(figsize=(WIDTH, page + GAP * (len(shown) - 1)))
    page += GAP * (len(shown) - 1)
    values = 0.25 + max(text_width(_value_text(row, unit == "W/m"), SIZE)
                        for _, unit, rows, _ in shown for row in rows)
    y = page - 0.14
    for line in head:
        figure.text(TITLE_X / WIDTH, y / page, line, va="top", size=TITLE_SIZE, weight="bold")
        y -= TITLE_LINE
    figure.text(TITLE_X / WIDTH, y / page, "steady state", va="top", size=8.5, color="0.3")
    y = page - top
    for label, unit, rows, number in shown:
        height = ROW * (len(rows) + (number > len(rows)))
        y -= height
        axes = figure.add_axes((NAMES / WIDTH, y / page, (WIDTH - NAMES - values) / WIDTH,
                                height / page))
        _draw_rows(axes, label, unit, rows, number)
        y -= FOOT + GAP
    return figure


def _flow_panels(columns: HistoryColumns) -> list[tuple[str, str, list[Bar]]]:
    panels = []
    for name, curves in (("heat flow in", columns.flows), ("by segment", columns.segments),
                         ("between materials", columns.interfaces)):
        bars = [Bar(label, 0.0, float(values[-1])) for label, values in curves.items()
                if values.size]
        if bars:
            panels.append((quantity(name, "W/m"), "W/m", bars))
    return panels


def _temperature_rows(columns: HistoryColumns, probes: Table) -> list[Bar]:
    """Return the domain, the named regions and the probes."""
    bars = []
    parts = [columns.temperature.get(n, np.empty(0)) for n in ("min", "max", "mean")]
    if all(p.size for p in parts):
        bars.append(Bar("whole domain", *(float(p[-1]) for p in parts)))
    for name, region in columns.regions.items():
        if region.mean.size:
            bars.append(Bar(name, *(float(p[-1]) for p in (region.minimum, region.maximum,
                                                           region.mean))))
    for name, values in probe_columns(probes).items():
        if values.size:
            bars.append(Bar(name, float(values[-1]), float(values[-1])))
    return bars


def _draw_rows(axes: Axes, label: str, unit: str, rows: list[Bar], number: int) -> None:
    """Draw the rows from the top down, each with its name and its value."""
    flows = unit == "W/m"
    colour = next((c for name, c in BARS.items() if label.startswith(name)), "#d55e00")
    for k, bar in enumerate(rows):
        if np.isfinite(bar.low) and np.isfinite(bar.high):
            axes.barh(k, bar.high - bar.low, 0.62, bar.low, color=colour,
                      alpha=1.0 if flows else 0.45)
        mark = bar.mean if bar.mean is not None else bar.high
        if not flows and np.isfinite(mark):
            axes.plot([mark], [k], "o", ms=4, color=colour, mec="black", mew=0.5)
        axes.annotate(_value_text(bar, flows), (1.0, k), (6, 0), va="center", size=SIZE,
                      xycoords=("axes fraction", "data"), textcoords="offset points")
    names = [fitted(bar.name, NAMES - 0.3, SIZE) for bar in rows]
    if number > len(rows):
        names.append(f"{number - len(rows)} more not drawn")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(label)
    axes.spines[["top", "right", "left"]].set_visible(False)
    if flows:
        axes.axvline(0.0, color="0.4", lw=0.8)
    else:
        # Keeps a margin between the bars of temperature ranges and the frame.
        axes.use_sticky_edges = False
    axes.margins(x=0.05)
    _style_values(axes)


def _style_values(axes: Axes) -> None:
    low, high = axes.get_xlim()
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        room = 0.05 * max(abs(low), abs(high)) or 1.0
        axes.set_xlim(low - room, high + room)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.xaxis.set_major_formatter(FuncFormatter(
        lambda v, _: signed(plain(v, digits_between(*axes.get_xlim())))))
    axes.grid(True, axis="x", color="0.9", lw=0.6)
    axes.set_axisbelow(True)


def _value_text(bar: Bar, flow: bool) -> str:
    if not (np.isfinite(bar.low) and np.isfinite(bar.high)):
        return "not finite"
    if flow:
        return signed(plain(bar.high, 6))
    if bar.mean is None:
        return signed(plain(bar.high, 6))
    return signed(f"{span(bar.low, bar.high)}, mean {plain(bar.mean, 5)}")

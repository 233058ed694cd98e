"""Draws panels of curves, one above the other, on a page that is as high as its content.

History and profiles share this module, so both name, scale and mark curves in the same way.  A note
above a panel lists what the panel does not show, rows outside its axis and values that are not
finite, and says when its axis is logarithmic.
"""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Callable

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from .curve_scale import CurveScale, Curves, Outside, choose_scale, decades
from .texts import fitted, wrapped
from .wording import count, digits_between, plain, printable, shortened, signed

WIDTH, PANEL, HEAD, FOOT, GAP = 7.8, 1.95, 0.28, 0.6, 0.2  # inches
LEFT, RIGHT = 0.87, 1.72  # margins beside the panels in inches; the legend is on the right
TITLE_LINE, NOTE_LINE, LEGEND_LINE = 0.22, 0.15, 0.142
TITLE_SIZE, NOTE_SIZE, REMARK_SIZE, LEGEND_SIZE = 11, 8, 7.5, 8  # sizes of text in points
LEGEND_WIDTH = 1.33  # largest width of a line of the legend in inches
NAME = 20  # most characters of a name in a remark
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#555555",
           "#8c564b", "#000000")
MOST_NAMED = len(COLOURS)  # most curves with a colour and a name; the others are grey
MOST_DRAWN = 400
LARGEST = 1e300  # larger values are not drawn, because the axis would overflow


@dataclass(frozen=True)
class CurvePanel:
    """Curves [rows] over `along` [rows] in the unit of the abscissa, and how to draw them."""

    label: str  # label of the vertical axis, with its unit
    along: np.ndarray
    curves: Curves
    from_zero: bool  # whether zero means "nothing", as for a heat flow
    draw: Callable[[Axes, CurvePanel], list[Artist]] = field(default=lambda a, p: draw_all(a, p))
    # Colour by name of the curve; default: by order.
    colours: dict[str, object] = field(default_factory=dict)
    row: str = "row"  # what a value belongs to: a row of a table, a point of a line
    height: float = PANEL  # least height in inches

    def colour(self, name: str) -> object:
        """Return the colour of a curve."""
        return self.colours.get(name, colour_of(list(self.curves).index(name)))


# ---- the page


def curve_page(title: str, notes: list[str], panels: list[CurvePanel], abscissa: str,
               say_where: Callable[[float], str]) -> Figure:
    """Draw the panels under a title and its notes; `say_where` writes a place on the abscissa."""
    head = wrapped(title, WIDTH - LEFT - 0.15, TITLE_SIZE, "bold", most=2)
    notes = [line for n in notes for line in wrapped(n, WIDTH - LEFT - 0.15, NOTE_SIZE)]
    panels = [replace(p, curves={n: drawable(v) for n, v in p.curves.items()}) for p in panels]
    scales = [choose_scale(p.along, p.curves, p.from_zero) for p in panels]
    remarks = [[line for note in panel_notes(p, s, say_where)
                for line in wrapped(note, WIDTH - LEFT - 0.15, REMARK_SIZE)]
               for p, s in zip(panels, scales)]
    ends = _ends([p.along for p in panels])
    figure = plt.figure(figsize=(WIDTH, 1.0))
    all_axes, handles = [], []
    for panel, scale in zip(panels, scales):
        axes = figure.add_axes((0, 0, 1, 1), sharex=all_axes[0] if all_axes else None)
        handles.append(panel.draw(axes, panel))
        _style(axes, panel, scale)
        axes.set_xlim(*ends)
        all_axes.append(axes)
    _place(figure, all_axes, head, notes, remarks, handles, [p.height for p in panels])
    for axes in all_axes[:-1]:
        axes.tick_params(labelbottom=False)
    all_axes[-1].set_xlabel(abscissa)
    all_axes[-1].xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    all_axes[-1].xaxis.set_major_formatter(_plain_numbers(all_axes[-1].get_xlim))
    figure.align_ylabels()
    return figure


def _ends(abscissae: list[np.ndarray]) -> tuple[float, float]:
    """Return the limits of the common abscissa."""
    values = np.concatenate(abscissae)
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    room = 0.01 * (high - low) or 0.05 * abs(high) or 1.0
    return low - room, high + room


def _place(figure: Figure, all_axes: list[Axes], head: list[str], notes: list[str],
           remarks: list[list[str]], handles: list[list[Artist]], least: list[float]) -> None:
    """Set the height of the page, and everything on it from the top down."""
    heights = [max(height, LEGEND_LINE * sum(1.25 + h.get_label().count("\n") for h in entries))
               for height, entries in zip(least, handles)]
    top = HEAD + TITLE_LINE * len(head) + NOTE_LINE * len(notes)
    page = top + FOOT + sum(heights) + GAP * (len(all_axes) - 1) \
        + NOTE_LINE * sum(len(r) for r in remarks)
    figure.set_size_inches(WIDTH, page)
    y = page - 0.14
    for line in head:
        figure.text(LEFT / WIDTH, y / page, line, va="top", size=TITLE_SIZE, weight="bold")
        y -= TITLE_LINE
    for line in notes:
        figure.text(LEFT / WIDTH, y / page, line, va="top", size=NOTE_SIZE, color="0.3")
        y -= NOTE_LINE
    y = page - top
    for axes, height, lines, entries in zip(all_axes, heights, remarks, handles):
        for line in lines:
            colour = "0.3" if line.startswith("logarithmic") else "#b00020"
            figure.text(LEFT / WIDTH, y / page, line, va="center", size=REMARK_SIZE, color=colour)
            y -= NOTE_LINE
        y -= height
        axes.set_position((LEFT / WIDTH, y / page, (WIDTH - LEFT - RIGHT) / WIDTH, height / page))
        y -= GAP
        draw_legend(axes, entries)


# ---- curves


def draw_all(axes: Axes, panel: CurvePanel) -> list[Artist]:
    """Draw every curve in its own colour and return the entries of the legend; those beyond ten
    are grey and share one entry."""
    handles: list[Artist] = []
    if panel.from_zero:
        axes.axhline(0.0, color="0.6", lw=0.8)
    for k, (name, values) in enumerate(list(panel.curves.items())[:MOST_DRAWN]):
        colour, width = colour_of(k), 1.4 if k < MOST_NAMED else 0.6
        draw_curve(axes, panel.along, values, color=colour, lw=width,
                   zorder=2.5 if k < MOST_NAMED else 1.5)
        if k < MOST_NAMED:
            handles.append(entry(name, color=colour, lw=width))
    return handles + rest_entries(len(panel.curves))


def colour_of(k: int) -> str:
    """Return the colour of curve k of a panel."""
    return COLOURS[k] if k < MOST_NAMED else "0.75"


def rest_entries(number: int) -> list[Artist]:
    """Return the legend entries for curves without a name, and for curves that are not drawn."""
    handles: list[Artist] = []
    if number > MOST_NAMED:
        handles.append(entry(f"{min(number, MOST_DRAWN) - MOST_NAMED} more", color="0.75", lw=0.6))
    if number > MOST_DRAWN:
        handles.append(entry(f"{number - MOST_DRAWN} not drawn", color="none"))
    return handles


def drawable(values: np.ndarray) -> np.ndarray:
    """Replace values that no axis can show by NaN."""
    return np.where(np.abs(values) < LARGEST, values, np.nan)


def draw_curve(axes: Axes, along: np.ndarray, values: np.ndarray, **style: object) -> None:
    """Draw a line, with dots for points that no line joins and in very short tables."""
    values = drawable(values)
    finite = np.isfinite(values) & np.isfinite(along)
    joined = finite[1:] & finite[:-1]
    alone = finite & ~np.append(joined, False) & ~np.append(False, joined)
    dots = finite if len(along) < 3 else alone
    line, = axes.plot(along, np.where(finite, values, np.nan), **style)
    axes.plot(along[dots], values[dots], "o", ms=4, color=line.get_color(),
              zorder=line.get_zorder())


def entry(name: str, **style: object) -> Line2D:
    """Return a legend entry; a long name takes two lines, and loses its middle beyond that."""
    lines, room = wrapped(name, LEGEND_WIDTH, LEGEND_SIZE), 2.0
    while len(lines) > 2:  # breaks between words waste room: shorten the name until it fits
        room -= 0.2
        lines = wrapped(fitted(name, room * LEGEND_WIDTH, LEGEND_SIZE), LEGEND_WIDTH, LEGEND_SIZE)
    return Line2D([], [], label="\n".join(lines), **style)


def draw_legend(axes: Axes, handles: list[Artist]) -> None:
    """Write the legend right of the panel."""
    if not handles:
        return
    # matplotlib leaves out labels that begin with "_", so the texts are set afterwards.
    legend = axes.legend(handles, ["x" + "\nx" * h.get_label().count("\n") for h in handles],
                         loc="upper left", bbox_to_anchor=(1.015, 1.02), borderaxespad=0.0,
                         frameon=False, fontsize=LEGEND_SIZE, handlelength=1.4,
                         labelspacing=0.35)
    for text, handle in zip(legend.get_texts(), handles):
        text.set_text(handle.get_label())


# ---- the axis of a panel


def _style(axes: Axes, panel: CurvePanel, scale: CurveScale) -> None:
    """Set limits, ticks and the grid, and mark the rows outside."""
    axes.set_ylabel(panel.label)
    if scale.threshold > 0:
        axes.set_yscale("symlog", linthresh=scale.threshold, linscale=0.4)
        axes.yaxis.set_major_locator(FixedLocator(decades(scale.threshold, *axes.get_ylim())))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: signed(plain(v, 2))))
    else:
        if scale.limits:
            axes.set_ylim(*scale.limits)
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(_plain_numbers(axes.get_ylim))
    axes.grid(True, color="0.9", lw=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    for outside in scale.outside:
        _mark(axes, panel, outside, scale.limits[1])


def _plain_numbers(limits: Callable[[], tuple[float, float]]) -> FuncFormatter:
    """Write ticks without an offset, with enough digits to distinguish them."""
    def text(value: float, _) -> str:
        low, high = limits()
        return signed(plain(value, digits_between(low, high) if high > low else 4))
    return FuncFormatter(text)


def _mark(axes: Axes, panel: CurvePanel, outside: Outside, high: float) -> None:
    """Put triangles at the edge of the panel where a curve is outside."""
    colour = panel.colour(outside.name)
    above = panel.curves[outside.name][outside.rows] > high
    for side, marker, edge in ((above, "^", 1.0), (~above, "v", 0.0)):
        if side.any():
            axes.plot(panel.along[outside.rows[side]], np.full(side.sum(), edge), marker, ms=5.5,
                      color=colour, mec="black", mew=0.4, clip_on=False, zorder=6,
                      transform=axes.get_xaxis_transform())


def panel_notes(panel: CurvePanel, scale: CurveScale, say_where: Callable[[float], str]
                ) -> list[str]:
    """Say what the panel does not show, and whether its axis is logarithmic."""
    notes = []
    if scale.outside:
        parts = [_outside_text(panel, o, say_where) for o in scale.outside]
        notes.append("outside this axis: " + _first_three(parts))
    if scale.threshold > 0:
        notes.append(f"logarithmic axis, linear from −{plain(scale.threshold)} to "
                     f"{plain(scale.threshold)}")
    lost = {n: int(np.count_nonzero(~np.isfinite(v))) for n, v in panel.curves.items()}
    parts = [f"{shortened(printable(n), NAME)} in {k} of {count(len(panel.along), panel.row)}"
             for n, k in lost.items() if k]
    if parts:
        notes.append("not finite: " + _first_three(parts))
    return notes


def _outside_text(panel: CurvePanel, outside: Outside, say_where: Callable[[float], str]) -> str:
    rows = f"{len(outside.rows)} {panel.row}s, the farthest " if len(outside.rows) > 1 else ""
    value = signed(plain(float(panel.curves[outside.name][outside.worst])))
    return f"{shortened(printable(outside.name), NAME)} {rows}{value} at " \
           f"{say_where(float(panel.along[outside.worst]))}"


def _first_three(parts: list[str]) -> str:
    return "; ".join(parts[:3]) + (f"; and {len(parts) - 3} more" if len(parts) > 3 else "")

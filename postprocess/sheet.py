"""Lays out a page: a grid of equal panels, a colour bar, a title, a legend.

Everything is placed in inches, from the sizes of the texts, so that nothing can overlap whatever
the shape of the domain; the page is as large as its content.  Panels keep the aspect of the domain
unless it is too thin to be visible: then they are stretched, and a note says by how much.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from .texts import fitted, text_width, wrapped  # noqa: E402
from .wording import plain  # noqa: E402

# All lengths are in inches.
PANEL_SIDE = 6.4, 5.6  # largest width and height of a single panel
GRID_SIDE = 9.6, 7.4  # largest width and height of a grid of panels
THINNEST = 0.4  # least length of the shorter side of a panel
LEFT, RIGHT, BOTTOM, TOP = 0.78, 0.22, 0.56, 0.14
GAP_X, GAP_Y = 0.34, 0.36
BAR, BAR_GAP = 0.15, 0.16
# Least width of numbers and name beside a colour bar; width of the name alone.
BAR_TEXT, BAR_NAME = 0.85, 0.4
LINE = 0.19  # height of a line of the legend and of the notes
TITLE_LINE = 0.24
NARROWEST = 4.4  # least width of a page, so that its title has room
STRETCHED = 1.01  # least stretch of a panel that a note mentions
TITLE_SIZE, NOTE_SIZE, LEGEND_SIZE = 11, 8.5, 8  # sizes of text in points


@dataclass(frozen=True)
class Sheet:
    """A page ready to draw on."""

    figure: Figure
    panels: list[Axes]  # row by row from the top
    bar: Axes | None
    bar_is_vertical: bool
    legend_at: tuple[float, float]  # figure fractions of the legend's top left
    columns: int


def panel_size(aspect: float, columns: int, rows: int) -> tuple[float, float, float]:
    """Return (width, height) in inches and the stretch of one of columns x rows panels."""
    single = columns * rows == 1
    wide, high = PANEL_SIDE if single else GRID_SIDE
    width = (wide - (columns - 1) * GAP_X) / columns
    height = (high - (rows - 1) * GAP_Y) / rows
    w, h = min(width, height * aspect), min(height, width / aspect)
    stretched = max(1.0, THINNEST / min(w, h))
    return max(w, THINNEST), max(h, THINNEST), stretched


def arrange(count: int, aspect: float) -> tuple[int, int]:
    """Return (columns, rows) that make `count` panels largest; empty places reduce the merit."""
    def merit(columns: int) -> float:
        rows = math.ceil(count / columns)
        w, h, _ = panel_size(aspect, columns, rows)
        return w * h * (0.75 if columns * rows > count else 1.0)
    columns = max(range(1, count + 1), key=merit)
    return columns, math.ceil(count / columns)


def legend_columns(labels: list[str], width: float) -> int:
    """Return how many columns of entries fit into `width` inches."""
    longest = max((text_width(label, LEGEND_SIZE) for label in labels), default=0.0)
    most = max(1, min(len(labels), int(width / (0.55 + longest))))
    rows = math.ceil(len(labels) / most)
    return max(1, math.ceil(len(labels) / max(1, rows)))  # spreads the entries evenly over the rows


def legend_labels(labels: list[str], page_width: float) -> list[str]:
    """Return the labels without control characters, and short enough for one column of a page."""
    return [fitted(label, page_width - LEFT - 0.65, LEGEND_SIZE) for label in labels]


def make_sheet(aspect: float, captions: list[str], title: str, notes: list[str],
               labels: list[str], with_bar: bool = True, number: float = 0.0) -> Sheet:
    """Lay out a panel for each caption under a title and its notes, above a legend; `number` is the
    width [inches] of the longest number beside the colour bar."""
    count = len(captions)
    columns, rows = arrange(count, aspect)
    w, h, stretched = panel_size(aspect, columns, rows)
    gap_x = max(GAP_X, max(text_width(c, NOTE_SIZE) for c in captions) + 0.15 - w)
    block_w, block_h = columns * w + (columns - 1) * gap_x, rows * h + (rows - 1) * GAP_Y
    vertical = block_h >= 2.0
    bar_right = 0.0
    if with_bar:
        bar_right = BAR_GAP + BAR + max(BAR_TEXT, number + BAR_NAME) if vertical else \
            max(0.0, 0.5 * number - RIGHT)
    bar_below = 0.62 if with_bar and not vertical else 0.0
    content = LEFT + block_w + bar_right + RIGHT
    page_w = max(content, NARROWEST)
    labels = legend_labels(labels, page_w)
    left = LEFT + 0.5 * (page_w - content)
    text_x = left if block_w > 3.0 else 0.3
    head = wrapped(title, page_w - text_x - 0.15, TITLE_SIZE, "bold", most=3)
    if stretched > STRETCHED:
        thin = "y" if aspect > 1 else "x"
        notes = [*notes, f"not to scale: {thin} × {plain(stretched, 2)}"]
    notes = [line for note in notes for line in _wrapped_note(note, page_w - text_x - 0.15)]
    panel_note = LINE if count > 1 else 0.0
    head_h = TOP + TITLE_LINE * len(head) + LINE * len(notes) + 0.06 + panel_note
    legend_rows = math.ceil(len(labels) / legend_columns(labels, page_w - 0.6)) if labels else 0
    legend_h = LINE * legend_rows + 0.08 if labels else 0.0
    floor = BOTTOM + bar_below + legend_h
    page_h = floor + block_h + head_h

    figure = plt.figure(figsize=(page_w, page_h))

    def axes(x: float, y: float, width: float, height: float) -> Axes:
        return figure.add_axes((x / page_w, y / page_h, width / page_w, height / page_h))

    panels = [axes(left + (k % columns) * (w + gap_x),
                   floor + (rows - 1 - k // columns) * (h + GAP_Y), w, h) for k in range(count)]
    bar = None
    if with_bar and vertical:
        bar = axes(left + block_w + BAR_GAP, floor, BAR, block_h)
    elif with_bar:
        bar_w = max(block_w, min(3.2, page_w - 1.2))
        bar = axes(left + 0.5 * (block_w - bar_w), legend_h + 0.46, bar_w, BAR)
    _write_head(figure, head, notes, text_x, page_w, page_h)
    return Sheet(figure, panels, bar, vertical, (text_x / page_w, legend_h / page_h), columns)


def _wrapped_note(note: str, width: float) -> list[str]:
    """Return the lines of a note; all lines of a warning begin with "!"."""
    mark = "! " if note.startswith("!") else ""
    return [mark + line for line in wrapped(note.lstrip("! "), width, NOTE_SIZE)]


def _write_head(figure: Figure, head: list[str], notes: list[str], x: float, page_w: float,
                page_h: float) -> None:
    """Write the title, then its notes in small type; a note that begins with "!" is a warning."""
    y = page_h - TOP
    for line in head:
        figure.text(x / page_w, y / page_h, line, va="top", size=TITLE_SIZE, weight="bold")
        y -= TITLE_LINE
    for note in notes:
        colour = "#b00020" if note.startswith("!") else "0.3"
        figure.text(x / page_w, y / page_h, note.lstrip("! "), va="top", size=NOTE_SIZE,
                    color=colour)
        y -= LINE

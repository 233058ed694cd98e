"""Draws isotherms and their labels on a panel.

contourpy, which matplotlib itself uses, computes the lines.  A label is in a gap of its line and
turns with it.  Its place is searched along the line: a straight part inside the panel, where the
label overlaps no other isotherm, no other label and no probe.  Where no place is good enough, the
line has no label; the colour bar shows the same lines beside their values.  Distances are in pixels
of the figure.
"""
from __future__ import annotations

from dataclasses import dataclass

import contourpy
import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from .reader import Field
from .wording import digits_between, plain, signed

SIZE = 6.5  # size of the labels in points
MOST_LABELS = 3  # most labels of one isotherm, which may consist of several lines
MOST_LINES = 1500  # most lines of all isotherms that get labels; more lines are noise
STRAIGHT = 0.96  # least ratio of chord to arc of the piece of line below a label
# An isotherm is left out if more than this fraction of the cells has its value: its lines are
# noise.
PLATEAU = 0.02


@dataclass(frozen=True)
class Isotherm:
    """The lines [n][2] of one level in the coordinates of the panel."""

    level: float
    lines: list[np.ndarray]


@dataclass(frozen=True)
class Label:
    """A label on a line: its middle and angle, and the part of the line that it covers."""

    middle: np.ndarray  # [2], pixels
    angle: float  # degrees, -85 to 95
    circles: np.ndarray  # [n][2], pixels: centres of circles that cover the text
    radius: float
    start: float  # place along the line where the gap begins, pixels
    end: float
    merit: float


# ---- lines


def bar_locator() -> MaxNLocator:
    """Choose round values over the colour range, for the colour bar and the isotherms."""
    return MaxNLocator(7, steps=[1, 2, 2.5, 5, 10])


def levels(norm: Normalize) -> np.ndarray:
    """Return the ticks of the colour bar that lie inside its range."""
    ticks = bar_locator().tick_values(norm.vmin, norm.vmax)
    room = 1e-9 * (norm.vmax - norm.vmin)
    return ticks[(ticks > norm.vmin + room) & (ticks < norm.vmax - room)]


def isotherms(field: Field, norm: Normalize, metres: float = 1.0) -> list[Isotherm]:
    """Return the isotherms at the values of the colour bar that the field passes."""
    if not field.maximum > field.minimum:
        return []
    x, y, data = _to_the_edges(field)
    near = 1e-6 * (field.maximum - field.minimum)
    generator = contourpy.contour_generator(x / metres, y / metres, data)
    found = []
    for level in levels(norm):
        if np.mean(np.abs(field.data - level) < near) > PLATEAU:
            continue
        lines = [line for line in generator.lines(float(level)) if len(line) > 1]
        if lines and field.minimum < level < field.maximum:
            found.append(Isotherm(float(level), lines))
    return found


def _to_the_edges(field: Field) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (x, y, data) at the cell centres, thinned, and at the sides the outermost values."""
    steps = [max(1, n // 500) for n in field.data.shape]
    x, y = field.x[::steps[1]], field.y[::steps[0]]
    data = field.data[::steps[0], ::steps[1]].astype(float)
    data = np.pad(np.where(np.isfinite(data), data, np.nan), 1, mode="edge")
    x = np.concatenate([field.x_edges[:1], x, field.x_edges[-1:]])
    y = np.concatenate([field.y_edges[:1], y, field.y_edges[-1:]])
    return x, y, np.ma.masked_invalid(data)


# ---- drawing


def draw_isotherms(axes: Axes, found: list[Isotherm], norm: Normalize, taken: list[Bbox],
                   busy: np.ndarray) -> None:
    """Draw the lines with their labels.

    taken: boxes [pixels] that no label may touch; busy: segments [n][2][2] in the coordinates of
    the panel, such as outlines, that labels avoid where they can.
    """
    labels: dict[tuple[int, int], Label] = {}
    paths = [[axes.transData.transform(line) for line in isotherm.lines] for isotherm in found]
    if sum(map(len, paths)) <= MOST_LINES:
        texts = [signed(plain(i.level, digits_between(norm.vmin, norm.vmax))) for i in found]
        labels = _place_all(axes, paths, texts, taken, busy)
        for (k, _), label in labels.items():
            _write(axes, label, texts[k], colour_on(norm, found[k].level))
    back = axes.transData.inverted()
    for k, isotherm in enumerate(found):
        pieces = [back.transform(piece) for n, path in enumerate(paths[k])
                  for piece in _without_gap(path, labels.get((k, n)))]
        axes.add_collection(LineCollection(pieces, colors=colour_on(norm, isotherm.level),
                                           linewidths=0.6, alpha=0.6, zorder=2.2), autolim=False)


def colour_on(norm: Normalize, level: float) -> str:
    """Return black or white, whichever is visible on the colour of a level."""
    return "black" if norm(level) > 0.62 else "white"


def _place_all(axes: Axes, paths: list[list[np.ndarray]], texts: list[str], taken: list[Bbox],
               busy: np.ndarray) -> dict[tuple[int, int], Label]:
    """Return the labels, by the numbers of isotherm and line: on the longest lines of each
    isotherm."""
    sampled = [[_resampled(path, 3.0) for path in lines] for lines in paths]
    busy = _middles(axes.transData.transform(busy.reshape(-1, 2)).reshape(-1, 2, 2))
    labels: dict[tuple[int, int], Label] = {}
    for k, text in enumerate(texts):
        size = _text_size(axes, text)
        longest = sorted(range(len(paths[k])), key=lambda n: -len(sampled[k][n]))
        for n in longest[:MOST_LABELS]:
            others = [points for i, lines in enumerate(sampled) for m, points in enumerate(lines)
                      if (i, m) != (k, n)]
            crowd = np.concatenate([np.empty((0, 2)), *others,
                                    *(label.circles for label in labels.values())])
            label = _place(paths[k][n], size, crowd, taken, busy, axes.get_window_extent())
            if label:
                labels[k, n] = label
    return labels


def _text_size(axes: Axes, text: str) -> tuple[float, float]:
    probe = axes.text(0.5, 0.5, text, size=SIZE, transform=axes.transAxes)
    box = probe.get_window_extent()
    probe.remove()
    return box.width, box.height


def _write(axes: Axes, label: Label, text: str, colour: str) -> None:
    x, y = axes.transData.inverted().transform(label.middle)
    shade = "white" if colour == "black" else "black"
    axes.text(x, y, text, size=SIZE, color=colour, rotation=label.angle, ha="center", va="center",
              rotation_mode="anchor", zorder=4, clip_on=True, gid="isotherm",
              path_effects=[effects.withStroke(linewidth=1.2, foreground=shade, alpha=0.35)])


# ---- the place of a label


def _place(path: np.ndarray, size: tuple[float, float], crowd: np.ndarray, taken: list[Bbox],
           busy: np.ndarray, frame: Bbox) -> Label | None:
    """Return the best label on a line, or None when no place is good enough.

    crowd: points [n][2] of other isotherms and labels, which a label must not touch; busy: points
    that it avoids where it can.
    """
    width, height = size
    along = _lengths(path)
    room = width + 0.6 * height  # length of the gap
    if along[-1] < 1.5 * room:
        return None
    own = _resampled(path, 3.0)
    own_along = np.linspace(0.0, along[-1], len(own))
    best, merit = None, -np.inf
    for start in np.linspace(0.0, along[-1] - room, int(min(60, 2 + along[-1] / (0.4 * room)))):
        label = _candidate(path, along, start, room, width, height)
        if not label or not _inside(label, frame) or any(_covers(label, box) for box in taken):
            continue
        apart = (own_along < label.start - 2 * height) | (own_along > label.end + 2 * height)
        clear = min(_clearance(label.circles, crowd), _clearance(label.circles, own[apart]))
        if clear < 1.14 * height:  # half a line of text, and a gap above it
            continue
        if _runs_along(label, busy, 0.4 * height):
            continue
        centred = 1.0 - abs(0.5 * (label.start + label.end) / along[-1] - 0.5)
        value = label.merit + 0.5 * min(clear / (3.0 * height), 1.0) + 0.3 * centred \
            + 0.5 * min(_clearance(label.circles, busy) / (2.0 * height), 1.0)
        if value > merit:
            best, merit = label, value
    return best


def _candidate(path: np.ndarray, along: np.ndarray, start: float, room: float, width: float,
               height: float) -> Label | None:
    """Return the label on the piece of line from `start` over `room`; None where it bends."""
    ends = [_at(path, along, s) for s in (start, start + room)]
    chord = ends[1] - ends[0]
    length = float(np.hypot(*chord))
    if length < STRAIGHT * room:
        return None
    angle = float(np.degrees(np.arctan2(chord[1], chord[0])))
    angle = (angle + 85.0) % 180.0 - 85.0  # upright lines are all read from below
    middle = 0.5 * (ends[0] + ends[1])
    bow = _at(path, along, start + 0.5 * room) - middle
    if np.hypot(*bow) > 0.3 * height:
        return None
    middle = middle + 0.5 * bow
    places = np.linspace(-0.5, 0.5, 7)[:, None] * (width - height) if width > height else \
        np.zeros((1, 1))
    circles = middle + places * (chord / length)
    return Label(middle, angle, circles, 0.6 * height, start, start + room,
                 length / room - 0.3 * abs(angle) / 90.0)


def _inside(label: Label, frame: Bbox) -> bool:
    x, y = label.circles.T
    r = label.radius + 1.0
    return bool(x.min() - r > frame.x0 and x.max() + r < frame.x1
                and y.min() - r > frame.y0 and y.max() + r < frame.y1)


def _runs_along(label: Label, points: np.ndarray, near: float) -> bool:
    """Whether a line of points, such as an outline, passes through most of the label."""
    struck = [_clearance(circle[None, :], points) < near for circle in label.circles]
    return bool(np.mean(struck) > 0.5)


def _covers(label: Label, box: Bbox) -> bool:
    x, y = label.circles.T
    dx = np.maximum(np.maximum(box.x0 - x, x - box.x1), 0.0)
    dy = np.maximum(np.maximum(box.y0 - y, y - box.y1), 0.0)
    return bool(np.any(np.hypot(dx, dy) < label.radius + 1.0))


def _clearance(circles: np.ndarray, points: np.ndarray) -> float:
    """Return the smallest distance between two sets of points; infinity when one is empty."""
    if not len(points):
        return np.inf
    reach = np.ptp(circles, axis=0).max() + 60.0
    points = points[np.all(np.abs(points - circles.mean(axis=0)) < reach, axis=1)]
    if not len(points):
        return np.inf
    apart = circles[:, None, :] - points[None, :, :]
    return float(np.sqrt(np.min(np.sum(apart * apart, axis=2))))


def _middles(segments: np.ndarray) -> np.ndarray:
    """Return points [n][2] on segments [m][2][2], about 4 pixels apart."""
    if not len(segments):
        return np.empty((0, 2))
    lengths = np.hypot(*(segments[:, 1] - segments[:, 0]).T)
    points = [np.linspace(a, b, int(min(2000, 2 + length / 4.0)))
              for (a, b), length in zip(segments, lengths)]
    return np.concatenate(points)


def _without_gap(path: np.ndarray, label: Label | None) -> list[np.ndarray]:
    """Cut the piece below a label out of a line."""
    if label is None:
        return [path]
    along = _lengths(path)
    before, after = along < label.start, along > label.end
    pieces = [np.vstack([path[before], _at(path, along, label.start)]),
              np.vstack([_at(path, along, label.end), path[after]])]
    return [piece for piece in pieces if len(piece) > 1]


def _lengths(path: np.ndarray) -> np.ndarray:
    """Return the length of the line from its first point to each point."""
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])


def _at(path: np.ndarray, along: np.ndarray, where: float) -> np.ndarray:
    return np.array([np.interp(where, along, path[:, 0]), np.interp(where, along, path[:, 1])])


def _resampled(path: np.ndarray, spacing: float) -> np.ndarray:
    """Return points of a line no farther apart than `spacing`."""
    along = _lengths(path)
    where = np.linspace(0.0, along[-1], int(min(20000, 2 + along[-1] / spacing)))
    return np.column_stack([np.interp(where, along, path[:, 0]),
                            np.interp(where, along, path[:, 1])])

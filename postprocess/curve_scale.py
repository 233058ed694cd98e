"""Chooses the vertical scale of a panel of curves, so that the curves can be read.

After a jump at a side, the first heat flow may be a thousand times the others, which a linear axis
squeezes to a line.  Three scales are tried, the plainest first:

- linear, with everything on it, when the largest value is not far above the typical one;
- linear without a few rows far above the typical value; they are marked at the edge of the panel,
  and a note names them;
- logarithmic away from zero (matplotlib's symlog), when the values span decades in many rows.  Only
  quantities with a natural zero can have it, so temperatures stay linear.

Values are measured from zero for flows and from the median for temperatures.  The typical value is
the median over the abscissa, so rows that are dense in time do not count more than others.  A
temperature is far only when it also is a hundred times the median: a short pulse of some hundred
kelvin is what such a panel is to show.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

Curves = dict[str, np.ndarray]
# Largest ratio of the largest to the typical value that a linear axis shows, for heat flows and for
# temperatures.
FLOW_RATIO, TEMPERATURE_RATIO = 30.0, 100.0
FEW = 0.03  # largest fraction of the rows that may lie outside the axis
NOISE = 1e-9  # values below this fraction of the largest value are rounding errors of zero
DECADES = 6  # most decades of a logarithmic axis


@dataclass(frozen=True)
class Outside:
    """The rows of one curve that are outside the axis."""

    name: str
    rows: np.ndarray  # numbers of these rows
    worst: int  # the row that is farthest outside


@dataclass(frozen=True)
class CurveScale:
    """Scale of one panel.  With `limits` None matplotlib chooses them.  With a `threshold` above 0
    the axis is linear up to it on both sides of zero, and logarithmic beyond."""

    limits: tuple[float, float] | None = None
    threshold: float = 0.0
    outside: tuple[Outside, ...] = ()


def choose_scale(along: np.ndarray, curves: Curves, from_zero: bool) -> CurveScale:
    """Choose the scale for curves [rows] over `along` [rows]; values that are not finite do not
    count."""
    values = np.array(list(curves.values()), dtype=float)
    if values.size == 0 or not np.isfinite(values).any():
        return CurveScale((-1.0, 1.0))
    centre = 0.0 if from_zero else float(np.median(values[np.isfinite(values)]))
    with np.errstate(invalid="ignore", over="ignore"):
        size = np.where(np.isfinite(values), np.abs(values - centre), 0.0).max(axis=0)
    top, typical = float(size.max()), max(_typical(along, size), abs(centre))
    if typical == 0.0 or top <= (FLOW_RATIO if from_zero else TEMPERATURE_RATIO) * typical:
        return CurveScale(_widened(values, from_zero))
    far = size > 10.0 * typical
    if len(size) > 2 and np.count_nonzero(far) <= max(1, int(FEW * len(size))):
        return _clipped(values, curves, far, from_zero)
    return CurveScale(None, _threshold(top, typical) if from_zero else 0.0)


def _typical(along: np.ndarray, size: np.ndarray) -> float:
    """Return the median of the sizes over the abscissa, zeros left out; 0 when all are zero."""
    use = size > NOISE * size.max()
    if not use.any():
        return 0.0
    width = np.abs(np.gradient(along)) if len(along) > 1 else np.ones(1)
    width = np.where(np.isfinite(width), width, 0.0) + 1e-12 * (np.nanmax(width) or 1.0)
    order = np.argsort(size[use])
    share = np.cumsum(width[use][order])
    return float(size[use][order][np.searchsorted(share, 0.5 * share[-1])])


def _widened(values: np.ndarray, from_zero: bool) -> tuple[float, float] | None:
    """Return limits around values that are constant up to rounding, which would be drawn as noise;
    None for all others."""
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    largest = max(abs(low), abs(high))
    if high - low > NOISE * largest:
        return None
    room = 0.05 * largest or 1.0
    return (min(0.0, low - room), max(0.0, high + room)) if from_zero else (low - room, high + room)


def _clipped(values: np.ndarray, curves: Curves, far: np.ndarray, from_zero: bool) -> CurveScale:
    """Fit the axis to the rows that are not far outside, and mark those that are."""
    near = values[:, ~far]
    near = near[np.isfinite(near)]
    low, high = float(near.min()), float(near.max())
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    room = 0.06 * (high - low) or 0.01 * abs(high) or 1.0
    low, high = low - room, high + room
    outside = []
    for name, curve in zip(curves, values):
        rows = np.nonzero(np.isfinite(curve) & ((curve < low) | (curve > high)))[0]
        if rows.size:
            beyond = np.maximum(low - curve[rows], curve[rows] - high)
            outside.append(Outside(name, rows, int(rows[np.argmax(beyond)])))
    return CurveScale((low, high), 0.0, tuple(outside))


def _threshold(top: float, typical: float) -> float:
    """Return the power of ten from which the axis is logarithmic."""
    least = max(0.01 * typical, top * 10.0 ** -DECADES)
    return 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0


def decades(threshold: float, low: float, high: float) -> list[float]:
    """Return ticks of a logarithmic axis: zero and powers of ten on both sides, at most about
    seven; the threshold itself only where there is room between it and zero."""
    last = max(1.0, np.log10(max(abs(low), abs(high)) / threshold))
    both = low < -threshold and high > threshold
    stride = max(1, int(np.ceil((2 * last if both else last) / 6)))
    first = 0 if last * (1 + both) <= 3 else stride
    powers = threshold * 10.0 ** np.arange(first, last + 0.5, stride)
    ticks = np.concatenate([-powers[::-1], [0.0], powers])
    return [float(t) for t in ticks if low <= t <= high]

"""`compare`: how far a field of two runs (or two field files) is apart.

The difference is taken slab by slab, cell by cell; nothing is interpolated, so both must be on the
same grid.  A value that is not finite on either side makes the difference NaN, which no tolerance
accepts.
"""
from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .reader import VECTORS, RequestError, Run, Snapshot, open_field_file
from .wording import duration, unit_text

DIFFERS = 5  # exit code above the tolerance: the contract's "a check failed"


@dataclass(frozen=True)
class Difference:
    """max: largest |A - B|, at (x, y) [m]; l2: sqrt of the area mean of (A - B)^2; scale: largest
    |A|.  All in the field's unit."""

    max: float
    at: tuple[float, float]
    l2: float
    scale: float


def run_compare(arguments: argparse.Namespace) -> int:
    """The command: one line; exit code 5 above the tolerance."""
    a, b = pair(arguments.a, arguments.b)
    result = difference(a, b, arguments.field)
    unit = unit_text(a.header.fields[arguments.field].units)
    unit = f" {unit}" if unit else ""
    x, y = result.at
    line = (f"{arguments.field} at step {a.step} (t = {duration(a.time)}): "
            f"max |A - B| = {result.max:.6g}{unit} at ({x:.6g}, {y:.6g}) m, "
            f"L2 = {result.l2:.6g}{unit}, max |A| = {result.scale:.6g}{unit}")
    if not math.isclose(a.time, b.time, rel_tol=1e-9, abs_tol=1e-300):
        line += f"; B is at t = {b.time:.12g} s, A at {a.time:.12g} s"
    if arguments.tolerance is None:
        print(line)
        return 0
    within = result.max <= arguments.tolerance  # False for NaN
    print(f"{line}; {'within' if within else 'ABOVE'} tolerance {arguments.tolerance:g}")
    return 0 if within else DIFFERS


def pair(a: str, b: str) -> tuple[Snapshot, Snapshot]:
    """The two files to compare: as named, or the last step that both directories have."""
    if not Path(a).is_dir() and not Path(b).is_dir():
        return open_field_file(a), open_field_file(b)
    if Path(a).is_dir() and Path(b).is_dir():
        run_a, run_b = Run(a), Run(b)
        run_a.snapshot(), run_b.snapshot()
        common = set(run_a.steps) & set(run_b.steps)
        if not common:
            raise RequestError(f"{a} and {b}: no snapshot of the same step")
        return run_a.snapshot(max(common)), run_b.snapshot(max(common))
    if Path(a).is_dir():
        file = open_field_file(b)
        return Run(a).snapshot(file.step), file
    file = open_field_file(a)
    return file, Run(b).snapshot(file.step)


def difference(a: Snapshot, b: Snapshot, name: str) -> Difference:
    """Of one field on the same grid."""
    _require_same_grid(a, b)
    if name in VECTORS:
        raise RequestError(f"compare --field {name}: name one of {', '.join(VECTORS[name])}")
    for snapshot in (a, b):
        snapshot.require(name)
    header = a.header
    width, height = np.diff(header.x_edges), np.diff(header.y_edges)
    worst, at, square, scale = -1.0, (0, 0), 0.0, 0.0
    for (start, (one,)), (_, (two,)) in zip(a.slabs((name,)), b.slabs((name,))):
        gap = np.abs(one.astype(float) - two)
        where = np.unravel_index(int(np.argmax(np.where(np.isfinite(gap), gap, np.inf))), gap.shape)
        if not gap[where] <= worst and not math.isnan(worst):
            worst, at = _finite_or_nan(gap[where]), (start + where[0], where[1])
        square += float(height[start:start + len(gap)] @ (gap * gap) @ width)
        scale = max(scale, float(np.max(np.abs(one))))
    centre = 0.5 * (header.x_edges[at[1]] + header.x_edges[at[1] + 1]), \
        0.5 * (header.y_edges[at[0]] + header.y_edges[at[0] + 1])
    return Difference(worst, centre, math.sqrt(square / (width.sum() * height.sum())), scale)


def _finite_or_nan(value: float) -> float:
    return float(value) if math.isfinite(value) else math.nan


def _require_same_grid(a: Snapshot, b: Snapshot) -> None:
    if a.header.shape != b.header.shape:
        sizes = ["{1} x {0}".format(*s.header.shape) for s in (a, b)]
        raise RequestError(f"{a.path} has {sizes[0]} cells, {b.path} has {sizes[1]}: "
                           "compare needs the same grid")
    for axis in ("x_edges", "y_edges"):
        one, two = getattr(a.header, axis), getattr(b.header, axis)
        if not np.allclose(one, two, rtol=0, atol=1e-9 * np.ptp(one)):
            raise RequestError(f"{a.path} and {b.path}: /{axis} differs; "
                               "compare needs the same grid")

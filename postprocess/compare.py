"""`compare`: the difference of fields of two runs, or of two field files.

Snapshots are paired by time (pairing.py).  Differences are taken cell by cell; nothing is
interpolated, so both must be on the same grid.  Everything is checked before the first value is
read: a comparison either covers what it says, or is refused as a whole.
"""
from __future__ import annotations

import argparse
import math
from dataclasses import dataclass

import numpy as np

from .errors import RequestError
from .pairing import Pairing, Side, at_time, pair, require_more_than_start, times_text
from .reader import VECTORS, Snapshot
from .wording import count, listed, printable, unit_text

DIFFERS = 5  # exit code when a difference is above the tolerance, as for a failed check of a case
MOST_LINES = 20  # most pairs of snapshots that are printed with a line each
PARTS = {**VECTORS, "conductivity": ("conductivity_x", "conductivity_y")}


@dataclass(frozen=True)
class Difference:
    """Difference of one field, in its unit.

    max: largest |A - B|, at (x, y) [m]; NaN when a value is not finite on either side.  l2: square
    root of the area mean of (A - B)^2.  scale: largest finite |A|.  not_finite: number of cells
    with a value that is not finite.
    """

    max: float
    at: tuple[float, float]
    l2: float
    scale: float
    not_finite: int


def run_compare(arguments: argparse.Namespace) -> int:
    """Run the command; exit code 5 when a difference is above the tolerance."""
    a, b = Side.of(arguments.a), Side.of(arguments.b)
    found = pair(a, b, arguments.ignore_time)
    if arguments.time is None or arguments.time == math.inf:
        require_more_than_start(a, b, found)
    if arguments.time is not None:
        found = at_time(found, arguments.time)
    names = _names(arguments.field or ["temperature"], found.pairs[0][0])
    for one, two in found.pairs:
        require_comparable(one, two, names)
    _say_what(a, b, found, names)
    passed = [_compare_field(found, name, arguments.tolerance) for name in names]
    return 0 if all(passed) else DIFFERS


def _names(wanted: list[str], first: Snapshot) -> list[str]:
    """Return the datasets to compare: a vector is compared part by part."""
    names = []
    for name in wanted:
        names += [name] if name in first.header.fields else PARTS.get(name, (name,))
    return list(dict.fromkeys(names))


def _say_what(a: Side, b: Side, found: Pairing, names: list[str]) -> None:
    """Print how many pairs are compared, their times and the fields, and what has no partner."""
    pairs = count(len(found.pairs), "pair")
    if any(one.header.steady or two.header.steady or one.time != two.time
           for one, two in found.pairs):
        when = listed([_when(one, two) for one, two in found.pairs])
    else:
        when = times_text([one.time for one, _ in found.pairs])
    print(f"A = {printable(a.name)}, B = {printable(b.name)}")
    print(f"{pairs} of snapshots at {when}; {'fields' if len(names) > 1 else 'field'} "
          f"{', '.join(names)}")
    for label, alone in (("A", found.only_a), ("B", found.only_b)):
        if alone:
            print(f"not compared: {count(len(alone), 'snapshot')} of {label} alone, at "
                  f"{times_text([s.time for s in alone])}")


def _when(one: Snapshot, two: Snapshot) -> str:
    """Write the time of a pair; both times when these differ by more than rounding."""
    texts = ["the steady state" if s.header.steady else f"t = {s.time:.12g} s" for s in (one, two)]
    return texts[0] if texts[0] == texts[1] else f"{texts[0]} (A) and {texts[1]} (B)"


def _compare_field(found: Pairing, name: str, tolerance: float | None) -> bool:
    """Print the differences of one field; return whether all are within the tolerance."""
    unit = unit_text(found.pairs[0][0].header.fields[name].units)
    results = [difference(one, two, name) for one, two in found.pairs]
    lines = [f"{name} at step {one.step}{_other_step(one, two)}, {_when(one, two)}: "
             f"{_text(result, unit)}" for (one, two), result in zip(found.pairs, results)]
    # NaN passes no tolerance, so it counts as the largest.
    worst = max(range(len(results)), key=lambda k: (math.isnan(results[k].max), results[k].max))
    if 1 < len(lines) <= MOST_LINES:
        print("\n".join(lines))
    verdict = f"largest of {len(lines)} pairs: {lines[worst]}" if len(lines) > 1 else lines[0]
    within = tolerance is None or results[worst].max <= tolerance
    if tolerance is not None:
        verdict += f"; {'within' if within else 'ABOVE'} tolerance {tolerance:g}"
    print(verdict)
    return within


def _other_step(one: Snapshot, two: Snapshot) -> str:
    return "" if one.step == two.step else f" of A and {two.step} of B"


def _text(result: Difference, unit: str) -> str:
    unit = f" {unit}" if unit else ""
    x, y = result.at
    where = f" at ({x:.6g}, {y:.6g}) m" if result.max != 0.0 else ""
    text = f"max |A - B| = {result.max:.6g}{unit}{where}, " \
           f"L2 = {result.l2:.6g}{unit}, max |A| = {result.scale:.6g}{unit}"
    if result.not_finite:
        text += f", not finite in {count(result.not_finite, 'cell')}"
    return text


def difference(a: Snapshot, b: Snapshot, name: str) -> Difference:
    """Compute the difference of one field of two files, slab by slab."""
    require_comparable(a, b, [name])
    header = a.header
    width, height = np.diff(header.x_edges), np.diff(header.y_edges)
    worst, at, square, scale, lost = -1.0, (0, 0), 0.0, 0.0, 0
    for (start, (one,)), (_, (two,)) in zip(a.slabs((name,)), b.slabs((name,))):
        with np.errstate(invalid="ignore", over="ignore"):  # infinities and NaN are counted
            gap = np.abs(one.astype(float) - two)
            square += float(height[start:start + len(gap)] @ (gap * gap) @ width)
        finite = np.isfinite(gap)
        lost += gap.size - int(np.count_nonzero(finite))
        where = np.unravel_index(int(np.argmax(np.where(finite, gap, np.inf))), gap.shape)
        if not gap[where] <= worst and not math.isnan(worst):
            worst, at = _finite_or_nan(gap[where]), (start + where[0], where[1])
        good = one[np.isfinite(one)]
        scale = max(scale, float(np.max(np.abs(good), initial=0.0)))
    centre = 0.5 * (header.x_edges[at[1]] + header.x_edges[at[1] + 1]), \
        0.5 * (header.y_edges[at[0]] + header.y_edges[at[0] + 1])
    l2 = math.sqrt(square / (width.sum() * height.sum())) if math.isfinite(square) else math.nan
    return Difference(worst, centre, l2, scale, lost)


def _finite_or_nan(value: float) -> float:
    return float(value) if math.isfinite(value) else math.nan


# ---- what can be compared


def require_comparable(a: Snapshot, b: Snapshot, names: list[str]) -> None:
    """Raise unless both files have the fields, in the same units, on the same grid."""
    _require_same_grid(a, b)
    for name in names:
        for snapshot in (a, b):
            if name not in snapshot.header.fields:
                snapshot.require(name)
                raise RequestError(f"{snapshot.path}: '{name}' is computed, not stored; "
                                   f"compare {' or '.join(VECTORS[name])}")
        one, two = a.header.fields[name], b.header.fields[name]
        if one.units != two.units:
            raise RequestError(f"{a.path} has {name} in '{one.units}', {b.path} in '{two.units}': "
                               "compare needs the same unit")
        if one.meanings != two.meanings:
            raise RequestError(f"{a.path} and {b.path}: the numbers of {name} stand for different "
                               f"names ({_meanings(one.meanings)}; {_meanings(two.meanings)})")


def _meanings(meanings: dict[int, str]) -> str:
    return listed([f"{k} {name}" for k, name in meanings.items()], 6) or "none"


def _require_same_grid(a: Snapshot, b: Snapshot) -> None:
    if a.header.shape != b.header.shape:
        sizes = ["{1} x {0}".format(*s.header.shape) for s in (a, b)]
        raise RequestError(f"{a.path} has {sizes[0]} cells, {b.path} has {sizes[1]}: "
                           "compare needs the same grid")
    for axis in ("x_edges", "y_edges"):
        one, two = getattr(a.header, axis), getattr(b.header, axis)
        if not np.allclose(one, two, rtol=0, atol=1e-9 * np.ptp(one)):
            ends = [f"{e[0]:.9g} to {e[-1]:.9g} m" for e in (one, two)]
            raise RequestError(f"{a.path} and {b.path}: /{axis} differs ({ends[0]}; {ends[1]}): "
                               "compare needs the same grid")

"""Pairs the snapshots of two runs by their time.

The step number of a snapshot does not determine its time: with another length of step, the same
time has another step number.  Two times are the same when they differ by rounding only.  Where no
time is the same, or where a time is not unique, the answer is an error that lists the times.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .errors import RequestError
from .reader import Run, Snapshot, open_field_file
from .wording import count, listed

# Relative difference of equal times: ten times the rounding error of a sum of a million steps.
ROUNDING = 1e-9
# Largest difference as a fraction of the time to the nearest snapshot, since late in a run ROUNDING
# may exceed it.
OF_SPACING = 0.01


@dataclass(frozen=True)
class Side:
    """One argument of `compare`: a run, or a single file."""

    name: str
    snapshots: list[Snapshot]
    is_file: bool
    steady: bool

    @classmethod
    def of(cls, path: str) -> Side:
        """Open a directory or a field file."""
        if not Path(path).is_dir():
            file = open_field_file(path)
            return cls(path, [file], True, file.header.steady)
        run = Run(path)
        last = run.snapshot()
        steady = last.header.steady
        # The first snapshot of a steady run is its initial guess, not another time.
        return cls(path, [last] if steady else run.snapshots, False, steady)

    def times(self) -> str:
        """Write the times of all snapshots."""
        return "the steady state" if self.steady else times_text([s.time for s in self.snapshots])


@dataclass(frozen=True)
class Pairing:
    """Snapshots of A and B at the same time, in order of time, and those without a partner."""

    pairs: list[tuple[Snapshot, Snapshot]]
    only_a: list[Snapshot]
    only_b: list[Snapshot]


def pair(a: Side, b: Side, ignore_time: bool = False) -> Pairing:
    """Pair the snapshots of two sides by their time."""
    if ignore_time:
        if not (a.is_file and b.is_file):
            raise RequestError("--ignore-time needs two files: name the snapshots to compare")
        return Pairing([(a.snapshots[0], b.snapshots[0])], [], [])
    if a.steady != b.steady:
        steady, other = (a, b) if a.steady else (b, a)
        raise RequestError(f"{steady.name} is a steady state, which has no time, and {other.name} "
                           f"is at {other.times()}: nothing pairs by time (two files can be "
                           "compared with --ignore-time)")
    if a.steady:
        return Pairing([(a.snapshots[0], b.snapshots[0])], [], [])
    found = _same_times(a, b)
    if not found.pairs:
        raise RequestError(f"{a.name} is at {a.times()}, {b.name} at {b.times()}: no snapshots of "
                           "the same time, so nothing is compared (two files can be compared with "
                           "--ignore-time)")
    return found


def require_more_than_start(a: Side, b: Side, found: Pairing) -> None:
    """Refuse when only the initial states pair and there are later snapshots: initial states agree
    whatever came later."""
    if all(one.step == two.step == 0 for one, two in found.pairs) and (found.only_a
                                                                       or found.only_b):
        raise RequestError(f"{a.name} is at {a.times()}, {b.name} at {b.times()}: only the initial "
                           "states have the same time, so nothing is compared (--time 0 compares "
                           "these)")


def _same_times(a: Side, b: Side) -> Pairing:
    one, two = _in_order(a), _in_order(b)
    pairs, only_a, only_b = [], [], []
    i = j = 0
    while i < len(one) and j < len(two):
        gap = one[i].time - two[j].time
        if abs(gap) <= min(ROUNDING * max(abs(one[i].time), abs(two[j].time)),
                           OF_SPACING * min(_spacing(one, i), _spacing(two, j))):
            pairs.append((one[i], two[j]))
            i, j = i + 1, j + 1
        elif gap < 0:
            only_a.append(one[i])
            i += 1
        else:
            only_b.append(two[j])
            j += 1
    return Pairing(pairs, only_a + one[i:], only_b + two[j:])


def _in_order(side: Side) -> list[Snapshot]:
    """Return the snapshots in order of time; refuse two of the same time."""
    ordered = sorted(side.snapshots, key=lambda s: s.time)
    for before, after in zip(ordered, ordered[1:]):
        if not before.time < after.time:
            raise RequestError(f"{side.name}: steps {before.step} and {after.step} both have "
                               f"{times_text([after.time])}; name the files to compare")
    return ordered


def _spacing(ordered: list[Snapshot], k: int) -> float:
    """Return the time from snapshot k to its nearest neighbour; infinity when it is alone."""
    near = ordered[max(0, k - 1):k] + ordered[k + 1:k + 2]
    return min((abs(s.time - ordered[k].time) for s in near), default=float("inf"))


def at_time(found: Pairing, wanted: float) -> Pairing:
    """Keep the pair at a time [s], or the last one for infinity."""
    if wanted == float("inf"):
        return Pairing(found.pairs[-1:], [], [])
    for one, two in found.pairs:
        if abs(one.time - wanted) <= ROUNDING * max(abs(one.time), abs(wanted)):
            return Pairing([(one, two)], [], [])
    raise RequestError(f"no pair of snapshots at t = {wanted:.12g} s; there are "
                       f"{count(len(found.pairs), 'pair')} at "
                       f"{times_text([s.time for s, _ in found.pairs])}")


def times_text(times: list[float]) -> str:
    """Write times in seconds, exactly enough to distinguish them: "t = 0, 1800, 3600 s"."""
    return f"t = {listed([f'{t:.12g}' for t in times])} s"

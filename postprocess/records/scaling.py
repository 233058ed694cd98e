"""Parallel efficiency of the points of a study, with its parts.

For the base point, which has the fewest ranks p0 of its series, and another with p ranks:

* strong:        E = T(p0) p0 / (T(p) p), T the time per step;
* weak-machine:  E = T(p0) / T(p), T the time per step;
* weak-science:  E = T(p0) / T(p), T the time per step; what the refinement itself asks for, more
                 steps, is the factor S = steps(p0) / steps(p) beside it.

With I linear iterations per step, E = E_numeric * E_implementation, where E_numeric = I(p0) / I(p)
is what the method loses, and E_implementation, the efficiency of the time per iteration, is what
program and machine lose.  A series is the points with equal swept values; its times are medians.
"""
from __future__ import annotations

import statistics
from dataclasses import dataclass

from .groups import Group, ResultSet
from .statistics import Ratio, Summary, ratio


@dataclass(frozen=True)
class Efficiency:
    """The efficiency of one point against the base of its series."""

    group: Group
    base: Group
    time: Summary  # time per step [s]
    speedup: float | None  # for strong scaling alone
    total: Ratio
    numeric: float | None
    implementation: float | None
    steps: float | None  # steps(p0) / steps(p)


def series(results: ResultSet) -> list[list[Group]]:
    """Return lists of points that differ only in their numbers of ranks, each in order of the
    ranks."""
    growing = {"class"} if results.scaling == "weak-machine" else set()
    found: dict[tuple, list[Group]] = {}
    for group in results.groups:
        key = tuple(sorted((k, v) for k, v in group.parameters.items() if k not in growing))
        if not results.plan:
            key = (group.name.rpartition(" p")[0],)
        if group.ranks is not None:
            found.setdefault(key, []).append(group)
    return [sorted(groups, key=lambda g: g.ranks) for groups in found.values()]


def efficiencies(results: ResultSet, groups: list[Group],
                 all_runs: bool = False) -> list[Efficiency]:
    """Return the efficiency of each point of a series that has times; the first is the base."""
    timed = [(g, g.summary(all_runs=all_runs)) for g in groups]
    timed = [(group, summary) for group, summary in timed if summary is not None]
    if not timed:
        return []
    base, base_time = timed[0]
    found = []
    for group, time in timed:
        more = group.ranks / base.ranks if results.scaling == "strong" else 1.0
        speedup = ratio(base_time, time)
        total = Ratio(*(None if v is None else v / more
                        for v in (speedup.value, speedup.low, speedup.high)))
        if group is base:
            total = Ratio(1.0, 1.0, 1.0)
        numeric = _quotient(base, group, "iterations", all_runs)
        found.append(Efficiency(
            group, base, time, speedup.value if results.scaling == "strong" else None, total,
            numeric, total.value / numeric if numeric else None,
            _quotient(base, group, "steps", all_runs)))
    return found


def _quotient(base: Group, group: Group, what: str, all_runs: bool) -> float | None:
    """Return the median of the base divided by the median of the point."""
    top, bottom = ([getattr(r, what) for r in g.usable(all_runs)] for g in (base, group))
    if not top or not bottom or None in top or None in bottom:
        return None
    return statistics.median(top) / statistics.median(bottom)

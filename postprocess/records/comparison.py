"""Compares two result sets point by point.

A point is slower if the ratio of its median times B / A exceeds 1 + threshold *and* its interval
lies above 1, so that the difference is beyond the noise of the runs.  The interval of the ratio
takes the order-statistics intervals of both medians at their opposite ends; it covers the ratio
with at least 90 %, and no distribution is assumed.
"""
from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field, replace

from ..errors import RequestError
from ..wording import count, listed
from .groups import Group, ResultSet
from .statistics import FEWEST, Ratio, Summary, coverage, ratio

SAME, SLOWER, FASTER, WRONG, MISSING, NEW = ("same", "slower", "faster", "not valid", "missing",
                                             "new")
REGRESSIONS = (SLOWER, WRONG, MISSING)


@dataclass
class PointComparison:
    """One point of A and B; times are per step [s]."""

    name: str
    verdict: str
    a: Summary | None = None
    b: Summary | None = None
    time: Ratio | None = None  # median time of B / median time of A
    iterations: float | None = None  # iterations per step of B / those of A
    reasons: list[str] = field(default_factory=list)


@dataclass
class Comparison:
    """All points."""

    points: list[PointComparison]
    threshold: float

    @property
    def regressions(self) -> list[PointComparison]:
        return [p for p in self.points if p.verdict in REGRESSIONS]

    @property
    def mean(self) -> float | None:
        """Geometric mean of the ratios of the times B / A."""
        values = [p.time.value for p in self.points if p.time is not None]
        return math.exp(statistics.fmean(map(math.log, values))) if values else None


def compare_sets(a: ResultSet, b: ResultSet, threshold: float, fewest: int = FEWEST,
                 all_runs: bool = False) -> Comparison:
    """Compare the points that have the same name; `all_runs` also uses runs that are not valid."""
    other = {group.name: group for group in b.groups}
    common = [g for g in a.groups if g.name in other]
    if not common:
        raise RequestError(f"{a.folder} has the points {_names(a)}, {b.folder} has {_names(b)}: "
                           "none has the same name, so nothing is compared")
    points = [_compare(g, other[g.name], threshold, fewest, all_runs) if g.name in other else
              PointComparison(g.name, MISSING, reasons=[f"{b.folder} has no such point"])
              for g in a.groups]
    names = {g.name for g in a.groups}
    points += [PointComparison(g.name, NEW) for g in b.groups if g.name not in names]
    return Comparison(points, threshold)


def _names(results: ResultSet) -> str:
    return listed([group.name for group in results.groups], 6)


def _compare(a: Group, b: Group, threshold: float, fewest: int, all_runs: bool) -> PointComparison:
    """Compare one point; a point of B with runs that do not count is a regression."""
    before = _require_runs(a, "A", fewest, all_runs)
    bad = [r for r in b.repeats if not (r.counts or all_runs and r.record is not None)]
    if bad:
        reasons = list(dict.fromkeys(reason for r in bad for reason in r.problems))
        text = f"{count(len(bad), 'run')} of B: {listed(reasons, 4)}"
        return PointComparison(a.name, WRONG, before, reasons=[text])
    after = _require_runs(b, "B", fewest, all_runs)
    times = ratio(after, before)
    verdict = SAME
    if times.value > 1 + threshold and times.low > 1:
        verdict = SLOWER
    elif times.value < 1 / (1 + threshold) and times.high < 1:
        verdict = FASTER
    found = PointComparison(a.name, verdict, before, after, times, _iterations(a, b, all_runs))
    if verdict == SAME and times.value > 1 + threshold:
        found.reasons.append("slower, but within the noise: more runs would decide")
    return found


def _require_runs(group: Group, which: str, fewest: int, all_runs: bool) -> Summary:
    """Return the summary of the times; refuse fewer runs than asked for."""
    time = group.summary(all_runs=all_runs)
    n = time.n if time else 0
    if n < fewest:
        word = "runs with times" if all_runs else "valid runs"
        remedy = "" if n == 0 else f", or compare with --min-runs {n}"
        raise RequestError(f"point {group.name} of {which} has {n} {word}; an interval of 95 % "
                           f"takes {fewest}: run more repeats{remedy}")
    return time if time.low is not None else replace(
        time, low=time.smallest, high=time.largest, covers=coverage(n, 1))


def _iterations(a: Group, b: Group, all_runs: bool) -> float | None:
    """Return the ratio of the iterations per step."""
    before, after = (g.summary("iterations", all_runs) for g in (a, b))
    return after.median / before.median if before and after else None

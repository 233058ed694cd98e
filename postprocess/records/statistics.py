"""Medians with intervals by order statistics, which assume nothing about the distribution.

Of n independent values, the k-th smallest lies at or below the median of the distribution with the
probability that a binomial variable (n, 1/2) is at least k.  The interval from the k-th smallest to
the k-th largest therefore covers the median with probability 1 - 2 P(X <= k - 1), whatever the
distribution (Hoefler and Belli, SC15; Le Boudec, Performance Evaluation, 2010, theorem 2.1).  With
95 % as the least coverage, n = 6 takes the smallest and the largest value (96.9 %), n = 10 the 2nd
and the 9th (97.9 %), n = 20 the 6th and the 15th (95.9 %); below 6 values there is none.
"""
from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import Sequence

COVERAGE = 0.95
FEWEST = 6  # fewest values that have an interval of COVERAGE: 1 - 2 * 0.5**6 = 0.969


def coverage(n: int, k: int) -> float:
    """Return the probability that the k-th smallest and the k-th largest enclose the median."""
    return 1.0 - 2.0 * sum(math.comb(n, i) for i in range(k)) / 2.0 ** n


def interval_rank(n: int) -> int | None:
    """Return the largest k whose interval covers the median with COVERAGE, or None."""
    ranks = [k for k in range(1, n // 2 + 1) if coverage(n, k) >= COVERAGE]
    return ranks[-1] if ranks else None


@dataclass(frozen=True)
class Summary:
    """Order statistics of positive values; low and high are None below FEWEST values."""

    values: tuple[float, ...]  # in the order of the runs
    median: float
    low: float | None
    high: float | None
    covers: float | None  # probability that the interval contains the median

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def smallest(self) -> float:
        return min(self.values)

    @property
    def largest(self) -> float:
        return max(self.values)

    @property
    def quartiles(self) -> tuple[float, float]:
        """Return the quartiles by linear interpolation of the order statistics."""
        if self.n == 1:
            return self.values[0], self.values[0]
        cut = statistics.quantiles(self.values, n=4, method="inclusive")
        return cut[0], cut[2]

    def inverse(self, numerator: float) -> Summary:
        """Return the summary of numerator / value: medians and intervals swap their ends."""
        low = None if self.high is None else numerator / self.high
        high = None if self.low is None else numerator / self.low
        return Summary(tuple(numerator / v for v in self.values), numerator / self.median, low,
                       high, self.covers)


def summarise(values: Sequence[float]) -> Summary:
    """Summarise at least one value."""
    ordered = sorted(values)
    n = len(ordered)
    k = interval_rank(n)
    if k is None:
        return Summary(tuple(values), statistics.median(ordered), None, None, None)
    return Summary(tuple(values), statistics.median(ordered), ordered[k - 1], ordered[n - k],
                   coverage(n, k))


@dataclass(frozen=True)
class Ratio:
    """The ratio of two medians; its interval takes both intervals at their opposite ends, so it
    covers the ratio with at least 1 - 2 (1 - COVERAGE) = 90 % (Bonferroni's inequality)."""

    value: float
    low: float | None
    high: float | None


def ratio(top: Summary, bottom: Summary) -> Ratio:
    """Return top / bottom with its interval."""
    if None in (top.low, bottom.low):
        return Ratio(top.median / bottom.median, None, None)
    return Ratio(top.median / bottom.median, top.low / bottom.high, top.high / bottom.low)

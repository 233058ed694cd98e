"""A model of the time per step, fitted with the largest number of ranks held out.

    t(p) = a + b n(p) + c log2 p,      n(p) the cells of each rank

a is the time that does not depend on the ranks, b n that of the cells, c log2 p that of reductions.
The coefficients are not negative and minimise the sum of squared *relative* errors of the medians;
a term is used only where it lowers that sum, and with three points or more to fit there are fewer
terms than points.  The error of the prediction at the largest p, which is not in the fit, shows how
good the model is.
"""
from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from .groups import Group

TERMS = ("a", "b", "c")
FEWEST = 3  # fewest numbers of ranks: two to fit and the largest to predict
# Least reduction of the relative residual that justifies another term; chosen: far above rounding.
GAIN = 1e-9


@dataclass(frozen=True)
class Model:
    """Coefficients and the prediction of the held-out point."""

    a: float  # [s]
    b: float  # [s] per cell
    c: float  # [s]
    fitted: tuple[int, ...]  # numbers of ranks of the points in the fit
    held_out: int
    measured: float  # time per step at the held-out point [s]
    predicted: float

    @property
    def error(self) -> float:
        """Relative error of the prediction."""
        return self.predicted / self.measured - 1.0

    def time(self, ranks: float, cells_per_rank: float) -> float:
        return self.a + self.b * cells_per_rank + self.c * math.log2(ranks)


def fit_model(groups: list[Group], all_runs: bool = False) -> Model | None:
    """Fit a series of points in order of their ranks; None where it has too few."""
    points = []
    for group in groups:
        time, cells = group.summary(all_runs=all_runs), group.summary("cells", all_runs)
        if time is not None and cells is not None and group.ranks:
            points.append((group.ranks, cells.median / group.ranks, time.median))
    if len({p[0] for p in points}) < FEWEST:
        return None
    *seen, (ranks, cells, measured) = points
    a, b, c = _fit(seen)
    model = Model(a, b, c, tuple(p[0] for p in seen), ranks, measured, 0.0)
    return Model(a, b, c, model.fitted, ranks, measured, model.time(ranks, cells))


def _fit(points: list[tuple[int, float, float]]) -> tuple[float, float, float]:
    """Return the non-negative coefficients: the best of all subsets of terms, smallest first."""
    times = np.array([t for _, _, t in points])
    columns = np.array([[1.0, n, math.log2(p)] for p, n, _ in points]) / times[:, None]
    best, least = (float(np.median(times)), 0.0, 0.0), math.inf
    most = max(2, len(points) - 1)
    for size in range(1, min(most, len(TERMS)) + 1):
        for chosen in itertools.combinations(range(len(TERMS)), size):
            part = columns[:, chosen]
            scale = np.abs(part).max(axis=0)
            if not np.all(scale > 0):
                continue
            found, _, rank, _ = np.linalg.lstsq(part / scale, np.ones(len(points)), rcond=1e-10)
            residual = float(np.sum((part / scale @ found - 1.0) ** 2))
            if rank == size and np.all(found >= 0) and residual < least - GAIN:
                least = residual
                values = dict(zip(chosen, found / scale))
                best = tuple(float(values.get(k, 0.0)) for k in range(len(TERMS)))
    return best

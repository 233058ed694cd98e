"""Makes a field small enough to draw: a block of r x r cells becomes one cell.

Rows come in slabs from the bottom up, so that the whole field is never in memory.  The first
row of every slab is a multiple of r; only the last slab may end in the middle of a block.
"""
from __future__ import annotations

import numpy as np


class Reduction:
    """A reduced copy of a field, and the statistics of all cells of the field."""

    def __init__(self, shape: tuple[int, int], limit: int | None, mean: bool):
        """Prepare for a field of shape (ny, nx).

        limit: the most cells of the copy in one direction, None for all; mean: the copy takes the
        mean of a block, otherwise its middle cell (integer maps)."""
        self.shape = shape
        self.mean = mean
        self.block = 1 if limit is None else -(-max(shape) // max(1, limit))
        # A thin domain keeps its few rows or columns: they are few anyway.
        self.blocks = tuple(self.block if n > 4 * self.block else 1 for n in shape)
        self._parts: list[np.ndarray] = []
        self._minimum, self._maximum, self._not_finite = np.inf, -np.inf, 0

    def add(self, start: int, rows: np.ndarray) -> None:
        """Add rows [m][nx], the first of which is row `start`."""
        finite = np.isfinite(rows)
        good = rows if finite.all() else rows[finite]
        self._not_finite += rows.size - good.size
        if good.size:
            self._minimum = min(self._minimum, float(good.min()))
            self._maximum = max(self._maximum, float(good.max()))
        self._parts.append(self._shrunk(rows))

    def _shrunk(self, rows: np.ndarray) -> np.ndarray:
        if self.blocks == (1, 1):
            return rows
        if not self.mean:
            return np.take(np.take(rows, self._middles(rows.shape[0], 0), 0),
                           self._middles(rows.shape[1], 1), 1)
        starts = [np.arange(0, n, b) for n, b in zip(rows.shape, self.blocks)]
        counts = [np.diff(np.append(s, n)) for s, n in zip(starts, rows.shape)]
        with np.errstate(invalid="ignore", over="ignore"):  # inf - inf is NaN, as it should be
            sums = np.add.reduceat(np.add.reduceat(rows, starts[0], 0), starts[1], 1)
        return sums / np.outer(*counts)

    def _middles(self, n: int, axis: int) -> np.ndarray:
        b = self.blocks[axis]
        return np.minimum(np.arange(0, n, b) + b // 2, n - 1)

    @property
    def data(self) -> np.ndarray:
        return np.concatenate(self._parts)

    def edges(self, edges: np.ndarray, axis: int) -> np.ndarray:
        """Return the cell edges of the copy; its last cell may be narrower than the others."""
        b = self.blocks[axis]
        return edges if b == 1 else np.append(edges[:-1:b], edges[-1])

    def statistics(self) -> tuple[float, float, int, int]:
        """Return minimum, maximum (NaN without a finite value), cells not finite, cells."""
        cells = self.shape[0] * self.shape[1]
        if self._not_finite == cells:
            return np.nan, np.nan, cells, cells
        return self._minimum, self._maximum, self._not_finite, cells

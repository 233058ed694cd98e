"""Finds where an integer map changes: segments along the cell edges, joined to long runs."""
from __future__ import annotations

import numpy as np


def ranked(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (rank [ny][nx], values): values[rank] is the label, rank 0 the most common label."""
    values, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return place[index].reshape(labels.shape), values[order]


def outlines(rank: np.ndarray, x_edges: np.ndarray, y_edges: np.ndarray
             ) -> tuple[np.ndarray, np.ndarray]:
    """Return (segments [n][2][2] as (x, y), owner [n]): the line between two ranks belongs to the
    higher rank, so the most common label has no outline.  Coordinates are in the unit of the edges.
    """
    upright = _owner(rank[:, :-1], rank[:, 1:])  # between columns: [ny][nx - 1]
    level = _owner(rank[:-1, :], rank[1:, :])  # between rows: [ny - 1][nx]
    x, first, last, owner_x = _runs(upright.T)
    across = _segments(x_edges[1 + x], x_edges[1 + x], y_edges[first], y_edges[last])
    y, first, last, owner_y = _runs(level)
    along = _segments(x_edges[first], x_edges[last], y_edges[1 + y], y_edges[1 + y])
    return np.concatenate([across, along]), np.concatenate([owner_x, owner_y])


def _owner(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(a == b, -1, np.maximum(a, b))


def _runs(lines: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return (line, first, one past last, value) of each run of one value >= 0 in lines [n][m]."""
    padded = np.pad(lines, ((0, 0), (1, 1)), constant_values=-1)
    change = padded[:, 1:] != padded[:, :-1]  # [n][m + 1]
    line, first = np.nonzero(change[:, :-1] & (lines >= 0))
    _, last = np.nonzero(change[:, 1:] & (lines >= 0))
    return line, first, last + 1, lines[line, first]


def _segments(x0: np.ndarray, x1: np.ndarray, y0: np.ndarray, y1: np.ndarray) -> np.ndarray:
    return np.stack([np.stack([x0, y0], -1), np.stack([x1, y1], -1)], axis=1)

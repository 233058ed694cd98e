"""The CSV files of a run: a header row, then numbers.

A run that is still going (or was killed) may leave half a row at the end: that row is left out.
Columns that hold words are NaN all through; a damaged number among numbers is an error.
"""
from __future__ import annotations

import csv

import numpy as np


class TableError(Exception):
    """What is wrong with a table, as "LINE: reason"."""


def read_table(text: str) -> dict[str, np.ndarray]:
    """Column name -> values [rows].  An empty text has no columns."""
    lines = text.splitlines()
    if not lines:
        return {}
    names = [n.strip() for n in next(csv.reader(lines[:1]))]
    if len(set(names)) != len(names):
        raise TableError("1: a column's name occurs twice")
    body = [line for line in lines[1:] if line.strip()]
    if body and not text.endswith("\n"):
        body.pop()
    if not body:
        return {name: np.empty(0) for name in names}
    try:
        values = np.loadtxt(body, delimiter=",", ndmin=2, comments=None)
    except ValueError:
        values = _read_slowly(lines[1:len(lines) - (not text.endswith("\n"))], names)
    if values.shape[1] != len(names):
        raise TableError(f"2: {values.shape[1]} values in a row for {len(names)} columns")
    return {name: values[:, i] for i, name in enumerate(names)}


def _read_slowly(lines: list[str], names: list[str]) -> np.ndarray:
    """[rows][columns] from rows that hold more than numbers; empty cells become NaN."""
    rows, damaged = [], {}
    for number, cells in enumerate(csv.reader(lines), start=2):
        if not cells:
            continue
        if len(cells) != len(names):
            raise TableError(f"{number}: {len(cells)} values for {len(names)} columns")
        row = [_number(cell) for cell in cells]
        for column, value in enumerate(row):
            if value is None:
                damaged.setdefault(column, (number, cells[column]))
        rows.append([np.nan if value is None else value for value in row])
    values = np.array(rows)
    for column, (number, cell) in damaged.items():
        if np.any(np.isfinite(values[:, column])):
            raise TableError(f"{number}: '{cell}' is no number (column {names[column]})")
    return values


def _number(cell: str) -> float | None:
    try:
        return float(cell) if cell.strip() else np.nan
    except ValueError:
        return None

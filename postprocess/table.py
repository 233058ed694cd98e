"""Reads the CSV files of a run: a header row, then numbers.

A run that is still running (or was killed) may leave half a row at the end: that row is left out.
Columns of words become NaN throughout; a damaged number in a column of numbers is an error.
"""
from __future__ import annotations

import csv
from collections import Counter

import numpy as np


class TableError(Exception):
    """A fault of a table, as "LINE: reason"."""


def read_table(text: str) -> dict[str, np.ndarray]:
    """Return column name -> values [rows].  An empty text has no columns."""
    if not text.endswith("\n"):
        text = text[:text.rfind("\n") + 1]  # drop an incomplete last row
    # Only line feeds end a line: names may hold the other characters that splitlines() takes.
    lines = [line.rstrip("\r") for line in text.split("\n")[:-1]]
    if not lines:
        return {}
    header = csv.reader(line + "\n" for line in lines)
    names = [n.strip() for n in _next(header)]
    repeated = next((n for n, times in Counter(names).items() if times > 1), None)
    if repeated is not None:
        raise TableError(f"1: column '{repeated}' occurs twice")
    first = header.line_num  # number of lines of the header: a quoted name may hold line feeds
    body = [line for line in lines[first:] if line.strip()]
    if not body:
        return {name: np.empty(0) for name in names}
    try:
        values = np.loadtxt(body, delimiter=",", ndmin=2, comments=None)
    except ValueError:
        values = _read_slowly(lines[first:], first + 1, names)
    if values.shape[1] != len(names):
        raise TableError(f"{first + 1}: {values.shape[1]} values in a row for "
                         f"{len(names)} columns")
    return {name: values[:, i] for i, name in enumerate(names)}


def _next(rows) -> list[str]:
    try:
        return next(rows, [])
    except csv.Error as error:
        raise TableError(f"1: {error}") from None


def _read_slowly(lines: list[str], first: int, names: list[str]) -> np.ndarray:
    """Return [rows][columns] of rows that hold more than numbers; empty cells become NaN."""
    rows, damaged = [], {}
    for number, line in enumerate(lines, start=first):
        cells = _next(csv.reader([line]))
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
            raise TableError(f"{number}: '{cell}' is not a number (column {names[column]})")
    return values


def _number(cell: str) -> float | None:
    try:
        return float(cell) if cell.strip() else np.nan
    except ValueError:
        return None

"""A table of a report: texts, with an optional note and a mark for columns of numbers."""
from __future__ import annotations

from dataclasses import dataclass, field

from ..records.statistics import Summary
from ..wording import duration, plain, span, time_unit

NONE = "–"  # stands for a value that the record does not have


@dataclass
class SheetTable:
    """`texts` names the columns that hold words and are aligned to the left."""

    columns: list[str]
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""
    texts: tuple[int, ...] = (0,)


def number(value: float | None, digits: int = 4) -> str:
    return NONE if value is None else plain(value, digits)


def percent(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.1f} %"


def seconds(value: float | None) -> str:
    return NONE if value is None else duration(value)


def size(value: float | None) -> str:
    """Write bytes with a decimal prefix."""
    return NONE if value is None else scaled(value, "B")


def scaled(value: float, unit: str) -> str:
    """Write a number with a decimal prefix, as in 12.5 MB/s."""
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= factor:
            return f"{plain(value / factor)} {prefix}{unit}"
    return f"{plain(value)} {unit}"


def time_interval(summary: Summary | None) -> str:
    """Write the interval of a median time with its coverage."""
    if summary is None:
        return NONE
    if summary.low is None:
        return "fewer than 6 runs"
    unit, name = time_unit(summary.median)
    return f"{span(summary.low / unit, summary.high / unit)} {name}"


def number_interval(summary: Summary | None) -> str:
    """Write the interval of a median."""
    if summary is None or summary.low is None:
        return NONE
    return span(summary.low, summary.high)

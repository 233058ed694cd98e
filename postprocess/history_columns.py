"""Sorts the columns of history.csv and probes.csv by what they are.

The program writes them in a fixed order (README.md of the repository, "What a run writes"): the
columns that every run has, the exchange, segments of sides, interfaces between materials, and
three columns for each named region.  Names alone do not decide: a pair of materials named "left"
and "0" has the column of a segment.
"""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Table = dict[str, np.ndarray]
SIDES = ("left", "right", "bottom", "top")
FLOWS = SIDES + ("source", "exchange")


@dataclass(frozen=True)
class Region:
    """Temperatures of a named region, [rows] each."""

    minimum: np.ndarray
    mean: np.ndarray
    maximum: np.ndarray


@dataclass(frozen=True)
class HistoryColumns:
    """The columns that are drawn, by the names that a picture shows, in the order of the file."""

    temperature: Table  # max, mean, min
    flows: Table  # heat into the domain: sides, source, exchange [W/m]
    segments: Table = field(default_factory=dict)  # heat into the domain by "bottom 0" [W/m]
    interfaces: Table = field(default_factory=dict)  # heat by "silicon → copper" [W/m]
    regions: dict[str, Region] = field(default_factory=dict)


def sort_columns(history: Table, results: dict[str, Any] | None = None) -> HistoryColumns:
    """Sort the columns of a history; the record, where there is one, names the interfaces."""
    flows = {name: history[f"heat_{name}"] for name in FLOWS if f"heat_{name}" in history}
    if not np.any(flows.get("source", 0.0)):
        flows.pop("source", None)  # most cases have no source
    sorted_columns = HistoryColumns(
        {n: history[n] for n in ("max", "mean", "min") if n in history}, flows)
    rest = [n for n in history if n.startswith("heat_") and n[len("heat_"):] not in FLOWS]
    segments = _segments(rest)
    for name in segments:
        side, number = name.split("_")[1:]
        sorted_columns.segments[f"{side} {number}"] = history[name]
    pairs = [n for n in rest if n not in segments]
    for name, label in zip(pairs, _pair_names(pairs, results or {})):
        sorted_columns.interfaces[label] = history[name]
    for name in history:
        region = name[len("min_"):]
        parts = [f"{part}_{region}" for part in ("min", "mean", "max")]
        if name == parts[0] and all(part in history for part in parts):
            sorted_columns.regions[region] = Region(*(history[part] for part in parts))
    return sorted_columns


def _segments(names: list[str]) -> list[str]:
    """Return the columns of segments: they come first, side by side, numbered from 0."""
    found: list[str] = []
    for name in names:
        match = re.fullmatch(r"heat_(left|right|bottom|top)_(\d+)", name)
        before = found[-1].split("_")[1:] if found else ("", "-1")
        if not match:
            break
        follows = match[1] == before[0] and int(match[2]) == int(before[1]) + 1
        starts = int(match[2]) == 0 and (not found or SIDES.index(match[1])
                                         > SIDES.index(before[0]))
        if not (follows or starts):
            break
        found.append(name)
    return found


def _pair_names(columns: list[str], results: dict[str, Any]) -> list[str]:
    """Return "A → B" for each interface, when the record lists as many; else the name of the column
    without "heat_"."""
    energy = results.get("energy")
    listed = energy.get("interfaces") if isinstance(energy, dict) else None
    try:
        names = [f"{pair['from']} → {pair['to']}" for pair in listed or []]
    except (TypeError, KeyError):
        names = []
    same = len(names) == len(columns) == len(set(names))
    return names if same else [name[len("heat_"):] for name in columns]


def probe_columns(probes: Table) -> Table:
    """Return the columns of the probes: all but the first two, which are step and time."""
    return {n: v for n, v in probes.items() if n not in ("step", "time")}

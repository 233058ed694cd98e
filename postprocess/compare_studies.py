"""`compare-studies`: compares the times of two result sets; code 5 for a regression."""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from .records.comparison import Comparison, PointComparison, compare_sets
from .records.groups import read_results
from .records.statistics import Ratio, Summary
from .study.study_table import simple_table
from .text_file import write_named
from .wording import count, duration, plain, printable

REGRESSION = 5
WIDTH = 130  # width of the table in columns when stdout is not a terminal
SCHEMA = "heat2d comparison 1"


def run_compare_studies(arguments: argparse.Namespace) -> int:
    """Run the command: print the table, write the JSON file."""
    a, b = read_results(Path(arguments.a)), read_results(Path(arguments.b))
    found = compare_sets(a, b, arguments.threshold, arguments.min_runs, arguments.invalid)
    if arguments.json:
        text = json.dumps(as_json(found, arguments), indent=1) + "\n"
        write_named(Path(arguments.json), text.encode())
    _print(found, Console(width=None if sys.stdout.isatty() else WIDTH))
    return REGRESSION if found.regressions else 0


def as_json(found: Comparison, arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the comparison as it is written to a file."""
    return {"schema": SCHEMA, "a": str(arguments.a), "b": str(arguments.b),
            "threshold": found.threshold, "regression": bool(found.regressions),
            "geometric_mean": found.mean, "points": [_point_json(p) for p in found.points]}


def _point_json(point: PointComparison) -> dict[str, Any]:
    def numbers(value: Summary | Ratio | None) -> dict[str, Any] | None:
        if value is None:
            return None
        if isinstance(value, Ratio):
            return {"value": value.value, "low": value.low, "high": value.high}
        return {"median": value.median, "low": value.low, "high": value.high,
                "coverage": value.covers, "values": list(value.values)}
    return {"name": point.name, "verdict": point.verdict, "reasons": point.reasons,
            "a": numbers(point.a), "b": numbers(point.b), "time_ratio": numbers(point.time),
            "iterations_ratio": point.iterations}


def _print(found: Comparison, console: Console) -> None:
    table = simple_table(["point", "runs", "A per step", "B per step", "B / A", "interval",
                          "iterations", "verdict"], ("point", "verdict"))
    for point in found.points:
        table.add_row(*_cells(point))
    console.print(table, markup=False)
    console.print("")
    for point in found.points:
        for reason in point.reasons:
            console.print(f"{printable(point.name)}: {printable(reason)}", markup=False,
                          highlight=False, soft_wrap=True)
    if found.mean is not None:
        console.print(f"geometric mean of the times B/A: {plain(found.mean)}", highlight=False)
    number = len(found.regressions)
    none = f"no regression beyond {100 * found.threshold:g} % and the noise"
    console.print(count(number, "regression") if number else none, highlight=False)


def _cells(point: PointComparison) -> list[str]:
    times = point.time
    return [printable(point.name),
            f"{point.a.n if point.a else '-'}, {point.b.n if point.b else '-'}",
            duration(point.a.median) if point.a else "-",
            duration(point.b.median) if point.b else "-",
            f"{times.value:.3f}" if times else "-",
            f"{times.low:.3f} to {times.high:.3f}" if times else "-",
            "-" if point.iterations is None else f"{point.iterations:.3f}", point.verdict]

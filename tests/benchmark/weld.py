#!/usr/bin/env python3
"""Measure what the steps of the gallery's weld, whose source moves, take beside the linear solves within them.

    python3 tests/benchmark/weld.py --heat2d build/heat2d --mpiexec mpiexec.mpich [--before OTHER/heat2d] [--markdown FILE]

Programs take turns, and all numbers are medians over the turns.  Ratios are valid within one run only, on an idle machine."""
from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path

import turns

WELD = Path(__file__).resolve().parents[2] / "inputs" / "weld.yaml"


def run(arguments: argparse.Namespace, program: str, folder: Path) -> tuple[float, float, float]:
    """Run the weld; return the seconds of the steps, of the diagnostics and of the linear solves."""
    case = WELD.read_text().partition("\ncheck:")[0] + "\n"  # a check may fail where the run ends earlier
    results = turns.run(arguments, program, case, folder, *(["--set", f"time.end={arguments.end}"] if arguments.end else []))
    phases = {phase["name"]: phase["max"] for phase in results["timing"]}
    return phases["steps"], phases["diagnostics"], results["solver"]["solve_seconds"]


def measure(arguments: argparse.Namespace, folder: Path) -> list[str]:
    programs = turns.programs(arguments)
    taken: dict[str, list[tuple[float, float, float]]] = {name: [] for name in programs}
    for _ in range(arguments.repeats):
        for name, program in programs.items():
            taken[name].append(run(arguments, program, folder))
    rows = ["| program | steps [s] | diagnostics [s] | solves [s] | steps and diagnostics over solves |", "|---|---|---|---|---|"]
    for name, times in taken.items():
        steps, diagnostics, solves = (statistics.median(column) for column in zip(*times))
        ratio = statistics.median((turn[0] + turn[1]) / turn[2] for turn in times)
        rows.append(f"| {name} | {steps:.3f} | {diagnostics:.3f} | {solves:.3f} | {ratio:.2f} |")
    return rows


def main() -> None:
    parser = turns.options(__doc__, ranks=1, repeats=5)
    parser.add_argument("--end", type=float, help="end of the run [s], where not that of the case")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(arguments, Path(folder))
    print("\n".join(rows))
    turns.keep(arguments, rows)


if __name__ == "__main__":
    main()

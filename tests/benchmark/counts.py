#!/usr/bin/env python3
"""Count what costs a run time on every machine: iterations of linear solves, and collective calls of MPI.

    python3 tests/benchmark/counts.py --heat2d build/heat2d --mpiexec mpiexec.mpich [--markdown FILE]

Collective calls are those of one rank.  Calls that create communicators are not counted.  Counts of a step and of a row of
history.csv are differences between two runs.  They contain decisions of the time loop about stopping, whose number depends on the speed of
the machine: a fraction of one in a step.  All other counts are the same on any machine and under any load."""
from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import turns

QUICK_START = Path(__file__).resolve().parents[2] / "inputs" / "quickstart.yaml"
CASE = """title: counts
grid: {cells: [200, 200], x: [0.0, 1.0], y: [0.0, 1.0]}
materials:
  - {name: m, conductivity: 1.0, density: 1.0, specific_heat: 1.0}
  - {name: n, conductivity: 30.0, density: 1.0, specific_heat: 1.0}
regions:
  - {material: m}
  - {shape: rectangle, x: [0.3, 0.7], y: [0.2, 0.6], material: n}
initial: {temperature: 300.0}
boundary: {left: {type: temperature, value: 400.0}}
time: {scheme: SCHEME, step: STEP, steps: 1}
solver: {tolerance: 1e-10}
output: {history: {every: 1000}}
"""
IMPLICIT = CASE.replace("SCHEME", "backward-euler").replace("STEP", "1e-2")
EXPLICIT = CASE.replace("SCHEME", "ftcs").replace("STEP", "1e-7").replace("solver: {tolerance: 1e-10}\n", "")


def run(arguments: argparse.Namespace, case: str, *settings: str) -> tuple[float, dict]:
    """Run a case; return the collective calls of a rank, and the iterations of its linear solves (total, mean, ...)."""
    program, words = str(Path(arguments.heat2d).resolve()), (word for setting in settings for word in ("--set", setting))
    with tempfile.TemporaryDirectory() as folder:
        results = turns.run(arguments, program, case, Path(folder), *words)
    calls = sum(kind["collectives"] for kind in results["communication"].values()) / arguments.ranks
    return calls, (results["solver"] or {}).get("iterations", {})


def measure(arguments: argparse.Namespace) -> list[str]:
    quick_start = QUICK_START.read_text().partition("\ncheck:")[0] + "\n"  # its checks are for the end of the run
    quick = run(arguments, quick_start, *(["time.end=%g" % arguments.end] if arguments.end else []))[1]["mean"]
    few, many = "time.steps=5", f"time.steps={5 + arguments.steps}"
    calls, solves = run(arguments, IMPLICIT, few)
    more_calls, more_solves = run(arguments, IMPLICIT, many)
    short = ("grid.cells=[50,50]", "time.steps=60")  # decisions about stopping are rare in short steps
    rows = run(arguments, IMPLICIT, *short, "output.history.every=1")[0] - run(arguments, IMPLICIT, *short)[0]
    return ["| what | count |", "|---|---|",
            f"| iterations of a step of the quick start | {quick:.1f} |",
            f"| iterations of a step of backward Euler | {(more_solves['total'] - solves['total']) / arguments.steps:.1f} |",
            f"| collective calls of this step | {(more_calls - calls) / arguments.steps:.1f} |",
            f"| collective calls of a row of history.csv | {rows / 59:.1f} |",
            f"| collective calls of start, a step of ftcs and end | {run(arguments, EXPLICIT)[0]:.0f} |"]


def main() -> None:
    parser = turns.options(__doc__, ranks=2)
    parser.add_argument("--steps", type=int, default=20, help="steps of backward Euler")
    parser.add_argument("--end", type=float, help="end of the quick start [s], where not that of its case")
    arguments = parser.parse_args()
    rows = measure(arguments)
    print("\n".join(rows))
    turns.keep(arguments, rows)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measure one iteration of Newton's method with k(T) against one step of backward Euler with constant k, on the same grid.

    python3 tests/benchmark/newton.py --heat2d build/heat2d --mpiexec mpiexec.mpich [--before OTHER/heat2d] [--processor-time]

A run of few steps is subtracted from a longer one, so that start-up and first touch of memory do not count.  Programs and problems take
turns, and all numbers are medians over the turns.  Ratios are valid within one run only.  `--processor-time` counts the processor time
of all ranks instead of wall time: for a machine on which other jobs run."""
from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
from pathlib import Path

import turns

PROBLEMS = {"constant k": "20.0", "k(T)": '"14 + 0.016*(T - 293)"', "k(T), gas": '"0.024*(T/273)^1.5*(273 + 110)/(T + 110)"'}
CASE = """title: Newton
grid: {{cells: [{n}, {n}], x: [0.0, 1.0], y: [0.0, 1.0]}}
materials:
  - {{name: m, conductivity: {k}, density: 7800.0, specific_heat: 500.0}}
initial: {{temperature: "300 + 100*sin(3*x)*cos(5*y)"}}
boundary: {{left: {{type: temperature, value: 800.0}}, right: {{type: convection, coefficient: 100.0, ambient: 300.0}}}}
time: {{scheme: backward-euler, step: 10.0, steps: {steps}}}
"""


def run(arguments: argparse.Namespace, program: str, problem: str, steps: int, folder: Path) -> tuple[float, int, int]:
    """Run a problem; return the seconds of its steps, the iterations of Newton's method and those of the linear solves."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    results = turns.run(arguments, program, CASE.format(n=arguments.cells, k=PROBLEMS[problem], steps=steps), folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall = next(phase["max"] for phase in results["timing"] if phase["name"] == "steps")
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    solver = results["solver"]
    return busy if arguments.processor_time else wall, solver["newton"] or 0, solver["iterations"]["total"]


def measure(arguments: argparse.Namespace, folder: Path) -> list[str]:
    programs = turns.programs(arguments)
    few, many = 1, 1 + arguments.steps
    seconds: dict[tuple[str, str], list[float]] = {(name, problem): [] for name in programs for problem in PROBLEMS}
    counts = {}
    for _ in range(arguments.repeats):
        for name, problem in seconds:
            short, long = (run(arguments, programs[name], problem, steps, folder) for steps in (few, many))
            seconds[name, problem].append((long[0] - short[0]) / arguments.steps)
            counts[name, problem] = [(a - b) / arguments.steps for a, b in zip(long[1:], short[1:])]
    rows = ["| conductivity | program | step [s] | Newton iterations | linear iterations | one iteration over a linear step |",
            "|---|---|---|---|---|---|"]
    for name in programs:
        linear = statistics.median(seconds[name, "constant k"])
        for problem in PROBLEMS:
            step, (newton, iterations) = statistics.median(seconds[name, problem]), counts[name, problem]
            rows.append(f"| {problem} | {name} | {step:.4f} | {newton:.1f} | {iterations:.1f} | {step / max(newton, 1) / linear:.1f} |")
    return rows


def main() -> None:
    parser = turns.options(__doc__, ranks=2, repeats=3)
    parser.add_argument("--cells", type=int, default=1000, help="cells in x and in y")
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--processor-time", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(arguments, Path(folder))
    print("\n".join(rows))
    turns.keep(arguments, rows)


if __name__ == "__main__":
    main()

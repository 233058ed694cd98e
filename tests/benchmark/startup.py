#!/usr/bin/env python3
"""Measure the start of heat2d, from its launch to the first step, and the memory that it needs per cell, beside the time in which
this machine touches the same number of bytes for the first time.

    python3 tests/benchmark/startup.py --heat2d build/heat2d --mpiexec mpiexec.mpich [--before OTHER/heat2d] [--markdown FILE]

Programs and schemes take turns, and all numbers are medians over the turns.  Ratios are valid within one run only, on an idle machine.
`launch` is the time from the start of mpiexec to the first step: what the program records as `to_first_step`, and what mpiexec and the
loader take before main and after the record.  A program that does not record it (before 2026-11-29) counts with all that it did but
steps and snapshots.  `unaccounted` is the part of the run that belongs to no phase of the record.  `touch` is the time in which as many
processes write as many bytes of fresh memory at the same time.  The bytes a cell are the slope of the high-water mark between grids that
have a half and three quarters of --cells along each axis."""
from __future__ import annotations

import argparse
import ctypes
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import turns

FORMULA = "1 + 0.5*sin(9*x)*cos(7*y)"
PROBLEMS = {  # name: scheme, conductivity
    "ftcs, constant k": ("ftcs", "1.0"), "ftcs, k(x, y)": ("ftcs", f'"{FORMULA}"'),
    "backward-euler": ("backward-euler", "1.0"), "bdf2": ("bdf2", "1.0")}
CASE = """title: start-up
grid: {{cells: [{n}, {n}], x: [0.0, 1.0], y: [0.0, 1.0]}}
materials:
  - {{name: m, conductivity: {k}, density: 1.0, specific_heat: 1.0}}
initial: {{temperature: 300.0}}
boundary: {{left: {{type: temperature, value: 400.0}}}}
time: {{scheme: {scheme}, step: 1.0e-9, steps: 1}}
"""


def touch(size: int) -> float:
    """Write `size` bytes of fresh memory; return the seconds."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    block = libc.malloc(size)
    began = time.perf_counter()
    ctypes.memset(block, 1, size)
    return time.perf_counter() - began


def touch_together(ranks: int, size: int) -> float:
    """Have `ranks` processes touch `size` bytes each at the same time; return the seconds of the slowest."""
    words = [sys.executable, __file__, "--touch", str(size)]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(ranks)]
    return max(float(process.communicate()[0]) for process in running)


def launch(arguments: argparse.Namespace, program: str, problem: str, n: int, folder: Path) -> tuple[float, float, float]:
    """Run one step; return the seconds from launch to first step, those in no phase, and the bytes of the largest rank."""
    scheme, k = PROBLEMS[problem]
    began = time.perf_counter()
    results = turns.run(arguments, program, CASE.format(n=n, scheme=scheme, k=k), folder)
    whole = time.perf_counter() - began
    elapsed, phases = results["provenance"]["elapsed"], {phase["name"]: phase["max"] for phase in results["timing"]}
    inside = results["fom"].get("to_first_step", elapsed - phases["steps"] - phases["snapshots"])
    return whole - elapsed + inside, phases.get("unaccounted", float("nan")), results["memory"]["bytes_max"]


def measure(arguments: argparse.Namespace, folder: Path) -> list[str]:
    programs = turns.programs(arguments)
    small, medium, large = arguments.cells // 2, 3 * arguments.cells // 4, arguments.cells
    rows = ["| case | program | launch to first step [s] | unaccounted [s] | touch [s] | ratio | bytes a cell |",
            "|---|---|---|---|---|---|---|"]
    for problem in PROBLEMS:
        times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in programs}  # launch, unaccounted, touch
        slope = {}
        for name, program in programs.items():
            least = launch(arguments, program, problem, small, folder)[2]
            most = launch(arguments, program, problem, medium, folder)[2]
            slope[name] = (most - least) * arguments.ranks / (medium**2 - small**2)
        for _ in range(arguments.repeats):
            for name, program in programs.items():
                seconds, unaccounted, size = launch(arguments, program, problem, large, folder)
                times[name].append((seconds, unaccounted, touch_together(arguments.ranks, size)))
        for name in programs:
            seconds, unaccounted, least = (statistics.median(column) for column in zip(*times[name]))
            rows.append(f"| {problem} | {name} | {seconds:.2f} | {unaccounted:.2f} | {least:.2f} | {seconds / least:.1f} | {slope[name]:.0f} |")
            print(rows[-1], flush=True)
    return rows


def main() -> None:
    parser = turns.options(__doc__, ranks=2, repeats=5)
    parser.add_argument("--cells", type=int, default=4000, help="cells in x and in y")
    parser.add_argument("--touch", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.touch is not None:
        print(touch(arguments.touch))
        return
    with tempfile.TemporaryDirectory() as folder:
        turns.keep(arguments, measure(arguments, Path(folder)))


if __name__ == "__main__":
    main()

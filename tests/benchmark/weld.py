#!/usr/bin/env python3
"""Measure what the steps of the gallery's weld, whose source moves, take beside the linear solves within them.

    python3 tests/benchmark/weld.py --heat2d build/heat2d --mpiexec mpiexec.mpich [--before OTHER/heat2d] [--markdown FILE]

Programs take turns, and all numbers are medians over the turns.  Ratios are valid within one run only, on an idle machine."""
from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

WELD = Path(__file__).resolve().parents[2] / "inputs" / "weld.yaml"


def run(arguments: argparse.Namespace, program: str, folder: Path) -> tuple[float, float, float]:
    """Run the weld; return the seconds of the steps, of the diagnostics and of the linear solves."""
    (folder / "case.yaml").write_text(WELD.read_text().partition("\ncheck:")[0] + "\n")  # a check may fail where the run ends earlier
    words = [*arguments.mpiexec.split(), "-n", str(arguments.ranks), program, "case.yaml", "--output", "out", "--quiet"]
    subprocess.run(words + (["--set", f"time.end={arguments.end}"] if arguments.end else []), cwd=folder, check=True)
    results = json.loads((folder / "out" / "results.json").read_text())
    phases = {phase["name"]: phase["max"] for phase in results["timing"]}
    return phases["steps"], phases["diagnostics"], results["solver"]["solve_seconds"]


def measure(arguments: argparse.Namespace, folder: Path) -> list[str]:
    programs = [str(Path(name).resolve()) for name in (arguments.before, arguments.heat2d) if name]
    turns: dict[str, list[tuple[float, float, float]]] = {program: [] for program in programs}
    for _ in range(arguments.repeats):
        for program in programs:
            turns[program].append(run(arguments, program, folder))
    rows = ["| program | steps [s] | diagnostics [s] | solves [s] | steps and diagnostics over solves |", "|---|---|---|---|---|"]
    for program in programs:
        steps, diagnostics, solves = (statistics.median(times) for times in zip(*turns[program]))
        ratio = statistics.median((turn[0] + turn[1]) / turn[2] for turn in turns[program])
        name = "before" if arguments.before and program == programs[0] else "now"
        rows.append(f"| {name} | {steps:.3f} | {diagnostics:.3f} | {solves:.3f} | {ratio:.2f} |")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heat2d", default="build/heat2d", help="program to measure")
    parser.add_argument("--before", help="another program to measure in turns, such as an older one")
    parser.add_argument("--mpiexec", default="mpiexec.mpich")
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--end", type=float, help="end of the run [s], where not that of the case")
    parser.add_argument("--markdown", help="file for the table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = measure(arguments, Path(folder))
    print("\n".join(rows))
    if arguments.markdown:
        Path(arguments.markdown).write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()

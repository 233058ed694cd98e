"""Measure what the measuring costs: the part of a step that is spent on measuring the time in MPI.

The cost is too small to be seen directly.  So heat2d runs by turns with heat2d_repeated, which reads the clock 20 times more often around each call
of MPI: a 20th of what its steps take longer is the cost.  Times are medians of the steps of a run.

    python3 tests/benchmark/metrics.py --build build [--turns 7] [--ranks 2]
"""
from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

MORE = 20  # readings of the clock in heat2d_repeated for one in heat2d, beside that one (CMakeLists.txt)
CASES = (  # scheme, cells along each axis, step [s], number of steps
    ("backward-euler", 64, 1e-3, 2000),
    ("backward-euler", 512, 1e-3, 100),
    ("ftcs", 64, 5e-5, 100000),
    ("ftcs", 512, 8e-7, 5000),
)


def median_step(program: Path, arguments: argparse.Namespace, case: tuple, folder: Path) -> float:
    """Run a case and return the median time of its steps [s], on the slowest rank."""
    scheme, cells, step, steps = case
    (folder / "case.yaml").write_text(
        f"grid: {{cells: [{cells}, {cells}], x: [0, 1], y: [0, 1]}}\n"
        "materials: [{name: m, conductivity: 1.0, density: 1.0, specific_heat: 1.0}]\n"
        'initial: {temperature: "sin(pi*x)*sin(pi*y)"}\n'
        f"time: {{scheme: {scheme}, step: {step}, steps: {steps}}}\n"
        "output: {directory: out, history: {every: 1000000}}\n")
    done = subprocess.run([*arguments.mpiexec.split(), "-n", str(arguments.ranks), str(program), "case.yaml", "--quiet"], cwd=folder,
                          capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        sys.exit(f"{program}: exit code {done.returncode}\n{done.stderr}")
    return json.loads((folder / "out" / "results.json").read_text())["step_times"]["p50"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=Path("build"), help="a build folder with tests")
    parser.add_argument("--mpiexec", default=os.environ.get("MPIEXEC", "mpiexec"))
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--turns", type=int, default=7)
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    programs = build / "heat2d", build / "tests" / "benchmark" / "heat2d_repeated"
    print("| scheme | cells | step [us] | step with 20 times more [us] | cost of measuring | of single turns |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="heat2d-metrics-") as folder:
        for case in CASES:
            turns = []
            for turn in range(arguments.turns):
                pair = {k: median_step(programs[k], arguments, case, Path(folder)) for k in ((0, 1) if turn % 2 else (1, 0))}
                turns.append((pair[0], pair[1]))
            costs = sorted((more / once - 1) / MORE for once, more in turns)
            once, more = (statistics.median(times) for times in zip(*turns))
            print(f"| {case[0]} | {case[1]}^2 | {1e6 * once:.4g} | {1e6 * more:.4g} | {100 * statistics.median(costs):.2f} % "
                  f"| {100 * costs[0]:.2f} to {100 * costs[-1]:.2f} % |", flush=True)


if __name__ == "__main__":
    main()

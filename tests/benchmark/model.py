#!/usr/bin/env python3
"""Compare the times that `heat2d plan --machine` predicts with those of runs, on sizes and numbers of ranks that no calibration has seen.

    python3 tests/benchmark/model.py --heat2d build/heat2d --mpiexec mpiexec.mpich [--nodes 1 2 4 --link 100mbit] [--markdown FILE]

For each place (ranks of this machine, or nodes of inputs/teaching/nodes.py with one rank each and limited links) the machine is
calibrated there, then every problem runs with few steps and with three times as many.  Measured is the difference of their phases
`steps` and `diagnostics` on the slowest rank, over the difference of the steps, so that the set-up of the first step does not count;
the table has the median of the repeats, or, with --least, the difference of the shortest runs.  Predicted is the plan's time of a step without output, with the iterations that the run took.
Calibration and runs want an idle machine with a core for each rank; `nice -n -20` helps on a busy one.  The exit code is 0 whatever
the errors are."""
from __future__ import annotations

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TEACHING = Path(__file__).resolve().parents[2] / "inputs" / "teaching"
FORMULA = '"1 + 0.4*sin(97*x)*sin(89*y)"'
# name: scheme, conductivity, step in steps of diffusion through a cell, or auto
PROBLEMS = {"ftcs": ("ftcs", "1.0", "auto"), "ftcs, k(x, y)": ("ftcs", FORMULA, "auto"), "rkl2": ("rkl2", "1.0", "auto"),
            "backward-euler": ("backward-euler", "1.0", 50.0), "backward-euler, k(x, y)": ("backward-euler", FORMULA, 50.0),
            "crank-nicolson": ("crank-nicolson", "1.0", 50.0)}
SIZES = [(200, 150), (700, 500), (1500, 1100)]  # none is a size of the calibration
CASE = """title: model
grid: {{cells: [{nx}, {ny}], x: [0.0, 1.0], y: [0.0, {height}]}}
materials: [{{name: m, conductivity: {k}, density: 1.0, specific_heat: 1.0}}]
regions: [{{material: m}}]
initial: {{temperature: "1 + 0.5*cos(3*pi*x)*cos(2*pi*y)"}}
boundary: {{left: {{type: temperature, value: 2.0}}}}
time: {{scheme: {scheme}, step: {step}, steps: {steps}}}
output: {{history: {{every: 64}}}}
"""


class Place:
    """Ranks of this machine, or nodes with one rank each."""

    def __init__(self, arguments: argparse.Namespace, folder: Path, nodes: int, ranks: int):
        self.arguments, self.folder, self.nodes, self.ranks = arguments, folder, nodes, ranks
        self.name = f"{nodes} nodes, {arguments.link}" if nodes > 1 else f"{ranks} rank" + "s" * (ranks > 1)

    def command(self) -> list[str]:
        launcher = shlex.split(self.arguments.mpiexec)
        if self.nodes == 1:
            return [*launcher, "-n", str(self.ranks)]
        return [sys.executable, str(TEACHING / "nodes.py"), "-n", str(self.nodes), "--link", self.arguments.link, "--mpiexec", launcher[0], "--"]

    def start(self, *words: str) -> None:
        done = subprocess.run([*self.command(), self.arguments.heat2d, *words], cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")

    def calibrate(self) -> None:
        self.start("plan", "--calibrate", "machine.yaml", "--quiet", "-heat_calibration_seconds", str(self.arguments.budget),
                   *["-heat_calibration_least"] * self.arguments.least)

    def write(self, problem: str, size: tuple[int, int], steps: int) -> None:
        scheme, k, step = PROBLEMS[problem]
        seconds = step if step == "auto" else step / size[0] ** 2
        (self.folder / "case.yaml").write_text(CASE.format(nx=size[0], ny=size[1], height=size[1] / size[0], scheme=scheme, k=k,
                                                           step=seconds, steps=steps))

    def run(self) -> tuple[float, int, float]:
        """Run the case; return the seconds of its steps, their number, and the iterations of a step."""
        self.start("run", "case.yaml", "--output", "out", "--quiet")
        results = json.loads((self.folder / "out" / "results.json").read_text())
        phases = {phase["name"]: phase["max"] for phase in results["timing"]}
        steps = results["time"]["steps"]
        total = results["solver"]["iterations"]["total"] if results["solver"] else 0
        return phases["steps"] + phases["diagnostics"], steps, total / steps

    def plan(self, iterations: float) -> dict:
        ranks = self.nodes * self.ranks
        subprocess.run([self.arguments.heat2d, "plan", "case.yaml", "--quiet", "--machine", "machine.yaml", "--ranks", str(ranks),
                        "--ranks-per-node", str(self.ranks), "--iterations", str(iterations), "--json", "plan.json"],
                       cwd=self.folder, check=True)
        return json.loads((self.folder / "plan.json").read_text())["time"]

    def steps(self, problem: str, size: tuple[int, int]) -> int:
        """Return the steps of a short run that takes about a third of a second, from the prediction; a multiple of 64."""
        self.write(problem, size, 640)
        seconds = self.plan(8.0)["step"]
        return 64 * max(1, round(0.3 / seconds / 64)) if seconds < 0.005 else max(4, round(0.3 / seconds))


def compare(place: Place, problem: str, size: tuple[int, int], repeats: int) -> dict:
    """Measure and predict one problem."""
    few, shorts, longs, iterations = place.steps(problem, size), [], [], 0.0
    for _ in range(repeats):
        place.write(problem, size, few)
        short, n, _ = place.run()
        place.write(problem, size, 3 * few)
        long, m, iterations = place.run()
        shorts.append(short)
        longs.append(long)
    planned = place.plan(iterations)
    samples = [(long - short) / (m - n) for short, long in zip(shorts, longs)]
    predicted = sum(planned[part] for part in ("compute", "halo", "coarse_levels", "reductions", "diagnostics"))
    measured = (min(longs) - min(shorts)) / (m - n) if place.arguments.least else statistics.median(samples)
    return {"place": place.name, "problem": problem, "cells": f"{size[0]} x {size[1]}", "measured": measured, "predicted": predicted,
            "error": predicted / measured - 1.0, "spread": (max(samples) - min(samples)) / measured,
            "share": {part: planned[part] / predicted for part in ("compute", "halo", "coarse_levels", "reductions")}}


def row(found: dict) -> str:
    share = found["share"]
    return (f"| {found['place']} | {found['problem']} | {found['cells']} | {1e3 * found['measured']:.4g} | {1e3 * found['predicted']:.4g} "
            f"| {100 * found['error']:+.0f} % | {100 * found['spread']:.0f} % "
            f"| {100 * share['compute']:.0f} / {100 * share['halo']:.0f} / {100 * share['coarse_levels']:.0f} / {100 * share['reductions']:.0f} |")


HEAD = ("| where | scheme | cells | measured [ms] | predicted [ms] | error | spread of the measured | compute / halo / coarse / reductions [%] |\n"
        "|---|---|---|---|---|---|---|---|")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heat2d", type=lambda path: str(Path(path).resolve()), required=True)
    parser.add_argument("--mpiexec", default="mpiexec")
    parser.add_argument("--ranks", type=int, nargs="*", default=[1, 2], help="numbers of ranks on this machine")
    parser.add_argument("--nodes", type=int, nargs="*", default=[], help="numbers of nodes, with one rank each")
    parser.add_argument("--link", default="1gbit", help="bandwidth of each node's link")
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--sizes", type=int, nargs="*", default=range(len(SIZES)), help=f"which of {SIZES}, from 0")
    parser.add_argument("--least", action="store_true", help="least times instead of medians, in calibration and runs: for a busy machine")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--budget", type=float, default=50.0, help="seconds of a calibration")
    parser.add_argument("--markdown", type=Path, help="write the table to a file, too")
    arguments = parser.parse_args()
    found = []
    print(HEAD)
    with tempfile.TemporaryDirectory() as name:
        places = [Place(arguments, Path(name), 1, ranks) for ranks in sorted(arguments.ranks, reverse=True)]
        alone = Place(arguments, Path(name), 1, 1)
        places += [Place(arguments, Path(name), nodes, 1) if nodes > 1 else alone for nodes in arguments.nodes]
        for place in places:
            if place.nodes > 1 or place is places[0] or place is alone:  # fewer ranks of this machine use the same file
                place.calibrate()
            for size in (SIZES[k] for k in arguments.sizes):
                for problem in arguments.problems:
                    found.append(compare(place, problem, size, arguments.repeats))
                    print(row(found[-1]), flush=True)
    errors = sorted(abs(one["error"]) for one in found)
    within = sum(error <= 0.2 for error in errors)
    print(f"\n{within} of {len(errors)} within 20 %; median error {100 * statistics.median(errors):.0f} %, largest {100 * errors[-1]:.0f} %")
    if arguments.markdown:
        arguments.markdown.write_text("\n".join([HEAD, *map(row, found)]) + "\n")


if __name__ == "__main__":
    main()

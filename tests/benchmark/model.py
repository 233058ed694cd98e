#!/usr/bin/env python3
"""Compare the times that `heat2d plan --machine` predicts with those of runs, on sizes and numbers of ranks that no calibration has seen.

    python3 tests/benchmark/model.py --heat2d build/heat2d --mpiexec mpiexec.mpich [--nodes 2 4 --link 100mbit] [--markdown FILE] [--machine FILE]

A place is this machine, with its numbers of ranks, or a number of nodes of inputs/teaching/nodes.py with one rank each and limited
links.  In each place calibrations and runs alternate: a calibration, every problem once or more, a calibration, every problem again,
and so on, and a calibration at the end, so that both see the same minutes.  Both take lower quartiles: a calibration of its samples,
a run of the wall times of its steps on the slowest rank (`step_times.p25` of results.json), in which set-up and disturbances do not count.  The
table compares the median of the runs with the median of what the calibrations predict for a step without rows of history.csv and output, with
the lower quartile of the iterations of the steps.  The two columns of spreads are (largest - smallest)/median of the runs and of the predictions: an error
within them is noise.  Calibrations and runs want an idle machine.  The exit code is 0 whatever the errors are.

Where there are more nodes than cores, calibration and runs have the same nodes, links and, with --yields, the same library, so that the costs of
a cell, of a message and of an exchange are those of shared cores.  The model adds these costs, but on shared cores some ranks compute while others'
messages are on their way: its times are then upper bounds.  The summary counts such places by themselves."""
from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
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
output: {{history: {{every: {every}}}}}
"""


class Place:
    """Ranks of this machine, or nodes with one rank each; the machine files of its calibrations."""

    def __init__(self, arguments: argparse.Namespace, folder: Path, nodes: int, ranks: list[int]):
        self.arguments, self.folder, self.nodes, self.ranks = arguments, folder, nodes, ranks
        self.files: list[Path] = []
        self.shares = nodes * max(ranks) > (os.cpu_count() or 1)  # more ranks than cores

    def command(self, ranks: int) -> list[str]:
        launcher = shlex.split(self.arguments.mpiexec)
        if self.nodes == 1:
            return [*launcher, "-n", str(ranks)]
        return [sys.executable, str(TEACHING / "nodes.py"), "-n", str(self.nodes), "--link", self.arguments.link, "--mpiexec", launcher[0], "--"]

    def start(self, ranks: int, *words: str) -> None:
        env = dict(os.environ)
        if self.arguments.yields and self.shares:
            env["LD_PRELOAD"] = str(self.arguments.yields.resolve())
        done = subprocess.run([*self.command(ranks), self.arguments.heat2d, *words], cwd=self.folder, env=env, capture_output=True,
                              text=True, check=False)
        if done.returncode:
            sys.exit(f"{words}: exit code {done.returncode}\n{done.stdout}{done.stderr}")

    def calibrate(self) -> None:
        self.files.append(self.folder / f"machine_{self.nodes}_{len(self.files)}.yaml")
        self.start(self.ranks[-1], "plan", "--calibrate", self.files[-1].name, "--quiet", "-heat_calibration_seconds", str(self.arguments.budget),
                   *["-heat_calibration_least"] * self.arguments.least)


class Row:
    """A problem of one size in a place: its runs and their prediction."""

    def __init__(self, place: Place, ranks: int, problem: str, size: tuple[int, int]):
        self.place, self.ranks, self.problem, self.size = place, ranks, problem, size
        self.steps, self.runs, self.iterations = 0, [], []
        self.where = f"{place.nodes} nodes, {place.arguments.link}" if place.nodes > 1 else f"{ranks} rank" + "s" * (ranks > 1)

    def write(self) -> None:
        scheme, k, step = PROBLEMS[self.problem]
        seconds = step if step == "auto" else step / self.size[0] ** 2
        (self.place.folder / "case.yaml").write_text(
            CASE.format(nx=self.size[0], ny=self.size[1], height=self.size[1] / self.size[0], scheme=scheme, k=k, step=seconds,
                        steps=self.steps or 640, every=64 if step == "auto" else 1))

    def plan(self, machine: Path, iterations: float) -> dict:
        """Return the parts of the predicted time of a step."""
        words = ["--machine", machine.name, "--ranks", str(self.place.nodes * self.ranks), "--ranks-per-node", str(self.ranks)]
        self.write()
        subprocess.run([self.place.arguments.heat2d, "plan", "case.yaml", "--quiet", *words, "--iterations", str(iterations),
                        "--json", "plan.json"], cwd=self.place.folder, check=True)
        planned = json.loads((self.place.folder / "plan.json").read_text())["time"]
        return {part: planned[part] for part in ("compute", "halo", "coarse_levels", "reductions")}

    def run(self) -> None:
        """Run the case once, for about as long as asked by the first prediction; a multiple of 64 short steps."""
        if not self.steps:
            seconds = sum(self.plan(self.place.files[0], 8.0).values())
            self.steps = max(8, round(self.place.arguments.duration / seconds))
            if PROBLEMS[self.problem][2] == "auto":
                self.steps = 64 * -(-self.steps // 64)
        self.write()
        self.place.start(self.ranks, "run", "case.yaml", "--output", "out", "--quiet")
        results = json.loads((self.place.folder / "out" / "results.json").read_text())
        self.runs.append(results["step_times"]["p25"])
        with open(self.place.folder / "out" / "history.csv", encoding="utf-8") as file:
            rows = sorted(int(row["iterations"]) for row in csv.DictReader(file) if int(row["step"]) > 0)
        self.iterations.append(rows[len(rows) // 4])

    def compare(self) -> dict:
        iterations = statistics.median(self.iterations)
        plans = [self.plan(machine, iterations) for machine in self.place.files]
        totals = [sum(plan.values()) for plan in plans]
        measured, predicted = statistics.median(self.runs), statistics.median(totals)
        return {"shares": self.place.shares, "place": self.where, "problem": self.problem, "cells": f"{self.size[0]} x {self.size[1]}", "measured": measured,
                "predicted": predicted, "error": predicted / measured - 1.0, "spread": (max(self.runs) - min(self.runs)) / measured,
                "calibrations": (max(totals) - min(totals)) / predicted,
                "share": {part: statistics.mean(plan[part] for plan in plans) / statistics.mean(totals) for part in plans[0]}}


def row(found: dict) -> str:
    share = found["share"]
    return (f"| {found['place']} | {found['problem']} | {found['cells']} | {1e3 * found['measured']:.4g} | {1e3 * found['predicted']:.4g} "
            f"| {100 * found['error']:+.0f} % | {100 * found['spread']:.0f} % | {100 * found['calibrations']:.0f} % "
            f"| {100 * share['compute']:.0f} / {100 * share['halo']:.0f} / {100 * share['coarse_levels']:.0f} / {100 * share['reductions']:.0f} |")


HEAD = ("| where | scheme | cells | measured [ms] | predicted [ms] | error | spread of the runs | spread of the predictions | "
        "compute / halo / coarse / reductions [%] |\n|---|---|---|---|---|---|---|---|---|")


def visit(place: Place, deadline: float) -> list[dict]:
    """Let calibrations and runs alternate in a place, until the deadline but once at least; return its rows."""
    arguments = place.arguments
    rows = [Row(place, ranks, problem, SIZES[size]) for size in arguments.sizes for problem in arguments.problems for ranks in place.ranks]
    repeats = arguments.repeats if place.nodes == 1 else (arguments.repeats + 1) // 2  # nodes start slowly, and their links are steady
    place.calibrate()
    for turn in range(arguments.turns):
        if turn and time.monotonic() > deadline:
            print(f"{rows[0].where}: the time is over after {turn} of {arguments.turns} turns", file=sys.stderr)
            break
        for _ in range(repeats):
            for one in rows:
                one.run()
        place.calibrate()
    found = [one.compare() for one in rows]
    for one in found:
        print(row(one), flush=True)
    return found


def summary(found: list[dict], name: str) -> str:
    errors = sorted(abs(one["error"]) for one in found)
    within = sum(error <= 0.2 for error in errors)
    spread = statistics.median(one["spread"] for one in found)
    return (f"{name}: {within} of {len(errors)} within 20 %; median error {100 * statistics.median(errors):.0f} %, largest {100 * errors[-1]:.0f} %; "
            f"median spread of the runs {100 * spread:.0f} %, of the predictions {100 * statistics.median(one['calibrations'] for one in found):.0f} %")


def keep(place: Place, path: Path, name: str) -> None:
    """Copy the machine file whose iteration on its largest grid costs the median of all calibrations, under another name."""
    def cost(machine: Path) -> float:
        found = re.search(r"kernel: iteration, coefficients: uniform.*?seconds: (\[\[.*?\]\])", machine.read_text(), re.S)
        return json.loads(found[1])[-1][1]
    files = sorted(place.files, key=cost)
    text = files[len(files) // 2].read_text()
    path.write_text(re.sub(r'^name: .*$', f"name: {json.dumps(name)}", text, count=1, flags=re.M))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heat2d", type=lambda path: str(Path(path).resolve()), required=True)
    parser.add_argument("--mpiexec", default="mpiexec")
    parser.add_argument("--ranks", type=int, nargs="*", default=[1, 2], help="numbers of ranks on this machine")
    parser.add_argument("--nodes", type=int, nargs="*", default=[], help="numbers of nodes, from 2, with one rank each")
    parser.add_argument("--link", default="100mbit", help="bandwidth of each node's link")
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--sizes", type=int, nargs="*", default=range(len(SIZES)), help=f"which of {SIZES}, from 0")
    parser.add_argument("--least", action="store_true", help="least samples instead of lower quartiles in calibrations: for a busy machine")
    parser.add_argument("--turns", type=int, default=2, help="how often the runs have their turn between two calibrations")
    parser.add_argument("--repeats", type=int, default=2, help="runs of each problem in a turn; on nodes half as many")
    parser.add_argument("--duration", type=float, default=0.4, help="seconds of the steps of a run, about")
    parser.add_argument("--minutes", type=float, default=15.0, help="after which no place begins another turn, in proportion to the places visited")
    parser.add_argument("--budget", type=float, default=40.0, help="seconds of a calibration")
    parser.add_argument("--yields", type=Path, help="library that is preloaded where ranks share cores, so that a rank that waits gives up its core "
                        "(tests/support/yield.c; libheat2d_yield.so of the build)")
    parser.add_argument("--markdown", type=Path, help="write the table and the summary to a file, too")
    parser.add_argument("--machine", type=Path, help="keep the machine file of this machine")
    parser.add_argument("--name", default="two cores of an Intel Xeon", help="its name")
    arguments = parser.parse_args()
    began, found, ends = time.monotonic(), [], []
    print(HEAD)
    with tempfile.TemporaryDirectory() as folder:
        places = [Place(arguments, Path(folder), 1, sorted(arguments.ranks))] if arguments.ranks else []
        places += [Place(arguments, Path(folder), nodes, [1]) for nodes in arguments.nodes]
        for place in places:
            deadline = began + 60 * arguments.minutes * (1 + places.index(place)) / len(places) - arguments.budget
            if place.shares and not arguments.yields:
                print(f"{place.nodes} nodes share {os.cpu_count()} cores: without --yields, waiting ranks keep their core busy", file=sys.stderr)
            rows = visit(place, deadline)
            found += rows
            where = f"{place.nodes} nodes" if place.nodes > 1 else "this machine"
            ends.append(summary(rows, f"{where}, more ranks than cores" if place.shares else where))
            if place.nodes == 1 and arguments.machine:
                keep(place, arguments.machine, arguments.name)
    apart = [one for one in found if not one["shares"]]
    if 0 < len(apart) < len(found):
        ends.append(summary(apart, "places with a core for each rank"))
    ends.append(summary(found, "all"))
    text = "\n".join(["", *(f"* {end}" for end in ends), "", f"It took {(time.monotonic() - began) / 60:.1f} minutes."])
    print(text)
    if arguments.markdown:
        arguments.markdown.write_text("\n".join([HEAD, *map(row, found)]) + "\n" + text + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Measure everything that has a goal, and print one table: what, goal, measured, met.

    python3 tests/benchmark/table.py [--build build] [--quick] [--only startup newton ...] [--markdown FILE]

Each goal is measured by one command, which is printed before it runs and which measures it alone, too.  Numbers are medians over turns, and
ratios are taken within one run of one command; peers take turns with heat2d in one process.  The whole table takes some twenty minutes on
an idle machine of two cores, a quarter of them for building PETSc (which downloads its source package).  `--quick` takes the smallest
problems, and leaves PETSc out: its numbers mean nothing, and no goal is judged by them.

A cell of the table may have several numbers, as its first column names them; a goal is met if all of them meet it.  The exit code is 1 if a
command failed, whether or not goals are met."""
from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
UNKNOWN = float("nan")


@dataclass(frozen=True)
class Goal:
    """A row of the table."""
    what: str
    at_least: bool  # else at most
    goals: tuple[float, ...]  # one for all numbers that are measured, or one for each of them
    digits: int  # decimals with which the numbers are printed and compared


# What is measured, by the name of its command; the goals are those that were set for the present machine (two cores).
GOALS = {
    "startup": [Goal("launch to first step, 4000^2 cells, 2 ranks, ftcs [s]", False, (1.5,), 2),
                Goal("of that run in no phase of the record [s]", False, (0.05,), 2),
                Goal("memory [bytes a cell]: ftcs constant k / ftcs k(x, y) / backward Euler / bdf2", False, (40, 56, 120, 136), 0)],
    "explicit": [Goal("rkl2, over a sweep of streaming stores: constant k / varying", True, (2.0,), 2),
                 Goal("ftcs with a probe / source of t / exchange / history every 10 steps, constant k, over the sweep", True, (2.0,), 2),
                 Goal("the same, varying k", True, (2.0,), 2),
                 Goal("one plain explicit step, over the sweep: constant k / varying", True, (0.95,), 2)],
    "newton": [Goal("one Newton iteration, 1000^2, over a linear backward-Euler step: k(T) of steel / of a gas", False, (4.0,), 1)],
    "weld": [Goal("a moving source by formula: steps and diagnostics over solves", False, (1.3,), 2)],
    "random": [Goal("random blocks 1..1000, 1000^2, to 1e-8 / 1e-14, times faster than hypre's PFMG", True, (4.0,), 1)],
    "deck": [Goal("deck 4, 4000^2, to 1e-8 / 1e-14, times faster than hypre's PFMG", True, (8.0,), 1)],
    "counts": [Goal("iterations of the quick start to 1e-9", False, (18.0,), 1),
               Goal("allreduces of a backward-Euler step of 10 iterations / of a history row", False, (13.0, 1.0), 1)],
    "petsc": [Goal("PETSc's source, configuration, build and installation in bootstrap [s]", False, (369.0,), 0)],
}


def command_of(name: str, arguments: argparse.Namespace, folder: Path) -> list[str]:
    """Return the command that measures `name`."""
    build, quick, launcher = arguments.build, arguments.quick, shlex.join(arguments.mpiexec)
    script = [sys.executable, str(HERE / f"{name}.py"), "--heat2d", str(build / "heat2d"), "--mpiexec", launcher]
    peers = [sys.executable, str(HERE / "run.py"), "--build", str(build), "--mpiexec", launcher, "--ranks", "2", "--solvers", "ours", "pfmg",
             "pfmg-jacobi", "--json", str(folder / f"{name}.json"), "--problems", name]
    small = ["--repeats", "1", "--steps", "2", "--budget", "1e6", "--stream-mib", "1", "--sizes", "64"]
    explicit = [*arguments.mpiexec, "-n", "2", str(build / "tests" / "benchmark" / "bench_explicit")]
    return {"startup": script + (["--cells", "400", "--repeats", "1"] if quick else []),
            "explicit": explicit + (["-cells", "200", "-steps", "37", "-repeats", "1"] if quick else []),
            "newton": script + (["--cells", "64", "--steps", "2", "--repeats", "1"] if quick else []),
            "weld": script + (["--end", "0.3", "--repeats", "1"] if quick else []),
            "random": peers + (small if quick else ["--sizes", "1000"]),
            "deck": peers + (small if quick else ["--sizes", "4000"]),
            "counts": script + (["--end", "0.5", "--steps", "2"] if quick else []),
            "petsc": ["env", f"HEAT2D_CACHE={folder / 'cache'}", "PETSC_DIR=", "PKG_CONFIG_PATH=", str(ROOT / "bootstrap"), "deps"]}[name]


# ---- what the commands print --------------------------------------------------------------------------------------------------------


def cells_of(text: str) -> dict[str, list[str]]:
    """Return the cells of the rows of a table in Markdown by their first cell."""
    rows = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.splitlines() if line.startswith("| "))
    return {row[0]: row[1:] for row in rows}


def startup(text: str) -> list[list[float]]:
    rows = cells_of(text)
    return [[float(rows["ftcs, constant k"][1])], [float(rows["ftcs, constant k"][2])],
            [float(rows[case][5]) for case in ("ftcs, constant k", "ftcs, k(x, y)", "backward-euler", "bdf2")]]


def explicit(text: str) -> list[list[float]]:
    ratio = {tuple(found[:2]): float(found[2]) for found in re.findall(r"^(constant|varying) .* ranks +(\S+) +\S+ +(\S+)$", text, re.M)}
    both = ("constant", "varying")
    reports = ("probed", "timed", "cooled", "rows")
    return [[ratio[k, "rkl2"] for k in both], *([ratio[k, way] for way in reports] for k in both), [ratio[k, "plain"] for k in both]]


def newton(text: str) -> list[list[float]]:
    return [[float(cells_of(text)[k][4]) for k in ("k(T)", "k(T), gas")]]


def weld(text: str) -> list[list[float]]:
    return [[float(cells_of(text)["now"][3])]]


def counts(text: str) -> list[list[float]]:
    number = {what: float(cells[0]) for what, cells in cells_of(text).items() if what != "what"}
    beyond = number["iterations of a step of backward Euler"] - 10.0
    return [[number["iterations of a step of the quick start"]],
            [number["collective calls of this step"] - beyond, number["collective calls of a row of history.csv"]]]


def petsc(text: str) -> list[list[float]]:
    seconds = [float(s) for s in re.findall(r"^==> PETSc .* done \((\d+) s\)$", text, re.M)]
    return [[sum(seconds) if len(seconds) == 4 else UNKNOWN]]


def peers(record: dict) -> list[list[float]] | str:
    """Return how many times heat2d is faster than the better of hypre's two settings, or that the build has no hypre.  A number is NaN
    where no residual meets its tolerance."""
    solvers = record["measurements"][0]["summary"]["solvers"]
    if record["machine"]["hypre"] == "not found":
        return "no hypre in this build"
    ratios = []
    for tolerance, ours in solvers["ours"]["tolerances"].items():
        found = [solvers[name]["tolerances"][tolerance] for name in ("pfmg", "pfmg-jacobi")]
        ratios.append(min((peer["over_ours"] for peer in found if peer.get("met") and ours.get("met")), default=UNKNOWN))
    return [ratios]


# ---- the table ----------------------------------------------------------------------------------------------------------------------


def row_of(goal: Goal, measured: list[float] | str, judge: bool = True) -> str:
    """Return a row of the table; `measured` is why there are no numbers, if it is a text.  Say whether the goal is met if `judge`."""
    text = f"{'at least' if goal.at_least else 'at most'} " + " / ".join(f"{value:g}" for value in goal.goals)
    if isinstance(measured, str):
        return f"| {goal.what} | {text} | {measured} | - |"
    shown = " / ".join("-" if math.isnan(value) else f"{value:.{goal.digits}f}" for value in measured)
    bounds = goal.goals if len(goal.goals) == len(measured) else goal.goals * len(measured)
    rounded = [round(value, goal.digits) for value in measured]  # as they are printed
    met = all(value >= bound if goal.at_least else value <= bound for value, bound in zip(rounded, bounds))
    verdict = "-" if not judge or any(map(math.isnan, measured)) else "yes" if met else "no"
    return f"| {goal.what} | {text} | {shown} | {verdict} |"


def measure(name: str, arguments: argparse.Namespace, folder: Path) -> list[list[float]] | str:
    """Return the numbers of each row of GOALS[name], or why there are none."""
    words = command_of(name, arguments, folder)
    print(f"$ {shlex.join(words)}", flush=True)
    began = time.monotonic()
    done = subprocess.run(["timeout", "-k", "10", str(arguments.limit), *words], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, env=dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1"))
    print(done.stdout.rstrip() + f"\n({time.monotonic() - began:.0f} s)\n", flush=True)
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return f"failed: exit code {done.returncode}"
    if name in ("random", "deck"):
        return peers(json.loads((folder / f"{name}.json").read_text()))
    return READERS[name](done.stdout)


READERS = {"startup": startup, "explicit": explicit, "newton": newton, "weld": weld, "counts": counts, "petsc": petsc}


def heading(arguments: argparse.Namespace) -> str:
    """Return when, where and under which load the table is measured."""
    found = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    git = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    words = ["python3 tests/benchmark/table.py", *(["--quick"] if arguments.quick else [])]
    return (f"Measured {datetime.date.today()} by `{' '.join(words)}` on {found[1] if found else os.uname().machine}, "
            f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at the start, heat2d {git or '?'}.")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build folder, with tests (default: build)")
    parser.add_argument("--mpiexec", type=shlex.split, default=shlex.split(os.environ.get("MPIEXEC", "mpiexec.mpich")))
    parser.add_argument("--quick", action="store_true", help="the smallest problems, without PETSc's build")
    parser.add_argument("--only", nargs="+", choices=GOALS, metavar="NAME", help=f"measure some of {', '.join(GOALS)}")
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds after which a command is ended (default 1800)")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table also to FILE")
    arguments = parser.parse_args()
    arguments.build = arguments.build.resolve()
    if not (arguments.build / "tests" / "benchmark" / "bench_solver").exists():
        parser.error(f"there is no benchmark in {arguments.build}; build with the tests, or name the folder with --build")
    arguments.only = arguments.only or [name for name in GOALS if name != "petsc" or not arguments.quick]
    return arguments


def main() -> int:
    arguments = parse()
    lines = [heading(arguments), "", "| what | goal | measured | met |", "|---|---|---|---|"]
    failed = False
    with tempfile.TemporaryDirectory(prefix="heat2d-table-") as folder:
        for name, goals in GOALS.items():
            found = measure(name, arguments, Path(folder)) if name in arguments.only else "not measured"
            failed |= isinstance(found, str) and found.startswith("failed")
            numbers = [found] * len(goals) if isinstance(found, str) else found
            lines += [row_of(goal, measured, not arguments.quick) for goal, measured in zip(goals, numbers, strict=True)]
    print("\n".join(lines))
    if arguments.markdown:
        arguments.markdown.write_text("\n".join(lines) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

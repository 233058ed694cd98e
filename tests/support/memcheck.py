#!/usr/bin/env python3
"""Run unit tests and whole runs of heat2d under valgrind, and count what it reports.

    python3 tests/support/memcheck.py --build build-memcheck [--ranks N] [--work DIR] [--leaks] [NAME ...]

A NAME is a unit test, such as `moving`, or one of RUNS below, such as `ftcs`; without names all of them run.  Each is one line
of output; the exit code is 1 if valgrind reported anything or a run ended with another exit code than it should.  The program
must be built for valgrind (tests/README.md, "Valgrind").  Cases are small: they take some seconds each on an idle machine.
"""
from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from heat2d_case import ROOT, basic_case, write_case

MPIEXEC = os.environ.get("MPIEXEC", "mpiexec.mpich").split()
MATERIALS = [{"name": "slow", "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0},
             {"name": "fast", "conductivity": [3.0, 2.0], "density": 3.0, "specific_heat": 2.0},
             {"name": "third", "conductivity": "1.5 + 0.1*x", "density": 2.0, "specific_heat": 1.0}]
# A circle with a contact and a source that switches, a moving pulse, an ambient exchange that changes with time, two named
# regions, power, segments of a side, and everything that a run can write.
REGIONS = [{"material": "slow"},
           {"name": "disc", "shape": "circle", "centre": [0.4, 0.3], "radius": 0.2, "material": "fast", "source": "100*(t < 5e-4)"},
           {"name": "wedge", "shape": "polygon", "vertices": [[0.7, 0.1], [0.95, 0.2], [0.8, 0.6]], "material": "third",
            "power": "2 + t"}]
BOUNDARY = {"left": {"type": "temperature", "value": "300 + sin(500*t)"},
            "top": [{"type": "convection", "to": 0.5, "coefficient": 4.0, "ambient": "300 + t"},
                    {"type": "flux", "value": "10*(t > 3e-4)"}]}
OUTPUT = {"snapshots": {"interval": 4e-4}, "history": {"every": 3}, "fields": ["temperature", "conductivity", "heat_flux", "material", "owner"],
          "probes": [{"name": "a", "at": [0.31, 0.22]}, {"name": "b", "at": [0.9, 0.05]}],
          "profiles": [{"name": "cut", "from": [0.0, 0.1], "to": [1.0, 0.5], "points": 21}], "interfaces": [["slow", "fast"]]}
# The account of PETSc's integrators is as accurate as their steps, which are long here.
CHECKS = [{"quantity": "energy_balance", "below": 1e-2}, {"quantity": "mean", "region": "disc", "value": 300.0, "tolerance": 100.0}]


def rich(scheme: str, **sections) -> dict:
    """Return a small case of a scheme with nearly all that a case can contain."""
    return basic_case(**{
        "grid": {"cells": [29, 23], "x": [0.0, 1.0], "y": [0.0, 0.7]}, "materials": MATERIALS, "regions": REGIONS, "boundary": BOUNDARY,
        "contacts": [{"between": ["slow", "fast"], "resistance": 0.01}], "initial": {"temperature": "300 + cos(pi*x)"},
        "source": "50*(abs(x - 400*t) < 0.1)", "exchange": {"coefficient": "20 + 5*x", "ambient": "300 + sin(1000*t)"},
        "output": OUTPUT, "checkpoint": {"every": 8}, "check": CHECKS, "solver": {"tolerance": 1e-8},
        "time": {"scheme": scheme, "step": 2e-5 if scheme == "ftcs" else 1e-4, "end": 1.2e-3}, **sections})


def nonlinear(scheme: str, boundary: dict = BOUNDARY, **sections) -> dict:
    """Return a rich case whose conductivity and source depend on the temperature and that has a side that radiates."""
    materials = [{**MATERIALS[0], "conductivity": "1 + 0.01*(T - 300)"}, *MATERIALS[1:]]
    return rich(scheme, materials=materials, source="10 - 0.01*(T - 300)",
                boundary={**boundary, "bottom": {"type": "radiation", "emissivity": 0.8, "ambient": 400.0}}, **sections)


def controlled(scheme: str) -> dict:
    return rich(scheme, time={"scheme": scheme, "end": 1.2e-3, "adaptive": {"tolerance": 1e-3}})


STEADY = {"source": "50*x", "exchange": None, "time": {"scheme": "steady"}, "regions": REGIONS[:1], "contacts": None,
          "boundary": {"left": {"type": "temperature", "value": 300.0}}, "checkpoint": None, "check": None,
          "output": {**OUTPUT, "snapshots": {"every": 1}, "interfaces": None}}
STEADY["output"] = {key: value for key, value in STEADY["output"].items() if value is not None}
# Cases by name; each is run to its end.
RUNS = {**{scheme: rich(scheme) for scheme in ("ftcs", "rkl2", "backward-euler", "crank-nicolson", "bdf2", "esdirk")},
        **{f"{scheme}-controlled": controlled(scheme) for scheme in ("bdf2", "esdirk", "ts:arkimex")},
        **{f"{scheme}-nonlinear": nonlinear(scheme) for scheme in ("ftcs", "rkl2", "backward-euler", "esdirk")},
        **{f"ts:{kind}": rich(f"ts:{kind}") for kind in ("beuler", "cn", "bdf", "rosw", "arkimex", "theta", "alpha", "eimex")},
        **{f"ts:{kind}": rich(f"ts:{kind}", time={"scheme": f"ts:{kind}", "step": 2e-5, "end": 4e-4}) for kind in ("euler", "rk", "ssp")},
        "steady": rich("steady", **STEADY),
        "steady-nonlinear": nonlinear("steady", **{key: value for key, value in STEADY.items() if key != "source"}),
        "periodic": rich("ftcs", boundary={"left": {"type": "periodic"}, "right": {"type": "periodic"}},
                         grid={"cells": [32, 24], "x": [0.0, 1.0], "y": [0.0, 0.7]}),
        "matrix": rich("backward-euler", solver={"preconditioner": "jacobi"}, petsc={"ksp_type": "gmres"}),
        "async": rich("bdf2", checkpoint={"every": 3, "mode": "async", "keep": 9}, output={**OUTPUT, "compression": "deflate"}),
        "writers": rich("crank-nicolson", output={**OUTPUT, "writers": {"per_node": 1}}, solver={"tolerance": 1e-8, "reproducible": True})}
# Other commands, with `case.yaml` (the rich case of ftcs) in their folder: name to the command lines, one after the other.
COMMANDS = {"restart": [("case.yaml", "--set", "time.end=6e-4"), ("case.yaml", "--restart", "latest")],
            "rerun": [("case.yaml",), ("run", "out/results.json", "--output", "again")],
            "inspect": [("case.yaml",), ("inspect", "out/checkpoint_000060.h5", "out/snapshot_000000.h5")],
            "plan": [("plan", "case.yaml", "--ranks", "6", "--ranks-per-node", "2", "--json", "plan.json", "--map", "map.svg")],
            "plan-class": [("plan", "--class", "exa", "--workload", "implicit", "--ranks", "4096", "--ranks-per-node", "64")],
            "verify": [("verify", "--quick")],
            **{f"bench-{workload}": [("bench", "--class", "tiny", "--duration", "0.001", "--workload", workload, "--output", "out"),
                                     ("bench", "--recompute", "out"), *([] if workload == "checkpoint" else [("bench", "--reread", "out")])]
               for workload in ("explicit", "implicit", "checkpoint")},
            "refused": [("case.yaml", "--set", "grid.cells=[0,4]")],
            "broken-halo": [("case.yaml", "--break-halo", "3")]}
OWN_WARNING = "WARNING: valgrind ignores shmget(shmflg) SHM_HUGETLB"  # of a transport of UCX, which then takes other pages
# The exit codes of each command, where others than 0 are allowed.  Results of so short benches are invalid, unless valgrind takes so long
# that they are not short.
BENCH = [(0, 5), (0, 5), (0,)]
CODES = {"refused": [(2,)], "broken-halo": [(5,)], "bench-explicit": BENCH, "bench-implicit": BENCH, "bench-checkpoint": BENCH[:2]}


def valgrind(build: Path, folder: Path, ranks: int, program: list[str], limit: float, leaks: bool) -> tuple[int, list[str]]:
    """Run a program on some ranks; return its exit code and the lines that valgrind wrote, also for earlier ones."""
    env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    if ranks > 1:
        env["LD_PRELOAD"] = str(build / "tests/libheat2d_yield.so")  # valgrind runs so slowly that ranks must not poll
    more = ["--leak-check=full", "--show-leak-kinds=definite"] if leaks else []
    words = ["timeout", "-k", "5", str(limit), *MPIEXEC, "-n", str(ranks), "valgrind", "-q", *more, "--log-file=memcheck.%p",
             f"--suppressions={ROOT}/tests/support/valgrind.supp", *program]
    with open(folder / "log", "ab") as log:
        code = subprocess.run(words, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False).returncode
    text = "".join(path.read_text(errors="replace") for path in sorted(folder.glob("memcheck.*")))
    return code, [line for line in text.splitlines() if line.strip() and OWN_WARNING not in line]


def one(build: Path, folder: Path, name: str, ranks: int, limit: float, leaks: bool) -> bool:
    """Run what `name` says, print its line, and return whether it is clean."""
    folder.mkdir(parents=True)
    begin = time.monotonic()
    program, expected = str(build / "heat2d"), CODES.get(name)
    if name == "broken-halo" and ranks == 1:
        expected = [(2,)]  # one rank exchanges nothing
    if name in RUNS or name in COMMANDS:
        write_case(folder, RUNS.get(name, RUNS["ftcs"]))
        lines = [[program, *words] for words in COMMANDS.get(name, [("case.yaml",)])]
        lines = [[*line, "--output", "out"] if line[1] == "case.yaml" else line for line in lines]
    else:
        lines = [[str(build / f"tests/unit/test_{name}")]]
    codes, report = [], []
    for line in lines:
        code, report = valgrind(build, folder, ranks, line, limit, leaks)
        codes.append(code)
    reports = sum(re.match(r"==\d+== \S", line) is not None for line in report)
    expected = expected or [(0,)] * len(codes)
    clean = not report and len(codes) == len(expected) and all(code in allowed for code, allowed in zip(codes, expected))
    print(f"{'ok    ' if clean else 'FAILED'} {name:24} ranks {ranks}  codes {codes}  {reports} reports  {time.monotonic() - begin:.0f} s", flush=True)
    return clean


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--ranks", type=int, default=1)
    parser.add_argument("--work", type=Path, help="folder for the files of the runs (default: a new one)")
    parser.add_argument("--limit", type=float, default=1800, help="seconds after which a run is ended")
    parser.add_argument("--leaks", action="store_true", help="also report memory that is lost at the end")
    parser.add_argument("names", nargs="*", metavar="NAME")
    args = parser.parse_args()
    build = args.build.resolve()
    units = sorted(path.name.removeprefix("test_") for path in (build / "tests/unit").glob("test_*") if path.is_file())
    work = args.work.resolve() if args.work else Path(tempfile.mkdtemp(prefix="memcheck."))
    names = args.names or [*RUNS, *COMMANDS, *units]
    failed = [name for name in names if not one(build, work / f"{name.replace(':', '_')}.{args.ranks}", name, args.ranks, args.limit, args.leaks)]
    print(f"{len(names) - len(failed)} of {len(names)} clean on {args.ranks} ranks; the files are in {work}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

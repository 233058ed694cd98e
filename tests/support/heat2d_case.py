"""Run heat2d from a test: cases as dictionaries, ranks, exit codes, results.

ctest sets HEAT2D (the program), MPIEXEC and HEAT2D_YIELD (see yield.c) in the environment.  Every run is started by
`timeout -k`, so a run that hangs is a failed test and does not hang the suite.
"""
from __future__ import annotations

import csv
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[2]
HEAT2D = os.environ.get("HEAT2D", str(ROOT / "build" / "heat2d"))
MPIEXEC = os.environ.get("MPIEXEC", "mpiexec").split()
CORES = len(os.sched_getaffinity(0))
# Sanitizers reserve terabytes of addresses and keep memory that was freed: sizes of memory are then not those of heat2d.
SANITIZED = "HEAT2D_SANITIZED" in os.environ


@dataclass
class Outcome:
    """The result of a run: exit code, stdout, stderr, and the output directory."""

    code: int
    out: str
    err: str
    directory: Path

    @property
    def results(self) -> dict:
        return json.loads((self.directory / "results.json").read_text())

    @property
    def checks(self) -> list[dict]:
        return self.results["checks"]

    def table(self, name: str) -> dict[str, np.ndarray]:
        """Return the columns of history.csv or probes.csv by name."""
        with open(self.directory / name, newline="") as file:
            rows = list(csv.DictReader(file))
        return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}

    def snapshots(self) -> list[Path]:
        return sorted(self.directory.glob("snapshot_*.h5"))

    def field(self, step: int = -1, name: str = "temperature") -> np.ndarray:
        """Return a field [j][i] of the snapshot at `step`, or of the last snapshot for -1."""
        path = self.snapshots()[-1] if step < 0 else self.directory / f"snapshot_{step:06d}.h5"
        with h5py.File(path, "r") as file:
            return file[name][...]


def mpich() -> bool:
    """Return whether the launcher is that of MPICH, which can make several nodes of one machine."""
    return "HYDRA" in subprocess.run([MPIEXEC[0], "--version"], capture_output=True, text=True, check=False).stdout


def environment(ranks: int) -> dict[str, str]:
    env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    if ranks > CORES and os.environ.get("HEAT2D_YIELD"):
        env["LD_PRELOAD"] = os.environ["HEAT2D_YIELD"]
    return env


def command(case: Path | str | None, ranks: int = 1, args: tuple[str, ...] = ()) -> list[str]:
    return [*MPIEXEC, "-n", str(ranks), HEAT2D, *([str(case)] if case else []), *args]


def execute(words: list[str], cwd: Path, ranks: int = 1, timeout: float = 120) -> subprocess.CompletedProcess:
    return subprocess.run(["timeout", "-k", "5", str(timeout), *words], cwd=cwd, env=environment(ranks),
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


class PlainDumper(yaml.SafeDumper):
    """A dumper that writes YAML without anchors, which case files do not allow."""

    def ignore_aliases(self, data) -> bool:
        return True


def write_case(directory: Path, case: dict | str, name: str = "case.yaml") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    path.write_text(case if isinstance(case, str) else yaml.dump(case, Dumper=PlainDumper, sort_keys=False))
    return path


def run(directory: Path, case: dict | str | Path, *args: str, ranks: int = 1, timeout: float = 120,
        output: str = "out") -> Outcome:
    """Write the case into `directory`, unless it is a path, and run it there with --output."""
    directory.mkdir(parents=True, exist_ok=True)
    path = case if isinstance(case, Path) else write_case(directory, case)
    done = execute(command(path, ranks, ("--output", output, *args)), directory, ranks, timeout)
    return Outcome(done.returncode, done.stdout, done.stderr, directory / output)


def basic_case(**sections) -> dict:
    """Return a small valid case, with the given sections in place of its own: a unit material in an insulated unit
    square, initially one cosine mode.  A section None is left out."""
    case = {
        "title": "test",
        "grid": {"cells": [24, 16], "x": [0.0, 1.0], "y": [0.0, 1.0]},
        "materials": [{"name": "m", "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0}],
        "initial": {"temperature": "cos(pi*x)*cos(2*pi*y)"},
        "time": {"scheme": "backward-euler", "step": 0.001, "steps": 10},
    }
    case.update(sections)
    return {key: value for key, value in case.items() if value is not None}

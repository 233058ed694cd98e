"""Finds the program under test and its launcher, and lets heat2d validate every point."""
from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from os import cpu_count
from pathlib import Path

from ..errors import RequestError
from .points import Point
from .study_file import Study

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = 60.0  # most seconds that the program or the launcher may take to answer


@dataclass(frozen=True)
class Program:
    """The program and the words that start it in parallel."""

    path: Path
    launch: tuple[str, ...]  # may contain {ranks}, {nodes} and {ranks_per_node}
    bind: bool

    @cached_property
    def sha256(self) -> str:
        digest = hashlib.sha256()
        with open(self.path, "rb") as file:
            for piece in iter(lambda: file.read(1 << 20), b""):
                digest.update(piece)
        return digest.hexdigest()

    @cached_property
    def _binding(self) -> tuple[str, ...]:
        """Options that bind each rank to a core; empty for a launcher that is not known."""
        text = _answer([self.launch[0], "--version"])
        if "HYDRA" in text:
            return "-bind-to", "core"
        return ("--bind-to", "core") if "Open MPI" in text or "OpenRTE" in text else ()

    def command(self, point: Point) -> list[str]:
        """Return the words that run a point on this machine, without --output."""
        return [*launch_words(self.launch, point, self._bound(point)), str(self.path),
                *point.arguments]

    def _bound(self, point: Point) -> tuple[str, ...]:
        """Return the options that bind the ranks, if each can have a core of its own and the study
        file has no `launch`; else none."""
        fits = point.nodes == 1 and point.ranks <= (cpu_count() or 1)
        return self._binding if self.bind and fits else ()


def launch_words(launch: tuple[str, ...], point: Point, more: tuple[str, ...] = ()) -> list[str]:
    """Fill the numbers of a point into the launcher's words; -n RANKS is added if none is there."""
    values = {"{ranks}": point.ranks, "{nodes}": point.nodes,
              "{ranks_per_node}": -(-point.ranks // point.nodes)}
    filled = list(launch)
    for name, value in values.items():
        filled = [word.replace(name, str(value)) for word in filled]
    if filled != list(launch):
        return filled
    return [*filled, *more, "-n", str(point.ranks)]


def find_program(study: Study, program: str | None, mpiexec: str | None) -> Program:
    """Return the program of the option, the study file or the build; with its launcher."""
    path = _find_path(study, program)
    if mpiexec is not None and not mpiexec.split():
        raise RequestError("--mpiexec: no words; write the launcher, as in --mpiexec mpiexec.mpich")
    if mpiexec:
        return Program(path, tuple(mpiexec.split()), study.bind)
    if study.launch:
        return Program(path, study.launch, False)
    return Program(path, (_build_mpiexec(path),), study.bind)


def _find_path(study: Study, option: str | None) -> Path:
    named = option or (study.program and str(study.folder / study.program))
    if named:
        path = Path(named).resolve()
        if not path.is_file():
            source = "--program" if option else f"{study.root.file}: program"
            raise RequestError(f"{source}: {named}: no such file; build heat2d with "
                               "./bootstrap build")
        return path
    built, installed = ROOT / "build" / "heat2d", shutil.which("heat2d")
    if built.is_file():
        return built
    if installed:
        return Path(installed)
    raise RequestError(f"there is neither {built} nor heat2d in PATH; build it with "
                       "./bootstrap build, or name it with --program")


def _build_mpiexec(program: Path) -> str:
    """Return the mpiexec that the build was configured with, else that of PATH."""
    try:
        cache = (program.parent / "CMakeCache.txt").read_text(errors="replace")
    except OSError:
        cache = ""
    found = re.search(r"^MPIEXEC_EXECUTABLE:\w+=(.+)$", cache, re.M)
    if found and Path(found[1]).is_file():
        return found[1]
    for name in ("mpiexec.mpich", "mpiexec"):
        if shutil.which(name):
            return name
    raise RequestError("there is no mpiexec in PATH; name it with --mpiexec, or with `launch` in "
                       "the study file")


def _answer(command: list[str]) -> str:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=ANSWERS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout + done.stderr


def validate_points(study: Study, program: Program, points: list[Point]) -> None:
    """Let `heat2d plan` read the case of every point: a wrong value ends the study at once."""
    if study.bench is not None:
        return
    for point in points:
        case, *rest = point.arguments[1:]
        settings = [w for k in range(len(rest)) if rest[k] == "--set" for w in rest[k:k + 2]]
        command = [str(program.path), "plan", case, *settings, "--ranks", str(point.ranks)]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  errors="replace", timeout=ANSWERS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise RequestError(f"{program.path}: does not answer: {error}") from None
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
            raise RequestError(f"{study.root.file}: point {point.name}: "
                               + lines[0].removeprefix("heat2d: error: "))

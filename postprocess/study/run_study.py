"""`study`: plans a study, runs what is missing, prints the table."""
from __future__ import annotations

import argparse
import fcntl
import os
import secrets
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from rich.console import Console

from ..errors import ReaderError, RequestError
from ..records.groups import read_results
from ..records.study_folder import (DONE, FAILED, PLANNED, SUBMITTED, StudyState, read_state)
from . import run_jube, run_slurm
from .points import Point, make_points
from .program import Program, find_program, validate_points
from .progress import Progress
from .run_local import Stopped, judge, run_all, stop_on_signals
from .study_file import Study, read_study
from .study_plan import join, make_plan
from .study_table import print_table

NOT_VALID = 5  # exit code if a run failed or is not valid, as in heat2d
INTERRUPTED = 130
WIDTH = 130  # width of the table in columns when stdout is not a terminal


def run_study(arguments: argparse.Namespace) -> int:
    """Run the command.  Nothing is written before the study file and every point are valid."""
    study = read_study(Path(arguments.study))
    launcher = arguments.launcher
    if launcher == "slurm" and study.slurm is None:
        study.root.fail("`slurm` is missing: --launcher slurm takes the partition and the time "
                        "from there, as in `slurm: {partition: batch, time: '10:00'}`")
    program = find_program(study, arguments.program, arguments.mpiexec)
    points = make_points(study)
    folder = Path(arguments.output or Path("out") / Path(arguments.study).stem)
    old = read_state(folder)
    seed = _seed(study, old)
    plan = make_plan(study, points, program, launcher, seed)
    join(old, folder, plan, points)
    validate_points(study, program, points)
    _make_folder(folder, old)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    with _locked(folder):
        state = _open(study, folder, plan, points, arguments.retry_failed)
        try:
            _launch(launcher, study, state, points, program, console, arguments.wait)
        except (Stopped, KeyboardInterrupt) as signal:
            console.print(f"stopped{f' by {signal}' if str(signal) else ''}; run the same command "
                          "to continue", markup=False, highlight=False)
            return INTERRUPTED
        return _report(state, console)


def _seed(study: Study, old: StudyState | None) -> int:
    """Return the seed of the order: of the study file, of the earlier part, or a new one."""
    before = old.plan.get("seed") if old else None
    if study.seed is not None:
        return study.seed
    return before if type(before) is int else secrets.randbelow(2 ** 31)


def _make_folder(folder: Path, old: StudyState | None) -> None:
    """Create the folder of the study; refuse one with other files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if old is None and any(p.name != ".lock" for p in folder.iterdir()):
            raise RequestError(f"{folder}: has files but no study.json; choose another folder with "
                               "--output")
    except OSError as error:
        raise ReaderError(f"{folder}: cannot be created: {error.strerror}") from None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of the folder, so that a run is not started by two programs."""
    descriptor = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise RequestError(f"{folder}: another program runs this study; wait for its end") from None
    try:
        yield
    finally:
        os.close(descriptor)


def _open(study: Study, folder: Path, plan: dict, points: list[Point],
          retry: bool) -> StudyState:
    """Join the plan with what is there, take the states from the folders, and save."""
    state = join(read_state(folder), folder, plan, points)
    for run in state.runs:
        state.refresh(run)
        if run.state == FAILED and retry:
            run.state, run.exit_code, run.reason, run.stderr = PLANNED, None, "", []
    (folder / "study.yaml").write_text(Path(study.root.file).read_text())
    state.save()
    return state


def _launch(launcher: str, study: Study, state: StudyState, points: list[Point], program: Program,
            console: Console, wait: bool) -> None:
    with stop_on_signals(), Progress(state, console) as progress:
        if launcher == "local":
            run_all(state, points, program, study.timeout, study.keep_all, progress)
        elif launcher == "slurm":
            _launch_slurm(study, state, points, program, console, wait, progress)
        else:
            _write_jube(study, state, points, program, console)


def _launch_slurm(study: Study, state: StudyState, points: list[Point], program: Program,
                  console: Console, wait: bool, progress: Progress) -> None:
    run_slurm.collect(state)
    scripts = run_slurm.write_scripts(study.slurm, state, points, program)
    count = run_slurm.submit(study.slurm, state, scripts)
    if count:
        console.print(f"{count} jobs submitted", highlight=False)
    if wait:
        run_slurm.wait(state, progress)


def _write_jube(study: Study, state: StudyState, points: list[Point], program: Program,
                console: Console) -> None:
    for run in run_jube.collect(state):
        judge(state, run)
    state.save()
    batch = None
    if study.slurm is not None:
        batch = run_slurm.write_scripts(study.slurm, state, points, program)
    path = run_jube.write_jube(state, points, program, batch)
    console.print(f"jube run {path}", markup=False, highlight=False, soft_wrap=True)


def _report(state: StudyState, console: Console) -> int:
    """Print the table; return 5 if a run failed or does not count."""
    open_runs = sum(run.state in (PLANNED, SUBMITTED) for run in state.runs)
    results = read_results(state.folder)
    if open_runs < len(state.runs):
        for group in results.groups:  # runs that are still planned do not count as failures
            ended = {f"{r.point}/repeat-{r.repeat}" for r in state.runs
                     if r.state in (DONE, FAILED)}
            group.repeats = [r for r in group.repeats if r.label in ended]
        print_table(results, console)
    if open_runs:
        console.print(f"{open_runs} of {len(state.runs)} runs have not ended; the same command "
                      "continues the study", highlight=False)
    console.print(f"results  {state.folder}", markup=False, highlight=False, soft_wrap=True)
    wrong = [r for r in results.repeats if not r.counts] if open_runs < len(state.runs) else []
    return NOT_VALID if wrong else 0

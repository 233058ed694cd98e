"""Runs a study on this machine, one run at a time.

Each run is a session of its own, so that a signal to this program does not reach a part of its
ranks; when this program is stopped, it ends the run and marks it as planned, and the next start
runs it anew.  The kernel ends the launcher of a run when this program is killed.
"""
from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from .program import Program
from .points import Point
from .progress import Progress
from ..records.study_folder import DONE, FAILED, PLANNED, RIGHT, RUNNING, RunState, StudyState

GRACE = 10.0  # seconds between SIGTERM and SIGKILL; chosen: enough for a checkpoint of a small case
LAST_LINES = 5  # number of last lines of stderr that study.json keeps
KEPT = ("results.json", "proof.json", "stdout.txt", "stderr.txt", "exit_code")


class Stopped(Exception):
    """A signal asks the study to end."""


def run_all(state: StudyState, points: list[Point], program: Program, timeout: float | None,
            keep_all: bool, progress: Progress) -> None:
    """Run everything that is planned; failures are recorded and do not end the study."""
    by_name = {point.name: point for point in points}
    for run in state.runs:
        if run.state != PLANNED or run.point not in by_name:
            continue
        progress.begin(run)
        run.state = RUNNING
        state.save()
        try:
            _run_one(state, run, program.command(by_name[run.point]), timeout)
        except (Stopped, KeyboardInterrupt):
            run.state = PLANNED
            state.save()
            raise
        if not keep_all and run.state == DONE:
            _keep_records(state.run_folder(run))
        state.save()
        progress.end(run)


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Turn the signals that end jobs into Stopped; one that is ignored, as by nohup, stays so."""
    def stop(number: int, _frame) -> None:
        raise Stopped(signal.Signals(number).name)
    numbers = [number for number in (signal.SIGTERM, signal.SIGHUP)
               if signal.getsignal(number) != signal.SIG_IGN]
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before):
            signal.signal(number, handler)


def _run_one(state: StudyState, run: RunState, command: list[str], timeout: float | None) -> None:
    folder = fresh_folder(state, run)
    began = time.monotonic()
    late = False
    with open(folder / "stdout.txt", "wb") as out, open(folder / "stderr.txt", "wb") as err:
        child = None
        try:
            with _held():  # block signals until `child` is known
                child = subprocess.Popen([*command, "--output", str(folder)],
                                         stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                         start_new_session=True, preexec_fn=_begin)
            run.exit_code = child.wait(timeout)
        except OSError as error:
            fail(run, f"{command[0]} cannot be started: {error.strerror}", folder)
            return
        except subprocess.TimeoutExpired:
            late = True
        finally:
            with _held():  # block signals, so that a second one does not leave ranks behind
                if child is not None and child.poll() is None:
                    run.exit_code = end_session(child)
    run.seconds = time.monotonic() - began
    judge(state, run, f"ended after the timeout of {timeout:g} s" if late else "")


STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PR_SET_PDEATHSIG = 1  # of <sys/prctl.h>
_libc = ctypes.CDLL(None)


@contextmanager
def _held() -> Iterator[None]:
    """Block the signals that end this program."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """In the child, before it becomes the launcher: ask the kernel to end it with this program, and
    unblock signals."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)


def end_session(child: subprocess.Popen) -> int:
    """End a run with all its ranks: SIGTERM, and SIGKILL if that does not end it."""
    for number, wait in ((signal.SIGTERM, GRACE), (signal.SIGKILL, GRACE)):
        try:
            os.killpg(child.pid, number)
            child.wait(wait)
        except ProcessLookupError:
            break
        except subprocess.TimeoutExpired:
            continue
    return child.wait()


def fresh_folder(state: StudyState, run: RunState) -> Path:
    """Make the empty folder of a run; what an interrupted run left in it is removed."""
    folder = state.run_folder(run)
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    return folder


def judge(state: StudyState, run: RunState, reason: str = "") -> None:
    """Set the state of a run that has ended: done if its record is complete, else failed."""
    run.state = RUNNING
    state.refresh(run)
    why = f"exit code {run.exit_code}" if run.exit_code is not None else "no exit code"
    if run.state != DONE and run.exit_code in RIGHT:
        why += ", no complete results.json"
    if run.state != DONE or reason or run.exit_code not in RIGHT:
        fail(run, reason or why, state.run_folder(run))


def fail(run: RunState, reason: str, folder: Path) -> None:
    """Record a failure with the last lines of its stderr."""
    run.state, run.reason = FAILED, reason
    try:
        lines = (folder / "stderr.txt").read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    run.stderr = [line[:300] for line in lines if line.strip()][-LAST_LINES:]


def _keep_records(folder: Path) -> None:
    """Remove what a finished run wrote beside its record (`keep: results`)."""
    for path in folder.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

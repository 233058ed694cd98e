"""Runs a study through Slurm: one script and one job for each run, chained by dependencies.

The scripts stand in the folder `slurm` of the study and can be read, changed and submitted by hand.
Job i waits for the end of job i - `concurrent`, so that at most that many run at the same time and
the random order holds.  Starting the study again takes the states of the jobs from their folders
and from squeue, submits what is missing, and prints the table.
"""
from __future__ import annotations

import re
import shlex
import subprocess
import time
from pathlib import Path

from ..errors import RequestError
from .points import Point
from .program import Program, launch_words
from .progress import Progress
from .run_local import fresh_folder, judge
from .study_file import Slurm
from ..records.study_folder import (DONE, FAILED, PLANNED, SUBMITTED, RunState, StudyState,
                                    exit_code)

ANSWERS = 60.0  # most seconds that sbatch and squeue may take
MPI = "--mpi=${MPI:-pmi2}"
# Seconds between two calls of squeue with --wait; chosen: little load for Slurm's controller.
POLL = 2.0


def script(slurm: Slurm, state: StudyState, run: RunState, point: Point, program: Program) -> str:
    """Return the batch script of one run."""
    folder = state.run_folder(run).resolve()
    per_node = -(-point.ranks // point.nodes)
    options = [f"--job-name=heat2d-{point.name}", f"--nodes={point.nodes}",
               f"--ntasks={point.ranks}", f"--ntasks-per-node={per_node}",
               f"--cpus-per-task={slurm.cpus_per_task}", "--output=/dev/null"]
    options += [f"--{name}={value}" for name, value in
                (("partition", slurm.partition), ("account", slurm.account), ("time", slurm.time))
                if value]
    options += ["--exclusive"] if slurm.exclusive else []
    # Since Slurm 22.05 srun does not take --cpus-per-task from the job, so it is passed on.
    # The option with the variable MPI is that of inputs/slurm/job.sh; without it srun may start
    # runs of one rank each.
    launch = slurm.launch or ("srun", MPI, f"--cpus-per-task={slurm.cpus_per_task}",
                              "--cpu-bind=cores", "--ntasks={ranks}")
    words = [*launch_words(launch, point), str(program.path), *point.arguments, "--output",
             str(folder)]
    run_it = shlex.join(words).replace(shlex.quote(MPI), f'"{MPI}"')
    # The script itself redirects the output, because #SBATCH interprets blanks and % in names of
    # files.
    out, err = (shlex.quote(str(folder / name)) for name in ("stdout.txt", "stderr.txt"))
    lines = ["#!/bin/sh", *[f"#SBATCH {option}" for option in (*options, *slurm.options)], "",
             *slurm.setup, f"{run_it} </dev/null >{out} 2>{err}", "code=$?",
             f"echo $code > {shlex.quote(str(folder / 'exit_code'))}", "exit $code", ""]
    return "\n".join(lines)


def write_scripts(slurm: Slurm, state: StudyState, points: list[Point],
                  program: Program) -> dict[tuple[str, int], Path]:
    """Write a script for each run; return them by (point, repeat)."""
    by_name = {point.name: point for point in points}
    folder = state.folder / "slurm"
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for run in state.runs:
        if run.point in by_name:
            path = folder / f"{run.point}-repeat-{run.repeat}.sh"
            path.write_text(script(slurm, state, run, by_name[run.point], program))
            path.chmod(0o755)
            written[run.point, run.repeat] = path
    return written


def submit(slurm: Slurm, state: StudyState, scripts: dict[tuple[str, int], Path]) -> int:
    """Submit every planned run; return their number.  The state is saved after each job, so that a
    study that is stopped here submits nothing twice."""
    lanes = [run.job for run in state.runs if run.state == SUBMITTED]
    count = 0
    for run in state.runs:
        path = scripts.get((run.point, run.repeat))
        if run.state != PLANNED or path is None:
            continue
        fresh_folder(state, run)
        after = lanes[-slurm.concurrent] if len(lanes) >= slurm.concurrent else ""
        run.job = _sbatch(path, after)
        run.state = SUBMITTED
        state.save()
        lanes.append(run.job)
        count += 1
    return count


def _sbatch(path: Path, after: str) -> str:
    words = ["sbatch", "--parsable", *([f"--dependency=afterany:{after}"] if after else []),
             str(path)]
    done = _ask(words)
    job = done.stdout.strip().partition(";")[0]
    if done.returncode or not re.fullmatch(r"\d+", job):
        raise RequestError(f"sbatch refuses {path}: {' '.join(done.stderr.split()) or 'no reason'}")
    return job


def collect(state: StudyState) -> None:
    """Set the state of every submitted run whose job has ended."""
    waiting = [run for run in state.runs if run.state == SUBMITTED]
    if not waiting:
        return
    queued = _queued()
    for run in waiting:
        code = exit_code(state.run_folder(run))
        if code is not None or run.job not in queued:
            run.exit_code = code
            judge(state, run)
    state.save()


def _queued() -> set[str]:
    """Return the numbers of the jobs that are waiting or running."""
    done = _ask(["squeue", "--noheader", "--me", "--format=%A"])
    if done.returncode:
        raise RequestError(f"squeue: {' '.join(done.stderr.split()) or 'no reason'}")
    return set(done.stdout.split())


def _ask(words: list[str]) -> subprocess.CompletedProcess:
    try:
        return subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", timeout=ANSWERS, check=False)
    except FileNotFoundError:
        raise RequestError(f"there is no {words[0]} in PATH; run this on a machine with "
                           "Slurm, or with --launcher local") from None
    except subprocess.TimeoutExpired:
        raise RequestError(f"{words[0]} did not answer within {ANSWERS:g} s") from None


def wait(state: StudyState, progress: Progress) -> None:
    """Wait until every submitted job has ended."""
    known = {id(run) for run in state.runs if run.state in (DONE, FAILED)}
    while any(run.state == SUBMITTED for run in state.runs):
        time.sleep(POLL)
        collect(state)
        for run in state.runs:
            if run.state in (DONE, FAILED) and id(run) not in known:
                known.add(id(run))
                progress.end(run)

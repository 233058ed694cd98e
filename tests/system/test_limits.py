"""Signals and limits of time: a run that is stopped keeps its state, and a job without progress is ended."""
from __future__ import annotations

import json
import os
import signal
import time

import pytest
from heat2d_case import basic_case, command, execute, run
from test_restart import Background, checkpoints, long_run, must, refused


def with_job(tmp_path, monkeypatch, left: float | None, squeue: str | None = None) -> None:
    """Set the environment of a Slurm job that ends in `left` seconds; `squeue` is the text of a script of that name."""
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    monkeypatch.delenv("SLURM_JOB_END_TIME", raising=False)
    if left is not None:
        monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time() + left)))
    if squeue is not None:
        (tmp_path / "bin").mkdir()
        script = tmp_path / "bin" / "squeue"
        script.write_text(f"#!/bin/sh\necho \"$*\" >> {tmp_path}/asked\n{squeue}\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")


# ---- Slurm ----------------------------------------------------------------------------------------------


def test_end_of_the_slurm_job_stops_with_75(tmp_path, monkeypatch):
    with_job(tmp_path, monkeypatch, 9)
    outcome = must(run(tmp_path, long_run(checkpoint={"keep": 2}), ranks=2), 75)
    assert "Slurm job 4711 ends in" in outcome.out, outcome.out
    assert "STOPPED by the end of Slurm job 4711" in outcome.out, outcome.out
    step = outcome.results["time"]["steps"]
    assert checkpoints(outcome.directory) == [f"checkpoint_{step:06d}.h5"]
    assert outcome.results["limits"]["slurm_job"] == "4711"
    assert 0 < outcome.results["limits"]["slurm_left"] <= 9


def test_squeue_is_asked_once_about_the_one_job(tmp_path, monkeypatch):
    with_job(tmp_path, monkeypatch, None, "echo 0:09")
    outcome = must(run(tmp_path, long_run(checkpoint={"keep": 2}), ranks=2), 75)
    assert outcome.results["limits"]["slurm_left"] == 9
    assert (tmp_path / "asked").read_text().splitlines() == ["-h -j 4711 -o %L"]


@pytest.mark.parametrize("answer", ["exec sleep 100", "exit 1", "echo UNLIMITED", "yes"])
def test_squeue_that_does_not_answer_stops_no_run(tmp_path, monkeypatch, answer):
    """The run waits for squeue for five seconds at most, and then continues without the limit."""
    with_job(tmp_path, monkeypatch, None, answer)
    outcome = must(run(tmp_path, basic_case(), timeout=30))
    assert outcome.results["limits"] == {"wall_time": None, "slurm_job": "4711", "slurm_left": None}
    assert "none is known" in outcome.out


def test_slurm_can_be_turned_off(tmp_path, monkeypatch):
    with_job(tmp_path, monkeypatch, 1, "echo 0:01")
    outcome = must(run(tmp_path, basic_case(limits={"slurm": False})))
    assert outcome.results["limits"]["slurm_job"] is None
    assert not (tmp_path / "asked").exists()


# ---- Daly's interval ------------------------------------------------------------------------------------


def test_daly_chooses_the_interval_from_the_measured_cost(tmp_path):
    """With a mean time between failures of 2 s the first checkpoint is due after 0.2 s, then about every sqrt(2 * cost * 2 s)."""
    outcome = must(run(tmp_path, long_run(checkpoint={"interval": "daly", "mtbf": 2.0}, limits={"wall_time": 4.0}),
                       ranks=2), 75)
    wrote = outcome.results["io"]["checkpoints"]
    cost = wrote["seconds"] / wrote["files"]
    assert wrote["files"] > 2
    assert outcome.out.count("checkpoints every") == 1, outcome.out
    root = (cost / 4.0) ** 0.5
    expected = (4.0 * cost) ** 0.5 * (1 + root / 3 + cost / 36.0) - cost
    # Both numbers contain the last checkpoint; the sums may round differently.
    assert wrote["interval"] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("checkpoint,words", [
    ({"interval": "daly"}, "checkpoint.mtbf"), ({"mtbf": 100.0}, "checkpoint.mtbf"),
    ({"interval": "daly", "mtbf": 100.0, "wall_interval": 5.0}, "checkpoint.interval"),
    ({"interval": "weekly", "mtbf": 100.0}, "checkpoint.interval")])
def test_daly_is_asked_for_as_a_whole(tmp_path, checkpoint, words):
    outcome = run(tmp_path, basic_case(checkpoint=checkpoint))
    refused(outcome, 2, words, "case.yaml:")
    assert not outcome.directory.exists()


# ---- signals --------------------------------------------------------------------------------------------


def test_more_signals_during_the_last_checkpoint_tear_nothing(tmp_path):
    """TERM is sent once, and then repeatedly while the checkpoint is written and until the program ends."""
    case = long_run(checkpoint={"keep": 2}, grid={"cells": [1500, 1200], "x": [0.0, 1.0], "y": [0.0, 0.7]})
    case["time"] = {"scheme": "backward-euler", "step": 1e-6, "steps": 100000}
    with Background(tmp_path, case, 1, launcher=False) as job:
        limit = time.monotonic() + 40
        while not (job.directory / "history.csv").exists():
            assert time.monotonic() < limit and job.process.poll() is None, job.process.communicate()
            time.sleep(0.05)
        program, during = job.descendants()[1], 0
        os.kill(program, signal.SIGTERM)
        while job.process.poll() is None and time.monotonic() < limit:
            if list(job.directory.glob(".checkpoint_*.part")):
                os.kill(program, signal.SIGTERM)
                during += 1
            time.sleep(0.001)
        _, err = job.process.communicate(timeout=20)
    assert job.process.returncode == 75, f"exit code {job.process.returncode}\n{err}"
    assert during > 0, "no signal arrived during the checkpoint"
    step = json.loads((job.directory / "results.json").read_text())["time"]["steps"]
    assert checkpoints(job.directory) == [f"checkpoint_{step:06d}.h5"]
    again = execute(command(tmp_path / "case.yaml", 2, ("--output", "out", "--quiet", "--restart", "latest", "--set",
                                                        f"time.steps={step + 1}")), tmp_path, 2)
    assert again.returncode == 0 and not again.stderr, again.stderr


# ---- the watchdog ---------------------------------------------------------------------------------------


def ranks_of(job: Background) -> list[int]:
    """Return the processes of the ranks."""
    return [pid for pid in job.descendants() if os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "heat2d"]


@pytest.mark.parametrize("stopped", [0, 1])
def test_rank_that_is_stopped_for_ever_ends_the_job(tmp_path, stopped):
    with Background(tmp_path, long_run(checkpoint={"wall_interval": 0.5}, limits={"stall": 2.0}), 2) as job:
        job.wait_for_checkpoint()
        victim = ranks_of(job)[stopped]
        began = time.monotonic()
        os.kill(victim, signal.SIGSTOP)
        _, err = job.process.communicate(timeout=30)  # `timeout` ends a run that hangs after 60 s
    assert time.monotonic() - began < 20
    lines = [line for line in err.splitlines() if "no progress" in line]
    assert len(lines) == 1, err
    assert f"made no progress for 2 s (limits.stall), in phase '" in lines[0] and "after step" in lines[0], lines[0]
    assert job.process.returncode not in (0, 75, 124, 137), job.process.returncode
    assert not os.path.exists(f"/proc/{victim}"), "the stopped rank still exists"


def test_rank_that_is_stopped_for_a_moment_only_delays_the_run(tmp_path):
    case = long_run(checkpoint={"wall_interval": 0.5}, limits={"stall": 5.0, "wall_time": 5.0})
    with Background(tmp_path, case, 2) as job:
        job.wait_for_checkpoint()
        victim = ranks_of(job)[1]
        os.kill(victim, signal.SIGSTOP)
        time.sleep(1.5)  # the moment: several intervals of checkpoints, and a third of limits.stall
        os.kill(victim, signal.SIGCONT)
        _, err = job.process.communicate(timeout=40)
    assert job.process.returncode == 75, f"{job.process.returncode}\n{err}"
    assert "no progress" not in err, err


def test_long_solve_that_makes_progress_is_no_stall(tmp_path):
    """The only step, preconditioned by Jacobi alone, takes many times `limits.stall`; its iterations are progress."""
    case = basic_case(grid={"cells": [1000, 800], "x": [0.0, 1.0], "y": [0.0, 1.0]},
                      boundary={"left": {"type": "temperature", "value": 1.0}}, time={"scheme": "steady"},
                      solver={"preconditioner": "jacobi"}, limits={"stall": 0.6})
    outcome = must(run(tmp_path, case, ranks=2))
    seconds = next(phase["max"] for phase in outcome.results["timing"] if phase["name"] == "steps")
    if seconds < 1.2:
        pytest.skip(f"the solve took {seconds:.1f} s only: it shows nothing here")

"""`checkpoint.mode: async` leaves the files of a run that waits for its checkpoints, whatever happens meanwhile."""
from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from heat2d_case import HEAT2D, MPIEXEC, Outcome, environment, run, write_case
from test_restart import checkpoints, heated, must

ASYNC = ("--set", "checkpoint.mode=async")


def same_files(one: Path, other: Path) -> None:
    """Assert that all files are equal, except JSON files, which contain times."""
    names = {path.name for path in one.iterdir()}
    assert names == {path.name for path in other.iterdir()}
    for name in sorted(name for name in names if not name.endswith(".json")):
        assert (one / name).read_bytes() == (other / name).read_bytes(), f"{name} has other bytes"


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2", "backward-euler", "bdf2", "esdirk"])
@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_files_are_those_of_a_run_that_waits(tmp_path, scheme, ranks):
    """A checkpoint is written at every step, so each must be finished before the next one begins."""
    case = heated(scheme, checkpoint={"every": 1, "keep": 5})
    waits = must(run(tmp_path, case, "--quiet", ranks=ranks, output="waits"))
    behind = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", *ASYNC, ranks=ranks, output="behind"))
    same_files(waits.directory, behind.directory)
    assert waits.results["io"]["checkpoints"]["files"] == behind.results["io"]["checkpoints"]["files"] == 40
    assert not behind.err, behind.err


def test_rows_are_the_same_in_any_layout(tmp_path):
    files = set()
    for layout in ("[1,4]", "[2,2]", "[4,1]"):
        outcome = must(run(tmp_path, heated("ftcs"), "--quiet", *ASYNC, "--set", f"decomposition.processes={layout}", ranks=4, output=layout))
        files.add((outcome.directory / "checkpoint_000040.h5").read_bytes())
    assert len(files) == 1


# ---- while a slow disk is written to -------------------------------------------------------------------

LONG = {"scheme": "ftcs", "step": 2.5e-5, "steps": 4_000_000}
slow_disk = pytest.mark.skipif("HEAT2D_FAULTS" not in os.environ, reason="built without the library of faults")


class Slow:
    """A long run in which the write of the checkpoint of step 1000, by rank 1, takes 1.5 s."""

    def __init__(self, tmp_path: Path, ranks: int, *args: str):
        write_case(tmp_path, heated("ftcs", time=LONG, output={"history": {"every": 1_000_000}}, checkpoint={"every": 1000, "keep": 90}))
        env = environment(ranks)
        preload = ":".join(filter(None, [os.environ["HEAT2D_FAULTS"], env.pop("LD_PRELOAD", "")]))
        self.out = tmp_path / "out"
        self.process = subprocess.Popen(
            ["timeout", "-k", "5", "60", *MPIEXEC, "-n", str(ranks), "env", f"LD_PRELOAD={preload}", "HEAT2D_FAULT_PATH=checkpoint_001000",
             "HEAT2D_FAULT=1:slow:1", HEAT2D, "case.yaml", "--output", "out", "--quiet", *ASYNC, *args], cwd=tmp_path, env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def wait_for(self, path: Path, present: bool = True) -> None:
        limit = time.monotonic() + 50
        while path.exists() != present and self.process.poll() is None and time.monotonic() < limit:
            time.sleep(0.005)
        assert path.exists() == present, f"{path.name}: {self.process.poll()}"


@slow_disk
@pytest.mark.parametrize("layout", ["[2,1]", "[1,2]"])
def test_checkpoint_holds_the_state_of_its_step_though_the_run_continues(tmp_path, layout):
    """The next checkpoint is due at the end only, so steps are taken while the disk is slow."""
    case = heated("ftcs", time={**LONG, "steps": 60_000}, output={"history": {"every": 30_000}}, checkpoint={"every": 40_000, "keep": 9},
                  decomposition={"processes": [int(layout[1]), int(layout[3])]})
    waits = must(run(tmp_path, case, "--quiet", ranks=2, output="waits"))
    env = environment(2)
    preload = ":".join(filter(None, [os.environ["HEAT2D_FAULTS"], env.pop("LD_PRELOAD", "")]))
    done = subprocess.run(["timeout", "-k", "5", "60", *MPIEXEC, "-n", "2", "env", f"LD_PRELOAD={preload}", "HEAT2D_FAULT_PATH=checkpoint_040000",
                           "HEAT2D_FAULT=1:slow:1", HEAT2D, "case.yaml", "--output", "behind", "--quiet", *ASYNC], cwd=tmp_path, env=env,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    behind = must(Outcome(done.returncode, done.stdout, done.stderr, tmp_path / "behind"))
    same_files(waits.directory, behind.directory)
    spent = behind.results["io"]["checkpoints"]["phases"]
    assert spent["write"] > 1.4, spent


@slow_disk
def test_file_gets_its_name_while_the_run_continues(tmp_path):
    """The file is renamed at one of the steps at which the ranks ask each other, seconds before the next checkpoint is due."""
    job = Slow(tmp_path, 2, "--set", "grid.cells=[1000,800]", "--set", "checkpoint.every=16000", "--set", "time.step=1e-9")
    job.wait_for(job.out / "checkpoint_016000.h5")
    assert not list(job.out.glob("*checkpoint_032000*")) and job.process.poll() is None
    job.process.terminate()
    job.process.communicate(timeout=60)


@slow_disk
@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_signal_while_one_is_under_way_finishes_it_and_writes_the_last_one(tmp_path, name):
    job = Slow(tmp_path, 2)
    job.wait_for(job.out / ".checkpoint_001000.h5.part")
    job.process.send_signal(getattr(signal, f"SIG{name}"))
    job.process.communicate(timeout=60)
    names = checkpoints(job.out)
    assert "checkpoint_001000.h5" in names and not list(job.out.glob(".*.part")), names
    job = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", f"time.steps={int(names[-1][11:-3]) + 5}"))
    assert job.results["status"] == "ok"


@slow_disk
def test_killed_while_one_is_under_way_the_one_before_is_taken(tmp_path):
    write_case(tmp_path, heated("ftcs"))
    must(run(tmp_path, heated("ftcs", checkpoint={"every": 500}), "--quiet", "--set", "time.steps=500"))
    job = Slow(tmp_path, 2, "--restart", "latest")
    job.wait_for(job.out / ".checkpoint_001000.h5.part")
    subprocess.run(["pkill", "-KILL", "-P", str(job.process.pid)], check=False)
    job.process.communicate(timeout=60)
    assert checkpoints(job.out) == ["checkpoint_000500.h5"]
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", "time.steps=510"))
    assert again.results["restarts"][0]["step"] == 500 and not list(job.out.glob(".*.part"))


def test_rollback_goes_to_the_one_that_was_under_way(tmp_path):
    case = heated("ftcs", output={"history": {"every": 4}}, checkpoint={"every": 8, "mode": "async"})
    write_case(tmp_path, case)
    env = environment(2) | {"HEAT2D_INJECT": "11:5:6:1000"}
    done = subprocess.run(["timeout", "-k", "5", "60", *MPIEXEC, "-n", "2", HEAT2D, "case.yaml", "--output", "out", "--quiet"], cwd=tmp_path,
                          env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    outcome = must(Outcome(done.returncode, done.stdout, done.stderr, tmp_path / "out"))
    assert [(back["step"], back["to_step"]) for back in outcome.results["rollbacks"]] == [(12, 8)], outcome.err
    straight = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", ranks=2, output="straight"))
    same_files(straight.directory, outcome.directory)

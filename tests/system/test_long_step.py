"""A step that lasts long: a signal or a limit of time abandons it, and the restarted run leaves the files of an undisturbed one."""
from __future__ import annotations

import os
import signal
import time

import h5py
import numpy as np
import pytest
from heat2d_case import Outcome, basic_case, run
from test_limits import ranks_of
from test_restart import Background, checkpoints, must

HARD = {"cells": [120, 90], "x": [0.0, 1.0], "y": [0.0, 0.75]}  # jumps of k and long steps: thousands of iterations with jacobi
JUMPS = [{"name": "slow", "conductivity": 0.02, "density": 1.0, "specific_heat": 1.0},
         {"name": "fast", "conductivity": [300.0, 20.0], "density": 3.0, "specific_heat": 2.0}]
STEEP = [{**JUMPS[0], "conductivity": "0.02 + 0.0002*T"}, {**JUMPS[1], "conductivity": "100 + 0.3*T"}]
SCHEMES = {"backward-euler": ("backward-euler", JUMPS, 3.0), "bdf2": ("bdf2", JUMPS, 3.0), "esdirk": ("esdirk", JUMPS, 0.02),
           "newton": ("bdf2", STEEP, 0.001), "rkl2": ("rkl2", JUMPS, 0.3),
           "rkl2, exchange": ("rkl2", JUMPS, 0.3), "ts": ("ts:cn", JUMPS, 3.0)}


@pytest.fixture(autouse=True)
def ranks_that_wait_yield(monkeypatch):
    """Iterations of a small grid wait for each other often, which takes minutes where other programs use the cores."""
    if os.environ.get("HEAT2D_YIELD"):
        monkeypatch.setenv("LD_PRELOAD", os.environ["HEAT2D_YIELD"])


def hard(name: str, **sections) -> dict:
    scheme, materials, step = SCHEMES[name]
    case = basic_case(
        grid=HARD, materials=materials,
        regions=[{"material": "slow"}, {"shape": "circle", "centre": [0.4, 0.3], "radius": 0.2, "material": "fast", "source": 100.0},
                 {"shape": "rectangle", "x": [0.7, 0.9], "y": [0.1, 0.7], "material": "fast"}],
        initial={"temperature": "10*sin(9*x)*cos(7*y)"},
        boundary={"left": {"type": "temperature", "value": "sin(0.1*t)"}, "top": {"type": "convection", "coefficient": 4.0, "ambient": 1.0}},
        time={"scheme": scheme, "step": step, "steps": 3},
        solver={"tolerance": 1e-12, "preconditioner": "jacobi", "max_iterations": 100000},
        output={"snapshots": {"every": 1}, "history": {"every": 1}, "probes": [{"name": "a", "at": [0.31, 0.22]}]},
        checkpoint={"keep": 3})
    if name == "rkl2, exchange":  # its heat is summed in the cells stage by stage, also in a step that is abandoned
        case["exchange"] = {"coefficient": "3 + x", "ambient": "5 - y"}
    case.update(sections)
    return case


def wait_for_the_first_row(job: Background) -> None:
    """Wait until step 1 is recorded: the program is within a later step then."""
    table, limit = job.directory / "history.csv", time.monotonic() + 50
    while not (table.exists() and "\n1," in table.read_text()):
        assert job.process.poll() is None and time.monotonic() < limit, job.process.communicate()
        time.sleep(0.01)


def same_files(straight: Outcome, pieces: Outcome) -> None:
    assert [path.name for path in straight.snapshots()] == [path.name for path in pieces.snapshots()]
    for path in straight.snapshots():
        with h5py.File(path) as theirs, h5py.File(pieces.directory / path.name) as ours:
            assert np.array_equal(theirs["temperature"], ours["temperature"]), f"{path.name} has other bits"
            assert theirs.attrs["time"] == ours.attrs["time"], path.name
    assert (straight.directory / "probes.csv").read_bytes() == (pieces.directory / "probes.csv").read_bytes()
    theirs, ours = straight.table("history.csv"), pieces.table("history.csv")
    for column in theirs:
        assert np.array_equal(theirs[column], ours[column], equal_nan=True), f"{column}: {theirs[column]}, {ours[column]}"


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("name", list(SCHEMES))
def test_signal_within_a_long_step_abandons_it_and_the_restart_has_the_same_bytes(tmp_path, name, ranks):
    case = hard(name)
    with Background(tmp_path, case, ranks) as job:
        wait_for_the_first_row(job)
        os.kill(ranks_of(job)[-1], signal.SIGTERM)
        _, err = job.process.communicate(timeout=30)
    assert job.process.returncode == 75, f"exit code {job.process.returncode}\n{err}"
    assert not err, err
    stopped = Outcome(75, "", err, job.directory)
    done = stopped.results["time"]["steps"]
    assert done in (1, 2) and stopped.results["error"] == f"signal TERM, within step {done + 1}"
    assert checkpoints(job.directory) == [f"checkpoint_{done:06d}.h5"]
    pieces = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", ranks=ranks))
    straight = must(run(tmp_path, case, "--quiet", ranks=ranks, output="straight"))
    same_files(straight, pieces)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("name", ["backward-euler", "newton", "rkl2", "ts"])
def test_wall_time_ends_within_a_step_that_is_longer_than_it(tmp_path, name, ranks):
    """The step would last minutes; the run must leave within the limit, with a checkpoint of the state that it began with."""
    case = hard(name, limits={"wall_time": 3.0})
    case["grid"] = {**HARD, "cells": [1600, 1200] if name in ("backward-euler", "ts") else [400, 300]}
    case["time"]["step"] *= 1000.0 if name != "newton" else 10.0
    began = time.monotonic()
    outcome = must(run(tmp_path, case, ranks=ranks, timeout=60), 75)
    assert time.monotonic() - began < 30.0  # the step lasts minutes; the rest is for a busy machine
    assert outcome.results["error"] == "the wall-time limit of 3 s (limits.wall_time), within step 1"
    assert checkpoints(outcome.directory) == ["checkpoint_000000.h5"]
    assert outcome.results["time"]["steps"] == 0
    assert len(outcome.results["warnings"]) == 1 and "before the first step was finished" in outcome.results["warnings"][0]


@pytest.mark.parametrize("ranks", [1, 3])
def test_limit_of_time_within_the_solve_of_a_steady_state(tmp_path, ranks):
    """The limit passes in the solve, which takes minutes here: the run ends with the reason, and promises no restart."""
    case = basic_case(grid={"cells": [800, 800], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": 0.0},
                      materials=[{"name": "m", "conductivity": "1 + 1e4*(sin(97*x)*cos(89*y) > 0)", "density": 1.0, "specific_heat": 1.0}],
                      boundary={"left": {"type": "temperature", "value": 1.0}}, source=1.0, time={"scheme": "steady"},
                      solver={"tolerance": 1e-13, "preconditioner": "jacobi", "max_iterations": 10000000},
                      limits={"wall_time": 3}, checkpoint={"keep": 2})
    outcome = run(tmp_path, case, "--quiet", ranks=ranks, timeout=100)
    assert outcome.code == 75, outcome.err
    assert outcome.results["status"] == "stopped" and "limits.wall_time" in outcome.results["error"]
    assert checkpoints(outcome.directory) == []
    assert outcome.err.count("it cannot be continued: run it again with more time") == 1, outcome.err

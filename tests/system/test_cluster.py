"""Nodes that share nothing but a network: the same answer on any number of them, more memory with more of them, and what
happens when one of them, or a link, fails."""
from __future__ import annotations

import re
import time

import pytest
from clustered import SCHEMES, SIZES, same_bytes, serial_runs
from heat2d_case import HEAT2D, basic_case, execute, run, write_case
from nodes import finish, network  # noqa: F401
from test_restart import checkpoints, long_run, must

NAMES = "abcdefgh"
serial = pytest.fixture(scope="module")(serial_runs)


# ---- the same answer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(SIZES)), ids=lambda number: f"{SIZES[number][0]}x{SIZES[number][1]}")
def test_nodes_leave_the_bytes_of_one_rank(tmp_path, network, serial, number):
    """Two schemes on each size, so that each scheme runs on three or four; test_cluster_many.py runs all on all."""
    nodes, ranks = SIZES[number]
    cluster = network(NAMES[:nodes], ranks)
    for scheme in (SCHEMES[number % 8], SCHEMES[(number + 3) % 8]):
        same_bytes(cluster, tmp_path, serial, scheme)
    assert cluster.left_after(5) == {}


# ---- memory ---------------------------------------------------------------------------------------------

LIMIT = 200 << 20  # [bytes] of a node; the program and its libraries take 40 MB of it
LIBRARIES = 20 << 20  # [bytes] at least; code that the processes of a node share, and that bytes_max has for each of them
LARGE = basic_case(grid={"cells": [1700, 1400], "x": [0.0, 1.0], "y": [0.0, 1.0]},  # 322 MB on one rank
                   time={"scheme": "backward-euler", "step": 1e-6, "steps": 1}, solver={"tolerance": 1e-4})


@pytest.mark.parametrize("ranks", [1, 2])
def test_total_memory_grows_with_the_nodes(tmp_path, network, ranks):
    """A case that one node refuses runs on as many nodes as the refusal asks for, and on four."""
    path = write_case(tmp_path, LARGE)
    one = network("a", ranks, memory=LIMIT)
    if not one.groups:
        pytest.skip("no control group with a limit of memory can be made here")
    refused = must(finish(one.run(path), tmp_path), 2)
    assert not refused.directory.exists()
    assert refused.err.count("heat2d: error:") == 1 and refused.err.count("\n") == 1, refused.err
    said = re.search(r"on a needs? (\d+) MB more .*, and (\d+) MB is left by memory.* of control group version [12]; take more "
                     r"nodes \(with \d ranks? each, (\d+) nodes of this kind would do\)", refused.err)
    assert said, refused.err
    need, have, enough = map(int, said.groups())
    assert have < LIMIT / 1e6 < need and 2 <= enough <= 4, refused.err
    for names in sorted({NAMES[:enough], NAMES[:4]}):
        cluster = network(names, ranks, memory=LIMIT)
        outcome = must(finish(cluster.run(path), tmp_path))
        assert not cluster.killed_for_memory()
        assert outcome.results["nodes"] == len(names)
        assert (outcome.results["memory"]["bytes_max"] - LIBRARIES) * ranks + LIBRARIES < LIMIT


def test_memory_that_runs_out_after_all_is_named(tmp_path, network):
    """With limits.memory: ignore the kernel kills the rank, without a word of its own: the nodes know which one."""
    cluster = network("ab", memory=100 << 20)
    if not cluster.groups:
        pytest.skip("no control group with a limit of memory can be made here")
    outcome = finish(cluster.run(write_case(tmp_path, LARGE), "--set", "limits.memory=ignore"), tmp_path)
    assert outcome.code not in (0, 124), outcome.code
    assert cluster.killed_for_memory(), outcome.err


# ---- nodes and links that fail --------------------------------------------------------------------------


def wait_for_checkpoint(job, directory, seconds: float = 40) -> None:
    limit = time.monotonic() + seconds
    while not checkpoints(directory):
        assert job.poll() is None, f"ended early with {job.returncode}: {job.communicate()[1]}"
        assert time.monotonic() < limit, f"no checkpoint in {seconds:g} s"
        time.sleep(0.05)


@pytest.mark.parametrize("silent", [False, True], ids=["its_processes_end", "its_power_fails"])
def test_a_run_continues_on_the_nodes_that_are_left(tmp_path, network, silent):
    """When all processes of a node end, MPICH's launcher ends the job; when nothing is heard of it any more, `limits.stall`
    does.  The three nodes that are left leave the files of an undisturbed run."""
    case = long_run(checkpoint={"wall_interval": 0.5}, limits={"stall": 4.0})
    path = write_case(tmp_path, case)
    cluster = network([*"abc", "burning"], 2)
    job = cluster.run(path)
    wait_for_checkpoint(job, tmp_path / "out")
    if silent:
        cluster.cut("burning")
    cluster.kill("burning")
    assert cluster.left_after(20, but=("mpiexec", "timeout", "nsenter")) == {}
    cluster.stop_launcher()
    outcome = finish(job, tmp_path)
    assert outcome.code not in (0, 75, 124), outcome.code
    assert ("no progress" if silent else "burning") in outcome.err, outcome.err

    last = checkpoints(outcome.directory)[-1]
    assert execute([HEAT2D, "inspect", f"out/{last}"], tmp_path).returncode == 0
    step = int(last.removeprefix("checkpoint_").removesuffix(".h5"))
    more = ("--set", f"time.steps={step + 10}", "--set", "output.snapshots.every=1000000000")
    left = network("abc", 2)
    again = must(finish(left.run(path, "--restart", "latest", *more), tmp_path))
    assert again.results["nodes"] == 3 and again.results["restarts"][0]["step"] == step
    straight = must(run(tmp_path, path, "--quiet", *more, output="straight"))
    assert again.snapshots()[-1].read_bytes() == straight.snapshots()[-1].read_bytes()


def test_a_slow_link_changes_nothing(tmp_path, network, serial):
    cluster = network("abc", 1, link="2mbit")
    for scheme in ("ftcs", "backward-euler"):
        same_bytes(cluster, tmp_path, serial, scheme)

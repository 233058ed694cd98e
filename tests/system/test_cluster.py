"""Nodes that share nothing but a network: the same answer on any number of them, more memory with more of them, and what
happens when one of them, or a link, fails."""
from __future__ import annotations

import os
import re
import subprocess
import time

import numpy as np
import pytest
from clustered import PLANNED, PLANNED_NODES, SCHEMES, SIZES, counted_as_planned, same_bytes, serial_runs
from heat2d_case import HEAT2D, MPIEXEC, SANITIZED, basic_case, environment, execute, run, write_case
from nodes import finish, network  # noqa: F401
from test_plan import plan
from test_restart import checkpoints, long_run, must

NAMES = "abcdefgh"
serial = pytest.fixture(scope="module")(serial_runs)
faults = pytest.mark.skipif("HEAT2D_FAULTS" not in os.environ, reason="built without the library of faults")


# ---- the same answer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(SIZES)), ids=lambda number: f"{SIZES[number][0]}x{SIZES[number][1]}")
def test_nodes_leave_the_bytes_of_one_rank(tmp_path, network, serial, number):
    """Two schemes on each size, so that each scheme runs on four or five; test_cluster_many.py runs all on all."""
    nodes, ranks = SIZES[number]
    cluster = network(NAMES[:nodes], ranks)
    for scheme in (SCHEMES[number % 8], SCHEMES[(number + 3) % 8]):
        same_bytes(cluster, tmp_path, serial, scheme)
    assert cluster.left_after(5) == {}


@pytest.mark.parametrize("nodes", PLANNED_NODES)
def test_nodes_count_the_messages_of_their_plan(tmp_path, network, nodes):
    """Two schemes on each number of nodes; test_cluster_many.py runs all."""
    cluster = network(NAMES[:nodes])
    schemes = list(PLANNED)
    for k in (nodes % len(schemes), (nodes + 4) % len(schemes)):
        counted_as_planned(cluster, tmp_path, schemes[k])


# ---- memory ---------------------------------------------------------------------------------------------

LIMIT = 200 << 20  # [bytes] of a node; the program and its libraries take 40 MB of it
LIBRARIES = 20 << 20  # [bytes] at least; code that the processes of a node share, and that bytes_max has for each of them
LARGE = basic_case(grid={"cells": [1700, 1400], "x": [0.0, 1.0], "y": [0.0, 1.0]},  # 322 MB on one rank
                   time={"scheme": "backward-euler", "step": 1e-6, "steps": 1}, solver={"tolerance": 1e-4})


@pytest.mark.skipif(SANITIZED, reason="sanitizers take memory of their own")
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
    # MPICH's launcher names the node, or says that its connection to the node has closed.
    words = ["no progress"] if silent else ["AT burning", "assert (!closed)", "on host burning"]
    assert any(word in outcome.err for word in words), outcome.err

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


# ---- nodes of unequal speed and size --------------------------------------------------------------------


def test_weights_of_hosts_give_their_ranks_more_cells(tmp_path, network, serial):
    """Two ranks on each of three nodes; the ranks of c are three times as fast."""
    cluster = network("abc", 2)
    for scheme in ("ftcs", "bdf2"):
        outcome = same_bytes(cluster, tmp_path, serial, scheme, "--set", "decomposition.weights={c: 3}")
        found = outcome.results["decomposition"]
        assert found["weights"] == "hosts" and found["load_balance"] > 0.9, found
        assert found["cells_max"] > 2.5 * found["cells_min"]
    path = write_case(tmp_path, basic_case(output={"fields": ["owner"]}, decomposition={"processes": [6, 1], "weights": {"c": 2}}))
    outcome = must(finish(cluster.run(path), tmp_path))
    cells = np.bincount(outcome.field(name="owner").astype(int).ravel(), minlength=6)
    assert list(cells // 16) == [3, 3, 3, 3, 6, 6], "24 columns of 16 cells; ranks 4 and 5 are those of c"


def test_an_unknown_host_is_one_message_on_all_nodes(tmp_path, network):
    outcome = finish(network("ab", 2).run(write_case(tmp_path, basic_case()), "--set", "decomposition.weights={a: 1, d: 2}"), tmp_path)
    assert outcome.code == 2 and outcome.err.count("heat2d: error:") == 1, outcome.err
    assert "no rank of this job is on the host d (rank 0 is on a)" in outcome.err and not outcome.directory.exists()


def halos(directory, nodes, mapping: str, ranks: int) -> tuple[dict, dict]:
    """Run a square of 64 x 64 cells, whose blocks have the shape 4 x 4 or similar; return what was counted and planned."""
    case = basic_case(grid={"cells": [64, 64], "x": [0.0, 1.0], "y": [0.0, 1.0]}, time={"scheme": "ftcs", "step": 1e-5, "steps": 4},
                      output={"history": {"every": 1}}, decomposition={"mapping": mapping})
    outcome = must(finish(nodes.run(write_case(directory, case)), directory))
    _, planned = plan(directory, case, "--ranks", str(ranks * len(nodes.hosts)), "--ranks-per-node", str(ranks))
    return outcome.results["communication"]["halo"], planned["communication"]["halo"]


@pytest.mark.parametrize("number", [1, 2, 4, 8])
def test_node_blocks_send_fewer_bytes_between_nodes(tmp_path, network, number):
    """Each of n nodes has four ranks.  A cut of 64 cells costs 2 x 64 values of 8 bytes in each of five exchanges.  Strips of
    nodes have n - 1 cuts, compact rectangles 2 of 4 nodes, 4 of 8."""
    cluster = network(NAMES[:number], 4)
    cuts = {"linear": number - 1, "node-blocks": {1: 0, 2: 1, 4: 2, 8: 4}[number]}
    for mapping, expected in cuts.items():
        counted, planned = halos(tmp_path / mapping, cluster, mapping, 4)
        assert counted["between_nodes"]["bytes"] == 5 * expected * 2 * 64 * 8, mapping
        for place in ("within_nodes", "between_nodes"):
            assert counted[place] == planned[place] == counted["predicted"][place], (mapping, place)


def test_nodes_with_unequal_numbers_of_ranks_keep_the_order_of_ranks(tmp_path, network, serial):
    """Nodes of 2, 1 and 3 ranks tile no process grid: nodes own consecutive blocks.  Counts are predicted from the list of nodes."""
    cluster = network("abc", (2, 1, 3))
    for scheme in ("ftcs", "backward-euler"):
        same_bytes(cluster, tmp_path, serial, scheme)
    by_weight = same_bytes(cluster, tmp_path / "weighted", serial, "backward-euler", "--set", "decomposition.weights={b: 2}")
    assert by_weight.results["decomposition"]["load_balance"] > 0.9


def test_coarse_levels_join_within_nodes_first(tmp_path, network):
    """Six blocks in a row on two nodes of three.  Levels join three blocks of a node, so that right-hand sides of thin levels and
    their corrections travel within the node; what is counted is what is predicted and planned, exactly."""
    case = basic_case(grid={"cells": [192, 64], "x": [0.0, 3.0], "y": [0.0, 1.0]}, time={"scheme": "backward-euler", "step": 0.02, "steps": 2},
                      decomposition={"processes": [6, 1]})
    outcome = must(finish(network("ab", 3).run(write_case(tmp_path, case)), tmp_path))
    total = outcome.results["solver"]["iterations"]["total"]
    _, planned = plan(tmp_path, case, "--ranks", "6", "--ranks-per-node", "3", "--iterations", str(total / 2))
    counts = outcome.results["communication"]["multigrid"]
    for place in ("within_nodes", "between_nodes"):
        assert counts[place] == planned["communication"]["multigrid"][place] == counts["predicted"][place], place
    # 11232 bytes: pairs of blocks joined without regard to nodes (blocks 2 and 3 are of two nodes), by the version before this rule.
    assert planned["per_iteration"]["multigrid"]["between_nodes"]["bytes"] < 11232


# ---- writers of files -----------------------------------------------------------------------------------

HIT = "checkpoint_000008.h5"


def written_case() -> dict:
    """Checkpoints at steps 4, 8 and 12, a snapshot at 12."""
    return basic_case(grid={"cells": [40, 36], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": "x+y*y"},
                      time={"scheme": "ftcs", "step": 1e-5, "steps": 12}, checkpoint={"every": 4, "keep": 3}, limits={"stall": 4.0})


def watched(cluster, directory, writers: int, word: str, *variables: str):
    """Start the case with the library of faults, which sees the calls on files with this word in their names."""
    write_case(directory, written_case())
    ranks = sum(host.ranks for host in cluster.hosts)
    env = environment(ranks)
    preload = ":".join(filter(None, [os.environ["HEAT2D_FAULTS"], env.pop("LD_PRELOAD", "")]))
    words = ["env", f"LD_PRELOAD={preload}", f"HEAT2D_FAULT_PATH={word}", "HEAT2D_FAULT_OPENS=1", *variables, HEAT2D, "case.yaml",
             "--output", "out", "--quiet", "--set", f"output.writers.per_node={writers}"]
    return cluster.start(words, ["timeout", "-k", "5", "60", *MPIEXEC], cwd=directory, env=env, text=True, stdin=subprocess.DEVNULL,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@faults
def test_opens_of_a_checkpoint_are_the_writers_of_the_nodes_and_a_constant(tmp_path, network):
    """1, 2 and 4 writers on each of three nodes of four ranks: every further writer makes one more open; the bytes are those of
    one rank."""
    one = must(run(tmp_path, written_case(), "--quiet", output="one"))
    cluster = network("abc", 4)
    constants = set()
    for writers in (1, 2, 4):
        place, log = tmp_path / str(writers), tmp_path / f"log{writers}"
        outcome = must(finish(watched(cluster, place, writers, f"{HIT}.part", f"HEAT2D_FAULT_LOG={log}"), place))
        assert outcome.results["io"]["writers"] == {"count": 3 * writers, "per_node": writers}
        lines = [line.split(maxsplit=2) for line in log.read_text().splitlines()]
        constants.add(sum(call == "open" for _, call, _ in lines) - 3 * writers)
        assert len({rank for rank, _, _ in lines}) == 3 * writers
        for path in one.directory.glob("*.h5"):
            assert path.read_bytes() == (outcome.directory / path.name).read_bytes(), path.name
    assert len(constants) == 1, constants


@faults
@pytest.mark.parametrize("call", [1, 2, 3])
def test_a_node_of_a_writer_that_dies_in_a_checkpoint_loses_nothing_that_was_named(tmp_path, network, call):
    """The writer on the last node stops before its first, second or third call on the second checkpoint, and the node is killed.
    The first checkpoint is whole; on the nodes that are left the run ends with the bytes of an undisturbed one."""
    undisturbed = must(run(tmp_path, written_case(), "--quiet", output="undisturbed"))
    cluster = network([*"ab", "burning"], 2)
    log = tmp_path / "log"
    job = watched(cluster, tmp_path, 1, f"{HIT}.part", f"HEAT2D_FAULT={call}:stop:4", f"HEAT2D_FAULT_LOG={log}")
    limit = time.monotonic() + 40
    while not log.exists() or [line.split()[0] for line in log.read_text().splitlines()].count("4") < call:
        assert job.poll() is None and time.monotonic() < limit, "the writer has not come to its call"
        time.sleep(0.05)
    cluster.kill("burning")
    assert cluster.left_after(20, but=("mpiexec", "timeout", "nsenter")) == {}
    cluster.stop_launcher()
    outcome = finish(job, tmp_path)
    assert outcome.code not in (0, 75, 124), outcome.code
    assert checkpoints(outcome.directory) == ["checkpoint_000004.h5"]
    assert execute([HEAT2D, "inspect", "out/checkpoint_000004.h5"], tmp_path).returncode == 0
    again = must(finish(network("ab", 2).run(tmp_path / "case.yaml", "--restart", "latest"), tmp_path))
    assert again.results["nodes"] == 2 and again.results["restarts"][0]["step"] == 4
    for name in (HIT, "checkpoint_000012.h5", "snapshot_000012.h5"):
        assert (again.directory / name).read_bytes() == (undisturbed.directory / name).read_bytes(), name

"""Where the ranks run: recorded by the ranks themselves, and a warning where their binding makes the run slow."""
from __future__ import annotations

import os
import subprocess

import pytest
from heat2d_case import CORES, HEAT2D, Outcome, basic_case, command, environment, write_case

CPUS = sorted(os.sched_getaffinity(0))


def bound(directory, *first: str, ranks: int = 2, machine: str | None = None) -> Outcome:
    """Run a small case under the command `first`, on a machine as hwloc describes it (HWLOC_SYNTHETIC) or on this one."""
    path = write_case(directory, basic_case())
    env = environment(ranks) | ({"HWLOC_SYNTHETIC": machine} if machine else {})
    done = subprocess.run(["timeout", "-k", "5", "100", *first, *command(path, ranks, ("--output", "out", "--quiet"))],
                          cwd=directory, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr, directory / "out")


@pytest.mark.skipif(CORES < 2, reason="needs two processors")
@pytest.mark.skipif(CPUS[:2] != [0, 1], reason="the machine that is described has the processors 0 and 1")
@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_that_are_confined_to_fewer_cores_than_their_host_has_are_warned_of_once(tmp_path, ranks):
    outcome = bound(tmp_path, "taskset", "-c", "0", ranks=ranks, machine="numa:1 core:4 pu:1")
    assert outcome.err.count("\n") == 1 and f"warning: {ranks} ranks on " in outcome.err, outcome.err
    assert "share 1 core (from core 0 on) of its 4" in outcome.err and "-bind-to core" in outcome.err, outcome.err
    assert len(outcome.results["warnings"]) == 1
    assert outcome.results["provenance"]["binding"] == ["0"] * ranks


@pytest.mark.skipif(CORES < 2 or CPUS[:2] != [0, 1], reason="the machine that is described has the processors 0 and 1")
def test_two_hardware_threads_of_one_core_are_one_core(tmp_path):
    outcome = bound(tmp_path, "taskset", "-c", "0,1", machine="numa:1 core:4 pu:2")
    assert "2 ranks on " in outcome.err and "share 1 core" in outcome.err, outcome.err


@pytest.mark.skipif(CORES != 2 or CPUS != [0, 1], reason="the machine that is described has the processors 0 and 1")
def test_unbound_ranks_are_warned_of_on_a_host_with_several_numa_nodes(tmp_path):
    outcome = bound(tmp_path, machine="numa:2 core:1 pu:1")
    assert outcome.err.count("\n") == 1 and "may run on all of its 2 NUMA nodes" in outcome.err, outcome.err
    assert outcome.results["provenance"]["host_list"][0]["numa_nodes"] == 2


@pytest.mark.skipif(CPUS[:2] != [0, 1], reason="the machine that is described has the processors 0 and 1")
@pytest.mark.parametrize("ranks,machine", [(1, "numa:2 core:1 pu:1"), (2, "numa:1 core:2 pu:1"), (4, "numa:1 core:2 pu:1")])
def test_one_rank_and_a_laptop_are_not_warned_of(tmp_path, ranks, machine):
    """Not even four ranks on two cores: whoever starts them knows that they take turns."""
    outcome = bound(tmp_path, ranks=ranks, machine=machine)
    assert not outcome.err and not outcome.results["warnings"], outcome.err


def test_the_record_has_hosts_ranks_cores_and_masks(tmp_path):
    record = bound(tmp_path, ranks=2).results["provenance"]
    (host,) = record["host_list"]
    assert record["hosts"] == [host["name"]] and host["ranks"] == 2
    assert host["cores"] >= 1 and host["numa_nodes"] >= 1
    assert len(record["binding"]) == 2 and all(record["binding"])


@pytest.mark.skipif(CORES < 2, reason="needs two processors")
@pytest.mark.parametrize("ranks", [2, 4])
def test_the_record_has_the_mask_of_each_rank(tmp_path, ranks):
    """Odd ranks are confined to the second processor, even ranks to the first."""
    program = tmp_path / "bound"
    program.write_text(f'#!/bin/sh\nrank=${{PMI_RANK:-$PMIX_RANK}}\ncase $((rank % 2)) in 0) cpu={CPUS[0]};; *) cpu={CPUS[1]};; esac\n'
                       f'exec taskset -c $cpu {HEAT2D} "$@"\n')
    program.chmod(0o755)
    words = [str(program) if word == HEAT2D else word for word in command(write_case(tmp_path, basic_case()), ranks, ("--output", "out", "--quiet"))]
    done = subprocess.run(["timeout", "-k", "5", "100", *words], cwd=tmp_path, env=environment(ranks), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    masks = Outcome(done.returncode, done.stdout, done.stderr, tmp_path / "out").results["provenance"]["binding"]
    assert masks == [str(CPUS[rank % 2]) for rank in range(ranks)]

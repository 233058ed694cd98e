"""output.writers: which ranks open files, that the others do not touch them, and that the bytes do not depend on the choice."""
from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from heat2d_case import HEAT2D, MPIEXEC, Outcome, basic_case, environment, execute, mpich, run, write_case
from test_faults import CRASH_AT_EXIT, HIT, warned_or_written
from test_restart import checkpoints, must

# Two names of this machine are two nodes for MPICH: ranks of different ones share no memory.
TWO_NODES = ("-launcher", "fork", "-hosts", "localhost:{0},127.0.0.1:{0}")

faults = pytest.mark.skipif("HEAT2D_FAULTS" not in os.environ, reason="built without the library of faults")
several_nodes = pytest.mark.skipif(not mpich(), reason="the launcher of MPICH makes several nodes of one machine")


def case(cells: tuple[int, int] = (23, 37), **more) -> dict:
    """Snapshots at steps 0, 6 and 12, checkpoints at 4, 8 and 12."""
    return basic_case(grid={"cells": list(cells), "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": "x+y*y"},
                      time={"scheme": "ftcs", "step": 1e-5, "steps": 12},
                      checkpoint={"every": 4, "keep": 3},
                      output={"snapshots": {"every": 6}, "fields": ["temperature", "material"]}, **more)


def sets(writers: str | int, mode: str = "sync", *more: str) -> list[str]:
    """Return the options that choose the writers, a word or a number of them on each node.  A checkpoint holds the text of the
    case file, but not the options, so that files of runs with other options can be compared."""
    choice = f"output.writers={writers}" if isinstance(writers, str) else f"output.writers.per_node={writers}"
    return [word for key in (choice, f"checkpoint.mode={mode}", *more) for word in ("--set", key)]


def start(directory: Path, ranks: int, *args: str, nodes: int = 1, fault: str = "", word: str = "", log: Path | None = None,
          output: str = "out") -> Outcome:
    """Run the case in the directory on one or two nodes; a word logs the calls on files with this word in their names, opens
    among them, and a fault makes one of them fail."""
    if "--restart" not in args:
        shutil.rmtree(directory / output, ignore_errors=True)  # a run that removes old files makes more calls
    env = environment(ranks)
    preload = ":".join(filter(None, [os.environ.get("HEAT2D_FAULTS") if word else None, env.pop("LD_PRELOAD", "")]))
    words = [f"LD_PRELOAD={preload}"] if preload else []
    words += [f"HEAT2D_FAULT_PATH={word}", "HEAT2D_FAULT_OPENS=1"] if word else []
    words += [f"HEAT2D_FAULT={fault}"] if fault else []
    words += [f"HEAT2D_FAULT_LOG={log}"] if log else []
    hosts = [part.format(ranks // nodes) for part in TWO_NODES] if nodes > 1 else []
    done = subprocess.run(["timeout", "-k", "5", "60", *MPIEXEC, *hosts, "-n", str(ranks), "env", *words, HEAT2D, "case.yaml",
                           "--output", output, "--quiet", *args], cwd=directory, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode != 124 and (done.returncode != 137 or "kill" in fault), f"{fault}: a hang\n{done.stderr}"
    return Outcome(done.returncode, done.stdout, done.stderr, directory / output)


def calls_of(log: Path, ranks: int) -> list[Counter]:
    """Return how often each rank made each call."""
    calls = [Counter() for _ in range(ranks)]
    for line in log.read_text().splitlines():
        rank, call, _ = line.split(maxsplit=2)
        calls[int(rank)][call] += 1
    return calls


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.glob("*.h5")}


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> dict[str, bytes]:
    """The files of a run on one rank."""
    return files(must(run(tmp_path_factory.mktemp("straight"), case(), "--quiet")).directory)


# ---- bytes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_bytes_do_not_depend_on_the_writers(tmp_path, straight, ranks, mode):
    write_case(tmp_path, case())
    for writers in ("all", 1, 2, 3):
        outcome = must(start(tmp_path, ranks, *sets(writers, mode)))
        assert not outcome.err and files(outcome.directory) == straight, writers
        count = ranks if writers == "all" else min(ranks, writers)
        assert outcome.results["io"]["writers"] == {"count": count, "per_node": count}


@several_nodes
@pytest.mark.parametrize("layout", [[4, 1], [2, 2], [1, 4]])
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_bytes_do_not_depend_on_the_writers_of_two_nodes(tmp_path, straight, layout, mode):
    write_case(tmp_path, case())
    for writers, count in (("all", 4), (1, 2)):
        outcome = must(start(tmp_path, 4, *sets(writers, mode, f"decomposition.processes={layout}"), nodes=2))
        assert outcome.results["nodes"] == 2
        assert not outcome.err and files(outcome.directory) == straight, writers
        assert outcome.results["io"]["writers"] == {"count": count, "per_node": count // 2}


@pytest.mark.parametrize("first,then", [("all", 1), (2, "all"), (1, 3)])
def test_restart_may_have_other_writers(tmp_path, straight, first, then):
    write_case(tmp_path, case())
    must(start(tmp_path, 4, *sets(first, "sync", "time.steps=6")))
    outcome = must(start(tmp_path, 3, *sets(then), "--restart", "latest"))
    assert not outcome.err and outcome.results["restarts"][0]["step"] == 6
    written = files(outcome.directory)
    assert written["checkpoint_000012.h5"] == straight["checkpoint_000012.h5"]
    assert written["snapshot_000012.h5"] == straight["snapshot_000012.h5"]


def test_more_writers_than_rows_leave_the_bytes(tmp_path):
    one = files(must(run(tmp_path, case((40, 3)), "--quiet", output="one")).directory)
    for mode in ("sync", "async"):
        outcome = must(start(tmp_path, 7, *sets(5, mode, "decomposition.processes=[7, 1]")))
        assert not outcome.err and files(outcome.directory) == one


# ---- calls -------------------------------------------------------------------------------------------------


@faults
@pytest.mark.parametrize("ranks,layout,writers", [(4, [2, 2], [0, 2]), (7, [7, 1], [0, 3]), (4, [4, 1], [0])])
@pytest.mark.parametrize("kind,mode", [("snapshot", "sync"), ("checkpoint", "sync"), ("checkpoint", "async")])
def test_opens_of_a_file_are_the_writers_and_a_constant(tmp_path, ranks, layout, writers, kind, mode):
    """The wrapped calls of each rank, as test_faults counts them.  A rank that is no writer makes none."""
    write_case(tmp_path, case((40, 40)))
    must(start(tmp_path, ranks, *sets(len(writers), mode, f"decomposition.processes={layout}"), word=f"{kind}_000012.h5.part", log=tmp_path / "log"))
    calls = calls_of(tmp_path / "log", ranks)
    fields = 2 if kind == "snapshot" else 1
    assert [rank for rank in range(ranks) if calls[rank]] == writers, calls
    for rank in writers[1:]:
        assert calls[rank] == {"open": 1, "pwrite": 2 * fields, "fsync": 1, "close": 1}, calls
    # Rank 0 writes rows, too; its opens by HDF5 and for the seal do not grow with the ranks.
    assert calls[0]["open"] <= 16 and calls[0]["close"] <= 16 and calls[0]["pwrite"] <= 40, calls[0]


@faults
def test_opens_of_rank_0_are_the_same_for_any_number_of_ranks_and_writers(tmp_path):
    seen = set()
    write_case(tmp_path, case((40, 40)))
    for ranks, writers in ((1, "all"), (2, "all"), (4, "all"), (4, 1), (7, 3)):
        (tmp_path / "log").unlink(missing_ok=True)
        must(start(tmp_path, ranks, *sets(writers), word="checkpoint_000012.h5.part", log=tmp_path / "log"))
        seen.add(calls_of(tmp_path / "log", ranks)[0]["open"])
    assert len(seen) == 1, seen


@faults
@pytest.mark.parametrize("writers", ["all", 2])
def test_a_compressed_snapshot_is_opened_by_rank_0_alone(tmp_path, writers):
    write_case(tmp_path, case())
    must(start(tmp_path, 4, *sets(writers, "sync", "output.compression=deflate"), word="snapshot_000012.h5.part", log=tmp_path / "log"))
    assert [bool(calls) for calls in calls_of(tmp_path / "log", 4)] == [True, False, False, False]


@faults
def test_a_restart_is_read_by_the_writers_alone(tmp_path):
    write_case(tmp_path, case())
    must(start(tmp_path, 4, *sets(2, "sync", "time.steps=8")))
    must(start(tmp_path, 4, *sets(2), "--restart", "latest", word="checkpoint_000008.h5", log=tmp_path / "log"))
    assert [bool(calls["open"]) for calls in calls_of(tmp_path / "log", 4)] == [True, False, True, False]


@faults
def test_the_disk_is_probed_by_the_writers_alone(tmp_path):
    write_case(tmp_path, case())
    outcome = must(start(tmp_path, 4, *sets(2, "sync", "checkpoint.probe=true"), word=".probe.part", log=tmp_path / "log"))
    assert not outcome.err and outcome.results["io"]["probe"]["write_bandwidth"] > 0
    assert [bool(calls["open"]) for calls in calls_of(tmp_path / "log", 4)] == [True, False, True, False]


# ---- failures ----------------------------------------------------------------------------------------------


def traced(directory: Path, ranks: int, mode: str) -> list[list[str]]:
    """Return the calls by which each rank writes the second checkpoint, with one writer for two ranks."""
    write_case(directory, case())
    must(start(directory, ranks, *sets(ranks // 2, mode), word=HIT, log=directory / "log"))
    lines = [line.split() for line in (directory / "log").read_text().splitlines()]
    return [[call for rank, call, _ in lines if int(rank) == which] for which in range(ranks)]


@faults
@pytest.mark.parametrize("mode,action", [("sync", "EIO"), ("sync", "ENOSPC"), ("async", "EIO")])
def test_a_writer_that_fails_at_any_call_is_one_warning(tmp_path, straight, mode, action):
    """Of 4 ranks, 0 and 2 are writers.  Every call of rank 2 fails once, and of rank 0 those that come after HDF5's."""
    calls = traced(tmp_path, 4, mode)
    assert calls[2].count("pwrite") == 2 and not calls[1] and not calls[3], calls
    tried = [(number, 2) for number in range(1, len(calls[2]) + 1)]
    tried += [(number, 0) for number in range(1, len(calls[0]) + 1) if calls[0][number - 1] in ("open", "pwrite", "fsync")][-8:]
    missing = 0
    for number, rank in tried:
        fault = f"{number}:{action}:{rank}"
        outcome = start(tmp_path, 4, *sets(2, mode), word=HIT, fault=fault)
        assert outcome.code == 0 or (outcome.code == CRASH_AT_EXIT and rank == 0), f"{fault}: {outcome.code}\n{outcome.err}"
        warned_or_written(outcome, f"{fault} ({calls[rank][number - 1]})")
        missing += f"{HIT}.h5" not in checkpoints(outcome.directory)
        written = files(outcome.directory)
        assert written == {name: data for name, data in straight.items() if name in written}, fault
    assert missing >= len(calls[2]) - 1, "each call of the writer matters"


@faults
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_killing_a_writer_leaves_the_earlier_checkpoint(tmp_path, straight, mode):
    calls = traced(tmp_path, 4, mode)
    for number in range(1, len(calls[2]) + 1):
        fault = f"{number}:kill:2"
        outcome = start(tmp_path, 4, *sets(2, mode), word=HIT, fault=fault)
        assert outcome.code != 0, f"{fault}: no rank was killed"
        assert checkpoints(outcome.directory) == ["checkpoint_000004.h5"], f"{fault}: {checkpoints(outcome.directory)}"
    whole = execute([HEAT2D, "inspect", "out/checkpoint_000004.h5"], tmp_path)
    assert whole.returncode == 0, whole.stderr
    again = must(start(tmp_path, 3, "--restart", "latest"))
    assert (again.directory / "snapshot_000012.h5").read_bytes() == straight["snapshot_000012.h5"]


@faults
@several_nodes
@pytest.mark.parametrize("writers,readers", [("all", (1, 3)), (1, (1,))])
def test_rows_are_read_back_on_another_node(tmp_path, writers, readers):
    """A 2 x 2 process grid on wide cells has the nodes side by side: ranks 0 and 2 of the grid are on the first one.  The
    message about a bit that rank 0 wrote wrongly names the rank that found it."""
    write_case(tmp_path, case((64, 20)))
    choice = sets(writers, "sync", "decomposition.processes=[2, 2]")
    must(start(tmp_path, 4, *choice, nodes=2, word=HIT, log=tmp_path / "log"))
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    calls = [call for rank, call, _ in lines if rank == "0"]
    found = set()
    for number in [k for k, call in enumerate(calls, 1) if call == "pwrite"][-3:]:  # rows, their checksums, the manifest
        outcome = must(start(tmp_path, 4, *choice, nodes=2, word=HIT, fault=f"{number}:flip:0"))
        if "of temperature" in outcome.err:
            found |= {rank for rank in range(4) if f"rank {rank} (" in outcome.err} or {0}
    assert found and found <= set(readers), found


# ---- what the user sees --------------------------------------------------------------------------------------


def test_the_header_names_the_writers_unless_all_ranks_are(tmp_path):
    some = must(run(tmp_path, case(), "--no-progress", *sets(2), ranks=3))
    assert "  writers    2 of 3 ranks, 2 a node (output.writers)\n" in some.out
    for writers in ("auto", "all", 3, 100):
        every = must(run(tmp_path, case(), "--no-progress", *sets(writers), ranks=3))
        assert "writers" not in every.out
        assert every.results["io"]["writers"] == {"count": 3, "per_node": 3}


@pytest.mark.parametrize("value,count", [("all", 4), ("auto", 4), ({"per_node": 2}, 2), ({"per_node": 1}, 1)])
def test_the_case_file_gives_the_writers(tmp_path, value, count):
    outcome = must(run(tmp_path, basic_case(output={"writers": value}), "--quiet", ranks=4))
    assert outcome.results["io"]["writers"]["count"] == count


def test_set_replaces_the_writers_of_the_case(tmp_path):
    in_case = basic_case(output={"writers": {"per_node": 3}})
    for value, count in (("writers=all", 4), ("writers.per_node=2", 2), ("writers={per_node: 1}", 1)):
        outcome = must(run(tmp_path, in_case, "--quiet", "--set", f"output.{value}", ranks=4))
        assert outcome.results["io"]["writers"]["count"] == count, value


def test_a_record_that_is_run_again_has_the_writers(tmp_path):
    must(run(tmp_path, basic_case(), "--quiet", "--set", "output.writers.per_node=2", ranks=3))
    again = must(run(tmp_path, tmp_path / "out" / "results.json", "--quiet", ranks=3, output="again"))
    assert again.results["io"]["writers"]["count"] == 2

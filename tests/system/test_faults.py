"""Checkpoints and compressed snapshots under faults: each call that writes them fails on one rank, or a rank is killed there.

A run of twelve steps writes checkpoints at steps 4, 8 and 12, and compressed snapshots at 0, 6 and 12.  The fault hits the
second checkpoint or snapshot.  Whatever the fault is, no rank hangs, the first checkpoint stays, and a run that can be
continued ends with the bytes of an undisturbed run.
"""
from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from heat2d_case import HEAT2D, MPIEXEC, Outcome, environment, execute, run, write_case
from test_restart import checkpoints, heated, must

HIT = "checkpoint_000008"
SNAPSHOT = "snapshot_000006"
# HDF5 1.10 crashes at exit if its close of a file fails, even if all bytes are written (io/README.md).
CRASH_AT_EXIT = 11

pytestmark = pytest.mark.skipif("HEAT2D_FAULTS" not in os.environ, reason="built without the library of faults")


def case(mode: str = "sync") -> dict:
    return heated("ftcs", time={"scheme": "ftcs", "step": 2.5e-5, "steps": 12}, checkpoint={"every": 4, "keep": 2, "mode": mode},
                  output={"snapshots": {"every": 12}, "history": {"every": 4}})


def deflated() -> dict:
    return case() | {"output": {"snapshots": {"every": 6}, "history": {"every": 4}, "compression": "deflate"}}


def faulty(directory: Path, ranks: int, fault: str = "", log: Path | None = None, word: str = HIT,
           what: tuple[str, ...] = ("case.yaml",)) -> Outcome:
    shutil.rmtree(directory / "out", ignore_errors=True)
    env = environment(ranks)
    preload = ":".join(filter(None, [os.environ["HEAT2D_FAULTS"], env.pop("LD_PRELOAD", "")]))
    words = [f"LD_PRELOAD={preload}", f"HEAT2D_FAULT_PATH={word}"]
    words += [f"HEAT2D_FAULT={fault}"] if fault else []
    words += [f"HEAT2D_FAULT_LOG={log}"] if log else []
    done = subprocess.run(["timeout", "-k", "5", "60", *MPIEXEC, "-n", str(ranks), "env", *words, HEAT2D, *what,
                           "--output", "out", "--quiet"], cwd=directory, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode != 124 and (done.returncode != 137 or "kill" in fault), f"{fault}: a hang\n{done.stderr}"
    return Outcome(done.returncode, done.stdout, done.stderr, directory / "out")


# ---- system calls of one file --------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks,layout", [(4, [2, 2]), (7, [7, 1])])
@pytest.mark.parametrize("kind", ["checkpoint", "snapshot"])
def test_a_rank_opens_the_file_once_and_syncs_its_rows_once(tmp_path, ranks, layout, kind):
    """The wrapped calls of each rank other than 0, which writes the bookkeeping.  With 5 rows on 7 ranks side by side some
    ranks have none to write.  A snapshot is not read back, so a rank without rows does not open it."""
    cells = [40, 40] if ranks == 4 else [40, 5]
    few = case() | {"grid": {"cells": cells, "x": [0.0, 1.0], "y": [0.0, 1.0]}, "decomposition": {"processes": layout},
                    "time": {"scheme": "ftcs", "step": 1e-6, "steps": 2}, "checkpoint": {"every": 2},
                    "output": {"snapshots": {"every": 2}}}
    write_case(tmp_path, few)
    log = tmp_path / "log"
    must(faulty(tmp_path, ranks, log=log, word=f"{kind}_000002.h5.part"))
    calls = {rank: Counter() for rank in range(ranks)}
    for line in log.read_text().splitlines():
        rank, call, _ = line.split(maxsplit=2)
        calls[int(rank)][call] += 1
    idle = 0
    for rank in range(1, ranks):
        rows = calls[rank]["pwrite"] > 0
        idle += not rows
        # One write of the values and one of the checksums, one close of one descriptor.
        expected = {"pwrite": 2, "fsync": 1, "close": 1} if rows else {"close": 1} if kind == "checkpoint" else {}
        if not rows and not calls[rank]["close"]:
            expected = {}  # nothing to read back, either
        assert dict(calls[rank]) == expected, (rank, calls)
    assert idle == (2 if ranks == 7 else 0), calls
    # Rank 0 writes rows, too; what HDF5 writes of the bookkeeping does not grow with the ranks.
    assert calls[0]["fsync"] == 1 and calls[0]["close"] <= 16 and calls[0]["pwrite"] <= 40, calls[0]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> bytes:
    outcome = must(run(tmp_path_factory.mktemp("straight"), case(), "--quiet"))
    return (outcome.directory / "snapshot_000012.h5").read_bytes()


@pytest.fixture(scope="module")
def undisturbed_deflated(tmp_path_factory) -> dict[str, bytes]:
    outcome = must(run(tmp_path_factory.mktemp("deflated"), deflated(), "--quiet"))
    return {path.name: path.read_bytes() for path in outcome.snapshots()}


@pytest.fixture
def traced_calls(tmp_path):
    """Return a function that returns the names of the calls by which each rank writes the second checkpoint or snapshot."""
    def get(ranks: int, word: str = HIT, mode: str = "sync") -> list[list[str]]:
        write_case(tmp_path, deflated() if word == SNAPSHOT else case(mode))
        (tmp_path / "log").unlink(missing_ok=True)
        must(faulty(tmp_path, ranks, log=tmp_path / "log", word=word))
        lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
        return [[call for rank, call, _ in lines if int(rank) == which] for which in range(ranks)]
    return get


def continues(tmp_path, undisturbed: bytes, fault: str, ranks: int = 1) -> None:
    """Assert that a restart, possibly on another number of ranks, ends with the undisturbed bytes."""
    for file in (tmp_path / "out").glob("snapshot_*.h5"):
        file.unlink()
    again = run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", ranks=ranks)
    assert again.code == 0, f"{fault}: {again.err}"
    assert (tmp_path / "out" / "snapshot_000012.h5").read_bytes() == undisturbed, f"{fault}: other bytes"


def warned_or_written(outcome: Outcome, fault: str) -> None:
    """Assert that the checkpoint is in place without a message, or is missing and one warning reports that.

    If only its folder or its manifest failed, it is in place with one warning."""
    names = checkpoints(outcome.directory)
    warnings = outcome.err.count("heat2d: warning:")
    assert outcome.results["status"] == "ok", f"{fault}: {outcome.results['status']}"
    assert "checkpoint_000012.h5" in names and len(names) >= 2, f"{fault}: {names}"
    if f"{HIT}.h5" not in names:
        assert names[0] == "checkpoint_000004.h5", f"{fault}: {names}"
        assert warnings == 1 and f"{HIT}.h5 cannot be written: " in outcome.err, f"{fault}: {outcome.err}"
        assert "the newest checkpoint is still that of step 4" in outcome.err, f"{fault}: {outcome.err}"
    else:
        unsynced, alone = "its folder is not synced" in outcome.err, f"the manifest of out/{HIT}.h5 cannot be" in outcome.err
        assert warnings == (unsynced or alone), f"{fault}: {outcome.err}"
        assert alone or not warnings or "the newest checkpoint is still that of step 4" in outcome.err, f"{fault}: {outcome.err}"
    assert not list(outcome.directory.glob(".*.part")), f"{fault}: a .part file is left"


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("action,mode", [("EIO", "sync"), ("EINTR", "sync"), ("EIO", "async")])
def test_run_continues_whichever_call_fails(tmp_path, traced_calls, undisturbed, action, mode, ranks):
    codes = set()
    for rank, calls in enumerate(traced_calls(ranks, mode=mode)):
        assert {"pwrite", "fsync", "close"} <= set(calls), calls
        for number, call in enumerate(calls, 1):
            fault = f"{number}:{action}:{rank}"
            outcome = faulty(tmp_path, ranks, fault)
            codes.add(outcome.code)
            assert outcome.code == 0 or (outcome.code == CRASH_AT_EXIT and call in ("pwrite", "close")), \
                f"{fault} ({call}): exit code {outcome.code}\n{outcome.err}"
            warned_or_written(outcome, f"{fault} ({call})")
            assert (outcome.directory / "snapshot_000012.h5").read_bytes() == undisturbed, f"{fault} ({call})"
    assert 0 in codes


def test_interrupted_calls_of_heat2d_are_repeated(tmp_path, traced_calls):
    """These calls are the truncation and the last four fsyncs: of the file, its folder, the manifest, and the folder again."""
    (calls,) = traced_calls(1)
    ours = [k for k, call in enumerate(calls, 1) if call == "ftruncate"][-1:]
    ours += [k for k, call in enumerate(calls, 1) if call == "fsync"][-4:]
    assert len(ours) == 5, calls
    for number in ours:
        outcome = must(faulty(tmp_path, 1, f"{number}:EINTR:0"))
        assert f"{HIT}.h5" in checkpoints(outcome.directory) and not outcome.err, f"{calls[number - 1]}: {outcome.err}"


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_short_writes_are_resumed(tmp_path, traced_calls, undisturbed, mode):
    for rank, calls in enumerate(traced_calls(2, mode=mode)):
        for number in (k for k, call in enumerate(calls, 1) if call == "pwrite"):
            outcome = must(faulty(tmp_path, 2, f"{number}:short:{rank}"))
            assert f"{HIT}.h5" in checkpoints(outcome.directory) and not outcome.err, outcome.err
            inspected = execute([HEAT2D, "inspect", f"out/{HIT}.h5"], tmp_path)
            assert inspected.returncode == 0, f"{number} of rank {rank}: {inspected.stdout}{inspected.stderr}"


def flips(calls: list[str]) -> list[int]:
    return [number for number, call in enumerate(calls, 1) if call == "pwrite"]


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_bit_that_changes_on_the_way_to_the_disk_is_noticed(tmp_path, traced_calls, undisturbed, mode):
    """The disk stores a wrong bit: rows are read back by another rank than wrote them, the bookkeeping by rank 0."""
    rows = set()
    for rank, calls in enumerate(traced_calls(2, mode=mode)):
        for number in flips(calls):
            fault = f"{number}:flip:{rank}"
            outcome = must(faulty(tmp_path, 2, fault))
            warned_or_written(outcome, fault)
            if f"{HIT}.h5" in checkpoints(outcome.directory):
                inspected = execute([HEAT2D, "inspect", f"out/{HIT}.h5"], tmp_path)
                assert inspected.returncode == 0, f"{fault}: {inspected.stdout}{inspected.stderr}"
            elif "of temperature" in outcome.err:
                rows.add(rank)
                assert ("rank 1 (" in outcome.err) == (rank == 0), f"{fault}: read back by the rank that wrote it: {outcome.err}"
            continues(tmp_path, undisturbed, fault)
    assert rows == {0, 1}, rows


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("verify", ["none", "sample", "full"])
def test_how_much_is_read_back(tmp_path, undisturbed, verify, mode):
    """The grid has more rows than a sample, and the damaged row in the middle is not one of them.  The restart finds damage in
    rows that were not read back."""
    write_case(tmp_path, {**case(), "grid": {"cells": [5, 601], "x": [0.0, 1.0], "y": [0.0, 99.0]},
                          "checkpoint": {"every": 4, "keep": 2, "verify": verify, "mode": mode}})
    must(faulty(tmp_path, 1, log=tmp_path / "log"))
    calls = [line.split()[1] for line in (tmp_path / "log").read_text().splitlines()]
    found = set()
    for number in flips(calls):
        outcome = must(faulty(tmp_path, 1, f"{number}:flip:0"))
        if f"{HIT}.h5 cannot be written" in outcome.err:
            found |= {"write"} if "row 300 of temperature" in outcome.err else set()
            continue
        (outcome.directory / "checkpoint_000012.h5").unlink()
        again = run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest")
        found |= {"restart"} if f"{HIT}.h5 is passed over: row 300 of temperature" in again.err else set()
    assert found == ({"write"} if verify == "full" else {"restart"})


@pytest.mark.parametrize("ranks,action,mode", [(1, "kill", "sync"), (2, "kill", "sync"), (2, "killall", "sync"), (1, "kill", "async"),
                                               (2, "killall", "async")])
def test_killed_at_any_call_it_can_be_continued(tmp_path, traced_calls, undisturbed, ranks, action, mode):
    for rank, calls in enumerate(traced_calls(ranks, mode=mode)):
        for number, call in enumerate(calls, 1):
            fault = f"{number}:{action}:{rank}"
            outcome = faulty(tmp_path, ranks, fault)
            assert outcome.code != 0, f"{fault} ({call}): no rank was killed"
            names = checkpoints(outcome.directory)
            assert names in (["checkpoint_000004.h5"], ["checkpoint_000004.h5", f"{HIT}.h5"]), f"{fault} ({call}): {names}"
            for name in names:
                whole = execute([HEAT2D, "inspect", f"out/{name}"], tmp_path)
                assert whole.returncode == 0, f"{fault} ({call}): {name}: {whole.stderr}"
            continues(tmp_path, undisturbed, f"{fault} ({call})")
            assert not list((tmp_path / "out").glob(".*.part")), f"{fault} ({call})"


def test_full_disk_while_the_others_write(tmp_path, traced_calls, undisturbed):
    """The disk has no space for the rows of one rank, although it was reserved."""
    rows = traced_calls(2)[1].index("pwrite") + 1
    outcome = must(faulty(tmp_path, 2, f"{rows}:ENOSPC:1"))
    warned_or_written(outcome, "ENOSPC")
    assert "No space left on device" in outcome.err and f"{HIT}.h5" not in checkpoints(outcome.directory)


# ---- rows of history.csv: a write that fails is an error at the next row, at a checkpoint or at the end ------


def rows_case() -> dict:
    return case() | {"output": {"snapshots": {"every": 12}, "history": {"every": 1}}}


@pytest.fixture(scope="module")
def undisturbed_rows(tmp_path_factory) -> bytes:
    outcome = must(run(tmp_path_factory.mktemp("rows"), rows_case(), "--quiet"))
    return (outcome.directory / "history.csv").read_bytes()


def row_calls(tmp_path, ranks: int) -> list[str]:
    """Return the calls of rank 0, which alone holds history.csv, after the header has its final name."""
    write_case(tmp_path, rows_case())
    must(faulty(tmp_path, ranks, log=tmp_path / "log", word="/history.csv"))
    lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert {rank for rank, _, _ in lines} == {"0"}
    calls = [call for _, call, _ in lines]
    assert calls.count("pwrite") == 13 and calls.count("fsync") == 5, calls  # 13 rows; the folder, 3 checkpoints, the end
    return calls


def whole_rows(path: Path, undisturbed: bytes) -> None:
    """Assert that a table has the first rows of the undisturbed one, at most its last row cut short."""
    assert undisturbed.startswith(path.read_bytes()), path.read_text()


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("action", ["ENOSPC", "short"])
def test_row_that_cannot_be_written_is_one_error_at_the_next_row_or_checkpoint_or_at_the_end(tmp_path, undisturbed_rows, action, ranks):
    calls = row_calls(tmp_path, ranks)
    rows = [number for number, call in enumerate(calls, 1) if call == "pwrite"]
    for row, number in enumerate(rows):
        fault = f"row {row}: {action}"
        outcome = faulty(tmp_path, ranks, f"{number}:{action}:0", word="/history.csv")
        table = outcome.directory / "history.csv"
        if action == "short":  # the rest of the row is written
            assert not must(outcome).err and table.read_bytes() == undisturbed_rows, fault
            continue
        assert outcome.code == 4, f"{fault}: exit code {outcome.code}\n{outcome.err}"
        if row < 11:
            one_error(outcome, fault, "history.csv cannot be written: ", "No space left on device")
            # The next row, or the checkpoint of the same step, raises it, and no later checkpoint relies on the table.
            assert outcome.results["time"]["steps"] == (row if row in (4, 8) else row + 1), fault
        else:  # the run is finished: a warning, and everything else is complete
            assert outcome.err.count("history.csv cannot be written: write: No space left on device") == 1, f"{fault}: {outcome.err}"
            assert "the run is finished" in outcome.err and outcome.results["status"] == "error", f"{fault}: {outcome.err}"
            assert "history.csv cannot be written" in outcome.results["error"] and len(outcome.snapshots()) == 2, fault
        assert checkpoints(outcome.directory) == [f"checkpoint_{step:06d}.h5" for step in (4, 8) if step < row], fault
        whole_rows(table, undisturbed_rows)
        if row in (5, 8, 12):
            must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", ranks=3 - ranks))
            assert table.read_bytes() == undisturbed_rows, f"{fault}: the continued run has another table"


@pytest.mark.parametrize("ranks", [1, 2])
def test_killed_at_any_row_it_can_be_continued(tmp_path, undisturbed_rows, ranks):
    calls = row_calls(tmp_path, ranks)
    for number, call in enumerate(calls, 1):
        fault = f"{number}:kill:0 ({call})"
        outcome = faulty(tmp_path, ranks, f"{number}:kill:0", word="/history.csv")
        assert outcome.code != 0, f"{fault}: no rank was killed"
        table = outcome.directory / "history.csv"
        if table.exists():
            whole_rows(table, undisturbed_rows)
        if not checkpoints(outcome.directory):
            continue
        again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", ranks=3 - ranks))
        assert not again.err and table.read_bytes() == undisturbed_rows, f"{fault}: {again.err}"


# ---- the last field of a bench -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("action", ["ENOSPC", "flip"])
def test_last_field_of_a_bench_that_cannot_be_written_is_one_error(tmp_path, action, rank):
    """Also rows that reach the disk with a changed bit.  There is no record then, and nothing remains of the file."""
    words = ("bench", "--class", "tiny", "--workload", "explicit", "--duration", "0.001")
    log = tmp_path / "log"
    assert faulty(tmp_path, 2, log=log, word=".field.h5.part", what=words).code == 5  # too short to be valid
    lines = [line.split() for line in log.read_text().splitlines()]
    calls = [call for of, call, _ in lines if of == str(rank)]
    rows = [number for number, call in enumerate(calls, 1) if call == "pwrite"][-2:]  # their values and their checksums
    for number in [*rows, *([calls.index("fsync") + 1] if action == "ENOSPC" else [])]:
        fault = f"{number}:{action}:{rank}"
        outcome = faulty(tmp_path, 2, fault, word=".field.h5.part", what=words)
        assert outcome.code == 4, f"{fault}: exit code {outcome.code}\n{outcome.err}"
        reason = "No space left on device" if action == "ENOSPC" else "is damaged: its checksum does not match"
        assert outcome.err.count("heat2d: error: out/field.h5 cannot be written: ") == 1 and reason in outcome.err, outcome.err
        assert len(outcome.err.splitlines()) == 1 and not list(outcome.directory.iterdir()), fault


# ---- compressed snapshots: rank 0 writes them, and a failure is an error, not a warning ----------------------


def only_whole(tmp_path, undisturbed: dict[str, bytes], fault: str) -> None:
    """Assert that every file with a final name is complete and undamaged."""
    for path in (tmp_path / "out").glob("snapshot_*.h5"):
        assert path.read_bytes() == undisturbed[path.name], f"{fault}: {path.name} has other bytes"
    for name in checkpoints(tmp_path / "out"):
        assert execute([HEAT2D, "inspect", f"out/{name}"], tmp_path).returncode == 0, f"{fault}: {name}"


def continues_deflated(tmp_path, undisturbed: dict[str, bytes], fault: str, ranks: int) -> None:
    again = run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", ranks=ranks)
    assert again.code == 0 and not again.err, f"{fault}: {again.err}"
    assert {path.name: path.read_bytes() for path in again.snapshots()} == undisturbed, f"{fault}: other bytes"
    assert not list((tmp_path / "out").glob(".*.part")), f"{fault}: a .part file is left"


def one_error(outcome: Outcome, fault: str, *words: str) -> None:
    """Assert that there is exactly one error, about a file, with the same text on the terminal and in the record."""
    assert outcome.err.count("heat2d: error:") == 1 and len(outcome.err.splitlines()) == 1, f"{fault}: {outcome.err}"
    record = outcome.results
    assert record["status"] == "error", f"{fault}: {record['status']}"
    assert f"heat2d: error: {record['error']}\n" == outcome.err, f"{fault}: {record['error']}"
    for word in words:
        assert word in record["error"], f"{fault}: no {word} in {record['error']}"


@pytest.mark.parametrize("ranks", [1, 2])
def test_compressed_snapshot_that_cannot_be_written_is_one_error(tmp_path, traced_calls, undisturbed_deflated, ranks):
    calls, *others = traced_calls(ranks, SNAPSHOT)
    assert len(calls) > 5 and not any(others), f"rank 0 should write alone: {calls}, {others}"
    codes, continued = set(), set()
    for number, call in enumerate(calls, 1):
        fault = f"{number}:EIO:0 ({call})"
        outcome = faulty(tmp_path, ranks, f"{number}:EIO:0", word=SNAPSHOT)
        codes.add(outcome.code)
        assert outcome.code in (0, 4) or (outcome.code == CRASH_AT_EXIT and call in ("pwrite", "close")), \
            f"{fault}: exit code {outcome.code}\n{outcome.err}"
        if outcome.code == 0:  # such as the close of a folder that was synced
            assert not outcome.err and {path.name for path in outcome.snapshots()} == set(undisturbed_deflated), fault
        else:
            one_error(outcome, fault, f"{SNAPSHOT}.h5 cannot be written: ", "Input/output error")
            assert checkpoints(outcome.directory) == ["checkpoint_000004.h5"], f"{fault}: {checkpoints(outcome.directory)}"
        assert not list(outcome.directory.glob(".*.part")), f"{fault}: a .part file is left"
        only_whole(tmp_path, undisturbed_deflated, fault)
        if (call, outcome.code) not in continued:
            continued.add((call, outcome.code))
            continues_deflated(tmp_path, undisturbed_deflated, fault, 3 - ranks)
    assert 4 in codes


@pytest.mark.parametrize("ranks,action", [(1, "kill"), (2, "kill"), (2, "killothers")])
def test_killed_within_a_compressed_snapshot_it_can_be_continued(tmp_path, traced_calls, undisturbed_deflated, ranks, action):
    continued = set()
    for number, call in enumerate(traced_calls(ranks, SNAPSHOT)[0], 1):
        fault = f"{number}:{action}:0 ({call})"
        outcome = faulty(tmp_path, ranks, f"{number}:{action}:0", word=SNAPSHOT)
        assert outcome.code != 0, f"{fault}: no rank was killed"
        assert checkpoints(outcome.directory) == ["checkpoint_000004.h5"], f"{fault}: {checkpoints(outcome.directory)}"
        only_whole(tmp_path, undisturbed_deflated, fault)
        if call not in continued:
            continued.add(call)
            continues_deflated(tmp_path, undisturbed_deflated, fault, 3 - ranks)


def on_tmpfs(tmp_path, ranks: int, script: str) -> str:
    """Run a shell script in which `out` is a file system in memory and `run ARGUMENTS` runs the case; return its stderr."""
    program = f"timeout -k 5 60 {' '.join(MPIEXEC)} -n {ranks} {HEAT2D} case.yaml --output out --quiet"
    words = f"mount -t tmpfs -o size=1m none out || exit 99\nrun() {{ {program} \"$@\"; }}\n{script}"
    (tmp_path / "out").mkdir()
    done = execute(["unshare", "--mount", "sh", "-c", words], tmp_path, ranks, timeout=240)
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize("ranks", [1, 2])
def test_full_disk_within_a_compressed_snapshot(tmp_path, undisturbed_deflated, ranks):
    """The disk is full after the first checkpoint: it has space for the record, but not for the snapshot."""
    write_case(tmp_path, deflated())
    err = on_tmpfs(tmp_path, ranks, """
        run --set time.steps=4 || exit 98
        free=$(df --output=avail -k out | tail -1); head -c $(((free - 32) * 1024)) /dev/zero > out/ballast
        run --restart latest 2> message; echo $? > full
        cp out/results.json .; ls -a out > names; rm out/ballast
        run --restart latest; echo $? > room; cp out/snapshot_*.h5 .""")
    assert (tmp_path / "full").read_text() == "4\n", err
    outcome = Outcome(4, "", (tmp_path / "message").read_text(), tmp_path)
    one_error(outcome, "full disk", f"{SNAPSHOT}.h5 cannot be written: ", "No space left on device")
    names = (tmp_path / "names").read_text().split()
    assert "checkpoint_000004.h5" in names and f"{SNAPSHOT}.h5" not in names, names
    assert not [name for name in names if name.endswith(".part")], names
    assert (tmp_path / "room").read_text() == "0\n", err
    for name, data in undisturbed_deflated.items():  # also that of step 4, at which the first run ended
        assert (tmp_path / name).read_bytes() == data, name


@pytest.mark.parametrize("ranks", [1, 2])
def test_folder_that_cannot_be_written_to_is_refused_and_left_alone(tmp_path, undisturbed, ranks):
    """The folder is on a file system that is mounted read-only, to which even root cannot write."""
    write_case(tmp_path, case())
    err = on_tmpfs(tmp_path, ranks, """
        run --set time.steps=4 || exit 98
        mount -o remount,ro out || exit 97; ls -la out > before
        run 2> fresh; echo $? > fresh_code
        run --restart latest 2> again; echo $? > again_code
        ls -la out > after; mount -o remount,rw out
        run --restart latest; echo $? > room; cp out/snapshot_000012.h5 .""")
    for name in ("fresh", "again"):
        assert (tmp_path / f"{name}_code").read_text() == "4\n", name
        lines = (tmp_path / name).read_text().splitlines()
        assert len(lines) == 1 and lines[0].startswith("heat2d: error: out cannot be used as the output folder: "), lines
        assert "Read-only file system" in lines[0], lines
    assert (tmp_path / "before").read_text() == (tmp_path / "after").read_text()
    assert (tmp_path / "room").read_text() == "0\n", err
    assert (tmp_path / "snapshot_000012.h5").read_bytes() == undisturbed


# ---- whole folders and file systems ---------------------------------------------------------------------


def test_file_system_that_fills_up(tmp_path, undisturbed):
    """A file system in memory is full after the first checkpoint, which stays; with free space again a restart continues."""
    write_case(tmp_path, case())
    err = on_tmpfs(tmp_path, 2, """
        run --set time.steps=4 || exit 98
        head -c 650000 /dev/zero > out/ballast
        run --restart latest; echo $? > full; cp out/results.json .; ls -a out > names; rm out/ballast
        run --restart latest; echo $? > room; cp out/snapshot_000012.h5 .""")
    assert (tmp_path / "full").read_text() == "4\n", err  # the last snapshot cannot be written: an error, not a warning
    names = (tmp_path / "names").read_text().split()
    assert "checkpoint_000004.h5" in names and not [name for name in names if name.endswith(".part")], names
    assert f"{HIT}.h5 cannot be written: No space left on device: it needs" in err, err
    # The run itself is complete, so that the lost file is a warning, and the code and the record say so.
    assert "the newest checkpoint is still that of step 4" in err and "heat2d: error:" not in err, err
    record = Outcome(4, "", "", tmp_path).results
    assert record["status"] == "error" and "snapshot_000012.h5 cannot be written: No space left" in record["error"], record
    assert (tmp_path / "room").read_text() == "0\n", err
    assert (tmp_path / "snapshot_000012.h5").read_bytes() == undisturbed


@pytest.mark.parametrize("ranks", [1, 2])
def test_disk_is_probed_once_and_need_not_be(tmp_path, ranks):
    """The record has the probe's rates.  If a call of the probe fails, there is one warning, and all checkpoints are written."""
    write_case(tmp_path, case() | {"checkpoint": {"every": 4, "keep": 3, "probe": True}})
    whole = must(faulty(tmp_path, ranks, log=tmp_path / "log", word=".probe.part"))
    disk, written = whole.results["io"]["probe"], whole.results["io"]["checkpoints"]
    assert disk["bytes"] == 8 * 23 * 17 and disk["write_bandwidth"] > 0 and disk["read_bandwidth"] > 0
    assert abs(written["probe_ratio"] * disk["write_bandwidth"] / written["durable_bandwidth"] - 1) < 1e-12
    assert not whole.err and not list(whole.directory.glob("*probe*")), whole.err
    calls = [line.split()[1] for line in (tmp_path / "log").read_text().splitlines() if line.startswith("0 ")]
    assert calls.count("fallocate") == 1 and "pwrite" in calls and "fsync" in calls, calls
    for number in (k for k, call in enumerate(calls, 1) if call in ("fallocate", "pwrite", "fsync")):
        outcome = must(faulty(tmp_path, ranks, f"{number}:EIO:0", word=".probe.part"))
        assert outcome.err.count("heat2d:") == 1 and "the disk cannot be probed in out: " in outcome.err, outcome.err
        assert len(checkpoints(outcome.directory)) == 3 and not list(outcome.directory.glob("*probe*"))
        assert outcome.results["io"]["probe"]["write_bandwidth"] is None
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", "time.steps=16", ranks=ranks))
    back = again.results["io"]["restart"]
    assert back["bytes"] == (tmp_path / "out" / "checkpoint_000012.h5").stat().st_size and back["bandwidth"] > 0 < back["probe_ratio"]


@pytest.mark.parametrize("ranks", [1, 2])
def test_folder_that_vanishes(tmp_path, ranks):
    """The folder is moved away: checkpoints are skipped with warnings until a file must be written, which is one error."""
    write_case(tmp_path, case())
    process = subprocess.Popen(["timeout", "-k", "5", "60", *MPIEXEC, "-n", str(ranks), HEAT2D, "case.yaml", "--output", "gone",
                                "--quiet", "--set", "time.steps=2000000", "--set", "checkpoint.every=2000"], cwd=tmp_path,
                               env=environment(ranks), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not checkpoints(tmp_path / "gone") and process.poll() is None:
        pass
    shutil.move(tmp_path / "gone", tmp_path / "away")
    _, err = process.communicate(timeout=90)
    assert process.returncode == 4, (process.returncode, err)
    assert err.count("heat2d: error:") == 1, err  # none about the record, which cannot be written either
    assert not list(tmp_path.rglob("results.json"))
    assert execute([HEAT2D, "inspect", f"away/{checkpoints(tmp_path / 'away')[0]}"], tmp_path).returncode == 0

"""Checkpoints through faults: one call of one rank fails, or a rank is killed there, at every stage of the commit.

A run of twelve steps writes checkpoints at 4, 8 and 12.  The fault hits the second one.  Whatever it is: no hang,
the first checkpoint stays, and what can be continued from ends with the bytes of an undisturbed run.
"""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from heat2d_case import HEAT2D, MPIEXEC, Outcome, environment, execute, run, write_case
from test_restart import checkpoints, heated, must

HIT = "checkpoint_000008"
# Inside HDF5's own close: 1.10 crashes at exit when that fails, though all is written (io/README.md).
CRASH_AT_EXIT = 11

pytestmark = pytest.mark.skipif("HEAT2D_FAULTS" not in os.environ, reason="made without the library of faults")


def case() -> dict:
    return heated("ftcs", time={"scheme": "ftcs", "step": 2.5e-5, "steps": 12}, checkpoint={"every": 4, "keep": 2},
                  output={"snapshots": {"every": 12}, "history": {"every": 4}})


def faulty(directory: Path, ranks: int, fault: str = "", log: Path | None = None) -> Outcome:
    shutil.rmtree(directory / "out", ignore_errors=True)
    env = environment(ranks)
    preload = ":".join(filter(None, [os.environ["HEAT2D_FAULTS"], env.pop("LD_PRELOAD", "")]))
    words = [f"LD_PRELOAD={preload}", f"HEAT2D_FAULT_PATH={HIT}"]
    words += [f"HEAT2D_FAULT={fault}"] if fault else []
    words += [f"HEAT2D_FAULT_LOG={log}"] if log else []
    done = subprocess.run(["timeout", "-k", "5", "60", *MPIEXEC, "-n", str(ranks), "env", *words, HEAT2D, "case.yaml",
                           "--output", "out", "--quiet"], cwd=directory, env=env, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    assert done.returncode not in (124, 137) or "kill" in fault, f"{fault}: a hang\n{done.stderr}"
    return Outcome(done.returncode, done.stdout, done.stderr, directory / "out")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> bytes:
    outcome = must(run(tmp_path_factory.mktemp("straight"), case(), "--quiet"))
    return (outcome.directory / "snapshot_000012.h5").read_bytes()


@pytest.fixture
def stages(tmp_path):
    """A function that gives the calls of each rank on the second checkpoint, by name, in order."""
    def get(ranks: int) -> list[list[str]]:
        write_case(tmp_path, case())
        must(faulty(tmp_path, ranks, log=tmp_path / "log"))
        lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
        return [[call for rank, call, _ in lines if int(rank) == which] for which in range(ranks)]
    return get


def continues(tmp_path, undisturbed: bytes, fault: str, ranks: int = 1) -> None:
    """From what is left, on another number of ranks."""
    for file in (tmp_path / "out").glob("snapshot_*.h5"):
        file.unlink()
    again = run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", ranks=ranks)
    assert again.code == 0, f"{fault}: {again.err}"
    assert (tmp_path / "out" / "snapshot_000012.h5").read_bytes() == undisturbed, f"{fault}: other bytes"


def warned_or_written(outcome: Outcome, fault: str) -> None:
    """The checkpoint is there and nobody said a word, or it is not, and one line says so; its folder may not be synced."""
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
    assert not list(outcome.directory.glob(".*.part")), f"{fault}: a part stays behind"


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("action", ["EIO", "EINTR"])
def test_run_goes_on_whichever_call_fails(tmp_path, stages, undisturbed, action, ranks):
    codes = set()
    for rank, calls in enumerate(stages(ranks)):
        assert len(calls) > 5, calls
        for number, call in enumerate(calls, 1):
            fault = f"{number}:{action}:{rank}"
            outcome = faulty(tmp_path, ranks, fault)
            codes.add(outcome.code)
            assert outcome.code == 0 or (outcome.code == CRASH_AT_EXIT and call in ("pwrite", "close")), \
                f"{fault} ({call}): exit code {outcome.code}\n{outcome.err}"
            warned_or_written(outcome, f"{fault} ({call})")
            assert (outcome.directory / "snapshot_000012.h5").read_bytes() == undisturbed, f"{fault} ({call})"
    assert 0 in codes


def test_interrupted_calls_of_ours_are_tried_again(tmp_path, stages):
    """The truncate, and the last four fsyncs: of the file, of its folder, of the manifest, of the folder again."""
    (calls,) = stages(1)
    ours = [k for k, call in enumerate(calls, 1) if call == "truncate"]
    ours += [k for k, call in enumerate(calls, 1) if call == "fsync"][-4:]
    assert len(ours) == 5, calls
    for number in ours:
        outcome = must(faulty(tmp_path, 1, f"{number}:EINTR:0"))
        assert f"{HIT}.h5" in checkpoints(outcome.directory) and not outcome.err, f"{calls[number - 1]}: {outcome.err}"


def test_short_writes_are_gone_on_with(tmp_path, stages, undisturbed):
    for rank, calls in enumerate(stages(2)):
        for number in (k for k, call in enumerate(calls, 1) if call == "pwrite"):
            outcome = must(faulty(tmp_path, 2, f"{number}:short:{rank}"))
            assert f"{HIT}.h5" in checkpoints(outcome.directory) and not outcome.err, outcome.err
            inspected = execute([HEAT2D, "inspect", f"out/{HIT}.h5"], tmp_path)
            assert inspected.returncode == 0, f"{number} of rank {rank}: {inspected.stdout}{inspected.stderr}"


def flips(calls: list[str]) -> list[int]:
    return [number for number, call in enumerate(calls, 1) if call == "pwrite"]


def test_bit_that_changes_on_the_way_to_the_disk_is_noticed(tmp_path, stages, undisturbed):
    """A lying disk: rows are read back by the other rank than wrote them, the bookkeeping by rank 0."""
    rows = set()
    for rank, calls in enumerate(stages(2)):
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


@pytest.mark.parametrize("verify", ["none", "sample", "full"])
def test_how_much_is_read_back(tmp_path, undisturbed, verify):
    """A grid of more rows than a sample has: the row in the middle is none of it.  What was not read back, the restart finds."""
    write_case(tmp_path, {**case(), "grid": {"cells": [5, 601], "x": [0.0, 1.0], "y": [0.0, 99.0]},
                          "checkpoint": {"every": 4, "keep": 2, "verify": verify}})
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


@pytest.mark.parametrize("ranks,action", [(1, "kill"), (2, "kill"), (2, "killall")])
def test_killed_at_any_stage_it_can_be_continued(tmp_path, stages, undisturbed, ranks, action):
    for rank, calls in enumerate(stages(ranks)):
        for number, call in enumerate(calls, 1):
            fault = f"{number}:{action}:{rank}"
            outcome = faulty(tmp_path, ranks, fault)
            assert outcome.code != 0, f"{fault} ({call}): nobody was killed"
            names = checkpoints(outcome.directory)
            assert names in (["checkpoint_000004.h5"], ["checkpoint_000004.h5", f"{HIT}.h5"]), f"{fault} ({call}): {names}"
            for name in names:
                whole = execute([HEAT2D, "inspect", f"out/{name}"], tmp_path)
                assert whole.returncode == 0, f"{fault} ({call}): {name}: {whole.stderr}"
            continues(tmp_path, undisturbed, f"{fault} ({call})")
            assert not list((tmp_path / "out").glob(".*.part")), f"{fault} ({call})"


def test_full_disk_while_the_others_write(tmp_path, stages, undisturbed):
    """No space for one rank's rows, though they were reserved."""
    rows = stages(2)[1].index("pwrite") + 1
    outcome = must(faulty(tmp_path, 2, f"{rows}:ENOSPC:1"))
    warned_or_written(outcome, "ENOSPC")
    assert "No space left on device" in outcome.err and f"{HIT}.h5" not in checkpoints(outcome.directory)


def test_file_system_that_fills_up(tmp_path, undisturbed):
    """A memory file system, full after the first checkpoint: it stays, and with room again the run goes on from it."""
    write_case(tmp_path, case())
    program = f"{' '.join(MPIEXEC)} -n 2 {HEAT2D} case.yaml --output out --quiet"
    script = f"""mount -t tmpfs -o size=1m none out || exit 99
        {program} --set time.steps=4 || exit 98
        head -c 650000 /dev/zero > out/ballast
        {program} --restart latest; echo $? > full; ls -a out > names; rm out/ballast
        {program} --restart latest; echo $? > room; cp out/snapshot_000012.h5 ."""
    (tmp_path / "out").mkdir()
    done = execute(["unshare", "--mount", "sh", "-c", script], tmp_path, 2)
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert (tmp_path / "full").read_text() == "4\n", done.stderr  # the last snapshot is lost: an error, not a warning
    names = (tmp_path / "names").read_text().split()
    assert "checkpoint_000004.h5" in names and not [name for name in names if name.endswith(".part")], names
    assert f"{HIT}.h5 cannot be written: No space left on device: it needs" in done.stderr, done.stderr
    assert "the newest checkpoint is still that of step 4" in done.stderr and done.stderr.count("heat2d: error:") == 1
    assert (tmp_path / "room").read_text() == "0\n", done.stderr
    assert (tmp_path / "snapshot_000012.h5").read_bytes() == undisturbed


@pytest.mark.parametrize("ranks", [1, 2])
def test_folder_that_vanishes(tmp_path, ranks):
    """Somebody moves it away: checkpoints are skipped until something must be written, which is one error."""
    write_case(tmp_path, case())
    process = subprocess.Popen(["timeout", "-k", "5", "60", *MPIEXEC, "-n", str(ranks), HEAT2D, "case.yaml", "--output", "gone",
                                "--quiet", "--set", "time.steps=2000000", "--set", "checkpoint.every=2000"], cwd=tmp_path,
                               env=environment(ranks), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while not checkpoints(tmp_path / "gone") and process.poll() is None:
        pass
    shutil.move(tmp_path / "gone", tmp_path / "away")
    _, err = process.communicate(timeout=90)
    assert process.returncode == 4, (process.returncode, err)
    assert err.count("heat2d: error:") == 1, err
    assert execute([HEAT2D, "inspect", f"away/{checkpoints(tmp_path / 'away')[0]}"], tmp_path).returncode == 0

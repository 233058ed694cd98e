"""The manifest beside a checkpoint and the seal at its end.  Damaged bookkeeping is found before HDF5 parses a byte of it."""
from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from heat2d_case import Outcome, command, execute, run
from test_restart import checkpoints, heated, must

NAME = "checkpoint_000040"


@pytest.fixture(scope="module")
def straight(tmp_path_factory) -> Path:
    """Return the folder of a finished run with checkpoints of steps 32 and 40."""
    return must(run(tmp_path_factory.mktemp("straight"), heated("ftcs"), "--quiet", ranks=2)).directory


@pytest.fixture
def out(straight, tmp_path) -> Path:
    return Path(shutil.copytree(straight, tmp_path / "out"))


def inspect(path: Path, ranks: int = 1) -> Outcome:
    done = execute(command(None, ranks, ("inspect", path.name)), path.parent, ranks, timeout=60)
    return Outcome(done.returncode, done.stdout, done.stderr, path.parent)


def restart(tmp_path: Path, *words: str, ranks: int = 1, latest: str = "latest") -> Outcome:
    return run(tmp_path, heated("ftcs"), "--quiet", "--restart", latest, *words, ranks=ranks)


# ---- the manifest ---------------------------------------------------------------------------------------


def test_manifest_records_who_wrote_the_checkpoint_and_how(straight):
    manifest = json.loads((straight / f"{NAME}.json").read_text())
    assert manifest["schema"] == "heat2d manifest 1" and manifest["file"] == f"{NAME}.h5"
    assert manifest["bytes"] == (straight / f"{NAME}.h5").stat().st_size
    assert (manifest["step"], manifest["ranks"], manifest["nodes"], manifest["verified"]) == (40, 2, 1, "full")
    assert manifest["program"].startswith("heat2d ") and manifest["written"].endswith("Z")
    assert manifest["processes"][0] * manifest["processes"][1] == 2
    seconds = manifest["seconds"]
    parts = [seconds[key] for key in ("open", "exchange", "write", "close", "sync", "verify")]
    assert all(part >= 0.0 for part in parts) and 0.0 < max(parts) < seconds["all"]
    told = inspect(straight / f"{NAME}.h5")
    assert f"by {manifest['program']} on 2 ranks, {manifest['written']}" in told.out and not told.err, told.out
    assert any(line.split() == ["seal", "ok"] for line in told.out.splitlines()), told.out


def test_manifests_go_with_their_checkpoints(tmp_path, straight):
    """Manifests are deleted and moved with their checkpoints: older ones, unfinished_NNN, abandoned_NNN, a finished run's."""
    def manifests(folder: Path) -> list[str]:
        return sorted(path.name for path in folder.glob("*.json") if path.name != "results.json")

    def complete(folder: Path, n: int) -> bool:
        return len(checkpoints(folder)) == n and manifests(folder) == [name.replace(".h5", ".json") for name in checkpoints(folder)]

    out = Path(shutil.copytree(straight, tmp_path / "out"))
    assert complete(out, 2)
    must(restart(tmp_path, latest="out/checkpoint_000032.h5"))
    assert complete(out, 2) and complete(out / "abandoned_001", 1)
    (out / "results.json").unlink()
    must(run(tmp_path, heated("ftcs"), "--quiet", "--set", "time.steps=3"))
    assert complete(out / "unfinished_001", 2) and complete(out, 1)


def test_restart_needs_no_manifest(tmp_path, out):
    (out / f"{NAME}.json").unlink()
    assert not must(restart(tmp_path, "--set", "time.steps=41")).err
    assert "written    by an unknown program: no readable manifest" in inspect(out / f"{NAME}.h5").out


STALE = {
    "other step": lambda text, out: text.replace('"step":\t40', '"step":\t41'),
    "of an older file": lambda text, out: (out / "checkpoint_000032.json").read_text(),
    "other size": lambda text, out: text.replace('"bytes":\t', '"bytes":\t1'),
    "other bookkeeping": lambda text, out: text.replace('"bookkeeping":\t"0x', '"bookkeeping":\t"0x1'),
    "no JSON": lambda text, out: text[: len(text) // 2],
    "other JSON": lambda text, out: "[1, 2]",
    "empty": lambda text, out: "",
}


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("kind", STALE)
def test_stale_or_foreign_manifest_is_reported_and_the_checkpoint_used(tmp_path, out, straight, kind, ranks):
    path = out / f"{NAME}.json"
    text = path.read_text()
    path.write_text(STALE[kind](text, out))
    assert path.read_text() != text
    outcome = must(restart(tmp_path, "--set", "time.steps=41", ranks=ranks))
    assert outcome.err.count("heat2d:") == 1 and f"{NAME}.json describes another file" in outcome.err, outcome.err
    assert outcome.results["restarts"][0]["step"] == 40
    told = inspect(out / f"{NAME}.h5")
    assert told.code == 0 and told.err.count("describes another file") == 1, told.err


def test_manifest_of_other_values_is_found_by_inspect(out):
    """The manifest's checkpoint differs in the values alone, so only reading them shows that it is another file."""
    path = out / f"{NAME}.json"
    path.write_text(path.read_text().replace('"values":\t"0x', '"values":\t"0x1'))
    assert "the checksum of its checkpoint's values is another one" in inspect(out / f"{NAME}.h5", ranks=2).err


def test_manifest_that_cannot_be_written_is_one_warning(tmp_path):
    (tmp_path / "out" / f"{NAME}.json" / "in the way").mkdir(parents=True)
    outcome = must(run(tmp_path, heated("ftcs"), "--quiet", ranks=2))
    assert outcome.err.count("heat2d: warning: the manifest of out/checkpoint_000040.h5 cannot be written: ") == 1, outcome.err
    assert outcome.err.count("heat2d:") == 1 and inspect(outcome.directory / f"{NAME}.h5").code == 0


# ---- the seal -------------------------------------------------------------------------------------------


def values(path: Path) -> list[tuple[int, int]]:
    """Return the extents that the seal leaves out, read as io/README.md describes them."""
    data = path.read_bytes()
    assert data[-56:-40] == b"heat2d metadata\n"
    n, length = (int.from_bytes(data[at:at + 8], "little") for at in (len(data) - 32, len(data) - 24))
    words = [int.from_bytes(data[length + 8 * k:length + 8 * k + 8], "little") for k in range(2 * n)]
    return list(zip(words[::2], words[1::2]))


def test_sweep_over_the_bookkeeping(tmp_path, out):
    """Some bytes of every region of the bookkeeping are changed at random; each file is refused with code 4 and heat2d's
    message, on one and two ranks."""
    path = out / f"{NAME}.h5"
    whole, extents = path.read_bytes(), values(path)
    assert sum(n for _, n in extents) == 8 * 23 * 17 + 8 * 17, "the extents must be the values and their checksums"
    outside = [at for at in range(len(whole) - 56) if not any(start <= at < start + n for start, n in extents)]
    picks = random.Random(5).sample(outside, 36) + [0, 8, outside[-1]]
    for k, at in enumerate(sorted(picks)):
        data = bytearray(whole)
        data[at] ^= 1 << (at % 8)
        path.write_bytes(data)
        told = inspect(path, ranks=1 + k % 2)
        assert told.code == 4 and told.err.count("heat2d: error:") == 1, f"byte {at}: {told.code} {told.err}"
        assert "bookkeeping is damaged" in told.err or "the seal at its end is damaged" in told.err, f"byte {at}: {told.err}"


@pytest.mark.parametrize("ranks", [1, 3])
def test_damaged_bookkeeping_is_passed_over(tmp_path, out, straight, ranks):
    path = out / f"{NAME}.h5"
    data = bytearray(path.read_bytes())
    data[60] ^= 1
    path.write_bytes(data)
    outcome = must(restart(tmp_path, ranks=ranks))
    assert f"{NAME}.h5 is passed over: its bookkeeping is damaged" in outcome.err, outcome.err
    assert outcome.results["restarts"][0]["step"] == 32
    assert (out / f"{NAME}.h5").read_bytes() == (straight / f"{NAME}.h5").read_bytes()


def test_one_byte_less_or_more_is_noticed(tmp_path, out):
    path = out / f"{NAME}.h5"
    whole = path.read_bytes()
    for data in (whole[:-1], whole + b"\0"):
        path.write_bytes(data)
        told = inspect(path)
        assert told.code == 4 and "the seal at its end is damaged or cut short" in told.err, told.err

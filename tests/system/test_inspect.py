"""`heat2d inspect` prints the contents of good files and names damaged rows, on any number of ranks."""
from __future__ import annotations

import h5py
import numpy as np
import pytest
from heat2d_case import Outcome, basic_case, command, execute, run

NX, NY = 7, 9


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a finished run: a snapshot with two fields, and a checkpoint."""
    path = tmp_path_factory.mktemp("made")
    case = basic_case(grid={"cells": [NX, NY], "x": [0.0, 0.7], "y": [-1.0, 0.8]}, title="bars of two kinds",
                      time={"scheme": "backward-euler", "step": 0.1, "steps": 4}, initial={"temperature": "1+sin(5*x)*cos(7*y)"},
                      output={"snapshots": {"every": 4}, "fields": ["temperature", "material"]}, checkpoint={"every": 4})
    assert run(path, case, "--quiet", ranks=2).code == 0
    return path / "out"


def inspect(tmp_path, *words: str, ranks: int = 1) -> Outcome:
    done = execute(command(None, ranks, ("inspect", *words)), tmp_path, ranks, timeout=60)
    return Outcome(done.returncode, done.stdout, done.stderr, tmp_path)


def spoiled(folder, tmp_path, name: str, rows: list[int], dataset: str = "temperature") -> str:
    """Make a copy of a file with one bit flipped in each of these rows, and return its name."""
    data = bytearray((folder / name).read_bytes())
    with h5py.File(folder / name, "r") as file:
        values = file[dataset][...]
        begin = file[dataset].id.get_offset()
    for row in rows:
        data[begin + row * values[0].nbytes + 3] ^= 16
    (tmp_path / name).write_bytes(data)
    return str(tmp_path / name)


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_contents_of_a_file_are_printed(folder, tmp_path, ranks):
    outcome = inspect(tmp_path, str(folder / "snapshot_000004.h5"), ranks=ranks)
    assert outcome.code == 0 and not outcome.err, outcome.err
    with h5py.File(folder / "snapshot_000004.h5", "r") as file:
        T = file["temperature"][...]
    text = outcome.out
    for words in ("snapshot, format version 1", "bars of two kinds", "4, t = 0.4 s",
                  "7 x 9 cells, x from 0 to 0.7 m, y from -1 to 0.8 m"):
        assert words in text, text
    (row,) = (line.split() for line in text.splitlines() if line.split()[:1] == ["temperature"])
    assert row[-2:] == ["0", "ok"], row
    assert np.allclose([float(row[-4]), float(row[-3])], [T.min(), T.max()], rtol=1e-8)
    assert any(line.split()[:1] == ["material"] for line in text.splitlines()), text
    assert not list(tmp_path.iterdir()), "something was written"


def test_several_files_and_quiet(folder, tmp_path):
    files = [str(folder / name) for name in ("snapshot_000004.h5", "checkpoint_000004.h5")]
    assert [line for line in inspect(tmp_path, *files).out.splitlines() if line.endswith(".h5")] == files
    assert inspect(tmp_path, "--quiet", *files).out == ""


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("name", ["snapshot_000004.h5", "checkpoint_000004.h5"])
def test_damaged_rows_are_named(folder, tmp_path, name, ranks):
    one = inspect(tmp_path, "--quiet", spoiled(folder, tmp_path, name, [5]), ranks=ranks)
    assert one.code == 4 and one.err.count("heat2d: error:") == 1, one.err
    assert f"{name}: temperature: row 5 is damaged" in one.err
    more = inspect(tmp_path, spoiled(folder, tmp_path, name, [0, 3, 8]), ranks=ranks)
    assert more.code == 4 and "temperature: 3 rows from 0 to 8 are damaged" in more.err, more.err
    assert "3 rows from 0 to 8 are damaged" in more.out


def test_damage_in_the_other_field_is_that_fields(folder, tmp_path):
    outcome = inspect(tmp_path, "--quiet", spoiled(folder, tmp_path, "snapshot_000004.h5", [2], "material"))
    assert outcome.code == 4 and "material: row 2" in outcome.err and "temperature" not in outcome.err, outcome.err


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("kind", ["missing", "text", "short", "header"])
def test_what_is_no_whole_file_of_ours_is_refused(folder, tmp_path, kind, ranks):
    path = tmp_path / "bad.h5"
    data = bytearray((folder / "checkpoint_000004.h5").read_bytes())
    if kind == "text":
        data = bytearray(b"step,time\n")
    if kind == "short":
        data = data[:-1]
    if kind == "header":
        data[20] ^= 255
    if kind != "missing":
        path.write_bytes(data)
    outcome = inspect(tmp_path, str(path), ranks=ranks)
    assert outcome.code == 4 and outcome.err.count("heat2d: error:") == 1, outcome.err
    assert str(path) in outcome.err


@pytest.mark.parametrize("words", [[], ["--set", "title=x", "f.h5"], ["--restart", "latest", "f.h5"], ["--output", "d", "f.h5"],
                                   ["f.h5", "-ksp_typo", "1"]], ids=" ".join)
def test_words_without_a_meaning_are_refused(tmp_path, words):
    outcome = inspect(tmp_path, *words, ranks=2)
    assert outcome.code == 2 and outcome.err.count("heat2d: error:") == 1, outcome.err

"""What a run leaves behind, whatever happens to it: refused runs touch nothing, tables lose nothing without a word, a failure at the
very end costs the failed file alone."""
from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import struct
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from heat2d_case import HEAT2D, Outcome, basic_case, environment, run, write_case
from test_restart import checkpoints, must
from test_signals import Program

OUTPUT = {"snapshots": {"every": 2}, "history": {"every": 1}, "probes": [{"name": "a", "at": [0.5, 0.5]}],
          "profiles": [{"name": "line", "from": [0.1, 0.1], "to": [0.9, 0.9], "points": 3}]}
NEW_PROBE = "output.probes[1]={name: b, at: [0.1, 0.1]}"


def small(**sections) -> dict:
    """Return a case of twelve steps with every kind of file: snapshots, tables, checkpoints at 4, 8 and 12."""
    return basic_case(**{"time": {"scheme": "ftcs", "step": 1e-4, "steps": 12}, "output": OUTPUT,
                         "checkpoint": {"every": 4, "keep": 9}, **sections})


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def refused(tmp_path, code: int, *words: str, args: tuple[str, ...] = (), case: dict | Path | None = None, ranks: int = 1) -> None:
    """One error with the given words, and no byte of the output folder changed."""
    before = contents(tmp_path / "out") if (tmp_path / "out").exists() else None
    outcome = run(tmp_path, case or tmp_path / "case.yaml", "--quiet", *args, ranks=ranks)
    after = contents(tmp_path / "out") if (tmp_path / "out").exists() else None
    assert outcome.code == code, f"exit code {outcome.code}\n{outcome.err}"
    assert outcome.err.count("error:") == 1 and all(word in outcome.err for word in words), outcome.err
    assert before == after, f"changed: {sorted(set((before or {}).items()) ^ set((after or {}).items()))}"


# ---- a refused run has touched nothing --------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("name", ["history.csv", "probes.csv", "profile_line.csv"])
def test_restart_with_a_file_that_is_no_table_touches_nothing(tmp_path, name, ranks):
    must(run(tmp_path, small(), "--quiet"))
    (tmp_path / "out" / name).write_text("my own notes\n1,2,3\n")
    refused(tmp_path, 4, name, "not the header of a table", args=("--restart", "out/checkpoint_000004.h5"), ranks=ranks)


@pytest.mark.parametrize("restart", [(), ("--restart", "out/checkpoint_000004.h5")])
def test_folder_with_the_name_of_a_table_is_refused_before_anything_is_removed(tmp_path, restart):
    must(run(tmp_path, small(), "--quiet"))
    (tmp_path / "out" / "probes.csv").unlink()
    (tmp_path / "out" / "probes.csv").mkdir()
    refused(tmp_path, 4, "probes.csv", "it is a folder", args=restart)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("restart", [(), ("--restart", "out/checkpoint_000004.h5")])
@pytest.mark.parametrize("name", ["results.json", "snapshots.xdmf", "history.csv", ".results.json.part", ".history.csv.part", ".snapshot_000000.h5.part"])
def test_folder_with_a_name_that_every_run_writes_is_refused_before_anything_is_removed(tmp_path, name, restart, ranks):
    must(run(tmp_path, small(), "--quiet"))
    path = tmp_path / "out" / name
    path.unlink(missing_ok=True)
    path.mkdir()
    refused(tmp_path, 4, name, "is a folder; move it away", args=restart, ranks=ranks)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("change,key", [("time.steps=7", "time.steps"), ("time={scheme: ftcs, step: 1e-4, end: 7e-4}", "time.end"),
                                        ("time={scheme: bdf2, step: 1e-4, end: 7e-4}", "time.end")])
@pytest.mark.parametrize("restart", ["latest", "out/checkpoint_000008.h5"])
def test_end_before_the_checkpoint_is_refused(tmp_path, change, key, restart, ranks):
    must(run(tmp_path, small(), "--quiet"))
    refused(tmp_path, 2, f"{key}: found", "restart from an earlier checkpoint", args=("--restart", restart, "--set", change), ranks=ranks)


def test_end_at_the_checkpoint_is_no_end_before_it(tmp_path):
    """0.0008 is not 8 times 0.0001 in the last bit; the two count as one time."""
    must(run(tmp_path, small(), "--quiet"))
    for change in ("time.steps=8", "time={scheme: ftcs, step: 1e-4, end: 8e-4}"):
        again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000008.h5", "--set", change))
        assert again.results["status"] == "ok" and again.results["time"]["steps"] == 8


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("ranks", [1, 2])
def test_field_that_is_not_finite_is_refused_with_file_dataset_and_cell(tmp_path, value, ranks):
    must(run(tmp_path, small(), "--quiet"))
    field = np.ones((16, 24))
    field[3, 5] = field[15, 1] = value
    with h5py.File(tmp_path / "start.h5", "w") as file:
        file["/warm"] = field
    case = write_case(tmp_path, small(initial={"file": "start.h5", "dataset": "/warm"}), "other.yaml")
    refused(tmp_path, 4, "start.h5", "/warm", "not finite in 2 of its cells", "[3][5]", case=case, ranks=ranks)


def test_cells_that_are_not_finite_may_lie_under_a_region_with_a_temperature(tmp_path):
    """Other programs mark cells outside of their domain by NaN."""
    field = np.ones((16, 24))
    field[:, :3] = np.nan
    tmp_path.joinpath("out").mkdir()
    with h5py.File(tmp_path / "start.h5", "w") as file:
        file["/temperature"] = field
    regions = [{"material": "m"}, {"shape": "rectangle", "x": [0, 0.125], "y": [0, 1], "temperature": 4.0}]
    outcome = must(run(tmp_path, small(initial={"file": "start.h5"}, regions=regions), "--quiet"))
    assert outcome.field(0)[0, 0] == 4.0 and np.isfinite(outcome.field()).all()


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("where", ["command line", "environment"])
@pytest.mark.parametrize("option,name", [(("-history", "mine.log"), "mine.log"), (("-log_view", ":mine.log"), "mine.log"),
                                         (("-info", "mine.log"), "mine.log.0"), (("-history", "sub/mine.log"), "sub/mine.log"),
                                         (("-log_trace", "mine.log"), "mine.log.0")])
def test_files_of_petscs_options_are_those_of_before_after_a_refused_run(tmp_path, option, name, where, ranks, monkeypatch):
    """PETSc opens them while it is initialised, or writes them while it ends; a run that is accepted has them."""
    (tmp_path / "sub").mkdir()
    if where == "environment":
        monkeypatch.setenv("PETSC_OPTIONS", " ".join(option))
    words = option if where == "command line" else ()
    wrong = (*words, "--set", "time.steps=-1")
    outcome = run(tmp_path, small(), "--quiet", *wrong, ranks=ranks)
    assert outcome.code == 2 and not (tmp_path / "out").exists(), outcome.err
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["case.yaml"], left
    must(run(tmp_path, small(), "--quiet", "--set", "time.steps=2", *words, ranks=ranks))
    first = (tmp_path / name).read_bytes()
    for args, code in ((wrong, 2), ((*words, "--restart", "none.h5"), 4)):
        assert run(tmp_path, small(), "--quiet", *args, ranks=ranks).code == code
        if option[0] in ("-history", "-log_view"):
            assert (tmp_path / name).read_bytes() == first, f"{name} has changed"
        else:
            assert (tmp_path / name).read_bytes() == b"", f"{name}, which PETSc empties, has the output of a refused run"


def test_link_to_the_file_of_a_petsc_option_stays_after_a_refused_run(tmp_path):
    """PETSc creates the file that a link without a target points to; this file is removed, not the link."""
    (tmp_path / "link.log").symlink_to("made.log")
    assert run(tmp_path, small(), "--set", "time.steps=-1", "-history", "link.log").code == 2
    assert (tmp_path / "link.log").is_symlink() and not (tmp_path / "made.log").exists()


@pytest.mark.parametrize("name", ["/dev/stdout", "log"])
def test_message_of_a_refused_run_stays_in_the_file_of_its_history(tmp_path, name):
    """Both streams are redirected to the file that PETSc writes its history to."""
    with open(tmp_path / "log", "a") as log:
        done = subprocess.run([HEAT2D, "none.yaml", "-history", name], cwd=tmp_path, stdout=log, stderr=log, timeout=60, check=False)
    assert done.returncode == 2 and "heat2d: error: none.yaml: cannot be read" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("option,words", [
    (("-history", "none/mine.log"), ["-history: the file none/mine.log cannot be opened", "No such file"]),
    (("-history", "folder"), ["-history: the file folder cannot be opened", "directory"]),
    (("-log_trace", "none/mine.log"), ["-log_trace: the file none/mine.log.0 cannot be opened"]),
    (("-info", "none/mine.log"), ["-info: the file none/mine.log.0 cannot be opened"]),
    (("-log_view", "none"), ["PETSc cannot do at the end", "none"]),
    (("-log_view", ":none/mine.log"), ["PETSc cannot do at the end", "none/mine.log"]),
    (("-malloc_view", "none/mine.log"), ["PETSc cannot do at the end", "none/mine.log"])], ids=lambda value: "_".join(value))
def test_file_that_petsc_cannot_open_is_one_message(tmp_path, option, words, ranks):
    """PETSc fails on rank 0 alone for some of them. mpiexec may drop a message that has just been printed: several runs."""
    (tmp_path / "folder").mkdir()
    for _ in range(3):
        outcome = run(tmp_path, small(), "--quiet", *option, ranks=ranks)
        assert outcome.code == 2 and outcome.err.count("heat2d: error:") == 1, outcome.err
        for word in words:
            assert word in outcome.err, outcome.err


@pytest.mark.parametrize("ranks", [1, 2])
def test_other_files_stay_as_they_are_where_petsc_cannot_open_one(tmp_path, ranks):
    """PETSc has emptied none of them yet, and a file that was made to see whether it can be opened is removed."""
    for rank in range(ranks):
        (tmp_path / f"mine.log.{rank}").write_text("earlier\n")
    assert run(tmp_path, small(), "--quiet", "-info", "mine.log", "-history", "none/h.log", ranks=ranks).code == 2
    assert all((tmp_path / f"mine.log.{rank}").read_text() == "earlier\n" for rank in range(ranks))
    assert run(tmp_path, small(), "--quiet", "-history", "h.log", "-info", "none/mine.log", ranks=ranks).code == 2
    assert not (tmp_path / "h.log").exists()


def test_lines_of_another_program_stay_in_the_history_of_a_refused_run(tmp_path):
    """The case comes through a pipe, so that the other program writes after PETSc and before the run is refused."""
    log = tmp_path / "mine.log"
    log.write_text("earlier\n")
    with subprocess.Popen([HEAT2D, "/dev/stdin", "-history", "mine.log"], cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        end = time.monotonic() + 60
        while "with options" not in log.read_text() and time.monotonic() < end:
            time.sleep(0.01)
        with open(log, "a") as other:
            other.write("of another program\n")
        _, said = process.communicate("grid: 5\n", timeout=60)
    assert process.returncode == 2 and "heat2d: error:" in said
    assert log.read_text().startswith("earlier\n") and "\nof another program\n" in log.read_text()


# ---- columns ----------------------------------------------------------------------------------------------

GLASS = {"materials": [{"name": name, "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0}
                       for name in ("glass", "low_gap", "glass_low", "gap")],
         "regions": [{"material": "glass"}, *({"shape": "rectangle", "x": [x, x + 0.25], "y": [0.0, 1.0], "material": name}
                                              for x, name in ((0.25, "low_gap"), (0.5, "glass_low"), (0.75, "gap")))]}


def with_output(**keys) -> dict:
    return small(output={**OUTPUT, **keys})


@pytest.mark.parametrize("ranks", [1, 2])
def test_two_columns_of_one_name_are_refused(tmp_path, ranks):
    case = {**with_output(interfaces=[["glass", "low_gap"], ["glass_low", "gap"]]), **GLASS}
    refused(tmp_path, 2, "case.yaml:", "output.interfaces[1]", "heat_glass_low_gap", "output.interfaces[0]", case=case, ranks=ranks)
    assert not (tmp_path / "out").exists()


def test_region_with_the_column_of_an_interface_or_of_every_run_is_refused(tmp_path):
    materials = [{"name": name, "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0} for name in ("m", "left", "0")]
    regions = [{"material": "m"}, {"shape": "rectangle", "x": [0.2, 0.4], "y": [0.2, 0.4], "material": "left"},
               {"shape": "rectangle", "x": [0.4, 0.6], "y": [0.2, 0.4], "material": "0"}]
    sides = {"left": [{"type": "insulated", "to": 0.5}, {"type": "insulated"}]}
    case = {**with_output(interfaces=[["left", "0"]]), "materials": materials, "regions": regions, "boundary": sides}
    refused(tmp_path, 2, "output.interfaces[0]", "heat_left_0", "boundary", case=case)


def test_long_names_are_not_cut(tmp_path):
    names = ["n" * 200 + "1", "n" * 200 + "2"]
    regions = [{"material": "m", "temperature": 1.0},
               *({"shape": "rectangle", "x": [x, x + 0.2], "y": [0.2, 0.4], "name": name, "temperature": 2.0}
                 for x, name in ((0.2, names[0]), (0.6, names[1])))]
    outcome = must(run(tmp_path, small(regions=regions, initial=None), "--quiet"))
    assert {f"mean_{name}" for name in names} < set(outcome.table("history.csv"))


@pytest.mark.parametrize("name,words", [("a\\nb", "control character"), ("a\\tb", "control character"), (" a", "blank"),
                                        ("a ", "blank"), ("a\\x01b", "control character"),
                                        ("\\u202egpj", "changes the order"), ("a\\u2028b", "the line of what follows")])
@pytest.mark.parametrize("key", ["materials[0].name", "regions[0].name", "output.probes[0].name"])
def test_names_that_would_break_a_table_are_refused(tmp_path, key, name, words):
    """The name is a double-quoted YAML text with the escape in it."""
    regions = [{"material": "m", "name": "all"}]
    refused(tmp_path, 2, f"{key}: ", words, case=small(regions=regions), args=("--set", f'{key}="{name}"'))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
def test_probe_with_the_name_of_a_formula_is_refused(tmp_path, name):
    refused(tmp_path, 2, "output.probes[0].name", "formula", case=small(), args=("--set", f'output.probes[0].name="{name}"'))


def test_region_with_commas_and_quotes_is_quoted(tmp_path):
    """RFC 4180, as Python's csv module reads it."""
    regions = [{"material": "m", "name": 'left, "outer" part', "temperature": 1.0}]
    outcome = must(run(tmp_path, small(regions=regions, initial=None), "--quiet"))
    assert list(outcome.table("history.csv"))[-3:] == [f'{kind}_left, "outer" part' for kind in ("min", "mean", "max")]


# ---- other columns at a restart -----------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 2])
def test_new_probe_at_a_restart_is_a_column_that_is_nan_before(tmp_path, ranks):
    straight = must(run(tmp_path, small(), "--quiet", "--set", NEW_PROBE, output="straight")).table("probes.csv")
    must(run(tmp_path, small(), "--quiet"))
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000008.h5", "--set", NEW_PROBE, ranks=ranks))
    table = again.table("probes.csv")
    assert list(table) == ["step", "time", "a", "b"]
    assert np.array_equal(table["a"], straight["a"]) and np.array_equal(table["b"][9:], straight["b"][9:])
    assert np.isnan(table["b"][:9]).all()
    assert "probes.csv has new columns (1: b), which are nan up to step 8" in again.err


def test_renamed_probe_keeps_the_old_column(tmp_path):
    must(run(tmp_path, small(), "--quiet"))
    before = (tmp_path / "out" / "probes.csv").read_text().splitlines()
    rename = ("--set", "output.probes[0].name=z")
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000008.h5", *rename))
    table = again.table("probes.csv")
    assert list(table) == ["step", "time", "z", "a"] and list(table["step"]) == list(range(13))
    assert [float(line.split(",")[2]) for line in before[1:10]] == list(table["a"][:9]) and np.isnan(table["a"][9:]).all()
    assert np.isnan(table["z"][:9]).all() and np.isfinite(table["z"][9:]).all()
    assert "keeps columns that this case does not have (1: a)" in again.err
    third = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000012.h5", *rename))
    assert {name: list(values) for name, values in third.table("probes.csv").items()}.__repr__() == \
        {name: list(values) for name, values in table.items()}.__repr__(), "a further restart changes the table"


def test_new_region_profile_and_interface_at_a_restart(tmp_path):
    case = {**small(), **GLASS}
    must(run(tmp_path, case, "--quiet"))
    more = {**with_output(interfaces=[["glass", "low_gap"]],
                          profiles=[*OUTPUT["profiles"], {"name": "other", "from": [0.1, 0.5], "to": [0.9, 0.5], "points": 3}]), **GLASS}
    more["regions"] = [dict(region, **({"name": "middle"} if k == 1 else {})) for k, region in enumerate(GLASS["regions"])]
    again = must(run(tmp_path, write_case(tmp_path, more, "more.yaml"), "--quiet", "--restart", "out/checkpoint_000008.h5"))
    table = again.table("history.csv")
    assert list(table["step"]) == list(range(13))
    for column in ("heat_glass_low_gap", "min_middle", "mean_middle", "max_middle"):
        assert np.isnan(table[column][:9]).all() and np.isfinite(table[column][9:]).all(), column
    assert set(again.table("profile_other.csv")["step"]) == {10, 12} and "profile_other" not in again.err
    assert set(again.table("profile_line.csv")["step"]) == {0, 2, 4, 6, 8, 10, 12}


def test_earlier_probes_that_are_no_longer_asked_for_stay(tmp_path):
    must(run(tmp_path, small(), "--quiet"))
    before = (tmp_path / "out" / "probes.csv").read_bytes()
    must(run(tmp_path, write_case(tmp_path, with_output(probes=[]), "none.yaml"), "--quiet", "--restart", "out/checkpoint_000008.h5"))
    assert (tmp_path / "out" / "probes.csv").read_bytes() == before


# ---- rows -------------------------------------------------------------------------------------------------


def cut(path: Path, rows: slice) -> None:
    head, *body = path.read_text().splitlines(keepends=True)
    del body[rows]
    path.write_text("".join([head, *body]))


@pytest.mark.parametrize("name,rows,words", [
    ("probes.csv", slice(5, 13), "probes.csv has 5 rows up to step 8, the last one of step 4; when the checkpoint was written it had 9"),
    ("history.csv", slice(2, 4), "history.csv has 7 rows up to step 8"),
    ("profile_line.csv", slice(0, 1), "profile_line.csv has 14 rows up to step 8"),
    ("history.csv", slice(0, 13), "history.csv has 0 rows up to step 8, the last one of step -1")])
def test_lost_rows_are_reported_at_a_restart(tmp_path, name, rows, words):
    must(run(tmp_path, small(), "--quiet"))
    cut(tmp_path / "out" / name, rows)
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000008.h5"))
    assert words in again.err and again.err.count("warning") == 1, again.err


@pytest.mark.parametrize("damage", ["missing", "zeros", "other"])
def test_lost_table_is_reported_at_a_restart(tmp_path, damage):
    must(run(tmp_path, small(), "--quiet"))
    path = tmp_path / "out" / "probes.csv"
    if damage == "missing":
        path.unlink()
    else:
        text = path.read_bytes()
        half = len(text) // 2
        path.write_bytes(text[:half] + (bytes(len(text) - half) if damage == "zeros" else b"9,9\n"))
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000008.h5"))
    assert "probes.csv has" in again.err and "rows were lost" in again.err, again.err
    assert any("rows were lost" in text for text in again.results["warnings"])
    assert again.table("probes.csv")["step"][-1] == 12


def test_no_word_about_rows_where_none_are_lost(tmp_path):
    must(run(tmp_path, small(), "--quiet"))
    for restart in ("out/checkpoint_000004.h5", "out/checkpoint_000008.h5", "latest"):
        again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", restart))
        assert "rows" not in again.err, again.err


def change_a_digit(path: Path, row: int, column: int) -> None:
    """Change the last digit of a value; the rows count from 0 after the header."""
    lines = path.read_text().splitlines(keepends=True)
    cells = lines[row + 1].split(",")
    at = max(k for k, letter in enumerate(cells[column]) if letter.isdigit())
    cells[column] = f"{cells[column][:at]}{(int(cells[column][at]) + 1) % 10}{cells[column][at + 1:]}"
    lines[row + 1] = ",".join(cells)
    path.write_text("".join(lines))


@pytest.mark.parametrize("name,row,column", [("history.csv", 3, 5), ("history.csv", 0, 1), ("history.csv", 8, 14), ("probes.csv", 5, 2),
                                             ("profile_line.csv", 7, 5)])
@pytest.mark.parametrize("scheme", ["ftcs", "bdf2"])
def test_changed_digit_of_a_table_is_reported_at_a_restart(tmp_path, scheme, name, row, column):
    must(run(tmp_path, small(time={"scheme": scheme, "step": 1e-4, "steps": 12}), "--quiet"))
    path = tmp_path / "out" / name
    change_a_digit(path, row, column)
    changed = path.read_text().splitlines()[row + 1]
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000008.h5"))
    words = f"out/{name} has other values up to step 8 than when the checkpoint was written"
    assert again.err.count("warning") == 1 and words in again.err, again.err
    assert any(words in text for text in again.results["warnings"])
    assert path.read_text().splitlines()[row + 1] == changed, "the row is not kept as it was found"
    # The next checkpoint knows the table as it is now.
    assert not must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest")).err


@pytest.mark.parametrize("ranks", [1, 2])
def test_checkpoint_of_an_earlier_version_has_no_digest_of_tables_to_compare(tmp_path, ranks):
    """A changed number cannot be seen then; a lost row is, as before."""
    must(run(tmp_path, small(), "--quiet"))
    path = tmp_path / "out" / "checkpoint_000008.h5"
    path.with_suffix(".json").unlink()
    with h5py.File(path, "r+") as file:  # which removes the seal
        lines = bytes(file["state/tables"][:]).decode().splitlines()
        assert lines and all(re.fullmatch(r"\S+ \d+ \d+ [0-9a-f]{16}", line) for line in lines), lines
        del file["state/tables"]
        text = "".join(line.rsplit(" ", 1)[0] + "\n" for line in lines).encode()
        new = file["state"].create_dataset("tables", data=np.frombuffer(text, np.uint8))
        new.attrs["checksum"] = np.uint64(sum(mix(byte ^ (k + 1) * 0x9E3779B97F4A7C15 % 2**64) for k, byte in enumerate(text)) % 2**64)
    change_a_digit(tmp_path / "out" / "history.csv", 3, 1)
    words = ("--quiet", "--restart", "out/checkpoint_000008.h5")
    assert "warning" not in must(run(tmp_path, tmp_path / "case.yaml", *words, ranks=ranks)).err
    rows = (tmp_path / "out" / "history.csv").read_text().splitlines(keepends=True)
    (tmp_path / "out" / "history.csv").write_text("".join(rows[:2] + rows[3:]))
    again = must(run(tmp_path, tmp_path / "case.yaml", *words, ranks=ranks))
    assert again.err.count("warning") == 1 and "out/history.csv has 8 rows up to step 8" in again.err, again.err


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("scheme", ["ftcs", "rkl2", "backward-euler", "bdf2"])
def test_no_word_about_values_where_none_has_changed(tmp_path, scheme, ranks):
    """Also where restarts add and rename columns, and where a restart begins before those."""
    case = small(time={"scheme": scheme, "step": 1e-4, "steps": 12})
    must(run(tmp_path, case, "--quiet"))
    for step, changes in ((8, ("--set", NEW_PROBE)), (12, ("--set", "output.probes[0].name=z")), (8, ()), (4, ("--set", NEW_PROBE)), (4, ())):
        again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", f"out/checkpoint_{step:06d}.h5", *changes, ranks=ranks))
        assert "warning" not in again.err and "values" not in again.err, (step, changes, again.err)


# ---- tables that vanish during a run ------------------------------------------------------------------------

LONG = small(grid={"cells": [64, 64], "x": [0, 1], "y": [0, 1]}, time={"scheme": "ftcs", "step": 1e-5, "steps": 60000},
             output={"history": {"every": 100}, "probes": OUTPUT["probes"]}, checkpoint={"every": 5000})


@pytest.mark.parametrize("how", ["removed", "replaced", "moved"])
def test_table_that_vanishes_is_written_anew_with_all_rows(tmp_path, how):
    with Program(tmp_path, "--quiet", case=LONG) as program:
        program.wait_for_steps("probes.csv")
        for name in ("history.csv", "probes.csv"):
            path = tmp_path / "out" / name
            if how == "moved":
                path.rename(tmp_path / name)
            else:
                path.unlink()
            if how == "replaced":
                path.write_text("mine\n")
        outcome = must(program.outcome(60))
    assert list(outcome.table("history.csv")["step"]) == list(range(0, 60001, 100))
    assert list(outcome.table("probes.csv")["step"]) == list(range(60001))
    for name in ("history.csv", "probes.csv"):
        assert outcome.err.count(f"{name} was removed or replaced during the run") == 1, outcome.err


def test_table_that_cannot_be_written_anew_is_code_4_with_a_whole_record(tmp_path):
    with Program(tmp_path, "--quiet", case={**LONG, "check": [{"quantity": "energy_balance", "below": 1e-6}]}) as program:
        program.wait_for_steps()
        (tmp_path / "out" / "history.csv").unlink()
        (tmp_path / "out" / "history.csv").mkdir()
        outcome = program.outcome(60)
    lost(outcome, "history.csv")
    assert len(outcome.results["checks"]) == 1


# ---- failures at the end -------------------------------------------------------------------------------------

CHECKED = small(check=[{"quantity": "energy_balance", "below": 1e-6}])


def lost(outcome: Outcome, name: str) -> None:
    """Code 4 and status `error` with the file's name, but everything else as in a run without the failure."""
    assert outcome.code == 4, f"exit code {outcome.code}\n{outcome.err}"
    record = outcome.results
    assert record["status"] == "error" and name in record["error"], record["error"]
    assert [check["pass"] for check in record["checks"]] == [True]
    assert outcome.err.count(f"{name} cannot be written") == 1 and "the run is finished" in outcome.err, outcome.err


@pytest.mark.parametrize("mode", ["sync", "async"])
@pytest.mark.parametrize("ranks", [1, 2])
def test_failing_last_checkpoint_is_a_warning(tmp_path, mode, ranks):
    (tmp_path / "out" / "checkpoint_000012.h5").mkdir(parents=True)
    outcome = must(run(tmp_path, {**CHECKED, "checkpoint": {"every": 4, "mode": mode}}, ranks=ranks))
    assert outcome.results["status"] == "ok" and [check["pass"] for check in outcome.results["checks"]] == [True]
    assert outcome.err.count("checkpoint_000012.h5 cannot be written") == 1 and "newest checkpoint is still that of step 8" in outcome.err
    assert "done, results in out" in outcome.out and outcome.snapshots()[-1].name == "snapshot_000012.h5"


@pytest.mark.parametrize("ranks", [1, 2])
def test_failing_last_snapshot_leaves_everything_else(tmp_path, ranks):
    (tmp_path / "out" / "snapshot_000012.h5").mkdir(parents=True)
    outcome = run(tmp_path, CHECKED, ranks=ranks)
    lost(outcome, "snapshot_000012.h5")
    assert checkpoints(outcome.directory)[-1] == "checkpoint_000012.h5" and "FILE IS MISSING" in outcome.out
    assert outcome.table("history.csv")["step"][-1] == 12
    shutil.rmtree(tmp_path / "out" / "snapshot_000012.h5")
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest"))
    assert again.snapshots()[-1].name == "snapshot_000012.h5", "a restart does not write what was missing"


# ---- snapshots of other fields -----------------------------------------------------------------------------


def listed(folder: Path) -> dict[str, list[str]]:
    """Return the datasets that snapshots.xdmf names, by file; each must be there."""
    found: dict[str, list[str]] = {}
    for file, dataset in re.findall(r"(snapshot_\d+\.h5):/(\w+)", (folder / "snapshots.xdmf").read_text()):
        with h5py.File(folder / file) as snapshot:
            assert dataset in snapshot, f"{file} has no {dataset}"
        if not dataset.endswith("_edges"):
            found.setdefault(file, []).append(dataset)
    return found


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("first,then", [("[temperature]", "[temperature, conductivity]"), ("[temperature, conductivity]", "[temperature]"),
                                        ("[conductivity, temperature]", "[heat_flux, material]")])
@pytest.mark.parametrize("compression", ["none", "deflate"])
def test_each_time_step_of_the_xdmf_file_lists_what_its_file_has(tmp_path, first, then, compression, ranks):
    must(run(tmp_path, small(), "--quiet", "--set", f"output.fields={first}"))
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000008.h5", "--set",
                     f"output.fields={then}", "--set", f"output.compression={compression}", ranks=ranks))
    series = listed(again.directory)
    assert sorted(series) == [f"snapshot_{step:06d}.h5" for step in range(0, 13, 2)]
    for name, datasets in series.items():
        with h5py.File(again.directory / name) as snapshot:
            have = sorted(key for key, value in snapshot.items() if isinstance(value, h5py.Dataset) and value.ndim == 2)
        assert sorted(datasets) == have, name
    assert len({tuple(datasets) for datasets in series.values()}) == 2, series


def test_xdmf_file_of_a_continued_run_is_that_of_an_uninterrupted_one(tmp_path):
    case = with_output(fields=["heat_flux", "temperature", "material"])
    straight = must(run(tmp_path, case, "--quiet", output="straight"))
    must(run(tmp_path, case, "--quiet", "--set", "time.steps=8"))
    again = must(run(tmp_path, case, "--quiet", "--restart", "latest", ranks=2))
    assert (again.directory / "snapshots.xdmf").read_bytes() == (straight.directory / "snapshots.xdmf").read_bytes()


# ---- two runs in one folder -------------------------------------------------------------------------------

OTHER = ("--set", 'initial.temperature="1000+x"')


@pytest.mark.parametrize("ranks", [1, 2])
def test_checkpoint_of_another_run_does_not_mix_two_series(tmp_path, ranks):
    one = must(run(tmp_path, small(), "--quiet", output="one"))
    other = must(run(tmp_path, small(), "--quiet", *OTHER))
    files = contents(other.directory)
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "one/checkpoint_000008.h5", ranks=ranks))
    assert "held the files of another run" in again.err and again.err.count("\n") == 1, again.err
    assert contents(tmp_path / "out" / "earlier_001") == files, "files of the other run are lost"
    assert sorted(listed(again.directory)) == ["snapshot_000010.h5", "snapshot_000012.h5"]
    assert list(again.table("history.csv")["step"]) == [9, 10, 11, 12] and again.table("history.csv")["max"].max() < 2
    assert list(again.table("probes.csv")["step"]) == [9, 10, 11, 12]
    assert np.array_equal(again.field(12), one.field(12))


def test_copy_of_a_checkpoint_continues_its_own_run(tmp_path):
    straight = must(run(tmp_path, small(), "--quiet", output="straight"))
    must(run(tmp_path, small(), "--quiet"))
    shutil.copy(tmp_path / "out" / "checkpoint_000008.h5", tmp_path / "safe.h5")
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "safe.h5"))
    assert "another run" not in again.err and not (tmp_path / "out" / "earlier_001").exists()
    for name in ("probes.csv", "profile_line.csv", "snapshots.xdmf"):
        assert (again.directory / name).read_bytes() == (straight.directory / name).read_bytes(), name


def test_checkpoint_continues_in_an_empty_folder_without_a_word(tmp_path):
    must(run(tmp_path, small(), "--quiet"))
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000008.h5", output="new"))
    assert not again.err, again.err
    further = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", "time.steps=14", output="new"))
    assert not further.err and list(further.table("probes.csv")["step"]) == list(range(9, 15)), further.err


def mix(z: int) -> int:
    """The finaliser of splitmix64 (io/README.md, checksum)."""
    mask = 2**64 - 1
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ z >> 27) * 0x94D049BB133111EB & mask
    return z ^ z >> 31


def set_cell(path: Path, field: str, j: int, i: int, value: float) -> None:
    """Change a cell of a field file, and the checksum of its row with it, so that no checksum shows it."""
    with h5py.File(path) as file:
        nx, old, row = file[field].shape[1], file[field][j, i], int(file[f"integrity/{field}"][j])
        at, sums = file[field].id.get_offset(), file[f"integrity/{field}"].id.get_offset()
    key = (j * nx + i + 1) * 0x9E3779B97F4A7C15 % 2**64
    bits = [struct.unpack("<Q", struct.pack("<d", number))[0] for number in (old, value)]
    row = (row - mix(bits[0] ^ key) + mix(bits[1] ^ key)) % 2**64
    with open(path, "r+b") as file:
        file.seek(at + 8 * (j * nx + i))
        file.write(struct.pack("<d", value))
        file.seek(sums + 8 * j)
        file.write(struct.pack("<Q", row))


@pytest.mark.parametrize("field", ["temperature", "memory_0"])
def test_checkpoint_with_a_value_that_is_not_finite_is_refused_or_passed_over(tmp_path, field):
    must(run(tmp_path, small(time={"scheme": "bdf2", "step": 1e-4, "steps": 12}), "--quiet"))
    set_cell(tmp_path / "out" / "checkpoint_000012.h5", field, 2, 3, np.nan)
    words = f"its dataset {field} is not finite in 1 of its cells, first in [j][i] = [2][3]"
    refused(tmp_path, 4, words, args=("--restart", "out/checkpoint_000012.h5"))
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest"))
    assert "passed over" in again.err and words in again.err


# ---- smaller faults -----------------------------------------------------------------------------------------


def test_file_of_the_user_named_probe_stays(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "probe").write_text("mine\n")
    (tmp_path / "out" / ".probe.part").write_text("left over by the disk probe of a run that was killed\n")
    outcome = must(run(tmp_path, {**small(), "checkpoint": {"every": 4, "probe": True}}, "--quiet"))
    assert (outcome.directory / "probe").read_text() == "mine\n" and not (outcome.directory / ".probe.part").exists()


@pytest.mark.parametrize("name", [b"\xed\xa0\x80", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf", b"\xf4\x90\x80\x80", b"\xff", b"\xe2\x82"],
                         ids=lambda name: name.hex())
def test_record_is_valid_utf8_whatever_the_command_line_holds(tmp_path, name):
    """Surrogates, overlong sequences, characters above U+10FFFF, lone bytes: RFC 8259 wants UTF-8."""
    write_case(tmp_path, small())
    folder = os.fsencode(tmp_path) + b"/out" + name
    done = subprocess.run([os.fsencode(HEAT2D), b"case.yaml", b"--quiet", b"--output", folder], cwd=tmp_path, env=environment(1),
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    with open(folder + b"/results.json", encoding="utf-8", errors="strict") as file:
        assert "/out?" in json.load(file)["provenance"]["command_line"]


# ---- a power cut ----------------------------------------------------------------------------------------------

SHUTDOWN, WITHOUT_LOG = 0x8004587D, 2  # EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH (linux/ext4.h)


@pytest.fixture
def disk(tmp_path):
    """Mount a file system of 64 MB; skip the test where that is not permitted."""
    image, folder = tmp_path / "image", tmp_path / "disk"
    folder.mkdir()
    with open(image, "wb") as file:
        file.truncate(64 << 20)

    def mount() -> None:
        subprocess.run(["mount", "-o", "loop", image, folder], check=True, capture_output=True)
    try:
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, capture_output=True)
        mount()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs ext4 on a loop device")
    yield folder, mount
    subprocess.run(["umount", "-l", folder], check=False, capture_output=True)


@pytest.mark.parametrize("at", [2000, 8000])
def test_power_cut_loses_nothing_before_the_newest_checkpoint(tmp_path, disk, at):
    """The file system is shut down without writing its log: what was not synced is lost, as in a power cut."""
    folder, mount = disk
    case = {**LONG, "time": {"scheme": "ftcs", "step": 1e-5, "steps": 20000}, "checkpoint": {"every": 2000, "keep": 20}}
    straight = must(run(tmp_path, case, "--quiet", output="straight"))
    with Program(folder, "--quiet", case=case) as program:
        limit = time.monotonic() + 60
        while not (folder / "out" / f"checkpoint_{at:06d}.json").exists():  # follows the checkpoint's name and the sync of the folder
            assert time.monotonic() < limit and program.process.poll() is None, program.process.communicate()
            time.sleep(0.005)
        opened = os.open(folder, os.O_RDONLY)
        fcntl.ioctl(opened, SHUTDOWN, struct.pack("I", WITHOUT_LOG))
        os.close(opened)
        outcome = program.outcome(60)
    assert outcome.code == 4 and outcome.err.count("error:") == 1 and "PETSC ERROR" not in outcome.err, outcome.err
    subprocess.run(["umount", folder], check=True)
    mount()
    again = must(run(tmp_path, case, "--quiet", "--restart", "latest", output=str(folder / "out")))
    assert "rows" not in again.err, again.err
    assert (folder / "out" / "probes.csv").read_bytes() == (straight.directory / "probes.csv").read_bytes()
    assert list(again.table("history.csv")["step"]) == list(straight.table("history.csv")["step"])
    assert np.array_equal(again.field(), straight.field())


@pytest.mark.parametrize("ranks", [1, 2])
def test_damaged_earlier_snapshot_is_reported_at_a_restart_and_left_out_of_the_xdmf_file(tmp_path, ranks):
    must(run(tmp_path, small(), "--quiet"))
    path = tmp_path / "out" / "snapshot_000002.h5"
    path.write_bytes(path.read_bytes()[:700])
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000008.h5", ranks=ranks))
    assert again.err.count("warning") == 1 and "snapshot_000002.h5 cannot be read" in again.err, again.err
    text = (tmp_path / "out" / "snapshots.xdmf").read_text()
    assert "snapshot_000002.h5" not in text and all(f"snapshot_{step:06d}.h5" in text for step in (0, 4, 6, 8, 10, 12))

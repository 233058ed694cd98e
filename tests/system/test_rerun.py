"""The record of a run: `heat2d run out/results.json` runs the recorded case again and writes the same bytes."""
from __future__ import annotations

import json
import shutil
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from heat2d_case import HEAT2D, ROOT, Outcome, basic_case, command, environment, execute, run, write_case

NY, NX = 16, 24


def rich_case() -> dict:
    """Return a case that names a map, a table and an initial field, by names relative to its folder, with PETSc options."""
    return basic_case(
        title="Rod \"a\\b\" \u00e9 \U0001f525",
        materials=[{"name": "m", "conductivity": "1 + 0.1*T", "density": 1.0, "specific_heat": 1.0},
                   {"name": "n", "conductivity": 2.0, "density": 1.0, "specific_heat": 1.0}],
        regions=[{"material": "m"}, {"file": "inputs/map.h5", "dataset": "/material"}],
        initial={"file": "inputs/map.h5", "dataset": "/start"},
        boundary={"left": {"type": "temperature", "table": "inputs/table.csv"}},
        solver={"tolerance": 1.0e-9, "preconditioner": "jacobi"},
        output={"snapshots": {"every": 5}, "probes": [{"name": "p", "at": [0.3, 0.4]}]},
        checkpoint={"every": 4, "keep": 9},
        petsc={"ksp_type": "cg"})


def write_inputs(folder: Path) -> None:
    (folder / "inputs").mkdir(parents=True)
    with h5py.File(folder / "inputs/map.h5", "w") as file:
        file["material"] = (np.arange(NY * NX).reshape(NY, NX) // 7 % 2).astype("i4")
        file["start"] = np.cos(np.arange(NY * NX, dtype="f8")).reshape(NY, NX)
    (folder / "inputs/table.csv").write_text("time,value\n0,1\n0.004,2\n0.1,3\n")


def again(record: Path, folder: Path, *args: str, output: str | None = "again", ranks: int = 1) -> Outcome:
    """Run a record in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    to = ("--output", output) if output else ()
    done = execute(command("run", ranks, (str(record), *to, *args)), folder, ranks)
    return Outcome(done.returncode, done.stdout, done.stderr, folder / (output or "out"))


def products(folder: Path) -> dict[str, bytes]:
    """Return the bytes of snapshots, tables and checkpoints; manifests and the record have times in them."""
    names = [path for pattern in ("snapshot_*.h5", "checkpoint_*.h5", "*.csv") for path in folder.glob(pattern)]
    return {path.name: path.read_bytes() for path in names}


def same(first: Path, second: Path) -> None:
    a, b = products(first), products(second)
    assert len(a) > 3 and a.keys() == b.keys()
    assert [name for name in a if a[name] != b[name]] == []


def refused(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 2, f"exit code {outcome.code}\n{outcome.err}"
    lines = outcome.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("heat2d: error: "), outcome.err
    for word in words:
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"
    assert not outcome.directory.exists()


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Outcome:
    """Return a run with overrides, a map, a table and PETSc options of the case and of the command line."""
    folder = tmp_path_factory.mktemp("first")
    write_inputs(folder)
    outcome = run(folder, rich_case(), "--set", "time.step=2e-3", "--set", "materials[1].conductivity=0.50", "--set",
                  "output.probes[1]={name: q, at: [0.5, 0.5]}", "-ksp_type", "gmres", "-ksp_gmres_restart", "7")
    assert outcome.code == 0, outcome.err
    return outcome


# ---- the record -------------------------------------------------------------------------------------------


def test_record_holds_the_effective_case_files_options_and_overrides(first):
    record = first.results
    assert record["case"]["time"]["step"] == 2e-3
    assert record["case"]["materials"][1]["conductivity"] == 0.5
    assert record["case"]["output"]["directory"] == "out"
    assert record["case"]["regions"][1]["file"] == "inputs/map.h5"
    assert record["case_options"] == {"ksp_type": "gmres", "ksp_gmres_restart": "7"}
    assert record["provenance"]["overrides"][0] == "time.step=2e-3"
    folder = first.directory.parent
    assert {file["name"]: file["path"] for file in record["case_files"]} == {
        name: str((folder / name).resolve()) for name in ("inputs/map.h5", "inputs/table.csv")}
    assert all(file["checksum"].startswith("0x") for file in record["case_files"])


def test_command_line_is_recorded_completely(tmp_path):
    words = [word for k in range(200) for word in ("--set", f"title=a-title-of-some-length-{k}")]
    outcome = run(tmp_path, basic_case(), *words, "--set", "time.step=0.0005")
    assert outcome.code == 0, outcome.err
    line = outcome.results["provenance"]["command_line"]
    assert len(line) > 4096 and line.endswith(" ".join([*words, "--set", "time.step=0.0005"]))
    assert len(outcome.results["provenance"]["overrides"]) == 201


# ---- running it again -------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["run", None])
def test_record_in_another_folder_gives_the_same_bytes(first, tmp_path, word):
    record = shutil.copy(first.directory / "results.json", tmp_path / "results.json")
    done = execute(command(word, 1, (str(record), "--output", "again")), tmp_path)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    same(first.directory, tmp_path / "again")


def test_record_of_a_record_gives_the_same_bytes_and_the_same_case(first, tmp_path):
    one = again(first.directory / "results.json", tmp_path / "a")
    two = again(one.directory / "results.json", tmp_path / "b")
    assert two.code == 0, two.err
    same(first.directory, two.directory)
    for member in ("case_files", "case_options", "title"):
        assert two.results[member] == first.results[member]
    assert two.results["provenance"]["case_text"] == first.results["provenance"]["case_text"]
    assert two.results["case"] == {**first.results["case"], "output": {**first.results["case"]["output"], "directory": "again"}}


def test_output_folder_of_the_record_is_relative_to_the_working_folder(first, tmp_path):
    outcome = again(first.directory / "results.json", tmp_path, output=None)
    assert outcome.code == 0, outcome.err
    same(first.directory, tmp_path / "out")


def test_record_may_be_run_in_its_own_folder(first, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(first.directory.parent, folder)
    outcome = again(Path("out/results.json"), folder, output=None)
    assert outcome.code == 0, outcome.err
    same(first.directory, folder / "out")


def test_record_written_anew_by_json_tools_gives_the_same_bytes(first, tmp_path):
    record = json.loads((first.directory / "results.json").read_text(), parse_float=str)  # checkpoints hold the texts
    (tmp_path / "one-line.json").write_text(json.dumps(record))
    outcome = again(tmp_path / "one-line.json", tmp_path)
    assert outcome.code == 0, outcome.err
    same(first.directory, outcome.directory)


@pytest.mark.parametrize("ranks", [2, 3])
def test_record_of_several_ranks(tmp_path, ranks):
    write_inputs(tmp_path)
    outcome = run(tmp_path, rich_case(), "--set", "solver.reproducible=true", ranks=ranks)
    assert outcome.code == 0, outcome.err
    same(outcome.directory, again(outcome.directory / "results.json", tmp_path / "b", ranks=ranks).directory)


def test_record_of_a_restarted_run_runs_the_whole_case(first, tmp_path):
    write_inputs(tmp_path)
    options = ("--set", "time.step=2e-3", "--set", "materials[1].conductivity=0.50")
    part = run(tmp_path, rich_case(), *options, "--set", "time.steps=8")
    assert part.code == 0, part.err
    rest = run(tmp_path, rich_case(), *options, "--restart", "latest")
    assert rest.code == 0, rest.err
    whole = run(tmp_path, rich_case(), *options, output="whole")
    outcome = again(rest.directory / "results.json", tmp_path / "b")
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("heat2d: ") == 1 and "the recorded run continued out/checkpoint_000008.h5" in outcome.err
    same(whole.directory, outcome.directory)


def test_overrides_apply_to_a_record(first, tmp_path):
    outcome = again(first.directory / "results.json", tmp_path, "--set", "time.steps=3")
    assert outcome.code == 0, outcome.err
    assert outcome.results["time"]["steps"] == 3 and outcome.results["case"]["time"]["steps"] == 3


@pytest.mark.parametrize("name", ["quickstart", "nafems-t3", "laminate"])
def test_gallery_cases_run_again(tmp_path, name):
    done = execute(command(ROOT / f"inputs/{name}.yaml", 1, ("--output", "out", "--quiet", "--set", "checkpoint.every=50")),
                   tmp_path)
    assert done.returncode == 0, done.stderr
    outcome = again(tmp_path / "out/results.json", tmp_path / "b", "--quiet")
    assert outcome.code == 0, outcome.err
    same(tmp_path / "out", outcome.directory)


# ---- files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["inputs/map.h5", "inputs/table.csv"])
def test_changed_file_is_a_warning(tmp_path, name):
    write_inputs(tmp_path)
    outcome = run(tmp_path, rich_case())
    if name.endswith("csv"):
        (tmp_path / name).write_text("time,value\n0,1\n0.004,2\n0.1,4\n")
    else:
        with h5py.File(tmp_path / name, "r+") as file:
            file["start"][3, 4] = 2.0
    second = again(outcome.directory / "results.json", tmp_path / "b")
    assert second.code == 0, second.err
    message = f"{(tmp_path / name).resolve()} ({name} in the case) has changed since the record was made"
    assert second.err.splitlines() == [f"heat2d: warning: {message}"]
    assert second.results["warnings"] == [message]


def test_missing_file_is_an_error(tmp_path):
    write_inputs(tmp_path)
    outcome = run(tmp_path, rich_case())
    (tmp_path / "inputs/table.csv").unlink()
    second = again(outcome.directory / "results.json", tmp_path / "b")
    assert second.code == 4 and len(second.err.splitlines()) == 1, second.err
    assert f"{(tmp_path / 'inputs/table.csv').resolve()}: cannot be read" in second.err
    assert not second.directory.exists()


# ---- edited, foreign and damaged records ------------------------------------------------------------------


def edited(first: Outcome, folder: Path, edit) -> Outcome:
    record = json.loads((first.directory / "results.json").read_text(), parse_float=str)  # checkpoints hold the texts
    edit(record)
    folder.mkdir(exist_ok=True)
    (folder / "edited.json").write_text(json.dumps(record, indent=1))
    return again(folder / "edited.json", folder)


def test_edited_case_is_what_runs(first, tmp_path):
    outcome = edited(first, tmp_path, lambda record: record["case"]["time"].update(steps=4))
    assert outcome.code == 0, outcome.err
    assert outcome.results["time"]["steps"] == 4


def test_error_in_an_edited_case_names_its_line(first, tmp_path):
    outcome = edited(first, tmp_path, lambda record: record["case"]["time"].update(step=-1))
    lines = (tmp_path / "edited.json").read_text().splitlines()
    line = next(k for k, text in enumerate(lines, 1) if '"step": -1' in text)
    refused(outcome, f"edited.json:{line}: time.step: found -1; it must be greater than 0")


@pytest.mark.parametrize("edit, words", [
    (lambda r: r["case"].update(petsc={"ksp_view": "ascii:hacked"}), ["petsc.ksp_view"]),
    (lambda r: r["case"]["solver"].update(preconditioner="python"), ["solver.preconditioner"]),
    (lambda r: r["case"].update(gird=1), ["gird: unknown key"]),
    (lambda r: r.pop("case"), ["schema: the record holds no case"]),
    (lambda r: r.update(case=None), ["the record holds no case"]),
    (lambda r: r.update(schema="heat2d results 2"), ["schema: found heat2d results 2", "heat2d results 1"]),
    (lambda r: r.update(case_files=3), ["case_files: found 3; it must be a list"]),
    (lambda r: r["case_files"][0].update(path="map.h5"), ["case_files[0]", "it must be an absolute path"]),
    (lambda r: r["case_files"][0].update(checksum="0x1"), ["case_files[0].checksum: found", "16 hexadecimal digits"]),
    (lambda r: r["case_files"][0].pop("name"), ["case_files[0].name: missing"]),
    (lambda r: r["case_files"].append(r["case_files"][0]), ["case_files[2]: lists inputs/"]),
    (lambda r: r.update(case_options=[1]), ["case_options: found a list; it must be a mapping"]),
    (lambda r: r.update(case_options={"ksp_type": [1]}), ["case_options.ksp_type: found a list"]),
    (lambda r: r.update(case_options={"pc_sor_omega": 1.5}), ["case_options.pc_sor_omega: nothing in this run reads"]),
], ids=str)
def test_wrong_record_is_refused_with_its_line(first, tmp_path, edit, words):
    outcome = edited(first, tmp_path, edit)
    refused(outcome, "edited.json:", *words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["edited.json"]


@pytest.mark.parametrize("options", [
    {"ksp_view": "ascii:hacked"}, {"options_file": "hacked"}, {"dll_append": "hacked.so"}, {"ksp_monitor_python": "hacked.py"},
    {"log_view": ":hacked"}, {"options_string": "-ksp_view ascii:hacked"}, {"pc_type": "python"}, {"-ksp_view": ":hacked"},
    {"prefix_push": "a_"}, {"ksp_rtol": "1 -log_view :hacked"}, {"": "hacked"}, {"ksp_vi\u001b[1mew": None}])
def test_options_that_a_file_may_not_give_are_left_out_with_a_warning(first, tmp_path, options):
    outcome = edited(first, tmp_path, lambda record: record.update(case_options={**record["case_options"], **options}))
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("\n") == 1 and "\x1b" not in outcome.err
    assert "options of the recorded command line that a file may not give are left out: -" in outcome.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "edited.json"]
    same(first.directory, outcome.directory)


def test_repeated_option_is_no_warning(tmp_path):
    outcome = run(tmp_path, basic_case(checkpoint={"every": 5}, output={"snapshots": {"every": 5}}), "-ksp_monitor_short")
    assert outcome.code == 0, outcome.err
    assert outcome.results["case_options"] == {"ksp_monitor_short": None}
    second = again(outcome.directory / "results.json", tmp_path / "b", "-ksp_monitor_short")
    assert second.code == 0 and second.err == "", second.err
    same(outcome.directory, second.directory)


def test_options_of_the_environment_are_recorded(tmp_path, monkeypatch):
    monkeypatch.setenv("PETSC_OPTIONS", "-ksp_max_it 77")
    outcome = run(tmp_path, basic_case())
    assert outcome.results["case_options"] == {"ksp_max_it": "77"}


@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("ranks", [1, 2])
def test_truncated_record_is_refused(first, tmp_path, part, ranks):
    text = (first.directory / "results.json").read_bytes()
    (tmp_path / "cut.json").write_bytes(text[:int(part * len(text))])
    refused(again(tmp_path / "cut.json", tmp_path, ranks=ranks), "cut.json:", "this record of a run is damaged or cut short")


def test_record_of_a_verification_is_refused(tmp_path):
    done = execute([HEAT2D, "verify", "--output", "out", "--quick", "box-eigenmode"], tmp_path)
    if not (tmp_path / "out/results.json").exists():
        done = execute([HEAT2D, "verify", "--output", "out", "power"], tmp_path)
    assert done.returncode == 0, done.stderr
    refused(again(tmp_path / "out/results.json", tmp_path), "results.json:2: schema: the record holds no case")


def test_a_case_file_whose_text_is_json_is_no_record(tmp_path):
    path = write_case(tmp_path, json.dumps(basic_case()), "case.json")
    assert again(path, tmp_path).code == 0

def test_record_that_runs_itself_survives_a_kill(tmp_path):
    """A run that is started from its own folder's record removes it; killed at any time it leaves one that can be run."""
    case = basic_case(time={"scheme": "ftcs", "step": 1e-5, "steps": 100000000}, limits={"wall_time": 1})
    first = run(tmp_path, case, "--quiet", "--set", "title=mine")
    assert first.code == 75, first.err
    record = first.directory / "results.json"
    process = subprocess.Popen([HEAT2D, str(record), "--quiet", "--set", "limits.wall_time=60"], cwd=tmp_path,
                               env=environment(1))
    limit = time.monotonic() + 30
    while not (record.exists() and "before it wrote its record" in record.read_text()):
        assert process.poll() is None and time.monotonic() < limit, "the run has not left a record of its own"
        time.sleep(0.01)
    process.kill()
    process.wait(timeout=30)
    left = json.loads(record.read_text())
    assert left["status"] == "error" and "before it wrote its record" in left["error"] and left["case"]["title"] == "mine"
    assert again(record, tmp_path / "b", "--set", "limits.wall_time=1").code == 75

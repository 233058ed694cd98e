"""Case files come from strangers: what a case may ask of PETSc, which files a run makes in a folder that others write to, and what
reaches the terminal.

Every run here starts in a folder of its own; afterwards all files of the folder are compared with those before, so that a file that
any option makes, changes or removes is a failed test."""
from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import h5py
import pytest
import yaml
from heat2d_case import HEAT2D, ROOT, Outcome, basic_case, execute, run, write_case

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u2028-\u202e\u2066-\u2069]")  # but not the ends of lines
# every kind of file: snapshots, XDMF, tables, checkpoints, manifests, results.json, lock
OUTPUT = {"snapshots": {"every": 2}, "history": {"every": 1}, "probes": [{"name": "a", "at": [0.5, 0.5]}],
          "profiles": [{"name": "line", "from": [0.1, 0.1], "to": [0.9, 0.9], "points": 3}]}


def small(**sections) -> dict:
    return basic_case(**{"time": {"scheme": "backward-euler", "step": 1e-3, "steps": 4}, "output": OUTPUT,
                         "checkpoint": {"every": 2, "keep": 9}, **sections})


def contents(folder: Path) -> dict[str, object]:
    """Return name and kind of everything in a folder, with the bytes of files and the aims of links."""
    def value(path: Path):
        if path.is_symlink():
            return os.readlink(path)
        return path.read_bytes() if path.is_file() else f"mode {path.lstat().st_mode:o}"
    return {str(path.relative_to(folder)): value(path) for path in folder.rglob("*")}


def alone(tmp_path: Path, case: dict | Path, *args: str, output: str = "out") -> Outcome:
    """Run without an MPI launcher, which takes less time."""
    path = case if isinstance(case, Path) else write_case(tmp_path, case)
    done = execute([HEAT2D, str(path), "--output", output, *args], tmp_path)
    return Outcome(done.returncode, done.stdout, done.stderr, tmp_path / output)


def refused(tmp_path: Path, case: dict | Path, *words: str, args: tuple[str, ...] = (), code: int = 2, ranks: int = 1) -> Outcome:
    """The run ends with the code and with one error on one line, and no file of its folder has changed."""
    path = case if isinstance(case, Path) else write_case(tmp_path, case)
    before = contents(tmp_path)
    outcome = alone(tmp_path, path, "--quiet", *args) if ranks == 1 else run(tmp_path, path, "--quiet", *args, ranks=ranks)
    assert contents(tmp_path) == before, f"files changed\n{outcome.err}"
    assert outcome.code == code, f"exit code {outcome.code}\n{outcome.err}"
    lines = [line for line in outcome.err.splitlines() if line.startswith("heat2d: error:")]
    assert len(lines) == 1 and all(word in lines[0] for word in words), outcome.err
    assert "PETSC ERROR" not in outcome.err and not CONTROL.search(outcome.err), repr(outcome.err)
    return outcome


def must(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, f"exit code {outcome.code}\n{outcome.err}"
    return outcome


# ---- options of a case ------------------------------------------------------------------------------------

ALONE = "may choose solvers, preconditioners and tolerances alone"
# One option of each kind: a program, a library, further options, a file, a window, a report at the end, what belongs to heat2d.  The
# whole list, with prefixes, spellings and values, is tested in unit/test_petsc_rules.c.
NAMES = {"python": "id > PWNED; echo", "ksp_monitor_python": "x", "sub_pc_python_type": "x.py:y", "dll_append": "./libevil",
         "options_file": "more.txt", "ksp_view_solution": "binary:victim", "log_view": None, "memory_view": None, "draw_save": "victim",
         "on_error_attach_debugger": "sh", "ksp_error_if_not_converged": None, "ts_dt": 1, "KSP_RTOL": 0.1, "heat_rescue_ksp_rtol": 0.1}


@pytest.mark.parametrize("name", NAMES)
def test_case_may_not_give_an_option_that_is_no_choice_of_a_solver(tmp_path, name):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "more.txt").write_text("-ksp_view_solution binary:victim\n")
    refused(tmp_path, small(petsc={name: NAMES[name]}), "case.yaml:", f"-{name}:", ALONE, "the command line may give it")


@pytest.mark.parametrize("name,viewer", [("ksp_view", ":victim"), ("ksp_monitor", "ascii:victim:ascii_info:append"),
                                         ("ksp_converged_reason", "-dll_append"), ("mg_levels_ksp_view", "draw")])
def test_option_that_prints_takes_no_viewer_from_a_case(tmp_path, name, viewer):
    (tmp_path / "victim").write_text("precious")
    refused(tmp_path, small(petsc={name: viewer}), "case.yaml:", f"-{name}", "takes no value")


@pytest.mark.parametrize("ranks", [1, 3])
def test_solver_that_petsc_refuses_to_set_up_is_one_message(tmp_path, ranks):
    """PETSc refuses it half made, and fails again where it is to destroy it."""
    outcome = run(tmp_path, small(petsc={"pc_type": "redundant", "pc_redundant_number": 100}), "--quiet", ranks=ranks)
    assert outcome.code == 2 and outcome.err.count("\n") == 1 and "subcommunicators 100" in outcome.err, outcome.err
    assert not outcome.directory.exists()


@pytest.mark.parametrize("name", ["ksp_rtol 1 -python", "ksp_rtol\n-python", "ksp_rtol\t", "ksp_rtol\x1b[31m", " ksp_rtol", "",
                                  "ksp_rtol\u2028", "ksp_rtol\x9b31m"])
def test_blank_or_control_character_in_a_name_is_refused(tmp_path, name):
    """json.dumps writes the name with escapes, as a double-quoted YAML text may have them."""
    text = yaml.safe_dump(small(), sort_keys=False) + f'petsc: {{{json.dumps(name)}: "0.1"}}\n'
    refused(tmp_path, write_case(tmp_path, text), "case.yaml:", "petsc")


@pytest.mark.parametrize("name,value", [
    ("ksp_rtol", "-dll_append"), ("ksp_rtol", "1e-3\n-python x"), ("ksp_rtol", "nan"), ("ksp_rtol", ""), ("ksp_max_it", "1e3"),
    ("ksp_type", "-python"), ("ksp_type", "c\x1b[31mg"), ("pc_type", "libevil.so:PCCreate"), ("mg_levels_pc_type", "python"),
    ("ksp_type", "x" * 100000)])
def test_value_that_is_no_number_and_no_name_of_the_list_is_refused(tmp_path, name, value):
    text = yaml.safe_dump(small(), sort_keys=False) + f"petsc: {{{name}: {json.dumps(value)}}}\n"
    refused(tmp_path, write_case(tmp_path, text), "case.yaml:", f"petsc.{name}: found", f"-{name}")


@pytest.mark.parametrize("petsc", ["[ksp_rtol]", "ksp_rtol", "{ksp_rtol: [0.1]}", "{ksp_rtol: {a: 1}}", "{ksp_rtol: 0.1, ksp_rtol: 0.2}",
                                   "{ksp_rtol: 0.1, -ksp_rtol: 0.2}", "{? [ksp_rtol] : 1}"])
def test_section_of_another_form_is_refused(tmp_path, petsc):
    refused(tmp_path, write_case(tmp_path, yaml.safe_dump(small(), sort_keys=False) + f"petsc: {petsc}\n"), "case.yaml:")


@pytest.mark.parametrize("change", [
    "petsc.ksp_view=:victim", "petsc={python: id, ksp_monitor_python: x}", "petsc.-ksp_view=:victim", "petsc.ksp_rtol=-python",
    'petsc={ksp_type: "cg\\n-python x"}', 'petsc={"ksp_rtol 1 -python": x}', "petsc.mpidump=x",
    "petsc={ksp_error_if_not_converged: , ksp_max_it: 1}"])
def test_set_obeys_the_rules_of_a_case(tmp_path, change):
    """--set writes into the case; scripts pass words of strangers to it."""
    (tmp_path / "victim").write_text("precious")
    refused(tmp_path, small(), "--set: petsc", args=("--set", change))


def test_two_ranks_refuse_with_one_message(tmp_path):
    refused(tmp_path, small(petsc={"python": "id"}), "case.yaml:", ALONE, ranks=2)


@pytest.mark.parametrize("change", ["solver.preconditioner=python", "solver.preconditioner=./libevil.so:PCCreate",
                                    'solver.preconditioner="sor\\n-python x"', "time.scheme=ts:python",
                                    "time.scheme=ts:./libevil.so:TSCreate", 'time.scheme="ts:rk -ts_view :victim"'])
def test_names_of_types_are_those_of_a_closed_list(tmp_path, change):
    refused(tmp_path, small(), f"--set: {change.split('=')[0]}: ", args=("--set", change))


def test_case_may_choose_solvers_and_tolerances(tmp_path):
    """What the documents promise to cases works, prefixes and printing on the terminal included."""
    petsc = {"ksp_type": "CG", "ksp_rtol": 1e-9, "ksp_monitor": None, "ksp_converged_reason": None, "sub_pc_type": "ilu",
             "sub_pc_factor_levels": 1, "ksp_norm_type": "unpreconditioned"}
    outcome = must(run(tmp_path, small(petsc=petsc, solver={"preconditioner": "bjacobi"})))
    assert "Linear solve converged" in outcome.out and "KSP Residual norm" in outcome.out
    assert "cg with bjacobi to 1e-09" in outcome.out


@pytest.mark.parametrize("name", ["../x", "a/b", "/x"])
def test_name_of_a_profile_leads_to_no_other_folder(tmp_path, name):
    output = {"profiles": [{"name": name, "from": [0.1, 0.1], "to": [0.9, 0.9], "points": 3}]}
    refused(tmp_path, small(output=output), "case.yaml:", "output.profiles[0].name")


def test_command_line_may_give_every_option(tmp_path):
    outcome = must(run(tmp_path, small(), "--quiet", "-ksp_view", ":view.txt"))
    assert "type: heatcg" in (tmp_path / "view.txt").read_text() and outcome.results["status"] == "ok"


# ---- options from elsewhere --------------------------------------------------------------------------------


@pytest.mark.parametrize("name,ranks", [(".petscrc", 1), ("petscrc", 2)])
def test_options_file_of_the_folder_is_not_read(tmp_path, name, ranks):
    plain = must(run(tmp_path, small(), "--quiet", ranks=ranks, output="plain"))
    (tmp_path / name).write_text("-ksp_view :PWNED\n-ksp_rtol 1e-1\n-nonsense 1\n-dll_append ./libevil\n")
    outcome = must(run(tmp_path, small(), "--quiet", ranks=ranks))
    assert not (tmp_path / "PWNED").exists() and f"note: {name} is not read" in outcome.err
    assert (outcome.directory / "snapshot_000004.h5").read_bytes() == (plain.directory / "snapshot_000004.h5").read_bytes()


def test_options_file_of_the_home_folder_is_not_read(tmp_path, monkeypatch):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".petscrc").write_text("-ksp_view :PWNED\n-nonsense 1\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    outcome = must(run(tmp_path, small(), "--quiet"))
    assert not (tmp_path / "PWNED").exists() and "home/.petscrc is not read" in outcome.err


@pytest.mark.parametrize("variable,text", [("PETSC_OPTIONS", "-ksp_rtol 1e-3"), ("PETSC_OPTIONS_YAML", "ksp_rtol: 1e-3")])
def test_options_of_the_environment_are_reported(tmp_path, monkeypatch, variable, text):
    """The header shows the variable and the tolerance in force; results.json records the option."""
    monkeypatch.setenv(variable, text)
    outcome = must(run(tmp_path, small()))
    assert f"{variable}={text}" in outcome.out and re.search(r"heatcg with heatmg to 1e-03", outcome.out), outcome.out
    assert "-ksp_rtol 1e-3" in outcome.results["provenance"]["petsc_options"]


@pytest.mark.parametrize("variable,text,ranks", [("PETSC_OPTIONS", "-ksp_rtol 1e-3 -ksp_typo", 2), ("PETSC_OPTIONS_YAML", "ksp_typo: 1", 1)])
def test_option_of_the_environment_that_nothing_reads_is_refused(tmp_path, monkeypatch, variable, text, ranks):
    monkeypatch.setenv(variable, text)
    refused(tmp_path, small(), f"{variable} in the environment", "nothing in this run reads", "-ksp_typo", ranks=ranks)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("where", ["PETSC_OPTIONS", "command line"])
def test_library_that_cannot_be_loaded_is_one_message(tmp_path, monkeypatch, where, ranks):
    args = ()
    if where == "PETSC_OPTIONS":
        monkeypatch.setenv("PETSC_OPTIONS", "-dll_append /nonexistent/lib")
    else:
        args = ("-dll_append", "/nonexistent/lib")
    outcome = refused(tmp_path, small(), "PETSC_OPTIONS", "/nonexistent/lib", "correct them", args=args, ranks=ranks)
    assert len(outcome.err.strip().splitlines()) == 1, outcome.err


def test_case_cannot_override_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("PETSC_OPTIONS", "-ksp_rtol 1e-7")
    outcome = must(run(tmp_path, small(petsc={"ksp_rtol": 0.1})))
    assert "to 1e-07" in outcome.out


# ---- links and other things with the names of files ----------------------------------------------------------

FINAL = ["history.csv", "probes.csv", "profile_line.csv", "results.json", "snapshots.xdmf", "snapshot_000002.h5", "snapshot_000004.h5",
         "checkpoint_000002.h5", "checkpoint_000002.json", "checkpoint_000004.h5", "checkpoint_000004.json"]
MADE = [*FINAL, *(f".{name}.part" for name in FINAL), ".probe.part"]


def link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def hard_link(path: Path, victim: Path) -> None:
    os.link(victim, path)


def dangling(path: Path, victim: Path) -> None:
    path.symlink_to(victim.with_name("made"))


def into_folder(path: Path, victim: Path) -> None:
    path.symlink_to(victim.parent)


def fifo(path: Path, victim: Path) -> None:
    os.mkfifo(path)


def socket_or_folder(path: Path, victim: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [link, hard_link, dangling, into_folder, fifo, socket_or_folder], ids=lambda make: make.__name__)
@pytest.mark.parametrize("writer", ["plain", "async-2-ranks"])
def test_nothing_that_has_the_name_of_a_file_is_written_through(tmp_path, make, writer):
    """One run for each name, since a run may end at the first of them."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    victim = elsewhere / "victim"
    victim.write_text("precious")
    before = contents(elsewhere)
    for name in MADE if writer == "plain" else MADE[::3]:
        folder = tmp_path / name.lstrip(".").replace(".part", "-part")
        folder.mkdir()
        make(folder / name, victim)
        outcome = alone(tmp_path, small(), "--quiet", output=folder.name) if writer == "plain" else \
            run(tmp_path, small(checkpoint={"every": 2, "mode": "async"}), "--quiet", output=folder.name, ranks=2, timeout=60)
        assert contents(elsewhere) == before, f"{name}: written through"
        assert outcome.code in (0, 4), f"{name}: exit code {outcome.code}\n{outcome.err}"
        if outcome.code == 4:
            errors = [line for line in outcome.err.splitlines() if "error:" in line or "warning:" in line]
            assert errors and any(name.removeprefix(".").removesuffix(".part") in line for line in errors), outcome.err
        else:
            left = {path.name for path in folder.iterdir() if path.is_symlink()}
            assert left <= {name} and (name not in FINAL or name not in left), f"{name}: a file of the run is a link"
            assert json.loads((folder / "results.json").read_text())["status"] == "ok"


@pytest.mark.parametrize("make", [link, dangling, hard_link, fifo, socket_or_folder], ids=lambda make: make.__name__)
def test_lock_that_is_no_plain_file_is_refused(tmp_path, make):
    (tmp_path / "out").mkdir()
    (tmp_path / "victim").write_text("precious")
    make(tmp_path / "out" / ".lock", tmp_path / "victim")
    refused(tmp_path, small(), "out", ".lock", code=4)


def test_output_folder_may_be_a_link(tmp_path):
    """The user's own link, to a scratch file system for example."""
    (tmp_path / "scratch").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "scratch")
    must(run(tmp_path, small(), "--quiet"))
    must(run(tmp_path, small(), "--quiet", "--restart", "latest"))
    assert (tmp_path / "scratch" / "results.json").exists() and (tmp_path / "out").is_symlink()


@pytest.mark.parametrize("ranks", [1, 2])
def test_checkpoint_that_is_a_link_is_no_checkpoint_of_the_folder(tmp_path, ranks):
    """An old checkpoint, moved to a scratch folder and linked, does not continue as the newest one of a new run."""
    case = small(time={"scheme": "backward-euler", "step": 1e-3, "steps": 8})
    must(run(tmp_path, case, "--quiet"))
    (tmp_path / "scratch").mkdir()
    (tmp_path / "out" / "checkpoint_000008.h5").rename(tmp_path / "scratch" / "old.h5")
    (tmp_path / "out" / "checkpoint_000008.h5").symlink_to(tmp_path / "scratch" / "old.h5")
    old = (tmp_path / "scratch" / "old.h5").read_bytes()
    new = ("--quiet", "--set", "initial.temperature=1000+x")
    must(run(tmp_path, tmp_path / "case.yaml", *new, "--set", "time.steps=6", ranks=ranks))
    last = must(run(tmp_path, tmp_path / "case.yaml", *new, "--restart", "latest", ranks=ranks))
    assert last.results["restarts"][-1]["step"] == 6 and last.field(8).min() > 999
    assert (tmp_path / "scratch" / "old.h5").read_bytes() == old


def test_latest_skips_a_link_with_a_note(tmp_path):
    must(run(tmp_path, small(), "--quiet"))
    (tmp_path / "out" / "checkpoint_000004.h5").rename(tmp_path / "old.h5")
    (tmp_path / "out" / "checkpoint_000004.h5").symlink_to(tmp_path / "old.h5")
    outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest"))
    assert outcome.results["restarts"][-1]["step"] == 2 and "checkpoint_000004.h5" in outcome.err and "link" in outcome.err


# ---- input that ended in a traceback -----------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["ftcs", "backward-euler", "esdirk", "ts:rosw"])
def test_step_below_the_normal_numbers_is_refused(tmp_path, scheme):
    """1/step is infinite."""
    change = f"time={{scheme: '{scheme}', step: 5e-324, {'end: 1e-3' if scheme == 'esdirk' else 'steps: 3'}}}"
    refused(tmp_path, small(), "time.step", "found 5e-324", "too small for a number", "2.3e-308", args=("--set", change))


@pytest.mark.parametrize("change", ["time.step=3e-308", "time.step=1e300", "materials[0].density=1e308", "materials[0].conductivity=1e308",
                                    "initial.temperature=1e308", "source=1e308", "grid.x=[0, 1e-300]", "solver.tolerance=1e-300"])
def test_numbers_at_the_limits_end_without_a_traceback(tmp_path, change):
    outcome = alone(tmp_path, small(), "--quiet", "--set", change)
    assert outcome.code in (0, 2, 3) and "PETSC ERROR" not in outcome.err, f"exit code {outcome.code}\n{outcome.err}"
    assert outcome.err.count("error:") == (outcome.code != 0), outcome.err


@pytest.mark.parametrize("key,time", [("time.step", "step: 1e101, steps: 3"), ("time.end", "step: 1e90, end: 1e101"),
                                      ("time.steps", "step: 1e99, steps: 1000")])
def test_time_beyond_the_largest_number_is_refused(tmp_path, key, time):
    """The heat of such a step is no number, which was reported as a corrupted state."""
    refused(tmp_path, small(), key, "1e+100", args=("--set", f"time={{scheme: backward-euler, {time}}}"))


def test_events_of_a_steady_case_are_refused(tmp_path):
    refused(tmp_path, small(), "time.events", "has no meaning for scheme steady", args=("--set", "time={scheme: steady, events: [3]}"))


@pytest.mark.parametrize("change", ["grid.x=[0, 1e-300]", "grid.y=[0, 1e-160]", "grid.x=[0, 1e200]", "grid.y=[-1e308, 1e300]"])
def test_domain_whose_areas_are_no_numbers_is_refused(tmp_path, change):
    refused(tmp_path, small(), change[:6], "1e-50 m", "lengths are in metres", args=("--set", change))


@pytest.mark.parametrize("interval", [2.3e-308, 1e-30, 1e-20, 1e-16, 1e-13])
@pytest.mark.parametrize("kind", ["history", "snapshots"])
@pytest.mark.parametrize("time", [{"scheme": "backward-euler", "step": 0.001, "steps": 3},
                                  {"scheme": "bdf2", "step": "auto", "end": 0.01, "adaptive": {"tolerance": 0.01}}])
def test_output_interval_far_below_the_step_is_every_step(tmp_path, kind, interval, time):
    """No step is cut for multiples that lie closer together than 1e-9 of it."""
    case = small(output={kind: {"interval": interval}}, time=time)
    outcome = must(run(tmp_path, case, "--quiet", timeout=20))
    steps = outcome.results["time"]["steps"]
    assert steps < 100
    if kind == "history":
        assert list(outcome.table("history.csv")["step"]) == list(range(steps + 1))
    else:
        assert len(outcome.snapshots()) == steps + 1


@pytest.mark.parametrize("petsc,preconditioner", [({"ksp_max_it": 1}, "jacobi"), ({"pc_type": "fieldsplit"}, "multigrid"), ({"ksp_type": "cgls"}, "none"),
                                                  ({"pc_type": "hypre"}, "multigrid"), ({"pc_type": "lsc"}, "multigrid"),
                                                  ({"pc_factor_mat_solver_type": "mumps"}, "lu"), ({}, "patch"), ({}, "galerkin"),
                                                  ({"ksp_type": "chebyshev", "ksp_chebyshev_eigenvalues": "1"}, "none"),
                                                  ({"ksp_pc_side": "symmetric"}, "jacobi"), ({"pc_bjacobi_blocks": 1000000}, "bjacobi"),
                                                  ({"pc_mg_levels": 50}, "mg"), ({"ksp_rtol": 0}, "multigrid")])
def test_solver_of_the_list_that_cannot_work_here_ends_with_one_message(tmp_path, petsc, preconditioner):
    """Whether these run depends on how PETSc was built; an error of PETSc about an option of the user is the user's."""
    outcome = alone(tmp_path, small(petsc=petsc, solver={"preconditioner": preconditioner}), "--quiet")
    assert outcome.code in (0, 2, 3) and "PETSC ERROR" not in outcome.err, f"exit code {outcome.code}\n{outcome.err}"
    assert outcome.err.count("error:") == (outcome.code != 0), outcome.err


# ---- control characters ------------------------------------------------------------------------------------

# the window's title, a cleared screen, colours, deletions, an order from right to left
ESCAPES = "a\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\x08\u202e\u2066b"
TITLE = f"{ESCAPES}\nheat2d: error: forged"


def test_title_with_escapes_is_not_obeyed_and_files_keep_it(tmp_path):
    text = yaml.safe_dump(small(title=None), sort_keys=False) + f"title: {json.dumps(TITLE)}\n"
    path = write_case(tmp_path, text)
    outcome = must(run(tmp_path, path))
    assert not CONTROL.search(outcome.out.replace("\r", "")) and not CONTROL.search(outcome.err)
    assert outcome.out.splitlines()[0].endswith("b heat2d: error: forged"), "a line end in a title begins a line"
    assert outcome.results["title"] == TITLE and not CONTROL.search((outcome.directory / "results.json").read_text())
    assert not CONTROL.search((outcome.directory / "history.csv").read_text())
    xdmf = (outcome.directory / "snapshots.xdmf").read_text()
    ElementTree.fromstring(xdmf)
    assert not CONTROL.search(xdmf)
    with h5py.File(outcome.directory / "snapshot_000004.h5", "r") as file:
        title = file.attrs["title"]
    assert (title.decode() if isinstance(title, bytes) else title) == TITLE
    inspected = execute([HEAT2D, "inspect", "out/snapshot_000004.h5"], tmp_path)
    assert inspected.returncode == 0 and not CONTROL.search(inspected.stdout) and "forged" in inspected.stdout
    shown = execute([HEAT2D, str(path), "--show", "title"], tmp_path)
    assert shown.returncode == 0 and not CONTROL.search(shown.stdout)


NAME_KEYS = ["materials[0].name", "regions[0].name", "output.probes[0].name", "output.profiles[0].name", "output.directory",
             "output.temperature_unit"]


@pytest.mark.parametrize("key,escape", [(key, text) for key in NAME_KEYS for text in ("\\e[31m", "\\n", "\\x7f", "\\x9b", "\\u2028", "\\u202e", "\\u2069")])
def test_name_with_a_control_character_is_refused(tmp_path, key, escape):
    args = ("--set", f'{key}="a{escape}b"')
    path = write_case(tmp_path, small(regions=[{"material": "m", "name": "all"}]))
    before = contents(tmp_path)
    words = [HEAT2D, str(path), "--quiet", *args] if key == "output.directory" else [HEAT2D, str(path), "--quiet", "--output", "out", *args]
    done = execute(words, tmp_path)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and f"{key}: " in done.stderr, done.stderr
    assert not CONTROL.search(done.stderr) and contents(tmp_path) == before


@pytest.mark.parametrize("key", ["initial.file", "source", "boundary.left.type", "regions[0].material", "time.scheme", "petsc.ksp_type",
                                 "solver.preconditioner", "unknown", "initial.dataset", "checks[0].quantity"])
def test_message_about_a_value_has_no_escapes_and_no_forged_line(tmp_path, key):
    """Further lines of a message, which show an expression, begin with four blanks."""
    case = small(initial={"temperature": 1.0} if not key.startswith("initial") else {"file": "start.h5"})
    path = write_case(tmp_path, case)
    done = execute([HEAT2D, str(path), "--quiet", "--output", "out", "--set", f'{key}="a\\e]0;owned\\a\\nheat2d: error: forged\\x9b2J\\u202eb"'], tmp_path)
    first, *others = done.stderr.splitlines()
    assert done.returncode in (2, 4) and first.startswith("heat2d: error:"), done.stderr
    assert all(line.startswith("    ") for line in others), done.stderr
    assert not CONTROL.search(done.stderr), repr(done.stderr)


@pytest.mark.parametrize("words", [("--set", "ti\x1b[31mtle=x"), ("--set", "a\nb"), ("--restart", "a\x1b[2Jb"), ("--no\x1b[2J",), ("-ksp_\x1b[2J", "1"),
                                   ("--output", "file/\x1b[2J")])
def test_command_line_with_escapes_is_not_obeyed(tmp_path, words):
    path = write_case(tmp_path, small())
    (tmp_path / "file").write_text("")
    done = execute([HEAT2D, str(path), "--quiet", *words], tmp_path)
    assert done.returncode in (2, 4) and done.stderr.count("\n") == 1 and not CONTROL.search(done.stderr), repr(done.stderr)


def test_names_of_a_strange_file_are_not_obeyed(tmp_path):
    """`heat2d inspect` of a file whose texts somebody else wrote."""
    must(run(tmp_path, small(), "--quiet"))
    with h5py.File(tmp_path / "out" / "snapshot_000004.h5", "r+") as file:
        for attributes, name, text in ((file.attrs, "title", ESCAPES), (file["temperature"].attrs, "units", "K\x1b[2J")):
            attributes.create(name, text.encode(), dtype=h5py.string_dtype("utf-8", len(text.encode())))
    done = execute([HEAT2D, "inspect", "out/snapshot_000004.h5"], tmp_path)
    assert "]0;owned" in done.stdout and "K?[2J" in done.stdout, done.stderr
    assert not CONTROL.search(done.stdout + done.stderr), repr(done.stdout + done.stderr)


def test_quoted_tables_hold_no_line_end_of_a_name(tmp_path):
    outcome = must(run(tmp_path, small(regions=[{"material": "m", "name": 'a "b", c'}]), "--quiet"))
    with open(outcome.directory / "history.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert len({len(row) for row in rows}) == 1


FORMULA, SCRIPT = "=cmd|'/C calc'!A0", "+<script>alert(1)</script>"


def test_names_are_neither_formulas_nor_scripts_in_any_file(tmp_path):
    """No cell of a table begins as a formula of a spreadsheet does; XDMF, SVG and HTML hold no element of a name."""
    case = small(title=FORMULA + SCRIPT, materials=[
        {"name": name, "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0} for name in (FORMULA, SCRIPT)],
        regions=[{"material": FORMULA}, {"name": "@SUM(A1)" + SCRIPT, "shape": "rectangle", "x": [0.0, 0.5], "y": [0.0, 1.0], "material": SCRIPT}],
        output={"snapshots": {"every": 2}, "interfaces": [[FORMULA, SCRIPT]], "probes": [{"name": "a" + SCRIPT, "at": [0.5, 0.5]}],
                "profiles": [{"name": "p", "from": [0.0, 0.5], "to": [1.0, 0.5]}]})
    folder = must(run(tmp_path, case, "--quiet")).directory
    for table in folder.glob("*.csv"):
        with open(table, newline="") as file:
            assert not [cell for row in csv.reader(file) for cell in row if re.match(r"[=+@]|-[^0-9]", cell)], table
    for tree in (ElementTree.parse(folder / "snapshots.xdmf"), ):
        assert not tree.findall(".//script")
    done = execute([HEAT2D, "plan", "case.yaml", "--ranks", "4", "--map", "map.svg"], tmp_path)
    assert done.returncode == 0 and "script" not in (tmp_path / "map.svg").read_text(), done.stderr
    done = subprocess.run([sys.executable, "-m", "postprocess", "report", str(folder), "-o", str(tmp_path / "report.html")], cwd=ROOT,
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    page = (tmp_path / "report.html").read_text()
    assert done.returncode == 0 and "<script>alert" not in page and "&lt;script&gt;alert" in page, done.stderr

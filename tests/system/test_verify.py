"""`heat2d verify`: the table, the record and the exit codes.  tests/mutations tests that it notices faults."""
from __future__ import annotations

import os
import re
import sys

import pytest
from heat2d_case import ROOT, Outcome, command, execute

NAMES = {"events", "power", "modes", "painting", "space", "layers", "contact", "exchange", "radiation", "kirchhoff", "segments",
         "time", "conservation", "maximum", "matrix", "halo", "decomposition", "restart", "nafems", "tealeaf"}


def verify(tmp_path, *args: str, ranks: int = 1, output: str = "out") -> Outcome:
    words = command(None, ranks, ("verify", *args, *(("--output", output) if output else ())))
    done = execute(words, tmp_path, ranks, timeout=240)
    return Outcome(done.returncode, done.stdout, done.stderr, tmp_path / (output or "out/verify"))


def rows(outcome: Outcome) -> list[dict]:
    return outcome.results["verify"]


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_quick_suite_passes_and_is_recorded(tmp_path, ranks):
    outcome = verify(tmp_path, "--quick", ranks=ranks)
    assert outcome.code == 0, outcome.out + outcome.err
    assert outcome.results["status"] == "ok" and outcome.results["ranks"] == ranks
    assert {row["name"] for row in rows(outcome)} == NAMES
    for row in rows(outcome):
        assert row["pass"] is True and row["message"] is None, row
        assert row["bound"] is None or row["value"] <= row["bound"], row
        assert row["low"] is None or row["value"] >= row["low"], row
        assert row["bound"] is not None or row["low"] is not None, f"nothing bounds {row}"
    assert {path.name for path in outcome.directory.iterdir()} == {"results.json"}, "other files were written"


def test_table_and_record_say_the_same(tmp_path):
    outcome = verify(tmp_path, "--quick", "layers", "halo", ranks=2)
    table = re.findall(r"^  (\w+) +(\S.*?) {2,}(\S+)  (\S.*?) +(PASS|FAIL) +([\d.]+)$", outcome.out, re.M)
    assert [line[:2] for line in table] == [(row["name"], row["quantity"]) for row in rows(outcome)]
    for line, row in zip(table, rows(outcome)):
        assert float(line[2]) == pytest.approx(row["value"], rel=1e-4) and line[4] == "PASS"
    assert f"{len(table)} measurements, 0 failed" in outcome.out


def test_names_choose_entries(tmp_path):
    outcome = verify(tmp_path, "--quick", "tealeaf")
    assert outcome.code == 0, outcome.err
    assert {row["name"] for row in rows(outcome)} == {"tealeaf"}


def test_record_has_the_provenance_of_a_run(tmp_path):
    provenance = verify(tmp_path, "--quick", "modes").results["provenance"]
    assert all(provenance[key] for key in ("version", "compiler", "mpi", "petsc", "hdf5", "hosts", "command_line", "started"))


def test_default_folder(tmp_path):
    assert verify(tmp_path, "--quick", "layers", output="").code == 0
    assert (tmp_path / "out" / "verify" / "results.json").exists()


def test_quiet_prints_nothing(tmp_path):
    outcome = verify(tmp_path, "--quick", "--quiet", "layers")
    assert outcome.code == 0 and outcome.out == "" and outcome.err == ""
    assert outcome.results["status"] == "ok"


def test_ranks_that_a_small_grid_has_no_room_for_wait(tmp_path):
    outcome = verify(tmp_path, "--quick", "time", "tealeaf", ranks=4)
    assert outcome.code == 0, outcome.err
    assert {row["ranks"] for row in rows(outcome)} == {4}


def test_a_failure_is_reported_even_when_quiet_and_is_exit_code_5(tmp_path):
    """The solver of an entry cannot converge: it fails with PETSc's reason, and the other entries run."""
    outcome = verify(tmp_path, "--quick", "--quiet", "layers", "halo", "-ksp_max_it", "1", ranks=2)
    assert outcome.code == 5
    assert "verify layers failed" in outcome.err and "without converging" in outcome.err, outcome.err
    failed = [row for row in rows(outcome) if not row["pass"]]
    assert [row["name"] for row in failed] == ["layers"] and failed[0]["value"] is None
    assert "without converging" in failed[0]["message"]
    assert outcome.results["status"] == "check-failed"
    assert {row["name"] for row in rows(outcome)} == {"layers", "halo"}


def test_petsc_options_reach_the_solves(tmp_path):
    outcome = verify(tmp_path, "--quick", "--quiet", "layers", "-ksp_monitor")
    assert outcome.code == 0 and "KSP Residual norm" in outcome.out
    outcome = verify(tmp_path, "--quick", "--quiet", "layers", "-ksp_converged_reason")
    assert outcome.code == 0 and "Linear solve converged" in outcome.out


@pytest.mark.parametrize("words,message", [
    (["nonsense"], "unknown verification entry `nonsense`"),
    (["--set", "grid.cells=[4,4]"], "--set"),
    (["--restart", "latest"], "--restart"),
    (["modes", "-ksp_typo", "1"], "-ksp_typo"),
    (["modes", "-pc_type", "unobtainium"], "unobtainium")], ids=lambda value: " ".join(value) if isinstance(value, list) else "")
def test_bad_command_line_is_refused_before_any_work(tmp_path, words, message):
    outcome = verify(tmp_path, *words, ranks=2)
    assert outcome.code == 2 and outcome.err.count("heat2d: error:") == 1, outcome.err
    assert message in outcome.err
    assert not outcome.directory.exists(), "something was written"


def test_unknown_name_lists_the_names(tmp_path):
    message = verify(tmp_path, "nonsense").err
    assert NAMES <= set(re.findall(r"\w+", message))


def test_quick_is_refused_elsewhere(tmp_path):
    done = execute(command("case.yaml", 1, ("--quick",)), tmp_path)
    assert done.returncode == 2 and "--quick" in done.stderr


def test_a_folder_that_cannot_be_written_is_exit_code_4_before_any_work(tmp_path):
    (tmp_path / "out").write_text("a file\n")
    outcome = verify(tmp_path, "--quick", ranks=2)
    assert outcome.code == 4 and "out cannot be used as the output folder" in outcome.err
    assert "PASS" not in outcome.out


def test_a_run_in_the_folder_keeps_its_files(tmp_path):
    (tmp_path / "out").mkdir()
    for name in ("checkpoint_000100.h5", "snapshot_000100.h5", "history.csv"):
        (tmp_path / "out" / name).write_text("precious")
    assert verify(tmp_path, "--quick", "restart").code == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["checkpoint_000100.h5", "history.csv", "results.json",
                                                   "snapshot_000100.h5"]


def test_every_mutation_finds_its_place_once():
    """The mutations are slow to run; this test finds at once a text that the sources no longer contain."""
    sys.path.insert(0, str(ROOT / "tests" / "mutations"))
    from mutations import MUTATIONS

    for mutation in MUTATIONS:
        texts = [path.read_text() for path in (ROOT / mutation.room).glob("**/*.[ch]")]
        assert sum(text.count(mutation.old) for text in texts) == 1, mutation.name

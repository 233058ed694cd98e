"""--break-halo EVERY: halo exchanges that are left out for teaching.  The run is wrong, says so, and names the ranks."""
from __future__ import annotations

import re

import numpy as np
import pytest
from heat2d_case import HEAT2D, MPIEXEC, basic_case, execute, run, write_case

SCHEMES = ["ftcs", "rkl2", "backward-euler", "crank-nicolson", "bdf2", "esdirk"]


def heated(scheme: str, **sections) -> dict:
    """A hot disc at the centre, where blocks meet, on a grid whose blocks are wide enough for deep halos on four ranks."""
    step = 1e-4 if scheme == "ftcs" else 2e-3
    return basic_case(**{
        "grid": {"cells": [48, 40], "x": [0.0, 1.0], "y": [0.0, 1.0]},
        "initial": {"temperature": "exp(-20*((x-0.4)^2+(y-0.45)^2))"},
        "boundary": {"left": {"type": "temperature", "value": 1.0}},
        "time": {"scheme": scheme, "step": step, "steps": 96 if scheme == "ftcs" else 12}, **sections})


def neighbours(processes: list[int]) -> list[list[int]]:
    px, py = processes
    return sorted([[j * px + i, j * px + i + 1] for j in range(py) for i in range(px - 1)] +
                  [[j * px + i, (j + 1) * px + i] for j in range(py - 1) for i in range(px)])


@pytest.mark.parametrize("ranks", [2, 4, 7])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_broken_run_is_wrong_and_names_all_pairs_of_neighbours(tmp_path, scheme, ranks):
    healthy = run(tmp_path, heated(scheme), "--quiet", ranks=ranks)
    assert healthy.code == 0 and healthy.results["broken_halo"] is None, healthy.err
    broken = run(tmp_path, heated(scheme), "--break-halo", "2", ranks=ranks, output="broken")
    assert broken.code == 5, broken.err
    record = broken.results
    assert record["status"] == "check-failed"
    assert record["broken_halo"]["every"] == 2 and record["broken_halo"]["skipped"] > 0
    pairs = record["broken_halo"]["pairs"]
    assert [pair["ranks"] for pair in pairs] == neighbours(record["decomposition"]["processes"])
    assert all(0 < pair["wrong"] < pair["of"] for pair in pairs), pairs  # the test leaves out one exchange of three
    assert np.abs(broken.field() - healthy.field()).max() > 1e-5
    for a, b in (pair["ranks"] for pair in pairs):
        assert f"check FAIL   halo between ranks {a} and {b}: " in broken.out
    assert broken.err.count("\n") == 1 and "warning: --break-halo 2 leaves halo exchanges out on purpose" in broken.err


@pytest.mark.parametrize("options", [(), ("-heat_steps_at_once", "1")], ids=["deep", "single"])
def test_the_messages_left_out_are_missing_from_the_count(tmp_path, options):
    """Of the 96 exchanges of 96 single steps, those after 4, 8, ..., 92 others are left out."""
    case = heated("ftcs", output={"history": {"every": 96}})
    outcome = run(tmp_path, case, "--break-halo", "4", *options, ranks=4)
    skipped = outcome.results["broken_halo"]["skipped"]
    assert skipped == 23 if options else 0 < skipped < 23
    assert (outcome.results["decomposition"]["deep_exchanges"] == 0) == bool(options)
    halo = outcome.results["communication"]["halo"]
    missing = halo["predicted"]["within_nodes"]["messages"] - halo["within_nodes"]["messages"]
    assert missing == 8 * skipped  # 2 x 2 blocks: 8 messages an exchange


def test_with_every_exchange_left_out_no_heat_leaves_its_block(tmp_path):
    """The first exchange is made, so that each block sees its neighbours as they were at the beginning."""
    case = heated("ftcs", initial={"temperature": "x < 0.2 && y < 0.2 ? 1 : 0"}, boundary={})
    case["time"]["steps"] = 400
    broken = run(tmp_path, case, "--break-halo", "1", ranks=4)
    assert broken.results["decomposition"]["processes"] == [2, 2]
    field = broken.field()
    assert field[:20, :24].max() > 0.1
    assert field[20:].max() == 0.0 and field[:, 24:].max() == 0.0
    assert abs(broken.results["energy"]["balance_error"]) > 1e-3  # heat is lost at the seams
    whole = run(tmp_path, case, ranks=4, output="whole")
    assert whole.field()[20:].max() > 1e-3


def test_a_quiet_run_names_the_ranks_on_stderr(tmp_path):
    outcome = run(tmp_path, heated("ftcs"), "--quiet", "--break-halo", "1", ranks=2)
    assert outcome.code == 5 and not outcome.out
    assert re.search(r"^heat2d: check failed: halo between ranks 0 and 1: \d+ of \d+ ghost values", outcome.err, re.M), outcome.err


@pytest.mark.parametrize("ranks,words,said", [
    (1, ["case.yaml", "--break-halo", "2"], "one rank owns all cells"),
    (2, ["case.yaml", "--break-halo", "0"], "give a whole number from 1"),
    (2, ["case.yaml", "--break-halo", "often"], "give a whole number from 1"),
    (2, ["case.yaml", "--break-halo"], "--break-halo needs a value"),
    (2, ["case.yaml", "--break-halo", "2", "--set", "time={scheme: steady}"], "time.scheme"),
    (2, ["verify", "--break-halo", "2"], "--break-halo is an option of heat2d run"),
    (2, ["plan", "case.yaml", "--break-halo", "2"], "--break-halo is an option of heat2d run")])
def test_where_it_means_nothing_it_is_refused_before_anything_is_written(tmp_path, ranks, words, said):
    write_case(tmp_path, heated("ftcs"))
    done = execute([*MPIEXEC, "-n", str(ranks), HEAT2D, *words], tmp_path, ranks)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("heat2d: error: ") == 1 and said in done.stderr, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["case.yaml"]


def test_its_checkpoints_are_marked_and_refused_by_a_healthy_run(tmp_path):
    case = heated("ftcs", checkpoint={"every": 32})
    broken = run(tmp_path, case, "--quiet", "--break-halo", "2", ranks=4)
    assert broken.code == 5 and (broken.directory / "checkpoint_000096.h5").exists()
    longer = ("--quiet", "--restart", "latest", "--set", "time.steps=128")
    refused = run(tmp_path, case, *longer, ranks=4)
    assert refused.code == 2 and refused.err.count("heat2d: error: ") == 1, refused.err
    assert "checkpoint_000096.h5 was written by a run with --break-halo 2" in refused.err
    assert broken.results["status"] == "check-failed", "the refusal changed the folder"
    again = run(tmp_path, case, *longer, "--break-halo", "2", ranks=4)
    assert again.code == 5 and again.results["time"]["steps"] == 128, again.err


@pytest.mark.parametrize("kind", ["snapshot", "checkpoint"])
def test_its_field_files_are_marked_and_refused_as_input(tmp_path, kind):
    case = heated("ftcs", checkpoint={"every": 32})
    broken = run(tmp_path, case, "--quiet", "--break-halo", "2", ranks=2, output="broken")
    path = broken.directory / f"{kind}_000096.h5"
    shown = execute([HEAT2D, "inspect", str(path)], tmp_path, 1)
    assert shown.returncode == 0 and "wrong: written by a run with --break-halo 2" in shown.stdout, shown.stderr
    for section in ({"initial": {"file": str(path)}},
                    {"properties": {"conductivity": {"file": str(path), "dataset": "/temperature"}},
                     "initial": {"temperature": 300.0}}):
        other = run(tmp_path, heated("ftcs", **section), "--quiet", ranks=2, output="other")
        assert other.code == 2 and other.err.count("heat2d: error: ") == 1, other.err
        assert f"{kind}_000096.h5 was written by a run with --break-halo 2" in other.err


def test_files_of_a_healthy_run_have_no_mark(tmp_path):
    healthy = run(tmp_path, heated("ftcs"), "--quiet", ranks=2)
    path = healthy.directory / "snapshot_000096.h5"
    shown = execute([HEAT2D, "inspect", str(path)], tmp_path, 1)
    assert shown.returncode == 0 and "break-halo" not in shown.stdout
    other = run(tmp_path, heated("ftcs", initial={"file": str(path)}), "--quiet", ranks=2, output="other")
    assert other.code == 0, other.err


def test_a_broken_run_may_continue_a_healthy_checkpoint_and_marks_its_own(tmp_path):
    case = heated("ftcs", checkpoint={"every": 32})
    assert run(tmp_path, case, "--quiet", ranks=2).code == 0
    longer = ("--quiet", "--restart", "latest", "--set")
    assert run(tmp_path, case, *longer, "time.steps=128", "--break-halo", "3", ranks=2).code == 5
    refused = run(tmp_path, case, *longer, "time.steps=160", ranks=2)
    assert refused.code == 2 and "--break-halo 3" in refused.err, refused.err


def test_a_broken_run_that_is_stopped_is_not_ok_either(tmp_path):
    case = heated("ftcs", limits={"wall_time": 2.0})
    case["time"] = {"scheme": "ftcs", "step": 1e-4, "steps": 2000000000}
    outcome = run(tmp_path, case, "--quiet", "--break-halo", "1", ranks=2)
    assert outcome.code == 75 and outcome.results["status"] == "stopped"
    assert outcome.results["broken_halo"]["every"] == 1

"""Stopping, failing and restarting: a run in pieces leaves the files of an uninterrupted one."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from heat2d_case import HEAT2D, Outcome, basic_case, command, environment, run, write_case

STEPS = 40
LAYERS = [{"name": "slow", "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0},
          {"name": "fast", "conductivity": [30.0, 20.0], "density": 3.0, "specific_heat": 2.0}]


def heated(scheme: str, **sections) -> dict:
    """Return a case with all that a restart must restore: materials, a source and sides that change with time, records."""
    case = basic_case(
        title=f"restart {scheme}",
        grid={"cells": [23, 17], "x": [0.0, 1.0], "y": [0.0, 0.7]}, materials=LAYERS,
        regions=[{"material": "slow"}, {"shape": "circle", "centre": [0.4, 0.3], "radius": 0.2, "material": "fast",
                                        "source": "100*(t<0.0005)"}],
        boundary={"left": {"type": "temperature", "value": "sin(500*t)"},
                  "top": {"type": "convection", "coefficient": 4.0, "ambient": "1+t"}},
        time={"scheme": scheme, "step": 2.5e-5, "steps": STEPS},
        solver={"tolerance": 1e-12, "preconditioner": "jacobi"},
        output={"snapshots": {"every": 10}, "history": {"every": 3},
                "probes": [{"name": "a", "at": [0.31, 0.22]}, {"name": "b", "at": [0.9, 0.05]}]},
        checkpoint={"every": 8})
    case.update(sections)
    return case


def checkpoints(directory: Path) -> list[str]:
    """Return the names of the checkpoints in the order of their steps; a step above 999999 has a longer name."""
    return sorted((path.name for path in directory.glob("checkpoint_*.h5")), key=lambda name: (len(name), name))


def must(outcome: Outcome, code: int = 0) -> Outcome:
    assert outcome.code == code, f"exit code {outcome.code}, expected {code}\n{outcome.out}\n{outcome.err}"
    return outcome


def half_then_rest(tmp_path, case: dict, first_ranks: int, then_ranks: int, at: int = 19) -> Outcome:
    """Run to step `at`, then restart with --restart latest and the whole case."""
    path = write_case(tmp_path, case)
    must(run(tmp_path, path, "--quiet", "--set", f"time.steps={at}", ranks=first_ranks, output="pieces"))
    return must(run(tmp_path, path, "--quiet", "--restart", "latest", ranks=then_ranks, output="pieces"))


# ---- a run in two pieces --------------------------------------------------------------------------------


@pytest.mark.parametrize("first,then", [(1, 1), (2, 1), (1, 2), (2, 3)])
def test_ftcs_restart_on_other_ranks_has_the_same_bits(tmp_path, first, then):
    case = heated("ftcs")
    straight = must(run(tmp_path, case, "--quiet", ranks=1, output="straight"))
    pieces = half_then_rest(tmp_path, case, first, then)
    for step in (20, 30, 40):
        assert np.array_equal(straight.field(step), pieces.field(step)), f"step {step} has other bits"


@pytest.mark.parametrize("scheme", ["backward-euler", "crank-nicolson"])
def test_implicit_restart_agrees_to_the_solver_tolerance(tmp_path, scheme):
    case = heated(scheme)
    straight = must(run(tmp_path, case, "--quiet", ranks=1, output="straight"))
    pieces = half_then_rest(tmp_path, case, 2, 1)
    # Another number of ranks sums in another order, so solutions differ by 1e-12 of each step's increment.
    np.testing.assert_allclose(pieces.field(STEPS), straight.field(STEPS), rtol=0, atol=1e-10)


@pytest.mark.parametrize("scheme", ["backward-euler", "crank-nicolson"])
def test_implicit_restart_on_the_same_ranks_has_the_same_bits(tmp_path, scheme):
    case = heated(scheme)
    straight = must(run(tmp_path, case, "--quiet", ranks=2, output="straight"))
    pieces = half_then_rest(tmp_path, case, 2, 2)
    assert np.array_equal(straight.field(STEPS), pieces.field(STEPS)), "the restarted run has other bits"


@pytest.mark.parametrize("scheme", ["ftcs", "crank-nicolson"])
def test_energy_account_continues_over_a_restart(tmp_path, scheme):
    case = heated(scheme)
    straight = must(run(tmp_path, case, "--quiet", output="straight")).results["energy"]
    pieces = half_then_rest(tmp_path, case, 1, 2).results["energy"]
    assert abs(pieces["balance_error_relative"]) < 1e-10, pieces
    for key in ("stored_initial", "sources"):
        assert pieces[key] == pytest.approx(straight[key], rel=1e-10), key
    for side, heat in straight["through_sides"].items():
        assert pieces["through_sides"][side] == pytest.approx(heat, rel=1e-9, abs=1e-13), side


def test_records_continue_without_a_gap_or_a_repetition(tmp_path):
    """The first run continues to step 29 after its checkpoint of step 24, and the restart drops those rows."""
    case = heated("ftcs")
    straight = must(run(tmp_path, case, "--quiet", output="straight"))
    path = write_case(tmp_path, case)
    must(run(tmp_path, path, "--quiet", "--set", "time.steps=29", output="pieces"))
    (tmp_path / "pieces" / "checkpoint_000029.h5").unlink()
    pieces = must(run(tmp_path, path, "--quiet", "--restart", "latest", ranks=2, output="pieces"))
    assert pieces.results["restarts"][0]["step"] == 24
    steps = pieces.table("probes.csv")["step"]
    assert np.array_equal(steps, np.arange(STEPS + 1)), f"steps of probes.csv: {steps}"
    for name in ("a", "b"):
        # Sums over other ranks differ by rounding, on values of order 1.
        np.testing.assert_allclose(pieces.table("probes.csv")[name], straight.table("probes.csv")[name],
                                   rtol=0, atol=1e-13)
    ours, theirs = pieces.table("history.csv"), straight.table("history.csv")
    assert len(set(ours["step"])) == len(ours["step"]), f"repeated rows: {ours['step']}"
    assert np.array_equal(ours["step"], np.sort(ours["step"])), f"rows out of order: {ours['step']}"
    assert set(theirs["step"]) <= set(ours["step"]), f"missing rows: {set(theirs['step']) - set(ours['step'])}"
    assert np.array_equal(ours["min"][-1:], theirs["min"][-1:])


def test_times_of_a_restarted_run_have_the_same_bits(tmp_path):
    case = heated("ftcs")
    straight = must(run(tmp_path, case, "--quiet", output="straight"))
    pieces = half_then_rest(tmp_path, case, 1, 1)
    for path in straight.snapshots():
        with h5py.File(path) as theirs, h5py.File(pieces.directory / path.name) as ours:
            assert ours.attrs["time"] == theirs.attrs["time"], path.name
    assert np.array_equal(straight.table("probes.csv")["time"], pieces.table("probes.csv")["time"])


def test_restart_from_a_named_file(tmp_path):
    case = heated("ftcs", checkpoint={"every": 8, "keep": 10})
    straight = must(run(tmp_path, case, "--quiet", output="straight"))
    outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "straight/checkpoint_000016.h5",
                       ranks=2, output="again"))
    assert outcome.results["restarts"][0]["step"] == 16
    assert np.array_equal(straight.field(STEPS), outcome.field(STEPS))


def test_restart_of_a_finished_run_changes_nothing(tmp_path):
    case = heated("ftcs")
    done = must(run(tmp_path, case, "--quiet"))
    before = done.field(STEPS)
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest"))
    assert np.array_equal(before, again.field(STEPS))
    assert again.results["status"] == "ok"


@pytest.mark.parametrize("name", ["probes.csv", "history.csv"])
def test_restart_of_a_finished_run_adds_no_rows(tmp_path, name):
    done = must(run(tmp_path, heated("ftcs"), "--quiet"))
    before = done.table(name)["step"]
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest")).table(name)["step"]
    assert np.array_equal(before, again), f"steps before {before[-4:]}, after {again[-4:]}"


def test_restart_can_go_further(tmp_path):
    case = heated("ftcs")
    must(run(tmp_path, case, "--quiet"))
    longer = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", "time.steps=50"))
    straight = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--set", "time.steps=50", output="straight"))
    assert np.array_equal(straight.field(50), longer.field(50))


# ---- every scheme, interrupted anywhere ------------------------------------------------------------------

FIXED = {"ftcs": 2.5e-5, "rkl2": 2e-4, "backward-euler": 2e-4, "crank-nicolson": 2e-4, "bdf2": 2e-4, "esdirk": 2e-4,
         "ts:rosw": 2e-4}
CONTROLLED = ["bdf2", "esdirk", "ts:rosw"]
# The times of outputs are not multiples of the step, so steps are shortened.
CUTS = {"snapshots": {"interval": 7.3e-4}, "history": {"interval": 4.1e-4},
        "probes": [{"name": "a", "at": [0.31, 0.22]}, {"name": "b", "at": [0.9, 0.05]}],
        "profiles": [{"name": "line", "from": [0.1, 0.1], "to": [0.9, 0.6], "points": 5}]}
NON_LINEAR = {"materials": [dict(LAYERS[0], conductivity="1+0.2*(T-300)"), dict(LAYERS[1], conductivity=[30.0, "T-280"])],
              "initial": {"temperature": "301+cos(pi*x)*cos(2*pi*y)"},
              "boundary": {"left": {"type": "temperature", "value": "301+sin(500*t)"},
                           "top": {"type": "radiation", "emissivity": 0.9, "ambient": "400+t"}}}


def same_file(one: Path, other: Path) -> None:
    assert one.read_bytes() == other.read_bytes(), f"{other.name} has other bytes"


def interrupted(straight: Outcome, tmp_path: Path, keep: int) -> Path:
    """Make the files of a run that was killed some time after its checkpoint number `keep`: its tables have more rows."""
    directory = tmp_path / "pieces"
    shutil.copytree(straight.directory, directory)
    names = checkpoints(directory)
    assert len(names) > keep + 1, names
    for name in names[keep:]:
        (directory / name).unlink()
    (directory / "results.json").unlink()
    return directory


def ends_with_the_same_files(tmp_path: Path, case: dict, ranks: int, keep: int) -> None:
    straight = must(run(tmp_path, case, "--quiet", ranks=ranks, output="straight"))
    interrupted(straight, tmp_path, keep)
    pieces = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", ranks=ranks, output="pieces"))
    assert pieces.results["restarts"][0]["step"] < straight.results["time"]["steps"]
    assert [p.name for p in pieces.snapshots()] == [p.name for p in straight.snapshots()]
    for path in straight.snapshots():
        same_file(path, pieces.directory / path.name)
    # Also the column energy_error: a checkpoint holds the exact sums of the energy account.
    for name in ("probes.csv", "profile_line.csv", "history.csv"):
        same_file(straight.directory / name, pieces.directory / name)
    for key in ("steps", "end", "step", "step_min", "step_max", "rejected"):
        assert pieces.results["time"][key] == straight.results["time"][key], key


@pytest.mark.parametrize("scheme", FIXED)
def test_interrupted_run_of_fixed_steps_has_the_same_files(tmp_path, scheme):
    case = heated(scheme, time={"scheme": scheme, "step": FIXED[scheme], "end": 3e-3}, output=CUTS,
                  checkpoint={"every": 3 if scheme != "ftcs" else 17, "keep": 100})
    ends_with_the_same_files(tmp_path, case, 2, keep=3)


@pytest.mark.parametrize("scheme", CONTROLLED)
def test_interrupted_run_of_controlled_steps_has_the_same_files(tmp_path, scheme):
    case = heated(scheme, time={"scheme": scheme, "end": 3e-3, "adaptive": {"tolerance": 1e-3}}, output=CUTS,
                  checkpoint={"every": 3, "keep": 100})
    ends_with_the_same_files(tmp_path, case, 2, keep=2)


@pytest.mark.parametrize("scheme,time", [("ftcs", {"step": "auto"}), ("rkl2", {"step": "auto"}),
                                         ("backward-euler", {"step": 2e-4}), ("crank-nicolson", {"step": 2e-4}),
                                         ("bdf2", {"step": 2e-4}), ("bdf2", {"adaptive": {"tolerance": 1e-3}}),
                                         ("esdirk", {"adaptive": {"tolerance": 1e-3}}),
                                         ("ts:rosw", {"adaptive": {"tolerance": 1e-3}})])
def test_interrupted_run_that_is_not_linear_has_the_same_files(tmp_path, scheme, time):
    case = heated(scheme, time={"scheme": scheme, "end": 3e-3, **time}, output=CUTS,
                  checkpoint={"every": 3, "keep": 100}, **NON_LINEAR)
    ends_with_the_same_files(tmp_path, case, 1, keep=2)


@pytest.mark.parametrize("at", [1, 2, 4, 5])
def test_multi_step_scheme_continues_from_any_of_its_first_steps(tmp_path, at):
    case = heated("bdf2", time={"scheme": "bdf2", "step": 2e-4, "end": 3e-3}, output=CUTS,
                  checkpoint={"every": 1, "keep": 100})
    ends_with_the_same_files(tmp_path, case, 1, keep=at)


def test_run_continues_from_a_checkpoint_of_another_scheme_with_a_note(tmp_path):
    case = heated("bdf2", time={"scheme": "bdf2", "step": 2e-4, "end": 2e-3}, output=CUTS)
    must(run(tmp_path, case, "--quiet"))
    outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set",
                       "time.scheme=backward-euler", "--set", "time.end=3e-3"))
    notes = [line for line in outcome.err.splitlines() if "note" in line]
    assert len(notes) == 1 and "made with bdf2, continuing with backward-euler" in notes[0], outcome.err
    assert "remembered" in notes[0], notes[0]
    assert outcome.results["time"]["end"] == 3e-3
    energy = outcome.results["energy"]["balance_error_relative"]
    assert abs(energy) < 1e-10, f"energy balance {energy}"


def test_restart_with_another_step_begins_its_grid_of_times_there(tmp_path):
    case = heated("backward-euler", time={"scheme": "backward-euler", "step": 2e-4, "end": 1e-3})
    must(run(tmp_path, case, "--quiet"))
    outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set",
                       "time.step=3e-4", "--set", "time.end=2e-3"))
    times = outcome.table("probes.csv")["time"]
    assert list(times[-4:]) == [1e-3 + 3e-4, 1e-3 + 2 * 3e-4, 1e-3 + 3 * 3e-4, 2e-3]


def test_failed_step_leaves_the_last_good_state(tmp_path):
    """A step fails because far too few iterations are allowed; a restart from the last checkpoint with more continues."""
    case = heated("backward-euler", time={"scheme": "backward-euler", "step": 2e-4, "end": 2e-3},
                  solver={"tolerance": 1e-12, "preconditioner": "jacobi", "max_iterations": 1})
    outcome = must(run(tmp_path, case, "--quiet"), 3)
    assert outcome.results["status"] == "error"
    step = outcome.results["time"]["steps"]
    assert checkpoints(outcome.directory) == [f"checkpoint_{step:06d}.h5"]
    assert "the last good state" in outcome.err
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set",
                     "solver.max_iterations=1000"))
    assert again.results["time"]["end"] == 2e-3


# ---- stopping -------------------------------------------------------------------------------------------


def long_run(**sections) -> dict:
    """Return a case that takes half a minute or more with ftcs."""
    return heated("ftcs", time={"scheme": "ftcs", "step": 2.5e-5, "steps": 20_000_000},
                  output={"history": {"every": 100000}}, **sections)


def test_wall_time_limit_checkpoints_and_leaves_with_75(tmp_path):
    case = long_run(checkpoint={"keep": 2}, limits={"wall_time": 2.0})
    began = time.monotonic()
    outcome = must(run(tmp_path, case, "--quiet", ranks=2), 75)
    elapsed = time.monotonic() - began
    assert outcome.results["status"] == "stopped"
    assert checkpoints(outcome.directory), "stopped without a checkpoint"
    step = outcome.results["time"]["steps"]
    assert 0 < step < 20_000_000
    assert checkpoints(outcome.directory)[-1] == f"checkpoint_{step:06d}.h5"
    # The limit counts from the start of the program; twice as much is allowed for the launcher and a busy machine.
    assert elapsed < 6, f"a limit of 2 s took {elapsed:.1f} s"
    steps = f"time.steps={step + 10}"
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", steps,
                     "--set", "limits.wall_time=0"))
    straight = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--set", steps, "--set", "limits.wall_time=0",
                        "--set", f"output.snapshots={{every: {step + 10}}}", output="straight", ranks=2))
    assert again.results["time"]["steps"] == step + 10
    with h5py.File(straight.directory / f"snapshot_{step + 10:06d}.h5") as file:
        end = file["temperature"][...]
    assert abs(again.table("history.csv")["max"][-1] - end.max()) == 0


class Background:
    """A run in the background that a test disturbs; its processes are killed at the end of the test."""

    def __init__(self, tmp_path, case: dict, ranks: int, launcher: bool = True, args: tuple[str, ...] = (), env: dict[str, str] | None = None):
        self.directory = tmp_path / "out"
        path = write_case(tmp_path, case)
        words = command(path, ranks, ("--output", "out", "--quiet", *args))
        self.process = subprocess.Popen(
            ["timeout", "-k", "5", "60", *(words if launcher else words[words.index(HEAT2D):])], cwd=tmp_path,
            env=environment(ranks) | (env or {}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.process.wait(10)

    def kill(self) -> None:
        """Kill every process of this run, as the loss of a node does."""
        for pid in self.descendants():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it ended with its parent

    def descendants(self) -> list[int]:
        """Return the processes of this run: `timeout`, mpiexec, its proxy, the ranks."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                except (OSError, IndexError):
                    continue
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def wait_for_checkpoint(self, seconds: float = 20) -> None:
        limit = time.monotonic() + seconds
        while not checkpoints(self.directory):
            assert self.process.poll() is None, f"ended early: {self.process.communicate()[1]}"
            assert time.monotonic() < limit, "no checkpoint in time"
            time.sleep(0.05)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGINT"])
def test_signal_to_mpiexec_stops_with_a_checkpoint(tmp_path, name):
    with Background(tmp_path, long_run(checkpoint={"wall_interval": 0.5}), 2) as job:
        job.wait_for_checkpoint()
        launcher = job.descendants()[1]
        os.kill(launcher, getattr(signal, name))
        _, err = job.process.communicate(timeout=20)
    outcome = Outcome(job.process.returncode, "", err, job.directory)
    # The exit code of the launcher is not tested: hydra (MPICH 4.0.2) that has forwarded a signal sometimes returns 75 and
    # sometimes 0 when every rank returned 75.  The record has the status; the next test tests the program's code.
    assert (outcome.directory / "results.json").exists(), f"exit code {outcome.code}, no results.json\n{err}"
    assert outcome.results["status"] == "stopped", outcome.results["status"]
    step = outcome.results["time"]["steps"]
    assert checkpoints(outcome.directory)[-1] == f"checkpoint_{step:06d}.h5"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGUSR1", "SIGINT"])
def test_program_stopped_by_a_signal_returns_75(tmp_path, name):
    """One rank runs without a launcher, so the signal and the exit code are the program's own."""
    with Background(tmp_path, long_run(checkpoint={"wall_interval": 0.5}), 1, launcher=False) as job:
        job.wait_for_checkpoint()
        os.kill(job.descendants()[1], getattr(signal, name))
        _, err = job.process.communicate(timeout=20)
    assert job.process.returncode == 75, f"exit code {job.process.returncode}\n{err}"
    assert "heat2d: error" not in err, err


def test_killed_run_continues_with_the_same_bits(tmp_path):
    case = long_run(checkpoint={"every": 4000, "keep": 2})
    with Background(tmp_path, case, 2) as job:
        job.wait_for_checkpoint()
        job.kill()
        job.process.communicate(timeout=20)
    newest = int(checkpoints(job.directory)[-1][11:-3])
    end = newest + 500
    ending = ("--quiet", "--set", f"time.steps={end}", "--set", f"output.snapshots={{every: {end}}}")
    again = must(run(tmp_path, tmp_path / "case.yaml", *ending, "--restart", "latest"))
    assert again.results["restarts"][0]["step"] == newest
    straight = must(run(tmp_path, tmp_path / "case.yaml", *ending, output="straight"))
    assert np.array_equal(straight.field(end), again.field(end)), "not the field of an undisturbed run"


# ---- refusals -------------------------------------------------------------------------------------------


def refused(outcome: Outcome, code: int, *words: str) -> None:
    assert outcome.code == code, f"exit code {outcome.code}, expected {code}\n{outcome.err}"
    lines = outcome.err.splitlines()
    errors = [line for line in lines if line.startswith("heat2d: error:")]
    assert len(errors) == 1, f"one message expected:\n{outcome.err}"
    for word in words:
        assert word in errors[0], f"{word!r} is not in: {errors[0]}"


@pytest.mark.parametrize("ranks", [1, 2])
def test_restart_on_another_grid_is_refused(tmp_path, ranks):
    case = heated("ftcs")
    must(run(tmp_path, case, "--quiet"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    outcome = run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", "grid.cells=[20,17]",
                  ranks=ranks)
    refused(outcome, 4, "checkpoint_000040.h5", "[23, 17]", "[20, 17]")
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}, "files were touched"


# ---- what may differ ------------------------------------------------------------------------------------

CHANGED = [("materials[0].conductivity=3", "materials[0].conductivity: "), ("regions[1].radius=0.25", "regions[1].radius: 0.2 then, 0.25 now"),
           ("regions[1].source=4", "regions[1].source: 100*(t<0.0005) then, 4 now"), ("source=2", "source: not given then, 2 now"),
           ("boundary.left.value=1", "boundary.left.value: sin(500*t) then, 1 now"), ("time.step=1.25e-05", "time.step: 2.5e-05 then, 1.25e-05 now"),
           ("solver.face_average=arithmetic", "solver.face_average: not given then, arithmetic now")]


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("change,words", CHANGED)
def test_keys_that_determine_the_solution_are_reported_where_they_differ(tmp_path, change, words, ranks):
    must(run(tmp_path, heated("ftcs"), "--quiet"))
    outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", "time.steps=42",
                       "--set", change, ranks=ranks))
    first, *told = outcome.err.splitlines()
    assert first.startswith("heat2d: note: the case differs from the checkpoint's in 1 of the keys"), outcome.err
    anew = [line for line in told if "energy account begins anew" in line]
    assert len(anew) == ("radius" in change) and len(told) == 1 + len(anew) and words in told[0], outcome.err


@pytest.mark.parametrize("ranks", [1, 3])
def test_the_energy_account_begins_anew_where_cells_store_other_heat(tmp_path, ranks):
    """The account of the earlier density cannot close with the later one; the new account closes, also in a run that continues it.
    1e-9: far above the rounding of sums, far below the change."""
    case = heated("ftcs")
    must(run(tmp_path, case, "--quiet"))
    changed = ("--set", "materials[0].density=2", "--set", "time.step=1e-5")
    for steps, notes in (("42", 1), ("44", 0)):
        outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", f"time.steps={steps}", *changed, ranks=ranks))
        assert outcome.err.count("the energy account begins anew at this step") == notes, outcome.err
        assert outcome.results["energy"]["balance_error_relative"] < 1e-9


def test_differences_are_those_to_the_checkpoint_that_is_read(tmp_path):
    """--set of the run that wrote the checkpoint counts, and a later checkpoint has the keys of the run that wrote it."""
    must(run(tmp_path, heated("ftcs"), "--quiet", "--set", "source=2"))
    path = tmp_path / "case.yaml"
    assert "source: 2 then, not given now" in must(run(tmp_path, path, "--quiet", "--restart", "latest", "--set", "time.steps=48")).err
    assert not must(run(tmp_path, path, "--quiet", "--restart", "latest", "--set", "time.steps=56")).err


@pytest.mark.parametrize("ranks", [1, 2])
def test_changed_contents_of_files_are_reported(tmp_path, ranks):
    def write(slope: float, number: int, k: float) -> None:
        (tmp_path / "t.csv").write_text(f"0,0\n1,{slope}\n")
        with h5py.File(tmp_path / "map.h5", "w") as file:
            file["material"] = np.where(np.arange(24).reshape(4, 6) == 7, number, 0).astype("i4")
        with h5py.File(tmp_path / "k.h5", "w") as file:
            file["conductivity"] = np.full((4, 6), k)

    write(1.0, 0, 2.0)
    case = heated("ftcs", grid={"cells": [6, 4], "x": [0.0, 1.0], "y": [0.0, 1.0]},
                  boundary={"left": {"type": "temperature", "table": "t.csv"}},
                  materials=[{"name": "m", "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0}],
                  properties={"conductivity": {"file": "k.h5"}}, regions=[{"material": "m"}, {"file": "map.h5"}],
                  initial={"file": "map.h5", "dataset": "/material"})
    must(run(tmp_path, case, "--quiet"))
    again = ("--quiet", "--restart", "latest", "--set")
    assert not must(run(tmp_path, tmp_path / "case.yaml", *again, "time.steps=42", ranks=ranks)).err
    write(2.0, -1, 3.0)
    first, *told = must(run(tmp_path, tmp_path / "case.yaml", *again, "time.steps=44", ranks=ranks)).err.splitlines()
    assert "differs from the checkpoint's in 3 of the keys" in first
    assert "energy account begins anew" in told.pop()
    assert [line.split(":")[0].strip() for line in told] == [f"contents of {name}" for name in (
        "boundary.left.table (t.csv)", "properties.conductivity.file (k.h5)", "regions[1].file (map.h5)")]
    assert all(line.count("checksum 0x") == 2 for line in told), told
    # A table of a side that goes on, or another one, changes no heat that cells store.
    (tmp_path / "t.csv").write_text("0,0\n1,2\n2,9\n")
    told = must(run(tmp_path, tmp_path / "case.yaml", *again, "time.steps=45", ranks=ranks)).err
    assert "in 1 of the keys" in told and "boundary.left.table (t.csv)" in told and "begins anew" not in told, told
    # Another file is another value of the key that names it, and nothing more.
    (tmp_path / "u.csv").write_text("0,0\n1,5\n")
    told = must(run(tmp_path, tmp_path / "case.yaml", *again, "time.steps=46", "--set", "boundary.left.table=u.csv", ranks=ranks)).err
    assert "in 1 of the keys" in told and "boundary.left.table: t.csv then, u.csv now" in told and "begins anew" not in told


def test_many_differences_are_counted(tmp_path):
    must(run(tmp_path, heated("ftcs"), "--quiet"))
    words = [word for k in range(12) for word in ("--set", f"regions[{k + 2}]={{material: slow}}")]
    lines = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", "time.steps=42", *words)).err.splitlines()
    assert "in 12 of the keys" in lines[0] and len(lines) == 13 and lines[-2] == "  and 2 more", lines


def test_what_may_differ_is_not_reported(tmp_path):
    must(run(tmp_path, heated("ftcs"), "--quiet", ranks=2))
    changes = ["title=other", "time.steps=44", "decomposition.processes=[1,3]", "initial={temperature: 7}", "output.snapshots.every=7",
               "output.history.every=5", "checkpoint={every: 3, keep: 4, verify: sample}", "limits.wall_time=1000",
               "check=[{quantity: minimum, value: 0, tolerance: 1e9}]", "regions[1].temperature=4",
               "time.step=0.000025", "regions[1].radius=0.20"]
    words = [word for change in changes for word in ("--set", change)]
    outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", *words, ranks=3))
    assert not outcome.err and outcome.results["time"]["steps"] == 44, outcome.err


@pytest.mark.parametrize("ranks", [1, 2])
def test_restart_without_a_checkpoint_is_refused(tmp_path, ranks):
    outcome = run(tmp_path, heated("ftcs"), "--quiet", "--restart", "latest", ranks=ranks)
    refused(outcome, 4, "no checkpoint in out")


def test_restart_from_a_missing_file_is_refused(tmp_path):
    refused(run(tmp_path, heated("ftcs"), "--quiet", "--restart", "nowhere.h5"), 4, "nowhere.h5")


def test_restart_from_a_snapshot_is_refused(tmp_path):
    must(run(tmp_path, heated("ftcs"), "--quiet"))
    refused(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/snapshot_000010.h5", output="again"), 4,
            "snapshot_000010.h5")


def damage(path: Path, dataset: str = "temperature") -> None:
    """Flip one bit in the middle of the dataset."""
    with h5py.File(path, "r") as file:
        offset = file[dataset].id.get_offset() + file[dataset].id.get_storage_size() // 2
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x10
    path.write_bytes(data)


@pytest.mark.parametrize("ranks", [1, 2])
def test_damaged_newest_checkpoint_is_passed_over(tmp_path, ranks):
    straight = must(run(tmp_path, heated("ftcs"), "--quiet", output="straight"))
    shutil.copytree(tmp_path / "straight", tmp_path / "out")
    damage(tmp_path / "out" / "checkpoint_000040.h5")
    outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", ranks=ranks))
    warnings = [line for line in outcome.err.splitlines() if "checkpoint_000040.h5" in line]
    assert len(warnings) >= 1 and "passed over" in warnings[0], outcome.err
    assert outcome.results["restarts"][0]["step"] == 32
    assert np.array_equal(straight.field(STEPS), outcome.field(STEPS))


def test_truncated_newest_checkpoint_is_passed_over(tmp_path):
    must(run(tmp_path, heated("ftcs"), "--quiet"))
    newest = tmp_path / "out" / "checkpoint_000040.h5"
    newest.write_bytes(newest.read_bytes()[:5000])
    outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest"))
    assert outcome.results["restarts"][0]["step"] == 32
    assert "checkpoint_000040.h5" in outcome.err


def test_damaged_named_checkpoint_is_refused(tmp_path):
    must(run(tmp_path, heated("ftcs"), "--quiet"))
    damage(tmp_path / "out" / "checkpoint_000040.h5")
    refused(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000040.h5", ranks=2,
                output="again"), 4, "checkpoint_000040.h5")


def make_newer(path: Path) -> None:
    """Give the checkpoint a format version that this heat2d does not know."""
    with h5py.File(path, "r+") as file:
        file.attrs.modify("format_version", np.int32(file.attrs["format_version"] + 1))


@pytest.mark.parametrize("ranks", [1, 2])
def test_checkpoint_of_a_newer_format_is_refused(tmp_path, ranks):
    must(run(tmp_path, heated("ftcs"), "--quiet"))
    make_newer(tmp_path / "out" / "checkpoint_000040.h5")
    outcome = run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "out/checkpoint_000040.h5", ranks=ranks,
                  output="again")
    refused(outcome, 4, "checkpoint_000040.h5", "its format version is 2, and this heat2d reads up to version 1")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("ranks", [1, 2])
def test_checkpoint_of_a_newer_format_is_passed_over(tmp_path, ranks):
    straight = must(run(tmp_path, heated("ftcs"), "--quiet", output="straight"))
    shutil.copytree(tmp_path / "straight", tmp_path / "out")
    make_newer(tmp_path / "out" / "checkpoint_000040.h5")
    newer = (tmp_path / "out" / "checkpoint_000040.h5").read_bytes()
    outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", ranks=ranks))
    passed = [line for line in outcome.err.splitlines() if "passed over" in line]
    assert len(passed) == 1 and "checkpoint_000040.h5" in passed[0] and "format version is 2" in passed[0], outcome.err
    assert outcome.results["restarts"][0]["step"] == 32
    assert np.array_equal(straight.field(STEPS), outcome.field(STEPS))
    assert newer in [path.read_bytes() for path in tmp_path.glob("out/abandoned_*/checkpoint_000040.h5")], "the newer checkpoint is lost"


# ---- housekeeping ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep,expected", [(1, [40]), (2, [32, 40]), (4, [16, 24, 32, 40])])
def test_keep_says_how_many_checkpoints_stay(tmp_path, keep, expected):
    outcome = must(run(tmp_path, heated("ftcs", checkpoint={"every": 8, "keep": keep}), "--quiet"))
    assert checkpoints(outcome.directory) == [f"checkpoint_{step:06d}.h5" for step in expected]


def test_fresh_run_spares_the_checkpoints_of_an_unfinished_one(tmp_path):
    case = heated("ftcs")
    must(run(tmp_path, case, "--quiet"))
    (tmp_path / "out" / "results.json").unlink()  # a killed run has none
    content = {name: (tmp_path / "out" / name).read_bytes() for name in checkpoints(tmp_path / "out")}
    outcome = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--set", "time.steps=3"))
    kept = {path.name: path.read_bytes() for path in tmp_path.rglob("checkpoint_*.h5")}
    for name, data in content.items():
        assert kept.get(name) == data, f"{name} of the unfinished run is lost"
    assert "unfinished" in outcome.err, f"no message names its new folder:\n{outcome.err}"


def test_no_partial_file_is_left(tmp_path):
    outcome = must(run(tmp_path, heated("ftcs"), "--quiet", ranks=2))
    odd = [path.name for path in outcome.directory.iterdir()
           if not path.name.endswith((".h5", ".csv", ".json", ".xdmf"))]
    assert not odd, f"left over: {odd}"


# ---- one run in a folder --------------------------------------------------------------------------------


@pytest.mark.parametrize("restart", [False, True])
def test_second_run_in_a_folder_is_refused_and_the_first_continues(tmp_path, restart):
    with Background(tmp_path, long_run(checkpoint={"every": 2000, "keep": 2}), 2) as first:
        first.wait_for_checkpoint()
        second = run(tmp_path, long_run(), "--quiet", *(["--restart", "latest"] if restart else []), ranks=2, output="out")
        refused(second, 4, "a run is writing into it (process", "--output")
        assert "passed over" not in second.err, "the second run has read checkpoints that the first one may be deleting"
        assert first.process.poll() is None, "the first run has ended"
        first.kill()
    must(run(tmp_path, long_run(limits={"wall_time": 1.0}), "--quiet", "--restart", "latest", ranks=1, output="out"), 75)
    assert not (tmp_path / "out" / ".lock").exists(), "the lock is left"


@pytest.mark.parametrize("scheme", ["ftcs", "bdf2"])
def test_energy_account_of_a_continued_run_has_the_same_bits(tmp_path, scheme):
    # Four sides and a source of different sizes: each of seven sums is rounded at a checkpoint, some of them upwards.
    case = heated(scheme, checkpoint={"every": 3, "keep": 99}, source="123.456*exp(-x)*(1 + t)")
    straight = must(run(tmp_path, case, "--quiet"))
    # What bdf2 remembers of the heat of its last step is rounded to 159 bits, which its later checkpoints may show.
    kinds = ("*.csv", "snapshot_*.h5", *(("checkpoint_*.h5",) if scheme == "ftcs" else ()))
    files = {p.name: p.read_bytes() for kind in kinds for p in (tmp_path / "out").glob(kind)}
    for step in (3, 9, 15):
        shutil.copytree(tmp_path / "out", tmp_path / f"from{step}")
        again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart",
                         f"from{step}/checkpoint_{step:06d}.h5", output=f"from{step}"))
        for name, content in files.items():
            assert (again.directory / name).read_bytes() == content, f"{name} after a restart at step {step}"
        for key in ("through_sides", "sources", "balance_error", "balance_error_relative"):
            assert again.results["energy"][key] == straight.results["energy"][key], key

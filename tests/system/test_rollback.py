"""A corrupted state is found, the run returns once to its last checkpoint, and its files are those of an undisturbed run."""
from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from heat2d_case import Outcome, basic_case, command, environment, execute, run, write_case

LAYERS = [{"name": "slow", "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0},
          {"name": "fast", "conductivity": [30.0, 20.0], "density": 3.0, "specific_heat": 2.0}]
STEPS = {"ftcs": 2.5e-5, "backward-euler": 2e-4, "bdf2": 2e-4}
needs_faults = pytest.mark.skipif("HEAT2D_FAULTS" not in os.environ, reason="built without the library of faults")
FAULT = "13:5:6:1000"  # found at step 15, which has a row of the history; the last checkpoint is of step 8


def heated(scheme: str, **sections) -> dict:
    case = basic_case(
        title=f"rollback {scheme}", grid={"cells": [23, 17], "x": [0.0, 1.0], "y": [0.0, 0.7]}, materials=LAYERS,
        regions=[{"material": "slow"}, {"shape": "circle", "centre": [0.4, 0.3], "radius": 0.2, "material": "fast",
                                        "source": "100*(t<0.0005)"}],
        boundary={"left": {"type": "temperature", "value": "sin(500*t)"},
                  "top": {"type": "convection", "coefficient": 4.0, "ambient": "1+t"}},
        time={"scheme": scheme, "step": STEPS[scheme], "steps": 30},
        solver={"tolerance": 1e-12, "reproducible": True},
        output={"snapshots": {"every": 10}, "history": {"every": 3},
                "probes": [{"name": "a", "at": [0.31, 0.22]}, {"name": "b", "at": [0.9, 0.05]}],
                "profiles": [{"name": "line", "from": [0.1, 0.1], "to": [0.9, 0.6], "points": 5}]},
        checkpoint={"every": 8})
    case.update(sections)
    return case


def still(**sections) -> dict:
    """Return a case with constant temperatures on the sides and no sources, for which the maximum principle holds."""
    return heated("ftcs", boundary={"left": {"type": "temperature", "value": 1.0}}, limits={"balance": 0},
                  regions=[{"material": "slow"}], **sections)


def faulty(tmp_path, case: dict, fault: str, *args: str, ranks: int = 1, output: str = "faulty") -> Outcome:
    os.environ["HEAT2D_INJECT"] = fault
    try:
        return run(tmp_path, case, "--quiet", *args, ranks=ranks, output=output)
    finally:
        del os.environ["HEAT2D_INJECT"]


def must(outcome: Outcome, code: int = 0) -> Outcome:
    assert outcome.code == code, f"exit code {outcome.code}, expected {code}\n{outcome.out}\n{outcome.err}"
    return outcome


def lines(outcome: Outcome, *words: str) -> list[str]:
    return [line for line in outcome.err.splitlines() if all(word in line for word in words)]


def same_files(one: Outcome, other: Outcome) -> None:
    """Assert that all files are equal, except those with times: results.json and the manifests."""
    names = {path.name for path in one.directory.iterdir()}
    assert names == {path.name for path in other.directory.iterdir()}
    for name in sorted(name for name in names if not name.endswith(".json")):
        assert (one.directory / name).read_bytes() == (other.directory / name).read_bytes(), f"{name} has other bytes"


def went_back(outcome: Outcome, step: int, to_step: int, *words: str) -> None:
    told = lines(outcome, "heat2d: warning: ", *words)
    assert len(told) == 1 and f"step {step} (t = " in told[0], outcome.err
    assert len(lines(outcome, f"going back once, to step {to_step}, ")) == 1, outcome.err
    record = outcome.results["rollbacks"]
    assert len(record) == 1 and (record[0]["step"], record[0]["to_step"]) == (step, to_step), record
    assert record[0]["reason"] in told[0]


# ---- passing faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize("scheme", STEPS)
def test_passing_fault_leaves_no_trace(tmp_path, scheme, ranks):
    case = heated(scheme)
    straight = must(run(tmp_path, case, "--quiet", ranks=ranks, output="straight"))
    outcome = must(faulty(tmp_path, case, FAULT, ranks=ranks))
    went_back(outcome, 15, 8, "energy balance", "limits.balance")
    assert outcome.results["status"] == "ok" and straight.results["rollbacks"] == []
    assert outcome.results["restarts"] == []
    same_files(straight, outcome)


@pytest.mark.parametrize("value", ["nan", "inf"])
@pytest.mark.parametrize("scheme", STEPS)
def test_run_goes_back_from_cells_that_are_not_finite(tmp_path, scheme, value):
    """With ftcs the check before a report finds them; with the other schemes the solver fails before."""
    case = heated(scheme)
    straight = must(run(tmp_path, case, "--quiet", ranks=2, output="straight"))
    outcome = must(faulty(tmp_path, case, f"13:5:6:{value}", ranks=2))
    went_back(outcome, 15 if scheme == "ftcs" else 13, 8, "not finite")
    same_files(straight, outcome)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("memory", [0, 1])
@pytest.mark.parametrize("value", ["nan", "1000"])
def test_fields_that_the_scheme_remembers_are_validated_before_a_checkpoint(tmp_path, memory, value, ranks):
    """The fault comes at the step of a checkpoint, when the temperature is right and only the remembered field is wrong."""
    case = heated("bdf2")
    straight = must(run(tmp_path, case, "--quiet", ranks=ranks, output="straight"))
    outcome = must(faulty(tmp_path, case, f"16:5:6:{value}:1:{memory}", ranks=ranks))
    went_back(outcome, 16, 8, "that the scheme remembers")
    same_files(straight, outcome)


@pytest.mark.parametrize("scheme,time", [("bdf2", {"adaptive": {"tolerance": 1e-3}, "end": 3e-3}),
                                         ("esdirk", {"adaptive": {"tolerance": 1e-3}, "end": 3e-3})])
def test_controlled_steps_are_taken_again_alike(tmp_path, scheme, time):
    case = heated("bdf2", time={"scheme": scheme, **time}, checkpoint={"every": 3})
    straight = must(run(tmp_path, case, "--quiet", output="straight"))
    outcome = must(faulty(tmp_path, case, "7:5:6:1000"))
    assert len(outcome.results["rollbacks"]) == 1, outcome.err
    same_files(straight, outcome)


@pytest.mark.parametrize("value,word", [("500", "highest"), ("-500", "lowest")])
def test_maximum_principle_finds_what_the_balance_is_not_asked_for(tmp_path, value, word):
    case = still()
    straight = must(run(tmp_path, case, "--quiet", output="straight"))
    outcome = must(faulty(tmp_path, case, f"15:20:6:{value}"))
    went_back(outcome, 15, 8, f"the {word} temperature is", "limits.extremes")
    same_files(straight, outcome)


def test_fault_in_the_last_step_is_found(tmp_path):
    case = heated("ftcs")
    straight = must(run(tmp_path, case, "--quiet", output="straight"))
    outcome = must(faulty(tmp_path, case, "30:5:6:1000"))
    went_back(outcome, 30, 24)
    same_files(straight, outcome)


def test_restarted_run_goes_back_to_where_it_began(tmp_path):
    case = heated("bdf2", checkpoint={"every": 8, "keep": 9})
    straight = must(run(tmp_path, case, "--quiet", output="straight"))
    case["checkpoint"] = None
    case = {key: value for key, value in case.items() if value}
    ending = ("--restart", "straight/checkpoint_000016.h5")
    whole = must(run(tmp_path, case, "--quiet", *ending, output="whole"))
    outcome = must(faulty(tmp_path, case, "22:5:6:1000", *ending, output="again"))
    went_back(outcome, 24, 16)
    assert outcome.results["restarts"] == [{"file": "straight/checkpoint_000016.h5", "step": 16}]
    same_files(whole, outcome)
    assert (outcome.directory / "snapshot_000030.h5").read_bytes() == \
        (straight.directory / "snapshot_000030.h5").read_bytes()


def cut_short(tmp_path, case, checkpoint, fault: str, args: tuple[str, ...], ranks: int = 1) -> Outcome:
    """Run a case with a corrupted value (HEAT2D_INJECT), and cut the checkpoint short when it has got its name.  The run waits for
    that (HEAT2D_FAULT_HOLD of support/faults.c), however fast it is."""
    env = environment(ranks)
    preload = ":".join(filter(None, [os.environ["HEAT2D_FAULTS"], env.get("LD_PRELOAD", "")]))
    env |= {"HEAT2D_INJECT": fault, "LD_PRELOAD": preload, "HEAT2D_FAULT_PATH": checkpoint.stem, "HEAT2D_FAULT_HOLD": str(checkpoint)}
    job = subprocess.Popen(["timeout", "-k", "5", "120", *command(case, ranks, (*args, "--output", "out"))], cwd=tmp_path, env=env,
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not checkpoint.exists() and job.poll() is None:
        time.sleep(0.01)
    assert checkpoint.exists(), job.communicate()[1]
    os.truncate(checkpoint, 5000)
    Path(f"{checkpoint}.go").touch()
    out, err = job.communicate(timeout=120)
    Path(f"{checkpoint}.go").unlink()
    return Outcome(job.returncode, out, err, tmp_path / "out")


@needs_faults
def test_checkpoint_that_was_damaged_since_is_passed_over(tmp_path):
    """The checkpoint of step 60000 is cut short during the run; the fault comes at step 85000."""
    case = heated("ftcs", time={"scheme": "ftcs", "step": 2.5e-5, "steps": 90_000}, checkpoint={"every": 30_000},
                  output={"history": {"every": 15_000}})
    path = write_case(tmp_path, case)
    newest = tmp_path / "out" / "checkpoint_060000.h5"
    outcome = must(cut_short(tmp_path, path, newest, "85000:5:6:1000", ("--quiet",)))
    went_back(outcome, 90000, 30000, "energy balance")
    assert sorted(path.name for path in (outcome.directory / "abandoned_001").iterdir()) == ["checkpoint_060000.h5", "checkpoint_060000.json"]
    straight = must(run(tmp_path, path, "--quiet", output="straight"))
    assert np.array_equal(straight.field(), outcome.field())
    # The energy account was read from a file, which holds its exact sums.
    assert (straight.directory / "history.csv").read_bytes() == (outcome.directory / "history.csv").read_bytes()


@needs_faults
@pytest.mark.parametrize("ranks", [1, 2])
def test_return_to_the_origin_reports_no_error_of_damaged_own_checkpoints(tmp_path, ranks):
    """A run that was restarted from a file finds all checkpoints that it wrote itself cut short."""
    case = heated("ftcs", time={"scheme": "ftcs", "step": 2.5e-5, "steps": 1000}, checkpoint={"every": 1000},
                  output={"history": {"every": 5000}})
    must(run(tmp_path, case, "--quiet", ranks=ranks, output="first"))
    case["time"]["steps"], case["checkpoint"]["every"] = 40_000, 20_000
    ending = ("--restart", "first/checkpoint_001000.h5", "--quiet")
    straight = must(run(tmp_path, case, *ending, ranks=ranks, output="straight"))
    path = write_case(tmp_path, case)
    own = tmp_path / "out" / "checkpoint_020000.h5"
    outcome = must(cut_short(tmp_path, path, own, "34000:5:6:1000", ending, ranks))
    went_back(outcome, 35000, 1000, "energy balance")
    assert not lines(outcome, "error:"), outcome.err
    assert len(lines(outcome, "heat2d: warning: out/checkpoint_020000.h5 is passed over: ")) == 1, outcome.err
    assert len(lines(outcome, "heat2d: warning: ")) == 2, outcome.err  # the other one is that of the corrupted state
    assert np.array_equal(straight.field(), outcome.field())


# ---- faults that stay -----------------------------------------------------------------------------------


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("scheme", STEPS)
@pytest.mark.parametrize("value", ["1000", "nan"])
def test_fault_that_comes_back_ends_the_run_with_3(tmp_path, scheme, ranks, value):
    case = heated(scheme)
    straight = must(run(tmp_path, case, "--quiet", ranks=ranks, output="straight"))
    outcome = must(faulty(tmp_path, case, f"13:5:6:{value}:2", ranks=ranks), 3)
    assert len(lines(outcome, "going back once")) == 1, outcome.err
    assert len(lines(outcome, "heat2d: error: ", "so the fault recurs")) == 1, outcome.err
    assert outcome.results["status"] == "error" and len(outcome.results["rollbacks"]) == 1
    assert sorted(path.name for path in outcome.directory.glob("checkpoint_*.h5")) == ["checkpoint_000008.h5"]
    again = must(run(tmp_path, case, "--quiet", "--restart", "latest", ranks=ranks, output="faulty"))
    assert again.results["restarts"][0]["step"] == 8
    for name in ("snapshot_000030.h5", "probes.csv", "profile_line.csv"):
        assert (again.directory / name).read_bytes() == (straight.directory / name).read_bytes(), name


@pytest.mark.parametrize("value", ["1000", "nan"])
@pytest.mark.parametrize("scheme", STEPS)
def test_without_a_checkpoint_it_ends_with_3(tmp_path, scheme, value):
    """The fault comes at the step of a snapshot, which must not be written then."""
    outcome = must(faulty(tmp_path, heated(scheme, checkpoint={"every": 0}), f"10:5:6:{value}", ranks=2), 3)
    assert len(lines(outcome, "heat2d: error: ", "there is no checkpoint to go back to")) == 1, outcome.err
    assert outcome.results["status"] == "error" and outcome.results["rollbacks"] == []
    assert not list(outcome.directory.glob("checkpoint_*")), "a corrupted state was checkpointed"
    assert [path.name for path in outcome.snapshots()] == ["snapshot_000000.h5"], "a corrupted state was written"
    assert outcome.table("history.csv")["step"][-1] == 9, "a corrupted state was reported"


def test_balance_and_extremes_can_be_turned_off(tmp_path):
    case = heated("ftcs", limits={"balance": 0, "extremes": False})
    outcome = must(faulty(tmp_path, case, FAULT))
    assert outcome.results["rollbacks"] == [] and "warning" not in outcome.err


def test_bound_of_the_balance_is_the_case_s(tmp_path):
    """The heat of the fault is larger than the heat turned over, but less than a million times as large."""
    loose = must(faulty(tmp_path, heated("ftcs", limits={"balance": 1e6}), FAULT))
    assert loose.results["rollbacks"] == []


def test_nonsense_in_the_variable_is_refused(tmp_path):
    outcome = must(faulty(tmp_path, heated("ftcs"), "many"), 2)
    assert len(lines(outcome, "HEAT2D_INJECT must be")) == 1


# ---- no false alarms (for the cases of inputs/ and TeaLeaf: test_gallery.py and test_tealeaf.py) ------------

def expect_no_alarm(outcome: Outcome) -> None:
    assert outcome.code in (0, 5), f"exit code {outcome.code}\n{outcome.err}"
    assert outcome.results["rollbacks"] == [] and "corrupted" not in outcome.err, outcome.err


HOT = {"grid": {"cells": [40, 30], "x": [0.0, 1.0], "y": [0.0, 1.0]}, "initial": {"temperature": 300},
       "boundary": {"left": {"type": "temperature", "value": 300.00001},
                    "right": {"type": "convection", "coefficient": 10.0, "ambient": 300}}}


@pytest.mark.parametrize("tolerance", ["1e-2", "1e-5", "1e-10", "1e-14"])
@pytest.mark.parametrize("scheme", ["backward-euler", "crank-nicolson", "bdf2", "esdirk", "ts:rosw"])
@pytest.mark.parametrize("step", [1e-4, 1.0, 1e4])
def test_no_false_alarm_at_any_tolerance_and_step(tmp_path, scheme, tolerance, step):
    """At 300 K little heat is turned over, so rounding errors are large in comparison."""
    expect_no_alarm(run(tmp_path, basic_case(time={"scheme": scheme, "step": step, "steps": 40},
                                          solver={"tolerance": float(tolerance)}, **HOT), "--quiet"))


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2"])
def test_no_false_alarm_of_rounding_in_many_explicit_steps(tmp_path, scheme):
    expect_no_alarm(run(tmp_path, basic_case(time={"scheme": scheme, "step": "auto", "end": 10.0}, **HOT), "--quiet"))


@pytest.mark.parametrize("change", ["materials[0].density=2", "materials[0].conductivity=30",
                                    "boundary.left={type: temperature, value: -900}", "solver.tolerance=1e-2"])
@pytest.mark.parametrize("scheme", ["ftcs", "backward-euler", "bdf2", "esdirk"])
def test_no_false_alarm_after_a_restart_with_another_case(tmp_path, scheme, change):
    step = 1e-5 if scheme == "ftcs" else 1e-3
    case = basic_case(time={"scheme": scheme, "step": step, "steps": 20},
                      boundary={"left": {"type": "temperature", "value": 2.0}}, checkpoint={"every": 20})
    must(run(tmp_path, case, "--quiet"))
    expect_no_alarm(run(tmp_path, case, "--quiet", "--restart", "latest", "--set", "time.steps=60", "--set", change))


@pytest.mark.parametrize("scheme", ["crank-nicolson", "bdf2", "esdirk", "rkl2", "ts:theta"])
def test_no_false_alarm_of_schemes_that_overshoot(tmp_path, scheme):
    """The initial field has a jump, and steps are much longer than its time scale."""
    case = basic_case(initial={"temperature": "(x>0.5)*(y>0.5)"}, time={"scheme": scheme, "step": 0.05, "steps": 50},
                      boundary={"left": {"type": "temperature", "value": 5.0}})
    expect_no_alarm(run(tmp_path, case, "--quiet"))


@pytest.mark.parametrize("scheme,step", [("rkl2", "auto"), ("rkl2", 0.02), ("esdirk", 0.02)])
def test_no_false_alarm_of_stages_with_negative_weights(tmp_path, scheme, step):
    """rkl2 with three stages and esdirk's fifth stage have negative weights; the heat turned over, by which the error of the
    account is judged, must be a sum of magnitudes all the same.  A flux that decays is all that comes in: 1 - exp(-4) J/m."""
    case = basic_case(grid={"cells": [20, 4], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": 0.0},
                      boundary={"left": {"type": "flux", "value": "exp(-t)"}}, time={"scheme": scheme, "step": step, "end": 4.0})
    outcome = run(tmp_path, case, "--quiet")
    expect_no_alarm(outcome)
    # Steps of 0.02 s are at least of second order: 0.02^2/12 of the heat.
    assert outcome.results["energy"]["stored_final"] == pytest.approx(1 - np.exp(-4.0), rel=1e-4)


def test_options_of_petsc_that_solve_badly_raise_no_alarm(tmp_path):
    path = write_case(tmp_path, basic_case(time={"scheme": "backward-euler", "step": 0.01, "steps": 200}, **HOT))
    done = execute(command(path, 1, ("--quiet", "--output", "out", "-ksp_rtol", "1e-1")), tmp_path)
    expect_no_alarm(Outcome(done.returncode, done.stdout, done.stderr, tmp_path / "out"))

"""PETSc's time integrators: each type that PETSc 3.18 registers is right, also after a restart, or refused by name."""
from __future__ import annotations

import numpy as np
import pytest
from heat2d_case import basic_case, run

# Bounds of the relative error of a mode of rate lambda = 9.74/s after 0.1 s in steps of 1 ms.  First order: lambda^2 t dt/2
# = 4.7e-3.  Second order: lambda^3 t dt^2/12 = 7.7e-6 of the trapezoidal rule.  Higher orders: measured at most 4e-8.
RIGHT = {"euler": 5e-3, "beuler": 5e-3, "cn": 1e-5, "theta": 1e-5, "alpha": 1e-5, "rk": 1e-7, "ssp": 1e-5, "rosw": 1e-7,
         "arkimex": 1e-7, "eimex": 1e-7, "bdf": 1e-5}
REFUSED = ["basicsymplectic", "pseudo", "glle", "glee", "mprk", "irk", "mimex", "alpha2", "discgrad", "sundials", "radau5"]
REMEMBERS = ["bdf", "alpha"]


def mode(kind: str, **sections) -> dict:
    """Return the first mode between two sides at 0: on N cells it decays as exp(-lambda t),
    lambda = 4 N^2 sin^2(pi/(2 N))."""
    return basic_case(
        grid={"cells": [8, 2], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": "sin(pi*x)"},
        boundary={"left": {"type": "temperature", "value": 0.0}, "right": {"type": "temperature", "value": 0.0}},
        time={"scheme": f"ts:{kind}", "step": 0.001, "end": 0.1}, solver={"tolerance": 1e-12}, **sections)


def decay(t: float) -> float:
    return float(np.exp(-4 * 64 * np.sin(np.pi / 16) ** 2 * t))


@pytest.mark.parametrize("kind", RIGHT)
def test_type_is_right(tmp_path, kind):
    outcome = run(tmp_path, mode(kind, output={"snapshots": {"interval": 0.1}}), "--quiet")
    assert outcome.code == 0, outcome.err
    ratio = outcome.field()[0] / outcome.field(0)[0]
    # A side at 0 is half a cell away, so that the sines at the cells are a mode of the discrete equations.
    np.testing.assert_allclose(ratio, decay(0.1), rtol=RIGHT[kind])


@pytest.mark.parametrize("kind", RIGHT)
def test_type_is_right_after_a_restart(tmp_path, kind):
    case = mode(kind, output={"snapshots": {"interval": 0.1}}, checkpoint={"every": 50})
    whole = run(tmp_path, case, "--quiet", output="whole")
    half = run(tmp_path, case, "--quiet", "--set", "time.end=0.05", output="half")
    rest = run(tmp_path, case, "--quiet", "--restart", "latest", output="half")
    assert (whole.code, half.code, rest.code) == (0, 0, 0), whole.err + half.err + rest.err
    warned = "begins anew at first order" in whole.err and "begins anew at first order" in rest.err
    assert warned == (kind in REMEMBERS), rest.err
    assert any("begins anew" in text for text in rest.results["warnings"]) == warned
    if warned:
        np.testing.assert_allclose(rest.field()[0] / whole.field()[0], 1.0, rtol=1e-4)
    else:
        assert np.array_equal(rest.field(), whole.field())


@pytest.mark.parametrize("kind", REFUSED)
def test_other_type_is_refused_with_what_to_take(tmp_path, kind):
    outcome = run(tmp_path, mode(kind), "--quiet", ranks=2)
    assert outcome.code == 2 and outcome.err.count("error:") == 1, outcome.err
    assert "case.yaml:" in outcome.err and f"ts:{kind}" in outcome.err and "take" in outcome.err
    assert not outcome.directory.exists()


@pytest.mark.parametrize("kind", ["cn", "theta"])
def test_controlled_type_that_estimates_from_earlier_steps_is_told(tmp_path, kind):
    """A continued run takes other steps, since PETSc keeps the estimate's memory to itself."""
    words = "estimates its error from earlier steps that no checkpoint holds"
    case = {**mode(kind), "checkpoint": {"every": 5}}
    case["time"] = {"scheme": f"ts:{kind}", "step": "auto", "end": case["time"].get("end", 0.01)}
    controlled = run(tmp_path, case, "--quiet")
    assert controlled.code == 0 and controlled.err.count(words) == 1, controlled.err
    fixed = run(tmp_path, {**mode(kind), "checkpoint": {"every": 5}}, "--quiet", output="fixed")
    assert fixed.code == 0 and words not in fixed.err, fixed.err


@pytest.mark.parametrize("kind", ["bdf", "beuler", "theta", "cn", "alpha", "arkimex", "rosw"])
def test_field_of_zeros_with_a_source_of_temperature_is_solved(tmp_path, kind):
    """The residual of Newton's method is exactly 0 before the source comes on at t = 5 s; it then heats by 1 K/s for 1 s."""
    case = basic_case(grid={"cells": [4, 4], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": 0.0},
                      materials=[{"name": "m", "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0}],
                      source="(t > 5)*(t < 6)*(1 + 0*T)", time={"scheme": f"ts:{kind}", "step": 0.1, "end": 10.0})
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 0, outcome.err
    assert abs(outcome.table("history.csv")["mean"][-1] - 1.0) < 1e-8


@pytest.mark.parametrize("kind", ["rosw", "arkimex", "rk", "theta", "bdf"])
def test_error_that_needs_less_than_the_least_step_ends_the_run(tmp_path, kind):
    """As with bdf2 and esdirk.  TS itself accepts a step of the least length whatever its error is."""
    case = mode(kind)
    case["time"] = {"scheme": f"ts:{kind}", "step": "auto", "end": 0.1, "adaptive": {"tolerance": 1e-6, "min_step": 0.02}}
    outcome = run(tmp_path, case, "--quiet", ranks=2)
    assert outcome.code == 3 and outcome.err.count("error:") == 1 and "time.adaptive.min_step" in outcome.err, outcome.err
    case["time"]["adaptive"] = {"tolerance": 1e-3, "min_step": 1e-4}
    outcome = run(tmp_path, case, "--quiet", ranks=2, output="fine")
    assert outcome.code == 0, outcome.err
    steps = outcome.table("history.csv")["dt"][1:-1]
    assert steps.min() >= 1e-4 * (1 - 1e-12), steps


def test_unknown_type_names_the_known_ones(tmp_path):
    outcome = run(tmp_path, mode("rkk"), "--quiet")
    assert outcome.code == 2 and "TYPE must be one of euler rk" in outcome.err, outcome.err


def test_type_by_an_option_is_refused(tmp_path):
    outcome = run(tmp_path, mode("rk"), "--quiet", "-ts_type", "euler")
    assert outcome.code == 2 and "time.scheme" in outcome.err, outcome.err

@pytest.mark.parametrize("kind", ["beuler", "cn", "theta", "alpha", "bdf"])
def test_implicit_type_solves_a_steep_conductivity(tmp_path, kind):
    """k = exp((T - 300)/20) W/(m K) grows by a factor of 150 over the body.  Measured: 47 Newton iterations of ten steps, 109 with
    alpha, whose Jacobian is not that at its iterate.  bdf extrapolates no guess to temperatures at which k is larger by magnitudes."""
    case = basic_case(grid={"cells": [40, 2], "x": [0.0, 1.0], "y": [0.0, 0.05]},
                      materials=[{"name": "m", "conductivity": "exp((T-300)/20)", "density": 1.0, "specific_heat": 100.0}],
                      initial={"temperature": 300.0}, boundary={"left": {"type": "temperature", "value": 400.0}},
                      time={"scheme": f"ts:{kind}", "step": 1.0, "steps": 10})
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 0, outcome.err
    assert outcome.results["solver"]["newton"] < 150


# ---- the largest stable step of explicit types ---------------------------------------------------------------


# The largest x for which one step damps exp(-x t): of the tables of coefficients, known in closed form or from the literature
# (2.5127 and 3.3066 of Bogacki-Shampine 3 and Dormand-Prince 5; of rks2 with five stages 8.34).
INTERVALS = {("euler", ""): 2.0, ("rk", "3bs"): 2.5127, ("rk", "5dp"): 3.3066, ("rk", "2a"): 2.0, ("ssp", "rks2"): 8.338}


def spike(kind: str, step: float, **sections) -> dict:
    """Return a case whose fastest mode decays at a rate that Gershgorin's bound, 2/(step of ftcs) = 4/h^2, meets closely."""
    case = basic_case(grid={"cells": [64, 1], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": "abs(x-0.5) < 0.02 ? 400 : 300"},
                      time={"scheme": f"ts:{kind}", "step": step, "steps": 400}, limits={"extremes": False})
    case.update(sections)
    return case


@pytest.mark.parametrize("kind,table", INTERVALS)
def test_step_above_the_limit_of_an_explicit_type_is_refused_with_the_limit(tmp_path, kind, table):
    limit = INTERVALS[kind, table] / (4 * 64**2)
    options = (f"-ts_{kind}_type", table) if table else ()
    above = run(tmp_path, spike(kind, limit * 1.002), "--quiet", *options, ranks=2)
    assert above.code == 2 and above.err.count("error:") == 1, above.err
    assert "case.yaml:" in above.err and f"time.step: {limit * 1.002:.6g} s is unstable for ts:{kind}" in above.err
    named = float(above.err.split("largest stable step is ")[1].split()[0])
    assert named == pytest.approx(limit, rel=1e-3)
    assert not above.directory.exists()
    below = run(tmp_path, spike(kind, limit * 0.998), "--quiet", *options)
    assert below.code == 0, below.err
    # Not every method is monotone: the first steps may undershoot by a part of the spike's 100 K, but nothing grows.
    history = below.table("history.csv")
    assert 250.0 < history["min"].min() and 299.0 < history["min"][-1] and history["max"][-1] < 401.0


def test_step_of_an_explicit_type_that_the_temperature_makes_unstable_ends_with_the_limit(tmp_path):
    """k, and with it the fastest rate, grows while a source heats."""
    case = spike("rk", 1e-4, source=1e5, materials=[{"name": "m", "conductivity": "1 + (T-300)/50", "density": 1.0, "specific_heat": 1.0}],
                 initial={"temperature": 300.0})
    outcome = run(tmp_path, case, "--quiet", ranks=2)
    assert outcome.code == 3 and outcome.err.count("error:") == 1, outcome.err
    assert "the step from t = " in outcome.err and "0.0001 s is unstable for ts:rk with the temperatures reached" in outcome.err


def test_controlled_step_of_an_explicit_type_may_begin_above_the_limit(tmp_path):
    case = spike("rk", 1.0)
    case["time"] = {"scheme": "ts:rk", "step": 0.001, "end": 0.01, "adaptive": {"tolerance": 1e-4}}
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("kind,lag", [("bdf", -2), ("bdf", 5), ("rosw", 5), ("beuler", 3)])
def test_matrix_of_an_earlier_step_is_refused(tmp_path, kind, lag):
    """A type that solves one linear system a stage would not notice it: ts:bdf was 4e-3 wrong without a word."""
    outcome = run(tmp_path, mode(kind, petsc={"snes_lag_jacobian": lag}), "--quiet", ranks=2)
    assert outcome.code == 2 and outcome.err.count("error:") == 1, outcome.err
    assert "case.yaml:" in outcome.err and f"-snes_lag_jacobian {lag}: ts:{kind}" in outcome.err
    assert not outcome.directory.exists()


@pytest.mark.parametrize("kind,step", [("rosw", 0.01), ("arkimex", 0.01), ("beuler", 0.01), ("bdf", 0.01), ("rosw", "auto")])
def test_conductivity_that_falls_to_zero_is_named(tmp_path, kind, step):
    """A Rosenbrock method does not end at a stage without coefficients; PETSc then found a linear solve at fault."""
    case = mode(kind, materials=[{"name": "m", "conductivity": "1 - 0.01*(T-300)", "density": 1.0, "specific_heat": 1.0}], source=2000.0)
    case.update(initial={"temperature": 300.0}, time={"scheme": f"ts:{kind}", "step": step, "end": 1.0}, solver={"tolerance": 1e-10},
                boundary={"left": {"type": "temperature", "value": 300.0}})
    outcome = run(tmp_path, case, "--quiet", ranks=2)
    assert outcome.code == 3 and outcome.err.count("error:") == 1, outcome.err
    assert "materials[0].conductivity" in outcome.err and "greater than 0" in outcome.err and "LINEAR" not in outcome.err, outcome.err

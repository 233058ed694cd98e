"""Conductivities that are steep in the temperature or jump, such as those of ice and water: Newton's method converges, and
the heat is that of Kirchhoff's transform."""
from __future__ import annotations

import math

import numpy as np
import pytest
from heat2d_case import run

ICE = "T < 273.15 ? 2.2 : 0.6"
RAMP = "50 - 25*min(1, max(0, (T - 995)/10))"
STEEL = {"name": "steel", "conductivity": 0.9, "density": 1000.0, "specific_heat": 500.0}


def bar(conductivity: str, left: float, right: float, length: float = 1.0, cells: int = 50, **sections) -> dict:
    """Return a bar between two temperatures, whose start is the straight line between them."""
    case = {
        "grid": {"cells": [cells, 2], "x": [0.0, length], "y": [0.0, 2.0]},
        "materials": [{"name": "a", "conductivity": conductivity, "density": 1000.0, "specific_heat": 2000.0}],
        "initial": {"temperature": f"{left} + ({right - left})*x/{length}"},
        "boundary": {"left": {"type": "temperature", "value": left}, "right": {"type": "temperature", "value": right}},
        "time": {"scheme": "steady"},
    }
    case.update(sections)
    return case


def expect(case: dict, heat: float) -> dict:
    """Add a check of the heat through the left side, 2 m long. 1e-8 allows for the quadrature and the tolerance of
    Newton's method, 1e-9 and 1e-10 of the first imbalance."""
    return {**case, "check": [{"quantity": "heat_flow", "side": "left", "value": 2.0 * heat, "relative": 1e-8}]}


STEADY = {
    "half over ten kelvin": expect(bar(RAMP, 1500.0, 300.0), 47500.0),
    "half over one kelvin": expect(bar("50 - 25*min(1, max(0, T - 995))", 1500.0, 300.0), 50 * 695 + 37.5 + 25 * 504),
    "half over a tenth, many cells": expect(bar("50 - 25*min(1, max(0, (T - 995)/0.1))", 1500.0, 300.0, cells=400),
                                            50 * 695 + 3.75 + 25 * 504.9),
    "ten times over ten kelvin": expect(bar("5 + 45*min(1, max(0, (T - 995)/10))", 1500.0, 300.0),
                                        5 * 695 + 275.0 + 50 * 495),
    "ice and water": expect(bar(ICE, 253.15, 303.15), -(20 * 2.2 + 30 * 0.6)),
    "a jump upwards": expect(bar("T < 273.15 ? 0.6 : 2.2", 253.15, 303.15, cells=77), -(20 * 0.6 + 30 * 2.2)),
    "a jump by a hundred": expect(bar("T < 800 ? 0.5 : 50", 1500.0, 300.0), 500 * 0.5 + 700 * 50),
    "far-off start": expect(bar("T < 800 ? 50 : 5", 1500.0, 300.0, initial={"temperature": 5000.0}),
                            500 * 50 + 700 * 5),
    "a jump at a place too": expect(bar("(T < 800 ? 50 : 5)*(x < 0.5 ? 1 : 10)", 1500.0, 300.0,
                                        initial={"temperature": 300.0}), (500 * 50 + 700 * 5) / (0.5 + 0.05)),
    # Features far narrower than the difference between two cells, which is 24 K.
    "a narrow peak": expect(bar("1 + 100*exp(-((T - 800)/0.1)^2)", 1500.0, 300.0), 1200 + 10 * math.sqrt(math.pi)),
    "a wider peak": expect(bar("1 + 100*exp(-((T - 800)/10)^2)", 1500.0, 300.0), 1200 + 1000 * math.sqrt(math.pi)),
    "a narrow dip": expect(bar("1 - 0.99*exp(-((T - 811)/0.1)^2)", 1500.0, 300.0), 1200 - 0.099 * math.sqrt(math.pi)),
    "a narrow box": expect(bar("abs(T - 813) < 0.5 ? 101 : 1", 1500.0, 300.0), 1300),
    "stairs": expect(bar("1 + floor(T)", 1500.0, 300.0, cells=40), 1200 + 1200 * 899.5),
    "falling stairs": expect(bar("200 - floor(T/10)", 1500.0, 300.0, cells=40), 200 * 1200 - 1200 * 89.5),
    "a saw": expect(bar("1 + T/10 - floor(T/10)", 1500.0, 300.0, cells=10), 1800),
}


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("name", STEADY)
def test_steady_bar_passes_kirchhoffs_heat(tmp_path, name, ranks):
    outcome = run(tmp_path, STEADY[name], "--quiet", ranks=ranks)
    assert outcome.code == 0, outcome.err
    assert outcome.results["solver"]["newton"] <= 8  # some 3 to 6; without steps in Kirchhoff's variable 50 to 150


@pytest.mark.parametrize("resistance", [0.0, 0.01])
@pytest.mark.parametrize("front", [0.2, 0.6, 1.4])
def test_front_at_an_interface_passes_the_heat_of_layers_in_series(tmp_path, front, resistance):
    """The ice ends `front` cells before the interface with steel, in its half cell where front < 0.5."""
    ice = 0.05 - front * 0.002
    heat = 2.2 * 20.0 / ice
    right = 273.15 + heat * ((0.05 - ice) / 0.6 + 0.05 / 0.9 + resistance)
    case = bar(ICE, 253.15, right, length=0.1, initial={"temperature": 260.0}, regions=[
        {"material": "a"}, {"shape": "rectangle", "x": [0.05, 0.1], "y": [0.0, 2.0], "material": "steel"}])
    case["materials"].append(STEEL)
    if resistance:
        case["contacts"] = [{"between": ["a", "steel"], "resistance": resistance}]
    outcome = run(tmp_path, expect(case, -heat), "--quiet")
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("side", [{"type": "convection", "coefficient": 200.0, "ambient": 1500.0},
                                  {"type": "radiation", "emissivity": 0.8, "ambient": 1500.0},
                                  {"type": "flux", "value": 20000.0}])
def test_steady_bar_with_a_jump_converges_behind_every_side(tmp_path, side):
    case = bar("T < 800 ? 50 : 5", 1500.0, 300.0, cells=20, initial={"temperature": 300.0})
    case["boundary"]["left"] = side
    outcome = run(tmp_path, case, "--quiet", ranks=2)
    assert outcome.code == 0, outcome.err


@pytest.mark.parametrize("step", [20.0, 1e5])
@pytest.mark.parametrize("scheme", ["backward-euler", "crank-nicolson", "bdf2", "esdirk", "ts:bdf", "ts:arkimex", "ts:cn"])
@pytest.mark.parametrize("conductivity", ["ice", "ramp"])
def test_transient_of_any_step_converges(tmp_path, conductivity, scheme, step):
    case = (bar(ICE, 253.15, 303.15, length=0.1, initial={"temperature": 303.15}) if conductivity == "ice"
            else bar(RAMP, 1500.0, 300.0, initial={"temperature": 300.0}))
    case["time"] = {"scheme": scheme, "step": step, "end": 20 * step}
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 0, outcome.err
    assert outcome.results["solver"]["newton"] < 20 * 6 * 8  # 8 for each of at most 6 stages a step


def test_failure_of_newtons_method_says_what_would_help(tmp_path):
    outcome = run(tmp_path, bar(RAMP, 1500.0, 300.0, solver={"max_newton": 1}), "--quiet")
    assert outcome.code == 3 and outcome.err.count("heat2d: error:") == 1
    assert "DIVERGED_MAX_IT" in outcome.err and "the iterations ran out" in outcome.err, outcome.err
    assert "a start near the solution" in outcome.err


def test_advice_names_full_steps_only_where_they_were_taken(tmp_path):
    """Without a conductivity that depends on T there is one run of Newton's method, with its line search."""
    case = bar("1", 1500.0, 300.0, solver={"max_newton": 1}, source="1e3 - 1e-9*T^4")
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 3 and "the iterations ran out" in outcome.err and "full steps" not in outcome.err, outcome.err
    outcome = run(tmp_path, bar(RAMP, 1500.0, 300.0, solver={"max_newton": 1}), "--quiet", output="ramp")
    assert outcome.code == 3 and "also with full steps" in outcome.err, outcome.err


def moving(peak, slope: float, feature: tuple[float, float]) -> float:
    """Return the heat through a bar of 1 m from 1500 to 300 K with k = peak(T - slope*x) and 2 m height: with U = T - slope x,
    dx = -k dU/(q + slope k), so that the integral of k/(q + slope k) from 300 - slope to 1500 is 1."""
    low, high = feature
    edges = [(300.0 - slope, low, 2000), (low, high, 20000), (high, 1500.0, 2000)]
    middle = np.concatenate([a + (np.arange(n) + 0.5) * (b - a) / n for a, b, n in edges])
    width = np.concatenate([np.full(n, (b - a) / n) for a, b, n in edges])
    k = np.array([peak(u) for u in middle])
    least, most = 100.0, 1e5
    for _ in range(60):
        q = 0.5 * (least + most)
        if np.sum(width * k / (q + slope * k)) > 1.0:
            least = q
        else:
            most = q
    return 2.0 * q


MOVING = {
    "a peak of 0.17 K": ("1 + 100*exp(-((T - 800 - 10*x)/0.1)^2)", lambda u: 1 + 100 * math.exp(-((u - 800) / 0.1) ** 2),
                         (799.0, 801.0), 6e-3),
    "a peak of 3 K": ("1 + 100*exp(-((T - 800 - 10*x)/2)^2)", lambda u: 1 + 100 * math.exp(-((u - 800) / 2) ** 2), (780.0, 820.0), 2e-3),
    "a box of 1 K": ("abs(T - 813 - 10*x) < 0.5 ? 101 : 1", lambda u: 101.0 if abs(u - 813) < 0.5 else 1.0, (812.5, 813.5), 5e-3),
}


@pytest.mark.parametrize("name", MOVING)
def test_narrow_feature_whose_temperature_depends_on_the_place_is_not_missed(tmp_path, name):
    """The cells differ by 24 K.  The tolerances allow for the place of the feature within a cell: k is that at the centres."""
    formula, peak, feature, relative = MOVING[name]
    case = bar(formula, 1500.0, 300.0)
    outcome = run(tmp_path, {**case, "check": [{"quantity": "heat_flow", "side": "left", "value": moving(peak, 10.0, feature),
                                                "relative": relative}]}, "--quiet")
    assert outcome.code == 0, outcome.err + str(outcome.directory.exists() and outcome.checks)


@pytest.mark.parametrize("formula,words", [
    ("1 + 0.5*sin(100*T)", ["more than 16384 temperatures", "smoother formula"]),
    ("1 + 0.5*sin(100*T + x)", ["more than 16384 temperatures", "smoother formula"]),
    ("1 + 100*exp(-((T - 300 - 1000*x)/1e-3)^2)", ["K wide", "depends on the place", "must be at least"])])
def test_conductivity_whose_mean_cannot_be_computed_is_refused(tmp_path, formula, words):
    outcome = run(tmp_path, bar(formula, 1500.0, 300.0), "--quiet", ranks=2)
    assert outcome.code == 2 and outcome.err.count("error:") == 1, (outcome.code, outcome.err)
    assert all(word in outcome.err for word in ["case.yaml:", "materials[0].conductivity", *words]), outcome.err
    assert not outcome.directory.exists()


def test_failure_with_a_conductivity_over_ten_decades_says_what_helps_and_that_helps(tmp_path):
    case = bar("10^(-5 + (T - 300)/120)", 1500.0, 300.0)
    failed = run(tmp_path / "steady", case, "--quiet")
    assert failed.code == 3 and "decades over the temperatures of the last iterate" in failed.err, (failed.code, failed.err)
    assert "bdf2 or esdirk, step: auto" in failed.err and "max(k, K)" in failed.err, failed.err
    heat = 2 * 120 / math.log(10) * (1e5 - 1e-5)  # Kirchhoff's integral times the height
    late = run(tmp_path / "late", {**case, "time": {"scheme": "bdf2", "step": "auto", "end": 1e8}, "check": [
        {"quantity": "heat_flow", "side": "left", "value": heat, "relative": 1e-6}]}, "--quiet")
    assert late.code == 0, (late.err, late.directory.exists() and late.checks)

"""Coefficients that depend on the temperature: energy account, failures of Newton's method, initial fields from files."""
from __future__ import annotations

import numpy as np
import pytest
from heat2d_case import basic_case, run

SCHEMES = {
    "ftcs": {"step": "auto"},
    "rkl2": {"step": 2.0},
    "backward-euler": {"step": 5.0},
    "crank-nicolson": {"step": 5.0},
    "bdf2": {"step": 5.0},
    "esdirk": {"adaptive": {"tolerance": 1e-3}},
}


def slab(**sections) -> dict:
    """Return a case with every non-linearity: k(T) in two materials with a contact resistance between them, a radiating
    segment, and a source that depends on T; with an ambient exchange."""
    case = basic_case(
        grid={"cells": [12, 6], "x": [0.0, 0.24], "y": [0.0, 0.12]},
        materials=[{"name": "steel", "conductivity": "14+0.016*(T-293)", "density": 800.0, "specific_heat": 50.0},
                   {"name": "felt", "conductivity": ["2+1e-5*T^2", "1+0.002*T"], "density": 80.0, "specific_heat": 500.0}],
        regions=[{"material": "steel"},
                 {"shape": "rectangle", "x": [0.1, 0.24], "y": [0.0, 0.12], "material": "felt"}],
        contacts=[{"between": ["steel", "felt"], "resistance": 2e-3}],
        initial={"temperature": 300.0},
        source="2e4-30*(T-300)",
        exchange={"coefficient": 500.0, "ambient": 290.0},
        boundary={"left": {"type": "temperature", "value": "300+4*t"},
                  "top": [{"to": 0.12, "type": "radiation", "emissivity": 0.8, "ambient": 1200.0},
                          {"type": "flux", "value": 500.0}],
                  "right": {"type": "convection", "coefficient": 25.0, "ambient": 290.0}},
        time={"scheme": "bdf2", "step": 5.0, "end": 100.0},
        solver={"tolerance": 1e-11},
    )
    case.update(sections)
    return case


@pytest.mark.parametrize("scheme", SCHEMES)
def test_account_closes_with_every_nonlinearity(tmp_path, scheme):
    outcome = run(tmp_path, slab(time={"scheme": scheme, "end": 100.0, **SCHEMES[scheme]}), "--quiet", ranks=2)
    assert outcome.code == 0, outcome.err
    energy = outcome.results["energy"]
    # Newton's method leaves 1e-11 of the first residual of each step; explicit schemes leave nothing.
    assert abs(energy["balance_error_relative"]) < 1e-10
    history = outcome.table("history.csv")
    assert history["max"][-1] > 600 and energy["exchange"] < 0
    np.testing.assert_allclose(history["heat_top_0"] + history["heat_top_1"], history["heat_top"], rtol=1e-12)
    assert np.all(history["heat_top_0"][1:] > history["heat_top_1"][1:]) and history["heat_top_1"][-1] == 500 * 0.12


def test_schemes_agree_on_the_nonlinear_problem(tmp_path):
    """All schemes have a common limit; coefficients taken at a wrong time would differ by far more."""
    ends = {}
    for scheme, time in SCHEMES.items():
        case = slab(time={"scheme": scheme, "end": 100.0, **time}, output={"snapshots": {"interval": 100.0}})
        if scheme == "esdirk":
            case["time"]["adaptive"]["tolerance"] = 1e-6
        elif time["step"] != "auto":
            case["time"]["step"] = 0.5
        outcome = run(tmp_path, case, "--quiet", ranks=2, output=scheme)
        assert outcome.code == 0, outcome.err
        ends[scheme] = outcome.field()
    for scheme, field in ends.items():
        first_order = scheme in ("backward-euler", "ftcs")
        assert np.abs(field - ends["esdirk"]).max() < (2.0 if first_order else 0.05), scheme


@pytest.mark.parametrize("ranks", [1, 3])
def test_newton_that_does_not_converge_is_code_3_with_the_step_and_the_norms(tmp_path, ranks):
    case = slab(solver={"max_newton": 1}, checkpoint={"every": 100})
    outcome = run(tmp_path, case, ranks=ranks)
    assert outcome.code == 3
    assert outcome.err.count("heat2d: error:") == 1
    for words in ("the step from t = 0 s", "||F_0|| = ", "||F|| = ", "max_newton", "last good state"):
        assert words in outcome.err, outcome.err


def test_controlled_step_shrinks_where_newton_fails(tmp_path):
    case = slab(time={"scheme": "esdirk", "step": 50.0, "end": 100.0, "adaptive": {"tolerance": 0.2}},
                boundary={"left": {"type": "radiation", "emissivity": 1.0, "ambient": 4000.0}},
                solver={"max_newton": 4})
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 0, outcome.err
    time = outcome.results["time"]
    assert time["rejected"] > 0 and time["step_min"] < 50.0 and time["end"] == 100.0


@pytest.mark.parametrize("ranks", [1, 3])
def test_step_that_ftcs_cannot_take_is_refused_before_the_run(tmp_path, ranks):
    outcome = run(tmp_path, slab(time={"scheme": "ftcs", "step": 20.0, "end": 100.0}), ranks=ranks)
    assert outcome.code == 2 and outcome.err.count("heat2d: error:") == 1
    assert "time.step" in outcome.err and "largest stable step" in outcome.err
    assert not outcome.directory.exists()


def test_conductivity_that_is_not_positive_is_code_3(tmp_path):
    outcome = run(tmp_path, slab(materials=[
        {"name": name, "conductivity": "1-0.01*(T-250)", "density": 800.0, "specific_heat": 50.0}
        for name in ("steel", "felt")], boundary={"left": {"type": "temperature", "value": "300+4*t"}}))
    assert outcome.code == 3
    assert "materials[0].conductivity" in outcome.err and "greater than 0" in outcome.err, outcome.err


@pytest.mark.parametrize("kind", ["snapshot", "checkpoint"])
def test_field_of_another_run_is_the_initial_temperature(tmp_path, kind):
    first = run(tmp_path / "first", slab(checkpoint={"every": 20}, output={"snapshots": {"every": 20}}), "--quiet",
                ranks=2)
    assert first.code == 0, first.err
    file = sorted(first.directory.glob(f"{kind}_*.h5"))[-1]
    case = slab(initial={"file": str(file)}, output={"snapshots": {"every": 1}}, time={"scheme": "rkl2", "step": 1.0,
                                                                                     "steps": 1})
    outcome = run(tmp_path / "second", case, "--quiet", ranks=3)
    assert outcome.code == 0, outcome.err
    np.testing.assert_array_equal(outcome.field(0), first.field())


LOOSE = [("backward-euler", "1", {"ksp_rtol": 0.5}), ("steady", "1", {"ksp_rtol": 0.5, "ksp_type": "cg"}), ("ts:bdf", "1", {"ksp_rtol": 0.5}),
         ("backward-euler", "1 + 0.02*T", {"snes_rtol": 0.9}), ("bdf2", "1 + 0.02*T", {"snes_atol": 1e9}),
         ("esdirk", "1 + 0.02*T", {"snes_stol": 1e9}), ("steady", "1 + 0.02*T", {"snes_stol": 1e9}),
         ("ts:rosw", "1 + 0.02*T", {"ksp_type": "preonly"}), ("ts:rosw", "1 + 0.02*T", {"ksp_convergence_test": "skip", "ksp_max_it": 1})]


@pytest.mark.parametrize("scheme,conductivity,petsc", LOOSE)
def test_solves_that_an_option_ends_above_the_tolerance_are_a_warning(tmp_path, scheme, conductivity, petsc):
    """The results differ by up to the spread of the temperature; without the option nothing is said."""
    case = basic_case(grid={"cells": [24, 20], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": 20.0}, source="100*x*y",
                      materials=[{"name": "a", "conductivity": conductivity, "density": 1.0, "specific_heat": 1.0}],
                      boundary={"left": {"type": "temperature", "value": 100.0}},
                      time={"scheme": "steady"} if scheme == "steady" else {"scheme": scheme, "step": 2e-4, "steps": 5})
    words = "lets solves end with a residual above solver.tolerance"
    exact = run(tmp_path, case, "--quiet", output="exact")
    assert exact.code == 0 and exact.err == "", exact.err
    loose = run(tmp_path, {**case, "petsc": petsc}, "--quiet", ranks=2)
    assert loose.code == 0 and loose.err.count(words) == 1, (loose.code, loose.err)
    assert any(words in text for text in loose.results["warnings"])

"""A scheme that rings says so: a temperature outside the range that the case can reach is one warning with the cure."""
from __future__ import annotations

import pytest
from heat2d_case import basic_case, run

WORDS = "the scheme overshoots after a sudden change"


def quench(scheme: str, step, **sections) -> dict:
    """Return a hot bar whose end is held cold from t = 0 on; steps are thousands of times the explicit limit."""
    return basic_case(grid={"cells": [200, 2], "x": [0.0, 1.0], "y": [0.0, 0.01]}, initial={"temperature": 1350.0},
                      boundary={"right": {"type": "temperature", "value": 0.0}},
                      time={"scheme": scheme, "step": step, "end": 1.0}, solver={"tolerance": 1e-12}, **sections)


def warnings(outcome) -> list[str]:
    assert outcome.code == 0, outcome.err
    texts = [text for text in outcome.results["warnings"] if WORDS in text]
    assert outcome.err.count(WORDS) == len(texts)
    return texts


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("scheme", ["crank-nicolson", "ts:cn"])
def test_ringing_is_one_warning_with_the_cure(tmp_path, scheme, ranks):
    texts = warnings(run(tmp_path, quench(scheme, 0.05), "--quiet", ranks=ranks))
    assert len(texts) == 1
    assert "can be colder than 0" in texts[0] and "step 1)" in texts[0] and "backward-euler" in texts[0]


@pytest.mark.parametrize("scheme,step", [("backward-euler", 0.05), ("bdf2", "auto"), ("esdirk", "auto"), ("rkl2", 0.05),
                                         ("ftcs", "auto")])
def test_schemes_that_do_not_ring_do_not_warn(tmp_path, scheme, step):
    case = quench(scheme, step)
    if scheme == "ftcs":
        case["time"]["end"] = 0.001
    assert warnings(run(tmp_path, case, "--quiet")) == []


@pytest.mark.parametrize("value", ["0*t", "t < 0.01 ? 1350 : 0", "1350*(t < 0.01)", "min(0, x)"])
def test_side_given_by_an_expression_of_place_and_time_has_bounds(tmp_path, value):
    case = quench("crank-nicolson", 0.05)
    case["boundary"]["right"]["value"] = value
    texts = warnings(run(tmp_path, case, "--quiet"))
    assert len(texts) == 1 and "can be colder than 0" in texts[0]


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("extra", [
    {"boundary": {"left": {"type": "radiation", "emissivity": 0.9, "ambient": 300.0}}, "source": -1e7},
    {"output": {"temperature_unit": "degC"}, "source": -1e7},
    {"output": {"temperature_unit": "K"}, "boundary": {"left": {"type": "flux", "value": -1e6}}}])
def test_temperature_that_falls_below_the_absolute_zero_ends_the_run(tmp_path, extra, ranks):
    case = basic_case(grid={"cells": [20, 4], "x": [0.0, 0.1], "y": [0.0, 0.02]}, initial={"temperature": 300.0},
                      materials=[{"name": "steel", "conductivity": 40.0, "density": 8000.0, "specific_heat": 500.0}],
                      time={"scheme": "backward-euler", "step": 100.0, "end": 10000.0}, **extra)
    outcome = run(tmp_path, case, "--quiet", ranks=ranks)
    assert outcome.code == 3, outcome.err
    assert outcome.err.count("the absolute zero") == 1 and outcome.err.count("heat2d: error:") == 1, outcome.err


def test_heating_leaves_the_lower_bound(tmp_path):
    """A source that only heats lifts the upper bound; the lower one still shows the ringing."""
    texts = warnings(run(tmp_path, quench("crank-nicolson", 0.05, source=1000.0), "--quiet"))
    assert len(texts) == 1 and "colder than 0" in texts[0]


@pytest.mark.parametrize("extra", [{"source": -1e6}, {"source": "1e3*sin(t)"}])
def test_cooling_or_a_formula_has_no_lower_bound(tmp_path, extra):
    assert warnings(run(tmp_path, quench("backward-euler", 0.05, **extra), "--quiet")) == []

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


def test_heating_leaves_the_lower_bound(tmp_path):
    """A source that only heats lifts the upper bound; the lower one still shows the ringing."""
    texts = warnings(run(tmp_path, quench("crank-nicolson", 0.05, source=1000.0), "--quiet"))
    assert len(texts) == 1 and "colder than 0" in texts[0]


@pytest.mark.parametrize("extra", [{"source": -1e6}, {"source": "1e3*sin(t)"}])
def test_cooling_or_a_formula_has_no_lower_bound(tmp_path, extra):
    assert warnings(run(tmp_path, quench("backward-euler", 0.05, **extra), "--quiet")) == []

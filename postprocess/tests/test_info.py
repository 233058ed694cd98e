"""`info`, and numbers as people read them."""
from __future__ import annotations

import numpy as np
import pytest

from postprocess import wording
from postprocess.tests import synthetic


def test_info_lists_what_the_directory_holds(full, command):
    outcome = command("info", full)
    assert outcome.code == 0
    for said in ("status      ok", "3: step 0 (t = 0 s) to step 20 (t = 20 s)", "1: step 20",
                 "20 x 10 cells on 0.2 x 0.1 m", "temperature: 300 to 380 K",
                 "material: 0 to 1 (0 board; 1 solid copper)", "21 rows: centre, edge",
                 "1 of 2 hold", "FAIL  energy_balance = 0.001"):
        assert said in outcome.out


def test_info_of_a_run_that_was_killed_says_so(one, command):
    assert "no results.json: the run has not ended, or was killed" in command("info", one).out


def test_info_counts_cells_that_are_not_finite(tmp_path, command):
    synthetic.write_snapshot(tmp_path, 0, 0.0, {"temperature": np.array([[1.0, np.nan]])})
    assert "1 of 2 cells are not finite" in command("info", tmp_path).out


def test_info_of_something_else_fails_with_code_4(tmp_path, command):
    outcome = command("info", tmp_path)
    assert outcome.code == 4 and "no output of heat2d here" in outcome.err


@pytest.mark.parametrize("checks", [None, {}, [3], [{}], "x"])
def test_info_tolerates_a_record_it_does_not_know(one, command, checks):
    synthetic.write_results(one, checks=checks, time=3, ranks=None, title=None)
    assert command("info", one).code == 0


@pytest.mark.parametrize("value, text", [
    (0.0, "0"), (293.15, "293.1"), (1e6, "1×10⁶"), (-2.5e-7, "-2.5×10⁻⁷"), (12345.6, "12346"),
    (0.05, "0.05"), (float("nan"), "nan")])
def test_plain_number(value, text):
    assert wording.plain(value) == text


@pytest.mark.parametrize("seconds, text", [(0.0, "0 s"), (59.5, "59.5 s"), (5400.0, "90 min"),
                                           (86400.0, "24 h"), (2e-5, "20 µs"), (864e3, "10 days")])
def test_duration_has_a_readable_unit(seconds, text):
    assert wording.duration(seconds) == text


def test_info_of_a_steady_run_has_no_time(steady, command):
    out = command("info", steady).out
    assert "2: step 0 (initial guess) to step 1 (steady state)" in out and "t =" not in out


def test_info_counts_the_points_and_times_of_a_profile(one, command):
    synthetic.write_profile(one, "wall", {0: 0.0, 20: 20.0})
    assert "profile wall 11 points at 2 times" in command("info", one).out


@pytest.mark.parametrize("low, high", [(0.0, 0.0), (-1e308, 1e308), (0.0, 5e-324), (1.0, 2.0),
                                       (300.0, 300.0 + 1e-13)])
def test_digits_are_between_4_and_15_for_any_range(low, high):
    assert 4 <= wording.digits_between(low, high) <= 15


def test_span_has_as_many_digits_as_distinguish_its_ends():
    assert wording.span(293.00001, 293.00004) == "293.00001 to 293.00004"


@pytest.mark.parametrize("units, text", [("W m-1 K-1", "W m⁻¹ K⁻¹"), ("1", ""), ("degC", "°C"),
                                         ("m2", "m²"), ("W/m", "W/m"), ("", "")])
def test_units_are_typeset(units, text):
    assert wording.unit_text(units) == text

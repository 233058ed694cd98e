"""Events: what switches at a time releases exactly its heat, in every scheme, with fixed and with controlled steps.

An insulated block of steel holds all heat that it receives, so its mean temperature rises by (heat released) / (rho c area)
in closed form, whatever the scheme and the steps are, as long as no step spans a switch.
"""
from __future__ import annotations

import math
import resource
import signal
import subprocess
import time as clock

import numpy as np
import pytest
from heat2d_case import HEAT2D, basic_case, environment, run, write_case

FIXED = {
    "ftcs": {"scheme": "ftcs", "step": 0.21},
    "rkl2": {"scheme": "rkl2", "step": 7.0},
    "backward-euler": {"scheme": "backward-euler", "step": 7.0},
    "crank-nicolson": {"scheme": "crank-nicolson", "step": 7.0},
    "bdf2": {"scheme": "bdf2", "step": 7.0},
    "esdirk": {"scheme": "esdirk", "step": 7.0},
    "ts:rosw": {"scheme": "ts:rosw", "step": 7.0},
    "ts:theta": {"scheme": "ts:theta", "step": 7.0},
}
CONTROLLED = {name: {"scheme": name, "step": "auto"} for name in ("rkl2", "bdf2", "esdirk")}
ALL = {**{f"{name}-fixed": time for name, time in FIXED.items()},
       **{f"{name}-controlled": time for name, time in CONTROLLED.items()}}
# Solves leave 1e-12 of a rise; PETSc's Rosenbrock stages a little more.
RISE = 1e-6


def block(end: float, time: dict, **sections) -> dict:
    """Return the insulated block: rho c = 4e6 J/(m3 K), 0.1 m by 0.02 m, from 300 K."""
    case = basic_case(
        grid={"cells": [20, 4], "x": [0.0, 0.1], "y": [0.0, 0.02]},
        materials=[{"name": "steel", "conductivity": 40.0, "density": 8000.0, "specific_heat": 500.0}],
        initial={"temperature": 300.0},
        time={**time, "end": end},
        solver={"tolerance": 1e-12})
    case.update(sections)
    return case


def rise(outcome) -> float:
    assert outcome.code == 0, outcome.err
    assert abs(outcome.results["energy"]["balance_error_relative"]) < 1e-9
    return outcome.table("history.csv")["mean"][-1] - 300.0


@pytest.mark.parametrize("name", ALL)
def test_pulse_in_a_long_run_is_seen_and_releases_its_heat(tmp_path, name):
    # 1e7 W/m3 for 10 s: 1e8 / 4e6 = 25 K
    outcome = run(tmp_path, block(1000.0, ALL[name], source="1e7*(t > 400)*(t < 410)"), "--quiet")
    assert abs(rise(outcome) - 25.0) < RISE * 25.0
    assert outcome.results["events"] == {"reached": 2, "times": [400.0, 410.0], "unsearched": None}


@pytest.mark.parametrize("tolerance", [1e-6, 10.0])
@pytest.mark.parametrize("scheme", ["bdf2", "esdirk"])
def test_pulse_is_seen_at_any_tolerance(tmp_path, scheme, tolerance):
    case = block(86400.0, {"scheme": scheme, "step": "auto", "adaptive": {"tolerance": tolerance}},
                 source="1e7*(t > 40000)*(t < 40003)")
    assert abs(rise(run(tmp_path, case, "--quiet")) - 7.5) < RISE * 7.5


# Schemes that take the mean of what is linear over a step, and those that begin with a step that takes its end.
MEANS = ("rkl2-fixed", "crank-nicolson-fixed", "esdirk-fixed", "ts:rosw-fixed", "esdirk-controlled", "rkl2-controlled")
FIRST_ORDER = ("ftcs-fixed", "backward-euler-fixed", "bdf2-fixed", "bdf2-controlled", "ts:theta-fixed")


@pytest.mark.parametrize("name", MEANS + FIRST_ORDER)
def test_knots_of_a_table_are_hit(tmp_path, name):
    """A triangle of flux within 10 s in 1000: its integral is 5 s * 1e6 W/m2, times 0.02 m / (4e6 * 0.002) = 12.5 K.
    A scheme that takes the flux at the end of its first step after a knot needs short steps."""
    tmp_path.joinpath("spike.csv").write_text("0,0\n400,0\n405,1e6\n410,0\n1000,0\n")
    time = dict(ALL[name])
    if name in FIRST_ORDER and time["step"] != "auto":
        time["step"] = 0.2
    outcome = run(tmp_path, block(1000.0, time, boundary={"left": {"type": "flux", "table": "spike.csv"}}), "--quiet")
    assert abs(rise(outcome) - 12.5) < (0.04 if name in FIRST_ORDER else 1e-6) * 12.5
    assert outcome.results["events"]["times"][:3] == [400.0, 405.0, 410.0]


@pytest.mark.parametrize("place", ["flux", "segment", "exchange", "convection", "region"])
@pytest.mark.parametrize("name", ["ftcs-fixed", "backward-euler-fixed", "bdf2-controlled", "esdirk-controlled"])
def test_every_place_that_can_switch_is_searched(tmp_path, name, place):
    switching = "(t > 400)*(t < 410)"
    given = {
        "flux": {"boundary": {"left": {"type": "flux", "value": f"1e5*{switching}"}}},
        "segment": {"boundary": {"left": [{"to": 0.01, "type": "flux", "value": f"2e5*{switching}"},
                                          {"type": "flux", "value": 0.0}]}},
        "exchange": {"exchange": {"coefficient": 10.0, "ambient": f"300+1e6*{switching}"}},
        "convection": {"boundary": {"left": {"type": "convection", "coefficient": 10.0,
                                             "ambient": f"300+1e6*{switching}"}}},
        "region": {"regions": [{"material": "steel", "source": f"1e6*{switching}"}]},
    }[place]
    outcome = run(tmp_path, block(1000.0, ALL[name], **given), "--quiet")
    assert outcome.code == 0, outcome.err
    assert outcome.results["events"]["times"] == [400.0, 410.0]
    steps = outcome.table("history.csv")
    assert steps["max"].max() > 300.5


def test_switch_at_the_end_of_a_step_is_seen_from_inside_the_step(tmp_path):
    """One insulated cell of unit capacity, heated by 1 W/m3 while t < 10: ten kelvin with any step."""
    for step in (0.1, 1.0, 5.0, 7.0, 30.0):
        for scheme in ("backward-euler", "crank-nicolson", "bdf2", "rkl2"):
            case = basic_case(grid={"cells": [1, 1], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": 0.0},
                              source="1*(t < 10)", time={"scheme": scheme, "step": step, "end": 30.0})
            outcome = run(tmp_path, case, "--quiet")
            assert outcome.code == 0, outcome.err
            assert abs(outcome.table("history.csv")["mean"][-1] - 10.0) < 1e-9, (scheme, step)


def test_ten_thousand_events_cost_no_more_than_their_steps(tmp_path):
    """A duty cycle of 2 s in 20 s over 1e5 s: 10^4 events, and 10 % of 8e4 W/m3 over 1e5 s: 200 K."""
    case = block(1e5, {"scheme": "backward-euler", "step": 100.0}, source="8e4*(t - 20*floor(t/20) < 2)",
                 grid={"cells": [2, 2], "x": [0.0, 0.1], "y": [0.0, 0.02]})
    outcome = run(tmp_path, case, "--quiet", timeout=100)
    assert abs(rise(outcome) - 200.0) < RISE * 200.0
    results = outcome.results
    assert 9990 <= results["events"]["reached"] <= 10000 and len(results["events"]["times"]) == 100
    assert results["time"]["steps"] <= 10000 + 1000


@pytest.mark.parametrize("name", ["rkl2-fixed", "bdf2-controlled", "esdirk-controlled", "backward-euler-fixed"])
def test_events_that_no_formula_shows_are_given(tmp_path, name):
    """What depends on x and t may switch everywhere at its own time: when it does is for the user to say."""
    case = block(1000.0, {**ALL[name], "events": [400.0, 410.0]},
                 source="1e7*(0*x + t > 400)*(0*x + t < 410)*(x < 0.05)")
    outcome = run(tmp_path, case, "--quiet")
    assert abs(rise(outcome) - 12.5) < RISE * 12.5
    assert outcome.results["events"]["times"] == [400.0, 410.0]


@pytest.mark.parametrize("tolerance,bound", [(1e-1, 0.5), (1e-3, 2e-2), (1e-5, 1e-3)])
@pytest.mark.parametrize("pulse,heat", [("exp(-((t - 40000)/5)^2)", 5 * math.sqrt(math.pi)),
                                        ("(tanh(t - 40000) - tanh(t - 40010))/2", 10.0),
                                        ("(x < 0.05)*exp(-((t - 40000)/5)^2)", 2.5 * math.sqrt(math.pi)),
                                        ("1/cosh((t - 40000)/5)", 5 * math.pi)])
@pytest.mark.parametrize("scheme", ["bdf2", "esdirk", "ts:rosw"])
def test_smooth_pulse_of_seconds_in_a_day_is_seen_by_controlled_steps(tmp_path, scheme, pulse, heat, tolerance, bound):
    """No step passes the peak of a formula of t, so that the step control resolves the pulse.  Each step may err by the
    case's tolerance of the rise, and ten to a hundred of them feel the pulse, more at a lower tolerance."""
    case = block(86400.0, {"scheme": scheme, "step": "auto", "adaptive": {"tolerance": tolerance}}, source=f"1e7*{pulse}")
    outcome = run(tmp_path, case, "--quiet", timeout=100)
    assert outcome.code == 0, outcome.err
    expected = 1e7 * heat / (8000.0 * 500.0)
    assert abs(outcome.table("history.csv")["mean"][-1] - 300.0 - expected) < bound * expected
    assert outcome.results["time"]["steps"] < 1000


STIFF = ("rkl2", "backward-euler", "crank-nicolson", "bdf2", "esdirk", "ts:rosw", "ts:theta")


@pytest.mark.parametrize("scheme", STIFF)
@pytest.mark.parametrize("events", [{"source": "1e14*(t > 40000)*(t < 40000.000001)"},
                                    {"source": "1e14*(0*x + t > 40000)*(0*x + t < 40000.000001)",
                                     "times": [40000.0, 40000.000001]}])
def test_pulse_far_below_one_billionth_of_a_step_releases_its_heat(tmp_path, scheme, events):
    """Events count as one time only within rounding: 7e-12 s at t = 40000, 1e-5 of this pulse."""
    time = {"scheme": scheme, "step": 3600.0, **({"events": events["times"]} if "times" in events else {})}
    outcome = run(tmp_path, block(86400.0, time, source=events["source"]), "--quiet")
    assert abs(rise(outcome) - 25.0) < 1e-5 * 25.0
    assert outcome.results["events"]["reached"] == 2


@pytest.mark.parametrize("scheme", STIFF)
def test_jump_of_a_table_is_two_times_that_may_be_very_close(tmp_path, scheme):
    (tmp_path / "t.csv").write_text("0,0\n50,0\n50.000000001,1e5\n51,1e5\n51.000000001,0\n100,0\n")
    case = block(100.0, {"scheme": scheme, "step": 7.0}, boundary={"left": {"type": "flux", "table": "t.csv"}})
    outcome = run(tmp_path, case, "--quiet")
    # 1e5 W/m2 for 1 s through a side of 0.02 m into 4e6 J/(m3 K) * 0.002 m2
    assert abs(rise(outcome) - 0.25) < 1e-7 * 0.25


@pytest.mark.parametrize("scheme", ["bdf2", "esdirk"])
def test_formula_that_is_zero_at_its_own_events_releases_its_heat(tmp_path, scheme):
    """Both ends of a step from event to event see nothing.  The bound: a thousand steps of tolerance 1e-5."""
    case = block(2.0, {"scheme": scheme, "step": "auto", "adaptive": {"tolerance": 1e-5}}, source="1e8*abs(sin(2*pi*5*t))")
    expected = 2.0 * (2.0 / math.pi) * 1e8 / 4e6
    assert abs(rise(run(tmp_path, case, "--quiet")) - expected) < 1e-2 * expected


@pytest.mark.parametrize("source,released", [("1e6*(tan(t/10) > 1)", 10 * (math.pi / 4 + math.pi / 4 + math.pi / 4)),
                                             ("1e6*(sinh(t - 30) > 1)", 70.0 - math.asinh(1.0)),
                                             ("1e6*(1/(t - 30) > 1)", 1.0)])
def test_switch_behind_a_pole_is_found(tmp_path, source, released):
    """tan(t/10) exceeds 1 from 2.5 pi to 5 pi, from 12.5 pi to 15 pi and from 22.5 pi to 25 pi s."""
    outcome = run(tmp_path, block(100.0, FIXED["backward-euler"], source=source), "--quiet")
    assert abs(rise(outcome) - 1e6 * released / 4e6) < RISE * released


@pytest.mark.parametrize("scheme", ["bdf2", "esdirk", "ts:rosw", "ts:arkimex", "ts:bdf"])
@pytest.mark.parametrize("source", ["1e5*max(0, sin(2*pi*t/86400))", "1e5*(sin(2*pi*t/86400) > 0)", "1e5*(t*0.001 > 0)"])
def test_switch_at_the_smallest_doubles_is_one_at_the_start(tmp_path, scheme, source):
    outcome = run(tmp_path, block(3600.0, {"scheme": scheme, "step": "auto"}, source=source), "--quiet")
    assert outcome.code == 0, outcome.err
    assert all(time > 1e-10 for time in outcome.results["events"]["times"])


@pytest.mark.parametrize("scheme", ["bdf2", "esdirk", "ts:rosw"])
@pytest.mark.parametrize("source,heat", [("t < 50 ? 1e-6 : 1e6", 5e7), ("1e-3 + 1e12*(t > 36 && t < 36.000001)", 1e6)])
def test_heat_that_rises_by_many_powers_of_ten_at_an_event_is_stepped_through(tmp_path, scheme, source, heat):
    """The first step after the event is some 1e-14 of the run, and grows from there: it is no collapse."""
    outcome = run(tmp_path, block(100.0, {"scheme": scheme, "step": "auto"}, source=source), "--quiet")
    assert outcome.code == 0, outcome.err
    assert abs(outcome.table("history.csv")["mean"][-1] - 300.0 - heat / 4e6) < 1e-3 * heat / 4e6


def test_pulse_between_fixed_steps_is_told_once(tmp_path):
    pulse = "1e7*exp(-((t - 4000)/5)^2)"
    outcome = run(tmp_path, block(9000.0, {"scheme": "backward-euler", "step": 300.0}, source=pulse), ranks=2)
    assert outcome.code == 0, outcome.err
    assert outcome.err.count(f"'{pulse}' rises and falls within one step") == 1, outcome.err
    fine = run(tmp_path, block(9000.0, {"scheme": "backward-euler", "step": 30.0}, source="1e3*sin(2*pi*t/900)"), output="fine")
    assert fine.code == 0 and "rises and falls" not in fine.err, fine.err


@pytest.mark.parametrize("value,words", [("[5, nan]", "time.events"), ("[-1]", "time.events"), ("[1, x]", "time.events"),
                                         ("5", "time.events"), ("[[1]]", "time.events")])
def test_wrong_events_are_refused(tmp_path, value, words):
    outcome = run(tmp_path, basic_case(), "--set", f"time.events={value}", "--quiet")
    assert outcome.code == 2 and words in outcome.err and outcome.err.count("error") == 1, outcome.err
    assert not outcome.directory.exists()


def expect_same_bytes_after_a_restart(tmp_path, case: dict, stop: float, ranks: int = 1) -> None:
    """Continue a run from the first checkpoint at `stop` or later, and expect the last snapshot and all rows of the whole run."""
    case["solver"] = {"reproducible": True}
    case["output"]["history"] = {"every": 1}
    case["checkpoint"] = {"every": 1, "keep": 100000}
    whole = run(tmp_path, case, "--quiet", output="whole", timeout=300)
    assert whole.code == 0, whole.err
    table = whole.table("history.csv")
    step = int(table["step"][np.searchsorted(table["time"], stop)])
    part = run(tmp_path, case, "--quiet", "--restart", str(whole.directory / f"checkpoint_{step:06d}.h5"), ranks=ranks, output="part", timeout=300)
    assert part.code == 0, part.err
    last = whole.snapshots()[-1].name
    assert (part.directory / last).read_bytes() == (whole.directory / last).read_bytes()
    ours = part.table("history.csv")["time"]
    assert np.array_equal(ours, table["time"][table["time"] >= ours[0]])


@pytest.mark.parametrize("stop", [399.0, 400.0, 405.0])
@pytest.mark.parametrize("name", ["backward-euler-fixed", "bdf2-fixed", "bdf2-controlled", "esdirk-controlled", "rkl2-fixed"])
def test_restart_around_an_event_leaves_the_same_bytes(tmp_path, name, stop):
    """A run that restarts from a checkpoint before, at, or after an event writes what the uninterrupted run wrote."""
    case = block(500.0, ALL[name], source="1e7*(t > 400)*(t < 410)*x", output={"snapshots": {"interval": 100.0}})
    expect_same_bytes_after_a_restart(tmp_path, case, stop)


@pytest.mark.parametrize("stop", [1800.0, 6000.0])
@pytest.mark.parametrize("scheme", ["bdf2", "esdirk", "ts:rosw"])
def test_restart_between_the_peaks_of_a_wave_leaves_the_same_bytes(tmp_path, scheme, stop):
    """Controlled steps end at the peaks of a sine.  These are the same times in a run that first searches for them later."""
    case = block(7200.0, {"scheme": scheme, "step": "auto"}, source="1e5*sin(0.0048*t)*x", output={})
    expect_same_bytes_after_a_restart(tmp_path, case, stop)


@pytest.mark.parametrize("name", ["ftcs-fixed", "rkl2-fixed", "backward-euler-fixed", "bdf2-controlled",
                                  "esdirk-controlled"])
def test_events_leave_the_same_bytes_on_every_rank_count(tmp_path, name):
    case = block(50.0, ALL[name], source="1e8*(t > 40)*(t < 41)*x", output={"snapshots": {"interval": 10.0}},
                 solver={"reproducible": True})
    one = run(tmp_path, case, "--quiet", output="one")
    assert one.code == 0, one.err
    for ranks in (2, 3, 7):
        other = run(tmp_path, case, "--quiet", ranks=ranks, output=f"r{ranks}")
        assert other.code == 0, other.err
        for path in one.snapshots():
            assert path.read_bytes() == (other.directory / path.name).read_bytes(), (ranks, path.name)


def test_formula_that_cannot_be_searched_is_named_once(tmp_path):
    source = "1e3*(sin(t)^2 + cos(t)^2 > 1)"
    outcome = run(tmp_path, block(100.0, FIXED["backward-euler"], source=source), ranks=2)
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("switches were not all found; give them in time.events") == 1, outcome.err
    assert source in outcome.err
    assert outcome.results["events"]["unsearched"] == source


@pytest.mark.parametrize("given,named", [(None, True), ([3.3], False)])
def test_a_comparison_of_time_with_temperature_is_named_once(tmp_path, given, named):
    source = "1e3*(t < (T > 0 ? 3.3 : 2))"
    time = {**FIXED["backward-euler"], **({"events": given} if given else {})}
    outcome = run(tmp_path, block(10.0, time, source=source), ranks=2)
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("give them in time.events") == named, outcome.err
    assert outcome.results["events"]["unsearched"] == (source if named else None)


@pytest.mark.parametrize("scheme", ["bdf2", "esdirk", "rkl2", "ts:rosw", "ts:bdf"])
def test_heater_that_comes_on_in_a_field_at_zero_is_stepped_through(tmp_path, scheme):
    """The scale of the error has a floor: a field at 0 whose source comes on does not stop the controlled steps."""
    case = block(60.0, {"scheme": scheme, "step": "auto"}, initial={"temperature": 0.0}, source="1e6*(t >= 10)",
                 boundary={"top": {"type": "convection", "coefficient": 50.0, "ambient": 0.0}})
    outcome = run(tmp_path, case, "--quiet", timeout=60)
    assert outcome.code == 0, outcome.err
    assert outcome.results["time"]["steps"] < 2000


@pytest.mark.parametrize("scheme", ["bdf2", "esdirk", "ts:rosw"])
def test_floor_of_the_tolerated_error_is_the_cases(tmp_path, scheme):
    """Where the case's floor is below tolerance * spread it changes nothing; above it allows longer steps."""
    steps = []
    for absolute in (1e-12, 1e-9, 1.0):
        time = {"scheme": scheme, "step": "auto", "adaptive": {"tolerance": 1e-6, "absolute": absolute}}
        outcome = run(tmp_path, block(600.0, time, initial={"temperature": "300+50*cos(pi*x/0.1)"}), "--quiet")
        assert outcome.code == 0, outcome.err
        steps.append(outcome.results["time"]["steps"])
    assert steps[0] == steps[1] > 2 * steps[2], steps


@pytest.mark.parametrize("scheme,ranks", [("bdf2", 1), ("esdirk", 1), ("esdirk", 2), ("rkl2", 3)])
def test_solution_that_blows_up_ends_with_code_3_and_the_reason(tmp_path, scheme, ranks):
    case = basic_case(grid={"cells": [3, 1], "x": [0.0, 1.0], "y": [0.0, 1.0]}, source="1e3*T*T",
                      initial={"temperature": 1.0}, time={"scheme": scheme, "step": "auto", "end": 1.0},
                      output={"history": {"every": 500}})
    outcome = run(tmp_path, case, "--quiet", ranks=ranks, timeout=60)
    assert outcome.code == 3, (outcome.code, outcome.err)
    assert outcome.err.count("heat2d: error:") == 1 and "step" in outcome.err, outcome.err
    assert outcome.results["status"] != "completed"


def test_formula_that_switches_faster_than_any_run_lasts_is_refused(tmp_path):
    case = block(1000.0, FIXED["backward-euler"], source="1e6*(sin(1e9*t) > 0.5)")
    outcome = run(tmp_path, case, "--quiet", timeout=60)
    assert outcome.code == 3 and "switches at very many times" in outcome.err, outcome.err


@pytest.mark.parametrize("scheme", ["bdf2", "esdirk"])
def test_thermostat_by_formula_ends_with_code_3_and_the_cure(tmp_path, scheme):
    """Where a source jumps at a temperature the solution slides along the jump, and no step is short enough."""
    case = basic_case(grid={"cells": [30, 2], "x": [0.0, 0.1], "y": [0.0, 0.01]},
                      materials=[{"name": "a", "conductivity": 0.5, "density": 1000.0, "specific_heat": 1000.0}],
                      source="1e5*(T < 350)", initial={"temperature": 300.0},
                      boundary={"left": {"type": "temperature", "value": 300.0}},
                      time={"scheme": scheme, "step": "auto", "end": 2000.0})
    outcome = run(tmp_path, case, "--quiet", timeout=60)
    assert outcome.code == 3 and "write the jump as a steep slope" in outcome.err, outcome.err


def test_term_ends_a_run_with_very_many_events(tmp_path):
    """Ten million events take hours; after TERM there is a checkpoint, at once."""
    case = block(1e7, {"scheme": "backward-euler", "step": 1000.0}, source="8e4*(t - 2*floor(t/2) < 1)")
    path = write_case(tmp_path, case)
    process = subprocess.Popen([HEAT2D, str(path), "--output", "out", "--quiet"], cwd=tmp_path, env=environment(1),
                               stderr=subprocess.PIPE, text=True)
    limit = clock.monotonic() + 60
    while not (tmp_path / "out" / "history.csv").exists():
        assert process.poll() is None and clock.monotonic() < limit, "the run has not begun"
        clock.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    try:
        error = process.communicate(timeout=30)[1]
    finally:
        process.kill()
    assert process.returncode == 75, (process.returncode, error)
    assert list((tmp_path / "out").glob("checkpoint_*.h5"))

@pytest.mark.parametrize("scheme", ["bdf2", "esdirk", "ts:bdf", "ts:rk"])
def test_formulas_need_not_be_defined_after_the_run(tmp_path, scheme):
    """The first controlled step is computed from the rate a little later, but not beyond the end: sqrt(20 - t) is nan there.
    The integral of the source over 20 s is 2/3 20^1.5 = 59.6 J/m3; its end, of infinite slope, costs bdf 0.2 % of it."""
    case = basic_case(grid={"cells": [2, 2], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": 300.0},
                      source="sqrt(20 - t)", time={"scheme": scheme, "step": "auto", "end": 20.0})
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 0, outcome.err
    assert abs(outcome.table("history.csv")["mean"][-1] - 300.0 - 59.628) < 0.3


@pytest.mark.parametrize("scheme", ["ftcs", "backward-euler"])
def test_very_many_steps_that_the_case_asks_for_are_no_collapse(tmp_path, scheme):
    """3.6e9 steps take weeks, which the limit of wall time ends; one event that cuts a step does not make it an error."""
    case = basic_case(grid={"cells": [4, 4], "x": [0.0, 1.0], "y": [0.0, 1.0]}, source="5*(t<10.00000033)",
                      time={"scheme": scheme, "step": 1e-6, "end": 3600.0}, limits={"wall_time": 3})
    outcome = run(tmp_path, case, "--quiet", timeout=60)
    assert outcome.code == 75 and outcome.results["time"]["steps"] > 2000, (outcome.code, outcome.err)


@pytest.mark.parametrize("time", [{"scheme": "ftcs", "step": "auto", "end": 1e300}, {"scheme": "rkl2", "step": "auto", "end": 1e30},
                                  {"scheme": "backward-euler", "step": 1e-3, "end": 1e300},
                                  {"scheme": "bdf2", "step": "auto", "adaptive": {"max_step": 1.0}, "end": 1e300},
                                  {"scheme": "esdirk", "adaptive": {"tolerance": 1e-3, "max_step": 10.0}, "end": 1e17},
                                  {"scheme": "ts:rosw", "step": 1.0, "adaptive": {"tolerance": 1e-3, "max_step": 1.0}, "end": 1e30},
                                  {"scheme": "bdf2", "step": 1.0, "steps": 9007199254740993}])
def test_run_of_more_steps_than_times_can_be_told_apart_is_refused(tmp_path, time):
    outcome = run(tmp_path, basic_case(time=time), "--quiet", ranks=2, timeout=20)
    assert outcome.code == 2 and outcome.err.count("error:") == 1, (outcome.code, outcome.err)
    assert "case.yaml:" in outcome.err and "time." in outcome.err and "steps" in outcome.err, outcome.err
    assert not outcome.directory.exists()


@pytest.mark.parametrize("changes,key", [
    ({"time": {"scheme": "bdf2", "step": "auto", "end": 1e6}, "output": {"history": {"interval": 1e-5}}}, "output.history.interval"),
    ({"time": {"scheme": "esdirk", "adaptive": {"tolerance": 1e-3, "max_step": 1.0}, "end": 1e14}}, "time.adaptive.max_step")])
def test_steps_that_a_key_of_the_case_keeps_short_name_the_key(tmp_path, changes, key):
    case = basic_case(grid={"cells": [4, 2], "x": [0.0, 1.0], "y": [0.0, 1.0]}, **changes)
    outcome = run(tmp_path, case, "--quiet", timeout=60)
    assert outcome.code == 3 and key in outcome.err, (outcome.code, outcome.err)
    assert "jumps at a temperature" not in outcome.err


@pytest.mark.parametrize("formula, mean", [
    ("2/pi*atan2(0, t - 53.1)", 2*0.531),  # half a turn before, none after
    ("2/pi*atan(1e30/(t - 53.1))", 1 - 2*0.531),        # a pole inside a function that is finite there
    ("2/pi*atan(1e30*(t - 53.1)^-1)", 1 - 2*0.531),
    ("2/pi*atan(1e30*tan(pi/2 + pi/2*(t - 53.1)/100))", 2*0.531 - 1)])
@pytest.mark.parametrize("name", ["backward-euler", "bdf2", "rkl2"])
def test_jump_without_a_comparison_is_an_event(tmp_path, name, formula, mean):
    # 1e6 W/m3 for 100 s: 25 K
    outcome = run(tmp_path, block(100.0, FIXED[name], source=f"1e6*({formula})"), "--quiet")
    assert abs(rise(outcome) - 25.0*mean) < RISE * 25.0
    assert outcome.results["events"]["times"][0] == 53.1


def test_many_operations_that_cannot_be_searched_do_not_keep_the_run_from_its_steps(tmp_path):
    # Each comparison switches at more times than any search finds.  The searches of all 400 took minutes, without a
    # look at a signal; together they may take a few seconds of the processor.
    terms = "+".join(f"(sin(exp(9*t+{k}))>0)" for k in range(400))
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    outcome = run(tmp_path, block(100.0, FIXED["backward-euler"], source=terms), "--quiet", timeout=110)
    assert outcome.code == 3 and "collapsed" in outcome.err or outcome.results["warnings"], outcome.err
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 20.0


def test_source_that_has_all_but_vanished_is_no_warning_about_options(tmp_path):
    # At the end the source is 1e-170 of its peak: its solves end by the absolute tolerance, as no option of PETSc asks for.
    case = basic_case(grid={"cells": [8, 6], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": 300.0},
                      source="1e3/cosh((t - 4000)/0.5)^2", solver={"tolerance": 1e-13},
                      time={"scheme": "bdf2", "step": "auto", "end": 1e5})
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 0 and not outcome.results["warnings"], outcome.err


# Insulated, so that the mean shows all heat: at each place for 0.2 s in the run, 0.1 s, and 0.5 s.
MOVING = {"1e8*(abs(x - 0.01*(t - SHIFT)) < 0.001)": 0.2, "1e8*(t - SHIFT > 10*x && t - SHIFT < 10*x + 0.1)": 0.1,
          "1e8*(t - SHIFT > 100*y)*(t - SHIFT < 100*y + 0.5)": 0.5}


@pytest.mark.parametrize("source,length", MOVING.items())
@pytest.mark.parametrize("scheme", ["backward-euler", "crank-nicolson", "bdf2", "esdirk", "rkl2"])
def test_moving_pulse_that_steps_do_not_resolve_is_told_once_with_the_step_that_does(tmp_path, scheme, source, length):
    source = source.replace("SHIFT", "1")
    case = block(20.0, {"scheme": scheme, "step": 1.0}, source=source)
    outcome = run(tmp_path, case, "--quiet", ranks=2)
    assert outcome.code == 0, outcome.err
    said = f"'{source}' switches at times that depend on the place"
    assert outcome.err.count(said) == 1, outcome.err
    (warning,) = (text for text in outcome.results["warnings"] if said in text)
    step = float(warning.split("take steps of at most ")[1].split(" s")[0])
    assert 0.8 * length / 4 < step < 1.001 * length / 4, warning
    fine = run(tmp_path, case, "--quiet", "--set", f"time.step={length / 4}", output="fine")
    assert fine.code == 0 and "depend on the place" not in fine.err, fine.err


@pytest.mark.parametrize("source,length", MOVING.items())
@pytest.mark.parametrize("scheme", ["bdf2", "esdirk", "ts:rosw"])
def test_moving_pulse_of_seconds_in_a_day_releases_its_heat_with_controlled_steps(tmp_path, scheme, source, length):
    """The pulses pass within some ten seconds after 40000 s, and heat each place by 1e8 W/m3 times `length` / 4e6 J/(m3 K)."""
    case = block(86400.0, {"scheme": scheme, "step": "auto"}, source=source.replace("SHIFT", "40000"))
    outcome = run(tmp_path, case, "--quiet", timeout=100)
    assert outcome.code == 0 and "depend on the place" not in outcome.err, outcome.err
    expected = 1e8 * length / 4e6
    assert abs(outcome.table("history.csv")["mean"][-1] - 300.0 - expected) < 0.05 * expected
    assert outcome.results["time"]["steps"] < 5000


@pytest.mark.parametrize("source", ["1e6*(t > 100*y)", "1e6*(x < 0.001*t)", "1e6*(x > 1 + t)", "1e6*sin(t - x)"])
def test_front_that_passes_once_is_no_warning(tmp_path, source):
    outcome = run(tmp_path, block(20.0, {"scheme": "backward-euler", "step": 1.0}, source=source), "--quiet")
    assert outcome.code == 0 and not outcome.results["warnings"], outcome.err


def test_moving_pulse_of_a_region_or_a_side_is_looked_for_where_it_acts(tmp_path):
    """The spot passes the region from 5 s on; outside of it, it would need other steps.  The side has its own."""
    spot = "1e6*(abs(x - 0.01*t) < 0.001)"
    region = [{"material": "steel"}, {"shape": "rectangle", "x": [0.05, 0.06], "y": [0.0, 0.02], "source": spot}]
    time = {"scheme": "backward-euler", "step": 1.0}
    inside = run(tmp_path, block(20.0, time, regions=region), "--quiet", output="inside")
    assert inside.err.count("depend on the place") == 1, inside.err
    early = run(tmp_path, block(4.0, time, regions=region), "--quiet", output="early")
    assert early.code == 0 and not early.results["warnings"], early.err
    side = run(tmp_path, block(20.0, time, boundary={"top": {"type": "flux", "value": spot}}), "--quiet", output="side")
    assert side.err.count("depend on the place") == 1 and "y = 0.02" in side.err, side.err


@pytest.mark.parametrize("formula,between", [("1 + tanh((t - 403)/0.01)", (402.9, 403.1)), ("1 + tanh((t - 405)/0.01)", (404.9, 405.1)),
                                             ("2/(1 + exp(-(t - 403)/0.005))", (402.9, 403.1)), ("(1 - tanh((t - 403)/0.01))*x/0.05", (402.9, 403.1))])
@pytest.mark.parametrize("scheme", ["backward-euler", "bdf2", "esdirk"])
def test_steep_change_within_a_fixed_step_is_told_with_the_events_that_resolve_it(tmp_path, scheme, formula, between):
    """With the two times of the warning in time.events the heat is right to the length of the change."""
    case = block(1000.0, {"scheme": scheme, "step": 10.0}, source=f"1e5*({formula})")
    outcome = run(tmp_path, case, "--quiet", ranks=2)
    assert outcome.code == 0 and outcome.err.count("within a small part of a step of 10 s") == 1, outcome.err
    (warning,) = (text for text in outcome.results["warnings"] if "within a small part of a step" in text)
    begin, end = (float(word) for word in warning.split("changes from t = ")[1].split(" s, within")[0].split(" s to "))
    assert between[0] < begin < end < between[1], warning
    again = run(tmp_path, case, "--quiet", "--set", f"time.events=[{begin}, {end}]", output="events")
    assert again.code == 0 and "within a small part" not in again.err, again.err
    on = 403.0 if "1 - tanh" in formula else 595.0 if "405" in formula else 597.0
    expected = 2e5 * on / 4e6
    assert abs(again.table("history.csv")["mean"][-1] - 300.0 - expected) < 2e5 * 0.1 / 4e6, "the events do not cure it"


@pytest.mark.parametrize("formula", ["1 + tanh((t - 403)/5)", "exp(-t/30)", "t", "1 + sin(2*pi*t/60)", "(t > 400)*(t - 400)"])
def test_change_that_the_steps_resolve_is_no_warning(tmp_path, formula):
    outcome = run(tmp_path, block(1000.0, {"scheme": "backward-euler", "step": 10.0}, source=f"1e3*({formula})"), "--quiet")
    assert outcome.code == 0 and not outcome.results["warnings"], outcome.err


@pytest.mark.parametrize("formula", ["1 + tanh((t - 40000)/0.01)", "1 - tanh((t - 43200)/0.01)", "1 + tanh((t - 43200)/0.01)"])
@pytest.mark.parametrize("scheme", ["bdf2", "esdirk", "ts:rosw"])
def test_steep_change_is_followed_by_controlled_steps_wherever_in_the_run_it_is(tmp_path, scheme, formula):
    """43200 s is the middle of the run, so that a formula may be on the line between the ends of a step."""
    case = block(86400.0, {"scheme": scheme, "step": "auto"}, source=f"1e3*({formula})")
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 0, outcome.err
    on = 40000.0 if "40000" in formula and "1 -" in formula else 86400.0 - 40000.0 if "40000" in formula else 43200.0
    expected = 2e3 * on / 4e6
    assert abs(outcome.table("history.csv")["mean"][-1] - 300.0 - expected) < 2e-3 * expected


# A spot on a line, waves that run along the plate, a spot that comes and goes back, a disc with a soft edge, and a spot whose heat
# depends on the temperature, all within some seconds about 40000 s.
SMOOTH = ["exp(-((x - 0.02*(t - SHIFT))^2 + (y - 0.01)^2)/0.005^2)", "exp(-((t - SHIFT - x/0.02)/0.2)^2)", "1/cosh((t - SHIFT - x/0.02)/0.2)",
          "exp(-(x - 0.08 + 0.01*(t - SHIFT)^2)^2/0.01^2)",
          "0.5 - 0.5*tanh((sqrt((x - 0.02*(t - SHIFT))^2 + (y - 0.01)^2) - 0.006)/0.001)",
          "exp(-(x - 0.02*(t - SHIFT))^2/0.005^2 - 0*T)", "(1 + 0*T)*exp(-(x - 0.02*(t - SHIFT))*(x - 0.02*(t - SHIFT))/0.005^2)"]


def smooth_heat(formula: str, places: tuple = None) -> float:
    """Return the integral over time of a formula of SMOOTH around SHIFT, as a mean over the cells of the block, or over `places`."""
    x, y = places or np.meshgrid((np.arange(20) + 0.5) * 0.005, (np.arange(4) + 0.5) * 0.005)
    text = formula.replace("^", "**").replace("SHIFT", "0")
    names = {name: getattr(np, name) for name in ("exp", "cosh", "tanh", "sqrt")}
    return sum(np.mean(eval(text, {**names, "x": x, "y": y, "t": t, "T": 0.0})) for t in np.arange(-20.0, 30.0, 0.004)) * 0.004


@pytest.mark.parametrize("formula", SMOOTH)
@pytest.mark.parametrize("scheme", ["bdf2", "esdirk", "ts:rosw"])
def test_smooth_pulse_that_moves_releases_its_heat_with_controlled_steps(tmp_path, scheme, formula):
    """The steps before it are hours long.  The control errs by its tolerance in each of the steps of the pulse."""
    case = block(86400.0, {"scheme": scheme, "step": "auto"}, source=f"1e8*({formula.replace('SHIFT', '40000')})")
    outcome = run(tmp_path, case, "--quiet", timeout=100)
    assert outcome.code == 0 and not outcome.results["warnings"], outcome.err
    expected = 1e8 * smooth_heat(formula) / 4e6
    assert abs(outcome.table("history.csv")["mean"][-1] - 300.0 - expected) < 0.01 * expected
    assert outcome.results["time"]["steps"] < 2000


@pytest.mark.parametrize("scheme,formula", [*((scheme, SMOOTH[0]) for scheme in FIXED if scheme != "ts:theta"),
                                            ("backward-euler", SMOOTH[1]), ("backward-euler", SMOOTH[5])])
def test_fixed_step_that_passes_over_a_smooth_moving_pulse_is_told_once_with_the_step_that_does_not(tmp_path, scheme, formula):
    source = "1e8*(" + formula.replace("SHIFT", "5") + ")"
    # The stable step of ftcs is 0.7 s where the conductivity is a hundredth.
    steel = [{"name": "steel", "conductivity": 0.4, "density": 8000.0, "specific_heat": 500.0}]
    case = block(20.0, {"scheme": scheme, "step": 2.5}, source=source, materials=steel)
    outcome = run(tmp_path, case, "--quiet", ranks=2)
    said = f"'{source}' changes at times that depend on the place"
    assert outcome.code == 0 and outcome.err.count(said) == 1, outcome.err
    (warning,) = (text for text in outcome.results["warnings"] if said in text)
    step = warning.split("take steps of at most ")[1].split(" s")[0]
    fine = run(tmp_path, case, "--quiet", "--set", f"time.step={step}", output="fine")
    assert fine.code == 0 and "depend on the place" not in fine.err, fine.err
    expected = 1e8 * smooth_heat(formula) / 4e6
    assert abs(fine.table("history.csv")["mean"][-1] - 300.0 - expected) < 0.01 * expected


@pytest.mark.parametrize("side", ["flux", "temperature", "convection", "exchange", "region"])
def test_smooth_moving_pulse_of_a_side_or_a_region_is_followed_where_it_acts(tmp_path, side):
    """The tolerance is so coarse that the control alone would pass over the pulse."""
    def case(begin: float, time: dict) -> dict:
        pulse = f"exp(-((x - 0.02*(t - {begin}))/0.005)^2)"
        hot = f"300 + 500*{pulse}"
        return block(begin + 6.5, time, **{
            "flux": {"boundary": {"top": {"type": "flux", "value": f"1e5*{pulse}"}}},
            "temperature": {"boundary": {"top": {"type": "temperature", "value": hot}}},
            "convection": {"boundary": {"top": {"type": "convection", "coefficient": 1000.0, "ambient": hot}}},
            "exchange": {"exchange": {"coefficient": 1e5, "ambient": hot}},
            "region": {"regions": [{"material": "steel"}, {"shape": "rectangle", "x": [0.05, 0.06], "y": [0.0, 0.02], "source": f"1e8*{pulse}"}]},
        }[side])
    coarse = run(tmp_path, case(40000.0, {"scheme": "esdirk", "step": "auto", "adaptive": {"tolerance": 0.1}}), "--quiet", output="coarse")
    fine = run(tmp_path, case(1.5, {"scheme": "esdirk", "step": 0.02}), "--quiet", output="fine")
    assert coarse.code == 0 and fine.code == 0, coarse.err + fine.err
    assert not coarse.results["warnings"] and not fine.results["warnings"], coarse.err + fine.err
    rises = [outcome.table("history.csv")["mean"][-1] - 300.0 for outcome in (coarse, fine)]
    assert rises[1] > 0.01 and abs(rises[0] - rises[1]) < 0.02 * rises[1], rises


@pytest.mark.parametrize("stop", [3000.0, 4002.0])
def test_smooth_moving_pulse_leaves_the_same_bytes_on_other_ranks_and_after_a_restart(tmp_path, stop):
    case = block(9000.0, {"scheme": "bdf2", "step": "auto"}, source="1e8*exp(-((t - 4000 - x/0.02)/2)^2)",
                 output={"snapshots": {"interval": 3000.0}})
    expect_same_bytes_after_a_restart(tmp_path, case, stop, ranks=3)


@pytest.mark.parametrize("formula,said", [("1e6*(1 + sin(1e4*t - x))", "controlled steps give some places too much heat"),
                                          ("1e6/(1 + t*x - t*x)", "are not followed")])
def test_moving_pulse_that_controlled_steps_cannot_follow_is_told(tmp_path, formula, said):
    outcome = run(tmp_path, block(86400.0, {"scheme": "bdf2", "step": "auto", "adaptive": {"tolerance": 0.1}}, source=formula), "--quiet")
    assert outcome.code == 0 and outcome.err.count(said) == 1 and "max_step" in outcome.err, outcome.err


ZONES = {"halves": ("1e7*(t > 400 + 100*(x > 0.05))*(t < 410 + 100*(x > 0.05))", [400, 410, 500, 510], 10.0),
         "choice": ("1e7*(t < (y < 0.01 ? 11 : 24))", [11, 24], 17.5), "place-that-cancels": ("1e7*(x - x + t < 33)", [33], 33.0),
         "product": ("1e7*((t - 33)/(x + 1) < 0)", [33], 33.0), "one-half": ("2e7*(t*(x < 0.05) < 33)*(x < 0.05)", [33], 33.0)}


@pytest.mark.parametrize("name", ["ftcs-fixed", "rkl2-fixed", "backward-euler-fixed", "bdf2-controlled", "esdirk-fixed", "ts:rosw-fixed"])
@pytest.mark.parametrize("zone", ZONES)
def test_zones_that_switch_at_once_are_seen_and_release_their_heat(tmp_path, name, zone):
    """Their times depend on the place as the formula is written, and are those of whole zones."""
    source, times, seconds = ZONES[zone]
    outcome = run(tmp_path, block(1000.0, ALL[name], source=source), "--quiet")
    assert abs(rise(outcome) - 2.5 * seconds) < RISE * 2.5 * seconds
    assert outcome.results["events"] == {"reached": len(times), "times": times, "unsearched": None}
    assert not outcome.results["warnings"]


def test_front_is_no_zone(tmp_path):
    source = "1e7*(t < 400 + 1000*x + 100*y)"
    for text in (source, "1e7*(t < 400 + 1000*x)", "1e7*(t < 400 + 1000*y)"):
        assert run(tmp_path, block(1000.0, FIXED["esdirk"], source=text), "--quiet").results["events"]["times"] == []


def test_zones_of_a_side_and_of_many_regions_are_seen_once(tmp_path):
    strips = [{"shape": "rectangle", "x": [0.005 * k, 0.005 * (k + 1)], "y": [0.0, 0.02], "source": "1e7*(t < 11 + 0*x)"} for k in range(20)]
    case = block(1000.0, FIXED["backward-euler"], regions=[{"material": "steel"}, *strips],
                 boundary={"left": {"type": "flux", "value": "1e6*(t < (y < 0.01 ? 11 : 24))"}})
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.results["events"]["times"] == [11, 24]
    assert outcome.results["energy"]["through_sides"]["left"] == pytest.approx(1e6 * 0.01 * (11 + 24), rel=1e-9)


def test_more_zones_than_can_be_searched_leave_a_run_that_ends(tmp_path):
    source = "1e7*(sin(1e6*t + (x > 0.05)) > 0.5)"
    outcome = run(tmp_path, block(70.0, FIXED["backward-euler"], source=source), "--quiet", timeout=60)
    assert outcome.code == 0 and outcome.results["events"]["times"] == []

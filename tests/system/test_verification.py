"""The program is compared with exact solutions of the discrete and the differential equations, and with published answers.

Every run must also close its energy account (see `solve`).
"""
from __future__ import annotations

import math

import numpy as np
import pytest
from heat2d_case import ROOT, Outcome, basic_case, run

# The account is kept in exact sums, so its error is rounding and the linear solver's residual (1e-13 below); 1e-10 is
# the documented bound.
ENERGY = 1e-10
TIGHT = {"tolerance": 1e-13}


def solve(tmp_path, case: dict, ranks: int = 1, name: str = "out") -> Outcome:
    """Run a case, which must succeed and close its energy account."""
    outcome = run(tmp_path, case, "--quiet", ranks=ranks, output=name)
    assert outcome.code == 0, f"exit code {outcome.code}\n{outcome.err}"
    balance = outcome.results["energy"]["balance_error_relative"]
    assert abs(balance) < ENERGY, f"energy balance {balance:.3g}, allowed {ENERGY:g}"
    return outcome


def centres(case: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return x[1][i] and y[j][1] of the cell centres."""
    (nx, ny), (x0, x1), (y0, y1) = (case["grid"][key] for key in ("cells", "x", "y"))
    x = x0 + (np.arange(nx) + 0.5) * (x1 - x0) / nx
    y = y0 + (np.arange(ny) + 0.5) * (y1 - y0) / ny
    return x[np.newaxis, :], y[:, np.newaxis]


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def orders(errors: list[float]) -> list[float]:
    """Return the orders observed in successive halvings."""
    return [math.log2(a / b) for a, b in zip(errors, errors[1:])]


# ---- the discrete equations, in closed form -----------------------------------------------------------


def growth(scheme: str, z: float) -> float:
    """Return the factor of one step for a mode that decays at the rate z/dt."""
    return {"ftcs": 1 - z, "backward-euler": 1 / (1 + z), "crank-nicolson": (1 - z / 2) / (1 + z / 2)}[scheme]


def rate(h: float, theta: float) -> float:
    """Return the eigenvalue of the second difference for a mode whose phase advances by theta from cell to cell."""
    return 4 / h**2 * math.sin(theta / 2) ** 2


MODES = {
    # name: (sides, mode in x, mode in y, phase per cell in x, in y) on [0, 2] x [0, 1]
    "insulated": ({}, "cos(3*pi*x/2)", "cos(2*pi*y)", lambda nx: 3 * math.pi / nx, lambda ny: 2 * math.pi / ny),
    "cold": ({s: {"type": "temperature", "value": 0.0} for s in ("left", "right", "bottom", "top")},
             "sin(2*pi*x/2)", "sin(3*pi*y)", lambda nx: 2 * math.pi / nx, lambda ny: 3 * math.pi / ny),
    # The half cell at a wall makes the mode odd about a cold side, and even about an insulated one.
    "cold-and-insulated": ({"left": {"type": "temperature", "value": 0.0}, "top": {"type": "temperature", "value": 0.0}},
                           "sin(3*pi*x/4)", "cos(pi*y/2)",
                           lambda nx: 1.5 * math.pi / nx, lambda ny: 0.5 * math.pi / ny),
    "periodic": ({s: {"type": "periodic"} for s in ("left", "right", "bottom", "top")},
                 "sin(2*pi*x/2+0.3)", "cos(4*pi*y-1)", lambda nx: 2 * math.pi / nx, lambda ny: 4 * math.pi / ny),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scheme", ["ftcs", "backward-euler", "crank-nicolson"])
def test_mode_decays_as_the_discrete_equations_say(tmp_path, scheme, mode):
    sides, fx, fy, phase_x, phase_y = MODES[mode]
    nx, ny, steps, kx, ky, capacity = 30, 14, 20, 3.0, 0.5, 2.0 * 5.0
    dt = 0.001 if scheme == "ftcs" else 0.01
    case = basic_case(
        grid={"cells": [nx, ny], "x": [0.0, 2.0], "y": [0.0, 1.0]},
        materials=[{"name": "m", "conductivity": [kx, ky], "density": 2.0, "specific_heat": 5.0}],
        initial={"temperature": f"{fx}*{fy}"}, boundary=sides,
        time={"scheme": scheme, "step": dt, "steps": steps},
        solver={"tolerance": 1e-14}, output={"snapshots": {"every": 10}})
    outcome = solve(tmp_path, case)
    eigenvalue = (kx * rate(2 / nx, phase_x(nx)) + ky * rate(1 / ny, phase_y(ny))) / capacity
    initial = outcome.field(0)
    for step in (10, 20):
        exact = growth(scheme, dt * eigenvalue) ** step * initial
        error = np.abs(outcome.field(step) - exact).max()
        # The bound covers the rounding of 20 steps on values below 1 and the tolerance of a solve, 1e-14.
        assert error < 1e-12, f"{scheme}, {mode}: step {step} is off by {error:.3g}"


def test_initial_mode_is_taken_at_cell_centres(tmp_path):
    case = basic_case(initial={"temperature": "cos(pi*x)*cos(2*pi*y)+x"}, output={"snapshots": {"every": 10}})
    outcome = solve(tmp_path, case)
    x, y = centres(case)
    exact = np.cos(np.pi * x) * np.cos(2 * np.pi * y) + x
    # The formula is evaluated in two ways, which differ by a few units in the last place.
    np.testing.assert_allclose(outcome.field(0), exact, rtol=0, atol=1e-14)


def test_steady_parabola_with_source_has_its_discrete_closed_form(tmp_path):
    n, q = 20, 7.0
    cold = {"type": "temperature", "value": 0.0}
    case = basic_case(grid={"cells": [n, 3], "x": [0.0, 1.0], "y": [0.0, 0.5]}, initial=None, source=q,
                      boundary={"left": cold, "right": cold}, time={"scheme": "steady"}, solver=TIGHT,
                      output={"snapshots": {"every": 1}},
                      check=[{"quantity": "heat_flow", "side": "left", "value": -q * 0.5 / 2, "tolerance": 1e-11}])
    outcome = solve(tmp_path, case)
    x, _ = centres(case)
    exact = q / 2 * x * (1 - x) + q / n**2 / 8 + np.zeros((3, 1))  # the half cells at the walls add q h^2/8
    np.testing.assert_allclose(outcome.field(), exact, rtol=0, atol=1e-11)  # about 1e-13 times the condition number


# ---- order in space -----------------------------------------------------------------------------------

KX, KY, H = 2.0, 0.7, 3.0
SMOOTH = "(2+sin(1.3*x+0.4)*cos(0.9*y-0.2))"
D_DX = "1.3*cos(1.3*x+0.4)*cos(0.9*y-0.2)"
D_DY = "-0.9*sin(1.3*x+0.4)*sin(0.9*y-0.2)"
INTO = {"left": f"(-{KX}*{D_DX})", "right": f"({KX}*{D_DX})", "bottom": f"(-{KY}*({D_DY}))", "top": f"({KY}*({D_DY}))"}


def smooth_side(kind: str, side: str) -> dict:
    if kind == "temperature":
        return {"type": "temperature", "value": SMOOTH}
    if kind == "flux":
        return {"type": "flux", "value": INTO[side]}
    return {"type": "convection", "coefficient": H, "ambient": f"{SMOOTH}+{INTO[side]}/{H}"}


SPACE = {
    "temperature": ["temperature"] * 4,
    # With fluxes alone a steady state would be known only up to a constant.
    "flux-left-top": ["flux", "temperature", "temperature", "flux"],
    "flux-right-bottom": ["temperature", "flux", "flux", "temperature"],
    "convection": ["convection"] * 4,
}


@pytest.mark.parametrize("kinds", SPACE)
def test_second_order_in_space(tmp_path, kinds):
    errors = []
    for n in (10, 20, 40):
        case = basic_case(
            grid={"cells": [n, n + n // 2], "x": [0.0, 1.0], "y": [0.0, 1.2]},
            materials=[{"name": "m", "conductivity": [KX, KY], "density": 1.0, "specific_heat": 1.0}],
            source=f"{1.69 * KX + 0.81 * KY}*({SMOOTH}-2)", initial={"temperature": 2.0},
            boundary={side: smooth_side(kind, side)
                      for side, kind in zip(("left", "right", "bottom", "top"), SPACE[kinds])},
            time={"scheme": "steady"}, solver=TIGHT, output={"snapshots": {"every": 1}})
        outcome = solve(tmp_path, case, name=f"n{n}")
        x, y = centres(case)
        errors.append(rms(outcome.field() - (2 + np.sin(1.3 * x + 0.4) * np.cos(0.9 * y - 0.2))))
    # With 10 to 40 cells the observed order is at least 1.9.
    assert min(orders(errors)) > 1.9, f"{kinds}: errors {errors}, orders {orders(errors)}"


def test_second_order_in_space_where_periodic(tmp_path):
    errors = []
    for n in (12, 24, 48):
        mode = "sin(2*pi*x)*cos(2*pi*y)"
        case = basic_case(
            grid={"cells": [n, n], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": 0.0},
            source=f"{2 * (2 * math.pi) ** 2!r}*{mode}", boundary={s: {"type": "periodic"} for s in
                                                                 ("left", "right", "bottom", "top")},
            time={"scheme": "steady"}, solver=TIGHT, output={"snapshots": {"every": 1}})
        outcome = solve(tmp_path, case, name=f"n{n}")
        x, y = centres(case)
        errors.append(rms(outcome.field() - np.sin(2 * np.pi * x) * np.cos(2 * np.pi * y)))
    assert min(orders(errors)) > 1.9, f"errors {errors}, orders {orders(errors)}"


# ---- layers: conductivities that jump by 1000 at a cell face --------------------------------------------

SLOW, FAST = 1.0, 1000.0
LAYERS = [{"name": "slow", "conductivity": SLOW, "density": 1.0, "specific_heat": 1.0},
          {"name": "fast", "conductivity": FAST, "density": 1.0, "specific_heat": 1.0}]


@pytest.mark.parametrize("axis", ["x", "y"])
def test_steady_layers_are_exact(tmp_path, axis):
    hot, cold = ("left", "right") if axis == "x" else ("bottom", "top")
    half = {"x": [0.5, 1.0], "y": [0.0, 1.0]} if axis == "x" else {"x": [0.0, 1.0], "y": [0.5, 1.0]}
    interface = [0.5, 0.3] if axis == "x" else [0.3, 0.5]
    case = basic_case(
        grid={"cells": [10, 10], "x": [0.0, 1.0], "y": [0.0, 1.0]}, materials=LAYERS, initial={"temperature": 0.0},
        regions=[{"material": "slow"}, {"shape": "rectangle", **half, "material": "fast"}],
        boundary={hot: {"type": "temperature", "value": 1.0}, cold: {"type": "temperature", "value": 0.0}},
        time={"scheme": "steady"}, solver=TIGHT,
        output={"snapshots": {"every": 1}, "probes": [{"name": "interface", "at": interface}]})
    outcome = solve(tmp_path, case)
    flux = 1 / (0.5 / SLOW + 0.5 / FAST)
    s = centres(case)[0][0]
    exact = np.where(s < 0.5, 1 - flux * s / SLOW, flux * (1 - s) / FAST)
    field = outcome.field() if axis == "x" else outcome.field().T
    # The harmonic mean makes piecewise linear solutions exact; 1e-10 is the error of the linear solver.
    np.testing.assert_allclose(field, np.broadcast_to(exact, (10, 10)), rtol=0, atol=1e-10)
    assert outcome.table("probes.csv")["interface"][-1] == pytest.approx(flux * 0.5 / FAST, abs=1e-10), \
        "a probe on the interface must have the interface's temperature"


def test_second_order_across_a_jump_in_conductivity(tmp_path):
    """T = 2 + sin(a (x - 1/2)) cos(pi y)/k has a continuous T and a continuous flux across x = 1/2."""
    a = 2.5
    shape = f"sin({a}*(x-0.5))*cos(pi*y)"
    exact = f"2+{shape}/(x<0.5?{SLOW}:{FAST})"
    errors = []
    for n in (10, 20, 40):
        case = basic_case(
            grid={"cells": [n, n], "x": [0.0, 1.0], "y": [0.0, 1.0]}, materials=LAYERS, initial={"temperature": 2.0},
            regions=[{"material": "slow"},
                     {"shape": "rectangle", "x": [0.5, 1.0], "y": [0.0, 1.0], "material": "fast"}],
            source=f"{a * a + math.pi**2!r}*{shape}",
            boundary={side: {"type": "temperature", "value": exact} for side in ("left", "right")},
            time={"scheme": "steady"}, solver=TIGHT, output={"snapshots": {"every": 1}})
        outcome = solve(tmp_path, case, name=f"n{n}")
        x, y = centres(case)
        truth = 2 + np.sin(a * (x - 0.5)) * np.cos(np.pi * y) / np.where(x < 0.5, SLOW, FAST)
        errors.append(rms(outcome.field() - truth))
    assert min(orders(errors)) > 1.9, f"errors {errors}, orders {orders(errors)}"


def test_transient_layers_are_second_order(tmp_path):
    """T = 2 + X(x) (1 + t^2) has a jump in conductivity; Crank-Nicolson is exact for a square of t."""
    a = 2.5
    shape, jump = f"sin({a}*(x-0.5))", f"(x<0.5?{SLOW}:{FAST})"
    exact = f"2+{shape}/{jump}*(1+t^2)"
    errors = []
    for n in (10, 20, 40):
        case = basic_case(
            grid={"cells": [n, 2], "x": [0.0, 1.0], "y": [0.0, 1.0]}, materials=LAYERS,
            initial={"temperature": f"2+{shape}/{jump}"},
            regions=[{"material": "slow"},
                     {"shape": "rectangle", "x": [0.5, 1.0], "y": [0.0, 1.0], "material": "fast"}],
            source=f"{shape}*({a * a}*(1+t^2)+2*t/{jump})",
            boundary={side: {"type": "temperature", "value": exact} for side in ("left", "right")},
            time={"scheme": "crank-nicolson", "step": 0.05, "end": 0.5}, solver=TIGHT,
            output={"snapshots": {"every": 10}})
        outcome = solve(tmp_path, case, name=f"n{n}")
        x, _ = centres(case)
        errors.append(rms(outcome.field() - (2 + np.sin(a * (x - 0.5)) / np.where(x < 0.5, SLOW, FAST) * 1.25)))
    assert min(orders(errors)) > 1.85, f"errors {errors}, orders {orders(errors)}"


# ---- order in time --------------------------------------------------------------------------------------
# The discretisation in space represents these solutions exactly, so the error is that of the scheme in time.

F, DF = "(1+sin(3*t))", "(3*cos(3*t))"


def source_mode(n: int) -> dict:
    mode, decay = "cos(pi*x)", repr(rate(1 / n, math.pi / n))
    return {"initial": {"temperature": mode}, "source": f"{mode}*({DF}+{decay}*{F})"}


def linear_in_x(side: dict) -> dict:
    return {"initial": {"temperature": "x"}, "source": f"x*{DF}",
            "boundary": {"left": {"type": "temperature", "value": 0.0}, "right": side}}


def time_case(kind: str, n: int) -> dict:
    return {"source": lambda: source_mode(n),
            "temperature": lambda: linear_in_x({"type": "temperature", "value": F}),
            "flux": lambda: linear_in_x({"type": "flux", "value": F}),
            "convection": lambda: linear_in_x({"type": "convection", "coefficient": 2.0, "ambient": f"1.5*{F}"})}[kind]()


@pytest.mark.parametrize("scheme,kind", [
    ("ftcs", "source"), ("ftcs", "temperature"),
    *(("backward-euler", kind) for kind in ("source", "temperature", "flux", "convection")),
    *(("crank-nicolson", kind) for kind in ("source", "temperature", "flux", "convection"))])
def test_order_in_time(tmp_path, scheme, kind):
    n, end = 8, 0.6
    first = end / 200 if scheme == "ftcs" else end / 12  # ftcs: the stability limit is h^2/4 = 0.0039
    errors = []
    for halving in range(3):
        case = basic_case(grid={"cells": [n, n], "x": [0.0, 1.0], "y": [0.0, 1.0]}, **time_case(kind, n),
                          time={"scheme": scheme, "step": first / 2**halving, "end": end}, solver=TIGHT,
                          output={"snapshots": {"every": 10000}})
        outcome = solve(tmp_path, case, name=f"h{halving}")
        x, _ = centres(case)
        exact = (np.cos(np.pi * x) if kind == "source" else x) * (1 + math.sin(3 * end))
        errors.append(rms(outcome.field() - exact))
    expected = 2 if scheme == "crank-nicolson" else 1
    # Steps of this size show the order within 0.15.
    assert abs(orders(errors)[-1] - expected) < 0.15, f"errors {errors}, orders {orders(errors)}, expected {expected}"


# ---- properties -----------------------------------------------------------------------------------------


def test_backward_euler_keeps_the_maximum_principle(tmp_path):
    """The field is rough, conductivities are 1 and 1000, and steps are a thousand times the explicit limit."""
    case = basic_case(
        grid={"cells": [20, 20], "x": [0.0, 1.0], "y": [0.0, 1.0]}, materials=LAYERS,
        initial={"temperature": "(sin(37*x)*sin(53*y)>0?1:0)"},
        regions=[{"material": "slow"}, {"shape": "circle", "centre": [0.5, 0.5], "radius": 0.3, "material": "fast"}],
        boundary={"left": {"type": "temperature", "value": 0.0}, "top": {"type": "convection", "coefficient": 5.0,
                                                                        "ambient": 1.0}},
        time={"scheme": "backward-euler", "step": 1e-3, "steps": 20}, solver=TIGHT, output={"history": {"every": 1}})
    history = solve(tmp_path, case).table("history.csv")
    # The bound 1e-10 allows for the error of the linear solver.
    assert history["min"].min() >= -1e-10 and history["max"].max() <= 1 + 1e-10, \
        f"the temperature left [0, 1]: {history['min'].min()}, {history['max'].max()}"


def test_insulated_extremes_only_shrink(tmp_path):
    case = basic_case(initial={"temperature": "(sin(37*x)*sin(53*y)>0?1:0)"}, solver=TIGHT,
                      time={"scheme": "backward-euler", "step": 0.01, "steps": 10}, output={"history": {"every": 1}})
    history = solve(tmp_path, case).table("history.csv")
    assert (np.diff(history["min"]) >= -1e-12).all(), f"a new minimum appeared: {history['min']}"
    assert (np.diff(history["max"]) <= 1e-12).all(), f"a new maximum appeared: {history['max']}"


def test_error_checks_compute_what_numpy_computes(tmp_path):
    case = basic_case(output={"snapshots": {"every": 10}},
                      check=[{"quantity": "error_l2", "exact": "x+t", "below": 1e9},
                             {"quantity": "error_max", "exact": "x+t", "below": 1e9},
                             {"quantity": "integral", "value": 0.0, "tolerance": 1e9},
                             {"quantity": "minimum", "value": 0.0, "tolerance": 1e9}])
    outcome = solve(tmp_path, case)
    x, _ = centres(case)
    field = outcome.field()
    difference = field - (x + 0.01)
    expected = [rms(difference), np.abs(difference).max(), field.mean(), field.min()]
    # The sums are taken in another order, so they differ by rounding.
    np.testing.assert_allclose([check["value"] for check in outcome.checks], expected, rtol=1e-12, atol=1e-13)


# ---- published benchmarks -------------------------------------------------------------------------------


@pytest.mark.parametrize("name,value,tolerance", [("nafems-t3", 36.60, 0.01), ("nafems-t4", 18.3, 0.05)])
def test_nafems_benchmark_is_met(tmp_path, name, value, tolerance):
    # The tolerances are one unit (t3) and half a unit (t4) of the last published digit.
    outcome = run(tmp_path, ROOT / "inputs" / f"{name}.yaml", "--quiet", ranks=2)
    assert outcome.code == 0, f"exit code {outcome.code}\n{outcome.err}"
    check = next(c for c in outcome.checks if c["quantity"] == "temperature")
    assert check["pass"] and abs(check["value"] - value) <= tolerance, check
    balance = outcome.results["energy"]["balance_error_relative"]
    assert abs(balance) < 1e-8, balance  # T4 solves to 1e-10; its own check has this bound


@pytest.mark.parametrize("conductivity", [1e-99, 1e-50])
def test_steady_state_that_is_lost_in_rounding_is_code_3(tmp_path, conductivity):
    # The heat of the core passes a layer that hardly conducts: its temperature is beyond 1e49 K, at which rounding errors
    # of heat flows exceed the heat by far.  Such a field was once the result of a run with exit code 0.
    layers = [{"name": name, "conductivity": k, "density": 1.0, "specific_heat": 1.0}
              for name, k in (("outer", 1.0), ("layer", conductivity), ("core", 1.0))]
    case = basic_case(
        grid={"cells": [8, 6], "x": [0.0, 1.0], "y": [0.0, 1.0]}, materials=layers,
        regions=[{"material": "outer"}, {"shape": "rectangle", "x": [0.25, 0.75], "y": [0.1, 0.9], "material": "layer"},
                 {"shape": "rectangle", "x": [0.4, 0.6], "y": [0.3, 0.7], "material": "core", "power": 1.0}],
        initial={"temperature": 300.0}, boundary={"left": {"type": "temperature", "value": 300.0}}, time={"scheme": "steady"})
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 3 and "exchanges next to no heat" in outcome.err, outcome.err
    assert outcome.results["status"] == "error"


@pytest.mark.parametrize("conductivity", [1.0, "1 + 0.01*T"])
def test_account_of_a_uniform_steady_state_closes(tmp_path, conductivity):
    # All heat flows are rounding errors, so that the account has no turnover to compare its error with.
    case = basic_case(
        grid={"cells": [5, 2], "x": [0.0, 0.01], "y": [0.0, 0.01]}, initial={"temperature": 312.4},
        materials=[{"name": "m", "conductivity": conductivity, "density": 1.0, "specific_heat": 1.0}],
        boundary={"left": {"type": "temperature", "value": 302.63117980662815},
                  "top": {"type": "convection", "coefficient": 0.7, "ambient": 302.63117980662815}},
        time={"scheme": "steady"}, check=[{"quantity": "energy_balance", "below": 1e-10}])
    assert run(tmp_path, case, "--quiet").code == 0

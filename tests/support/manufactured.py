"""One manufactured solution for all schemes, sides and jumps, and the order of accuracy that a scheme shows on it.

The solution on the unit square, with a jump of the conductivity by the factor J at x = 1/2 and density*c = 1, is

    theta = 40 g(t) sin(3(x - 1/2))/k(x) cos(2 pi y + 0.4),     k = 1 for x < 1/2, J beyond
    T     = 400 + theta                                         constant conductivity k(x)
    T     = 400 + (sqrt(1 + 2 b theta) - 1)/b                   conductivity k(x) (1 + b (T - 400))

theta is Kirchhoff's transform of T - 400, so in both cases the heat flux is -k(x) grad theta.  The flux and T are
continuous at the jump, and the source is rho c dT/dt - k(x) div grad theta.  T is 1-periodic in y and close to
400 K everywhere, so all kinds of sides can be prescribed with it.
"""
from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from heat2d_case import run

END = 0.2  # [s]
B = 0.005  # [1/K]: the conductivity changes by about a fifth either way
FILM, EMISSIVITY, SIGMA = 7.0, 0.8, 5.670374419e-8
BOUNDARIES = ("temperature", "flux", "convection", "radiation", "periodic")
JUMPS = (1, 10, 1000)


@dataclass(frozen=True)
class Problem:
    """The parameters: the scheme, the sides, the jump, and whether the conductivity depends on T."""

    scheme: str
    boundary: str = "temperature"
    jump: float = 10
    nonlinear: bool = False


def solution(problem: Problem) -> dict[str, str]:
    """Return expressions of x, y, t: T, k dT/dx and k dT/dy (the negative heat flux) [W/m2], the source [W/m3]."""
    steady = problem.scheme == "steady"
    g, rate = ("1", "0") if steady else ("(1+0.5*sin(3*t))", "(1.5*cos(3*t))")
    k = f"(x<0.5 ? 1 : {problem.jump:g})"
    s, c = "sin(3*(x-0.5))", "cos(2*pi*y+0.4)"
    theta = f"40*{g}*{s}/{k}*{c}"
    root = f"sqrt(1+2*{B}*({theta}))"
    return {
        "T": f"400+({root}-1)/{B}" if problem.nonlinear else f"400+{theta}",
        "x": f"120*{g}*cos(3*(x-0.5))*{c}",
        "y": f"-80*pi*{g}*{s}*sin(2*pi*y+0.4)",
        "source": f"40*{c}*{s}*({rate}/{k}{'/' + root if problem.nonlinear else ''} + {g}*(9+4*pi^2))",
    }


def side(problem: Problem, name: str, exact: dict[str, str]) -> dict:
    """Return the condition on a side that the solution fulfils."""
    sign, axis = {"left": ("-", "x"), "right": ("", "x"), "bottom": ("-", "y"), "top": ("", "y")}[name]
    inward = f"{sign}({exact[axis]})"
    if problem.boundary == "periodic":
        return {"type": "periodic"} if axis == "y" else {"type": "temperature", "value": exact["T"]}
    if problem.boundary == "flux" and problem.scheme == "steady" and name == "left":
        return {"type": "temperature", "value": exact["T"]}  # one side must fix the level
    return {
        "temperature": {"type": "temperature", "value": exact["T"]},
        "flux": {"type": "flux", "value": inward},
        "convection": {"type": "convection", "coefficient": FILM, "ambient": f"{exact['T']}+{inward}/{FILM}"},
        "radiation": {"type": "radiation", "emissivity": EMISSIVITY,
                      "ambient": f"(({exact['T']})^4+{inward}/{EMISSIVITY * SIGMA!r})^0.25"},
    }[problem.boundary]


def steps(problem: Problem, n: int) -> dict:
    """Return the time section: steps are such that the error in time shrinks with h^2, as the error in space does."""
    if problem.scheme == "steady":
        return {"scheme": "steady"}
    if problem.scheme == "ftcs":  # a conductivity that depends on T is up to 1.3 times as large
        factor = 1.5 if problem.nonlinear else 1.0
        return {"scheme": "ftcs", "step": END / math.ceil(END * 4.4 * n * n * problem.jump * factor), "end": END}
    count = n * n // 4 if problem.scheme in ("backward-euler", "ts:beuler") else n
    return {"scheme": problem.scheme, "step": END / count, "end": END}


def case(problem: Problem, n: int) -> dict:
    """Return the case on n x n cells."""
    exact = solution(problem)
    slope = f"*(1+{B}*(T-400))" if problem.nonlinear else ""
    return {
        "grid": {"cells": [n, n], "x": [0.0, 1.0], "y": [0.0, 1.0]},
        "materials": [{"name": name, "conductivity": f"{k:g}{slope}" if slope else k, "density": 1.0,
                       "specific_heat": 1.0} for name, k in (("left", 1), ("right", problem.jump))],
        "regions": [{"material": "left"},
                    {"shape": "rectangle", "x": [0.5, 1.0], "y": [0.0, 1.0], "material": "right"}],
        "initial": {"temperature": solution(problem)["T"].replace("*t", "*0")},
        "source": exact["source"],
        "boundary": {name: side(problem, name, exact) for name in ("left", "right", "bottom", "top")},
        "time": steps(problem, n),
        "solver": {"tolerance": 1e-11},
        "output": {"history": {"every": 1000000}},
        "check": [{"quantity": "error_l2", "exact": exact["T"], "below": 1e9}],
    }


def error(directory: Path, problem: Problem, n: int) -> float:
    """Run the case and return the root mean square of T - exact over the cells at the end [K]."""
    ranks = 1 if problem.scheme in ("ftcs", "rkl2") else 2  # many steps of few cells: a second rank makes them slower
    outcome = run(directory, case(problem, n), "--quiet", ranks=ranks, output=f"n{n}", timeout=600)
    assert outcome.code == 0, outcome.err
    return outcome.checks[0]["value"]


def order(directory: Path, problem: Problem, grids: tuple[int, ...]) -> float:
    """Return the order observed between the two finest grids."""
    coarse, fine = (error(directory, problem, n) for n in grids[-2:])
    return math.log(coarse / fine) / math.log(grids[-1] / grids[-2])

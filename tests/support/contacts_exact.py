"""Steady states with contact resistances on slanted and round interfaces that have a closed form.

Each problem is a case for n cells along a side, with its interfaces drawn by shapes or, cell by cell, by a map that is
painted by the same rule (a cell belongs to a shape when its centre does).  `measure` runs it and returns relative
errors: of a heat flow, or of the temperature.
"""
from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import h5py
import numpy as np
from heat2d_case import Outcome, run

POINT = tuple[float, float]
SIDES = ("left", "right", "bottom", "top")
FORMS = ("shapes", "maps")
ANGLES = (7, 20, 33, 45, 60)


def circle(x: float, y: float, radius: float, material: str) -> dict:
    return {"shape": "circle", "centre": [x, y], "radius": radius, "material": material}


def polygon(vertices: list[POINT], material: str) -> dict:
    return {"shape": "polygon", "vertices": [list(vertex) for vertex in vertices], "material": material}


def inside(region: dict, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points a region covers; the test's grids have no point on an edge but by rounding."""
    if region["shape"] == "circle":
        return np.hypot(x - region["centre"][0], y - region["centre"][1]) <= region["radius"] * (1 + 1e-9)
    covered = np.zeros(x.shape, bool)
    vertices = region["vertices"]
    for (px, py), (qx, qy) in zip(vertices, [*vertices[1:], vertices[0]]):
        if py != qy:
            covered ^= ((py > y) != (qy > y)) & (px + (y - py) / (qy - py) * (qx - px) > x)
    return covered


def as_map(directory: Path, case: dict) -> dict:
    """The same case with a map of its materials in place of its shapes."""
    nx, ny = case["grid"]["cells"]
    names = [material["name"] for material in case["materials"]]
    axes = [low + (np.arange(n) + 0.5) * (high - low) / n for n, (low, high) in zip((nx, ny), (case["grid"]["x"], case["grid"]["y"]))]
    x, y = np.meshgrid(*axes)
    numbers = np.zeros((ny, nx), np.int32)
    for region in case["regions"][1:]:
        numbers[inside(region, x, y)] = names.index(region["material"])
    directory.mkdir(parents=True, exist_ok=True)
    with h5py.File(directory / "map.h5", "w") as file:
        file["material"] = numbers
    return dict(case, regions=[case["regions"][0], {"file": "map.h5", "dataset": "/material"}])


def steady(n: int, box: tuple[POINT, POINT], conductivity: dict[str, float], regions: list[dict], contacts: list, **sections) -> dict:
    (x0, x1), (y0, y1) = box
    return {
        "grid": {"cells": [n, round(n * (y1 - y0) / (x1 - x0))], "x": [x0, x1], "y": [y0, y1]},
        "materials": [{"name": name, "conductivity": k, "density": 1.0, "specific_heat": 1.0} for name, k in conductivity.items()],
        "regions": [{"material": next(iter(conductivity)), "temperature": 0.0}, *regions],
        "contacts": [{"between": [a, b], "resistance": R} for a, b, R in contacts],
        "time": {"scheme": "steady"}, "solver": {"tolerance": 1e-11}, **sections,
    }


def held(value: str | float) -> dict:
    return {side: {"type": "temperature", "value": value} for side in SIDES}


# Interfaces whose resistance outweighs the conduction by 10^7: the heat through one is its length times 100 K/R.
SQUARE = ((-0.2, 0.2), (-0.2, 0.2))


def outlined(n: int, regions: list[dict], core: str) -> dict:
    return steady(n, SQUARE, {"block": 1e6, "rod": 1e6}, regions, [("block", "rod", 1.0)], boundary=held(0.0),
                  exchange={"coefficient": f"1e12*({core})", "ambient": 100.0}, output={"interfaces": [["rod", "block"]]})


def rod(n: int) -> tuple[dict, float]:
    return outlined(n, [circle(0.013, -0.007, 0.1, "rod")], "x^2 + y^2 < 0.0025"), 2 * math.pi * 0.1 * 100


def hexagon(n: int) -> tuple[dict, float]:
    corners = [(0.01 + 0.13 * math.cos(a), 0.13 * math.sin(a)) for a in (math.radians(10 + 60 * k) for k in range(6))]
    return outlined(n, [polygon(corners, "rod")], "x^2 + y^2 < 0.0025"), 6 * 0.13 * 100


def tube(n: int) -> tuple[dict, float]:
    """A tube between two parts of the block: heat crosses both of its interfaces from the tube to the block."""
    regions = [circle(0.0, 0.0, 0.15, "rod"), circle(0.01, 0.02, 0.06, "block")]
    case = outlined(n, regions, "x^2 + y^2 > 0.01")
    case["exchange"] = {"coefficient": "1e12", "ambient": "(x^2 + y^2 < 0.0225) ? ((x-0.01)^2 + (y-0.02)^2 < 0.0036 ? 0 : 100) : 0"}
    return case, 2 * math.pi * (0.15 + 0.06) * 100


def heat_error(directory: Path, case: dict, exact: float, *args: str, ranks: int = 1) -> float:
    outcome = finished(run(directory, case, "--quiet", *args, ranks=ranks))
    return outcome.results["energy"]["interfaces"][0]["heat"] / exact - 1


def finished(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome.err
    return outcome


# Fields with a closed form everywhere, held at the sides: the error is the root mean square over the cells.
def field_error(directory: Path, case: dict, exact: str, scale: float, *args: str, ranks: int = 1) -> float:
    case = dict(case, check=[{"quantity": "error_l2", "exact": exact, "below": 1e9}])
    return finished(run(directory, case, "--quiet", *args, ranks=ranks)).checks[0]["value"] / scale


def crossed(n: int, k_rod: float = 5.0) -> tuple[dict, str, float]:
    """A rod across a uniform gradient of 1 K/m (D. Hasselman, L. Johnson, J. Composite Materials 21 (1987) 508):
    c x in the rod, x (1 + g/r^2) in the block, with k_rod c = 1 - g/a^2 and the jump R k_rod c cos(angle)."""
    a, resistance = 0.1, 0.05
    c = 2 / (1 + k_rod + resistance * k_rod / a)
    g = a * a * (1 - k_rod * c)
    outside = f"x*(1 + {g!r}/(x^2 + y^2))"
    case = steady(n, SQUARE, {"block": 1.0, "rod": k_rod}, [circle(0.0, 0.0, a, "rod")], [("rod", "block", resistance)],
                  boundary=held(outside), output={"interfaces": [["rod", "block"]]})
    return case, f"x^2 + y^2 <= {a * a * (1 + 1e-9)!r} ? {c!r}*x : {outside}", 0.1


def crossed_heat(n: int) -> tuple[dict, float]:
    """The right half of `crossed`: 2 a k_rod c enter the half rod."""
    case, _, _ = crossed(n)
    nx = n + n % 2
    case["grid"] = {"cells": [nx // 2, nx], "x": [0.0, 0.2], "y": [-0.2, 0.2]}
    case["boundary"]["left"] = {"type": "temperature", "value": 0.0}
    return case, -2 * 0.1 * 5.0 * 2 / (1 + 5.0 + 0.05 * 5.0 / 0.1)


def annulus(n: int) -> tuple[dict, str, float]:
    """A core, heated by 1000 (1 - r^2/c^2) within r < c, in a ring in a block: logarithms between two jumps."""
    radii, k, resistance, c, q = (0.06, 0.12), (3.0, 0.5, 2.0), (0.01, 0.03), 0.04, 1e5
    heat = q * c * c / 4  # through every circle around the core, divided by 2 pi

    def outer(r: str, k_here: float, at: float, level: float) -> str:
        return f"({level!r} - {heat / k_here!r}*log({r}/{at!r}))"

    # from outside inwards: 0 at r = 0.3, then a ring and a core that match with jumps of R heat/r
    level = [0.0, heat / k[2] * math.log(0.3 / radii[1])]
    level.append(level[1] + resistance[1] * heat / radii[1])
    level.append(level[2] + heat / k[1] * math.log(radii[1] / radii[0]))
    level.append(level[3] + resistance[0] * heat / radii[0])
    at_c = level[4] + heat / k[0] * math.log(radii[0] / c)
    centre = at_c + q / k[0] * (c * c / 4 - c * c / 16)
    r = "sqrt(x^2 + y^2)"
    exact = (f"{r} < {c!r} ? {centre!r} - {q / k[0]!r}*({r}^2/4 - {r}^4/{16 * c * c!r}) : "
             f"({r} <= {radii[0] * (1 + 5e-10)!r} ? {outer(r, k[0], radii[0], level[4])} : "
             f"({r} <= {radii[1] * (1 + 5e-10)!r} ? {outer(r, k[1], radii[1], level[2])} : {outer(r, k[2], 0.3, 0.0)}))")
    case = steady(n, SQUARE, {"block": k[2], "ring": k[1], "core": k[0]},
                  [circle(0.0, 0.0, radii[1], "ring"), circle(0.0, 0.0, radii[0], "core")],
                  [("core", "ring", resistance[0]), ("block", "ring", resistance[1])], boundary=held(outer(r, k[2], 0.3, 0.0)),
                  source=f"{q!r}*(x^2 + y^2 < {c * c!r} ? 1 - (x^2 + y^2)/{c * c!r} : 0)")
    return case, exact, centre


def slanted(n: int, angle: float, ratio: float = 1.0) -> tuple[dict, str, float]:
    """Two parts of a rectangle with a straight interface `angle` degrees from the x axis: linear in each half, with the flux
    (normal to the interface) prescribed at the sides that the interface meets and the temperature at the other two."""
    t = math.radians(angle)
    nx, ny, flux, resistance = -math.sin(t), math.cos(t), 10.0, 0.4
    offset = 0.5 * nx + 1.0171 * ny
    s = f"({nx!r}*x + {ny!r}*y - {offset!r})"
    lower, upper = f"(-{flux!r}*{s})", f"(-{flux * resistance!r} - {flux / ratio!r}*{s})"
    left, right = [(0.5 + d, 1.0171 + d * math.tan(t)) for d in (-3.5, 3.5)]
    case = steady(n, ((0.0, 1.0), (0.0, 2.0)), {"upper": ratio, "lower": 1.0},
                  [polygon([(left[0], -9.0), (right[0], -9.0), right, left], "lower")],
                  [("lower", "upper", resistance)],
                  boundary={"left": {"type": "flux", "value": flux * nx}, "right": {"type": "flux", "value": -flux * nx},
                            "bottom": {"type": "temperature", "value": lower}, "top": {"type": "temperature", "value": upper}})
    return case, f"{s} < 0 ? {lower} : {upper}", flux


@dataclass(frozen=True)
class Problem:
    title: str
    make: Callable[[int], tuple]
    what: str  # heat or field


PROBLEMS = {
    "rod": Problem("heat of a rod, by its outline", rod, "heat"),
    "hexagon": Problem("heat of a hexagon, by its outline", hexagon, "heat"),
    "tube": Problem("heat of a tube, by both outlines", tube, "heat"),
    "crossed heat": Problem("heat of a rod across a gradient", crossed_heat, "heat"),
    "crossed": Problem("temperature, rod across a gradient", crossed, "field"),
    "annulus": Problem("temperature, core in ring in block", annulus, "field"),
    **{f"slanted {angle}": Problem(f"temperature, interface at {angle} degrees", lambda n, a=angle: slanted(n, a), "field")
       for angle in ANGLES},
    **{f"slanted {angle}, 5": Problem(f"temperature, interface at {angle} degrees, k 1 : 5", lambda n, a=angle: slanted(n, a, 5.0), "field")
       for angle in ANGLES},
}


def measure(directory: Path, name: str, n: int, form: str, *args: str, ranks: int = 1) -> float:
    """The relative error of a problem on n cells along a side."""
    problem = PROBLEMS[name]
    case, *exact = problem.make(n)
    if form == "maps":
        case = as_map(directory, case)
    error = heat_error if problem.what == "heat" else field_error
    return error(directory, case, *exact, *args, ranks=ranks)

"""Grows a case with the number of ranks for weak scaling, by overrides of its keys.

Both kinds keep the cells of each rank.  With m times the ranks,

* weak-machine: spacing and time step stay and the domain grows to m times its area, so that each
  rank has as much work per step as in the base;
* weak-science: the domain stays and the spacing h falls by sqrt(m).  The error in space is of
  order h^2, so a scheme of order q in time needs a step proportional to h^(2/q): it falls by m for
  q = 1 and by sqrt(m) for q = 2.

m is split into two whole factors, for x and y, that keep the grid as near to its shape as possible.
"""
from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import yaml

from ..errors import RequestError
from ..text_file import read_text
from .study_file import Study

# Orders of accuracy in time (solver/README.md, section on schemes).
ORDERS = {"ftcs": 1, "backward-euler": 1, "rkl2": 2, "crank-nicolson": 2, "bdf2": 2, "esdirk": 4}


def factors(m: int, nx: int, ny: int) -> tuple[int, int]:
    """Split m so that the grown grid has nearly the aspect ratio of the grid."""
    pairs = [(f, m // f) for f in range(1, m + 1) if m % f == 0] if m < 10 ** 6 else [(m, 1)]
    return min(pairs, key=lambda p: (abs(math.log(p[0] / p[1])), -p[0] if nx <= ny else p[0]))


class BaseCase:
    """What growth needs to know of a case: grid and time, with the overrides of the study."""

    def __init__(self, study: Study):
        self.study = study
        self.values = _read_case(study.case)
        for key, value in study.settings.items():
            _assign(self.values, key, _plain(value.text()))

    def fail(self, key: str, problem: str) -> None:
        raise RequestError(f"{self.study.root.file}:{self.study.root.data['scaling'].line}: "
                           f"scaling: {self.study.case}: {key}: {problem}")

    def pair(self, key: str) -> tuple[float, float]:
        """Return a pair of numbers of the section `grid`."""
        value = _section(self.values, "grid").get(key)
        try:
            a, b = (float(v) for v in value)
            return a, b
        except (TypeError, ValueError):
            self.fail(f"grid.{key}", f"found {value}; weak scaling needs two numbers here")
        raise AssertionError

    def overrides(self, m: int) -> dict[str, str]:
        """Return key -> value for m times the ranks of the base."""
        nx, ny = (int(v) for v in self.pair("cells"))
        fx, fy = factors(m, nx, ny)
        grown = {"grid.cells": f"[{fx * nx},{fy * ny}]"}
        if self.study.scaling == "weak-machine":
            for key, factor in (("x", fx), ("y", fy)):
                low, high = self.pair(key)
                grown[f"grid.{key}"] = f"[{low!r},{low + factor * (high - low)!r}]"
            return grown
        return {**grown, **self._time(m)}

    def _time(self, m: int) -> dict[str, str]:
        """Return the overrides of the time step that keep its error below that of space."""
        time = _section(self.values, "time")
        step = _number(time.get("step"))
        scheme = str(time.get("scheme"))
        if scheme == "steady" or step is None or time.get("adaptive"):
            return {}  # the case has no step, or heat2d chooses it for stability or accuracy
        order = self.study.time_order or ORDERS.get(scheme)
        if order is None:
            self.fail("time.scheme", f"the order of {scheme} is not known; set `time_order`")
        shrink = float(m) ** (1.0 / order)
        grown = {"time.step": repr(step / shrink)}
        steps = _number(time.get("steps"))
        if steps is not None:
            grown["time.steps"] = str(math.ceil(steps * shrink - 1e-9))
        return grown


def _read_case(path: Path) -> dict[str, Any]:
    try:
        case = yaml.safe_load(read_text(path) or "")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise RequestError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    return case if isinstance(case, dict) else {}


def _section(values: dict[str, Any], name: str) -> dict[str, Any]:
    section = values.get(name)
    return section if isinstance(section, dict) else {}


def _assign(values: dict[str, Any], key: str, value: Any) -> None:
    *path, last = key.split(".")
    for name in path:
        inner = values.get(name)
        if not isinstance(inner, dict):
            inner = values[name] = {}
        values = inner
    values[last] = value


def _plain(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return text


def _number(value: Any) -> float | None:
    """Read a number; PyYAML leaves 1e-3, which YAML 1.2 takes for a number, as text."""
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None

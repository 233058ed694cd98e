"""The points of a study: every combination of ranks and swept values, and the order of the runs.

Runs are ordered in rounds: each round has every point once, in an order drawn by the seed, so that
a machine that becomes slower during the study does so for all points (a randomised block design).
"""
from __future__ import annotations

import itertools
import math
import random
import re
from dataclasses import dataclass

from .growth import BaseCase
from .marked_yaml import Marked
from .study_file import Study

# Most characters of the name of a folder; chosen: far below the 255 of file systems.
LONGEST_NAME = 100


@dataclass(frozen=True)
class Point:
    """One combination of ranks and swept values, which is run `repeats` times."""

    name: str  # also the name of its folder
    ranks: int
    nodes: int
    parameters: dict[str, str]  # swept keys and their values at this point
    arguments: tuple[str, ...]  # arguments of heat2d, without --output

    def as_json(self) -> dict:
        return {"name": self.name, "ranks": self.ranks, "nodes": self.nodes,
                "parameters": self.parameters, "arguments": list(self.arguments)}


def make_points(study: Study) -> list[Point]:
    """Return all points, in the order of the study file."""
    base = BaseCase(study) if study.bench is None and study.scaling.startswith("weak") else None
    points: list[Point] = []
    for sweep in study.sweeps:
        for values in itertools.product(*sweep.values()):
            chosen = dict(zip(sweep, values))
            for k, ranks in enumerate(study.ranks):
                points.append(_point(study, base, chosen, k, ranks, {p.name for p in points}))
    return points


def _point(study: Study, base: BaseCase | None, chosen: dict[str, Marked], k: int, ranks: int,
           taken: set[str]) -> Point:
    parameters = {key: value.text() for key, value in chosen.items()}
    if study.bench is not None:
        if isinstance(study.bench["class"].data, list):
            parameters["class"] = study.bench["class"].data[k].text()
        arguments = _bench_arguments(study, parameters)
    else:
        grown = base.overrides(ranks // study.ranks[0]) if base else {}
        arguments = _case_arguments(study, {**parameters, **grown})
    nodes = math.ceil(ranks / study.ranks_per_node) if study.ranks_per_node else 1
    return Point(_name(ranks, parameters, taken), ranks, nodes, parameters, arguments)


def _bench_arguments(study: Study, parameters: dict[str, str]) -> tuple[str, ...]:
    options = {name: value.text() for name, value in study.bench.items()}
    options.update(parameters)
    arguments = ["bench"]
    for name, value in options.items():
        arguments += ["--" + name.replace("_", "-"), value.strip('"')]
    return tuple(arguments) + _stream(study)


def _stream(study: Study) -> tuple[str, ...]:
    return ("--stream",) if study.stream else ()


def _case_arguments(study: Study, parameters: dict[str, str]) -> tuple[str, ...]:
    settings = {key: value.text() for key, value in study.settings.items()}
    settings.update(parameters)
    arguments = ["run", str(study.case.resolve()), "--no-progress"]
    for key, value in settings.items():
        arguments += ["--set", f"{key}={value}"]
    return tuple(arguments) + _stream(study) + study.petsc


def _name(ranks: int, parameters: dict[str, str], taken: set[str]) -> str:
    """Name a point by its ranks and values, as in p4-preconditioner-gamg."""
    parts = [f"p{ranks}"] + [f"{key.rpartition('.')[2]}-{value}" for key, value in
                             parameters.items()]
    # Other characters, dashes among them, become one dash: 1e-10 stays, and `value--5` becomes
    # `value-5`.
    name = re.sub(r"[^A-Za-z0-9.+_]+", "-", "-".join(parts)).strip("-.")[:LONGEST_NAME]
    if name not in taken:
        return name
    return next(n for n in (f"{name}-{k}" for k in itertools.count(2)) if n not in taken)


def run_order(points: list[Point], repeats: int, seed: int) -> list[tuple[str, int]]:
    """Return (name of the point, repeat) of every run, in the order in which they are to run."""
    draw = random.Random(seed)
    order = []
    for repeat in range(1, repeats + 1):
        names = [point.name for point in points]
        draw.shuffle(names)
        order += [(name, repeat) for name in names]
    return order

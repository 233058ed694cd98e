"""`heat2d plan` says before a run what the run then counts: blocks, messages, bytes, memory."""
from __future__ import annotations

import json
import struct
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path

import pytest
from heat2d_case import Outcome, basic_case, command, execute, run, write_case

PLACES = ["within_nodes", "between_nodes"]
ZERO = {"type": "temperature", "value": 0.0}
FILM = {"type": "convection", "coefficient": 5.0, "ambient": 1.0}
PERIODIC = {side: {"type": "periodic"} for side in ("left", "right", "bottom", "top")}
# Steps of this length couple the cells of the grids below strongly enough for several levels of the multigrid.
LONG = {"step": 0.02, "steps": 4}


def grid(nx: int, ny: int, x: float = 1.0, y: float = 1.0) -> dict:
    return {"cells": [nx, ny], "x": [0.0, x], "y": [0.0, y]}


# name: (sections of the case, number of ranks)
CASES = {
    "ftcs-1": ({"time": {"scheme": "ftcs", "step": 1e-4, "steps": 20}}, 1),
    "ftcs-6": ({"time": {"scheme": "ftcs", "step": 1e-4, "steps": 20}}, 6),
    "ftcs-periodic-4": ({"time": {"scheme": "ftcs", "step": 1e-4, "steps": 20}, "boundary": PERIODIC}, 4),
    "ftcs-strips-7": ({"time": {"scheme": "ftcs", "step": 1e-4, "end": 0.002}}, 7),
    "rkl2-4": ({"time": {"scheme": "rkl2", "step": 0.001, "steps": 10}}, 4),
    "rkl2-sides-9": ({"time": {"scheme": "rkl2", "step": 0.01, "steps": 3}, "boundary": {"left": ZERO, "top": FILM}}, 9),
    "backward-euler-1": ({}, 1),
    "backward-euler-2": ({"grid": grid(64, 48), "time": {"scheme": "backward-euler", **LONG}}, 2),
    "backward-euler-16": ({"grid": grid(64, 48), "time": {"scheme": "backward-euler", **LONG}}, 16),
    "sides-8": ({"grid": grid(64, 48), "time": {"scheme": "backward-euler", **LONG}, "boundary": {"left": ZERO, "top": FILM}}, 8),
    "periodic-7": ({"grid": grid(70, 40), "time": {"scheme": "backward-euler", **LONG}, "boundary": PERIODIC}, 7),
    "odd-periodic-4": ({"grid": grid(51, 33), "time": {"scheme": "backward-euler", **LONG}, "boundary": PERIODIC}, 4),
    "stretched-4": ({"grid": grid(80, 40, x=8.0), "time": {"scheme": "backward-euler", "step": 0.03, "steps": 4}}, 4),
    "crank-nicolson-12": ({"grid": grid(64, 48), "time": {"scheme": "crank-nicolson", **LONG}}, 12),
    "bdf2-4": ({"time": {"scheme": "bdf2", "step": 0.001, "steps": 10}}, 4),
    "esdirk-3": ({"grid": grid(48, 48), "time": {"scheme": "esdirk", **LONG}}, 3),
    "steady-5": ({"grid": grid(60, 60), "time": {"scheme": "steady"}, "boundary": {"left": ZERO}}, 5),
    "snapshots-4": ({"output": {"snapshots": {"every": 5}, "fields": ["temperature", "heat_flux", "owner"]}}, 4),
    "linear-6": ({"decomposition": {"mapping": "linear"}, "grid": grid(64, 48), "time": {"scheme": "backward-euler", **LONG}}, 6),
    "steady-64": ({"grid": grid(96, 96), "time": {"scheme": "steady"}, "boundary": {"left": ZERO}}, 64),
}


def plan(directory: Path, case: dict, *args: str) -> tuple[Outcome, dict]:
    """Plan a case and return the outcome and plan.json."""
    path = write_case(directory, case, "planned.yaml")
    done = execute(command(None, 1, ("plan", str(path), "--json", "plan.json", *args)), directory)
    assert done.returncode == 0, done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr, directory), json.loads((directory / "plan.json").read_text())


def counted(results: dict, kind: str) -> dict:
    return {place: results["communication"][kind][place] for place in PLACES}


@pytest.mark.parametrize("name", CASES)
def test_the_plan_is_what_the_run_counts(tmp_path, name):
    """No tolerance but for the high-water mark: 5 % or 4 MiB, whichever is more, for what MPI and the C library allocate."""
    sections, ranks = CASES[name]
    outcome = run(tmp_path, basic_case(**sections), ranks=ranks)
    assert outcome.code == 0, outcome.err
    results = outcome.results
    iterations = (results["solver"] or {"iterations": {"total": 0}})["iterations"]["total"]
    steps = results["time"]["steps"]
    _, planned = plan(tmp_path, basic_case(**sections), "--ranks", str(ranks), "--iterations", str(iterations / steps))
    assert planned["steps"] == steps and planned["ranks"] == ranks and planned["nodes"] == 1
    for key in ("processes", "cells_min", "cells_max"):
        assert planned["decomposition"][key] == results["decomposition"][key]
    for kind in ("halo", "multigrid", "setup", "reduction"):
        assert {place: planned["communication"][kind][place] for place in PLACES} == counted(results, kind), kind
    memory = planned["memory"]
    assert memory["per_rank_max"] == results["memory"]["bytes_predicted"]
    assert sum(field["bytes_per_cell"] for field in memory["fields"]) * planned["decomposition"]["cells_max"] == pytest.approx(
        memory["per_rank_max"] - memory["process"], rel=1e-12, abs=1)
    assert memory["per_rank_max"] == pytest.approx(results["memory"]["bytes_max"], rel=0.05, abs=4 << 20)

#!/usr/bin/env python3
"""Iterations of Newton's method for conductivities that are steep in the temperature or jump (solver/MEASURED.md).

    HEAT2D=build/heat2d python3 tests/benchmark/steep.py [-snes_... options]

Each case is a bar of two rows of cells.  A row of the table is its name and the iterations over the run, or `-` where the
run fails."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ICE = "T < 273.15 ? 2.2 : 0.6"
HALF = "50 - 25*min(1, max(0, (T - 995)/10))"
HOT = (1500.0, 300.0)


def bar(conductivity: str, sides: tuple[float, float] = HOT, cells: int = 50, start: str | None = None, left: dict | None = None,
        time: dict | None = None) -> dict:
    """Return a bar of 1 m between two temperatures; the start is the straight line between them unless given."""
    line = f"{sides[0]} + ({sides[1] - sides[0]})*x"
    return {"grid": {"cells": [cells, 2], "x": [0.0, 1.0], "y": [0.0, 2.0]},
            "materials": [{"name": "a", "conductivity": conductivity, "density": 1000.0, "specific_heat": 2000.0}],
            "initial": {"temperature": start or line},
            "boundary": {"left": left or {"type": "temperature", "value": sides[0]}, "right": {"type": "temperature", "value": sides[1]}},
            "time": time or {"scheme": "steady"}}


CASES = {
    "half over 10 K, 50 cells": bar(HALF),
    "half over 0.1 K, 400 cells": bar("50 - 25*min(1, max(0, (T - 995)/0.1))", cells=400),
    "tenfold over 10 K": bar("5 + 45*min(1, max(0, (T - 995)/10))"),
    "ice and water (2.2, 0.6)": bar(ICE, (253.15, 303.15)),
    "jump by 100": bar("T < 800 ? 0.5 : 50"),
    "tanh, 5 K wide": bar("27.5 + 22.5*tanh((T - 800)/5)"),
    "start 5000 K, jump by 10": bar("T < 800 ? 50 : 5", start="5000"),
    "jump by 10 behind a radiating side": bar("T < 800 ? 50 : 5", start="300",
                                              left={"type": "radiation", "emissivity": 0.8, "ambient": 1500.0}),
    "jump by 10 at a place too": bar("(T < 800 ? 50 : 5)*(x < 0.5 ? 1 : 10)", start="300"),
    "backward-euler, ice, 10 steps of 1e5 s": bar(ICE, (253.15, 303.15), start="260",
                                                  time={"scheme": "backward-euler", "step": 1e5, "steps": 10}),
    "esdirk, half over 10 K, 10 steps of 1e5 s": bar(HALF, start="300", time={"scheme": "esdirk", "step": 1e5, "steps": 10}),
}


def iterations(case: dict, options: list[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.yaml"
        path.write_text(json.dumps(case))
        words = [os.environ["HEAT2D"], "case.yaml", "--output", "out", "--quiet", *options]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            return "-"
        return str(json.loads((Path(folder) / "out/results.json").read_text())["solver"]["newton"])


if __name__ == "__main__":
    os.environ["HEAT2D"] = os.path.abspath(os.environ["HEAT2D"])
    for name, case in CASES.items():
        print(f"| {name} | {iterations(case, sys.argv[1:])} |", flush=True)

"""An imitation of heat2d and of mpiexec, so that tests of studies last a moment.

The imitation of heat2d writes a results.json whose times follow from ranks and cells; settings of
the case make it fail, hang or be invalid.  It appends a line to `calls` beside it for each run.
"""
from __future__ import annotations

import sys
from pathlib import Path

PROGRAM = '''#!{python}
import json, os, sys, time
words = sys.argv[1:]
options = dict(w.split("=", 1) for k, w in enumerate(words) if words[k - 1] == "--set")
value = lambda name, default: words[words.index(name) + 1] if name in words else default
if words[0] == "plan":
    if "bad" in options:
        sys.exit("heat2d: error: --set: bad: unknown key")
    sys.exit(0)
ranks = int(os.environ["IMITATED_RANKS"])
out = value("--output", "")
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "calls"), "a") as file:
    file.write(" ".join(words) + f" on {{ranks}}" + chr(10))
if "fail" in options:
    print("first line", "heat2d: error: no convergence", sep=chr(10), file=sys.stderr)
    sys.exit(3)
if "silent" in options:
    sys.exit(0)
if "hang" in options:
    time.sleep(600)
os.makedirs(out, exist_ok=True)
slow = float(os.environ.get("IMITATED_SLOWNESS", "1"))
record = {{"schema": "heat2d results 1", "status": "ok", "title": "imitated", "ranks": ranks,
          "nodes": 1, "provenance": {{"version": "0.1.0", "hosts": ["vm"], "elapsed": 2.0}}}}
if words[0] == "bench":
    valid = float(value("--duration", 60)) >= 60
    steps, seconds = 200, slow * (60.0 / ranks + 0.01 * len(os.listdir(os.path.dirname(out))))
    side = {{"tiny": 512, "small": 4096}}[value("--class", "")]
    fom = side * side * steps / (seconds + 0.1 * steps / 100)
    record["status"] = "ok" if valid else "check-failed"
    record["bench"] = {{"class": value("--class", ""), "workload": "implicit", "rules": "base",
        "nonce": "0x1", "valid": valid, "reasons": [] if valid else ["less than 60 s"],
        "fom": fom if valid else None, "steps": steps, "duration": seconds, "setup": 0.1,
        "end_to_end": seconds + 1, "iterations": 9 * steps}}
else:
    valid, cells = True, json.loads(options.get("grid.cells", "[100,100]"))
    seconds = slow * (cells[0] * cells[1] / ranks * 1e-6 + 1e-3 * (ranks - 1))
    record.update(grid={{"cells": cells}}, time={{"scheme": "bdf2", "steps": 10}},
        fom={{"value": cells[0] * cells[1] * 10 / seconds, "seconds": seconds}},
        solver={{"iterations": {{"total": 80}}}},
        timing=[{{"name": "steps", "min": seconds, "mean": seconds, "max": seconds, "calls": 10}}])
with open(os.path.join(out, "results.json"), "w") as file:
    json.dump(record, file)
sys.exit(0 if valid else 5)
'''
MPIEXEC = '''#!/bin/sh
[ "$1" = --version ] && exit 0
[ "$1" = -n ] || exit 64
IMITATED_RANKS=$2
export IMITATED_RANKS
shift 2
exec "$@"
'''
CASE = """grid: {cells: [100, 100], x: [0.0, 1.0], y: [0.0, 1.0]}
time: {scheme: bdf2, step: 0.4, steps: 10}
"""


class Imitation:
    """The two programs and a case in a folder."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.program = self._script("heat2d", PROGRAM.format(python=sys.executable))
        self.mpiexec = self._script("mpiexec", MPIEXEC)
        (folder / "case.yaml").write_text(CASE)

    def _script(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    @property
    def calls(self) -> list[str]:
        """Arguments of each run so far, with the ranks."""
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []

    def study(self, text: str) -> Path:
        """Write a study file beside the case."""
        path = self.folder / "study.yaml"
        path.write_text(text)
        return path

    @property
    def options(self) -> list[str]:
        return ["--program", str(self.program), "--mpiexec", str(self.mpiexec)]

"""One results.json as the numbers that studies, reports and comparisons use.

A record may come from a stranger: any member may be missing or have another type, which makes the
number None.  Whether a run counts is decided here and nowhere else: a run of `heat2d bench` counts
if it is VALID, a run of `heat2d run` if its status is ok.  The figure of merit is computed from the
times, and one that differs from the recorded figure is a reason not to count the run.
"""
from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import ReaderError
from ..text_file import parse_json, read_text

SCHEMA = "heat2d results 1"
FINISHED = ("ok", "check-failed")  # `status` of a run that has reached its end
CELLS = {"tiny": 512, "small": 4096, "medium": 16384, "large": 65536, "huge": 262144,
         "peta": 1048576, "exa": 2097152}  # a side of the square grid (inputs/benchmark/RULES.md)
CELL_BYTES = 8.0  # bytes of a cell in a checkpoint
SETUP_STEPS = 100.0  # number of steps over which the rules spread a set-up (RULES.md, 3.1)
# Largest relative difference of equal figures of merit: records have at least 7 digits.
SAME_FIGURE = 1e-6


@dataclass(frozen=True)
class RunRecord:
    """The record of one run.  Times are in seconds."""

    path: Path
    data: dict[str, Any]

    def get(self, *names: str) -> Any:
        """Return the member with this path, or None."""
        here: Any = self.data
        for name in names:
            here = here.get(name) if isinstance(here, dict) else None
        return here

    def number(self, *names: str) -> float | None:
        """Return a finite number, or None."""
        return finite(self.get(*names))

    def text(self, *names: str) -> str:
        """Return a text; empty where there is none."""
        value = self.get(*names)
        return value if isinstance(value, str) else ""

    @property
    def is_bench(self) -> bool:
        return isinstance(self.get("bench"), dict)

    @property
    def finished(self) -> bool:
        """Whether the run has reached its end, with or without failed checks."""
        return self.text("status") in FINISHED

    @property
    def ranks(self) -> int | None:
        value = self.number("ranks")
        return int(value) if value and value >= 1 else None

    @property
    def nodes(self) -> int:
        """Number of nodes: recorded, or the number of different hosts, or 1."""
        value = self.number("nodes")
        hosts = self.get("provenance", "hosts")
        count = len({str(h) for h in hosts}) if isinstance(hosts, list) else 1
        return int(value) if value and value >= 1 else max(1, count)

    @cached_property
    def cells(self) -> float | None:
        """Cells of the grid."""
        grid = self.get("grid", "cells")
        if isinstance(grid, list) and len(grid) == 2 and None not in map(finite, grid):
            return float(grid[0]) * float(grid[1])
        side = CELLS.get(self.text("bench", "class"))
        return float(side) ** 2 if side else None

    @property
    def steps(self) -> float | None:
        """Steps of this process, to which the times belong: a continued run has not taken all."""
        if self.is_bench:
            return positive(self.number("bench", "steps"))
        total = self.number("time", "steps")
        return None if total is None else positive(total - self._continued_from)

    @property
    def _continued_from(self) -> float:
        """The step of the checkpoint from which this process started; 0 for a fresh run."""
        restarts = self.get("restarts")
        last = restarts[-1] if isinstance(restarts, list) and restarts else None
        return (finite(last.get("step")) or 0.0) if isinstance(last, dict) else 0.0

    @property
    def seconds(self) -> float | None:
        """Time of the steps, of the slowest rank."""
        return positive(self.number("bench", "duration") if self.is_bench
                        else self.number("fom", "seconds"))

    @property
    def setup(self) -> float | None:
        return self.number("bench", "setup") if self.is_bench else self.phase_max("setup")

    @property
    def end_to_end(self) -> float | None:
        """Time from the start of the program to the end of its last step."""
        return positive(self.number("bench", "end_to_end") if self.is_bench
                        else self.number("provenance", "elapsed"))

    @property
    def writes(self) -> bool:
        """Whether the run is one of the workload `checkpoint`, whose steps are checkpoints."""
        return self.text("bench", "workload") == "checkpoint"

    @property
    def step_time(self) -> float | None:
        """Time per step: with its part of the set-up for the reference workload (RULES.md, 3.1)."""
        if self.seconds is None or self.steps is None:
            return None
        share = (self.setup or 0.0) / SETUP_STEPS if self.is_bench and not self.writes else 0.0
        return self.seconds / self.steps + share

    @property
    def fom(self) -> float | None:
        """Cell-steps per second, from the times; of the workload `checkpoint` bytes per second
        (RULES.md, 3.2)."""
        return None if self.step_time is None or self.work is None else self.work / self.step_time

    @property
    def work(self) -> float | None:
        """Work of a step: its cell-steps, or for the workload `checkpoint` its bytes."""
        return None if self.cells is None else self.cells * (CELL_BYTES if self.writes else 1.0)

    @property
    def iterations(self) -> float | None:
        """Linear iterations per step; None for explicit schemes."""
        total = positive(self.number("bench", "iterations") if self.is_bench
                         else self.number("solver", "iterations", "total"))
        return total / self.steps if total and self.steps else None

    @cached_property
    def problems(self) -> list[str]:
        """Reasons why the run does not count; empty for a valid run."""
        reasons = [] if self.finished else [f"status is {self.text('status') or 'missing'}"]
        if self.is_bench:
            listed = self.get("bench", "reasons")
            reasons += [str(r) for r in listed] if isinstance(listed, list) else []
            if self.get("bench", "valid") is not True and not reasons:
                reasons.append("not marked as valid")
        else:
            reasons += [f"check failed: {name}" for name in self._failed_checks()]
            if self.text("status") == "check-failed" and not reasons:
                reasons.append("a check failed")
        return reasons + self._figure_problems() + self._proof_problems()

    @property
    def counts(self) -> bool:
        return not self.problems

    def _failed_checks(self) -> list[str]:
        checks = self.get("checks")
        return [str(c.get("description") or c.get("quantity")) for c in checks
                if isinstance(c, dict) and c.get("pass") is not True] if isinstance(
                    checks, list) else []

    def _figure_problems(self) -> list[str]:
        """Reasons why the recorded figure of merit does not follow from the recorded times."""
        recorded = self.number("bench", "fom") if self.is_bench else self.number("fom", "value")
        if self.fom is None:
            return ["has no times"] if self.finished else []
        if recorded is None or abs(recorded - self.fom) <= SAME_FIGURE * self.fom:
            return []
        return [f"the recorded figure of merit, {recorded:.6g}, does not follow from the times, "
                f"which give {self.fom:.6g}"]

    def _proof_problems(self) -> list[str]:
        """Return the reason why the proof beside the record is not its proof.  A record without its
        proof counts: `heat2d bench --recompute` audits both."""
        recorded = self.text("bench", "proof_sha256")
        proof = self.path.with_name("proof.json")
        if not recorded or not proof.is_file():
            return []
        try:
            with open(proof, "rb") as file:
                same = hashlib.sha256(file.read()).hexdigest() == recorded
        except OSError as error:
            return [f"proof.json cannot be read: {error.strerror}"]
        return [] if same else ["proof.json is not the proof of this record (SHA-256)"]

    # ---- phases

    @cached_property
    def phases(self) -> dict[str, tuple[float, float, float]]:
        """Name -> (min, mean, max over the ranks) of each phase of `timing`."""
        found = {}
        timing = self.get("timing")
        for entry in timing if isinstance(timing, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                values = [finite(entry.get(k)) for k in ("min", "mean", "max")]
                if None not in values:
                    found[entry["name"]] = tuple(values)
        return found

    def phase_max(self, name: str) -> float | None:
        return self.phases[name][2] if name in self.phases else None


def finite(value: Any) -> float | None:
    """Return a finite number as it is, anything else as None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def read_record(path: Path) -> RunRecord | None:
    """Read a results.json; None when there is none."""
    text = read_text(path)
    if text is None:
        return None
    try:
        data = parse_json(text)
    except (ValueError, RecursionError) as error:
        raise ReaderError(f"{path}: not JSON: {error}") from None
    if not isinstance(data, dict) or data.get("schema", SCHEMA) != SCHEMA:
        raise ReaderError(f"{path}: not a record of heat2d: `schema` must be '{SCHEMA}'")
    return RunRecord(path, data)

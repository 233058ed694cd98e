"""Runs whose messages are counted twice: by heat2d, and by a profiler that is preloaded (messages.c)."""
from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from heat2d_case import HEAT2D, MPIEXEC, Outcome, environment, write_case

KINDS = ["halo", "multigrid", "reduction", "output", "setup"]
PLACES = ["within_nodes", "between_nodes"]
# Collective calls of each rank after the record has been summed: that sum itself, and agreement on the file.
AFTER_THE_RECORD = 2


@dataclass
class Counted:
    """The counts of one run, summed over ranks; messages and bytes are [within nodes, between nodes]."""

    outcome: Outcome
    ranks: int
    profiler: dict
    communicators: int  # calls that create communicators; heat2d does not count them

    @property
    def kinds(self) -> dict:
        return self.outcome.results["communication"]

    @property
    def heat2d(self) -> dict:
        found = {quantity: [sum(kind[place][quantity] for kind in self.kinds.values()) for place in PLACES]
                 for quantity in ("messages", "bytes")}
        return {**found, "collectives": sum(kind["collectives"] for kind in self.kinds.values())}

    def messages(self, kind: str) -> int:
        return sum(self.kinds[kind][place]["messages"] for place in PLACES)


def counted_run(directory: Path, case: dict, *args: str, ranks: int, launcher: tuple[str, ...] = (), timeout: int = 120) -> Counted:
    directory.mkdir(parents=True, exist_ok=True)
    write_case(directory, case)
    env = environment(ranks)
    preload = ":".join(filter(None, [os.environ["HEAT2D_MESSAGES"], env.pop("LD_PRELOAD", "")]))
    words = ["timeout", "-k", "5", str(timeout), *MPIEXEC, *launcher, "-n", str(ranks), "env", f"LD_PRELOAD={preload}",
             "HEAT2D_MESSAGES_FILE=counted", HEAT2D, "case.yaml", "--output", "out", *args]
    done = subprocess.run(words, cwd=directory, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(path.read_text()) for path in directory.glob("counted.*")]
    assert len(lines) == ranks, "the profiler of some rank has written nothing"
    profiler = {quantity: [sum(line[quantity][k] for line in lines) for k in (0, 1)] for quantity in ("messages", "bytes")}
    profiler["collectives"] = sum(line["collectives"] for line in lines)
    return Counted(Outcome(done.returncode, done.stdout, done.stderr, directory / "out"), ranks, profiler,
                   sum(line["communicators"] for line in lines))


def assert_equal_counts(run: Counted) -> None:
    """heat2d and the profiler count the same.  No tolerance: these are integers."""
    after = AFTER_THE_RECORD * run.ranks if run.ranks > 1 else 0
    assert {**run.heat2d, "collectives": run.heat2d["collectives"] + after} == run.profiler
    assert list(run.kinds) == KINDS

"""Runs on 64 ranks, on which coarse levels of the multigrid are agglomerated several times."""
from __future__ import annotations

import pytest
from heat2d_case import run
from test_multigrid import body, finished, same_snapshots


@pytest.mark.parametrize("processes", [[8, 8], [64, 1], [2, 32]], ids=str)
def test_snapshots_of_64_ranks_are_byte_identical(tmp_path, processes):
    case = body("backward-euler", grid={"cells": [131, 67], "x": [0.0, 1.0], "y": [0.0, 0.5]})
    one = finished(run(tmp_path, case, "--quiet", output="one"))
    many = finished(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--set", f"decomposition.processes={processes}",
                        ranks=64, timeout=1200, output="many"))
    same_snapshots(one, many)

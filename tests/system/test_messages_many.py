"""The counts of messages on many ranks (see test_messages.py)."""
from __future__ import annotations

import os

import pytest
from counted import assert_equal_counts, counted_run
from heat2d_case import basic_case

pytestmark = pytest.mark.skipif("HEAT2D_MESSAGES" not in os.environ, reason="built without the profiler of messages")


@pytest.mark.parametrize("ranks", [16, 64])
@pytest.mark.parametrize("way", [
    {"time": {"scheme": "ftcs", "step": 1e-5, "steps": 10}},
    {"time": {"scheme": "rkl2", "step": 0.001, "steps": 3}},
    {"time": {"scheme": "backward-euler", "step": 0.001, "steps": 3}, "checkpoint": {"every": 2}},
    {"time": {"scheme": "crank-nicolson", "step": 0.001, "steps": 3}},
    {"time": {"scheme": "bdf2", "step": 0.001, "steps": 3}},
    {"time": {"scheme": "esdirk", "step": 0.001, "steps": 2}},
    {"time": {"scheme": "steady"}, "boundary": {"left": {"type": "temperature", "value": 1.0}}},
    {"time": {"scheme": "backward-euler", "step": 0.001, "steps": 2}, "solver": {"preconditioner": "gamg"}},
], ids=lambda way: "-".join([way["time"]["scheme"], *way.get("solver", {}).values()]))
def test_every_message_of_many_ranks_is_counted(tmp_path, way, ranks):
    counted = counted_run(tmp_path, basic_case(grid={"cells": [96, 80], "x": [0.0, 1.0], "y": [0.0, 1.0]}, **way), ranks=ranks,
                          timeout=600)
    assert_equal_counts(counted)

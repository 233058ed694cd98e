"""A few rounds of the soak test with fixed seeds; test_soak.py is the long one."""
from __future__ import annotations

import pytest
from test_soak import pytestmark, soak  # noqa: F401

SECONDS = 10.0


@pytest.mark.parametrize("scheme", ["ftcs", "bdf2"])
def test_disturbed_run_leaves_the_files_of_an_undisturbed_one(tmp_path, scheme):
    soak(tmp_path, [scheme], SECONDS)

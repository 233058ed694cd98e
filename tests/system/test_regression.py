"""The quick-start case as shipped, from the case file to the pictures, as `./bootstrap run` runs it."""
import json
import subprocess
import sys

import numpy as np
import pytest
from heat2d_case import ROOT, Outcome, run

STORED = {"die": 328.58019, "sink": 326.33563, "board": 312.91354}  # K at t = 40 s, 800 x 120 cells, dt = 0.25 s


@pytest.fixture(scope="module")
def quickstart(tmp_path_factory) -> Outcome:
    return run(tmp_path_factory.mktemp("quickstart"), ROOT / "inputs" / "quickstart.yaml", ranks=2, timeout=300)


def test_quickstart_ends_well_with_all_checks_true(quickstart):
    assert quickstart.code == 0, quickstart.err
    assert quickstart.results["status"] == "ok"
    assert len(quickstart.checks) >= 3 and all(check["pass"] for check in quickstart.checks)


def test_quickstart_probes_are_those_stored(quickstart):
    # solver.tolerance is 1e-9 of each step's increment, so 160 steps of at most 3 K have errors below 1e-6 K; the stored
    # values have five decimals.
    probes = quickstart.table("probes.csv")
    for name, value in STORED.items():
        assert probes[name][-1] == pytest.approx(value, abs=2e-5), name


def test_quickstart_source_switches_at_ten_seconds(quickstart):
    history = quickstart.table("history.csv")
    early, late = history["heat_source"][history["time"] < 9.9], history["heat_source"][history["time"] > 10.1]
    assert np.allclose(early, 90.0) and np.allclose(late, 600.0)  # 4e8 W/m3 x 10 mm x 0.15 mm, idle 15 %


def test_quickstart_pictures_are_drawn(quickstart):
    done = subprocess.run([sys.executable, "-m", "postprocess", "plot", str(quickstart.directory)], cwd=ROOT,
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("temperature.png", "history.png", "series.png"):
        content = (quickstart.directory / name).read_bytes()
        assert content.startswith(b"\x89PNG") and len(content) > 10_000, name


def test_quickstart_record_is_complete(quickstart):
    record = json.loads((quickstart.directory / "results.json").read_text())
    for key in ("schema", "status", "title", "grid", "ranks", "nodes", "decomposition", "time", "solver", "timing",
                "fom", "memory", "io", "energy", "checks", "provenance"):
        assert record.get(key) not in (None, "", {}), key

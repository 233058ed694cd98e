"""Fixtures: output directories to read, and the command in this process."""
from __future__ import annotations

from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
import pytest

from postprocess.__main__ import main
from postprocess.tests import synthetic


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def files(self) -> list[str]:
        """Names of the files that the command said it wrote."""
        return [Path(line).name for line in self.out.splitlines()]


@pytest.fixture
def command(capsys) -> Callable[..., Outcome]:
    """Run the command line with these arguments."""
    def run(*arguments: object) -> Outcome:
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as stop:  # argparse
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)
    return run


@pytest.fixture
def one(tmp_path) -> Path:
    """A run with a single snapshot (step 20, 20 s) of a temperature gradient."""
    directory = tmp_path / "one"
    synthetic.write_snapshot(directory, 20, 20.0, {"temperature": synthetic.gradient()})
    return directory


@pytest.fixture
def full(tmp_path) -> Path:
    """A run with three snapshots of all fields, a checkpoint, tables and a record."""
    directory = tmp_path / "full"
    material, shape = synthetic.two_materials(), (10, 20)
    for step in (0, 10, 20):
        fields = {"temperature": synthetic.gradient(high=400.0 - step),
                  "conductivity_x": np.where(material, 400.0, 0.3),
                  "conductivity_y": np.where(material, 400.0, 0.3),
                  "heat_flux_x": np.full(shape, 3.0), "heat_flux_y": np.full(shape, -4.0),
                  "material": material,
                  "owner": np.add.outer(np.arange(10) // 5 * 2, np.arange(20) // 10)}
        synthetic.write_snapshot(directory, step, float(step), fields,
                                 materials=("board", "solid_copper"))
    synthetic.write_field_file(directory / "checkpoint_000020.h5",
                               {"temperature": synthetic.gradient()}, step=20, time=20.0)
    times = np.arange(21.0)
    synthetic.write_history(directory, times)
    synthetic.write_probes(directory, times, ("centre", "edge"))
    synthetic.write_results(
        directory,
        probes=[{"name": "centre", "at": [0.1, 0.05]}, {"name": "edge", "at": [0.0, 0.1]}],
        checks=[{"quantity": "temperature", "value": 350.1, "expected": 350.0, "tolerance": 0.5,
                 "pass": True},
                {"quantity": "energy_balance", "value": 1e-3, "tolerance": 1e-10, "pass": False}])
    return directory

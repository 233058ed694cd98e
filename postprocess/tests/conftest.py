"""Provides output directories to read, and the command line in this process."""
from __future__ import annotations

from pathlib import Path
from typing import Callable, NamedTuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

from postprocess.__main__ import main  # noqa: E402
from postprocess.tests import synthetic  # noqa: E402


class Outcome(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def files(self) -> list[str]:
        """Names of the files that the command printed."""
        return [Path(line).name for line in self.out.splitlines()]


@pytest.fixture
def command(capsys) -> Callable[..., Outcome]:
    """Return a function that runs the command line with its arguments."""
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
    """Make a run with a single snapshot (step 20, 20 s) of a temperature gradient."""
    directory = tmp_path / "one"
    synthetic.write_snapshot(directory, 20, 20.0, {"temperature": synthetic.gradient()})
    return directory


@pytest.fixture
def full(tmp_path) -> Path:
    """Make a run with three snapshots of all fields, a checkpoint, tables and a record."""
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
                                 materials=("board", "solid copper"))
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


@pytest.fixture
def steady(tmp_path) -> Path:
    """Make a steady run: an initial guess, the steady state, tables with these two rows."""
    directory = tmp_path / "steady"
    for step in (0, 1):
        synthetic.write_snapshot(directory, step, 0.0,
                                 {"temperature": synthetic.gradient(high=300.0 + 100 * step)})
    two = {"heat_left": [2.5e6, 10.0], "heat_right": [0.0, -7.0], "heat_source": [0.0, -3.0],
           "heat_left_0": [2e6, 4.0], "heat_left_1": [5e5, 6.0], "heat_a_b": [0.0, 4.5],
           "min_core": [300.0, 310.0], "mean_core": [300.0, 315.0], "max_core": [300.0, 320.0]}
    synthetic.write_history(directory, np.zeros(2), **{n: np.array(v) for n, v in two.items()})
    synthetic.write_probes(directory, np.zeros(2), ("centre",))
    synthetic.write_profile(directory, "middle", {0: 0.0, 1: 0.0})
    synthetic.write_results(directory, time={"scheme": "steady", "steps": 1, "end": 0},
                            energy={"interfaces": [{"from": "a", "to": "b", "heat": 4.5}]})
    return directory


# ---- figures


@pytest.fixture(autouse=True)
def close_figures():
    yield
    matplotlib.pyplot.close("all")


def texts(figure) -> str:
    """Return all that is written on a page."""
    return "\n".join(t.get_text() for t in figure.findobj(matplotlib.text.Text))


def assert_on_page(figure) -> None:
    """Fail when anything that is drawn reaches beyond the page."""
    figure.canvas.draw()
    box = figure.get_tightbbox(figure.canvas.get_renderer())  # inches
    width, height = figure.get_size_inches()
    # 0.02 inches: the box of a text is rounded to whole pixels on both sides
    assert box.x0 > -0.02 and box.y0 > -0.02
    assert box.x1 < width + 0.02 and box.y1 < height + 0.02

"""Isotherms: their values, and labels that overlap nothing."""
from __future__ import annotations

import itertools

import matplotlib
import numpy as np
import pytest
from matplotlib.transforms import Affine2D, Bbox

from postprocess import plot
from postprocess.reader import Run
from postprocess.tests import synthetic
from postprocess.tests.conftest import texts


def figure_of(directory, dpi: int = 100):
    run = Run(directory)
    with matplotlib.rc_context(plot.STYLE):
        figure = plot.picture(run, run.snapshot(), "temperature", None, dpi)
    figure.canvas.draw()
    return figure


def write(directory, data: np.ndarray, **more):
    synthetic.write_snapshot(directory, 0, 0.0, {"temperature": data}, **more)
    return directory


def labels(figure) -> list:
    return [t for t in figure.axes[0].texts if t.get_gid() == "isotherm"]


def corners(text) -> np.ndarray:
    """Return the corners [4][2] of the turned box of a label, in pixels."""
    angle = text.get_rotation()
    text.set_rotation(0.0)
    box = text.get_window_extent()
    text.set_rotation(angle)
    middle = text.get_transform().transform(text.get_position())
    flat = Bbox.from_bounds(middle[0] - box.width / 2, middle[1] - box.height / 2, box.width,
                            box.height)
    return Affine2D().rotate_deg_around(*middle, angle).transform(flat.corners())


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two boxes overlap: no line between them separates their corners."""
    for box in (a, b):
        for axis in (box[1] - box[0], box[2] - box[0]):
            one, two = a @ axis, b @ axis
            if one.max() <= two.min() or two.max() <= one.min():
                return False
    return True


def hill(nx: int, ny: int, count: int = 1) -> np.ndarray:
    x, y = np.meshgrid(np.linspace(-1, 1, nx), np.linspace(-1, 1, ny))
    return 300 + 80 * np.cos(count * 2 * x) * np.cos(count * 1.5 * y) + 15 * x


FIELDS = {"gradient": synthetic.gradient(40, 30), "hill": hill(120, 80), "hills": hill(200, 150, 4),
          "steep": 300 + 100 * np.tanh(20 * np.linspace(-1, 1, 200))[None, :] * np.ones((50, 1)),
          "noise": np.random.default_rng(1).random((60, 60))}


@pytest.mark.parametrize("name", FIELDS)
def test_labels_overlap_neither_each_other_nor_the_frame(tmp_path, name):
    figure = figure_of(write(tmp_path, FIELDS[name]))
    boxes = [corners(t) for t in labels(figure)]
    assert not any(overlap(a, b) for a, b in itertools.combinations(boxes, 2))
    frame = figure.axes[0].get_window_extent()
    for box in boxes:
        assert frame.x0 <= box[:, 0].min() and box[:, 0].max() <= frame.x1
        assert frame.y0 <= box[:, 1].min() and box[:, 1].max() <= frame.y1


@pytest.mark.parametrize("name", FIELDS)
def test_no_isotherm_runs_through_a_label(tmp_path, name):
    figure = figure_of(write(tmp_path, FIELDS[name]))
    axes = figure.axes[0]
    lines = [axes.transData.transform(path.vertices) for collection in axes.collections
             for path in collection.get_paths()]
    points = np.concatenate(lines)
    for text in labels(figure):
        box = corners(text)
        across, up = box[2] - box[0], box[1] - box[0]
        inside = np.ones(len(points), dtype=bool)
        for edge in (across, up):
            # 10 % less than the box: its margin holds no ink
            share = (points - box.mean(axis=0)) @ edge / (edge @ edge)
            inside &= np.abs(share) < 0.45
        assert not inside.any(), text.get_text()


def test_every_isotherm_of_a_plain_field_has_a_label(tmp_path):
    figure = figure_of(write(tmp_path, synthetic.gradient(40, 30)))
    assert {t.get_text() for t in labels(figure)} == {"320", "340", "360", "380"}


def test_most_isotherms_of_a_hill_have_a_label(tmp_path):
    """The innermost one is a loop that is too small for its label."""
    figure = figure_of(write(tmp_path, hill(120, 80)))
    assert {t.get_text() for t in labels(figure)} >= {"260", "280", "300", "320", "340", "360"}


def test_label_is_the_temperature_of_its_place(tmp_path):
    data = hill(300, 200)
    figure = figure_of(write(tmp_path, data))
    axes = figure.axes[0]
    for text in labels(figure):
        x, y = text.get_position()  # cm
        i, j = int(x / 20 * 300), int(y / 10 * 200)
        # 3 K: the field changes by less between neighbours of a cell
        assert data[j, i] == pytest.approx(float(text.get_text()), abs=3.0)
    assert axes.get_xlim() == (0.0, 20.0)


def test_labels_leave_probes_and_their_names_free(tmp_path):
    write(tmp_path, synthetic.gradient(40, 30))
    synthetic.write_results(tmp_path, probes=[{"name": f"probe {k}", "at": [0.02 * k, 0.05]}
                                              for k in range(1, 9)])
    figure = figure_of(tmp_path)
    names = [t for t in figure.axes[0].texts if t.get_gid() != "isotherm"]
    assert names and labels(figure)
    for name, label in itertools.product(names, labels(figure)):
        assert not overlap(name.get_window_extent().corners(), corners(label))


def test_heading_and_colour_bar_name_the_isotherms_that_are_drawn(tmp_path):
    figure = figure_of(write(tmp_path, synthetic.gradient(40, 30)))
    assert "isotherms every 20 K" in texts(figure)
    assert len(figure.axes[1].lines) == 4  # 320, 340, 360, 380 across the bar


@pytest.mark.parametrize("shape", [(1, 50), (50, 1)])
def test_row_or_column_of_cells_has_isotherms(tmp_path, shape):
    data = np.linspace(300.0, 400.0, 50).reshape(shape)
    figure = figure_of(write(tmp_path, data))
    assert "isotherms every 20 K" in texts(figure) and labels(figure)


def test_constant_field_has_no_isotherms(tmp_path):
    figure = figure_of(write(tmp_path, np.full((10, 20), 300.0)))
    assert "isotherm" not in texts(figure) and not labels(figure)


def test_plateau_at_the_value_of_an_isotherm_is_not_outlined_by_noise(tmp_path):
    data = synthetic.gradient(40, 30)
    data[:, :10] = 340.0 + 1e-9 * np.random.default_rng(2).random((30, 10))
    figure = figure_of(write(tmp_path, data))
    assert "340" not in [t.get_text() for t in labels(figure)]


def test_isotherm_along_an_outline_has_no_label(tmp_path):
    """The temperature jumps from 328 to 332 K at a contact resistance, so the isotherm of 330 K
    runs along the outline of the material, which would strike its label through."""
    material = np.zeros((40, 40), dtype=np.int32)
    material[20:] = 1
    rows = np.concatenate([np.linspace(300.0, 328.0, 20), np.linspace(332.0, 360.0, 20)])
    temperature = np.repeat(rows[:, None], 40, axis=1)
    synthetic.write_snapshot(tmp_path, 0, 0.0, {"temperature": temperature, "material": material})
    assert sorted(t.get_text() for t in labels(figure_of(tmp_path))) == ["310", "320", "340", "350"]

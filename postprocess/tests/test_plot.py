"""The pictures: which files are made, and what can be seen on them."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import matplotlib
import matplotlib.pyplot
import numpy as np
import pytest
from matplotlib.image import imread

from postprocess import field_page, field_plot, plot
from postprocess.outlines import outlines, ranked
from postprocess.reader import Run
from postprocess.sheet import arrange, make_sheet, panel_size
from postprocess.tests import synthetic
from postprocess.tests.conftest import assert_on_page, texts

ROOT = Path(__file__).resolve().parents[2]


def figure_of(directory: Path, name: str = "temperature", limits=None):
    run = Run(directory)
    with matplotlib.rc_context(plot.STYLE):
        return plot.picture(run, run.snapshot(), name, limits, 80)


def write_one(directory: Path, data: np.ndarray, **more) -> Path:
    synthetic.write_snapshot(directory, 0, 0.0, {"temperature": data}, **more)
    return directory


# ---- the command and its files


def test_plot_of_a_full_run_makes_three_pictures_and_prints_their_names_only(full, command):
    outcome = command("plot", full, "--dpi", 50)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.files == ["temperature.png", "history.png", "series.png"]
    assert all((full / name).stat().st_size > 5000 for name in outcome.files)


def test_plot_of_a_single_snapshot_makes_one_picture(one, command):
    assert command("plot", one, "--dpi", 50).files == ["temperature.png"]


@pytest.mark.parametrize("field", ["material", "owner", "heat_flux", "heat_flux_x", "conductivity",
                                   "conductivity_y"])
def test_plot_draws_every_field(full, command, field):
    outcome = command("plot", full, "--field", field, "--dpi", 50)
    assert (outcome.code, outcome.files) == (0, [f"{field}.png"])


def test_plot_of_one_step_names_the_step(full, command):
    assert command("plot", full, "--step", 10, "--dpi", 50).files == ["temperature_000010.png"]


def test_plot_of_all_steps_makes_a_picture_of_each(full, command):
    files = command("plot", full, "--step", "all", "--dpi", 50).files
    assert files == [f"temperature_{s:06d}.png" for s in (0, 10, 20)]


def test_plot_of_a_series_makes_one_picture(full, command):
    assert command("plot", full, "--step", "series", "--dpi", 50).files == ["series.png"]


def test_plot_writes_the_file_of_option_o(one, tmp_path, command):
    target = tmp_path / "picture.svg"
    outcome = command("plot", one, "-o", target)
    assert outcome.out == f"{target}\n"
    assert target.read_text().startswith("<?xml")


def test_plot_takes_the_first_field_when_there_is_no_temperature(tmp_path, command):
    synthetic.write_snapshot(tmp_path, 0, 0.0, {"material": synthetic.two_materials()})
    assert command("plot", tmp_path, "--dpi", 50).files == ["material.png"]


def test_plot_works_without_a_writable_cache_folder_or_home(one):
    environment = {**os.environ, "MPLCONFIGDIR": "/proc/nowhere", "HOME": "/proc/nowhere"}
    done = subprocess.run([sys.executable, "-m", "postprocess", "plot", str(one)], cwd=ROOT,
                          env=environment, capture_output=True, text=True, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")


# ---- errors: the code, the message, and nothing written


@pytest.mark.parametrize("arguments, code, message", [
    (["plot", "NOWHERE"], 4, "NOWHERE: no such directory"),
    (["plot", "ONE", "--step", "7"], 2, "no snapshot of step 7; there are 20"),
    (["plot", "ONE", "--step", "first"], 2, "'first' is none of last, all, series"),
    (["plot", "ONE", "--field", "pressure"], 2, "no field 'pressure'; it has temperature"),
    (["plot", "ONE", "--range", "5", "1"], 2, "MIN must be below MAX"),
    (["plot", "ONE", "--range", "a", "1"], 2, "'a' is not a number"),
    (["plot", "ONE", "--dpi", "0"], 2, "'0' is not a whole number from 20 to 1200"),
    (["plot", "ONE", "-o", "x.doc"], 2, "'x.doc' must end in .png, .pdf, .svg"),
    (["plot", "ONE", "-o", "x.png", "--step", "all"], 2, "one file cannot hold --step all"),
    (["plot", "ONE", "-o", "/proc/nowhere/x.png"], 4, "x.png: cannot be written"),
    (["plot"], 2, "required: OUTDIR"),
    (["plot", "ONE", "--colour", "red"], 2, "unrecognized arguments: --colour red"),
    ([], 2, "required: COMMAND"),
    (["draw"], 2, "invalid choice: 'draw'"),
])
def test_error_is_one_line_with_its_exit_code(one, command, arguments, code, message):
    before = sorted(os.listdir(one))
    outcome = command(*[{"ONE": one}.get(a, a) for a in arguments])
    assert outcome.code == code
    assert outcome.err.startswith("postprocess: error: ") and outcome.err.count("\n") == 1
    assert message in outcome.err
    assert outcome.out == "" and sorted(os.listdir(one)) == before


def test_plot_of_a_truncated_snapshot_fails_with_code_4(one, command):
    path = one / "snapshot_000020.h5"
    path.write_bytes(path.read_bytes()[:3000])
    outcome = command("plot", one)
    assert outcome.code == 4 and "snapshot_000020.h5: the file is truncated" in outcome.err
    assert not (one / "temperature.png").exists()


def test_plot_of_a_directory_without_snapshots_fails_with_code_4(tmp_path, command):
    outcome = command("plot", tmp_path)
    assert outcome.code == 4 and "no snapshot_NNNNNN.h5 here" in outcome.err


# ---- what is on a picture


def test_plot_draws_origin_at_lower_left(tmp_path, command):
    data = np.zeros((10, 20))
    data[:5, :10] = 1.0  # hot at the lower left
    command("plot", write_one(tmp_path, data), "--dpi", 60)
    axes = figure_of(tmp_path).axes[0]
    box = axes.get_position()
    image = imread(tmp_path / "temperature.png")[::-1, :, :3]  # row 0 at the bottom

    def brightness(fx: float, fy: float) -> float:
        j = int((box.y0 + fy * box.height) * image.shape[0])
        return float(image[j, int((box.x0 + fx * box.width) * image.shape[1])].sum())
    assert brightness(0.15, 0.15) > 2.0
    assert max(brightness(0.85, 0.15), brightness(0.15, 0.85), brightness(0.85, 0.85)) < 0.2


@pytest.mark.parametrize("box", [(0, 0.3, 0, 0.1), (0, 0.1, 0, 0.3), (5, 6, 2, 3), (0, 1, 0, 0.1)])
def test_panel_has_the_aspect_of_the_domain(tmp_path, box):
    figure = figure_of(write_one(tmp_path, synthetic.gradient(30, 30), box=box))
    place = figure.axes[0].get_position()
    width, height = figure.get_size_inches() * (place.width, place.height)
    assert width / height == pytest.approx((box[1] - box[0]) / (box[3] - box[2]), rel=1e-6)


def test_hair_thin_domain_is_stretched_and_says_so(tmp_path):
    figure = figure_of(write_one(tmp_path, synthetic.gradient(), box=(0, 100, 0, 1)))
    assert "not to scale: y × 6" in texts(figure)


@pytest.mark.parametrize("length, unit", [(20.0, "m"), (0.15, "cm"), (0.02, "mm"), (1e-5, "µm")])
def test_axes_are_in_a_readable_length_unit(tmp_path, length, unit):
    figure = figure_of(write_one(tmp_path, synthetic.gradient(), box=(0, length, 0, length / 2)))
    assert f"x [{unit}]" in texts(figure)


def test_picture_says_title_time_step_range_and_unit(full):
    said = texts(figure_of(full))
    assert "A case" in said
    assert "temperature 300 to 380 K, t = 20 s, step 20, isotherms every 20 K" in said
    assert "temperature [K]" in said


def test_title_with_dollars_and_foreign_letters_is_drawn_as_it_is(tmp_path, command):
    directory = write_one(tmp_path, synthetic.gradient(), title="$5 chip_a {x}$ 東京 \\frac")
    outcome = command("plot", directory, "--dpi", 50)
    assert (outcome.code, outcome.err) == (0, "")


def test_long_title_stays_on_the_page(tmp_path):
    figure = figure_of(write_one(tmp_path, synthetic.gradient(30, 90), title="long title " * 14,
                                 box=(0, 1, 0, 3)))
    for text in figure.texts:
        assert text.get_window_extent().x1 <= figure.bbox.x1


def test_constant_field_is_drawn_and_said_to_be_constant(tmp_path):
    assert "293.15 K everywhere" in texts(figure_of(write_one(tmp_path, np.full((4, 5), 293.15))))


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 2)])
def test_smallest_grids_are_drawn(tmp_path, command, shape):
    data = np.arange(float(np.prod(shape))).reshape(shape)
    assert command("plot", write_one(tmp_path, data), "--dpi", 50).code == 0


def test_cells_that_are_not_finite_are_counted_on_the_picture(tmp_path):
    data = synthetic.gradient()
    data[3, 4:6], data[0, 0] = np.nan, np.inf
    assert "3 of 200 cells are not finite" in texts(figure_of(write_one(tmp_path, data)))


def test_cells_that_are_not_finite_are_grey(tmp_path, command):
    data = synthetic.gradient()
    data[:, :10] = np.nan
    command("plot", write_one(tmp_path, data), "--dpi", 60)
    image = imread(tmp_path / "temperature.png")[:, :, :3]
    grey = matplotlib.colors.to_rgb(field_plot.BAD_COLOUR)
    assert np.mean(np.all(np.abs(image - grey) < 0.02, axis=2)) > 0.2


def test_field_without_any_finite_value_is_drawn_without_a_colour_bar(tmp_path):
    figure = figure_of(write_one(tmp_path, np.full((4, 5), np.nan)))
    assert len(figure.axes) == 1 and "20 of 20 cells are not finite" in texts(figure)


def test_given_range_is_the_colour_range(one):
    figure = figure_of(one, limits=(0.0, 1000.0))
    assert figure.axes[0].images[0].get_clim() == (0.0, 1000.0)


def test_range_may_be_negative_with_an_exponent(one, command):
    assert command("plot", one, "--range", "-1e3", "-2.5", "--dpi", 50).code == 0


def test_unequal_cells_are_drawn_at_their_edges(tmp_path):
    x_edges = np.array([0.0, 0.1, 0.11, 0.2])
    figure = figure_of(write_one(tmp_path, np.zeros((4, 3)), x_edges=x_edges))
    mesh = figure.axes[0].collections[0]
    assert mesh.get_coordinates()[0, :, 0] == pytest.approx(100 * x_edges)  # cm


def test_materials_are_outlined_and_named(full):
    said = texts(figure_of(full))
    assert "solid copper" in said and "board (all the rest)" in said


def test_picture_without_a_material_map_has_no_outlines(one):
    assert "rest" not in texts(figure_of(one))


def test_probes_are_marked_and_named(full):
    figure = figure_of(full)
    rings = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert sorted(map(tuple, rings[0].get_xydata())) == [(0.0, 10.0), (10.0, 5.0)]  # cm
    assert "centre" in texts(figure)


def test_probe_names_do_not_overlap(tmp_path):
    write_one(tmp_path, synthetic.gradient())
    places = [{"name": f"probe {k}", "at": [0.1 + 0.001 * k, 0.05]} for k in range(8)]
    synthetic.write_results(tmp_path, probes=places)
    figure = figure_of(tmp_path)
    boxes = [t.get_window_extent() for t in figure.axes[0].texts]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_conductivity_of_large_contrast_has_a_logarithmic_scale(full):
    figure = figure_of(full, "conductivity")
    assert isinstance(figure.axes[0].images[0].norm, matplotlib.colors.LogNorm)


def test_conductivity_that_depends_on_the_direction_has_two_panels(tmp_path):
    kx = np.ones((10, 20))
    synthetic.write_snapshot(tmp_path, 0, 0.0, {"conductivity_x": kx, "conductivity_y": 2 * kx})
    said = texts(figure_of(tmp_path, "conductivity"))
    assert "conductivity x" in said and "conductivity y" in said


def write_flux(directory: Path, flux: np.ndarray) -> Path:
    """Write a heat flux along x, given for each column."""
    flux = np.broadcast_to(flux, (10, len(flux)))
    synthetic.write_snapshot(directory, 0, 0.0, {"temperature": np.zeros(flux.shape),
                                                 "heat_flux_x": flux,
                                                 "heat_flux_y": np.zeros(flux.shape)})
    return directory


def test_heat_flux_that_spans_decades_has_a_logarithmic_scale_and_says_so(tmp_path):
    figure = figure_of(write_flux(tmp_path, 10.0 ** np.linspace(0, 6, 60)), "heat_flux")
    norm = figure.axes[0].images[0].norm
    # 1e6 is the largest flux; the scale takes at most four decades, and begins at a power of ten.
    assert isinstance(norm, matplotlib.colors.LogNorm)
    assert (norm.vmin, norm.vmax) == (pytest.approx(100.0), 1e6)
    assert "colours logarithmic from 100 W m⁻² (33 % of the cells below)" in texts(figure)


def test_even_heat_flux_has_a_linear_scale(tmp_path):
    figure = figure_of(write_flux(tmp_path, np.linspace(1.0, 10.0, 60)), "heat_flux")
    assert type(figure.axes[0].images[0].norm) is matplotlib.colors.Normalize
    assert "logarithmic" not in texts(figure)


def test_cells_without_heat_flux_are_drawn_on_a_logarithmic_scale(tmp_path):
    """Zero has no logarithm, and grey is for values that are not finite."""
    flux = np.concatenate([np.zeros(5), 10.0 ** np.linspace(0, 6, 55)])
    figure = figure_of(write_flux(tmp_path, flux), "heat_flux")
    assert not np.ma.is_masked(figure.axes[0].images[0].get_array())


def test_component_of_a_heat_flux_that_spans_decades_is_logarithmic_on_both_sides(tmp_path):
    flux = 10.0 ** np.linspace(0, 6, 60)
    figure = figure_of(write_flux(tmp_path, np.concatenate([-flux, flux])), "heat_flux_x")
    norm = figure.axes[0].images[0].norm
    assert isinstance(norm, matplotlib.colors.SymLogNorm) and norm.vmin == -norm.vmax == -1e6
    assert "colours logarithmic beyond ±100 W m⁻²" in texts(figure)


def test_pictures_of_all_steps_share_a_logarithmic_scale(tmp_path, command):
    for step in (0, 1):
        synthetic.write_snapshot(tmp_path, step, float(step), {
            "heat_flux_x": np.broadcast_to(10.0 ** np.linspace(0, 3 + step, 60), (10, 60)),
            "heat_flux_y": np.zeros((10, 60))})
    norm = plot._shared_norm(Run(tmp_path), "heat_flux", None)
    assert isinstance(norm, matplotlib.colors.LogNorm) and norm.vmax == pytest.approx(1e4)
    assert command("plot", tmp_path, "--field", "heat_flux", "--step", "all", "--dpi",
                   50).code == 0


def test_given_range_of_a_heat_flux_is_its_scale(tmp_path):
    directory = write_flux(tmp_path, 10.0 ** np.linspace(0, 6, 60))
    norm = figure_of(directory, "heat_flux", (10.0, 1e5)).axes[0].images[0].norm
    assert isinstance(norm, matplotlib.colors.LogNorm) and (norm.vmin, norm.vmax) == (10.0, 1e5)
    norm = figure_of(directory, "heat_flux", (0.0, 1e5)).axes[0].images[0].norm
    assert (norm.vmin, norm.vmax) == (0.0, 1e5)


def test_heat_flux_of_zero_is_drawn(tmp_path, command):
    zero = np.zeros((10, 20))
    synthetic.write_snapshot(tmp_path, 0, 0.0, {"heat_flux_x": zero, "heat_flux_y": zero})
    assert command("plot", tmp_path, "--field", "heat_flux", "--dpi", 50).code == 0


def test_decomposition_shows_every_rank(full):
    said = texts(figure_of(full, "owner"))
    assert "4 ranks, 50 cells each" in said
    assert all(f"\n{rank}\n" in f"\n{said}\n" for rank in range(4))


@pytest.mark.parametrize("box, shape", [
    ((0, 1e-9, 0, 5e-10), (10, 20)), ((0, 1000, 0, 0.01), (1, 30)), ((0, 0.01, 0, 1000), (30, 1)),
    ((1e6, 1e6 + 1e-3, -5e5, -5e5 + 5e-4), (10, 20)), ((0, 1e7, 0, 1e7), (1, 1)),
    ((-3e-3, -2e-3, 0, 1e-3), (30, 1)), ((0, 1, 0, 100), (20, 2))])
def test_everything_stays_on_the_page_for_every_domain(tmp_path, box, shape):
    data = synthetic.gradient(shape[1], shape[0])
    for step in range(3):
        synthetic.write_snapshot(tmp_path, step, 1000.0 * step, {
            "temperature": data + step, "heat_flux_x": data, "heat_flux_y": data}, box=box)
    synthetic.write_results(tmp_path, probes=[
        {"name": f"probe {k}", "at": [box[0] + (box[1] - box[0]) * k / 4, box[2]]}
        for k in range(5)])
    run = Run(tmp_path)
    with matplotlib.rc_context(plot.STYLE):
        for name in ("temperature", "heat_flux"):
            assert_on_page(plot.picture(run, run.snapshot(), name, None, 50))
        assert_on_page(plot.series_picture(run, "temperature", None, 50))


@pytest.mark.parametrize("data", [293.15, 0.0, 1e300, -1e300, 1e-310, 1e9])
def test_constant_of_any_size_is_drawn(tmp_path, data):
    assert_on_page(figure_of(write_one(tmp_path, np.full((10, 20), data))))


@pytest.mark.parametrize("low, high", [(300.0, 300.0 + 1e-9), (-1e308, 1e308), (0.0, 1e-310),
                                       (1e15, 1e15 + 1), (-2e-9, 3e-9), (0.0, 1e6)])
def test_numbers_beside_the_colour_bar_stay_on_the_page(tmp_path, low, high):
    share = np.linspace(0.0, 1.0, 200).reshape(10, 20)
    data = low * (1.0 - share) + high * share  # high - low may overflow
    for name, box in (("upright", (0, 1, 0, 1)), ("level", (0, 10, 0, 1))):
        write_one(tmp_path / name, data, box=box)
        assert_on_page(figure_of(tmp_path / name))


def test_cells_far_from_the_origin_have_short_coordinates(tmp_path):
    figure = figure_of(write_one(tmp_path, synthetic.gradient(),
                                 box=(1e6, 1e6 + 1e-3, -5e5, -5e5 + 5e-4)))
    axes = figure.axes[0]
    assert axes.get_xlabel() == "x − 1000000 m [mm]" and axes.get_ylabel() == "y + 500000 m [mm]"
    figure.canvas.draw()
    assert all(len(t.get_text()) <= 4 for t in axes.get_xticklabels())


def test_names_of_materials_keep_their_underscores(tmp_path):
    synthetic.write_snapshot(tmp_path, 0, 0.0, {"material": synthetic.two_materials()},
                             materials=("_board", "fr_4"))
    said = texts(figure_of(tmp_path, "material")).splitlines()
    assert "_board" in said and "fr_4" in said


def test_probes_beyond_ten_are_marked_and_counted(tmp_path):
    write_one(tmp_path, synthetic.gradient())
    synthetic.write_results(tmp_path, probes=[{"name": f"p{k}", "at": [0.001 * k, 0.05]}
                                              for k in range(200)])
    figure = figure_of(tmp_path)
    assert "200 probes" in texts(figure)
    assert len(figure.axes[0].lines[0].get_xdata()) == 200


def test_map_of_hundreds_of_materials_is_drawn(tmp_path, command):
    material = np.arange(600).reshape(20, 30)
    synthetic.write_snapshot(tmp_path, 0, 0.0, {"temperature": synthetic.gradient(30, 20),
                                                "material": material})
    assert command("plot", tmp_path, "--dpi", 50).code == 0
    assert command("plot", tmp_path, "--field", "material", "--dpi", 50).code == 0


# ---- series


def test_series_has_one_colour_range(full):
    figure = plot.series_picture(Run(full), "temperature", None, 50)
    limits = {axes.images[0].get_clim() for axes in figure.axes if axes.images}
    assert limits == {(300.0, 400.0)}


def test_series_of_many_snapshots_shows_the_first_the_last_and_some_between(tmp_path):
    for step in range(21):
        synthetic.write_snapshot(tmp_path, step, float(step),
                                 {"temperature": synthetic.gradient()})
    steps = [s.step for s in field_page.chosen(Run(tmp_path).snapshots)]
    assert steps == [0, 4, 8, 12, 16, 20]


# ---- parts


def test_outlines_join_to_long_segments():
    rank, _ = ranked(synthetic.two_materials(30, 30))
    segments, owner = outlines(rank, np.arange(31.0), np.arange(31.0))
    assert len(segments) == 4 and set(owner) == {1}
    assert sorted(np.abs(np.diff(segments, axis=1)).sum(axis=(1, 2))) == [10, 10, 10, 10]


def test_outline_between_two_columns_runs_along_the_cell_edge():
    segments, _ = outlines(np.array([[0, 1]]), np.array([0.0, 3.0, 4.0]), np.array([0.0, 2.0]))
    assert segments.tolist() == [[[3.0, 0.0], [3.0, 2.0]]]


def test_outline_between_two_rows_runs_along_the_cell_edge():
    segments, _ = outlines(np.array([[0], [1]]), np.array([0.0, 2.0]), np.array([0.0, 3.0, 4.0]))
    assert segments.tolist() == [[[0.0, 3.0], [2.0, 3.0]]]


@pytest.mark.parametrize("aspect", [0.05, 0.3, 1.0, 3.0, 10.0, 40.0])
@pytest.mark.parametrize("count", [1, 2, 6, 8])
def test_panels_do_not_overlap_and_stay_on_the_page(aspect, count):
    sheet = make_sheet(aspect, ["t = 12.34 min"] * count, "title", ["note"], ["copper", "silicon"])
    boxes = [axes.get_position() for axes in sheet.figure.axes]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    assert all(b.x0 > 0 and b.y0 > 0 and b.x1 < 1 and b.y1 < 1 for b in boxes)


def test_wide_panels_stand_on_each_other_and_tall_ones_side_by_side():
    assert arrange(6, 10.0) == (1, 6)
    assert arrange(6, 0.1) == (6, 1)


def test_panel_is_never_too_thin_to_see():
    width, height, stretched = panel_size(100.0, 1, 1)
    assert min(width, height) >= 0.4 and stretched > 1

"""Profiles: a picture for each file, with the times that it shows."""
from __future__ import annotations

import matplotlib
import numpy as np

from postprocess import plot
from postprocess.profile_plot import draw_profile
from postprocess.reader import Run
from postprocess.tests import synthetic
from postprocess.tests.conftest import assert_on_page, texts


def figure_of(directory, name: str, steady: bool = False):
    with matplotlib.rc_context(plot.STYLE):
        return draw_profile("A case", name, Run(directory).profiles[name], "K", steady)


def curves(figure) -> list[np.ndarray]:
    return [line.get_ydata() for line in figure.axes[0].lines if len(line.get_ydata()) > 1]


def test_each_profile_has_a_picture_of_its_own(one, command):
    synthetic.write_profile(one, "wall", {0: 0.0, 20: 20.0})
    synthetic.write_profile(one, "axis.2", {20: 20.0})
    files = command("plot", one, "--dpi", 50).files
    assert files == ["temperature.png", "profile_axis.2.png", "profile_wall.png"]


def test_profile_shows_the_temperature_over_the_distance(one):
    synthetic.write_profile(one, "wall", {0: 0.0, 20: 20.0})
    figure = figure_of(one, "wall")
    first, last = curves(figure)
    assert (first[0], last[0]) == (300.0, 320.0)
    assert figure.axes[0].get_xlabel() == "distance [cm]"
    for expected in ("profile wall from (0, 5) to (20, 5) cm, 11 points, 2 times", "t = 0 s",
                     "t = 20 s"):
        assert expected in texts(figure)


def test_profile_of_many_times_says_how_many_it_shows(one):
    synthetic.write_profile(one, "wall", {k: 10.0 * k for k in range(41)})
    figure = figure_of(one, "wall")
    assert len(curves(figure)) == 6 and "6 of 41 times" in texts(figure)


def test_profile_of_a_steady_run_shows_the_steady_state_only(steady):
    figure = figure_of(steady, "middle", steady=True)
    only, = curves(figure)
    assert only[0] == 301.0
    assert "steady state" in texts(figure) and "t =" not in texts(figure)


def test_times_that_look_alike_are_told_apart_by_their_steps(one):
    synthetic.write_profile(one, "wall", {1: 1000.00001, 2: 1000.00002})
    assert "step 1" in texts(figure_of(one, "wall")).replace("\n", " ")


def test_profile_that_is_being_written_is_drawn_as_far_as_it_goes(one):
    synthetic.write_profile(one, "wall", {0: 0.0, 20: 20.0})
    path = one / "profile_wall.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-4]) + "\n20,20,0.1")
    figure = figure_of(one, "wall")
    assert "not finite: t = 20 s in 4 of 11 points" in texts(figure)


def test_profile_without_a_finite_value_says_so(one):
    synthetic.write_profile(one, "wall", {20: 20.0})
    path = one / "profile_wall.csv"
    header, *rows = path.read_text().splitlines()
    rows = [row.rpartition(",")[0] + ",nan" for row in rows]
    path.write_text("\n".join([header, *rows]) + "\n")
    assert "in 11 of 11 points" in texts(figure_of(one, "wall"))


def test_profile_without_rows_has_no_picture(one, command):
    (one / "profile_wall.csv").write_text("step,time,distance,x,y,temperature\n")
    assert command("plot", one, "--dpi", 50).files == ["temperature.png"]


def test_profile_without_a_column_is_an_error(one, command):
    (one / "profile_wall.csv").write_text("step,time,distance\n1,2,3\n")
    outcome = command("plot", one, "--dpi", 50)
    assert outcome.code == 4 and "profile_wall.csv:1: no column 'x'" in outcome.err


def test_profile_texts_stay_on_the_page(one):
    synthetic.write_profile(one, "n" * 150, {0: 0.0, 20: 20.0})
    assert_on_page(figure_of(one, "n" * 150))

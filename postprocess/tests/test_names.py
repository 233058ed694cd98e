"""Titles and names with characters that matplotlib, a terminal or a CSV file would interpret."""
from __future__ import annotations

import csv
import warnings

import matplotlib
import numpy as np
import pytest

from postprocess import plot, wording
from postprocess.history_columns import sort_columns
from postprocess.history_plot import draw_history
from postprocess.reader import Run
from postprocess.steady_plot import draw_steady
from postprocess.tests import synthetic
from postprocess.tests.conftest import assert_on_page, texts
from postprocess.texts import fitted, text_width, wrapped

HOSTILE = {"dollars": r"$\frac{a}{b}$", "one dollar": "cost $5", "underscore": "_hidden_",
           "percent": "100 %s %d", "braces": "{x}{y} ^2_3", "backslashes": r"C:\new\table\x",
           "tags": "<b>&amp;</b>", "long": "long name " * 20, "unbroken": "W" * 300,
           "foreign": "東京 Größe", "comma": 'a, "quoted" name'}


def write_everything(directory, name: str) -> None:
    """Write a run whose title, materials, probes, regions and interfaces have the name."""
    fields = {"temperature": synthetic.gradient(), "material": synthetic.two_materials()}
    for step, time in ((0, 0.0), (1, 9.0)):
        synthetic.write_snapshot(directory, step, time, fields, title=name,
                                 materials=("plain", name))
    columns = {f"heat_{name}_b": np.arange(9.0)}
    columns.update({f"{part}_{name}": 300 + np.arange(9.0) for part in ("min", "mean", "max")})
    synthetic.write_history(directory, np.arange(9.0), **columns)
    synthetic.write_probes(directory, np.arange(9.0), (name, "other"))
    synthetic.write_results(directory, title=name, probes=[{"name": name, "at": [0.1, 0.05]}],
                            energy={"interfaces": [{"from": name, "to": "b"}]})


def figures(directory):
    """Yield every page of a run, drawn for a transient and for a steady one."""
    run = Run(directory)
    columns = sort_columns(run.history, run.results)
    with matplotlib.rc_context(plot.STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        for name in ("temperature", "material"):
            yield plot.picture(run, run.snapshot(), name, None, 50)
        yield draw_history(run.title, run.history["time"], columns, run.probes, "K")
        yield draw_steady(run.title, columns, run.probes, "K")


@pytest.mark.parametrize("kind", HOSTILE)
def test_name_is_drawn_as_it_is_written_on_every_page(tmp_path, kind):
    write_everything(tmp_path, HOSTILE[kind])
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        for figure in figures(tmp_path):
            assert_on_page(figure)  # draws, so a formula would raise
            for text in figure.findobj(matplotlib.text.Text):
                assert not text.get_parse_math() and not text.get_usetex()


@pytest.mark.parametrize("kind", ["dollars", "one dollar", "underscore", "percent", "braces"])
def test_short_name_is_whole_in_every_legend(tmp_path, kind):
    name = HOSTILE[kind]
    write_everything(tmp_path, name)
    run = Run(tmp_path)
    pages = [texts(figure).splitlines() for figure in figures(tmp_path)]
    assert all(name in page for page in pages), [name in page for page in pages]
    history = pages[2]
    assert history.count(name) >= 3  # title, region, probe
    assert f"{name} → b" in history
    assert run.title == name


def test_user_settings_of_matplotlib_do_not_turn_names_into_formulas(tmp_path, command):
    write_everything(tmp_path, HOSTILE["dollars"])
    with matplotlib.rc_context({"text.usetex": True, "text.parse_math": True}):
        outcome = command("plot", tmp_path, "--dpi", 50)
    assert (outcome.code, outcome.err) == (0, "")


CONTROL = "a\x1b[31mred\x07\u202egnp.exe\u2028b"


def test_control_characters_reach_neither_terminal_nor_picture(tmp_path, command):
    write_everything(tmp_path, CONTROL)
    outcome = command("info", tmp_path)
    assert outcome.code == 0
    for figure in figures(tmp_path):
        figure.canvas.draw()
        assert not set("\x1b\x07\u202e\u2028") & set(texts(figure))
    assert not set("\x1b\x07\u202e\u2028") & set(outcome.out)


def test_control_characters_of_an_argument_reach_no_message(one, command):
    outcome = command("plot", one, "--field", "x\x1b[31m\ny")
    assert outcome.code == 2 and outcome.err.count("\n") == 1 and "\x1b" not in outcome.err


def test_picture_of_control_characters_is_valid_svg(tmp_path, command):
    import xml.etree.ElementTree
    write_everything(tmp_path, CONTROL)
    target = tmp_path / "picture.svg"
    assert command("plot", tmp_path, "-o", target).code == 0
    xml.etree.ElementTree.parse(target)


@pytest.mark.parametrize("name", ["a\nb", "a\u2028b", "a\x0bb", 'say "hi", twice', "a,b"])
def test_table_reads_quoted_names_with_any_character(one, name):
    with open(one / "probes.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([["step", "time", name], [0, 0.0, 1.5],
                                                         [1, 1.0, 2.5]])
    assert list(Run(one).probes[name]) == [1.5, 2.5]


# ---- fitting


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("width", [0.3, 1.3, 5.0])
def test_wrapped_lines_fit(kind, width):
    lines = wrapped(HOSTILE[kind], width, 8, most=3)
    assert 1 <= len(lines) <= 3
    assert all(text_width(line, 8) <= width + 0.15 for line in lines)


def test_wrapped_text_loses_nothing_when_it_fits():
    assert " ".join(wrapped("one two three four five six", 0.6, 8)) == "one two three four five six"


def test_number_stays_with_its_unit():
    for width in np.linspace(0.4, 2.0, 17):
        assert any("20 K" in line for line in wrapped("isotherms every 20\u00a0K", width, 8))


@pytest.mark.filterwarnings("ignore:Glyph .* missing")
@pytest.mark.parametrize("kind", HOSTILE)
def test_fitted_name_fits_and_keeps_its_ends(kind):
    name = HOSTILE[kind]
    text = fitted(name, 1.0, 8)
    assert text_width(text, 8) <= 1.0 and text[0] == name[0] and text[-1] == name[-1]


def test_shortened_names_keep_what_distinguishes_them():
    names = [f"temperature sensor {k:04d}" for k in range(5)]
    assert len({wording.shortened(name, 14) for name in names}) == 5

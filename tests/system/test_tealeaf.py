"""TeaLeaf's decks converted by inputs/tealeaf/convert.py have TeaLeaf's answers and painting; wrong decks are refused."""
from __future__ import annotations

import re

import numpy as np
import pytest
import yaml
from heat2d_case import run
from tealeaf_deck import DECKS, RELATIVE, assert_answer, convert, run_deck, sized

SMALL = """\
*tea
state 1 density=2.0 energy=0.5
x_cells=12
y_cells=8
xmin=0.0
xmax=6.0
ymin=0.0
ymax=2.0
initial_timestep=0.1
end_step=1
*endtea
"""


# ---- answers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deck,answer", [(1, 157.55084183279294), (2, 106.27221178646569), (3, 99.955877498324),
                                         (4, 97.277332050749976)])
def test_deck_has_tealeafs_answer(tmp_path, deck, answer):
    outcome = run_deck(tmp_path, DECKS / f"tea_bm_{deck}.in", answer)
    assert_answer(outcome, answer)
    assert abs(outcome.results["energy"]["balance_error_relative"]) < 1e-10  # the documented bound of the account


@pytest.mark.parametrize("n,steps,answer", [(64, 1, 108.46977203007815), (512, 20, 103.4697091898282),
                                            (1000, 2, 91.61051549004094), (1000, 4, 93.48844542172745),
                                            (1024, 20, 101.2100932683400)])
def test_other_grids_have_tealeafs_answer(tmp_path, n, steps, answer):
    assert_answer(run_deck(tmp_path, sized(tmp_path, n, steps), answer), answer)


@pytest.mark.parametrize("coefficient,average,answer", [
    ("density", "harmonic", 84.66208018978944),
    ("inverse_density", "arithmetic", 268.05301922178774)])
def test_another_mean_or_coefficient_has_another_answer(tmp_path, coefficient, average, answer):
    deck = tmp_path / "deck.in"
    deck.write_text((DECKS / "tea_bm_1.in").read_text().replace("tl_use_cg", f"tl_coefficient_{coefficient}"))
    outcome = run_deck(tmp_path, deck, answer, "--set", f"solver.face_average={average}")
    assert_answer(outcome, answer)


def test_a_harmonic_mean_fails_the_check_of_the_answer(tmp_path):
    outcome = run_deck(tmp_path, DECKS / "tea_bm_1.in", 157.55084183279294, "--set", "solver.face_average=harmonic")
    assert outcome.code == 5
    assert not outcome.checks[0]["pass"]


@pytest.mark.parametrize("n,mass", [(10, 8401.6), (64, 8180.5322265625)])
def test_mass_is_that_of_tealeaf(tmp_path, n, mass):
    """The mass is the integral of a temperature 1 weighted with density; edges of rectangles do not lie on faces of 64 cells."""
    case = yaml.safe_load(convert(sized(tmp_path, n, 1)).stdout)
    for region in case["regions"]:
        region["temperature"] = 1.0
    # TeaLeaf's summary has the exact value; heat2d sums 4096 terms.
    case["check"] = [{"quantity": "integral", "weight": "density", "value": mass, "relative": 1e-12}]
    assert run(tmp_path, case, "--quiet", ranks=2).code == 0


# ---- painting -------------------------------------------------------------------------------------------


def tealeaf_paint(nx, ny, extent, states):
    """Return the density by TeaLeaf's rules, cell by cell: the moved corner, the shrunk rectangle, the vertex of a point."""
    hx, hy = extent[0] / nx, extent[1] / ny
    density = np.full((ny, nx), states[0]["density"])
    for state in states[1:]:
        for j in range(ny):
            for i in range(nx):
                x, y = state["xmin"] + hx / 100, state["ymin"] + hy / 100
                if state["geometry"] == "rectangle":
                    inside = ((i + 1) * hx >= x and i * hx < state["xmax"] - hx / 100
                              and (j + 1) * hy >= y and j * hy < state["ymax"] - hy / 100)
                elif state["geometry"] == "circle":
                    inside = np.hypot((i + 0.5) * hx - x, (j + 0.5) * hy - y) <= state["radius"]
                else:
                    inside = abs(i * hx - state["xmin"]) < 1e-12 and abs(j * hy - state["ymin"]) < 1e-12
                if inside:
                    density[j, i] = state["density"]
    return density


@pytest.mark.parametrize("nx,ny", [(12, 8), (37, 23), (50, 20)])
def test_states_are_painted_by_tealeafs_rules(tmp_path, nx, ny):
    extent = (6.0, 2.0)
    states = [{"density": 2.0},
              {"density": 3.0, "geometry": "rectangle", "xmin": 0.3, "xmax": 2.5, "ymin": 0.1, "ymax": 0.9},
              {"density": 4.0, "geometry": "circle", "xmin": 4.0, "ymin": 1.0, "radius": 0.7},
              {"density": 5.0, "geometry": "point", "xmin": 2 * 6.0 / nx, "ymin": 3 * 2.0 / ny},
              {"density": 6.0, "geometry": "rectangle", "xmin": 5.1, "xmax": 9.0, "ymin": -1.0, "ymax": 0.55},
              {"density": 7.0, "geometry": "rectangle", "xmin": 3.21, "xmax": 3.21, "ymin": 0.0, "ymax": 0.5}]
    words = [" ".join(f"{key} {value}" for key, value in state.items()) for state in states]
    text = SMALL.replace("state 1 density=2.0 energy=0.5", "\n".join(
        f"state {n} energy 0.5 {line}" for n, line in enumerate(words, 1)))
    deck = tmp_path / "deck.in"
    deck.write_text(text.replace("x_cells=12", f"x_cells={nx}").replace("y_cells=8", f"y_cells={ny}"))
    case = yaml.safe_load(convert(deck).stdout)
    case["output"] = {"snapshots": {"every": 1}, "fields": ["temperature", "material"]}
    outcome = run(tmp_path, case, "--quiet", ranks=2)
    assert outcome.code == 0, outcome.err
    densities = np.array([material["density"] for material in case["materials"]])
    np.testing.assert_array_equal(densities[outcome.field(0, "material")], tealeaf_paint(nx, ny, extent, states))
    # The temperature is density times energy; this is the initial field.
    np.testing.assert_allclose(outcome.field(0), 0.5 * tealeaf_paint(nx, ny, extent, states), rtol=1e-15)


def test_states_are_painted_in_the_order_of_their_numbers(tmp_path):
    deck = tmp_path / "deck.in"
    deck.write_text(SMALL.replace("x_cells", "state 3 density 3 energy 1 geometry circle xmin 1 ymin 1 radius 1\n"
                                  "state 2 density 4 energy 1 geometry circle xmin 1 ymin 1 radius 1\nx_cells"))
    regions = yaml.safe_load(convert(deck).stdout)["regions"]
    assert [region["material"] for region in regions] == ["density-2.0", "density-4.0", "density-3.0"]


# ---- the deck's words -----------------------------------------------------------------------------------


def converted(tmp_path, text):
    deck = tmp_path / "deck.in"
    deck.write_text(text)
    done = convert(deck)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout), done.stderr


def test_comments_case_signs_and_continued_lines(tmp_path):
    plain, _ = converted(tmp_path, SMALL)
    shouted, _ = converted(tmp_path, """\
words before the block are not read
*TEA
! state 2 density=9
STATE 1, Density = 2.0D0 \\
  energy 5e-1   # a comment
X_CELLS 12 y_cells 8  xmin=0 xmax=6. ymin 0 ; xmax=99
ymax
2
initial_timestep 1d-1 end_step=1
*endtea
unknown words after it neither
""")
    assert shouted == plain


def test_absent_keys_have_tealeafs_defaults(tmp_path):
    case, _ = converted(tmp_path, "*tea\nstate 1 density 1 energy 1\n")
    assert case["grid"] == {"cells": [10, 10], "x": [0.0, 100.0], "y": [0.0, 100.0]}
    assert case["time"] == {"scheme": "backward-euler", "step": 0.1, "steps": 101}
    text = convert(tmp_path / "deck.in").stdout
    assert "defaults are used: xmin 0.0, xmax 100.0" in text and "end_time 10.0" in text


@pytest.mark.parametrize("lines,steps", [
    ("end_step=7", 7), ("end_time=0.35\nend_step=7", 4), ("end_time=0.35\nend_step=2", 2), ("end_step=0", 1),
    ("end_time=0.4", 4), ("end_time=10.0\ninitial_timestep=0.5", 21)])
def test_end_time_or_end_step_whichever_is_first(tmp_path, lines, steps):
    case, _ = converted(tmp_path, SMALL.replace("end_step=1", lines))
    assert case["time"]["steps"] == steps


@pytest.mark.parametrize("word,conductivity", [
    ("tl_coefficient_density", 0.5), ("coefficient_density", 0.5), ("", 0.5),
    ("tl_coefficient_inverse_density", 2.0), ("coefficient_inverse_density", 2.0)])
def test_the_coefficients_names_are_inverted(tmp_path, word, conductivity):
    case, _ = converted(tmp_path, SMALL.replace("*endtea", f"{word}\n*endtea"))
    assert case["materials"] == [{"name": "density-2.0", "conductivity": conductivity, "density": 2.0,
                                  "specific_heat": 0.5}]


def test_solver_words_are_ignored_with_one_notice(tmp_path):
    words = ["tl_use_ppcg", "tl_eps 1e-15", "tl_max_iters=100", "tl_ppcg_inner_steps 4",
             "tl_preconditioner_type jac_block", "profiler_on", "visit_frequency 3", "summary_frequency 1", "halo_depth 2", "use_c_kernels", "eps 1e-9",
             "reflective_boundary", "tl_ch_cg_presteps 30", "test_problem 4", "verbose_on"]
    plain, silence = converted(tmp_path, SMALL)
    case, notice = converted(tmp_path, SMALL.replace("*endtea", "\n".join(words) + "\n*endtea"))
    assert case == plain and silence == ""
    assert len(notice.splitlines()) == 1 and "ignored" in notice
    assert all(re.search(rf"\b{re.split('[ =]', word)[0]}\b", notice) for word in words)


def test_without_expect_the_case_checks_the_energy_balance_only(tmp_path):
    case, _ = converted(tmp_path, SMALL)
    assert case["check"] == [{"quantity": "energy_balance", "below": 1e-9}]


def test_expect_adds_the_check_of_the_answer(tmp_path):
    deck = tmp_path / "deck.in"
    deck.write_text(SMALL)
    case = yaml.safe_load(convert(deck, "--expect", "95.462351583362249").stdout)
    assert case["check"][0] == {"quantity": "integral", "of": "temperature", "weight": "density",
                                "value": 95.462351583362249, "relative": RELATIVE}


def test_a_state_that_covers_no_cell_is_left_out_and_reported(tmp_path):
    case, notice = converted(tmp_path, SMALL.replace(
        "x_cells", "state 2 density 3 energy 1 geometry point xmin 0.123 ymin 0.0\nx_cells"))
    assert len(case["regions"]) == 1
    assert "state 2 (line 3) covers no cell" in notice


# ---- refused --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("old,new,line,words", [
    ("end_step=1", "end_stop=1", 10, "unknown keyword 'end_stop'"),
    ("energy=0.5", "energie=0.5", 2, "state 1: unknown word 'energie'"),
    ("density=2.0 ", "", 2, "state 1: density is missing"),
    ("density=2.0", "density=0", 2, "density: found 0.0; it must be above 0"),
    ("density=2.0", "density=heavy", 2, "density: found 'heavy'; it must be a number"),
    ("density=2.0", "density=nan", 2, "density: found 'nan'; it must be a number"),
    ("x_cells=12", "x_cells=1.5", 3, "x_cells: found '1.5'; it must be a whole number"),
    ("x_cells=12", "x_cells=0", 3, "x_cells: found 0; it must be at least 1"),
    ("initial_timestep=0.1", "initial_timestep=-1", 9, "initial_timestep: found -1; it must be above 0"),
    ("xmax=6.0", "xmax=-6.0", 0, "xmin must be below xmax"),
    ("x_cells", "state 3 density 1 energy 1 geometry point xmin 0 ymin 0\nx_cells", 0, "state 2 is missing"),
    ("x_cells", "state 1 density 1 energy 1\nx_cells", 3, "state 1 is defined twice, first in line 2"),
    ("x_cells", "state 2 density 1 energy 1\nx_cells", 3, "state 2: geometry is missing"),
    ("x_cells", "state 2 density 1 energy 1 geometry square\nx_cells", 3, "found 'square'"),
    ("x_cells", "state 2 density 1 energy 1 geometry circle xmin 0 ymin 0\nx_cells", 3, "state 2: radius is missing"),
    ("state 1 density=2.0 energy=0.5\n", "", 0, "no state is defined"),
    ("end_step=1\n*endtea", "end_step=", 10, "end_step has no value"),
    ("*tea", "", 0, "there is no *tea line"),
])
def test_a_wrong_deck_is_refused_with_its_line(tmp_path, old, new, line, words):
    assert old in SMALL
    deck = tmp_path / "deck.in"
    deck.write_text(SMALL.replace(old, new, 1))
    done = convert(deck, "-o", str(tmp_path / "case.yaml"))
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and words in done.stderr
    assert f"{deck}:{line}: " in done.stderr if line else f"{deck}: " in done.stderr
    assert not (tmp_path / "case.yaml").exists()


def test_a_deck_that_is_not_there_is_exit_code_4(tmp_path):
    done = convert(tmp_path / "none.in")
    assert done.returncode == 4 and "none.in: No such file or directory" in done.stderr


def test_an_answer_that_is_no_number_is_exit_code_2(tmp_path):
    assert convert(DECKS / "tea_bm_1.in", "--expect", "nan").returncode == 2

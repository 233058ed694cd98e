"""Bad input and failing runs: the exit code, the message, and what was (not) written."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from heat2d_case import Outcome, basic_case, command, execute, run, write_case

GOOD = """\
title: bad input
grid:
  cells: [12, 8]
  x: [0.0, 1.0]
  y: [0.0, 0.5]
materials:
  - {name: steel, conductivity: 45.0, density: 7850.0, specific_heat: 490.0}
  - {name: ply, conductivity: 0.2, density: 600.0, specific_heat: 1600.0}
regions:
  - {material: steel, temperature: 293.0}
  - {shape: rectangle, x: [0.2, 0.4], y: [0.1, 0.4], material: ply}
initial: {temperature: "1+x"}
boundary:
  left: {type: temperature, value: 373.0}
  right: {type: insulated}
time:
  scheme: backward-euler
  step: 0.5
  steps: 4
solver: {tolerance: 1e-8, preconditioner: jacobi}
output:
  probes: [{name: a, at: [0.5, 0.25]}]
"""

SECTIONS = {
    "grid": "grid:\n  cells: [12, 8]\n  x: [0.0, 1.0]\n  y: [0.0, 0.5]\n",
    "materials": GOOD[GOOD.index("materials:"):GOOD.index("regions:")],
    "time": GOOD[GOOD.index("time:"):GOOD.index("solver:")],
}

# name: (what is replaced, by what; `# here` marks the line that the message must name, words of the message)
BAD: dict[str, tuple[str, str, list[str]]] = {
    "unknown key": ("title: bad input", "titel: bad input # here", ["titel", "unknown key", "did you mean 'title'"]),
    "unknown key below": ("  cells: [12, 8]", "  cell: [12, 8] # here", ["grid.cell", "unknown key", "'cells'"]),
    "unknown key in a list": ("density: 600.0, specific_heat: 1600.0}", "densty: 600.0, specific_heat: 1600.0} # here",
                              ["materials[1].densty", "unknown key", "'density'"]),
    "repeated section": ("solver:", "title: again # here\nsolver:", ["title", "repeated key"]),
    "repeated key": ("  step: 0.5", "  step: 0.5\n  step: 0.25 # here", ["time.step", "repeated key"]),
    "missing grid": (SECTIONS["grid"], "", ["grid", "missing"]),
    "missing materials": (SECTIONS["materials"], "", ["materials", "missing"]),
    "missing time": (SECTIONS["time"], "", ["time", "missing"]),
    "missing cells": ("  cells: [12, 8]\n", "", ["grid.cells", "missing"]),
    "missing conductivity": ("conductivity: 45.0, ", "", ["materials[0].conductivity", "missing"]),
    "missing step": ("  step: 0.5\n", "", ["time.step", "missing"]),
    "neither end nor steps": ("  steps: 4\n", "", ["time", "end", "steps"]),
    "both end and steps": ("  steps: 4", "  end: 2.0\n  steps: 4", ["time", "end", "steps"]),
    "missing value": ("{type: temperature, value: 373.0}", "{type: temperature} # here",
                      ["boundary.left", "value", "missing"]),
    "text for a number": ("step: 0.5", "step: fast # here", ["time.step", "fast", "number"]),
    "number for a section": (SECTIONS["grid"], "grid: 12 # here\n", ["grid", "12", "mapping"]),
    "mapping for a list": (SECTIONS["materials"], "materials: {name: steel} # here\n", ["materials", "list"]),
    "fraction for a whole number": ("cells: [12, 8]", "cells: [12.5, 8] # here", ["grid.cells", "12.5", "whole number"]),
    "exponent for a whole number": ("cells: [12, 8]", "cells: [1e2, 8] # here", ["grid.cells", "1e2", "write 100"]),
    "three cells": ("cells: [12, 8]", "cells: [12, 8, 4] # here", ["grid.cells", "list of two"]),
    "one extent": ("x: [0.0, 1.0]", "x: 1.0 # here", ["grid.x", "list of two"]),
    "list for a word": ("scheme: backward-euler", "scheme: [ftcs] # here", ["time.scheme", "list"]),
    "word for truth": ("tolerance: 1e-8,", "reproducible: maybe,", ["solver.reproducible", "maybe", "true or false"]),
    "nan": ("density: 7850.0", "density: .nan", ["materials[0].density", "finite"]),
    "inf": ("x: [0.0, 1.0]", "x: [0.0, .inf] # here", ["grid.x", "finite"]),
    "too large for a number": ("density: 7850.0", "density: 1e999", ["materials[0].density", "1e999"]),
    "inf in an expression": ("value: 373.0}", 'value: "1/0"} # here', ["boundary.left.value", "finite"]),
    "no cells": ("cells: [12, 8]", "cells: [0, 8] # here", ["grid.cells", "0", "at least 1"]),
    "negative cells": ("cells: [12, 8]", "cells: [-3, 8] # here", ["grid.cells", "-3", "at least 1"]),
    "reversed extent": ("x: [0.0, 1.0]", "x: [1.0, 0.0] # here", ["grid.x", "less than"]),
    "negative conductivity": ("conductivity: 45.0", "conductivity: -45.0", ["materials[0].conductivity", "-45", "greater"]),
    "negative kx": ("conductivity: 45.0", "conductivity: [1.0, -2.0]", ["materials[0].conductivity", "-2", "greater"]),
    "zero density": ("density: 7850.0", "density: 0", ["materials[0].density", "0", "greater"]),
    "negative step": ("step: 0.5", "step: -0.5 # here", ["time.step", "-0.5", "greater"]),
    "zero steps": ("steps: 4", "steps: 0 # here", ["time.steps", "0", "at least 1"]),
    "end between steps": ("steps: 4", "end: 1.7 # here", ["time.end", "1.7", "whole number of steps"]),
    "tolerance of one": ("tolerance: 1e-8", "tolerance: 1.0", ["solver.tolerance", "1"]),
    "two materials of one name": ("name: ply", "name: steel", ["materials[1].name", "steel"]),
    "region of no material": ("material: ply}", "material: plywood} # here", ["regions[1].material", "plywood", "steel", "ply"]),
    "rectangle without x": ("x: [0.2, 0.4], ", "", ["regions[1].x", "missing"]),
    "polygon of two": ("shape: rectangle, x: [0.2, 0.4], y: [0.1, 0.4]",
                       "shape: polygon, vertices: [[0.1, 0.1], [0.2, 0.2]]", ["regions[1].vertices"]),
    "circle without radius": ("shape: rectangle, x: [0.2, 0.4], y: [0.1, 0.4]", "shape: circle, centre: [0.1, 0.1]",
                              ["regions[1].radius"]),
    "unknown side": ("  right: {type: insulated}", "  rigth: {type: insulated} # here", ["rigth", "'right'"]),
    "unknown type": ("type: insulated", "type: isolated", ["boundary.right.type", "isolated", "insulated"]),
    "unknown scheme": ("backward-euler", "backward-eulr # here", ["time.scheme", "backward-eulr", "backward-euler"]),
    "lonely periodic side": ("{type: insulated}", "{type: periodic} # here", ["boundary.right", "periodic", "left"]),
    "negative coefficient": ("{type: insulated}", "{type: convection, coefficient: -1, ambient: 0} # here",
                             ["boundary.right.coefficient", "-1"]),
    "probe outside": ("at: [0.5, 0.25]", "at: [1.5, 0.25]", ["output.probes[0]", "1.5"]),
    "more cells than an index holds": ("cells: [12, 8]", "cells: [4000000000, 4000000000] # here",
                                       ["grid.cells", "4000000000", "indices"]),
    "cells beyond a 64-bit number": ("cells: [12, 8]", "cells: [99999999999999999999, 8] # here",
                                     ["grid.cells", "99999999999999999999"]),
    "processes for other ranks": ("solver:", "decomposition: {processes: [4, 5]} # here\nsolver:",
                                  ["decomposition.processes", "[4, 5]", "ranks"]),
    "zero processes": ("solver:", "decomposition: {processes: [0, 1]} # here\nsolver:",
                       ["decomposition.processes", "found 0", "at least 1"]),
    "processes as a word": ("solver:", "decomposition: {processes: many} # here\nsolver:",
                            ["decomposition.processes", "many", "auto"]),
    "two kinds of snapshots": ("  probes:", "  snapshots: {every: 2, interval: 1.0} # here\n  probes:",
                               ["output.snapshots", "every"]),
    "unknown field": ("  probes:", "  fields: [pressure] # here\n  probes:", ["output.fields", "pressure", "temperature"]),
    "no checkpoint kept": ("solver:", "checkpoint: {keep: 0} # here\nsolver:", ["checkpoint.keep", "0"]),
    "unknown check": ("solver:", "check: [{quantity: entropy, value: 1}] # here\nsolver:", ["check[0].quantity", "entropy"]),
    "check without a value": ("solver:", "check: [{quantity: minimum, tolerance: 1}] # here\nsolver:", ["check[0]", "value"]),
    "petsc option nobody reads": ("solver:", "petsc: {ksp_typo: 1} # here\nsolver:", ["petsc.ksp_typo", "-ksp_typo"]),
    "not YAML": ("title: bad input", "title: [bad}} # here", ["not valid YAML"]),
    "a tab": ("  step: 0.5", "\tstep: 0.5 # here", ["tab"]),
    "an anchor": ("title: bad input", "title: &a bad # here", ["anchor"]),
    "two documents": ("solver:", "---\nsolver:", ["document"]),
}

# Recognised, and refused by name.
LATER = {
    "radiation": ("{type: insulated}", "{type: radiation, emissivity: 0.8, ambient: 293.0} # here", ["boundary.right", "radiation"]),
    "segments of a side": ("{type: insulated}", "[{type: insulated, to: 0.2}, {type: insulated}] # here",
                           ["boundary.right", "segments"]),
    "map of materials": ("  - {shape: rectangle, x: [0.2, 0.4], y: [0.1, 0.4], material: ply}",
                         "  - {file: map.h5, dataset: /material} # here", ["regions[1]"]),
    "conductivity of T": ("conductivity: 45.0", 'conductivity: "14+0.016*T"', ["materials[0].conductivity"]),
    "rkl2": ("backward-euler", "rkl2 # here", ["time.scheme", "rkl2"]),
    "bdf2": ("backward-euler", "bdf2 # here", ["time.scheme", "bdf2"]),
    "esdirk": ("backward-euler", "esdirk # here", ["time.scheme", "esdirk"]),
    "adaptive": ("  steps: 4", "  steps: 4\n  adaptive: {tolerance: 1e-4} # here", ["time.adaptive"]),
    "automatic implicit step": ("step: 0.5", "step: auto # here", ["time.step", "auto", "backward-euler"]),
    "reproducible and implicit": ("tolerance: 1e-8,", "reproducible: true,", ["solver.reproducible", "ftcs"]),
}

EXPRESSIONS = {
    "unbalanced": ("sin(x))", 7, "'('"),
    "unknown name": ("1+foo*x", 3, "foo"),
    "no T": ("1+T", 3, "T"),
    "unfinished": ("1+", None, ""),
    "two numbers": ("1 2", None, ""),
    "bad call": ("sin()", None, ""),
}

REPRESENTATIVE = ["unknown key", "missing time", "negative conductivity", "region of no material", "nan", "not YAML",
                  "petsc option nobody reads", "more cells than an index holds"]


def refused(outcome: Outcome, code: int, *words: str, caret: bool = False) -> str:
    """The code; one message with the words and nothing else on stderr; nothing written. Returns the message."""
    assert outcome.code == code, f"exit code {outcome.code}, expected {code}\nstdout:\n{outcome.out}\nstderr:\n{outcome.err}"
    lines = outcome.err.splitlines()
    assert lines and lines[0].startswith("heat2d: error: "), f"stderr must begin with the message:\n{outcome.err}"
    if caret:
        assert len(lines) == 3 and lines[2].strip() == "^", f"message, expression, caret expected:\n{outcome.err}"
    else:
        assert len(lines) == 1, f"one line expected on stderr:\n{outcome.err}"
    for word in words:
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"
    assert not outcome.directory.exists(), f"something was written: {list(outcome.directory.iterdir())}"
    return lines[0]


def refuse_case(tmp_path, old: str, new: str, words: list[str], ranks: int) -> None:
    assert old in GOOD, f"the test's own text is wrong: {old!r}"
    text = GOOD.replace(old, new, 1)
    marked = [number for number, line in enumerate(text.splitlines(), 1) if "# here" in line]
    (tmp_path / "case.yaml").write_text(text)
    done = execute(command("case.yaml", ranks, ("--output", "out")), tmp_path, ranks)
    message = refused(Outcome(done.returncode, done.stdout, done.stderr, tmp_path / "out"), 2, *words)
    where = re.search(r"case\.yaml:(\d+): ", message)
    assert where, f"no file and line in: {message}"
    if marked:
        assert int(where.group(1)) == marked[0], f"line {marked[0]} is meant: {message}"


def test_good_case_is_accepted(tmp_path):
    outcome = run(tmp_path, GOOD)
    assert outcome.code == 0, outcome.err
    assert outcome.err == "", f"noise on stderr:\n{outcome.err}"


@pytest.mark.parametrize("name", BAD)
def test_bad_case_is_refused(tmp_path, name):
    refuse_case(tmp_path, *BAD[name], ranks=1)


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_bad_case_is_refused_once_by_all_ranks(tmp_path, name):
    refuse_case(tmp_path, *BAD[name], ranks=3)


@pytest.mark.parametrize("name", LATER)
def test_feature_of_later_versions_is_refused_by_name(tmp_path, name):
    old, new, words = LATER[name]
    refuse_case(tmp_path, old, new, [*words, "not available in this version"], ranks=1)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_bad_expression_shows_its_place(tmp_path, name):
    text, character, word = EXPRESSIONS[name]
    outcome = run(tmp_path, GOOD.replace('"1+x"', f'"{text}"'))
    message = refused(outcome, 2, "case.yaml:12: ", "initial.temperature", word, caret=True)
    _, shown, pointer = outcome.err.splitlines()
    assert shown.strip() == text, f"the expression is not shown:\n{outcome.err}"
    if character:
        assert f"character {character} " in message, message
        assert pointer.index("^") - shown.index(text) == character - 1, f"the caret is elsewhere:\n{outcome.err}"


def test_bad_expression_is_refused_once_by_all_ranks(tmp_path):
    refused(run(tmp_path, GOOD.replace('"1+x"', '"1+foo"'), ranks=3), 2, "foo", caret=True)


# ---- ranks and grids ------------------------------------------------------------------------------------


def test_more_ranks_than_cells_are_refused(tmp_path):
    case = GOOD.replace("cells: [12, 8]", "cells: [2, 1]")
    refused(run(tmp_path, case, ranks=3), 2, "case.yaml:3: ", "grid.cells", "3 ranks", "2 x 1")


def test_grid_that_cannot_be_cut_is_refused(tmp_path):
    case = GOOD.replace("cells: [12, 8]", "cells: [2, 2]")
    refused(run(tmp_path, case, ranks=3), 2, "case.yaml:3: ", "grid.cells", "3 blocks")


def test_processes_must_multiply_to_the_ranks(tmp_path):
    refused(run(tmp_path, GOOD, "--set", "decomposition.processes=[2,2]", ranks=3), 2,
            "--set", "decomposition.processes", "[2, 2]", "3")


def test_processes_must_fit_the_cells(tmp_path):
    case = GOOD.replace("cells: [12, 8]", "cells: [12, 2]") + "decomposition: {processes: [1, 3]}\n"
    refused(run(tmp_path, case, ranks=3), 2, "decomposition.processes", "[1, 3]", "12 x 2")


@pytest.mark.parametrize("ranks", [1, 3])
def test_unstable_ftcs_is_refused_with_its_limit(tmp_path, ranks):
    case = basic_case(grid={"cells": [10, 10], "x": [0.0, 1.0], "y": [0.0, 1.0]},
                      time={"scheme": "ftcs", "step": 0.01, "steps": 4})
    # dt (2/hx^2 + 2/hy^2) k/(rho c) <= 1 gives h^2/4 = 0.0025.
    refused(run(tmp_path, case, ranks=ranks), 2, "case.yaml:", "time.step", "0.01", "0.0025", "auto")


def test_impossible_steady_state_is_refused(tmp_path):
    case = basic_case(time={"scheme": "steady"}, source=1.0, initial=None)
    refused(run(tmp_path, case), 2, "no steady state")


# ---- the command line -----------------------------------------------------------------------------------


@pytest.mark.parametrize("words,expected", [
    (["--foo"], ["--foo"]),
    (["--set"], ["--set", "needs a value"]),
    (["--set", "nonsense"], ["--set", "nonsense", "KEY=VALUE"]),
    (["--set", "foo=1"], ["--set", "foo", "unknown key"]),
    (["--set", "grid.cell=[4,4]"], ["--set", "grid.cell", "'cells'"]),
    (["--set", "grid.cells=many"], ["--set", "grid.cells", "many"]),
    (["--set", "grid.cells=[4"], ["--set", "grid.cells"]),
    (["--set", "materials[7].density=1"], ["--set", "materials[7]"]),
    (["--set", "materials[0].density=-1"], ["--set", "materials[0].density", "-1"]),
    (["--set", "time.scheme=rkl2"], ["--set", "time.scheme", "rkl2", "not available"]),
    (["--set", "solver.preconditioner=unobtainium"], ["unobtainium"]),
    (["--restart"], ["--restart", "needs a value"]),
    (["--restart="], ["--restart"]),
    (["--show", "weather"], ["--show", "weather"]),
    (["second.yaml"], ["second.yaml"]),
    (["-ksp_typo", "1"], ["-ksp_typo"]),
    (["-ksp_typo"], ["-ksp_typo"]),
    (["-pc_type", "unobtainium"], ["unobtainium"]),
    (["-ksp_type", "unobtainium"], ["unobtainium"]),
    (["-ksp_rtol", "small"], ["small"]),
], ids=lambda value: " ".join(value))
def test_bad_command_line_is_refused(tmp_path, words, expected):
    refused(run(tmp_path, GOOD, *words), 2, *expected)


@pytest.mark.parametrize("words", [["--foo"], ["--set", "foo=1"], ["-ksp_typo", "1"], ["-pc_type", "unobtainium"]],
                         ids=lambda words: " ".join(words))
def test_bad_command_line_is_refused_once_by_all_ranks(tmp_path, words):
    refused(run(tmp_path, GOOD, *words, ranks=3), 2, words[-1] if words[0] == "-pc_type" else words[0])


@pytest.mark.parametrize("name", ["plan", "verify", "bench", "inspect"])
def test_command_of_later_versions_is_refused_by_name(tmp_path, name):
    done = execute(command(None, 1, (name,)), tmp_path)
    refused(Outcome(done.returncode, done.stdout, done.stderr, tmp_path / "out"), 2, name, "not available in this version")


def test_no_case_is_refused(tmp_path):
    done = execute(command(None, 1), tmp_path)
    refused(Outcome(done.returncode, done.stdout, done.stderr, tmp_path / "out"), 2, "no case file")


def bad_file(tmp_path, kind: str) -> Path:
    path = tmp_path / "bad.yaml"
    if kind == "directory":
        path.mkdir()
    elif kind == "empty":
        path.write_text("")
    elif kind == "comments":
        path.write_text("# nothing\n")
    elif kind == "binary":
        path.write_bytes(bytes(range(256)))
    elif kind == "list":
        path.write_text("- 1\n- 2\n")
    elif kind == "latin-1":
        path.write_bytes(GOOD.replace("bad input", "W\xe4rme").encode("latin-1"))
    return path


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("kind", ["missing", "directory", "empty", "comments", "binary", "list", "latin-1"])
def test_file_that_is_no_case_is_refused(tmp_path, kind, ranks):
    outcome = run(tmp_path, bad_file(tmp_path, kind), ranks=ranks)
    refused(outcome, 2, "bad.yaml")  # not 4: the command line named no case


# ---- failures of a run ----------------------------------------------------------------------------------


def hard(**sections) -> dict:
    return basic_case(initial={"temperature": "(x>0.5)"}, time={"scheme": "backward-euler", "step": 0.1, "steps": 5},
                      solver={"tolerance": 1e-12, "preconditioner": "jacobi", "max_iterations": 1}, **sections)


@pytest.mark.parametrize("ranks", [1, 3])
def test_solve_that_does_not_converge_is_code_3(tmp_path, ranks):
    outcome = run(tmp_path, hard(), "--quiet", ranks=ranks)
    assert outcome.code == 3, f"exit code {outcome.code}\n{outcome.err}"
    errors = [line for line in outcome.err.splitlines() if line.startswith("heat2d: error:")]
    assert len(errors) == 1, f"one message expected:\n{outcome.err}"
    for words in ("the step from t = 0 s:", "without converging", "after 1 iteration", "solver.max_iterations"):
        assert words in errors[0], f"{words!r} is not in: {errors[0]}"


def test_failed_solve_leaves_the_last_good_state(tmp_path):
    case = hard(checkpoint={"every": 100})
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 3, f"exit code {outcome.code}\n{outcome.err}"
    assert (outcome.directory / "checkpoint_000000.h5").exists(), "no checkpoint of step 0"
    assert outcome.results["status"] == "error"
    again = run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", "solver.max_iterations=1000")
    assert again.code == 0, f"the state cannot be continued\n{again.err}"
    assert again.results["time"]["steps"] == 5


def test_failed_check_is_code_5(tmp_path):
    case = basic_case(check=[{"quantity": "maximum", "value": 3.0, "tolerance": 0.1},
                             {"quantity": "energy_balance", "below": 1e-10}])
    outcome = run(tmp_path, case, ranks=2)
    assert outcome.code == 5, f"exit code {outcome.code}\n{outcome.err}"
    assert outcome.results["status"] == "check-failed"
    assert [check["pass"] for check in outcome.checks] == [False, True]
    assert outcome.checks[0]["expected"] == 3.0 and outcome.checks[0]["tolerance"] == 0.1


def test_failed_check_is_told_even_when_quiet(tmp_path):
    case = basic_case(check=[{"quantity": "maximum", "value": 3.0, "tolerance": 0.1}])
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 5
    assert "maximum" in outcome.out + outcome.err, "exit code 5 and not a word"


@pytest.mark.parametrize("ranks", [1, 3])
def test_output_below_a_file_is_code_4(tmp_path, ranks):
    tmp_path.joinpath("file").write_text("in the way")
    outcome = run(tmp_path, basic_case(solver={"preconditioner": "jacobi"}), "--quiet", ranks=ranks, output="file/out")
    refused_file(outcome, "file/out")
    assert (tmp_path / "file").read_text() == "in the way"


def test_output_that_is_a_file_is_code_4(tmp_path):
    tmp_path.joinpath("file").write_text("in the way")
    refused_file(run(tmp_path, basic_case(), "--quiet", output="file"), "file")


def refused_file(outcome: Outcome, word: str) -> None:
    assert outcome.code == 4, f"exit code {outcome.code}\n{outcome.err}"
    lines = outcome.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("heat2d: error: ") and word in lines[0], outcome.err


def test_missing_initial_field_is_code_4(tmp_path):
    outcome = run(tmp_path, basic_case(initial={"file": "nowhere.h5"}), "--quiet")
    refused_file(outcome, "nowhere.h5")


def test_case_is_written_nowhere_but_in_the_output(tmp_path):
    write_case(tmp_path, basic_case())
    outcome = run(tmp_path, tmp_path / "case.yaml", "--quiet")
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.yaml", "out"]

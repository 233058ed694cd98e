"""Bad input and failing runs: the exit code, the message, and that nothing was written."""
from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import h5py
import numpy as np
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
    "right to output": GOOD[GOOD.index("  right:"):GOOD.index("  probes:")],
}

# name: (text that is replaced, its replacement, words of the message); `# here` marks the line that the message must name.
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
    "huge density": ("density: 7850.0", "density: 1e300", ["materials[0].density", "1e+300", "between 1e-100 and 1e+100"]),
    "tiny density": ("density: 7850.0", "density: 1e-300", ["materials[0].density", "between 1e-100 and 1e+100"]),
    "too small for a number": ("density: 7850.0", "density: 5e-324", ["materials[0].density", "found 5e-324", "too small for a number"]),
    "much too small for a number": ("step: 0.5", "step: 1e-400 # here", ["time.step", "found 1e-400", "too small for a number"]),
    "too small for a number, below zero": ("value: 373.0}", "value: -0.3e-310} # here",
                                           ["boundary.left.value", "found -0.3e-310", "too small for a number"]),
    "huge conductivity": ("conductivity: 45.0", "conductivity: 1e300", ["materials[0].conductivity", "at most 1e+100"]),
    "huge conductivity in an expression": ("conductivity: 45.0", 'conductivity: "1e300*(1+x)"',
                                           ["materials[0].conductivity", "between 1e-100 and 1e+100"]),
    "huge side": ("value: 373.0}", "value: 1e300} # here", ["boundary.left.value", "1e+300", "at most 1e+100"]),
    "no cells": ("cells: [12, 8]", "cells: [0, 8] # here", ["grid.cells", "0", "at least 1"]),
    "negative cells": ("cells: [12, 8]", "cells: [-3, 8] # here", ["grid.cells", "-3", "at least 1"]),
    "reversed extent": ("x: [0.0, 1.0]", "x: [1.0, 0.0] # here", ["grid.x", "less than"]),
    "negative conductivity": ("conductivity: 45.0", "conductivity: -45.0", ["materials[0].conductivity", "-45", "greater"]),
    "negative kx": ("conductivity: 45.0", "conductivity: [1.0, -2.0]", ["materials[0].conductivity", "-2", "greater"]),
    "zero density": ("density: 7850.0", "density: 0", ["materials[0].density", "0", "greater"]),
    "negative step": ("step: 0.5", "step: -0.5 # here", ["time.step", "-0.5", "greater"]),
    "zero steps": ("steps: 4", "steps: 0 # here", ["time.steps", "0", "at least 1"]),
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
    "unknown writers": ("  probes:", "  writers: some # here\n  probes:", ["output.writers", "some", "auto, all or {per_node: N}"]),
    "number of writers": ("  probes:", "  writers: 4 # here\n  probes:", ["output.writers", "4", "auto, all or {per_node: N}"]),
    "list of writers": ("  probes:", "  writers: [2] # here\n  probes:", ["output.writers", "list", "auto, all or {per_node: N}"]),
    "no writers": ("  probes:", "  writers: {per_node: 0} # here\n  probes:", ["output.writers.per_node", "0", "at least 1"]),
    "negative writers": ("  probes:", "  writers: {per_node: -2} # here\n  probes:", ["output.writers.per_node", "-2", "at least 1"]),
    "half a writer": ("  probes:", "  writers: {per_node: 1.5} # here\n  probes:", ["output.writers.per_node", "1.5", "whole number"]),
    "writers without a number": ("  probes:", "  writers: {} # here\n  probes:", ["output.writers.per_node", "missing"]),
    "unknown key of writers": ("  probes:", "  writers: {per_nodes: 2} # here\n  probes:",
                               ["output.writers.per_nodes", "did you mean 'per_node'"]),
    "unknown field": ("  probes:", "  fields: [pressure] # here\n  probes:", ["output.fields", "pressure", "temperature"]),
    "no checkpoint kept": ("solver:", "checkpoint: {keep: 0} # here\nsolver:", ["checkpoint.keep", "0"]),
    "unknown check": ("solver:", "check: [{quantity: entropy, value: 1}] # here\nsolver:", ["check[0].quantity", "entropy"]),
    "check without a value": ("solver:", "check: [{quantity: minimum, tolerance: 1}] # here\nsolver:", ["check[0]", "value"]),
    "petsc option that is never read": ("solver:", "petsc: {ksp_typo: 1} # here\nsolver:", ["petsc.ksp_typo", "-ksp_typo"]),
    "segment without an end": ("{type: insulated}", "[{type: insulated}, {type: insulated}] # here",
                               ["boundary.right[0].to", "missing"]),
    "segments that go back": ("{type: insulated}", "[{type: insulated, to: 0.3}, {type: insulated, to: 0.2}, "
                              "{type: insulated}] # here", ["boundary.right[1].to", "0.2", "greater than 0.3"]),
    "segment beyond the side": ("{type: insulated}", "[{type: insulated, to: 0.7}, {type: insulated}] # here",
                                ["boundary.right[0].to", "0.7", "less than 0.5"]),
    "unknown key of a segment": ("{type: insulated}", "[{type: insulated, too: 0.2}, {type: insulated}] # here",
                                 ["boundary.right[0].too", "unknown key", "'to'"]),
    "periodic segment": ("{type: insulated}", "[{type: periodic, to: 0.2}, {type: insulated}] # here",
                         ["boundary.right[0].type", "periodic"]),
    "emissivity beyond one": ("{type: insulated}", "{type: radiation, emissivity: 1.2, ambient: 293.0} # here",
                              ["boundary.right.emissivity", "1.2", "between 0 and 1"]),
    "radiation in Celsius": (SECTIONS["right to output"],
                             SECTIONS["right to output"].replace("insulated", "radiation, emissivity: 0.8, ambient: 293.0")
                             + "  temperature_unit: degC # here\n",
                             ["output.temperature_unit", "degC", "kelvin"]),
    "value and table": ("{type: insulated}", "{type: flux, value: 1.0, table: table.csv} # here",
                        ["boundary.right.value", "table", "one of the two"]),
    "table that ends early": ("{type: insulated}", "{type: flux, table: short.csv} # here",
                              ["boundary.right.table", "short.csv", "1 s", "2 s"]),
    "contact of no material": ("solver:", "contacts: [{between: [steel, plywood], resistance: 1.0}] # here\nsolver:",
                               ["contacts[0].between", "plywood", "steel, ply"]),
    "contact with itself": ("solver:", "contacts: [{between: [ply, ply], resistance: 1.0}] # here\nsolver:",
                            ["contacts[0].between", "ply", "different"]),
    "contact twice": ("solver:", "contacts: [{between: [steel, ply], resistance: 1.0}, "
                      "{between: [ply, steel], resistance: 2.0}] # here\nsolver:", ["contacts[1].between", "contacts[0]"]),
    "negative resistance": ("solver:", "contacts: [{between: [steel, ply], resistance: -1.0}] # here\nsolver:",
                            ["contacts[0].resistance", "-1"]),
    "exchange with nothing": ("solver:", "exchange: {coefficient: 3.0} # here\nsolver:", ["exchange.ambient", "missing"]),
    "unknown property": ("solver:", "properties: {colour: {file: p.h5}} # here\nsolver:", ["properties.colour", "unknown key"]),
    "two conductivities": ("solver:", "properties: {conductivity: {file: p.h5}, conductivity_x: {file: p.h5}} # here\nsolver:",
                           ["properties.conductivity_x", "conductivity"]),
    "map with a material": ("  - {shape: rectangle, x: [0.2, 0.4], y: [0.1, 0.4], material: ply}",
                            "  - {file: map.h5, material: ply} # here", ["regions[1].material", "file"]),
    "map first": ("  - {material: steel, temperature: 293.0}", "  - {file: map.h5} # here", ["regions[0].file", "first region"]),
    "unknown TS": ("backward-euler", "'ts:' # here", ["time.scheme", "ts:"]),
    "adaptive Euler": ("  steps: 4", "  steps: 4\n  adaptive: {tolerance: 1e-4} # here", ["time.adaptive", "backward-euler"]),
    "adaptive with steps": ("  scheme: backward-euler\n", "  scheme: bdf2\n  adaptive: {tolerance: 1e-4}\n", ["time.steps", "end"]),
    "automatic Euler": ("step: 0.5", "step: auto # here", ["time.step", "auto", "backward-euler"]),
    "no Newton": ("tolerance: 1e-8,", "max_newton: 0,", ["solver.max_newton", "0", "at least 1"]),
    "two kinds of history": ("  probes:", "  history: {every: 2, interval: 1.0} # here\n  probes:",
                             ["output.history.interval", "every"]),
    "profile outside": ("  probes:", "  profiles: [{name: p, from: [0, 0], to: [2, 0]}] # here\n  probes:",
                        ["output.profiles[0].to", "outside"]),
    "profile without a length": ("  probes:", "  profiles: [{name: p, from: [0, 0], to: [0, 0]}] # here\n  probes:",
                                 ["output.profiles[0].to", "length"]),
    "profile named as a path": ("  probes:", "  profiles: [{name: ../p, from: [0, 0], to: [1, 0]}] # here\n  probes:",
                                ["output.profiles[0].name", "../p"]),
    "interface of no material": ("  probes:", "  interfaces: [[steel, water]] # here\n  probes:",
                                 ["output.interfaces[0]", "water", "steel, ply"]),
    "check of an unknown region": ("solver:", "check: [{quantity: mean, region: core, value: 1, tolerance: 1}] # here\nsolver:",
                                   ["check[0].region", "core"]),
    "check of a segment too many": ("solver:", "check: [{quantity: heat_flow, side: left, segment: 1, value: 1, tolerance: 1}] "
                                    "# here\nsolver:", ["check[0].segment", "1 segments"]),
    "check between one material": ("solver:", "check: [{quantity: heat_flow, between: [ply, ply], value: 1, tolerance: 1}] "
                                   "# here\nsolver:", ["check[0].between", "ply"]),
    "not YAML": ("title: bad input", "title: [bad}} # here", ["not valid YAML"]),
    "a tab": ("  step: 0.5", "\tstep: 0.5 # here", ["tab"]),
    "an anchor": ("title: bad input", "title: &a bad # here", ["anchor"]),
    "two documents": ("solver:", "---\nsolver:", ["document"]),
}

EXPRESSIONS = {
    "unbalanced": ("sin(x))", 7, "'('"),
    "unknown name": ("1+foo*x", 3, "foo"),
    "no T": ("1+T", 3, "T"),
    "unfinished": ("1+", None, ""),
    "two numbers": ("1 2", None, ""),
    "bad call": ("sin()", None, ""),
    "too small a number": ("x + 1e-400*y", 5, "'1e-400' is too small for a number"),
    "too large a number": ("x + 1e400*y", 5, "'1e400' is too large for a number"),
}

REPRESENTATIVE = ["segments that go back", "contact of no material", "table that ends early", "unknown key", "missing time", "negative conductivity", "region of no material", "nan", "not YAML",
                  "petsc option that is never read", "more cells than an index holds"]


def refused(outcome: Outcome, code: int, *words: str, caret: bool = False) -> str:
    """Assert the exit code, one message with the words and nothing else on stderr, and that nothing was written.

    Return the first line of the message."""
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
    (tmp_path / "short.csv").write_text("time,value\n0,1\n1,2\n")
    (tmp_path / "table.csv").write_text("0,1\n100,2\n")
    marked = [number for number, line in enumerate(text.splitlines(), 1) if "# here" in line]
    (tmp_path / "case.yaml").write_text(text)
    done = execute(command("case.yaml", ranks, ("--output", "out")), tmp_path, ranks)
    message = refused(Outcome(done.returncode, done.stdout, done.stderr, tmp_path / "out"), 2, *words)
    where = re.search(r"case\.yaml:(\d+): ", message)
    assert where, f"no file and line in: {message}"
    if marked:
        assert int(where.group(1)) == marked[0], f"the message must name line {marked[0]}: {message}"


def test_good_case_is_accepted(tmp_path):
    outcome = run(tmp_path, GOOD)
    assert outcome.code == 0, outcome.err
    assert outcome.err == "", f"unexpected text on stderr:\n{outcome.err}"


@pytest.mark.parametrize("name", BAD)
def test_bad_case_is_refused(tmp_path, name):
    refuse_case(tmp_path, *BAD[name], ranks=1)


@pytest.mark.parametrize("name", REPRESENTATIVE)
def test_bad_case_is_refused_once_by_all_ranks(tmp_path, name):
    refuse_case(tmp_path, *BAD[name], ranks=3)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_bad_expression_shows_its_place(tmp_path, name):
    text, character, word = EXPRESSIONS[name]
    outcome = run(tmp_path, GOOD.replace('"1+x"', f'"{text}"'))
    message = refused(outcome, 2, "case.yaml:12: ", "initial.temperature", word, caret=True)
    _, shown, pointer = outcome.err.splitlines()
    assert shown.strip() == text, f"the expression is not shown:\n{outcome.err}"
    if character:
        assert f"character {character} " in message, message
        assert pointer.index("^") - shown.index(text) == character - 1, f"the caret is at a wrong place:\n{outcome.err}"


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
    (["--set", "time.scheme=rkl3"], ["--set", "time.scheme", "rkl3", "'rkl2'"]),
    (["--set", "boundary.right=[{type: insulated, to: 0.2}, {type: flux}]"], ["--set", "boundary.right[1].value", "missing"]),
    (["--set", "boundary.left[0].to=3"], ["--set", "boundary.left"]),
    (["--set", "solver.reproducible=true", "-pc_type", "bjacobi"], ["solver.reproducible", "bjacobi"]),
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
    refused(outcome, 2, "bad.yaml")  # not 4: the command line is wrong


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


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("exact", ["300+0/(x-x)", "log(0.01-t-1e-3*x)"])
def test_an_exact_solution_that_is_undefined_at_the_end_is_refused(tmp_path, exact, ranks):
    outcome = run(tmp_path, basic_case(check=[{"quantity": "mean", "value": 0.0, "tolerance": 1.0},
                                              {"quantity": "error_l2", "exact": exact, "below": 1.0}]), ranks=ranks)
    assert outcome.code == 2 and outcome.err.count("heat2d: error") == 1, outcome.err
    assert "case.yaml:" in outcome.err and "check[1].exact" in outcome.err and "it must be a number in every cell at the end" in outcome.err
    assert ("0.01" in outcome.err) == ("t" in exact), outcome.err
    assert not outcome.directory.exists()


def test_failed_check_is_reported_even_when_quiet(tmp_path):
    case = basic_case(check=[{"quantity": "maximum", "value": 3.0, "tolerance": 0.1}])
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 5
    assert "maximum" in outcome.out + outcome.err, "exit code 5 without a message"


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


# ---- files that a case names ----------------------------------------------------------------------------


NY, NX = 8, 12  # of GOOD


def put(path: Path, **datasets) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in datasets.items():
            file[name] = values
    return path


def full(value, dtype="f8") -> np.ndarray:
    return np.full((NY, NX), value, dtype=dtype)


def with_one(value, odd) -> np.ndarray:
    values = full(value, np.asarray(odd).dtype)
    values[5, 7] = odd
    return values


MAP = '  - {shape: rectangle, x: [0.2, 0.4], y: [0.1, 0.4], material: ply}', "  - {file: f.h5}"
DENSITY = "solver:", "properties: {density: {file: f.h5}}\nsolver:"

# name: (text of the case that is replaced, datasets of f.h5, words of the message)
BAD_FILES = {
    "map of another shape": (MAP, {"material": np.zeros((NX, NY), "i4")}, ["material", "[12][8]", "[8][12]"]),
    "map of another name": (MAP, {"ids": full(0, "i4")}, ["material", "holds: ids"]),
    "map of numbers that are not whole": (MAP, {"material": full(0.0)}, ["material", "integers"]),
    "map of a material too many": (MAP, {"material": with_one(0, np.int64(2))},
                                   ["/material", "1 of its cells", "first 2", "[5][7]", "from 0 to 1"]),
    "density of zero": (DENSITY, {"density": with_one(1.0, 0.0)}, ["/density", "1 of its cells", "first 0", "[5][7]"]),
    "density that is not finite": (DENSITY, {"density": with_one(1.0, np.nan)}, ["/density", "nan", "[5][7]"]),
    "density of texts": (DENSITY, {"density": full("a", "S3")}, ["density", "numbers"]),
    "density of one dimension": (DENSITY, {"density": np.ones(NY * NX)}, ["density", "[96]", "[8][12]"]),
}


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("name", BAD_FILES)
def test_file_that_does_not_fit_is_code_4(tmp_path, name, ranks):
    (old, new), datasets, words = BAD_FILES[name]
    put(tmp_path / "f.h5", **datasets)
    refused(run(tmp_path, GOOD.replace(old, new, 1), "--quiet", ranks=ranks), 4, "f.h5", *words)


def test_folder_with_a_colon_is_refused(tmp_path):
    """ROMIO would take the text before a colon for the name of a file system, and fail only after the run."""
    outcome = run(tmp_path, basic_case(), "--quiet", output="out_ts:rosw")
    refused(outcome, 2, "output.directory", "'out_ts:rosw'", "without it")


@pytest.mark.parametrize("kind", ["missing", "text", "directory", "truncated"])
@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("key", ["map", "property", "initial"])
def test_file_that_cannot_be_read_is_code_4(tmp_path, key, ranks, kind):
    old, new = {"map": MAP, "property": DENSITY, "initial": ('temperature: "1+x"', "file: f.h5")}[key]
    path = tmp_path / "f.h5"
    if kind == "text":
        path.write_text("not HDF5\n" * 100)
    elif kind == "directory":
        path.mkdir()
    elif kind == "truncated":
        put(path, material=full(0, "i4"), density=full(1.0), temperature=full(1.0))
        path.write_bytes(path.read_bytes()[:1500])
    refused_file(run(tmp_path, GOOD.replace(old, new, 1), "--quiet", ranks=ranks), "f.h5")


@pytest.mark.parametrize("ranks", [1, 3])
@pytest.mark.parametrize("text,words", [
    (None, ["t.csv", "No such file"]), ("", ["t.csv", "no values"]), ("0,1\n1;2\n", ["t.csv:2", "1;2"]),
    ("time,value\n0,1\n0,2\n", ["t.csv:3", "0 s"]), ("0,1\n1,nan\n", ["t.csv:2", "nan"]),
    ("\x01HDF\x02\n", ["t.csv:1", "found '?HDF?'"]), ("0,1\n1,1e-400\n", ["t.csv:2", "1e-400", "2.3e-308"]),
], ids=["missing", "empty", "semicolon", "not rising", "nan", "binary", "too small"])
def test_table_that_cannot_be_read_is_code_4(tmp_path, text, words, ranks):
    if text is not None:
        (tmp_path / "t.csv").write_text(text)
    case = GOOD.replace("{type: insulated}", "{type: flux, table: t.csv}")
    refused(run(tmp_path, case, ranks=ranks), 4, *words)


def test_files_are_sought_beside_the_case_file(tmp_path):
    folder = tmp_path / "cases"
    folder.mkdir()
    put(folder / "f.h5", temperature=full(293.0))
    (folder / "t.csv").write_text("0,0\n100,0\n")
    case = GOOD.replace('temperature: "1+x"', "file: f.h5").replace("{type: insulated}", "{type: flux, table: t.csv}")
    (folder / "case.yaml").write_text(case)
    done = execute(command("cases/case.yaml", 1, ("--quiet", "--output", "out")), tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "results.json").exists()


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("kind", ["snapshot", "checkpoint"])
def test_run_begins_with_the_field_of_another_run(tmp_path, kind, ranks):
    """The second run begins with the last field of the first one, bit for bit."""
    first = run(tmp_path, basic_case(output={"snapshots": {"every": 4}}, checkpoint={"every": 4}), "--quiet")
    assert first.code == 0, first.err
    path = sorted(first.directory.glob(f"{kind}_*.h5"))[-1]
    with h5py.File(path, "r") as file:
        expected = file["temperature"][...]
    second = run(tmp_path, basic_case(initial={"file": str(path)}, output={"snapshots": {"every": 4}}), "--quiet",
                 ranks=ranks, output="second")
    assert second.code == 0, second.err
    assert np.array_equal(second.field(0), expected), "the first snapshot is not the field that was read"


def test_damaged_snapshot_is_no_initial_field(tmp_path):
    first = run(tmp_path, basic_case(output={"snapshots": {"every": 4}}), "--quiet")
    path = first.snapshots()[-1]
    with h5py.File(path, "r+") as file:
        file["temperature"][3, 5] += 1e-9
    refused_file(run(tmp_path, basic_case(initial={"file": str(path)}), "--quiet", output="second"), "row 3 of temperature")


def test_case_is_written_nowhere_but_in_the_output(tmp_path):
    write_case(tmp_path, basic_case())
    outcome = run(tmp_path, tmp_path / "case.yaml", "--quiet")
    assert outcome.code == 0, outcome.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["case.yaml", "out"]


@pytest.mark.parametrize("key,value,words", [
    ("time.scheme", "implicit-euler", "did you mean 'backward-euler'?"),
    ("time.scheme", "CN", "did you mean 'crank-nicolson'?"),
    ("boundary.left.type", "dirichlet", "did you mean 'temperature'?"),
    ("boundary.left.type", "adiabatic", "did you mean 'insulated'?"),
    ("time.end", "1,5", "decimals take a point"),
    ("initial.temperature", "1,5", "decimals take a point"),
    ("initial.temperature", "sin(PI*x)", "'PI', which is written 'pi'"),
    ("initial.temperature", "Exp(x)", "'Exp', which is written 'exp'"),
    ("initial.temperature", "300 \u2212 x", "unexpected character U+2212: write -"),
    ("initial.temperature", "300*x\u00b2", "unexpected character U+00B2: write ^2"),
    ("initial.temperature", "2 \u03c0", "unexpected character U+03C0: write pi"),
    ("initial.temperature", "x % 2", "write a - b*floor(a/b) for a remainder"),
    ("initial", "{temperature: 300,5}", "initial.5: found a number after a comma; decimals take a point, as in 1.5"),
    ("grid.x", "[0, 0,5]", "found a list of 3; it must be a list of two, [a, b] (decimals take a point)"),
    ("boundary.north.type", "flux", "did you mean 'top'?"),
    ("materials[0].rho", "3", "did you mean 'density'?"),
    ("materials[0].k", "3", "did you mean 'conductivity'?"),
])
def test_words_of_other_programs_are_recognised(tmp_path, key, value, words):
    outcome = run(tmp_path, basic_case(), "--set", f"{key}={value}")
    assert outcome.code == 2 and words in outcome.err, outcome.err


def test_keys_of_many_hosts_are_compared_in_a_moment(tmp_path):
    """Comparing each with each took 20 s for 65 536 hosts on an idle machine."""
    hosts = "\n".join(f"    node{i:05d}.cluster.example.org: 1.0" for i in range(65536))
    case = f"decomposition:\n  weights:\n{hosts}\n" + GOOD
    (tmp_path / "case.yaml").write_text(case)
    done = execute(command("case.yaml", 1, ("--show", "time.step")), tmp_path, 1, timeout=60)
    assert done.returncode == 0 and done.stdout.split() == ["0.5"], done.stderr
    (tmp_path / "case.yaml").write_text(case.replace("node65000", "node00007"))
    done = execute(command("case.yaml", 1, ("--show", "time.step")), tmp_path, 1, timeout=60)
    assert done.returncode == 2 and "case.yaml:65003: " in done.stderr and "repeated key" in done.stderr, done.stderr
    assert "line 10" in done.stderr, done.stderr


@pytest.mark.parametrize("kind", ["large", "pipe without a writer", "device", "link loop", "endless", "socket"])
@pytest.mark.parametrize("place", ["case", "table", "field", "restart", "inspect"])
def test_file_of_another_kind_ends_with_one_message_in_bounded_time(tmp_path, kind, place):
    """A pipe is accepted as a case, but not waited for without end when no program has it open for writing."""
    path = tmp_path / "odd"
    if kind == "large":
        with open(path, "wb") as file:
            file.truncate(100 * 1024 ** 2)  # zeros, which take no place on the disk
    elif kind == "pipe without a writer":
        os.mkfifo(path)
    elif kind == "link loop":
        path.symlink_to("odd")
    elif kind == "socket":
        socket.socket(socket.AF_UNIX).bind(str(path))
    else:
        path.symlink_to("/dev/zero" if kind == "endless" else "/dev/null")
    case = GOOD
    if place == "table":
        case = GOOD.replace("{type: insulated}", "{type: flux, table: odd}")
    elif place == "field":
        case = GOOD.replace('temperature: "1+x"', "file: odd")
    (tmp_path / "case.yaml").write_text(case)
    words = {"case": ("odd",), "inspect": ("inspect", "odd"), "restart": ("case.yaml", "--restart", "odd")}.get(place, ("case.yaml",))
    done = execute(command(None, 2, words), tmp_path, 2, timeout=60)
    assert done.returncode in (2, 4) and done.stderr.count("error:") == 1, (done.returncode, done.stdout, done.stderr)
    assert "odd" in done.stderr and "PETSC ERROR" not in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["file", "pipe", "device", "link loop"])
def test_output_folder_of_another_kind_ends_with_one_message_in_bounded_time(tmp_path, kind):
    path = tmp_path / "odd"
    if kind == "file":
        path.write_text("")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/null" if kind == "device" else "odd")
    outcome = run(tmp_path, GOOD, "--quiet", ranks=2, timeout=60, output="odd")
    assert outcome.code == 4 and outcome.err.count("error:") == 1 and "odd" in outcome.err, (outcome.code, outcome.err)

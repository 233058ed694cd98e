#!/usr/bin/env python3
"""Convert a TeaLeaf deck to a case of heat2d that solves the same discrete problem.

    convert.py DECK.in [-o CASE.yaml] [--expect U]

Without -o the case is printed on stdout.  --expect adds a check of U, the integral of temperature weighted with
density that TeaLeaf prints at the end.  Decks of TeaLeaf_ref (tl_use_cg, tl_eps, ...) and of its C++ port (use_cg,
eps, ...) are read; README.md beside this file describes the conversion.  Words that do not influence the answer, such
as settings of the solver, are ignored with one notice; unknown words are errors.  The exit codes are 0 (done), 2 (the
deck or the command line is wrong) and 4 (a file could not be read or written).  Only Python's standard library is
needed.
"""
from __future__ import annotations

import argparse
import json
import math
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

# TeaLeaf_ref's values of keys that a deck does not have (read_input.f90; its README states another extent).
DEFAULTS = {"xmin": 0.0, "xmax": 100.0, "ymin": 0.0, "ymax": 100.0, "x_cells": 10, "y_cells": 10,
            "initial_timestep": 0.1, "end_time": 10.0, "end_step": 640000}
COEFFICIENTS = {"tl_coefficient_density": "density", "coefficient_density": "density",
                "tl_coefficient_inverse_density": "inverse_density",
                "coefficient_inverse_density": "inverse_density"}
# Words that do not influence the exact answer of a step: how TeaLeaf solves, on which hardware, and what it prints.
IGNORED_FLAGS = {prefix + name for prefix in ("", "tl_") for name in (
    "use_jacobi", "use_cg", "use_chebyshev", "use_ppcg", "use_dpcg", "check_result", "ch_cg_errswitch",
    "preconditioner_on", "errswitch")} | {
    "reflective_boundary", "profiler_on", "verbose_on", "use_fortran_kernels", "use_c_kernels",
    "use_opencl_kernels", "use_cuda_kernels"}
IGNORED_VALUES = {prefix + name for prefix in ("", "tl_") for name in (
    "eps", "max_iters", "ch_cg_presteps", "presteps", "ch_cg_epslim", "epslim", "ppcg_inner_steps")} | {
    "visit_frequency", "summary_frequency", "test_problem", "halo_depth", "tiles_per_task", "tiles_per_chunk",
    "sub_tiles_per_tile", "tiles_per_problem", "num_chunks_per_rank", "opencl_vendor", "opencl_type"}
IGNORED_LINES = {"tl_preconditioner_type"}  # all words up to the end of its line belong to it
STATE_NUMBERS = ("density", "energy", "xmin", "xmax", "ymin", "ymax", "radius")
GEOMETRIES = {"rectangle": "rectangle", "circle": "circle", "circular": "circle", "point": "point"}
NEEDED = {"rectangle": ("xmin", "xmax", "ymin", "ymax"), "circle": ("xmin", "ymin", "radius"),
          "point": ("xmin", "ymin")}
SAME_VERTEX = 1e-9  # distance within which a point is on a vertex [cells]; chosen, above the rounding of decimals
LINE_LENGTH = 100   # number of characters that TeaLeaf_ref reads of a line
SMALL = 1.0e-16     # TeaLeaf_ref's g_small, in its test of end_time [s]


class DeckError(Exception):
    """A fault of a deck, with its line (0: the whole deck)."""

    def __init__(self, line: int, message: str):
        super().__init__(message)
        self.line = line


@dataclass
class Deck:
    settings: dict = field(default_factory=dict)     # keys of DEFAULTS that the deck gives
    states: dict = field(default_factory=dict)       # number: {"line", "geometry", density, ...}
    coefficient: str = "density"
    ignored: list = field(default_factory=list)      # keywords, in the order of the deck
    notices: list = field(default_factory=list)

    def __getitem__(self, key: str):
        return self.settings.get(key, DEFAULTS[key])

    @property
    def hx(self) -> float:
        return (self["xmax"] - self["xmin"]) / self["x_cells"]

    @property
    def hy(self) -> float:
        return (self["ymax"] - self["ymin"]) / self["y_cells"]


# ---- reading ----


def number(word: str, line: int, key: str) -> float:
    try:
        value = float(word.replace("d", "e"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DeckError(line, f"{key}: found '{word}'; it must be a number")
    return value


def whole_number(word: str, line: int, key: str) -> int:
    if not word.lstrip("+-").isdecimal():
        raise DeckError(line, f"{key}: found '{word}'; it must be a whole number")
    return int(word)


def logical_lines(text: str, notices: list) -> list[tuple[int, list[str]]]:
    """Return (line number, words) of the *tea block: without comments, in lower case, with `=` and `,` as blanks, and
    lines that end with a backslash joined with the next one."""
    lines, inside, found, joining = [], False, False, False
    for at, raw in enumerate(text.splitlines(), 1):
        for mark in "!;#":
            raw = raw.split(mark, 1)[0]
        words = raw.lower().replace("=", " ").replace(",", " ").split()
        if words and words[0].startswith("*"):
            if inside and words[0] != "*endtea":
                raise DeckError(at, f"found '{words[0]}' inside of *tea; close the block with *endtea first")
            if inside:
                break
            inside = found = words[0] == "*tea"
            words = words[1:] if inside else []
            if words:
                raise DeckError(at, f"found '{words[0]}' behind *tea, where TeaLeaf does not read; "
                                    "put it on a line of its own")
        if not inside or not words:
            continue
        if len(raw.rstrip()) > LINE_LENGTH:
            notices.append(f"line {at} is longer than the {LINE_LENGTH} characters that TeaLeaf_ref reads; "
                           "here the whole line counts")
        if joining:
            lines[-1][1].extend(words)
        else:
            lines.append((at, words))
        joining = words[-1] == "\\"
        if joining:
            lines[-1][1].pop()
    if not found:
        raise DeckError(0, "there is no *tea line; a deck stands between *tea and *endtea")
    return lines


def read_state(line: int, words: list[str], deck: Deck):
    """Read `state N density D energy E [geometry G xmin ...]`; all words up to the end of the line belong to it."""
    key = "state"
    if not words:
        raise DeckError(line, "state: its number is missing")
    n = whole_number(words.pop(0), line, key)
    if n < 1:
        raise DeckError(line, f"state: found {n}; states are numbered from 1")
    if n in deck.states:
        raise DeckError(line, f"state {n} is defined twice, first in line {deck.states[n]['line']}")
    state = deck.states[n] = {"line": line, "geometry": None}
    while words:
        key = words.pop(0)
        if key not in (*STATE_NUMBERS, "geometry"):
            raise DeckError(line, f"state {n}: unknown word '{key}'; known are geometry, {', '.join(STATE_NUMBERS)}")
        if not words:
            raise DeckError(line, f"state {n}: {key} has no value")
        word = words.pop(0)
        if key != "geometry":
            state[key] = number(word, line, f"state {n}: {key}")
        elif word in GEOMETRIES:
            state[key] = GEOMETRIES[word]
        else:
            raise DeckError(line, f"state {n}: geometry: found '{word}'; it must be rectangle, circle or point")


def read_deck(text: str) -> Deck:
    deck = Deck()
    lines = logical_lines(text, deck.notices)
    while lines:
        line, words = lines.pop(0)
        while words:
            key = words.pop(0)
            if key == "state":
                read_state(line, words, deck)
                words = []
            elif key in COEFFICIENTS:
                deck.coefficient = COEFFICIENTS[key]
            elif key in IGNORED_FLAGS:
                deck.ignored.append(key)
            elif key in IGNORED_LINES:
                deck.ignored.append(key)
                words = []
            elif key in DEFAULTS or key in IGNORED_VALUES:
                if not words and lines:  # a value may be in the next line
                    line, words = lines.pop(0)
                if not words:
                    raise DeckError(line, f"{key} has no value")
                set_value(deck, line, key, words.pop(0))
            else:
                raise DeckError(line, f"unknown keyword '{key}'; correct it, or remove it if the answer "
                                      "does not depend on it")
    check_deck(deck)
    return deck


def set_value(deck: Deck, line: int, key: str, word: str):
    if key in IGNORED_VALUES:
        deck.ignored.append(key)
        return
    if key in deck.settings:
        deck.notices.append(f"line {line}: {key} is given again; the last one holds, as in TeaLeaf_ref")
    read = whole_number if isinstance(DEFAULTS[key], int) else number
    deck.settings[key] = read(word, line, key)
    if key in ("x_cells", "y_cells") and deck.settings[key] < 1:
        raise DeckError(line, f"{key}: found {word}; it must be at least 1")
    if key == "initial_timestep" and deck.settings[key] <= 0.0:
        raise DeckError(line, f"{key}: found {word}; it must be above 0")


def check_deck(deck: Deck):
    for low, high in (("xmin", "xmax"), ("ymin", "ymax")):
        if deck[low] >= deck[high]:
            raise DeckError(0, f"{low} is {deck[low]}, {high} is {deck[high]}; {low} must be below {high}")
    if not deck.states:
        raise DeckError(0, "no state is defined; state 1 is the background")
    for n in range(1, max(deck.states) + 1):
        if n not in deck.states:
            raise DeckError(0, f"state {n} is missing; states are numbered 1, 2, ... without a gap")
        state = deck.states[n]
        geometry = NEEDED.get(state["geometry"], ("geometry",)) if n > 1 else ()
        for key in ("density", "energy", *geometry):
            if state.get(key) is None:
                raise DeckError(state["line"], f"state {n}: {key} is missing")
        if state["density"] <= 0.0:
            raise DeckError(state["line"], f"state {n}: density: found {state['density']}; it must be above 0")


# ---- meaning ----


def count_steps(deck: Deck) -> int:
    """Return the number of steps.  TeaLeaf_ref stops after the first step with time + g_small > end_time or
    step >= end_step, where the time is a running sum.  (Its C++ port uses end_step only.)"""
    time, step = 0.0, 0
    while True:
        step += 1
        time += deck["initial_timestep"]
        if time + SMALL > deck["end_time"] or step >= deck["end_step"]:
            return step


def covered(low: float, high: float, origin: float, h: float, n: int) -> tuple[int, int]:
    """Return the first cell, and the one behind the last, that TeaLeaf paints for [low, high]: cells with right edge
    >= low + h/100 and left edge < high - h/100."""
    first = math.ceil((low - origin) / h + 0.01 - 1.0)
    end = math.ceil((high - origin) / h - 0.01)
    return max(first, 0), min(end, n)


def vertex(position: float, origin: float, h: float, n: int) -> int:
    """Return the cell with this lower left vertex, or -1 if there is none."""
    i = round((position - origin) / h)
    return i if 0 <= i < n and abs((position - origin) / h - i) <= SAME_VERTEX else -1


def cells_to_region(deck: Deck, x: tuple[int, int], y: tuple[int, int]) -> dict:
    """Return the rectangle of the whole cells [x0, x1) x [y0, y1)."""
    return {"shape": "rectangle",
            "x": [deck["xmin"] + i * deck.hx for i in x], "y": [deck["ymin"] + j * deck.hy for j in y]}


def shape_of(deck: Deck, n: int) -> dict | None:
    """Return the shape of the region in a case, or None if TeaLeaf paints no cell."""
    state = deck.states[n]
    if state["geometry"] == "circle":
        # TeaLeaf moves xmin and ymin of every state by a hundredth of a cell; here they are the centre.
        if state["radius"] <= 0.0:
            return None
        return {"shape": "circle", "centre": [state["xmin"] + deck.hx / 100, state["ymin"] + deck.hy / 100],
                "radius": state["radius"]}
    if state["geometry"] == "point":
        i = vertex(state["xmin"], deck["xmin"], deck.hx, deck["x_cells"])
        j = vertex(state["ymin"], deck["ymin"], deck.hy, deck["y_cells"])
        return cells_to_region(deck, (i, i + 1), (j, j + 1)) if i >= 0 and j >= 0 else None
    x = covered(state["xmin"], state["xmax"], deck["xmin"], deck.hx, deck["x_cells"])
    y = covered(state["ymin"], state["ymax"], deck["ymin"], deck.hy, deck["y_cells"])
    if x[0] >= x[1] or y[0] >= y[1]:
        return None
    if state["xmin"] >= state["xmax"] or state["ymin"] >= state["ymax"]:
        return cells_to_region(deck, x, y)  # TeaLeaf paints the cells in which it lies
    return {"shape": "rectangle", "x": [state["xmin"], state["xmax"]], "y": [state["ymin"], state["ymax"]]}


# ---- writing ----


def plain(value) -> str:
    """Return the text of a number, or of a list, that YAML 1.1 and 1.2 read as numbers: 1.0e-05, not 1e-05."""
    if isinstance(value, list):
        return f"[{', '.join(plain(element) for element in value)}]"
    return re.sub(r"^(-?\d+)e", r"\1.0e", str(value))


def region_line(deck: Deck, n: int, shape: dict) -> str:
    state = deck.states[n]
    words = [f"{key}: {plain(value)}" for key, value in shape.items()]
    words += [f"material: density-{state['density']}", f"temperature: {plain(state['density'] * state['energy'])}"]
    return f"  - {{{', '.join(words)}}}"


def case_text(deck: Deck, name: str, expect: float | None) -> str:
    # With TeaLeaf's "density" w is rho, and (w_a + w_b)/(2 w_a w_b) at a face is the mean of 1/rho.
    direct = deck.coefficient == "inverse_density"
    return "\n".join([*heading(deck, name, direct), *material_lines(deck, direct), *region_lines(deck),
                      f"time: {{scheme: backward-euler, step: {plain(deck['initial_timestep'])}, "
                      f"steps: {count_steps(deck)}}}",
                      "solver: {tolerance: 1.0e-12, face_average: arithmetic, paint: tealeaf}",
                      *check_lines(expect)]) + "\n"


def heading(deck: Deck, name: str, direct: bool) -> list[str]:
    defaults = ", ".join(f"{key} {value}" for key, value in DEFAULTS.items() if key not in deck.settings)
    cells, x, y = [[deck[key] for key in keys] for keys in (("x_cells", "y_cells"), ("xmin", "xmax"), ("ymin", "ymax"))]
    return [f"# TeaLeaf deck {name}, made by inputs/tealeaf/convert.py.",
            f"# Temperature is density times energy; conductivity is {'' if direct else '1/'}density "
            f"(coefficient {deck.coefficient}); density times specific_heat is 1.",
            *([f"# Not in the deck, so TeaLeaf's defaults are used: {defaults}."] if defaults else []),
            f"title: {json.dumps('TeaLeaf ' + Path(name).stem)}",
            f"grid: {{cells: {plain(cells)}, x: {plain(x)}, y: {plain(y)}}}"]


def material_lines(deck: Deck, direct: bool) -> list[str]:
    lines = ["materials:"]
    for rho in dict.fromkeys(deck.states[n]["density"] for n in sorted(deck.states)):
        lines.append(f"  - {{name: density-{rho}, conductivity: {plain(rho if direct else 1.0 / rho)}, "
                     f"density: {plain(rho)}, specific_heat: {plain(1.0 / rho)}}}")
    return lines


def region_lines(deck: Deck) -> list[str]:
    lines = ["regions:", region_line(deck, 1, {})]
    for n in sorted(deck.states)[1:]:
        shape = shape_of(deck, n)
        if shape:
            lines.append(region_line(deck, n, shape))
        else:
            deck.notices.append(f"state {n} (line {deck.states[n]['line']}) covers no cell in TeaLeaf: left out")
    return lines


def check_lines(expect: float | None) -> list[str]:
    lines = ["check:", "  - {quantity: energy_balance, below: 1.0e-9}"]
    if expect is not None:
        lines.insert(1, "  - {quantity: integral, of: temperature, weight: density, "
                        f"value: {plain(expect)}, relative: 1.0e-9}}")
    return lines


def finite(word: str) -> float:
    value = float(word)
    if not math.isfinite(value):
        raise ValueError
    return value


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="convert.py", description="Convert a TeaLeaf deck to a case of heat2d.")
    parser.add_argument("deck", metavar="DECK.in")
    parser.add_argument("-o", metavar="CASE.yaml", dest="output", help="default: stdout")
    parser.add_argument("--expect", metavar="U", type=finite,
                        help="add a check of TeaLeaf's answer U to 1e-9")
    options = parser.parse_args(arguments)
    try:
        text = Path(options.deck).read_text(encoding="latin-1")
        deck = read_deck(text)
        case = case_text(deck, Path(options.deck).name, options.expect)
        if options.output:
            Path(options.output).write_text(case)
        else:
            sys.stdout.write(case)
    except OSError as error:
        print(f"convert.py: error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 4
    except DeckError as error:
        where = f"{options.deck}:{error.line}" if error.line else options.deck
        print(f"convert.py: error: {where}: {error}", file=sys.stderr)
        return 2
    for notice in deck.notices:
        print(f"convert.py: {options.deck}: {notice}", file=sys.stderr)
    if deck.ignored:
        print(f"convert.py: {options.deck}: ignored, the answer does not depend on them: "
              f"{', '.join(dict.fromkeys(deck.ignored))}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Regions and segments on the grid: their painted and true sizes, what covers nothing, and the power of a region; what a
case begins with; and messages about values without physical meaning."""
from __future__ import annotations

import math

import h5py
import numpy as np
import pytest
from heat2d_case import Outcome, basic_case, run

# A layer of one cell in a wall: 20 x 10 cells of 0.015 m.
WALL = """\
grid: {cells: [20, 10], x: [0.0, 0.3], y: [0.0, 0.15]}
materials: [{name: m, conductivity: 1.0, density: 1.0, specific_heat: 1.0}]
time: {scheme: backward-euler, step: 0.1, steps: 2}
"""
START = "initial: {temperature: 300.0}\n"
STEADY = WALL.replace("backward-euler, step: 0.1, steps: 2", "steady")
REGIONS = START + "regions:\n  - {material: m}\n  - "
ALLOW = "solver: {empty_regions: allow}\n"
RADIATES = "boundary: {left: {type: radiation, emissivity: 0.9, ambient: 300.0}}\n"


def refused(outcome: Outcome, *words: str, code: int = 2) -> None:
    """Assert one message with these words, the exit code, and, for code 2, that nothing was written."""
    assert outcome.code == code, outcome.out + outcome.err
    assert outcome.err.count("heat2d: error:") == 1
    for word in words:
        assert word in outcome.err, f"{word!r} is not in: {outcome.err}"
    assert code != 2 or not outcome.directory.exists()


def accepted(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome.out + outcome.err
    return outcome


# ---- regions and segments that cover nothing ---------------------------------------------------------------------

EMPTY = {
    "thin layer": (REGIONS + "{shape: rectangle, x: [0.1510, 0.1511], y: [0.0, 0.15], material: m}\n", ":7: regions[1]",
                   ["0.0001 m wide", "0.15 m high", "0.015 m x 0.015 m", "grid.cells", "contacts"]),
    "small circle with a source": (REGIONS + "{name: dot, shape: circle, centre: [0.015, 0.015], radius: 0.001, source: 5}\n",
                                   ":7: regions[1]", ["'dot'", "0.002 m wide"]),
    "sliver with a power": (REGIONS + "{shape: polygon, vertices: [[0.01, 0.01], [0.012, 0.01], [0.011, 0.012]], power: 4}\n",
                            ":7: regions[1]", ["0.002 m"]),
    "millimetres": (REGIONS + "{shape: rectangle, x: [100, 200], y: [0, 50], temperature: 400}\n", ":7: regions[1]",
                    ["[100, 0] to [200, 50]", "outside the domain", "metres"]),
    "outside, by TeaLeaf's rule": (REGIONS + "{shape: rectangle, x: [1, 2], y: [0, 1], temperature: 4}\nsolver: {paint: tealeaf}\n",
                                   ":7: regions[1]", ["outside the domain"]),
    "name alone": (REGIONS + "{name: gauge, shape: circle, centre: [0.0, 0.0], radius: 0.001}\n", ":7: regions[1]", ["'gauge'"]),
    "short segment": (START + "boundary:\n  top:\n    - {type: insulated, to: 0.1001}\n    - {type: flux, value: 5, to: 0.1003}\n"
                      "    - {type: insulated}\n", ":8: boundary.top[1]",
                      ["no face", "0.0002 m long", "a face is 0.015 m", "1500 suffice"]),
    "short first segment": (START + "boundary:\n  left: [{type: temperature, value: 5, to: 0.001}, {type: insulated}]\n",
                            ":6: boundary.left[0]", ["no face", "0.001 m long"]),
}


@pytest.mark.parametrize("name", EMPTY)
def test_what_covers_nothing_is_refused_with_line_size_and_remedy(tmp_path, name):
    text, where, words = EMPTY[name]
    refused(run(tmp_path, WALL + text, "--quiet"), "case.yaml" + where, *words, "solver.empty_regions: allow")


@pytest.mark.parametrize("name", EMPTY)
def test_what_covers_nothing_is_allowed_with_a_note(tmp_path, name):
    text = EMPTY[name][0].replace("solver: {paint: tealeaf}\n", "")
    outcome = accepted(run(tmp_path, WALL + text + ALLOW, "--quiet"))
    assert "heat2d: note: " in outcome.err and "has no effect" in outcome.err
    sizes = outcome.results["regions"] + outcome.results["segments"]
    assert min(size["painted"] for size in sizes) == 0.0
    assert ("are lost" in outcome.err) == ("power" in text)


def test_message_about_an_empty_region_is_the_same_on_any_number_of_ranks(tmp_path):
    said = {run(tmp_path / str(ranks), WALL + EMPTY["thin layer"][0], "--quiet", ranks=ranks).err.replace(f"/{ranks}/", "/")
            for ranks in (1, 3)}
    assert len(said) == 1 and "covers no cell" in said.pop()


def test_empty_region_of_set_is_refused_and_old_results_stay(tmp_path):
    accepted(run(tmp_path, WALL + START, "--quiet"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    outcome = run(tmp_path, WALL + START, "--quiet", "--set",
                  "regions=[{material: m}, {shape: rectangle, x: [0.151, 0.152], y: [0, 0.1], source: 3}]")
    assert outcome.code == 2 and "--set: regions[1]: covers no cell" in outcome.err
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_map_without_a_cell_is_refused(tmp_path):
    with h5py.File(tmp_path / "map.h5", "w") as file:
        file["material"] = np.full((10, 20), -1, dtype="i4")
    refused(run(tmp_path, WALL + REGIONS + "{file: map.h5}\n", "--quiet"), "case.yaml:7: regions[1]", "map", "negative")


def test_region_that_others_paint_over_is_not_refused(tmp_path):
    """Nothing is left of the first one, so that nothing of it is lost."""
    over = "{shape: rectangle, x: [0.1, 0.2], y: [0.0, 0.1], temperature: %d}\n"
    outcome = accepted(run(tmp_path, WALL + REGIONS + over % 5 + "  - " + over % 6, "--quiet"))
    assert [size["painted"] for size in outcome.results["regions"]] == pytest.approx([0.0, 42 * 0.015**2], rel=1e-14)
    assert [size["true"] for size in outcome.results["regions"]] == pytest.approx([0.0, 0.01], rel=1e-12)
    assert not outcome.err


# ---- pairs of materials that touch nowhere ---------------------------------------------------------------------------

# Three materials on 20 x 10 cells of 0.015 m; `c` is drawn by each test.
THREE = WALL.replace("{name: m, conductivity: 1.0, density: 1.0, specific_heat: 1.0}", ", ".join(
    f"{{name: {name}, conductivity: 1.0, density: 1.0, specific_heat: 1.0}}" for name in "abc")) + START
B_LEFT = "regions:\n  - {material: a}\n  - {shape: rectangle, x: [0, 0.045], y: [0, 0.15], material: b}\n"
CONTACT = "contacts: [{between: [%s, %s], resistance: 0.1}]\n"
C_RIGHT = "  - {shape: rectangle, x: [0.255, 0.3], y: [0, 0.15], material: c}\n"
APART = {
    "gap of one cell": (B_LEFT + "  - {shape: rectangle, x: [0.06, 0.12], y: [0, 0.15], material: c}\n" + CONTACT % ("b", "c"), ":9: contacts[0].between",
                        ["'b' and 'c' touch at no face", "other cells lie between"]),
    "corner": ("regions:\n  - {material: a}\n  - {shape: rectangle, x: [0, 0.15], y: [0, 0.075], material: b}\n"
               "  - {shape: rectangle, x: [0.15, 0.3], y: [0.075, 0.15], material: c}\n" + CONTACT % ("c", "b"), ":9: contacts[0].between",
               ["'c' and 'b' touch at no face", "corners"]),
    "sides that are not periodic": (B_LEFT + C_RIGHT + CONTACT % ("b", "c"), ":9: contacts[0].between", ["touch at no face"]),
    "material of no region": (B_LEFT + CONTACT % ("a", "c"), ":8: contacts[0].between", ["no cell has the material 'c'"]),
    "painted over": (B_LEFT + B_LEFT.splitlines()[-1].replace("b}", "c}") + "\n" + CONTACT % ("a", "b"), ":9: contacts[0].between",
                     ["no cell has the material 'b'"]),
    "interface": (B_LEFT + C_RIGHT + "output: {interfaces: [[a, b], [b, c]]}\n", ":9: output.interfaces[1]", ["'b' and 'c' touch at no face"]),
    "check": (B_LEFT + C_RIGHT + "check: [{quantity: heat_flow, between: [b, c], value: 0, tolerance: 1}]\n", ":9: check[0].between",
              ["'b' and 'c' touch at no face"]),
}


@pytest.mark.parametrize("name", APART)
@pytest.mark.parametrize("ranks", [1, 3])
def test_materials_that_touch_nowhere_are_refused_by_name(tmp_path, name, ranks):
    text, where, words = APART[name]
    refused(run(tmp_path, THREE + text, "--quiet", ranks=ranks), "case.yaml" + where, *words, "remove the entry",
            "solver.empty_regions: allow")


@pytest.mark.parametrize("name", APART)
def test_materials_that_touch_nowhere_are_allowed_with_a_note(tmp_path, name):
    text, where, _ = APART[name]
    outcome = accepted(run(tmp_path, THREE + text + ALLOW, "--quiet", ranks=2))
    notes = [line for line in outcome.err.splitlines() if "touch at no face" in line]
    assert len(notes) == 1 and notes[0].startswith("heat2d: note: " + where.split(": ")[1])


def test_contact_of_a_map_needs_a_face(tmp_path):
    cells = np.zeros((10, 20), dtype="i4")
    cells[2:4, 2:4], cells[4:6, 4:6] = 1, 2
    with h5py.File(tmp_path / "map.h5", "w") as file:
        file["material"] = cells
    text = THREE + "regions:\n  - {material: a}\n  - {file: map.h5}\n" + CONTACT % ("b", "c")
    refused(run(tmp_path, text, "--quiet", ranks=2), "case.yaml:8: contacts[0].between", "'b' and 'c'")
    with h5py.File(tmp_path / "map.h5", "a") as file:
        file["material"][4, 3] = 2
    accepted(run(tmp_path, text, "--quiet", ranks=2))


@pytest.mark.parametrize("ranks", [1, 2, 5])
@pytest.mark.parametrize("axis", "xy")
def test_materials_touch_across_periodic_sides(tmp_path, ranks, axis):
    regions = B_LEFT + C_RIGHT
    if axis == "y":
        regions = ("regions:\n  - {material: a}\n  - {shape: rectangle, x: [0, 0.3], y: [0, 0.03], material: b}\n"
                   "  - {shape: rectangle, x: [0, 0.3], y: [0.12, 0.15], material: c}\n")
    sides = {"x": ("left", "right"), "y": ("bottom", "top")}[axis]
    periodic = "boundary: {" + ", ".join(f"{side}: {{type: periodic}}" for side in sides) + "}\n"
    accepted(run(tmp_path, THREE + regions + CONTACT % ("b", "c") + periodic, "--quiet", ranks=ranks))


# ---- parts that later regions leave ----------------------------------------------------------------------------------

PLATE = """\
grid: {cells: [24, 16], x: [0, 1], y: [0, 1]}
materials: [{name: m, conductivity: 1, density: 1, specific_heat: 1}, {name: n, conductivity: 2, density: 1, specific_heat: 1}]
regions:
  - {material: m}
"""
STEPS = "initial: {temperature: 300}\ntime: {scheme: backward-euler, step: 1e-3, steps: 3}\n"
RING = """\
  - {shape: circle, centre: [0.5, 0.5], radius: 0.3, material: n%s}
  - {shape: circle, centre: [0.5, 0.5], radius: 0.2999, material: m%s}
"""
RING_AREA = math.pi * 0.5999 * 1e-4
LAYER = """\
  - {shape: rectangle, x: [0.2, 0.5], y: [0, 1], %s}
  - {shape: rectangle, x: [0.2, %g], y: [0, 1], %s}
"""
CELL = 1 / (24 * 16)  # m2


@pytest.mark.parametrize("ranks", [1, 2, 3, 7])
def test_ring_between_two_disks_has_its_own_size(tmp_path, ranks):
    """A ring of 0.1 mm has the four cells whose centres lie in it; 1e-12 is the rounding of areas of whole disks."""
    outcome = accepted(run(tmp_path, PLATE + RING % ("", "") + STEPS, "--no-progress", ranks=ranks))
    assert "regions[1]: 0.01042 m2 painted, 0.0001885 m2 true (+5.43e+03 %)\n" in outcome.out
    ring, disk = outcome.results["regions"]
    assert ring["painted"] == pytest.approx(4 * CELL, rel=1e-14)
    assert ring["true"] == pytest.approx(RING_AREA, rel=1e-12)
    assert disk["true"] == pytest.approx(math.pi * 0.2999**2, rel=1e-14)
    assert ring["attributes"] == disk["attributes"] == {}


def test_true_sizes_have_the_same_bits_on_any_number_of_ranks(tmp_path):
    polygon = "  - {shape: polygon, vertices: [[0.1, 0.1], [0.9, 0.3], [0.4, 0.8]], material: m, temperature: 5}\n"
    sizes = [accepted(run(tmp_path / str(ranks), PLATE + RING % ("", "") + polygon + STEPS, "--quiet", ranks=ranks)).results["regions"]
             for ranks in (1, 2, 3, 7)]
    assert sizes[0] == sizes[1] == sizes[2] == sizes[3]


def test_heat_of_a_thin_ring_is_announced_and_its_power_is_exact(tmp_path):
    """The right heat, 7e3 W/m3 in the ring, is 1.32 W/m; the four cells release 72.9 W/m. Steps take 3e-3 s."""
    source = accepted(run(tmp_path / "source", PLATE + RING % (", source: 7e3", ", source: 0") + STEPS, "--no-progress"))
    assert source.results["energy"]["sources"] == pytest.approx(7e3 * 4 * CELL * 3e-3, rel=1e-12)
    assert "(+5.43e+03 %); so does the heat of its source, `power` is exact" in source.out
    power = accepted(run(tmp_path / "power", PLATE + RING % (f", power: {7e3 * RING_AREA!r}", ", source: 0") + STEPS, "--no-progress"))
    assert power.results["energy"]["sources"] == pytest.approx(1.31925 * 3e-3, rel=1e-5)
    assert "so does" not in power.out


@pytest.mark.parametrize("text, line, words", [
    (LAYER % ("material: n", 0.49, "material: m"), 5, ["regions[1]", "0.01 m2 of its 0.3 m2 (material)"]),
    (LAYER % ("source: 7", 0.49, "source: 0"), 5, ["regions[1]", "0.01 m2 of its 0.3 m2 (source)"]),
    (LAYER % ("material: n, temperature: 9", 0.49, "temperature: 8"), 5, ["regions[1]", "(temperature)"]),
    (LAYER % ("material: n, name: skin", 0.49, "material: m"), 5, ["regions[1]", "'skin'"]),
    ("  - {shape: rectangle, x: [0, 0.49], y: [0, 1], material: n}\n  - {shape: rectangle, x: [0.5, 1], y: [0, 1], material: n}\n", 4,
     ["regions[0]", "0.01 m2 of its 1 m2 (material)"]),
], ids=["material", "source", "temperature alone", "name", "background"])
def test_layer_between_regions_without_a_cell_is_refused(tmp_path, text, line, words):
    said = set()
    for ranks in (1, 2, 3, 7):
        outcome = run(tmp_path / str(ranks), PLATE + text + STEPS, "--quiet", ranks=ranks)
        refused(outcome, f"case.yaml:{line}: ", *words, "cover no cell", "grid.cells", "solver.empty_regions: allow")
        said.add(outcome.err.replace(f"/{ranks}/", "/"))
    assert len(said) == 1


def test_layer_between_regions_without_a_cell_is_allowed_with_a_note(tmp_path):
    text = PLATE + LAYER % ("material: n, temperature: 9", 0.49, "material: m") + ALLOW + STEPS
    outcome = accepted(run(tmp_path, text, "--quiet"))
    assert ("heat2d: note: regions[1]: the part of its material that later regions leave covers no cell and has no effect"
            in outcome.err)
    layer = outcome.results["regions"][0]
    assert (layer["painted"], layer["true"]) == pytest.approx((112 * CELL, 0.3), rel=1e-12)  # its temperature is left
    assert layer["attributes"]["material"] == pytest.approx({"painted": 0.0, "true": 0.01}, rel=1e-12)


def test_heat_of_a_layer_between_regions_is_announced(tmp_path):
    """7e3 W/m3 in 0.03 m2 are 210 W/m; one column of cells releases 291.7 W/m."""
    outcome = accepted(run(tmp_path, PLATE + LAYER % ("source: 7e3", 0.47, "source: 0") + STEPS, "--no-progress"))
    assert "regions[1]: 0.04167 m2 painted, 0.03 m2 true (+38.9 %); so does the heat of its source" in outcome.out
    assert outcome.results["energy"]["sources"] == pytest.approx(7e3 * 16 * CELL * 3e-3, rel=1e-12)
    assert outcome.results["regions"][0]["true"] == pytest.approx(0.03, rel=1e-12)
    fine = accepted(run(tmp_path / "fine", PLATE + LAYER % ("source: 7e3", 0.47, "source: 0") + STEPS, "--no-progress",
                        "--set", "grid.cells=[100,16]"))
    assert fine.results["energy"]["sources"] == pytest.approx(210 * 3e-3, rel=1e-12) and "painted" not in fine.out


def test_attributes_are_painted_over_by_themselves(tmp_path):
    """The source of the layer acts in all of it; a region of another material takes the material of its larger part."""
    text = PLATE + LAYER % ("material: n, source: 7e3", 0.47, "material: m")
    outcome = accepted(run(tmp_path, text + STEPS, "--no-progress"))
    layer = outcome.results["regions"][0]
    assert (layer["painted"], layer["true"]) == pytest.approx((112 * CELL, 0.3), rel=1e-12)
    assert layer["attributes"]["material"] == pytest.approx({"painted": 16 * CELL, "true": 0.03}, rel=1e-12)
    assert "source" not in layer["attributes"]
    assert "regions[1] (material): 0.04167 m2 painted, 0.03 m2 true (+38.9 %)\n" in outcome.out  # not the heat
    assert outcome.results["energy"]["sources"] == pytest.approx(7e3 * 112 * CELL * 3e-3, rel=1e-12)


def test_map_takes_the_same_share_of_both_sizes(tmp_path):
    """A map over the left half of the plate; the disk's outline is painted as before."""
    numbers = np.full((16, 24), -1, dtype="i4")
    numbers[:, :12] = 0
    with h5py.File(tmp_path / "map.h5", "w") as file:
        file["material"] = numbers
    disk = "  - {shape: circle, centre: [0.5, 0.5], radius: 0.3, material: n}\n"
    for ranks in (1, 3):
        outcome = accepted(run(tmp_path, PLATE + disk + "  - {file: map.h5}\n" + STEPS, "--quiet", ranks=ranks))
        half, over = outcome.results["regions"]
        assert half["true"] == pytest.approx(0.045 * math.pi, rel=1e-12) and half["painted"] == pytest.approx(56 * CELL, rel=1e-12)
        assert over["true"] == over["painted"] == pytest.approx(0.5, rel=1e-12)


def test_layers_that_meet_leave_nothing(tmp_path):
    """Edges that rounding moves apart, 0.1*3 and 0.3, leave no layer of the background."""
    layers = "".join(f"  - {{shape: rectangle, x: [{0.1 * k!r}, {k / 10 + 0.1!r}], y: [0, 1], material: n}}\n" for k in range(10))
    outcome = accepted(run(tmp_path, PLATE + layers + STEPS, "--quiet"))
    assert not outcome.err and len(outcome.results["regions"]) == 10


# ---- polygons that cross themselves ----------------------------------------------------------------------------------


@pytest.mark.parametrize("vertices, words", [
    ("[0, 0], [0.1, 0.1], [0.1, 0], [0, 0.1]", ["at [0.05, 0.05]", "from vertex 0 [0, 0] to vertex 1 [0.1, 0.1]",
                                                "from vertex 2 [0.1, 0] to vertex 3 [0, 0.1]"]),
    ("[0, 0], [0.2, 0], [0.2, 0.1], [0.1, 0], [0.1, -0.1]", ["at [0.1, 0]", "from vertex 0 [0, 0] to vertex 1 [0.2, 0]",
                                                             "from vertex 3 [0.1, 0] to vertex 4 [0.1, -0.1]"]),
    ("[0, 0], [0.1, 0], [0.1, 0.1], [0.1, 0]", ["outline runs back along itself"]),
    ("[0, 0], [0.1, 0.1], [0, 0], [0, 0]", ["lie on one line"]),
], ids=["bow tie", "at a vertex", "no area", "two points"])
def test_polygon_that_crosses_itself_is_refused_with_its_edges(tmp_path, vertices, words):
    text = WALL + REGIONS + f"{{shape: polygon, vertices: [{vertices}], material: m}}\n"
    for ranks in (1, 3):
        refused(run(tmp_path / str(ranks), text, "--quiet", ranks=ranks), "case.yaml:7: regions[1].vertices: ", *words)


def test_polygon_of_many_vertices_is_read(tmp_path):
    corners = ", ".join(f"[{0.1 + 0.05 * math.cos(k * math.tau / 10000)!r}, {0.08 + 0.05 * math.sin(k * math.tau / 10000)!r}]"
                        for k in range(10000))
    outcome = accepted(run(tmp_path, WALL + REGIONS + f"{{shape: polygon, vertices: [{corners}], material: m}}\n", "--quiet"))
    assert outcome.results["regions"][0]["true"] == pytest.approx(math.pi * 0.05**2, rel=1e-6)


# ---- sizes ---------------------------------------------------------------------------------------------------------

SHAPES = {
    # name: (shape, true area in the domain [0, 1] x [0, 1]); exact up to the rounding of a handful of operations
    "circle": ("shape: circle, centre: [0.5, 0.5], radius: 0.3", 0.09 * math.pi),
    "quarter of a circle": ("shape: circle, centre: [0.0, 0.0], radius: 0.3", 0.0225 * math.pi),
    "circle beyond a side": ("shape: circle, centre: [1.0, 0.5], radius: 0.3", 0.045 * math.pi),
    "circle around the domain": ("shape: circle, centre: [0.5, 0.5], radius: 30", 1.0),
    "rectangle beyond a corner": ("shape: rectangle, x: [0.7, 5.0], y: [-3.0, 0.4]", 0.12),
    "triangle beyond a side": ("shape: polygon, vertices: [[0.5, 0.0], [1.5, 0.0], [1.0, 1.0]]", 0.25),
    "concave polygon": ("shape: polygon, vertices: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.3], [0.9, 0.9], [0.1, 0.9]]",
                        0.64 - 0.5 * 0.8 * 0.4),
    "two triangles at a vertex": ("shape: polygon, vertices: [[0.1, 0.1], [0.5, 0.5], [0.1, 0.9], [0.9, 0.9], [0.5, 0.5], [0.9, 0.1]]",
                                  2 * 0.5 * 0.8 * 0.4),
    "square with a hole, by an edge there and back": ("shape: polygon, vertices: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9],"
                                                      " [0.1, 0.1], [0.3, 0.3], [0.3, 0.7], [0.7, 0.7], [0.7, 0.3], [0.3, 0.3]]", 0.48),
    "vertices repeated": ("shape: polygon, vertices: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.1]]", 0.32),
}


@pytest.mark.parametrize("name", SHAPES)
def test_true_size_is_exact_and_the_painted_one_converges_to_it(tmp_path, name):
    shape, area = SHAPES[name]
    painted = []
    for cells in (25, 200):
        case = basic_case(grid={"cells": [cells, cells], "x": [0.0, 1.0], "y": [0.0, 1.0]}, time={"scheme": "ftcs", "step": 1e-6, "steps": 1})
        outcome = accepted(run(tmp_path / str(cells), case, "--quiet", "--set", f"regions=[{{material: m}}, {{name: a, {shape}, material: m}}]"))
        region = outcome.results["regions"][0]
        assert (region["name"], region["region"], region["power"]) == ("a", 1, None)
        assert region["true"] == pytest.approx(area, rel=1e-12)
        painted.append(region["painted"])
    assert painted[1] == pytest.approx(area, rel=5e-3)  # cells of 0.005 m along the outline err in both directions


def test_sizes_of_segments_add_up_to_their_side(tmp_path):
    segments = ("boundary:\n  top: [{type: insulated, to: 0.11}, {type: flux, value: 3, to: 0.2}, {type: insulated}]\n")
    sizes = accepted(run(tmp_path, WALL + START + segments, "--quiet")).results["segments"]
    top = [size for size in sizes if size["side"] == "top"]
    assert [size["true"] for size in top] == pytest.approx([0.11, 0.09, 0.1], rel=1e-13)
    assert [size["painted"] for size in top] == pytest.approx([0.105, 0.09, 0.105], rel=1e-13)
    assert [size["true"] for size in sizes if size["side"] != "top"] == pytest.approx([0.15, 0.15, 0.3], rel=1e-13)
    assert [(size["segment"], size["type"]) for size in top] == [(0, "insulated"), (1, "flux"), (2, "insulated")]


def test_terminal_lists_a_few_sizes_that_differ_and_counts_the_others(tmp_path):
    """A layer of 1.4 cells takes one cell; regions of whole cells have no line."""
    layers = "".join(f"  - {{shape: rectangle, x: [{0.03 * k}, {0.03 * k + 0.021}], y: [0.0, 0.15], temperature: 9}}\n"
                     for k in range(9))
    whole = "{shape: rectangle, x: [0.285, 0.3], y: [0.0, 0.15], temperature: 5}\n"
    outcome = accepted(run(tmp_path, WALL + REGIONS + whole + layers, "--no-progress"))
    lines = [line for line in outcome.out.splitlines() if "painted" in line]
    assert len(lines) == 4 and all("m2 true" in line for line in lines)
    assert "and 5 more that differ by more than 2 %" in outcome.out
    assert "painted" not in accepted(run(tmp_path / "b", WALL + REGIONS + whole, "--no-progress")).out


# ---- power -----------------------------------------------------------------------------------------------------------

DISC = "{shape: circle, centre: [0.1, 0.07], radius: 0.04, power: %s}\n"


@pytest.mark.parametrize("cells", ["[20, 10]", "[33, 14]", "[7, 5]"])
@pytest.mark.parametrize("ranks", [1, 3])
def test_power_is_released_exactly_on_any_grid(tmp_path, cells, ranks):
    """The heat of the sources is power times time, to the rounding of the account; `painted` differs from `true`."""
    over = "  - {shape: rectangle, x: [0.1, 0.3], y: [0.0, 0.15], source: 0.0}\n"
    outcome = accepted(run(tmp_path, WALL + REGIONS + DISC % "70.0" + over, "--quiet", "--set", f"grid.cells={cells}", ranks=ranks))
    record = outcome.results
    assert record["energy"]["sources"] == pytest.approx(70.0 * 0.2, rel=1e-13)
    assert abs(record["energy"]["balance_error_relative"]) < 1e-10  # of the linear solves
    assert record["regions"][0]["power"] == 70.0


@pytest.mark.parametrize("scheme", ["backward-euler", "crank-nicolson", "rkl2", "bdf2", "esdirk"])
def test_power_that_switches_releases_its_heat(tmp_path, scheme):
    """40 W/m for 0.13 s, within steps of 0.1 s that do not divide it."""
    outcome = accepted(run(tmp_path, WALL + REGIONS + DISC % '"40*(t < 0.13)"', "--quiet", "--set", f"time.scheme={scheme}"))
    assert outcome.results["energy"]["sources"] == pytest.approx(40 * 0.13, rel=1e-9)
    assert outcome.results["regions"][0]["power"] == 0.0


POWERS = {
    "beside a source": ('{shape: circle, centre: [0.1, 0.07], radius: 0.04, power: 5, source: 4}\n', ["regions[1].power", "given together with source"]),
    "of x": (DISC % '"5*x"', ["regions[1].power", "'x'", "only t"]),
    "of T": (DISC % '"5*T"', ["regions[1].power", "'T'"]),
    "not finite": (DISC % '"1/t"', ["regions[1].power", "inf W/m", "finite"]),
    "without cells of its own": (DISC % "5" + "  - {shape: rectangle, x: [0.0, 0.3], y: [0.0, 0.15], source: 6}\n",
                                 ["regions[1].power", "no cell carries it", "solver.empty_regions: allow"]),
}


@pytest.mark.parametrize("name", POWERS)
def test_power_is_refused(tmp_path, name):
    text, words = POWERS[name]
    refused(run(tmp_path, WALL + REGIONS + text, "--quiet"), "case.yaml:7: ", *words)


def test_power_without_cells_is_lost_with_a_warning_where_that_is_allowed(tmp_path):
    outcome = accepted(run(tmp_path, WALL + REGIONS + POWERS["without cells of its own"][0] + ALLOW, "--quiet"))
    assert any("5 W/m are lost" in text for text in outcome.results["warnings"])
    assert "warning: case.yaml:7: regions[1].power: no cell carries it: 5 W/m are lost" in outcome.err.replace(str(tmp_path) + "/", "")
    assert outcome.results["regions"][0]["power"] == 0.0
    assert outcome.results["energy"]["sources"] == pytest.approx(6 * 0.3 * 0.15 * 0.2, rel=1e-12)


# ---- the initial temperature ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2", "backward-euler", "crank-nicolson", "bdf2", "esdirk", "ts:cn"])
def test_run_over_time_without_an_initial_temperature_is_refused(tmp_path, scheme):
    refused(run(tmp_path, WALL.replace("backward-euler", scheme), "--quiet"), "case.yaml:1: initial.temperature", "missing",
            "initial.file")


def test_regions_must_give_every_cell_a_temperature(tmp_path):
    part = "regions: [{material: m}, {shape: rectangle, x: [0.0, 0.2], y: [0.0, 0.15], temperature: 3}]\n"
    said = set()
    for ranks in (1, 3):
        outcome = run(tmp_path / str(ranks), WALL + part, "--quiet", ranks=ranks)
        refused(outcome, "initial.temperature", "70 cells", "x = 0.2025")
        said.add(outcome.err.replace(f"/{ranks}/", "/"))
    assert len(said) == 1
    accepted(run(tmp_path / "all", WALL + part.replace("0.2]", "0.3]"), "--quiet"))


def test_steady_case_begins_at_the_mean_of_its_sides(tmp_path):
    """k = 1 + 0.01 (T - 300) is not positive at 0, but at 400, the mean of 500 and 300; and Kirchhoff's transform is linear
    in the steady state, (T - 300) + 0.005 (T - 300)^2 = 400 (1 - x/0.3)."""
    text = STEADY.replace("conductivity: 1.0", 'conductivity: "1 + 0.01*(T - 300)"')
    sides = "boundary: {left: {type: temperature, value: 500}, right: {type: temperature, value: 300}}\n"
    exact = 300 + 100 * (math.sqrt(1 + 0.02 * 200) - 1)
    check = f"check: [{{quantity: temperature, at: [0.15, 0.07], value: {exact}, tolerance: 0.2}}]\n"  # second order in h
    accepted(run(tmp_path, text + sides + check, "--quiet"))


def test_steady_case_without_a_level_needs_an_initial_temperature(tmp_path):
    refused(run(tmp_path, STEADY, "--quiet"), "initial.temperature", "missing", "level")


# ---- values without physical meaning -------------------------------------------------------------------------------------

K_OF_T = WALL.replace("conductivity: 1.0", 'conductivity: "1 + 0.01*(T - 400)"')
FAULTS = {
    "conductivity": (K_OF_T + START, ":2: materials[0].conductivity", ["k is 0 W/(m K)", "T = 300", "x = 0.0075", "200 such"]),
    "ky alone": (WALL.replace("conductivity: 1.0", 'conductivity: [1.0, "T-300-x"]') + START, ":2: materials[0].conductivity",
                 ["ky is -0.0075 W/(m K)", "T = 300"]),
    "conductivity in a region": (WALL.replace("conductivity: 1.0", 'conductivity: "T-100"') + REGIONS
                                 + "{shape: rectangle, x: [0.1, 0.2], y: [0.0, 0.1], temperature: 10}\n",
                                 ":2: materials[0].conductivity", ["k is -90", "T = 10", "x = 0.1125", "42 such"]),
    "conductivity of x": (WALL.replace("conductivity: 1.0", 'conductivity: "0.1-x"') + START, ":2: materials[0].conductivity",
                          ["x = 0.1125", "greater than 0"]),
    "source of T": (WALL + START + 'source: "sqrt(200-T)"\n', ":5: source", ["nan W/m3", "T = 300"]),
    "source of x": (WALL + START + 'source: "1/(x-0.0225)"\n', ":5: source", ["inf W/m3", "x = 0.0225", "10 such"]),
    "flux": (WALL + START + 'boundary: {left: {type: flux, value: "1/(y-0.0225)"}}\n', ":5: boundary.left.value",
             ["inf W/m2", "y = 0.0225"]),
    "coefficient": (WALL + START + 'boundary: {left: {type: convection, coefficient: "y-0.02", ambient: 3}}\n',
                    ":5: boundary.left.coefficient", ["-0.0125 W/(m2 K)", "y = 0.0075"]),
    "exchange": (WALL + START + 'exchange: {coefficient: "x-0.1", ambient: 3}\n', ":5: exchange.coefficient", ["x = 0.0075"]),
    "initial": (WALL + 'initial: {temperature: "1/(x-0.0225)"}\n', ":4: initial.temperature", ["inf K", "x = 0.0225"]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_value_without_meaning_is_named_with_line_value_and_place(tmp_path, name):
    text, where, words = FAULTS[name]
    said = set()
    for ranks in (1, 3):
        outcome = run(tmp_path / str(ranks), text, "--quiet", ranks=ranks)
        refused(outcome, "case.yaml" + where, *words)
        said.add(outcome.err.replace(f"/{ranks}/", "/"))
    assert len(said) == 1


@pytest.mark.parametrize("scheme", ["rkl2", "backward-euler", "bdf2", "esdirk", "ts:cn"])
def test_source_that_becomes_undefined_is_named_with_its_time(tmp_path, scheme):
    outcome = run(tmp_path, WALL.replace("backward-euler", scheme) + START + 'source: "sqrt(0.15-t)"\n', "--quiet")
    refused(outcome, "case.yaml:5: source", "nan W/m3 at t = 0.", "the first of", code=3)


@pytest.mark.parametrize("step", ["auto", "0.006"])
def test_conductivity_that_cooling_makes_zero_is_named_by_rkl2(tmp_path, step):
    """Whatever the step, a stage passes -500, where k is 0; the number of stages is not the cause."""
    text = WALL.replace("backward-euler, step: 0.1, steps: 2", f"rkl2, step: {step}, end: 1000.0")
    text = text.replace("[20, 10]", "[4, 2]").replace("conductivity: 1.0", 'conductivity: "1 + 0.002*T"')
    outcome = run(tmp_path, text + "initial: {temperature: 0}\nsource: -1e5\n", "--quiet")
    assert outcome.code == 3 and outcome.err.count("error:") == 1, outcome.err
    assert "case.yaml:2: materials[0].conductivity" in outcome.err and "greater than 0" in outcome.err, outcome.err


def test_side_that_becomes_undefined_within_steps_at_once_is_named(tmp_path):
    text = WALL.replace("backward-euler, step: 0.1, steps: 2", "ftcs, step: 0.00005, steps: 20")
    side = 'boundary: {left: {type: temperature, value: "300*sqrt(0.0001-t)"}}\n'
    refused(run(tmp_path, text + START + side, "--quiet"), "case.yaml:5: boundary.left.value", "nan K at t = 0.00015 s", code=3)


# ---- the absolute zero -----------------------------------------------------------------------------------------------------

RIGHT = RADIATES.replace("}}\n", "}, right: %s}\n")
COLD = {
    "initial": ("initial: {temperature: -300}\n" + RADIATES, ":4: initial.temperature"),
    "initial of x": ('initial: {temperature: "x-0.2"}\n' + RADIATES, ":4: initial.temperature"),
    "region": ("regions: [{material: m, temperature: -4}]\n" + RADIATES, ":4: regions[0].temperature"),
    "ambient": (START + RADIATES.replace("300.0", "-1"), ":5: boundary.left.ambient"),
    "ambient of y": (START + RADIATES.replace("300.0", '"-y"'), ":5: boundary.left.ambient"),
    "other side": (START + RIGHT % "{type: temperature, value: -3}", ":5: boundary.right.value"),
    "convection": (START + RIGHT % '{type: convection, coefficient: 1, ambient: "-3-t"}', ":5: boundary.right.ambient"),
    "table": (START + RIGHT % "{type: temperature, table: t.csv}", ":5: boundary.right.table"),
    "exchange": (START + "exchange: {coefficient: 3, ambient: -5}\n" + RADIATES, ":5: exchange.ambient"),
    "unit K": ("initial: {temperature: -5}\noutput: {temperature_unit: K}\n", ":4: initial.temperature"),
    "unit degC": ("initial: {temperature: -280}\noutput: {temperature_unit: degC}\n", ":4: initial.temperature"),
    **{f"unit {unit}": (f"initial: {{temperature: -300}}\noutput: {{temperature_unit: {unit}}}\n", ":4: initial.temperature")
       for unit in ("C", "Celsius", "CELSIUS", "degree_Celsius", "degrees C", "°C", "deg C", "℃")},
    **{f"unit {unit}": (f"initial: {{temperature: -460}}\noutput: {{temperature_unit: {unit}}}\n", ":4: initial.temperature")
       for unit in ("F", "degF", "Fahrenheit", "°F")},
}


@pytest.mark.parametrize("name", COLD)
def test_temperature_below_the_absolute_zero_is_refused(tmp_path, name):
    text, where = COLD[name]
    (tmp_path / "t.csv").write_text("0,300\n1,-20\n")
    refused(run(tmp_path, WALL.replace("steps: 2", "end: 0.2") + text, "--quiet"), "case.yaml" + where, "the absolute zero")


def test_initial_file_below_the_absolute_zero_is_refused(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file["temperature"] = np.full((10, 20), -1.0)
    refused(run(tmp_path, WALL + "initial: {file: f.h5}\n" + RADIATES, "--quiet"), "initial.file", "the absolute zero")


def test_ambient_that_falls_below_the_absolute_zero_ends_the_run(tmp_path):
    text = START + RADIATES.replace("300.0", '"300-4000*t"')
    refused(run(tmp_path, WALL + text, "--quiet"), "boundary.left.ambient", "-100 K at t = 0.1 s", "the absolute zero", code=3)


def test_case_without_a_unit_may_be_below_zero(tmp_path):
    accepted(run(tmp_path, WALL + "initial: {temperature: -300}\n", "--quiet"))
    flux = START + RIGHT % "{type: flux, value: -5}"
    accepted(run(tmp_path / "flux", WALL + flux, "--quiet"))


# ---- places at edges ---------------------------------------------------------------------------------------------------------

PLACES = {
    "probe": "output: {probes: [{name: a, at: [%s, 0.05]}]}\n",
    "profile": "output: {profiles: [{name: a, from: [-1e-17, 0.05], to: [%s, 0.05]}]}\n",
    "check": "check: [{quantity: temperature, at: [%s, 0.05], value: 300, tolerance: 1e-6}]\n",
    "segment": "boundary: {top: [{type: insulated, to: 0.1}, {type: flux, value: 0, to: %s}]}\n",
}


@pytest.mark.parametrize("name", PLACES)
def test_place_beyond_a_side_by_a_rounding_is_accepted(tmp_path, name):
    """3*0.1 is 0.30000000000000004; 0.3001 is no rounding."""
    accepted(run(tmp_path, WALL + START + PLACES[name] % "0.30000000000000004", "--quiet"))
    refused(run(tmp_path / "b", WALL + START + PLACES[name] % "0.3001", "--quiet"), "0.3001")


def test_message_about_a_value_without_a_unit_has_no_gap(tmp_path):
    case = basic_case(initial={"temperature": 300.0},
                      boundary={"top": {"type": "radiation", "emissivity": "2*x", "ambient": 300.0}})
    outcome = run(tmp_path, case, "--quiet")
    assert outcome.code == 2 and "boundary.top.emissivity: the emissivity is 1.04167 at x = " in outcome.err, outcome.err

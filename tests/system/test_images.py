"""inputs/map_from_image.py converts pixels to material numbers, the right way up, and refuses unsuitable images."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from heat2d_case import ROOT, basic_case, run
from PIL import Image

RED, BLUE, GREY = (255, 0, 0), (0, 0, 255), (128, 128, 128)
COLOURS = "#ff0000=steel,#0000ff=ply,#808080=air"
PIXELS = np.array([[0, 0, 0, 1, 1],   # three rows of five columns, the first row at the top
                   [0, 2, 2, 2, 1],
                   [0, 0, 1, 1, 1]])
PALETTE = np.array([RED, BLUE, GREY], dtype=np.uint8)


def rgb() -> Image.Image:
    return Image.fromarray(PALETTE[PIXELS])


def convert(directory: Path, *args: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(ROOT / "inputs" / "map_from_image.py"), *args], cwd=directory,
                          capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


def stored(directory: Path, name: str = "map.h5", dataset: str = "material") -> np.ndarray:
    with h5py.File(directory / name, "r") as file:
        assert np.issubdtype(file[dataset].dtype, np.integer)
        return file[dataset][...]


def palette_image() -> Image.Image:
    image = Image.fromarray(PIXELS.astype(np.uint8), mode="P")
    image.putpalette(PALETTE.tobytes())
    return image


@pytest.mark.parametrize("image", [rgb(), palette_image(), rgb().convert("RGBA")], ids=["rgb", "palette", "rgba"])
def test_row_0_of_the_map_is_the_bottom_of_the_image(tmp_path, image):
    image.save(tmp_path / "a.png")
    done = convert(tmp_path, "a.png", "--colours", COLOURS)
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(stored(tmp_path), PIXELS[::-1])


@pytest.mark.parametrize("name", ["a.png", "a.pgm"])
def test_grey_levels(tmp_path, name):
    Image.fromarray(np.array([10, 200, 255], dtype=np.uint8)[PIXELS]).save(tmp_path / name)
    done = convert(tmp_path, name, "--colours", "10=steel,#c8c8c8=ply,255=air", "-o", "b.h5", "--dataset", "maps/m")
    assert done.returncode == 0, done.stderr
    np.testing.assert_array_equal(stored(tmp_path, "b.h5", "maps/m"), PIXELS[::-1])
    assert "{file: b.h5, dataset: /maps/m}" in done.stdout


def test_colours_are_printed_with_their_numbers_and_the_lines_for_the_case(tmp_path):
    rgb().save(tmp_path / "a.png")
    lines = convert(tmp_path, "a.png", "--colours", COLOURS).stdout.splitlines()
    assert [line.split() for line in lines[1:4]] == [
        ["0", "#ff0000", "steel", "6"], ["1", "#0000ff", "ply", "6"], ["2", "#808080", "air", "3"]]
    assert "# materials, in this order: steel, ply, air" in lines
    assert lines[-3:] == ["regions:", "  - {material: steel}", "  - {file: map.h5, dataset: /material}"]


def test_without_colours_they_are_numbered_by_frequency(tmp_path):
    Image.fromarray(PALETTE[[[2, 2, 0], [2, 1, 0]]]).save(tmp_path / "a.png")
    assert convert(tmp_path, "a.png").returncode == 0
    np.testing.assert_array_equal(stored(tmp_path), [[0, 2, 1], [0, 0, 1]])


def test_given_numbers_none_and_transparency(tmp_path):
    pixels = np.dstack([PALETTE[PIXELS], np.full(PIXELS.shape, 255, dtype=np.uint8)])
    pixels[0, 0, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "a.png")
    done = convert(tmp_path, "a.png", "--colours", "#ff0000=7,#0000ff=3,#808080=none")
    assert done.returncode == 0, done.stderr
    expected = np.array([7, 3, -1])[PIXELS]
    expected[0, 0] = -1
    np.testing.assert_array_equal(stored(tmp_path), expected[::-1])


def test_colours_from_a_file_and_refinement(tmp_path):
    rgb().save(tmp_path / "a.png")
    (tmp_path / "colours.txt").write_text(COLOURS.replace(",", "\n") + "\n")
    assert convert(tmp_path, "a.png", "--colours", "colours.txt", "--refine", "3").returncode == 0
    np.testing.assert_array_equal(stored(tmp_path), np.kron(PIXELS[::-1], np.ones((3, 3), dtype=int)))


def test_two_colours_may_be_one_material(tmp_path):
    rgb().save(tmp_path / "a.png")
    assert convert(tmp_path, "a.png", "--colours", "#ff0000=a,#0000ff=b,#808080=a").returncode == 0
    np.testing.assert_array_equal(stored(tmp_path), np.array([0, 1, 0])[PIXELS][::-1])


@pytest.mark.parametrize("colours,words", [
    ("#ff0000=steel,#0000ff=ply", ["3 pixels have a colour that --colours does not name",
                                   "the first in column 2, row 2 from the top: #808080 (3)"]),
    ("#ff000=steel", ["found '#ff000'; a colour is #rrggbb"]),
    ("#ff0000=steel,#ff0000=ply", ["#ff0000 is named twice"]),
    ("#ff0000=,#0000ff=ply", ["found '#ff0000='; the form is #rrggbb=NAME"]),
    ("#ff0000=1,#0000ff=ply,#808080=none", ["'1' is a number and others are names"]),
    ("#ff0000=65535,#0000ff=1,#808080=2", ["found number 65535"]),
    ("#ff0000=none,#0000ff=none,#808080=none", ["names no material"]),
])
def test_wrong_colours_are_refused_and_nothing_is_written(tmp_path, colours, words):
    rgb().save(tmp_path / "a.png")
    done = convert(tmp_path, "a.png", "--colours", colours)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and all(word in done.stderr for word in words), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_smoothed_edges_and_photographs_are_refused(tmp_path):
    ramp = np.arange(100, dtype=np.uint8).reshape(10, 10)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    done = convert(tmp_path, "a.png")
    assert done.returncode == 2 and "100 colours, more than 64 materials" in done.stderr
    rgb().save(tmp_path / "a.jpg")
    done = convert(tmp_path, "a.jpg")
    assert done.returncode == 2 and "the format is JPEG" in done.stderr


def test_half_transparent_and_16_bit_images_are_refused(tmp_path):
    pixels = np.dstack([PALETTE[PIXELS], np.full(PIXELS.shape, 255, dtype=np.uint8)])
    pixels[1, 2, 3] = 99
    Image.fromarray(pixels).save(tmp_path / "a.png")
    done = convert(tmp_path, "a.png")
    assert done.returncode == 2 and "1 pixels are half transparent, the first in column 3, row 2" in done.stderr
    Image.fromarray(np.full((2, 2), 1000, dtype=np.uint16)).save(tmp_path / "b.png")
    done = convert(tmp_path, "b.png")
    assert done.returncode == 2 and "8 bits a channel" in done.stderr


@pytest.mark.parametrize("content,words", [(None, "No such file"), (b"no image", "cannot identify image file")])
def test_a_file_that_cannot_be_read_is_exit_code_4(tmp_path, content, words):
    if content:
        (tmp_path / "a.png").write_bytes(content)
    done = convert(tmp_path, "a.png")
    assert done.returncode == 4 and "a.png" in done.stderr and words in done.stderr
    assert not (tmp_path / "map.h5").exists()


def test_pipe_is_not_replaced_by_a_map(tmp_path):
    rgb().save(tmp_path / "a.png")
    os.mkfifo(tmp_path / "map.h5")
    done = convert(tmp_path, "a.png", "--colours", COLOURS)
    assert done.returncode == 4 and "map.h5: it is a device or a pipe; name a regular file" in done.stderr
    assert (tmp_path / "map.h5").is_fifo()


def test_heat2d_paints_the_map_as_the_image_stands(tmp_path):
    rgb().save(tmp_path / "a.png")
    assert convert(tmp_path, "a.png", "--colours", COLOURS, "--refine", "2").returncode == 0
    case = basic_case(
        grid={"cells": [10, 6], "x": [0.0, 5.0], "y": [0.0, 3.0]},
        materials=[{"name": name, "conductivity": k, "density": 1.0, "specific_heat": 1.0}
                   for name, k in (("steel", 2.0), ("ply", 0.5), ("air", 0.1))],
        regions=[{"material": "steel"}, {"file": "map.h5", "dataset": "/material"}],
        output={"snapshots": {"every": 1}, "fields": ["material", "conductivity"]})
    outcome = run(tmp_path, case, ranks=2)
    assert outcome.code == 0, outcome.err
    # The lower left cell is the lower left pixel of the image.
    np.testing.assert_array_equal(outcome.field(0, "material"), np.kron(PIXELS[::-1], np.ones((2, 2), dtype=int)))

#!/usr/bin/env python3
"""Convert a picture of a cross-section to a map of materials for the `file` of a region.

    map_from_image.py IMAGE [-o map.h5] [--dataset material] [--colours COLOURS] [--refine N]

IMAGE is a PNG (palette, grey, RGB, with or without alpha) or a PGM, PPM or PBM of 8 bits.  Every pixel becomes a
cell (N x N cells with --refine), every colour a number.  The first row of an image is its top and the first row of a
field is its bottom (y grows upwards), so the order of the rows is reversed: the case looks as the image does.

COLOURS assigns materials to colours, as in "#c0c0c0=steel,#a06030=ply", or names a file with one `#rrggbb=NAME` on
each line.  Names are numbered 0, 1, ... in this order, in which `materials` of the case must then be; numbers in
place of names are used as they are.  NAME `none` leaves the pixels out of the region (number -1), as does full
transparency.  Without COLOURS the colours of the image are numbered, the most frequent one first.

The program prints the table of colours and the lines for the case.  Its exit codes are 0 (done), 2 (the command line
or the colours are wrong) and 4 (a file could not be read or written).  It needs numpy, h5py, and Pillow, which comes
with matplotlib.
"""
from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path

import h5py
import numpy as np
from PIL import Image

OUT = -1                  # number of pixels that do not belong to the region
TRANSPARENT = 1 << 24     # key of a transparent pixel, larger than all keys 0xrrggbb
MOST_COLOURS = 64         # without --colours; chosen: more colours mean a photograph or smoothed edges
MOST_MATERIALS = 65535    # of a case of heat2d
SHOWN = 5                 # unknown colours that a message lists; chosen
FORMATS = ("PNG", "PPM")  # Pillow's name for PGM, PPM and PBM is PPM
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")


class WrongInput(Exception):
    """An error that the user can correct."""


def colour_name(key: int) -> str:
    return "transparent" if key == TRANSPARENT else f"#{key:06x}"


# ---- the image ----


def read_keys(path: Path) -> np.ndarray:
    """Return the colours 0xrrggbb [rows][columns] of the image, first row at the top; TRANSPARENT where alpha is 0."""
    Image.MAX_IMAGE_PIXELS = None  # Pillow's limit is for images from strangers; a cross-section may be large
    with Image.open(path) as image:
        if image.format not in FORMATS:
            raise WrongInput(f"{path}: the format is {image.format}; save it as PNG or PGM, which keep colours exactly")
        if image.mode not in MODES:
            raise WrongInput(f"{path}: its pixels have mode {image.mode}; save it with 8 bits a channel")
        pixels = np.asarray(image.convert("RGBA"))
    keys = (pixels[..., 0].astype(np.uint32) << 16) | (pixels[..., 1].astype(np.uint32) << 8) | pixels[..., 2]
    alpha = pixels[..., 3]
    half = (alpha > 0) & (alpha < 255)
    if half.any():
        raise WrongInput(f"{path}: {np.count_nonzero(half)} pixels are half transparent, {first_place(half)}; "
                         "make them opaque or clear")
    keys[alpha == 0] = TRANSPARENT
    return keys


def first_place(mask: np.ndarray) -> str:
    """Return words for the place of the first pixel of the mask in reading order."""
    row, column = divmod(int(np.argmax(mask)), mask.shape[1])
    return f"the first in column {column + 1}, row {row + 1} from the top"


# ---- colours to numbers ----


def colour_key(word: str) -> int:
    match = re.fullmatch(r"#([0-9a-f]{6})", word.lower())
    if match:
        return int(match[1], 16)
    if word.lower() == "transparent":
        return TRANSPARENT
    if word.isdecimal() and int(word) <= 255:  # a grey level
        return int(word) * 0x010101
    raise WrongInput(f"--colours: found '{word}'; a colour is #rrggbb, a grey level 0 to 255, or transparent")


def read_colours(text: str) -> list[tuple[int, str]]:
    """Return (colour, name) pairs in the user's order, from the text or from the file that it names."""
    if "=" not in text:
        text = Path(text).read_text()
    pairs = []
    for item in re.split(r"[,\n]", text):
        if not item.strip():
            continue
        colour, equals, name = (word.strip() for word in item.partition("="))
        if not equals or not name:
            raise WrongInput(f"--colours: found '{item.strip()}'; the form is #rrggbb=NAME")
        key = colour_key(colour)
        if key in [known for known, _ in pairs]:
            raise WrongInput(f"--colours: {colour_name(key)} is named twice")
        pairs.append((key, name))
    if not pairs:
        raise WrongInput("--colours names no colour")
    return pairs


def number_names(pairs: list[tuple[int, str]]) -> dict[str, int]:
    """Return the numbers of the names: 0, 1, ... in order, or the names themselves if all are whole numbers."""
    names = [name for name in dict.fromkeys(name for _, name in pairs) if name != "none"]
    if not names:
        raise WrongInput("--colours names no material")
    given = [name for name in names if re.fullmatch(r"-?\d+", name)]
    if given and len(given) < len(names):
        raise WrongInput(f"--colours: '{given[0]}' is a number and others are names; use one or the other")
    numbers = {name: int(name) if given else n for n, name in enumerate(names)}
    for name, number in numbers.items():
        if not 0 <= number < MOST_MATERIALS:
            raise WrongInput(f"--colours: found number {name}; materials are 0 to {MOST_MATERIALS - 1}; "
                             "`none` leaves pixels out")
    return {**numbers, "none": OUT}


def colours_found(keys: np.ndarray, path: Path) -> list[tuple[int, str]]:
    """Return (colour, name) pairs for all colours of the image, the most frequent first (without --colours)."""
    found, counts = np.unique(keys, return_counts=True)
    opaque = [(int(key), int(count)) for key, count in zip(found, counts) if key != TRANSPARENT]
    if not opaque:
        raise WrongInput(f"{path}: all pixels are transparent")
    if len(opaque) > MOST_COLOURS:
        raise WrongInput(f"{path}: {len(opaque)} colours, more than {MOST_COLOURS} materials: a photograph, or "
                         "smoothed edges (draw without antialiasing); or name the colours with --colours")
    opaque.sort(key=lambda pair: (-pair[1], pair[0]))
    return [(key, f"material-{n}") for n, (key, _) in enumerate(opaque)]


def refuse_unknown(keys: np.ndarray, known: np.ndarray, path: Path):
    unknown = ~np.isin(keys, known)
    if not unknown.any():
        return
    found, counts = np.unique(keys[unknown], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    listed = ", ".join(f"{colour_name(int(found[n]))} ({counts[n]})" for n in order[:SHOWN])
    more = f" and {len(found) - SHOWN} more colours" if len(found) > SHOWN else ""
    raise WrongInput(f"{path}: {np.count_nonzero(unknown)} pixels have a colour that --colours does not name, "
                     f"{first_place(unknown)}: {listed}{more}; name them, or draw without antialiasing")


def make_map(keys: np.ndarray, pairs: list[tuple[int, str]], numbers: dict[str, int]) -> np.ndarray:
    """Return the material numbers [ny][nx], first row at the bottom."""
    order = sorted(pairs)
    known = np.array([key for key, _ in order], dtype=np.uint32)
    values = np.array([numbers[name] for _, name in order], dtype=np.int32)
    return values[np.searchsorted(known, keys)][::-1]


# ---- writing ----


def write_map(path: Path, dataset: str, cells: np.ndarray, numbers: dict[str, int], image: Path):
    """Write the map; the file gets its final name only when it is complete."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(0, "it is a device or a pipe; name a regular file", str(path))
    part = path.with_name(path.name + ".part")
    try:
        with h5py.File(part, "w") as file:
            stored = file.create_dataset(dataset, data=cells, compression="gzip", shuffle=True)
            stored.attrs["image"] = image.name
            stored.attrs["row_0"] = "bottom"
            stored.attrs["materials"] = ", ".join(f"{n} {name}" for name, n in numbers.items())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def report(cells: np.ndarray, keys: np.ndarray, pairs: list[tuple[int, str]], numbers: dict[str, int],
           output: Path, dataset: str) -> str:
    ny, nx = cells.shape
    width = max(len(name) for _, name in pairs)
    lines = [f"{'number':>6}  {'colour':<11}  {'name':<{width}}  {'pixels':>9}"]
    for key, name in sorted(pairs, key=lambda pair: (numbers[pair[1]], pair[0])):
        lines.append(f"{numbers[name]:>6}  {colour_name(key):<11}  {name:<{width}}  {np.count_nonzero(keys == key):>9}")
    named = [name for name in numbers if name != "none" and not name.isdecimal()]
    lines += ["", f"# {output}: [{ny}][{nx}], row 0 at the bottom.  For the case:",
              f"# grid: {{cells: [{nx}, {ny}], ...}}"]
    if named:
        lines.append(f"# materials, in this order: {', '.join(named)}")
    lines += ["regions:", f"  - {{material: {named[0] if named else '...'}}}",
              f"  - {{file: {output}, dataset: /{dataset.strip('/')}}}"]
    return "\n".join(lines)


def run(options: argparse.Namespace):
    image = Path(options.image)
    if options.refine < 1:
        raise WrongInput(f"--refine: found {options.refine}; it must be at least 1")
    pairs = read_colours(options.colours) if options.colours is not None else None
    keys = read_keys(image)
    if pairs is None:
        pairs = colours_found(keys, image)
    if TRANSPARENT not in [key for key, _ in pairs] and (keys == TRANSPARENT).any():
        pairs.append((TRANSPARENT, "none"))
    numbers = number_names(pairs)
    refuse_unknown(keys, np.array([key for key, _ in pairs], dtype=np.uint32), image)
    cells = make_map(keys, pairs, numbers).repeat(options.refine, axis=0).repeat(options.refine, axis=1)
    write_map(Path(options.output), options.dataset, cells, numbers, image)
    print(report(cells, keys, pairs, numbers, Path(options.output), options.dataset))


def main() -> int:
    parser = argparse.ArgumentParser(prog="map_from_image.py", description="Convert a picture to a map of materials.")
    parser.add_argument("image", metavar="IMAGE", help="PNG, PGM, PPM or PBM, 8 bits a channel")
    parser.add_argument("-o", dest="output", metavar="FILE.h5", default="map.h5", help="default: map.h5")
    parser.add_argument("--dataset", default="material", help="default: material")
    parser.add_argument("--colours", help='"#rrggbb=NAME,..." or a file with one such pair on each line')
    parser.add_argument("--refine", type=int, default=1, metavar="N", help="N x N cells for each pixel (default: 1)")
    options = parser.parse_args()
    try:
        run(options)
    except WrongInput as error:
        print(f"map_from_image.py: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:  # also raised by Pillow for a file that is not an image
        what = f"{error.filename}: {error.strerror}" if error.strerror and error.filename else str(error)
        print(f"map_from_image.py: error: {what}", file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main())

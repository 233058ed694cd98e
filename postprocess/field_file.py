"""Opens one HDF5 field file (io/README.md, "The field file") and checks what it holds.

A file may come from a stranger and may be damaged.  Pipes and devices are refused, because reading
them may never end; links and external storage inside a file too, because they would make other
files readable.
"""
from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

import h5py
import numpy as np

from .errors import ReaderError
from .text_file import require_regular

FORMAT = "heat2d field file"
FORMAT_VERSION = 1
CATEGORIES = ("material", "owner")  # integer maps: never averaged
VECTORS = {"heat_flux": ("heat_flux_x", "heat_flux_y")}
KNOWN = ("temperature", "conductivity_x", "conductivity_y", *VECTORS["heat_flux"], *CATEGORIES)
# The exceptions of h5py for damaged bytes, which depend on where the damage is
DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError)


@dataclass(frozen=True)
class FieldInfo:
    """Attributes of one field in the file; `meanings` names the values of an integer map."""

    name: str
    units: str = ""
    long_name: str = ""
    meanings: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Header:
    """Attributes, grid and list of fields of a field file, without the values of the fields."""

    kind: str  # snapshot or checkpoint
    title: str
    time: float  # [s]
    step: int
    x_edges: np.ndarray  # [nx + 1], m, increasing
    y_edges: np.ndarray  # [ny + 1], m, increasing
    fields: dict[str, FieldInfo]

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of cells (ny, nx)."""
        return len(self.y_edges) - 1, len(self.x_edges) - 1

    @property
    def steady(self) -> bool:
        """Whether this is a steady state: only the scheme `steady` has a step without time."""
        return self.step > 0 and self.time == 0.0


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open a field file for reading; whatever is wrong with it becomes a ReaderError."""
    try:
        require_regular(path)
        with h5py.File(path, "r") as file:
            yield file
    except DAMAGE as error:
        raise ReaderError(f"{path}: {_explain(error)}") from None


def _explain(error: Exception) -> str:
    """Say in our words what HDF5 says about the common accidents."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    truncated = re.search(r"truncated file: eof = (\d+).*?stored_eof = (\d+)", text)
    if truncated:
        return ("the file is truncated: {} of {} bytes are there; "
                "use an earlier one, or run again".format(*truncated.groups()))
    if "signature not found" in text:
        return "not an HDF5 file, or its beginning is lost"
    if isinstance(error, FileNotFoundError) or "No such file" in text:
        return "no such file"
    if isinstance(error, NotADirectoryError):
        return "no such file: a part of its path is not a directory"
    if isinstance(error, PermissionError) or "Permission denied" in text:
        return "permission denied"
    return f"HDF5 cannot read it: {text}"


def read_header(path: Path, file: h5py.File) -> Header:
    """Read the attributes, the grid and the list of fields of an open file."""
    if _text(file.attrs.get("format")) != FORMAT:
        raise ReaderError(f"{path}: not a heat2d field file (attribute 'format')")
    version = int(_number(path, file, "format_version"))
    if version != FORMAT_VERSION:
        raise ReaderError(f"{path}: format version {version}; "
                          f"this program reads version {FORMAT_VERSION}")
    x_edges, y_edges = _edges(path, file, "x_edges"), _edges(path, file, "y_edges")
    return Header(
        kind=_text(file.attrs.get("kind")),
        title=_text(file.attrs.get("title")),
        time=_number(path, file, "time"),
        step=int(_number(path, file, "step")),
        x_edges=x_edges,
        y_edges=y_edges,
        fields=_field_infos(path, file, (len(y_edges) - 1, len(x_edges) - 1)),
    )


def _number(path: Path, file: h5py.File, name: str) -> float:
    try:
        return np.asarray(file.attrs[name]).reshape(-1)[0].item()
    except (KeyError, IndexError, ValueError):
        raise ReaderError(f"{path}: attribute '{name}' is missing") from None


def _text(value: Any) -> str:
    """Read a string attribute, whether stored with fixed or variable length or as an array."""
    if value is None:
        return ""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size else ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _edges(path: Path, file: h5py.File, name: str) -> np.ndarray:
    item = _dataset(path, file, name)
    if item is None or item.ndim != 1 or item.size < 2:
        raise ReaderError(f"{path}: dataset /{name} is missing or not a list of cell edges")
    edges = np.asarray(item[...], dtype=float)
    if not (np.all(np.isfinite(edges)) and np.all(np.diff(edges) > 0)):
        raise ReaderError(f"{path}: /{name} does not increase from cell to cell")
    return edges


def _field_infos(path: Path, file: h5py.File, shape: tuple[int, int]) -> dict[str, FieldInfo]:
    """List the numeric datasets that have the shape of the grid, the known ones first."""
    infos: dict[str, FieldInfo] = {}
    for name in sorted(file, key=lambda n: (KNOWN.index(n) if n in KNOWN else len(KNOWN), n)):
        item = _dataset(path, file, name)
        fits = item is not None and item.shape == shape and item.dtype.kind in "fiu"
        if name in KNOWN and not fits:
            found = "not a dataset" if item is None else item.shape
            raise ReaderError(f"{path}: /{name} is {found}; the grid needs [ny][nx] = {shape}")
        if fits:
            infos[name] = FieldInfo(name, _text(item.attrs.get("units")),
                                    _text(item.attrs.get("long_name")), _meanings(item))
    return infos


def _dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset | None:
    """Return a dataset that is stored in this very file; None when the name is something else."""
    link = file.get(name, getlink=True)
    if link is not None and not isinstance(link, h5py.HardLink):
        raise ReaderError(f"{path}: /{name} is a link; heat2d writes none")
    item = file.get(name)
    if not isinstance(item, h5py.Dataset):
        return None
    if item.external or item.is_virtual:
        raise ReaderError(f"{path}: /{name} is stored in another file; heat2d never does that")
    return item


def _meanings(item: h5py.Dataset) -> dict[int, str]:
    """Return the CF flags, value -> name; empty when the two lists do not match.  The attribute
    `names` of heat2d keeps the blanks that CF replaces by underscores; without it, these are turned
    back into blanks."""
    values = np.asarray(item.attrs.get("flag_values", [])).reshape(-1)
    names = [_text(n) for n in np.asarray(item.attrs.get("names", [])).reshape(-1)]
    names = names or [n.replace("_", " ")
                      for n in _text(item.attrs.get("flag_meanings")).split()]
    return {int(v): n for v, n in zip(values, names)} if len(values) == len(names) else {}

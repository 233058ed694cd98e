"""The one reader of an output directory: everything else here gets its data from `Run`.

Files are opened only for the moment they are needed, so a run that is still writing can be read.
Fields are read in slabs of whole rows; a picture of a grid that does not fit in memory needs only
its reduced copy (`Snapshot.reduced`).  Arrays are data[j][i], ny x nx, x fastest, row 0 at the
bottom; coordinates are in metres, times in seconds.  All that can be wrong with a file is raised
as `ReaderError`, which names the file, what is wrong and, where there is one, the remedy.
"""
from __future__ import annotations

import json
import os
import re
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np

# Reading needs no lock, and a parallel file system may have none to give.
os.environ.setdefault("HDF5_USE_FILE_LOCKING", "FALSE")
import h5py  # noqa: E402

from .reduction import Reduction
from .table import TableError, read_table

FORMAT = "heat2d field file"
FORMAT_VERSION = 1
RESULTS_SCHEMA = "heat2d results 1"
SLAB_CELLS = 1 << 22  # cells a slab: 32 MiB of doubles
CATEGORIES = ("material", "owner")  # integer maps: never averaged
VECTORS = {"heat_flux": ("heat_flux_x", "heat_flux_y")}
KNOWN = ("temperature", "conductivity_x", "conductivity_y", *VECTORS["heat_flux"], *CATEGORIES)
# What h5py raises for damaged bytes, depending on where they are
DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError)


class ReaderError(Exception):
    """A file or directory that cannot be read: its name, and what is wrong with it."""


class RequestError(Exception):
    """The files are fine, but what was asked for is not in them."""


@dataclass(frozen=True)
class FieldInfo:
    """What the file says about one field; `meanings` names the values of an integer map."""

    name: str
    units: str = ""
    long_name: str = ""
    meanings: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Header:
    """Everything in a field file but the fields themselves."""

    kind: str  # snapshot or checkpoint
    title: str
    time: float  # [s]
    step: int
    x_edges: np.ndarray  # [nx + 1], m, increasing
    y_edges: np.ndarray  # [ny + 1], m, increasing
    fields: dict[str, FieldInfo]

    @property
    def shape(self) -> tuple[int, int]:
        """(ny, nx)."""
        return len(self.y_edges) - 1, len(self.x_edges) - 1


@dataclass(frozen=True)
class Field:
    """One field at one time.  A reduced one has fewer, larger cells; its statistics (minimum,
    maximum, not_finite, cells) are those of all cells of the file."""

    info: FieldInfo
    step: int
    time: float  # [s]
    x_edges: np.ndarray  # [nx + 1], m
    y_edges: np.ndarray  # [ny + 1], m
    data: np.ndarray  # [ny][nx], in units
    minimum: float  # of the finite values; NaN when there is none
    maximum: float
    not_finite: int  # cells that hold NaN or infinity
    cells: int

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def units(self) -> str:
        return self.info.units

    @property
    def x(self) -> np.ndarray:
        """Cell centres [nx], m."""
        return 0.5 * (self.x_edges[:-1] + self.x_edges[1:])

    @property
    def y(self) -> np.ndarray:
        """Cell centres [ny], m."""
        return 0.5 * (self.y_edges[:-1] + self.y_edges[1:])


class Snapshot:
    """One field file (a snapshot or a checkpoint), opened when something is asked of it."""

    def __init__(self, path: str | os.PathLike[str]):
        self.path = Path(path)
        match = re.fullmatch(r"(?:snapshot|checkpoint)_(\d{6,})\.h5", self.path.name)
        self._step = int(match.group(1)) if match else None

    @property
    def step(self) -> int:
        return self.header.step if self._step is None else self._step

    @property
    def time(self) -> float:
        return self.header.time

    @cached_property
    def header(self) -> Header:
        with _opened(self.path) as file:
            header = _read_header(self.path, file)
        if self._step not in (None, header.step):
            raise ReaderError(f"{self.path}: the file says that it is step {header.step}; "
                              "its name says another")
        return header

    @property
    def names(self) -> list[str]:
        """The fields that `field` accepts: those in the file, then the vectors they make."""
        stored = list(self.header.fields)
        return stored + [v for v, parts in VECTORS.items() if all(p in stored for p in parts)]

    def field(self, name: str = "temperature") -> Field:
        """All cells of a field; a vector's name gives its magnitude."""
        return self.reduced(name, None)

    def reduced(self, name: str, limit: int | None) -> Field:
        """A field with at most `limit` cells in each direction, for display: the mean over blocks
        of cells (NaN where one of them is not finite), or the middle cell of an integer map."""
        parts = self._parts(name)
        header = self.header
        work = Reduction(header.shape, limit, mean=name not in CATEGORIES)
        combine: Callable[..., np.ndarray] = np.hypot if len(parts) == 2 else (lambda a: a)
        for start, arrays in self.slabs(parts, multiple=work.block):
            work.add(start, combine(*arrays))
        info = header.fields[parts[0]]
        if len(parts) == 2:
            info = replace(info, name=name, long_name=name.replace("_", " "))
        return Field(info, header.step, header.time, work.edges(header.x_edges, 1),
                     work.edges(header.y_edges, 0), work.data, *work.statistics())

    def slabs(self, names: tuple[str, ...], multiple: int = 1
              ) -> Iterator[tuple[int, list[np.ndarray]]]:
        """(first row, [rows][nx] of each name) from the bottom up, `multiple` rows at a time."""
        ny, nx = self.header.shape
        rows = max(1, SLAB_CELLS // (nx * multiple)) * multiple
        with _opened(self.path) as file:
            for start in range(0, ny, rows):
                yield start, [file[name][start:start + rows, :] for name in names]

    def require(self, name: str) -> None:
        """Raise unless the file has this field."""
        if name not in self.names:
            raise RequestError(f"{self.path}: has no field '{name}'; it has "
                               f"{', '.join(self.names) or 'none'} (output.fields in the case)")

    def _parts(self, name: str) -> tuple[str, ...]:
        """The datasets that make a field."""
        self.require(name)
        return (name,) if name in self.header.fields else VECTORS[name]


class Run:
    """An output directory.  Only its listing is read at once; files follow when asked for."""

    def __init__(self, directory: str | os.PathLike[str]):
        self.directory = Path(directory)
        try:
            names = sorted(os.listdir(self.directory))
        except FileNotFoundError:
            raise ReaderError(f"{self.directory}: no such directory") from None
        except OSError as error:
            raise ReaderError(f"{self.directory}: {error.strerror}") from None
        self.snapshots = self._files(names, "snapshot")
        self.checkpoints = self._files(names, "checkpoint")

    def _files(self, names: list[str], kind: str) -> list[Snapshot]:
        pattern = re.compile(kind + r"_\d{6,}\.h5")
        found = [Snapshot(self.directory / n) for n in names if pattern.fullmatch(n)]
        return sorted(found, key=lambda s: s.step)

    @property
    def steps(self) -> list[int]:
        """Step of each snapshot."""
        return [s.step for s in self.snapshots]

    @property
    def times(self) -> np.ndarray:
        """Time of each snapshot [s]; opens all of them."""
        return np.array([s.time for s in self.snapshots])

    @property
    def title(self) -> str:
        """The case's title: from the record, else from the last snapshot, else the directory."""
        title = self.results.get("title")
        if not title and self.snapshots:
            title = self.snapshots[-1].header.title
        return str(title or self.directory.resolve().name)

    def snapshot(self, step: int = -1) -> Snapshot:
        """The snapshot of a step; -1: the last one."""
        if not self.snapshots:
            raise ReaderError(f"{self.directory}: no snapshot_NNNNNN.h5 here; is this the output "
                              "directory of a run, and does its case have output.snapshots?")
        if step == -1:
            return self.snapshots[-1]
        for snapshot in self.snapshots:
            if snapshot.step == step:
                return snapshot
        raise RequestError(f"{self.directory}: no snapshot of step {step}; "
                           f"there are {_abridged(self.steps)}")

    @cached_property
    def results(self) -> dict[str, Any]:
        """The record of the run; empty when there is none (yet)."""
        path = self.directory / "results.json"
        try:
            results = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ReaderError(f"{path}: {error.strerror}") from None
        except ValueError as error:
            raise ReaderError(f"{path}: not JSON: {error}") from None
        if not isinstance(results, dict):
            raise ReaderError(f"{path}: not a record of heat2d: the top level is no object")
        if results.get("schema", RESULTS_SCHEMA) != RESULTS_SCHEMA:
            raise ReaderError(f"{path}: schema is '{results['schema']}'; "
                              f"this program reads '{RESULTS_SCHEMA}'")
        return results

    @cached_property
    def history(self) -> dict[str, np.ndarray]:
        """Columns of history.csv, [rows] each; empty when there is no such file."""
        return self._table("history.csv")

    @cached_property
    def probes(self) -> dict[str, np.ndarray]:
        """Columns of probes.csv, [rows] each: step, time [s], then one a probe."""
        return self._table("probes.csv")

    @cached_property
    def profiles(self) -> dict[str, dict[str, np.ndarray]]:
        """Columns of each profile_NAME.csv by NAME, [rows] each: step, time [s], distance [m], x, y
        [m], temperature; the points of one snapshot after another."""
        names = sorted(path.name for path in self.directory.glob("profile_*.csv"))
        return {name[len("profile_"):-len(".csv")]: self._table(name) for name in names}

    def _table(self, name: str) -> dict[str, np.ndarray]:
        path = self.directory / name
        try:
            return read_table(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ReaderError(f"{path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ReaderError(f"{path}: not a text file") from None
        except TableError as error:
            raise ReaderError(f"{path}:{error}") from None

    @cached_property
    def probe_places(self) -> dict[str, tuple[float, float]]:
        """(x, y) [m] of the probes, as far as the record tells: `probes`, else the case's text."""
        places = _listed_places(self.results.get("probes"))
        return places or _written_places(self.results.get("provenance"))


def open_field_file(path: str | os.PathLike[str]) -> Snapshot:
    """A snapshot or checkpoint by its file's name, checked."""
    snapshot = Snapshot(path)
    _ = snapshot.header
    return snapshot


# ---- inside a field file


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    try:
        with h5py.File(path, "r") as file:
            yield file
    except DAMAGE as error:
        raise ReaderError(f"{path}: {_explain(error)}") from None


def _explain(error: Exception) -> str:
    """HDF5's words for the common accidents, in ours."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    truncated = re.search(r"truncated file: eof = (\d+).*?stored_eof = (\d+)", text)
    if truncated:
        return ("the file is truncated: {} of {} bytes are there; "
                "use an earlier one, or run again".format(*truncated.groups()))
    if "signature not found" in text:
        return "not an HDF5 file, or its beginning is lost"
    if isinstance(error, FileNotFoundError) or "No such file" in text:
        return "no such file"
    if isinstance(error, PermissionError) or "Permission denied" in text:
        return "permission denied"
    return f"HDF5 cannot read it: {text}"


def _read_header(path: Path, file: h5py.File) -> Header:
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
    """A string attribute, however it was stored (fixed or variable length, array of one)."""
    if value is None:
        return ""
    if isinstance(value, np.ndarray):
        value = value.reshape(-1)[0] if value.size else ""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _edges(path: Path, file: h5py.File, name: str) -> np.ndarray:
    item = file.get(name)
    if not isinstance(item, h5py.Dataset) or item.ndim != 1 or item.size < 2:
        raise ReaderError(f"{path}: dataset /{name} is missing or not a list of cell edges")
    edges = np.asarray(item[...], dtype=float)
    if not (np.all(np.isfinite(edges)) and np.all(np.diff(edges) > 0)):
        raise ReaderError(f"{path}: /{name} does not increase from cell to cell")
    return edges


def _field_infos(path: Path, file: h5py.File, shape: tuple[int, int]) -> dict[str, FieldInfo]:
    """The numeric datasets of the grid's shape; the known ones first, in our order."""
    infos: dict[str, FieldInfo] = {}
    for name in sorted(file, key=lambda n: (KNOWN.index(n) if n in KNOWN else len(KNOWN), n)):
        item = file.get(name)
        fits = isinstance(item, h5py.Dataset) and item.shape == shape and item.dtype.kind in "fiu"
        if name in KNOWN and not fits:
            found = getattr(item, "shape", "no dataset")
            raise ReaderError(f"{path}: /{name} is {found}; the grid needs [ny][nx] = {shape}")
        if fits:
            infos[name] = FieldInfo(name, _text(item.attrs.get("units")),
                                    _text(item.attrs.get("long_name")), _meanings(item))
    return infos


def _meanings(item: h5py.Dataset) -> dict[int, str]:
    """CF flags: value -> name; empty when the two lists do not match.  `names` is heat2d's own
    list, with the blanks that CF replaces by underscores."""
    values = np.asarray(item.attrs.get("flag_values", [])).reshape(-1)
    names = [_text(n) for n in np.asarray(item.attrs.get("names", [])).reshape(-1)]
    names = names or _text(item.attrs.get("flag_meanings")).split()
    return {int(v): n for v, n in zip(values, names)} if len(values) == len(names) else {}


# ---- inside the record


def _listed_places(listed: Any) -> dict[str, tuple[float, float]]:
    """results.json's `probes`, when it is the list of {name, at: [x, y]} that we know."""
    places: dict[str, tuple[float, float]] = {}
    for probe in listed if isinstance(listed, list) else []:
        try:
            x, y = probe["at"]
            places[str(probe["name"])] = float(x), float(y)
        except (KeyError, TypeError, ValueError):
            continue
    return places


def _written_places(provenance: Any) -> dict[str, tuple[float, float]]:
    """Probes of `--set output.probes=`, else of the case's text, in the two usual ways to write
    them (no YAML parser needed; an entry that is commented out has no column in probes.csv)."""
    provenance = provenance if isinstance(provenance, dict) else {}
    texts = ((provenance.get("command_line"), "output.probes="),
             (provenance.get("case_text"), "probes:"))
    number = r"\s*([-+.\deE]+)\s*"
    entry = re.compile(r"name:\s*['\"]?([^,'\"\n}]+?)['\"]?\s*[,\n]\s*at:\s*\["
                       + number + "," + number + r"\]")
    for text, key in texts:
        _, found, tail = text.partition(key) if isinstance(text, str) else ("", "", "")
        if found:
            listed = [{"name": n, "at": [x, y]} for n, x, y in entry.findall(tail)]
            return _listed_places(listed)
    return {}


def _abridged(steps: list[int]) -> str:
    shown = [str(s) for s in steps]
    return ", ".join(shown if len(shown) <= 8 else shown[:4] + ["..."] + shown[-3:])

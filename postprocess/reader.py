"""Reads an output directory; all other modules get their data from `Run`.

A file is open only while it is read, so a run that is still writing can be read.  Fields are read
in slabs of whole rows; a picture of a grid that does not fit in memory needs only its reduced copy
(`Snapshot.reduced`).  Arrays are data[j][i], ny x nx, x fastest, row 0 at the bottom; coordinates
are in metres, times in seconds.  Whatever is wrong with a file is raised as `ReaderError`, which
names the file, what is wrong and, where there is one, the remedy.
"""
from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Callable, Iterator

import numpy as np

from .errors import ReaderError, RequestError
from .field_file import CATEGORIES, VECTORS, FieldInfo, Header, opened, read_header
from .record import probe_places
from .reduction import Reduction
from .table import TableError, read_table
from .text_file import parse_json, read_text
from .wording import duration, listed

RESULTS_SCHEMA = "heat2d results 1"
SLAB_CELLS = 1 << 22  # most cells that are read at once: 32 MiB of doubles
PROFILE = ("step", "time", "distance", "x", "y", "temperature")  # columns of profile_NAME.csv


@dataclass(frozen=True)
class Field:
    """One field at one time.  A reduced field has fewer, larger cells; its statistics (minimum,
    maximum, not_finite, cells) are taken over all cells of the file."""

    info: FieldInfo
    step: int
    time: float  # [s]
    x_edges: np.ndarray  # [nx + 1], m
    y_edges: np.ndarray  # [ny + 1], m
    data: np.ndarray  # [ny][nx], in units
    minimum: float  # minimum and maximum of the finite values; NaN when there is none
    maximum: float
    not_finite: int  # number of cells that hold NaN or infinity
    cells: int

    @property
    def name(self) -> str:
        return self.info.name

    @property
    def units(self) -> str:
        return self.info.units

    @property
    def x(self) -> np.ndarray:
        """Coordinates of the cell centres [nx], m."""
        return 0.5 * (self.x_edges[:-1] + self.x_edges[1:])

    @property
    def y(self) -> np.ndarray:
        """Coordinates of the cell centres [ny], m."""
        return 0.5 * (self.y_edges[:-1] + self.y_edges[1:])


class Snapshot:
    """One field file (a snapshot or a checkpoint), opened at the first access to its content."""

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
        with opened(self.path) as file:
            header = read_header(self.path, file)
        if self._step not in (None, header.step):
            raise ReaderError(f"{self.path}: the file says that it is step {header.step}; "
                              f"its name says {self._step}")
        return header

    @property
    def names(self) -> list[str]:
        """Names that `field` accepts: the fields in the file, then the vectors they make."""
        stored = list(self.header.fields)
        return stored + [v for v, parts in VECTORS.items() if all(p in stored for p in parts)]

    def field(self, name: str = "temperature") -> Field:
        """Read all cells of a field; the name of a vector gives its magnitude."""
        return self.reduced(name, None)

    def reduced(self, name: str, limit: int | None) -> Field:
        """Read a field with at most `limit` cells in each direction, for display: the mean over
        blocks of cells (NaN where a cell is not finite), or the middle cell of an integer map."""
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
        """Yield (first row, [rows][nx] of each name) from the bottom up; the number of rows is a
        multiple of `multiple`, except in the last slab."""
        ny, nx = self.header.shape
        rows = max(1, SLAB_CELLS // (nx * multiple)) * multiple
        with opened(self.path) as file:
            for start in range(0, ny, rows):
                yield start, [file[name][start:start + rows, :] for name in names]

    def require(self, name: str) -> None:
        """Raise RequestError unless the file has this field."""
        if name not in self.names:
            raise RequestError(f"{self.path}: has no field '{name}'; it has "
                               f"{', '.join(self.names) or 'none'} (output.fields in the case)")

    def _parts(self, name: str) -> tuple[str, ...]:
        """Return the names of the datasets that make a field."""
        self.require(name)
        return (name,) if name in self.header.fields else VECTORS[name]


class Run:
    """An output directory.  The constructor reads its listing only; files are read on demand."""

    def __init__(self, directory: str | os.PathLike[str]):
        self.directory = Path(directory)
        try:
            names = sorted(os.listdir(self.directory))
        except FileNotFoundError:
            raise ReaderError(f"{self.directory}: no such directory") from None
        except NotADirectoryError:
            raise ReaderError(f"{self.directory}: not a directory; name the output directory of a "
                              "run") from None
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
        """Steps of the snapshots."""
        return [s.step for s in self.snapshots]

    @property
    def times(self) -> np.ndarray:
        """Times of the snapshots [s]; reads the header of each."""
        return np.array([s.time for s in self.snapshots])

    @property
    def title(self) -> str:
        """Title of the case: from the record, else from the last snapshot, else the directory."""
        title = self.results.get("title")
        if not title and self.snapshots:
            title = self.snapshots[-1].header.title
        return str(title or self.directory.resolve().name)

    @cached_property
    def steady(self) -> bool:
        """Whether the run solved for the steady state: by its record, else by its last snapshot,
        else by its history."""
        time = self.results.get("time")
        if isinstance(time, dict) and "scheme" in time:
            return time["scheme"] == "steady"
        if self.snapshots:
            return self.snapshots[-1].header.steady
        steps, times = (self.history.get(name, np.empty(0)) for name in ("step", "time"))
        return bool(steps.size and times.size and steps[-1] > 0 and times[-1] == 0.0)

    def when(self, snapshot: Snapshot, longest: float | None = None) -> str:
        """Write the time of a snapshot, as in "t = 90 min"; a steady run has none, only its initial
        guess and its result.  `longest` sets the unit for a series of times."""
        if snapshot.header.steady:
            return "steady state"
        return "initial guess" if self.steady else f"t = {duration(snapshot.time, longest)}"

    def snapshot(self, step: int = -1) -> Snapshot:
        """Return the snapshot of a step, or the last one for -1."""
        if not self.snapshots:
            raise ReaderError(f"{self.directory}: no snapshot_NNNNNN.h5 here; is this the output "
                              "directory of a run, and does its case have output.snapshots?")
        if step == -1:
            return self.snapshots[-1]
        for snapshot in self.snapshots:
            if snapshot.step == step:
                return snapshot
        raise RequestError(f"{self.directory}: no snapshot of step {step}; "
                           f"there are {listed([str(s) for s in self.steps])}")

    @cached_property
    def results(self) -> dict[str, Any]:
        """Record of the run; empty when there is none (yet)."""
        path = self.directory / "results.json"
        text = read_text(path)
        if text is None:
            return {}
        try:
            results = parse_json(text)
        except (ValueError, RecursionError) as error:
            raise ReaderError(f"{path}: not JSON: {error}") from None
        if not isinstance(results, dict):
            raise ReaderError(f"{path}: not a record of heat2d: the top level is not an object")
        if results.get("schema", RESULTS_SCHEMA) != RESULTS_SCHEMA:
            raise ReaderError(f"{path}: schema is '{results['schema']}'; "
                              f"this program reads '{RESULTS_SCHEMA}'")
        return results

    @cached_property
    def history(self) -> dict[str, np.ndarray]:
        """Columns of history.csv, [rows] each; empty when there is no such file."""
        return self._table("history.csv", ("step", "time"))

    @cached_property
    def probes(self) -> dict[str, np.ndarray]:
        """Columns of probes.csv, [rows] each: step, time [s], then one for each probe."""
        return self._table("probes.csv", ("step", "time"))

    @cached_property
    def profiles(self) -> dict[str, dict[str, np.ndarray]]:
        """Columns of each profile_NAME.csv by NAME, [rows] each: step, time [s], distance [m], x, y
        [m], temperature; the points of one snapshot after another."""
        names = sorted(path.name for path in self.directory.glob("profile_*.csv"))
        return {name[len("profile_"):-len(".csv")]: self._table(name, PROFILE) for name in names}

    def _table(self, name: str, needed: tuple[str, ...]) -> dict[str, np.ndarray]:
        path = self.directory / name
        try:
            table = read_table(read_text(path) or "")
        except TableError as error:
            raise ReaderError(f"{path}:{error}") from None
        missing = [column for column in needed if column not in table]
        if table and missing:
            raise ReaderError(f"{path}:1: no column '{missing[0]}'")
        return table

    @cached_property
    def probe_places(self) -> dict[str, tuple[float, float]]:
        """Places (x, y) [m] of the probes by name, as far as the record has them."""
        return probe_places(self.results)


def open_field_file(path: str | os.PathLike[str]) -> Snapshot:
    """Open a snapshot or checkpoint by the name of its file, and read its header."""
    snapshot = Snapshot(path)
    _ = snapshot.header
    return snapshot

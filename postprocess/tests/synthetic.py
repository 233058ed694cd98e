"""Makes output directories in the documented format, for the tests to read."""
from __future__ import annotations

import csv
import json
from pathlib import Path

import h5py
import numpy as np

UNITS = {"temperature": "K", "conductivity_x": "W m-1 K-1", "conductivity_y": "W m-1 K-1",
         "heat_flux_x": "W m-2", "heat_flux_y": "W m-2", "material": "1", "owner": "1"}
BOX = (0.0, 0.2, 0.0, 0.1)  # x0, x1, y0, y1 [m]


def edges(n: int, low: float, high: float) -> np.ndarray:
    return np.linspace(low, high, n + 1)


def write_field_file(path: Path, fields: dict[str, np.ndarray], *, step: int, time: float,
                     box: tuple[float, float, float, float] = BOX, title: str = "A case",
                     materials: tuple[str, ...] = (), version: int = 1,
                     x_edges: np.ndarray | None = None, temperature_unit: str = "K") -> Path:
    """Write one snapshot or checkpoint; fields: name -> [ny][nx]."""
    ny, nx = next(iter(fields.values())).shape
    xe = edges(nx, *box[:2]) if x_edges is None else x_edges
    ye = edges(ny, *box[2:])
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.attrs["format"] = np.bytes_("heat2d field file")
        file.attrs["format_version"] = np.int32(version)
        file.attrs["kind"] = np.bytes_(path.name.split("_")[0])
        file.attrs["title"] = title
        file.attrs["time"] = float(time)
        file.attrs["step"] = np.int64(step)
        file.attrs["Conventions"] = np.bytes_("CF-1.8")
        for name, values in (("x_edges", xe), ("y_edges", ye), ("x", 0.5 * (xe[1:] + xe[:-1])),
                             ("y", 0.5 * (ye[1:] + ye[:-1]))):
            file[name] = values
            file[name].attrs["units"] = np.bytes_("m")
        for name, values in fields.items():
            integer = name in ("material", "owner")
            file[name] = values.astype(np.int32) if integer else values
            units = temperature_unit if name == "temperature" else UNITS.get(name, "1")
            file[name].attrs["units"] = np.bytes_(units)
            file[name].attrs["long_name"] = np.bytes_(name.replace("_", " "))
        if materials and "material" in fields:
            file["material"].attrs["flag_values"] = np.arange(len(materials), dtype=np.int32)
            file["material"].attrs["flag_meanings"] = " ".join(materials)
            file["material"].attrs["names"] = [m.encode() for m in materials]
    return path


def write_snapshot(directory: Path, step: int, time: float, fields: dict[str, np.ndarray],
                   **more) -> Path:
    path = Path(directory) / f"snapshot_{step:06d}.h5"
    return write_field_file(path, fields, step=step, time=time, **more)


def gradient(nx: int = 20, ny: int = 10, low: float = 300.0, high: float = 400.0) -> np.ndarray:
    """Return [ny][nx], rising from the lower left to the upper right corner."""
    return low + (high - low) * np.add.outer(np.arange(ny) / (2 * ny - 2 or 1),
                                             np.arange(nx) / (2 * nx - 2 or 1))


def two_materials(nx: int = 20, ny: int = 10) -> np.ndarray:
    """Return [ny][nx]: 0, with a block of 1 in the middle."""
    material = np.zeros((ny, nx), dtype=np.int32)
    material[ny // 3:2 * ny // 3, nx // 3:2 * nx // 3] = 1
    return material


FIXED = ("step", "time", "dt", "iterations", "residual", "min", "max", "mean", "stored",
         "heat_left", "heat_right", "heat_bottom", "heat_top", "heat_source", "energy_error")


def write_history(directory: Path, times: np.ndarray, **columns: np.ndarray) -> None:
    """Write history.csv; `columns` replace the usual ones or follow them."""
    times = np.asarray(times, dtype=float)
    table = {name: np.zeros(len(times)) for name in FIXED}
    table.update(step=np.arange(len(times)), time=times, min=np.full(len(times), 300.0),
                 max=400.0 - times, mean=350.0 - times / 4, heat_left=10.0 - times / 10,
                 heat_right=-3.0 + times / 20)
    table.update(columns)
    _write_table(Path(directory) / "history.csv", table)


def _write_table(path: Path, table: dict[str, np.ndarray]) -> None:
    with open(path, "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows([f"{value:.17g}" for value in row] for row in zip(*table.values()))


def write_profile(directory: Path, name: str, times: dict[int, float], points: int = 11) -> None:
    """Write profile_NAME.csv: a line of 0.2 m along x, hotter with the step; times: step -> s."""
    along = np.linspace(0.0, 0.2, points)
    rows = [(step, time, x, x, 0.05, 300.0 + 100.0 * x + step) for step, time in times.items()
            for x in along]
    names = ("step", "time", "distance", "x", "y", "temperature")
    _write_table(Path(directory) / f"profile_{name}.csv",
                 dict(zip(names, np.array(rows, dtype=float).T)))


def write_probes(directory: Path, times: np.ndarray, names: tuple[str, ...]) -> None:
    """Write probes.csv: the probes are 5 K apart and grow hotter by 1 K/s."""
    times = np.asarray(times, dtype=float)
    table = {"step": np.arange(len(times)), "time": times}
    table.update({name: 300.0 + 5.0 * k + times for k, name in enumerate(names)})
    _write_table(Path(directory) / "probes.csv", table)


def write_results(directory: Path, **more) -> None:
    record = {"schema": "heat2d results 1", "status": "ok", "title": "A case", "ranks": 4,
              "time": {"scheme": "backward-euler", "steps": 20, "end": 20.0}, "checks": []}
    (Path(directory) / "results.json").write_text(json.dumps({**record, **more}))

"""`plot`: decides which pictures to make, and writes their files."""
from __future__ import annotations

import argparse
import io
import sys
import warnings
from pathlib import Path
from typing import Iterator, Optional, Tuple

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.colors import Normalize  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
import numpy as np  # noqa: E402

from .errors import ReaderError  # noqa: E402
from .field_page import parts_of, picture, series_picture  # noqa: E402
from .field_plot import colour_norm  # noqa: E402
from .history_columns import sort_columns  # noqa: E402
from .history_plot import draw_history  # noqa: E402
from .profile_plot import draw_profile  # noqa: E402
from .reader import CATEGORIES, Run, Snapshot  # noqa: E402
from .steady_plot import draw_steady  # noqa: E402
from .text_file import replace_file  # noqa: E402

# Names are drawn as they are written, without mathtext and TeX, whatever a matplotlibrc says.
STYLE = {"text.parse_math": False, "text.usetex": False, "font.size": 9, "axes.linewidth": 0.7,
         "xtick.labelsize": 8, "ytick.labelsize": 8, "xtick.major.width": 0.7,
         "ytick.major.width": 0.7, "axes.unicode_minus": True, "agg.path.chunksize": 20000,
         "axes.formatter.limits": (-4, 6), "axes.formatter.use_mathtext": False,
         "figure.dpi": 100.0, "savefig.bbox": "standard"}
Limits = Optional[Tuple[float, float]]


def run_plot(arguments: argparse.Namespace) -> int:
    """Run the command: print the name of each file that it writes, one in a line."""
    run = Run(arguments.directory)
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from current font")
        for path in _pictures(run, arguments):
            print(path, flush=True)
    return 0


def _pictures(run: Run, arguments: argparse.Namespace) -> Iterator[Path]:
    """Make the requested pictures; yield the path of each once it is written."""
    plain_call = not (arguments.step or arguments.field or arguments.output)
    if plain_call and not run.snapshots and _has_tables(run):
        print(f"postprocess: note: {run.directory}: no snapshot_NNNNNN.h5 yet, so only the tables "
              "are drawn", file=sys.stderr)
    else:
        yield from _field_pictures(run, arguments)
    if plain_call:
        yield from _companions(run, arguments.range, arguments.dpi)


def _has_tables(run: Run) -> bool:
    return any(_rows(t) for t in (run.history, run.probes, *run.profiles.values()))


def _rows(table: dict[str, np.ndarray]) -> int:
    return len(next(iter(table.values()))) if table else 0


def _field_pictures(run: Run, arguments: argparse.Namespace) -> Iterator[Path]:
    step, limits, dpi = arguments.step, arguments.range, arguments.dpi
    name = arguments.field or _default_field(run.snapshot())

    def write(figure: Figure, file_name: str) -> Path:
        return save(figure, Path(arguments.output or run.directory / file_name), dpi)

    if step == "series":
        yield write(series_picture(run, name, limits, dpi), _series_name(name))
    elif step == "all":
        shared = _shared_norm(run, name, limits)
        for snapshot in run.snapshots:
            yield write(picture(run, snapshot, name, limits, dpi, shared),
                        f"{name}_{snapshot.step:06d}.png")
    elif step not in (None, "last"):
        yield write(picture(run, run.snapshot(int(step)), name, limits, dpi),
                    f"{name}_{int(step):06d}.png")
    else:
        yield write(picture(run, run.snapshot(), name, limits, dpi), name + ".png")


def _companions(run: Run, limits: Limits, dpi: int) -> Iterator[Path]:
    """Make the pictures that `plot OUTDIR` without options makes besides that of the field."""
    units = temperature_units(run)
    columns = sort_columns(run.history, run.results)
    if run.steady:
        figure = draw_steady(run.title, columns, run.probes, units)
    else:
        times = run.history.get("time", np.empty(0))
        figure = draw_history(run.title, times, columns, run.probes, units)
    if figure:
        yield save(figure, run.directory / ("steady.png" if run.steady else "history.png"), dpi)
    for name, table in run.profiles.items():
        figure = draw_profile(run.title, name, table, units, run.steady)
        if figure:
            yield save(figure, run.directory / f"profile_{name}.png", dpi)
    if len(run.snapshots) > 1 and not run.steady:
        name = _default_field(run.snapshot())
        if name not in CATEGORIES:
            yield save(series_picture(run, name, limits, dpi), run.directory / _series_name(name),
                       dpi)


def temperature_units(run: Run) -> str:
    """Return the unit of the temperature, which the tables do not name; "" when unknown."""
    field = run.snapshots[-1].header.fields.get("temperature") if run.snapshots else None
    return field.units if field else ""


def _series_name(name: str) -> str:
    return "series.png" if name == "temperature" else f"{name}_series.png"


def save(figure: Figure, path: Path, dpi: int) -> Path:
    """Write and close a figure; the ending of the file decides its format.

    The file appears under its name when it is complete; a link of this name is replaced, not
    followed.
    """
    content = io.BytesIO()
    figure.savefig(content, dpi=dpi, format=path.suffix[1:].lower())
    plt.close(figure)
    replace_file(path, content.getbuffer())
    return path


def _default_field(snapshot: Snapshot) -> str:
    names = snapshot.names
    if not names:
        raise ReaderError(f"{snapshot.path}: holds no field")
    return "temperature" if "temperature" in names else names[0]


def _shared_norm(run: Run, name: str, limits: Limits) -> Normalize | None:
    """Return one colour range for all snapshots; None for maps, which have none."""
    if name in CATEGORIES:
        return None
    return colour_norm([s.reduced(part, 64) for s in run.snapshots for part in parts_of(s, name)],
                       limits)

"""`plot`: which pictures to make, what belongs on each, and their files.

A picture is a grid of panels of one field (one panel: one snapshot; several: a series in time, or
the two parts of a conductivity) with one colour range, so that colours mean the same everywhere.
"""
from __future__ import annotations

import argparse
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # no words about its cache folder

import matplotlib  # noqa: E402

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.artist import Artist  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.colors import LogNorm  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.lines import Line2D  # noqa: E402
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator  # noqa: E402

from . import field_plot as draw  # noqa: E402
from .history_plot import draw_history, probe_columns  # noqa: E402
from .reader import CATEGORIES, Field, ReaderError, RequestError, Run, Snapshot  # noqa: E402
from .sheet import Sheet, legend_columns, make_sheet  # noqa: E402
from .wording import digits_between, duration, plain, quantity, signed, span  # noqa: E402

SERIES_ALL, SERIES_SOME = 8, 6  # up to 8 snapshots are all shown; of more, 6
STYLE = {"text.parse_math": False, "font.size": 9, "axes.linewidth": 0.7, "xtick.labelsize": 8,
         "ytick.labelsize": 8, "xtick.major.width": 0.7, "ytick.major.width": 0.7,
         "axes.unicode_minus": True, "agg.path.chunksize": 20000, "axes.formatter.limits": (-4, 6),
         "axes.formatter.use_mathtext": False}


@dataclass(frozen=True)
class Panel:
    """One field on one panel, and what is drawn over it."""

    field: Field
    caption: str
    material: Field | None = None
    flux: tuple[Field, Field] | None = None


def run_plot(arguments: argparse.Namespace) -> int:
    """The command.  Prints the names of the files it wrote, one a line."""
    run = Run(arguments.directory)
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from current font")
        for path in _pictures(run, arguments):
            print(path, flush=True)
    return 0


def _pictures(run: Run, arguments: argparse.Namespace):
    """Make what was asked for; yields the path of each picture once it is written."""
    step, limits, dpi = arguments.step, arguments.range, arguments.dpi
    name = arguments.field or _default_field(run.snapshot())
    stem = run.directory / name
    series = run.directory / ("series.png" if name == "temperature" else f"{name}_series.png")

    def write(figure: Figure, path: Path) -> Path:
        return save(figure, Path(arguments.output or path), dpi)

    if step == "series":
        yield write(series_picture(run, name, limits, dpi), series)
    elif step == "all":
        shared = limits or _shared_range(run, name)
        for snapshot in run.snapshots:
            path = stem.with_name(f"{name}_{snapshot.step:06d}.png")
            yield write(picture(run, snapshot, name, shared, dpi), path)
    elif step not in (None, "last"):
        path = stem.with_name(f"{name}_{int(step):06d}.png")
        yield write(picture(run, run.snapshot(int(step)), name, limits, dpi), path)
    else:
        path = stem.with_name(name + ".png")
        yield write(picture(run, run.snapshot(), name, limits, dpi), path)
    if step is None and arguments.field is None and arguments.output is None:
        yield from _companions(run, name, series, limits, dpi)


def _companions(run: Run, name: str, series: Path, limits: tuple[float, float] | None, dpi: int):
    """What a plain `plot OUTDIR` makes besides the picture of the field."""
    units = run.snapshot().header.fields.get("temperature")
    figure = draw_history(run.title, run.history, run.probes, units.units if units else "")
    if figure:
        yield save(figure, run.directory / "history.png", dpi)
    if len(run.snapshots) > 1:
        yield save(series_picture(run, name, limits, dpi), series, dpi)


def save(figure: Figure, path: Path, dpi: int) -> Path:
    """Write and close a figure; the file's name decides its format."""
    try:
        figure.savefig(path, dpi=dpi)
    except OSError as error:
        raise ReaderError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        plt.close(figure)
    return path


def _default_field(snapshot: Snapshot) -> str:
    names = snapshot.names
    if not names:
        raise ReaderError(f"{snapshot.path}: holds no field")
    return "temperature" if "temperature" in names else names[0]


def chosen(snapshots: list[Snapshot]) -> list[Snapshot]:
    """Those of a series: the first, the last, and evenly between."""
    if len(snapshots) <= SERIES_ALL:
        return snapshots
    index = np.linspace(0, len(snapshots) - 1, SERIES_SOME).round().astype(int)
    return [snapshots[i] for i in index]


def _shared_range(run: Run, name: str) -> tuple[float, float] | None:
    """The colour range of all snapshots together; None for maps, which have none."""
    if name in CATEGORIES:
        return None
    fields = [s.reduced(part, 64) for s in run.snapshots for part in _parts(s, name)]
    low, high = draw.value_range(fields)
    return (low, high) if high > low else None


# ---- pictures


def picture(run: Run, snapshot: Snapshot, name: str, limits: tuple[float, float] | None,
            dpi: int) -> Figure:
    """One snapshot."""
    scale = draw.Scale.of(snapshot.header.x_edges, snapshot.header.y_edges)
    panels = [_panel(snapshot, part, _cells_wanted(1, dpi), part.replace("_", " "))
              for part in _parts(snapshot, name)]
    field = panels[0].field
    when = f"t = {duration(field.time)}, step {field.step}"
    if name in CATEGORIES:
        return _map_picture(run, panels[0], scale, when)
    about = "conductivity" if name == "conductivity" else _title_of(field)
    about = "" if len(panels) > 1 else f"{about} {_extremes([field])}, "
    notes = [about + when] + _warnings([p.field for p in panels])
    return _panel_page(run, panels, name, scale, limits, notes, run.probe_places)


def series_picture(run: Run, name: str, limits: tuple[float, float] | None, dpi: int) -> Figure:
    """Several snapshots in one colour range."""
    run.snapshot()
    if name in CATEGORIES:
        raise RequestError(f"--step series: '{name}' does not change in time; use --step last")
    snapshots = chosen(run.snapshots)
    longest = max(abs(s.time) for s in snapshots)
    part = "conductivity_x" if name == "conductivity" else name
    panels = [_panel(s, part, _cells_wanted(len(snapshots), dpi),
                     f"t = {duration(s.time, longest)}") for s in snapshots]
    header = snapshots[0].header
    scale = draw.Scale.of(header.x_edges, header.y_edges)
    fields = [p.field for p in panels]
    some = f"{len(snapshots)} of {len(run.snapshots)} snapshots"
    notes = [f"{_title_of(fields[0])} {_extremes(fields)}"
             + (f", {some}" if len(snapshots) < len(run.snapshots) else "")]
    return _panel_page(run, panels, part, scale, limits, notes + _warnings(fields), {})


def _parts(snapshot: Snapshot, name: str) -> list[str]:
    """The fields to show: `conductivity` is two where it depends on the direction."""
    if name != "conductivity" or name in snapshot.names:
        return [name]
    x, y = (snapshot.reduced(n, 400) for n in ("conductivity_x", "conductivity_y"))
    same = np.array_equal(x.data, y.data) and (x.minimum, x.maximum) == (y.minimum, y.maximum)
    return ["conductivity_x"] if same else ["conductivity_x", "conductivity_y"]


def _panel(snapshot: Snapshot, name: str, limit: int, caption: str) -> Panel:
    names = snapshot.names
    with_material = "material" in names and name not in CATEGORIES
    flux = None
    if name == "heat_flux":
        flux = snapshot.reduced("heat_flux_x", limit), snapshot.reduced("heat_flux_y", limit)
    return Panel(snapshot.reduced(name, limit), caption,
                 snapshot.reduced("material", limit) if with_material else None, flux)


def _cells_wanted(panels: int, dpi: int) -> int:
    """Cells in the longer direction worth reading: about two a pixel of the panel."""
    inches = 6.4 if panels == 1 else 9.6 / min(3, panels)
    return max(64, int(min(2.0 * inches * dpi, 3000)))


def _panel_page(run: Run, panels: list[Panel], name: str, scale: draw.Scale,
                limits: tuple[float, float] | None, notes: list[str],
                places: dict[str, tuple[float, float]]) -> Figure:
    """Panels of one field, with a colour bar and the legend of what is drawn over them."""
    fields = [p.field for p in panels]
    norm = draw.colour_norm(fields, limits)
    handles = draw.material_handles(panels[-1].material) if panels[-1].material else []
    shown = {n: at for n, at in places.items() if name == "temperature" and _has_data(run, n)}
    if shown:
        handles = handles + [Line2D([], [], ls="", marker="o", ms=4.5, mfc="white", mec="black",
                                    label="probes")]
    if name == "temperature":
        notes = [notes[0] + _isotherms(fields, norm), *notes[1:]]
    known = np.isfinite(draw.value_range(fields)[0])
    sheet = make_sheet(scale.aspect, [p.caption for p in panels], run.title, notes,
                       [h.get_label() for h in handles], with_bar=bool(known))
    cmap = "RdBu_r" if name in ("heat_flux_x", "heat_flux_y") else "inferno"
    for k, (panel, axes) in enumerate(zip(panels, sheet.panels)):
        drawn = draw.draw_cells(axes, panel.field, scale, norm, cmap)
        _label_axes(axes, sheet, k, len(panels), scale)
        if len(panels) > 1:
            axes.set_title(panel.caption, size=8.5, pad=3, loc="left")
        _draw_over(axes, panel, scale, norm, name)
        draw.draw_probes(axes, shown, scale)
    if known:
        _draw_bar(sheet, drawn, fields, name, limits)
    _draw_legend(sheet, handles)
    return sheet.figure


def _has_data(run: Run, probe: str) -> bool:
    """A place belongs on the picture unless probes.csv is there and knows no such probe."""
    columns = probe_columns(run.probes)
    return not columns or probe in columns


def _draw_over(axes: Axes, panel: Panel, scale: draw.Scale, norm, name: str) -> None:
    if name == "temperature":
        draw.draw_isotherms(axes, panel.field, scale, norm)
    if panel.flux:
        draw.draw_flux_lines(axes, *panel.flux, scale)
    if panel.material:
        draw.draw_outlines(axes, panel.material, scale)


def _map_picture(run: Run, panel: Panel, scale: draw.Scale, when: str) -> Figure:
    """A map of materials or of owners: flat colours, no colour bar."""
    field = panel.field
    values = np.unique(field.data)
    if field.name == "owner":
        sheet = make_sheet(scale.aspect, [""], run.title, [_decomposition(run, field)], [], False)
        draw.draw_owners(sheet.panels[0], field, scale)
        handles: list = []
    else:
        names = [draw.material_name(field, v) for v in values]
        notes = [f"{len(names)} material{'s' * (len(names) > 1)}, {when}"]
        sheet = make_sheet(scale.aspect, [""], run.title, notes, _few(names), False)
        handles = draw.draw_materials(sheet.panels[0], field, scale)
    _label_axes(sheet.panels[0], sheet, 0, 1, scale)
    _draw_legend(sheet, handles)
    return sheet.figure


def _decomposition(run: Run, owner: Field) -> str:
    """"16 ranks, 4 x 4, 1024 to 1089 cells each"."""
    ranks = int(owner.maximum) + 1
    parts = [f"{ranks} rank{'s' * (ranks > 1)}"]
    record = run.results.get("decomposition")
    grid = record.get("processes") if isinstance(record, dict) else None
    if isinstance(grid, list) and len(grid) == 2 and grid[0] * grid[1] == ranks:
        parts.append(f"{grid[0]} × {grid[1]} blocks")
    if owner.data.size == owner.cells:  # else it is a reduced copy, and cannot be counted
        _, counts = np.unique(owner.data, return_counts=True)
        low, high = int(counts.min()), int(counts.max())
        parts.append(f"{low} cells each" if low == high else f"{low} to {high} cells each")
    return "decomposition: " + ", ".join(parts)


# ---- furniture


def _title_of(field: Field) -> str:
    return field.info.long_name or field.name.replace("_", " ")


def _extremes(fields: list[Field]) -> str:
    low, high = draw.value_range(fields)
    unit = quantity("", fields[0].units).strip(" []")
    if not np.isfinite(low):
        return "unknown"
    text = f"up to {plain(high, 5)}" if fields[0].name == "heat_flux" else span(low, high)
    return signed(f"{text} {unit}".strip()) + (" everywhere" if low == high else "")


def _isotherms(fields: list[Field], norm) -> str:
    at = draw.levels(norm)
    low, high = draw.value_range(fields)
    if len(at) < 2 or not high > low:
        return ""
    return f", isotherms every {quantity(plain(at[1] - at[0]), fields[0].units)}".translate(
        str.maketrans("", "", "[]"))


def _warnings(fields: list[Field]) -> list[str]:
    lost, cells = sum(f.not_finite for f in fields), sum(f.cells for f in fields)
    if not lost:
        return []
    verb = "is" if lost == 1 else "are"
    return [f"! {lost:,} of {cells:,} cells {verb} not finite (NaN or infinity): grey or crossed"]


def _ticks(inches: float, each: float) -> MaxNLocator:
    return MaxNLocator(max(1, min(10, int(inches / each))), steps=[1, 2, 2.5, 5, 10], min_n_ticks=2)


def _label_axes(axes: Axes, sheet: Sheet, k: int, count: int, scale: draw.Scale) -> None:
    """Ticks by the panel's size; numbers only on the outer panels of a grid."""
    box = axes.get_position()
    width, height = sheet.figure.get_size_inches() * (box.width, box.height)
    axes.xaxis.set_major_locator(_ticks(width, 0.62))
    axes.yaxis.set_major_locator(_ticks(height, 0.34))
    axes.tick_params(length=3, pad=2)
    thin = "y" if scale.aspect > 1 else "x"
    remark = f"  (not to scale: {thin} × {plain(sheet.stretched, 2)})"
    if k % sheet.columns == 0:
        axes.set_ylabel(f"y [{scale.name}]")
    else:
        axes.tick_params(labelleft=False)
    if k + sheet.columns >= count:
        axes.set_xlabel(f"x [{scale.name}]" + (remark if sheet.stretched > 1.01 else ""))
    else:
        axes.tick_params(labelbottom=False)


def _draw_bar(sheet: Sheet, drawn, fields: list[Field], name: str,
              limits: tuple[float, float] | None) -> None:
    low, high = draw.value_range(fields)
    extend = "neither"
    if limits:
        extend = {(False, False): "neither", (True, False): "min", (False, True): "max",
                  (True, True): "both"}[low < limits[0], high > limits[1]]
    vertical = sheet.bar_is_vertical
    bar = sheet.figure.colorbar(drawn, cax=sheet.bar, extend=extend, extendfrac=0.03,
                                orientation="vertical" if vertical else "horizontal")
    label = "conductivity" if name == "conductivity" else _title_of(fields[0])
    bar.set_label(quantity(label, fields[0].units))
    bar.outline.set_linewidth(0.6)
    axis = sheet.bar.yaxis if vertical else sheet.bar.xaxis
    if isinstance(drawn.norm, LogNorm):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if
                                          drawn.norm.vmax / drawn.norm.vmin < 300 else (1.0,)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: plain(v, 3)))
    else:
        axis.set_major_locator(draw.bar_locator())
        digits = digits_between(drawn.norm.vmin, drawn.norm.vmax)
        axis.set_major_formatter(FuncFormatter(lambda v, _: signed(plain(v, digits))))
    axis.set_minor_locator(NullLocator())
    sheet.bar.tick_params(length=3, pad=2, width=0.6)


def _few(labels: list[str]) -> list[str]:
    """At most as many labels as a legend can hold."""
    most = 2 * draw.MOST_NAMED
    return labels if len(labels) <= most else labels[:most - 1] + ["…"]


def _draw_legend(sheet: Sheet, handles: list[Artist]) -> None:
    if not handles:
        return
    labels = _few([h.get_label() for h in handles])
    page_w = sheet.figure.get_size_inches()[0]
    x, y = sheet.legend_at
    sheet.figure.legend(handles[:len(labels)], labels, loc="upper left", bbox_to_anchor=(x, y),
                        ncol=legend_columns(labels, page_w - 0.6), frameon=False, fontsize=8,
                        borderaxespad=0.0, borderpad=0.0, labelspacing=0.35, columnspacing=1.4,
                        handlelength=1.6)

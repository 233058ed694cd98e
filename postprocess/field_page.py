"""Puts fields on a page: one snapshot, a series in time, or a map of materials or owners.

A page is a grid of panels of one field (one panel: one snapshot; several: a series, or the two
parts of a conductivity) with one colour range, so that a colour means the same everywhere on it.
"""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from . import field_plot as draw
from .curve_scale import decades
from .errors import RequestError
from .history_columns import probe_columns
from .isotherms import Isotherm, bar_locator, colour_on, draw_isotherms, isotherms
from .reader import CATEGORIES, Field, Run, Snapshot
from .sheet import Sheet, legend_columns, legend_labels, make_sheet
from .texts import text_width
from .wording import count, digits_between, plain, quantity, signed, span, unit_text

SERIES_ALL, SERIES_SOME = 8, 6  # a series shows all of up to 8 snapshots, and 6 of more than 8
# A domain that is this many times its size away from the origin has coordinates from its corner.
FAR = 1e3
BAR_LABEL = 8  # size of the numbers beside a colour bar in points


@dataclass(frozen=True)
class Panel:
    """One field on one panel, and what is drawn over it."""

    field: Field
    caption: str
    material: Field | None = None
    flux: tuple[Field, Field] | None = None


# ---- pictures


def picture(run: Run, snapshot: Snapshot, name: str, limits: tuple[float, float] | None, dpi: int,
            norm: Normalize | None = None) -> Figure:
    """Draw one snapshot; `norm` is the colour range when several pictures share it."""
    scale = draw.Scale.of(snapshot.header.x_edges, snapshot.header.y_edges)
    panels = [_panel(snapshot, part, _cells_wanted(1, dpi), part.replace("_", " "))
              for part in parts_of(snapshot, name)]
    field = panels[0].field
    when = run.when(snapshot) + ("" if run.steady else f", step {field.step}")
    if name in CATEGORIES:
        return _map_picture(run, panels[0], scale, when)
    about = "conductivity" if name == "conductivity" else _title_of(field)
    about = "" if len(panels) > 1 else f"{about} {_extremes([field])}, "
    norm = norm or draw.colour_norm([p.field for p in panels], limits)
    notes = [about + when] + _warnings([p.field for p in panels])
    return _panel_page(run, panels, name, scale, norm, notes, run.probe_places)


def series_picture(run: Run, name: str, limits: tuple[float, float] | None, dpi: int) -> Figure:
    """Draw several snapshots in one colour range."""
    run.snapshot()
    if name in CATEGORIES:
        raise RequestError(f"--step series: '{name}' does not change in time; use --step last")
    snapshots = chosen(run.snapshots)
    longest = max(abs(s.time) for s in snapshots)
    part = "conductivity_x" if name == "conductivity" else name
    panels = [_panel(s, part, _cells_wanted(len(snapshots), dpi), run.when(s, longest))
              for s in snapshots]
    header = snapshots[0].header
    scale = draw.Scale.of(header.x_edges, header.y_edges)
    fields = [p.field for p in panels]
    some = f"{len(snapshots)} of {len(run.snapshots)} snapshots"
    notes = [f"{_title_of(fields[0])} {_extremes(fields)}"
             + (f", {some}" if len(snapshots) < len(run.snapshots) else "")]
    norm = draw.colour_norm(fields, limits)
    return _panel_page(run, panels, part, scale, norm, notes + _warnings(fields), {})


def chosen(snapshots: list[Snapshot]) -> list[Snapshot]:
    """Return the snapshots of a series: the first, the last, and evenly between."""
    if len(snapshots) <= SERIES_ALL:
        return snapshots
    index = np.linspace(0, len(snapshots) - 1, SERIES_SOME).round().astype(int)
    return [snapshots[i] for i in index]


def parts_of(snapshot: Snapshot, name: str) -> list[str]:
    """Return the fields to show: `conductivity` is two where it depends on the direction."""
    if name != "conductivity" or name in snapshot.names:
        return [name]
    x, y = (snapshot.reduced(n, 400) for n in ("conductivity_x", "conductivity_y"))
    same = np.array_equal(x.data, y.data) and (x.minimum, x.maximum) == (y.minimum, y.maximum)
    return ["conductivity_x"] if same else ["conductivity_x", "conductivity_y"]


def _panel(snapshot: Snapshot, name: str, limit: int, caption: str) -> Panel:
    snapshot.require(name)
    names = snapshot.names
    with_material = "material" in names and name not in CATEGORIES
    flux = None
    if name == "heat_flux":
        flux = snapshot.reduced("heat_flux_x", limit), snapshot.reduced("heat_flux_y", limit)
    return Panel(snapshot.reduced(name, limit), caption,
                 snapshot.reduced("material", limit) if with_material else None, flux)


def _cells_wanted(panels: int, dpi: int) -> int:
    """Return how many cells in the longer direction are worth reading: about two a pixel."""
    inches = 6.4 if panels == 1 else 9.6 / min(3, panels)
    return max(64, int(min(2.0 * inches * dpi, 3000)))


def _panel_page(run: Run, panels: list[Panel], name: str, scale: draw.Scale, norm: Normalize,
                notes: list[str], places: dict[str, tuple[float, float]]) -> Figure:
    """Draw panels of one field, with a colour bar and the legend of what is drawn over them."""
    fields = [p.field for p in panels]
    shown = {n: at for n, at in places.items() if name == "temperature" and _has_data(run, n)}
    lines = [isotherms(f, norm, scale.metres) if name == "temperature" else [] for f in fields]
    handles = draw.material_handles(panels[-1].material) if panels[-1].material else []
    handles = handles + ([draw.probe_handle(len(shown))] if shown else [])
    notes = [notes[0] + _spacing(lines, fields[0].units) + _logarithm(fields, norm), *notes[1:]]
    known = bool(np.isfinite(draw.value_range(fields)[0]))
    sheet = make_sheet(scale.aspect, [p.caption for p in panels], run.title, notes,
                       [h.get_label() for h in handles], known, _bar_width(norm))
    cmap = "RdBu_r" if name in draw.COMPONENTS else "inferno"
    for k, (panel, axes) in enumerate(zip(panels, sheet.panels)):
        drawn = draw.draw_cells(axes, panel.field, scale, norm, cmap)
        _label_axes(axes, sheet, k, len(panels), scale)
        if len(panels) > 1:
            axes.set_title(panel.caption, size=8.5, pad=3, loc="left")
        if panel.flux:
            draw.draw_flux_lines(axes, *panel.flux, scale)
        busy = np.empty((0, 2, 2))
        if panel.material:
            busy = draw.draw_outlines(axes, panel.material, scale)
        draw_isotherms(axes, lines[k], norm, draw.draw_probes(axes, shown, scale), busy)
    if known:
        _draw_bar(sheet, drawn, fields, name, lines)
    _draw_legend(sheet, handles)
    return sheet.figure


def _has_data(run: Run, probe: str) -> bool:
    """Whether probes.csv has the probe; without that file all places are shown."""
    columns = probe_columns(run.probes)
    return not columns or probe in columns


# ---- maps


def _map_picture(run: Run, panel: Panel, scale: draw.Scale, when: str) -> Figure:
    """Draw a map of materials or of owners: flat colours, no colour bar."""
    field = panel.field
    values = np.unique(field.data)
    if field.name == "owner":
        sheet = make_sheet(scale.aspect, [""], run.title, [_decomposition(run, field)], [], False)
        draw.draw_owners(sheet.panels[0], field, scale)
        handles: list = []
    else:
        names = [draw.material_name(field, v) for v in values]
        notes = [f"{count(len(names), 'material')}, {when}"]
        sheet = make_sheet(scale.aspect, [""], run.title, notes, _few(names), False)
        handles = draw.draw_materials(sheet.panels[0], field, scale)
    _label_axes(sheet.panels[0], sheet, 0, 1, scale)
    _draw_legend(sheet, handles)
    return sheet.figure


def _decomposition(run: Run, owner: Field) -> str:
    """Describe the map of owners, as in "16 ranks, 4 × 4 blocks, 1024 to 1089 cells each"."""
    ranks = int(owner.maximum) + 1
    parts = [count(ranks, "rank")]
    record = run.results.get("decomposition")
    grid = record.get("processes") if isinstance(record, dict) else None
    if isinstance(grid, list) and len(grid) == 2 and grid[0] * grid[1] == ranks:
        parts.append(f"{grid[0]} × {grid[1]} blocks")
    if owner.data.size == owner.cells:  # the cells of a reduced copy cannot be counted by owner
        _, counts = np.unique(owner.data, return_counts=True)
        low, high = int(counts.min()), int(counts.max())
        parts.append(f"{low} cells each" if low == high else f"{low} to {high} cells each")
    return "decomposition: " + ", ".join(parts)


# ---- headings


def _title_of(field: Field) -> str:
    return field.info.long_name or field.name.replace("_", " ")


def _extremes(fields: list[Field]) -> str:
    low, high = draw.value_range(fields)
    if not np.isfinite(low):
        return "unknown"
    text = f"up to {plain(high, 5)}" if fields[0].name == "heat_flux" else span(low, high)
    return signed(f"{text} {unit_text(fields[0].units)}".strip()) \
        + (" everywhere" if low == high else "")


def _spacing(lines: list[list[Isotherm]], units: str) -> str:
    """Describe which isotherms are drawn; return an empty text when there are none."""
    at = sorted({isotherm.level for panel in lines for isotherm in panel})
    if not at:
        return ""
    unit = unit_text(units)
    if len(at) == 1:
        return signed(f", isotherm at {plain(at[0], 6)}\u00a0{unit}").rstrip()
    return f", isotherms every {plain(min(np.diff(at)))}\u00a0{unit}".rstrip()


def _logarithm(fields: list[Field], norm: Normalize) -> str:
    """Say where a logarithmic colour scale begins, and how much is below it."""
    unit = unit_text(fields[0].units)
    if isinstance(norm, SymLogNorm):
        return f", colours logarithmic beyond ±{plain(norm.linthresh)}\u00a0{unit}".rstrip()
    if not isinstance(norm, LogNorm):
        return ""
    text = f", colours logarithmic from {plain(norm.vmin)}\u00a0{unit}".rstrip()
    share = np.mean(np.concatenate([(f.data < norm.vmin * (1 - 1e-9)).ravel() for f in fields]))
    return text + (f" ({plain(100 * share, 2)} % of the cells below)" if share > 0 else "")


def _warnings(fields: list[Field]) -> list[str]:
    lost, cells = sum(f.not_finite for f in fields), sum(f.cells for f in fields)
    if not lost:
        return []
    verb = "is" if lost == 1 else "are"
    return [f"! {lost:,} of {cells:,} cells {verb} not finite (NaN or infinity): grey or crossed"]


# ---- axes, colour bar, legend


def _ticks(inches: float, each: float) -> MaxNLocator:
    return MaxNLocator(max(1, min(10, int(inches / each))), steps=[1, 2, 2.5, 5, 10], min_n_ticks=2)


def _set_ticks(axis, locator: MaxNLocator, low: float, high: float, scale: draw.Scale) -> str:
    """Set ticks from low to high; return what is subtracted from their numbers, for the label.

    A small domain far from the origin would need numbers of many digits.
    """
    if max(abs(low), abs(high)) <= FAR * (high - low):
        axis.set_major_locator(locator)
        axis.set_major_formatter(FuncFormatter(
            lambda v, _: signed(plain(v, digits_between(low, high)))))
        return ""
    axis.set_major_locator(FixedLocator(low + locator.tick_values(0.0, high - low)))
    axis.set_major_formatter(FuncFormatter(lambda v, _: signed(plain(v - low, 4))))
    return f" {'−' if low >= 0 else '+'} {plain(abs(low) * scale.metres, 12)} m"


def _label_axes(axes: Axes, sheet: Sheet, k: int, panels: int, scale: draw.Scale) -> None:
    """Set ticks by the size of the panel; numbers only on the outer panels of a grid."""
    box = axes.get_position()
    width, height = sheet.figure.get_size_inches() * (box.width, box.height)
    x0, x1, y0, y1 = scale.box
    from_x = _set_ticks(axes.xaxis, _ticks(width, 0.62), x0, x1, scale)
    from_y = _set_ticks(axes.yaxis, _ticks(height, 0.34), y0, y1, scale)
    axes.tick_params(length=3, pad=2)
    if k % sheet.columns == 0:
        axes.set_ylabel(f"y{from_y} [{scale.name}]")
    else:
        axes.tick_params(labelleft=False)
    if k + sheet.columns >= panels:
        axes.set_xlabel(f"x{from_x} [{scale.name}]")
    else:
        axes.tick_params(labelbottom=False)


def _draw_bar(sheet: Sheet, drawn, fields: list[Field], name: str, lines: list[list[Isotherm]]
              ) -> None:
    """Draw the colour bar; arrows at its ends say that values lie outside, lines across it are the
    isotherms."""
    low, high = draw.value_range(fields)
    norm = drawn.norm
    room = 1e-9 * abs(norm.vmax - norm.vmin)
    extend = {(False, False): "neither", (True, False): "min", (False, True): "max",
              (True, True): "both"}[low < norm.vmin - room, high > norm.vmax + room]
    vertical = sheet.bar_is_vertical
    bar = sheet.figure.colorbar(drawn, cax=sheet.bar, extend=extend, extendfrac=0.03,
                                orientation="vertical" if vertical else "horizontal")
    label = "conductivity" if name == "conductivity" else _title_of(fields[0])
    bar.set_label(quantity(label, fields[0].units))
    bar.outline.set_linewidth(0.6)
    for level in sorted({isotherm.level for panel in lines for isotherm in panel}):
        line = sheet.bar.axhline if vertical else sheet.bar.axvline
        line(level, color=colour_on(norm, level), lw=0.6, alpha=0.6)
    box = sheet.bar.get_position()
    width = box.width * sheet.figure.get_size_inches()[0]
    _style_bar(sheet.bar.yaxis if vertical else sheet.bar.xaxis, norm, None if vertical else width)
    sheet.bar.tick_params(length=3, pad=2, width=0.6)


def _style_bar(axis, norm: Normalize, width: float | None) -> None:
    """Set the ticks of a colour bar; `width` [inches] is given for a horizontal bar, whose numbers
    are side by side."""
    if isinstance(norm, LogNorm):
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if norm.vmax / norm.vmin < 300
                                          else (1.0,)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: plain(v, 3)))
    elif isinstance(norm, SymLogNorm):
        axis.set_major_locator(FixedLocator(decades(norm.linthresh, norm.vmin, norm.vmax)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: signed(plain(v, 3))))
    else:
        ticks = _bar_ticks(norm)
        if width and ticks:
            ticks = ticks[::max(1, math.ceil(len(ticks) * (_bar_width(norm) + 0.12) / width))]
        axis.set_major_locator(FixedLocator(ticks))
        digits = digits_between(norm.vmin, norm.vmax)
        axis.set_major_formatter(FuncFormatter(lambda v, _: signed(plain(v, digits))))
    axis.set_minor_locator(NullLocator())


def _bar_ticks(norm: Normalize) -> list[float]:
    """Return the ticks of a linear colour bar."""
    ticks = bar_locator().tick_values(norm.vmin, norm.vmax)
    return [float(t) for t in ticks if norm.vmin <= t <= norm.vmax]


def _bar_width(norm: Normalize) -> float:
    """Return the width [inches] of the longest number beside a linear colour bar."""
    if isinstance(norm, (LogNorm, SymLogNorm)):
        return 0.0
    digits = digits_between(norm.vmin, norm.vmax)
    return max((text_width(signed(plain(t, digits)), BAR_LABEL) for t in _bar_ticks(norm)),
               default=0.0)


def _few(labels: list[str]) -> list[str]:
    """Return at most as many labels as a legend can hold."""
    most = 2 * draw.MOST_NAMED
    if len(labels) <= most:
        return labels
    return labels[:most - 1] + [f"and {len(labels) - most + 1} more"]


def _draw_legend(sheet: Sheet, handles: list[Artist]) -> None:
    if not handles:
        return
    page_w = sheet.figure.get_size_inches()[0]
    labels = legend_labels(_few([h.get_label() for h in handles]), page_w)
    x, y = sheet.legend_at
    # matplotlib leaves out labels that begin with "_", so the texts are set afterwards.
    legend = sheet.figure.legend(handles[:len(labels)], ["x"] * len(labels), loc="upper left",
                                 bbox_to_anchor=(x, y), ncol=legend_columns(labels, page_w - 0.6),
                                 frameon=False, fontsize=8, borderaxespad=0.0, borderpad=0.0,
                                 labelspacing=0.35, columnspacing=1.4, handlelength=1.6)
    for text, label in zip(legend.get_texts(), labels):
        text.set_text(label)

"""Draws one field on one panel: its cells, material outlines, flux lines, probes.

Coordinates are in the length unit of the picture (`Scale`).  Cells are drawn with their own colour,
never smoothed beyond the pixel, so a coarse grid looks coarse.
"""
from __future__ import annotations

from dataclasses import dataclass

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, ListedColormap, LogNorm, Normalize, SymLogNorm
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Bbox

from .outlines import outlines, ranked
from .reader import Field
from .wording import count, length_unit, printable

# A conductivity or heat flux whose largest to smallest ratio is above this has a logarithmic scale.
LOG_RATIO = 30.0
DECADES = 4  # most decades of a logarithmic scale, before its beginning is rounded down
LARGEST = 1e300  # larger values have the colour of this one
# A field with a smaller range is drawn as constant, since matplotlib cannot scale it.
SMALLEST = 1e-280
COMPONENTS = ("heat_flux_x", "heat_flux_y")  # fields whose values have a sign
MOST_SEGMENTS = 40_000  # with more outline segments than this, the outlines would cover the picture
MOST_NAMED = 10  # most materials or probes that a legend names
BAD_COLOUR = "#9aa0a6"
# Colours that can be distinguished on all colours of the map inferno, also by colour-blind people.
OUTLINE_COLOURS = ("#5fe3ff", "#ffffff", "#7dff8a", "#9db8ff", "#ff9de6", "#d8d8d8")
MATERIAL_COLOURS = ("#e8e2d0", "#d08770", "#5e81ac", "#a3be8c", "#b48ead", "#ebcb8b", "#88c0d0",
                    "#bf616a", "#6b7280", "#8f6b4a", "#c7d36f", "#3b7a78")
HALO = [effects.withStroke(linewidth=2.2, foreground="black", alpha=0.75)]


@dataclass(frozen=True)
class Scale:
    """The length unit of a picture, and the domain in this unit."""

    metres: float
    name: str
    box: tuple[float, float, float, float]  # x0, x1, y0, y1

    @classmethod
    def of(cls, x_edges: np.ndarray, y_edges: np.ndarray) -> Scale:
        metres, name = length_unit(max(np.ptp(x_edges), np.ptp(y_edges)))
        ends = (x_edges[0], x_edges[-1], y_edges[0], y_edges[-1])
        return cls(metres, name, tuple(float(e) / metres for e in ends))

    @property
    def aspect(self) -> float:
        x0, x1, y0, y1 = self.box
        return (x1 - x0) / (y1 - y0)


# ---- cells


def colour_norm(fields: list[Field], limits: tuple[float, float] | None) -> Normalize:
    """Return one colour range for all fields; a constant field gets room on both sides."""
    low, high = limits or value_range(fields)
    if not np.isfinite(low + high):
        return Normalize(0.0, 1.0)
    low, high = max(low, -LARGEST), min(high, LARGEST)
    name = fields[0].name
    if name.startswith("conductivity") and 0 < low < high and high / low > LOG_RATIO:
        return LogNorm(low, high)
    if name == "heat_flux" and 0 <= low < high:
        lowest = low if limits else _lowest_decade(fields, high)
        if 0 < lowest < high / LOG_RATIO:
            return LogNorm(lowest, high)
    if high - low <= max(1e-12 * max(abs(low), abs(high)), SMALLEST):
        room = max(0.01 * abs(low), SMALLEST) if abs(low) > SMALLEST else 1.0
        low, high = low - room, high + room
    if name in COMPONENTS and not limits:
        high = max(abs(low), abs(high))
        lowest = _lowest_decade(fields, high)
        if lowest:
            return SymLogNorm(lowest, linscale=0.5, vmin=-high, vmax=high, base=10)
        low = -high
    return Normalize(low, high)


def _lowest_decade(fields: list[Field], high: float) -> float:
    """Return where the logarithmic scale of a heat flux begins: the power of ten below most cells,
    when these are far below the largest flux; 0 when a linear scale is enough."""
    sizes = np.concatenate([np.abs(f.data[np.isfinite(f.data)]).ravel() for f in fields])
    sizes = sizes[sizes > 1e-9 * high]
    if not sizes.size or not np.median(sizes) < high / LOG_RATIO:
        return 0.0
    least = max(float(np.quantile(sizes, 0.05)), high * 10.0 ** -DECADES)
    return 10.0 ** np.floor(np.log10(least))


def value_range(fields: list[Field]) -> tuple[float, float]:
    """Return the range of the finite values of all fields; NaN when there are none."""
    lows, highs = [f.minimum for f in fields], [f.maximum for f in fields]
    if np.all(np.isnan(lows)):
        return np.nan, np.nan
    return float(np.nanmin(lows)), float(np.nanmax(highs))


def draw_cells(axes: Axes, field: Field, scale: Scale, norm: Normalize, cmap: str | Colormap,
               smooth: bool = True):
    """Draw the cells, as an image when their sizes are equal (fast), else as a mesh; return the
    artist for the colour bar."""
    data = np.ma.masked_invalid(field.data)
    data = np.ma.where(np.abs(data) < SMALLEST, 0.0, data)
    if isinstance(norm, LogNorm):
        # Zero has no logarithm; an arrow at the end of the bar shows smaller values.
        data = np.ma.maximum(data, norm.vmin)
    x, y = field.x_edges / scale.metres, field.y_edges / scale.metres
    if _is_even(x) and _is_even(y):
        # A reduced field's last cell may be cut short: it is drawn whole, and the axes cut it.
        extent = (x[0], x[0] + (x[1] - x[0]) * (len(x) - 1), y[0],
                  y[0] + (y[1] - y[0]) * (len(y) - 1))
        drawn = axes.imshow(data, cmap=cmap, norm=norm, extent=extent, origin="lower",
                            aspect="auto", interpolation="antialiased" if smooth else "nearest")
    else:
        drawn = axes.pcolormesh(x, y, data, cmap=cmap, norm=norm, shading="flat", rasterized=True)
    axes.set_xlim(scale.box[:2])
    axes.set_ylim(scale.box[2:])
    axes.set_facecolor(BAD_COLOUR)
    if not smooth or not np.ma.is_masked(data):
        return drawn
    _mark_lost_cells(axes, field, scale)
    return drawn


def _is_even(edges: np.ndarray) -> bool:
    widths = np.diff(edges)
    return bool(np.allclose(widths[:-1], widths[0], rtol=1e-6)
                and widths[-1] <= widths[0] * (1 + 1e-6))


def _mark_lost_cells(axes: Axes, field: Field, scale: Scale) -> None:
    """Draw crosses on cells that are not finite, when they are too few to be seen as grey."""
    rows, columns = np.nonzero(~np.isfinite(field.data))
    if len(rows) <= 40:
        axes.plot(field.x[columns] / scale.metres, field.y[rows] / scale.metres, "x", ms=5,
                  mew=1.2, color="#5fe3ff", path_effects=HALO, clip_on=False)


# ---- lines


def draw_flux_lines(axes: Axes, flux_x: Field, flux_y: Field, scale: Scale) -> None:
    """Draw stream lines of the heat flux, except where the flux is zero."""
    x0, x1, y0, y1 = scale.box
    count = np.maximum(8, np.round(np.array([scale.aspect, 1.0]) * 160 / max(scale.aspect, 1.0)))
    x, y = (np.linspace(a, b, int(n)) for a, b, n in zip((x0, y0), (x1, y1), count))
    columns, rows = (np.clip(np.searchsorted(e / scale.metres, c, side="right") - 1, 0, n - 1)
                     for e, c, n in ((flux_x.x_edges, x, flux_x.data.shape[1]),
                                     (flux_x.y_edges, y, flux_x.data.shape[0])))
    u, v = (f.data[np.ix_(rows, columns)].astype(float) for f in (flux_x, flux_y))
    size = np.hypot(u, v)
    if not np.nanmax(size, initial=0.0) > 0:
        return
    still = ~(size > 1e-6 * np.nanmax(size))
    inches = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())
    density = np.clip(np.array([inches.width, inches.height]) / 3.6, 0.12, 2.0)
    axes.streamplot(x, y, np.ma.array(u, mask=still), np.ma.array(v, mask=still), color="white",
                    linewidth=0.6, arrowsize=0.7, density=tuple(density))
    axes.set_xlim(x0, x1)
    axes.set_ylim(y0, y1)


# ---- materials


def material_name(material: Field, value: int) -> str:
    """Return the name of a material of the map, else its number."""
    name = material.info.meanings.get(int(value))
    return printable(name) if name else f"material {int(value)}"


def material_handles(material: Field) -> list[Line2D]:
    """Return the legend of `draw_outlines`; it is empty for a single material."""
    _, values = ranked(material.data)
    if len(values) < 2:
        return []
    names = [material_name(material, v) for v in values]
    rest = Line2D([], [], ls="", marker="s", ms=6, mfc="none", mec="0.3", mew=0.7,
                  label=f"{names[0]} (all the rest)")
    if len(names) - 1 > len(OUTLINE_COLOURS):
        return [_line(OUTLINE_COLOURS[0], f"outlines of {len(names)} materials")]
    return [_line(OUTLINE_COLOURS[k], n) for k, n in enumerate(names[1:])] + [rest]


def _line(colour: str, label: str) -> Line2D:
    return Line2D([], [], color=colour, lw=1.4, label=label, path_effects=HALO)


def draw_outlines(axes: Axes, material: Field, scale: Scale) -> np.ndarray:
    """Draw outlines of all materials except the most common one, along the cell edges; return their
    segments [n][2][2]."""
    rank, values = ranked(material.data)
    segments, owner = outlines(rank, material.x_edges / scale.metres,
                               material.y_edges / scale.metres)
    if not 0 < len(segments) <= MOST_SEGMENTS:
        return np.empty((0, 2, 2))
    many = len(values) - 1 > len(OUTLINE_COLOURS)
    thin = 0.9 if len(segments) < 3000 else 0.6
    axes.add_collection(LineCollection(segments, colors="black", linewidths=thin + 0.9, alpha=0.6,
                                       capstyle="projecting"), autolim=False)
    for k in range(1, len(values)):
        colour = OUTLINE_COLOURS[0 if many else k - 1]
        axes.add_collection(LineCollection(segments[owner == k], colors=colour, linewidths=thin,
                                           capstyle="projecting"), autolim=False)
    return segments


def draw_materials(axes: Axes, material: Field, scale: Scale) -> list[Patch]:
    """Draw the material map in flat colours; return its legend."""
    rank, values = ranked(material.data)
    colours = [MATERIAL_COLOURS[k % len(MATERIAL_COLOURS)] for k in range(len(values))]
    _draw_ranks(axes, material, rank, colours, scale)
    segments, _ = outlines(rank, material.x_edges / scale.metres, material.y_edges / scale.metres)
    if len(segments) <= MOST_SEGMENTS:
        axes.add_collection(LineCollection(segments, colors="0.25", linewidths=0.5,
                                           capstyle="projecting"), autolim=False)
    return [Patch(facecolor=c, edgecolor="0.3", lw=0.5, label=material_name(material, v))
            for c, v in zip(colours, values)]


def draw_owners(axes: Axes, owner: Field, scale: Scale) -> None:
    """Draw the decomposition: a colour for each rank, borders, and numbers where they fit."""
    values, index = np.unique(owner.data, return_inverse=True)
    index = index.reshape(owner.data.shape)
    colours = _pastels(len(values))
    _draw_ranks(axes, owner, index, colours, scale)
    segments, _ = outlines(index, owner.x_edges / scale.metres, owner.y_edges / scale.metres)
    axes.add_collection(LineCollection(segments, colors="0.15", linewidths=0.8), autolim=False)
    page = axes.get_window_extent().transformed(axes.figure.dpi_scale_trans.inverted())
    x0, x1, y0, y1 = scale.box
    for value, (left, right, low, high) in zip(values, _blocks(owner, index, len(values), scale)):
        inches = (right - left) / (x1 - x0) * page.width, (high - low) / (y1 - y0) * page.height
        size = min(72 * inches[1] * 0.5, 72 * inches[0] / (0.75 * max(2, len(str(value)))), 11)
        if size >= 4:
            axes.text(0.5 * (left + right), 0.5 * (low + high), str(int(value)), size=size,
                      ha="center", va="center", color="0.1")


def _blocks(owner: Field, index: np.ndarray, count: int, scale: Scale) -> np.ndarray:
    """Return [count][left, right, low, high], the box around the cells of each rank."""
    ny, nx = index.shape
    j, i = np.indices(index.shape)
    box = np.tile(np.array([nx, -1, ny, -1]), (count, 1))
    for k, (ufunc, where) in enumerate(((np.minimum, i), (np.maximum, i), (np.minimum, j),
                                        (np.maximum, j))):
        ufunc.at(box[:, k], index.ravel(), where.ravel())
    edges = owner.x_edges, owner.x_edges, owner.y_edges, owner.y_edges
    return np.stack([e[box[:, k] + k % 2] / scale.metres for k, e in enumerate(edges)], axis=1)


def _pastels(count: int) -> list[tuple[float, float, float]]:
    """Return light colours, such that colours with successive numbers have distant hues."""
    from colorsys import hls_to_rgb
    return [hls_to_rgb((0.58 + k * 0.6180339887) % 1.0, 0.80 - 0.08 * (k % 3), 0.45)
            for k in range(count)]


def _draw_ranks(axes: Axes, field: Field, rank: np.ndarray, colours: list, scale: Scale) -> None:
    number = len(colours)
    norm = Normalize(-0.5, number - 0.5)
    shown = Field(field.info, field.step, field.time, field.x_edges, field.y_edges,
                  rank.astype(float), 0.0, number - 1.0, 0, field.cells)
    draw_cells(axes, shown, scale, norm, ListedColormap(colours, N=number), smooth=False)


# ---- probes


def probe_handle(number: int) -> Line2D:
    """Return the legend entry of `draw_probes`."""
    return Line2D([], [], ls="", marker="o", ms=4.5, mfc="white", mec="black",
                  label="probes" if number <= MOST_NAMED else count(number, "probe"))


def draw_probes(axes: Axes, places: dict[str, tuple[float, float]], scale: Scale) -> list[Bbox]:
    """Draw a ring at each probe inside the domain, and its name where there is room for it; return
    the boxes [pixels] that rings and names take."""
    x0, x1, y0, y1 = scale.box
    near = 1e-9 * max(x1 - x0, y1 - y0)
    inside = {n: (x / scale.metres, y / scale.metres) for n, (x, y) in places.items()
              if x0 - near <= x / scale.metres <= x1 + near
              and y0 - near <= y / scale.metres <= y1 + near}
    if not inside:
        return []
    small = len(inside) > MOST_NAMED
    x, y = np.array(list(inside.values())).T
    axes.plot(x, y, "o", ms=3.0 if small else 4.5, mfc="white", mec="black",
              mew=0.6 if small else 0.9, clip_on=False, zorder=5, ls="")
    radius = 3.5 * axes.figure.dpi / 72
    taken = [Bbox.from_extents(px - radius, py - radius, px + radius, py + radius)
             for px, py in axes.transData.transform(np.column_stack([x, y]))]
    if not small:
        for name, (px, py) in inside.items():
            _name_probe(axes, printable(name), px, py, taken)
    return taken


def _name_probe(axes: Axes, name: str, x: float, y: float, taken: list[Bbox]) -> None:
    """Write the name on the first of eight sides where it fits; nowhere when it fits on none."""
    frame = axes.get_window_extent()
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)):
        text = axes.annotate(
            name, (x, y), (5 * dx, 6 * dy if dx == 0 else 4 * dy), textcoords="offset points",
            ha={1: "left", 0: "center", -1: "right"}[dx],
            va={1: "bottom", 0: "center", -1: "top"}[dy], size=7, color="white",
            path_effects=HALO, zorder=6)
        box = text.get_window_extent()
        inside = (box.x0 >= frame.x0 and box.x1 <= frame.x1 and box.y0 >= frame.y0
                  and box.y1 <= frame.y1)
        if inside and not any(box.overlaps(other) for other in taken):
            taken.append(box)
            return
        text.remove()

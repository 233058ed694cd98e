"""Draws a run over time: temperatures, heat flows, interfaces, named regions, probes."""
from __future__ import annotations

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .curves import (COLOURS, MOST_DRAWN, MOST_NAMED, CurvePanel, colour_of, curve_page, draw_all,
                     draw_curve, entry, rest_entries)
from .history_columns import HistoryColumns, Region, Table, probe_columns
from .wording import duration, quantity, time_unit

TEMPERATURES = {"max": ("#b2182b", 1.3), "mean": ("0.15", 1.6), "min": ("#2166ac", 1.3)}


def draw_history(title: str, times: np.ndarray, columns: HistoryColumns, probes: Table, units: str
                 ) -> Figure | None:
    """Draw the page; return None when the tables have no rows.

    times: of the rows of the history [s]; units: of the temperature.
    """
    probe_times = probes.get("time", np.empty(0))
    longest = np.concatenate([t[np.isfinite(t)] for t in (times, probe_times)])
    if not longest.size:
        return None
    size, unit = time_unit(float(longest.max()))
    panels = []
    if times.size:
        panels = _history_panels(times / size, columns, units)
    if probe_times.size and probe_columns(probes):
        panels.append(CurvePanel(quantity("probes", units), probe_times / size,
                                 probe_columns(probes), False))
    if not panels:
        return None
    return curve_page(title, [], panels, quantity("time", unit),
                      lambda t: f"t = {duration(t * size, float(longest.max()))}")


def _history_panels(along: np.ndarray, columns: HistoryColumns, units: str) -> list[CurvePanel]:
    panels = []
    if columns.temperature:
        panels.append(CurvePanel(quantity("temperature", units), along, columns.temperature, False,
                                 _draw_temperatures, {n: c for n, (c, _) in TEMPERATURES.items()}))
    for name, curves, draw in (("heat flow in", columns.flows, _draw_flows),
                               ("by segment", columns.segments, draw_all),
                               ("between materials", columns.interfaces, draw_all)):
        if curves:
            panels.append(CurvePanel(quantity(name, "W/m"), along, curves, True, draw))
    if columns.regions:
        panels.append(_region_panel(along, columns.regions, units))
    return panels


def _region_panel(along: np.ndarray, regions: dict[str, Region], units: str) -> CurvePanel:
    """Return the panel of the named regions, scaled by their extremes."""
    extremes, colours = {}, {}
    for k, (name, region) in enumerate(list(regions.items())[:MOST_DRAWN]):
        for part, values in (("max", region.maximum), ("min", region.minimum)):
            extremes[f"{name} {part}"] = values
            colours[f"{name} {part}"] = colour_of(k)
    return CurvePanel(quantity("regions", units), along, extremes, False,
                      lambda a, p: _draw_regions(a, p, regions), colours)


def _draw_temperatures(axes: Axes, panel: CurvePanel) -> list[Artist]:
    if "min" in panel.curves and "max" in panel.curves:
        axes.fill_between(panel.along, panel.curves["min"], panel.curves["max"], color=COLOURS[0],
                          alpha=0.10, lw=0)
    handles = []
    for name, values in panel.curves.items():
        colour, width = TEMPERATURES[name]
        draw_curve(axes, panel.along, values, color=colour, lw=width)
        handles.append(entry(name, color=colour, lw=width))
    return handles


def _draw_flows(axes: Axes, panel: CurvePanel) -> list[Artist]:
    """Draw the flows into the domain; sides without any flow share the line at zero."""
    axes.axhline(0.0, color="0.6", lw=0.8)
    closed = [n for n, v in panel.curves.items() if not np.any(v)]
    handles = []
    for k, (name, values) in enumerate(panel.curves.items()):
        if name not in closed:
            draw_curve(axes, panel.along, values, color=colour_of(k), lw=1.4)
            handles.append(entry(name, color=colour_of(k), lw=1.4))
    return handles + [entry(f"{name}: 0", color="0.6", lw=0.8) for name in closed]


def _draw_regions(axes: Axes, panel: CurvePanel, regions: dict[str, Region]) -> list[Artist]:
    """Draw the mean of each named region as a line, its range as a band behind the line."""
    handles = []
    for k, (name, region) in enumerate(list(regions.items())[:MOST_DRAWN]):
        colour = colour_of(k)
        if k < MOST_NAMED:
            axes.fill_between(panel.along, region.minimum, region.maximum, color=colour, alpha=0.15,
                              lw=0)
            handles.append(entry(name, color=colour, lw=1.4))
        draw_curve(axes, panel.along, region.mean, color=colour, lw=1.4 if k < MOST_NAMED else 0.6,
                   zorder=2.5 if k < MOST_NAMED else 1.5)
    return handles + rest_entries(len(regions))

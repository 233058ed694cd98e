"""Draws a profile: the temperature along a line, at several times."""
from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .curves import CurvePanel, curve_page, draw_curve, entry
from .history_columns import Table
from .reader import PROFILE
from .wording import count, duration, length_unit, plain, quantity, signed

MOST_TIMES = 6
HEIGHT = 3.0  # inches


def draw_profile(title: str, name: str, table: Table, units: str, steady: bool) -> Figure | None:
    """Draw the page of profile_NAME.csv; return None when it has no rows."""
    if not table or not table["step"].size:
        return None
    steps = np.unique(table["step"])
    if steady:
        steps = steps[-1:]  # of a steady run, the first state is the initial guess
    some = steps[np.linspace(0, len(steps) - 1, min(len(steps), MOST_TIMES)).round().astype(int)]
    pieces = [{n: table[n][table["step"] == step] for n in PROFILE} for step in some]
    longest = float(np.nanmax(np.abs(table["time"])))
    names = ["steady state" if steady else f"t = {duration(p['time'][0], longest)}" for p in pieces]
    size, unit = length_unit(float(np.nanmax(table["distance"])))
    # The run may still be writing the last profile.
    most = max(pieces, key=lambda p: len(p["distance"]))
    if len(set(names)) < len(names):  # four digits do not distinguish these times
        names = [f"{label}, step {step:.0f}" for label, step in zip(names, some)]
    curves = {label: _padded(piece["temperature"], len(most["distance"]))
              for label, piece in zip(names, pieces)}
    colours = matplotlib.colormaps["plasma"](np.linspace(0.0, 0.85, len(curves)))
    panel = CurvePanel(quantity("temperature", units), most["distance"] / size, curves, False,
                       _draw_times, dict(zip(curves, colours)), "point", HEIGHT)
    notes = [_heading(name, most, len(steps), len(some), steady)]
    return curve_page(title, notes, [panel], quantity("distance", unit),
                      lambda s: f"{plain(s)} {unit}")


def _padded(values: np.ndarray, length: int) -> np.ndarray:
    return np.append(values, np.full(length - len(values), np.nan))


def _heading(name: str, points: Table, times: int, shown: int, steady: bool) -> str:
    """Say which line it is, and how many of its times are drawn."""
    size, unit = length_unit(float(np.nanmax(np.abs([points["x"], points["y"]]))))
    ends = [f"({plain(points['x'][k] / size)}, {plain(points['y'][k] / size)})" for k in (0, -1)]
    when = "steady state" if steady else count(times, "time")
    if shown < times:
        when = f"{shown} of {when}"
    elif times == 1 and not steady:
        when = f"t = {duration(float(points['time'][0]))}"
    return signed(f"profile {name} from {ends[0]} to {ends[1]} {unit}, "
                  f"{count(len(points['x']), 'point')}, {when}")


def _draw_times(axes: Axes, panel: CurvePanel) -> list[Artist]:
    """Draw a curve for each time; the colours follow the time.  A single curve needs no legend."""
    handles = []
    for name, values in panel.curves.items():
        draw_curve(axes, panel.along, values, color=panel.colour(name), lw=1.5)
        handles.append(entry(name, color=panel.colour(name), lw=1.5))
    return handles if len(handles) > 1 else []

"""The run in time: temperatures, heat through the sides, probes, one above the other."""
from __future__ import annotations

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import MaxNLocator  # noqa: E402

from .wording import quantity, time_unit

Table = dict[str, np.ndarray]
WIDTH, PANEL, HEAD, FOOT = 7.6, 1.95, 0.5, 0.6  # inches
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#555555")
MOST_CURVES = 10  # named in a legend


def side_columns(history: Table) -> dict[str, np.ndarray]:
    """Heat flow of each side, and of the exchange where there is one [W/m into the domain], by name."""
    sides = {}
    for side in ("left", "right", "bottom", "top", "exchange"):
        for name in (f"heat_{side}", f"heat_flow_{side}", side):
            if name in history:
                sides[side] = history[name]
                break
    return sides


def probe_columns(probes: Table) -> dict[str, np.ndarray]:
    return {n: v for n, v in probes.items() if n not in ("step", "time", "dt")}


def draw_history(title: str, history: Table, probes: Table, units: str) -> Figure | None:
    """The page; None when there is nothing to draw.  units: of the temperature."""
    temperature = {n: history[n] for n in ("max", "mean", "min") if n in history}
    curves = probe_columns(probes)
    jobs = []
    if temperature and _rows(history):
        jobs.append((history, lambda a, t: _temperatures(a, t, temperature), "temperature", units))
    if side_columns(history) and _rows(history):
        jobs.append((history, lambda a, t: _sides(a, t, side_columns(history)),
                     "heat flow in", "W/m"))
    if curves and _rows(probes):
        jobs.append((probes, lambda a, t: _probes(a, t, curves), "probes", units))
    if not jobs:
        return None
    height = HEAD + FOOT + PANEL * len(jobs) + 0.2 * (len(jobs) - 1)
    figure, all_axes = plt.subplots(len(jobs), 1, sharex=True, squeeze=False,
                                    figsize=(WIDTH, height))
    figure.subplots_adjust(left=0.115, right=0.80, top=1 - HEAD / height, bottom=FOOT / height,
                           hspace=0.2 / PANEL)
    _common_axis(all_axes[:, 0], jobs)
    shortened = title if len(title) <= 72 else title[:71] + "…"
    figure.text(0.115, 1 - 0.14 / height, shortened, va="top", size=11, weight="bold")
    figure.align_ylabels()
    return figure


def _rows(table: Table) -> int:
    return len(next(iter(table.values()))) if table else 0


def _common_axis(all_axes: np.ndarray, jobs: list) -> None:
    """Draw the jobs over time, or over the step when time does not pass (steady cases)."""
    first = jobs[0][0]
    times = first.get("time")
    steady = times is None or (_rows(first) > 1 and np.nanmax(times) <= np.nanmin(times))
    size, unit = (1.0, "") if steady else time_unit(float(np.nanmax(times)))
    for axes, (table, draw, name, units) in zip(all_axes, jobs):
        along = table.get("step" if steady else "time", np.arange(_rows(table), dtype=float))
        draw(axes, along / size)
        axes.set_ylabel(quantity(name, units))
        axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
        axes.ticklabel_format(axis="y", useMathText=False, useOffset=False)
        axes.grid(True, color="0.9", lw=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.margins(x=0.01)
        if axes.get_legend_handles_labels()[1]:
            axes.legend(loc="upper left", bbox_to_anchor=(1.015, 1.04), borderaxespad=0.0,
                        frameon=False, fontsize=8, handlelength=1.4)
    all_axes[-1].set_xlabel("step" if steady else quantity("time", unit))
    all_axes[-1].xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10], integer=steady))


def _curve(axes: Axes, along: np.ndarray, values: np.ndarray, **style: object) -> None:
    """A line; with dots when there are so few points that it could be missed."""
    axes.plot(along, values, marker="o" if len(along) < 3 else None, ms=4, **style)


def _temperatures(axes: Axes, along: np.ndarray, columns: Table) -> None:
    if "min" in columns and "max" in columns:
        axes.fill_between(along, columns["min"], columns["max"], color=COLOURS[0], alpha=0.10,
                          lw=0)
    styles = {"max": ("#b2182b", 1.3), "mean": ("0.15", 1.6), "min": ("#2166ac", 1.3)}
    for name, values in columns.items():
        colour, width = styles[name]
        _curve(axes, along, values, color=colour, lw=width, label=name)


def _sides(axes: Axes, along: np.ndarray, columns: Table) -> None:
    closed = [n for n, v in columns.items() if not np.any(v)]
    axes.axhline(0.0, color="0.6", lw=0.8)
    for k, (name, values) in enumerate(columns.items()):
        if name not in closed:
            _curve(axes, along, values, color=COLOURS[k], lw=1.4, label=name)
    if closed:
        axes.plot([], [], color="0.6", lw=0.8, label="\n".join(f"{n}: 0" for n in closed))


def _probes(axes: Axes, along: np.ndarray, columns: Table) -> None:
    for k, (name, values) in enumerate(columns.items()):
        label = name if len(name) <= 18 else name[:17] + "…"
        if k >= MOST_CURVES:
            label = f"and {len(columns) - k} more" if k == MOST_CURVES else None
        _curve(axes, along, values, color=COLOURS[k % len(COLOURS)], lw=1.3, label=label,
               ls="-" if k < len(COLOURS) else "--")

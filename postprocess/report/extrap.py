"""Exports result sets as JSON of Extra-P 4 (`extrap --json FILE`), over the number of ranks."""
from __future__ import annotations

from typing import Any

from ..records.groups import Group, ResultSet
from ..records.scaling import series
from .result_tables import phases

METRICS = ("step_time", "iterations", "setup", "end_to_end")


def extrap_data(results: ResultSet, all_runs: bool) -> dict[str, Any]:
    """Return the measurements: a call path for each series and phase, every value of every run."""
    measurements: dict[str, dict[str, list]] = {}
    for groups in series(results):
        label = "->".join(["heat2d", *(f"{k}={v}" for k, v in groups[0].parameters.items()
                                       if k != "class")])
        for group in groups:
            _add_group(measurements, label, group, all_runs)
    return {"parameters": ["p"], "measurements": measurements}


def _add_group(measurements: dict, label: str, group: Group, all_runs: bool) -> None:
    point = [group.ranks]
    for metric in METRICS:
        values = [getattr(r, metric) for r in group.usable(all_runs)]
        if values and None not in values:
            measurements.setdefault(label, {}).setdefault(metric, []).append(
                {"point": point, "values": values})
    for name, (_, _, largest) in phases(group, all_runs).items():
        path = measurements.setdefault(f"{label}->{name.replace('->', ' ')}", {})
        path.setdefault("time", []).append({"point": point, "values": [largest]})

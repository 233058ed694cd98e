"""`info`: lists what an output directory holds, in a dozen lines."""
from __future__ import annotations

import argparse
from typing import Any

from .errors import ReaderError
from .reader import CATEGORIES, Run
from .wording import count, plain, printable, span, unit_text


def run_info(arguments: argparse.Namespace) -> int:
    """Run the command: print the report."""
    run = Run(arguments.directory)
    print("\n".join(describe(run)))
    return 0


def describe(run: Run) -> list[str]:
    """Return the lines of the report."""
    if not (run.snapshots or run.checkpoints or run.results or run.history):
        raise ReaderError(f"{run.directory}: no output of heat2d here: neither snapshots nor "
                          "checkpoints, results.json or history.csv")
    rows = [("title", run.title), ("directory", str(run.directory))]
    rows += _record(run.results) + _files(run) + _fields(run)
    rows += _tables(run) + _checks(run.results.get("checks"))
    return [printable(f"{name:<11} {text}") for name, text in rows]


def _record(results: dict[str, Any]) -> list[tuple[str, str]]:
    if not results:
        return [("status", "no results.json: the run has not ended, or was killed")]
    rows = [("status", str(results.get("status", "unknown")))]
    if isinstance(results.get("ranks"), int):
        rows.append(("ranks", str(results["ranks"])))
    time = results.get("time")
    if isinstance(time, dict) and "scheme" in time:
        steps = time.get("steps")
        text = str(time["scheme"])
        if isinstance(steps, int) and text != "steady":
            text += f", {count(steps, 'step')}"
        rows.append(("scheme", text))
    return rows


def _files(run: Run) -> list[tuple[str, str]]:
    rows = []
    if run.snapshots:
        first, last = run.snapshots[0], run.snapshots[-1]
        longest = max(abs(first.time), abs(last.time))
        when = f"step {first.step} ({run.when(first, longest)})"
        if last is not first:
            when += f" to step {last.step} ({run.when(last, longest)})"
        rows.append(("snapshots", f"{len(run.snapshots)}: {when}"))
    else:
        rows.append(("snapshots", "none"))
    steps = ", ".join(str(c.step) for c in run.checkpoints)
    rows.append(("checkpoints", f"{len(run.checkpoints)}: step {steps}" if steps else "none"))
    return rows


def _fields(run: Run) -> list[tuple[str, str]]:
    """List the grid and the fields of the last snapshot, with their ranges."""
    if not run.snapshots:
        return []
    snapshot = run.snapshots[-1]
    header = snapshot.header
    ny, nx = header.shape
    x, y = header.x_edges, header.y_edges
    rows = [("grid", f"{nx} x {ny} cells on {plain(x[-1] - x[0])} x {plain(y[-1] - y[0])} m")]
    for k, name in enumerate(header.fields):
        rows.append(("fields" if k == 0 else "", f"{name}: {_range(snapshot.reduced(name, 1))}"))
    return rows


def _range(field) -> str:
    if field.name in CATEGORIES:
        names = "; ".join(f"{number} {name}" for number, name in field.info.meanings.items())
        return f"{field.minimum:.0f} to {field.maximum:.0f}" + (f" ({names})" if names else "")
    text = f"{span(field.minimum, field.maximum)} {unit_text(field.units)}".rstrip()
    if field.not_finite:
        text += f"; {field.not_finite} of {field.cells} cells are not finite"
    return text


def _tables(run: Run) -> list[tuple[str, str]]:
    rows = []
    for name, table in (("history", run.history), ("probes", run.probes)):
        if table:
            rows_there = len(next(iter(table.values())))
            columns = [c for c in table if name == "history" or c not in ("step", "time")]
            rows.append((name, f"{count(rows_there, 'row')}: {', '.join(columns)}"))
    for name, table in run.profiles.items():
        times = len(set(table["step"])) if "step" in table else 0
        points = len(table.get("x", ())) // max(1, times)
        rows.append((f"profile {name}", f"{count(points, 'point')} at {count(times, 'time')}"))
    return rows


def _checks(checks: Any) -> list[tuple[str, str]]:
    if not isinstance(checks, list) or not checks:
        return [("checks", "none")]
    good = [c for c in checks if isinstance(c, dict)]
    passed = sum(bool(c.get("pass")) for c in good)
    rows = [("checks", f"{passed} of {len(good)} hold")]
    for check in good:
        mark = "pass" if check.get("pass") else "FAIL"
        what = check.get("description") or check.get("quantity", "?")
        text = f"{mark}  {what} = {check.get('value')}"
        for key in ("expected", "tolerance"):
            if check.get(key) is not None:
                text += f", {key} {check[key]}"
        rows.append(("", text))
    return rows

"""Tables of a result set: figures of merit, every run, efficiencies, phases, verification."""
from __future__ import annotations

import statistics

from ..records.groups import Group, Repeat, ResultSet
from ..records.run_record import RunRecord, finite
from ..records.scaling import Efficiency
from ..records.scaling_model import Model
from ..records.statistics import Summary
from ..wording import duration, plain
from .sheet_table import (NONE, SheetTable, number, number_interval, percent, seconds,
                          time_interval)

OTHER = "other (start-up, checks, proof)"


def merit_table(results: ResultSet) -> SheetTable:
    """Figures of merit of valid runs: by the median time of each point."""
    several = any(group.nodes > 1 for group in results.groups)
    # The figure of merit comes first, so that a phone shows it without scrolling.
    table = SheetTable(["point", "ranks", *(["nodes"] if several else []), "FOM", "95 % interval",
                        *(["FOM per node"] if several else []), "time per step", "95 % interval",
                        "end to end", "valid runs"])
    for group in results.groups:
        time, fom, whole = group.summary(), group.summary("fom"), _end_to_end(group)
        table.rows.append([
            group.name, str(group.ranks or NONE), *([str(group.nodes)] if several else []),
            number(fom.median if fom else None), number_interval(fom),
            *([number(fom.median / group.nodes if fom else None)] if several else []),
            seconds(time.median) if time else NONE, time_interval(time), number(whole),
            f"{sum(r.counts for r in group.repeats)} of {len(group.repeats)}"])
    table.note = ("The figure of merit (FOM, cell-steps per second; checkpoint: bytes per second) "
                  f"follows from the median time. {_coverages(results)}Runs that are not valid have "
                  "no figure and are not counted.")
    return table


def _end_to_end(group: Group) -> float | None:
    """Figure of merit of the whole program, by the median of its time per step."""
    values = [r.end_to_end / (r.work * r.steps) for r in group.usable()
              if r.end_to_end and r.work and r.steps]
    return 1.0 / statistics.median(values) if values else None


def _coverages(results: ResultSet) -> str:
    """Say what the intervals are."""
    found = {s.covers for s in (g.summary() for g in results.groups) if s and s.covers}
    if not found:
        return "An interval takes 6 valid runs. "
    return ("Intervals are order statistics of the runs; their probability to cover the median is "
            + " or ".join(f"{100 * c:.1f} %" for c in sorted(found)) + ". ")


def spread_table(results: ResultSet, all_runs: bool) -> SheetTable:
    """Five numbers of the times per step of each point."""
    table = SheetTable(["point", "runs", "least", "quartile", "median", "quartile", "largest"])
    for group in results.groups:
        time = group.summary(all_runs=all_runs)
        if time:
            low, high = time.quartiles
            table.rows.append([group.name, str(time.n), *(duration(v, time.median) for v in (
                time.smallest, low, time.median, high, time.largest))])
    return table


def runs_table(results: ResultSet) -> SheetTable:
    """Every raw value of every run."""
    table = SheetTable(["run", "valid", "steps", "time of the steps [s]", "set-up [s]",
                        "whole program [s]", "iterations per step", "recorded FOM", "reasons"],
                       texts=(0, 1, 8))
    for repeat in results.repeats:
        table.rows.append([repeat.label, _mark(repeat), *_raw(repeat.record),
                           "; ".join([*repeat.problems, *repeat.stderr])])
    return table


def _mark(repeat: Repeat) -> str:
    return "yes" if repeat.counts else "failed" if repeat.record is None else "INVALID"


def _raw(record: RunRecord | None) -> list[str]:
    if record is None:
        return [NONE] * 6
    fom = record.number("bench", "fom") if record.is_bench else record.number("fom", "value")
    times = (record.seconds, record.setup, record.end_to_end)
    return [number(record.steps, 9), *(number(v, 9) for v in times), number(record.iterations),
            number(fom, 7)]


def efficiency_table(rows: list[Efficiency], scaling: str) -> SheetTable:
    """Efficiencies of a series, with their parts."""
    strong, science = scaling == "strong", scaling == "weak-science"
    table = SheetTable(["ranks", "time per step", *(["speed-up", "ideal"] if strong else []),
                        "E", "interval", "numeric", "implementation",
                        *(["steps ratio"] if science else [])], texts=())
    for row in rows:
        ideal = number(row.group.ranks / row.base.ranks)
        interval = NONE if row.total.low is None or row is rows[0] else \
            f"{percent(row.total.low)} to {percent(row.total.high)}"
        table.rows.append([str(row.group.ranks), seconds(row.time.median),
                           *([number(row.speedup), ideal] if strong else []),
                           percent(row.total.value), interval, percent(row.numeric),
                           percent(row.implementation), *([number(row.steps)] if science else [])])
    base = rows[0]
    table.note = (f"Base: {base.base.ranks} {'rank' if base.base.ranks == 1 else 'ranks'}, "
                  f"{seconds(base.time.median)} per step. E = numeric × implementation: the ratio "
                  "of the iterations per step, and the efficiency of the time per iteration. The "
                  "interval takes the intervals of both medians at their opposite ends (at least "
                  "90 %).")
    return table


def time_table(rows: list[Efficiency], scaling: str, model: Model | None) -> SheetTable:
    """Times per step of a series, measured, ideal and modelled."""
    table = SheetTable(["ranks", "median", "95 % interval", "ideal", "model"], texts=())
    base = rows[0]
    for row in rows:
        gain = row.group.ranks / base.base.ranks if scaling == "strong" else 1.0
        cells = row.group.summary("cells", all_runs=True)
        modelled = model.time(row.group.ranks, cells.median / row.group.ranks) if (
            model and cells) else None
        table.rows.append([str(row.group.ranks), seconds(row.time.median), time_interval(row.time),
                           seconds(base.time.median / gain), seconds(modelled)])
    return table


def model_text(model: Model | None) -> str:
    """Describe the fitted model, or say why there is none."""
    if model is None:
        return "No model: it takes at least three numbers of ranks."
    return (f"t(p) = a + b n(p) + c log₂ p with n the cells of each rank, a = {plain(model.a)} s, "
            f"b = {plain(model.b)} s per cell, c = {plain(model.c)} s, not negative, least squares "
            f"of relative errors on {', '.join(map(str, model.fitted))} ranks. Held out: "
            f"{model.held_out} ranks, measured {seconds(model.measured)}, predicted "
            f"{seconds(model.predicted)}, error {round(100 * model.error, 1) + 0.0:+g} %.")


# ---- phases


def phases(group: Group, all_runs: bool) -> dict[str, tuple[float, float, float]]:
    """Return name -> (min, mean, max over the ranks) [s], medians of the runs.  A record without
    phases (the reference workload) has the times that it names."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    for record in group.usable(all_runs):
        for name, values in (record.phases or _named_times(record)).items():
            found.setdefault(name, []).append(values)
    return {name: tuple(statistics.median(column) for column in zip(*values))
            for name, values in found.items()}


def _named_times(record: RunRecord) -> dict[str, tuple[float, float, float]]:
    """Split the time of the program where a record has no phases; no spread over ranks is known."""
    steps, setup, whole = record.seconds or 0.0, record.setup or 0.0, record.end_to_end
    times = {"steps": steps, "setup": setup}
    if whole is not None:
        times[OTHER] = max(0.0, whole - steps - setup)
    return {name: (value, value, value) for name, value in times.items()}


def phase_table(results: ResultSet, all_runs: bool) -> SheetTable:
    table = SheetTable(["point", "phase", "min", "mean", "max", "mean / max"], texts=(0, 1))
    for group in results.groups:
        for name, (least, mean, largest) in phases(group, all_runs).items():
            if largest > 0:
                known = least < largest
                table.rows.append([group.name, name, *(seconds(v) for v in (least, mean, largest)),
                                   percent(mean / largest) if known else NONE])
    table.note = ("Seconds of a run, over the ranks; medians of the runs. Times between barriers "
                  "include waiting, so mean / max is not POP's load balance.")
    return table


# ---- verification


def verification_table(results: ResultSet) -> SheetTable:
    """What the runs verified, with the worst value of the runs of each point."""
    table = SheetTable(["point", "verified", "worst value", "bound", "runs", "result"],
                       texts=(0, 1, 5))
    for group in results.groups:
        found: dict[str, list[tuple[float | None, str, bool]]] = {}
        for record in group.records:
            for name, value, bound, good in _verified(record):
                found.setdefault(name, []).append((value, bound, good))
        for name, entries in found.items():
            bad = [e for e in entries if not e[2]]
            value, bound, _ = max(bad or entries, key=lambda e: abs(e[0] or 0.0))
            table.rows.append([group.name, name, number(value), bound, str(len(entries)),
                               f"{len(bad)} FAILED" if bad else "holds"])
    if not table.rows:
        table.note = "The case has no checks (section check of the case file), so nothing is verified."
    return table


def _verified(record: RunRecord) -> list[tuple[str, float | None, str, bool]]:
    return _verified_bench(record) if record.is_bench else _verified_case(record)


def _verified_bench(record: RunRecord) -> list[tuple[str, float | None, str, bool]]:
    """Name, value, bound and result of each check of the reference workload (RULES.md, 4).  The
    bounds are those that the record states.  A record of an earlier version states fewer: then the
    program's own verdict counts."""
    rows = []
    given = record.get("bench", "reasons")
    reasons = " ".join(map(str, given)) if isinstance(given, list) else ""

    def add(name: str, value: float | None, low: float | None, high: float | None) -> None:
        if high is None:
            good, bound = name.split(":")[0] + ":" not in reasons, "not recorded"
        else:
            good = value is not None and (low is None or low <= value) and value <= high
            bound = f"at most {number(high)}" if low is None else f"{number(low)} to {number(high)}"
        rows.append((name, value, bound, value is not None and good))

    def bound_of(*keys: str) -> float | None:
        return record.number("bench", "bounds", *keys)

    windows = record.number("bench", "audit", "windows")
    rows.append(("audit: windows of the proof", windows, "", bool(windows)))
    history = record.number("bench", "audit", "history")
    if history is not None:
        add("audit: error of the histories", history, None, bound_of("history"))
    if record.writes:
        wrong = record.number("bench", "restart", "wrong_cells")
        rows.append(("checkpoint: wrong cells after restarts", wrong, "0", wrong == 0))
        return rows
    add("modes: relative error", record.number("bench", "modes", "error"), None,
        record.number("bench", "modes", "bound"))
    between = record.get("bench", "bounds", "continuous_ratio")
    low, high = (map(finite, between) if isinstance(between, list) and len(between) == 2
                 else (None, None))
    add("modes: distance to the continuous solution / predicted",
        record.number("bench", "modes", "continuous_ratio"), low, high)
    residuals = record.get("bench", "field", "residuals")
    numbers = [finite(r) for r in residuals] if isinstance(residuals, list) else []
    add("field: largest residual", max(numbers) if numbers and None not in numbers else None, None,
        bound_of("residual"))
    add("field: energy account", record.number("bench", "field", "balance"), None,
        bound_of("balance"))
    add("field: range left by [K]", record.number("bench", "field", "overshoot"), None,
        bound_of("overshoot"))
    return rows


def _verified_case(record: RunRecord) -> list[tuple[str, float | None, str, bool]]:
    rows = []
    checks = record.get("checks")
    for check in checks if isinstance(checks, list) else []:
        if isinstance(check, dict):
            one = RunRecord(record.path, check)
            expected, tolerance = one.number("expected"), one.number("tolerance")
            bound = f"below {number(tolerance)}" if expected is None else \
                f"{number(expected, 6)} ± {number(tolerance)}"
            name = one.text("description") or one.text("quantity") or "?"
            rows.append((name, one.number("value"), bound, one.get("pass") is True))
    return rows

"""The table at the end of a study."""
from __future__ import annotations

from rich.console import Console
from rich.table import Table

from ..records.groups import Group, ResultSet
from ..records.scaling import efficiencies, series
from ..records.statistics import Summary
from ..wording import duration, plain, printable, span, time_unit

NARROW = 100  # on a terminal with fewer columns the parts of the efficiency are left out


def simple_table(columns: list[str], words: tuple[str, ...] = ("point",)) -> Table:
    """Make a table without lines.  Its numbers are never cut; long names are wrapped."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for name in columns:
        table.add_column(name, justify="left" if name in words else "right", overflow="fold",
                         no_wrap=name != "point", min_width=8 if name == "point" else len(name))
    return table


def print_table(results: ResultSet, console: Console) -> None:
    """Print a row for each point: times, figure of merit, efficiency, and what went wrong."""
    console.print(printable(results.title) + "\n", markup=False, highlight=False)
    scaled, narrow = results.scaling != "none", console.width < NARROW
    parts = ("E",) if narrow else ("E", "numeric", "impl.")
    table = simple_table(["point", "ranks", "runs", "per step", "95 % interval", _merit(results),
                          *(parts if scaled else ())])
    invalid = not any(r.counts for r in results.repeats)
    rows = {e.group.name: e for groups in series(results) if scaled
            for e in efficiencies(results, groups, invalid)}
    for group in results.groups:
        cells = [printable(group.name), str(group.ranks), _runs(group), *_times(group, invalid)]
        if scaled:
            row = rows.get(group.name)
            values = (row.total.value, row.numeric, row.implementation) if row else (None,) * 3
            cells += [_percent(v) for v in values[:len(parts)]]
        table.add_row(*cells)
    console.print(table, markup=False)
    console.print("")
    if invalid:
        console.print("No run is valid: the times are those of runs that are not, and there is no "
                      "figure of merit.", highlight=False, soft_wrap=True)
    _print_problems(results, console)


def _merit(results: ResultSet) -> str:
    """Name the figure of merit by its unit, if all runs have one."""
    units = {"bytes/s" if r.record.writes else "cell-steps/s"
             for r in results.repeats if r.record is not None}
    return "FOM" if len(units) > 1 else units.pop() if units else "cell-steps/s"


def _runs(group: Group) -> str:
    good = sum(r.counts for r in group.repeats)
    return str(good) if good == len(group.repeats) else f"{good} of {len(group.repeats)}"


def _times(group: Group, invalid: bool) -> list[str]:
    time, fom = group.summary(all_runs=invalid), group.summary("fom")
    return [duration(time.median) if time else "-", interval(time),
            plain(fom.median) if fom else "-"]


def interval(summary: Summary | None) -> str:
    """Write the interval of a median time, or why there is none."""
    if summary is None:
        return "-"
    if summary.low is None:
        return "6 runs needed"
    size, unit = time_unit(summary.median)
    return f"{span(summary.low / size, summary.high / size)} {unit}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _print_problems(results: ResultSet, console: Console) -> None:
    """Print every run that does not count, with its reasons."""
    for repeat in results.repeats:
        if not repeat.counts:
            word = "INVALID" if repeat.record is not None else "no result"
            for reason in repeat.problems:
                console.print(f"{printable(repeat.label)}: {word}: {printable(reason)}",
                              markup=False, highlight=False, soft_wrap=True)

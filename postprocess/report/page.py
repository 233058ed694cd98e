"""Puts tables and charts together as one page; the template is page.html.

Every text of a record goes through the template's escaping, and control characters are replaced, so
that a record of a stranger can change neither the page nor what it loads.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import jinja2

from ..records.groups import Group, ResultSet
from ..records.scaling import efficiencies, series
from ..records.scaling_model import fit_model
from ..wording import count, printable
from . import charts, machine_tables, result_tables
from .sheet_table import SheetTable


@dataclass
class Part:
    """A section of the page: a chart, its numbers one click away, or a table in sight."""

    title: str
    chart: str | None = None
    caption: str = ""  # also the alternative text of the chart
    table: SheetTable | None = None
    folded: SheetTable | None = None
    folded_title: str = "Numbers"
    text: str = ""


@dataclass
class Sheet:
    """The content of the page for one result set."""

    title: str
    folder: str
    valid: bool
    verdict: str
    reasons: list[str]
    parts: list[Part]


def make_sheet(results: ResultSet) -> Sheet:
    """Make the sections of a result set.  Times of invalid runs are shown if there are no valid
    ones, and then every such chart says so."""
    valid = all(r.counts for r in results.repeats)
    all_runs = not any(r.counts for r in results.repeats)
    parts = [_merit(results), _spread(results, all_runs), *_scaling(results, all_runs),
             _phases(results, all_runs),
             Part("POP efficiencies", table=machine_tables.pop_table(results, all_runs)),
             Part("Parts of the steps", table=machine_tables.breakdown_table(results, all_runs)),
             _bandwidth(results, all_runs),
             Part("Memory", table=machine_tables.memory_table(results, all_runs)),
             Part("Input and output", table=machine_tables.io_table(results, all_runs)),
             Part("Verification", table=result_tables.verification_table(results)),
             Part("Machine", table=machine_tables.machine_table(results)),
             Part("Provenance", table=machine_tables.provenance_table(results))]
    return Sheet(results.title, str(results.folder), valid, _verdict(results), _reasons(results),
                 parts)


def _verdict(results: ResultSet) -> str:
    """Explain the stamp in a sentence."""
    good, every = sum(r.counts for r in results.repeats), len(results.repeats)
    points = count(len(results.groups), "point")
    if good == every:
        text = f"All {every} runs of {points} are valid." if every > 1 else "The run is valid."
    elif good == 0:
        text = (f"None of {count(every, 'run')} of {points} is valid, so there is no figure of "
                "merit. The times are those of runs that are not valid.")
    else:
        text = f"{good} of {every} runs of {points} are valid; figures come from these alone."
    few = [g for g in results.groups if 0 < sum(r.counts for r in g.repeats) < 6]
    if few:
        text += (f" {count(len(few), 'point')} {'has' if len(few) == 1 else 'have'} fewer than 6 "
                 "valid runs, and so no interval of 95 %.")
    return text


def _reasons(results: ResultSet) -> list[str]:
    """Return each kind of reason with the number of its runs, the most frequent first.  Reasons
    that differ in their numbers are of one kind; the first of them is shown."""
    kinds: dict[str, list[str]] = {}
    for reason in (reason for r in results.repeats for reason in r.problems):
        kinds.setdefault(re.sub(r"\d[\d.]*(e[-+]?\d+)?", "#", reason), []).append(reason)
    return [f"{count(len(same), 'run')}: {same[0]}"
            + ("" if len(set(same)) == 1 else " (numbers of the first)")
            for same in sorted(kinds.values(), key=len, reverse=True)[:20]]


def _merit(results: ResultSet) -> Part:
    return Part("Figures of merit", table=result_tables.merit_table(results),
                folded=result_tables.runs_table(results),
                folded_title=f"Every value of all {count(len(results.repeats), 'run')}")


def _of_invalid(all_runs: bool) -> str:
    return " These runs are NOT VALID." if all_runs else ""


def _spread(results: ResultSet, all_runs: bool) -> Part:
    return Part("Times of the runs", charts.chart_of_runs(results.groups, all_runs),
                "Time per step of every run, with the median and its 95 % interval."
                + _of_invalid(all_runs), folded=result_tables.spread_table(results, all_runs))


def _scaling(results: ResultSet, all_runs: bool) -> list[Part]:
    """Make efficiency and model of each series of a scaling study."""
    if results.scaling == "none":
        return []
    parts = []
    for groups in series(results):
        rows = efficiencies(results, groups, all_runs)
        if len(rows) < 2:
            continue
        named = _series_name(groups)
        table = result_tables.efficiency_table(rows, results.scaling)
        model = fit_model(groups, all_runs)
        parts.append(Part(f"Scaling: {results.scaling}{named}", charts.chart_of_efficiency(rows),
                          "Efficiency E over the ranks, with its numeric and its implementation "
                          "part." + _of_invalid(all_runs), table=table))
        parts.append(Part(f"Time and model{named}",
                          charts.chart_of_times(rows, results.scaling == "strong", model),
                          "Time per step over the ranks, with the ideal"
                          + (" and the model." if model else ".") + _of_invalid(all_runs),
                          folded=result_tables.time_table(rows, results.scaling, model),
                          text=result_tables.model_text(model)))
    return parts


def _series_name(groups: list[Group]) -> str:
    """Name the parameters that all points of a series share: in a study of weak scaling the class
    grows with the ranks, in others it belongs to the series."""
    values = {k: v for k, v in groups[0].parameters.items()
              if all(group.parameters.get(k) == v for group in groups)}
    return "".join(f", {key} = {value}" for key, value in values.items())


def _bandwidth(results: ResultSet, all_runs: bool) -> Part:
    return Part("Memory bandwidth (roofline)",
                charts.chart_of_bandwidth(machine_tables.bandwidths(results, all_runs)),
                "Modelled bytes per second of the steps, below the STREAM bandwidth that the run "
                "measured." + _of_invalid(all_runs),
                table=machine_tables.bandwidth_table(results, all_runs))


def _phases(results: ResultSet, all_runs: bool) -> Part:
    means = [{name: mean for name, (_, mean, _) in result_tables.phases(g, all_runs).items()}
             for g in results.groups]
    return Part("Phases", charts.chart_of_phases([g.name for g in results.groups], means),
                "Parts of the time of a run." + _of_invalid(all_runs),
                folded=result_tables.phase_table(results, all_runs))


def render(sheets: list[Sheet], title: str) -> str:
    """Return the page as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value)
    return environment.get_template("page.html").render(sheets=sheets, title=title)

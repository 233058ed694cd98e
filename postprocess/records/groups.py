"""Collects the records of a study, or of folders of runs, into points with their repeats.

A folder is one of: a study (it has study.json), a folder with one results.json, or a folder whose
subfolders hold results.json at any depth.  Runs outside a study belong to one point when subject,
ranks, nodes and settings are the same.
"""
from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ReaderError
from .run_record import RunRecord, read_record
from .statistics import Summary, summarise
from .study_folder import FAILED, RunState, StudyState, read_state

# Most files results.json below one folder; chosen: a larger tree was named by mistake.
MOST_FILES = 100_000


@dataclass
class Repeat:
    """One run: its record, or why there is none."""

    label: str
    record: RunRecord | None
    failure: str = ""
    stderr: list[str] = field(default_factory=list)
    planned: int | None = None  # number of ranks that the study planned for the run

    @property
    def counts(self) -> bool:
        return not self.problems

    @property
    def problems(self) -> list[str]:
        """Reasons why the run does not count; empty for a valid run."""
        if self.record is None or self.failure:
            return [self.failure]
        if self.planned not in (None, self.record.ranks):
            return [*self.record.problems,
                    f"ran on {self.record.ranks} ranks, planned are {self.planned}"]
        return self.record.problems


@dataclass
class Group:
    """The repeats of one point."""

    name: str
    ranks: int | None
    nodes: int
    parameters: dict[str, str]
    repeats: list[Repeat]

    @property
    def records(self) -> list[RunRecord]:
        """Records of all runs that have one, valid or not."""
        return [r.record for r in self.repeats if r.record is not None]

    @property
    def valid(self) -> bool:
        """Whether there is a run and every run counts."""
        return bool(self.repeats) and all(r.counts for r in self.repeats)

    def usable(self, all_runs: bool = False) -> list[RunRecord]:
        """Return the records whose times are used: those that count, or all with times."""
        return [r.record for r in self.repeats if r.record is not None
                and (r.counts or all_runs) and r.record.step_time is not None]

    def summary(self, what: str = "step_time", all_runs: bool = False) -> Summary | None:
        """Summarise a number of the usable records by its name; None when a record lacks it."""
        values = [getattr(record, what) for record in self.usable(all_runs)]
        return summarise(values) if values and None not in values else None


@dataclass
class ResultSet:
    """All points of one folder."""

    folder: Path
    title: str
    scaling: str
    plan: dict[str, Any]  # the plan in study.json; empty for a folder without one
    groups: list[Group]

    @property
    def repeats(self) -> list[Repeat]:
        return [repeat for group in self.groups for repeat in group.repeats]


def read_results(folder: Path) -> ResultSet:
    """Read all records below a folder."""
    if not folder.is_dir():
        raise ReaderError(f"{folder}: no such folder; name the folder of a study or of a run")
    state = read_state(folder)
    found = _from_tree(folder) if state is None else _from_study(state)
    if not found.repeats:
        raise ReaderError(f"{folder}: neither study.json nor a results.json in it or below it")
    return found


def _from_study(state: StudyState) -> ResultSet:
    groups = []
    for point in state.plan["points"]:
        runs = [run for run in state.runs if run.point == point["name"]]
        repeats = [_planned_repeat(state, run, _whole(point.get("ranks")))
                   for run in sorted(runs, key=lambda r: r.repeat)]
        parameters = point.get("parameters")
        groups.append(Group(point["name"], _whole(point.get("ranks")),
                            _whole(point.get("nodes")) or 1,
                            {str(k): str(v) for k, v in parameters.items()}
                            if isinstance(parameters, dict) else {}, repeats))
    return ResultSet(state.folder, str(state.plan.get("title") or state.folder.name),
                     str(state.plan.get("scaling") or "none"), state.plan, groups)


def _planned_repeat(state: StudyState, run: RunState, ranks: int | None) -> Repeat:
    """Read the record of a run of a study; a run that the study recorded as failed has failed,
    whatever it wrote."""
    repeat = _repeat(state.run_folder(run), f"{run.point}/repeat-{run.repeat}",
                     run.reason or f"{run.state}: no results.json")
    repeat.planned, repeat.stderr = ranks, run.stderr
    if run.state == FAILED:
        repeat.failure = run.reason or "failed"
    return repeat


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value >= 1 else None


def _repeat(folder: Path, label: str, failure: str) -> Repeat:
    """Read the record of a run; a record that cannot be read becomes the failure of the run."""
    try:
        record = read_record(folder / "results.json")
    except ReaderError as error:
        return Repeat(label, None, str(error))
    return Repeat(label, record, "" if record else failure)


def _from_tree(folder: Path) -> ResultSet:
    """Group all records below a folder; links are not followed."""
    groups: dict[tuple, Group] = {}
    for count, path in enumerate(_record_files(folder)):
        if count >= MOST_FILES:
            raise ReaderError(f"{folder}: more than {MOST_FILES} files results.json")
        label = str(path.parent.relative_to(folder))
        repeat = _repeat(path.parent, label if label != "." else folder.name, "")
        key, name = _identity(repeat)
        if key not in groups:  # points with other settings may get the same name: number them
            taken = {group.name for group in groups.values()}
            name = next(n for n in [name, *(f"{name} #{k}" for k in range(2, len(taken) + 3))]
                        if n not in taken)
            groups[key] = Group(name, None, 1, {}, [])
        group = groups[key]
        if repeat.record is not None:
            group.ranks, group.nodes = repeat.record.ranks, repeat.record.nodes
        group.repeats.append(repeat)
    ordered = sorted(groups.values(), key=lambda g: (g.name.rpartition(" p")[0], g.ranks or 0))
    return ResultSet(folder, folder.resolve().name, "none", {}, ordered)


def _record_files(folder: Path):
    for where, folders, files in os.walk(folder):
        folders.sort()
        if "results.json" in files:
            yield Path(where) / "results.json"


def _identity(repeat: Repeat) -> tuple[tuple, str]:
    """Return a key that is the same for all runs of one point, and the name of the point."""
    record = repeat.record
    if record is None:
        return (repeat.label,), repeat.label
    if record.is_bench:
        words = [record.text("bench", k) for k in ("class", "workload", "rules")]
        subject = " ".join(w for w in words if w)
    else:
        cells = record.get("grid", "cells")
        size = "x".join(str(c) for c in cells) if isinstance(cells, list) else ""
        subject = f"{record.text('title')} {size}".strip()
    overrides = str(record.get("provenance", "overrides") or "")
    key = (subject, record.ranks, record.nodes, overrides, record.text("provenance", "git_commit"))
    return key, f"{subject} p{record.ranks}"

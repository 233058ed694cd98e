"""The folder of a study: its plan and the state of each run, in study.json.

    FOLDER/study.yaml                            the study file, copied
    FOLDER/study.json                            plan and states, replaced by rename at each change
    FOLDER/points/NAME/repeat-N/results.json     the record of a run, with its other files
    FOLDER/points/NAME/repeat-N/stdout.txt, stderr.txt
    FOLDER/slurm/*.sh, FOLDER/jube/study.xml     what the other launchers run
"""
from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ReaderError
from ..text_file import parse_json, read_text, replace_file
from .run_record import finite, read_record

SCHEMA = "heat2d study 1"
PLANNED, SUBMITTED, RUNNING, DONE, FAILED = "planned", "submitted", "running", "done", "failed"
# Exit codes of a run whose record is complete: valid, not valid, or code not known.
RIGHT = (0, 5, None)
# Allowed names of points, which are also names of folders.
NAME = re.compile(r"[A-Za-z0-9+_-][A-Za-z0-9.+_-]*")


@dataclass
class RunState:
    """One run of a point."""

    point: str
    repeat: int
    state: str = PLANNED
    exit_code: int | None = None
    seconds: float | None = None  # wall time of the run with its launcher
    reason: str = ""  # why the run failed, in a few words
    stderr: list[str] = field(default_factory=list)  # last lines of stderr of a failed run
    job: str = ""  # number of the Slurm job


@dataclass
class StudyState:
    """The folder of a study with its plan and the states of its runs, in their order."""

    folder: Path
    plan: dict[str, Any]
    runs: list[RunState]

    def run_folder(self, run: RunState) -> Path:
        return self.folder / "points" / run.point / f"repeat-{run.repeat}"

    def point(self, name: str) -> dict[str, Any]:
        return next(p for p in self.plan["points"] if p["name"] == name)

    def save(self) -> None:
        """Write study.json; a reader sees the old or the new file, never a part."""
        text = json.dumps({**self.plan, "runs": [asdict(run) for run in self.runs]}, indent=1)
        replace_file(self.folder / "study.json", (text + "\n").encode())

    def refresh(self, run: RunState) -> None:
        """Take the state of a run from its folder: a complete results.json is a finished run."""
        try:
            record = read_record(self.run_folder(run) / "results.json")
        except ReaderError:
            record = None  # the run was killed while it wrote the file
        if run.state == FAILED:
            return  # a failed run stays failed until --retry-failed
        code = exit_code(self.run_folder(run))
        if code is not None:
            run.exit_code = code
        if record is not None and record.finished and code in RIGHT:
            run.state, run.reason, run.stderr = DONE, "", []
        elif run.state in (RUNNING, DONE):
            run.state = PLANNED  # interrupted, or its record was removed: run it anew


def exit_code(folder: Path) -> int | None:
    """Read the exit code that a script of Slurm or JUBE has left in the folder of a run."""
    try:
        return int((folder / "exit_code").read_text())
    except (OSError, ValueError):
        return None


def read_state(folder: Path) -> StudyState | None:
    """Read the study.json of a folder; None when there is none."""
    path = folder / "study.json"
    text = read_text(path)
    if text is None:
        return None
    try:
        data = parse_json(text)
        runs = [RunState(**run) for run in data.pop("runs")]
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema is {data['schema']}")
        _check_runs(runs, [point["name"] for point in data["points"]])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ReaderError(f"{path}: not a study of heat2d, or damaged: {error}") from None
    return StudyState(folder, data, runs)


def _check_runs(runs: list[RunState], names: list[str]) -> None:
    """Refuse names that are not those of folders here, and values of other types."""
    if not all(isinstance(name, str) and NAME.fullmatch(name) for name in names):
        raise ValueError("the name of a point is not the name of a folder")
    for run in runs:
        right = (run.point in names and type(run.repeat) is int and isinstance(run.stderr, list)
                 and (run.seconds is None or finite(run.seconds) is not None)
                 and all(isinstance(t, str) for t in (run.state, run.reason, run.job, *run.stderr)))
        if not right:
            raise ValueError(f"the state of a run is damaged: {run.point}")

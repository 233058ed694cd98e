"""What a study prints while it runs: one line for each run, with the time left."""
from __future__ import annotations

import statistics

from rich.console import Console

from ..wording import duration, printable
from ..records.study_folder import DONE, FAILED, RunState, StudyState


class Progress:
    """Prints the start and the end of each run; on a terminal the start is a status line."""

    def __init__(self, state: StudyState, console: Console):
        self.state = state
        self.console = console
        self.status = console.status("") if console.is_terminal else None

    def __enter__(self) -> Progress:
        if self.status:
            self.status.start()
        return self

    def __exit__(self, *_) -> None:
        if self.status:
            self.status.stop()

    def begin(self, run: RunState) -> None:
        if self.status:
            self.status.update(f"{self._count()}  {run.point} repeat {run.repeat}"
                               f"{self._left_text()}")

    def end(self, run: RunState) -> None:
        """Print how a run ended."""
        took = f"{duration(run.seconds)}" if run.seconds is not None else "-"
        outcome = took if run.state == DONE else f"FAILED: {run.reason}"
        self.console.print(f"{self._count()}  {run.point} repeat {run.repeat}: {outcome}"
                           f"{self._left_text()}", markup=False, highlight=False, soft_wrap=True)
        for line in run.stderr if run.state == FAILED else []:
            self.console.print(f"      {printable(line)}", markup=False, highlight=False,
                               soft_wrap=True)

    def _count(self) -> str:
        ended = sum(run.state in (DONE, FAILED) for run in self.state.runs)
        return f"[{ended}/{len(self.state.runs)}]"

    def _left_text(self) -> str:
        left = time_left(self.state.runs)
        return f", {duration(max(1.0, round(left)))} left" if left else ""


def time_left(runs: list[RunState]) -> float | None:
    """Estimate the seconds of the runs to come from the medians of their points, or of all runs
    where a point has none; None before the first run ended."""
    known: dict[str, list[float]] = {}
    for run in runs:
        if run.state == DONE and run.seconds is not None:
            known.setdefault(run.point, []).append(run.seconds)
    if not known:
        return None
    usual = statistics.median(s for seconds in known.values() for s in seconds)
    to_come = [run.point for run in runs if run.state not in (DONE, FAILED)]
    return sum(statistics.median(known[p]) if p in known else usual for p in to_come)

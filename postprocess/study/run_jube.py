"""Writes a study as a JUBE file (JUBE 2.5.1), for sites that drive benchmarks with JUBE.

JUBE starts one shell script for each run; results go to the folders of the study, where
`postprocess study` and `postprocess report` read them.  No pattern of JUBE reads the output:
whether a run is right stands in its results.json alone.
"""
from __future__ import annotations

import shlex
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from ..wording import printable
from .points import Point
from .program import Program
from ..records.study_folder import DONE, RunState, StudyState


def write_jube(state: StudyState, points: list[Point], program: Program,
               batch: dict[tuple[str, int], Path] | None) -> Path:
    """Write jube/study.xml and a script for each run that is not done, in their random order; with
    batch scripts, a run is `sbatch --wait`.  Return the name of the JUBE file."""
    by_name = {point.name: point for point in points}
    folder = state.folder.resolve() / "jube"
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for run in state.runs:
        if run.state == DONE or run.point not in by_name:
            continue
        names.append(f"{run.point}-repeat-{run.repeat}")
        words = (["sbatch", "--wait", str(batch[run.point, run.repeat])] if batch is not None else
                 [*program.command(by_name[run.point]), "--output",
                  str(state.run_folder(run).resolve())])
        (folder / f"{names[-1]}.sh").write_text(_shell(state, run, words))
    path = state.folder / "jube" / "study.xml"
    path.write_text(_xml(state.plan["title"], folder, names))
    return path


def _shell(state: StudyState, run: RunState, words: list[str]) -> str:
    """Return the script of one run.  The folder is new, and is not emptied: JUBE starts each
    script once."""
    folder = shlex.quote(str(state.run_folder(run).resolve()))
    return (f"#!/bin/sh\nrm -f {folder}/results.json {folder}/exit_code\nmkdir -p {folder}\n"
            f"{shlex.join(words)} </dev/null >{folder}/stdout.txt 2>{folder}/stderr.txt\n"
            f"code=$?\necho $code >{folder}/exit_code\nexit $code\n")


def _xml(title: str, folder: Path, names: list[str]) -> str:
    root = ElementTree.Element("jube")
    bench = ElementTree.SubElement(root, "benchmark", name="heat2d-study", outpath="jube_runs")
    ElementTree.SubElement(bench, "comment").text = printable(title)
    values = ElementTree.SubElement(bench, "parameterset", name="runs")
    ElementTree.SubElement(values, "parameter", name="run").text = ",".join(names)
    step = ElementTree.SubElement(bench, "step", name="execute")
    ElementTree.SubElement(step, "use").text = "runs"
    # JUBE ends at a command that fails; the exit code of a run is in its folder instead.
    where = shlex.quote(str(folder)).replace("$", "$$")
    ElementTree.SubElement(step, "do").text = f"sh {where}/$run.sh || true"
    ElementTree.indent(root)
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            + ElementTree.tostring(root, encoding="unicode") + "\n")


def collect(state: StudyState) -> list[RunState]:
    """Return the runs that have ended without a complete record, by their exit codes."""
    return [run for run in state.runs if run.state != DONE
            and (state.run_folder(run) / "exit_code").is_file()]

"""`study` through Slurm and JUBE: the files that it writes, and what it reads back."""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from postprocess.tests.imitation import Imitation
from postprocess.tests.test_study import STRONG, states

TEXT = STRONG.replace("repeats: 6", "repeats: 2")
SLURM = TEXT + "slurm: {partition: batch, time: '10:00', options: [--reservation=r], "\
    "setup: ['module load mpich', 'export A=\"b c\"']}\n"


@pytest.fixture
def imitated(tmp_path) -> Imitation:
    return Imitation(tmp_path / "programs")


@pytest.fixture
def slurm(imitated, tmp_path, monkeypatch):
    """Put an imitated sbatch and squeue into PATH: jobs are numbered from 101 and are in the queue
    until a file of their number in `ended` exists; sbatch records its arguments."""
    folder = tmp_path / "slurm"
    (folder / "ended").mkdir(parents=True)
    scripts = {"sbatch": 'cd "$(dirname "$0")"; echo "$@" >>submitted; '
                         'echo "$((100 + $(wc -l <submitted)));cluster"',
               "squeue": 'cd "$(dirname "$0")"; k=100; while read -r x; do k=$((k + 1)); '
                         '[ -e "ended/$k" ] || echo $k; done <submitted',
               "srun": 'shift 4; exec "$@"', "module": ":"}
    for name, text in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


@pytest.fixture
def study(imitated, command, tmp_path):
    def run(text: str, launcher: str, *more: str):
        return command("study", imitated.study(text), "--output", tmp_path / "out", "--launcher",
                       launcher, *imitated.options, *more)
    return run


def test_jobs_are_chained_in_the_order_of_the_study(study, slurm, tmp_path):
    assert study(SLURM, "slurm").code == 0
    submitted = (slurm / "submitted").read_text().splitlines()
    assert "--dependency" not in submitted[0]
    for k, line in enumerate(submitted[1:], 101):
        assert f"--dependency=afterany:{k} " in line
    order = [f"{run['point']}-repeat-{run['repeat']}.sh" for run in states(tmp_path / "out")]
    assert [Path(line.split()[-1]).name for line in submitted] == order


def test_as_many_jobs_as_allowed_run_at_the_same_time(study, slurm):
    study(SLURM.replace("slurm: {", "slurm: {concurrent: 2, "), "slurm")
    submitted = (slurm / "submitted").read_text().splitlines()
    after = [(re.findall(r"afterany:(\d+)", line) or [""])[0] for line in submitted]
    assert after == ["", "", "101", "102"]


def test_script_asks_for_ranks_and_passes_cpus_per_task_to_srun(study, slurm, tmp_path):
    study(SLURM.replace("slurm: {", "ranks_per_node: 1\nslurm: {cpus_per_task: 4, "), "slurm")
    text = (tmp_path / "out/slurm/p2-repeat-1.sh").read_text()
    for line in ("--ntasks=2", "--nodes=2", "--ntasks-per-node=1", "--cpus-per-task=4",
                 "--partition=batch", "--time=10:00", "--exclusive", "--reservation=r"):
        assert f"#SBATCH {line}\n" in text
    assert "\nmodule load mpich\nexport A=\"b c\"\nsrun \"--mpi=${MPI:-pmi2}\" --cpus-per-task=4 " in text
    assert subprocess.run(["sh", "-n", tmp_path / "out/slurm/p2-repeat-1.sh"],
                          check=False).returncode == 0


def test_states_of_jobs_are_taken_from_their_folders_and_the_queue(study, slurm, tmp_path):
    study(SLURM, "slurm")
    assert {run["state"] for run in states(tmp_path / "out")} == {"submitted"}
    runs = states(tmp_path / "out")
    first = tmp_path / f"out/slurm/{runs[0]['point']}-repeat-{runs[0]['repeat']}.sh"
    subprocess.run(["sh", first], env={**os.environ, "IMITATED_RANKS": "1"}, check=False)
    (slurm / "ended/101").touch()
    (slurm / "ended/102").touch()  # cancelled: no exit code, no record
    outcome = study(SLURM, "slurm")
    assert [run["state"] for run in states(tmp_path / "out")] == ["done", "failed", "submitted",
                                                                  "submitted"]
    assert outcome.code == 5 and "no exit code, no complete results.json" in outcome.out
    assert "2 of 4 runs have not ended" in outcome.out
    assert len((slurm / "submitted").read_text().splitlines()) == 4, "nothing is submitted twice"


@pytest.mark.parametrize("launcher", ["slurm", "jube"])
def test_wrong_exit_code_of_a_script_is_a_failure_even_with_a_complete_record(study, slurm, tmp_path,
                                                                              launcher):
    text = SLURM if launcher == "slurm" else TEXT
    study(text, launcher)
    run = states(tmp_path / "out")[0]
    scripts = tmp_path / "out" / launcher
    subprocess.run(["sh", scripts / f"{run['point']}-repeat-{run['repeat']}.sh"],
                   env={**os.environ, "IMITATED_RANKS": "1"}, check=False)
    folder = tmp_path / f"out/points/{run['point']}/repeat-{run['repeat']}"
    assert (folder / "results.json").exists()
    (folder / "exit_code").write_text("4\n")
    (slurm / "ended/101").touch()
    study(text, launcher)
    after = states(tmp_path / "out")[0]
    assert (after["state"], after["exit_code"], after["reason"]) == ("failed", 4, "exit code 4")


def test_slurm_without_its_section_is_refused(study, slurm, tmp_path):
    outcome = study(TEXT, "slurm")
    assert outcome.code == 2 and "`slurm` is missing" in outcome.err
    assert not (tmp_path / "out").exists()


def test_missing_sbatch_is_one_line(study, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = study(SLURM, "slurm")
    assert outcome.code == 2 and "there is no sbatch in PATH" in outcome.err


def test_refused_job_is_one_line_with_the_words_of_sbatch(study, slurm):
    (slurm / "sbatch").write_text("#!/bin/sh\necho 'error: invalid partition' >&2; exit 1\n")
    outcome = study(SLURM, "slurm")
    assert outcome.code == 2 and "invalid partition" in outcome.err


# ---- JUBE


def test_jube_file_lists_the_runs_in_their_order(study, tmp_path):
    outcome = study(TEXT.replace("run:", 'title: "a <b> & c\\x01"\nrun:'), "jube")
    assert outcome.code == 0 and "jube run " in outcome.out
    text = (tmp_path / "out/jube/study.xml").read_text()
    order = [f"{run['point']}-repeat-{run['repeat']}" for run in states(tmp_path / "out")]
    assert ",".join(order) in text and "a &lt;b&gt; &amp; c" in text
    ElementTree.fromstring(text.partition("\n")[2])


@pytest.mark.skipif(shutil.which("jube") is None, reason="jube is not installed")
def test_jube_runs_the_study_and_the_study_reads_the_results(study, imitated, tmp_path):
    study(TEXT, "jube")
    done = subprocess.run(["jube", "run", tmp_path / "out/jube/study.xml"], cwd=tmp_path,
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(imitated.calls) == 4
    outcome = study(TEXT, "jube")
    assert outcome.code == 0 and "83.3 %" in outcome.out, outcome
    assert {run["state"] for run in states(tmp_path / "out")} == {"done"}


@pytest.mark.skipif(shutil.which("jube") is None, reason="jube is not installed")
def test_failure_under_jube_is_recorded_and_does_not_end_the_others(study, imitated, tmp_path):
    text = "run: {case: case.yaml}\nranks: [1]\nrepeats: 1\nsweep:\n  - {fail: [1]}\n" \
           "  - {grid.cells: [[9,9]]}\n"
    study(text, "jube")
    subprocess.run(["jube", "run", tmp_path / "out/jube/study.xml"], cwd=tmp_path,
                   capture_output=True, timeout=120, check=False)
    outcome = study(text, "jube")
    assert outcome.code == 5 and "no convergence" in json.dumps(states(tmp_path / "out"))
    assert sorted(run["state"] for run in states(tmp_path / "out")) == ["done", "failed"]

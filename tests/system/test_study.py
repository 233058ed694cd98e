"""Studies, reports and comparisons of real runs; through JUBE and Slurm where they are installed."""
from __future__ import annotations

import ast
import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import slurm
from heat2d_case import HEAT2D, MPIEXEC, ROOT

BENCH = "run: {bench: {class: tiny, duration: 0.01}}\nscaling: strong\nranks: [1, 2]\nrepeats: 2\n"
PROGRAM = str(Path(HEAT2D).resolve())
# Two ranks share the cores with other tests: idle ranks give them up.
QUIET = {**os.environ, "LD_PRELOAD": os.environ.get("HEAT2D_YIELD", "")}


def postprocess(*arguments: object, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    done = subprocess.run([sys.executable, "-m", "postprocess", *map(str, arguments)], cwd=folder, timeout=600,
                          capture_output=True, text=True, check=False,
                          env={**QUIET, "PYTHONPATH": str(ROOT), **environment})
    assert "Traceback" not in done.stderr, done.stderr
    return done


def study(folder: Path, text: str, *more: str, **environment: str) -> subprocess.CompletedProcess:
    (folder / "study.yaml").write_text(text)
    return postprocess("study", "study.yaml", "--output", "out", "--program", PROGRAM, *more, folder=folder, **environment)


def states(folder: Path) -> list[str]:
    return [run["state"] for run in json.loads((folder / "out/study.json").read_text())["runs"]]


@pytest.fixture(scope="module")
def bench(tmp_path_factory) -> Path:
    """A study of the reference workload, whose runs are too short to be valid."""
    folder = tmp_path_factory.mktemp("bench")
    done = study(folder, BENCH, "--mpiexec", " ".join(MPIEXEC))
    assert done.returncode == 5, done.stdout + done.stderr
    return folder


def test_study_of_the_workload_shows_why_its_short_runs_are_not_valid(bench):
    done = study(bench, BENCH, "--mpiexec", " ".join(MPIEXEC))
    assert done.returncode == 5 and states(bench) == ["done"] * 4
    assert "INVALID: the timed steps took" in done.stdout and "No run is valid" in done.stdout
    for path in bench.glob("out/points/*/*/results.json"):
        assert json.loads(path.read_text())["ranks"] == int(path.parts[-3][1:])


def test_report_of_short_runs_is_stamped_invalid(bench):
    done = postprocess("report", "out", "-o", "report.html", folder=bench)
    page = (bench / "report.html").read_text()
    assert done.returncode == 0, done.stderr
    assert '<span class="stamp bad">INVALID</span>' in page and "field: energy account" in page
    assert "FAILED" not in page, "every verification of the workload holds in a short run"


def test_study_agrees_with_itself(bench):
    done = postprocess("compare-studies", "out", "out", "--invalid", "--min-runs", "2", folder=bench)
    assert done.returncode == 0 and "no regression" in done.stdout, done.stdout + done.stderr


def test_study_of_a_case_refines_it_with_the_ranks(tmp_path):
    case = ROOT / "inputs" / "nafems-t4.yaml"
    done = study(tmp_path, f"run: {{case: {case}, set: {{grid.cells: [60,100]}}}}\nscaling: weak-science\n"
                 "ranks: [1, 2]\nrepeats: 1\nkeep: results\n", "--mpiexec", " ".join(MPIEXEC))
    assert done.returncode == 0, done.stdout + done.stderr
    cells = {path.parts[-3]: json.loads(path.read_text())["grid"]["cells"]
             for path in tmp_path.glob("out/points/*/*/results.json")}
    assert cells == {"p1": [60, 100], "p2": [120, 100]}
    page = postprocess("report", "out", folder=tmp_path)
    assert page.returncode == 0 and '<span class="stamp good">VALID</span>' in (tmp_path / "report.html").read_text()


def test_key_that_heat2d_does_not_know_is_refused_before_anything_is_written(tmp_path):
    case = ROOT / "inputs" / "nafems-t4.yaml"
    done = study(tmp_path, f"run: {{case: {case}}}\nranks: [1]\nsweep: {{solver.tolerence: [1e-8]}}\n")
    assert done.returncode == 2 and "did you mean" in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["strong.yaml", "machine.yaml", "weak.yaml", "refine.yaml", "nodes.yaml"])
def test_shipped_study_files_are_valid(name, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from postprocess.study.points import make_points
    from postprocess.study.study_file import read_study
    read = read_study(ROOT / "inputs" / "benchmark" / name)
    points = make_points(read)
    assert len(points) == len(read.ranks) * sum(math.prod(len(values) for values in sweep.values()) for sweep in read.sweeps)
    assert read.repeats == 6


# ---- other drivers


def test_reframe_test_is_python_that_reads_the_record():
    tree = ast.parse((ROOT / "inputs/benchmark/reframe_heat2d.py").read_text())
    names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {"is_valid", "figure_of_merit"} <= names


@pytest.mark.skipif(shutil.which("jube") is None, reason="jube is not installed")
def test_shipped_jube_file_runs_and_its_results_make_a_report(tmp_path):
    text = (ROOT / "inputs/benchmark/heat2d.jube.xml").read_text()
    assert text.count("1,2,3,4,5,6") == 1
    (tmp_path / "heat2d.jube.xml").write_text(text.replace("1,2,3,4,5,6", "1,2"))
    done = subprocess.run(["jube", "run", "heat2d.jube.xml"], cwd=tmp_path, capture_output=True, text=True, check=False,
                          timeout=900, env={**QUIET, "HEAT2D": PROGRAM, "MPIEXEC": " ".join(MPIEXEC), "HEAT2D_DURATION": "0.01"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(tmp_path.glob("jube_runs/000000/*/work/results/results.json"))) == 4
    report = postprocess("report", "jube_runs/000000", folder=tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert report.returncode == 0, report.stderr
    assert "tiny implicit base p1" in page and "tiny implicit base p2" in page and "0 of 2" in page


@pytest.fixture
def batch(tmp_path_factory):
    reason = slurm.why_not()
    if reason:
        pytest.skip(reason)
    with slurm.Slurm(tmp_path_factory.mktemp("slurm")) as running:
        yield running


def test_study_runs_through_slurm(batch, tmp_path):
    """With a launcher of one's own, and with srun as it is by default: every run has the ranks that are planned."""
    launch = ", ".join([*MPIEXEC, *(["-launcher", "fork"] if "mpich" in MPIEXEC[0] else []), "-n", "'{ranks}'"])
    text = BENCH + f"slurm: {{partition: main, exclusive: false, launch: [{launch}]}}\n"
    done = study(tmp_path, text, "--launcher", "slurm", "--wait", **batch.environment)
    assert "4 jobs submitted" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 5 and states(tmp_path) == ["done"] * 4
    assert "INVALID: the timed steps took" in done.stdout
    again = study(tmp_path, text, "--launcher", "slurm", **batch.environment)
    assert "submitted" not in again.stdout and again.returncode == 5

"""`study`: which runs are made, in which order, what is kept, and how it continues."""
from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from postprocess.tests.imitation import Imitation

ROOT = Path(__file__).resolve().parents[2]
STRONG = "run: {case: case.yaml}\nscaling: strong\nranks: [1, 2]\nrepeats: 6\nseed: 7\n"


@pytest.fixture
def imitated(tmp_path) -> Imitation:
    return Imitation(tmp_path / "programs")


@pytest.fixture
def study(imitated, command, tmp_path):
    """Return a function that runs the text of a study into one folder."""
    def run(text: str, *more: str):
        return command("study", imitated.study(text), "--output", tmp_path / "out",
                       *imitated.options, *more)
    return run


def states(folder: Path) -> list[dict]:
    return json.loads((folder / "study.json").read_text())["runs"]


def test_every_point_runs_its_repeats_once_and_the_table_has_them(study, imitated, tmp_path):
    outcome = study(STRONG)
    assert outcome.code == 0, outcome
    assert len(imitated.calls) == 12
    for point in ("p1", "p2"):
        for repeat in range(1, 7):
            assert (tmp_path / f"out/points/{point}/repeat-{repeat}/results.json").is_file()
    assert all(run["state"] == "done" and run["exit_code"] == 0 for run in states(tmp_path / "out"))
    # 1e4 cells: 0.01 s on 1 rank and 0.006 s on 2, for 10 steps; E = 0.01 / (2 * 0.006)
    assert "83.3 %" in outcome.out and " 0.6 ms " in outcome.out


def test_each_round_has_every_point_in_an_order_drawn_by_the_recorded_seed(study, tmp_path):
    text = STRONG.replace("[1, 2]", "[1, 2, 3, 4, 5]")
    study(text)
    order = [run["point"] for run in states(tmp_path / "out")]
    rounds = [order[k:k + 5] for k in range(0, 30, 5)]
    assert all(sorted(names) == ["p1", "p2", "p3", "p4", "p5"] for names in rounds)
    assert len({tuple(names) for names in rounds}) > 1
    (tmp_path / "out").rename(tmp_path / "first")
    study(text)
    assert [run["point"] for run in states(tmp_path / "out")] == order


def test_seed_that_is_not_given_is_recorded_and_kept(study, tmp_path):
    text = STRONG.replace("seed: 7\n", "")
    study(text)
    seed = json.loads((tmp_path / "out/study.json").read_text())["seed"]
    study(text)
    assert json.loads((tmp_path / "out/study.json").read_text())["seed"] == seed >= 0


def test_finished_study_runs_nothing_and_prints_its_table_again(study, imitated):
    study(STRONG)
    outcome = study(STRONG)
    assert outcome.code == 0 and len(imitated.calls) == 12 and "83.3 %" in outcome.out


@pytest.mark.parametrize("content", [None, '{"schema": "heat2d results 1", "status": "o',
                                     '{"schema": "heat2d results 1", "status": "stopped"}'])
def test_run_without_complete_record_is_run_anew_in_an_empty_folder(study, imitated, tmp_path,
                                                                   content):
    study(STRONG)
    folder = tmp_path / "out/points/p2/repeat-3"
    (folder / "results.json").unlink()
    if content:
        (folder / "results.json").write_text(content)
    (folder / "left_behind").write_text("x")
    assert study(STRONG).code == 0
    assert len(imitated.calls) == 13 and not (folder / "left_behind").exists()


FAILING = "run: {case: case.yaml}\nranks: [1]\nrepeats: 2\nsweep: {fail: [1], }\n"


def test_failure_is_kept_with_its_code_and_last_lines_and_not_retried(study, imitated, tmp_path):
    outcome = study(FAILING)
    assert outcome.code == 5
    assert "exit code 3" in outcome.out and "heat2d: error: no convergence" in outcome.out
    run = states(tmp_path / "out")[0]
    assert run["state"] == "failed" and run["exit_code"] == 3
    assert run["stderr"] == ["first line", "heat2d: error: no convergence"]
    assert study(FAILING).code == 5 and len(imitated.calls) == 2
    assert study(FAILING, "--retry-failed").code == 5 and len(imitated.calls) == 4


def test_exit_code_0_without_a_record_is_a_failure(study, tmp_path):
    assert study("run: {case: case.yaml, set: {silent: 1}}\nranks: [1]\nrepeats: 1\n").code == 5
    assert states(tmp_path / "out")[0]["reason"] == "exit code 0, no complete results.json"


def test_failure_does_not_end_the_study(study, tmp_path):
    outcome = study("run: {case: case.yaml}\nranks: [1]\nrepeats: 1\n"
                    "sweep:\n  - {fail: [1]}\n  - {grid.cells: [[10,10]]}\n")
    assert outcome.code == 5
    assert sorted(run["state"] for run in states(tmp_path / "out")) == ["done", "failed"]


def test_run_that_exceeds_the_timeout_is_ended_and_is_a_failure(study, tmp_path):
    outcome = study("run: {case: case.yaml, set: {hang: 1}}\nranks: [1]\nrepeats: 1\n"
                    "timeout: 0.5\n")
    assert outcome.code == 5 and "timeout of 0.5 s" in states(tmp_path / "out")[0]["reason"]


def test_invalid_result_is_shown_with_its_reason_and_has_no_figure(study):
    outcome = study("run: {bench: {class: tiny, duration: 1}}\nranks: [1]\nrepeats: 1\n")
    assert outcome.code == 5
    assert "p1/repeat-1: INVALID: less than 60 s" in outcome.out and "0 of 1" in outcome.out


def test_signal_ends_the_run_and_the_next_start_repeats_it(imitated, tmp_path):
    study = imitated.study("run: {case: case.yaml, set: {hang: 1}}\nranks: [1]\nrepeats: 1\n")
    words = [sys.executable, "-m", "postprocess", "study", str(study), "--output",
             str(tmp_path / "out"), *imitated.options]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        wait_until(lambda: imitated.calls)
        child.send_signal(signal.SIGTERM)
        out, _ = child.communicate(timeout=30)
    assert child.returncode == 130 and "stopped by SIGTERM" in out
    assert states(tmp_path / "out")[0]["state"] == "planned"
    assert not running(imitated.program), "the run has outlived the study"


IGNORES_TERM = '''#!/bin/sh
[ "$1" = --version ] && exit 0
trap "" TERM
echo started >"$(dirname "$0")/calls"
while :; do sleep 0.1; done
'''


def test_second_signal_leaves_no_run_behind(imitated, tmp_path):
    """The launcher ignores SIGTERM, so that it has to be killed; the second signal comes before that."""
    imitated.mpiexec.write_text(IGNORES_TERM)
    study = imitated.study("run: {case: case.yaml}\nranks: [1]\nrepeats: 1\n")
    words = [sys.executable, "-m", "postprocess", "study", str(study), "--output",
             str(tmp_path / "out"), *imitated.options]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        wait_until(lambda: imitated.calls)
        child.send_signal(signal.SIGTERM)
        time.sleep(1.0)
        child.send_signal(signal.SIGTERM)
        child.wait(40)
    assert not running(imitated.mpiexec), "the run has outlived the study"


def test_run_ends_with_a_study_that_is_killed(imitated, tmp_path):
    study = imitated.study("run: {case: case.yaml, set: {hang: 1}}\nranks: [1]\nrepeats: 1\n")
    words = [sys.executable, "-m", "postprocess", "study", str(study), "--output",
             str(tmp_path / "out"), *imitated.options]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        wait_until(lambda: imitated.calls)
        child.kill()
    wait_until(lambda: not running(imitated.program))


def test_hangup_that_nohup_ignores_does_not_end_the_study(imitated, tmp_path):
    study = imitated.study("run: {case: case.yaml, set: {hang: 1}}\nranks: [1]\nrepeats: 1\n")
    words = ["nohup", sys.executable, "-m", "postprocess", "study", str(study), "--output",
             str(tmp_path / "out"), *imitated.options]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as child:
        wait_until(lambda: imitated.calls)
        child.send_signal(signal.SIGHUP)
        time.sleep(1.0)
        assert child.poll() is None
        child.terminate()
        child.communicate(timeout=30)


def running(program: Path) -> bool:
    return subprocess.run(["pgrep", "-f", str(program)], capture_output=True,
                          check=False).returncode == 0


def wait_until(condition, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened"
        time.sleep(0.05)


def test_second_program_on_the_same_folder_is_refused(imitated, study, tmp_path):
    text = "run: {case: case.yaml, set: {hang: 1}}\nranks: [1]\nrepeats: 1\n"
    words = [sys.executable, "-m", "postprocess", "study", str(imitated.study(text)), "--output",
             str(tmp_path / "out"), *imitated.options]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL) as child:
        wait_until(lambda: imitated.calls)
        outcome = study(text)
        child.send_signal(signal.SIGTERM)
        child.wait(30)
    assert outcome.code == 2 and "another program runs this study" in outcome.err


@pytest.mark.parametrize("width", [80, 100, 130])
def test_table_keeps_names_and_numbers_whole_at_any_width(study, imitated, tmp_path, width):
    """80 columns are the usual terminal; parts of the efficiency need more and stand in reports."""
    study(STRONG)
    from rich.console import Console

    from postprocess.records.groups import read_results
    from postprocess.study.study_table import print_table
    with open(tmp_path / "text", "w+") as file:
        print_table(read_results(tmp_path / "out"), Console(file=file, width=width))
        file.seek(0)
        text = file.read()
    assert "…" not in text and max(map(len, text.splitlines())) <= width
    for said in ("p1", "per step", "95 % interval", " 0.6 ms ", "1.667×10⁷", "83.3 %"):
        assert said in text, text
    assert ("impl." in text) == (width >= 100)


# ---- another study in the folder


def test_more_repeats_and_points_are_added(study, imitated):
    study(STRONG)
    outcome = study(STRONG.replace("[1, 2]", "[1, 2, 4]").replace("repeats: 6", "repeats: 7"))
    assert outcome.code == 0 and len(imitated.calls) == 21


@pytest.mark.parametrize("change, said", [
    (lambda t: t.replace("case.yaml}", "case.yaml, set: {grid.cells: '[9,9]'}}"), "p1 differs"),
    (lambda t: t.replace("[1, 2]", "[1, 4]"), "p2 is not in the study file"),
    (lambda t: t.replace("strong", "none"), "its scaling is strong, now none")])
def test_another_plan_is_refused_and_changes_nothing(study, imitated, tmp_path, change, said):
    study(STRONG)
    before = (tmp_path / "out/study.json").read_bytes()
    outcome = study(change(STRONG))
    assert outcome.code == 2 and said in outcome.err and outcome.err.count("\n") == 1
    assert (tmp_path / "out/study.json").read_bytes() == before and len(imitated.calls) == 12


@pytest.mark.parametrize("key, value", [("cpu", "another"), ("cores", 1000), ("architecture", "z80")])
def test_another_machine_is_refused(study, imitated, tmp_path, key, value):
    study(STRONG)
    path = tmp_path / "out/study.json"
    plan = json.loads(path.read_text())
    plan["machine"][key] = value
    path.write_text(json.dumps(plan))
    before = path.read_bytes()
    outcome = study(STRONG.replace("repeats: 6", "repeats: 7"))
    assert outcome.code == 2 and "times of two machines would mix" in outcome.err, outcome
    assert path.read_bytes() == before and len(imitated.calls) == 12


def test_other_binding_is_refused(study, imitated):
    study(STRONG)
    outcome = study(STRONG.replace("repeats: 6", "repeats: 7") + "bind: none\n")
    assert outcome.code == 2 and "its bind is core, now none" in outcome.err, outcome


def test_another_program_is_refused(study, imitated):
    study(STRONG)
    imitated.program.write_text(imitated.program.read_text() + "# newer\n")
    outcome = study(STRONG)
    assert outcome.code == 2 and "results of two programs would mix" in outcome.err


def test_changed_case_file_is_refused(study, imitated):
    study(STRONG)
    (imitated.folder / "case.yaml").write_text("time: {}\n")
    outcome = study(STRONG)
    assert outcome.code == 2 and "the case file has changed" in outcome.err


def test_wrong_exit_code_is_a_failure_even_with_a_complete_record(study, imitated, tmp_path):
    """heat2d ends with code 4 if its last snapshot is missing, and its record is complete then."""
    imitated.program.write_text(imitated.program.read_text().replace("sys.exit(0 if valid else 5)",
                                                                     "sys.exit(4)"))
    assert study(STRONG).code == 5 and study(STRONG).code == 5 and len(imitated.calls) == 12
    assert {run["reason"] for run in states(tmp_path / "out")} == {"exit code 4"}
    from postprocess.records.groups import read_results
    assert not any(repeat.counts for repeat in read_results(tmp_path / "out").repeats)


def test_folder_with_other_files_is_refused(study, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/precious").write_text("x")
    outcome = study(STRONG)
    assert outcome.code == 2 and "has files but no study.json" in outcome.err
    assert os.listdir(tmp_path / "out") == ["precious"]


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": "heat2d study 1"}', "{}",
                                  '{"schema": "x", "points": [], "runs": []}',
                                  '{"schema": "heat2d study 1", "points": [{"name": "../x"}], '
                                  '"runs": []}'])
def test_damaged_study_json_is_one_line_and_code_4(study, tmp_path, text):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/study.json").write_text(text)
    outcome = study(STRONG)
    assert outcome.code == 4 and "study.json: not a study of heat2d" in outcome.err
    assert outcome.err.count("\n") == 1


# ---- arguments of the runs


def arguments(folder: Path) -> dict[str, str]:
    points = json.loads((folder / "study.json").read_text())["points"]
    return {point["name"]: " ".join(point["arguments"]) for point in points}


def test_weak_machine_scaling_grows_the_domain_with_the_ranks(study, tmp_path):
    assert study(STRONG.replace("strong", "weak-machine").replace("[1, 2]", "[1, 2, 4]")).code == 0
    found = arguments(tmp_path / "out")
    assert "grid.cells=[200,100] --set grid.x=[0.0,2.0] --set grid.y=[0.0,1.0]" in found["p2"]
    assert "grid.cells=[200,200] --set grid.x=[0.0,2.0] --set grid.y=[0.0,2.0]" in found["p4"]
    assert "time.step" not in found["p4"]


def test_weak_science_scaling_refines_grid_and_step(study, tmp_path):
    """bdf2 has order 2: with 4 times the cells the spacing halves, and so does the step."""
    assert study(STRONG.replace("strong", "weak-science").replace("[1, 2]", "[1, 4]")).code == 0
    found = arguments(tmp_path / "out")["p4"]
    assert "grid.cells=[200,200] --set time.step=0.2 --set time.steps=20" in found
    assert "grid.x" not in found


def test_weak_science_scaling_of_a_first_order_scheme_divides_the_step_by_the_factor(study,
                                                                                     tmp_path):
    study("run: {case: case.yaml, set: {time.scheme: ftcs}}\nscaling: weak-science\n"
          "ranks: [2, 8]\nrepeats: 1\n")
    assert "time.step=0.1 --set time.steps=40" in arguments(tmp_path / "out")["p8"]


def test_sweep_is_the_product_of_its_lists_with_values_as_they_are_written(study, tmp_path):
    study("run: {case: case.yaml}\nranks: [1, 2]\nrepeats: 1\n"
          "sweep: {solver.tolerance: [1e-10, 1e-8], grid.cells: [[64, 64], [128,128]]}\n")
    found = arguments(tmp_path / "out")
    assert len(found) == 8
    assert "--set solver.tolerance=1e-10 --set grid.cells=[64,64]" in \
        found["p1-tolerance-1e-10-cells-64-64"]


@pytest.mark.parametrize("run", ["case: case.yaml", "bench: {class: tiny}"])
def test_stream_is_measured_where_the_study_asks_for_it(study, tmp_path, run):
    study(f"run: {{{run}, stream: true}}\nranks: [1]\nrepeats: 1\n")
    assert arguments(tmp_path / "out")["p1"].endswith(" --stream")


def test_weak_machine_scaling_of_the_workload_takes_a_class_for_each_number_of_ranks(study,
                                                                                     tmp_path):
    outcome = study("run: {bench: {class: [tiny, small], duration: 60}}\nscaling: weak-machine\n"
                    "ranks: [1, 64]\nrepeats: 1\n")
    assert outcome.code == 0, outcome
    assert set(arguments(tmp_path / "out")) == {"p1-class-tiny", "p64-class-small"}


def test_launch_line_of_the_study_file_has_the_numbers_of_the_point(study, imitated, tmp_path):
    script = imitated.folder / "launch"
    script.write_text('#!/bin/sh\nIMITATED_RANKS=${1#ranks=}; export IMITATED_RANKS\n'
                      'echo "$@" >>"${0%launch}launched"; shift 2; exec "$@"\n')
    script.chmod(0o755)
    text = (f"run: {{case: case.yaml}}\nranks: [4]\nranks_per_node: 2\nrepeats: 1\n"
            f"program: heat2d\nlaunch: [{script}, 'ranks={{ranks}}', '{{nodes}}']\n")
    from postprocess.__main__ import main
    assert main(["study", str(imitated.study(text)), "--output", str(tmp_path / "out")]) == 0
    assert (imitated.folder / "launched").read_text().startswith("ranks=4 2 ")


def test_keep_results_removes_what_else_a_run_wrote(study, imitated, tmp_path):
    text = imitated.program.read_text()
    imitated.program.write_text(text.replace("sys.exit(0 if valid", "open(out + '/snapshot.h5', "
                                             "'w').close()\nsys.exit(0 if valid"))
    assert study(STRONG + "keep: results\n").code == 0
    left = os.listdir(tmp_path / "out/points/p1/repeat-1")
    assert sorted(left) == ["results.json", "stderr.txt", "stdout.txt"]


# ---- bad input


BAD = {
    "runs: {}": "1: runs: unknown key; did you mean 'run'?",
    "run: {bench: {class: tiny}}": "`ranks` is missing",
    "ranks: [1]": "`run` is missing",
    "run: {}\nranks: [1]": "run: needs one of `bench`",
    "run: {case: none.yaml}\nranks: [1]": "1: run.case: ",
    "run: {bench: {class: huge2}}\nranks: [1]": "1: run.bench.class: found huge2; it must be",
    "run: {bench: {class: tiny, workload: explict}}\nranks: [1]":
        "1: run.bench.workload: found explict; it must be one of implicit, explicit, checkpoint",
    "run: {bench: {class: tiny, rules: basic}}\nranks: [1]": "1: run.bench.rules: found basic",
    "run: {bench: {class: tiny, nonce: -1}}\nranks: [1]": "1: run.bench.nonce: found -1; it must be",
    "run: {bench: {class: tiny, nonce: 18446744073709551616}}\nranks: [1]": "below 2^64",
    "run: {bench: {class: tiny, duration: 1h}}\nranks: [1]": "1: run.bench.duration: found 1h",
    "run: {bench: {class: tiny, duration: .nan}}\nranks: [1]": "1: run.bench.duration: found .nan",
    "run: {bench: {class: tiny, memory_fraction: 2}}\nranks: [1]": "a number from 0 to 1",
    "run: {bench: {class: tiny, duration: [1, 2]}}\nranks: [1]": "1: run.bench.duration: found",
    "run: {bench: {class: tiny}}\nranks: [1]\nsweep: {workload: [implicit, none]}":
        "3: sweep.workload: found none",
    "run: {bench: {class: tiny}}\nranks: [0]": "2: ranks: found 0; it must be a whole number",
    "run: {bench: {class: tiny}}\nranks: [2, 1]": "2: ranks: found 1; it must be larger than",
    "run: {bench: {class: tiny}}\nranks: [1]\nscaling: strong": "at least two numbers",
    "run: {bench: {class: tiny}}\nranks: [1, 2]\nscaling: weak": "3: scaling: found weak; it must",
    "run: {bench: {class: tiny}}\nranks: [1, 2]\nscaling: weak-science": "one spacing",
    "run: {bench: {class: [tiny, small]}}\nranks: [1, 2]\nscaling: weak-machine":
        "class small has 8.38861e+06 cells per rank",
    "run: {case: case.yaml}\nranks: [2, 3]\nscaling: weak-machine": "a multiple of the first",
    "run: {case: case.yaml}\nranks: [1]\nrepeats: many": "3: repeats: found many",
    "run: {case: case.yaml}\nranks: [1]\nranks: [2]": "3: ranks: occurs twice, first in line 2",
    "run: {case: case.yaml}\nranks: &a [1]\nrepeats: *a": "3: the alias *a is not read",
    "run: {case: case.yaml}\nranks: [1": "not YAML",
    "run: {case: case.yaml}\nranks: [1]\nsweep: {a: []}": "3: sweep.a: found []; it must be a list",
    "run: {case: case.yaml}\nranks: [1]\nsweep: []": "3: sweep: found []; it must be lists",
    "run: {case: case.yaml}\nranks: [1]\ntitle: \"a\\0b\"": "3: title: holds a character that is no text",
    "run: {case: case.yaml}\nranks: [1, 4]\nscaling: weak-science\nsweep: {time.scheme: [bdf2, esdirk]}":
        "4: sweep.time.scheme: with `scaling: weak-science` time.scheme decides",
    "run: {case: case.yaml}\nranks: [1]\nsweep: {a: [1, 1]}": "3: sweep.a: 1 occurs twice",
    "run: {case: case.yaml}\nranks: [1]\nsweep: {output.directory: [x]}": "the study chooses",
    "run: {case: case.yaml}\nranks: [1]\nsweep: {bad: [1]}": "point p1-bad-1: --set: bad: unknown",
    "run: {case: case.yaml}\nranks: [1]\ntimeout: -1": "3: timeout: found -1; it must be a",
    "run: {case: case.yaml, stream: yes}\nranks: [1]": "1: run.stream: found yes; it must be one of",
    "run: {case: case.yaml, petsc: [--output]}\nranks: [1]": "options of PETSc with a single '-'",
    "run: {case: case.yaml}\nranks: [3]\nranks_per_node: 2": "below 2 or a multiple of it",
    "run: {case: case.yaml}\nranks: [1]\nslurm: {partition: 'a b'}": "one word without spaces",
    "run: {case: case.yaml}\nranks: [1]\nrepeats: 10000\nsweep: {a: [1,2,3,4,5,6,7,8,9,10,11]}":
        "110000 runs; at most 100000",
    "- a": "the file must begin with keys",
    "": "the file must begin with keys",
    "run: " + "[" * 5000 + "]" * 5000: "nested too deeply",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_bad_study_is_one_line_with_place_and_rule_and_nothing_is_written(study, tmp_path, text):
    outcome = study(text + "\n")
    assert (outcome.code, outcome.out) == (2, ""), outcome
    assert BAD[text] in outcome.err and outcome.err.count("\n") == 1, outcome.err
    assert outcome.err.startswith("postprocess: error: ") and "study.yaml" in outcome.err
    assert not (tmp_path / "out").exists()


def test_launcher_without_words_is_refused(imitated, command, tmp_path):
    outcome = command("study", imitated.study("run: {case: case.yaml}\nranks: [1]\n"), "--output",
                      tmp_path / "out", "--program", str(imitated.program), "--mpiexec", " ")
    assert outcome.code == 2 and "--mpiexec: no words" in outcome.err, outcome


def test_missing_study_file_has_code_4(command, tmp_path):
    outcome = command("study", tmp_path / "none.yaml")
    assert outcome.code == 4 and "no such file" in outcome.err


def test_missing_program_says_how_to_build_it(imitated, command, tmp_path):
    outcome = command("study", imitated.study(STRONG), "--program", tmp_path / "none")
    assert outcome.code == 2 and "./bootstrap build" in outcome.err


# ---- the documents


def test_readme_lists_every_key_of_a_study_and_no_other():
    from dataclasses import fields

    from postprocess.study import study_file
    text = (ROOT / "postprocess/README.md").read_text()
    table = text.split("## study")[1].split("| key | value |")[1].split("\n\n")[0]
    names = [row.split("|")[1] for row in table.splitlines()[2:]]
    keys = {key for name in names for key in re.findall(r"`([\w.]+)`", name)}
    within = {"run.bench", "run.case", "run.set", "run.petsc", "run.stream"}
    assert keys == set(study_file.TOP) - {"run"} | within
    rows = {row.split("|")[1].strip(): row.split("|")[2] for row in table.splitlines()[2:]}
    assert set(re.findall(r"`(\w+)`", rows["`run.bench`"])) == set(study_file.BENCH_KEYS)
    slurm = {f.name for f in fields(study_file.Slurm)}
    assert slurm <= set(re.findall(r"`(\w+)`", rows["`slurm`"]))


def test_example_of_the_readme_is_a_study(tmp_path):
    from postprocess.study.study_file import read_study
    text = (ROOT / "postprocess/README.md").read_text()
    example = re.search(r"```yaml\n(.*?)```", text, re.S)[1]
    (tmp_path / "weld.yaml").write_text("grid: {}\n")
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies/study.yaml").write_text(example)
    assert read_study(tmp_path / "studies/study.yaml").sweeps[0].keys() == {"solver.preconditioner"}

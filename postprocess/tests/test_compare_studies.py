"""`compare-studies`: what is a regression, what is noise, and what cannot be compared."""
from __future__ import annotations

import json
from pathlib import Path

import pytest

from postprocess.tests.test_report import write_bench, write_study


def write_times(folder: Path, times, valid: bool = True, ranks: int = 1) -> Path:
    """Write a study of one point with these times of 200 steps [s]."""
    write_study(folder, ranks=(ranks,), repeats=len(times), valid=valid)
    for k, seconds in enumerate(times, 1):
        path = folder / f"points/p{ranks}/repeat-{k}"
        (path / "results.json").unlink()
        path.rmdir()
        write_bench(path, ranks, seconds, valid)
    return folder


@pytest.fixture
def compared(command, tmp_path):
    def run(a, b, *more, **options):
        write_times(tmp_path / "a", a)
        write_times(tmp_path / "b", b, **options)
        return command("compare-studies", tmp_path / "a", tmp_path / "b", "--json",
                       tmp_path / "c.json", *more)
    return run


QUIET = [60.0, 60.1, 60.2, 60.3, 60.4, 60.5]


def test_same_study_has_code_0(compared, tmp_path):
    outcome = compared(QUIET, QUIET)
    assert outcome.code == 0 and "no regression beyond 5 % and the noise" in outcome.out
    data = json.loads((tmp_path / "c.json").read_text())
    assert data["regression"] is False and data["geometric_mean"] == pytest.approx(1.0)
    assert data["points"][0]["time_ratio"]["low"] == pytest.approx(60.0 / 60.5)


def test_slower_beyond_threshold_and_noise_is_a_regression(compared, tmp_path):
    outcome = compared(QUIET, [1.1 * t for t in QUIET])
    assert outcome.code == 5 and "slower" in outcome.out and "1 regression" in outcome.out
    assert json.loads((tmp_path / "c.json").read_text())["points"][0]["verdict"] == "slower"


def test_slower_below_the_threshold_is_none(compared):
    assert compared(QUIET, [1.04 * t for t in QUIET]).code == 0


def test_threshold_is_free(compared):
    assert compared(QUIET, [1.04 * t for t in QUIET], "--threshold", "0.02").code == 5


def test_slower_within_the_noise_is_none_and_is_said(compared):
    """The medians differ by 10 %, and both ranges by a factor of two."""
    outcome = compared([50.0, 55.0, 60.0, 60.0, 80.0, 100.0], [55.0, 60.0, 66.0, 66.0, 90.0, 110.0])
    assert outcome.code == 0 and "within the noise" in outcome.out


def test_faster_is_no_regression(compared, tmp_path):
    assert compared(QUIET, [0.8 * t for t in QUIET]).code == 0
    assert json.loads((tmp_path / "c.json").read_text())["points"][0]["verdict"] == "faster"


def test_result_that_is_not_valid_any_more_is_a_regression(compared):
    outcome = compared(QUIET, QUIET, valid=False)
    assert outcome.code == 5 and "6 runs of B: too short" in outcome.out


def test_edited_figure_is_a_regression(command, tmp_path):
    for name in "ab":
        write_times(tmp_path / name, QUIET)
    path = tmp_path / "b/points/p1/repeat-2/results.json"
    path.write_text(path.read_text().replace('"duration": 60.1', '"duration": 30.0'))
    outcome = command("compare-studies", tmp_path / "a", tmp_path / "b")
    assert outcome.code == 5 and "does not follow from the times" in outcome.out


def test_point_that_is_missing_is_a_regression_and_a_new_one_is_none(command, tmp_path):
    write_study(tmp_path / "a", ranks=(1, 2))
    write_study(tmp_path / "b", ranks=(2, 4))
    outcome = command("compare-studies", tmp_path / "a", tmp_path / "b")
    assert outcome.code == 5 and "has no such point" in outcome.out and "new" in outcome.out
    assert command("compare-studies", tmp_path / "b", tmp_path / "a").code == 5


def test_runs_that_are_not_valid_compare_when_asked(command, tmp_path):
    for name, factor in (("a", 1.0), ("b", 1.2)):
        write_times(tmp_path / name, [factor * t for t in QUIET], valid=False)
    assert command("compare-studies", tmp_path / "a", tmp_path / "b").code == 2
    assert command("compare-studies", tmp_path / "a", tmp_path / "b", "--invalid").code == 5


def test_too_few_runs_are_refused_unless_asked_for(compared):
    outcome = compared(QUIET[:3], [1.2 * t for t in QUIET[:3]])
    assert outcome.code == 2 and "has 3 valid runs" in outcome.err
    assert "--min-runs 3" in outcome.err and outcome.out == ""


def test_few_runs_compare_by_their_range(command, tmp_path):
    write_times(tmp_path / "a", QUIET[:3])
    write_times(tmp_path / "b", [1.2 * t for t in QUIET[:3]])
    assert command("compare-studies", tmp_path / "a", tmp_path / "b", "--min-runs", 3).code == 5


def test_studies_without_a_common_point_are_refused(command, tmp_path):
    write_study(tmp_path / "a", ranks=(1,))
    write_study(tmp_path / "b", ranks=(2,))
    outcome = command("compare-studies", tmp_path / "a", tmp_path / "b")
    assert outcome.code == 2 and "nothing is compared" in outcome.err


@pytest.mark.parametrize("option", [["--threshold", "-1"], ["--threshold", "x"],
                                    ["--min-runs", "0"], ["--min-runs", "1.5"]])
def test_bad_option_is_one_line(command, tmp_path, option):
    outcome = command("compare-studies", tmp_path, tmp_path, *option)
    assert outcome.code == 2 and outcome.err.count("\n") == 1


def test_points_that_differ_in_their_commit_alone_stay_apart(command, tmp_path):
    for commit in ("a1", "b2"):
        for k in range(6):
            write_bench(tmp_path / f"runs/{commit}-{k}", 1, 60.0 + k,
                        provenance={"git_commit": commit, "hosts": ["vm"]})
    outcome = command("compare-studies", tmp_path / "runs", tmp_path / "runs")
    assert outcome.code == 0 and "tiny implicit base p1 #2" in " ".join(outcome.out.split())


def test_missing_folder_has_code_4(command, tmp_path):
    assert command("compare-studies", tmp_path / "x", tmp_path / "y").code == 4

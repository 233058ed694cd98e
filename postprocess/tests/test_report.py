"""`report`: what stands on the page, and that it holds in a browser."""
from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from postprocess.records.groups import Group, Repeat
from postprocess.records.run_record import RunRecord
from postprocess.records.scaling_model import fit_model
from postprocess.report.browser import find_browser

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "<script>document.title='pwned'</script>\"><img src=x onerror=alert(1)>\x1b[31m{{7*7}}"


def write_study(folder: Path, *, title: str = "A study", ranks=(1, 2, 4), repeats: int = 6,
                valid: bool = True, **members) -> Path:
    """Write a study of bench runs: 60 s on one rank, half of it on two; run k takes k ms more."""
    points = [{"name": f"p{p}", "ranks": p, "nodes": 1, "parameters": {}, "arguments": []}
              for p in ranks]
    runs = [{"point": f"p{p}", "repeat": k, "state": "done"} for p in ranks
            for k in range(1, repeats + 1)]
    folder.mkdir(parents=True)
    (folder / "study.json").write_text(json.dumps({
        "schema": "heat2d study 1", "title": title, "scaling": "strong", "points": points,
        "runs": runs, "seed": 3, "machine": {"host": title, "memory": 16 * 10 ** 9}}))
    for p in ranks:
        for k in range(1, repeats + 1):
            write_bench(folder / f"points/p{p}/repeat-{k}", p, 60.0 / p + 1e-3 * k, valid,
                        title=title, **members)
    return folder


BOUNDS = {"residual": 3e-12, "balance": 2e-11, "overshoot": 1e-6, "continuous_ratio": [0.5, 2.0],
          "history": 0.7}


def write_bench(folder: Path, ranks: int, seconds: float, valid: bool = True, **members) -> None:
    folder.mkdir(parents=True)
    bench = {"class": "tiny", "workload": "implicit", "rules": "base", "nonce": "0x1",
             "valid": valid, "reasons": [] if valid else ["too short"], "steps": 200,
             "fom": 512 * 512 * 200 / seconds if valid else None, "duration": seconds,
             "setup": 0.0, "end_to_end": seconds + 5, "iterations": 1800,
             "modes": {"error": 1e-12, "bound": 5e-10, "continuous_ratio": 1.0},
             "field": {"residuals": [1e-12], "balance": 1e-13, "overshoot": -0.1},
             "bounds": BOUNDS, "audit": {"windows": 96, "history": 0.25}}
    record = {"schema": "heat2d results 1", "status": "ok" if valid else "check-failed",
              "ranks": ranks, "bench": bench,
              "provenance": {"version": "0.1.0", "hosts": ["vm"], "binding": ["0"] * ranks}}
    (folder / "results.json").write_text(json.dumps({**record, **members}))


@pytest.fixture
def report(command, tmp_path):
    """Return a function that reports folders and returns the text of the page."""
    def run(*arguments: object) -> str:
        outcome = command("report", *arguments, "-o", tmp_path / "report.html")
        assert (outcome.code, outcome.err) == (0, ""), outcome
        return (tmp_path / "report.html").read_text()
    return run


def test_valid_study_has_the_stamp_and_figures_of_the_median_time(report, tmp_path):
    page = report(write_study(tmp_path / "a"))
    assert '<span class="stamp good">VALID</span>' in page and "INVALID" not in page
    assert "All 18 runs of 3 points are valid." in page
    # The median of 60.001 ... 60.006 s is 60.0035 s; 512² · 200 / 60.0035 = 8.738e5
    assert "8.738×10⁵" in page and "0.300005 to 0.30003 s" in page
    assert "96.9 %" in page


def test_every_raw_value_is_on_the_page(report, tmp_path):
    page = report(write_study(tmp_path / "a"))
    for p in (1, 2, 4):
        for k in range(1, 7):
            assert f"<td>{60.0 / p + 1e-3 * k:.3f}".rstrip("0") in page


def test_invalid_study_has_no_figure_and_says_why(report, tmp_path):
    page = report(write_study(tmp_path / "a", valid=False))
    assert '<span class="stamp bad">INVALID</span>' in page
    assert "18 runs: too short" in page and "These runs are NOT VALID" in page
    merit = page.split("Figures of merit</h3>")[1].split("</table>")[0]
    assert "0 of 6" in merit and "×10" not in merit


def test_one_edited_figure_makes_the_study_invalid(report, tmp_path):
    folder = write_study(tmp_path / "a")
    path = folder / "points/p2/repeat-3/results.json"
    record = json.loads(path.read_text())
    record["bench"]["fom"] *= 1.5
    path.write_text(json.dumps(record))
    page = report(folder)
    assert "INVALID" in page and "17 of 18 runs" in page
    assert "does not follow from the times" in page


def test_proof_of_another_record_is_found(report, tmp_path):
    folder = write_study(tmp_path / "a")
    path = folder / "points/p2/repeat-3"
    (path / "proof.json").write_text("{}")
    record = json.loads((path / "results.json").read_text())
    record["bench"]["proof_sha256"] = hashlib.sha256(b"{}").hexdigest()
    (path / "results.json").write_text(json.dumps(record))
    assert "INVALID" not in report(folder)
    (path / "proof.json").write_text("{ }")
    assert "proof.json is not the proof of this record" in report(folder)


def test_reasons_that_differ_in_numbers_are_one_line(report, tmp_path):
    folder = write_study(tmp_path / "a", valid=False)
    for k, path in enumerate(sorted(folder.glob("points/*/*/results.json"))):
        path.write_text(path.read_text().replace("too short", f"took {k}.5 s, less than 60 s"))
    page = report(folder)
    assert "<li>18 runs: took 0.5 s, less than 60 s (numbers of the first)</li>" in page


def test_failed_and_missing_runs_stay_visible(report, tmp_path):
    folder = write_study(tmp_path / "a")
    (folder / "points/p2/repeat-3/results.json").unlink()
    (folder / "points/p4/repeat-1/results.json").write_text("{")
    page = report(folder)
    assert "16 of 18 runs" in page and "no results.json" in page and "not JSON" in page


def test_strong_scaling_is_split_and_modelled_with_the_largest_run_held_out(report, tmp_path):
    page = report(write_study(tmp_path / "a"))
    assert "Scaling: strong" in page and "100.0 %" in page and "Base: 1 rank" in page
    assert "on 1, 2 ranks. Held out: 4 ranks" in page


def test_series_of_several_classes_are_named(report, tmp_path):
    """A study of strong scaling with two classes has two series, which only the class tells apart."""
    folder = write_study(tmp_path / "a", ranks=(1, 2, 3, 4))
    plan = json.loads((folder / "study.json").read_text())
    for point, name in zip(plan["points"], ("tiny", "tiny", "small", "small")):
        point["parameters"] = {"class": name}
    (folder / "study.json").write_text(json.dumps(plan))
    page = report(folder)
    for name in ("tiny", "small"):
        assert f"Scaling: strong, class = {name}" in page and f"Time and model, class = {name}" in page


def test_figure_of_merit_stands_beside_the_ranks(report, tmp_path):
    """On a phone what stands further to the right is out of sight."""
    page = report(write_study(tmp_path / "a"))
    assert page.index("<th>FOM</th>") < page.index("<th>time per step</th>")


def test_what_the_records_lack_is_said_and_not_invented(report, tmp_path):
    page = report(write_study(tmp_path / "a"))
    assert "are not known" in page and "there is no roofline point" in page
    members = {"pop": {"load_balance": 0.75, "communication_efficiency": 0.9},
               "bandwidth": {"bytes_per_cell_step": 900.0, "achieved": 5e9, "stream": 1e10},
               "breakdown": {"compute": {"mean": 41.25}, "halo": {"mean": 3.125}},
               "step_times": {"p50": 0.0625, "p99": 0.09375}}
    page = report(write_study(tmp_path / "b", **members))
    assert "75.0 %" in page and "90.0 %" in page and "50.0 %" in page and "10 GB/s" in page
    assert all(f">{value}<" in page for value in ("41.25", "3.125", "0.0625", "0.09375"))


def test_folders_without_a_study_are_grouped_by_what_was_run(report, tmp_path):
    for k, ranks in enumerate((1, 1, 2)):
        write_bench(tmp_path / f"runs/{k}", ranks, 60.0)
    page = report(tmp_path / "runs")
    assert "tiny implicit base p1" in page and "2 of 2" in page and "1 of 1" in page


def test_differing_provenance_is_marked(report, tmp_path):
    write_bench(tmp_path / "runs/a", 1, 60.0)
    write_bench(tmp_path / "runs/b", 1, 60.0, provenance={"version": "0.2.0"})
    assert "differs between runs: 0.1.0, 0.2.0" in report(tmp_path / "runs")


def test_page_loads_nothing_and_has_no_script(report, tmp_path):
    page = report(write_study(tmp_path / "a"))
    assert "default-src 'none'" in page and "<script" not in page and "http:" not in page
    sources = re.findall(r'(?:src|href)="([^"]{0,30})', page)
    assert sources and all(s.startswith(("data:image/svg+xml;base64,", "#")) for s in sources)


def test_texts_of_a_record_are_escaped(report, tmp_path):
    page = report(write_study(tmp_path / HOSTILE.replace("/", "_"), title=HOSTILE,
                              provenance={"version": HOSTILE, "hosts": [HOSTILE]}))
    assert "<script" not in page and "<img src=x" not in page and "\x1b" not in page
    assert "&lt;script&gt;" in page and "{{7*7}}" in page


@pytest.mark.parametrize("members, stamp", [
    ({"bench": 3}, "INVALID"),
    ({"timing": [3, {"name": []}, {"name": "a", "min": "x"}]}, "VALID"),
    ({"io": [], "memory": 3}, "VALID"),
    ({"provenance": [], "checks": {"a": 1}}, "VALID"),
    ({"status": []}, "INVALID"),
    ({"bench": {"modes": 3, "field": {"residuals": "x"}, "audit": [], "reasons": {}, "valid": 1}},
     "INVALID"),
    ({"grid": {"cells": ["a", None]}, "bench": None, "checks": [3, {"pass": "x", "value": []}]}, "INVALID")])
def test_damaged_records_give_a_page(report, tmp_path, members, stamp):
    page = report(write_study(tmp_path / "a", repeats=1, **members))
    assert f'">{stamp}</span>' in page


def test_run_on_other_ranks_than_planned_does_not_count(report, tmp_path):
    folder = write_study(tmp_path / "a")
    path = folder / "points/p2/repeat-3/results.json"
    path.write_text(path.read_text().replace('"ranks": 2', '"ranks": 4'))
    assert "ran on 4 ranks, planned are 2" in report(folder)


def test_bounds_are_those_of_the_record(report, tmp_path):
    """The program states with which bounds it compared; the report has none of its own."""
    page = report(write_study(tmp_path / "a"))
    assert "at most 0.7" in page and "at most 3×10⁻¹²" in page and "at most 2×10⁻¹¹" in page
    assert "0.5 to 2" in page and "FAILED" not in page


@pytest.mark.parametrize("key", ["residual", "history", "balance"])
def test_figure_above_the_bound_of_the_record_has_failed(report, tmp_path, monkeypatch, key):
    monkeypatch.setitem(BOUNDS, key, 1e-14)
    assert "6 FAILED" in report(write_study(tmp_path / "a"))


def test_record_without_bounds_has_the_verdict_of_its_program(report, tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.BOUNDS", None)
    page = report(write_study(tmp_path / "a"))
    assert "not recorded" in page and "FAILED" not in page


def test_link_with_the_name_of_the_page_is_replaced(report, tmp_path):
    (tmp_path / "precious").write_text("x")
    (tmp_path / "report.html").symlink_to(tmp_path / "precious")
    report(write_study(tmp_path / "a"))
    assert (tmp_path / "precious").read_text() == "x"


def test_pipe_with_the_name_of_the_page_is_written_to_and_stays(command, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    folder = write_study(tmp_path / "a")
    for name in ("pipe", "link"):
        reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        # The whole page must fit into the pipe, which is read only after the command has ended.
        fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 1 << 20)
        assert command("report", folder, "-o", tmp_path / name).code == 0
        assert b"VALID" in os.read(reader, 1 << 20)
        os.close(reader)
    assert (tmp_path / "pipe").is_fifo() and (tmp_path / "link").is_symlink()
    outcome = command("report", folder, "-o", "/dev/full")
    assert outcome.code == 4 and "/dev/full: cannot be written: No space left" in outcome.err
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize("arguments, code, said", [
    (["none"], 4, "no such folder"), (["."], 4, "neither study.json nor a results.json"),
    (["a", "-o", "none/r.html"], 4, "cannot be written"),
    (["a", "a", "--extrap", "e.json"], 2, "--extrap takes one folder"), ([], 2, "DIR")])
def test_bad_request_is_one_line(command, tmp_path, monkeypatch, arguments, code, said):
    (tmp_path / "empty").mkdir()
    write_study(tmp_path / "empty/a") if "a" in arguments else None
    monkeypatch.chdir(tmp_path / "empty")
    outcome = command("report", *arguments)
    assert outcome.code == code and said in outcome.err and outcome.err.count("\n") == 1
    assert not (tmp_path / "empty/report.html").exists()


def test_extrap_file_has_every_value_of_every_point(command, tmp_path):
    """The members are those that Extra-P 4 reads: parameters, measurements, point, values."""
    folder = write_study(tmp_path / "a")
    assert command("report", folder, "-o", tmp_path / "r.html", "--extrap",
                   tmp_path / "e.json").code == 0
    data = json.loads((tmp_path / "e.json").read_text())
    times = data["measurements"]["heat2d"]["step_time"]
    assert data["parameters"] == ["p"] and [t["point"] for t in times] == [[1], [2], [4]]
    assert times[0]["values"] == [pytest.approx((60 + 1e-3 * k) / 200) for k in range(1, 7)]
    assert data["measurements"]["heat2d->steps"]["time"][2]["point"] == [4]


# ---- the model


def model_points(time, ranks) -> list[Group]:
    groups = []
    for p in ranks:
        data = {"schema": "heat2d results 1", "status": "ok", "ranks": p, "time": {"steps": 1},
                "grid": {"cells": [1000, 1000]}, "fom": {"seconds": time(p)}}
        groups.append(Group(f"p{p}", p, 1, {}, [Repeat("a", RunRecord(Path("x"), data))]))
    return groups


def test_model_finds_its_own_coefficients_and_predicts_the_held_out_point():
    from math import log2
    model = fit_model(model_points(lambda p: 0.01 + 2e-6 * 1e6 / p + 0.003 * log2(p),
                                   (1, 2, 4, 8, 16, 32)))
    assert model.a == pytest.approx(0.01) and model.b == pytest.approx(2e-6)
    assert model.c == pytest.approx(0.003) and model.held_out == 32
    assert abs(model.error) < 1e-9


def test_held_out_point_does_not_enter_the_fit():
    model = fit_model(model_points(lambda p: 1.0 / p if p < 8 else 10.0, (1, 2, 4, 8)))
    assert model.b == pytest.approx(1e-6) and model.error == pytest.approx(0.125 / 10.0 - 1)


def test_coefficients_are_not_negative():
    model = fit_model(model_points(lambda p: 1.0 / p ** 1.3, (1, 2, 4, 8)))
    assert min(model.a, model.b, model.c) >= 0


def test_two_numbers_of_ranks_give_no_model():
    assert fit_model(model_points(lambda p: 1.0 / p, (1, 2))) is None


# ---- the browser


needs_browser = pytest.mark.skipif(find_browser() is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser():
    from postprocess.tests.chromium import Chromium
    with Chromium() as page:
        yield page


@pytest.fixture(scope="module")
def wide_page(tmp_path_factory):
    """Make a page with long names, many points, an invalid run, and every section filled."""
    from postprocess.__main__ import main
    folder = tmp_path_factory.mktemp("wide")
    sheet = {"timing": [{"name": f"phase {k}", "min": 1, "mean": 2, "max": 3} for k in range(12)],
             "memory": {"bytes_max": 1e9, "bytes_mean": 9e8, "bytes_predicted": 1e9},
             "pop": {"load_balance": 0.7, "communication_efficiency": 0.9,
                     "parallel_efficiency": 0.63},
             "io": {"snapshots": {"files": 2, "bytes": 1e9, "seconds": 1.5, "bandwidth": 6e8},
                    "probe": {"write_bandwidth": 7e8}},
             "bandwidth": {"bytes_per_cell_step": 900.0, "achieved": 5e9, "stream": 1e10},
             "provenance": {"version": HOSTILE, "hosts": ["node" + "x" * 200],
                            "flags": "-O3 " * 60, "command_line": "/scratch/" + "long" * 80}}
    write_study(folder / "a", title=HOSTILE, ranks=(1, 2, 4, 8, 16, 32, 64, 1024), **sheet)
    write_study(folder / "b", title="W" * 120, valid=False, repeats=1)
    assert main(["report", str(folder / "a"), str(folder / "b"), "-o",
                 str(folder / "report.html")]) == 0
    return folder / "report.html"


# A4 less its margins of 15 mm is 180 mm: 680 pixels of 1/96 inch.
SIZES = {"phone": (360, 740, "screen"), "tablet": (768, 1024, "screen"),
         "desktop": (1280, 900, "screen"), "print": (680, 990, "print")}
TOO_WIDE = """[...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  return box.width > 0 && box.right > innerWidth + 1 && (PRINT || !e.closest('.scroll'));
}).map(e => e.tagName + ': ' + e.textContent.slice(0, 60)).slice(0, 5)"""


@needs_browser
@pytest.mark.parametrize("size", SIZES)
def test_nothing_overflows_horizontally(browser, wide_page, tmp_path, size):
    """On a screen a wide table scrolls in its own box; on paper it has to fit."""
    width, height, media = SIZES[size]
    browser.open(wide_page, width, height, media)
    code = TOO_WIDE.replace("PRINT", "true" if media == "print" else "false")
    assert browser.value(code) == []
    assert browser.value("document.documentElement.scrollWidth") <= width
    browser.picture(tmp_path / f"{size}.png")
    assert (tmp_path / f"{size}.png").stat().st_size > 20_000


@needs_browser
def test_hostile_texts_do_not_run_and_nothing_is_loaded(browser, wide_page):
    browser.events.clear()
    browser.open(wide_page, 1280, 900)
    assert browser.value("document.title").startswith("<script>")
    assert browser.value("document.scripts.length") == 0
    asked = [e["params"]["request"]["url"] for e in browser.events
             if e.get("method") == "Network.requestWillBeSent"]
    assert asked and all(url.startswith(("file:", "data:")) for url in asked), asked
    assert [e for e in browser.events if e.get("method") == "Log.entryAdded"] == []


@needs_browser
def test_every_chart_is_drawn_and_has_a_text_that_stands_for_it(browser, wide_page):
    browser.open(wide_page, 1280, 900)
    found = browser.value("[...document.images].map(i => [i.naturalWidth, i.alt.length])")
    assert len(found) >= 7 and all(width > 100 and length > 20 for width, length in found)


@needs_browser
def test_numbers_are_folded_on_a_screen_and_open_on_paper(browser, wide_page):
    height = "document.querySelector('details .scroll').getBoundingClientRect().height"
    visible = "document.querySelector('details td').checkVisibility({contentVisibilityAuto: true})"
    browser.open(wide_page, 1280, 900)
    assert not browser.value(visible)
    browser.open(wide_page, 680, 990, "print")
    assert browser.value(visible) and browser.value(height) > 50


@needs_browser
def test_pdf_is_printed_by_the_browser(command, tmp_path):
    outcome = command("report", write_study(tmp_path / "a"), "-o", tmp_path / "r.html", "--pdf")
    assert outcome.code == 0 and outcome.files == ["r.html", "r.pdf"], outcome
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")


def test_older_pdf_does_not_hide_that_the_browser_printed_nothing(command, tmp_path, monkeypatch):
    browser = tmp_path / "bin/chromium"
    browser.parent.mkdir()
    browser.write_text("#!/bin/sh\nexit 0\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", f"{browser.parent}:{os.environ['PATH']}")
    (tmp_path / "r.pdf").write_bytes(b"%PDF-old")
    outcome = command("report", write_study(tmp_path / "a"), "-o", tmp_path / "r.html", "--pdf")
    assert outcome.code == 4 and "chromium failed" in outcome.err, outcome
    assert (tmp_path / "r.pdf").read_bytes() == b"%PDF-old"


@pytest.mark.parametrize("arguments, said", [
    (["-o", "x", "--extrap", "x"], "x: is the file of -o and of --extrap"),
    (["-o", "x.pdf", "--extrap", "./x.pdf"], "is the file of -o"),
    (["-o", "x.pdf", "--pdf"], "x.pdf: is the file of -o and of --pdf"),
    (["-o", "x.html", "--pdf", "--extrap", "x.pdf"], "is the file of --extrap and of --pdf")])
def test_two_outputs_of_one_name_are_refused(command, tmp_path, monkeypatch, arguments, said):
    browser = tmp_path / "bin/chromium"
    browser.parent.mkdir()
    browser.write_text("#!/bin/sh\nexit 0\n")
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", f"{browser.parent}:{os.environ['PATH']}")
    folder = write_study(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    outcome = command("report", folder, *arguments)
    assert outcome.code == 2 and said in outcome.err and outcome.err.count("\n") == 1, outcome
    assert not (tmp_path / arguments[1]).exists()


def test_missing_browser_is_one_line_and_nothing_is_written(command, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = command("report", write_study(tmp_path / "a"), "-o", tmp_path / "r.html", "--pdf")
    assert outcome.code == 2 and "install the package chromium" in outcome.err
    assert not (tmp_path / "r.html").exists()


def test_same_results_give_the_same_bytes(tmp_path):
    """Two processes with other orders of their sets."""
    folder = write_study(tmp_path / "a", timing=[
        {"name": f"phase {k}", "min": 1, "mean": 1, "max": 1} for k in range(12)])
    pages = []
    for seed in ("1", "2"):
        done = subprocess.run([sys.executable, "-m", "postprocess", "report", str(folder), "-o",
                               str(tmp_path / f"{seed}.html")], cwd=ROOT, check=False,
                              capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed})
        assert done.returncode == 0, done.stderr
        pages.append((tmp_path / f"{seed}.html").read_bytes())
    assert pages[0] == pages[1]


def test_model_of_two_points_goes_through_both():
    model = fit_model(model_points(lambda p: {1: 1.0, 2: 1.5, 4: 2.0}[p], (1, 2, 4)))
    assert model.time(1, 1e6) == pytest.approx(1.0) and model.time(2, 5e5) == pytest.approx(1.5)
    assert model.error == pytest.approx(0.0, abs=1e-9)

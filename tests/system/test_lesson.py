"""inputs/teaching/lesson.md: its commands run from top to bottom, as in a class, and print what the page shows."""
from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from heat2d_case import ROOT, environment
from nodes import skip_without_mpich
from test_documents import copy_for_reader

TEACHING = ROOT / "inputs" / "teaching"
LESSON = TEACHING / "lesson.md"
LONGEST = 300  # [s] of a block of commands, each of which takes a few seconds on an idle machine
LARGEST_PICTURE = 150_000  # [bytes] so that the repository stays small
BLOCK = re.compile(r"^<!-- lesson -->\n```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.M | re.S)


def blocks() -> list[tuple[str, str]]:
    """Return the commands of each step with the output that the page shows; "" where it shows none."""
    return [(match[1], match[2] or "") for match in BLOCK.finditer(LESSON.read_text())]


def pattern(line: str) -> str:
    """Return an expression for a line of the page: `...` stands for anything, and spaces for any number of spaces."""
    return r"\s*" + r".*".join(r"\s+".join(re.escape(word) for word in part.split()) if part.strip() else ""
                               for part in re.sub(r"\s*\.\.\.\s*", "...", line.strip()).split("...")) + r"\s*"


def missing(shown: str, printed: str) -> str | None:
    """Return the first line that the page shows and that was not printed after the line before, or None."""
    lines = iter(printed.splitlines())
    for line in shown.splitlines():
        if line.strip() in ("", "..."):
            continue
        expression = re.compile(pattern(line))
        if not any(expression.fullmatch(candidate) for candidate in lines):
            return line
    return None


def run_block(block: str, home: Path) -> subprocess.CompletedProcess:
    env = environment(1000)  # more ranks than any machine has cores, so that idle ranks give up the processor
    env["PATH"] = os.pathsep.join([str(home / "bin"), env["PATH"]])
    return subprocess.run(["timeout", "-k", "5", str(LONGEST), "sh", "-e", "-c", block], cwd=home, env=env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def test_the_lesson_prints_what_it_shows(tmp_path):
    """Steps on several nodes are left out where the machine does not permit them, and the memory of a node is not compared
    where it can be limited by addresses only."""
    skip_without_mpich()
    home, refused = copy_for_reader(tmp_path), ""
    for block, shown in blocks():
        if refused and "nodes.py" in block:
            continue
        done = run_block(block, home)
        found = re.search(r"^nodes\.py: (.*not permitted here.*|.*was not found here.*)$", done.stdout, re.M)
        if found:
            refused = found[1]
            continue
        if "no control group can be made here" in done.stdout:
            continue
        assert done.returncode == 0, f"exit code {done.returncode} of:\n{block}\n{done.stdout}"
        line = missing(shown, done.stdout)
        assert line is None, f"the page shows\n{line}\nwhich is not (or not here) in the output of\n{block}\n{done.stdout}"
    for name in ("map.png", "plate/temperature.png", "broken/temperature.png"):
        assert (home / "out" / name).stat().st_size > 1000, f"the lesson does not make out/{name}"
    if refused:
        pytest.skip(refused)


def test_all_commands_of_the_lesson_are_marked():
    """A command that is not marked would not be tested."""
    assert len(blocks()) == len(re.findall(r"^```sh", LESSON.read_text(), re.M)) >= 11


def test_a_line_that_differs_is_found():
    printed = "  halo      12     0.5   equal\nsteps  0.4  7\ndone\n"
    assert missing("halo 12 0.5 equal\n...\n  steps ... 7\n", printed) is None
    assert missing("done\nhalo 12 0.5 equal\n", printed) == "halo 12 0.5 equal"
    assert missing("halo 13 0.5 equal\n", printed) == "halo 13 0.5 equal"
    assert missing("halo 12 0.5\n", printed) == "halo 12 0.5"
    assert missing("st...7\nd...\n", printed) is None


def test_pictures_of_the_lesson_are_small():
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", LESSON.read_text())
    assert len(pictures) >= 3
    assert all((TEACHING / name).stat().st_size < LARGEST_PICTURE for name in pictures)


def test_every_step_has_its_answer_in_the_solutions():
    steps = re.findall(r"^## (\d+\. .*)$", LESSON.read_text(), re.M)
    answers = re.findall(r"^## (\d+\. .*)$", (TEACHING / "solutions.md").read_text(), re.M)
    assert steps == answers and len(steps) == 11

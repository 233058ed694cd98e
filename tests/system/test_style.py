"""The form of sources and documents: clang-format, the length of lines, and words that say nothing to a stranger."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from heat2d_case import ROOT

SOURCES = sorted(path for top in ("app", "solver", "io", "tests") for path in (ROOT / top).glob("**/*.[ch]"))
WIDTH = 100  # columns, as in .clang-format; clang-format does not wrap comments
# These words may not occur in comments and texts of the sources, nor in the documents.
FORBIDDEN = re.compile(r"\b(likewise|nobody|goes on|gone on with|is gone|behind the computation's back|none to judge by)\b",
                       re.IGNORECASE)
DOCUMENTS = sorted(path for path in ROOT.glob("**/*.md")
                   if path.name != "CHANGELOG.md" and not any(part.startswith(("build", "out", "."))
                                                              for part in path.relative_to(ROOT).parts))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def clang_format_14() -> str | None:
    """Return the program's name if its version is 14, since other versions format some constructs differently."""
    for program in ("clang-format-14", "clang-format"):
        if shutil.which(program):
            version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
            if re.search(r"version 14\.", version):
                return program
    return None


def test_sources_are_formatted():
    program = clang_format_14()
    if program is None:
        pytest.skip("clang-format 14 is not installed")
    done = subprocess.run([program, "--dry-run", "-Werror", *map(str, SOURCES)], cwd=ROOT, capture_output=True, text=True,
                          check=False)
    files = sorted({line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line})
    assert done.returncode == 0, f"run clang-format -i on {files}"


def test_no_line_of_a_source_is_too_long():
    long = [f"{name(path)}:{number}" for path in SOURCES
            for number, line in enumerate(path.read_text().splitlines(), 1) if len(line) > WIDTH]
    assert not long, f"lines of more than {WIDTH} columns: {long}"


@pytest.mark.parametrize("path", [*SOURCES, *DOCUMENTS], ids=name)
def test_no_forbidden_word(path):
    found = [f"{name(path)}:{number}: {match[0]}" for number, line in enumerate(path.read_text().splitlines(), 1)
             for match in FORBIDDEN.finditer(line)]
    assert not found, found


def test_a_forbidden_word_is_noticed():
    assert FORBIDDEN.search("/* Likewise for columns. */") and not FORBIDDEN.search("the run continues")

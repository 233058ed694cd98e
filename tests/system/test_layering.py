"""The shape of the house: who may include whom, what appears where, and what appears nowhere."""
from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from heat2d_case import ROOT

ROOMS = ("app", "solver", "io")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).glob("**/*.[ch]"))
# What io may know of solver: plain data, and errors.
PLAIN = {"solver/case.h", "solver/grid.h", "solver/error.h", "solver/paint.h", "solver/heartbeat.h"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.M)


def code(path: Path) -> str:
    """The text without comments, texts and characters; line numbers stay."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda match: "\n" * match[0].count("\n") or " ", path.read_text(), flags=re.S)


def who_includes(pattern: str) -> list[str]:
    return [name(path) for path in SOURCES if any(re.fullmatch(pattern, header) for header in includes(path))]


def test_there_is_something_to_check():
    assert {path.parts[-2] for path in SOURCES} >= set(ROOMS)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_includes_stay_within_the_allowed_edges(path):
    room = path.relative_to(ROOT).parts[0]
    for header in includes(path):
        owner = header.split("/")[0]
        if owner not in ROOMS or owner == room:
            continue
        allowed = room == "app" or (room == "io" and header in PLAIN)
        assert allowed, f"{name(path)} includes {header}: {room} may not know {owner}" + \
            (f" beyond {sorted(PLAIN)}" if room == "io" and owner == "solver" else "")


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_own_headers_are_included_by_their_whole_path(path):
    own = {other.name for other in SOURCES if other.suffix == ".h"}
    bare = [header for header in includes(path) if "/" not in header and header in own]
    assert not bare, f"{name(path)}: write the room, as in \"solver/grid.h\": {bare}"


@pytest.mark.parametrize("header", sorted(PLAIN))
def test_plain_data_headers_need_nothing_but_plain_data(header):
    wrong = [other for other in includes(ROOT / header) if other.split("/")[0] in ROOMS and other not in PLAIN]
    assert not wrong, f"{header} includes {wrong}"


def test_hdf5_appears_only_in_io():
    users = who_includes(r"(hdf5|H5[A-Z]\w*)(_hl)?\.h")
    assert users and all(user.startswith("io/") for user in users), users


@pytest.mark.parametrize("library,pattern", [("libfyaml", r"libfyaml.*\.h"), ("muParser", r"muParser.*\.h"),
                                             ("cJSON", r"(cjson/)?cJSON.*\.h"), ("zlib", r"zlib\.h")])
def test_library_is_behind_one_file(library, pattern):
    users = who_includes(pattern)
    assert len(users) == 1 and users[0].endswith(".c"), f"{library}: {users}"


BANNED = {
    "strcpy": (), "strncpy": (), "strcat": (), "strncat": (), "sprintf": (), "vsprintf": (), "gets": (),
    "atoi": (), "atol": (), "atof": (), "strtok": (), "assert": (), "system": (), "abort": (),
    "malloc": (), "realloc": (), "alloca": (),
    # The command line is sorted before PETSc, which would allocate, is there.
    "calloc": ("app/options.c",),
    "exit": ("app/main.c",), "_exit": ("app/main.c", "app/watchdog.c"), "_Exit": (),
}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_banned_function_is_called(path):
    found = [f"{name(path)}:{number}: {match[1]}" for number, line in enumerate(code(path).splitlines(), 1)
             for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", line)
             if match[1] in BANNED and name(path) not in BANNED[match[1]]]
    assert not found, found


def test_only_the_signal_flag_and_the_heartbeat_are_globals():
    """Variables of file or static storage that can change: what a handler or the watchdog reads, and no other."""
    found = []
    for path in SOURCES:
        for number, line in enumerate(code(path).splitlines(), 1):
            if re.match(r"\s*static\s+(?!inline)[^()]*(=|;|struct \{)", line) and "const" not in line.split("=")[0]:
                found.append((name(path), line.strip()))
    assert sorted(where for where, _ in found) == ["app/stop.c", "solver/heartbeat.c"], found


def test_file_names_are_unique():
    counts = Counter(path.name for path in [*SOURCES, *(ROOT / "tests").glob("unit/*.[ch]")])
    twice = [file for file, count in counts.items() if count > 1]
    assert not twice, f"two files of one name: {twice}"


def test_headers_stand_before_their_sources():
    """A source includes its own header first, so that each header is complete by itself."""
    wrong = []
    for path in SOURCES:
        own = path.with_suffix(".h")
        if path.suffix == ".c" and own.exists() and (not includes(path) or includes(path)[0] != name(own)):
            wrong.append(name(path))
    assert not wrong, wrong


def test_top_level_holds_the_rooms_and_what_has_to_be_there():
    rooms = {"app", "solver", "io", "inputs", "tests", "postprocess"}
    files = {"CMakeLists.txt", "README.md", "bootstrap", "CMakePresets.json", "LICENSE", "CHANGELOG.md"}
    tracked = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, text=True,
                             capture_output=True, check=False)
    names = [line.split("/")[0] for line in tracked.stdout.splitlines()] if tracked.returncode == 0 else \
        [path.name for path in ROOT.iterdir() if not path.name.startswith(("build", "out", "__pycache__"))]
    entries = {entry for entry in names if not entry.startswith(".")}
    assert entries == rooms | files, f"too many: {sorted(entries - rooms - files)}, missing: {sorted((rooms | files) - entries)}"

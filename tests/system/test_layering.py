"""The rooms of the source tree: which room may include headers of which, and which calls and libraries may appear where."""
from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from heat2d_case import ROOT

TOPS = ("app", "solver", "io")
SOURCES = sorted(path for top in TOPS for path in (ROOT / top).glob("**/*.[ch]"))

# Every permitted edge: room -> rooms whose headers its files include.  An edge that is not in the list is refused, and so is
# one in the list that no file uses.  The rooms are in reading order: no room includes headers of a later one.
ALLOWED = {
    "solver/base": "",
    "solver/formula": "solver/base",
    "solver/case": "solver/base solver/formula",
    "solver/grid": "solver/base solver/case",
    "solver/physics": "solver/base solver/case solver/grid",
    "solver/operator": "solver/base solver/grid solver/physics",
    "solver/multigrid": "solver/base solver/grid solver/operator",
    "solver/implicit": "solver/base solver/multigrid solver/operator",
    "solver/stepper": "solver/base solver/implicit solver/operator",
    "solver/measure": "solver/base solver/case solver/operator solver/physics solver/stepper",
    "solver/model": "solver/case solver/grid solver/measure solver/multigrid solver/operator solver/physics solver/stepper",
    "io/file": "solver/base",
    "io/case_file": "io/file solver/base solver/case",
    "io/machine_file": "io/case_file io/file solver/model",
    "io/field_file": "io/file solver/base solver/case solver/grid solver/physics",
    "io/run_files": "io/field_file io/file solver/base",
    "app/process": "io/case_file solver/base solver/case",
    "app/state": "io/field_file solver/case solver/measure solver/physics",
    "app/report": "app/process app/state io/field_file io/file io/run_files solver/base solver/implicit solver/measure solver/multigrid",
    "app/run": "app/process app/report app/state io/case_file io/field_file io/run_files solver/base solver/case solver/grid",
    "app/calibrate": "app/process io/case_file io/file io/machine_file solver/base solver/case solver/measure solver/model solver/stepper",
    "app/plan": "app/process app/report app/state io/field_file io/file solver/base solver/grid solver/measure solver/model solver/physics",
    "app/verify": "app/state io/case_file io/file io/run_files solver/base solver/measure",
    "app/bench": "app/report app/run app/state io/case_file io/field_file io/file io/run_files solver/base solver/grid solver/measure",
    "app/command": "app/bench app/calibrate app/plan app/process app/report app/run app/verify io/case_file io/file io/machine_file io/run_files solver/base",
}
# The headers of solver that io may include: plain data, errors and the heartbeat.
PLAIN = {"solver/base/error.h", "solver/base/heartbeat.h", "solver/base/monotonic.h", "solver/base/number_text.h",
         "solver/base/printable.h", "solver/base/traffic.h", "solver/case/case.h", "solver/case/case_parts.h",
         "solver/grid/grid.h", "solver/grid/layout.h", "solver/grid/node.h", "solver/grid/writers.h", "solver/model/machine.h", "solver/physics/paint.h"}

Includes = dict[str, list[str]]  # file -> headers, both as paths from the top level


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.M)


INCLUDES: Includes = {name(path): [header for header in includes(path) if header.split("/")[0] in TOPS] for path in SOURCES}


def room(file: str) -> str:
    return file.rsplit("/", 1)[0]


def module(file: str) -> str:
    """Return the name of a file's module: a header, its source, and the headers that only files of the module include
    (`_impl.h`) have the same name."""
    return re.sub(r"(_impl)?\.[ch]$", "", file)


def forbidden_edges(includes_of: Includes) -> list[str]:
    found = []
    for file, headers in includes_of.items():
        for header in headers:
            if room(header) not in [room(file), *ALLOWED[room(file)].split()]:
                found.append(f"{file} includes {header}: {room(file)} may not know {room(header)}")
            elif file.startswith("io/") and header.startswith("solver/") and header not in PLAIN:
                found.append(f"{file} includes {header}: of solver, io may know only {sorted(PLAIN)}")
    return found


def circles(includes_of: Includes) -> list[list[str]]:
    """Return the circles of modules: Tarjan's strongly connected components of two modules or more."""
    graph: dict[str, set[str]] = {}
    for file, headers in includes_of.items():
        graph.setdefault(module(file), set()).update({module(header) for header in headers} - {module(file)})
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        number[node] = lowest[node] = len(number)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in number:
                visit(other)
            if other in stack:
                lowest[node] = min(lowest[node], lowest[other])
        if lowest[node] == number[node]:
            component = stack[stack.index(node):]
            del stack[stack.index(node):]
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def code(path: Path) -> str:
    """Return the source without comments, string and character literals, with the same line numbers."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda match: "\n" * match[0].count("\n") or " ", path.read_text(), flags=re.S)


def who_includes(pattern: str) -> list[str]:
    return [name(path) for path in SOURCES if any(re.fullmatch(pattern, header) for header in includes(path))]


def test_every_room_is_known_and_has_a_readme():
    assert {room(file) for file in INCLUDES} == set(ALLOWED)
    missing = [place for place in [*TOPS, *ALLOWED] if not (ROOT / place / "README.md").is_file()]
    assert not missing, f"rooms without a README.md: {missing}"


def test_includes_stay_within_the_allowed_edges():
    assert not forbidden_edges(INCLUDES)


def test_every_allowed_edge_is_used():
    used = {(room(file), room(header)) for file, headers in INCLUDES.items() for header in headers}
    stale = [f"{a} -> {b}" for a, others in ALLOWED.items() for b in others.split() if (a, b) not in used]
    assert not stale, f"edges of ALLOWED that no file uses: {stale}"


def test_no_room_knows_a_later_one():
    order = list(ALLOWED)
    upward = [f"{a} -> {b}" for a, others in ALLOWED.items() for b in others.split() if order.index(b) >= order.index(a)]
    assert not upward, upward


def test_no_file_is_in_a_circle():
    assert not circles(INCLUDES)


@pytest.mark.parametrize("file,header", [("solver/grid/grid.h", "solver/operator/operator.h"),
                                         ("solver/base/error.c", "io/file/file_util.h"),
                                         ("io/file/table.c", "io/run_files/results.h"),
                                         ("io/field_file/slab.c", "solver/grid/halo.h"),
                                         ("app/report/record.c", "app/run/checkpoints.h"),
                                         ("app/state/clock.c", "app/report/survey.h")])
def test_a_planted_upward_include_is_noticed(file, header):
    planted = {**INCLUDES, file: [*INCLUDES[file], header]}
    assert len(forbidden_edges(planted)) == 1 and file in forbidden_edges(planted)[0]


def test_a_planted_circle_is_noticed():
    planted = {**INCLUDES, "solver/grid/grid.c": [*INCLUDES["solver/grid/grid.c"], "solver/grid/deep_halo.h"]}
    assert circles(planted) == [["solver/grid/deep_halo", "solver/grid/grid", "solver/grid/halo"]]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_own_headers_are_included_by_their_whole_path(path):
    own = {other.name for other in SOURCES if other.suffix == ".h"}
    bare = [header for header in includes(path) if "/" not in header and header in own]
    assert not bare, f"{name(path)}: include headers by their path, as in \"solver/grid/grid.h\": {bare}"


@pytest.mark.parametrize("header", sorted(PLAIN))
def test_plain_data_headers_need_nothing_but_plain_data(header):
    wrong = [other for other in INCLUDES[header] if other not in PLAIN]
    assert not wrong, f"{header} includes {wrong}"


# The opaque handles of a run are declared without their members in headers of these rooms.
RUN_ROOMS = ("app/state", "app/report", "app/run")
HANDLES = sorted((match[1], name(path)) for path in SOURCES if room(name(path)) in RUN_ROOMS and path.suffix == ".h"
                 for match in re.finditer(r"^typedef struct (\w+) \1;", path.read_text(), re.M))


def files_that_define(handle: str, texts: dict[str, str]) -> list[str]:
    """Return the files that define the members of a struct, by its tag or in a typedef."""
    pattern = rf"\bstruct\s+{handle}\s*\{{|\}}\s*{handle}\s*;"
    return sorted(file for file, text in texts.items() if re.search(pattern, text))


TEXTS = {name(path): code(path) for path in SOURCES}


def test_only_the_time_loop_and_its_set_up_see_the_members_of_the_simulation():
    assert files_that_define("HeatSimulation", TEXTS) == ["app/run/simulation_impl.h"]
    assert who_includes("app/run/simulation_impl.h") == ["app/run/simulation.c", "app/run/simulation_setup.c"]


@pytest.mark.parametrize("handle,header", [pair for pair in HANDLES if pair[0] != "HeatSimulation"])
def test_only_its_own_source_sees_the_members_of_a_handle(handle, header):
    assert files_that_define(handle, TEXTS) == [header.replace(".h", ".c")]


@pytest.mark.parametrize("text", ["struct HeatSimulation\n{\n  int lock;\n};", "typedef struct {\n  int lock;\n} HeatSimulation;"])
def test_planted_members_are_noticed(text):
    assert files_that_define("HeatSimulation", {**TEXTS, "app/run/wide.h": text}) == ["app/run/simulation_impl.h", "app/run/wide.h"]


def test_hdf5_appears_only_in_io():
    users = who_includes(r"(hdf5|H5[A-Z]\w*)(_hl)?\.h")
    assert users and all(user.startswith("io/") for user in users), users


@pytest.mark.parametrize("library,pattern", [("libfyaml", r"libfyaml.*\.h"), ("muParser", r"muParser.*\.h"),
                                             ("cJSON", r"(cjson/)?cJSON.*\.h"), ("zlib", r"zlib\.h"),
                                             ("libcrypto", r"openssl/.*\.h"), ("Random123", r"Random123/.*\.h")])
def test_library_is_behind_one_file(library, pattern):
    users = who_includes(pattern)
    assert len(users) == 1 and users[0].endswith(".c"), f"{library}: {users}"


BANNED = {
    "strcpy": (), "strncpy": (), "strcat": (), "strncat": (), "sprintf": (), "vsprintf": (), "gets": (),
    "atoi": (), "atol": (), "atof": (), "strtok": (), "assert": (), "system": (), "abort": (),
    "realloc": (), "alloca": (),
    # MPI frees communicators, and with them what is attached to them, also after PetscFinalize.
    "malloc": ("app/process/communication.c",),
    # The command line is parsed before PETSc, which allocates elsewhere, is initialised.
    "calloc": ("app/process/options.c",),
    # It follows the date, which can be set; durations are measured by solver/base/monotonic.h.
    "MPI_Wtime": (),
    "exit": ("app/command/main.c",), "_exit": ("app/command/main.c", "app/process/watchdog.c"), "_Exit": (),
}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_banned_function_is_called(path):
    found = [f"{name(path)}:{number}: {match[1]}" for number, line in enumerate(code(path).splitlines(), 1)
             for match in re.finditer(r"(?<![\w.>])(\w+)\s*\(", line)
             if match[1] in BANNED and name(path) not in BANNED[match[1]]]
    assert not found, found


def test_only_what_gets_no_pointer_reads_globals():
    """The only mutable variables with static storage are those that a signal handler, the watchdog, MPI's wrapped functions or
    PETSc's printing before it is initialised read or write."""
    found = []
    for path in SOURCES:
        for number, line in enumerate(code(path).splitlines(), 1):
            if re.match(r"\s*static\s+(?!inline)[^()]*(=|;|struct \{)", line) and "const" not in line.split("=")[0]:
                found.append((name(path), line.strip()))
    assert sorted(where for where, _ in found) == [
        "app/process/communication.c", "app/process/finalize.c", "app/process/mpi_time.c", "app/process/mpi_wrappers.c", "app/process/petsc_files.c",
        "app/process/petsc_options.c", "app/process/signals.c", "app/process/signals.c", "app/process/signals.c", "solver/base/heartbeat.c", "solver/base/traffic.c", "solver/base/traffic.c"], found


def strangers_to(private: Includes) -> list[str]:
    """Return the includes of headers named *_impl.h by files of other rooms."""
    return [f"{file}: {header}" for file, headers in private.items() for header in headers
            if header.endswith("_impl.h") and room(header) != room(file)]


def test_private_headers_stay_in_their_room():
    assert not strangers_to(INCLUDES)


def test_an_include_of_another_rooms_private_header_is_noticed():
    planted = {**INCLUDES, "app/run/health.c": [*INCLUDES["app/run/health.c"], "solver/stepper/stepper_impl.h"]}
    assert strangers_to(planted) == ["app/run/health.c: solver/stepper/stepper_impl.h"]


def test_installed_headers_need_no_header_that_is_not_installed():
    """The headers of solver are installed except those named *_impl.h (.cmake/Heat2dInstall.cmake)."""
    wrong = [f"{file}: {header}" for file, headers in INCLUDES.items() for header in headers
             if file.startswith("solver/") and file.endswith(".h") and not file.endswith("_impl.h") and header.endswith("_impl.h")]
    assert not wrong, wrong


def test_file_names_are_unique():
    counts = Counter(path.name for path in [*SOURCES, *(ROOT / "tests").glob("unit/*.[ch]")])
    twice = [file for file, count in counts.items() if count > 1]
    assert not twice, f"file names that occur twice: {twice}"


def test_headers_stand_before_their_sources():
    """A source includes its own header first, which shows that the header is complete."""
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
    assert entries == rooms | files, f"unexpected: {sorted(entries - rooms - files)}, missing: {sorted((rooms | files) - entries)}"


def uncalled_functions(texts: dict[str, str], readmes: dict[str, str]) -> list[str]:
    """Return the functions declared in headers that no source calls and that the README of their room does not name under
    "For users of the library"."""
    found = []
    words = Counter(word for file, text in texts.items() if file.endswith(".c") for word in re.findall(r"\bHeat\w+", text))
    inline = Counter(word for file, text in texts.items() if file.endswith(".h") for word in re.findall(r"\bHeat\w+", text))
    for file, text in texts.items():
        declared = re.findall(r"^(?!typedef|static)[A-Za-z][\w *]*?\b(Heat\w+)\s*\((?!\*)[^{}]*?\)[^;{}]*;", text, re.M) if file.endswith(".h") else []
        public = readmes[room(file)].partition("## For users of the library")[2]
        found += [f"{file}: {function}" for function in declared
                  if words[function] < 2 and inline[function] < 2 and f"`{function}`" not in public]
    return found


READMES = {place: (ROOT / place / "README.md").read_text() for place in ALLOWED}


def test_every_external_function_is_called_or_declared_part_of_the_library():
    """A function occurs in a source once where it is defined, and once more where it is called."""
    assert not uncalled_functions(TEXTS, READMES)


@pytest.mark.parametrize("function", ["HeatLinearSolve", "HeatEsdirkTableau", "HeatTransferCounts", "HeatFieldFileReadInfo"])
def test_an_undeclared_uncalled_function_is_noticed(function):
    silent = {place: text.replace(f"`{function}`", "") for place, text in READMES.items()}
    assert [entry.split()[-1] for entry in uncalled_functions(TEXTS, silent)] == [function]


@pytest.mark.parametrize("room", ALLOWED)
def test_every_file_of_a_room_is_in_its_readme(room):
    text = (ROOT / room / "README.md").read_text()
    missing = sorted({path.stem for path in (ROOT / room).glob("*.[ch]")} - set(re.findall(r"\w+", text)))
    assert not missing, f"{room}/README.md does not name {missing}"


PAGE = 70  # lines of up to 160 characters


def test_readme_of_a_room_is_at_most_a_page():
    long = {place: len(text.splitlines()) for place, text in READMES.items() if len(text.splitlines()) > PAGE}
    assert not long, f"README.md of more than {PAGE} lines: {long}"


@pytest.mark.parametrize("room", ALLOWED)
def test_readme_says_what_goes_in_and_out_and_where_to_start(room):
    missing = [word for word in (r"\*\*In:\*\*|^In: |^\| in \|", r"\*\*Out:\*\*|Out: |\| out \|", "Start reading")
               if not re.search(word, READMES[room], re.M)]
    assert not missing, f"{room}/README.md lacks {missing}"


def test_a_longer_page_and_a_missing_entry_are_noticed(monkeypatch):
    with pytest.raises(AssertionError):
        monkeypatch.setitem(READMES, "app/run", READMES["app/run"] + "\n" * PAGE)
        test_readme_of_a_room_is_at_most_a_page()
    with pytest.raises(AssertionError):
        monkeypatch.setitem(READMES, "app/run", READMES["app/run"].replace("Start reading", "Begin"))
        test_readme_says_what_goes_in_and_out_and_where_to_start("app/run")


def rooms_that_readme_permits(text: str) -> set[str]:
    """Return the rooms that the sentence "**May use:** ..." of a README names, by their paths from the top level."""
    sentence = re.search(r"^\*\*May use:\*\* (.*?\.)(?=\s)", text, re.M | re.S)
    return set(re.findall(r"`((?:solver|io|app)/\w+)`", sentence[1])) if sentence else {"no sentence that begins with **May use:**"}


@pytest.mark.parametrize("room", ALLOWED)
def test_readme_names_exactly_the_rooms_that_a_room_may_use(room):
    assert rooms_that_readme_permits(READMES[room]) == set(ALLOWED[room].split())


@pytest.mark.parametrize("old,new", [("`io/field_file`, ", ""), ("`io/file`, ", "`io/file`, `io/case_file`, "), ("**May use:**", "It may use")])
def test_a_wrong_sentence_about_permitted_rooms_is_noticed(old, new):
    room = "io/run_files"
    assert old in READMES[room]
    assert rooms_that_readme_permits(READMES[room].replace(old, new, 1)) != set(ALLOWED[room].split())


def not_registered(listed: str) -> list[str]:
    """Return the files of system tests that ctest does not run, given the text of TestList.cmake."""
    files = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "system").glob("test_*.py")}
    return sorted(files - set(re.findall(r"^heat2d_add_system\((\w+)", listed, re.M)))


def test_ctest_runs_each_file_of_system_tests():
    listed = (ROOT / "tests" / "TestList.cmake").read_text()
    assert not not_registered(listed)
    assert not_registered(listed.replace("heat2d_add_system(layering ", "heat2d_add_system(")) == ["layering"]

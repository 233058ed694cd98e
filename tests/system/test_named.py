"""What the documents name in backticks exists: functions, types, macros, files, options, and keys of the case file."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from heat2d_case import ROOT
from test_documents import DOCUMENTS, table_keys

# CHANGELOG.md names what an older version had.
READ = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]
SOURCE = r"\.(c|h|py|md|cmake|dict|html|sh|xml|in)$"  # files of the tree
WRITTEN = r"\.(json|csv|h5|xdmf|png|txt|yaml|sig|pem|svg|pdf|lock)$"  # files of the tree, of a run or of an example
# Names of other programs and libraries, by the prefixes that these reserve for themselves.
FOREIGN = re.compile(r"(MPI|PMPI|PETSC|HDF5|H5|ROMIO|SLURM|ASAN|LD|PKG|PYTHON|tl|cb|mg)_\w+$|(Petsc|Mat|Vec|KSP|PC|SNES|TS|DM)[A-Z]\w*$")
FOREIGN_OPTION = re.compile(r"-(ksp|pc|snes|ts|log|fp|mat|vec|mg|sub|options|malloc|DHYPRE|DMPI|DCMAKE)(_|$)")


def tree() -> list[Path]:
    skipped = ("build", "out", "__pycache__")
    return sorted(path for path in ROOT.glob("**/*") if path.is_file() and not any(
        part.startswith(skipped) or (part.startswith(".") and part not in (".cmake", ".ci"))
        for part in path.relative_to(ROOT).parts[:-1]))


def without_comments(text: str) -> str:
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)


TREE = [path for path in tree() if "corpus" not in path.parts]
PATHS = {path.relative_to(ROOT).as_posix() for path in tree()}
FOLDERS = {parent.as_posix() for path in PATHS for parent in Path(path).parents}
ROOMS = {Path(folder).name for folder in FOLDERS}
STEMS = {Path(path).name.partition(".")[0] for path in PATHS}
CODE = "\n".join(without_comments(path.read_text()) for path in TREE if re.search(r"\.(c|h)$", path.name))
PROGRAM = "\n".join(path.read_text() for path in TREE if re.search(r"\.(c|h)$", path.name) and ROOT / "tests" not in path.parents)
# All files that are not documents, without this one, whose examples name what does not exist.
TEXT = CODE + "\n".join(path.read_text(errors="ignore") for path in TREE if path != Path(__file__).resolve() and not re.search(
    r"\.(md|c|h|png|npz|h5)$", path.name))
CODE_WORDS = set(re.findall(r"\w+", CODE))
WORDS = set(re.findall(r"\w+", TEXT))
OPTIONS = set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", TEXT))
KEYS = set(table_keys())
SECTIONS = {key.partition(".")[0].partition("[")[0] for key in KEYS}


def pattern_of(name: str) -> str:
    """Return a pattern for a name in which capitals (NNNNNN, NAME, SIDE) stand for what differs."""
    return re.sub(r"(?<![A-Za-z])[A-Z]+(?![A-Za-z])", r".*", re.escape(name).replace(r"\*", ".*"))


def file_exists(name: str, home: Path) -> bool:
    """Return whether a path, from the top level or from the folder of the document or one above it, or a file's name, exists."""
    if (home / name).exists():
        return True
    expression = re.compile(rf"(.*/)?{re.escape(name)}$".replace(r"\*", "[^/]*"))
    return any(expression.fullmatch(path) for path in PATHS)


def key_exists(key: str) -> bool:
    """Return whether a path such as boundary.top[0].type is a key of the case file, or the beginning of one."""
    key = re.sub(r"\[\d*\]", "[]", key)
    key = re.sub(r"^boundary\.(left|right|bottom|top)(\[\])?", "boundary.<side>", key)
    key = re.sub(r"^(properties\.)(?!<)\w+", r"\1<property>", key)
    return any(re.fullmatch(re.sub(r"<\\?\w+>", r"[\\w<>]+", re.escape(known)), key) or known.startswith((key + ".", key + "["))
               for known in KEYS)


def word_exists(word: str, home: Path) -> bool:
    """Return whether a word of the text in backticks exists, or is none of the kinds that this test knows."""
    if word in (".c", ".h"):  # the source of the header named before
        return True
    if re.fullmatch(r"(HEAT_|Heat)\w*(\.\.\.)?(\(\))?", word):
        name = word.rstrip("()").removesuffix("...")
        if word.endswith(("...", "_")):  # the beginning of several names
            return any(known.startswith(name) for known in CODE_WORDS)
        return name in CODE_WORDS
    if re.fullmatch(r"--[a-z][\w-]*(=.*)?", word):
        return word.partition("=")[0] in OPTIONS
    if re.fullmatch(r"-[A-Za-z][\w-]*(_\.\.\.)?", word):
        name = word.removesuffix("...")
        return len(word) == 2 or bool(FOREIGN_OPTION.match(name)) or name in OPTIONS or name[1:] in WORDS \
            or (name.endswith("_") and any(option.startswith(name) for option in OPTIONS))
    if re.fullmatch(r"[\w.*/-]+", word) and re.search(SOURCE, word):
        return file_exists(word, home) or bool(re.search(r"\.(html|sh|xml)$", word) and re.search(pattern_of(Path(word).name), TEXT))
    if re.fullmatch(r"[\w.*/-]+", word) and re.search(WRITTEN, word):
        return file_exists(word, home) or bool(re.search(r"/", word)) or bool(re.search(pattern_of(Path(word).stem), TEXT))
    if re.fullmatch(r"(solver|io|app|tests|inputs|postprocess)/[\w/]+/?", word):
        return word.rstrip("/") in FOLDERS or any(re.fullmatch(rf"{word}\.\w+", path) for path in PATHS)
    if re.fullmatch(r"[a-z_]+/[a-z_]+", word) and word.partition("/")[0] in ROOMS:
        return any(re.search(rf"(^|/){word}(\.\w+|/|$)", path) for path in PATHS)
    if re.fullmatch(r"[a-z_]+(\[\d*\])?(\.[a-z_<>]+(\[\d*\])?)+", word):
        if re.match(r"\w+", word)[0] in SECTIONS:  # of the case file, or of results.json, whose keys are texts in the program
            return key_exists(word) or all(f'"{part}"' in PROGRAM for part in re.findall(r"\w+", word))
        return all(part in WORDS for part in re.findall(r"\w+", word))
    if re.fullmatch(r"(?=.*(_|[a-z][A-Z]))[A-Za-z]\w{2,}(\(\))?", word):  # a word without either is a name from elsewhere, such as a program's
        name = word.rstrip("()")
        return name in WORDS or name in STEMS or bool(FOREIGN.match(name)) or name.isupper() or bool(
            "_" in name and re.search(r"[A-Z]", name) and re.search(pattern_of(name.replace("_", "-")).replace(r"\-", "_"), TEXT))
    return True


def what_does_not_exist(text: str, home: Path) -> list[str]:
    """Return the words in backticks that do not exist.  A text of one word is a name; of a longer one, a command or a formula,
    only the options, the files and the names of heat2d are looked at."""
    text = re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)
    found = []
    for quoted in re.findall(r"`([^`\n]+)`", text):
        key = re.match(r"([a-z_]+(\[\d*\])?(\.[a-z_<>]+(\[\d*\])?)+)[:=] ?\S", quoted)
        words = [key[1]] if key else re.split(r"[\s,(){}|\[\]\"']+", quoted) if re.search(r"\s", quoted) else [quoted]
        for word in words:
            named = len(words) == 1 or re.match(r"--?[a-z]|Heat[A-Z]|HEAT_", word) or re.search(SOURCE, word)
            if named and not word_exists(word, home):
                found.append(quoted)
    return found


@pytest.mark.parametrize("document", READ, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_document_names_exists(document):
    missing = what_does_not_exist(document.read_text(), document.parent)
    assert not missing, f"{document.relative_to(ROOT)} names what does not exist: {missing}"


@pytest.mark.parametrize("text", ["HeatOperatorForget", "HEAT_ERR_WEATHER", "HeatFoo...", "--no-such-option", "heat2d run CASE --brek-halo 2",
                                  "-heat_no_option", "operater.h", "solver/physics/operator.h", "solver/weather", "base/weather", "python3 tests/benchmark/metrix.py",
                                  "boundary.top.valeu", "solver.tolerances: 1", "RowKernal", "const HeatRunStates *"])
def test_a_name_that_does_not_exist_is_noticed(text):
    assert what_does_not_exist(f"It calls `{text}`.", ROOT) == [text]


@pytest.mark.parametrize("text", ["HeatOperatorBring", "HEAT_ERR_INPUT", "--set grid.cells=[4096,4096]", "-ksp_monitor", "operator.h", "test_*.py",
                                  "boundary.top[0].type", "snapshot_NNNNNN.h5", "MPI_Fetch_and_op", "heat_SIDE_K", "RowKernel"])
def test_a_name_that_exists_is_accepted(text):
    assert not what_does_not_exist(f"It calls `{text}`.", ROOT)


# ---- What was measured ----------------------------------------------------------------------------------


def sections_without_origin(text: str) -> list[str]:
    """Return the sections that state no date of a measurement or no command or test by which it is repeated."""
    sections = re.findall(r"^## (.*)\n((?:(?!^## ).*\n?)*)", text, re.M)
    return [title for title, body in sections
            if not re.search(r"\b20\d\d-\d\d-\d\d\b", body) or not re.search(r"`(python3|mpiexec|HEAT2D|cmake|build/|tests/|\./bootstrap|[\w/]*bench)", body)]


MEASURED = (ROOT / "solver" / "MEASURED.md").read_text()


def test_each_measured_section_has_its_date_and_its_command():
    assert MEASURED.count("\n## ") > 10 and not sections_without_origin(MEASURED)


def test_a_measured_section_without_a_date_is_noticed():
    assert sections_without_origin(MEASURED + "\n## Weather\n\nIt was fast, by `python3 tests/x.py`.\n") == ["Weather"]


# ---- The equations of solver/README.md ------------------------------------------------------------------


def equations(paper: str) -> list[str]:
    """Return the numbers of the equations that the paper displays, in their order."""
    return re.findall(r"^ {4}\((\d+[a-z]?)\) ", paper, re.M)


def equations_named(text: str) -> set[str]:
    """Return the numbers of equations of solver/README.md that a text names: eq. (3), eqs. (2) to (7), equations (8) and (9).  Those of
    a publication follow its name and year."""
    text = re.sub(r"\b(19|20)\d\d\) \d+, eq\. \(\d+\)-\(\d+\)", "", re.sub(r"\s*\n\s*\*?\s*", " ", text))
    lists = re.findall(r"\b(?:[Ee]qs?\.|[Ee]quations?) (\(\d+[a-z]?\)(?:(?:,| and| to|-|, and) ?\(\d+[a-z]?\))*)", text)
    return {number for one in lists for number in re.findall(r"\d+[a-z]?", one)}


PAPER = (ROOT / "solver" / "README.md").read_text()


def test_each_equation_has_a_number_of_its_own():
    numbers = equations(PAPER)
    assert len(numbers) == len(set(numbers)) > 20 and numbers[0] == "1"
    whole = [int(number) for number in numbers if number.isdigit()]
    assert whole == list(range(1, len(whole) + 1)), f"the order of the equations: {whole}"


@pytest.mark.parametrize("path", [path for path in TREE if re.search(r"\.(c|h|md)$", path.name) and re.search(r"\beq|Eq", path.read_text())],
                         ids=lambda path: path.relative_to(ROOT).as_posix())
def test_equations_that_are_named_exist(path):
    unknown = equations_named(path.read_text()) - set(equations(PAPER))
    assert not unknown, f"{path.relative_to(ROOT)} names equations that solver/README.md does not have: {sorted(unknown)}"


@pytest.mark.parametrize("text", ["see eq. (3c)", "eqs. (2) to (77)", "equations (8)\n *  and (19) of the paper"])
def test_an_equation_that_does_not_exist_is_noticed(text):
    assert equations_named(text) - set(equations(PAPER))


def test_an_equation_that_is_numbered_twice_is_noticed():
    numbers = equations(PAPER + "\n    (7)   x = y\n")
    assert len(numbers) == len(set(numbers)) + 1

"""The documents agree with the program: keys, options, exit codes, commands, cases and links."""
from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from heat2d_case import HEAT2D, MPIEXEC, ROOT, command, environment, execute, run
from nodes import skip_without_mpich

README = ROOT / "README.md"
INPUTS = ROOT / "inputs"
CASES = sorted(INPUTS.glob("*.yaml"))
DOCUMENTS = sorted(path for path in ROOT.glob("**/*.md")
                   if not any(part.startswith(("build", "out", ".")) for part in path.relative_to(ROOT).parts))


@pytest.fixture(scope="module")
def help_text(tmp_path_factory) -> str:
    done = execute(command(None, 1, ("--help",)), tmp_path_factory.mktemp("help"))
    assert done.returncode == 0, done.stderr
    return done.stdout


def help_keys(text: str) -> dict[str, tuple[str, str, str]]:
    """Return key: (values, default, meaning) from the list at the end of --help."""
    lines = text[text.index("keys of the case file"):].splitlines()[1:]
    keys = {}
    for key, values, meaning in zip(lines[0::3], lines[1::3], lines[2::3]):
        match = re.fullmatch(r" {6}(.*)  \[(.*)\]", values)
        assert key.startswith("  ") and match, f"unexpected lines in --help: {key!r}, {values!r}"
        keys[key.strip()] = (match[1], match[2], meaning.strip())
    return keys


def table_keys() -> dict[str, tuple[str, str, str]]:
    rows = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*?) \| (.*?) \|$", (INPUTS / "README.md").read_text(), re.M)
    return {key: (values, default, meaning) for key, values, default, meaning in rows}


def test_every_key_of_help_is_in_the_table(help_text):
    missing = sorted(set(help_keys(help_text)) - set(table_keys()))
    assert not missing, f"not in inputs/README.md: {missing}"


def test_every_key_of_the_table_is_in_help(help_text):
    unknown = sorted(set(table_keys()) - set(help_keys(help_text)))
    assert not unknown, f"in inputs/README.md, but unknown to the program: {unknown}"


def plain(text: str) -> str:
    """Return the text as the table has it: a bar would end a column, so the document writes `or` and `abs()`."""
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text) if text.count("|") % 2 == 0 and "<=" in text else text
    return re.sub(r"\s*\|\s*", " or ", text)


def test_values_defaults_and_meanings_of_the_table_are_those_of_help(help_text):
    table = table_keys()
    for key, words in help_keys(help_text).items():
        if key in table:
            assert tuple(plain(word) for word in words) == table[key], f"{key}: --help and inputs/README.md differ"


def test_every_key_of_the_cases_is_in_the_table():
    known = set(table_keys())

    def walk(node, path):
        if path in known or any(key.startswith(path + "<") for key in known if path):
            return
        if isinstance(node, dict):
            for key, value in node.items():
                step = {"boundary": "<side>", "properties": "<property>"}.get(path, str(key))
                walk(value, f"{path}.{step}" if path else step)
        elif isinstance(node, list):
            for value in node:  # segments have the keys of a side
                walk(value, path if path == "boundary.<side>" else f"{path}[]")
        else:
            pytest.fail(f"{case.name}: {path} is not in inputs/README.md")

    for case in CASES:
        walk(yaml.safe_load(case.read_text()), "")


def test_cases_are_listed():
    text = (INPUTS / "README.md").read_text()
    missing = [case.name for case in CASES if f"]({case.name})" not in text]
    assert not missing, f"inputs/README.md does not mention {missing}"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case_is_accepted(tmp_path, case):
    done = execute(command(case, 1, ("--show", "title")), tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == yaml.safe_load(case.read_text())["title"]
    assert not list(tmp_path.iterdir()), "--show wrote something"


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case_runs_on_a_tiny_grid(tmp_path, case):
    content = yaml.safe_load(case.read_text())
    args = ["--quiet", "--set", "grid.cells=[20,20]", "--set", "solver.empty_regions=allow"]  # thin layers vanish
    if "step" in content["time"]:
        args += ["--set", f"time.end={2 * content['time']['step']}"]
    outcome = run(tmp_path, case, *args, ranks=2)
    # The checks are meant for the whole run; on a tiny grid they may fail (code 5).
    assert outcome.code in (0, 5), f"exit code {outcome.code}\n{outcome.err}"
    energy = outcome.results["energy"]["balance_error_relative"]
    assert abs(energy) < 1e-8, f"energy balance {energy}"


# ---- README.md ------------------------------------------------------------------------------------------


def marked_blocks(path: Path) -> list[str]:
    """Return the sh blocks that have <!-- tested --> on the line before."""
    return re.findall(r"^<!-- tested -->\n```sh\n(.*?)^```", path.read_text(), re.M | re.S)


def copy_for_reader(tmp_path) -> Path:
    """Make the repository as a reader has it after the build, without output folders, and return its path."""
    for path in ROOT.iterdir():
        if not path.name.startswith((".", "build", "out")):
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "heat2d").symlink_to(HEAT2D)
    (tmp_path / "bin").mkdir()
    for name, words in (("mpiexec", MPIEXEC), ("python3", [sys.executable])):
        script = tmp_path / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        script.chmod(0o755)
    return tmp_path


def test_the_environment_of_spack_has_every_library():
    """The file spack.yaml in README.md has what the configuration asks for, by the names of Spack in its messages."""
    text = re.search(r"^```yaml\n(spack:\n.*?)^```", README.read_text(), re.M | re.S)[1]
    specs = [re.match("[a-z0-9-]+", spec)[0] for spec in yaml.safe_load(text)["spack"]["specs"]]
    cmake = (ROOT / ".cmake" / "Heat2dDependencies.cmake").read_text()
    needed = re.findall(r"heat2d_(?:module|missing)\(.* ([a-z][a-z0-9-]+)(?:\+mpi)?\)", cmake)
    assert len(needed) >= 10 and sorted(specs) == sorted({*needed, "cmake", "pkgconf"})


def test_readme_has_tested_commands():
    assert marked_blocks(README), "README.md marks no command with <!-- tested -->"


@pytest.mark.parametrize("document", [path for path in DOCUMENTS if marked_blocks(path)],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_tested_commands_work_in_order(tmp_path, document):
    """The commands run from top to bottom in one folder, as a reader runs them."""
    home = copy_for_reader(tmp_path)
    env = environment(2)
    env["PATH"] = os.pathsep.join([str(home / "bin"), str(home / "build"), env["PATH"]])
    for block in marked_blocks(document):
        if "nodes.py" in block:
            skip_without_mpich()
        done = subprocess.run(["timeout", "-k", "5", "180", "sh", "-e", "-c", block], cwd=home, env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode == 77:
            pytest.skip(done.stderr.strip())  # the machine does not permit nodes
        assert done.returncode == 0, f"exit code {done.returncode} of:\n{block}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text())
    dead = [link for link in links if "://" not in link and not (document.parent / link).exists()]
    assert not dead, f"{document.relative_to(ROOT)}: {dead}"


def documented_cases() -> list:
    found = []
    for document in (README, INPUTS / "README.md"):
        for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", document.read_text(), re.M | re.S)):
            if re.search(r"^grid:", block, re.M):
                found.append(pytest.param(block, id=f"{document.relative_to(ROOT)}-{number}"))
    return found


@pytest.mark.parametrize("text", documented_cases())
def test_documented_case_is_accepted(tmp_path, text):
    outcome = run(tmp_path, text, "--show", "grid.cells")
    assert outcome.code == 0, f"{outcome.err}\n{text}"


def test_options_of_help_are_those_of_readme(help_text):
    ours = set(re.findall(r"^  (--[a-z-]+)", help_text, re.M)) | {"--version"}
    named = set(re.findall(r"`(--[a-z-]+)", README.read_text())) | set(re.findall(r", `(--[a-z-]+)", README.read_text()))
    assert ours <= named, f"README.md does not name {sorted(ours - named)}"


def test_exit_codes_of_help_are_those_of_readme(help_text):
    section = help_text[help_text.index("exit codes"):help_text.index("keys of the case file")]
    ours = {int(code) for code in re.findall(r"(?:^|  )(\d+) [a-z]", section, re.M)}
    named = {int(code) for code in re.findall(r"^\| (\d+) \|", README.read_text(), re.M)}
    assert ours == named == {0, 2, 3, 4, 5, 70, 75, 76}, f"--help {sorted(ours)}, README.md {sorted(named)}"


def test_version_of_the_program_is_that_of_the_build(tmp_path):
    done = execute(command(None, 2, ("--version",)), tmp_path)
    version = re.search(r"project\(heat2d VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert done.returncode == 0 and done.stdout.startswith(f"heat2d {version} "), done.stdout
    assert len(done.stdout.splitlines()) == 1, "printed by each rank"


def test_files_named_in_where_to_change_what_exist():
    text = (ROOT / "app" / "CHANGING.md").read_text()
    named = set(re.findall(r"`([\w./-]+/[\w.-]+\.(?:[ch]|py|md|dict))`", text))
    missing = sorted(name for name in named if not (ROOT / name).is_file())
    assert len(named) > 40 and not missing, f"app/CHANGING.md names files that do not exist: {missing}"

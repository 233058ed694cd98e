"""A missing package, an unreadable file, an unfinished run: one line, never a traceback."""
from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from postprocess.tests import synthetic

ROOT = Path(__file__).resolve().parents[2]


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT,
                          capture_output=True, text=True, timeout=60, check=False)


WITHOUT = """
import sys
sys.path.insert(0, ".")
for name in sys.argv[1].split(","):
    sys.modules[name] = None
from postprocess.__main__ import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("missing, arguments", [
    ("numpy", ["plot", "DIR"]), ("numpy", ["info", "DIR"]), ("numpy", ["compare", "DIR", "DIR"]),
    ("h5py", ["plot", "DIR"]), ("h5py", ["info", "DIR"]), ("h5py", ["compare", "DIR", "DIR"]),
    ("matplotlib", ["plot", "DIR"]), ("contourpy", ["plot", "DIR"]),
    ("rich", ["study", "x.yaml"]), ("rich", ["compare-studies", "DIR", "DIR"]),
    ("jinja2", ["report", "DIR"]), ("matplotlib", ["report", "DIR"]),
    ("numpy,h5py", ["info", "DIR"]), ("numpy,h5py,matplotlib", ["plot", "DIR"])])
def test_missing_package_is_one_line_that_says_what_to_install(one, missing, arguments):
    before = sorted(os.listdir(one))
    done = run_python(WITHOUT, missing, *[one if a == "DIR" else a for a in arguments])
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert done.stderr.startswith("postprocess: error: ")
    for name in missing.split(","):
        assert f"no {name}" in done.stderr and f"python3-{name}" in done.stderr
    assert "pip install " + missing.replace(",", " ") in done.stderr
    assert sorted(os.listdir(one)) == before


def test_package_with_another_name_for_pip_is_named_right(one):
    done = run_python(WITHOUT, "yaml", "study", "x.yaml")
    assert done.returncode == 2 and "python3-yaml" in done.stderr
    assert "pip install PyYAML" in done.stderr


@pytest.mark.parametrize("command", ["study", "report", "compare-studies"])
def test_commands_about_records_need_no_h5py(tmp_path, command):
    done = run_python(WITHOUT, "h5py", command, "none", *["none"] * (command == "compare-studies"))
    assert done.returncode == 4 and "no such" in done.stderr and "h5py" not in done.stderr


@pytest.mark.parametrize("command", [["info"], ["compare"]])
def test_command_without_pictures_needs_no_matplotlib(one, command):
    done = run_python(WITHOUT, "matplotlib", *command, *[one] * (1 + (command == ["compare"])))
    assert (done.returncode, done.stderr) == (0, "")


def test_help_needs_no_package():
    done = run_python(WITHOUT, "numpy,h5py,matplotlib", "--help")
    assert done.returncode == 0 and "usage: python3 -m postprocess" in done.stdout


@pytest.mark.parametrize("body, message", [
    ("raise ImportError('\\n\\nlibhdf5.so.103: no such file\\nmore lines')",
     "h5py cannot be loaded (libhdf5.so.103: no such file)"),
    ("raise ValueError('numpy.dtype size changed, may indicate binary incompatibility')",
     "h5py cannot be loaded (numpy.dtype size changed"),
    ("import nowhere_to_be_found", "has no nowhere_to_be_found")])
def test_broken_package_is_one_line_with_its_reason(one, tmp_path, body, message):
    (tmp_path / "h5py.py").write_text(body + "\n")
    code = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n" + WITHOUT
    done = run_python(code, "nothing", "info", one)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and message in done.stderr


def test_old_matplotlib_is_refused_with_the_version_that_works(one, tmp_path):
    (tmp_path / "matplotlib.py").write_text("__version__ = '3.3.4'\n")
    code = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\n" + WITHOUT
    done = run_python(code, "nothing", "plot", one)
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "matplotlib is version 3.3.4, it must be 3.6 or newer" in done.stderr


# ---- files


def damage(directory: Path, kind: str) -> None:
    """Damage the output directory in one way."""
    snapshot = sorted(directory.glob("snapshot_*.h5"))[-1]
    if kind == "truncated":
        snapshot.write_bytes(snapshot.read_bytes()[:3000])
    elif kind == "empty file":
        snapshot.write_bytes(b"")
    elif kind == "text":
        snapshot.write_text("no HDF5\n" * 100)
    elif kind == "pipe":
        snapshot.unlink()
        os.mkfifo(snapshot)
    elif kind == "directory":
        snapshot.unlink()
        snapshot.mkdir()
    elif kind == "dead link":
        snapshot.unlink()
        snapshot.symlink_to("nowhere.h5")
    elif kind == "external link":
        with h5py.File(snapshot, "a") as file:
            del file["temperature"]
            file["temperature"] = h5py.ExternalLink("/etc/other.h5", "/x")
    elif kind == "soft link":
        with h5py.File(snapshot, "a") as file:
            file.move("temperature", "elsewhere")
            file["temperature"] = h5py.SoftLink("/elsewhere")
    elif kind == "external storage":
        with h5py.File(snapshot, "a") as file:
            del file["temperature"]
            file.create_dataset("temperature", (10, 20), "f8",
                                external=[("/etc/passwd", 0, 1600)])


KINDS = {"truncated": "the file is truncated", "empty file": "not an HDF5 file",
         "text": "not an HDF5 file", "pipe": "not a regular file",
         "directory": "not a regular file",
         "dead link": "no such file", "external link": "/temperature is a link",
         "soft link": "/temperature is a link",
         "external storage": "/temperature is stored in another file"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["plot", "info", "compare"])
def test_damaged_snapshot_is_one_line_and_code_4(one, command, name, kind):
    damage(one, kind)
    before = sorted(os.listdir(one))
    outcome = command(name, *[one] * (1 + (name == "compare")))
    assert outcome.code == 4 and outcome.out == "" and sorted(os.listdir(one)) == before
    assert outcome.err.startswith("postprocess: error: ") and outcome.err.count("\n") == 1
    assert "snapshot_000020.h5" in outcome.err and KINDS[kind] in outcome.err


@pytest.mark.parametrize("name", ["history.csv", "probes.csv", "profile_a.csv", "results.json"])
@pytest.mark.parametrize("content", [b"\xff\xfe\x00binary", b'"', b"{", b"a,b\n1\n", b"a,a\n1,2\n"])
def test_damaged_table_or_record_is_one_line(full, command, name, content):
    (full / name).write_bytes(content)
    outcome = command("plot", full, "--dpi", 50)
    assert "Traceback" not in outcome.err and outcome.err.count("\n") <= 1
    assert outcome.code in (0, 4) and (outcome.code == 4) == (outcome.err != "")


@pytest.mark.parametrize("name", ["history.csv", "probes.csv", "profile_a.csv", "results.json"])
def test_pipe_in_place_of_a_table_does_not_hang(full, command, name):
    if (full / name).exists():
        (full / name).unlink()
    os.mkfifo(full / name)
    outcome = command("plot", full, "--dpi", 50)
    assert outcome.code == 4 and f"{name}: not a regular file" in outcome.err


@pytest.mark.parametrize("arguments", [["plot", "DIR"], ["info", "DIR"], ["compare", "DIR", "DIR"],
                                       ["plot", "DIR", "--step", "all"],
                                       ["plot", "DIR", "--step", "series"]])
def test_empty_output_directory_is_one_line_and_code_4(tmp_path, command, arguments):
    outcome = command(*[tmp_path if a == "DIR" else a for a in arguments])
    assert outcome.code == 4 and outcome.err.count("\n") == 1
    assert outcome.out == "" and os.listdir(tmp_path) == []


@pytest.mark.parametrize("arguments", [["plot"], ["info"], ["compare", "DIR"]])
def test_file_in_place_of_a_directory_is_one_line(one, command, arguments):
    file = one / "snapshot_000020.h5"
    name = arguments[0]
    outcome = command(name, file, *([one] if name == "compare" else []))
    assert outcome.code == (0 if name == "compare" else 4) and outcome.err.count("\n") <= 1


# ---- a run in progress


def test_run_without_snapshots_yet_is_drawn_from_its_tables(tmp_path, command):
    synthetic.write_history(tmp_path, np.arange(5.0))
    synthetic.write_profile(tmp_path, "wall", {0: 0.0})
    outcome = command("plot", tmp_path, "--dpi", 50)
    assert (outcome.code, outcome.files) == (0, ["history.png", "profile_wall.png"])
    assert "no snapshot_NNNNNN.h5 yet" in outcome.err and outcome.err.count("\n") == 1


def test_run_that_is_still_writing_is_drawn(full, command):
    (full / "results.json").unlink()
    (full / ".snapshot_000030.h5.part").write_bytes(b"half a file")
    with open(full / "history.csv", "a") as file:
        file.write("21,21.0,1,5")
    outcome = command("plot", full, "--dpi", 50)
    assert (outcome.code, outcome.err) == (0, "")


@pytest.mark.parametrize("field", ["temperature", "heat_flux", "heat_flux_x", "conductivity"])
@pytest.mark.parametrize("step", ["last", "all", "series"])
def test_field_without_a_finite_value_is_drawn_and_says_so(tmp_path, command, field, step):
    nothing = np.full((10, 20), np.nan)
    names = ("temperature", "conductivity_x", "conductivity_y", "heat_flux_x", "heat_flux_y")
    for number in (0, 1):
        synthetic.write_snapshot(tmp_path, number, float(number), {n: nothing for n in names})
    outcome = command("plot", tmp_path, "--field", field, "--step", step, "--dpi", 50)
    assert (outcome.code, outcome.err) == (0, "")


def test_picture_of_a_planted_link_replaces_the_link(one, tmp_path, command):
    target = tmp_path / "precious"
    target.write_text("precious")
    (one / "temperature.png").symlink_to(target)
    assert command("plot", one, "--dpi", 50).code == 0
    assert target.read_text() == "precious" and not (one / "temperature.png").is_symlink()


def test_failed_write_leaves_nothing_behind(one, command):
    (one / "temperature.png").mkdir()
    outcome = command("plot", one, "--dpi", 50)
    assert outcome.code == 4 and "temperature.png: cannot be written" in outcome.err
    assert sorted(os.listdir(one)) == ["snapshot_000020.h5", "temperature.png"]


def test_deeply_nested_record_is_one_line(one, command):
    (one / "results.json").write_text("[" * 100_000)
    outcome = command("info", one)
    assert outcome.code == 4 and "results.json: not JSON" in outcome.err
    (one / "results.json").write_text(json.dumps([1]))
    assert "not a record of heat2d" in command("info", one).err


def test_each_file_imports_only_files_before_it_in_the_readme():
    """The order of the table is the order of the layers; a file that it does not list fails too."""
    folder = ROOT / "postprocess"
    table = (folder / "README.md").read_text().split("## Files")[1]
    order = re.findall(r"`([\w/]+)\.py`", "".join(re.findall(r"^\| (`.*?) \|", table, re.M)))
    files = [p.relative_to(folder) for p in folder.rglob("*.py")]
    assert sorted(order) == sorted(str(p.with_suffix("")) for p in files
                                   if p.name != "__init__.py" and p.parts[0] != "tests")
    for k, name in enumerate(order):
        tree = ast.parse((folder / f"{name}.py").read_text())
        here = name.split("/")[:-1]
        used = set()
        for node in (n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level):
            parent = here[:len(here) + 1 - node.level]
            modules = [node.module] if node.module else [a.name for a in node.names]
            used |= {"/".join([*parent, *m.split(".")]) for m in modules}
        assert used <= set(order[:k]), (name, used - set(order[:k]))

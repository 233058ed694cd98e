"""The command line of ./bootstrap, as far as it needs neither a network nor root."""
import os
import subprocess

import pytest
from heat2d_case import ROOT

BOOTSTRAP = str(ROOT / "bootstrap")


def bootstrap(*args: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run([BOOTSTRAP, *args], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, **env}, stdin=subprocess.DEVNULL)


def test_help_names_every_command_and_option():
    text = bootstrap("--help").stdout
    for word in ("run", "test", "build", "deps", "--mpi", "--ranks", "--preset", "--portable", "PETSC_DIR",
                 "test -L slow"):
        assert word in text


def test_the_slow_tests_are_left_out_unless_something_is_chosen():
    """The `test` branch of the script is run with ctest and everything before it replaced."""
    script = (ROOT / "bootstrap").read_text()
    branch = script[script.index("\n  test)\n") + len("\n  test)\n"):].split(";;")[0]
    stub = 'set -eu\nbuild_dir=b\nprepare() { :; }\nbuild_heat2d() { :; }\nsay() { :; }\nfinish() { :; }\nctest() { echo "$@"; }\n'
    for args, chosen in (((), "-LE slow"), (("-L", "slow"), "-L slow"), (("-R", "restart"), "-R restart")):
        done = subprocess.run(["sh", "-c", stub + branch, "sh", *args], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == f"--test-dir b --output-on-failure --no-tests=error {chosen}"


@pytest.mark.parametrize("args, words", [
    ((), "usage"),
    (("dance",), "unknown command 'dance'"),
    (("--mpi", "lam", "build"), "--mpi is 'lam'"),
    (("--mpi",), "--mpi needs a value"),
    (("--ranks", "two", "run"), "--ranks is 'two'"),
    (("--preset", "fast", "build"), "--preset is 'fast'"),
    (("--frobnicate", "build"), "unknown option --frobnicate"),
])
def test_a_wrong_command_line_is_refused_with_a_message(args, words):
    done = bootstrap(*args)
    assert done.returncode == 1
    assert words in done.stderr


def test_a_petsc_dir_that_does_not_exist_is_refused(tmp_path):
    done = bootstrap("deps", PETSC_DIR=str(tmp_path / "none"), HEAT2D_CACHE=str(tmp_path))
    assert done.returncode == 1
    assert "does not exist" in done.stderr


def test_a_petsc_of_another_mpi_is_refused(tmp_path):
    include, pkgconfig = tmp_path / "include", tmp_path / "lib" / "pkgconfig"
    include.mkdir()
    pkgconfig.mkdir(parents=True)
    (include / "petscconf.h").write_text("#define PETSC_HAVE_OMPI_MAJOR_VERSION 4\n")
    (pkgconfig / "PETSc.pc").write_text(f"Name: PETSc\nDescription: d\nVersion: 3.18.5\nCflags: -I{include}\nLibs:\n")
    done = bootstrap("deps", PETSC_DIR=str(tmp_path), PETSC_ARCH="", HEAT2D_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 1
    assert "built for openmpi, not mpich" in done.stdout
    assert "not built with mpich" in done.stderr


def test_the_script_is_plain_posix_shell():
    assert subprocess.run(["sh", "-n", BOOTSTRAP], check=False).returncode == 0

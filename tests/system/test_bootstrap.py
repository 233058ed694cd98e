"""The command line of ./bootstrap, as far as it needs neither a network nor root."""
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from heat2d_case import ROOT

BOOTSTRAP = str(ROOT / "bootstrap")
BUILD = Path(os.environ.get("HEAT2D_BUILD", str(ROOT / "build")))


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


def no_packages(folder: Path) -> dict[str, str]:
    """A user who is not root on a system with apt-get where sudo refuses and no package is installed: the variables of the environment."""
    programs = {"id": "echo 1000", "dpkg-query": "exit 1", "apt-get": "echo apt-get called >&2; exit 9", "sudo": "exit 1"}
    folder.mkdir()
    for name, line in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "HEAT2D_CACHE": str(folder / "cache")}


def test_a_petsc_dir_that_does_not_exist_is_refused(tmp_path):
    done = bootstrap("deps", **no_packages(tmp_path / "bin"), PETSC_DIR=str(tmp_path / "none"))
    assert done.returncode == 1
    assert "does not exist" in done.stderr


def petsc_of(folder: Path, macro: str) -> None:
    """Make a folder look like a PETSc whose configuration has a macro of its MPI."""
    include, pkgconfig = folder / "include", folder / "lib" / "pkgconfig"
    include.mkdir()
    pkgconfig.mkdir(parents=True)
    (include / "petscconf.h").write_text(f"#define {macro} 4\n")
    (pkgconfig / "PETSc.pc").write_text(f"Name: PETSc\nDescription: d\nVersion: 3.18.5\nCflags: -I{include}\nLibs:\n")


def test_a_petsc_of_another_mpi_is_refused(tmp_path):
    petsc_of(tmp_path, "PETSC_HAVE_OMPI_MAJOR_VERSION")
    done = bootstrap("deps", **no_packages(tmp_path / "bin"), PETSC_DIR=str(tmp_path), PETSC_ARCH="")
    assert done.returncode == 1
    assert "built for openmpi, not mpich" in done.stdout
    assert "not built with mpich" in done.stderr


def test_missing_packages_are_named_to_a_user_without_root(tmp_path):
    done = bootstrap("build", **no_packages(tmp_path / "bin"), PETSC_DIR="", PKG_CONFIG_PATH="")
    assert done.returncode == 1
    assert "apt-get called" not in done.stderr
    assert re.search(r"ask the administrator for:\n  apt-get install .*libfyaml-dev .*libhdf5-mpich-dev", done.stderr)
    assert "or load modules" in done.stderr


def test_modules_with_a_petsc_take_the_place_of_packages(tmp_path):
    petsc_of(tmp_path, "PETSC_HAVE_MPICH_NUMVERSION")
    done = bootstrap("deps", **no_packages(tmp_path / "bin"), PETSC_DIR=str(tmp_path), PETSC_ARCH="")
    assert done.returncode == 0, done.stderr
    assert "modules or folders of yours must have what is in them: gcc" in done.stdout
    assert f"PETSc: PETSC_DIR ({tmp_path})" in done.stdout


def test_one_message_names_every_library_that_is_missing(tmp_path):
    """The configuration with no pkg-config module, no header and no HDF5 in reach."""
    done = subprocess.run(
        ["cmake", "-S", str(ROOT), "-B", str(tmp_path / "build"), "-DHEAT2D_TESTS=OFF", "-DCMAKE_DISABLE_FIND_PACKAGE_HDF5=ON",
         "-DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON", "-DCMAKE_FIND_ROOT_PATH=/none", "-DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY",
         f"-DMPI_C_COMPILER={shutil.which('mpicc.mpich') or 'mpicc'}"],
        env={**os.environ, "PKG_CONFIG_LIBDIR": "/none", "PKG_CONFIG_PATH": "", "PETSC_DIR": ""}, capture_output=True, text=True, timeout=120, check=False)
    text = " ".join(done.stderr.split())
    assert done.returncode == 1
    assert text.count("CMake Error") == 1, done.stderr
    for words in ("PETSc: no pkg-config module PETSc>=3.18", "libfyaml: no", "cJSON: no", "libcrypto: no", "muParser: no", "hwloc: no",
                  "Random123: no header", "zlib: no", "parallel HDF5: no", "add PREFIX/lib/pkgconfig to PKG_CONFIG_PATH"):
        assert words in text, words


def test_the_program_is_configured_without_cmocka(tmp_path):
    """As by CMake alone on a cluster: the tests are left out."""
    petsc = re.search(r"^HEAT2D_PETSC_PKGCONFIG:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)[1]
    hdf5 = re.search(r"^HDF5_ROOT:\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
    done = subprocess.run(
        ["cmake", "-S", str(ROOT), "-B", str(tmp_path / "build"), "-DCMOCKA_LIBRARY=", f"-DHEAT2D_PETSC_PKGCONFIG={petsc}",
         *([f"-DHDF5_ROOT={hdf5[1]}"] if hdf5 else []), f"-DMPI_C_COMPILER={shutil.which('mpicc.mpich') or 'mpicc'}"],
        capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "cmocka was not found: the tests are not built" in done.stdout
    assert not (tmp_path / "build" / "tests").exists()


def test_the_script_is_plain_posix_shell():
    assert subprocess.run(["sh", "-n", BOOTSTRAP], check=False).returncode == 0


# ---- the compiler of PETSc's files --------------------------------------------------------------------------

HEADERS = ("petsc/private/sfimpl.h", "petsc/private/matimpl.h", "petsc/private/dmdaimpl.h", "petsc/private/dmpleximpl.h",
           "petsc/private/pcimpl.h", "petsc/private/kspimpl.h", "petsc/private/snesimpl.h", "petsc/private/tsimpl.h", "petscblaslapack.h")


class Compiler:
    """The script that bootstrap writes to compile PETSc, with a compiler below it that records its command lines."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder / "log"
        function = re.search(r"^petsc_compiler\(\) \{.*?^\}", Path(BOOTSTRAP).read_text(), re.M | re.S).group()
        subprocess.run(["sh", "-ec", function + '\npetsc_compiler "$1"', "sh", str(folder / "own")], check=True)
        for header in HEADERS:
            (folder / "include" / header).parent.mkdir(parents=True, exist_ok=True)
            (folder / "include" / header).write_text("#define SHARED_BY_ALL 1\n" if header == "petsc/private/sfimpl.h" else "")
        (folder / "cc").write_text(f'#!/bin/sh\necho "$*" >>"{self.log}"\nexec gcc "$@"\n')
        (folder / "cc").chmod(0o755)

    def compile(self, source: str, text: str = "int x;\n") -> subprocess.CompletedProcess:
        """Compile a source of PETSc that has this text.  The log then has the command lines of this source alone."""
        path = self.folder / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.log.unlink(missing_ok=True)
        done = subprocess.run([str(self.folder / "own" / "cc"), "-c", "-fPIC", "-O3", f"-I{self.folder}/include", "-MMD", "-MP", str(path), "-o",
                               str(path.with_suffix(".o"))], env={**os.environ, "PETSC_MPICC": str(self.folder / "cc")},
                              capture_output=True, text=True, timeout=60, check=False)
        return done

    def commands(self) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if "c-header" not in line]


@pytest.fixture
def compiler(tmp_path):
    if not shutil.which("gcc"):
        pytest.skip("gcc is not installed")
    return Compiler(tmp_path)


@pytest.mark.parametrize("source,level", [("src/vec/vec/impls/seq/bvec2.c", "-O3"), ("src/mat/impls/aij/seq/aij.c", "-O3"),
                                          ("src/ksp/ksp/interface/itfunc.c", "-O1"), ("src/dm/impls/da/da1.c", "-O1"),
                                          ("src/dm/impls/plex/plex.c", "-O0"), ("src/tao/interface/taosolver.c", "-O0")])
def test_a_file_of_petsc_is_optimised_as_far_as_heat2d_needs_it(compiler, source, level):
    assert compiler.compile(source).returncode == 0
    command, = compiler.commands()
    assert [word for word in command.split() if word.startswith("-O")][-1] == level and "-include" in command
    assert (compiler.folder / source).with_suffix(".o").exists()


def test_the_headers_are_compiled_once_for_all_files_of_a_level(compiler):
    for name in ("a.c", "b.c"):
        assert compiler.compile(f"src/snes/{name}", "int x[SHARED_BY_ALL];\n").returncode == 0
    assert "c-header" not in compiler.log.read_text()


def test_a_file_that_cannot_use_the_compiled_headers_is_compiled_without(compiler):
    assert compiler.compile("src/snes/own.c", "int SHARED_BY_ALL;\n").returncode == 0
    first, second = compiler.commands()
    assert "-include" in first and "-include" not in second


def test_a_file_that_asks_for_extensions_before_its_first_header_gets_them(compiler):
    """The compiled headers are read before the file, so that the system's headers would already be without extensions."""
    (compiler.folder / "include" / "petsc" / "private" / "sfimpl.h").write_text("#include <fenv.h>\n")
    text = " # define _GNU_SOURCE /* for feenableexcept */\n#include <fenv.h>\nint x = FE_NOMASK_ENV != 0;\n"
    assert compiler.compile("src/sys/error/fp.c", text).returncode == 0
    command, = compiler.commands()
    assert "-include" not in command
    assert compiler.compile("src/sys/error/err.c", "#include <fenv.h>\n#define LATER 1\nint x;\n").returncode == 0
    command, = compiler.commands()
    assert "-include" in command


def test_a_file_is_compiled_where_the_headers_are_not_those_of_petsc_3_18(compiler):
    (compiler.folder / "include" / "petsc" / "private" / "sfimpl.h").unlink()
    assert compiler.compile("src/snes/a.c").returncode == 0
    assert compiler.compile("src/snes/b.c").returncode == 0
    command, = compiler.commands()
    assert "-include" not in command


def test_an_error_of_a_file_is_shown(compiler):
    done = compiler.compile("src/snes/wrong.c", "int f(void) { return undeclared; }\n")
    assert done.returncode != 0 and "undeclared" in done.stderr

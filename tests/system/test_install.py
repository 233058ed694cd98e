"""`cmake --install`, and a ten-line program that uses the exported package."""
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from heat2d_case import ROOT, basic_case, execute, write_case, MPIEXEC

BUILD = os.environ.get("HEAT2D_BUILD", str(ROOT / "build"))
CMAKE = os.environ.get("HEAT2D_CMAKE", "cmake")

CONSUMER = """
#include <solver/grid/grid.h>
int main(void)
{
  const PetscBool periodic[2] = {PETSC_FALSE, PETSC_FALSE};
  PetscInt        px, py, node_px, node_py;

  HeatGridChooseProcesses(1000, 100, periodic, 8, 0, &px, &py, &node_px, &node_py);
  return px == 8 && py == 1 ? 0 : 1; /* strips across the long side: 700 cells in halos, the fewest */
}
"""
LISTS = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES C)
find_package(heat2d REQUIRED)
add_executable(consumer consumer.c)
target_link_libraries(consumer PRIVATE heat2d::solver)
"""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("prefix")
    subprocess.run([CMAKE, "--install", BUILD, "--prefix", str(path)], check=True, capture_output=True)
    return path


def test_installed_program_runs_a_case(prefix, tmp_path):
    case = write_case(tmp_path, basic_case())
    done = execute([*MPIEXEC, "-n", "2", str(prefix / "bin" / "heat2d"), str(case)], tmp_path, 2)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "case" / "results.json").exists()


def test_installed_folder_holds_cases_and_documents(prefix):
    names = {path.name for path in prefix.rglob("*") if path.is_file()}
    assert {"quickstart.yaml", "nafems-t3.yaml", "README.md", "LICENSE", "heat2dConfig.cmake"} <= names


def test_a_consumer_builds_against_the_exported_package(prefix, tmp_path):
    (tmp_path / "consumer.c").write_text(CONSUMER)
    (tmp_path / "CMakeLists.txt").write_text(LISTS)
    cache = Path(BUILD, "CMakeCache.txt").read_text()
    mpicc = next(line.split("=", 1)[1] for line in cache.splitlines() if line.startswith("MPI_C_COMPILER:"))
    configure = [CMAKE, "-S", ".", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", f"-DMPI_C_COMPILER={mpicc}"]
    for words in (configure, [CMAKE, "--build", "build"], ["build/consumer"]):
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def compiles(wrapper: str, folder: Path) -> bool:
    """Return whether the wrapper finds its headers and libraries; a runtime package has the wrapper alone."""
    if shutil.which(wrapper) is None:
        return False
    source = folder / "probe.c"
    source.write_text("#include <mpi.h>\nint main(void) { return MPI_Finalize(); }\n")
    words = [wrapper, str(source), "-o", str(folder / "probe")]
    return subprocess.run(words, capture_output=True, timeout=60, check=False).returncode == 0


def test_a_compiler_wrapper_of_another_mpi_is_refused_at_configure_time(tmp_path):
    if not compiles("mpicc.openmpi", tmp_path):
        pytest.skip("needs a second MPI to mix with the build's")
    cache = Path(BUILD, "CMakeCache.txt").read_text()
    value = {line.split(":")[0]: line.split("=", 1)[1] for line in cache.splitlines() if ":" in line and "=" in line}
    if "openmpi" in value["MPI_C_COMPILER"]:
        pytest.skip("the build itself uses Open MPI")
    done = subprocess.run([CMAKE, "-S", str(ROOT), "-B", str(tmp_path), "-DMPI_C_COMPILER=mpicc.openmpi",
                           f"-DHEAT2D_PETSC_PKGCONFIG={value['HEAT2D_PETSC_PKGCONFIG']}",
                           f"-DHDF5_ROOT={value.get('HDF5_ROOT', '')}", "-DHEAT2D_TESTS=OFF"],
                          capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode != 0
    assert "Two MPIs in one program" in done.stderr and "HDF5_ROOT" in done.stderr

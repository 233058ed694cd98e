"""Test that the verification suite notices broken physics.

Each mutation of mutations.py puts one fault, such as a wrong sign or factor, into a copy of the sources.  The program is built
from it, and `heat2d verify --quick` must fail with exit code 5 in the entries that the mutation names.  The test fails if a
mutation is not noticed, if it crashes or hangs the program, or if its text is no longer in the sources.  It also fails if no
mutation names an entry of the suite.

    python3 tests/mutations/run.py --build build [NAME ...]
"""
from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from mutations import MUTATIONS, Mutation  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
# The settings that the build of the copy takes from the build in which ctest runs.
INHERITED = ("CMAKE_C_COMPILER", "MPI_C_COMPILER", "HDF5_ROOT", "HEAT2D_PETSC_PKGCONFIG")


def shell(words: list[str], timeout: float, **options) -> subprocess.CompletedProcess:
    return subprocess.run(["timeout", "-k", "5", str(timeout), *words], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, **options)


def environment() -> dict[str, str]:
    """Return an environment in which idle ranks give up the processor, so a busy machine only delays this test."""
    env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    if os.environ.get("HEAT2D_YIELD"):
        env["LD_PRELOAD"] = os.environ["HEAT2D_YIELD"]
    return env


class SourceCopy:
    """A copy of the sources, with its own build folder."""

    def __init__(self, work: Path, build: Path, cmake: str, mpiexec: list[str]):
        self.work, self.source, self.build = work, work / "source", work / "build"
        self.cmake, self.mpiexec = cmake, mpiexec
        shutil.copytree(ROOT, self.source, ignore=shutil.ignore_patterns("build*", "out", ".git", "__pycache__"))
        cache = dict(re.findall(r"^(\w+):\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.M))
        words = [f"-D{key}={cache[key]}" for key in INHERITED if cache.get(key)]
        # -O1 compiles fast and still pays off; without -Werror, because a mutation may leave a variable unused.
        done = shell([cmake, "-S", str(self.source), "-B", str(self.build), "-DHEAT2D_TESTS=OFF",
                      "-DCMAKE_C_FLAGS_RELEASE=-O1", *words], 120)
        if done.returncode:
            sys.exit(f"the copy cannot be configured:\n{done.stdout}{done.stderr}")

    def compile(self) -> str:
        """Build the program and return the compiler's messages, or "" on success."""
        done = shell([self.cmake, "--build", str(self.build), "-j", str(len(os.sched_getaffinity(0))),
                      "--target", "heat2d"], 600)
        return done.stdout + done.stderr if done.returncode else ""

    def verify(self, ranks: int, names: tuple[str, ...]) -> tuple[int, list[dict], str]:
        """Run `heat2d verify` and return its exit code, its measurements and its output."""
        out = self.work / "out"
        shutil.rmtree(out, ignore_errors=True)
        done = shell([*self.mpiexec, "-n", str(ranks), str(self.build / "heat2d"), "verify", *names, "--quick", "--quiet",
                      "--output", str(out)], 300, cwd=self.work, env=environment())
        record = out / "results.json"
        rows = json.loads(record.read_text())["verify"] if record.exists() else []
        return done.returncode, rows, done.stdout + done.stderr


def try_mutation(copy: SourceCopy, mutation: Mutation) -> str:
    """Return why the mutation is not noticed as it should be, or "" if it is."""
    texts = {path: path.read_text() for path in sorted((copy.source / mutation.room).glob("**/*.[ch]"))}
    found = [path for path, text in texts.items() for _ in range(text.count(mutation.old))]
    if len(found) != 1:
        return (f"its text occurs {len(found)} times in {mutation.room}; adapt mutations.py to the sources:\n"
                f"    {mutation.old}")
    path, text = found[0], texts[found[0]]
    path.write_text(text.replace(mutation.old, mutation.new))
    try:
        failure = copy.compile()
        if failure:
            return f"it does not compile:\n{failure[-2000:]}"
        code, rows, output = copy.verify(mutation.ranks, mutation.entries)
    finally:
        path.write_text(text)
    failed = {row["name"] for row in rows if not row["pass"]}
    survived = sorted(set(mutation.entries) - failed)
    if code != 5:
        return f"exit code {code}, expected 5\n{output[-2000:]}"
    return f"not noticed by {', '.join(survived)}" if survived else ""


def check_baseline(copy: SourceCopy) -> set[str]:
    """Require that the suite passes on the unchanged sources, also on the ranks that mutations use; return its entries."""
    failure = copy.compile()
    if failure:
        sys.exit(f"the sources do not build:\n{failure[-4000:]}")
    several = tuple(sorted({entry for mutation in MUTATIONS if mutation.ranks > 1 for entry in mutation.entries}))
    for ranks, names in ((2, several), (1, ())):
        code, rows, output = copy.verify(ranks, names)
        if code:
            sys.exit(f"the suite fails without any mutation, on {ranks} ranks, exit code {code}:\n{output}")
    return {row["name"] for row in rows}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="a configured build folder")
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--mpiexec", default=os.environ.get("MPIEXEC", "mpiexec"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="mutations to try; all by default")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - {mutation.name for mutation in MUTATIONS}
    if unknown:
        sys.exit(f"there is no mutation {', '.join(sorted(unknown))}")
    chosen = [mutation for mutation in MUTATIONS if not arguments.names or mutation.name in arguments.names]
    with tempfile.TemporaryDirectory(prefix="heat2d-mutations-") as work:
        start = time.monotonic()
        copy = SourceCopy(Path(work), arguments.build, arguments.cmake, arguments.mpiexec.split())
        entries = check_baseline(copy)
        print(f"baseline passes, {time.monotonic() - start:.0f} s", flush=True)
        bad = 0
        for mutation in chosen:
            start = time.monotonic()
            failure = try_mutation(copy, mutation)
            bad += bool(failure)
            print(f"{'FAIL' if failure else 'pass'}  {mutation.name}: {failure or 'noticed by ' + ', '.join(mutation.entries)}"
                  f"  ({time.monotonic() - start:.1f} s)", flush=True)
    idle = entries - {entry for mutation in MUTATIONS for entry in mutation.entries}
    if idle and not arguments.names:
        bad += 1
        print(f"FAIL  no mutation names {', '.join(sorted(idle))}")
    print(f"{len(chosen)} mutations, {bad} failures")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

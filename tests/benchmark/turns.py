"""What benchmarks of whole runs share: options, programs that take turns, a run and its record, a table."""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path


def options(description: str, ranks: int, repeats: int | None = None) -> argparse.ArgumentParser:
    """Return a parser of the options that such benchmarks share; without `repeats` there are no turns of two programs."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heat2d", default="build/heat2d", help="program to measure")
    parser.add_argument("--mpiexec", default="mpiexec.mpich")
    parser.add_argument("--ranks", type=int, default=ranks)
    parser.add_argument("--markdown", help="file for the table")
    if repeats is not None:
        parser.add_argument("--before", help="another program to measure in turns, such as an older one")
        parser.add_argument("--repeats", type=int, default=repeats)
    return parser


def programs(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the paths of the programs that take turns, by their names in the table: before, if there is one, and now."""
    given = {"before": arguments.before, "now": arguments.heat2d}
    return {name: str(Path(path).resolve()) for name, path in given.items() if path}


def run(arguments: argparse.Namespace, program: str, case: str, folder: Path, *words: str) -> dict:
    """Run a case in a folder, with further words of the command line; return its results.json."""
    (folder / "case.yaml").write_text(case)
    command = [*arguments.mpiexec.split(), "-n", str(arguments.ranks), program, "case.yaml", "--output", "out", "--quiet", *words]
    done = subprocess.run(command, cwd=folder, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"exit code {done.returncode} of {' '.join(command)}\n{done.stderr}")
    return json.loads((folder / "out" / "results.json").read_text())


def keep(arguments: argparse.Namespace, rows: list[str]) -> None:
    """Write the table to the file of --markdown, if it is given."""
    if arguments.markdown:
        Path(arguments.markdown).write_text("\n".join(rows) + "\n")

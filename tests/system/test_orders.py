"""Order of accuracy by scheme, boundary and jump, on the manufactured solution of support/manufactured.py.

`python3 test_orders.py`, with HEAT2D and MPIEXEC set as ctest sets them, measures all combinations and prints the table of
solver/MEASURED.md.
"""
from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from manufactured import BOUNDARIES, JUMPS, Problem, order

SCHEMES = ("ftcs", "rkl2", "backward-euler", "crank-nicolson", "bdf2", "esdirk", "steady")


def grids(problem: Problem) -> tuple[int, int]:
    """Return two grids, coarse enough to be quick and fine enough for the order to be observed within 0.2."""
    return (12, 24) if problem.scheme in ("ftcs", "rkl2") or problem.jump > 100 else (20, 40)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_second_order_in_space_across_a_jump_of_ten(tmp_path, scheme, boundary):
    problem = Problem(scheme, boundary)
    assert order(tmp_path, problem, grids(problem)) == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("scheme", ["rkl2", "bdf2", "steady"])
def test_second_order_with_a_conductivity_that_depends_on_temperature(tmp_path, scheme, boundary):
    problem = Problem(scheme, boundary, nonlinear=True)
    assert order(tmp_path, problem, grids(problem)) == pytest.approx(2.0, abs=0.2)


def table() -> None:
    print("| scheme | conductivity | jump | " + " | ".join(BOUNDARIES) + " |")
    print("|---" * (3 + len(BOUNDARIES)) + "|")
    for scheme in SCHEMES:
        for nonlinear in (False, True):
            for jump in JUMPS:
                if scheme == "ftcs" and jump > 100:
                    continue  # would take half a million steps
                row = []
                for boundary in BOUNDARIES:
                    problem = Problem(scheme, boundary, jump, nonlinear)
                    with tempfile.TemporaryDirectory() as folder:
                        row.append(f"{order(Path(folder), problem, grids(problem)):.2f}")
                print(f"| {scheme} | {'k(T)' if nonlinear else 'constant'} | {jump} | {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    table()

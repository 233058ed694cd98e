"""Memory: a run that needs more than there is is refused before it allocates anything, and what a run needs is known."""
from __future__ import annotations

import resource
import subprocess
import time
from pathlib import Path

import pytest
from heat2d_case import SANITIZED, Outcome, basic_case, command, environment, write_case

pytestmark = pytest.mark.skipif(SANITIZED, reason="sanitizers take memory of their own")
MB = 1_000_000
HUGE = [30000, 30000]  # cells: 183 GB with backward Euler
RULE = ["grid.cells", "not enough memory", "30000 x 30000"]


def limited(directory: Path, case: dict, *args: str, ranks: int = 1, limits: dict[int, int] | None = None,
            timeout: float = 120) -> Outcome:
    """Run a case whose ranks have the given resource limits [bytes]."""
    path = write_case(directory, case)

    def lower() -> None:
        for limit, value in (limits or {}).items():
            resource.setrlimit(limit, (value, value))

    words = ["timeout", "-k", "5", str(timeout), *command(path, ranks, ("--output", "out", *args))]
    done = subprocess.run(words, cwd=directory, env=environment(ranks), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False, preexec_fn=lower)
    return Outcome(done.returncode, done.stdout, done.stderr, directory / "out")


def one_message(outcome: Outcome, *words: str, code: int = 2) -> None:
    """Check the exit code, that stderr is one message with these words, and that no output folder exists."""
    assert outcome.code == code, outcome.err
    assert outcome.err.count("\n") == 1 and outcome.err.count("heat2d: error:") == 1, outcome.err
    for word in words:
        assert word in outcome.err, (word, outcome.err)
    assert "PETSC ERROR" not in outcome.err and "Abort" not in outcome.err


def refused(outcome: Outcome, *words: str) -> None:
    one_message(outcome, "case.yaml:", *RULE, *words, "nodes of this kind would do", "limits.memory: ignore")
    assert not outcome.directory.exists()


@pytest.mark.parametrize("ranks", [1, 4])
@pytest.mark.parametrize("limit,name", [(resource.RLIMIT_AS, "RLIMIT_AS"), (resource.RLIMIT_DATA, "RLIMIT_DATA")])
def test_a_case_beyond_the_limit_of_a_rank_is_refused(tmp_path, ranks, limit, name):
    case = basic_case(grid={"cells": HUGE, "x": [0.0, 1.0], "y": [0.0, 1.0]})
    refused(limited(tmp_path, case, ranks=ranks, limits={limit: 1500 * MB}), name, "a rank on", "GB")


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_a_case_beyond_the_memory_of_the_machine_is_refused(tmp_path, ranks):
    case = basic_case(grid={"cells": [2000000, 1000000], "x": [0.0, 1.0], "y": [0.0, 1.0]})  # 400 TB
    began = time.monotonic()
    outcome = limited(tmp_path, case, ranks=ranks)
    took = time.monotonic() - began
    one_message(outcome, "grid.cells", "TB", "nodes of this kind would do", "limits.memory: ignore")
    assert not outcome.directory.exists()
    assert took < 5.0  # it takes 0.3 s on an idle machine; anything of the grid's size would take minutes


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2", "crank-nicolson", "bdf2", "esdirk", "steady", "ts:rosw"])
def test_every_scheme_is_tested(tmp_path, scheme):
    time_ = {"scheme": scheme} if scheme == "steady" else {"scheme": scheme, "step": 1e-12, "steps": 1}
    case = basic_case(grid={"cells": HUGE, "x": [0.0, 1.0], "y": [0.0, 1.0]}, time=time_,
                      boundary={"left": {"type": "temperature", "value": 1.0}})
    refused(limited(tmp_path, case, limits={resource.RLIMIT_AS: 1500 * MB}))


def test_set_counts_as_the_case_does(tmp_path):
    outcome = limited(tmp_path, basic_case(), "--set", "grid.cells=[30000,30000]", limits={resource.RLIMIT_AS: 1500 * MB})
    one_message(outcome, "--set: grid.cells", "not enough memory")


def test_a_refused_run_leaves_an_earlier_one_alone(tmp_path):
    assert limited(tmp_path, basic_case()).code == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    outcome = limited(tmp_path, basic_case(), "--set", "grid.cells=[30000,30000]", limits={resource.RLIMIT_AS: 1500 * MB})
    assert outcome.code == 2
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before


def test_the_number_of_nodes_in_the_message_is_enough(tmp_path):
    """As many ranks as the message asks for nodes, each with the limit of the rank that was refused, run the case; half of
    them are refused."""
    limits = {resource.RLIMIT_AS: 400 * MB}
    case = basic_case(grid={"cells": [1500, 1500], "x": [0.0, 1.0], "y": [0.0, 1.0]},
                      time={"scheme": "backward-euler", "step": 1e-6, "steps": 1}, solver={"tolerance": 1e-4})
    outcome = limited(tmp_path, case, limits=limits)
    one_message(outcome, "not enough memory", "nodes of this kind would do")
    nodes = int(outcome.err.split(" nodes of this kind")[0].split()[-1])
    assert 2 <= nodes <= 8
    assert limited(tmp_path, case, "--quiet", ranks=nodes, limits=limits).code == 0
    if nodes > 2:
        assert limited(tmp_path, case, ranks=nodes // 2, limits=limits).code == 2


def test_ignore_runs_without_the_test(tmp_path):
    """A uniform field with k(T) needs one iteration, and so a fifth of the Krylov vectors that are counted for a solve."""
    case = basic_case(grid={"cells": [1000, 1000], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": 1.0},
                      materials=[{"name": "m", "conductivity": "1+T", "density": 1.0, "specific_heat": 1.0}],
                      time={"scheme": "backward-euler", "step": 1e-6, "steps": 1})
    limits = {resource.RLIMIT_AS: 560 * MB}
    one_message(limited(tmp_path, case, limits=limits), "not enough memory")
    outcome = limited(tmp_path, case, "--quiet", "--set", "limits.memory=ignore", limits=limits)
    assert outcome.code == 0, outcome.err
    assert not outcome.err


def test_a_wrong_word_is_refused(tmp_path):
    outcome = limited(tmp_path, basic_case(limits={"memory": "never"}))
    one_message(outcome, "limits.memory", "never", "check", "ignore")


def test_the_record_has_what_was_predicted(tmp_path):
    outcome = limited(tmp_path, basic_case())
    memory = outcome.results["memory"]
    # a small run is program and libraries: 36 MiB are counted for them, 34 to 43 were measured
    assert memory["bytes_predicted"] == pytest.approx(memory["bytes_max"], rel=0.3)


KT = [{"name": "m", "conductivity": "1+0.1*T", "density": 1.0, "specific_heat": 1.0}]
EXPLICIT = ("ftcs", "ts:rk", "ts:euler")  # with a limit of the step
SIDE = {"left": {"type": "temperature", "value": 1.0}}


@pytest.mark.parametrize("ranks,scheme,changes", [
    (1, "ftcs", {}), (1, "rkl2", {}), (1, "backward-euler", {}), (1, "crank-nicolson", {}), (1, "bdf2", {}), (1, "esdirk", {}),
    (1, "steady", {}), (1, "ts:rosw", {}), (1, "ts:rk", {}), (1, "ts:euler", {}), (1, "ts:theta", {}), (1, "ts:alpha", {}),
    (1, "backward-euler", {"solver": {"preconditioner": "jacobi"}}),
    (1, "esdirk", {"solver": {"preconditioner": "jacobi"}}), (1, "backward-euler", {"solver": {"preconditioner": "gamg"}}),
    (2, "backward-euler", {"solver": {"preconditioner": "gamg"}}), (2, "backward-euler", {"solver": {"preconditioner": "bjacobi"}}),
    (1, "backward-euler", {"petsc": {"ksp_type": "cg"}}), (1, "backward-euler", {"materials": KT}),
    (1, "ftcs", {"materials": KT}), (2, "backward-euler", {})], ids=str)
def test_the_prediction_is_near_the_high_water_mark(tmp_path, ranks, scheme, changes):
    """Within 10 %: what PETSc allocates is measured, and blocks of half a million cells have halos of a few per cent."""
    cells = 800
    time_ = {"scheme": scheme} if scheme == "steady" else \
        {"scheme": scheme, "step": (0.1 if scheme in EXPLICIT else 5.0) / cells**2, "steps": 2}
    case = basic_case(grid={"cells": [cells, cells], "x": [0.0, 1.0], "y": [0.0, 1.0]}, time=time_, boundary=SIDE,
                      initial={"temperature": "x*y"}, **changes)
    outcome = limited(tmp_path, case, "--quiet", ranks=ranks)
    assert outcome.code == 0, outcome.err
    memory = outcome.results["memory"]
    print(f"| {scheme} {changes} | {ranks} | {memory['bytes_predicted'] / MB:.0f} | {memory['bytes_max'] / MB:.0f} |")
    assert memory["bytes_predicted"] == pytest.approx(memory["bytes_max"], rel=0.1)


SHAPE = "exp(-(x^2+y^2)/0.01)"
TWO = [{"name": "m", "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0},
       {"name": "n", "conductivity": 2.0, "density": 3.0, "specific_heat": 1.0}]
DISC = [{"material": "m"}, {"material": "n", "shape": "circle", "centre": [0.5, 0.5], "radius": 0.3}]


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2"])
@pytest.mark.parametrize("changes", [
    {}, {"materials": TWO, "regions": DISC}, {"materials": [{**TWO[0], "conductivity": "1+0.1*sin(7*x*y)"}]},
    {"source": SHAPE}, {"source": f"{SHAPE}*sin(1000*t)"}, {"source": "sin(1000*t)"},
    {"boundary": {"left": {"type": "flux", "value": "sin(1000*t)"}}},
    {"exchange": {"coefficient": "1+x", "ambient": "y"}}, {"exchange": {"coefficient": 1.0, "ambient": 2.0}, "source": f"{SHAPE}*sin(1000*t)"},
    {"source": f"{SHAPE}*sin(1000*t)", "materials": TWO, "regions": [DISC[0], {**DISC[1], "source": "cos(1000*t)"}]}], ids=str)
def test_the_prediction_counts_what_sweeps_over_several_steps_hold(tmp_path, scheme, changes):
    """Within 5 % where 2100 columns are two tiles that overlap.  Equal rows of coefficients are stored once, and sweeps read them there."""
    case = basic_case(grid={"cells": [2100, 1200], "x": [0.0, 1.0], "y": [0.0, 1.0]},
                      time={"scheme": scheme, "step": "auto", "steps": 40}, initial={"temperature": 0.0},
                      output={"history": {"every": 20}}, **changes)
    outcome = limited(tmp_path, case, "--quiet")
    assert outcome.code == 0, outcome.err
    memory = outcome.results["memory"]
    assert memory["bytes_predicted"] == pytest.approx(memory["bytes_max"], rel=0.05)


@pytest.mark.parametrize("writers,mode", [("{per_node: 1}", "async"), ("{per_node: 1}", "sync"), ("{per_node: 2}", "async")])
def test_the_prediction_counts_what_a_writer_holds_for_others(tmp_path, writers, mode):
    """Within 10 %, as above.  With one writer of four ranks, its copy for an asynchronous checkpoint has four blocks."""
    case = basic_case(grid={"cells": [1600, 1600], "x": [0.0, 1.0], "y": [0.0, 1.0]}, boundary=SIDE,
                      time={"scheme": "ftcs", "step": 0.1 / 1600**2, "steps": 2}, checkpoint={"every": 1, "keep": 1, "mode": mode})
    outcome = limited(tmp_path, case, "--quiet", "--set", f"output.writers={writers}", ranks=4)
    assert outcome.code == 0, outcome.err
    memory = outcome.results["memory"]
    print(f"| {writers} {mode} | {memory['bytes_predicted'] / MB:.0f} | {memory['bytes_max'] / MB:.0f} |")
    assert memory["bytes_predicted"] == pytest.approx(memory["bytes_max"], rel=0.1)


def test_a_writer_that_is_too_large_is_refused(tmp_path):
    """Four ranks have enough memory for their blocks and copies, but one of them has not enough for the copies of all."""
    case = basic_case(grid={"cells": [2400, 2400], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": 1.0},
                      time={"scheme": "ftcs", "step": 1e-12, "steps": 1}, checkpoint={"every": 1, "mode": "async"})
    limits = {resource.RLIMIT_AS: 300 * MB}
    outcome = limited(tmp_path, case, "--set", "output.writers.per_node=1", ranks=4, limits=limits)
    one_message(outcome, "case.yaml:", "grid.cells", "not enough memory", "a rank on")
    assert not outcome.directory.exists()
    assert limited(tmp_path, case, "--quiet", "--set", "output.writers=all", ranks=4, limits=limits).code == 0


@pytest.mark.parametrize("ranks", [1, 4])
@pytest.mark.parametrize("megabytes", [200, 240])
@pytest.mark.parametrize("preconditioner", ["multigrid", "gamg"])
def test_an_allocation_that_fails_is_one_message(tmp_path, ranks, megabytes, preconditioner):
    """MPICH adds a line of its own about the end of the job; no rank waits for the one that failed."""
    case = basic_case(grid={"cells": [1200, 1200 * ranks], "x": [0.0, 1.0], "y": [0.0, 1.0 * ranks]}, limits={"memory": "ignore"},
                      solver={"preconditioner": preconditioner})
    outcome = limited(tmp_path, case, "--quiet", ranks=ranks, limits={resource.RLIMIT_AS: megabytes * MB}, timeout=60)
    assert outcome.code == 2, outcome.err
    assert outcome.err.count("heat2d: error: out of memory on rank") == 1, outcome.err
    assert "PETSC ERROR" not in outcome.err and "defect" not in outcome.err
    assert not outcome.directory.exists() or not list(outcome.directory.iterdir())

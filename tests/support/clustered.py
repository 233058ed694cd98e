"""Every scheme on nodes: the bytes of one rank, and nodes that MPI sees."""
from __future__ import annotations

import filecmp
import json

from heat2d_case import Outcome, basic_case, command, execute, run, write_case
from nodes import Nodes, finish

# 6 steps: a whole batch of explicit steps at once and a rest, a history of several steps for bdf2.
STEPS = 6
SCHEMES = ["ftcs", "rkl2", "backward-euler", "crank-nicolson", "bdf2", "esdirk", "steady", "picard"]
SIZES = [(nodes, ranks) for nodes in (1, 2, 3, 4, 8) for ranks in (1, 2, 4)] + [(nodes, 1) for nodes in (5, 6, 7)]


def body(scheme: str) -> dict:
    """Return a small case with jumps of materials, a source and sides of several kinds; `picard` has k(T) and sums whose
    bits do not depend on the ranks."""
    materials = [{"name": "slow", "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0},
                 {"name": "fast", "conductivity": [30.0, 20.0], "density": 3.0, "specific_heat": 2.0}]
    solver = {"tolerance": 1e-6}
    if scheme == "picard":
        materials[0]["conductivity"] = "1+0.1*T"
        solver["reproducible"] = True
    step = {"ftcs": 1e-6, "rkl2": 2e-5}.get(scheme, 1e-3)
    return basic_case(
        title=scheme, grid={"cells": [41, 37], "x": [0.0, 1.0], "y": [0.0, 0.7]}, materials=materials,
        regions=[{"material": "slow"}, {"shape": "circle", "centre": [0.4, 0.3], "radius": 0.2, "material": "fast",
                                        "source": 100.0}],
        initial={"temperature": "1+sin(5*x)*cos(7*y)"},
        boundary={"left": {"type": "temperature", "value": "1+y"}, "right": {"type": "flux", "value": "1+y"},
                  "top": {"type": "convection", "coefficient": 4.0, "ambient": 1.0}},
        time={"scheme": scheme} if scheme == "steady" else
        {"scheme": "backward-euler" if scheme == "picard" else scheme, "step": step, "steps": STEPS},
        solver=solver, output={"snapshots": {"every": 3}}, checkpoint={"every": 3, "keep": 9})


def counted_as_predicted(results: dict) -> None:
    """The messages and bytes of every kind are those that the layout predicts.  No tolerance: these are integers."""
    for kind in ("halo", "multigrid", "reduction", "setup"):
        counts = results["communication"][kind]
        for place in ("within_nodes", "between_nodes"):
            assert counts[place] == counts["predicted"][place], (results["title"], kind, place)


# Cases of one material, whose plan is exact.  On up to eight nodes blocks are wide enough for sweeps of steps and stages.
PLANNED_NODES = (3, 5, 6, 7, 8)
_LONG = {"step": 0.02, "steps": 3}
PLANNED = {"ftcs": {"scheme": "ftcs", "step": 1e-6, "steps": 70}, "rkl2": {"scheme": "rkl2", "step": 5e-4, "steps": 3},
           **{scheme: {"scheme": scheme, **_LONG} for scheme in ("backward-euler", "crank-nicolson", "bdf2", "esdirk")},
           "steady": {"scheme": "steady"}}


def counted_as_planned(nodes: Nodes, directory, scheme: str) -> None:
    """Run a scheme on the nodes, one rank each, and compare what is counted with what `heat2d plan` and the run predict."""
    place = directory / f"planned-{scheme}"
    case = basic_case(title=scheme, grid={"cells": [150, 140], "x": [0.0, 1.0], "y": [0.0, 1.0]}, time=PLANNED[scheme],
                      boundary={"left": {"type": "temperature", "value": 0.0}, "top": {"type": "convection", "coefficient": 5.0, "ambient": 1.0}},
                      output={"history": {"every": 35}} if scheme == "ftcs" else {})
    outcome = finish(nodes.run(write_case(place, case)), place)
    assert outcome.code == 0, outcome.err
    results = outcome.results
    assert results["nodes"] == results["ranks"] == len(nodes.hosts)
    assert (results["decomposition"]["deep_exchanges"] > 0) == (scheme in ("ftcs", "rkl2")), scheme
    counted_as_predicted(results)
    iterations = results["solver"]["iterations"]["total"] / results["time"]["steps"] if results["solver"] else 0
    done = execute(command("plan", 1, ("case.yaml", "--ranks", str(len(nodes.hosts)), "--ranks-per-node", "1", "--iterations", str(iterations),
                                       "--json", "plan.json")), place)
    assert done.returncode == 0, done.stderr
    planned = json.loads((place / "plan.json").read_text())["communication"]
    for kind in ("halo", "multigrid", "reduction", "setup"):
        for where in ("within_nodes", "between_nodes"):
            assert planned[kind][where] == results["communication"][kind][where], (scheme, kind, where)


def same_bytes(nodes: Nodes, directory, serial, scheme: str, *args: str) -> Outcome:
    """Run a scheme on the nodes, and compare its snapshots, and explicit schemes' checkpoints, to those of one rank."""
    place = directory / scheme
    outcome = finish(nodes.run(write_case(place, body(scheme)), *args, seconds=300), place)
    assert outcome.code == 0 and not outcome.err.strip(), f"{scheme}: exit code {outcome.code}\n{outcome.err}"
    one, results = serial(scheme), outcome.results
    # The checkpoints of implicit schemes hold sums of the energy account that are rounded in another order.
    kinds = ("snapshot_*.h5", "checkpoint_*.h5") if scheme in ("ftcs", "rkl2") else ("snapshot_*.h5",)
    names = sorted(path.name for kind in kinds for path in one.directory.glob(kind))
    assert names and names == sorted(path.name for kind in kinds for path in outcome.directory.glob(kind))
    _, differ, failed = filecmp.cmpfiles(one.directory, outcome.directory, names, shallow=False)
    assert not differ and not failed, f"{scheme}: {differ} have other bytes, {failed} are missing"
    assert (results["nodes"], results["ranks"]) == (len(nodes.hosts), sum(host.ranks for host in nodes.hosts))
    assert sorted(results["provenance"]["hosts"]) == [host.name for host in nodes.hosts]
    counted_as_predicted(results)
    halo = results["communication"]["halo"]
    assert (halo["between_nodes"]["messages"] > 0) == (len(nodes.hosts) > 1), halo
    assert (halo["within_nodes"]["messages"] > 0) == any(host.ranks > 1 for host in nodes.hosts), halo
    return outcome


def serial_runs(tmp_path_factory):
    """Return a function that runs a scheme on one rank, once."""
    done = {}

    def get(scheme: str):
        if scheme not in done:
            done[scheme] = run(tmp_path_factory.mktemp(scheme), body(scheme), "--quiet")
            assert done[scheme].code == 0, done[scheme].err
        return done[scheme]

    return get

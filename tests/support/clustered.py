"""Every scheme on nodes: the bytes of one rank, and nodes that MPI sees."""
from __future__ import annotations

import filecmp

from heat2d_case import Outcome, basic_case, run, write_case
from nodes import Nodes, finish

# 6 steps: a whole batch of explicit steps at once and a rest, a history of several steps for bdf2.
STEPS = 6
SCHEMES = ["ftcs", "rkl2", "backward-euler", "crank-nicolson", "bdf2", "esdirk", "steady", "picard"]
SIZES = [(nodes, ranks) for nodes in (1, 2, 3, 4, 8) for ranks in (1, 2, 4)]


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

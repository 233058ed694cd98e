"""Nodes for tests: those of inputs/teaching, with jobs that run heat2d under `timeout`."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from heat2d_case import HEAT2D, MPIEXEC, ROOT, Outcome, environment

TEACHING = ROOT / "inputs" / "teaching"
sys.path.append(str(TEACHING))
import virtual_nodes  # noqa: E402
from virtual_nodes import Host, NotPermitted  # noqa: E402


class Nodes(virtual_nodes.Nodes):
    """A context manager for nodes a, b, ...  Raises NotPermitted if they cannot be made."""

    def __init__(self, names: str, ranks_per_node: int | tuple[int, ...] = 1, **limits):
        each = ranks_per_node if isinstance(ranks_per_node, tuple) else [ranks_per_node] * len(names)
        super().__init__([Host(name, ranks) for name, ranks in zip(names, each, strict=True)], **limits)

    def run(self, case: Path, *args: str, seconds: int = 60) -> subprocess.Popen:
        """Start heat2d on all nodes, with the output folder `out` beside the case."""
        ranks = sum(host.ranks for host in self.hosts)
        return self.start([HEAT2D, str(case), "--output", "out", "--quiet", *args],
                          ["timeout", "-k", "5", str(seconds), *MPIEXEC], cwd=case.parent, env=environment(ranks), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def left_after(self, seconds: float, but: tuple[str, ...] = ()) -> dict[int, str]:
        """Wait until no process is left on the nodes, and return {}, or what is left after `seconds`.  Commands that begin
        with one of `but` do not count."""
        limit = time.monotonic() + seconds
        while True:
            left = {pid: name for pid, name in self.processes().items() if not name.startswith(but)}
            if not left or time.monotonic() > limit:
                return left
            time.sleep(0.1)

    def stop_launcher(self) -> None:
        """Send TERM to MPICH's launcher, which (4.0.2) waits for a node that is out of reach without end."""
        for pid, program in self.processes().items():
            if program.startswith("mpiexec"):
                os.kill(pid, signal.SIGTERM)


def finish(job: subprocess.Popen, directory: Path) -> Outcome:
    """Wait for the end of a job that `run` has started."""
    out, err = job.communicate(timeout=700)  # `timeout` ends the job earlier
    return Outcome(job.returncode, out, err, directory / "out")


def skip_without_mpich() -> None:
    about = subprocess.run([MPIEXEC[0], "-info"], capture_output=True, text=True, check=False).stdout
    if "HYDRA" not in about or "ch4:ucx" not in about:
        pytest.skip("the nodes are made for MPICH's launcher and UCX")


@pytest.fixture
def network():
    """Return a function that makes nodes; 'abc' makes three.  Where they are not permitted the test is skipped."""
    skip_without_mpich()
    with ExitStack() as stack:
        def make(names: str, ranks_per_node: int | tuple[int, ...] = 1, **limits) -> Nodes:
            try:
                return stack.enter_context(Nodes(names, ranks_per_node, **limits))
            except NotPermitted as reason:
                pytest.skip(str(reason))
        yield make

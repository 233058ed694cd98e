"""Nodes on one machine that reach each other only over a network: each is a network namespace.

Every node has one interface, `link0`, and a host name.  A bridge in a further namespace joins the nodes, and a link is
cut there.  The machine's own network is not changed.  A namespace exists as long as its keeper, a process that waits
for the end of its input; so all of it is removed when the test ends, for whatever reason.
"""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from heat2d_case import HEAT2D, MPIEXEC, environment

# Without root, the namespaces belong to a user namespace, in which the user has root's permissions.
OWN_USER = os.geteuid() != 0
TRANSPORT = {"UCX_TLS": "tcp,self", "UCX_NET_DEVICES": "link0"}


def kept(words: list[str], *first: str) -> subprocess.Popen:
    """Start a keeper and return it when its namespaces exist and the commands `first` are done in them."""
    keeper = subprocess.Popen([*words, "sh", "-ec", "; ".join([*first, "echo ready", "exec cat"])],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if keeper.stdout.readline() != "ready\n":
        keeper.stdin.close()
        raise PermissionError(f"namespaces are not permitted here: {keeper.stderr.read().strip()}")
    return keeper


class Nodes:
    """A context manager for nodes a, b, ...  Raises PermissionError or FileNotFoundError if they cannot be made."""

    def __init__(self, directory: Path, names: str):
        for program in ("ip", "unshare", "nsenter"):
            if not shutil.which(program):
                raise FileNotFoundError(f"no program '{program}' here")
        self.directory, self.names, self.keepers, self.jobs = directory, names, {}, []

    def __enter__(self):
        hosts = self.directory / "hosts"
        hosts.write_text("127.0.0.1 localhost\n" + "".join(
            f"10.0.0.{number} {name}\n" for number, name in enumerate(self.names, 1)))
        try:
            self.keepers["bridge"] = kept(["unshare", *(["--user", "--map-root-user"] if OWN_USER else []),
                                           "--net", "--uts", "--mount"])
            self.ip("link add bridge type bridge")
            self.ip("link set bridge up")
            for number, name in enumerate(self.names, 1):
                # UCX looks for interfaces in /sys, which shows those of the namespace in which it was mounted.
                node = self.keepers[name] = kept(
                    [*self.enter("bridge"), "unshare", "--net", "--uts", "--mount"], f"hostname {name}",
                    "mount -t sysfs sysfs /sys", f"mount --bind '{hosts}' /etc/hosts")
                self.ip(f"link add to_{name} type veth peer name link0 netns {node.pid}")
                self.ip(f"link set to_{name} master bridge")
                self.ip(f"link set to_{name} up")
                self.ip("link set lo up", name)
                self.ip("link set link0 up", name)
                self.ip(f"address add 10.0.0.{number}/24 dev link0", name)
            self.script = self.write_launcher()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, *_):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it ended with its parent
        for job in self.jobs:
            job.kill()
            job.communicate()
        for keeper in self.keepers.values():
            keeper.stdin.close()
            keeper.wait(10)

    def enter(self, name: str, inside: bool = False) -> list[str]:
        """Return the command that enters a node's namespaces; with `inside` from another node, which is already in the user
        namespace and cannot enter it again."""
        return ["nsenter", f"--target={self.keepers[name].pid}", "--net", "--uts", "--mount",
                *(["--user", "--preserve-credentials"] if OWN_USER and not inside else []), "--"]

    def ip(self, words: str, name: str = "bridge") -> None:
        done = subprocess.run([*self.enter(name), "ip", *words.split()], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PermissionError(f"ip {words}: {done.stderr.strip()}")

    def write_launcher(self) -> Path:
        """Write a script that replaces ssh: [-x] HOST COMMAND..., where the command is a line for a shell."""
        cases = "\n".join(f"  {name}) exec {' '.join(self.enter(name, inside=True))} sh -c \"$*\" ;;" for name in self.names)
        script = self.directory / "launcher"
        script.write_text(f"#!/bin/sh\n[ \"$1\" != -x ] || shift\nhost=$1\nshift\ncase $host in\n{cases}\nesac\nexit 255\n")
        script.chmod(0o755)
        return script

    def start(self, case: Path, *args: str, seconds: int = 60) -> subprocess.Popen:
        """Start a job with one rank on each node; mpiexec runs on the first node."""
        ranks = len(self.names)
        words = [*self.enter(self.names[0]), "env", f"--chdir={case.parent}", "timeout", "-k", "5", str(seconds),
                 *MPIEXEC, "-launcher", "ssh", "-launcher-exec", str(self.script), "-iface", "link0", "-hosts", ",".join(self.names), "-ppn", "1",
                 "-n", str(ranks), HEAT2D, str(case), "--output", "out", "--quiet", *args]
        job = subprocess.Popen(words, cwd=case.parent, env={**environment(ranks), **TRANSPORT}, text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.jobs.append(job)
        return job

    def cut(self, name: str) -> None:
        self.ip(f"link set to_{name} down")

    def mend(self, name: str) -> None:
        self.ip(f"link set to_{name} up")

    def processes(self) -> dict[int, str]:
        """Return the processes on the nodes without the keepers: their commands by process id."""
        keepers = {keeper.pid for keeper in self.keepers.values()}
        spaces = {os.readlink(f"/proc/{self.keepers[name].pid}/ns/net")
                  for name in self.names if name in self.keepers}
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and int(entry.name) not in keepers and os.readlink(entry / "ns/net") in spaces:
                    found[int(entry.name)] = (entry / "comm").read_text().strip()
            except OSError:
                continue  # it has ended, or belongs to another user
        return found

    def left_after(self, seconds: float, but: tuple[str, ...] = ()) -> dict[int, str]:
        """Wait until no process is left on the nodes, and return {}, or what is left after `seconds`.  Commands that begin
        with one of `but` do not count."""
        limit = time.monotonic() + seconds
        while True:
            left = {pid: name for pid, name in self.processes().items() if not name.startswith(but)}
            if not left or time.monotonic() > limit:
                return left
            time.sleep(0.1)

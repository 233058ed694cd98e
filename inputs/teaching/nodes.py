#!/usr/bin/env python3
"""Run a parallel job on several nodes that are made of parts of this machine.

    nodes.py -n N [--ranks-per-node R] [--memory 300M] [--link 100mbit] [--hosts FILE]
             [--burn NODE@SECONDS] -- COMMAND...

Every node has its own host name (node1, node2, ...), its own processes, its own memory limit and its own network address.
The nodes share the files of this machine, as the nodes of a cluster share a file system, and reach one another only over
a network of their own.  MPICH's launcher starts COMMAND on all of them from a further host, `head`.  The network of the
machine does not change, and no file is left.

    -n N                how many nodes (with --hosts: the first N of the file; default: all of it)
    --ranks-per-node R  ranks on each node (default 1)
    --memory SIZE       memory of each node, with K, M or G for 1024, 1024^2 or 1024^3 bytes.  A control group sets the limit;
                        where none can be made, the address space of each rank is limited to an equal part of SIZE
                        (RLIMIT_AS), and a note says so.
    --link RATE         bandwidth of each node's link in both directions: a number with kbit, mbit or gbit (per second)
    --hosts FILE        names of the nodes, one a line: NAME or NAME:RANKS, as in MPICH's host files
    --burn NODE@SECONDS ends all processes of a node at once, SECONDS after the job was started, as when its power fails;
                        may be repeated
    --mpiexec PROGRAM   MPICH's launcher (default: the first of mpiexec.mpich, mpiexec.hydra and mpiexec that is one)

The first signal (INT, TERM, HUP, QUIT, USR1) is passed on to the job, HUP as TERM; a second one ends everything at once.
However this program ends, even by kill -9, its nodes end with it.  The exit code is that of the job, or 2 if the command line is
wrong, or 77 if the machine does not permit such nodes, for example because namespaces are forbidden.  It needs Linux,
iproute2, util-linux and MPICH, and of Python only the standard library.
virtual_nodes.py beside this file makes the nodes and explains how.
"""
from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

sys.dont_write_bytecode = True
from virtual_nodes import Host, Nodes, NotPermitted, bits  # noqa: E402

NOT_PERMITTED = 77  # exit code, as in Automake's tests that cannot run here
MOST_NODES = 200  # their addresses are 10.0.0.1 to 10.0.0.200
LEAST_MEMORY = 32 << 20  # [bytes] about what a shell, MPICH's proxy and the libraries of one rank need
SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def fail(message: str) -> None:
    print(f"nodes.py: error: {message}", file=sys.stderr)
    sys.exit(2)


class Parser(argparse.ArgumentParser):
    def error(self, message: str):
        fail(f"{message}; see nodes.py --help")


def whole(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"'{text}' must be a whole number from 1")
    return int(text)


def size(text: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,11})([KMG]?)", text)
    if not match or int(match[1]) * SIZES[match[2]] < LEAST_MEMORY:
        raise argparse.ArgumentTypeError(f"'{text}' must be a number of bytes, or with K, M or G, and at least 32M")
    return int(match[1]) * SIZES[match[2]]


def rate(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?[kmg]bit", text) or bits(text) < 1e4:
        raise argparse.ArgumentTypeError(f"'{text}' must be a number with kbit, mbit or gbit, as 100mbit, and at least 10kbit")
    return text


def fire(text: str) -> tuple[str, float]:
    match = re.fullmatch(r"([A-Za-z0-9-]+)@([0-9]{1,6}(?:\.[0-9]{1,3})?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}' must be NODE@SECONDS, as node3@10")
    return match[1], float(match[2])


def read_hosts(path: str, ranks: int) -> list[Host]:
    try:
        lines = Path(path).read_text().splitlines()
    except (OSError, UnicodeError) as reason:
        fail(f"--hosts: {path} cannot be read: {reason}")
    hosts: list[Host] = []
    for number, line in enumerate(lines, 1):
        text = line.split("#")[0].strip()
        if not text:
            continue
        match = re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?::([1-9][0-9]{0,5}))?", text)
        if not match or match[1] in ("head", "localhost", *(host.name for host in hosts)):
            fail(f"{path}:{number}: '{text}' must be NAME or NAME:RANKS, with a name of letters, digits and hyphens that "
                 "occurs once and is not head or localhost")
        hosts.append(Host(match[1], int(match[3] or ranks)))
    if not hosts:
        fail(f"--hosts: {path} names no host")
    return hosts


def find_launcher(name: str | None) -> list[str]:
    names = [name] if name else ["mpiexec.mpich", "mpiexec.hydra", "mpiexec"]
    for program in names:
        if shutil.which(program) and "HYDRA" in subprocess.run(
                [program, "-info"], capture_output=True, text=True, check=False).stdout:
            return [program]
    fail(f"the launcher of MPICH was not found (looked for {', '.join(names)}); name it with --mpiexec")


def parse(arguments: list[str]) -> tuple[argparse.Namespace, list[Host], list[str]]:
    ours, command = arguments, []
    if "--" in arguments:
        ours, command = arguments[:arguments.index("--")], arguments[arguments.index("--") + 1:]
    parser = Parser(prog="nodes.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                    usage=argparse.SUPPRESS, allow_abbrev=False)
    parser.add_argument("-n", dest="nodes", type=whole, help=argparse.SUPPRESS)
    parser.add_argument("--ranks-per-node", type=whole, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--memory", type=size, help=argparse.SUPPRESS)
    parser.add_argument("--link", type=rate, help=argparse.SUPPRESS)
    parser.add_argument("--hosts", help=argparse.SUPPRESS)
    parser.add_argument("--burn", type=fire, action="append", default=[], help=argparse.SUPPRESS)
    parser.add_argument("--mpiexec", help=argparse.SUPPRESS)
    options = parser.parse_args(ours)
    if not command:
        fail("no command is given; write it after --, as in: nodes.py -n 2 -- hostname")
    if not shutil.which(command[0]):
        fail(f"the program '{command[0]}' was not found")
    if options.hosts is None and options.nodes is None:
        fail("the number of nodes is not given; write -n N or --hosts FILE")
    hosts = read_hosts(options.hosts, options.ranks_per_node) if options.hosts is not None else \
        [Host(f"node{k}", options.ranks_per_node) for k in range(1, options.nodes + 1)]
    if options.nodes is not None and options.nodes > len(hosts):
        fail(f"-n {options.nodes} is more than the {len(hosts)} hosts of {options.hosts}")
    hosts = hosts[:options.nodes]
    if len(hosts) > MOST_NODES:
        fail(f"-n {len(hosts)} must be at most {MOST_NODES}")
    for name, _ in options.burn:
        if name not in (host.name for host in hosts):
            fail(f"--burn {name}: no node has this name; the nodes are {', '.join(host.name for host in hosts)}")
    return options, hosts, command


def child_of(parent: int) -> int | None:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(entry.read_text().rpartition(")")[2].split()[1]) == parent:
                return int(entry.parent.name)
        except (OSError, IndexError):
            continue
    return None


def wait_for(job: subprocess.Popen) -> int:
    """Wait for the job, pass the first signal on to it, and return its exit code as a shell does (128 + number of a signal)."""
    seen = []

    def handle(number: int, _) -> None:
        seen.append(number)
        launcher = child_of(job.pid)  # job.pid is the nsenter that waits for the launcher
        if len(seen) > 1 or launcher is None:
            sys.exit(128 + number)
        os.kill(launcher, signal.SIGTERM if number == signal.SIGHUP else number)  # HUP would end the launcher alone

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1):
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup leaves HUP
            signal.signal(number, handle)
    code = job.wait()
    return code if code >= 0 else 128 - code


def burn(nodes: Nodes, job: subprocess.Popen, name: str, seconds: float) -> None:
    if job.poll() is None:
        print(f"nodes.py: {name} burns down after {seconds:g} s (--burn)", file=sys.stderr, flush=True)
        nodes.kill(name)


def run(nodes: Nodes, command: list[str], launcher: list[str], fires: list[tuple[str, float]]) -> int:
    """Run the job, with a timer for each node that is to burn down, and return its exit code."""
    job = nodes.start(command, launcher)
    timers = [threading.Timer(seconds, burn, (nodes, job, name, seconds)) for name, seconds in fires]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        return wait_for(job)
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()


def main() -> int:
    options, hosts, command = parse(sys.argv[1:])
    launcher = find_launcher(options.mpiexec)
    try:
        with Nodes(hosts, options.memory, options.link) as nodes:
            code = run(nodes, command, launcher, options.burn)
            for name, count in nodes.killed_for_memory().items():
                print(f"nodes.py: {name}: the kernel killed {count} process{'es' if count > 1 else ''}, because the node's "
                      f"memory (--memory {options.memory >> 20}M) was full", file=sys.stderr)
            return code
    except NotPermitted as reason:
        print(f"nodes.py: {reason}", file=sys.stderr)
        return NOT_PERMITTED
    except KeyboardInterrupt:  # while the nodes are being made; they are removed
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())

"""Make nodes out of parts of this machine, for the program nodes.py and for the tests.

A node consists of namespaces of its own (network, host name, mounts, process numbers, shared memory).  A process in them,
the keeper, waits for the end of its input.  It is the first process of its process namespace, so the kernel kills all
other processes of the node when it ends.  All nodes lie within the namespaces of one more host, `head`, which has the
bridge that joins the nodes' links.  When this program ends, the input of the keepers ends, and so do head and nodes.
"""
from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SPACES = ["--net", "--uts", "--mount", "--ipc", "--pid"]
# UCX uses the node's shared memory within a node, and TCP between nodes; the interface is called link0 in every node.
TRANSPORT = {"UCX_TLS": "tcp,self,posix", "UCX_NET_DEVICES": "link0"}
# A shell script that removes, when this program has ended for any reason (end of input), what would outlive the namespaces: the
# control groups that it reads from its input, the last one first, and the temporary folder $0.
CLEANER = r"""trap '' INT TERM HUP QUIT; set --
while IFS= read -r group; do set -- "$group" "$@"; done
for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  left=; for group; do [ ! -d "$group" ] || rmdir "$group" 2>/dev/null || left=yes; done
  [ -n "$left" ] || break; sleep 0.2
done
rm -rf "$0" """


class NotPermitted(Exception):
    """The machine does not permit such nodes; the text is one line that says why."""


@dataclass(frozen=True)
class Host:
    """The name of a node, and the number of ranks on it."""
    name: str
    ranks: int = 1


# ---- memory ---------------------------------------------------------------------------------------------


class Cleaner:
    """The process that runs CLEANER.  It starts before there is anything to remove, and is told of each group before that is
    made, so that a kill at any moment leaves nothing."""

    def __init__(self, folder: Path):
        self.process = subprocess.Popen(["sh", "-c", CLEANER, str(folder)], start_new_session=True, stdin=subprocess.PIPE, text=True)

    def expect(self, group: Path) -> None:
        self.process.stdin.write(f"{group}\n")
        self.process.stdin.flush()

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()


class MemoryGroups:
    """One control group for each node, of version 1 or 2, below (or, for version 2, beside) that of this process.  `expect` is
    called with the path of each group before it is made."""

    def __init__(self, names: list[str], limit: int, expect: Callable[[Path], None], root: str = ""):
        self.folder, self.version = make_group(f"heat2d-nodes-{os.getpid()}-{time.monotonic_ns()}", root, expect)
        self.nodes = {name: self.folder / name for name in names}
        try:
            for group in self.nodes.values():
                expect(group)
                group.mkdir()
                self.limit(group, limit)
        except OSError:
            self.remove()
            raise

    def limit(self, group: Path, limit: int) -> None:
        memory, swap, most = (("memory.max", "memory.swap.max", 0) if self.version == 2 else
                              ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", limit))
        (group / memory).write_text(str(limit))
        try:
            (group / swap).write_text(str(most))
        except OSError:
            pass  # a kernel that does not count swap

    def kills(self, name: str) -> int:
        """Return how many processes of a node the kernel has killed because the node's memory was full."""
        text = (self.nodes[name] / ("memory.events" if self.version == 2 else "memory.oom_control")).read_text()
        found = re.search(r"^oom_kill (\d+)", text, re.M)
        return int(found[1]) if found else 0

    def remove(self) -> None:
        for group in self.all():
            if group.is_dir():
                group.rmdir()

    def all(self) -> list[Path]:
        return [*self.nodes.values(), self.folder]


def memory_mounts(root: str) -> list[tuple[int, Path, str]]:
    """Return version, mount point and this process's group, relative to it, of each hierarchy that limits memory."""
    found = []
    own = {}
    for line in Path(f"{root}/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own[2 if not controllers else 1 if "memory" in controllers.split(",") else 0] = path
    for line in Path(f"{root}/proc/self/mountinfo").read_text().splitlines():
        words, _, tail = line.partition(" - ")
        kind, _, options = tail.split(" ", 2)
        version = {"cgroup": 1, "cgroup2": 2}.get(kind)
        if version not in own or version == 1 and "memory" not in options.split(","):
            continue
        top, mount = words.split()[3:5]
        inside = own[version].startswith(top)
        found.append((version, Path(f"{root}{mount}"), own[version][len(top):].strip("/") if inside else ""))
    return found


def make_group(name: str, root: str, expect: Callable[[Path], None]) -> tuple[Path, int]:
    """Make an empty group in which groups with limits can be made; return its folder and its version.  `expect` is called with
    each path at which that is tried."""
    for version, mount, own in memory_mounts(root):
        place = mount / own
        while True:
            try:
                expect(place / name)
                return new_group(place, name, version), version
            except OSError:
                # Version 2 gives no limits to the children of a group that has processes; one further up may have none.
                if version == 1 or place == mount:
                    break
                place = place.parent
    raise OSError("no control group can be made")


def new_group(place: Path, name: str, version: int) -> Path:
    """Make a group in the folder `place`.  Raises OSError, and leaves nothing, if its children would have no limits."""
    if version == 2 and "memory" not in (place / "cgroup.subtree_control").read_text().split():
        raise OSError("memory is not limited below this group")
    group = place / name
    group.mkdir()
    try:
        if version == 2:
            (group / "cgroup.subtree_control").write_text("+memory")
    except OSError:
        group.rmdir()
        raise
    return group


# ---- nodes ----------------------------------------------------------------------------------------------


class Keeper:
    """The first process of new namespaces: it waits for the end of its input, and all processes in them end with it."""

    def __init__(self, words: list[str], commands: list[str]):
        # The first number of NSpid is the process's number where it was started.  The last command, `:`, keeps the
        # shell from replacing itself by cat: the shell reaps the processes whose parents have ended.
        script = "; ".join(['while read -r key pid rest; do [ "$key" != NSpid: ] || break; done </proc/self/status',
                            'net=$(readlink /proc/self/ns/net)', *commands, 'echo "$pid $net"', "cat", ":"])
        self.process = subprocess.Popen(
            [*words, "--fork", "--kill-child", "sh", "-ec", script], start_new_session=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        answer = self.process.stdout.readline().split()
        if len(answer) != 2:
            self.process.stdin.close()
            reason = self.process.stderr.read().strip().splitlines()
            self.process.wait()
            raise NotPermitted(f"namespaces are not permitted here: {reason[-1] if reason else 'no reason is given'}")
        self.pid, self.net = int(answer[0]), answer[1]

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait(10)


def bits(rate: str) -> float:
    """Return a rate [bit/s]."""
    number, unit = re.fullmatch(r"([0-9.]+)([kmg]?)bit", rate.lower()).groups()
    return float(number) * {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}[unit]


class Nodes:
    """A context manager for nodes.  Raises NotPermitted if they cannot be made."""

    def __init__(self, hosts: list[Host], memory: int | None = None, link: str | None = None):
        for program in ("ip", "unshare", "nsenter", *(["tc"] if link else [])):
            if not shutil.which(program):
                raise NotPermitted(f"the program '{program}' was not found here")
        self.hosts, self.memory, self.link = hosts, memory, link
        # Without root, the namespaces belong to a user namespace, in which the user has root's permissions.
        self.user = os.geteuid() != 0
        self.keepers: dict[str, Keeper] = {}
        self.groups: MemoryGroups | None = None
        self.cleaner: Cleaner | None = None
        self.jobs: list[subprocess.Popen] = []
        self.own: set[int] = set()

    def __enter__(self):
        self.directory = Path(tempfile.gettempdir()) / f"heat2d-nodes-{secrets.token_hex(8)}"
        self.cleaner = Cleaner(self.directory)
        try:
            self.directory.mkdir()
            self.directory.chmod(0o755)
            if self.memory:
                try:
                    self.groups = MemoryGroups([host.name for host in self.hosts], self.memory, self.cleaner.expect)
                except OSError:
                    print(f"nodes.py: note: no control group can be made here, so each rank is limited to its part of "
                          f"{self.memory >> 20}M of addresses (RLIMIT_AS)", file=sys.stderr)
            self.make_network()
            self.script = self.write_launcher()
            self.own = set(self.processes())
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for keeper in reversed(self.keepers.values()):
            keeper.end()
        for job in self.jobs:
            job.wait()
        self.cleaner.end()

    def make_network(self) -> None:
        """Make the head with its bridge, and the nodes with their links."""
        names = self.directory / "hosts"
        names.write_text("127.0.0.1 localhost\n10.0.0.254 head\n" + "".join(
            f"10.0.0.{number} {host.name}\n" for number, host in enumerate(self.hosts, 1)))
        user = ["--user", "--map-root-user"] if self.user else []
        hosts_file = f"mount --bind {shlex.quote(str(names))} /etc/hosts"
        # A /proc that shows the namespace's own process numbers is not permitted everywhere, and is not needed.
        self.keepers["head"] = Keeper(["unshare", *user, *SPACES], [
            "hostname head", hosts_file, "mount -t proc proc /proc 2>/dev/null || :"])
        self.ip("link add link0 type bridge")
        self.ip("address add 10.0.0.254/24 dev link0")
        for device in ("lo", "link0"):
            self.ip(f"link set {device} up")
        for number, host in enumerate(self.hosts, 1):
            self.make_node(number, host.name)

    def make_node(self, number: int, name: str) -> None:
        groups = shlex.quote(str(self.directory / "groups"))
        # UCX looks for interfaces in /sys, which shows those of the network namespace in which it was mounted, so the node
        # mounts a new /sys.  The control groups, where programs read their memory limits, are mounted again on the new /sys.
        commands = [f"hostname {name}", f"mkdir -p {groups}",
                    f"[ ! -d /sys/fs/cgroup ] || mount --rbind /sys/fs/cgroup {groups}", "mount -t sysfs sysfs /sys",
                    f"[ ! -d /sys/fs/cgroup ] || mount --rbind {groups} /sys/fs/cgroup", f"umount -l {groups}",
                    "mount -t tmpfs tmpfs /dev/shm", "mount -t proc proc /proc 2>/dev/null || :"]
        if self.groups:
            commands.insert(0, f"echo 0 >{shlex.quote(str(self.groups.nodes[name] / 'cgroup.procs'))}")
        self.keepers[name] = Keeper([*self.enter("head"), "unshare", *SPACES], commands)
        self.ip(f"link add to_{number} type veth peer name link0 netns {self.keepers[name].pid}")
        self.ip(f"link set to_{number} master link0")
        self.ip(f"link set to_{number} up")
        self.ip("link set lo up", name)
        self.ip("link set link0 up", name)
        self.ip(f"address add 10.0.0.{number}/24 dev link0", name)
        if self.link:
            self.limit_link(name, self.link)

    def limit_link(self, name: str, rate: str) -> None:
        """Limit the bandwidth of a node's link in both directions.  The buffer holds what passes in a tenth of a
        millisecond, and two packets of Ethernet at least: what a longer one saves up while ranks compute lets the next halo pass at full speed."""
        burst = max(2 * 1540, int(bits(rate) / 8 * 0.0001))
        for device, place in ((self.device(name), "head"), ("link0", name)):
            self.ip(f"qdisc replace dev {device} root tbf rate {rate} burst {burst} latency 100ms", place, program="tc")

    def device(self, name: str) -> str:
        """Return the name of the network device at the bridge's end of a node's link."""
        return f"to_{[host.name for host in self.hosts].index(name) + 1}"

    def enter(self, name: str) -> list[str]:
        """Return the command that enters a node, or the head."""
        head = self.keepers["head"].process.pid
        words = ["nsenter", f"--target={head}", *(["--user", "--preserve-credentials"] if self.user else []), *SPACES[:-1],
                 f"--pid=/proc/{head}/ns/pid_for_children", "--"]
        return words if name == "head" else [*words, "nsenter", f"--target={self.keepers[name].pid}", *SPACES, "--"]

    def ip(self, words: str, name: str = "head", program: str = "ip") -> None:
        done = subprocess.run([*self.enter(name), program, *words.split()], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotPermitted(f"a network of namespaces is not permitted here: {program} {words}: {done.stderr.strip()}")

    def write_launcher(self) -> Path:
        """Write a script that replaces ssh: [-x] HOST COMMAND..., where the command is a line for a shell."""
        cases = []
        for host in self.hosts:
            limit = ""
            if self.groups:
                limit = f"echo 0 >{shlex.quote(str(self.groups.nodes[host.name] / 'cgroup.procs'))} || exit 255; "
            elif self.memory:
                limit = f"ulimit -v {self.memory // host.ranks >> 10}; "
            cases.append(f"  {host.name}) {limit}exec nsenter --target={self.keepers[host.name].pid} {' '.join(SPACES)} -- "
                         'sh -c "$*" ;;')
        script = self.directory / "launcher"
        script.write_text('#!/bin/sh\n[ "$1" != -x ] || shift\nhost=$1\nshift\ncase $host in\n' + "\n".join(cases) +
                          "\nesac\nexit 255\n")
        script.chmod(0o755)
        return script

    def start(self, command: list[str], launcher: list[str], **options) -> subprocess.Popen:
        """Start a job on all nodes, with the launcher on the head; `options` are those of Popen."""
        # nsenter leaves the current folder.
        words = [*self.enter("head"), "env", f"--chdir={options.pop('cwd', os.getcwd())}", *launcher, "-launcher", "ssh",
                 "-launcher-exec", str(self.script), "-iface", "link0",
                 "-hosts", ",".join(f"{host.name}:{host.ranks}" for host in self.hosts),
                 "-n", str(sum(host.ranks for host in self.hosts)), *command]
        environment = {**(options.pop("env", None) or os.environ), **TRANSPORT}
        job = subprocess.Popen(words, env=environment, start_new_session=True, **options)
        self.jobs.append(job)
        return job

    def cut(self, name: str) -> None:
        """Cut a node's link, so that no message reaches or leaves the node."""
        self.ip(f"link set {self.device(name)} down")

    def mend(self, name: str) -> None:
        """Restore a node's link after `cut`."""
        self.ip(f"link set {self.device(name)} up")

    def kill(self, name: str) -> None:
        """End all processes of a node at once."""
        subprocess.run([*self.enter("head"), "kill", "-9", str(self.keepers[name].pid)], check=True)
        self.keepers[name].process.wait(10)

    def killed_for_memory(self) -> dict[str, int]:
        """Return how many processes the kernel has killed, by node, where a node's memory was full."""
        kills = {host.name: self.groups.kills(host.name) for host in self.hosts} if self.groups else {}
        return {name: count for name, count in kills.items() if count}

    def processes(self) -> dict[int, str]:
        """Return the processes of head and nodes without the keepers: their commands by process number."""
        spaces, found = {keeper.net for keeper in self.keepers.values()}, {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and int(entry.name) not in self.own and os.readlink(entry / "ns/net") in spaces:
                    found[int(entry.name)] = (entry / "comm").read_text().strip()
            except OSError:
                continue  # it has ended, or belongs to another user
        return found

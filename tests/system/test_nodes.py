"""inputs/teaching/nodes.py: jobs on nodes that are made of parts of this machine, and what is left of them."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from heat2d_case import HEAT2D, environment, write_case
from nodes import MPIEXEC, TEACHING, Nodes, network, virtual_nodes  # noqa: F401
from test_restart import checkpoints, long_run

NODES = [sys.executable, str(TEACHING / "nodes.py")]
LAUNCHER = ["--mpiexec", MPIEXEC[0]]


def nodes_py(directory: Path, *words: str, first: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    return subprocess.run(["timeout", "-k", "5", "100", *first, *NODES, *words], cwd=directory, stdin=subprocess.DEVNULL,
                          env=dict(environment(1), TMPDIR=str(directory)), capture_output=True, text=True, check=False)


@pytest.fixture
def permitted(network):
    """Skip the test where nodes are not permitted."""
    network("a")


# ---- what a node is -------------------------------------------------------------------------------------


def test_every_rank_runs_on_its_host_and_the_exit_code_is_passed_on(tmp_path, permitted):
    done = nodes_py(tmp_path, "-n", "3", "--ranks-per-node", "2", *LAUNCHER, "--", "sh", "-c", "hostname; exit 7")
    assert done.returncode == 7, done.stderr
    assert sorted(done.stdout.split()) == ["node1", "node1", "node2", "node2", "node3", "node3"]


def test_a_file_of_hosts_gives_names_and_ranks(tmp_path, permitted):
    (tmp_path / "hosts").write_text("# office\nleft:2\n\nright\nspare\n")
    done = nodes_py(tmp_path, "-n", "2", "--hosts", "hosts", *LAUNCHER, "--", "hostname")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.split()) == ["left", "left", "right"]


def test_a_job_runs_in_the_folder_in_which_it_was_started(tmp_path, permitted):
    done = nodes_py(tmp_path, "-n", "2", *LAUNCHER, "--", "pwd")
    assert done.returncode == 0 and done.stdout.split() == [str(tmp_path)] * 2, done.stdout + done.stderr


def test_a_node_sees_its_own_processes_only(tmp_path, permitted):
    """Each node lists its processes while the other's shell, which has the other's name as its $0, exists, too."""
    both = 'touch {0}.$0; until [ -e {0}.node1 ] && [ -e {0}.node2 ]; do sleep 0.05; done; '
    shell = both.format("here") + "ps ax; " + both.format("seen")
    done = nodes_py(tmp_path, "-n", "2", *LAUNCHER, "--", "sh", "-c", f"sh -c '{shell}' $(hostname)")
    assert done.returncode == 0, done.stderr
    lists = done.stdout.split("PID TTY")[1:]
    ends = [{line.split()[-1] for line in text.splitlines() if "touch here" in line} & {"node1", "node2"} for text in lists]
    assert sorted(ends, key=sorted) == [{"node1"}, {"node2"}], done.stdout


def test_a_link_has_the_bandwidth_that_was_asked_for(network):
    """1.5 MB at 10 Mbit/s take 1.2 s; up to 64 KiB pass at full speed, and nothing bounds the time of a busy machine above."""
    took = {}
    for link in ("10mbit", None):
        nodes = network("ab", link=link)
        receive = ("import socket, time; s = socket.create_server(('', 99)); print('ready', flush=True); c, _ = s.accept(); "
                   "c.sendall(b'go'); began = time.monotonic(); n = 0\nwhile n < 1500000: n += len(c.recv(65536))\nprint(time.monotonic() - began)")
        send = "import socket; s = socket.create_connection(('b', 99)); s.recv(2); s.sendall(bytes(1500000)); s.recv(1)"
        with subprocess.Popen([*nodes.enter("b"), sys.executable, "-c", receive], stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout.readline() == "ready\n"
            subprocess.run([*nodes.enter("a"), sys.executable, "-c", send], check=False, timeout=60)
            took[link] = float(server.stdout.readline())
    assert took["10mbit"] > 0.95 * (1500000 - 65536 - 65536) * 8 / 10e6, took
    assert took[None] < took["10mbit"], took


# ---- memory ---------------------------------------------------------------------------------------------

TAKES = "import socket; x = bytearray((300 << 20) * (socket.gethostname() == 'node2')); print('alive', len(x))"


def with_groups(nodes: Nodes) -> Nodes:
    if not nodes.groups:
        pytest.skip("no control group with a limit of memory can be made here")
    return nodes


def test_a_process_that_exceeds_its_nodes_memory_is_killed_and_named(tmp_path, network):
    with_groups(network("a", memory=64 << 20))
    done = nodes_py(tmp_path, "-n", "2", "--memory", "100M", *LAUNCHER, "--", sys.executable, "-c", TAKES)
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if line.startswith("nodes.py:")]
    assert said == ["nodes.py: node2: the kernel killed 1 process, because the node's memory (--memory 100M) was full"]


def test_without_control_groups_each_rank_is_limited_and_a_note_says_so(monkeypatch, capfd, network):
    def refuse(*_):
        raise PermissionError("as on a machine without root")

    monkeypatch.setattr(virtual_nodes, "make_group", refuse)
    nodes = network("ab", 2, memory=600 << 20)
    assert "no control group can be made here, so each rank is limited to its part of 600M" in capfd.readouterr().err
    job = nodes.start(["sh", "-c", "ulimit -v"], MPIEXEC, stdout=subprocess.PIPE, text=True)
    assert job.communicate(timeout=60)[0].split() == [str(300 << 10)] * 4


PLACES = {  # kernel's files, by what they describe
    "version 1": ("4:memory:/box/job\n0::/\n", "31 20 0:27 / /sys/cg1 rw shared:9 - cgroup cgroup rw,memory\n", "sys/cg1/box/job"),
    "version 1, in a container": ("4:memory:/box/job\n", "31 20 0:27 /box /sys/cg1 rw - cgroup cgroup rw,memory\n", "sys/cg1/job"),
    "version 2": ("0::/slice/job\n", "30 20 0:26 / /sys/cg2 rw - cgroup2 cgroup rw\n", "sys/cg2/slice")}


@pytest.mark.parametrize("about", PLACES)
def test_groups_are_made_where_they_can_have_limits(tmp_path, about):
    """In version 2 a group that has processes cannot limit its children, so the nodes' group stands beside it."""
    groups, mounts, place = PLACES[about]
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(groups)
    (tmp_path / "proc/self/mountinfo").write_text("21 20 0:5 / /proc rw - proc proc rw\n" + mounts)
    for folder, controllers in (("slice/job", ""), ("slice", "cpu memory"), ("", "memory")):
        (tmp_path / "sys/cg2" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "sys/cg2" / folder / "cgroup.subtree_control").write_text(controllers)
    (tmp_path / "sys/cg1/box/job").mkdir(parents=True)
    (tmp_path / "sys/cg1/job").mkdir()
    expected = []
    folder, version = virtual_nodes.make_group("nodes", str(tmp_path), expected.append)
    assert expected[-1] == folder, "the cleaner is not told of the group"
    assert (folder, version) == (tmp_path / place / "nodes", int(about.split()[1].strip(",")))


# ---- the end of nodes -----------------------------------------------------------------------------------


def spaces() -> set[str]:
    """Return the network namespaces that processes of this machine are in."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(os.readlink(entry))
        except OSError:
            continue
    return found


def begun(directory: Path, *words: str) -> subprocess.Popen:
    return subprocess.Popen([*NODES, *words], cwd=directory, env=dict(environment(2), TMPDIR=str(directory)), text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def groups_of(job: subprocess.Popen) -> list[Path]:
    """Walk, because a search by pattern fails where a group disappears meanwhile."""
    return [Path(folder) for _, mount, _ in virtual_nodes.memory_mounts("") for folder, _, _ in os.walk(mount)
            if Path(folder).name.startswith(f"heat2d-nodes-{job.pid}-")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
@pytest.mark.parametrize("running", [True, False], ids=["running", "starting"])
def test_nothing_is_left_of_nodes_whose_program_is_killed(tmp_path, permitted, number, running):
    """TERM ends the job, which ignores no signal; INT, as from a terminal, comes while the nodes are being made."""
    before = spaces()
    mark = f"mark{os.getpid()}{number}{running}"
    job = begun(tmp_path, "-n", "3", "--memory", "64M", *LAUNCHER, "--", "sh", "-c", f"echo {mark}; exec sleep 300")
    if running:
        made = [job.stdout.readline().strip() for _ in range(3)]
        assert made == [mark] * 3, job.communicate()
        inside = [path.parent.parent for path in Path("/proc").glob("[0-9]*/ns/net") if is_sleep(path)]
        assert len(inside) == 3, inside
    else:
        limit = time.monotonic() + 20
        while not list(tmp_path.glob("heat2d-nodes-*")):
            assert time.monotonic() < limit and job.poll() is None, job.communicate()
            time.sleep(0.01)
    job.send_signal(number)
    job.wait(30)
    limit = time.monotonic() + 20
    while (left := [*sorted(spaces() - before), *groups_of(job), *tmp_path.iterdir()]) and time.monotonic() < limit:
        time.sleep(0.1)
    assert not left
    _, err = job.communicate()
    assert "Traceback" not in err, err


def is_sleep(net: Path) -> bool:
    try:
        return (net.parent.parent / "cmdline").read_bytes() == b"sleep\x00300\x00" and \
            os.readlink(net) != os.readlink("/proc/self/ns/net")
    except OSError:
        return False


def test_a_node_that_burns_down_ends_the_job(tmp_path, permitted):
    """The launcher ends the ranks on the other node, which would run for 300 s.  Its exit code for that is its own affair."""
    began = time.monotonic()
    done = nodes_py(tmp_path, "-n", "2", "--burn", "node2@5", *LAUNCHER, "--", "sh", "-c", "hostname; exec sleep 300")
    assert done.returncode not in (0, 2, 77, 124) and 5 < time.monotonic() - began < 60, done.stderr
    assert sorted(done.stdout.split()) == ["node1", "node2"]
    assert done.stderr.count("nodes.py: node2 burns down after 5 s (--burn)\n") == 1 and "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_node_that_would_burn_down_after_the_end_does_not_delay_it(tmp_path, permitted):
    began = time.monotonic()
    done = nodes_py(tmp_path, "-n", "2", "--burn", "node1@90", *LAUNCHER, "--", "hostname")
    assert done.returncode == 0 and time.monotonic() - began < 80 and "burns" not in done.stderr, done.stderr


def test_a_signal_is_passed_on_to_the_job(tmp_path, permitted):
    """heat2d stops after a checkpoint.  The code is not asserted: MPICH's launcher sometimes loses 75 after a signal."""
    write_case(tmp_path, long_run(checkpoint={"wall_interval": 0.5}))
    job = begun(tmp_path, "-n", "2", *LAUNCHER, "--", HEAT2D, "case.yaml", "--output", "out", "--quiet")
    limit = time.monotonic() + 40
    while not checkpoints(tmp_path / "out"):
        assert time.monotonic() < limit and job.poll() is None, job.communicate()
        time.sleep(0.1)
    job.send_signal(signal.SIGHUP)
    _, err = job.communicate(timeout=40)
    assert json.loads((tmp_path / "out" / "results.json").read_text())["status"] == "stopped", err


# ---- refusals -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words,said", [
    ("", "no command"), ("-n 2", "no command"), ("-n 0 -- true", "'0' must be a whole number"), ("-- true", "-n N or --hosts"),
    ("-n 2 --memory 3Q -- true", "'3Q' must be a number of bytes"), ("-n 2 --memory 1M -- true", "at least 32M"),
    ("-n 2 --link fast -- true", "'fast' must be a number with kbit"), ("-n 2 --link 1..2mbit -- true", "must be a number"),
    ("-n 2 --ranks-per-node -1 -- true", "--ranks-per-node"), ("-n 2 --rank 2 -- true", "unrecognized"),
    ("-n 2 word -- true", "unrecognized arguments: word"), ("-n 2 -- no-such-program", "'no-such-program' was not found"),
    ("-n 201 -- true", "at most 200"), ("--hosts none -- true", "none cannot be read"), ("--hosts empty -- true", "names no host"),
    ("--hosts bad -- true", "bad:2: 'a b' must be NAME"), ("--hosts twice -- true", "twice:2: 'a' must be NAME"),
    ("-n 2 --burn node2 -- true", "'node2' must be NODE@SECONDS"), ("-n 2 --burn node3@1 -- true", "no node has this name"),
    ("-n 3 --hosts good -- true", "-n 3 is more than the 2 hosts of good"), ("-n 2 --mpiexec true -- true", "launcher of MPICH")])
def test_a_wrong_command_line_is_one_message_with_code_2(tmp_path, words, said):
    for name, text in (("empty", "\n# none\n"), ("bad", "a\na b\n"), ("twice", "a\na\n"), ("good", "a\nb\n")):
        (tmp_path / name).write_text(text)
    done = nodes_py(tmp_path, *words.split())
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("nodes.py: error: ") and done.stderr.count("\n") == 1 and said in done.stderr, done.stderr
    assert not done.stdout and len(list(tmp_path.iterdir())) == 4


def test_a_machine_without_namespaces_is_one_line_with_code_77(tmp_path):
    """The kernel itself refuses: the number of namespaces is limited to none, in a user namespace of the test's own."""
    lower = ["unshare", "--user", "--map-root-user", "sh", "-c", 'echo 0 >/proc/sys/user/max_net_namespaces && exec "$@"', "sh"]
    if subprocess.run([*lower, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("user namespaces are not permitted here")
    done = nodes_py(tmp_path, "-n", "2", *LAUNCHER, "--", "true", first=tuple(lower))
    assert done.returncode == 77, done.stderr
    assert done.stderr.startswith("nodes.py: namespaces are not permitted here: ") and done.stderr.count("\n") == 1, done.stderr
    assert not list(tmp_path.iterdir())

"""Signals, a closed terminal and a dead reader of the output: each stops a run after a checkpoint, with code 75 and without a
traceback, and none of them loses a checkpoint."""
from __future__ import annotations

import os
import pty
import signal
import subprocess
import time

import pytest
from heat2d_case import HEAT2D, Outcome, basic_case, command, environment, mpich, run, write_case
from test_restart import Background, checkpoints, heated, long_run, must

# The program notes before the libraries are loaded whether HUP is ignored; with sanitizers it cannot run so early.
notes_hangup = pytest.mark.skipif("HEAT2D_SANITIZED" in os.environ, reason="libraries replace the handler of HUP with sanitizers")
STOPPING = ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "XCPU", "PIPE", "ALRM"]
# What MPICH's launcher passes on to the ranks; any other signal ends the launcher itself, and its proxy kills the ranks.
FORWARDED = ["TERM", "INT", "QUIT", "USR1", "ALRM"]


def stopped(outcome: Outcome, reason: str) -> None:
    """A whole checkpoint of the last step, a record with the reason, and no word about an error."""
    assert outcome.code == 75, f"exit code {outcome.code}\n{outcome.err}"
    assert not outcome.err, outcome.err
    record = outcome.results
    assert record["status"] == "stopped" and record["error"] == reason, record["error"]
    assert checkpoints(outcome.directory)[-1] == f"checkpoint_{record['time']['steps']:06d}.h5"


def default_signals() -> None:
    """A shell ignores INT and QUIT for what it starts in the background, nohup HUP: undo that for the program."""
    for name in STOPPING:
        signal.signal(getattr(signal, f"SIG{name}"), signal.SIG_DFL)


class Program:
    """One rank without a launcher and without `timeout`, so that nothing stands between a signal and the program."""

    def __init__(self, tmp_path, *args: str, prefix: tuple[str, ...] = (), prepare=default_signals, stdout=subprocess.DEVNULL,
                 case: dict | None = None):
        self.directory = tmp_path / "out"
        write_case(tmp_path, case or long_run())
        self.process = subprocess.Popen([*prefix, HEAT2D, "case.yaml", "--output", "out", *args], cwd=tmp_path, env=environment(1),
                                        stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True,
                                        preexec_fn=prepare, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)

    def wait_for_steps(self, *tables: str) -> None:
        """Wait for history.csv, which is made just before the first step, and for the other tables."""
        limit = time.monotonic() + 30
        while not all((self.directory / name).exists() for name in ("history.csv", *tables)):
            assert self.process.poll() is None and time.monotonic() < limit, self.process.communicate()[1]
            time.sleep(0.05)

    def outcome(self, seconds: float = 30) -> Outcome:
        _, err = self.process.communicate(timeout=seconds)
        return Outcome(self.process.returncode, "", err, self.directory)


@pytest.mark.parametrize("name", STOPPING)
def test_signal_to_the_program_stops_it_after_a_checkpoint(tmp_path, name):
    with Program(tmp_path, "--quiet") as program:
        program.wait_for_steps()
        program.process.send_signal(getattr(signal, f"SIG{name}"))
        stopped(program.outcome(), f"signal {name}")


@pytest.mark.parametrize("name", ["HUP", "PIPE", "QUIT", "XCPU", "USR2"])
def test_signal_to_one_rank_stops_all(tmp_path, name):
    with Background(tmp_path, long_run(), 2) as job:
        limit = time.monotonic() + 30
        while not (job.directory / "history.csv").exists():
            assert time.monotonic() < limit and job.process.poll() is None, job.process.communicate()
            time.sleep(0.05)
        ranks = [pid for pid in job.descendants() if os.readlink(f"/proc/{pid}/exe") == os.path.realpath(HEAT2D)]
        assert len(ranks) == 2, ranks
        os.kill(ranks[1], getattr(signal, f"SIG{name}"))
        _, err = job.process.communicate(timeout=30)
    stopped(Outcome(job.process.returncode, "", err, job.directory), f"signal {name}")


@pytest.mark.skipif(not mpich(), reason="which signals the launcher passes on is known of MPICH's alone")
@pytest.mark.parametrize("name", STOPPING)
def test_signal_to_mpiexec_leaves_whole_files(tmp_path, name):
    """A forwarded signal stops the run; any other one ends mpiexec, and the ranks are killed, as by the loss of a node."""
    with Background(tmp_path, long_run(checkpoint={"wall_interval": 0.5}), 2) as job:
        job.wait_for_checkpoint()
        os.kill(job.descendants()[1], getattr(signal, f"SIG{name}"))
        job.process.communicate(timeout=30)
    record = job.directory / "results.json"
    assert record.exists() == (name in FORWARDED), f"{name}: results.json {'exists' if record.exists() else 'is missing'}"
    if record.exists():
        assert Outcome(0, "", "", job.directory).results["status"] == "stopped"
    newest = int(checkpoints(job.directory)[-1][11:-3])
    again = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", f"time.steps={newest + 5}"))
    assert not again.err, again.err


def test_reader_of_the_output_that_goes_away_stops_the_run(tmp_path):
    """As `heat2d case.yaml | head`."""
    read, write = os.pipe()
    with Program(tmp_path, stdout=write) as program:
        os.close(write)
        program.wait_for_steps()
        os.close(read)  # the next line of progress comes within some seconds
        stopped(program.outcome(60), "signal PIPE")


def test_output_that_cannot_be_written_does_not_disturb_the_run(tmp_path):
    """A log file on a full disk: every line of header, progress, PETSc's monitor and table fails."""
    case = basic_case(checkpoint={"every": 5}, output={"snapshots": {"every": 5}})
    with open("/dev/full", "w") as full, Program(tmp_path, "-ksp_monitor", stdout=full, case=case) as program:
        outcome = must(program.outcome())
    assert outcome.results["status"] == "ok" and not outcome.err, outcome.err
    assert checkpoints(outcome.directory) == ["checkpoint_000005.h5", "checkpoint_000010.h5"]
    assert len(outcome.snapshots()) == 3


def test_closed_streams_are_not_mistaken_for_files(tmp_path):
    """`heat2d case.yaml >&- 2>&- <&-`: the first files would get the numbers 0, 1 and 2, and the messages with them."""
    def close() -> None:
        default_signals()
        os.closerange(0, 3)
    straight = must(run(tmp_path / "straight", basic_case(), "--quiet"))
    with Program(tmp_path, prepare=close, case=basic_case()) as program:
        assert program.process.wait(30) == 0
    assert (tmp_path / "out" / "history.csv").read_bytes() == (straight.directory / "history.csv").read_bytes()
    for path in (tmp_path / "out").iterdir():
        assert b"heat2d 0" not in path.read_bytes() or path.suffix == ".json", f"{path.name} holds the header of the screen"


def on_a_terminal(tmp_path, words: list[str], case: dict) -> int:
    """Starts a command as the leader of a terminal's session, closes the terminal after some steps; its exit code."""
    write_case(tmp_path, case)
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            default_signals()
            os.chdir(tmp_path)
            os.execvpe(words[0], words, environment(1))
        finally:
            os._exit(97)
    limit = time.monotonic() + 30
    while not (tmp_path / "out" / "history.csv").exists() and time.monotonic() < limit:
        time.sleep(0.05)
    os.close(terminal)
    while time.monotonic() < limit + 60:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    raise AssertionError("the run did not end after its terminal was closed")


def test_closed_terminal_stops_the_run(tmp_path):
    code = on_a_terminal(tmp_path, [HEAT2D, "case.yaml", "--output", "out"], long_run())
    stopped(Outcome(code, "", "", tmp_path / "out"), "signal HUP")


@notes_hangup
def test_run_under_nohup_outlives_its_terminal(tmp_path):
    case = long_run(limits={"wall_time": 6.0})
    code = on_a_terminal(tmp_path, ["nohup", HEAT2D, "case.yaml", "--output", "out"], case)
    stopped(Outcome(code, "", "", tmp_path / "out"), "the wall-time limit of 6 s (limits.wall_time)")


# ---- the clock -------------------------------------------------------------------------------------------


@pytest.mark.skipif("HEAT2D_JUMP" not in os.environ, reason="made without the library that sets the date")
@pytest.mark.parametrize("jump", [-100000, 100000])
def test_limits_and_intervals_do_not_follow_a_date_that_is_set(tmp_path, jump):
    """The date jumps by a day after 2 s: the limit of 5 s holds, checkpoints are still written about every second."""
    case = long_run(checkpoint={"wall_interval": 1.0, "keep": 100}, limits={"wall_time": 5.0})
    words = ("env", f"LD_PRELOAD={os.environ['HEAT2D_JUMP']}", f"JUMP={jump}", "JUMP_AFTER=2")
    began = time.monotonic()
    with Program(tmp_path, "--quiet", prefix=words, case=case) as program:
        outcome = program.outcome(60)
    stopped(outcome, "the wall-time limit of 5 s (limits.wall_time)")
    # The limit is kept to the second; a loaded machine gets some more for start and end.
    assert 3.0 < time.monotonic() - began < 15.0
    assert len(checkpoints(outcome.directory)) >= 3, "no checkpoints by the wall clock after the jump"
    assert all(0 <= phase["max"] < 20 for phase in outcome.results["timing"]), outcome.results["timing"]


def test_record_says_when_the_run_started(tmp_path):
    before = time.time()
    outcome = must(run(tmp_path, long_run(limits={"wall_time": 4.0}), "--quiet"), 75)
    origin = outcome.results["provenance"]
    started = time.mktime(time.strptime(origin["started"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone
    # Whole seconds; the run itself took more than two of them.
    assert before - 1 <= started <= before + origin["elapsed"] - 2, (before, started, origin["elapsed"])

@pytest.mark.parametrize("when", [0.1, 0.3, 1.0, 5.0])
def test_signal_ends_a_steady_run_at_once(tmp_path, when):
    """A steady state is one step, which may be long and leaves nothing to continue from.  The signal comes before the
    solve or within it, which depends on the machine."""
    case = basic_case(grid={"cells": [1500, 1500], "x": [0.0, 1.0], "y": [0.0, 1.0]}, initial={"temperature": "300+x"},
                      boundary={"left": {"type": "temperature", "value": 300.0}}, time={"scheme": "steady"},
                      solver={"preconditioner": "jacobi", "max_iterations": 1000000, "tolerance": 1e-12})
    path = write_case(tmp_path, case)
    process = subprocess.Popen([HEAT2D, str(path), "--output", "out", "--quiet"], cwd=tmp_path, env=environment(1),
                               stderr=subprocess.PIPE, text=True, preexec_fn=default_signals)
    time.sleep(when)
    assert process.poll() is None, "the solve is too short for this test"
    process.send_signal(signal.SIGTERM)
    try:
        error = process.communicate(timeout=20)[1]
    finally:
        process.kill()
    assert process.returncode == -signal.SIGTERM and "PETSC ERROR" not in error, (process.returncode, error)


@pytest.mark.parametrize("words", [["verify"], ["--help"]])
def test_other_commands_end_without_petscs_report(tmp_path, words):
    process = subprocess.Popen([HEAT2D, *words], cwd=tmp_path, env=environment(1), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, preexec_fn=default_signals)
    if words[0] == "verify":
        # The first line of the table shows that the suite runs; on any machine it has most of its entries to go.
        assert process.stdout.readline()
        process.send_signal(signal.SIGTERM)
    else:
        process.stdout.close()
    try:
        error = process.stderr.read()
        process.wait(timeout=20)
    finally:
        process.kill()
    assert process.returncode in (0, -signal.SIGTERM, -signal.SIGPIPE) and error == "", (process.returncode, error)
    if words[0] == "verify":
        assert process.returncode == -signal.SIGTERM


# ---- before the first step -----------------------------------------------------------------------------------


def ended_by_it(name: str, code: int, error: str) -> bool:
    """The signal ended the process, or was remembered, and then the run stopped after a checkpoint."""
    return "PETSC ERROR" not in error and code in (-getattr(signal, f"SIG{name}"), 75)


@pytest.mark.skipif("HEAT2D_FAULTS" not in os.environ, reason="needs the library that delays calls (HEAT2D_FAULTS)")
@pytest.mark.parametrize("name", ["TERM", "USR1", "ALRM"])
def test_signal_ends_a_long_set_up(tmp_path, name):
    """A restart waits to open its checkpoint.  The signal ends it after 10 s, not before, and no file of the run changes."""
    case = heated("ftcs", time={"scheme": "ftcs", "step": 2.5e-5, "steps": 20}, checkpoint={"every": 10})
    directory = must(run(tmp_path, case, "--quiet")).directory
    checkpoint = directory / checkpoints(directory)[-1]
    before = {path.name: path.read_bytes() for path in directory.iterdir()}
    preload = ":".join(filter(None, [os.environ["HEAT2D_FAULTS"], environment(2).get("LD_PRELOAD", "")]))
    with Background(tmp_path, case, 2, args=("--restart", "latest"), env={
            "LD_PRELOAD": preload, "HEAT2D_FAULT_PATH": checkpoint.name, "HEAT2D_FAULT_OPENS": "1", "HEAT2D_FAULT_HOLD": str(checkpoint),
            "HEAT2D_FAULT_LOG": str(tmp_path / "calls")}) as job:
        limit = time.monotonic() + 30
        while not (tmp_path / "calls").exists():
            assert time.monotonic() < limit and job.process.poll() is None, job.process.communicate()
            time.sleep(0.05)
        for rank in [pid for pid in job.descendants() if os.readlink(f"/proc/{pid}/exe") == os.path.realpath(HEAT2D)]:
            os.kill(rank, getattr(signal, f"SIG{name}"))
        sent = time.monotonic()
        _, err = job.process.communicate(timeout=30)
    assert 8 < time.monotonic() - sent < 25 and job.process.returncode not in (0, 75, 124), (job.process.returncode, err)
    assert err.count("heat2d: error:") == 1 and "during the set-up" in err, err
    assert {path.name: path.read_bytes() for path in directory.iterdir() if path.name != ".lock"} == before
    must(run(tmp_path, tmp_path / "case.yaml", "--quiet", "--restart", "latest", "--set", "time.steps=30"))


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1", "XCPU"])
def test_no_signal_is_lost_while_the_run_starts(tmp_path, name):
    """Libraries replace the handlers: libpsm that of HUP when it is loaded, MPICH that of USR1 in MPI_Init.  The signals come at
    moments from the loading of the libraries (0.05 s on an idle machine) to the first steps."""
    lost = []
    for number in range(12):
        (tmp_path / str(number)).mkdir()
        with Program(tmp_path / str(number), "--quiet") as program:
            time.sleep(0.03 + 0.05 * number)
            program.process.send_signal(getattr(signal, f"SIG{name}"))
            try:
                outcome = program.outcome(20)
            except subprocess.TimeoutExpired:
                lost.append((number, "goes on"))
                continue
            if not ended_by_it(name, outcome.code, outcome.err):
                lost.append((number, outcome.code, outcome.err))
    assert not lost, lost


@pytest.mark.parametrize("name", ["TERM", "HUP", "USR1"])
@pytest.mark.parametrize("command", ["run", "plan"])
def test_signal_ends_the_wait_for_a_pipe_to_which_nothing_is_written(tmp_path, name, command):
    os.mkfifo(tmp_path / "pipe")
    process = subprocess.Popen([HEAT2D, command, "pipe"], cwd=tmp_path, env=environment(1), stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True, preexec_fn=default_signals)
    try:
        time.sleep(2)
        assert process.poll() is None, process.stderr.read()
        process.send_signal(getattr(signal, f"SIG{name}"))
        error = process.communicate(timeout=20)[1]
    finally:
        process.kill()
    assert process.returncode == -getattr(signal, f"SIG{name}") and error == "", (process.returncode, error)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pipe"]


def test_case_may_come_through_a_pipe(tmp_path):
    """As `heat2d <(make_case)` and `make_case | heat2d /dev/stdin`."""
    write_case(tmp_path, basic_case())
    straight = must(run(tmp_path, basic_case(), "--quiet", output="straight"))
    for words in (f"{HEAT2D} <(cat case.yaml) --quiet --output out", f"cat case.yaml | {HEAT2D} /dev/stdin --quiet --output out"):
        done = subprocess.run(["timeout", "-k", "5", "60", "bash", "-c", words], cwd=tmp_path, env=environment(1), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert done.returncode == 0, (words, done.stderr)
        assert (tmp_path / "out" / "history.csv").read_bytes() == (straight.directory / "history.csv").read_bytes()


# ---- the output of commands that print their result -----------------------------------------------------------


def printing(tmp_path) -> list[list[str]]:
    """Command lines whose result is the text that they print."""
    outcome = must(run(tmp_path, basic_case(checkpoint={"every": 5}), "--quiet"))
    case, checkpoint = str(tmp_path / "case.yaml"), str(outcome.directory / checkpoints(outcome.directory)[-1])
    return [["--help"], ["--version"], ["plan", case], ["inspect", checkpoint], [case, "--show", "title"]]


def test_text_that_cannot_be_printed_is_an_error_of_commands_whose_result_it_is(tmp_path):
    for words in printing(tmp_path):
        with open("/dev/full", "w") as full:
            done = subprocess.run([HEAT2D, *words], cwd=tmp_path, env=environment(1), stdout=full, stderr=subprocess.PIPE, text=True,
                                  timeout=60, check=False)
        assert done.returncode == 4, (words, done.returncode, done.stderr)
        assert done.stderr.startswith("heat2d: error: the standard output cannot be written, "), (words, done.stderr)
        assert done.stderr.count("\n") == 1, (words, done.stderr)


def test_reader_that_goes_away_ends_commands_that_print_without_a_word(tmp_path):
    """As `heat2d --version | true`: SIGPIPE ends the program, as it ends cat and ls."""
    for words in printing(tmp_path):
        read, write = os.pipe()
        os.close(read)
        with os.fdopen(write, "w") as output:
            done = subprocess.run([HEAT2D, *words], cwd=tmp_path, env=environment(1), stdout=output, stderr=subprocess.PIPE, text=True,
                                  timeout=60, check=False, preexec_fn=default_signals)
        assert (done.returncode, done.stderr) == (-signal.SIGPIPE, ""), (words, done.returncode, done.stderr)


@notes_hangup
@pytest.mark.parametrize("prefix,ends", [((), True), (("nohup",), False)])
def test_hangup_ends_verify_unless_nohup_ignores_it(tmp_path, prefix, ends):
    """HUP comes again and again, from the start to the end."""
    with open(tmp_path / "out.txt", "w") as out:
        process = subprocess.Popen([*prefix, HEAT2D, "verify", "--quick", "layers", "halo", "events"], cwd=tmp_path, env=environment(1),
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=default_signals)
        try:
            limit = time.monotonic() + 120
            if prefix:  # before nohup has started the program, HUP ends nohup itself
                while os.readlink(f"/proc/{process.pid}/exe").endswith("nohup") and time.monotonic() < limit:
                    time.sleep(0.01)
            while process.poll() is None and time.monotonic() < limit:
                process.send_signal(signal.SIGHUP)
                time.sleep(0.1)
        finally:
            process.kill()
            code = process.wait(10)
    text = (tmp_path / "out.txt").read_text()
    assert (code == 0 and " 0 failed" in text) if not ends else code in (-signal.SIGHUP, 75), (code, text)

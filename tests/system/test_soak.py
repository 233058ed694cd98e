"""A soak test: runs that are killed, stopped, halted and given failing disks at random moments, and continued on random
numbers of ranks until their end, leave the files of an undisturbed run.  It takes five minutes (label slow);
test_soak_short.py takes seconds.

HEAT2D_SOAK_SEED fixes every choice, such as the kind, victim and time of a disturbance; HEAT2D_SOAK_SECONDS is the duration.
How far a run has come when it is disturbed depends on the machine.
"""
from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from heat2d_case import CORES, HEAT2D, MPIEXEC, Outcome, command, environment, execute, write_case
from test_restart import NON_LINEAR, Background, checkpoints, heated, must

SEED = int(os.environ.get("HEAT2D_SOAK_SEED", "20260727"))
RANKS = [1, 2, 3, 4, 7]
KEEP = 3
LEAST = 3  # rounds of a run at least, even if the time is over
# name: step [s], steps, steps between checkpoints, other sections of the case.  A run is as long as some short rounds, and
# checkpoints are so frequent that a random moment is often within one.
LINEAR = {"solver": {"tolerance": 1e-10, "reproducible": True, "preconditioner": "jacobi"}}
SCHEMES = {"ftcs": (1e-5, 5000, 50, {}),
           "bdf2": (2e-5, 60, 1, {**NON_LINEAR, "solver": {"tolerance": 1e-8, "reproducible": True}}),
           "rkl2": (1e-4, 600, 6, {}),
           "backward-euler": (2e-5, 240, 4, LINEAR)}
KILLS = ["kill all", "kill one"]
SIGNALS = ["TERM to the launcher", "USR1 to one"]
WAYS = [*KILLS, *KILLS, *SIGNALS, "halt", "nothing"]
CRASH_AT_EXIT = 11  # by HDF5 1.10, if its last write fails (io/README.md)

pytestmark = pytest.mark.skipif("HEAT2D_FAULTS" not in os.environ, reason="built without the library of faults")


def soak_case(scheme: str) -> dict:
    step, steps, every, sections = SCHEMES[scheme]
    output = {"snapshots": {"every": steps // 8}, "history": {"every": steps // 30},
              "compression": "deflate" if scheme in ("rkl2", "bdf2") else "none",
              "probes": [{"name": "a", "at": [0.31, 0.22]}, {"name": "b", "at": [0.9, 0.05]}]}
    return heated(scheme, **{"time": {"scheme": scheme, "step": step, "steps": steps}, "output": output,
                             "checkpoint": {"every": every, "keep": KEEP}, **sections})


def layouts(ranks: int) -> list:
    return ["auto", *([px, ranks // px] for px in range(1, ranks + 1) if ranks % px == 0)]


class Plan:
    """The disturbances of one round, which follow from the seed."""

    def __init__(self, seed: str):
        choose = random.Random(seed)
        self.ranks = choose.choice(RANKS)
        self.processes = choose.choice(layouts(self.ranks))
        self.previous = choose.random() < 0.15  # restart from the checkpoint before the newest
        self.ways = [choose.choice(WAYS)]
        if self.ways == ["halt"]:
            self.ways += [choose.choice(WAYS)]
        self.moments = [choose.choice(["starting", "running", "running", "writing", "writing"]) for _ in self.ways]
        self.seconds = [choose.uniform(0.0, 1.5) for _ in self.ways]
        self.victim = choose.randrange(self.ranks)
        self.fault = self.path = None
        if choose.random() < 0.35:
            self.path = choose.choice(["checkpoint_", "checkpoint_", "snapshot_", "results"])
            most = {"checkpoint_": 300, "snapshot_": 40, "results": 5}[self.path]
            self.fault = f"{choose.randint(1, most)}:{choose.choice(['EIO', 'EIO', 'short'])}:{choose.randrange(self.ranks)}"

    @property
    def eio(self) -> bool:
        return bool(self.fault) and "EIO" in self.fault

    def __str__(self) -> str:
        ways = ", ".join(f"{way} ({moment} + {s:.2f} s)" for way, moment, s in zip(self.ways, self.moments, self.seconds))
        return f"{self.ranks} ranks {self.processes}: {ways} of rank {self.victim}, fault {self.fault} on {self.path}"


class Job(Background):
    """A run whose processes are found by a word in their environment, also if their parent has ended."""

    def __init__(self, directory: Path, plan: Plan, args: list[str]):
        self.directory = directory / "out"
        self.word = f"HEAT2D_SOAK_JOB={os.getpid()}.{time.monotonic_ns()}"
        env = environment(CORES + 1)  # idle ranks give up the processor, for any number of ranks
        name, value = self.word.split("=")
        env[name] = value
        preload = ":".join(filter(None, [os.environ["HEAT2D_FAULTS"], env.pop("LD_PRELOAD", "")]))
        words = [f"LD_PRELOAD={preload}"]
        words += [f"HEAT2D_FAULT={plan.fault}", f"HEAT2D_FAULT_PATH={plan.path}"] if plan.fault else []
        self.process = subprocess.Popen(
            ["timeout", "-k", "5", "900", *MPIEXEC, "-n", str(plan.ranks), "env", *words, HEAT2D, "case.yaml", "--output",
             "out", "--quiet", *args], cwd=directory, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True)

    def descendants(self) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and self.word.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue  # it has ended, or belongs to another user
        return sorted(found)

    def named(self, *names: str) -> list[int]:
        found = []
        for pid in self.descendants():
            try:
                if Path(f"/proc/{pid}/exe").resolve().name.startswith(names):
                    found.append(pid)
            except OSError:
                continue
        return found

    def kill(self) -> None:
        while pids := self.descendants():
            for pid in pids:
                send(pid, signal.SIGKILL)
            self.process.poll()
            time.sleep(0.01)

    def runs(self) -> bool:
        """Return whether the run has locked its output folder; signal handlers are installed before that."""
        try:
            holder = (self.directory / ".lock").read_text().split()  # `process N on HOST`; an earlier run's lock may be left
            return self.word.encode() in Path(f"/proc/{int(holder[1])}/environ").read_bytes().split(b"\0")
        except (OSError, ValueError, IndexError):
            return False

    def writes(self) -> bool:
        return any(self.directory.glob(".*.part"))


def send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # it has ended


def wait(job: Job, moment: str, seconds: float) -> None:
    """Wait until the moment of a disturbance, or the end of the job."""
    limit = time.monotonic() + 60
    while moment != "starting" and job.process.poll() is None and not job.runs():
        assert time.monotonic() < limit, "the run does not begin"
        time.sleep(0.01)
    end = time.monotonic() + seconds
    while job.process.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    while moment == "writing" and job.process.poll() is None and time.monotonic() < end + 1 and not job.writes():
        time.sleep(0.0005)


def disturb(job: Job, plan: Plan) -> bool:
    """Disturb the job as planned; return whether the program's signal handlers were installed when a signal was sent."""
    handled = True
    for way, moment, seconds in zip(plan.ways, plan.moments, plan.seconds):
        if way == "nothing":
            continue
        wait(job, moment, seconds)
        if job.process.poll() is not None:
            break
        ranks = job.named(Path(HEAT2D).resolve().name)
        victim = ranks[plan.victim % len(ranks)] if ranks else None
        if way == "kill all":
            job.kill()
        elif way == "TERM to the launcher":
            handled = job.runs()
            for launcher in job.named("mpiexec", "mpirun", "prterun", "orterun")[:1]:
                send(launcher, signal.SIGTERM)
        elif victim and way == "kill one":
            send(victim, signal.SIGKILL)
        elif victim and way == "USR1 to one":
            handled = job.runs()
            send(victim, signal.SIGUSR1)
        elif victim and way == "halt":
            send(victim, signal.SIGSTOP)
            time.sleep(0.1 + 0.4 * seconds)
            send(victim, signal.SIGCONT)
    return handled


class Soak:
    """One case, from its beginning to its end in as many rounds as it takes."""

    def __init__(self, directory: Path, scheme: str, seed: str, straight: Outcome):
        self.directory, self.out, self.straight = directory, directory / "out", straight
        self.scheme, self.seed, self.where, self.counts = scheme, seed, "", Counter()
        shutil.copy(straight.directory.parent / "case.yaml", directory)

    def fail(self, text: str, err: str = "") -> None:
        left = sorted(path.name for path in self.out.glob("*")) if self.out.exists() else []
        pytest.fail(f"{text}\nHEAT2D_SOAK_SEED={SEED}, {self.where}\nleft: {left}\n{err}", pytrace=False)

    def expect(self, holds: bool, text: str, err: str = "") -> None:
        if not holds:
            self.fail(text, err)

    def status(self) -> str | None:
        """Return the status in the record, which must be complete, or None if there is no record."""
        path = self.out / "results.json"
        try:
            return json.loads(path.read_text())["status"] if path.exists() else None
        except ValueError as error:
            self.fail(f"results.json is torn: {error}")

    def expect_complete_files(self) -> None:
        """Expect files with a final name to be complete: checkpoints have right checksums, snapshots the undisturbed bytes."""
        for name in checkpoints(self.out):
            inspected = execute([HEAT2D, "inspect", f"out/{name}"], self.directory)
            self.expect(inspected.returncode == 0, f"{name} is damaged", inspected.stderr)
        for path in self.out.glob("snapshot_*.h5"):
            other = self.straight.directory / path.name
            self.expect(other.exists() and path.read_bytes() == other.read_bytes(), f"{path.name} has other bytes")

    def expect_right_code(self, plan: Plan, handled: bool, code: int, err: str) -> None:
        # What cannot be written after the last step is a warning with code 4: everything else is written.
        errors = err.count("heat2d: error:") + err.count("; the run is finished, and everything else is written")
        if set(plan.ways) & set(KILLS):
            self.expect(code not in (124,), "a hang", err)
            self.expect(errors <= 1, "more than one message", err)
            return
        allowed = {0} | ({75} if set(plan.ways) & set(SIGNALS) else set())
        allowed |= {4, CRASH_AT_EXIT} if plan.eio else set()
        if not handled:
            self.expect(code not in (124, 137), "a hang", err)
            return
        self.expect(code in allowed, f"exit code {code}, not one of {sorted(allowed)}", err)
        # Hydra (MPICH 4.0.2) may return 0 after it has passed a TERM on, although every rank has returned 4.
        lost = code == 0 and errors == 1 and "TERM to the launcher" in plan.ways and plan.eio
        crashed = code == CRASH_AT_EXIT and errors <= 1
        self.expect(errors == (code == 4) or lost or crashed, f"{errors} messages with code {code}", err)
        self.expect("PETSC ERROR" not in err, "a traceback", err)
        self.expect(not list(self.out.glob(".*.part")), "a .part file is left", err)
        status = self.status()
        for other, record in ((75, "stopped"), (4, "error")):
            self.expect(code != other or status == record or plan.path == "results", f"code {code}, status {status}", err)

    def passed_over(self, plan: Plan, name: str, err: str) -> bool:
        """Return whether a checkpoint that the fault made unreadable was passed over with a word and kept aside."""
        kept = any(path.exists() for path in self.out.glob(f"abandoned_*/{name}"))
        return plan.fault is not None and plan.path == "checkpoint_" and kept and f"out/{name} is passed over" in err

    def round(self, plan: Plan) -> bool:
        """Run and disturb one round, and return whether the run came to its end."""
        before = checkpoints(self.out)
        start = before[-2] if plan.previous and len(before) > 1 else "latest" if before else ""
        args = ["--restart", f"out/{start}" if start.startswith("check") else start] if start else []
        args += ["--set", f"decomposition.processes={plan.processes}"]
        self.where = f"{self.seed}: {plan}; from {start or 'the beginning'}"
        began = time.monotonic()
        with Job(self.directory, plan, args) as job:
            handled = disturb(job, plan)
            out, err = job.process.communicate(timeout=950)
            limit = time.monotonic() + 10
            while (left := job.descendants()) and time.monotonic() < limit:
                time.sleep(0.02)
        self.expect(not left, f"processes are left: {left}", err)
        self.expect_right_code(plan, handled, job.process.returncode, out + err)
        after = checkpoints(self.out)
        floor = start if start.startswith("check") else before[-1] if before else ""
        self.expect(not floor or (bool(after) and after[-1] >= floor) or self.passed_over(plan, floor, err),
                    f"lost: {before} became {after}", err)
        self.expect(len(after) >= min(KEEP, len(before)) - (start != "latest"), f"too few: {before} became {after}", err)
        self.expect_complete_files()
        print(f"{time.monotonic() - began:5.1f} s, code {job.process.returncode}, {after[-1:]}: {self.where}", flush=True)
        self.counts.update(plan.ways)
        self.counts[f"code {job.process.returncode}"] += 1
        return self.status() == "ok"

    def finish(self) -> None:
        """Run the rest without disturbance, and expect all files to be those of the undisturbed run."""
        plan = Plan(self.seed + ".last")
        plan.ways, plan.fault, plan.previous = ["nothing"], None, False
        self.expect(self.round(plan), "the last round did not end with status ok")
        names = [path.name for path in self.straight.snapshots()]
        self.expect([path.name for path in sorted(self.out.glob("snapshot_*.h5"))] == names, "not the same snapshots")
        for name in [*names, "probes.csv", "history.csv", "snapshots.xdmf"]:
            same = (self.out / name).read_bytes() == (self.straight.directory / name).read_bytes()
            self.expect(same, f"{name} has other bytes than the undisturbed run's")


def undisturbed(directory: Path) -> Outcome:
    done = execute(command("case.yaml", 2, ("--output", "out", "--quiet")), directory, CORES + 1)
    return Outcome(done.returncode, done.stdout, done.stderr, directory / "out")


def soak(tmp_path: Path, schemes: list[str], seconds: float) -> Counter:
    """Run the schemes one after the other, each disturbed as often as its share of the time allows; return the counts."""
    end, counts, straights, number = time.monotonic() + seconds, Counter(), {}, 0
    while number < len(schemes) or time.monotonic() < end:
        scheme = schemes[number % len(schemes)]
        if scheme not in straights:
            write_case(tmp_path / scheme, soak_case(scheme))
            straights[scheme] = must(undisturbed(tmp_path / scheme))
        share = time.monotonic() + (end - time.monotonic()) / max(1, len(schemes) - number)
        directory = tmp_path / f"{scheme}_{number}"
        directory.mkdir()
        one = Soak(directory, scheme, f"{SEED}.{number}.{scheme}", straights[scheme])
        index = 0
        while index < LEAST or time.monotonic() < share:
            plan = Plan(f"{SEED}.{number}.{scheme}.{index}")
            index += 1
            if one.round(plan):
                break
        one.finish()
        counts.update(one.counts)
        counts["runs"] += 1
        shutil.rmtree(directory)
        number += 1
    print(f"\nsoak: seed {SEED}, {CORES} cores, {seconds:g} s: {dict(counts)}")
    return counts


def test_disturbed_runs_leave_the_files_of_undisturbed_ones(tmp_path):
    counts = soak(tmp_path, list(SCHEMES), float(os.environ.get("HEAT2D_SOAK_SECONDS", "270")))
    assert counts["kill all"] + counts["kill one"] > 0, counts

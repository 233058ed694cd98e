"""A soak: runs that are killed, stopped, halted and given failing disks at random moments, and continued on random numbers
of ranks until their end, leave the files of an undisturbed run (label slow: five minutes; test_soak_short.py: seconds).

HEAT2D_SOAK_SEED chooses what is done to whom, HEAT2D_SOAK_SECONDS for how long.  The seed fixes every choice; how far a
run has come by then is up to the machine.
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
LEAST = 3  # rounds of a run, though the time be over
# name: step [s], steps, steps between checkpoints, the rest of the case.  As long as some short rounds; the checkpoints are
# so near one another that a moment chosen at random is often within one.
LINEAR = {"solver": {"tolerance": 1e-10, "reproducible": True, "preconditioner": "jacobi"}}
SCHEMES = {"ftcs": (1e-5, 5000, 50, {}),
           "bdf2": (2e-5, 60, 1, {**NON_LINEAR, "solver": {"tolerance": 1e-8, "reproducible": True}}),
           "rkl2": (1e-4, 600, 6, {}),
           "backward-euler": (2e-5, 240, 4, LINEAR)}
KILLS = ["kill all", "kill one"]
SIGNALS = ["TERM to the launcher", "USR1 to one"]
WAYS = [*KILLS, *KILLS, *SIGNALS, "halt", "nothing"]
CRASH_AT_EXIT = 11  # HDF5 1.10, when its own last write fails (io/README.md)

pytestmark = pytest.mark.skipif("HEAT2D_FAULTS" not in os.environ, reason="made without the library of faults")


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
    """What one round does; the same for the same seed."""

    def __init__(self, seed: str):
        choose = random.Random(seed)
        self.ranks = choose.choice(RANKS)
        self.processes = choose.choice(layouts(self.ranks))
        self.previous = choose.random() < 0.15  # go on from the checkpoint before the newest
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
    """A run that can be found by a word in its environment, whoever became its parent."""

    def __init__(self, directory: Path, plan: Plan, args: list[str]):
        self.directory = directory / "out"
        self.word = f"HEAT2D_SOAK_JOB={os.getpid()}.{time.monotonic_ns()}"
        env = environment(CORES + 1)  # whatever the ranks: nobody's answer is waited for without giving up the processor
        name, value = self.word.split("=")
        env[name] = value
        preload = ":".join(filter(None, [os.environ["HEAT2D_FAULTS"], env.pop("LD_PRELOAD", "")]))
        words = [f"LD_PRELOAD={preload}"]
        words += [f"HEAT2D_FAULT={plan.fault}", f"HEAT2D_FAULT_PATH={plan.path}"] if plan.fault else []
        self.process = subprocess.Popen(
            ["timeout", "-k", "5", "120", *MPIEXEC, "-n", str(plan.ranks), "env", *words, HEAT2D, "case.yaml", "--output",
             "out", "--quiet", *args], cwd=directory, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True)

    def descendants(self) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and self.word.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue  # gone, or somebody else's
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
        """Past everything that is set up before the output folder is locked, signals among it."""
        try:
            holder = (self.directory / ".lock").read_text().split()  # `process N on HOST`; an earlier run's may be left
            return self.word.encode() in Path(f"/proc/{int(holder[1])}/environ").read_bytes().split(b"\0")
        except (OSError, ValueError, IndexError):
            return False

    def writes(self) -> bool:
        return any(self.directory.glob(".*.part"))


def send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass  # it was quicker


def wait(job: Job, moment: str, seconds: float) -> None:
    """Until the moment, or the end of the job."""
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
    """Do what the plan says; returns whether the program's signal handlers were there already."""
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
    """One case, from its beginning to its end through as many rounds as it takes."""

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
        """Of the record; where there is one it is whole."""
        path = self.out / "results.json"
        try:
            return json.loads(path.read_text())["status"] if path.exists() else None
        except ValueError as error:
            self.fail(f"results.json is torn: {error}")

    def whole_files(self) -> None:
        """What has its name is whole: checkpoints by their checksums, snapshots by the undisturbed run's bytes."""
        for name in checkpoints(self.out):
            inspected = execute([HEAT2D, "inspect", f"out/{name}"], self.directory)
            self.expect(inspected.returncode == 0, f"{name} is damaged", inspected.stderr)
        for path in self.out.glob("snapshot_*.h5"):
            other = self.straight.directory / path.name
            self.expect(other.exists() and path.read_bytes() == other.read_bytes(), f"{path.name} has other bytes")

    def code_is_right(self, plan: Plan, handled: bool, code: int, err: str) -> None:
        errors = err.count("heat2d: error:")
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
        self.expect(errors == (code == 4), f"{errors} messages with code {code}", err)
        self.expect("PETSC ERROR" not in err, "a traceback", err)
        self.expect(not list(self.out.glob(".*.part")), "a part is left", err)
        status = self.status()
        for told, record in ((75, "stopped"), (4, "error")):
            self.expect(code != told or status == record or plan.path == "results", f"code {code}, status {status}", err)

    def round(self, plan: Plan) -> bool:
        """Returns whether the run came to its end."""
        before = checkpoints(self.out)
        start = before[-2] if plan.previous and len(before) > 1 else "latest" if before else ""
        args = ["--restart", f"out/{start}" if start.startswith("check") else start] if start else []
        args += ["--set", f"decomposition.processes={plan.processes}"]
        self.where = f"{self.seed}: {plan}; from {start or 'the beginning'}"
        began = time.monotonic()
        with Job(self.directory, plan, args) as job:
            handled = disturb(job, plan)
            out, err = job.process.communicate(timeout=150)
            limit = time.monotonic() + 10
            while (left := job.descendants()) and time.monotonic() < limit:
                time.sleep(0.02)
        self.expect(not left, f"processes stay behind: {left}", err)
        self.code_is_right(plan, handled, job.process.returncode, out + err)
        after = checkpoints(self.out)
        floor = start if start.startswith("check") else before[-1] if before else ""
        self.expect(not floor or (bool(after) and after[-1] >= floor), f"lost: {before} became {after}", err)
        self.expect(len(after) >= min(KEEP, len(before)) - (start != "latest"), f"too few: {before} became {after}", err)
        self.whole_files()
        print(f"{time.monotonic() - began:5.1f} s, code {job.process.returncode}, {after[-1:]}: {self.where}", flush=True)
        self.counts.update(plan.ways)
        self.counts[f"code {job.process.returncode}"] += 1
        return self.status() == "ok"

    def finish(self) -> None:
        """The rest without disturbance, if there is one; then all files are those of the undisturbed run."""
        plan = Plan(self.seed + ".last")
        plan.ways, plan.fault, plan.previous = ["nothing"], None, False
        self.expect(self.round(plan), "the last round did not end with status ok")
        names = [path.name for path in self.straight.snapshots()]
        self.expect([path.name for path in sorted(self.out.glob("snapshot_*.h5"))] == names, "not the same snapshots")
        for name in [*names, "probes.csv", "snapshots.xdmf"]:
            same = (self.out / name).read_bytes() == (self.straight.directory / name).read_bytes()
            self.expect(same, f"{name} has other bytes than the undisturbed run's")
        self.expect(rows(self.out) == rows(self.straight.directory), "history.csv is not the undisturbed run's")


def rows(directory: Path) -> list[list[str]]:
    """history.csv but for `energy_error`: the account goes through a checkpoint as rounded sums (app/README.md)."""
    table = [line.split(",") for line in (directory / "history.csv").read_text().splitlines()]
    loose = table[0].index("energy_error")
    return [row[:loose] + row[loose + 1:] for row in table]


def undisturbed(directory: Path) -> Outcome:
    done = execute(command("case.yaml", 2, ("--output", "out", "--quiet")), directory, CORES + 1)
    return Outcome(done.returncode, done.stdout, done.stderr, directory / "out")


def soak(tmp_path: Path, schemes: list[str], seconds: float) -> Counter:
    """Runs of one scheme after the other, each as often disturbed as its share of the time allows."""
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

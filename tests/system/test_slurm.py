"""The job scripts of inputs/slurm, run by a Slurm of the test's own."""
from __future__ import annotations

import json
import time

import pytest
import slurm
import yaml
from heat2d_case import HEAT2D, ROOT, basic_case, environment, run, write_case
from nodes import skip_without_mpich
from test_restart import heated, long_run, must

SCRIPTS = ROOT / "inputs" / "slurm"
ENDED = ("COMPLETED", "FAILED", "TIMEOUT", "CANCELLED", "NODE_FAIL")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    skip_without_mpich()
    reason = slurm.why_not()
    if reason:
        pytest.skip(reason)
    with slurm.Slurm(tmp_path_factory.mktemp("slurm")) as running:
        running.environment |= {"HEAT2D": HEAT2D, **{key: value for key, value in environment(99).items() if key == "LD_PRELOAD"}}
        yield running


def done(cluster, number: str, seconds: float) -> dict[str, str]:
    limit = time.monotonic() + seconds
    while (job := cluster.job(number))["JobState"] not in ENDED:
        assert time.monotonic() < limit, job
        time.sleep(0.5)
    return job


def submit(cluster, directory, *words: str) -> str:
    return cluster.call("sbatch", "--parsable", "--output=log", "--ntasks-per-node=2", *words, cwd=directory).strip()


def test_a_job_runs_bound_to_its_cores_and_passes_its_exit_code_on(tmp_path, cluster):
    write_case(tmp_path, long_run(limits={"wall_time": 1.0}))
    number = submit(cluster, tmp_path, str(SCRIPTS / "job.sh"), "case.yaml", "--output", "out")
    job = done(cluster, number, 120)
    log = (tmp_path / "log").read_text()
    assert job["ExitCode"] == "75:0", log
    record = json.loads((tmp_path / "out" / "results.json").read_text())
    assert record["ranks"] == 2 and record["status"] == "stopped"
    assert sorted(record["provenance"]["binding"]) == sorted(set(record["provenance"]["binding"])), "ranks share a core"
    assert f"Slurm job {number} ends in" in log, log


def shorten(directory) -> None:
    """Let the case end soon after the step at which it was stopped: the work that is left does not depend on the machine."""
    record = json.loads((directory / "out" / "results.json").read_text())
    case = yaml.safe_load((directory / "case.yaml").read_text())
    case["time"]["steps"] = record["time"]["steps"] + 1000
    write_case(directory / "shorter", case).replace(directory / "case.yaml")


def test_a_case_longer_than_its_job_is_queued_again_and_leaves_the_undisturbed_bytes(tmp_path, cluster):
    """A job has one minute, the least that Slurm knows, and the case has work for hours.  USR1 comes at the first check of
    slurmctld, which checks limits each half minute, in the last 55 s; heat2d's own limit stops the run if that is too late.
    While the job waits, the test shortens the case, and does not wait the minutes that Slurm lets pass before a job that is
    queued again."""
    write_case(tmp_path, heated("ftcs", time={"scheme": "ftcs", "step": 2.5e-5, "steps": 1_000_000_000}, output={
        "history": {"every": 100000}, "snapshots": {"every": 1_000_000_000}}, checkpoint={"wall_interval": 5}))
    number = submit(cluster, tmp_path, "--time=1", "--signal=USR1@55", str(SCRIPTS / "chain.sh"), "case.yaml", "out")
    limit = time.monotonic() + 400
    while (job := cluster.job(number))["JobState"] not in ENDED:
        assert time.monotonic() < limit, job
        if job["JobState"] == "PENDING" and job["Restarts"] != "0" and job["Reason"] == "BeginTime":
            shorten(tmp_path)
            time.sleep(3)  # a job that starts in the second in which it was queued again may be refused: "Job credential revoked"
            cluster.call("scontrol", "update", f"JobId={number}", "StartTime=now", check=False)  # it may have started
        time.sleep(0.5)
    log = (tmp_path / "log").read_text()
    assert job["JobState"] == "COMPLETED" and int(job["Restarts"]) >= 1, f"{job}\n{log}"
    assert log.count("queueing job") == int(job["Restarts"]), log
    straight = must(run(tmp_path, tmp_path / "case.yaml", "--quiet", output="straight", timeout=400, ranks=2))
    snapshots = sorted((tmp_path / "out").glob("snapshot_*.h5"))
    assert snapshots and [path.name for path in snapshots] == [path.name for path in straight.snapshots()]
    for ours, theirs in zip(snapshots, straight.snapshots()):
        assert ours.read_bytes() == theirs.read_bytes(), ours.name


def test_a_chain_that_fails_is_not_queued_again(tmp_path, cluster):
    write_case(tmp_path, "grid: wrong\n")
    number = submit(cluster, tmp_path, str(SCRIPTS / "chain.sh"), "case.yaml", "out")
    job = done(cluster, number, 120)
    assert (job["JobState"], job["ExitCode"], job["Restarts"]) == ("FAILED", "2:0", "0"), (tmp_path / "log").read_text()


def test_an_array_of_jobs_measures_several_numbers_of_ranks(tmp_path, cluster):
    write_case(tmp_path, basic_case())
    number = submit(cluster, tmp_path, "--array=0-1", "--ntasks=2", str(SCRIPTS / "scaling.sh"), "case.yaml")
    for element in (0, 1):
        job = done(cluster, f"{number}_{element}", 120)
        assert job["JobState"] == "COMPLETED", (tmp_path / "log").read_text()
        record = json.loads((tmp_path / "scaling" / f"ranks-{1 << element}" / "results.json").read_text())
        assert record["ranks"] == 1 << element and record["fom"]

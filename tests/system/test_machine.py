"""`heat2d plan --calibrate` writes a machine file that `heat2d plan --machine` reads; predicted times have the properties that they
must have whatever the machine.  No measured time is compared with a bound."""
from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from heat2d_case import ROOT, Outcome, basic_case, command, environment, execute, run, write_case
from nodes import TEACHING, network  # noqa: F401
from test_plan import EXA, MEASURE

MACHINES = ROOT / "inputs" / "machines"
ARCHER2 = MACHINES / "archer2.yaml"
SHIPPED = sorted(MACHINES.glob("*.yaml"))
PARTS = ["compute", "halo", "coarse_levels", "reductions", "diagnostics", "output"]
SCHEMES = ["ftcs", "rkl2", "backward-euler", "crank-nicolson", "bdf2", "esdirk"]


def calibrate(directory: Path, ranks: int, *args: str) -> subprocess.CompletedProcess:
    """Calibrate with a budget in which only the smallest grid is measured."""
    words = ("plan", "--calibrate", "machine.yaml", "-heat_calibration_seconds", "0.5", *args)
    return execute(command(None, ranks, words), directory, ranks)


def predict(directory: Path, case: dict, *args: str, machine: Path | str = ARCHER2) -> dict:
    """Return plan.json."""
    path = write_case(directory, case)
    done = execute(command(None, 1, ("plan", str(path), "--quiet", "--json", "plan.json", "--machine", str(machine), *args)), directory)
    assert done.returncode == 0, done.stderr
    return json.loads((directory / "plan.json").read_text())


def big_case(scheme: str, n: int = 8192) -> dict:
    return basic_case(grid={"cells": [n, n], "x": [0.0, 1.0], "y": [0.0, 1.0]}, time={"scheme": scheme, "step": 1e-9, "steps": 2000})


# Calibration.


@pytest.mark.parametrize("ranks", [1, 2])
def test_a_calibration_writes_a_file_that_plan_reads(tmp_path, ranks):
    done = calibrate(tmp_path, ranks)
    assert done.returncode == 0, done.stderr
    assert "machine.yaml: measured by heat2d" in done.stdout and "not measured: there is one node" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["machine.yaml"]
    machine = yaml.safe_load((tmp_path / "machine.yaml").read_text())
    assert machine["nodes"] == 1 and machine["between"] is None and machine["allreduce"]["between"] is None
    assert [ranks_in_use for ranks_in_use, _ in machine["memory_bandwidth"]] == [1, 2][:ranks]
    assert (machine["allreduce"]["within"] is None) == (ranks == 1)
    assert len(machine["kernels"]) == 20
    plan = predict(tmp_path, basic_case(), "--ranks", str(ranks), machine="machine.yaml")
    assert plan["time"]["step"] > 0 and plan["time"]["machine"] == machine["name"]


def test_a_calibration_says_that_ranks_share_cores(tmp_path):
    done = calibrate(tmp_path, 4)
    assert done.returncode == 0, done.stderr
    cores = yaml.safe_load((tmp_path / "machine.yaml").read_text())["cores_per_node"]
    assert ("ranks share cores" in done.stdout) == (cores < 4), done.stdout


def test_a_calibration_on_two_nodes_measures_what_is_between_them(tmp_path, network):
    network("a")
    words = [sys.executable, str(TEACHING / "nodes.py"), "-n", "2", "--link", "100mbit", "--mpiexec", command(None)[0], "--",
             *command(None)[-1:], "plan", "--calibrate", "machine.yaml", "-heat_calibration_seconds", "0.5"]
    done = subprocess.run(["timeout", "-k", "5", "100", *words], cwd=tmp_path, env=environment(2), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    machine = yaml.safe_load((tmp_path / "machine.yaml").read_text())
    assert machine["nodes"] == 2 and machine["allreduce"]["between"][0][0] == 2
    # Up to 64 KiB pass a limited link at full speed; of the larger messages none can exceed 12.5 MB/s by more than that.
    size, bandwidth = machine["between"]["bandwidth"][-1]
    if size >= 1e6:
        assert bandwidth < 12.5e6 * size / (size - 2 * 65536) * 1.05


@pytest.mark.parametrize("args,words", [
    (("case.yaml",), "takes neither a case nor case.yaml"),
    (("--set", "a=1"), "takes neither a case nor --set"),
    (("--ranks", "4"), "goes with no other option"),
    (("--machine", "x.yaml"), "goes with no other option"),
    (("-heat_calibration_seconds", "-1"), "above 0"),
])
def test_a_calibration_refuses_what_has_no_meaning_for_it(tmp_path, args, words):
    done = execute(command(None, 1, ("plan", "--calibrate", "machine.yaml", *args)), tmp_path)
    assert done.returncode == 2 and words in done.stderr, done.stderr
    assert not list(tmp_path.iterdir())


def test_a_machine_file_that_cannot_be_written_is_told_at_once(tmp_path):
    done = execute(command(None, 1, ("plan", "--calibrate", "missing/machine.yaml")), tmp_path)
    assert done.returncode == 4 and "missing/machine.yaml" in done.stderr, done.stderr


# Bad machine files.


def broken(change) -> str:
    machine = yaml.safe_load(ARCHER2.read_text())
    change(machine)
    return yaml.safe_dump(machine, sort_keys=False)


def first_kernel(**members):
    return lambda machine: machine["kernels"][0].update(members)


BAD = {
    "unknown": (lambda m: m.update(node=4), "node: unknown key; did you mean 'nodes'?"),
    "missing": (lambda m: m.pop("memory_bandwidth"), "memory_bandwidth: missing; this key is required"),
    "nested": (lambda m: m["within"].pop("latency"), "within.latency: missing"),
    "type": (lambda m: m.update(nodes=2.5), "nodes: found 2.5; it must be a whole number"),
    "negative": (lambda m: m["filesystem"].update(write=-1), "filesystem.write: found -1; it must be greater than 0"),
    "empty": (lambda m: m.update(memory_bandwidth=[]), "memory_bandwidth: found an empty list"),
    "order": (lambda m: m.update(memory_bandwidth=[[2, 1e9], [1, 1e9]]), "memory_bandwidth[1]: found [1, ...] after [2, ...]"),
    "zero": (lambda m: m.update(memory_bandwidth=[[1, 0.0]]), "memory_bandwidth[0]: found [1, 0]; both numbers must be greater than 0"),
    "pair": (lambda m: m.update(memory_bandwidth=[[1]]), "memory_bandwidth[0]: found a list of 1"),
    "long": (lambda m: m.update(memory_bandwidth=[[k, 1e9] for k in range(1, 40)]), "found 39 entries; at most 32"),
    "alone": (lambda m: m["allreduce"].update(within=[[1, 1e-6], [2, 2e-6]]), "allreduce.within: found 1 first; an allreduce needs 2 at least"),
    "null": (lambda m: m.update(within=None), "within: found nothing; it must be a mapping"),
    "name": (lambda m: m.update(name="x" * 200), "name: found a text of 200 bytes; at most 127"),
    "kernel": (first_kernel(kernel="ftsc"), "kernels[0].kernel: found ftsc; it must be one of ftcs"),
    "twice": (lambda m: m["kernels"].append(dict(m["kernels"][0], seconds=[[1, 1.0]])), "kernels[20].kernel: ftcs with uniform coefficients is given twice"),
    "few": (lambda m: m["kernels"].pop(), "row with varying coefficients is missing"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_machine_file_is_one_message_with_its_line(tmp_path, name):
    change, message = BAD[name]
    (tmp_path / "bad.yaml").write_text(broken(change))
    write_case(tmp_path, basic_case())
    done = execute(command(None, 2, ("plan", "case.yaml", "--machine", "bad.yaml")), tmp_path)
    assert done.returncode == 2 and done.stdout == "", done.stdout
    assert len(done.stderr.strip().splitlines()) == 1 and re.search(r"bad\.yaml:\d+: ", done.stderr), done.stderr
    assert message in done.stderr


@pytest.mark.parametrize("text,message", [("", "bad.yaml:1: the file holds no machine"), ("name: [", "bad.yaml:"),
                                          ("name: a\nname: b\n", "bad.yaml:2: name: repeated key")])
def test_a_file_that_is_no_machine_is_told(tmp_path, text, message):
    (tmp_path / "bad.yaml").write_text(text)
    write_case(tmp_path, basic_case())
    done = execute(command(None, 1, ("plan", "case.yaml", "--machine", "bad.yaml")), tmp_path)
    assert done.returncode == 2 and message in done.stderr, done.stderr


def test_a_machine_file_that_does_not_exist_is_told(tmp_path):
    write_case(tmp_path, basic_case())
    done = execute(command(None, 1, ("plan", "case.yaml", "--machine", "none.yaml")), tmp_path)
    assert done.returncode == 2 and "none.yaml" in done.stderr, done.stderr


# Prediction.


def test_reductions_within_a_node_that_were_not_measured_are_those_between_nodes(tmp_path):
    (tmp_path / "m.yaml").write_text(broken(lambda m: m["allreduce"].update(within=None)))
    plan = predict(tmp_path, big_case("backward-euler"), "--ranks", "8", machine="m.yaml")
    assert plan["time"]["reductions"] > 0


def test_predicted_times_are_those_of_the_slowest_rank(tmp_path):
    """Speeds 1 and 3 share the cells as 1 : 3, so that each rank takes 3/4 of the time of all cells at the speed of the fast one, where equal
    ranks take 1/2.   3 %: cells of halos."""
    case = big_case("backward-euler")
    equal = predict(tmp_path, case, "--ranks", "2")
    case["decomposition"] = {"weights": [1, 3]}
    weighted = predict(tmp_path, case, "--ranks", "2")
    assert weighted["decomposition"]["cells_max"] == 3 * 8192 * 8192 // 4
    assert weighted["time"]["compute"] == pytest.approx(1.5 * equal["time"]["compute"], rel=0.03)


def test_a_plan_says_whose_times_are_predicted_with_weights_and_shows_no_control_characters_of_a_machine(tmp_path):
    (tmp_path / "m.yaml").write_text(broken(lambda m: m.update(name="a\x1b[31mb", nodes=1)))
    write_case(tmp_path, basic_case(decomposition={"weights": [1, 2]}))
    done = execute(command(None, 1, ("plan", "case.yaml", "--ranks", "2", "--ranks-per-node", "1", "--machine", "m.yaml")), tmp_path)
    assert done.returncode == 0 and "those of the slowest rank" in done.stdout, done.stdout
    assert "\x1b" not in done.stdout + done.stderr and done.stdout.count("[31mb") >= 3, done.stdout


@pytest.mark.parametrize("machine", SHIPPED, ids=[path.stem for path in SHIPPED])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_shipped_machine_predicts_every_scheme(tmp_path, machine, scheme):
    plan = predict(tmp_path, big_case(scheme), "--ranks", "64", "--ranks-per-node", "16", machine=machine)
    time = plan["time"]
    assert time["step"] == pytest.approx(sum(time[part] for part in PARTS), rel=1e-12)
    assert time["run"] == pytest.approx(plan["steps"] * time["step"], rel=1e-12)
    assert time["compute"] > 0 and time["halo"] > 0
    assert (time["coarse_levels"] > 0) == (time["reductions"] > 0 and scheme not in ("ftcs", "rkl2")) or time["coarse_levels"] == 0


def test_without_a_machine_file_times_are_null(tmp_path):
    path = write_case(tmp_path, basic_case())
    done = execute(command(None, 1, ("plan", str(path), "--json", "plan.json")), tmp_path)
    time = json.loads((tmp_path / "plan.json").read_text())["time"]
    assert done.returncode == 0 and "time on" not in done.stdout
    assert set(time.values()) == {None} and {"step", "efficiency", *PARTS} <= set(time)


def test_a_step_that_is_not_known_before_the_run_is_null(tmp_path):
    case = basic_case(materials=[{"name": "m", "conductivity": "1 + T", "density": 1.0, "specific_heat": 1.0}])
    time = predict(tmp_path, case)["time"]
    assert time["compute"] is None and time["step"] is None and time["checkpoint"] > 0


def test_the_terminal_shows_the_times(tmp_path):
    path = write_case(tmp_path, big_case("backward-euler"))
    done = execute(command(None, 1, ("plan", str(path), "--machine", str(ARCHER2), "--ranks", "512", "--ranks-per-node", "128")), tmp_path)
    assert done.returncode == 0, done.stderr
    for word in ("time on ARCHER2", "computing", "halo exchanges", "coarse levels", "reductions", "a step", "the run", "efficiency"):
        assert word in done.stdout, word


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2", "backward-euler"])
def test_more_cells_take_longer_and_more_nodes_less_computing(tmp_path, scheme):
    nodes = ("--ranks", "256", "--ranks-per-node", "128")
    small, large = (predict(tmp_path, big_case(scheme, n), *nodes)["time"] for n in (8192, 16384))
    more = predict(tmp_path, big_case(scheme, 16384), "--ranks", "1024", "--ranks-per-node", "128")["time"]
    assert large["compute"] > small["compute"] and large["step"] > small["step"]
    assert more["compute"] < large["compute"]


def test_a_slower_link_makes_halos_slower_and_leaves_computing(tmp_path):
    slow = tmp_path / "slow.yaml"
    slow.write_text(broken(lambda m: m["between"].update(latency=1e-3, bandwidth=[[1024, 1e7]])))
    nodes = ("--ranks", "512", "--ranks-per-node", "128")
    before, after = (predict(tmp_path, big_case("backward-euler"), *nodes, machine=machine)["time"] for machine in (ARCHER2, slow))
    assert after["halo"] > 2 * before["halo"] and after["compute"] == before["compute"]
    assert after["efficiency"] < before["efficiency"]


def test_scaling_is_relative_to_one_node_and_ends_with_the_plan(tmp_path):
    plan = predict(tmp_path, big_case("backward-euler"), "--ranks", str(64 * 128), "--ranks-per-node", "128")
    rows, time = plan["time"]["scaling"], plan["time"]
    assert [row["nodes"] for row in rows] == [1, 4, 16, 64] and [row["ranks"] for row in rows] == [128 * row["nodes"] for row in rows]
    assert rows[0]["strong_efficiency"] == rows[0]["weak_efficiency"] == 1
    for row in rows:
        assert row["strong_efficiency"] == pytest.approx(rows[0]["strong"] / row["nodes"] / row["strong"], rel=1e-12)
        assert row["weak_efficiency"] == pytest.approx(rows[0]["weak"] / row["weak"], rel=1e-12)
    assert rows[-1]["strong"] == rows[-1]["weak"] == pytest.approx(time["step"] - time["output"], rel=1e-12)
    assert time["efficiency"] == rows[-1]["strong_efficiency"]


@pytest.mark.parametrize("scheme", ["ftcs", "rkl2", "backward-euler"])
def test_a_prediction_for_65536_nodes_takes_little_time_and_memory(tmp_path, scheme):
    """8.4 million ranks.  As in test_plan.py the bound of the time, 20 s, is for a busy machine; an idle one takes half a second."""
    case = dict(EXA, time={"scheme": scheme, "step": 1e-16, "steps": 100})
    path = write_case(tmp_path, case)
    words = [sys.executable, "-c", MEASURE, *command(None, 1, ("plan", str(path), "--machine", str(ARCHER2), "--ranks", str(65536 * 128),
                                                               "--ranks-per-node", "128", "--json", "plan.json"))]
    done = execute(words, tmp_path, timeout=20)
    assert done.returncode == 0, done.stderr
    assert int(done.stderr.split()[-1]) < 100e6 / 1024
    time = json.loads((tmp_path / "plan.json").read_text())["time"]
    assert time["step"] > 0 and time["scaling"][-1]["nodes"] == 65536


# Warnings.


def warnings(tmp_path: Path, case: dict, *args: str, machine: Path | str = ARCHER2) -> str:
    return " ".join(predict(tmp_path, case, *args, machine=machine)["warnings"])


def test_ranks_that_share_cores_are_told(tmp_path):
    assert "ranks share cores: a node has 256 ranks and 128 cores" in warnings(tmp_path, big_case("ftcs"), "--ranks", "256")
    assert "share cores" not in warnings(tmp_path, big_case("ftcs"), "--ranks", "128")


def test_a_checkpoint_longer_than_its_interval_is_told(tmp_path):
    often = dict(big_case("backward-euler", 65536), checkpoint={"every": 1})
    nodes = ("--ranks", "2048", "--ranks-per-node", "128")
    assert "longer than its interval" in warnings(tmp_path, often, *nodes)
    assert "longer than its interval" in warnings(tmp_path, dict(often, checkpoint={"wall_interval": 1.0}), *nodes)
    assert "longer than its interval" not in warnings(tmp_path, dict(often, checkpoint={"wall_interval": 3600}), *nodes)


def test_what_a_machine_file_does_not_know_is_told(tmp_path):
    lone = tmp_path / "lone.yaml"
    lone.write_text(broken(lambda m: (m.update(between=None, nodes=1, memory_bandwidth=[[1, 1e10]]), m["allreduce"].update(between=None))))
    said = warnings(tmp_path, big_case("backward-euler"), "--ranks", "8", "--ranks-per-node", "4", machine=lone)
    for words in ("nothing about messages between nodes", "2 nodes are planned", "bandwidth of up to 1 ranks"):
        assert words in said, said


def test_what_predicted_times_leave_out_is_told(tmp_path):
    words = ("the evaluation of sources that change with time", "a field that stages of rkl2", "the terms of exchange with an ambient")
    source, flux = {"source": "1e3*t"}, {"boundary": {"left": {"type": "flux", "value": "t"}}}
    exchange = {"exchange": {"coefficient": 1.0, "ambient": 300.0}}
    for scheme, keys, told in (("rkl2", {}, ""), ("rkl2", source, "110"), ("rkl2", flux, "010"), ("rkl2", exchange, "001"), ("ftcs", source, "100"),
                               ("ftcs", flux, ""), ("backward-euler", source, "100"), ("rkl2", {**source, **exchange}, "111")):
        said = warnings(tmp_path, dict(big_case(scheme), **keys), "--ranks", "128")
        assert ("predicted times leave out" in said) == bool(told), said
        for word, expected in zip(words, told or "000", strict=True):
            assert (word in said) == (expected == "1"), (scheme, keys, said)


def test_memory_is_compared_with_the_machine(tmp_path):
    plan = predict(tmp_path, big_case("backward-euler", 262144), "--ranks", "128")
    assert plan["memory"]["have_per_node"] == 256e9 and plan["memory"]["fits"] is False
    assert any("one of the machine has 256 GB (ARCHER2" in warning for warning in plan["warnings"])


def test_checkpoints_that_keep_every_keeps_are_counted(tmp_path):
    """21 steps with a checkpoint at every second one, and at the end: 11; kept are the newest 2 (20, 21) and 6, 12, 18."""
    case = basic_case(time={"scheme": "backward-euler", "step": 0.001, "steps": 21}, checkpoint={"every": 2, "keep": 2, "keep_every": 6})
    assert predict(tmp_path, case)["files"]["checkpoints"] == 5
    outcome: Outcome = run(tmp_path, case)
    assert outcome.code == 0, outcome.err
    assert len(list(outcome.directory.glob("checkpoint_*.h5"))) == 5

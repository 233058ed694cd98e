"""Messages by which files are read and written: counted twice, predicted by the run, and by `heat2d plan` before it."""
from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from counted import PLACES, assert_equal_counts, counted_run
from heat2d_case import basic_case, command, execute, mpich, run, write_case

pytestmark = pytest.mark.skipif("HEAT2D_MESSAGES" not in os.environ, reason="built without the profiler of messages")

NX, NY = 24, 16
TWO = [{"name": name, "conductivity": k, "density": 1.0, "specific_heat": 1.0} for name, k in (("m", 1.0), ("n", 2.0))]
MAP = {"materials": TWO, "regions": [{"material": "m"}, {"file": "fields.h5", "dataset": "material"}]}
PROPERTIES = {"properties": {"conductivity": {"file": "fields.h5"}, "density": {"file": "fields.h5"}}}
TABLE = {"boundary": {"left": {"type": "temperature", "table": "side.csv"}}}
FTCS = {"time": {"scheme": "ftcs", "step": 1e-5, "steps": 5}}
# The snapshot was written by heat2d, so that its checksums are compared.
CASES = {
    "map": {**MAP, **FTCS},
    "map-in-a-file-of-heat2d": {**FTCS, "materials": TWO, "regions": [{"material": "m"}, {"file": "first/snapshot_000010.h5"}]},
    "property": {**PROPERTIES, **FTCS},
    "initial": {"initial": {"file": "fields.h5"}},
    "snapshot": {"initial": {"file": "first/snapshot_000010.h5"}},
    "table": TABLE,
    "all": {**MAP, **PROPERTIES, **TABLE, **FTCS, "initial": {"file": "first/snapshot_000010.h5"}},
}
WRITERS = {"all": {}, "one": {"per_node": 1}, "two": {"per_node": 2}}
KNOWN = ("halo", "multigrid", "output", "setup")


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Write a foreign file of fields, a table, and, in the folder first, a snapshot of heat2d."""
    directory = tmp_path_factory.mktemp("files")
    rows, columns = np.indices((NY, NX))
    with h5py.File(directory / "fields.h5", "w") as file:
        file["material"] = ((rows + columns) % 2).astype("i4")
        file["conductivity"] = 1.0 + 0.01 * columns
        file["density"] = 1.0 + 0.01 * rows
        file["temperature"] = 0.1 * rows
    (directory / "side.csv").write_text("0,1\n1,2\n")
    first = run(directory, basic_case(output={"fields": ["temperature", "material"]}), output="first")
    assert first.code == 0, first.err
    return directory


@pytest.fixture
def folder(tmp_path, files) -> Path:
    """Return a folder with these files."""
    return Path(shutil.copytree(files, tmp_path / "run"))


def counts(kinds: dict, kind: str) -> dict:
    return {place: kinds[kind][place] for place in PLACES}


def assert_predicted(kinds: dict, known: tuple[str, ...] = KNOWN) -> None:
    """No tolerance: these are integers."""
    for kind in known:
        assert {place: kinds[kind]["predicted"][place] for place in PLACES} == counts(kinds, kind), kind


def plan(directory: Path, case: dict, outcome, *args: str) -> dict:
    """Plan a run that has taken place, with its iterations."""
    solver = outcome.results["solver"]
    iterations = solver["iterations"]["total"] / outcome.results["time"]["steps"] if solver else 0
    path = write_case(directory, case, "planned.yaml")
    done = execute(command(None, 1, ("plan", str(path), "--json", "plan.json", "--iterations", str(iterations), *args)), directory)
    assert done.returncode == 0, done.stderr
    return json.loads((directory / "plan.json").read_text())["communication"]


def case_of(name: str, writers: str) -> dict:
    return basic_case(**CASES[name], output={"writers": WRITERS[writers]} if writers != "all" else {})


@pytest.mark.parametrize("name,writers,ranks", [(name, writers, 4) for name in CASES for writers in ("all", "one")]
                         + [("all", writers, ranks) for writers in WRITERS for ranks in (1, 2, 3, 7, 16)])
def test_messages_of_reading_files_are_as_predicted_and_as_planned(folder, name, writers, ranks):
    case = case_of(name, writers)
    counted = counted_run(folder, case, ranks=ranks)
    assert_equal_counts(counted)
    assert_predicted(counted.kinds)
    planned = plan(folder, case, counted.outcome, "--ranks", str(ranks))
    for kind in KNOWN:
        assert counts(planned, kind) == counts(counted.kinds, kind), kind


def test_each_file_that_is_read_adds_messages(folder):
    sent = {name: counted_run(folder, {**case_of(name, "one"), **FTCS}, ranks=4).messages("setup")
            for name in ("table", "map", "initial", "snapshot")}
    assert sent["table"] < sent["map"] and sent["initial"] < sent["snapshot"], "a table sends none, checksums send some"


@pytest.mark.skipif(not mpich(), reason="the launcher of MPICH makes several nodes of one machine")
@pytest.mark.parametrize("hosts", ["localhost:2,127.0.0.1:2", "localhost:3,127.0.0.1:1", "localhost:1,127.0.0.1:3", "localhost:1,127.0.0.1:1"])
@pytest.mark.parametrize("writers,mode", [("all", "sync"), ("one", "sync"), ("one", "async"), ("two", "async")])
def test_messages_of_files_between_nodes_are_as_predicted(folder, hosts, writers, mode):
    """Ranks in turn on two nodes, on the last row, are on neither rectangles nor runs of blocks."""
    case = {**case_of("all", writers), "checkpoint": {"every": 3, "mode": mode}}
    counted = counted_run(folder, case, ranks=4, launcher=("-launcher", "fork", "-hosts", hosts))
    assert counted.outcome.results["nodes"] == 2
    assert_predicted(counted.kinds)
    assert min(counted.kinds["setup"][place]["bytes"] for place in PLACES) > 0
    if hosts == "localhost:2,127.0.0.1:2":
        planned = plan(folder, case, counted.outcome, "--ranks", "4", "--ranks-per-node", "2")
        for kind in KNOWN:
            assert counts(planned, kind) == counts(counted.kinds, kind), kind


OUTPUT = {"output": {"snapshots": {"every": 4}, "fields": ["temperature", "heat_flux", "owner", "material"]}}


@pytest.mark.parametrize("scheme,checkpoint,writers,ranks", [
    ("ftcs", {}, "all", 4), ("ftcs", {"verify": "none"}, "all", 1), ("ftcs", {"verify": "full", "keep": 1}, "one", 3), ("ftcs", {"mode": "async"}, "two", 7),
    ("bdf2", {"verify": "none"}, "two", 7), ("bdf2", {"mode": "async"}, "all", 7), ("bdf2", {}, "one", 16), ("bdf2", {"verify": "none"}, "all", 16),
    ("bdf2", {"mode": "async", "verify": "none"}, "one", 2)])
def test_messages_of_writing_files_are_as_predicted_and_as_planned(tmp_path, scheme, checkpoint, writers, ranks):
    case = basic_case(time={"scheme": scheme, "step": 1e-5, "steps": 10}, checkpoint={"every": 3, **checkpoint},
                      output={**OUTPUT["output"], **({"writers": WRITERS[writers]} if writers != "all" else {})})
    counted = counted_run(tmp_path, case, ranks=ranks)
    assert_equal_counts(counted)
    assert_predicted(counted.kinds)
    assert (counted.messages("output") > 0) == (ranks > 1 or "verify" not in checkpoint or checkpoint["verify"] != "none")
    planned = plan(tmp_path, case, counted.outcome, "--ranks", str(ranks))
    for kind in KNOWN:
        assert counts(planned, kind) == counts(counted.kinds, kind), kind


@pytest.mark.parametrize("scheme,writers,mode,before,after", [
    ("ftcs", "all", "sync", 2, 2), ("ftcs", "one", "sync", 3, 2), ("ftcs", "two", "async", 4, 7), ("bdf2", "all", "async", 2, 3),
    ("bdf2", "one", "sync", 4, 4), ("bdf2", "two", "sync", 1, 16), ("esdirk", "one", "async", 1, 4), ("backward-euler", "one", "sync", 2, 1)])
def test_messages_of_a_restart_are_as_predicted(folder, scheme, before, after, writers, mode):
    """On as many ranks as the run that wrote the checkpoint, and on others."""
    case = {**case_of("snapshot", writers), "time": {"scheme": scheme, "step": 1e-5, "steps": 10}, "checkpoint": {"every": 5, "mode": mode}}
    assert run(folder, case, "--set", "time.steps=5", ranks=before).code == 0
    counted = counted_run(folder, case, "--restart", "latest", ranks=after)
    assert_equal_counts(counted)
    assert_predicted(counted.kinds)


def test_a_damaged_checkpoint_that_was_read_counts_as_well(tmp_path):
    """Its rows were sent to their blocks before a checksum was found to differ."""
    case = basic_case(checkpoint={"every": 3, "keep": 2}, output={"writers": {"per_node": 1}})
    sent = []
    for source in ("latest", "out/checkpoint_000003.h5"):
        directory = tmp_path / source[:3]
        assert run(directory, case, "--set", "time.steps=6", ranks=2).code == 0
        damaged = directory / "out" / "checkpoint_000006.h5"
        with h5py.File(damaged, "r") as file:
            at = file["temperature"].id.get_offset()
        with damaged.open("r+b") as file:
            file.seek(at)
            file.write(bytes(8 * [77]))
        counted = counted_run(directory, case, "--restart", source, ranks=3)
        assert_predicted(counted.kinds)
        sent.append(counted.messages("setup"))
    assert sent[0] > sent[1]


def test_a_rollback_reads_a_checkpoint_at_another_set_up(tmp_path, monkeypatch):
    case = basic_case(**FTCS, output={"writers": {"per_node": 1}}, checkpoint={"every": 8})
    case["time"] = {**case["time"], "steps": 20}
    good = counted_run(tmp_path / "good", case, ranks=3)
    monkeypatch.setenv("HEAT2D_INJECT", "13:5:6:1000")
    back = counted_run(tmp_path / "back", case, ranks=3)
    assert "going back once, to step 8" in back.outcome.err
    for counted in (good, back):
        assert_equal_counts(counted)
        assert_predicted(counted.kinds)
    assert back.messages("setup") > good.messages("setup") and back.messages("output") == good.messages("output")


def test_large_fields_are_read_and_written_piece_by_piece(tmp_path):
    """A slab of more than 32 MiB moves in several pieces, each with messages of its own."""
    nx, ny = 2048, 2100
    with h5py.File(tmp_path / "fields.h5", "w") as file:
        file.create_dataset("material", (ny, nx), "i4", fillvalue=0)
    case = basic_case(grid={"cells": [nx, ny], "x": [0.0, 1.0], "y": [0.0, 1.0]}, time={"scheme": "ftcs", "step": 1e-8, "steps": 1}, **MAP,
                      initial={"temperature": 1.0}, output={"writers": {"per_node": 1}})
    counted = counted_run(tmp_path, case, ranks=2)
    assert_predicted(counted.kinds)
    one_piece = counted_run(tmp_path / "small", basic_case(**{**case, "grid": {**case["grid"], "cells": [64, 64]}, "regions": [{"material": "m"}]}), ranks=2)
    assert counted.messages("output") > one_piece.messages("output") > 0
    planned = plan(tmp_path, case, counted.outcome, "--ranks", "2")
    for kind in KNOWN:
        assert counts(planned, kind) == counts(counted.kinds, kind), kind


@pytest.mark.parametrize("name", ["map", "property"])
def test_what_files_give_cell_by_cell_leaves_the_set_up_of_solves_unknown(folder, name):
    """It decides which cells the levels of the multigrid join; the run itself knows them."""
    case = {**case_of(name, "all"), "time": {"scheme": "backward-euler", "step": 0.001, "steps": 3}}
    counted = counted_run(folder, case, ranks=4)
    assert_predicted(counted.kinds)
    planned = plan(folder, case, counted.outcome, "--ranks", "4")
    assert planned["setup"]["within_nodes"] == {"messages": None, "bytes": None}
    for kind in ("halo", "output"):
        assert counts(planned, kind) == counts(counted.kinds, kind), kind


def test_a_file_that_is_not_here_leaves_its_messages_unknown(tmp_path):
    """With a few writers, whether checksums are compared is known from the file alone; with all ranks it does not matter."""
    for writers, known in (("one", False), ("all", True)):
        path = write_case(tmp_path, basic_case(initial={"file": "none.h5"}, output={"writers": WRITERS[writers]} if writers != "all" else {}))
        done = execute(command(None, 1, ("plan", str(path), "--json", "plan.json", "--ranks", "4")), tmp_path)
        assert done.returncode == 0, done.stderr
        planned = json.loads((tmp_path / "plan.json").read_text())["communication"]["setup"]["within_nodes"]
        assert (planned["messages"] is not None) == known

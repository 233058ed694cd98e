"""`heat2d plan` says before a run what the run then counts: blocks, messages, bytes, memory."""
from __future__ import annotations

import json
import os
import struct
import xml.etree.ElementTree as ElementTree
import zlib
from pathlib import Path

import h5py
import pytest
from heat2d_case import SANITIZED, Outcome, basic_case, command, execute, run, write_case

PLACES = ["within_nodes", "between_nodes"]
ZERO = {"type": "temperature", "value": 0.0}
FILM = {"type": "convection", "coefficient": 5.0, "ambient": 1.0}
PROBE = {"name": "p", "at": [0.3, 0.4]}
PERIODIC = {side: {"type": "periodic"} for side in ("left", "right", "bottom", "top")}
# Steps of this length couple the cells of the grids below strongly enough for several levels of the multigrid.
LONG = {"step": 0.02, "steps": 4}


def grid(nx: int, ny: int, x: float = 1.0, y: float = 1.0) -> dict:
    return {"cells": [nx, ny], "x": [0.0, x], "y": [0.0, y]}


# A slanted and a round interface with contacts; the heat through one of them is also recorded and checked.
PAIRS = {"materials": [{"name": name, "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0} for name in ("m", "n", "o")],
         "regions": [{"material": "m"}, {"material": "n", "shape": "polygon", "vertices": [[0.0, 0.0], [0.6, 0.0], [0.4, 1.0], [0.0, 1.0]]},
                     {"material": "o", "shape": "circle", "centre": [0.6, 0.5], "radius": 0.3}],
         "contacts": [{"between": ["m", "n"], "resistance": 0.5}, {"between": ["o", "n"], "resistance": 0.1}],
         "output": {"interfaces": [["m", "o"]]}, "check": [{"quantity": "heat_flow", "between": ["m", "o"], "value": 0.0, "tolerance": 1e9}],
         "boundary": {"left": ZERO, "top": FILM}}
ONE_INTERFACE = {key: PAIRS[key] for key in ("materials", "regions", "output")}

# name: (sections of the case, number of ranks)
CASES = {
    "ftcs-1": ({"time": {"scheme": "ftcs", "step": 1e-4, "steps": 20}}, 1),
    "ftcs-6": ({"time": {"scheme": "ftcs", "step": 1e-4, "steps": 20}}, 6),
    "ftcs-periodic-4": ({"time": {"scheme": "ftcs", "step": 1e-4, "steps": 20}, "boundary": PERIODIC}, 4),
    "ftcs-strips-7": ({"time": {"scheme": "ftcs", "step": 1e-4, "end": 0.002}}, 7),
    **{f"ftcs-deep-{ranks}": ({"grid": grid(140, 132), "time": {"scheme": "ftcs", "step": 1e-5, "steps": 200},
                               "output": {"history": {"every": 65}}, "boundary": {"left": ZERO}}, ranks) for ranks in (2, 4)},
    "ftcs-deep-uneven-5": ({"grid": grid(143, 137), "time": {"scheme": "ftcs", "step": 1e-5, "steps": 200},
                            "output": {"history": {"every": 65}}, "boundary": {"left": ZERO}}, 5),
    "ftcs-deep-heaters-4": ({"grid": grid(140, 132), "time": {"scheme": "ftcs", "step": 1e-5, "steps": 200}, "output": {"history": {"every": 65}},
                             "source": "x*sin(100*t)", "boundary": {"left": {"type": "flux", "value": "cos(100*t)"}, "top": FILM},
                             "regions": [{"material": "m"}, {"material": "m", "shape": "rectangle", "x": [0.2, 0.6], "y": [0.1, 0.7],
                                                             "source": "cos(100*t)"}]}, 4),
    "ftcs-deep-seconds-2": ({"grid": grid(600, 400), "time": {"scheme": "ftcs", "step": 5e-7, "steps": 8000},
                             "output": {"history": {"every": 1000}}}, 2),
    # Snapshots and checkpoints end sweeps between rows of history.csv; so do rows that are left over at the end.
    **{f"ftcs-pauses-{ranks}": ({"grid": grid(140, 132), "time": {"scheme": "ftcs", "step": 1e-5, "steps": 200}, "boundary": {"left": ZERO},
                                 "output": {"history": {"every": 65}, "snapshots": {"every": 27}}, "checkpoint": {"every": 38}}, ranks)
       for ranks in (1, 2, 4)},
    "ftcs-pauses-repeat-2": ({"grid": grid(140, 132), "time": {"scheme": "ftcs", "step": 1e-5, "steps": 311},
                              "output": {"history": {"every": 20}, "snapshots": {"every": 30}}, "checkpoint": {"every": 12, "mode": "async"}}, 2),
    "ftcs-pauses-each-step-2": ({"grid": grid(140, 132), "time": {"scheme": "ftcs", "step": 1e-5, "steps": 9},
                                 "output": {"history": {"every": 3}, "snapshots": {"every": 1}}}, 2),
    "ftcs-pauses-seconds-4": ({"grid": grid(140, 132), "time": {"scheme": "ftcs", "step": 1e-5, "end": 3e-3},
                               "output": {"history": {"interval": 7e-4}, "snapshots": {"interval": 4e-4}}, "checkpoint": {"every": 45}}, 4),
    "rkl2-4": ({"time": {"scheme": "rkl2", "step": 0.001, "steps": 10}}, 4),
    "rkl2-sides-9": ({"time": {"scheme": "rkl2", "step": 0.01, "steps": 3}, "boundary": {"left": ZERO, "top": FILM}}, 9),
    **{f"rkl2-deep-{ranks}": ({"grid": grid(140, 132), "time": {"scheme": "rkl2", "step": 3e-4, "steps": 5},
                               "boundary": {"left": ZERO, "top": FILM}}, ranks) for ranks in (1, 2, 3, 4, 7)},
    "rkl2-deep-long-4": ({"grid": grid(140, 132), "time": {"scheme": "rkl2", "step": 0.02, "steps": 3}, "output": {"probes": [PROBE]}}, 4),
    "rkl2-deep-source-2": ({"grid": grid(140, 132), "time": {"scheme": "rkl2", "step": 0.002, "steps": 3}, "source": "x*t"}, 2),
    "rkl2-deep-periodic-6": ({"grid": grid(140, 132), "time": {"scheme": "rkl2", "step": 0.002, "steps": 3}, "boundary": PERIODIC}, 6),
    "backward-euler-1": ({}, 1),
    "backward-euler-2": ({"grid": grid(64, 48), "time": {"scheme": "backward-euler", **LONG}}, 2),
    "backward-euler-16": ({"grid": grid(64, 48), "time": {"scheme": "backward-euler", **LONG}}, 16),
    "sides-8": ({"grid": grid(64, 48), "time": {"scheme": "backward-euler", **LONG}, "boundary": {"left": ZERO, "top": FILM}}, 8),
    "periodic-7": ({"grid": grid(70, 40), "time": {"scheme": "backward-euler", **LONG}, "boundary": PERIODIC}, 7),
    "odd-periodic-4": ({"grid": grid(51, 33), "time": {"scheme": "backward-euler", **LONG}, "boundary": PERIODIC}, 4),
    "stretched-4": ({"grid": grid(80, 40, x=8.0), "time": {"scheme": "backward-euler", "step": 0.03, "steps": 4}}, 4),
    "crank-nicolson-12": ({"grid": grid(64, 48), "time": {"scheme": "crank-nicolson", **LONG}}, 12),
    "bdf2-4": ({"time": {"scheme": "bdf2", "step": 0.001, "steps": 10}}, 4),
    "esdirk-3": ({"grid": grid(48, 48), "time": {"scheme": "esdirk", **LONG}}, 3),
    "steady-5": ({"grid": grid(60, 60), "time": {"scheme": "steady"}, "boundary": {"left": ZERO}}, 5),
    "snapshots-4": ({"output": {"snapshots": {"every": 5}, "fields": ["temperature", "heat_flux", "owner"]}}, 4),
    "linear-6": ({"decomposition": {"mapping": "linear"}, "grid": grid(64, 48), "time": {"scheme": "backward-euler", **LONG}}, 6),
    "weights-4": ({"grid": grid(96, 80), "time": {"scheme": "backward-euler", **LONG}, "decomposition": {"weights": [1, 1, 1, 4]}}, 4),
    "weights-blocks-6": ({"grid": grid(96, 80), "time": {"scheme": "esdirk", **LONG}, "boundary": PERIODIC,
                          "decomposition": {"weights": [1, 2, 5, 2, 1, 9], "processes": [3, 2]}}, 6),
    "weights-deep-4": ({"grid": grid(140, 132), "time": {"scheme": "rkl2", "step": 3e-4, "steps": 5}, "boundary": {"left": ZERO},
                        "decomposition": {"weights": [1, 1, 2, 3], "processes": [2, 2]}}, 4),
    "weights-stages-3": ({"grid": grid(170, 61), "time": {"scheme": "rkl2", "step": 0.005, "steps": 3}, "boundary": {"left": ZERO, "top": FILM},
                          "decomposition": {"weights": [1, 2, 4], "processes": [3, 1]}}, 3),
    **{f"contacts-{ranks}": ({"grid": grid(61, 43), **PAIRS}, ranks) for ranks in (1, 2, 3, 4, 7, 16)},
    "contacts-deep-4": ({"grid": grid(140, 132), "time": {"scheme": "ftcs", "step": 1e-6, "steps": 200}, **PAIRS}, 4),
    "contacts-periodic-6": ({"grid": grid(61, 43), **PAIRS, "boundary": PERIODIC}, 6),
    "contacts-weights-4": ({"grid": grid(96, 80), **PAIRS, "decomposition": {"weights": [1, 1, 1, 4]}}, 4),
    "interface-rows-4": ({"grid": grid(61, 43), **ONE_INTERFACE, "time": {"scheme": "backward-euler", "step": 1e-4, "steps": 50},
                          "output": {**ONE_INTERFACE["output"], "history": {"every": 4}, "snapshots": {"every": 6}}, "checkpoint": {"every": 10}}, 4),
    "interface-intervals-2": ({"grid": grid(61, 43), **ONE_INTERFACE, "time": {"scheme": "bdf2", "step": 1e-4, "end": 3e-3},
                               "output": {**ONE_INTERFACE["output"], "history": {"interval": 5e-4}, "snapshots": {"interval": 7e-4}}}, 2),
    "interface-steady-3": ({"grid": grid(61, 43), **ONE_INTERFACE, "time": {"scheme": "steady"}, "boundary": {"left": ZERO}}, 3),
    "interface-4": ({"grid": grid(61, 43), **ONE_INTERFACE}, 4),
    "steady-64": ({"grid": grid(96, 96), "time": {"scheme": "steady"}, "boundary": {"left": ZERO}}, 64),
}


def plan(directory: Path, case: dict, *args: str) -> tuple[Outcome, dict]:
    """Plan a case and return the outcome and plan.json."""
    path = write_case(directory, case, "planned.yaml")
    done = execute(command(None, 1, ("plan", str(path), "--json", "plan.json", *args)), directory)
    assert done.returncode == 0, done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr, directory), json.loads((directory / "plan.json").read_text())


def counted(results: dict, kind: str) -> dict:
    return {place: results["communication"][kind][place] for place in PLACES}


@pytest.mark.parametrize("name", CASES)
def test_the_plan_is_what_the_run_counts(tmp_path, name):
    """No tolerance but for the high-water mark: 5 % or 4 MiB, whichever is more, for what MPI and the C library allocate."""
    sections, ranks = CASES[name]
    outcome = run(tmp_path, basic_case(**sections), ranks=ranks)
    assert outcome.code == 0, outcome.err
    results = outcome.results
    iterations = (results["solver"] or {"iterations": {"total": 0}})["iterations"]["total"]
    steps = results["time"]["steps"]
    _, planned = plan(tmp_path, basic_case(**sections), "--ranks", str(ranks), "--iterations", str(iterations / steps))
    assert planned["steps"] == steps and planned["ranks"] == ranks and planned["nodes"] == 1
    for key in ("processes", "cells_min", "cells_max", "load_balance"):
        assert planned["decomposition"][key] == results["decomposition"][key]
    for kind in ("halo", "multigrid", "setup", "reduction", "output"):
        assert {place: planned["communication"][kind][place] for place in PLACES} == counted(results, kind), kind
    memory = planned["memory"]
    assert memory["per_rank_max"] == results["memory"]["bytes_predicted"]
    assert sum(field["bytes_per_cell"] for field in memory["fields"]) * planned["decomposition"]["cells_max"] == pytest.approx(
        memory["per_rank_max"] - memory["process"], rel=1e-12, abs=1)
    if not SANITIZED:
        assert memory["per_rank_max"] == pytest.approx(results["memory"]["bytes_max"], rel=0.05, abs=4 << 20)


@pytest.mark.parametrize("scheme,ranks", [("bdf2", 1), ("backward-euler", 2), ("ftcs", 3)])
def test_files_hold_as_many_bytes_as_planned(tmp_path, scheme, ranks):
    """Exactly, but for what HDF5 needs for itself and for the texts of a checkpoint, in its group `state`."""
    case = basic_case(grid=grid(70, 50), time={"scheme": scheme, "step": 1e-5, "steps": 6}, checkpoint={"every": 3, "keep": 2},
                      output={"snapshots": {"every": 3}, "fields": ["temperature", "conductivity", "heat_flux", "material", "owner"]})
    outcome = run(tmp_path, case, ranks=ranks)
    assert outcome.code == 0, outcome.err
    _, planned = plan(tmp_path, case, "--ranks", str(ranks))
    total = 0
    for kind in ("snapshot", "checkpoint"):
        paths = sorted(outcome.directory.glob(f"{kind}_*.h5"))
        assert len(paths) == planned["files"][f"{kind}s"]
        for path in paths:
            sizes = []
            with h5py.File(path) as file:
                file.visititems(lambda name, item, sizes=sizes: sizes.append(item.id.get_storage_size())
                                if isinstance(item, h5py.Dataset) and not name.startswith("state/") else None)
            assert sum(sizes) == planned["files"][kind], path
            total += sum(sizes)
    assert total == planned["files"]["all"]


def test_a_node_needs_the_memory_of_the_unequal_blocks_of_its_ranks(tmp_path):
    """Weights 1, 1, 2, 4 in a row: the second node has three quarters of the cells, not twice the largest block, which has half of them.
    3 %: what a rank needs for the sides of its block."""
    case = basic_case(grid=grid(8000, 4000), decomposition={"weights": [1, 1, 2, 4], "processes": [4, 1]})
    _, planned = plan(tmp_path, case, "--ranks", "4", "--ranks-per-node", "2")
    memory, cells = planned["memory"], 8000 * 4000
    assert planned["decomposition"]["cells_max"] == cells // 2
    fields = sum(field["bytes_per_cell"] for field in memory["fields"]) * 0.75 * cells
    assert memory["per_node_max"] == pytest.approx(2 * memory["process"] + fields, rel=0.03)


# On machines that are not here.

EXA = basic_case(grid=grid(31622400, 31622400), time={"scheme": "backward-euler", "step": 1e-6, "steps": 100})


@pytest.mark.parametrize("layout", [("2000000", "128"), ("2000003", "128"), ("2000000", "96"), ("8388608", "128")])
def test_a_plan_for_millions_of_ranks_takes_little_time_and_memory(tmp_path, layout):
    """10^15 cells on 2 to 8 million ranks.  The high-water mark is below 100 MB; the bound of the time, 20 s, is for a busy
    machine (an idle one takes 0.4 s, and 0.7 s for the prime number, which makes strips)."""
    path = write_case(tmp_path, EXA)
    words = ["/usr/bin/env", "python3", "-c", MEASURE, *command(path, 1, ("--ranks", layout[0], "--ranks-per-node", layout[1],
                                                                           "--json", "plan.json", "--map", "map.svg"))]
    words.insert(words.index(str(path)), "plan")
    done = execute(words, tmp_path, timeout=20)
    assert done.returncode == 0, done.stderr
    kilobytes = int(done.stderr.split()[-1])
    assert SANITIZED or kilobytes < 100e6 / 1024
    planned = json.loads((tmp_path / "plan.json").read_text())
    assert planned["ranks"] == int(layout[0]) and planned["nodes"] == -(-int(layout[0]) // int(layout[1]))
    assert planned["memory"]["fits"] is False
    assert any("64-bit" in warning for warning in planned["warnings"])
    assert any("memory is short" in warning and "nodes like this one" in warning for warning in planned["warnings"])
    assert ("prime" in " ".join(planned["warnings"])) == (layout[0] == "2000003")
    assert (tmp_path / "map.svg").stat().st_size < 10e6


# Cells, ranks, ranks of a node, what is warned of.
EXTREME = {
    "2e9 ranks on one node": ("[1000000000,1000000000]", "2000000000", None, "memory is short"),
    "2e9 ranks": ("[1000000000,1000000000]", "2000000000", "128", "memory is short"),
    "many divisors": ("[1000000000,1000000000]", "2095133040", "96", "memory is short"),
    "prime number": ("[3000000000,300000000]", "2147483629", "128", "the multigrid's messages of 2147483629 x 1 blocks are not counted"),
    "many columns": ("[100000000,100]", "2147483646", "7", "messages of 97612893 x 22 blocks are not counted"),
    "nodes without rectangles": ("[31622400,31622400]", "6000000", "333333", "of which nodes own no rectangles"),
}


@pytest.mark.parametrize("name", EXTREME)
@pytest.mark.parametrize("scheme", ["bdf2", "ftcs"])
def test_a_plan_for_any_number_of_ranks_takes_little_memory(tmp_path, name, scheme):
    """Below 100 MB; an idle machine takes 0.1 s, and the bound of the time, 20 s, is for a busy one. Loops over ranks took minutes."""
    cells, ranks, per_node, word = EXTREME[name]
    path = write_case(tmp_path, {**EXA, "time": {"scheme": scheme, "step": 1e-30, "steps": 10}})
    nodes = ("--ranks-per-node", per_node) if per_node else ()
    words = ["/usr/bin/env", "python3", "-c", MEASURE, *command(path, 1, ("--ranks", ranks, *nodes, "--json", "plan.json",
                                                                          "--set", f"grid.cells={cells}"))]
    words.insert(words.index(str(path)), "plan")
    done = execute(words, tmp_path, timeout=20)
    assert done.returncode == 0, done.stderr
    assert int(done.stderr.split()[-1]) < 100e6 / 1024
    planned = json.loads((tmp_path / "plan.json").read_text())
    assert planned["ranks"] == int(ranks)
    assert scheme == "ftcs" or any(word in warning for warning in planned["warnings"]), planned["warnings"]
    assert all(size is None or size > 0 for size in planned["files"].values() if size)


def test_a_prime_number_of_ranks_that_does_not_fit_is_refused(tmp_path):
    path = write_case(tmp_path, EXA)
    words = command(path, 1, ("--ranks", "2147483647", "--set", "grid.cells=[1000000000,1000000000]"))
    words.insert(words.index(str(path)), "plan")
    done = execute(words, tmp_path, timeout=20)
    assert done.returncode == 2 and "cannot be cut into 2147483647 blocks" in done.stderr


# Run a command and print the largest high-water mark of its processes [kB] at the end of stderr.
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""


def halo_by_hand(nx: int, ny: int, px: int, py: int, node_of) -> list[list[int]]:
    """Count the messages and bytes of a halo exchange one cell deep block by block: [messages, bytes][within, between]."""
    def length(n: int, parts: int, p: int) -> int:
        return n // parts + (p < n % parts)

    found = [[0, 0], [0, 0]]
    for j in range(py):
        for i in range(px):
            for di, dj in ((-1, 0), (1, 0), (0, -1), (0, 1)):
                if 0 <= i + di < px and 0 <= j + dj < py:
                    between = node_of(i, j) != node_of(i + di, j + dj)
                    found[0][between] += 1
                    found[1][between] += 8 * (length(ny, py, j) if di else length(nx, px, i))
    return found


@pytest.mark.parametrize("ranks,per_node,mapping", [(48, 4, "node-blocks"), (48, 4, "linear"), (48, 5, "node-blocks"), (60, 7, "linear"),
                                                    (64, 24, "linear"), (7, 2, "node-blocks"), (36, 36, "node-blocks")])
def test_halo_messages_by_nodes_equal_a_count_block_by_block(tmp_path, ranks, per_node, mapping):
    nx, ny = 100, 83
    case = basic_case(grid=grid(nx, ny), time={"scheme": "ftcs", "step": 1e-5, "steps": 3}, decomposition={"mapping": mapping})
    _, planned = plan(tmp_path, case, "--ranks", str(ranks), "--ranks-per-node", str(per_node))
    px, py = planned["decomposition"]["processes"]
    tile = planned["decomposition"]["node_blocks"]
    if tile[0]:
        by_hand = halo_by_hand(nx, ny, px, py, lambda i, j: (i // tile[0], j // tile[1]))
    else:
        by_hand = halo_by_hand(nx, ny, px, py, lambda i, j: (j * px + i) // per_node)
    halo = planned["per_step"]["halo"]
    assert [[halo[place][what] for place in PLACES] for what in ("messages", "bytes")] == by_hand
    assert mapping == "linear" or ranks % per_node or tile[0] * tile[1] == per_node


def test_node_blocks_send_less_between_nodes_than_linear(tmp_path):
    between = {}
    for mapping in ("node-blocks", "linear"):
        case = basic_case(grid=grid(4096, 4096), time={"scheme": "ftcs", "step": 1e-9, "steps": 3}, decomposition={"mapping": mapping})
        _, planned = plan(tmp_path, case, "--ranks", "8192", "--ranks-per-node", "128")
        between[mapping] = planned["per_step"]["halo"]["between_nodes"]["bytes"]
    assert between["node-blocks"] < 0.5 * between["linear"]


# What is not known.

@pytest.mark.parametrize("sections", [{"time": {"scheme": "esdirk", "end": 0.01, "adaptive": {"tolerance": 1e-4}}},
                                      {"materials": [{"name": "m", "conductivity": "1+T", "density": 1.0, "specific_heat": 1.0}]},
                                      {"solver": {"preconditioner": "gamg"}}, {"time": {"scheme": "ts:rk", "step": 1e-4, "steps": 10}}])
def test_what_depends_on_the_field_is_null(tmp_path, sections):
    _, planned = plan(tmp_path, basic_case(**sections), "--ranks", "4")
    assert planned["communication"]["halo"]["within_nodes"]["messages"] is None
    assert set(planned["time"].values()) == {None}


@pytest.mark.parametrize("every,known", [((500, 300, 200), True), ((10007, 10009, 10037), True), ((1009, 1013, 1019), False)])
def test_sweeps_are_counted_by_their_period_or_in_few_places(tmp_path, every, known):
    """10^9 steps: the pauses repeat after 3000 steps, or are 3 10^5, or are more than a million."""
    case = basic_case(grid=grid(140, 132), time={"scheme": "ftcs", "step": 1e-9, "steps": 10**9}, checkpoint={"every": every[2]},
                      output={"history": {"every": every[0]}, "snapshots": {"every": every[1]}})
    _, planned = plan(tmp_path, case, "--ranks", "2")
    assert (planned["communication"]["halo"]["within_nodes"]["messages"] is not None) == known


# Maps.

def test_the_text_map_shows_node_and_rank_of_each_block(tmp_path):
    plan(tmp_path, basic_case(), "--ranks", "8", "--ranks-per-node", "4", "--map", "map.txt")
    lines = [line.split() for line in (tmp_path / "map.txt").read_text().splitlines()[1:]]
    owners = sorted(tuple(map(int, entry.split(":"))) for line in lines for entry in line)
    assert [rank for _, rank in sorted(owners, key=lambda owner: owner[1])] == list(range(8))
    assert [node for node, _ in owners] == [0] * 4 + [1] * 4


@pytest.mark.parametrize("ranks,numbers", [(12, 12), (20000, 0)])
def test_the_svg_map_is_a_picture_of_blocks_or_of_nodes(tmp_path, ranks, numbers):
    plan(tmp_path, basic_case(grid=grid(4000, 4000)), "--ranks", str(ranks), "--ranks-per-node", "4", "--map", "map.svg")
    root = ElementTree.parse(tmp_path / "map.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}rect")) == (ranks if numbers else ranks // 4)
    texts = [text.text for text in root.findall(f"{space}text")]
    assert len(texts) == numbers + 1 and f"{ranks} ranks" in texts[-1]


def pixels(path: Path) -> list[bytes]:
    """Decode the rows of a PNG picture of eight bits a channel without filters, and check its checksums."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size:at + 12 + size])[0] == zlib.crc32(name + body)
        chunks[name] = body
        at += 12 + size
    width, height, depth, colour = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colour) == (8, 2) and b"IEND" in chunks
    raw = zlib.decompress(chunks[b"IDAT"])
    assert len(raw) == height * (3 * width + 1)
    return [raw[row * (3 * width + 1) + 1:(row + 1) * (3 * width + 1)] for row in range(height)]


@pytest.mark.parametrize("ranks", ["8", "100000"])
def test_the_png_map_has_the_colours_of_nodes(tmp_path, ranks):
    plan(tmp_path, basic_case(grid=grid(4000, 2000)), "--ranks", ranks, "--ranks-per-node", "4", "--map", "map.png")
    rows = pixels(tmp_path / "map.png")
    colours = {bytes(row[k:k + 3]) for row in rows[::8] for k in range(0, len(row), 3)} - {b"\xff\xff\xff", b"\0\0\0"}
    assert len(rows) == 512 and len(rows[0]) == 3 * 1024
    assert len(colours) == (2 if ranks == "8" else 8)


# Warnings and refusals.

@pytest.mark.parametrize("ranks,per_node,sections,words", [
    (1009, 1009, {"grid": grid(4000, 4000)}, ["prime", "1008 ranks would be better"]),
    (10, 4, {"grid": grid(400, 400)}, ["the last of 3 nodes has 2 ranks", "multiple of 4"]),
    (64, 64, {}, ["narrower than the halo"]),
    (16, 16, {"grid": grid(64, 64)}, ["more cells in their halo"]),
    (4, 4, {}, ["level-2 cache"]),
    (1, 1, {"grid": grid(40000, 40000)}, ["memory is short", "nodes like this one would do"]),
])
def test_a_bad_layout_is_warned_of(tmp_path, ranks, per_node, sections, words):
    outcome, planned = plan(tmp_path, basic_case(**sections), "--ranks", str(ranks), "--ranks-per-node", str(per_node))
    assert any(all(word in warning for word in words) for warning in planned["warnings"]), planned["warnings"]
    assert all(warning in outcome.out for warning in planned["warnings"])


def test_a_good_layout_has_no_warning(tmp_path):
    _, planned = plan(tmp_path, basic_case(grid=grid(4096, 4096)), "--ranks", "16", "--ranks-per-node", "4")
    assert planned["warnings"] == []


@pytest.mark.parametrize("words,said", [
    (["--ranks", "0"], "--ranks 0: give a whole number from 1"),
    (["--ranks", "4x"], "--ranks 4x"),
    (["--ranks-per-node", "-1"], "--ranks-per-node -1"),
    (["--iterations", "many"], "--iterations many"),
    (["--map", "map.pdf"], "must end in .txt, .svg or .png"),
    (["--restart", "latest"], "--restart has no meaning for heat2d plan"),
    (["--output", "out"], "--output has no meaning for heat2d plan"),
    (["--ranks", "101"], "cannot be cut into 101 blocks"),
    (["--ranks", "6", "--set", "decomposition.processes=[2, 2]"], "decomposition.processes"),
    (["--set", "grid.cell=3"], "grid.cell"),
    (["-ksp_tpye", "cg"], "reads the option -ksp_tpye"),
])
@pytest.mark.parametrize("ranks", [1, 3])
def test_bad_input_is_refused_with_one_message(tmp_path, words, said, ranks):
    path = write_case(tmp_path, basic_case())
    done = execute(command(None, ranks, ("plan", str(path), *words)), tmp_path, ranks)
    assert done.returncode == 2
    assert said in done.stderr and done.stderr.count("heat2d: error") == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["case.yaml"], "nothing is written"


@pytest.mark.parametrize("option", ["--json", "--map"])
def test_a_file_that_cannot_be_written_is_code_4(tmp_path, option):
    path = write_case(tmp_path, basic_case())
    done = execute(command(None, 2, ("plan", str(path), option, "missing/plan.svg")), tmp_path, 2)
    assert done.returncode == 4 and done.stderr.count("missing/plan.svg") == 1


def test_devices_and_pipes_are_written_to_and_never_replaced(tmp_path):
    path = write_case(tmp_path, basic_case())
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "pipe.svg").symlink_to("pipe")
    for option, name, begin in (("--json", "pipe", b"{"), ("--json", "link", b"{"), ("--map", "pipe.svg", b"<")):
        reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        done = execute(command(None, 1, ("plan", str(path), option, name)), tmp_path)
        assert done.returncode == 0 and os.read(reader, 1 << 16).startswith(begin), done.stderr
        os.close(reader)
    done = execute(command(None, 1, ("plan", str(path), "--json", "/dev/full")), tmp_path)
    assert done.returncode == 4 and "/dev/full: cannot be written: write: No space left" in done.stderr
    done = execute(command(None, 1, ("plan", str(path), "--quiet", "--json", "/dev/stdout")), tmp_path)
    assert done.returncode == 0 and json.loads(done.stdout)["schema"] == "heat2d plan 1"
    done = execute(command(None, 1, ("plan", "--calibrate", "pipe")), tmp_path)
    assert done.returncode == 4 and "it is a pipe; name a regular file" in done.stderr
    assert (tmp_path / "pipe").is_fifo() and (tmp_path / "link").is_symlink()
    assert Path("/dev/full").is_char_device() and Path("/dev/stdout").is_symlink()


@pytest.mark.parametrize("words", [["run", "case.yaml", "--ranks", "4"], ["verify", "--map", "map.svg"]])
def test_options_of_plan_are_refused_by_other_commands(tmp_path, words):
    write_case(tmp_path, basic_case())
    done = execute(command(None, 1, tuple(words)), tmp_path)
    assert done.returncode == 2 and "is an option of heat2d plan" in done.stderr


def test_a_source_with_a_factor_of_time_is_one_more_field_before_the_first_sweep(tmp_path):
    """Two ranks exchange two messages for a field: 16 columns or rows of the 132 or 140 cells that they share.  Sweeps are as many as with
    a fixed source; with a moving source there are none."""
    planned = {}
    for name, source in {"fixed": "x", "factor": "x*sin(t)", "uniform": "sin(t)", "moving": "exp(-(x - t)^2)"}.items():
        case = basic_case(grid=grid(140, 132), time={"scheme": "ftcs", "step": 1e-5, "steps": 60}, source=source,
                          output={"history": {"every": 30}}, boundary={"left": ZERO, "top": FILM})
        planned[name] = plan(tmp_path, case, "--ranks", "2")[1]["communication"]
    fixed = planned["fixed"]["setup"]["within_nodes"]
    for name in ("factor", "uniform"):
        found = planned[name]["setup"]["within_nodes"]
        assert planned[name]["halo"] == planned["fixed"]["halo"]
        assert found["messages"] - fixed["messages"] == 2
        assert (found["bytes"] - fixed["bytes"]) / (2 * 16 * 8) in (132, 140)
    assert planned["moving"]["halo"]["within_nodes"]["messages"] > planned["fixed"]["halo"]["within_nodes"]["messages"]


def test_an_ambient_exchange_is_two_more_fields_before_the_first_sweep(tmp_path):
    """Its conductance and its ambient temperature.  An ambient temperature that changes with time allows single steps only."""
    planned = {}
    for name, ambient in {"none": None, "fixed": "x", "moving": "x + t"}.items():
        case = basic_case(grid=grid(140, 132), time={"scheme": "ftcs", "step": 1e-5, "steps": 60}, source="x",
                          output={"history": {"every": 30}}, boundary={"left": ZERO, "top": FILM})
        if ambient:
            case["exchange"] = {"coefficient": 2.0, "ambient": ambient}
        planned[name] = plan(tmp_path, case, "--ranks", "2")[1]["communication"]
    none, found = planned["none"]["setup"]["within_nodes"], planned["fixed"]["setup"]["within_nodes"]
    assert planned["fixed"]["halo"] == planned["none"]["halo"]
    assert found["messages"] - none["messages"] == 4
    assert (found["bytes"] - none["bytes"]) / (4 * 16 * 8) in (132, 140)
    assert planned["moving"]["halo"]["within_nodes"]["messages"] > planned["fixed"]["halo"]["within_nodes"]["messages"]


@pytest.mark.parametrize("nodes", [1, 16, 256, 1024, 65536])
def test_node_blocks_against_linear_on_many_nodes(tmp_path, nodes):
    """Nodes of 128 ranks on a square of n x n cells, up to 65 536 nodes.  Compact rectangles of 8 x 16 blocks make a square of
    nodes with 2 (sqrt(nodes) - 1) cuts between nodes, each of which sends n values both ways.  In linear order a node owns 128 blocks of a
    row of px blocks, or 128/px rows."""
    n, ranks = 262144, 128 * nodes
    case = basic_case(grid=grid(n, n), time={"scheme": "ftcs", "step": 1e-12, "steps": 10}, output={"history": {"every": 1}})
    sent = {}
    for mapping in ("node-blocks", "linear"):
        _, planned = plan(tmp_path, case, "--ranks", str(ranks), "--ranks-per-node", "128", "--set", f"decomposition.mapping={mapping}")
        sent[mapping] = planned["per_step"]["halo"]["between_nodes"]["bytes"]
        px, py = planned["decomposition"]["processes"]
        assert px * py == ranks and py == 2 * px
        if mapping == "node-blocks":
            assert planned["decomposition"]["node_blocks"] == ([8, 16] if nodes > 1 else [px, py])
    line = 2 * n * 8  # bytes across a cut through the whole domain
    assert sent["node-blocks"] == line * 2 * (round(nodes ** 0.5) - 1)
    assert sent["linear"] == line * ((px // 128 - 1) + (py - 1) if px >= 128 else py * px // 128 - 1)
    assert sent["linear"] >= {1: 0, 16: 2.5}.get(nodes, 8) * sent["node-blocks"]


@pytest.mark.parametrize("ranks", [13, 1009, 1000003])
def test_a_prime_number_of_ranks_is_told_with_a_better_one(tmp_path, ranks):
    _, planned = plan(tmp_path, basic_case(grid=grid(2000000, 2000000), time={"scheme": "ftcs", "step": 1e-14, "steps": 1}),
                      "--ranks", str(ranks))
    told = [warning for warning in planned["warnings"] if f"{ranks} ranks are a prime number" in warning]
    assert len(told) == 1 and "ranks would be better" in told[0]
    better = int(told[0].split("; ")[1].split()[0])
    assert 0.8 * ranks < better < ranks


def test_a_run_tells_of_a_prime_number_of_ranks(tmp_path):
    outcome = run(tmp_path, basic_case(time={"scheme": "ftcs", "step": 1e-4, "steps": 1}), "--quiet", ranks=11)
    assert outcome.code == 0
    told = [warning for warning in outcome.results["warnings"] if "11 ranks are a prime number and leave only 1 x 11 blocks" in warning
            or "11 ranks are a prime number and leave only 11 x 1 blocks" in warning]
    assert len(told) == 1 and told[0].endswith("10 ranks would be better") and told[0] in outcome.err


# ---- the reference workload ---------------------------------------------------------------------------------------


def plan_of_bench(folder: Path, *words: str, code: int = 0) -> dict:
    done = execute(command("plan", 1, (*words, "--json", "plan.json")), folder, 1)
    assert done.returncode == code, done.stderr
    return json.loads((folder / "plan.json").read_text()) if code == 0 else {"error": done.stderr}


@pytest.mark.parametrize("workload", ["implicit", "explicit", "checkpoint"])
def test_the_plan_of_the_reference_workload_is_what_it_takes(tmp_path, workload):
    """Memory within a quarter: on this small grid most of it is that of the program itself.  A file has some 10 kB beside its values."""
    plan = plan_of_bench(tmp_path, "--class", "tiny", "--workload", workload)
    execute(command("bench", 1, ("--class", "tiny", "--workload", workload, "--duration", "0.001", "--output", "out")), tmp_path, 1)
    record = json.loads((tmp_path / "out" / "results.json").read_text())
    if not SANITIZED:
        assert plan["memory"]["per_rank_max"] == pytest.approx(record["memory"]["bytes_max"], rel=0.25), record["memory"]
    assert plan["files"]["snapshots"] == 0
    if workload == "checkpoint":
        assert plan["steps"] == 0 and plan["files"]["all"] == 2 * plan["files"]["checkpoint"]
        assert 0 <= record["bench"]["restart"]["file_bytes"] - plan["files"]["checkpoint"] < 40_000
        # The field as written and as read back, and no operator, scheme or solver, since no step is taken.
        fields = {field["name"]: field["bytes_per_cell"] for field in plan["memory"]["fields"]}
        assert fields["fields"] == 16.0 and fields["operator"] == fields["time scheme"] == 0.0, fields
        assert fields["linear solver"] == fields["preconditioner"] == 0.0, fields
    else:
        assert plan["steps"] == 100 and 0 <= record["bench"]["last_field"]["file_bytes"] - plan["files"]["all"] < 40_000


def test_every_class_has_a_plan_for_the_nodes_that_it_is_meant_for(tmp_path):
    """From medium up a node has about 2.7e8 cells in every class, and needs as much memory for them."""
    needs = []
    for name, nodes in (("medium", 1), ("large", 16), ("huge", 256), ("peta", 4096), ("exa", 16384)):
        plan = plan_of_bench(tmp_path, "--class", name, "--ranks", str(64 * nodes), "--ranks-per-node", "64")
        assert plan["nodes"] == nodes and plan["title"] == f"reference workload, class {name}, implicit, field"
        needs.append(plan["memory"]["per_node_max"])
        assert (plan["files"]["all"] > 0) == (name in ("medium", "large"))  # from huge on only with --write-field
        halo = plan["communication"]["halo"]
        assert (halo["between_nodes"]["messages"] > 0) == (nodes > 1) and halo["within_nodes"]["bytes"] > 0
    assert max(needs) < 1.05 * min(needs), needs


@pytest.mark.parametrize("words,said", [
    (("--workload", "explicit"), "--class is missing"),
    (("--class", "big"), "--class big: it must be one of tiny"),
    (("--class", "tiny", "--workload", "lazy"), "--workload lazy: it must be one of implicit"),
    (("--class", "tiny", "--nonce", "3"), "heat2d plan takes --class and --workload alone"),
    (("case.yaml", "--class", "tiny"), "the case of the reference workload is built in"),
    (("--class", "tiny", "--set", "time.steps=3"), "--set: the case of the reference workload is built in"),
    (("--class", "tiny", "-pc_type", "jacobi"), "-pc_type: the case of the reference workload is built in"),
])
def test_what_would_change_the_reference_workload_is_refused(tmp_path, words, said):
    error = plan_of_bench(tmp_path, *words, code=2)["error"]
    assert error.count("heat2d: error:") == 1 and said in error, error

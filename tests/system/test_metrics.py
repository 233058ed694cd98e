"""The use of the machine in every record: efficiencies, parts of the time, step times, bandwidth, memory, clock, energy."""
from __future__ import annotations

import pytest
from heat2d_case import basic_case, run

PARTS = ("compute", "halo", "coarse_levels", "reductions")
# Times that are added up in another order, and ticks of a clock of their own: relative, of the window.
SAME = 0.01
SQUARE = {"grid": {"cells": [96, 80], "x": [0.0, 1.0], "y": [0.0, 1.0]}}  # several levels


def spread_is_ordered(spread: dict, ranks: int) -> bool:
    return spread["min"] <= spread["mean"] * (1 + 1e-12) <= spread["max"] * (1 + 2e-12) and 0 <= spread["slowest"] < ranks


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("scheme,step", [("backward-euler", 0.001), ("ftcs", 1e-5), ("bdf2", 0.001)])
def test_parts_of_the_time_add_up(tmp_path, scheme, step, ranks):
    results = run(tmp_path, basic_case(**SQUARE, time={"scheme": scheme, "step": step, "steps": 40}), ranks=ranks).results
    pop, parts = results["pop"], results["breakdown"]
    assert pop["parallel_efficiency"] == pytest.approx(pop["load_balance"] * pop["communication_efficiency"])
    assert 0 < pop["load_balance"] <= 1 + 1e-12 and 0 < pop["communication_efficiency"] <= 1
    assert pop["load_balance"] == pytest.approx(pop["useful"]["mean"] / pop["useful"]["max"])
    assert spread_is_ordered(pop["useful"], ranks) and all(spread_is_ordered(parts[p], ranks) for p in (*PARTS, "output"))
    assert all(parts[p]["min"] >= -SAME * pop["seconds"] for p in PARTS)
    phases = {phase["name"]: phase for phase in results["timing"]}
    window = phases["steps"]["mean"] + phases["diagnostics"]["mean"]
    # The phase of diagnostics ends before the record is written, and nothing else is in the window.
    assert sum(parts[p]["mean"] for p in PARTS) == pytest.approx(window, rel=SAME)
    assert pop["seconds"] <= phases["steps"]["max"] + phases["diagnostics"]["max"] + 1e-9
    assert (parts["coarse_levels"]["max"] > 0) == (scheme != "ftcs")
    assert pop["serialisation"] is None and pop["transfer"] is None


def test_step_times_count_every_step(tmp_path):
    """Steps of ftcs that are taken at once count as equally long."""
    one = run(tmp_path / "one", basic_case(), ranks=2).results
    times = one["step_times"]
    assert times["steps"] == one["time"]["steps"] and times["steps_at_once"] == 1
    assert 0 < times["p25"] <= times["p50"] <= times["p95"] <= times["p99"] <= times["max"] and 0 < times["resolution"] < 0.006
    several = run(tmp_path / "several", basic_case(**SQUARE, output={"history": {"every": 35}},
                                                   time={"scheme": "ftcs", "step": 1e-5, "steps": 70}), ranks=2).results
    assert several["step_times"]["steps"] == 70 and several["step_times"]["steps_at_once"] > 1


def test_bandwidth_follows_from_the_model(tmp_path):
    """97 bytes a cell and iteration of heatcg with heatmg; other preconditioners are not modelled."""
    ours = run(tmp_path / "ours", basic_case(), ranks=2).results
    found, steps, cells = ours["bandwidth"], ours["time"]["steps"], ours["grid"]["cells"]
    assert found["bytes_per_cell_step"] == pytest.approx(97 * ours["solver"]["iterations"]["total"] / steps)
    assert found["achieved"] == pytest.approx(found["bytes_per_cell_step"] * cells[0] * cells[1] * steps / ours["fom"]["seconds"])
    assert found["stream"] is None and found["stream_bytes"] is None
    assert found["in_cache"] is (found["cache"] is not None and found["working_set"] <= found["cache"])
    gamg = run(tmp_path / "gamg", basic_case(solver={"preconditioner": "gamg"}), ranks=2).results
    assert gamg["bandwidth"]["bytes_per_cell_step"] is None and gamg["bandwidth"]["achieved"] is None
    assert gamg["breakdown"]["coarse_levels"]["mean"] is None and gamg["pop"]["parallel_efficiency"] > 0


# What a single step of ftcs reads on 96 x 80 insulated cells beside T and the new T, as numbers of rows of 96 values of C, 97 of gx and 96 of gy
# and of sources.  Faces of the bottom and the top side have rows of their own, and so have faces between two layers.
LAYERS = {"materials": [{"name": name, "conductivity": k, "density": k, "specific_heat": 1.0} for name, k in (("m", 1.0), ("n", 2.0))],
          "regions": [{"material": "m"}, {"material": "n", "shape": "rectangle", "x": [0.0, 1.0], "y": [0.0, 0.5]}]}
ROUGH = {"materials": [{"name": "m", "conductivity": "1 + 0.4*sin(97*x)*sin(89*y)", "density": 1.0, "specific_heat": 1.0}]}
READ = {"uniform": ({}, (1, 1, 3, 0)), "source": ({"source": "x"}, (1, 1, 3, 80)), "layers": (LAYERS, (2, 2, 5, 0)),
        "rough": (ROUGH, (1, 80, 81, 0)), "rough-source": ({**ROUGH, "source": "x*y"}, (1, 80, 81, 80))}


@pytest.mark.parametrize("name", READ)
def test_bandwidth_of_single_steps_counts_rows_that_are_read(tmp_path, name):
    """Rows that are equal to the row before them are in a cache.  rel: of a sum of few exact numbers."""
    sections, rows = READ[name]
    case = basic_case(**SQUARE, time={"scheme": "ftcs", "step": 1e-6, "steps": 8}, **sections)
    outcome = run(tmp_path, case, "-heat_steps_at_once", "1")
    values = 2 + sum(n * length for n, length in zip(rows, (96, 97, 96, 96), strict=True)) / (96 * 80)
    assert outcome.results["bandwidth"]["bytes_per_cell_step"] == pytest.approx(8 * values, rel=1e-12)


def test_bandwidth_of_sweeps_counts_a_pass_for_several_steps(tmp_path):
    """Sweeps read a source that differs from row to row once, and nothing of equal cells, which are all cells but those at the left and right
    sides: C is the same along a row, gx and gy of two cells are read in few rows."""
    time = {"scheme": "ftcs", "step": 1e-6, "steps": 64}
    found = {}
    for name, sections in {"uniform": {}, "source": {"source": "x*y"}}.items():
        outcome = run(tmp_path / name, basic_case(**SQUARE, time=time, output={"history": {"every": 64}}, **sections))
        assert outcome.results["step_times"]["steps_at_once"] == 32
        found[name] = 32 * outcome.results["bandwidth"]["bytes_per_cell_step"] / 8
    assert 2 <= found["uniform"] < 2.1
    assert found["source"] - found["uniform"] == pytest.approx(1, abs=0.1)


def test_machine_is_described(tmp_path):
    results = run(tmp_path, basic_case(), ranks=2).results
    memory, power = results["memory"], results["electricity"]
    assert 0 < memory["bytes_min"] <= memory["bytes_mean"] <= memory["bytes_max"] and memory["largest"] in (0, 1)
    assert (power["joules"] is None) == (power["reason"] is not None)
    assert all(phase["slowest"] in (0, 1) for phase in results["timing"])
    assert set(results["clock"]) == {"min", "mean", "max", "governor"}


def test_closing_table_has_the_use_of_the_machine(tmp_path):
    out = run(tmp_path / "two", basic_case(), ranks=2).out
    assert "  efficiency   " in out and "  time in      compute " in out and "  step times   median " in out
    assert "  bandwidth    " in out and "GB/s by the model" in out and "  memory       " in out
    assert "  efficiency   " not in run(tmp_path / "one", basic_case(), ranks=1).out


def test_stream_is_measured_on_request(tmp_path):
    outcome = run(tmp_path, basic_case(), "--stream", ranks=2)
    found = outcome.results["bandwidth"]
    assert outcome.code == 0 and found["stream"] > 0 and found["stream_bytes"] > 0
    assert "of STREAM's" in outcome.out

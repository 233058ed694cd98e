"""`communication` in results.json equals what a profiler counts that is preloaded and shares no code with heat2d."""
from __future__ import annotations

import os

import pytest
from counted import KINDS, PLACES, assert_equal_counts, counted_run
from heat2d_case import basic_case, mpich, run

pytestmark = pytest.mark.skipif("HEAT2D_MESSAGES" not in os.environ, reason="built without the profiler of messages")

# Each way to send: every scheme; preconditioners of heat2d and of PETSc, which sends by itself; Newton's method; files.
WAYS = {
    "ftcs": {"time": {"scheme": "ftcs", "step": 1e-4, "steps": 20}},
    "rkl2": {"time": {"scheme": "rkl2", "step": 0.001, "steps": 10}},
    "backward-euler": {},
    "crank-nicolson": {"time": {"scheme": "crank-nicolson", "step": 0.001, "steps": 10}},
    "bdf2": {"time": {"scheme": "bdf2", "step": 0.001, "steps": 10}},
    "esdirk": {"time": {"scheme": "esdirk", "step": 0.001, "steps": 10}},
    "esdirk-controlled": {"time": {"scheme": "esdirk", "end": 0.01, "adaptive": {"tolerance": 1e-4}}},
    "steady": {"time": {"scheme": "steady"}, "boundary": {"left": {"type": "temperature", "value": 1.0}}},
    "ts-rk": {"time": {"scheme": "ts:rk", "step": 1e-4, "steps": 10}},
    "ts-arkimex": {"time": {"scheme": "ts:arkimex", "step": 0.001, "steps": 5}},
    "gamg": {"solver": {"preconditioner": "gamg"}},
    "jacobi": {"solver": {"preconditioner": "jacobi"}},
    "asm": {"solver": {"preconditioner": "asm"}},
    "ts-gamg": {"time": {"scheme": "ts:arkimex", "step": 0.001, "steps": 5}, "solver": {"preconditioner": "gamg"}},
    "reproducible": {"solver": {"reproducible": True}},
    "newton": {"materials": [{"name": "m", "conductivity": "1 + 0.1*T", "density": 1.0, "specific_heat": 1.0}]},
    "periodic": {"boundary": {side: {"type": "periodic"} for side in ("left", "right", "bottom", "top")}},
    "files": {"output": {"snapshots": {"every": 5}, "fields": ["temperature", "heat_flux", "owner"]}, "checkpoint": {"every": 5}},
    "deflate": {"output": {"snapshots": {"every": 5}, "compression": "deflate"}, "checkpoint": {"every": 5}},
    "writers": {"output": {"snapshots": {"every": 5}, "writers": {"per_node": 1}}, "checkpoint": {"every": 5}},
    "writers-async": {"output": {"writers": {"per_node": 2}}, "checkpoint": {"every": 5, "mode": "async"}},
    "async": {"checkpoint": {"every": 5, "mode": "async"}},
}


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("way", WAYS)
def test_every_message_is_counted(tmp_path, way, ranks):
    counted = counted_run(tmp_path, basic_case(**WAYS[way]), ranks=ranks)
    assert_equal_counts(counted)
    assert counted.messages("reduction") == 0, "messages of no kind"
    assert counted.heat2d["messages"][1] == 0, "messages between nodes on one machine"


@pytest.mark.skipif(not mpich(), reason="the launcher of MPICH makes several nodes of one machine")
@pytest.mark.parametrize("way", ["backward-euler", "ftcs", "gamg", "files", "writers"])
def test_messages_between_nodes_are_counted(tmp_path, way):
    """Two names of this machine are two nodes for MPICH: ranks of different ones share no memory."""
    hosts = ("-launcher", "fork", "-hosts", "localhost:2,127.0.0.1:2")
    counted = counted_run(tmp_path, basic_case(**WAYS[way]), ranks=4, launcher=hosts)
    assert counted.outcome.results["nodes"] == 2
    assert_equal_counts(counted)
    assert min(counted.heat2d["messages"]) > 0, "messages within nodes, and between them"


def test_a_restarted_run_counts_its_own_messages(tmp_path):
    case = basic_case(checkpoint={"every": 5})
    assert run(tmp_path, case, "--set", "time.steps=5", ranks=2).code == 0
    counted = counted_run(tmp_path, case, "--restart", "latest", ranks=2)
    assert_equal_counts(counted)


# Ways whose solves and set-ups consist of messages that only PETSc knows; and one more way, with several steps at once.
ALGEBRAIC = ("gamg", "asm", "ts-gamg")
DEEP = {"grid": {"cells": [96, 80], "x": [0.0, 1.0], "y": [0.0, 1.0]}, "time": {"scheme": "ftcs", "step": 1e-5, "steps": 70},
        "output": {"history": {"every": 35}}, "boundary": {"left": {"type": "temperature", "value": "1+t"}}}
ODD = {"grid": {"cells": [51, 33], "x": [0.0, 1.0], "y": [0.0, 1.0]}, "time": {"scheme": "backward-euler", "step": 0.02, "steps": 3},
       "boundary": {side: {"type": "periodic"} for side in ("left", "right", "bottom", "top")}}
STAGES = {**DEEP, "time": {"scheme": "rkl2", "step": 1e-3, "steps": 5}}
LONG_STAGES = {**DEEP, "time": {"scheme": "rkl2", "step": 3e-2, "steps": 2}}
PULSE = {"boundary": {"left": {"type": "flux", "value": "sin(100*t)"}, "top": {"type": "flux", "value": 2.0}}, "source": "x*cos(100*t)"}
HEATERS = {"source": "x*sin(100*t)",
           "regions": [{"material": "m"}, {"material": "m", "shape": "rectangle", "x": [0.2, 0.6], "y": [0.1, 0.7], "source": "cos(100*t)"}]}
EXCHANGE = {"exchange": {"coefficient": "2 + x", "ambient": "1 - y"}}
CONTACTS = {"materials": [{"name": name, "conductivity": 1.0, "density": 1.0, "specific_heat": 1.0} for name in ("m", "n")],
            "regions": [{"material": "m"}, {"material": "n", "shape": "circle", "centre": [0.5, 0.5], "radius": 0.3}],
            "contacts": [{"between": ["m", "n"], "resistance": 0.5}], "output": {"interfaces": [["m", "n"]]}}
PREDICTED = {**WAYS, "contacts": CONTACTS, "deep": DEEP, "deep-source": {**DEEP, "source": "x*sin(100*t)"},
             "deep-flux": {**DEEP, **PULSE}, "deep-sources": {**DEEP, **HEATERS}, "stages": STAGES, "long-stages": LONG_STAGES, "odd": ODD,
             "deep-exchange": {**DEEP, **EXCHANGE}, "deep-exchange-source": {**DEEP, **EXCHANGE, "source": "x*sin(100*t)"},
             "stages-exchange": {**STAGES, **EXCHANGE}, "long-stages-exchange": {**LONG_STAGES, **EXCHANGE}}


def assert_predicted(kinds: dict, known: tuple[str, ...]) -> None:
    """The messages of these kinds are what the layout predicts.  No tolerance: these are integers."""
    for kind in known:
        counts = {place: kinds[kind][place] for place in PLACES}
        assert {place: kinds[kind]["predicted"][place] for place in PLACES} == counts, kind
    assert kinds["halo"]["predicted"]["collectives"] == kinds["halo"]["collectives"] == 0


@pytest.mark.parametrize("way,ranks", [(way, ranks) for way in PREDICTED for ranks in (1, 4)]
                         + [(way, 16) for way in ("ftcs", "rkl2", "deep", "deep-source", "stages", "long-stages", "odd", "backward-euler", "bdf2", "newton", "contacts")] + [("contacts", 64)])
def test_messages_are_as_predicted(tmp_path, way, ranks):
    outcome = run(tmp_path, basic_case(**PREDICTED[way]), ranks=ranks)
    assert outcome.code == 0, outcome.err
    kinds = outcome.results["communication"]
    assert_predicted(kinds, ("halo", "reduction") if way in ALGEBRAIC else ("halo", "multigrid", "reduction", "setup"))
    if way == "deflate":
        assert kinds["output"]["predicted"]["within_nodes"] == {"messages": None, "bytes": None}
    else:
        assert_predicted(kinds, ("output",))
    if way in ALGEBRAIC:
        assert kinds["multigrid"]["predicted"]["within_nodes"] == {"messages": None, "bytes": None}
    assert outcome.results["decomposition"]["deep_exchanges"] > 0 or way not in [*(name for name in PREDICTED if "deep" in name or "stages" in name)] or ranks == 16


@pytest.mark.skipif(not mpich(), reason="the launcher of MPICH makes several nodes of one machine")
@pytest.mark.parametrize("hosts", ["localhost:2,127.0.0.1:2", "localhost:3,127.0.0.1:1", "localhost:1,127.0.0.1:3"])
@pytest.mark.parametrize("way", ["ftcs", "deep", "long-stages", "odd", "contacts"])
def test_messages_between_nodes_are_as_predicted(tmp_path, way, hosts):
    """Nodes with as many ranks own rectangles of blocks; others own their ranks' blocks, in any order."""
    counted = counted_run(tmp_path, basic_case(**PREDICTED[way]), ranks=4, launcher=("-launcher", "fork", "-hosts", hosts))
    assert counted.outcome.results["nodes"] == 2
    assert_predicted(counted.kinds, ("halo", "multigrid", "reduction", "setup"))
    assert min(counted.heat2d["messages"]) > 0


def test_kinds_are_told_apart(tmp_path):
    """An explicit scheme has no solves; a run without fields in files sends no output but row sums; more snapshots mean more
    output and the same messages of every other kind."""
    explicit = counted_run(tmp_path / "explicit", basic_case(**WAYS["ftcs"]), ranks=4)
    assert explicit.messages("multigrid") == 0
    few, many = (counted_run(tmp_path / str(every), basic_case(output={"snapshots": {"every": every}}), ranks=4)
                 for every in (10, 1))
    assert many.messages("output") > few.messages("output") > 0
    for kind in ("halo", "multigrid", "setup"):
        assert many.messages(kind) == few.messages(kind) > 0


def test_more_steps_add_solves_and_no_set_up(tmp_path):
    """A linear problem is set up once, so ten times the steps leave the messages of the set-up."""
    one, ten = (counted_run(tmp_path / str(steps), basic_case(time={"scheme": "backward-euler", "step": 0.001, "steps": steps}),
                            ranks=4) for steps in (1, 10))
    assert ten.messages("setup") == one.messages("setup") > 0
    assert ten.messages("multigrid") > 5 * one.messages("multigrid") > 0


@pytest.mark.parametrize("scheme", ["ftcs", "bdf2"])
def test_a_row_of_history_is_one_reduction(tmp_path, scheme):
    """Zones, segments of a side and an interface are part of it.  The bound, 1.5, leaves room for decisions of the time loop, of which
    there are two a second, or four where a step lasts longer."""
    case = basic_case(time={"scheme": scheme, "step": 1e-4, "steps": 60},
                      materials=[{"name": name, "conductivity": k, "density": 1.0, "specific_heat": 1.0} for name, k in (("m", 1.0), ("n", 2.0))],
                      regions=[{"material": "m", "name": "all"},
                               {"shape": "rectangle", "x": [0.2, 0.7], "y": [0.3, 0.6], "material": "n", "name": "part"}],
                      boundary={"left": [{"type": "temperature", "value": 1.0, "to": 0.5}, {"type": "insulated"}]},
                      output={"history": {"every": 60}, "interfaces": [["m", "n"]]})
    few = run(tmp_path / "few", case, ranks=2)
    many = run(tmp_path / "many", {**case, "output": {**case["output"], "history": {"every": 1}}}, ranks=2)
    assert few.code == many.code == 0, few.err + many.err
    rows = len(many.table("history.csv")["step"]) - len(few.table("history.csv")["step"])
    assert rows == 59
    calls = [outcome.results["communication"]["reduction"]["collectives"] / 2 for outcome in (few, many)]
    assert 0 < calls[1] - calls[0] < 1.5 * rows + 4 * many.results["provenance"]["elapsed"]


@pytest.mark.parametrize("ranks", [2, 4])
def test_start_one_step_and_end_have_few_collective_calls(tmp_path, ranks):
    """On one node: with two ranks 30 up to the record, and 3 that create communicators, of which 12 of the start are heat2d's own
    (solver/MEASURED.md, Reductions).  With several blocks along x, one more call sums rows for a snapshot.  The bound leaves room for
    two more decisions about stopping."""
    counted = counted_run(tmp_path, basic_case(time={"scheme": "ftcs", "step": 1e-5, "steps": 1}), ranks=ranks)
    assert 20 < counted.heat2d["collectives"] / ranks <= 33
    assert counted.communicators / ranks == 3


def test_the_table_at_the_end_has_the_messages_of_the_record(tmp_path):
    counted = counted_run(tmp_path, basic_case(**WAYS["files"]), ranks=4)
    rows = {words[0]: words[1:] for line in counted.outcome.out.splitlines() if (words := line.split()) and len(words) == 7}
    for kind, of in counted.kinds.items():
        shown = rows[kind]
        assert shown[5] == "equal", kind
        assert [int(shown[0]), int(shown[2]), int(shown[4])] == [*(of[place]["messages"] for place in PLACES), of["collectives"]]


def test_a_single_rank_shows_no_table_of_messages(tmp_path):
    alone = run(tmp_path, basic_case())
    assert alone.code == 0
    assert "between nodes   collective" not in alone.out

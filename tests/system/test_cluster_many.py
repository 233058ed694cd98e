"""Every scheme on 1, 2, 3, 4 and 8 nodes with 1, 2 and 4 ranks each, and on 5, 6 and 7 nodes, leaves the bytes of one rank: all that test_cluster.py
takes a part of."""
from __future__ import annotations

import pytest
from clustered import PLANNED, PLANNED_NODES, SCHEMES, SIZES, counted_as_planned, same_bytes, serial_runs
from nodes import network  # noqa: F401

serial = pytest.fixture(scope="module")(serial_runs)


@pytest.mark.parametrize("nodes,ranks", SIZES)
def test_every_scheme_leaves_the_bytes_of_one_rank(tmp_path, network, serial, nodes, ranks):
    cluster = network("abcdefgh"[:nodes], ranks)
    for scheme in SCHEMES:
        same_bytes(cluster, tmp_path, serial, scheme)


@pytest.mark.parametrize("nodes", PLANNED_NODES)
def test_nodes_count_the_messages_of_the_plan_of_every_scheme(tmp_path, network, nodes):
    cluster = network("abcdefgh"[:nodes])
    for scheme in PLANNED:
        counted_as_planned(cluster, tmp_path, scheme)

"""TeaLeaf's answers on grids larger than 1024^2 (label slow)."""
from __future__ import annotations

import os

import pytest
from tealeaf_deck import DECKS, assert_answer, run_deck, sized

MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
DECK = {(4000, 10): 5, (8000, 10): 6}


@pytest.mark.parametrize("n,steps,answer", [
    (2000, 2, 90.10618606381739),
    (2000, 10, 96.05026999605091),
    (4000, 2, 89.44258537125111),
    (4000, 4, 91.50788514428132),
    (4000, 10, 95.462351583362249),
    (4096, 1, 87.89826115915487),
    pytest.param(8000, 10, 95.174738768320850, marks=pytest.mark.skipif(
        MEMORY < 80e9, reason="64 million cells of 1.2 kB each, with an algebraic multigrid")),
])
def test_large_grid_has_tealeafs_answer(tmp_path, n, steps, answer):
    number = DECK.get((n, steps))
    deck = DECKS / f"tea_bm_{number}.in" if number else sized(tmp_path, n, steps)
    assert_answer(run_deck(tmp_path, deck, answer, timeout=3000), answer)

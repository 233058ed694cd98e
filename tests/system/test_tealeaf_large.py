"""TeaLeaf's answers on grids that take longer than 20 s on two cores (label slow)."""
from __future__ import annotations

import pytest
from tealeaf_deck import DECKS, assert_answer, run_deck, sized


@pytest.mark.parametrize("n,steps,answer", [
    (1000, 4, 93.48844542172745),
    (1000, 10, 97.277332050749976),  # deck 4
    (1024, 20, 101.2100932683400),
    (2000, 2, 90.10618606381739),
    (2000, 10, 96.05026999605091),
    (4000, 2, 89.44258537125111),
    (4000, 4, 91.50788514428132),
])
def test_large_grid_has_tealeafs_answer(tmp_path, n, steps, answer):
    deck = DECKS / "tea_bm_4.in" if (n, steps) == (1000, 10) else sized(tmp_path, n, steps)
    assert_answer(run_deck(tmp_path, deck, answer, timeout=900), answer)

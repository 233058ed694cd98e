"""Make, convert and run TeaLeaf's decks, and compare with TeaLeaf's answers."""
from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from heat2d_case import ROOT, Outcome, run

DECKS = ROOT / "inputs" / "tealeaf"
RELATIVE = 1e-9  # TeaLeaf solves to 1e-15 of the residual, heat2d to 1e-12: the answers agree to about 1e-10


def convert(deck: Path, *args: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(DECKS / "convert.py"), str(deck), *args], cwd=deck.parent,
                          capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)


def sized(directory: Path, n: int, steps: int) -> Path:
    """Write the benchmark deck for n x n cells and this number of steps, and return its path."""
    text = (DECKS / "tea_bm_1.in").read_text()
    for old, new in (("cells=10\n", f"cells={n}\n"), ("end_step=10\n", f"end_step={steps}\n")):
        assert old in text
        text = text.replace(old, new)
    path = directory / f"tea_{n}_{steps}.in"
    path.write_text(text)
    return path


def run_deck(directory: Path, deck: Path, answer: float, *args: str, ranks: int = 2,
             timeout: float = 400) -> Outcome:
    """Convert the deck with --expect, which must succeed, and run the case."""
    case = directory / "deck.yaml"
    done = convert(deck, "-o", str(case), "--expect", repr(answer))
    assert done.returncode == 0, done.stderr
    return run(directory, case, "--quiet", *args, ranks=ranks, timeout=timeout)


def assert_answer(outcome: Outcome, answer: float):
    """Assert that the check of the case holds, and that its recorded value agrees with the answer."""
    assert outcome.code == 0, f"exit code {outcome.code}\n{outcome.err}"
    check = next(c for c in outcome.checks if c["quantity"] == "integral")
    assert check["pass"] and abs(check["value"] - answer) <= RELATIVE * abs(answer), (
        f"U = {check['value']!r}, TeaLeaf has {answer!r}")

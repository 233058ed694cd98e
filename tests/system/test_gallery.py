"""The cases of inputs/ as shipped: every check holds, the expected values are exact, and each case has a picture."""
from __future__ import annotations

import re

import gallery_exact as exact
import pytest
import yaml
from heat2d_case import ROOT, run
from tealeaf_deck import DECKS, convert

INPUTS = ROOT / "inputs"
CASES = sorted(INPUTS.glob("*.yaml"))
LARGEST_PICTURE = 60_000  # [bytes]; chosen, so that the repository stays small


def case_of(name: str) -> dict:
    return yaml.safe_load((INPUTS / f"{name}.yaml").read_text())


def checks_of(name: str, quantity: str) -> list[dict]:
    return [check for check in case_of(name)["check"] if check["quantity"] == quantity]


def number(value) -> float:
    return float(value)  # PyYAML reads 1e-5, which has no point, as text


# ---- as shipped -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case_runs_as_shipped_and_its_checks_hold(tmp_path, case):
    outcome = run(tmp_path, case, "--quiet", ranks=2, timeout=300)
    assert outcome.code == 0, f"exit code {outcome.code}\n{outcome.err}"
    assert len(outcome.checks) == len(yaml.safe_load(case.read_text())["check"]) >= 1
    assert all(check["pass"] for check in outcome.checks)
    assert outcome.results["rollbacks"] == [] and not outcome.err, f"a false alarm?\n{outcome.err}"


# ---- in the README --------------------------------------------------------------------------------------


def gallery() -> str:
    text = (INPUTS / "README.md").read_text()
    assert "\n## Gallery\n" in text
    return text[text.index("\n## Gallery\n"):]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_case_is_in_the_gallery_with_a_picture(case):
    entry = re.search(rf"^### \[[^\]]+\]\({case.name}\)$(.*?)(?=^### |\Z)", gallery(), re.M | re.S)
    assert entry, f"inputs/README.md, Gallery: no entry ### [...]({case.name})"
    pictures = re.findall(r"!\[[^\]]+\]\((pictures/[^)]+\.png)\)", entry[1])
    assert pictures, f"{case.name}: no picture"
    for picture in pictures:
        data = (INPUTS / picture).read_bytes()
        assert data.startswith(b"\x89PNG\r\n") and len(data) < LARGEST_PICTURE, f"{picture}: {len(data)} bytes"


def test_every_picture_is_shown():
    shown = set(re.findall(r"\]\((pictures/[^)]+)\)", gallery()))
    assert {f"pictures/{path.name}" for path in (INPUTS / "pictures").iterdir()} == shown


# ---- expected values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name,solution,digits", [("iso-10211-1", exact.square_column, 5e-5),
                                                  ("processor", exact.processor, 5e-5), ("weld", exact.weld, 5e-4)])
def test_expected_temperatures_are_the_exact_ones(name, solution, digits):
    """Checks with a narrow tolerance have exact values; published values have their own digits and tolerance."""
    sharp = [check for check in checks_of(name, "temperature") if number(check["tolerance"]) < 0.1 or name == "weld"]
    sharp = [check for check in sharp if number(check["tolerance"]) < 5.0]
    assert len(sharp) >= 3
    for check in sharp:
        assert abs(check["value"] - solution(*check["at"])) <= digits, check


def test_published_temperatures_of_iso_10211_are_the_series_to_one_digit():
    published = [check for check in checks_of("iso-10211-1", "temperature") if check["tolerance"] == 0.1]
    assert len(published) == 28
    for check in published:
        assert abs(check["value"] - exact.square_column(*check["at"])) <= 0.05, check


def test_rosenthals_value_is_that_of_his_formula():
    check = checks_of("weld", "temperature")[-1]
    assert abs(check["value"] - exact.rosenthal(*check["at"])) <= 5e-4
    rise = check["value"] - exact.WELD["ambient"]
    # The case states a deviation of 0.6 % of the rise.
    assert 0.005 < (check["value"] - exact.weld(*check["at"])) / rise < 0.0065


def test_expected_values_of_the_vacuum_furnace_are_exact():
    answer = exact.vacuum_furnace()
    values = [check["value"] for check in checks_of("vacuum-furnace", "temperature")]
    assert values == pytest.approx([answer["hot"], answer["middle"], answer["outside"]], abs=1e-4)
    height = case_of("vacuum-furnace")["grid"]["y"][1]
    flows = [check["value"] for check in checks_of("vacuum-furnace", "heat_flow")]
    assert flows == pytest.approx([answer["flux"] * height] * 2, rel=1e-7)


def test_expected_values_of_the_fin_are_exact():
    answer = exact.fin()
    assert checks_of("fin", "heat_flow")[0]["value"] == pytest.approx(answer["heat"], rel=1e-8)
    # At half the pitch the ripple has the opposite sign.
    middle = answer["tip"] - 2.0 * 5.0 / exact.np.cosh(answer["m1"] * 0.05)
    assert checks_of("fin", "temperature")[0]["value"] == pytest.approx(middle, abs=5e-5)


def test_tealeaf_2_is_the_converted_deck(tmp_path):
    converted = yaml.safe_load(convert(DECKS / "tea_bm_2.in", "--expect", "106.27221178646569").stdout)
    shipped = case_of("tealeaf-2")
    assert shipped["grid"] == converted["grid"]
    names = {"block": "density-100.0", "pipe": "density-0.1"}
    for ours, theirs in zip(shipped["materials"], converted["materials"], strict=True):
        assert {**ours, "name": names[ours["name"]]} == theirs
    for ours, theirs in zip(shipped["regions"], converted["regions"], strict=True):
        temperature = theirs.pop("temperature")
        assert ours.pop("temperature") == pytest.approx(temperature, rel=1e-15)
        assert {**ours, "material": names[ours["material"]]} == theirs
    assert {key: number(value) if key == "tolerance" else value for key, value in shipped["solver"].items()} == \
        converted["solver"]
    assert shipped["time"]["end"] == pytest.approx(converted["time"]["step"] * converted["time"]["steps"])
    assert shipped["check"][0]["value"] == converted["check"][0]["value"]


# ---- the checks notice wrong physics --------------------------------------------------------------------


@pytest.mark.parametrize("name,change", [
    ("iso-10211-1", "boundary.right={type: temperature, value: 0}"),
    ("iso-10211-2", "materials[3].conductivity=1"),
    ("processor", "contacts[0].resistance=0.9e-5"),
    ("ground-temperature", "boundary.bottom.value=0"),
    ("laminate", "materials[0].conductivity=[0.6,6.0]"),
    ("fin", "exchange.coefficient=159000"),
    ("vacuum-furnace", "boundary.right.emissivity=0.301"),
    ("weld", "exchange.coefficient=9000"),
    ("tealeaf-2", "solver.face_average=harmonic"),
])
def test_wrong_physics_fails_a_check(tmp_path, name, change):
    outcome = run(tmp_path, INPUTS / f"{name}.yaml", "--quiet", "--set", change, ranks=2, timeout=300)
    assert outcome.code == 5, f"exit code {outcome.code}\n{outcome.err}"

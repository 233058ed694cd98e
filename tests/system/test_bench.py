"""The reference workload: `heat2d bench` and the audit of its results."""
from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from heat2d_case import HEAT2D, ROOT, SANITIZED, Outcome, command, environment, execute

SHORT = ("--class", "tiny", "--duration", "0.01")
TOO_SHORT = "less than 60 s (--duration)"
PIECE = 128


def bench(folder: Path, *args: str, ranks: int = 1, output: str = "out") -> Outcome:
    done = execute(command("bench", ranks, (*args, "--output", output)), folder, ranks, timeout=300)
    return Outcome(done.returncode, done.stdout, done.stderr, folder / output)


def audit(folder: Path) -> subprocess.CompletedProcess:
    return execute([HEAT2D, "bench", "--recompute", str(folder)], folder.parent)


def read(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text())


@pytest.fixture(scope="module", params=["implicit", "explicit"])
def result(request, tmp_path_factory) -> Path:
    """A result of class tiny that is too short to be valid, and right in all else."""
    folder = tmp_path_factory.mktemp(request.param)
    outcome = bench(folder, *SHORT, "--workload", request.param, "--nonce", "0x1234567890abcdef", ranks=2)
    if outcome.code == 0:
        pytest.skip("this machine is too slow or too busy for a result that is too short")
    assert outcome.code == 5, outcome.err
    return outcome.directory


def copied(result: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in ("results.json", "proof.json"):
        (folder / name).write_bytes((result / name).read_bytes())
    return folder


def rewrite(folder: Path, name: str, change) -> None:
    """Change a file of a result.  The hash of proof.json in the record is brought up to date, as a cheat would do."""
    content = read(folder, name)
    change(content)
    (folder / name).write_text(json.dumps(content))
    if name == "proof.json":
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        rewrite(folder, "results.json", lambda record: record["bench"].update(proof_sha256=digest))


def rewrite_both(folder: Path, change) -> None:
    """Change what record and proof have in common."""
    for name in ("proof.json", "results.json"):
        rewrite(folder, name, lambda content: change(content.get("bench", content)))


# ---- a run ----------------------------------------------------------------------------------------------------


def test_short_run_is_invalid_for_its_length_alone(result):
    record = read(result, "results.json")
    assert record["status"] == "check-failed"
    found = record["bench"]
    assert found["valid"] is False and found["fom"] is None and found["fom_end_to_end"] is None
    assert len(found["reasons"]) == 1 and TOO_SHORT in found["reasons"][0], found["reasons"]
    assert found["nonce"] == "0x1234567890abcdef" and found["class"] == "tiny" and found["rules"] == "base"
    assert found["steps"] == 100 * len(found["times"]) and found["duration"] == pytest.approx(sum(found["times"]), rel=1e-12)


def test_fields_pass_all_checks(result):
    found = read(result, "results.json")["bench"]
    implicit = found["workload"] == "implicit"
    # Ten times the rounding or the tolerance of each of 5 or 200 steps.
    assert found["modes"]["error"] <= found["modes"]["bound"] == pytest.approx(5e-10 if implicit else 2000 * 2.0**-52)
    assert 0.999 < found["modes"]["continuous_ratio"] < 1.001  # both closed forms are exact
    assert max(found["field"]["residuals"]) <= (1e-11 if implicit else 10 * 2.0**-52)
    assert found["field"]["balance"] <= 1e-11 and found["field"]["maximum_principle"] is True
    assert found["audit"]["windows"] >= 64 and found["audit"]["cells"] > 10000


def test_roots_do_not_depend_on_ranks(result, tmp_path):
    workload = read(result, "results.json")["bench"]["workload"]
    other = bench(tmp_path, *SHORT, "--workload", workload, "--nonce", "0x1234567890abcdef", ranks=3)
    for key in ("before", "after", "windows"):
        assert (read(other.directory, "proof.json")["commitments"][1][key] ==
                read(result, "proof.json")["commitments"][1][key])


def test_another_nonce_gives_another_field(result, tmp_path):
    workload = read(result, "results.json")["bench"]["workload"]
    other = bench(tmp_path, *SHORT, "--workload", workload, "--nonce", "2")
    assert read(other.directory, "proof.json")["commitments"][1]["before"] != read(result, "proof.json")["commitments"][1]["before"]


# ---- the hash tree, computed independently -----------------------------------------------------------------------


def climb(hash_: bytes, index: int, n: int, path: list[str]) -> bytes:
    while n > 1:
        if index ^ 1 < n:
            other = bytes.fromhex(path.pop(0))
            hash_ = hashlib.sha256(b"\1" + (other + hash_ if index % 2 else hash_ + other)).digest()
        index, n = index // 2, (n + 1) // 2
    return hash_


def test_paths_lead_to_the_root_by_an_independent_program(result):
    """The place of the first window follows from nonce and roots as app/bench/window.h says."""
    proof = read(result, "proof.json")
    one = proof["commitments"][1]
    workload = proof["workload"]
    text = f"heat2d window 1 {int(proof['nonce'], 16):016x} 1 0 {one['before']} {one['after']} 0"
    drawn = hashlib.sha256(text.encode()).digest()
    row = int.from_bytes(drawn[:8], "little") % 512
    piece = int.from_bytes(drawn[8:16], "little") % (512 // PIECE - 1)
    stencil, other = ("before", "after") if workload == "explicit" else ("after", "before")
    expected = [(stencil, r, p) for r in (row - 1, row, row + 1) if 0 <= r < 512 for p in (piece, piece + 1)]
    expected += [(other, row, p) for p in (piece, piece + 1)]
    pieces = one["windows"][0]["pieces"]
    assert len(pieces) == len(expected)
    for (field, r, p), found in zip(expected, pieces):
        leaf = hashlib.sha256(b"\0" + struct.pack("<qq", r, p) + base64.b64decode(found["values"])).digest()
        path = list(found["path"])
        assert climb(climb(leaf, p, 512 // PIECE, path), r, 512, path) == bytes.fromhex(one[field])
        assert path == []


# ---- the audit ---------------------------------------------------------------------------------------------------


def test_audit_repeats_what_the_run_found(result):
    done = audit(result)
    assert done.returncode == 5 and "INVALID" in done.stdout
    assert [line for line in done.stderr.splitlines() if TOO_SHORT not in line] == []


def expect_caught(folder: Path, words: str) -> None:
    done = audit(folder)
    assert done.returncode == 5, done.stdout + done.stderr
    assert words in done.stderr, done.stderr


def test_edited_time_is_caught(result, tmp_path):
    folder = copied(result, tmp_path)

    def change(record):
        record["bench"]["times"][0] /= 2

    rewrite(folder, "results.json", change)
    expect_caught(folder, "the times of the record are not those of the proof")


def test_negative_time_is_caught(result, tmp_path):
    folder = copied(result, tmp_path)
    rewrite_both(folder, lambda content: content["times"].__setitem__(0, -content["times"][0]))
    expect_caught(folder, "the times of the record are not those of the proof, or not positive")


def test_edited_proof_is_caught(result, tmp_path):
    folder = copied(result, tmp_path)
    proof = read(folder, "proof.json")
    proof["times"][0] /= 2
    (folder / "proof.json").write_text(json.dumps(proof))
    expect_caught(folder, "proof.json is not the file that results.json names")


def test_edited_figure_of_merit_is_caught(result, tmp_path):
    folder = copied(result, tmp_path)

    def change(record):
        record["bench"].update(valid=True, reasons=[], fom=1e12)

    rewrite(folder, "results.json", change)
    expect_caught(folder, "the figure of merit does not follow from the times")
    expect_caught(folder, TOO_SHORT)


def edited_values(proof: dict, edit) -> None:
    for window in proof["commitments"][1]["windows"]:
        for piece in window["pieces"]:
            values = list(struct.unpack(f"<{PIECE}d", base64.b64decode(piece["values"])))
            piece["values"] = base64.b64encode(struct.pack(f"<{PIECE}d", *edit(values))).decode()


def test_edited_window_is_caught(result, tmp_path):
    folder = copied(result, tmp_path)
    rewrite(folder, "proof.json", lambda proof: edited_values(proof, lambda values: [values[0] + 1e-9, *values[1:]]))
    expect_caught(folder, "a window is not where nonce and roots place it, or its path does not lead to the root")


def test_chosen_windows_are_caught(result, tmp_path):
    folder = copied(result, tmp_path)

    def change(proof):
        windows = proof["commitments"][1]["windows"]
        windows[3] = windows[4]

    rewrite(folder, "proof.json", change)
    expect_caught(folder, "a window is not where nonce and roots place it")


def test_roots_that_are_no_hashes_are_caught(result, tmp_path):
    folder = copied(result, tmp_path)
    rewrite(folder, "proof.json", lambda proof: proof["commitments"][1].update(before="0" * 64, after="0" * 64))
    expect_caught(folder, "its commitment is missing or malformed")


def test_path_that_is_too_short_proves_nothing(result, tmp_path):
    folder = copied(result, tmp_path)

    def change(proof):
        for window in proof["commitments"][1]["windows"]:
            for piece in window["pieces"]:
                piece["path"] = []

    rewrite(folder, "proof.json", change)
    expect_caught(folder, "its path does not lead to the root")


@pytest.mark.parametrize("part,key,value", [("field", "balance", 1e-3), ("field", "balance", None), ("field", "overshoot", 5.0),
                                            ("field", "maximum_principle", False), ("modes", "error", 0.5),
                                            ("modes", "continuous_ratio", 3.0)])
def test_figures_of_whole_fields_out_of_bounds_are_caught(result, tmp_path, part, key, value):
    folder = copied(result, tmp_path)

    def change(record):
        record["bench"][part][key] = value
        if key == "error":
            record["bench"][part]["bound"] = 1.0

    rewrite(folder, "results.json", change)
    expect_caught(folder, "its checks of whole fields are missing or out of bounds")


@pytest.mark.parametrize("change,words", [
    (lambda bench: bench.update(grade="official"), 'the grade is not "too short", that of the times'),
    (lambda bench: bench.update(unit="GB/s"), "the unit is not cell-steps/s, that of the workload"),
    (lambda bench: bench.update(fom_end_to_end=1e12), "the figure of merit end to end does not follow from the times"),
    (lambda bench: bench.update(end_to_end=bench["end_to_end"] / 2), "the time end to end is not that of the proof"),
    (lambda bench: bench.update(rules="any"), "its rules are missing or unknown"),
])
def test_edited_text_or_time_of_a_record_is_caught(result, tmp_path, change, words):
    folder = copied(result, tmp_path)
    rewrite(folder, "results.json", lambda record: change(record["bench"]))
    expect_caught(folder, words)


def test_time_end_to_end_below_that_of_its_parts_is_caught(result, tmp_path):
    folder = copied(result, tmp_path)
    short = sum(read(folder, "proof.json")["times"]) / 2
    rewrite(folder, "proof.json", lambda proof: proof.update(end_to_end=short))
    rewrite(folder, "results.json", lambda record: record["bench"].update(end_to_end=short))
    expect_caught(folder, "the time end to end is not that of the proof, or shorter than its parts")


@pytest.mark.parametrize("key", ["binary_sha256", "source_sha256"])
def test_program_without_a_name_is_caught(result, tmp_path, key):
    folder = copied(result, tmp_path)
    rewrite_both(folder, lambda content: content.pop(key))
    expect_caught(folder, f"{key} of the program is missing, or differs in record and proof")


def test_audit_compares_the_sources_with_its_own(result, tmp_path):
    assert ": the sources of this program\n" in audit(result).stdout
    folder = copied(result, tmp_path)
    rewrite_both(folder, lambda content: content.update(source_sha256="0" * 64))
    assert f"source_sha256 {'0' * 64}: not the sources of this program\n" in audit(folder).stdout


def test_modified_sources_are_told_and_judged_from_ten_minutes_and_class_small(result, tmp_path):
    """Shorter runs and class tiny are for development, too."""
    folder = stretched(copied(result, tmp_path), 700)
    rewrite(folder, "results.json", lambda record: record["provenance"].update(git_commit="0123456789ab-dirty"))
    done = audit(folder)
    assert "commit 0123456789ab-dirty: the source was modified, which base excludes\n" in done.stdout and done.returncode == 0, done.stderr
    rewrite_both(folder, lambda content: content.update({"class": "small"}))
    expect_caught(folder, "the source was modified (0123456789ab-dirty), which base excludes")


def test_figure_of_merit_of_an_invalid_result_is_caught(result, tmp_path):
    folder = copied(result, tmp_path)
    rewrite(folder, "results.json", lambda record: record["bench"].update(valid=False, reasons=[], fom=1e30))
    expect_caught(folder, "the figure of merit does not follow from the times")
    rewrite(folder, "results.json", lambda record: record["bench"].update(valid=False, reasons=[], fom=None))
    expect_caught(folder, "it is not VALID, and gives no reason")


def test_field_of_another_nonce_is_caught(result, tmp_path):
    folder = copied(result, tmp_path)
    rewrite_both(folder, lambda content: content.update(nonce="0x0000000000000007"))
    expect_caught(folder, "a window is not where nonce and roots place it")


def test_missing_commitment_is_caught(result, tmp_path):
    folder = copied(result, tmp_path)
    rewrite(folder, "proof.json", lambda proof: proof["commitments"].pop())
    expect_caught(folder, "its commitment is missing or malformed")


# ---- figures that nothing but the audit repeats -------------------------------------------------------------------


@pytest.mark.parametrize("change,words", [
    (lambda bench: bench["audit"].update(windows=bench["audit"]["windows"] + 1), "the record's own audit found other figures"),
    (lambda bench: bench["audit"].update(residual=bench["audit"]["residual"] / 2), "the record's own audit found other figures"),
    (lambda bench: bench["audit"].update(histories=0), "the record's own audit found other figures"),
    (lambda bench: bench["audit"].update(history=bench["audit"]["history"] + 0.1), "the record's own audit found other figures"),
    (lambda bench: bench["modes"].update(root="ab" * 32), "the root of modes is not that of the proof"),
    (lambda bench: bench["field"]["roots"].__setitem__(-1, "ab" * 32), "the roots of the record are not those of the proof"),
    (lambda bench: bench["field"]["roots"].pop(), "the roots of the record are not those of the proof"),
    (lambda bench: bench.pop("bounds"), "its bounds are missing, or not those of the definition"),
    (lambda bench: bench["bounds"].update(history=2.0), "its bounds are missing, or not those of the definition"),
    (lambda bench: bench.pop("last_field"), "the last field of the record is missing, or not that of the proof"),
    (lambda bench: bench["last_field"].update(checksum="0x" + "1" * 16), "the last field of the record is missing, or not that of the proof"),
    (lambda bench: bench["last_field"].update(root="ab" * 32), "the last field of the record is missing, or not that of the proof"),
    (lambda bench: bench["modes"].update(error=-1.0), "its checks of whole fields are missing or out of bounds"),
    (lambda bench: bench["modes"].update(bound=1.0), "its checks of whole fields are missing or out of bounds"),
    (lambda bench: bench["field"].update(balance=-1.0), "its checks of whole fields are missing or out of bounds"),
    (lambda bench: bench["field"]["residuals"].__setitem__(0, -1.0), "the residual of a cycle is above"),
    (lambda bench: bench.update(steps=bench["steps"] + 0.9), "steps or duration do not follow from the times"),
])
def test_figures_that_only_the_audit_repeats_are_caught(result, tmp_path, change, words):
    folder = copied(result, tmp_path)
    rewrite(folder, "results.json", lambda record: change(record["bench"]))
    expect_caught(folder, words)


@pytest.mark.parametrize("nonce", [" 0x1234567890abcdef", "-0xedcba9876f543211", "0x1234567890ABCDEF", "1234567890abcdef"])
def test_nonce_in_another_form_is_refused(result, tmp_path, nonce):
    """Readers that parse a number in another way would see another nonce."""
    folder = copied(result, tmp_path)
    rewrite_both(folder, lambda content: content.update(nonce=nonce))
    done = audit(folder)
    assert done.returncode == 4 and "no record of this version of heat2d bench" in done.stderr, done.stderr


@pytest.fixture(scope="module", params=["implicit", "explicit"])
def cycles(request, tmp_path_factory) -> Path:
    """A result of at least five cycles: 3 is the first one that is not in the list 0, 1, 2, 4, ..."""
    for duration in ("0.3", "3", "30") if request.param == "explicit" else ("12", "120"):
        outcome = bench(tmp_path_factory.mktemp(request.param), "--class", "tiny", "--duration", duration, "--workload", request.param,
                        "--nonce", "77")
        if len(read(outcome.directory, "results.json")["bench"]["times"]) >= 5:
            return outcome.directory
    pytest.skip("this machine is too slow or too busy for five cycles")


def test_history_of_an_honest_result_is_right(cycles):
    done = audit(cycles)
    assert [line for line in done.stderr.splitlines() if TOO_SHORT not in line] == [], done.stderr
    bench_ = read(cycles, "results.json")["bench"]
    n = len(bench_["times"])
    chosen = sum(c & (c - 1) == 0 for c in range(n))
    assert chosen + 1 <= bench_["audit"]["histories"] <= chosen + 9  # one of the last field
    assert bench_["audit"]["windows"] == 32 * (2 + chosen) + (n - chosen)  # 32 of modes and of the last field
    assert bench_["audit"]["history"] <= bench_["bounds"]["history"] == (0.6 if bench_["workload"] == "implicit" else 1e-9)


@pytest.mark.parametrize("cycle", [3, -2, -1])  # -1: the last field
def test_cycle_without_windows_is_caught(cycles, tmp_path, cycle):
    """Otherwise nobody would have to compute a cycle whose windows are known not to be in the proof."""
    folder = copied(cycles, tmp_path)
    rewrite(folder, "proof.json", lambda proof: proof["commitments"][1 + cycle if cycle >= 0 else cycle].update(windows=[]))
    expect_caught(folder, "a window is not where nonce and roots place it, or its path does not lead to the root")


def test_roots_that_were_made_up_are_caught(cycles, tmp_path):
    folder = copied(cycles, tmp_path)
    rewrite(folder, "proof.json", lambda proof: proof["commitments"][4].update(before="ab" * 32, after="cd" * 32))
    expect_caught(folder, "a window is not where nonce and roots place it, or its path does not lead to the root")


def test_commitment_to_another_step_is_caught_and_its_history_is_not_computed(result, tmp_path):
    """The audit would take as many steps as the proof says."""
    folder = copied(result, tmp_path)
    rewrite(folder, "proof.json", lambda proof: proof["commitments"][1].update(step=10**15))
    expect_caught(folder, "field, cycle 0: its commitment is missing or malformed")


def test_one_field_for_two_cycles_is_caught(cycles, tmp_path):
    folder = copied(cycles, tmp_path)

    def change(proof):
        commitments = proof["commitments"]
        commitments[4].update({key: commitments[1][key] for key in ("before", "after", "windows")})

    rewrite(folder, "proof.json", change)
    expect_caught(folder, "two cycles have the same field")


def test_commitments_without_times_are_caught(cycles, tmp_path):
    """Slow cycles at the end cannot be left out of the times alone."""
    folder = copied(cycles, tmp_path)
    rewrite_both(folder, lambda content: content["times"].pop())
    expect_caught(folder, "the proof has not one commitment for each time")


# ---- the last field, and its file ---------------------------------------------------------------------------------


def reread(folder: Path, ranks: int = 1, *args: str) -> Outcome:
    done = execute(command("bench", ranks, ("--reread", str(folder), *args)), folder.parent, ranks)
    return Outcome(done.returncode, done.stdout, done.stderr, folder)


def with_field(result: Path, tmp_path: Path) -> Path:
    folder = copied(result, tmp_path)
    shutil.copy(result / "field.h5", folder)
    return folder


def mix(z: np.ndarray) -> np.ndarray:
    """The finaliser of splitmix64 (io/README.md, checksum)."""
    z = (z ^ z >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ z >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return z ^ z >> np.uint64(31)


def row_sums(field: np.ndarray) -> np.ndarray:
    """The checksum of each row, [ny], as io/README.md defines it."""
    index = np.arange(1, field.size + 1, dtype=np.uint64).reshape(field.shape)
    return mix(np.ascontiguousarray(field).view(np.uint64) ^ index * np.uint64(0x9E3779B97F4A7C15)).sum(axis=1, dtype=np.uint64)


def tree(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        odd = hashes[len(hashes) // 2 * 2:]
        hashes = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(hashes[::2], hashes[1::2])] + odd
    return hashes[0]


def root_of(field: np.ndarray) -> str:
    rows = [tree([hashlib.sha256(b"\0" + struct.pack("<qq", j, p) + row[p * PIECE:(p + 1) * PIECE].tobytes()).digest()
                  for p in range(len(row) // PIECE)]) for j, row in enumerate(field)]
    return tree(rows).hex()


def edit_field(folder: Path, edit) -> None:
    """Change the field in the file, and the checksums of its rows with it, as a cheat would do."""
    with h5py.File(folder / "field.h5") as file:
        field = file["temperature"][:]
        at, sums = file["temperature"].id.get_offset(), file["integrity/temperature"].id.get_offset()
    edit(field)
    with open(folder / "field.h5", "r+b") as file:
        file.seek(at)
        file.write(field.tobytes())
        file.seek(sums)
        file.write(row_sums(field).tobytes())


def test_last_field_is_in_the_file_by_an_independent_program(result):
    """Checksum and root are computed here from what h5py reads."""
    last = read(result, "results.json")["bench"]["last_field"]
    proof = read(result, "proof.json")
    assert last["file"] == "field.h5" and last["file_bytes"] == (result / "field.h5").stat().st_size and last["seconds"] > 0
    assert last["step"] == 100 and last["cycle"] == len(proof["times"]) - 1
    with h5py.File(result / "field.h5") as file:
        field = file["temperature"][:]
        assert file.attrs["step"] == 100
    assert field.shape == (512, 512) and 256 <= field.min() < field.max() <= 257
    assert last["checksum"] == proof["checksum"] == f"0x{int(row_sums(field).sum(dtype=np.uint64)):016x}"
    assert last["root"] == proof["commitments"][-1]["after"] == root_of(field) and proof["commitments"][-1]["problem"] == "last"


def levels(hashes: list[bytes]) -> list[list[bytes]]:
    """All levels of a hash tree, the leaves first."""
    found = [hashes]
    while len(found[-1]) > 1:
        last = found[-1]
        found.append([hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(last[::2], last[1::2])] + last[len(last) // 2 * 2:])
    return found


def path_of(found: list[list[bytes]], leaf: int) -> list[str]:
    """The hashes that lead from a leaf to the root."""
    path = []
    for level in found[:-1]:
        if leaf ^ 1 < len(level):
            path.append(level[leaf ^ 1].hex())
        leaf //= 2
    return path


def forge_last(folder: Path, field: np.ndarray) -> None:
    """Commit to another last field, with windows, paths, root and checksum that fit it, as a cheat with all of its bytes would do."""
    rows = [levels([hashlib.sha256(b"\0" + struct.pack("<qq", j, p) + row[p * PIECE:(p + 1) * PIECE].tobytes()).digest()
                    for p in range(len(row) // PIECE)]) for j, row in enumerate(field)]
    above = levels([row[-1][0] for row in rows])
    root, checksum = above[-1][0].hex(), f"0x{int(row_sums(field).sum(dtype=np.uint64)):016x}"

    def change(proof):
        last = proof["commitments"][-1]
        last["after"], proof["checksum"] = root, checksum
        for k, window in enumerate(last["windows"]):
            text = f"heat2d window 1 {int(proof['nonce'], 16):016x} 2 {last['cycle']} {last['before']} {root} {k}"
            drawn = hashlib.sha256(text.encode()).digest()
            row = int.from_bytes(drawn[:8], "little") % len(field)
            first = int.from_bytes(drawn[8:16], "little") % (len(field) // PIECE - 1)
            window["pieces"] = [{"values": base64.b64encode(field[row, p * PIECE:(p + 1) * PIECE].tobytes()).decode(),
                                 "path": path_of(rows[row], p) + path_of(above, row)} for p in (first, first + 1)]

    rewrite(folder, "proof.json", change)
    rewrite(folder, "results.json", lambda record: record["bench"]["last_field"].update(root=root, checksum=checksum))


def last_of(result: Path) -> np.ndarray:
    with h5py.File(result / "field.h5") as file:
        return file["temperature"][:]


def reasons_of(folder: Path) -> list[str]:
    done = audit(folder)
    assert done.returncode == 5, done.stdout + done.stderr
    return [line for line in done.stderr.splitlines() if TOO_SHORT not in line]


def test_commitment_that_is_made_anew_is_that_of_the_run(result, tmp_path):
    """The forgery of the next tests is right in all but the field."""
    folder = copied(result, tmp_path)
    forge_last(folder, last_of(result))
    assert read(folder, "proof.json")["commitments"][-1] == read(result, "proof.json")["commitments"][-1]
    assert reasons_of(folder) == []


def test_last_field_outside_of_the_range_of_its_start_is_caught(result, tmp_path):
    """The windows belong to the root, and show it; so does the history of the first one."""
    folder = copied(result, tmp_path)
    field = last_of(result)
    field[100, 100] = field[::3, ::5] = 300.0
    forge_last(folder, field)
    found = reasons_of(folder)
    assert any("audit: last, cycle " in line and "the temperature leaves the range of the nonce's first field" in line for line in found), found


# With this nonce the steps whose fields are committed in cycles 1, 2 and 3 are the last ones, 100 (HeatBenchCommittedStep).
LAST_STEPS = "908639"


def test_last_field_that_is_not_that_of_the_last_step_is_caught(tmp_path):
    """A cell that no window shows differs by 1e-9 K: nothing but the root of the same step tells it."""
    for duration in ("0.15", "0.3", "0.6", "1.2", "2.4"):
        outcome = bench(tmp_path, "--class", "tiny", "--duration", duration, "--workload", "explicit", "--nonce", LAST_STEPS, output=duration)
        cycles_ = len(read(outcome.directory, "results.json")["bench"]["times"])
        if cycles_ >= 2:
            break
    if not 2 <= cycles_ <= 4:
        pytest.skip("this machine is too busy for two to four cycles")
    folder, field = copied(outcome.directory, tmp_path), last_of(outcome.directory)
    committed = read(folder, "proof.json")["commitments"]
    assert committed[-2]["step"] == committed[-1]["step"] == 100 and committed[-2]["after"] == committed[-1]["after"]
    field[0, 0] += 1e-9
    forge_last(folder, field)
    assert any("audit: last, cycle " in line and "it is not the field after the last step of its cycle" in line
               for line in reasons_of(folder))


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 7])
def test_last_field_is_reread_on_any_number_of_ranks(result, ranks):
    last = read(result, "results.json")["bench"]["last_field"]
    done = reread(result, ranks)
    assert done.code == 0 and done.err == "", done.err
    assert f"checksum {last['checksum']}, root {last['root']}\n" in done.out and "the field of record and proof\n" in done.out
    assert f"read on {ranks} rank" in done.out


@pytest.mark.parametrize("workload", ["implicit", "explicit"])
def test_last_field_does_not_depend_on_ranks(tmp_path, workload):
    """All 100 steps of a cycle have the same bits on any number of ranks, with both schemes.  One cycle takes over 1 ms."""
    found = []
    for ranks in (1, 3):
        made = bench(tmp_path, "--class", "tiny", "--duration", "0.001", "--workload", workload, "--nonce", "7", ranks=ranks)
        found.append(read(made.directory, "results.json")["bench"])
    assert [len(one["times"]) for one in found] == [1, 1]
    for key in ("checksum", "root"):
        assert found[0]["last_field"][key] == found[1]["last_field"][key]


def test_audit_tells_of_the_file_and_does_not_need_it(result, tmp_path):
    assert "last field: in field.h5, which was not read (--reread)\n" in audit(result).stdout
    assert "last field: its file is not there\n" in audit(copied(result, tmp_path)).stdout


def test_changed_byte_of_the_field_file_is_damage(result, tmp_path):
    folder = with_field(result, tmp_path)
    with h5py.File(folder / "field.h5") as file:
        at = file["temperature"].id.get_offset()
    with open(folder / "field.h5", "r+b") as file:
        file.seek(at + 8 * (3 * 512 + 5))
        file.write(struct.pack("<d", 256.25))
    done = reread(folder, 2)
    assert done.code == 4 and done.err.count("heat2d: error:") == 1 and "row 3" in done.err, done.err


def one_ulp(field: np.ndarray) -> None:
    field[7, 9] = np.nextafter(field[7, 9], 300.0)


def swapped(field: np.ndarray) -> None:
    field[[7, 8]] = field[[8, 7]]


def warmer(field: np.ndarray) -> None:
    field[:] += 1e-6


@pytest.mark.parametrize("edit,words", [
    (one_ulp, []), (swapped, []), (lambda field: field.fill(256.5), ["the heat is not that of the nonce's first field"]),
    (warmer, ["the heat is not that of the nonce's first field"]), (lambda field: field.fill(np.nan), ["leaves the range of its start"]),
])
@pytest.mark.parametrize("ranks", [1, 3])
def test_edited_field_file_is_caught(result, tmp_path, edit, words, ranks):
    """Its own checksums are right, so that nothing but record and proof can tell."""
    folder = with_field(result, tmp_path)
    edit_field(folder, edit)
    done = reread(folder, ranks)
    assert done.code == 5 and "DIFFERENT" in done.out, done.out + done.err
    for word in ["reread: the checksum is 0x", "reread: the field is not the one that the proof commits to", *words]:
        assert done.err.count(word) == 1, (word, done.err)


def test_edited_field_file_with_edited_record_and_proof_is_caught(result, tmp_path):
    """Then no path of a window leads to the root, and the audit finds that."""
    folder = with_field(result, tmp_path)
    edit_field(folder, one_ulp)
    with h5py.File(folder / "field.h5") as file:
        field = file["temperature"][:]
    checksum = f"0x{int(row_sums(field).sum(dtype=np.uint64)):016x}"

    def change(proof):
        proof["checksum"] = checksum
        proof["commitments"][-1]["after"] = root_of(field)

    rewrite(folder, "proof.json", change)
    rewrite(folder, "results.json", lambda record: record["bench"]["last_field"].update(checksum=checksum, root=root_of(field)))
    assert reread(folder).code == 0
    expect_caught(folder, "audit: last, cycle ")


def test_last_field_of_another_nonce_is_caught(result, tmp_path):
    """Its checksums are right, and its heat is nearly that of this nonce, but not to 1e-11."""
    folder = copied(result, tmp_path)
    workload = read(result, "results.json")["bench"]["workload"]
    other = bench(tmp_path, *SHORT, "--workload", workload, "--nonce", "2", ranks=2)
    shutil.copy(other.directory / "field.h5", folder)
    done = reread(folder, 2)
    assert done.code == 5 and "the field is not the one that the proof commits to" in done.err, done.err
    assert "the heat is not that of the nonce's first field" in done.err, done.err


def test_last_field_that_is_not_committed_to_is_caught(result, tmp_path):
    folder = copied(result, tmp_path)
    rewrite(folder, "proof.json", lambda proof: proof["commitments"].pop())
    expect_caught(folder, "audit: last, cycle ")
    assert "its commitment is missing or malformed" in audit(folder).stderr
    done = reread(folder)
    assert done.code == 4 and "it does not name the last field" in done.err, done.err


def test_record_of_another_proof_is_caught_by_the_reread(result, tmp_path):
    folder = with_field(result, tmp_path)
    rewrite(folder, "results.json", lambda record: record["bench"]["last_field"].update(root="ab" * 32))
    done = reread(folder, 2)
    assert done.code == 5 and "the last field of the record is missing, or not that of the proof" in done.err, done.err


def test_field_file_that_is_not_there_or_no_field_is_one_message(result, tmp_path):
    folder = copied(result, tmp_path)
    for content in (None, b"no HDF5"):
        if content:
            (folder / "field.h5").write_bytes(content)
        done = reread(folder, 2)
        assert done.code == 4 and done.err.count("heat2d: error:") == 1 and "field.h5" in done.err, done.err


def test_field_of_a_larger_class_is_refused(result, tmp_path):
    folder = with_field(result, tmp_path)
    rewrite_both(folder, lambda content: content.update({"class": "small"}))
    done = reread(folder)
    assert done.code == 4 and "512" in done.err and "4096" in done.err, done.err


@pytest.mark.parametrize("ranks", [1, 2])
def test_reread_of_a_field_that_exceeds_the_memory_is_refused(result, tmp_path, ranks):
    """550 GB: nothing is allocated, and the file is not opened."""
    folder = copied(result, tmp_path)
    rewrite_both(folder, lambda content: content.update({"class": "huge"}))
    done = reread(folder, ranks)
    assert done.code == 2 and done.err.count("heat2d: error:") == 1, done.err
    for word in ("not enough memory for 262144 x 262144 cells", " more (a rank in all ", "is left by"):
        assert word in done.err, done.err


def test_verdict_of_a_reread_that_cannot_be_printed_is_no_success(result):
    with open("/dev/full", "w") as full:
        done = subprocess.run([HEAT2D, "bench", "--reread", str(result)], stdout=full, stderr=subprocess.PIPE, text=True, timeout=120,
                              check=False)
    assert done.returncode == 4 and "the standard output cannot be written" in done.stderr, done.stderr


def test_field_file_of_an_earlier_result_is_deleted(tmp_path):
    (tmp_path / "out").mkdir()
    for name in ("field.h5", ".field.h5.part"):
        (tmp_path / "out" / name).write_text("old")
    assert bench(tmp_path, "--class", "tiny", "--workload", "checkpoint", "--duration", "0.001").code == 5
    assert not (tmp_path / "out" / "field.h5").exists() and not (tmp_path / "out" / ".field.h5.part").exists()


@pytest.mark.parametrize("name", ["results.json", "proof.json", "results.json.sig", "field.h5", ".field.h5.part"])
@pytest.mark.parametrize("ranks", [1, 2])
def test_folder_with_the_name_of_a_file_is_refused_before_an_earlier_result_is_deleted(tmp_path, name, ranks):
    (tmp_path / "out").mkdir()
    for other in ("results.json", "proof.json", "field.h5"):
        (tmp_path / "out" / other).write_text("old")
    (tmp_path / "out" / name).unlink(missing_ok=True)
    (tmp_path / "out" / name).mkdir()
    before = sorted((tmp_path / "out").iterdir())
    done = bench(tmp_path, *SHORT, "--workload", "explicit", ranks=ranks)
    assert done.code == 4 and done.err == f"heat2d: error: out cannot be used as the output folder: {name} in it is a folder; move it away\n"
    assert done.out == "" and sorted((tmp_path / "out").iterdir()) == before


def test_checkpoints_leave_no_field_to_reread(durable):
    done = reread(durable, 2)
    assert done.code == 2 and "--reread is for implicit and explicit" in done.err and done.err.count("heat2d: error:") == 1, done.err


def test_folder_without_a_record_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    done = audit(tmp_path / "empty")
    assert done.returncode == 4 and done.stderr.count("heat2d: error:") == 1, done.stderr
    assert "no record of this version of heat2d bench" in done.stderr


# ---- checkpoints -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def durable(tmp_path_factory) -> Path:
    """A result of the workload `checkpoint`, too short to be valid, and right in all else."""
    outcome = bench(tmp_path_factory.mktemp("durable"), "--class", "tiny", "--workload", "checkpoint", "--duration", "0.05",
                    "--nonce", "0xabc", ranks=2)
    assert outcome.code == 5, outcome.err
    if "is in memory (tmpfs)" in outcome.err:
        pytest.skip("the temporary files of the tests are in memory")
    return outcome.directory


def test_checkpoints_are_written_and_read_back(durable):
    found = read(durable, "results.json")["bench"]
    assert len(found["reasons"]) == 1 and TOO_SHORT in found["reasons"][0], found["reasons"]
    assert found["fom"] is None and found["unit"] == "bytes/s" and found["workload"] == "checkpoint"
    assert found["steps"] == len(found["times"]) == len(found["restart"]["times"]) >= 1
    assert found["restart"]["wrong_cells"] == 0 and found["restart"]["file_bytes"] > 8 * 512 * 512
    assert found["restart"]["bandwidth"] == pytest.approx(8 * 512**2 * found["steps"] / sum(found["restart"]["times"]))
    assert found["probe"]["write_bandwidth"] > 0 and 0 <= found["restart"]["cached"] <= 1
    durable_bandwidth = found["restart"]["durable_bandwidth"]
    assert found["probe"]["ratio"] == pytest.approx(durable_bandwidth / found["probe"]["write_bandwidth"], rel=1e-12)
    assert found["restart"]["writers"] in (1, 2) and int(found["restart"]["file_system"], 16) > 0
    assert sorted(path.name for path in durable.iterdir()) == ["proof.json", "results.json"]


def test_roots_of_checkpoints_are_those_of_the_drawn_field(durable, tmp_path):
    """On any number of ranks, of what was written and of what was read back."""
    other = bench(tmp_path, "--class", "tiny", "--workload", "checkpoint", "--duration", "0.001", "--nonce", "0xabc", ranks=3)
    one, another = (read(folder, "proof.json")["commitments"][0] for folder in (durable, other.directory))
    assert one["before"] == one["after"] == another["before"] == another["after"]


def test_audit_of_checkpoints_repeats_what_the_run_found(durable):
    done = audit(durable)
    assert done.returncode == 5 and [line for line in done.stderr.splitlines() if TOO_SHORT not in line] == [], done.stderr
    assert "residual" not in done.stdout
    found = read(durable, "results.json")["bench"]["audit"]
    assert found["residual"] is None and found["error"] is None and found["cells"] > 0


@pytest.mark.parametrize("change,words", [
    (lambda bench: bench["restart"].update(wrong_cells=3), "cells differ after a restart"),
    (lambda bench: bench["restart"].update(bandwidth=1e12), "the bandwidth of restarts does not follow from the times"),
    (lambda bench: bench["restart"]["times"].__setitem__(0, 1e-9), "the times of restarts are not those of the proof"),
    (lambda bench: bench.update(fom=1e12), "the figure of merit does not follow from the times"),
    (lambda bench: bench.update(source_sha256="0" * 64), "source_sha256 of the program is missing, or differs in record and proof"),
    (lambda bench: bench.update(unit="cell-steps/s"), "the unit is not bytes/s"),
    (lambda bench: bench.update(probe={}), "the bandwidths of the probe are missing"),
    (lambda bench: bench["probe"].update(ratio=0.99), "the bandwidths of the probe are missing, or its ratio does not follow"),
    (lambda bench: bench["restart"].update(file_system="0x1021994"), "the file system (0x1021994) is missing or in memory"),
    (lambda bench: bench["restart"].pop("file_system"), "the file system (none) is missing or in memory"),
    (lambda bench: bench.update(end_to_end=bench["end_to_end"] * 0.9), "the time end to end is not that of the proof"),
])
def test_edited_figures_of_checkpoints_are_caught(durable, tmp_path, change, words):
    folder = copied(durable, tmp_path)
    rewrite(folder, "results.json", lambda record: change(record["bench"]))
    expect_caught(folder, words)


def test_checkpoint_that_differs_after_the_restart_is_caught(durable, tmp_path):
    folder = copied(durable, tmp_path)
    rewrite(folder, "proof.json", lambda proof: proof["commitments"][0].update(after="ab" * 32))
    expect_caught(folder, "the field that was read back is not the one that was written")


def test_checkpoints_of_another_field_are_caught(durable, tmp_path):
    """The audit of small classes draws every cell again."""
    folder = copied(durable, tmp_path)
    rewrite(folder, "proof.json", lambda proof: proof["commitments"][0].update(before="ab" * 32, after="ab" * 32))
    expect_caught(folder, "a checkpoint is not of the field of this nonce")


def checkpoint_run(folder: Path, output: str = "out") -> Outcome:
    return bench(folder, "--class", "tiny", "--workload", "checkpoint", "--duration", "0.001", output=output)


def test_checkpoints_of_another_run_in_the_folder_stay(tmp_path):
    """The bench has a folder of its own, and deletes there what a run that was killed left."""
    own = tmp_path / "out" / "bench-files"
    own.mkdir(parents=True)
    foreign = {name: name.encode() for name in ("checkpoint_000000.h5", "checkpoint_000001.h5", "checkpoint_000001.json")}
    for name, content in foreign.items():
        (tmp_path / "out" / name).write_bytes(content)
        (own / name).write_bytes(content)
    (own / ".checkpoint_000002.h5.part").write_bytes(b"part")
    done = checkpoint_run(tmp_path)
    assert done.code == 5 and "warning" not in done.err, done.err
    assert {name: (done.directory / name).read_bytes() for name in foreign} == foreign
    assert not own.exists()


def test_link_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "checkpoint_000001.h5").write_text("mine")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "bench-files").symlink_to(tmp_path / "elsewhere")
    done = checkpoint_run(tmp_path)
    assert done.code == 4 and done.err.count("heat2d: error:") == 1 and "it exists and is not a folder" in done.err, done.err
    assert (tmp_path / "elsewhere" / "checkpoint_000001.h5").read_text() == "mine"


faults = pytest.mark.skipif("HEAT2D_FAULTS" not in os.environ, reason="built without the library of faults")


def checkpoint_run_with_fault(folder: Path, fault: str, word: str, duration: str) -> Outcome:
    """Run on two ranks, of which a call on a path with this word fails (tests/support/faults.c)."""
    env = environment(2)
    preload = ":".join(filter(None, [os.environ["HEAT2D_FAULTS"], env.pop("LD_PRELOAD", "")]))
    words = [*command(None, 2)[:-1], "env", f"LD_PRELOAD={preload}", f"HEAT2D_FAULT_PATH={word}", f"HEAT2D_FAULT={fault}", HEAT2D,
             "bench", "--class", "tiny", "--workload", "checkpoint", "--duration", duration, "--output", "out"]
    done = subprocess.run(["timeout", "-k", "5", "60", *words], cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr, folder / "out")


@faults
def test_failed_write_ends_with_code_4_and_leaves_no_checkpoint(tmp_path):
    """The first checkpoint is in place when rank 1 cannot write its rows of the second one."""
    done = checkpoint_run_with_fault(tmp_path, "1:EIO:1", "checkpoint_000001", "1")
    assert done.code == 4 and done.err.count("heat2d: error:") == 1, done.err
    assert "checkpoint_000001.h5 cannot be written" in done.err, done.err
    assert not (done.directory / "bench-files").exists()


@faults
def test_failed_probe_is_told_and_enters_no_figure(tmp_path):
    done = checkpoint_run_with_fault(tmp_path, "1:EIO:1", ".probe.part", "0.001")
    assert done.code == 5 and done.err.count("the disk cannot be probed") == 1, done.err
    assert done.out.count("a plain file: -") == 2 and "nan" not in done.out, done.out
    assert read(done.directory, "results.json")["bench"]["probe"] == {"write_bandwidth": None, "read_bandwidth": None, "ratio": None}
    assert "probe" not in audit(done.directory).stderr


@faults
def test_killed_run_leaves_files_that_the_next_one_deletes(tmp_path):
    """Rank 0 is killed before it syncs the probe, which begins with its fourth call; the probe's bytes cannot be compressed."""
    killed = checkpoint_run_with_fault(tmp_path, "4:kill:0", ".probe.part", "0.001")
    assert killed.code not in (0, 5), killed.err
    left = killed.directory / "bench-files"
    assert (left / "checkpoint_000001.h5").exists()
    data = (left / ".probe.part").read_bytes()
    half = data[:len(data) // 2]  # the rows of rank 0
    assert len(data) == 8 * 512**2 and len(zlib.compress(half)) > 0.99 * len(half)
    assert checkpoint_run(tmp_path).code == 5 and not left.exists()


def test_proof_and_signature_of_an_earlier_result_are_deleted(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "results.json.sig").write_text("old")
    (tmp_path / "out" / "proof.json").write_text("old")
    assert checkpoint_run(tmp_path).code == 5
    assert not (tmp_path / "out" / "results.json.sig").exists() and read(tmp_path / "out", "proof.json")["workload"] == "checkpoint"


def test_disk_that_is_too_small_is_refused_at_start(tmp_path):
    """Class exa needs 72 TB, more than the disk of a test machine has."""
    done = execute([HEAT2D, "bench", "--class", "exa", "--workload", "checkpoint", "--output", "not/there"], tmp_path)
    assert done.returncode == 2 and done.stderr.count("heat2d: error:") == 1, done.stderr
    assert "of disk space for two checkpoints" in done.stderr and "fits there)" in done.stderr, done.stderr
    assert not (tmp_path / "not").exists()


@pytest.mark.parametrize("size,code", [("5M", 5), ("2M", 2)])
def test_disk_has_room_for_a_result_in_place_of_an_earlier_one(tmp_path, size, code):
    """A file system of its own: its 5 MB do not hold two last fields of 2.1 MB with the reserve of 1 MB, and its 2 MB not one."""
    (tmp_path / "disk").mkdir()
    words = " ".join([HEAT2D, "bench", *SHORT, "--workload", "explicit", "--output", "disk/out", "--quiet"])
    inside = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "sh", "-c"]
    if subprocess.run([*inside, "mount -t tmpfs none disk"], cwd=tmp_path, capture_output=True, check=False).returncode:
        pytest.skip("namespaces are not permitted here")
    done = execute([*inside, f"mount -t tmpfs -o size={size} none disk; {words}; {words}"], tmp_path)
    assert done.returncode == code, done.stderr
    if code == 2:
        assert done.stderr.count("class tiny needs 0.00314 GB of disk space for its last field") == 2, done.stderr


# ---- the signature -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> Path:
    """A folder with the vendor's keys, made as RULES.md says."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("keys")
    for words in ("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out vendor.key",
                  "openssl pkey -in vendor.key -pubout -out vendor.pem"):
        assert words in (ROOT / "inputs" / "benchmark" / "RULES.md").read_text()
        subprocess.run(words.split(), cwd=folder, check=True, capture_output=True)
    return folder


def signed(result: Path, tmp_path: Path, keys: Path) -> Path:
    folder = copied(result, tmp_path)
    words = "openssl dgst -sha256 -sign vendor.key -out result/results.json.sig result/results.json"
    assert words in (ROOT / "inputs" / "benchmark" / "RULES.md").read_text()
    subprocess.run([word.replace("vendor.key", str(keys / "vendor.key")).replace("result/", f"{folder}/") for word in words.split()],
                   check=True, capture_output=True)
    return folder


def audit_with(folder: Path, key: Path) -> subprocess.CompletedProcess:
    return execute([HEAT2D, "bench", "--recompute", str(folder), "--key", str(key)], folder.parent)


def test_signature_is_verified(durable, tmp_path, keys):
    folder = signed(durable, tmp_path, keys)
    done = audit_with(folder, keys / "vendor.pem")
    assert "signature: verified" in done.stdout and "sig" not in done.stderr, done.stderr
    assert "signature: there, but not verified (--key)" in audit(folder).stdout
    assert "signature: none" in audit(durable).stdout
    words = "openssl dgst -sha256 -verify vendor.pem -signature result/results.json.sig result/results.json"
    assert words in (ROOT / "inputs" / "benchmark" / "RULES.md").read_text()
    by_hand = subprocess.run([word.replace("vendor.pem", str(keys / "vendor.pem")).replace("result/", f"{folder}/")
                              for word in words.split()], check=True, capture_output=True, text=True)
    assert by_hand.stdout == "Verified OK\n"


def test_edited_figure_breaks_the_signature(durable, tmp_path, keys):
    folder = signed(durable, tmp_path, keys)
    rewrite(folder, "results.json", lambda record: record["provenance"].update(compiler="another"))
    done = audit_with(folder, keys / "vendor.pem")
    assert done.returncode == 5 and "results.json.sig is no signature of this results.json by the given key" in done.stderr


def test_missing_signature_and_key_are_told(durable, tmp_path, keys):
    done = audit_with(durable, keys / "vendor.pem")
    assert done.returncode == 5 and "results.json is not signed" in done.stderr
    done = audit_with(durable, tmp_path / "none.pem")
    assert done.returncode == 4 and "is no public key in PEM" in done.stderr and done.stderr.count("heat2d: error:") == 1


@pytest.mark.parametrize("name,code,words", [("results.json.sig", 5, "is no signature of this results.json by the given key"),
                                             ("vendor.pem", 4, "is no public key in PEM"),
                                             ("proof.json", 4, "cannot be read, or is no record")])
def test_pipe_in_place_of_a_file_does_not_block_the_audit(durable, tmp_path, keys, name, code, words):
    folder = signed(durable, tmp_path, keys)
    shutil.copy(keys / "vendor.pem", folder)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    done = audit_with(folder, folder / "vendor.pem")
    assert done.returncode == code and words in done.stderr, done.stdout + done.stderr


def test_hash_of_the_sources_is_the_one_of_the_documented_command(durable):
    """The program must have been built from the present sources, as the build folder of the tests is."""
    words = "find app io solver -name '*.[ch]' | LC_ALL=C sort | xargs sha256sum | sha256sum"
    assert words in (ROOT / "inputs" / "benchmark" / "RULES.md").read_text()
    done = subprocess.run(["sh", "-c", words], cwd=ROOT, check=True, capture_output=True, text=True)
    assert read(durable, "results.json")["bench"]["source_sha256"] == done.stdout.split()[0]


# ---- what cannot run ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("args,words", [
    ((), "--class is missing; give one of tiny, small"),
    (("--class", "big"), "--class big: it must be one of tiny"),
    (("--class", "tiny", "--workload", "lazy"), "--workload lazy: it must be one of implicit, explicit, checkpoint"),
    (("--class", "tiny", "--key", "a.pem"), "--key verifies the signature of a result: give --recompute, too"),
    (("--recompute", "elsewhere", "--class", "tiny"), "leave the other options out"),
    (("--reread", "elsewhere", "--class", "tiny"), "--reread compares the last field with the result in a folder as it is"),
    (("--reread", "elsewhere", "--write-field"), "leave the other options out"),
    (("--reread", "elsewhere", "--recompute", "elsewhere"), "leave the other options out"),
    (("--class", "tiny", "--rules", "none"), "--rules none: it must be one of base, ported, optimised"),
    (("--class", "tiny", "--nonce", "-1"), "--nonce -1: it must be a whole number below 2^64"),
    (("--class", "tiny", "--nonce", "99999999999999999999"), "it must be a whole number below 2^64"),
    (("--class", "tiny", "--duration", "0"), "--duration 0: it must be a number from 0.001"),
    (("--class", "tiny", "--memory-fraction", "2"), "--memory-fraction 2: it must be a number from 0 to 1"),
    (("--class", "tiny", "--set", "time.step=1"), "--set has no meaning for heat2d bench"),
    (("--class", "tiny", "-ksp_rtol", "1e-3"), "the rules of the reference workload fix the solver"),
    (("case.yaml", "--class", "tiny"), "heat2d bench takes no case"),
    (("--class", "huge"), "not enough memory for 262144 x 262144 cells"),
    (("--class", "exa"), "nodes of this kind would do"),
])
@pytest.mark.parametrize("ranks", [1, 2])
def test_what_cannot_run_is_refused_with_one_message(tmp_path, args, words, ranks):
    """The classes that are too large are so because of the memory, or with 32-bit integers because of their cells."""
    refused = bench(tmp_path, *args, ranks=ranks)
    assert refused.code == 2, refused.err
    assert refused.err.count("heat2d: error:") == 1, refused.err
    assert words in refused.err or "more than the 32-bit integers of this PETSc can count" in refused.err, refused.err
    assert not refused.directory.exists()


@pytest.mark.skipif(SANITIZED, reason="sanitizers reserve more addresses than any limit allows")
def test_class_that_exceeds_the_memory_is_refused(tmp_path):
    script = f"ulimit -v 3000000; exec {HEAT2D} bench --class medium --output out"
    done = execute(["sh", "-c", script], tmp_path)
    assert done.returncode == 2 and "memory" in done.stderr and done.stderr.count("heat2d: error:") == 1, done.stderr
    assert not (tmp_path / "out").exists()


def test_options_of_bench_are_refused_elsewhere(tmp_path):
    done = execute(
        [HEAT2D, "verify", "--nonce", "3"], tmp_path)
    assert done.returncode == 2 and "--nonce is an option of heat2d bench" in done.stderr
    done = execute([HEAT2D, "run", "case.yaml", "--write-field"], tmp_path)
    assert done.returncode == 2 and "--write-field is an option of heat2d bench" in done.stderr


def stretched(folder: Path, seconds: float = 100) -> Path:
    """Stretch the times of a short result to those of a valid one: raw times are the benchmarker's word."""
    factor = seconds / sum(read(folder, "proof.json")["times"])
    record = read(folder, "results.json")
    bench = record["bench"]
    whole = bench["end_to_end"] + seconds
    rewrite(folder, "proof.json", lambda proof: proof.update(times=[t * factor for t in proof["times"]], end_to_end=whole))
    times = read(folder, "proof.json")["times"]
    steps = 100 * len(times)
    bench.update(times=times, duration=sum(times), end_to_end=whole, valid=True, reasons=[],
                 fom=512 ** 2 * steps / (sum(times) + bench["setup"] * steps / 100), fom_end_to_end=512 ** 2 * steps / whole,
                 grade="reportable" if seconds >= 600 else "exploratory",
                 proof_sha256=hashlib.sha256((folder / "proof.json").read_bytes()).hexdigest())
    (folder / "results.json").write_text(json.dumps(record))
    return folder


def test_verdict_that_cannot_be_printed_is_no_success(result, tmp_path):
    """What is printed is the result of an audit; that a result is not VALID is said by the exit code and on stderr, too."""
    for folder, code in ((result, 5), (stretched(copied(result, tmp_path)), 4)):
        with open("/dev/full", "w") as full:
            done = subprocess.run([HEAT2D, "bench", "--recompute", str(folder)], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE,
                                  text=True, timeout=120, check=False)
        assert done.returncode == code, (folder, done.returncode, done.stderr)
        words = "less than 60 s" if code == 5 else "heat2d: error: the standard output cannot be written"
        assert words in done.stderr and done.stderr.count("\n") == 1, done.stderr


# ---- another build ------------------------------------------------------------------------------------------------

# Programs of other builds of these sources, such as with Open MPI or without -march=native (tests/README.md).
AUDITORS = [path for path in os.environ.get("HEAT2D_AUDITORS", "").split(":") if path]


@pytest.mark.skipif(not AUDITORS, reason="HEAT2D_AUDITORS names no other build")
@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("workload", ["implicit", "explicit", "checkpoint"])
def test_other_builds_find_the_same_in_results_of_any_ranks(tmp_path, workload, ranks):
    """The buyer's program has another MPI, other instructions and one rank.  An edited figure is found by each."""
    made = bench(tmp_path, "--class", "tiny", "--duration", "0.01", "--workload", workload, "--nonce", "0x5eed", ranks=ranks)
    if "is in memory (tmpfs)" in made.err:
        pytest.skip("the temporary files of the tests are in memory")
    folder = copied(made.directory, tmp_path)
    steps = workload != "checkpoint"
    if steps:
        stretched(folder)
    for auditor in AUDITORS:
        done = execute([auditor, "bench", "--recompute", str(folder)], tmp_path)
        found = [line for line in done.stderr.splitlines() if TOO_SHORT not in line]
        assert found == [] and (done.returncode, "  VALID" in done.stdout) == ((0, True) if steps else (5, False)), done.stderr
        if steps:
            done = execute([auditor, "bench", "--reread", str(made.directory)], tmp_path)
            assert done.returncode == 0 and "the field of record and proof\n" in done.stdout, done.stdout + done.stderr
    rewrite(folder, "results.json", lambda record: record["bench"]["audit"].update(cells=record["bench"]["audit"]["cells"] + 1))
    for auditor in AUDITORS:
        done = execute([auditor, "bench", "--recompute", str(folder)], tmp_path)
        assert done.returncode == 5 and "the record's own audit found other figures" in done.stderr, done.stderr

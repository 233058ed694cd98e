"""HDF5 files from any source: each is read, or refused at once by all ranks with one message and exit code 4."""
from __future__ import annotations

import os
import resource
import shutil
import subprocess
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from heat2d_case import HEAT2D, Outcome, basic_case, command, execute, run, write_case

NY, NX = 4, 6
T = np.arange(NY * NX, dtype="f8").reshape(NY, NX) + 1.0
SECONDS = 20  # a refusal takes a fraction of a second; a run that hangs is a failure


def case(dataset: str = "/temperature", **sections) -> dict:
    return basic_case(grid={"cells": [NX, NY], "x": [0.0, 1.5], "y": [0.0, 1.0]},
                      initial={"file": "f.h5", "dataset": dataset}, time={"scheme": "ftcs", "step": 1e-4, "steps": 2},
                      **sections)


def refused(outcome: Outcome, *words: str) -> None:
    assert outcome.code == 4, f"exit code {outcome.code}\n{outcome.err}"
    lines = outcome.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("heat2d: error: "), outcome.err
    for word in words:
        assert word in lines[0], f"{word!r} is not in: {lines[0]}"


# ---- datasets ---------------------------------------------------------------------------------------------


def soft_link(file):
    file["other"] = T
    file["temperature"] = h5py.SoftLink("/other")


def dangling_link(file):
    file["temperature"] = h5py.SoftLink("/nothing")


def external_link(file):
    with h5py.File(Path(file.filename).with_name("other.h5"), "w") as other:
        other["temperature"] = T
    file["temperature"] = h5py.ExternalLink("other.h5", "/temperature")


def link_to_itself(file):
    file["temperature"] = h5py.SoftLink("/temperature")


def external_storage(file):
    T.tofile(Path(file.filename).with_name("raw.bin"))
    file.create_dataset("temperature", (NY, NX), "f8", external=[("raw.bin", 0, T.nbytes)])


def virtual(file):
    with h5py.File(Path(file.filename).with_name("other.h5"), "w") as other:
        other["temperature"] = T
    layout = h5py.VirtualLayout((NY, NX), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "temperature", (NY, NX))
    file.create_virtual_dataset("temperature", layout)


def values(array):
    def make(file):
        file["temperature"] = array
    return make


def compound(file):
    file["temperature"] = np.zeros((NY, NX), dtype=[("T", "f8"), ("n", "i4")])


def text_of_any_length(file):
    file.create_dataset("temperature", (NY, NX), h5py.string_dtype())


def array_type(file):
    kind = h5py.h5t.array_create(h5py.h5t.IEEE_F64LE, (3,))
    h5py.h5d.create(file.id, b"temperature", kind, h5py.h5s.create_simple((NY, NX)))


def reference(file):
    file.create_dataset("temperature", (NY, NX), h5py.ref_dtype)


def huge_integer(file):
    kind = h5py.h5t.STD_I64LE.copy()
    kind.set_size(1000)
    h5py.h5d.create(file.id, b"temperature", kind, h5py.h5s.create_simple((NY, NX)))


def no_space(file):
    file["temperature"] = h5py.Empty("f8")


def group(file):
    file.create_group("temperature")


def huge_chunk(file):
    file.create_dataset("temperature", (NY, NX), "f8", maxshape=(None, None), chunks=(20000, 20000))


def absurd_shape(file):
    file.create_dataset("temperature", (2**40, 2**40), "f8", maxshape=(None, None), chunks=(8, 8))


def absurd_contiguous_shape(file):
    file.create_dataset("temperature", (2**28, 2**28), "f8")


def plugin(file):
    file.create_dataset("temperature", data=T, chunks=(NY, NX), compression="lzf")


def bomb(file):
    dataset = file.create_dataset("temperature", (NY, NX), "f8", chunks=(NY, NX), compression="gzip")
    dataset.id.write_direct_chunk((0, 0), zlib.compress(bytes(1 << 20), 9))


def second_stage(file):
    """Make a nested bomb: what the first one inflates to is a deflate stream again."""
    pipeline = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    pipeline.set_chunk((NY, NX))
    pipeline.set_deflate(9)
    pipeline.set_filter(h5py.h5z.FILTER_DEFLATE, 0, (9,))
    h5py.h5d.create(file.id, b"temperature", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((NY, NX)), pipeline)


def filters(*names: str):
    """Return a pipeline with these filters in this order, for chunks of a whole dataset."""
    pipeline = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    pipeline.set_chunk((NY, NX))
    for name in names:
        getattr(pipeline, f"set_{name}")()
    return pipeline


def checksummed_bomb(file):
    h5py.h5d.create(file.id, b"temperature", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((NY, NX)), filters("fletcher32", "deflate"))
    file["temperature"].id.write_direct_chunk((0, 0), zlib.compress(bytes(NX * NY * 8 + 5), 9))


def two_checksums(file):
    h5py.h5d.create(file.id, b"temperature", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((NY, NX)),
                    filters("fletcher32", "deflate", "fletcher32"))


def padded_chunk(file):
    dataset = file.create_dataset("temperature", (NY, NX), "f8", chunks=(NY, NX), compression="gzip")
    dataset.id.write_direct_chunk((0, 0), zlib.compress(T.tobytes()) + bytes(8192))


def broken_chunk(file):
    dataset = file.create_dataset("temperature", (NY, NX), "f8", chunks=(NY, NX), compression="gzip")
    dataset.id.write_direct_chunk((0, 0), b"no deflate stream at all")


def wrong_checksum(file):
    dataset = file.create_dataset("temperature", (NY, NX), "f8", chunks=(NY, NX), fletcher32=True)
    dataset.id.write_direct_chunk((0, 0), T.tobytes() + b"\1\2\3\4")


def link_on_the_way(file):
    file["real/temperature"] = T
    file["way"] = h5py.SoftLink("/real")


BAD = {  # name: (function that makes the file, words of the message)
    "soft link": (soft_link, "temperature is a link"),
    "dangling link": (dangling_link, "temperature is a link"),
    "link to itself": (link_to_itself, "temperature is a link"),
    "external link": (external_link, "temperature is a link"),
    "external storage": (external_storage, "stored in other files"),
    "virtual dataset": (virtual, "stored in other files"),
    "one dimension": (values(T.ravel()), "is [24], and the grid needs [ny][nx] = [4][6]"),
    "three dimensions": (values(T[np.newaxis]), "is [1][4][6], and the grid needs"),
    "turned": (values(T.T), "is [6][4], and the grid needs"),
    "one number": (values(1.0), "is no array"),
    "no space": (no_space, "is no array"),
    "texts": (values(np.full((NY, NX), b"a")), "does not hold numbers"),
    "texts of any length": (text_of_any_length, "does not hold numbers"),
    "compound": (compound, "does not hold numbers"),
    "complex": (values(T + 1j), "does not hold numbers"),
    "truth": (values(T > 3), "does not hold numbers"),
    "opaque": (values(np.zeros((NY, NX), "V8")), "does not hold numbers"),
    "arrays": (array_type, "does not hold numbers"),
    "references": (reference, "does not hold numbers"),
    "integers of 1000 bytes": (huge_integer, "1000 bytes"),
    "group": (group, "temperature is not a dataset"),
    "chunk of 3 GiB": (huge_chunk, "chunks of 3052 MiB; at most 256"),
    "absurd shape": (absurd_shape, "[1099511627776][1099511627776]"),
    "absurd contiguous shape": (absurd_contiguous_shape, "[268435456][268435456]"),
    "filter of a plugin": (plugin, "filter 32000, lzf, which is not HDF5's own"),
    "decompression bomb": (bomb, "unpacks to more than the 192 bytes"),
    "bomb in a bomb": (second_stage, "filter after its compression"),
    "bomb with a checksum": (checksummed_bomb, "unpacks to more than the 196 bytes"),
    "two checksums": (two_checksums, "two checksums"),
    "padded chunk": (padded_chunk, "a chunk takes"),
    "chunk that is no stream": (broken_chunk, "inflate"),
    "wrong checksum": (wrong_checksum, "Fletcher32"),
    "other name": (lambda file: file.create_dataset("u", data=T), "no dataset temperature (it holds: u)"),
}


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("name", BAD)
def test_dataset_is_refused(tmp_path, name, ranks):
    make, words = BAD[name]
    with h5py.File(tmp_path / "f.h5", "w") as file:
        make(file)
    outcome = run(tmp_path, case(), "--quiet", ranks=ranks, timeout=SECONDS)
    refused(outcome, "f.h5", words)
    assert not outcome.directory.exists(), "something was written"


@pytest.mark.parametrize("dataset,words", [("/way/temperature", "way is a link"), ("/" + 600 * "a", "600 characters"),
                                           ("/real/temperature/x", "no dataset"), ("/real", "real is not a dataset")])
def test_path_is_refused(tmp_path, dataset, words):
    with h5py.File(tmp_path / "f.h5", "w") as file:
        link_on_the_way(file)
    refused(run(tmp_path, case(dataset), "--quiet", ranks=2, timeout=SECONDS), "f.h5", words)


GOOD = {
    "contiguous": {}, "chunked": {"chunks": (3, 4)}, "one large chunk": {"chunks": (500, 700), "maxshape": (None, None)},
    "all filters": {"chunks": (3, 4), "compression": "gzip", "shuffle": True, "fletcher32": True},
    "szip": {"chunks": (4, 6), "compression": "szip"}, "scale and offset": {"chunks": (3, 4), "scaleoffset": 3},
    "single precision": {"dtype": "f4"}, "half precision": {"dtype": "f2"}, "big end first": {"dtype": ">f8"},
    "integers": {"dtype": "i2"},
}


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("name", GOOD)
def test_dataset_is_read(tmp_path, name, ranks):
    """Ordinary files are not refused; the values fit every type."""
    options = dict(GOOD[name])
    if options.get("compression") == "szip" and not h5py.h5z.filter_avail(h5py.h5z.FILTER_SZIP):
        pytest.skip("this h5py cannot write szip")
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file.create_dataset("temperature", data=T, **options)
    outcome = run(tmp_path, case(output={"snapshots": {"every": 2}}), "--quiet", ranks=ranks, timeout=SECONDS)
    assert outcome.code == 0, outcome.err
    np.testing.assert_array_equal(outcome.field(0), T)


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("names", [("fletcher32", "deflate"), ("shuffle", "fletcher32", "deflate"), ("fletcher32", "shuffle", "deflate")])
def test_checksum_may_be_made_before_the_compression(tmp_path, names, ranks):
    with h5py.File(tmp_path / "f.h5", "w") as file:
        h5py.h5d.create(file.id, b"temperature", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((NY, NX)), filters(*names))
        file["temperature"][...] = T
    outcome = run(tmp_path, case(output={"snapshots": {"every": 2}}), "--quiet", ranks=ranks, timeout=SECONDS)
    assert outcome.code == 0, outcome.err
    np.testing.assert_array_equal(outcome.field(0), T)


def test_chunks_that_were_never_written_hold_the_fill_value(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w") as file:
        dataset = file.create_dataset("temperature", (NY, NX), "f8", chunks=(2, 3), compression="gzip", fillvalue=3.0)
        dataset[0, 0] = 5.0
    outcome = run(tmp_path, case(output={"snapshots": {"every": 2}}), "--quiet", ranks=2, timeout=SECONDS)
    assert outcome.code == 0, outcome.err
    expected = np.full((NY, NX), 3.0)
    expected[0, 0] = 5.0
    np.testing.assert_array_equal(outcome.field(0), expected)


def test_groups_in_a_circle_are_no_hang(tmp_path):
    with h5py.File(tmp_path / "f.h5", "w") as file:
        file["a/temperature"] = T
        file["a/again"] = file["a"]
        file["a/root"] = file["/"]
    around = "/a" + 20 * "/again/root/a"
    outcome = run(tmp_path, case(around + "/temperature", output={"snapshots": {"every": 2}}), "--quiet", ranks=2,
                  timeout=SECONDS)
    assert outcome.code == 0, outcome.err
    np.testing.assert_array_equal(outcome.field(0), T)
    refused(run(tmp_path, case(around + "/u"), "--quiet", ranks=2, output="again", timeout=SECONDS), "no dataset")


def test_unpacking_a_bomb_takes_no_memory(tmp_path):
    """A dataset of 1 MiB inflates to 1 GiB; the limit of the memory is above what an ordinary run takes."""
    shape = (2048, 512)
    with h5py.File(tmp_path / "f.h5", "w") as file:
        dataset = file.create_dataset("temperature", shape, "f8", chunks=shape, compression="gzip")
        packer = zlib.compressobj(9)
        stream = b"".join(packer.compress(bytes(1 << 20)) for _ in range(1024)) + packer.flush()
        dataset.id.write_direct_chunk((0, 0), stream)
    path = write_case(tmp_path, case() | {"grid": {"cells": list(shape[::-1]), "x": [0.0, 1.5], "y": [0.0, 1.0]}})
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    done = execute([HEAT2D, str(path), "--quiet", "--output", "out"], tmp_path, timeout=60)
    refused(Outcome(done.returncode, done.stdout, done.stderr, tmp_path / "out"), "unpacks to more than the 8388608 bytes")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert peak < max(before, 600_000), f"{peak} KiB"


# ---- paths that are not regular files ---------------------------------------------------------------------


def no_permission(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["temperature"] = T
    path.chmod(0)


def truncated(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["temperature"] = T
    path.write_bytes(path.read_bytes()[:-8])


NO_FILES = {  # name: (function that makes it, words of the message)
    "missing": (lambda path: None, "No such file"),
    "empty": (lambda path: path.touch(), "signature"),
    "text": (lambda path: path.write_text("x,y\n" * 1000), "signature"),
    "directory": (lambda path: path.mkdir(), "it is a folder, not a file"),
    "pipe": (os.mkfifo, "it is a pipe, not a file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file"),
    "link to itself": (lambda path: path.symlink_to(path.name), "symbolic links"),
    "truncated": (truncated, "truncated"),
    "no permission": (no_permission, "Permission denied"),
}


def without_power_over_files(words: list[str]) -> list[str]:
    """Return a command that drops root's permission to read every file."""
    if os.geteuid() != 0:
        return words
    if not shutil.which("setpriv"):
        pytest.skip("root reads every file, and there is no setpriv")
    powers = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}", *words]


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("use", ["initial", "restart"])
@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_no_file_is_refused(tmp_path, name, use, ranks):
    make, words = NO_FILES[name]
    make(tmp_path / "f.h5")
    sections = case() if use == "initial" else basic_case()
    path = write_case(tmp_path, sections)
    more = ("--restart", "f.h5") if use == "restart" else ()
    call = command(path, ranks, ("--output", "out", "--quiet", *more))
    done = execute(without_power_over_files(call) if name == "no permission" else call, tmp_path, ranks, SECONDS)
    refused(Outcome(done.returncode, done.stdout, done.stderr, tmp_path / "out"), "f.h5", words)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_table_that_is_no_file_is_refused(tmp_path, make):
    make(tmp_path / "t.csv")
    sections = basic_case(boundary={"left": {"type": "flux", "table": "t.csv"}})
    refused(run(tmp_path, sections, "--quiet", ranks=2, timeout=SECONDS), "t.csv", "it is a pipe or a device")


def test_case_may_come_through_a_pipe(tmp_path):
    path = tmp_path / "case.yaml"
    write_case(tmp_path, basic_case(), "real.yaml")
    os.mkfifo(path)
    with subprocess.Popen(["cp", str(tmp_path / "real.yaml"), str(path)]):
        done = execute(command(path, 2, ("--output", "out", "--quiet")), tmp_path, timeout=SECONDS)
    assert done.returncode == 0, done.stderr


# ---- files that look like heat2d's ------------------------------------------------------------------------


def swap(name: str, make):
    """Return a function that replaces the object `name` by another one."""
    def change(file):
        del file[name]
        make(file)
    return change


def ours(name, array, **options):
    return swap(name, lambda file: file.create_dataset(name, data=array, **options))


FORGED = {  # name: (change of a checkpoint, words)
    "external link": (swap("temperature", external_link), "temperature is a link"),
    "external state": (swap("state", lambda file: file.__setitem__("state", h5py.ExternalLink("other.h5", "/"))),
                       "state is a link"),
    "soft link to the checksums": (lambda file: (file.move("integrity", "i"),
                                                 file.__setitem__("integrity", h5py.SoftLink("/i"))), "integrity is a link"),
    "soft link in the state": (swap("state/snapshot_steps", lambda f: f.__setitem__("state/snapshot_steps",
                                                                                     h5py.SoftLink("/x"))), "is a link"),
    "virtual field": (swap("temperature", virtual), "stored in other files"),
    "axis of many cells": (swap("x", lambda f: f.create_dataset("x", (2**61,), "f8", maxshape=(None,), chunks=(8,))),
                           "dataset x is not of the shape"),
    "axis beyond the file": (swap("x", lambda f: f.create_dataset("x", (2**30,), "f8")), "x claims 1073741824 values"),
    "packed axis": (ours("x", np.zeros(24), compression="gzip"), "dataset x is not of the shape"),
    "checksums of one row": (ours("integrity/temperature", np.zeros(1, "u8")), "integrity/temperature holds too few"),
    "field of another type": (ours("temperature", np.zeros((16, 24), "f4")), "temperature is not of the type and shape"),
    "no state": (lambda file: file.__delitem__("state"), "state"),
    "text in the place of the time": (lambda file: file.attrs.__setitem__("time", "now"), "attribute time"),
    "many times": (lambda file: file.attrs.__setitem__("time", np.zeros(1000)), "attribute time"),
    "format of any length": (lambda file: file.attrs.__setitem__("format", "heat2d field file"), "attribute format"),
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    done = run(folder, basic_case(output={"snapshots": {"every": 2}}, checkpoint={"every": 4}), "--quiet")
    assert done.code == 0, done.err
    return sorted(done.directory.glob("checkpoint_*.h5"))[-1]


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("name", FORGED)
def test_forged_checkpoint_is_refused(tmp_path, checkpoint, name, ranks):
    change, words = FORGED[name]
    shutil.copy(checkpoint, tmp_path / "f.h5")
    with h5py.File(tmp_path / "f.h5", "r+") as file:
        change(file)
    outcome = run(tmp_path, basic_case(output={"snapshots": {"every": 2}}), "--quiet", "--restart", "f.h5", ranks=ranks,
                  timeout=SECONDS)
    refused(outcome, "f.h5", words)

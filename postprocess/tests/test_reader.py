"""The reader: what it finds, and its message for each thing that can be wrong."""
from __future__ import annotations

import json

import h5py
import numpy as np
import pytest

from postprocess import reader
from postprocess.reader import ReaderError, RequestError, Run, Snapshot
from postprocess.tests import synthetic


def test_run_lists_snapshots_in_order_of_steps(tmp_path):
    for step in (1_000_000, 20, 3):
        synthetic.write_snapshot(tmp_path, step, float(step), {"temperature": synthetic.gradient()})
    assert Run(tmp_path).steps == [3, 20, 1_000_000]


def test_run_gives_times_in_seconds(full):
    assert Run(full).times.tolist() == [0.0, 10.0, 20.0]


def test_run_ignores_files_that_are_still_being_written(one):
    (one / "snapshot_000030.h5.tmp").write_bytes(b"half a file")
    assert Run(one).steps == [20]


def test_snapshot_minus_one_is_the_last(full):
    assert Run(full).snapshot(-1).step == 20


def test_field_is_rows_by_columns_with_row_0_at_the_bottom(one):
    field = Run(one).snapshot().field("temperature")
    assert field.data.shape == (10, 20)
    assert field.data[0, 0] < field.data[0, -1] < field.data[-1, -1]


def test_field_carries_units_time_and_edges(one):
    field = Run(one).snapshot().field()
    assert (field.units, field.time, field.step) == ("K", 20.0, 20)
    assert field.x_edges == pytest.approx(synthetic.edges(20, 0.0, 0.2))
    assert field.y == pytest.approx(0.005 + 0.01 * np.arange(10))


def test_snapshot_opens_only_when_asked(one):
    (one / "snapshot_000001.h5").write_bytes(b"not read")
    assert Run(one).snapshot().field().maximum == 400.0


def test_vector_name_gives_the_magnitude(full):
    assert np.all(Run(full).snapshot().field("heat_flux").data == 5.0)


def test_flag_meanings_name_the_materials(full):
    with h5py.File(full / "snapshot_000020.h5", "a") as file:
        del file["material"].attrs["names"]
        file["material"].attrs["flag_meanings"] = "board solid_copper"
    meanings = Run(full).snapshot().field("material").info.meanings
    assert meanings == {0: "board", 1: "solid copper"}


def test_names_with_blanks_come_before_the_cf_meanings(full):
    with h5py.File(full / "snapshot_000020.h5", "a") as file:
        file["material"].attrs["names"] = np.array([b"the board", b"solid copper"])
    meanings = Run(full).snapshot().field("material").info.meanings
    assert meanings == {0: "the board", 1: "solid copper"}


@pytest.mark.parametrize("value", ["m K", np.bytes_("m K"), np.array([b"m K"]),
                                   np.array(["m K"], dtype=h5py.string_dtype())])
def test_text_attribute_reads_in_every_way_hdf5_stores_it(one, value):
    with h5py.File(one / "snapshot_000020.h5", "a") as file:
        del file["temperature"].attrs["units"]
        file["temperature"].attrs["units"] = value
    assert Run(one).snapshot().field().units == "m K"


def test_reduced_field_is_the_mean_over_blocks(tmp_path):
    data = np.arange(64.0 * 32).reshape(32, 64)
    path = synthetic.write_snapshot(tmp_path, 0, 0.0, {"temperature": data})
    field = Snapshot(path).reduced("temperature", 16)
    assert field.data == pytest.approx(data.reshape(8, 4, 16, 4).mean(axis=(1, 3)))
    assert (field.minimum, field.maximum) == (data.min(), data.max())


def test_reduced_field_does_not_depend_on_the_slabs(tmp_path, monkeypatch):
    data = np.random.default_rng(1).random((53, 71))
    path = synthetic.write_snapshot(tmp_path, 0, 0.0, {"temperature": data})
    whole = Snapshot(path).reduced("temperature", 20)
    monkeypatch.setattr(reader, "SLAB_CELLS", 200)
    assert np.array_equal(Snapshot(path).reduced("temperature", 20).data, whole.data)


def test_reduced_field_ends_where_the_grid_ends(tmp_path):
    path = synthetic.write_snapshot(tmp_path, 0, 0.0, {"temperature": np.zeros((53, 71))})
    field = Snapshot(path).reduced("temperature", 20)
    assert (field.x_edges[-1], field.y_edges[-1]) == (0.2, 0.1)
    assert field.data.shape == (len(field.y_edges) - 1, len(field.x_edges) - 1)


def test_reduced_map_holds_only_values_of_the_map(tmp_path):
    owner = np.tile(np.arange(64) // 16 * 10, (64, 1))
    path = synthetic.write_snapshot(tmp_path, 0, 0.0, {"owner": owner})
    assert set(np.unique(Snapshot(path).reduced("owner", 10).data)) == {0, 10, 20, 30}


def test_reduced_field_keeps_a_single_nan(tmp_path):
    data = np.ones((64, 64))
    data[33, 7] = np.nan
    path = synthetic.write_snapshot(tmp_path, 0, 0.0, {"temperature": data})
    field = Snapshot(path).reduced("temperature", 8)
    assert field.not_finite == 1
    assert np.count_nonzero(np.isnan(field.data)) == 1


def test_thin_field_keeps_its_rows_when_reduced(tmp_path):
    path = synthetic.write_snapshot(tmp_path, 0, 0.0, {"temperature": np.zeros((3, 1000))})
    assert Snapshot(path).reduced("temperature", 100).data.shape == (3, 100)


def test_history_is_columns_by_name(full):
    history = Run(full).history
    assert history["time"][-1] == 20.0
    assert history["heat_left"][0] == 10.0


def test_probes_of_a_run_without_them_are_empty(one):
    assert Run(one).probes == {}


def test_profiles_are_tables_by_name(one):
    (one / "profile_wall a.csv").write_text("step,time,distance,x,y,temperature\n"
                                            "0,0,0,1,2,300\n0,0,0.5,1,2.5,310\n7,3.5,0,1,2,320\n")
    run = Run(one)
    assert list(run.profiles) == ["wall a"]
    assert list(run.profiles["wall a"]["temperature"]) == [300.0, 310.0, 320.0]
    assert list(run.profiles["wall a"]["step"]) == [0.0, 0.0, 7.0]


def test_run_without_profiles_has_none(one):
    assert Run(one).profiles == {}


def test_history_leaves_out_a_row_cut_short_at_the_end(full):
    with open(full / "history.csv", "a") as file:
        file.write("21,21.0,1,5")
    assert Run(full).history["step"][-1] == 20


def test_history_keeps_unknown_columns_and_columns_of_words(one):
    (one / "history.csv").write_text("step,time,note,extra\n0,0,start,7\n1,2.5,,8\n")
    history = Run(one).history
    assert history["extra"].tolist() == [7, 8]
    assert np.all(np.isnan(history["note"]))


def test_history_of_a_header_only_has_no_rows(one):
    (one / "history.csv").write_text("step,time\n")
    assert Run(one).history["time"].size == 0


def test_damaged_number_in_the_history_is_an_error_with_its_line(one):
    (one / "history.csv").write_text("step,time\n0,0\n1,2.x5\n2,5\n")
    with pytest.raises(ReaderError, match=r"history.csv:3: '2.x5' is not a number \(column time\)"):
        _ = Run(one).history


def test_row_of_the_wrong_length_is_an_error_with_its_line(one):
    (one / "history.csv").write_text("step,time\n0,0\n1\n2,5\n")
    with pytest.raises(ReaderError, match="history.csv:3: 1 values for 2 columns"):
        _ = Run(one).history


def test_probe_places_come_from_the_record(full):
    assert Run(full).probe_places == {"centre": (0.1, 0.05), "edge": (0.0, 0.1)}


@pytest.mark.parametrize("text", [
    "output:\n  probes: [{name: a, at: [0.1, 2e-2]}, {name: 'b c', at: [0, 0.05]}]\n",
    "output:\n  probes:\n    - name: a\n      at: [0.1, 2e-2]\n    - {name: b c, at: [0, 0.05]}\n"])
def test_probe_places_come_from_the_case_text_when_not_listed(one, text):
    synthetic.write_results(one, provenance={"version": "1", "case_text": text})
    assert Run(one).probe_places == {"a": (0.1, 0.02), "b c": (0.0, 0.05)}


def test_probe_places_are_read_from_any_yaml_notation(one):
    pytest.importorskip("yaml")
    text = "output:\n  probes:\n  - at:\n    - 0.1\n    - 0.02\n    name: \"it's {a}, #1\"\n"
    synthetic.write_results(one, provenance={"case_text": text})
    assert Run(one).probe_places == {"it's {a}, #1": (0.1, 0.02)}


def test_probe_places_of_the_command_line_win_over_the_case_text(one):
    synthetic.write_results(one, provenance={
        "command_line": "heat2d c.yaml --set output.probes=[{name: b, at: [0.2, 0.1]}]",
        "case_text": "output: {probes: [{name: a, at: [0.1, 0.02]}]}"})
    assert Run(one).probe_places == {"b": (0.2, 0.1)}


@pytest.mark.parametrize("probes", [None, "x", [{"name": "a"}], [3], {"a": 1}])
def test_probe_places_are_empty_when_the_record_has_none(one, probes):
    synthetic.write_results(one, probes=probes, provenance=None)
    assert Run(one).probe_places == {}


# ---- what is wrong


def test_missing_directory_is_named(tmp_path):
    with pytest.raises(ReaderError, match="nowhere: no such directory"):
        Run(tmp_path / "nowhere")


def test_file_in_place_of_a_directory_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReaderError, match="file: not a directory; name the output directory"):
        Run(tmp_path / "file")


def test_run_without_snapshots_says_so(tmp_path):
    with pytest.raises(ReaderError, match="no snapshot_NNNNNN.h5 here"):
        Run(tmp_path).snapshot()


def test_step_that_is_not_there_lists_those_that_are(full):
    with pytest.raises(RequestError, match="no snapshot of step 7; there are 0, 10, 20"):
        Run(full).snapshot(7)


def test_field_that_is_not_there_lists_those_that_are(one):
    with pytest.raises(RequestError, match="no field 'owner'; it has temperature"):
        Run(one).snapshot().field("owner")


def test_wrong_format_version_is_refused(tmp_path):
    synthetic.write_snapshot(tmp_path, 0, 0.0, {"temperature": synthetic.gradient()}, version=2)
    with pytest.raises(ReaderError, match="snapshot_000000.h5: format version 2; .* version 1"):
        Run(tmp_path).snapshot().field()


def test_truncated_file_says_how_much_is_there(one):
    path = one / "snapshot_000020.h5"
    content = path.read_bytes()
    path.write_bytes(content[:len(content) // 2])
    with pytest.raises(ReaderError, match=r"snapshot_000020.h5: the file is truncated: \d+ of \d+"):
        Run(one).snapshot().field()


@pytest.mark.parametrize("content", [b"", b"no HDF5 at all" * 100])
def test_file_of_something_else_is_refused(one, content):
    (one / "snapshot_000020.h5").write_bytes(content)
    with pytest.raises(ReaderError, match="not an HDF5 file"):
        Run(one).snapshot().field()


def test_hdf5_file_of_another_program_is_refused(one):
    with h5py.File(one / "snapshot_000020.h5", "w") as file:
        file["temperature"] = synthetic.gradient()
    with pytest.raises(ReaderError, match="not a heat2d field file"):
        Run(one).snapshot().field()


@pytest.mark.parametrize("name", ["time", "step", "format_version"])
def test_missing_attribute_is_named(one, name):
    with h5py.File(one / "snapshot_000020.h5", "a") as file:
        del file.attrs[name]
    with pytest.raises(ReaderError, match=f"attribute '{name}' is missing"):
        Run(one).snapshot().field()


def test_history_without_a_time_is_an_error(one):
    (one / "history.csv").write_text("step,max\n0,1\n")
    with pytest.raises(ReaderError, match="history.csv:1: no column 'time'"):
        _ = Run(one).history


def test_column_that_occurs_twice_is_an_error(one):
    (one / "history.csv").write_text("step,time,max,max\n0,0,1,2\n")
    with pytest.raises(ReaderError, match="history.csv:1: column 'max' occurs twice"):
        _ = Run(one).history


def test_table_of_very_many_columns_is_read_at_once(one):
    """A search of each name among all others would take minutes."""
    names = ",".join(["step", "time"] + [f"p{k}" for k in range(50_000)])
    (one / "probes.csv").write_text(names + "\n" + ",".join(["0"] * 50_002) + "\n")
    assert len(Run(one).probes) == 50_002


def test_missing_edges_are_named(one):
    with h5py.File(one / "snapshot_000020.h5", "a") as file:
        del file["x_edges"]
    with pytest.raises(ReaderError, match="/x_edges is missing"):
        Run(one).snapshot().field()


def test_edges_that_do_not_increase_are_refused(one):
    with h5py.File(one / "snapshot_000020.h5", "a") as file:
        file["y_edges"][3] = -1.0
    with pytest.raises(ReaderError, match="/y_edges does not increase"):
        Run(one).snapshot().field()


def test_field_of_another_shape_than_the_grid_is_refused(one):
    with h5py.File(one / "snapshot_000020.h5", "a") as file:
        del file["temperature"]
        file["temperature"] = synthetic.gradient().T
    with pytest.raises(ReaderError, match=r"/temperature is \(20, 10\); .* \(10, 20\)"):
        Run(one).snapshot().field()


def test_file_under_another_steps_name_is_refused(one):
    (one / "snapshot_000020.h5").rename(one / "snapshot_000021.h5")
    with pytest.raises(ReaderError, match="says that it is step 20"):
        Run(one).snapshot().field()


def test_results_that_are_not_json_are_refused(one):
    (one / "results.json").write_text('{"schema": ')
    with pytest.raises(ReaderError, match="results.json: not JSON"):
        _ = Run(one).results


def test_results_of_another_schema_are_refused(one):
    (one / "results.json").write_text(json.dumps({"schema": "heat2d results 9"}))
    with pytest.raises(ReaderError, match="schema is 'heat2d results 9'"):
        _ = Run(one).results

"""Other programs read heat2d's files: h5py, xarray, VTK, ParaView, and a reader of XDMF written from its specification."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import h5py
import numpy as np
import pytest
from heat2d_case import Outcome, basic_case, run

NX, NY = 7, 4
X, Y = (0.5, 2.25), (-1.0, 0.2)
FIELDS = {"temperature": "degC", "conductivity_x": "W m-1 K-1", "conductivity_y": "W m-1 K-1", "heat_flux_x": "W m-2",
          "heat_flux_y": "W m-2", "material": "1", "owner": "1"}
TIMES = {0: 0.0, 2: 0.002, 4: 0.004, 5: 0.005}


CASE = basic_case(
    title="a <small> case & more", grid={"cells": [NX, NY], "x": list(X), "y": list(Y)},
    materials=[{"name": "steel", "conductivity": [2.0, 3.0], "density": 1.0, "specific_heat": 1.0},
               {"name": "two words", "conductivity": 5.0, "density": 1.0, "specific_heat": 1.0}],
    regions=[{"material": "steel"}, {"shape": "rectangle", "x": [0.5, 1.0], "y": [-1.0, -0.4], "material": "two words"}],
    initial={"temperature": "10*x+100*y"}, time={"scheme": "backward-euler", "step": 0.001, "steps": 5},
    output={"snapshots": {"every": 2}, "fields": ["temperature", "conductivity", "heat_flux", "material", "owner"],
            "temperature_unit": "degC"}, checkpoint={"every": 2})


@pytest.fixture(scope="module")
def outcome(tmp_path_factory) -> Outcome:
    """Run a case with nx != ny, an origin that is not 0 and a field without any symmetry."""
    done = run(tmp_path_factory.mktemp("readers"), CASE, "--quiet", ranks=2)
    assert done.code == 0, done.err
    return done


@pytest.fixture(scope="module")
def resumed(tmp_path_factory) -> Outcome:
    """Run the case in two parts: on one rank with plain files, then on two ranks with compressed ones."""
    folder = tmp_path_factory.mktemp("resumed")
    first = run(folder, CASE, "--quiet", "--set", "time.steps=2")
    assert first.code == 0, first.err
    done = run(folder, folder / "case.yaml", "--quiet", "--restart", "latest", "--set", "output.compression=deflate", ranks=2)
    assert done.code == 0, done.err
    with h5py.File(done.directory / "snapshot_000002.h5") as plain, h5py.File(done.snapshots()[-1]) as packed:
        assert (plain["temperature"].compression, packed["temperature"].compression) == (None, "gzip")
    return done


@pytest.fixture(params=["outcome", "resumed"])
def either(request) -> Outcome:
    return request.getfixturevalue(request.param)


def axis(extent, n) -> np.ndarray:
    return extent[0] + (np.arange(n) + 0.5) * (extent[1] - extent[0]) / n


def edges(extent, n) -> np.ndarray:
    return np.linspace(*extent, n + 1)


def text(value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


# ---- HDF5 -----------------------------------------------------------------------------------------------


def test_snapshots_are_those_asked_for_and_the_last(outcome):
    assert [path.name for path in outcome.snapshots()] == [f"snapshot_{step:06d}.h5" for step in TIMES]


def test_h5py_reads_the_field_the_right_way_up(outcome):
    with h5py.File(outcome.directory / "snapshot_000000.h5") as file:
        field = file["temperature"]
        assert field.shape == (NY, NX) and field.dtype == np.dtype("<f8")
        expected = 10 * axis(X, NX)[np.newaxis, :] + 100 * axis(Y, NY)[:, np.newaxis]
        np.testing.assert_allclose(field[...], expected, rtol=1e-14)  # rounding of one formula


def test_axes_are_centres_and_edges(outcome):
    with h5py.File(outcome.directory / "snapshot_000002.h5") as file:
        # The numbers are computed in another way, so they may differ by rounding.
        for key, expected in (("x", axis(X, NX)), ("y", axis(Y, NY)), ("x_edges", edges(X, NX)), ("y_edges", edges(Y, NY))):
            np.testing.assert_allclose(file[key][...], expected, rtol=0, atol=1e-14, err_msg=key)
            assert text(file[key].attrs["units"]) == "m"


@pytest.mark.parametrize("name,units", FIELDS.items())
def test_fields_carry_units_and_names(outcome, name, units):
    with h5py.File(outcome.directory / "snapshot_000002.h5") as file:
        attributes = file[name].attrs
        assert text(attributes["units"]) == units
        assert text(attributes["long_name"])


def test_file_follows_the_cf_conventions(outcome):
    with h5py.File(outcome.directory / "snapshot_000004.h5") as file:
        assert text(file.attrs["Conventions"]).startswith("CF-")
        assert text(file.attrs["title"]) == "a <small> case & more"
        assert file.attrs["step"] == 4 and file.attrs["time"] == pytest.approx(0.004, rel=1e-15)
        for name in FIELDS:
            dimensions = file[name].dims
            assert dimensions[0][0].name == "/y" and dimensions[1][0].name == "/x", name
        assert text(file["x"].attrs["axis"]) == "X" and text(file["y"].attrs["axis"]) == "Y"
        np.testing.assert_array_equal(file["material"].attrs["flag_values"], [0, 1])
        meanings = text(file["material"].attrs["flag_meanings"]).split()
        assert len(meanings) == 2, f"CF requires one word for each flag: {meanings}"
        assert [text(word) for word in file["material"].attrs["names"]] == ["steel", "two words"]


def test_conductivity_and_material_are_those_of_the_case(outcome):
    with h5py.File(outcome.directory / "snapshot_000000.h5") as file:
        material = file["material"][...]
        expected = (axis(X, NX)[np.newaxis, :] < 1.0) & (axis(Y, NY)[:, np.newaxis] < -0.4)
        np.testing.assert_array_equal(material, expected)
        np.testing.assert_array_equal(file["conductivity_x"][...], np.where(expected, 5.0, 2.0))
        np.testing.assert_array_equal(file["conductivity_y"][...], np.where(expected, 5.0, 3.0))


def test_heat_flux_points_downhill(outcome):
    """Away from the jump and the sides, the flux of the first field is exactly -k grad T."""
    with h5py.File(outcome.directory / "snapshot_000000.h5") as file:
        inner = np.s_[2:-1, 3:-1]
        np.testing.assert_allclose(file["heat_flux_x"][inner], -2.0 * 10, rtol=1e-12)
        np.testing.assert_allclose(file["heat_flux_y"][inner], -3.0 * 100, rtol=1e-12)


def test_compressed_snapshots_hold_the_same_values(tmp_path):
    case = basic_case(output={"snapshots": {"every": 10}})
    plain = run(tmp_path, case, "--quiet", output="plain", ranks=2)
    packed = run(tmp_path, tmp_path / "case.yaml", "--quiet", "--set", "output.compression=deflate", output="packed", ranks=2)
    assert plain.code == packed.code == 0, plain.err + packed.err
    assert np.array_equal(plain.field(), packed.field())
    with h5py.File(packed.snapshots()[-1]) as file:
        assert file["temperature"].compression == "gzip"


# ---- xarray -----------------------------------------------------------------------------------------------


@pytest.fixture(params=["netcdf4", "h5netcdf"])
def engine(request) -> str:
    pytest.importorskip({"netcdf4": "netCDF4"}.get(request.param, request.param))
    return request.param


def test_xarray_opens_a_snapshot_with_labelled_dimensions(either, engine):
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(either.directory / "snapshot_000004.h5", engine=engine) as data:
        assert set(data.data_vars) == set(FIELDS) and data.temperature.dims == ("y", "x")
        np.testing.assert_allclose(data.x, axis(X, NX), rtol=0, atol=1e-14)
        np.testing.assert_allclose(data.y, axis(Y, NY), rtol=0, atol=1e-14)
        np.testing.assert_array_equal(data.temperature, either.field(4))
        assert data.time.dims == () and float(data.time) == data.attrs["time"] and data.time.attrs["units"] == "s"
        corner = data.temperature.sel(x=X[1], y=Y[0], method="nearest")
        assert float(corner) == either.field(4)[0, NX - 1]


def test_xarray_joins_the_series_along_the_time(either, engine):
    """The files need neither a conversion nor a function that prepares them."""
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("dask")
    with xarray.open_mfdataset(either.snapshots(), engine=engine, combine="nested", concat_dim="time") as data:
        assert data.temperature.dims == ("time", "y", "x") and data.time.dtype == np.dtype("f8")
        np.testing.assert_allclose(data.time, list(TIMES.values()), rtol=1e-15)
        for number, step in enumerate(TIMES):
            np.testing.assert_array_equal(data.temperature[number], either.field(step))
        np.testing.assert_array_equal(data.temperature.sel(time=0.004, method="nearest"), either.field(4))


# ---- XDMF, read by its specification --------------------------------------------------------------------


def item(element, folder: Path) -> np.ndarray:
    """Return the array of a DataItem, whose file name is relative to the XDMF file."""
    assert element.get("Format") == "HDF"
    file, path = element.text.strip().split(":")
    with h5py.File(folder / file) as data:
        values = data[path][...]
    assert values.shape == tuple(int(n) for n in element.get("Dimensions").split()), "Dimensions differ from the dataset's"
    kind = {"Float": "f", "Int": "i"}[element.get("NumberType")]
    assert (values.dtype.kind, values.dtype.itemsize) == (kind, int(element.get("Precision"))), "the type differs from the dataset's"
    return values


def grids(outcome: Outcome) -> list:
    collection = ElementTree.parse(outcome.directory / "snapshots.xdmf").getroot().find("Domain/Grid")
    assert (collection.get("GridType"), collection.get("CollectionType")) == ("Collection", "Temporal")
    assert collection.get("Name") == "a <small> case & more"
    return collection.findall("Grid")


def test_xdmf_lists_every_snapshot_with_its_time(outcome):
    times = [float(grid.find("Time").get("Value")) for grid in grids(outcome)]
    # With 17 digits they are the numbers of the files bit for bit.
    files = [h5py.File(path)["/"].attrs["time"] for path in outcome.snapshots()]
    assert times == files
    assert times == pytest.approx(list(TIMES.values()), rel=1e-15)


def test_xdmf_describes_the_grid_the_right_way_up(outcome):
    for grid in grids(outcome):
        assert grid.find("Topology").get("TopologyType") == "2DRectMesh"
        assert grid.find("Topology").get("Dimensions").split() == [str(NY + 1), str(NX + 1)], "nodes, slowest first"
        assert grid.find("Geometry").get("GeometryType") == "VXVY"
        x, y = (item(element, outcome.directory) for element in grid.findall("Geometry/DataItem"))
        np.testing.assert_allclose(x, edges(X, NX), atol=1e-14)
        np.testing.assert_allclose(y, edges(Y, NY), atol=1e-14)


def test_xdmf_names_every_field(outcome):
    for grid, step in zip(grids(outcome), TIMES):
        found = {a.get("Name"): a for a in grid.findall("Attribute")}
        assert set(found) == set(FIELDS)
        for name, attribute in found.items():
            assert attribute.get("Center") == "Cell" and attribute.get("AttributeType") == "Scalar"
            values = item(attribute.find("DataItem"), outcome.directory)
            np.testing.assert_array_equal(values, outcome.field(step, name))


def test_xdmf_has_no_absolute_path(outcome):
    assert str(outcome.directory) not in (outcome.directory / "snapshots.xdmf").read_text()


# ---- VTK ------------------------------------------------------------------------------------------------


def check_rectilinear(grid, values: np.ndarray, x: np.ndarray, y: np.ndarray, expected: np.ndarray) -> None:
    assert grid.GetClassName() == "vtkRectilinearGrid", grid.GetClassName()
    np.testing.assert_allclose(x, edges(X, NX), atol=1e-14)
    np.testing.assert_allclose(y, edges(Y, NY), atol=1e-14)
    np.testing.assert_array_equal(values.reshape(NY, NX), expected)  # in VTK x is fastest


@pytest.mark.parametrize("step", [0, 5])
def test_vtk_opens_a_snapshot_by_its_cf_attributes(either, tmp_path, monkeypatch, step):
    """VTK uses the netCDF library, which reads the file as netCDF-4; values are at the cell centres."""
    reader_module = pytest.importorskip("vtkmodules.vtkIONetCDF")
    from vtkmodules.util.numpy_support import vtk_to_numpy

    monkeypatch.chdir(tmp_path)
    reader = reader_module.vtkNetCDFCFReader()
    reader.SetFileName(str(either.directory / f"snapshot_{step:06d}.h5"))
    reader.SphericalCoordinatesOff()
    reader.Update()
    grid = reader.GetOutputDataObject(0)
    assert grid.GetDimensions() == (NX, NY, 1), grid.GetDimensions()
    x, y = axis(X, NX), axis(Y, NY)
    np.testing.assert_allclose(grid.GetBounds(), [x[0], x[-1], y[0], y[-1], 0, 0], atol=1e-14)
    values = vtk_to_numpy(grid.GetPointData().GetArray("temperature")).reshape(NY, NX)
    np.testing.assert_array_equal(values, either.field(step))


def xdmf_reader():
    for module, name in (("vtkIOXdmf2", "vtkXdmfReader"), ("vtkIOXdmf3", "vtkXdmf3Reader")):
        try:
            return getattr(__import__(f"vtkmodules.{module}", fromlist=[name]), name)()
        except ImportError:
            continue
    pytest.skip("this VTK is built without XDMF (Debian's is)")


def test_vtk_opens_the_xdmf_from_another_folder(outcome, tmp_path, monkeypatch):
    reader = xdmf_reader()
    from vtkmodules.util.numpy_support import vtk_to_numpy
    from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline as pipeline

    monkeypatch.chdir(tmp_path)
    reader.SetFileName(str(outcome.directory / "snapshots.xdmf"))
    reader.UpdateInformation()
    times = reader.GetOutputInformation(0).Get(pipeline.TIME_STEPS())
    assert list(times) == pytest.approx(list(TIMES.values()), rel=1e-15)
    reader.UpdateTimeStep(times[-1])
    grid = reader.GetOutputDataObject(0)
    while grid.IsA("vtkMultiBlockDataSet"):
        grid = grid.GetBlock(0)
    check_rectilinear(grid, vtk_to_numpy(grid.GetCellData().GetArray("temperature")),
                      vtk_to_numpy(grid.GetXCoordinates()), vtk_to_numpy(grid.GetYCoordinates()), outcome.field(5))


# servermanager.Fetch is not used, because in ParaView 5.11 it returns overwritten coordinates.
PARAVIEW = """
import sys
import numpy
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
kind, path, seen = sys.argv[1:]
reader = simple.XDMFReader(FileNames=[path]) if kind == "XDMFReader" else getattr(simple, kind)(FileName=[path])
times = list(reader.TimestepValues)
fields = []
for time in times:
    reader.UpdatePipeline(time)
    grid = reader.GetClientSideObject().GetOutputDataObject(0)
    while grid.IsA("vtkMultiBlockDataSet"):
        grid = grid.GetBlock(0)
    fields.append(vtk_to_numpy(grid.GetCellData().GetArray("temperature")).copy())
numpy.savez(seen, times=times, bounds=grid.GetBounds(), x=vtk_to_numpy(grid.GetXCoordinates()),
            y=vtk_to_numpy(grid.GetYCoordinates()), temperature=fields)
"""


@pytest.mark.skipif(shutil.which("pvpython") is None, reason="ParaView is not installed")
@pytest.mark.parametrize("kind", ["XDMFReader", "Xdmf3ReaderS", "Xdmf3ReaderT"])
def test_paraview_opens_the_xdmf_from_another_folder(either, tmp_path, kind):
    (tmp_path / "look.py").write_text(PARAVIEW)
    done = subprocess.run(["timeout", "-k", "5", "120", "pvpython", "look.py", kind,
                           str(either.directory / "snapshots.xdmf"), "seen.npz"], cwd=tmp_path,
                          env=dict(os.environ, QT_QPA_PLATFORM="offscreen"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen = np.load(tmp_path / "seen.npz")
    assert list(seen["times"]) == pytest.approx(list(TIMES.values()), rel=1e-15)
    np.testing.assert_allclose(seen["bounds"], [*X, *Y, 0, 0], atol=1e-14)
    np.testing.assert_allclose(seen["x"], edges(X, NX), atol=1e-14)
    np.testing.assert_allclose(seen["y"], edges(Y, NY), atol=1e-14)
    for step, seen_field in zip(TIMES, seen["temperature"], strict=True):
        np.testing.assert_array_equal(seen_field.reshape(NY, NX), either.field(step))

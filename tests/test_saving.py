"""Results with named axes, and results in files: what comes back is what was saved, bit for bit."""

import dataclasses
import importlib.util
import json
import os
import pathlib
import sys

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

import jaxcollapse as jc
from jaxcollapse import named_axes, saving
from jaxcollapse.engine import simulation
from jaxcollapse.reporting import plotting
from jaxcollapse.reporting.report_results import Curve

KEY = jax.random.key(5)
PROCESS = jc.recursive_training(jc.languages.zipf(12), jc.FullySynthetic(n=6))


def table(view):
    """Two axes of its own, and NaN for the truth."""
    return jnp.outer(jnp.arange(2.0), jnp.ones(3)) + jnp.where(view.counts is None, jnp.nan, 0)


RECORD = ("support", "heterozygosity", "entropy", "spectrum", "winner", "collapsed", table)
PROVENANCE = json.dumps({"seed": 5, "language": "größer"}, ensure_ascii=False)


@pytest.fixture(scope="module")
def trace():
    return jc.simulate(KEY, PROCESS, chains=5, generations=12, record=RECORD, every=3)


@pytest.fixture(scope="module")
def summary():
    return jc.summarize(KEY, PROCESS, chains=50, generations=4, record=("support", "spectrum"), every=2)


@pytest.fixture
def no_simulation(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("simulated again")

    for name in ("_simulate", "_start", "_advance"):
        monkeypatch.setattr(simulation, name, refuse)


def same(one, other):
    one, other = np.asarray(one), np.asarray(other)
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def saved(result, folder):
    saving.save(result, folder / "result.nc")
    assert os.listdir(folder) == ["result.nc"]
    return saving.load(str(folder / "result.nc"))


def with_provenance(result, text=PROVENANCE):
    if isinstance(result, jc.Trace):
        return dataclasses.replace(result, provenance=text)
    return jc.Summary({name: result[name] for name in result}, result.chains, result.every, provenance=text)


# Round trips.


def test_a_trace_comes_back_bit_for_bit(trace, tmp_path):
    found = saved(trace, tmp_path)
    assert isinstance(found, jc.Trace)
    assert list(found) == list(trace)
    assert {found[name].dtype.name for name in found} == {"bool", "int32", "float32"}
    assert np.isnan(found["table"]).any()
    for name in trace:
        assert type(found[name]) is np.ndarray
        assert same(found[name], trace[name]), name
    assert same(found.status, trace.status)
    assert found.every == 3
    assert found.generation.tolist() == [0, 3, 6, 9, 12]
    assert found.provenance == trace.provenance == ""


def test_unusual_values_keep_their_bits(tmp_path):
    """Several NaN, both zeros, the least numbers, every type that netCDF or its writer knows; axes of no length."""
    floats = np.array([0x7FC00001, 0xFFC12345, 0x80000000, 1, 0x7F800000, 0x7F800001], np.uint32).view(np.float32)
    values = {"floats": floats.reshape(2, 3), "none": np.zeros((2, 3, 0), np.int32)}
    values |= {f"of_{kind}": np.array([[0, 1, 2]] * 2).astype(kind) for kind in ("u1", "i8", "f2", "f8", "c8", "?")}
    trace = jc.Trace(values, np.array([0, 2], np.int32))
    found = saved(trace, tmp_path)
    assert list(found) == list(values)
    assert all(same(found[name], values[name]) for name in values)
    assert same(found.status, trace.status)


def test_a_file_that_another_program_wrote_anew_keeps_its_bits(tmp_path):
    """Others declare values that stand for nothing; here they stand for themselves."""
    values = {"floats": np.array([[0x7FC00001, 0xFFC12345]], np.uint32).view(np.float32), "winner": np.array([[-1, 3]])}
    trace = jc.Trace(values, np.zeros(1, np.int32))
    saving.save(trace, tmp_path / "run.nc")
    with h5py.File(tmp_path / "run.nc") as file:
        assert not any("_FillValue" in file[name].attrs for name in values)
    anew = saving.to_xarray(trace).assign_attrs(format="jaxcollapse 1")
    anew.to_netcdf(tmp_path / "anew.nc", engine="h5netcdf", encoding={"winner": {"_FillValue": -1}})
    with h5py.File(tmp_path / "anew.nc") as file:
        assert all("_FillValue" in file[name].attrs for name in values)
    found = saving.load(tmp_path / "anew.nc")
    assert all(same(found[name], values[name]) for name in values)


def test_bad_inputs_stay_bad(tmp_path):
    @jax.jit
    def simulate(n):
        process = jc.recursive_training(jc.languages.zipf(12), jc.FullySynthetic(n=n, capacity=8))
        return jc.simulate(KEY, process, chains=2, generations=2)

    trace = simulate(jnp.int32(9))
    found = saved(trace, tmp_path)
    assert np.isnan(found["heterozygosity"]).all()
    assert all(same(found[name], trace[name]) for name in trace)
    with pytest.raises(ValueError, match="2 of 2 chains had bad inputs"):
        found.check()


@pytest.mark.parametrize("levels", [(), (0.1, 0.5)], ids=["without quantiles", "with quantiles"])
def test_a_summary_comes_back_bit_for_bit(levels, tmp_path):
    summary = jc.summarize(
        KEY, PROCESS, chains=50, generations=4, record=("support", "spectrum"), every=2, levels=levels
    )
    found = saved(summary, tmp_path)
    assert isinstance(found, jc.Summary)
    assert (found.chains, found.every, list(found)) == (50, 2, list(summary))
    assert found.provenance == summary.provenance
    for name in summary:
        assert isinstance(found[name], jc.analysis.Ensemble)
        assert found[name].quantiles.shape[0] == len(levels)
        for field, value in summary[name]._asdict().items():
            assert same(getattr(found[name], field), value), (name, field)
            assert type(getattr(found[name], field)) is type(value), (name, field)


def test_one_chain_has_no_standard_error_afterwards_either(tmp_path):
    summary = jc.summarize(KEY, PROCESS, chains=1, generations=2, record="support", levels=())
    found = saved(summary, tmp_path)
    assert np.isnan(found["support"].standard_error).all()
    assert same(found["support"].standard_error, summary["support"].standard_error)


@pytest.mark.parametrize("kind", ["trace", "summary"])
def test_long_names_and_units_come_back(kind, tmp_path, request):
    """What a file says of its variables is what the loaded result says, and the next file says it again."""
    result = request.getfixturevalue(kind)
    found = saved(result, tmp_path)
    assert sorted(found.described) == sorted(result.described)
    assert ("spectrum", "tokens counted once, twice, ... 10 times", "counts") in found.described
    xr.testing.assert_identical(found.to_xarray(), result.to_xarray())


def test_a_file_that_describes_nothing_is_loaded(trace, tmp_path):
    data = saving.to_xarray(trace).assign_attrs(format="jaxcollapse 1")
    for variable in data.data_vars.values():
        variable.attrs.clear()
    data.to_netcdf(tmp_path / "bare.nc", engine="h5netcdf")
    found = saving.load(tmp_path / "bare.nc")
    assert set(found.described) == {(name, name, "") for name in trace}
    assert all(same(found[name], trace[name]) for name in trace)


@pytest.mark.parametrize("kind", ["trace", "summary"])
def test_provenance_comes_back(kind, tmp_path, request):
    result = with_provenance(request.getfixturevalue(kind))
    assert saving.to_xarray(result).attrs["provenance"] == PROVENANCE
    assert saved(result, tmp_path).provenance == PROVENANCE


def test_long_provenance_comes_back(summary, tmp_path):
    """Longer than the 64 KiB that older HDF5 gave an attribute."""
    long = json.dumps(list(range(50_000)))
    assert saved(with_provenance(summary, long), tmp_path).provenance == long


def test_large_arrays_are_compressed_without_loss(tmp_path):
    counts = np.arange(3 * 200_000, dtype=np.int32).reshape(3, -1) % 7
    trace = jc.Trace({"large": counts, "small": counts[:, :1].repeat(200_000, 1) > 0}, np.zeros(3, np.int32))
    found = saved(trace, tmp_path)
    assert all(same(found[name], trace[name]) for name in trace)
    with h5py.File(tmp_path / "result.nc") as file:
        large, small = file["large"], file["small"]
        assert (large.compression, large.compression_opts, large.shuffle) == ("gzip", 4, True)
        assert small.compression is None
        assert small.dtype == np.int8


def test_a_loaded_result_is_analysed_and_drawn_without_simulating(trace, summary, tmp_path, no_simulation):
    loaded = saved(trace, tmp_path)
    with pytest.raises(AssertionError, match="simulated again"):
        jc.simulate(KEY, PROCESS, chains=2, generations=2)
    for name in ("support", "spectrum"):
        expected = jc.analysis.ensemble(trace, name)
        curve = jc.analysis.ensemble(loaded, name)
        assert all(same(*pair) for pair in zip(curve, expected, strict=True))
    summarised = saved(summary, tmp_path)["support"]
    for curve in (jc.analysis.ensemble(loaded, "support"), summarised):
        axes = Figure().subplots()
        plotting.draw_curve(axes, Curve(curve, None, ""), "loaded", "fully-synthetic", 0, 0.2, 0, 1)
        (line,) = axes.get_lines()
        np.testing.assert_array_equal(line.get_xdata(), curve.generation)
        np.testing.assert_array_equal(line.get_ydata(), curve.mean)


def test_a_file_is_replaced(trace, summary, tmp_path):
    assert isinstance(saved(trace, tmp_path), jc.Trace)
    assert isinstance(saved(summary, tmp_path), jc.Summary)


def test_other_programs_read_the_file(trace, tmp_path):
    """With the defaults of xarray, which look for fill values and times."""
    saving.save(trace, tmp_path / "run.nc")
    with xr.open_dataset(tmp_path / "run.nc", engine="h5netcdf") as file:
        expected = saving.to_xarray(trace)
        xr.testing.assert_identical(file.load().drop_attrs(), expected.drop_attrs())
        assert file["collapsed"].dtype == bool
        assert file["support"].attrs == expected["support"].attrs
        assert file.attrs == expected.attrs | {"format": "jaxcollapse 1"}


# Named axes.


def test_axes_and_attributes_of_a_trace(trace):
    found = saving.to_xarray(trace)
    assert found["support"].dims == found["collapsed"].dims == ("chain", "generation")
    assert found["spectrum"].dims == ("chain", "generation", "spectrum_0")
    assert found["table"].dims == ("chain", "generation", "table_0", "table_1")
    assert found["status"].dims == ("chain",)
    assert found["chain"].values.tolist() == [0, 1, 2, 3, 4]
    assert found["generation"].values.tolist() == [0, 3, 6, 9, 12]
    assert set(found.data_vars) == {*trace, "status"}
    assert all(same(found[name], trace[name]) for name in trace)
    units = {name: of.units for name, of in found.data_vars.items() if "units" in of.attrs}
    assert units == {"support": "tokens", "entropy": "nats", "spectrum": "counts"}
    assert found.attrs == {"kind": "trace", "every": 3, "provenance": ""}


def test_axes_and_attributes_of_a_summary(summary):
    found = saving.to_xarray(summary)
    assert {name: of.dims for name, of in found.data_vars.items()} == {
        "support_mean": ("generation",),
        "support_standard_error": ("generation",),
        "support_quantiles": ("level", "generation"),
        "spectrum_mean": ("generation", "spectrum_0"),
        "spectrum_standard_error": ("generation", "spectrum_0"),
        "spectrum_quantiles": ("level", "generation", "spectrum_0"),
    }
    assert found["level"].values.tolist() == [0.05, 0.25, 0.5, 0.75, 0.95]
    assert found["generation"].values.tolist() == [0, 2, 4]
    assert {of.units for name, of in found.data_vars.items() if "support" in name} == {"tokens"}
    assert found["support_mean"].long_name == "mean of tokens that the model can still write"
    assert [found.attrs[name] for name in ("kind", "chains", "every")] == ["summary", 50, 2]


def test_chains_have_the_numbers_they_were_simulated_with(trace):
    assert saving.to_xarray(trace, numbers=[7, 8, 9, 3, 2])["chain"].values.tolist() == [7, 8, 9, 3, 2]
    with pytest.raises(ValueError, match=r"one for each of 5, got shape \(2,\)"):
        saving.to_xarray(trace, numbers=[7, 8])


def test_an_axis_is_never_named_as_a_statistic_is(tmp_path):
    """``trajectory(5)`` has an axis that would be called as ``trajectory(5, 0)`` is."""
    values = {"trajectory_5": np.ones((2, 3, 1)), "trajectory_5_0": np.zeros((2, 3, 2))}
    trace = jc.Trace(values, np.zeros(2, np.int32))
    assert saving.to_xarray(trace)["trajectory_5"].dims[2] == "trajectory_5_0_"
    found = saved(trace, tmp_path)
    assert list(found) == list(values)
    assert all(same(found[name], values[name]) for name in values)


# What cannot be saved.


def test_a_sweep_is_refused(tmp_path):
    sweep = jax.vmap(lambda key: jc.simulate(key, PROCESS, chains=3, generations=2, record="support"))
    trace = sweep(jax.random.split(KEY, 4))
    with pytest.raises(ValueError, match=r"trace holds a sweep of shape \(4,\); take one: jax.tree.map"):
        saving.save(trace, tmp_path / "run.nc")
    assert os.listdir(tmp_path) == []
    assert saved(jax.tree.map(lambda x: x[0], trace), tmp_path).chains == 3


@pytest.mark.parametrize("name", ["chain", "generation", "status"])
def test_a_statistic_with_the_name_of_an_axis_is_refused(name):
    with pytest.raises(ValueError, match=f"a statistic cannot be named '{name}' here; record it under another name"):
        saving.to_xarray(jc.Trace({name: np.zeros((2, 3))}, np.zeros(2, np.int32)))


@pytest.mark.parametrize(
    ("name", "dtype", "message"),
    [("a/b", np.float32, "cannot hold the name 'a/b'"), ("x", jnp.bfloat16, "cannot hold bfloat16, the type of 'x'")],
)
def test_what_netcdf_does_not_know_is_refused(name, dtype, message, tmp_path):
    trace = jc.Trace({name: np.zeros((2, 3), dtype)}, np.zeros(2, np.int32))
    with pytest.raises(ValueError, match=message):
        saving.save(trace, tmp_path / "run.nc")
    assert os.listdir(tmp_path) == []


def test_other_things_are_refused(summary, tmp_path):
    with pytest.raises(TypeError, match="result must be a Trace or a Summary, got dict"):
        saving.save({"support": [1]}, tmp_path / "run.nc")
    with pytest.raises(ValueError, match="a summary has none"):
        saving.to_xarray(summary, numbers=[1])


def test_a_summary_put_together_from_two_is_refused(summary):
    longer = summary["support"]._replace(generation=np.array([0, 3, 6]))
    mixed = jc.Summary({"spectrum": summary["spectrum"], "support": longer}, 50, 2)
    with pytest.raises(ValueError, match="levels of 'support' are not those of the rest"):
        saving.to_xarray(mixed)


# Files.


def test_a_folder_that_is_not_there(trace, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cannot write .*run\.nc: there is no folder .*missing"):
        saving.save(trace, tmp_path / "missing" / "run.nc")
    with pytest.raises(IsADirectoryError, match="it is a folder"):
        saving.save(trace, tmp_path)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(trace, tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match=r"cannot write .*run\.nc: the folder .* may not be written to$"):
            saving.save(trace, tmp_path / "run.nc")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("fails", ["in the middle", "at the end"])
def test_a_write_that_fails_leaves_what_was_there(fails, trace, summary, tmp_path, monkeypatch):
    path = tmp_path / "run.nc"
    saving.save(summary, path)
    before = path.read_bytes()
    write, began = xr.Dataset.to_netcdf, []

    def fail(*_):
        raise OSError("no space left")

    def write_and_fail(self, path, **options):
        write(self, path, **options)
        began.append(sorted(os.listdir(tmp_path)))
        fail()

    if fails == "in the middle":
        monkeypatch.setattr(xr.Dataset, "to_netcdf", write_and_fail)
    else:
        monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        saving.save(trace, path)
    assert all(len(names) == 2 for names in began), "written in the same folder, under another name"
    assert os.listdir(tmp_path) == ["run.nc"]
    assert path.read_bytes() == before


def test_a_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"cannot load .*run\.nc: there is no such file"):
        saving.load(tmp_path / "run.nc")


def test_a_truncated_file(trace, tmp_path):
    path = tmp_path / "run.nc"
    saving.save(trace, path)
    whole = path.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"cannot load .*run\.nc: it is not a netCDF file, or is damaged \(.+\)$"):
            saving.load(path)
    path.write_bytes(whole)
    assert saving.load(path).chains == 5


@pytest.mark.parametrize("content", [b"generation,support\n0,12\n", bytes(4096)], ids=["text", "zeros"])
def test_a_file_of_another_kind(content, tmp_path):
    path = tmp_path / "curves.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"cannot load .*curves\.csv: it is not a netCDF file, or is damaged"):
        saving.load(path)
    with pytest.raises(ValueError, match="it is not a netCDF file"):
        saving.load(tmp_path)


@pytest.mark.parametrize("attributes", [{}, {"kind": "trace", "every": 1}, {"format": "wind 1"}, {"format": 1}])
def test_a_netcdf_file_of_something_else(attributes, tmp_path):
    path = tmp_path / "wind.nc"
    data = xr.Dataset({"wind": ("chain", np.ones(3))}, attrs=attributes)
    data.to_netcdf(path, engine="h5netcdf")
    with pytest.raises(ValueError, match=r"cannot load .*wind\.nc: it is a netCDF file that jaxcollapse did not save$"):
        saving.load(path)


def test_a_file_of_another_format(trace, tmp_path):
    path = tmp_path / "run.nc"
    saving.to_xarray(trace).assign_attrs(format="jaxcollapse 2").to_netcdf(path, engine="h5netcdf")
    with pytest.raises(ValueError, match=r"run\.nc: its format is 'jaxcollapse 2', and this version reads"):
        saving.load(path)


@pytest.mark.parametrize("without", ["status", "every"])
def test_a_file_that_lacks_something(without, trace, tmp_path):
    path = tmp_path / "run.nc"
    data = saving.to_xarray(trace).assign_attrs(format="jaxcollapse 1")
    data.attrs.pop(without, None)
    data.drop_vars(without, errors="ignore").to_netcdf(path, engine="h5netcdf")
    with pytest.raises(ValueError, match=rf"run\.nc: it is damaged, for .*{without}"):
        saving.load(path)


@pytest.mark.parametrize("package", ["xarray", "h5netcdf", "h5py"])
def test_without_the_extra(package, trace, tmp_path, monkeypatch):
    saving.save(trace, tmp_path / "run.nc")
    monkeypatch.setitem(sys.modules, package, None)
    for use in (lambda: saving.save(trace, tmp_path / "other.nc"), lambda: saving.load(tmp_path / "run.nc")):
        with pytest.raises(ImportError, match=rf"need the package {package}: pip install 'jaxcollapse\[results\]'"):
            use()


def test_nothing_is_imported_before_it_is_needed(monkeypatch):
    for package in ("xarray", "h5netcdf", "h5py"):
        monkeypatch.setitem(sys.modules, package, None)
    for module in (saving, named_axes):
        specification = importlib.util.spec_from_file_location("fresh", pathlib.Path(module.__file__))
        fresh = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(fresh)
        assert fresh.__doc__ == module.__doc__

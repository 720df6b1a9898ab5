"""Results in files (netCDF) and with named axes (xarray), so that nothing need be simulated twice."""

from __future__ import annotations

import os
import pathlib
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxcollapse.analysis import Ensemble
from jaxcollapse.named_axes import SUMMARY_VARIABLES, description, packages
from jaxcollapse.results import Summary, Trace

if TYPE_CHECKING:
    import xarray

FORMAT = "jaxcollapse 1"
"""The attribute ``format`` of the files that :func:`save` writes."""
LARGE = 2**20
"""The number of bytes above which an array is compressed."""
PACKAGES = ("xarray", "h5netcdf", "h5py")
"""The packages of the extra ``results``, which files need."""


def to_xarray(result: Trace | Summary, *, numbers: Any = None) -> xarray.Dataset:
    """Return a result as a dataset with named axes.

    The dataset of a trace has a variable for each statistic, ``(chain, generation, <name>_0, ...)``, and ``status``,
    ``(chain)``. That of a summary has, for each statistic, ``<name>_mean`` and ``<name>_standard_error``,
    ``(generation, ...)``, and ``<name>_quantiles``, ``(level, generation, ...)``. Variables have a ``long_name`` and,
    where there are any, ``units`` (nats, tokens, counts). Attributes are ``kind`` (``"trace"`` or ``"summary"``),
    ``every``, ``provenance`` (JSON text, or empty) and, for a summary, ``chains``.

    Args:
      result: a result of :func:`~jaxcollapse.simulate`, :func:`~jaxcollapse.run` or :func:`~jaxcollapse.summarize`.
      numbers: the numbers of the chains of a trace, ``int [chains]``, where they are not ``0, 1, ...``.

    Returns:
      An ``xarray.Dataset`` with NumPy arrays.

    Raises:
      ImportError: without the extra ``results``.
      TypeError: when the result is something else.
      ValueError: when the trace holds a sweep, a statistic has the name of an axis, or numbers do not fit.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=8))
      >>> data = to_xarray(jc.simulate(jax.random.key(0), process, chains=3, generations=4, record="support"))
      >>> data["support"].dims, data["support"].sel(generation=0).values.tolist(), data["support"].units
      (('chain', 'generation'), [2, 2, 2], 'tokens')
    """
    if isinstance(result, Trace):
        return result.to_xarray(numbers=numbers)
    if not isinstance(result, Summary):
        raise TypeError(f"result must be a Trace or a Summary, got {type(result).__name__}")
    if numbers is not None:
        raise ValueError("numbers belong to the chains of a trace; a summary has none, so leave them out")
    return result.to_xarray()


def save(result: Trace | Summary, path: str | os.PathLike[str]) -> None:
    """Write a result to a netCDF file, all of it or nothing.

    The file is written beside ``path`` under another name and then takes its place. Arrays above one MiB are
    compressed without loss. Any program that reads netCDF can read the file; it holds what :func:`to_xarray` gives.

    Args:
      result: a result of :func:`~jaxcollapse.simulate`, :func:`~jaxcollapse.run` or :func:`~jaxcollapse.summarize`.
      path: the path of the file; a file that exists is replaced.

    Raises:
      ImportError: without the extra ``results``.
      FileNotFoundError, IsADirectoryError, PermissionError: when there can be no file at ``path``.
      TypeError, ValueError: as :func:`to_xarray`; and for names and types of numbers that netCDF does not know.

    Example:
      >>> import pathlib, tempfile, jax, jaxcollapse as jc
      >>> path = pathlib.Path(tempfile.mkdtemp()) / "run.nc"
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=8))
      >>> save(jc.simulate(jax.random.key(0), process, chains=3, generations=4), path)
      >>> load(path)["support"].shape
      (3, 5)
    """
    check_packages()
    path = pathlib.Path(path)
    dataset = to_xarray(result).assign_attrs(format=FORMAT)
    for name, variable in dataset.variables.items():
        if "/" in str(name):
            raise ValueError(f"a netCDF file cannot hold the name {name!r}; record the statistic under one without '/'")
        if variable.dtype.kind not in "biufc":
            raise ValueError(f"a netCDF file cannot hold {variable.dtype}, the type of {name!r}; record it as float32")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise IsADirectoryError(f"cannot write {path}: it is a folder; name a file in it")
    # No fill value: NaN is a value like any other, with its bits.
    encoding: dict[Any, dict[str, Any]] = {name: {"_FillValue": None} for name in dataset.variables}
    for name, variable in dataset.variables.items():
        if variable.nbytes > LARGE:
            encoding[name] |= {"zlib": True, "complevel": 4, "shuffle": True}
    temporary = path.parent / f".{uuid.uuid4().hex}.tmp"
    try:
        dataset.to_netcdf(temporary, engine="h5netcdf", encoding=encoding)
        os.replace(temporary, path)
    except PermissionError:
        raise PermissionError(f"cannot write {path}: the folder {path.parent} may not be written to") from None
    finally:
        temporary.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> Trace | Summary:
    """Return the result that :func:`save` wrote: the same values, bit for bit, as NumPy arrays.

    Args:
      path: the path of the file.

    Returns:
      A :class:`~jaxcollapse.Trace` or a :class:`~jaxcollapse.Summary`, whichever was saved.

    Raises:
      ImportError: without the extra ``results``.
      FileNotFoundError, PermissionError: when there is no file at ``path``, or it may not be read.
      ValueError: when the file is of another kind, or is damaged.

    Example:
      >>> import pathlib, tempfile, jax, jaxcollapse as jc
      >>> path = pathlib.Path(tempfile.mkdtemp()) / "summary.nc"
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=8))
      >>> save(jc.summarize(jax.random.key(0), process, chains=100, generations=2, record="support"), path)
      >>> load(path)["support"].quantiles.shape
      (5, 3)
    """
    xr, *_ = packages(*PACKAGES)
    path = pathlib.Path(path)
    if not path.exists():
        raise FileNotFoundError(f"cannot load {path}: there is no such file")
    raw = {"mask_and_scale": False, "decode_times": False, "decode_timedelta": False}
    try:
        with xr.open_dataset(path, engine="h5netcdf", **raw) as file:
            dataset = file.load()
    except MemoryError:
        raise
    except PermissionError:
        raise PermissionError(f"cannot load {path}: the file may not be read") from None
    except Exception as error:
        raise ValueError(
            f"cannot load {path}: it is not a netCDF file, or is damaged ({_first_line(error)})"
        ) from error
    found = dataset.attrs.get("format")
    if not isinstance(found, str) or not found.startswith("jaxcollapse "):
        raise ValueError(f"cannot load {path}: it is a netCDF file that jaxcollapse did not save")
    if found != FORMAT:
        raise ValueError(f"cannot load {path}: its format is {found!r}, and this version reads {FORMAT!r} only")
    try:
        return _trace(dataset) if dataset.attrs["kind"] == "trace" else _summary(dataset)
    except KeyError as error:
        raise ValueError(f"cannot load {path}: it is damaged, for {_first_line(error)} is missing") from error


def check_packages() -> None:
    """Refuse to go on without the packages that files need, so that a long run need not end without its file.

    Raises:
      ImportError: without the extra ``results``.

    Example:
      >>> check_packages()
    """
    packages(*PACKAGES)


def _first_line(error: Exception) -> str:
    """Return the first line of an error's message, or the name of its type when it has no message."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _trace(dataset: xarray.Dataset) -> Trace:
    """Make the trace that a loaded dataset holds."""
    values: Any = {str(name): np.asarray(of) for name, of in dataset.data_vars.items() if name != "status"}
    status: Any = np.asarray(dataset["status"])
    described = tuple(description(name, dataset[name].attrs) for name in values)
    return Trace(values, status, int(dataset.attrs["every"]), dataset.attrs["provenance"], described)


def _summary(dataset: xarray.Dataset) -> Summary:
    """Make the summary that a loaded dataset holds."""
    chains, every = (int(dataset.attrs[name]) for name in ("chains", "every"))
    generation, levels = (np.array(dataset[name]) for name in ("generation", "level"))
    ensembles, described = {}, []
    for variable in dataset.data_vars:
        name = str(variable).removesuffix("_mean")
        if name != variable:
            mean, error, quantiles = (np.asarray(dataset[f"{name}_{kind}"]) for kind in SUMMARY_VARIABLES)
            ensembles[name] = Ensemble(generation, mean, error, levels, quantiles, chains)
            described.append(description(name, dataset[variable].attrs, SUMMARY_VARIABLES["mean"]))
    return Summary(ensembles, chains, every, dataset.attrs["provenance"], tuple(described))

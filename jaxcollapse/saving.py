"""Results with named axes (xarray), and results in files (netCDF): what was simulated once need not be again."""

from __future__ import annotations

import importlib
import os
import pathlib
import re
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxcollapse.analysis import Ensemble
from jaxcollapse.results import Summary, Trace

if TYPE_CHECKING:
    import xarray

FORMAT = "jaxcollapse 1"
"""The attribute ``format`` of files that :func:`save` wrote."""
LARGE = 2**20
"""Bytes; larger arrays are compressed."""
OWN = ("chain", "generation", "status")
"""Names that a trace's dataset needs for itself."""
UNITS = {
    **dict.fromkeys(("entropy", "kl_truth"), "nats"),
    **dict.fromkeys(("entropy_rate", "cross_entropy", "own_cross_entropy"), "nats a token"),
    **{"support": "tokens", "spectrum": "counts"},
}
LONG_NAMES = {
    "simpson": "Simpson concentration, sum of p_i^2",
    "heterozygosity": "heterozygosity, sum of p_i (1 - p_i)",
    "max_prob": "largest probability",
    "support": "tokens that the model can still write",
    "entropy": "Shannon entropy",
    "collapsed": "whether the model is a Dirac mass",
    "winner": "token of the Dirac mass, -1 before collapse",
    "l1_truth": "L1 distance from the truth",
    "l2_truth": "squared L2 distance from the truth",
    "kl_truth": "Kullback-Leibler divergence from the truth",
    "l1_first": "L1 distance from generation 1",
    "l2_first": "squared L2 distance from generation 1",
    "tail_mass": "probability of tokens whose true probability is below 0.0001",
    "spectrum": "tokens counted once, twice, ... 10 times",
    "ngrams": "different n-grams of the text",
    "contexts": "different contexts of the text",
    "entropy_rate": "entropy given the context",
    "type_token_ratio": "different tokens over tokens of the text",
    "cross_entropy": "cross-entropy of a held-out text",
    "own_cross_entropy": "cross-entropy of a held-out text, by the model's own probabilities",
}
FAMILIES = {
    "hill": "Hill number of order {}",
    "tail_mass": "probability of tokens whose true probability is below {}",
    "spectrum": "tokens counted once, twice, ... {} times",
    "trajectory": "probability of token {}",
    "band_support": "tokens alive, by true probability between {}",
}
"""Statistics made to measure, whose names end in their numbers: ``hill_2``."""


def to_xarray(result: Trace | Summary, *, numbers: Any = None) -> xarray.Dataset:
    """A result with named axes.

    Of a trace: a variable for each statistic, ``(chain, generation, <name>_0, ...)``, and ``status``, ``(chain)``.
    Of a summary: for each statistic ``<name>_mean`` and ``<name>_standard_error``, ``(generation, ...)``, and
    ``<name>_quantiles``, ``(level, generation, ...)``. Variables have ``long_name`` and, where they have one, ``units``
    (nats, tokens, counts). Attributes are ``kind`` (``"trace"`` or ``"summary"``), ``every``, ``provenance`` (JSON, or
    nothing) and, of a summary, ``chains``.

    Args:
      result: from :func:`~jaxcollapse.simulate` or :func:`~jaxcollapse.summarize`.
      numbers: of the chains of a trace, ``int [chains]``, where they are not ``0, 1, ...``.

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
    (xr,) = _packages("xarray")
    if isinstance(result, Trace):
        variables, coordinates = _of_trace(result, numbers)
        attributes = {"kind": "trace", "every": result.every}
    elif isinstance(result, Summary):
        if numbers is not None:
            raise ValueError("numbers belong to the chains of a trace; a summary has none, so leave them out")
        variables, coordinates = _of_summary(result)
        attributes = {"kind": "summary", "every": result.every, "chains": result.chains}
    else:
        raise TypeError(f"result must be a Trace or a Summary, got {type(result).__name__}")
    return xr.Dataset(variables, coordinates, attributes | {"provenance": result.provenance})


def save(result: Trace | Summary, path: str | os.PathLike[str]) -> None:
    """Write a result to a netCDF file, all of it or nothing.

    The file is written beside ``path`` under another name and then takes its place. Arrays above one MiB are
    compressed without loss. Any program that reads netCDF can read the file; it holds what :func:`to_xarray` gives.

    Args:
      result: from :func:`~jaxcollapse.simulate` or :func:`~jaxcollapse.summarize`.
      path: of the file; one that exists is replaced.

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
    _packages("xarray", "h5netcdf", "h5py")
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
    """What :func:`save` wrote: the same values, bit for bit, as NumPy arrays.

    Args:
      path: of the file.

    Returns:
      A :class:`~jaxcollapse.Trace` or a :class:`~jaxcollapse.Summary`, whichever was saved.

    Raises:
      ImportError: without the extra ``results``.
      FileNotFoundError, PermissionError: when there is no file at ``path``, or it may not be read.
      ValueError: when it is another kind of file, or is damaged.

    Example:
      >>> import pathlib, tempfile, jax, jaxcollapse as jc
      >>> path = pathlib.Path(tempfile.mkdtemp()) / "summary.nc"
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=8))
      >>> save(jc.summarize(jax.random.key(0), process, chains=100, generations=2, record="support"), path)
      >>> load(path)["support"].quantiles.shape
      (5, 3)
    """
    xr, *_ = _packages("xarray", "h5netcdf", "h5py")
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


def _packages(*names: str) -> list[Any]:
    try:
        return [importlib.import_module(name) for name in names]
    except ImportError as error:
        raise ImportError(
            f"results with named axes and in files need the package {error.name}: pip install 'jaxcollapse[results]'"
        ) from None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _of_trace(trace: Trace, numbers: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    if np.ndim(trace.status) != 1:
        shape = np.shape(trace.status)
        raise ValueError(f"trace holds a sweep of shape {shape[:-1]}; take one: jax.tree.map(lambda x: x[0], trace)")
    numbers = np.arange(trace.chains) if numbers is None else np.asarray(numbers)
    if numbers.shape != (trace.chains,):
        raise ValueError(f"numbers must be [chains], one for each of {trace.chains}, got shape {numbers.shape}")
    for name in OWN:
        if name in trace.values:
            raise ValueError(f"a statistic cannot be named {name!r} here; record it under another name")
    variables: dict[str, Any] = {}
    for name in trace:
        values = np.asarray(trace[name])
        dims = ("chain", "generation", *_further(name, values.ndim - 2, trace))
        variables[name] = (dims, values, _described(name))
    status = {"long_name": "what was wrong with the chain's inputs, 0 where nothing was"}
    variables["status"] = ("chain", np.asarray(trace.status), status)
    return variables, {"chain": numbers, "generation": trace.generation}


def _of_summary(summary: Summary) -> tuple[dict[str, Any], dict[str, Any]]:
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {}
    for name in summary:
        one = summary[name]
        own = {"generation": one.generation, "level": one.levels}
        coordinates = coordinates or own
        if one.chains != summary.chains or not all(np.array_equal(own[axis], coordinates[axis]) for axis in own):
            raise ValueError(f"chains, generations and levels of {name!r} are not those of the rest of the summary")
        dims = ("generation", *_further(name, one.mean.ndim - 1, ()))
        variables[f"{name}_mean"] = (dims, one.mean, _described(name, "mean of "))
        variables[f"{name}_standard_error"] = (dims, one.standard_error, _described(name, "standard error of mean of "))
        variables[f"{name}_quantiles"] = (("level", *dims), one.quantiles, _described(name, "quantiles of "))
    return variables, coordinates


def _further(name: str, count: int, taken: Any) -> Iterator[str]:
    """Names for the axes that a statistic has of its own, none of which is the name of another statistic."""
    for k in range(count):
        axis = f"{name}_{k}"
        while axis in taken:
            axis += "_"
        yield axis


def _described(name: str, what: str = "") -> dict[str, str]:
    """Attributes of a variable."""
    if name.startswith("each_"):
        one = _described(name.removeprefix("each_"), what)
        return one | {"long_name": one["long_name"] + ", of each context"}
    made = re.fullmatch(rf"({'|'.join(FAMILIES)})_((?:[-+.\d]|e[-+]|inf|_)+)", name)
    long_name = FAMILIES[made[1]].format(made[2].replace("_", ", ")) if made else LONG_NAMES.get(name, name)
    units = UNITS.get(made[1] if made else name)
    return {"long_name": what + long_name} | ({"units": units} if units else {})


def _trace(dataset: xarray.Dataset) -> Trace:
    values: Any = {str(name): np.asarray(of) for name, of in dataset.data_vars.items() if name != "status"}
    status: Any = np.asarray(dataset["status"])
    return Trace(values, status, int(dataset.attrs["every"]), dataset.attrs["provenance"])


def _summary(dataset: xarray.Dataset) -> Summary:
    chains, every = (int(dataset.attrs[name]) for name in ("chains", "every"))
    generation, levels = (np.array(dataset[name]) for name in ("generation", "level"))
    ensembles = {}
    for variable in dataset.data_vars:
        name = str(variable).removesuffix("_mean")
        if name != variable:
            mean, error, quantiles = (
                np.asarray(dataset[f"{name}_{of}"]) for of in ("mean", "standard_error", "quantiles")
            )
            ensembles[name] = Ensemble(generation, mean, error, levels, quantiles, chains)
    return Summary(ensembles, chains, every, dataset.attrs["provenance"])

"""Named axes: the variables of a result as an ``xarray.Dataset``, with long names and units."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray

Descriptions = tuple[tuple[str, str, str], ...]
"""The name, the long name and the units (empty for none) of each statistic that a result holds."""
OWN_NAMES = ("chain", "generation", "status")
"""The names that the dataset of a trace needs for itself, so that no statistic may have them."""
SUMMARY_VARIABLES = {
    "mean": "mean of ",
    "standard_error": "standard error of mean of ",
    "quantiles": "quantiles of ",
}
"""The variables that a summary has for each statistic, and what comes before the long name of the statistic."""


def packages(*names: str) -> list[Any]:
    """Import the optional packages that results with named axes and in files need.

    Raises:
      ImportError: saying what to install.
    """
    try:
        return [importlib.import_module(name) for name in names]
    except ImportError as error:
        raise ImportError(
            f"results with named axes and in files need the package {error.name}: pip install 'jaxcollapse[results]'"
        ) from None


def dataset_of_chains(
    values: Mapping[str, Any],
    status: Any,
    generation: np.ndarray,
    described: Descriptions,
    attributes: Mapping[str, Any],
    numbers: Any = None,
) -> xarray.Dataset:
    """Name the axes of what was recorded of every chain.

    Args:
      values: the statistics by name, each ``[chains, rows, ...]``.
      status: what was wrong with the inputs of each chain, ``int32 [chains]``.
      generation: the generation of each row, ``[rows]``.
      described: the long names and units of the statistics; one that is not among them is described by its name.
      attributes: the attributes of the dataset, beside ``kind``.
      numbers: the number of each chain, ``int [chains]``; by default ``0, 1, ...``.

    Returns:
      A dataset with a variable for each statistic, ``(chain, generation, <name>_0, ...)``, and ``status``.

    Raises:
      ImportError: without the extra ``results``.
      ValueError: when the values are those of a sweep, a statistic has the name of an axis, or numbers do not fit.
    """
    (xr,) = packages("xarray")
    if np.ndim(status) != 1:
        shape = np.shape(status)
        raise ValueError(f"trace holds a sweep of shape {shape[:-1]}; take one: jax.tree.map(lambda x: x[0], trace)")
    chains = np.shape(status)[0]
    numbers = np.arange(chains) if numbers is None else np.asarray(numbers)
    if numbers.shape != (chains,):
        raise ValueError(f"numbers must be [chains], one for each of {chains}, got shape {numbers.shape}")
    for name in OWN_NAMES:
        if name in values:
            raise ValueError(f"a statistic cannot be named {name!r} here; record it under another name")
    variables: dict[str, Any] = {}
    for name, recorded in values.items():
        array = np.asarray(recorded)
        axes = ("chain", "generation", *_further_axes(name, array.ndim - 2, values))
        variables[name] = (axes, array, _attributes(name, described))
    long_name = {"long_name": "what was wrong with the chain's inputs, 0 where nothing was"}
    variables["status"] = ("chain", np.asarray(status), long_name)
    return xr.Dataset(variables, {"chain": numbers, "generation": generation}, {"kind": "trace", **attributes})


def dataset_of_ensembles(
    ensembles: Mapping[str, Mapping[str, Any]], described: Descriptions, attributes: Mapping[str, Any]
) -> xarray.Dataset:
    """Name the axes of what very many chains have in common.

    Args:
      ensembles: for each statistic its ``mean [rows, ...]``, ``standard_error [rows, ...]``,
        ``quantiles [levels, rows, ...]``, ``generation [rows]``, ``levels [levels]`` and number of ``chains``.
      described: the long names and units of the statistics; one that is not among them is described by its name.
      attributes: the attributes of the dataset, beside ``kind``; the number of ``chains`` among them.

    Returns:
      A dataset with three variables for each statistic: ``<name>_mean`` and ``<name>_standard_error``,
      ``(generation, <name>_0, ...)``, and ``<name>_quantiles``, ``(level, generation, <name>_0, ...)``.

    Raises:
      ImportError: without the extra ``results``.
      ValueError: when chains, generations or levels of the statistics differ.
    """
    (xr,) = packages("xarray")
    variables: dict[str, Any] = {}
    coordinates: dict[str, Any] = {}
    for name, of in ensembles.items():
        own = {"generation": of["generation"], "level": of["levels"]}
        coordinates = coordinates or own
        same = all(np.array_equal(own[axis], coordinates[axis]) for axis in own)
        if of["chains"] != attributes["chains"] or not same:
            raise ValueError(f"chains, generations and levels of {name!r} are not those of the rest of the summary")
        axes = ("generation", *_further_axes(name, of["mean"].ndim - 1, ()))
        for kind, prefix in SUMMARY_VARIABLES.items():
            own_axes = ("level", *axes) if kind == "quantiles" else axes
            variables[f"{name}_{kind}"] = (own_axes, of[kind], _attributes(name, described, prefix))
    return xr.Dataset(variables, coordinates, {"kind": "summary", **attributes})


def description(name: str, attributes: Mapping[str, Any], prefix: str = "") -> tuple[str, str, str]:
    """Read the name, the long name and the units of a statistic back from the attributes of its variable."""
    return name, str(attributes.get("long_name", name)).removeprefix(prefix), str(attributes.get("units", ""))


def _attributes(name: str, described: Descriptions, prefix: str = "") -> dict[str, str]:
    """Make the attributes of a variable: ``long_name``, and ``units`` where the statistic has them."""
    known = {known_name: (long_name, units) for known_name, long_name, units in described}
    long_name, units = known.get(name, (name, ""))
    return {"long_name": prefix + long_name} | ({"units": units} if units else {})


def _further_axes(name: str, count: int, taken: Collection[str]) -> Iterator[str]:
    """Yield names for the axes that a statistic has of its own, none of which is the name of another statistic."""
    for k in range(count):
        axis = f"{name}_{k}"
        while axis in taken:
            axis += "_"
        yield axis

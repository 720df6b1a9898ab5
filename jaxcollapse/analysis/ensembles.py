"""Summaries of recorded chains: mean, standard error and quantiles at each generation, and half-lives of curves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Ensemble(NamedTuple):
    """The mean, its standard error and quantiles over chains, at each recorded generation.

    Attributes:
      generation: the recorded generations, ``0 .. generations`` or every k-th of them, ``[rows]``.
      mean: the mean over chains, ``[rows, ...]``.
      standard_error: the standard error of the mean, over independent chains, ``[rows, ...]``; NaN for a single chain.
      levels: the levels of the quantiles, between 0 and 1, ``[levels]``.
      quantiles: the quantiles over chains, ``[levels, rows, ...]``: they say where single chains lie, not how well the
        mean is known.
      chains: the number of chains.
    """

    generation: np.ndarray
    mean: np.ndarray
    standard_error: np.ndarray
    levels: np.ndarray
    quantiles: np.ndarray
    chains: int


def values_of(trace: Any, name: str | None) -> np.ndarray:
    """Return the recorded values of a statistic as ``float64 [chains, rows, ...]``.

    Raises:
      ValueError: when there is no such record, it has no chains or generations axis, or a sweep axis
        before them, or some chains had bad inputs.
    """
    status = getattr(trace, "status", None)
    if status is not None:
        if np.ndim(status) != 1:
            shape = np.shape(status)
            raise ValueError(
                f"trace holds a sweep of shape {shape[:-1]}; take one: jax.tree.map(lambda x: x[0], trace)"
            )
        trace.check()
        if name is None:
            raise ValueError(f"name must be one of those recorded: {', '.join(trace)}")
    values = np.asarray(trace if name is None else trace[name], dtype=np.float64)
    if values.ndim < 2 or 0 in values.shape:
        raise ValueError(f"values must be [chains, generations + 1], got shape {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError(
            f"{name or 'values'} holds NaN or infinity; leave those chains out, or find out where it comes from"
        )
    return values


def generations_of(trace: Any, values: np.ndarray) -> np.ndarray:
    """Return the generation of each row, ``[rows]``: all generations, unless a trace says that it holds every k-th."""
    return np.arange(values.shape[1]) * getattr(trace, "every", 1)


def ensemble(
    trace: Any, name: str | None = None, *, levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95)
) -> Ensemble:
    """Compute the mean, its standard error and quantiles over chains, at each recorded generation.

    Args:
      trace: a :class:`~jaxcollapse.Trace` or a mapping of arrays; or, without a name, one array
        ``[chains, generations + 1, ...]``.
      name: the name of the statistic.
      levels: the levels of the quantiles, between 0 and 1.

    Returns:
      An :class:`Ensemble`.

    Raises:
      ValueError: for an unknown name, an empty array, NaN, or a level outside [0, 1].

    Example:
      >>> curve = ensemble([[1.0, 0.5], [1.0, 0.1]])
      >>> curve.mean.tolist(), curve.standard_error.round(3).tolist()
      ([1.0, 0.3], [0.0, 0.2])
    """
    values = values_of(trace, name)
    at = np.asarray(levels, dtype=np.float64)
    if at.ndim != 1 or not np.all((at >= 0) & (at <= 1)):
        raise ValueError(f"levels must be numbers between 0 and 1, got {levels!r}")
    chains = values.shape[0]
    error = values.std(axis=0, ddof=1) / np.sqrt(chains) if chains > 1 else np.full(values.shape[1:], np.nan)
    quantiles = np.quantile(values, at, axis=0) if at.size else np.empty((0, *values.shape[1:]))
    return Ensemble(generations_of(trace, values), values.mean(axis=0), error, at, quantiles, chains)


def half_life(curve: Any, *, of: float | None = None) -> float:
    """Return the generation at which a falling curve first reaches half, interpolated between generations.

    Args:
      curve: the values of the curve, ``[generations + 1]``.
      of: the value whose half is meant; by default ``curve[0]``.

    Returns:
      The half-life in generations; ``inf`` when the curve does not fall so far.

    Raises:
      ValueError: when the curve is empty or not one number a generation.

    Example:
      >>> half_life([8, 6, 2, 1])
      1.5
    """
    values = np.asarray(curve, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"curve must be [generations + 1], got shape {values.shape}")
    target = (values[0] if of is None else of) / 2
    below = np.flatnonzero(values <= target)
    if below.size == 0:
        return float("inf")
    m = int(below[0])
    return 0.0 if m == 0 else float(m - 1 + (values[m - 1] - target) / (values[m - 1] - values[m]))


def lost_after(curve: Any, generation: int) -> float:
    """Return the share of the initial value that is lost at a generation, ``1 - curve[m] / curve[0]``.

    It is NaN beyond the end of the curve, and where ``curve[0]`` is 0.

    Example:
      >>> lost_after([8, 6, 3], 2)
      0.625
    """
    values = np.asarray(curve, dtype=np.float64)
    if not 0 <= generation < len(values) or values[0] == 0:
        return float("nan")
    return float(1 - values[generation] / values[0])

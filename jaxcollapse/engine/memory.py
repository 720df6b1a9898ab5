"""Estimates of the memory that a run needs, and checks of statistics, before the run starts."""

from __future__ import annotations

import functools
import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse import check, statistics
from jaxcollapse.contract import Process, State, Statistic, View
from jaxcollapse.pytrees import canonical
from jaxcollapse.schemes.chains import map_chains
from jaxcollapse.statistics import Record


def needed(process: Process, *, chains: int, generations: int, record: Record = ()) -> int:
    """Return an estimate of the bytes that a run needs at its peak: states twice over, counts, and the trace.

    Args:
      process, chains, generations, record: as for :func:`jaxcollapse.simulate`.

    Returns:
      Bytes.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.zipf(100), jc.FullySynthetic(n=1000))
      >>> jc.memory.needed(process, chains=10, generations=100, record="support") < 1e6
      True
    """
    held, working, row = _bytes_of_a_chain(*_shapes(process), statistics.resolve(record) if record else ())
    together = process.scheme.batch(process, chains, jax.default_backend())
    return chains * (held + 2 * (generations + 1) * row) + together * working


def recorded(process: Process, *, chains: int, generations: int, record: Record) -> int:
    """Return the bytes that the records of so many chains need, which are held twice while segments are joined."""
    *_, row = _bytes_of_a_chain(*_shapes(process), statistics.resolve(record))
    return 2 * chains * (generations + 1) * row


def check_statistics(process: Process, wanted: tuple[Statistic, ...]) -> None:
    """Evaluate each statistic on the shapes of a model and of the truth, without computing anything.

    Raises:
      ValueError: naming the statistic that requires a field which the learner does not provide, that fails, or that
        has one shape for the truth and another for models.
    """
    _bytes_of_a_chain(*_shapes(process), wanted)


def lacks_first(process: Process, states: State, wanted: tuple[Statistic, ...]) -> bool:
    """Return whether statistics need p^(1) and these states of chains did not keep it."""
    if not _keeps_first(wanted) or _state_and_view(process, keep_first=True)[1].first is None:
        return False
    found = jax.eval_shape(lambda process, of: map_chains(lambda state: process.view(state).first, of), process, states)
    return found is None


def _keeps_first(wanted: tuple[Statistic, ...]) -> bool:
    """Return whether chains must keep p^(1) for any of these statistics."""
    return any(statistic.keep_first or "first" in statistic.requires for statistic in wanted)


def _shapes(process: Process) -> tuple[Any, tuple]:
    """Return the structure of a process, and the shapes and types of its leaves; both are hashable."""
    leaves, structure = jax.tree.flatten(canonical(process))
    return structure, tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves)


def _state_and_view(process: Process, *, keep_first: bool) -> tuple[State, View]:
    """Return the shapes and types of the state of one chain at generation 1, and of its view."""
    begin = lambda process, key, chain: process.init(key, chain, keep_first=keep_first)
    key = jax.eval_shape(lambda seed: jax.random.key(seed, impl="threefry2x32"), 0)
    state = jax.eval_shape(begin, process, key, jax.ShapeDtypeStruct((), jnp.int32))
    return state, jax.eval_shape(lambda process, state: process.view(state), process, state)


@functools.lru_cache(maxsize=256)
def _bytes_of_a_chain(structure: Any, shapes: tuple, wanted: tuple[Statistic, ...]) -> tuple[int, int, int]:
    """Return the bytes that a chain holds between steps, needs within a step, and records of each generation."""
    keep_first = _keeps_first(wanted)
    process = jax.tree.unflatten(structure, shapes)
    state, view = _state_and_view(process, keep_first=keep_first)
    truth = jax.eval_shape(lambda process, state: process.view_truth(state), process, state)
    for statistic in wanted:
        for name in sorted(statistic.requires):
            check.choice("field of a view that a statistic requires", name, View._fields)
            if getattr(view, name) is None:
                raise ValueError(
                    f"statistic {statistic.name!r} needs {name}; {type(process.learner).__name__} has none"
                )
    rows = [_row(process, statistic, view, truth) for statistic in wanted]
    size = lambda tree: sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
    count = lambda array: 0 if array is None else array.size
    # By measurement: a draw holds two random words, a slot, and the labels before and after it, some of them twice.
    entries = 8 * process.workload().entries + 8 * count(view.tokens) + 4 * count(truth.p) * keep_first
    return 2 * size(state), 4 * entries, size(rows)


def _row(process: Process, statistic: Statistic, view: View, truth: View) -> Any:
    """Return the shape and type that a statistic records of a generation; refuse a statistic that fails."""
    try:
        look = lambda process, view: process.evaluate((statistic,), view)[statistic.name]
        of_model, of_truth = (jax.eval_shape(look, process, v) for v in (view, truth))
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:150] if str(error).strip() else type(error).__name__
        raise ValueError(
            f"statistic {statistic.name!r} must map a view to an array in JAX, but fails: {reason} "
            "(view.counts and view.total are None for the truth)"
        ) from error
    if (of_model.shape, of_model.dtype) != (of_truth.shape, of_truth.dtype):
        raise ValueError(
            f"statistic {statistic.name!r} must have one shape and type, but gives {of_model.dtype}{of_model.shape} "
            f"for models and {of_truth.dtype}{of_truth.shape} for the truth; lay it out by view.tokens"
        )
    return of_model


def refuse_what_does_not_fit(process: Process, chains: int, generations: int, record: Record) -> None:
    """Refuse a run that the device's memory cannot hold.

    Raises:
      MemoryError: naming how much the run needs, how much the device has, and which settings to lower.
    """
    if check.is_traced(process):
        return
    bytes_needed = needed(process, chains=chains, generations=generations, record=record)
    there = available()
    if bytes_needed > there:
        regime = jax.tree.map(lambda leaf: np.asarray(leaf).tolist(), process.regime)
        raise MemoryError(
            f"chains={chains} and generations={generations} with {regime} would need about "
            f"{bytes_needed / 2**30:,.1f} GiB, and the device has {there / 2**30:,.1f}; "
            "lower chains, the sample size or generations, or record less"
        )


def available() -> int:
    """Return the bytes of memory that a run may use: those of the accelerator, or else of the machine."""
    limit = (jax.local_devices()[0].memory_stats() or {}).get("bytes_limit")
    if limit:
        return int(limit)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

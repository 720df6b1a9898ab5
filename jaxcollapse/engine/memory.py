"""What a run will need, told before it starts."""

from __future__ import annotations

import functools
import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse import statistics
from jaxcollapse.process.one_context import Process, canonical
from jaxcollapse.statistics.statistic import Record, Statistic

IN_CACHE = 2**18
"""Labels in flight on a CPU: chains are advanced in blocks whose labels stay in its cache, which halves
the time at a million tokens a generation. Elsewhere all chains go together."""
FOR_EACH_CORE = 4
"""Chains in flight at least where the kernel shares them out among the cores of a CPU."""


def needed(process: Process, *, chains: int, generations: int, record: Record = ()) -> int:
    """An estimate of the bytes that a run needs at its peak: states twice over, counts, and the trace.

    Args:
      process, chains, generations, record: as for :func:`simulate`.

    Returns:
      Bytes.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.zipf(100), jc.FullySynthetic(n=1000))
      >>> jc.memory.needed(process, chains=10, generations=100, record="support") < 1e6
      True
    """
    held, working, row = _bytes_of_a_chain(*_shapes(process), statistics.resolve(record) if record else ())
    together = in_flight(process, chains)
    return chains * (held + 2 * (generations + 1) * row) + together * working


def recorded(process: Process, *, chains: int, generations: int, record: Record) -> int:
    """The bytes of what is recorded of so many chains, held twice while pieces are joined."""
    *_, row = _bytes_of_a_chain(*_shapes(process), statistics.resolve(record))
    return 2 * chains * (generations + 1) * row


def in_flight(process: Process, chains: int) -> int:
    """How many chains are advanced together."""
    if jax.default_backend() != "cpu":
        return chains
    least = FOR_EACH_CORE * (os.cpu_count() or 1) if process.spreads else 1
    return min(chains, max(least, IN_CACHE // process.in_flight))


def judge(process: Process, wanted: tuple[Statistic, ...]) -> None:
    """Try each statistic on the shapes of a model and of the truth.

    Raises:
      ValueError: naming the statistic that fails, or that has one shape for the truth and another for models.
    """
    _bytes_of_a_chain(*_shapes(process), wanted)


def _shapes(process: Process) -> tuple[Any, tuple]:
    leaves, structure = jax.tree.flatten(canonical(process))
    return structure, tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves)


@functools.lru_cache(maxsize=256)
def _bytes_of_a_chain(structure: Any, shapes: tuple, wanted: tuple[Statistic, ...]) -> tuple[int, int, int]:
    """What a chain holds between steps, needs within one, and records a generation. Only shapes are traced."""
    keep_first = any(statistic.needs_first for statistic in wanted)
    process = jax.tree.unflatten(structure, shapes)
    begin = lambda process, key, chain: process.init(key, chain, keep_first=keep_first)
    key = jax.eval_shape(lambda: jax.random.key(0, impl="threefry2x32"))
    state = jax.eval_shape(begin, process, key, jax.ShapeDtypeStruct((), jnp.int32))
    looks = (lambda process, state: process.view(state), lambda process, state: process.view_truth(state))
    view, truth = (jax.eval_shape(look, process, state) for look in looks)
    rows = [_row(process, statistic, view, truth) for statistic in wanted]
    size = lambda tree: sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
    # Measured: a draw holds two words, a slot and the labels before and after, some of them twice.
    working = 4 * (8 * process.in_flight + 8 * state.tokens.size + 4 * process.p.size * keep_first)
    return 2 * size(state), working, size(rows)


def _row(process: Process, statistic: Statistic, view: Any, truth: Any) -> Any:
    """The shape that a statistic records."""
    try:
        look = lambda process, view: process.measure((statistic,), view)[statistic.name]
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
    """Stop before a run that the device's memory cannot hold.

    Raises:
      MemoryError: naming what is needed, what is there, and what to lower.
    """
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(process)):
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
    """The memory that a run may use: the accelerator's, or else the machine's."""
    limit = (jax.local_devices()[0].memory_stats() or {}).get("bytes_limit")
    if limit:
        return int(limit)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

"""What a run will need, told before it starts."""

from __future__ import annotations

import functools
import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse import statistics
from jaxcollapse.process import Process, canonical
from jaxcollapse.statistics import Record, Statistic


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
    leaves, structure = jax.tree.flatten(canonical(process))
    shapes = tuple(jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in leaves)
    state, row = _bytes_of_a_chain(structure, shapes, statistics.resolve(record) if record else ())
    return chains * (state + 2 * (generations + 1) * row)


@functools.lru_cache(maxsize=256)
def _bytes_of_a_chain(structure: Any, shapes: tuple, wanted: tuple[Statistic, ...]) -> tuple[int, int]:
    """What a step holds, and what a generation records. Only shapes are traced."""
    keep_first = any(statistic.needs_first for statistic in wanted)
    process = jax.tree.unflatten(structure, shapes)
    begin = functools.partial(Process.init, keep_first=keep_first)
    key = jax.eval_shape(lambda: jax.random.key(0, impl="threefry2x32"))
    state = jax.eval_shape(begin, process, key, jax.ShapeDtypeStruct((), jnp.int32))
    view = jax.eval_shape(Process.view, process, state)
    row = jax.eval_shape(lambda view: [statistic.of(view) for statistic in wanted], view)
    size = lambda tree: sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))
    entries = state.tokens.size * 4
    truth_beside_first = process.vocabulary * 4 if keep_first else 0
    return 2 * size(state) + 4 * entries + truth_beside_first, size(row)


def refuse_what_does_not_fit(process: Process, chains: int, generations: int, record: Record) -> None:
    """Stop before a run that the device's memory cannot hold.

    Raises:
      MemoryError: naming what is needed, what is there, and what to lower.
    """
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(process)):
        return
    bytes_needed = needed(process, chains=chains, generations=generations, record=record)
    there = _of_device()
    if bytes_needed > there:
        regime = jax.tree.map(lambda leaf: np.asarray(leaf).tolist(), process.regime)
        raise MemoryError(
            f"chains={chains} and generations={generations} with {regime} would need about "
            f"{bytes_needed / 2**30:,.1f} GiB, and the device has {there / 2**30:,.1f}; "
            "lower chains, the sample size or generations, or record less"
        )


def _of_device() -> int:
    """The memory that a run may use: the accelerator's, or else the machine's."""
    limit = (jax.local_devices()[0].memory_stats() or {}).get("bytes_limit")
    if limit:
        return int(limit) * jax.local_device_count()
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")

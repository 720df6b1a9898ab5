"""Checks of the arguments that callers pass to the engine, before anything is traced."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check, statistics
from jaxcollapse.contract import Process, State, Statistic
from jaxcollapse.engine import memory
from jaxcollapse.engine.layout import on_an_automatic_mesh
from jaxcollapse.pytrees import canonical
from jaxcollapse.statistics import Record


def prepare(
    key: Array,
    process: Process,
    chains: int | Array,
    generations: int,
    record: Record,
    name: str = "generations",
    after: int = 0,
    every: int = 1,
    state: State | None = None,
) -> tuple[Array, Process, Array, tuple[Statistic, ...]]:
    """Check the arguments of a caller, and bring equal values to equal types so that they share a compilation.

    Args:
      key, process, chains, generations, record, every: as for :func:`jaxcollapse.simulate`.
      name: the name of the argument ``generations`` in messages.
      after: the number of generations that were done before.
      state: the state of the chains after these, or None before generation 1.

    Returns:
      The key, the process in its canonical types, the chains' numbers and the statistics.

    Raises:
      As :func:`jaxcollapse.simulate`.
    """
    check.key(key)
    if not isinstance(process, Process):
        raise TypeError(f"process must come from jc.recursive_training(p, regime), got {type(process).__name__}")
    last = check.static_whole_number(name, generations)
    wanted = statistics.resolve(record)
    one_number = np.ndim(chains) == 0
    count = check.static_whole_number("chains", chains) if one_number else _count_of_numbers(chains)
    for size_name, size in vars(process.regime).items():
        if np.ndim(size) > 0:
            shape = np.shape(size)
            raise ValueError(f"{size_name} must be one number, got an array of shape {shape}; sweep it by jax.vmap")
    process.check_run(after + last)
    process = canonical(process)
    memory.check_statistics(process, wanted)
    rows = last // every if name == "generations" else 1
    memory.refuse_what_does_not_fit(process, count, rows, wanted)
    numbers = jnp.arange(count, dtype=jnp.int32) if one_number else jnp.asarray(chains, jnp.int32)
    if state is not None and memory.lacks_first(process, state, wanted):
        raise ValueError("record asks for p^(1), which this state did not keep; start with the same record")
    return key, process, on_an_automatic_mesh(numbers), wanted


def _count_of_numbers(chains: Any) -> int:
    """Return how many chain numbers an array holds; refuse an array that does not hold chain numbers."""
    shape = np.shape(chains)
    if len(shape) != 1 or shape[0] == 0:
        raise ValueError(f"chains must be a number, or hold at least one chain number; got an array of shape {shape}")
    if not (isinstance(chains, jax.Array) and chains.dtype == jnp.int32):
        # The values of an int32 array are not checked, for it may be long and lie on many devices.
        check.whole_number("chains", chains, least=0)
    return shape[0]

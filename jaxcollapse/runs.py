"""The host's side of a long run: it advances a simulation piece by piece and says how far it is."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np

from jaxcollapse import engine, memory
from jaxcollapse.engine import Trace
from jaxcollapse.process import Process
from jaxcollapse.statistics import Record

PIECES = 20


def in_pieces(
    key: jax.Array,
    process: Process,
    *,
    chains: int,
    generations: int,
    record: Record,
    progress: Callable[[int], object],
) -> Trace:
    """The trace of one :func:`~jaxcollapse.simulate`, bit for bit, computed with pauses.

    Args:
      key, process, chains, generations, record: as for :func:`~jaxcollapse.simulate`.
      progress: told after each piece how many generations were added.

    Returns:
      A :class:`~jaxcollapse.Trace` whose values are NumPy arrays.
    """
    memory.refuse_what_does_not_fit(process, chains, generations, record)
    state, trace = engine.start(key, process, chains=chains, record=record)
    values = [jax.tree.map(np.asarray, trace.values)]
    progress(1)
    left = generations - 1
    length = _piece(left)
    while left:
        now = min(length, left)
        state, trace = engine.advance(key, process, state, generations=now, record=record)
        values.append(jax.tree.map(np.asarray, trace.values))
        progress(now)
        left -= now
    joined = jax.tree.map(lambda *arrays: np.concatenate(arrays, axis=1), *values)
    return Trace(joined, trace.status)


def _piece(generations: int) -> int:
    """A length that gives some twenty pieces; a divisor if there is a near one, for each length compiles anew."""
    if generations <= PIECES:
        return 1
    ideal = generations / PIECES
    near = [d for d in range(max(1, int(ideal / 2)), int(2 * ideal) + 1) if generations % d == 0]
    return min(near, key=lambda d: abs(d - ideal)) if near else int(np.ceil(ideal))

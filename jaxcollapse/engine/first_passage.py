"""The collapse times of chains: the function that callers use, which passes the work to the scheme."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse.contract import Process
from jaxcollapse.engine.layout import Layout, in_blocks, layout_of
from jaxcollapse.engine.validation import prepare
from jaxcollapse.results import CollapseTimes


def collapse_times(key: Array, process: Process, *, chains: int | Array, max_generations: int) -> CollapseTimes:
    """Return the collapse times of each chain: the first generation with one token only, and the first that stays so.

    Chains are simulated until every chain has collapsed for ever, or to ``max_generations``; where real data are kept
    or drawn for ever (``regime.collapses`` is False), until every chain has collapsed once.

    Args:
      key, process, chains: as for :func:`jaxcollapse.simulate`; the same key gives the same chains.
      max_generations: the last generation that is simulated; a new value compiles nothing.

    Returns:
      The times in generations, as :class:`~jaxcollapse.CollapseTimes`.

    Raises:
      As :func:`jaxcollapse.simulate`.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(10), jc.FullySynthetic(n=10))
      >>> times = jc.collapse_times(jax.random.key(0), process, chains=1000, max_generations=10_000)
      >>> bool(times.observed.all()), 16 < float(times.time.mean()) < 19  # E T = 17.50
      (True, True)
    """
    key, process, numbers, _ = prepare(key, process, chains, max_generations, "collapsed", name="max_generations")
    layout = layout_of(process, numbers)._replace(block=numbers.shape[0])
    return _collapse_times(key, process, numbers, jnp.int32(max_generations), layout=layout)


@functools.partial(jax.jit, static_argnames=("layout",))
def _collapse_times(
    key: Array, process: Process, chains: Array, max_generations: Array, *, layout: Layout
) -> CollapseTimes:
    passage = lambda chains: process.scheme.passage(key, process, chains, max_generations)
    return in_blocks(passage, chains, layout)

"""The structure of states that a run will have, without computing any."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse.contract import Process, State
from jaxcollapse.engine.simulation import start
from jaxcollapse.pytrees import canonical
from jaxcollapse.statistics import Record


def state_template(key: Array, process: Process, *, chains: Array, record: Record, m: int) -> State:
    """Return the structure and types of the states of a run at generation ``m``; shapes may differ from the run's.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> key, process = jax.random.key(0), jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=8))
      >>> state_template(key, process, chains=jax.numpy.arange(4), record="support", m=3).chain
      ShapeDtypeStruct(shape=(4,), dtype=int32)
    """
    begin = lambda key, process, chains: start(key, process, chains=chains, record=record)[0]
    states = jax.eval_shape(begin, key, process, jax.ShapeDtypeStruct(chains.shape, jnp.int32))
    for at in process.scheme.breakpoints(1, m):
        convert = lambda process, states, at=at: process.scheme.convert(process, states, at)
        states = jax.eval_shape(convert, canonical(process), states)
    return states

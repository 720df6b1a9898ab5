"""The step from one chain to a batch of chains: their keys, and the map over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from jax import Array

from jaxcollapse.contract import Process, State
from jaxcollapse.exact import threefry

UNBATCHED: Any = None
"""The value of fields of a state that stay outside a map, such as ``m``, so that a branch on it stays a branch."""


def chain_key(key: Array, chain: Array, m: Array) -> Array:
    """Return the key of a chain at generation ``m``: ``fold_in(fold_in(key, chain), m)``.

    It depends on the numbers of the chain and of the generation only, so a run in segments, with more chains, or on
    several devices gives each chain the same bits.
    """
    return threefry.fold_in(threefry.fold_in(key, chain), m)


def map_chains(work: Callable[[State], Any], states: State) -> Any:
    """Apply a function of the state of one chain to all chains of a batch, which have ``m`` in common.

    A batch of one chain is computed without a batch axis, so its operations are those of a single chain.
    """
    m = states.m

    def one(chain: State) -> Any:
        done = work(chain._replace(m=m))
        return done._replace(m=UNBATCHED) if isinstance(done, State) else done

    states = states._replace(m=UNBATCHED)
    if states.chain.shape[0] == 1:
        done = jax.tree.map(lambda leaf: leaf[None], one(jax.tree.map(lambda leaf: leaf[0], states)))
    else:
        done = jax.vmap(one)(states)
    return done._replace(m=m) if isinstance(done, State) else done


def next_generation(key: Array, process: Process, states: State) -> State:
    """Advance all chains by one generation."""
    m = states.m + 1
    step = lambda chain: process.step(chain_key(key, chain.chain, m), chain)
    return map_chains(step, states)._replace(m=m)

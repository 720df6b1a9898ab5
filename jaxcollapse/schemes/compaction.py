"""Compaction: tables without dead tokens, which cannot return in a closed regime that keeps only the last model."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse.contract import Process, State
from jaxcollapse.sampling import Counts, compact_counts
from jaxcollapse.schemes.chains import map_chains


def can_compact(process: Process, states: State) -> bool:
    """Return whether the entries of dead tokens may be left out of the tables of these states; static."""
    return process.regime.closed and process.regime.memoryless and isinstance(states.model, Counts)


def widths(process: Process, states: State, narrower: tuple[int, ...]) -> list[int]:
    """Return the widths of tables as tokens die, decreasing from the present one; each width compiles anew."""
    width = states.frame.tokens.shape[-1]
    if not can_compact(process, states):
        return [width]
    return [width, *(narrow for narrow in narrower if 2 * narrow <= width)]


def tokens_left(states: State) -> Array:
    """Return the number of tokens that the model of each chain can still write, ``int32 [chains]``."""
    return jax.vmap(lambda model: jnp.sum(model.counts > 0, dtype=jnp.int32))(states.model)


def compact_state(process: Process, state: State, width: int) -> State:
    """Return the state of a chain in tables of ``width`` entries: the tokens that are left, then padding."""
    model, kept = compact_counts(state.model, width)
    return state._replace(model=model, frame=state.frame.compact(kept, process.vocabulary))


def compact_states(process: Process, states: State, width: int) -> State:
    """Return the states of chains in tables of ``width`` entries each."""
    return map_chains(functools.partial(compact_state, process, width=width), states)

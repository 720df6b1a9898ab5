"""First passage: chains are advanced until all have collapsed, and those that have are left out of the work."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse.contract import Process, State
from jaxcollapse.results import CollapseTimes
from jaxcollapse.schemes.chains import UNBATCHED, chain_key, map_chains, next_generation

Times = tuple[Array, Array]
"""The generations of the first collapse and of the final one, which is for ever, ``int32 [chains]`` each."""


class Passage(NamedTuple):
    """Chains that are simulated until they collapse.

    Attributes:
      states: the states of all chains.
      times: the generations of the first and of the final collapse, ``int32 [chains]`` each; the present generation for
        chains that have not collapsed.
      done: whether each chain has collapsed for the first time, and for ever, ``bool [chains]`` each.
      place: the position of each chain before chains were sorted, ``int32 [chains]``.
    """

    states: State
    times: Times
    done: tuple[Array, Array]
    place: Array


class Way(NamedTuple):
    """A way to advance a part of the chains, for chains with at most so many tokens left.

    Attributes:
      width: the largest number of tokens that any chain of the part may have left.
      before: maps states to the form in which they are advanced.
      after: maps the advanced states back to their form before.
    """

    width: int
    before: Callable[[State], State]
    after: Callable[[State], State]


def first_passage(
    key: Array, process: Process, chains: Array, horizon: Array, *, parts: int, stretch: int
) -> CollapseTimes:
    """Return when chains collapse within ``horizon`` generations (traced), for any learner and regime.

    Args:
      key, process, chains, horizon: as for :meth:`jaxcollapse.contract.Scheme.passage`.
      parts: the number of parts into which chains are divided, so that parts of finished chains can be left out.
      stretch: after this number of generations, or an eighth of those so far if that is more, chains are sorted anew.
    """
    passage = begin(key, process, chains, parts)
    step = functools.partial(advance_one, key, process)
    in_parts = functools.partial(advance_parts, process, step, horizon, parts=parts, stretch=stretch)
    work = in_parts if parts > 1 else step
    passage = lax.while_loop(functools.partial(is_unfinished, process, horizon), work, passage)
    return collapse_times(passage, chains.shape[0])


def number_of_parts(process: Process, chains: int) -> int:
    """Return the number of parts into which chains are divided, so that parts of finished chains can be left out."""
    if not process.regime.collapses:
        return 1
    return 1 << max(min(chains // 128, 16).bit_length() - 1, -(-chains // 1024).bit_length() - 1, 0)


def begin(key: Array, process: Process, chains: Array, parts: int = 1) -> Passage:
    """Return chains at generation 1; the last one is repeated until all parts are full."""
    index = np.minimum(np.arange(-(-chains.shape[0] // parts) * parts), chains.shape[0] - 1)
    chains = chains if len(index) == chains.shape[0] else chains[index]
    truth_is_fixed = process.truth_is_fixed()

    def of_one(chain: Array) -> tuple[State, tuple[Array, Array]]:
        state = process.init(chain_key(key, chain, jnp.int32(1)), chain, keep_first=False)
        return state._replace(m=UNBATCHED), look(process, state)

    states, seen = jax.vmap(of_one)(chains)
    done = jax.tree.map(lambda now: now | truth_is_fixed, seen)
    time = jnp.broadcast_to(jnp.where(truth_is_fixed, 0, 1).astype(jnp.int32), chains.shape)
    return Passage(states._replace(m=jnp.int32(1)), (time, time), done, jnp.arange(chains.shape[0]))


def look(process: Process, state: State) -> tuple[Array, Array]:
    """Return whether the model of a chain can write one token only, and whether it stays so for ever, ``bool []``."""
    return process.is_fixed(state), process.absorbed(state)


def is_finished(process: Process, passage: Passage) -> Array:
    """Return which chains need not be advanced any more, ``bool [chains]``.

    In a regime without final collapse a chain is finished at its first collapse.
    """
    first, final = passage.done
    return (final if process.regime.collapses else first) | (passage.states.status != 0)


def is_unfinished(process: Process, horizon: Array, passage: Passage) -> Array:
    """Return whether any chain must be advanced further, ``bool []``."""
    return (passage.states.m < horizon) & ~jnp.all(is_finished(process, passage))


def advance_one(key: Array, process: Process, passage: Passage) -> Passage:
    """Advance all chains by one generation."""
    # Freeze the status of finished chains while the others continue.
    before, finished = passage.states.status, is_finished(process, passage)
    states = next_generation(key, process, passage.states)
    seen = map_chains(functools.partial(look, process), states)
    times = jax.tree.map(lambda time, done: jnp.where(done | finished, time, states.m), passage.times, passage.done)
    status = jnp.where(finished, before, states.status)
    done = jax.tree.map(jnp.logical_or, passage.done, seen)
    return Passage(states._replace(status=status), times, done, passage.place)


def advance_parts(
    process: Process,
    step: Callable[[Passage], Passage],
    horizon: Array,
    passage: Passage,
    *,
    parts: int,
    stretch: int,
    ways: Sequence[Way] = (),
    tokens_left: Callable[[State], Array] | None = None,
) -> Passage:
    """Advance chains by several generations in parts, of which those with finished chains only are left out.

    Chains are sorted by the number of tokens left, finished chains last, and divided into parts of equal size. Each
    part is advanced by the narrowest way that its tokens allow.

    Args:
      process, horizon, parts, stretch: as for :func:`first_passage`.
      step: advances the chains of a part by one generation.
      passage: all chains.
      ways: the ways to advance a part, from the widest to the narrowest; none advances the states as they are.
      tokens_left: returns the number of tokens that each chain has left, ``int32 [chains]``; None takes all as equal.
    """
    m = passage.states.m
    size = passage.place.shape[0] // parts
    count = jnp.minimum(jnp.maximum(m // 8, stretch), horizon - m)
    passage = passage._replace(states=passage.states._replace(m=UNBATCHED))

    def left(passage: Passage) -> Array:
        tokens = jnp.int32(1) if tokens_left is None else tokens_left(passage.states)
        return jnp.where(is_finished(process, passage), 0, tokens)

    if parts > 1:
        order = jnp.argsort(-left(passage), stable=True)
        passage = jax.tree.map(lambda of: of[order], passage)

    def advanced(passage: Passage, way: Way) -> Passage:
        states = way.before(passage.states._replace(m=m))
        passage = lax.fori_loop(0, count, lambda _, passage: step(passage), passage._replace(states=states))
        return passage._replace(states=way.after(passage.states)._replace(m=UNBATCHED))

    unchanged = lambda states: states
    all_ways = ways or (Way(1, unchanged, unchanged),)
    branches = [functools.partial(advanced, way=way) for way in all_ways]

    def one_part(number: Array, passage: Passage) -> Passage:
        cut = jax.tree.map(lambda of: lax.dynamic_slice_in_dim(of, number * size, size), passage)
        chosen = jnp.sum(jnp.array([way.width for way in all_ways]) >= jnp.max(left(cut))) - 1
        cut = lax.switch(chosen, branches, cut)
        put = lambda all_, of: lax.dynamic_update_slice_in_dim(all_, of, number * size, 0)
        return jax.tree.map(put, passage, cut)

    busy = -(-jnp.sum(~is_finished(process, passage)) // size) if parts > 1 else 1
    passage = lax.fori_loop(0, busy, one_part, passage)
    return passage._replace(states=passage.states._replace(m=m + count))


def collapse_times(passage: Passage, chains: int) -> CollapseTimes:
    """Return the collapse times of the first ``chains`` chains, in the order before chains were sorted."""
    in_order = lambda of: jnp.zeros_like(of).at[passage.place].set(of)[:chains]
    (first, final), (observed, final_observed) = jax.tree.map(in_order, (passage.times, passage.done))
    status = in_order(passage.states.status)
    sound = status == 0
    return CollapseTimes(first, observed & sound, final, final_observed & sound, status)

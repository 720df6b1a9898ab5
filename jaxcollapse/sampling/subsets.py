"""Uniformly random subsets of a corpus: draws without replacement."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact.bits import index_below, random_bits
from jaxcollapse.sampling.counts import Counts, count_labels, token_at
from jaxcollapse.sampling.labels import Labels


def draw_subset(key: Array, pool: Counts, size: Array, capacity: int) -> Labels:
    """Return ``min(size, pool.size)`` tokens drawn without replacement: every subset of that size is as likely.

    Positions in the pool are drawn until all differ (those to take or those to leave, whichever are fewer); only
    whether two positions are equal is ever asked, so no set of positions is preferred.

    Args:
      key: a typed threefry key, consumed.
      pool: the corpus.
      size: how many tokens to take, ``int32 []``.
      capacity: static; of the corpus that is returned.
    """
    size = jnp.minimum(size, pool.size)
    n_left = pool.size - size
    n_drawn = jnp.minimum(size, n_left)
    positions = distinct_integers(key, pool.size, n_drawn, capacity)
    drawn = count_labels(Labels(token_at(pool.cumulative, positions), n_drawn), pool.cumulative.shape[0]).cumulative
    taken = jnp.where(size <= n_left, drawn, pool.cumulative - drawn)
    return Labels(token_at(taken, lax.iota(jnp.int32, capacity)), size)


def distinct_integers(key: Array, bound: Array, size: Array, capacity: int) -> Array:
    """Return ``size <= bound / 2`` different integers in ``[0, bound)``, every set of them as likely.

    Integers that repeat an earlier one are drawn again, round after round.

    Returns:
      ``int32 [capacity]``, of which the first ``size`` are meant.
    """
    slot = lax.iota(jnp.int32, capacity)
    in_use = slot < size

    def find_repeats(integers: Array) -> Array:
        in_order, where = lax.sort((jnp.where(in_use, integers, -1 - slot), slot), is_stable=True, num_keys=1)
        repeats = jnp.concatenate([jnp.zeros(1, bool), in_order[1:] == in_order[:-1]])
        return jnp.zeros(capacity, bool).at[where].set(repeats)

    def draw(attempt: Array) -> Array:
        word = random_bits(jax.random.fold_in(key, attempt), capacity)
        return index_below(word, bound.astype(jnp.uint32)).astype(jnp.int32)

    def redraw(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        attempt, integers, repeated = state
        integers = jnp.where(repeated, draw(attempt), integers)
        return attempt + 1, integers, find_repeats(integers)

    integers = draw(jnp.int32(0))
    start = (jnp.int32(1), integers, find_repeats(integers))
    return lax.while_loop(lambda state: jnp.any(state[2]), redraw, start)[1]

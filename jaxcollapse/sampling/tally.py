"""A pool as counts: memory for the vocabulary, whatever its size; and parts of it without replacement."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.sampling.choices import index_below
from jaxcollapse.sampling.labels import Labels, histogram
from jaxcollapse.sampling.words import words


class Tally(NamedTuple):
    """A multiset of tokens as counts.

    Attributes:
      counts: how often each token occurs, ``int32 [width]``.
      size: their sum, ``int32 []``; below 2^31.
    """

    counts: Array
    size: Array


def tally(corpus: Labels, width: int) -> Tally:
    """The counts of a corpus."""
    return Tally(histogram(corpus, width), corpus.size)


def add(pool: Tally, corpus: Labels) -> Tally:
    """The pool with a corpus more."""
    return Tally(pool.counts + histogram(corpus, pool.counts.shape[0]), pool.size + corpus.size)


def draw_from_tally(key: Array, pool: Tally, size: Array, slots: int) -> Labels:
    """``size`` tokens of the pool, with replacement: each copies a uniformly chosen one (within 2^-64)."""
    place = index_below(words(key, slots), pool.size.astype(jnp.uint32))
    return Labels(_token_at(pool.counts, place.astype(jnp.int32)), size)


def part_of(key: Array, pool: Tally, size: Array, slots: int) -> Labels:
    """``min(size, pool.size)`` tokens of the pool, without replacement: every subset is as likely.

    Places in the pool are drawn until all differ (the fewer of those to take and those to leave); only
    whether two places are equal is ever asked, so no set of places is preferred.
    """
    size = jnp.minimum(size, pool.size)
    leave = pool.size - size
    few = jnp.minimum(size, leave)
    places = _distinct(key, pool.size, few, slots)
    chosen = Labels(_token_at(pool.counts, places), few)
    counts = histogram(chosen, pool.counts.shape[0])
    counts = jnp.where(size <= leave, counts, pool.counts - counts)
    return Labels(_token_at(counts, lax.iota(jnp.int32, slots)), size)


def _token_at(counts: Array, place: Array) -> Array:
    """The token at a place of the pool laid out in token order."""
    cumulative = jnp.cumsum(counts, dtype=jnp.int32)
    last = counts.shape[0] - 1
    low = jnp.zeros_like(place)

    def halve(_: int, bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bounds
        middle = (low + high) >> 1
        right = cumulative.at[middle].get(mode="promise_in_bounds") <= place
        return jnp.where(right, middle + 1, low), jnp.where(right, high, middle)

    return lax.fori_loop(0, last.bit_length(), halve, (low, low + last))[0]


def _distinct(key: Array, bound: Array, size: Array, slots: int) -> Array:
    """``size`` different integers in ``[0, bound)``, every set of them as likely; ``size <= bound / 2``.

    Slots that repeat an earlier one are drawn again, round after round.
    """
    slot = lax.iota(jnp.int32, slots)
    used = slot < size

    def repeats(places: Array) -> Array:
        value, where = lax.sort((jnp.where(used, places, -1 - slot), slot), is_stable=True, num_keys=1)
        again = jnp.concatenate([jnp.zeros(1, bool), value[1:] == value[:-1]])
        return jnp.zeros(slots, bool).at[where].set(again)

    def draw(attempt: Array) -> Array:
        return index_below(words(jax.random.fold_in(key, attempt), slots), bound.astype(jnp.uint32)).astype(jnp.int32)

    def again(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        attempt, places, repeated = state
        places = jnp.where(repeated, draw(attempt), places)
        return attempt + 1, places, repeats(places)

    places = draw(jnp.int32(0))
    return lax.while_loop(lambda state: jnp.any(state[2]), again, (jnp.int32(1), places, repeats(places)))[1]

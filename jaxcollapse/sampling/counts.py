"""A corpus as counts: memory for the vocabulary, whatever its size; and parts of it without replacement."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import native
from jaxcollapse.exact import fixed
from jaxcollapse.exact.bits import index_below, random_bits
from jaxcollapse.exact.fixed import U64
from jaxcollapse.sampling.averages import ModelAverage
from jaxcollapse.sampling.cdf import FixedPointCDF
from jaxcollapse.sampling.dyadic import compiled_plan, count_below
from jaxcollapse.sampling.labels import Labels, histogram


class Counts(NamedTuple):
    """A multiset of tokens as counts.

    Attributes:
      cumulative: how many tokens of the multiset are this one or one before it, ``int32 [width]``.
      size: how many there are, ``int32 []``; below 2^31.
    """

    cumulative: Array
    size: Array

    @property
    def counts(self) -> Array:
        """How often each token occurs, ``int32 [width]``."""
        return jnp.diff(self.cumulative, prepend=0)


def count_labels(corpus: Labels, width: int) -> Counts:
    """The counts of a corpus."""
    return cumulate_counts(histogram(corpus, width), corpus.size)


def cumulate_counts(counts: Array, size: Array) -> Counts:
    """Counts ``[width]`` that add up to ``size``."""
    return Counts(jnp.cumsum(counts, dtype=jnp.int32), size)


def add_counts(first: Counts, second: Counts | Labels) -> Counts:
    """Both in one."""
    if isinstance(second, Labels):
        second = count_labels(second, first.cumulative.shape[0])
    return Counts(first.cumulative + second.cumulative, first.size + second.size)


def only_token_in_counts(model: Counts) -> Array:
    """The token that the whole multiset consists of, ``int32 []``; -1 where there are two, or none."""
    none, every = model.cumulative == 0, model.cumulative == model.size
    before = jnp.sum(none, dtype=jnp.int32)
    return jnp.where(jnp.all(none | every) & (model.size > 0), before, -1)


def compact_counts(model: Counts, width: int) -> tuple[Counts, Array]:
    """Leave out tokens that do not occur, until ``width`` are left; at most so many may occur.

    Returns:
      The rest in the same order, and which entries they were, ``int32 [width]``; padding is the old width.
    """
    occurs = model.counts > 0
    rank = jnp.cumsum(occurs, dtype=jnp.int32) - 1
    entry = lax.iota(jnp.int32, occurs.shape[0])
    kept = jnp.full(width, occurs.shape[0], jnp.int32).at[jnp.where(occurs, rank, width)].set(entry, mode="drop")
    cumulative = model.cumulative.at[kept].get(mode="fill", fill_value=np.iinfo(np.int32).max)
    return Counts(jnp.minimum(cumulative, model.size), model.size), kept


def draw_counts(
    key: Array, model: Counts | FixedPointCDF | ModelAverage, size: Array, capacity: int, *, portable: bool = False
) -> Counts:
    """The counts of ``size`` independent tokens of a model: multinomial, each probability within 2^-62."""
    if isinstance(model, Counts) and native.will_do() and not portable:
        return Counts(native.resample(compiled_plan(capacity), key, model.cumulative, size), size)
    match model:
        case Counts():
            part = U64(jnp.zeros_like(model.cumulative, jnp.uint32), model.cumulative.astype(jnp.uint32))
            whole = U64(jnp.uint32(0), model.size.astype(jnp.uint32))
        case FixedPointCDF():
            part, whole = model.cumulative, U64(model.cumulative.hi[-1], model.cumulative.lo[-1])
        case _:
            part = lax.associative_scan(fixed.add, model.sums)
            whole = U64(part.hi[-1], part.lo[-1])
    below = count_below(key, size, _first(fixed.share(part, whole)), capacity, portable=portable)
    all_of_it = (part.hi == whole.hi) & (part.lo == whole.lo)
    return Counts(jnp.where(all_of_it, size, below), size)


def fused_generations(
    key: Array, model: Counts, m: Array, most: Array, sizes: Array, capacity: int
) -> tuple[Counts, Array]:
    """Generations after ``m`` by the compiled kernel, each of ``sizes[j]`` tokens of the one before, and how many.

    A chain stops after ``most``, or where one token is left.
    """
    cumulative, done = native.run(compiled_plan(capacity), key, model.cumulative, m, most, sizes)
    return Counts(cumulative, cumulative[-1]), done


def _first(positions: U64) -> U64:
    """Of two positions the first, for the second is the end: pairs of numbers fill no vectors."""
    return U64(positions.hi[:1], positions.lo[:1]) if positions.hi.shape[0] == 2 else positions


def draw_from_counts(key: Array, pool: Counts, size: Array, slots: int) -> Labels:
    """``size`` tokens of the pool, with replacement: each copies a uniformly chosen one (within 2^-64)."""
    place = index_below(random_bits(key, slots), pool.size.astype(jnp.uint32))
    return Labels(_token_at(pool.cumulative, place.astype(jnp.int32)), size)


def draw_subset(key: Array, pool: Counts, size: Array, slots: int) -> Labels:
    """``min(size, pool.size)`` tokens of the pool, without replacement: every subset is as likely.

    Places in the pool are drawn until all differ (the fewer of those to take and those to leave); only
    whether two places are equal is ever asked, so no set of places is preferred.
    """
    size = jnp.minimum(size, pool.size)
    leave = pool.size - size
    few = jnp.minimum(size, leave)
    places = _distinct(key, pool.size, few, slots)
    chosen = count_labels(Labels(_token_at(pool.cumulative, places), few), pool.cumulative.shape[0]).cumulative
    taken = jnp.where(size <= leave, chosen, pool.cumulative - chosen)
    return Labels(_token_at(taken, lax.iota(jnp.int32, slots)), size)


def _token_at(cumulative: Array, place: Array) -> Array:
    """The token at a place of the pool laid out in token order."""
    last = cumulative.shape[0] - 1
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
        return index_below(random_bits(jax.random.fold_in(key, attempt), slots), bound.astype(jnp.uint32)).astype(
            jnp.int32
        )

    def again(state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        attempt, places, repeated = state
        places = jnp.where(repeated, draw(attempt), places)
        return attempt + 1, places, repeats(places)

    places = draw(jnp.int32(0))
    return lax.while_loop(lambda state: jnp.any(state[2]), again, (jnp.int32(1), places, repeats(places)))[1]

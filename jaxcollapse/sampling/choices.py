"""Random choices that are not tokens: which generation, and how many."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse import fixed
from jaxcollapse.sampling.words import words


def index_below(word: fixed.U64, bound: Array) -> Array:
    """``floor(word * bound / 2^64)`` for a ``uint32`` bound: every index within 2^-64 of ``1/bound``, ``uint32``."""
    crossed = word.hi * bound
    carry = (crossed + fixed.multiply_high(word.lo, bound) < crossed).astype(jnp.uint32)
    return fixed.multiply_high(word.hi, bound) + carry


def below(key: Array, bound: Array, slots: int) -> Array:
    """A uniform integer in ``[0, bound)`` for each slot, ``int32 [slots]``."""
    return index_below(words(key, slots), jnp.asarray(bound).astype(jnp.uint32)).astype(jnp.int32)


def happens(key: Array, chance: Array, slots: int) -> Array:
    """Whether an event of this chance happens, independently in each slot, ``bool [slots]``; within 2^-62."""
    threshold = fixed.from_float(jnp.asarray(chance, jnp.float32), 30)
    word = words(key, slots)
    return fixed.less(
        fixed.U64(word.hi >> jnp.uint32(2), (word.hi << jnp.uint32(30)) | (word.lo >> jnp.uint32(2))), threshold
    )


def happenings(key: Array, size: Array, chance: Array, slots: int) -> Array:
    """How many of ``size`` slots see the event, ``int32 []``; exact, at the cost of one word a slot."""
    return jnp.sum(happens(key, chance, slots) & (lax.iota(jnp.int32, slots) < size), dtype=jnp.int32)

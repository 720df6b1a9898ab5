"""Random bits, and the choices that integers make of them: which index, whether, how many."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact import fixed
from jaxcollapse.exact.fixed import U64
from jaxcollapse.exact.threefry import word_at


def random_bits(key: Array, slots: int) -> U64:
    """One uniform 64-bit word a slot: threefry2x32 of the counter ``(0, slot)``.

    Slot ``l`` gets the same word whatever the number of slots, so a longer array extends a shorter
    one and batches, shards and capacities leave every bit in place.

    Args:
      key: a typed threefry key, consumed.
      slots: how many.

    Returns:
      Two ``uint32 [slots]`` arrays.

    Example:
      >>> import jax
      >>> short, long = random_bits(jax.random.key(0), 3), random_bits(jax.random.key(0), 5)
      >>> bool((short.hi == long.hi[:3]).all())
      True
    """
    return word_at(key, U64(jnp.zeros(slots, jnp.uint32), lax.iota(jnp.uint32, slots)))


def index_below(word: fixed.U64, bound: Array) -> Array:
    """``floor(word * bound / 2^64)`` for a ``uint32`` bound: every index within 2^-64 of ``1/bound``, ``uint32``."""
    crossed = word.hi * bound
    carry = (crossed + fixed.multiply_high(word.lo, bound) < crossed).astype(jnp.uint32)
    return fixed.multiply_high(word.hi, bound) + carry


def randint(key: Array, bound: Array, slots: int) -> Array:
    """A uniform integer in ``[0, bound)`` for each slot, ``int32 [slots]``."""
    return index_below(random_bits(key, slots), jnp.asarray(bound).astype(jnp.uint32)).astype(jnp.int32)


def bernoulli(key: Array, chance: Array, slots: int) -> Array:
    """Whether an event of this chance happens, independently in each slot, ``bool [slots]``; within 2^-62."""
    threshold = fixed.from_float(jnp.asarray(chance, jnp.float32), 30)
    word = random_bits(key, slots)
    return fixed.less(
        fixed.U64(word.hi >> jnp.uint32(2), (word.hi << jnp.uint32(30)) | (word.lo >> jnp.uint32(2))), threshold
    )


def binomial_count(key: Array, size: Array, chance: Array, slots: int) -> Array:
    """How many of ``size`` slots see the event, ``int32 []``; exact, at the cost of one word a slot."""
    return jnp.sum(bernoulli(key, chance, slots) & (lax.iota(jnp.int32, slots) < size), dtype=jnp.int32)

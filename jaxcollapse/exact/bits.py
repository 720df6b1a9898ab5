"""Random bits, and what they decide: a random index, whether an event happens, how many of several events happen."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact import sums, u64
from jaxcollapse.exact.threefry import threefry_bits
from jaxcollapse.exact.u64 import U64


def random_bits(key: Array, count: int) -> U64:
    """Return uniform 64-bit words: word ``j`` is threefry2x32 of the counter ``(0, j)``.

    Word ``j`` is the same whatever the number of words, so a longer array extends a shorter one, and batches,
    shards and capacities leave every bit in place.

    Args:
      key: a typed threefry key, consumed.
      count: static; how many words.

    Returns:
      Two ``uint32 [count]`` arrays.

    Example:
      >>> import jax
      >>> short, long = random_bits(jax.random.key(0), 3), random_bits(jax.random.key(0), 5)
      >>> bool((short.hi == long.hi[:3]).all())
      True
    """
    return threefry_bits(key, U64(jnp.zeros(count, jnp.uint32), lax.iota(jnp.uint32, count)))


def index_below(word: U64, bound: Array) -> Array:
    """Return ``floor(word * bound / 2^64)``, ``uint32``: of a uniform word each index within 2^-64 of ``1/bound``.

    Args:
      word: uniform 64-bit words.
      bound: ``uint32``; indices are below it.
    """
    crossed = word.hi * bound
    carry = (crossed + u64.multiply_high(word.lo, bound) < crossed).astype(jnp.uint32)
    return u64.multiply_high(word.hi, bound) + carry


def randint(key: Array, bound: Array, count: int) -> Array:
    """Return ``count`` independent uniform integers in ``[0, bound)``, ``int32 [count]``."""
    return index_below(random_bits(key, count), jnp.asarray(bound).astype(jnp.uint32)).astype(jnp.int32)


def bernoulli(key: Array, chance: Array, count: int) -> Array:
    """Return ``count`` independent events, ``bool [count]``, each of this chance within 2^-62."""
    threshold = sums.from_float(jnp.asarray(chance, jnp.float32), 30)
    word = random_bits(key, count)
    return u64.less(U64(word.hi >> jnp.uint32(2), (word.hi << jnp.uint32(30)) | (word.lo >> jnp.uint32(2))), threshold)


def binomial_count(key: Array, size: Array, chance: Array, capacity: int) -> Array:
    """Return how many of ``size`` independent events of this chance happen, ``int32 []``.

    The events are those of :func:`bernoulli`, so the cost is a random word for each of ``capacity`` events.

    Args:
      key: a typed threefry key, consumed.
      size: how many events count, ``int32 []``, at most ``capacity``.
      chance: of each event, ``float32 []``.
      capacity: static.
    """
    return jnp.sum(bernoulli(key, chance, capacity) & (lax.iota(jnp.int32, capacity) < size), dtype=jnp.int32)

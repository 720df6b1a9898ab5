"""Draws of Binomial(t, 1/2): the set bits among t random ones, or for large t the sum of draws from alias tables.

Every draw takes its random words from the counters of one interval of the dyadic tree, so it is a function of the key,
of the interval and of t.
"""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse.exact import u64
from jaxcollapse.exact.threefry import threefry_bits
from jaxcollapse.exact.u64 import U64
from jaxcollapse.sampling.alias_tables import alias_table, row_digits, table_sizes
from jaxcollapse.sampling.binary_digits import count_ones


def word_counter(interval: U64, number: int | Array) -> U64:
    """Return the counter of a random word of an interval: the word's number, below 64, in the six highest bits."""
    return U64(interval.hi | (jnp.asarray(number).astype(jnp.uint32) << np.uint32(26)), interval.lo)


def n_words_from_tables(capacity: int) -> int:
    """Return how many random words a draw of up to ``capacity`` trials takes from tables."""
    return 1 + len(table_sizes(capacity))


def draw_from_bits(key: Array, interval: U64, size: Array, capacity: int) -> Array:
    """Return ``Binomial(size, 1/2)``, counted from ``size`` random bits, ``int32``.

    Args:
      key: a typed threefry key.
      interval: the numbers of the intervals, two ``uint32 [intervals]``.
      size: the number of trials of each, ``int32 [intervals]``, at most ``capacity``.
      capacity: static.
    """
    number = lax.broadcasted_iota(jnp.uint32, (*[1] * size.ndim, -(-capacity // 64)), size.ndim)
    word = threefry_bits(key, word_counter(U64(interval.hi[..., None], interval.lo[..., None]), number))
    return jnp.sum(count_ones(word, jnp.clip(size[..., None] - 64 * number.astype(jnp.int32), 0, 64)), axis=-1)


def draw_from_tables(words: list[U64], size: Array, capacity: int) -> Array:
    """Return ``Binomial(size, 1/2)``, drawn from alias tables, ``int32``.

    Args:
      words: random words of each draw, as many as :func:`n_words_from_tables` says.
      size: the number of trials of each, ``int32``, at most ``capacity``.
      capacity: static.
    """
    total = count_ones(words[0], size & 63)
    for word, sizes in zip(words[1:], table_sizes(capacity), strict=True):
        table, (shift, mask) = alias_table(sizes), row_digits(sizes)
        row = (size >> shift) & mask
        column_bits = np.uint32(table.column_bits)
        column = (word.hi >> (np.uint32(32) - column_bits)).astype(jnp.int32)
        entry = (row << table.column_bits) + column
        at_entry = lambda entries, entry=entry: jnp.asarray(entries).at[entry].get(mode="promise_in_bounds")
        rest = U64((word.hi << column_bits) | (word.lo >> (np.uint32(32) - column_bits)), word.lo << column_bits)
        keep = u64.less(rest, U64(at_entry(table.threshold_hi), at_entry(table.threshold_lo)))
        outcome = jnp.where(keep, column, at_entry(table.alias)) + jnp.asarray(table.first_outcome)[row]
        total += jnp.where(row > 0, outcome, 0)
    return total

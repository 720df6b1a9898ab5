"""Fair coins: random binary digits of points, many from one word, counted by their bits.

The heads among very many coins, ``Binomial(t, 1/2)``, come from tables instead: ``t`` is cut into a rest below
64, a multiple of 64 below 2^13, and so on, and each part's heads are drawn by one word from its alias table
(Walker 1977), whose entries are integers that add up to 2^64.
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse.exact import fixed
from jaxcollapse.exact.fixed import U64
from jaxcollapse.exact.threefry import word_at

_ALL = np.uint32(2**32 - 1)
_SIGMAS = 9.5
"""Standard deviations that a table reaches to both sides: beyond lie 2e-21."""


@functools.partial(jax.jit, static_argnames="count", inline=True)
def follow(word: U64, points: Array, digits: Array, count: int) -> tuple[Array, Array]:
    """Give each point ``count`` random binary digits and compare them with given ones.

    Args:
      word: 64 random bits; the digits of up to ``64 / count`` points.
      points: how many there are, ``int32``.
      digits: the digits to compare with, the first as the highest of ``count`` bits.
      count: static, a power of two up to 32.

    Returns:
      How many points have smaller digits, and how many the same.
    """
    if count == 1:
        right = heads(word, points)
        left = points - right
        return jnp.where(digits == 0, 0, left), jnp.where(digits == 0, left, right)
    if count >= 16:
        return _by_point(word, points, digits, count)
    return _by_digit(word, points, digits, count)


def heads(word: U64, points: Array) -> Array:
    """How many of up to 64 coins show heads: the set bits among the first ``points``."""
    first, second = _lowest(jnp.minimum(points, 32)), _lowest(jnp.maximum(points - 32, 0))
    return (lax.population_count(word.hi & first) + lax.population_count(word.lo & second)).astype(jnp.int32)


def _lowest(count: Array) -> Array:
    """A word whose lowest ``count`` bits are set, for counts in 0..32; XLA shifts by 32 to nothing."""
    return ~(_ALL << count.astype(jnp.uint32))


def _by_point(word: U64, points: Array, digits: Array, count: int) -> tuple[Array, Array]:
    """The digits of a point lie together; each point is compared by itself."""
    of_points = [(bits << np.uint32(shift)) >> np.uint32(32 - count) for bits in word for shift in range(0, 32, count)]
    below = sum((of < digits) & (point < points) for point, of in enumerate(of_points))
    inside = sum((of == digits) & (point < points) for point, of in enumerate(of_points))
    return jnp.asarray(below, jnp.int32), jnp.asarray(inside, jnp.int32)


def _by_digit(word: U64, points: Array, digits: Array, count: int) -> tuple[Array, Array]:
    """The points' bits of a digit lie together, the first digit on top; all points are compared at once."""
    width, half = 64 // count, count // 2  # half of the digits in each half of the word
    alike, below = _lowest(points), jnp.zeros_like(points)
    for bits, part in ((word.hi, digits >> np.uint32(half)), (word.lo, digits)):
        wanted = _repeated(part, half, width)
        # After each digit: the points that agreed in it and in all before.
        agree = ~(bits ^ wanted) & ((alike << np.uint32(32 - width)) | np.uint32(2 ** (32 - width) - 1))
        shift = width
        while shift < 32:
            agree &= (agree >> np.uint32(shift)) | ~np.uint32(2 ** (32 - shift) - 1)
            shift *= 2
        before = (agree >> np.uint32(width)) | (alike << np.uint32(32 - width))
        below += lax.population_count(before & ~agree & wanted).astype(jnp.int32)
        alike = agree & np.uint32(2**width - 1)
    return below, lax.population_count(alike).astype(jnp.int32)


def _repeated(digits: Array, count: int, width: int) -> Array:
    """Each of the lowest ``count`` bits, ``width`` times; the first digit fills the highest bits."""
    if width == 32:
        return jnp.uint32(0) - (digits & np.uint32(1))
    repeated = jnp.zeros_like(digits)
    for place in range(count):
        repeated |= (digits & np.uint32(1 << place)) << np.uint32(place * (width - 1))
    return repeated * np.uint32(2**width - 1)


def word_of(node: U64, number: int | Array) -> U64:
    """The counter of an interval's word: the number of the word, below 64, goes before that of the interval."""
    return U64(node.hi | (jnp.asarray(number).astype(jnp.uint32) << np.uint32(26)), node.lo)


def toss(key: Array, node: U64, coins: Array, most: int) -> Array:
    """The heads among many coins, one by one.

    Args:
      key: a typed threefry key.
      node: the numbers of the intervals that toss.
      coins: how many each tosses, ``int32``.
      most: static; no more than this.
    """
    group = lax.iota(jnp.uint32, -(-most // 64))
    word = word_at(key, word_of(U64(node.hi[..., None], node.lo[..., None]), group))
    return jnp.sum(heads(word, jnp.clip(coins[..., None] - 64 * group.astype(jnp.int32), 0, 64)), axis=-1)


class _Table(NamedTuple):
    """Alias tables of Binomial(t, 1/2), a row for each t; a row has ``2^bits`` columns.

    Attributes:
      bits: static.
      first: the outcome of a row's first column.
      hi, lo: a column's threshold: words that are less keep the column, others take ``other``.
      other: the column they take.
    """

    bits: int
    first: np.ndarray
    hi: np.ndarray
    lo: np.ndarray
    other: np.ndarray


@functools.cache
def table(coins: tuple[int, ...]) -> _Table:
    """A row for each of these even numbers of coins."""
    bits = 1 + math.ceil(math.log2(_SIGMAS * math.sqrt(max(coins)) / 2))
    rows = [_alias(_weights(t, bits)) for t in coins]
    thresholds = np.array([row[0] for row in rows], np.uint64).ravel()
    return _Table(
        bits,
        np.array(coins, np.int32) // 2 - 2 ** (bits - 1),
        (thresholds >> np.uint64(32)).astype(np.uint32),
        thresholds.astype(np.uint32),
        np.array([row[1] for row in rows], np.int32).ravel(),
    )


def _weights(coins: int, bits: int) -> list[int]:
    """``2^64 P(Binomial(coins, 1/2) = k)`` for ``2^bits`` values of k around the mean, as integers that add up."""
    middle, half = coins // 2, 2 ** (bits - 1)
    right = [1 << 100]
    for step in range(half):
        right.append(max(right[-1] * (middle - step), 0) // (middle + step + 1))
    weights = [right[abs(step)] for step in range(-half, half)]
    total = sum(weights)
    by_rest = sorted(range(len(weights)), key=lambda k: (weights[k] << 64) % total, reverse=True)
    weights = [(weight << 64) // total for weight in weights]
    for k in by_rest[: 2**64 - sum(weights)]:
        weights[k] += 1
    return weights


def _alias(weights: list[int]) -> tuple[list[int], list[int]]:
    """Walker's table: equal columns, each split between its own outcome and one other; thresholds out of 2^64."""
    columns, column = len(weights), 2**64 // len(weights)
    left, kept, other = list(weights), [column] * len(weights), list(range(columns))
    short = [k for k in other if left[k] < column]
    long = [k for k in other if left[k] > column]
    while short:
        k, giver = short.pop(), long[-1]
        kept[k], other[k] = left[k], giver
        left[giver] -= column - left[k]
        if left[giver] <= column:
            long.pop()
            if left[giver] < column:
                short.append(giver)
    return [min(keep * columns, 2**64 - 1) for keep in kept], other


ROWS = {6: 16, 10: 16, 14: 16, 18: 16}
"""Rows of the tables of multiples of 2^6, of 2^13 and of 2^17; those of higher powers have two."""


def cuts(most: int) -> list[tuple[int, ...]]:
    """How up to ``most`` coins are cut, but for a rest below 64: the rows of each table, multiples of one number."""
    units = [*ROWS, *range(22, 31)]
    return [
        tuple(k << unit for k in range(min(ROWS.get(unit, 2), (most >> unit) + 1))) for unit in units if most >> unit
    ]


def unit_and_mask(rows: tuple[int, ...]) -> tuple[int, int]:
    """Where the number of the row stands in a number of coins: how far from the right, and which bits."""
    unit = rows[1].bit_length() - 1
    return unit, ROWS.get(unit, 2) - 1


def words_of_tables(most: int) -> int:
    """How many words an interval with up to ``most`` coins takes."""
    return 1 + len(cuts(most))


def draw(words: list[U64], coins: Array, most: int) -> Array:
    """The heads among many coins, from tables: the words of each interval are given."""
    found = heads(words[0], coins & 63)
    for word, cut in zip(words[1:], cuts(most), strict=True):
        of, (unit, mask) = table(cut), unit_and_mask(cut)
        row = (coins >> unit) & mask
        shift = np.uint32(of.bits)
        column = (word.hi >> (np.uint32(32) - shift)).astype(jnp.int32)
        place = (row << of.bits) + column
        at = lambda column, place=place: jnp.asarray(column).at[place].get(mode="promise_in_bounds")
        rest = U64((word.hi << shift) | (word.lo >> (np.uint32(32) - shift)), word.lo << shift)
        keep = fixed.less(rest, U64(at(of.hi), at(of.lo)))
        outcome = jnp.where(keep, column, at(of.other)) + jnp.asarray(of.first)[row]
        found += jnp.where(row > 0, outcome, 0)
    return found

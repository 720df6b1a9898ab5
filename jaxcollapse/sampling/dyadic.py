"""Multinomial counts by dyadic splitting, at the cost of the tokens that are left instead of the number of draws.

Think of ``n`` points thrown on [0, 1), each a uniform 64-bit word, and of tokens as intervals as long as
their probabilities: the points in them are multinomial counts. The points are never placed, only counted.
Of ``t`` points in a dyadic interval, ``Binomial(t, 1/2)`` lie in its right half. A position descends through the
halves that hold it and adds up what lies left of its way; once few points are left in its interval, each of them
gets several binary digits from one random word.

The random words of an interval are threefry of its number in the tree of all halves. So the count below a position is
a *function* of (key, n, position): the same whatever else is asked, so that tokens that died may be left out,
and chains cut and laid over devices, without changing a bit. Integers from end to end: the same bits on every
kind of device.

Every interval has room for more points than it holds, but for a probability of 2^-62 (then the surplus is taken to
lie right of the position), and Binomial(t, 1/2) of many points comes from tables within 2^-62; else it is exact.
"""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import native
from jaxcollapse.exact.threefry import threefry_bits
from jaxcollapse.exact.u64 import U64
from jaxcollapse.sampling import binomial_half
from jaxcollapse.sampling.binary_digits import compare_digits
from jaxcollapse.sampling.plans import (
    TABLE_THRESHOLD,
    Stage,
    interval_capacity,
    kernel_plan,
    plan_stages,
    split_levels,
)

SELECT_LEVELS = 5
"""Of up to 2^5 intervals the entry of a position is found by selections; of more by a lookup."""


def count_below(key: Array, size: Array, positions: U64, capacity: int, *, portable: bool = False) -> Array:
    """Return how many of ``size`` uniform 64-bit words are less than each position.

    Args:
      key: a typed threefry key, consumed.
      size: how many words, ``int32 []``, at most ``capacity``.
      positions: two ``uint32 [k]``.
      capacity: static.
      portable: static; count by XLA even where the compiled kernel would be used.

    Returns:
      ``int32 [k]``; differences at increasing positions are multinomial counts.
    """
    if native.enabled() and not portable:
        return native.count_below(kernel_plan(capacity), key, size, positions)
    n_split = split_levels(capacity)
    below, within = _descend_by_splitting(key, size, positions, capacity, n_split)
    stages = plan_stages(capacity)[n_split:]
    last = lambda below, within: _descend_by_digits(key, below, within, positions, stages)
    return _in_own_computation(size, last, below, within)


def split_in_half(key: Array, number: Array, size: Array, capacity: int) -> Array:
    """Return ``Binomial(size, 1/2)`` of each of several groups, ``int32 [groups]``.

    Args:
      key: a typed threefry key, consumed.
      number: of each group, ``uint32 [groups]``; its random bits depend on the key and on this.
      size: of each group, ``int32 [groups]``, at most ``capacity``.
      capacity: static.
    """
    return _draw_right_half(key, jnp.max(size), U64(jnp.zeros_like(number), number), size, capacity)


def interval_number(positions: U64, level: int) -> U64:
    """Return the number of the interval of a level that holds each position: its first digits behind a one."""
    if level == 0:
        return U64(jnp.zeros_like(positions.hi), jnp.ones_like(positions.lo))
    if level < 32:
        return U64(jnp.zeros_like(positions.hi), (positions.hi >> np.uint32(32 - level)) | np.uint32(1 << level))
    if level == 32:
        return U64(jnp.ones_like(positions.hi), positions.hi)
    up, down = np.uint32(level - 32), np.uint32(64 - level)
    return U64((positions.hi >> down) | np.uint32(1 << (level - 32)), (positions.hi << up) | (positions.lo >> down))


def _descend_by_splitting(key: Array, size: Array, positions: U64, capacity: int, levels: int) -> tuple[Array, Array]:
    """Descend the first levels, whose intervals hold many points.

    Returns:
      For each position the points below its interval of the last level, and those within it, ``int32 [k]``.
    """
    n_positions = positions.hi.shape[0]
    # Levels with fewer intervals than there are positions are split once for all positions.
    shared = min(levels, max(n_positions.bit_length() - 1, 1))
    below, within = jnp.zeros(1, jnp.int32), jnp.reshape(size, 1)
    for level in range(shared):
        # Interval j of 2^level has the digits of j in reverse, so that both halves of all lie side by side.
        number = jnp.asarray(_reversed_digits(level) + 2**level, jnp.uint32)
        interval = U64(jnp.zeros(2**level, jnp.uint32), number)
        right = _draw_right_half(key, size, interval, within, interval_capacity(capacity, level))
        left = within - right
        below, within = jnp.concatenate([below, below + left]), jnp.concatenate([left, right])
    below, within = (_entry_of_interval(entries, positions, shared) for entries in (below, within))
    for level in range(shared, levels):
        interval = interval_number(positions, level)
        right = _draw_right_half(key, size, interval, within, interval_capacity(capacity, level))
        left, is_right = within - right, _digits(positions, Stage(level, 1, 1)) == 1
        below, within = below + jnp.where(is_right, left, 0), jnp.where(is_right, right, left)
    return below, within


def _descend_by_digits(key: Array, below: Array, within: Array, positions: U64, stages: tuple[Stage, ...]) -> Array:
    """Descend the other levels to the last digit and return the counts below each position, ``int32 [k]``."""
    for stage in stages:
        interval, digits = interval_number(positions, stage.level), _digits(positions, stage)
        less = equal = jnp.zeros_like(within)
        for number in range(stage.words):
            n_points = jnp.clip(within - number * (64 // stage.digits), 0, 64 // stage.digits)
            word = threefry_bits(key, binomial_half.word_counter(interval, number))
            found = compare_digits(word, n_points, digits, stage.digits)
            less, equal = less + found[0], equal + found[1]
        below, within = below + less, equal
    return below


def _draw_right_half(key: Array, size: Array, interval: U64, within: Array, capacity: int) -> Array:
    """Return how many of the points within each interval lie in its right half; ``size`` is 0 if there are none."""
    if capacity <= TABLE_THRESHOLD:
        return binomial_half.draw_from_bits(key, interval, within, capacity)
    drawn = [
        threefry_bits(key, binomial_half.word_counter(interval, number))
        for number in range(binomial_half.n_words_from_tables(capacity))
    ]
    words = [U64(*(_in_own_computation(size, lambda _, part=part: part, part) for part in word)) for word in drawn]
    return binomial_half.draw_from_tables(words, within, capacity)


def _in_own_computation(size: Array, work: Callable[..., Array], *operands: Array) -> Array:
    """Return ``work(*operands)``, of the shape of the first operand, evaluated in a computation of its own.

    XLA would fuse the work with lookups, which do not vectorise, and repeat it for each of its uses.
    """
    return lax.cond(size > 0, work, lambda *operands: jnp.zeros_like(operands[0]), *operands)


def _entry_of_interval(entries: Array, positions: U64, level: int) -> Array:
    """Return the entry of the interval of a level that holds each position, of entries in reversed digits' order."""
    if level <= SELECT_LEVELS:
        left = list(entries)
        for digit in reversed(range(level)):
            is_right, half = (positions.hi >> np.uint32(31 - digit)) & np.uint32(1) == 1, len(left) // 2
            left = [jnp.where(is_right, b, a) for a, b in zip(left[:half], left[half:], strict=True)]
        return jnp.broadcast_to(left[0], positions.hi.shape)
    in_order = entries[_reversed_digits(level)]
    return in_order.at[(positions.hi >> np.uint32(32 - level)).astype(jnp.int32)].get(mode="promise_in_bounds")


def _reversed_digits(level: int) -> np.ndarray:
    """Return each number below ``2^level`` with its binary digits in reverse order."""
    return np.array([int(f"{j:0{level}b}"[::-1], 2) if level else 0 for j in range(2**level)])


def _digits(positions: U64, stage: Stage) -> Array:
    """Return the binary digits of each position that a stage descends, as one number, ``uint32``."""
    first, count = np.uint32(stage.level % 32), np.uint32(32 - stage.digits)
    if stage.level >= 32:
        return (positions.lo << first) >> count
    if stage.level + stage.digits <= 32:
        return (positions.hi << first) >> count
    return ((positions.hi << first) | (positions.lo >> (np.uint32(32) - first))) >> count

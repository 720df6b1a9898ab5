"""How many of n uniform points lie below a position: multinomial counts at the cost of the tokens that are left.

Think of ``n`` points thrown on [0, 1), each a uniform 64-bit word, and of tokens as intervals as long as
their probabilities: the points in them are multinomial counts. The points are never placed, only counted.
Of ``t`` points in an interval, ``Binomial(t, 1/2)`` lie in its right half: ``t`` fair coins, the set bits of
``t`` random ones. A position descends through the halves that hold it and adds up what lies left of its way;
once few points are with it, each gets several binary digits from one random word.

The words of an interval are threefry of its number in the tree of all halves. So the count below a position is
a *function* of (key, n, position): the same whatever else is asked, so that tokens that died may be left out,
and chains cut and laid over devices, without changing a bit. Integers from end to end: the same bits on every
kind of device.

Every interval has room for more points than it holds, but for a chance of 2^-62 (then the surplus is taken to
lie right of the position), and the coins of many points come from tables within 2^-62; else it is exact.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import scipy.stats
from jax import Array, lax

from jaxcollapse import native
from jaxcollapse.exact.fixed import U64
from jaxcollapse.exact.threefry import word_at
from jaxcollapse.sampling import binomial_half

DIGITS = 64
"""Binary digits of a position."""
MISS = 2.0**-62
"""How often an interval holds more points than there is room for."""
FEW = 3
"""Up to so many words an interval, each position tosses the coins of its intervals itself."""
CHOICES = 5
SOME = 256
"""Up to so many coins are tossed one by one."""


class _Stage(NamedTuple):
    """Some levels of the tree that are descended at once.

    Attributes:
      level: the first of them; 0 is the whole of [0, 1).
      digits: how many, a power of two; a word of 64 bits has these digits of ``64 / digits`` points.
      words: how many words an interval takes.
    """

    level: int
    digits: int
    words: int


@functools.cache
def _most(capacity: int, level: int) -> int:
    """The points that an interval of this level has room for."""
    low, high = 0, capacity
    while low < high:
        middle = (low + high) // 2
        enough = scipy.stats.binom.sf(middle, capacity, 2.0**-level) < MISS if level else middle == capacity
        low, high = (low, middle) if enough else (middle + 1, high)
    return max(low, 1)


@functools.cache
def _plan(capacity: int) -> tuple[_Stage, ...]:
    """The stages with the fewest words in all."""
    best: list[tuple[int, tuple[_Stage, ...]]] = [(0, ())] * (DIGITS + 1)
    for level in reversed(range(DIGITS)):
        ways = []
        for digits in (1, 2, 4, 8, 16, 32):
            if level + digits <= DIGITS:
                stage = _Stage(level, digits, -(-_most(capacity, level) * digits // 64))
                words, rest = best[level + digits]
                ways.append((stage.words + words, (stage, *rest)))
        best[level] = min(ways)
    return best[0][1]


@functools.cache
def compiled_plan(capacity: int) -> native.Plan:
    """The plan as the compiled kernel reads it."""
    stages = _plan(capacity)
    crowded = sum(stage.words > FEW for stage in stages)
    tables: dict[tuple[int, ...], tuple[int, int]] = {}
    firsts, columns = [np.zeros(0, np.int32)], [np.zeros((0, 3), np.uint32)]
    crowds, cuts = [], []
    for level in range(crowded):
        most = _most(capacity, level)
        of_level = binomial_half.cuts(most) if most > SOME else []
        crowds.append((most, len(of_level)))
        for rows in of_level:
            table = binomial_half.table(rows)
            if rows not in tables:
                tables[rows] = (sum(map(len, firsts)), sum(map(len, columns)))
                firsts.append(table.first)
                columns.append(np.stack([table.hi, table.lo, table.other.astype(np.uint32)], axis=1))
            unit, mask = binomial_half.unit_and_mask(rows)
            cuts.append((unit, mask, table.bits, *tables[rows]))
    return native.Plan(
        capacity,
        np.array(crowds, np.int32).reshape(-1, 2),
        np.array(cuts, np.int32).reshape(-1, 5),
        np.array(stages[crowded:], np.int32),
        np.concatenate(firsts),
        np.concatenate(columns),
    )


def count_below(key: Array, size: Array, positions: U64, capacity: int, *, portable: bool = False) -> Array:
    """How many of ``size`` uniform 64-bit words are less than each position.

    Args:
      key: a typed threefry key, consumed.
      size: how many words, ``int32 []``, at most ``capacity``.
      positions: two ``uint32 [k]``.
      capacity: static.
      portable: static; count by XLA even where the compiled kernel would do.

    Returns:
      ``int32 [k]``; differences at increasing positions are multinomial counts.
    """
    if native.will_do() and not portable:
        return native.count_below(compiled_plan(capacity), key, size, positions)
    stages = _plan(capacity)
    crowded = sum(stage.words > FEW for stage in stages)
    below, within = _through_crowds(key, size, positions, capacity, crowded)
    rest = stages[crowded:]
    last = lambda below, within: _to_the_last_digit(key, below, within, positions, rest)
    return _apart(size, last, below, within)


def _apart(size: Array, work: Callable[..., Array], *given: Array) -> Array:
    """What ``work`` gives, shaped as the first that is given, in a piece of program of its own.

    XLA would join it with lookups, which forbid vectors, and do it anew for each of its uses.
    """
    return lax.cond(size > 0, work, lambda *given: jnp.zeros_like(given[0]), *given)


def _through_crowds(key: Array, size: Array, positions: U64, capacity: int, levels: int) -> tuple[Array, Array]:
    """The first levels, whose intervals hold many points: what lies below the interval of a position, and in it."""
    lanes = positions.hi.shape[0]
    shared = min(levels, max(lanes.bit_length() - 1, 1))  # as long as there are fewer intervals than positions
    below, within = jnp.zeros(1, jnp.int32), jnp.reshape(size, 1)
    for level in range(shared):
        # Interval j of 2^level has the digits of j in reverse, so that both halves of all lie side by side.
        number = np.array([int(f"{j:0{level}b}"[::-1] or "0", 2) if level else 0 for j in range(2**level)])
        node = U64(jnp.zeros(2**level, jnp.uint32), jnp.asarray(number + 2**level, jnp.uint32))
        right = _heads(key, size, node, within, _most(capacity, level))
        left = within - right
        below, within = jnp.concatenate([below, below + left]), jnp.concatenate([left, right])
    below, within = (_at_interval(of, positions, shared) for of in (below, within))
    for level in range(shared, levels):
        right = _heads(key, size, _node(positions, level), within, _most(capacity, level))
        left, is_right = within - right, _digits(positions, _Stage(level, 1, 1)) == 1
        below, within = below + jnp.where(is_right, left, 0), jnp.where(is_right, right, left)
    return below, within


def _at_interval(of: Array, positions: U64, level: int) -> Array:
    """The entry of the interval that holds a position; of few by choices, half after half, which keeps vectors."""
    if level <= CHOICES:
        entries = list(of)
        for digit in reversed(range(level)):
            right, half = (positions.hi >> np.uint32(31 - digit)) & np.uint32(1) == 1, len(entries) // 2
            entries = [jnp.where(right, b, a) for a, b in zip(entries[:half], entries[half:], strict=True)]
        return jnp.broadcast_to(entries[0], positions.hi.shape)
    place = np.array([int(f"{j:0{level}b}"[::-1], 2) for j in range(2**level)])
    return of[place].at[(positions.hi >> np.uint32(32 - level)).astype(jnp.int32)].get(mode="promise_in_bounds")


def half_of(key: Array, number: Array, points: Array, capacity: int) -> Array:
    """``Binomial(points, 1/2)`` of each of several lots, ``int32``: the coins of lot ``number`` are its own."""
    return _heads(key, jnp.max(points), U64(jnp.zeros_like(number), number), points, capacity)


def _heads(key: Array, size: Array, node: U64, points: Array, most: int) -> Array:
    if most <= SOME:
        return binomial_half.toss(key, node, points, most)
    drawn = [word_at(key, binomial_half.word_of(node, number)) for number in range(binomial_half.words_of_tables(most))]
    words = [U64(*(_apart(size, lambda _, part=part: part, part) for part in word)) for word in drawn]
    return binomial_half.draw(words, points, most)


def _to_the_last_digit(key: Array, below: Array, within: Array, positions: U64, stages: tuple[_Stage, ...]) -> Array:
    """The counts, once few points are with each position."""
    for stage in stages:
        node, digits = _node(positions, stage.level), _digits(positions, stage)
        left = inside = jnp.zeros_like(within)
        for group in range(stage.words):
            points = jnp.clip(within - group * (64 // stage.digits), 0, 64 // stage.digits)
            found = binomial_half.follow(word_at(key, binomial_half.word_of(node, group)), points, digits, stage.digits)
            left, inside = left + found[0], inside + found[1]
        below, within = below + left, inside
    return below


def _node(positions: U64, level: int) -> U64:
    """The number of the interval of a level that holds a position: its first digits behind a one."""
    if level == 0:
        return U64(jnp.zeros_like(positions.hi), jnp.ones_like(positions.lo))
    if level < 32:
        return U64(jnp.zeros_like(positions.hi), (positions.hi >> np.uint32(32 - level)) | np.uint32(1 << level))
    if level == 32:
        return U64(jnp.ones_like(positions.hi), positions.hi)
    up, down = np.uint32(level - 32), np.uint32(64 - level)
    return U64((positions.hi >> down) | np.uint32(1 << (level - 32)), (positions.hi << up) | (positions.lo >> down))


def _digits(positions: U64, stage: _Stage) -> Array:
    """The digits of a stage as one number."""
    first, count = np.uint32(stage.level % 32), np.uint32(32 - stage.digits)
    if stage.level >= 32:
        return (positions.lo << first) >> count
    if stage.level + stage.digits <= 32:
        return (positions.hi << first) >> count
    return ((positions.hi << first) | (positions.lo >> (np.uint32(32) - first))) >> count

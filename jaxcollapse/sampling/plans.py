"""The plan of the descent through the dyadic tree for a capacity: how many levels and random words at once."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
import scipy.stats

from jaxcollapse import native
from jaxcollapse.sampling.alias_tables import alias_table, row_digits, table_sizes

DIGITS = 64
"""Binary digits of a position."""
OVERFLOW_PROBABILITY = 2.0**-62
"""The probability with which an interval may hold more points than its capacity."""
SPLIT_THRESHOLD = 3
"""Intervals that need more random words than this are split one level at a time by Binomial(t, 1/2) draws."""
TABLE_THRESHOLD = 256
"""Intervals with a larger capacity than this draw Binomial(t, 1/2) from alias tables; others count random bits."""


class Stage(NamedTuple):
    """Some levels of the dyadic tree that are descended at once.

    Attributes:
      level: the first of them; level 0 is the whole of [0, 1).
      digits: how many levels, a power of two; a word of 64 bits has these digits of ``64 / digits`` points.
      words: how many random words an interval takes.
    """

    level: int
    digits: int
    words: int


@functools.cache
def interval_capacity(capacity: int, level: int) -> int:
    """Return how many of ``capacity`` points an interval of this level has room for."""
    low, high = 0, capacity
    while low < high:
        middle = (low + high) // 2
        overflow = scipy.stats.binom.sf(middle, capacity, 2.0**-level) if level else float(middle < capacity)
        low, high = (low, middle) if overflow < OVERFLOW_PROBABILITY else (middle + 1, high)
    return max(low, 1)


@functools.cache
def plan_stages(capacity: int) -> tuple[Stage, ...]:
    """Return the stages that take the fewest random words in all, from level 0 to the last digit."""
    best: list[tuple[int, tuple[Stage, ...]]] = [(0, ())] * (DIGITS + 1)
    for level in reversed(range(DIGITS)):
        ways = []
        for digits in (1, 2, 4, 8, 16, 32):
            if level + digits <= DIGITS:
                stage = Stage(level, digits, -(-interval_capacity(capacity, level) * digits // 64))
                words, rest = best[level + digits]
                ways.append((stage.words + words, (stage, *rest)))
        best[level] = min(ways)
    return best[0][1]


def split_levels(capacity: int) -> int:
    """Return how many levels, from level 0 on, are descended by splitting their intervals one level at a time.

    They are the first stages of the plan, each of one digit.
    """
    return sum(stage.words > SPLIT_THRESHOLD for stage in plan_stages(capacity))


@functools.cache
def kernel_plan(capacity: int) -> native.Plan:
    """Return the plan and its alias tables as the compiled kernel reads them."""
    n_split = split_levels(capacity)
    offsets: dict[tuple[int, ...], tuple[int, int]] = {}
    first_outcomes, columns = [np.zeros(0, np.int32)], [np.zeros((0, 3), np.uint32)]
    levels, tables = [], []
    for level in range(n_split):
        level_capacity = interval_capacity(capacity, level)
        tables_of_level = table_sizes(level_capacity) if level_capacity > TABLE_THRESHOLD else []
        levels.append((level_capacity, len(tables_of_level)))
        for sizes in tables_of_level:
            table = alias_table(sizes)
            if sizes not in offsets:
                offsets[sizes] = (sum(map(len, first_outcomes)), sum(map(len, columns)))
                first_outcomes.append(table.first_outcome)
                entries = [table.threshold_hi, table.threshold_lo, table.alias.astype(np.uint32)]
                columns.append(np.stack(entries, axis=1))
            tables.append((*row_digits(sizes), table.column_bits, *offsets[sizes]))
    return native.Plan(
        capacity,
        np.array(levels, np.int32).reshape(-1, 2),
        np.array(tables, np.int32).reshape(-1, 5),
        np.array(plan_stages(capacity)[n_split:], np.int32),
        np.concatenate(first_outcomes),
        np.concatenate(columns),
    )

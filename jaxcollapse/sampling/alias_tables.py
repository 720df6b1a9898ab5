"""Alias tables of Binomial(t, 1/2), whose entries are integers that add up to 2^64.

``t`` is written as a rest below 64, plus a multiple of 2^6 below 2^10, plus a multiple of 2^10 below 2^14, and so on.
Each of these multiples has a row in a table, and the sum of independent draws from all of them is Binomial(t, 1/2).

Source: Walker, "An efficient method for generating discrete random variables with general distributions" (1977).
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

ROWS = {6: 16, 10: 16, 14: 16, 18: 16}
"""Rows of the tables of multiples of 2^6, 2^10, 2^14 and 2^18; those of multiples of 2^22 to 2^30 have two."""
_SIGMAS = 9.5
"""Standard deviations that a table reaches to both sides of the mean; beyond lies a probability of 2e-21."""


class AliasTable(NamedTuple):
    """Alias tables of Binomial(t, 1/2), a row for each of several t; a row has ``2^column_bits`` columns.

    Attributes:
      column_bits: static; so many random bits choose a column.
      first_outcome: the outcome of each row's first column, ``int32 [rows]``; the others follow.
      threshold_hi, threshold_lo: the remaining random bits keep a column where they are less than its threshold, two
        ``uint32 [rows columns]``.
      alias: the column that is taken otherwise, ``int32 [rows columns]``.
    """

    column_bits: int
    first_outcome: np.ndarray
    threshold_hi: np.ndarray
    threshold_lo: np.ndarray
    alias: np.ndarray


def table_sizes(capacity: int) -> list[tuple[int, ...]]:
    """Return the tables for up to ``capacity`` trials: of each the t of its rows, multiples of one power of two."""
    shifts = [*ROWS, *range(22, 31)]
    return [
        tuple(k << shift for k in range(min(ROWS.get(shift, 2), (capacity >> shift) + 1)))
        for shift in shifts
        if capacity >> shift
    ]


def row_digits(sizes: tuple[int, ...]) -> tuple[int, int]:
    """Return by how much to shift a number of trials, and with what to mask it then, to find its row in a table."""
    shift = sizes[1].bit_length() - 1
    return shift, ROWS.get(shift, 2) - 1


@functools.cache
def alias_table(sizes: tuple[int, ...]) -> AliasTable:
    """Return the table with a row for each of these even numbers of trials."""
    column_bits = 1 + math.ceil(math.log2(_SIGMAS * math.sqrt(max(sizes)) / 2))
    rows = [_alias_row(_weights(size, column_bits)) for size in sizes]
    thresholds = np.array([row[0] for row in rows], np.uint64).ravel()
    return AliasTable(
        column_bits,
        np.array(sizes, np.int32) // 2 - 2 ** (column_bits - 1),
        (thresholds >> np.uint64(32)).astype(np.uint32),
        thresholds.astype(np.uint32),
        np.array([row[1] for row in rows], np.int32).ravel(),
    )


def _weights(size: int, column_bits: int) -> list[int]:
    """Return ``2^64 P(Binomial(size, 1/2) = k)`` for the values of k around the mean, as integers that add up."""
    middle, half = size // 2, 2 ** (column_bits - 1)
    right = [1 << 100]
    for step in range(half):
        right.append(max(right[-1] * (middle - step), 0) // (middle + step + 1))
    weights = [right[abs(step)] for step in range(-half, half)]
    total = sum(weights)
    by_remainder = sorted(range(len(weights)), key=lambda k: (weights[k] << 64) % total, reverse=True)
    weights = [(weight << 64) // total for weight in weights]
    for k in by_remainder[: 2**64 - sum(weights)]:
        weights[k] += 1
    return weights


def _alias_row(weights: list[int]) -> tuple[list[int], list[int]]:
    """Return thresholds out of 2^64 and aliases: equal columns, each split between its own outcome and one other."""
    columns, column = len(weights), 2**64 // len(weights)
    left, kept, alias = list(weights), [column] * len(weights), list(range(columns))
    short = [k for k in alias if left[k] < column]
    long = [k for k in alias if left[k] > column]
    while short:
        k, giver = short.pop(), long[-1]
        kept[k], alias[k] = left[k], giver
        left[giver] -= column - left[k]
        if left[giver] <= column:
            long.pop()
            if left[giver] < column:
                short.append(giver)
    return [min(keep * columns, 2**64 - 1) for keep in kept], alias

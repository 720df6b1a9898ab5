"""Alias tables of Binomial(t, 1/2) against the exact distribution."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.stats
from chosen_words import WORDS

from jaxcollapse.sampling import (
    alias_tables,
)

ROWS = [
    (sizes, sizes.index(number))
    for sizes in alias_tables.table_sizes(2**22)
    for number in {sizes[1], sizes[2 % len(sizes)], sizes[-1]} - {0}
]


@pytest.mark.parametrize(("sizes", "row"), ROWS, ids=[f"{sizes[row]} trials" for sizes, row in ROWS])
def test_a_table_is_the_binomial_distribution(sizes, row):
    """The columns add up to the integer weights, each within 2^-62 of the probability; what is left out is as rare."""
    table, number = alias_tables.alias_table(sizes), sizes[row]
    columns = 2**table.column_bits
    at = slice(row * columns, (row + 1) * columns)
    kept = (table.threshold_hi[at].astype(object) << 32) | table.threshold_lo[at].astype(object)
    drawn, column = [0] * columns, WORDS // columns
    for k, (threshold, other) in enumerate(zip(kept, table.alias[at], strict=True)):
        # Words are compared after a shift that spreads a column over all of them.
        share = column if threshold == WORDS - 1 else threshold // columns
        assert threshold == WORDS - 1 or threshold % columns == 0
        drawn[k] += share
        drawn[other] += column - share
    assert drawn == alias_tables._weights(number, table.column_bits)
    if number <= 2**13:
        first = int(table.first_outcome[row])
        exact = [
            Fraction(math.comb(number, k), 2**number) if 0 <= k <= number else 0 for k in range(first, first + columns)
        ]
        off = sum(abs(Fraction(weight, WORDS) - p) for weight, p in zip(drawn, exact, strict=True))
        assert off + (1 - sum(exact)) < 2.0**-50  # 1024 roundings to 2^-64
        assert max(abs(Fraction(weight, WORDS) - p) for weight, p in zip(drawn, exact, strict=True)) < 2.0**-60
    else:
        first = int(table.first_outcome[row]) + np.arange(columns)
        np.testing.assert_allclose(
            np.array(drawn, float) / WORDS, scipy.stats.binom.pmf(first, number, 0.5), atol=2.0**-60, rtol=1e-9
        )


@pytest.mark.parametrize("most", [64, 100, 8191, 8192, 70_000, 2**21 - 1, 2**31 - 1])
def test_all_trials_are_drawn(most):
    """Each number of trials is the sum of what its tables draw."""
    for number in {0, 1, 63, 64, most // 3, most - 1, most}:
        total = number & 63
        for sizes in alias_tables.table_sizes(most):
            unit, mask = alias_tables.row_digits(sizes)
            row = number >> unit & mask
            assert row < len(sizes)
            total += sizes[row]
        assert total == number

"""The plans of the descent: every digit once, words of one's own, and room enough."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from chosen_words import WORDS, as_integers, as_words

from jaxcollapse.sampling import (
    binomial_half,
    dyadic,
    plans,
)

CAPACITIES = (1, 5, 100, 2500)


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_no_two_intervals_share_a_word(capacity):
    """A stage's intervals have numbers of their own, and their words groups of their own."""
    stages = plans.plan_stages(capacity)
    assert [stage.level for stage in stages] == [0, *np.cumsum([stage.digits for stage in stages])[:-1]]
    assert sum(stage.digits for stage in stages) == 64
    ends = [(1 << stage.level, 2 << stage.level) for stage in stages]
    assert all(last <= first for (_, last), (first, _) in itertools.pairwise(ends))
    for stage in stages:
        crowded = (
            stage.words > plans.SPLIT_THRESHOLD
            and plans.interval_capacity(capacity, stage.level) > plans.TABLE_THRESHOLD
        )
        words = (
            binomial_half.n_words_from_tables(plans.interval_capacity(capacity, stage.level))
            if crowded
            else stage.words
        )
        assert words == 1 or (
            words <= 64 and stage.level < 58
        )  # the number of the word goes before that of the interval
        for position in (0, WORDS - 1, 0x123456789ABCDEF0):
            assert as_integers(dyadic.interval_number(as_words([position]), stage.level))[0] == (1 << stage.level) | (
                position >> (64 - stage.level)
            )


@pytest.mark.parametrize("capacity", [1, 2, 7, 64, 130])
def test_there_is_room_but_for_a_chance_of_2_to_the_minus_62(capacity):
    for stage in plans.plan_stages(capacity):
        p, room = Fraction(1, 2**stage.level), 64 // stage.digits * stage.words
        beyond = sum(math.comb(capacity, k) * p**k * (1 - p) ** (capacity - k) for k in range(room + 1, capacity + 1))
        assert beyond < Fraction(1, 2**62)

"""Averages of models in 48-bit fixed point."""

import bisect
import itertools
import math
from fractions import Fraction

import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
import pytest
from chosen_words import LARGEST, WORDS, as_integers, as_words, ceil_div, eight_words, with_bits
from corpora import (
    tokens_of,
)
from hypothesis import given, settings

from jaxcollapse import sampling
from jaxcollapse.exact import u64
from jaxcollapse.sampling import (
    ModelAverage,
    averages,
)

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


@settings(max_examples=25)
@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=4).filter(any))
def test_an_average_of_counts_cuts_at_the_48th_bit(counts):
    found = sampling.average_of_counts(jnp.array(counts, jnp.int32), jnp.int32(sum(counts)))
    assert as_integers(found.sums).tolist() == [count * 2**48 // sum(counts) for count in counts]


@pytest.mark.parametrize("counts", [[LARGEST, 0], [1, LARGEST - 1], [LARGEST // 2, LARGEST - LARGEST // 2], [1, 0]])
def test_an_average_of_the_largest_counts(counts):
    found = sampling.average_of_counts(jnp.array(counts, jnp.int32), jnp.int32(sum(counts)))
    assert as_integers(found.sums).tolist() == [count * 2**48 // sum(counts) for count in counts]


def test_an_average_of_a_cdf_cuts_at_the_48th_bit():
    p = np.array([0.5, 0.3, 1e-3, 1e-10, 2.0**-48, 2.0**-49, 0], np.float32)
    found = sampling.average_of_cdf(sampling.fixed_point_cdf(jnp.asarray(p)))
    assert as_integers(found.sums).tolist() == [math.floor(Fraction(float(x)) * 2**48) for x in p]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 2**48), min_size=4, max_size=4).filter(any), eight_words)
def test_a_word_stands_for_its_share_of_the_sums(sums, integers):
    ends = list(itertools.accumulate(sums))
    drawn = with_bits(
        averages, integers, lambda: sampling.draw_from_average(None, ModelAverage(as_words(sums)), jnp.int32(8), 8)
    )
    assert tokens_of(drawn) == [bisect.bisect_right(ends, word * ends[-1] // WORDS) for word in integers]


def test_as_many_models_as_an_average_holds():
    """65535 of them, one of which is the only one with token 1: it has 2^64/65535 words."""
    dirac = [
        sampling.average_of_counts(jnp.array(counts, jnp.int32), jnp.int32(9)) for counts in ([9, 0, 0], [0, 9, 0])
    ]
    many = dirac[0]
    for _ in range(15):  # twice as many and one more: 3, 7, ... 65535
        many = sampling.add_averages(sampling.add_averages(many, many), dirac[0])
    assert as_integers(many.sums).tolist() == [(2**16 - 1) << 48, 0, 0]
    many = ModelAverage(u64.add(u64.subtract(many.sums, dirac[0].sums), dirac[1].sums))
    first = ceil_div((2**16 - 2) * WORDS, 2**16 - 1)
    integers = [0, first - 1, first, WORDS - 1]
    drawn = with_bits(averages, integers, lambda: sampling.draw_from_average(None, many, jnp.int32(4), 4))
    assert tokens_of(drawn) == [0, 0, 1, 1]

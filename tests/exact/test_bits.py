"""Random bits, and the exact maps from words to indices, events and numbers of events."""

import math
from fractions import Fraction

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from chosen_words import LARGEST, WORDS, as_words, ceil_div, eight_words, with_bits
from corpora import outcomes
from hypothesis import given, settings
from jax.extend.random import threefry_2x32
from verdict import law_agrees

from jaxcollapse import sampling
from jaxcollapse.exact import bits
from jaxcollapse.exact.bits import index_below

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


@pytest.mark.parametrize("seed", [0, 2**31 - 1])
@pytest.mark.parametrize("count", [1, 2, 1000])
def test_random_bits_are_jaxs_own_threefry(seed, count):
    key = jax.random.key(seed, impl="threefry2x32")
    found = sampling.random_bits(key, count)
    counters = jnp.concatenate([jnp.zeros(count, jnp.uint32), jnp.arange(count, dtype=jnp.uint32)])
    first, second = threefry_2x32(jax.random.key_data(key), counters).reshape(2, count)
    assert (found.hi == first).all()
    assert (found.lo == second).all()


@pytest.mark.parametrize("partitionable", [True, False])
def test_random_bits_are_the_public_random_bits_whatever_the_flag(partitionable):
    key = jax.random.key(0, impl="threefry2x32")
    with jax.threefry_partitionable(True):
        public = jax.random.bits(key, (1000,), "uint32")
    with jax.threefry_partitionable(partitionable):
        found = sampling.random_bits(key, 1000)
    assert ((found.hi ^ found.lo) == public).all()


def test_more_random_bits_extend_fewer():
    few, many = (sampling.random_bits(jax.random.key(1), count) for count in (7, 4096))
    assert (few.hi == many.hi[:7]).all()
    assert (few.lo == many.lo[:7]).all()


# The maps are monotone, so agreeing at both sides of every change is agreeing everywhere.


@given(eight_words, st.one_of(st.integers(1, 2**32 - 1), st.sampled_from([1, 2, LARGEST, 2**31, 2**32 - 1])))
def test_index_below_is_the_word_times_the_bound_over_all_words(integers, bound):
    assert np.asarray(index_below(as_words(integers), jnp.uint32(bound))).tolist() == [
        w * bound // WORDS for w in integers
    ]


@pytest.mark.parametrize("bound", [1, 2, 3, 7, 65535, 10**6, LARGEST])
def test_randint_gives_every_integer_equally_many_words(bound):
    some = sorted({0, bound // 3, bound // 2, bound - 1})
    first = [ceil_div(integer * WORDS, bound) for integer in some]
    last = [ceil_div((integer + 1) * WORDS, bound) - 1 for integer in some]
    for integers in (first, last):
        assert with_bits(bits, integers, lambda: sampling.randint(None, jnp.int32(bound), len(some))).tolist() == some


CHANCES = [0.0, 2.0**-63, 2.0**-62, 1e-18, 2.0**-40, 1e-12, 1e-3, 0.1, 0.5, 0.7, 1 - 2.0**-20, 1 - 2.0**-24, 1.0]


@pytest.mark.parametrize("chance", CHANCES)
def test_an_event_happens_for_its_share_of_the_words(chance):
    """For the words below ``4 floor(chance 2^62)`` and no others."""
    words = 4 * math.floor(Fraction(float(np.float32(chance))) * 2**62)
    assert abs(Fraction(words, WORDS) - Fraction(float(np.float32(chance)))) < Fraction(1, 2**62)
    inside = [word for word in (0, words // 2, words - 1) if 0 <= word < words]
    outside = [word for word in (words, (words + WORDS) // 2, WORDS - 1) if words <= word < WORDS]
    found = with_bits(bits, inside + outside, lambda: sampling.bernoulli(None, chance, len(inside + outside)))
    assert np.asarray(found).tolist() == [True] * len(inside) + [False] * len(outside)
    assert bool(inside) == (chance > 2.0**-63)
    assert bool(outside) == (chance < 1)


@pytest.mark.parametrize("size", [0, 1, 5, 8])
def test_binomial_counts_the_events_in_use(size):
    for seed in range(20):
        key = jax.random.key(seed)
        events = np.asarray(sampling.bernoulli(key, 0.4, 8))
        assert int(sampling.binomial_count(key, jnp.int32(size), 0.4, 8)) == events[:size].sum()
        assert int(sampling.binomial_count(key, jnp.int32(size), 0.4, 64)) == events[:size].sum()


def test_binomial_of_a_certain_event_is_the_size_and_of_none_is_0():
    key = jax.random.key(0)
    assert int(sampling.binomial_count(key, jnp.int32(1000), 1.0, 1024)) == 1000
    assert int(sampling.binomial_count(key, jnp.int32(1000), 0.0, 1024)) == 0


def one_event_for_all(key, size, chance, count):
    return size * sampling.bernoulli(key, chance, 1)[0].astype(jnp.int32)


def one_event_too_many(key, size, chance, count):
    return sampling.binomial_count(key, size + 1, chance, count)


@pytest.mark.parametrize(
    ("binomial", "right"), [(sampling.binomial_count, True), (one_event_for_all, False), (one_event_too_many, False)]
)
@pytest.mark.parametrize("chance", [0.2, 0.9])
def test_the_distribution_of_a_binomial_number(binomial, right, chance):
    probabilities = {(k,): scipy.stats.binom.pmf(k, 5, np.float32(chance)) for k in range(6)}
    assert law_agrees(outcomes(lambda key: binomial(key, jnp.int32(5), jnp.float32(chance), 8)), probabilities) == right

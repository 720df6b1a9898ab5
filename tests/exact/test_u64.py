"""64-bit integers against Python's, which are exact and know nothing of words."""

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from jaxcollapse.exact import u64
from jaxcollapse.exact.u64 import U64

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


LANES = 16


EDGES = st.sampled_from([0, 1, 0xFFFF, 0x10000, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1])


words32 = arrays(np.uint32, LANES, elements=st.one_of(EDGES, st.integers(0, 2**32 - 1)))


words64 = st.tuples(words32, words32).map(lambda pair: U64(*pair))


def big(x):
    """Words as an array of Python integers."""
    return (x.hi.astype(object) << 32) + x.lo.astype(object) if isinstance(x, U64) else x.astype(object)


def same(words, integers):
    """Whether the library's words are these integers."""
    return (big(jax.tree.map(np.asarray, words)) == integers).all()


@given(words64, words64)
def test_add_is_addition_modulo_two_to_the_64(a, b):
    assert same(u64.add(a, b), (big(a) + big(b)) % 2**64)


@given(words64, words64)
def test_less_is_the_order_of_integers(a, b):
    tied = U64(a.hi, b.lo)  # equal upper words, so that the lower ones decide
    for left, right in ((a, b), (a, tied), (tied, a), (a, a)):
        assert same(u64.less(left, right), big(left) < big(right))


@given(words32, words32)
def test_multiply_is_the_whole_product_and_multiply_high_its_upper_word(a, b):
    product = big(a) * big(b)
    assert same(u64.multiply_high(a, b), product >> 32)
    assert same(u64.multiply(a, b), product)


@given(words64, words64)
def test_scale_is_the_upper_half_of_a_product_of_128_bits(word, bound):
    assert same(u64.scale(word, bound), big(word) * big(bound) >> 64)


@pytest.mark.parametrize("count", [0, 1, 2, 2**16, 2**16 + 1, 300_000])
def test_sums_of_any_length_are_exact(count):
    """The largest words of all, and random ones: limbs become shorter as there are more."""
    random = np.random.default_rng(count).integers(0, 2**64, count, dtype=np.uint64)
    for words in (random, np.full(count, 2**64 - 1, np.uint64)):
        halves = U64(*(jnp.asarray(half.astype(np.uint32)) for half in (words >> 32, words & 0xFFFFFFFF)))
        found = jax.jit(u64.sum_of)(halves)
        assert (int(found.hi) << 32) + int(found.lo) == sum(words.tolist()) % 2**64

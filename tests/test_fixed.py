"""Fixed-point arithmetic against Python's integers, which are exact and know nothing of words."""

import math
from fractions import Fraction

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from jaxcollapse.exact import fixed
from jaxcollapse.exact.fixed import U64

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")

LANES = 16
EDGES = st.sampled_from([0, 1, 0xFFFF, 0x10000, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1])
u32 = arrays(np.uint32, LANES, elements=st.one_of(EDGES, st.integers(0, 2**32 - 1)))
u64 = st.tuples(u32, u32).map(lambda pair: U64(*pair))


def big(x):
    """Words as an array of Python integers."""
    return (x.hi.astype(object) << 32) + x.lo.astype(object) if isinstance(x, U64) else x.astype(object)


def same(words, integers):
    """Whether the library's words are these integers."""
    return (big(jax.tree.map(np.asarray, words)) == integers).all()


@given(u64, u64)
def test_add_is_addition_modulo_two_to_the_64(a, b):
    assert same(fixed.add(a, b), (big(a) + big(b)) % 2**64)


@given(u64, u64)
def test_less_is_the_order_of_integers(a, b):
    tied = U64(a.hi, b.lo)  # equal upper words, so that the lower ones decide
    for left, right in ((a, b), (a, tied), (tied, a), (a, a)):
        assert same(fixed.less(left, right), big(left) < big(right))


@given(u32, u32)
def test_multiply_is_the_whole_product_and_multiply_high_its_upper_word(a, b):
    product = big(a) * big(b)
    assert same(fixed.multiply_high(a, b), product >> 32)
    assert same(fixed.multiply(a, b), product)


@given(u64, u64)
def test_scale_is_the_upper_half_of_a_product_of_128_bits(word, bound):
    assert same(fixed.scale(word, bound), big(word) * big(bound) >> 64)


halves = arrays(np.uint32, LANES, elements=st.one_of(EDGES.filter(lambda x: 0 < x < 2**31), st.integers(1, 2**31 - 1)))
ratio = jax.jit(fixed.ratio, static_argnums=2)


@given(u32, halves, st.sampled_from([32, 33, 48, 62, 63]))
def test_ratio_is_the_quotient_cut_at_a_bit(a, b, bits):
    """Also of what is equal, one less, one, or nothing."""
    for over in (a % (b + np.uint32(1)), b, b - np.uint32(1), np.minimum(b, np.uint32(1)), np.zeros_like(b)):
        assert same(ratio(over, b, bits), (big(over) << bits) // big(b))


@given(st.sampled_from([23, 28, 29, 30]), st.data())
def test_from_float_cuts_and_never_rounds(unit, data):
    largest = float(np.nextafter(np.float32(2.0 ** (32 - unit)), np.float32(0)))
    floats = st.floats(0, largest, width=32, allow_subnormal=False)
    x = data.draw(arrays(np.float32, LANES, elements=floats))
    exact = np.array([math.floor(Fraction(float(v)) * 2 ** (32 + unit)) for v in x], object)
    assert same(fixed.from_float(x, unit), exact)


# Terms of both signs and of every size, so that large ones cancel and tiny ones remain.
TERMS = 24
magnitudes = st.one_of(st.floats(0, 2**-5, width=32, allow_subnormal=False), st.integers(-60, -5).map(lambda e: 2.0**e))
terms = arrays(np.float32, TERMS, elements=st.tuples(magnitudes, st.sampled_from([-1, 1])).map(math.prod))
bounds = st.sampled_from([1.0, 2.0, 3.0, 4.0, 128.0])
total = jax.jit(fixed.total, static_argnums=1)


@given(terms, bounds)
def test_total_is_the_sum(terms, bound):
    """Each term loses less than one unit, and the float at the end rounds twice."""
    unit = 2.0 ** (math.ceil(math.log2(bound)) - 62)
    exact = math.fsum(terms.tolist())
    assert abs(float(total(terms, bound)) - exact) <= TERMS * unit + 2.0**-23 * abs(exact)


@given(terms, bounds, st.randoms(use_true_random=False))
def test_total_has_the_same_bits_in_any_order(terms, bound, random):
    shuffled = np.array(random.sample(terms.tolist(), TERMS), np.float32)
    padded = np.concatenate([np.zeros(3, np.float32), shuffled, np.zeros(40, np.float32)])
    expected = np.asarray(total(terms, bound)).tobytes()
    assert np.asarray(total(shuffled, bound)).tobytes() == expected
    assert np.asarray(total(padded, bound)).tobytes() == expected


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("bound", [1.0, 2.0, 128.0])
def test_total_holds_its_own_bound(sign, bound):
    assert float(fixed.total(jnp.array([sign * bound / 2] * 2, jnp.float32), bound)) == sign * bound


@pytest.mark.parametrize("count", [0, 1, 2, 2**16, 2**16 + 1, 300_000])
def test_sums_of_any_length_are_exact(count):
    """The largest words of all, and random ones: limbs become shorter as there are more."""
    random = np.random.default_rng(count).integers(0, 2**64, count, dtype=np.uint64)
    for words in (random, np.full(count, 2**64 - 1, np.uint64)):
        halves = fixed.U64(*(jnp.asarray(half.astype(np.uint32)) for half in (words >> 32, words & 0xFFFFFFFF)))
        found = jax.jit(fixed.sum_of)(halves)
        assert (int(found.hi) << 32) + int(found.lo) == sum(words.tolist()) % 2**64


def log_error(x):
    """In units of 2^-27 nats."""
    found = np.asarray(jax.jit(fixed.log_integer)(x)).astype(np.float64)
    return np.abs(found - np.log(x.astype(np.float64)) * 2**fixed.LOG_BITS).max()


def test_log_integer_of_every_count_to_131072():
    assert log_error(np.arange(1, 2**17 + 1, dtype=np.uint32)) <= 3


def test_log_integer_around_the_edges_of_its_128_intervals():
    edges = [((128 + i << 24) + d) >> shift for i in range(128) for d in (0, 1, 2**24 - 1) for shift in range(25)]
    assert log_error(np.array(edges, np.uint32)) <= 3


@given(arrays(np.uint32, 256, elements=st.integers(1, 2**32 - 1)))
def test_log_integer_of_any_word(x):
    assert log_error(x) <= 3


def test_log_integer_of_none_and_one_is_zero():
    assert np.asarray(fixed.log_integer(jnp.arange(2, dtype=jnp.uint32))).tolist() == [0, 0]


def floats(first, last, step=1):
    """Every ``step``-th ``float32`` from one to another: positive floats are ordered as their bits are."""
    bits = np.array([first, last], np.float32).view(np.uint32)
    return np.arange(bits[0], bits[1] + 1, step, np.uint32).view(np.float32)


@pytest.mark.parametrize("p", [floats(0.5, 1), floats(2.0**-126, 1, step=101)], ids=["from a half", "from the least"])
def test_minus_log_keeps_its_documented_error(p):
    exact = -np.log(p.astype(np.float64))
    assert (np.abs(np.asarray(jax.jit(fixed.minus_log)(p)) - exact) / (3e-8 + 1.2e-7 * exact)).max() <= 1


def test_minus_log_is_never_negative():
    assert np.asarray(jax.jit(fixed.minus_log)(floats(0.5, 1))).min() == 0


def test_minus_log_of_zero_is_zero():
    assert float(fixed.minus_log(jnp.float32(0))) == 0

"""Fixed-point sums against exact sums, in any order."""

import math
from fractions import Fraction

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from jaxcollapse.exact import sums
from jaxcollapse.exact.u64 import U64

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


LANES = 16


def big(x):
    """Words as an array of Python integers."""
    return (x.hi.astype(object) << 32) + x.lo.astype(object) if isinstance(x, U64) else x.astype(object)


def same(words, integers):
    """Whether the library's words are these integers."""
    return (big(jax.tree.map(np.asarray, words)) == integers).all()


@given(st.sampled_from([23, 28, 29, 30]), st.data())
def test_from_float_cuts_and_never_rounds(unit, data):
    largest = float(np.nextafter(np.float32(2.0 ** (32 - unit)), np.float32(0)))
    floats = st.floats(0, largest, width=32, allow_subnormal=False)
    x = data.draw(arrays(np.float32, LANES, elements=floats))
    exact = np.array([math.floor(Fraction(float(v)) * 2 ** (32 + unit)) for v in x], object)
    assert same(sums.from_float(x, unit), exact)


# Terms of both signs and of every size, so that large ones cancel and tiny ones remain.
TERMS = 24
magnitudes = st.one_of(st.floats(0, 2**-5, width=32, allow_subnormal=False), st.integers(-60, -5).map(lambda e: 2.0**e))
terms = arrays(np.float32, TERMS, elements=st.tuples(magnitudes, st.sampled_from([-1, 1])).map(math.prod))
bounds = st.sampled_from([1.0, 2.0, 3.0, 4.0, 128.0])
total = jax.jit(sums.total, static_argnums=1)


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
    assert float(sums.total(jnp.array([sign * bound / 2] * 2, jnp.float32), bound)) == sign * bound

"""Quotients and fractions against Python's integers."""

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from chosen_words import WORDS, as_integers, as_words
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from jaxcollapse.exact import division
from jaxcollapse.exact.u64 import U64

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


LANES = 16


EDGES = st.sampled_from([0, 1, 0xFFFF, 0x10000, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1])


words32 = arrays(np.uint32, LANES, elements=st.one_of(EDGES, st.integers(0, 2**32 - 1)))


def big(x):
    """Words as an array of Python integers."""
    return (x.hi.astype(object) << 32) + x.lo.astype(object) if isinstance(x, U64) else x.astype(object)


def same(words, integers):
    """Whether the library's words are these integers."""
    return (big(jax.tree.map(np.asarray, words)) == integers).all()


halves = arrays(np.uint32, LANES, elements=st.one_of(EDGES.filter(lambda x: 0 < x < 2**31), st.integers(1, 2**31 - 1)))


ratio = jax.jit(division.ratio, static_argnums=2)


@given(words32, halves, st.sampled_from([32, 33, 48, 62, 63]))
def test_ratio_is_the_quotient_cut_at_a_bit(a, b, bits):
    """Also of what is equal, one less, one, or nothing."""
    for over in (a % (b + np.uint32(1)), b, b - np.uint32(1), np.minimum(b, np.uint32(1)), np.zeros_like(b)):
        assert same(ratio(over, b, bits), (big(over) << bits) // big(b))


FRACTION = jax.jit(division.fraction)


@given(st.lists(st.integers(0, WORDS - 1), min_size=1, max_size=20), st.integers(1, WORDS - 1))
@settings(max_examples=50)
def test_a_fraction_is_the_quotient(parts, whole):
    parts = [part % whole for part in parts]
    padded = parts + [0] * (20 - len(parts))  # of one shape, to be compiled once
    found = as_integers(FRACTION(as_words(padded), U64(*(of[0] for of in as_words([whole])))))[: len(parts)]
    for part, share in zip(parts, found, strict=True):
        exact = part * WORDS // whole
        assert exact - 4 <= share <= exact
    assert (np.diff(found[np.argsort(np.array(parts, object))]) >= 0).all()


@pytest.mark.parametrize("total", [1, 3, 7, 1000, 2**24 - 1])
def test_a_quotient_is_rounded_once(total):
    """Also where the divisor is a constant of the program, whose inverse a compiler might round beforehand."""
    counts = np.unique(np.linspace(0, total, 1000).astype(np.int32))
    found = jax.jit(lambda counts: division.quotient(counts, jnp.int32(total)))(counts)
    assert (np.asarray(found) == counts.astype(np.float32) / np.float32(total)).all()

"""64-bit words as Python integers and back, and draws whose random bits are given."""

import functools

import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse.exact.u64 import U64

WORDS = 2**64
LARGEST = 2**31 - 1  # of the sizes that corpora may have
word_ = st.integers(0, WORDS - 1)
eight_words = st.lists(st.one_of(word_, st.sampled_from([0, WORDS - 1])), min_size=8, max_size=8)


def as_words(integers):
    integers = np.array(integers, object)
    return U64(jnp.asarray(integers >> 32, jnp.uint32), jnp.asarray(integers & 0xFFFFFFFF, jnp.uint32))


def as_integers(words):
    """An array of Python integers."""
    return (np.asarray(words.hi).astype(object) << 32) | np.asarray(words.lo).astype(object)


def with_bits(module, integers, draw):
    """What is drawn where a module's random bits are these."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "random_bits", lambda key, count: as_words(integers))
        return draw()


def ceil_div(a, b):
    return -(-a // b)


def digits_of_points(word, count):
    """Which digits a word gives to each of its ``64 / count`` points, the first digit as the highest bit."""
    hi, lo = word >> 32, word & 0xFFFFFFFF
    if count == 1:
        return [hi >> j & 1 for j in range(32)] + [lo >> j & 1 for j in range(32)]
    if count >= 16:
        return [half >> (32 - count - place) & (2**count - 1) for half in (hi, lo) for place in range(0, 32, count)]
    width = 64 // count
    rows = [half >> shift & (2**width - 1) for half in (hi, lo) for shift in range(32 - width, -1, -width)]
    return [functools.reduce(lambda number, row: 2 * number + (row >> j & 1), rows, 0) for j in range(width)]

"""Integer logarithms and logarithms of floats against NumPy's in double precision."""

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays

from jaxcollapse.exact import logs

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


def log_error(x):
    """In units of 2^-27 nats."""
    found = np.asarray(jax.jit(logs.log_integer)(x)).astype(np.float64)
    return np.abs(found - np.log(x.astype(np.float64)) * 2**logs.LOG_BITS).max()


def test_log_integer_of_every_count_to_131072():
    assert log_error(np.arange(1, 2**17 + 1, dtype=np.uint32)) <= 3


def test_log_integer_around_the_edges_of_its_128_intervals():
    edges = [((128 + i << 24) + d) >> shift for i in range(128) for d in (0, 1, 2**24 - 1) for shift in range(25)]
    assert log_error(np.array(edges, np.uint32)) <= 3


@given(arrays(np.uint32, 256, elements=st.integers(1, 2**32 - 1)))
def test_log_integer_of_any_word(x):
    assert log_error(x) <= 3


def test_log_integer_of_none_and_one_is_zero():
    assert np.asarray(logs.log_integer(jnp.arange(2, dtype=jnp.uint32))).tolist() == [0, 0]


def floats(first, last, step=1):
    """Every ``step``-th ``float32`` from one to another: positive floats are ordered as their bits are."""
    bits = np.array([first, last], np.float32).view(np.uint32)
    return np.arange(bits[0], bits[1] + 1, step, np.uint32).view(np.float32)


@pytest.mark.parametrize("p", [floats(0.5, 1), floats(2.0**-126, 1, step=101)], ids=["from a half", "from the least"])
def test_minus_log_keeps_its_documented_error(p):
    exact = -np.log(p.astype(np.float64))
    assert (np.abs(np.asarray(jax.jit(logs.minus_log)(p)) - exact) / (3e-8 + 1.2e-7 * exact)).max() <= 1


def test_minus_log_is_never_negative():
    assert np.asarray(jax.jit(logs.minus_log)(floats(0.5, 1))).min() == 0


def test_minus_log_of_zero_is_zero():
    assert float(logs.minus_log(jnp.float32(0))) == 0

"""The digits of many points in one word."""

import hypothesis.strategies as st
import jax.numpy as jnp
import numpy as np
import pytest
from chosen_words import WORDS, as_words, digits_of_points, word_
from hypothesis import given, settings

from jaxcollapse.sampling import (
    binary_digits,
)

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16, 32])
def test_every_bit_of_a_word_is_one_digit_of_one_point(count):
    """So the digits are as independent and fair as the bits are."""
    seen = set()
    for bit in range(64):
        found = digits_of_points(1 << bit, count)
        (point,) = (j for j, digits in enumerate(found) if digits)
        seen.add((point, found[point]))
    assert seen == {(j, 1 << digit) for j in range(64 // count) for digit in range(count)}


@pytest.mark.parametrize("count", [1, 2, 4, 8, 16, 32])
@settings(max_examples=25)
@given(data=st.data())
def test_points_are_compared_digit_by_digit(count, data):
    several = data.draw(st.lists(st.tuples(word_, st.integers(0, 64 // count)), min_size=20, max_size=20))
    digits = [data.draw(st.integers(0, 2**count - 1)) for _ in several]
    # One point in three has just these digits.
    word = as_words([word for word, _ in several])
    number = jnp.array([number for _, number in several], jnp.int32)
    below, same = (
        np.asarray(of) for of in binary_digits.compare_digits(word, number, jnp.array(digits, jnp.uint32), count)
    )
    for (each, alive), wanted, left, inside in zip(several, digits, below, same, strict=True):
        found = digits_of_points(each, count)[:alive]
        assert (left, inside) == (sum(x < wanted for x in found), sum(x == wanted for x in found))


def test_points_that_agree_in_all_digits_are_counted():
    for count in (2, 4, 8, 16, 32):
        number = jnp.int32(64 // count)
        for word, digits in ((0, 0), (WORDS - 1, 2**count - 1)):
            below, same = binary_digits.compare_digits(
                as_words([word]), number[None], jnp.array([digits], jnp.uint32), count
            )
            assert (int(below[0]), int(same[0])) == (0, number)

"""Corpora of counts: bookkeeping, draws of labels and of counts, and fixation."""

import bisect
import functools
import itertools

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from chosen_words import WORDS, ceil_div, eight_words, with_bits
from corpora import (
    corpora,
    counts_of,
    tokens_of,
)
from hypothesis import given, settings
from selection import some

from jaxcollapse import native, sampling
from jaxcollapse.sampling import counts as counts_module

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


@given(corpora(), corpora())
def test_counts_are_counted_and_added(first, second):
    pool = sampling.add_counts(sampling.count_labels(first, 5), second)
    counted = np.bincount(tokens_of(first) + tokens_of(second), minlength=5)
    assert np.asarray(pool.counts).tolist() == counted.tolist()
    assert int(pool.size) == counted.sum()


COUNTS = {
    "one token": [7],
    "one place": [0, 1, 0],
    "zeros all over": [0, 0, 3, 0, 1, 0, 2, 0],
    "a power of two": [1, 2, 3, 10],
    "the largest": [2**30, 0, 5, 2**30 - 7, 0, 1],
}


@pytest.mark.parametrize("counts", COUNTS.values(), ids=COUNTS)
def test_a_tokens_words_are_those_of_its_places(counts):
    ends = list(itertools.accumulate(counts))
    alive = [token for token, count in enumerate(counts) if count]
    first = [ceil_div((ends[token] - counts[token]) * WORDS, ends[-1]) for token in alive]
    last = [ceil_div(ends[token] * WORDS, ends[-1]) - 1 for token in alive]
    for integers in (first, last):
        size = jnp.int32(len(alive))
        drawn = with_bits(
            counts_module,
            integers,
            lambda size=size: sampling.draw_from_counts(None, counts_of(counts), size, len(alive)),
        )
        assert tokens_of(drawn) == alive


@settings(max_examples=25)
@given(eight_words, st.sampled_from(list(COUNTS)))
def test_a_word_stands_for_the_token_at_its_place(integers, name):
    ends = list(itertools.accumulate(COUNTS[name]))
    drawn = with_bits(
        counts_module,
        integers,
        lambda: sampling.draw_from_counts(None, counts_of(COUNTS[name]), jnp.int32(8), len(integers)),
    )
    assert tokens_of(drawn) == [bisect.bisect_right(ends, word * ends[-1] // WORDS) for word in integers]


compiled = pytest.mark.skipif(not native.available(), reason="the kernel was not built")


@pytest.mark.parametrize(
    "portable",
    [pytest.param(True, marks=pytest.mark.campaign), pytest.param(False, marks=compiled)],
    ids=["XLA", "compiled"],
)
@pytest.mark.parametrize("capacity", some([64, 400], [64]))
def test_leaving_out_the_dead_and_drawing_commute(capacity, portable):
    """``step(key, compact(x)) == compact(step(key, x))``, bit for bit, at any width that holds the living."""
    rng = np.random.default_rng(5)
    draw = jax.jit(functools.partial(sampling.draw_counts, capacity=capacity, portable=portable))
    compact = jax.jit(sampling.compact_counts, static_argnums=1)
    for round_ in range(5):
        counts = rng.multinomial(capacity - round_, rng.dirichlet(np.full(40, 0.1)))
        model, key, size = counts_of(counts), jax.random.key(round_), jnp.int32(capacity - 7)
        alive = np.flatnonzero(counts)
        wide = np.asarray(draw(key, model, size).counts)
        assert wide.sum() == size
        assert set(np.flatnonzero(wide)) <= set(alive)
        for width in {len(alive), 16 if len(alive) <= 16 else 32, 40}:
            narrow, kept = compact(model, width)
            assert kept[: len(alive)].tolist() == alive.tolist()
            assert (np.asarray(kept[len(alive) :]) == 40).all()
            drawn = np.asarray(draw(key, narrow, size).counts)
            assert (drawn[: len(alive)] == wide[alive]).all()
            assert (drawn[len(alive) :] == 0).all()


def test_counts_have_the_support_of_their_cdf():
    """Tokens of probability zero never occur, and all probability is given out."""
    p = jnp.array([0.0, 0.25, 0.0, 2.0**-30, 0.75 - 2.0**-30, 0.0], jnp.float32)
    count = jax.jit(lambda key, size: sampling.draw_counts(key, sampling.fixed_point_cdf(p), size, 1024).counts)
    drawn = jax.vmap(count, (0, None))(jax.random.split(jax.random.key(1), 200), jnp.int32(1000))
    assert (np.asarray(drawn).sum(axis=1) == 1000).all()
    assert np.asarray(drawn)[:, [0, 2, 5]].max() == 0

"""The whole distribution of three tokens in order, for every source that labels are drawn from with replacement."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from corpora import one_word_for_all

from jaxcollapse import sampling
from jaxcollapse.sampling import Labels

ERROR_RATE = 1e-6  # of each statistical test, were its seed drawn anew

DRAWS, SAMPLES = 3, 2**17


def p_value(draw, p):
    """Of Pearson's chi-square over all ``len(p)^DRAWS`` outcomes; each is expected hundreds of times."""
    keys = jax.vmap(lambda i: jax.random.fold_in(jax.random.key(0), i))(jnp.arange(SAMPLES))
    tokens = np.asarray(jax.jit(jax.vmap(lambda key: draw(key, jnp.int32(DRAWS), 4).labels[:DRAWS]))(keys))
    observed = np.bincount(tokens @ len(p) ** np.arange(DRAWS)[::-1], minlength=len(p) ** DRAWS)
    expected = SAMPLES * np.array([math.prod(outcome) for outcome in itertools.product(p, repeat=DRAWS)])
    return scipy.stats.chisquare(observed, expected).pvalue


CORPUS = Labels(jnp.array([2, 0, 2, 1, 0, 0, 0, 9], jnp.int32), jnp.int32(7))  # slot 7 is not in use

FREQUENCIES = [4 / 7, 1 / 7, 2 / 7]

TRUTH = [0.4, 0.1, 0.3, 0.2]


def from_labels(key, size, capacity):
    return sampling.draw_from_labels(key, CORPUS, size, capacity)


def from_cdf(key, size, capacity):
    return sampling.draw_from_cdf(key, sampling.fixed_point_cdf(jnp.array(TRUTH, jnp.float32)), size, capacity)


def a_remainder_of_six_bits(key, size, capacity):
    """64 words for 7 slots: the first slot gets ten of them, the others nine."""
    return Labels(CORPUS.labels[(sampling.random_bits(key, capacity).hi >> 26) % 7], size)


def a_cumulative_sum_of_six_bits(key, size, capacity):
    edges = jnp.round(jnp.cumsum(jnp.array(TRUTH)) * 2**6).astype(jnp.uint32)
    return Labels(jnp.searchsorted(edges, sampling.random_bits(key, capacity).hi >> 26, side="right"), size)


@pytest.mark.parametrize(("draw", "p"), [(from_labels, FREQUENCIES), (from_cdf, TRUTH)])
def test_the_distribution_of_a_sample(draw, p):
    assert p_value(draw, p) > ERROR_RATE


@pytest.mark.parametrize(
    ("mutant", "p"),
    [
        (a_remainder_of_six_bits, FREQUENCIES),
        (a_cumulative_sum_of_six_bits, TRUTH),
        (one_word_for_all(from_labels), FREQUENCIES),
        (one_word_for_all(from_cdf), TRUTH),
    ],
)
def test_the_test_of_the_distribution_rejects_mutants(mutant, p):
    assert p_value(mutant, p) < ERROR_RATE

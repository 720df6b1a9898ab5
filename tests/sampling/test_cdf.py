"""Draws by inversion: the exact map from words to tokens."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from chosen_words import WORDS, as_words, ceil_div

from jaxcollapse import sampling
from jaxcollapse.sampling.cdf import inverse_cdf

# `first_words[i]` is the least word that stands for outcome `i`, by integer arithmetic of any length; an outcome's
# probability is the distance to the next one. The maps are monotone (they are floors of increasing functions), so
# agreeing at both sides of every change is agreeing everywhere.


def zipf(vocabulary):
    p = 1 / np.arange(1, vocabulary + 1)
    return p / p.sum()


DISTRIBUTIONS = {
    "one token": [1.0],
    "halves": [0.5, 0.5],
    "thirds": [1 / 3, 1 / 3, 1 / 3],
    "zeros all over": [0, 0, 0.25, 0, 0.5, 0, 0, 0.25, 0],
    "rare": [1e-12, 0.3, 1e-12, 0.7, 1e-12],
    "rarer than it keeps": [1 - 1e-20, 1e-20],
    "zipf": zipf(1000),
}


@pytest.mark.parametrize("p", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
def test_the_words_of_a_token_are_its_weights_share(p):
    """Boundaries exact in integers; a token of zero weight stands for no word."""
    p = np.asarray(p, np.float32)
    weights = [int(float(x) * 2**62) for x in p]
    below = list(itertools.accumulate(weights, initial=0))
    first_words = [ceil_div(weight * WORDS, below[-1]) for weight in below]
    alive = [token for token, weight in enumerate(weights) if weight]
    cdf = sampling.fixed_point_cdf(jnp.asarray(p))
    assert np.asarray(inverse_cdf(cdf.cumulative, as_words([first_words[i] for i in alive]))).tolist() == alive
    assert np.asarray(inverse_cdf(cdf.cumulative, as_words([first_words[i + 1] - 1 for i in alive]))).tolist() == alive
    for token in alive:
        words = first_words[token + 1] - first_words[token]
        assert abs(words * below[-1] - weights[token] * WORDS) < below[-1]  # within one word
        if p[token] >= 1e-12:
            assert words / WORDS == pytest.approx(p[token], rel=1e-6)

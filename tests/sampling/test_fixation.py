"""The only token of corpora."""

import jax.numpy as jnp
import pytest
from corpora import corpora, counts_of, tokens_of
from hypothesis import given, settings

from jaxcollapse import sampling
from jaxcollapse.sampling import Labels

settings.register_profile("exact", deadline=None)  # the first example of each pays for a compilation
settings.load_profile("exact")


@given(corpora())
def test_only_token_is_the_token_of_a_corpus_of_one(corpus):
    different = set(tokens_of(corpus))
    assert int(sampling.only_token_in_labels(corpus)) == (different.pop() if len(different) == 1 else -1)


def test_the_only_token_of_counts():
    for counts, token in (([0, 3, 0], 1), ([3, 0, 0], 0), ([0, 0, 2], 2), ([1, 0, 1], -1), ([0, 0, 0], -1), ([4], 0)):
        assert int(sampling.only_token_in_counts(counts_of(counts))) == token


@pytest.mark.parametrize(
    ("weights", "token"), [([0, 1.0, 0], 1), ([1.0, 0, 0], 0), ([0, 0, 1.0], 2), ([0.5, 0, 0.5], -1), ([1.0], 0)]
)
def test_the_only_token_of_distributions_and_averages(weights, token):
    p = jnp.array(weights, jnp.float32)
    cdf = sampling.fixed_point_cdf(p)
    average = sampling.add_averages(sampling.average_of_cdf(cdf), sampling.average_of_cdf(cdf))
    assert int(sampling.only_token_in_probabilities(p)) == token
    assert int(sampling.only_token(cdf)) == token
    assert int(sampling.only_token(average)) == token


@pytest.mark.parametrize(
    ("first", "second", "weight", "token"),
    [
        ([1, 1], [1], 2.0, 1),
        ([1, 1], [2], 2.0, -1),
        ([1, 1], [2], 0.0, 2),
        ([1, 1], [], 2.0, 1),
        ([], [2, 2], 2.0, 2),
        ([1, 2], [2], 0.0, 2),
    ],
)
def test_the_only_token_of_reweighted_corpora(first, second, weight, token):
    corpora = [Labels(jnp.array([*tokens, 9], jnp.int32), jnp.int32(len(tokens))) for tokens in (first, second)]
    assert int(sampling.only_token(sampling.reweight(*corpora, weight))) == token

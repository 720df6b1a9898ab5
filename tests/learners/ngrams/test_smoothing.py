"""Smoothing over contexts of several lengths, against its definition."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from texts import grams, ring

from jaxcollapse.learners.estimators import Additive, Discount, KneserNey, MaximumLikelihood, Prior
from jaxcollapse.learners.ngrams import context_index, smoothing

GENERATOR = np.random.default_rng(0)


def slow_kneser_ney(counts, discount):
    """By the definition, from a dictionary of n-grams: ``{(context..., token): count}``; a function of both."""
    order = len(next(iter(counts))) - 1
    vocabulary = {token for gram in counts for token in gram} if order else {gram[0] for gram in counts}

    def p(context, token, level):
        # level: the counts themselves, or after how many different tokens each shorter n-gram was seen
        of = {gram[1:]: 0 for gram in level}
        data = {gram: c for gram, c in level.items() if gram[:-1] == context}
        if context:
            for gram in level:
                of[gram[1:]] += 1
            below = p(context[1:], token, of)
        else:
            below = 1 / SIZE
        total = sum(data.values())
        if total == 0:
            return below
        kept = max(data.get((*context, token), 0) - discount, 0) / total
        return kept + discount * len(data) / total * below

    assert vocabulary
    return lambda context, token: p(context, token, counts)


SIZE = 4


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("discount", [0.0, 0.75, 1.0])
def test_kneser_ney_is_its_definition(order, discount):
    tokens = GENERATOR.choice([0, 1, 3], 25)  # token 2 was never seen
    p = KneserNey(discount).of_table(context_index.counts_of(ring(tokens), order, SIZE))
    slow = slow_kneser_ney(dict(grams(tokens.tolist(), order)), discount)
    for context in itertools.product(range(SIZE), repeat=order):
        row = sum(token * SIZE ** (order - 1 - place) for place, token in enumerate(context))
        np.testing.assert_allclose(p[row], [slow(context, token) for token in range(SIZE)], atol=1e-6)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    if order == 0:
        frequencies = np.bincount(tokens, minlength=SIZE) / 25
        plain = Discount(discount)(jnp.asarray(frequencies, jnp.float32), jnp.asarray(frequencies > 0), jnp.int32(25))
        np.testing.assert_allclose(p[0], plain, atol=1e-6)


def test_a_context_without_data_is_that_of_its_longest_ending():
    tokens = [0, 1, 0, 1, 2]
    counts = context_index.counts_of(ring(tokens), 2, 4)
    rows = smoothing.backed_off_frequencies(counts)
    np.testing.assert_allclose(rows[0 * 4 + 1], [0.5, 0, 0.5, 0])  # after 0 1: 0 or 2
    np.testing.assert_allclose(rows[3 * 4 + 1], [0.5, 0, 0.5, 0])  # after 3 1, unseen, as after 1
    np.testing.assert_allclose(rows[2 * 4 + 3], [0.4, 0.4, 0.2, 0])  # after 2 3, and 3 unseen too
    uniform = Additive(1.0).of_table(counts)
    np.testing.assert_allclose(uniform[2 * 4 + 3], 0.25)
    for estimator in (Additive(0.0), Discount(0.5), Prior([0.25] * 4, 0.0), MaximumLikelihood()):
        found = estimator.of_table(counts)
        np.testing.assert_allclose(found[2 * 4 + 3], [0.4, 0.4, 0.2, 0], atol=1e-6)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)

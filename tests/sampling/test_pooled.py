"""The whole distribution of three tokens in order, drawn from counts, averages and reweighted corpora."""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from corpora import CORPUS, OTHER, keys, one_word_for_all, outcomes
from verdict import law_agrees

from jaxcollapse import sampling
from jaxcollapse.exact.bits import index_below
from jaxcollapse.sampling import (
    Labels,
)

DRAWS = 3

TRUTH = jnp.array([0.5, 0.125, 0.25, 0.125], jnp.float32)

WEIGHT = 1.5

FREQUENCIES, OTHERS = np.array([3, 1, 2, 0]) / 6, np.array([0, 1, 0, 2]) / 3

SHARE = WEIGHT * 6 / (WEIGHT * 6 + 3)


def from_counts(key, size, capacity):
    return sampling.draw_from_counts(key, sampling.count_labels(CORPUS, 4), size, capacity)


def average():
    models = [sampling.average_of_counts(sampling.histogram(corpus, 4), corpus.size) for corpus in (CORPUS, OTHER)]
    return functools.reduce(sampling.add_averages, models, sampling.average_of_cdf(sampling.fixed_point_cdf(TRUTH)))


def from_average(key, size, capacity):
    return sampling.draw_from_average(key, average(), size, capacity)


def from_reweighted(key, size, capacity):
    return sampling.draw_from_reweighted(key, sampling.reweight(CORPUS, OTHER, WEIGHT), size, capacity)


def an_average_of_pooled_counts(key, size, capacity):
    """A corpus of six tokens counts for more than one of three."""
    counts = sampling.histogram(CORPUS, 4) + sampling.histogram(OTHER, 4)
    model = sampling.average_of_counts(counts, jnp.int32(9))
    return sampling.draw_from_average(
        key,
        functools.reduce(
            sampling.add_averages, [model, model, sampling.average_of_cdf(sampling.fixed_point_cdf(TRUTH))]
        ),
        size,
        capacity,
    )


def weights_the_other_way(key, size, capacity):
    model = sampling.reweight(CORPUS, OTHER, WEIGHT)
    return sampling.draw_from_reweighted(key, model._replace(share=1 - model.share), size, capacity)


def part_and_slot_by_one_word(key, size, capacity):
    model = sampling.reweight(CORPUS, OTHER, WEIGHT)
    first, word = sampling.bernoulli(key, model.share, capacity), sampling.random_bits(key, capacity)
    positions = [index_below(word, corpus.size.astype(jnp.uint32)) for corpus in (CORPUS, OTHER)]
    return Labels(jnp.where(first, CORPUS.labels[positions[0]], OTHER.labels[positions[1]]), size)


def the_last_slot_never(key, size, capacity):
    return sampling.draw_from_counts(key, sampling.count_labels(CORPUS._replace(size=jnp.int32(5)), 4), size, capacity)


POOLED, MEAN, MIXED = (
    FREQUENCIES,
    (FREQUENCIES + OTHERS + np.asarray(TRUTH)) / 3,
    SHARE * FREQUENCIES + (1 - SHARE) * OTHERS,
)

CASES = {
    "counts": (from_counts, POOLED, True),
    "average": (from_average, MEAN, True),
    "reweighted": (from_reweighted, MIXED, True),
    "the last slot never": (the_last_slot_never, POOLED, False),
    "an average of pooled counts": (an_average_of_pooled_counts, MEAN, False),
    "weights the other way": (weights_the_other_way, MIXED, False),
    "part and slot by one word": (part_and_slot_by_one_word, MIXED, False),
    "one word for all, counts": (one_word_for_all(from_counts), POOLED, False),
    "one word for all, average": (one_word_for_all(from_average), MEAN, False),
    "one word for all, reweighted": (one_word_for_all(from_reweighted), MIXED, False),
}


@pytest.mark.parametrize(("draw", "p", "right"), CASES.values(), ids=CASES)
def test_the_distribution_of_three_tokens(draw, p, right):
    """Outcomes of chance 0 make a verdict false, so what is not in use is never drawn."""
    probabilities = {some: math.prod(p[token] for token in some) for some in itertools.product(range(4), repeat=DRAWS)}
    probabilities = {some: chance for some, chance in probabilities.items() if chance > 0}
    assert law_agrees(outcomes(lambda key: draw(key, jnp.int32(DRAWS), 4).labels[:DRAWS]), probabilities) == right


@pytest.mark.parametrize("draw", [from_counts, from_average, from_reweighted])
def test_more_slots_and_a_batch_change_no_bit(draw):
    few = jax.jit(lambda key: draw(key, jnp.int32(5), 5).labels)
    many = jax.jit(jax.vmap(lambda key: draw(key, jnp.int32(5), 64).labels[:5]))(keys()[:32])
    assert np.asarray(many).tolist() == [few(key).tolist() for key in keys()[:32]]

"""Draws of counts for anybody's code: whole distributions, each with a wrong one that must be rejected."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats

from jaxcollapse import sampling

ERROR_RATE = 1e-6  # of each test, were its key drawn anew
DRAWS = 100_000
KEYS = jax.jit(lambda: jax.random.split(jax.random.key(8), DRAWS))


def accepts(drawn, ways, probabilities):
    """Chi-square over all outcomes that are expected five times at least; the rest are one more."""
    counts = np.array([np.sum((drawn == way).all(axis=1)) for way in ways])
    assert counts.sum() == len(drawn), "an outcome that cannot be"
    often = probabilities * len(drawn) > 5
    counts, probabilities = (np.append(of[often], of[~often].sum()) for of in (counts, probabilities))
    counts, probabilities = counts[probabilities > 0], probabilities[probabilities > 0]
    return scipy.stats.chisquare(counts, probabilities / probabilities.sum() * counts.sum()).pvalue > ERROR_RATE


def ways_of(total, most):
    return [way for way in itertools.product(*(range(min(total, x) + 1) for x in most)) if sum(way) == total]


@pytest.mark.parametrize("method", ["labels", "counts"])
@pytest.mark.parametrize("weights", [np.array([3, 0, 4, 1], np.int32), np.array([0.375, 0, 0.5, 0.125], np.float32)])
def test_multinomial(method, weights):
    draw = jax.jit(jax.vmap(lambda key: sampling.multinomial(key, 5, weights, capacity=8, method=method)))
    drawn, ways = np.asarray(draw(KEYS())), ways_of(5, [5] * 4)
    p = weights / weights.sum()
    assert accepts(drawn, ways, scipy.stats.multinomial.pmf(ways, 5, p))
    assert not accepts(drawn, ways, scipy.stats.multinomial.pmf(ways, 5, [0.36, 0, 0.51, 0.13]))


def test_binomial():
    draw = jax.jit(jax.vmap(lambda key, chance: sampling.binomial(key, 9, chance, capacity=16), (0, None)))
    drawn, ways = np.asarray(draw(KEYS(), 0.3))[:, None], [(k,) for k in range(10)]
    chance = float(np.float32(0.3))
    assert accepts(drawn, ways, scipy.stats.binom.pmf(range(10), 9, chance))
    assert not accepts(drawn, ways, scipy.stats.binom.pmf(range(10), 9, 0.31))
    assert (np.asarray(draw(KEYS(), 1.0)) == 9).all()
    assert (np.asarray(draw(KEYS(), 0.0)) == 0).all()


def test_hypergeometric():
    pool = [3, 0, 5, 2]
    draw = jax.jit(jax.vmap(lambda key: sampling.hypergeometric(key, jnp.array(pool), 4, capacity=16)))
    drawn, ways = np.asarray(draw(KEYS())), ways_of(4, pool)
    assert accepts(drawn, ways, scipy.stats.multivariate_hypergeom.pmf(ways, pool, 4))
    with_replacement = scipy.stats.multinomial.pmf(ways, 4, np.array(pool) / 10)
    assert not accepts(drawn, ways, with_replacement / with_replacement.sum())


@pytest.mark.parametrize("size", [0, 1, 999, 1000, 5000])
def test_a_part_has_the_size_that_was_asked(size):
    pool = jnp.array([600, 0, 399, 1])
    draw = jax.jit(jax.vmap(lambda key, size: sampling.hypergeometric(key, pool, size, capacity=1000), (0, None)))
    drawn = np.asarray(draw(KEYS()[:200], size))
    assert (drawn.sum(axis=1) == min(size, 1000)).all()
    assert (drawn <= np.asarray(pool)).all()
    assert (drawn >= 0).all()


def test_a_part_of_a_large_pool():
    """Mean and variance within five and a half standard errors (4e-8 two-sided)."""
    pool, size, chains = np.array([600_000, 300_000, 100_001]), 250_000, 2000
    draw = jax.jit(jax.vmap(lambda key: sampling.hypergeometric(key, jnp.asarray(pool), size, capacity=2**20)))
    drawn = np.asarray(draw(KEYS()[:chains])).astype(float)
    for token, of in zip(pool, drawn.T, strict=True):
        distribution = scipy.stats.hypergeom(pool.sum(), token, size)
        assert abs(of.mean() - distribution.mean()) < 5.5 * distribution.std() / chains**0.5
        assert abs(of.var() / distribution.var() - 1) < 5.5 * (2 / chains) ** 0.5


def test_a_method_is_chosen_from_sizes():
    """Labels where there are fewer of them than counts cost; the draws say which it was."""
    key, weights = jax.random.key(1), jnp.ones(100, jnp.int32)
    for capacity, method in ((256, "labels"), (1024, "counts")):
        drawn = sampling.multinomial(key, 200, weights, capacity=capacity)
        assert (drawn == sampling.multinomial(key, 200, weights, capacity=capacity, method=method)).all()
    with pytest.raises(ValueError, match="unknown method 'guess'"):
        sampling.multinomial(key, 5, weights, capacity=8, method="guess")

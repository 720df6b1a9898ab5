"""Counts by dyadic splitting, against a descent that takes a point at a time, and their distribution."""

import functools
import math
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from chosen_words import WORDS, as_words, digits_of_points
from jax.extend.random import threefry_2x32
from selection import some

from jaxcollapse import native
from jaxcollapse.exact.u64 import U64
from jaxcollapse.sampling import binomial_half, dyadic, plans

ERROR_RATE = 1e-6  # of each statistical test, were its seed drawn anew


CAPACITIES = (1, 5, 100, 2500)


compiled = pytest.mark.skipif(not native.available(), reason="the kernel was not built")


def twin(key, size, position, capacity):
    """The same tree in Python integers: every interval gives its points their digits, one interval after another."""
    below, within = 0, size
    for stage in plans.plan_stages(capacity):
        node = (1 << stage.level) | (position >> (64 - stage.level))
        digits = position >> (64 - stage.level - stage.digits) & (2**stage.digits - 1)
        most = plans.interval_capacity(capacity, stage.level)
        if stage.words > plans.SPLIT_THRESHOLD and most > plans.TABLE_THRESHOLD:
            words = [word(key, group, node) for group in range(binomial_half.n_words_from_tables(most))]
            right = int(
                binomial_half.draw_from_tables([as_words([w]) for w in words], jnp.array([within], jnp.int32), most)[0]
            )
            below, within = (below + within - right, right) if digits else (below, within - right)
            continue
        found = []
        for group in range(stage.words):
            found += digits_of_points(word(key, group, node), stage.digits)
        found = found[:within]
        below += sum(x < digits for x in found)
        within = sum(x == digits for x in found)
    return below


threefry = jax.jit(threefry_2x32)


def word(key, group, node):
    """The words of an interval are those of counters that differ in the six highest bits."""
    counter = group << 58 | node
    hi, lo = threefry(jax.random.key_data(key), jnp.array([counter >> 32, counter & 0xFFFFFFFF], jnp.uint32))
    return (int(hi) << 32) | int(lo)


@pytest.mark.parametrize("portable", [True, pytest.param(False, marks=compiled)], ids=["XLA", "compiled"])
@pytest.mark.parametrize("capacity", CAPACITIES)
def test_the_descent_is_that_of_single_points(capacity, portable):
    rng = np.random.default_rng(capacity)
    positions = sorted({0, 1, 2**63, WORDS - 1, *(int(x) for x in rng.integers(0, WORDS, 4, dtype=np.uint64))})
    count = jax.jit(functools.partial(dyadic.count_below, capacity=capacity, portable=portable))
    for size in {capacity, capacity // 2}:
        key = jax.random.key(size)
        found = count(key, jnp.int32(size), as_words(positions))
        assert found.tolist() == [twin(key, size, position, capacity) for position in positions]


@pytest.mark.parametrize("capacity", some(CAPACITIES, (1, 5, 100)))
def test_a_count_depends_on_its_position_alone(capacity):
    """Whatever else is asked, in whatever order: this is why tokens that died can be left out."""
    rng = np.random.default_rng(1)
    positions = np.sort(rng.integers(0, WORDS, 300, dtype=np.uint64)).astype(object)
    key, size = jax.random.key(3), jnp.int32(capacity)
    count = jax.jit(lambda at: dyadic.count_below(key, size, at, capacity, portable=True))
    together = np.asarray(count(as_words(positions)))
    assert (np.diff(together) >= 0).all()
    for part in (positions[:1], positions[5:200]):
        assert (np.asarray(count(as_words(part))) == together[np.isin(positions, part)]).all()
    shuffled = rng.permutation(300)
    assert (np.asarray(count(as_words(positions[shuffled]))) == together[shuffled]).all()
    mapped = jax.vmap(lambda hi, lo: dyadic.count_below(key, size, U64(hi[None], lo[None]), capacity, portable=True)[0])
    assert (np.asarray(mapped(*as_words(positions))) == together).all()


def chi_square_accepts(draws, probabilities):
    expected = draws.sum() * probabilities
    assert expected.min() > 5
    return scipy.stats.chi2.sf(np.sum((draws - expected) ** 2 / expected), len(probabilities) - 1) > ERROR_RATE


@pytest.mark.parametrize("mutant", [False, True], ids=["right", "mutant"])
def test_the_whole_distribution_of_few_points(mutant):
    """All ways to throw 5 points on three intervals; a mutant that uses half of each word twice must fail."""
    ends, size, chains = [0.21, 0.7], 5, 100_000
    positions = as_words([int(Fraction(end) * WORDS) for end in ends])
    right = dyadic.threefry_bits
    try:
        if mutant:
            dyadic.threefry_bits = lambda key, counter: U64(*[right(key, counter).hi] * 2)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(11), jnp.arange(chains))
        count = jax.jit(
            jax.vmap(lambda key, size: dyadic.count_below(key, size, positions, 8, portable=True), (0, None))
        )
        below = np.asarray(count(keys, jnp.int32(size)))
    finally:
        dyadic.threefry_bits = right
    ways = [(a, b) for a in range(size + 1) for b in range(a, size + 1)]
    p = np.diff([0, *ends, 1])
    probabilities = np.array([scipy.stats.multinomial.pmf([a, b - a, size - b], size, p) for a, b in ways])
    drawn = np.array([np.sum((below == way).all(axis=1)) for way in ways])
    assert chi_square_accepts(drawn, probabilities) == (not mutant)


@pytest.mark.parametrize("n", [100, 1000, 10_000, 10**6])
def test_mean_and_variance(n):
    """Both within five and a half standard errors (4e-8 two-sided) of the binomial's."""
    chains, chances = 4000, [0.001, 0.1, 0.5, 0.9]
    positions = as_words([int(Fraction(p) * WORDS) for p in chances])
    keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(n % 1000), jnp.arange(chains))
    count = jax.jit(jax.vmap(lambda key, size: dyadic.count_below(key, size, positions, n), (0, None)))
    drawn = np.asarray(count(keys, jnp.int32(n))).astype(float)
    for p, of in zip(chances, drawn.T, strict=True):
        mean, variance = n * p, n * p * (1 - p)
        fourth = variance * (1 + 3 * (n - 2) * p * (1 - p))
        assert abs(of.mean() - mean) < 5.5 * math.sqrt(variance / chains)
        assert abs(np.mean((of - mean) ** 2) - variance) < 5.5 * math.sqrt((fourth - variance**2) / chains)

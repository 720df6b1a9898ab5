"""A slice of the campaign's checks of the draws (`make verify`): moments, whole laws, and what must not pass for them.

Each check rejects a right sampler with probability 1e-6, were its seed drawn anew. What must be rejected is so far off
that it passes with less than that.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from campaign import draws

from jaxcollapse import native, sampling

SEED = 7
DRAWS = 10**5
KEY = jax.random.key(SEED)
compiled = pytest.mark.skipif(not native.available(), reason="the kernel was not built; XLA compiles this for minutes")


def wrong(findings):
    findings = list(findings)
    assert findings
    return [finding for finding in findings if not finding.passed]


def test_the_campaign_has_every_size_and_chance():
    assert draws.DRAWS >= 10**7
    assert draws.COMMUTING_POINTS >= 10**9
    assert {n for n, _ in draws.CASES} == {10**3, 10**5, 10**6, 10**7, 10**9}
    assert {1e-9, 0.5, 1 - 1e-9} <= {p for _, p in draws.CASES}


@pytest.mark.parametrize("n", [10**3, pytest.param(10**7, marks=compiled)])
def test_mean_and_variance(n):
    findings = draws.moments(draws.ours, SEED, n, draws=DRAWS)
    assert sum(finding.checks for finding in findings) == 2 * len(draws.CHANCES)
    assert wrong(findings) == []


def test_the_whole_law():
    assert wrong(draws.whole_law(draws.ours, SEED, 65, draws=DRAWS)) == []


@compiled
@pytest.mark.parametrize("name", ["tiny beside huge", "all on the third", "floats, two of weight zero"])
def test_multinomial_counts(name):
    assert wrong([draws.multinomial(SEED, 10**6, name, DRAWS)]) == []


@pytest.mark.parametrize("name", ["one point lost", "a rounded normal variable"])
def test_a_mutant_is_rejected(name):
    """Off by ten and more standard errors; the chi-square of the rounded normal is in the thousands."""
    assert wrong([draws.mutant(name, SEED, DRAWS)]) == []


def test_the_binomial_of_jax_is_rejected():
    """Its variance at n = 10^7 is a hundredth too large: 8 standard errors of 2e6 draws at p = 0.1, 11 at 0.3."""
    assert wrong([draws.control(SEED, 2 * 10**6)]) == []


@compiled
@pytest.mark.parametrize("name", ["kernel, n = 1000, 40 tokens", "kernel's generations, n = 10^4, 100 tokens"])
def test_leaving_out_the_dead_commutes(name):
    """Over ten million points; XLA's counts are held to the same law in test_points.py, and in the campaign."""
    assert wrong([draws.commutes(name, SEED, 10**7)]) == []


def test_renaming_labels_commutes():
    assert wrong([draws.labels_commute(SEED, 10**6)]) == []


def test_a_draw_that_goes_by_places_does_not_commute(monkeypatch):
    """So that `commutes` can fail: here each place takes the next random number, dead or not."""

    def by_place(key, model, n):
        numbers = jax.random.randint(key, model.cumulative.shape, 0, n)
        return sampling.cumulate_counts(jnp.where(model.counts > 0, numbers, 0), model.size)

    monkeypatch.setattr(draws, "methods", lambda: {"by place": draws.Method(by_place, 64, 24, 100, 64)})
    assert not draws.commutes("by place", SEED, 6400).passed


@pytest.mark.parametrize(("n", "p"), [(7, 0.3), (1000, 0.01), (10**5, 0.999)])
def test_the_exact_moments(n, p):
    """Against sums over the whole law."""
    right = draws.exact(n, draws.chance(p))
    k = np.arange(n + 1)
    law, off = draws.stats.binom.pmf(k, n, p), k - n * p
    square = off**2 - right.variance
    for of, spread, skewness in zip((off, square), right.spread, right.skewness, strict=True):
        assert np.sum(law * of**2) == pytest.approx(spread**2, rel=1e-6)
        assert np.sum(law * of**3) == pytest.approx(skewness * spread**3, rel=1e-5)


def test_the_exact_errors_of_multinomial_counts():
    """Against all ways to throw five points."""
    n, p = 5, np.array([0.2, 0.3, 0.5])
    ways = np.array([(a, b, n - a - b) for a in range(n + 1) for b in range(n + 1 - a)])
    law, off = draws.stats.multinomial.pmf(ways, n, p), ways - n * p
    covariance, spread, spread_of_product = draws._of_multinomial(n, p)
    products = off[:, :, None] * off[:, None, :]
    np.testing.assert_allclose(np.tensordot(law, products, 1), covariance, rtol=1e-9)
    np.testing.assert_allclose(np.sqrt(law @ off**2), spread, rtol=1e-9)
    second = np.tensordot(law, products**2, 1) - covariance**2
    np.testing.assert_allclose(np.sqrt(second), spread_of_product, rtol=1e-9)


def test_cells_are_pooled_until_enough_is_expected():
    assert draws.pooled(np.array([1.0, 2, 3, 4, 1]), 3).tolist() == [0, 0, 1, 2, 2]
    assert draws.pooled(np.array([1.0, 1]), 3).tolist() == [0, 0]


def test_chances_are_positions():
    at = draws.words(tuple(draws.chance(p) for p in (0.5, 1e-9, 1 - 1e-9)))
    whole = [(int(hi) << 32) + int(lo) for hi, lo in zip(at.hi, at.lo, strict=True)]
    assert whole == [2**63, int(1e-9 * 2**64), int((1 - 1e-9) * 2**64)]


ERRORS = {
    "no weights": (
        lambda: sampling.multinomial(KEY, 5, jnp.zeros(0), capacity=8),
        "non-empty vector, .* shape \\(0,\\)",
    ),
    "NaN": (lambda: sampling.multinomial(KEY, 5, jnp.array([1, jnp.nan]), capacity=8), "weights\\[1\\] is nan"),
    "negative": (lambda: sampling.multinomial(KEY, 5, np.array([-1, 2]), capacity=8), "weights\\[0\\] is -1"),
    "all 0": (lambda: sampling.multinomial(KEY, 5, np.zeros(2), capacity=8), "weights must not be all 0"),
    "above": (
        lambda: sampling.multinomial(KEY, 9, np.ones(2), capacity=8),
        "between 0 and 8, got 9; or raise capacity",
    ),
    "chance": (lambda: sampling.binomial(KEY, 9, 1.5, capacity=16), "chance"),
    "chance NaN": (lambda: sampling.binomial(KEY, 9, float("nan"), capacity=16), "chance"),
    "pool": (lambda: sampling.hypergeometric(KEY, np.array([9, 8]), 5, capacity=16), "sum of counts .*, got 17"),
    "part": (lambda: sampling.hypergeometric(KEY, np.array([9, 8]), -5, capacity=32), "size must be between 0"),
}


@pytest.mark.parametrize(("call", "message"), ERRORS.values(), ids=ERRORS)
def test_message(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)

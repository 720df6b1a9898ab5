"""Second moments, above all at large sizes, against a second hand that saw none of them."""

from fractions import Fraction

import numpy as np
import pytest
from blind import moments
from theory_cases import (
    GENERATIONS,
    GRID,
    LANGUAGES,
    REGIMES,
    SHAPES,
    assert_close,
    blind_mean,
    blind_table,
    each,
    fully,
    partially,
    process_of,
    truth_of,
)

from jaxcollapse import theory


@each("fully")
def test_variance_of_the_heterozygosity(kind, language):
    for regime in REGIMES[kind]:
        wanted = blind_table(regime, LANGUAGES[language])["heterozygosity"][1]
        assert_close(theory.heterozygosity_variance(process_of(regime, LANGUAGES[language]), GENERATIONS), wanted)


@pytest.mark.parametrize("n", [10**3, 10**6, 2**31 - 1])
def test_second_moments_at_huge_n_keep_their_digits(n):
    process = fully([0.75, 0.25], n)  # exact in float32
    kept = [Fraction(3, 8) * (1 - Fraction(1, n)) ** m for m in range(9)]
    assert_close(theory.heterozygosity(process, 8), [float(x) for x in kept], rtol=1e-14, atol=0)
    lost_since_first = [float(kept[1] - x) for x in kept[1:]]
    assert_close(theory.l2_first(process, 8)[1:], lost_since_first, rtol=1e-14, atol=0)
    assert_close(theory.l2_first(process, 8)[0], 3 / 8 / n, rtol=1e-14, atol=0)


def test_l2_truth_at_huge_n_keeps_its_digits():
    n = 10**9
    wanted = [float(Fraction(3, 8) * (1 - (1 - Fraction(1, n)) ** m)) for m in range(9)]
    assert_close(theory.l2_truth(fully([0.75, 0.25], n), 8), wanted, rtol=1e-12, atol=0)


def test_variance_of_the_heterozygosity_close_to_collapse():
    # With n = 2 a chain is alive with chance 2^-m, its concentration then 1/2 instead of 1.
    alive = 0.5 ** np.arange(61)
    assert_close(theory.heterozygosity_variance(fully([0.5, 0.5], 2), 60), alive * (1 - alive) / 4, rtol=1e-9, atol=0)


@pytest.mark.parametrize(("n", "real"), [*GRID, (10**6, 50), (50, 10**6)])
def test_stationary_is_where_the_recursion_goes(n, real):
    process = partially(SHAPES["zipf"], n, real)
    settled = theory.stationary(process)
    # The factor per generation is below (n/(N + n))^2; for n = 1e6, N = 50 that needs 300 000 generations.
    generations = 300_000 if n == 10**6 else 2000
    assert_close(theory.simpson(process, generations)[-1], settled["simpson"])
    assert_close(theory.l2_first(process, generations)[-1], settled["l2_first"], rtol=1e-8)
    limits = moments.limits(("partial", n, real), truth_of(process))
    assert_close([settled["simpson"], settled["l2_first"]], [limits["simpson"], limits["l2_first"]])
    # Dirichlet(A p): the mean of the concentration exceeds that of p by (1 - S)/(A + 1).
    at_first = theory.heterozygosity(process, 1)[1]
    assert_close(at_first / (settled["dirichlet"] + 1), settled["l2_first"])


@pytest.mark.parametrize("real", [1, 2, 100])
def test_the_synthetic_error_stays_below_half_of_the_real_one(real):
    # In the limit m, then n to infinity: D (N^2 ...) over (1 - S_0)/N tends to (N - 1)/(2N + 1), from below.
    def ratio(n):
        process = partially([0.5, 0.25, 0.25], n, real)
        return theory.stationary(process)["l2_first"] / theory.l2_first(process, 1)[0]

    limit = (real - 1) / (2 * real + 1)
    assert ratio(10**9) == pytest.approx(limit, rel=1e-6)
    assert ratio(10) <= ratio(100) <= limit < 0.5


def test_tail_mass_is_a_martingale():
    """Against the blind enumeration of E p_i: rare tokens keep their share on average."""
    p = (0.5, 0.3, 0.2)
    for regime in (("fully", 3), ("partial", 2, 2)):
        found = theory.tail_mass(process_of(regime, p), GENERATIONS, below=0.35)
        share = blind_mean(regime, p, lambda counts: counts[1:].sum() / counts.sum())
        assert_close(found[1:], share)
        assert found[0] == pytest.approx(0.5, abs=1e-7)

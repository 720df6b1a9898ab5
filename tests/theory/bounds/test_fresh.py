"""Fresh real data: the recursion of Bakshi and Chakraborty, and the weight of He et al."""

import math

import numpy as np
import pytest
from blind import regimes_enumeration
from scipy import optimize
from theory_cases import (
    assert_close,
    partially,
)

import jaxcollapse as jc
from jaxcollapse import languages, theory
from jaxcollapse.theory import bounds


@pytest.mark.parametrize("p", [(0.5, 0.3, 0.2), (0.9, 0.1), (1.0, 0.0)])
@pytest.mark.parametrize(
    ("regime", "of_plain_numbers"),
    [
        (("mixture", 3, 0.25), lambda s: bounds.mixture_error(s, 3, 0.25, 3)),
        (("mixture", [1, 4, 2], 0.5), lambda s: bounds.mixture_error(s, [1, 4, 2], 0.5, 3)),
        (("mixture", 2, 0.0), lambda s: bounds.mixture_error(s, 2, 0, 3)),
        (("mixture", 2, 1.0), lambda s: bounds.mixture_error(s, 2, 1.0, 3)),
        (("fresh", 2, 2, 1), lambda s: bounds.fresh_real_error(s, 2, 2, 3)),
        (("fresh", 3, 1, 2.5), lambda s: bounds.fresh_real_error(s, 3, 1, 3, weight=2.5)),
        (("fresh", [4, 1, 2], 2, 0.5), lambda s: bounds.fresh_real_error(s, [4, 1, 2], 2, 3, weight=0.5)),
        (("fresh", 3, 0, 1), lambda s: bounds.fresh_real_error(s, 3, 0, 3)),
        (("fresh", 2, 2, 0), lambda s: bounds.fresh_real_error(s, 2, 2, 3, weight=0.0)),
    ],
    ids=lambda value: "plain" if callable(value) else str(value),
)
def test_the_recursion_with_fresh_data_is_exact(regime, of_plain_numbers, p):
    wanted = regimes_enumeration.expectation(regime, p, 3)["l2_truth"][0]
    assert_close(of_plain_numbers(float(np.square(p).sum())), wanted)


PROCESSES = [
    jc.FullySynthetic(n=7),
    jc.FullySynthetic(n=jc.schedules.given([3, 5, 40])),
    jc.Mixture(n=9, share=0.3),
    jc.Mixture(n=jc.schedules.given([1, 2, 30]), share=0.01),
    jc.FreshReal(n=9, real=4),
    jc.FreshReal(n=1, real=1, weight=1.7),
    jc.FreshReal(n=6, real=0),
    jc.FreshReal(n=jc.schedules.given([5, 7]), real=jc.schedules.given([3, 1, 6]), weight=0.3),
]


@pytest.mark.parametrize("regime", PROCESSES, ids=str)
def test_the_recursion_of_a_process_is_its_squared_error(regime):
    process = jc.recursive_training(languages.zipf(20), regime)
    found = bounds.bakshi_chakraborty(process, 12)
    assert_close(found, theory.l2_truth(process, 12))
    assert_close(found, theory.simpson(process, 12) - theory.simpson(process, 1)[0])


def test_a_share_may_change_with_the_generation():
    # R_1 = 1/8; R_2 = 1/8 + (1/2)^2 (3/4) R_1; R_3 = 1/8 + 0 (all real).
    assert_close(bounds.mixture_error(0.5, 4, [0.9, 0.5, 1.0], 3), [0, 1 / 8, 1 / 8 + 3 / 16 / 8, 1 / 8])


def test_the_recursion_settles_where_it_says():
    for n, share in ((1, 0.3), (20, 0.05), (1000, 0.5)):
        wanted = 0.6 / (1 + (n - 1) * share * (2 - share))
        assert bounds.mixture_error(0.4, n, share, 2000)[-1] == pytest.approx(wanted, rel=1e-9)
    with pytest.raises(TypeError, match="is about Mixture, FreshReal and FullySynthetic, got PartiallySynthetic"):
        bounds.bakshi_chakraborty(partially([0.5, 0.5], 3, 3), 4)
    for message, call in (
        ("simpson must be", lambda: bounds.mixture_error(1.5, 3, 0.5, 4)),
        ("simpson must be one number above 0", lambda: bounds.mixture_error(0.0, 3, 0.5, 4)),
        ("n must be between 1", lambda: bounds.mixture_error(0.5, [3, 0], 0.5, 4)),
        ("share must be a number between 0 and 1", lambda: bounds.mixture_error(0.5, 3, 1.5, 4)),
        ("real must be between 0", lambda: bounds.fresh_real_error(0.5, 3, -1, 4)),
        ("weight must be a number between 0", lambda: bounds.fresh_real_error(0.5, 3, 1, 4, weight=-1.0)),
        ("n must be one number, or one for each generation", lambda: bounds.mixture_error(0.5, [[3]], 0.5, 4)),
        ("real must be between 1", lambda: bounds.he_weight(0, 3)),
        ("n must be a whole number", lambda: bounds.he_weight(3, 1.5)),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def settled(omega, real, n):
    """Where the error settles for a real share omega, in units of 1 - S_0."""
    return (omega**2 / real + (1 - omega) ** 2 / n) / (1 - (1 - omega) ** 2 * (1 - 1 / n))


@pytest.mark.parametrize(("real", "n"), [(1, 1), (1, 50), (50, 1), (10, 10), (100, 7), (1000, 3000)])
def test_the_weight_of_fresh_data_is_the_best_one(real, n):
    found = bounds.he_weight(real, n)
    least = optimize.minimize_scalar(settled, args=(real, n), bounds=(0, 1), method="bounded", options={"xatol": 1e-12})
    assert found.exact_share == pytest.approx(least.x, abs=1e-6)
    assert settled(found.exact_share, real, n) <= least.fun * (1 + 1e-12)
    assert (n - 1) * found.exact_share**2 + (real + 1) * found.exact_share == pytest.approx(real, rel=1e-12)
    k = real / n
    assert found.share == pytest.approx((math.sqrt(k * k + 4 * k) - k) / 2, rel=1e-9)
    for share, weight in ((found.share, found.weight), (found.exact_share, found.exact_weight)):
        assert weight * real / (weight * real + n) == pytest.approx(share, rel=1e-12)
    curve = bounds.fresh_real_error(0.3, n, real, 20000, weight=found.exact_weight)
    assert curve[-1] == pytest.approx(0.7 * settled(found.exact_share, real, n), rel=1e-9)
    assert curve[-1] == pytest.approx(0.7 * found.exact_share / real, rel=1e-9)
    for other in (0.9, 1.1):
        worse = bounds.fresh_real_error(0.3, n, real, 20000, weight=other * found.exact_weight)
        assert worse[-1] > curve[-1]


def test_the_weight_for_large_corpora():
    large = bounds.he_weight(10**8, 10**8)
    assert large.exact_share == pytest.approx(large.share, rel=1e-7) == pytest.approx((5**0.5 - 1) / 2, rel=1e-7)
    assert large.weight == pytest.approx((5**0.5 + 1) / 2, rel=1e-12)
    assert bounds.he_weight(9, 1).exact_share == pytest.approx(9 / 10)
    assert bounds.he_weight(1, 10**9).share == pytest.approx(10**-4.5, rel=1e-4)

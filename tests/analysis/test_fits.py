"""Fits of decay curves and of laws in the sample size, against exact answers and slow twins."""

import re

import jax
import numpy as np
import pytest
from scipy import stats

import jaxcollapse as jc
from jaxcollapse import analysis


def decaying(n=20, chains=2000, generations=60, seed=0):
    process = jc.recursive_training(jc.languages.zipf(50), jc.FullySynthetic(n=n))
    return jc.simulate(jax.random.key(seed), process, chains=chains, generations=generations, record="heterozygosity")


def test_the_fit_finds_the_exact_rate():
    """Five standard errors, Student's with 999 degrees of freedom: error rate 7e-7."""
    fit = analysis.fit_exponential(decaying(), "heterozygosity")
    assert fit.identifiable
    assert abs(fit.rate + np.log1p(-1 / 20)) < 5 * fit.standard_error
    assert fit.standard_error < 0.002
    assert fit.goodness_of_fit > 1e-6
    assert fit.half_life == pytest.approx(np.log(2) / fit.rate)
    assert "per generation, 95% interval" in str(fit)
    np.testing.assert_allclose(fit.curve(0), fit.amplitude)


def test_intervals_cover():
    """300 data sets of 60 chains: misses of a 95% interval are Bin(300, 0.05); more than 36 or fewer than
    two happen with probability 1e-6 each. Points taken for independent would miss most of the time. All kinds of fits,
    and more chains: `make coverage`."""
    chains, sets = 60, 300
    values = np.asarray(decaying(chains=chains * sets, generations=40)["heterozygosity"]).reshape(sets, chains, -1)
    truth = -np.log1p(-1 / 20)
    fits = [analysis.fit_exponential(data) for data in values]
    missed = sum(not fit.rate_interval[0] <= truth <= fit.rate_interval[1] for fit in fits)
    assert stats.binom.sf(36, sets, 0.05) < 1e-6
    assert 2 <= missed <= 36
    poor = sum(fit.goodness_of_fit < 0.05 for fit in fits)
    assert poor <= 36
    naive = sum(
        abs(fit.rate - truth) > 1.96 * points_as_independent(data) for fit, data in zip(fits, values, strict=True)
    )
    assert naive > 100


def points_as_independent(data):
    """The mutant: the standard error of the rate if the generations of a chain were independent."""
    mean, error = data.mean(axis=0)[1:], data.std(axis=0, ddof=1)[1:] / np.sqrt(len(data))
    m = np.arange(1, data.shape[1])
    weight = (mean / error) ** 2
    centred = m - np.average(m, weights=weight)
    return 1 / np.sqrt(np.sum(weight * centred**2))


def test_not_identifiable():
    slow = jc.recursive_training(jc.languages.zipf(50), jc.FullySynthetic(n=10_000))
    trace = jc.simulate(jax.random.key(0), slow, chains=16, generations=20, record="heterozygosity")
    fit = analysis.fit_exponential(trace, "heterozygosity")
    assert not fit.identifiable
    assert str(fit).startswith("rate not identifiable from these data: ")
    random = np.random.default_rng(0)
    cases = {
        "3 chains are too few to resample": (random.random((3, 20)), None),
        "all chains agree": (np.ones((30, 20)) * np.exp(-0.1 * np.arange(20)), None),
        "generations from 1 on can be used, 4 are needed": (random.random((30, 20)) * (np.arange(20) < 3), None),
        "399 chains leave too few for a tail; run 400": (random.random((399, 20)), "tail"),
        "100% of the chains are not at 0 by generation 19; run longer": (random.random((400, 20)), "tail"),
    }
    for reason, (values, window) in cases.items():
        fit = analysis.fit_exponential(values, window=window)
        assert reason in str(fit)
        assert np.isnan(fit.rate)
        assert fit.as_dict()["reason"] == fit.reason


@pytest.fixture(scope="module")
def beside_real():
    process = jc.recursive_training(jc.languages.uniform(100), jc.PartiallySynthetic(n=100, real=20))
    return process, jc.simulate(jax.random.key(0), process, chains=2000, generations=30, record="heterozygosity")


def test_a_curve_with_a_floor_is_no_exponential(beside_real):
    fit = analysis.fit_exponential(beside_real[1], "heterozygosity")
    assert fit.goodness_of_fit < 1e-6
    assert "not an exponential in this window" in str(fit)


def test_a_floor_is_found(beside_real):
    """The paper's Theorem 2: the ratio is b, the limit that of the recursion. Five standard errors: 7e-7 each."""
    process, trace = beside_real
    fit = analysis.fit_exponential(trace, "heterozygosity", floor=True)
    n, real = 100, 20
    a = n / (n + real)
    assert abs(fit.rate + np.log(a * ((1 + 1 / real) * a - 1 / real))) < 5 * fit["rate"].standard_error
    assert abs(fit.floor - jc.theory.heterozygosity(process, 5000)[-1]) < 5 * fit["floor"].standard_error
    assert fit.goodness_of_fit > 1e-6
    both = fit, analysis.fit_exponential(trace, "heterozygosity", window=(1, 30))
    (best, weight), _ = analysis.compare(*both)
    assert best.model.name == "exponential with a floor"
    assert weight > 0.999


def test_many_chains_are_fitted_in_blocks():
    values = np.asarray(decaying(chains=6000)["heterozygosity"])
    fit = analysis.fit_exponential(values)
    alone = [analysis.fit_exponential(part) for part in np.split(values, 6)]
    combined = np.sqrt(np.mean([part.standard_error**2 for part in alone]) / 6)
    assert fit.standard_error == pytest.approx(combined, rel=0.3)
    assert fit.chains == 6000


def test_a_window_is_kept():
    trace = decaying()
    fit = analysis.fit_exponential(trace, "heterozygosity", window=(5, 30), level=0.5)
    assert fit.window == (5, 30)
    wide = analysis.fit_exponential(trace, "heterozygosity", window=(5, 30))
    assert wide.rate_interval[0] < fit.rate_interval[0] < fit.rate_interval[1] < wide.rate_interval[1]


SIZES = [5, 10, 20, 50]


def draws(means, chains=400, seed=0):
    random = np.random.default_rng(seed)
    return np.asarray(means)[:, None] * (1 + 0.3 * random.normal(size=(len(means), chains)))


def test_laws_in_the_sample_size():
    """Five standard errors: 7e-7."""
    n = np.array(SIZES, float)
    fit = analysis.fit_power_law(SIZES, draws(3 * n**1.5))
    assert abs(fit.exponent - 1.5) < 5 * fit.standard_error
    assert "exponent 1." in str(fit)
    assert "(n = 5 to 50, 400 chains)" in str(fit)
    # Whatever the weights, means of the family itself give their own parameters.
    assert fit.of(7 * n**0.9) == pytest.approx({"exponent": 0.9, "amplitude": 7})
    line = analysis.fit_polynomial(SIZES, draws(2 * n**2 + n + 5), degree=2)
    assert abs(line.c2 - 2) < 5 * line.standard_error
    assert line.of(n**2 - n + 1) == pytest.approx({"c2": 1, "c1": -1, "c0": 1})
    np.testing.assert_allclose(line.curve(SIZES), np.polyval(line.theta, SIZES))
    backwards = analysis.fit_power_law(SIZES[::-1], draws(3 * n**1.5)[::-1])
    assert backwards.exponent == pytest.approx(fit.exponent)
    assert backwards.x.tolist() == n.tolist()


def test_the_power_of_the_collapse_time_is_that_of_the_exact_means():
    """Five standard errors: 7e-7. The limit, 1, is eight away at these sizes."""
    regimes = [jc.FullySynthetic(n=n, capacity=128) for n in SIZES[:3]]  # which they share, to compile once
    processes = [jc.recursive_training(jc.languages.uniform(20), regime) for regime in regimes]
    times = [jc.collapse_times(jax.random.key(0), of, chains=30_000, max_generations=10**5) for of in processes]
    fit = analysis.fit_power_law(SIZES[:3], times)
    exact = fit.of([jc.theory.expected_collapse_time(of) for of in processes])["exponent"]
    assert abs(fit.exponent - exact) < 5 * fit.standard_error
    assert abs(fit.exponent - 1) > 5 * fit.standard_error


def test_all_chains_count_at_every_size():
    """As :func:`least_squares.blocks` cuts them: in 1000 blocks at most, alike at each size."""
    values = draws(np.array(SIZES, float), chains=1999)
    fit = analysis.fit_power_law(SIZES, values)
    np.testing.assert_allclose(fit.mean, values[:, :1998].mean(axis=1))
    cut = analysis.fit_power_law(SIZES, [row[: 1999 - 7 * i] for i, row in enumerate(values)])
    np.testing.assert_allclose(cut.mean, values[:, : 2 * ((1999 - 21) // 2)].mean(axis=1))
    assert cut.chains == 1999 - 21


def times_of(time, observed):
    time, observed = np.asarray(time, np.int32), np.asarray(observed, bool)
    return jc.CollapseTimes(time, observed, time, observed, np.zeros(len(time), np.int32))


def test_odd_input_is_not_fitted():
    flat = draws(np.array(SIZES, float))
    flat[1] = 0.1
    negative = np.random.default_rng(4).normal(0, 1, (4, 12))
    chains = np.random.default_rng(0)
    sparse = (chains.random((12, 20)) < 0.1) * 1.0
    rising = np.cumsum(chains.random((50, 9)) < 0.3, axis=1) * np.r_[0, 0, np.ones(7)]
    falling = np.exp(-0.1 * np.arange(31)) * (1 + 0.1 * chains.normal(size=(60, 31)))
    cases = [
        (analysis.fit_power_law(SIZES, flat), "all chains agree at n = 10"),
        (analysis.fit_power_law(SIZES, negative), "a power law is above 0"),
        (analysis.fit_exponential(sparse, floor=True), "the curve is flat in it|too uncertain|not told"),
        (analysis.fit_exponential(rising), "not known to a quarter of itself at generation 1"),
        (analysis.fit_exponential(-falling, window=(1, 30)), "an exponential is above 0"),
        (analysis.fit_exponential(falling[:, :1]), "there is no generation beyond 0"),
        (analysis.fit_exponential(times_of([1] * 80 + [2] * 20, [True] * 100)), "in one generation"),
    ]
    for fit, reason in cases:
        assert not fit.identifiable
        assert re.search(reason, fit.reason)
    with pytest.raises(ValueError, match="compare needs fits that are identified"):
        analysis.compare(cases[0][0], cases[0][0])
    for window in ([1, 30], np.array([1, 30])):
        assert analysis.fit_exponential(falling, window=window).window == (1, 30)
    late = analysis.fit_exponential(times_of(2000 + chains.geometric(0.1, size=500), [True] * 500))
    assert late.identifiable
    assert late.rate == pytest.approx(-np.log(0.9), rel=0.3)

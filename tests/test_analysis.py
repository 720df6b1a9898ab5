"""Estimates with errors."""

import jax
import numpy as np
import pytest
from scipy import stats

import jaxcollapse as jc
from jaxcollapse import analysis


def decaying(n=20, chains=2000, generations=60, seed=0):
    process = jc.recursive_training(jc.languages.zipf(50), jc.FullySynthetic(n=n))
    return jc.simulate(jax.random.key(seed), process, chains=chains, generations=generations, record="heterozygosity")


def test_ensemble():
    values = np.random.default_rng(0).normal(size=(50, 4))
    curve = analysis.ensemble(values, levels=(0.1, 0.9))
    np.testing.assert_allclose(curve.mean, values.mean(axis=0))
    np.testing.assert_allclose(curve.standard_error, stats.sem(values, axis=0))
    np.testing.assert_allclose(curve.quantiles, np.quantile(values, [0.1, 0.9], axis=0))
    assert curve.generation.tolist() == [0, 1, 2, 3]
    assert np.isnan(analysis.ensemble(values[:1]).standard_error).all()


def test_ensemble_of_vectors_and_flags():
    trace = decaying(chains=8, generations=3)
    process = jc.recursive_training(jc.languages.zipf(5), jc.FullySynthetic(n=4))
    record = ("collapsed", jc.statistics.trajectory(0, 1))
    trace = jc.simulate(jax.random.key(0), process, chains=8, generations=3, record=record)
    assert analysis.ensemble(trace, "collapsed").mean.shape == (4,)
    assert analysis.ensemble(trace, "trajectory_0_1").mean.shape == (4, 2)


def test_half_life_and_loss():
    assert analysis.half_life([10, 8, 4, 2]) == pytest.approx(1.75)
    assert analysis.half_life([10, 8, 6]) == np.inf
    assert analysis.half_life([10, 8, 6], of=16) == 1
    assert analysis.half_life([4, 2]) == 1
    assert analysis.lost_after([10, 8, 4], 2) == pytest.approx(0.6)
    assert np.isnan(analysis.lost_after([10, 8, 4], 3))


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
    two happen with probability 1e-6 each. Points resampled in place of chains would miss most of the time."""
    chains, sets = 60, 300
    values = np.asarray(decaying(chains=chains * sets, generations=40)["heterozygosity"]).reshape(sets, chains, -1)
    truth = -np.log1p(-1 / 20)
    fits = [analysis.fit_exponential(data, resamples=100) for data in values]
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
    cases = {
        "too few to resample": np.random.default_rng(0).random((3, 20)),
        "all chains agree": np.ones((30, 20)) * np.exp(-0.1 * np.arange(20)),
        "generations from 1 on can be used, 4 are needed": np.random.default_rng(0).random((30, 20)) < 0.02,
    }
    for reason, values in cases.items():
        assert reason in str(analysis.fit_exponential(values))


def test_a_curve_with_a_floor_is_no_exponential():
    process = jc.recursive_training(jc.languages.zipf(50), jc.PartiallySynthetic(n=200, real=20))
    trace = jc.simulate(jax.random.key(0), process, chains=4000, generations=60, record="heterozygosity")
    fit = analysis.fit_exponential(trace, "heterozygosity")
    assert fit.goodness_of_fit < 1e-6
    assert not fit.identifiable or "not exponential" in str(fit)


def test_many_chains_are_fitted_in_blocks():
    values = np.asarray(decaying(chains=6000)["heterozygosity"])
    fit = analysis.fit_exponential(values)
    alone = [analysis.fit_exponential(part) for part in np.split(values, 6)]
    combined = np.sqrt(np.mean([part.standard_error**2 for part in alone]) / 6)
    assert fit.standard_error == pytest.approx(combined, rel=0.3)
    assert fit.chains == 6000


def test_a_window_is_kept():
    fit = analysis.fit_exponential(decaying(), "heterozygosity", window=(5, 30), level=0.5)
    assert fit.window == (5, 30)
    wide = analysis.fit_exponential(decaying(), "heterozygosity", window=(5, 30))
    assert wide.rate_interval[0] < fit.rate_interval[0] < fit.rate_interval[1] < wide.rate_interval[1]

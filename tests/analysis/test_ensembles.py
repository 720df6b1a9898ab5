"""Means, standard errors and quantiles over chains, and half-lives of curves."""

import jax
import numpy as np
import pytest
from scipy import stats

import jaxcollapse as jc
from jaxcollapse import analysis


def test_ensemble():
    values = np.random.default_rng(0).normal(size=(50, 4))
    curve = analysis.ensemble(values, levels=(0.1, 0.9))
    np.testing.assert_allclose(curve.mean, values.mean(axis=0))
    np.testing.assert_allclose(curve.standard_error, stats.sem(values, axis=0))
    np.testing.assert_allclose(curve.quantiles, np.quantile(values, [0.1, 0.9], axis=0))
    assert curve.generation.tolist() == [0, 1, 2, 3]
    assert np.isnan(analysis.ensemble(values[:1]).standard_error).all()


def test_ensemble_of_vectors_and_flags():
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

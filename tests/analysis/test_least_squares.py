"""Least squares with the chain as the unit: weights and errors against slow twins."""

import dataclasses

import numpy as np
import pytest

from jaxcollapse.analysis import curve_families, least_squares


def points(units=40, count=9, seed=0):
    """A random walk around an exponential."""
    random = np.random.default_rng(seed)
    x = np.arange(1.0, count + 1)
    walk = 0.1 * np.cumsum(random.normal(size=(units, count)), axis=1) + random.normal(size=(units, 1)) * 0.1
    return least_squares.Points(x, 3 * np.exp(-0.2 * x) + walk * np.exp(-0.1 * x), x, correlated=True)


def test_whitening_is_that_of_a_dense_covariance():
    """The weights are those of the Markov covariance with the smoothed variances and neighbours' correlations."""
    given = points()
    weigh = least_squares.weights(given)
    count = len(given.x)
    lower = np.eye(count) - np.diag(weigh.slope, -1)
    dense = np.linalg.inv(lower) @ np.diag(weigh.scale**2) @ np.linalg.inv(lower).T
    correlation = dense / np.sqrt(np.outer(np.diag(dense), np.diag(dense)))
    neighbours = np.diag(correlation, 1)
    for i in range(count):  # a Markov chain's correlations multiply
        for j in range(i + 1, count):
            assert correlation[i, j] == pytest.approx(np.prod(neighbours[i:j]))
    residual = np.random.default_rng(1).normal(size=count)
    white = weigh(residual)
    assert white @ white == pytest.approx(residual @ np.linalg.solve(dense, residual))
    own = np.cov(given.samples.T) / len(given.samples)
    np.testing.assert_allclose(np.sqrt(np.diag(dense)), np.sqrt(np.diag(own)), rtol=0.4)


def test_the_jackknife_leaves_out_one_unit_at_a_time():
    """The slow twin: every fit anew, weights and all, without one unit."""
    given, model = points(units=200), curve_families.exponential()
    found = least_squares.solve(model, given)
    each = []
    for i in range(len(given.samples)):
        without = dataclasses.replace(given, samples=np.delete(given.samples, i, axis=0))
        weigh = least_squares.weights(without)
        each.append(least_squares.minimise(model, given.x, without.mean, weigh, found.theta))
    apart = np.array(each) - np.mean(each, axis=0)
    slow = (len(each) - 1) / len(each) * apart.T @ apart
    np.testing.assert_allclose(found.covariance, slow, rtol=0.01)

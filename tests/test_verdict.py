"""The judges judged: how often they reject what is right, and whether they reject what is wrong."""

import numpy as np
import verdict


def test_a_right_sample_passes_and_a_shifted_one_fails():
    generator = np.random.default_rng(0)
    sample = generator.random(4096)
    for variance in (None, 1 / 12):
        assert verdict.mean_agrees(sample, 0.5, low=0, high=1, variance=variance)
        assert not verdict.mean_agrees(sample, 0.46, low=0, high=1, variance=variance)


def test_a_sample_without_spread_is_no_pass():
    assert not verdict.mean_agrees(np.zeros(4096), 0.05, low=0, high=1)
    assert not verdict.mean_agrees(np.zeros(4096), 0.05, low=0, high=1, variance=0.01)
    assert not verdict.share_agrees(np.zeros(4096), 0.05)
    assert verdict.share_agrees(np.zeros(4096), 1e-6)
    assert not verdict.share_agrees(np.ones(10), 0.0)


def test_the_bound_is_a_bound():
    """At a rate of 1% the share of right samples rejected is below 1%, for a skewed law."""
    generator = np.random.default_rng(1)
    samples = generator.random((4000, 200)) < 0.02
    allowed = verdict._bernstein(0.02 * 0.98, 1.0, 200, 0.01)
    assert np.mean(np.abs(samples.mean(axis=1) - 0.02) > allowed) < 0.01


def test_two_laws_are_told_apart():
    generator = np.random.default_rng(2)
    first, second = generator.binomial(10, 0.5, 3000), generator.binomial(10, 0.5, 3000)
    assert verdict.same_law(first, second)
    assert not verdict.same_law(first, generator.binomial(10, 0.55, 3000))

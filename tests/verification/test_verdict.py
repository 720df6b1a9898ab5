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


def test_two_means_are_told_apart():
    generator = np.random.default_rng(3)
    first, second = generator.random((4096, 3)), generator.random((500, 3))
    assert verdict.means_agree(first, second, span=1.0).all()
    assert not verdict.means_agree(first, second + np.array([0, 0.2, 0]), span=1.0)[1]


def test_a_whole_law_is_judged_outcome_by_outcome():
    law = {"often": 0.6, "seldom": 0.399, "rarely": 0.001, "never": 0.0}
    assert verdict.law_agrees({"often": 6050, "seldom": 3940, "rarely": 10}, law)
    assert not verdict.law_agrees({"often": 6050, "seldom": 3940, "rarely": 10, "never": 1}, law)
    assert not verdict.law_agrees({"often": 6050, "seldom": 3950}, law | {"rarely": 0.003, "seldom": 0.397})
    assert not verdict.law_agrees({"often": 6600, "seldom": 3390, "rarely": 10}, law)
    assert not verdict.law_agrees({"something else": 3}, law)


def test_the_rate_of_a_whole_law_is_proven():
    """At a rate of 5% a right sample of four outcomes is rejected in less than 5% of cases."""
    generator, law = np.random.default_rng(4), {0: 0.5, 1: 0.3, 2: 0.15, 3: 0.05}
    rejected = 0
    for _ in range(400):
        counts = generator.multinomial(500, list(law.values()))
        rejected += not verdict.law_agrees(dict(enumerate(counts.tolist())), law, rate=0.05)
    assert rejected < 46  # binomial(400, 0.05) reaches 46 with probability 1e-7

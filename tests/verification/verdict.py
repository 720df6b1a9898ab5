"""Verdicts on samples with a proven error rate: a right sampler fails a check with probability at most RATE.

The bounds hold for every sample size (no normal approximation), because the interesting samples are
skewed: near collapse a few chains in thousands carry the whole mean. A sample without any spread is
no excuse: it is judged like any other.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

RATE = 1e-6
ROUNDING = 2e-6
"""Relative error of statistics computed in float32."""


def mean_agrees(sample, mean, *, low, high, variance=None) -> bool:
    """Whether chains `sample [chains]`, each within [low, high], may have the expectation `mean`.

    With a known variance: Bernstein's inequality. Without: Bernstein with the largest variance that a
    variable of this mean and range can have (Bhatia and Davis), or the empirical Bernstein bound
    (Maurer and Pontil 2009, theorem 4), each at half the rate; either one may reject.
    """
    off, allowed = deviation(sample, mean, low=low, high=high, variance=variance)
    return bool(off <= allowed)


def deviation(sample, mean, *, low, high, variance=None, rate=RATE):
    """How far the mean of `sample [chains, ...]` is from `mean [...]` beyond rounding, and how far it may be."""
    sample, mean = np.asarray(sample, np.float64), np.asarray(mean, np.float64)
    chains, span = len(sample), high - low
    off = np.abs(sample.mean(axis=0) - mean) - ROUNDING * (1 + np.abs(mean))
    if variance is not None:
        return off, np.maximum(_bernstein(variance, span, chains, rate), 0)
    largest = np.maximum((high - mean) * (mean - low), 0.0)
    known = _bernstein(largest, span, chains, rate / 2)
    return off, np.maximum(np.minimum(known, _empirical(sample, span, rate / 2)), 0)


def means_agree(first, second, *, span, rate=RATE):
    """Whether two samples `[chains, ...]` of variables in an interval of length `span` may have one expectation."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    off = np.abs(first.mean(axis=0) - second.mean(axis=0)) - 2 * ROUNDING
    return off <= _empirical(first, span, rate / 2) + _empirical(second, span, rate / 2)


def _empirical(sample, span, rate):
    """The deviation that the empirical Bernstein bound allows at a two-sided rate."""
    chains, log = len(sample), np.log(4 / rate)
    return np.sqrt(2 * sample.var(axis=0, ddof=1) * log / chains) + 7 * span * log / (3 * (chains - 1))


def _bernstein(variance, span, chains, rate):
    """The deviation that Bernstein's inequality allows at a two-sided rate."""
    log = np.log(2 / rate)
    return span * log / (3 * chains) + np.sqrt((span * log / (3 * chains)) ** 2 + 2 * variance * log / chains)


def share_agrees(sample, probability, rate=RATE) -> bool:
    """Whether indicators `sample [chains]` may have this probability: the exact binomial test."""
    sample = np.asarray(sample, bool)
    probability = min(max(float(probability), 0.0), 1.0)
    if probability in (0.0, 1.0):
        return bool((sample == bool(probability)).all())
    return stats.binomtest(int(sample.sum()), len(sample), probability).pvalue > rate


def law_agrees(seen, law, rate=RATE) -> bool:
    """Whether `seen`, a dict of counts by outcome, may come from `law`, a dict of chances: an exact test of each.

    Bonferroni over the outcomes, so the rate is proven; an outcome of chance 0 is never right.
    """
    chains = sum(seen.values())
    if any(outcome not in law or law[outcome] <= 0 for outcome in seen):
        return False
    each = rate / len(law)
    return all(
        stats.binomtest(seen.get(outcome, 0), chains, min(chance, 1.0)).pvalue > each
        for outcome, chance in law.items()
        if chance > 0
    )


def same_law(first, second) -> bool:
    """Whether two samples of small whole numbers may come from one law: chi-square over pooled cells."""
    values = np.unique(np.concatenate([first, second]))
    table = np.array([[np.sum(sample == value) for value in values] for sample in (first, second)])
    rare = table.sum(axis=0) < 20
    cells = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)]) if rare.any() else table
    cells = cells[:, cells.sum(axis=0) > 0]
    return cells.shape[1] < 2 or stats.chi2_contingency(cells, correction=False).pvalue > RATE

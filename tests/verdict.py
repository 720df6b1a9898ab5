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
    sample = np.asarray(sample, np.float64)
    chains, span = len(sample), high - low
    off = abs(sample.mean() - mean) - ROUNDING * (1 + abs(mean))
    if off <= 0:
        return True
    if variance is not None:
        return off <= _bernstein(variance, span, chains, RATE)
    largest = max((high - mean) * (mean - low), 0.0)
    known = _bernstein(largest, span, chains, RATE / 2)
    log = np.log(4 / (RATE / 2))
    empirical = np.sqrt(2 * sample.var(ddof=1) * log / chains) + 7 * span * log / (3 * (chains - 1))
    return off <= min(known, empirical)


def _bernstein(variance, span, chains, rate) -> float:
    """The deviation that Bernstein's inequality allows at a two-sided rate."""
    log = np.log(2 / rate)
    return span * log / (3 * chains) + np.sqrt((span * log / (3 * chains)) ** 2 + 2 * variance * log / chains)


def share_agrees(sample, probability) -> bool:
    """Whether indicators `sample [chains]` may have this probability: the exact binomial test."""
    sample = np.asarray(sample, bool)
    probability = min(max(float(probability), 0.0), 1.0)
    if probability in (0.0, 1.0):
        return bool((sample == bool(probability)).all())
    return stats.binomtest(int(sample.sum()), len(sample), probability).pvalue > RATE


def same_law(first, second) -> bool:
    """Whether two samples of small whole numbers may come from one law: chi-square over pooled cells."""
    values = np.unique(np.concatenate([first, second]))
    table = np.array([[np.sum(sample == value) for value in values] for sample in (first, second)])
    rare = table.sum(axis=0) < 20
    cells = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)]) if rare.any() else table
    cells = cells[:, cells.sum(axis=0) > 0]
    return cells.shape[1] < 2 or stats.chi2_contingency(cells, correction=False).pvalue > RATE

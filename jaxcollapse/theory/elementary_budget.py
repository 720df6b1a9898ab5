"""Budgets by the elementary bound on the deviation, which follows from second moments alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from jaxcollapse.theory.drift import drift_share
from jaxcollapse.theory.setting import distinct
from jaxcollapse.theory.whole_number_search import bisect, peak


class Truth:
    """What of the truth matters to a budget.

    Attributes:
      p: the distinct positive probabilities, ``[d]``.
      many: how many tokens have each, ``[d]``.
      support: the number of tokens with mass.
      diverse: the heterozygosity ``1 - S_0``.
    """

    def __init__(self, p: np.ndarray) -> None:
        self.p, self.many = distinct(p)
        self.support = int(np.count_nonzero(p))
        self.diverse = float(p @ (1 - p)) if self.support > 1 else 0.0


def elementary_deviation(truth: Truth, n: int, real: int, last: float) -> float:
    """Return the bound ``sqrt(min(s~, N) D_m)`` on ``E ||p^(m) - p^(1)||_1`` at m = ``last``; infinity: for ever."""
    return math.sqrt(min(truth.support, real) * truth.diverse * (1 - 1 / real) * drift_share(n, real, last))


def largest_budget(deviation: Callable[[int], float], supremum: float, epsilon: float, last: float) -> float:
    """Return the largest n before a deviation exceeds epsilon.

    Args:
      deviation: from n to the deviation, which rises with n; up to a peak, where there is a last generation.
      supremum: what it never exceeds.
      epsilon: the deviation allowed.
      last: the last generation, ``math.inf``: for ever.
    """
    if supremum <= epsilon:
        return math.inf
    if last == math.inf:
        top = 1
        while deviation(top) <= epsilon and top < 2**62:
            top *= 2
    else:
        top = peak(deviation, 1)
    return math.inf if deviation(top) <= epsilon else bisect(lambda n: deviation(n) <= epsilon, 0, top)


def elementary_budget(truth: Truth, real: int, epsilon: float, last: float) -> float:
    """Return the largest n for which the elementary bound stays within epsilon, with it every smaller one."""
    supremum = math.sqrt(min(truth.support, real) * truth.diverse * (1 - 1 / real) / (2 * real + 1))
    return largest_budget(lambda n: elementary_deviation(truth, n, real, last), supremum, epsilon, last)


def elementary_need(truth: Truth, n: int, epsilon: float, last: float) -> int:
    """Return the least N from which on the elementary bound stays within epsilon beside n synthetic tokens."""

    def deviation(real: int) -> float:
        return elementary_deviation(truth, n, real, last)

    low = peak(deviation, 1)
    if deviation(low) <= epsilon:
        return 1
    high = low
    while deviation(high) > epsilon:
        high *= 2
    return bisect(lambda real: deviation(real) > epsilon, low, high) + 1

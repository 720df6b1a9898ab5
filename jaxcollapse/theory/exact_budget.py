"""Budgets by the deviation itself: found around a guess, and refused where one evaluation would cost too much."""

from __future__ import annotations

import math

from jaxcollapse import check
from jaxcollapse.theory.drift import drift_share
from jaxcollapse.theory.elementary_budget import Truth, largest_budget
from jaxcollapse.theory.exact_deviation import beta_deviation, deviation, diffusion_deviation, real_counts
from jaxcollapse.theory.setting import OutOfRange
from jaxcollapse.theory.whole_number_search import bisect, peak, reach


def exact_budget(truth: Truth, real: int, epsilon: float, last: float, elementary: float) -> tuple[float | None, str]:
    """Return the largest n for which the deviation itself stays within epsilon, and why it is None if it is.

    Args:
      truth: the language.
      real: real tokens.
      epsilon: the deviation allowed.
      last: the last generation that matters, ``math.inf``: for ever.
      elementary: the answer of the elementary bound, which the exact one is not below.
    """
    if elementary == math.inf:
        return math.inf, ""
    guess = math.nan
    try:
        counts = real_counts(truth, real)
        limit = float(counts[1] @ beta_deviation(counts[0] / real, 2.0 * real))
        if limit <= epsilon:  # what holds for ever holds for a while
            return math.inf, ""
        guess = largest_budget(lambda n: diffusion_deviation(counts, n, real, last), 2, epsilon, last)

        def keeps(n: int) -> bool:
            return deviation(counts, n, real, last) <= epsilon

        start, most = max(guess, elementary), check.LARGEST
        if last != math.inf:  # the deviation is largest near here, and just before it dips
            highest = peak(lambda n: drift_share(n, real, last), 1)
            tops = [top for top in (highest // real * real - 1, highest, highest // real * real + real - 1) if top > 0]
            start, most = min([start, *(top for top in tops if top < start and not keeps(top))]), max(tops)
        found = reach(keeps, int(min(start, most)), most)
    except OutOfRange as reason:
        return None, f"{reason}; the diffusion limit gives about {guess:g}" if guess == guess else str(reason)
    return (math.inf if last != math.inf and found == most else found), ""


def exact_need(truth: Truth, n: int, epsilon: float, last: float, elementary: int) -> tuple[float | None, str]:
    """Return the least N from which on the deviation itself stays within epsilon, and why it is None if it is.

    Args:
      truth: the language.
      n: synthetic tokens a generation.
      epsilon: the deviation allowed.
      last: the last generation that matters, ``math.inf``: for ever.
      elementary: the answer of the elementary bound, which the exact one is not above.
    """
    if elementary == 1:
        return 1, ""
    guess = math.nan
    try:
        at_most = real_counts(truth, elementary)  # refuse early
        del at_most

        def about(real: int) -> float:
            return diffusion_deviation(real_counts(truth, real), n, real, last)

        # Of the sizes below the elementary answer, the last one at which the diffusion limit strays too far.
        low = min(peak(about, 2), elementary)
        guess = bisect(lambda real: about(real) > epsilon, low, elementary) + 1 if about(low) > epsilon else low
        found = reach(
            lambda less: deviation(real_counts(truth, elementary - less), n, elementary - less, last) <= epsilon,
            elementary - int(guess),
            elementary - 1,
        )
    except OutOfRange as reason:
        return None, f"{reason}; the diffusion limit gives about {guess:g}" if guess == guess else str(reason)
    return elementary - found, ""

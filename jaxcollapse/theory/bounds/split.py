"""How evenly a real corpus can be split in two: the expectation in Theorem 4."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from jaxcollapse import check

STATES = 200_000
"""Steps that the exact expectation may take, some 0.3 s."""


def even_split(p: Any, real: int) -> float:
    """Return ``E max_A p^(1)(A) p^(1)(A^c)`` over sets A of tokens, for a corpus of ``real`` tokens of p, or a bound.

    The answer is never below the expectation, the side on which Theorem 4 stays true, and at most 1/4. Exact (to
    rounding) for two tokens, and wherever the corpora can be enumerated, token by token, in 200 000
    steps: what a corpus matters by is the set of sizes that its subsets can have. Beyond that

    ``h - sum_i E (h - x_i (1 - x_i))^+ [x_i > 1/2]``, ``h = floor(N/2) ceil(N/2)/N^2``, ``x_i = X_i/N``,

    for a corpus with a majority is split best by setting that token apart, and no two tokens are in
    the majority at once; the others are split no better than in half.

    Args:
      p: the truth, ``[vocabulary]``.
      real: tokens of the corpus, N.

    Raises:
      ValueError: when p is not a distribution or ``real`` not a whole number of at least 1.

    Example:
      >>> even_split([0.5, 0.5], 2)  # half of the corpora hold one token of each kind
      0.125
    """
    p, real = check.probabilities("p", p), check.static_whole_number("real", real)
    p = np.sort(p[p > 0])[::-1]
    exact = _enumerate(p, real) if len(p) > 2 else None
    return _majority(p, real) if exact is None else exact


def _majority(p: np.ndarray, real: int) -> float:
    """Return the bound on the expectation that looks at tokens with a majority only."""
    half = real // 2
    best = half * (real - half) / real**2

    def above(less: int) -> np.ndarray:
        """Return ``P(Bin(N - l, p) > N/2 - l)``, which the first l factorial moments of a count above N/2 contain."""
        return stats.binom.sf(half - less, real - less, p) if real >= less else np.zeros_like(p)

    share = p * above(1)
    square = (1 - 1 / real) * p**2 * above(2) + share / real
    return max(0.0, float(best - np.sum(best * above(0) - share + square)))


def _enumerate(p: np.ndarray, real: int) -> float | None:
    """Return the expectation, or None where it would take too many steps.

    A state is how many tokens are left to draw, and the sizes up to N/2 that subsets of those drawn
    can have, as the bits of an integer. Once N/2 itself is among them, the rest does not matter.
    """
    half = real // 2
    within = (1 << (half + 1)) - 1
    states, done, steps = {(real, 1): 1.0}, 0.0, 0
    rest = np.cumsum(p[::-1])[::-1]
    for i, q in enumerate(p):
        steps += sum(left + 1 for left, _ in states)
        if steps > STATES:
            return None
        last = i == len(p) - 1
        chances: dict[int, list[float]] = {}
        after: dict[tuple[int, int], float] = {}
        for (left, sizes), weight in states.items():
            if left not in chances:
                chances[left] = stats.binom.pmf(np.arange(left + 1), left, min(q / rest[i], 1.0)).tolist()
            for count in [left] if last else range(left + 1):
                chance = weight if last else weight * chances[left][count]
                reached = (sizes | sizes << count) & within
                if reached >> half & 1:
                    done += chance
                else:
                    after[left - count, reached] = after.get((left - count, reached), 0.0) + chance
        states = after
    value = done * half * (real - half) / real**2
    for (_, sizes), weight in states.items():
        size = sizes.bit_length() - 1
        value += weight * size * (real - size) / real**2
    return value

"""The deviation from the first model itself, partially synthetic, from the law of one token given its real count."""

from __future__ import annotations

import math

import numpy as np
from scipy import special, stats

from jaxcollapse.theory.drift import drift_share, forgetting
from jaxcollapse.theory.elementary_budget import Truth
from jaxcollapse.theory.setting import OutOfRange

WORK = 8e9
"""What one exact deviation may cost, in multiplications of a matrix with a vector: some 5 s."""
PMF = 20
"""A binomial probability costs as much as so many of these."""
LEAK = 1e-10
"""The chance that may be cut off."""


def real_counts(truth: Truth, real: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts that tokens may have among ``real`` and that may stray, and how many tokens have each.

    Raises:
      OutOfRange: when it would cost too much.
    """
    if float(real) * len(truth.p) > WORK / PMF:
        raise OutOfRange(f"the exact deviation is not offered for {real} real tokens; the elementary bound is")
    counts = np.arange(real + 1)
    expected = np.sum(truth.many[:, None] * stats.binom.pmf(counts, real, truth.p[:, None]), axis=0)
    inner = (counts > 0) & (counts < real) & (expected > 1e-14)
    return counts[inner], expected[inner]


def beta_deviation(q: np.ndarray, concentration: float) -> np.ndarray:
    """Return ``E |B - q|`` for ``B ~ Beta(q c, (1 - q) c)``: ``2 q^{qc} (1 - q)^{(1-q)c} / (c Beta(qc, (1-q)c))``."""
    a, b = q * concentration, (1 - q) * concentration
    return 2 * np.exp(special.xlogy(a, q) + special.xlog1py(b, -q) - special.betaln(a, b)) / concentration


def diffusion_deviation(counts: tuple[np.ndarray, np.ndarray], n: int, real: int, last: float) -> float:
    """Return the deviation if tokens followed Beta laws of their exact moments: a guess, good for large n."""
    share = drift_share(n, real, last)
    return float(counts[1] @ beta_deviation(counts[0] / real, 1 / share - 1)) if 0 < share < 1 else 0.0


def windows(counts: np.ndarray, n: int, real: int) -> tuple[np.ndarray, np.ndarray]:
    """Return from where to where the synthetic counts of tokens go for ever, all but some 1e-14 of the time.

    A guess, for what is left out is measured: the Beta law of large n, and the sampling of n tokens on top.

    Args:
      counts: real counts, ``[d]``.
      n: synthetic tokens a generation.
      real: real tokens.

    Returns:
      The least and the largest synthetic counts, ``[d]`` each.
    """
    q = counts / real
    law = stats.beta(2.0 * counts, 2.0 * (real - counts))
    low, high = law.ppf(1e-14), law.isf(1e-14)
    below, above = (np.sqrt(70 * n * edge * (1 - edge)) + 30 for edge in (np.minimum(q, 0.5), high))
    first = np.floor(n * q - np.hypot(n * (q - low), below)).astype(int)
    final = np.ceil(n * q + np.hypot(n * (high - q), above)).astype(int)
    return np.maximum(first, 0), np.minimum(final, n)


def deviation(counts: tuple[np.ndarray, np.ndarray], n: int, real: int, last: float) -> float:
    """Return ``E ||p^(m) - p^(1)||_1`` at m = ``last``, ``math.inf``: for ever.

    Given its real count r a token's synthetic count is a chain, ``X' ~ Bin(n, (r + X)/(N + n))``, from ``Bin(n, r/N)``;
    the matrix is cut to the counts that matter, and what leaks out is measured.

    Args:
      counts: real counts, and how many tokens have each, as :func:`real_counts` gives them.
      n: synthetic tokens a generation.
      real: real tokens.
      last: the generation.

    Raises:
      OutOfRange: when it would cost too much.
    """
    if last == 1 or len(counts[0]) == 0:
        return 0.0
    # After so many generations nothing is left of the beginning.
    decay = math.log1p(-forgetting(n, real)) if n > 1 else -math.inf
    if (last - 1) * decay < -45:
        last = math.inf
    first, final = windows(counts[0], n, real)
    widths = final - first + 1.0
    each = widths / 5 if last == math.inf else last
    work = float(np.sum(widths**2 * (each + PMF)))
    if work > WORK:
        raise OutOfRange(
            f"the exact deviation for n = {n} and {real} real tokens would take {work:.1g} multiplications"
        )
    total = 0.0
    for r, tokens, (low, high) in zip(*counts, zip(first.tolist(), final.tolist(), strict=True), strict=True):
        while True:
            law, x = synthetic_law(int(r), n, real, last, low, high)
            if abs(1 - law.sum()) < LEAK or high - low == n:
                break
            low, high = max(0, 2 * low - high), min(n, 2 * high - low)
        total += float(tokens * (law @ np.abs((r + x) / (real + n) - r / real)) / law.sum())
    return total


def _binomial(x: np.ndarray, n: int, q: np.ndarray) -> np.ndarray:
    """Return ``P(Bin(n, q) = x)``, ``[q, x]``, 0 < q < 1; five times as fast as scipy, with errors near ``n`` 1e-16."""
    choose = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return np.exp(choose + np.log(q)[:, None] * x + np.log1p(-q)[:, None] * (n - x))


def synthetic_law(r: int, n: int, real: int, last: float, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the law of the synthetic count within a window, lacking what leaks out, and the counts themselves.

    Args:
      r: the token's real count.
      n: synthetic tokens a generation.
      real: real tokens.
      last: the generation, at least 2; ``math.inf``: for ever.
      low, high: the window's first and last count.

    Returns:
      Two arrays ``[high - low + 1]``.
    """
    x = np.arange(low, high + 1)
    matrix = _binomial(x, n, (r + x) / (real + n))
    if last == math.inf:
        inside = matrix.sum(axis=1)
        system = (matrix / inside[:, None]).T - np.eye(len(x))
        system[-1] = 1
        law = np.linalg.solve(system, np.append(np.zeros(len(x) - 1), 1.0))
        # The mass that leaves in one generation, times the generations that the chain remembers.
        return law * (1 - min(1.0, abs(float(law @ (1 - inside))) * (real + n) / real)), x
    law = _binomial(x, n, np.array([r / real]))[0]
    for _ in range(int(last) - 2):
        law = law @ matrix
    return law, x

"""How much synthetic data a corpus bears, and how much real data a wish needs; partially synthetic training."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import special, stats

from jaxcollapse import check
from jaxcollapse.theory.bounds.deviation import corollary_11
from jaxcollapse.theory.setting import OutOfRange, distinct

WORK = 8e9
"""What one exact deviation may cost, in multiplications of a matrix with a vector: some 5 s."""
PMF = 20
"""A binomial probability costs as much as so many of these."""
LEAK = 1e-10
"""The chance that may be cut off."""
TEETH = 12
"""Sizes beyond a crossing that are looked at: the deviation does not quite rise from each size to the next."""
NOTHING = "an L1 distance is at most 2"


class Budget(NamedTuple):
    """A number of tokens, three times.

    Attributes:
      paper: by the paper's rule.
      elementary: by the elementary bound.
      exact: what is so; None where it would cost too much.
      note: why ``exact`` is None, and about what it would be.
    """

    paper: float
    elementary: float
    exact: float | None
    note: str = ""


def synthetic_budget(p: Any, *, real: int, epsilon: float, generations: int | None = None) -> Budget:
    """The synthetic tokens a generation that keep ``E ||p^(m) - p^(1)||_1 <= epsilon``, partially synthetic.

    The largest ``n`` such that it and every smaller one does so for all ``m <= generations``:

    * ``paper``: corollary (11), :func:`~jaxcollapse.theory.bounds.corollary_11`, whatever the generations;
    * ``elementary``: ``sqrt(min(s~, N) D_m) <= epsilon``, :func:`~jaxcollapse.theory.bounds.elementary`. For ever,
      ``D = n H/(N^2 + 2 N n + n)``, ``H = (1 - 1/N)(1 - S_0)``, and that stays below ``H/(2N + 1)``;
    * ``exact``: the deviation itself, which rises with m (sampling keeps the convex order). For ever it is that
      of the stationary law of one token given its real count r, the solution of a linear system, accurate
      to some 1e-10; as ``n`` grows that law tends to Beta(2r, 2(N - r)).

    0 where a single token is too much, ``inf`` where every ``n`` will do. For a fixed number of
    generations large ``n`` are harmless again: drift needs some ``n`` generations. The deviation does
    not quite rise with ``n``: it dips by some 0.4/N of itself where N divides ``n`` and p^(1) can be met
    exactly; twelve sizes below the one found are looked at, too. (That these suffice, and that no ``n`` exceeds
    the Beta limit, is not proven but measured, by visiting every ``n <= 120`` in 2640 cases of N <= 20.)

    Cost: mostly a second, near the end of the range a minute or two. Range: for N = 100, ``n`` up to some 1500.

    Args:
      p: the truth, ``[vocabulary]``; tokens without mass matter to the paper's rule only.
      real: the tokens of the real corpus, N.
      epsilon: the deviation allowed, in plain L1.
      generations: the last generation that matters; None: for ever.

    Returns:
      A :class:`Budget`, in tokens.

    Raises:
      ValueError: when p is not a distribution, ``real`` or ``generations`` not a whole number of at least
        1, or ``epsilon`` not above 0.

    Example:
      >>> import jaxcollapse as jc
      >>> synthetic_budget(jc.languages.seddik(), real=100, epsilon=0.1)[:3]
      (0, 2, 10)
    """
    p, real = check.probabilities("p", p), check.static_whole_number("real", real)
    epsilon, last = check.real_number("epsilon", epsilon, 0, 1e6, NOTHING), _last(generations)
    paper = math.floor(corollary_11(len(p), real, epsilon)) if len(p) > 1 else math.inf
    truth = _Truth(p)
    elementary = _elementary_budget(truth, real, epsilon, last)
    return Budget(paper, elementary, *_exact_budget(truth, real, epsilon, last, elementary))


def real_needed(
    p: Any,
    *,
    n: int,
    epsilon: float | None = None,
    half_life: float | None = None,
    generations: int | None = None,
    kept: float = 0.5,
) -> Budget:
    """The real tokens that a wish needs beside ``n`` synthetic ones a generation, partially synthetic.

    With ``epsilon``: the least N from which on ``E ||p^(m) - p^(1)||_1 <= epsilon`` for all ``m <= generations``,
    in the three ways of :func:`synthetic_budget`. ("From which on", for tiny corpora stray little as
    well: one token, and p^(1) is a Dirac mass for ever.) ``inf`` in ``paper``: (11) allows so many synthetic
    tokens for no N, or for none below 1e300.

    With ``half_life``: the least N for which the expected heterozygosity does not fall below ``kept`` of the
    truth's in so many generations (``math.inf``: for ever). It falls to ``(1 - 1/N)(1 - D_m/H)`` of it, whatever p.
    ``paper`` is Theorem 2 with its sign mended, hence ``exact``; ``elementary`` holds for every n and for
    ever, ``2 (N - 1)/(2N + 1) >= kept``. Three real tokens are enough to halve it never: what heterozygosity
    measures is easily kept, unlike rare tokens.

    Cost and range: as :func:`synthetic_budget`.

    Args:
      p: the truth, ``[vocabulary]``.
      n: synthetic tokens a generation.
      epsilon: the deviation allowed, in plain L1; or
      half_life: generations, ``math.inf`` for ever.
      generations: with ``epsilon``, the last generation that matters; None: for ever.
      kept: with ``half_life``, the part of the heterozygosity that must remain.

    Returns:
      A :class:`Budget`, in tokens.

    Raises:
      ValueError: unless just one of ``epsilon`` and ``half_life`` is given, and for numbers out of their range.

    Example:
      >>> import jaxcollapse as jc
      >>> real_needed(jc.languages.seddik(), n=10, half_life=float("inf"))[:3]
      (3, 3, 3)
      >>> real_needed(jc.languages.seddik(), n=10, epsilon=0.1)[1:3]
      (207, 97)
    """
    p, n = check.probabilities("p", p), check.static_whole_number("n", n)
    if (epsilon is None) == (half_life is None):
        raise ValueError(f"give either epsilon or half_life, got epsilon={epsilon!r} and half_life={half_life!r}")
    if half_life is not None:
        if generations is not None:
            raise ValueError(
                f"generations={generations!r} goes with epsilon; half_life is itself a number of generations"
            )
        kept = check.real_number("kept", kept, 0, 1, "0.5 is a half-life")
        last = None if half_life == math.inf else check.static_whole_number("half_life", half_life)
        return _for_half_life(p, n, last, kept)
    epsilon, last = check.real_number("epsilon", epsilon, 0, 1e6, NOTHING), _last(generations)
    truth = _Truth(p)
    elementary = _elementary_need(truth, n, epsilon, last)
    return Budget(_paper_need(len(p), n, epsilon), elementary, *_exact_need(truth, n, epsilon, last, elementary))


def _last(generations: int | None) -> int | None:
    return None if generations is None else check.static_whole_number("generations", generations)


class _Truth:
    """What of p matters: the distinct probabilities, how many have each, the support, and ``1 - S_0``."""

    def __init__(self, p: np.ndarray) -> None:
        self.p, self.many = distinct(p)
        self.support = int(np.count_nonzero(p))
        self.diverse = float(p @ (1 - p)) if self.support > 1 else 0.0

    def real_counts(self, real: int) -> tuple[np.ndarray, np.ndarray]:
        """The counts r that tokens may have among N and that may stray, and how many tokens have each."""
        if float(real) * len(self.p) > WORK / PMF:
            raise OutOfRange(f"the exact deviation is not offered for {real} real tokens; the elementary bound is")
        counts = np.arange(real + 1)
        expected = np.sum(self.many[:, None] * stats.binom.pmf(counts, real, self.p[:, None]), axis=0)
        inner = (counts > 0) & (counts < real) & (expected > 1e-14)
        return counts[inner], expected[inner]


# --- second moments and what follows from them ---


def _part(n: float, real: float, last: int | None) -> float:
    """``D_m/H``: the squared deviation from the first model, given ``H = (1 - 1/N)(1 - S_0)``; m = ``last``.

    ``D_{m+1} = a^2 H/n + l D_m`` with ``l = n (n - 1)/(N + n)^2`` sums to ``[n/(N + n)^2] (1 - l^{m-1})/(1 - l)``.
    """
    total = real + n
    if last is None:
        return n / (real * (real + 2 * n) + n)
    rate = (n / total) * ((n - 1) / total)
    apart = (real * (real + 2 * n) + n) / total**2  # 1 - rate
    summed = (
        1.0 if rate == 0 else -math.expm1((last - 1) * math.log1p(-apart)) if apart < 0.5 else 1 - rate ** (last - 1)
    )
    return 0.0 if last == 1 else n / total / total * summed / apart


def _elementary(truth: _Truth, n: float, real: float, last: int | None) -> float:
    return math.sqrt(min(truth.support, real) * truth.diverse * (1 - 1 / real) * _part(n, real, last))


def _peak(height: Callable[[int], float], least: int) -> int:
    """Where a function of whole numbers that rises and then falls is highest."""
    low, high = least, 2 * least
    while high < 2**62 and height(high + 1) > height(high):
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if height(middle + 1) > height(middle) else (low, middle)
    return low


def _bisect(keeps: Callable[[int], bool], low: int, high: int) -> int:
    """The last that keeps, between one that does and one that does not."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if keeps(middle) else (low, middle)
    return low


def _budget_of(deviation: Callable[[int], float], supremum: float, epsilon: float, last: int | None) -> float:
    """The largest n before a deviation that rises with n (up to a peak, for a last generation) exceeds epsilon."""
    if supremum <= epsilon:
        return math.inf
    if last is None:
        top = 1
        while deviation(top) <= epsilon and top < 2**62:
            top *= 2
    else:
        top = _peak(deviation, 1)
    return math.inf if deviation(top) <= epsilon else _bisect(lambda n: deviation(n) <= epsilon, 0, top)


def _elementary_budget(truth: _Truth, real: int, epsilon: float, last: int | None) -> float:
    supremum = math.sqrt(min(truth.support, real) * truth.diverse * (1 - 1 / real) / (2 * real + 1))
    return _budget_of(lambda n: _elementary(truth, n, real, last), supremum, epsilon, last)


def _elementary_need(truth: _Truth, n: int, epsilon: float, last: int | None) -> int:
    def deviation(real: int) -> float:
        return _elementary(truth, n, real, last)

    low = _peak(deviation, 1)
    if deviation(low) <= epsilon:
        return 1
    high = low
    while deviation(high) > epsilon:
        high *= 2
    return _bisect(lambda real: deviation(real) > epsilon, low, high) + 1


def _for_half_life(p: np.ndarray, n: int, last: int | None, kept: float) -> Budget:
    if np.count_nonzero(p) == 1:
        return Budget(1, 1, 1)

    def falls_short(real: int) -> bool:
        return (1 - 1 / real) * (1 - _part(n, real, last)) < kept * (1 - 1e-14)

    always = max(1, math.ceil((2 + kept) / (2 * (1 - kept)) * (1 - 1e-14)))
    needed = _bisect(falls_short, 0, always) + 1 if always > 1 else 1  # with 0 real tokens, nothing is kept
    return Budget(needed, always, needed)


def _paper_need(vocabulary: int, n: int, epsilon: float) -> float:
    scale = np.e**2 / (2 * np.pi)
    if n * scale > vocabulary - 2:
        return math.inf
    logarithm = np.log(6 * np.e * vocabulary / (math.sqrt(2 * np.pi) * epsilon)) + n * scale
    if logarithm > 690:
        return math.inf
    needed = math.exp(logarithm)
    return max(1, math.ceil(needed)) if needed < 2**53 else needed


# --- the deviation itself ---


def _exact_budget(
    truth: _Truth, real: int, epsilon: float, last: int | None, elementary: float
) -> tuple[float | None, str]:
    if elementary == math.inf:
        return math.inf, ""
    guess = math.nan
    try:
        counts = truth.real_counts(real)
        limit = float(counts[1] @ _beta_deviation(counts[0] / real, 2.0 * real))
        if limit <= epsilon:  # what holds for ever holds for a while
            return math.inf, ""
        guess = _budget_of(lambda n: _diffusion(counts, n, real, last), 2, epsilon, last)

        def keeps(n: int) -> bool:
            return _deviation(counts, n, real, last) <= epsilon

        start, most = max(guess, elementary), check.LARGEST
        if last is not None:  # the deviation is largest near here, and just before it dips
            peak = _peak(lambda n: _part(n, real, last), 1)
            tops = [top for top in (peak // real * real - 1, peak, peak // real * real + real - 1) if top > 0]
            start, most = min([start, *(top for top in tops if top < start and not keeps(top))]), max(tops)
        found = _reach(keeps, int(min(start, most)), most)
    except OutOfRange as reason:
        return None, f"{reason}; the diffusion limit gives about {guess:g}" if guess == guess else str(reason)
    return (math.inf if last is not None and found == most else found), ""


def _exact_need(truth: _Truth, n: int, epsilon: float, last: int | None, elementary: int) -> tuple[float | None, str]:
    if elementary == 1:
        return 1, ""
    guess = math.nan
    try:
        at_most = truth.real_counts(elementary)  # refuse early
        del at_most

        def about(real: int) -> float:
            return _diffusion(truth.real_counts(real), n, real, last)

        # Of the sizes below the elementary answer, the last one at which the diffusion limit strays too far.
        low = min(_peak(about, 2), elementary)
        guess = _bisect(lambda real: about(real) > epsilon, low, elementary) + 1 if about(low) > epsilon else low
        found = _reach(
            lambda less: _deviation(truth.real_counts(elementary - less), n, elementary - less, last) <= epsilon,
            elementary - int(guess),
            elementary - 1,
        )
    except OutOfRange as reason:
        return None, f"{reason}; the diffusion limit gives about {guess:g}" if guess == guess else str(reason)
    return elementary - found, ""


def _reach(keeps: Callable[[int], bool], guess: int, most: int) -> int:
    """The last of 0, 1, ... up to ``most`` before one that does not keep, given that 0 does; found around a guess."""
    known = {0: True}

    def kept(j: int) -> bool:
        if j not in known:
            known[j] = keeps(j)
        return known[j]

    low, high, step = 0, most + 1, 1
    if kept(guess):
        low, trial = guess, guess + 1
        while trial <= most and kept(trial):
            low, trial, step = trial, trial + 2 * step, 2 * step
        high = min(trial, most + 1)
    else:
        high, trial = guess, guess - 1
        while not kept(trial):
            high, trial, step = trial, max(trial - 2 * step, 0), 2 * step
        low = trial
    found = _bisect(kept, low, high)
    below = found - 1
    while below > max(found - 1 - TEETH, 0):
        if not kept(below):
            found = below - 1
        below -= 1
    return found


def _beta_deviation(q: np.ndarray, concentration: float) -> np.ndarray:
    """``E |B - q|`` for ``B ~ Beta(q c, (1 - q) c)``: ``2 q^{qc} (1 - q)^{(1-q)c} / (c Beta(qc, (1-q)c))``."""
    a, b = q * concentration, (1 - q) * concentration
    return 2 * np.exp(special.xlogy(a, q) + special.xlog1py(b, -q) - special.betaln(a, b)) / concentration


def _diffusion(counts: tuple[np.ndarray, np.ndarray], n: int, real: int, last: int | None) -> float:
    """The deviation if each token followed the Beta law of its exact mean and variance: a guess, good for large n."""
    part = _part(n, real, last)
    return float(counts[1] @ _beta_deviation(counts[0] / real, 1 / part - 1)) if 0 < part < 1 else 0.0


def _windows(counts: np.ndarray, n: int, real: int) -> tuple[np.ndarray, np.ndarray]:
    """From where to where the synthetic counts of tokens go for ever, by real count; all but some 1e-14 of the time.

    A guess, for what is left out is measured: the Beta law of large n, and the sampling of n tokens on top.
    """
    q = counts / real
    law = stats.beta(2.0 * counts, 2.0 * (real - counts))
    low, high = law.ppf(1e-14), law.isf(1e-14)
    below, above = (np.sqrt(70 * n * edge * (1 - edge)) + 30 for edge in (np.minimum(q, 0.5), high))
    first = np.floor(n * q - np.hypot(n * (q - low), below)).astype(int)
    final = np.ceil(n * q + np.hypot(n * (high - q), above)).astype(int)
    return np.maximum(first, 0), np.minimum(final, n)


def _deviation(counts: tuple[np.ndarray, np.ndarray], n: int, real: int, last: int | None) -> float:
    """``E ||p^(m) - p^(1)||_1`` at m = ``last``, or for ever.

    Given its real count r a token's synthetic count is a chain, ``X' ~ Bin(n, (r + X)/(N + n))``, from ``Bin(n, r/N)``;
    the matrix is cut to the counts that matter, and what leaks out is measured.

    Raises:
      OutOfRange: when it would cost too much.
    """
    if last == 1 or len(counts[0]) == 0:
        return 0.0
    # After so many generations nothing is left of the beginning.
    decay = math.log1p(-(real * (real + 2 * n) + n) / (real + n) ** 2) if n > 1 else -math.inf
    if last is not None and (last - 1) * decay < -45:
        last = None
    first, final = _windows(counts[0], n, real)
    widths = final - first + 1.0
    each = widths / 5 if last is None else last
    work = float(np.sum(widths**2 * (each + PMF)))
    if work > WORK:
        raise OutOfRange(
            f"the exact deviation for n = {n} and {real} real tokens would take {work:.1g} multiplications"
        )
    total = 0.0
    for r, tokens, (low, high) in zip(*counts, zip(first.tolist(), final.tolist(), strict=True), strict=True):
        while True:
            law, x = _law(int(r), n, real, last, low, high)
            if abs(1 - law.sum()) < LEAK or high - low == n:
                break
            low, high = max(0, 2 * low - high), min(n, 2 * high - low)
        total += float(tokens * (law @ np.abs((r + x) / (real + n) - r / real)) / law.sum())
    return total


def _binomial(x: np.ndarray, n: int, q: np.ndarray) -> np.ndarray:
    """``P(Bin(n, q) = x)``, ``[q, x]``, 0 < q < 1; five times as fast as scipy's, with errors near ``n`` 1e-16."""
    choose = special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)
    return np.exp(choose + np.log(q)[:, None] * x + np.log1p(-q)[:, None] * (n - x))


def _law(r: int, n: int, real: int, last: int | None, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """The law of the synthetic count within a window, lacking what leaks out, and the counts themselves."""
    x = np.arange(low, high + 1)
    matrix = _binomial(x, n, (r + x) / (real + n))
    if last is None:
        inside = matrix.sum(axis=1)
        system = (matrix / inside[:, None]).T - np.eye(len(x))
        system[-1] = 1
        law = np.linalg.solve(system, np.append(np.zeros(len(x) - 1), 1.0))
        # The mass that leaves in one generation, times the generations that the chain remembers.
        return law * (1 - min(1.0, abs(float(law @ (1 - inside))) * (real + n) / real)), x
    law = _binomial(x, n, np.array([r / real]))[0]
    for _ in range(last - 2):
        law = law @ matrix
    return law, x

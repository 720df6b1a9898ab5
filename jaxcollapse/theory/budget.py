"""How much synthetic data a corpus bears, and how much real data a wish needs; partially synthetic training."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from jaxcollapse import check
from jaxcollapse.theory.bounds.deviation import corollary_11
from jaxcollapse.theory.drift import drift_share
from jaxcollapse.theory.elementary_budget import Truth, elementary_budget, elementary_need
from jaxcollapse.theory.exact_budget import exact_budget, exact_need
from jaxcollapse.theory.whole_number_search import bisect

NOTHING = "an L1 distance is at most 2"
"""The remedy for an epsilon that is out of range."""


class Budget(NamedTuple):
    """A number of tokens, by three rules.

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
    """Return the synthetic tokens a generation that keep ``E ||p^(m) - p^(1)||_1 <= epsilon``, partially synthetic.

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
    epsilon, last = check.real_number("epsilon", epsilon, 0, 1e6, NOTHING), _last_generation(generations)
    paper = math.floor(corollary_11(len(p), real, epsilon)) if len(p) > 1 else math.inf
    truth = Truth(p)
    elementary = elementary_budget(truth, real, epsilon, last)
    return Budget(paper, elementary, *exact_budget(truth, real, epsilon, last, elementary))


def real_needed(
    p: Any,
    *,
    n: int,
    epsilon: float | None = None,
    half_life: float | None = None,
    generations: int | None = None,
    kept: float = 0.5,
) -> Budget:
    """Return the real tokens that a wish needs beside ``n`` synthetic ones a generation, partially synthetic.

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
        last = math.inf if half_life == math.inf else check.static_whole_number("half_life", half_life)
        return _for_half_life(p, n, last, kept)
    epsilon, last = check.real_number("epsilon", epsilon, 0, 1e6, NOTHING), _last_generation(generations)
    truth = Truth(p)
    elementary = elementary_need(truth, n, epsilon, last)
    return Budget(_paper_need(len(p), n, epsilon), elementary, *exact_need(truth, n, epsilon, last, elementary))


def _last_generation(generations: int | None) -> float:
    """Return the last generation that matters, infinity for None."""
    return math.inf if generations is None else check.static_whole_number("generations", generations)


def _for_half_life(p: np.ndarray, n: int, last: float, kept: float) -> Budget:
    """Return the real tokens that keep so much of the heterozygosity until the last generation."""
    if np.count_nonzero(p) == 1:
        return Budget(1, 1, 1)

    def falls_short(real: int) -> bool:
        return (1 - 1 / real) * (1 - drift_share(n, real, last)) < kept * (1 - 1e-14)

    always = max(1, math.ceil((2 + kept) / (2 * (1 - kept)) * (1 - 1e-14)))
    needed = bisect(falls_short, 0, always) + 1 if always > 1 else 1  # with 0 real tokens, nothing is kept
    return Budget(needed, always, needed)


def _paper_need(vocabulary: int, n: int, epsilon: float) -> float:
    """Return the real tokens for which corollary (11) allows n synthetic ones; infinity for none below 1e300."""
    scale = np.e**2 / (2 * np.pi)
    if n * scale > vocabulary - 2:
        return math.inf
    logarithm = np.log(6 * np.e * vocabulary / (math.sqrt(2 * np.pi) * epsilon)) + n * scale
    if logarithm > 690:
        return math.inf
    needed = math.exp(logarithm)
    return max(1, math.ceil(needed)) if needed < 2**53 else needed

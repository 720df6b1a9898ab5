"""Collapse to one token: its probability by generation, its expected time, which token wins, and the first one lost."""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np
from scipy import special

from jaxcollapse.theory.additive_statistics import additive
from jaxcollapse.theory.per_context import all_of, components_of, over_contexts
from jaxcollapse.theory.question import first_counts
from jaxcollapse.theory.setting import OutOfRange, distinct, last_generation, numbers, read
from jaxcollapse.theory.synthetic_laws import DENSE, transition
from jaxcollapse.theory.token_laws import each_token
from jaxcollapse.theory.token_survival import kept_corpus, survival


@over_contexts(all_of)
def collapse_probability(process: Any, generations: int) -> np.ndarray:
    """Return ``rho_m = P(p^(m) is a Dirac mass)``.

    Collapse to one token and to another exclude each other, so it is ``sum_i P(p_i^(m) = 1)``. Fully synthetic, it is
    also ``P(T <= m)``; elsewhere a Dirac mass may be left again. Partially synthetic it is ``sum_i p_i^N`` for every
    ``m >= 1``, the chance that the real corpus holds one token only; accumulated data likewise, with ``n_1`` for N. Of
    many contexts it is the chance that all of them have collapsed, the product of their chances.

    Cost and range: as :func:`~jaxcollapse.theory.additive`; partially synthetic and accumulated data, every size.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth.

    Raises:
      OutOfRange: beyond the range.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> collapse_probability(process, 3).round(6).tolist()
      [0.0, 0.5, 0.75, 0.875]
    """
    kept = kept_corpus(process)
    if kept is None:
        return additive(process, lambda q: (q == 1).astype(float), generations)
    p, many = distinct(numbers(process)[0])
    return np.array([float(many @ (p == 1))] + [float(many @ p**kept)] * last_generation(generations))


def winner_probability(process: Any, generations: int) -> np.ndarray:
    """Return ``P(p^(m) is the Dirac mass of token i)``, fully synthetic; it tends to ``p_i``.

    Returns:
      ``[generations + 1, vocabulary]``; ``m = 0`` is the truth.

    Raises:
      TypeError: for the partially synthetic regime.
      OutOfRange: beyond the range of :func:`~jaxcollapse.theory.survival`.

    Source: Seddik et al. (2024), Proposition 1.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.75, 0.25], jc.FullySynthetic(n=2))
      >>> winner_probability(process, 2).round(12).tolist()
      [[0.0, 0.0], [0.5625, 0.0625], [0.65625, 0.15625]]
    """
    setting = read(process)
    if setting.real is not None:
        raise TypeError("winner_probability is known for FullySynthetic only")
    return np.vstack([setting.p == 1, each_token(process, setting.p, lambda law, _: law.now == 1, generations)])


def expected_collapse_time(process: Any) -> float:
    """Return ``E T``, the expected time until a model is a Dirac mass, in generations.

    ``E T = sum_m (1 - rho_m)``. Summed over one token, ``phi(x) = sum_m [x/n - P(X_m = n)]`` solves
    ``(I - P) phi = x/n`` on the counts between 0 and n, so ``E T = 1 + sum_i E phi(Bin(n, p_i))``
    unless the truth has collapsed already. Partially synthetic: infinite, unless the real corpus is one token.

    Of many contexts: until all have collapsed, ``sum_m (1 - prod_j rho_m^(j))``, to 1e-9.

    Cost: O(n^3), once for each n; many contexts O(n^3) each. Range: n <= 2000; beyond it see
    :func:`expected_collapse_time_diffusion`; of many contexts some 600 tokens each.

    Returns:
      Generations; ``inf`` when some chains never collapse.

    Raises:
      OutOfRange: beyond the range.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(10), jc.FullySynthetic(n=10))
      >>> round(expected_collapse_time(process), 2)
      17.5
    """
    if process.many:
        return _of_all_contexts(process)
    setting = read(process)
    p, many = distinct(setting.p)
    if len(p) == 1 and many[0] == 1:
        return 0.0
    if setting.real is not None:
        return 1.0 if setting.real == 1 else float("inf")
    n = setting.n
    if n > DENSE:
        raise OutOfRange(
            f"expected_collapse_time is offered up to n = {DENSE}, got {n}; "
            "use theory.expected_collapse_time_diffusion (approximate)"
        )
    return 1 + float(first_counts(n, p, many)[0, 1:-1] @ _still_to_come(n))


def _of_all_contexts(process: Any) -> float:
    """Return the expected time until all contexts have collapsed, in generations."""
    alone = [one for _, one in components_of(process)]
    slowest = max(expected_collapse_time(one) for one in alone)
    settings = [read(one) for one in alone]
    if settings[0].real is not None or slowest == 0 or len(alone) == 1:
        return slowest  # beside real data a context collapses at once or never
    # A context that has not collapsed has a heterozygosity of 2(n-1)/n^2 at least, and its mean decays by 1 - 1/n.
    n = np.array([setting.n for setting in settings if setting.n > 1], float)
    last = int(np.max(np.ceil(n * np.log(1e9 * len(alone) * n**3 / (n - 1))), initial=2))
    return float(np.sum(1 - collapse_probability(process, last)))


@functools.lru_cache(maxsize=64)
def _still_to_come(n: int) -> np.ndarray:
    """Return ``phi`` on the counts from 1 to n - 1, ``[n - 1]``; it is the same for every language."""
    if n == 1:
        return np.zeros(0)
    matrix = np.asarray(transition(n, n))[1:-1, 1:-1]
    return np.linalg.solve(np.eye(n - 1) - matrix, np.arange(1, n) / n)


def expected_collapse_time_diffusion(process: Any) -> float:
    """Return ``-2 n sum_i (1 - p_i) ln(1 - p_i)``, which is ``E T`` in the diffusion limit: an approximation.

    When every ``n p_i`` is well above 1 it is too large by ``(1/3) ln n + 0.5 to 0.75``: by 2.3 of
    198.1 for 52 equal tokens at n = 100. For truths concentrated in one token it may be too small.

    Returns:
      Generations.

    Raises:
      TypeError: for the partially synthetic regime.

    Source: Kimura and Ohta (1969); for many alleles Ewens, "Mathematical Population Genetics" (2004), chapter 5.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(52), jc.FullySynthetic(n=100))
      >>> round(expected_collapse_time_diffusion(process), 1)
      198.1
    """
    setting = read(process)
    if setting.real is not None:
        raise TypeError("expected_collapse_time_diffusion is known for FullySynthetic only")
    return float(2 * setting.n * np.sum(special.entr(1 - setting.p)))


def first_loss_probability(process: Any, generations: int) -> np.ndarray:
    """Return ``P(T_1 <= m)``, where ``T_1`` is the first generation without some token of the truth.

    Inclusion and exclusion over sets of tokens: all tokens of a set are lost when the set, lumped
    into one token, is. The terms alternate, so the accuracy is absolute, some 1e-12. Cost:
    ``2^support`` laws of one token. Range: 14 tokens; fewer when n is large.

    Returns:
      ``[generations + 1]``.

    Raises:
      OutOfRange: beyond the range.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> first_loss_probability(process, 2).round(6).tolist()
      [0.0, 0.5, 0.75]
    """
    setting, last = read(process), last_generation(generations)
    p = setting.p[setting.p > 0]
    if len(p) > 14:
        raise OutOfRange(f"first_loss_probability sums over all sets of tokens; 14 tokens at most, got {len(p)}")
    sets = np.array(list(itertools.product((0, 1), repeat=len(p)))[1:])
    mass = np.round(np.minimum(sets @ p, 1.0), 12)
    lost = 1 - survival(process, last, mass)
    return np.clip(lost @ (-((-1.0) ** sets.sum(axis=1))), 0, 1)

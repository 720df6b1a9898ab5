"""Second moments: how concentrated models are, and how far they are from the first one and from the truth.

Exact for every vocabulary and every size, at the cost of one loop over generations. There is one solver for all regimes
(:mod:`~jaxcollapse.theory.past`); :data:`CLOSED_FORMS` has the rows that are faster, and exact at huge sizes.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from jaxcollapse.regimes import FullySynthetic, PartiallySynthetic
from jaxcollapse.theory.drift import drift_share
from jaxcollapse.theory.past import Past
from jaxcollapse.theory.per_context import over_contexts, variance
from jaxcollapse.theory.setting import Setting, last_generation, numbers, one_size, read


@over_contexts(drawn=lambda h: h)
def products(process: Any, generations: int) -> np.ndarray:
    """Return ``1 - E sum_i p_i^(u) p_i^(v)`` for every two generations of any regime.

    Cost: O(generations^2) and more where a generation has many sources. Range: some 5000 generations;
    prefixes, where each token is a node, 3000 tokens in all.

    Returns:
      ``[generations + 1, generations + 1]``; index 0 is the truth.

    Raises:
      OutOfRange: beyond the range.
      TypeError: for a regime or learner without ``recurrence``, and for traced numbers.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(4), jc.MostRecent(n=4, window=2))
      >>> products(process, 2).diagonal().tolist()  # two tokens, then two of each of two models
      [0.75, 0.375, 0.515625]
    """
    p, regime = numbers(process, second_moments=True)
    past = Past(p)
    for m in range(1, last_generation(generations) + 1):
        past.born(process.learner.recurrence(past, regime.recurrence(past, m)))
    return past.products()


def _fully_synthetic(setting: Setting, last: int) -> np.ndarray:
    """Return :func:`_moments` fully synthetic: heterozygosity decays by ``1 - 1/n``, and models are a martingale."""
    m, at_truth, n = np.arange(last + 1), float(setting.p @ (1 - setting.p)), setting.n
    # Through log1p, for (1 - 1/n)^m at n = 1e9 would lose nine of sixteen digits. One token keeps nothing: exp(-1000).
    rate = np.log1p(-1 / n) if n > 1 else -1000.0
    lost = -np.expm1(m * rate)
    from_first = np.concatenate([[at_truth / n], at_truth * (1 - 1 / n) * lost[:-1]])
    return np.stack([at_truth * np.exp(m * rate), from_first, at_truth * lost])


def _partially_synthetic(setting: Setting, last: int) -> np.ndarray:
    """Return :func:`_moments` partially synthetic: given the real corpus, p^(1) is the mean of every later model."""
    assert setting.real is not None
    at_truth, real = float(setting.p @ (1 - setting.p)), setting.real
    at_first = (1 - 1 / real) * at_truth
    drift = at_first * drift_share(setting.n, real, np.arange(1, last + 1))
    of_truth = [at_truth, at_truth / real, 0.0]
    return np.column_stack([of_truth, [at_first - drift, drift, at_truth / real + drift]])


CLOSED_FORMS: dict[type, Callable[[Setting, int], np.ndarray]] = {
    FullySynthetic: _fully_synthetic,
    PartiallySynthetic: _partially_synthetic,
}
"""The second moments of processes of one size in closed form, by regime; of all others from :func:`products`."""


def _from_products(h: np.ndarray, *, unbiased: bool) -> np.ndarray:
    """Return :func:`_moments` from products of models; every model may be an unbiased estimate of the truth."""
    own = h.diagonal()
    from_truth = h[0, 0] - own if unbiased else 2 * h[0] - h[0, 0] - own
    return np.stack([own, np.maximum(2 * h[1] - h[1, 1] - own, 0), np.maximum(from_truth, 0)])


@over_contexts(drawn=lambda h: _from_products(h, unbiased=False))
def _moments(process: Any, generations: int) -> np.ndarray:
    """Return heterozygosity, and the squared distances from the first model and from the truth.

    Returns:
      ``[3, generations + 1]``; ``m = 0`` is the truth.
    """
    setting = one_size(process)
    if setting is None:
        return _from_products(products(process, generations), unbiased=process.learner.is_frequency_table)
    return CLOSED_FORMS[type(process.regime)](setting, last_generation(generations))


def heterozygosity(process: Any, generations: int) -> np.ndarray:
    """Return ``E[1 - sum_i (p_i^(m))^2]``.

    Fully synthetic: ``(1 - S_0)(1 - 1/n)^m``. Partially synthetic: given the real corpus, p^(1) is
    the mean of every later model, and what is added to its concentration is ``D_m`` of
    :func:`l2_first`: ``(1 - 1/N)(1 - S_0) - D_m`` for ``m >= 1``. Other regimes, and sizes that
    change: :func:`products`.

    Cost: O(generations), other regimes O(generations^2). Range: every size and vocabulary; other
    regimes some 5000 generations.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth.

    Raises:
      OutOfRange, TypeError: as :func:`products`.

    Source: Seddik et al. (2024), eq. (6), and Theorem 2 with its sign mended.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(4), jc.FullySynthetic(n=2))
      >>> heterozygosity(process, 2).tolist()
      [0.75, 0.375, 0.1875]
    """
    return _moments(process, generations)[0].copy()


def simpson(process: Any, generations: int) -> np.ndarray:
    """Return ``E sum_i (p_i^(m))^2``, the Simpson concentration S_m: one minus :func:`heterozygosity`.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(4), jc.FullySynthetic(n=2))
      >>> simpson(process, 2).tolist()
      [0.25, 0.625, 0.8125]
    """
    return 1 - heterozygosity(process, generations)


def l2_first(process: Any, generations: int) -> np.ndarray:
    """Return ``E ||p^(m) - p^(1)||_2^2``, the squared deviation from the first model.

    Fully synthetic, ``m >= 1``: the models are a martingale, so it is ``S_m - S_1``. Partially
    synthetic, with ``a = n/(N + n)``: ``D_1 = 0``, ``D_{m+1} = a^2 [(1 - S_m)/n + D_m]``, where
    ``1 - S_m = (1 - 1/N)(1 - S_0) - D_m``. Other regimes: ``S_m - 2 E p^(m).p^(1) + S_1``.

    Cost and range as :func:`heterozygosity`.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth's distance from the first model.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.PartiallySynthetic(n=2, real=2))
      >>> l2_first(process, 3).round(12).tolist()
      [0.25, 0.0, 0.03125, 0.03515625]
    """
    return _moments(process, generations)[1].copy()


def l2_truth(process: Any, generations: int) -> np.ndarray:
    """Return ``E ||p^(m) - p||_2^2 = S_m - S_0``, for every model is an unbiased estimate of the truth.

    Smoothed models are not; there it is ``S_m - 2 E p^(m).p + S_0``.

    Fully and partially synthetic computed without that difference: ``(1 - S_0)[1 - (1 - 1/n)^m]``,
    or ``(1 - S_0)/N + D_m``.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> l2_truth(process, 2).round(12).tolist()
      [0.0, 0.25, 0.375]
    """
    return _moments(process, generations)[2].copy()


def stationary(process: Any) -> dict[str, float]:
    """Return where a partially synthetic process settles as ``m`` grows.

    Returns:
      ``simpson``: the limit of ``S_m``. ``l2_first``: the limit of ``D_m``, ``n (1 - S_1)/(N^2 + 2Nn + n)``.
      ``dirichlet``: the concentration ``2N + N^2/n`` of the Dirichlet law around p^(1) that has this
      variance, the stationary law in the diffusion limit.

    Raises:
      TypeError: for the fully synthetic regime, which has no limit but collapse.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.PartiallySynthetic(n=2, real=2))
      >>> {name: round(value, 4) for name, value in stationary(process).items()}
      {'simpson': 0.7857, 'l2_first': 0.0357, 'dirichlet': 6.0}
    """
    p, n, real = read(process)
    if real is None:
        raise TypeError("a fully synthetic process has no stationary law: it collapses")
    at_first = (1 - 1 / real) * float(p @ (1 - p))
    deviation = float(at_first * drift_share(n, real, math.inf))
    return {"simpson": 1 - at_first + deviation, "l2_first": deviation, "dirichlet": 2 * real + real**2 / n}


@over_contexts(variance)
def heterozygosity_variance(process: Any, generations: int) -> np.ndarray:
    """Return ``Var[sum_i (p_i^(m))^2]`` over chains, fully synthetic.

    Counts of n draws from q have closed factorial moments, and in the fourth of them the terms in
    ``sum q^4`` cancel. With ``S_k = sum_i q_i^k``, ``K = E[S_3 - S_2^2]``, ``U = E[S_2 - S_3]`` and
    ``H = E[1 - S_2]``, all of them positive:

    ``V' = (1 - 1/n)^2 V + (2 (n-1)/n^3) [(2n - 3) K + U]``,
    ``K' = (1 - 1/n)(1 - 2/n) [(1 - 3/n) K + U/n]``,
    ``U' = (1 - 1/n) [H/n + (1 - 2/n) U]``, ``H' = (1 - 1/n) H``.

    Cost: O(generations). Range: every n and vocabulary.

    Returns:
      ``[generations + 1]``; it is the variance of ``simpson`` and of ``heterozygosity`` alike.

    Raises:
      TypeError: for the partially synthetic regime.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> heterozygosity_variance(process, 2).tolist()
      [0.0, 0.0625, 0.046875]
    """
    p, n, real = read(process)
    if real is not None:
        raise TypeError("heterozygosity_variance is known for FullySynthetic only")
    simpson_ = float(p @ p)
    spread, uneven, diverse = float(p @ (p - simpson_) ** 2), float(p**2 @ (1 - p)), float(p @ (1 - p))
    keep, variances = 1 - 1 / n, [0.0]
    for _ in range(last_generation(generations)):
        within = 2 * (n - 1) / n**3 * ((2 * n - 3) * spread + uneven)
        variances.append(keep**2 * variances[-1] + within)
        spread = keep * (1 - 2 / n) * ((1 - 3 / n) * spread + uneven / n)
        uneven = keep * (diverse / n + (1 - 2 / n) * uneven)
        diverse *= keep
    return np.array(variances)


@over_contexts()
def tail_mass(process: Any, generations: int, below: float = 1e-4) -> np.ndarray:
    """Return the expected probability of all tokens whose true probability is under ``below``.

    Constant: in all regimes every token's probability is a martingale. (What changes is where it
    sits: in ever fewer of them.)

    Returns:
      ``[generations + 1]``.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.75, 0.25], jc.FullySynthetic(n=2))
      >>> tail_mass(process, 2, below=0.3).tolist()
      [0.25, 0.25, 0.25]
    """
    p, _ = numbers(process)
    rare = np.asarray(process.p, np.float32) < np.float32(below)
    return np.full(last_generation(generations) + 1, float(p[rare].sum()))

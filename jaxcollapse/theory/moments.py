"""Second moments: exact for every vocabulary and every size, at the cost of one loop over generations."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxcollapse.theory.per_context import over_contexts, variance
from jaxcollapse.theory.second_moments import products
from jaxcollapse.theory.setting import generations_of, has_closed_form, is_plain, numbers, read


@over_contexts(drawn=lambda h: h.diagonal().copy())
def heterozygosity(process: Any, generations: int) -> np.ndarray:
    """``E[1 - sum_i (p_i^(m))^2]``.

    Fully synthetic: ``(1 - S_0)(1 - 1/n)^m``. Partially synthetic: given the real corpus, p^(1) is
    the mean of every later model, and what is added to its concentration is ``D_m`` of
    :func:`l2_first`: ``(1 - 1/N)(1 - S_0) - D_m`` for ``m >= 1``. Other regimes, and sizes that
    change: :mod:`~jaxcollapse.theory.second_moments`.

    Cost: O(generations), other regimes O(generations^2). Range: every size and vocabulary; other
    regimes some 5000 generations.

    Returns:
      ``[generations + 1]``, ``m = 0`` the truth.

    Source: Seddik et al. (2024), eq. (6), and Theorem 2 with its sign mended.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(4), jc.FullySynthetic(n=2))
      >>> heterozygosity(process, 2).tolist()
      [0.75, 0.375, 0.1875]
    """
    if not has_closed_form(process):
        return products(process, generations).diagonal().copy()
    p, n, real = read(process)
    m = np.arange(generations_of(generations) + 1)
    at_truth = float(p @ (1 - p))
    if real is None:
        # Through log1p, for (1 - 1/n)^m at n = 1e9 would lose nine of sixteen digits.
        return at_truth * (np.exp(m * np.log1p(-1 / n)) if n > 1 else (m == 0).astype(float))
    curve = (1 - 1 / real) * at_truth - l2_first(process, generations)
    curve[0] = at_truth
    return curve


def simpson(process: Any, generations: int) -> np.ndarray:
    """``E sum_i (p_i^(m))^2``, the Simpson concentration S_m: one minus :func:`heterozygosity`.

    Returns:
      ``[generations + 1]``.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(4), jc.FullySynthetic(n=2))
      >>> simpson(process, 2).tolist()
      [0.25, 0.625, 0.8125]
    """
    return 1 - heterozygosity(process, generations)


@over_contexts(drawn=lambda h: _from_first(h))
def l2_first(process: Any, generations: int) -> np.ndarray:
    """``E ||p^(m) - p^(1)||_2^2``, the squared deviation from the first model.

    Fully synthetic, ``m >= 1``: the models are a martingale, so it is ``S_m - S_1``. Partially
    synthetic, with ``a = n/(N + n)``: ``D_1 = 0``, ``D_{m+1} = a^2 [(1 - S_m)/n + D_m]``, where
    ``1 - S_m = (1 - 1/N)(1 - S_0) - D_m``. Other regimes: ``S_m - 2 E p^(m).p^(1) + S_1``.

    Cost and range as :func:`heterozygosity`.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth's distance from the first model.
    """
    if not has_closed_form(process):
        return _from_first(products(process, generations))
    p, n, real = read(process)
    last = generations_of(generations)
    at_truth = float(p @ (1 - p))
    if real is None:
        m = np.arange(last)
        since_first = -np.expm1(m * np.log1p(-1 / n)) if n > 1 else np.zeros(last)
        return np.concatenate([[at_truth / n], at_truth * (1 - 1 / n) * since_first])
    curve = np.zeros(last + 1)
    curve[0] = at_truth / real
    share, at_first = n / (real + n), (1 - 1 / real) * at_truth
    for now in range(1, last):
        curve[now + 1] = share**2 * ((at_first - curve[now]) / n + curve[now])
    return curve


@over_contexts(drawn=lambda h: _from_truth(h))
def l2_truth(process: Any, generations: int) -> np.ndarray:
    """``E ||p^(m) - p||_2^2 = S_m - S_0``, for every model is an unbiased estimate of the truth.

    Smoothed models are not; there it is ``S_m - 2 E p^(m).p + S_0``.

    Fully and partially synthetic computed without that difference: ``(1 - S_0)[1 - (1 - 1/n)^m]``,
    or ``(1 - S_0)/N + D_m``.

    Returns:
      ``[generations + 1]``.
    """
    if not has_closed_form(process):
        h = products(process, generations)
        return np.maximum(h[0, 0] - h.diagonal(), 0) if is_plain(process.learner) else _from_truth(h)
    p, n, real = read(process)
    at_truth = float(p @ (1 - p))
    if real is None:
        m = np.arange(generations_of(generations) + 1)
        return at_truth * (-np.expm1(m * np.log1p(-1 / n)) if n > 1 else (m > 0).astype(float))
    curve = at_truth / real + l2_first(process, generations)
    curve[0] = 0.0
    return curve


def _from_first(h: np.ndarray) -> np.ndarray:
    return np.maximum(2 * h[1] - h[1, 1] - h.diagonal(), 0)


def _from_truth(h: np.ndarray) -> np.ndarray:
    return np.maximum(2 * h[0] - h[0, 0] - h.diagonal(), 0)


def stationary(process: Any) -> dict[str, float]:
    """Where a partially synthetic process settles as ``m`` grows.

    Returns:
      ``simpson``: the limit of ``S_m``. ``l2_first``: the limit of ``D_m``, ``n (1 - S_1)/(N^2 + 2Nn + n)``.
      ``dirichlet``: the concentration ``2N + N^2/n`` of the Dirichlet law around p^(1) that has this
      variance, the stationary law in the diffusion limit.

    Raises:
      TypeError: for the fully synthetic regime, which has no limit but collapse.
    """
    p, n, real = read(process)
    if real is None:
        raise TypeError("a fully synthetic process has no stationary law: it collapses")
    at_first = (1 - 1 / real) * float(p @ (1 - p))
    deviation = n * at_first / (real**2 + 2 * real * n + n)
    return {"simpson": 1 - at_first + deviation, "l2_first": deviation, "dirichlet": 2 * real + real**2 / n}


@over_contexts(variance)
def heterozygosity_variance(process: Any, generations: int) -> np.ndarray:
    """``Var[sum_i (p_i^(m))^2]`` over chains, fully synthetic.

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
    """
    p, n, real = read(process)
    if real is not None:
        raise TypeError("heterozygosity_variance is known for FullySynthetic only")
    simpson_ = float(p @ p)
    spread, uneven, diverse = float(p @ (p - simpson_) ** 2), float(p**2 @ (1 - p)), float(p @ (1 - p))
    keep, variances = 1 - 1 / n, [0.0]
    for _ in range(generations_of(generations)):
        within = 2 * (n - 1) / n**3 * ((2 * n - 3) * spread + uneven)
        variances.append(keep**2 * variances[-1] + within)
        spread = keep * (1 - 2 / n) * ((1 - 3 / n) * spread + uneven / n)
        uneven = keep * (diverse / n + (1 - 2 / n) * uneven)
        diverse *= keep
    return np.array(variances)


@over_contexts()
def tail_mass(process: Any, generations: int, below: float = 1e-4) -> np.ndarray:
    """The expected probability of all tokens whose true probability is under ``below``.

    Constant: in all regimes every token's probability is a martingale. (What changes is where it
    sits: in ever fewer of them.)

    Returns:
      ``[generations + 1]``.
    """
    p, _ = numbers(process)
    rare = np.asarray(process.p, np.float32) < np.float32(below)
    return np.full(generations_of(generations) + 1, float(p[rare].sum()))

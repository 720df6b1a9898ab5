"""Second moments: exact for every vocabulary and every size, at the cost of one loop over generations."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxcollapse.theory.setting import generations_of, read


def heterozygosity(process: Any, generations: int) -> np.ndarray:
    """``E[1 - sum_i (p_i^(m))^2]``.

    Fully synthetic: ``(1 - S_0)(1 - 1/n)^m``. Partially synthetic: given the real corpus, p^(1) is
    the mean of every later model, and what is added to its concentration is ``D_m`` of
    :func:`l2_first`: ``(1 - 1/N)(1 - S_0) - D_m`` for ``m >= 1``.

    Cost: O(generations). Range: every n, N and vocabulary.

    Returns:
      ``[generations + 1]``, ``m = 0`` the truth.

    Source: Seddik et al. (2024), eq. (6), and Theorem 2 with its sign mended.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(4), jc.FullySynthetic(n=2))
      >>> heterozygosity(process, 2).tolist()
      [0.75, 0.375, 0.1875]
    """
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


def l2_first(process: Any, generations: int) -> np.ndarray:
    """``E ||p^(m) - p^(1)||_2^2``, the squared deviation from the first model.

    Fully synthetic, ``m >= 1``: the models are a martingale, so it is ``S_m - S_1``. Partially
    synthetic, with ``a = n/(N + n)``: ``D_1 = 0``, ``D_{m+1} = a^2 [(1 - S_m)/n + D_m]``, where
    ``1 - S_m = (1 - 1/N)(1 - S_0) - D_m``.

    Cost: O(generations). Range: every n, N and vocabulary.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth's distance from the first model.
    """
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


def l2_truth(process: Any, generations: int) -> np.ndarray:
    """``E ||p^(m) - p||_2^2 = S_m - S_0``, for every model is an unbiased estimate of the truth.

    Returns:
      ``[generations + 1]``.
    """
    heterozygosities = heterozygosity(process, generations)
    return heterozygosities[0] - heterozygosities


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


def heterozygosity_variance(process: Any, generations: int) -> np.ndarray:
    """``Var[sum_i (p_i^(m))^2]`` over chains, fully synthetic.

    Counts of n draws from q have closed factorial moments, and in the fourth of them the terms in
    ``sum q^4`` cancel: with ``S_k = sum_i q_i^k`` the moments of ``(S_2^2, S_3, S_2)`` carry over to
    the next generation linearly:

    ``E[S_3'] = (1 - 1/n)(1 - 2/n) S_3 + (3/n)(1 - 1/n) S_2 + 1/n^2``,
    ``Var[S_2' | q] = (2 (n-1)/n^3) [S_2 + 2 (n-2) S_3 - (2n - 3) S_2^2]``.

    Cost: O(generations). Range: every n and vocabulary.

    Returns:
      ``[generations + 1]``; it is the variance of ``simpson`` and of ``heterozygosity`` alike.

    Raises:
      TypeError: for the partially synthetic regime.
    """
    p, n, real = read(process)
    if real is not None:
        raise TypeError("heterozygosity_variance is known for FullySynthetic only")
    second, third, variance = float(p @ p), float(p @ p**2), 0.0
    variances = [0.0]
    for _ in range(generations_of(generations)):
        within = 2 * (n - 1) / n**3 * (second + 2 * (n - 2) * third - (2 * n - 3) * (variance + second**2))
        variance = max((1 - 1 / n) ** 2 * variance + within, 0.0)
        third = (1 - 1 / n) * (1 - 2 / n) * third + 3 / n * (1 - 1 / n) * second + 1 / n**2
        second = (1 - 1 / n) * second + 1 / n
        variances.append(variance)
    return np.array(variances)

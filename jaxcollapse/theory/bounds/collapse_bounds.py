"""Bounds on fully synthetic training: when all tokens but one are lost, and when one of them is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jaxcollapse.theory.second_moments import heterozygosity
from jaxcollapse.theory.setting import Setting, last_generation, read, token_probabilities


class Bounds(NamedTuple):
    """A lower and an upper bound.

    Attributes:
      lower: a number, or an array.
      upper: of the same shape.
    """

    lower: Any
    upper: Any


def _fully(process: Any, name: str) -> Setting:
    """Return the setting of a fully synthetic process; TypeError for others."""
    setting = read(process)
    if setting.real is not None:
        raise TypeError(f"{name} is about FullySynthetic, got PartiallySynthetic")
    return setting


def collapse_probability(process: Any, generations: int, *, sharp: bool = False) -> Bounds:
    """Return bounds on the probability ``rho_m`` of collapse for fully synthetic training.

    As printed: ``1 - n (1 - S_0)(1 - 1/n)^m <= rho_m <= 1 - [(1 - S_0)/(1 - 1/s~)] (1 - 1/n)^m``.
    Sharp: in place of n the constant ``n^2 / (2 (n - 1))``, for a model that has not collapsed has
    ``1 - sigma >= 2 (n - 1)/n^2``; and ``min(s~, n)`` in place of the support ``s~``.

    Returns:
      Two arrays ``[generations + 1]``, within [0, 1]; at m = 0, where they do not hold, rho_0 itself.

    Raises:
      TypeError: for other regimes.

    Source: Seddik et al. (2024), eq. (7).

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> collapse_probability(process, 2, sharp=True)  # the exact values are 0, 0.5, 0.75
      Bounds(lower=array([0.  , 0.5 , 0.75]), upper=array([0.  , 0.5 , 0.75]))
    """
    p, n, _ = _fully(process, "this bound")
    support = int(np.count_nonzero(p))
    if support == 1:
        ones = np.ones(last_generation(generations) + 1)
        return Bounds(ones, ones)
    alive = heterozygosity(process, generations)
    constant = float(n)
    if sharp:
        constant, support = n * n / (2 * max(n - 1, 0.5)), min(support, n)
    upper = 1 - alive / (1 - 1 / support) if support > 1 else np.ones_like(alive)
    lower, upper = np.clip(1 - constant * alive, 0, 1), np.clip(upper, 0, 1)
    lower[0] = upper[0] = 0.0  # the truth, of two tokens at least, is no Dirac mass
    return Bounds(lower, upper)


def expected_collapse_time(process: Any, *, sharp: bool = False) -> Bounds:
    """Return bounds on the expected collapse time ``E T`` for fully synthetic training, in generations.

    As printed: ``1 + [(1 - S_0)/(1 - 1/s~)](n - 1) <= E T <= 1 + (1 - S_0) n (n - 1)``. Sharp:
    ``min(s~, n)`` in the lower one, and ``1 + n^2 (1 - S_0)/2`` above, for n >= 2.

    Raises:
      TypeError: for other regimes.

    Source: Seddik et al. (2024), eq. (8).

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(52), jc.FullySynthetic(n=100))
      >>> tuple(round(bound) for bound in expected_collapse_time(process))  # the exact value is 195.81
      (100, 9711)
    """
    p, n, _ = _fully(process, "this bound")
    support = int(np.count_nonzero(p))
    if support == 1:
        return Bounds(0.0, 0.0)
    diverse = float(p @ (1 - p))
    printed = 1 + diverse * n * (n - 1)
    if not sharp:
        return Bounds(1 + diverse / (1 - 1 / support) * (n - 1), printed)
    effective = min(support, n)
    lower = 1 + diverse / (1 - 1 / effective) * (n - 1) if effective > 1 else 1.0
    return Bounds(lower, min(printed, 1 + n * n * diverse / 2))


def survival(process: Any, generations: int, p: np.ndarray) -> Bounds:
    """Return bounds on the chance that a token of probability p survives to generation k, fully synthetic.

    With ``g_k`` the k-fold iterate of ``1 - e^-x`` from infinity (about ``2/k``):
    ``1 - exp(-n p g_k) <= P <= 1 - (1 - 3 n p^2 - 3 k p) exp(-n p g_k)``, clipped to 1.

    Returns:
      Two arrays ``[generations + 1, d]``; they hold for ``k >= 1``.

    Raises:
      TypeError: for other regimes.

    Source: Suresh, Thangaraj and Khandavally (2024), arXiv 2412.17646.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.zipf(1000), jc.FullySynthetic(n=1000))
      >>> lower, upper = survival(process, 20, [1e-3])
      >>> exact = jc.theory.survival(process, 20, [1e-3])
      >>> [round(float(chance[20, 0]), 3) for chance in (lower, exact, upper)]
      [0.088, 0.088, 0.145]
    """
    _, n, _ = _fully(process, "this bound")
    p = token_probabilities(p)
    lower, upper = [(p > 0).astype(float)], [(p > 0).astype(float)]
    g = 1.0
    for k in range(1, last_generation(generations) + 1):
        lost, kept = np.exp(-n * p * g), -np.expm1(-n * p * g)
        lower.append(kept)
        upper.append(np.clip(kept + (3 * n * p**2 + 3 * k * p) * lost, 0, 1))
        g = -np.expm1(-g)
    return Bounds(np.stack(lower), np.stack(upper))

"""Bounds of the literature, as printed and as corrected, to be seen beside the exact curves."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jaxcollapse import check
from jaxcollapse.theory.moments import heterozygosity, l2_first
from jaxcollapse.theory.setting import Setting, each_probability, generations_of, read


class Bounds(NamedTuple):
    """A lower and an upper bound."""

    lower: Any
    upper: Any


def _fully(process: Any, name: str) -> Setting:
    setting = read(process)
    if setting.real is not None:
        raise TypeError(f"{name} is about FullySynthetic, got PartiallySynthetic")
    return setting


def _partially(process: Any, name: str) -> tuple[np.ndarray, int, int]:
    p, n, real = read(process)
    if real is None:
        raise TypeError(f"{name} is about PartiallySynthetic, got FullySynthetic")
    return p, n, real


def collapse_probability(process: Any, generations: int, *, sharp: bool = False) -> Bounds:
    """Bounds on ``rho_m`` for fully synthetic training.

    As printed: ``1 - n (1 - S_0)(1 - 1/n)^m <= rho_m <= 1 - [(1 - S_0)/(1 - 1/s~)] (1 - 1/n)^m``.
    Sharp: in place of n the constant ``n^2 / (2 (n - 1))``, for a model that has not collapsed has
    ``1 - sigma >= 2 (n - 1)/n^2``; and ``min(s~, n)`` in place of the support ``s~``.

    Returns:
      Two arrays ``[generations + 1]``, within [0, 1]; at m = 0, where they do not hold, rho_0 itself.

    Raises:
      TypeError: for other regimes.

    Source: Seddik et al. (2024), eq. (7).
    """
    p, n, _ = _fully(process, "this bound")
    support = int(np.count_nonzero(p))
    if support == 1:
        ones = np.ones(generations_of(generations) + 1)
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
    """Bounds on ``E T`` for fully synthetic training, in generations.

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


def theorem_2(process: Any, generations: int, *, as_printed: bool = False) -> np.ndarray:
    """``S_m`` of partially synthetic training, in closed form.

    ``a = n/(N + n)``, ``b = a [(1 + 1/N) a - 1/N]``; for ``m >= 0``

    ``S_{m+1} = {(1/N)[1 + 2a - (1 - 1/N) a b^m] + (1 - 1/N) S_0 [1 + a + (a/N) b^m]} / [1 + (1 + 1/N) a]``.

    The paper prints a minus before ``(a/N) b^m``; then ``m = 0`` does not give
    ``S_1 = 1/N + (1 - 1/N) S_0``, the frequencies of N tokens. ``as_printed=True`` shows it.

    Returns:
      ``[generations + 1]``; m = 0 is S_0.

    Raises:
      TypeError: for other regimes.

    Source: Seddik et al. (2024), Theorem 2, eq. (9).
    """
    p, n, real = _partially(process, "theorem_2")
    m = np.arange(generations_of(generations))
    at_truth = float(p @ p)
    a = n / (real + n)
    b = a * ((1 + 1 / real) * a - 1 / real)
    sign = -1 if as_printed else 1
    first = (1 + 2 * a - (1 - 1 / real) * a * b**m) / real
    second = (1 - 1 / real) * at_truth * (1 + a + sign * a / real * b**m)
    return np.concatenate([[at_truth], (first + second) / (1 + (1 + 1 / real) * a)])


def log_theorem_3(process: Any) -> float:
    """The logarithm of the bound of Theorem 3 on ``E ||p^(m) - p^(1)||_1``, ``m >= 2``.

    ``(1/N) sqrt(pi n/2) G_n(s)``, with ``G_n(s)`` the paper's three cases; ``2^s - 2`` holds for every
    s, so the smaller of it and the printed case is taken. In logarithms, for it overflows.

    Raises:
      TypeError: for other regimes.

    Source: Seddik et al. (2024), Theorem 3.

    Example:
      >>> import numpy as np, jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(600), jc.PartiallySynthetic(n=10, real=100))
      >>> round(float(np.exp(log_theorem_3(process))))  # an L1 distance never exceeds 2
      24923
    """
    p, n, real = _partially(process, "log_theorem_3")
    s = len(p)
    c0, log_c1 = np.e**3 / (2 * np.pi), np.log(6 * np.e) - 1.5 * np.log(np.pi)
    subsets = s * np.log(2) + np.log1p(-(2.0 ** (1 - s))) if s > 1 else -np.inf
    if c0 * n / np.e + 2 <= s:
        log_g = min(log_c1 + np.log(s) + c0 * n / (2 * np.e), subsets)
    elif c0 * n / 4 + 2 <= s:
        log_g = min(log_c1 + np.log(s) + s / 2 * np.log(c0 * n / s), subsets)
    else:
        log_g = subsets
    return float(0.5 * np.log(np.pi * n / 2) - np.log(real) + log_g)


def corollary_11(vocabulary: int, real: int, epsilon: float) -> float:
    """The synthetic tokens that the paper allows if the deviation is to stay below ``epsilon``.

    ``n <= 2 pi e^-2 min{s - 2, ln(sqrt(2 pi) N epsilon / (6 e s))}``; 0 where that is negative. It
    allows a single token only when N is about ``21 s/epsilon``.

    Raises:
      ValueError: unless ``vocabulary`` and ``real`` are whole numbers and ``epsilon`` is above 0.

    Source: Seddik et al. (2024), eq. (11).
    """
    vocabulary = check.static_whole_number("vocabulary", vocabulary, least=2)
    real = check.static_whole_number("real", real)
    epsilon = check.real_number("epsilon", epsilon, 0, 1e6, "an L1 distance is at most 2")
    logarithm = np.log(np.sqrt(2 * np.pi) * real * epsilon / (6 * np.e * vocabulary))
    return max(0.0, 2 * np.pi * np.e**-2 * min(vocabulary - 2, float(logarithm)))


def elementary(process: Any, generations: int) -> np.ndarray:
    """``E ||p^(m) - p^(1)||_1 <= sqrt(min(s~, N) D_m)``, partially synthetic; ``D_m`` is :func:`l2_first`.

    The Cauchy-Schwarz inequality over the tokens of the real corpus; far sharper than Theorem 3.

    Returns:
      ``[generations + 1]``; for ``m >= 1`` (at ``m = 0`` tokens outside the corpus count too: ``sqrt(s~ D_0)``).

    Raises:
      TypeError: for other regimes.
    """
    p, _, real = _partially(process, "elementary")
    support = int(np.count_nonzero(p))
    bound = np.sqrt(min(support, real) * l2_first(process, generations))
    bound[0] = np.sqrt(support * l2_first(process, 1)[0])
    return bound


def elementary_uniform(process: Any) -> float:
    """``E ||p^(m) - p^(1)||_1 <= sqrt(n (s~ - 1)) / N`` for every ``m >= 1``, partially synthetic.

    Raises:
      TypeError: for other regimes.
    """
    p, n, real = _partially(process, "elementary_uniform")
    return float(np.sqrt(n * (np.count_nonzero(p) - 1)) / real)


def survival(process: Any, generations: int, p: np.ndarray) -> Bounds:
    """Bounds on the chance that a token of probability p survives to generation k, fully synthetic.

    With ``g_k`` the k-fold iterate of ``1 - e^-x`` from infinity (about ``2/k``):
    ``1 - exp(-n p g_k) <= P <= 1 - (1 - 3 n p^2 - 3 k p) exp(-n p g_k)``, clipped to 1.

    Returns:
      Two arrays ``[generations + 1, d]``; they hold for ``k >= 1``.

    Raises:
      TypeError: for other regimes.

    Source: Suresh, Thangaraj and Khandavally (2024), arXiv 2412.17646.
    """
    _, n, _ = _fully(process, "this bound")
    p = each_probability(p)
    lower, upper = [(p > 0).astype(float)], [(p > 0).astype(float)]
    g = 1.0
    for k in range(1, generations_of(generations) + 1):
        lost, kept = np.exp(-n * p * g), -np.expm1(-n * p * g)
        lower.append(kept)
        upper.append(np.clip(kept + (3 * n * p**2 + 3 * k * p) * lost, 0, 1))
        g = -np.expm1(-g)
    return Bounds(np.stack(lower), np.stack(upper))

"""Recursions for the squared error with fresh real data in every generation, and the best weight of a real token."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from jaxcollapse import check
from jaxcollapse.regimes import FreshReal, FullySynthetic, Mixture
from jaxcollapse.theory.setting import last_generation, numbers


def _each(name: str, value: Any, last: int, least: float, most: float) -> np.ndarray:
    """Return one number a generation, ``[last]``: the last one given holds from there on."""
    check.real_numbers(name, value, least, most)
    values = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if values.ndim != 1:
        raise ValueError(f"{name} must be one number, or one for each generation, got shape {values.shape}")
    return values[np.minimum(np.arange(last), len(values) - 1)]


def _sizes(name: str, value: Any, last: int, least: int) -> np.ndarray:
    """Return one size a generation, ``[last]``; ValueError unless they are whole numbers."""
    check.whole_number(name, value, least=least)
    return _each(name, value, last, least, check.LARGEST)


def _spread(simpson: Any) -> float:
    """Return ``1 - S_0``; ValueError unless ``S_0`` is above 0 and at most 1."""
    check.real_numbers("simpson", simpson, 0, 1)
    if np.ndim(simpson) != 0 or simpson <= 0:
        raise ValueError(f"simpson must be one number above 0 and at most 1, the truth's sum of p_i^2, got {simpson!r}")
    return 1 - float(simpson)


def mixture_error(simpson: float, n: Any, share: Any, generations: int) -> np.ndarray:
    """Return ``R_m = E ||p^(m) - p||_2^2`` when each of ``n_m`` tokens is real with chance ``alpha_m``.

    The other tokens are written by p^(m-1). ``R_m = (1 - S_0)/n_m + (1 - alpha_m)^2 (1 - 1/n_m) R_{m-1}``,
    ``R_0 = 0``: no bound but the value itself. For constant sizes it tends to
    ``(1 - S_0)/[1 + (n - 1) alpha (2 - alpha)]``.

    Args:
      simpson: the truth's concentration ``S_0``.
      n: tokens a generation, one number or one for each generation (the last one holds from there on).
      share: ``alpha``, between 0 and 1, likewise.
      generations: the last generation.

    Returns:
      ``[generations + 1]``.

    Raises:
      ValueError: for numbers out of their range.

    Source: Bakshi and Chakraborty (2026), arXiv 2602.10531.

    Example:
      >>> mixture_error(0.5, n=2, share=0.5, generations=3).tolist()
      [0.0, 0.25, 0.28125, 0.28515625]
    """
    last, spread = last_generation(generations), _spread(simpson)
    curve = [0.0]
    for size, real in zip(_sizes("n", n, last, 1), _each("share", share, last, 0, 1), strict=True):
        curve.append(spread / size + (1 - real) ** 2 * (1 - 1 / size) * curve[-1])
    return np.array(curve)


def fresh_real_error(simpson: float, n: Any, real: Any, generations: int, *, weight: float = 1.0) -> np.ndarray:
    """Return ``R_m = E ||p^(m) - p||_2^2`` with ``N_m`` new real tokens and ``n_m`` of p^(m-1) in each generation.

    Real counts are multiplied by ``weight``, w. With the real share ``omega = w N/(w N + n)``,
    ``R_1 = (1 - S_0)/N``, and for ``m >= 2``

    ``R_m = (1 - S_0) [omega^2/N + (1 - omega)^2/n] + (1 - omega)^2 (1 - 1/n) R_{m-1}``;

    unweighted the bracket is ``1/(N + n)``. Where ``N`` is 0, generation 1 is trained on ``n`` tokens
    of the truth, and later ones on synthetic tokens alone.

    Args:
      simpson: the truth's concentration ``S_0``.
      n: synthetic tokens a generation, one number or one for each generation (the last one holds on).
      real: new real tokens a generation, N, likewise.
      generations: the last generation.
      weight: of a real token, ``w``.

    Returns:
      ``[generations + 1]``.

    Raises:
      ValueError: for numbers out of their range.

    Source: Bakshi and Chakraborty (2026), arXiv 2602.10531; weights: He, Xu and Cheng (2025), arXiv 2502.18049.

    Example:
      >>> fresh_real_error(0.5, n=2, real=2, generations=3).tolist()
      [0.0, 0.25, 0.15625, 0.14453125]
    """
    last, spread = last_generation(generations), _spread(simpson)
    check.real_numbers("weight", weight, 0, check.HEAVIEST)
    curve = [0.0]
    sizes = zip(_sizes("n", n, last, 1), _sizes("real", real, last, 0), strict=True)
    for m, (synthetic, fresh) in enumerate(sizes, start=1):
        if m == 1:
            curve.append(spread / (fresh or synthetic))
            continue
        share = weight * fresh / (weight * fresh + synthetic)
        noise = (share**2 / fresh if fresh else 0.0) + (1 - share) ** 2 / synthetic
        curve.append(spread * noise + (1 - share) ** 2 * (1 - 1 / synthetic) * curve[-1])
    return np.array(curve)


def bakshi_chakraborty(process: Any, generations: int) -> np.ndarray:
    """Return ``E ||p^(m) - p||_2^2`` for ``Mixture``, ``FreshReal`` and ``FullySynthetic``.

    See :func:`mixture_error` and :func:`fresh_real_error`, which take plain numbers. The recursion is
    exact, so it equals :func:`~jaxcollapse.theory.l2_truth`, and ``S_m - S_0``.

    Returns:
      ``[generations + 1]``.

    Raises:
      TypeError: for other regimes.

    Source: Bakshi and Chakraborty (2026), arXiv 2602.10531.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.Mixture(n=2, share=0.5))
      >>> bakshi_chakraborty(process, 3).tolist()
      [0.0, 0.25, 0.28125, 0.28515625]
    """
    (p, regime), last = numbers(process), last_generation(generations)
    simpson, when = float(p @ p), range(1, last + 1)
    # Shares and weights as the simulation has them, in float32.
    match regime:
        case Mixture(share=share):
            return mixture_error(simpson, [regime.whole("n", m) for m in when], float(np.float32(share)), last)
        case FullySynthetic():
            return mixture_error(simpson, [regime.whole("n", m) for m in when], 0.0, last)
        case FreshReal(weight=weight):
            n, real = ([regime.whole(name, m) for m in when] for name in ("n", "real"))
            weight = 1.0 if weight is None else float(np.float32(weight))
            return fresh_real_error(simpson, n, real, last, weight=weight)
    raise TypeError(f"this recursion is about Mixture, FreshReal and FullySynthetic, got {type(regime).__name__}")


class Weight(NamedTuple):
    """What fresh real data should weigh.

    Attributes:
      share: of the real data in the model, for large corpora, ``omega*``.
      weight: the multiplier of a real count that gives this share.
      exact_share: the share that is best for these sizes.
      exact_weight: the multiplier that gives it.
    """

    share: float
    weight: float
    exact_share: float
    exact_weight: float


def he_weight(real: int, n: int) -> Weight:
    """Return the weight of fresh real data that makes the error in the long run, :func:`fresh_real_error`, least.

    With ``k = N/n`` and large corpora ``omega* = (sqrt(k^2 + 4k) - k)/2``, the root of
    ``omega^2 = k (1 - omega)``, so the multiplier ``w = omega n/((1 - omega) N)`` is ``1/omega*``: equal
    sizes give the golden ratio, 0.618 and 1.618. Setting the derivative of
    ``R = (1 - S_0) [omega^2/N + (1 - omega)^2/n] / [1 - (1 - omega)^2 (1 - 1/n)]`` to zero gives, for
    every size, ``(n - 1) omega^2 + (N + 1) omega - N = 0`` and ``w = n/(1 + (n - 1) omega)``. There ``R``
    is ``omega (1 - S_0)/N``: the best share is also the part of the real data's own error that remains.

    Args:
      real: new real tokens a generation, N.
      n: synthetic tokens a generation.

    Raises:
      ValueError: unless both are whole numbers of at least 1.

    Source: He, Xu and Cheng (2025), arXiv 2502.18049; the exact root is elementary.

    Example:
      >>> [round(number, 4) for number in he_weight(real=100, n=100)]
      [0.618, 1.618, 0.617, 1.6108]
    """
    real, n = check.static_whole_number("real", real), check.static_whole_number("n", n)
    # The positive root of a quadratic, without the difference in which its digits would cancel.
    share = 2 / (1 + np.sqrt(1 + 4 * n / real))
    exact = 2 * real / (real + 1 + np.sqrt((real + 1.0) ** 2 + 4.0 * (n - 1) * real))
    return Weight(float(share), float(1 / share), float(exact), float(n / (1 + (n - 1) * exact)))

"""Bounds on partially synthetic training: its concentration, and how far a model strays from the first one."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from jaxcollapse import check
from jaxcollapse.theory.bounds.split import even_split
from jaxcollapse.theory.second_moments import l2_first
from jaxcollapse.theory.setting import last_generation, read


def _partially(process: Any, name: str) -> tuple[np.ndarray, int, int]:
    """Return p, n and N of a partially synthetic process; TypeError for others."""
    p, n, real = read(process)
    if real is None:
        raise TypeError(f"{name} is about PartiallySynthetic, got FullySynthetic")
    return p, n, real


def theorem_2(process: Any, generations: int, *, as_printed: bool = False) -> np.ndarray:
    """Return ``S_m`` of partially synthetic training in closed form.

    ``a = n/(N + n)``, ``b = a [(1 + 1/N) a - 1/N]``; for ``m >= 0``

    ``S_{m+1} = {(1/N)[1 + 2a - (1 - 1/N) a b^m] + (1 - 1/N) S_0 [1 + a + (a/N) b^m]} / [1 + (1 + 1/N) a]``.

    The paper prints a minus before ``(a/N) b^m``; then ``m = 0`` does not give
    ``S_1 = 1/N + (1 - 1/N) S_0``, the frequencies of N tokens. ``as_printed=True`` shows it.

    Returns:
      ``[generations + 1]``; m = 0 is S_0.

    Raises:
      TypeError: for other regimes.

    Source: Seddik et al. (2024), Theorem 2, eq. (9).

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.PartiallySynthetic(n=2, real=2))
      >>> theorem_2(process, 2).tolist(), theorem_2(process, 2, as_printed=True)[1].item()
      ([0.5, 0.75, 0.78125], 0.6785714285714286)
    """
    p, n, real = _partially(process, "theorem_2")
    m = np.arange(last_generation(generations))
    at_truth = float(p @ p)
    a = n / (real + n)
    b = a * ((1 + 1 / real) * a - 1 / real)
    sign = -1 if as_printed else 1
    first = (1 + 2 * a - (1 - 1 / real) * a * b**m) / real
    second = (1 - 1 / real) * at_truth * (1 + a + sign * a / real * b**m)
    return np.concatenate([[at_truth], (first + second) / (1 + (1 + 1 / real) * a)])


def _log_g(n: int, s: int) -> float:
    """Return the logarithm of ``G_n(s)``, never above that of ``2^s - 2``, which holds for every s."""
    c0, log_c1 = np.e**3 / (2 * np.pi), np.log(6 * np.e) - 1.5 * np.log(np.pi)
    subsets = s * np.log(2) + np.log1p(-(2.0 ** (1 - s))) if s > 1 else -np.inf
    if c0 * n / np.e + 2 <= s:
        return float(min(log_c1 + np.log(s) + c0 * n / (2 * np.e), subsets))
    if c0 * n / 4 + 2 <= s:
        return float(min(log_c1 + np.log(s) + s / 2 * np.log(c0 * n / s), subsets))
    return float(subsets)


def log_theorem_3(process: Any) -> float:
    """Return the logarithm of the bound of Theorem 3 on ``E ||p^(m) - p^(1)||_1``, ``m >= 2``.

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
    return float(0.5 * np.log(np.pi * n / 2) - np.log(real) + _log_g(n, len(p)))


def log_theorem_4(process: Any, *, as_printed: bool = True, expectation: float | None = None) -> float:
    """Return the logarithm of the bound of Theorem 4 on ``E ||p^(m) - p^(1)||_1``, sharper than Theorem 3.

    ``(1/N) sqrt(pi n/phi(zeta)) G_n(s)``, with ``phi(x) = ln((1 - x)/x)/(1 - 2x)``, ``phi(1/2) = 2``, and
    ``zeta = 1/2 - (1/2 - 2E) (N/(N + n))^2``, ``E = E max_A p^(1)(A) p^(1)(A^c)``. ``E <= 1/4`` gives
    ``zeta <= 1/2`` and Theorem 3.

    *What its proof proves.* One generation adds at most ``(2^s - 2) sqrt(pi/(n phi(pi)))`` (Weissman et
    al.), where ``pi = max_A min(p(A), p(A^c)) <= 2 max_A p(A) p(A^c)``; ``1/sqrt(phi)`` rises and is
    concave, so ``E pi`` may be put in; and ``sum_k a^k = n/N``, ``a = n/(N + n)``. With
    ``p^(m) = (1 - a) p^(1) + a x``, whatever x, ``2 p^(m)(A) p^(m)(A^c)`` is at most
    ``[2 N^2 p^(1)(A) p^(1)(A^c) + 2 N n + n^2/2]/(N + n)^2``, so that ``E pi <= zeta'``,
    ``zeta' = min(1/2, zeta + N n/(N + n)^2)``, and not the printed ``zeta``, in which that middle term is
    ``N n``. (The slip is no trifle: of three real tokens of many and ``n = 1``, four tokens of which two
    are alike, half can be set apart, ``pi = 1/2``; the printed ``zeta`` is 15/32.) ``as_printed=False``
    takes ``zeta'``.

    *The printed statement is true nevertheless.* A random A shows ``max_A q(A) q(A^c) >= (1 - sigma(q))/4``,
    so ``1 - S_1 <= 4E <= 2 zeta``; by Cauchy and Schwarz the deviation is at most
    ``sqrt(s n (1 - S_1))/N <= sqrt(2 s n zeta)/N``; and ``zeta phi(zeta) <= 1``, ``G_n(s)^2 >= 2s/pi``
    for every ``s >= 2``.

    Args:
      process: partially synthetic.
      as_printed: ``zeta`` as printed, or the ``zeta'`` of the proof.
      expectation: ``E``; by default :func:`~jaxcollapse.theory.bounds.even_split`, which is exact for
        small cases and never too small.

    Raises:
      TypeError: for other regimes.
      ValueError: for an ``expectation`` outside [0, 1/4].

    Source: Seddik et al. (2024), Theorem 4; Weissman et al. (2003), HP Labs HPL-2003-97.

    Example:
      >>> import numpy as np, jaxcollapse as jc
      >>> process = jc.recursive_training([0.98, 0.01, 0.01], jc.PartiallySynthetic(n=3, real=30))
      >>> logs = log_theorem_4(process), log_theorem_4(process, as_printed=False), log_theorem_3(process)
      >>> np.exp(logs).round(3).tolist()
      [0.378, 0.404, 0.434]
    """
    p, n, real = _partially(process, "log_theorem_4")
    if expectation is None:
        expectation = even_split(p, real)
    elif not (isinstance(expectation, numbers.Real) and 0 <= expectation <= 0.25):
        raise ValueError(
            f"expectation must be a number between 0 and 1/4, got {expectation!r}; leave it out to have it computed"
        )
    total = float(real + n)
    zeta = 2 * expectation * (real / total) ** 2 + (real + n / 2) * n / total**2
    if not as_printed:
        zeta += real * n / total**2
    zeta = min(zeta, 0.5)
    # phi = 2 artanh(u)/u, u = 1 - 2 zeta
    u = 1 - 2 * zeta
    phi = (np.log1p(-zeta) - np.log(zeta)) / u if u > 1e-4 else 2 * (1 + u * u / 3)
    return float(0.5 * np.log(np.pi * n) - 0.5 * np.log(phi) - np.log(real) + _log_g(n, len(p)))


def corollary_11(vocabulary: int, real: int, epsilon: float) -> float:
    """Return the synthetic tokens that the paper allows if the deviation is to stay below ``epsilon``.

    ``n <= 2 pi e^-2 min{s - 2, ln(sqrt(2 pi) N epsilon / (6 e s))}``; 0 where that is negative. It
    allows a single token only when N is about ``21 s/epsilon``.

    Raises:
      ValueError: unless ``vocabulary`` and ``real`` are whole numbers and ``epsilon`` is above 0.

    Source: Seddik et al. (2024), eq. (11).

    Example:
      >>> round(corollary_11(600, real=10**8, epsilon=0.1), 2)
      6.67
    """
    vocabulary = check.static_whole_number("vocabulary", vocabulary, least=2)
    real = check.static_whole_number("real", real)
    epsilon = check.real_number("epsilon", epsilon, 0, 1e6, "an L1 distance is at most 2")
    logarithm = np.log(np.sqrt(2 * np.pi) * real * epsilon / (6 * np.e * vocabulary))
    return max(0.0, 2 * np.pi * np.e**-2 * min(vocabulary - 2, float(logarithm)))


def elementary(process: Any, generations: int) -> np.ndarray:
    """Return the bound ``E ||p^(m) - p^(1)||_1 <= sqrt(min(s~, N) D_m)``, partially synthetic.

    ``D_m`` is :func:`~jaxcollapse.theory.l2_first`. It is the Cauchy-Schwarz inequality over the tokens of the real
    corpus, and far sharper than Theorem 3.

    Returns:
      ``[generations + 1]``; for ``m >= 1`` (at ``m = 0`` tokens outside the corpus count too: ``sqrt(s~ D_0)``).

    Raises:
      TypeError: for other regimes.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.PartiallySynthetic(n=2, real=2))
      >>> elementary(process, 2).round(12).tolist()
      [0.707106781187, 0.0, 0.25]
    """
    p, _, real = _partially(process, "elementary")
    support = int(np.count_nonzero(p))
    bound = np.sqrt(min(support, real) * l2_first(process, generations))
    bound[0] = np.sqrt(support * l2_first(process, 1)[0])
    return bound


def elementary_uniform(process: Any) -> float:
    """Return the bound ``E ||p^(m) - p^(1)||_1 <= sqrt(n (s~ - 1)) / N`` for every ``m >= 1``, partially synthetic.

    Raises:
      TypeError: for other regimes.

    Example:
      >>> import jaxcollapse as jc
      >>> elementary_uniform(jc.recursive_training([0.5, 0.5], jc.PartiallySynthetic(n=4, real=8)))
      0.25
    """
    p, n, real = _partially(process, "elementary_uniform")
    return float(np.sqrt(n * (np.count_nonzero(p) - 1)) / real)

"""How far partially synthetic training drifts from its first model, as a share of what there is to lose."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def forgetting(n: int, real: int) -> float:
    """Return ``1 - l``, the part of a deviation from p^(1) that partially synthetic training forgets in a generation.

    ``l = n (n - 1)/(N + n)^2``; the difference is computed without cancellation.

    Args:
      n: synthetic tokens a generation.
      real: real tokens, N.

    Example:
      >>> forgetting(2, 2)
      0.875
    """
    return (real * (real + 2 * n) + n) / (real + n) ** 2


def drift_share(n: int, real: int, m: Any) -> Any:
    """Return ``E ||p^(m) - p^(1)||_2^2 / H`` of partially synthetic training, ``H = (1 - 1/N)(1 - S_0)``, whatever p.

    With ``a = n/(N + n)`` the deviation obeys ``D_1 = 0``, ``D_{m+1} = a^2 [(1 - S_m)/n + D_m]``, where
    ``1 - S_m = H - D_m``. So ``D_{m+1} = a^2 H/n + l D_m``, ``l = n (n - 1)/(N + n)^2``, which sums to
    ``D_m = H [n/(N + n)^2] (1 - l^{m-1})/(1 - l)`` and tends to ``n H/(N^2 + 2 N n + n)``.

    Args:
      n: synthetic tokens a generation.
      real: real tokens, N.
      m: generations of at least 1, a number or an array; ``math.inf``: for ever.

    Returns:
      As ``m``.

    Example:
      >>> float(drift_share(2, 2, 2)), float(drift_share(2, 2, math.inf)) == 1 / 7
      (0.125, True)
    """
    total = real + n
    kept, lost = (n / total) * ((n - 1) / total), forgetting(n, real)
    if kept == 0:
        summed = np.minimum(m - 1, 1.0)
    elif lost < 0.5:
        summed = -np.expm1((m - 1) * math.log1p(-lost))
    else:
        summed = 1 - kept ** (m - 1)
    return n / total / total * summed / lost

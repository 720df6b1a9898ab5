"""The dual view: the tokens of generation m are followed back to their ancestors in generation 1."""

from __future__ import annotations

import numpy as np

from jaxcollapse import check
from jaxcollapse.theory.setting import OutOfRange, last_generation
from jaxcollapse.theory.synthetic_laws import DENSE


def ancestors(n: int, generations: int) -> np.ndarray:
    """Return the law of the number ``A`` of tokens of generation 1 that the ``n`` tokens of generation m descend from.

    Fully synthetic. One generation back, ``j`` tokens choose among ``n`` parents: ``k`` of them are
    chosen with probability ``S2(j, k) n! / ((n - k)! n^j)``. The ancestors are independent tokens of
    the truth, so ``rho_m = sum_i E p_i^A`` and ``E support_m = sum_i (1 - E (1 - p_i)^A)``: a second
    way to what :mod:`~jaxcollapse.theory.synthetic_laws` computes forwards.

    Cost: O(n^2) a generation. Range: n <= 2000.

    Args:
      n: tokens a generation.
      generations: the last generation, at least 1.

    Returns:
      ``[generations, n + 1]``: row ``m - 1`` is the law of ``A`` for generation ``m``.

    Raises:
      OutOfRange: beyond the range.
      ValueError: for sizes below 1.

    Example:
      >>> ancestors(2, 3).tolist()
      [[0.0, 0.0, 1.0], [0.0, 0.5, 0.5], [0.0, 0.75, 0.25]]
    """
    n, last = check.static_whole_number("n", n), last_generation(generations)
    if n > DENSE:
        raise OutOfRange(f"ancestors is offered up to n = {DENSE}, got {n}")
    chosen = np.zeros((n + 1, n + 1))
    chosen[0, 0] = 1
    k = np.arange(n + 1)
    for j in range(n):  # one more token: an old parent, or a new one
        chosen[j + 1] = chosen[j] * k / n
        chosen[j + 1, 1:] += chosen[j, :-1] * (n - k[:-1]) / n
    rows = [np.eye(n + 1)[n]]
    for _ in range(1, last):
        rows.append(rows[-1] @ chosen)
    return np.array(rows)

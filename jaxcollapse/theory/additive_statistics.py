"""Expectations of statistics that are sums over tokens, from the law of single tokens, for any vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from jaxcollapse import check
from jaxcollapse.theory.per_context import over_contexts
from jaxcollapse.theory.question import Law
from jaxcollapse.theory.setting import distinct, last_generation, numbers
from jaxcollapse.theory.token_laws import each_token, laws, sum_over_tokens


@over_contexts()
def additive(process: Any, f: Callable[[np.ndarray], np.ndarray], generations: int) -> np.ndarray:
    """Return ``E sum_i f(p_i^(m))`` for any function of a probability with ``f(0) = 0``.

    Cost: fully synthetic O(n^2) a generation (O(n^1.5) above n = 2000), partially synthetic O(N n^2).
    Range: fully synthetic n <= 20 000 and 1e8 / n distinct probabilities; partially synthetic
    N n^2 generations <= 1e10; other regimes some 2e7 states of what they remember.

    Args:
      process: the process.
      f: elementwise, ``[k] -> [k]``, over probabilities in [0, 1]; what it says of 0 is not used.
      generations: the last generation.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth.

    Raises:
      OutOfRange: beyond the range.
      TypeError: for a regime whose law of one token is not known, and for estimators and decodings.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> additive(process, lambda q: q**3, 1).round(4).tolist()  # 1/4, then (1 + 1/4 + 1)/4 ...
      [0.25, 0.625]
    """

    def of(law: Law) -> np.ndarray:
        present = law.now > 0
        return np.where(present, f(np.where(present, law.now, 1.0)), 0.0)

    p, many = distinct(numbers(process)[0])
    return np.concatenate([[float(many @ f(p))], sum_over_tokens(process, of, generations)])


def entropy(process: Any, generations: int) -> np.ndarray:
    """Return ``E[-sum_i p_i^(m) ln p_i^(m)]``, in nats. Cost, range and errors as :func:`additive`.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> (entropy(process, 2) / np.log(2)).round(6).tolist()
      [1.0, 0.5, 0.25]
    """
    return additive(process, special.entr, generations)


def kl_truth(process: Any, generations: int) -> np.ndarray:
    """Return ``E KL(p^(m) || p)``, in nats.

    Every token's expected probability stays ``p_i``, so it is the truth's entropy less the expected
    entropy. Cost, range and errors as :func:`additive`.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> (kl_truth(process, 2) / np.log(2)).round(6).tolist()
      [0.0, 0.5, 0.75]
    """
    expected = entropy(process, generations)
    return expected[0] - expected


@over_contexts()
def l1_truth(process: Any, generations: int) -> np.ndarray:
    """Return ``E ||p^(m) - p||_1``, the plain L1 norm.

    Each distinct ``p_i`` needs a law of its own. Cost: as :func:`additive`, times the number of
    distinct probabilities for the fully synthetic regime.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth.

    Raises:
      OutOfRange: beyond the range.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> l1_truth(process, 2).round(12).tolist()
      [0.0, 0.5, 0.75]
    """
    p, many = distinct(numbers(process)[0])
    table = each_token(process, p, lambda law, mine: np.abs(law.now - mine), generations)
    return np.concatenate([[0.0], table @ many])


@over_contexts()
def l1_first(process: Any, generations: int) -> np.ndarray:
    """Return ``E ||p^(m) - p^(1)||_1``, the plain L1 norm.

    The joint law of two generations. Cost: fully synthetic O(n^3) a generation (in fast matrix
    products), partially O(N n^2). Range: n <= 2000 and n^3 generations <= 4e10 (700 for 100
    generations, say); partially N n^2 generations <= 1e10.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth's distance from the first model.

    Raises:
      OutOfRange: beyond the range.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> l1_first(process, 3).round(12).tolist()
      [0.5, 0.0, 0.25, 0.375]
    """

    def distance(law: Law) -> np.ndarray:
        assert law.first is not None
        apart = law.now - law.first
        return np.abs(apart, out=apart)  # these are large arrays

    later = sum_over_tokens(process, distance, generations, joint=True)
    return np.concatenate([l1_truth(process, 1)[1:], later])


@over_contexts()
def spectrum(process: Any, generations: int, largest: int = 10) -> np.ndarray:
    """Return the expected number of tokens that were counted once, twice, ... ``largest`` times.

    Cost, range and errors as :func:`additive`.

    Returns:
      ``[generations + 1, largest]``; the row of the truth, which has no counts, is -1, and so are those of models
      whose counts have weights.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> spectrum(process, 2, largest=2).round(12).tolist()
      [[-1.0, -1.0], [1.0, 0.5], [0.5, 0.75]]
    """
    largest, last = check.static_whole_number("largest", largest), last_generation(generations)
    p, many = distinct(numbers(process)[0])
    table = np.zeros((last + 1, largest))
    table[0] = -1
    for _, group in laws(process, p, many, last):
        for m, law in enumerate(group, start=1):
            if law.total is None:
                table[m] = -1
                continue
            counts = np.rint(law.now * law.total).astype(int)
            table[m] += np.bincount(counts, law.chance[0], minlength=largest + 1)[1 : largest + 1]
    return table

"""Many contexts: given their sizes they are independent processes, and what is known of one context is summed."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import stats

from jaxcollapse.regimes import FullySynthetic
from jaxcollapse.theory.setting import last_generation, refuse_traced

Oracle = Callable[..., np.ndarray]
"""A function from a process, and what else it needs, to an array."""


def mean(frequencies: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Return the mean over contexts, ``sum_j f_j E_j`` of ``each [contexts, ...]``."""
    return np.tensordot(frequencies, each, 1)


def variance(frequencies: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Return the variance of the mean over contexts, ``sum_j f_j^2 Var_j``, for contexts are independent."""
    return np.tensordot(frequencies**2, each, 1)


def all_of(frequencies: np.ndarray, each: np.ndarray) -> np.ndarray:
    """Return the probability that something holds in all contexts, ``prod_j P_j``, for contexts are independent."""
    return np.prod(each, axis=0)


def over_contexts(
    together: Callable[[np.ndarray, np.ndarray], np.ndarray] = mean,
    drawn: Callable[[np.ndarray], np.ndarray] | None = None,
) -> Callable[[Oracle], Oracle]:
    """Let an oracle of one context answer for many.

    Args:
      together: the answer, from frequencies ``[contexts]`` and the answers for each, ``[contexts, ...]``.
      drawn: the same where sizes are drawn, from :func:`products_of_drawn`; None where it is not known.
    """

    def decorate(oracle: Oracle) -> Oracle:
        @functools.wraps(oracle)
        def answer(process: Any, *args: Any, **options: Any) -> np.ndarray:
            if not process.many:
                return oracle(process, *args, **options)
            if drawn is not None and process.learner.drawn:
                return drawn(products_of_drawn(process, *args, **options))
            components = components_of(process)
            frequencies = np.array([frequency for frequency, _ in components])
            return together(frequencies, np.stack([oracle(one, *args, **options) for _, one in components]))

        return answer

    return decorate


def components_of(process: Any) -> list[tuple[float, Any]]:
    """Return the contexts of a process, each a process of its own with its share of the sizes, after its frequency.

    Raises:
      TypeError: for traced numbers and sweeps, and where sizes are drawn.
    """
    _refuse_sweeps(process)
    try:
        return process.components()
    except ValueError as error:
        raise TypeError(
            "with drawn sizes this is not known; second moments are (theory.heterozygosity, simpson, l2_first, "
            "l2_truth and products), for FullySynthetic"
        ) from error


def products_of_drawn(process: Any, generations: int) -> np.ndarray:
    """Return ``1 - E sum_i p_i^(u) p_i^(v)``, mean over contexts, fully synthetic with drawn sizes.

    Context j has ``N ~ Bin(n, f)`` tokens, anew in each generation, and keeps its model where N = 0. So with
    ``h_m = E[1 - sum_i (p_i^(m))^2]``

    ``h_m = (P(N = 0) + E[1 - 1/N; N > 0]) h_{m-1}``, and ``h_1 = E[1 - 1/N; N > 0] h_0 + P(N = 0) (1 - 1/s)``,

    for a first model without tokens is uniform. From m = 1 on models are a martingale.

    Args:
      process: of many contexts whose sizes are drawn.
      generations: the last generation.

    Returns:
      ``[generations + 1, generations + 1]``; index 0 is the truth.

    Raises:
      TypeError: for other regimes and learners, and for traced numbers.
    """
    _refuse_sweeps(process)
    if not isinstance(process.regime, FullySynthetic) or not process.learner.learner.is_frequency_table:
        raise TypeError(
            "with drawn sizes second moments are known for FullySynthetic and Categorical, got "
            f"{type(process.regime).__name__} and {type(process.learner.learner).__name__}; leave drawn out"
        )
    p = np.asarray(process.p, np.float64)
    p /= p.sum(axis=1, keepdims=True)
    frequencies = np.asarray(process.learner.frequencies, np.float64)
    frequencies = frequencies / frequencies.sum()
    last, uniform = last_generation(generations), 1 - 1 / p.shape[1]
    total = np.zeros((last + 1, last + 1))
    earlier = np.minimum.outer(np.arange(last + 1), np.arange(last + 1))
    for row, frequency in zip(p, frequencies, strict=True):
        none, kept = np.array([_of_size(process.regime.whole("n", m), frequency) for m in range(1, last + 1)]).T
        at_truth = float(row @ (1 - row))
        at_first = kept[0] * at_truth + none[0] * uniform
        curve = np.concatenate([[at_truth], at_first * np.cumprod([1.0, *(none + kept)[1:]])])
        h = curve[earlier]
        h[0, 1:] = h[1:, 0] = (1 - none[0]) * at_truth + none[0] * uniform
        total += frequency * h
    return total


@functools.lru_cache(maxsize=4096)
def _of_size(n: int, frequency: float) -> tuple[float, float]:
    """Return ``P(N = 0)`` and ``E[1 - 1/N; N > 0]`` of ``N ~ Bin(n, frequency)``."""
    reach = 12 * np.sqrt(n * frequency * (1 - frequency)) + 60
    tokens = np.arange(max(1, int(n * frequency - reach)), min(n, int(n * frequency + reach)) + 1)
    chance = stats.binom.pmf(tokens, n, frequency)
    return float(stats.binom.pmf(0, n, frequency)), float(chance @ (1 - 1 / tokens))


def _refuse_sweeps(process: Any) -> None:
    """Refuse traced numbers, and many processes in one.

    Raises:
      TypeError: for either.
    """
    refuse_traced(process)
    swept = [np.ndim(of) != 0 for of in vars(process.regime).values()]
    if np.ndim(process.p) != 2 or np.ndim(process.learner.frequencies) != 1 or any(swept):
        raise TypeError(f"theory takes one process at a time, but this is a sweep, p of shape {np.shape(process.p)}")

"""Which tokens survive: the chance of each, how many there are, and how much that number varies between chains."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxcollapse.regimes import Accumulate, PartiallySynthetic
from jaxcollapse.theory.additive_statistics import additive
from jaxcollapse.theory.per_context import over_contexts, variance
from jaxcollapse.theory.question import PMF, first_counts
from jaxcollapse.theory.setting import distinct, last_generation, numbers, one_size, read, token_probabilities
from jaxcollapse.theory.synthetic_laws import DENSE, row_entries, spend, transition
from jaxcollapse.theory.token_laws import each_token

BLOCK = int(2e7)
"""Entries of binomial laws that are made at once."""


def kept_corpus(process: Any) -> int | None:
    """Return the size of the corpus of generation 1, where it is kept for ever and no other tokens come; else None."""
    match process.regime:
        case PartiallySynthetic():
            return int(process.regime.whole("real", 1))
        case Accumulate():
            return int(process.regime.whole("n", 1))
    return None


@over_contexts()
def support(process: Any, generations: int) -> np.ndarray:
    """Return ``E #{i: p_i^(m) > 0}``, the expected number of tokens that survive.

    Fully synthetic: from the law of one token; for n beyond its range see
    :func:`~jaxcollapse.theory.support_branching`. Partially synthetic: a token survives if and only
    if it is in the real corpus, ``sum_i [1 - (1 - p_i)^N]`` for every ``m >= 1`` and every size;
    accumulated data likewise, with ``n_1`` for N.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth.

    Raises:
      OutOfRange: beyond the range of :func:`additive`.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(10), jc.PartiallySynthetic(n=50, real=5))
      >>> support(process, 2).round(5).tolist()
      [10.0, 4.0951, 4.0951]
    """
    kept = kept_corpus(process)
    if kept is None:
        return additive(process, lambda q: (q > 0).astype(float), generations)
    p, many = distinct(numbers(process)[0])
    return np.array([float(many.sum())] + [float(many @ _seen(p, kept))] * last_generation(generations))


def survival(process: Any, generations: int, p: np.ndarray | None = None) -> np.ndarray:
    """Return ``P(p_i^(m) > 0)`` for tokens of given true probabilities.

    Args:
      process: the process.
      generations: the last generation.
      p: true probabilities, ``[d]``; by default those of the process' own tokens.

    Cost: fully synthetic O(n^2 + d n) a generation; partially synthetic nothing, ``1 - (1 - p)^N``; other regimes a
    law of each distinct p.

    Returns:
      ``[generations + 1, d]``; ``m = 0`` is the truth.

    Raises:
      OutOfRange: for n above 20 000, or d n above 1e8; then see :func:`~jaxcollapse.theory.survival_branching`.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.75, 0.25], jc.FullySynthetic(n=2))
      >>> survival(process, 2).round(12).tolist()
      [[1.0, 1.0], [0.9375, 0.4375], [0.84375, 0.34375]]
    """
    truth, _ = numbers(process)
    p, last = truth if p is None else token_probabilities(p), last_generation(generations)
    kept, setting = kept_corpus(process), one_size(process)
    if kept is not None:
        later = np.tile(_seen(p, kept), (last, 1))
    elif setting is not None:
        later = _backwards(setting.n, p, last)
    else:
        later = each_token(process, p, lambda law, _: law.now > 0, last)
    return np.vstack([p > 0, later])


def _seen(p: np.ndarray, draws: int) -> np.ndarray:
    """Return the chance that a token is drawn, ``1 - (1 - p)^draws``, accurate for the smallest p."""
    with np.errstate(divide="ignore"):  # p = 1: the logarithm of 0 is what it should be
        return -np.expm1(draws * np.log1p(-p))


def _backwards(n: int, p: np.ndarray, last: int) -> np.ndarray:
    """Return the chances of survival, fully synthetic, ``[last, d]``, from m = 1 on; for all tokens at once.

    The matrix of the chain is applied to functions of the count and not to each token's law: the chance that a token
    counted x times is still there k generations later serves all of them.

    Raises:
      OutOfRange: when it costs too much.
    """
    different, back = np.unique(p, return_inverse=True)
    spend((row_entries(n) + float(len(different))) * n * (last + PMF), "these laws")
    chance = [(np.arange(n + 1) > 0).astype(float)]
    matrix = transition(n, n) if last > 1 else None
    for _ in range(last - 1):
        chance.append(matrix @ chance[-1])
    later, step = np.stack(chance, axis=1), max(1, BLOCK // (n + 1))
    rows = [first_counts(n, different[i : i + step], None) @ later for i in range(0, len(different), step)]
    return np.concatenate(rows)[back].T


@over_contexts(variance)
def support_variance(process: Any, generations: int) -> np.ndarray:
    """Return ``Var #{i: p_i^(m) > 0}`` over chains, fully or partially synthetic.

    Two tokens are both lost exactly when the two lumped into one are, so the covariances come from
    the law of one token of probability ``p_i + p_j``. Cost: :func:`survival` for every distinct sum.

    Returns:
      ``[generations + 1]``; ``m = 0`` is the truth.

    Raises:
      OutOfRange: beyond the range, some two hundred tokens at n = 200.
      TypeError: for other regimes.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> support_variance(process, 2).round(12).tolist()
      [0.0, 0.25, 0.1875]
    """
    setting, last = read(process), last_generation(generations)
    p = setting.p[setting.p > 0]
    spend(float(len(p)) ** 2 / 2 * min(setting.n, DENSE) * PMF, "the law of every pair")
    i, j = np.triu_indices(len(p), 1)
    sums = np.round(np.minimum(p[i] + p[j], 1.0), 12)
    lost = 1 - survival(process, last, np.concatenate([p, sums]))
    alone, together = lost[:, : len(p)], lost[:, len(p) :]
    covariance = together - alone[:, i] * alone[:, j]
    return np.maximum(np.sum(alone * (1 - alone), axis=1) + 2 * covariance.sum(axis=1), 0.0)

"""The exact law of single tokens' frequencies in every regime for which it is known, and the sums that follow from it.

What a chain must know of the past differs from regime to regime: the count of a pool, the counts of a window, real and
synthetic counts. Each function of :data:`CHAINS` carries that law forward; all answers ask them through :func:`laws`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from jaxcollapse.regimes import (
    Accumulate,
    AccumulateSubsample,
    FreshReal,
    FullySynthetic,
    Mixture,
    MostRecent,
    PartiallySynthetic,
    RandomlySampled,
)
from jaxcollapse.theory.fresh_laws import fresh_real, mixture
from jaxcollapse.theory.past import Past
from jaxcollapse.theory.pool_laws import accumulate, accumulate_subsample, randomly_sampled
from jaxcollapse.theory.question import Costs, Law, Question
from jaxcollapse.theory.setting import distinct, last_generation, numbers
from jaxcollapse.theory.synthetic_laws import fully_synthetic, partially_synthetic
from jaxcollapse.theory.window_laws import most_recent


class Chain(NamedTuple):
    """How the law of a token is carried from generation to generation in one regime.

    Attributes:
      laws: from a regime and a question to the laws from generation 1 on.
      together: whether it answers for all tokens at once, and so fast; else it is asked about one after another.
    """

    laws: Callable[[Any, Question], Iterator[Law]]
    together: bool = False


CHAINS: dict[type, Chain] = {
    FullySynthetic: Chain(fully_synthetic, together=True),
    PartiallySynthetic: Chain(partially_synthetic, together=True),
    MostRecent: Chain(most_recent),
    RandomlySampled: Chain(randomly_sampled),
    Accumulate: Chain(accumulate),
    AccumulateSubsample: Chain(accumulate_subsample),
    FreshReal: Chain(fresh_real),
    Mixture: Chain(mixture),
}
"""The law of single tokens by regime."""


def laws(
    process: Any, p: np.ndarray, many: np.ndarray | None, generations: int, *, joint: bool = False
) -> Iterator[tuple[slice, Iterator[Law]]]:
    """Yield the laws of tokens, in groups that are answered together.

    Args:
      process: of one context, in any regime of :data:`CHAINS`.
      p: true probabilities of tokens, ``[d]``.
      many: how many tokens have each, ``[d]``; then the laws of a group are mixed in one row of expected numbers of
        tokens. None: a row for each.
      generations: the last generation.
      joint: whether p^(1) matters; only with ``many``.

    Yields:
      Which tokens a group consists of, and their laws at each generation from 1 to the last.

    Raises:
      OutOfRange: when it would take too much time or memory.
      TypeError: for a regime whose law of one token is not known.
    """
    truth, regime = numbers(process)
    chain = CHAINS.get(type(regime))
    if chain is None:
        regime.recurrence(Past(truth), 1)  # one that the theory does not know at all says so
        raise TypeError(f"the exact law of one token is not known for {type(regime).__name__}; its second moments are")
    costs = Costs(len(p))
    groups = [slice(0, len(p))] if chain.together else [slice(i, i + 1) for i in range(len(p))]
    for tokens in groups:
        question = Question(p[tokens], None if many is None else many[tokens], generations, joint, costs)
        yield tokens, itertools.islice(chain.laws(regime, question), generations)


def sum_over_tokens(
    process: Any, value: Callable[[Law], np.ndarray], generations: int, *, joint: bool = False
) -> np.ndarray:
    """Return ``sum_i E value(p_i^(1), p_i^(m))`` for ``m >= 1``, ``[generations]``.

    Args:
      process: as for :func:`laws`.
      value: of a law, the number for each of its points, ``[points]`` or ``[rows, points]``.
      generations: the last generation.
      joint: whether it looks at p^(1).

    Raises:
      As :func:`laws`.
    """
    p, many = distinct(numbers(process)[0])
    curve = np.zeros(last_generation(generations))
    for _, group in laws(process, p, many, len(curve), joint=joint):
        for m, law in enumerate(group):
            rows = np.vecdot(law.chance, value(law))
            curve[m] += float(np.sum(rows) if law.weights is None else law.weights @ rows)
    return curve


def each_token(
    process: Any, p: np.ndarray, value: Callable[[Law, np.ndarray], np.ndarray], generations: int
) -> np.ndarray:
    """Return ``E value(p_i^(m), p_i)`` for single tokens, 0 for those of probability 0.

    Args:
      process: as for :func:`laws`.
      p: true probabilities of tokens, ``[d]``, equal ones among them.
      value: of a law and true probabilities ``[rows, 1]``, the numbers for its points, ``[points]`` or
        ``[rows, points]``.
      generations: the last generation.

    Returns:
      ``[generations, d]``, from m = 1 on.

    Raises:
      As :func:`laws`.
    """
    different, back = np.unique(p, return_inverse=True)
    table = np.zeros((last_generation(generations), len(different)))
    positive = np.flatnonzero(different > 0)
    for tokens, group in laws(process, different[positive], None, len(table)):
        mine = positive[tokens]
        for m, law in enumerate(group):
            table[m, mine] = np.vecdot(law.chance, value(law, different[mine, None]).astype(float))
    return table[:, back]

"""What is asked about the law of single tokens, what an answer looks like, and how much it may cost."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from jaxcollapse.theory.setting import OutOfRange

CELLS = 2e7
"""Entries that one array of a chain may have."""
WORK = 3e9
"""Multiplications that the chains of all tokens, one after another, may spend: some 10 s."""
PMF = 100
"""A binomial probability costs as much as so many multiplications."""
BLOCK = int(2e7)
"""Entries of binomial laws that are made at once where many tokens are mixed."""


class Law(NamedTuple):
    """The law of tokens' frequencies at one generation, as weighted points; a row for each token or mixture of tokens.

    Attributes:
      first: None; or, where p^(1) matters, frequencies in it, ``[k, 1]``, and then these are the rows.
      now: frequencies in p^(m), ``[points]`` or ``[k, points]``.
      chance: of each point, ``[rows, points]``; of a mixture, the expected number of tokens there.
      total: tokens that are counted, or None where counts have weights.
      weights: by which rows must still be multiplied, ``[rows]``; None: by 1.
    """

    first: np.ndarray | None
    now: np.ndarray
    chance: np.ndarray
    total: int | None
    weights: np.ndarray | None = None


class Costs:
    """What the laws of several tokens have cost so far, each token being as dear as the others.

    Attributes:
      tokens: how many laws are wanted.
      begun: how many have been begun.
      spent: multiplications so far.
    """

    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.begun = 0
        self.spent = 0.0

    def allow(self, cells: float, work: float = 1.0) -> None:
        """Refuse an array that is too large, and one too many: all tokens together must stay below :data:`WORK`.

        Raises:
          OutOfRange: for either.
        """
        if cells > CELLS:
            raise _too_much("the law of one token", cells)
        self.spent += cells * work
        all_tokens = self.spent * self.tokens / max(self.begun, 1)
        if all_tokens > WORK:
            raise _too_much("the laws of all tokens", all_tokens)


class Question(NamedTuple):
    """What a caller wants to know.

    Attributes:
      p: true probabilities of tokens, ``[d]``.
      many: how many tokens have each, ``[d]``: then all are mixed in one row. None: a row for each.
      generations: the last generation.
      joint: whether frequencies in p^(1) matter; only of a single row.
      costs: what was spent, shared by the questions about all tokens.
    """

    p: np.ndarray
    many: np.ndarray | None
    generations: int
    joint: bool
    costs: Costs

    def sizes(self, regime: Any, name: str = "n") -> list[int]:
        """Return a size of the regime at each generation from 1 to the last."""
        return [regime.whole(name, m) for m in range(1, self.generations + 1)]

    def first_counts(self, size: int) -> np.ndarray:
        """Return the laws of tokens' counts among ``size`` tokens of the truth, ``[rows, size + 1]``."""
        return first_counts(size, self.p, self.many)

    def begin(self, size: int) -> np.ndarray:
        """Return the same for the next token by itself, within the costs; if joint, ``[first count, count]``.

        Raises:
          OutOfRange: when it costs too much.
        """
        self.costs.begun += 1
        self.costs.allow(size + 1.0, PMF)
        law = self.first_counts(size)
        return np.diag(law[0]) if self.joint else law

    def binomials(self, size: int, chance: np.ndarray | float) -> np.ndarray:
        """Return binomial laws, ``[..., size + 1]`` for ``chance [...]``, within the costs.

        Raises:
          OutOfRange: when they cost too much.
        """
        chance = np.asarray(chance, float)
        self.costs.allow(chance.size * (size + 1.0), PMF)
        return stats.binom.pmf(np.arange(size + 1), size, np.clip(chance, 0, 1)[..., None])

    def points(
        self, law: np.ndarray, now: np.ndarray, size: int, total: int | None, weights: np.ndarray | None = None
    ) -> Law:
        """Return ``law [first count or row, states]`` as weighted points.

        Args:
          law: the chances.
          now: the frequency of each state, ``[states]`` or, where it depends on the first count, as ``law``.
          size: tokens in generation 1.
          total: tokens that are counted now.
          weights: by which rows must still be multiplied.
        """
        return Law(np.arange(len(law))[:, None] / size if self.joint else None, now, law, total, weights)


def first_counts(size: int, p: np.ndarray, many: np.ndarray | None) -> np.ndarray:
    """Return the laws of tokens' counts, ``[d, size + 1]``; or, mixed, how many tokens have each, ``[1, size + 1]``.

    Args:
      size: the tokens that are drawn.
      p: probabilities of tokens, ``[d]``.
      many: how many tokens have each, ``[d]``, or None.
    """
    counts = np.arange(size + 1)
    if many is None:
        return stats.binom.pmf(counts, size, p[:, None])
    law = np.zeros((1, size + 1))
    step = max(1, BLOCK // (size + 1))
    for i in range(0, len(p), step):
        law += many[None, i : i + step].astype(float) @ stats.binom.pmf(counts, size, p[i : i + step, None])
    return law


def _too_much(what: str, cells: float) -> OutOfRange:
    return OutOfRange(
        f"{what} would need {cells:.1g} numbers; use smaller sizes, fewer different probabilities, a shorter window or "
        "fewer generations, or theory.heterozygosity and l2_first, which reach further"
    )

"""The law of one token under MostRecent: a state is its counts in the window, an axis each, the oldest first."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from jaxcollapse.theory.question import Law, Question


def most_recent(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the law of one token under :class:`~jaxcollapse.MostRecent`."""
    return (_reused if regime.reuse else _afresh)(regime, question)


def _afresh(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the laws where a state is the counts of the models in the window."""
    window, p = regime.window, float(question.p[0])
    first = regime.whole("n", 1) // window
    law, totals = question.begin(first), [first]
    for m in itertools.count(2):
        counted = law.reshape(len(law), -1, law.shape[-1]).sum(axis=1)
        yield question.points(counted, np.arange(totals[-1] + 1) / totals[-1], first, totals[-1])
        share = regime.whole("n", m) // window
        states = law.shape[1:]
        drawn = question.binomials(share, p) if m <= window else np.ones(1)
        drawn = drawn.reshape([1] * len(states) + [-1])
        for axis, total in enumerate(totals):
            mine = question.binomials(share, np.arange(total + 1) / total)
            mine = mine.reshape(*_along(axis, len(states)), share + 1)
            question.costs.allow(float(np.prod(states)) * (drawn.shape[-1] + share), share + 1.0)
            drawn = _sum_of_counts(drawn, mine)
        question.costs.allow(float(law.size) * drawn.shape[-1])
        law = law[..., None] * drawn
        totals.append(share * min(window, m))
        if len(totals) > window:
            law = law.sum(axis=1)
            totals.pop(0)


def _reused(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the laws where a state is the counts of the datasets in the window."""
    window = regime.window
    first = regime.whole("n", 1) // window
    law, sizes = question.begin(first), [first]
    for m in itertools.count(2):
        count = np.asarray(sum(np.arange(k + 1).reshape(_along(a, len(sizes))) for a, k in enumerate(sizes)))
        values = (np.broadcast_to(count, law.shape[1:]) / sum(sizes)).ravel()
        yield question.points(law.reshape(len(law), -1), values, first, sum(sizes))
        share = regime.whole("n", m) // window
        question.costs.allow(float(law.size) * (share + 1))
        law = law[..., None] * question.binomials(share, count / sum(sizes))
        sizes.append(share)
        if len(sizes) > window:
            law = law.sum(axis=1)
            sizes.pop(0)


def _along(axis: int, axes: int) -> Sequence[int]:
    """Return the shape of a vector that lies along one of so many axes."""
    return [-1 if a == axis else 1 for a in range(axes)]


def _sum_of_counts(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the law of a sum of independent counts, whose laws ``a`` and ``b`` lie along the last axis."""
    shape = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    law = np.zeros((*shape, a.shape[-1] + b.shape[-1] - 1))
    for y in range(b.shape[-1]):
        law[..., y : y + a.shape[-1]] += a * b[..., y : y + 1]
    return law

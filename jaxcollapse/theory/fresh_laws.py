"""The law of one token's frequency where real data keep coming: as a number of tokens, or as a share of the mixture."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxcollapse.theory.question import Law, Question


def fresh_real(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the law of one token under :class:`~jaxcollapse.FreshReal`; a state is its real and its synthetic count."""
    p, weighted = float(question.p[0]), regime.weight is not None
    weight = float(np.float32(regime.weight)) if weighted else 1.0
    first = regime.whole("real", 1) or regime.whole("n", 1)
    law, values = question.begin(first), np.arange(first + 1) / first
    yield question.points(law, values, first, None if weighted else first)
    for m in itertools.count(2):
        real, n = regime.whole("real", m), regime.whole("n", m)
        synthetic = law.reshape(len(law), -1) @ question.binomials(n, values.ravel())
        law = synthetic[:, None, :] * question.binomials(real, p)[:, None]
        question.costs.allow(law.size)
        values = (weight * np.arange(real + 1)[:, None] + np.arange(n + 1)) / (weight * real + n)
        yield question.points(law.reshape(len(law), -1), values.ravel(), first, None if weighted else real + n)


def mixture(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the law of one token under :class:`~jaxcollapse.Mixture`; a state is its count."""
    p, share = float(question.p[0]), float(np.float32(regime.share))
    first = size = regime.whole("n", 1)
    law = question.begin(size)
    for m in itertools.count(2):
        values = np.arange(size + 1) / size
        yield question.points(law, values, first, size)
        size = regime.whole("n", m)
        law = law @ question.binomials(size, share * p + (1 - share) * values)

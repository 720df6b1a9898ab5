"""The law of one token's frequency where all that was written so far matters: a state is its count in the pool."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import stats

from jaxcollapse.schedules import Schedule
from jaxcollapse.theory.question import PMF, Law, Question


def accumulate(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the law of one token under :class:`~jaxcollapse.Accumulate`."""
    first = pooled = regime.whole("n", 1)
    law = question.begin(first)
    for m in itertools.count(2):
        values = np.arange(pooled + 1) / pooled
        yield question.points(law, values, first, pooled)
        size = regime.whole("n", m)
        question.costs.allow(float(law.size), size)
        law = _grown(law, question.binomials(size, values))
        pooled += size


def accumulate_subsample(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the law of one token under :class:`~jaxcollapse.AccumulateSubsample`."""
    budget, replacement = regime.whole("budget", 1), regime.replacement
    taken = lambda pooled: budget if replacement else min(budget, pooled)
    return _part_of_pool(regime, question, taken, replacement)


def randomly_sampled(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the law of one token under :class:`~jaxcollapse.RandomlySampled`.

    Raises:
      TypeError: for sizes that change, unless prefixes are reused.
    """
    if regime.reuse == "prefix":
        return _prefixes(regime, question)
    if isinstance(regime.n, Schedule):
        raise TypeError("the exact law of one token is known for RandomlySampled with one n; its second moments are")
    if regime.reuse == "pool":
        return _part_of_pool(regime, question, lambda pooled: regime.whole("n", 1), True)
    return _means(regime.whole("n", 1), question)


def _part_of_pool(regime: Any, question: Question, taken: Callable[[int], int], replacement: bool) -> Iterator[Law]:
    """Yield the laws where a model is trained on some tokens of a growing pool.

    Args:
      regime: which says how many tokens the pool grows by.
      question: what is asked.
      taken: how many tokens are taken of so many.
      replacement: whether they are put back.
    """
    pooled = regime.whole("n", 1)
    question.costs.begun += 1
    question.costs.allow(pooled + 1.0, PMF)
    law, first = question.first_counts(pooled), taken(pooled)
    for m in itertools.count(1):
        size, count = taken(pooled), np.arange(pooled + 1)
        part_of_pool = (pooled + 1.0) * (size + 1)
        question.costs.allow(part_of_pool * (size + 1 if question.joint else 1), 1.0 + regime.whole("n", m))
        if replacement:
            part = question.binomials(size, count / pooled)
        else:
            part = stats.hypergeom.pmf(np.arange(size + 1), pooled, count[:, None], size)
        if m == 1 and question.joint:
            # The count in generation 1 is the first axis from here on.
            both = (law[0][:, None] * part).T[:, :, None] * np.eye(size + 1).reshape(size + 1, 1, size + 1)
        else:
            both = law[:, :, None] * part
        question.costs.allow(float(both.size))
        values = np.arange(size + 1) / size
        yield question.points(both.sum(axis=1), values, first, size)
        added = regime.whole("n", m + 1)
        step = both @ question.binomials(added, values)
        law = np.zeros((len(both), pooled + added + 1))
        for y in range(added + 1):
            law[:, y : y + pooled + 1] += step[:, :, y]
        pooled += added


def _means(n: int, question: Question) -> Iterator[Law]:
    """Yield the laws where tokens are written by the mean of all models; a state is the sum of the counts so far."""
    p = float(question.p[0])
    law, values = question.begin(n), np.arange(n + 1) / n
    yield question.points(law, values, n, n)
    for m in itertools.count(2):
        mean = (p + np.arange(law.shape[1]) / n) / m
        added = question.binomials(n, mean)
        question.costs.allow(float(law.size), 2.0 * n)
        yield question.points(law @ added, values, n, n)
        law = _grown(law, added)


def _grown(law: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Return the law of ``z + y`` from ``law [first, z]`` and ``added [z, y]``, the law of y given z."""
    grown = np.zeros((law.shape[0], law.shape[1] + added.shape[1] - 1))
    for y in range(added.shape[1]):
        grown[:, y : y + law.shape[1]] += law * added[:, y]
    return grown


def _prefixes(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the laws where prefixes are reused; a state is every token written so far, one bit each.

    A law has an axis of ``2^length`` sequences for each generation.
    """
    p, length, first_size = float(question.p[0]), max(question.sizes(regime)), regime.whole("n", 1)
    question.costs.begun += 1
    question.costs.allow(2.0, PMF)
    question.costs.allow(2.0 ** min(length, 1000) * length)
    bits = np.array(list(itertools.product((0, 1), repeat=length)))  # [2^length, length]
    ones = np.concatenate([np.zeros((len(bits), 1), int), bits.cumsum(axis=1)], axis=1)
    wrote = lambda chance: np.prod(np.where(bits, chance[..., None, None], 1 - chance[..., None, None]), axis=-1)
    law, weight = wrote(np.array(p)), 1.0 if question.many is None else float(question.many[0])
    first = ones[:, first_size]
    for m in itertools.count(1):
        size = regime.whole("n", m)
        question.costs.allow(float(law.size) * (size + 1) * len(bits), PMF)
        given = np.zeros((*law.shape, size + 1))
        for counts in itertools.product(range(size + 1), repeat=m):
            if sum(counts) == size:
                seen = sum(
                    ones[:, count].reshape([-1 if t == u else 1 for u in range(m)]) for t, count in enumerate(counts)
                )
                chance = stats.multinomial.pmf(counts, size, [1 / m] * m)
                np.add.at(given, (*np.indices(law.shape), np.broadcast_to(seen, law.shape)), chance)
        both = law[..., None] * given
        by_first = np.zeros((first_size + 1, size + 1))
        np.add.at(by_first, first, both.reshape(len(bits), -1, size + 1).sum(axis=1))
        values = np.arange(size + 1) / size
        by_first = by_first if question.joint else by_first.sum(axis=0, keepdims=True)
        yield question.points(weight * by_first, values, first_size, size)
        law = both @ wrote(values)

"""The laws of single tokens' counts, fully and partially synthetic: chains of matrices, for all tokens at once.

One token against all others is a two-type Wright-Fisher chain. Fully synthetic: ``X^(1) ~ Bin(n_1, p_i)``,
``X^(m+1) ~ Bin(n_{m+1}, X^(m)/n_m)``. Partially synthetic, given the token's real count ``R = r``, ``R ~ Bin(N, p_i)``:
``X^(2) ~ Bin(n, r/N)``, ``X^(m+1) ~ Bin(n, (r + X^(m))/(N + n))``, and the model is ``(r + X)/(N + n)``.

The truth enters in the first draw only and the chains are linear in it, so tokens can be mixed: the *expected count
spectrum* of a vocabulary, how many tokens have each count, is one row vector that is carried through the chain.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse, stats

from jaxcollapse.theory.question import PMF, Law, Question
from jaxcollapse.theory.setting import OutOfRange

DENSE = 2000
"""Up to this n the transition matrix is dense; above it only entries within ten deviations are kept."""
LARGEST = 20_000
"""The largest n for which the transition matrix is made: some 10 s and 1.7 GB."""
WORK = 1e10
"""Multiplications that one call may spend: 20 to 40 s."""


def transition(size: int, then: int) -> np.ndarray | sparse.csr_array:
    """Return the matrix of the chain, ``P[x, y] = P(Bin(then, x/size) = y)``, ``[size + 1, then + 1]``.

    It is sparse where either size is above :data:`DENSE`.
    """
    counts = np.arange(size + 1)
    if max(size, then) <= DENSE:
        return stats.binom.pmf(np.arange(then + 1), then, counts[:, None] / size)
    # What is dropped is below 1e-17: ten deviations, and room for the Poisson tail of rare tokens.
    reach = np.ceil(10 * np.sqrt(then * (counts / size) * (1 - counts / size)) + 50).astype(int)
    centre = np.rint(then * counts / size).astype(int)
    first, last = np.maximum(centre - reach, 0), np.minimum(centre + reach, then)
    lengths = last - first + 1
    starts = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.repeat(counts, lengths)
    columns = np.arange(starts[-1]) - np.repeat(starts[:-1] - first, lengths)
    chances = stats.binom.pmf(columns, then, rows / size)
    return sparse.csr_array((chances, columns, starts), shape=(size + 1, then + 1))


def fully_synthetic(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the laws of all tokens at each generation under :class:`~jaxcollapse.FullySynthetic`.

    Raises:
      OutOfRange: when it would take too much time or memory.
    """
    sizes = question.sizes(regime)
    _judge_fully(sizes, question)
    of_first = question.first_counts(sizes[0])
    # If joint, the law given the first count: its products with small chances would be denormal, and slow.
    law, weights = (np.eye(sizes[0] + 1), of_first[0]) if question.joint else (of_first, None)
    yield question.points(law, np.arange(sizes[0] + 1) / sizes[0], sizes[0], sizes[0], weights)
    matrix: Any = None
    made_for = (0, 0)
    for before, size in itertools.pairwise(sizes):
        if made_for != (before, size):
            matrix, made_for = transition(before, size), (before, size)
        law = law @ matrix
        yield question.points(law, np.arange(size + 1) / size, sizes[0], size, weights)


def partially_synthetic(regime: Any, question: Question) -> Iterator[Law]:
    """Yield the laws of all tokens at each generation under :class:`~jaxcollapse.PartiallySynthetic`.

    Raises:
      OutOfRange: when it would take too much time or memory.
    """
    sizes, real = question.sizes(regime), regime.whole("real", 1)
    _judge_partially(sizes, real, question)
    of_real, r = question.first_counts(real), np.arange(real + 1)
    law, weights = (np.eye(real + 1), of_real[0]) if question.joint else (of_real, None)
    yield question.points(law, r / real, real, real, weights)
    for m, given in enumerate(_given_real(sizes, real), start=2):
        size = sizes[m - 1]
        if question.joint:
            now = (r[:, None] + np.arange(size + 1)) / (real + size)
            yield question.points(given, now, real, real + size, weights)
            continue
        law = np.zeros((len(of_real), real + size + 1))
        for i in r:
            law[:, i : i + size + 1] += of_real[:, i, None] * given[i]
        yield question.points(law, np.arange(real + size + 1) / (real + size), real, real + size)


def _given_real(sizes: list[int], real: int) -> Iterator[np.ndarray]:
    """Yield the law of the synthetic count for each real count, ``[real + 1, size + 1]``, from generation 2 on."""
    law, before = np.ones((real + 1, 1)), 0  # generation 1 has no synthetic tokens
    table, made_for = np.empty(0), (-1, -1)
    for size in sizes[1:]:
        total = real + before
        if made_for != (before, size):
            table = stats.binom.pmf(np.arange(size + 1), size, (np.arange(total + 1) / total)[:, None])
            made_for = before, size
        # Given r, the matrix of the chain is the table's rows r .. r + before.
        law = np.stack([law[r] @ table[r : r + before + 1] for r in range(real + 1)])
        yield law
        before = size


def spend(work: float, what: str) -> None:
    """Refuse what takes too many multiplications.

    Raises:
      OutOfRange: above :data:`WORK`.
    """
    if work > WORK:
        raise OutOfRange(
            f"{what} would take {work:.1g} multiplications, more than {WORK:.0g}; use a smaller n, real or vocabulary, "
            "theory.heterozygosity (every size), or theory.support_branching or survival_branching (approximate)"
        )


def row_entries(n: int) -> float:
    """Return the entries in a row of the matrix; a sparse one holds some 20 deviations, each sqrt(n)/2.5 on average.

    Raises:
      OutOfRange: for n above :data:`LARGEST`.
    """
    if n > LARGEST:
        raise OutOfRange(
            f"the exact law of one token is offered up to n = {LARGEST}, got {n}; for large n use "
            "theory.support_branching (approximate) or theory.heterozygosity (every size)"
        )
    return n if n <= DENSE else min(n, 8 * np.sqrt(n) + 100)


def _judge_fully(sizes: list[int], question: Question) -> None:
    """Refuse what costs too much: a product a generation, and a matrix for each pair of sizes."""
    n, generations = max(sizes), len(sizes)
    matrices = _pairs(sizes)
    starts = float(len(question.p)) * n * PMF
    if not question.joint:
        rows = len(question.p) if question.many is None else 1
        width = row_entries(n)
        spend(float(rows) * n * width * generations + matrices * width * n * PMF + starts, "this exact law")
        return
    if n > DENSE:
        raise OutOfRange(f"l1_first is offered up to n = {DENSE}, got {n}; theory.l2_first has no limit")
    products = float(n) ** 3 * max(generations - 2, 0) / 4
    spend(products + (matrices - 1.0) * n * n * PMF + starts, "this exact joint law")


def _judge_partially(sizes: list[int], real: int, question: Question) -> None:
    """Refuse what costs too much: tables for each pair of sizes, and a product (or at least a call) a real count."""
    n, generations = max(sizes[1:], default=sizes[0]), len(sizes)
    tables = _pairs(sizes[1:])
    chain = tables * float(real + n) * n * PMF + float(real + 1) * (n * n + 3000.0) * max(generations - 1, 1)
    what = "this exact joint law" if question.joint else "this exact law"
    spend(chain + float(len(question.p)) * real * PMF, what)


def _pairs(sizes: list[int]) -> int:
    """Return for how many pairs of sizes, one after the other, a matrix must be made; 1 at least."""
    return max(1, len(list(itertools.groupby(itertools.pairwise(sizes)))))

"""The exact law of one token's count, and from it every additive statistic of any vocabulary.

One token against all others is a two-type Wright-Fisher chain. Fully synthetic: ``X^(1) ~ Bin(n, p_i)``,
``X^(m+1) ~ Bin(n, X^(m)/n)``. Partially synthetic, given the token's real count ``R = r``, ``R ~ Bin(N, p_i)``:
``X^(2) ~ Bin(n, r/N)``, ``X^(m+1) ~ Bin(n, (r + X^(m))/(N + n))``, and the model is ``(r + X)/(N + n)``.

An additive statistic ``sum_i f(p_i^(m))`` needs only the *expected count spectrum*, how many tokens
have each count, and that is one row vector carried through the chain. The other regimes, and sizes
that change, are in :mod:`~jaxcollapse.theory.token_laws`, one distinct probability at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse, special, stats

from jaxcollapse import check
from jaxcollapse.regimes import Accumulate, PartiallySynthetic
from jaxcollapse.theory import token_laws as other_laws
from jaxcollapse.theory.per_context import over_contexts, variance
from jaxcollapse.theory.setting import (
    OutOfRange,
    Setting,
    distinct,
    each_probability,
    generations_of,
    has_closed_form,
    numbers,
    read,
)

DENSE = 2000
"""Up to this n the transition matrix is dense; above it only entries within ten deviations are kept."""
LARGEST = 20_000
"""The largest n for which the transition matrix is made: some 10 s and 1.7 GB."""
WORK = 1e10
"""Multiplications that one call may spend: 20 to 40 s."""
PMF = 100
"""A binomial probability costs as much as so many multiplications."""


def _transition(n: int) -> np.ndarray | sparse.csr_array:
    """``P[x, y] = P(Bin(n, x/n) = y)``, ``[n + 1, n + 1]``; sparse where that pays."""
    counts = np.arange(n + 1)
    if n <= DENSE:
        return stats.binom.pmf(counts, n, counts[:, None] / n)
    # What is dropped is below 1e-17: ten deviations, and room for the Poisson tail of rare tokens.
    reach = np.ceil(10 * np.sqrt(counts * (1 - counts / n)) + 50).astype(int)
    first, last = np.maximum(counts - reach, 0), np.minimum(counts + reach, n)
    lengths = last - first + 1
    starts = np.concatenate([[0], np.cumsum(lengths)])
    rows = np.repeat(counts, lengths)
    columns = np.arange(starts[-1]) - np.repeat(starts[:-1] - first, lengths)
    return sparse.csr_array((stats.binom.pmf(columns, n, rows / n), columns, starts), shape=(n + 1, n + 1))


def _spend(work: float, what: str) -> None:
    if work > WORK:
        raise OutOfRange(
            f"{what} would take {work:.1g} multiplications, more than {WORK:.0g}; use a smaller n, real or vocabulary, "
            "theory.heterozygosity (every size), or theory.support_branching or survival_branching (approximate)"
        )


def _check_n(n: int) -> None:
    if n > LARGEST:
        raise OutOfRange(
            f"the exact law of one token is offered up to n = {LARGEST}, got {n}; for large n use "
            "theory.support_branching (approximate) or theory.heterozygosity (every size)"
        )


def _start(draws: int, p: np.ndarray, mix: np.ndarray | None) -> np.ndarray:
    """``mix [rows, d]`` applied to the binomial laws of the first count, ``[rows, draws + 1]``; None: unmixed."""
    counts = np.arange(draws + 1)
    if mix is None:
        return stats.binom.pmf(counts, draws, p[:, None])
    law = np.zeros((mix.shape[0], draws + 1))
    step = max(1, int(2e7) // (draws + 1))
    for i in range(0, len(p), step):
        law += mix[:, i : i + step] @ stats.binom.pmf(counts, draws, p[i : i + step, None])
    return law


def synthetic_given_real(setting: Setting) -> Iterator[np.ndarray]:
    """Partially synthetic: the law of the synthetic count for each real count, ``[N + 1, n + 1]``, from m = 2 on."""
    assert setting.real is not None
    n, real = setting.n, setting.real
    counts = np.arange(n + 1)
    total = real + n
    table = stats.binom.pmf(counts, n, (np.arange(total + 1) / total)[:, None])
    law = stats.binom.pmf(counts, n, (np.arange(real + 1) / real)[:, None])
    while True:
        yield law
        # Given r, the matrix of the chain is the table's rows r .. r + n.
        law = np.stack([law[r] @ table[r : r + n + 1] for r in range(real + 1)])


def laws(setting: Setting, p: np.ndarray, mix: np.ndarray | None, generations: int) -> Iterator[tuple[int, np.ndarray]]:
    """The law of the count at each generation from 1 on, for mixtures of tokens.

    Args:
      setting: the process in numbers.
      p: probabilities of tokens, ``[d]``.
      mix: how many tokens of each, ``[rows, d]``: one row of multiplicities gives the expected count
        spectrum of a vocabulary, None gives each token's own law.
      generations: how many to yield.

    Yields:
      The total number of tokens counted, and ``[rows, total + 1]``: (expected) tokens by count.

    Raises:
      OutOfRange: when it would take too much time or memory.
    """
    n, real, rows = setting.n, setting.real, len(p) if mix is None else mix.shape[0]
    if real is None:
        _check_n(n)
        width = _width(n)
        _spend(float(rows) * n * width * generations + float(len(p) + width) * n * PMF, "this exact law")
        law = _start(n, p, mix)
        matrix = _transition(n)
        for m in range(1, generations + 1):
            yield n, law
            if m < generations:
                law = law @ matrix
        return
    _spend(_with_real(n, real, generations) + float(len(p)) * real * PMF, "this exact law")
    real_law = _start(real, p, mix)
    yield real, real_law
    for m, synthetic in enumerate(synthetic_given_real(setting), start=2):
        if m > generations:
            return
        law = np.zeros((rows, real + n + 1))
        for r in range(real + 1):
            law[:, r : r + n + 1] += real_law[:, r, None] * synthetic[r]
        yield real + n, law


def _width(n: int) -> float:
    """Entries in a row of the matrix; a sparse one holds some 20 deviations, each sqrt(n)/2.5 on average."""
    return n if n <= DENSE else min(n, 8 * np.sqrt(n) + 100)


def _with_real(n: int, real: int, generations: int) -> float:
    """What the chain given each real count costs: the table, and a product (or at least a call) a count."""
    return float(real + n) * n * PMF + float(real + 1) * (n * n + 3000.0) * max(generations - 1, 1)


@over_contexts()
def additive(process: Any, f: Callable[[np.ndarray], np.ndarray], generations: int) -> np.ndarray:
    """``E sum_i f(p_i^(m))`` for any function of a probability with ``f(0) = 0``.

    Cost: fully synthetic O(n^2) a generation (O(n^1.5) above n = 2000), partially synthetic O(N n^2).
    Range: fully synthetic n <= 20 000 and 1e8 / n distinct probabilities; partially synthetic
    N n^2 generations <= 1e10; other regimes some 2e7 states of what they remember.

    Args:
      process: the process.
      f: elementwise, ``[k] -> [k]``, over probabilities in [0, 1].
      generations: the last generation.

    Returns:
      ``[generations + 1]``.

    Raises:
      OutOfRange: beyond the range.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=2))
      >>> additive(process, lambda q: q**3, 1).round(4).tolist()  # 1/4, then (1 + 1/4 + 1)/4 ...
      [0.25, 0.625]
    """
    if not has_closed_form(process):
        later = other_laws.expectation(process, lambda _, now, p: f(now), generations)
        return np.concatenate([[float(np.sum(f(_present(process))))], later])
    setting, last = read(process), generations_of(generations)
    p, many = distinct(setting.p)
    curve = [float(many @ f(p))]
    for total, law in laws(setting, p, many[None].astype(float), last):
        curve.append(float(law[0, 1:] @ f(np.arange(1, total + 1) / total)))
    return np.array(curve)


@over_contexts()
def support(process: Any, generations: int) -> np.ndarray:
    """``E #{i: p_i^(m) > 0}``, the expected number of tokens that survive.

    Fully synthetic: from the law of one token; for n beyond its range see
    :func:`~jaxcollapse.theory.support_branching`. Partially synthetic: a token survives if and only
    if it is in the real corpus, ``sum_i [1 - (1 - p_i)^N]`` for every ``m >= 1`` and every size;
    accumulated data likewise, with ``n_1`` for N.

    Returns:
      ``[generations + 1]``.

    Raises:
      OutOfRange: beyond the range of :func:`additive`.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(10), jc.PartiallySynthetic(n=50, real=5))
      >>> support(process, 2).round(5).tolist()
      [10.0, 4.0951, 4.0951]
    """
    first = _kept(process)
    if first is not None:
        present = _present(process)
        return np.array([float(len(present))] + [float(np.sum(_seen(present, first)))] * generations_of(generations))
    if not has_closed_form(process):
        return additive(process, lambda q: (q > 0).astype(float), generations)
    setting, last = read(process), generations_of(generations)
    if setting.real is None:
        return additive(process, lambda q: (q > 0).astype(float), generations)
    kept = float(np.sum(_seen(setting.p, setting.real)))
    return np.array([float(np.count_nonzero(setting.p))] + [kept] * last)


def _present(process: Any) -> np.ndarray:
    """The truth's positive probabilities."""
    p, _ = numbers(process)
    return p[p > 0]


def _kept(process: Any) -> int | None:
    """The real tokens of generation 1, where they are kept for ever and no others come; else None."""
    match process.regime:
        case PartiallySynthetic():
            return int(process.regime.whole("real", 1)) if not has_closed_form(process) else None
        case Accumulate():
            return int(process.regime.whole("n", 1))
    return None


def _seen(p: np.ndarray, draws: int) -> np.ndarray:
    """``1 - (1 - p)^draws``, accurate for the smallest p."""
    with np.errstate(divide="ignore"):  # p = 1: the logarithm of 0 is what it should be
        return -np.expm1(draws * np.log1p(-p))


def entropy(process: Any, generations: int) -> np.ndarray:
    """``E[-sum_i p_i^(m) ln p_i^(m)]``, in nats. Cost, range and errors as :func:`additive`.

    Returns:
      ``[generations + 1]``.
    """
    return additive(process, special.entr, generations)


def kl_truth(process: Any, generations: int) -> np.ndarray:
    """``E KL(p^(m) || p)``, in nats.

    Every token's expected probability stays ``p_i``, so it is the truth's entropy less the expected
    entropy. Cost, range and errors as :func:`additive`.

    Returns:
      ``[generations + 1]``.
    """
    expected = entropy(process, generations)
    return expected[0] - expected


@over_contexts()
def l1_truth(process: Any, generations: int) -> np.ndarray:
    """``E ||p^(m) - p||_1``, the plain L1 norm.

    Each distinct ``p_i`` needs a law of its own. Cost: as :func:`additive`, times the number of
    distinct probabilities for the fully synthetic regime.

    Returns:
      ``[generations + 1]``.

    Raises:
      OutOfRange: beyond the range.
    """
    if not has_closed_form(process):
        later = other_laws.expectation(process, lambda _, now, p: np.abs(now - p), generations)
        return np.concatenate([[0.0], later])
    setting, last = read(process), generations_of(generations)
    p, many = distinct(setting.p)
    curve = [0.0]
    for total, law in laws(setting, p, None, last):
        distance = np.abs(np.arange(total + 1) / total - p[:, None])
        curve.append(float(many @ np.sum(law * distance, axis=1)))
    return np.array(curve)


@over_contexts()
def l1_first(process: Any, generations: int) -> np.ndarray:
    """``E ||p^(m) - p^(1)||_1``, the plain L1 norm; ``m = 0`` is the truth's distance from the first model.

    The joint law of two generations. Cost: fully synthetic O(n^3) a generation (in fast matrix
    products), partially O(N n^2). Range: n <= 2000 and n^3 generations <= 4e10 (700 for 100
    generations, say); partially N n^2 generations <= 1e10.

    Returns:
      ``[generations + 1]``.

    Raises:
      OutOfRange: beyond the range.
    """
    if not has_closed_form(process):
        later = other_laws.expectation(process, lambda first, now, p: np.abs(now - first), generations, joint=True)
        return np.concatenate([l1_truth(process, 1)[1:], later])
    setting, last = read(process), generations_of(generations)
    n, real = setting.n, setting.real
    p, many = distinct(setting.p)
    first_total = n if real is None else real
    if real is None:
        if n > DENSE:
            raise OutOfRange(f"l1_first is offered up to n = {DENSE}, got {n}; theory.l2_first has no limit")
        work = float(n) ** 3 * max(last - 2, 0) / 4
    else:
        work = _with_real(n, real, last)
    _spend(work + float(len(p)) * first_total * PMF, "this exact joint law")
    first = np.arange(first_total + 1)
    start = _start(first_total, p, many[None].astype(float))[0]
    each = stats.binom.pmf(first, first_total, p[:, None])
    curve = [float(many @ np.sum(each * np.abs(first / first_total - p[:, None]), axis=1)), 0.0]
    if real is None:
        matrix = _transition(n)
        power, distance = matrix, np.abs(first[:, None] - first) / n
        for _ in range(2, last + 1):
            curve.append(float(start @ np.sum(power * distance, axis=1)))
            power = power @ matrix
        return np.array(curve[: last + 1])
    both = (first[:, None] + np.arange(n + 1)) / (real + n)
    distance = np.abs(both - first[:, None] / real)
    for _, law in zip(range(2, last + 1), synthetic_given_real(setting), strict=False):
        curve.append(float(start @ np.sum(law * distance, axis=1)))
    return np.array(curve[: last + 1])


@over_contexts()
def spectrum(process: Any, generations: int, largest: int = 10) -> np.ndarray:
    """The expected number of tokens that were counted once, twice, ... ``largest`` times.

    Cost, range and errors as :func:`additive`.

    Returns:
      ``[generations + 1, largest]``; the row of the truth, which has no counts, is -1.
    """
    largest = check.static_whole_number("largest", largest)
    if not has_closed_form(process):
        return _spectrum_of_others(process, generations, largest)
    setting, last = read(process), generations_of(generations)
    p, many = distinct(setting.p)
    rows = [np.full(largest, -1.0)]
    for _, law in laws(setting, p, many[None].astype(float), last):
        row = law[0, 1 : largest + 1]
        rows.append(np.pad(row, (0, largest - len(row))))
    return np.array(rows)


def _spectrum_of_others(process: Any, generations: int, largest: int) -> np.ndarray:
    table = np.zeros((generations_of(generations) + 1, largest))
    table[0] = -1
    different, copies = np.unique(_present(process), return_counts=True)
    for laws_, many in zip(other_laws.frequencies(process, different, generations), copies, strict=True):
        for m, law in enumerate(laws_, start=1):
            if law.total is None:
                table[m] = -1
                continue
            counts = np.rint(law.now * law.total).astype(int)
            for k in range(1, largest + 1):
                table[m, k - 1] += many * law.chance[counts == k].sum()
    return table


def survival(process: Any, generations: int, p: np.ndarray | None = None) -> np.ndarray:
    """``P(p_i^(m) > 0)`` for tokens of given true probabilities.

    Args:
      process: the process.
      generations: the last generation.
      p: true probabilities, ``[d]``; by default those of the process' own tokens.

    Cost: fully synthetic O(n^2 + d n) a generation; partially synthetic nothing, ``1 - (1 - p)^N``.

    Returns:
      ``[generations + 1, d]``.

    Raises:
      OutOfRange: for n above 20 000, or d n above 1e8; then see :func:`~jaxcollapse.theory.survival_branching`.
    """
    first = _kept(process)
    if first is not None:
        chances = numbers(process)[0] if p is None else each_probability(p)
        return np.stack([(chances > 0).astype(float)] + [_seen(chances, first)] * generations_of(generations))
    if not has_closed_form(process):
        return _survival_of_others(process, generations, p)
    setting, last = read(process), generations_of(generations)
    p = setting.p if p is None else each_probability(p)
    alive = (p > 0).astype(float)
    if setting.real is not None:
        return np.stack([alive] + [_seen(p, setting.real)] * last)
    n = setting.n
    _check_n(n)
    different, back = np.unique(p, return_inverse=True)
    _spend(float(_width(n)) * n * (last + PMF) + float(len(different)) * n * (last + PMF), "these laws")
    # Backwards, for all tokens at once: the chance that a token counted x times is there k generations later.
    chance = [(np.arange(n + 1) > 0).astype(float)]
    matrix = _transition(n) if last > 1 else None
    for _ in range(last - 1):
        chance.append(matrix @ chance[-1])
    later, rows, step = np.stack(chance, axis=1), [], max(1, int(2e7) // (n + 1))
    for i in range(0, len(different), step):
        rows.append(_start(n, different[i : i + step], None) @ later)
    return np.vstack([alive, np.concatenate(rows)[back].T])


def _survival_of_others(process: Any, generations: int, p: np.ndarray | None) -> np.ndarray:
    p = numbers(process)[0] if p is None else each_probability(p)
    different, back = np.unique(p, return_inverse=True)
    table = np.zeros((generations_of(generations) + 1, len(different)))
    table[0] = different > 0
    positive = np.flatnonzero(different > 0)
    for i, laws_ in zip(positive, other_laws.frequencies(process, different[positive], generations), strict=True):
        for m, law in enumerate(laws_, start=1):
            table[m, i] = law.chance[law.now > 0].sum()
    return table[:, back]


@over_contexts(variance)
def support_variance(process: Any, generations: int) -> np.ndarray:
    """``Var #{i: p_i^(m) > 0}`` over chains.

    Two tokens are both lost exactly when the two lumped into one are, so the covariances come from
    the law of one token of probability ``p_i + p_j``. Cost: :func:`survival` for every distinct sum.

    Returns:
      ``[generations + 1]``.

    Raises:
      OutOfRange: beyond the range, some two hundred tokens at n = 200.
    """
    setting, last = read(process), generations_of(generations)
    p = setting.p[setting.p > 0]
    _spend(float(len(p)) ** 2 / 2 * min(setting.n, DENSE) * PMF, "the law of every pair")
    i, j = np.triu_indices(len(p), 1)
    sums = np.round(np.minimum(p[i] + p[j], 1.0), 12)
    lost = 1 - survival(process, last, np.concatenate([p, sums]))
    alone, together = lost[:, : len(p)], lost[:, len(p) :]
    covariance = together - alone[:, i] * alone[:, j]
    return np.maximum(np.sum(alone * (1 - alone), axis=1) + 2 * covariance.sum(axis=1), 0.0)

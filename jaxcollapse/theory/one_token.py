"""The exact law of one token's count, and from it every additive statistic of any vocabulary.

One token against all others is a two-type Wright-Fisher chain. Fully synthetic: ``X^(1) ~ Bin(n, p_i)``,
``X^(m+1) ~ Bin(n, X^(m)/n)``. Partially synthetic, given the token's real count ``R = r``, ``R ~ Bin(N, p_i)``:
``X^(2) ~ Bin(n, r/N)``, ``X^(m+1) ~ Bin(n, (r + X^(m))/(N + n))``, and the model is ``(r + X)/(N + n)``.

An additive statistic ``sum_i f(p_i^(m))`` needs only the *expected count spectrum*, how many tokens
have each count, and that is one row vector carried through the chain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from scipy import sparse, special, stats

from jaxcollapse.theory.setting import OutOfRange, Setting, distinct, generations_of, read

DENSE = 2000
"""Up to this n the transition matrix is dense; above it only entries within ten deviations are kept."""
LARGEST = 20_000
"""The largest n for which the transition matrix is made: 0.4 GB, some 10 s."""
WORK = 2e10
"""Multiplications that one call may spend, some 20 s."""


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
            "theory.heterozygosity (every size), or theory.support_branching (large n, approximate)"
        )


def _check_n(n: int) -> None:
    if n > LARGEST:
        raise OutOfRange(
            f"the exact law of one token is offered up to n = {LARGEST}, got {n}; for large n use "
            "theory.support_branching (approximate) or theory.heterozygosity (every size)"
        )


def _start(draws: int, p: np.ndarray, mix: np.ndarray) -> np.ndarray:
    """``mix [rows, p]`` applied to the binomial laws of the first count, ``[rows, draws + 1]``."""
    counts, law = np.arange(draws + 1), np.zeros((mix.shape[0], draws + 1))
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


def laws(setting: Setting, p: np.ndarray, mix: np.ndarray, generations: int) -> Iterator[tuple[int, np.ndarray]]:
    """The law of the count at each generation from 1 on, for mixtures of tokens.

    Args:
      setting: the process in numbers.
      p: probabilities of tokens, ``[d]``.
      mix: how many tokens of each, ``[rows, d]``: one row of multiplicities gives the expected count
        spectrum of a vocabulary, the identity gives each token's own law.
      generations: how many to yield.

    Yields:
      The total number of tokens counted, and ``[rows, total + 1]``: (expected) tokens by count.

    Raises:
      OutOfRange: when it would take too much time or memory.
    """
    n, real, rows = setting.n, setting.real, mix.shape[0]
    if real is None:
        _check_n(n)
        # A row of the sparse matrix holds some 20 deviations, sqrt(n)/2.5 wide on average.
        width = n if n <= DENSE else min(n, 8 * np.sqrt(n) + 100)
        _spend(float(rows) * n * width * generations + len(p) * n * 100, "this exact law")
        law = _start(n, p, mix)
        matrix = _transition(n)
        for m in range(1, generations + 1):
            yield n, law
            if m < generations:
                law = law @ matrix
        return
    _spend(float(real + 1) * n * n * max(generations - 2, 0) + (real + n) * n * 100, "this exact law")
    real_law = _start(real, p, mix)
    yield real, real_law
    for m, synthetic in enumerate(synthetic_given_real(setting), start=2):
        if m > generations:
            return
        law = np.zeros((rows, real + n + 1))
        for r in range(real + 1):
            law[:, r : r + n + 1] += real_law[:, r, None] * synthetic[r]
        yield real + n, law


def additive(process: Any, f: Callable[[np.ndarray], np.ndarray], generations: int) -> np.ndarray:
    """``E sum_i f(p_i^(m))`` for any function of a probability with ``f(0) = 0``.

    Cost: fully synthetic O(n^2) a generation (O(n^1.5) above n = 2000), partially synthetic O(N n^2).
    Range: fully synthetic n <= 20 000; partially synthetic N n^2 generations <= 2e10.

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
    setting, last = read(process), generations_of(generations)
    p, many = distinct(setting.p)
    curve = [float(many @ f(p))]
    for total, law in laws(setting, p, many[None].astype(float), last):
        curve.append(float(law[0, 1:] @ f(np.arange(1, total + 1) / total)))
    return np.array(curve)


def support(process: Any, generations: int) -> np.ndarray:
    """``E #{i: p_i^(m) > 0}``, the expected number of tokens that survive.

    Fully synthetic: from the law of one token; for n beyond its range see
    :func:`~jaxcollapse.theory.support_branching`. Partially synthetic: a token survives if and only
    if it is in the real corpus, ``sum_i [1 - (1 - p_i)^N]`` for every ``m >= 1`` and every size.

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
    setting, last = read(process), generations_of(generations)
    if setting.real is None:
        return additive(process, lambda q: (q > 0).astype(float), generations)
    kept = float(np.sum(-np.expm1(setting.real * np.log1p(-np.minimum(setting.p, 1 - 1e-300)))))
    return np.array([float(np.count_nonzero(setting.p))] + [kept] * last)


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


def l1_truth(process: Any, generations: int) -> np.ndarray:
    """``E ||p^(m) - p||_1``, the plain L1 norm.

    Each distinct ``p_i`` needs a law of its own. Cost: as :func:`additive`, times the number of
    distinct probabilities for the fully synthetic regime.

    Returns:
      ``[generations + 1]``.

    Raises:
      OutOfRange: beyond the range.
    """
    setting, last = read(process), generations_of(generations)
    p, many = distinct(setting.p)
    curve = [0.0]
    for total, law in laws(setting, p, np.eye(len(p)), last):
        distance = np.abs(np.arange(total + 1) / total - p[:, None])
        curve.append(float(many @ np.sum(law * distance, axis=1)))
    return np.array(curve)


def l1_first(process: Any, generations: int) -> np.ndarray:
    """``E ||p^(m) - p^(1)||_1``, the plain L1 norm; ``m = 0`` is the truth's distance from the first model.

    The joint law of two generations. Cost: fully synthetic O(n^3) a generation, partially O(N n^2).
    Range: that product times the generations up to 2e10 (n = 500 for 100 generations, say), and n <= 2000.

    Returns:
      ``[generations + 1]``.

    Raises:
      OutOfRange: beyond the range.
    """
    setting, last = read(process), generations_of(generations)
    n, real = setting.n, setting.real
    p, many = distinct(setting.p)
    _spend(float(n if real is None else real) * n * n * max(last - 2, 0) / 4, "this exact joint law")
    first_total = n if real is None else real
    first = np.arange(first_total + 1)
    start = _start(first_total, p, many[None].astype(float))[0]
    each = stats.binom.pmf(first, first_total, p[:, None])
    curve = [float(many @ np.sum(each * np.abs(first / first_total - p[:, None]), axis=1)), 0.0]
    if real is None:
        if n > DENSE:
            raise OutOfRange(f"l1_first is offered up to n = {DENSE}, got {n}; theory.l2_first has no limit")
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


def spectrum(process: Any, generations: int, largest: int = 10) -> np.ndarray:
    """The expected number of tokens that were counted once, twice, ... ``largest`` times.

    Cost, range and errors as :func:`additive`.

    Returns:
      ``[generations + 1, largest]``; the row of the truth, which has no counts, is -1.
    """
    setting, last = read(process), generations_of(generations)
    p, many = distinct(setting.p)
    rows = [np.full(largest, -1.0)]
    for _, law in laws(setting, p, many[None].astype(float), last):
        row = law[0, 1 : largest + 1]
        rows.append(np.pad(row, (0, largest - len(row))))
    return np.array(rows)


def survival(process: Any, generations: int, p: np.ndarray | None = None) -> np.ndarray:
    """``P(p_i^(m) > 0)`` for tokens of given true probabilities.

    Args:
      process: the process.
      generations: the last generation.
      p: true probabilities, ``[d]``; by default those of the process' own tokens.

    Cost: fully synthetic O(d n^2) a generation; partially synthetic nothing, ``1 - (1 - p)^N``.

    Returns:
      ``[generations + 1, d]``.

    Raises:
      OutOfRange: beyond the range; then see :func:`~jaxcollapse.theory.survival_branching`.
    """
    setting, last = read(process), generations_of(generations)
    p = setting.p if p is None else np.asarray(p, dtype=np.float64)
    alive = (p > 0).astype(float)
    if setting.real is not None:
        kept = 1 - (1 - p) ** setting.real
        return np.stack([alive] + [kept] * last)
    different, back = np.unique(p, return_inverse=True)
    rows = [alive]
    for _, law in laws(setting, different, np.eye(len(different)), last):
        rows.append(law[:, 1:].sum(axis=1)[back])
    return np.stack(rows)


def support_variance(process: Any, generations: int) -> np.ndarray:
    """``Var #{i: p_i^(m) > 0}`` over chains.

    Two tokens are both lost exactly when the two lumped into one are, so the covariances come from
    the law of one token of probability ``p_i + p_j``. Cost: :func:`survival` for every distinct sum.

    Returns:
      ``[generations + 1]``.

    Raises:
      OutOfRange: beyond the range, some hundred distinct probabilities.
    """
    setting, last = read(process), generations_of(generations)
    p = setting.p[setting.p > 0]
    i, j = np.triu_indices(len(p), 1)
    _spend(len(i) * 1e3, "the law of every pair")
    sums = np.round(np.minimum(p[i] + p[j], 1.0), 12)
    lost = 1 - survival(process, last, np.concatenate([p, sums]))
    alone, together = lost[:, : len(p)], lost[:, len(p) :]
    covariance = together - alone[:, i] * alone[:, j]
    return np.maximum(np.sum(alone * (1 - alone), axis=1) + 2 * covariance.sum(axis=1), 0.0)

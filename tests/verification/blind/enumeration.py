"""Exact expectations and variances by full enumeration, straight from the definitions. Derived from nothing but the
model's definition. A state is the pair (counts of generation 1, counts of the current corpus). In regime A,
fully(n), the next corpus is n multinomial draws from the current frequencies; in regime B, partial(n, N),
generation 1 is the real corpus itself and every later corpus is the real corpus plus n multinomial draws from the
current frequencies. The joint law of the pair is carried forward one generation at a time as a table of
probabilities over every reachable pair, and each statistic is averaged over that table; the variance is the average
squared distance to that mean. No sampling and no formula for any moment is used. The file's checks compare it with
a second, cruder enumeration (every sequence of single tokens) and with a few values found by hand.
"""

import itertools
import math
from collections.abc import Callable, Sequence

import numpy as np

Regime = tuple[str, int] | tuple[str, int, int]
Counts = tuple[int, ...]
Vector = tuple[float, ...]
Law = dict[tuple[Counts, Counts], float]


def corpus_sizes(regime: Regime) -> tuple[int, int]:
    """(n, size of the corpus of generation 1): (n, n) for fully(n), (n, N) for partial(n, N)."""
    if len(regime) == 2:
        return regime[1], regime[1]
    return regime[1], regime[2]


def check_arguments(regime: Regime, p: Sequence[float]) -> None:
    """Refuse a regime or a language that the definitions do not cover."""
    fully = len(regime) == 2 and regime[0] == "fully"
    partial = len(regime) == 3 and regime[0] == "partial"
    if not (fully or partial):
        raise ValueError(f"unknown regime {regime!r}")
    if min(corpus_sizes(regime)) < 1:
        raise ValueError(f"corpus sizes must be at least 1: {regime!r}")
    if len(p) == 0 or min(p) < 0 or abs(math.fsum(p) - 1.0) > 1e-9:
        raise ValueError("p is not a probability vector")


def count_vectors(total: int, tokens: int) -> list[Counts]:
    """Every vector of `tokens` non-negative integers with sum `total`."""
    if tokens == 1:
        return [(total,)]
    return [(head, *rest) for head in range(total + 1) for rest in count_vectors(total - head, tokens - 1)]


def multinomial_law(draws: int, q: Sequence[float]) -> list[tuple[Counts, float]]:
    """Every vector of counts of `draws` independent tokens from q, of positive probability, with its probability."""
    law = []
    for counts in count_vectors(draws, len(q)):
        arrangements = math.factorial(draws)
        for count in counts:
            arrangements //= math.factorial(count)
        probability = float(arrangements)
        for count, q_i in zip(counts, q, strict=True):
            probability *= q_i**count
        if probability > 0.0:
            law.append((counts, probability))
    return law


def frequencies(counts: Counts) -> Vector:
    """The vector of frequencies of a corpus given by its counts."""
    total = sum(counts)
    return tuple(count / total for count in counts)


def statistics(q: Sequence[float], p: Sequence[float], first: Sequence[float]) -> dict[str, float]:
    """Every statistic of the model q, where p is the language and `first` is the model of generation 1."""
    positive = [(q_i, p_i) for q_i, p_i in zip(q, p, strict=True) if q_i > 0]
    simpson = math.fsum(q_i**2 for q_i in q)
    return {
        "simpson": simpson,
        "heterozygosity": 1.0 - simpson,
        "support": float(len(positive)),
        "entropy": -math.fsum(q_i * math.log(q_i) for q_i, _ in positive),
        "collapsed": 1.0 if any(q_i == 1 for q_i in q) else 0.0,
        "max_prob": float(max(q)),
        "l1_truth": math.fsum(abs(q_i - p_i) for q_i, p_i in zip(q, p, strict=True)),
        "l2_truth": math.fsum((q_i - p_i) ** 2 for q_i, p_i in zip(q, p, strict=True)),
        "kl_truth": math.fsum(q_i * math.log(q_i / p_i) for q_i, p_i in positive),
        "l1_first": math.fsum(abs(q_i - f_i) for q_i, f_i in zip(q, first, strict=True)),
        "l2_first": math.fsum((q_i - f_i) ** 2 for q_i, f_i in zip(q, first, strict=True)),
    }


def first_law(regime: Regime, p: Sequence[float]) -> Law:
    """The joint law of (counts of generation 1, counts of the current corpus) at m = 1, where the two are equal."""
    _, size = corpus_sizes(regime)
    return {(counts, counts): probability for counts, probability in multinomial_law(size, p)}


def next_law(regime: Regime, law: Law) -> Law:
    """The joint law of (counts of generation 1, counts of the current corpus), one generation later."""
    new_tokens, _ = corpus_sizes(regime)
    result: Law = {}
    for (first, corpus), probability in law.items():
        for drawn, drawn_probability in multinomial_law(new_tokens, frequencies(corpus)):
            if regime[0] == "fully":
                next_corpus = drawn
            else:
                next_corpus = tuple(real + new for real, new in zip(first, drawn, strict=True))
            state = (first, next_corpus)
            result[state] = result.get(state, 0.0) + probability * drawn_probability
    return result


def mean_and_variance(weighted: list[tuple[float, dict[str, float]]]) -> dict[str, tuple[float, float]]:
    """Mean and variance of every statistic over a list of (probability, statistics)."""
    result = {}
    for name in weighted[0][1]:
        mean = math.fsum(weight * values[name] for weight, values in weighted)
        variance = math.fsum(weight * (values[name] - mean) ** 2 for weight, values in weighted)
        result[name] = (mean, variance)
    return result


def expectation(regime: Regime, p: Sequence[float], generations: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Exact (mean, variance) of every statistic at m = 0..generations, each an array of length generations + 1."""
    p = tuple(float(p_i) for p_i in p)
    check_arguments(regime, p)
    law = first_law(regime, p)
    rows = [mean_and_variance([(weight, statistics(p, p, frequencies(first))) for (first, _), weight in law.items()])]
    for generation in range(1, generations + 1):
        if generation > 1:
            law = next_law(regime, law)
        weighted = [
            (weight, statistics(frequencies(corpus), p, frequencies(first))) for (first, corpus), weight in law.items()
        ]
        rows.append(mean_and_variance(weighted))
    return {
        name: (np.array([row[name][0] for row in rows]), np.array([row[name][1] for row in rows])) for name in rows[0]
    }


def _paths(regime: Regime, p: Vector, generations: int) -> list[tuple[float, list[Vector]]]:
    """Every sequence of single tokens drawn over all generations: (probability, [p^(0), ..., p^(generations)])."""

    def tally(tokens: Sequence[int]) -> Vector:
        return tuple(sum(1 for token in tokens if token == i) / len(tokens) for i in range(len(p)))

    finished = []
    unfinished: list[tuple[float, list[Vector], tuple[int, ...]]] = [(1.0, [p], ())]
    while unfinished:
        probability, models, real = unfinished.pop()
        if len(models) == generations + 1:
            finished.append((probability, models))
            continue
        is_real_draw = regime[0] == "partial" and len(models) == 1
        new_tokens, first_tokens = corpus_sizes(regime)
        draws = first_tokens if is_real_draw else new_tokens
        for drawn in itertools.product(range(len(p)), repeat=draws):
            path_probability = probability * math.prod(models[-1][token] for token in drawn)
            if path_probability > 0:
                kept = drawn if is_real_draw else real
                corpus = drawn if is_real_draw else real + drawn
                unfinished.append((path_probability, [*models, tally(corpus)], kept))
    return finished


def _largest_gap(regime: Regime, p: Vector, generations: int) -> float:
    """Largest distance between `expectation` and the averages over every sequence of single tokens."""
    table = expectation(regime, p, generations)
    paths = _paths(regime, p, generations)
    gap = abs(math.fsum(probability for probability, _ in paths) - 1.0)
    for m in range(generations + 1):
        row = mean_and_variance([(weight, statistics(models[m], p, models[1])) for weight, models in paths])
        for name, (mean, variance) in row.items():
            gap = max(gap, abs(mean - table[name][0][m]), abs(variance - table[name][1][m]))
    return gap


def _run_checks() -> None:
    """Compare with the enumeration of token sequences, then with values found by hand."""
    tolerance = 1e-12
    cases: list[tuple[Regime, Vector, int]] = [
        (("fully", 1), (0.2, 0.8), 3),
        (("fully", 2), (0.5, 0.3, 0.2), 3),
        (("fully", 3), (0.35, 0.65), 4),
        (("fully", 2), (0.5, 0.0, 0.5), 3),
        (("partial", 2, 2), (0.5, 0.3, 0.2), 3),
        (("partial", 1, 3), (0.5, 0.3, 0.2), 4),
        (("partial", 3, 2), (0.35, 0.65), 4),
        (("partial", 2, 1), (0.35, 0.65), 4),
    ]
    for regime, p, generations in cases:
        gap = _largest_gap(regime, p, generations)
        print(f"token sequences  {regime!s:20} p={p}  gap {gap:.1e}")
        assert gap < tolerance

    def close(description: str, value: np.ndarray, wanted: Callable[[int], float]) -> None:
        gap = max(abs(value[m] - wanted(m)) for m in range(len(value)))
        print(f"by hand          {description}  gap {gap:.1e}")
        assert gap < tolerance

    half = (0.5, 0.5)
    close("fully(1): collapsed from m = 1", expectation(("fully", 1), half, 4)["collapsed"][0], lambda m: float(m > 0))
    close("fully(2), p = 1/2: P = 1 - 2^-m", expectation(("fully", 2), half, 6)["collapsed"][0], lambda m: 1 - 0.5**m)
    close(
        "partial(3, 2), p = 1/2: P = 1/2 from m = 1",
        expectation(("partial", 3, 2), half, 6)["collapsed"][0],
        lambda m: 0.5 * (m > 0),
    )
    close(
        "fully(2), p = 1/2: E l1_first = 1/2 at m = 0",
        expectation(("fully", 2), half, 1)["l1_first"][0],
        lambda m: 0.5 * (m == 0),
    )
    degenerate = expectation(("partial", 2, 2), (1.0, 0.0), 3)
    close("point mass stays collapsed", degenerate["collapsed"][0], lambda m: 1.0)
    close("point mass has no divergence", degenerate["kl_truth"][0], lambda m: 0.0)


if __name__ == "__main__":
    _run_checks()
    print("enumeration: all checks passed")

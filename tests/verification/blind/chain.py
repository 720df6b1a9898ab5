"""Expected support, entropy, l1_truth and P(collapsed) from the Markov chain of one token's count. Derived from the
definitions: each of these four expectations is a sum over tokens of E g_i(p^(m)_i), with g = 1{x > 0}, -x log x, |x
- p_i| and 1{x = 1} (the events p^(m)_i = 1 exclude each other, so their probabilities add up to P(collapsed)). A
multinomial draw's single count is binomial, so the count of token i alone is Markov. Regime A: the count at m = 1
is Bin(n, p_i), then Bin(n, X/n). Regime B: the real count r is Bin(N, p_i) and p^(1)_i = r/N; given r, the count of
new tokens at m = 2 is Bin(n, r/N), then Bin(n, (r + X)/(N + n)), and p^(m)_i = (r + X)/(N + n). Given r this chain
does not depend on p_i, which enters only through the weight of r and through |x - p_i|.
"""

from collections.abc import Sequence

import numpy as np
from scipy.special import entr
from scipy.stats import binom

try:
    from enumeration import Regime, check_arguments, corpus_sizes, expectation
except ImportError:
    from .enumeration import Regime, check_arguments, corpus_sizes, expectation  # type: ignore[no-redef]

NAMES = ("support", "entropy", "l1_truth", "collapsed")


def token_values(name: str, x: np.ndarray, p: np.ndarray) -> np.ndarray:
    """What each token contributes to the statistic: row i is g_i at every frequency in x, for probability p[i]."""
    if name == "support":
        values = (x > 0).astype(float)
    elif name == "entropy":
        values = entr(x)
    elif name == "collapsed":
        values = (x == 1).astype(float)
    elif name == "l1_truth":
        return np.abs(x[None, :] - p[:, None])
    else:
        raise ValueError(f"unknown statistic {name!r}, not one of {NAMES}")
    return np.tile(values, (len(p), 1))


def _fully_curve(n: int, p: np.ndarray, name: str, generations: int) -> np.ndarray:
    """Regime A, m = 1..generations."""
    counts = np.arange(n + 1)
    transitions = binom.pmf(counts[None, :], n, counts[:, None] / n)
    values = token_values(name, counts / n, p)
    law = binom.pmf(counts[None, :], n, p[:, None])
    result = np.empty(generations)
    for m in range(1, generations + 1):
        if m > 1:
            law = law @ transitions
        result[m - 1] = np.sum(law * values)
    return result


def _partial_curve(n: int, real_tokens: int, p: np.ndarray, name: str, generations: int) -> np.ndarray:
    """Regime B, m = 1..generations."""
    counts = np.arange(n + 1)
    result = np.zeros(generations)
    for real_count in range(real_tokens + 1):
        weights = binom.pmf(real_count, real_tokens, p)
        first_frequency = real_count / real_tokens
        later_frequencies = (real_count + counts) / (real_tokens + n)
        transitions = binom.pmf(counts[None, :], n, later_frequencies[:, None])
        first_values = token_values(name, np.array([first_frequency]), p)[:, 0]
        later_values = token_values(name, later_frequencies, p)
        law = binom.pmf(counts, n, first_frequency)
        for m in range(1, generations + 1):
            if m == 1:
                result[m - 1] += weights @ first_values
                continue
            if m > 2:
                law = law @ transitions
            result[m - 1] += weights @ (later_values @ law)
    return result


def curve(regime: Regime, p: Sequence[float], name: str, generations: int) -> np.ndarray:
    """The expectation of the statistic `name` at m = 0..generations."""
    check_arguments(regime, p)
    language = np.asarray(p, dtype=float)
    start = sum(token_values(name, language[i : i + 1], language[i : i + 1])[0, 0] for i in range(len(language)))
    n, first_tokens = corpus_sizes(regime)
    if regime[0] == "fully":
        later = _fully_curve(n, language, name, generations)
    else:
        later = _partial_curve(n, first_tokens, language, name, generations)
    return np.concatenate([[start], later])


def _run_checks() -> None:
    """Compare every curve with the enumeration."""
    tolerance = 1e-12
    languages = [(1.0,), (0.5, 0.5), (0.9, 0.1), (0.5, 0.3, 0.2), (0.6, 0.0, 0.4), (1.0, 0.0)]
    regimes: list[Regime] = [("fully", n) for n in (1, 2, 3, 5)]
    regimes += [("partial", n, real_tokens) for n, real_tokens in ((1, 1), (1, 3), (2, 1), (3, 2), (5, 3))]
    for p in languages:
        for regime in regimes:
            exact = expectation(regime, p, 6)
            gaps = {name: float(np.max(np.abs(curve(regime, p, name, 6) - exact[name][0]))) for name in NAMES}
            print(f"{regime!s:18} p={p!s:16} " + "  ".join(f"{name} {gap:.1e}" for name, gap in gaps.items()))
            assert max(gaps.values()) < tolerance


if __name__ == "__main__":
    _run_checks()
    print("chain: all checks passed")

"""Closed recursions for moments of simpson and l2_first, derived by algebra from the definitions of the model.

Everything rests on the factorial moments of the multinomial law and on conditioning on the previous generation; each
recursion is checked below against the enumeration. Write S_k(q) = sum q_i^k, so simpson = S_2. For X ~ Mult(n, q),
E prod_i X_i(X_i - 1)...(X_i - a_i + 1) = f_a prod_i q_i^(a_i), with a = sum a_i, f_a = n(n - 1)...(n - a + 1).
Also x^2 = x_(2) + x_(1), x^3 = x_(3) + 3 x_(2) + x_(1), x^4 = x_(4) + 6 x_(3) + 7 x_(2) + x_(1),
with x_(a) the falling factorials.

Regime A, fully(n), one generation from q to X/n:
    E sum X_i^2 = f_2 S_2 + n, so E S_2' = S_2 + (1 - S_2)/n, that is E(1 - S_2)' = (1 - 1/n)(1 - S_2).
    E sum X_i^3 = f_3 S_3 + 3 f_2 S_2 + n, so E S_3' = (f_3 S_3 + 3 f_2 S_2 + n)/n^3.
    E sum X_i^4 = f_4 S_4 + 6 f_3 S_3 + 7 f_2 S_2 + n.
    sum_{i != j} E X_i^2 X_j^2 = f_4 (S_2^2 - S_4) + 2 f_3 (S_2 - S_3) + f_2 (1 - S_2).
    Adding the last two, S_4 cancels: E (sum X_i^2)^2 = f_4 S_2^2 + 4 f_3 S_3 + (2 f_3 + 6 f_2) S_2 + f_2 + n,
    so (S_2^2, S_3, S_2, 1) is closed. Taking away (f_2 S_2 + n)^2 and using f_2 + n = n^2,
        Var(S_2' | q) = 2 (n - 1)/n^3 * [S_2 + 2 (n - 2) S_3 - (2 n - 3) S_2^2].
    By the law of total variance, with V_m = Var S_2, A_m = E S_2, C_m = E S_3 at generation m and E S_2^2 = V + A^2,
        V_(m+1) = (1 - 1/n)^2 V_m + 2 (n - 1)/n^3 * [A_m + 2 (n - 2) C_m - (2 n - 3)(V_m + A_m^2)],   V_0 = 0.
    For two tokens, the count of the first is a Markov chain on 0..n, absorbed at 0 and n. With Q its transitions among
    1..n-1, the expected remaining time h solves (I - Q) h = 1, and E T = 1 + sum_x Bin(n, p_1)(x) h(x), the sum over
    1..n-1 (E T = 0 where p is itself a point mass).

Regime B, partial(n, N). Let f = p^(1), M = N + n, b = n/M.
    For m >= 2, p^(m) = (1 - b) f + b X/n, with X ~ Mult(n, p^(m-1)).
    By induction E(p^(m) | f) = f for every m >= 1, so E S_2(p^(m)) = E S_2(f) + D_m, where D_m = E l2_first at m.
    Now p^(m) - f = b (X/n - p^(m-1)) + b (p^(m-1) - f), where the first bracket has mean zero given the past, and
    E|X/n - q|^2 = (1 - S_2(q))/n. So, for m >= 2,
        D_m = b^2 [(1 - E S_2(p^(m-1)))/n + D_(m-1)] = b^2 [H/n + (1 - 1/n) D_(m-1)],   D_1 = 0,
    where H = 1 - E S_2(f) = (1 - 1/N)(1 - S_2(p)). At m = 0, l2_first = |p - f|^2 and D_0 = (1 - S_2(p))/N.
    The factor b^2 (1 - 1/n) = n(n - 1)/M^2 is below 1, so D_m -> n H/(M^2 - n(n - 1)) and E simpson -> 1 - H + that.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy.stats import binom

try:
    from enumeration import Regime, check_arguments, corpus_sizes, expectation
except ImportError:
    from .enumeration import Regime, check_arguments, corpus_sizes, expectation  # type: ignore[no-redef]


def _power_sum(p: Sequence[float], power: int) -> float:
    """Sum of the `power`-th powers of the entries of p."""
    return math.fsum(float(p_i) ** power for p_i in p)


def _require(regime: Regime, name: str) -> None:
    """Refuse a regime other than the one named."""
    if regime[0] != name:
        raise ValueError(f"only for the regime {name!r}, not {regime!r}")


def _first_heterozygosity(regime: Regime, p: Sequence[float]) -> float:
    """Regime B: expected heterozygosity of the real corpus, H = (1 - 1/N)(1 - S_2(p))."""
    _, real_tokens = corpus_sizes(regime)
    return (1 - 1 / real_tokens) * (1 - _power_sum(p, 2))


def simpson(regime: Regime, p: Sequence[float], generations: int) -> np.ndarray:
    """E simpson at m = 0..generations, for either regime."""
    check_arguments(regime, p)
    result = np.empty(generations + 1)
    result[0] = _power_sum(p, 2)
    if regime[0] == "fully":
        n, _ = corpus_sizes(regime)
        for m in range(1, generations + 1):
            result[m] = result[m - 1] + (1 - result[m - 1]) / n
    else:
        result[1:] = 1 - _first_heterozygosity(regime, p) + l2_first(regime, p, generations)[1:]
    return result


def simpson_variance(regime: Regime, p: Sequence[float], generations: int) -> np.ndarray:
    """Regime A: variance of simpson at m = 0..generations."""
    check_arguments(regime, p)
    _require(regime, "fully")
    n, _ = corpus_sizes(regime)
    second = _power_sum(p, 2)
    third = _power_sum(p, 3)
    variance = np.zeros(generations + 1)
    for m in range(generations):
        second_squared = variance[m] + second**2
        within = 2 * (n - 1) / n**3 * (second + 2 * (n - 2) * third - (2 * n - 3) * second_squared)
        variance[m + 1] = (1 - 1 / n) ** 2 * variance[m] + within
        third = (n * (n - 1) * (n - 2) * third + 3 * n * (n - 1) * second + n) / n**3
        second = second + (1 - second) / n
    return variance


def l2_first(regime: Regime, p: Sequence[float], generations: int) -> np.ndarray:
    """Regime B: E l2_first at m = 0..generations."""
    check_arguments(regime, p)
    _require(regime, "partial")
    n, real_tokens = corpus_sizes(regime)
    new_share = n / (real_tokens + n)
    heterozygosity = _first_heterozygosity(regime, p)
    result = np.zeros(generations + 1)
    result[0] = (1 - _power_sum(p, 2)) / real_tokens
    for m in range(2, generations + 1):
        result[m] = new_share**2 * (heterozygosity / n + (1 - 1 / n) * result[m - 1])
    return result


def limits(regime: Regime, p: Sequence[float]) -> dict[str, float]:
    """Regime B: the limits of E simpson and E l2_first as m grows."""
    check_arguments(regime, p)
    _require(regime, "partial")
    n, real_tokens = corpus_sizes(regime)
    heterozygosity = _first_heterozygosity(regime, p)
    distance = n * heterozygosity / ((real_tokens + n) ** 2 - n * (n - 1))
    return {"simpson": 1 - heterozygosity + distance, "l2_first": distance}


def collapse_time_two_tokens(n: int, p: float | Sequence[float]) -> float:
    """Regime A, two tokens: E T. `p` is the vector (p_1, p_2), or p_1 alone."""
    language = (p, 1 - p) if isinstance(p, (int, float)) else tuple(p)
    check_arguments(("fully", n), language)
    if len(language) != 2:
        raise ValueError("exactly two tokens are needed")
    if max(language) == 1:
        return 0.0
    interior = np.arange(1, n)
    transitions = binom.pmf(interior[None, :], n, interior[:, None] / n)
    remaining = np.linalg.solve(np.eye(n - 1) - transitions, np.ones(n - 1))
    return float(1 + binom.pmf(interior, n, language[0]) @ remaining)


def _gap(value: np.ndarray | float, wanted: np.ndarray | float) -> float:
    """Largest absolute difference."""
    return float(np.max(np.abs(np.asarray(value) - np.asarray(wanted))))


def _run_checks() -> None:
    """Compare every recursion with the enumeration."""
    tolerance = 1e-12
    languages = [(0.5, 0.5), (0.9, 0.1), (0.5, 0.3, 0.2), (0.6, 0.0, 0.4), (1.0, 0.0)]
    for p in languages:
        for n in (1, 2, 3, 5):
            regime: Regime = ("fully", n)
            exact = expectation(regime, p, 6)
            gap_mean = _gap(simpson(regime, p, 6), exact["simpson"][0])
            gap_variance = _gap(simpson_variance(regime, p, 6), exact["simpson"][1])
            print(f"{regime!s:18} p={p!s:16} simpson {gap_mean:.1e}  variance {gap_variance:.1e}")
            assert max(gap_mean, gap_variance) < tolerance
        for n, real_tokens in ((1, 1), (1, 3), (2, 1), (3, 2), (5, 3)):
            regime = ("partial", n, real_tokens)
            exact = expectation(regime, p, 6)
            gap_mean = _gap(simpson(regime, p, 6), exact["simpson"][0])
            gap_first = _gap(l2_first(regime, p, 6), exact["l2_first"][0])
            print(f"{regime!s:18} p={p!s:16} simpson {gap_mean:.1e}  l2_first {gap_first:.1e}")
            assert max(gap_mean, gap_first) < tolerance
    for n, real_tokens in ((1, 1), (2, 3), (3, 2), (5, 2)):
        regime = ("partial", n, real_tokens)
        exact = expectation(regime, (0.3, 0.7), 60)
        limit = limits(regime, (0.3, 0.7))
        gap = max(abs(limit[name] - exact[name][0][-1]) for name in ("simpson", "l2_first"))
        print(f"{regime!s:18} limits against the enumeration at m = 60: {gap:.1e}")
        assert gap < tolerance
    for n in (1, 2, 3, 5):
        for p_1 in (0.5, 0.1, 1.0):
            collapsed = expectation(("fully", n), (p_1, 1 - p_1), 200)["collapsed"][0]
            gap = _gap(collapse_time_two_tokens(n, (p_1, 1 - p_1)), math.fsum(1 - collapsed))
            print(f"fully({n}) p_1={p_1}  E T against the sum of P(T > m): {gap:.1e}")
            assert gap < tolerance
    assert abs(collapse_time_two_tokens(2, 0.5) - 2) < tolerance


if __name__ == "__main__":
    _run_checks()
    print("moments: all checks passed")

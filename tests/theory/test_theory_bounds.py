"""Bounds hold, and are those of the papers."""

import itertools
import math

import numpy as np
import pytest
from blind import enumeration, moments, regimes_enumeration
from scipy import optimize
from theory_cases import GRID, LANGUAGES, SHAPES, assert_close, blind_mean, fully, partially, process_of

import jaxcollapse as jc
from jaxcollapse import languages, theory
from jaxcollapse.theory import bounds
from jaxcollapse.theory.bounds import split

# --- bounds hold ---


@pytest.mark.parametrize("n", [1, 2, 3, 10, 80])
@pytest.mark.parametrize("shape", SHAPES)
def test_bounds_on_collapse_hold_and_the_sharp_ones_are_sharper(shape, n):
    process = fully(SHAPES[shape], n)
    rho, time = theory.collapse_probability(process, 300)[1:], theory.expected_collapse_time(process)
    printed, sharp = (bounds.collapse_probability(process, 300, sharp=flag) for flag in (False, True))
    printed_time, sharp_time = (bounds.expected_collapse_time(process, sharp=flag) for flag in (False, True))
    slack = 1e-12
    for bound in (printed, sharp):
        assert (bound.lower[1:] <= rho + slack).all()
        assert (rho <= bound.upper[1:] + slack).all()
    for bound in (printed_time, sharp_time):
        assert bound.lower <= time + slack
        assert time <= bound.upper + slack
    assert (sharp.lower >= printed.lower - slack)[1:].all()  # none of them speaks of m = 0
    assert (sharp.upper <= printed.upper + slack)[1:].all()
    assert printed_time.lower <= sharp_time.lower + slack
    assert sharp_time.upper <= printed_time.upper + slack
    # The times are the sums of the probabilities, wherever those are not clipped: 1 + sum_{m >= 1} (1 - bound).
    if n == 10:
        alive = bounds.collapse_probability(process, 3000, sharp=True).upper[1:]
        assert 1 + np.sum(1 - alive) == pytest.approx(sharp_time.lower, rel=1e-9)


def test_bounds_on_collapse_are_as_printed():
    process = fully([0.5, 0.25, 0.25, 0.0], 4)  # S_0 = 3/8, three tokens with mass
    m = np.arange(1, 21)
    lower = 1 - 4 * 0.625 * 0.75**m
    upper = 1 - 0.625 / (1 - 1 / 3) * 0.75**m
    found = bounds.collapse_probability(process, 20)
    assert_close(found.lower[1:], np.maximum(lower, 0))
    assert_close(found.upper[1:], upper)
    assert_close(bounds.expected_collapse_time(process), [1 + 0.9375 * 3, 1 + 0.625 * 12])
    sharp = bounds.collapse_probability(process, 20, sharp=True)
    assert_close(sharp.lower[1:], np.maximum(1 - 16 / 6 * 0.625 * 0.75**m, 0))
    assert_close(bounds.expected_collapse_time(process, sharp=True), [1 + 0.9375 * 3, 1 + 16 * 0.625 / 2])
    # Two draws cannot show three tokens: min(support, n) takes the place of the support.
    assert_close(bounds.expected_collapse_time(fully([0.5, 0.25, 0.25], 2), sharp=True).lower, 1 + 0.625 / 0.5)


def test_bounds_of_a_dirac_mass_are_what_happens():
    process = fully([1.0, 0.0], 5)
    for sharp in (False, True):
        assert bounds.expected_collapse_time(process, sharp=sharp) == (0, 0)
        assert (np.array(bounds.collapse_probability(process, 4, sharp=sharp)) == 1).all()


@pytest.mark.parametrize(("n", "real"), GRID)
@pytest.mark.parametrize("shape", SHAPES)
def test_bounds_on_the_deviation_hold(shape, n, real):
    process = partially(SHAPES[shape], n, real)
    exact = theory.l1_first(process, 40)
    elementary = bounds.elementary(process, 40)
    assert (exact <= elementary + 1e-12).all()
    assert (elementary[1:] <= bounds.elementary_uniform(process) + 1e-12).all()
    assert exact[2:].max() <= math.exp(bounds.log_theorem_3(process))


def test_elementary_is_tight_somewhere_and_uniform_is_as_written():
    # One real token: nothing deviates. Two tokens of equal frequency: Cauchy-Schwarz loses little.
    assert bounds.elementary(partially([0.5, 0.5], 9, 1), 5)[1:].max() == 0
    process = partially([0.5, 0.5], 1, 200)
    assert theory.l1_first(process, 2)[2] > 0.98 * bounds.elementary(process, 2)[2]
    assert bounds.elementary_uniform(partially([0.5, 0.0, 0.25, 0.25], 8, 5)) == pytest.approx(4 / 5)
    for real, tokens in ((5, 3), (2, 2)):  # the support, or the corpus where that is smaller
        squares = moments.l2_first(("partial", 8, real), (0.5, 0.25, 0.25), 9)
        found = bounds.elementary(partially([0.5, 0.0, 0.25, 0.25], 8, real), 9)
        assert_close(found, np.sqrt(np.where(np.arange(10) == 0, 3, tokens) * squares))


def test_documented_numbers():
    uniform = languages.uniform
    assert round(math.exp(bounds.log_theorem_3(partially(uniform(600), 10, 100)))) == 24_923
    found = bounds.expected_collapse_time(fully(uniform(52), 100))
    assert tuple(round(bound) for bound in found) == (100, 9711)


def test_theorem_3_is_the_printed_one_case_by_case():
    def printed(s, n, real):
        c0, c1 = math.e**3 / (2 * math.pi), 6 * math.e / math.pi**1.5
        if c0 * n / math.e + 2 <= s:
            g = c1 * s * math.exp(c0 * n / (2 * math.e))
        elif c0 * n / 4 + 2 <= s:
            g = c1 * s * (c0 * n / s) ** (s / 2)
        else:
            g = 2**s - 2
        return math.sqrt(math.pi * n / 2) / real * min(g, 2**s - 2)

    seen = set()
    for s, n, real in itertools.product((2, 3, 9, 10, 12, 15, 40), (1, 3, 10, 30), (5, 80)):
        process = partially(languages.uniform(s), n, real)
        assert math.exp(bounds.log_theorem_3(process)) == pytest.approx(printed(s, n, real), rel=1e-9)
        seen.add((math.e**2 / (2 * math.pi) * n + 2 <= s, math.e**3 / (8 * math.pi) * n + 2 <= s))
    assert len(seen) == 3
    # A vocabulary of one token deviates by nothing; a huge one does not overflow.
    assert bounds.log_theorem_3(partially([1.0], 3, 3)) == -math.inf
    assert math.isfinite(bounds.log_theorem_3(partially(languages.uniform(5000), 4000, 3)))


def test_corollary_11_follows_from_theorem_3():
    s, real, epsilon = 600, 10**9, 0.1
    budget = bounds.corollary_11(s, real, epsilon)
    assert budget == pytest.approx(2 * math.pi / math.e**2 * math.log(math.sqrt(2 * math.pi) * 1e8 / (6 * math.e * s)))
    assert bounds.log_theorem_3(partially(languages.uniform(s), int(budget), real)) <= math.log(epsilon)
    assert bounds.corollary_11(s, 100, epsilon) == 0
    assert bounds.corollary_11(3, real, epsilon) == pytest.approx(2 * math.pi / math.e**2)  # s - 2 decides
    # The first token is allowed at about 21 s/epsilon real ones.
    assert (
        bounds.corollary_11(s, round(20.5 * s / epsilon), epsilon)
        < 1
        < bounds.corollary_11(s, round(21.5 * s / epsilon), epsilon)
    )


@pytest.mark.parametrize("n", [1, 3, 20, 300])
def test_bounds_on_survival_hold(n):
    p = np.concatenate([[0.0], np.geomspace(1e-5, 1.0, 40)])
    process = fully([0.5, 0.5], n)
    exact, (lower, upper) = theory.survival(process, 60, p), bounds.survival(process, 60, p)
    assert (lower <= exact + 1e-12).all()
    assert (exact <= upper + 1e-12).all()
    # Neither is idle: both come within a few parts in a hundred of a rare token's fate at k = 1.
    if n == 300:
        assert upper[1, 1] / exact[1, 1] < 1.05
        assert lower[1, 1] / exact[1, 1] > 0.95


# --- what must rise and what must fall ---


@pytest.mark.parametrize("regime", [("fully", 30), ("partial", 30, 20)], ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_diversity_falls_and_distance_grows_with_the_generations(shape, regime):
    process = process_of(regime, SHAPES[shape])
    slack = 1e-12
    for name in ("heterozygosity", "support", "entropy"):
        assert (np.diff(theory.ORACLES[name](process, 40)) <= slack).all(), name
    for name in ("simpson", "collapsed", "l1_truth", "l2_truth", "kl_truth"):
        assert (np.diff(theory.ORACLES[name](process, 40)) >= -slack).all(), name
    for name in ("l1_first", "l2_first"):
        assert (np.diff(theory.ORACLES[name](process, 40)[1:]) >= -slack).all(), name
    assert (np.diff(theory.first_loss_probability(process_of(regime, languages.zipf(5)), 40)) >= -slack).all()
    assert (np.diff(theory.survival(process, 40, np.linspace(0, 1, 30)), axis=1) >= -slack).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_more_tokens_preserve_more(shape):
    sizes = (1, 2, 5, 20, 60)
    by_n = [fully(SHAPES[shape], n) for n in sizes]
    by_real = [partially(SHAPES[shape], 20, real) for real in sizes]
    for row in (by_n, by_real):
        for function in (theory.support, theory.entropy, theory.heterozygosity):
            assert (np.diff([function(process, 10)[1:] for process in row], axis=0) >= -1e-12).all()
    assert (np.diff([theory.expected_collapse_time(process) for process in by_n]) > 0).all()


# --- Theorem 4 ---


def best_split(counts):
    """The largest p(A) p(A^c), by looking at every A."""
    counts = np.asarray(counts)
    sizes = [sum(chosen) for k in range(len(counts) + 1) for chosen in itertools.combinations(counts.tolist(), k)]
    return max(size * (counts.sum() - size) for size in sizes) / counts.sum() ** 2


def mean_split(p, real):
    law = enumeration.multinomial_law(real, tuple(p))
    return math.fsum(weight * best_split(counts) for counts, weight in law)


@pytest.mark.parametrize("real", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("p", [(0.5, 0.5), (0.99, 0.01), (0.6, 0.0, 0.3, 0.1), (0.25,) * 4, (0.9, 0.05, 0.03, 0.02)])
def test_the_even_split_is_exact_where_it_says_so_and_else_not_too_small(p, real):
    exact = mean_split(p, real)
    assert bounds.even_split(p, real) == pytest.approx(exact, abs=1e-13)
    cheap = split._majority(np.array(p), real)
    assert exact - 1e-13 <= cheap <= 0.25
    if np.count_nonzero(p) == 2:  # one of them is in the majority, or both are half
        assert cheap == pytest.approx(exact, abs=1e-13)


def test_the_even_split_in_the_extremes():
    assert bounds.even_split([1.0], 9) == bounds.even_split([0.3, 0.7], 1) == 0
    assert bounds.even_split([0.5, 0.5], 3) == pytest.approx(0.75 * 2 / 9)
    # Too many corpora to visit: at most half and half, and the parity of N tells.
    assert bounds.even_split(languages.zipf(500), 1001) == pytest.approx(500 * 501 / 1001**2, rel=1e-9)
    heavy = np.r_[0.9, np.full(200, 0.0005)]
    assert bounds.even_split(heavy, 1000) == pytest.approx(0.09 - 0.09 / 1000, rel=1e-9)


@pytest.mark.parametrize(("n", "real"), GRID)
@pytest.mark.parametrize("shape", SHAPES)
def test_theorem_4_holds_as_printed_and_as_proved_and_is_sharper_than_theorem_3(shape, n, real):
    process = partially(SHAPES[shape], n, real)
    third = bounds.log_theorem_3(process)
    printed, proved = (bounds.log_theorem_4(process, as_printed=flag) for flag in (True, False))
    assert theory.l1_first(process, 40).max(initial=0, where=np.arange(41) > 1) <= math.exp(printed)
    assert printed <= proved + 1e-14
    assert proved <= third + 1e-14
    assert bounds.log_theorem_4(process, expectation=0.25) == pytest.approx(third, abs=1e-13)


def test_theorem_4_is_the_printed_one():
    def zeta(expectation, n, real, slip):
        printed = 0.5 - (0.5 - 2 * expectation) * (real / (real + n)) ** 2
        return min(0.5, printed + (0 if slip else real * n / (real + n) ** 2))

    def phi(x):
        return math.log((1 - x) / x) / (1 - 2 * x) if x < 0.5 else 2.0

    for n, real, expectation in itertools.product((1, 4, 60), (1, 7, 1000), (0.0, 1e-6, 0.1, 0.24)):
        process = partially(languages.uniform(5), n, real)
        for slip in (True, False):
            wanted = math.sqrt(math.pi * n / phi(zeta(expectation, n, real, slip))) / real
            wanted *= math.exp(bounds.log_theorem_3(process)) / (math.sqrt(math.pi * n / 2) / real)  # G_n(s)
            found = bounds.log_theorem_4(process, as_printed=slip, expectation=expectation)
            assert math.exp(found) == pytest.approx(wanted, rel=1e-11), (n, real, expectation, slip)
    for bad in (-0.1, 0.26, float("nan"), "half", None.__class__):
        with pytest.raises(ValueError, match="expectation must be a number between 0 and 1/4"):
            bounds.log_theorem_4(process, expectation=bad)
    # Hardly any randomness: phi grows without bound, the bound falls, and nothing overflows.
    calm = [bounds.log_theorem_4(partially([1.0, 0.0], 1, real)) for real in (10, 10**4, 10**9)]
    third = [bounds.log_theorem_3(partially([1.0, 0.0], 1, real)) for real in (10, 10**4, 10**9)]
    assert (np.diff(np.subtract(calm, third)) < -0.1).all()
    assert bounds.log_theorem_4(partially([1.0], 3, 3)) == -math.inf
    assert math.isfinite(bounds.log_theorem_4(partially(languages.uniform(5000), 4000, 3)))


@pytest.mark.parametrize("language", ["uniform", "skewed", "uneven", "half"])
@pytest.mark.parametrize("regime", [("partial", n, real) for n in (1, 2, 4) for real in (1, 2, 3)], ids=str)
def test_what_the_proof_of_theorem_4_needs_of_zeta(regime, language):
    _, n, real = regime
    p = LANGUAGES[language]
    split_of = 2 * blind_mean(regime, p, best_split)  # an upper bound on the expected max_A min(p(A), p(A^c))
    proved = min(0.5, 0.5 - (0.5 - split_of[0]) * (real / (real + n)) ** 2 + n * real / (real + n) ** 2)
    assert split_of.max() <= proved + 1e-12


def test_the_printed_zeta_is_not_what_the_proof_needs():
    # Three real tokens, n = 1: when they are different, the four of generation 2 are split in half.
    p = (0.05,) * 20
    real, grown = enumeration_of_three(p)
    printed = 0.5 - (0.5 - 2 * real) * (3 / 4) ** 2
    assert printed == pytest.approx(15 / 32, abs=1e-3)
    assert 2 * grown > printed + 0.01
    assert 2 * grown <= printed + 3 / 16


def enumeration_of_three(p):
    """``E max_A p(A) p(A^c)`` of three real tokens, and of them with one more drawn from them; p uniform."""
    s = len(p)
    pairs, same = 3 * (s - 1) / s**2, 1 / s**2
    different = 1 - pairs - same
    three = different * best_split([1, 1, 1]) + pairs * best_split([2, 1])
    four = different * best_split([2, 1, 1]) + pairs * (2 / 3 * best_split([3, 1]) + 1 / 3 * best_split([2, 2]))
    assert bounds.even_split(p, 3) == pytest.approx(three, abs=1e-13)
    return three, four


def test_the_elementary_proof_of_theorem_4_as_printed():
    """What the docstring says: zeta phi(zeta) <= 1, G_n(s)^2 >= 2s/pi, and 1 - S_1 <= 4 E max."""
    zeta = np.concatenate([np.geomspace(1e-300, 0.1, 500), np.linspace(0.1, 0.5, 500)[:-1]])
    assert (zeta * (np.log1p(-zeta) - np.log(zeta)) / (1 - 2 * zeta) <= 1).all()
    for s, n in itertools.product((2, 3, 4, 5, 9, 10, 30, 1000), range(1, 60)):
        log_g = bounds.log_theorem_3(partially(np.full(s, 1 / s), n, 1)) - 0.5 * math.log(math.pi * n / 2)
        assert 2 * log_g >= math.log(2 * s / math.pi)
    for p, real in itertools.product(((0.5, 0.5), (0.7, 0.2, 0.1), (0.25,) * 4), (1, 2, 5)):
        assert (1 - 1 / real) * (1 - np.square(p).sum()) <= 4 * mean_split(p, real) + 1e-14


# --- fresh real data: the recursion of Bakshi and Chakraborty, the weight of He et al. ---


@pytest.mark.parametrize("p", [(0.5, 0.3, 0.2), (0.9, 0.1), (1.0, 0.0)])
@pytest.mark.parametrize(
    ("regime", "of_plain_numbers"),
    [
        (("mixture", 3, 0.25), lambda s: bounds.mixture_error(s, 3, 0.25, 3)),
        (("mixture", [1, 4, 2], 0.5), lambda s: bounds.mixture_error(s, [1, 4, 2], 0.5, 3)),
        (("mixture", 2, 0.0), lambda s: bounds.mixture_error(s, 2, 0, 3)),
        (("mixture", 2, 1.0), lambda s: bounds.mixture_error(s, 2, 1.0, 3)),
        (("fresh", 2, 2, 1), lambda s: bounds.fresh_real_error(s, 2, 2, 3)),
        (("fresh", 3, 1, 2.5), lambda s: bounds.fresh_real_error(s, 3, 1, 3, weight=2.5)),
        (("fresh", [4, 1, 2], 2, 0.5), lambda s: bounds.fresh_real_error(s, [4, 1, 2], 2, 3, weight=0.5)),
        (("fresh", 3, 0, 1), lambda s: bounds.fresh_real_error(s, 3, 0, 3)),
        (("fresh", 2, 2, 0), lambda s: bounds.fresh_real_error(s, 2, 2, 3, weight=0.0)),
    ],
    ids=lambda value: "plain" if callable(value) else str(value),
)
def test_the_recursion_with_fresh_data_is_exact(regime, of_plain_numbers, p):
    wanted = regimes_enumeration.expectation(regime, p, 3)["l2_truth"][0]
    assert_close(of_plain_numbers(float(np.square(p).sum())), wanted)


PROCESSES = [
    jc.FullySynthetic(n=7),
    jc.FullySynthetic(n=jc.schedules.given([3, 5, 40])),
    jc.Mixture(n=9, share=0.3),
    jc.Mixture(n=jc.schedules.given([1, 2, 30]), share=0.01),
    jc.FreshReal(n=9, real=4),
    jc.FreshReal(n=1, real=1, weight=1.7),
    jc.FreshReal(n=6, real=0),
    jc.FreshReal(n=jc.schedules.given([5, 7]), real=jc.schedules.given([3, 1, 6]), weight=0.3),
]


@pytest.mark.parametrize("regime", PROCESSES, ids=str)
def test_the_recursion_of_a_process_is_its_squared_error(regime):
    process = jc.recursive_training(languages.zipf(20), regime)
    found = bounds.bakshi_chakraborty(process, 12)
    assert_close(found, theory.l2_truth(process, 12))
    assert_close(found, theory.simpson(process, 12) - theory.simpson(process, 1)[0])


def test_a_share_may_change_with_the_generation():
    # R_1 = 1/8; R_2 = 1/8 + (1/2)^2 (3/4) R_1; R_3 = 1/8 + 0 (all real).
    assert_close(bounds.mixture_error(0.5, 4, [0.9, 0.5, 1.0], 3), [0, 1 / 8, 1 / 8 + 3 / 16 / 8, 1 / 8])


def test_the_recursion_settles_where_it_says():
    for n, share in ((1, 0.3), (20, 0.05), (1000, 0.5)):
        wanted = 0.6 / (1 + (n - 1) * share * (2 - share))
        assert bounds.mixture_error(0.4, n, share, 2000)[-1] == pytest.approx(wanted, rel=1e-9)
    with pytest.raises(TypeError, match="is about Mixture, FreshReal and FullySynthetic, got PartiallySynthetic"):
        bounds.bakshi_chakraborty(partially([0.5, 0.5], 3, 3), 4)
    for message, call in (
        ("simpson must be", lambda: bounds.mixture_error(1.5, 3, 0.5, 4)),
        ("simpson must be one number above 0", lambda: bounds.mixture_error(0.0, 3, 0.5, 4)),
        ("n must be between 1", lambda: bounds.mixture_error(0.5, [3, 0], 0.5, 4)),
        ("share must be a number between 0 and 1", lambda: bounds.mixture_error(0.5, 3, 1.5, 4)),
        ("real must be between 0", lambda: bounds.fresh_real_error(0.5, 3, -1, 4)),
        ("weight must be a number between 0", lambda: bounds.fresh_real_error(0.5, 3, 1, 4, weight=-1.0)),
        ("n must be one number, or one for each generation", lambda: bounds.mixture_error(0.5, [[3]], 0.5, 4)),
        ("real must be between 1", lambda: bounds.he_weight(0, 3)),
        ("n must be a whole number", lambda: bounds.he_weight(3, 1.5)),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def settled(omega, real, n):
    """Where the error settles for a real share omega, in units of 1 - S_0."""
    return (omega**2 / real + (1 - omega) ** 2 / n) / (1 - (1 - omega) ** 2 * (1 - 1 / n))


@pytest.mark.parametrize(("real", "n"), [(1, 1), (1, 50), (50, 1), (10, 10), (100, 7), (1000, 3000)])
def test_the_weight_of_fresh_data_is_the_best_one(real, n):
    found = bounds.he_weight(real, n)
    least = optimize.minimize_scalar(settled, args=(real, n), bounds=(0, 1), method="bounded", options={"xatol": 1e-12})
    assert found.exact_share == pytest.approx(least.x, abs=1e-6)
    assert settled(found.exact_share, real, n) <= least.fun * (1 + 1e-12)
    assert (n - 1) * found.exact_share**2 + (real + 1) * found.exact_share == pytest.approx(real, rel=1e-12)
    k = real / n
    assert found.share == pytest.approx((math.sqrt(k * k + 4 * k) - k) / 2, rel=1e-9)
    for share, weight in ((found.share, found.weight), (found.exact_share, found.exact_weight)):
        assert weight * real / (weight * real + n) == pytest.approx(share, rel=1e-12)
    curve = bounds.fresh_real_error(0.3, n, real, 20000, weight=found.exact_weight)
    assert curve[-1] == pytest.approx(0.7 * settled(found.exact_share, real, n), rel=1e-9)
    assert curve[-1] == pytest.approx(0.7 * found.exact_share / real, rel=1e-9)
    for other in (0.9, 1.1):
        worse = bounds.fresh_real_error(0.3, n, real, 20000, weight=other * found.exact_weight)
        assert worse[-1] > curve[-1]


def test_the_weight_for_large_corpora():
    large = bounds.he_weight(10**8, 10**8)
    assert large.exact_share == pytest.approx(large.share, rel=1e-7) == pytest.approx((5**0.5 - 1) / 2, rel=1e-7)
    assert large.weight == pytest.approx((5**0.5 + 1) / 2, rel=1e-12)
    assert bounds.he_weight(9, 1).exact_share == pytest.approx(9 / 10)
    assert bounds.he_weight(1, 10**9).share == pytest.approx(10**-4.5, rel=1e-4)

"""Bounds on partially synthetic training hold, and are those of the paper, as printed and as proved."""

import itertools
import math

import numpy as np
import pytest
from blind import moments
from theory_cases import (
    GRID,
    LANGUAGES,
    SHAPES,
    assert_close,
    best_split,
    blind_mean,
    mean_split,
    partially,
    truth_of,
)

from jaxcollapse import languages, theory
from jaxcollapse.theory import bounds


@pytest.mark.parametrize(("n", "real"), GRID)
@pytest.mark.parametrize("shape", SHAPES)
def test_theorem_2_as_corrected_is_the_recursion(shape, n, real):
    process = partially(SHAPES[shape], n, real)
    assert_close(bounds.theorem_2(process, 60), theory.simpson(process, 60))
    assert_close(bounds.theorem_2(process, 60), moments.simpson(("partial", n, real), truth_of(process), 60))


@pytest.mark.parametrize(("n", "real"), [(n, real) for n, real in GRID if real > 1])
def test_theorem_2_as_printed_misses_the_first_generation(n, real):
    # Generation 1 holds N real tokens and nothing else: S_1 cannot depend on n. With the printed minus it does,
    # by twice the term that the sign belongs to (b^0 = 1). At N = 1 that term is 0 and the slip does not show.
    process = partially(SHAPES["zipf"], n, real)
    printed, right = (bounds.theorem_2(process, 3, as_printed=flag) for flag in (True, False))
    a, at_truth = n / (real + n), right[0]
    term = (1 - 1 / real) * at_truth * (a / real) / (1 + (1 + 1 / real) * a)
    assert right[1] == pytest.approx(1 / real + (1 - 1 / real) * at_truth, rel=1e-12)
    assert right[1] - printed[1] == pytest.approx(2 * term, rel=1e-9)
    assert right[1] - printed[1] > 1e-5
    assert printed[0] == at_truth


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

"""Bounds hold, and are those of the papers."""

import itertools
import math

import numpy as np
import pytest
from blind import moments
from theory_cases import GRID, SHAPES, close, fully, partially, process_of

from jaxcollapse import languages, theory
from jaxcollapse.theory import bounds

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
    close(found.lower[1:], np.maximum(lower, 0))
    close(found.upper[1:], upper)
    close(bounds.expected_collapse_time(process), [1 + 0.9375 * 3, 1 + 0.625 * 12])
    sharp = bounds.collapse_probability(process, 20, sharp=True)
    close(sharp.lower[1:], np.maximum(1 - 16 / 6 * 0.625 * 0.75**m, 0))
    close(bounds.expected_collapse_time(process, sharp=True), [1 + 0.9375 * 3, 1 + 16 * 0.625 / 2])
    # Two draws cannot show three tokens: min(support, n) takes the place of the support.
    close(bounds.expected_collapse_time(fully([0.5, 0.25, 0.25], 2), sharp=True).lower, 1 + 0.625 / 0.5)


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
        close(found, np.sqrt(np.where(np.arange(10) == 0, 3, tokens) * squares))


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

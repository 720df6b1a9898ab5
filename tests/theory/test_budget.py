"""Budgets are what direct evaluation says, on both sides of each answer."""

import functools
import math

import numpy as np
import pytest
from theory_cases import SHAPES, partially

from jaxcollapse import languages, theory
from jaxcollapse.theory import bounds, elementary_budget, exact_deviation

synthetic_budget, real_needed = theory.synthetic_budget, theory.real_needed

LONG = 400
"""Generations that stand for ever at the sizes here."""


def direct(p, n, real, generations):
    """The deviation at the last generation from theory.l1_first, which knows nothing of windows and linear systems."""
    return 0.0 if n == 0 or generations == 1 else theory.l1_first(partially(p, n, real), generations)[-1]


@functools.cache
def by_n(shape, real, generations, largest=45):
    p = SHAPES[shape]
    return np.array([direct(p, n, real, generations or 40 + 20 * n // real) for n in range(largest + 1)])


@pytest.mark.parametrize("generations", [2, 4, None])
@pytest.mark.parametrize("real", [2, 5, 12])
@pytest.mark.parametrize("shape", ["uniform", "dirichlet", "zero entries"])
def test_the_exact_budget_is_the_first_size_that_strays_too_far_less_one(shape, real, generations):
    curve = by_n(shape, real, generations)
    highest = curve.max()
    for epsilon in (*np.linspace(0.1, 0.97, 9) * highest, *(curve[[1, 2, 7]] - 1e-5), *(curve[[1, 2, 7]] + 1e-5)):
        found = synthetic_budget(SHAPES[shape], real=real, epsilon=epsilon, generations=generations)
        fails = np.flatnonzero(curve > epsilon)
        if len(fails):
            assert found.exact == fails[0] - 1, epsilon
        else:
            assert found.exact >= len(curve) - 1
        assert found.elementary <= found.exact
        assert found.note == ""


@pytest.mark.parametrize("generations", [2, 4, None])
@pytest.mark.parametrize("n", [1, 3, 8])
@pytest.mark.parametrize("shape", ["uniform", "zero entries"])
def test_the_exact_need_is_the_last_corpus_that_strays_too_far_plus_one(shape, n, generations):
    p = SHAPES[shape]
    curve = np.array([np.inf] + [direct(p, n, real, generations or 60) for real in range(1, 61)])
    for epsilon in np.linspace(curve[40], curve[1:].max() * 1.01, 7):
        fails = np.flatnonzero(curve > epsilon + 1e-9)
        found = real_needed(p, n=n, epsilon=epsilon + 1e-9, generations=generations)
        assert found.exact == fails[-1] + 1
        assert found.elementary >= found.exact


def test_deviations_agree_with_theory_and_with_long_runs():
    for shape, p in SHAPES.items():
        truth = elementary_budget.Truth(np.asarray(p, np.float32) / np.asarray(p, np.float32).sum(dtype=np.float64))
        for n, real in ((1, 7), (30, 3), (12, 40), (250, 20)):
            counts = exact_deviation.real_counts(truth, real)
            for generations in (2, 3, 15):
                found = exact_deviation.deviation(counts, n, real, generations)
                assert found == pytest.approx(direct(p, n, real, generations), rel=1e-7), (shape, n, real)
            assert exact_deviation.deviation(counts, n, real, math.inf) == pytest.approx(
                direct(p, n, real, LONG), rel=1e-7
            )
            assert exact_deviation.deviation(counts, n, real, 10**9) == exact_deviation.deviation(
                counts, n, real, math.inf
            )


def test_the_stationary_law_has_the_moments_that_it_must_have():
    for r, real, n in ((1, 4, 3), (5, 100, 900), (30, 60, 60)):
        ends = exact_deviation.windows(np.array([r]), n, real)
        law, x = exact_deviation.synthetic_law(r, n, real, math.inf, int(ends[0][0]), int(ends[1][0]))
        model, first = (r + x) / (real + n), r / real
        assert law @ model == pytest.approx(first, rel=1e-9)
        variance = first * (1 - first) * n / (real**2 + 2 * real * n + n)
        assert law @ (model - first) ** 2 == pytest.approx(variance, rel=1e-8)
        assert len(x) < 0.6 * n or n < 100


def test_without_limit_the_stationary_law_is_a_beta_law():
    p, real = languages.zipf(12), 6
    counts = exact_deviation.real_counts(elementary_budget.Truth(p.p), real)
    limit = counts[1] @ exact_deviation.beta_deviation(counts[0] / real, 2.0 * real)
    near = [exact_deviation.deviation(counts, n, real, math.inf) for n in (50, 200, 800)]
    assert (np.diff(near) > 0).all()
    assert near[-1] < limit < near[-1] * 1.005
    # E |B - 1/2| of Beta(2, 2) is 3/16: two tokens, two real ones, which differ half of the time.
    assert synthetic_budget([0.5, 0.5], real=2, epsilon=0.5 * 2 * 3 / 16 + 1e-9).exact == math.inf
    assert synthetic_budget([0.5, 0.5], real=2, epsilon=0.5 * 2 * 3 / 16 - 1e-3).exact < math.inf


@pytest.mark.parametrize("generations", [2, 3, 10, 200, None])
@pytest.mark.parametrize("real", [2, 10, 300])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_elementary_answers_are_those_of_the_bound(shape, real, generations):
    p = SHAPES[shape]
    truth = elementary_budget.Truth(np.asarray(p, float))

    def bound(n, corpus=real):
        return bounds.elementary(partially(p, n, corpus), generations or 60 + 12 * n // corpus)[-1]

    for epsilon in (0.003, 0.05, 0.2, 0.4, 0.55):
        n = elementary_budget.elementary_budget(truth, real, epsilon, generations or math.inf)
        if 0 < n < math.inf:
            assert bound(n) <= epsilon * (1 + 1e-6)
        if n < 1000:
            assert bound(n + 1) > epsilon * (1 - 1e-6)
        if n == math.inf:
            assert max(bound(trial) for trial in (1, 20, 300)) <= epsilon * (1 + 1e-6)
        needed = elementary_budget.elementary_need(truth, 7, epsilon, generations or math.inf)
        assert bound(7, needed) <= epsilon * (1 + 1e-6)
        assert needed == 1 or bound(7, needed - 1) > epsilon * (1 - 1e-6)


def test_the_papers_answers_are_those_of_corollary_11():
    p = languages.seddik()
    for real, epsilon in ((10**6, 0.1), (10**8, 0.02), (100, 0.1)):
        found = synthetic_budget(p, real=real, epsilon=epsilon)
        assert found.paper == math.floor(bounds.corollary_11(600, real, epsilon))
    assert synthetic_budget(p, real=10**8, epsilon=0.1).paper == 6
    for n, epsilon in ((1, 0.1), (3, 0.5), (9, 1.0)):
        needed = real_needed(p, n=n, epsilon=epsilon, generations=1).paper
        assert bounds.corollary_11(600, needed, epsilon) >= n - 1e-9
        assert bounds.corollary_11(600, needed - 1, epsilon) < n
    # (11) never allows more than 2 pi e^-2 (s - 2) tokens, and asks for exponentially many real ones.
    assert real_needed([0.5, 0.5], n=1, epsilon=0.5).paper == math.inf
    assert real_needed(p, n=700, epsilon=1.9, generations=1).paper == math.inf
    assert real_needed(p, n=100, epsilon=0.1, generations=1).paper == pytest.approx(
        6 * math.e * 600 / math.sqrt(2 * math.pi) / 0.1 * math.exp(100 * math.e**2 / (2 * math.pi)), rel=1e-9
    )


def test_the_figures_of_the_paper():
    p = languages.seddik()
    found = [synthetic_budget(p, real=100, epsilon=epsilon)[:3] for epsilon in (0.05, 0.1, 0.2, 0.5)]
    assert found == [(0, 0, 3), (0, 2, 10), (0, 10, 74), (0, math.inf, math.inf)]
    assert real_needed(p, n=10, epsilon=0.1)[1:3] == (207, 97)
    for n, more in ((10, 11), (74, 75)):
        epsilon = 0.1 if n == 10 else 0.2
        assert direct(p, n, 100, 30) <= epsilon < direct(p, more, 100, 30)


def test_what_asks_for_nothing_gets_everything():
    p = languages.zipf(9)
    assert synthetic_budget(p, real=30, epsilon=1e-3, generations=1)[1:3] == (math.inf, math.inf)
    assert synthetic_budget(p, real=1, epsilon=1e-3)[1:3] == (math.inf, math.inf)  # a Dirac mass for ever
    assert synthetic_budget([1.0, 0.0], real=50, epsilon=1e-9)[1:3] == (math.inf, math.inf)
    assert synthetic_budget(p, real=30, epsilon=0.75)[1:3] == (math.inf, math.inf)
    assert real_needed(p, n=9, epsilon=1e-3, generations=1)[1:3] == (1, 1)
    assert real_needed([0.0, 1.0], n=9, epsilon=1e-3)[1:3] == (1, 1)
    # No bound of this kind exceeds sqrt(1/2): min(s~, N) H/(2N + 1) is below N/(2N + 1).
    for vocab in (2, 5000):
        assert synthetic_budget(languages.uniform(vocab), real=40, epsilon=0.5**0.5).elementary == math.inf
    # In three generations very many tokens cannot drift far: a budget for ever is smaller.
    brief, for_ever = (synthetic_budget(p, real=30, epsilon=0.2, generations=last).exact for last in (3, None))
    assert brief == math.inf
    assert for_ever == 34


def test_budgets_grow_with_what_is_allowed():
    p = languages.zipf(30)
    for field in ("elementary", "exact"):
        for_epsilon = [getattr(synthetic_budget(p, real=40, epsilon=e), field) for e in (0.02, 0.05, 0.1, 0.2, 0.5)]
        for_real = [getattr(synthetic_budget(p, real=real, epsilon=0.1), field) for real in (10, 30, 100, 200)]
        for_n = [getattr(real_needed(p, n=n, epsilon=0.1), field) for n in (1, 3, 10, 30)]
        assert (np.diff(for_epsilon) >= 0).all()
        assert (np.diff(for_real) >= 0).all()
        assert (np.diff(for_n) >= 0).all()
        back = synthetic_budget(p, real=int(for_n[2]), epsilon=0.1)
        assert getattr(back, field) >= 10


@pytest.mark.parametrize("half_life", [1, 2, 30, math.inf])
@pytest.mark.parametrize("n", [1, 10, 1000])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9, 0.99])
def test_a_half_life_is_that_of_the_heterozygosity(n, kept, half_life):
    p = languages.zipf(40)
    last = 5000 if half_life == math.inf else half_life

    def left(real):
        curve = theory.heterozygosity(partially(p, n, real), last)
        return curve[-1] / curve[0]

    found = real_needed(p, n=n, half_life=half_life, kept=kept)
    assert found.paper == found.exact <= found.elementary
    assert left(found.exact) >= kept * (1 - 1e-9)
    assert found.exact == 1 or left(found.exact - 1) < kept
    assert left(found.elementary) >= kept * (1 - 1e-9)


def test_three_real_tokens_never_halve():
    for n in (1, 50, 10**9):
        assert real_needed([0.6, 0.4], n=n, half_life=math.inf)[:3] == (3, 3, 3)
    assert real_needed([0.6, 0.4], n=5, half_life=1).exact == 2
    assert real_needed([0.0, 1.0], n=5, half_life=math.inf)[:3] == (1, 1, 1)
    # Half of what is left is what the next one of twice the size loses: N is about 3/(2 (1 - kept)) for huge n.
    assert real_needed([0.6, 0.4], n=10**9, half_life=math.inf, kept=0.999).exact == pytest.approx(1500, abs=1)


def test_what_costs_too_much_is_told():
    found = synthetic_budget(languages.zipf(200), real=4000, epsilon=0.08)
    assert found.exact is None
    assert found.elementary == 735
    assert "multiplications; the diffusion limit gives about" in found.note
    about = float(found.note.split()[-1])
    assert found.elementary < about < math.inf
    refused = synthetic_budget(languages.zipf(1000), real=10**9, epsilon=1e-5)
    assert refused.exact is None
    assert "real tokens; the elementary bound is" in refused.note


BAD = [
    ({"real": 0, "epsilon": 0.1}, "real must be between 1"),
    ({"real": 2.5, "epsilon": 0.1}, "real must be a whole number"),
    ({"real": 5, "epsilon": 0.0}, "epsilon must be a number above 0"),
    ({"real": 5, "epsilon": "small"}, "epsilon must be a number above 0"),
    ({"real": 5, "epsilon": 0.1, "generations": 0}, "generations must be between 1"),
]
BAD_NEED = [
    ({"n": 5}, "either epsilon or half_life, got epsilon=None and half_life=None"),
    ({"n": 5, "epsilon": 0.1, "half_life": 3}, "either epsilon or half_life"),
    ({"n": 0, "epsilon": 0.1}, "n must be between 1"),
    ({"n": 5, "half_life": 2.5}, "half_life must be a whole number"),
    ({"n": 5, "half_life": 3, "generations": 4}, "generations=4 goes with epsilon"),
    ({"n": 5, "half_life": 3, "kept": 1.0}, "kept must be a number above 0 and below 1"),
]


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [(synthetic_budget, *case) for case in BAD] + [(real_needed, *case) for case in BAD_NEED],
)
def test_bad_input(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function([0.5, 0.5], **arguments)
    good = {"real": 5, "epsilon": 0.1} if function is synthetic_budget else {"n": 5, "epsilon": 0.1}
    with pytest.raises(ValueError, match="p must sum to one"):
        function([0.5, 0.6], **good)

"""The oracles of all regimes, against a second hand that saw the definitions only (tests/blind/brief_regimes.md)."""

import itertools

import numpy as np
import pytest
from blind import regimes_enumeration, regimes_moments
from theory_cases import assert_close, truth_of

import jaxcollapse as jc
from jaxcollapse import theory

given = jc.schedules.given
# A share or weight that float32 has exactly, or the second hand would hear of another number.
SMALL = {
    ("fully", (3, 2, 4)): jc.FullySynthetic(n=given([3, 2, 4])),
    ("partial", (3, 2, 4), 2): jc.PartiallySynthetic(n=given([3, 2, 4]), real=2),
    ("recent", 4, 2, False): jc.MostRecent(n=4, window=2),
    ("recent", (5, 4, 2), 2, False): jc.MostRecent(n=given([5, 4, 2]), window=2),
    ("recent", 3, 3, False): jc.MostRecent(n=3, window=3),
    ("recent", 4, 2, True): jc.MostRecent(n=4, window=2, reuse=True),
    ("recent", (3, 3, 6), 3, True): jc.MostRecent(n=given([3, 3, 6]), window=3, reuse=True),
    ("random", 3, "fresh"): jc.RandomlySampled(n=3),
    ("random", 3, "pool"): jc.RandomlySampled(n=3, reuse="pool"),
    ("accumulate", (2, 3)): jc.Accumulate(n=given([2, 3])),
    ("subsample", 3, 2, True): jc.AccumulateSubsample(n=3, budget=2, replacement=True),
    ("subsample", 2, 4, False): jc.AccumulateSubsample(n=2, budget=4),
    ("subsample", (3, 1, 2), 4, False): jc.AccumulateSubsample(n=given([3, 1, 2]), budget=4),
    ("fresh", 2, 1, 1.5): jc.FreshReal(n=2, real=1, weight=1.5),
    ("fresh", (2, 3), 2, 1): jc.FreshReal(n=given([2, 3]), real=2),
    ("fresh", 3, 0, 1): jc.FreshReal(n=3, real=0),
    ("fresh", 2, 2, 0): jc.FreshReal(n=2, real=2, weight=0.0),
    ("mixture", 3, 0.25): jc.Mixture(n=3, share=0.25),
    ("mixture", (2, 4), 1.0): jc.Mixture(n=given([2, 4]), share=1.0),
}
PREFIX = {
    ("random", 2, "prefix"): jc.RandomlySampled(n=2, reuse="prefix", generations=9),
    ("random", (2, 1, 3), "prefix"): jc.RandomlySampled(n=given([2, 1, 3]), reuse="prefix", generations=9),
}
MOMENTS_ONLY = {
    ("random", (3, 1, 2), "fresh"): jc.RandomlySampled(n=given([3, 1, 2])),
    ("random", (3, 1, 2), "pool"): jc.RandomlySampled(n=given([3, 1, 2]), reuse="pool"),
}
LARGER = {
    ("recent", 60, 5, False): jc.MostRecent(n=60, window=5),
    ("recent", 60, 5, True): jc.MostRecent(n=60, window=5, reuse=True),
    ("random", 40, "fresh"): jc.RandomlySampled(n=40),
    ("random", 40, "pool"): jc.RandomlySampled(n=40, reuse="pool"),
    ("random", 12, "prefix"): jc.RandomlySampled(n=12, reuse="prefix", generations=20),
    ("accumulate", 50): jc.Accumulate(n=50),
    ("subsample", 40, 25, True): jc.AccumulateSubsample(n=40, budget=25, replacement=True),
    ("subsample", 40, 100, False): jc.AccumulateSubsample(n=40, budget=100),
    ("fresh", 70, 9, 2.5): jc.FreshReal(n=70, real=9, weight=2.5),
    ("mixture", 45, 0.125): jc.Mixture(n=45, share=0.125),
    ("fully", (10, 20, 40)): jc.FullySynthetic(n=given([10, 20, 40])),
}
LANGUAGES = {"uneven": (0.5, 0.3, 0.2), "a zero": (0.75, 0.0, 0.25), "dirac": (0.0, 1.0)}
STATISTICS = ("heterozygosity", "simpson", "l2_first", "l2_truth")
OF_LAWS = ("support", "entropy", "collapsed", "l1_first", "l1_truth")


def listed(regime):
    """The second hand's form: sizes that change are lists."""
    return tuple(list(part) if isinstance(part, tuple) else part for part in regime)


def each(table):
    return pytest.mark.parametrize(("blind", "regime"), table.items(), ids=lambda value: str(value)[:60])


@each(SMALL | PREFIX | MOMENTS_ONLY)
def test_every_oracle_is_the_enumeration(blind, regime):
    generations = 3 if "prefix" in blind else 4
    known = STATISTICS if (blind, regime) in MOMENTS_ONLY.items() else STATISTICS + OF_LAWS
    for name, p in LANGUAGES.items():
        p = (0.625, 0.375) if "prefix" in blind and name != "dirac" else p
        process = jc.recursive_training(p, regime)
        exact = regimes_enumeration.expectation(listed(blind), tuple(truth_of(process)), generations)
        for statistic in known:
            assert_close(
                theory.ORACLES[statistic](process, generations), exact[statistic][0], err_msg=f"{statistic} of {name}"
            )


@each(SMALL | LARGER)
def test_second_moments_are_the_second_hands(blind, regime):
    for p in (jc.languages.zipf(12).p, np.array([0.25, 0.0, 0.75])):
        process = jc.recursive_training(p, regime)
        truth = truth_of(process)
        assert_close(theory.simpson(process, 15), regimes_moments.simpson(listed(blind), truth, 15))
        assert_close(theory.l2_first(process, 15)[1:], regimes_moments.l2_first(listed(blind), truth, 15)[1:])


@each(SMALL | PREFIX)
def test_one_tokens_law_gives_the_same_moments_and_the_rest(blind, regime):
    """What two roads lead to: sum E p_i^2 from each token's law, and the martingale E p_i = p_i."""
    generations = 3 if "prefix" in blind else 5
    process = jc.recursive_training((0.5, 0.25, 0.25), regime)
    squares = theory.additive(process, lambda q: q**2, generations)
    assert_close(squares, theory.simpson(process, generations))
    assert_close(theory.additive(process, lambda q: q, generations), 1.0)
    survival = theory.survival(process, generations, np.array([0.0, 0.25, 0.5]))
    assert_close(survival @ [0, 2, 1], theory.support(process, generations))
    counted = theory.spectrum(process, generations, largest=40)[1:]
    if "fresh" in blind and blind[-1] not in ("fresh", 1):
        assert (counted[1:] == -1).all()
    else:
        assert_close(counted.sum(axis=1), theory.support(process, generations)[1:])


# Closed forms of the literature, to 1e-12.

H, M = 1 - 0.3, np.arange(1, 31)


def diversity(regime, last=30):
    process = jc.recursive_training((0.4, 0.3, 0.2, 0.1), regime)
    curve = theory.heterozygosity(process, last)
    return curve[1:] / curve[0]


def assert_exactly(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("n", [1, 2, 7, 500])
def test_accumulated_data_and_fresh_random_samples(n):
    product = np.cumprod(1 - 1 / (n * M**2))
    assert_exactly(diversity(jc.Accumulate(n=n)), product)
    assert_exactly(diversity(jc.RandomlySampled(n=n)), product)
    if n > 1:
        root = np.pi / np.sqrt(n)
        assert diversity(jc.Accumulate(n=n), 2000)[-1] == pytest.approx(np.sin(root) / root, rel=1e-3)


@pytest.mark.parametrize(("n", "budget"), [(1, 3), (6, 6), (12, 5), (40, 200)])
def test_subsamples_of_a_pool(n, budget):
    lost = 1 - (1 - 1 / n) * (1 - 1 / budget)
    with_replacement = jc.AccumulateSubsample(n=n, budget=budget, replacement=True)
    assert_exactly(diversity(with_replacement), np.cumprod(1 - lost / M**2))
    # Without: Q is the concentration of the pool, here as diversity 1 - Q over 1 - S_0.
    pool, expected = 1 - 1 / n, []
    for m in M:
        size = m * n
        taken = min(budget, size)
        model = (1 - 1 / taken) * size / (size - 1) * pool if size > 1 else 0.0
        expected.append(model)
        pool = ((m * m + 2 * m) * pool + (1 - 1 / n) * model) / (m + 1) ** 2
    if n > 1:
        assert_exactly(diversity(jc.AccumulateSubsample(n=n, budget=budget)), expected)


def test_sizes_that_change():
    sizes = np.floor(5 * 1.2 ** np.arange(30))
    assert_exactly(diversity(jc.FullySynthetic(n=given(sizes.astype(int)))), np.cumprod(1 - 1 / sizes))


@pytest.mark.parametrize(("n", "real", "weight"), [(10, 4, None), (10, 4, 1.5), (3, 20, 0.25)])
def test_fresh_real_data(n, real, weight):
    omega = (weight or 1) * real / ((weight or 1) * real + n)
    error = [1 / real]
    for _ in M[1:]:
        error.append(omega**2 / real + (1 - omega) ** 2 / n + (1 - omega) ** 2 * (1 - 1 / n) * error[-1])
    assert_exactly(diversity(jc.FreshReal(n=n, real=real, weight=weight)), 1 - np.array(error))


def test_a_mixture_is_migration():
    n, share, error = 9, 0.25, [1 / 9]
    for _ in M[1:]:
        error.append(1 / n + (1 - share) ** 2 * (1 - 1 / n) * error[-1])
    assert_exactly(diversity(jc.Mixture(n=n, share=share)), 1 - np.array(error))


def test_numbers_that_the_science_page_quotes():
    zipf = jc.languages.zipf(8)
    reuse = {
        "prefix": jc.RandomlySampled(n=12, reuse="prefix", generations=12),
        "pool": jc.RandomlySampled(n=12, reuse="pool"),
        "afresh": jc.RandomlySampled(n=12),
    }
    found = {name: theory.simpson(jc.recursive_training(zipf, regime), 12)[12] for name, regime in reuse.items()}
    assert found == pytest.approx({"prefix": 0.445, "pool": 0.392, "afresh": 0.307}, abs=6e-4)
    kept, afresh = (
        theory.simpson(jc.recursive_training(zipf, jc.MostRecent(n=12, window=3, reuse=reuse)), 15)[15]
        for reuse in (True, False)
    )
    assert kept - afresh == pytest.approx(0.28, abs=5e-3)


@pytest.mark.parametrize("regime", [*SMALL.values(), *PREFIX.values()], ids=str)
def test_one_solver_serves_all(regime):
    """The closed forms of the first two regimes agree with it, and products of two generations are consistent."""
    process = jc.recursive_training((0.5, 0.3, 0.2), regime)
    h = theory.products(process, 6)
    np.testing.assert_allclose(h, h.T, rtol=0, atol=1e-15)
    assert_close(h[0], h[0, 0])  # every model's mean is the truth
    distances = h + h.T - np.add.outer(h.diagonal(), h.diagonal())  # E ||p^(u) - p^(v)||^2
    assert (distances >= -1e-14).all()


def test_closed_forms_and_the_solver_agree():
    for n, real in itertools.product((1, 3, 50), (1, 4, 60)):
        for regime in (jc.FullySynthetic(n=n), jc.PartiallySynthetic(n=n, real=real)):
            process = jc.recursive_training(jc.languages.zipf(20), regime)
            h = theory.products(process, 40)
            assert_close(h.diagonal(), theory.heterozygosity(process, 40), rtol=1e-12)
            assert_close(2 * h[1] - h[1, 1] - h.diagonal(), theory.l2_first(process, 40), rtol=1e-12, atol=1e-13)


def test_what_is_not_known_says_so():
    swept = jc.recursive_training((0.5, 0.5), jc.RandomlySampled(n=given([2, 3])))
    with pytest.raises(TypeError, match="RandomlySampled with one n"):
        theory.support(swept, 3)
    with pytest.raises(theory.OutOfRange, match="smaller sizes, fewer different probabilities, a shorter window"):
        theory.support(jc.recursive_training((0.5, 0.5), jc.MostRecent(n=1000, window=5)), 9)
    with pytest.raises(theory.OutOfRange, match="3000 of them at most, got 4 generations of 1000"):
        theory.simpson(
            jc.recursive_training((0.5, 0.5), jc.RandomlySampled(n=1000, reuse="prefix", generations=20)), 20
        )
    for known_for_two in (theory.expected_collapse_time, theory.stationary):
        with pytest.raises(TypeError, match="known for FullySynthetic and PartiallySynthetic with one n, got Mixture"):
            known_for_two(jc.recursive_training((0.5, 0.5), jc.Mixture(n=4, share=0.5)))

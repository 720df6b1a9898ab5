"""The exact theory of one token, of collapse and of ancestors, against a second hand that saw none of it."""

import itertools
import math

import numpy as np
import pytest
from blind import chain, enumeration, moments
from scipy import sparse
from theory_cases import (
    GENERATIONS,
    LANGUAGES,
    REGIMES,
    SHAPES,
    assert_close,
    blind_mean,
    blind_table,
    each,
    fully,
    partially,
    process_of,
    truth_of,
)

from jaxcollapse import languages, theory
from jaxcollapse.theory import bounds, one_token

# --- against the enumeration of every state ---


def one_by_one():
    """Every oracle in every small case."""
    for name, kind, language in itertools.product(theory.ORACLES, REGIMES, LANGUAGES):
        if name not in ("hill_0", "spectrum", "tail_mass"):
            yield name, kind, language


@pytest.mark.parametrize(("name", "kind", "language"), list(one_by_one()))
def test_every_expectation_is_that_of_the_enumeration(name, kind, language):
    for regime in REGIMES[kind]:
        wanted = blind_table(regime, LANGUAGES[language])[name][0]
        assert_close(
            theory.ORACLES[name](process_of(regime, LANGUAGES[language]), GENERATIONS), wanted, err_msg=str(regime)
        )


def test_hill_0_is_the_support():
    process = fully(LANGUAGES["uneven"], 4)
    assert (theory.ORACLES["hill_0"](process, 5) == theory.support(process, 5)).all()


@each()
def test_variance_of_the_support(kind, language):
    for regime in REGIMES[kind]:
        wanted = blind_table(regime, LANGUAGES[language])["support"][1]
        assert_close(theory.support_variance(process_of(regime, LANGUAGES[language]), GENERATIONS), wanted)


@each("fully")
def test_variance_of_the_heterozygosity(kind, language):
    for regime in REGIMES[kind]:
        wanted = blind_table(regime, LANGUAGES[language])["heterozygosity"][1]
        assert_close(theory.heterozygosity_variance(process_of(regime, LANGUAGES[language]), GENERATIONS), wanted)


@each()
def test_survival_of_each_token(kind, language):
    for regime in REGIMES[kind]:
        process = process_of(regime, LANGUAGES[language])
        wanted = blind_mean(regime, LANGUAGES[language], lambda counts: counts > 0)
        assert_close(theory.survival(process, GENERATIONS), np.vstack([truth_of(process) > 0, wanted]))


@pytest.mark.parametrize("regime", [("fully", 4), ("partial", 3, 2)])
def test_survival_of_tokens_that_the_truth_need_not_have(regime):
    p = np.array([0.25, 0.0, 1.0, 0.25, 1e-3])
    found = theory.survival(process_of(regime, LANGUAGES["half"]), 1, p)
    for column, x in zip(found.T, p, strict=True):
        law = enumeration.multinomial_law(enumeration.corpus_sizes(regime)[1], (x, 1 - x))
        assert_close(column, [x > 0, sum(weight for counts, weight in law if counts[0] > 0)])


@each("fully")
def test_the_winner(kind, language):
    for regime in REGIMES[kind]:
        process = process_of(regime, LANGUAGES[language])
        wanted = blind_mean(regime, LANGUAGES[language], lambda counts, n=regime[1]: counts == n)
        assert_close(theory.winner_probability(process, GENERATIONS), np.vstack([truth_of(process) == 1, wanted]))


@each()
def test_the_first_loss(kind, language):
    for regime in REGIMES[kind]:
        process = process_of(regime, LANGUAGES[language])
        listed = truth_of(process) > 0
        # A lost token never comes back in these regimes, so "by m" and "at m" are one.
        wanted = blind_mean(regime, LANGUAGES[language], lambda counts, listed=listed: np.any(counts[listed] == 0))
        assert_close(theory.first_loss_probability(process, GENERATIONS), np.concatenate([[0], wanted]))


@each()
def test_the_count_spectrum(kind, language):
    for regime in REGIMES[kind]:
        process = process_of(regime, LANGUAGES[language])
        wanted = blind_mean(
            regime, LANGUAGES[language], lambda counts: np.sum(counts[:, None] == np.arange(1, 11), axis=0)
        )
        assert_close(theory.spectrum(process, GENERATIONS), np.vstack([np.full(10, -1.0), wanted]))
        # Wider than every count there is, and narrower than most.
        assert theory.spectrum(process, 2, largest=50)[1:, 20:].sum() == 0
        assert_close(theory.spectrum(process, 2, largest=2), theory.spectrum(process, 2)[:, :2])


@each()
def test_any_additive_statistic(kind, language):
    cube_root_less_square = lambda q: np.cbrt(q) - q**2
    for regime in REGIMES[kind]:
        process = process_of(regime, LANGUAGES[language])
        wanted = blind_mean(
            regime, LANGUAGES[language], lambda counts: cube_root_less_square(counts / counts.sum()).sum()
        )
        at_truth = cube_root_less_square(truth_of(process)).sum()
        assert_close(theory.additive(process, cube_root_less_square, GENERATIONS), np.concatenate([[at_truth], wanted]))


@pytest.mark.parametrize("language", ["skewed", "zero entry", "rare"])
@pytest.mark.parametrize("kind", REGIMES)
def test_one_generation_is_the_beginning_of_six(kind, language):
    functions = [*theory.ORACLES.values(), theory.survival, theory.support_variance, theory.first_loss_probability]
    if kind == "fully":
        functions += [theory.winner_probability, theory.heterozygosity_variance, theory.support_branching]
        functions += [theory.survival_branching, bounds.collapse_probability]
    else:
        functions += [bounds.theorem_2, bounds.elementary]
    for function in functions:
        process = process_of(REGIMES[kind][-1], LANGUAGES[language])
        one, six = (np.asarray(function(process, generations)) for generations in (1, 6))
        if isinstance(function(process, 1), bounds.Bounds):
            one, six = one.T, six.T
        assert one.shape[0] == 2
        assert six.shape[0] == 7
        assert_close(one, six[:2], err_msg=function.__name__)


# --- against the blind recursions, for larger sizes ---

LARGER = [("fully", 150), ("partial", 60, 40), ("partial", 7, 90), ("partial", 90, 1)]


@pytest.mark.parametrize("regime", LARGER, ids=str)
@pytest.mark.parametrize("shape", SHAPES)
def test_expectations_of_larger_cases(regime, shape):
    process = process_of(regime, SHAPES[shape])
    p = truth_of(process)
    for name in chain.NAMES:
        assert_close(theory.ORACLES[name](process, 40), chain.curve(regime, p, name, 40), err_msg=name)
    simpson = moments.simpson(regime, p, 40)
    assert_close(theory.simpson(process, 40), simpson)
    assert_close(theory.heterozygosity(process, 40), 1 - simpson)
    assert_close(theory.l2_truth(process, 40), simpson - simpson[0])
    if regime[0] == "partial":
        assert_close(theory.l2_first(process, 40), moments.l2_first(regime, p, 40))
    else:
        assert_close(theory.l2_first(process, 40)[1:], simpson[1:] - simpson[1])
        assert_close(theory.heterozygosity_variance(process, 40), moments.simpson_variance(regime, p, 40))


def test_the_chain_of_one_token_has_the_second_moments_for_a_thousand_generations():
    process = fully(languages.zipf(40), 100)
    by_chain = theory.additive(process, lambda q: q * (1 - q), 1000)
    assert_close(by_chain, theory.heterozygosity(process, 1000), atol=0)  # rounding does not pile up


@pytest.mark.parametrize("n", [1, 2, 3, 10, 60])
@pytest.mark.parametrize("first", [0.5, 0.1, 0.999, 1.0, 0.0])
def test_expected_collapse_time_of_two_tokens(n, first):
    process = fully([first, 1 - first], n)
    assert_close(theory.expected_collapse_time(process), moments.collapse_time_two_tokens(n, tuple(truth_of(process))))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [1, 2, 25])
def test_expected_collapse_time_is_the_sum_of_the_tail(shape, n):
    process = fully(SHAPES[shape], n)
    rho = chain.curve(("fully", n), truth_of(process), "collapsed", 1500)  # what is left is below (1 - 1/25)^1500
    assert_close(theory.expected_collapse_time(process), np.sum(1 - rho), rtol=1e-9)


@pytest.mark.parametrize(
    ("tokens", "n", "generations"), [(10, 10, 17.50), (10, 50, 92.83), (52, 10, 18.31), (52, 100, 195.81)]
)
def test_expected_collapse_time_of_the_reference_cases(tokens, n, generations):
    assert theory.expected_collapse_time(fully(languages.uniform(tokens), n)) == pytest.approx(generations, abs=0.005)


def test_expected_collapse_time_with_real_data():
    assert theory.expected_collapse_time(partially([0.5, 0.5], 10, 2)) == math.inf
    assert theory.expected_collapse_time(partially([0.5, 0.5], 10, 1)) == 1
    assert theory.expected_collapse_time(partially([1.0, 0.0], 10, 5)) == 0
    assert theory.expected_collapse_time(fully([1.0, 0.0], 10)) == 0


@pytest.mark.parametrize("n", [10, 100, 1000])
@pytest.mark.parametrize("tokens", [2, 10, 10_000])
def test_expected_collapse_time_in_the_diffusion_limit(n, tokens):
    process = fully(languages.uniform(tokens), n)
    p = truth_of(process)
    limit = theory.expected_collapse_time_diffusion(process)
    assert_close(limit, -2 * n * np.sum((1 - p) * np.log(1 - p)))
    # Measured: too large by (ln n)/3 and 0.49 (two tokens) to 0.74 (very many).
    assert 0.48 < limit - theory.expected_collapse_time(process) - math.log(n) / 3 < 0.75


def test_the_winner_is_in_the_end_drawn_from_the_truth():
    process = fully([0.5, 0.3, 0.2], 20)
    assert_close(theory.winner_probability(process, 2000)[-1], truth_of(process))  # Proposition 1


# --- the dual: ancestors ---


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [1, 2, 40])
def test_ancestors_give_the_support_and_the_collapse(shape, n):
    process = fully(SHAPES[shape], n)
    p = truth_of(process)
    law = theory.ancestors(n, 50)
    assert law.shape == (50, n + 1)
    assert_close(law.sum(axis=1), 1)
    powers = np.arange(n + 1)
    all_the_same = np.sum(p[:, None] ** powers, axis=0)
    none = np.sum((1 - p[:, None]) ** powers, axis=0)
    assert_close(law @ all_the_same, theory.collapse_probability(process, 50)[1:])
    assert_close(law @ (len(p) - none), theory.support(process, 50)[1:])


def test_ancestors_of_three():
    # By hand: three tokens have 1, 2 or 3 parents with chances 1/9, 6/9, 2/9; two have 1 or 2 with 1/3, 2/3.
    assert_close(theory.ancestors(3, 3), [[0, 0, 0, 1], [0, 1 / 9, 6 / 9, 2 / 9], [0, 29 / 81, 48 / 81, 4 / 81]])


# --- the sparse matrix ---


def test_the_sparse_matrix_gives_what_the_dense_one_gives(monkeypatch):
    n, p = 700, languages.zipf(60)
    dense = one_token._transition(n)
    functions = [theory.entropy, theory.collapse_probability, theory.spectrum, theory.l1_truth, theory.survival]
    functions += [theory.winner_probability]
    wanted = [function(fully(p, n), 25) for function in functions]
    monkeypatch.setattr(one_token, "DENSE", 100)
    matrix = one_token._transition(n)
    assert sparse.issparse(matrix)
    assert 0.2 < matrix.nnz / dense.size < 0.7  # something was left out, or this would test nothing
    assert np.abs(matrix.toarray() - dense).max() < 1e-17
    for function, exact in zip(functions, wanted, strict=True):
        assert_close(function(fully(p, n), 25), exact, atol=1e-15, err_msg=function.__name__)

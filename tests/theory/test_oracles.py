"""Every oracle against a second hand that saw none of it, and against what must rise and what must fall."""

import itertools

import numpy as np
import pytest
from blind import chain, moments
from theory_cases import (
    GENERATIONS,
    LANGUAGES,
    REGIMES,
    SHAPES,
    assert_close,
    blind_table,
    fully,
    partially,
    process_of,
    truth_of,
)

from jaxcollapse import languages, theory
from jaxcollapse.theory import bounds


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

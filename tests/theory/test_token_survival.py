"""Survival of tokens against a second hand that saw none of it."""

import numpy as np
import pytest
from blind import enumeration
from theory_cases import (
    GENERATIONS,
    LANGUAGES,
    REGIMES,
    assert_close,
    blind_mean,
    blind_table,
    each,
    partially,
    process_of,
    truth_of,
)

from jaxcollapse import theory


@each()
def test_variance_of_the_support(kind, language):
    for regime in REGIMES[kind]:
        wanted = blind_table(regime, LANGUAGES[language])["support"][1]
        assert_close(theory.support_variance(process_of(regime, LANGUAGES[language]), GENERATIONS), wanted)


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


def test_survival_of_a_very_rare_token_beside_real_data():
    assert_close(theory.survival(partially([0.5, 0.5], 3, 4), 2, np.array([1e-17]))[1:, 0], 4e-17, rtol=1e-9, atol=0)

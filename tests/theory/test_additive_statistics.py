"""Sums over tokens against a second hand that saw none of them."""

import numpy as np
from theory_cases import (
    GENERATIONS,
    LANGUAGES,
    REGIMES,
    assert_close,
    blind_mean,
    each,
    fully,
    process_of,
    truth_of,
)

from jaxcollapse import languages, theory


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


def test_the_chain_of_one_token_has_the_second_moments_for_a_thousand_generations():
    process = fully(languages.zipf(40), 100)
    by_chain = theory.additive(process, lambda q: q * (1 - q), 1000)
    assert_close(by_chain, theory.heterozygosity(process, 1000), atol=0)  # rounding does not pile up

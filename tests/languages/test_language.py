"""The class of languages: an array with names for its tokens."""

import numpy as np
import pytest

import jaxcollapse as jc


def test_a_language_is_an_array():
    language = jc.languages.zipf(10)
    np.testing.assert_array_equal(np.asarray(language), language.p)
    assert jc.recursive_training(language, jc.FullySynthetic(n=5)).vocabulary == 10
    assert language.most_frequent(100) is language
    cut = jc.languages.from_counts({"x": 1, "y": 5, "z": 3}).most_frequent(2)
    assert list(cut.tokens) == ["y", "z"]
    assert cut.source["mass_kept"] == pytest.approx(8 / 9)

"""The even split of a corpus is exact where it says so, and else not too small."""

import numpy as np
import pytest
from theory_cases import (
    mean_split,
)

from jaxcollapse import languages
from jaxcollapse.theory import bounds
from jaxcollapse.theory.bounds import split


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

"""Ancestors lead to the same support and collapse as the law of one token."""

import numpy as np
import pytest
from theory_cases import (
    SHAPES,
    assert_close,
    fully,
    truth_of,
)

from jaxcollapse import theory


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

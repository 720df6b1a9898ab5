"""Bounds on fully synthetic training hold, and are those of the papers."""

import math

import numpy as np
import pytest
from theory_cases import (
    SHAPES,
    assert_close,
    fully,
    partially,
)

from jaxcollapse import languages, theory
from jaxcollapse.theory import bounds


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
    assert_close(found.lower[1:], np.maximum(lower, 0))
    assert_close(found.upper[1:], upper)
    assert_close(bounds.expected_collapse_time(process), [1 + 0.9375 * 3, 1 + 0.625 * 12])
    sharp = bounds.collapse_probability(process, 20, sharp=True)
    assert_close(sharp.lower[1:], np.maximum(1 - 16 / 6 * 0.625 * 0.75**m, 0))
    assert_close(bounds.expected_collapse_time(process, sharp=True), [1 + 0.9375 * 3, 1 + 16 * 0.625 / 2])
    # Two draws cannot show three tokens: min(support, n) takes the place of the support.
    assert_close(bounds.expected_collapse_time(fully([0.5, 0.25, 0.25], 2), sharp=True).lower, 1 + 0.625 / 0.5)


def test_bounds_of_a_dirac_mass_are_what_happens():
    process = fully([1.0, 0.0], 5)
    for sharp in (False, True):
        assert bounds.expected_collapse_time(process, sharp=sharp) == (0, 0)
        assert (np.array(bounds.collapse_probability(process, 4, sharp=sharp)) == 1).all()


def test_documented_numbers():
    uniform = languages.uniform
    assert round(math.exp(bounds.log_theorem_3(partially(uniform(600), 10, 100)))) == 24_923
    found = bounds.expected_collapse_time(fully(uniform(52), 100))
    assert tuple(round(bound) for bound in found) == (100, 9711)


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

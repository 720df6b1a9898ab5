"""Families of curves: their gradients are derivatives."""

import numpy as np
import pytest

from jaxcollapse.analysis import curve_families


@pytest.mark.parametrize(
    "model",
    [
        curve_families.exponential(),
        curve_families.exponential_with_floor(),
        curve_families.power_law(),
        curve_families.polynomial(3),
    ],
)
def test_gradients_are_derivatives(model):
    x = np.array([1.0, 2, 4, 7])
    theta = np.array([0.3, 2.0, 0.5, 0.1][: len(model.parameters)])
    step = 1e-6 * np.eye(len(theta))
    numeric = np.stack([(model.curve(x, theta + h) - model.curve(x, theta - h)) / 2e-6 for h in step], axis=-1)
    np.testing.assert_allclose(model.gradient(x, theta), numeric, rtol=1e-5)

"""The families of curves that are fitted: each with its derivatives and a starting point for the optimiser.

Their functions are functions of this module, not closures, so that a fit can be pickled.
"""

from __future__ import annotations

import functools

import numpy as np

from jaxcollapse.analysis.least_squares import CurveFamily

RATES = 60
"""The number of rates tried for a starting point, where a floor makes the logarithm useless."""


def exponential() -> CurveFamily:
    """Return the family ``amplitude * exp(-rate * m)`` of the generation m."""
    formula = "amplitude * exp(-rate * m)"
    return CurveFamily("exponential", formula, ("rate", "amplitude"), _decay, _decay_gradient, _decay_start)


def exponential_with_floor() -> CurveFamily:
    """Return the family ``floor + amplitude * exp(-rate * m)``; the amplitude of a curve that rises is negative."""
    formula = "floor + amplitude * exp(-rate * m)"
    names = ("rate", "amplitude", "floor")
    return CurveFamily("exponential with a floor", formula, names, _settling, _settling_gradient, _settling_start)


def power_law() -> CurveFamily:
    """Return the family ``amplitude * n^exponent`` of the sample size n."""
    formula = "amplitude * n^exponent"
    return CurveFamily("power law", formula, ("exponent", "amplitude"), _power, _power_gradient, _power_start)


def polynomial(degree: int) -> CurveFamily:
    """Return the family ``c0 + c1 n + ... + cd n^d``; the highest coefficient, which is asked for, comes first."""
    terms = ["c0", "c1 * n"] + [f"c{k} * n^{k}" for k in range(2, degree + 1)]
    return CurveFamily(
        f"polynomial of degree {degree}",
        " + ".join(terms),
        tuple(f"c{k}" for k in range(degree, -1, -1)),
        functools.partial(_sum_of_powers, degree),
        functools.partial(_powers, degree),
        functools.partial(_powers_start, degree),
    )


def _decay(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return theta[..., 1:2] * np.exp(-theta[..., 0:1] * x)


def _decay_gradient(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    height = np.exp(-theta[..., 0:1] * x)
    return np.stack([-theta[..., 1:2] * x * height, height], axis=-1)


def _decay_start(x: np.ndarray, mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    # A straight line through the logarithm, weighted alike, is close enough.
    positive = np.maximum(mean, 1e-300)
    slope, level = np.polyfit(x, np.log(positive), 1, w=positive / error)
    return np.array([-slope, np.exp(level)])


def _settling(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return theta[..., 2:3] + _decay(x, theta)


def _settling_gradient(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    inner = _decay_gradient(x, theta)
    return np.concatenate([inner, np.ones_like(inner[..., :1])], axis=-1)


def _settling_start(x: np.ndarray, mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    # Given the rate the rest is linear: the best of many rates.
    best: tuple[float, np.ndarray] | None = None
    for rate in np.geomspace(0.05, 50, RATES) / np.ptp(x):
        columns = np.stack([np.exp(-rate * x), np.ones_like(x)], axis=1)
        found, *_ = np.linalg.lstsq(columns / error[:, None], mean / error, rcond=None)
        misfit = float(np.sum(((columns @ found - mean) / error) ** 2))
        if best is None or misfit < best[0]:
            best = misfit, np.array([rate, *found])
    assert best is not None
    return best[1]


def _power(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return theta[..., 1:2] * x ** theta[..., 0:1]


def _power_gradient(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    height = x ** theta[..., 0:1]
    return np.stack([theta[..., 1:2] * height * np.log(x), height], axis=-1)


def _power_start(x: np.ndarray, mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    positive = np.maximum(mean, 1e-300)
    slope, level = np.polyfit(np.log(x), np.log(positive), 1, w=positive / error)
    return np.array([slope, np.exp(level)])


def _columns(degree: int, x: np.ndarray) -> np.ndarray:
    return x[:, None] ** np.arange(degree, -1, -1)


def _sum_of_powers(degree: int, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return theta @ _columns(degree, x).T


def _powers(degree: int, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    columns = _columns(degree, x)
    return np.broadcast_to(columns, (*theta.shape[:-1], *columns.shape))


def _powers_start(degree: int, x: np.ndarray, mean: np.ndarray, error: np.ndarray) -> np.ndarray:
    return np.polyfit(x, mean, degree, w=1 / error)

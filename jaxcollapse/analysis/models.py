"""The families of curves that are fitted: each with its derivatives and a place to begin."""

from __future__ import annotations

import numpy as np

from jaxcollapse.analysis.least_squares import Model

RATES = 60
"""Rates tried for a start where a floor makes the logarithm useless."""


def exponential() -> Model:
    """``amplitude * exp(-rate * m)``."""

    def curve(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return theta[..., 1:2] * np.exp(-theta[..., 0:1] * x)

    def gradient(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        height = np.exp(-theta[..., 0:1] * x)
        return np.stack([-theta[..., 1:2] * x * height, height], axis=-1)

    def start(x: np.ndarray, mean: np.ndarray, error: np.ndarray) -> np.ndarray:
        # A straight line through the logarithm, weighted alike, is close enough.
        positive = np.maximum(mean, 1e-300)
        slope, level = np.polyfit(x, np.log(positive), 1, w=positive / error)
        return np.array([-slope, np.exp(level)])

    return Model("exponential", "amplitude * exp(-rate * m)", ("rate", "amplitude"), curve, gradient, start)


def exponential_with_floor() -> Model:
    """``floor + amplitude * exp(-rate * m)``; the amplitude may be negative, of a curve that rises."""
    plain = exponential()

    def curve(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return theta[..., 2:3] + plain.curve(x, theta)

    def gradient(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        inner = plain.gradient(x, theta)
        return np.concatenate([inner, np.ones_like(inner[..., :1])], axis=-1)

    def start(x: np.ndarray, mean: np.ndarray, error: np.ndarray) -> np.ndarray:
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

    formula = "floor + amplitude * exp(-rate * m)"
    return Model("exponential with a floor", formula, ("rate", "amplitude", "floor"), curve, gradient, start)


def power_law() -> Model:
    """``amplitude * n^exponent``."""

    def curve(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return theta[..., 1:2] * x ** theta[..., 0:1]

    def gradient(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        height = x ** theta[..., 0:1]
        return np.stack([theta[..., 1:2] * height * np.log(x), height], axis=-1)

    def start(x: np.ndarray, mean: np.ndarray, error: np.ndarray) -> np.ndarray:
        positive = np.maximum(mean, 1e-300)
        slope, level = np.polyfit(np.log(x), np.log(positive), 1, w=positive / error)
        return np.array([slope, np.exp(level)])

    return Model("power law", "amplitude * n^exponent", ("exponent", "amplitude"), curve, gradient, start)


def polynomial(degree: int) -> Model:
    """``c0 + c1 n + ... + cd n^d``; the parameters come highest first, for it is what is asked for."""
    powers = np.arange(degree, -1, -1)

    def gradient(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        columns = x[:, None] ** powers
        return np.broadcast_to(columns, (*theta.shape[:-1], *columns.shape))

    def curve(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return theta @ (x[:, None] ** powers).T

    def start(x: np.ndarray, mean: np.ndarray, error: np.ndarray) -> np.ndarray:
        return np.polyfit(x, mean, degree, w=1 / error)

    terms = ["c0", "c1 * n"] + [f"c{k} * n^{k}" for k in range(2, degree + 1)]
    names = tuple(f"c{k}" for k in powers)
    return Model(f"polynomial of degree {degree}", " + ".join(terms), names, curve, gradient, start)

"""Generalised least squares for mean curves, where the unit is the chain.

The means of a curve's points are correlated, for a chain's next model is drawn from its last. Their covariance is
estimated from the chains as that of a Markov chain (antedependence of order one: a point depends on those before it
through the last alone, which is exact for the heterozygosity and for survival), and smoothed along the curve, for
weights that follow the noise of single points bias the fit. Errors do not rest on it: they come from leaving out one
chain at a time, weights and all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import optimize, stats

BLOCKS = 1000
"""The most units that are left out in turn; more chains are taken in equal blocks, whose means are as independent."""
BINS = 6
"""The number of stretches of the curve whose mean residuals are judged together."""
CUBIC, QUADRATIC = 3, 2
"""The degrees of the polynomials that smooth variances and correlations along the curve."""


class CurveFamily(NamedTuple):
    """A family of curves with its derivatives.

    Attributes:
      name: the name of the family, for people.
      formula: the formula of the curve, with the names of the parameters.
      parameters: the names of the parameters; the first is the one that the fit is made for.
      curve: the values of curves, ``(x [points], theta [..., parameters]) -> [..., points]``.
      gradient: their derivatives by theta, ``(x, theta) -> [..., points, parameters]``.
      start: parameters to begin from, ``(x, mean, error) -> theta``.
    """

    name: str
    formula: str
    parameters: tuple[str, ...]
    curve: Callable[[np.ndarray, np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray, np.ndarray], np.ndarray]
    start: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclasses.dataclass(frozen=True)
class Points:
    """The values of the chains at the points of a curve.

    Attributes:
      x: the generations or sample sizes, ``[points]``.
      samples: the values of each unit, which is a chain or the mean of a block of chains, ``[units, points]``.
      along: where the points lie when variances are smoothed along them, ``[points]``.
      correlated: whether neighbouring points depend on one another.
    """

    x: np.ndarray
    samples: np.ndarray
    along: np.ndarray
    correlated: bool

    @property
    def mean(self) -> np.ndarray:
        """The mean over units, ``[points]``."""
        return self.samples.mean(axis=0)

    @property
    def error(self) -> np.ndarray:
        """The standard error of the mean, ``[points]``."""
        return self.samples.std(axis=0, ddof=1) / np.sqrt(len(self.samples))

    def part(self, index: np.ndarray) -> Points:
        """Return some of the points, by their index."""
        return dataclasses.replace(self, x=self.x[index], samples=self.samples[:, index], along=self.along[index])


class Solution(NamedTuple):
    """The solution of a least-squares problem.

    Attributes:
      theta: the parameters, ``[parameters]``.
      covariance: the covariance of the parameters, by the jackknife, ``[parameters, parameters]``.
      standardised: the residuals ``mean - curve``, decorrelated and divided by their standard errors, ``[points]``.
      chi_square: the sum of the squared standardised residuals.
      p_value: the p-value of the residuals, by their own covariance over units; NaN when too few points are left.
    """

    theta: np.ndarray
    covariance: np.ndarray
    standardised: np.ndarray
    chi_square: float
    p_value: float


def blocks(samples: np.ndarray) -> np.ndarray:
    """Return the chains, or the means of at most :data:`BLOCKS` equal blocks of them, as units, ``[units, points]``.

    Chains at the end that do not fill a block are left out.

    Example:
      >>> blocks(np.arange(4002.0).reshape(2001, 2)).shape
      (667, 2)
    """
    size = -(-len(samples) // BLOCKS)
    whole = len(samples) // size
    return samples[: whole * size].reshape(whole, size, -1).mean(axis=1)


class Weights(NamedTuple):
    """The transformation that makes residuals of the mean independent: ``(r_j - slope_j r_{j-1}) / scale_j``.

    Attributes:
      slope: the regression of each residual on the one before it, ``[..., points - 1]``.
      scale: the standard error of what is left, ``[..., points]``.
    """

    slope: np.ndarray
    scale: np.ndarray

    def __call__(self, residual: np.ndarray) -> np.ndarray:
        """Whiten residuals ``[..., points]``."""
        white = np.array(residual, dtype=np.float64)
        white[..., 1:] -= self.slope * residual[..., :-1]
        return white / self.scale

    def of_gradient(self, gradient: np.ndarray) -> np.ndarray:
        """Whiten a gradient ``[..., points, parameters]`` along the points."""
        along_last = Weights(self.slope[..., None, :], self.scale[..., None, :])
        return np.swapaxes(along_last(np.swapaxes(gradient, -1, -2)), -1, -2)


def _smoother(along: np.ndarray, degree: int) -> np.ndarray:
    """Return the projection on polynomials along the curve, ``[points, points]``; of lower degree for few points."""
    width = np.ptp(along)
    at = 2 * (along - along.min()) / width - 1 if width > 0 else np.zeros_like(along)
    basis = np.polynomial.legendre.legvander(at, max(0, min(degree, (len(along) - 1) // 3)))
    return basis @ np.linalg.pinv(basis)


def _weights(points: Points, variance: np.ndarray, covariance: np.ndarray) -> Weights:
    """Make weights from the variances ``[..., points]`` of the means and their neighbours' covariances."""
    least = 1e-12 * variance.max(axis=-1, keepdims=True)
    variance = np.maximum(variance, least)
    smooth = np.exp(np.log(variance) @ _smoother(points.along, CUBIC).T)
    if not points.correlated:
        return Weights(np.zeros(covariance.shape), np.sqrt(smooth))
    correlation = np.clip(covariance / np.sqrt(variance[..., 1:] * variance[..., :-1]), -0.9999, 0.9999)
    middle = (points.along[1:] + points.along[:-1]) / 2
    correlation = np.tanh(np.arctanh(correlation) @ _smoother(middle, QUADRATIC).T)
    left = np.concatenate([smooth[..., :1], smooth[..., 1:] * (1 - correlation**2)], axis=-1)
    return Weights(correlation * np.sqrt(smooth[..., 1:] / smooth[..., :-1]), np.sqrt(left))


def weights(points: Points) -> Weights:
    """Return the weights of the means over all units."""
    units, apart = len(points.samples), points.samples - points.mean
    scale = 1 / (units * (units - 1))
    return _weights(points, (apart**2).sum(axis=0) * scale, (apart[:, 1:] * apart[:, :-1]).sum(axis=0) * scale)


def _without_one(points: Points) -> tuple[np.ndarray, Weights]:
    """Return, for each unit, the mean of all others, ``[units, points]``, and the weights that belong to it."""
    units, apart = len(points.samples), points.samples - points.mean
    own, neighbours = apart**2, apart[:, 1:] * apart[:, :-1]
    whole, scale = units / (units - 1), 1 / ((units - 1) * (units - 2))
    variance = np.maximum(own.sum(axis=0) - whole * own, 0) * scale
    covariance = (neighbours.sum(axis=0) - whole * neighbours) * scale
    return points.mean - apart / (units - 1), _weights(points, variance, covariance)


@np.errstate(all="ignore")
def minimise(model: CurveFamily, x: np.ndarray, mean: np.ndarray, weigh: Weights, start: np.ndarray) -> np.ndarray:
    """Return the parameters that minimise the whitened squared residuals of one mean curve, ``[parameters]``."""
    scale = np.maximum(np.abs(start), 1e-8 * np.abs(start).max() + 1e-300)
    found = optimize.least_squares(
        lambda theta: weigh(model.curve(x, theta * scale) - mean),
        start / scale,
        lambda theta: weigh.of_gradient(model.gradient(x, theta * scale)) * scale,
        method="lm",
        xtol=1e-12,
        ftol=1e-12,
    )
    return found.x * scale


@np.errstate(all="ignore")
def _newton(
    model: CurveFamily, x: np.ndarray, mean: np.ndarray, weigh: Weights, theta: np.ndarray, steps: int
) -> np.ndarray:
    """Take a few Gauss-Newton steps for many curves at once, from ``theta [units, parameters]``."""
    for _ in range(steps if np.isfinite(theta).all() else 0):
        residual = weigh(mean - model.curve(x, theta))
        gradient = weigh.of_gradient(model.gradient(x, theta))
        scale = np.sqrt((gradient**2).sum(axis=-2, keepdims=True))
        scaled = gradient / scale
        normal = np.swapaxes(scaled, -1, -2) @ scaled
        try:
            step = np.linalg.solve(normal, np.swapaxes(scaled, -1, -2) @ residual[..., None])
        except np.linalg.LinAlgError:
            return np.full_like(theta, np.nan)
        theta = theta + step[..., 0] / scale[..., 0, :]
    return theta


@np.errstate(all="ignore")
def solve(model: CurveFamily, points: Points) -> Solution:
    """Fit a family of curves to the mean; the jackknife leaves out each unit in turn, weights and all."""
    units = len(points.samples)
    weigh = weights(points)
    theta = minimise(model, points.x, points.mean, weigh, model.start(points.x, points.mean, points.error))
    mean, weigh_each = _without_one(points)
    each = _newton(model, points.x, mean, weigh_each, np.repeat(theta[None], units, axis=0), steps=2)
    apart = each - each.mean(axis=0)
    covariance = (units - 1) / units * apart.T @ apart
    if not np.isfinite(covariance).all():
        # Without one of the units nothing is left that fixes the parameters: their errors are without bound.
        return Solution(theta, np.full((len(theta),) * 2, np.inf), weigh(points.mean) * np.nan, np.nan, np.nan)
    standardised = weigh(points.mean - model.curve(points.x, theta))
    # What each unit adds to the residuals, less what it moves the parameters by: the residuals' own covariance.
    moved = -(units - 1) * apart @ model.gradient(points.x, theta).T
    own = weigh(points.samples - points.mean - moved)
    p_value = _judge(standardised, own, free=len(points.x) - len(theta))
    return Solution(theta, covariance, standardised, float(standardised @ standardised), p_value)


def _judge(residual: np.ndarray, of_units: np.ndarray, free: int) -> float:
    """Return Hotelling's p-value of the residuals, averaged over stretches of the curve."""
    if free < 1:
        return float("nan")
    stretches = np.array_split(np.arange(len(residual)), min(BINS, len(residual)))
    binned = np.array([residual[part].mean() for part in stretches])
    each = np.stack([of_units[:, part].mean(axis=1) for part in stretches], axis=1)
    units = len(each)
    if not np.isfinite(each).all() or not np.isfinite(binned).all():
        return float("nan")
    values, vectors = np.linalg.eigh(np.atleast_2d(np.cov(each.T)) / units)
    order = np.argsort(values)[::-1][: min(free, len(binned))]
    order = order[values[order] > 1e-8 * values.max()]
    rank = len(order)
    if rank == 0 or units <= rank:
        return float("nan")
    square = float(np.sum((vectors[:, order].T @ binned) ** 2 / values[order]))
    return float(stats.f.sf(square * (units - rank) / (rank * (units - 1)), rank, units - rank))

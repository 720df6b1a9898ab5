"""Fits of decay curves, with intervals that know what is independent: the chain, not the point.

The generations of one chain are correlated (tomorrow's model is drawn from today's), so a fit that
treats the points of a curve as independent reports errors many times too small. Here the estimator
is least squares on the mean curve, and its error comes from resampling whole chains.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy import optimize, stats

from jaxcollapse import check
from jaxcollapse.analysis.ensemble import values_of

RESOLVED = 0.25
"""A generation is fitted while the standard error of its mean is below this share of the mean."""
FEWEST_CHAINS = 10
FEWEST_GENERATIONS = 4
BLOCKS = 1000
BINS = 6


@dataclasses.dataclass(frozen=True)
class ExponentialFit:
    """``mean(m) = amplitude * exp(-rate * m)`` fitted over a window of generations.

    Attributes:
      rate: per generation.
      rate_interval: at ``level``, by resampling chains.
      standard_error: of the rate.
      amplitude: the fitted value at ``m = 0``.
      window: the first and last generation fitted.
      level: of the interval.
      goodness_of_fit: the p-value of the residuals, by their covariance over chains; a small one says
        that the decay is not exponential in this window.
      identifiable: False when these data do not determine the rate; then the numbers are not to be used.
      reason: why not, or "".
      chains: how many were resampled.
    """

    rate: float
    rate_interval: tuple[float, float]
    standard_error: float
    amplitude: float
    window: tuple[int, int]
    level: float
    goodness_of_fit: float
    identifiable: bool
    reason: str
    chains: int

    @property
    def half_life(self) -> float:
        """``ln 2 / rate``, in generations."""
        return float(np.log(2) / self.rate) if self.rate > 0 else float("inf")

    def curve(self, generation: Any) -> np.ndarray:
        """The fitted mean at given generations."""
        return self.amplitude * np.exp(-self.rate * np.asarray(generation, dtype=np.float64))

    def __str__(self) -> str:
        if not self.identifiable:
            return f"rate not identifiable from these data: {self.reason}"
        low, high = self.rate_interval
        digits = max(0, 1 - int(np.floor(np.log10(self.standard_error)))) if self.standard_error > 0 else 6
        doubt = "" if self.goodness_of_fit > 0.01 else "; but the decay is not exponential in this window"
        return (
            f"rate {self.rate:.{digits}f} per generation, "
            f"{self.level:.0%} interval {low:.{digits}f} to {high:.{digits}f} "
            f"(generations {self.window[0]} to {self.window[1]}, {self.chains} chains{doubt})"
        )


def fit_exponential(
    trace: Any,
    name: str | None = None,
    *,
    window: tuple[int, int] | None = None,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> ExponentialFit:
    """Fit ``amplitude * exp(-rate m)`` to the mean over chains.

    Least squares on the mean curve, each generation weighted by its inverse variance over chains.
    The standard error is that of a jackknife over chains (in blocks, beyond a thousand), the interval
    Student's with the blocks less one degrees of freedom.

    Args:
      trace: a trace and the name of a statistic, or one array ``[chains, generations + 1]``.
      name: the statistic, for instance ``"heterozygosity"``.
      window: first and last generation to fit; by default from generation 1 for as long as the mean
        is known to a quarter of itself.
      level: of the interval.
      resamples: bootstrap resamples behind the goodness of fit.
      seed: of the resampling.

    Returns:
      An :class:`ExponentialFit`. ``identifiable`` is False, with the reason, when there are too few
      chains or generations, or when the interval holds 0 or is wider than the rate itself.

    Raises:
      ValueError: for a bad window, level or number of resamples, and as :func:`ensemble`.

    Example:
      >>> import jax, numpy as np, jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.zipf(50), jc.FullySynthetic(n=20))
      >>> trace = jc.simulate(jax.random.key(0), process, chains=2000, generations=60, record="heterozygosity")
      >>> fit = fit_exponential(trace, "heterozygosity")
      >>> fit.identifiable, bool(abs(fit.rate + np.log(1 - 1 / 20)) < 5 * fit.standard_error)
      (True, True)
    """
    values = values_of(trace, name)
    if values.ndim != 2:
        raise ValueError(f"a fit needs one number a generation, got values of shape {values.shape}")
    if getattr(trace, "every", 1) > 1:
        raise ValueError(
            f"trace holds every {trace.every}th generation only, and a fit counts them; record with every=1"
        )
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level!r}")
    resamples = check.static_whole_number("resamples", resamples, least=100)
    chains, last = values.shape[0], values.shape[1] - 1
    first, final = (1, last) if window is None else (check.static_whole_number("window", m, least=0) for m in window)
    if not 0 <= first < final <= last:
        raise ValueError(f"window must hold two generations between 0 and {last}, got {window!r}")
    if chains < FEWEST_CHAINS:
        return _unidentified(
            f"{chains} chains are too few to resample; run {FEWEST_CHAINS} or more", values, first, level
        )

    # Beyond a thousand chains, equal blocks of them are resampled: their means are as independent.
    size = -(-chains // BLOCKS)
    whole = chains // size
    blocks = values[: whole * size].reshape(whole, size, -1).mean(axis=1)
    mean, error = blocks.mean(axis=0), blocks.std(axis=0, ddof=1) / np.sqrt(whole)
    if window is None:
        resolved = (mean[first:] > 0) & (error[first:] < RESOLVED * mean[first:])
        final = last if resolved.all() else first + int(np.argmin(resolved)) - 1
    if final - first + 1 < FEWEST_GENERATIONS:
        reason = f"{final - first + 1} generations from {first} on can be used, {FEWEST_GENERATIONS} are needed"
        return _unidentified(reason, values, first, level)
    if not np.any(error[first : final + 1] > 1e-12 * mean[first : final + 1]):
        return _unidentified("all chains agree, so nothing says how well the rate is known", values, first, level)

    m = np.arange(first, final + 1, dtype=np.float64)
    blocks, mean = blocks[:, first : final + 1], mean[first : final + 1]
    scale = np.maximum(error[first : final + 1], 1e-3 * error[first : final + 1].max())
    fit = _Fit(m, scale)
    best = fit(mean, None)
    without_one = (blocks.sum(axis=0) - blocks) / (whole - 1)
    rates = np.array([fit(curve, best)[1] for curve in without_one])
    error_of_rate = float(np.sqrt((whole - 1) / whole * np.sum((rates - rates.mean()) ** 2)))
    half = float(stats.t.ppf(0.5 + level / 2, whole - 1)) * error_of_rate
    rate = float(best[1])
    interval = (rate - half, rate + half)
    quality = _goodness(fit, best, blocks, resamples, seed)
    reason = ""
    if interval[0] <= 0 <= interval[1]:
        reason = f"the {level:.0%} interval of the rate, {interval[0]:.2g} to {interval[1]:.2g}, holds 0"
    elif 2 * half > abs(rate):
        reason = f"the {level:.0%} interval of the rate, {interval[0]:.2g} to {interval[1]:.2g}, is wider than the rate"
    return ExponentialFit(
        rate,
        interval,
        error_of_rate,
        float(np.exp(best[0])),
        (first, final),
        level,
        quality,
        not reason,
        reason,
        chains,
    )


def _unidentified(reason: str, values: np.ndarray, first: int, level: float) -> ExponentialFit:
    nan = float("nan")
    window = (first, values.shape[1] - 1)
    return ExponentialFit(nan, (nan, nan), nan, nan, window, level, nan, False, reason, values.shape[0])


class _Fit:
    """Weighted least squares for ``(log amplitude, rate)`` over fixed generations and weights."""

    def __init__(self, m: np.ndarray, scale: np.ndarray) -> None:
        self.m, self.scale = m, scale

    def predict(self, parameters: np.ndarray) -> np.ndarray:
        return np.exp(parameters[0] - parameters[1] * self.m)

    def __call__(self, mean: np.ndarray, start: np.ndarray | None) -> np.ndarray:
        if start is None:
            # A straight line through the logarithm, weighted alike, is close enough to start from.
            positive = np.maximum(mean, 1e-300)
            slope, level = np.polyfit(self.m, np.log(positive), 1, w=positive / self.scale)
            start = np.array([level, -slope])

        def residuals(parameters: np.ndarray) -> np.ndarray:
            return (self.predict(parameters) - mean) / self.scale

        def jacobian(parameters: np.ndarray) -> np.ndarray:
            height = self.predict(parameters) / self.scale
            return np.stack([height, -self.m * height], axis=1)

        return optimize.least_squares(residuals, start, jacobian, method="lm").x


def _goodness(fit: _Fit, best: np.ndarray, blocks: np.ndarray, resamples: int, seed: int) -> float:
    """The p-value of the residuals, averaged over bins of generations, by their bootstrap covariance."""
    generator = np.random.default_rng(seed)
    count = len(blocks)
    bins = np.array_split(np.arange(len(fit.m)), min(BINS, len(fit.m)))

    def binned(mean: np.ndarray, parameters: np.ndarray) -> np.ndarray:
        residual = (mean - fit.predict(parameters)) / fit.scale
        return np.array([residual[of_bin].mean() for of_bin in bins])

    # One Gauss-Newton step from the best fit is the bootstrap fit to first order, at a matrix product a resample.
    height = fit.predict(best) / fit.scale
    project = np.linalg.pinv(np.stack([height, -fit.m * height], axis=1))
    mean = blocks.mean(axis=0)
    drawn = []
    for _ in range(resamples):
        resampled = generator.multinomial(count, np.full(count, 1 / count)) @ blocks / count
        drawn.append(binned(resampled, best + project @ ((resampled - mean) / fit.scale)))
    residual = binned(mean, best)
    values, vectors = np.linalg.eigh(np.cov(np.array(drawn).T))
    kept = values > 1e-8 * values.max()
    rank = int(kept.sum())
    if rank == 0 or count <= rank:
        return float("nan")
    square = float(np.sum((vectors[:, kept].T @ residual) ** 2 / values[kept]))
    # Hotelling: the covariance itself is an estimate from `count` blocks.
    return float(stats.f.sf(square * (count - rank) / (rank * (count - 1)), rank, count - rank))

"""Estimates with errors: what a fit returns, whatever was fitted, and the comparison of several fits."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from jaxcollapse import check
from jaxcollapse.analysis.least_squares import CurveFamily, Points, minimise, weights

FEWEST_CHAINS = 10
"""The fewest chains that a fit is made of; fewer are too few to resample."""


class Estimate(NamedTuple):
    """An estimated number with its standard error and interval.

    Attributes:
      value: the estimate.
      standard_error: its standard error.
      interval: the lower and the upper end of its interval.

    Example:
      >>> str(Estimate(0.0513, 0.0021, (0.0472, 0.0554)))
      '0.0513 (0.0472 to 0.0554)'
    """

    value: float
    standard_error: float
    interval: tuple[float, float]

    def __str__(self) -> str:
        digits = _digits(self.standard_error)
        return f"{self.value:.{digits}f} ({self.interval[0]:.{digits}f} to {self.interval[1]:.{digits}f})"


@dataclasses.dataclass(frozen=True, eq=False)
class Fit:
    """A curve fitted to means over chains, with the errors of its parameters and a judgement of the fit.

    Each parameter is an attribute, and so is its interval: ``fit.rate``, ``fit.rate_interval``; ``fit["rate"]`` is the
    :class:`Estimate` with both and the standard error.

    Attributes:
      model: the family of curves that was fitted.
      estimates: the estimate of each parameter, by its name; the parameter that the fit is made for comes first.
      level: the level of the intervals.
      window: the first and last generation, or sample size, that was fitted.
      x: the fitted generations or sample sizes, ``[points]``.
      mean: the mean over chains at each point, ``[points]``.
      error: the standard error of each mean, ``[points]``.
      residuals: ``mean`` less the curve, made independent of one another and divided by their standard errors,
        ``[points]``.
      chi_square: the sum of the squared residuals.
      goodness_of_fit: the p-value of the residuals, by their covariance over chains; a small one says that the
        family is not the right one in this window. NaN where no degree of freedom is left to judge by.
      identifiable: False when these data do not determine the first parameter; then the numbers are not to be used.
      reason: why the first parameter is not identifiable, or "".
      chains: the number of chains.
    """

    model: CurveFamily
    estimates: dict[str, Estimate]
    level: float
    window: tuple[int, int]
    x: np.ndarray
    mean: np.ndarray
    error: np.ndarray
    residuals: np.ndarray
    chi_square: float
    goodness_of_fit: float
    identifiable: bool
    reason: str
    chains: int
    _points: Points | None = dataclasses.field(default=None, repr=False)

    def __getitem__(self, name: str) -> Estimate:
        if name not in self.estimates:
            check.choice("parameter", name, self.estimates)
        return self.estimates[name]

    def __getattr__(self, name: str) -> Any:
        estimates = self.__dict__.get("estimates", {})
        whole = name.removesuffix("_interval")
        if whole not in estimates:
            raise AttributeError(f"{type(self).__name__} has no {name!r}; its parameters: {', '.join(estimates)}")
        return estimates[whole].value if whole == name else estimates[whole].interval

    @property
    def theta(self) -> np.ndarray:
        """The estimated parameters in the order of the family, ``[parameters]``."""
        return np.array([self.estimates[name].value for name in self.model.parameters])

    @property
    def standard_error(self) -> float:
        """The standard error of the first parameter."""
        return self.estimates[self.model.parameters[0]].standard_error

    @property
    def half_life(self) -> float:
        """The half-life ``ln 2 / rate``, in generations; ``inf`` unless the rate is positive."""
        rate = self["rate"].value
        return float(np.log(2) / rate) if rate > 0 else float("inf")

    @property
    def aic(self) -> float:
        """Akaike's criterion, ``chi_square + 2 parameters``; the family with the lower one fits the points better."""
        return self.chi_square + 2 * len(self.estimates)

    def curve(self, x: Any) -> np.ndarray:
        """Return the fitted mean at given generations or sample sizes, ``[points]``."""
        return self.model.curve(np.atleast_1d(np.asarray(x, dtype=np.float64)), self.theta).reshape(np.shape(x))

    def of(self, means: Any) -> dict[str, float]:
        """Fit other means, for instance exact ones, at the same points and with the same weights.

        An asymptotic law is not exact at any finite size: the fit of simulated means estimates what the fit of the
        exact means gives, and not the limit.

        Args:
          means: the other means at the points ``fit.x``, ``[points]``.

        Returns:
          The parameters by name.

        Raises:
          ValueError: when the means are not at these points, or the fit is not one by least squares.
        """
        if self._points is None:
            raise ValueError(f"of() is for identified fits by least squares, and this is not one: {self}")
        exact = np.asarray(means, dtype=np.float64)
        if exact.shape != self.x.shape:
            raise ValueError(f"means must be at the fit's {len(self.x)} points fit.x, got shape {exact.shape}")
        found = minimise(self.model, self.x, exact, weights(self._points), self.theta)
        return dict(zip(self.model.parameters, found.tolist(), strict=True))

    def as_dict(self) -> dict[str, Any]:
        """Return the family, the estimates, the window and the judgements as plain values, for a file."""
        numbers: dict[str, Any] = {"model": self.model.name, "formula": self.model.formula}
        for name, estimate in self.estimates.items():
            numbers |= {name: estimate.value, f"{name}_error": estimate.standard_error}
            numbers[f"{name}_interval"] = list(estimate.interval)
        kept = ("level", "window", "chi_square", "goodness_of_fit", "identifiable", "reason", "chains")
        return numbers | {name: getattr(self, name) for name in kept}

    def __str__(self) -> str:
        first = self.model.parameters[0]
        if not self.identifiable:
            return f"{first} not identifiable from these data: {self.reason}"
        estimate = self.estimates[first]
        low, high = estimate.interval
        digits = _digits(estimate.standard_error)
        unit, along = (" per generation", "generations") if first == "rate" else ("", "n =")
        doubt = (
            ""
            if not self.goodness_of_fit <= 0.01
            else f"; but the means are not {_article(self.model.name)} in this window"
        )
        return (
            f"{first} {estimate.value:.{digits}f}{unit}, "
            f"{self.level:.0%} interval {low:.{digits}f} to {high:.{digits}f} "
            f"({along} {self.window[0]} to {self.window[1]}, {self.chains} chains{doubt})"
        )


def _article(name: str) -> str:
    """Put the indefinite article before a name."""
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def _digits(error: float) -> int:
    """Return the number of decimals that show two significant figures of an error."""
    return max(0, 1 - int(np.floor(np.log10(error)))) if error > 0 and np.isfinite(error) else 6


def compare(*fits: Fit) -> list[tuple[Fit, float]]:
    """Rank fits of different families to the same points, the best first, each with its Akaike weight.

    The weight is ``exp(-AIC/2)`` over the sum of these: how much the data speak for each family, if one is right.

    Raises:
      ValueError: when the fits are not of the same points, or there are fewer than two.

    Example:
      >>> import numpy as np
      >>> from jaxcollapse.analysis import fit_polynomial, fit_power_law
      >>> n = np.array([10.0, 20, 40, 80])
      >>> draws = np.random.default_rng(0).normal(size=(4, 200)) + n[:, None] ** 2
      >>> found = compare(fit_power_law(n, draws), fit_polynomial(n, draws))
      >>> found[0][0].model.name, round(found[0][1], 3)
      ('power law', 1.0)
    """
    if len(fits) < 2:
        raise ValueError(f"compare needs two fits or more, got {len(fits)}")
    if not all(fit.identifiable and np.isfinite(fit.chi_square) for fit in fits):
        raise ValueError("compare needs fits that are identified; see fit.reason")
    same = all(np.array_equal(fit.x, fits[0].x) and np.array_equal(fit.mean, fits[0].mean) for fit in fits)
    if not same:
        raise ValueError("compare needs fits of the same means at the same points; give them the same window")
    worse = np.array([fit.aic for fit in fits]) - min(fit.aic for fit in fits)
    weight = np.exp(-worse / 2) / np.exp(-worse / 2).sum()
    order = np.argsort(worse, kind="stable")
    return [(fits[i], float(weight[i])) for i in order]


def unidentified(model: CurveFamily, reason: str, chains: int, window: tuple[int, int], level: float) -> Fit:
    """Make a fit that has no numbers, only the reason why its first parameter is not identifiable."""
    nan, none = float("nan"), np.empty(0)
    unknown = dict.fromkeys(model.parameters, Estimate(nan, nan, (nan, nan)))
    return Fit(model, unknown, level, window, none, none, none, none, nan, nan, False, reason, chains)

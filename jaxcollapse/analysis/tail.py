"""The tail of collapse times: where few chains are left the chance to collapse is constant, and gives the rate."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from scipy import stats

from jaxcollapse.analysis import curve_families
from jaxcollapse.analysis.estimates import FEWEST_CHAINS, Estimate, Fit, unidentified
from jaxcollapse.analysis.survival_curves import Survival, clopper_pearson, survival

TAIL, TAIL_CHAINS = 0.25, 1000
"""The share of chains with a value that is not zero at which the tail begins, for up to so many chains; then later."""
FEWEST_IN_TAIL = 100
"""The fewest chains that a curve must have left where its tail begins."""
STRETCHES = 8
"""The number of stretches of the tail, of equally many collapses, whose hazards are compared."""


def tail_share(chains: int) -> float:
    """Return the share of chains that are left when the tail begins: a quarter for up to a thousand chains.

    The deviation from the asymptotic law falls as the square of the share s (the second rate is three times the first:
    three lines of descent meet so much faster than two), and the standard error of a rate as 1/sqrt(chains s). Their
    ratio stays what it is at a thousand chains when s is in proportion to chains^(-1/5).

    Example:
      >>> tail_share(1000), tail_share(32_000)
      (0.25, 0.125)
    """
    return TAIL * min(1.0, (TAIL_CHAINS / chains) ** 0.2)


@np.errstate(over="ignore")  # the amplitude at m = 0 of a tail that begins late may be beyond numbers
def fit_tail(times: Any, level: float) -> Fit:
    """Fit collapse times from when no more than :func:`tail_share` of the chains survive; see ``fit_exponential``."""
    model, curve = curve_families.exponential(), survival(times, level=level)
    chains, last, share = curve.chains, int(curve.generation[-1]), tail_share(curve.chains)

    def unknown(first: int, reason: str) -> Fit:
        """Make a fit without numbers, whose window begins at a generation."""
        found = unidentified(model, reason, chains, (first, last), level)
        return dataclasses.replace(found, chi_square=0.0)  # the sum over no stretches

    if chains < FEWEST_CHAINS / TAIL:
        return unknown(1, f"{chains} chains leave too few for a tail; run {int(FEWEST_CHAINS / TAIL)} or more")
    if curve.survival[-1] > share:
        return unknown(1, f"{curve.survival[-1]:.0%} of the chains have not collapsed by the end; run longer")
    first = int(np.argmax(curve.survival <= share))
    after = slice(first + 1, None)
    events, lived = int(curve.collapsed[after].sum()), int(curve.at_risk[after].sum())
    if events < 2:
        return unknown(first, f"{events} chains collapse in the tail, from generation {first} on; run longer, or more")
    hazard = events / lived
    if hazard == 1:
        return unknown(first, "all chains of the tail collapse in one generation")
    rate = _rate(events, lived, level)
    residuals, p_value = _even(curve, first, hazard)
    kept = curve.survival[first:]
    return Fit(
        model,
        {"rate": rate, "amplitude": _amplitude(curve, first, rate)},
        level,
        (first, last),
        curve.generation[first:].astype(np.float64),
        kept,
        np.sqrt(kept * (1 - kept) / chains),
        residuals,
        float(np.sum(residuals**2)),
        p_value,
        True,
        "",
        chains,
    )


def _rate(events: int, lived: int, level: float) -> Estimate:
    """Estimate the rate from the chance to collapse in a generation, with the exact interval of that chance."""
    hazard = events / lived
    low, high = clopper_pearson(np.array([events]), np.array([lived]), level)
    rate_of = lambda chance: float(-np.log1p(-min(float(chance), 1 - 1e-12)))
    error = float(np.sqrt(hazard / (lived * (1 - hazard))))
    return Estimate(rate_of(hazard), error, (rate_of(low[0]), rate_of(high[0])))


def _amplitude(curve: Survival, first: int, rate: Estimate) -> Estimate:
    """Estimate the amplitude, so that the curve goes through the survival where the tail begins."""
    at_start = float(curve.survival[first])
    spread = float(np.sqrt(at_start * (1 - at_start) / curve.chains))
    amplitude = at_start * np.exp(rate.value * first)
    error = amplitude * float(np.hypot(spread / at_start, rate.standard_error * first))
    half = float(stats.norm.ppf(0.5 + curve.level / 2)) * error
    return Estimate(float(amplitude), error, (float(amplitude) - half, float(amplitude) + half))


def _even(curve: Survival, first: int, hazard: float) -> tuple[np.ndarray, float]:
    """Test whether the hazard is constant: residuals of stretches with equally many collapses, and their p-value."""
    events, lived = curve.collapsed[first + 1 :], curve.at_risk[first + 1 :]
    total = int(events.sum())
    count = min(STRETCHES, total // 5)
    if count < 2:
        return np.empty(0), float("nan")
    reached = np.searchsorted(np.cumsum(events), total * np.arange(1, count) / count) + 1
    parts = np.unique(np.concatenate([[0], reached[reached < len(events)]]))
    seen, expected = np.add.reduceat(events, parts), hazard * np.add.reduceat(lived, parts)
    residuals = (seen - expected) / np.sqrt(expected * (1 - hazard))
    return residuals, float(stats.chi2.sf(np.sum(residuals**2), len(parts) - 1))

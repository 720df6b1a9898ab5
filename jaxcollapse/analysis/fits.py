"""Fits of decay curves and of laws in the sample size, with intervals that take the chain for the independent unit.

The generations of one chain are correlated (tomorrow's model is drawn from today's), so a fit that treats the points
of a curve as independent reports errors many times too small. :mod:`~jaxcollapse.analysis.least_squares` has the
method.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from jaxcollapse import check
from jaxcollapse.analysis import curve_families
from jaxcollapse.analysis.ensembles import values_of
from jaxcollapse.analysis.estimates import FEWEST_CHAINS, Estimate, Fit, unidentified
from jaxcollapse.analysis.least_squares import CurveFamily, Points, Solution, blocks, solve
from jaxcollapse.analysis.survival_curves import are_collapse_times
from jaxcollapse.analysis.tail import FEWEST_IN_TAIL, TAIL, fit_tail, tail_share

RESOLVED = 0.25
"""The share of the mean that its standard error may reach; by default generations are fitted up to there."""
POINTS = 24
"""The most generations that are fitted; those between two of them say little more, for they are close to both."""
DEGREES = 5
"""The highest degree of a polynomial that is fitted."""
KNOWN = 1e-12
"""The share of the mean below which a standard error is rounding, so that all chains agree."""


def fit_exponential(
    trace: Any,
    name: str | None = None,
    *,
    window: tuple[int, int] | str | None = None,
    floor: bool = False,
    level: float = 0.95,
) -> Fit:
    """Fit ``amplitude * exp(-rate m)`` to the mean over chains, or ``floor + amplitude * exp(-rate m)``.

    Least squares on at most 24 generations of the mean curve, weighted by their covariance over chains. The standard
    error is that of a jackknife over chains (in blocks, beyond a thousand). The interval is Student's, with one degree
    of freedom fewer than there are units, for the logarithm of a rate above 0.

    Args:
      trace: a trace and the name of a statistic; or one array ``[chains, generations + 1]``; or
        :class:`~jaxcollapse.CollapseTimes`, see below.
      name: the name of the statistic, for instance ``"heterozygosity"``.
      window: first and last generation to fit; by default from generation 1 for as long as the mean is known to a
        quarter of itself (with a floor: to the end). ``"tail"``: from when no more than a quarter of the chains
        (of more than a thousand chains: :func:`tail_share`) has a value that is not zero. The heterozygosity falls
        exponentially from the first generation on; survival, ``support - 1`` and the entropy do so in their tails
        only, at the same rate.
      floor: whether the curve falls (or rises) to a level of its own.
      level: the level of the interval.

    Collapse times are fitted as such: in the tail the chance to collapse in the next generation is constant, ``1 -
    exp(-rate)``, and its estimate is collapses by generations lived there. Censored chains count as long as they were
    seen. The interval is exact for a geometric law (that of Clopper and Pearson).

    Returns:
      A :class:`Fit` with ``rate``, ``amplitude`` (and ``floor``). ``identifiable`` is False, with the reason, when
      there are too few chains or generations, or when the rate cannot be told from 0.

    Raises:
      ValueError: for a bad window or level, and as :func:`ensemble`.

    Example:
      >>> import jax, numpy as np, jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.zipf(50), jc.FullySynthetic(n=20))
      >>> trace = jc.simulate(jax.random.key(0), process, chains=2000, generations=60, record="heterozygosity")
      >>> fit = fit_exponential(trace, "heterozygosity")
      >>> fit.identifiable, bool(abs(fit.rate + np.log(1 - 1 / 20)) < 5 * fit.standard_error)
      (True, True)
    """
    _check_level(level)
    check.flag("floor", floor)
    if are_collapse_times(trace):
        if floor:
            raise ValueError("floor is for curves; chances to survive fall to 0, or are censored")
        if window not in (None, "tail"):
            raise ValueError(f"window of collapse times is their tail; leave it out, got {window!r}")
        return fit_tail(trace, level)
    values = values_of(trace, name)
    if values.ndim != 2:
        raise ValueError(f"a fit needs one number a generation, got values of shape {values.shape}")
    if getattr(trace, "every", 1) > 1:
        raise ValueError(
            f"trace holds every {trace.every}th generation only, and a fit counts them; record with every=1"
        )
    model = curve_families.exponential_with_floor() if floor else curve_families.exponential()
    chains, last = values.shape[0], values.shape[1] - 1
    first, final = _window(window, last)
    if chains < FEWEST_CHAINS:
        reason = f"{chains} chains are too few to resample; run {FEWEST_CHAINS} or more"
        return unidentified(model, reason, chains, (first, final), level)
    if last < 1:
        return unidentified(model, "there is no generation beyond 0", chains, (0, 0), level)
    if isinstance(window, str):
        alive = (values != 0).mean(axis=0)
        if chains * TAIL < FEWEST_IN_TAIL:
            reason = f"{chains} chains leave too few for a tail; run {int(FEWEST_IN_TAIL / TAIL)} or more"
            return unidentified(model, reason, chains, (first, final), level)
        share = tail_share(chains)
        if alive[-1] > share:
            reason = f"{alive[-1]:.0%} of the chains are not at 0 by generation {last}; run longer"
            return unidentified(model, reason, chains, (first, final), level)
        first = max(first, int(np.argmax(alive <= share)))
    units = blocks(values)
    mean, error = units.mean(axis=0), units.std(axis=0, ddof=1) / np.sqrt(len(units))
    if (window is None or isinstance(window, str)) and not floor:
        resolved = (mean[first:] > 0) & (error[first:] < RESOLVED * mean[first:])
        final = last if resolved.all() else first + int(np.argmin(resolved)) - 1
        if final < first:
            reason = (
                f"the mean is not known to a quarter of itself at generation {first}; give a window, or more chains"
            )
            return unidentified(model, reason, chains, (first, last), level)
    at = np.unique(np.linspace(first, max(first, final), POINTS).round().astype(int))
    known = error[at] <= KNOWN * np.abs(mean[at])
    at = at[~known]
    fewest = len(model.parameters) + 2
    if known.all() and known.size:
        return unidentified(
            model, "all chains agree, so nothing says how well the rate is known", chains, (first, final), level
        )
    if len(at) < fewest:
        reason = f"{len(at)} generations from {first} on can be used, {fewest} are needed"
        return unidentified(model, reason, chains, (first, final), level)
    if not floor and not np.all(mean[at] > 0):
        m = at[np.argmin(mean[at])]
        reason = f"an exponential is above 0, and the mean at generation {m} is not"
        return unidentified(model, reason, chains, (first, final), level)
    points = Points(at.astype(np.float64), units[:, at], at.astype(np.float64), correlated=True)
    return _result(model, points, solve(model, points), level, (first, final), chains)


def fit_power_law(sizes: Any, values: Any, *, level: float = 0.95) -> Fit:
    """Fit ``amplitude * n^exponent`` to means over chains at several sample sizes.

    The fit is by least squares, each mean weighted by its inverse variance. Errors are as in :func:`fit_exponential`;
    the unit is a chain's number across all sizes, for a sweep uses the same keys at each of them.

    Args:
      sizes: the sample sizes n, ``[sizes]``.
      values: the value of each chain at each size, ``[sizes, chains]``: collapse times, half-lives, or a statistic at
        one generation; or a list of arrays ``[chains]`` or of :class:`~jaxcollapse.CollapseTimes` in which all were
        observed.
      level: the level of the interval.

    Returns:
      A :class:`Fit` with ``exponent`` and ``amplitude``. The mean collapse time is a power law in the limit only:
      compare the exponent with that of the exact means, ``fit.of(exact)["exponent"]``.

    Raises:
      ValueError: for sizes that are not positive and distinct, values of another shape or not finite, collapse times
        that are censored.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = lambda n: jc.recursive_training(jc.languages.uniform(20), jc.FullySynthetic(n=n))
      >>> sizes = [50, 100, 200]
      >>> times = [jc.collapse_times(jax.random.key(0), process(n), chains=500, max_generations=10**5) for n in sizes]
      >>> fit = fit_power_law(sizes, times)
      >>> exact = fit.of([jc.theory.expected_collapse_time(process(n)) for n in sizes])
      >>> bool(abs(fit.exponent - exact["exponent"]) < 5 * fit.standard_error)
      True
    """
    return _fit_sizes(curve_families.power_law(), sizes, values, level)


def fit_polynomial(sizes: Any, values: Any, *, degree: int = 1, level: float = 0.95) -> Fit:
    """Fit ``c0 + c1 n + ... + cd n^d`` to means over chains at several sample sizes; see :func:`fit_power_law`.

    Returns:
      A :class:`Fit` whose first parameter is that of the highest power.

    Raises:
      ValueError: as :func:`fit_power_law`, and for a degree that is not between 1 and 5 and below the number of sizes.

    Example:
      >>> import numpy as np
      >>> draws = np.random.default_rng(0).normal(size=(4, 200)) + 3 * np.array([[1], [2], [3], [4]]) + 1
      >>> fit = fit_polynomial([1, 2, 3, 4], draws)
      >>> bool(abs(fit.c1 - 3) < 5 * fit.standard_error)
      True
    """
    degree = check.static_whole_number("degree", degree, least=1, most=DEGREES)
    return _fit_sizes(curve_families.polynomial(degree), sizes, values, level)


def _fit_sizes(model: CurveFamily, sizes: Any, values: Any, level: float) -> Fit:
    """Fit a family of curves to means over chains at several sample sizes; arguments as :func:`fit_power_law`."""
    _check_level(level)
    x = np.asarray(sizes, dtype=np.float64)
    if x.ndim != 1 or not np.all(np.isfinite(x) & (x > 0)) or len(np.unique(x)) != len(x):
        raise ValueError(f"sizes must be distinct numbers above 0, got {check.shown(sizes)}")
    order = np.argsort(x)
    if len(values) != len(x):
        raise ValueError(f"values must have one row a size, got {len(values)} rows for {len(x)} sizes")
    rows = [_row(of, n) for of, n in zip(values, x, strict=True)]
    if len(x) < len(model.parameters) + 1:
        raise ValueError(f"a {model.name} needs {len(model.parameters) + 1} sizes or more, got {len(x)}")
    chains = min(len(row) for row in rows)
    window = int(x.min()), int(x.max())
    if chains < FEWEST_CHAINS:
        reason = f"{chains} chains are too few to resample; run {FEWEST_CHAINS} or more"
        return unidentified(model, reason, chains, window, level)
    # A chain's number is the unit, so rows are cut alike.
    samples = blocks(np.stack([rows[i][:chains] for i in order], axis=1))
    points = Points(x[order], samples, np.log(x[order]), correlated=False)
    flat = points.error <= KNOWN * np.abs(points.mean)
    if flat.any():
        n = points.x[np.argmax(flat)]
        return unidentified(model, f"all chains agree at n = {n:g}, which cannot be weighed", chains, window, level)
    if model.name == "power law" and not np.all(points.mean > 0):
        n = points.x[np.argmin(points.mean)]
        return unidentified(model, f"a power law is above 0, and the mean at n = {n:g} is not", chains, window, level)
    return _result(model, points, solve(model, points), level, window, chains)


def _row(values: Any, n: float) -> np.ndarray:
    """Return the values of all chains at one sample size, ``float64 [chains]``; raise ValueError for unusable ones."""
    if are_collapse_times(values):
        if bad := int(np.sum(np.asarray(values.status) != 0)):
            raise ValueError(f"{bad} chains had bad inputs at n = {n:g}, see status; leave them out")
        seen = np.asarray(values.observed).astype(bool)
        if not seen.all():
            raise ValueError(
                f"{int((~seen).sum())} of {seen.size} chains had not collapsed at n = {n:g}, so their mean time is not "
                "known; give collapse_times more generations"
            )
        values = values.time
    row = np.asarray(values, dtype=np.float64)
    if row.ndim != 1 or row.size == 0 or not np.all(np.isfinite(row)):
        raise ValueError(f"values must be finite, [chains] for each size, got shape {row.shape} at n = {n:g}")
    return row


def _check_level(level: float) -> None:
    """Raise ValueError when the level of an interval is not between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level!r}")


def _window(window: Any, last: int) -> tuple[int, int]:
    """Return the first and last generation that a caller's window allows; raise ValueError for a bad window."""
    if window is None or (isinstance(window, str) and window == "tail"):
        return 1, last
    if isinstance(window, str) or np.shape(window) != (2,):
        raise ValueError(f'window must be (first, last) or "tail", got {window!r}')
    first, final = (check.static_whole_number("window", m, least=0) for m in window)
    if not 0 <= first < final <= last:
        raise ValueError(f"window must hold two generations between 0 and {last}, got {window!r}")
    return first, final


def _result(
    model: CurveFamily, points: Points, found: Solution, level: float, window: tuple[int, int], chains: int
) -> Fit:
    """Make a fit of a solution, and judge whether its first parameter is identifiable."""
    quantile = float(stats.t.ppf(0.5 + level / 2, len(points.samples) - 1))
    errors = np.sqrt(np.diag(found.covariance))
    estimates = {
        name: Estimate(float(value), float(error), _interval(name, float(value), quantile * float(error)))
        for name, value, error in zip(model.parameters, found.theta, errors, strict=True)
    }
    first = model.parameters[0]
    value, error = estimates[first].value, estimates[first].standard_error
    half = quantile * error
    reason = ""
    if not np.isfinite(half):
        reason = "the curve is flat in it"
    elif first == "rate" and not half < abs(value):
        reason = f"{value:.2g} with a standard error of {error:.2g} is not told from 0"
    elif "floor" in estimates and error > RESOLVED * abs(value):
        # So wide, the intervals of three parameters that pull at one another are too narrow.
        reason = f"beside a floor {value:.2g} with a standard error of {error:.2g} is too uncertain"
    return Fit(
        model,
        estimates,
        level,
        window,
        points.x,
        points.mean,
        points.error,
        found.standardised,
        found.chi_square,
        found.p_value,
        not reason,
        reason,
        chains,
        points,
    )


def _interval(name: str, value: float, half: float) -> tuple[float, float]:
    """Return a symmetric interval; for a rate above 0 one in its logarithm, whose law is closer to the normal one."""
    if name == "rate" and value > 0 and half < value:
        return value * float(np.exp(-half / value)), value * float(np.exp(half / value))
    return value - half, value + half

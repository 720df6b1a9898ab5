"""Survival curves of collapse times, with hazards, means and quantiles, also where some chains did not collapse."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from jaxcollapse import check
from jaxcollapse.analysis.estimates import Estimate


@dataclasses.dataclass(frozen=True, eq=False)
class Survival:
    """The survival curve ``P(T > m)`` of the collapse time T, estimated from chains, some of which may be censored.

    Attributes:
      generation: the generations ``0 .. last``, ``[last + 1]``; all chains still under observation were looked at then.
      survival: the estimate by Kaplan and Meier, ``[last + 1]``.
      low, high: the interval at each generation (not at all of them at once), ``[last + 1]``.
      at_risk: the number of chains that were neither collapsed nor censored before m, ``[last + 1]``.
      collapsed: the number of chains that collapse at m, ``[last + 1]``.
      level: the level of all intervals.
      chains: the number of chains.
    """

    generation: np.ndarray
    survival: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_risk: np.ndarray
    collapsed: np.ndarray
    level: float
    chains: int

    def quantile(self, share: float) -> Estimate:
        """Estimate the generation by which a share of the chains has collapsed; the interval is where the band crosses.

        The estimate is ``inf`` when fewer chains have collapsed by the end. Its standard error is not offered: NaN.

        Raises:
          ValueError: when ``share`` is not between 0 and 1.
        """
        check.real_number("share", share, 0, 1)
        # Below the level by more than rounding: after 1 - 0.75, 0.25 still survive.
        reach = lambda curve: self._first(curve <= 1 - share + 1e-12)
        return Estimate(reach(self.survival), float("nan"), (reach(self.low), reach(self.high)))

    def _first(self, reached: np.ndarray) -> float:
        """Return the first generation at which something is reached, or ``inf``."""
        return float(self.generation[np.argmax(reached)]) if reached.any() else float("inf")

    def mean(self, up_to: int | None = None) -> Estimate:
        """Estimate ``E min(T, up_to)``, in generations: the sum of the survival curve below ``up_to``.

        Args:
          up_to: the generation at which collapse times are cut; by default they are not, and then the collapse of all
            chains must have been observed.

        Raises:
          ValueError: when it is not given and some chains were censored, or it is beyond the last generation.
        """
        last, over = int(self.generation[-1]), self.survival[-1] == 0
        if up_to is None:
            if not over:
                raise ValueError(
                    f"{self.survival[-1]:.1%} of the chains had not collapsed by generation {last}, so the mean of T "
                    "is not known; give up_to=, or collapse_times more generations"
                )
            up_to = max(last, 1)
        up_to = check.static_whole_number("up_to", up_to, least=1, most=check.LARGEST if over else max(last, 1))
        # Once all have collapsed nothing more is added.
        alive, risk, seen = (of[:up_to].astype(float) for of in (self.survival, self.at_risk, self.collapsed))
        area = np.cumsum(alive[::-1])[::-1]  # what is left of the sum, from each generation on
        value = float(area[0])
        # Greenwood's sum: a collapse at m takes away the survival from m on.
        left = risk - seen
        terms = np.divide(seen * area**2, risk * left, out=np.zeros(len(area)), where=left > 0)
        unit = self.chains / (self.chains - 1) if self.chains > 1 else np.nan
        error = float(np.sqrt(terms.sum() * unit))
        half = float(stats.t.ppf(0.5 + self.level / 2, max(self.chains - 1, 1))) * error
        return Estimate(value, error, (value - half, value + half))

    def hazard(self, width: int = 1) -> Hazard:
        """Estimate the chance that a chain collapses in a generation, given that it has not yet.

        The estimate is the number of collapses over the number of generations lived, both pooled over ``width``
        generations; the interval is that of Clopper and Pearson.
        """
        width = check.static_whole_number("width", width)
        first = np.arange(1, len(self.generation), width)
        events = np.add.reduceat(self.collapsed, first) if len(first) else np.zeros(0)
        lived = np.add.reduceat(self.at_risk, first) if len(first) else np.zeros(0)
        kept = lived > 0
        first, events, lived = first[kept], events[kept], lived[kept]
        low, high = clopper_pearson(events, lived, self.level)
        last = np.minimum(first + width - 1, len(self.generation) - 1)
        return Hazard((first + last) / 2, events / lived, low, high)


class Hazard(NamedTuple):
    """The chance that a chain which has not collapsed does so in the next generation, with its interval.

    Attributes:
      generation: the middles of the pooled stretches of generations, ``[stretches]``.
      hazard: the estimated chances, ``[stretches]``.
      low, high: their intervals, ``[stretches]``.
    """

    generation: np.ndarray
    hazard: np.ndarray
    low: np.ndarray
    high: np.ndarray


def survival(times: Any, *, level: float = 0.95, final: bool = False) -> Survival:
    """Estimate the survival curve ``P(T > m)`` of collapse times.

    This is Kaplan and Meier's estimate with Greenwood's variance on the scale ``log(-log)`` (:func:`scipy.stats.ecdf`
    on :class:`scipy.stats.CensoredData`). Where no chain or every chain has collapsed that interval has no width, and
    the exact binomial interval takes its place.

    Source: Kaplan and Meier, "Nonparametric estimation from incomplete observations" (1958).

    Args:
      times: :class:`~jaxcollapse.CollapseTimes`, or integers ``[chains]``, all of which were observed.
      level: the level of the intervals.
      final: whether the final collapse is meant (``times.final``) and not the first Dirac mass.

    Raises:
      ValueError: for no chains, times that are not whole numbers, chains with bad inputs, or a bad level.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(10), jc.FullySynthetic(n=10))
      >>> times = jc.collapse_times(jax.random.key(0), process, chains=1000, max_generations=30)
      >>> curve = survival(times)
      >>> exact = 1 - jc.theory.collapse_probability(process, 30)
      >>> bool((abs(curve.survival - exact) < 0.08).all()), curve.quantile(0.5).value, round(curve.mean(up_to=30).value)
      (True, 15.0, 16)
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level!r}")
    time, observed = _times(times, final)
    last = int(time.max())
    chains = len(time)
    collapsed = np.bincount(time[observed], minlength=last + 1)
    gone = np.bincount(time, minlength=last + 1)
    at_risk = chains - np.concatenate([[0], np.cumsum(gone)[:-1]])
    generation = np.arange(last + 1)
    found = stats.ecdf(stats.CensoredData.right_censored(time, ~observed)).sf
    curve = found.evaluate(generation)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # undefined where no or every chain has collapsed
        band = found.confidence_interval(confidence_level=level, method="log-log")
    inside = (curve > 0) & (curve < 1)
    # The trials are the chains still at risk; after the last collapse, those that were at risk then.
    trials = np.where(curve > 0, at_risk, at_risk[np.argmax(curve == 0)])
    edge_low, edge_high = clopper_pearson(np.where(curve > 0, trials, 0), trials, level)
    low = np.where(inside, np.nan_to_num(band.low.evaluate(generation)), edge_low)
    high = np.where(inside, np.nan_to_num(band.high.evaluate(generation), nan=1.0), edge_high)
    return Survival(generation, curve, low, high, at_risk, collapsed, level, chains)


def are_collapse_times(values: Any) -> bool:
    """Return whether values are :class:`~jaxcollapse.CollapseTimes`, which know what was censored, and not numbers."""
    return hasattr(values, "observed") and hasattr(values, "time")


def _times(times: Any, final: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return collapse times and whether each was observed, ``[chains]``; raise ValueError for what cannot be used."""
    check.flag("final", final)
    if are_collapse_times(times):
        bad = int(np.sum(np.asarray(times.status) != 0))
        if bad:
            raise ValueError(f"{bad} chains had bad inputs, see times.status; leave them out")
        time = np.asarray(times.final if final else times.time)
        observed = np.asarray(times.final_observed if final else times.observed)
    else:
        time = np.asarray(times)
        observed = np.ones(time.shape, bool)
    if time.ndim != 1 or time.size == 0:
        raise ValueError(f"times must be [chains], got shape {time.shape}; of a sweep take one: times[0]")
    if time.dtype.kind not in "iu" or time.min() < 0:
        raise ValueError(f"times must be whole numbers of generations, got {check.shown(time)}")
    return time.astype(np.int64), observed.astype(bool)


def clopper_pearson(events: np.ndarray, trials: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the exact interval of a binomial chance, by Clopper and Pearson (1934), for arrays of counts.

    Example:
      >>> low, high = clopper_pearson([0, 5], [10, 10], 0.95)
      >>> low.round(3).tolist(), high.round(3).tolist()
      ([0.0, 0.187], [0.308, 0.813])
    """
    events, trials = np.asarray(events, float), np.asarray(trials, float)
    tail = (1 - level) / 2
    none, all_ = events <= 0, events >= trials
    with np.errstate(all="ignore"):
        low = stats.beta.ppf(tail, np.maximum(events, 1), trials - events + 1)
        high = stats.beta.ppf(1 - tail, events + 1, np.maximum(trials - events, 1))
    return np.where(none, 0.0, low), np.where(all_, 1.0, high)

"""What reports on words and on contexts share: how much survives in each band of frequency."""

from __future__ import annotations

import abc
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxcollapse import analysis, statistics
from jaxcollapse.contract import Process
from jaxcollapse.reporting import exact_curves, plotting_bands
from jaxcollapse.reporting.files import csv_text, curves_csv, finite, number
from jaxcollapse.reporting.report_results import Band, Curve, RegimeResult, Report
from jaxcollapse.reporting.settings import Plan, memory_sentence
from jaxcollapse.reporting.subject import Subject
from jaxcollapse.reporting.summary import summarise
from jaxcollapse.reporting.wording import LOSSES, Wording
from jaxcollapse.results import Trace

CURVES = ("support", "l2_truth", "heterozygosity", "entropy")
"""The statistics whose curves every report on words or contexts holds."""


class Survival(NamedTuple):
    """How much of each band is alive, as the fields ``survival...`` of a :class:`RegimeResult`."""

    share: np.ndarray
    error: np.ndarray
    exact: np.ndarray | None
    kind: str


class Banded(Subject):
    """A report on what survives, by frequency.

    Attributes:
      bands: words or contexts by frequency, most frequent first.
      curves: the statistics whose means are drawn.
      alive: the statistic that counts what is alive, of each band or of each context.
      own_settings: the settings that only this kind of report has.
      wording: what words or contexts are called in sentences, figures and files.
    """

    made = Report
    bands: tuple[Band, ...]
    curves: tuple[Any, ...]
    alive: statistics.Statistic
    own_settings: dict[str, int]
    wording: Wording

    @abc.abstractmethod
    def survival(self, process: Process, trace: Trace) -> Survival:
        """Return how much of each band is alive, simulated and by theory."""

    @abc.abstractmethod
    def sizes(self, process: Any) -> str:
        """Return whether sample sizes of contexts are "drawn" or "shared out"; an empty text for words."""

    @property
    def record(self) -> tuple[Any, ...]:
        return (*self.curves, self.alive)

    def result(self, name: str, regime: Any, process: Process, trace: Trace, key: jax.Array) -> RegimeResult:
        curves = {
            each: Curve(analysis.ensemble(trace, each), *exact_curves.curve(process, each, trace.generations))
            for each in trace
            if each != self.alive.name
        }
        survival = self.survival(process, trace)
        return RegimeResult(name, regime, curves, *survival, memory_sentence(process), self.sizes(process))

    def configuration(self, plan: Plan) -> dict[str, Any]:
        used = {name: value for of in plan.regimes.values() for name, value in vars(of).items() if name in plan.given}
        used |= {"growth": plan.given["growth"], "learner": None if self.learner is None else self.learner.label}
        return {
            "regimes": list(plan.regimes),
            "n": plan.n,
            **{name: value for name, value in used.items() if value is not None},
            **plan.run,
            **self.own_settings,
        }

    def extras(self, key: jax.Array, progress: Any) -> dict[str, Any]:
        return {"bands": self.bands, "decay": None}

    def summary(self, found: Report) -> str:
        return summarise(found, self.wording)

    @property
    def figures(self) -> dict[str, Callable[[Report], Any]]:
        draw = {
            "vocabulary": plotting_bands.vocabulary,
            "distance": plotting_bands.distance,
            self.wording.table: plotting_bands.survival,
        }
        return {name: functools.partial(of, wording=self.wording) for name, of in draw.items()}

    def texts(self, found: Report) -> dict[str, str]:
        table, n = self.wording.table, found.configuration["n"]
        curves = [((name, n, each), curve) for name, of in found.regimes.items() for each, curve in of.curves.items()]
        if found.decay is not None:
            curves.append((("fully-synthetic", found.decay.n, "heterozygosity"), found.decay.curve))
        head = ["regime", "per_million_from", "per_million_to", table, "generation"]
        return {
            "curves.csv": curves_csv(["regime", "n", "statistic"], curves, theory=True),
            f"{table}.csv": csv_text([*head, "survival", "standard_error", "theory", "kind"], _rows(found)),
        }

    def document(self, found: Report) -> dict[str, Any]:
        decay = {}
        if found.decay is not None:
            fit = {name: finite(value) for name, value in found.decay.fit.as_dict().items()}
            decay = {"decay": {"n": found.decay.n, "exact_rate": found.decay.exact_rate, "fit": fit}}
        regimes = {name: self._document(result) for name, result in found.regimes.items()}
        return {"regimes": regimes, **decay, "bands": [dataclasses.asdict(band) for band in found.bands]}

    def _document(self, result: RegimeResult) -> dict[str, Any]:
        mean = result.left.simulated.mean
        losses = {str(m): finite(analysis.lost_after(mean, m)) for m in LOSSES if m < len(mean)}
        return {
            "regime": {name: v for name, v in dataclasses.asdict(result.regime).items() if v is not None},
            **({"sizes": result.sizes} if result.sizes else {}),
            f"{self.wording.lost}_half_life": finite(analysis.half_life(mean)),
            "lost_after": losses,
            "remembered": result.remembered,
            "theory": {statistic: curve.kind or "none" for statistic, curve in result.curves.items()},
        }


def _rows(found: Report) -> Iterator[list[Any]]:
    for name, result in found.regimes.items():
        for i, band in enumerate(found.bands):
            if band.count:
                low, high = (float(f"{edge * 1e6:.4g}") for edge in (band.low, band.top))
                for m in range(result.survival.shape[1]):
                    shares = number(result.survival[i, m]), number(result.survival_error[i, m])
                    theory = "" if result.survival_exact is None else number(result.survival_exact[i, m])
                    yield [name, low, high, band.count, m, *shares, theory, result.survival_kind]

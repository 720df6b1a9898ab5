"""A report on the words of a language."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, final

import jax
import numpy as np

from jaxcollapse import analysis, runs, statistics, theory
from jaxcollapse.check import SMALLEST
from jaxcollapse.contract import Process
from jaxcollapse.languages.language import Language
from jaxcollapse.process.construction import recursive_training
from jaxcollapse.regimes import make
from jaxcollapse.reporting import exact_curves, plotting_bands
from jaxcollapse.reporting.banded import CURVES, Banded, Survival
from jaxcollapse.reporting.bands import frequency_bands, members
from jaxcollapse.reporting.report_results import Curve, DecayResult, Report, units_of_words
from jaxcollapse.reporting.subject import key_for
from jaxcollapse.reporting.wording import Wording
from jaxcollapse.results import Trace


@final
class OfWords(Banded):
    """A report on the words of a language: how many of each band are alive, and the decay rate of diversity.

    Args:
      language: the truth; what is too rare to be drawn is left out of the report.
      learner: how models are trained and how they write; None for maximum likelihood.
      fit_n, fit_chains: tokens a generation and chains of the run whose decay rate is fitted.

    Raises:
      ValueError: for a language with a single token.
    """

    curves = CURVES

    def __init__(self, language: Language, learner: Any, *, fit_n: int, fit_chains: int) -> None:
        drawn = language.p.astype(np.float32) >= SMALLEST
        if np.count_nonzero(drawn) < 2:
            raise ValueError(f"language {language.name!r} has a single token: there is nothing to lose")
        self._given = language
        self.language = dataclasses.replace(language, p=np.where(drawn, language.p, 0) / language.p[drawn].sum())
        self.learner, self.own_settings = learner, {"fit_n": fit_n, "fit_chains": fit_chains}
        self.extra_generations = 3 * fit_n
        self.bands = frequency_bands(self.language)
        self.alive = statistics.band_support(*(band.low for band in reversed(self.bands)), self.bands[0].high)
        units = units_of_words(language)
        self.wording = Wording(
            table="words",
            lost="vocabulary",
            left=f"Surviving {units}",
            survival="chance to survive",
            axis=f"{units} that the model can still write",
            amount=f"{{:,.0f}} {units}",
            fate="die first",
            share=f"share of the {units} still alive",
            share_at_the_end="alive",
            per_million=f"{units} per million",
        )

    def process(self, regime: Any) -> Process:
        return recursive_training(self._given, regime, self.learner)

    def sizes(self, process: Any) -> str:
        return ""

    def survival(self, process: Process, trace: Trace) -> Survival:
        counts = np.array([max(band.count, 1) for band in self.bands])
        left = analysis.ensemble(trace, self.alive.name, levels=())
        share, error = (part[:, ::-1].T / counts[:, None] for part in (left.mean, left.standard_error))
        p = np.asarray(process.p, dtype=np.float64)
        different, back = np.unique(p, return_inverse=True)
        chance, kind = exact_curves.survival(process, trace.generations, different)
        if chance is None:
            return Survival(share, error, None, kind)
        nothing = np.zeros(trace.generations + 1)
        inside = members(self.bands, p)
        expected = np.stack([chance[:, back[each]].mean(axis=1) if each.size else nothing for each in inside])
        return Survival(share, error, expected, kind)

    def extras(self, key: jax.Array, progress: Any) -> dict[str, Any]:
        progress.set_description("decay rate")
        return super().extras(key, progress) | {"decay": self._decay(key_for(key, "decay rate"), progress.update)}

    def _decay(self, key: jax.Array, progress: Callable[[int], Any]) -> DecayResult:
        """Return the decay rate of heterozygosity at a small sample size."""
        n, chains, generations = self.own_settings["fit_n"], self.own_settings["fit_chains"], self.extra_generations
        process = recursive_training(self.language, make("fully-synthetic", n=n))
        how: dict[str, Any] = {"chains": chains, "generations": generations, "progress": progress}
        trace = runs.run(key, process, record="heterozygosity", **how)
        simulated = analysis.ensemble(trace, "heterozygosity")
        curve = Curve(simulated, theory.heterozygosity(process, generations), "exact")
        return DecayResult(n, curve, analysis.fit_exponential(trace, "heterozygosity"), float(-np.log1p(-1 / n)))

    @property
    def figures(self) -> dict[str, Callable[[Report], Any]]:
        return {**super().figures, "decay": plotting_bands.decay}

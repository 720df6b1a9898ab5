"""The base of learners of one context, whose corpora are multisets of tokens."""

from __future__ import annotations

from typing import Any, ClassVar

from jax import Array

from jaxcollapse import sampling
from jaxcollapse.contract import Corpora, Learner, Regime, Workload
from jaxcollapse.learners import token_tables
from jaxcollapse.sampling import Counts, FixedPointCDF, Labels, ModelAverage
from jaxcollapse.sampling.corpora import LABELS, CountCorpora
from jaxcollapse.sampling.token_frame import TokenFrame


class TokenLearner(Learner):
    """A learner whose corpora are labels or counts of tokens, depending on its ``method``.

    Attributes:
      method: static; ``"labels"``, ``"counts"``, ``"labels first"``, or None before the learner is bound.
      portable: static; whether counts are drawn by XLA even where the compiled kernel is available.
    """

    method: str | None
    portable: bool
    provides: ClassVar[frozenset[str]] = frozenset({"average"})

    def source(self, model: Any) -> Any:
        """Return the distribution or corpus that a model draws tokens from; the model itself unless overridden."""
        return model

    @property
    def corpora(self) -> Corpora:
        return CountCorpora(self.portable) if self.method == "counts" else LABELS

    def truth(self, language: Array) -> FixedPointCDF:
        return sampling.fixed_point_cdf(language)

    def write(self, key: Array, model: Any, truth: FixedPointCDF, size: Array, capacity: int) -> Labels | Counts:
        source = self.source(model)
        in_counts = self.method == "counts" or (self.method == "labels first" and isinstance(source, Counts))
        if in_counts and isinstance(source, Counts | FixedPointCDF | ModelAverage):
            return sampling.draw_counts(key, source, size, capacity, portable=self.portable)
        return token_tables.draw_tokens(key, source, size, capacity)

    def average(self, source: Any, frame: TokenFrame) -> ModelAverage:
        """Return an average of distributions that consists of that of one model, corpus or truth."""
        return token_tables.average_of(self.source(source), frame.width)

    def include(self, average: ModelAverage, source: Any) -> ModelAverage:
        """Return the average with the distribution of one more model or corpus included."""
        one = token_tables.average_of(self.source(source), average.sums.hi.shape[0])
        return sampling.add_averages(average, one)

    def workload(self, language: Array, regime: Regime) -> Workload:
        return Workload(language.shape[-1] if self.method == "counts" else regime.corpus_capacity)

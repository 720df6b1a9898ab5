"""One context whose counts are smoothed before they are probabilities, and whose probabilities are decoded."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse import check, sampling
from jaxcollapse.exact import fixed
from jaxcollapse.learners.categorical import Categorical, Corpus
from jaxcollapse.learners.decoding import apply
from jaxcollapse.learners.estimators import MaximumLikelihood
from jaxcollapse.learners.shaping import Shaped
from jaxcollapse.process.one_context import WEIGHT, Table


class Estimate(NamedTuple):
    """A model.

    Attributes:
      p: what was estimated, ``float32 [vocabulary]``; statistics look at it.
      written: what tokens are drawn from: the same, decoded.
    """

    p: Array
    written: sampling.FixedPointCDF


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Estimated(Shaped, Categorical):
    """Counts, an estimator, and a decoding: ``p^(m) = estimator(counts)``, and it writes ``decoding(p^(m))``.

    Real data are real: the truth is neither smoothed nor decoded. Statistics see ``p^(m)`` itself. Any regime will do.
    The numbers of both are leaves, so they can be swept. Probabilities are float32 (drawn from exactly), so bits are
    promised for one program only, not across batches.

    Attributes:
      estimator: one of :mod:`jaxcollapse.learners.estimators`; maximum likelihood by default.
      decoding: of :mod:`jaxcollapse.learners.decoding`, applied one after the other.
      vocabulary: static; set by :func:`jaxcollapse.recursive_training`.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> learner = jc.learners.Estimated(estimator=jc.estimators.Additive(0.5), decoding=jc.decoding.TopK(5))
      >>> process = jc.recursive_training(jc.languages.zipf(20), jc.FullySynthetic(n=100), learner)
      >>> trace = jc.simulate(jax.random.key(0), process, chains=4, generations=5, record="support")
      >>> int(trace["support"][0, -1])  # no token dies
      20
    """

    estimator: Any = dataclasses.field(default_factory=MaximumLikelihood)
    decoding: Any = ()
    vocabulary: int | None = dataclasses.field(default=None, metadata={"static": True})

    def __post_init__(self) -> None:
        Categorical.__post_init__(self)
        Shaped.__post_init__(self)

    def suited(self, regime: Any, vocabulary: int) -> Estimated:
        """This learner for so many tokens; corpora are counts where the regime can do with them.

        Raises:
          TypeError, ValueError: for what is no estimator or decoding, and for a prior of another length.
        """
        self.judge()
        prior = getattr(self.estimator, "prior", None)
        if prior is not None and jnp.shape(prior) != (vocabulary,):
            raise ValueError(f"prior must have one entry a token, [{vocabulary}], got shape {jnp.shape(prior)}")
        if prior is not None and check.concrete(prior):
            check.probabilities("prior", prior)
        method = "counts" if set(regime.verbs) <= {"pool", "add", "subsample"} else "labels"
        return dataclasses.replace(self, method=method, vocabulary=vocabulary)

    def sample(self, key: Array, model: Any, size: Array, slots: int) -> sampling.Labels | sampling.Counts:
        return super().sample(key, model.written if isinstance(model, Estimate) else model, size, slots)

    def fit(self, key: Array, corpus: Corpus, previous: Any) -> Any:
        assert self.vocabulary is not None, "recursive_training says how many tokens there are"
        of_corpus = super().table(corpus, self.vocabulary)
        # Of weighted corpora: how many tokens there are, whatever they weigh.
        parts = (corpus.first, corpus.second) if isinstance(corpus, sampling.ReweightedCorpus) else (corpus,)
        size = sum((part.size for part in parts), jnp.int32(0))
        p = self.estimator(of_corpus.p, of_corpus.p > 0, size)
        return Estimate(p, sampling.fixed_point_cdf(apply(self.decoding, p)))

    def untrained(self, vocabulary: int) -> Any:
        uniform = jnp.full(vocabulary, 1 / vocabulary, jnp.float32)
        return Estimate(uniform, sampling.fixed_point_cdf(apply(self.decoding, uniform)))

    def blend(self, mean: sampling.ModelAverage | None, model: Any, width: int | None = None) -> sampling.ModelAverage:
        return super().blend(mean, model.written if isinstance(model, Estimate) else model, width)

    def compact(self, corpus: Any, vocabulary: int) -> tuple[Any, Array]:
        # A token that no corpus holds may yet be given mass.
        return corpus, jnp.arange(vocabulary, dtype=jnp.int32)

    @property
    def runs(self) -> bool:
        return False

    def dirac(self, model: Any) -> Array:
        if isinstance(model, sampling.FixedPointCDF):
            return super().dirac(model)
        if isinstance(model, Estimate):
            return _only(model.p)
        # Of a corpus, a pool or a mean: what a model that is trained on nothing but one token can write.
        alone = super().dirac(model)
        seen = jnp.arange(self.vocabulary, dtype=jnp.int32) == alone
        return jnp.where(alone >= 0, _only(self.estimator(seen.astype(jnp.float32), seen, jnp.int32(1))), -1)

    def table(self, model: Any, width: int) -> Table:
        if not isinstance(model, Estimate):
            return super().table(model, width)
        weights = fixed.from_float(model.p, WEIGHT)
        rest = fixed.subtract(fixed.sum_of(weights), weights)
        return Table(model.p, fixed.to_float(rest, WEIGHT), fixed.minus_log(model.p), None, None)

    def recurrence(self, past: Any, corpus: Any) -> Any:
        """The model in terms of its corpus, for the theory of second moments."""
        if self.decoding:
            raise TypeError("second moments are known without decoding; it is not linear in the probabilities")
        return self.estimator.recurrence(past, corpus)


def _only(p: Array) -> Array:
    return jnp.where(jnp.sum(p > 0) == 1, jnp.argmax(p), -1).astype(jnp.int32)

"""The learner of one context with an estimator, which smooths counts, and a decoding."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from jaxcollapse import check, sampling
from jaxcollapse.contract import Regime, Status, View
from jaxcollapse.learners import smoothing_settings, token_tables
from jaxcollapse.learners.decoding import apply
from jaxcollapse.learners.estimators import MaximumLikelihood
from jaxcollapse.learners.token_learner import TokenLearner
from jaxcollapse.learners.token_tables import Corpus, Source
from jaxcollapse.pytrees import pytree_dataclass, static
from jaxcollapse.sampling import FixedPointCDF
from jaxcollapse.sampling.corpora import LABELS
from jaxcollapse.sampling.token_frame import TokenFrame, token_frame
from jaxcollapse.schemes.draw_costs import METHODS, counts_suffice


class Estimate(NamedTuple):
    """A model that an estimator made.

    Attributes:
      p: the estimated probabilities, ``float32 [vocabulary]``, which statistics see.
      written: the decoded probabilities, which tokens are drawn from.
    """

    p: Array
    written: FixedPointCDF


@pytree_dataclass
class Estimated(TokenLearner):
    """The learner of one context with ``p^(m) = estimator(counts)``, which writes tokens of ``decoding(p^(m))``.

    The truth is neither smoothed nor decoded. Statistics see ``p^(m)`` before decoding. All regimes are possible.
    The numbers of the estimator and of the decoding are leaves, so they can be swept. Probabilities are float32 (drawn
    from exactly), so bits are guaranteed for one program only, not across batches.

    Attributes:
      method, portable: as in :class:`Categorical`; the method is chosen by :func:`jaxcollapse.recursive_training`.
      estimator: an estimator of :mod:`jaxcollapse.estimators`; maximum likelihood by default.
      decoding: decodings of :mod:`jaxcollapse.decoding`, applied one after the other; none by default.
      vocabulary: the number of tokens, static; set by :func:`jaxcollapse.recursive_training`.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> learner = jc.learners.Estimated(estimator=jc.estimators.Additive(0.5), decoding=jc.decoding.TopK(5))
      >>> process = jc.recursive_training(jc.languages.zipf(20), jc.FullySynthetic(n=100), learner)
      >>> trace = jc.simulate(jax.random.key(0), process, chains=4, generations=5, record="support")
      >>> int(trace["support"][0, -1])  # no token dies
      20
    """

    method: str | None = static()
    portable: bool = static(default=False)
    estimator: Any = dataclasses.field(default_factory=MaximumLikelihood)
    decoding: Any = ()
    vocabulary: int | None = static()

    def __post_init__(self) -> None:
        if self.method is not None:
            check.choice("method", self.method, METHODS)
        object.__setattr__(self, "decoding", smoothing_settings.as_tuple(self.decoding))

    def bind(self, language: Any, regime: Regime) -> tuple[Estimated, Array]:
        """Return this learner for the tokens of a language, with counts where the regime needs no single tokens.

        Raises:
          TypeError: for an estimator or a decoding that is none.
          ValueError: for a prior of another length than the vocabulary.
        """
        truth = check.distribution(language)
        smoothing_settings.validate(self.estimator, self.decoding)
        self.estimator.check_vocabulary(truth.shape[0])
        method = "counts" if counts_suffice(regime) else "labels"
        return dataclasses.replace(self, method=method, vocabulary=truth.shape[0]), truth

    def source(self, model: Any) -> Any:
        return model.written if isinstance(model, Estimate) else model

    def fit(self, key: Array, corpus: Corpus, previous: Estimate | None) -> Estimate:
        assert self.vocabulary is not None, "recursive_training says how many tokens there are"
        p = token_tables.frequencies(corpus, self.vocabulary).p
        # The estimator gets the number of tokens, whatever their weights.
        return self._estimate(self.estimator(p, p > 0, LABELS.length(corpus)))

    def view(self, model: Estimate | FixedPointCDF, truth: FixedPointCDF, frame: TokenFrame) -> View:
        if isinstance(model, FixedPointCDF):
            return token_tables.view_of_truth(model, truth.p, frame)
        return token_tables.view_of_table(model, token_tables.table_of_probabilities(model.p), truth.p, frame)

    def frame(self, real: Any, truth: FixedPointCDF, closed: bool) -> tuple[Any, TokenFrame]:
        # The estimator may give mass to a token that no corpus has, so every token of the vocabulary has an entry.
        return real, token_frame(jnp.arange(truth.p.shape[0], dtype=jnp.int32))

    def with_first(self, frame: TokenFrame, model: Estimate) -> TokenFrame:
        return frame._replace(first=model.p)

    def fixed_token(self, source: Estimate | Source) -> Array:
        if isinstance(source, FixedPointCDF):
            return sampling.only_token(source)
        if isinstance(source, Estimate):
            return sampling.only_token_in_probabilities(source.p)
        # For a corpus, a pool or an average of one token, it matters what a model trained on that token can write.
        alone = sampling.only_token(source)
        seen = jnp.arange(self.vocabulary, dtype=jnp.int32) == alone
        p = self.estimator(seen.astype(jnp.float32), seen, jnp.int32(1))
        return jnp.where(alone >= 0, sampling.only_token_in_probabilities(p), -1)

    def status(self, model: Estimate | None = None) -> Array:
        if model is not None:
            return jnp.int32(0)
        invalid = smoothing_settings.is_invalid(self.estimator, self.decoding)
        return jnp.where(invalid, jnp.int32(Status.LEARNER.value), jnp.int32(0))

    def untrained(self, truth: FixedPointCDF) -> Estimate:
        """Return the uniform model."""
        vocabulary = truth.p.shape[0]
        return self._estimate(jnp.full(vocabulary, 1 / vocabulary, jnp.float32))

    @property
    def label(self) -> str:
        """Return the estimator and the decoding in a few words: ``"additive 0.1, top-k 50"``."""
        return smoothing_settings.label(self.estimator, self.decoding)

    def recurrence(self, past: Any, corpus: Any) -> Any:
        if self.decoding:
            raise TypeError("second moments are known without decoding; it is not linear in the probabilities")
        return self.estimator.recurrence(past, corpus)

    def _estimate(self, p: Array) -> Estimate:
        """Return the model with estimated probabilities ``p [vocabulary]``."""
        return Estimate(p, sampling.fixed_point_cdf(apply(self.decoding, p)))

"""The learner whose model is a table of token frequencies: one context, maximum likelihood."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from jaxcollapse import check, sampling
from jaxcollapse.contract import Regime, Scheme, View
from jaxcollapse.learners import token_tables
from jaxcollapse.learners.token_learner import TokenLearner
from jaxcollapse.learners.token_tables import Corpus, Source
from jaxcollapse.pytrees import pytree_dataclass, static
from jaxcollapse.sampling import Counts, FixedPointCDF, Labels
from jaxcollapse.sampling.token_frame import TokenFrame, token_frame
from jaxcollapse.schemes.counts_scheme import CountsScheme
from jaxcollapse.schemes.draw_costs import MEASURED, METHODS, counts_suffice


@pytree_dataclass
class Categorical(TokenLearner):
    """The learner of one context by maximum likelihood: a model is the table of frequencies ``p_i = x_i / n``.

    A softmax classifier on one context converges to this model (Seddik et al. 2024, section 2.1). The
    model is its training set, in one of two forms. *Labels*: a token is drawn by copying a uniformly
    chosen slot; a generation costs ``n`` random words, and counts are made only for statistics.
    *Counts*: multinomial counts are drawn at once (:mod:`jaxcollapse.sampling.dyadic`); a generation
    costs some random words for each token that is left. The distributions are the same, the random numbers differ.

    Attributes:
      method: static; ``"labels"``, ``"counts"``, or ``"labels first"`` (counts from generation 8 on). By
        default chosen by :func:`jaxcollapse.recursive_training` from the regime and the sizes alone: labels
        where the regime needs single tokens or any token can occur again, and for samples of up to 32;
        counts where the vocabulary is at most a quarter of the sample; else, where tokens die for ever,
        counts for samples of up to 128 and labels first for larger ones; and labels where real ones are kept.
      portable: static; whether counts are drawn by XLA even where the compiled kernel (:mod:`jaxcollapse.native`) is
        available. The bits are the same.

    Raises:
      ValueError: for an unknown method.
    """

    method: str | None = static()
    portable: bool = static(default=False)
    is_frequency_table: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.method is not None:
            check.choice("method", self.method, METHODS)

    def bind(self, language: Any, regime: Regime) -> tuple[Categorical, Array]:
        """Return this learner with a method that suits a regime, unless one was chosen, and the truth as an array.

        Raises:
          ValueError: when the chosen method does not suit the regime.
        """
        truth = check.distribution(language)
        if self.method is None:
            return dataclasses.replace(self, method=MEASURED.method(regime, truth.shape[0])), truth
        suffice = counts_suffice(regime)
        if (self.method != "labels" and not suffice) or (self.method == "labels first" and not regime.closed):
            raise ValueError(
                f"method={self.method!r} does not go with {type(regime).__name__}, which "
                f"{'may see any token again' if suffice else 'wants single tokens'}; leave method out"
            )
        return self, truth

    def fit(self, key: Array, corpus: Corpus, previous: Corpus | None) -> Corpus:
        return corpus

    def view(self, model: FixedPointCDF | Corpus, truth: FixedPointCDF, frame: TokenFrame) -> View:
        if isinstance(model, FixedPointCDF):
            return token_tables.view_of_truth(model, truth.p, frame)
        return token_tables.view_of_table(model, token_tables.frequencies(model, frame.width), truth.p, frame)

    def frame(self, real: Labels | Counts, truth: FixedPointCDF, closed: bool) -> tuple[Labels | Counts, TokenFrame]:
        vocabulary = truth.p.shape[0]
        if closed and isinstance(real, Labels) and real.labels.shape[0] < vocabulary:
            real, tokens = sampling.relabel(real, vocabulary)
            return real, token_frame(tokens)
        return real, token_frame(jnp.arange(vocabulary, dtype=jnp.int32))

    def with_first(self, frame: TokenFrame, model: Corpus) -> TokenFrame:
        return frame._replace(first=token_tables.frequencies(model, frame.width).p)

    def fixed_token(self, source: Source) -> Array:
        return sampling.only_token(source)

    def untrained(self, truth: FixedPointCDF) -> Counts:
        """Return the uniform model, as a corpus that has each token once."""
        vocabulary = truth.p.shape[0]
        return sampling.cumulate_counts(jnp.ones(vocabulary, jnp.int32), jnp.int32(vocabulary))

    def scheme(self, regime: Regime) -> Scheme | None:
        if self.method == "labels":
            return None
        return CountsScheme(switch_at=MEASURED.switch_at if self.method == "labels first" else 0)

    def recurrence(self, past: Any, corpus: Any) -> Any:
        return corpus

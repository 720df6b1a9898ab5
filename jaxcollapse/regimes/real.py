"""Regimes with real data beside synthetic: one corpus for ever, new data in each generation, or random mixtures."""

from __future__ import annotations

from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check
from jaxcollapse.contract import Corpus, Frame, Learner, Memory, Model, Sources
from jaxcollapse.exact import bits, threefry
from jaxcollapse.pytrees import static
from jaxcollapse.regimes.base import Base, is_value, only_if, regime
from jaxcollapse.schedules import Schedule


@regime
class PartiallySynthetic(Base):
    """Train each model on one real corpus, drawn once and kept for ever, and ``n`` new tokens of the last model.

    Generation 1 is trained on the ``real`` tokens alone; generation ``m >= 2`` on these and on ``n``
    tokens of generation ``m - 1``. A token that the real corpus lacks never occurs; one that it has is never lost.

    Attributes:
      n: the number of synthetic tokens in each generation, a leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      real: the number of real tokens, N in the paper, a leaf.
      capacity: the largest ``n`` that compiles nothing anew; static, by default the next power of two.
      real_capacity: the same for ``real``.

    Raises:
      ValueError: when a size is not a whole number between 1 and its capacity, or when both together
        exceed 2^31 - 1.

    Source: Seddik et al. (2024), section 2.2.

    Example:
      >>> PartiallySynthetic(n=500, real=100)
      PartiallySynthetic(n=500, real=100, capacity=512, real_capacity=128)
    """

    n: Any
    real: Any
    capacity: Any = static()
    real_capacity: Any = static()
    closed: ClassVar[bool] = True
    collapses: ClassVar[bool] = False
    sizes: ClassVar[dict[str, str]] = {"n": "capacity", "real": "real_capacity"}

    def validate(self) -> None:
        if isinstance(self.real, Schedule):
            raise ValueError("real must be one number, for the corpus is drawn once; FreshReal takes a schedule")

    @property
    def corpus_capacity(self) -> int:
        return int(self.real_capacity + self.capacity)

    def draw_real(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        return learner.draw(key, truth, self.size("real", 1), self.real_capacity)

    def first(
        self, key: Array, learner: Learner, sources: Sources, real: Corpus, frame: Frame
    ) -> tuple[Corpus, Memory]:
        return learner.corpora.resize(real, self.corpus_capacity), real

    def collect(
        self, key: Array, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        written = learner.write(key, model, sources.truth, self.size("n", m), self.capacity)
        return learner.corpora.concatenate(memory, written), memory

    def recurrence(self, past: Any, m: int) -> Any:
        if m == 1:
            past.kept = past.keep(past.draw(past.model(0), self.whole("real", 1)))
            return past.kept
        return past.merge(past.kept, past.draw(past.model(m - 1), self.whole("n", m)))


@regime
class FreshReal(Base):
    """Train each model on ``real`` new real tokens and ``n`` tokens of the last model.

    Generation 1 is trained on ``real`` tokens of the truth alone (on ``n`` of them when ``real`` is 0:
    then this is :class:`FullySynthetic`). With a ``weight`` w each real count is multiplied by w:
    ``p^(m) = (w x + y)/(w N + n)``, so the fraction of the real data is ``w N/(w N + n)``, and models are
    no longer tables of whole counts (the spectrum is -1). Tokens of the truth can always return, so chains
    do not collapse for ever.

    Attributes:
      n: the number of synthetic tokens in each generation, a leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      real: the number of new real tokens in each generation, a leaf; or a schedule.
      weight: the weight of a real token, a leaf of at least 0; or None, and every token counts once.
      capacity: the largest ``n`` that compiles nothing anew; static, by default the next power of two.
      real_capacity: the same for ``real``.

    Raises:
      ValueError: when a size is not a whole number within its capacity, or ``weight`` is negative.

    Source: Alemohammad et al. (2023), arXiv 2307.01850; with weights He, Xu and Cheng (2025), arXiv 2502.18049.

    Example:
      >>> FreshReal(n=500, real=100, weight=1.6)
      FreshReal(n=500, real=100, weight=1.6, capacity=512, real_capacity=128)
    """

    n: Any
    real: Any
    weight: Any = None
    capacity: Any = static()
    real_capacity: Any = static()
    collapses: ClassVar[bool] = False
    sizes: ClassVar[dict[str, str]] = {"n": "capacity", "real": "real_capacity"}
    least: ClassVar[dict[str, int]] = {"real": 0}

    def validate(self) -> None:
        if self.weight is not None and is_value(self.weight):
            check.real_numbers("weight", self.weight, 0, check.HEAVIEST)

    def requires(self, provided: frozenset[str]) -> tuple[str, ...]:
        return () if self.weight is None else ("reweight",)

    @property
    def corpus_capacity(self) -> int:
        return int(self.real_capacity + self.capacity)

    def is_invalid(self, m: Any) -> Array:
        wrong = Base.is_invalid(self, m)
        if self.weight is None:
            return wrong
        weight = jnp.asarray(self.weight)
        return wrong | ~((weight >= 0) & (weight <= check.HEAVIEST))

    def _join(self, learner: Learner, real: Corpus, synthetic: Corpus) -> Corpus:
        """Return the corpus of real and synthetic items, in which real ones have their weight."""
        return (
            learner.corpora.concatenate(real, synthetic)
            if self.weight is None
            else learner.corpora.reweight(real, synthetic, self.weight)
        )

    def draw_real(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        size = self.size("real", 1)
        instead = only_if(size == 0, lambda: learner.draw(key, truth, self.size("n", 1), self.capacity))
        return self._join(learner, learner.draw(key, truth, size, self.real_capacity), instead)

    def collect(
        self, key: Array, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        of_truth, of_model = threefry.split_keys(key, 2)
        real = learner.draw(of_truth, sources.truth, self.size("real", m), self.real_capacity)
        written = learner.write(of_model, model, sources.truth, self.size("n", m), self.capacity)
        return self._join(learner, real, written), ()

    def absorbed(self, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array) -> Array:
        token = learner.fixed_token(model)
        none = jnp.asarray(False) if isinstance(self.real, Schedule) else self.size("real", m) == 0
        if self.weight is not None:
            none = none | (jnp.asarray(self.weight) == 0)
        return (token >= 0) & ((token == learner.fixed_token(sources.truth)) | none)

    def recurrence(self, past: Any, m: int) -> Any:
        real, n = self.whole("real", m), self.whole("n", m)
        if m == 1:
            return past.draw(past.model(0), real or n)
        if real == 0:
            return past.draw(past.model(m - 1), n)
        weight = 1.0 if self.weight is None else float(np.float32(self.weight))
        parts = past.draw(past.model(0), real), past.draw(past.model(m - 1), n)
        return past.weigh(parts, (weight * real, n))


@regime
class Mixture(Base):
    """Train each model on ``n`` tokens, each of them real with probability ``share`` and else of the last model.

    Generation 1 is trained on ``n`` tokens of the truth. The number of real tokens is binomial; for a
    fixed number see :class:`FreshReal`. In population genetics ``share`` is the rate of migration
    from a continent with allele frequencies p.

    Attributes:
      n: the number of tokens that each model is trained on, a leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      share: the probability that a token is real, a leaf between 0 and 1.
      capacity: the largest ``n`` that compiles nothing anew; static, by default the next power of two.

    Raises:
      ValueError: when ``n`` is not a whole number between 1 and ``capacity``, or ``share`` not in [0, 1].

    Source: Bakshi and Chakraborty (2026), arXiv 2602.10531.

    Example:
      >>> Mixture(n=500, share=0.1)
      Mixture(n=500, share=0.1, capacity=512)
    """

    n: Any
    share: Any
    capacity: Any = static()
    collapses: ClassVar[bool] = False

    def validate(self) -> None:
        if is_value(self.share):
            check.real_numbers("share", self.share, 0, 1)

    def is_invalid(self, m: Any) -> Array:
        share = jnp.asarray(self.share)
        return Base.is_invalid(self, m) | ~((share >= 0) & (share <= 1))

    def collect(
        self, key: Array, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        of_number, of_truth, of_model = threefry.split_keys(key, 3)
        n = self.size("n", m)
        real = bits.binomial_count(of_number, n, self.share, self.capacity)
        corpus = learner.corpora.concatenate(
            learner.draw(of_truth, sources.truth, real, self.capacity),
            learner.write(of_model, model, sources.truth, n - real, self.capacity),
        )
        return learner.corpora.resize(corpus, self.capacity), ()

    def absorbed(self, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array) -> Array:
        token = learner.fixed_token(model)
        return (token >= 0) & ((token == learner.fixed_token(sources.truth)) | (jnp.asarray(self.share) == 0))

    def recurrence(self, past: Any, m: int) -> Any:
        share = float(np.float32(self.share))
        both = past.weigh((past.model(0), past.model(m - 1)), (share, 1 - share))
        return past.draw(both, self.whole("n", m))

"""Regimes with a pool that only grows: models are trained on all items so far, or on a part of them."""

from __future__ import annotations

from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from jaxcollapse import check
from jaxcollapse.contract import Corpus, Frame, Learner, Memory, Model, Pool, Sources
from jaxcollapse.exact import threefry, u64
from jaxcollapse.pytrees import static
from jaxcollapse.regimes.base import Base, is_value, regime, sizes_of


class _Pool(Base):
    """The base of regimes with a pool, which holds ``n_1`` items of the truth and grows by ``n_m`` items of p^(m-1)."""

    generations: Any
    closed: ClassVar[bool] = True
    collapses: ClassVar[bool] = False

    def requires(self, provided: frozenset[str]) -> tuple[str, ...]:
        bounded = self.generations is not None
        return ("pool", "extend") if bounded else ("pool", "extend", "unbounded")

    def validate(self) -> None:
        if self.generations is not None:
            check.static_whole_number("generations", self.generations)

    def _pool(self, learner: Learner, corpus: Corpus, frame: Frame) -> Pool:
        """Return a new pool that holds a corpus."""
        capacity = None if self.generations is None else self.capacity * self.generations
        return learner.corpora.pool(corpus, frame, capacity)

    def check_run(self, generations: int) -> None:
        if self.generations is not None and generations > self.generations:
            raise ValueError(
                f"{type(self).__name__} has room for {self.generations:,} generations, and {generations:,} were asked "
                "for; raise its generations="
            )
        if is_value(sizes_of(self.n)):
            pooled = self.total("n", generations)
            if pooled > check.LARGEST:
                raise ValueError(
                    f"{type(self).__name__} would pool {pooled:,} tokens in {generations} generations, and counts end "
                    f"at {check.LARGEST:,}; lower n={self.n!r} or the generations"
                )

    def items_pooled(self, generations: int) -> int:
        if is_value(sizes_of(self.n)):
            return self.total("n", generations)
        return self.capacity * generations

    def is_invalid(self, m: Any) -> Array:
        sizes = jnp.maximum(jnp.atleast_1d(jnp.asarray(sizes_of(self.n))), 0).astype(jnp.uint32)
        within = jnp.where(jnp.arange(sizes.shape[0]) < m, sizes, 0)
        beyond = jnp.maximum(jnp.asarray(m) - sizes.shape[0], 0).astype(jnp.uint32)
        pooled = u64.add(u64.sum_of(u64.U64(jnp.zeros_like(within), within)), u64.multiply(sizes[-1], beyond))
        return Base.is_invalid(self, m) | (pooled.hi > 0) | (pooled.lo > check.LARGEST)


@regime
class Accumulate(_Pool):
    """Train each model on everything so far: ``n`` tokens of each p^(t), ``t < m``, drawn once and kept for ever.

    Generation 1 is trained on ``n`` tokens of the truth. Chains do not collapse for n >= 2: the expected diversity
    converges to ``(1 - S_0) sin(pi/sqrt n)/(pi/sqrt n)``.

    The memory is the pool: of tokens only their counts, one for each token of the chain, after any number of
    generations.

    Attributes:
      n: the number of tokens added in each generation, a leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      capacity: the largest ``n`` that compiles nothing anew; static, by default the next power of two.
      generations: the last generation that a run may reach, static; needed where a pool has a slot for every item, as
        pools of documents have. Pools of counts do not need it.

    Raises:
      ValueError: when ``n`` is not a whole number between 1 and ``capacity``; in a run, when the pool
        would exceed 2^31 - 1 tokens.

    Source: Gerstgrasser et al. (2024), arXiv 2404.01413.

    Example:
      >>> Accumulate(n=500)
      Accumulate(n=500, capacity=512)
    """

    n: Any
    capacity: Any = static()
    generations: int | None = static(repr=False)

    def first(
        self, key: Array, learner: Learner, sources: Sources, real: Corpus, frame: Frame
    ) -> tuple[Corpus, Memory]:
        pool = self._pool(learner, real, frame)
        return pool, pool

    def collect(
        self, key: Array, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        written = learner.write(key, model, sources.truth, self.size("n", m), self.capacity)
        pool = learner.corpora.extend(memory, written)
        return pool, pool

    def recurrence(self, past: Any, m: int) -> Any:
        drawn = past.draw(past.model(m - 1), self.whole("n", m))
        past.kept = past.keep(drawn if m == 1 else past.merge(past.kept, drawn))
        return past.kept


@regime
class AccumulateSubsample(_Pool):
    """Train each model on ``budget`` tokens of a pool that grows by ``n`` tokens in each generation.

    At generation m, ``n`` tokens of p^(m-1) join the pool for ever (of the truth at m = 1); then
    ``budget`` tokens are drawn from it: a uniformly random subset (all of the pool while it is
    smaller), or with ``replacement`` independent copies of its tokens. A subset is the default, for
    that is what "a part of the data" means; for a large pool there is no difference.

    The memory is the pool: of tokens only their counts, one for each token of the chain, after any number of
    generations.

    Attributes:
      n: the number of tokens added in each generation, a leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      budget: the number of tokens that each model is trained on, a leaf.
      replacement: whether these are drawn with replacement; static.
      capacity: the largest ``n`` that compiles nothing anew; static, by default the next power of two.
      budget_capacity: the same for ``budget``.
      generations: as in :class:`Accumulate`.

    Raises:
      ValueError: when a size is not a whole number between 1 and its capacity; in a run, when the
        pool would exceed 2^31 - 1 tokens.

    Source: Kazdan et al. (2024), arXiv 2410.16713.

    Example:
      >>> AccumulateSubsample(n=500, budget=200)
      AccumulateSubsample(n=500, budget=200, replacement=False, capacity=512, budget_capacity=256)
    """

    n: Any
    budget: Any
    replacement: Any = static(default=False)
    capacity: Any = static()
    budget_capacity: Any = static()
    generations: int | None = static(repr=False)
    sizes: ClassVar[dict[str, str]] = {"n": "capacity", "budget": "budget_capacity"}

    def requires(self, provided: frozenset[str]) -> tuple[str, ...]:
        return (*super().requires(provided), "subsample")

    def validate(self) -> None:
        super().validate()
        check.flag("replacement", self.replacement)

    @property
    def corpus_capacity(self) -> int:
        return int(max(self.capacity, self.budget_capacity))

    def _part(self, key: Array, learner: Learner, pool: Any, m: Any) -> Corpus:
        """Return the items of the pool that generation ``m`` is trained on."""
        budget = self.size("budget", m)
        return learner.corpora.subsample(key, pool, budget, self.budget_capacity, self.replacement)

    def first(
        self, key: Array, learner: Learner, sources: Sources, real: Corpus, frame: Frame
    ) -> tuple[Corpus, Memory]:
        pool = self._pool(learner, real, frame)
        return self._part(key, learner, pool, 1), pool

    def collect(
        self, key: Array, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        of_model, of_pool = threefry.split_keys(key, 2)
        written = learner.write(of_model, model, sources.truth, self.size("n", m), self.capacity)
        pool = learner.corpora.extend(memory, written)
        return self._part(of_pool, learner, pool, m), pool

    def absorbed(self, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array) -> Array:
        return learner.fixed_token(memory) >= 0

    def recurrence(self, past: Any, m: int) -> Any:
        drawn = past.draw(past.model(m - 1), self.whole("n", m))
        past.kept = past.keep(drawn if m == 1 else past.merge(past.kept, drawn))
        budget = self.whole("budget", m)
        return past.draw(past.kept, budget) if self.replacement else past.subset(past.kept, budget)

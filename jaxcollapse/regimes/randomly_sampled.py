"""The regime in which each token comes from an earlier generation chosen at random."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import check
from jaxcollapse.contract import Corpus, Frame, Learner, Memory, Model, Sources
from jaxcollapse.exact import bits, threefry
from jaxcollapse.pytrees import static
from jaxcollapse.regimes.base import Base, put, regime, sizes_of, stack_of

LONGEST = 2**16 - 1
"""The largest number of models that an average can hold."""


@regime
class RandomlySampled(Base):
    """Train each model on ``n`` tokens, each from a generation drawn uniformly from ``0..m-1``; 0 is the truth.

    Generation 1 is trained on ``n`` tokens of the truth (with ``reuse="pool"``, drawn from ``n`` pooled ones).
    How a token comes from a generation is chosen by ``reuse``:

    * ``False``: it is a new token of that model. The memory is the average of all models so far (each
      token's probability within 2^-48). This is the default, for it is what figure 6 of the paper fits.
    * ``True`` or ``"pool"``: each model writes ``n`` tokens once, and one of them is copied, with
      replacement. The memory is the average of those corpora.
    * ``"prefix"``: eq. (5) of the paper taken literally. The number of tokens from each generation is drawn anew
      (these numbers are multinomial), but the tokens are the first of one fixed sequence. The memory is all
      sequences, ``generations`` times ``capacity`` tokens for each chain, so ``generations`` must be given.

    Attributes:
      n: the number of tokens that each model is trained on, a leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      reuse: False, True, "pool" or "prefix"; static.
      generations: the last generation that a run may reach, static; needed for "prefix", and for learners whose models
        cannot be averaged, for then the memory holds all models or corpora.
      capacity: the largest ``n`` that compiles nothing anew; static, by default the next power of two.

    Raises:
      ValueError: when ``n`` is not a whole number between 1 and ``capacity``, for an unknown ``reuse``,
        and when ``generations`` is missing or too small.

    Source: Seddik et al. (2024), section 4.2.

    Example:
      >>> RandomlySampled(n=500)
      RandomlySampled(n=500, reuse=False, generations=None, capacity=512)
    """

    n: Any
    reuse: Any = static(default=False)
    generations: Any = static()
    capacity: Any = static()
    collapses: ClassVar[bool] = False

    def validate(self) -> None:
        if self.reuse is True:
            object.__setattr__(self, "reuse", "pool")
        if self.reuse is not False and self.reuse not in ("pool", "prefix"):
            raise ValueError(f"reuse must be False, True (which is 'pool'), 'pool' or 'prefix', got {self.reuse!r}")
        if self.reuse == "prefix" and self.generations is None:
            raise ValueError(
                "generations=None must be the last generation of a run: prefixes need every token that was written"
            )
        if self.generations is not None:
            check.static_whole_number("generations", self.generations)

    @property
    def closed(self) -> bool:
        return bool(self.reuse)

    def requires(self, provided: frozenset[str]) -> tuple[str, ...]:
        if self.reuse == "prefix":
            return ("gather",)
        # Models of single tokens can be averaged; items of other kinds are gathered from all earlier generations.
        return ("average",) if "average" in provided or self.generations is None else ("gather", "exchangeable")

    @property
    def longest(self) -> int:
        """Return the last generation that a run may reach."""
        return LONGEST if self.generations is None else self.generations

    def check_run(self, generations: int) -> None:
        if generations > self.longest:
            raise ValueError(
                f"RandomlySampled with reuse={self.reuse!r} has room for {self.longest:,} generations, "
                f"and {generations:,} were asked for; "
                + ("ask for fewer" if self.generations is None else "raise its generations=")
            )

    def is_invalid(self, m: Any) -> Array:
        return Base.is_invalid(self, m) | (jnp.asarray(m) > self.longest)

    def _written(self) -> Array:
        """Return how many tokens a model writes; for prefixes as many as any later generation may need of it."""
        if self.reuse == "prefix":
            return jnp.clip(jnp.max(jnp.asarray(sizes_of(self.n))), 1, self.capacity).astype(jnp.int32)
        return self.size("n", 1)

    def draw_real(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        return learner.draw(key, truth, self._written(), self.capacity)

    def first(
        self, key: Array, learner: Learner, sources: Sources, real: Corpus, frame: Frame
    ) -> tuple[Corpus, Memory]:
        n = self.size("n", 1)
        if self.reuse == "prefix":
            sequences = self._stack(real)
            slot = lax.iota(jnp.int32, self.capacity)
            return learner.corpora.gather(sequences, jnp.zeros_like(slot), slot, n), sequences
        if self.reuse == "pool" and self._averages(learner):
            mean = learner.average(real, frame)
            return learner.write(key, mean, sources.truth, n, self.capacity), mean
        if self.reuse == "pool":
            corpora = self._stack(real)
            return self._copies(key, learner, corpora, jnp.int32(1), n), corpora
        return real, learner.average(sources.truth, frame) if self._averages(learner) else None

    def remember(self, learner: Learner, memory: Memory, model: Model, m: Array) -> Memory:
        if self.reuse:
            return memory
        if self._averages(learner):
            return learner.include(memory, model)
        return put(stack_of(model, self.generations) if memory is None else memory, m - 1, model)

    def collect(
        self, key: Array, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        n = self.size("n", m)
        if not self.reuse and self._averages(learner):
            return learner.write(key, memory, sources.truth, n, self.capacity), memory
        if not self.reuse:
            return self._of_models(key, learner, sources, memory, m, n), memory
        of_model, of_past = threefry.split_keys(key, 2)
        if self.reuse == "pool" and self._averages(learner):
            mean = learner.include(memory, learner.write(of_model, model, sources.truth, n, self.capacity))
            return learner.write(of_past, mean, sources.truth, n, self.capacity), mean
        written = learner.write(of_model, model, sources.truth, self._written(), self.capacity)
        sequences = put(memory, m - 1, written)
        if self.reuse == "pool":
            return self._copies(of_past, learner, sequences, m, n), sequences
        source = bits.randint(of_past, m, self.capacity)
        return learner.corpora.gather(sequences, source, _rank(source), n), sequences

    def _averages(self, learner: Learner) -> bool:
        """Return whether the memory is an average; otherwise it is a stack of models or corpora."""
        return "average" in learner.provides

    def _stack(self, corpus: Corpus) -> Memory:
        """Return a stack of ``generations`` corpora of which the first is this one and the others are empty."""
        return put(stack_of(corpus, self.generations), jnp.int32(0), corpus)

    def _copies(self, key: Array, learner: Learner, corpora: Memory, m: Array, n: Array) -> Corpus:
        """Return copies of ``n`` items drawn with replacement, each from one of the first ``m`` corpora of a stack."""
        of_source, of_position = threefry.split_keys(key, 2)
        source = bits.randint(of_source, m, self.capacity)
        sizes = jax.vmap(learner.corpora.length)(corpora)[source]
        position = bits.index_below(bits.random_bits(of_position, self.capacity), sizes.astype(jnp.uint32))
        return learner.corpora.gather(corpora, source, position.astype(jnp.int32), n)

    def _of_models(self, key: Array, learner: Learner, sources: Sources, models: Memory, m: Array, n: Array) -> Corpus:
        """Return ``n`` items, each by a random one of the truth and the models so far, each of which writes ``n``."""
        of_source, of_truth, of_models = threefry.split_keys(key, 3)
        source = bits.randint(of_source, m, self.capacity)
        real = learner.draw(of_truth, sources.truth, n, self.capacity)
        keys = jax.vmap(threefry.fold_in, (None, 0))(of_models, lax.iota(jnp.int32, self.generations))
        write = lambda key, model: learner.write(key, model, sources.truth, n, self.capacity)
        written = jax.vmap(write)(keys, models)
        corpora = jax.tree.map(lambda one, all_: jnp.concatenate([one[None], all_]), real, written)
        return learner.corpora.gather(corpora, source, lax.iota(jnp.int32, self.capacity), n)

    def absorbed(self, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array) -> Array:
        if self.reuse != "prefix" and self._averages(learner):
            return learner.fixed_token(memory) >= 0
        token = learner.fixed_token(model)
        tokens = jax.vmap(learner.fixed_token)(memory)
        written = lax.iota(jnp.int32, self.generations) < m
        same = (token >= 0) & jnp.all((tokens == token) | ~written)
        return same if self.reuse else same & (learner.fixed_token(sources.truth) == token)

    def recurrence(self, past: Any, m: int) -> Any:
        n = self.whole("n", m)
        if not self.reuse:
            return past.draw(past.mean([past.model(t) for t in range(m)]), n)
        if self.reuse == "pool":
            past.kept = [*(past.kept or []), past.keep(past.draw(past.model(m - 1), n))]
            return past.draw(past.mean(past.kept), n)
        longest = int(np.max(sizes_of(self.n)))
        tokens = [past.keep(past.draw(past.model(m - 1), 1)) for _ in range(longest)]
        past.kept = [*(past.kept or []), tokens]
        return past.prefixes(past.kept, n)


def _rank(source: Array) -> Array:
    """Return how many earlier slots have the same source as each slot, ``int32 [slots]``."""
    slot = lax.iota(jnp.int32, source.shape[0])
    in_order, order = lax.sort((source, slot), is_stable=True, num_keys=1)
    is_new = jnp.concatenate([jnp.ones(1, bool), in_order[1:] != in_order[:-1]])
    return jnp.zeros_like(slot).at[order].set(slot - lax.cummax(jnp.where(is_new, slot, 0)))

"""A generation at random for each token."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import check, sampling
from jaxcollapse.exact import threefry
from jaxcollapse.process.one_context import Corpus, Learner, Memory, Model
from jaxcollapse.regimes.base import Base, put, regime, sizes_of, stack_of, static

LONGEST = 2**16 - 1
"""Generations that a mean of models can hold."""


@regime
class RandomlySampled(Base):
    """``n`` tokens, each from a generation drawn uniformly from ``0..m-1``, the truth among them.

    Generation 1 is trained on ``n`` tokens of the truth (of ``n`` pooled ones, with ``reuse="pool"``).
    What "from a generation" means is chosen by ``reuse``:

    * ``False``: a new token of that model. Only the mean of all models so far is remembered (each
      token's probability within 2^-48). The default, for it is what the paper's figure 6 fits.
    * ``True`` or ``"pool"``: each model wrote ``n`` tokens once, and one of them is copied, with
      replacement. Remembered: the mean of those corpora.
    * ``"prefix"``: eq. (5) to the letter. How many tokens each generation gives is drawn anew (they
      are multinomial), but they are the first so many of one fixed sequence. Remembered: all
      sequences, ``generations`` times ``capacity`` tokens a chain, so the longest run must be given.

    Attributes:
      n: tokens a generation, a leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      reuse: False, True, "pool" or "prefix"; static.
      generations: for "prefix", the last generation that a run may reach; static.
      capacity: the most that ``n`` may become without compiling anew; static, by default the next
        power of two.

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
    settles: ClassVar[bool] = False

    def judge(self) -> None:
        if self.reuse is True:
            object.__setattr__(self, "reuse", "pool")
        if self.reuse is not False and self.reuse not in ("pool", "prefix"):
            raise ValueError(f"reuse must be False, True (which is 'pool'), 'pool' or 'prefix', got {self.reuse!r}")
        if self.reuse == "prefix":
            if self.generations is None:
                raise ValueError(
                    "generations=None must be the last generation of a run: prefixes need every token that was written"
                )
            check.static_whole_number("generations", self.generations)
        elif self.generations is not None:
            raise ValueError(f"generations={self.generations!r} is for reuse='prefix' only; leave it out")

    @property
    def closed(self) -> bool:
        return bool(self.reuse)

    @property
    def verbs(self) -> tuple[str, ...]:
        return ("pick",) if self.reuse == "prefix" else ("blend",)

    @property
    def longest(self) -> int:
        """The last generation that can be reached."""
        return self.generations if self.reuse == "prefix" else LONGEST

    def refuse(self, generations: int) -> None:
        if generations > self.longest:
            raise ValueError(
                f"RandomlySampled with reuse={self.reuse!r} has room for {self.longest:,} generations, "
                f"and {generations:,} were asked for; "
                + ("raise its generations=" if self.reuse == "prefix" else "ask for fewer")
            )

    def faults(self, m: Any) -> Array:
        return Base.faults(self, m) | (jnp.asarray(m) > self.longest)

    def _written(self) -> Array:
        """How many tokens a model writes: for prefixes as many as any generation may want of it."""
        if self.reuse == "prefix":
            return jnp.clip(jnp.max(jnp.asarray(sizes_of(self.n))), 1, self.capacity).astype(jnp.int32)
        return self.size("n", 1)

    def draw_real(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        return learner.sample(key, truth, self._written(), self.capacity)

    def begin(self, key: Array, learner: Learner, truth: Model, real: Corpus, width: int) -> tuple[Corpus, Memory]:
        n = self.size("n", 1)
        if self.reuse == "prefix":
            sequences = put(stack_of(real, self.generations), jnp.int32(0), real)
            slot = lax.iota(jnp.int32, self.capacity)
            return learner.pick(sequences, jnp.zeros_like(slot), slot, n), sequences
        if self.reuse == "pool":
            mean = learner.blend(None, real, width)
            return learner.sample(key, mean, n, self.capacity), mean
        return real, learner.blend(None, truth, width)

    def remember(self, learner: Learner, memory: Memory, model: Model, m: Array) -> Memory:
        return memory if self.reuse else learner.blend(memory, model)

    def collect(
        self, key: Array, learner: Learner, truth: Model, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        n = self.size("n", m)
        if not self.reuse:
            return learner.sample(key, memory, n, self.capacity), memory
        of_model, of_past = threefry.parts(key, 2)
        if self.reuse == "pool":
            mean = learner.blend(memory, learner.sample(of_model, model, n, self.capacity))
            return learner.sample(of_past, mean, n, self.capacity), mean
        sequences = put(memory, m - 1, learner.sample(of_model, model, self._written(), self.capacity))
        source = sampling.randint(of_past, m, self.capacity)
        return learner.pick(sequences, source, _rank(source), n), sequences

    def absorbed(self, learner: Learner, truth: Model, model: Model, memory: Memory, m: Array) -> Array:
        if self.reuse != "prefix":
            return learner.dirac(memory) >= 0
        token = learner.dirac(model)
        tokens = jax.vmap(learner.dirac)(memory)
        written = lax.iota(jnp.int32, self.generations) < m
        return (token >= 0) & jnp.all((tokens == token) | ~written)

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
    """How many earlier slots have the same source, ``int32 [slots]``."""
    slot = lax.iota(jnp.int32, source.shape[0])
    in_order, order = lax.sort((source, slot), is_stable=True, num_keys=1)
    is_new = jnp.concatenate([jnp.ones(1, bool), in_order[1:] != in_order[:-1]])
    return jnp.zeros_like(slot).at[order].set(slot - lax.cummax(jnp.where(is_new, slot, 0)))

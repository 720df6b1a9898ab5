"""The regime in which the last K generations feed the next one."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import check
from jaxcollapse.contract import Corpus, Frame, Learner, Memory, Model, Sources
from jaxcollapse.pytrees import static
from jaxcollapse.regimes.base import Base, only_if, put, regime, rows_and_positions, sizes_of, stack_of


@regime
class MostRecent(Base):
    """Train each model on ``floor(n/K)`` tokens of each of the last K = ``window`` models, ``max(0, m - K) <= t < m``.

    Before generation K the window holds all models so far, the truth included: generation 1 is trained on
    ``floor(n/K)`` tokens of the truth, generation ``m <= K`` on ``m floor(n/K)`` tokens of
    p^(0), ..., p^(m-1).

    ``reuse=False`` draws all tokens anew in every generation. Then a chain can leave a model of one token again,
    until all K models of the window have the same one. ``reuse=True`` draws ``floor(n/K)`` tokens of
    each model once and trains K generations on them, as eq. (5) of the paper reads literally; then
    the first model of one token is final. New tokens are the default, for the paper says that a Dirac mass "could
    regain randomness", which it can only with new tokens.

    The memory is the K models of the window, or with ``reuse=True`` their ``n`` tokens.

    Attributes:
      n: the number of tokens that a model is trained on once the window is full (rounded down to a multiple of K), a
        leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      window: the number K of models; static.
      reuse: whether the tokens of a model are drawn only once; static.
      capacity: the largest ``n`` that compiles nothing anew; static, by default the next power of two.

    Raises:
      ValueError: unless ``1 <= window <= n``, and when ``n`` exceeds ``capacity``.

    Source: Seddik et al. (2024), section 4.2.

    Example:
      >>> MostRecent(n=500, window=5)
      MostRecent(n=500, window=5, reuse=False, capacity=512)
    """

    n: Any
    window: Any = static(default=2)
    reuse: Any = static(default=False)
    capacity: Any = static()

    def validate(self) -> None:
        check.flag("reuse", self.reuse)
        least = sizes_of(self.n)
        if (check.concrete(least) and np.min(least) < self.window) or self.window > self.capacity:
            raise ValueError(
                f"window={self.window} must be at most n={self.n!r}, so that each model gives a token; lower window"
            )

    @property
    def closed(self) -> bool:
        return bool(self.reuse) or self.window == 1

    def requires(self, provided: frozenset[str]) -> tuple[str, ...]:
        return ("gather",)

    @property
    def each(self) -> int:
        """Return the capacity for the tokens of one model; static."""
        check.static_whole_number("window", self.window)
        return max(1, int(self.capacity) // self.window)

    @property
    def corpus_capacity(self) -> int:
        return self.each * self.window

    def is_invalid(self, m: Any) -> Array:
        return Base.is_invalid(self, m) | (self.size("n", m) < self.window)

    def _share(self, m: Any) -> Array:
        """Return how many tokens each model of the window gives at generation ``m``, ``int32 []``."""
        return jnp.maximum(self.size("n", m) // self.window, 1)

    def draw_real(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        return learner.draw(key, truth, self._share(1), self.each)

    def first(
        self, key: Array, learner: Learner, sources: Sources, real: Corpus, frame: Frame
    ) -> tuple[Corpus, Memory]:
        corpus = learner.corpora.resize(real, self.corpus_capacity)
        if not self.reuse:
            return corpus, None  # The window of models is made once the first model is trained.
        sizes = jnp.zeros(self.window, jnp.int32).at[0].set(self._share(1))
        return corpus, (put(stack_of(real, self.window), jnp.int32(0), real), sizes)

    def remember(self, learner: Learner, memory: Memory, model: Model, m: Array) -> Memory:
        if self.reuse:
            return memory
        return put(stack_of(model, self.window) if memory is None else memory, m % self.window, model)

    def collect(
        self, key: Array, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        share = self._share(m)
        if self.reuse:
            datasets, sizes = memory
            row = (m - 1) % self.window
            datasets = put(datasets, row, learner.write(key, model, sources.truth, share, self.each))
            sizes = sizes.at[row].set(share)
            return self._together(learner, datasets, sizes), (datasets, sizes)
        # Model t is in row t mod K. While the window reaches back to the truth, row 0 stands for the truth.
        rows = lax.iota(jnp.int32, self.window)
        sizes = jnp.where(rows < m, share, 0)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, rows)
        drawn = jax.vmap(lambda key, model: learner.write(key, model, sources.truth, share, self.each))(keys, memory)
        of_truth = only_if(m <= self.window, lambda: learner.draw(keys[0], sources.truth, share, self.each))
        first = jax.tree.map(lambda real, all_: jnp.where(m <= self.window, real, all_[0]), of_truth, drawn)
        return self._together(learner, put(drawn, jnp.int32(0), first), sizes), memory

    def _together(self, learner: Learner, datasets: Any, sizes: Array) -> Corpus:
        """Return one corpus of the first ``sizes [window]`` items of each dataset of a stack."""
        rows, places = rows_and_positions(sizes, self.corpus_capacity)
        return learner.corpora.gather(datasets, rows, places, jnp.sum(sizes, dtype=jnp.int32))

    def absorbed(self, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array) -> Array:
        token = learner.fixed_token(model)
        if self.reuse:
            return token >= 0
        tokens = jax.vmap(learner.fixed_token)(memory)
        return (m >= self.window) & (token >= 0) & jnp.all(tokens == token)

    def recurrence(self, past: Any, m: int) -> Any:
        share = self.whole("n", m) // self.window
        sources = range(max(0, m - self.window), m)
        if not self.reuse:
            return past.merge(*(past.draw(past.model(t), share) for t in sources))
        past.kept = [*(past.kept or []), past.keep(past.draw(past.model(m - 1), share))]
        return past.merge(*(past.kept[t] for t in sources))

"""The last K generations."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import check
from jaxcollapse.process.one_context import Corpus, Learner, Memory, Model
from jaxcollapse.regimes.base import Base, only_if, put, regime, rows_and_places, sizes_of, stack_of, static


@regime
class MostRecent(Base):
    """``floor(n/K)`` tokens of each of the last K = ``window`` models, ``max(0, m - K) <= t <= m - 1``.

    Until the window is full it holds what there is, the truth included: generation 1 is trained on
    ``floor(n/K)`` tokens of the truth, generation ``m <= K`` on ``m floor(n/K)`` tokens of
    p^(0), ..., p^(m-1).

    ``reuse=False`` draws all of them afresh in every generation. Then a Dirac mass may be left again,
    until all K models of the window are the same one. ``reuse=True`` draws ``floor(n/K)`` tokens of
    each model once and trains K generations on them, as eq. (5) of the paper reads literally; then
    the first Dirac mass is final. Afresh is the default, for the paper says that a Dirac mass "could
    regain randomness", which happens only so.

    Remembered: K models of ``n`` tokens (afresh), or ``n`` tokens (reused).

    Attributes:
      n: tokens a generation once the window is full (rounded down to a multiple of K), a leaf; or a
        :class:`~jaxcollapse.schedules.Schedule`.
      window: K; static.
      reuse: whether tokens are drawn once; static.
      capacity: the most that ``n`` may become without compiling anew; static, by default the next
        power of two.

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

    def judge(self) -> None:
        check.flag("reuse", self.reuse)
        least = sizes_of(self.n)
        if (check.concrete(least) and np.min(least) < self.window) or self.window > self.capacity:
            raise ValueError(
                f"window={self.window} must be at most n={self.n!r}, so that each model gives a token; lower window"
            )

    @property
    def closed(self) -> bool:
        return bool(self.reuse) or self.window == 1

    @property
    def verbs(self) -> tuple[str, ...]:
        return ("pick",)

    @property
    def each(self) -> int:
        """Static room for the tokens of one model."""
        check.static_whole_number("window", self.window)
        return max(1, int(self.capacity) // self.window)

    @property
    def room(self) -> int:
        return self.each * self.window

    def faults(self, m: Any) -> Array:
        return Base.faults(self, m) | (self.size("n", m) < self.window)

    def _share(self, m: Any) -> Array:
        return jnp.maximum(self.size("n", m) // self.window, 1)

    def draw_real(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        return learner.sample(key, truth, self._share(1), self.each)

    def begin(self, key: Array, learner: Learner, truth: Model, real: Corpus, width: int) -> tuple[Corpus, Memory]:
        corpus = learner.reserve(real, self.room)
        if not self.reuse:
            return corpus, None  # the window of models is made when the first one is there
        sizes = jnp.zeros(self.window, jnp.int32).at[0].set(self._share(1))
        return corpus, (put(stack_of(real, self.window), jnp.int32(0), real), sizes)

    def remember(self, learner: Learner, memory: Memory, model: Model, m: Array) -> Memory:
        if self.reuse:
            return memory
        return put(stack_of(model, self.window) if memory is None else memory, m % self.window, model)

    def collect(
        self, key: Array, learner: Learner, truth: Model, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        share = self._share(m)
        if self.reuse:
            datasets, sizes = memory
            row = (m - 1) % self.window
            datasets = put(datasets, row, learner.sample(key, model, share, self.each))
            sizes = sizes.at[row].set(share)
            return self._together(learner, datasets, sizes), (datasets, sizes)
        # Model t is in row t mod K, and the truth in row 0 while the window reaches back to it.
        rows = lax.iota(jnp.int32, self.window)
        sizes = jnp.where(rows < m, share, 0)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, rows)
        drawn = jax.vmap(lambda key, model: learner.sample(key, model, share, self.each))(keys, memory)
        of_truth = only_if(m <= self.window, lambda: learner.sample(keys[0], truth, share, self.each))
        first = jax.tree.map(lambda real, all_: jnp.where(m <= self.window, real, all_[0]), of_truth, drawn)
        return self._together(learner, put(drawn, jnp.int32(0), first), sizes), memory

    def _together(self, learner: Learner, datasets: Any, sizes: Array) -> Corpus:
        rows, places = rows_and_places(sizes, self.room)
        return learner.pick(datasets, rows, places, jnp.sum(sizes, dtype=jnp.int32))

    def absorbed(self, learner: Learner, truth: Model, model: Model, memory: Memory, m: Array) -> Array:
        token = learner.dirac(model)
        if self.reuse:
            return token >= 0
        tokens = jax.vmap(learner.dirac)(memory)
        return (m >= self.window) & (token >= 0) & jnp.all(tokens == token)

    def recurrence(self, past: Any, m: int) -> Any:
        share = self.whole("n", m) // self.window
        sources = range(max(0, m - self.window), m)
        if not self.reuse:
            return past.merge(*(past.draw(past.model(t), share) for t in sources))
        past.kept = [*(past.kept or []), past.keep(past.draw(past.model(m - 1), share))]
        return past.merge(*(past.kept[t] for t in sources))

"""Mutants of fully synthetic training."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from jaxcollapse.regimes.synthetic import FullySynthetic

from .table import mutant


@mutant("a generation has one token too few", "fully-synthetic")
def _() -> None:
    right = FullySynthetic.size
    FullySynthetic.size = lambda self, name, m: jnp.maximum(right(self, name, m) - 1, 1)


@mutant("a generation has one token too many", "fully-synthetic")
def _() -> None:
    def draw_real(self: Any, key: Any, learner: Any, truth: Any) -> Any:
        return learner.draw(key, truth, self.size("n", 1) + 1, self.capacity + 1)

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        return learner.write(key, model, sources.truth, self.size("n", m) + 1, self.capacity + 1), ()

    FullySynthetic.draw_real, FullySynthetic.collect = draw_real, collect
    FullySynthetic.corpus_capacity = property(lambda self: int(self.capacity) + 1)


@mutant("generation 2 is trained on the truth once more", "fully-synthetic")
def _() -> None:
    right = FullySynthetic.collect
    FullySynthetic.closed = False

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        corpus, memory = right(self, key, learner, sources, model, memory, m)
        again = learner.draw(key, sources.truth, self.size("n", m), self.capacity)
        return jax.tree.map(lambda one, other: jnp.where(m == 2, one, other), again, corpus), memory

    FullySynthetic.collect = collect

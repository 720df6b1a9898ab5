"""Mutants of tokens drawn from random earlier generations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from jaxcollapse import sampling
from jaxcollapse.exact import u64
from jaxcollapse.process import one_context
from jaxcollapse.regimes import randomly_sampled as random_module
from jaxcollapse.regimes.base import put
from jaxcollapse.regimes.randomly_sampled import RandomlySampled

from .table import empty_like, mutant, through_a_twin, twin


@mutant("the generation is drawn from 1..m-1, fresh", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.begin

    def begin(self: Any, *args: Any) -> Any:
        corpus, memory = right(self, *args)
        return corpus, memory if self.reuse else empty_like(memory)

    RandomlySampled.begin = begin


@mutant("p^(1) is taken for the truth, fresh", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.begin

    def begin(self: Any, key: Any, learner: Any, truth: Any, real: Any, width: int) -> Any:
        corpus, memory = right(self, key, learner, truth, real, width)
        return corpus, memory if self.reuse else learner.blend(None, real, width)

    RandomlySampled.begin = begin


@mutant("the mean forgets the last model, fresh", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        if self.reuse:
            return right(self, key, learner, truth, model, memory, m)
        last = learner.blend(None, model, truth.p.shape[0])
        mean = sampling.ModelAverage(u64.subtract(memory.sums, last.sums))
        return learner.sample(key, mean, self.size("n", m), self.capacity), memory

    RandomlySampled.collect = collect


@mutant("the newest corpus is left out, pool", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        corpus, mean = right(self, key, learner, truth, model, memory, m)
        if self.reuse == "pool":
            corpus = learner.sample(jax.random.split(key)[1], memory, self.size("n", m), self.capacity)
        return corpus, mean

    RandomlySampled.collect = collect


@mutant("tokens are written once and copied, where they are due fresh", "randomly-sampled")
def _() -> None:
    through_a_twin(RandomlySampled, lambda self: twin(self, RandomlySampled, reuse=self.reuse or "pool"))


@mutant("tokens are drawn fresh, pool", "randomly-sampled")
def _() -> None:
    through_a_twin(
        RandomlySampled,
        lambda self: twin(self, RandomlySampled, reuse=self.reuse if self.reuse == "prefix" else False),
    )
    RandomlySampled.closed = property(lambda self: self.reuse == "prefix")


@mutant("generation 1 is copied from the pool with the words that wrote the pool, pool", "randomly-sampled")
def _() -> None:
    one_context._for = lambda key, role: jax.random.fold_in(key, jnp.uint32(int(role) % 2))


@mutant("a sequence's first token is used twice, prefix", "randomly-sampled")
def _() -> None:
    right = random_module._rank
    random_module._rank = lambda source: jnp.maximum(right(source) - 1, 0)


def _source(below: Callable[[Any, Any, Any, int], Any]) -> None:
    """Another choice of the generations for "prefix"."""
    right = RandomlySampled.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        if self.reuse != "prefix":
            return right(self, key, learner, truth, model, memory, m)
        of_model, of_past = jax.random.split(key)
        sequences = put(memory, m - 1, learner.sample(of_model, model, self._written(), self.capacity))
        n = self.size("n", m)
        source = below(of_past, m, n, self.capacity)
        return learner.pick(sequences, source, random_module._rank(source), n), sequences

    RandomlySampled.collect = collect


@mutant("the generation is drawn from 1..m-1, prefix", "randomly-sampled")
def _() -> None:
    _source(lambda key, m, n, slots: 1 + sampling.randint(key, m - 1, slots))


@mutant("each generation gives n/m tokens, not a random number, prefix", "randomly-sampled")
def _() -> None:
    _source(lambda key, m, n, slots: jnp.minimum(lax.iota(jnp.int32, slots) * m // n, m - 1))

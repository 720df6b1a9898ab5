"""Mutants of tokens drawn from random earlier generations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import lax

from jaxcollapse import sampling
from jaxcollapse.contract import Role
from jaxcollapse.exact import threefry, u64
from jaxcollapse.learners import token_tables
from jaxcollapse.process import one_context
from jaxcollapse.regimes import randomly_sampled as random_module
from jaxcollapse.regimes.base import put
from jaxcollapse.regimes.randomly_sampled import RandomlySampled

from .table import empty_like, mutant, through_a_twin, twin


@mutant("the generation is drawn from 1..m-1, fresh", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.first

    def first(self: Any, *args: Any) -> Any:
        corpus, memory = right(self, *args)
        return corpus, memory if self.reuse else empty_like(memory)

    RandomlySampled.first = first


@mutant("p^(1) is taken for the truth, fresh", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.first

    def first(self: Any, key: Any, learner: Any, sources: Any, real: Any, frame: Any) -> Any:
        corpus, memory = right(self, key, learner, sources, real, frame)
        return corpus, memory if self.reuse else learner.average(real, frame)

    RandomlySampled.first = first


@mutant("the mean forgets the last model, fresh", "randomly-sampled")
def _() -> None:
    right = RandomlySampled.collect

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        if self.reuse:
            return right(self, key, learner, sources, model, memory, m)
        last = token_tables.average_of(model, memory.sums.hi.shape[0])
        mean = sampling.ModelAverage(u64.subtract(memory.sums, last.sums))
        return learner.write(key, mean, sources.truth, self.size("n", m), self.capacity), memory

    RandomlySampled.collect = collect


@mutant("the newest corpus is left out, pool", "randomly-sampled", "pool")
def _() -> None:
    right = RandomlySampled.collect

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        corpus, mean = right(self, key, learner, sources, model, memory, m)
        if self.reuse == "pool":
            of_past = threefry.split_keys(key, 2)[1]
            corpus = learner.write(of_past, memory, sources.truth, self.size("n", m), self.capacity)
        return corpus, mean

    RandomlySampled.collect = collect


@mutant("tokens are written once and copied, where they are due fresh", "randomly-sampled")
def _() -> None:
    through_a_twin(RandomlySampled, lambda self: twin(self, RandomlySampled, reuse=self.reuse or "pool"))


@mutant("tokens are drawn fresh, pool", "randomly-sampled", "pool")
def _() -> None:
    through_a_twin(
        RandomlySampled,
        lambda self: twin(self, RandomlySampled, reuse=self.reuse if self.reuse == "prefix" else False),
    )
    RandomlySampled.closed = property(lambda self: self.reuse == "prefix")


@mutant("generation 1 is copied from the pool with the words that wrote the pool, pool", "randomly-sampled", "pool")
def _() -> None:
    right = one_context._role
    one_context._role = lambda key, role: right(key, Role.COLLECT if role is Role.BEGIN else role)


@mutant("a sequence's first token is used twice, prefix", "randomly-sampled", "prefix")
def _() -> None:
    right = random_module._rank
    random_module._rank = lambda source: jnp.maximum(right(source) - 1, 0)


def _source(below: Callable[[Any, Any, Any, int], Any]) -> None:
    """Choose the generations for "prefix" in another way."""
    right = RandomlySampled.collect

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        if self.reuse != "prefix":
            return right(self, key, learner, sources, model, memory, m)
        of_model, of_past = threefry.split_keys(key, 2)
        written = learner.write(of_model, model, sources.truth, self._written(), self.capacity)
        sequences, n = put(memory, m - 1, written), self.size("n", m)
        source = below(of_past, m, n, self.capacity)
        return learner.corpora.gather(sequences, source, random_module._rank(source), n), sequences

    RandomlySampled.collect = collect


@mutant("the generation is drawn from 1..m-1, prefix", "randomly-sampled", "prefix")
def _() -> None:
    _source(lambda key, m, n, capacity: 1 + sampling.randint(key, m - 1, capacity))


@mutant("each generation gives n/m tokens, not a random number, prefix", "randomly-sampled", "prefix")
def _() -> None:
    _source(lambda key, m, n, capacity: jnp.minimum(lax.iota(jnp.int32, capacity) * m // n, m - 1))

"""Mutants of the pools: accumulated corpora, and budgets drawn from them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from jaxcollapse import sampling
from jaxcollapse.exact import threefry
from jaxcollapse.regimes.pools import Accumulate, AccumulateSubsample
from jaxcollapse.sampling import counts, labels, subsets
from jaxcollapse.sampling.labels import Labels

from .table import empty_like, everywhere, mutant, through_a_twin, twin


@mutant("a corpus is added to the pool twice", "accumulate")
def _() -> None:
    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        corpus = learner.write(key, model, sources.truth, self.size("n", m), self.capacity)
        pool = learner.corpora.extend(learner.corpora.extend(memory, corpus), corpus)
        return pool, pool

    Accumulate.collect = collect


@mutant("the corpus of generation 2 is not kept", "accumulate")
def _() -> None:
    right = Accumulate.collect

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        pool, _ = right(self, key, learner, sources, model, memory, m)
        return pool, jax.tree.map(lambda old, new: jnp.where(m == 2, old, new), memory, pool)

    Accumulate.collect = collect


@mutant("the real data leave the pool after generation 1", "accumulate")
def _() -> None:
    right = Accumulate.first

    def first(self: Any, *args: Any) -> Any:
        pool, _ = right(self, *args)
        return pool, empty_like(pool)

    Accumulate.first = first


@mutant("a corpus stays one generation only", "accumulate")
def _() -> None:
    right = Accumulate.collect

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        return right(self, key, learner, sources, model, memory, m)[0], memory

    Accumulate.collect = collect


@mutant("the budget is drawn with replacement, where it is due without", "accumulate-subsample")
def _() -> None:
    through_a_twin(AccumulateSubsample, lambda self: twin(self, AccumulateSubsample, replacement=True))


@mutant("the budget is drawn without replacement, with replacement=True", "accumulate-subsample", "with replacement")
def _() -> None:
    through_a_twin(AccumulateSubsample, lambda self: twin(self, AccumulateSubsample, replacement=False))


@mutant("the part is taken before the new tokens join the pool", "accumulate-subsample")
def _() -> None:
    right = AccumulateSubsample.collect

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        _, pool = right(self, key, learner, sources, model, memory, m)
        return self._part(threefry.split_keys(key, 2)[1], learner, memory, m), pool

    AccumulateSubsample.collect = collect


@mutant(
    "the new tokens are drawn from the pool, not from the model, with replacement=True",
    "accumulate-subsample",
    "with replacement",
)
def _() -> None:
    right = AccumulateSubsample.collect
    AccumulateSubsample.collect = lambda self, key, learner, sources, model, memory, m: right(
        self, key, learner, sources, memory, memory, m
    )


def _part_of(choose: Callable[[Any, Any, Any, Any], tuple[Any, Any]]) -> None:
    """Draw another conclusion from the places drawn: the counts taken, and how many."""

    def part_of(key: Any, pool: Any, size: Any, capacity: int) -> Any:
        size = jnp.minimum(size, pool.size)
        leave = pool.size - size
        few = jnp.minimum(size, leave)
        places = subsets.distinct_integers(key, pool.size, few, capacity)
        drawn = labels.histogram(Labels(counts.token_at(pool.cumulative, places), few), pool.cumulative.shape[0])
        taken, size = choose(pool.counts, drawn, size, leave)
        return Labels(counts.token_at(jnp.cumsum(taken), lax.iota(jnp.int32, capacity)), size)

    everywhere(subsets.draw_subset, part_of)


@mutant("a part larger than half the pool is what should be left, without replacement", "accumulate-subsample")
def _() -> None:
    def choose(pool: Any, drawn: Any, size: Any, leave: Any) -> Any:
        return jnp.where(leave > 0, drawn, pool), jnp.where(leave > 0, jnp.minimum(size, leave), size)

    _part_of(choose)


@mutant(
    "a part smaller than half the pool is taken from what should be left, without replacement", "accumulate-subsample"
)
def _() -> None:
    _part_of(lambda pool, drawn, size, leave: (pool - drawn, size))


@mutant("repeated places are kept, without replacement", "accumulate-subsample")
def _() -> None:
    def distinct(key: Any, bound: Any, size: Any, capacity: int) -> Any:
        return sampling.randint(jax.random.fold_in(key, 0), bound, capacity)

    everywhere(subsets.distinct_integers, distinct)


@mutant("the last place of the pool is never drawn, without replacement", "accumulate-subsample")
def _() -> None:
    right = subsets.distinct_integers
    everywhere(right, lambda key, bound, size, capacity: right(key, jnp.maximum(bound - 1, 1), size, capacity))

"""Mutants of the pools: accumulated corpora, and budgets drawn from them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from jaxcollapse import sampling
from jaxcollapse.learners import Categorical
from jaxcollapse.regimes.pools import Accumulate, AccumulateSubsample
from jaxcollapse.sampling import labels, subsets
from jaxcollapse.sampling.labels import Labels

from .table import empty_like, mutant

tally = sys.modules["jaxcollapse.sampling.counts"]  # in the package this name is a function


@mutant("a corpus is added to the pool twice", "accumulate")
def _() -> None:
    right = Categorical.add

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        corpus = learner.sample(key, model, self.size("n", m), self.capacity)
        pool = right(learner, right(learner, memory, corpus), corpus)
        return pool, pool

    Accumulate.collect = collect


@mutant("the corpus of generation 2 is not kept", "accumulate")
def _() -> None:
    right = Accumulate.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        pool, _ = right(self, key, learner, truth, model, memory, m)
        return pool, jax.tree.map(lambda old, new: jnp.where(m == 2, old, new), memory, pool)

    Accumulate.collect = collect


@mutant("the real data leave the pool after generation 1", "accumulate")
def _() -> None:
    right = Accumulate.begin

    def begin(self: Any, *args: Any) -> Any:
        pool, _ = right(self, *args)
        return pool, empty_like(pool)

    Accumulate.begin = begin


@mutant("a corpus stays one generation only", "accumulate")
def _() -> None:
    right = Accumulate.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        return right(self, key, learner, truth, model, memory, m)[0], memory

    Accumulate.collect = collect


@mutant("the budget is drawn with replacement, where it is due without", "accumulate-subsample")
def _() -> None:
    right = Categorical.subsample
    Categorical.subsample = lambda self, key, pool, size, slots, replacement: right(self, key, pool, size, slots, True)


@mutant("the budget is drawn without replacement, with replacement=True", "accumulate-subsample")
def _() -> None:
    right = Categorical.subsample
    Categorical.subsample = lambda self, key, pool, size, slots, replacement: right(self, key, pool, size, slots, False)


@mutant("the part is taken before the new tokens join the pool", "accumulate-subsample")
def _() -> None:
    right = AccumulateSubsample.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        _, pool = right(self, key, learner, truth, model, memory, m)
        return self._part(jax.random.split(key)[1], learner, memory, m), pool

    AccumulateSubsample.collect = collect


@mutant("the new tokens are drawn from the pool, not from the model, with replacement=True", "accumulate-subsample")
def _() -> None:
    right = AccumulateSubsample.collect
    AccumulateSubsample.collect = lambda self, key, learner, truth, model, memory, m: right(
        self, key, learner, truth, memory, memory, m
    )


def _part_of(choose: Callable[[Any, Any, Any, Any], tuple[Any, Any]]) -> None:
    """Another conclusion from the places drawn: the counts taken, and how many."""

    def part_of(key: Any, pool: Any, size: Any, slots: int) -> Any:
        size = jnp.minimum(size, pool.size)
        leave = pool.size - size
        few = jnp.minimum(size, leave)
        places = subsets.distinct_integers(key, pool.size, few, slots)
        counts = labels.histogram(Labels(tally.token_at(pool.cumulative, places), few), pool.cumulative.shape[0])
        counts, size = choose(pool.counts, counts, size, leave)
        return Labels(tally.token_at(jnp.cumsum(counts), lax.iota(jnp.int32, slots)), size)

    sampling.draw_subset = part_of


@mutant("a part larger than half the pool is what should be left, without replacement", "accumulate-subsample")
def _() -> None:
    def choose(pool: Any, counts: Any, size: Any, leave: Any) -> Any:
        return jnp.where(leave > 0, counts, pool), jnp.where(leave > 0, jnp.minimum(size, leave), size)

    _part_of(choose)


@mutant(
    "a part smaller than half the pool is taken from what should be left, without replacement", "accumulate-subsample"
)
def _() -> None:
    _part_of(lambda pool, counts, size, leave: (pool - counts, size))


@mutant("repeated places are kept, without replacement", "accumulate-subsample")
def _() -> None:
    def distinct(key: Any, bound: Any, size: Any, slots: int) -> Any:
        return sampling.randint(jax.random.fold_in(key, 0), bound, slots)

    subsets.distinct_integers = distinct


@mutant("the last place of the pool is never drawn, without replacement", "accumulate-subsample")
def _() -> None:
    right = subsets.distinct_integers
    subsets.distinct_integers = lambda key, bound, size, slots: right(key, jnp.maximum(bound - 1, 1), size, slots)

"""Mutants of the regimes that use real data after generation 1: a kept corpus, fresh real data, a mixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from jaxcollapse import sampling
from jaxcollapse.exact import bits
from jaxcollapse.regimes.real import FreshReal, Mixture, PartiallySynthetic
from jaxcollapse.sampling import reweighted
from jaxcollapse.sampling.labels import Labels

from .table import mutant


@mutant("the real data are redrawn in every generation", "partially-synthetic")
def _() -> None:
    PartiallySynthetic.closed = False

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        of_truth, of_model = jax.random.split(key)
        real = learner.sample(of_truth, truth, self.size("real", m), self.real_capacity)
        return learner.merge(real, learner.sample(of_model, model, self.size("n", m), self.capacity)), memory

    PartiallySynthetic.collect = collect


@mutant("the real data are resampled with replacement in every generation", "partially-synthetic")
def _() -> None:
    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        of_truth, of_model = jax.random.split(key)
        real = learner.sample(of_truth, memory, self.size("real", m), self.real_capacity)
        return learner.merge(real, learner.sample(of_model, model, self.size("n", m), self.capacity)), memory

    PartiallySynthetic.collect = collect


@mutant("the real data are forgotten after generation 2", "partially-synthetic")
def _() -> None:
    right = PartiallySynthetic.collect

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        kept = memory._replace(size=jnp.where(m > 2, 0, memory.size))
        return right(self, key, learner, truth, model, kept, m)[0], memory

    PartiallySynthetic.collect = collect


@mutant("the synthetic tokens are always those of the first model", "partially-synthetic")
def _() -> None:
    right = PartiallySynthetic.collect
    PartiallySynthetic.collect = lambda self, key, learner, truth, model, memory, m: right(
        self, key, learner, truth, memory, memory, m
    )


@mutant("generation 1 has n synthetic tokens already", "partially-synthetic")
def _() -> None:
    def begin(self: Any, key: Any, learner: Any, truth: Any, real: Any, width: int) -> Any:
        return learner.merge(real, learner.sample(key, real, self.size("n", 1), self.capacity)), real

    PartiallySynthetic.begin = begin


@mutant("where two corpora are joined the last token of the first is overwritten", "partially-synthetic")
def _() -> None:
    def concatenate(first: Any, second: Any) -> Any:
        start = jnp.maximum(first.size - 1, 0)
        room = jnp.concatenate([first.labels, second.labels])
        return Labels(lax.dynamic_update_slice(room, second.labels, (start,)), start + second.size)

    sampling.concatenate = concatenate


@mutant("the weight is given to the synthetic part, with a weight", "fresh-real")
def _() -> None:
    def weigh(first: Any, second: Any, weight: Any) -> Any:
        ratio = second.size.astype(jnp.float32) * jnp.asarray(weight, jnp.float32) / first.size.astype(jnp.float32)
        return reweighted.ReweightedCorpus(first, second, jnp.where(second.size == 0, 1.0, 1 / (1 + ratio)))

    sampling.reweight = weigh


def _drawn_with(share_of: Callable[[Any], Any]) -> None:
    right = sampling.draw_from_reweighted
    sampling.draw_from_reweighted = lambda key, model, size, slots: right(
        key, model._replace(share=share_of(model)), size, slots
    )


@mutant("the weight counts in the model but not in what it writes, with a weight", "fresh-real")
def _() -> None:
    def share(model: Any) -> Any:
        return model.first.size.astype(jnp.float32) / (model.first.size + model.second.size).astype(jnp.float32)

    _drawn_with(share)


@mutant("a model writes with the shares of its two parts exchanged, with a weight", "fresh-real")
def _() -> None:
    def share(model: Any) -> Any:
        both = (model.first.size > 0) & (model.second.size > 0)
        return jnp.where(both, 1 - model.share, model.share)

    _drawn_with(share)


@mutant("part and slot are chosen with the same words, with a weight", "fresh-real")
def _() -> None:
    def draw(key: Any, model: Any, size: Any, slots: int) -> Any:
        in_first = bits.bernoulli(key, model.share, slots)
        room = model.first.labels.shape[0]
        bound = jnp.where(in_first, model.first.size, model.second.size).astype(jnp.uint32)
        slot = bits.index_below(sampling.random_bits(key, slots), bound).astype(jnp.int32)
        both = jnp.concatenate([model.first.labels, model.second.labels])
        return Labels(both.at[jnp.where(in_first, slot, room + slot)].get(mode="promise_in_bounds"), size)

    sampling.draw_from_reweighted = draw


def _fresh_real(draw: Callable[..., Any]) -> None:
    """The regime with memory of generation 1, from which its real data come."""

    def begin(self: Any, key: Any, learner: Any, truth: Any, real: Any, width: int) -> Any:
        return real, real

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        of_truth, of_model = jax.random.split(key)
        real = draw(self, of_truth, learner, memory, m)
        return self._join(learner, real, learner.sample(of_model, model, self.size("n", m), self.capacity)), memory

    FreshReal.begin, FreshReal.collect = begin, collect


@mutant("the real data of generation 1 are used in every generation", "fresh-real")
def _() -> None:
    def draw(self: Any, key: Any, learner: Any, memory: Any, m: Any) -> Any:
        first = memory if self.weight is None else memory.first
        return Labels(first.labels[: self.real_capacity], self.size("real", 1))

    _fresh_real(draw)


@mutant("the real data are tokens of p^(1)", "fresh-real")
def _() -> None:
    def draw(self: Any, key: Any, learner: Any, memory: Any, m: Any) -> Any:
        return learner.sample(key, memory, self.size("real", m), self.real_capacity)

    _fresh_real(draw)


@mutant("generation 1 is trained on n tokens, not on the real ones", "fresh-real")
def _() -> None:
    def draw_real(self: Any, key: Any, learner: Any, truth: Any) -> Any:
        none = learner.sample(key, truth, jnp.int32(0), self.real_capacity)
        return self._join(learner, none, learner.sample(key, truth, self.size("n", 1), self.capacity))

    FreshReal.draw_real = draw_real


def _mixture(number: Callable[..., Any], truth_key: int = 1, from_first: bool = False) -> None:
    """The regime with another number of real tokens, another key for them, or another source."""

    def begin(self: Any, key: Any, learner: Any, truth: Any, real: Any, width: int) -> Any:
        return real, real if from_first else ()

    def collect(self: Any, key: Any, learner: Any, truth: Any, model: Any, memory: Any, m: Any) -> Any:
        keys = jax.random.split(key, 3)
        n = self.size("n", m)
        real = number(keys[0], n, self.share, self.capacity)
        corpus = learner.merge(
            learner.sample(keys[truth_key], memory if from_first else truth, real, self.capacity),
            learner.sample(keys[2], model, n - real, self.capacity),
        )
        return learner.reserve(corpus, self.capacity), memory

    Mixture.begin, Mixture.collect = begin, collect


@mutant("share is the chance of a synthetic token", "mixture")
def _() -> None:
    _mixture(lambda key, n, share, slots: n - sampling.binomial_count(key, n, share, slots))


@mutant("the number of real tokens is its mean, rounded", "mixture")
def _() -> None:
    _mixture(lambda key, n, share, slots: jnp.rint(n * jnp.asarray(share, jnp.float32)).astype(jnp.int32))


@mutant("one coin decides for all tokens of a generation", "mixture")
def _() -> None:
    _mixture(lambda key, n, share, slots: n * bits.bernoulli(key, share, 1)[0].astype(jnp.int32))


@mutant("the real tokens are drawn with the words that said how many they are", "mixture")
def _() -> None:
    _mixture(sampling.binomial_count, truth_key=0)


@mutant("the real tokens are tokens of p^(1)", "mixture")
def _() -> None:
    _mixture(sampling.binomial_count, from_first=True)

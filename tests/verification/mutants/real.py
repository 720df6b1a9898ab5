"""Mutants of the regimes that use real data after generation 1: a kept corpus, fresh real data, a mixture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from jaxcollapse.exact import bits, threefry
from jaxcollapse.regimes.real import FreshReal, Mixture, PartiallySynthetic
from jaxcollapse.sampling import labels, reweighted
from jaxcollapse.sampling.labels import Labels

from .table import empty_like, everywhere, mutant


@mutant("the real data are redrawn in every generation", "partially-synthetic")
def _() -> None:
    right = PartiallySynthetic.collect
    PartiallySynthetic.closed = False

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        of_truth, of_model = threefry.split_keys(key, 2)
        real = learner.draw(of_truth, sources.truth, self.size("real", m), self.real_capacity)
        return right(self, of_model, learner, sources, model, real, m)[0], memory

    PartiallySynthetic.collect = collect


@mutant("the real data are resampled with replacement in every generation", "partially-synthetic")
def _() -> None:
    right = PartiallySynthetic.collect

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        of_truth, of_model = threefry.split_keys(key, 2)
        real = learner.write(of_truth, memory, sources.truth, self.size("real", m), self.real_capacity)
        return right(self, of_model, learner, sources, model, real, m)[0], memory

    PartiallySynthetic.collect = collect


@mutant("the real data are forgotten after generation 2", "partially-synthetic")
def _() -> None:
    right = PartiallySynthetic.collect

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        kept = jax.tree.map(lambda none, real: jnp.where(m > 2, none, real), empty_like(memory), memory)
        return right(self, key, learner, sources, model, kept, m)[0], memory

    PartiallySynthetic.collect = collect


@mutant("the synthetic tokens are always those of the first model", "partially-synthetic")
def _() -> None:
    right = PartiallySynthetic.collect
    PartiallySynthetic.collect = lambda self, key, learner, sources, model, memory, m: right(
        self, key, learner, sources, memory, memory, m
    )


@mutant("generation 1 has n synthetic tokens already", "partially-synthetic")
def _() -> None:
    def first(self: Any, key: Any, learner: Any, sources: Any, real: Any, frame: Any) -> Any:
        written = learner.write(key, real, sources.truth, self.size("n", 1), self.capacity)
        return learner.corpora.concatenate(real, written), real

    PartiallySynthetic.first = first


@mutant("where two corpora are joined the last token of the first is overwritten", "partially-synthetic")
def _() -> None:
    def concatenate(first: Any, second: Any) -> Any:
        start = jnp.maximum(first.size - 1, 0)
        both = jnp.concatenate([first.labels, second.labels])
        return Labels(lax.dynamic_update_slice(both, second.labels, (start,)), start + second.size)

    everywhere(labels.concatenate, concatenate)


@mutant("the weight is given to the synthetic part, with a weight", "fresh-real", "weighted")
def _() -> None:
    def reweight(first: Any, second: Any, weight: Any) -> Any:
        ratio = second.size.astype(jnp.float32) * jnp.asarray(weight, jnp.float32) / first.size.astype(jnp.float32)
        return reweighted.ReweightedCorpus(first, second, jnp.where(second.size == 0, 1.0, 1 / (1 + ratio)))

    everywhere(reweighted.reweight, reweight)


def _drawn_with(share_of: Callable[[Any], Any]) -> None:
    """Let a model write with another share of its first part."""
    right = reweighted.draw_from_reweighted
    everywhere(
        right, lambda key, model, size, capacity: right(key, model._replace(share=share_of(model)), size, capacity)
    )


@mutant("the weight counts in the model but not in what it writes, with a weight", "fresh-real", "weighted")
def _() -> None:
    def share(model: Any) -> Any:
        return model.first.size.astype(jnp.float32) / (model.first.size + model.second.size).astype(jnp.float32)

    _drawn_with(share)


@mutant("a model writes with the shares of its two parts exchanged, with a weight", "fresh-real", "weighted")
def _() -> None:
    def share(model: Any) -> Any:
        both = (model.first.size > 0) & (model.second.size > 0)
        return jnp.where(both, 1 - model.share, model.share)

    _drawn_with(share)


@mutant("part and slot are chosen with the same words, with a weight", "fresh-real", "weighted")
def _() -> None:
    def draw(key: Any, model: Any, size: Any, capacity: int) -> Any:
        in_first = bits.bernoulli(key, model.share, capacity)
        offset = model.first.labels.shape[0]
        bound = jnp.where(in_first, model.first.size, model.second.size).astype(jnp.uint32)
        slot = bits.index_below(bits.random_bits(key, capacity), bound).astype(jnp.int32)
        both = jnp.concatenate([model.first.labels, model.second.labels])
        return Labels(both.at[jnp.where(in_first, slot, offset + slot)].get(mode="promise_in_bounds"), size)

    everywhere(reweighted.draw_from_reweighted, draw)


def _fresh_real(draw: Callable[..., Any]) -> None:
    """Let the regime remember generation 1, and take its real data from there."""

    def first(self: Any, key: Any, learner: Any, sources: Any, real: Any, frame: Any) -> Any:
        return real, real

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        of_truth, of_model = threefry.split_keys(key, 2)
        real = draw(self, of_truth, learner, sources, memory, m)
        written = learner.write(of_model, model, sources.truth, self.size("n", m), self.capacity)
        return self._join(learner, real, written), memory

    FreshReal.first, FreshReal.collect = first, collect


@mutant("the real data of generation 1 are used in every generation", "fresh-real")
def _() -> None:
    def draw(self: Any, key: Any, learner: Any, sources: Any, memory: Any, m: Any) -> Any:
        first = memory if self.weight is None else memory.first
        return Labels(first.labels[: self.real_capacity], self.size("real", 1))

    _fresh_real(draw)


@mutant("the real data are tokens of p^(1)", "fresh-real")
def _() -> None:
    def draw(self: Any, key: Any, learner: Any, sources: Any, memory: Any, m: Any) -> Any:
        return learner.write(key, memory, sources.truth, self.size("real", m), self.real_capacity)

    _fresh_real(draw)


@mutant("generation 1 is trained on n tokens, not on the real ones", "fresh-real")
def _() -> None:
    def draw_real(self: Any, key: Any, learner: Any, truth: Any) -> Any:
        none = learner.draw(key, truth, jnp.int32(0), self.real_capacity)
        return self._join(learner, none, learner.draw(key, truth, self.size("n", 1), self.capacity))

    FreshReal.draw_real = draw_real


def _mixture(number: Callable[..., Any], truth_key: int = 1, from_first: bool = False) -> None:
    """Give the regime another number of real tokens, another key for them, or another source."""

    def first(self: Any, key: Any, learner: Any, sources: Any, real: Any, frame: Any) -> Any:
        return real, real if from_first else ()

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        keys = threefry.split_keys(key, 3)
        n = self.size("n", m)
        real = number(keys[0], n, self.share, self.capacity)
        corpus = learner.corpora.concatenate(
            learner.write(keys[truth_key], memory if from_first else sources.truth, sources.truth, real, self.capacity),
            learner.write(keys[2], model, sources.truth, n - real, self.capacity),
        )
        return learner.corpora.resize(corpus, self.capacity), memory

    Mixture.first, Mixture.collect = first, collect


@mutant("share is the chance of a synthetic token", "mixture")
def _() -> None:
    _mixture(lambda key, n, share, capacity: n - bits.binomial_count(key, n, share, capacity))


@mutant("the number of real tokens is its mean, rounded", "mixture")
def _() -> None:
    _mixture(lambda key, n, share, capacity: jnp.rint(n * jnp.asarray(share, jnp.float32)).astype(jnp.int32))


@mutant("one coin decides for all tokens of a generation", "mixture")
def _() -> None:
    _mixture(lambda key, n, share, capacity: n * bits.bernoulli(key, share, 1)[0].astype(jnp.int32))


@mutant("the real tokens are drawn with the words that said how many they are", "mixture")
def _() -> None:
    _mixture(bits.binomial_count, truth_key=0)


@mutant("the real tokens are tokens of p^(1)", "mixture")
def _() -> None:
    _mixture(bits.binomial_count, from_first=True)

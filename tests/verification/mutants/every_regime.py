"""Mutants of what all regimes share: keys, the slots of a corpus, the truth, recording and schedules."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from jaxcollapse import sampling
from jaxcollapse.exact import bits
from jaxcollapse.sampling import counts, labels, reweighted, subsets
from jaxcollapse.schedules import Schedule
from jaxcollapse.schemes import chains, recording

from .table import everywhere, mutant


@mutant("every generation uses the same key")
def _() -> None:
    right = chains.chain_key
    everywhere(right, lambda key, chain, m: right(key, chain, 1 + 0 * m))


@mutant("two generations after one another share a key")
def _() -> None:
    right = chains.chain_key
    everywhere(right, lambda key, chain, m: right(key, chain, m >> 1))


@mutant("there are only 64 different chains")
def _() -> None:
    right = chains.chain_key
    everywhere(right, lambda key, chain, m: right(key, chain & 63, m))


@mutant("the last slot of a corpus is never drawn")
def _() -> None:
    right = bits.index_below
    for module in (labels, counts, reweighted, subsets):
        module.index_below = lambda word, bound: right(word, jnp.maximum(bound, jnp.uint32(2)) - jnp.uint32(1))


@mutant("slots are rounded to the nearest, so the first and the last are drawn half as often")
def _() -> None:
    right = bits.index_below

    def rounded(word: Any, bound: Any) -> Any:
        twice = jnp.uint32(2) * (jnp.maximum(bound, jnp.uint32(1)) - jnp.uint32(1))
        return (right(word, twice) + jnp.uint32(1)) >> jnp.uint32(1)

    labels.index_below = reweighted.index_below = rounded


@mutant("the first token of the truth is never drawn")
def _() -> None:
    right = sampling.draw_from_cdf

    def draw(key: Any, cdf: Any, size: Any, capacity: int) -> Any:
        corpus = right(key, cdf, size, capacity)
        return corpus._replace(labels=jnp.maximum(corpus.labels, min(cdf.p.shape[0] - 1, 1)))

    everywhere(right, draw)


@mutant("from generation 2 on, what is recorded is the model of the generation before")
def _() -> None:
    def row(
        key: Any, process: Any, states: Any, generations: int, *, record: Any, forward: Any = recording.forward
    ) -> Any:
        before = chains.map_chains(lambda chain: process.measure(record, chain), states)
        return forward(key, process, states, generations), before

    everywhere(recording.record_row, row)


@mutant("a schedule is read one generation ahead", shown_by="n_m")
def _() -> None:
    right = Schedule.at
    Schedule.at = lambda self, m: right(self, m + 1)


@mutant("a schedule is read one generation behind", shown_by="n_m")
def _() -> None:
    right = Schedule.at
    Schedule.at = lambda self, m: right(self, m - 1)


@mutant("a schedule begins again after its end", shown_by="n_m")
def _() -> None:
    def at(self: Schedule, m: Any) -> Any:
        sizes = jnp.asarray(self.sizes)
        return sizes[(m - 1) % sizes.shape[0]]

    Schedule.at = at

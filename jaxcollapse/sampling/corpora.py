"""Operations on corpora of tokens: kept as labels, or as counts throughout."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from jaxcollapse.contract import Corpora
from jaxcollapse.sampling.counts import (
    Counts,
    add_counts,
    count_labels,
    draw_counts,
    draw_from_counts,
)
from jaxcollapse.sampling.labels import Labels, concatenate, gather, resize
from jaxcollapse.sampling.reweighted import ReweightedCorpus, reweight
from jaxcollapse.sampling.subsets import draw_subset


class LabelCorpora(Corpora):
    """Corpora of exchangeable tokens, one slot a token; pools are counts, whatever their size."""

    provides: ClassVar[frozenset[str]] = frozenset(
        {"gather", "exchangeable", "pool", "unbounded", "extend", "subsample", "reweight"}
    )

    def length(self, corpus: Labels | Counts | ReweightedCorpus) -> Array:
        if isinstance(corpus, ReweightedCorpus):
            return corpus.first.size + corpus.second.size
        return corpus.size

    def concatenate(self, first: Labels, second: Labels) -> Labels:
        return concatenate(first, second)

    def resize(self, corpus: Any, capacity: int) -> Any:
        return resize(corpus, capacity) if isinstance(corpus, Labels) else corpus

    def gather(self, stack: Labels, rows: Array, positions: Array, size: Array) -> Labels:
        return gather(stack, rows, positions, size)

    def pool(self, corpus: Labels | Counts, frame: Any, capacity: int | None) -> Counts:
        return corpus if isinstance(corpus, Counts) else count_labels(corpus, frame.width)

    def extend(self, pool: Counts, corpus: Labels | Counts) -> Counts:
        return add_counts(pool, corpus)

    def subsample(self, key: Array, pool: Counts, size: Array, capacity: int, replace: bool) -> Labels:
        return _subsample(key, pool, size, capacity, replace)

    def reweight(self, first: Labels, second: Labels, weight: Array) -> ReweightedCorpus:
        return reweight(first, second, weight)


@dataclasses.dataclass(frozen=True)
class CountCorpora(Corpora):
    """Corpora that are counts throughout, for regimes that never ask for single tokens.

    Attributes:
      portable: draw counts by XLA even where the compiled kernel would do.
    """

    portable: bool = False
    provides: ClassVar[frozenset[str]] = frozenset({"pool", "unbounded", "extend", "subsample"})

    def length(self, corpus: Labels | Counts) -> Array:
        return corpus.size

    def concatenate(self, first: Counts | Labels, second: Counts | Labels) -> Any:
        if isinstance(first, Labels) and isinstance(second, Labels):
            return concatenate(first, second)
        return add_counts(first, second) if isinstance(first, Counts) else add_counts(second, first)

    def resize(self, corpus: Any, capacity: int) -> Any:
        return LABELS.resize(corpus, capacity)

    def pool(self, corpus: Labels | Counts, frame: Any, capacity: int | None) -> Counts:
        return LABELS.pool(corpus, frame, capacity)

    def extend(self, pool: Counts, corpus: Labels | Counts) -> Counts:
        return add_counts(pool, corpus)

    def subsample(self, key: Array, pool: Counts, size: Array, capacity: int, replace: bool) -> Counts:
        if replace:
            size = jnp.where(pool.size > 0, size, 0)
            return draw_counts(key, pool, size, capacity, portable=self.portable)
        return count_labels(_subsample(key, pool, size, capacity, replace), pool.cumulative.shape[0])


LABELS = LabelCorpora()


def _subsample(key: Array, pool: Counts, size: Array, capacity: int, replace: bool) -> Labels:
    if replace:  # of an empty pool nothing can be drawn
        return draw_from_counts(key, pool, jnp.where(pool.size > 0, size, 0), capacity)
    return draw_subset(key, pool, size, capacity)

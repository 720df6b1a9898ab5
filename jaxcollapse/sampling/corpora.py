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
        """Return the number of items, ``int32 []``."""
        if isinstance(corpus, ReweightedCorpus):
            return corpus.first.size + corpus.second.size
        return corpus.size

    def concatenate(self, first: Labels, second: Labels) -> Labels:
        """Join two corpora, with the capacities of both."""
        return concatenate(first, second)

    def resize(self, corpus: Any, capacity: int) -> Any:
        """Return the same corpus with another capacity."""
        return resize(corpus, capacity) if isinstance(corpus, Labels) else corpus

    def gather(self, stack: Labels, rows: Array, positions: Array, size: Array) -> Labels:
        """Return the corpus whose item j copies item ``positions[j]`` of corpus ``rows[j]`` of a stack."""
        return gather(stack, rows, positions, size)

    def pool(self, corpus: Labels | Counts, frame: Any, capacity: int | None) -> Counts:
        """Begin a pool that holds a corpus and can grow."""
        return corpus if isinstance(corpus, Counts) else count_labels(corpus, frame.width)

    def extend(self, pool: Counts, corpus: Labels | Counts) -> Counts:
        """Return the pool with a corpus more."""
        return add_counts(pool, corpus)

    def subsample(self, key: Array, pool: Counts, size: Array, capacity: int, replace: bool) -> Labels:
        """Return ``size`` items of the pool, with or without replacement; at most all of it without."""
        return _subsample(key, pool, size, capacity, replace)

    def reweight(self, first: Labels, second: Labels, weight: Array) -> ReweightedCorpus:
        """Join two corpora, of which each item of the first counts ``weight`` times."""
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
        """Return the number of items, ``int32 []``."""
        return corpus.size

    def concatenate(self, first: Counts, second: Counts) -> Counts:
        """Join two corpora, with the capacities of both."""
        return add_counts(first, second)

    def resize(self, corpus: Any, capacity: int) -> Any:
        """Return the same corpus with another capacity."""
        return LABELS.resize(corpus, capacity)

    def pool(self, corpus: Labels | Counts, frame: Any, capacity: int | None) -> Counts:
        """Begin a pool that holds a corpus and can grow."""
        return LABELS.pool(corpus, frame, capacity)

    def extend(self, pool: Counts, corpus: Labels | Counts) -> Counts:
        """Return the pool with a corpus more."""
        return add_counts(pool, corpus)

    def subsample(self, key: Array, pool: Counts, size: Array, capacity: int, replace: bool) -> Counts:
        """Return ``size`` items of the pool, with or without replacement; at most all of it without."""
        if replace:
            size = jnp.where(pool.size > 0, size, 0)
            return draw_counts(key, pool, size, capacity, portable=self.portable)
        return count_labels(_subsample(key, pool, size, capacity, replace), pool.cumulative.shape[0])


LABELS = LabelCorpora()


def _subsample(key: Array, pool: Counts, size: Array, capacity: int, replace: bool) -> Labels:
    if replace:  # of an empty pool nothing can be drawn
        return draw_from_counts(key, pool, jnp.where(pool.size > 0, size, 0), capacity)
    return draw_subset(key, pool, size, capacity)

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
    """Operations on corpora of exchangeable tokens with one slot for each token; pools are counts of any size."""

    provides: ClassVar[frozenset[str]] = frozenset(
        {"gather", "exchangeable", "pool", "unbounded", "extend", "subsample", "reweight"}
    )

    def length(self, corpus: Labels | Counts | ReweightedCorpus) -> Array:
        """Return the number of tokens in a corpus, ``int32 []``."""
        if isinstance(corpus, ReweightedCorpus):
            return corpus.first.size + corpus.second.size
        return corpus.size

    def concatenate(self, first: Labels, second: Labels) -> Labels:
        """Return the corpus of both corpora's tokens, with the sum of their capacities."""
        return concatenate(first, second)

    def resize(self, corpus: Any, capacity: int) -> Any:
        """Return the same corpus with another capacity; counts have none and stay as they are."""
        return resize(corpus, capacity) if isinstance(corpus, Labels) else corpus

    def gather(self, stack: Labels, rows: Array, positions: Array, size: Array) -> Labels:
        """Return the corpus whose token j copies token ``positions[j]`` of corpus ``rows[j]`` of a stack."""
        return gather(stack, rows, positions, size)

    def pool(self, corpus: Labels | Counts, frame: Any, capacity: int | None) -> Counts:
        """Return a pool that holds the tokens of a corpus and can be extended."""
        return corpus if isinstance(corpus, Counts) else count_labels(corpus, frame.width)

    def extend(self, pool: Counts, corpus: Labels | Counts) -> Counts:
        """Return the pool with the tokens of a corpus added."""
        return add_counts(pool, corpus)

    def subsample(self, key: Array, pool: Counts, size: Array, capacity: int, replace: bool) -> Labels:
        """Return ``size`` tokens of the pool, with or without replacement; without, at most all of them."""
        return _subsample(key, pool, size, capacity, replace)

    def reweight(self, first: Labels, second: Labels, weight: Array) -> ReweightedCorpus:
        """Return the corpus of both corpora's tokens, in which each token of the first counts ``weight`` times."""
        return reweight(first, second, weight)


@dataclasses.dataclass(frozen=True)
class CountCorpora(Corpora):
    """Operations on corpora that are counts throughout, for regimes that never ask for single tokens.

    Attributes:
      portable: whether counts are drawn by XLA even where the compiled kernel is available.
    """

    portable: bool = False
    provides: ClassVar[frozenset[str]] = frozenset({"pool", "unbounded", "extend", "subsample"})

    def length(self, corpus: Labels | Counts) -> Array:
        """Return the number of tokens in a corpus, ``int32 []``."""
        return corpus.size

    def concatenate(self, first: Counts, second: Counts) -> Counts:
        """Return the counts of both corpora together."""
        return add_counts(first, second)

    def resize(self, corpus: Any, capacity: int) -> Any:
        """Return the same corpus with another capacity; counts have none and stay as they are."""
        return LABELS.resize(corpus, capacity)

    def pool(self, corpus: Labels | Counts, frame: Any, capacity: int | None) -> Counts:
        """Return a pool that holds the tokens of a corpus and can be extended."""
        return LABELS.pool(corpus, frame, capacity)

    def extend(self, pool: Counts, corpus: Labels | Counts) -> Counts:
        """Return the pool with the tokens of a corpus added."""
        return add_counts(pool, corpus)

    def subsample(self, key: Array, pool: Counts, size: Array, capacity: int, replace: bool) -> Counts:
        """Return the counts of ``size`` tokens of the pool, with or without replacement; without, at most of all."""
        if replace:
            size = jnp.where(pool.size > 0, size, 0)
            return draw_counts(key, pool, size, capacity, portable=self.portable)
        return count_labels(_subsample(key, pool, size, capacity, replace), pool.cumulative.shape[0])


LABELS = LabelCorpora()


def _subsample(key: Array, pool: Counts, size: Array, capacity: int, replace: bool) -> Labels:
    """Return ``size`` tokens of the pool as labels, with or without replacement."""
    if replace:  # An empty pool gives an empty subsample.
        return draw_from_counts(key, pool, jnp.where(pool.size > 0, size, 0), capacity)
    return draw_subset(key, pool, size, capacity)

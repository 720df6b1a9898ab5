"""Operations on corpora that are texts, whose tokens stay in their order."""

from __future__ import annotations

import dataclasses
from typing import Any

from jax import Array

from jaxcollapse.contract import Corpora
from jaxcollapse.learners.ngrams.rings import append, gather_in_order
from jaxcollapse.sampling import Labels, concatenate, resize


@dataclasses.dataclass(frozen=True)
class OrderedCorpora(Corpora):
    """Corpora of tokens in order: runs of them may be gathered end to end, but no single one taken out.

    Attributes:
      pool_capacity: tokens that a pool may hold, where the regime does not say; None refuses such pools.
    """

    pool_capacity: int | None = None

    @property
    def provides(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({"gather", "pool", "unbounded", "extend"})

    def length(self, corpus: Labels) -> Array:
        """Return the number of items, ``int32 []``."""
        return corpus.size

    def concatenate(self, first: Labels, second: Labels) -> Labels:
        """Join two corpora, with the capacities of both."""
        return concatenate(first, second)

    def resize(self, corpus: Labels, capacity: int) -> Labels:
        """Return the same corpus with another capacity."""
        return resize(corpus, capacity)

    def gather(self, stack: Labels, rows: Array, positions: Array, size: Array) -> Labels:
        """Return the tokens at these positions of these texts of a stack, in the order of the texts."""
        return gather_in_order(stack, rows, positions, size)

    def pool(self, corpus: Labels, frame: Any, capacity: int | None) -> Labels:
        """Begin a pool that holds a corpus and can grow."""
        capacity = capacity or self.pool_capacity
        assert capacity is not None, "binding the learner says that a pool needs a capacity"
        return resize(corpus, capacity)

    def extend(self, pool: Labels, corpus: Labels) -> Labels:
        """Return the pool with a corpus more."""
        return append(pool, corpus)

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
    """Operations on corpora of tokens in order: whole runs may be gathered, but tokens are not exchangeable.

    Attributes:
      pool_capacity: the capacity of pools in tokens, where the regime does not give it; None refuses such pools.
    """

    pool_capacity: int | None = None

    @property
    def provides(self) -> frozenset[str]:  # type: ignore[override]
        return frozenset({"gather", "pool", "unbounded", "extend"})

    def length(self, corpus: Labels) -> Array:
        """Return the number of tokens of a text, ``int32 []``."""
        return corpus.size

    def concatenate(self, first: Labels, second: Labels) -> Labels:
        """Return the second text after the first, with the sum of their capacities."""
        return concatenate(first, second)

    def resize(self, corpus: Labels, capacity: int) -> Labels:
        """Return the same text with another capacity."""
        return resize(corpus, capacity)

    def gather(self, stack: Labels, rows: Array, positions: Array, size: Array) -> Labels:
        """Return the tokens at ``positions`` of the texts ``rows`` of a stack, ordered by text and then by position."""
        return gather_in_order(stack, rows, positions, size)

    def pool(self, corpus: Labels, frame: Any, capacity: int | None) -> Labels:
        """Return a pool that holds a text and can be extended up to its capacity."""
        capacity = capacity or self.pool_capacity
        assert capacity is not None, "binding the learner says that a pool needs a capacity"
        return resize(corpus, capacity)

    def extend(self, pool: Labels, corpus: Labels) -> Labels:
        """Return the pool with a text added at its end; what exceeds its capacity is left out."""
        return append(pool, corpus)

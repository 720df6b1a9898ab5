"""Operations on corpora that are texts, whose tokens stay in their order."""

from __future__ import annotations

import dataclasses
from typing import Any

from jax import Array

from jaxcollapse.contract import Corpora
from jaxcollapse.learners.ngrams import text
from jaxcollapse.learners.ngrams.text import Text


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

    def length(self, corpus: Text) -> Array:
        return corpus.size

    def concatenate(self, first: Text, second: Text) -> Text:
        return text.join(first, second)

    def resize(self, corpus: Text, capacity: int) -> Text:
        return text.reserved(corpus, capacity)

    def gather(self, stack: Text, rows: Array, positions: Array, size: Array) -> Text:
        return text.picked(stack, rows, positions, size)

    def pool(self, corpus: Text, frame: Any, capacity: int | None) -> Text:
        capacity = capacity or self.pool_capacity
        assert capacity is not None, "binding the learner says that a pool needs a capacity"
        return text.reserved(corpus, capacity)

    def extend(self, pool: Text, corpus: Text) -> Text:
        return text.appended(pool, corpus)

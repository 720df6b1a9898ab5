"""The choice of the cheapest way to draw tokens for a regime, by measured costs."""

from __future__ import annotations

import dataclasses

from jaxcollapse.contract import Regime

METHODS = ("labels", "labels first", "counts")
"""The ways in which a learner of tokens may keep and draw a corpus."""


@dataclasses.dataclass(frozen=True)
class DrawCosts:
    """Measured costs of the two ways of drawing a corpus, labels one by one or counts at once.

    Attributes:
      labels_per_count: the number of labels that cost as much as the count of one token.
      few_labels: up to this number of tokens, labels cost no more than counts of any vocabulary.
      few_counts: up to this number of tokens, counts are used from the beginning, for a run that switches from labels
        to counts takes twice as long to compile.
    """

    labels_per_count: int = 4
    few_labels: int = 32
    few_counts: int = 128

    @property
    def switch_at(self) -> int:
        """Return the generation from which on counts are cheaper, for some ``2n/m`` of ``n`` tokens are left at m."""
        return 2 * self.labels_per_count

    def few_kinds(self, vocabulary: int, items: int) -> bool:
        """Return whether a corpus has so many items for each token of the vocabulary that counts are cheaper."""
        return self.labels_per_count * vocabulary <= items

    def method(self, regime: Regime, vocabulary: int) -> str:
        """Return the method that suits a regime and a vocabulary."""
        items = regime.corpus_capacity
        if not (counts_suffice(regime) and regime.closed) or items <= self.few_labels:
            return "labels"
        if self.few_kinds(vocabulary, items):
            return "counts"
        if not regime.memoryless:
            return "labels"
        return "counts" if items <= self.few_counts else "labels first"


def counts_suffice(regime: Regime) -> bool:
    """Return whether a regime never asks for single tokens, so that its corpora may be counts."""
    in_counts = frozenset({"pool", "unbounded", "extend", "subsample"})
    return set(regime.requires(in_counts)) <= in_counts


MEASURED = DrawCosts()
"""The costs that were measured on CPUs."""

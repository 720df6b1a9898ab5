"""Which way of drawing tokens is the cheapest for a regime, by measured costs."""

from __future__ import annotations

import dataclasses

from jaxcollapse.contract import Regime

METHODS = ("labels", "labels first", "counts")
"""How a learner of tokens may keep and draw a corpus."""


@dataclasses.dataclass(frozen=True)
class DrawCosts:
    """Measured costs of the two ways of drawing a corpus, labels one by one or counts at once.

    Attributes:
      labels_per_count: what drawing the count of one token costs, in labels.
      few_labels: so many labels cost no more than any counts.
      few_counts: so few tokens can be counted from the beginning: models of one form compile in half the time of two.
    """

    labels_per_count: int = 4
    few_labels: int = 32
    few_counts: int = 128

    @property
    def switch_at(self) -> int:
        """The generation from which on counts are cheaper: of ``n`` tokens some ``2n/m`` are left at generation m."""
        return 2 * self.labels_per_count

    def few_kinds(self, vocabulary: int, items: int) -> bool:
        """Return whether a corpus has so many items for each kind of token that counts are cheaper."""
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
"""Costs on the CPUs that the defaults were measured on."""

"""Learners: how a model is trained on a corpus, and how it writes one."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse import fixed, sampling
from jaxcollapse.process import Table


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Categorical:
    """One context, maximum likelihood: the model is the table of token frequencies, ``p_i = x_i / n``.

    What a softmax classifier on one context converges to (Seddik et al. 2024, section 2.1). The
    model is its training set: a corpus and a model are both :class:`~jaxcollapse.sampling.Labels`,
    a token is drawn by copying a uniformly chosen slot, and counts are made only for statistics.
    """

    def truth(self, p: Array) -> sampling.Law:
        return sampling.law(p)

    def sample(self, key: Array, model: sampling.Law | sampling.Labels, size: Array, slots: int) -> sampling.Labels:
        if isinstance(model, sampling.Law):
            return sampling.draw_from_law(key, model, size, slots)
        return sampling.draw_from_labels(key, model, size, slots)

    def merge(self, first: sampling.Labels, second: sampling.Labels) -> sampling.Labels:
        return sampling.concatenate(first, second)

    def reserve(self, corpus: sampling.Labels, slots: int) -> sampling.Labels:
        return sampling.Labels(jnp.pad(corpus.labels, (0, slots - corpus.labels.shape[0])), corpus.size)

    def fit(self, key: Array, corpus: sampling.Labels, previous: sampling.Labels | None) -> sampling.Labels:
        return corpus

    def compact(self, corpus: sampling.Labels, vocabulary: int) -> tuple[sampling.Labels, Array]:
        if corpus.labels.shape[0] >= vocabulary:
            return corpus, jnp.arange(vocabulary, dtype=jnp.int32)
        return sampling.compact(corpus, vocabulary)

    def table(self, model: sampling.Labels, width: int) -> Table:
        counts = sampling.histogram(model, width)
        # XLA turns a division by one number into a product with its rounded inverse, in some programs and
        # not in others. A divisor that might differ from entry to entry (no count is negative) stays a division.
        total = jnp.where(counts < 0, 1.0, model.size.astype(jnp.float32))
        log_total = fixed.log_integer(model.size.astype(jnp.uint32))
        surprisal = fixed.log_ratio(log_total, fixed.log_integer(counts.astype(jnp.uint32)))
        return Table(
            p=counts.astype(jnp.float32) / total,
            q=(model.size - counts).astype(jnp.float32) / total,
            surprisal=jnp.where(counts > 0, surprisal, 0.0),
            counts=counts,
            total=model.size,
        )

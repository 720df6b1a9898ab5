"""Learners: how a model is trained on a corpus, and how it writes one."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse import fixed, sampling
from jaxcollapse.process import WEIGHT, Table

Corpus = sampling.Labels | sampling.Tally | sampling.Weighted


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Categorical:
    """One context, maximum likelihood: the model is the table of token frequencies, ``p_i = x_i / n``.

    What a softmax classifier on one context converges to (Seddik et al. 2024, section 2.1). The
    model is its training set, in the form that the regime collected it: labels (a token is drawn by
    copying a uniformly chosen slot, and counts are made only for statistics), the counts of a pool
    that grows without end, or two corpora of unequal weight.
    """

    def truth(self, p: Array) -> sampling.Law:
        return sampling.law(p)

    def sample(
        self, key: Array, model: sampling.Law | sampling.Mean | Corpus, size: Array, slots: int
    ) -> sampling.Labels:
        match model:
            case sampling.Law():
                return sampling.draw_from_law(key, model, size, slots)
            case sampling.Tally():
                return sampling.draw_from_tally(key, model, size, slots)
            case sampling.Mean():
                return sampling.draw_from_mean(key, model, size, slots)
            case sampling.Weighted():
                return sampling.draw_from_weighted(key, model, size, slots)
        return sampling.draw_from_labels(key, model, size, slots)

    def merge(self, first: sampling.Labels, second: sampling.Labels) -> sampling.Labels:
        return sampling.concatenate(first, second)

    def weigh(self, first: sampling.Labels, second: sampling.Labels, weight: Array) -> sampling.Weighted:
        return sampling.weigh(first, second, weight)

    def pick(self, stack: sampling.Labels, rows: Array, places: Array, size: Array) -> sampling.Labels:
        return sampling.pick(stack, rows, places, size)

    def pool(self, corpus: sampling.Labels, width: int) -> sampling.Tally:
        return sampling.tally(corpus, width)

    def add(self, pool: sampling.Tally, corpus: sampling.Labels) -> sampling.Tally:
        return sampling.add(pool, corpus)

    def subsample(
        self, key: Array, pool: sampling.Tally, size: Array, slots: int, replacement: bool
    ) -> sampling.Labels:
        draw = sampling.draw_from_tally if replacement else sampling.part_of
        return draw(key, pool, size, slots)

    def blend(
        self, mean: sampling.Mean | None, model: sampling.Law | Corpus, width: int | None = None
    ) -> sampling.Mean:
        if isinstance(model, sampling.Law):
            one = sampling.mean_of_law(model)
        else:
            assert not isinstance(model, sampling.Weighted), "no regime takes the mean of weighted models"
            names = mean.sums.hi.shape[0] if mean is not None else width
            assert names is not None, "the first of a mean needs the number of names"
            one = sampling.mean_of_counts(*_counts(model, names))
        return one if mean is None else sampling.together(mean, one)

    def reserve(self, corpus: sampling.Labels, slots: int) -> sampling.Labels:
        return sampling.Labels(jnp.pad(corpus.labels, (0, max(0, slots - corpus.labels.shape[0])))[:slots], corpus.size)

    def fit(self, key: Array, corpus: Corpus, previous: Corpus | None) -> Corpus:
        return corpus

    def dirac(self, model: sampling.Law | sampling.Mean | Corpus) -> Array:
        match model:
            case sampling.Law():
                return _only_weight(model.cumulative)
            case sampling.Mean():
                return _only_weight(jax.lax.associative_scan(fixed.add, model.sums))
            case sampling.Tally():
                largest = jnp.argmax(model.counts).astype(jnp.int32)
                return jnp.where(model.counts[largest] == model.size, largest, -1)
            case sampling.Weighted():
                first, second = (sampling.only_token(part) for part in (model.first, model.second))
                alone = jnp.where(model.share == 0, second, first)
                return jnp.where((first == second) | (model.share == 0) | (model.share == 1), alone, -1)
        return sampling.only_token(model)

    def compact(self, corpus: sampling.Labels, vocabulary: int) -> tuple[sampling.Labels, Array]:
        if corpus.labels.shape[0] >= vocabulary:
            return corpus, jnp.arange(vocabulary, dtype=jnp.int32)
        return sampling.compact(corpus, vocabulary)

    def table(self, model: Corpus, width: int) -> Table:
        if isinstance(model, sampling.Weighted):
            return _weighted_table(model, width)
        counts, size = _counts(model, width)
        log_total = fixed.log_integer(size.astype(jnp.uint32))
        surprisal = fixed.log_ratio(log_total, fixed.log_integer(counts.astype(jnp.uint32)))
        return Table(
            p=_quotient(counts, size),
            q=_quotient(size - counts, size),
            surprisal=jnp.where(counts > 0, surprisal, 0.0),
            counts=counts,
            total=size,
        )


def _counts(model: sampling.Labels | sampling.Tally, width: int) -> tuple[Array, Array]:
    return (model.counts if isinstance(model, sampling.Tally) else sampling.histogram(model, width)), model.size


def _quotient(counts: Array, total: Array) -> Array:
    # XLA turns a division by one number into a product with its rounded inverse, in some programs and
    # not in others. A divisor that might differ from entry to entry (no count is negative) stays a division.
    return counts.astype(jnp.float32) / jnp.where(counts < 0, 1.0, total.astype(jnp.float32))


def _weighted_table(model: sampling.Weighted, width: int) -> Table:
    """Sums of two rounded products in integers, so that no program may round them otherwise."""

    def blend(first: Array, second: Array) -> Array:
        parts = (
            fixed.from_float(share * _quotient(counts, jnp.maximum(part.size, 1)), WEIGHT)
            for share, counts, part in (
                (model.share, first, model.first),
                (1 - model.share, second, model.second),
            )
        )
        return fixed.to_float(fixed.add(*parts), WEIGHT)

    counts = [sampling.histogram(part, width) for part in (model.first, model.second)]
    p = blend(*counts)
    q = blend(*(part.size - count for part, count in zip((model.first, model.second), counts, strict=True)))
    return Table(p, q, fixed.minus_log(p), None, None)


def _only_weight(cumulative: fixed.U64) -> Array:
    """The only index with weight, ``int32 []``; -1 where there are several."""
    total = fixed.U64(cumulative.hi[-1], cumulative.lo[-1])
    before = jnp.sum((cumulative.hi == 0) & (cumulative.lo == 0), dtype=jnp.int32)
    below_all = jnp.sum(fixed.less(cumulative, total), dtype=jnp.int32)
    return jnp.where(before == below_all, before, -1)

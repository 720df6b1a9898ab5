"""A table of counts: one context, maximum likelihood."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse import check, native, sampling
from jaxcollapse.exact import fixed
from jaxcollapse.process.one_context import WEIGHT, Table

Corpus = sampling.Labels | sampling.Counts | sampling.ReweightedCorpus


METHODS = ("labels", "labels first", "counts")
"""How :class:`Categorical` may keep and draw a corpus."""
LABELS_A_COUNT = 4
"""What the count of one token costs, in labels; measured."""
FEW_LABELS = 32
"""So many labels cost no more than any counts; measured."""
FEW_COUNTS = 128
"""So few tokens can be counted from the beginning; measured. One form of models is compiled in half the time of two."""
LABELS_UNTIL = 2 * LABELS_A_COUNT
"""Generation from which on counts are cheaper: some ``2n/m`` tokens are left; measured."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Categorical:
    """One context, maximum likelihood: the model is the table of token frequencies, ``p_i = x_i / n``.

    What a softmax classifier on one context converges to (Seddik et al. 2024, section 2.1). The
    model is its training set, in one of two forms. *Labels*: a token is drawn by copying a uniformly
    chosen slot; a generation costs ``n`` random words, and counts are made only for statistics.
    *Counts*: multinomial counts are drawn at once (:mod:`jaxcollapse.sampling.dyadic`); a generation
    costs some words a token that is left. The laws are the same, the random numbers differ.

    Attributes:
      method: static; ``"labels"``, ``"counts"``, or ``"labels first"`` (counts from generation 8 on). By
        default chosen by :func:`jaxcollapse.recursive_training` from the regime and the sizes alone: labels
        where the regime wants single tokens or can see any token again, and for samples of up to 32;
        counts where the vocabulary is at most a quarter of the sample; else, where tokens die for ever,
        counts for samples of up to 128 and labels first for larger ones; and labels where real ones are kept.

      portable: static; draw counts by XLA even where the compiled kernel (:mod:`jaxcollapse.native`) would do.
        The bits are the same.

    Raises:
      ValueError: for an unknown method.
    """

    is_frequency_table: ClassVar[bool] = True

    method: str | None = dataclasses.field(default=None, metadata={"static": True})
    portable: bool = dataclasses.field(default=False, metadata={"static": True})

    def __post_init__(self) -> None:
        if self.method is not None:
            check.choice("method", self.method, METHODS)

    def suited(self, regime: Any, vocabulary: int) -> Categorical:
        """This learner with a method that suits a regime, unless one was chosen.

        Raises:
          ValueError: when the regime cannot do with the method that was chosen.
        """
        counts_will_do = set(regime.verbs) <= {"pool", "add", "subsample"}
        if self.method is None:
            if not (counts_will_do and regime.closed):
                return dataclasses.replace(self, method="labels")
            if regime.room <= FEW_LABELS:
                return dataclasses.replace(self, method="labels")
            if LABELS_A_COUNT * vocabulary <= regime.room:
                return dataclasses.replace(self, method="counts")
            forgets = getattr(regime, "forgets", False)
            method = "counts" if regime.room <= FEW_COUNTS else "labels first"
            return dataclasses.replace(self, method=method if forgets else "labels")
        if (self.method != "labels" and not counts_will_do) or (self.method == "labels first" and not regime.closed):
            raise ValueError(
                f"method={self.method!r} does not go with {type(regime).__name__}, which "
                f"{'may see any token again' if counts_will_do else 'wants single tokens'}; leave method out"
            )
        return self

    def truth(self, p: Array) -> sampling.FixedPointCDF:
        return sampling.fixed_point_cdf(p)

    def sample(
        self, key: Array, model: sampling.FixedPointCDF | sampling.ModelAverage | Corpus, size: Array, slots: int
    ) -> sampling.Labels | sampling.Counts:
        counted = isinstance(model, sampling.Counts) and self.method == "labels first"
        if (self.method == "counts" or counted) and isinstance(
            model, sampling.Counts | sampling.FixedPointCDF | sampling.ModelAverage
        ):
            return sampling.draw_counts(key, model, size, slots, portable=self.portable)
        match model:
            case sampling.FixedPointCDF():
                return sampling.draw_from_cdf(key, model, size, slots)
            case sampling.Counts():
                return sampling.draw_from_counts(key, model, size, slots)
            case sampling.ModelAverage():
                return sampling.draw_from_average(key, model, size, slots)
            case sampling.ReweightedCorpus():
                return sampling.draw_from_reweighted(key, model, size, slots)
        return sampling.draw_from_labels(key, model, size, slots)

    def merge(self, first: Corpus, second: Corpus) -> Corpus:
        if isinstance(first, sampling.Counts) and isinstance(second, sampling.Counts):
            return sampling.add_counts(first, second)
        assert isinstance(first, sampling.Labels)
        assert isinstance(second, sampling.Labels)
        return sampling.concatenate(first, second)

    def weigh(self, first: sampling.Labels, second: sampling.Labels, weight: Array) -> sampling.ReweightedCorpus:
        return sampling.reweight(first, second, weight)

    def pick(self, stack: sampling.Labels, rows: Array, places: Array, size: Array) -> sampling.Labels:
        return sampling.gather(stack, rows, places, size)

    def pool(self, corpus: sampling.Labels | sampling.Counts, width: int) -> sampling.Counts:
        return corpus if isinstance(corpus, sampling.Counts) else sampling.count_labels(corpus, width)

    def add(self, pool: sampling.Counts, corpus: sampling.Labels | sampling.Counts) -> sampling.Counts:
        return sampling.add_counts(pool, corpus)

    def subsample(
        self, key: Array, pool: sampling.Counts, size: Array, slots: int, replacement: bool
    ) -> sampling.Labels | sampling.Counts:
        if replacement and self.method == "counts":
            return sampling.draw_counts(key, pool, size, slots, portable=self.portable)
        draw = sampling.draw_from_counts if replacement else sampling.draw_subset
        part = draw(key, pool, size, slots)
        return sampling.count_labels(part, pool.cumulative.shape[0]) if self.method == "counts" else part

    def blend(
        self, mean: sampling.ModelAverage | None, model: sampling.FixedPointCDF | Corpus, width: int | None = None
    ) -> sampling.ModelAverage:
        if isinstance(model, sampling.FixedPointCDF):
            one = sampling.average_of_cdf(model)
        else:
            assert not isinstance(model, sampling.ReweightedCorpus), "no regime takes the mean of weighted models"
            names = mean.sums.hi.shape[0] if mean is not None else width
            assert names is not None, "the first of a mean needs the number of names"
            one = sampling.average_of_counts(*_counts(model, names))
        return one if mean is None else sampling.add_averages(mean, one)

    def reserve(self, corpus: Corpus, slots: int) -> Corpus:
        if not isinstance(corpus, sampling.Labels):
            return corpus
        return sampling.Labels(jnp.pad(corpus.labels, (0, max(0, slots - corpus.labels.shape[0])))[:slots], corpus.size)

    def fit(self, key: Array, corpus: Corpus, previous: Corpus | None) -> Corpus:
        return corpus

    def recurrence(self, past: Any, corpus: Any) -> Any:
        """Return the corpus as the model: models are the frequencies of their corpora."""
        return corpus

    def untrained(self, vocabulary: int) -> sampling.Counts:
        """The uniform model, as a corpus with each token once: for a context that nothing was ever written of."""
        return sampling.cumulate_counts(jnp.ones(vocabulary, jnp.int32), jnp.int32(vocabulary))

    def dirac(self, model: sampling.FixedPointCDF | sampling.ModelAverage | Corpus) -> Array:
        match model:
            case sampling.FixedPointCDF():
                return _only_weight(model.cumulative)
            case sampling.ModelAverage():
                return _only_weight(jax.lax.associative_scan(fixed.add, model.sums))
            case sampling.Counts():
                return sampling.only_token_in_counts(model)
            case sampling.ReweightedCorpus():
                first, second = (sampling.only_token_in_labels(part) for part in (model.first, model.second))
                alone = jnp.where(model.share == 0, second, first)
                return jnp.where((first == second) | (model.share == 0) | (model.share == 1), alone, -1)
        return sampling.only_token_in_labels(model)

    def compact(self, corpus: sampling.Labels | sampling.Counts, vocabulary: int) -> tuple[Corpus, Array]:
        tokens = jnp.arange(vocabulary, dtype=jnp.int32)
        if isinstance(corpus, sampling.Counts):
            return corpus, tokens
        if corpus.labels.shape[0] < vocabulary:
            corpus, tokens = sampling.relabel(corpus, vocabulary)
        return corpus, tokens

    @property
    def settles_at(self) -> int:
        return LABELS_UNTIL if self.method == "labels first" else 0

    def settle(self, models: Any, width: int) -> Any:
        is_labels = lambda of: isinstance(of, sampling.Labels)
        return jax.tree.map(
            lambda of: sampling.count_labels(of, width) if is_labels(of) else of, models, is_leaf=is_labels
        )

    def in_flight(self, room: int, vocabulary: int) -> int:
        return vocabulary if self.method == "counts" else room

    @property
    def runs(self) -> bool:
        return self.method in ("counts", "labels first") and not self.portable and native.will_do()

    def run(
        self, key: Array, model: sampling.Counts, m: Array, most: Array, sizes: Array, slots: int
    ) -> tuple[sampling.Counts, Array]:
        return sampling.fused_generations(key, model, m, most, sizes, slots)

    def narrows(self, model: Any) -> bool:
        return isinstance(model, sampling.Counts)

    def left(self, model: sampling.Counts) -> Array:
        return jnp.sum(model.counts > 0, dtype=jnp.int32)

    def narrow(self, model: sampling.Counts, width: int) -> tuple[sampling.Counts, Array]:
        return sampling.compact_counts(model, width)

    def table(self, model: Corpus, width: int) -> Table:
        if isinstance(model, sampling.ReweightedCorpus):
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


def _counts(model: sampling.Labels | sampling.Counts, width: int) -> tuple[Array, Array]:
    return (model.counts if isinstance(model, sampling.Counts) else sampling.histogram(model, width)), model.size


def _quotient(counts: Array, total: Array) -> Array:
    # XLA turns a division by one number into a product with its rounded inverse, in some programs and
    # not in others. A divisor that might differ from entry to entry (no count is negative) stays a division.
    return counts.astype(jnp.float32) / jnp.where(counts < 0, 1.0, total.astype(jnp.float32))


def _weighted_table(model: sampling.ReweightedCorpus, width: int) -> Table:
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

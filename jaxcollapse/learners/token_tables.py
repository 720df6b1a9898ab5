"""Functions that learners of tokens share: draws of tokens from any source, and views of models beside the truth."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from jaxcollapse import sampling
from jaxcollapse.contract import View
from jaxcollapse.exact import division, logs, sums, u64
from jaxcollapse.sampling import Counts, FixedPointCDF, Labels, ModelAverage, ReweightedCorpus
from jaxcollapse.sampling.token_frame import TokenFrame, sum_of_others

WEIGHT = 30
"""The scale of probabilities in 62-bit fixed point: ``p = hi 2^-30 + lo 2^-62``."""

Corpus = Labels | Counts | ReweightedCorpus
Source = FixedPointCDF | ModelAverage | Corpus


class Table(NamedTuple):
    """The probabilities of one model, ``[width]`` each; the fields are those of :class:`jaxcollapse.contract.View`."""

    p: Array
    q: Array
    surprisal: Array
    counts: Array | None
    total: Array | None


def draw_tokens(key: Array, source: Source, size: Array, capacity: int) -> Labels:
    """Draw ``size`` independent tokens from a distribution or, with replacement, from a corpus."""
    match source:
        case FixedPointCDF():
            return sampling.draw_from_cdf(key, source, size, capacity)
        case Counts():
            return sampling.draw_from_counts(key, source, size, capacity)
        case ModelAverage():
            return sampling.draw_from_average(key, source, size, capacity)
        case ReweightedCorpus():
            return sampling.draw_from_reweighted(key, source, size, capacity)
    return sampling.draw_from_labels(key, source, size, capacity)


def average_of(source: FixedPointCDF | Labels | Counts, width: int) -> ModelAverage:
    """Return the average that consists of one distribution, or of the frequencies of one corpus, ``[width]``."""
    if isinstance(source, FixedPointCDF):
        return sampling.average_of_cdf(source)
    assert not isinstance(source, ReweightedCorpus), "no regime takes the mean of weighted models"
    return sampling.average_of_counts(*_counts(source, width))


def frequencies(corpus: Corpus, width: int) -> Table:
    """Return the table of the token frequencies of a corpus, in ``width`` entries."""
    if isinstance(corpus, ReweightedCorpus):
        return _reweighted_frequencies(corpus, width)
    counts, size = _counts(corpus, width)
    log_total = logs.log_integer(size.astype(jnp.uint32))
    surprisal = logs.log_ratio(log_total, logs.log_integer(counts.astype(jnp.uint32)))
    return Table(
        p=division.quotient(counts, size),
        q=division.quotient(size - counts, size),
        surprisal=jnp.where(counts > 0, surprisal, 0.0),
        counts=counts,
        total=size,
    )


def table_of_probabilities(p: Array) -> Table:
    """Return the table of probabilities ``p``, ``float32 [width]``, that are not the frequencies of a corpus."""
    weights = sums.from_float(p, WEIGHT)
    rest = u64.subtract(u64.sum_of(weights), weights)
    return Table(p, sums.to_float(rest, WEIGHT), logs.minus_log(p), None, None)


def view_of_table(model: Any, table: Table, truth: Array, frame: TokenFrame) -> View:
    """Return the view of a model with this table beside the truth, ``float32 [vocabulary]``."""
    listed = truth.at[frame.tokens].get(mode="fill", fill_value=0)
    dropped = dropped_square = u64.zero()
    if frame.width < truth.shape[0]:
        # Integers subtract exactly; in floats nearly all digits would cancel.
        dropped, dropped_square = sum_of_others(truth, listed), sum_of_others(truth * truth, listed * listed)
    return View(
        model=model,
        **table._asdict(),
        tokens=frame.tokens,
        truth=listed,
        truth_surprisal=logs.minus_log(listed),
        dropped_truth=(dropped, dropped_square),
        first=frame.kept_first,
        dropped_first=frame.dropped_first,
    )


def view_of_truth(model: Any, truth: Array, frame: TokenFrame) -> View:
    """Return the view of the truth itself, generation 0, laid out over the vocabulary, beside p^(1)."""
    first = frame.kept_first
    if first is not None:
        first = jnp.zeros(truth.shape, jnp.float32).at[frame.tokens].set(first, mode="drop")
    table = table_of_probabilities(truth)
    nothing = (u64.zero(), u64.zero())
    return View(
        model=model,
        **table._asdict(),
        tokens=jnp.arange(truth.shape[0], dtype=jnp.int32),
        truth=truth,
        truth_surprisal=table.surprisal,
        dropped_truth=nothing,
        first=first,
        dropped_first=nothing,
    )


def _counts(corpus: Labels | Counts, width: int) -> tuple[Array, Array]:
    """Return the counts of tokens in a corpus, ``int32 [width]``, and their sum, ``int32 []``."""
    return (corpus.counts if isinstance(corpus, Counts) else sampling.histogram(corpus, width)), corpus.size


def _reweighted_frequencies(corpus: ReweightedCorpus, width: int) -> Table:
    """Return the table of the frequencies of a reweighted corpus.

    Products are rounded to integers before they are added, so that the bits are the same in every program.
    """
    parts = (corpus.first, corpus.second)

    def mixture(first: Array, second: Array) -> Array:
        terms = (
            sums.from_float(share * division.quotient(counts, jnp.maximum(part.size, 1)), WEIGHT)
            for share, counts, part in ((corpus.share, first, parts[0]), (1 - corpus.share, second, parts[1]))
        )
        return sums.to_float(u64.add(*terms), WEIGHT)

    counts = [sampling.histogram(part, width) for part in parts]
    p = mixture(*counts)
    q = mixture(*(part.size - count for part, count in zip(parts, counts, strict=True)))
    return Table(p, q, logs.minus_log(p), None, None)

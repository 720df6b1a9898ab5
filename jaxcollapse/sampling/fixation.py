"""Fixation: the one token that a corpus or a model consists of, if it is a single one.

Every function returns an ``int32 []``: the token, or -1 where there are several or none.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from jaxcollapse.exact import u64
from jaxcollapse.exact.u64 import U64
from jaxcollapse.sampling.averages import ModelAverage
from jaxcollapse.sampling.cdf import FixedPointCDF
from jaxcollapse.sampling.counts import Counts
from jaxcollapse.sampling.labels import Labels
from jaxcollapse.sampling.reweighted import ReweightedCorpus


def only_token(source: Labels | Counts | ReweightedCorpus | FixedPointCDF | ModelAverage) -> Array:
    """Return the only token that can be drawn from a source of any of the package's forms, or -1."""
    match source:
        case Labels():
            return only_token_in_labels(source)
        case Counts():
            return only_token_in_counts(source)
        case ReweightedCorpus():
            return only_token_in_reweighted(source)
    return only_token_in_cumulative(source.cumulative)


def only_token_in_labels(corpus: Labels) -> Array:
    """Return the only token of a corpus, or -1."""
    same = jnp.all((corpus.labels == corpus.labels[0]) | ~corpus.in_use)
    return jnp.where(same & (corpus.size > 0), corpus.labels[0], -1)


def only_token_in_counts(counts: Counts) -> Array:
    """Return the only token with a count, or -1."""
    before, after = counts.cumulative == 0, counts.cumulative == counts.size
    token = jnp.sum(before, dtype=jnp.int32)
    return jnp.where(jnp.all(before | after) & (counts.size > 0), token, -1)


def only_token_in_reweighted(corpus: ReweightedCorpus) -> Array:
    """Return the only token of the corpora that have a share in the mixture, or -1."""
    first, second = only_token_in_labels(corpus.first), only_token_in_labels(corpus.second)
    token = jnp.where(corpus.share == 0, second, first)
    return jnp.where((first == second) | (corpus.share == 0) | (corpus.share == 1), token, -1)


def only_token_in_cumulative(cumulative: U64) -> Array:
    """Return the only token with weight, given inclusive sums of weights, two ``uint32 [width]``; or -1."""
    before = jnp.sum((cumulative.hi == 0) & (cumulative.lo == 0), dtype=jnp.int32)
    below_total = jnp.sum(u64.less(cumulative, u64.last(cumulative)), dtype=jnp.int32)
    return jnp.where(before == below_total, before, -1)


def only_token_in_probabilities(p: Array) -> Array:
    """Return the only token with a positive probability, given ``p [width]``; or -1."""
    return jnp.where(jnp.sum(p > 0) == 1, jnp.argmax(p), -1).astype(jnp.int32)

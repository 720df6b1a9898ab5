"""Two corpora of which the tokens of one have another weight than those of the other."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from jaxcollapse.exact.bits import bernoulli, index_below, random_bits
from jaxcollapse.exact.threefry import split_keys
from jaxcollapse.sampling.labels import Labels


class ReweightedCorpus(NamedTuple):
    """A mixture of the frequencies of two corpora.

    Attributes:
      first, second: the corpora; one of them may be empty.
      share: the weight of the first in the mixture, ``float32 []``.
    """

    first: Labels
    second: Labels
    share: Array


def reweight(first: Labels, second: Labels, weight: Array) -> ReweightedCorpus:
    """Return both corpora, each token of the first counting as ``weight`` tokens.

    With sizes N and n the share of the first is ``w N/(w N + n)``.
    """
    # Written so that no product feeds a sum, which some programs would round once and others twice; and
    # with a divisor that no compiler can know (no label is negative), which it might invert beforehand.
    heavy = first.size.astype(jnp.float32) * jnp.asarray(weight, jnp.float32)
    ratio = second.size.astype(jnp.float32) / jnp.where(first.labels[0] < 0, 1.0, heavy)
    return ReweightedCorpus(first, second, jnp.where(second.size == 0, 1.0, 1 / (1 + ratio)))


def draw_from_reweighted(key: Array, corpus: ReweightedCorpus, size: Array, capacity: int) -> Labels:
    """Return ``size`` tokens of the mixture: a corpus is chosen by its share, then one of its slots uniformly."""
    choice_key, slot_key = split_keys(key, 2)
    in_first = bernoulli(choice_key, corpus.share, capacity)
    offset = corpus.first.labels.shape[0]
    bound = jnp.where(in_first, corpus.first.size, corpus.second.size).astype(jnp.uint32)
    slot = index_below(random_bits(slot_key, capacity), bound).astype(jnp.int32)
    labels = jnp.concatenate([corpus.first.labels, corpus.second.labels])
    return Labels(labels.at[jnp.where(in_first, slot, offset + slot)].get(mode="promise_in_bounds"), size)

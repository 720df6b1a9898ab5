"""Two corpora of which one counts for more."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from jaxcollapse.exact.bits import bernoulli, index_below, random_bits
from jaxcollapse.exact.threefry import parts
from jaxcollapse.sampling.labels import Labels


class ReweightedCorpus(NamedTuple):
    """A mixture of two corpora.

    Attributes:
      first, second: the corpora; one of them may be empty.
      share: of the first, ``float32 []``.
    """

    first: Labels
    second: Labels
    share: Array


def reweight(first: Labels, second: Labels, weight: Array) -> ReweightedCorpus:
    """Both corpora, each token of the first counting as ``weight`` tokens: its share is ``w N/(w N + n)``."""
    # Written so that no product feeds a sum, which some programs would round once and others twice; and
    # with a divisor that no compiler can know (no label is negative), which it might invert beforehand.
    heavy = first.size.astype(jnp.float32) * jnp.asarray(weight, jnp.float32)
    ratio = second.size.astype(jnp.float32) / jnp.where(first.labels[0] < 0, 1.0, heavy)
    return ReweightedCorpus(first, second, jnp.where(second.size == 0, 1.0, 1 / (1 + ratio)))


def draw_from_reweighted(key: Array, model: ReweightedCorpus, size: Array, slots: int) -> Labels:
    """``size`` tokens of the mixture: the corpus is chosen by its share, then one of its slots uniformly."""
    of_part, of_slot = parts(key, 2)
    in_first = bernoulli(of_part, model.share, slots)
    room = model.first.labels.shape[0]
    bound = jnp.where(in_first, model.first.size, model.second.size).astype(jnp.uint32)
    slot = index_below(random_bits(of_slot, slots), bound).astype(jnp.int32)
    labels = jnp.concatenate([model.first.labels, model.second.labels])
    return Labels(labels.at[jnp.where(in_first, slot, room + slot)].get(mode="promise_in_bounds"), size)

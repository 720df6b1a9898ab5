"""A corpus as labels: one slot a token, the first ``size`` of them in use."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact.bits import index_below, random_bits
from jaxcollapse.sampling.cdf import FixedPointCDF, search


class Labels(NamedTuple):
    """A multiset of tokens.

    Attributes:
      labels: the token in each slot, ``int32 [slots]``; slots from ``size`` on hold nothing of meaning.
      size: slots in use, ``int32 []``.
    """

    labels: Array
    size: Array


def draw_from_cdf(key: Array, law: FixedPointCDF, size: Array, slots: int) -> Labels:
    """``size`` independent tokens of the law, in an array of ``slots``."""
    return Labels(search(law.cumulative, random_bits(key, slots)), size)


def draw_from_labels(key: Array, corpus: Labels, size: Array, slots: int) -> Labels:
    """``size`` tokens drawn from a corpus with replacement: each copies a uniformly chosen slot.

    The slot is ``floor(word * corpus.size / 2^64)``. Of the 2^64 words each slot receives
    ``floor(2^64 / size)`` or one more, so its probability is off by less than 2^-64, whatever the size.
    """
    slot = index_below(random_bits(key, slots), corpus.size.astype(jnp.uint32))
    return Labels(corpus.labels.at[slot].get(mode="promise_in_bounds"), size)


def gather(stack: Labels, rows: Array, places: Array, size: Array) -> Labels:
    """A corpus whose slot ``j`` copies place ``places[j]`` of corpus ``rows[j]`` of a stack ``[corpora, slots]``."""
    return Labels(stack.labels.at[rows, places].get(mode="clip"), size)


def concatenate(first: Labels, second: Labels) -> Labels:
    """Both corpora in one: the second is laid where the first ends."""
    room = jnp.concatenate([first.labels, second.labels])
    return Labels(lax.dynamic_update_slice(room, second.labels, (first.size,)), first.size + second.size)


def _in_use(corpus: Labels) -> Array:
    return lax.iota(jnp.int32, corpus.labels.shape[0]) < corpus.size


def only_token_in_labels(corpus: Labels) -> Array:
    """The token that the whole corpus consists of, ``int32 []``; -1 where there are two, or none."""
    same = jnp.all((corpus.labels == corpus.labels[0]) | ~_in_use(corpus))
    return jnp.where(same & (corpus.size > 0), corpus.labels[0], -1)


def histogram(corpus: Labels, width: int) -> Array:
    """How often each label occurs, ``int32 [width]``."""
    index = jnp.where(_in_use(corpus), corpus.labels, width)
    return jnp.zeros(width, jnp.int32).at[index].add(1, mode="drop")


def relabel(corpus: Labels, vocabulary: int) -> tuple[Labels, Array]:
    """Rename the tokens of a corpus to their ranks among those present, in token order.

    Returns:
      The renamed corpus and the tokens by rank, ``int32 [slots]``, padded with ``vocabulary``.
    """
    slots = corpus.labels.shape[0]
    in_order = jnp.sort(jnp.where(_in_use(corpus), corpus.labels, vocabulary))
    is_new = jnp.concatenate([jnp.ones(1, bool), in_order[1:] != in_order[:-1]]) & (in_order < vocabulary)
    rank = jnp.cumsum(is_new, dtype=jnp.int32) - 1
    tokens = jnp.full(slots, vocabulary, jnp.int32).at[jnp.where(is_new, rank, slots)].set(in_order, mode="drop")
    renamed = jnp.searchsorted(tokens, corpus.labels).astype(jnp.int32)
    return Labels(renamed, corpus.size), tokens

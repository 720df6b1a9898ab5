"""A corpus as an array of token labels with a static capacity, of which the first ``size`` are in use."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact.bits import index_below, random_bits
from jaxcollapse.sampling.cdf import FixedPointCDF, inverse_cdf


class Labels(NamedTuple):
    """A corpus of tokens.

    Attributes:
      labels: the token in each slot, ``int32 [capacity]``; slots from ``size`` on hold nothing of meaning.
      size: how many slots are in use, ``int32 []``.
    """

    labels: Array
    size: Array

    @property
    def in_use(self) -> Array:
        """Which slots hold a token of the corpus, ``bool [capacity]``."""
        return lax.iota(jnp.int32, self.labels.shape[0]) < self.size


def draw_from_cdf(key: Array, cdf: FixedPointCDF, size: Array, capacity: int) -> Labels:
    """Return a corpus of ``size`` independent tokens of a distribution."""
    return Labels(inverse_cdf(cdf.cumulative, random_bits(key, capacity)), size)


def draw_from_labels(key: Array, corpus: Labels, size: Array, capacity: int) -> Labels:
    """Return ``size`` tokens drawn from a corpus with replacement: each copies a uniformly chosen slot.

    The slot is ``floor(word * corpus.size / 2^64)``. Of the 2^64 words each slot receives
    ``floor(2^64 / size)`` or one more, so its probability is off by less than 2^-64, whatever the size.
    """
    slot = index_below(random_bits(key, capacity), corpus.size.astype(jnp.uint32))
    return Labels(corpus.labels.at[slot].get(mode="promise_in_bounds"), size)


def gather(stack: Labels, rows: Array, positions: Array, size: Array) -> Labels:
    """Return a corpus whose slot ``j`` copies slot ``positions[j]`` of corpus ``rows[j]`` of a stack.

    Args:
      stack: corpora of one capacity, labels ``[corpora, capacity]``.
      rows, positions: ``int32 [new capacity]``.
      size: of the new corpus, ``int32 []``.
    """
    return Labels(stack.labels.at[rows, positions].get(mode="clip"), size)


def concatenate(first: Labels, second: Labels) -> Labels:
    """Return both corpora in one, whose capacity is the sum of theirs; the second begins where the first ends."""
    both = jnp.concatenate([first.labels, second.labels])
    return Labels(lax.dynamic_update_slice(both, second.labels, (first.size,)), first.size + second.size)


def resize(corpus: Labels, capacity: int) -> Labels:
    """Return the same corpus with another capacity; tokens beyond it are cut off, but the size stays."""
    return Labels(jnp.pad(corpus.labels, (0, max(0, capacity - corpus.labels.shape[0])))[:capacity], corpus.size)


def histogram(corpus: Labels, width: int) -> Array:
    """Return how often each token below ``width`` occurs, ``int32 [width]``."""
    index = jnp.where(corpus.in_use, corpus.labels, width)
    return jnp.zeros(width, jnp.int32).at[index].add(1, mode="drop")


def relabel(corpus: Labels, vocabulary: int) -> tuple[Labels, Array]:
    """Rename the tokens of a corpus to their ranks among those that occur, in token order.

    Returns:
      The renamed corpus, and the tokens by rank, ``int32 [capacity]``, padded with ``vocabulary``.
    """
    capacity = corpus.labels.shape[0]
    in_order = jnp.sort(jnp.where(corpus.in_use, corpus.labels, vocabulary))
    is_new = jnp.concatenate([jnp.ones(1, bool), in_order[1:] != in_order[:-1]]) & (in_order < vocabulary)
    rank = jnp.cumsum(is_new, dtype=jnp.int32) - 1
    tokens = jnp.full(capacity, vocabulary, jnp.int32).at[jnp.where(is_new, rank, capacity)].set(in_order, mode="drop")
    renamed = jnp.searchsorted(tokens, corpus.labels).astype(jnp.int32)
    return Labels(renamed, corpus.size), tokens

"""A corpus as counts, whose memory depends on the vocabulary and not on the number of tokens."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import native
from jaxcollapse.exact import u64
from jaxcollapse.exact.bits import index_below, random_bits
from jaxcollapse.exact.division import fraction
from jaxcollapse.exact.u64 import U64
from jaxcollapse.sampling.averages import ModelAverage
from jaxcollapse.sampling.binary_search import upper_bound
from jaxcollapse.sampling.cdf import FixedPointCDF
from jaxcollapse.sampling.dyadic import count_below
from jaxcollapse.sampling.labels import Labels, histogram
from jaxcollapse.sampling.plans import kernel_plan


class Counts(NamedTuple):
    """A corpus of tokens, of which only the counts are known.

    Attributes:
      cumulative: inclusive sums of the counts, ``int32 [width]``.
      size: how many tokens there are, ``int32 []``; below 2^31.
    """

    cumulative: Array
    size: Array

    @property
    def counts(self) -> Array:
        """How often each token occurs, ``int32 [width]``."""
        return jnp.diff(self.cumulative, prepend=0)


def count_labels(corpus: Labels, width: int) -> Counts:
    """Return the counts of the tokens below ``width`` in a corpus of labels."""
    return cumulate_counts(histogram(corpus, width), corpus.size)


def cumulate_counts(counts: Array, size: Array) -> Counts:
    """Return a corpus with these counts ``[width]``, which add up to ``size``."""
    return Counts(jnp.cumsum(counts, dtype=jnp.int32), size)


def add_counts(first: Counts, second: Counts | Labels) -> Counts:
    """Return the counts of two corpora together; the second may be given as labels."""
    if isinstance(second, Labels):
        second = count_labels(second, first.cumulative.shape[0])
    return Counts(first.cumulative + second.cumulative, first.size + second.size)


def compact_counts(corpus: Counts, width: int) -> tuple[Counts, Array]:
    """Leave out tokens that do not occur, until ``width`` are left; at most so many may occur.

    Returns:
      The remaining counts in the same order, and which entries they were, ``int32 [width]``, padded with the old
      width.
    """
    occurs = corpus.counts > 0
    rank = jnp.cumsum(occurs, dtype=jnp.int32) - 1
    entry = lax.iota(jnp.int32, occurs.shape[0])
    kept = jnp.full(width, occurs.shape[0], jnp.int32).at[jnp.where(occurs, rank, width)].set(entry, mode="drop")
    cumulative = corpus.cumulative.at[kept].get(mode="fill", fill_value=np.iinfo(np.int32).max)
    return Counts(jnp.minimum(cumulative, corpus.size), corpus.size), kept


def token_at(cumulative: Array, position: Array) -> Array:
    """Return the token at each position of a corpus that is laid out in token order, ``int32``."""

    def is_passed(token: Array) -> Array:
        return cumulative.at[token].get(mode="promise_in_bounds") <= position

    return upper_bound(is_passed, position, cumulative.shape[0])


def draw_from_counts(key: Array, corpus: Counts, size: Array, capacity: int) -> Labels:
    """Return ``size`` tokens drawn with replacement, as labels: each copies a uniformly chosen one (within 2^-64)."""
    position = index_below(random_bits(key, capacity), corpus.size.astype(jnp.uint32))
    return Labels(token_at(corpus.cumulative, position.astype(jnp.int32)), size)


def draw_counts(
    key: Array, model: Counts | FixedPointCDF | ModelAverage, size: Array, capacity: int, *, portable: bool = False
) -> Counts:
    """Return the counts of ``size`` independent tokens of a model: multinomial, each probability within 2^-62.

    Args:
      key: a typed threefry key, consumed.
      model: frequencies of a corpus, a distribution, or an average of models.
      size: how many tokens, ``int32 []``, at most ``capacity``.
      capacity: static.
      portable: static; draw by XLA even where the compiled kernel would be used. The bits are the same.
    """
    if isinstance(model, Counts) and native.enabled() and not portable:
        return Counts(native.resample(kernel_plan(capacity), key, model.cumulative, size), size)
    cumulative, total = _weights(model)
    below = count_below(key, size, _without_end(fraction(cumulative, total)), capacity, portable=portable)
    is_total = (cumulative.hi == total.hi) & (cumulative.lo == total.lo)
    return Counts(jnp.where(is_total, size, below), size)


def fused_generations(
    key: Array, model: Counts, m: Array, max_steps: Array, sizes: Array, capacity: int
) -> tuple[Counts, Array]:
    """Run generations of fully synthetic training in the compiled kernel, each trained on the one before.

    Args:
      key: of the chain.
      model: generation ``m``.
      m: the generation, ``int32 []``.
      max_steps: after so many generations the chain stops, ``int32 []``; it also stops where one token is left.
      sizes: tokens of the generations ``m + 1``, ``m + 2`` ..., ``int32 [generations]``.
      capacity: static; the largest size.

    Returns:
      The last generation, and how many generations were run, ``int32 []``.
    """
    cumulative, steps = native.fused_generations(kernel_plan(capacity), key, model.cumulative, m, max_steps, sizes)
    return Counts(cumulative, cumulative[-1]), steps


def _weights(model: Counts | FixedPointCDF | ModelAverage) -> tuple[U64, U64]:
    """Return the inclusive sums of a model's weights, ``[width]``, and their total, ``[]``."""
    if isinstance(model, Counts):
        cumulative = U64(jnp.zeros_like(model.cumulative, jnp.uint32), model.cumulative.astype(jnp.uint32))
        return cumulative, U64(jnp.uint32(0), model.size.astype(jnp.uint32))
    cumulative = model.cumulative
    return cumulative, u64.last(cumulative)


def _without_end(positions: U64) -> U64:
    """Drop the last CDF entry, which is 1, where there are two; an axis of length 2 does not vectorise."""
    return U64(positions.hi[:1], positions.lo[:1]) if positions.hi.shape[0] == 2 else positions

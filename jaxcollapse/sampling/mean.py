"""The mean of many models as one law, in 48-bit fixed point."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse import fixed
from jaxcollapse.sampling.labels import Labels
from jaxcollapse.sampling.law import Law, search
from jaxcollapse.sampling.words import words

BITS = 48
"""Fractional bits of a probability in a mean; the other 16 count the models."""


class Mean(NamedTuple):
    """A sum of up to 2^16 - 1 distributions.

    Attributes:
      sums: of their probabilities, each cut to a multiple of 2^-48; two ``uint32 [width]``.
    """

    sums: fixed.U64


def mean_of_law(law: Law) -> Mean:
    """The truth alone."""
    return Mean(fixed.from_float(law.p, BITS - 32))


def mean_of_counts(counts: Array, size: Array) -> Mean:
    """The frequencies of a corpus alone."""
    return Mean(fixed.ratio(counts.astype(jnp.uint32), size.astype(jnp.uint32), BITS))


def together(first: Mean, second: Mean) -> Mean:
    """The sum of two sums."""
    return Mean(fixed.add(first.sums, second.sums))


def draw_from_mean(key: Array, mean: Mean, size: Array, slots: int) -> Labels:
    """``size`` tokens, each of a uniformly chosen one of the distributions."""
    cumulative = lax.associative_scan(fixed.add, mean.sums)
    return Labels(search(cumulative, words(key, slots)), size)

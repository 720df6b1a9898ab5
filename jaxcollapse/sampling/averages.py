"""The mean of many models as one law, in 48-bit fixed point."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact import fixed
from jaxcollapse.exact.bits import random_bits
from jaxcollapse.sampling.cdf import FixedPointCDF, search
from jaxcollapse.sampling.labels import Labels

BITS = 48
"""Fractional bits of a probability in a mean; the other 16 count the models."""


class ModelAverage(NamedTuple):
    """A sum of up to 2^16 - 1 distributions.

    Attributes:
      sums: of their probabilities, each cut to a multiple of 2^-48; two ``uint32 [width]``.
    """

    sums: fixed.U64


def average_of_cdf(law: FixedPointCDF) -> ModelAverage:
    """The truth alone."""
    return ModelAverage(fixed.from_float(law.p, BITS - 32))


def average_of_counts(counts: Array, size: Array) -> ModelAverage:
    """The frequencies of a corpus alone."""
    return ModelAverage(fixed.ratio(counts.astype(jnp.uint32), size.astype(jnp.uint32), BITS))


def add_averages(first: ModelAverage, second: ModelAverage) -> ModelAverage:
    """The sum of two sums."""
    return ModelAverage(fixed.add(first.sums, second.sums))


def draw_from_average(key: Array, mean: ModelAverage, size: Array, slots: int) -> Labels:
    """``size`` tokens, each of a uniformly chosen one of the distributions."""
    cumulative = lax.associative_scan(fixed.add, mean.sums)
    return Labels(search(cumulative, random_bits(key, slots)), size)

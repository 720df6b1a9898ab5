"""The average of many models as one distribution, in 48-bit fixed point."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact import sums, u64
from jaxcollapse.exact.bits import random_bits
from jaxcollapse.exact.division import ratio
from jaxcollapse.exact.u64 import U64
from jaxcollapse.sampling.cdf import FixedPointCDF, inverse_cdf
from jaxcollapse.sampling.labels import Labels

BITS = 48
"""Fractional bits of a probability in an average; the other 16 bits hold the number of models."""


class ModelAverage(NamedTuple):
    """The average of up to 2^16 - 1 distributions over the same tokens, kept as a sum.

    Attributes:
      sums: sums of the models' probabilities, each cut to a multiple of 2^-48; two ``uint32 [width]``.
    """

    sums: U64

    @property
    def cumulative(self) -> U64:
        """Inclusive sums over the tokens, two ``uint32 [width]``."""
        return lax.associative_scan(u64.add, self.sums)


def average_of_cdf(cdf: FixedPointCDF) -> ModelAverage:
    """Return the average of one model, a distribution."""
    return ModelAverage(sums.from_float(cdf.p, BITS - 32))


def average_of_counts(counts: Array, size: Array) -> ModelAverage:
    """Return the average of one model, the frequencies of a corpus with these counts ``[width]`` of ``size`` tokens."""
    return ModelAverage(ratio(counts.astype(jnp.uint32), size.astype(jnp.uint32), BITS))


def add_averages(first: ModelAverage, second: ModelAverage) -> ModelAverage:
    """Return the average of all the models of two averages, each model weighing the same."""
    return ModelAverage(u64.add(first.sums, second.sums))


def draw_from_average(key: Array, average: ModelAverage, size: Array, capacity: int) -> Labels:
    """Return a corpus of ``size`` independent tokens, each drawn from a uniformly chosen model of the average."""
    return Labels(inverse_cdf(average.cumulative, random_bits(key, capacity)), size)

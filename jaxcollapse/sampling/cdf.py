"""A distribution over tokens as cumulative sums in 62-bit fixed point, from which tokens are drawn by inversion.

A float32 cumulative sum loses every token below about 1e-7 of the mass. Here each ``float32``
probability is cut to a multiple of 2^-62 (exact for ``p >= 2^-38``) and the multiples are added as
integers, so a token of probability 1e-12 keeps its relative weight to six digits.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact import sums, u64
from jaxcollapse.exact.u64 import U64
from jaxcollapse.sampling.binary_search import upper_bound

WEIGHT_BITS = 62
"""Fractional bits of a probability in a :class:`FixedPointCDF`."""


class FixedPointCDF(NamedTuple):
    """A distribution over tokens, ready for drawing.

    Attributes:
      p: the probabilities, ``float32 [vocabulary]``.
      cumulative: inclusive sums of the weights ``floor(p 2^62)``, two ``uint32 [vocabulary]``.
    """

    p: Array
    cumulative: U64


def fixed_point_cdf(p: Array) -> FixedPointCDF:
    """Return the CDF of ``p [vocabulary]``, whose sum may be anything below four: weights are relative."""
    weights = sums.from_float(p.astype(jnp.float32), WEIGHT_BITS - 32)
    return FixedPointCDF(p, lax.associative_scan(u64.add, weights))


def inverse_cdf(cumulative: U64, word: U64) -> Array:
    """Return the token that each uniform 64-bit word stands for.

    The word is scaled to ``[0, total weight)``, so every token's probability is its weight's fraction of the total
    within 2^-64.

    Args:
      cumulative: inclusive sums of weights, two ``uint32 [vocabulary]``.
      word: random bits, two ``uint32`` of any shape.

    Returns:
      ``int32``, of the words' shape; a token of zero weight is never returned.
    """
    target = u64.scale(word, u64.last(cumulative))

    def is_passed(token: Array) -> Array:
        return ~u64.less(target, U64(*(part.at[token].get(mode="promise_in_bounds") for part in cumulative)))

    return upper_bound(is_passed, jnp.zeros_like(word.hi, jnp.int32), cumulative.hi.shape[0])

"""The truth as something to draw from: a cumulative distribution in 62-bit fixed point.

A float32 cumulative sum loses every token below about 1e-7 of the mass. Here each ``float32``
probability is cut to a multiple of 2^-62 (exact for ``p >= 2^-38``) and the multiples are added as
integers, so a token of probability 1e-12 keeps its relative weight to six digits.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact import fixed

WEIGHT_BITS = 62


class FixedPointCDF(NamedTuple):
    """A distribution over tokens, ready for drawing.

    Attributes:
      p: the probabilities, ``float32 [vocabulary]``.
      cumulative: inclusive sums of the weights ``floor(p 2^62)``, two ``uint32 [vocabulary]``.
    """

    p: Array
    cumulative: fixed.U64


def fixed_point_cdf(p: Array) -> FixedPointCDF:
    """Prepare ``p [vocabulary]`` for drawing; its sum may be anything below four (weights are relative)."""
    weights = fixed.from_float(p.astype(jnp.float32), WEIGHT_BITS - 32)
    return FixedPointCDF(p, lax.associative_scan(fixed.add, weights))


def search(cumulative: fixed.U64, word: fixed.U64) -> Array:
    """The token that each uniform 64-bit word stands for: the inverse of a cumulative distribution.

    The word is scaled to ``[0, total weight)``: every token's probability is its weight's share
    within 2^-64.

    Returns:
      ``int32``, of the words' shape; a token of zero weight is never returned.
    """
    vocabulary = cumulative.hi.shape[0]
    target = fixed.scale(word, fixed.U64(cumulative.hi[-1], cumulative.lo[-1]))

    def halve(_: int, bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bounds
        middle = (low + high) >> 1
        at = fixed.U64(
            cumulative.hi.at[middle].get(mode="promise_in_bounds"),
            cumulative.lo.at[middle].get(mode="promise_in_bounds"),
        )
        right = ~fixed.less(target, at)
        return jnp.where(right, middle + 1, low), jnp.where(right, high, middle)

    low = jnp.zeros_like(word.hi, jnp.int32)
    # `low <= answer <= high` always; an interval of `vocabulary` values halves to one in so many steps.
    return lax.fori_loop(0, (vocabulary - 1).bit_length(), halve, (low, low + (vocabulary - 1)))[0]

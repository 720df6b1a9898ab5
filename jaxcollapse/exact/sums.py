"""Sums of floats in 64-bit fixed point, whose bits do not depend on the order of the terms.

A float sum changes its last bits with the order of its terms, and XLA chooses that order anew for every shape, shard
and fusion. Here each term is rounded once to a multiple of a fixed power of two, and the multiples are added as
64-bit integers. Integer addition is associative, so the same terms give the same bits however a run is cut, sharded
or batched.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax.numpy as jnp
from jax import Array

from jaxcollapse.exact import u64
from jaxcollapse.exact.u64 import U64


def from_float(x: Array, unit_exponent: int, cut: Callable[[Array], Array] = jnp.floor) -> U64:
    """Return ``floor(x 2^(32 + unit_exponent))`` of non-negative floats; only digits below the last bit are lost.

    Args:
      x: ``float32``, not negative and below ``2^(32 - unit_exponent)``.
      unit_exponent: static; the upper word counts units of ``2^-unit_exponent``.
      cut: what is done with the digits below the last bit; ``jnp.floor`` or ``jnp.rint``.
    """
    scaled = x * 2.0**unit_exponent
    whole = jnp.floor(scaled)
    return U64(whole.astype(jnp.uint32), cut((scaled - whole) * 2.0**32).astype(jnp.uint32))


def to_float(a: U64, unit_exponent: int) -> Array:
    """Return the ``float32`` that is nearest, within one unit, to ``a / 2^(32 + unit_exponent)``."""
    # Both products are exact (powers of two), so fusing them into the sum cannot change it.
    return a.hi.astype(jnp.float32) * 2.0**-unit_exponent + a.lo.astype(jnp.float32) * 2.0 ** -(unit_exponent + 32)


def accumulate(terms: Array, bound: float) -> U64:
    """Return the sum of ``terms [width]`` as a signed integer; :func:`value` makes it a float.

    Accumulated sums of one bound may be added and subtracted before they become floats.

    Args:
      terms: ``float32 [width]``, of either sign.
      bound: no term and no sum exceeds this in absolute value.
    """
    magnitude = from_float(jnp.abs(terms).astype(jnp.float32), _unit_exponent(bound), jnp.rint)
    return u64.sum_of(u64.where(terms < 0, u64.negate(magnitude), magnitude))


def value(accumulated: U64, bound: float) -> Array:
    """Return a sum that was accumulated with this bound as ``float32 []``."""
    negative = accumulated.hi >> jnp.uint32(31) == jnp.uint32(1)
    size = to_float(u64.where(negative, u64.negate(accumulated), accumulated), _unit_exponent(bound))
    return jnp.where(negative, -size, size)


def total(terms: Array, bound: float) -> Array:
    """Return the sum of ``terms [width]``, with the same bits in any order.

    Each term is rounded to a multiple of ``2^-62`` times the power of two above ``bound``, then added
    exactly; one conversion to float comes last.

    Args:
      terms: ``float32 [width]``, of either sign.
      bound: no term and no sum exceeds this in absolute value.

    Returns:
      ``float32 []``.

    Example:
      >>> import jax.numpy as jnp
      >>> float(total(jnp.array([0.5, 2.0**-40, -0.5]), bound=2.0)) == 2.0**-40
      True
    """
    return value(accumulate(terms, bound), bound)


def _unit_exponent(bound: float) -> int:
    """Return the exponent of the unit with which ``[-bound, bound]`` fills 31 bits of the upper word."""
    return 30 - math.ceil(math.log2(bound))

"""Logarithms of integers and of floats, computed in integers so that every device gives the same bits."""

from __future__ import annotations

import math

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse.exact.u64 import multiply_high

LOG_BITS = 27
"""Logarithms are integers in units of 2^-27 nats (7.5e-9)."""

_LOG_2 = np.rint(np.arange(32) * math.log(2) * 2**LOG_BITS).astype(np.uint32)
_LOG_2_NATS = (np.arange(128) * math.log(2)).astype(np.float32)
_RECIPROCAL = np.floor(2**32 / (1 + (np.arange(128) + 0.5) / 128)).astype(np.uint32)
_LOG_CENTRE = np.rint(-np.log(_RECIPROCAL / 2**32) * 2**LOG_BITS).astype(np.int32)


def log_integer(x: Array) -> Array:
    """Return ``ln x`` of positive ``uint32`` in units of 2^-27 nats, as ``uint32``; within 3 units; 0 at 0."""
    zeros = lax.clz(x)
    shift = jnp.minimum(zeros, jnp.uint32(31))
    log = jnp.asarray(_LOG_2)[(jnp.uint32(31) - shift).astype(jnp.int32)] + _log_mantissa(x << shift)
    return jnp.where(x == jnp.uint32(0), jnp.uint32(0), log)


def log_ratio(larger: Array, smaller: Array) -> Array:
    """Return the difference of two integer logarithms in nats, ``float32``; 0 where rounding made them cross."""
    crossed = larger < smaller
    return jnp.where(crossed, jnp.uint32(0), larger - smaller).astype(jnp.float32) * 2.0**-LOG_BITS


def minus_log(p: Array) -> Array:
    """Return ``-ln p`` in nats, within 3e-8 + 1.2e-7 (-ln p); 0 where ``p`` is 0.

    Args:
      p: ``float32``, 0 or between 2^-126 and 1.
    """
    bits = lax.bitcast_convert_type(p, jnp.uint32)
    exponent = 127 - (bits >> jnp.uint32(23)).astype(jnp.int32)  # p = mantissa 2^-exponent, 1 <= mantissa < 2
    log_mantissa = _log_mantissa((bits << jnp.uint32(8)) | jnp.uint32(2**31))
    moderate = log_ratio(jnp.asarray(_LOG_2)[jnp.clip(exponent, 0, 31)], log_mantissa)
    tiny = jnp.asarray(_LOG_2_NATS)[jnp.clip(exponent, 0, 127)] - log_mantissa.astype(jnp.float32) * 2.0**-LOG_BITS
    return jnp.where(p > 0, jnp.where(exponent < 32, moderate, tiny), 0.0)


def _log_mantissa(mantissa: Array) -> Array:
    """Return ``ln(mantissa / 2^31)`` in units of 2^-27 nats, for ``uint32`` with the top bit set.

    The mantissa is divided by the centre of one of 128 intervals (a table of reciprocals); what is
    left is ``1 + r`` with ``|r| < 2^-8``, and three terms of the series suffice.
    """
    interval = ((mantissa >> jnp.uint32(24)) & jnp.uint32(127)).astype(jnp.int32)
    r = (multiply_high(mantissa, jnp.asarray(_RECIPROCAL)[interval]) - jnp.uint32(2**31)).astype(jnp.int32)
    coarse = r >> 8  # units of 2^-23
    square = coarse * coarse  # units of 2^-46
    cube = (square >> 15) * coarse  # units of 2^-54
    series = ((r + 8) >> 4) - (square >> 20) + (cube // 3 >> 27)
    return jnp.maximum(jnp.asarray(_LOG_CENTRE)[interval] + series, 0).astype(jnp.uint32)

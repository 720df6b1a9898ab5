"""Fixed-point arithmetic in 32-bit words: sums whose bits do not depend on order.

A float sum changes its last bits with the order of its terms, and XLA chooses that order anew for
every shape, shard and fusion. Here each term is rounded once to a multiple of a fixed power of two
and the multiples are added as 64-bit integers, kept as pairs of ``uint32`` because JAX has 64-bit
integers only behind a global switch that is not ours to flip. Integer addition is associative, so
the same terms give the same bits however a run is cut, sharded or batched.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

LOG_BITS = 27
"""Logarithms are integers in units of 2^-27 nats (7.5e-9)."""


class U64(NamedTuple):
    """An unsigned 64-bit integer, ``hi * 2^32 + lo``; both words ``uint32`` of one shape."""

    hi: Array
    lo: Array


def _u32(value: int) -> Array:
    return jnp.uint32(value)


def zero() -> U64:
    """The number 0."""
    return U64(_u32(0), _u32(0))


def add(a: U64, b: U64) -> U64:
    """``a + b`` modulo 2^64."""
    lo = a.lo + b.lo
    return U64(a.hi + b.hi + (lo < a.lo).astype(jnp.uint32), lo)


def less(a: U64, b: U64) -> Array:
    """Whether ``a < b``."""
    return (a.hi < b.hi) | ((a.hi == b.hi) & (a.lo < b.lo))


def shift_left(a: U64, by: Array) -> U64:
    """``a 2^by`` modulo 2^64, ``0 <= by <= 64``; a word shifted by 32 or more is 0 in XLA."""
    by = jnp.asarray(by).astype(jnp.uint32)
    near, far = (a.hi << by) | (a.lo >> (_u32(32) - by)), a.lo << (by - _u32(32))
    return U64(jnp.where(by < 32, near, far), a.lo << by)


def shift_right(a: U64, by: Array) -> U64:
    """``floor(a / 2^by)``, ``0 <= by <= 64``."""
    by = jnp.asarray(by).astype(jnp.uint32)
    near, far = (a.lo >> by) | (a.hi << (_u32(32) - by)), a.hi >> (by - _u32(32))
    return U64(a.hi >> by, jnp.where(by < 32, near, far))


def multiply_high(a: Array, b: Array) -> Array:
    """The upper word of the 64-bit product of two ``uint32``: ``floor(a b / 2^32)``."""
    a_lo, a_hi = a & _u32(0xFFFF), a >> _u32(16)
    b_lo, b_hi = b & _u32(0xFFFF), b >> _u32(16)
    middle = a_hi * b_lo + ((a_lo * b_lo) >> _u32(16))
    other = a_lo * b_hi + (middle & _u32(0xFFFF))
    return a_hi * b_hi + (middle >> _u32(16)) + (other >> _u32(16))


def multiply(a: Array, b: Array) -> U64:
    """The 64-bit product of two ``uint32``."""
    return U64(multiply_high(a, b), a * b)


def scale(word: U64, bound: U64) -> U64:
    """``floor(word * bound / 2^64)``: a uniform 64-bit word becomes an integer below ``bound``."""
    low = multiply_high(word.lo, bound.lo)
    cross_a, cross_b = multiply(word.hi, bound.lo), multiply(word.lo, bound.hi)
    zero = jnp.zeros_like(low)
    carried = add(add(U64(zero, cross_a.lo), U64(zero, cross_b.lo)), U64(zero, low)).hi
    high = multiply(word.hi, bound.hi)
    return add(add(high, U64(zero, cross_a.hi)), add(U64(zero, cross_b.hi), U64(zero, carried)))


def ratio(a: Array, b: Array, bits: int) -> U64:
    """``floor(a 2^bits / b)`` of ``uint32`` with ``a <= b < 2^31``, for ``32 <= bits < 64``: long division."""

    def digit(_: int, state: tuple[Array, U64]) -> tuple[Array, U64]:
        left, quotient = state
        left = left << _u32(1)
        one = left >= b
        doubled = U64((quotient.hi << _u32(1)) | (quotient.lo >> _u32(31)), quotient.lo << _u32(1))
        return jnp.where(one, left - b, left), U64(doubled.hi, doubled.lo | one.astype(jnp.uint32))

    whole = a >= b  # a = b, the number 1
    zero_ = jnp.zeros_like(a)
    _, quotient = lax.fori_loop(0, bits, digit, (jnp.where(whole, a - b, a), U64(zero_, zero_)))
    return U64(quotient.hi + (whole.astype(jnp.uint32) << _u32(bits - 32)), quotient.lo)


def reciprocal(d: U64) -> U64:
    """``floor((2^127 - 1) / d)`` of ``d >= 2^63``: long division."""

    def digit(_: int, state: tuple[U64, U64]) -> tuple[U64, U64]:
        left, quotient = state
        carry = left.hi >> _u32(31)
        left = U64((left.hi << _u32(1)) | (left.lo >> _u32(31)), (left.lo << _u32(1)) | _u32(1))
        one = (carry == _u32(1)) | ~less(left, d)
        left = _where(one, subtract(left, d), left)
        doubled = (quotient.hi << _u32(1)) | (quotient.lo >> _u32(31))
        return left, U64(doubled, (quotient.lo << _u32(1)) | one.astype(jnp.uint32))

    start = U64(jnp.full_like(d.hi, 2**31 - 1), jnp.full_like(d.lo, 2**32 - 1))
    nothing = U64(jnp.zeros_like(d.hi), jnp.zeros_like(d.lo))
    return lax.fori_loop(0, 64, digit, (start, nothing), unroll=16)[1]


def share(part: U64, whole: U64) -> U64:
    """``part / whole`` of ``part < whole`` as a 64-bit fraction: at most 2^-62 less, and increasing in ``part``.

    ``whole`` is one number; one division serves all parts.
    """
    by = jnp.where(whole.hi > 0, lax.clz(whole.hi), _u32(32) + lax.clz(whole.lo))
    half = scale(shift_left(part, by), reciprocal(shift_left(whole, by)))
    return U64((half.hi << _u32(1)) | (half.lo >> _u32(31)), half.lo << _u32(1))


def from_float(x: Array, unit_exponent: int, cut: Callable[[Array], Array] = jnp.floor) -> U64:
    """``floor(x 2^(32 + unit_exponent))`` of non-negative floats; only what lies below the last bit is lost."""
    scaled = x * 2.0**unit_exponent
    whole = jnp.floor(scaled)
    return U64(whole.astype(jnp.uint32), cut((scaled - whole) * 2.0**32).astype(jnp.uint32))


def to_float(a: U64, unit_exponent: int) -> Array:
    """The ``float32`` nearest, within one unit, to ``a / 2^(32 + unit_exponent)``."""
    # Both products are exact (powers of two), so fusing them into the sum cannot change it.
    return a.hi.astype(jnp.float32) * 2.0**-unit_exponent + a.lo.astype(jnp.float32) * 2.0 ** -(unit_exponent + 32)


def _negate(a: U64) -> U64:
    return add(U64(~a.hi, ~a.lo), U64(jnp.zeros_like(a.hi), jnp.ones_like(a.lo)))


def _where(condition: Array, a: U64, b: U64) -> U64:
    return U64(jnp.where(condition, a.hi, b.hi), jnp.where(condition, a.lo, b.lo))


def subtract(a: U64, b: U64) -> U64:
    """``a - b`` modulo 2^64."""
    return add(a, _negate(b))


def _unit(bound: float) -> int:
    """The exponent that maps ``[-bound, bound]`` into 31 bits of the upper word."""
    return 30 - math.ceil(math.log2(bound))


def accumulate(terms: Array, bound: float) -> U64:
    """The sum of ``terms [w]`` as an integer; see :func:`total`."""
    magnitude = from_float(jnp.abs(terms).astype(jnp.float32), _unit(bound), jnp.rint)
    return sum_of(_where(terms < 0, _negate(magnitude), magnitude))


def sum_of(words: U64) -> U64:
    """The sum of integers ``[w]`` modulo 2^64."""
    # Sums of limbs so short that nothing is carried over fill vectors; five times faster on a CPU.
    bits = min(16, 32 - (words.hi.shape[0] - 1).bit_length())
    places = range(0, 64, bits)
    limbs = tuple(_limb(words, place, bits) for place in places)
    add_each = lambda a, b: tuple(x + y for x, y in zip(a, b, strict=True))
    sums = lax.reduce(limbs, (np.uint32(0),) * len(limbs), add_each, (0,))
    return functools.reduce(add, (_lifted(limb, place) for limb, place in zip(sums, places, strict=True)))


def _limb(words: U64, place: int, bits: int) -> Array:
    """So many binary digits from a place on."""
    low, high = (words.lo, words.hi) if place < 32 else (words.hi, jnp.zeros_like(words.hi))
    by = place % 32
    of = low >> _u32(by) if by else low
    if by + bits > 32:
        of |= high << _u32(32 - by)
    return of & _u32(2**bits - 1)


def _lifted(limb: Array, place: int) -> U64:
    """``limb 2^place`` modulo 2^64."""
    if place >= 32:
        return U64(limb << _u32(place - 32), jnp.zeros_like(limb))
    return U64(limb >> _u32(32 - place) if place else jnp.zeros_like(limb), limb << _u32(place))


def value(summed: U64, bound: float) -> Array:
    """An accumulated sum as ``float32``."""
    negative = summed.hi >> _u32(31) == _u32(1)
    size = to_float(_where(negative, _negate(summed), summed), _unit(bound))
    return jnp.where(negative, -size, size)


def total(terms: Array, bound: float) -> Array:
    """The sum of ``terms [w]``, the same bits in any order.

    Each term is rounded to a multiple of ``2^-62`` times the power of two above ``bound``, then added
    exactly; one conversion to float comes last.

    Args:
      terms: ``float32 [w]``, of either sign.
      bound: no term and no sum exceeds this in absolute value.

    Returns:
      ``float32 []``.

    Example:
      >>> import jax.numpy as jnp
      >>> float(total(jnp.array([0.5, 2.0**-40, -0.5]), bound=2.0)) == 2.0**-40
      True
    """
    return value(accumulate(terms, bound), bound)


_LOG_2 = np.rint(np.arange(32) * math.log(2) * 2**LOG_BITS).astype(np.uint32)
_LOG_2_NATS = (np.arange(128) * math.log(2)).astype(np.float32)
_RECIPROCAL = np.floor(2**32 / (1 + (np.arange(128) + 0.5) / 128)).astype(np.uint32)
_LOG_CENTRE = np.rint(-np.log(_RECIPROCAL / 2**32) * 2**LOG_BITS).astype(np.int32)


def _log_mantissa(mantissa: Array) -> Array:
    """``ln(mantissa / 2^31)`` in units of 2^-27, for ``uint32`` with the top bit set.

    The mantissa is divided by the centre of one of 128 intervals (a table of reciprocals); what is
    left is ``1 + r`` with ``|r| < 2^-8``, and three terms of the series suffice.
    """
    interval = ((mantissa >> _u32(24)) & _u32(127)).astype(jnp.int32)
    r = (multiply_high(mantissa, jnp.asarray(_RECIPROCAL)[interval]) - _u32(2**31)).astype(jnp.int32)
    coarse = r >> 8  # units of 2^-23
    square = coarse * coarse  # units of 2^-46
    cube = (square >> 15) * coarse  # units of 2^-54
    series = ((r + 8) >> 4) - (square >> 20) + (cube // 3 >> 27)
    return jnp.maximum(jnp.asarray(_LOG_CENTRE)[interval] + series, 0).astype(jnp.uint32)


def log_integer(x: Array) -> Array:
    """``ln x`` of positive ``uint32`` in units of 2^-27, as ``uint32``; within 3 units; 0 at 0."""
    zeros = lax.clz(x)
    shift = jnp.minimum(zeros, _u32(31))
    value = jnp.asarray(_LOG_2)[(_u32(31) - shift).astype(jnp.int32)] + _log_mantissa(x << shift)
    return jnp.where(x == _u32(0), _u32(0), value)


def log_ratio(larger: Array, smaller: Array) -> Array:
    """``larger - smaller`` of two integer logarithms as ``float32`` nats, 0 where rounding made them cross."""
    crossed = larger < smaller
    return jnp.where(crossed, _u32(0), larger - smaller).astype(jnp.float32) * 2.0**-LOG_BITS


def minus_log(p: Array) -> Array:
    """``-ln p`` in nats of ``float32`` ``2^-126 <= p <= 1``, within 3e-8 + 1.2e-7 (-ln p); 0 where ``p`` is 0."""
    bits = lax.bitcast_convert_type(p, jnp.uint32)
    exponent = 127 - (bits >> _u32(23)).astype(jnp.int32)  # p = mantissa 2^-exponent, 1 <= mantissa < 2
    log_mantissa = _log_mantissa((bits << _u32(8)) | _u32(2**31))
    moderate = log_ratio(jnp.asarray(_LOG_2)[jnp.clip(exponent, 0, 31)], log_mantissa)
    tiny = jnp.asarray(_LOG_2_NATS)[jnp.clip(exponent, 0, 127)] - log_mantissa.astype(jnp.float32) * 2.0**-LOG_BITS
    return jnp.where(p > 0, jnp.where(exponent < 32, moderate, tiny), 0.0)

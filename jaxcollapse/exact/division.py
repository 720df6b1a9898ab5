"""Division: quotients of integers by long division, and floats that no compiler may round otherwise."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact import u64
from jaxcollapse.exact.u64 import U64


def quotient(counts: Array, total: Array) -> Array:
    """Return ``counts / total`` as ``float32``, rounded alike in every compiled program.

    Args:
      counts: ``int32 [width]``, none of them negative.
      total: what they are divided by, ``int32 []``.
    """
    # XLA turns a division by one number into a product with its rounded inverse, in some programs and
    # not in others. A divisor that might differ from entry to entry (no count is negative) stays a division.
    return counts.astype(jnp.float32) / jnp.where(counts < 0, 1.0, total.astype(jnp.float32))


def ratio(a: Array, b: Array, bits: int) -> U64:
    """Return ``floor(a 2^bits / b)`` of ``uint32`` with ``a <= b < 2^31``, for ``32 <= bits < 64``."""

    def next_digit(_: int, state: tuple[Array, U64]) -> tuple[Array, U64]:
        remainder, digits = state
        remainder = remainder << jnp.uint32(1)
        one = remainder >= b
        doubled = _doubled(digits)
        return jnp.where(one, remainder - b, remainder), U64(doubled.hi, doubled.lo | one.astype(jnp.uint32))

    is_one = a >= b
    nothing = jnp.zeros_like(a)
    _, digits = lax.fori_loop(0, bits, next_digit, (jnp.where(is_one, a - b, a), U64(nothing, nothing)))
    return U64(digits.hi + (is_one.astype(jnp.uint32) << jnp.uint32(bits - 32)), digits.lo)


def reciprocal(d: U64) -> U64:
    """Return ``floor((2^127 - 1) / d)`` of ``d >= 2^63``."""

    def next_digit(_: int, state: tuple[U64, U64]) -> tuple[U64, U64]:
        remainder, digits = state
        carry = remainder.hi >> jnp.uint32(31)
        doubled = _doubled(remainder)
        remainder = U64(doubled.hi, doubled.lo | jnp.uint32(1))
        one = (carry == jnp.uint32(1)) | ~u64.less(remainder, d)
        remainder = u64.where(one, u64.subtract(remainder, d), remainder)
        doubled = _doubled(digits)
        return remainder, U64(doubled.hi, doubled.lo | one.astype(jnp.uint32))

    start = U64(jnp.full_like(d.hi, 2**31 - 1), jnp.full_like(d.lo, 2**32 - 1))
    nothing = U64(jnp.zeros_like(d.hi), jnp.zeros_like(d.lo))
    return lax.fori_loop(0, 64, next_digit, (start, nothing), unroll=16)[1]


def fraction(part: U64, whole: U64) -> U64:
    """Return ``part / whole`` of ``part < whole`` as a 64-bit fraction, in units of 2^-64.

    It is at most 2^-62 too small, and increases with ``part``. One long division serves all parts.

    Args:
      part: integers, ``[width]``.
      whole: one integer, ``[]``.
    """
    by = jnp.where(whole.hi > 0, lax.clz(whole.hi), jnp.uint32(32) + lax.clz(whole.lo))
    return _doubled(u64.scale(u64.shift_left(part, by), reciprocal(u64.shift_left(whole, by))))


def _doubled(a: U64) -> U64:
    """Return ``2 a`` modulo 2^64."""
    return U64((a.hi << jnp.uint32(1)) | (a.lo >> jnp.uint32(31)), a.lo << jnp.uint32(1))

"""Unsigned 64-bit integers as pairs of 32-bit words.

JAX has 64-bit integers only behind a global switch that belongs to the user, so a 64-bit integer is kept here as two
``uint32`` arrays, and every operation below is exact modulo 2^64 on every kind of device.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array, lax


class U64(NamedTuple):
    """An unsigned 64-bit integer, ``hi * 2^32 + lo``.

    Attributes:
      hi: the upper word, ``uint32`` of any shape.
      lo: the lower word, ``uint32`` of the same shape.
    """

    hi: Array
    lo: Array


def _u32(value: int) -> Array:
    return jnp.uint32(value)


def zero() -> U64:
    """Return the number 0, with words of shape ``[]``."""
    return U64(_u32(0), _u32(0))


def where(condition: Array, a: U64, b: U64) -> U64:
    """Return ``a`` where the condition holds and ``b`` elsewhere."""
    return U64(jnp.where(condition, a.hi, b.hi), jnp.where(condition, a.lo, b.lo))


def last(a: U64) -> U64:
    """Return the last entry of a vector, with words of shape ``[]``."""
    return U64(a.hi[-1], a.lo[-1])


def add(a: U64, b: U64) -> U64:
    """Return ``a + b`` modulo 2^64."""
    lo = a.lo + b.lo
    return U64(a.hi + b.hi + (lo < a.lo).astype(jnp.uint32), lo)


def negate(a: U64) -> U64:
    """Return ``-a`` modulo 2^64."""
    return add(U64(~a.hi, ~a.lo), U64(jnp.zeros_like(a.hi), jnp.ones_like(a.lo)))


def subtract(a: U64, b: U64) -> U64:
    """Return ``a - b`` modulo 2^64."""
    return add(a, negate(b))


def less(a: U64, b: U64) -> Array:
    """Return whether ``a < b``, ``bool``."""
    return (a.hi < b.hi) | ((a.hi == b.hi) & (a.lo < b.lo))


def shift_left(a: U64, by: Array) -> U64:
    """Return ``a 2^by`` modulo 2^64, for ``0 <= by <= 64``."""
    by = jnp.asarray(by).astype(jnp.uint32)
    # XLA shifts a word by 32 bits or more to 0, so the term that does not apply vanishes.
    near, far = (a.hi << by) | (a.lo >> (_u32(32) - by)), a.lo << (by - _u32(32))
    return U64(jnp.where(by < 32, near, far), a.lo << by)


def shift_right(a: U64, by: Array) -> U64:
    """Return ``floor(a / 2^by)``, for ``0 <= by <= 64``."""
    by = jnp.asarray(by).astype(jnp.uint32)
    near, far = (a.lo >> by) | (a.hi << (_u32(32) - by)), a.hi >> (by - _u32(32))
    return U64(a.hi >> by, jnp.where(by < 32, near, far))


def multiply_high(a: Array, b: Array) -> Array:
    """Return the upper word of the 64-bit product of two ``uint32``, ``floor(a b / 2^32)``."""
    a_lo, a_hi = a & _u32(0xFFFF), a >> _u32(16)
    b_lo, b_hi = b & _u32(0xFFFF), b >> _u32(16)
    middle = a_hi * b_lo + ((a_lo * b_lo) >> _u32(16))
    other = a_lo * b_hi + (middle & _u32(0xFFFF))
    return a_hi * b_hi + (middle >> _u32(16)) + (other >> _u32(16))


def multiply(a: Array, b: Array) -> U64:
    """Return the whole product of two ``uint32``."""
    return U64(multiply_high(a, b), a * b)


def scale(word: U64, bound: U64) -> U64:
    """Return ``floor(word * bound / 2^64)``, which maps a uniform 64-bit word to an integer below ``bound``."""
    low = multiply_high(word.lo, bound.lo)
    cross_a, cross_b = multiply(word.hi, bound.lo), multiply(word.lo, bound.hi)
    nothing = jnp.zeros_like(low)
    carried = add(add(U64(nothing, cross_a.lo), U64(nothing, cross_b.lo)), U64(nothing, low)).hi
    high = multiply(word.hi, bound.hi)
    return add(add(high, U64(nothing, cross_a.hi)), add(U64(nothing, cross_b.hi), U64(nothing, carried)))


def sum_of(integers: U64) -> U64:
    """Return the sum of a vector of integers modulo 2^64; the order of the terms does not matter."""
    # Sums of limbs so short that nothing is carried over fill vectors; five times faster on a CPU.
    bits = min(16, 32 - (integers.hi.shape[0] - 1).bit_length())
    positions = range(0, 64, bits)
    limbs = tuple(_limb(integers, position, bits) for position in positions)
    add_each = lambda a, b: tuple(x + y for x, y in zip(a, b, strict=True))
    sums = lax.reduce(limbs, (np.uint32(0),) * len(limbs), add_each, (0,))
    return functools.reduce(add, (_shifted(limb, position) for limb, position in zip(sums, positions, strict=True)))


def _limb(integers: U64, position: int, bits: int) -> Array:
    """Return ``bits`` binary digits of each integer, from the digit of value ``2^position`` on."""
    low, high = (integers.lo, integers.hi) if position < 32 else (integers.hi, jnp.zeros_like(integers.hi))
    by = position % 32
    limb = low >> _u32(by) if by else low
    if by + bits > 32:
        limb |= high << _u32(32 - by)
    return limb & _u32(2**bits - 1)


def _shifted(limb: Array, position: int) -> U64:
    """Return ``limb 2^position`` modulo 2^64."""
    if position >= 32:
        return U64(limb << _u32(position - 32), jnp.zeros_like(limb))
    return U64(limb >> _u32(32 - position) if position else jnp.zeros_like(limb), limb << _u32(position))

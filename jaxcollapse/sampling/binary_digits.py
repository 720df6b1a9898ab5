"""Random binary digits of many uniform points, taken from one 64-bit word, compared and counted by their bits."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse.exact.u64 import U64

_ALL_BITS = np.uint32(2**32 - 1)


@functools.partial(jax.jit, static_argnames="n_digits", inline=True)
def compare_digits(word: U64, n_points: Array, digits: Array, n_digits: int) -> tuple[Array, Array]:
    """Give each point ``n_digits`` random binary digits and compare them with given ones.

    Args:
      word: 64 random bits, the digits of up to ``64 / n_digits`` points.
      n_points: how many points there are, ``int32``.
      digits: the digits to compare with, the first as the highest of ``n_digits`` bits, ``uint32``.
      n_digits: static; a power of two up to 32.

    Returns:
      How many points have smaller digits, and how many have the same, ``int32`` both.
    """
    if n_digits == 1:
        right = count_ones(word, n_points)
        left = n_points - right
        return jnp.where(digits == 0, 0, left), jnp.where(digits == 0, left, right)
    if n_digits >= 16:
        return _compare_point_by_point(word, n_points, digits, n_digits)
    return _compare_digit_by_digit(word, n_points, digits, n_digits)


def count_ones(word: U64, n_bits: Array) -> Array:
    """Return how many of the first ``n_bits <= 64`` bits of a word are set: ``Binomial(n_bits, 1/2)``, ``int32``."""
    first, second = _lowest_bits(jnp.minimum(n_bits, 32)), _lowest_bits(jnp.maximum(n_bits - 32, 0))
    return (lax.population_count(word.hi & first) + lax.population_count(word.lo & second)).astype(jnp.int32)


def _lowest_bits(count: Array) -> Array:
    """Return a 32-bit word whose lowest ``count <= 32`` bits are set; XLA shifts by 32 to 0."""
    return ~(_ALL_BITS << count.astype(jnp.uint32))


def _compare_point_by_point(word: U64, n_points: Array, digits: Array, n_digits: int) -> tuple[Array, Array]:
    """Compare each point by itself; its digits lie side by side in the word."""
    of_points = [
        (bits << np.uint32(shift)) >> np.uint32(32 - n_digits) for bits in word for shift in range(0, 32, n_digits)
    ]
    counted = lambda is_so: jnp.asarray(sum(of.astype(jnp.int32) for of in is_so), jnp.int32)
    less = counted((own < digits) & (point < n_points) for point, own in enumerate(of_points))
    equal = counted((own == digits) & (point < n_points) for point, own in enumerate(of_points))
    return less, equal


def _compare_digit_by_digit(word: U64, n_points: Array, digits: Array, n_digits: int) -> tuple[Array, Array]:
    """Compare all points at once; their bits of one digit lie side by side, those of the first digit on top."""
    width, half = 64 // n_digits, n_digits // 2  # half of the digits in each half of the word
    equal, less = _lowest_bits(n_points), jnp.zeros_like(n_points)
    for bits, part in ((word.hi, digits >> np.uint32(half)), (word.lo, digits)):
        wanted = _repeat_bits(part, half, width)
        # After each digit: the points that agreed in it and in all before.
        agree = ~(bits ^ wanted) & ((equal << np.uint32(32 - width)) | np.uint32(2 ** (32 - width) - 1))
        shift = width
        while shift < 32:
            agree &= (agree >> np.uint32(shift)) | ~np.uint32(2 ** (32 - shift) - 1)
            shift *= 2
        before = (agree >> np.uint32(width)) | (equal << np.uint32(32 - width))
        less += lax.population_count(before & ~agree & wanted).astype(jnp.int32)
        equal = agree & np.uint32(2**width - 1)
    return less, lax.population_count(equal).astype(jnp.int32)


def _repeat_bits(digits: Array, count: int, width: int) -> Array:
    """Repeat each of the lowest ``count`` bits ``width`` times; the first digit fills the highest bits."""
    if width == 32:
        return jnp.uint32(0) - (digits & np.uint32(1))
    spread = jnp.zeros_like(digits)
    for position in range(count):
        spread |= (digits & np.uint32(1 << position)) << np.uint32(position * (width - 1))
    return spread * np.uint32(2**width - 1)

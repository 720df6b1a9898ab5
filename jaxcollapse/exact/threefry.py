"""The threefry random function of JAX, evaluated so that XLA can fuse it with what uses its bits.

On the CPU JAX keeps the twenty rounds in a loop, which nothing fuses with; here they are unrolled. The bits are the
same (a test compares them), but a 64-bit counter gives 64 bits, and the result does not depend on the flag
``jax_threefry_partitionable``.

Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011), section 4.1.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse.exact.u64 import U64

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


@functools.partial(jax.jit, inline=True)
def threefry(key: U64, counter: U64) -> U64:
    """Return threefry2x32 of a key and of counters: for each key a bijection of 64-bit words, in twenty rounds."""
    schedule = (key.hi, key.lo, key.hi ^ key.lo ^ jnp.uint32(_PARITY))
    x0, x1 = counter.hi + schedule[0], counter.lo + schedule[1]
    for block in range(5):
        for distance in _ROTATIONS[block % 2]:
            x0 = x0 + x1
            x1 = ((x1 << jnp.uint32(distance)) | (x1 >> jnp.uint32(32 - distance))) ^ x0
        x0 = x0 + schedule[(block + 1) % 3]
        x1 = x1 + (schedule[(block + 2) % 3] + jnp.uint32(block + 1))
    return U64(x0, x1)


def threefry_bits(key: Array, counter: U64) -> U64:
    """Return the 64 random bits that belong to each counter under a typed threefry key."""
    return threefry(U64(*jax.random.key_data(key)), counter)


def fold_in(key: Array, number: int | Array) -> Array:
    """Return the key that ``jax.random.fold_in`` gives, evaluated so that XLA can fuse it."""
    word = threefry_bits(key, U64(jnp.uint32(0), jnp.asarray(number).astype(jnp.uint32)))
    return jax.random.wrap_key_data(jnp.stack(word, -1))


def split_keys(key: Array, count: int) -> list[Array]:
    """Return ``count`` independent keys, ``fold_in(key, 0)`` and so on; they depend on no global flag."""
    return [fold_in(key, number) for number in range(count)]

"""Keys and their words: JAX's own threefry function, evaluated so that XLA can fuse it with what uses it.

On the CPU JAX keeps the twenty rounds in a loop, which nothing fuses with; here they are unrolled.
The bits are the same (a test compares them), but a counter has 64 bits and gives 64, and the result
does not depend on the flag ``jax_threefry_partitionable``.
"""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse.exact.fixed import U64

# Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011), section 4.1.
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


@functools.partial(jax.jit, inline=True)
def threefry(key: U64, counter: U64) -> U64:
    """Salmon et al.'s function with its twenty rounds."""
    schedule = (key.hi, key.lo, key.hi ^ key.lo ^ jnp.uint32(_PARITY))
    x0, x1 = counter.hi + schedule[0], counter.lo + schedule[1]
    for block in range(5):
        for distance in _ROTATIONS[block % 2]:
            x0 = x0 + x1
            x1 = ((x1 << jnp.uint32(distance)) | (x1 >> jnp.uint32(32 - distance))) ^ x0
        x0 = x0 + schedule[(block + 1) % 3]
        x1 = x1 + (schedule[(block + 2) % 3] + jnp.uint32(block + 1))
    return U64(x0, x1)


def word_at(key: Array, counter: U64) -> U64:
    """The word of each counter: threefry2x32, for each key a bijection of 64-bit words."""
    return threefry(key_words(key), counter)


def key_words(key: Array) -> U64:
    """A typed key as a word."""
    return U64(*jax.random.key_data(key))


def fold_in(key: Array, number: int | Array) -> Array:
    """The key that ``jax.random.fold_in`` gives, evaluated so that it fuses."""
    word = word_at(key, U64(jnp.uint32(0), jnp.asarray(number).astype(jnp.uint32)))
    return jax.random.wrap_key_data(jnp.stack(word, -1))


def parts(key: Array, count: int) -> list[Array]:
    """A key for each thing that is drawn; ``jax.random.split`` would depend on a global flag."""
    return [fold_in(key, part) for part in range(count)]

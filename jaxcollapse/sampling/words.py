"""Random words: JAX's own threefry function, evaluated so that XLA can fuse it with what uses it.

On the CPU JAX keeps the twenty rounds in a loop, which nothing fuses with; here they are unrolled.
The bits are the same (a test compares them), but each slot receives both words of its block, and
the result does not depend on the flag ``jax_threefry_partitionable``.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.fixed import U64

# Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (2011), section 4.1.
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def parts(key: Array, count: int) -> list[Array]:
    """A key for each thing that is drawn; ``jax.random.split`` would depend on a global flag."""
    return [jax.random.fold_in(key, part) for part in range(count)]


def words(key: Array, slots: int) -> U64:
    """One uniform 64-bit word a slot: threefry2x32 of the counter ``(0, slot)``.

    Slot ``l`` gets the same word whatever the number of slots, so a longer array extends a shorter
    one and batches, shards and capacities leave every bit in place.

    Args:
      key: a typed threefry key, consumed.
      slots: how many.

    Returns:
      Two ``uint32 [slots]`` arrays.

    Example:
      >>> import jax
      >>> short, long = words(jax.random.key(0), 3), words(jax.random.key(0), 5)
      >>> bool((short.hi == long.hi[:3]).all())
      True
    """
    first, second = jax.random.key_data(key)
    schedule = (first, second, first ^ second ^ jnp.uint32(_PARITY))
    x0 = jnp.zeros(slots, jnp.uint32) + schedule[0]
    x1 = lax.iota(jnp.uint32, slots) + schedule[1]
    for block in range(5):
        for distance in _ROTATIONS[block % 2]:
            x0 = x0 + x1
            x1 = ((x1 << jnp.uint32(distance)) | (x1 >> jnp.uint32(32 - distance))) ^ x0
        x0 = x0 + schedule[(block + 1) % 3]
        x1 = x1 + schedule[(block + 2) % 3] + jnp.uint32(block + 1)
    return U64(x0, x1)

"""Random words for the slots of an array."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.fixed import U64
from jaxcollapse.keys import word_at


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
    return word_at(key, U64(jnp.zeros(slots, jnp.uint32), lax.iota(jnp.uint32, slots)))

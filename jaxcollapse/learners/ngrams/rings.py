"""A corpus as a text: labels in order, the last followed by the first, so that every context has a continuation."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.sampling import Labels


def before(text: Labels, distance: int | Array) -> Array:
    """Return the token ``distance`` places before each slot, around the ring, ``int32 [capacity]``."""
    place = lax.iota(jnp.int32, text.labels.shape[0]) - distance
    # A text may be shorter than the distance: then the ring is gone around more than once.
    return text.labels.at[jnp.mod(place, text.size)].get(mode="promise_in_bounds")


def append(pool: Labels, text: Labels) -> Labels:
    """Return a pool with a text more at its end; what it has no capacity for is left out."""
    place = jnp.where(text.in_use, pool.size + lax.iota(jnp.int32, text.labels.shape[0]), pool.labels.shape[0])
    size = jnp.minimum(pool.size + text.size, pool.labels.shape[0])
    return Labels(pool.labels.at[place].set(text.labels, mode="drop"), size)


def gather_in_order(stack: Labels, rows: Array, positions: Array, size: Array) -> Labels:
    """Return the tokens at these positions of these texts of a stack, in their own order: by text, then by position."""
    last = jnp.iinfo(jnp.int32).max
    used = lax.iota(jnp.int32, rows.shape[0]) < size
    row, place = lax.sort((jnp.where(used, rows, last), jnp.where(used, positions, last)), num_keys=2)
    return Labels(stack.labels.at[row, place].get(mode="clip"), size)


def lay_end_to_end(rows: Array, size: Array, capacity: int) -> Labels:
    """Return documents that were written side by side, ``int32 [steps, documents]``, one after the other in one text.

    The first ``size mod documents`` of them have a token more than the others.
    """
    many = rows.shape[1]
    if many == 1:
        return Labels(rows[:capacity, 0], size)
    slot = lax.iota(jnp.int32, capacity)
    each, over = size // many, size % many
    longer = over * (each + 1)
    ahead = slot < longer
    shorter = jnp.maximum(each, 1)
    document = jnp.where(ahead, slot // (each + 1), over + (slot - longer) // shorter)
    place = jnp.where(ahead, slot % (each + 1), (slot - longer) % shorter)
    return Labels(rows.at[place, document].get(mode="clip"), size)

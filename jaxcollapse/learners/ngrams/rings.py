"""Texts as rings: labels in order, the last followed by the first, so that every context has a continuation."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.sampling import Labels


def before(text: Labels, distance: int | Array) -> Array:
    """Return the token ``distance`` places before each slot, around the ring, ``int32 [capacity]``."""
    place = lax.iota(jnp.int32, text.labels.shape[0]) - distance
    # Where a text is shorter than the distance, this goes around the ring more than once.
    return text.labels.at[jnp.mod(place, text.size)].get(mode="promise_in_bounds")


def append(pool: Labels, text: Labels) -> Labels:
    """Return a pool with a text added at its end; what exceeds its capacity is left out."""
    place = jnp.where(text.in_use, pool.size + lax.iota(jnp.int32, text.labels.shape[0]), pool.labels.shape[0])
    size = jnp.minimum(pool.size + text.size, pool.labels.shape[0])
    return Labels(pool.labels.at[place].set(text.labels, mode="drop"), size)


def gather_in_order(stack: Labels, rows: Array, positions: Array, size: Array) -> Labels:
    """Return the tokens at ``positions`` of the texts ``rows`` of a stack, ordered by text and then by position."""
    last = jnp.iinfo(jnp.int32).max
    used = lax.iota(jnp.int32, rows.shape[0]) < size
    row, place = lax.sort((jnp.where(used, rows, last), jnp.where(used, positions, last)), num_keys=2)
    return Labels(stack.labels.at[row, place].get(mode="clip"), size)


def lay_end_to_end(rows: Array, size: Array, capacity: int) -> Labels:
    """Return one text of ``size`` tokens, in which documents ``int32 [steps, documents]`` follow one after another.

    The first ``size mod documents`` documents have one token more than the others.
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

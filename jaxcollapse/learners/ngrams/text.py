"""A corpus as a text: tokens in order, the last followed by the first."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array, lax


class Text(NamedTuple):
    """A ring of tokens.

    Attributes:
      tokens: ``int32 [slots]``; slots from ``size`` on hold nothing of meaning.
      size: slots in use, ``int32 []``, at least 1.
    """

    tokens: Array
    size: Array

    @property
    def in_use(self) -> Array:
        """Which slots hold a token, ``bool [slots]``."""
        return lax.iota(jnp.int32, self.tokens.shape[0]) < self.size


def before(text: Text, distance: int | Array) -> Array:
    """The token ``distance`` places before each slot, around the ring, ``int32 [slots]``."""
    place = lax.iota(jnp.int32, text.tokens.shape[0]) - distance
    # A text may be shorter than the distance: then the ring is gone around more than once.
    return text.tokens.at[jnp.mod(place, text.size)].get(mode="promise_in_bounds")


def join(first: Text, second: Text) -> Text:
    """Both in one: the second is laid where the first ends."""
    room = jnp.concatenate([first.tokens, second.tokens])
    return Text(lax.dynamic_update_slice(room, second.tokens, (first.size,)), first.size + second.size)


def appended(pool: Text, text: Text) -> Text:
    """A pool with a text more at its end; what it has no room for is left out."""
    place = jnp.where(text.in_use, pool.size + lax.iota(jnp.int32, text.tokens.shape[0]), pool.tokens.shape[0])
    size = jnp.minimum(pool.size + text.size, pool.tokens.shape[0])
    return Text(pool.tokens.at[place].set(text.tokens, mode="drop"), size)


def reserved(text: Text, slots: int) -> Text:
    """The same text in room for ``slots``."""
    return Text(jnp.pad(text.tokens, (0, max(0, slots - text.tokens.shape[0])))[:slots], text.size)


def picked(stack: Text, rows: Array, places: Array, size: Array) -> Text:
    """The tokens at these places of these texts of a stack, in their own order: by text, then by place."""
    last = jnp.iinfo(jnp.int32).max
    used = lax.iota(jnp.int32, rows.shape[0]) < size
    row, place = lax.sort((jnp.where(used, rows, last), jnp.where(used, places, last)), num_keys=2)
    return Text(stack.tokens.at[row, place].get(mode="clip"), size)


def only_token(text: Text) -> Array:
    """The token that the whole text consists of, ``int32 []``; -1 where there are several."""
    alone = jnp.all((text.tokens == text.tokens[0]) | ~text.in_use) & (text.size > 0)
    return jnp.where(alone, text.tokens[0], -1)


def documents(rows: Array, size: Array, slots: int) -> Text:
    """Documents written side by side, ``int32 [steps, documents]``, one after the other in one text.

    The first ``size mod documents`` of them have a token more than the others.
    """
    many = rows.shape[1]
    if many == 1:
        return Text(rows[:slots, 0], size)
    slot = lax.iota(jnp.int32, slots)
    each, over = size // many, size % many
    longer = over * (each + 1)
    ahead = slot < longer
    shorter = jnp.maximum(each, 1)
    document = jnp.where(ahead, slot // (each + 1), over + (slot - longer) // shorter)
    place = jnp.where(ahead, slot % (each + 1), (slot - longer) % shorter)
    return Text(rows.at[place, document].get(mode="clip"), size)

"""From a context to a shorter one: tables of counts ``[contexts, vocabulary]`` of n-grams.

A context is the number whose digits (in base ``vocabulary``) are its tokens, the latest of them the ones.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array


def backed_off_frequencies(counts: Array) -> Array:
    """Frequencies of each row ``[contexts, vocabulary]``; where a context has no data, those of its longest ending
    that has some (the longest with fewer tokens, the empty one at last).
    """
    size = jnp.sum(counts, axis=1, dtype=jnp.int32, keepdims=True)
    frequencies = counts.astype(jnp.float32) / jnp.maximum(size, 1).astype(jnp.float32)
    if counts.shape[0] == 1:
        return frequencies
    return jnp.where(
        size > 0,
        frequencies,
        broadcast_to_contexts(backed_off_frequencies(marginalise_oldest(counts)), counts.shape[0]),
    )


def marginalise_oldest(counts: Array) -> Array:
    """A table ``[contexts, vocabulary]`` of contexts one token shorter: sums over the earliest one."""
    vocabulary = counts.shape[1]
    return jnp.sum(counts.reshape(vocabulary, -1, vocabulary), axis=0, dtype=jnp.int32)


def broadcast_to_contexts(rows: Array, contexts: int) -> Array:
    """To each of so many contexts the row of its ending, which is one token shorter."""
    return jnp.tile(rows, (contexts // rows.shape[0], 1))


def kneser_ney(counts: Array, discount: Array) -> Array:
    """Interpolated Kneser-Ney smoothing of a table of counts ``[contexts, vocabulary]``, ``0 <= discount <= 1``.

    ``p(i | c) = max(x_ci - d, 0)/x_c + d kinds_c/x_c p(i | c')``, ``c'`` the context without its earliest token,
    where ``x'_c'i`` is no longer how often ``i`` follows but after how many different earlier tokens; below the empty
    context comes the uniform distribution. A context without data has the probabilities of its ending.
    """
    contexts, vocabulary = counts.shape
    if contexts == 1:
        below = jnp.full((1, vocabulary), 1 / vocabulary, jnp.float32)
    else:
        kinds_before = marginalise_oldest((counts > 0).astype(jnp.int32))
        below = broadcast_to_contexts(kneser_ney(kinds_before, discount), contexts)
    size = jnp.sum(counts, axis=1, dtype=jnp.int32, keepdims=True)
    kinds = jnp.sum(counts > 0, axis=1, dtype=jnp.int32, keepdims=True)
    # Of nothing, nothing is kept and all is freed.
    total = jnp.maximum(size, 1).astype(jnp.float32)
    kept = jnp.maximum(counts.astype(jnp.float32) - discount, 0) / total
    freed = jnp.where(size > 0, discount * kinds.astype(jnp.float32) / total, 1.0)
    return kept + freed * below

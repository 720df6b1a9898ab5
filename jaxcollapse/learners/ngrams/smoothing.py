"""Smoothing of n-gram counts ``[contexts, vocabulary]`` with the counts of shorter contexts.

The number of a context has its tokens as digits in base ``vocabulary``, the latest token as the lowest digit.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array


def backed_off_frequencies(counts: Array) -> Array:
    """Return the frequencies of each row of counts, ``float32 [contexts, vocabulary]``.

    A context without data has the frequencies of its longest suffix that has data, which may be the empty context.
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
    """Return the counts of contexts without their earliest token, ``[contexts / vocabulary, vocabulary]``, as sums."""
    vocabulary = counts.shape[1]
    return jnp.sum(counts.reshape(vocabulary, -1, vocabulary), axis=0, dtype=jnp.int32)


def broadcast_to_contexts(rows: Array, contexts: int) -> Array:
    """Return for each of so many contexts the row of its suffix, which is one token shorter."""
    return jnp.tile(rows, (contexts // rows.shape[0], 1))


def kneser_ney(counts: Array, discount: Array) -> Array:
    """Return interpolated Kneser-Ney probabilities of a table of counts ``[contexts, vocabulary]``.

    ``p(i | c) = max(x_ci - d, 0)/x_c + d kinds_c/x_c p(i | c')``, where ``c'`` is the context without its earliest
    token, and its counts ``x'_c'i`` are the numbers of different tokens after which ``c' i`` was seen; the empty
    context is interpolated with the uniform distribution. A context without data has the probabilities of its suffix.

    Args:
      counts: how often each token follows each context, ``int32 [contexts, vocabulary]``.
      discount: d, between 0 and 1.
    """
    contexts, vocabulary = counts.shape
    if contexts == 1:
        below = jnp.full((1, vocabulary), 1 / vocabulary, jnp.float32)
    else:
        kinds_before = marginalise_oldest((counts > 0).astype(jnp.int32))
        below = broadcast_to_contexts(kneser_ney(kinds_before, discount), contexts)
    size = jnp.sum(counts, axis=1, dtype=jnp.int32, keepdims=True)
    kinds = jnp.sum(counts > 0, axis=1, dtype=jnp.int32, keepdims=True)
    # A context without data keeps no mass and frees all of it.
    total = jnp.maximum(size, 1).astype(jnp.float32)
    kept = jnp.maximum(counts.astype(jnp.float32) - discount, 0) / total
    freed = jnp.where(size > 0, discount * kinds.astype(jnp.float32) / total, 1.0)
    return kept + freed * below

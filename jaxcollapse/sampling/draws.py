"""Exact multinomial, binomial and hypergeometric counts, for any JAX code.

Each call makes one draw; ``vmap`` makes more. Counts are ``int32``, whatever the size up to 2^31 - 1, and the x64
switch is not needed. Of the sizes only a capacity is static: other sizes within it compile nothing.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import check
from jaxcollapse.exact import sums, u64
from jaxcollapse.exact.threefry import fold_in
from jaxcollapse.exact.u64 import U64
from jaxcollapse.sampling.cdf import fixed_point_cdf
from jaxcollapse.sampling.counts import cumulate_counts, draw_counts, draw_from_counts
from jaxcollapse.sampling.dyadic import count_below, split_in_half
from jaxcollapse.sampling.labels import draw_from_cdf, histogram

METHODS = ("labels", "counts")
"""How :func:`multinomial` may draw: tokens one by one, or counts at once."""
LABELS_PER_COUNT = 4
"""The count of one token costs as much time as so many labels; measured."""


def multinomial(
    key: Array, size: Array | int, weights: Array, *, capacity: int, method: str | None = None, portable: bool = False
) -> Array:
    """Return how often each of ``k`` tokens occurs among ``size`` independent draws.

    Args:
      key: a typed threefry key, consumed.
      size: how many tokens, ``int32 []``, at most ``capacity``.
      weights: ``[k]``, not negative and not all 0: integers with a sum below 2^31, or floats with a sum of at
        most 4. Each probability is within 2^-61 of its weight's fraction (of its float32 value, cut at 2^-62).
      capacity: static, up to 2^31 - 1.
      method: static; ``"labels"`` draws tokens one by one and counts them, ``"counts"`` draws counts. By default
        labels where ``capacity < 4 k``.
      portable: static; draw by XLA even where the compiled kernel would be used. The bits are the same.

    Returns:
      ``int32 [k]``; adds up to ``size``.

    Raises:
      ValueError: for an unknown method, a concrete size above the capacity, and concrete weights that are not weights.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> drawn = multinomial(jax.random.key(0), 1_000_000_000, jnp.array([3, 0, 1]), capacity=2**30)
      >>> int(drawn.sum()), int(drawn[1]), abs(float(drawn[0]) / 1e9 - 0.75) < 1e-4
      (1000000000, 0, True)
    """
    check.key(key)
    check.weights("weights", weights)
    capacity = _capacity(capacity, size)
    weights, size = jnp.asarray(weights), jnp.asarray(size, jnp.int32)
    if method is None:
        method = "labels" if capacity < LABELS_PER_COUNT * weights.shape[0] else "counts"
    check.choice("method", method, METHODS)
    floats = jnp.issubdtype(weights.dtype, jnp.floating)
    counts = jnp.zeros_like(weights, jnp.int32) if floats else weights.astype(jnp.int32)
    cdf, corpus = fixed_point_cdf(weights), cumulate_counts(counts, jnp.sum(counts, dtype=jnp.int32))
    if method == "counts":
        return draw_counts(key, cdf if floats else corpus, size, capacity, portable=portable).counts
    if floats:
        return histogram(draw_from_cdf(key, cdf, size, capacity), weights.shape[0])
    return histogram(draw_from_counts(key, corpus, size, capacity), weights.shape[0])


def binomial(key: Array, size: Array | int, chance: Array | float, *, capacity: int, portable: bool = False) -> Array:
    """Return how many of ``size`` independent events happen, each with the same chance.

    Args:
      key, size, capacity, portable: as for :func:`multinomial`.
      chance: in [0, 1], ``float32 []``; taken exactly down to 2^-64.

    Returns:
      ``int32 []``.

    Example:
      >>> import jax
      >>> int(binomial(jax.random.key(0), 50, 1.0, capacity=64))
      50
    """
    check.key(key)
    if check.concrete(chance):
        check.real_numbers("chance", chance, 0, 1)
    capacity = _capacity(capacity, size)
    size, chance = jnp.asarray(size, jnp.int32), jnp.asarray(chance, jnp.float32)
    half = sums.from_float(jnp.clip(chance, 0, 1) / 2, 32)  # half of it, which is below 1, fits in 64 bits
    position = u64.shift_left(half, jnp.uint32(1))
    position = U64(position.hi[None], position.lo[None])
    below = count_below(key, size, position, capacity, portable=portable)
    return jnp.where(chance >= 1, size, below[0])


def hypergeometric(key: Array, counts: Array, size: Array | int, *, capacity: int) -> Array:
    """Return how often each token occurs in a random subset of a pool, every subset of ``size`` tokens as likely.

    The pool is split at random, ``Binomial(x_i, 1/2)`` of each token going into one half, until a half has just as
    many tokens as are still wanted: a half with more is split again, one with fewer is taken whole and the rest is
    taken from the other half. A uniform subset of a uniform subset is uniform, so this is exact.

    Args:
      key: a typed threefry key, consumed.
      counts: the pool, ``int32 [k]``.
      size: how many tokens to take, ``int32 []``; no more than there are.
      capacity: the most tokens that the pool may have; static.

    Returns:
      ``int32 [k]``; adds up to ``min(size, sum(counts))``.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> drawn = hypergeometric(jax.random.key(0), jnp.array([600, 0, 3]), 500, capacity=1000)
      >>> int(drawn.sum()), bool((drawn <= jnp.array([600, 0, 3])).all())
      (500, True)
    """
    check.key(key)
    check.weights("counts", counts)
    check.whole_number("size", size, least=0)
    capacity = _capacity(capacity, np.sum(counts) if check.concrete(counts) else counts, "the sum of counts")
    pool = jnp.asarray(counts, jnp.int32)
    total = jnp.sum(pool, dtype=jnp.int32)
    wanted = jnp.minimum(jnp.asarray(size, jnp.int32), total)
    token = lax.iota(jnp.uint32, pool.shape[0])

    def is_undecided(state: tuple[Array, Array, Array, Array, Array]) -> Array:
        _, _, left, wanted, _ = state
        return (wanted > 0) & (wanted < left)

    def split(state: tuple[Array, Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array, Array]:
        pool, taken, left, wanted, step = state
        half = split_in_half(fold_in(key, step), token, pool, capacity)
        half_size = jnp.sum(half, dtype=jnp.int32)
        enough = half_size >= wanted
        taken = jnp.where(enough, taken, taken + half)
        return (
            jnp.where(enough, half, pool - half),
            taken,
            jnp.where(enough, half_size, left - half_size),
            jnp.where(enough, wanted, wanted - half_size),
            step + 1,
        )

    start = (pool, jnp.zeros_like(pool), total, wanted, jnp.int32(0))
    pool, taken, _, wanted, _ = lax.while_loop(is_undecided, split, start)
    return jnp.where(wanted > 0, taken + pool, taken)


def _capacity(capacity: int, size: Any, name: str = "size") -> int:
    """Return a valid capacity; a concrete size must not exceed it."""
    capacity = check.static_whole_number("capacity", capacity)
    if check.concrete(size):
        check.whole_number(name, size, least=0, most=capacity, remedy="or raise capacity")
    return capacity

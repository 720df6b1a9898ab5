"""Means of statistics over contexts."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse.exact import sums


def weighted_means(values: dict[str, Array], weights: Array) -> dict[str, Array]:
    """Return ``sum_j weights_j values_j`` of each of ``values [contexts, ...]``, as ``float32``, by name.

    The bits do not depend on the order of contexts: each product is rounded to a multiple of 2^-61 of the power of two
    below the largest value. NaN and infinity stay.

    Example:
      >>> weighted_means({"a": jnp.array([[1.0, 8.0], [3.0, 0.0]])}, jnp.array([0.5, 0.5]))["a"].tolist()
      [2.0, 4.0]
    """

    def of_one(column: Array) -> Array:
        largest = lax.bitcast_convert_type(jnp.max(jnp.abs(column)), jnp.uint32)
        power = lax.bitcast_convert_type(largest & jnp.uint32(0x7F800000), jnp.float32)
        power = jnp.where((power > 0) & jnp.isfinite(power), power, 1.0)
        mean = sums.total(weights * (column / power), 4.0) * power
        return jnp.where(jnp.all(jnp.isfinite(column)), mean, jnp.sum(weights * column))

    # All sums are computed at once, for a program of many sums takes long to compile.
    columns = [of.reshape(of.shape[0], -1).astype(jnp.float32) for of in values.values()]
    if not columns:
        return {}
    means = jax.vmap(of_one, 1)(jnp.concatenate(columns, axis=1))
    ends = np.cumsum([column.shape[1] for column in columns])[:-1]
    parts = jnp.split(means, ends)
    return {name: part.reshape(of.shape[1:]) for (name, of), part in zip(values.items(), parts, strict=True)}

"""Binary search in inclusive sums, whatever form their numbers have."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jax import Array, lax


def upper_bound(is_passed: Callable[[Array], Array], like: Array, width: int, *, unroll: bool | None = None) -> Array:
    """Return the first index whose entry is above a target, for many targets at once.

    Args:
      is_passed: given an index for each target, whether the entry there is at most the target; True up to some
        index and False from it on.
      like: an array of the targets' shape, ``int32``.
      width: static; how many entries there are. The last one is taken to be above every target.
      unroll: static; whether to write the steps one after another instead of in a loop.

    Returns:
      Indices in ``[0, width)``, of the shape of ``like``.
    """

    def halve(_: int, bounds: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = bounds
        middle = (low + high) >> 1
        right = is_passed(middle)
        return jnp.where(right, middle + 1, low), jnp.where(right, high, middle)

    low = jnp.zeros_like(like)
    # `low <= answer <= high` always; an interval of `width` indices halves to one in so many steps.
    return lax.fori_loop(0, (width - 1).bit_length(), halve, (low, low + (width - 1)), unroll=unroll)[0]

"""Sample sizes that change with the generation: ``FullySynthetic(n=schedules.geometric(100, 1.05, 200))``."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Schedule:
    """A size for each generation; the last size holds for all later generations.

    Attributes:
      sizes: ``n_1, n_2, ...``, whole numbers ``[generations]``, a leaf: other sizes of the same
        capacity compile nothing.

    Raises:
      ValueError: when it is not a non-empty vector of whole numbers of at least 1.

    Example:
      >>> import jaxcollapse as jc
      >>> jc.FullySynthetic(n=Schedule([10, 20, 40])).size("n", 5).tolist()
      40
    """

    sizes: Any

    def __post_init__(self) -> None:
        if isinstance(self.sizes, list | tuple):
            traced = any(isinstance(size, jax.core.Tracer) for size in self.sizes)
            object.__setattr__(self, "sizes", (jnp if traced else np).asarray(self.sizes))
        if check.concrete(self.sizes):
            if np.ndim(self.sizes) != 1:
                raise ValueError(f"sizes must be a vector, one size a generation, got shape {np.shape(self.sizes)}")
            check.whole_number("sizes", self.sizes)

    def __repr__(self) -> str:
        return f"Schedule({check.shown(self.sizes)})"

    def at(self, m: Any) -> Array:
        """Return the size at generation ``m >= 1``, an array of the shape of ``m``."""
        sizes = jnp.asarray(self.sizes)
        return sizes[jnp.clip(m - 1, 0, sizes.shape[0] - 1)]


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class PossiblyZero:
    """One size that may be 0, as the sizes of contexts that are drawn in every generation may be.

    Attributes:
      size: the size, ``int32 []``, a leaf.
    """

    size: Any


def given(sizes: Any) -> Schedule:
    """Return the schedule of sizes ``n_1, n_2, ...``; the last size holds for all later generations.

    Example:
      >>> given([5, 7]).sizes.tolist()
      [5, 7]
    """
    return Schedule([sizes] if check.concrete(sizes) and np.ndim(sizes) == 0 else sizes)


def constant(n: int, generations: int) -> Schedule:
    """Return the schedule ``n_m = n``, which can be compared with others of its length without compiling anew.

    Example:
      >>> constant(5, 3).sizes.tolist()
      [5, 5, 5]
    """
    n = check.static_whole_number("n", n)
    return Schedule(np.full(check.static_whole_number("generations", generations), n))


def geometric(first: int, ratio: float, generations: int, *, most: int | None = None) -> Schedule:
    """Return the schedule ``n_m = floor(first ratio^(m - 1))``, at least 1 and at most ``most``.

    With ``ratio > 1`` the sum of ``1/n_m`` converges, and fully synthetic training need not collapse.

    Raises:
      ValueError: for a ratio that is not positive, and when a size would exceed 2^31 - 1.

    Source: Xu, He and Cheng (2025), arXiv 2505.13947.

    Example:
      >>> geometric(10, 1.5, 5).sizes.tolist()
      [10, 15, 22, 33, 50]
    """
    first = check.static_whole_number("first", first)
    ratio = check.real_number("ratio", ratio, 0, 1e6, "sizes grow above 1 and shrink below")
    generations = check.static_whole_number("generations", generations)
    with np.errstate(over="ignore"):
        sizes = np.clip(np.floor(first * ratio ** np.arange(generations)), 1, None)
    if most is None and sizes.max() > check.LARGEST:
        raise ValueError(
            f"ratio={ratio:g} makes n exceed {check.LARGEST} within {generations} generations; lower it, or give most="
        )
    limit = check.LARGEST if most is None else check.static_whole_number("most", most)
    return Schedule(np.minimum(sizes, limit).astype(np.int64))

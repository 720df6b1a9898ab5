"""The conversion between states of chains and plain NumPy arrays by name, which a checkpoint holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse.contract import State


def to_arrays(states: State) -> dict[str, np.ndarray]:
    """Return the leaves of states by their key paths; random keys as arrays of integers."""
    return {jax.tree_util.keystr(path): _plain(leaf) for path, leaf in jax.tree_util.tree_leaves_with_path(states)}


def from_arrays(arrays: Mapping[str, np.ndarray], template: State, sharding: Any) -> State:
    """Return the states from which :func:`to_arrays` made these arrays.

    Args:
      arrays: the leaves by key path; or, as the first release wrote them, by the number of the leaf.
      template: states of the same structure and types, of any shapes.
      sharding: the sharding of arrays that have an axis of chains.

    Raises:
      ValueError: where an array is missing.
    """
    by_number = all(name.isdigit() for name in arrays)
    paths = jax.tree_util.tree_leaves_with_path(template)
    leaves = []
    for number, (path, like) in enumerate(paths):
        name = str(number) if by_number else jax.tree_util.keystr(path)
        if name not in arrays:
            raise ValueError(f"the state has no array {jax.tree_util.keystr(path)}; it is of another learner or regime")
        array = arrays[name]
        is_key = jnp.issubdtype(like.dtype, jax.dtypes.prng_key)
        placed = jax.device_put(array, sharding if array.ndim > is_key else None)
        leaves.append(jax.random.wrap_key_data(placed, impl="threefry2x32") if is_key else placed)
    return jax.tree.unflatten(jax.tree.structure(template), leaves)


def _plain(leaf: Any) -> np.ndarray:
    is_key = jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(leaf) if is_key else leaf)

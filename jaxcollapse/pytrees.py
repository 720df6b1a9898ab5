"""Frozen dataclasses that are pytrees: their numbers are leaves, and fields made by :func:`static` are structure."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, ClassVar, TypeVar, dataclass_transform

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse import check

T = TypeVar("T")


def static(default: Any = None, **options: Any) -> Any:
    """Return a dataclass field that is structure of the pytree: another value of it compiles anew."""
    return dataclasses.field(default=default, metadata={"static": True}, **options)


@dataclass_transform(frozen_default=True)
def pytree_dataclass(kind: type[T]) -> type[T]:
    """Return the class as a frozen dataclass that is a pytree; a decorator."""
    return jax.tree_util.register_dataclass(dataclasses.dataclass(frozen=True)(kind))


class Bounded(abc.ABC):  # noqa: B024
    """A pytree whose numbers have bounds: concrete ones are refused in Python, traced ones are reported by the run.

    Attributes:
      bounds: the least and the most that a field may be, by the field's name.
    """

    bounds: ClassVar[dict[str, tuple[float, float]]] = {}

    def __post_init__(self) -> None:
        for name, (least, most) in self.bounds.items():
            if check.concrete(getattr(self, name)):
                check.real_numbers(name, getattr(self, name), least, most)

    def is_invalid(self) -> Array:
        """Return whether a number is out of its bounds or NaN, ``bool []``."""
        found = jnp.bool_(False)
        for name, (least, most) in self.bounds.items():
            value = jnp.asarray(getattr(self, name)).astype(jnp.float32)
            found |= ~jnp.all((value >= least) & (value <= most))
        return found


def canonical(tree: Any) -> Any:
    """Return the same numbers as ``float32`` and ``int32`` arrays, so that equal kinds share a compilation.

    Keys stay keys, and arrays of floats of 16 bits, such as parameters of networks, stay what they are.
    """

    def leaf_type(leaf: Any) -> Any:
        array = jnp.asarray(leaf)
        is_half = jnp.issubdtype(array.dtype, jnp.floating) and array.dtype.itemsize == 2 and array.ndim > 0
        if is_half or jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
            return array
        if jnp.issubdtype(array.dtype, jnp.floating):
            return array.astype(jnp.float32)
        if jnp.issubdtype(array.dtype, jnp.integer) and jnp.iinfo(array.dtype).max > check.LARGEST:
            # A traced size that is too wide must not wrap around to one that fits.
            array = jnp.clip(array, max(jnp.iinfo(array.dtype).min, -check.LARGEST), check.LARGEST)
        return array.astype(jnp.int32)

    return jax.tree.map(leaf_type, tree)

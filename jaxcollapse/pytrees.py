"""What processes are put together from: frozen pytrees whose numbers are leaves, each within its range."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, TypeVar, dataclass_transform

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse import check

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def part(kind: type[T]) -> type[T]:
    """Make a class a part: a frozen dataclass and a pytree."""
    return jax.tree_util.register_dataclass(dataclasses.dataclass(frozen=True)(kind))


class Ranged:
    """A part whose numbers have ranges: concrete ones are refused in Python, traced ones are flagged in the run.

    Attributes:
      ranges: the least and the most that a field may be, by its name.
    """

    ranges: ClassVar[dict[str, tuple[float, float]]] = {}

    def __post_init__(self) -> None:
        for name, (least, most) in self.ranges.items():
            if check.concrete(getattr(self, name)):
                check.real_numbers(name, getattr(self, name), least, most)

    def fault(self) -> Array:
        """Whether a number is out of its range or NaN, ``bool []``."""
        found = jnp.bool_(False)
        for name, (least, most) in self.ranges.items():
            value = jnp.asarray(getattr(self, name))
            found |= ~jnp.all((value >= least) & (value <= most))
        return found

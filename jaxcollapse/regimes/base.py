"""The base class of regimes: it checks sizes and has defaults for the methods that most regimes need not override."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import check
from jaxcollapse.contract import Corpus, Frame, Learner, Memory, Model, Regime, Sources
from jaxcollapse.pytrees import pytree_dataclass
from jaxcollapse.schedules import PossiblyZero, Schedule

regime = pytree_dataclass
"""The decorator that makes a class a regime: a frozen dataclass and a pytree."""


class Base(Regime):
    """The base of regimes, in which generation 1 is trained on ``n_1`` tokens of the truth unless overridden.

    Attributes:
      n: the sample size of a generation, a leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      capacity: the largest ``n`` that compiles nothing anew; static.
    """

    sizes: ClassVar[dict[str, str]] = {"n": "capacity"}

    n: Any
    capacity: Any

    def __post_init__(self) -> None:
        values = {name: sizes_of(getattr(self, name)) for name in self.sizes}
        if any(_is_placeholder(value) for value in values.values()):
            return
        given = {capacity for capacity in self.sizes.values() if getattr(self, capacity) is not None}
        for name, capacity in self.sizes.items():
            check.whole_number(name, values[name], least=self._least(name))
            object.__setattr__(self, capacity, _capacity(name, values[name], getattr(self, capacity)))
        # A power of two may be up to twice the size; if all capacities exceed the largest count, sizes replace them.
        for name, capacity in reversed(self.sizes.items()):
            if self.corpus_capacity > check.LARGEST and capacity not in given:
                object.__setattr__(self, capacity, int(np.max(values[name])))
        if self.corpus_capacity > check.LARGEST:
            named = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.sizes)
            raise ValueError(
                f"{' and '.join(self.sizes)} have room for {self.corpus_capacity} tokens together, and a model counts "
                f"at most {check.LARGEST}; lower {named} or their capacities"
            )
        self.validate()

    def validate(self) -> None:
        """Raise ValueError for settings that this regime does not allow; sizes and capacities are checked before."""

    def size(self, name: str, m: Any) -> Array:
        """Return a size at generation ``m``, ``int32 []``, which is clipped to its capacity where it is invalid."""
        least, most = self._least(name), getattr(self, self.sizes[name])
        return jnp.clip(_at(getattr(self, name), m), least, most).astype(jnp.int32)

    def _least(self, name: str) -> int:
        """Return the least value that a size may have."""
        value = getattr(self, name)
        if isinstance(value, PossiblyZero):
            return 0
        return 1 if isinstance(value, Schedule) else self.least.get(name, 1)

    def whole(self, name: str, m: int) -> int:
        """Return a concrete size at generation ``m`` as a Python number, for the theory."""
        value = getattr(self, name)
        return int(value.sizes[min(m, len(value.sizes)) - 1]) if isinstance(value, Schedule) else int(value)

    def total(self, name: str, generations: int) -> int:
        """Return the sum of a concrete size over so many generations, as a Python number."""
        value = getattr(self, name)
        if not isinstance(value, Schedule):
            return int(value) * generations
        sizes = [int(size) for size in np.asarray(value.sizes)[:generations]]
        return sum(sizes) + sizes[-1] * (generations - len(sizes))

    @property
    def corpus_capacity(self) -> int:
        return int(self.capacity)

    def is_invalid(self, m: Any) -> Array:
        wrong = [
            _outside(_at(getattr(self, name), m), self._least(name), getattr(self, capacity))
            for name, capacity in self.sizes.items()
        ]
        return jnp.any(jnp.stack(wrong))

    def draw_real(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        """Draw the real data that generation 1 needs: ``n_1`` items of the truth unless overridden."""
        return learner.draw(key, truth, self.size("n", 1), self.capacity)

    def first(
        self, key: Array, learner: Learner, sources: Sources, real: Corpus, frame: Frame
    ) -> tuple[Corpus, Memory]:
        """Return what generation 1 is trained on, and the memory; the real data and no memory unless overridden."""
        return real, ()


def only_if(condition: Array, draw: Callable[[], Corpus]) -> Corpus:
    """Return the corpus that ``draw`` returns where the condition holds, and else an empty corpus, at no cost."""

    def nothing() -> Corpus:
        return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(draw))

    return lax.cond(condition, draw, nothing)


def stack_of(model: Any, length: int) -> Any:
    """Return an empty stack of ``length`` pytrees such as ``model``, whose leaves have a leading axis ``[length]``."""

    def empty(leaf: Array) -> Array:
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):  # Random keys cannot be zero.
            return jnp.broadcast_to(leaf, (length, *leaf.shape))
        return jnp.zeros((length, *leaf.shape), leaf.dtype)

    return jax.tree.map(empty, model)


def put(stack: Any, row: Array, model: Any) -> Any:
    """Return the stack with ``model`` in one row."""
    return jax.tree.map(lambda all_, one: lax.dynamic_update_index_in_dim(all_, one, row, 0), stack, model)


def rows_and_positions(sizes: Array, capacity: int) -> tuple[Array, Array]:
    """Return which corpus and which position in it each slot holds, where corpora of these sizes lie end to end.

    Args:
      sizes: the sizes of the corpora, ``int32 [rows]``.
      capacity: the number of slots, static.

    Returns:
      The row and the position of each slot, ``int32 [capacity]`` each.
    """
    ends = jnp.cumsum(sizes, dtype=jnp.int32)
    slot = lax.iota(jnp.int32, capacity)
    row = jnp.minimum(jnp.searchsorted(ends, slot, side="right").astype(jnp.int32), sizes.shape[0] - 1)
    return row, jnp.maximum(slot - (ends - sizes)[row], 0)


def _capacity(name: str, size: Any, capacity: int | None) -> int:
    """Return the static capacity of a size, checked: the given one, or the next power of two."""
    if capacity is None:
        if not check.concrete(size):
            raise ValueError(
                f"{name} is traced, so the room for it must be fixed: "
                f"give {'capacity' if name == 'n' else name + '_capacity'}= its largest value"
            )
        return min(1 << (max(int(np.max(size)), 1) - 1).bit_length(), check.LARGEST)
    capacity = check.static_whole_number("capacity" if name == "n" else f"{name}_capacity", capacity)
    least = min(1, int(np.min(size))) if check.concrete(size) else 1
    check.whole_number(name, size, least=least, most=capacity, remedy="raise its capacity or lower it")
    return capacity


def sizes_of(size: Any) -> Any:
    """Return a size as a number, or as the vector ``[generations]`` of its schedule."""
    if isinstance(size, PossiblyZero):
        return size.size
    return size.sizes if isinstance(size, Schedule) else size


def _at(size: Any, m: Any) -> Array:
    """Return a size at generation ``m``, unchecked."""
    return size.at(m) if isinstance(size, Schedule) else jnp.asarray(sizes_of(size))


def is_value(value: Any) -> bool:
    """Return whether a setting can be checked now: it is neither traced nor a placeholder of JAX."""
    return not (isinstance(value, jax.core.Tracer) or _is_placeholder(value))


def _is_placeholder(value: Any) -> bool:
    """Return whether a setting is a placeholder with which JAX rebuilds a pytree, and which is not checked."""
    return not (check.concrete(value) or isinstance(value, jax.core.Tracer | str | None))


def _outside(size: Array, least: int, capacity: int) -> Array:
    """Return whether a size is no whole number between ``least`` and ``capacity``, ``bool []``; NaN is none."""
    return ~((size >= least) & (size <= capacity) & (size == jnp.floor(size)))

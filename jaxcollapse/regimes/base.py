"""What regimes share: their sizes, and the verbs that most of them need not write."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import check
from jaxcollapse.process.one_context import Corpus, Learner, Memory, Model
from jaxcollapse.pytrees import part
from jaxcollapse.schedules import Schedule

regime = part
"""Makes a class a regime: a frozen dataclass and a pytree."""


def static(default: Any = None) -> Any:
    """A field that fixes the structure: another value compiles anew."""
    return dataclasses.field(default=default, metadata={"static": True})


class Base:
    """A regime in which generation 1 is trained on ``n_1`` tokens of the truth; others override what differs."""

    sizes: ClassVar[dict[str, str]] = {"n": "capacity"}
    least: ClassVar[dict[str, int]] = {}
    forgets: ClassVar[bool] = False

    n: Any
    capacity: Any

    def __post_init__(self) -> None:
        values = {name: sizes_of(getattr(self, name)) for name in self.sizes}
        if any(_is_placeholder(value) for value in values.values()):
            return
        given = {room for room in self.sizes.values() if getattr(self, room) is not None}
        for name, room in self.sizes.items():
            check.whole_number(name, values[name], least=self._least(name))
            object.__setattr__(self, room, _capacity(name, values[name], getattr(self, room)))
        # A power of two may be twice what is needed; near the largest count, only what is needed fits.
        for name, room in reversed(self.sizes.items()):
            if self.room > check.LARGEST and room not in given:
                object.__setattr__(self, room, int(np.max(values[name])))
        if self.room > check.LARGEST:
            named = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.sizes)
            raise ValueError(
                f"{' and '.join(self.sizes)} have room for {self.room} tokens together, and a model counts at most "
                f"{check.LARGEST}; lower {named} or their capacities"
            )
        self.judge()

    def judge(self) -> None:
        """Judge what is particular to this regime; sizes and capacities are sound by now."""

    def size(self, name: str, m: Any) -> Array:
        """A size at generation ``m`` as the int32 that draws use, kept within its room even where it is not sound."""
        least, most = self._least(name), getattr(self, self.sizes[name])
        return jnp.clip(_at(getattr(self, name), m), least, most).astype(jnp.int32)

    def _least(self, name: str) -> int:
        return 1 if isinstance(getattr(self, name), Schedule) else self.least.get(name, 1)

    def whole(self, name: str, m: int) -> int:
        """The same for concrete sizes, in Python; for the theory."""
        value = getattr(self, name)
        return int(value.sizes[min(m, len(value.sizes)) - 1]) if isinstance(value, Schedule) else int(value)

    def total(self, name: str, generations: int) -> int:
        """The sum of a concrete size over generations, in Python."""
        value = getattr(self, name)
        if not isinstance(value, Schedule):
            return int(value) * generations
        sizes = [int(size) for size in np.asarray(value.sizes)[:generations]]
        return sum(sizes) + sizes[-1] * (generations - len(sizes))

    @property
    def closed(self) -> bool:
        return False

    @property
    def settles(self) -> bool:
        return True

    @property
    def verbs(self) -> tuple[str, ...]:
        return ()

    @property
    def room(self) -> int:
        return int(self.capacity)

    def faults(self, m: Any) -> Array:
        wrong = [
            _outside(_at(getattr(self, name), m), self._least(name), getattr(self, room))
            for name, room in self.sizes.items()
        ]
        return jnp.any(jnp.stack(wrong))

    def refuse(self, generations: int) -> None:
        """Raise where a run of so many generations could not be held."""

    def draw_real(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        return learner.sample(key, truth, self.size("n", 1), self.capacity)

    def begin(self, key: Array, learner: Learner, truth: Model, real: Corpus, width: int) -> tuple[Corpus, Memory]:
        return real, ()

    def remember(self, learner: Learner, memory: Memory, model: Model, m: Array) -> Memory:
        return memory

    def absorbed(self, learner: Learner, truth: Model, model: Model, memory: Memory, m: Array) -> Array:
        return learner.dirac(model) >= 0

    def recurrence(self, past: Any, m: int) -> Any:
        """Say how p^(m) comes from earlier models, for :mod:`jaxcollapse.theory`; this base class cannot.

        Raises:
          TypeError: unless a regime overrides it.
        """
        raise TypeError(f"theory needs a regime that says its recurrence, and {type(self).__name__} does not")


def only_if(condition: Array, draw: Callable[[], Corpus]) -> Corpus:
    """What ``draw`` draws, or an empty corpus of that form; the work is done only where it is needed."""

    def nothing() -> Corpus:
        return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(draw))

    return lax.cond(condition, draw, nothing)


def stack_of(model: Any, length: int) -> Any:
    """Room for ``length`` of these, one axis more."""
    return jax.tree.map(lambda leaf: jnp.zeros((length, *leaf.shape), leaf.dtype), model)


def put(stack: Any, row: Array, model: Any) -> Any:
    """The stack with this row replaced."""
    return jax.tree.map(lambda all_, one: lax.dynamic_update_index_in_dim(all_, one, row, 0), stack, model)


def rows_and_places(sizes: Array, slots: int) -> tuple[Array, Array]:
    """Lay corpora of these sizes end to end: the row and the place in it of each slot, ``int32 [slots]``."""
    ends = jnp.cumsum(sizes, dtype=jnp.int32)
    slot = lax.iota(jnp.int32, slots)
    row = jnp.minimum(jnp.searchsorted(ends, slot, side="right").astype(jnp.int32), sizes.shape[0] - 1)
    return row, jnp.maximum(slot - (ends - sizes)[row], 0)


def _capacity(name: str, size: Any, capacity: int | None) -> int:
    """The static room for a size: given, or the next power of two."""
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
    """The numbers of a size: one, or those of a schedule."""
    return size.sizes if isinstance(size, Schedule) else size


def _at(size: Any, m: Any) -> Array:
    return size.at(m) if isinstance(size, Schedule) else jnp.asarray(size)


def is_value(value: Any) -> bool:
    """Whether a setting can and must be judged now: it is neither traced nor a placeholder."""
    return not (isinstance(value, jax.core.Tracer) or _is_placeholder(value))


def _is_placeholder(value: Any) -> bool:
    """Pytree machinery rebuilds classes around things that are not numbers; those pass unchecked."""
    return not (check.concrete(value) or isinstance(value, jax.core.Tracer | str | None))


def _outside(size: Array, least: int, capacity: int) -> Array:
    return ~((size >= least) & (size <= capacity) & (size == jnp.floor(size)))  # NaN is outside too

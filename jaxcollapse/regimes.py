"""Data regimes: which earlier generations feed the next one. One short class each.

``n`` tokens are drawn afresh from the last model in every regime here; what differs is the real data.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check
from jaxcollapse.process import Corpus, Learner, Memory, Model


def _capacity(name: str, size: Any, capacity: int | None) -> int:
    """The static room for a size: given, or the next power of two."""
    if capacity is None:
        if not check.concrete(size):
            raise ValueError(
                f"{name} is traced, so the room for it must be fixed: "
                f"give {'capacity' if name == 'n' else name + '_capacity'}= its largest value"
            )
        return min(1 << (int(np.max(size)) - 1).bit_length(), check.LARGEST)
    capacity = check.static_whole_number("capacity", capacity)
    check.whole_number(name, size, most=capacity, remedy="raise its capacity or lower it")
    return capacity


def _is_placeholder(value: Any) -> bool:
    """Pytree machinery rebuilds classes around things that are not numbers; those pass unchecked."""
    return not (check.concrete(value) or isinstance(value, jax.core.Tracer | str | None))


def _outside(size: Any, capacity: int) -> Array:
    size = jnp.asarray(size)
    return ~((size >= 1) & (size <= capacity) & (size == jnp.floor(size)))  # NaN is outside too


def _size(size: Any, capacity: int) -> Array:
    """The size as the int32 that the draws use, kept within its room even when a traced value is not."""
    return jnp.clip(jnp.asarray(size), 1, capacity).astype(jnp.int32)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class FullySynthetic:
    """Every generation is trained on ``n`` tokens of the one before: ``n_t^(m) = n [t = m - 1]``.

    Generation 1 is trained on ``n`` tokens of the truth. The neutral Wright-Fisher model: every
    chain ends in one token.

    Attributes:
      n: tokens a generation, a leaf.
      capacity: the most that ``n`` may become without compiling anew; static. By default the next
        power of two.

    Raises:
      ValueError: when ``n`` is not a whole number between 1 and ``capacity``.

    Source: Seddik et al. (2024), section 2.2.

    Example:
      >>> FullySynthetic(n=500)
      FullySynthetic(n=500, capacity=512)
    """

    n: Any
    capacity: Any = dataclasses.field(default=None, metadata={"static": True})
    closed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not _is_placeholder(self.n):
            check.whole_number("n", self.n)
            object.__setattr__(self, "capacity", _capacity("n", self.n, self.capacity))

    @property
    def room(self) -> int:
        return self.capacity

    def begin(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        return learner.sample(key, truth, _size(self.n, self.capacity), self.capacity)

    def remember(self, memory: Memory | None, corpus: Corpus) -> Memory:
        return ()

    def collect(self, key: Array, learner: Learner, truth: Model, model: Model, memory: Memory, m: Array) -> Corpus:
        return learner.sample(key, model, _size(self.n, self.capacity), self.capacity)

    def faults(self) -> Array:
        return _outside(self.n, self.capacity)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class PartiallySynthetic:
    """One real corpus, drawn once and kept for ever, and ``n`` fresh tokens of the last model.

    Generation 1 is trained on the ``real`` tokens alone; generation ``m >= 2`` on these and on ``n``
    tokens of generation ``m - 1``.

    Attributes:
      n: synthetic tokens a generation, a leaf.
      real: real tokens, N in the paper, a leaf.
      capacity: the most that ``n`` may become without compiling anew; static, by default the next
        power of two.
      real_capacity: the same for ``real``.

    Raises:
      ValueError: when a size is not a whole number between 1 and its capacity, or when both together
        exceed 2^31 - 1.

    Source: Seddik et al. (2024), section 2.2.

    Example:
      >>> PartiallySynthetic(n=500, real=100)
      PartiallySynthetic(n=500, real=100, capacity=512, real_capacity=128)
    """

    n: Any
    real: Any
    capacity: Any = dataclasses.field(default=None, metadata={"static": True})
    real_capacity: Any = dataclasses.field(default=None, metadata={"static": True})
    closed: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not (_is_placeholder(self.n) or _is_placeholder(self.real)):
            check.whole_number("n", self.n)
            check.whole_number("real", self.real)
            capacity = _capacity("n", self.n, self.capacity)
            real_capacity = _capacity("real", self.real, self.real_capacity)
            # A power of two may be twice what is needed; near the largest count, only what is needed fits.
            if capacity + real_capacity > check.LARGEST and self.real_capacity is None:
                real_capacity = int(np.max(self.real))
            if capacity + real_capacity > check.LARGEST and self.capacity is None:
                capacity = int(np.max(self.n))
            if capacity + real_capacity > check.LARGEST:
                raise ValueError(
                    f"n and real have room for {capacity + real_capacity} tokens together, and a model counts at most "
                    f"{check.LARGEST}; lower n={self.n!r}, real={self.real!r} or their capacities"
                )
            object.__setattr__(self, "capacity", capacity)
            object.__setattr__(self, "real_capacity", real_capacity)

    @property
    def room(self) -> int:
        return self.real_capacity + self.capacity

    def begin(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        return learner.sample(key, truth, _size(self.real, self.real_capacity), self.real_capacity)

    def remember(self, memory: Memory | None, corpus: Corpus) -> Memory:
        return corpus if memory is None else memory

    def collect(self, key: Array, learner: Learner, truth: Model, model: Model, memory: Memory, m: Array) -> Corpus:
        return learner.merge(memory, learner.sample(key, model, _size(self.n, self.capacity), self.capacity))

    def faults(self) -> Array:
        return _outside(self.n, self.capacity) | _outside(self.real, self.real_capacity)


def make(name: str, **sizes: int) -> Any:
    """The regime of a name, given the sizes that it has; others are left aside.

    Example:
      >>> make("fully-synthetic", n=5, real=3)
      FullySynthetic(n=5, capacity=8)
    """
    kind = REGIMES[name]
    fields = {field.name for field in dataclasses.fields(kind)}
    return kind(**{size: value for size, value in sizes.items() if size in fields})


REGIMES = {"fully-synthetic": FullySynthetic, "partially-synthetic": PartiallySynthetic}
"""By the name that the command line uses. A new regime is a class and a line here."""

"""Decodings: functions of probabilities that change a model's distribution before tokens are drawn from it.

They compose: ``decoding=(TopK(50), Temperature(0.8))`` applies one after the other, left to right. Numbers are leaves,
so a sweep over temperatures is a ``vmap``. Probabilities of 0 stay 0, at least one token is always kept, and of tokens
that are equally probable those that come first in the vocabulary are kept.

Source of the definitions: Fan et al. (2018) for top-k, Holtzman et al. (2020) for the nucleus, Nguyen et al. (2024)
for min-p.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from jaxcollapse import check
from jaxcollapse.pytrees import Bounded, pytree_dataclass

ROUNDING = 1e-6
"""The largest relative rounding error of a sum of probabilities in float32."""


class Decoding(Bounded, abc.ABC):
    """The base of every decoding: a pytree that maps probabilities to probabilities."""

    @abc.abstractmethod
    def __call__(self, p: Array) -> Array:
        """Return the probabilities ``[vocabulary]`` with which a model of probabilities ``p [vocabulary]`` writes."""


@pytree_dataclass
class Temperature(Decoding):
    """Decode by temperature T: ``p_i^(1/T)``, normalised.

    T = 1 changes no bit, T = 0 is :class:`Greedy`, and T = infinity is uniform over the tokens with positive p.

    Attributes:
      temperature: T, a leaf of at least 0.

    Raises:
      ValueError: for a concrete temperature that is negative or NaN.

    Example:
      >>> import jax.numpy as jnp
      >>> p = jnp.array([0.5, 0.3, 0.2, 0.0])
      >>> [f"{x:.3f}" for x in Temperature(0.5)(p)]
      ['0.658', '0.237', '0.105', '0.000']
      >>> [f"{x:.3f}" for x in Temperature(float("inf"))(p)]
      ['0.333', '0.333', '0.333', '0.000']
    """

    bounds: ClassVar = {"temperature": (0, float("inf"))}

    temperature: Any

    def __call__(self, p: Array) -> Array:
        t = jnp.asarray(self.temperature, jnp.float32)
        possible = p > 0
        # Logarithms are relative to the largest, so that not all powers underflow; no branch computes 0/0.
        log = jnp.where(possible, jnp.log(jnp.where(possible, p, 1.0)), -jnp.inf)
        below = jnp.where(possible, log - jnp.max(log), 0.0)
        weight = jnp.where(possible, jnp.exp(below / jnp.where(t > 0, t, 1.0)), 0.0)
        return jnp.where(t == 1, p, jnp.where(t > 0, weight / jnp.sum(weight), _largest(p)))


@pytree_dataclass
class Greedy(Decoding):
    """Decode greedily: all mass is on the most probable token.

    Example:
      >>> import jax.numpy as jnp
      >>> Greedy()(jnp.array([0.2, 0.4, 0.4])).tolist()
      [0.0, 1.0, 0.0]
    """

    def __call__(self, p: Array) -> Array:
        return _largest(p)


@pytree_dataclass
class TopK(Decoding):
    """Decode by the ``k`` most probable tokens. k = 1 is :class:`Greedy`; k >= the vocabulary changes no bit.

    Attributes:
      k: the number of tokens that are kept, a leaf of at least 1.

    Raises:
      ValueError: for a concrete ``k`` that is no whole number of at least 1.

    Example:
      >>> import jax.numpy as jnp
      >>> [f"{x:.3f}" for x in TopK(2)(jnp.array([0.2, 0.5, 0.3]))]
      ['0.000', '0.625', '0.375']
    """

    bounds: ClassVar = {"k": (1, float("inf"))}

    k: Any

    def __post_init__(self) -> None:
        if check.concrete(self.k):
            check.whole_number("k", self.k)

    def __call__(self, p: Array) -> Array:
        return _keep(p, _rank(p) < self.k)


@pytree_dataclass
class Nucleus(Decoding):
    """Decode by the nucleus: the fewest most probable tokens that have at least the probability ``mass`` together.

    Attributes:
      mass: the probability of the nucleus, a leaf between 0 and 1; 1 changes no bit, and 0 is :class:`Greedy`.

    Raises:
      ValueError: for a concrete mass that is not between 0 and 1.

    Example:
      >>> import jax.numpy as jnp
      >>> [f"{x:.3f}" for x in Nucleus(0.7)(jnp.array([0.2, 0.5, 0.3]))]
      ['0.000', '0.625', '0.375']
    """

    bounds: ClassVar = {"mass": (0, 1)}

    mass: Any

    def __call__(self, p: Array) -> Array:
        mass = jnp.asarray(self.mass, jnp.float32)
        rank = _rank(p)
        reached = jnp.cumsum(jnp.zeros_like(p).at[rank].set(p))
        before = jnp.concatenate([jnp.zeros(1, p.dtype), reached[:-1]])
        # A mass that is reached up to rounding counts as reached.
        kept = (before < (mass - ROUNDING) * reached[-1]) | (jnp.arange(p.shape[0]) == 0)
        return jnp.where(mass >= 1, p, _keep(p, kept.at[rank].get()))


@pytree_dataclass
class MinP(Decoding):
    """Decode by the tokens that are at least ``share`` times as probable as the most probable one.

    Attributes:
      share: the least probability relative to the most probable token, a leaf between 0 and 1; 0 changes no bit.

    Raises:
      ValueError: for a concrete share that is not between 0 and 1.

    Example:
      >>> import jax.numpy as jnp
      >>> [f"{x:.3f}" for x in MinP(0.5)(jnp.array([0.2, 0.5, 0.3]))]
      ['0.000', '0.625', '0.375']
    """

    bounds: ClassVar = {"share": (0, 1)}

    share: Any

    def __call__(self, p: Array) -> Array:
        share = jnp.asarray(self.share, jnp.float32)
        return _keep(p, p >= share * jnp.max(p))


def apply(decoding: Sequence[Decoding], p: Array) -> Array:
    """Return the probabilities ``p [vocabulary]`` after all decodings, which are applied from the first to the last."""
    for step in decoding:
        p = step(p)
    return p


def _largest(p: Array) -> Array:
    """Return 1 for the most probable token and 0 for the others; of equals, for the first in the vocabulary."""
    return (jnp.arange(p.shape[0]) == jnp.argmax(p)).astype(p.dtype)


def _rank(p: Array) -> Array:
    """Return the rank of each token, 0 for the most probable; of equals the first in the vocabulary comes first."""
    order = jnp.argsort(-p, stable=True)
    return jnp.zeros(p.shape[0], jnp.int32).at[order].set(jnp.arange(p.shape[0], dtype=jnp.int32))


def _keep(p: Array, kept: Array) -> Array:
    """Return p with the tokens that are not kept set to 0, normalised; where they have no mass, p itself."""
    rest = jnp.where(kept, p, 0.0)
    return jnp.where(jnp.all(kept | (p == 0)), p, rest / jnp.sum(rest))

"""Corpora of exchangeable items of any kind: documents, or whatever pytree has a leading axis of slots."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.contract import Corpora
from jaxcollapse.exact.bits import randint, random_bits


class Items(NamedTuple):
    """A list of items.

    Attributes:
      data: arrays ``[capacity, ...]``; slots from ``size`` on are unused, and their values have no meaning.
      size: the number of slots in use, ``int32 []``.
      weight: how often each item counts, ``float32 [capacity]``, or None where all count once.
    """

    data: Any
    size: Array
    weight: Array | None = None

    @property
    def capacity(self) -> int:
        """Return the number of slots."""
        return jax.tree.leaves(self.data)[0].shape[0]

    @property
    def in_use(self) -> Array:
        """Return which slots hold an item, ``bool [capacity]``."""
        return lax.iota(jnp.int32, self.capacity) < self.size


class ItemCorpora(Corpora):
    """Operations on corpora of :class:`Items`. A pool has a fixed capacity, so regimes need a last generation."""

    provides: ClassVar[frozenset[str]] = frozenset(
        {"gather", "exchangeable", "pool", "extend", "subsample", "reweight"}
    )

    def length(self, corpus: Items) -> Array:
        """Return the number of items, ``int32 []``."""
        return corpus.size

    def concatenate(self, first: Items, second: Items) -> Items:
        """Return the corpus of both corpora's items, with the sum of their capacities."""
        grown = self.resize(first, first.capacity + second.capacity)
        return self.extend(grown, second)

    def resize(self, corpus: Items, capacity: int) -> Items:
        """Return the same corpus with another capacity."""
        return corpus._replace(data=_resized(corpus.data, capacity), weight=_resized(corpus.weight, capacity))

    def gather(self, stack: Items, rows: Array, positions: Array, size: Array) -> Items:
        """Return the corpus whose item j copies item ``positions[j]`` of corpus ``rows[j]`` of a stack."""
        return Items(jax.tree.map(lambda leaf: leaf.at[rows, positions].get(mode="clip"), stack.data), size)

    def pool(self, corpus: Items, frame: Any, capacity: int | None) -> Items:
        """Return a pool that holds the items of a corpus and can be extended up to its capacity."""
        if capacity is None:
            raise ValueError(
                "a pool of items needs a bound; give the regime generations=, the last that a run may reach"
            )
        return self.resize(corpus, capacity)

    def extend(self, pool: Items, corpus: Items) -> Items:
        """Return the pool with the items of a corpus added; those beyond its capacity are left out."""
        place = jnp.where(corpus.in_use, pool.size + lax.iota(jnp.int32, corpus.capacity), pool.capacity)
        put = lambda all_, new: all_.at[place].set(new, mode="drop")
        return Items(jax.tree.map(put, pool.data, corpus.data), jnp.minimum(pool.size + corpus.size, pool.capacity))

    def subsample(self, key: Array, pool: Items, size: Array, capacity: int, replace: bool) -> Items:
        """Return ``size`` items of the pool, with or without replacement; without, at most all of them."""
        if replace:
            place = randint(key, jnp.maximum(pool.size, 1), capacity)
            size = jnp.where(pool.size > 0, size, 0)
        else:
            # Take the items with the smallest of 64 random bits each: every subset is equally likely, up to ties.
            bits, slot = random_bits(key, pool.capacity), lax.iota(jnp.int32, pool.capacity)
            spare = (~pool.in_use).astype(jnp.int32)
            place = lax.sort((spare, bits.hi, bits.lo, slot), num_keys=3)[3]
            place, size = _resized(place, capacity), jnp.minimum(size, pool.size)
        return Items(jax.tree.map(lambda leaf: leaf.at[place].get(mode="clip"), pool.data), size)

    def reweight(self, first: Items, second: Items, weight: Array) -> Items:
        """Return the corpus of both corpora's items, in which each item of the first counts ``weight`` times."""
        both = self.concatenate(first, second)
        is_first = lax.iota(jnp.int32, both.capacity) < first.size
        return both._replace(weight=jnp.where(is_first, jnp.asarray(weight, jnp.float32), jnp.float32(1)))


ITEMS = ItemCorpora()


def _resized(data: Any, capacity: int) -> Any:
    """Return arrays ``[slots, ...]`` cut or padded with zeros to ``capacity`` slots."""

    def of_leaf(leaf: Array) -> Array:
        more = max(0, capacity - leaf.shape[0])
        return jnp.pad(leaf, [(0, more)] + [(0, 0)] * (leaf.ndim - 1))[:capacity]

    return jax.tree.map(of_leaf, data)

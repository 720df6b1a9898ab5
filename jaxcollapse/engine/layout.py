"""The layout of chains over memory and devices: each device advances its own chains, one block after another."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array, lax

from jaxcollapse.contract import Process


class Layout(NamedTuple):
    """The layout of chains over memory and devices, static.

    Attributes:
      block: how many chains are advanced together on a device.
      sharding: the sharding of chains over several devices; None on one device, and inside a caller's own program.
    """

    block: int
    sharding: jax.sharding.NamedSharding | None


def layout_of(process: Process, chains: Array) -> Layout:
    """Return the layout of chains, whose sharding over devices is that of the array of their numbers."""
    count = chains.shape[0]
    if isinstance(chains, jax.core.Tracer):
        return Layout(count, None)
    sharding = chains.sharding
    if len(sharding.device_set) == 1:
        return Layout(_batch(process, count), None)
    if not isinstance(sharding, jax.sharding.NamedSharding):
        return Layout(count, None)
    return Layout(_batch(process, sharding.shard_shape(chains.shape)[0]), sharding)


def _batch(process: Process, chains: int) -> int:
    """Return how many of so many chains are advanced together on the present backend."""
    return process.scheme.batch(process, chains, jax.default_backend())


def in_blocks(of_block: Callable[[Any], Any], batch: Any, layout: Layout) -> Any:
    """Apply ``of_block`` to chains along the leading axis: each device takes its own chains, block after block."""
    if layout.sharding is None:
        return _one_after_another(of_block, batch, layout.block)
    by_chain = jax.sharding.PartitionSpec(*layout.sharding.spec[:1])
    on_device = functools.partial(_one_after_another, of_block, block=layout.block)
    # Chains are independent, so devices do not communicate, and a loop on a device ends when its own chains are done.
    spread = jax.shard_map(on_device, mesh=layout.sharding.mesh, in_specs=by_chain, out_specs=by_chain, check_vma=False)
    return spread(batch)


def _one_after_another(of_block: Callable[[Any], Any], batch: Any, block: int) -> Any:
    """Apply ``of_block`` to blocks of a batch along its leading axis, one after another on one device."""
    count = jax.tree.leaves(batch)[0].shape[0]
    if block >= count:
        return of_block(batch)
    # All blocks have one size, for another size would compile the whole program again; a few chains are done twice.
    blocks = -(-count // block)
    block = -(-count // blocks)
    index = np.minimum(np.arange(blocks * block), count - 1)
    cut = jax.tree.map(lambda leaf: leaf[index].reshape(blocks, block, *leaf.shape[1:]), batch)
    done = lax.map(of_block, cut)
    return jax.tree.map(lambda leaf: leaf.reshape(blocks * block, *leaf.shape[2:])[:count], done)


def on_an_automatic_mesh(chains: Array) -> Array:
    """Return the numbers of chains on a mesh with automatic axes, so that XLA chooses the sharding of operations."""
    if isinstance(chains, jax.core.Tracer) or not isinstance(chains.sharding, jax.sharding.NamedSharding):
        return chains
    mesh, spec = chains.sharding.mesh, chains.sharding.spec
    if all(kind == jax.sharding.AxisType.Auto for kind in mesh.axis_types):
        return chains
    automatic = jax.sharding.Mesh(mesh.devices, mesh.axis_names)
    return jax.device_put(chains, jax.sharding.NamedSharding(automatic, spec))

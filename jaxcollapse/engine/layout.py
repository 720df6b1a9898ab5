"""How chains lie over memory and devices: each device goes through its own, block after block."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array, lax

from jaxcollapse.contract import Process


class Layout(NamedTuple):
    """How chains are laid out, static.

    Attributes:
      block: how many are advanced together on a device.
      sharding: over several devices; None on one, and where a caller's program decides.
    """

    block: int
    sharding: jax.sharding.NamedSharding | None


def layout_of(process: Process, chains: Array) -> Layout:
    """Return how chains of these numbers are laid out; over devices as the array of numbers is."""
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
    return process.scheme.batch(process, chains, jax.default_backend())


def in_blocks(of_block: Callable[[Any], Any], batch: Any, layout: Layout) -> Any:
    """The work for chains along the leading axis: each device goes through its own, block after block."""
    if layout.sharding is None:
        return _one_after_another(of_block, batch, layout.block)
    by_chain = jax.sharding.PartitionSpec(*layout.sharding.spec[:1])
    on_device = functools.partial(_one_after_another, of_block, block=layout.block)
    # Devices never talk to each other: chains are independent, and a loop ends on each when its own are done.
    spread = jax.shard_map(on_device, mesh=layout.sharding.mesh, in_specs=by_chain, out_specs=by_chain, check_vma=False)
    return spread(batch)


def _one_after_another(of_block: Callable[[Any], Any], batch: Any, block: int) -> Any:
    count = jax.tree.leaves(batch)[0].shape[0]
    if block >= count:
        return of_block(batch)
    # Equal blocks, for an odd one would compile the whole program again; a few chains run twice instead.
    blocks = -(-count // block)
    block = -(-count // blocks)
    index = np.minimum(np.arange(blocks * block), count - 1)
    cut = jax.tree.map(lambda leaf: leaf[index].reshape(blocks, block, *leaf.shape[1:]), batch)
    done = lax.map(of_block, cut)
    return jax.tree.map(lambda leaf: leaf.reshape(blocks * block, *leaf.shape[2:])[:count], done)


def on_an_automatic_mesh(chains: Array) -> Array:
    """Chains laid out on a mesh with explicit axes, where each operation would want a sharding of its own."""
    if isinstance(chains, jax.core.Tracer) or not isinstance(chains.sharding, jax.sharding.NamedSharding):
        return chains
    mesh, spec = chains.sharding.mesh, chains.sharding.spec
    if all(kind == jax.sharding.AxisType.Auto for kind in mesh.axis_types):
        return chains
    automatic = jax.sharding.Mesh(mesh.devices, mesh.axis_names)
    return jax.device_put(chains, jax.sharding.NamedSharding(automatic, spec))

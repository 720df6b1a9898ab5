"""The distribution of chains over the devices of a process, and over processes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec


def place_chains(first: int, count: int, capacity: int, devices: Sequence[jax.Device]) -> jax.Array:
    """Return the numbers of chains ``first .. first + count - 1``, ``int32 [capacity]``, placed on devices.

    Args:
      first: the number of the first chain.
      count: how many chains there are; the last one is repeated in the remaining slots.
      capacity: the number of slots, a multiple of the number of devices.
      devices: the devices of this process.
    """
    numbers = np.minimum(first + np.arange(capacity), first + count - 1).astype(np.int32)
    if len(devices) == 1:
        return jax.device_put(numbers, devices[0])
    mesh = Mesh(np.array(devices), ("chains",))
    return jax.device_put(numbers, NamedSharding(mesh, PartitionSpec("chains")))


def share(count: int, unit: int = 1) -> tuple[int, int]:
    """Return where the items of this process begin and end (not included), of ``count`` items, in whole units.

    Example:
      >>> share(10)  # one process
      (0, 10)
    """
    units = -(-count // unit)
    processes, index = jax.process_count(), jax.process_index()
    return min(units * index // processes * unit, count), min(units * (index + 1) // processes * unit, count)


def largest_share(count: int, unit: int = 1) -> int:
    """Return the largest number of items that any process has, of ``count`` items in whole units.

    Example:
      >>> largest_share(10)
      10
    """
    return min(math.ceil(math.ceil(count / unit) / jax.process_count()) * unit, count)


def gather_from_processes(content: bytes) -> list[bytes]:
    """Return the contents that all processes pass, in the order of processes; each of them must call this."""
    if jax.process_count() == 1:
        return [content]
    from jax.experimental import multihost_utils

    sizes = multihost_utils.process_allgather(np.array([len(content)], np.int32)).ravel()
    padded = np.zeros(int(sizes.max()), np.uint8)
    padded[: len(content)] = np.frombuffer(content, np.uint8)
    gathered = np.asarray(multihost_utils.process_allgather(padded)).reshape(len(sizes), -1)
    return [row[:size].tobytes() for row, size in zip(gathered, sizes, strict=True)]

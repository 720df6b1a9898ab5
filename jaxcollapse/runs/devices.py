"""Chains laid over devices and shared out among processes."""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec


def laid_out(first: int, count: int, room: int, devices: Sequence[jax.Device]) -> jax.Array:
    """The numbers of chains ``first .. first + count - 1``, the last one again up to ``room``, over devices.

    Args:
      first, count: of the chains.
      room: a multiple of the number of devices.
      devices: of this process.
    """
    numbers = np.minimum(first + np.arange(room), first + count - 1).astype(np.int32)
    if len(devices) == 1:
        return jax.device_put(numbers, devices[0])
    mesh = Mesh(np.array(devices), ("chains",))
    return jax.device_put(numbers, NamedSharding(mesh, PartitionSpec("chains")))


def share(count: int, unit: int = 1) -> tuple[int, int]:
    """The first and the last but one of ``count`` things that fall to this process, in whole units.

    Example:
      >>> share(10)  # one process
      (0, 10)
    """
    units = -(-count // unit)
    processes, index = jax.process_count(), jax.process_index()
    return min(units * index // processes * unit, count), min(units * (index + 1) // processes * unit, count)


def largest_share(count: int, unit: int = 1) -> int:
    """The most that falls to a process.

    Example:
      >>> largest_share(10)
      10
    """
    return min(math.ceil(math.ceil(count / unit) / jax.process_count()) * unit, count)


def of_all_processes(content: bytes) -> list[bytes]:
    """What each process has to say, in their order; collective where there are several."""
    if jax.process_count() == 1:
        return [content]
    from jax.experimental import multihost_utils

    sizes = multihost_utils.process_allgather(np.array([len(content)], np.int32)).ravel()
    padded = np.zeros(int(sizes.max()), np.uint8)
    padded[: len(content)] = np.frombuffer(content, np.uint8)
    gathered = np.asarray(multihost_utils.process_allgather(padded)).reshape(len(sizes), -1)
    return [row[:size].tobytes() for row, size in zip(gathered, sizes, strict=True)]

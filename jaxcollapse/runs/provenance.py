"""The provenance of a result: the versions, device and machine that made it, for every file that is written."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from typing import Any

import jax

from jaxcollapse.version import __version__


def provenance() -> dict[str, Any]:
    """Return versions of packages, device, machine and time, as plain values for JSON.

    Example:
      >>> sorted(provenance())
      ['device', 'machine', 'time', 'versions']
    """
    devices = jax.local_devices()
    packages = ("jax", "jaxlib", "numpy", "scipy", "matplotlib")
    return {
        "versions": {"python": platform.python_version(), "jaxcollapse": __version__}
        | {name: importlib.metadata.version(name) for name in packages},
        "device": {"platform": devices[0].platform, "kind": devices[0].device_kind, "count": len(devices)},
        "machine": {"system": platform.system(), "processor": platform.machine()},
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }

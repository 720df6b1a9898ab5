"""What cells ask of another process: to die in a run, to have four devices, or to compile from the beginning."""

from __future__ import annotations

import json
import sys

import compilations
import runs

if __name__ == "__main__":
    what, name, *others = sys.argv[1:]
    works = {"kill": runs.kill, "devices": runs.on_devices, "cell": runs.elsewhere_computed}
    works["compilations"] = compilations.counted
    print(json.dumps(works[what](name, *others)))

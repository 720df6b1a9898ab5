"""`python smoke.py`: a few runs of an installed jaxcollapse that need nothing but it; prints versions and digests.

Simulation agrees with theory and collapse comes when it must; prints one line of JSON, whose digests of integers should
be the same under every version of JAX.
"""

from __future__ import annotations

import hashlib
import json
import platform
import warnings

import jax
import numpy as np
import verdict

import jaxcollapse as jc


def digest(*arrays) -> str:
    """Return a short name of integers and their order."""
    data = b"".join(np.ascontiguousarray(array, dtype=np.int64).tobytes() for array in arrays)
    return hashlib.sha256(data).hexdigest()[:16]


def main() -> None:
    """Run, check, print."""
    warnings.simplefilter("error", DeprecationWarning)  # what a version announces to remove
    warnings.simplefilter("error", FutureWarning)
    key, p = jax.random.key(20261122), np.array([0.4, 0.3, 0.2, 0.1])
    found = {}
    for name, regime in {
        "fully-synthetic": jc.FullySynthetic(n=20),
        "partially-synthetic": jc.PartiallySynthetic(n=20, real=5),
        "accumulate": jc.Accumulate(n=20),
    }.items():
        process = jc.recursive_training(p, regime)
        trace = jc.simulate(key, process, chains=2000, generations=8, record=("heterozygosity", "support"))
        for m, exact in enumerate(jc.theory.heterozygosity(process, 8)):
            assert verdict.mean_agrees(trace["heterozygosity"][:, m], exact, low=0, high=1), (name, m)
        again = jc.run(key, process, chains=2000, generations=8, record=("support",), progress=False)
        assert np.array_equal(again["support"], trace["support"]), name
        found[name] = digest(trace["support"])
    process = jc.recursive_training(p, jc.FullySynthetic(n=20))
    times = jc.collapse_times(key, process, chains=2000, max_generations=200)
    for m, exact in enumerate(jc.theory.collapse_probability(process, 200)):
        assert verdict.share_agrees(np.asarray(times.time) <= m, exact), m
    found["collapse times"] = digest(times.time)
    versions = {"python": platform.python_version(), "jax": jax.__version__, "numpy": np.__version__}
    print(json.dumps({"versions": versions, "kernel": jc.native.available(), "digests": found}))


if __name__ == "__main__":
    main()

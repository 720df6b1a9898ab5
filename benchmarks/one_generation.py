"""The time of one generation of one chain, as a report spends it: sampling and four statistics.

    .venv/bin/python benchmarks/one_generation.py [--regimes NAME ...] [--chains 16] [--repeats 5]

Prints one JSON record with the machine and the versions: median, least and most of the repeats, after
one run to compile. Contestants and proofs of equal answers are to come.
"""

import argparse
import json
import os
import statistics
import time

import jax

import jaxcollapse as jc
from jaxcollapse.regimes import REGIMES, make
from jaxcollapse.runs.provenance import provenance

RECORD = ("support", "l2_truth", "heterozygosity", "entropy")
GENERATIONS = 5
SETTINGS = {"n": 10**6, "real": 10**5, "budget": 10**6, "share": 0.1, "window": 4}


def seconds_a_generation(process, chains: int, repeats: int) -> list[float]:
    """Seconds for one generation of one chain, in each repeat."""
    key = jax.random.key(0)
    state, _ = jc.engine.start(key, process, chains=chains, record=RECORD)
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        state, trace = jc.engine.advance(key, process, state, generations=GENERATIONS, record=RECORD)
        jax.block_until_ready((state, trace))
        times.append((time.perf_counter() - began) / (GENERATIONS * chains))
    return times[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chains", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--regimes", nargs="+", choices=REGIMES, default=["fully-synthetic", "partially-synthetic"])
    options = parser.parse_args()
    language = jc.languages.from_wordfreq("en", words=50_000)
    results = {}
    for name in options.regimes:
        process = jc.recursive_training(language, make(name, **SETTINGS))
        times = seconds_a_generation(process, options.chains, options.repeats)
        spread = {"median": statistics.median(times), "least": min(times), "most": max(times)}
        results[name] = {which: round(1e3 * value, 2) for which, value in spread.items()}
    print(json.dumps({"milliseconds": results, "cores": os.cpu_count(), "chains": options.chains, **provenance()}))


if __name__ == "__main__":
    main()

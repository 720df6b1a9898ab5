"""The whole law of p^(m), by enumeration of every state that a second hand wrote; and the first Dirac mass."""

from __future__ import annotations

from collections import Counter

import jax
import numpy as np
import verdict
from blind import regimes_enumeration

import jaxcollapse as jc
from jaxcollapse.statistics import trajectory

CHAINS = 20_000
GENERATIONS = 4
P = (0.5, 0.3125, 0.1875)
HALVES = (0.6875, 0.3125)

CASES = {
    "fully-synthetic": (("fully", 3), jc.FullySynthetic(n=3), P),
    "partially-synthetic": (("partial", 3, 2), jc.PartiallySynthetic(n=3, real=2), P),
    "most-recent": (("recent", 4, 2, False), jc.MostRecent(n=4, window=2), P),
    "most-recent K=3": (("recent", 3, 3, False), jc.MostRecent(n=3, window=3), HALVES),
    "most-recent, reuse": (("recent", 4, 2, True), jc.MostRecent(n=4, window=2, reuse=True), P),
    "randomly-sampled": (("random", 3, "fresh"), jc.RandomlySampled(n=3), P),
    "randomly-sampled pool": (("random", 3, "pool"), jc.RandomlySampled(n=3, reuse="pool"), P),
    "randomly-sampled prefix": (
        ("random", 3, "prefix"),
        jc.RandomlySampled(n=3, reuse="prefix", generations=GENERATIONS),
        HALVES,
    ),
    "accumulate": (("accumulate", 3), jc.Accumulate(n=3), P),
    "accumulate-subsample": (("subsample", 2, 3, False), jc.AccumulateSubsample(n=2, budget=3), P),
    "accumulate-subsample, large budget": (("subsample", 2, 5, False), jc.AccumulateSubsample(n=2, budget=5), P),
    "accumulate-subsample with replacement": (
        ("subsample", 2, 3, True),
        jc.AccumulateSubsample(n=2, budget=3, replacement=True),
        P,
    ),
    "fresh-real": (("fresh", 2, 1, 1.0), jc.FreshReal(n=2, real=1), P),
    "fresh-real weighted": (("fresh", 2, 2, 1.5), jc.FreshReal(n=2, real=2, weight=1.5), P),
    "mixture": (("mixture", 3, 0.25), jc.Mixture(n=3, share=0.25), P),
}


def nearest(models: np.ndarray, outcomes: list[tuple[float, ...]]) -> Counter:
    """How often each enumerated outcome was seen; what is none of them counts under None."""
    points = np.array(outcomes)
    distance = np.abs(models[:, None, :] - points[None]).max(axis=2)
    which = distance.argmin(axis=1)
    found = np.where(distance[np.arange(len(models)), which] < 1e-5, which, -1)
    return Counter(outcomes[i] if i >= 0 else None for i in found.tolist())


def judge(name: str, seed: int):
    """Yields (what, outcomes, agrees)."""
    blind, regime, p = CASES[name]
    process = jc.recursive_training(p, regime)
    key = jax.random.key(seed)
    every = trajectory(*range(len(p)))
    trace = jc.simulate(key, process, chains=CHAINS, generations=GENERATIONS, record=every)
    models = np.asarray(trace[every.name], np.float64)
    for m in range(1, GENERATIONS + 1):
        law = regimes_enumeration.law(blind, p, m)
        seen = nearest(models[:, m], list(law))
        yield f"law of p^({m})", len(law), verdict.law_agrees(seen, law)
    times = jc.collapse_times(key, process, chains=CHAINS, max_generations=GENERATIONS)
    expected = regimes_enumeration.first_dirac(blind, p, GENERATIONS)
    for m in range(1, GENERATIONS + 1):
        seen_by_m = np.asarray(times.observed & (times.time <= m))
        yield f"first Dirac by {m}", 1, verdict.share_agrees(seen_by_m, expected[m])
    final = np.asarray(times.final_observed)
    yield "final is never before first", 1, bool((np.asarray(times.final) >= np.asarray(times.time))[final].all())

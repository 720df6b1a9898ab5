"""Limits in which two regimes must coincide, in the simulation (two samples) and in the theory (to 1e-12)."""

from __future__ import annotations

import jax
import numpy as np
import verdict

import jaxcollapse as jc

from . import checks

CHAINS = 8192
P = np.array([0.35, 0.25, 0.2, 0.1, 0.05, 0.05])
N, G = 6, 8

FULLY = jc.FullySynthetic(n=N)
LIMITS = {
    "a window of one generation is fully synthetic": (jc.MostRecent(n=N, window=1), FULLY, G),
    "so is one whose tokens are reused": (jc.MostRecent(n=N, window=1, reuse=True), FULLY, G),
    "no fresh real data: fully synthetic": (jc.FreshReal(n=N, real=0), FULLY, G),
    "fresh real data without weight: fully synthetic": (jc.FreshReal(n=N, real=N, weight=0.0), FULLY, G),
    "a weight of one is none": (jc.FreshReal(n=N, real=4, weight=1.0), jc.FreshReal(n=N, real=4), G),
    "a mixture without real tokens: fully synthetic": (jc.Mixture(n=N, share=0.0), FULLY, G),
    "random generations at m = 1": (jc.RandomlySampled(n=N), FULLY, 1),
    "random prefixes at m = 1": (jc.RandomlySampled(n=N, reuse="prefix", generations=4), FULLY, 1),
    "a random pool is a subsample with replacement": (
        jc.RandomlySampled(n=N, reuse="pool"),
        jc.AccumulateSubsample(n=N, budget=N, replacement=True),
        G,
    ),
    "a budget beyond the pool: accumulate": (jc.AccumulateSubsample(n=N, budget=N * G), jc.Accumulate(n=N), G),
    "a window never filled, reused: accumulate": (
        jc.MostRecent(n=N * (G + 1), window=G + 1, reuse=True),
        jc.Accumulate(n=N),
        G,
    ),
    "a schedule that is constant": (jc.FullySynthetic(n=jc.schedules.constant(N, 3)), FULLY, G),
}


def judge(name: str, seed: int):
    """Yields (what, comparisons, agrees)."""
    one, other, generations = LIMITS[name]
    processes = [jc.recursive_training(P, regime) for regime in (one, other)]
    traces = [
        jc.simulate(jax.random.key(seed + i), process, chains=CHAINS, generations=generations, record=checks.RECORD)
        for i, process in enumerate(processes)
    ]
    for statistic in checks.RECORD:
        low, high = checks.bounds(statistic, processes[0])
        agree = verdict.means_agree(traces[0][statistic], traces[1][statistic], span=high - low)
        yield f"simulated {statistic}", agree.size, bool(agree.all())
    for statistic in ("heterozygosity", "l2_first", "support", "l1_first"):
        try:
            exact = [jc.theory.ORACLES[statistic](process, generations) for process in processes]
        except (jc.theory.OutOfRange, TypeError):
            continue
        yield f"exact {statistic}", exact[0].size, bool(np.allclose(*exact, rtol=1e-12, atol=1e-12))

"""Power: does the campaign catch wrong programs? Size: does it leave the right one alone?"""

from __future__ import annotations

import collections
import json
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import verdict
from scipy import stats

from . import cells, checks, limits, whole_laws

SLICE = (
    "fully-synthetic",
    "partially-synthetic",
    "most-recent K=2",
    "most-recent K=2, reuse",
    "randomly-sampled",
    "randomly-sampled pool",
    "randomly-sampled prefix",
    "accumulate",
    "accumulate-subsample",
    "fresh-real",
    "fresh-real weighted",
    "mixture, n_m",
)
"""What `make test` runs, and what the null run repeats: every regime, in every way that it can be meant."""
NULL_CHAINS = 1024
RATES = (0.05, 1e-3, verdict.RATE)


def catch(name: str, seed: int) -> dict:
    """Run the campaign on a mutant until something rejects it (in a process of its own: it patches the package)."""
    import mutants

    mutants.MUTANTS[name]()
    regime = mutants.REGIME_OF.get(name)
    drawn = cells.draw(seed, 4 * len(cells.VARIANTS))
    if regime is not None:
        drawn = [cell for cell in drawn if cell.twin[0] == regime]  # what they do not show, others will not
    drawn.sort(key=lambda cell: mutants.SHOWN_BY[name] not in cell.variant)
    looked = 0
    for cell in drawn:
        for finding in checks.judge(cell, seed, twins=0):
            looked += finding.checks
            if not finding.passed:
                by = f"{finding.statistic} at m={finding.m}: {finding.mean:.4f} against {finding.exact:.4f}"
                return {
                    "caught": True,
                    "by": f"{cell}: {by} ({finding.used:.1f} times what is allowed)",
                    "checks": looked,
                }
    for case in whole_laws.CASES:
        for what, count, agrees in whole_laws.judge(case, seed):
            looked += count
            if not agrees:
                return {"caught": True, "by": f"{case}: {what}", "checks": looked}
    for limit in limits.LIMITS:
        for what, count, agrees in limits.judge(limit, seed):
            looked += count
            if not agrees:
                return {"caught": True, "by": f"{limit}: {what}", "checks": looked}
    return {"caught": False, "by": "nothing", "checks": looked}


def all_mutants(seed: int, most: int | None, say) -> list[dict]:
    """Every mutant, two processes at a time."""
    import mutants

    def one(name: str) -> dict:
        command = [sys.executable, str(pathlib.Path(__file__).parent), "--seed", str(seed), "--mutant", name]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        lines = done.stdout.strip().splitlines()
        found = json.loads(lines[-1]) if done.returncode == 0 and lines else None
        if found is None:
            # A mutant that breaks the program is caught, but shows nothing of the checks.
            reason = (done.stderr.strip().splitlines() or ["no output"])[-1]
            found = {"caught": False, "by": f"it failed: {reason[:120]}", "checks": 0}
        say(f"  {'caught' if found['caught'] else 'NOT CAUGHT'}: {name} | {found['by']}")
        return {"mutant": name, "regime": mutants.REGIME_OF.get(name) or "any", **found}

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, list(mutants.MUTANTS)[:most]))


def null_run(seed: int, seeds: int) -> dict:
    """The slice under many keys: how often the right program is rejected, at several nominal rates.

    At the campaign's own rate the number of seeds with an alarm is binomial with chance at most (checks a
    seed) x rate. At larger rates each single check is: alarms out of `seeds`.
    """
    drawn = cells.draw(seed, len(SLICE), SLICE)
    exact = [{name: checks.oracle(name, cell.process) for name in checks.RECORD} for cell in drawn]
    alarms = {rate: collections.defaultdict(lambda: np.zeros(cells.GENERATIONS + 1)) for rate in RATES}
    seeds_with_alarm, a_seed = 0, 0
    for key in range(seeds):
        rejected, a_seed = False, 0
        for cell, curves in zip(drawn, exact, strict=True):
            values = checks.engine(cell, 10_000 + key, NULL_CHAINS)
            for name, curve in curves.items():
                if not len(curve):
                    continue
                a_seed += len(curve)
                low, high = checks.bounds(name, cell.process)
                variance = np.clip(curve * (1 - curve), 0, None) if name == "collapsed" else None
                sample = values[name][:, : len(curve)]
                for rate in RATES:
                    off, allowed = verdict.deviation(sample, curve, low=low, high=high, variance=variance, rate=rate)
                    alarms[rate][cell.number, name][: len(curve)] += off > allowed
                    rejected |= rate == verdict.RATE and bool((off > allowed).any())
        seeds_with_alarm += rejected
    bound = min(1.0, a_seed * verdict.RATE)
    p_value = stats.binomtest(seeds_with_alarm, seeds, bound, alternative="greater").pvalue
    shares = {}
    honest = p_value > verdict.RATE
    for rate in RATES:
        counts = np.concatenate(list(alarms[rate].values()))
        shares[rate] = float(counts.sum() / (a_seed * seeds))
        worst = int(counts.max())
        honest &= stats.binomtest(worst, seeds, rate, alternative="greater").pvalue > verdict.RATE / len(counts)
    return {
        "seeds": seeds,
        "checks a seed": a_seed,
        "seeds with an alarm": seeds_with_alarm,
        "expected at most": bound * seeds,
        "alarms by nominal rate": shares,
        "passed": bool(honest),
    }

"""What is asked of a cell: simulation against oracle, twin against oracle, twin against simulation."""

from __future__ import annotations

import dataclasses
import functools

import jax
import numpy as np
import twin
import verdict

import jaxcollapse as jc
from jaxcollapse.pytrees import canonical

from . import cells

CHAINS = 16_384
TWINS = 300
MOMENTS = ("heterozygosity", "l2_first", "l2_truth")
LAWS = ("support", "entropy", "l1_first", "l1_truth", "collapsed")
RECORD = (*MOMENTS, *LAWS)


@dataclasses.dataclass(frozen=True)
class Finding:
    """One comparison at its worst generation.

    Attributes:
      cell, kind, statistic: what was compared; kind is "engine", "twin" or "both".
      checks: generations compared, each at the rate of `verdict`.
      m: the worst of them.
      mean, exact: simulated and exact there (the engine's, for "both").
      z: the deviation in standard errors (for the eye only; the verdict does not use it).
      used: the largest share of the allowed deviation; above 1 is a rejection.
      passed: the verdict.
    """

    cell: str
    variant: str
    kind: str
    statistic: str
    checks: int
    m: int
    mean: float
    exact: float
    z: float
    used: float
    passed: bool


def bounds(name: str, process) -> tuple[float, float]:
    """The smallest and the largest value that a statistic can take."""
    tokens = int(np.count_nonzero(np.asarray(process.p)))
    return {
        "heterozygosity": (0.0, 1 - 1 / tokens),
        "support": (1.0, float(tokens)),
        "entropy": (0.0, float(np.log(tokens))),
        "collapsed": (0.0, 1.0),
    }.get(name, (0.0, 2.0))


def oracle(name: str, process) -> np.ndarray:
    """The exact curve, as far as it reaches."""
    reach = cells.GENERATIONS
    regime = process.regime
    if name in LAWS and isinstance(regime, jc.RandomlySampled) and regime.reuse == "prefix":
        reach = cells.PREFIX_ORACLE if _most(regime) <= 3 else 0
    try:
        return jc.theory.ORACLES[name](process, reach) if reach else np.zeros(0)
    except (TypeError, jc.theory.OutOfRange):  # one token's law is not known for sizes that change, or too large
        return np.zeros(0)


def _most(regime) -> int:
    return int(max(regime.n.sizes)) if isinstance(regime.n, jc.Schedule) else int(regime.n)


@functools.partial(jax.jit, static_argnames="chains")
def _simulate(key, process, chains):
    trace = jc.simulate(key, process, chains=chains, generations=cells.GENERATIONS, record=RECORD)
    return trace.values, trace.status


def engine(cell, seed: int, chains: int = CHAINS) -> dict[str, np.ndarray]:
    """What the engine gives, `[chains, generations + 1]` by statistic."""
    key = jax.random.fold_in(jax.random.key(seed), cell.number)
    process = canonical(cell.process)
    values, status = _simulate(key, process, chains)
    assert not np.any(status), cell
    return {name: np.asarray(value, np.float64) for name, value in values.items()}


def by_hand(cell, seed: int, chains: int = TWINS) -> dict[str, np.ndarray]:
    """The same from the slow twin."""
    generator = np.random.default_rng((seed, cell.number))
    name, settings = cell.twin
    q = np.asarray(cell.process.p, np.float64)  # the engine's language, rounded to float32
    q /= q.sum()
    runs = [twin.TWINS[name](generator, q, cells.GENERATIONS, **settings) for _ in range(chains)]
    p = np.array(runs)
    first = p[:, 1:2]
    with np.errstate(divide="ignore", invalid="ignore"):
        logarithm = np.where(p > 0, np.log(p), 0)
    return {
        "heterozygosity": (p * (1 - p)).sum(axis=2),
        "l2_first": ((p - first) ** 2).sum(axis=2),
        "l2_truth": ((p - q) ** 2).sum(axis=2),
        "support": (p > 0).sum(axis=2).astype(float),
        "entropy": -(p * logarithm).sum(axis=2),
        "l1_first": np.abs(p - first).sum(axis=2),
        "l1_truth": np.abs(p - q).sum(axis=2),
        "collapsed": (p == 1).any(axis=2).astype(float),
    }


def against_oracle(cell, kind: str, values: dict[str, np.ndarray], exact: dict[str, np.ndarray], rate=verdict.RATE):
    """One finding a statistic."""
    for name, curve in exact.items():
        if len(curve) == 0:
            continue
        sample = values[name][:, : len(curve)]
        low, high = bounds(name, cell.process)
        # Of an indicator the mean says the variance.
        variance = np.clip(curve * (1 - curve), 0, None) if name == "collapsed" else None
        off, allowed = verdict.deviation(sample, curve, low=low, high=high, variance=variance, rate=rate)
        yield _finding(cell, kind, name, sample, curve, off, allowed)


def _finding(cell, kind, name, sample, curve, off, allowed):
    used = np.where(off <= 0, 0, off / np.maximum(allowed, 1e-300))
    m = int(np.argmax(used))
    error = sample.std(axis=0, ddof=1) / np.sqrt(len(sample))
    z = (sample[:, m].mean() - curve[m]) / error[m] if error[m] > 1e-9 else 0.0
    passed = bool((off <= allowed).all())
    return Finding(
        str(cell), cell.variant, kind, name, len(curve), m, float(sample[:, m].mean()), float(curve[m]), float(z),
        float(min(used[m], 1e6)), passed,
    )  # fmt: skip


def compare(cell, fast, slow):
    """The twin against the engine, whatever the theory says."""
    for name in RECORD:
        low, high = bounds(name, cell.process)
        agree = verdict.means_agree(fast[name], slow[name], span=high - low)
        gap = np.abs(fast[name].mean(axis=0) - slow[name].mean(axis=0))
        m = int(np.argmax(gap))
        error = np.hypot(
            fast[name][:, m].std() / len(fast[name]) ** 0.5, slow[name][:, m].std() / len(slow[name]) ** 0.5
        )
        yield Finding(
            str(cell), cell.variant, "both", name, len(gap), m, float(fast[name][:, m].mean()),
            float(slow[name][:, m].mean()), float(gap[m] / error) if error > 1e-9 else 0.0,
            float(not agree.all()), bool(agree.all()),
        )  # fmt: skip


def judge(cell, seed: int, *, chains: int = CHAINS, twins: int = TWINS):
    """All findings of a cell."""
    exact = {name: oracle(name, cell.process) for name in RECORD}
    fast = engine(cell, seed, chains)
    yield from against_oracle(cell, "engine", fast, exact)
    if twins:
        slow = by_hand(cell, seed, twins)
        yield from against_oracle(cell, "twin", slow, exact)
        yield from compare(cell, fast, slow)

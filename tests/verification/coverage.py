"""How often the 95% intervals of `jaxcollapse.analysis` hold the truth, which theory knows: `make coverage`.

    python tests/verification/coverage.py [--sets 1000] [--only TEXT ...] [--chains 50 100 1000 10000] [--out FOLDER]

Every kind of fit is made on 1000 independent data sets at each number of chains (the smaller ones are parts of the
larger). With cover 0.95 the number of hits is binomial; a cell fails where it falls below, or for intervals that are
not exact ones also above, what that law leaves with a chance of 1e-3 for all cells together. "Not identifiable" is a
miss, unless the number of chains alone foretells it (below 400 for a tail of a curve): then the cell is not offered.
"""

import argparse
import json
import pathlib
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from scipy import stats

import jaxcollapse as jc
from jaxcollapse import analysis, theory
from jaxcollapse.runs.provenance import provenance

SIZES = (50, 100, 1000, 10_000)
LEVEL = 0.95
ERROR_RATE = 1e-3
"""Of the whole table, when all intervals cover as they say."""
AT_ONCE = 20
"""Data sets simulated in one call."""


class Case(NamedTuple):
    """A kind of estimate with its truth.

    Attributes:
      name: in the table.
      draw: chain numbers to whatever the estimate is made from, leading axis the chain.
      interval: of one data set, a pair with the truth: ``(low, high, truth)``; NaN where it is not identifiable.
      exact: whether the interval is conservative by construction, as Clopper and Pearson's.
      fewest: chains below which the estimate says by itself that it cannot be made.
    """

    name: str
    draw: Callable[[np.ndarray], Any]
    interval: Callable[[Any], tuple[float, float, float]]
    exact: bool = False
    fewest: int = 0


def _process(language, regime):
    return jc.recursive_training(language, regime)


def _recorded(process, generations, name):
    def draw(numbers):
        trace = jc.simulate(jax.random.key(1), process, chains=numbers, generations=generations, record=name)
        return np.asarray(trace[name], np.float64)

    return draw


def _of(fit, name, truth):
    low, high = fit[name].interval
    return (low, high, truth) if fit.identifiable else (np.nan, np.nan, truth)


def decay(language, n, generations):
    """The rate of the heterozygosity, exponential from the first generation on."""
    process, truth = _process(language, jc.FullySynthetic(n=n)), float(-np.log1p(-1 / n))
    return Case(
        f"decay rate of heterozygosity, {language.name}, n = {n}",
        _recorded(process, generations, "heterozygosity"),
        lambda values: _of(analysis.fit_exponential(values), "rate", truth),
    )


def with_floor(parameter):
    """A fixed real corpus: S_m tends to its limit geometrically, the ratio being b of the paper's Theorem 2."""
    n, real, generations = 100, 20, 30
    process = _process(jc.languages.uniform(100), jc.PartiallySynthetic(n=n, real=real))
    a = n / (n + real)
    rate = -np.log(a * ((1 + 1 / real) * a - 1 / real))
    limit = theory.heterozygosity(process, 10_000)[-1]
    truth = {"rate": float(rate), "floor": float(limit)}[parameter]
    return Case(
        f"exponential with a floor, {parameter}, n = {n}, {real} real",
        _recorded(process, generations, "heterozygosity"),
        lambda values: _of(analysis.fit_exponential(values, floor=True), parameter, truth),
    )


def tail_of_curve():
    """``support - 1``: the leading eigenvalue is that of the heterozygosity."""
    process = _process(jc.languages.zipf(50), jc.FullySynthetic(n=20))
    truth, draw = float(-np.log1p(-1 / 20)), _recorded(process, 120, "support")
    return Case(
        "decay rate of support - 1 in its tail, zipf, n = 20",
        lambda numbers: draw(numbers) - 1,
        lambda values: _of(analysis.fit_exponential(values, window="tail"), "rate", truth),
        fewest=400,
    )


def _times(language, n, last):
    process = _process(language, jc.FullySynthetic(n=n))
    return lambda numbers: jc.collapse_times(jax.random.key(2), process, chains=numbers, max_generations=last)


def _one_by_one(draw):
    """Collapse times as an array ``[chains, 2]``, time and whether it was observed, that can be cut."""

    def both(numbers):
        times = draw(numbers)
        return np.stack([np.asarray(times.time), np.asarray(times.observed)], axis=1)

    return both


def _again(pair):
    time, observed = pair[:, 0], pair[:, 1].astype(bool)
    return jc.CollapseTimes(time, observed, time, observed, np.zeros(len(time), np.int32))


def tail_of_times(last):
    n, truth = 20, float(-np.log1p(-1 / 20))
    return Case(
        f"rate of the tail of collapse times, zipf, n = {n}, " + ("all seen" if last > 1000 else f"seen to {last}"),
        _one_by_one(_times(jc.languages.zipf(50), n, last)),
        lambda pair: _of(analysis.fit_exponential(_again(pair)), "rate", truth),
    )


def survival_at(m, what):
    """Of one language: the survival curve at a generation, the mean of min(T, 40), the hazard there, the median."""
    language, n, last = jc.languages.zipf(50), 20, 60
    alive = 1 - theory.collapse_probability(_process(language, jc.FullySynthetic(n=n)), last)

    def interval(pair):
        curve = analysis.survival(_again(pair))
        if what == "survival":
            at = min(m, len(curve.generation) - 1)
            return curve.low[at], curve.high[at], alive[m]
        if what == "mean":
            return *curve.mean(up_to=min(m, int(curve.generation[-1]))).interval, alive[:m].sum()
        if what == "median":
            return *curve.quantile(0.5).interval, float(np.argmax(alive <= 0.5))
        found = curve.hazard(width=5)
        i = (m - 1) // 5
        # Pooled over five generations the hazard is that of chains weighted by how many are left.
        truth = -np.diff(alive)[5 * i : 5 * i + 5].sum() / alive[5 * i : 5 * i + 5].sum()
        return (found.low[i], found.high[i], truth) if i < len(found.hazard) else (0.0, 1.0, truth)

    return Case(
        {
            "survival": f"P(T > {m}), zipf, n = {n}, seen to {last}",
            "mean": f"mean of min(T, {m}), zipf, n = {n}, seen to {last}",
            "median": f"median of T, zipf, n = {n}, seen to {last}",
            "hazard": f"hazard around generation {m}, zipf, n = {n}, seen to {last}",
        }[what],
        _one_by_one(_times(language, n, last)),
        interval,
        exact=what in ("hazard", "median"),
    )


def power_of_error():
    """``E ||p^(1) - p||^2 = (1 - S_0)/n``: a power law at every size."""
    sizes = [5, 10, 20, 50, 100]

    def draw(numbers):
        of = lambda n: _recorded(_process(jc.languages.zipf(50), jc.FullySynthetic(n=n)), 1, "l2_truth")(numbers)[:, 1]
        return np.stack([of(n) for n in sizes], axis=1)

    return Case(
        "exponent of the first model's squared error in n",
        draw,
        lambda values: _of(analysis.fit_power_law(sizes, values.T), "exponent", -1.0),
    )


def power_of_time():
    """``E T``: a power law in the limit only; the truth is what the same fit makes of the exact means."""
    sizes = [5, 10, 20, 50, 100]
    processes = [_process(jc.languages.uniform(20), jc.FullySynthetic(n=n)) for n in sizes]
    exact = [theory.expected_collapse_time(process) for process in processes]

    def draw(numbers):
        found = [jc.collapse_times(jax.random.key(3), of, chains=numbers, max_generations=10**6) for of in processes]
        assert all(times.observed.all() for times in found)
        return np.stack([np.asarray(times.time) for times in found], axis=1)

    def interval(values):
        fit = analysis.fit_power_law(sizes, values.T)
        return _of(fit, "exponent", fit.of(exact)["exponent"])

    return Case("exponent of E T in n, against the exact means' own", draw, interval)


def polynomial_of_pairs():
    """``E sum_i X_i^2 = (1 - S_0) n + S_0 n^2``: a polynomial at every size."""
    sizes = [5, 10, 20, 50, 100]
    language = jc.languages.zipf(50)

    def draw(numbers):
        of = lambda n: _recorded(_process(language, jc.FullySynthetic(n=n)), 1, "simpson")(numbers)[:, 1] * n**2
        return np.stack([of(n) for n in sizes], axis=1)

    return Case(
        "leading coefficient of E sum X^2, a polynomial in n",
        draw,
        lambda values: _of(analysis.fit_polynomial(sizes, values.T, degree=2), "c2", language.simpson),
    )


def cases():
    return [
        decay(jc.languages.zipf(50), 20, 60),
        decay(jc.languages.uniform(100), 50, 80),
        with_floor("rate"),
        with_floor("floor"),
        tail_of_curve(),
        tail_of_times(10**6),
        tail_of_times(60),
        survival_at(30, "survival"),
        survival_at(30, "mean"),
        survival_at(30, "median"),
        survival_at(30, "hazard"),
        power_of_error(),
        power_of_time(),
        polynomial_of_pairs(),
    ]


def measure(case, sizes, sets):
    """Hits and misses below and above, by the number of chains: ``{chains: [sets, 2]}``, low and high side missed."""
    sizes = [size for size in sizes if size >= case.fewest]
    if not sizes:
        return {}
    largest = max(sizes)
    missed = {size: [] for size in sizes}
    for first in range(0, sets, AT_ONCE):
        count = min(AT_ONCE, sets - first)
        numbers = np.arange(first * largest, (first + count) * largest)
        drawn = case.draw(numbers).reshape(count, largest, *case.draw(numbers[:2]).shape[1:])
        for values in drawn:
            for size in sizes:
                low, high, truth = case.interval(values[:size])
                missed[size].append((not low <= truth, not truth <= high))
    return {size: np.array(found) for size, found in missed.items()}


def limits(sets, cells):
    """The fewest and most hits that a cell may have."""
    chance = ERROR_RATE / max(cells, 1) / 2
    return int(stats.binom.ppf(chance, sets, LEVEL)), int(stats.binom.isf(chance, sets, LEVEL))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=1000)
    parser.add_argument("--chains", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--only", nargs="+", default=[], metavar="TEXT", help="cases whose name holds one of these")
    parser.add_argument("--out", type=pathlib.Path, help="write coverage.json and coverage.md to this folder")
    options = parser.parse_args()
    chosen = [case for case in cases() if not options.only or any(text in case.name for text in options.only)]
    cells = sum(size >= case.fewest for case in chosen for size in options.chains)
    fewest, most = limits(options.sets, cells)
    began, rows, failed = time.perf_counter(), [], []
    head = f"| share of {options.sets} intervals at 95% that hold the truth | " + " | ".join(
        f"{c:,} chains" for c in options.chains
    )
    lines = [head + " |", "|---" + "|---:" * len(options.chains) + "|"]
    print("\n".join(lines), flush=True)
    for case in chosen:
        found, shown = measure(case, options.chains, options.sets), []
        for size in options.chains:
            if size not in found:
                shown.append("not offered")
                continue
            below, above = found[size].mean(axis=0)
            both = found[size].any(axis=1)
            hits = int((~both).sum())
            wrong = hits < fewest or (hits > most and not case.exact)
            failed += [(case.name, size)] * wrong
            shown.append(f"{hits / options.sets:.3f}" + " **fails**" * wrong)
            rows.append({"case": case.name, "chains": size, "hits": hits, "truth_below": below, "truth_above": above})
        lines.append(f"| {case.name} | " + " | ".join(shown) + " |")
        print(lines[-1], flush=True)
    seconds = time.perf_counter() - began
    told = (
        f"\nEach of {cells} cells passes between {fewest} and {most} hits of {options.sets} (exact intervals may have "
        f"more): an error rate of {ERROR_RATE:g} for the table. {seconds:.0f} s."
    )
    print(told)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "coverage.md").write_text("\n".join(lines) + "\n" + told + "\n", encoding="utf-8")
        everything = {"sets": options.sets, "fewest": fewest, "most": most, "seconds": round(seconds), "cells": rows}
        (options.out / "coverage.json").write_text(
            json.dumps({**everything, "made_with": provenance()}, indent=1) + "\n"
        )
    raise SystemExit(f"{len(failed)} cells fail: {failed}" if failed else 0)


if __name__ == "__main__":
    main()

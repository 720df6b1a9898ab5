"""Cells of `simulate`, and of the same in segments."""

from __future__ import annotations

import functools

import numpy as np
import tables
from digests import of_trace
from tables import KEY, P

import jaxcollapse as jc

CHAINS, GENERATIONS = 5, 12
"""Across generation 8, where "labels first" changes its form."""
QUICK = {
    "simulate/fully-synthetic/labels first",
    "simulate/fresh-real, weight/discount",
    "every 3/randomly-sampled, prefix/labels",
    "segments/accumulate/n-grams",
    "segments/partially-synthetic/contexts, drawn",
    "wide/labels first, 500 of 3000, segments",
    "schedules/fully-synthetic, geometric",
}


def simulated(process, record, *, chains=CHAINS, generations=GENERATIONS, **options):
    """Everything that `simulate` records."""
    return of_trace(jc.simulate(KEY, process, chains=chains, generations=generations, record=record, **options))


def in_segments(process, record, segments, *, chains=CHAINS, every=1):
    """Everything that `start` and one `advance` after another record, joined; and where they end."""
    state, trace = jc.engine.start(KEY, process, chains=chains, record=record)
    pieces = [of_trace(trace)] if every == 1 else [{name: of[:, :1] for name, of in trace.values.items()}]
    for generations in segments:
        options = {"generations": generations, "record": record, "every": every}
        state, trace = jc.engine.advance(KEY, process, state, **options)
        pieces.append(of_trace(trace))
    joined = {name: np.concatenate([piece[name] for piece in pieces], axis=1) for name in trace.values}
    return joined | {"status": trace.status, "m": np.asarray(state.m)}


# One call.


_BOTH = {"fully-synthetic", "accumulate-subsample"}
FULL = {
    "labels": set(tables.REGIMES),
    "labels first": _BOTH,
    "counts": _BOTH,
    "portable": _BOTH,
    "additive": {"partially-synthetic", "fresh-real, weight"},
    "n-grams": {"most-recent", "accumulate"},
    "n-grams, Kneser-Ney": {"fully-synthetic"},
    "contexts": {"fresh-real, weight"},
    "contexts, drawn": {"partially-synthetic"},
}
"""Regimes by learner of which all statistics are recorded; to compile these takes half of the time."""


def _whole(regime, learner):
    record = tables.statistics_of if regime in FULL.get(learner, ()) else tables.fewest_statistics_of
    return simulated(tables.process_of(regime, learner), record(learner))


def _every_third(regime, learner):
    record = tables.fewer_statistics_of(learner)
    return simulated(tables.process_of(regime, learner), record, generations=14, every=3)


def _other_decodings():
    """All decodings in one chain of them; and a prior of a matrix, other orders of n-grams, sorts and documents."""
    d = jc.decoding
    learner = jc.learners.Estimated(decoding=(d.MinP(0.02), d.Nucleus(0.97), d.TopK(6), d.Temperature(1.1)))
    process = jc.recursive_training(P, jc.FullySynthetic(n=20), learner)
    return simulated(process, tables.fewer_statistics_of("discount"))


def _greedy():
    learner = jc.learners.Estimated(estimator=jc.estimators.Additive(1.0), decoding=jc.decoding.Greedy())
    return simulated(jc.recursive_training(P, jc.FreshReal(n=9, real=9), learner), ("support", "winner", "entropy"))


def _sorted_texts(order, method):
    learner = jc.learners.NGram(order=order, method=method)
    process = jc.recursive_training(tables.song(), jc.FullySynthetic(n=40), learner)
    return simulated(process, tables.fewer_statistics_of("n-grams"))


def _contexts_of_estimated():
    inner = jc.learners.Estimated(estimator=jc.estimators.Additive(0.5))
    learner = jc.learners.Contexts(inner, frequencies=tables.FREQUENCIES, drawn=True)
    process = jc.recursive_training(tables.ROWS, jc.FullySynthetic(n=30), learner)
    return simulated(process, tables.fewer_statistics_of("contexts"))


def _replaced(learner):
    regime = jc.AccumulateSubsample(n=6, budget=5, replacement=True)
    return simulated(jc.recursive_training(P, regime, tables.LEARNERS[learner]()), tables.fewer_statistics_of(learner))


def _by_number():
    """Chains by their numbers, and a method that the regime and the sizes choose."""
    process = jc.recursive_training(jc.languages.zipf(300), jc.FullySynthetic(n=150))
    return simulated(process, tables.SUMS, chains=np.array([5, 2_000_000, 0]), generations=20)


def _other_statistics():
    s = jc.statistics
    record = (s.hill(0.5), s.hill(3), s.hill(np.inf), s.tail_mass(0.02), s.spectrum(4), s.each("entropy"))
    return simulated(jc.recursive_training(jc.languages.zipf(40), jc.PartiallySynthetic(n=30, real=10)), record)


# Wide arrays, from which tokens that died are left out.


def _wide(vocabulary, n, learner, generations=None, segments=None, every=1, chains=3):
    process = jc.recursive_training(jc.languages.zipf(vocabulary), jc.FullySynthetic(n=n), learner)
    if segments:
        record = ("heterozygosity", "support", "winner", "l1_first", "l2_first", "l1_truth", tables.width)
        return in_segments(process, record, segments, chains=chains, every=every)
    record = (*tables.SUMS, tables.width)
    return simulated(process, record, chains=chains, generations=generations, every=every)


_C = jc.learners.Categorical
WIDE = {
    "labels first, 500 of 3000": (3000, 500, _C(), {"generations": 100}),
    "labels first, 500 of 3000, segments": (3000, 500, _C(), {"segments": (5, 7, 48)}),
    "labels first, 1200 of 1500": (1500, 1200, _C(), {"generations": 300, "every": 10}),
    "labels first, 1200 of 1500, segments": (1500, 1200, _C(), {"segments": (6, 3, 90, 200), "every": 10}),
    "counts, 2000 of 300": (300, 2000, _C(), {"generations": 300, "every": 7}),
    "counts, 17000 of 40000": (40_000, 17_000, _C(method="counts"), {"generations": 20, "every": 2}),
    "portable, 500 of 3000": (3000, 500, _C(method="labels first", portable=True), {"generations": 90}),
    "portable, 120 of 100, segments": (100, 120, _C(method="counts", portable=True), {"segments": (20, 40, 3)}),
    "labels, 300 of 1000": (1000, 300, _C(method="labels"), {"generations": 30}),
}

# Segments.


def _segments(regime, learner, segments, every=1):
    record = tables.fewer_statistics_of(learner)
    return in_segments(tables.process_of(regime, learner), record, segments, every=every)


SEGMENTS = {
    ("fully-synthetic", "labels first"): (2, 6, 3),
    ("partially-synthetic", "counts"): (4, 7),
    ("most-recent", "labels"): (1, 4, 6),
    ("most-recent, reuse", "additive"): (4, 7),
    ("randomly-sampled, prefix", "labels"): (4, 7),
    ("accumulate", "labels first"): (5, 6),
    ("accumulate-subsample", "portable"): (4, 7),
    ("fresh-real, weight", "labels"): (4, 7),
    ("mixture", "top-k, temperature"): (4, 7),
    ("accumulate", "n-grams"): (4, 7),
    ("mixture", "n-grams, Kneser-Ney"): (4, 7),
    ("partially-synthetic", "contexts, drawn"): (4, 7),
}

# Sizes that change.


_S = jc.schedules
SCHEDULES = {
    "fully-synthetic, geometric": (lambda: jc.FullySynthetic(n=_grows()), "labels first"),
    "fully-synthetic, given": (lambda: jc.FullySynthetic(n=_S.given([12, 30, 5])), "counts"),
    "partially-synthetic": (lambda: jc.PartiallySynthetic(n=_grows(), real=9), "portable"),
    "most-recent": (lambda: jc.MostRecent(n=_S.given([12, 30, 5]), window=2), "labels"),
    "accumulate": (lambda: jc.Accumulate(n=_S.given([12, 30, 5])), "counts"),
    "accumulate-subsample": (lambda: jc.AccumulateSubsample(n=_S.given([12, 30, 5]), budget=10), "labels"),
    "fresh-real": (lambda: jc.FreshReal(n=_grows(), real=_S.given([12, 30, 5])), "additive"),
    "mixture": (lambda: jc.Mixture(n=_S.constant(7, 5), share=0.1), "labels"),
    "texts": (lambda: jc.FullySynthetic(n=_grows()), "n-grams"),
    "contexts": (lambda: jc.FullySynthetic(n=jc.Schedule([30, 60, 31])), "contexts"),
}


def _grows():
    return _S.geometric(5, 1.3, 10, most=40)


def _scheduled(name):
    regime, learner = SCHEDULES[name]
    truth = {"texts": tables.song, "contexts": lambda: tables.ROWS}.get(name, lambda: P)()
    process = jc.recursive_training(truth, regime(), tables.LEARNERS[learner]())
    return simulated(process, tables.fewer_statistics_of(learner))


def cells():
    """All of this file, by name."""
    table = {f"simulate/{r}/{of}": functools.partial(_whole, r, of) for r in tables.REGIMES for of in tables.LEARNERS}
    for regime in ("most-recent", "randomly-sampled, prefix", "accumulate", "mixture"):
        table[f"every 3/{regime}/labels"] = functools.partial(_every_third, regime, "labels")
    for learner in ("labels first", "portable", "n-grams", "contexts"):
        table[f"every 3/fully-synthetic/{learner}"] = functools.partial(_every_third, "fully-synthetic", learner)
    table |= {
        "simulate/other decodings": _other_decodings,
        "simulate/greedy": _greedy,
        "simulate/n-grams of order 1, sorted": functools.partial(_sorted_texts, 1, "sort"),
        "simulate/n-grams of order 3, by a table": functools.partial(_sorted_texts, 3, "table"),
        "simulate/n-grams of order 0": functools.partial(_sorted_texts, 0, None),
        "simulate/contexts of estimated": _contexts_of_estimated,
        "simulate/accumulate-subsample, replacement/labels": functools.partial(_replaced, "labels"),
        "simulate/accumulate-subsample, replacement/counts": functools.partial(_replaced, "counts"),
        "simulate/chains by number": _by_number,
        "simulate/other statistics": _other_statistics,
    }
    table |= {f"wide/{name}": functools.partial(_wide, *of, **how) for name, (*of, how) in WIDE.items()}
    for (regime, learner), segments in SEGMENTS.items():
        table[f"segments/{regime}/{learner}"] = functools.partial(_segments, regime, learner, segments)
    table["segments/every 3"] = functools.partial(_segments, "fully-synthetic", "labels first", (4, 5, 2), every=3)
    table |= {f"schedules/{name}": functools.partial(_scheduled, name) for name in SCHEDULES}
    return table

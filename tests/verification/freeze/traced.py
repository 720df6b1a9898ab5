"""Cells of traced values, good and bad, and of when chains collapse."""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import tables
from digests import of_times, of_trace
from tables import KEY, P

import jaxcollapse as jc

QUICK = {"vmap/fully-synthetic", "bad/accumulate-subsample", "collapse/labels first", "collapse/most-recent"}
_C = jc.learners.Categorical


# Traced values.


def _swept(of_number, numbers, record=("support", "entropy", "l1_first"), generations=11):
    """A sweep: one program for all numbers."""
    one = lambda number: of_trace(jc.simulate(KEY, of_number(number), chains=3, generations=generations, record=record))
    return jax.jit(jax.vmap(one))(jnp.asarray(numbers))


def _sweep_of_contexts(n):
    learner = jc.learners.Contexts(frequencies=tables.FREQUENCIES)
    return jc.recursive_training(tables.ROWS, jc.FullySynthetic(n=n, capacity=64), learner)


SWEEPS = {
    "fully-synthetic": lambda: _swept(
        lambda n: jc.recursive_training(P, jc.FullySynthetic(n=n, capacity=64), _C(method="labels first")),
        [3, 20, 64],
    ),
    "fully-synthetic, default": lambda: _swept(
        lambda n: jc.recursive_training(P, jc.FullySynthetic(n=n, capacity=1024)), [3, 200, 1024]
    ),
    "partially-synthetic": lambda: _swept(
        lambda n: jc.recursive_training(P, jc.PartiallySynthetic(n=n, real=n // 2, capacity=64, real_capacity=32)),
        [4, 20, 64],
    ),
    "accumulate": lambda: _swept(lambda n: jc.recursive_training(P, jc.Accumulate(n=n, capacity=64)), [3, 20, 64]),
    "mixture": lambda: _swept(
        lambda share: jc.recursive_training(P, jc.Mixture(n=20, share=share)), np.float32([0, 0.3, 1])
    ),
    "temperature": lambda: _swept(
        lambda t: jc.recursive_training(
            P, jc.FullySynthetic(n=20), jc.learners.Estimated(decoding=jc.decoding.Temperature(t))
        ),
        np.float32([0.5, 1, 1.5]),
    ),
    "truth": lambda: _swept(
        lambda power: jc.recursive_training((P / 2) ** power / jnp.sum((P / 2) ** power), jc.FullySynthetic(n=20)),
        np.float32([1, 2]),
        record=("support",),
    ),
    "contexts": lambda: _swept(_sweep_of_contexts, [16, 30, 64]),
}

# Bad values that could not be seen before tracing.


def _spoilt(change):
    p = P.copy()
    p[1] = change
    return p


BAD = {
    "good": (P, 6),
    "n above capacity": (P, 9),
    "n of zero": (P, 0),
    "a sum below one": (_spoilt(0.2), 6),
    "a NaN": (_spoilt(np.nan), 6),
    "a negative": (_spoilt(-0.25), 6),
    "both": (_spoilt(0.2), 9),
}


SPOILT = (
    "partially-synthetic",
    "most-recent",
    "randomly-sampled, prefix",
    "accumulate-subsample",
    "fresh-real",
    "mixture",
)


def _bad(regime, learner="labels"):
    @jax.jit
    def run(p, n):
        one = dataclasses.replace(tables.REGIMES[regime](tables.ONE), n=n)
        process = jc.recursive_training(p, one, tables.LEARNERS[learner]())
        trace = jc.simulate(KEY, process, chains=2, generations=3, record=("l1_first", "support", "collapsed"))
        times = jc.collapse_times(KEY, process, chains=2, max_generations=20)
        return of_trace(trace), of_times(times)

    found = {}
    for name, (p, n) in BAD.items():
        trace, times = run(p, n)
        found |= {f"{name}: {of}": values for of, values in (trace | times).items()}
    return found


def _bad_numbers():
    """Numbers of estimators, decodings, weights and frequencies that are out of range when the run sees them."""
    learner = jc.learners.Estimated

    def weighted(x):
        return jc.recursive_training(P, jc.FreshReal(n=6, real=3, weight=x))

    def smoothed(x):
        return jc.recursive_training(P, jc.FullySynthetic(n=6), learner(estimator=jc.estimators.Additive(x)))

    def decoded(x):
        return jc.recursive_training(P, jc.FullySynthetic(n=6), learner(decoding=jc.decoding.Nucleus(x)))

    def often(x):
        contexts = jc.learners.Contexts(frequencies=jnp.stack([x, 0.6, 0.3]))
        return jc.recursive_training(tables.ROWS, jc.FullySynthetic(n=30), contexts)

    def run(of_number, x):
        trace = jc.simulate(KEY, of_number(x), chains=2, generations=3, record=("l1_first", "support", "collapsed"))
        return of_trace(trace)

    found = {}
    for of_number in (weighted, smoothed, decoded, often):
        compiled = jax.jit(functools.partial(run, of_number))
        for x in (0.1, -1.0, np.nan, 3.0):
            values = compiled(np.float32(x))
            found |= {f"{of_number.__name__} {x}: {name}": of for name, of in values.items()}
    return found


# When chains collapse.


def times(process, chains=300, most=400):
    return of_times(jc.collapse_times(KEY, process(), chains=chains, max_generations=most))


def _of(regime, learner="labels"):
    return lambda: tables.process_of(regime, learner)


def _fully(vocabulary, n, **options):
    return lambda: jc.recursive_training(jc.languages.zipf(vocabulary), jc.FullySynthetic(n=n), _C(**options))


COLLAPSES = {
    "labels": (_fully(8, 10, method="labels"), 300),
    "counts": (_fully(30, 50, method="counts"), 300),
    "portable": (_fully(300, 60, method="counts", portable=True), 260),
    "labels first": (_fully(300, 60, method="labels first"), 300),
    "labels first, portable": (_fully(300, 60, method="labels first", portable=True), 300),
    "most-recent": (_of("most-recent"), 520),
    "most-recent, reuse": (_of("most-recent, reuse"), 300),
    "partially-synthetic": (_of("partially-synthetic"), 20),
    "accumulate": (_of("accumulate", "counts"), 20),
    "accumulate-subsample": (_of("accumulate-subsample"), 300),
    "randomly-sampled, pool": (_of("randomly-sampled, pool"), 300),
    "mixture": (_of("mixture"), 300),
    "contexts": (_of("fully-synthetic", "contexts"), 300),
    "contexts, drawn": (_of("fully-synthetic", "contexts, drawn"), 300),
    "top-k, temperature": (_of("fully-synthetic", "top-k, temperature"), 300),
    "n-grams": (_of("fully-synthetic", "n-grams"), 40),
    "schedule": (lambda: jc.recursive_training(P, jc.FullySynthetic(n=jc.schedules.geometric(4, 1.1, 30))), 300),
}


def cells():
    """All of this file, by name."""
    table = {f"vmap/{name}": of for name, of in SWEEPS.items()}
    table |= {f"bad/{regime}": functools.partial(_bad, regime) for regime in SPOILT}
    table["bad/fully-synthetic, labels first"] = functools.partial(_bad, "fully-synthetic", "labels first")
    table["bad/numbers"] = _bad_numbers
    return table | {f"collapse/{name}": functools.partial(times, *of) for name, of in COLLAPSES.items()}

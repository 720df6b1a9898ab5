"""Cells of compiled programs: their names and how many there are of each, as JAX's own log tells."""

from __future__ import annotations

import collections
import functools
import logging
import re

import jax
import numpy as np
import runs
import tables

import jaxcollapse as jc

QUICK = {"compilations/simulate", "compilations/run"}


class Names(logging.Handler):
    """The names of programs that were compiled."""

    def __init__(self):
        super().__init__()
        self.names = []

    def emit(self, record):
        if found := re.match(r"Finished XLA compilation of (?:jit\()?(\w+)", record.getMessage()):
            self.names.append(found[1])


def _p_of(exponent):
    weights = np.arange(1, 51.0) ** -exponent
    return weights / weights.sum()


def _fully(n=7, exponent=1.0, learner=None):
    return jc.recursive_training(_p_of(exponent), jc.FullySynthetic(n=n, capacity=8192), learner)


def _partially(n=7, exponent=1.0):
    return jc.recursive_training(_p_of(exponent), jc.PartiallySynthetic(n=n, real=5, capacity=8192, real_capacity=1024))


def _simulate(process, seed=0, chains=(0, 1)):
    numbers = np.array(chains)
    jax.block_until_ready(
        jc.simulate(jax.random.key(seed), process, chains=numbers, generations=3, record="support").values
    )


def _twice(of):
    """The second time with other values, for which nothing is compiled."""
    yield lambda: _simulate(of())
    yield lambda: _simulate(of(n=700, exponent=2.0), seed=5, chains=(10**6, 3))


def _collapse(learner=None, chains=300):
    for n, most in ((7, 10), (8, 30)):
        yield lambda n=n, most=most: jax.block_until_ready(
            jc.collapse_times(jax.random.key(0), _fully(n, learner=learner), chains=chains, max_generations=most)
        )


def _segments():
    key, process = jax.random.key(0), tables.process_of("fully-synthetic", "labels first")
    state, _ = jc.engine.start(key, process, chains=3, record="support")
    for generations in (5, 5, 3, 3):  # across generation 8
        yield lambda generations=generations, state=state: jc.engine.advance(
            key, process, state, generations=generations, record="support"
        )
        state, _ = jc.engine.advance(key, process, state, generations=generations, record="support")


def _whole(work):
    yield work


WORK = {
    "simulate": lambda: _twice(_fully),
    "simulate, partially": lambda: _twice(_partially),
    "collapse_times": _collapse,
    "collapse_times, portable": functools.partial(
        _collapse, learner=jc.learners.Categorical(method="counts", portable=True)
    ),
    "segments": _segments,
    "run": lambda: _whole(runs.pieces),
    "summarize": lambda: _whole(functools.partial(runs.summarized, generations=5)),
    "n-grams": lambda: _whole(
        lambda: jc.simulate(
            jax.random.key(0), tables.process_of("accumulate", "n-grams"), chains=2, generations=3, record="ngrams"
        )
    ),
    "contexts": lambda: _whole(
        lambda: jc.simulate(
            jax.random.key(0), tables.process_of("mixture", "contexts"), chains=2, generations=3, record="support"
        )
    ),
}


def counted(name):
    """The programs that each step of some work compiles, in a process that has compiled nothing."""
    handler = Names()
    logging.getLogger("jax").handlers.clear()
    logging.getLogger("jax").propagate = False
    logging.getLogger("jax._src.dispatch").addHandler(handler)
    found, begun = {}, 0
    with jax.log_compiles():
        for number, step in enumerate(WORK[name]()):
            step()
            count = collections.Counter(handler.names[begun:])
            begun = len(handler.names)
            found[f"step {number}"] = ", ".join(f"{count[of]} {of}" for of in sorted(count)) or "nothing"
    return found


def cells():
    """All of this file, by name."""
    return {f"compilations/{name}": functools.partial(runs.elsewhere, "compilations", name) for name in WORK}

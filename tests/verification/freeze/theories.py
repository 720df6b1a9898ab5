"""Cells of exact theory, as numbers of 12 digits; of the rules that choose methods; and of what is refused, and how."""

from __future__ import annotations

import functools

import jax
import numpy as np
import tables
from digests import digest, raised, rounded
from tables import FREQUENCIES, ROWS, P

import jaxcollapse as jc

QUICK = {
    "theory/fully-synthetic",
    "theory/most-recent, reuse",
    "theory/additive",
    "rules/methods",
    "rules/which learner with which regime",
    "rules/refusals",
}
ORACLES = (
    *("simpson", "heterozygosity", "support", "entropy", "l1_first", "l2_first", "l1_truth", "l2_truth", "kl_truth"),
    *("spectrum", "tail_mass", "collapse_probability", "heterozygosity_variance", "support_variance"),
)
LAST = 9
ROWS_KEPT = (0, 1, 2, 3, 6, 9)
"""Generations whose numbers are kept."""
TRUTH = np.array([0.5, 0.2, 0.15, 0.1, 0.05, 0], np.float32)


def _one(regime, learner=None, truth=TRUTH):
    return lambda: jc.recursive_training(truth, regime(), learner() if learner else None)


def _smooth(estimator):
    return lambda: jc.learners.Estimated(estimator=estimator())


def _contexts(**options):
    return lambda: jc.learners.Contexts(frequencies=FREQUENCIES, **options)


S = tables.Sizes(8, 4, 6)
PROCESSES = {name: _one(functools.partial(of, S)) for name, of in tables.REGIMES.items()} | {
    "larger": lambda: jc.recursive_training(jc.languages.zipf(60), jc.FullySynthetic(n=150)),
    "larger, real": lambda: jc.recursive_training(jc.languages.zipf(60), jc.PartiallySynthetic(n=50, real=40)),
    "schedule": _one(lambda: jc.FullySynthetic(n=jc.schedules.geometric(4, 1.5, 6))),
    "schedule, accumulate": _one(lambda: jc.Accumulate(n=jc.schedules.given([9, 4]))),
    "additive": _one(lambda: jc.MostRecent(n=9, window=2), _smooth(lambda: jc.estimators.Additive(0.5))),
    "prior at the truth": _one(lambda: jc.FullySynthetic(n=9), _smooth(lambda: jc.estimators.Prior(TRUTH, 3.0))),
    "discount": _one(lambda: jc.FullySynthetic(n=9), _smooth(lambda: jc.estimators.Discount(0.5))),
    "contexts": _one(lambda: jc.FullySynthetic(n=30), _contexts(), ROWS),
    "contexts, partially": _one(lambda: jc.PartiallySynthetic(n=30, real=15), _contexts(), ROWS),
    "contexts, drawn": _one(lambda: jc.FullySynthetic(n=30), _contexts(drawn=True), ROWS),
}


def _told(work):
    """Numbers; or why there are none."""
    try:
        values = np.asarray(work(), np.float64)
    except Exception as error:
        return raised(error, 60)["raises"]
    if not values.ndim:
        return rounded(values)
    kept = rounded(values[list(ROWS_KEPT)])
    return kept if values.ndim == 1 else digest(" ".join(kept))


def _theory(name):
    process = PROCESSES[name]()
    found = {of: _told(functools.partial(getattr(jc.theory, of), process, LAST)) for of in ORACLES}
    for of in ("expected_collapse_time", "expected_collapse_time_diffusion"):
        found[of] = _told(functools.partial(getattr(jc.theory, of), process))
    return found


def _more():
    """The rest of the theory, for one or two processes."""
    t = jc.theory
    fully, real = PROCESSES["fully-synthetic"](), PROCESSES["partially-synthetic"]()
    p = TRUTH
    budget = lambda of: [getattr(of, name) for name in ("paper", "elementary", "exact")]
    work = {
        "winner_probability": lambda: t.winner_probability(fully, LAST),
        "first_loss_probability": lambda: t.first_loss_probability(fully, LAST),
        "survival": lambda: t.survival(fully, LAST),
        "support_branching": lambda: t.support_branching(PROCESSES["larger"](), LAST),
        "synthetic_budget": lambda: np.float64(budget(t.synthetic_budget(p, real=50, epsilon=0.2, generations=6))),
        "real_needed": lambda: np.float64(budget(t.real_needed(p, n=20, epsilon=0.3, generations=6))),
        "stationary": lambda: [t.stationary(real)[name] for name in sorted(t.stationary(real))],
        "ancestors": lambda: t.ancestors(8, LAST),
    }
    found = {}
    for name, of in work.items():
        if name in ("winner_probability", "first_loss_probability", "survival", "support_branching"):
            found[name] = _told(of)
            continue
        try:
            found[name] = rounded(of())
        except Exception as error:
            found[name] = raised(error)["raises"]
    return found


def _methods():
    """Which method is chosen for which regime, size and vocabulary; and what room is made."""
    found = {}
    for regime, of in tables.REGIMES.items():
        lines = []
        for n in (8, 32, 33, 100, 128, 129, 1000, 5000):
            for vocabulary in (4, 32, 33, 300, 2000):
                process = jc.recursive_training(
                    np.full(vocabulary, 1 / vocabulary), of(tables.Sizes(n, max(1, n // 2), n)), None
                )
                lines.append(f"{n} {vocabulary} {process.learner.method} {process.regime!r}")
        found[regime] = "\n".join(lines)
    return found


def _in_flight():
    """How many chains are advanced together; depends on the number of cores as well."""
    found = {}
    for regime, of in tables.REGIMES.items():
        sizes = [(n, vocabulary) for n in (8, 1000, 200_000) for vocabulary in (4, 2000, 300_000)]
        made = [
            jc.recursive_training(np.full(vocabulary, 1 / vocabulary), of(tables.Sizes(n, n // 2, n)), None)
            for n, vocabulary in sizes
        ]
        found[regime] = " ".join(str(jc.memory.in_flight(process, 10**6)) for process in made)
    return found


def _pairs():
    """Which learner goes with which regime, and the words of those that refuse."""
    found = {}
    for regime in tables.REGIMES:
        for learner in tables.LEARNERS:
            try:
                tables.process_of(regime, learner)
            except Exception as error:
                found[f"{regime}, {learner}"] = raised(error)["raises"]
            else:
                found[f"{regime}, {learner}"] = "goes"
    return found


_OK = lambda: jc.recursive_training(P, jc.FullySynthetic(n=6))
_RUN = {"chains": 2, "generations": 2}
REFUSED = {
    "p": lambda: jc.recursive_training([0.5, 0.6], jc.FullySynthetic(n=6)),
    "p of NaN": lambda: jc.recursive_training([0.5, np.nan], jc.FullySynthetic(n=6)),
    "regime": lambda: jc.recursive_training(P, 6),
    "learner": lambda: jc.recursive_training(P, jc.FullySynthetic(n=6), 6),
    "n": lambda: jc.FullySynthetic(n=0),
    "capacity": lambda: jc.FullySynthetic(n=9, capacity=8),
    "share": lambda: jc.Mixture(n=9, share=1.5),
    "window": lambda: jc.MostRecent(n=2, window=3),
    "reuse": lambda: jc.RandomlySampled(n=2, reuse="pol"),
    "schedule": lambda: jc.Schedule([3, 0]),
    "method": lambda: jc.learners.Categorical(method="count"),
    "estimator": lambda: jc.estimators.Additive(-1.0),
    "estimator, a class": lambda: jc.recursive_training(
        P, jc.FullySynthetic(n=6), jc.learners.Estimated(estimator=jc.estimators.Additive)
    ),
    "decoding": lambda: jc.decoding.TopK(0),
    "frequencies": lambda: jc.recursive_training(
        ROWS, jc.FullySynthetic(n=30), jc.learners.Contexts(frequencies=[0.5, 0.5])
    ),
    "too few for contexts": lambda: jc.recursive_training(ROWS, jc.FullySynthetic(n=2), _contexts()()),
    "no text": lambda: jc.recursive_training(P, jc.FullySynthetic(n=6), jc.learners.NGram(order=1)),
    "statistic": lambda: jc.simulate(tables.KEY, _OK(), **_RUN, record="suport"),
    "statistic of texts": lambda: jc.simulate(tables.KEY, _OK(), **_RUN, record="ngrams"),
    "statistic twice": lambda: jc.simulate(tables.KEY, _OK(), **_RUN, record=("support", "support")),
    "statistic that fails": lambda: jc.simulate(tables.KEY, _OK(), **_RUN, record=lambda view: view.nothing),
    "chains": lambda: jc.simulate(tables.KEY, _OK(), chains=0, generations=2),
    "generations": lambda: jc.simulate(tables.KEY, _OK(), chains=2, generations=2.5),
    "key": lambda: jc.simulate(jax.random.key_data(tables.KEY), _OK(), **_RUN),
    "process": lambda: jc.simulate(tables.KEY, P, **_RUN),
    "pool": lambda: jc.simulate(
        tables.KEY, jc.recursive_training(P, jc.Accumulate(n=2_000_000)), chains=1, generations=2000
    ),
    "prefix": lambda: jc.simulate(
        tables.KEY, tables.process_of("randomly-sampled, prefix", "labels"), chains=1, generations=200
    ),
    "state": lambda: jc.engine.advance(tables.KEY, _OK(), 3, generations=2),
    "until": lambda: jc.run(tables.KEY, _OK(), **_RUN, until={"support": 0.1}, progress=False),
    "keep": lambda: jc.run(tables.KEY, _OK(), **_RUN, keep="all", progress=False),
    "oracle": lambda: jc.theory.winner_probability(PROCESSES["partially-synthetic"](), 3),
    "again": lambda: jc.runs.again("{}"),
}


def _refusals():
    """What is said to those who ask for what cannot be."""
    found = {}
    for name, work in REFUSED.items():
        try:
            work()
        except Exception as error:
            found[name] = raised(error)["raises"]
        else:
            found[name] = "no error"
    return found


def cells():
    """All of this file, by name."""
    table = {f"theory/{name}": functools.partial(_theory, name) for name in PROCESSES}
    return table | {
        "theory/more": _more,
        "rules/methods": _methods,
        "rules/chains in flight": _in_flight,
        "rules/which learner with which regime": _pairs,
        "rules/refusals": _refusals,
    }

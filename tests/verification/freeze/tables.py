"""What the frozen cells are made of: truths, regimes, learners and statistics, each by the name that cells use.

Regimes and learners are functions, so that one that cannot be made spoils its own cells only.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxcollapse as jc

KEY = jax.random.key(0)

P = np.array([0.4, 0.25, 0.15, 0, 0.1, 0.05, 0.04995, 0.00005], np.float32)
"""One context; a token that is never drawn and one that hardly is."""
ROWS = np.array(
    [[0.4, 0.3, 0.15, 0.1, 0.05, 0], [0.05, 0.05, 0.1, 0.6, 0.1, 0.1], [0.2, 0.2, 0.2, 0.2, 0.1, 0.1]], np.float32
)
"""Three contexts of six tokens."""
FREQUENCIES = np.array([0.5, 0.3, 0.2], np.float32)
LETTERS = "la li la lu la li la la lu la lu li la lo "


class Sizes(NamedTuple):
    """The sizes of a regime; capacities of None are chosen by the regime."""

    n: int
    real: int
    budget: int
    capacity: int | None = None
    real_capacity: int | None = None


ONE = Sizes(6, 3, 5, 8, 4)
TEXT = Sizes(24, 9, 20)
MANY = Sizes(30, 15, 20)

REGIMES = {
    "fully-synthetic": lambda s: jc.FullySynthetic(n=s.n, capacity=s.capacity),
    "partially-synthetic": lambda s: jc.PartiallySynthetic(
        n=s.n, real=s.real, capacity=s.capacity, real_capacity=s.real_capacity
    ),
    "most-recent": lambda s: jc.MostRecent(n=s.n, window=3, capacity=s.capacity),
    "most-recent, reuse": lambda s: jc.MostRecent(n=s.n, window=3, reuse=True, capacity=s.capacity),
    "randomly-sampled": lambda s: jc.RandomlySampled(n=s.n, capacity=s.capacity),
    "randomly-sampled, pool": lambda s: jc.RandomlySampled(n=s.n, reuse="pool", capacity=s.capacity),
    "randomly-sampled, prefix": lambda s: jc.RandomlySampled(
        n=s.n, reuse="prefix", generations=60, capacity=s.capacity
    ),
    "accumulate": lambda s: jc.Accumulate(n=s.n, capacity=s.capacity),
    "accumulate-subsample": lambda s: jc.AccumulateSubsample(
        n=s.n, budget=s.budget, capacity=s.capacity, budget_capacity=s.capacity
    ),
    "fresh-real": lambda s: jc.FreshReal(n=s.n, real=s.real, capacity=s.capacity, real_capacity=s.real_capacity),
    "fresh-real, weight": lambda s: jc.FreshReal(
        n=s.n, real=s.real, weight=1.5, capacity=s.capacity, real_capacity=s.real_capacity
    ),
    "mixture": lambda s: jc.Mixture(n=s.n, share=0.25, capacity=s.capacity),
}

_CATEGORICAL, _ESTIMATED = jc.learners.Categorical, jc.learners.Estimated
OF_ONE = {
    "labels": lambda: _CATEGORICAL(method="labels"),
    "labels first": lambda: _CATEGORICAL(method="labels first"),
    "counts": lambda: _CATEGORICAL(method="counts"),
    "portable": lambda: _CATEGORICAL(method="counts", portable=True),
    "additive": lambda: _ESTIMATED(estimator=jc.estimators.Additive(0.5)),
    "top-k, temperature": lambda: _ESTIMATED(decoding=(jc.decoding.TopK(4), jc.decoding.Temperature(0.8))),
    "discount": lambda: _ESTIMATED(estimator=jc.estimators.Discount(0.5)),
    "prior": lambda: _ESTIMATED(estimator=jc.estimators.Prior(P, 2.0)),
}
"""Learners of one context."""
OF_TEXTS = {
    "n-grams": lambda: jc.learners.NGram(order=2, documents=2, room=1440),
    "n-grams, Kneser-Ney": lambda: jc.learners.NGram(order=2, estimator=jc.estimators.KneserNey(0.75), room=1440),
}
"""Learners of texts."""
OF_MANY = {
    "contexts": lambda: jc.learners.Contexts(frequencies=FREQUENCIES),
    "contexts, drawn": lambda: jc.learners.Contexts(frequencies=FREQUENCIES, drawn=True),
}
"""Learners of many contexts."""
LEARNERS = OF_ONE | OF_TEXTS | OF_MANY


def song():
    """The text that models of n-grams learn from."""
    return jc.languages.from_tokens(list(LETTERS), name="song")


def process_of(regime, learner):
    """The process of a regime and a learner by their names."""
    if learner in OF_TEXTS:
        return jc.recursive_training(song(), REGIMES[regime](TEXT), LEARNERS[learner]())
    if learner in OF_MANY:
        return jc.recursive_training(ROWS, REGIMES[regime](MANY), LEARNERS[learner]())
    return jc.recursive_training(P, REGIMES[regime](ONE), LEARNERS[learner]())


def own(view):
    """A statistic of a user's own; it rounds nothing, so that no compiler may round it otherwise."""
    return jnp.stack([jnp.max(view.p), jnp.max(jnp.abs(view.p - view.first))])


def width(view):
    """How many tokens the arrays of a view have: tells when dead tokens were left out."""
    return jnp.int32(view.p.shape[0])


def statistics_of(learner):
    """Every named statistic that a learner allows, and some that are made."""
    found = [*jc.statistics.STATISTICS, jc.statistics.band_support(0.0, 0.1, 0.3, 1.1), own]
    if learner in OF_TEXTS:
        held_out = np.arange(12) % 4
        score = jc.statistics.cross_entropy(held_out, order=2)
        return (*found, *jc.statistics.TEXT_STATISTICS, score, jc.statistics.trajectory(0, 1, 2))
    if learner in OF_MANY:
        return (*found, jc.statistics.trajectory(0, 2, 5), jc.statistics.each("support"))
    return (*found, jc.statistics.trajectory(*range(len(P))))


def fewer_statistics_of(learner):
    """Those that see most: all bits of some probabilities, integers, booleans, and a sum in fixed point."""
    few = ("support", "collapsed", "winner", "l1_first", jc.statistics.trajectory(0, 1, 2))
    if learner in OF_TEXTS:
        return (*few, "ngrams", "entropy_rate")
    return (*few, "spectrum")


def fewest_statistics_of(learner):
    """All bits of all probabilities, of which other statistics are functions that are frozen elsewhere."""
    tokens = {**dict.fromkeys(OF_TEXTS, 6), **dict.fromkeys(OF_MANY, 6)}.get(learner, len(P))
    return ("support", own, jc.statistics.trajectory(*range(tokens)), *(("ngrams",) if learner in OF_TEXTS else ()))


SUMS = ("heterozygosity", "support", "entropy", "winner", "l1_first", "l2_first", "l1_truth", "kl_truth", "spectrum")
"""One statistic of each kind of sum."""

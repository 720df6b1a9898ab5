"""Cases for the tests of the theory, against a second hand's derivations (tests/blind) that saw none of it.

The blind enumeration visits every reachable state, so it is the truth for small cases; the blind moments and
chain, checked against it, carry the comparison to larger ones. p is compared as the process has it.
"""

import functools
import itertools
import math

import numpy as np
import pytest
from blind import enumeration

import jaxcollapse as jc
from jaxcollapse import languages

GENERATIONS = 6
LANGUAGES = {
    "uniform": (1 / 3, 1 / 3, 1 / 3),
    "skewed": (0.9, 0.08, 0.02),
    "uneven": (0.5, 0.3, 0.2),
    "zero entry": (0.6, 0.0, 0.4),
    "dirac": (0.0, 1.0, 0.0),
    "half": (0.5, 0.5),
    "rare": (0.01, 0.99),
    "dirac of two": (1.0, 0.0),
    "one token": (1.0,),
}
FULLY = [("fully", n) for n in range(1, 6)]
PARTIALLY = [("partial", n, real) for n in range(1, 6) for real in range(1, 4)]
REGIMES = {"fully": FULLY, "partial": PARTIALLY}
# One grid that both the bounds and the inequalities between curves are held to.
GRID = [(n, real) for n in (1, 2, 5, 30) for real in (1, 2, 10, 60)]
SHAPES = {
    "uniform": languages.uniform(8),
    "zipf": languages.zipf(30),
    "dirichlet": languages.dirichlet(12, 0.3, seed=2),
    "zero entries": np.array([0.0, 0.7, 0.0, 0.2, 0.1]),
}
assert_close = functools.partial(np.testing.assert_allclose, rtol=1e-10, atol=1e-12)


def process_of(regime, p):
    name, *sizes = regime
    if name == "fully":
        return jc.recursive_training(p, jc.FullySynthetic(n=sizes[0]))
    return jc.recursive_training(p, jc.PartiallySynthetic(n=sizes[0], real=sizes[1]))


def fully(p, n):
    return process_of(("fully", n), p)


def partially(p, n, real):
    return process_of(("partial", n, real), p)


def truth_of(process):
    """The p of the simulation: rounded to float32, then normalised."""
    p = np.asarray(process.p, dtype=np.float64)
    return p / p.sum()


@functools.cache
def blind_table(regime, p):
    return enumeration.expectation(regime, truth_of(process_of(regime, p)), GENERATIONS)


@functools.cache
def blind_laws(regime, p):
    """The joint law of (counts at m = 1, counts at m), for m = 1.. in a list."""
    laws = [enumeration.first_law(regime, tuple(truth_of(process_of(regime, p))))]
    for _ in range(1, GENERATIONS):
        laws.append(enumeration.next_law(regime, laws[-1]))
    return laws


def blind_mean(regime, p, of_counts):
    """The mean of a function of the counts, at each m >= 1."""
    return np.array(
        [
            sum(weight * np.asarray(of_counts(np.array(corpus)), float) for (_, corpus), weight in law.items())
            for law in blind_laws(regime, p)
        ]
    )


def each(kind=None):
    """Every small case, as parameters (kind, name of the language)."""
    kinds = REGIMES if kind is None else [kind]
    return pytest.mark.parametrize(("kind", "language"), list(itertools.product(kinds, LANGUAGES)))


def best_split(counts):
    """The largest p(A) p(A^c), by looking at every A."""
    counts = np.asarray(counts)
    sizes = [sum(chosen) for k in range(len(counts) + 1) for chosen in itertools.combinations(counts.tolist(), k)]
    return max(size * (counts.sum() - size) for size in sizes) / counts.sum() ** 2


def mean_split(p, real):
    law = enumeration.multinomial_law(real, tuple(p))
    return math.fsum(weight * best_split(counts) for counts, weight in law)

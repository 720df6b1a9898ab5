"""Simulation against exact theory, at every generation. A check fails a right sampler with probability 1e-6 at most."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import twin
import verdict
from selection import some

import jaxcollapse as jc

CHAINS = 4096
GENERATIONS = 10
STATISTICS = ("heterozygosity", "support", "entropy", "collapsed", "l1_first", "l2_first", "l1_truth", "l2_truth")
LANGUAGES = {
    "uniform": jc.languages.uniform(10),
    "zipf": jc.languages.zipf(25, 1.2),
    "dirichlet": jc.languages.dirichlet(15, 0.7, seed=3),
}
FULLY = some(
    [*itertools.product(LANGUAGES, (2, 7, 60)), ("zipf", 1000), ("uniform", 300)],
    [("uniform", 2), ("dirichlet", 7), ("zipf", 60), ("zipf", 1000)],
)
PARTIALLY = some(
    [(name, n, real) for name in LANGUAGES for n, real in ((2, 1), (10, 3), (40, 30))] + [("zipf", 1000, 100)],
    [("zipf", 2, 1), ("uniform", 10, 3), ("dirichlet", 40, 30)],
)


def bounds(name, process):
    """The smallest and the largest value that a statistic can take."""
    p = np.asarray(process.p, np.float64)
    most = min(len(p), process.regime.corpus_capacity)
    return {
        "heterozygosity": (0.0, 1 - 1 / most),
        "support": (1.0, float(most)),
        "entropy": (0.0, np.log(most)),
    }.get(name, (0.0, 2.0))


def disagreements(process, trace, names=STATISTICS):
    """(statistic, generation) wherever the simulation cannot be what theory says."""
    found = []
    for name in names:
        values = np.asarray(trace[name], np.float64)
        exact = jc.theory.ORACLES[name](process, trace.generations)
        variance = [None] * len(exact)
        if isinstance(process.regime, jc.FullySynthetic) and name == "heterozygosity":
            variance = jc.theory.heterozygosity_variance(process, trace.generations)
        elif name == "support":
            variance = jc.theory.support_variance(process, trace.generations)
        low, high = bounds(name, process)
        for m, mean in enumerate(exact):
            if name == "collapsed":
                agrees = verdict.share_agrees(values[:, m], mean)
            else:
                agrees = verdict.mean_agrees(values[:, m], mean, low=low, high=high, variance=variance[m])
            if not agrees:
                found.append((name, m, values[:, m].mean(), mean))
    return found


def simulated(process, seed=2024, chains=CHAINS, generations=GENERATIONS, names=STATISTICS):
    return jc.simulate(jax.random.key(seed), process, chains=chains, generations=generations, record=names)


@pytest.mark.parametrize(("language", "n"), FULLY)
def test_fully_synthetic(language, n):
    regime = jc.FullySynthetic(n=n, capacity=64 if n <= 64 else None)  # which they share, to compile once
    process = jc.recursive_training(LANGUAGES[language], regime)
    assert disagreements(process, simulated(process)) == []


@pytest.mark.parametrize(("language", "n", "real"), PARTIALLY)
def test_partially_synthetic(language, n, real):
    rooms = {"capacity": 64, "real_capacity": 32} if n <= 64 else {}
    process = jc.recursive_training(LANGUAGES[language], jc.PartiallySynthetic(n=n, real=real, **rooms))
    assert disagreements(process, simulated(process)) == []


@pytest.mark.parametrize(("n", "real"), [(100, 5000), (3000, 2000)])
def test_large_real_corpora_through_moments(n, real):
    process = jc.recursive_training(LANGUAGES["dirichlet"], jc.PartiallySynthetic(n=n, real=real))
    names = ("heterozygosity", "l2_first", "l2_truth", "support", "collapsed")
    assert disagreements(process, simulated(process, chains=1024, names=names), names) == []


def test_near_collapse():
    """Hundreds of generations past the point where most chains are done, a few of them carry the mean."""
    process = jc.recursive_training(LANGUAGES["zipf"], jc.FullySynthetic(n=10))
    names = ("heterozygosity", "collapsed", "support", "entropy")
    assert disagreements(process, simulated(process, generations=120, names=names), names) == []


def test_winner_is_drawn_from_the_truth():
    process = jc.recursive_training(LANGUAGES["zipf"], jc.FullySynthetic(n=5))
    trace = simulated(process, generations=30, names=("winner",))
    law = jc.theory.winner_probability(process, 30)
    for token in range(0, 25, 4):
        for m in (1, 5, 30):
            assert verdict.share_agrees(np.asarray(trace["winner"])[:, m] == token, law[m, token])


def test_spectrum():
    process = jc.recursive_training(LANGUAGES["dirichlet"], jc.FullySynthetic(n=30))
    counted = np.asarray(simulated(process, names=("spectrum",))["spectrum"], np.float64)
    exact = jc.theory.spectrum(process, GENERATIONS)
    for m in range(1, GENERATIONS + 1):
        for k in range(10):
            assert verdict.mean_agrees(counted[:, m, k], exact[m, k], low=0, high=15)


def test_collapse_times():
    process = jc.recursive_training(jc.languages.uniform(10), jc.FullySynthetic(n=10))
    times = jc.collapse_times(jax.random.key(1), process, chains=CHAINS, max_generations=10_000)
    assert bool(times.observed.all())
    rho = jc.theory.collapse_probability(process, 60)
    for m in range(1, 61):
        assert verdict.share_agrees(np.asarray(times.time) <= m, rho[m])
    trace = jc.simulate(jax.random.key(1), process, chains=CHAINS, generations=60, record="collapsed")
    seen = np.asarray(trace["collapsed"])
    first = np.where(seen.any(axis=1), seen.argmax(axis=1), 61)
    np.testing.assert_array_equal(first, np.minimum(times.time, 61))  # the same key, the same chains


def test_censored_collapse_times():
    process = jc.recursive_training(jc.languages.uniform(10), jc.FullySynthetic(n=50))
    times = jc.collapse_times(jax.random.key(1), process, chains=64, max_generations=20)
    assert not bool(times.observed.all())
    assert set(np.asarray(times.time)[~np.asarray(times.observed)]) == {20}


def test_first_token_lost():
    process = jc.recursive_training(jc.languages.uniform(4), jc.FullySynthetic(n=20))
    support = np.asarray(simulated(process, names=("support",))["support"])
    exact = jc.theory.first_loss_probability(process, GENERATIONS)
    for m in range(1, GENERATIONS + 1):
        assert verdict.share_agrees(support[:, m] < 4, exact[m])


@pytest.mark.parametrize("real", [None, 4])
def test_the_slow_twin_has_the_same_law(real):
    """The whole law of the support and of the largest count, against plain NumPy with explicit datasets."""
    p, n, m, chains = np.array([0.4, 0.3, 0.2, 0.1]), 9, 4, 3000
    generator = np.random.default_rng(7)
    if real is None:
        slow = [twin.fully_synthetic(generator, p, m, n=n)[m] for _ in range(chains)]
        process = jc.recursive_training(p, jc.FullySynthetic(n=n))
    else:
        slow = [twin.partially_synthetic(generator, p, m, n=n, real=real)[m] for _ in range(chains)]
        process = jc.recursive_training(p, jc.PartiallySynthetic(n=n, real=real))
    slow, total = np.array(slow), n + (real or 0)
    fast = simulated(process, chains=chains, generations=m, names=("support", "max_prob"))
    assert verdict.same_law((slow > 0).sum(axis=1), np.asarray(fast["support"])[:, m])
    largest = np.rint(np.asarray(fast["max_prob"])[:, m] * total)
    assert verdict.same_law(np.rint(slow.max(axis=1) * total), largest)


def mutants():
    p = LANGUAGES["zipf"].p
    biased = np.where(np.arange(25) == 0, 1.1 * p, p)
    right = jc.FullySynthetic(n=10)
    both = jc.PartiallySynthetic(n=10, real=3)
    yield "one token too many", right, p, jc.FullySynthetic(n=11), p, None
    yield "a biased language", right, p, right, biased / biased.sum(), None
    yield "every chain has the same key", right, p, right, p, jnp.zeros(CHAINS, jnp.int32)
    yield "one real token too many", both, p, jc.PartiallySynthetic(n=10, real=4), p, None
    yield "the real corpus forgotten", both, p, jc.FullySynthetic(n=13), p, None


@pytest.mark.parametrize("mutant", list(mutants()), ids=lambda mutant: mutant[0])
def test_wrong_samplers_are_rejected(mutant):
    name, claimed, p, simulated_as, q, chains = mutant
    claimed = jc.recursive_training(p, claimed)
    wrong = jc.recursive_training(q, simulated_as)
    trace = simulated(wrong, chains=CHAINS if chains is None else chains)
    assert disagreements(claimed, trace), name

"""Who is compared: this engine, and what people would write instead, each as well as we can.

A contestant has ``collapse(p, n, chains, seed)``, the times of total collapse ``[chains]``, and
``trajectories(p, n, chains, generations, seed)``, support and heterozygosity of every generation from 1 on,
``[chains, generations]``; fully synthetic training. What it cannot do it leaves out.
"""

import functools

import jax
import jax.numpy as jnp
import numba
import numpy as np
from numba import njit, prange

import jaxcollapse as jc


class Ours:
    """jaxcollapse as it comes."""

    def _process(self, p, n):
        return jc.recursive_training(p, jc.FullySynthetic(n=n))

    def collapse(self, p, n, chains, seed):
        times = jc.collapse_times(jax.random.key(seed), self._process(p, n), chains=chains, max_generations=10**7)
        assert bool(times.observed.all())
        return np.asarray(times.time)

    def trajectories(self, p, n, chains, generations, seed):
        record = ("support", "heterozygosity")
        trace = jc.simulate(
            jax.random.key(seed), self._process(p, n), chains=chains, generations=generations, record=record
        )
        return tuple(np.asarray(trace[name])[:, 1:] for name in record)


class OursWithLabels(Ours):
    """jaxcollapse, labels all along."""

    def _process(self, p, n):
        return jc.recursive_training(p, jc.FullySynthetic(n=n), jc.learners.Categorical("labels"))


def _heterozygosity(counts, n):
    return 1 - np.square(counts / n).sum(axis=-1)


class NumpyMultinomial:
    """``Generator.multinomial``, all chains at once; dead tokens cost it little, so they stay."""

    def collapse(self, p, n, chains, seed):
        rng = np.random.default_rng(seed)
        x, times, alive, m = rng.multinomial(n, p, size=chains), np.zeros(chains, int), np.arange(chains), 1
        while True:
            over = x.max(axis=1) == n
            times[alive[over]] = m
            x, alive = x[~over], alive[~over]
            if not len(alive):
                return times
            x, m = rng.multinomial(n, x / n), m + 1

    def trajectories(self, p, n, chains, generations, seed):
        rng, rows = np.random.default_rng(seed), []
        x = rng.multinomial(n, p, size=chains)
        for m in range(generations):
            x = rng.multinomial(n, x / n) if m else x
            rows.append(((x > 0).sum(axis=1), _heterozygosity(x, n)))
        return tuple(np.stack(of, axis=1) for of in zip(*rows, strict=True))


class NumpyLabels:
    """Each token copies a uniformly chosen one of the generation before."""

    def collapse(self, p, n, chains, seed):
        rng = np.random.default_rng(seed)
        y, times, alive, m = rng.choice(len(p), size=(chains, n), p=p), np.zeros(chains, int), np.arange(chains), 1
        while True:
            over = (y == y[:, :1]).all(axis=1)
            times[alive[over]] = m
            y, alive = y[~over], alive[~over]
            if not len(alive):
                return times
            y, m = np.take_along_axis(y, rng.integers(0, n, y.shape), axis=1), m + 1


@njit(parallel=True)
def _survivors_collapse(cumulative, n, chains, seed):
    times = np.zeros(chains, np.int64)
    for chain in prange(chains):
        np.random.seed(seed + chain)
        x, left = _first(cumulative, n)
        m = 1
        while left > 1:
            left = _next(x, left, n)
            m += 1
        times[chain] = m
    return times


@njit(parallel=True)
def _survivors_trajectories(cumulative, n, chains, generations, seed):
    support, heterozygosity = np.zeros((chains, generations), np.int64), np.zeros((chains, generations))
    for chain in prange(chains):
        np.random.seed(seed + chain)
        x, left = _first(cumulative, n)
        for m in range(generations):
            if m and left > 1:
                left = _next(x, left, n)
            squares = 0.0
            for i in range(left):
                squares += x[i] / n * (x[i] / n)
            support[chain, m], heterozygosity[chain, m] = left, 1 - squares
    return support, heterozygosity


@njit
def _first(rest, n):
    """Counts of those tokens of the truth that occur, by conditional binomials; ``rest`` is the mass from each on."""
    x, left, missing = np.zeros(len(rest) - 1, np.int64), 0, n
    for i in range(len(rest) - 1):
        if missing == 0:
            break
        share = (rest[i] - rest[i + 1]) / rest[i] if rest[i] > 0 else 0.0
        drawn = missing if i == len(rest) - 2 else np.random.binomial(missing, min(1.0, share))
        missing -= drawn
        if drawn > 0:
            x[left] = drawn
            left += 1
    return x, left


@njit
def _next(x, left, n):
    missing, total, kept = n, n, 0
    for i in range(left):
        if missing == 0:
            break
        count = x[i]
        drawn = missing if i == left - 1 else np.random.binomial(missing, count / total)
        total -= count
        missing -= drawn
        if drawn > 0:
            x[kept] = drawn
            kept += 1
    return kept


class NumbaSurvivors:
    """Forty lines of Numba: conditional binomials over the tokens that are left; a thread for each core."""

    def _rest(self, p):
        return np.append(np.cumsum(p[::-1])[::-1], 0.0)

    def collapse(self, p, n, chains, seed):
        return _survivors_collapse(self._rest(p), n, chains, seed)

    def trajectories(self, p, n, chains, generations, seed):
        return _survivors_trajectories(self._rest(p), n, chains, generations, seed)


@njit(parallel=True)
def _labels_trajectories(p, n, chains, generations, seed):
    support, heterozygosity = np.zeros((chains, generations), np.int64), np.zeros((chains, generations))
    cumulative = np.cumsum(p)
    for chain in prange(chains):
        np.random.seed(seed + chain)
        y, new, counts = np.empty(n, np.int32), np.empty(n, np.int32), np.zeros(len(p), np.int64)
        for j in range(n):
            y[j] = min(np.searchsorted(cumulative, np.random.random() * cumulative[-1], side="right"), len(p) - 1)
        for m in range(generations):
            if m:
                for j in range(n):
                    new[j] = y[int(np.random.random() * n)]
                y, new = new, y
            counts[:] = 0
            for j in range(n):
                counts[y[j]] += 1
            squares, left = 0.0, 0
            for i in range(len(p)):
                left += counts[i] > 0
                squares += counts[i] / n * (counts[i] / n)
            support[chain, m], heterozygosity[chain, m] = left, 1 - squares
    return support, heterozygosity


class NumbaLabels:
    """Labels in Numba; a thread for each core."""

    def trajectories(self, p, n, chains, generations, seed):
        return _labels_trajectories(p, n, chains, generations, seed)


@functools.partial(jax.jit, static_argnames=("n", "chains", "generations"))
def _jax_multinomial(key, p, n, chains, generations):
    def generation(x, key):
        x = jax.vmap(lambda key, x: jax.random.multinomial(key, n, x / n))(jax.random.split(key, chains), x)
        return x, (jnp.sum(x > 0, axis=1), 1 - jnp.sum((x / n) ** 2, axis=1))

    keys = jax.random.split(key, generations)
    _, rows = jax.lax.scan(generation, jnp.broadcast_to(p * n, (chains, len(p))), keys)
    return tuple(of.T for of in rows)


class JaxMultinomial:
    """``vmap(jax.random.multinomial)`` in a scan: the obvious JAX code."""

    def trajectories(self, p, n, chains, generations, seed):
        drawn = _jax_multinomial(jax.random.key(seed), jnp.asarray(p, jnp.float32), n, chains, generations)
        return tuple(np.asarray(of) for of in drawn)


CONTESTANTS = {
    "jaxcollapse": Ours(),
    "jaxcollapse, labels": OursWithLabels(),
    "Numba survivors": NumbaSurvivors(),
    "Numba labels": NumbaLabels(),
    "NumPy multinomial": NumpyMultinomial(),
    "NumPy labels": NumpyLabels(),
    "vmap(jax.random.multinomial)": JaxMultinomial(),
}
THREADS = numba.get_num_threads()

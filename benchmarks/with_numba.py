"""Contestants in Numba: what one writes by hand when speed matters; a thread for each core.

Numba knows the legacy random functions of NumPy only, in threads.
"""
# ruff: noqa: NPY002

import numba
import numpy as np
from numba import njit, prange

THREADS = numba.get_num_threads()


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


@njit
def _heterozygosity(x, left, total):
    squares = 0.0
    for i in range(left):
        squares += x[i] / total * (x[i] / total)
    return 1 - squares


@njit(parallel=True)
def _survivors_collapse(rest, n, chains, seed):
    times = np.zeros(chains, np.int64)
    for chain in prange(chains):
        np.random.seed(seed + chain)
        x, left = _first(rest, n)
        m = 1
        while left > 1:
            left = _next(x, left, n)
            m += 1
        times[chain] = m
    return times


@njit(parallel=True)
def _survivors_trajectories(rest, n, chains, generations, seed):
    support, heterozygosity = np.zeros((chains, generations), np.int64), np.zeros((chains, generations))
    for chain in prange(chains):
        np.random.seed(seed + chain)
        x, left = _first(rest, n)
        for m in range(generations):
            if m and left > 1:
                left = _next(x, left, n)
            support[chain, m], heterozygosity[chain, m] = left, _heterozygosity(x, left, n)
    return support, heterozygosity


@njit
def _beside_real(x, real, left, n):
    """Replace the counts ``x`` by the real ones and ``n`` tokens drawn from ``x``; returns their number."""
    total = 0
    for i in range(left):
        total += x[i]
    missing, size = n, n
    for i in range(left):
        size += real[i]
        drawn = 0
        if missing > 0:
            drawn = missing if i == left - 1 else np.random.binomial(missing, x[i] / total)
        total -= x[i]
        missing -= drawn
        x[i] = real[i] + drawn
    return size


@njit(parallel=True)
def _survivors_partially(rest, n, real, chains, generations, seed):
    support, heterozygosity = np.zeros((chains, generations), np.int64), np.zeros((chains, generations))
    for chain in prange(chains):
        np.random.seed(seed + chain)
        kept, left = _first(rest, real)
        x, size = kept[:left].copy(), real
        for m in range(generations):
            if m:
                size = _beside_real(x, kept, left, n)
            # A token of the real corpus is in every later one, so none of those listed dies.
            support[chain, m], heterozygosity[chain, m] = left, _heterozygosity(x, left, size)
    return support, heterozygosity


class NumbaSurvivors:
    """Forty lines of Numba: conditional binomials over the tokens that are left."""

    def _rest(self, p):
        return np.append(np.cumsum(p[::-1])[::-1], 0.0)

    def collapse(self, p, n, chains, seed):
        return _survivors_collapse(self._rest(p), n, chains, seed)

    def sweep(self, p, sizes, chains, seed):
        return np.stack([self.collapse(p, n, chains, seed) for n in sizes])

    def trajectories(self, p, n, generations, chains, seed):
        return _survivors_trajectories(self._rest(p), n, chains, generations, seed)

    def partially(self, p, n, real, generations, chains, seed):
        return _survivors_partially(self._rest(p), n, real, chains, generations, seed)


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
    """Labels in Numba."""

    def trajectories(self, p, n, generations, chains, seed):
        return _labels_trajectories(p, n, chains, generations, seed)


CONTESTANTS = {"Numba survivors": NumbaSurvivors(), "Numba labels": NumbaLabels()}

"""The draws themselves: moments and whole laws of binomial and multinomial counts, what must not pass for them, and
that leaving out the dead does not change a bit.

A count below a position of 64 bits is binomial with that position as its chance, exactly, so nothing is fitted. The
positions of one key are dependent, and each is judged by itself. XLA's twin of the kernel is not judged again here: the
tests hold both to the same bits, and `commutes` runs both.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import verdict
from scipy import stats

from jaxcollapse import native, sampling
from jaxcollapse.exact.u64 import U64

DRAWS = 10**7
BATCH = 10**6
WORDS = 2**64

SIZES = (10**3, 10**5, 10**6, 10**7, 10**9)
CHANCES = (1e-9, 1e-3, 0.3, 0.5, 1 - 1e-3, 1 - 1e-9)
CASES = tuple(itertools.product(SIZES, CHANCES))
SMALL = (1, 2, 5, 20, 64, 65, 100, 300, 1000)
SMALL_CHANCES = (1e-3, 0.01, 0.3, 0.5, 0.77, 0.999)

WEIGHTS = {
    "spread, two of weight zero": (5, 0, 20, 0, 975),
    "tiny beside huge": (1000, 10**9, 0, 10**9, 5000),
    "all on the first": (1, 0, 0, 0, 0),
    "all on the third": (0, 0, 10**9, 0, 0),
    "all on the last": (0, 0, 0, 0, 7),
}
FLOATS = {
    "floats, two of weight zero": (0.0, 1e-6, 0.0, 0.3, 0.699999),
    "floats, all on the fourth": (0.0, 0.0, 0.0, 1.0, 0.0),
}
MULTINOMIAL_SIZES = (10**6, 10**9)

QUANTILE = float(stats.norm.isf(verdict.RATE / 2))
MOST_SKEWED = 0.01
"""A mean less skewed than this is judged as normal: beyond both quantiles lies the rate, within two percent of it
(skewness takes from one side what it gives the other)."""
EXPECTED = 1000
"""Cells of a chi-square are pooled until so many draws are expected in each, for a tail of 10^-6 asks for more than the
usual five: with a thousand it is right within a fifth."""


class Finding(NamedTuple):
    """What was compared, how many checks at the campaign's rate, what was found, and the verdict."""

    what: str
    checks: int
    found: str
    passed: bool


# The samplers that are judged: (key, draws, n, chances) -> counts [draws, chances].

Sampler = Callable[[jax.Array, int, int, tuple[Fraction, ...]], np.ndarray]


def chance(p: float) -> Fraction:
    """The nearest chance below that a position of 64 bits is."""
    return Fraction(int(Fraction(p) * WORDS), WORDS)


def words(chances: tuple[Fraction, ...]) -> U64:
    """Chances as positions."""
    at = [int(p * WORDS) for p in chances]
    return U64(jnp.array([x >> 32 for x in at], jnp.uint32), jnp.array([x & 0xFFFFFFFF for x in at], jnp.uint32))


def ours(key, draws, n, chances):
    """The sampler as it is."""
    return np.asarray(_below(key, jnp.int32(n), words(chances), capacity=n, draws=draws))


@functools.partial(jax.jit, static_argnames=("capacity", "draws"))
def _below(key, size, positions, *, capacity, draws):
    count = lambda key: sampling.count_below(key, size, positions, capacity)
    return jax.vmap(count)(_keys(key, draws))


def _keys(key, draws):
    return jax.vmap(jax.random.fold_in, (None, 0))(key, jnp.arange(draws))


def of_jax(key, draws, n, chances):
    """The negative control: `jax.random.binomial`, which counts in float32."""
    keys = [jax.random.fold_in(key, j) for j in range(len(chances))]
    return np.stack([np.asarray(_of_jax(k, float(p), n=n, draws=draws)) for k, p in zip(keys, chances, strict=True)], 1)


@functools.partial(jax.jit, static_argnames=("n", "draws"))
def _of_jax(key, p, *, n, draws):
    return jax.random.binomial(key, n, p, shape=(draws,)).astype(jnp.int32)


def rounded_position(key, draws, n, chances):
    """A mutant: chances off by one in ten thousand."""
    return ours(key, draws, n, tuple(p * Fraction(10_001, 10_000) for p in chances))


def one_short(key, draws, n, chances):
    """A mutant: one point is lost."""
    return np.asarray(_below(key, jnp.int32(n - 1), words(chances), capacity=n, draws=draws))


def rounded_normal(key, draws, n, chances):
    """A mutant: a normal variable of the right mean and variance, rounded."""
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    mean, p = np.array([float(n * p) for p in chances]), np.array([float(p) for p in chances])
    normal = rng.standard_normal((draws, len(chances))) * np.sqrt(mean * (1 - p)) + mean
    return np.clip(np.rint(normal), 0, n).astype(np.int64)


def batches(sampler: Sampler, key, draws: int, n: int, chances) -> Iterator[np.ndarray]:
    """At least so many draws, few at a time, by keys that differ."""
    size = min(draws, BATCH)
    for batch in range(-(-draws // size)):
        yield sampler(jax.random.fold_in(key, batch), size, n, chances)


# Mean and variance.


class Exact(NamedTuple):
    """Standard deviations and skewness, of one draw, of X - E X and of (X - E X)^2."""

    variance: float
    spread: tuple[float, float]
    skewness: tuple[float, float]


def exact(n: int, p: Fraction) -> Exact:
    """Of Binomial(n, p), from its cumulants."""
    pq, tilt = float(p * (1 - p)), float(1 - 2 * p)
    second, third = n * pq, n * pq * tilt
    fourth, sixth = n * pq * (1 - 6 * pq), n * pq * (1 - 30 * pq * (1 - 4 * pq))
    of_square = fourth + 2 * second**2  # the variance of (X - E X)^2
    moment = sixth + 15 * fourth * second + 10 * third**2 + 15 * second**3
    skew = moment - 3 * (fourth + 3 * second**2) * second + 2 * second**3
    return Exact(second, (second**0.5, of_square**0.5), (third / second**1.5, skew / of_square**1.5))


class Sums:
    """Of the draws of one binomial: how many, their deviations and squares, and how often the rare outcomes came."""

    RARE = 4

    def __init__(self, n: int, p: Fraction):
        self.n, self.p = n, p
        self.centre = round(n * p)
        self.draws, self.first, self.second = 0, 0, 0.0
        self.rare = np.zeros(self.RARE + 2, np.int64)

    def add(self, counts: np.ndarray) -> None:
        """Take in draws; the first sum is exact, the second within 1e-12 of itself."""
        off = counts.astype(np.int64) - self.centre
        self.draws += len(counts)
        self.first += int(off.sum())
        self.second += float(np.square(off.astype(np.float64)).sum())
        few = counts if self.p <= Fraction(1, 2) else self.n - counts
        self.rare += np.bincount(np.clip(few, -1, self.RARE) + 1, minlength=self.RARE + 2)

    def findings(self) -> Iterator[Finding]:
        """Mean and variance in their exact standard errors; or, where that is not normal enough, exact tests.

        Where few points are expected in all draws together, neither the mean nor the mean square is normal far out.
        But the sum of all draws is binomial too, which judges the mean; and how often a draw was 0, 1, 2 ... is
        judged by the exact binomial test of each, which says more than the variance.
        """
        right, root = exact(self.n, self.p), self.draws**0.5
        name = f"n = {self.n:.0e}, p = {_short(self.p)}".replace("e+0", "e")
        if max(abs(skewness) for skewness in right.skewness) > MOST_SKEWED * root:
            yield from self._exact_tests(name)
            return
        shift = float(self.n * self.p - self.centre)
        mean = self.first / self.draws - shift
        square = (self.second - 2 * shift * self.first) / self.draws + shift**2
        for what, off, spread in (
            ("mean", mean, right.spread[0]),
            ("variance", square - right.variance, right.spread[1]),
        ):
            errors = off * root / spread
            yield Finding(f"{what}, {name}", 1, f"{errors:+6.2f} standard errors", bool(abs(errors) <= QUANTILE))

    def _exact_tests(self, name: str) -> Iterator[Finding]:
        p, points = float(min(self.p, 1 - self.p)), self.n * self.draws
        below = self.first + self.draws * self.centre
        few = below if self.p <= Fraction(1, 2) else points - below
        errors = (few - points * p) / (points * p * (1 - p)) ** 0.5
        agrees = 0 <= few <= points and stats.binomtest(few, points, p).pvalue > verdict.RATE
        yield Finding(f"mean, {name}", 1, f"{errors:+6.2f} standard errors ({few} points, exact test)", bool(agrees))
        law = {k: float(stats.binom.pmf(k, self.n, p)) for k in range(self.RARE)}
        law[self.RARE] = float(stats.binom.sf(self.RARE - 1, self.n, p))
        seen = {k: int(count) for k, count in enumerate(self.rare, -1) if count}
        yield Finding(f"law, {name}", 1, f"{self.rare[1:].tolist()} draws of 0, 1, ...", verdict.law_agrees(seen, law))


def _short(p: Fraction) -> str:
    return f"{float(p):.4g}" if p < Fraction(99, 100) else f"1 - {float(1 - p):.4g}"


def moments(sampler: Sampler, seed: int, n: int, chances=CHANCES, draws: int = DRAWS) -> list[Finding]:
    """Mean and variance at each chance."""
    chances = tuple(chance(p) for p in chances)
    sums = [Sums(n, p) for p in chances]
    for counts in batches(sampler, jax.random.fold_in(jax.random.key(seed), n), draws, n, chances):
        for of, column in zip(sums, counts.T, strict=True):
            of.add(column)
    return [finding for of in sums for finding in of.findings()]


# The whole law of few points.


def pooled(expected: np.ndarray, least: float) -> np.ndarray:
    """The cell of each outcome: neighbours join until enough is expected of each cell."""
    cell, total, cells = 0, 0.0, []
    for mass in expected:
        cells.append(cell)
        total += mass
        if total >= least:
            cell, total = cell + 1, 0.0
    return np.minimum(cells, max(cell - 1, 0))  # what is left at the end joins the last full cell


def whole_law(sampler: Sampler, seed: int, n: int, chances=SMALL_CHANCES, draws: int = DRAWS) -> list[Finding]:
    """Chi-square of all outcomes at each chance; an outcome beyond 0..n is wrong whatever else was drawn."""
    exact_chances = tuple(chance(p) for p in chances)
    seen = np.zeros((len(chances), n + 1), np.int64)
    total, beyond = 0, 0
    for counts in batches(sampler, jax.random.fold_in(jax.random.key(seed + 1), n), draws, n, exact_chances):
        total += len(counts)
        beyond += int(np.sum((counts < 0) | (counts > n)))
        for row, column in zip(seen, counts.T, strict=True):
            row += np.bincount(np.clip(column, 0, n), minlength=n + 1)
    found, checks, right = [], 0, beyond == 0
    for row, p in zip(seen, exact_chances, strict=True):
        expected = total * stats.binom.pmf(np.arange(n + 1), n, float(p))
        cells = pooled(expected, EXPECTED)
        count, mass = np.bincount(cells, row), np.bincount(cells, expected)
        if len(mass) == 1:  # too few draws to say anything; not in the campaign
            continue
        p_value = stats.chi2.sf(np.sum((count - mass) ** 2 / mass), len(mass) - 1)
        found.append(f"{p_value:.2g} ({len(mass)})")
        checks += 1
        right &= bool(p_value > verdict.RATE)
    return [Finding(f"chi-square, n = {n}", checks, f"p-values (cells) {', '.join(found)}", right)]


# Multinomial counts.


@functools.partial(jax.jit, static_argnames=("capacity", "draws"))
def _counts(key, model, *, capacity, draws):
    count = lambda key: sampling.draw_counts(key, model, jnp.int32(capacity), capacity).counts
    return jax.vmap(count)(_keys(key, draws))


def multinomial(seed: int, n: int, name: str, draws: int = DRAWS) -> Finding:
    """Means, variances and covariances of tokens by weight; those of weight zero are never drawn.

    Each token with a weight is expected in millions of the campaign's draws, so that normal errors will do.
    """
    if name in WEIGHTS:
        weights = [Fraction(weight) for weight in WEIGHTS[name]]
        model = sampling.cumulate_counts(jnp.array(WEIGHTS[name], jnp.int32), jnp.int32(sum(WEIGHTS[name])))
    else:
        weights = [Fraction(float(np.float32(weight))) for weight in FLOATS[name]]
        model = sampling.fixed_point_cdf(jnp.array(FLOATS[name], jnp.float32))
    p = np.array([float(weight / sum(weights)) for weight in weights])
    alive = np.flatnonzero(p)
    key = jax.random.fold_in(jax.random.key(seed + 2), n)
    total, first, second = 0, np.zeros(len(p)), np.zeros((len(p), len(p)))
    possible = True
    for batch in range(-(-draws // BATCH)):
        size = min(draws, BATCH)
        counts = np.asarray(_counts(jax.random.fold_in(key, batch), model, capacity=n, draws=size))
        possible &= bool((counts >= 0).all() and (counts[:, alive].sum(axis=1, dtype=np.int64) == n).all())
        possible &= not counts[:, p == 0].any()
        off = counts - n * p
        total, first, second = total + size, first + off.sum(axis=0), second + off.T @ off
    title = f"multinomial, n = {n:.0e}, {name}".replace("e+0", "e")
    if len(alive) == 1:
        return Finding(title, 0, "all of them" if possible else "NOT all of them", possible)
    pairs = np.ix_(alive, alive)
    square, spread, spread_of_square = _of_multinomial(n, p[alive])
    errors = first[alive] / np.sqrt(total) / spread
    errors_of_square = (second[pairs] / total - square) * np.sqrt(total) / spread_of_square
    worst = max(np.abs(errors).max(), np.abs(errors_of_square).max())
    checks = len(alive) + len(alive) * (len(alive) + 1) // 2
    return Finding(title, checks, f"{worst:5.2f} standard errors at most", bool(possible and worst <= QUANTILE))


def _of_multinomial(n: int, p: np.ndarray):
    """Covariances, and standard deviations of the deviations and of their products."""
    one = np.eye(len(p)) - p  # the deviation of each count for each outcome of a single draw
    covariance = one.T @ (p[:, None] * one)
    fourth = (one**2).T @ (p[:, None] * one**2)
    variance = np.diag(covariance)
    # Of a sum of n: all four factors of one draw, or two and two of two draws.
    product = n * fourth + n * (n - 1) * np.outer(variance, variance) + n * (n - 2) * covariance**2
    return n * covariance, np.sqrt(n * variance), np.sqrt(product)


# Leaving out the dead.

COMMUTING_POINTS = 10**9
GENERATIONS = 20


class Method(NamedTuple):
    """A way to draw from counts, and models for it.

    Attributes:
      draw: `(key, model, capacity) -> Counts`.
      n: tokens of a model, and drawn.
      width: of the models.
      chains: compared at once.
      points: drawn by each of them.
    """

    draw: Callable
    n: int
    width: int
    chains: int
    points: int


def _by_counts(portable):
    return lambda key, model, n: sampling.draw_counts(key, model, jnp.int32(n), n, portable=portable)


def _by_generations(key, model, n):
    sizes = jnp.full(GENERATIONS, n, jnp.int32)
    return sampling.fused_generations(key, model, jnp.int32(0), jnp.int32(GENERATIONS), sizes, n)[0]


def methods() -> dict[str, Method]:
    """The kernel where it is to be had, at sizes with and without tables, and XLA."""
    compiled = {
        "kernel, n = 64, 16 tokens": Method(_by_counts(False), 64, 16, 10**5, 64),
        "kernel, n = 1000, 40 tokens": Method(_by_counts(False), 1000, 40, 10**5, 1000),
        "kernel, n = 10^4, 300 tokens": Method(_by_counts(False), 10**4, 300, 10**4, 10**4),
        "kernel, n = 10^6, 100 tokens": Method(_by_counts(False), 10**6, 100, 10**3, 10**6),
        # A chain may stop before all generations are done; one is sure.
        "kernel's generations, n = 10^4, 100 tokens": Method(_by_generations, 10**4, 100, 10**4, 10**4),
    }
    portable = {"XLA, n = 1000, 24 tokens": Method(_by_counts(True), 1000, 24, 10**5, 1000)}
    return (compiled if native.enabled() else {}) | portable


@functools.partial(jax.jit, static_argnames=("draw", "n", "width"))
def _differ(key, models, *, draw, n, width):
    """In how many chains the narrowed model gives another count to any token of the wide one."""

    def of_chain(key, model):
        wide = draw(key, model, n).counts
        narrow, kept = sampling.compact_counts(model, width)
        laid_out = jnp.zeros_like(wide).at[kept].set(draw(key, narrow, n).counts, mode="drop")
        return jnp.any(wide != laid_out)

    return jnp.sum(jax.vmap(of_chain)(_keys(key, models.size.shape[0]), models), dtype=jnp.int32)


def commutes(name: str, seed: int, points: int = COMMUTING_POINTS) -> Finding:
    """`step(key, compact(x)) == compact(step(key, x))`, bit for bit, over so many points at least."""
    method = methods()[name]
    chains = max(1, min(method.chains, points // method.points))
    rng = np.random.default_rng(seed)
    alive = rng.gamma(0.05, size=(chains, method.width)) + 1e-300  # most have next to nothing
    counts = rng.multinomial(method.n, alive / alive.sum(axis=1, keepdims=True))
    models = jax.vmap(sampling.cumulate_counts, (0, None))(jnp.array(counts, jnp.int32), jnp.int32(method.n))
    models = models._replace(size=jnp.full(chains, method.n, jnp.int32))
    width = int((counts > 0).sum(axis=1).max())
    key, done, different = jax.random.key(seed), 0, 0
    rounds = -(-points // (chains * method.points))
    for number in range(rounds):
        different += int(_differ(jax.random.fold_in(key, number), models, draw=method.draw, n=method.n, width=width))
        done += chains * method.points
    found = f"{done:.1e} points, {method.width} tokens or {width}: {different} chains differ"
    return Finding(f"leaving out commutes, {name}", 0, found, different == 0)


LABELS = 1000
VOCABULARY = 5000


@jax.jit
def _labels_differ(key, corpora, renamed, tokens):
    def of_chain(key, corpus, renamed, tokens):
        drawn = sampling.draw_from_labels(key, corpus, corpus.size, LABELS).labels
        ranks = sampling.draw_from_labels(key, renamed, renamed.size, LABELS).labels
        return jnp.any(tokens.at[ranks].get(mode="fill", fill_value=-1) != drawn)

    return jnp.sum(jax.vmap(of_chain)(_keys(key, corpora.size.shape[0]), corpora, renamed, tokens), dtype=jnp.int32)


def labels_commute(seed: int, points: int = COMMUTING_POINTS) -> Finding:
    """Renaming the tokens of a corpus and drawing from it commute, over so many labels at least."""
    chains = max(1, min(10**4, points // LABELS))
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, rng.integers(1, VOCABULARY, (chains, 1)), (chains, LABELS))
    corpora = sampling.Labels(jnp.array(labels, jnp.int32), jnp.full(chains, LABELS, jnp.int32))
    renamed, tokens = jax.jit(jax.vmap(sampling.relabel, (0, None)), static_argnums=1)(corpora, VOCABULARY)
    key, done, different = jax.random.key(seed), 0, 0
    for number in range(-(-points // (chains * LABELS))):
        different += int(_labels_differ(jax.random.fold_in(key, number), corpora, renamed, tokens))
        done += chains * LABELS
    return Finding("renaming commutes, labels", 0, f"{done:.1e} labels: {different} chains differ", different == 0)


# What must be rejected.

CONTROL = (10**7, (0.1, 0.3))
"""Where float32 shows: the variance of `jax.random.binomial` is one percent too large."""


def control(seed: int, draws: int = DRAWS) -> Finding:
    """The negative control: the checks of `moments` must reject `jax.random.binomial`."""
    n, chances = CONTROL
    found = moments(of_jax, seed, n, tuple(float(np.float32(p)) for p in chances), draws)
    return _rejected("jax.random.binomial is rejected", found)


MUTANTS = {
    "a chance off by one in ten thousand": (moments, rounded_position, 10**6, (0.3,)),
    "one point lost": (moments, one_short, 10**3, (0.5,)),
    "a rounded normal variable": (whole_law, rounded_normal, 10**3, (0.01,)),
}


def mutant(name: str, seed: int, draws: int = DRAWS) -> Finding:
    """A wrong sampler of ours must be rejected as well."""
    judge_, sampler, n, chances = MUTANTS[name]
    return _rejected(f"{name} is rejected", judge_(sampler, seed, n, chances, draws))


def _rejected(what: str, found: list[Finding]) -> Finding:
    caught = [finding for finding in found if not finding.passed]
    return Finding(what, 0, "; ".join(f"{f.what}: {f.found}" for f in caught) or "NOT REJECTED", bool(caught))


# All of it.


def judge(seed: int, draws: int = DRAWS, points: int = COMMUTING_POINTS) -> Iterator[Finding]:
    """Every finding of this part. Without the kernel only sizes up to 10^6, for XLA compiles large ones for minutes."""
    most = max(SIZES) if native.enabled() else 10**6
    for n in SIZES:
        if n <= most:
            yield from moments(ours, seed, n, draws=draws)
    for n in SMALL:
        yield from whole_law(ours, seed, n, draws=draws)
    for n in MULTINOMIAL_SIZES:
        if n <= most:
            yield from (multinomial(seed, n, name, draws) for name in WEIGHTS)
    yield from (multinomial(seed, MULTINOMIAL_SIZES[0], name, draws) for name in FLOATS)
    yield from (commutes(name, seed, points) for name in methods())
    yield labels_commute(seed, points)
    yield control(seed, draws)
    yield from (mutant(name, seed, draws) for name in MUTANTS)

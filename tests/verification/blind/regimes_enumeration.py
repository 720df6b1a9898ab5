"""Exact laws of every regime of brief_regimes.md, by enumeration of the whole state space (no sampling).

Derived from the two briefs alone. A state is (memory, model, mark): `model` is p^(m) as exact fractions, `memory` is
what the later generations still need of the past (the window of models or of datasets, the pool, the real corpus, the
sum of the models or of the datasets' frequencies, for "prefix" every drawn token sequence, in its order), and `mark`
is what a statistic needs besides p^(m): p^(1) for the `*_first` statistics, or whether some model was already a Dirac
mass. The distribution is a dictionary {state: probability}; a generation is one or two kernels, each of which lists
every outcome of a state with its chance. Count vectors stand for tokens only where the corpus is a function of the
counts or a uniform choice among tokens (so that their order is irrelevant); a check below redoes such cases token by
token.
"""

from fractions import Fraction
from functools import cache, lru_cache
from itertools import combinations, product
from math import comb, factorial, prod

import numpy as np

NAMES = ("simpson", "heterozygosity", "support", "entropy", "collapsed", "l1_truth", "l2_truth", "l1_first", "l2_first")


def size(n, m):
    """n_m: one number, or a list that starts with n_1 and whose last entry holds from there on."""
    return int(n[min(m, len(n)) - 1]) if isinstance(n, (list, tuple, np.ndarray)) else int(n)


@cache
def compositions(n, s):
    """Every vector of s counts with sum n."""
    if s == 1:
        return [(n,)]
    return [(k, *rest) for k in range(n + 1) for rest in compositions(n - k, s - 1)]


@lru_cache(maxsize=200_000)
def _draws(q, n):
    out = []
    for c in compositions(n, len(q)):
        chance = factorial(n) // prod(map(factorial, c)) * prod(x**k for x, k in zip(q, c, strict=True))
        if chance > 0.0:
            out.append((c, chance))
    return out


def draws(q, n):
    """The counts of n independent tokens of q, with their chances."""
    return _draws(tuple(float(x) for x in q), n)


def subsets(pool, k):
    """The counts of a uniformly chosen subset of k of the pool's tokens, with their chances."""
    out = []
    for c in compositions(k, len(pool)):
        ways = prod(comb(a, b) for a, b in zip(pool, c, strict=True))
        if ways:
            out.append((c, ways / comb(sum(pool), k)))
    return out


def plus(*vectors):
    return tuple(map(sum, zip(*vectors, strict=True)))


def scaled(v, c):
    return tuple(c * x for x in v)


def freq(counts):
    total = sum(counts)
    if total == 0:
        raise ValueError("an empty corpus has no frequencies")
    return tuple(Fraction(k) / total for k in counts)


def window_counts(models, k):
    """The law of the counts of k tokens of each of the models, all independent, put together."""
    law = {(0,) * len(models[0]): 1.0}
    for q in models:
        new = {}
        for have, a in law.items():
            for c, b in draws(q, k):
                key = plus(have, c)
                new[key] = new.get(key, 0.0) + a * b
        law = new
    return law.items()


def kernels(regime, p, m, horizon):
    """Generation m as a list of kernels (memory, model) -> [(memory, model), chance], to be applied one after another.

    Before generation 1 the memory is None and the model is p.
    """
    kind, n = regime[0], regime[1]
    size_m = size(n, m)
    nothing = (0,) * len(p)

    if kind == "fully":
        return [lambda _, q: [((None, freq(c)), w) for c, w in draws(q, size_m)]]

    if kind == "partial":  # memory: the counts of the real corpus
        if m == 1:
            return [lambda _, q: [((x, freq(x)), w) for x, w in draws(p, regime[2])]]
        return [lambda x, q: [((x, freq(plus(x, y))), w) for y, w in draws(q, size_m)]]

    if kind == "recent" and not regime[3]:  # memory: the models before the last one, oldest first
        keep, k = regime[2], size_m // regime[2]

        def recent_fresh(past, q):
            window = ((past or ()) + (q,))[-keep:]
            return [((window, freq(c)), w) for c, w in window_counts(window, k)]

        return [recent_fresh]

    if kind == "recent":  # memory: the last K datasets, oldest first
        keep, k = regime[2], size_m // regime[2]

        def recent_kept(past, q):
            out = []
            for c, w in draws(q, k):
                window = ((past or ()) + (c,))[-keep:]
                out.append(((window, freq(plus(*window))), w))
            return out

        return [recent_kept]

    if kind == "random" and regime[2] == "fresh":  # memory: the sum of the models before the last one

        def random_fresh(total, q):
            total = plus(total or nothing, q)
            return [((total, freq(c)), w) for c, w in draws(scaled(total, Fraction(1, m)), size_m)]

        return [random_fresh]

    if kind == "random" and regime[2] == "pool":  # memory: the sum of the datasets' frequencies

        def fill(total, q):
            return [((plus(total or nothing, freq(c)), None), w) for c, w in draws(q, size_m)]

        def take(total, _):
            return [((total, freq(c)), w) for c, w in draws(scaled(total, Fraction(1, m)), size_m)]

        return [fill, take]

    if kind == "random":  # memory: every token sequence drawn so far
        length = max(size(n, j) for j in range(m, horizon + 1))

        def write(past, q):
            q = [float(x) for x in q]
            rows = ((y, prod(q[i] for i in y)) for y in product(range(len(q)), repeat=length))
            return [(((past or ()) + (y,), None), w) for y, w in rows if w > 0.0]

        def read(rows, _):
            out = []
            for parts, w in draws((1.0 / m,) * m, size_m):
                counts = [0] * len(p)
                for row, part in zip(rows, parts, strict=True):
                    for token in row[:part]:
                        counts[token] += 1
                out.append(((rows, freq(counts)), w))
            return out

        return [write, read]

    if kind == "accumulate":  # memory: the counts of everything so far

        def grow(pool, q):
            pools = ((plus(pool or nothing, c), w) for c, w in draws(q, size_m))
            return [((x, freq(x)), w) for x, w in pools]

        return [grow]

    if kind == "subsample":  # memory: the counts of the pool
        many, copies = regime[2], regime[3]

        def add(pool, q):
            return [((plus(pool or nothing, c), None), w) for c, w in draws(q, size_m)]

        def choose(pool, _):
            law = draws(freq(pool), many) if copies else subsets(pool, min(many, sum(pool)))
            return [((pool, freq(c)), w) for c, w in law]

        return [add, choose]

    if kind == "fresh":
        real, weight = regime[2], Fraction(regime[3])
        if m == 1:
            return [lambda _, q: [((None, freq(c)), w) for c, w in draws(p, real or size_m)]]
        return [
            lambda _, q: [
                ((None, freq(plus(scaled(x, weight), y))), a * b)
                for x, a in draws(p, real)
                for y, b in draws(q, size_m)
            ]
        ]

    if kind == "mixture":
        a = regime[2]
        return [
            lambda _, q: [
                ((None, freq(c)), w)
                for c, w in draws([a * x + (1 - a) * float(z) for x, z in zip(p, q, strict=True)], size_m)
            ]
        ]
    raise ValueError(f"no such regime: {regime!r}")


def walk(regime, p, generations, mark, update):
    """Yield, for m = 0..generations, the law {(model, mark): probability}; update(m, model, mark) is the new mark."""
    p = tuple(float(x) for x in p)
    start = tuple(Fraction(x) for x in p)
    law = {(None, start, update(0, start, mark)): 1.0}
    yield {(start, update(0, start, mark)): 1.0}
    for m in range(1, generations + 1):
        for kernel in kernels(regime, p, m, generations):
            done, new = {}, {}
            for (memory, model, note), chance in law.items():
                if (memory, model) not in done:
                    done[memory, model] = kernel(memory, model)
                for (memory2, model2), w in done[memory, model]:
                    key = (memory2, model2, note)
                    new[key] = new.get(key, 0.0) + chance * w
            law = new
        new, seen = {}, {}
        for (memory, model, note), chance in law.items():
            note = update(m, model, note)
            new[memory, model, note] = new.get((memory, model, note), 0.0) + chance
            seen[model, note] = seen.get((model, note), 0.0) + chance
        law = new
        yield seen


def statistics(q, first, p):
    """Every statistic of the rows of q (models) and of `first` (their p^(1)), as a dictionary of arrays."""
    simpson = (q**2).sum(1)
    logs = np.log(np.where(q > 0, q, 1.0))
    return {
        "simpson": simpson,
        "heterozygosity": 1 - simpson,
        "support": (q > 0).sum(1).astype(float),
        "entropy": -(q * logs).sum(1),
        "collapsed": (q == 1).any(1).astype(float),
        "l1_truth": abs(q - p).sum(1),
        "l2_truth": ((q - p) ** 2).sum(1),
        "l1_first": abs(q - first).sum(1),
        "l2_first": ((q - first) ** 2).sum(1),
    }


def expectation(regime, p, generations):
    """{statistic: array [2, generations + 1]}: the exact mean and the exact variance at m = 0..generations."""
    p = np.asarray(p, float)
    laws = list(walk(regime, p, max(generations, 1), None, lambda m, model, first: model if m == 1 else first))
    truth = next(iter(laws[0]))[0]
    joint = {}  # generation 0 is p, beside the law of p^(1)
    for (_, first), chance in laws[1].items():
        joint[truth, first] = joint.get((truth, first), 0.0) + chance
    laws[0] = joint
    out = {name: np.zeros((2, generations + 1)) for name in NAMES}
    for m, law in enumerate(laws[: generations + 1]):
        chance = np.array(list(law.values()))
        q, first = (np.array([[float(x) for x in state[side]] for state in law]) for side in (0, 1))
        for name, value in statistics(q, first, p).items():
            mean = chance @ value
            out[name][:, m] = mean, chance @ (value - mean) ** 2
    return out


def law(regime, p, m):
    """The exact law of p^(m): {frequencies, as floats rounded to 12 digits: probability}."""
    out = {}
    *_, last = walk(regime, p, m, None, lambda *_: None)
    for (model, _), chance in last.items():
        key = tuple(round(float(x), 12) for x in model)
        out[key] = out.get(key, 0.0) + chance
    return out


def first_dirac(regime, p, generations):
    """P(some p^(j), 0 <= j <= m, is a Dirac mass), for m = 0..generations."""
    laws = walk(regime, p, generations, False, lambda m, model, was: was or max(model) == 1)
    return np.array([sum(chance for (_, was), chance in x.items() if was) for x in laws])


def tokenwise(p, n, m, corpora):
    """The law of p^(m), each dataset a list of n tokens; corpora(datasets) lists all equally likely corpora."""
    states, s = {(): 1.0}, len(p)
    for _ in range(m):
        new, out = {}, {}
        for state, chance in states.items():
            q = state[-1] if state else tuple(p)
            for y in product(range(s), repeat=n):
                w = prod(q[i] for i in y)
                key = (state[0] if state else ()) + (y,)
                new[key] = new.get(key, 0.0) + chance * w
        for data, chance in new.items():
            every = list(corpora(data))
            for corpus in every:
                key = (data, tuple(corpus.count(i) / len(corpus) for i in range(s)))
                out[key] = out.get(key, 0.0) + chance / len(every)
        states = out
    final = {}
    for (_, q), chance in states.items():
        key = tuple(round(x, 12) for x in q)
        final[key] = final.get(key, 0.0) + chance
    return final


def _gap(a, b):
    return max(abs(a.get(k, 0.0) - b.get(k, 0.0)) for k in set(a) | set(b))


if __name__ == "__main__":
    import time

    begin, worst = time.time(), 0.0
    skew, zero, uniform = (0.6, 0.3, 0.1), (0.7, 0.0, 0.3), (1 / 3, 1 / 3, 1 / 3)
    every = [
        ("fully", [3, 2, 4]),
        ("partial", [3, 2, 4], 2),
        ("recent", [4, 2, 6], 2, False),
        ("recent", 4, 3, False),
        ("recent", [4, 2, 6], 2, True),
        ("recent", 4, 3, True),
        ("random", [3, 2, 4], "fresh"),
        ("random", [3, 2, 4], "pool"),
        ("random", [2, 3, 1], "prefix"),
        ("accumulate", [3, 2, 4]),
        ("subsample", [2, 1, 3], 3, True),
        ("subsample", [2, 1, 3], 3, False),
        ("fresh", [3, 2, 4], 2, 0.5),
        ("fresh", 3, 0, 1),
        ("mixture", [3, 2, 4], 0.3),
    ]
    for regime in every:  # the mass is 1, the mean is p, the flag bounds `collapsed`
        gens, tick = (3 if "prefix" in regime else 4), time.time()
        for p in (skew, zero, uniform):
            for x in walk(regime, p, gens, None, lambda *_: None):
                mean = sum(w * np.array([float(z) for z in q]) for (q, _), w in x.items())
                worst = max(worst, abs(sum(x.values()) - 1), *abs(mean - p))
            values, hit = expectation(regime, p, gens), first_dirac(regime, p, gens)
            assert (np.diff(hit) >= -1e-12).all(), regime
            assert (hit >= values["collapsed"][0] - 1e-12).all(), regime
            once = values["collapsed"][0]
            worst = max(worst, *abs(values["collapsed"][1] - once * (1 - once)))
        print(f"{regime!s:45s} {time.time() - tick:6.2f} s")
    n = [3, 2, 4]
    same = [
        (("fully", n), ("recent", n, 1, False)),
        (("fully", n), ("recent", n, 1, True)),
        (("fully", n), ("fresh", n, 0, 2)),
        (("fully", n), ("mixture", n, 0.0)),
        (("accumulate", [2, 1, 2]), ("subsample", [2, 1, 2], 99, False)),
        (("accumulate", [1, 1, 2]), ("recent", [4, 4, 8], 4, True)),
        (("random", 1, "pool"), ("random", 1, "prefix")),
        (("random", 1, "pool"), ("subsample", 1, 1, True)),
    ]
    for a, b in same:  # two names for one process
        left, right = expectation(a, skew, 4), expectation(b, skew, 4)
        worst = max([worst] + [abs(left[k] - right[k]).max() for k in NAMES])
        worst = max(worst, *abs(first_dirac(a, skew, 4) - first_dirac(b, skew, 4)))
    p = (0.7, 0.3)  # counts against tokens
    cases = [
        (("subsample", 2, 3, False), 2, lambda d: combinations(sum(d, ()), min(3, 2 * len(d)))),
        (("subsample", 2, 3, True), 2, lambda d: product(sum(d, ()), repeat=3)),
        (("random", 2, "pool"), 2, lambda d: product(sum(d, ()), repeat=2)),
        (
            ("random", 2, "prefix"),
            2,
            lambda d: [sum((y[: t.count(i)] for i, y in enumerate(d)), ()) for t in product(range(len(d)), repeat=2)],
        ),
    ]
    for regime, n, corpora in cases:
        for m in (1, 2, 3, 4):
            worst = max(worst, _gap(law(regime, p, m), tokenwise(p, n, m, corpora)))
    print(f"largest discrepancy {worst:.1e}, {time.time() - begin:.1f} s")
    assert worst < 1e-12

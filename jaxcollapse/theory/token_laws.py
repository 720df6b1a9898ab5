"""The exact law of one token's frequency in the other regimes, jointly with its frequency in p^(1).

As in :mod:`~jaxcollapse.theory.one_token`, one token against all others is a chain on counts; what
differs is what must be known of the past: the count of a pool, the counts of a window, real and
synthetic counts. Each function here carries that law forward, an array with an axis for the count
in generation 1 (of length 1 where nobody asks for it).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from jaxcollapse.regimes import (
    Accumulate,
    AccumulateSubsample,
    FreshReal,
    FullySynthetic,
    Mixture,
    MostRecent,
    PartiallySynthetic,
    RandomlySampled,
)
from jaxcollapse.regimes.base import sizes_of
from jaxcollapse.schedules import Schedule
from jaxcollapse.theory.setting import OutOfRange, generations_of, numbers

CELLS = 2e7
"""Entries that one array may have."""
WORK = 3e9
"""Multiplications that one call may spend on all tokens together: some 10 s."""
PMF = 100
"""A binomial probability costs as much as so many multiplications."""


class Frequencies(NamedTuple):
    """The law of a token's frequency at one generation, as weighted points.

    Attributes:
      first: its frequency in p^(1), ``[k]``.
      now: its frequency in p^(m), ``[k]``.
      chance: of the pair, ``[k]``.
      total: tokens that are counted, or None where counts have weights.
    """

    first: np.ndarray
    now: np.ndarray
    chance: np.ndarray
    total: int | None


def expectation(
    process: Any, f: Callable[[np.ndarray, np.ndarray, float], np.ndarray], generations: int, *, joint: bool = False
) -> np.ndarray:
    """``sum_i E f(p_i^(1), p_i^(m), p_i)`` for ``m >= 1``.

    Args:
      process: of any regime in the table below.
      f: from frequencies in p^(1) (nan unless ``joint``), frequencies in p^(m) and p_i to numbers, elementwise.
      generations: the last one.
      joint: whether f looks at p^(1).

    Returns:
      ``[generations]``, from m = 1 on.

    Raises:
      OutOfRange: when it would take too much time or memory.
      TypeError: for a regime whose law of one token is not known.
    """
    p, _ = numbers(process)
    different, many = np.unique(p[p > 0], return_counts=True)
    curve = np.zeros(generations_of(generations))
    for law, count, p_i in zip(frequencies(process, different, generations, joint=joint), many, different, strict=True):
        for m, now in enumerate(law):
            curve[m] += count * float(now.chance @ f(now.first, now.now, float(p_i)))
    return curve


def frequencies(
    process: Any, p: np.ndarray, generations: int, *, joint: bool = False
) -> Iterator[Iterator[Frequencies]]:
    """The laws at ``m = 1..generations`` of tokens of true probabilities ``p [d]``; errors as :func:`expectation`."""
    _, regime = numbers(process)
    chain = CHAINS.get(type(regime))
    if chain is None:
        raise TypeError(f"the exact law of one token is not known for {type(regime).__name__}; its second moments are")
    ask = _Ask(joint, len(p))
    for p_i in p:
        yield itertools.islice(chain(regime, float(p_i), ask), generations)


class _Ask:
    """What a caller wants to know, and what that has cost.

    Attributes:
      joint: whether p^(1) matters.
      tokens: how many laws are wanted, each as dear as the others.
    """

    def __init__(self, joint: bool, tokens: int) -> None:
        self.joint = joint
        self.tokens = tokens
        self._spent = 0.0
        self._begun = 0

    def allow(self, cells: float, work: float = 1.0) -> None:
        """Refuse an array that is too large, or one too many: all tokens together must stay below :data:`WORK`."""
        if cells > CELLS:
            raise _too_much("the law of one token", cells)
        self._spent += cells * work
        if self._spent * self.tokens / max(self._begun, 1) > WORK:
            raise _too_much("the laws of all tokens", self._spent * self.tokens / max(self._begun, 1))

    def pmf(self, size: int, chance: np.ndarray | float) -> np.ndarray:
        """Binomial laws, ``[..., size + 1]``."""
        chance = np.asarray(chance, float)
        self.allow(chance.size * (size + 1.0), PMF)
        return stats.binom.pmf(np.arange(size + 1), size, np.clip(chance, 0, 1)[..., None])

    def begin(self, size: int, p: float) -> np.ndarray:
        """The first count of the next token by itself, ``[first, count]``."""
        law = self.start(size, p)
        return np.diag(law) if self.joint else law[None]

    def start(self, size: int, p: float) -> np.ndarray:
        """The first count of the next token, ``[size + 1]``."""
        self._begun += 1
        return self.pmf(size, p)


def _too_much(what: str, cells: float) -> OutOfRange:
    return OutOfRange(
        f"{what} would need {cells:.1g} numbers; use smaller sizes, fewer different probabilities, a shorter window or "
        "fewer generations, or theory.heterozygosity and l2_first, which reach further"
    )


def _points(law: np.ndarray, now: np.ndarray, size: int, joint: bool, total: int | None) -> Frequencies:
    """Flatten ``law [first, states]`` with the frequency of each state."""
    first = np.arange(len(law)) / size if joint else np.full(len(law), np.nan)
    pairs = np.broadcast_arrays(first[:, None], now)
    return Frequencies(pairs[0].ravel(), pairs[1].ravel(), law.ravel(), total)


def _shifted(law: np.ndarray, added: np.ndarray) -> np.ndarray:
    """The law of ``z + y`` from ``law [first, z]`` and ``added [z, y]``, the law of y given z."""
    grown = np.zeros((law.shape[0], law.shape[1] + added.shape[1] - 1))
    for y in range(added.shape[1]):
        grown[:, y : y + law.shape[1]] += law * added[:, y]
    return grown


def _fully(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    first = size = regime.whole("n", 1)
    law = ask.begin(size, p)
    for m in itertools.count(2):
        values = np.arange(size + 1) / size
        yield _points(law, values, first, ask.joint, size)
        size = regime.whole("n", m)
        law = law @ ask.pmf(size, values)


def _partially(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    real = regime.whole("real", 1)
    yield _points(ask.begin(real, p), np.arange(real + 1) / real, real, ask.joint, real)
    r = np.arange(real + 1)
    law, values = ask.pmf(real, p)[:, None], r[:, None] / real  # [real count, synthetic count], none of these yet
    for m in itertools.count(2):
        size = regime.whole("n", m)
        law = np.einsum("rx,rxy->ry", law, ask.pmf(size, values))
        values = (r[:, None] + np.arange(size + 1)) / (real + size)
        yield _points(law, values, real, True, real + size)


def _fresh(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    weight = 1.0 if regime.weight is None else float(np.float32(regime.weight))
    whole = regime.weight is None
    first = regime.whole("real", 1) or regime.whole("n", 1)
    law, values = ask.begin(first, p), np.arange(first + 1) / first
    yield _points(law, values, first, ask.joint, first if whole else None)
    for m in itertools.count(2):
        real, n = regime.whole("real", m), regime.whole("n", m)
        law = (law.reshape(len(law), -1) @ ask.pmf(n, values.ravel()))[:, None, :] * ask.pmf(real, p)[:, None]
        ask.allow(law.size)
        values = (weight * np.arange(real + 1)[:, None] + np.arange(n + 1)) / (weight * real + n)
        yield _points(law.reshape(len(law), -1), values.ravel(), first, ask.joint, real + n if whole else None)


def _mixture(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    share = float(np.float32(regime.share))
    first = size = regime.whole("n", 1)
    law = ask.begin(size, p)
    for m in itertools.count(2):
        values = np.arange(size + 1) / size
        yield _points(law, values, first, ask.joint, size)
        size = regime.whole("n", m)
        law = law @ ask.pmf(size, share * p + (1 - share) * values)


def _accumulate(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    first = pooled = regime.whole("n", 1)
    law = ask.begin(first, p)
    for m in itertools.count(2):
        values = np.arange(pooled + 1) / pooled
        yield _points(law, values, first, ask.joint, pooled)
        size = regime.whole("n", m)
        ask.allow(float(law.size), size)
        law = _shifted(law, ask.pmf(size, values))
        pooled += size


def _subsample(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    budget, replacement = regime.whole("budget", 1), regime.replacement
    return _from_pool(regime, p, ask, lambda m, pooled: budget if replacement else min(budget, pooled), replacement)


def _from_pool(
    regime: Any, p: float, ask: _Ask, taken: Callable[[int, int], int], replacement: bool
) -> Iterator[Frequencies]:
    """A growing pool of which some tokens are taken: the state is the pool's count."""
    pooled = regime.whole("n", 1)
    law = ask.start(pooled, p)[None]
    first = taken(1, pooled)
    for m in itertools.count(1):
        size, count = taken(m, pooled), np.arange(pooled + 1)
        ask.allow((pooled + 1.0) * (size + 1) * (size + 1 if ask.joint else 1), 1.0 + regime.whole("n", m))
        if replacement:
            part = ask.pmf(size, count / pooled)
        else:
            part = stats.hypergeom.pmf(np.arange(size + 1), pooled, count[:, None], size)
        if m == 1:
            # The count in generation 1 is the first axis from here on.
            both = (
                law[0][None, :, None] * part[None]
                if not ask.joint
                else (law[0][:, None] * part).T[:, :, None] * np.eye(size + 1).reshape(size + 1, 1, size + 1)
            )
        else:
            both = law[:, :, None] * part
        ask.allow(float(both.size))
        yield _points(both.sum(axis=1), np.arange(size + 1) / size, first, ask.joint, size)
        added = regime.whole("n", m + 1)
        law = np.zeros((len(both), pooled + added + 1))
        step = both @ ask.pmf(added, np.arange(size + 1) / size)
        for y in range(added + 1):
            law[:, y : y + pooled + 1] += step[:, :, y]
        pooled += added


def _random(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    if regime.reuse == "prefix":
        return _prefix(regime, p, ask)
    if isinstance(regime.n, Schedule):
        raise TypeError("the exact law of one token is known for RandomlySampled with one n; its second moments are")
    n = regime.whole("n", 1)
    if regime.reuse == "pool":
        return _from_pool(regime, p, ask, lambda m, pooled: n, True)
    return _random_afresh(n, p, ask)


def _random_afresh(n: int, p: float, ask: _Ask) -> Iterator[Frequencies]:
    """The state is the sum of the counts so far."""
    law, values = ask.begin(n, p), np.arange(n + 1) / n
    yield _points(law, values, n, ask.joint, n)
    for m in itertools.count(2):
        mean = (p + np.arange(law.shape[1]) / n) / m
        added = ask.pmf(n, mean)
        ask.allow(float(law.size), 2.0 * n)
        yield _points(law @ added, values, n, ask.joint, n)
        law = _shifted(law, added)


def _prefix(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    """The state is every token written so far, one bit each."""
    length = int(np.max(sizes_of(regime.n)))
    ask.start(1, p)
    ask.allow(2.0 ** min(length, 1000) * length)
    bits = np.array(list(itertools.product((0, 1), repeat=length)))  # [2^length, length]
    ones = np.concatenate([np.zeros((len(bits), 1), int), bits.cumsum(axis=1)], axis=1)
    wrote = lambda chance: np.prod(np.where(bits, chance[..., None, None], 1 - chance[..., None, None]), axis=-1)
    law = wrote(np.array(p))  # [2^length] a sequence, one axis each
    first_size = regime.whole("n", 1)
    first = ones[:, first_size]
    for m in itertools.count(1):
        size = regime.whole("n", m)
        ask.allow(float(law.size) * (size + 1) * len(bits), PMF)
        given = np.zeros((*law.shape, size + 1))
        for counts in itertools.product(range(size + 1), repeat=m):
            if sum(counts) == size:
                seen = sum(
                    ones[:, count].reshape([-1 if t == u else 1 for u in range(m)]) for t, count in enumerate(counts)
                )
                chance = stats.multinomial.pmf(counts, size, [1 / m] * m)
                np.add.at(given, (*np.indices(law.shape), np.broadcast_to(seen, law.shape)), chance)
        both = law[..., None] * given
        by_first = np.zeros((first_size + 1, size + 1))
        np.add.at(by_first, first, both.reshape(len(bits), -1, size + 1).sum(axis=1))
        yield _points(by_first, np.arange(size + 1) / size, first_size, True, size)
        law = both @ wrote(np.arange(size + 1) / size)


def _window(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    return (_window_reused if regime.reuse else _window_afresh)(regime, p, ask)


def _window_afresh(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    """The state is the counts of the models in the window, an axis each, the oldest first."""
    window = regime.window
    first = regime.whole("n", 1) // window
    law, totals = ask.begin(first, p), [first]
    for m in itertools.count(2):
        counted = law.reshape(len(law), -1, law.shape[-1]).sum(axis=1)
        yield _points(counted, np.arange(totals[-1] + 1) / totals[-1], first, ask.joint, totals[-1])
        share = regime.whole("n", m) // window
        shape = law.shape[1:]
        drawn = ask.pmf(share, p) if m <= window else np.ones(1)
        drawn = drawn.reshape([1] * len(shape) + [-1])
        for axis, total in enumerate(totals):
            mine = ask.pmf(share, np.arange(total + 1) / total)
            mine = mine.reshape([-1 if a == axis else 1 for a in range(len(shape))] + [share + 1])
            ask.allow(float(np.prod(shape)) * (drawn.shape[-1] + share), share + 1.0)
            drawn = _convolved(drawn, mine)
        ask.allow(float(law.size) * drawn.shape[-1])
        law = law[..., None] * drawn
        totals.append(share * min(window, m))
        if len(totals) > window:
            law = law.sum(axis=1)
            totals.pop(0)


def _convolved(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The law of a sum of independent counts along the last axis."""
    shape = np.broadcast_shapes(a.shape[:-1], b.shape[:-1])
    out = np.zeros((*shape, a.shape[-1] + b.shape[-1] - 1))
    for y in range(b.shape[-1]):
        out[..., y : y + a.shape[-1]] += a * b[..., y : y + 1]
    return out


def _window_reused(regime: Any, p: float, ask: _Ask) -> Iterator[Frequencies]:
    """The state is the counts of the datasets in the window, an axis each, the oldest first."""
    window = regime.window
    sizes = [regime.whole("n", 1) // window]
    first = sizes[0]
    law = ask.begin(first, p)
    for m in itertools.count(2):
        total = sum(sizes)
        count = sum(
            np.arange(k + 1).reshape([-1 if a == b else 1 for b in range(len(sizes))]) for a, k in enumerate(sizes)
        )
        yield _points(
            law.reshape(len(law), -1), np.broadcast_to(count, law.shape[1:]).ravel() / total, first, ask.joint, total
        )
        share = regime.whole("n", m) // window
        ask.allow(float(law.size) * (share + 1))
        law = law[..., None] * ask.pmf(share, count / total)
        sizes.append(share)
        if len(sizes) > window:
            law = law.sum(axis=1)
            sizes.pop(0)


CHAINS: dict[type, Callable[[Any, float, _Ask], Iterator[Frequencies]]] = {
    FullySynthetic: _fully,
    PartiallySynthetic: _partially,
    MostRecent: _window,
    RandomlySampled: _random,
    Accumulate: _accumulate,
    AccumulateSubsample: _subsample,
    FreshReal: _fresh,
    Mixture: _mixture,
}
"""The law of one token by regime."""

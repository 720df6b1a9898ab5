"""Very many chains without keeping them: mean, spread and quantiles of each generation, block of chains by block."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check, engine
from jaxcollapse.analysis import Ensemble
from jaxcollapse.process import Process
from jaxcollapse.statistics import Record

BLOCK = 4096
"""Chains simulated at a time. Blocks are merged in the order of their numbers, so results do not depend on memory."""
ACCURACY = 0.005
"""Relative error of a quantile."""


class Moments:
    """Mean and variance of arrays that come in blocks along the first axis.

    Each block's are taken in float64 and merged by Chan, Golub and LeVeque (1983), so that nothing cancels.
    """

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, np.zeros(()), np.zeros(())

    def add(self, values: np.ndarray) -> None:
        """A block ``[chains, ...]``."""
        values = np.asarray(values, np.float64)
        count, mean = len(values), values.mean(axis=0)
        squares = np.square(values - mean).sum(axis=0)
        apart, total = mean - self.mean, self.count + count
        self.squares = self.squares + squares + apart**2 * (self.count * count / total)
        self.mean = self.mean + apart * (count / total)
        self.count = total

    @property
    def standard_error(self) -> np.ndarray:
        """Of the mean; NaN for a single value."""
        if self.count < 2:
            return np.full_like(self.mean, np.nan)
        return np.sqrt(self.squares / (self.count - 1) / self.count)


class Sketch:
    """Quantiles of arrays that come in blocks along the first axis: counts in bins of equal ratio.

    Values between ``gamma^(k - 1)`` and ``gamma^k`` share a bin, where ``gamma = (1 + a) / (1 - a)``, so that a
    quantile is off by a relative ``a`` at most, however many values there are. Zeros and negative values have
    bins of their own. Counts are integers: blocks may come in any order. Of whole numbers, those up to 100 come
    out exactly.

    Source: Masson, Rim and Lee, "DDSketch" (2019).
    """

    def __init__(self, accuracy: float = ACCURACY) -> None:
        self.accuracy, self.count, self.whole = accuracy, 0, True
        self._log_gamma = math.log1p(accuracy) - math.log1p(-accuracy)
        self._below, self._zero, self._above = _Bins(), np.zeros((), np.int64), _Bins()

    def add(self, values: np.ndarray) -> None:
        """A block ``[chains, cells]``."""
        self.whole &= not np.issubdtype(values.dtype, np.floating)
        values = np.asarray(values, np.float64)
        self._zero = self._zero + np.sum(values == 0, axis=0)
        with np.errstate(divide="ignore"):
            power = np.ceil(np.log(np.abs(values)) / self._log_gamma)
        self._below.add(power, values < 0)
        self._above.add(power, values > 0)
        self.count += len(values)

    def quantile(self, level: float) -> np.ndarray:
        """The value that a share ``level`` of all values does not exceed, ``[cells]``."""
        below, above = self._below, self._above
        counts = np.concatenate([below.counts[:, ::-1], self._zero[:, None], above.counts], axis=1)
        values = np.concatenate([-self._size(below.powers)[::-1], [0.0], self._size(above.powers)])
        rank = max(math.ceil(level * self.count), 1)
        return values[np.argmax(np.cumsum(counts, axis=1) >= rank, axis=1)]

    def _size(self, power: np.ndarray) -> np.ndarray:
        size = np.exp(power * self._log_gamma) * (1 - self.accuracy)  # 2 gamma^k / (1 + gamma)
        return np.rint(size) if self.whole else size


class _Bins:
    """How many values there were of each power, ``[cells, powers]``, from the least to the greatest seen."""

    def __init__(self) -> None:
        self.powers, self.counts = np.zeros(0, np.int64), np.zeros((0, 0), np.int64)

    def add(self, power: np.ndarray, counted: np.ndarray) -> None:
        """Those of ``power [chains, cells]`` that are to be counted."""
        cells = power.shape[1]
        if not self.counts.size:
            self.counts = np.zeros((cells, 0), np.int64)
        if not counted.any():
            return
        found = power[counted].astype(np.int64)
        low = min([found.min(), *self.powers[:1]])
        high = max([found.max(), *self.powers[-1:]])
        before = self.powers[0] - low if self.powers.size else 0
        after = high - low + 1 - before - len(self.powers)
        self.counts, self.powers = np.pad(self.counts, ((0, 0), (before, after))), np.arange(low, high + 1)
        width = len(self.powers)
        index = np.nonzero(counted)[1] * width + (found - low)
        self.counts += np.bincount(index, minlength=cells * width).reshape(cells, width)


class Summary:
    """What very many chains have in common.

    ``summary[name]`` is an :class:`~jaxcollapse.analysis.Ensemble`: means, standard errors and quantiles of each
    recorded generation.

    Attributes:
      chains: how many there were.
      every: how many generations lie between one row and the next.
    """

    def __init__(self, ensembles: dict[str, Ensemble], chains: int, every: int) -> None:
        self._ensembles, self.chains, self.every = ensembles, chains, every

    def __getitem__(self, name: str) -> Ensemble:
        if name not in self._ensembles:
            check.choice("recorded statistic", name, self._ensembles)
        return self._ensembles[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ensembles)


def summarize(
    key: Array,
    process: Process,
    *,
    chains: int,
    generations: int,
    record: Record = ("heterozygosity", "support"),
    every: int = 1,
    levels: Sequence[float] = (0.05, 0.25, 0.5, 0.75, 0.95),
) -> Summary:
    """Simulate very many chains and keep what they have in common only.

    The chains are those of :func:`~jaxcollapse.simulate` with the same key, 4096 at a time. Memory does not grow
    with their number: a mean, a variance and some thousand bins of counts a generation.

    Args:
      key, process, generations, record, every: as for :func:`~jaxcollapse.simulate`.
      chains: how many; numbered from 0.
      levels: of the quantiles, in [0, 1]. They are within half a percent of a value that so many chains do not
        exceed. Without any, the sketch is left out, which saves a third of the time for cheap statistics.

    Returns:
      A :class:`Summary`.

    Raises:
      As :func:`~jaxcollapse.simulate`; ValueError for a bad level, and when chains had bad inputs.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.zipf(50), jc.FullySynthetic(n=20))
      >>> summary = jc.summarize(jax.random.key(0), process, chains=10_000, generations=40, record="support", every=10)
      >>> summary["support"].generation.tolist(), summary["support"].quantiles.shape
      ([0, 10, 20, 30, 40], (5, 5))
    """
    chains = check.static_whole_number("chains", chains)
    at = np.asarray(levels, np.float64)
    if at.ndim != 1 or not np.all((at >= 0) & (at <= 1)):
        raise ValueError(f"levels must be numbers between 0 and 1, got {levels!r}")
    moments: dict[str, Moments] = {}
    sketches: dict[str, Sketch] = {}
    size = min(BLOCK, chains)
    for first in range(0, chains, size):
        # The last block runs some chains too many, for another size would compile anew.
        numbers, kept = jnp.arange(first, first + size, dtype=jnp.int32), min(size, chains - first)
        trace = engine.simulate(key, process, chains=numbers, generations=generations, record=record, every=every)
        trace = jax.tree.map(functools.partial(_first, kept), trace).check()
        for name in trace:
            moments.setdefault(name, Moments()).add(trace[name])
            if at.size:
                sketches.setdefault(name, Sketch()).add(trace[name].reshape(len(trace[name]), -1))
    rows = np.arange(0, generations + 1, every)
    return Summary({name: _ensemble(rows, of, sketches.get(name), at) for name, of in moments.items()}, chains, every)


def _first(count: int, of: Array) -> np.ndarray:
    return np.asarray(of)[:count]


def _ensemble(rows: np.ndarray, moments: Moments, sketch: Sketch | None, levels: np.ndarray) -> Ensemble:
    shape = moments.mean.shape
    quantiles = np.empty((0, *shape))
    if sketch is not None:
        quantiles = np.stack([sketch.quantile(level).reshape(shape) for level in levels])
    return Ensemble(rows, moments.mean, moments.standard_error, levels, quantiles, moments.count)

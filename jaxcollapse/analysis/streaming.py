"""Mean, variance and quantiles of very many chains, added up block of chains by block, without keeping the chains."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

BLOCK = 4096
"""The number of chains in a block. Blocks are merged by number, so no bit depends on memory, devices or processes."""
ACCURACY = 0.005
"""The largest relative error of a quantile."""


class Moments:
    """The mean and the variance of arrays that come in blocks along the first axis.

    The moments of each block are taken in float64 and merged by the formula of Chan, Golub and LeVeque, so that nothing
    cancels. Blocks are numbered; those numbered ``2 j`` and ``2 j + 1`` are merged first, then pairs of these, and so
    on. So processes may each take some of the blocks, and the bits are those of one process that takes all.

    Source: Chan, Golub and LeVeque, "Algorithms for computing the sample variance" (1983).

    Example:
      >>> moments = Moments()
      >>> moments.add(np.array([[1.0], [2.0]]))
      >>> moments.add(np.array([[6.0]]))
      >>> moments.count, moments.mean.tolist(), moments.variance.tolist()
      (3, [3.0], [7.0])
    """

    def __init__(self) -> None:
        self._nodes: list[Node] = []

    def add(self, values: np.ndarray, number: int | None = None) -> None:
        """Add a block ``[chains, ...]``: the next one, unless its number is given."""
        # Each cell's values in a row of their own, or the order of additions would depend on how many cells there are.
        values = np.ascontiguousarray(np.moveaxis(np.asarray(values, np.float64), 0, -1))
        mean = values.mean(axis=-1)
        number = sum(2**node.level for node in self._nodes) if number is None else number
        squares = np.square(values - mean[..., None]).sum(axis=-1)
        self.join([Node(0, number, values.shape[-1], mean, squares)])

    def join(self, nodes: list[Node]) -> None:
        """Add blocks, merged or not, that follow those that were added before."""
        for node in nodes:
            self._nodes.append(node)
            while len(self._nodes) > 1 and self._nodes[-2].precedes(self._nodes[-1]):
                last = self._nodes.pop()
                self._nodes.append(self._nodes.pop().merged(last))

    @property
    def nodes(self) -> list[Node]:
        """The nodes that are not merged with one another yet, in order."""
        return list(self._nodes)

    def _all(self) -> Node:
        """Merge all nodes into one, from the first to the last."""
        return functools.reduce(Node.merged, self._nodes)

    @property
    def count(self) -> int:
        """The number of values that were added."""
        return sum(node.chains for node in self._nodes)

    @property
    def mean(self) -> np.ndarray:
        """The mean of all values, ``[...]``."""
        return self._all().mean

    @property
    def variance(self) -> np.ndarray:
        """The variance of one value, ``[...]``; NaN when there is only one."""
        node = self._all()
        return node.squares / (node.chains - 1) if node.chains > 1 else np.full_like(node.mean, np.nan)

    @property
    def standard_error(self) -> np.ndarray:
        """The standard error of the mean, ``[...]``; NaN when there is only one value."""
        return np.sqrt(self.variance / self.count)


class Node(NamedTuple):
    """The moments of ``2^level`` blocks, the first of which is block ``number 2^level``.

    Attributes:
      level: the logarithm to base 2 of the number of blocks.
      number: the number of the node among those of its level.
      chains: the number of values.
      mean: the mean of the values, ``[...]``.
      squares: the sum of squared deviations from the mean, ``[...]``.
    """

    level: int
    number: int
    chains: int
    mean: np.ndarray
    squares: np.ndarray

    def precedes(self, other: Node) -> bool:
        """Return whether this node and the other are the two halves of a node one level up."""
        return self.level == other.level and self.number % 2 == 0 and other.number == self.number + 1

    def merged(self, other: Node) -> Node:
        """Return the moments of both nodes together."""
        apart, total = other.mean - self.mean, self.chains + other.chains
        squares = self.squares + other.squares + apart**2 * (self.chains * other.chains / total)
        mean = self.mean + apart * (other.chains / total)
        return Node(self.level + 1, self.number // 2, total, mean, squares)


class Sketch:
    """The quantiles of arrays that come in blocks along the first axis, from counts in bins of equal ratio.

    Values between ``gamma^(k - 1)`` and ``gamma^k`` share a bin, where ``gamma = (1 + a) / (1 - a)``, so that a
    quantile is off by a relative ``a`` at most, however many values there are. Zeros and negative values have
    bins of their own. Counts are integers, so blocks may come in any order. Whole numbers up to 100 come out exactly.

    Source: Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees"
    (2019).

    Example:
      >>> sketch = Sketch()
      >>> sketch.add(np.array([[3], [1], [7]]))
      >>> sketch.quantile(0.5).tolist()
      [3.0]
    """

    def __init__(self, accuracy: float = ACCURACY) -> None:
        self.accuracy, self.count, self.whole = accuracy, 0, True
        self._log_gamma = math.log1p(accuracy) - math.log1p(-accuracy)
        self._below, self._zero, self._above = _Bins(), np.zeros((), np.int64), _Bins()

    def add(self, values: np.ndarray) -> None:
        """Add a block ``[chains, cells]``."""
        self.whole &= not np.issubdtype(values.dtype, np.floating)
        values = np.asarray(values, np.float64)
        self._zero = self._zero + np.sum(values == 0, axis=0)
        with np.errstate(divide="ignore"):
            power = np.ceil(np.log(np.abs(values)) / self._log_gamma)
        self._below.add(power, values < 0)
        self._above.add(power, values > 0)
        self.count += len(values)

    def join(self, other: Sketch) -> None:
        """Add the counts of another sketch."""
        self.whole &= other.whole
        self._zero = self._zero + other._zero
        self.count += other.count
        self._below.join(other._below)
        self._above.join(other._above)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The contents of the sketch as arrays by name, for a file."""
        return {
            "about": np.array([self.count, self.whole]),
            "zero": self._zero,
            "powers_below": self._below.powers,
            "counts_below": self._below.counts,
            "powers_above": self._above.powers,
            "counts_above": self._above.counts,
        }

    @classmethod
    def of(cls, arrays: Mapping[str, np.ndarray]) -> Sketch:
        """Return the sketch whose contents :attr:`arrays` gave."""
        sketch = cls()
        sketch.count, sketch.whole, sketch._zero = int(arrays["about"][0]), bool(arrays["about"][1]), arrays["zero"]
        sketch._below.powers, sketch._below.counts = arrays["powers_below"], arrays["counts_below"]
        sketch._above.powers, sketch._above.counts = arrays["powers_above"], arrays["counts_above"]
        return sketch

    def quantile(self, level: float) -> np.ndarray:
        """Return the value that a share ``level`` of all values does not exceed, ``[cells]``."""
        below, above = self._below, self._above
        counts = np.concatenate([below.counts[:, ::-1], self._zero[:, None], above.counts], axis=1)
        values = np.concatenate([-self._size(below.powers)[::-1], [0.0], self._size(above.powers)])
        rank = max(math.ceil(level * self.count), 1)
        return values[np.argmax(np.cumsum(counts, axis=1) >= rank, axis=1)]

    def _size(self, power: np.ndarray) -> np.ndarray:
        """Return the absolute value that stands for the bins of these powers."""
        size = np.exp(power * self._log_gamma) * (1 - self.accuracy)  # 2 gamma^k / (1 + gamma)
        return np.rint(size) if self.whole else size


class _Bins:
    """The number of values of each power, ``[cells, powers]``, from the least power to the greatest that was seen."""

    def __init__(self) -> None:
        self.powers, self.counts = np.zeros(0, np.int64), np.zeros((0, 0), np.int64)

    def add(self, power: np.ndarray, counted: np.ndarray) -> None:
        """Count those entries of ``power [chains, cells]`` for which ``counted`` is true."""
        cells = power.shape[1]
        if not self.counts.size:
            self.counts = np.zeros((cells, 0), np.int64)
        if not counted.any():
            return
        found = power[counted].astype(np.int64)
        self._make_room(found.min(), found.max())
        width = len(self.powers)
        index = np.nonzero(counted)[1] * width + (found - self.powers[0])
        self.counts += np.bincount(index, minlength=cells * width).reshape(cells, width)

    def join(self, other: _Bins) -> None:
        """Add the counts of other bins."""
        if not self.powers.size:
            self.powers, self.counts = other.powers, other.counts.copy()
            return
        if not other.powers.size:
            return
        self._make_room(other.powers[0], other.powers[-1])
        first = other.powers[0] - self.powers[0]
        self.counts[:, first : first + len(other.powers)] += other.counts

    def _make_room(self, low: int, high: int) -> None:
        """Widen the bins so that they reach from power ``low`` to power ``high``."""
        low, high = min([low, *self.powers[:1]]), max([high, *self.powers[-1:]])
        before = self.powers[0] - low if self.powers.size else 0
        after = high - low + 1 - before - len(self.powers)
        self.counts, self.powers = np.pad(self.counts, ((0, 0), (before, after))), np.arange(low, high + 1)

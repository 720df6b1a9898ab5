"""The words in which regimes say how a model comes from earlier ones, and second moments from what they say.

A regime's ``recurrence(past, m)`` says how p^(m) comes from earlier models, in these verbs: ``draw`` new
tokens of something, ``merge`` or ``weigh`` parts, take a ``subset``, ``keep`` what is used again. Each
result is a distribution that is linear in earlier ones plus sampling noise, so all products
``H_uv = 1 - E sum_i u_i v_i`` of kept things (nodes) follow from earlier ones:

``H_xv = sum_a w_a H_av``,  ``H_xx = sum_ab w_a w_b H_ab - sum_t c_t H_tt``

where ``c_t`` is the noise that a draw of k tokens of t brings (``weight^2 / k``). ``H`` and not the
products themselves, for these would lose their digits near collapse.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from jaxcollapse.theory.setting import OutOfRange

NODES = 12_000
"""Models and kept corpora that one call may hold: a matrix of 1.2 GB."""
TOKENS = 3000
"""Single tokens that prefixes may reach back to: matrices of so many by so many, in each generation."""


class Part(NamedTuple):
    """A distribution in terms of nodes.

    Attributes:
      weights: by node; they sum to one.
      noise: by node t, the factor of ``1 - E sum t_i^2`` in what sampling adds.
      size: tokens it consists of, or None for a law.
      spread: what random weights add to ``H_xx``; 0 otherwise.
    """

    weights: dict[int, float]
    noise: dict[int, float]
    size: int | None = None
    spread: float = 0.0


class Past:
    """The models so far, and what a regime keeps of them: what its ``recurrence`` may use.

    Attributes:
      kept: what the regime keeps from generation to generation, None at first.

    Example:
      >>> past = Past(np.array([0.5, 0.5]))
      >>> past.born(past.draw(past.model(0), 2))  # p^(1): two tokens of the truth
      >>> past.products().tolist()
      [[0.5, 0.5], [0.5, 0.25]]
    """

    kept: Any = None

    def __init__(self, p: np.ndarray) -> None:
        self._p = p
        self._h = np.zeros((64, 64))
        self._h[0, 0] = float(p @ (1 - p))
        self._nodes = 1
        self._models = [0]
        self._uniform: int | None = None

    @property
    def vocabulary(self) -> int:
        """Return the number of tokens, seen or not."""
        return len(self._p)

    def is_truth(self, distribution: np.ndarray) -> bool:
        """Return whether a distribution is p^(0), as far as float32 tells."""
        return np.shape(distribution) == self._p.shape and np.allclose(distribution, self._p, rtol=1e-6, atol=1e-12)

    def uniform(self) -> Part:
        """Return the uniform distribution: ``sum_i u_i q_i`` is ``1/s`` for every q."""
        if self._uniform is None:
            self._uniform, self._nodes = self._nodes, self._nodes + 1
            self._make_room()
        self._h[self._uniform, : self._nodes] = self._h[: self._nodes, self._uniform] = 1 - 1 / self.vocabulary
        return Part({self._uniform: 1.0}, {})

    def model(self, t: int) -> Part:
        """Return p^(t); ``t = 0`` is the truth."""
        return Part({self._models[t]: 1.0}, {})

    def draw(self, source: Part, size: int) -> Part:
        """Return a corpus of ``size`` new tokens of a source, which may be used in one place only, unless kept."""
        node = self._node(source)
        return Part({node: 1.0}, {node: 1 / size}, size)

    def subset(self, source: Part, size: int) -> Part:
        """Return ``size`` of the tokens of a corpus, without replacement; all of them where it has no more."""
        assert source.size is not None
        node, of = self._node(source), source.size
        if size >= of:
            return Part({node: 1.0}, {}, of)
        return Part({node: 1.0}, {node: (of - size) / (size * (of - 1))}, size)

    def merge(self, *parts: Part) -> Part:
        """Return all corpora in one, so that weights go by their sizes."""
        sizes = [part.size or 0 for part in parts]
        return self.weigh(parts, sizes)._replace(size=sum(sizes))

    def mean(self, parts: Sequence[Part]) -> Part:
        """Return the mean of distributions."""
        return self.weigh(parts, [1.0] * len(parts))

    def weigh(self, parts: Sequence[Part], weights: Sequence[float]) -> Part:
        """Return the mixture with these relative weights; the noise of different parts is independent."""
        total, both = float(sum(weights)), (dict[int, float](), dict[int, float]())
        for part, weight in zip(parts, weights, strict=True):
            share = weight / total
            for node, value in part.weights.items():
                both[0][node] = both[0].get(node, 0.0) + share * value
            for node, value in part.noise.items():
                both[1][node] = both[1].get(node, 0.0) + share**2 * value
        sizes = [part.size for part in parts]
        return Part(*both, None if None in sizes else sum(size or 0 for size in sizes))

    def prefixes(self, sequences: Sequence[Sequence[Part]], size: int) -> Part:
        """Return a corpus of ``size`` tokens: a multinomial number of first ones from each of these sequences.

        Args:
          sequences: the tokens of each generation, in order, each a corpus of one token.
          size: the tokens of the corpus.

        Raises:
          OutOfRange: when too many tokens must be followed one by one.
        """
        if len(sequences) * size > TOKENS:
            raise OutOfRange(
                f"second moments of prefixes follow single tokens, {TOKENS} of them at most, got {len(sequences)} "
                f"generations of {size}; ask for fewer generations or tokens"
            )
        nodes = np.array([[next(iter(token.weights)) for token in row[:size]] for row in sequences])
        m, places = nodes.shape[0], np.arange(1, size + 1)
        reached = stats.binom.sf(places - 1, size, 1 / m)  # P(N_t >= l)
        both = np.zeros((size, size))  # P(N_t >= l and N_u >= k), t and u different
        if m > 1:
            for count in range(1, size + 1):
                other = stats.binom.sf(places - 1, size - count, 1 / (m - 1))
                both[:count] += stats.binom.pmf(count, size, 1 / m) * other
        weights = reached / size
        second = np.tile(both / size**2, (m, m))
        same = reached[np.maximum.outer(places, places) - 1] / size**2
        for t in range(m):
            second[t * size : (t + 1) * size, t * size : (t + 1) * size] = same
        flat = nodes.ravel()
        mean = np.tile(weights, m)
        spread = float(np.sum((second - np.outer(mean, mean)) * self._h[np.ix_(flat, flat)]))
        return Part(dict(zip(flat.tolist(), mean.tolist(), strict=True)), {}, size, spread)

    def keep(self, part: Part) -> Part:
        """Return the same distribution as one that may be used again and again."""
        return Part({self._node(part): 1.0}, {}, part.size)

    def born(self, part: Part) -> None:
        """Let a distribution be p^(m), the next model."""
        self._models.append(self._node(part))

    def products(self) -> np.ndarray:
        """Return ``1 - E sum_i p_i^(u) p_i^(v)`` of all models so far, ``[models, models]``."""
        return self._h[np.ix_(self._models, self._models)]

    def _node(self, part: Part) -> int:
        """Return the node of a distribution, a new one unless it is one already."""
        if len(part.weights) == 1 and not part.noise and not part.spread:
            return next(iter(part.weights))
        new = self._nodes
        self._nodes += 1
        self._make_room()
        parents, weights = list(part.weights), np.array(list(part.weights.values()))
        row = weights @ self._h[parents, :new]
        self._h[new, :new] = self._h[:new, new] = row
        lost = sum(value * self._h[node, node] for node, value in part.noise.items())
        self._h[new, new] = max(weights @ row[parents] + part.spread - lost, 0.0)
        return new

    def _make_room(self) -> None:
        """Make the table large enough for all nodes.

        Raises:
          OutOfRange: when there are too many of them.
        """
        if self._nodes > NODES:
            raise OutOfRange(
                f"second moments of this regime need more than {NODES} products of models; ask for fewer generations"
            )
        if self._nodes > len(self._h):
            old, self._h = self._h, np.zeros((min(2 * len(self._h), NODES),) * 2)
            self._h[: len(old), : len(old)] = old

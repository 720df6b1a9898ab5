"""Many contexts at once: how the tokens of a corpus are distributed over contexts."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats
from jax import Array, lax

from jaxcollapse import check, sampling
from jaxcollapse.contract import Learner, Regime
from jaxcollapse.exact import sums, u64
from jaxcollapse.learners.categorical import Categorical
from jaxcollapse.learners.token_learner import TokenLearner
from jaxcollapse.learners.token_tables import WEIGHT
from jaxcollapse.schemes.draw_costs import MEASURED, counts_suffice

MISS = 2.0**-62
"""The probability that more tokens are drawn for a context than its capacity; the excess tokens are left out."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, eq=False)
class Contexts:
    """A learner of many contexts, which trains the learner of one context in each of them, independently.

    The truth is ``p [contexts, vocabulary]``. The sizes of a regime are those of the whole corpus, of which context j
    gets ``n_j = n f_j``, rounded by largest remainders so that ``sum_j n_j = n`` (of equal remainders those of the
    first contexts are rounded up), or with ``drawn`` a multinomial number in every generation. Given its sizes, a
    context is trained by the regime independently of the others. Statistics are means over contexts with weights
    ``f_j``.

    A context without tokens in a generation, which only ``drawn`` allows, keeps its last model; at generation 1 its
    model is uniform.

    Attributes:
      learner: the learner of one context; by default :class:`Categorical`.
      frequencies: how often each context occurs, ``[contexts]``, positive, with sum one; a leaf. Uniform by default.
        For fixed sizes ``n_j`` take ``frequencies = n_j / n`` and ``n = sum_j n_j``.
      drawn: static; whether sizes are drawn. This needs a regime that works on counts and accepts empty corpora.
      largest: static; the largest frequency that arrays have capacity for. By default at most twice the largest
        frequency, and 1 where frequencies are traced.

    Raises:
      ValueError: for invalid settings; frequencies are checked by :func:`jaxcollapse.recursive_training`.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> p = [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]]
      >>> learner = jc.learners.Contexts(frequencies=[0.75, 0.25])
      >>> learner.sizes(10).tolist()
      [8, 2]
      >>> process = jc.recursive_training(p, jc.FullySynthetic(n=10), learner)
      >>> jc.simulate(jax.random.key(0), process, chains=4, generations=5)["support"].shape
      (4, 6)
    """

    learner: Any = dataclasses.field(default_factory=Categorical)
    frequencies: Any = None
    drawn: bool = dataclasses.field(default=False, metadata={"static": True})
    largest: float | None = dataclasses.field(default=None, metadata={"static": True})

    def __post_init__(self) -> None:
        check.flag("drawn", self.drawn)
        if isinstance(self.learner, Contexts):
            raise ValueError(
                "learner must be that of one context, got Contexts; contexts have no contexts of their own"
            )
        if self.largest is not None:
            check.real_number("largest", self.largest, 0, math.nextafter(1, 2))
        if isinstance(self.frequencies, list | tuple):
            # This makes one array of them, for a list of numbers would be as many leaves.
            traced = any(isinstance(frequency, jax.core.Tracer) for frequency in self.frequencies)
            object.__setattr__(self, "frequencies", (jnp if traced else np).asarray(self.frequencies))

    def of(self, contexts: int) -> Contexts:
        """Return this learner for so many contexts, with checked frequencies and with ``largest`` set.

        Raises:
          ValueError: for frequencies that are no distribution, or of another number of contexts.
        """
        if self.frequencies is None:
            uniform = np.full(contexts, 1 / contexts, np.float32)
            return dataclasses.replace(self, frequencies=uniform, largest=self.largest or 1 / contexts)
        if np.shape(self.frequencies) != (contexts,):
            raise ValueError(
                f"frequencies must have one entry a context, [{contexts}], got shape {np.shape(self.frequencies)}"
            )
        if isinstance(self.frequencies, jax.core.Tracer):
            return dataclasses.replace(self, largest=self.largest or 1.0)
        frequencies = check.probabilities("frequencies", self.frequencies).astype(np.float32)
        if frequencies.min() < check.RAREST:
            rare = int(frequencies.argmin())
            raise ValueError(
                f"frequencies must be positive, but frequencies[{rare}] is {frequencies[rare]:g}; leave that one out"
            )
        most = float(frequencies.max())
        if self.largest is not None and most > self.largest * (1 + 1e-6):
            raise ValueError(
                f"largest={self.largest!r} must be at least the largest of frequencies, {most:g}; raise it"
            )
        return dataclasses.replace(self, frequencies=frequencies, largest=self.largest or _power_above(most))

    def sizes(self, size: Any) -> Array:
        """Return how many of ``size`` tokens each context gets where sizes are not drawn, ``int32 [contexts]``."""
        return _shared_out(jnp.asarray(size, jnp.int32), jnp.asarray(self.frequencies, jnp.float32))

    def draw(self, key: Array, size: Array, capacity: int) -> Array:
        """Return how many of ``size`` tokens each context gets where sizes are drawn, ``int32 [contexts]``."""
        drawn = sampling.multinomial(key, size, jnp.asarray(self.frequencies, jnp.float32), capacity=capacity)
        return jnp.minimum(drawn, self.room(capacity))

    def room(self, capacity: int) -> int:
        """Return the static capacity for the tokens of one context, given that of all contexts together."""
        assert self.largest is not None, "recursive_training says how many contexts there are"
        if self.drawn:
            return max(1, min(capacity, int(scipy.stats.binom.isf(MISS, capacity, self.largest))))
        return max(1, min(capacity, math.ceil(capacity * self.largest - 1e-9) + (self.largest != 1 / self.contexts)))

    def capacities(self, regime: Regime) -> dict[str, int]:
        """Return the static capacities of the sizes of one context, by the fields that hold them."""
        return {capacity: self.room(getattr(regime, capacity)) for capacity in regime.sizes.values()}

    def one_regime(self, regime: Any) -> Any:
        """Return a regime with the largest sizes that a context can have."""
        capacities = self.capacities(regime)
        return dataclasses.replace(regime, **capacities, **{name: capacities[of] for name, of in regime.sizes.items()})

    @property
    def contexts(self) -> int:
        """Return the number of contexts."""
        return np.shape(self.frequencies)[0]

    def is_invalid(self) -> Array:
        """Return whether traced frequencies are no distribution, or exceed ``largest``, ``bool []``."""
        assert self.largest is not None, "recursive_training says how many contexts there are"
        frequencies = jnp.asarray(self.frequencies, jnp.float32)
        sound = jnp.all(frequencies >= check.RAREST) & jnp.all(frequencies <= self.largest * (1 + 1e-6))
        sound &= jnp.abs(sums.total(frequencies, 2.0) - 1) < 2e-5
        return ~sound

    def bind(self, learner: Learner, regime: Regime, vocabulary: int) -> Contexts:
        """Return this learner with a bound learner of one context.

        Args:
          learner: the learner of one context, bound to ``regime``.
          regime: the regime of one context, with its capacities.
          vocabulary: the number of tokens.

        Raises:
          ValueError: where sizes cannot be drawn, and for a method that does not suit many contexts.
        """
        if not isinstance(learner, TokenLearner):
            if self.drawn:
                raise ValueError(_NOT_DRAWN.format(type(regime).__name__, type(learner).__name__))
            return dataclasses.replace(self, learner=learner)
        chosen = self.learner.method
        if chosen == "labels first" or (self.drawn and chosen == "labels"):
            raise ValueError(
                f"method={chosen!r} does not go with many contexts{' of drawn sizes' * self.drawn}; leave method out"
            )
        if self.drawn and not allows_empty_corpora(regime):
            raise ValueError(_NOT_DRAWN.format(type(regime).__name__, type(learner).__name__))
        # With many contexts, chains neither switch to counts nor leave out tokens, so "labels first" is not possible.
        # And contexts together fill vector instructions even where each has few tokens.
        few = counts_suffice(regime) and MEASURED.few_kinds(vocabulary, regime.corpus_capacity)
        in_counts = learner.method == "labels first" or (learner.method == "labels" and chosen is None and few)
        if self.drawn or in_counts:
            learner = dataclasses.replace(cast(Any, learner), method="counts")
        return dataclasses.replace(self, learner=learner)

    @property
    def sharing(self) -> str:
        """Return in words how contexts get their sizes, for titles."""
        return "drawn" if self.drawn else "shared out"

    @property
    def label(self) -> str:
        """Return the settings of the learner of one context in a few words, for titles."""
        return self.learner.label


_NOT_DRAWN = (
    "drawn=True may leave a context without a token, which {} with {} does not allow; leave drawn out, or take "
    "FullySynthetic, PartiallySynthetic, Accumulate, AccumulateSubsample or Mixture with Categorical or Estimated"
)


def allows_empty_corpora(regime: Regime) -> bool:
    """Return whether a regime works on counts and accepts an empty corpus, so that sizes of contexts can be drawn."""
    return counts_suffice(regime) and not regime.least


def _power_above(x: float) -> float:
    """Return the least power of two that is not below ``x``, up to rounding; equal ones share a compilation."""
    return min(1.0, 2.0 ** math.ceil(math.log2(x) - 1e-6))


@functools.partial(jax.jit, inline=True)
def _shared_out(size: Array, frequencies: Array) -> Array:
    """Return ``size f_j / sum_j f_j`` rounded by largest remainders, exactly, ``int32 [contexts]``.

    Of remainders that agree in their first 30 binary digits, those of the first contexts are rounded up first.
    """
    weights = sums.from_float(frequencies, WEIGHT)
    whole = u64.sum_of(weights)

    def digit(k: Array, state: tuple[Array, u64.U64]) -> tuple[Array, u64.U64]:
        quotient, rest = state
        one = (size >> (30 - k)) & 1
        term = u64.U64(*(jnp.where(one == 1, word, 0) for word in weights))
        quotient, rest = 2 * quotient, u64.add(u64.add(rest, rest), term)
        for _ in range(2):
            enough = ~u64.less(rest, whole)
            left = u64.subtract(rest, whole)
            rest = u64.U64(*(jnp.where(enough, a, b) for a, b in zip(left, rest, strict=True)))
            quotient += enough.astype(jnp.int32)
        return quotient, rest

    nothing = u64.U64(jnp.zeros_like(weights.hi), jnp.zeros_like(weights.lo))
    least, rest = lax.fori_loop(0, 31, digit, (jnp.zeros(weights.hi.shape, jnp.int32), nothing))
    order = jnp.argsort(-rest.hi.astype(jnp.int32), stable=True)
    rank = jnp.zeros_like(least).at[order].set(lax.iota(jnp.int32, least.shape[0]))
    return least + (rank < size - jnp.sum(least, dtype=jnp.int32)).astype(jnp.int32)

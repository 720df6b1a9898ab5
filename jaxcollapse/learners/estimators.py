"""Estimators, which map counts to the probabilities of a model: pytrees whose numbers are leaves.

For maximum likelihood :class:`~jaxcollapse.learners.Categorical` is faster, which keeps the counts themselves.
"""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check
from jaxcollapse.languages import Language
from jaxcollapse.learners.ngrams.smoothing import backed_off_frequencies, kneser_ney
from jaxcollapse.pytrees import Bounded, pytree_dataclass

MOST = 1e9
"""The largest number of tokens that a prior may count as."""


class Estimator(Bounded, abc.ABC):
    """The base of every estimator: a pytree that maps frequencies to probabilities."""

    @abc.abstractmethod
    def __call__(self, frequencies: Array, seen: Array, size: Array) -> Array:
        """Estimate the probabilities of one context.

        Args:
          frequencies: the frequencies of tokens in the corpus, ``float32 [vocabulary]``, with sum 1. An n-gram context
            without data has the frequencies of a shorter one, and size 0.
          seen: which tokens the corpus has, ``bool [vocabulary]``.
          size: the number of tokens of the corpus, ``int32 []``.

        Returns:
          Probabilities, ``float32 [vocabulary]``.
        """

    def of_table(self, counts: Array) -> Array:
        """Estimate the probabilities of all contexts of an n-gram model from counts ``[contexts, vocabulary]``.

        A context without data is estimated from 0 tokens with the frequencies of its longest suffix that has data.
        """
        frequencies, size = backed_off_frequencies(counts), jnp.sum(counts, axis=1, dtype=jnp.int32)
        of_rows = jax.tree.map(lambda leaf: 0 if jnp.ndim(leaf) == 2 else None, self)
        of_row = lambda estimator, *data: estimator(*data)
        return jax.vmap(of_row, in_axes=(of_rows, 0, 0, 0))(self, frequencies, frequencies > 0, size)

    def check_vocabulary(self, vocabulary: int, contexts: int | None = None) -> None:
        """Raise ValueError where this estimator does not fit a vocabulary, or a number of n-gram contexts."""

    def recurrence(self, past: Any, corpus: Any) -> Any:
        """Return the model in terms of its corpus, for the theory of second moments.

        Raises:
          TypeError: where the estimator is not affine in the counts.
        """
        raise TypeError(
            f"second moments are known for estimators that are affine in the counts, and {type(self).__name__} is not"
        )


@pytree_dataclass
class MaximumLikelihood(Estimator):
    """Estimate by maximum likelihood: ``x_i / n``.

    Example:
      >>> import jax.numpy as jnp
      >>> MaximumLikelihood()(jnp.array([0.75, 0.25]), jnp.array([True, True]), jnp.int32(4)).tolist()
      [0.75, 0.25]
    """

    def __call__(self, frequencies: Array, seen: Array, size: Array) -> Array:
        return frequencies

    def recurrence(self, past: Any, corpus: Any) -> Any:
        return corpus


@pytree_dataclass
class Additive(Estimator):
    """Estimate by additive smoothing: ``(x_i + alpha) / (n + alpha s)``, s the vocabulary.

    Each of the s tokens counts ``alpha`` times more; in population genetics this is mutation to any allele.
    ``p^(m)`` is a mixture of the frequencies and the uniform distribution, so all second moments are exact:
    ``jc.theory.heterozygosity`` and similar functions accept such a process.

    Attributes:
      alpha: the number of tokens added to each count, a leaf of at least 0.

    Raises:
      ValueError: for a concrete ``alpha`` that is negative, NaN or infinite.

    Example:
      >>> import jax.numpy as jnp
      >>> Additive(1.0)(jnp.array([0.75, 0.25, 0, 0]), jnp.array([True, True, False, False]), jnp.int32(4)).tolist()
      [0.5, 0.25, 0.125, 0.125]
    """

    bounds: ClassVar = {"alpha": (0, MOST)}

    alpha: Any

    def __call__(self, frequencies: Array, seen: Array, size: Array) -> Array:
        many = frequencies.shape[0]
        prior = jnp.asarray(self.alpha, jnp.float32) * many
        share = _share(prior, size)
        return (1 - share) * frequencies + share / many

    def recurrence(self, past: Any, corpus: Any) -> Any:
        prior = float(self.alpha) * past.vocabulary
        return past.weigh([corpus, past.uniform()], [corpus.size, prior]) if prior else corpus


@pytree_dataclass
class Prior(Estimator):
    """Estimate with a Dirichlet prior, for instance at the true distribution: ``(x_i + mass prior_i) / (n + mass)``.

    This is the mean of the posterior under a Dirichlet distribution with parameters ``mass * prior``.

    Attributes:
      prior: a distribution, ``[vocabulary]``, a leaf; second moments are exact when it is the truth itself.
      mass: the number of tokens that the prior counts as, a leaf of at least 0.

    Raises:
      ValueError: for a concrete prior that is no distribution, or a mass that is negative, NaN or infinite.

    Example:
      >>> import jax.numpy as jnp
      >>> estimator = Prior([0.5, 0.5], mass=4)
      >>> estimator(jnp.array([1.0, 0.0]), jnp.array([True, False]), jnp.int32(4)).tolist()
      [0.75, 0.25]
    """

    bounds: ClassVar = {"mass": (0, MOST)}

    prior: Any
    mass: Any

    def __post_init__(self) -> None:
        # Arrays of JAX are not checked here, for JAX rebuilds pytrees around them, but by recursive_training or a run.
        if isinstance(self.prior, Language):
            object.__setattr__(self, "prior", check.probabilities("prior", self.prior.p))
        elif isinstance(self.prior, list | tuple | np.ndarray) and np.ndim(self.prior) == 1:
            object.__setattr__(self, "prior", check.probabilities("prior", self.prior))
        elif isinstance(self.prior, list | tuple | np.ndarray) and np.ndim(self.prior) == 2:
            rows = [check.probabilities(f"prior[{i}]", row) for i, row in enumerate(self.prior)]
            object.__setattr__(self, "prior", np.array(rows, np.float32))
        super().__post_init__()

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def __call__(self, frequencies: Array, seen: Array, size: Array) -> Array:
        mass = jnp.asarray(self.mass, jnp.float32)
        share = _share(mass, size)
        return (1 - share) * frequencies + share * jnp.asarray(self.prior, jnp.float32)

    def check_vocabulary(self, vocabulary: int, contexts: int | None = None) -> None:
        shape = np.shape(self.prior)
        if contexts is not None and shape not in ((vocabulary,), (contexts, vocabulary)):
            raise ValueError(f"prior must have one entry a token, [{vocabulary}], or a row a context, got {shape}")
        if contexts is None and shape != (vocabulary,):
            raise ValueError(f"prior must have one entry a token, [{vocabulary}], got shape {shape}")
        if contexts is None and check.concrete(self.prior):
            check.probabilities("prior", self.prior)

    def is_invalid(self) -> Array:
        prior = jnp.asarray(self.prior)
        sound = jnp.all(prior >= 0) & jnp.all(jnp.abs(jnp.sum(prior, axis=-1) - 1) < 2e-5)
        return ~sound | super().is_invalid()

    def recurrence(self, past: Any, corpus: Any) -> Any:
        if not past.is_truth(self.prior):
            raise TypeError("second moments with a prior are known when it is the truth or uniform (Additive)")
        mass = float(self.mass)
        return past.weigh([corpus, past.model(0)], [corpus.size, mass]) if mass else corpus


class _Discounting(Estimator, abc.ABC):
    """The base of absolute discounting in one context; its two estimators treat many contexts differently."""

    bounds: ClassVar = {"discount": (0, 1)}

    discount: Any

    def __call__(self, frequencies: Array, seen: Array, size: Array) -> Array:
        tokens = jnp.maximum(size, 1).astype(jnp.float32)
        taken = jnp.where(size > 0, jnp.asarray(self.discount, jnp.float32) / tokens, 0.0)
        freed = taken * jnp.sum(seen).astype(jnp.float32)
        return jnp.maximum(frequencies - jnp.where(seen, taken, 0.0), 0.0) + freed / frequencies.shape[0]


@pytree_dataclass
class Discount(_Discounting):
    """Estimate by absolute discounting: ``max(x_i - d, 0)/n``, and the freed mass spread evenly over the vocabulary.

    The freed mass is ``d`` times the number of distinct tokens seen, over n. (Ney, Essen and Kneser, 1994, for one
    context.)

    Attributes:
      discount: d, a leaf between 0 and 1.

    Raises:
      ValueError: for a concrete discount that is not between 0 and 1.

    Example:
      >>> import jax.numpy as jnp
      >>> Discount(0.5)(jnp.array([0.75, 0.25, 0, 0]), jnp.array([True, True, False, False]), jnp.int32(4)).tolist()
      [0.6875, 0.1875, 0.0625, 0.0625]
    """

    discount: Any


@pytree_dataclass
class KneserNey(_Discounting):
    """Estimate by interpolated Kneser-Ney smoothing: the freed mass follows the predictions of shorter contexts.

    ``p(i | c) = max(x_ci - d, 0)/x_c + d kinds_c/x_c p(i | c')``, where ``c'`` is the context without its earliest
    token, and its counts ``x'_c'i`` are the numbers of different tokens after which ``c' i`` was seen; the empty
    context is interpolated with the uniform distribution. For a single context it is :class:`Discount`.

    Attributes:
      discount: d, a leaf between 0 and 1.

    Raises:
      ValueError: for a concrete discount that is not between 0 and 1.

    Source: Kneser and Ney (1995), in the interpolated form of Chen and Goodman (1999).

    Example:
      >>> import jax.numpy as jnp
      >>> after = jnp.array([[0, 2], [3, 1]])  # after token 0 token 1 twice, ...
      >>> [[f"{x:.3f}" for x in row] for row in KneserNey(0.5).of_table(after)]
      [['0.083', '0.917'], ['0.708', '0.292']]
    """

    discount: Any

    def of_table(self, counts: Array) -> Array:
        return kneser_ney(counts, jnp.asarray(self.discount, jnp.float32))


def _share(prior: Array, size: Array) -> Array:
    """Return the weight of a prior, ``prior / (prior + size)``, and 0 where both are 0."""
    total = prior + jnp.asarray(size).astype(jnp.float32)
    return prior / jnp.where(total > 0, total, 1.0)

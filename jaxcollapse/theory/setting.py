"""Read a process as plain float64 numbers. Theory asks nothing else of it, and not how it is simulated."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np

from jaxcollapse import check
from jaxcollapse.regimes import FullySynthetic, PartiallySynthetic
from jaxcollapse.schedules import Schedule


class OutOfRange(ValueError):
    """An exact answer would cost too much; the message names what to use instead."""


class Setting(NamedTuple):
    """A fully or partially synthetic process of one size, in float64.

    Attributes:
      p: the truth, ``[vocabulary]``, as the simulation has it (rounded to float32) and normalised.
      n: synthetic tokens a generation.
      real: real tokens kept for ever, or None for the fully synthetic regime.
    """

    p: np.ndarray
    n: int
    real: int | None


def numbers(process: Any, *, second_moments: bool = False) -> tuple[np.ndarray, Any]:
    """Return the truth in float64, ``[vocabulary]``, as the simulation has it and normalised; and the regime.

    Args:
      process: a process of one context and one setting.
      second_moments: whether only second moments are wanted; they are known for some estimators too.

    Raises:
      TypeError: for traced numbers, many contexts and sweeps; and for a learner whose models are not frequencies,
        unless ``second_moments`` are wanted, which its own ``recurrence`` grants or refuses.
    """
    refuse_traced(process)
    if process.many:
        raise TypeError("this is known for one context at a time; process.context(j) is one")
    if not second_moments and not process.learner.is_frequency_table:
        raise TypeError(
            "this is known for maximum likelihood without decoding only; for affine estimators (Additive, a Prior at "
            "the truth) theory.simpson, heterozygosity, l2_first, l2_truth and products are known"
        )
    if process.p is None:
        learner = type(process.learner).__name__
        raise TypeError(f"theory needs true probabilities of tokens, and the language of {learner} has none")
    for name, value in vars(process.regime).items():
        if np.ndim(value) != 0:
            raise TypeError(f"theory takes one process at a time, but {name} has shape {np.shape(value)}")
    return check.probabilities("p", process.p), process.regime


def refuse_traced(process: Any) -> None:
    """Refuse a process that has no numbers yet.

    Raises:
      TypeError: inside ``jit`` and ``vmap``.
    """
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(process)):
        raise TypeError("theory needs numbers, not traced values; call it outside jit and vmap")


def one_size(process: Any) -> Setting | None:
    """Return the setting of a fully or partially synthetic process of one size, for which there are closed forms.

    Returns:
      The setting; None for other regimes, sizes that change, and learners with an estimator or a decoding.

    Raises:
      TypeError: as :func:`numbers`, which judges it as a question about second moments.
    """
    p, regime = numbers(process, second_moments=True)
    if not process.learner.is_frequency_table:
        return None
    match regime:
        case FullySynthetic(n=n) if not isinstance(n, Schedule):
            return Setting(p, int(n), None)
        case PartiallySynthetic(n=n, real=real) if not isinstance(n, Schedule):
            return Setting(p, int(n), int(real))
    return None


def read(process: Any) -> Setting:
    """Return the setting of a fully or partially synthetic process of one size, and refuse all others.

    Raises:
      TypeError: for other regimes, and as :func:`numbers`.
    """
    _, regime = numbers(process)
    setting = one_size(process)
    if setting is None:
        raise TypeError(
            f"this is known for FullySynthetic and PartiallySynthetic with one n, got {type(regime).__name__}; "
            "theory.ORACLES lists what is known for every regime"
        )
    return setting


def last_generation(generations: Any) -> int:
    """Return the last generation that is asked for, a whole number of at least 1.

    Raises:
      ValueError: for anything else.
    """
    return check.static_whole_number("generations", generations)


def token_probabilities(p: Any) -> np.ndarray:
    """Return probabilities of single tokens, ``[d]``, which need not sum to one.

    Raises:
      ValueError: unless they lie between 0 and 1.
    """
    array = np.atleast_1d(np.asarray(p, dtype=np.float64))
    if array.ndim != 1 or not np.all((array >= 0) & (array <= 1)):
        raise ValueError(f"p must hold probabilities between 0 and 1, got {p!r}")
    return array


def distinct(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct positive probabilities and how many tokens have each: tokens of one p share one law.

    Example:
      >>> [part.tolist() for part in distinct(np.array([0.25, 0.5, 0.0, 0.25]))]
      [[0.25, 0.5], [2, 1]]
    """
    return np.unique(p[p > 0], return_counts=True)

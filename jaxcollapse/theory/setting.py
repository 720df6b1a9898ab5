"""What a process is, in plain numbers: the theory reads it here and knows nothing of how it is simulated."""

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
    """A process in float64.

    Attributes:
      p: the truth, ``[vocabulary]``, as the simulation has it (rounded to float32) and normalised.
      n: synthetic tokens a generation.
      real: real tokens kept for ever, or None for the fully synthetic regime.
    """

    p: np.ndarray
    n: int
    real: int | None


def numbers(process: Any, *, second_moments: bool = False) -> tuple[np.ndarray, Any]:
    """The truth in float64, ``[vocabulary]``, as the simulation has it and normalised; and the regime.

    Args:
      process: of one setting.
      second_moments: whether these are all that is wanted; they are known for some estimators too.

    Raises:
      TypeError: for a learner that the theory does not describe, for traced numbers, and for sweeps.
    """
    from jaxcollapse.learners import Categorical

    refuse_traced(process)
    if hasattr(process, "apart"):
        raise TypeError("this is known for one context at a time; process.context(j) is one")
    if not isinstance(process.learner, Categorical):
        raise TypeError(f"theory knows the learner Categorical only, got {type(process.learner).__name__}")
    if not second_moments and not is_plain(process.learner):
        raise TypeError(
            "this is known for maximum likelihood without decoding only; for affine estimators (Additive, a Prior at "
            "the truth) theory.simpson, heterozygosity, l2_first, l2_truth and products are known"
        )
    if not hasattr(process.regime, "recurrence"):
        raise TypeError(f"theory needs a regime that says its recurrence, and {type(process.regime).__name__} does not")
    for name, value in vars(process.regime).items():
        if np.ndim(value) != 0:
            raise TypeError(f"theory takes one process at a time, but {name} has shape {np.shape(value)}")
    return check.probabilities("p", process.p), process.regime


def refuse_traced(process: Any) -> None:
    """Refuse what has no numbers yet.

    Raises:
      TypeError: inside ``jit`` and ``vmap``.
    """
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(process)):
        raise TypeError("theory needs numbers, not traced values; call it outside jit and vmap")


def read(process: Any) -> Setting:
    """The setting of a fully or partially synthetic process of one size, for which there are closed forms.

    Raises:
      TypeError: for other regimes, and as :func:`numbers`.
    """
    p, regime = numbers(process)
    match regime:
        case FullySynthetic(n=n) if not isinstance(n, Schedule):
            return Setting(p, int(n), None)
        case PartiallySynthetic(n=n, real=real) if not (isinstance(n, Schedule) or isinstance(real, Schedule)):
            return Setting(p, int(n), int(real))
    raise TypeError(
        f"this is known for FullySynthetic and PartiallySynthetic with one n, got {type(regime).__name__}; "
        "theory.ORACLES lists what is known for every regime"
    )


def is_plain(learner: Any) -> bool:
    """Whether models are the frequencies of their corpora, written as they are."""
    return not hasattr(learner, "recurrence")


def has_closed_form(process: Any) -> bool:
    """Whether :func:`read` will do."""
    regime = process.regime
    return (
        is_plain(process.learner)
        and type(regime) in (FullySynthetic, PartiallySynthetic)
        and not any(isinstance(value, Schedule) for value in vars(regime).values())
    )


def generations_of(generations: Any) -> int:
    """The last generation, a whole number of at least 1."""
    return check.static_whole_number("generations", generations)


def each_probability(p: Any) -> np.ndarray:
    """Probabilities of single tokens, ``[d]``, which need not sum to one."""
    array = np.atleast_1d(np.asarray(p, dtype=np.float64))
    if array.ndim != 1 or not np.all((array >= 0) & (array <= 1)):
        raise ValueError(f"p must hold probabilities between 0 and 1, got {p!r}")
    return array


def distinct(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct positive probabilities and how many tokens have each: tokens of one p share one law."""
    return np.unique(p[p > 0], return_counts=True)

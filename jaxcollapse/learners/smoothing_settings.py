"""Functions for the learners that have an estimator and a decoding: their checks and their description in words."""

from __future__ import annotations

import re
from typing import Any

import jax.numpy as jnp
from jax import Array

from jaxcollapse.learners.decoding import Decoding
from jaxcollapse.learners.estimators import Estimator, MaximumLikelihood


def as_tuple(decoding: Any) -> Any:
    """Return one decoding, or a list of them, as a tuple."""
    if isinstance(decoding, Decoding):
        return (decoding,)
    return tuple(decoding) if isinstance(decoding, list) else decoding


def validate(estimator: Any, decoding: Any) -> None:
    """Refuse an estimator that is not an Estimator, and decodings that are not Decodings.

    Raises:
      TypeError: naming the setting, its value and an example.
    """
    if not isinstance(estimator, Estimator):
        raise TypeError(f"estimator must be such as jc.estimators.Additive(1.0), got {estimator!r}")
    for step in decoding if isinstance(decoding, tuple) else (decoding,):
        if not isinstance(step, Decoding):
            raise TypeError(
                f"decoding must be such as jc.decoding.Temperature(0.8), or several in a tuple, got {step!r}"
            )


def is_invalid(estimator: Estimator, decoding: tuple[Decoding, ...]) -> Array:
    """Return whether a traced number of the estimator or of the decoding is out of its bounds, ``bool []``."""
    found = estimator.is_invalid()
    for step in decoding:
        found |= step.is_invalid()
    return found


def label(estimator: Estimator, decoding: tuple[Decoding, ...]) -> str:
    """Return estimator and decodings in a few words, as ``"additive 0.1, top-k 50"``; empty where both are default."""
    parts = [part for part in (estimator, *decoding) if not isinstance(part, MaximumLikelihood)]
    return ", ".join(_words(part) for part in parts)


def _words(part: Any) -> str:
    """Return an estimator or a decoding in words: ``TopK(50)`` as ``top-k 50``."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(part).__name__).lower()
    numbers = [value for value in vars(part).values() if jnp.ndim(value) == 0]
    return " ".join([name, *(f"{value:g}" for value in numbers)])

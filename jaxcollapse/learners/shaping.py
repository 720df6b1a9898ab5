"""What learners with an estimator and a decoding share."""

from __future__ import annotations

import re
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from jaxcollapse.learners.estimators import MaximumLikelihood


class Shaped:
    """A learner whose counts are smoothed before they are probabilities, and whose probabilities are decoded."""

    is_frequency_table: ClassVar[bool] = False

    estimator: Any
    decoding: Any

    def __post_init__(self) -> None:
        if callable(self.decoding):
            object.__setattr__(self, "decoding", (self.decoding,))
        elif isinstance(self.decoding, list):
            object.__setattr__(self, "decoding", tuple(self.decoding))

    def judge(self) -> None:
        """Raise TypeError for what is no estimator or no decoding."""
        for name, of, parts in (
            ("estimator", "estimators.Additive(1.0)", (self.estimator,)),
            ("decoding", "decoding.Temperature(0.8), or several in a tuple", self.decoding),
        ):
            for part in parts if isinstance(parts, tuple) else (parts,):
                if isinstance(part, type) or not (callable(part) and hasattr(part, "fault")):
                    raise TypeError(f"{name} must be such as jc.{of}, got {part!r}")

    def fault(self) -> Array:
        """Whether a traced number of the estimator or the decoding is out of range, ``bool []``."""
        found = self.estimator.fault()
        for step in self.decoding:
            found |= step.fault()
        return found

    def recurrence(self, past: Any, corpus: Any) -> Any:
        """Say what a model is in terms of its corpus, for :mod:`jaxcollapse.theory`; this base class cannot.

        Raises:
          TypeError: unless a learner overrides it.
        """
        raise TypeError(f"theory knows the learner Categorical only, got {type(self).__name__}")

    @property
    def told(self) -> str:
        """In a few words, for titles: ``"additive 0.1, top-k 50"``; empty where nothing is changed."""
        parts = [part for part in (self.estimator, *self.decoding) if not isinstance(part, MaximumLikelihood)]
        return ", ".join(_words(part) for part in parts)


def _words(part: Any) -> str:
    """``TopK(50)`` as ``top-k 50``."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", type(part).__name__).lower()
    numbers = [value for value in vars(part).values() if jnp.ndim(value) == 0]
    return " ".join([name, *(f"{value:g}" for value in numbers)])

"""Checks before a process is made: arguments of the wrong kind, and regimes that need operations a learner lacks."""

from __future__ import annotations

from typing import Any

from jaxcollapse.contract import Learner, Regime


def check_parts(regime: Any, learner: Any) -> None:
    """Refuse a regime that is not a Regime, and a learner that is not a Learner.

    Raises:
      TypeError: naming the argument and its value.
    """
    for name, value, kind, example in (
        ("regime", regime, Regime, "FullySynthetic(n=500)"),
        ("learner", learner, Learner, "learners.Categorical()"),
    ):
        if not isinstance(value, kind):
            raise TypeError(f"{name} must be a {name} such as {example}, got {value!r}")


def check_operations(regime: Regime, learner: Learner, shown: Learner) -> None:
    """Refuse a regime that requires operations which neither a bound learner nor its corpora provide.

    Args:
      regime: the regime.
      learner: the learner after it was bound to the regime.
      shown: the learner as the caller gave it, which messages show.

    Raises:
      TypeError: naming the operation.
      ValueError: where a pool has no bound and must have one.
    """
    provided = learner.provides | learner.corpora.provides
    missing = [operation for operation in regime.requires(provided) if operation not in provided]
    if not missing:
        return
    name, of = type(regime).__name__, type(shown).__name__
    if missing[0] == "unbounded":
        raise ValueError(
            f"{name} pools items, each in a place of its own with {of}; give {name}(generations=) the last generation "
            "that a run may reach"
        )
    if missing[0] == "average" and {"gather", "exchangeable"} <= provided:
        raise ValueError(
            f"{name} keeps every model with {of}, whose models have no average; give {name}(generations=) the last "
            "generation that a run may reach"
        )
    raise TypeError(f"{name} needs a learner that can {missing[0]}, and {shown!r} cannot; learners.Categorical can")

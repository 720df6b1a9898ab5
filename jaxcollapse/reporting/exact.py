"""Theory beside a simulation: the exact curve where it is known and costs some seconds, and None elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxcollapse import theory
from jaxcollapse.contract import Process


def exact(process: Process, statistic: str, generations: int) -> np.ndarray | None:
    """The expectation of a statistic, ``[generations + 1]``; None where it is not known or would take long.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(4), jc.FullySynthetic(n=2))
      >>> exact(process, "heterozygosity", 2).tolist(), exact(process, "hill_2", 2)
      ([0.75, 0.375, 0.1875], None)
    """
    if statistic not in theory.ORACLES:
        return None
    try:
        return theory.ORACLES[statistic](process, generations)
    except (theory.OutOfRange, TypeError):
        return None


def survival(process: Process, generations: int, p: np.ndarray) -> tuple[np.ndarray | None, str]:
    """The chance of tokens of these probabilities to survive, ``[generations + 1, d]``, and its kind."""
    try:
        return theory.survival(process, generations, p), "exact"
    except (theory.OutOfRange, TypeError):
        return _near(theory.survival_branching, process, generations, p)


def curve(process: Process, statistic: str, generations: int) -> tuple[np.ndarray | None, str]:
    """The mean of a statistic by theory, ``[generations + 1]``, and whether it is exact or an approximation.

    Where the support is known, nothing is possible but what the truth has: all of it counts as "alive".
    """
    statistic = "support" if statistic == "alive" else statistic
    found = exact(process, statistic, generations)
    if found is not None:
        return found, "exact"
    return _near(theory.support_branching, process, generations) if statistic == "support" else (None, "")


def _near(approximation: Any, *arguments: Any) -> tuple[np.ndarray | None, str]:
    try:
        return approximation(*arguments), "branching approximation"
    except TypeError:  # it is for fully synthetic training only
        return None, ""

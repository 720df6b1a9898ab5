"""Theory beside a simulation: the exact curve where it is known and costs some seconds, and None elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxcollapse import theory
from jaxcollapse.contract import Process


def exact(process: Process, statistic: str, generations: int) -> np.ndarray | None:
    """Return the expectation of a statistic, ``[generations + 1]``; None where it is not known or would take long.

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
    """Return the chance of tokens of these probabilities to survive, ``[generations + 1, d]``, and its kind."""
    try:
        return theory.survival(process, generations, p), "exact"
    except (theory.OutOfRange, TypeError):
        return _approximate(theory.survival_branching, process, generations, p)


def curve(process: Process, statistic: str, generations: int) -> tuple[np.ndarray | None, str]:
    """Return the mean of a statistic by theory, ``[generations + 1]``, and whether it is exact or an approximation.

    Where the expected support is known, models can write nothing that the truth cannot: then the tokens of the truth
    that are alive ("alive") are all of the support.
    """
    statistic = "support" if statistic == "alive" else statistic
    found = exact(process, statistic, generations)
    if found is not None:
        return found, "exact"
    if statistic == "support":
        return _approximate(theory.support_branching, process, generations)
    return None, ""


def _approximate(approximation: Any, *arguments: Any) -> tuple[np.ndarray | None, str]:
    try:
        return approximation(*arguments), "branching approximation"
    except TypeError:  # the approximation is for fully synthetic training only
        return None, ""

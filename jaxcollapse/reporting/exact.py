"""Theory beside a simulation: the exact curve where it is known and costs some seconds, and None elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np

from jaxcollapse import theory
from jaxcollapse.process import Process
from jaxcollapse.reporting.settings import remembered
from jaxcollapse.theory.setting import has_closed_form

CHEAP = {"simpson", "heterozygosity", "l2_first", "l2_truth", "tail_mass"}
"""Statistics whose means need second moments only."""
AFFORDED = 1e7
"""States of one token's law, over all tokens and generations: some 20 s at worst."""
NODES = 3000
"""Tokens of prefixes whose second moments take some seconds."""


def exact(process: Process, statistic: str, generations: int) -> np.ndarray | None:
    """The expectation of a statistic, ``[generations + 1]``; None where it is not known or would take long.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(4), jc.FullySynthetic(n=2))
      >>> exact(process, "heterozygosity", 2).tolist(), exact(process, "hill_2", 2)
      ([0.75, 0.375, 0.1875], None)
    """
    if statistic not in theory.ORACLES or not affordable(process, generations, statistic in CHEAP):
        return None
    try:
        return theory.ORACLES[statistic](process, generations)
    except (theory.OutOfRange, TypeError):
        return None


def survival(process: Process, generations: int, p: np.ndarray) -> tuple[np.ndarray | None, str]:
    """The chance of tokens of these probabilities to survive, ``[generations + 1, d]``, and its kind."""
    if affordable(process, generations, False):
        try:
            return theory.survival(process, generations, p), "exact"
        except (theory.OutOfRange, TypeError):
            pass
    return _near(theory.survival_branching, process, generations, p)


def curve(process: Process, statistic: str, generations: int) -> tuple[np.ndarray | None, str]:
    """The mean of a statistic by theory, ``[generations + 1]``, and whether it is exact or an approximation."""
    found = exact(process, statistic, generations)
    if found is not None:
        return found, "exact"
    return _near(theory.support_branching, process, generations) if statistic == "support" else (None, "")


def _near(approximation: Any, *arguments: Any) -> tuple[np.ndarray | None, str]:
    try:
        return approximation(*arguments), "branching approximation"
    except TypeError:  # it is for fully synthetic training only
        return None, ""


def affordable(process: Process, generations: int, second_moments: bool) -> bool:
    """Whether a report may ask the theory; by sizes, not by the clock, for what it writes is the same everywhere."""
    regime = process.regime
    if has_closed_form(process):
        return True  # there the theory itself knows what it costs
    prefixes, room = getattr(regime, "reuse", False) == "prefix", float(regime.room)
    if second_moments:
        return not prefixes or room * generations <= NODES
    tokens = len(np.unique(np.asarray(process.p)))
    past = room * generations if remembered(process)[0] else room  # tokens of a pool, or of one generation
    states = 2.0 ** min(room * 3, 1000) if prefixes else max(past, room ** getattr(regime, "window", 1) / 30)
    return states * room * tokens * generations <= AFFORDED

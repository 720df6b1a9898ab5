"""Exact answers beside the simulation, in float64 NumPy. Nothing in this folder knows how a chain is simulated.

Each function takes the process that :func:`jaxcollapse.simulate` takes and returns arrays indexed by
the generation, so "simulation minus theory" is one subtraction. Each says what it costs and how far
it reaches; beyond that it raises :class:`OutOfRange`, which names the approximation to use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jaxcollapse.theory import bounds
from jaxcollapse.theory.additive_statistics import additive, entropy, kl_truth, l1_first, l1_truth, spectrum
from jaxcollapse.theory.ancestry import ancestors
from jaxcollapse.theory.budget import Budget, real_needed, synthetic_budget
from jaxcollapse.theory.large_n import support_branching, survival_branching
from jaxcollapse.theory.second_moments import (
    heterozygosity,
    heterozygosity_variance,
    l2_first,
    l2_truth,
    products,
    simpson,
    stationary,
    tail_mass,
)
from jaxcollapse.theory.setting import OutOfRange
from jaxcollapse.theory.time_to_collapse import (
    collapse_probability,
    expected_collapse_time,
    expected_collapse_time_diffusion,
    first_loss_probability,
    winner_probability,
)
from jaxcollapse.theory.token_survival import support, support_variance, survival

ORACLES: dict[str, Callable[[Any, int], np.ndarray]] = {
    "simpson": simpson,
    "heterozygosity": heterozygosity,
    "support": support,
    "hill_0": support,
    "entropy": entropy,
    "collapsed": collapse_probability,
    "l1_first": l1_first,
    "l2_first": l2_first,
    "l1_truth": l1_truth,
    "l2_truth": l2_truth,
    "kl_truth": kl_truth,
    "spectrum": spectrum,
    "tail_mass": tail_mass,
}
"""The exact expectation of a statistic, by the statistic's name."""

__all__ = [
    "ORACLES",
    "Budget",
    "OutOfRange",
    "additive",
    "ancestors",
    "bounds",
    "collapse_probability",
    "entropy",
    "expected_collapse_time",
    "expected_collapse_time_diffusion",
    "first_loss_probability",
    "heterozygosity",
    "heterozygosity_variance",
    "kl_truth",
    "l1_first",
    "l1_truth",
    "l2_first",
    "l2_truth",
    "products",
    "real_needed",
    "simpson",
    "spectrum",
    "stationary",
    "support",
    "support_branching",
    "support_variance",
    "survival",
    "survival_branching",
    "synthetic_budget",
    "tail_mass",
    "winner_probability",
]

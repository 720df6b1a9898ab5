"""Mutants: deliberately wrong simulations, for asking whether a verification would notice.

Each, called once in a fresh process right after ``import jaxcollapse``, patches the simulation and
nothing else: ``recurrence``, the definition that the theory reads, stays right. The key says what is wrong,
and after a comma which option of its regime is concerned. They lie in modules by what they concern, and
all enter one table.

All but those in :data:`BETWEEN_CHAINS` change the law of a single chain; there it is right, but chains are
not independent, and the mean over them scatters too much.
"""

from . import every_regime, pools, randomly_sampled, real, recorded, synthetic, window
from .table import BETWEEN_CHAINS, MUTANTS, REGIME_OF, SHOWN_BY

CONCERNS = (every_regime, recorded, synthetic, real, window, randomly_sampled, pools)
"""The modules whose import entered the mutants."""

__all__ = ["BETWEEN_CHAINS", "CONCERNS", "MUTANTS", "REGIME_OF", "SHOWN_BY"]

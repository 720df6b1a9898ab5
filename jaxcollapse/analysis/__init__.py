"""From recorded chains to estimates with errors. NumPy and SciPy in float64, on the host."""

from jaxcollapse.analysis.collapse import Hazard, Survival, survival
from jaxcollapse.analysis.ensemble import Ensemble, ensemble, half_life, lost_after
from jaxcollapse.analysis.fits import Estimate, Fit, compare, fit_exponential, fit_polynomial, fit_power_law

__all__ = [
    "Ensemble",
    "Estimate",
    "Fit",
    "Hazard",
    "Survival",
    "compare",
    "ensemble",
    "fit_exponential",
    "fit_polynomial",
    "fit_power_law",
    "half_life",
    "lost_after",
    "survival",
]

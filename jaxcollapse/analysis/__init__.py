"""From recorded chains to estimates with errors. NumPy and SciPy in float64, on the host."""

from jaxcollapse.analysis.ensembles import Ensemble, ensemble, half_life, lost_after
from jaxcollapse.analysis.estimates import Estimate, Fit, compare
from jaxcollapse.analysis.fits import fit_exponential, fit_polynomial, fit_power_law
from jaxcollapse.analysis.survival_curves import Hazard, Survival, survival
from jaxcollapse.analysis.tail import tail_share

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
    "tail_share",
]

"""From recorded chains to estimates with errors. NumPy and SciPy in float64, on the host."""

from jaxcollapse.analysis.ensemble import Ensemble, ensemble, half_life, lost_after
from jaxcollapse.analysis.fits import ExponentialFit, fit_exponential

__all__ = ["Ensemble", "ExponentialFit", "ensemble", "fit_exponential", "half_life", "lost_after"]

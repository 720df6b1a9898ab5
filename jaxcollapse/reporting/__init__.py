"""The main job: how fast a vocabulary dies when a model is trained on its own output."""

from jaxcollapse.reporting.bands import frequency_bands
from jaxcollapse.reporting.results import Band, Curve, DecayResult, RegimeResult, Report
from jaxcollapse.reporting.run import report
from jaxcollapse.reporting.texts import TextReport, TextResult, report_text

__all__ = [
    "Band",
    "Curve",
    "DecayResult",
    "RegimeResult",
    "Report",
    "TextReport",
    "TextResult",
    "frequency_bands",
    "report",
    "report_text",
]

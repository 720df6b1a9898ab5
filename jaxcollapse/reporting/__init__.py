"""The main job: how fast a vocabulary dies when a model is trained on its own output.

Read `reports.py` (what users call), `pipeline.py` (what is done for every report), `subject.py` (what a report must say
of its own) and the three subjects: `of_words.py`, `of_contexts.py`, `of_text.py`.
"""

from jaxcollapse.reporting.bands import frequency_bands
from jaxcollapse.reporting.report_results import Band, Curve, DecayResult, RegimeResult, Report, TextReport, TextResult
from jaxcollapse.reporting.reports import report, report_text

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

"""jaxcollapse: exact, vectorised simulation of model collapse, with its exact theory beside it.

Read the names in this order: a language is the truth, a regime says what each generation is trained
on, a process joins them, the engine simulates, theory gives the exact curve, analysis estimates.
"""

from jaxcollapse import (
    analysis,
    contract,
    engine,
    languages,
    learners,
    native,
    regimes,
    runs,
    sampling,
    saving,
    schedules,
    statistics,
    theory,
)
from jaxcollapse.contract import Process
from jaxcollapse.engine import memory
from jaxcollapse.engine.first_passage import collapse_times
from jaxcollapse.engine.simulation import simulate
from jaxcollapse.learners import decoding, estimators
from jaxcollapse.process.construction import recursive_training
from jaxcollapse.regimes import (
    Accumulate,
    AccumulateSubsample,
    FreshReal,
    FullySynthetic,
    Mixture,
    MostRecent,
    PartiallySynthetic,
    RandomlySampled,
)
from jaxcollapse.reporting import Report, TextReport, report, report_text
from jaxcollapse.results import CollapseTimes, Summary, Trace
from jaxcollapse.runs import run, summarize
from jaxcollapse.schedules import Schedule
from jaxcollapse.version import __version__

__all__ = [
    "Accumulate",
    "AccumulateSubsample",
    "CollapseTimes",
    "FreshReal",
    "FullySynthetic",
    "Mixture",
    "MostRecent",
    "PartiallySynthetic",
    "Process",
    "RandomlySampled",
    "Report",
    "Schedule",
    "Summary",
    "TextReport",
    "Trace",
    "__version__",
    "analysis",
    "collapse_times",
    "contract",
    "decoding",
    "engine",
    "estimators",
    "languages",
    "learners",
    "memory",
    "native",
    "recursive_training",
    "regimes",
    "report",
    "report_text",
    "run",
    "runs",
    "sampling",
    "saving",
    "schedules",
    "simulate",
    "statistics",
    "summarize",
    "theory",
]

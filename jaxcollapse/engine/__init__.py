"""The engine: it folds keys, maps over chains, scans over generations and records statistics."""

from jaxcollapse.engine.simulation import advance, simulate, start
from jaxcollapse.engine.templates import state_template
from jaxcollapse.engine.validation import prepare
from jaxcollapse.results import Trace

__all__ = ["Trace", "advance", "prepare", "simulate", "start", "state_template"]

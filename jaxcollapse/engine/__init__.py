"""The engine: fold keys, scan over generations, map over chains, record statistics."""

from jaxcollapse.engine.simulation import advance, simulate, start, state_template
from jaxcollapse.engine.validation import prepare
from jaxcollapse.results import Trace

__all__ = ["Trace", "advance", "prepare", "simulate", "start", "state_template"]

"""The engine: fold keys, scan over generations, map over chains, record statistics."""

from jaxcollapse.engine.simulation import advance, prepare, simulate, start
from jaxcollapse.results import Trace

__all__ = ["Trace", "advance", "prepare", "simulate", "start"]

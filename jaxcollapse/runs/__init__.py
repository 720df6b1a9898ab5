"""Long runs: the host advances a simulation piece by piece, and everything else happens in the pauses.

Progress, checkpoints, bounded memory, many devices and processes, early stopping. What is simulated is what one
call of :func:`~jaxcollapse.simulate` would give, bit for bit.
"""

from jaxcollapse.runs.running import again, run, summarize

__all__ = ["again", "run", "summarize"]

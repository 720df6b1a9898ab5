"""Long runs: the host advances a simulation segment by segment, and everything else happens in between.

Runs have progress reports, checkpoints, bounded memory, many devices and processes, and early stopping. Their results
are those of one call of :func:`~jaxcollapse.simulate`, bit for bit.
"""

from jaxcollapse.runs.running import again, run, summarize

__all__ = ["again", "run", "summarize"]

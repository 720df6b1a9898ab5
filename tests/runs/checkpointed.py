"""Small runs with a checkpoint at every pause, which tests kill, interrupt and resume; and what they should give."""

import functools

import jax
import numpy as np
import pytest

import jaxcollapse as jc
from jaxcollapse.analysis import Ensemble
from jaxcollapse.analysis.streaming import BLOCK, Moments, Sketch
from jaxcollapse.runs.running import LEVELS

P = np.array([0.4, 0.3, 0.15, 0.1, 0.05], np.float32)
KEY, PROCESS = jax.random.key(3), jc.recursive_training(P, jc.FullySynthetic(n=8))
GENERATIONS, RECORD = 7, ("heterozygosity", "support")
ENDS = (3, 6, 7)
"""Of the pieces."""
CHUNKS = {"chains": 3, "ensemble": BLOCK}
CHAINS = {"chains": 7, "ensemble": BLOCK + 104}
"""Three chunks and two; the last one is smaller."""
MANY = {"chains": 42, "ensemble": 3 * BLOCK + 104}
"""For the campaign."""
PIECES = {keep: len(ENDS) * -(-CHAINS[keep] // CHUNKS[keep]) for keep in CHAINS}


def run(keep, folder, /, *, key=KEY, process=PROCESS, **options):
    settings = {"generations": GENERATIONS, "record": RECORD, "piece": 3, "chains": CHAINS[keep], "chunk": CHUNKS[keep]}
    settings |= {"keep": keep, "resume": True, "progress": False, "checkpoint_seconds": 0}
    return jc.run(key, process, checkpoint=folder, **(settings | options))


def arrays(found):
    """All numbers of a trace or a summary."""
    if isinstance(found, jc.Trace):
        return {name: np.asarray(found[name]) for name in found}
    return {f"{name} {part}": np.asarray(of) for name in found for part, of in found[name]._asdict().items()}


def bits(found):
    return {name: of.tobytes() for name, of in sorted(found.items())}


@functools.cache
def simulated(chains):
    trace = jc.simulate(KEY, PROCESS, chains=chains, generations=GENERATIONS, record=RECORD)
    return {name: np.asarray(trace[name]) for name in RECORD}


@functools.cache
def expected(keep, chains, last=GENERATIONS):
    """What `simulate` gives of the first so many chains up to a generation, summarized if that is kept."""
    values = {name: of[:chains, : last + 1] for name, of in simulated(max(chains, CHAINS[keep])).items()}
    return bits(values if keep == "chains" else arrays({name: summarized(of) for name, of in values.items()}))


def summarized(values):
    moments, sketch = Moments(), Sketch()
    for begin in range(0, len(values), BLOCK):
        moments.add(values[begin : begin + BLOCK])
        sketch.add(values[begin : begin + BLOCK])
    quantiles = np.stack([sketch.quantile(level) for level in LEVELS])
    generation = np.arange(values.shape[1])
    return Ensemble(generation, moments.mean, moments.standard_error, np.array(LEVELS), quantiles, moments.count)


def after(pauses):
    """Raises KeyboardInterrupt in a pause."""
    told = []

    def progress(generations):
        told.append(generations)
        if len(told) == pauses:
            raise KeyboardInterrupt

    return progress


def interrupted(keep, folder, progress, **options):
    with pytest.warns(UserWarning, match="interrupted: what is returned ends where it was"):
        return run(keep, folder, progress=progress, **options)


def die_of(error):
    raise error

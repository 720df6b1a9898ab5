"""The functions that callers use for runs of any length: ``run``, ``summarize`` and ``again``."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from jaxcollapse import check, engine, statistics
from jaxcollapse.analysis.streaming import BLOCK
from jaxcollapse.contract import Process
from jaxcollapse.results import Summary
from jaxcollapse.runs import configuration
from jaxcollapse.runs.checkpoint import Checkpoint
from jaxcollapse.runs.keeping import Ensembles, reducer_for
from jaxcollapse.runs.loop import Loop
from jaxcollapse.runs.planning import Plan, plan_run, round_up
from jaxcollapse.runs.provenance import provenance
from jaxcollapse.statistics import Record

SAFETY = 1.1
"""The factor by which a run has more chains than its pilot suggests, whose variance is itself an estimate."""
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The levels of quantiles by default."""


def run(
    key: jax.Array,
    process: Process,
    *,
    chains: int,
    generations: int,
    record: Record = ("heterozygosity", "support"),
    every: int = 1,
    keep: str = "chains",
    levels: Sequence[float] = LEVELS,
    until: str | Mapping[str, float] | None = None,
    piece: int | None = None,
    chunk: int | None = None,
    devices: Sequence[jax.Device] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_seconds: float = 30.0,
    resume: bool = False,
    progress: bool | Callable[[int], Any] = True,
) -> Any:
    """Run a simulation of any length on any number of devices; its bits are those of :func:`~jaxcollapse.simulate`.

    Chains are advanced in chunks, and the generations of a chunk in pieces. Between pieces progress is reported and
    checkpoints are written; Ctrl-C returns what is done. With several processes (``jax.distributed.initialize()``
    first) each takes a part of the chains: ``keep="chains"`` returns these to each process, ``keep="ensemble"`` the
    same summary to all.

    Args:
      key, process, chains, generations, record, every: as for :func:`~jaxcollapse.simulate`.
      keep: ``"chains"`` for every value of every chain, or ``"ensemble"`` for means, standard errors and quantiles.
      levels: the levels of the quantiles, between 0 and 1; without any a run takes a third less time.
      until: ``"collapsed"``: stop where every chain of a chunk has collapsed for ever, in the fully synthetic regime
        with a constant ``n``; later rows repeat the last, which is what the simulation would give. Or
        ``{"support": 0.01}``: as many chains as give standard errors of at most this at every generation, ``chains``
        at most; see below.
      piece: how many generations are simulated between progress reports; None gives some twenty pieces in all.
      chunk: how many chains are advanced together; None takes what fits in half of the memory.
      devices: the devices of this process to use; None takes all.
      checkpoint: a folder, in which each process makes one of its own; None writes no checkpoints.
      checkpoint_seconds: the least time between checkpoints, in seconds.
      resume: whether to continue from the checkpoint in the folder; a folder without one starts a new run.
      progress: True, False, or a function that is called with the number of generations that were added.

    Returns:
      A :class:`~jaxcollapse.Trace` of NumPy arrays or a :class:`~jaxcollapse.Summary`, with provenance.

    Raises:
      As :func:`~jaxcollapse.simulate`; ValueError for a folder that holds another run or is damaged; OSError when
      a checkpoint cannot be written; MemoryError naming the setting to change.

    The stopping rule is Stein's (1945) with the pilot left out: a pilot of 4096 chains estimates the variance, which
    determines the number of further chains, and only these are in the estimate. Their number does not depend on their
    own values, so means are unbiased and standard errors are valid; an error may still slightly exceed the target.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.zipf(50), jc.FullySynthetic(n=20))
      >>> found = jc.run(jax.random.key(0), process, chains=1000, generations=40, record="support", chunk=300)
      >>> same = jc.simulate(jax.random.key(0), process, chains=1000, generations=40, record="support")
      >>> bool((found["support"] == same["support"]).all())
      True
    """
    chains = check.static_whole_number("chains", chains)
    generations = check.static_whole_number("generations", generations)
    every = check.static_whole_number("every", every)
    engine.prepare(key, process, 1, generations, record, every=every)  # This raises on bad input.
    local = jax.local_devices() if devices is None else list(devices)
    if not local:
        raise ValueError("devices must hold at least one, got none; leave it out to take all")
    if not callable(progress) and progress not in (True, False):
        raise ValueError(f"progress must be True, False or a function, got {progress!r}")
    if not checkpoint_seconds >= 0:
        raise ValueError(f"checkpoint_seconds must be at least 0, got {checkpoint_seconds!r}")
    if checkpoint is not None and not os.fspath(checkpoint):
        raise ValueError("checkpoint must name a folder, got ''; leave it out to write none")
    names = [statistic.name for statistic in statistics.resolve(record)]
    target = _target(until, keep, names)
    if keep == "chains" and chains < jax.process_count():
        raise ValueError(f"chains must be at least one for each of {jax.process_count()} processes, got {chains}")
    reducer = reducer_for(keep, levels)
    options = {
        "chains": chains,
        "generations": generations,
        "record": names,
        "every": every,
        "keep": keep,
        "levels": [float(level) for level in levels],
        "until": until if until is None or isinstance(until, str) else dict(until),
    }
    first, last = 0, chains
    if target:
        first, last = _chains_wanted(key, process, record, generations, every, chains, target, local)
    plan = plan_run(process, first, last, generations, record, every, keep, piece, chunk, len(local))
    made = provenance()
    described = configuration.of_run(key, process, options)
    store = None
    if checkpoint is not None:
        layout = {"processes": jax.process_count(), "first": plan.first_chain, "last": plan.end_chain}
        layout |= {"chunk": plan.batch_size, "piece": plan.segment_ends[0]}
        folder = os.path.join(checkpoint, f"process-{jax.process_index()}")
        store = Checkpoint(folder, described | {"laid out": layout}, configuration.versions_of(made), resume=resume)
    stops = until == "collapsed" and process.is_constant()
    loop = Loop(key, process, record, every, plan, local, reducer, store, checkpoint_seconds, stops)
    interrupted = loop.go(progress)
    text = {"run": described, **made, "chains": [plan.first_chain, plan.end_chain], "interrupted": interrupted}
    return reducer.result(len(plan.segment_ends), every, json.dumps(text), statistics.described(record))


def summarize(
    key: jax.Array, process: Process, *, progress: bool | Callable[[int], Any] = False, **options: Any
) -> Summary:
    """Simulate very many chains and keep means, errors and quantiles only: :func:`run` with ``keep="ensemble"``.

    The chains are those of :func:`~jaxcollapse.simulate` with the same key. Memory does not grow with their number: a
    mean, a variance and some thousand bins of counts are kept for each generation.

    Args:
      key, process: as for :func:`run`.
      progress: True, False, or a function that is called with the number of generations that were added.
      options: further arguments of :func:`run`, such as ``chains``, ``generations``, ``record`` and ``every``. The
        quantiles at ``levels`` are accurate to half a percent of their value; ``levels=()`` takes a third less time.

    Returns:
      A :class:`~jaxcollapse.Summary`.

    Raises:
      As :func:`run`; ValueError also when chains had bad inputs.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.zipf(50), jc.FullySynthetic(n=20))
      >>> summary = jc.summarize(jax.random.key(0), process, chains=10_000, generations=40, record="support", every=10)
      >>> summary["support"].generation.tolist(), summary["support"].quantiles.shape
      ([0, 10, 20, 30, 40], (5, 5))
    """
    return run(key, process, keep="ensemble", progress=progress, **options)


def again(made: str | Mapping[str, Any], **options: Any) -> Any:
    """Repeat the run that a provenance describes, and return its result.

    Args:
      made: ``trace.provenance`` or ``summary.provenance``.
      options: arguments of :func:`run` that do not change its result, such as ``piece``, ``chunk`` and ``checkpoint``.

    Raises:
      ValueError: when the run had another version of the random stream, or parts that this package does not have.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.3, 0.2], jc.FullySynthetic(n=10))
      >>> first = jc.run(jax.random.key(7), process, chains=3, generations=5)
      >>> bool((jc.runs.again(first.provenance)["support"] == first["support"]).all())
      True
    """
    try:
        source = json.loads(made) if isinstance(made, str) else made
    except json.JSONDecodeError:
        source = None
    if not isinstance(source, Mapping) or "run" not in source:
        raise ValueError("provenance must be that of a jc.run, which tells of the run; this one does not")
    key, process, arguments = configuration.recreated(source["run"])
    return run(key, process, **(arguments | options))


def _target(until: Any, keep: str, names: Sequence[str]) -> Mapping[str, float]:
    """Return the standard errors to reach by statistic, checked; an empty mapping where there is no such target."""
    if until is None or until == "collapsed":
        return {}
    if not isinstance(until, Mapping) or not until:
        raise ValueError(f"until must be 'collapsed' or standard errors as {{'support': 0.01}}, got {until!r}")
    if keep != "ensemble":
        raise ValueError("until a standard error is reached needs keep='ensemble', got keep='chains'")
    for name, error in until.items():
        if name not in names:
            raise ValueError(
                f"until names {name!r}, which is not recorded; record it, or name one of {', '.join(names)}"
            )
        check.real_number(f"until[{name!r}]", error, 0, math.inf)
    return until


def _chains_wanted(
    key: jax.Array,
    process: Process,
    record: Record,
    generations: int,
    every: int,
    most: int,
    target: Mapping[str, float],
    local: Sequence[jax.Device],
) -> tuple[int, int]:
    """Return the first chain and the end of those that reach the target: from the second block on, after a pilot.

    The first block of chains is the pilot, whose variance determines how many chains are needed.
    """
    pilot = Ensembles(np.zeros(0))
    if most <= BLOCK:
        raise ValueError(f"chains must be above {BLOCK}, the pilot that tells how many are wanted, got {most}")
    plan = Plan(0, BLOCK, BLOCK, round_up(BLOCK, len(local)), (generations,))
    Loop(key, process, record, every, plan, local, pilot).go(False)
    wanted = max(float(np.max(pilot.variance(name))) / error**2 for name, error in target.items())
    return BLOCK, min(most, BLOCK + max(BLOCK, math.ceil(SAFETY * wanted / BLOCK) * BLOCK))

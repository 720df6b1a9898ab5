"""Long runs: the host advances a simulation piece by piece, and everything else happens in the pauses.

Progress, checkpoints, bounded memory, many devices and processes, early stopping. What is simulated is what one
call of :func:`~jaxcollapse.simulate` would give, bit for bit.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import os
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from jaxcollapse import check, engine, statistics
from jaxcollapse.analysis.streaming import BLOCK
from jaxcollapse.engine import memory
from jaxcollapse.process.one_context import Process, State, canonical
from jaxcollapse.results import Summary
from jaxcollapse.runs import configuration
from jaxcollapse.runs import devices as spread
from jaxcollapse.runs.checkpoint import Checkpoint
from jaxcollapse.runs.keeping import STATUS, Ensembles, Keeper, Values, keeper
from jaxcollapse.runs.progress import Progress
from jaxcollapse.runs.provenance import provenance
from jaxcollapse.schemes import plain
from jaxcollapse.statistics.statistic import Record

__all__ = ["again", "run", "summarize"]

PIECES = 20
"""Pauses in a run, about, where nothing else is asked."""
SAFETY = 1.1
"""More chains than the pilot says, for its variance is an estimate too."""
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclasses.dataclass(frozen=True)
class _Plan:
    """What is to be done in which order: chunks of chains, each in pieces of generations.

    Attributes:
      first, last: the chains of this process, the last one not included.
      chunk: chains at a time.
      room: their places in arrays, a multiple of the devices.
      ends: the last generation of each piece.
    """

    first: int
    last: int
    chunk: int
    room: int
    ends: tuple[int, ...]

    @property
    def chunks(self) -> list[int]:
        """The first chain of each."""
        return list(range(self.first, self.last, self.chunk))


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
    """A simulation of any length on any number of devices, bit for bit that of :func:`~jaxcollapse.simulate`.

    Chains go in chunks, a chunk's generations in pieces. In the pauses progress is told and checkpoints are
    written; Ctrl-C returns what is done. With several processes (``jax.distributed.initialize()`` first) each
    takes its share of the chains: ``keep="chains"`` returns those to each, ``keep="ensemble"`` the same summary to all.

    Args:
      key, process, chains, generations, record, every: as for :func:`~jaxcollapse.simulate`.
      keep: ``"chains"`` for every value of every chain, or ``"ensemble"`` for means, standard errors and quantiles.
      levels: of the quantiles; none saves a third of the time.
      until: ``"collapsed"``: stop where every chain of a chunk has collapsed for ever, in the fully synthetic regime
        with a constant ``n``; later rows repeat the last, as they would anyway. Or ``{"support": 0.01}``: as
        many chains as give standard errors of at most this at every generation, ``chains`` at most; see below.
      piece: generations between pauses; None gives some twenty pauses in all.
      chunk: chains in flight; None takes what fits in half of the memory.
      devices: of this process; None takes all.
      checkpoint: a folder; each process has one of its own in it.
      checkpoint_seconds: how long to wait between checkpoints; the last pause of a chunk counts like any other.
      resume: go on with what the folder holds, or begin if it holds nothing.
      progress: True, False, or a function that is told how many generations were added.

    Returns:
      A :class:`~jaxcollapse.Trace` of NumPy arrays or a :class:`~jaxcollapse.Summary`, with provenance.

    Raises:
      As :func:`~jaxcollapse.simulate`; ValueError for a folder that holds another run or is damaged; OSError when
      a checkpoint cannot be written; MemoryError naming the setting to change.

    The stopping rule is Stein's (1945) with the pilot left out: 4096 chains tell the variance, the number of the
    others follows from it, and only these others are in the estimate. What they say has no part in how many there
    are, so means are unbiased and their errors honest; an error may still come out a little above what was asked.

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
    engine.prepare(key, process, 1, generations, record, every=every)  # bad input fails here
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
    kept = keeper(keep, levels)
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
    plan = _plan(process, first, last, generations, record, every, keep, piece, chunk, len(local))
    made = provenance()
    told = configuration.of_run(key, process, options)
    store = None
    if checkpoint is not None:
        processes = {"processes": jax.process_count(), "first": plan.first, "last": plan.last}
        processes |= {"chunk": plan.chunk, "piece": plan.ends[0]}
        mine = os.path.join(checkpoint, f"process-{jax.process_index()}")
        store = Checkpoint(mine, told | {"laid out": processes}, configuration.versions_of(made), resume=resume)
    stops = until == "collapsed" and _rests(process)
    loop = _Loop(key, process, record, every, plan, local, kept, store, checkpoint_seconds, stops)
    interrupted = loop.go(progress)
    text = {"run": told, **made, "chains": [plan.first, plan.last], "interrupted": interrupted}
    return kept.result(len(plan.ends), every, json.dumps(text), statistics.described(record))


def summarize(
    key: jax.Array, process: Process, *, progress: bool | Callable[[int], Any] = False, **options: Any
) -> Summary:
    """Simulate very many chains and keep what they have in common only: :func:`run` with ``keep="ensemble"``.

    The chains are those of :func:`~jaxcollapse.simulate` with the same key. Memory does not grow with their number:
    a mean, a variance and some thousand bins of counts a generation.

    Args:
      key, process: as for :func:`run`.
      progress: True, False, or a function that is told how many generations were added.
      options: others of :func:`run`: ``chains``, ``generations``, ``record``, ``every`` ... Of ``levels`` the quantiles
        are within half a percent of a value that so many chains do not exceed; ``levels=()`` saves a third of the time.

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
    """The run that a provenance tells of, once more.

    Args:
      made: ``trace.provenance`` or ``summary.provenance``.
      options: those of :func:`run` that do not change what comes out: ``piece``, ``chunk``, ``checkpoint`` ...

    Raises:
      ValueError: when it was of another version of the random stream, or needs parts that are not ours.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.3, 0.2], jc.FullySynthetic(n=10))
      >>> first = jc.run(jax.random.key(7), process, chains=3, generations=5)
      >>> bool((jc.runs.again(first.provenance)["support"] == first["support"]).all())
      True
    """
    try:
        told = json.loads(made) if isinstance(made, str) else made
    except json.JSONDecodeError:
        told = None
    if not isinstance(told, Mapping) or "run" not in told:
        raise ValueError("provenance must be that of a jc.run, which tells of the run; this one does not")
    key, process, how = configuration.recreated(told["run"])
    return run(key, process, **(how | options))


@dataclasses.dataclass
class _Loop:
    """Chunk after chunk, piece after piece.

    Attributes:
      seconds: between checkpoints.
      stops: whether to leave out what would change nothing.
      step: pauses so far.
      saved: when the last checkpoint was written.
      position: the chunk and the piece that come next, and the state before them.
      last: the rows of the last piece.
    """

    key: jax.Array
    process: Process
    record: Record
    every: int
    plan: _Plan
    local: Sequence[jax.Device]
    kept: Keeper
    store: Checkpoint | None = None
    seconds: float = 0.0
    stops: bool = False
    step: int = 0
    saved: float = dataclasses.field(default_factory=time.monotonic)
    position: tuple[int, int, State | None] = (0, 0, None)
    last: Values = dataclasses.field(default_factory=dict)

    def go(self, shown: bool | Callable[[int], Any]) -> bool:
        """Whether it was interrupted."""
        chunk, piece, state = self._resumed()
        ends, chunks = self.plan.ends, self.plan.chunks
        done = chunk * ends[-1] + (ends[piece - 1] if piece else 0)
        bar = Progress(shown, len(chunks) * ends[-1], done)
        try:
            for number in range(chunk, len(chunks)):
                first = chunks[number]
                for index in range(piece, len(ends)):
                    state, rows, alive = self._piece(first, index, state)
                    over = index == len(ends) - 1
                    self.kept.add(first, index, rows)
                    self._save(number + over, 0 if over else index + 1, None if over else state)
                    bar.add(ends[index] - (ends[index - 1] if index else 0), alive)
                piece, state = 0, None
        except KeyboardInterrupt:
            if not self.step:
                raise
            self._save(*self.position, force=True)
            warnings.warn("interrupted: what is returned ends where it was", stacklevel=3)
            return True
        finally:
            bar.close()
        self._save(len(chunks), 0, None, force=True)
        return False

    def _piece(self, first: int, index: int, state: State | None) -> tuple[State | None, Values, int | None]:
        """The state at the end of a piece, its rows, and how many chains can still change."""
        ends, every = self.plan.ends, self.every
        count = min(self.plan.chunk, self.plan.last - first)
        simulate = functools.partial(engine.simulate, self.key, self.process, record=self.record, every=every)
        advance = functools.partial(engine.advance, self.key, self.process, record=self.record, every=every)
        if index == 0:
            numbers = spread.laid_out(first, count, self.plan.room, self.local)
            if len(ends) == 1:
                trace = simulate(chains=numbers, generations=ends[0])
                pieces = [trace.values]
            else:
                state, trace = engine.start(self.key, self.process, chains=numbers, record=self.record)
                pieces = [trace.values if every == 1 else jax.tree.map(lambda of: of[:, :1], trace.values)]
                if ends[0] > 1:
                    state, trace = advance(state=state, generations=ends[0] - 1)
                    pieces.append(trace.values)
        else:
            assert state is not None
            before = ends[index - 1]
            at_a_row = int(state.m) % every == 0  # or else the last row may be from before they came to rest
            if self.stops and at_a_row and int(_alive(self.process, state, count)) == 0:
                return state, self._repeat(index), 0
            state, trace = advance(state=state, generations=ends[index] - before)
            pieces = [trace.values]
        values = jax.tree.map(lambda *of: np.concatenate([np.asarray(one)[:count] for one in of], axis=1), *pieces)
        self.last = values | {STATUS: np.asarray(trace.status)[:count]}
        return state, self.last, None if state is None else int(_alive(self.process, state, count))

    def _repeat(self, index: int) -> Values:
        """A piece in which nothing changes."""
        before, end = self.plan.ends[index - 1], self.plan.ends[index]
        rows = end // self.every - before // self.every
        return {name: of if name == STATUS else np.repeat(of[:, -1:], rows, axis=1) for name, of in self.last.items()}

    def _save(self, chunk: int, piece: int, state: State | None, *, force: bool = False) -> None:
        self.step += 1
        self.position = (chunk, piece, state)
        if self.store is None or not (force or time.monotonic() - self.saved >= self.seconds):
            return
        number = self.store.position.get("step", 0) + 1
        files = self.kept.files(number)
        if state is not None:
            leaves = jax.tree.leaves(state)
            files[f"state-{number}.npz"] = {str(index): np.asarray(leaf) for index, leaf in enumerate(leaves)}
            files[f"last-{number}.npz"] = dict(self.last)
        self.store.save({"step": number, "chunk": chunk, "piece": piece}, files)
        self.saved = time.monotonic()

    def _resumed(self) -> tuple[int, int, State | None]:
        """The chunk and the piece to begin with, and the state before it."""
        if self.store is None or not self.store.position:
            return 0, 0, None
        at = self.store.position
        files = {name: self.store.load(name) for name in self.store.files}
        saved, last = files.pop(f"state-{at['step']}.npz", None), files.pop(f"last-{at['step']}.npz", {})
        self.last = last
        if files:
            self.kept.restore(files)
        state = None
        if saved is not None:
            numbers = spread.laid_out(0, self.plan.room, self.plan.room, self.local)
            structure = _structure(self.key, self.process, self.record, self.plan.ends[at["piece"] - 1], numbers)
            leaves = [saved[str(index)] for index in range(len(saved))]
            by_chain = numbers.sharding
            state = jax.tree.unflatten(structure, [jax.device_put(of, by_chain if of.ndim else None) for of in leaves])
        self.step, self.position = 1, (at["chunk"], at["piece"], state)
        return self.position


def _structure(key: jax.Array, process: Process, record: Record, m: int, numbers: jax.Array) -> Any:
    """Of a state at a generation; its shapes are those of its arrays."""
    state = jax.eval_shape(
        lambda: engine.start(key, process, chains=jax.numpy.asarray(np.asarray(numbers)), record=record)[0]
    )
    if 0 < process.settles_at < m:
        state = jax.eval_shape(functools.partial(plain.settle, canonical(process)), state)
    return jax.tree.structure(state)


@jax.jit
def _alive(process: Process, state: State, count: Any) -> jax.Array:
    """How many of the first so many chains can still change."""
    m = state.m
    over = lambda chain: process.absorbed(chain._replace(m=m)) | (chain.status != 0)
    ended = jax.vmap(over)(state._replace(m=plain.OUTSIDE))
    return jax.numpy.sum(~ended & (jax.numpy.arange(ended.shape[0]) < count))


def _rests(process: Process) -> bool:
    """Whether a model that has collapsed is the same for ever, counts and all."""
    constant = all(np.ndim(leaf) == 0 for leaf in jax.tree.leaves(process.regime))
    constant = constant and not getattr(process.learner, "drawn", False)
    return bool(getattr(process.regime, "forgets", False)) and constant


def _target(until: Any, keep: str, names: Sequence[str]) -> Mapping[str, float]:
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
    """The chains to take after a pilot of one block: from the second block on, as many as its variance asks for."""
    pilot = Ensembles(np.zeros(0))
    if most <= BLOCK:
        raise ValueError(f"chains must be above {BLOCK}, the pilot that tells how many are wanted, got {most}")
    plan = _Plan(0, BLOCK, BLOCK, _up_to(BLOCK, len(local)), (generations,))
    _Loop(key, process, record, every, plan, local, pilot).go(False)
    wanted = max(float(np.max(pilot.variance(name))) / error**2 for name, error in target.items())
    return BLOCK, min(most, BLOCK + max(BLOCK, math.ceil(SAFETY * wanted / BLOCK) * BLOCK))


def _plan(
    process: Process,
    first: int,
    last: int,
    generations: int,
    record: Record,
    every: int,
    keep: str,
    piece: int | None,
    chunk: int | None,
    devices: int,
) -> _Plan:
    """What falls to this process, in chunks that fit; all processes plan for the largest share, for equal pieces."""
    unit = BLOCK if keep == "ensemble" else 1  # what must stay together
    begin, end = (first + of for of in spread.share(last - first, unit))
    count = spread.largest_share(last - first, unit)
    wanted = chunk is not None
    if chunk is not None:
        chunk = min(_up_to(check.static_whole_number("chunk", chunk), unit), count)
    else:
        chunk = min(count, BLOCK * devices) if keep == "ensemble" else count
    rows = generations // every
    there, held = memory.available(), 0
    needed = functools.partial(memory.needed, process, generations=rows, record=record)
    if keep == "chains":
        held = memory.recorded(process, chains=count, generations=rows, record=record)
        if held > there:
            raise MemoryError(
                f"the records of chains={count} and generations={generations} need about {held / 2**30:,.1f} GiB, and "
                f"the machine has {there / 2**30:,.1f}; keep='ensemble', every= or fewer chains need less"
            )
    while not wanted and chunk > max(devices, unit) and needed(chains=chunk) > max((there - held) / 2, there / 16):
        chunk = _up_to(-(-chunk // 2), unit)
    if needed(chains=chunk) > there:
        lower = (
            "chunk" if chunk > unit else f"n, the vocabulary or generations (of an ensemble {BLOCK} chains go together)"
        )
        raise MemoryError(
            f"chunk={chunk} chains would need about {needed(chains=chunk) / 2**30:,.1f} GiB, and the device has "
            f"{there / 2**30:,.1f}; lower {lower}"
        )
    chunks = -(-count // chunk)
    pauses = max(1, PIECES // chunks)
    length = _piece(generations, pauses) if piece is None else check.static_whole_number("piece", piece)
    ends = (*range(length, generations, length), generations)
    return _Plan(begin, end, chunk, _up_to(chunk, devices), ends)


def _up_to(count: int, unit: int) -> int:
    """The next multiple of a unit."""
    return -(-count // unit) * unit


def _piece(generations: int, pieces: int) -> int:
    """A length that gives about so many pieces; a divisor if there is a near one, for each length compiles anew."""
    if generations <= pieces:
        return 1
    ideal = generations / pieces
    near = [d for d in range(max(1, int(ideal / 2)), int(2 * ideal) + 1) if generations % d == 0]
    return min(near, key=lambda d: abs(d - ideal)) if near else math.ceil(ideal)

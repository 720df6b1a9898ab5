"""The host's loop: chunk after chunk of chains, piece after piece of generations."""

from __future__ import annotations

import dataclasses
import functools
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from jaxcollapse import engine
from jaxcollapse.contract import Process, State
from jaxcollapse.runs import devices as spread
from jaxcollapse.runs.checkpoint import Checkpoint
from jaxcollapse.runs.keeping import STATUS, Keeper, Values
from jaxcollapse.runs.planning import Plan
from jaxcollapse.runs.progress import Progress
from jaxcollapse.runs.state_arrays import from_arrays, to_arrays
from jaxcollapse.schemes.chains import map_chains
from jaxcollapse.statistics import Record


@dataclasses.dataclass
class Loop:
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
    plan: Plan
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
            files[f"state-{number}.npz"] = to_arrays(state)
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
            m = self.plan.ends[at["piece"] - 1]
            template = engine.state_template(self.key, self.process, chains=numbers, record=self.record, m=m)
            state = from_arrays(saved, template, numbers.sharding)
        self.step, self.position = 1, (at["chunk"], at["piece"], state)
        return self.position


@jax.jit
def _alive(process: Process, state: State, count: Any) -> jax.Array:
    """Return how many of the first so many chains can still change, ``int32 []``."""
    ended = map_chains(lambda chain: process.absorbed(chain) | (chain.status != 0), state)
    return jax.numpy.sum(~ended & (jax.numpy.arange(ended.shape[0]) < count))

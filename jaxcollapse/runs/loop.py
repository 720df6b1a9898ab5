"""The loop of a run on the host, over batches of chains and their segments of generations."""

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
from jaxcollapse.runs.keeping import STATUS, Reducer, Values
from jaxcollapse.runs.planning import Plan
from jaxcollapse.runs.progress import Progress
from jaxcollapse.runs.state_arrays import from_arrays, to_arrays
from jaxcollapse.schemes.chains import map_chains
from jaxcollapse.statistics import Record


@dataclasses.dataclass
class Loop:
    """A run that is advanced batch by batch of chains, and each batch segment by segment of generations.

    Attributes:
      key, process, record, every: as for :func:`jaxcollapse.run`.
      plan: the batches and segments of this process.
      local: the devices of this process.
      reducer: what the run keeps of recorded values.
      store: the checkpoint that is written, or None.
      seconds: the time between checkpoints, in seconds.
      stops: whether segments in which no chain can change are left out.
      step: the number of segments that are done, over all batches.
      saved: when the last checkpoint was written, in seconds of the monotonic clock.
      position: the batch and the segment that come next, and the state before them.
      last: the recorded values of the last segment.
    """

    key: jax.Array
    process: Process
    record: Record
    every: int
    plan: Plan
    local: Sequence[jax.Device]
    reducer: Reducer
    store: Checkpoint | None = None
    seconds: float = 0.0
    stops: bool = False
    step: int = 0
    saved: float = dataclasses.field(default_factory=time.monotonic)
    position: tuple[int, int, State | None] = (0, 0, None)
    last: Values = dataclasses.field(default_factory=dict)

    def go(self, shown: bool | Callable[[int], Any]) -> bool:
        """Run all batches from the present position on, and return whether the user interrupted the run."""
        batch, segment, state = self._resumed()
        ends, batches = self.plan.segment_ends, self.plan.batches
        done = batch * ends[-1] + (ends[segment - 1] if segment else 0)
        bar = Progress(shown, len(batches) * ends[-1], done)
        try:
            for number in range(batch, len(batches)):
                first = batches[number]
                for index in range(segment, len(ends)):
                    state, rows, alive = self._segment(first, index, state)
                    over = index == len(ends) - 1
                    self.reducer.add(first, index, rows)
                    self._save(number + over, 0 if over else index + 1, None if over else state)
                    bar.add(ends[index] - (ends[index - 1] if index else 0), alive)
                segment, state = 0, None
        except KeyboardInterrupt:
            if not self.step:
                raise
            self._save(*self.position, force=True)
            warnings.warn("interrupted: what is returned ends where it was", stacklevel=3)
            return True
        finally:
            bar.close()
        self._save(len(batches), 0, None, force=True)
        return False

    def _segment(self, first: int, index: int, state: State | None) -> tuple[State | None, Values, int | None]:
        """Return the state at the end of a segment, its recorded values, and how many chains can still change."""
        ends, every = self.plan.segment_ends, self.every
        count = min(self.plan.batch_size, self.plan.end_chain - first)
        simulate = functools.partial(engine.simulate, self.key, self.process, record=self.record, every=every)
        advance = functools.partial(engine.advance, self.key, self.process, record=self.record, every=every)
        if index == 0:
            numbers = spread.place_chains(first, count, self.plan.capacity, self.local)
            if len(ends) == 1:
                trace = simulate(chains=numbers, generations=ends[0])
                parts = [trace.values]
            else:
                state, trace = engine.start(self.key, self.process, chains=numbers, record=self.record)
                parts = [trace.values if every == 1 else jax.tree.map(lambda of: of[:, :1], trace.values)]
                if ends[0] > 1:
                    state, trace = advance(state=state, generations=ends[0] - 1)
                    parts.append(trace.values)
        else:
            assert state is not None
            before = ends[index - 1]
            # Otherwise the last recorded row may be from a generation before the chains collapsed.
            is_recorded = int(state.m) % every == 0
            if self.stops and is_recorded and int(_alive(self.process, state, count)) == 0:
                return state, self._repeat(index), 0
            state, trace = advance(state=state, generations=ends[index] - before)
            parts = [trace.values]
        values = jax.tree.map(lambda *of: np.concatenate([np.asarray(one)[:count] for one in of], axis=1), *parts)
        self.last = values | {STATUS: np.asarray(trace.status)[:count]}
        return state, self.last, None if state is None else int(_alive(self.process, state, count))

    def _repeat(self, index: int) -> Values:
        """Return the recorded values of a segment in which no chain changes: the last row, repeated."""
        before, end = self.plan.segment_ends[index - 1], self.plan.segment_ends[index]
        rows = end // self.every - before // self.every
        return {name: of if name == STATUS else np.repeat(of[:, -1:], rows, axis=1) for name, of in self.last.items()}

    def _save(self, batch: int, segment: int, state: State | None, *, force: bool = False) -> None:
        """Remember the position, and write a checkpoint if one is due or forced."""
        self.step += 1
        self.position = (batch, segment, state)
        if self.store is None or not (force or time.monotonic() - self.saved >= self.seconds):
            return
        number = self.store.position.get("step", 0) + 1
        files = self.reducer.files(number)
        if state is not None:
            files[f"state-{number}.npz"] = to_arrays(state)
            files[f"last-{number}.npz"] = dict(self.last)
        self.store.save({"step": number, "chunk": batch, "piece": segment}, files)
        self.saved = time.monotonic()

    def _resumed(self) -> tuple[int, int, State | None]:
        """Return the batch and the segment to begin with, and the state before them, from the checkpoint if any."""
        if self.store is None or not self.store.position:
            return 0, 0, None
        at = self.store.position
        files = {name: self.store.load(name) for name in self.store.files}
        saved, last = files.pop(f"state-{at['step']}.npz", None), files.pop(f"last-{at['step']}.npz", {})
        self.last = last
        if files:
            self.reducer.restore(files)
        state = None
        if saved is not None:
            numbers = spread.place_chains(0, self.plan.capacity, self.plan.capacity, self.local)
            m = self.plan.segment_ends[at["piece"] - 1]
            template = engine.state_template(self.key, self.process, chains=numbers, record=self.record, m=m)
            state = from_arrays(saved, template, numbers.sharding)
        self.step, self.position = 1, (at["chunk"], at["piece"], state)
        return self.position


@jax.jit
def _alive(process: Process, state: State, count: Any) -> jax.Array:
    """Return how many of the first ``count`` chains can still change, ``int32 []``."""
    ended = map_chains(lambda chain: process.absorbed(chain) | (chain.status != 0), state)
    return jax.numpy.sum(~ended & (jax.numpy.arange(ended.shape[0]) < count))

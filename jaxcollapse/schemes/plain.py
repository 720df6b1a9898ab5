"""The plain scheme: all chains of a batch take the same steps, side by side, for any learner and regime."""

from __future__ import annotations

import dataclasses
import os

from jax import Array

from jaxcollapse.contract import Process, Scheme, State, Statistic
from jaxcollapse.results import CollapseTimes
from jaxcollapse.schemes.passage import first_passage, number_of_parts
from jaxcollapse.schemes.record_schedule import RecordSchedule
from jaxcollapse.schemes.recording import Rows, record_rows


@dataclasses.dataclass(frozen=True)
class PlainScheme(Scheme):
    """Advance batches of chains by ``vmap``, as many together as keep a processor busy without leaving its cache.

    Attributes:
      cache_entries: numbers that all chains of a batch work on together on a CPU, where batches that stay in its cache
        take half the time; a learner whose one chain works on more has its chains advanced one after another.
      accelerator_entries: the same elsewhere, for the sake of memory.
      chains_per_core: chains of a batch, at least, where a kernel shares them out among the cores of a CPU.
      parts: into how many parts chains on their way to collapse are cut, so that those of finished chains can be left
        out; None chooses by their number.
      stretch: generations, and an eighth of those so far, that they go on before they are sorted anew.
    """

    cache_entries: int = 2**18
    accelerator_entries: int = 2**30
    chains_per_core: int = 4
    parts: int | None = None
    stretch: int = 8

    def batch(self, process: Process, chains: int, backend: str) -> int:
        entries, multithreaded = process.workload()
        if backend != "cpu":
            return min(chains, max(1, self.accelerator_entries // entries))
        least = self.chains_per_core * (os.cpu_count() or 1) if multithreaded else 1
        return min(chains, max(least, self.cache_entries // entries))

    def advance(
        self,
        key: Array,
        process: Process,
        states: State,
        schedule: RecordSchedule,
        record: tuple[Statistic, ...],
        *,
        final: bool,
    ) -> tuple[State, Rows]:
        return record_rows(key, process, states, schedule, record=record)

    def passage(self, key: Array, process: Process, chains: Array, horizon: Array) -> CollapseTimes:
        parts = self.parts or number_of_parts(process, chains.shape[0])
        return first_passage(key, process, chains, horizon, parts=parts, stretch=self.stretch)

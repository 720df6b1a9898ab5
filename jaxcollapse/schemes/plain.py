"""The plain scheme, for any learner and regime: all chains of a batch take the same steps together."""

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
    """Advance batches of chains by ``vmap``, as many together as fit in a processor's cache.

    Attributes:
      cache_entries: how many numbers the chains of a batch may have in memory at once on a CPU, where batches that
        fit in its cache take half the time; chains that need more than this are advanced one after another.
      accelerator_entries: the same on other devices, where their memory is the limit.
      chains_per_core: the least number of chains of a batch for each core of a CPU, where a kernel uses all cores.
      parts: the number of parts into which chains are divided while they are simulated until they collapse, so that
        parts of finished chains can be left out; None chooses by the number of chains.
      stretch: after this number of generations, or an eighth of those so far if that is more, they are sorted anew.
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

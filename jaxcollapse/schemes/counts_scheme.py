"""The scheme for tables of counts: it turns labels into counts, leaves out dead tokens and fuses generations."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import os
from typing import Any, cast

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.contract import Process, Scheme, State, Statistic
from jaxcollapse.exact import threefry
from jaxcollapse.results import CollapseTimes
from jaxcollapse.sampling import Labels, count_labels
from jaxcollapse.schemes import passage as passages
from jaxcollapse.schemes.chains import UNBATCHED, map_chains
from jaxcollapse.schemes.compaction import can_compact, compact_states, tokens_left, widths
from jaxcollapse.schemes.fused import can_fuse, fused_steps
from jaxcollapse.schemes.passage import Passage, Way
from jaxcollapse.schemes.record_schedule import RecordSchedule
from jaxcollapse.schemes.recording import Rows, forward, record_row, record_rows


@dataclasses.dataclass(frozen=True)
class CountsScheme(Scheme):
    """Advance chains whose models are tables of counts.

    Chains have the same distribution as under the plain scheme; without a switch to counts they have the same bits.

    Attributes:
      switch_at: the generation after which models that are labels become counts; 0 where they are counts throughout.
      widths: the widths to which the tables of recorded chains shrink as tokens die, decreasing.
      passage_widths: the same for chains that are simulated until they collapse.
      leap: the most generations that the kernel advances a chain in one call while it is simulated until it collapses.
      cache_entries, accelerator_entries, chains_per_core: as in :class:`~jaxcollapse.schemes.plain.PlainScheme`.
      parts, stretch: as in :class:`~jaxcollapse.schemes.plain.PlainScheme`.
    """

    switch_at: int = 0
    widths: tuple[int, ...] = (8192, 512, 32)
    passage_widths: tuple[int, ...] = (8192, 1024, 128, 16, 2)
    leap: int = 32_768
    cache_entries: int = 2**18
    accelerator_entries: int = 2**30
    chains_per_core: int = 4
    parts: int | None = None
    stretch: int = 8

    def batch(self, process: Process, chains: int, backend: str) -> int:
        entries, _ = process.workload()
        if backend != "cpu":
            return min(chains, max(1, self.accelerator_entries // entries))
        multithreaded = self.switch_at <= 1 and can_fuse(process)
        least = self.chains_per_core * (os.cpu_count() or 1) if multithreaded else 1
        return min(chains, max(least, self.cache_entries // entries))

    def breakpoints(self, after: int, until: int) -> tuple[int, ...]:
        return (self.switch_at,) if after < self.switch_at < until else ()

    def convert(self, process: Process, states: State, m: int) -> State:
        is_due = 0 < self.switch_at <= m and _has_labels((states.model, states.memory))
        return _counted(states) if is_due else states

    def compact(self, process: Process, states: State) -> State:
        possible = widths(process, states, self.widths)
        if len(possible) == 1:
            return states
        left = int(jnp.max(tokens_left(states)))
        width = min(width for width in possible if width >= left)
        return _compacted(process, states, width=width) if width < possible[0] else states

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
        process = _in_counts(process, states)
        if final:
            return self._record_and_compact(key, process, states, schedule, record)
        return record_rows(key, process, states, schedule, record=record, forward=_forward)

    def passage(self, key: Array, process: Process, chains: Array, horizon: Array) -> CollapseTimes:
        fuses = can_fuse(process)
        parts = 1 if fuses else self.parts or passages.number_of_parts(process, chains.shape[0])
        passage = passages.begin(key, process, chains, parts)
        unfinished = functools.partial(passages.is_unfinished, process, horizon)
        step = functools.partial(passages.advance_one, key, process)
        if self.switch_at:
            early = lambda passage: unfinished(passage) & (passage.states.m < self.switch_at)
            passage = lax.while_loop(early, step, passage)
            passage = passage._replace(states=self.convert(process, passage.states, self.switch_at))
        process = _in_counts(process, passage.states)
        step = functools.partial(passages.advance_one, key, process)
        narrower = widths(process, passage.states, self.passage_widths)
        ways = [_way(process, narrower[0], width) for width in narrower] if len(narrower) > 1 else []
        if fuses:
            work = functools.partial(_leap, key, process, horizon, self.leap)
        elif parts > 1 or ways:
            parts_of = functools.partial(
                passages.advance_parts, process, step, horizon, parts=parts, stretch=self.stretch
            )
            work = functools.partial(parts_of, ways=ways, tokens_left=tokens_left if ways else None)
        else:
            work = step
        return passages.collapse_times(lax.while_loop(unfinished, work, passage), chains.shape[0])

    def _record_and_compact(
        self, key: Array, process: Process, states: State, schedule: RecordSchedule, record: tuple[Statistic, ...]
    ) -> tuple[State, Rows]:
        """Record in tables that become narrower as tokens die, in one program.

        Of the last states only the status is meant to be used.
        """
        # After m generations some 2n/m tokens are left; a width that is reached in the second half saves no time.
        enough = 4 * process.regime.corpus_capacity / schedule.generations
        possible = widths(process, states, tuple(width for width in self.widths if width >= enough))
        if len(possible) == 1 or schedule.rows < 2:
            return record_rows(key, process, states, schedule, record=record, forward=_forward)
        row = functools.partial(record_row, key, process, record=record, forward=_forward)
        shapes = jax.eval_shape(lambda states: row(states, 1)[1], states)
        rows = jax.tree.map(lambda of: jnp.zeros((schedule.rows, *of.shape), of.dtype), shapes)
        put = lambda number, rows, values: jax.tree.map(
            lambda all_, one: lax.dynamic_update_index_in_dim(all_, one, number, 0), rows, values
        )
        number = jnp.int32(0)
        if schedule.first != schedule.every:
            states, values = row(states, schedule.first)
            number, rows = number + 1, put(number, rows, values)
        for width, narrower in itertools.zip_longest(possible, possible[1:], fillvalue=0):
            if width < states.frame.tokens.shape[1]:
                states = compact_states(process, states, width)

            def is_wide(carry: tuple[Array, State, Any], narrower: int = narrower) -> Array:
                number, states, _ = carry
                return (number < schedule.rows) & (jnp.max(tokens_left(states)) > narrower)

            def next_row(carry: tuple[Array, State, Any]) -> tuple[Array, State, Any]:
                number, states, rows = carry
                states, values = row(states, schedule.every)
                return number + 1, states, put(number, rows, values)

            number, states, rows = lax.while_loop(is_wide, next_row, (number, states, rows))
        states = _forward(key, process, states, schedule.rest)
        return states, jax.tree.map(lambda of: jnp.moveaxis(of, 0, 1), rows)


@functools.partial(jax.jit, static_argnames=("width",))
def _compacted(process: Process, states: State, *, width: int) -> State:
    """Return the states in tables of ``width`` entries; compiled."""
    return compact_states(process, states, width)


def _has_labels(tree: Any) -> bool:
    """Return whether a pytree contains a corpus of labels."""
    is_labels = lambda of: isinstance(of, Labels)
    return any(is_labels(of) for of in jax.tree.leaves(tree, is_leaf=is_labels))


@jax.jit
def _counted(states: State) -> State:
    """Return states in which the labels of models and memories are replaced by their counts; compiled."""

    def to_counts(state: State) -> State:
        is_labels = lambda of: isinstance(of, Labels)
        count = lambda of: count_labels(of, state.frame.width) if is_labels(of) else of
        model, memory = jax.tree.map(count, (state.model, state.memory), is_leaf=is_labels)
        return state._replace(model=model, memory=memory)

    return map_chains(to_counts, states)


def _in_counts(process: Process, states: State) -> Process:
    """Return the process with a learner that writes counts if the models of these states are counts."""
    if isinstance(states.model, Labels) or process.learner.method == "counts":
        return process
    in_counts = dataclasses.replace(process.learner, method="counts")
    return dataclasses.replace(cast(Any, process), learner=in_counts)


def _forward(key: Array, process: Process, states: State, generations: int) -> State:
    """Advance chains by so many generations, in calls of the compiled kernel where it can fuse generations."""
    if generations < 2 or not (can_fuse(process) and can_compact(process, states)):
        return forward(key, process, states, generations)
    m, most = states.m, jnp.int32(generations)

    def run(chain: State) -> State:
        # A chain that collapses stops earlier, but its model does not change any more.
        of_chain = threefry.fold_in(key, chain.chain)
        return fused_steps(of_chain, process, chain, most, generations)[0]._replace(m=m)

    return map_chains(run, states)._replace(m=m + generations)


def _leap(key: Array, process: Process, horizon: Array, longest: int, passage: Passage) -> Passage:
    """Advance chains by up to ``longest`` generations, each in one call of the kernel, which stops at its collapse."""
    m = passage.states.m
    finished = passages.is_finished(process, passage)

    def one_chain(chain: State, is_finished: Array) -> tuple[State, Array, tuple[Array, Array]]:
        most = jnp.where(is_finished, 0, horizon - m)
        of_chain = threefry.fold_in(key, chain.chain)
        chain, done = fused_steps(of_chain, process, chain._replace(m=m), most, longest)
        return chain._replace(m=UNBATCHED), m + done, passages.look(process, chain)

    states, time, seen = jax.vmap(one_chain)(passage.states._replace(m=UNBATCHED), finished)
    times = jax.tree.map(lambda before, done: jnp.where(done | finished, before, time), passage.times, passage.done)
    status = jnp.where(finished, passage.states.status, states.status)
    states = states._replace(m=jnp.minimum(m + longest, horizon), status=status)
    return Passage(states, times, jax.tree.map(jnp.logical_or, passage.done, seen), passage.place)


def _way(process: Process, width: int, narrow: int) -> Way:
    """Return the way for chains with at most ``narrow`` tokens left, whose tables have ``width`` entries outside."""
    if narrow == width:
        return Way(narrow, lambda states: states, lambda states: states)
    return Way(
        narrow,
        functools.partial(compact_states, process, width=narrow),
        functools.partial(compact_states, process, width=width),
    )

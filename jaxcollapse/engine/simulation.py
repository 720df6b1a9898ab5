"""Simulate independent chains: fold keys, map over chains, scan over generations, record statistics."""

from __future__ import annotations

import dataclasses
import functools

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse import check
from jaxcollapse.contract import Process, State, Statistic
from jaxcollapse.engine.layout import Layout, in_blocks, layout_of
from jaxcollapse.engine.validation import prepare
from jaxcollapse.results import Trace
from jaxcollapse.schemes.chains import UNBATCHED, chain_key
from jaxcollapse.schemes.record_schedule import RecordSchedule, schedule_between
from jaxcollapse.statistics import Record, described


def simulate(
    key: Array,
    process: Process,
    *,
    chains: int | Array,
    generations: int,
    record: Record = ("heterozygosity", "support"),
    every: int = 1,
) -> Trace:
    """Simulate independent chains of recursive training and record statistics of every generation.

    The function is pure: it may be called inside ``jit``, ``vmap`` and ``shard_map``. Chain ``c`` depends on ``key``,
    on the values of the process and on ``c`` alone: 320 chains agree with 256 on the first 256.

    Args:
      key: a typed threefry key, consumed.
      process: a process from :func:`~jaxcollapse.recursive_training`. Other values of its leaves (n,
        real, p) within capacity compile nothing.
      chains: the number of chains, which are numbered from 0; or their numbers, ``int [chains]``, whose sharding over
        devices is then that of the chains.
      generations: the last generation; static.
      record: names of statistics (:data:`~jaxcollapse.statistics.STATISTICS`), or functions of a
        :class:`~jaxcollapse.contract.View`; define a function once, for each new one compiles anew.
      every: record only generations 0, ``every``, ``2 every`` and so on; static. Others cost no time for statistics.

    Returns:
      A :class:`~jaxcollapse.Trace`; ``trace[name]`` is ``[chains, generations // every + 1]``, ``m = 0`` the truth.

    Raises:
      TypeError, ValueError: for a wrong key, process, number or statistic, before anything is traced.
      MemoryError: when the run would not fit in memory.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.zipf(100), jc.FullySynthetic(n=50))
      >>> trace = jc.simulate(jax.random.key(0), process, chains=8, generations=20, record="support")
      >>> trace["support"].shape
      (8, 21)
    """
    every = check.static_whole_number("every", every)
    key, process, numbers, wanted = prepare(key, process, chains, generations, record, every=every)
    layout = layout_of(process, numbers)
    trace = _simulate(key, process, numbers, generations=int(generations), record=wanted, every=every, layout=layout)
    return dataclasses.replace(trace, described=described(wanted))


def start(
    key: Array, process: Process, *, chains: int | Array, record: Record = ("heterozygosity", "support")
) -> tuple[State, Trace]:
    """Simulate the first segment of a run: generations 0 and 1.

    ``start``, followed by any number of calls of :func:`advance`, gives the bits of one call of :func:`simulate`;
    progress reports and checkpoints belong between these calls.

    Args:
      key, process, chains, record: as for :func:`simulate`.

    Returns:
      The state of all chains at generation 1, and a trace of generations 0 and 1.

    Raises:
      As :func:`simulate`.
    """
    key, process, numbers, wanted = prepare(key, process, chains, 1, record)
    state, trace = _start(key, process, numbers, record=wanted, layout=layout_of(process, numbers))
    return state, dataclasses.replace(trace, described=described(wanted))


def advance(
    key: Array,
    process: Process,
    state: State,
    *,
    generations: int,
    record: Record = ("heterozygosity", "support"),
    every: int = 1,
) -> tuple[State, Trace]:
    """Simulate the next segment of a run.

    Args:
      key, process, record: the same as for :func:`start`.
      state: the state at the end of the last segment.
      generations: by how many generations to advance; static.
      every: record only generations that are multiples of it; static. Inside ``jit``, where the number of the
        generation is not known, it must be 1.

    Returns:
      The state at the end, and a trace of the new generations alone, ``[chains, generations]``.

    Raises:
      As :func:`simulate`.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> key, process = jax.random.key(0), jc.recursive_training([0.5, 0.5], jc.FullySynthetic(n=8))
      >>> state, beginning = jc.engine.start(key, process, chains=4)
      >>> state, more = jc.engine.advance(key, process, state, generations=5)
      >>> int(state.m), more["support"].shape
      (6, (4, 5))
    """
    if not isinstance(state, State):
        raise TypeError(f"state must come from engine.start or engine.advance, got {type(state).__name__}")
    is_traced = isinstance(state.m, jax.core.Tracer)
    after = 0 if is_traced else int(state.m)
    key, process, numbers, wanted = prepare(key, process, state.chain, generations, record, after=after, state=state)
    every = check.static_whole_number("every", every)
    if every > 1 and is_traced:
        raise ValueError(f"every={every} needs to know the generation, which is traced here; record every generation")
    segments, layout = [], layout_of(process, numbers)
    until = after + int(generations)
    for end in (*(() if is_traced else process.scheme.breakpoints(after, until)), until):
        if not is_traced:
            state = process.scheme.compact(process, process.scheme.convert(process, state, after))
        schedule = schedule_between(after, end, every)
        state, trace = _advance(key, process, state, schedule=schedule, record=wanted, layout=layout)
        segments.append(trace.values)
        after = end
    values = jax.tree.map(lambda *of: jnp.concatenate(of, axis=1), *segments)
    return state, Trace(values, state.status, every, described=described(wanted))


def _begin(
    key: Array, process: Process, chains: Array, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    """Return chains at generation 1, and the statistics of generations 0 and 1, ``[chains, 2, ...]``."""
    keep_first = any(statistic.keep_first or "first" in statistic.requires for statistic in record)

    def of_one(chain: Array) -> tuple[State, dict[str, Array]]:
        state = process.init(chain_key(key, chain, jnp.int32(1)), chain, keep_first=keep_first)
        rows = [process.measure(record, state, truth=truth) for truth in (True, False)]
        return state._replace(m=UNBATCHED), jax.tree.map(lambda *of: jnp.stack(of), *rows)

    if chains.shape[0] == 1:
        states, values = jax.tree.map(lambda leaf: leaf[None], of_one(chains[0]))
    else:
        states, values = jax.vmap(of_one)(chains)
    return states._replace(m=jnp.int32(1)), values


@functools.partial(jax.jit, static_argnames=("record", "layout"))
def _start(
    key: Array, process: Process, chains: Array, *, record: tuple[Statistic, ...], layout: Layout
) -> tuple[State, Trace]:
    """Return chains at generation 1, and the trace of generations 0 and 1; compiled."""

    def of_block(chains: Array) -> tuple[State, dict[str, Array]]:
        states, values = _begin(key, process, chains, record)
        return states._replace(m=UNBATCHED), values

    states, values = in_blocks(of_block, chains, layout)
    return states._replace(m=jnp.int32(1)), Trace(values, states.status)


@functools.partial(jax.jit, static_argnames=("schedule", "record", "layout"))
def _advance(
    key: Array,
    process: Process,
    states: State,
    *,
    schedule: RecordSchedule,
    record: tuple[Statistic, ...],
    layout: Layout,
) -> tuple[State, Trace]:
    """Return chains advanced by a schedule, and the trace of its recorded generations; compiled."""
    m = states.m

    def of_block(states: State) -> tuple[State, dict[str, Array]]:
        states, values = process.scheme.advance(key, process, states._replace(m=m), schedule, record, final=False)
        return states._replace(m=UNBATCHED), values

    states, values = in_blocks(of_block, states._replace(m=UNBATCHED), layout)
    return states._replace(m=m + schedule.generations), Trace(values, states.status)


@functools.partial(jax.jit, static_argnames=("generations", "record", "every", "layout"))
def _simulate(
    key: Array,
    process: Process,
    chains: Array,
    *,
    generations: int,
    record: tuple[Statistic, ...],
    every: int,
    layout: Layout,
) -> Trace:
    """Return the trace of chains from generation 0 to the last; compiled as one program."""
    scheme = process.scheme

    def of_block(chains: Array) -> tuple[Array, dict[str, Array]]:
        states, values = _begin(key, process, chains, record)
        segments, m = [values if every == 1 else jax.tree.map(lambda of: of[:, :1], values)], 1
        ends = (*scheme.breakpoints(1, generations), generations) if generations > 1 else ()
        for end in ends:
            states = scheme.convert(process, states, m)
            schedule = schedule_between(m, end, every)
            states, values = scheme.advance(key, process, states, schedule, record, final=end == generations)
            segments.append(values)
            m = end
        return states.status, jax.tree.map(lambda *of: jnp.concatenate(of, axis=1), *segments)

    status, values = in_blocks(of_block, chains, layout)
    return Trace(values, status, every)

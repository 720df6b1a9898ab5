"""The engine: fold keys, scan over generations, map over chains, record statistics. It knows nothing else.

What callers have is judged here; :mod:`~jaxcollapse.schemes.plain` goes from one generation to the next, and
:mod:`~jaxcollapse.engine.layout` lays chains over memory and devices.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check, statistics
from jaxcollapse.engine import memory
from jaxcollapse.engine.layout import Layout, in_blocks, layout_of, on_an_automatic_mesh
from jaxcollapse.process.one_context import Process, State, canonical
from jaxcollapse.results import Trace
from jaxcollapse.schemes import plain
from jaxcollapse.statistics.statistic import Record, Statistic


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

    Pure: it may be called inside ``jit``, ``vmap`` and ``shard_map``. Chain ``c`` depends on ``key``,
    on the process' values and on ``c`` alone: 320 chains agree with 256 on the first 256.

    Args:
      key: a typed threefry key, consumed.
      process: from :func:`~jaxcollapse.process.one_context.recursive_training`. Other values of its leaves (n,
        real, p) within capacity compile nothing.
      chains: how many, numbered from 0; or their numbers, ``int [chains]``, laid over devices as the
        chains are to be.
      generations: the last generation; static.
      record: names of statistics (:data:`~jaxcollapse.statistics.STATISTICS`), or functions of a
        :class:`~jaxcollapse.process.one_context.View`; define a function once, for each new one compiles anew.
      every: record generations 0, ``every``, ``2 every`` ... only; static. What is not recorded costs nothing.

    Returns:
      A :class:`Trace`; ``trace[name]`` is ``[chains, generations // every + 1]``, ``m = 0`` the truth.

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
    return dataclasses.replace(trace, described=statistics.described(wanted))


def start(
    key: Array, process: Process, *, chains: int | Array, record: Record = ("heterozygosity", "support")
) -> tuple[State, Trace]:
    """The first piece of a run: generations 0 and 1.

    ``start``, then :func:`advance` any number of times, gives the bits of one :func:`simulate`; the
    place for progress, checkpoints and patience is between the pieces.

    Args:
      key, process, chains, record: as for :func:`simulate`.

    Returns:
      The state of all chains at generation 1, and a trace of generations 0 and 1.

    Raises:
      As :func:`simulate`.
    """
    key, process, numbers, wanted = prepare(key, process, chains, 1, record)
    state, trace = _start(key, process, numbers, record=wanted, layout=layout_of(process, numbers))
    return state, dataclasses.replace(trace, described=statistics.described(wanted))


def advance(
    key: Array,
    process: Process,
    state: State,
    *,
    generations: int,
    record: Record = ("heterozygosity", "support"),
    every: int = 1,
) -> tuple[State, Trace]:
    """The next piece of a run.

    Args:
      key, process, record: the same as for :func:`start`.
      state: where the last piece ended.
      generations: how many more; static.
      every: record those generations only whose number it divides; static. Inside ``jit``, where the number
        is not known, it must be 1.

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
    after = 0 if isinstance(state.m, jax.core.Tracer) else int(state.m)
    key, process, numbers, wanted = prepare(key, process, state.chain, generations, record, after=after)
    if any(statistic.needs_first for statistic in wanted) and state.first.shape[-1] == 0:
        raise ValueError("record asks for p^(1), which this state did not keep; start with the same record")
    every = check.static_whole_number("every", every)
    if every > 1 and isinstance(state.m, jax.core.Tracer):
        raise ValueError(f"every={every} needs to know the generation, which is traced here; record every generation")
    pieces, layout = [], layout_of(process, numbers)
    for until in plain.stops(process, after, after + int(generations)) if after else [int(generations)]:
        state, stretch = _ready(process, state), plain.stretch_of(after, until, every)
        state, trace = _advance(key, process, state, stretch=stretch, record=wanted, layout=layout)
        pieces.append(trace.values)
        after = until
    values = jax.tree.map(lambda *of: jnp.concatenate(of, axis=1), *pieces)
    return state, Trace(values, state.status, every, described=statistics.described(wanted))


def prepare(
    key: Array,
    process: Process,
    chains: int | Array,
    generations: int,
    record: Record,
    name: str = "generations",
    after: int = 0,
    every: int = 1,
) -> tuple[Array, Process, Array, tuple[Statistic, ...]]:
    """Judge what a caller passed, and bring equal values to equal types so that they share a compilation.

    ``after`` generations were done before.
    """
    check.key(key)
    if not isinstance(process, Process):
        raise TypeError(f"process must come from jc.recursive_training(p, regime), got {type(process).__name__}")
    last = check.static_whole_number(name, generations)
    wanted = statistics.resolve(record)
    one_number = np.ndim(chains) == 0
    count = check.static_whole_number("chains", chains) if one_number else _count_of_numbers(chains)
    for size_name, size in vars(process.regime).items():
        if np.ndim(size) > 0:
            shape = np.shape(size)
            raise ValueError(f"{size_name} must be one number, got an array of shape {shape}; sweep it by jax.vmap")
    process.refuse(after + last)
    process = canonical(process)
    memory.judge(process, wanted)
    rows = last // every if name == "generations" else 1
    memory.refuse_what_does_not_fit(process, count, rows, wanted)
    numbers = jnp.arange(count, dtype=jnp.int32) if one_number else jnp.asarray(chains, jnp.int32)
    return key, process, on_an_automatic_mesh(numbers), wanted


def _count_of_numbers(chains: Any) -> int:
    shape = np.shape(chains)
    if len(shape) != 1 or shape[0] == 0:
        raise ValueError(f"chains must be a number, or hold at least one chain number; got an array of shape {shape}")
    if not (isinstance(chains, jax.Array) and chains.dtype == jnp.int32):
        # An int32 array is not looked at: it may be long, and on many devices.
        check.whole_number("chains", chains, least=0)
    return shape[0]


def _ready(process: Process, state: State) -> State:
    """A state in the form that its next generation wants, as narrow as its tokens allow."""
    if isinstance(state.m, jax.core.Tracer):
        return state
    if 0 < process.settles_at <= int(state.m):
        state = plain.settle(process, state)
    widths = plain.widths_of(process, state, plain.NARROW)
    if len(widths) > 1:
        left = int(jnp.max(jax.vmap(process.learner.left)(state.model)))
        width = min(width for width in widths if width >= left)
        state = plain.narrowed(process, state, width=width) if width < widths[0] else state
    return state


@functools.partial(jax.jit, static_argnames=("record", "layout"))
def _start(
    key: Array, process: Process, chains: Array, *, record: tuple[Statistic, ...], layout: Layout
) -> tuple[State, Trace]:
    def one_chain(chain: Array) -> tuple[State, dict[str, Array]]:
        state, values = plain.start_chain(key, process, chain, record)
        return state._replace(m=plain.OUTSIDE), values

    state, values = in_blocks(jax.vmap(one_chain), chains, layout)
    return state._replace(m=jnp.int32(1)), Trace(values, state.status)


@functools.partial(jax.jit, static_argnames=("stretch", "record", "layout"))
def _advance(
    key: Array,
    process: Process,
    state: State,
    *,
    stretch: plain.Stretch,
    record: tuple[Statistic, ...],
    layout: Layout,
) -> tuple[State, Trace]:
    m = state.m

    def of_block(state: State) -> tuple[State, dict[str, Array]]:
        state, values = plain.record_rows(key, process, state._replace(m=m), stretch, record)
        return state._replace(m=plain.OUTSIDE), values

    state, values = in_blocks(of_block, state._replace(m=plain.OUTSIDE), layout)
    return state._replace(m=m + stretch.generations), Trace(values, state.status)


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
    def of_block(chains: Array) -> tuple[Array, dict[str, Array]]:
        state, values = jax.vmap(lambda chain: plain.start_chain(key, process, chain, record))(chains)
        if every > 1:
            values = jax.tree.map(lambda of: of[:, :1], values)
        state, pieces, m = state._replace(m=jnp.int32(1)), [values], 1
        for until in plain.stops(process, m, generations):
            settled = process.settles_at <= m
            state = plain.of_all(process.settle, state) if 0 < process.settles_at == m else state
            rows = plain.record_rows_narrowing if settled else plain.record_rows
            state, values = rows(key, process, state, plain.stretch_of(m, until, every), record)
            pieces.append(values)
            m = until
        return state.status, jax.tree.map(lambda *of: jnp.concatenate(of, axis=1), *pieces)

    status, values = in_blocks(of_block, chains, layout)
    return Trace(values, status, every)

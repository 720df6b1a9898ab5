"""Recording: all chains of a batch are advanced by a schedule, and statistics of some generations are recorded."""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.contract import Process, State, Statistic
from jaxcollapse.schemes.chains import map_chains, next_generation
from jaxcollapse.schemes.record_schedule import RecordSchedule

Forward = Callable[[Array, Process, State, int], State]
"""A function that advances all chains by so many generations (static) without recording them."""
Rows = dict[str, Array]
"""Recorded statistics by name, ``[chains, rows, ...]``."""


def forward(key: Array, process: Process, states: State, generations: int) -> State:
    """Advance all chains by so many generations, one generation after another."""
    if generations < 2:
        return next_generation(key, process, states) if generations else states
    return lax.fori_loop(0, generations, lambda _, states: next_generation(key, process, states), states)


def record_row(
    key: Array,
    process: Process,
    states: State,
    generations: int,
    *,
    record: tuple[Statistic, ...],
    forward: Forward = forward,
) -> tuple[State, Rows]:
    """Advance all chains by so many generations, and return statistics of the last one, ``[chains, ...]``."""
    states = forward(key, process, states, generations)
    return states, map_chains(lambda chain: process.measure(record, chain), states)


def record_rows(
    key: Array,
    process: Process,
    states: State,
    schedule: RecordSchedule,
    *,
    record: tuple[Statistic, ...],
    forward: Forward = forward,
) -> tuple[State, Rows]:
    """Advance all chains by a schedule, and return the statistics recorded, ``[chains, rows, ...]``."""
    row = functools.partial(record_row, key, process, record=record, forward=forward)
    if not schedule.rows:
        shapes = jax.eval_shape(lambda states: row(states, 1)[1], states)
        nothing = jax.tree.map(lambda of: jnp.zeros((of.shape[0], 0, *of.shape[1:]), of.dtype), shapes)
        return forward(key, process, states, schedule.rest), nothing
    if schedule.first != schedule.every:
        states, first = row(states, schedule.first)
        later = schedule._replace(first=schedule.every, rows=schedule.rows - 1)
        states, others = record_rows(key, process, states, later, record=record, forward=forward)
        return states, jax.tree.map(lambda one, rest: jnp.concatenate([one[:, None], rest], axis=1), first, others)
    states, rows = lax.scan(lambda states, _: row(states, schedule.every), states, length=schedule.rows)
    return forward(key, process, states, schedule.rest), jax.tree.map(lambda of: jnp.moveaxis(of, 0, 1), rows)

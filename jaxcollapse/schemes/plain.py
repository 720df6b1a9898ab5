"""All chains, from one generation to the next, and what is recorded on the way.

The key of chain ``c`` at generation ``m`` is ``fold_in(fold_in(key, c), m)``: derived by meaning, so
a run in pieces, with more chains, or laid over devices gives each chain the same bits.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse.exact import threefry
from jaxcollapse.process.one_context import Process, State, View
from jaxcollapse.statistics.statistic import Statistic

# All chains are at one generation: `m` stays outside the batch, so that a branch on it stays a branch.
OUTSIDE: Any = None

NARROW = (8192, 512, 32)
"""Widths that recorded arrays may shrink to."""


def chain_key(key: Array, chain: Array, m: Array) -> Array:
    """The key of a chain and a generation."""
    return threefry.fold_in(threefry.fold_in(key, chain), m)


def measure(process: Process, view: View, status: Array, record: tuple[Statistic, ...]) -> dict[str, Array]:
    """Statistics of a view, with nothing in place of what bad inputs made."""

    def sound(value: Array) -> Array:
        if jnp.issubdtype(value.dtype, jnp.floating):
            return jnp.where(status == 0, value, jnp.nan)
        if value.dtype == jnp.bool_:
            return value & (status == 0)
        return jnp.where(status == 0, value, -1)

    return jax.tree.map(sound, process.measure(record, view))


def start_chain(
    key: Array, process: Process, chain: Array, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    """A chain at generation 1, and what is recorded of generations 0 and 1, ``[2, ...]``."""
    keep_first = any(statistic.needs_first for statistic in record)
    state = process.init(chain_key(key, chain, jnp.int32(1)), chain, keep_first=keep_first)
    at_truth = measure(process, process.view_truth(state), state.status, record)
    at_first = measure(process, process.view(state), state.status, record)
    return state, jax.tree.map(lambda *rows: jnp.stack(rows), at_truth, at_first)


class Stretch(NamedTuple):
    """Generations to go through, and which of them to record; static.

    Attributes:
      first: how many to the first that is recorded.
      rows: how many are recorded.
      every: how many from one of them to the next.
      rest: how many after the last.
    """

    first: int
    rows: int
    every: int
    rest: int

    @property
    def generations(self) -> int:
        return self.first + max(self.rows - 1, 0) * self.every + self.rest


def stretch_of(after: int, until: int, every: int) -> Stretch:
    """Generations ``after + 1 .. until``, of which the multiples of ``every`` are recorded."""
    rows = until // every - after // every
    return Stretch(every - after % every, rows, every, until % every) if rows else Stretch(0, 0, every, until - after)


def stops(process: Process, after: int, until: int) -> list[int]:
    """Where to pause on the way from one generation to another: the learner may change the form of its models."""
    if after >= until:
        return []
    return [process.settles_at, until] if after < process.settles_at < until else [until]


def of_all(work: Callable[[State], State], state: State) -> State:
    """Of all chains what is defined for one; ``m`` is theirs in common."""
    one = lambda chain: work(chain._replace(m=state.m))._replace(m=OUTSIDE)
    return jax.vmap(one)(state._replace(m=OUTSIDE))._replace(m=state.m)


def generation(key: Array, process: Process, state: State) -> State:
    """The next generation of all chains."""
    m = state.m + 1
    step = lambda chain: process.step(chain_key(key, chain.chain, m), chain._replace(m=state.m))._replace(m=OUTSIDE)
    return jax.vmap(step)(state._replace(m=OUTSIDE))._replace(m=m)


def forward(key: Array, process: Process, state: State, generations: int) -> State:
    """So many generations of all chains, unseen."""
    if generations < 2:
        return generation(key, process, state) if generations else state
    if process.runs and process.narrows(state):
        m = state.m

        def run(chain: State) -> State:
            most = jnp.int32(generations)
            return process.run(threefry.fold_in(key, chain.chain), chain._replace(m=m), most, generations)[0]

        # A chain that is over has stopped earlier, and would not have changed.
        return jax.vmap(lambda chain: run(chain)._replace(m=OUTSIDE))(state._replace(m=OUTSIDE))._replace(
            m=m + generations
        )
    return lax.fori_loop(0, generations, lambda _, state: generation(key, process, state), state)


def record_row(
    key: Array, process: Process, state: State, generations: int, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    """What all chains are like so many generations on."""
    state = forward(key, process, state, generations)

    def look(chain: State) -> dict[str, Array]:
        return measure(process, process.view(chain._replace(m=state.m)), chain.status, record)

    return state, jax.vmap(look)(state._replace(m=OUTSIDE))


def record_rows(
    key: Array, process: Process, state: State, stretch: Stretch, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    """A stretch of all chains, and what was recorded, ``[chains, rows, ...]``."""
    row = functools.partial(record_row, key, process, record=record)
    if not stretch.rows:
        shapes = jax.eval_shape(lambda state: row(state, 1)[1], state)
        nothing = jax.tree.map(lambda of: jnp.zeros((of.shape[0], 0, *of.shape[1:]), of.dtype), shapes)
        return forward(key, process, state, stretch.rest), nothing
    if stretch.first != stretch.every:
        state, first = row(state, stretch.first)
        state, others = record_rows(
            key, process, state, stretch._replace(first=stretch.every, rows=stretch.rows - 1), record
        )
        return state, jax.tree.map(lambda one, rest: jnp.concatenate([one[:, None], rest], axis=1), first, others)
    state, values = lax.scan(lambda state, _: row(state, stretch.every), state, length=stretch.rows)
    return forward(key, process, state, stretch.rest), jax.tree.map(lambda of: jnp.moveaxis(of, 0, 1), values)


def record_rows_narrowing(
    key: Array, process: Process, state: State, stretch: Stretch, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    """What :func:`record_rows` records, in arrays that become narrower as tokens die; of the last state the status."""
    # After m generations some 2n/m tokens are left; a width that is reached in the second half does not pay.
    enough = 4 * process.regime.room / stretch.generations
    widths = widths_of(process, state, tuple(width for width in NARROW if width >= enough))
    if len(widths) == 1 or stretch.rows < 2:
        return record_rows(key, process, state, stretch, record)
    row = functools.partial(record_row, key, process, record=record)
    shapes = jax.eval_shape(lambda state: row(state, 1)[1], state)
    rows = jax.tree.map(lambda of: jnp.zeros((stretch.rows, *of.shape), of.dtype), shapes)
    put = lambda number, rows, values: jax.tree.map(
        lambda all_, one: lax.dynamic_update_index_in_dim(all_, one, number, 0), rows, values
    )
    number = jnp.int32(0)
    if stretch.first != stretch.every:
        state, values = row(state, stretch.first)
        number, rows = number + 1, put(number, rows, values)
    for width, narrower in itertools.zip_longest(widths, widths[1:], fillvalue=0):
        if width < state.tokens.shape[1]:
            state = of_all(functools.partial(process.narrow, width=width), state)

        def wide(carry: tuple[Array, State, Any], narrower: int = narrower) -> Array:
            number, state, _ = carry
            return (number < stretch.rows) & (jnp.max(jax.vmap(process.learner.left)(state.model)) > narrower)

        def next_row(carry: tuple[Array, State, Any]) -> tuple[Array, State, Any]:
            number, state, rows = carry
            state, values = row(state, stretch.every)
            return number + 1, state, put(number, rows, values)

        number, state, rows = lax.while_loop(wide, next_row, (number, state, rows))
    return forward(key, process, state, stretch.rest), jax.tree.map(lambda of: jnp.moveaxis(of, 0, 1), rows)


@jax.jit
def settle(process: Process, state: State) -> State:
    return of_all(process.settle, state)


def widths_of(process: Process, state: State, narrower: tuple[int, ...]) -> list[int]:
    """The widths that arrays take on as tokens die; each compiles the step anew."""
    width = state.tokens.shape[-1]
    if not process.narrows(state):
        return [width]
    return [width, *(narrow for narrow in narrower if 2 * narrow <= width)]


@functools.partial(jax.jit, static_argnames=("width",))
def narrowed(process: Process, state: State, *, width: int) -> State:
    return of_all(functools.partial(process.narrow, width=width), state)

"""When chains collapse: all of them go on until each has, and those that have are left out of the work."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import engine
from jaxcollapse.engine.layout import Layout, in_blocks, layout_of
from jaxcollapse.exact import threefry
from jaxcollapse.process.one_context import Process, State
from jaxcollapse.results import CollapseTimes
from jaxcollapse.schemes import plain

NARROWER = (8192, 1024, 128, 16, 2)
"""Widths that chains may shrink to on their way to collapse."""
AT_LEAST = 8
"""Generations, and an eighth of those so far, that chains go on before they are sorted anew."""


def collapse_times(key: Array, process: Process, *, chains: int | Array, max_generations: int) -> CollapseTimes:
    """The collapse time ``T`` of each chain: the first generation that is a Dirac mass, and the final one.

    Runs until every chain has collapsed for ever, or to ``max_generations``; where real data are kept
    or drawn for ever (``regime.settles`` is False) until every chain has been a Dirac mass once.

    Args:
      key, process, chains: as for :func:`simulate`; the same key gives the same chains.
      max_generations: when to stop looking; a new value compiles nothing.

    Returns:
      :class:`CollapseTimes`.

    Raises:
      As :func:`simulate`.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training(jc.languages.uniform(10), jc.FullySynthetic(n=10))
      >>> times = jc.collapse_times(jax.random.key(0), process, chains=1000, max_generations=10_000)
      >>> bool(times.observed.all()), 16 < float(times.time.mean()) < 19  # E T = 17.50
      (True, True)
    """
    key, process, numbers, _ = engine.prepare(
        key, process, chains, max_generations, "collapsed", name="max_generations"
    )
    parts, count = _parts(process, numbers), numbers.shape[0]
    index = np.minimum(np.arange(-(-count // parts) * parts), count - 1)
    numbers = numbers if len(index) == count else numbers[index]
    layout = layout_of(process, numbers)._replace(block=len(index))
    times = _collapse_times(key, process, numbers, jnp.int32(max_generations), parts=parts, layout=layout)
    return jax.tree.map(lambda of: of[:count], times)


def _parts(process: Process, chains: Array) -> int:
    """Into how many parts to cut chains so that those that are over can be left out; 1 where devices share them."""
    several_devices = not isinstance(chains, jax.core.Tracer) and len(chains.sharding.device_set) > 1
    if several_devices or not process.regime.settles or process.runs:
        return 1
    count = chains.shape[0]
    return 1 << max(min(count // 128, 16).bit_length() - 1, -(-count // 1024).bit_length() - 1, 0)


class _Run(NamedTuple):
    """Chains on their way to collapse.

    Attributes:
      state: of all chains.
      times: when each first was a Dirac mass, and when for ever; the present generation where it was not yet.
      done: whether it was.
      place: where each chain stood in the beginning.
    """

    state: State
    times: tuple[Array, Array]
    done: tuple[Array, Array]
    place: Array


@functools.partial(jax.jit, static_argnames=("parts", "layout"))
def _collapse_times(
    key: Array, process: Process, chains: Array, max_generations: Array, *, parts: int, layout: Layout
) -> CollapseTimes:
    return in_blocks(lambda chains: _times(key, process, chains, max_generations, parts), chains, layout)


def _times(key: Array, process: Process, chains: Array, max_generations: Array, parts: int) -> CollapseTimes:
    truth_is_dirac = process.truth_is_dirac()

    def look(chain: State) -> tuple[Array, Array]:
        return process.is_dirac(chain), process.absorbed(chain)

    def begin(chain: Array) -> tuple[State, tuple[Array, Array]]:
        state = process.init(plain.chain_key(key, chain, jnp.int32(1)), chain, keep_first=False)
        return state._replace(m=plain.OUTSIDE), look(state)

    def over(run: _Run) -> Array:
        first, final = run.done
        return (final if process.regime.settles else first) | (run.state.status != 0)

    def generation(run: _Run) -> _Run:
        # What comes after a chain is at rest, while others still run, is none of its business.
        before, at_rest = run.state.status, over(run)
        state = plain.generation(key, process, run.state)
        seen = jax.vmap(lambda chain: look(chain._replace(m=state.m)))(state._replace(m=plain.OUTSIDE))
        times = jax.tree.map(lambda time, done: jnp.where(done | at_rest, time, state.m), run.times, run.done)
        status = jnp.where(at_rest, before, state.status)
        return _Run(state._replace(status=status), times, jax.tree.map(jnp.logical_or, run.done, seen), run.place)

    def unfinished(run: _Run) -> Array:
        return (run.state.m < max_generations) & ~jnp.all(over(run))

    state, seen = jax.vmap(begin)(chains)
    done = jax.tree.map(lambda now: now | truth_is_dirac, seen)
    time = jnp.broadcast_to(jnp.where(truth_is_dirac, 0, 1).astype(jnp.int32), chains.shape)
    run = _Run(state._replace(m=jnp.int32(1)), (time, time), done, jnp.arange(chains.shape[0]))
    if process.settles_at:
        early = lambda run: unfinished(run) & (run.state.m < process.settles_at)
        run = lax.while_loop(early, generation, run)
        run = run._replace(state=plain.of_all(process.settle, run.state))
    if process.runs:
        run = lax.while_loop(unfinished, functools.partial(_leap, key, process, look, over, max_generations), run)
    widths = plain.widths_of(process, run.state, NARROWER)
    several = functools.partial(_several, process, generation, over, max_generations, widths, parts)
    if not process.runs:
        run = lax.while_loop(unfinished, generation if parts == len(widths) == 1 else several, run)
    in_order = lambda of: jnp.zeros_like(of).at[run.place].set(of)
    (first, final), (observed, final_observed) = jax.tree.map(in_order, (run.times, run.done))
    status = in_order(run.state.status)
    sound = status == 0
    return CollapseTimes(first, observed & sound, final, final_observed & sound, status)


LEAP = 32_768
"""Generations that chains run by themselves, between looks at all of them."""


def _leap(
    key: Array,
    process: Process,
    look: Callable[[State], tuple[Array, Array]],
    over: Callable[[_Run], Array],
    max_generations: Array,
    run: _Run,
) -> _Run:
    """Many generations: each chain runs on by itself until it has collapsed."""
    m = run.state.m

    def one_chain(chain: State, at_rest: Array) -> tuple[State, Array, tuple[Array, Array]]:
        most = jnp.where(at_rest, 0, max_generations - m)
        chain, done = process.run(threefry.fold_in(key, chain.chain), chain._replace(m=m), most, LEAP)
        seen = look(chain)
        return chain._replace(m=plain.OUTSIDE), m + done, seen

    at_rest = over(run)
    state, time, seen = jax.vmap(one_chain)(run.state._replace(m=plain.OUTSIDE), at_rest)
    times = jax.tree.map(lambda before, done: jnp.where(done | at_rest, before, time), run.times, run.done)
    state = state._replace(
        m=jnp.minimum(m + LEAP, max_generations), status=jnp.where(at_rest, run.state.status, state.status)
    )
    return _Run(state, times, jax.tree.map(jnp.logical_or, run.done, seen), run.place)


def _several(
    process: Process,
    generation: Callable[[_Run], _Run],
    over: Callable[[_Run], Array],
    max_generations: Array,
    widths: list[int],
    parts: int,
    run: _Run,
) -> _Run:
    """Several generations. Chains with many tokens left come first, those that are over last, and are left out.

    They are cut in parts of one size; each is as narrow as its tokens allow.
    """
    m, width = run.state.m, widths[0]
    size = run.place.shape[0] // parts
    count = jnp.minimum(jnp.maximum(m // 8, AT_LEAST), max_generations - m)
    run = run._replace(state=run.state._replace(m=plain.OUTSIDE))

    def left(run: _Run) -> Array:
        tokens = jax.vmap(process.learner.left)(run.state.model) if len(widths) > 1 else jnp.int32(width)
        return jnp.where(over(run), 0, tokens)

    if parts > 1:
        order = jnp.argsort(-left(run), stable=True)
        run = jax.tree.map(lambda of: of[order], run)

    def advanced(run: _Run, narrow: int) -> _Run:
        state = run.state._replace(m=m)
        if narrow < width:
            state = plain.of_all(functools.partial(process.narrow, width=narrow), state)
        run = lax.fori_loop(0, count, lambda _, run: generation(run), run._replace(state=state))
        state = run.state
        if narrow < width:
            state = plain.of_all(functools.partial(process.narrow, width=width), state)
        return run._replace(state=state._replace(m=plain.OUTSIDE))

    ways = [functools.partial(advanced, narrow=narrow) for narrow in widths]

    def part(number: Array, run: _Run) -> _Run:
        cut = jax.tree.map(lambda of: lax.dynamic_slice_in_dim(of, number * size, size), run)
        enough = jnp.sum(jnp.array(widths) >= jnp.max(left(cut))) - 1
        cut = lax.switch(enough, ways, cut)
        return jax.tree.map(lambda all_, of: lax.dynamic_update_slice_in_dim(all_, of, number * size, 0), run, cut)

    run = lax.fori_loop(0, -(-jnp.sum(~over(run)) // size) if parts > 1 else 1, part, run)
    return run._replace(state=run.state._replace(m=m + count))

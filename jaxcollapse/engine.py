"""The engine: fold keys, scan over generations, map over chains, record statistics. It knows nothing else.

The key of chain ``c`` at generation ``m`` is ``fold_in(fold_in(key, c), m)``: derived by meaning, so
a run in pieces, with more chains, or laid over devices gives each chain the same bits.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import check, memory, statistics
from jaxcollapse.process import Process, State, Status, View, canonical
from jaxcollapse.statistics import Record, Statistic


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Trace:
    """What was recorded, a pytree.

    ``trace[name]`` is ``[chains, generations + 1, ...]``, indexed by the generation ``m``.

    Attributes:
      values: the statistics by name.
      status: a :class:`~jaxcollapse.process.Status` for each chain, ``int32 [chains]``; not 0 only
        when traced inputs were bad, and then that chain's values are NaN (-1 for integers).
    """

    values: dict[str, Array]
    status: Array

    def __getitem__(self, name: str) -> Array:
        if name not in self.values:
            check.choice("recorded statistic", name, self.values)
        return self.values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)

    @property
    def chains(self) -> int:
        """The number of chains."""
        return self.status.shape[-1]

    @property
    def generations(self) -> int:
        """The last generation recorded."""
        return next(iter(self.values.values())).shape[self.status.ndim] - 1

    def check(self) -> Trace:
        """This trace, unless a chain had bad traced inputs.

        Raises:
          ValueError: saying what was wrong with how many chains.
        """
        for fault in (Status.SIZE, Status.TRUTH):
            bad = int(np.sum((np.asarray(self.status) & fault) != 0))
            if bad:
                remedy = {
                    Status.SIZE: "a size, share or weight is outside its range or above its capacity, or a pool "
                    "outgrew its room; mend the value or raise the capacity",
                    Status.TRUTH: "p has a negative or NaN entry or does not sum to one",
                }[fault]
                raise ValueError(f"{bad} of {self.status.size} chains had bad inputs: {remedy}")
        return self


def simulate(
    key: Array,
    process: Process,
    *,
    chains: int | Array,
    generations: int,
    record: Record = ("heterozygosity", "support"),
) -> Trace:
    """Simulate independent chains of recursive training and record statistics of every generation.

    Pure: it may be called inside ``jit``, ``vmap`` and ``shard_map``. Chain ``c`` depends on ``key``,
    on the process' values and on ``c`` alone: 320 chains agree with 256 on the first 256.

    Args:
      key: a typed threefry key, consumed.
      process: from :func:`~jaxcollapse.process.recursive_training`. Other values of its leaves (n,
        real, p) within capacity compile nothing.
      chains: how many, numbered from 0; or their numbers, ``int [chains]``, laid over devices as the
        chains are to be.
      generations: the last generation; static.
      record: names of statistics (:data:`~jaxcollapse.statistics.STATISTICS`), or functions of a
        :class:`~jaxcollapse.process.View`; define a function once, for each new one compiles anew.

    Returns:
      A :class:`Trace`; ``trace[name]`` is ``[chains, generations + 1]``, ``m = 0`` the truth.

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
    key, process, numbers, wanted = _prepare(key, process, chains, generations, record)
    block = _block(process, numbers)
    return _simulate(key, process, numbers, generations=int(generations), record=wanted, block=block)


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
    key, process, numbers, wanted = _prepare(key, process, chains, 1, record)
    return _start(key, process, numbers, record=wanted, block=_block(process, numbers))


def advance(
    key: Array,
    process: Process,
    state: State,
    *,
    generations: int,
    record: Record = ("heterozygosity", "support"),
) -> tuple[State, Trace]:
    """The next piece of a run.

    Args:
      key, process, record: the same as for :func:`start`.
      state: where the last piece ended.
      generations: how many more; static.

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
    key, process, numbers, wanted = _prepare(key, process, state.chain, generations, record, after=after)
    if any(statistic.needs_first for statistic in wanted) and state.first.shape[-1] == 0:
        raise ValueError("record asks for p^(1), which this state did not keep; start with the same record")
    block = _block(process, numbers)
    return _advance(key, process, state, generations=int(generations), record=wanted, block=block)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class CollapseTimes:
    """When chains first became a Dirac mass, and when for ever.

    A Dirac mass is final when nothing can change any more. Where a window of fresh tokens or a pool
    reaches back to other models it may be left again; fully synthetic, both times are one.

    Attributes:
      time: the first generation ``m`` with ``max p^(m) = 1``, ``int32 [chains]``; for chains not seen
        to collapse, the last generation looked at.
      observed: whether that was seen, ``bool [chains]``; False means censored at ``time``.
      final: the first generation at which collapse is final, ``int32 [chains]``, censored likewise.
      final_observed: whether that was seen, ``bool [chains]``.
      status: as in :class:`Trace`; chains with bad inputs are never observed.
    """

    time: Array
    observed: Array
    final: Array
    final_observed: Array
    status: Array


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
    key, process, numbers, _ = _prepare(key, process, chains, max_generations, "collapsed", name="max_generations")
    return _collapse_times(key, process, numbers, jnp.int32(max_generations))


def _prepare(
    key: Array,
    process: Process,
    chains: int | Array,
    generations: int,
    record: Record,
    name: str = "generations",
    after: int = 0,
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
    process.regime.refuse(after + last)
    process = canonical(process)
    memory.judge(process, wanted)
    memory.refuse_what_does_not_fit(process, count, last if name == "generations" else 1, wanted)
    numbers = jnp.arange(count, dtype=jnp.int32) if one_number else jnp.asarray(chains, jnp.int32)
    return key, process, _on_an_automatic_mesh(numbers), wanted


def _count_of_numbers(chains: Any) -> int:
    shape = np.shape(chains)
    if len(shape) != 1 or shape[0] == 0:
        raise ValueError(f"chains must be a number, or hold at least one chain number; got an array of shape {shape}")
    if not (isinstance(chains, jax.Array) and chains.dtype == jnp.int32):
        # An int32 array is not looked at: it may be long, and on many devices.
        check.whole_number("chains", chains, least=0)
    return shape[0]


def _on_an_automatic_mesh(chains: Array) -> Array:
    """Chains laid out on a mesh with explicit axes, where each operation would want a sharding of its own."""
    if isinstance(chains, jax.core.Tracer) or not isinstance(chains.sharding, jax.sharding.NamedSharding):
        return chains
    mesh, spec = chains.sharding.mesh, chains.sharding.spec
    if all(kind == jax.sharding.AxisType.Auto for kind in mesh.axis_types):
        return chains
    automatic = jax.sharding.Mesh(mesh.devices, mesh.axis_names)
    return jax.device_put(chains, jax.sharding.NamedSharding(automatic, spec))


def _chain_key(key: Array, chain: Array, m: Array) -> Array:
    return jax.random.fold_in(jax.random.fold_in(key, chain), m)


def _measure(process: Process, view: View, status: Array, record: tuple[Statistic, ...]) -> dict[str, Array]:
    def sound(value: Array) -> Array:
        if jnp.issubdtype(value.dtype, jnp.floating):
            return jnp.where(status == 0, value, jnp.nan)
        if value.dtype == jnp.bool_:
            return value & (status == 0)
        return jnp.where(status == 0, value, -1)

    return {statistic.name: sound(jnp.asarray(statistic.of(view))) for statistic in record}


def _start_chain(
    key: Array, process: Process, chain: Array, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    keep_first = any(statistic.needs_first for statistic in record)
    state = process.init(_chain_key(key, chain, jnp.int32(1)), chain, keep_first=keep_first)
    at_truth = _measure(process, process.view_truth(state), state.status, record)
    at_first = _measure(process, process.view(state), state.status, record)
    return state, jax.tree.map(lambda *rows: jnp.stack(rows), at_truth, at_first)


def _advance_chain(
    key: Array, process: Process, state: State, generations: int, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    def generation(state: State, _: None) -> tuple[State, dict[str, Array]]:
        state = process.step(_chain_key(key, state.chain, state.m + 1), state)
        return state, _measure(process, process.view(state), state.status, record)

    return lax.scan(generation, state, length=generations)


# All chains are at one generation: `m` stays outside the batch, so that a branch on it stays a branch.
_OUTSIDE: Any = None


def _block(process: Process, chains: Array) -> int:
    """How many chains to advance together; all of them where several devices share the work."""
    count = chains.shape[0]
    together = isinstance(chains, jax.core.Tracer) or len(chains.sharding.device_set) > 1
    if together or jax.default_backend() != "cpu":
        return count
    return min(count, max(1, memory.IN_CACHE // process.regime.room))


def _over_chains(one_chain: Callable[[Any], Any], batch: Any, block: int) -> Any:
    """``vmap`` over the leading axis, one block after another."""
    count = jax.tree.leaves(batch)[0].shape[0]
    if block >= count:
        return jax.vmap(one_chain)(batch)
    # Equal blocks, for an odd one would compile the whole program again; a few chains run twice instead.
    blocks = -(-count // block)
    block = -(-count // blocks)
    index = np.minimum(np.arange(blocks * block), count - 1)
    cut = jax.tree.map(lambda leaf: leaf[index].reshape(blocks, block, *leaf.shape[1:]), batch)
    done = lax.map(jax.vmap(one_chain), cut)
    return jax.tree.map(lambda leaf: leaf.reshape(blocks * block, *leaf.shape[2:])[:count], done)


@functools.partial(jax.jit, static_argnames=("record", "block"))
def _start(
    key: Array, process: Process, chains: Array, *, record: tuple[Statistic, ...], block: int
) -> tuple[State, Trace]:
    def one_chain(chain: Array) -> tuple[State, dict[str, Array]]:
        state, values = _start_chain(key, process, chain, record)
        return state._replace(m=_OUTSIDE), values

    state, values = _over_chains(one_chain, chains, block)
    return state._replace(m=jnp.int32(1)), Trace(values, state.status)


@functools.partial(jax.jit, static_argnames=("generations", "record", "block"))
def _advance(
    key: Array, process: Process, state: State, *, generations: int, record: tuple[Statistic, ...], block: int
) -> tuple[State, Trace]:
    m = state.m

    def one_chain(state: State) -> tuple[State, dict[str, Array]]:
        state, values = _advance_chain(key, process, state._replace(m=m), generations, record)
        return state._replace(m=_OUTSIDE), values

    state, values = _over_chains(one_chain, state._replace(m=_OUTSIDE), block)
    return state._replace(m=m + generations), Trace(values, state.status)


@functools.partial(jax.jit, static_argnames=("generations", "record", "block"))
def _simulate(
    key: Array, process: Process, chains: Array, *, generations: int, record: tuple[Statistic, ...], block: int
) -> Trace:
    def one_chain(chain: Array) -> tuple[Array, dict[str, Array]]:
        state, values = _start_chain(key, process, chain, record)
        if generations > 1:
            state, more = _advance_chain(key, process, state, generations - 1, record)
            values = jax.tree.map(lambda *pieces: jnp.concatenate(pieces), values, more)
        return state.status, values

    status, values = _over_chains(one_chain, chains, block)
    return Trace(values, status)


@jax.jit
def _collapse_times(key: Array, process: Process, chains: Array, max_generations: Array) -> CollapseTimes:
    truth_is_dirac = process.learner.dirac(process.learner.truth(process.p)) >= 0

    def look(state: State) -> tuple[Array, Array]:
        return process.learner.dirac(state.model) >= 0, process.absorbed(state)

    def begin(chain: Array) -> tuple[State, tuple[Array, Array]]:
        state = process.init(_chain_key(key, chain, jnp.int32(1)), chain, keep_first=False)
        return state._replace(m=_OUTSIDE), look(state)

    def generation(carry: tuple[State, tuple, tuple]) -> tuple[State, tuple, tuple]:
        state, times, done = carry
        m = state.m + 1

        def step(chain: State) -> tuple[State, tuple[Array, Array]]:
            chain = process.step(_chain_key(key, chain.chain, m), chain._replace(m=state.m))
            return chain._replace(m=_OUTSIDE), look(chain)

        before = state.status
        state, seen = jax.vmap(step)(state._replace(m=_OUTSIDE))
        times = jax.tree.map(lambda time, over: jnp.where(over, time, m), times, done)
        # What comes after a chain is at rest, while others still run, is none of its business.
        status = jnp.where(over(done), before, state.status)
        return state._replace(m=m, status=status), times, jax.tree.map(jnp.logical_or, done, seen)

    def over(done: tuple[Array, Array]) -> Array:
        first, final = done
        return final if process.regime.settles else first

    def unfinished(carry: tuple[State, tuple, tuple]) -> Array:
        state, _, done = carry
        return (state.m < max_generations) & ~jnp.all(over(done) | (state.status != 0))

    state, seen = jax.vmap(begin)(chains)
    done = jax.tree.map(lambda now: now | truth_is_dirac, seen)
    time = jnp.broadcast_to(jnp.where(truth_is_dirac, 0, 1).astype(jnp.int32), chains.shape)
    carry = (state._replace(m=jnp.int32(1)), (time, time), done)
    state, (first, final), (observed, final_observed) = lax.while_loop(unfinished, generation, carry)
    sound = state.status == 0
    return CollapseTimes(first, observed & sound, final, final_observed & sound, state.status)

"""The engine: fold keys, scan over generations, map over chains, record statistics. It knows nothing else.

The key of chain ``c`` at generation ``m`` is ``fold_in(fold_in(key, c), m)``: derived by meaning, so
a run in pieces, with more chains, or laid over devices gives each chain the same bits.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import check, keys, memory, statistics
from jaxcollapse.process import Process, State, Status, View, canonical
from jaxcollapse.statistics import Record, Statistic


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Trace:
    """What was recorded, a pytree.

    ``trace[name]`` is ``[chains, generations + 1, ...]``, indexed by the generation ``m``; or, of every k-th
    generation, ``[chains, generations // k + 1, ...]``.

    Attributes:
      values: the statistics by name.
      status: a :class:`~jaxcollapse.process.Status` for each chain, ``int32 [chains]``; not 0 only
        when traced inputs were bad, and then that chain's values are NaN (-1 for integers).
      every: static; how many generations lie between one row and the next.
      provenance: static; JSON text: the run that made this, and with what. Empty but for what :func:`~jaxcollapse.run`
        returns.
    """

    values: dict[str, Array]
    status: Array
    every: int = dataclasses.field(default=1, metadata={"static": True})
    provenance: str = dataclasses.field(default="", metadata={"static": True}, repr=False)

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
        return self.every * (next(iter(self.values.values())).shape[self.status.ndim] - 1)

    @property
    def generation(self) -> np.ndarray:
        """The generation ``m`` of each row."""
        return np.arange(0, self.generations + 1, self.every)

    def to_xarray(self) -> Any:
        """An ``xarray.Dataset`` with named axes, units and provenance; see :func:`~jaxcollapse.saving.to_xarray`."""
        from jaxcollapse import saving

        return saving.to_xarray(self)

    def check(self) -> Trace:
        """This trace, unless a chain had bad traced inputs.

        Raises:
          ValueError: saying what was wrong with how many chains.
        """
        for fault in (Status.SIZE, Status.TRUTH, Status.LEARNER):
            bad = int(np.sum((np.asarray(self.status) & fault) != 0))
            if bad:
                remedy = {
                    Status.SIZE: "a size, share or weight is outside its range or above its capacity, or a pool "
                    "outgrew its room; mend the value or raise the capacity",
                    Status.TRUTH: "p has a negative or NaN entry or does not sum to one",
                    Status.LEARNER: "a number of the estimator or of the decoding is outside its range",
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
    every: int = 1,
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
    key, process, numbers, wanted = _prepare(key, process, chains, generations, record, every=every)
    layout = _layout(process, numbers)
    return _simulate(key, process, numbers, generations=int(generations), record=wanted, every=every, layout=layout)


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
    return _start(key, process, numbers, record=wanted, layout=_layout(process, numbers))


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
    key, process, numbers, wanted = _prepare(key, process, state.chain, generations, record, after=after)
    if any(statistic.needs_first for statistic in wanted) and state.first.shape[-1] == 0:
        raise ValueError("record asks for p^(1), which this state did not keep; start with the same record")
    every = check.static_whole_number("every", every)
    if every > 1 and isinstance(state.m, jax.core.Tracer):
        raise ValueError(f"every={every} needs to know the generation, which is traced here; record every generation")
    pieces, layout = [], _layout(process, numbers)
    for until in _stops(process, after, after + int(generations)) if after else [int(generations)]:
        state, stretch = _ready(process, state), _stretch(after, until, every)
        state, trace = _advance(key, process, state, stretch=stretch, record=wanted, layout=layout)
        pieces.append(trace.values)
        after = until
    return state, Trace(jax.tree.map(lambda *of: jnp.concatenate(of, axis=1), *pieces), state.status, every)


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
    parts, count = _parts(process, numbers), numbers.shape[0]
    index = np.minimum(np.arange(-(-count // parts) * parts), count - 1)
    numbers = numbers if len(index) == count else numbers[index]
    layout = _layout(process, numbers)._replace(block=len(index))
    times = _collapse_times(key, process, numbers, jnp.int32(max_generations), parts=parts, layout=layout)
    return jax.tree.map(lambda of: of[:count], times)


def _parts(process: Process, chains: Array) -> int:
    """Into how many parts to cut chains so that those that are over can be left out; 1 where devices share them."""
    several_devices = not isinstance(chains, jax.core.Tracer) and len(chains.sharding.device_set) > 1
    if several_devices or not process.regime.settles or process.runs:
        return 1
    count = chains.shape[0]
    return 1 << max(min(count // 128, 16).bit_length() - 1, -(-count // 1024).bit_length() - 1, 0)


def _prepare(
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
    return keys.fold_in(keys.fold_in(key, chain), m)


def _measure(process: Process, view: View, status: Array, record: tuple[Statistic, ...]) -> dict[str, Array]:
    def sound(value: Array) -> Array:
        if jnp.issubdtype(value.dtype, jnp.floating):
            return jnp.where(status == 0, value, jnp.nan)
        if value.dtype == jnp.bool_:
            return value & (status == 0)
        return jnp.where(status == 0, value, -1)

    return jax.tree.map(sound, process.measure(record, view))


def _start_chain(
    key: Array, process: Process, chain: Array, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    keep_first = any(statistic.needs_first for statistic in record)
    state = process.init(_chain_key(key, chain, jnp.int32(1)), chain, keep_first=keep_first)
    at_truth = _measure(process, process.view_truth(state), state.status, record)
    at_first = _measure(process, process.view(state), state.status, record)
    return state, jax.tree.map(lambda *rows: jnp.stack(rows), at_truth, at_first)


# All chains are at one generation: `m` stays outside the batch, so that a branch on it stays a branch.
_OUTSIDE: Any = None

NARROW = (8192, 512, 32)
"""Widths that recorded arrays may shrink to."""
NARROWER = (8192, 1024, 128, 16, 2)
"""Widths that chains may shrink to on their way to collapse."""
AT_LEAST = 8
"""Generations, and an eighth of those so far, that chains go on before they are sorted anew."""


class _Layout(NamedTuple):
    """How chains are laid out, static.

    Attributes:
      block: how many are advanced together on a device.
      sharding: over several devices; None on one, and where a caller's program decides.
    """

    block: int
    sharding: jax.sharding.NamedSharding | None


def _layout(process: Process, chains: Array) -> _Layout:
    count = chains.shape[0]
    if isinstance(chains, jax.core.Tracer):
        return _Layout(count, None)
    sharding = chains.sharding
    if len(sharding.device_set) == 1:
        return _Layout(memory.in_flight(process, count), None)
    if not isinstance(sharding, jax.sharding.NamedSharding):
        return _Layout(count, None)
    return _Layout(memory.in_flight(process, sharding.shard_shape(chains.shape)[0]), sharding)


def _in_blocks(of_block: Callable[[Any], Any], batch: Any, layout: _Layout) -> Any:
    """The work for chains along the leading axis: each device goes through its own, block after block."""
    if layout.sharding is None:
        return _one_after_another(of_block, batch, layout.block)
    by_chain = jax.sharding.PartitionSpec(*layout.sharding.spec[:1])
    on_device = functools.partial(_one_after_another, of_block, block=layout.block)
    # Devices never talk to each other: chains are independent, and a loop ends on each when its own are done.
    spread = jax.shard_map(on_device, mesh=layout.sharding.mesh, in_specs=by_chain, out_specs=by_chain, check_vma=False)
    return spread(batch)


def _one_after_another(of_block: Callable[[Any], Any], batch: Any, block: int) -> Any:
    count = jax.tree.leaves(batch)[0].shape[0]
    if block >= count:
        return of_block(batch)
    # Equal blocks, for an odd one would compile the whole program again; a few chains run twice instead.
    blocks = -(-count // block)
    block = -(-count // blocks)
    index = np.minimum(np.arange(blocks * block), count - 1)
    cut = jax.tree.map(lambda leaf: leaf[index].reshape(blocks, block, *leaf.shape[1:]), batch)
    done = lax.map(of_block, cut)
    return jax.tree.map(lambda leaf: leaf.reshape(blocks * block, *leaf.shape[2:])[:count], done)


@functools.partial(jax.jit, static_argnames=("record", "layout"))
def _start(
    key: Array, process: Process, chains: Array, *, record: tuple[Statistic, ...], layout: _Layout
) -> tuple[State, Trace]:
    def one_chain(chain: Array) -> tuple[State, dict[str, Array]]:
        state, values = _start_chain(key, process, chain, record)
        return state._replace(m=_OUTSIDE), values

    state, values = _in_blocks(jax.vmap(one_chain), chains, layout)
    return state._replace(m=jnp.int32(1)), Trace(values, state.status)


@functools.partial(jax.jit, static_argnames=("stretch", "record", "layout"))
def _advance(
    key: Array, process: Process, state: State, *, stretch: _Stretch, record: tuple[Statistic, ...], layout: _Layout
) -> tuple[State, Trace]:
    m = state.m

    def of_block(state: State) -> tuple[State, dict[str, Array]]:
        state, values = _rows(key, process, state._replace(m=m), stretch, record)
        return state._replace(m=_OUTSIDE), values

    state, values = _in_blocks(of_block, state._replace(m=_OUTSIDE), layout)
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
    layout: _Layout,
) -> Trace:
    def of_block(chains: Array) -> tuple[Array, dict[str, Array]]:
        state, values = jax.vmap(lambda chain: _start_chain(key, process, chain, record))(chains)
        if every > 1:
            values = jax.tree.map(lambda of: of[:, :1], values)
        state, pieces, m = state._replace(m=jnp.int32(1)), [values], 1
        for until in _stops(process, m, generations):
            settled = process.settles_at <= m
            state = _of_all(process.settle, state) if 0 < process.settles_at == m else state
            rows = _rows_narrowing if settled else _rows
            state, values = rows(key, process, state, _stretch(m, until, every), record)
            pieces.append(values)
            m = until
        return state.status, jax.tree.map(lambda *of: jnp.concatenate(of, axis=1), *pieces)

    status, values = _in_blocks(of_block, chains, layout)
    return Trace(values, status, every)


class _Stretch(NamedTuple):
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


def _stretch(after: int, until: int, every: int) -> _Stretch:
    """Generations ``after + 1 .. until``, of which the multiples of ``every`` are recorded."""
    rows = until // every - after // every
    return _Stretch(every - after % every, rows, every, until % every) if rows else _Stretch(0, 0, every, until - after)


def _stops(process: Process, after: int, until: int) -> list[int]:
    """Where to pause on the way from one generation to another: the learner may change the form of its models."""
    if after >= until:
        return []
    return [process.settles_at, until] if after < process.settles_at < until else [until]


def _of_all(work: Callable[[State], State], state: State) -> State:
    """Of all chains what is defined for one; ``m`` is theirs in common."""
    one = lambda chain: work(chain._replace(m=state.m))._replace(m=_OUTSIDE)
    return jax.vmap(one)(state._replace(m=_OUTSIDE))._replace(m=state.m)


def _generation(key: Array, process: Process, state: State) -> State:
    """The next generation of all chains."""
    m = state.m + 1
    step = lambda chain: process.step(_chain_key(key, chain.chain, m), chain._replace(m=state.m))._replace(m=_OUTSIDE)
    return jax.vmap(step)(state._replace(m=_OUTSIDE))._replace(m=m)


def _forward(key: Array, process: Process, state: State, generations: int) -> State:
    """So many generations of all chains, unseen."""
    if generations < 2:
        return _generation(key, process, state) if generations else state
    if process.runs and process.narrows(state):
        m = state.m

        def run(chain: State) -> State:
            most = jnp.int32(generations)
            return process.run(keys.fold_in(key, chain.chain), chain._replace(m=m), most, generations)[0]

        # A chain that is over has stopped earlier, and would not have changed.
        return jax.vmap(lambda chain: run(chain)._replace(m=_OUTSIDE))(state._replace(m=_OUTSIDE))._replace(
            m=m + generations
        )
    return lax.fori_loop(0, generations, lambda _, state: _generation(key, process, state), state)


def _row(
    key: Array, process: Process, state: State, generations: int, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    """What all chains are like so many generations on."""
    state = _forward(key, process, state, generations)

    def look(chain: State) -> dict[str, Array]:
        return _measure(process, process.view(chain._replace(m=state.m)), chain.status, record)

    return state, jax.vmap(look)(state._replace(m=_OUTSIDE))


def _rows(
    key: Array, process: Process, state: State, stretch: _Stretch, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    """A stretch of all chains, and what was recorded, ``[chains, rows, ...]``."""
    row = functools.partial(_row, key, process, record=record)
    if not stretch.rows:
        shapes = jax.eval_shape(lambda state: row(state, 1)[1], state)
        nothing = jax.tree.map(lambda of: jnp.zeros((of.shape[0], 0, *of.shape[1:]), of.dtype), shapes)
        return _forward(key, process, state, stretch.rest), nothing
    if stretch.first != stretch.every:
        state, first = row(state, stretch.first)
        state, others = _rows(key, process, state, stretch._replace(first=stretch.every, rows=stretch.rows - 1), record)
        return state, jax.tree.map(lambda one, rest: jnp.concatenate([one[:, None], rest], axis=1), first, others)
    state, values = lax.scan(lambda state, _: row(state, stretch.every), state, length=stretch.rows)
    return _forward(key, process, state, stretch.rest), jax.tree.map(lambda of: jnp.moveaxis(of, 0, 1), values)


def _rows_narrowing(
    key: Array, process: Process, state: State, stretch: _Stretch, record: tuple[Statistic, ...]
) -> tuple[State, dict[str, Array]]:
    """What :func:`_rows` records, in arrays that become narrower as tokens die; of the last state only the status."""
    # After m generations some 2n/m tokens are left; a width that is reached in the second half does not pay.
    enough = 4 * process.regime.room / stretch.generations
    widths = _widths(process, state, tuple(width for width in NARROW if width >= enough))
    if len(widths) == 1 or stretch.rows < 2:
        return _rows(key, process, state, stretch, record)
    row = functools.partial(_row, key, process, record=record)
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
            state = _of_all(functools.partial(process.narrow, width=width), state)

        def wide(carry: tuple[Array, State, Any], narrower: int = narrower) -> Array:
            number, state, _ = carry
            return (number < stretch.rows) & (jnp.max(jax.vmap(process.learner.left)(state.model)) > narrower)

        def next_row(carry: tuple[Array, State, Any]) -> tuple[Array, State, Any]:
            number, state, rows = carry
            state, values = row(state, stretch.every)
            return number + 1, state, put(number, rows, values)

        number, state, rows = lax.while_loop(wide, next_row, (number, state, rows))
    return _forward(key, process, state, stretch.rest), jax.tree.map(lambda of: jnp.moveaxis(of, 0, 1), rows)


def _ready(process: Process, state: State) -> State:
    """A state in the form that its next generation wants, as narrow as its tokens allow."""
    if isinstance(state.m, jax.core.Tracer):
        return state
    if 0 < process.settles_at <= int(state.m):
        state = _settle(process, state)
    widths = _widths(process, state, NARROW)
    if len(widths) > 1:
        left = int(jnp.max(jax.vmap(process.learner.left)(state.model)))
        width = min(width for width in widths if width >= left)
        state = _narrow(process, state, width=width) if width < widths[0] else state
    return state


@jax.jit
def _settle(process: Process, state: State) -> State:
    return _of_all(process.settle, state)


def _widths(process: Process, state: State, narrower: tuple[int, ...]) -> list[int]:
    """The widths that arrays take on as tokens die; each compiles the step anew."""
    width = state.tokens.shape[-1]
    if not process.narrows(state):
        return [width]
    return [width, *(narrow for narrow in narrower if 2 * narrow <= width)]


@functools.partial(jax.jit, static_argnames=("width",))
def _narrow(process: Process, state: State, *, width: int) -> State:
    return _of_all(functools.partial(process.narrow, width=width), state)


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
    key: Array, process: Process, chains: Array, max_generations: Array, *, parts: int, layout: _Layout
) -> CollapseTimes:
    return _in_blocks(lambda chains: _times(key, process, chains, max_generations, parts), chains, layout)


def _times(key: Array, process: Process, chains: Array, max_generations: Array, parts: int) -> CollapseTimes:
    truth_is_dirac = process.truth_is_dirac()

    def look(chain: State) -> tuple[Array, Array]:
        return process.is_dirac(chain), process.absorbed(chain)

    def begin(chain: Array) -> tuple[State, tuple[Array, Array]]:
        state = process.init(_chain_key(key, chain, jnp.int32(1)), chain, keep_first=False)
        return state._replace(m=_OUTSIDE), look(state)

    def over(run: _Run) -> Array:
        first, final = run.done
        return (final if process.regime.settles else first) | (run.state.status != 0)

    def generation(run: _Run) -> _Run:
        # What comes after a chain is at rest, while others still run, is none of its business.
        before, at_rest = run.state.status, over(run)
        state = _generation(key, process, run.state)
        seen = jax.vmap(lambda chain: look(chain._replace(m=state.m)))(state._replace(m=_OUTSIDE))
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
        run = run._replace(state=_of_all(process.settle, run.state))
    if process.runs:
        run = lax.while_loop(unfinished, functools.partial(_leap, key, process, look, over, max_generations), run)
    widths = _widths(process, run.state, NARROWER)
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
        chain, done = process.run(keys.fold_in(key, chain.chain), chain._replace(m=m), most, LEAP)
        seen = look(chain)
        return chain._replace(m=_OUTSIDE), m + done, seen

    at_rest = over(run)
    state, time, seen = jax.vmap(one_chain)(run.state._replace(m=_OUTSIDE), at_rest)
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
    run = run._replace(state=run.state._replace(m=_OUTSIDE))

    def left(run: _Run) -> Array:
        tokens = jax.vmap(process.learner.left)(run.state.model) if len(widths) > 1 else jnp.int32(width)
        return jnp.where(over(run), 0, tokens)

    if parts > 1:
        order = jnp.argsort(-left(run), stable=True)
        run = jax.tree.map(lambda of: of[order], run)

    def advanced(run: _Run, narrow: int) -> _Run:
        state = run.state._replace(m=m)
        if narrow < width:
            state = _of_all(functools.partial(process.narrow, width=narrow), state)
        run = lax.fori_loop(0, count, lambda _, run: generation(run), run._replace(state=state))
        state = run.state
        if narrow < width:
            state = _of_all(functools.partial(process.narrow, width=width), state)
        return run._replace(state=state._replace(m=_OUTSIDE))

    ways = [functools.partial(advanced, narrow=narrow) for narrow in widths]

    def part(number: Array, run: _Run) -> _Run:
        cut = jax.tree.map(lambda of: lax.dynamic_slice_in_dim(of, number * size, size), run)
        enough = jnp.sum(jnp.array(widths) >= jnp.max(left(cut))) - 1
        cut = lax.switch(enough, ways, cut)
        return jax.tree.map(lambda all_, of: lax.dynamic_update_slice_in_dim(all_, of, number * size, 0), run, cut)

    run = lax.fori_loop(0, -(-jnp.sum(~over(run)) // size) if parts > 1 else 1, part, run)
    return run._replace(state=run.state._replace(m=m + count))

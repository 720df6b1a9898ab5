"""A process of many contexts: one context is written in :mod:`~jaxcollapse.process.one_context`, and ``vmap`` makes the others.

Given its sizes a context is a process of its own: a row of the truth, the regime with the context's share of each size,
the learner of one context, and a key of its own. So regimes and learners know nothing of contexts.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse import check
from jaxcollapse.exact import fixed, threefry
from jaxcollapse.learners import Contexts
from jaxcollapse.learners.contexts import Lasting, drawable
from jaxcollapse.process.one_context import SMALLEST, Process, State, Status, View, recursive_training
from jaxcollapse.schedules import Schedule

# What is the chain's stays outside the map over contexts.
_OUTSIDE: Any = None

_SIZES: Any = np.uint32(2**32 - 1)
"""What the key of a generation is folded with to draw sizes; contexts are numbered from 0."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, eq=False)
class ManyContexts(Process):
    """A process with a truth ``p [contexts, vocabulary]`` and the learner :class:`~jaxcollapse.learners.Contexts`.

    Models, memories and views have a leading axis of contexts; ``m``, ``chain`` and ``status`` are the chain's. All
    contexts being Dirac masses is what counts as collapse.
    """

    many: ClassVar[bool] = True

    def components(self) -> list[tuple[float, Process]]:
        """Return the process of each context, after its frequency; the frequencies sum to one.

        Raises:
          ValueError: where sizes are drawn, for then a context has none of its own.
        """
        frequencies = np.asarray(self.learner.frequencies, np.float64)
        return list(zip((frequencies / frequencies.sum()).tolist(), self.apart(), strict=True))

    @property
    def contexts(self) -> int:
        """How many there are."""
        return self.p.shape[0]

    @property
    def in_flight(self) -> int:
        return self.contexts * Process(self.p, _with_room(self.regime, self.learner), self.learner.learner).in_flight

    def context(self, j: int) -> Process:
        """Context ``j`` alone, a process of one context with its own sizes.

        Raises:
          ValueError: where sizes are drawn, for then it has none of its own; and for a wrong number.

        Example:
          >>> import jaxcollapse as jc
          >>> process = jc.recursive_training([[0.5, 0.5], [0.9, 0.1]], jc.FullySynthetic(n=7))
          >>> process.context(1).regime
          FullySynthetic(n=3, capacity=4)
        """
        j = check.static_whole_number("j", j, least=0, most=self.contexts - 1)
        return self.apart()[j]

    def apart(self) -> list[Process]:
        """All contexts, each alone; see :meth:`context`."""
        if self.learner.drawn:
            raise ValueError("contexts have no sizes of their own with drawn=True; leave drawn out to give them some")
        sizes = {name: np.asarray(of) for name, of in self._shared_out().items()}
        rooms = _rooms(self.regime, self.learner)
        found = []
        for j in range(self.contexts):
            own = {name: Schedule(of[j]) if of.ndim > 1 else int(of[j]) for name, of in sizes.items()}
            regime = dataclasses.replace(self.regime, **own, **rooms)
            found.append(Process(self.p[j], regime, self.learner.learner))
        return found

    def init(self, key: Array, chain: Array, *, keep_first: bool = True) -> State:
        m = jnp.int32(1)

        def one(j: Array, p: Array, sizes: Any) -> State:
            state = self._one(p, sizes).init(threefry.fold_in(key, j), chain, keep_first=keep_first)
            return state._replace(m=_OUTSIDE, chain=_OUTSIDE)

        status = self._size_fault(m) | (self.learner.fault() * Status.LEARNER.value).astype(jnp.int32)
        return _joined(self._each(one, self._sizes(key, m)), m, chain, status)

    def step(self, key: Array, state: State) -> State:
        m = state.m + 1

        def one(j: Array, p: Array, sizes: Any, of: State) -> State:
            before = of._replace(m=state.m, chain=state.chain, status=state.status)
            return self._one(p, sizes).step(threefry.fold_in(key, j), before)._replace(m=_OUTSIDE, chain=_OUTSIDE)

        after = self._each(one, self._sizes(key, m), _parts(state))
        return _joined(after, m, state.chain, state.status | self._size_fault(m))

    def absorbed(self, state: State) -> Array:
        def one(j: Array, p: Array, sizes: Any, of: State) -> Array:
            return self._one(p, sizes).absorbed(of._replace(m=state.m, status=state.status))

        at_rest = jnp.all(self._each(one, {} if self.learner.drawn else self._shared_out(), _parts(state)))
        # A model that outlasts a generation need not be that of its regime's memory.
        return at_rest & self.is_dirac(state) if self.learner.drawn else at_rest

    def is_dirac(self, state: State) -> Array:
        return jnp.all(jax.vmap(lambda model: self.learner.learner.dirac(model) >= 0)(state.model))

    def truth_is_dirac(self) -> Array:
        of_one = self.learner.learner
        return jnp.all(jax.vmap(lambda p: of_one.dirac(of_one.truth(p)) >= 0)(self.p))

    def view(self, state: State) -> View:
        return self._each(lambda j, p, of: self._one(p).view(of), _parts(state))

    def view_truth(self, state: State) -> View:
        return self._each(lambda j, p, of: self._one(p).view_truth(of), _parts(state))

    def measure(self, statistics: tuple[Any, ...], view: View) -> dict[str, Array]:
        """Statistics by name: of numbers the mean by frequency, of truth values whether all hold; or each by itself."""
        found = jax.vmap(lambda of_one: Process.measure(self, statistics, of_one))(view)
        averaged = []
        for statistic in statistics:
            if statistic.over != "each" and found[statistic.name].dtype == jnp.bool_:
                found[statistic.name] = jnp.all(found[statistic.name], axis=0)
            elif statistic.over != "each":
                averaged.append(statistic.name)
        return found | weighted_means({name: found[name] for name in averaged}, self.learner.frequencies)

    def _each(self, work: Callable[..., Any], *batched: Any) -> Any:
        return jax.vmap(work)(jnp.arange(self.contexts, dtype=jnp.int32), self.p, *batched)

    def _one(self, p: Array, sizes: dict[str, Array] | None = None) -> Process:
        """The process of one context, inside the map."""
        learner = self.learner.learner
        learner = Lasting(learner, self.vocabulary) if self.learner.drawn else learner
        if not sizes:
            return Process(p, self.regime, learner)
        of_size = {name: Schedule(of) if of.ndim else of for name, of in sizes.items()}
        regime = dataclasses.replace(self.regime, **of_size, **_rooms(self.regime, self.learner))
        if self.learner.drawn:
            # The class says that a regime without tokens makes no sense; one context's part of it does.
            object.__setattr__(regime, "least", dict.fromkeys(sizes, 0))
        return Process(p, regime, learner)

    def _sizes(self, key: Array, m: Array) -> dict[str, Array]:
        """The sizes of all contexts at generation ``m``, by name, ``[contexts]``; of schedules at all generations."""
        if not self.learner.drawn:
            return self._shared_out()
        of_sizes = threefry.parts(threefry.fold_in(key, _SIZES), len(self.regime.sizes))
        return {
            name: self.learner.draw(of_name, self.regime.size(name, m), getattr(self.regime, room))
            for of_name, (name, room) in zip(of_sizes, self.regime.sizes.items(), strict=True)
        }

    def _size_fault(self, m: Any) -> Array:
        """Whether the sizes of all contexts together are wrong, or one has none of what there is."""
        fault = Process._size_fault(self, m)
        for name in () if self.learner.drawn else getattr(self.regime, "least", {}):
            size = self.regime.size(name, m)
            without = (size > 0) & jnp.any(self.learner.sizes(size) == 0)
            fault |= (without * Status.SIZE.value).astype(jnp.int32)
        return fault

    def _shared_out(self) -> dict[str, Array]:
        found = {}
        for name, room in self.regime.sizes.items():
            size = getattr(self.regime, name)
            if isinstance(size, Schedule):
                every = jnp.clip(jnp.asarray(size.sizes), 1, getattr(self.regime, room)).astype(jnp.int32)
                found[name] = jax.vmap(self.learner.sizes, out_axes=1)(every)
            else:
                found[name] = self.learner.sizes(self.regime.size(name, 1))
        return found


def many_contexts(p: Any, regime: Any, learner: Any) -> ManyContexts:
    """What :func:`~jaxcollapse.process.one_context.recursive_training` makes of ``p [contexts, vocabulary]``.

    Raises:
      As there; ValueError also where a context would get no token.
    """
    learner = learner if isinstance(learner, Contexts) else Contexts(learner)
    p = _rows(p)
    learner = learner.of(p.shape[0])
    if isinstance(regime, type) or not hasattr(regime, "sizes"):
        recursive_training(p[0], regime, learner.learner)  # says what is wrong with it
        raise TypeError(f"many contexts share out the sizes of a regimes.Base, and {type(regime).__name__} is none")
    try:
        alone = recursive_training(p[0], _with_room(regime, learner), learner.learner)
    except ValueError as error:
        raise ValueError(f"of one context: {error}") from None
    process = ManyContexts(p, regime, learner.suited(alone.learner, alone.regime, alone.vocabulary))
    if not learner.drawn and not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((regime, learner))):
        _judge_sizes(process)
    return process


def of_table(p: np.ndarray, frequencies: np.ndarray, regime: Any, learner: Any = None) -> ManyContexts:
    """The process of a text's contexts: their sizes are drawn, as in a text, where the regime allows it.

    Args:
      p, frequencies: what :meth:`jaxcollapse.languages.Language.contexts` gives.
      regime: of all contexts together.
      learner: of one context.

    Raises:
      As :func:`~jaxcollapse.recursive_training`.

    Example:
      >>> import jaxcollapse as jc
      >>> p, frequencies = jc.languages.from_tokens(list("abaab")).contexts()
      >>> of_table(p, frequencies, jc.FullySynthetic(n=5)).learner.drawn
      True
    """
    inner = {} if learner is None else {"learner": learner}
    return many_contexts(p, regime, Contexts(frequencies=frequencies, drawn=drawable(regime), **inner))


def _rows(p: Any) -> Array:
    """The truths of contexts, ``float32 [contexts, vocabulary]``."""
    traced = any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(p))
    rows = jnp.asarray(p).astype(jnp.float32) if traced else np.asarray(p)
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(
            f"p must be [contexts, vocabulary] for learners.Contexts, a distribution a row, got shape {rows.shape}; "
            "leave Contexts out for one context"
        )
    if traced:
        return jnp.where(rows < SMALLEST, jnp.minimum(rows, 0), rows)
    rows = np.stack([check.probabilities(f"p[{j}]", row) for j, row in enumerate(rows)]).astype(np.float32)
    return jnp.asarray(np.where(rows < SMALLEST, np.float32(0), rows))


def _judge_sizes(process: ManyContexts) -> None:
    """Refuse concrete sizes of which a context gets nothing, or less than its regime can do with."""
    regime = process.regime
    with jax.ensure_compile_time_eval():  # also inside a caller's jit, these are numbers
        shared = {name: np.asarray(of) for name, of in process._shared_out().items()}
    for name, of in shared.items():
        total = getattr(regime, name)
        none = np.flatnonzero(of.reshape(process.contexts, -1).min(axis=1) == 0)
        if none.size and (isinstance(total, Schedule) or int(total) > 0):
            enough = math.ceil(1 / float(np.min(process.learner.frequencies)))
            other = ", or take Contexts(drawn=True)" if drawable(regime) else ""
            raise ValueError(
                f"{type(regime).__name__} shares out {name} among contexts, and {name}={total!r:.60} gives context "
                f"{none[0]} of {process.contexts} no token; raise {name} to some {enough:,}{other}"
            )
    least = {name: int(of.min()) for name, of in shared.items()}
    try:
        dataclasses.replace(regime, **least, **_rooms(regime, process.learner))
    except ValueError as error:
        names = " and ".join(least)
        raise ValueError(f"of one context, with its share of {names}: {error}; or raise {names}") from None


def _rooms(regime: Any, learner: Contexts) -> dict[str, int]:
    """Static room for the sizes of one context."""
    return {room: learner.room(getattr(regime, room)) for room in regime.sizes.values()}


def _with_room(regime: Any, learner: Contexts) -> Any:
    """The regime with the largest sizes that a context can have."""
    rooms = _rooms(regime, learner)
    return dataclasses.replace(regime, **rooms, **{name: rooms[room] for name, room in regime.sizes.items()})


def _parts(state: State) -> State:
    """What each context has of its own."""
    return state._replace(m=_OUTSIDE, chain=_OUTSIDE, status=_OUTSIDE)


def _joined(state: State, m: Array, chain: Array, status: Array) -> State:
    """The state of all contexts; what is wrong with one is wrong with the chain."""
    wrong = lax.reduce(state.status, np.int32(0), lax.bitwise_or, (0,))
    return state._replace(m=m, chain=chain, status=status | wrong)


def weighted_means(values: dict[str, Array], weights: Array) -> dict[str, Array]:
    """``sum_j weights_j values_j`` of each ``values [contexts, ...]``, as ``float32``; the same bits in any order.

    Each product is rounded to a multiple of 2^-61 of the power of two below the largest value. NaN and infinity stay.

    Example:
      >>> weighted_means({"a": jnp.array([[1.0, 8.0], [3.0, 0.0]])}, jnp.array([0.5, 0.5]))["a"].tolist()
      [2.0, 4.0]
    """

    def of_one(column: Array) -> Array:
        largest = lax.bitcast_convert_type(jnp.max(jnp.abs(column)), jnp.uint32)
        power = lax.bitcast_convert_type(largest & jnp.uint32(0x7F800000), jnp.float32)
        power = jnp.where((power > 0) & jnp.isfinite(power), power, 1.0)
        mean = fixed.total(weights * (column / power), 4.0) * power
        return jnp.where(jnp.all(jnp.isfinite(column)), mean, jnp.sum(weights * column))

    # All at once, for a program of many sums takes long to compile.
    columns = [of.reshape(of.shape[0], -1).astype(jnp.float32) for of in values.values()]
    if not columns:
        return {}
    means = jax.vmap(of_one, 1)(jnp.concatenate(columns, axis=1))
    ends = np.cumsum([column.shape[1] for column in columns])[:-1]
    parts = jnp.split(means, ends)
    return {name: part.reshape(of.shape[1:]) for (name, of), part in zip(values.items(), parts, strict=True)}

"""A process of many contexts: one context is written in ``one_context.py``, and ``vmap`` makes the others.

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
from jaxcollapse.contract import (
    Corpus,
    Frame,
    Memory,
    Model,
    Process,
    Regime,
    Role,
    Scheme,
    State,
    Statistic,
    Status,
    View,
    Workload,
)
from jaxcollapse.exact import sums, threefry
from jaxcollapse.learners.contexts import Contexts, allows_empty_corpora
from jaxcollapse.process.one_context import RecursiveTraining
from jaxcollapse.process.validation import check_operations, check_parts
from jaxcollapse.pytrees import static
from jaxcollapse.schedules import PossiblyZero, Schedule
from jaxcollapse.schemes.chains import UNBATCHED
from jaxcollapse.schemes.plain import PlainScheme

_SIZES: Any = np.uint32(2**32 - 1)
"""What the key of a generation is folded with to draw sizes; contexts are numbered from 0."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, eq=False)
class PerContext(Process):
    """Contexts side by side: each phase is that of one context, mapped over ``p [contexts, vocabulary]``.

    Models, memories, frames and views have a leading axis of contexts; ``m``, ``chain`` and ``status`` are the chain's.
    All contexts being single tokens is what counts as collapse.

    Attributes:
      language: the truth of each context, ``float32 [contexts, vocabulary]``.
      regime: of all contexts together.
      learner: a :class:`~jaxcollapse.learners.Contexts`: the learner of one context, and how often each occurs.
      scheme: static; how many chains are advanced.
    """

    language: Array
    regime: Regime
    learner: Contexts
    scheme: Scheme = static()  # noqa: RUF009
    many: ClassVar[bool] = True

    @property
    def p(self) -> Array:
        return self.language

    @property
    def contexts(self) -> int:
        """The number of contexts."""
        return self.language.shape[0]

    def context(self, j: int) -> RecursiveTraining:
        """Return context ``j`` alone, a process of one context with its own sizes.

        Raises:
          ValueError: where sizes are drawn, for then it has none of its own; for a learner that is fitted on all
            contexts at once; and for a wrong number.

        Example:
          >>> import jaxcollapse as jc
          >>> process = jc.recursive_training([[0.5, 0.5], [0.9, 0.1]], jc.FullySynthetic(n=7))
          >>> process.context(1).regime
          FullySynthetic(n=3, capacity=4)
        """
        j = check.static_whole_number("j", j, least=0, most=self.contexts - 1)
        return self.apart()[j]

    def apart(self) -> list[RecursiveTraining]:
        """Return all contexts, each alone; see :meth:`context`."""
        if self.learner.drawn:
            raise ValueError("contexts have no sizes of their own with drawn=True; leave drawn out to give them some")
        if self.learner.learner.joint:
            name = type(self.learner.learner).__name__
            raise ValueError(f"{name} is fitted on all contexts at once; none has a process of its own")
        sizes = {name: np.asarray(of) for name, of in self._sizes_shared_out().items()}
        capacities = _capacities(self.regime, self.learner)
        found = []
        for j in range(self.contexts):
            own = {name: Schedule(of[j]) if of.ndim > 1 else int(of[j]) for name, of in sizes.items()}
            regime = dataclasses.replace(self.regime, **own, **capacities)
            found.append(RecursiveTraining(self.language[j], regime, self.learner.learner, self.scheme))
        return found

    def components(self) -> list[tuple[float, Process]]:
        frequencies = np.asarray(self.learner.frequencies, np.float64)
        return list(zip((frequencies / frequencies.sum()).tolist(), self.apart(), strict=True))

    def begin(self, key: Array) -> tuple[Corpus, Memory, Frame]:
        return self._map(lambda one, j: one.begin(threefry.fold_in(key, j)), sizes=self._sizes(key, 1))

    def collect(self, key: Array, model: Model, memory: Memory, m: Array) -> tuple[Corpus, Memory]:
        def of_one(one: RecursiveTraining, j: Array, model: Model, memory: Memory) -> tuple[Corpus, Memory]:
            return one.collect(threefry.fold_in(key, j), model, memory, m)

        return self._map(of_one, model, memory, sizes=self._sizes(key, m))

    def fit(self, key: Array, corpus: Corpus, previous: Model | None) -> Model:
        if self.learner.learner.joint:
            of_all = threefry.fold_in(key, Role.FIT.value)
            return self.learner.learner.fit(of_all, corpus, previous)

        def of_one(one: RecursiveTraining, j: Array, corpus: Corpus, previous: Model | None) -> Model:
            return one.fit(threefry.fold_in(key, j), corpus, previous)

        return self._map(of_one, corpus, previous)

    def remember(self, memory: Memory, model: Model, m: Array) -> Memory:
        return self._map(lambda one, j, memory, model: one.remember(memory, model, m), memory, model)

    def with_first(self, frame: Frame, model: Model) -> Frame:
        return self._map(lambda one, j, frame, model: one.with_first(frame, model), frame, model)

    def first_status(self) -> Array:
        frequencies = jnp.where(self.learner.is_invalid(), jnp.int32(Status.LEARNER.value), jnp.int32(0))
        return frequencies | _any_of(self._map(lambda one, j: one.first_status()))

    def status(self, model: Model, m: Any) -> Array:
        status = _invalid_size(self.regime.is_invalid(m)) | _any_of(
            self._map(lambda one, j, model: one.learner.status(model), model)
        )
        if self.learner.drawn:
            return status
        of_contexts = self._map(lambda one, j: _invalid_size(one.regime.is_invalid(m)), sizes=self._sizes_shared_out())
        status |= _any_of(of_contexts)
        for name in self.regime.least:
            size = self.regime.size(name, m)
            status |= _invalid_size((size > 0) & jnp.any(self.learner.sizes(size) == 0))
        return status

    def view(self, state: State) -> View:
        return self._map(lambda one, j, of: one.view(of), _parts(state))

    def view_truth(self, state: State) -> View:
        return self._map(lambda one, j, of: one.view_truth(of), _parts(state))

    def evaluate(self, statistics: tuple[Statistic, ...], view: View) -> dict[str, Array]:
        """Return statistics by name: numbers averaged by frequency, truth values that hold in all contexts, or each."""
        mapped = tuple(statistic for statistic in statistics if statistic.over != "joint")
        of_one = lambda view: {statistic.name: jnp.asarray(statistic.of(view)) for statistic in mapped}
        found = jax.vmap(of_one)(view)
        averaged = []
        for statistic in mapped:
            if statistic.over != "each" and found[statistic.name].dtype == jnp.bool_:
                found[statistic.name] = jnp.all(found[statistic.name], axis=0)
            elif statistic.over != "each":
                averaged.append(statistic.name)
        joint = {of.name: jnp.asarray(of.of(view)) for of in statistics if of.over == "joint"}
        means = weighted_means({name: found[name] for name in averaged}, self.learner.frequencies)
        return found | means | joint

    def is_fixed(self, state: State) -> Array:
        return jnp.all(jax.vmap(lambda model: self.learner.learner.fixed_token(model) >= 0)(state.model))

    def truth_is_fixed(self) -> Array:
        return jnp.all(self._map(lambda one, j: one.truth_is_fixed()))

    def absorbed(self, state: State) -> Array:
        def of_one(one: RecursiveTraining, j: Array, of: State) -> Array:
            return one.absorbed(of._replace(m=state.m, status=state.status))

        sizes = {} if self.learner.drawn else self._sizes_shared_out()
        forever = jnp.all(self._map(of_one, _parts(state), sizes=sizes))
        # A model that outlasts a generation need not be that of its regime's memory.
        return forever & self.is_fixed(state) if self.learner.drawn else forever

    @property
    def is_constant(self) -> bool:
        sizes = jax.tree.leaves(self.regime)
        return self.regime.memoryless and not self.learner.drawn and all(jnp.ndim(size) == 0 for size in sizes)

    def check_run(self, generations: int) -> None:
        self.regime.check_run(generations)

    def workload(self) -> Workload:
        regime = _with_capacities(self.regime, self.learner)
        entries, _ = self.learner.learner.workload(self.language, regime)
        return Workload(self.contexts * entries)

    def _map(self, work: Callable[..., Any], *batched: Any, sizes: dict[str, Array] | None = None) -> Any:
        """Map ``work(process of one context, its number, ...)`` over contexts, which have these sizes if given."""

        def of_one(j: Array, p: Array, own: dict[str, Array] | None, *parts: Any) -> Any:
            return work(self._one(p, own), j, *parts)

        numbers = jnp.arange(self.contexts, dtype=jnp.int32)
        return jax.vmap(of_one)(numbers, self.language, sizes, *batched)

    def _one(self, p: Array, sizes: dict[str, Array] | None) -> RecursiveTraining:
        """Return the process of one context, inside the map."""
        regime = self.regime
        if sizes:
            as_size = PossiblyZero if self.learner.drawn else lambda of: Schedule(of) if of.ndim else of
            own = {name: as_size(of) for name, of in sizes.items()}
            regime = dataclasses.replace(regime, **own, **_capacities(regime, self.learner))
        return RecursiveTraining(p, regime, self.learner.learner, self.scheme, self.learner.drawn)

    def _sizes(self, key: Array, m: Any) -> dict[str, Array]:
        """Return the sizes of all contexts at generation ``m``, by name, ``[contexts]``; of schedules at all generations."""
        if not self.learner.drawn:
            return self._sizes_shared_out()
        of_sizes = threefry.split_keys(threefry.fold_in(key, _SIZES), len(self.regime.sizes))
        return {
            name: self.learner.draw(of_name, self.regime.size(name, m), getattr(self.regime, capacity))
            for of_name, (name, capacity) in zip(of_sizes, self.regime.sizes.items(), strict=True)
        }

    def _sizes_shared_out(self) -> dict[str, Array]:
        found = {}
        for name, capacity in self.regime.sizes.items():
            size = getattr(self.regime, name)
            if isinstance(size, Schedule):
                every = jnp.clip(jnp.asarray(size.sizes), 1, getattr(self.regime, capacity)).astype(jnp.int32)
                found[name] = jax.vmap(self.learner.sizes, out_axes=1)(every)
            else:
                found[name] = self.learner.sizes(self.regime.size(name, 1))
        return found


def many_contexts(p: Any, regime: Any, learner: Any, scheme: Scheme | None = None) -> PerContext:
    """Return what :func:`jaxcollapse.recursive_training` makes of ``p [contexts, vocabulary]``.

    Raises:
      As there; ValueError also where a context would get no token.
    """
    learner = learner if isinstance(learner, Contexts) else Contexts(learner)
    p = _rows(p)
    learner = learner.of(p.shape[0])
    check_parts(regime, learner.learner)
    if not regime.sizes:
        raise TypeError(f"many contexts share out the sizes of a regimes.Base, and {type(regime).__name__} is none")
    try:
        one = _with_capacities(regime, learner)
        alone, _ = learner.learner.bind(p[0], one)
        check_operations(one, alone, shown=learner.learner)
    except ValueError as error:
        raise ValueError(f"of one context: {error}") from None
    bound = learner.bind(alone, one, p.shape[-1])
    process = PerContext(p, regime, bound, PlainScheme() if scheme is None else scheme)
    if not learner.drawn and not check.is_traced((regime, learner)):
        _check_sizes(process)
    return process


def of_table(p: np.ndarray, frequencies: np.ndarray, regime: Any, learner: Any = None) -> PerContext:
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
    return many_contexts(p, regime, Contexts(frequencies=frequencies, drawn=allows_empty_corpora(regime), **inner))


def _rows(p: Any) -> Array:
    """The truths of contexts, ``float32 [contexts, vocabulary]``."""
    traced = check.is_traced(p)
    rows = jnp.asarray(p).astype(jnp.float32) if traced else np.asarray(p)
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(
            f"p must be [contexts, vocabulary] for learners.Contexts, a distribution a row, got shape {rows.shape}; "
            "leave Contexts out for one context"
        )
    if not traced:
        rows = np.stack([check.probabilities(f"p[{j}]", row) for j, row in enumerate(rows)]).astype(np.float32)
    return check.without_negligible(rows)


def _check_sizes(process: PerContext) -> None:
    """Refuse concrete sizes of which a context gets nothing, or less than its regime can do with."""
    regime = process.regime
    with jax.ensure_compile_time_eval():  # also inside a caller's jit, these are numbers
        shared = {name: np.asarray(of) for name, of in process._sizes_shared_out().items()}
    for name, of in shared.items():
        total = getattr(regime, name)
        none = np.flatnonzero(of.reshape(process.contexts, -1).min(axis=1) == 0)
        if none.size and (isinstance(total, Schedule) or int(total) > 0):
            enough = math.ceil(1 / float(np.min(process.learner.frequencies)))
            other = ", or take Contexts(drawn=True)" if allows_empty_corpora(regime) else ""
            raise ValueError(
                f"{type(regime).__name__} shares out {name} among contexts, and {name}={total!r:.60} gives context "
                f"{none[0]} of {process.contexts} no token; raise {name} to some {enough:,}{other}"
            )
    least = {name: int(of.min()) for name, of in shared.items()}
    try:
        dataclasses.replace(regime, **least, **_capacities(regime, process.learner))
    except ValueError as error:
        names = " and ".join(least)
        raise ValueError(f"of one context, with its share of {names}: {error}; or raise {names}") from None


def _capacities(regime: Any, learner: Contexts) -> dict[str, int]:
    """Return the static capacities of the sizes of one context."""
    return {capacity: learner.room(getattr(regime, capacity)) for capacity in regime.sizes.values()}


def _with_capacities(regime: Any, learner: Contexts) -> Any:
    """Return the regime with the largest sizes that a context can have."""
    capacities = _capacities(regime, learner)
    return dataclasses.replace(regime, **capacities, **{name: capacities[of] for name, of in regime.sizes.items()})


def _parts(state: State) -> State:
    """Return what each context has of its own; what is the chain's stays outside the map over contexts."""
    return state._replace(m=UNBATCHED, chain=UNBATCHED, status=UNBATCHED)


def _any_of(status: Array) -> Array:
    """Return the status of all contexts, for what is wrong with one is wrong with the chain."""
    return lax.reduce(status, np.int32(0), lax.bitwise_or, (0,))


def _invalid_size(invalid: Array) -> Array:
    return jnp.where(invalid, jnp.int32(Status.SIZE.value), jnp.int32(0))


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
        mean = sums.total(weights * (column / power), 4.0) * power
        return jnp.where(jnp.all(jnp.isfinite(column)), mean, jnp.sum(weights * column))

    # All at once, for a program of many sums takes long to compile.
    columns = [of.reshape(of.shape[0], -1).astype(jnp.float32) for of in values.values()]
    if not columns:
        return {}
    means = jax.vmap(of_one, 1)(jnp.concatenate(columns, axis=1))
    ends = np.cumsum([column.shape[1] for column in columns])[:-1]
    parts = jnp.split(means, ends)
    return {name: part.reshape(of.shape[1:]) for (name, of), part in zip(values.items(), parts, strict=True)}

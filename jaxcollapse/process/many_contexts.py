"""The process of many contexts, which maps the process of one context in ``one_context.py`` over all contexts.

Given its sizes, each context is a process of one context: a row of the truth, the regime with the context's part of
each size, the learner of one context, and a key of its own. So regimes and learners need no knowledge of contexts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, cast

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
from jaxcollapse.exact import threefry
from jaxcollapse.learners.contexts import Contexts
from jaxcollapse.process.context_means import weighted_means
from jaxcollapse.process.one_context import RecursiveTraining
from jaxcollapse.pytrees import static
from jaxcollapse.schedules import PossiblyZero, Schedule
from jaxcollapse.schemes.chains import UNBATCHED

_SIZES: Any = np.uint32(2**32 - 1)
"""The number that the key of a generation is folded with to draw sizes; the numbers of contexts are smaller."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, eq=False)
class PerContext(Process):
    """Recursive training in many contexts: each phase is that of one context, mapped over all contexts.

    Models, memories, frames and views have a leading axis of contexts; ``m``, ``chain`` and ``status`` have none. A
    chain has collapsed when the model of every context has one token only.

    Attributes:
      language: the truth of each context, ``float32 [contexts, vocabulary]``.
      regime: the regime, with the sizes of all contexts together.
      learner: a :class:`~jaxcollapse.learners.Contexts`: the learner of one context, and how often each occurs.
      scheme: static; how a batch of chains is advanced.
    """

    language: Array
    regime: Regime
    learner: Contexts
    scheme: Scheme = static()  # noqa: RUF009
    many: ClassVar[bool] = True

    @property
    def p(self) -> Array:
        """Return the true probabilities of tokens in each context, ``float32 [contexts, vocabulary]``."""
        return self.language

    @property
    def vocabulary(self) -> int:
        """Return the number of tokens in the vocabulary, seen or not."""
        return self.p.shape[-1]

    @property
    def contexts(self) -> int:
        """Return the number of contexts."""
        return self.language.shape[0]

    def context(self, j: int) -> RecursiveTraining:
        """Return the process of context ``j`` alone, with its own sizes.

        Raises:
          ValueError: where sizes are drawn, for then a context has no fixed size; for a learner that is fitted on all
            contexts at once; and for a wrong ``j``.

        Example:
          >>> import jaxcollapse as jc
          >>> process = jc.recursive_training([[0.5, 0.5], [0.9, 0.1]], jc.FullySynthetic(n=7))
          >>> process.context(1).regime
          FullySynthetic(n=3, capacity=4)
        """
        j = check.static_whole_number("j", j, least=0, most=self.contexts - 1)
        return self.apart()[j]

    def apart(self) -> list[RecursiveTraining]:
        """Return the processes of all contexts, each alone, as :meth:`context` does for one."""
        if self.learner.drawn:
            raise ValueError("contexts have no sizes of their own with drawn=True; leave drawn out to give them some")
        if self.learner.learner.joint:
            name = type(self.learner.learner).__name__
            raise ValueError(f"{name} is fitted on all contexts at once; none has a process of its own")
        sizes = {name: np.asarray(of) for name, of in self._sizes_shared_out().items()}
        capacities = self.learner.capacities(self.regime)
        found, whole = [], cast(Any, self.regime)
        for j in range(self.contexts):
            own = {name: Schedule(of[j]) if of.ndim > 1 else int(of[j]) for name, of in sizes.items()}
            regime: Any = dataclasses.replace(whole, **own, **capacities)
            found.append(RecursiveTraining(self.language[j], regime, self.learner.learner, self.scheme))
        return found

    def components(self) -> list[tuple[float, Process]]:
        """Return the processes of single contexts that this one consists of, each after its frequency."""
        frequencies = np.asarray(self.learner.frequencies, np.float64)
        return list(zip((frequencies / frequencies.sum()).tolist(), self.apart(), strict=True))

    def begin(self, key: Array) -> tuple[Corpus, Memory, Frame]:
        """Return what generation 1 is trained on, with the memory and the frame of the chain."""
        return self._map(lambda one, j: one.begin(threefry.fold_in(key, j)), sizes=self._sizes(key, 1))

    def collect(self, key: Array, model: Model, memory: Memory, m: Array) -> tuple[Corpus, Memory]:
        """Return what generation ``m >= 2`` is trained on, and the memory."""

        def of_one(one: RecursiveTraining, j: Array, model: Model, memory: Memory) -> tuple[Corpus, Memory]:
            return one.collect(threefry.fold_in(key, j), model, memory, m)

        return self._map(of_one, model, memory, sizes=self._sizes(key, m))

    def fit(self, key: Array, corpus: Corpus, previous: Model | None) -> Model:
        """Train the models of all contexts, each separately or, where the learner is joint, together."""
        if self.learner.learner.joint:
            of_all = threefry.fold_in(key, Role.FIT.value)
            return self.learner.learner.fit(of_all, corpus, previous)

        def of_one(one: RecursiveTraining, j: Array, corpus: Corpus, previous: Model | None) -> Model:
            return one.fit(threefry.fold_in(key, j), corpus, previous)

        return self._map(of_one, corpus, previous)

    def remember(self, memory: Memory, model: Model, m: Array) -> Memory:
        """Return the memory after generation ``m`` is trained."""
        return self._map(lambda one, j, memory, model: one.remember(memory, model, m), memory, model)

    def with_first(self, frame: Frame, model: Model) -> Frame:
        """Return the frame with p^(1) stored in it."""
        return self._map(lambda one, j, frame, model: one.with_first(frame, model), frame, model)

    def first_status(self) -> Array:
        """Return the status of the truth and of the learner's settings, ``int32 []``."""
        frequencies = jnp.where(self.learner.is_invalid(), jnp.int32(Status.LEARNER.value), jnp.int32(0))
        return frequencies | _any_of(self._map(lambda one, j: one.first_status()))

    def status(self, model: Model, m: Any) -> Array:
        """Return the status of a fit and of the sizes at generation ``m``, ``int32 []``."""
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
        """Return what statistics see of the model of a state."""
        return self._map(lambda one, j, of: one.view(of), _parts(state))

    def view_truth(self, state: State) -> View:
        """Return what statistics see of the truth, generation 0, together with the p^(1) of a chain."""
        return self._map(lambda one, j, of: one.view_truth(of), _parts(state))

    def evaluate(self, statistics: tuple[Statistic, ...], view: View) -> dict[str, Array]:
        """Return statistics of a view by name, over contexts as each statistic's ``over`` says.

        Numbers are averaged by frequency, and a truth value is True where it is True in every context.
        """
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
        """Return whether the model of every context can write one token only, ``bool []``."""
        return jnp.all(jax.vmap(lambda model: self.learner.learner.fixed_token(model) >= 0)(state.model))

    def truth_is_fixed(self) -> Array:
        """Return whether the truth of every context has one token only, ``bool []``."""
        return jnp.all(self._map(lambda one, j: one.truth_is_fixed()))

    def absorbed(self, state: State) -> Array:
        """Return whether nothing can change any more, ``bool []``: collapse for ever."""

        def of_one(one: RecursiveTraining, j: Array, of: State) -> Array:
            return one.absorbed(of._replace(m=state.m, status=state.status))

        sizes = {} if self.learner.drawn else self._sizes_shared_out()
        forever = jnp.all(self._map(of_one, _parts(state), sizes=sizes))
        # A context without tokens keeps its model, which need not be the one that the regime's memory holds.
        return forever & self.is_fixed(state) if self.learner.drawn else forever

    def is_constant(self) -> bool:
        """Return whether a model with one token only stays the same for ever, its counts included; static."""
        sizes = jax.tree.leaves(self.regime)
        return self.regime.memoryless and not self.learner.drawn and all(jnp.ndim(size) == 0 for size in sizes)

    def check_run(self, generations: int) -> None:
        """Raise ValueError where the regime cannot hold a run of so many generations."""
        self.regime.check_run(generations)

    def workload(self) -> Workload:
        """Return what a generation of a chain costs."""
        regime = self.learner.one_regime(self.regime)
        entries, _ = self.learner.learner.workload(self.language, regime)
        return Workload(self.contexts * entries)

    def _map(self, work: Callable[..., Any], *batched: Any, sizes: dict[str, Array] | None = None) -> Any:
        """Map ``work(process of one context, its number, ...)`` over all contexts, with these sizes where given."""

        def of_one(j: Array, p: Array, own: dict[str, Array] | None, *parts: Any) -> Any:
            return work(self._one(p, own), j, *parts)

        numbers = jnp.arange(self.contexts, dtype=jnp.int32)
        return jax.vmap(of_one)(numbers, self.language, sizes, *batched)

    def _one(self, p: Array, sizes: dict[str, Array] | None) -> RecursiveTraining:
        """Return the process of one context with truth ``p [vocabulary]`` and these sizes, inside the map."""
        regime: Any = self.regime
        if sizes:
            as_size = PossiblyZero if self.learner.drawn else lambda of: Schedule(of) if of.ndim else of
            own = {name: as_size(of) for name, of in sizes.items()}
            regime = dataclasses.replace(regime, **own, **self.learner.capacities(regime))
        return RecursiveTraining(p, regime, self.learner.learner, self.scheme, self.learner.drawn)

    def _sizes(self, key: Array, m: Any) -> dict[str, Array]:
        """Return the sizes of contexts at generation ``m`` by name, ``[contexts]``; of schedules those of all ``m``."""
        if not self.learner.drawn:
            return self._sizes_shared_out()
        of_sizes = threefry.split_keys(threefry.fold_in(key, _SIZES), len(self.regime.sizes))
        return {
            name: self.learner.draw(of_name, self.regime.size(name, m), getattr(self.regime, capacity))
            for of_name, (name, capacity) in zip(of_sizes, self.regime.sizes.items(), strict=True)
        }

    def _sizes_shared_out(self) -> dict[str, Array]:
        """Return sizes by name that are not drawn, ``[contexts]``, or of schedules ``[contexts, generations]``."""
        found = {}
        for name, capacity in self.regime.sizes.items():
            size = getattr(self.regime, name)
            if isinstance(size, Schedule):
                every = jnp.clip(jnp.asarray(size.sizes), 1, getattr(self.regime, capacity)).astype(jnp.int32)
                found[name] = jax.vmap(self.learner.sizes, out_axes=1)(every)
            else:
                found[name] = self.learner.sizes(self.regime.size(name, 1))
        return found


def _parts(state: State) -> State:
    """Return the state without the fields that have no axis of contexts, so that it can be mapped over contexts."""
    return state._replace(m=UNBATCHED, chain=UNBATCHED, status=UNBATCHED)


def _any_of(status: Array) -> Array:
    """Return the status of a chain, ``int32 []``, which has the flags of all its contexts ``[contexts]``."""
    return lax.reduce(status, np.int32(0), lax.bitwise_or, (0,))


def _invalid_size(invalid: Array) -> Array:
    """Return the status SIZE where a size is invalid, and else OK."""
    return jnp.where(invalid, jnp.int32(Status.SIZE.value), jnp.int32(0))

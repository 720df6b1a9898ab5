"""Recursive training of one learner under one regime, in the four phases of a process."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jaxcollapse.contract import (
    Corpus,
    Frame,
    Learner,
    Memory,
    Model,
    Process,
    Regime,
    Role,
    Scheme,
    Sources,
    State,
    Statistic,
    Status,
    View,
    Workload,
)
from jaxcollapse.exact import sums, threefry
from jaxcollapse.pytrees import static


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, eq=False)
class RecursiveTraining(Process):
    """The process of one learner trained recursively under one regime: a pytree whose numbers are leaves.

    Attributes:
      language: the truth as arrays; of tokens ``float32 [vocabulary]``.
      regime: which earlier generations each generation is trained on.
      learner: how a model is trained and how it writes.
      scheme: static; how a batch of chains is advanced.
      may_be_empty: static; whether a corpus may have no item. A generation with an empty corpus keeps the last model.
    """

    language: Any
    regime: Regime
    learner: Learner
    scheme: Scheme = static()  # noqa: RUF009
    may_be_empty: bool = static(default=False)

    @property
    def sources(self) -> Sources:
        """Return the models that the regime may draw from besides those of the chain."""
        return Sources(self.learner.truth(self.language))

    def begin(self, key: Array) -> tuple[Corpus, Memory, Frame]:
        """Return what generation 1 is trained on, with the memory and the frame of the chain."""
        sources = self.sources
        real = self.regime.draw_real(_role(key, Role.COLLECT), self.learner, sources.truth)
        real, frame = self.learner.frame(real, sources.truth, self.regime.closed)
        corpus, memory = self.regime.first(_role(key, Role.BEGIN), self.learner, sources, real, frame)
        return corpus, memory, frame

    def collect(self, key: Array, model: Model, memory: Memory, m: Array) -> tuple[Corpus, Memory]:
        """Return what generation ``m >= 2`` is trained on, and the memory."""
        return self.regime.collect(_role(key, Role.COLLECT), self.learner, self.sources, model, memory, m)

    def fit(self, key: Array, corpus: Corpus, previous: Model | None) -> Model:
        """Train a model; an empty corpus gives the last model, or the untrained one at generation 1."""
        model = self.learner.fit(_role(key, Role.FIT), corpus, previous)
        if not self.may_be_empty:
            return model
        before = self.learner.untrained(self.sources.truth) if previous is None else previous
        has_items = self.learner.corpora.length(corpus) > 0
        return jax.tree.map(lambda old, new: jnp.where(has_items, new, old), before, model)

    def remember(self, memory: Memory, model: Model, m: Array) -> Memory:
        """Return the memory after generation ``m`` is trained."""
        return self.regime.remember(self.learner, memory, model, m)

    def with_first(self, frame: Frame, model: Model) -> Frame:
        """Return the frame with p^(1) stored in it."""
        return self.learner.with_first(frame, model)

    def first_status(self) -> Array:
        """Return the status of the truth and of the learner's settings, ``int32 []``."""
        status = self.learner.status()
        p = self.learner.probabilities(self.language)
        if p is None:
            return status
        sound = jnp.all(p >= 0) & (jnp.abs(sums.total(p, 2.0) - 1) < 2e-5)
        return status | jnp.where(sound, jnp.int32(0), jnp.int32(Status.TRUTH.value))

    def status(self, model: Model, m: Any) -> Array:
        """Return the status of a fit and of the sizes at generation ``m``, ``int32 []``."""
        invalid = self.regime.is_invalid(m)
        return self.learner.status(model) | jnp.where(invalid, jnp.int32(Status.SIZE.value), jnp.int32(0))

    def view(self, state: State) -> View:
        """Return what statistics see of the model of a state."""
        return self.learner.view(state.model, self.sources.truth, state.frame)

    def view_truth(self, state: State) -> View:
        """Return what statistics see of the truth, generation 0, together with the p^(1) of a chain."""
        truth = self.sources.truth
        return self.learner.view(truth, truth, state.frame)

    def evaluate(self, statistics: tuple[Statistic, ...], view: View) -> dict[str, Array]:
        """Return statistics of a view by name."""
        joint = jax.tree.map(lambda leaf: leaf[None], view)  # what sees all contexts sees one
        look = lambda statistic: statistic.of(joint if statistic.over == "joint" else view)
        return {statistic.name: jnp.asarray(look(statistic)) for statistic in statistics}

    def is_fixed(self, state: State) -> Array:
        """Return whether the model can write one token only, ``bool []``."""
        return self.learner.fixed_token(state.model) >= 0

    def truth_is_fixed(self) -> Array:
        """Return whether the truth has one token only, ``bool []``."""
        return self.learner.fixed_token(self.sources.truth) >= 0

    def absorbed(self, state: State) -> Array:
        """Return whether nothing can change any more, ``bool []``: collapse for ever."""
        forever = self.regime.absorbed(self.learner, self.sources, state.model, state.memory, state.m)
        return forever & (state.status == 0)

    def is_constant(self) -> bool:
        """Return whether a model with one token only stays the same for ever, its counts included; static."""
        sizes = jax.tree.leaves(self.regime)
        return self.regime.memoryless and not self.may_be_empty and all(jnp.ndim(size) == 0 for size in sizes)

    def check_run(self, generations: int) -> None:
        """Raise ValueError where the regime or the learner cannot hold a run of so many generations."""
        self.regime.check_run(generations)
        self.learner.check_run(self.regime, generations)

    def workload(self) -> Workload:
        """Return what a generation of a chain costs."""
        return self.learner.workload(self.language, self.regime)

    def components(self) -> list[tuple[float, Process]]:
        """Return the processes of single contexts that this one consists of, each after its frequency."""
        return [(1.0, self)]

    @property
    def p(self) -> Array:
        """Return the true probabilities of tokens, ``float32 [vocabulary]``."""
        return self.learner.probabilities(self.language)

    @property
    def vocabulary(self) -> int:
        """Return the number of tokens in the vocabulary, seen or not."""
        return self.p.shape[-1]


def _role(key: Array, role: Role) -> Array:
    """Return the key of a generation folded with a role, for the random bits of that role."""
    return threefry.fold_in(key, role.value)

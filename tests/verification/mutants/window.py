"""Mutants of the window over the most recent generations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from jaxcollapse.regimes.base import only_if, put
from jaxcollapse.regimes.window import MostRecent

from .table import mutant, through_a_twin, twin


def _another_window(by: int) -> None:
    """Tokens of ``window + by`` models, as many of each as before."""

    class Another(MostRecent):
        asked: int

        @property
        def each(self) -> int:
            return max(1, int(self.capacity) // self.asked)

        def _share(self, m: Any) -> Any:
            return jnp.maximum(self.size("n", m) // self.asked, 1)

    def twin_of(self: Any) -> Any:
        other = twin(self, Another, window=max(1, self.window + by))
        object.__setattr__(other, "asked", self.window)
        return other

    through_a_twin(MostRecent, twin_of)


@mutant("the window is one generation too short", "most-recent")
def _() -> None:
    _another_window(-1)


@mutant("the window is one generation too long", "most-recent")
def _() -> None:
    _another_window(+1)


@mutant("tokens are drawn once and reused, where they are due afresh", "most-recent")
def _() -> None:
    through_a_twin(MostRecent, lambda self: twin(self, MostRecent, reuse=True))
    MostRecent.closed = False


@mutant("tokens are drawn afresh, with reuse=True", "most-recent", "reuse")
def _() -> None:
    through_a_twin(MostRecent, lambda self: twin(self, MostRecent, reuse=False))
    MostRecent.closed = False


def _afresh(last_truth: Callable[[Any], Any], dropped: Callable[[Any, Any], Any], other: bool = False) -> None:
    """The regime drawing afresh, with the truth in row 0 up to another generation, or not the truth there."""
    right = MostRecent.collect

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        if self.reuse:
            return right(self, key, learner, sources, model, memory, m)
        share = self._share(m)
        rows = lax.iota(jnp.int32, self.window)
        sizes = jnp.where((rows < m) & ~((rows == 0) & dropped(m, self.window)), share, 0)
        keys = jax.vmap(jax.random.fold_in, (None, 0))(key, rows)
        write = lambda key, model: learner.write(key, model, sources.truth, share, self.each)
        drawn = jax.vmap(write)(keys, memory)
        source = jax.tree.map(lambda stack: stack[1 % self.window], memory) if other else sources.truth
        reaches = m <= last_truth(self.window)
        of_truth = only_if(reaches, lambda: write(keys[0], source))
        first = jax.tree.map(lambda real, all_: jnp.where(reaches, real, all_[0]), of_truth, drawn)
        return self._together(learner, put(drawn, jnp.int32(0), first), sizes), memory

    MostRecent.collect = collect


@mutant("the truth stays in the window one generation too long, afresh", "most-recent")
def _() -> None:
    _afresh(lambda window: window + 1, lambda m, window: False)


@mutant("the truth leaves the window one generation too early, afresh", "most-recent")
def _() -> None:
    _afresh(lambda window: window, lambda m, window: m == window)


@mutant("p^(1) is taken for the truth while the window reaches back to it, afresh", "most-recent")
def _() -> None:
    _afresh(lambda window: window, lambda m, window: False, other=True)


def _reused(row_at: Callable[[Any, int], Any]) -> None:
    """The regime with reuse, with the newest data laid in another row."""
    right = MostRecent.collect

    def collect(self: Any, key: Any, learner: Any, sources: Any, model: Any, memory: Any, m: Any) -> Any:
        if not self.reuse or self.window == 1:
            return right(self, key, learner, sources, model, memory, m)
        (datasets, sizes), share, row = memory, self._share(m), row_at(m, self.window)
        datasets = put(datasets, row, learner.write(key, model, sources.truth, share, self.each))
        sizes = sizes.at[row].set(share)
        return self._together(learner, datasets, sizes), (datasets, sizes)

    MostRecent.collect = collect


@mutant("the truth's tokens leave the window one generation too early, with reuse=True", "most-recent", "reuse")
def _() -> None:
    _reused(lambda m, window: m % window)


@mutant("the truth's tokens never leave the window, with reuse=True", "most-recent", "reuse")
def _() -> None:
    _reused(lambda m, window: 1 + (m - 2) % (window - 1))

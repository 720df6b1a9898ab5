"""Mutants of what is recorded: the statistics, and the p^(1) that some of them look back at."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from jaxcollapse import statistics
from jaxcollapse.exact import sums
from jaxcollapse.process.one_context import RecursiveTraining
from jaxcollapse.sampling.token_frame import DISTANCE

from .table import mutant


def _statistic(name: str, of: Callable[[Any], Any]) -> None:
    """Put another function in place of a statistic's own."""
    setattr(statistics, name, of)
    statistics.STATISTICS[name] = dataclasses.replace(statistics.STATISTICS[name], of=of)


@mutant("heterozygosity is the unbiased one, multiplied by n/(n - 1)")
def _() -> None:
    right = statistics.heterozygosity

    def heterozygosity(view: Any) -> Any:
        if view.total is None:
            return right(view)
        size = view.total.astype(jnp.float32)
        return right(view) * size / jnp.maximum(size - 1, 1)

    _statistic("heterozygosity", heterozygosity)


@mutant("support counts only the words that were counted twice or more")
def _() -> None:
    def support(view: Any) -> Any:
        return jnp.sum(view.p > 0 if view.counts is None else view.counts > 1, dtype=jnp.int32)

    _statistic("support", support)


def _look_back(frame_of: Callable[[RecursiveTraining, Any, Any], Any]) -> None:
    """Put another frame, with another p^(1) in it, into the state after a step."""
    right = RecursiveTraining.step

    def step(self: RecursiveTraining, key: Any, state: Any) -> Any:
        after = right(self, key, state)
        return after if state.frame.kept_first is None else after._replace(frame=frame_of(self, state, after))

    RecursiveTraining.step = step


@mutant("from generation 2 on, the statistics that look back at p^(1) look at p^(2)")
def _() -> None:
    def frame_of(process: RecursiveTraining, before: Any, after: Any) -> Any:
        second = process.with_first(after.frame, after.model)
        return jax.tree.map(lambda one, other: jnp.where(after.m == 2, one, other), second, after.frame)

    _look_back(frame_of)


@mutant("the statistics that look back at p^(1) look at the generation before")
def _() -> None:
    _look_back(lambda process, before, after: process.with_first(after.frame, before.model))


@mutant("the statistics that look back at p^(1) look at that of another chain")
def _() -> None:
    right = RecursiveTraining.init

    def init(self: RecursiveTraining, key: Any, chain: Any, *, keep_first: bool = True) -> Any:
        state = right(self, key, chain, keep_first=keep_first)
        if not keep_first:
            return state
        other = right(self, jax.random.fold_in(key, 99), chain, keep_first=True).frame
        first = jnp.zeros(self.vocabulary, jnp.float32).at[other.tokens].set(other.first, mode="drop")
        first = first.at[state.frame.tokens].get(mode="fill", fill_value=0)
        return state._replace(frame=state.frame._replace(first=first))

    RecursiveTraining.init = init


@mutant(
    "l1_truth forgets the words that the real data lack, where n is smaller than the vocabulary",
    "fully-synthetic",
    "renamed",
)
def _() -> None:
    def l1_truth(view: Any) -> Any:
        return sums.value(sums.accumulate(jnp.abs(view.p - view.truth), DISTANCE), DISTANCE)

    _statistic("l1_truth", l1_truth)

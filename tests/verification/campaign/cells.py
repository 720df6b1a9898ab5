"""Settings drawn at random: a language, a regime and its sizes. Few shapes, so that little is compiled."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from every_other import EveryOther

import jaxcollapse as jc

WIDTH = 8
"""Tokens of every language; some have no mass."""
MOST = 16
"""The largest size; the capacity of all."""
GENERATIONS = 10
PREFIX_ORACLE = 4
"""Generations for which the law of prefixes is enumerated."""


@dataclasses.dataclass(frozen=True)
class Cell:
    """One setting.

    Attributes:
      number: its place in the campaign.
      variant: which row of VARIANTS.
      p: the language, `[WIDTH]`.
      regime: as simulated.
      twin: the row of `twin.TWINS`, and its settings.
    """

    number: int
    variant: str
    p: np.ndarray
    regime: Any
    twin: tuple[str, dict[str, Any]]

    @property
    def process(self):
        learner = jc.learners.Categorical("counts") if "counted" in self.variant else None
        return jc.recursive_training(self.p, self.regime, learner)

    def __str__(self):
        settings = ", ".join(f"{name}={value}" for name, value in self.twin[1].items())
        return f"{self.variant}({settings}), {np.count_nonzero(self.p)} tokens"


def language(rng) -> np.ndarray:
    """Uniform, Zipf or Dirichlet on two to eight tokens, among tokens without mass."""
    support = int(rng.integers(2, WIDTH + 1))
    kind = rng.integers(3)
    if kind == 0:
        mass = np.ones(support)
    elif kind == 1:
        mass = 1 / np.arange(1, support + 1) ** rng.uniform(0.5, 2)
    else:
        mass = rng.dirichlet(np.full(support, rng.uniform(0.3, 3))) + 1e-3
    p = np.zeros(WIDTH)
    p[rng.choice(WIDTH, support, replace=False)] = rng.permutation(mass / mass.sum())
    return p


def size(rng, least=2, most=MOST) -> int:
    return int(rng.integers(least, most + 1))


def _n(rng, schedule: bool, least: int, most: int) -> tuple[Any, Any]:
    """A size for the engine and for the twin."""
    if not schedule:
        n = size(rng, least, most)
        return n, n
    listed = [size(rng, least, most) for _ in range(4)]
    return jc.schedules.given(listed), listed


def _of(
    name: str, make: Callable, schedule: bool = False, least: int = 2, most: int = MOST, **draws: Callable | Any
) -> Callable:
    """A variant: how to draw its settings, for the engine (`make`) and for the twin (`name`)."""

    def draw(rng):
        engine_n, twin_n = _n(rng, schedule, least, most)
        settings = {key: value(rng) if callable(value) else value for key, value in draws.items()}
        return make(n=engine_n, **settings), (name, {"n": twin_n, **settings})

    return draw


def _fully(n):
    return jc.FullySynthetic(n=n, capacity=MOST)


def _fully_renamed(n):
    """Room for fewer tokens than the language has, so that they are renamed."""
    return jc.FullySynthetic(n=n, capacity=WIDTH // 2)


def _partially(n, real):
    return jc.PartiallySynthetic(n=n, real=real, capacity=MOST, real_capacity=MOST)


def _recent(n, window, reuse):
    return jc.MostRecent(n=n, window=window, reuse=reuse, capacity=MOST)


def _random(n, reuse):
    generations = GENERATIONS if reuse == "prefix" else None
    return jc.RandomlySampled(n=n, reuse=reuse, generations=generations, capacity=MOST)


def _accumulate(n):
    return jc.Accumulate(n=n, capacity=MOST)


def _subsample(n, budget, replacement):
    return jc.AccumulateSubsample(n=n, budget=budget, replacement=replacement, capacity=MOST, budget_capacity=MOST)


def _fresh(n, real, weight=None):
    return jc.FreshReal(n=n, real=real, weight=weight, capacity=MOST, real_capacity=MOST)


def _mixture(n, share):
    return jc.Mixture(n=n, share=share, capacity=MOST)


def _every_other(n):
    return EveryOther(n=n, capacity=MOST)


def _share(rng):
    """A chance that float32 has exactly."""
    return float(rng.integers(1, 32)) / 32


def _weight(rng):
    return float(rng.integers(1, 97)) / 32


VARIANTS: dict[str, Callable] = {
    "fully-synthetic": _of("fully-synthetic", _fully),
    "fully-synthetic, renamed": _of("fully-synthetic", _fully_renamed, most=WIDTH // 2),
    "fully-synthetic, n_m": _of("fully-synthetic", _fully, schedule=True),
    "partially-synthetic": _of("partially-synthetic", _partially, real=lambda rng: size(rng, 1)),
    "partially-synthetic, n_m": _of("partially-synthetic", _partially, schedule=True, real=lambda rng: size(rng, 1)),
    "most-recent K=2": _of("most-recent", _recent, window=2, reuse=False),
    "most-recent K=3": _of("most-recent", _recent, least=3, window=3, reuse=False),
    "most-recent K=2, n_m": _of("most-recent", _recent, schedule=True, window=2, reuse=False),
    "most-recent K=2, reuse": _of("most-recent", _recent, window=2, reuse=True),
    "most-recent K=4, reuse": _of("most-recent", _recent, least=4, window=4, reuse=True),
    "most-recent K=3, reuse, n_m": _of("most-recent", _recent, schedule=True, least=3, window=3, reuse=True),
    "randomly-sampled": _of("randomly-sampled", _random, reuse=False),
    "randomly-sampled, n_m": _of("randomly-sampled", _random, schedule=True, reuse=False),
    "randomly-sampled pool": _of("randomly-sampled", _random, reuse="pool"),
    "randomly-sampled pool, n_m": _of("randomly-sampled", _random, schedule=True, reuse="pool"),
    "randomly-sampled prefix": _of("randomly-sampled", _random, reuse="prefix"),
    "randomly-sampled prefix, small": _of("randomly-sampled", _random, most=3, reuse="prefix"),
    "randomly-sampled prefix, n_m": _of("randomly-sampled", _random, schedule=True, reuse="prefix"),
    "accumulate": _of("accumulate", _accumulate),
    "accumulate, n_m": _of("accumulate", _accumulate, schedule=True),
    "accumulate-subsample": _of("accumulate-subsample", _subsample, budget=size, replacement=False),
    "accumulate-subsample, n_m": _of("accumulate-subsample", _subsample, schedule=True, budget=size, replacement=False),
    "accumulate-subsample with replacement": _of("accumulate-subsample", _subsample, budget=size, replacement=True),
    "fresh-real": _of("fresh-real", _fresh, real=lambda rng: size(rng, 0)),
    "fresh-real weighted": _of("fresh-real", _fresh, real=lambda rng: size(rng, 1), weight=_weight),
    "fresh-real, n_m": _of("fresh-real", _fresh, schedule=True, real=lambda rng: size(rng, 0)),
    "mixture": _of("mixture", _mixture, share=_share),
    "mixture, n_m": _of("mixture", _mixture, schedule=True, share=_share),
    "every-other": _of("every-other", _every_other),
    "fully-synthetic, counted": _of("fully-synthetic", _fully),
    "partially-synthetic, counted, n_m": _of(
        "partially-synthetic", _partially, schedule=True, real=lambda rng: size(rng, 1)
    ),
    "fresh-real, counted": _of("fresh-real", _fresh, real=lambda rng: size(rng, 0)),
    "mixture, counted": _of("mixture", _mixture, share=_share),
    "accumulate, counted, n_m": _of("accumulate", _accumulate, schedule=True),
    "accumulate-subsample, counted": _of("accumulate-subsample", _subsample, budget=size, replacement=False),
    "accumulate-subsample with replacement, counted": _of(
        "accumulate-subsample", _subsample, budget=size, replacement=True
    ),
}


def draw(seed: int, count: int, variants=VARIANTS) -> list[Cell]:
    """Cells from a seed, the variants in turn."""
    rng, names, cells = np.random.default_rng(seed), list(variants), []
    for number in range(count):
        name = names[number % len(names)]
        regime, twin = VARIANTS[name](rng)
        cells.append(Cell(number, name, language(rng), regime, twin))
    return cells

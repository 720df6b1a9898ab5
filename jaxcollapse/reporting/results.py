"""What a report holds."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxcollapse import analysis
from jaxcollapse.languages.language import Language

MOMENTS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""Generations that a table shows."""
LOSSES = (1, 10, 100)
"""Generations after which losses are told."""
SHORT: dict[str, Any] = {
    "real": "+{:,} real",
    "window": "window {}",
    "reuse": {True: "reused", "pool": "pool", "prefix": "prefixes"},
    "budget": "budget {:,}",
    "replacement": {True: "with replacement"},
    "share": "share {:g}",
    "weight": "weight {:g}",
}
"""Settings in a title; a regime has some of them."""


@dataclasses.dataclass(frozen=True)
class Band:
    """Words of like frequency, or contexts.

    Attributes:
      low, high: true probabilities, ``low <= p < high``.
      count: how many.
      examples: some of them, from frequent to rare.
    """

    low: float
    high: float
    count: int
    examples: tuple[str, ...]

    @property
    def label(self) -> str:
        """The frequencies per million tokens."""
        return f"{_short(self.low * 1e6)} to {_short(self.top * 1e6)}"

    @property
    def top(self) -> float:
        """The upper edge, 1 at most."""
        return min(self.high, 1.0)


@dataclasses.dataclass(frozen=True)
class Curve:
    """One statistic of one regime: what was simulated and what is exact.

    Attributes:
      simulated: mean, standard error and quantiles over chains.
      exact: ``[generations + 1]``, or None where theory does not reach.
      kind: ``"exact"``, ``"branching approximation"`` or ``""``.
    """

    simulated: analysis.Ensemble
    exact: np.ndarray | None
    kind: str


@dataclasses.dataclass(frozen=True)
class OfRegime:
    """What every report has of a regime.

    Attributes:
      name: of the regime, as on the command line.
      regime: the regime itself.
      curves: by statistic.
    """

    name: str
    regime: Any
    curves: dict[str, Curve]

    @property
    def title(self) -> str:
        """The regime and its settings."""
        return title(self.name, self.regime)


@dataclasses.dataclass(frozen=True)
class RegimeResult(OfRegime):
    """All that was found for one regime.

    Attributes:
      name, regime, curves: as in :class:`OfRegime`.
      survival: the share of each band's words alive, or of all that may follow its contexts; mean over chains,
        ``[bands, generations + 1]``.
      survival_error: its standard error.
      survival_exact: the same by theory, or None where that does not reach.
      survival_kind: as :attr:`Curve.kind`.
      remembered: what a chain keeps besides its last model, as a sentence; empty where that is little.
      sizes: of contexts, whether they are "drawn" or "shared out"; empty for words.
    """

    survival: np.ndarray
    survival_error: np.ndarray
    survival_exact: np.ndarray | None
    survival_kind: str
    remembered: str = ""
    sizes: str = ""

    @property
    def left(self) -> Curve:
        """How many words are alive; or how many of the tokens that may follow a context, mean over contexts."""
        return self.curves["alive" if "alive" in self.curves else "support"]

    @property
    def title(self) -> str:
        """The regime and its settings, and how contexts have their sizes."""
        return title(self.name, self.regime) + (f", sizes {self.sizes}" if self.sizes else "")


@dataclasses.dataclass(frozen=True)
class DecayResult:
    """The decay of heterozygosity at a small sample size, fitted and exact."""

    n: int
    curve: Curve
    fit: analysis.Fit
    exact_rate: float


@dataclasses.dataclass(frozen=True)
class Report:
    """What :func:`report` found and wrote.

    Attributes:
      folder: where the files are.
      language: the truth.
      regimes: results by the regime's name.
      bands: words by frequency, most frequent first; or contexts.
      decay: the fitted and the exact decay rate; None for contexts.
      summary: the table that is printed.
      configuration: every setting, as written to ``report.json``.
    """

    folder: pathlib.Path
    language: Language
    regimes: dict[str, RegimeResult]
    bands: tuple[Band, ...]
    decay: DecayResult | None
    summary: str
    configuration: dict[str, Any]

    @property
    def units(self) -> str:
        """What the tokens are, in the plural."""
        return "characters" if self.language.source.get("unit") == "character" else "words"

    @property
    def of_contexts(self) -> bool:
        """Whether it is about what follows contexts, and not about words."""
        return "order" in self.configuration

    @property
    def banded(self) -> str:
        """What bands hold, in the plural."""
        return "contexts" if self.of_contexts else self.units

    @property
    def worst(self) -> RegimeResult:
        """The regime in which most is lost."""
        return min(self.regimes.values(), key=lambda result: result.left.simulated.mean[-1])


def title(name: str, regime: Any) -> str:
    """A regime by its name on the command line, and its settings.

    Example:
      >>> from jaxcollapse.regimes import make
      >>> title("most-recent", make("most-recent", n=500, window=5))
      'most-recent (window 5)'
    """
    settings = details(regime, SHORT)
    return f"{name} ({', '.join(settings)})" if settings else name


def details(regime: Any, texts: Mapping[str, Any]) -> list[str]:
    """The settings of a regime in words, but for those that are off."""
    values = {key: getattr(regime, key, None) for key in texts}
    shown = {key: value for key, value in values.items() if value is not None and value is not False}
    return [texts[k][v] if isinstance(texts[k], Mapping) else texts[k].format(v) for k, v in shown.items()]


def tokens_a_generation(configuration: Mapping[str, Any]) -> str:
    """How many, and how they grow; and what is done to models, if anything is."""
    growth, order = configuration.get("growth"), configuration.get("order")
    grows = "" if growth is None else f" (times {growth:g} each)"
    how = ("" if order is None else f"contexts of {order} token{'s' * (order != 1)}", configuration.get("learner"))
    return ", ".join((f"{configuration['n']:,} tokens a generation{grows}", *(part for part in how if part)))


def _short(per_million: float) -> str:
    rounded = float(f"{per_million:.3g}")
    return f"{rounded:,.0f}" if rounded >= 1000 else f"{rounded:g}"

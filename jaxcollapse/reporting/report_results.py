"""What reports hold: plain results, which nothing here simulates, draws or writes."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import numpy as np

from jaxcollapse import analysis
from jaxcollapse.languages.language import Language
from jaxcollapse.reporting.wording import title


@dataclasses.dataclass(frozen=True)
class Band:
    """Words, or contexts, of similar frequency.

    Attributes:
      low, high: true probabilities, ``low <= p < high``.
      count: how many words or contexts there are.
      examples: some of them, from frequent to rare.
    """

    low: float
    high: float
    count: int
    examples: tuple[str, ...]

    @property
    def label(self) -> str:
        """The frequencies per million tokens, as a text."""
        return f"{_short(self.low * 1e6)} to {_short(self.top * 1e6)}"

    @property
    def top(self) -> float:
        """The upper edge, 1 at most."""
        return min(self.high, 1.0)


@dataclasses.dataclass(frozen=True)
class Curve:
    """One statistic of one regime, simulated and exact.

    Attributes:
      simulated: mean, standard error and quantiles over chains.
      exact: the expectation ``[generations + 1]``, or None where theory does not reach.
      kind: ``"exact"``, ``"branching approximation"`` or ``""``.
    """

    simulated: analysis.Ensemble
    exact: np.ndarray | None
    kind: str


@dataclasses.dataclass(frozen=True)
class RegimeResult:
    """What a report on words or on contexts found for one regime.

    Attributes:
      name: the regime's name on the command line.
      regime: the regime itself.
      curves: one :class:`Curve` for each statistic.
      survival: the share of each band's words that are alive, or of all that may follow its contexts; the mean over
        chains, ``[bands, generations + 1]``.
      survival_error: its standard error, of the same shape.
      survival_exact: the same share by theory, or None where theory does not reach.
      survival_kind: as :attr:`Curve.kind`.
      remembered: what a chain keeps besides its last model, as a sentence; empty where that is little.
      sizes: whether sample sizes of contexts are "drawn" or "shared out"; empty for words.
    """

    name: str
    regime: Any
    curves: dict[str, Curve]
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
class TextResult:
    """What a report on a text found for one regime.

    Attributes:
      name: the regime's name on the command line.
      regime: the regime itself.
      curves: one :class:`Curve` for each statistic.
      texts: what chain 0 writes, by generation; generation 0 is the truth, a model of the book itself.
    """

    name: str
    regime: Any
    curves: dict[str, Curve]
    texts: dict[int, str]

    @property
    def title(self) -> str:
        """The regime and its settings."""
        return title(self.name, self.regime)


@dataclasses.dataclass(frozen=True)
class DecayResult:
    """The decay of heterozygosity at a small sample size, fitted and exact.

    Attributes:
      n: tokens a generation.
      curve: the heterozygosity, simulated and exact.
      fit: the exponential that is fitted to the simulated curve.
      exact_rate: the rate ``-ln(1 - 1/n)``, per generation.
    """

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
        return units_of_words(self.language)

    @property
    def of_contexts(self) -> bool:
        """Whether the report is about what follows contexts, and not about words."""
        return "order" in self.configuration

    @property
    def banded(self) -> str:
        """What the bands hold, in the plural."""
        return "contexts" if self.of_contexts else self.units

    @property
    def worst(self) -> RegimeResult:
        """The result of the regime in which most is lost."""
        return min(self.regimes.values(), key=lambda result: result.left.simulated.mean[-1])


@dataclasses.dataclass(frozen=True)
class TextReport:
    """What :func:`report_text` found and wrote.

    Attributes:
      folder: where the files are.
      language: what the models learn from, with its text.
      book: the beginning of the text itself.
      regimes: results by the regime's name.
      summary: what is printed.
      configuration: every setting, as written to ``report.json``.
    """

    folder: pathlib.Path
    language: Language
    book: str
    regimes: dict[str, TextResult]
    summary: str
    configuration: dict[str, Any]

    @property
    def units(self) -> str:
        """What the tokens are, in the plural."""
        return {"character": "characters", "word": "words"}.get(self.language.source.get("unit", ""), "tokens")

    @property
    def is_scored(self) -> bool:
        """Whether the models were tested on a held-out text."""
        return "cross_entropy" in next(iter(self.regimes.values())).curves


def units_of_words(language: Language) -> str:
    """Return what the tokens of a report on words or contexts are called, in the plural."""
    return "characters" if language.source.get("unit") == "character" else "words"


def _short(per_million: float) -> str:
    rounded = float(f"{per_million:.3g}")
    return f"{rounded:,.0f}" if rounded >= 1000 else f"{rounded:g}"

"""``jaxcollapse report``: figures, numbers and a table of a language's collapse."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import tyro

from jaxcollapse import check
from jaxcollapse.cli.settings_groups import LanguageSettings, LearnerSettings, RegimeName, RegimeSettings
from jaxcollapse.regimes import REGIMES
from jaxcollapse.reporting import report, report_text

Regimes = Annotated[tuple[RegimeName, ...], tyro.conf.arg(metavar="NAME ...", help=f"any of: {', '.join(REGIMES)}")]


@dataclasses.dataclass(frozen=True)
class Report:
    """Simulate the collapse of a language; write figures (PNG, SVG) and numbers (CSV, JSON)."""

    # a text file of any size, the language to study
    text: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="[TEXT]")] = None
    regimes: Regimes = ("fully-synthetic", "partially-synthetic")
    n: int | None = None  # tokens a generation is trained on (default: as many as TEXT has, or a million)
    generations: int | None = None  # the last one (default: 100)
    chains: int | None = None  # independent runs of each regime (default: 16; ngram: 8)
    seed: int = 0  # of all randomness
    out: str = "report"  # folder to write
    fit_n: int | None = None  # words: tokens a generation where the rate is fitted (default: 100)
    fit_chains: int | None = None  # words: chains of that fit (default: 2000)
    held_out: float | None = None  # ngram: share of TEXT, at its end, that models are tested on (default: 0.1)
    quiet: bool = False  # no progress bar
    language: LanguageSettings = dataclasses.field(default_factory=LanguageSettings)
    regime_settings: RegimeSettings = dataclasses.field(default_factory=RegimeSettings)
    learner: LearnerSettings = dataclasses.field(default_factory=LearnerSettings)

    def execute(self) -> None:
        """Make the report and print its summary."""
        model = self.learner.model
        language = self.language.make(self.text, model)
        given: dict[str, Any] = {name: getattr(self, name) for name in ("n", "seed", "out")}
        given |= dataclasses.asdict(self.regime_settings)
        given |= {"regimes": list(self.regimes), "progress": not self.quiet}
        own = ("generations", "chains", "fit_n", "fit_chains")
        given |= {name: value for name in own if (value := getattr(self, name)) is not None}
        for name in ("fit_n", "fit_chains"):
            if name in given and model != "words":
                raise ValueError(f"{name.replace('_', '-')} is for reports on words; leave it out")
        found: Any
        if model == "ngram":
            share = 0.1 if self.held_out is None else self.held_out
            check.real_numbers("held_out", share, 0, 0.9)
            language, held_out = language.split(share) if share else (language, 0)
            found = report_text(language, learner=self.learner.make(language), held_out=held_out, **given)
        elif self.held_out is not None:
            raise ValueError("held-out is for models that write; say --model ngram")
        else:
            if model == "contexts":
                given["order"] = 1 if self.learner.order is None else self.learner.order
            found = report(language, learner=self.learner.make(language), **given)
        print(found.summary)
        print(f"\nFigures and numbers are in {found.folder}/")

"""The settings of a simulation of one regime, and the process that they stand for."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, NamedTuple

from tyro.conf import arg

from jaxcollapse import check, recursive_training
from jaxcollapse.cli.settings_groups import LanguageSettings, LearnerSettings, RegimeName, RegimeSettings
from jaxcollapse.process import context_construction
from jaxcollapse.regimes import REGIMES
from jaxcollapse.reporting.settings import memory_sentence, regimes_of
from jaxcollapse.reporting.wording import title, tokens_a_generation


class Plan(NamedTuple):
    """A process, what is simulated of it, and a heading that says so."""

    process: Any
    chains: int
    generations: int
    seed: int
    heading: str


@dataclasses.dataclass(frozen=True)
class SimulationSettings:
    """One regime, its sizes and its learner."""

    regime: Annotated[RegimeName, arg(metavar="NAME", help=f"one of: {', '.join(REGIMES)}")] = "fully-synthetic"
    n: int = 1000  # tokens a generation is trained on
    generations: int = 50  # the last one
    chains: int = 256  # independent runs
    seed: int = 0  # of all randomness
    language: LanguageSettings = dataclasses.field(default_factory=LanguageSettings)
    regime_settings: RegimeSettings = dataclasses.field(default_factory=RegimeSettings)
    learner: LearnerSettings = dataclasses.field(default_factory=LearnerSettings)

    def plan(self, text: str | None, *, fewest_chains: int = 1, remedy: str = "", dashes: str = "--") -> Plan:
        """Return what these settings stand for; the language is that of a text file, or of a name if `text` is None.

        Raises:
          ValueError: for a language, a regime, a learner or a number that is refused; `dashes` stand before settings'
            names, and `remedy` says why there must be `fewest_chains`.
          OSError: when the text cannot be read.
        """
        language = self.language.make(text, self.learner.model)
        n = check.static_whole_number("n", self.n)
        generations = check.static_whole_number("generations", self.generations)
        given = dataclasses.asdict(self.regime_settings)
        regime = regimes_of([self.regime], n=n, generations=generations, given=given, dashes=dashes)[self.regime]
        process, about_learner = self._process(language, regime)
        chains = check.static_whole_number("chains", self.chains, least=fewest_chains, remedy=remedy)
        seed = check.static_whole_number("seed", self.seed, least=0)
        size = tokens_a_generation({"n": n, "growth": self.regime_settings.growth})
        what = f"{language.name}: {title(self.regime, regime)}"
        heading = ", ".join(filter(None, (what, size, about_learner, f"{chains} chains, seed {seed}")))
        return Plan(process, chains, generations, seed, "\n".join(filter(None, (heading, memory_sentence(process)))))

    def _process(self, language: Any, regime: Any) -> tuple[Any, str]:
        """Return the process, and in words what is not plain about its learner."""
        learner = self.learner.make(language, [regime], self.generations)
        about = "" if learner is None else learner.label
        if self.learner.model != "contexts":
            return recursive_training(language, regime, learner), about
        order = 1 if self.learner.order is None else self.learner.order
        p, frequencies = language.contexts(order)
        process = context_construction.of_table(p, frequencies, regime, learner)
        how = f"{process.contexts:,} contexts of order {order}, sizes {process.learner.sharing}"
        return process, ", ".join(filter(None, (how, about)))

"""A report on a text and the models that write it anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import jax
import numpy as np

from jaxcollapse import analysis, statistics
from jaxcollapse.contract import Process
from jaxcollapse.languages.language import Language
from jaxcollapse.learners import NGram
from jaxcollapse.process.construction import recursive_training
from jaxcollapse.reporting import plotting_texts
from jaxcollapse.reporting.files import curves_csv, finite
from jaxcollapse.reporting.report_results import Curve, TextReport, TextResult
from jaxcollapse.reporting.settings import Plan
from jaxcollapse.reporting.subject import Subject
from jaxcollapse.reporting.texts import joined, side_by_side, texts_of, tokens_of_column
from jaxcollapse.reporting.wording import generations_shown, tokens_a_generation
from jaxcollapse.results import Trace

MEASURED = ("ngrams", "contexts", "entropy_rate", "type_token_ratio", "support")
"""The statistics of every report on a text; the table shows all but the last."""
HEADS = ("n-grams", "contexts", "entropy rate", "kinds/length", "cross-entropy")
"""The heads of the table's columns; the last one only where a held-out text is scored."""
LARGEST_SCORED = 2**22
"""The largest table, in entries, by which a held-out text is scored."""


@final
class OfText(Subject):
    """A report on a text: what n-gram models write, generation after generation, and what they forget.

    Args:
      language: the truth, with the text that the first models learn from.
      learner: the n-gram model.
      held_out: the tokens of a text that models are tested on, by their index; there may be none.
    """

    made = TextReport

    def __init__(self, language: Language, learner: NGram, held_out: Any) -> None:
        assert language.text is not None, "the learner has refused a language without a text"
        self.language, self.learner, self._held_out, self._text = language, learner, held_out, language.text

    @property
    def record(self) -> tuple[Any, ...]:
        order = self.learner.order
        if len(self._held_out) > order and len(self.language) ** (order + 1) <= LARGEST_SCORED:
            return (*MEASURED, statistics.cross_entropy(self._held_out, order=order))
        return MEASURED

    def process(self, regime: Any) -> Process:
        return recursive_training(self.language, regime, self.learner)

    def result(self, name: str, regime: Any, process: Process, trace: Trace, key: jax.Array) -> TextResult:
        curves = {each: Curve(analysis.ensemble(trace, each), None, "") for each in trace}
        return TextResult(name, regime, curves, texts_of(key, process, self.language, trace.generations))

    def configuration(self, plan: Plan) -> dict[str, Any]:
        learner = self.learner
        return {
            "learned_from": len(self._text),
            "held_out": len(self._held_out),
            "learner": learner.label,
            "model": {name: getattr(learner, name) for name in ("order", "documents", "room", "method")},
            "regimes": list(plan.regimes),
            "n": plan.n,
            **{name: value for name, value in plan.given.items() if value is not None},
            **plan.run,
        }

    def extras(self, key: jax.Array, progress: Any) -> dict[str, Any]:
        return {"book": joined(self.language, self._text[: tokens_of_column(self.language)])}

    def summary(self, found: TextReport) -> str:
        settings = found.configuration
        generations = settings["generations"]
        scored = found.is_scored
        held, also = "", ""
        if scored:
            held, also = f", tested on the {settings['held_out']:,} after them", " and held-out cross-entropy"
        lines = [
            f"{found.language.name}: models learn from {settings['learned_from']:,} {found.units}{held}; "
            f"{settings['chains']} chains, {tokens_a_generation(settings)}, seed {settings['seed']}"
        ]
        for result in found.regimes.values():
            lines += [
                "",
                f"{result.title}: different n-grams and contexts, entropy rate{also} in nats a {found.units[:-1]} "
                "(mean over chains)",
                "generation".ljust(12) + "".join(head.rjust(16) for head in HEADS[: 5 if scored else 4]),
            ]
            means = [result.curves[name].simulated.mean for name in (*MEASURED[:4], *["cross_entropy"] * scored)]
            for m in generations_shown(generations):
                cells = (f"{mean[m]:,.0f}" if i < 2 else f"{mean[m]:.4f}" for i, mean in enumerate(means))
                lines.append(f"{m:<12}" + "".join(cell.rjust(16) for cell in cells))
            half = analysis.half_life(means[0][1:])
            after = f"{1 + half:.1f}" if np.isfinite(half) else f"more than {generations}"
            columns = {"the book itself": found.book} | {f"m = {m}": text for m, text in result.texts.items()}
            lines += [f"half of the first model's n-grams are left at m = {after}", "", side_by_side(columns)]
        return "\n".join(lines)

    @property
    def figures(self) -> dict[str, Callable[[TextReport], Any]]:
        return {"curves": plotting_texts.curves, "texts": plotting_texts.texts}

    def texts(self, found: TextReport) -> dict[str, str]:
        written = [
            f"\n{result.title}, generation {m}\n\n{text}\n"
            for result in found.regimes.values()
            for m, text in result.texts.items()
        ]
        curves = [((name, each), curve) for name, of in found.regimes.items() for each, curve in of.curves.items()]
        return {
            "texts.txt": "".join((f"{found.language.name}\n\n{found.book}\n", *written)),
            "curves.csv": curves_csv(["regime", "statistic"], curves, theory=False),
        }

    def document(self, found: TextReport) -> dict[str, Any]:
        half = lambda result: finite(analysis.half_life(result.curves["ngrams"].simulated.mean[1:]))
        texts = {name: {str(m): text for m, text in of.texts.items()} for name, of in found.regimes.items()}
        return {"regimes": {name: {"ngrams_half_life": half(of)} for name, of in found.regimes.items()}, "texts": texts}

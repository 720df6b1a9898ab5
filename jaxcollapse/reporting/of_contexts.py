"""A report on what follows each context of a text."""

from __future__ import annotations

from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse import analysis, statistics
from jaxcollapse.contract import Process, View
from jaxcollapse.languages.language import Language
from jaxcollapse.process import context_construction
from jaxcollapse.reporting import exact_curves
from jaxcollapse.reporting.banded import CURVES, Banded, Survival
from jaxcollapse.reporting.bands import frequency_bands, members
from jaxcollapse.reporting.report_results import units_of_words
from jaxcollapse.reporting.wording import Wording
from jaxcollapse.results import Trace


def alive(view: View) -> jax.Array:
    """Count the tokens of the truth that a model can still write, ``int32``.

    Smoothing, and a context that no token was drawn for, make tokens possible that the truth does not have.
    """
    return jnp.sum((view.p > 0) & (view.truth > 0), dtype=jnp.int32)


ALIVE = statistics.Statistic("alive", alive)


@final
class OfContexts(Banded):
    """A report on what follows each context: of all that may follow the contexts of a band, how much is alive.

    Args:
      language: the truth, with its text.
      order: tokens of context.
      learner: how the model of one context is trained and how it writes; None for maximum likelihood.

    Raises:
      ValueError: for a language without a text, or where one token only follows each context.
    """

    curves = (*CURVES, ALIVE)

    def __init__(self, language: Language, order: int, learner: Any) -> None:
        self.language, self.learner, self.own_settings = language, learner, {"order": order}
        self._p, self._frequencies = language.contexts(order)
        if np.all(self._p.max(axis=1) == 1):
            raise ValueError(f"each context of order={order} is followed by one token only: there is nothing to lose")
        names = [language.between.join(tokens) for tokens in language.context_names(order)]
        self.bands = frequency_bands(Language(self._frequencies, names, f"contexts of {language.name}", {}))
        self.alive = statistics.each(ALIVE)
        units = units_of_words(language)
        self.wording = Wording(
            table="contexts",
            lost="choice",
            left=f"Of the {units} that may follow a context, how many are left, mean by the contexts' frequency,",
            survival="share left of all that may follow them,",
            axis=f"{units} that may still follow a context (mean)",
            amount="{:,.1f} on average",
            fate="lose most",
            share="share left of all that may follow them",
            share_at_the_end="left",
            per_million="uses per million",
            distance=", mean",
        )

    def process(self, regime: Any) -> Process:
        return context_construction.of_table(self._p, self._frequencies, regime, self.learner)

    def sizes(self, process: Any) -> str:
        return str(process.learner.sharing)

    def survival(self, process: Process, trace: Trace) -> Survival:
        inside = members(self.bands, self._frequencies)
        following = np.asarray(trace[self.alive.name], np.float64)
        shares = [following[:, :, each].sum(axis=2) / max(following[0, 0, each].sum(), 1) for each in inside]
        left = analysis.ensemble(np.stack(shares, axis=2), levels=())
        expected, kind = self._expected(process, trace.generations)
        if expected is not None:
            expected = np.stack([expected[each].sum(axis=0) / max(expected[each, 0].sum(), 1) for each in inside])
        return Survival(left.mean.T, left.standard_error.T, expected, kind)

    def _expected(self, process: Any, generations: int) -> tuple[np.ndarray | None, str]:
        """Return by theory how many tokens may follow each context, ``[contexts, generations + 1]``, and its kind."""
        if process.learner.drawn:
            return None, ""
        curves, kinds = [], set()
        for one in process.apart():
            curve, kind = exact_curves.curve(one, "support", generations)
            if curve is None:
                return None, ""
            curves.append(curve)
            kinds.add(kind)
        return np.stack(curves), "exact" if kinds == {"exact"} else "branching approximation"

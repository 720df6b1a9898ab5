"""Data regimes: which earlier generations feed the next one. One short class each.

Each says the same thing twice: ``draw_real``, ``begin``, ``remember`` and ``collect`` are how it is
simulated, with bounded memory, in the learner's verbs; ``recurrence`` is its definition, generation by
generation as in the paper's eq. (5), from which :mod:`jaxcollapse.theory` computes exact moments.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from jaxcollapse.regimes.base import Base
from jaxcollapse.regimes.pools import Accumulate, AccumulateSubsample
from jaxcollapse.regimes.randomly_sampled import RandomlySampled
from jaxcollapse.regimes.real import FreshReal, Mixture, PartiallySynthetic
from jaxcollapse.regimes.synthetic import FullySynthetic
from jaxcollapse.regimes.window import MostRecent

REGIMES: dict[str, Any] = {
    "fully-synthetic": FullySynthetic,
    "partially-synthetic": PartiallySynthetic,
    "most-recent": MostRecent,
    "randomly-sampled": RandomlySampled,
    "accumulate": Accumulate,
    "accumulate-subsample": AccumulateSubsample,
    "fresh-real": FreshReal,
    "mixture": Mixture,
}
"""By the name that the command line uses. A new regime is a class and a line here."""


def make(name: str, **settings: Any) -> Any:
    """The regime of a name, given the settings that it has; others, and those that are None, are left aside.

    Example:
      >>> make("fully-synthetic", n=5, real=3)
      FullySynthetic(n=5, capacity=8)
    """
    fields = {field.name for field in dataclasses.fields(REGIMES[name])}
    return REGIMES[name](**{key: value for key, value in settings.items() if key in fields and value is not None})


__all__ = [
    "REGIMES",
    "Accumulate",
    "AccumulateSubsample",
    "Base",
    "FreshReal",
    "FullySynthetic",
    "Mixture",
    "MostRecent",
    "PartiallySynthetic",
    "RandomlySampled",
    "make",
]

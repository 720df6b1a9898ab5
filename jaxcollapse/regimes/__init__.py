"""Data regimes: which earlier generations feed the next one, one short class for each.

Each class defines its regime twice. ``draw_real``, ``first``, ``remember`` and ``collect`` simulate it with bounded
memory, by operations of the learner and its corpora; ``recurrence`` defines it generation by generation, as eq. (5) of
Seddik et al. (2024) does, and :mod:`jaxcollapse.theory` computes exact moments from it.
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
"""The regimes by the names that the command line uses. A new regime is a class and a line here."""


def make(name: str, **settings: Any) -> Any:
    """Return the regime of a name with these settings; those that it does not have, or that are None, are ignored.

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

"""How a report says settings, generations and losses; what words and contexts are called in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

GENERATIONS_SHOWN = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
"""The generations that a printed table shows, besides the last one."""
LOSSES = (1, 10, 100)
"""The generations after which a report states how much is lost."""
SHORT: dict[str, Any] = {
    "real": "+{:,} real",
    "window": "window {}",
    "reuse": {True: "reused", "pool": "pool", "prefix": "prefixes"},
    "budget": "budget {:,}",
    "replacement": {True: "with replacement"},
    "share": "share {:g}",
    "weight": "weight {:g}",
}
"""How a title shows each setting of a regime: a format, or a text for each value."""


@dataclasses.dataclass(frozen=True)
class Wording:
    """The phrases in which a report on words and a report on contexts differ.

    Attributes:
      table: the name of the table and of the figure by frequency, and of the column that counts.
      lost: the name of what is lost.
      left: what is left over the generations, as the heading of the printed table.
      survival: what the shares of the printed table by frequency are.
      axis: the same on the axis of a figure.
      amount: a format for how much there is in the language itself.
      fate: what happens to the rarest ones.
      share: the share that survives, on its axis.
      share_at_the_end: the word for what survived, on the axis of the last generation.
      per_million: the unit of frequencies.
      distance: what follows the name of the distance on its axis.
    """

    table: str
    lost: str
    left: str
    survival: str
    axis: str
    amount: str
    fate: str
    share: str
    share_at_the_end: str
    per_million: str
    distance: str = ""


def generations_shown(generations: int) -> list[int]:
    """Return the generations that a printed table shows, of which the last is always one.

    Example:
      >>> generations_shown(7)
      [0, 1, 2, 5, 7]
    """
    return sorted({m for m in GENERATIONS_SHOWN if m <= generations} | {generations})


def title(name: str, regime: Any) -> str:
    """Return a regime's name on the command line, followed by its settings.

    Example:
      >>> from jaxcollapse.regimes import make
      >>> title("most-recent", make("most-recent", n=500, window=5))
      'most-recent (window 5)'
    """
    settings = details(regime, SHORT)
    return f"{name} ({', '.join(settings)})" if settings else name


def details(regime: Any, texts: Mapping[str, Any]) -> list[str]:
    """Return the settings of a regime in words, those that are off left out; ``texts`` is as :data:`SHORT`."""
    values = vars(regime)
    shown = {key: values[key] for key in texts if key in values}
    shown = {key: value for key, value in shown.items() if value is not None and value is not False}
    return [texts[k][v] if isinstance(texts[k], Mapping) else texts[k].format(v) for k, v in shown.items()]


def tokens_a_generation(configuration: Mapping[str, Any]) -> str:
    """Return how many tokens a generation has and how they grow, the order of contexts, and the learner's label.

    Example:
      >>> tokens_a_generation({"n": 1000, "growth": 2.0, "order": 1, "learner": "top-k 5"})
      '1,000 tokens a generation (times 2 each), contexts of 1 token, top-k 5'
    """
    growth, order = configuration.get("growth"), configuration.get("order")
    grows = "" if growth is None else f" (times {growth:g} each)"
    how = ("" if order is None else f"contexts of {order} token{'s' * (order != 1)}", configuration.get("learner"))
    return ", ".join((f"{configuration['n']:,} tokens a generation{grows}", *(part for part in how if part)))

"""What a statistic is: a named function of a view of one model, with what it needs and what its values mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from jax import Array

from jaxcollapse.process.one_context import View


@dataclasses.dataclass(frozen=True)
class Statistic:
    """A named function of a model, recorded at every generation inside the compiled run.

    Attributes:
      name: the name that its values are recorded under.
      of: the function, from the view of one chain to a number or a small array.
      needs_first: whether the function looks at ``view.first``, which is kept only when some statistic asks for it.
      over: what is recorded of a process of many contexts. ``"mean"``: numbers are averaged, with the frequencies of
        the contexts as weights, and a truth value is true when it is true of all contexts. ``"each"``: the values of
        all contexts are recorded, ``[contexts, ...]``.
      order: for statistics of texts, the length in tokens of the contexts that the function looks at; the learner must
        know contexts as long as these.
      long_name: what the values are, in words, for tables, axes and files; empty for the name itself.
      units: the units of the values: ``"nats"``, ``"nats a token"``, ``"tokens"``, ``"counts"``, or empty for none.

    Example:
      >>> import jax.numpy as jnp
      >>> Statistic("rarest", lambda view: jnp.min(view.p), long_name="smallest probability").name
      'rarest'
    """

    name: str
    of: Callable[[View], Array]
    needs_first: bool = False
    over: str = "mean"
    order: int = 0
    long_name: str = ""
    units: str = ""


Record = str | Statistic | Callable[[View], Array] | Sequence[str | Statistic | Callable[[View], Array]]
"""What a caller asks to be recorded: a name, a statistic or a function of a view, or several of these."""

"""What a caller may ask to be recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jax import Array

from jaxcollapse.contract import Statistic, View

Record = str | Statistic | Callable[[View], Array] | Sequence[str | Statistic | Callable[[View], Array]]
"""A name, a statistic or a function of a view, or several of these."""

"""No real data after generation 1."""

from __future__ import annotations

from typing import Any, ClassVar

from jax import Array

from jaxcollapse.process.one_context import Corpus, Learner, Memory, Model
from jaxcollapse.regimes.base import Base, regime, static


@regime
class FullySynthetic(Base):
    """Every generation is trained on ``n`` tokens of the one before: ``n_t^(m) = n [t = m - 1]``.

    Generation 1 is trained on ``n`` tokens of the truth. The neutral Wright-Fisher model: every
    chain ends in one token (unless ``n`` grows so fast that ``sum_m 1/n_m`` converges).

    Attributes:
      n: tokens a generation, a leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      capacity: the most that ``n`` may become without compiling anew; static. By default the next
        power of two.

    Raises:
      ValueError: when ``n`` is not a whole number between 1 and ``capacity``.

    Source: Seddik et al. (2024), section 2.2.

    Example:
      >>> FullySynthetic(n=500)
      FullySynthetic(n=500, capacity=512)
    """

    n: Any
    capacity: Any = static()
    closed: ClassVar[bool] = True
    forgets: ClassVar[bool] = True

    def collect(
        self, key: Array, learner: Learner, truth: Model, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        return learner.sample(key, model, self.size("n", m), self.capacity), ()

    def recurrence(self, past: Any, m: int) -> Any:
        return past.draw(past.model(m - 1), self.whole("n", m))

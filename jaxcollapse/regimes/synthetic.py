"""The regime without real data after generation 1."""

from __future__ import annotations

from typing import Any, ClassVar

from jax import Array

from jaxcollapse.contract import Corpus, Learner, Memory, Model, Sources
from jaxcollapse.pytrees import static
from jaxcollapse.regimes.base import Base, regime


@regime
class FullySynthetic(Base):
    """Train each model on ``n`` tokens of the last model: ``n_t^(m) = n [t = m - 1]``.

    Generation 1 is trained on ``n`` tokens of the truth. This is the neutral Wright-Fisher model: every
    chain ends in one token (unless ``n`` grows so fast that ``sum_m 1/n_m`` converges).

    Attributes:
      n: the number of tokens that each model is trained on, a leaf; or a :class:`~jaxcollapse.schedules.Schedule`.
      capacity: the largest ``n`` that compiles nothing anew; static, by default the next power of two.

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
    memoryless: ClassVar[bool] = True

    def collect(
        self, key: Array, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        return learner.write(key, model, sources.truth, self.size("n", m), self.capacity), ()

    def recurrence(self, past: Any, m: int) -> Any:
        return past.draw(past.model(m - 1), self.whole("n", m))

"""A regime that skips every second generation: the worked example of docs/regimes.md, held to every inherited test."""

from typing import Any

from jax import lax

from jaxcollapse.pytrees import static
from jaxcollapse.regimes.base import Base, regime


@regime
class EveryOther(Base):
    """``n`` tokens of p^(m-2), so that two lines of descent alternate: ``n_t^(m) = n [t = m - 2]``.

    Generations 1 and 2 are trained on ``n`` different tokens of the truth each.

    Example:
      >>> EveryOther(n=500)
      EveryOther(n=500, capacity=512)
    """

    n: Any
    capacity: Any = static()

    def first(self, key, learner, sources, real, frame):
        return real, None  # there is no model yet

    def remember(self, learner, memory, model, m):
        return model if memory is None else memory  # at m = 1 for its form alone: generation 2 is of the truth

    def collect(self, key, learner, sources, model, memory, m):
        size = self.size("n", m)
        of_truth = lambda: learner.draw(key, sources.truth, size, self.capacity)
        of_memory = lambda: learner.write(key, memory, sources.truth, size, self.capacity)
        return lax.cond(m == 2, of_truth, of_memory), model

    def absorbed(self, learner, sources, model, memory, m):
        token = learner.fixed_token(model)
        return (m >= 2) & (token >= 0) & (token == learner.fixed_token(memory))

    def recurrence(self, past, m):
        return past.draw(past.model(max(m - 2, 0)), self.whole("n", m))

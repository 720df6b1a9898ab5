"""A regime that skips every second generation: the worked example of docs/regimes.md, held to every inherited test."""

from typing import Any

from jax import lax

from jaxcollapse.regimes.base import Base, regime, static


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

    def begin(self, key, learner, truth, real, width):
        return real, None  # there is no model yet

    def remember(self, learner, memory, model, m):
        return model if memory is None else memory  # at m = 1 for its form alone: generation 2 is of the truth

    def collect(self, key, learner, truth, model, memory, m):
        def tokens_of(source):
            return learner.sample(key, source, self.size("n", m), self.capacity)

        return lax.cond(m == 2, lambda: tokens_of(truth), lambda: tokens_of(memory)), model

    def absorbed(self, learner, truth, model, memory, m):
        return (m >= 2) & (learner.dirac(model) >= 0) & (learner.dirac(model) == learner.dirac(memory))

    def recurrence(self, past, m):
        return past.draw(past.model(max(m - 2, 0)), self.whole("n", m))

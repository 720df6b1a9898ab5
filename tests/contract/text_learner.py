"""A toy learner of text, so that the contract is not bent to tables of counts.

A corpus is tokens in order, the last followed by the first, and a model copies its bigrams: having written
a token, it looks for a uniformly random place where its text has that token and writes what follows there.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse import sampling
from jaxcollapse.contract import Corpora, Learner
from jaxcollapse.exact.bits import randint
from jaxcollapse.learners import token_tables
from jaxcollapse.pytrees import pytree_dataclass
from jaxcollapse.sampling.token_frame import token_frame


class Text(NamedTuple):
    """The first ``size`` of ``tokens [capacity]`` are the text."""

    tokens: Array
    size: Array


class Copier(NamedTuple):
    """A model, which is not its corpus: it also counts how often it was trained."""

    text: Text
    trainings: Array


class Texts(Corpora):
    provides = frozenset({"gather"})

    def length(self, corpus):
        return corpus.size

    def concatenate(self, first, second):
        place = lax.iota(jnp.int32, first.tokens.shape[0] + second.tokens.shape[0])
        in_second = second.tokens.at[place - first.size].get(mode="clip")
        tokens = jnp.where(place < first.size, first.tokens.at[place].get(mode="clip"), in_second)
        return Text(tokens, first.size + second.size)

    def resize(self, corpus, capacity):
        return Text(jnp.pad(corpus.tokens, (0, max(0, capacity - corpus.tokens.shape[0])))[:capacity], corpus.size)

    def gather(self, stack, rows, positions, size):
        return Text(stack.tokens.at[rows, positions].get(mode="clip"), size)


@pytree_dataclass
class TextCopier(Learner):
    corpora = Texts()

    def truth(self, language):
        return sampling.fixed_point_cdf(language)

    def write(self, key, model, truth, size, capacity):
        if isinstance(model, sampling.FixedPointCDF):
            return Text(sampling.draw_from_cdf(key, model, size, capacity).labels, size)
        tokens, end = model.text
        place = lax.iota(jnp.int32, tokens.shape[0])

        def write(current, number):
            here = (tokens == current) & (place < end)
            nth = randint(jax.random.fold_in(key, number), jnp.sum(here, dtype=jnp.int32), 1)[0]
            found = jnp.argmax(jnp.cumsum(here, dtype=jnp.int32) > nth)
            following = tokens[jnp.where(found + 1 == end, 0, found + 1)]
            return following, following

        first = tokens[randint(jax.random.fold_in(key, capacity), end, 1)[0]]
        return Text(lax.scan(write, first, lax.iota(jnp.int32, capacity))[1], size)

    def fit(self, key, corpus, previous):
        return Copier(corpus, jnp.int32(1) if previous is None else previous.trainings + jnp.int32(1))

    def view(self, model, truth, frame):
        """How often the copier writes each token in the long run: as often as its text has it."""
        if isinstance(model, sampling.FixedPointCDF):
            return token_tables.view_of_truth(model, truth.p, frame)
        table = self.frequencies(model, frame)._replace(counts=None, total=None)
        return token_tables.view_of_table(model, table, truth.p, frame)

    def frequencies(self, model, frame):
        return token_tables.frequencies(sampling.Labels(*model.text), frame.width)

    def frame(self, real, truth, closed):
        return real, token_frame(jnp.arange(truth.p.shape[0], dtype=jnp.int32))

    def with_first(self, frame, model):
        return frame._replace(first=self.frequencies(model, frame).p)

    def fixed_token(self, source):
        if isinstance(source, sampling.FixedPointCDF):
            return sampling.only_token(source)
        text = source.text if isinstance(source, Copier) else source
        return sampling.only_token(sampling.Labels(*text))

"""A toy learner of text, so that the contract of ``process.py`` is not bent to tables of counts.

A corpus is tokens in order, the last followed by the first, and a model copies its bigrams: having written
a token, it looks for a uniformly random place where its text has that token and writes what follows there.
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse import sampling
from jaxcollapse.exact import fixed
from jaxcollapse.process.one_context import Table


class Text(NamedTuple):
    """The first ``size`` of ``tokens [slots]`` are the text."""

    tokens: Array
    size: Array


class Copier(NamedTuple):
    """A model, which is not its corpus: it also counts how often it was trained."""

    text: Text
    trainings: Array


def uniform(word, bound):
    """A 64-bit word as an integer below ``bound``."""
    return fixed.scale(word, fixed.U64(jnp.uint32(0), bound.astype(jnp.uint32))).lo.astype(jnp.int32)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class TextCopier:
    def truth(self, p):
        return sampling.fixed_point_cdf(p)

    def sample(self, key, model, size, slots):
        if isinstance(model, sampling.FixedPointCDF):
            return Text(sampling.draw_from_cdf(key, model, size, slots).labels, size)
        tokens, end = model.text
        place = lax.iota(jnp.int32, tokens.shape[0])

        def write(current, word):
            here = (tokens == current) & (place < end)
            nth = uniform(word, jnp.sum(here, dtype=jnp.int32))
            found = jnp.argmax(jnp.cumsum(here, dtype=jnp.int32) > nth)
            following = tokens[jnp.where(found + 1 == end, 0, found + 1)]
            return following, following

        words = sampling.random_bits(key, slots + 1)
        first, others = (jax.tree.map(lambda word, part=part: word[part], words) for part in (0, slice(1, None)))
        return Text(lax.scan(write, tokens[uniform(first, end)], others)[1], size)

    def merge(self, first, second):
        place = lax.iota(jnp.int32, first.tokens.shape[0] + second.tokens.shape[0])
        in_second = second.tokens.at[place - first.size].get(mode="clip")
        tokens = jnp.where(place < first.size, first.tokens.at[place].get(mode="clip"), in_second)
        return Text(tokens, first.size + second.size)

    def pick(self, stack, rows, places, size):
        return Text(stack.tokens.at[rows, places].get(mode="clip"), size)

    def dirac(self, model):
        if isinstance(model, sampling.FixedPointCDF):
            return jnp.where(jnp.sum(model.p > 0) == 1, jnp.argmax(model.p), -1).astype(jnp.int32)
        tokens, size = model.text
        alone = jnp.where(lax.iota(jnp.int32, tokens.shape[0]) < size, tokens, tokens[0]) == tokens[0]
        return jnp.where(jnp.all(alone), tokens[0], -1)

    def reserve(self, corpus, slots):
        return Text(jnp.pad(corpus.tokens, (0, max(0, slots - corpus.tokens.shape[0])))[:slots], corpus.size)

    def fit(self, key, corpus, previous):
        return Copier(corpus, jnp.int32(1) if previous is None else previous.trainings + 1)

    def compact(self, corpus, vocabulary):
        return corpus, jnp.arange(vocabulary, dtype=jnp.int32)

    def table(self, model, width):
        """How often the copier writes each token in the long run: as often as its text has it."""
        counts = sampling.histogram(sampling.Labels(*model.text), width)
        size = jnp.where(counts < 0, 1, model.text.size)  # not one number, which XLA might divide by otherwise
        p, q = (x.astype(jnp.float32) / size.astype(jnp.float32) for x in (counts, size - counts))
        return Table(p, q, fixed.minus_log(p), None, None)

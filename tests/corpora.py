"""Small corpora, and how often which outcome is drawn of them."""

import collections
import functools

import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse import sampling
from jaxcollapse.sampling import Labels

SAMPLES = 2**14
JUNK = 9  # in slots that are not in use
CORPUS = Labels(jnp.array([2, 0, 2, 1, 0, 0, JUNK, JUNK], jnp.int32), jnp.int32(6))
OTHER = Labels(jnp.array([3, 3, 1, JUNK], jnp.int32), jnp.int32(3))


@functools.cache
def keys():
    return jax.vmap(functools.partial(jax.random.fold_in, jax.random.key(0)))(jnp.arange(SAMPLES))


def outcomes(draw):
    """How often each outcome of ``draw(key) -> int32 [...]`` was seen; the keys are always the same."""
    drawn = np.asarray(jax.jit(jax.vmap(draw))(keys()))
    return collections.Counter(map(tuple, drawn.reshape(SAMPLES, -1).tolist()))


@st.composite
def corpora(draw, vocabulary=5, least=0, capacities=(1, 4, 12)):
    """Some slots hold nothing of meaning, among them tokens that do not exist."""
    capacity = draw(st.sampled_from(capacities))
    labels = draw(st.lists(st.integers(0, vocabulary - 1), min_size=capacity, max_size=capacity))
    size = draw(st.integers(least, capacity))
    labels[size:] = [vocabulary + 3 if label % 2 else label for label in labels[size:]]
    return Labels(jnp.array(labels, jnp.int32), jnp.int32(size))


def tokens_of(corpus):
    return np.asarray(corpus.labels)[: int(corpus.size)].tolist()


def counts_of(counts):
    counts = jnp.array(counts, jnp.int32)
    return sampling.cumulate_counts(counts, jnp.sum(counts, dtype=jnp.int32))


def one_word_for_all(draw):
    """A mutant whose second token is always the first."""

    def mutant(key, size, capacity):
        drawn = draw(key, size, capacity)
        return drawn._replace(labels=drawn.labels.at[1].set(drawn.labels[0]))

    return mutant

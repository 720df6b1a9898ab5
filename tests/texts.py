"""Two small texts, texts as rings, and the n-grams of one."""

import collections

import jax.numpy as jnp
import numpy as np

import jaxcollapse as jc
from jaxcollapse.sampling import Labels

SONG = jc.languages.from_tokens(list("la li la lu la li la la lu la lu li la "), name="song")
LETTERS = jc.languages.from_tokens(list("aabababbba"), name="letters")


def ring(tokens, slots=None):
    tokens = np.asarray(tokens, np.int32)
    room = np.full(slots or len(tokens), 7, np.int32)  # what lies behind a text has no meaning
    room[: len(tokens)] = tokens
    return Labels(jnp.asarray(room), jnp.int32(len(tokens)))


def grams(tokens, order):
    """How often each n-gram occurs around the ring."""
    n = len(tokens)
    return collections.Counter(tuple(tokens[(i + d) % n] for d in range(order + 1)) for i in range(n))

"""A text sorted by context: both methods and the kernel against one another, and against a slow twin."""

import collections
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from texts import grams, ring

from jaxcollapse import native
from jaxcollapse.exact.bits import random_bits
from jaxcollapse.learners.ngrams import context_index, measures

KEY = jax.random.key(0)
GENERATOR = np.random.default_rng(0)


def arrays_of(model):
    return model.tokens, model.starts, model.counts


# Texts shorter than the order, one that repeats itself, and contexts too long for one number.
CASES = [(2, 0, 30), (2, 1, 7), (3, 2, 50), (3, 4, 3), (5, 3, 64), (2, 40, 60), (9, 12, 200), (1000, 5, 90), (2, 3, 1)]


@pytest.mark.parametrize(("vocabulary", "order", "size"), CASES)
def test_a_context_index_is_the_text_sorted(vocabulary, order, size):
    tokens = GENERATOR.integers(0, vocabulary, size)
    tokens[size // 2 :] = tokens[: size - size // 2]
    text = ring(tokens, size + 5)
    sort = jax.jit(context_index.context_index, static_argnums=(1, 2, 3))
    model = sort(text, order, vocabulary, "sort")
    if vocabulary ** (order + 1) < 10**5:
        by_table = sort(text, order, vocabulary, "table")
        for one, other in zip(arrays_of(model), arrays_of(by_table), strict=True):
            np.testing.assert_array_equal(one[:size], other[:size])
        np.testing.assert_array_equal(
            jax.jit(measures.counts_in, static_argnums=(1, 2))(model, order, vocabulary),
            context_index.counts_of(text, order, vocabulary),
        )
    # The twin: contexts in order of their tokens from the earliest to the latest, then the token.
    expected = sorted((tuple(tokens[(i - order + d) % size] for d in range(order)), tokens[i]) for i in range(size))
    np.testing.assert_array_equal(model.tokens[:size], [token for _, token in expected])
    contexts = [context for context, _ in expected]
    begin = {context: contexts.index(context) for context in reversed(contexts)}
    leads_to = [(*context, token)[1:] if order else () for context, token in expected]
    np.testing.assert_array_equal(model.starts[:size], [begin[context] for context in leads_to])
    np.testing.assert_array_equal(model.counts[:size], [contexts.count(context) for context in leads_to])
    seen = grams(tokens.tolist(), order)
    names = (measures.ngrams, measures.contexts, measures.tokens_and_kinds, measures.entropy_rate)
    found = jax.jit(lambda model: [of(model) for of in names])(model)
    assert int(found[0]) == len(seen)
    assert int(found[1]) == len(set(contexts))
    assert [int(x) for x in found[2]] == [size, len(set(tokens.tolist()))]
    of_context = collections.Counter(contexts)
    rate = -sum(count / size * math.log(count / of_context[gram[:-1]]) for gram, count in seen.items())
    np.testing.assert_allclose(found[3], rate, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not native.available(), reason="no compiler was at hand")
@pytest.mark.parametrize(("vocabulary", "order", "size"), [(2, 0, 30), (3, 4, 3), (5, 3, 64), (9, 2, 2000), (2, 3, 1)])
def test_the_kernel_gives_the_bits_of_xla(vocabulary, order, size):
    texts = [ring(GENERATOR.integers(0, vocabulary, part), size) for part in (size, -(-size // 2))]
    batch = jax.tree.map(lambda *of: jnp.stack(of), *texts)  # of two sizes, in room for the larger
    begin = jnp.asarray(GENERATOR.integers(0, -(-size // 2), 11), jnp.int32)
    lots = jax.tree.map(lambda word: word.reshape(7, 11), random_bits(KEY, 77))

    def both(text):
        model, other = (of(text, order, vocabulary) for of in (context_index._by_table, context_index._by_counts))
        rows = jnp.stack(arrays_of(model), axis=1)
        return (
            arrays_of(model),
            arrays_of(other),
            native.walk_documents(rows, begin, lots),
            context_index.walked(rows, begin, lots),
        )

    model, other, walked, slowly = jax.jit(jax.vmap(both))(batch)
    np.testing.assert_array_equal(walked, slowly)
    for one, same in zip(model, other, strict=True):
        for chain, text in enumerate(texts):
            np.testing.assert_array_equal(one[chain, : int(text.size)], same[chain, : int(text.size)])

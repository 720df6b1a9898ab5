"""Texts as rings: documents laid end to end, and tokens that are gathered in order."""

import jax.numpy as jnp

from jaxcollapse.learners.ngrams.rings import gather_in_order, lay_end_to_end
from jaxcollapse.sampling import Labels


def test_documents_are_laid_one_after_the_other():
    rows = jnp.arange(12).reshape(4, 3)  # four steps of three documents
    for size, expected in ((12, [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]), (7, [0, 3, 6, 1, 4, 2, 5]), (2, [0, 1])):
        assert lay_end_to_end(rows, jnp.int32(size), 12).labels[:size].tolist() == expected


def test_gathered_tokens_stay_in_their_order():
    stack = Labels(jnp.arange(20).reshape(2, 10), jnp.array([10, 10]))
    found = gather_in_order(stack, jnp.array([1, 0, 1, 0, 9]), jnp.array([3, 8, 2, 1, 0]), jnp.int32(4))
    assert found.labels[:4].tolist() == [1, 8, 12, 13]

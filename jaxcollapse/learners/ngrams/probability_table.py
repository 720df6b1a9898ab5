"""The probability table: an n-gram model with smoothing and decoding, which an index of a text cannot have.

It has a row for every possible context, so ``vocabulary ** (order + 1)`` numbers. Estimators and decodings are those of
a single context, mapped over the rows.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from jaxcollapse import sampling
from jaxcollapse.exact import u64
from jaxcollapse.exact.bits import index_below, random_bits
from jaxcollapse.exact.threefry import split_keys
from jaxcollapse.exact.u64 import U64
from jaxcollapse.learners.decoding import apply
from jaxcollapse.learners.ngrams.context_index import counts_of, digits
from jaxcollapse.learners.ngrams.rings import lay_end_to_end
from jaxcollapse.learners.ngrams.smoothing import backed_off_frequencies
from jaxcollapse.sampling import Labels, only_token_in_labels
from jaxcollapse.sampling.binary_search import upper_bound

LARGEST = 2**25
"""The largest number of entries of a table."""


class ProbabilityTable(NamedTuple):
    """An n-gram model as a table of probabilities.

    Attributes:
      text: the text that the model was trained on.
      p: the estimated probabilities, ``float32 [contexts, vocabulary]``, which statistics see.
      written: the decoded probabilities, which tokens are drawn from, as inclusive sums ``[contexts, vocabulary]``.
    """

    text: Labels
    p: Array
    written: U64


def check_size(order: int, vocabulary: int) -> None:
    """Raise ValueError where the table of this order and vocabulary would be too large."""
    entries = vocabulary ** (order + 1)
    if entries > LARGEST:
        raise ValueError(
            f"order={order} with {vocabulary} tokens would need a table of {entries:,} probabilities, and it may have "
            f"{LARGEST:,}; lower the order, keep fewer tokens (language.most_frequent), or do not smooth and decode"
        )


def frequencies_of(tokens: Array, order: int, vocabulary: int) -> Array:
    """Return the frequencies of tokens after each context of a text, ``float32 [contexts, vocabulary]``.

    A context that the text lacks has the frequencies that :func:`backed_off_frequencies` gives it.

    Raises:
      ValueError: when the table would be too large.
    """
    check_size(order, vocabulary)
    return backed_off_frequencies(counts_of(Labels(jnp.asarray(tokens), jnp.int32(len(tokens))), order, vocabulary))


def tabulated(text: Labels, order: int, vocabulary: int, estimator: Any, decoding: Any) -> ProbabilityTable:
    """Return the table of a text: its n-grams are counted, probabilities are estimated from counts, and decoded."""
    p = estimator.of_table(counts_of(text, order, vocabulary))
    decoded = jax.vmap(lambda row: apply(decoding, row))(p)
    return ProbabilityTable(text, p, jax.vmap(lambda row: sampling.fixed_point_cdf(row).cumulative)(decoded))


def write(key: Array, model: ProbabilityTable, size: Array, slots: int, many: int, order: int) -> Labels:
    """Return ``size`` tokens in ``many`` documents, each begun in the context of a random place of the text."""
    contexts, vocabulary = model.p.shape
    of_start, of_steps = split_keys(key, 2)
    steps = -(-slots // many)
    place = index_below(random_bits(of_start, many), model.text.size.astype(jnp.uint32)).astype(jnp.int32)
    lots = jax.tree.map(lambda word: word.reshape(steps, many), random_bits(of_steps, steps * many))
    hi, lo = (part.ravel() for part in model.written)

    def at(index: Array) -> U64:
        return U64(*(part.at[index].get(mode="promise_in_bounds") for part in (hi, lo)))

    def step(context: Array, lot: U64) -> tuple[Array, Array]:
        begin = context * vocabulary
        target = u64.scale(lot, at(begin + (vocabulary - 1)))

        is_beyond = lambda token: ~u64.less(target, at(begin + token))
        token = upper_bound(is_beyond, context, vocabulary, unroll=True)
        return (begin + token) % contexts, token

    context = digits(model.text, order, vocabulary)[place]
    return lay_end_to_end(lax.scan(step, context, lots)[1], size, slots)


def only_token(model: ProbabilityTable) -> Array:
    """Return the only token of the text if the model can write no other token after it, ``int32 []``; else -1."""
    contexts, vocabulary = model.p.shape
    alone = only_token_in_labels(model.text)
    # A context that repeats one token leads to itself, which gives its number.
    token = jnp.maximum(alone, 0)
    context = token * ((contexts - 1) // (vocabulary - 1))
    below = jnp.where(token > 0, model.written.hi[context, token - 1] | model.written.lo[context, token - 1], 0)
    same = [part[context, token] == part[context, -1] for part in model.written]
    return jnp.where((alone >= 0) & (below == 0) & same[0] & same[1], alone, -1)

"""Measures of a text and of the n-gram model that was trained on it, for both forms of models."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from jaxcollapse.exact import logs, sums
from jaxcollapse.exact.division import quotient
from jaxcollapse.learners.ngrams import probability_table
from jaxcollapse.learners.ngrams.context_index import ContextIndex, counts_of, digits
from jaxcollapse.learners.ngrams.probability_table import ProbabilityTable
from jaxcollapse.learners.ngrams.smoothing import backed_off_frequencies, kneser_ney
from jaxcollapse.sampling import Labels

Model = ContextIndex | ProbabilityTable


def ngrams(model: Model) -> Array:
    """Return the number of distinct n-grams of the text, each a context and the token after it, ``int32 []``."""
    if isinstance(model, ProbabilityTable):
        return jnp.sum(_counts(model) > 0, dtype=jnp.int32)
    return jnp.sum(_is_new_ngram(model), dtype=jnp.int32)


def contexts(model: Model) -> Array:
    """Return the number of distinct contexts of the text, ``int32 []``; each can be reached from each in a ring."""
    if isinstance(model, ProbabilityTable):
        return jnp.sum(jnp.any(_counts(model) > 0, axis=1), dtype=jnp.int32)
    return jnp.sum(_is_new_context(model), dtype=jnp.int32)


def tokens_and_kinds(model: Model) -> tuple[Array, Array]:
    """Return the length of the text, and the number of distinct tokens in it, ``int32 []`` each."""
    if isinstance(model, ProbabilityTable):
        return model.text.size, jnp.sum(jnp.any(_counts(model) > 0, axis=0), dtype=jnp.int32)
    in_order = jnp.sort(jnp.where(model.in_use, model.tokens, jnp.iinfo(jnp.int32).max))
    is_new = jnp.concatenate([jnp.ones(1, bool), in_order[1:] != in_order[:-1]])
    return model.size, jnp.sum(is_new & model.in_use, dtype=jnp.int32)


def entropy_rate(model: Model) -> Array:
    """Return the entropy rate ``-sum_c P(c) sum_i p_ci ln p_ci`` in nats per token, P(c) the frequency of context c."""
    if isinstance(model, ProbabilityTable):
        share = quotient(jnp.sum(_counts(model), axis=1, dtype=jnp.int32), model.text.size)
        return sums.total((share[:, None] * model.p * logs.minus_log(model.p)).ravel(), 128.0)
    # Each n-gram contributes once: its frequency in the text, times the surprisal of its token in its context.
    first = _is_new_ngram(model)
    count, choice = _run(first, model.size), _run(_is_new_context(model), model.size)
    log_ratios = logs.log_ratio(logs.log_integer(choice.astype(jnp.uint32)), logs.log_integer(count.astype(jnp.uint32)))
    return sums.total(jnp.where(first, quotient(count, model.size) * log_ratios, 0.0), 128.0)


def cross_entropy(model: Model, held_out: Array, order: int, vocabulary: int, discount: float | None) -> Array:
    """Return the cross entropy ``-mean ln p(token | the tokens before it)`` of a given text, in nats per token.

    With a ``discount``, p is the interpolated Kneser-Ney estimate from the text that the model was trained on; with
    ``discount=None`` it is the model's own, and the result is infinite where p is 0 for a token of the given text.
    """
    probability_table.check_size(order, vocabulary)
    if isinstance(model, ContextIndex) and order > model.order:
        raise ValueError(f"it looks at contexts of order={order}, the learner at {model.order}; lower it")
    if isinstance(model, ProbabilityTable) and model.p.shape[0] != vocabulary**order:
        raise ValueError(f"order={order} must be the learner's, whose tables have {model.p.shape[0]} contexts")
    if discount is None and isinstance(model, ProbabilityTable):
        p = model.p
    else:
        counts = _counts(model) if isinstance(model, ProbabilityTable) else counts_in(model, order, vocabulary)
        p = backed_off_frequencies(counts) if discount is None else kneser_ney(counts, jnp.float32(discount))
    text = Labels(held_out, jnp.int32(held_out.shape[0]))
    seen = p.at[digits(text, order, vocabulary), held_out].get(mode="promise_in_bounds")[order:]
    mean = sums.total(logs.minus_log(seen) * np.float32(1 / seen.shape[0]), 128.0)
    return jnp.where(jnp.all(seen > 0), mean, jnp.inf)


def counts_in(model: ContextIndex, order: int, vocabulary: int) -> Array:
    """Return how often each token follows each context in the text, ``int32 [vocabulary ** order, vocabulary]``.

    An index does not store the tokens of its contexts. But the latest token of a context is the one that leads to it,
    the token before that is the latest token of the context in which that one stands, and so on.
    """
    slot = lax.iota(jnp.int32, model.tokens.shape[0])
    begin = lax.cummax(jnp.where(_is_new_context(model), slot, 0))
    nowhere = slot.shape[0]
    came_from = jnp.zeros_like(slot).at[jnp.where(model.in_use, model.starts, nowhere)].set(slot, mode="drop")
    code, at = model.tokens, begin
    for distance in range(1, order + 1):
        earlier = came_from[at]
        code = code + model.tokens[earlier] * vocabulary**distance
        at = begin[earlier]
    entries = vocabulary ** (order + 1)
    counts = jnp.zeros(entries, jnp.int32).at[jnp.where(model.in_use, code, entries)].add(1, mode="drop")
    return counts.reshape(-1, vocabulary)


def _counts(model: ProbabilityTable) -> Array:
    """Return how often each token follows each context in the text of a table, ``int32 [contexts, vocabulary]``."""
    rows, vocabulary = model.p.shape
    order = 0
    while vocabulary**order < rows:
        order += 1
    return counts_of(model.text, order, vocabulary)


def _is_new_context(model: ContextIndex) -> Array:
    """Return which slots are the first of a context, ``bool [slots]``: those that tokens lead to."""
    slots = model.tokens.shape[0]
    return jnp.zeros(slots, bool).at[jnp.where(model.in_use, model.starts, slots)].set(True, mode="drop")


def _is_new_ngram(model: ContextIndex) -> Array:
    """Return which slots are the first of an n-gram, ``bool [slots]``."""
    other = jnp.concatenate([jnp.ones(1, bool), model.tokens[1:] != model.tokens[:-1]])
    return (other | _is_new_context(model)) & model.in_use


def _run(is_new: Array, size: Array) -> Array:
    """Return the length of the run of slots that each slot is in, ``int32 [slots]``; ``is_new`` marks their first."""
    slot = lax.iota(jnp.int32, is_new.shape[0])
    number = jnp.maximum(jnp.cumsum(is_new, dtype=jnp.int32) - 1, 0)
    long = jnp.zeros_like(slot).at[jnp.where(slot < size, number, slot.shape[0])].add(1, mode="drop")
    return jnp.maximum(long[number], 1)

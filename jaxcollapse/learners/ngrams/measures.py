"""What there is to measure of a text and of the model that was trained on it, in either form."""

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
    """How many different n-grams, a context and what follows it, the text has, ``int32``."""
    if isinstance(model, ProbabilityTable):
        return jnp.sum(_counts(model) > 0, dtype=jnp.int32)
    return jnp.sum(_is_new_ngram(model), dtype=jnp.int32)


def contexts(model: Model) -> Array:
    """How many different contexts the text has, ``int32``; each is reached from each, for a text is a ring."""
    if isinstance(model, ProbabilityTable):
        return jnp.sum(jnp.any(_counts(model) > 0, axis=1), dtype=jnp.int32)
    return jnp.sum(_is_new_context(model), dtype=jnp.int32)


def tokens_and_kinds(model: Model) -> tuple[Array, Array]:
    """How long the text is, and how many different tokens it has, ``int32`` both."""
    if isinstance(model, ProbabilityTable):
        return model.text.size, jnp.sum(jnp.any(_counts(model) > 0, axis=0), dtype=jnp.int32)
    in_order = jnp.sort(jnp.where(model.in_use, model.tokens, jnp.iinfo(jnp.int32).max))
    is_new = jnp.concatenate([jnp.ones(1, bool), in_order[1:] != in_order[:-1]])
    return model.size, jnp.sum(is_new & model.in_use, dtype=jnp.int32)


def entropy_rate(model: Model) -> Array:
    """``-sum_c P(c) sum_i p_ci ln p_ci`` in nats a token; a context weighs as much as its share of the text."""
    if isinstance(model, ProbabilityTable):
        share = quotient(jnp.sum(_counts(model), axis=1, dtype=jnp.int32), model.text.size)
        return sums.total((share[:, None] * model.p * logs.minus_log(model.p)).ravel(), 128.0)
    # Once for each n-gram: its share of the text, and how rare it is in its context.
    first = _is_new_ngram(model)
    count, choice = _run(first, model.size), _run(_is_new_context(model), model.size)
    log_ratios = logs.log_ratio(logs.log_integer(choice.astype(jnp.uint32)), logs.log_integer(count.astype(jnp.uint32)))
    return sums.total(jnp.where(first, quotient(count, model.size) * log_ratios, 0.0), 128.0)


def cross_entropy(model: Model, held_out: Array, order: int, vocabulary: int, discount: float | None) -> Array:
    """``-mean ln p(token | the tokens before it)`` of a given text, in nats a token.

    ``p`` is what interpolated Kneser-Ney makes of the text that the model was trained on; or with ``discount=None``
    the model's own, which gives infinity where it has no probability for what it never saw.
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
    """How often each token follows each context in the text, ``int32 [vocabulary ** order, vocabulary]``.

    A concordance does not name its contexts. But the latest token of one is what leads to it, the one before is the
    latest token of the context in which that stands, and so on.
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
    rows, vocabulary = model.p.shape
    order = 0
    while vocabulary**order < rows:
        order += 1
    return counts_of(model.text, order, vocabulary)


def _is_new_context(model: ContextIndex) -> Array:
    """Where contexts begin, ``bool [slots]``: where a token leads to."""
    slots = model.tokens.shape[0]
    return jnp.zeros(slots, bool).at[jnp.where(model.in_use, model.starts, slots)].set(True, mode="drop")


def _is_new_ngram(model: ContextIndex) -> Array:
    """Where n-grams begin, ``bool [slots]``."""
    other = jnp.concatenate([jnp.ones(1, bool), model.tokens[1:] != model.tokens[:-1]])
    return (other | _is_new_context(model)) & model.in_use


def _run(is_new: Array, size: Array) -> Array:
    """How many slots there are from each beginning to the next, or to the end, ``int32 [slots]``."""
    slot = lax.iota(jnp.int32, is_new.shape[0])
    number = jnp.maximum(jnp.cumsum(is_new, dtype=jnp.int32) - 1, 0)
    long = jnp.zeros_like(slot).at[jnp.where(slot < size, number, slot.shape[0])].add(1, mode="drop")
    return jnp.maximum(long[number], 1)

"""Statistics of texts: of the text that a model of n-grams was trained on, and of what the model makes of it.

They want the learner :class:`jaxcollapse.learners.NGram`. At ``m = 0`` they are those of the real text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check
from jaxcollapse.contract import Statistic, View
from jaxcollapse.exact.division import quotient
from jaxcollapse.learners.ngrams import measures


def ngrams(view: View) -> Array:
    """Return the number of different n-grams, contexts with their next tokens, in the training text, ``int32``."""
    return measures.ngrams(_model_of_text(view))


def contexts(view: View) -> Array:
    """Return the number of different contexts in the training text, which the model can still reach, ``int32``."""
    return measures.contexts(_model_of_text(view))


def entropy_rate(view: View) -> Array:
    """Return the model's entropy given the context, ``-sum_c P(c) sum_i p_ci ln p_ci``, in nats a token.

    ``P(c)`` is the frequency of the context in the model's training text.
    """
    return measures.entropy_rate(_model_of_text(view))


def type_token_ratio(view: View) -> Array:
    """Return the number of different tokens of the training text over its number of tokens; depends on its length."""
    size, kinds = measures.tokens_and_kinds(_model_of_text(view))
    return quotient(kinds, size)


def cross_entropy(held_out: Sequence[int] | np.ndarray, *, order: int, discount: float | None = 0.75) -> Statistic:
    """Make the statistic of how badly a model predicts a text that it never saw: ``-mean ln p(token | context)``.

    Its values are in nats a token. A copying model gives no probability to what it never saw, so what is scored is the
    model's training text: by what interpolated Kneser-Ney makes of it, whatever the model itself makes of it.

    Args:
      held_out: the held-out text, as indices of its tokens in the vocabulary, ``[length]``.
      order: the learner's order; of a copying learner, a lower order may be asked for.
      discount: the discount of Kneser-Ney; None for the model's own probabilities, before decoding (infinity where it
        has none).

    Raises:
      ValueError: for a text not longer than the order, a token that is no index, a discount outside 0 to 1, and in a
        run for an order that is not the learner's, or is higher than that of a copying learner.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> song = jc.languages.from_tokens(list("la li la lu la li la la lu la la li"))
      >>> process = jc.recursive_training(song, jc.FullySynthetic(n=50), jc.learners.NGram(order=1))
      >>> score = jc.statistics.cross_entropy(song.text[-12:], order=1)
      >>> trace = jc.simulate(jax.random.key(0), process, chains=1, generations=5, record=score)
      >>> bool(trace["cross_entropy"][0, 0] < 1.5)
      True
    """
    order = check.static_whole_number("order", order, least=0)
    if discount is not None:
        check.real_numbers("discount", discount, 0, 1)
    tokens = np.asarray(held_out)
    if tokens.ndim != 1 or len(tokens) <= order or tokens.dtype.kind not in "iu" or tokens.min() < 0:
        raise ValueError(
            f"held_out must be more than order={order} tokens by their index, got {tokens.dtype}{list(tokens.shape)}"
        )

    def of(view: View) -> Array:
        vocabulary = view.p.shape[0]
        if tokens.max() >= vocabulary:
            raise ValueError(f"held_out has token {tokens.max()}, and the language {vocabulary} tokens")
        return measures.cross_entropy(_model_of_text(view), jnp.asarray(tokens, jnp.int32), order, vocabulary, discount)

    long_name = "cross-entropy of a held-out text"
    if discount is None:
        long_name += ", by the model's own probabilities"
    name = "own_cross_entropy" if discount is None else "cross_entropy"
    return Statistic(name, of, requires=frozenset(), long_name=long_name, units="nats a token")


def _model_of_text(view: View) -> Any:
    """Return the model of n-grams of a view; raise ValueError when it is another kind of model."""
    if not isinstance(view.model, measures.Model):
        raise ValueError("this is a statistic of texts; take it with jc.learners.NGram")
    return view.model

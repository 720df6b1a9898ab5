"""What to watch: small functions from a :class:`~jaxcollapse.process.one_context.View` to a number or a small array.

They run inside the scan, on one chain. Additive statistics, ``sum_i f(p_i)``, are summed in fixed
point (:func:`jaxcollapse.exact.fixed.total`), so their bits do not depend on batch, shard or piece; a term
of such a sum is at most one product, comparison or difference away from the view. Sums of positive
terms are accurate to about 1e-7 of their value, near collapse too (``heterozygosity`` is
``sum p (1 - p)``, with ``1 - p`` taken from integer counts; ``1 - simpson`` in float32 would be
worthless there); ``kl_truth``, a difference, to about 2e-8 nats.

Any function of the caller's own will do as well: ``record=("simpson", my_statistic)``. It is recorded
under its ``__name__`` and may return any array; what it computes in floats is its own affair.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check
from jaxcollapse.contract import Statistic, View
from jaxcollapse.exact import fixed
from jaxcollapse.learners.ngrams import measures
from jaxcollapse.sampling.token_frame import DISTANCE


def simpson(view: View) -> Array:
    """``sum_i p_i^2``, the Simpson concentration: the chance that two tokens agree."""
    return fixed.total(view.p * view.p, 2.0)


def heterozygosity(view: View) -> Array:
    """``1 - sum_i p_i^2 = sum_i p_i (1 - p_i)``: the chance that two tokens differ. Decays exponentially."""
    return fixed.total(view.p * view.q, 2.0)


def max_prob(view: View) -> Array:
    """``max_i p_i``."""
    return jnp.max(view.p)


def support(view: View) -> Array:
    """The number of tokens that the model can still write, ``int32``."""
    return jnp.sum(view.p > 0, dtype=jnp.int32)


def entropy(view: View) -> Array:
    """``-sum_i p_i ln p_i``, in nats."""
    return fixed.total(view.p * view.surprisal, 128.0)


def collapsed(view: View) -> Array:
    """Whether the model is a Dirac mass, ``bool``."""
    return jnp.any(view.q == 0)


def winner(view: View) -> Array:
    """The token of the Dirac mass, ``int32``; -1 before collapse."""
    return jnp.where(collapsed(view), view.tokens[jnp.argmax(view.p)], -1)


def _first(view: View) -> Array:
    assert view.first is not None, "the engine keeps p^(1) for every statistic that requires it"
    return view.first


def l1_first(view: View) -> Array:
    """``||p^(m) - p^(1)||_1``, the plain L1 norm (twice total variation); at m = 0 too."""
    listed = fixed.accumulate(jnp.abs(view.p - _first(view)), DISTANCE)
    return fixed.value(fixed.add(listed, view.dropped_first[0]), DISTANCE)


def l2_first(view: View) -> Array:
    """``||p^(m) - p^(1)||_2^2``, squared."""
    difference = view.p - _first(view)
    listed = fixed.accumulate(difference * difference, DISTANCE)
    return fixed.value(fixed.add(listed, view.dropped_first[1]), DISTANCE)


def l1_truth(view: View) -> Array:
    """``||p^(m) - p||_1``, the plain L1 norm."""
    return fixed.value(
        fixed.add(fixed.accumulate(jnp.abs(view.p - view.truth), DISTANCE), view.dropped_truth[0]), DISTANCE
    )


def l2_truth(view: View) -> Array:
    """``||p^(m) - p||_2^2``, squared."""
    difference = view.p - view.truth
    return fixed.value(fixed.add(fixed.accumulate(difference * difference, DISTANCE), view.dropped_truth[1]), DISTANCE)


def kl_truth(view: View) -> Array:
    """``KL(p^(m) || p) = sum_i p_i^(m) ln(p_i^(m) / p_i)``, in nats; finite, for lost tokens add nothing."""
    return jnp.maximum(fixed.total(view.p * (view.truth_surprisal - view.surprisal), 128.0), 0)


@functools.cache
def hill(order: float) -> Statistic:
    """The Hill number of an order ``q >= 0``: ``(sum_i p_i^q)^(1/(1-q))``, the effective number of tokens.

    Order 0 is the support, 1 the exponential of the entropy, 2 the inverse Simpson concentration,
    infinity ``1 / max p``. Other orders use floating powers and do not promise their last bits.

    Source: Hill, "Diversity and evenness" (1973).

    Raises:
      ValueError: when ``order`` is negative or NaN, or so near to 1 that the power is lost in rounding.
    """
    if order != math.inf:
        order = check.real_number("order", order, -1e-300, 1e300)
    if 0 < abs(order - 1) < 1e-3:
        raise ValueError(f"order must be 1 or differ from it by 1e-3 at least, got {order!r}")
    name = f"hill_{order:g}"
    if order == 0:
        return Statistic(name, lambda view: support(view).astype(jnp.float32))
    if order == 1:
        return Statistic(name, lambda view: jnp.exp(entropy(view)))
    if order == 2:
        return Statistic(name, lambda view: 1 / simpson(view))
    if math.isinf(order):
        return Statistic(name, lambda view: 1 / max_prob(view))

    def of(view: View) -> Array:
        # Relative to the largest, or high powers would all underflow.
        largest = max_prob(view)
        powers = jnp.sum(jnp.where(view.p > 0, (view.p / largest) ** order, 0))
        return jnp.exp((order * jnp.log(largest) + jnp.log(powers)) / (1 - order))

    return Statistic(name, of)


@functools.cache
def tail_mass(below: float = 1e-4) -> Statistic:
    """The probability that the model gives to rare words: tokens of true probability under ``below``.

    Raises:
      ValueError: when ``below`` is not a positive number.
    """
    below = check.real_number("below", below, 0, 2, "it is a probability")
    name = "tail_mass" if below == 1e-4 else f"tail_mass_{below:g}"
    return Statistic(name, lambda view: fixed.total(jnp.where(view.truth < below, view.p, 0), 2.0))


@functools.cache
def spectrum(largest: int = 10) -> Statistic:
    """How many tokens were counted once, twice, ... ``largest`` times: the site frequency spectrum.

    ``int32 [largest]``; -1 for the truth, which has no counts.

    Raises:
      ValueError: when ``largest`` is not a whole number of at least 1.
    """
    largest = check.static_whole_number("largest", largest)

    def of(view: View) -> Array:
        if view.counts is None:
            return jnp.full(largest, -1, jnp.int32)
        index = jnp.where(view.counts > 0, view.counts - 1, largest)
        return jnp.zeros(largest, jnp.int32).at[index].add(1, mode="drop")

    return Statistic("spectrum" if largest == 10 else f"spectrum_{largest}", of)


@functools.cache
def trajectory(*tokens: int) -> Statistic:
    """``p_i^(m)`` of chosen tokens (by index in the vocabulary), ``float32 [len(tokens)]``.

    Raises:
      ValueError: when there is none, or an index is not a whole number.
    """
    if not tokens:
        raise ValueError("tokens must name at least one token, as trajectory(0, 17)")
    wanted = [check.static_whole_number("token", token, least=0) for token in tokens]

    def of(view: View) -> Array:
        # At most one entry matches, so this sum rounds nothing.
        return jnp.stack([jnp.max(jnp.where(view.tokens == token, view.p, 0)) for token in wanted])

    return Statistic("trajectory_" + "_".join(map(str, wanted)), of, over="each")


@functools.cache
def band_support(*edges: float) -> Statistic:
    """Surviving tokens by true frequency: how many with ``edges[j] <= p_i < edges[j + 1]``, ``int32 [bands]``.

    Raises:
      ValueError: when there are fewer than two edges or they do not increase.
    """
    if len(edges) < 2 or any(not a < b for a, b in itertools.pairwise(edges)):
        raise ValueError(f"edges must increase and be at least two, got {edges!r}")
    bounds = np.asarray(edges, np.float32)

    def of(view: View) -> Array:
        alive = view.p > 0
        inside = (view.truth >= bounds[:-1, None]) & (view.truth < bounds[1:, None])
        return jnp.sum(inside & alive, axis=1, dtype=jnp.int32)

    return Statistic("band_support_" + "_".join(f"{edge:g}" for edge in edges), of)


def ngrams(view: View) -> Array:
    """How many different n-grams (a context and what follows it) the text has that the model was trained on, ``int32``.

    This and the next three are of models of n-grams (:class:`jaxcollapse.learners.NGram`); at ``m = 0`` of the
    real text.
    """
    return measures.ngrams(_of_text(view))


def contexts(view: View) -> Array:
    """How many different contexts the text has, ``int32``: those that the model can still reach."""
    return measures.contexts(_of_text(view))


def entropy_rate(view: View) -> Array:
    """The model's entropy given the context, in nats a token: ``-sum_c P(c) sum_i p_ci ln p_ci``, P as in its text."""
    return measures.entropy_rate(_of_text(view))


def type_token_ratio(view: View) -> Array:
    """Different tokens over tokens of the text; depends on the text's length."""
    size, kinds = measures.tokens_and_kinds(_of_text(view))
    # As in learners.categorical: a divisor that XLA takes for one number it may multiply by instead.
    return kinds.astype(jnp.float32) / jnp.where(kinds < 0, 1.0, size.astype(jnp.float32))


def cross_entropy(held_out: Sequence[int] | np.ndarray, *, order: int, discount: float | None = 0.75) -> Statistic:
    """How badly a model of n-grams predicts a real text that it never saw: ``-mean ln p(token | context)``, in nats.

    A copying model gives no probability to what it never saw, so what is scored is the text that a model was trained
    on: by what interpolated Kneser-Ney makes of it, whatever the model itself makes of it.

    Args:
      held_out: tokens of the text by their index in the vocabulary, ``[length]``.
      order: of the learner; of a copying one, a lower order may be asked for.
      discount: of Kneser-Ney; None for the model's own probabilities, before decoding (infinity where it has none).

    Raises:
      ValueError: for a text not longer than the order, a token that is no index, a discount outside 0 to 1, and in a
        run for an order that is not the learner's, or is higher than that of a copying one.

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
        return measures.cross_entropy(_of_text(view), jnp.asarray(tokens, jnp.int32), order, vocabulary, discount)

    return Statistic("own_cross_entropy" if discount is None else "cross_entropy", of, requires=frozenset())


def _of_text(view: View) -> Any:
    if not isinstance(view.model, measures.Model):
        raise ValueError("this is a statistic of texts; take it with jc.learners.NGram")
    return view.model


STATISTICS: dict[str, Statistic] = {
    statistic.name: statistic
    for statistic in (
        *(Statistic(of.__name__, of) for of in (simpson, heterozygosity, max_prob, support, entropy)),
        *(Statistic(of.__name__, of) for of in (collapsed, l1_truth, l2_truth, kl_truth)),
        Statistic("winner", winner, over="each"),  # tokens have no mean
        *(Statistic(of.__name__, of, frozenset({"p", "first"})) for of in (l1_first, l2_first)),
        *(hill(order) for order in (0, 1, 2)),
        tail_mass(),
        spectrum(),
    )
}
"""The statistics of any model that go by a name, by that name."""
TEXT_STATISTICS: dict[str, Statistic] = {
    of.__name__: Statistic(of.__name__, of) for of in (ngrams, contexts, entropy_rate, type_token_ratio)
}
"""Those of models of n-grams."""


def named() -> dict[str, Statistic]:
    """All that go by a name."""
    return STATISTICS | TEXT_STATISTICS


Record = str | Statistic | Callable[[View], Array] | Sequence[str | Statistic | Callable[[View], Array]]
"""What a caller asks to be recorded: names, statistics, functions of a view."""


def resolve(record: Record) -> tuple[Statistic, ...]:
    """The statistics that a caller's ``record`` stands for.

    Raises:
      ValueError: for an unknown name, for two of one name, and for none.
      TypeError: for what is neither a name nor a function.
    """
    if isinstance(record, str | Statistic) or callable(record):
        record = (record,)
    found = []
    for item in record:
        if isinstance(item, Statistic):
            found.append(item)
        elif isinstance(item, str):
            check.choice("statistic", item, named())
            found.append(named()[item])
        elif callable(item):
            found.append(_own(item))
        else:
            raise TypeError(f"record must hold names or functions of a view, got {item!r}")
    names = [statistic.name for statistic in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"record names {sorted(twice)[0]!r} twice; give each statistic its own name")
    if not found:
        raise ValueError(f"record must name at least one statistic; known: {', '.join(sorted(named()))}")
    return tuple(found)


def each(statistic: str | Statistic | Callable[[View], Array]) -> Statistic:
    """The statistic of every context by itself, ``[contexts, ...]``, recorded under ``each_<name>``.

    Of a process of one context it is the statistic.

    Raises:
      As :func:`resolve`.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> process = jc.recursive_training([[0.5, 0.5], [0.9, 0.1]], jc.FullySynthetic(n=8))
      >>> trace = jc.simulate(jax.random.key(0), process, chains=3, generations=4, record=each("support"))
      >>> trace["each_support"].shape
      (3, 5, 2)
    """
    (one,) = resolve((statistic,))
    return dataclasses.replace(one, name=f"each_{one.name}", over="each")


@functools.cache
def _own(function: Callable[[View], Array]) -> Statistic:
    return Statistic(
        getattr(function, "__name__", type(function).__name__), function, requires=frozenset(), keep_first=True
    )

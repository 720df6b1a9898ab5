"""Families of statistics: functions that make a statistic of the numbers that they are given."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check
from jaxcollapse.contract import Statistic, View
from jaxcollapse.exact import sums
from jaxcollapse.statistics.of_tokens import entropy, max_prob, simpson, support


@functools.cache
def hill(order: float) -> Statistic:
    """Make the statistic of the Hill number of an order ``q >= 0``, the effective number of tokens.

    The Hill number is ``(sum_i p_i^q)^(1/(1-q))``: order 0 is the support, 1 the exponential of the entropy, 2 the
    inverse Simpson concentration, infinity ``1 / max p``. Other orders use floating powers and do not promise their
    last bits.

    Source: Hill, "Diversity and evenness" (1973).

    Raises:
      ValueError: when ``order`` is negative or NaN, or so near to 1 that the power is lost in rounding.

    Example:
      >>> hill(2).name, hill(2).long_name
      ('hill_2', 'Hill number of order 2')
    """
    if order != math.inf:
        order = check.real_number("order", order, -1e-300, 1e300)
    if 0 < abs(order - 1) < 1e-3:
        raise ValueError(f"order must be 1 or differ from it by 1e-3 at least, got {order!r}")
    return Statistic(f"hill_{order:g}", _hill_number(order), long_name=f"Hill number of order {order:g}")


def _hill_number(order: float) -> Callable[[View], Array]:
    """Return the function that computes a Hill number, through a simpler statistic where there is one."""
    if order == 0:
        return lambda view: support(view).astype(jnp.float32)
    if order == 1:
        return lambda view: jnp.exp(entropy(view))
    if order == 2:
        return lambda view: 1 / simpson(view)
    if math.isinf(order):
        return lambda view: 1 / max_prob(view)

    def by_powers(view: View) -> Array:
        # Relative to the largest probability, or high powers would all underflow.
        largest = max_prob(view)
        powers = jnp.sum(jnp.where(view.p > 0, (view.p / largest) ** order, 0))
        return jnp.exp((order * jnp.log(largest) + jnp.log(powers)) / (1 - order))

    return by_powers


@functools.cache
def tail_mass(below: float = 1e-4) -> Statistic:
    """Make the statistic of the probability that the model gives to rare tokens, of true probability under ``below``.

    Raises:
      ValueError: when ``below`` is not a positive number.

    Example:
      >>> tail_mass().name, tail_mass(0.01).name
      ('tail_mass', 'tail_mass_0.01')
    """
    below = check.real_number("below", below, 0, 2, "it is a probability")
    return Statistic(
        "tail_mass" if below == 1e-4 else f"tail_mass_{below:g}",
        lambda view: sums.total(jnp.where(view.truth < below, view.p, 0), 2.0),
        long_name=f"probability of tokens whose true probability is below {below:g}",
    )


@functools.cache
def spectrum(largest: int = 10) -> Statistic:
    """Make the statistic of the count spectrum: how many tokens were counted once, twice, ... ``largest`` times.

    In population genetics this is the site frequency spectrum. Its values are ``int32 [largest]``; -1 for the truth,
    which has no counts.

    Raises:
      ValueError: when ``largest`` is not a whole number of at least 1.

    Example:
      >>> spectrum(3).long_name, spectrum(3).units
      ('tokens counted once, twice, ... 3 times', 'counts')
    """
    largest = check.static_whole_number("largest", largest)

    def of(view: View) -> Array:
        if view.counts is None:
            return jnp.full(largest, -1, jnp.int32)
        index = jnp.where(view.counts > 0, view.counts - 1, largest)
        return jnp.zeros(largest, jnp.int32).at[index].add(1, mode="drop")

    name = "spectrum" if largest == 10 else f"spectrum_{largest}"
    return Statistic(name, of, long_name=f"tokens counted once, twice, ... {largest} times", units="counts")


@functools.cache
def trajectory(*tokens: int) -> Statistic:
    """Make the statistic of the probabilities ``p_i^(m)`` of chosen tokens, ``float32 [len(tokens)]``.

    Args:
      tokens: the indices of the tokens in the vocabulary.

    Raises:
      ValueError: when there is no token, or an index is not a whole number.

    Example:
      >>> trajectory(0, 17).name, trajectory(0, 17).long_name
      ('trajectory_0_17', 'probability of token 0, 17')
    """
    if not tokens:
        raise ValueError("tokens must name at least one token, as trajectory(0, 17)")
    wanted = [check.static_whole_number("token", token, least=0) for token in tokens]

    def of(view: View) -> Array:
        # At most one entry matches, so the maximum rounds nothing.
        return jnp.stack([jnp.max(jnp.where(view.tokens == token, view.p, 0)) for token in wanted])

    listed = list(map(str, wanted))
    return Statistic(
        "trajectory_" + "_".join(listed), of, over="each", long_name=f"probability of token {', '.join(listed)}"
    )


@functools.cache
def band_support(*edges: float) -> Statistic:
    """Make the statistic of the surviving tokens by true frequency, ``int32 [bands]``.

    Band ``j`` counts the tokens that the model can still write and for which ``edges[j] <= p_i < edges[j + 1]``, where
    ``p_i`` is the true probability.

    Raises:
      ValueError: when there are fewer than two edges or they do not increase.

    Example:
      >>> band_support(0, 0.01, 1).name
      'band_support_0_0.01_1'
    """
    if len(edges) < 2 or any(not a < b for a, b in itertools.pairwise(edges)):
        raise ValueError(f"edges must increase and be at least two, got {edges!r}")
    bounds = np.asarray(edges, np.float32)

    def of(view: View) -> Array:
        alive = view.p > 0
        truth = view.truth[None]
        inside = (truth >= bounds[:-1, None]) & (truth < bounds[1:, None])
        return jnp.sum(inside & alive[None], axis=1, dtype=jnp.int32)

    listed = [f"{edge:g}" for edge in edges]
    long_name = f"tokens alive, by true probability between {', '.join(listed)}"
    return Statistic("band_support_" + "_".join(listed), of, long_name=long_name)

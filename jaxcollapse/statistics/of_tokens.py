"""Statistics of the next-token probabilities of one model: diversity, collapse, and distances from other models.

They run inside the compiled scan, on the :class:`~jaxcollapse.contract.View` of one chain. Additive
statistics, ``sum_i f(p_i)``, are summed in fixed point (:func:`jaxcollapse.exact.sums.total`), so their bits depend
neither on the batch nor on the device; a term of such a sum is at most one product, comparison or difference away from
the view. Sums of positive terms are accurate to about 1e-7 of their value, near collapse too (:func:`heterozygosity` is
``sum p (1 - p)``, with ``1 - p`` taken from integer counts; ``1 - simpson`` in float32 would be worthless there);
:func:`kl_truth`, a difference, is accurate to about 2e-8 nats.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array

from jaxcollapse.contract import View
from jaxcollapse.exact import sums, u64
from jaxcollapse.sampling.token_frame import DISTANCE


def simpson(view: View) -> Array:
    """Return the Simpson concentration ``sum_i p_i^2``: the chance that two tokens agree."""
    return sums.total(view.p * view.p, 2.0)


def heterozygosity(view: View) -> Array:
    """Return the heterozygosity ``1 - sum_i p_i^2 = sum_i p_i (1 - p_i)``: the chance that two tokens differ.

    In the fully synthetic regime its mean decays exponentially.
    """
    return sums.total(view.p * view.q, 2.0)


def max_prob(view: View) -> Array:
    """Return the largest probability ``max_i p_i``."""
    return jnp.max(view.p)


def support(view: View) -> Array:
    """Return the number of tokens that the model can still write, ``int32``."""
    return jnp.sum(view.p > 0, dtype=jnp.int32)


def entropy(view: View) -> Array:
    """Return the Shannon entropy ``-sum_i p_i ln p_i``, in nats."""
    return sums.total(view.p * view.surprisal, 128.0)


def collapsed(view: View) -> Array:
    """Return whether the model is a Dirac mass, which writes one token only, ``bool``."""
    return jnp.any(view.q == 0)


def winner(view: View) -> Array:
    """Return the token of the Dirac mass, ``int32``; -1 before collapse."""
    return jnp.where(collapsed(view), view.tokens[jnp.argmax(view.p)], -1)


def _first(view: View) -> Array:
    """Return p^(1), which a statistic that requires it may look at."""
    assert view.first is not None, "the engine keeps p^(1) for every statistic that requires it"
    return view.first


def l1_first(view: View) -> Array:
    """Return ``||p^(m) - p^(1)||_1``, the plain L1 norm (twice the total variation distance); at ``m = 0`` too."""
    listed = sums.accumulate(jnp.abs(view.p - _first(view)), DISTANCE)
    return sums.value(u64.add(listed, view.dropped_first[0]), DISTANCE)


def l2_first(view: View) -> Array:
    """Return the squared L2 distance ``||p^(m) - p^(1)||_2^2``; at ``m = 0`` too."""
    difference = view.p - _first(view)
    listed = sums.accumulate(difference * difference, DISTANCE)
    return sums.value(u64.add(listed, view.dropped_first[1]), DISTANCE)


def l1_truth(view: View) -> Array:
    """Return ``||p^(m) - p||_1``, the plain L1 norm (twice the total variation distance)."""
    return sums.value(u64.add(sums.accumulate(jnp.abs(view.p - view.truth), DISTANCE), view.dropped_truth[0]), DISTANCE)


def l2_truth(view: View) -> Array:
    """Return the squared L2 distance ``||p^(m) - p||_2^2``."""
    difference = view.p - view.truth
    return sums.value(u64.add(sums.accumulate(difference * difference, DISTANCE), view.dropped_truth[1]), DISTANCE)


def kl_truth(view: View) -> Array:
    """Return the Kullback-Leibler divergence ``KL(p^(m) || p) = sum_i p_i^(m) ln(p_i^(m) / p_i)``, in nats.

    It is finite while the model writes true tokens only, for lost tokens add nothing.
    """
    return jnp.maximum(sums.total(view.p * (view.truth_surprisal - view.surprisal), 128.0), 0)

"""Which token each entry of a chain's tables stands for, and what p^(1) gave to the tokens that have no entry."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from jaxcollapse.exact import sums, u64

DISTANCE = 4.0
"""Bound of the fixed-point sums behind distances between distributions."""


class TokenFrame(NamedTuple):
    """How a table of ``width`` entries lies over the vocabulary.

    Attributes:
      tokens: the token of each entry, in increasing order, ``int32 [width]``; the vocabulary's size for padding.
      first: p^(1) of each entry, ``float32 [width]``; width 0 when no statistic asked for it.
      dropped_first: what p^(1) gave to tokens without an entry, and the sum of its squares, as fixed-point sums.
    """

    tokens: Array
    first: Array
    dropped_first: tuple[u64.U64, u64.U64]

    @property
    def width(self) -> int:
        """The number of entries."""
        return self.tokens.shape[0]

    @property
    def kept_first(self) -> Array | None:
        """p^(1) of each entry, or None when no statistic asked for it."""
        return self.first if self.first.shape[0] else None

    def compact(self, kept: Array, vocabulary: int) -> TokenFrame:
        """Return the frame of the entries ``kept``, ``int32 [narrower width]``; the old width stands for padding."""
        tokens = self.tokens.at[kept].get(mode="fill", fill_value=vocabulary)
        if self.kept_first is None:
            return self._replace(tokens=tokens)
        first = self.first.at[kept].get(mode="fill", fill_value=0)
        dropped = (
            sum_of_others(self.first, first),
            sum_of_others(self.first * self.first, first * first),
        )
        return TokenFrame(
            tokens, first, (u64.add(self.dropped_first[0], dropped[0]), u64.add(self.dropped_first[1], dropped[1]))
        )


def token_frame(tokens: Array) -> TokenFrame:
    """Return a frame of these tokens without p^(1)."""
    return TokenFrame(tokens, jnp.zeros(0, jnp.float32), (u64.zero(), u64.zero()))


def sum_of_others(every: Array, listed: Array) -> u64.U64:
    """Return the sum of ``every`` less that of ``listed``, some of its terms; integers subtract exactly."""
    return u64.subtract(sums.accumulate(every, DISTANCE), sums.accumulate(listed, DISTANCE))

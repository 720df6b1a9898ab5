"""Frames of tables: which token each entry stands for, and the mass of p^(1) on the tokens that have no entry."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from jaxcollapse.exact import sums, u64

DISTANCE = 4.0
"""The largest value of the fixed-point sums that distances between distributions are computed from."""


class TokenFrame(NamedTuple):
    """The tokens that the entries of a table of ``width`` entries stand for, and p^(1) of these tokens.

    Attributes:
      tokens: the token of each entry, in increasing order, ``int32 [width]``; the vocabulary's size for padding.
      first: p^(1) of each entry, ``float32 [width]``; of width 0 when no statistic asks for it.
      dropped_first: the mass of p^(1) on tokens without an entry, and the sum of its squares, as fixed-point sums.
    """

    tokens: Array
    first: Array
    dropped_first: tuple[u64.U64, u64.U64]

    @property
    def width(self) -> int:
        """Return the number of entries."""
        return self.tokens.shape[0]

    @property
    def kept_first(self) -> Array | None:
        """Return p^(1) of each entry, ``float32 [width]``, or None when no statistic asks for it."""
        return self.first if self.first.shape[0] else None

    def compact(self, kept: Array, vocabulary: int) -> TokenFrame:
        """Return the frame that has only the entries ``kept``, ``int32 [new width]``; the old width marks padding."""
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
    """Return a frame of the tokens ``int32 [width]``, without p^(1)."""
    return TokenFrame(tokens, jnp.zeros(0, jnp.float32), (u64.zero(), u64.zero()))


def sum_of_others(every: Array, listed: Array) -> u64.U64:
    """Return the exact sum of the terms of ``every`` that are not in ``listed``, in fixed point."""
    return u64.subtract(sums.accumulate(every, DISTANCE), sums.accumulate(listed, DISTANCE))

"""A double of threefry that computes the same words in NumPy and records which key gave which word, and what for.

For runs without compiling, without mapping and of one chain after another: :func:`one_by_one` sees to it.
"""

from __future__ import annotations

import contextlib
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxcollapse import check, native
from jaxcollapse.exact import threefry
from jaxcollapse.exact.u64 import U64

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


def threefry2x32(key: np.ndarray, counter: np.ndarray) -> np.ndarray:
    """Return the words `uint32 [2, k]` of keys and counters, each `uint32 [2, k]` or `[2]`: Salmon et al. (2011)."""
    key, counter = (np.asarray(of, np.uint32).reshape(2, -1) for of in (key, counter))  # numbers would warn of overflow
    schedule = (key[0], key[1], key[0] ^ key[1] ^ np.uint32(0x1BD11BDA))
    x0, x1 = counter[0] + schedule[0], counter[1] + schedule[1]
    for block in range(5):
        for distance in ROTATIONS[block % 2]:
            x0 = x0 + x1
            x1 = ((x1 << np.uint32(distance)) | (x1 >> np.uint32(32 - distance))) ^ x0
        x0, x1 = x0 + schedule[(block + 1) % 3], x1 + schedule[(block + 2) % 3] + np.uint32(block + 1)
    return np.stack([x0, x1])


class Recorder:
    """What was evaluated.

    Attributes:
      drawn: for each (key, counter) whose word served as random bits, the calls that drew it, in words.
      derived: each (key, counter) whose word served as a key.
      unseen: calls whose values were not known, in words; their words are zeros. They must come to nothing but shapes.
    """

    def __init__(self) -> None:
        self.drawn: dict[tuple[int, ...], list[str]] = {}
        self.derived: set[tuple[int, ...]] = set()
        self.unseen: list[str] = []

    def threefry(self, key: U64, counter: U64) -> U64:
        """Evaluate the function, in place of the package's own, and record it."""
        path = _path()
        if any(isinstance(word, jax.core.Tracer) for word in (*key, *counter)):
            self.unseen.append(" < ".join(path))
            return U64(*(jnp.zeros(jnp.broadcast_shapes(*map(jnp.shape, (*key, *counter))), jnp.uint32) for _ in "01"))
        given = np.stack(np.broadcast_arrays(*(np.asarray(word, np.uint32) for word in (*key, *counter))))
        pairs = set(map(tuple, given.reshape(4, -1).T.tolist()))  # one call may ask for a word more than once
        if "fold_in" in path:
            self.derived |= pairs
        else:
            for pair in pairs:
                self.drawn.setdefault(pair, []).append(" < ".join(path))
        return U64(*map(jnp.asarray, threefry2x32(given[:2], given[2:]).reshape(2, *given.shape[1:])))

    def reused(self) -> list[str]:
        """Return what is wrong: words drawn by two calls, or drawn and used as a key as well.

        A word may be drawn by a call inside of ``only_if`` and by one outside: what ``regimes.base.only_if``
        gives replaces what else is there, so that one of the two draws is thrown away.
        """
        twice = [
            f"{pair} by {' and by '.join(calls)}"
            for pair, calls in self.drawn.items()
            if len(calls) > 1 and sorted("only_if" in call for call in calls) != [False, True]
        ]
        return twice + [f"{pair} by {self.drawn[pair][0]}, and it is a key" for pair in self.derived & set(self.drawn)]


def _path() -> list[str]:
    """The names of the package's functions that are running, the innermost first."""
    frame: Any = sys._getframe(2)
    names = []
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("jaxcollapse."):
            names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


def loop(function, in_axes=0, out_axes=0):
    """Do what ``jax.vmap`` does, one after another, so that no branch is evaluated that is not taken."""
    assert out_axes == 0

    def looped(*arguments):
        axes = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(arguments)
        count = min(
            leaf.shape[axis]
            for argument, axis in zip(arguments, axes, strict=True)
            for leaf in (jax.tree.leaves(argument) if axis is not None else ())
        )
        take = lambda argument, axis, i: (
            argument if axis is None else jax.tree.map(lambda leaf: jnp.take(leaf, i, axis), argument)
        )
        rows = [function(*map(take, arguments, axes, [i] * len(arguments))) for i in range(count)]
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *rows)

    return looped


@contextlib.contextmanager
def one_by_one():
    """Record what runs inside: without the compiled kernel, without compiling, and without mapping.

    Values are then known that usually are not, and are left unchecked: a context may well have no token.
    """
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as patch, jax.disable_jit():
        patch.setattr(native, "enabled", lambda: False)
        patch.setattr(check, "whole_number", lambda *given, **bounds: None)
        patch.setattr(threefry, "threefry", recorder.threefry)
        patch.setattr(jax.random, "fold_in", threefry.fold_in)
        patch.setattr(jax, "vmap", loop)
        yield recorder

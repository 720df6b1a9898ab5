"""Compiled twins for CPUs, of :mod:`jaxcollapse.sampling.dyadic` and of texts: the same bits in less time.

XLA computes the fullest plan for every token of every chain in step; ``counts.cc`` stops where no point is
left, skips dead tokens, and lets each chain run on alone; ``texts.cc`` counts where XLA sorts, and walks documents
one by one. They are built with the package where a C++ compiler
is at hand and reached through XLA's foreign function interface. Where they are missing, and on accelerators,
XLA does the same work.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.machinery
import pathlib
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse.exact.fixed import U64

_NAMES = ("count_below", "resample", "run", "sorted", "walked")


class Plan(NamedTuple):
    """How counts of one capacity are drawn, as ``counts.cc`` reads it.

    Attributes:
      capacity: the most points.
      crowds: a row for each level of crowded intervals: the most coins, and how many tables (0: toss).
      cuts: a row for each table: unit (as a power of two), mask of rows, bits of columns, first row, first column.
      stages: level, digits, words.
      firsts: the outcome of each row's first column.
      columns: thresholds (high and low words) and alternatives, ``uint32 [3, columns]``.
    """

    capacity: int
    crowds: np.ndarray
    cuts: np.ndarray
    stages: np.ndarray
    firsts: np.ndarray
    columns: np.ndarray


@functools.cache
def available() -> bool:
    """Whether the kernel was built, and loads."""
    here = pathlib.Path(__file__).parent
    built = [path for suffix in importlib.machinery.EXTENSION_SUFFIXES if (path := here / f"_counts{suffix}").exists()]
    if not built:
        return False
    try:
        library = ctypes.CDLL(str(built[0]))
        for name in _NAMES:
            target = f"jaxcollapse_{name}"
            jax.ffi.register_ffi_target(target, jax.ffi.pycapsule(getattr(library, target)), platform="cpu")
    except Exception:  # built for another processor or another jaxlib: XLA will do
        return False
    return True


def will_do() -> bool:
    """Whether counts are to be drawn by the kernel: it is there, and the program is for a CPU."""
    return jax.default_backend() == "cpu" and available()


def _call(name: str, results: list[jax.ShapeDtypeStruct], plan: Plan, *operands: Array) -> list[Array]:
    assert available(), "will_do() says whether the kernel may be called"
    call = jax.ffi.ffi_call(f"jaxcollapse_{name}", results, vmap_method="expand_dims")
    attributes = {name: getattr(plan, name).astype(np.int32).ravel() for name in ("crowds", "cuts", "stages")}
    found = call(
        *operands, jnp.asarray(plan.firsts), jnp.asarray(plan.columns), capacity=np.int32(plan.capacity), **attributes
    )
    return list(found)


def _ints(*shape: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, jnp.int32)


def count_below(plan: Plan, key: Array, size: Array, positions: U64) -> Array:
    """As :func:`jaxcollapse.sampling.dyadic.count_below`."""
    key = jax.random.key_data(key)
    return _call("count_below", [_ints(*positions.hi.shape)], plan, key, size, positions.hi, positions.lo)[0]


def resample(plan: Plan, key: Array, cumulative: Array, size: Array) -> Array:
    """The cumulative counts of ``size`` tokens drawn from others, given likewise, ``int32 [width]``."""
    return _call("resample", [_ints(*cumulative.shape)], plan, jax.random.key_data(key), cumulative, size)[0]


def run(plan: Plan, key: Array, cumulative: Array, m: Array, most: Array, sizes: Array) -> tuple[Array, Array]:
    """Generations ``m + 1``, ``m + 2`` ... of fully synthetic training, until one token is left or ``most`` are done.

    Args:
      plan: of the largest size.
      key: of the chain; generation ``m`` draws with ``fold_in(fold_in(key, m), 0)``.
      cumulative: cumulative counts of generation ``m``, ``int32 [width]``.
      m: the generation.
      most: how many more at most.
      sizes: of the generations that follow, ``int32 [generations]``.

    Returns:
      The cumulative counts of the last generation, and how many generations were run.
    """
    results = [_ints(*cumulative.shape), _ints()]
    after, done = _call("run", results, plan, jax.random.key_data(key), cumulative, m, most, sizes)
    return after, done


def sorted_text(tokens: Array, size: Array, order: int, vocabulary: int) -> tuple[Array, Array, Array]:
    """A text sorted by context: tokens, where the contexts begin that they lead to, and how many places these have.

    As :func:`jaxcollapse.learners.ngrams.context_index.concordance`, each ``int32 [slots]``.
    """
    assert available(), "will_do() says whether the kernel may be called"
    results = [_ints(*tokens.shape)] * 3
    call = jax.ffi.ffi_call("jaxcollapse_sorted", results, vmap_method="expand_dims")
    token, follow, choice = call(tokens, size, order=np.int32(order), vocabulary=np.int32(vocabulary))
    return token, follow, choice


def walked(rows: Array, begin: Array, lots: U64) -> Array:
    """The walk of :func:`jaxcollapse.learners.ngrams.context_index.write`.

    Args:
      rows: token, follow and choice of each slot, ``int32 [slots, 3]``.
      begin: the slot before each document, ``int32 [documents]``.
      lots: a word for each step, ``[steps, documents]``.

    Returns:
      Tokens, ``int32 [steps, documents]``.
    """
    assert available(), "will_do() says whether the kernel may be called"
    call = jax.ffi.ffi_call("jaxcollapse_walked", _ints(*lots.hi.shape), vmap_method="expand_dims")
    return call(rows, begin, lots.hi, lots.lo)

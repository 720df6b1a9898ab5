"""Compiled twins, for CPUs, of :mod:`jaxcollapse.sampling.dyadic` and of the sorting and writing of texts.

They give the same bits as XLA in less time. XLA computes the fullest plan for every token of every chain in step;
``counts.cc`` stops where no point is left, skips dead tokens, and lets each chain run on alone. ``texts.cc`` counts
where XLA sorts, and walks through a few documents at a time. Both are built with the package where a C++ compiler is
at hand, and called through XLA's foreign function interface. Where they are missing, and on accelerators, XLA does
the same work.
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

from jaxcollapse.exact.u64 import U64

_TARGETS = ("count_below", "resample", "fused_generations", "sort_by_context", "walk_documents")


class Plan(NamedTuple):
    """How counts of one capacity are drawn, as ``counts.cc`` reads it.

    Attributes:
      capacity: the largest number of points.
      levels: a row for each level that is split by Binomial(t, 1/2) draws, ``int32 [levels, 2]``: the capacity of its
        intervals, and how many alias tables they use (0: random bits are counted).
      tables: a row for each table of each level, ``int32 [tables, 5]``: the shift and the mask that find the row of a
        number of trials, the bits that choose a column, the first row, and the first column.
      stages: a row for each of the other stages, ``int32 [stages, 3]``: level, digits, words.
      first_outcomes: the outcome of the first column of each row of all tables, ``int32 [rows]``.
      columns: threshold (high and low word) and alias of each column of all tables, ``uint32 [columns, 3]``.
    """

    capacity: int
    levels: np.ndarray
    tables: np.ndarray
    stages: np.ndarray
    first_outcomes: np.ndarray
    columns: np.ndarray


@functools.cache
def available() -> bool:
    """Return whether the kernel was built and loads."""
    here = pathlib.Path(__file__).parent
    built = [path for suffix in importlib.machinery.EXTENSION_SUFFIXES if (path := here / f"_counts{suffix}").exists()]
    if not built:
        return False
    try:
        library = ctypes.CDLL(str(built[0]))
        for name in _TARGETS:
            target = f"jaxcollapse_{name}"
            jax.ffi.register_ffi_target(target, jax.ffi.pycapsule(getattr(library, target)), platform="cpu")
    except Exception:  # built for another processor, another jaxlib or another version of this package
        return False
    return True


def enabled() -> bool:
    """Return whether programs are to call the kernel: it is available, and they run on a CPU."""
    return jax.default_backend() == "cpu" and available()


def count_below(plan: Plan, key: Array, size: Array, positions: U64) -> Array:
    """Return what :func:`jaxcollapse.sampling.dyadic.count_below` returns, ``int32 [k]``."""
    key = jax.random.key_data(key)
    return _call("count_below", [_int32(*positions.hi.shape)], plan, key, size, positions.hi, positions.lo)[0]


def resample(plan: Plan, key: Array, cumulative: Array, size: Array) -> Array:
    """Return the cumulative counts of ``size`` tokens drawn with the frequencies of others, ``int32 [width]``."""
    return _call("resample", [_int32(*cumulative.shape)], plan, jax.random.key_data(key), cumulative, size)[0]


def fused_generations(
    plan: Plan, key: Array, cumulative: Array, m: Array, max_steps: Array, sizes: Array
) -> tuple[Array, Array]:
    """Run generations ``m + 1``, ``m + 2`` ... of fully synthetic training, until one token is left.

    Args:
      plan: of the largest size.
      key: of the chain; generation ``m`` draws with ``fold_in(fold_in(key, m), 0)``.
      cumulative: cumulative counts of generation ``m``, ``int32 [width]``.
      m: the generation, ``int32 []``.
      max_steps: how many generations to run at most, ``int32 []``.
      sizes: of the generations that follow, ``int32 [generations]``.

    Returns:
      The cumulative counts of the last generation, and how many generations were run.
    """
    results = [_int32(*cumulative.shape), _int32()]
    after, steps = _call("fused_generations", results, plan, jax.random.key_data(key), cumulative, m, max_steps, sizes)
    return after, steps


def sort_by_context(tokens: Array, size: Array, order: int, vocabulary: int) -> tuple[Array, Array, Array]:
    """Sort a text by the ``order`` tokens before each.

    Returns:
      The tokens, where the contexts begin that they lead to, and how many tokens follow these contexts, each
      ``int32 [capacity]``, as in :mod:`jaxcollapse.learners.ngrams.context_index`.
    """
    assert available(), "enabled() says whether the kernel may be called"
    results = [_int32(*tokens.shape)] * 3
    call = jax.ffi.ffi_call("jaxcollapse_sort_by_context", results, vmap_method="expand_dims")
    token, start, count = call(tokens, size, order=np.int32(order), vocabulary=np.int32(vocabulary))
    return token, start, count


def walk_documents(rows: Array, begin: Array, words: U64) -> Array:
    """Write documents by walks through a sorted text, as in :mod:`jaxcollapse.learners.ngrams.context_index`.

    Args:
      rows: what :func:`sort_by_context` returns for each slot, ``int32 [capacity, 3]``.
      begin: the slot before each document, ``int32 [documents]``.
      words: random bits for each step, two ``uint32 [steps, documents]``.

    Returns:
      Tokens, ``int32 [steps, documents]``.
    """
    assert available(), "enabled() says whether the kernel may be called"
    call = jax.ffi.ffi_call("jaxcollapse_walk_documents", _int32(*words.hi.shape), vmap_method="expand_dims")
    return call(rows, begin, words.hi, words.lo)


def _call(name: str, results: list[jax.ShapeDtypeStruct], plan: Plan, *operands: Array) -> list[Array]:
    """Call a target of ``counts.cc`` with a plan."""
    assert available(), "enabled() says whether the kernel may be called"
    call = jax.ffi.ffi_call(f"jaxcollapse_{name}", results, vmap_method="expand_dims")
    attributes = {name: getattr(plan, name).astype(np.int32).ravel() for name in ("levels", "tables", "stages")}
    tables = jnp.asarray(plan.first_outcomes), jnp.asarray(plan.columns)
    return list(call(*operands, *tables, capacity=np.int32(plan.capacity), **attributes))


def _int32(*shape: int) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, jnp.int32)

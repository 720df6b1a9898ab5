"""Checks of input before tracing: each message is one sentence with the argument, its value and the remedy."""

from __future__ import annotations

import numbers
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

LARGEST = 2**31 - 1
"""The largest count, for counts are 32-bit integers."""
HEAVIEST = 1e6
"""The largest weight of one token."""
RAREST = 2.0**-31
"""The least frequency of a context: rarer ones get no token of any corpus."""
SMALLEST = 2.0**-62
"""The smallest probability of a token: those below it are never drawn, and count as absent from the truth."""


def concrete(value: Any) -> bool:
    """Return whether a value is known now: it is a number or an array, not a tracer or a pytree placeholder."""
    if isinstance(value, jax.core.Tracer):
        return False
    return isinstance(value, numbers.Number | np.ndarray | np.generic | jax.Array | list | tuple)


def shown(value: Any) -> str:
    """Return a value as text for a message; a long array is shown by its first entries, its length and its largest."""
    if not concrete(value) or np.size(value) <= 8:
        return repr(
            value.tolist()
            if isinstance(value, np.generic) or (isinstance(value, np.ndarray | jax.Array) and np.ndim(value))
            else value
        )
    array = np.ravel(np.asarray(value))
    first = ", ".join(str(entry) for entry in array[:3].tolist())
    return f"[{first}, ...] ({array.size} of them, at most {array.max()})"


def whole_number(name: str, value: Any, *, least: int = 1, most: int = LARGEST, remedy: str = "") -> None:
    """Refuse a concrete value (or any element of an array) that is not an integer in ``[least, most]``.

    Raises:
      ValueError: naming the argument, its value and the allowed range.
    """
    if isinstance(value, jax.core.Tracer):
        return
    array = np.asarray(value)
    advice = f"; {remedy}" if remedy else ""
    if array.dtype.kind not in "iu" and not (array.dtype == object and _all_integers(array)):
        raise ValueError(f"{name} must be a whole number, got {shown(value)}{advice}")
    if array.size == 0 or not (least <= array.min() and array.max() <= most):
        raise ValueError(f"{name} must be between {least} and {most}, got {shown(value)}{advice}")


def _all_integers(array: np.ndarray) -> bool:
    return all(isinstance(v, int) and not isinstance(v, bool) for v in array.ravel())


def static_whole_number(name: str, value: Any, *, least: int = 1, most: int = LARGEST, remedy: str = "") -> int:
    """Return a single whole number in ``[least, most]`` that fixes array shapes, so that it must not be traced.

    Raises:
      ValueError: naming the argument, its value and the allowed range; also when the value is traced.
    """
    if not concrete(value) or np.ndim(value) != 0:
        raise ValueError(f"{name} fixes array shapes and must be one number known before tracing, got {value!r}")
    whole_number(name, value, least=least, most=most, remedy=remedy)
    return int(value)


def real_number(name: str, value: Any, least: float, most: float, remedy: str = "") -> float:
    """Return a concrete finite number strictly between two bounds, as a float.

    Raises:
      ValueError: naming the argument, its value and the bounds.
    """
    advice = f"; {remedy}" if remedy else ""
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not least < float(value) < most:
        raise ValueError(f"{name} must be a number above {least:g} and below {most:g}, got {value!r}{advice}")
    return float(value)


def real_numbers(name: str, value: Any, least: float, most: float) -> None:
    """Refuse a concrete value (or any element of an array) that is not a number in ``[least, most]``.

    Raises:
      ValueError: naming the argument, its value and the bounds.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or array.size == 0 or not np.all((array >= least) & (array <= most)):
        raise ValueError(f"{name} must be a number between {least:g} and {most:g}, got {value!r}")


def flag(name: str, value: Any) -> None:
    """Refuse everything but True and False.

    Raises:
      ValueError: naming the argument and its value.
    """
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be True or False, got {value!r}")


def weights(name: str, value: Any) -> None:
    """Refuse weights that are no vector ``[k]``, and concrete ones that are empty, infinite, negative or all 0.

    Raises:
      ValueError: naming the argument, the offending value and what would do.
    """
    shape = np.shape(value)
    if len(shape) != 1 or shape[0] == 0:
        raise ValueError(f"{name} must be a non-empty vector, one entry a token, got shape {shape}")
    if not concrete(value):
        return
    array = np.asarray(value)
    bad = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
    if bad.size:
        raise ValueError(f"{name} must be finite and not negative, but {name}[{bad[0]}] is {array[bad[0]]}")
    if not array.any():
        raise ValueError(f"{name} must not be all 0, got {shown(value)}")


def probabilities(name: str, p: Any) -> np.ndarray:
    """Return ``p`` as float64, divided by its sum; refuse it unless it is finite, non-negative and sums to one.

    The sum may be off by 1e-5, which covers rounding to float32.

    Raises:
      ValueError: naming the argument, the offending value and what would do.
    """
    try:
        if np.asarray(p).dtype.kind not in "iuf":
            raise TypeError
        array = np.asarray(p, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of probabilities, got {type(p).__name__}") from None
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a non-empty vector of probabilities [vocabulary], got shape {array.shape}")
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise ValueError(f"{name} must be finite, but {name}[{bad[0]}] is {array[bad[0]]}; remove or replace it")
    bad = np.flatnonzero(array < 0)
    if bad.size:
        raise ValueError(f"{name} must not be negative, but {name}[{bad[0]}] is {array[bad[0]]:g}")
    total = array.sum()
    if abs(total - 1) > 1e-5:
        raise ValueError(f"{name} must sum to one, got {total:.9g}; divide by the sum, or use languages.from_counts")
    return array / total


def is_traced(tree: Any) -> bool:
    """Return whether a pytree holds a tracer: a value inside ``jit`` or ``vmap`` that is not known yet."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(tree))


def language(value: Any) -> Any:
    """Return a language as arrays: a distribution as :func:`distribution` does, any other pytree as it is."""
    is_array = type(value) in (list, tuple, type(None)) or jax.tree_util.all_leaves([value])
    return distribution(value) if is_array else jax.tree.map(jnp.asarray, value)


def distribution(p: Any) -> Array:
    """Return a distribution as ``float32 [vocabulary]``, in which probabilities below 2^-62 are 0.

    A traced distribution is checked during the run, and reported as :class:`~jaxcollapse.contract.Status`.

    Raises:
      ValueError: for a concrete vector that is no distribution, and for arrays of other shapes.
    """
    if not is_traced(p):
        return without_negligible(probabilities("p", p).astype(np.float32))
    p = jnp.asarray(p).astype(jnp.float32)
    if p.ndim != 1 or p.size == 0:
        raise ValueError(f"p must be a non-empty vector of probabilities [vocabulary], got shape {p.shape}")
    return without_negligible(p)


def without_negligible(p: Any) -> Array:
    """Return probabilities in which those below 2^-62 are 0; traced negative ones stay, and the run reports them."""
    if is_traced(p):
        return jnp.where(p < SMALLEST, jnp.minimum(p, 0), p)
    return jnp.asarray(np.where(p < SMALLEST, np.float32(0), p))


def key(value: Any) -> None:
    """Refuse everything but one typed threefry key.

    Other generators do not promise the same bits across batch sizes, shards and backends.

    Raises:
      TypeError: for raw integers and old-style keys.
      ValueError: for other generators and for arrays of keys.
    """
    if not isinstance(value, jax.Array) or not jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
        raise TypeError(f"key must be a typed key, got {type(value).__name__}; make one with jax.random.key(seed)")
    implementation = str(jax.random.key_impl(value))
    if "threefry2x32" not in implementation and "fry" not in implementation:
        raise ValueError(
            f"key must be a threefry key, got {implementation}: only threefry gives the same bits for every batch, "
            "shard and backend; use jax.random.key(seed, impl='threefry2x32')"
        )
    if value.shape != ():
        raise ValueError(f"key must be one key, got an array of keys of shape {value.shape}; use jax.vmap over keys")


def choice(name: str, value: str, among: Any) -> None:
    """Refuse a name that is not among the known ones, and suggest the nearest.

    Raises:
      ValueError: with the suggestion and the whole list.
    """
    import difflib

    known = sorted(among)
    if value not in known:
        near = difflib.get_close_matches(str(value), known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"unknown {name} {value!r}; {hint}known: {', '.join(known)}")

"""Short hashes of what a cell computed, and comparison of two tables of them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

DIGITS = 16
"""Hexadecimal digits of a hash that are kept."""
CLOSE = 2e-12
"""Relative difference of numbers that are compared as numbers: what rounding to 12 digits may make."""


def digest(value: Any) -> str:
    """The hash of an array's type, shape and bytes, with one bit pattern for NaN; or of a text."""
    if isinstance(value, str):
        return hashlib.sha256(b"text " + value.encode()).hexdigest()[:DIGITS]
    array = np.asarray(value)
    if array.dtype.kind == "f":
        array = np.where(np.isnan(array), np.array(np.nan, array.dtype), array)
    head = f"{array.dtype.str} {array.shape} ".encode()
    return hashlib.sha256(head + np.ascontiguousarray(array).tobytes()).hexdigest()[:DIGITS]


def digests(values: Mapping[str, Any]) -> dict[str, str]:
    """The hash of each value; short texts as they are."""
    return {name: of if isinstance(of, str) and len(of) < 40 else digest(of) for name, of in values.items()}


def of_trace(trace: Any) -> dict[str, Any]:
    """Every array of a trace."""
    return {name: trace[name] for name in trace} | {"status": trace.status}


def of_times(times: Any) -> dict[str, Any]:
    """Every array of collapse times."""
    return {name: getattr(times, name) for name in ("time", "observed", "final", "final_observed", "status")}


def of_summary(summary: Any) -> dict[str, Any]:
    """Every array of a summary."""
    parts = ("generation", "mean", "standard_error", "quantiles")
    return {f"{name} {part}": getattr(summary[name], part) for name in summary for part in parts}


def cleaned(text: str) -> str:
    """Without addresses in memory, and without the modules that things of ours are in, which may move."""
    return re.sub(r"\bjaxcollapse(\.\w+)+\.", "", re.sub(r"0x[0-9a-f]+", "0x", text))


def raised(error: BaseException, most: int = 160) -> dict[str, str]:
    """An exception as a cell records it: its type and the beginning of its text."""
    lines = str(error).splitlines() or [""]
    return {"raises": f"{type(error).__name__}: {cleaned(lines[0])[:most]}"}


def rounded(values: Any) -> list[str]:
    """Numbers to 12 significant digits."""
    return [f"{float(value):.11e}" for value in np.ravel(np.asarray(values, np.float64))]


def _same(frozen: Any, found: Any) -> bool:
    if isinstance(frozen, list) and isinstance(found, list):
        a, b = np.array(frozen, float), np.array(found, float)
        return a.shape == b.shape and np.allclose(b, a, rtol=CLOSE, atol=1e-15, equal_nan=True)
    return frozen == found


def differences(frozen: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[int, list[str]]:
    """How many entries of a cell are equal, and a few words about each of the others."""
    equal, others = 0, []
    for name in dict.fromkeys([*frozen, *found]):
        if name not in found:
            others.append(f"{name} is missing")
        elif name not in frozen:
            others.append(f"{name} is new: {found[name]}" if name == "raises" else f"{name} is new")
        elif _same(frozen[name], found[name]):
            equal += 1
        else:
            was, now = frozen[name], found[name]
            if isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
                k = next(k for k in range(len(was)) if not _same([was[k]], [now[k]]))
                was, now = was[k], now[k]
            others.append(f"{name} is {now} and was {was}")
    return equal, others

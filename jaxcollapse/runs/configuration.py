"""The configuration of a run as plain values for JSON, from which runs are compared and repeated."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import zlib
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxcollapse import regimes, statistics
from jaxcollapse.contract import Process
from jaxcollapse.learners import LEARNERS, decoding, estimators
from jaxcollapse.learners.ngrams.learner import TextLanguage
from jaxcollapse.process.construction import default_scheme, recursive_training
from jaxcollapse.pytrees import canonical
from jaxcollapse.schedules import Schedule
from jaxcollapse.schemes.counts_scheme import CountsScheme
from jaxcollapse.schemes.plain import PlainScheme

STREAM = 1
"""The version of the random stream; it is raised with every release that gives other bits for the same key."""

LISTED = 64
"""The largest size of an array whose numbers are written one by one; larger arrays are compressed."""

PARTS = {
    of.__name__: of
    for of in (
        *(estimators.MaximumLikelihood, estimators.Additive, estimators.Prior),
        *(estimators.Discount, estimators.KneserNey),
        *(decoding.Temperature, decoding.Greedy, decoding.TopK, decoding.Nucleus, decoding.MinP),
    )
}
"""The estimators and decodings of learners, by name."""
SCHEMES = {of.__name__: of for of in (PlainScheme, CountsScheme)}
"""The schemes, by name."""


def of_run(key: jax.Array, process: Process, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return key, process and options of a run, and the version of the random stream, as plain values.

    It never fails: values without a plain form are written as a hash, which distinguishes runs but cannot recreate one.
    """
    scheme = {} if process.scheme == default_scheme(process) else {"scheme": _parts(process.scheme)}
    process = jax.tree.map(_as_numpy, canonical(process))
    learner = _parts(process.learner)
    if isinstance(process.language, TextLanguage):  # The first release wrote the text with the learner.
        learner["text"] = _plain(process.language.text)
    has_p = isinstance(process.p, np.ndarray)
    return {
        "stream": STREAM,
        "key": jax.random.key_data(key).tolist(),
        **({"p": _packed(process.p)} if has_p else {"language": _plain(process.language)}),
        **({"contexts": process.p.shape[0]} if process.many else {}),
        "regime": _parts(process.regime),
        "learner": learner,
        **scheme,
        **options,
    }


def recreated(configuration: Mapping[str, Any]) -> tuple[jax.Array, Process, dict[str, Any]]:
    """Return key, process and options of a run, from the configuration that :func:`of_run` wrote.

    Raises:
      ValueError: when the run had another version of the random stream, or parts that this package does not have.
    """
    described = dict(configuration)
    if (stream := described.pop("stream")) != STREAM:
        raise ValueError(
            f"this run has version {stream} of the random stream and this release has {STREAM}: it would give "
            "other numbers; install the release that the provenance names"
        )
    key = jax.random.wrap_key_data(jnp.array(described.pop("key"), jnp.uint32), impl="threefry2x32")
    regime, learner, scheme = described.pop("regime"), described.pop("learner"), described.pop("scheme", None)
    learner = _rebuilt(learner, LEARNERS)
    if "p" not in described:
        raise ValueError("the language of this run is no distribution; make the process yourself and pass it to jc.run")
    p = _unpacked(described.pop("p"))
    if (contexts := described.pop("contexts", None)) is not None:
        p = p.reshape(contexts, -1)
    classes = {of.__name__: of for of in regimes.REGIMES.values()}
    scheme = None if scheme is None else _rebuilt(scheme, SCHEMES)
    process = recursive_training(p, _rebuilt(regime, classes), learner, scheme=scheme)
    for name in described.get("record", ()):
        if name not in statistics.named():
            raise ValueError(f"the statistic {name!r} is not known by its name alone; pass record= as in the first run")
    return key, process, described


def difference(first: Mapping[str, Any], second: Mapping[str, Any]) -> str | None:
    """Return the first field in which two configurations differ, with both values; None where they are equal."""
    for field in dict.fromkeys([*first, *second]):
        a, b = first.get(field), second.get(field)
        if a == b:
            continue
        if isinstance(a, dict) and isinstance(b, dict):
            return f"{field}.{difference(a, b)}"
        return f"{field} is {_short(b)} and was {_short(a)}"
    return None


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _parts(of: Any) -> dict[str, Any]:
    """Return a dataclass as plain values: the name of its class, and its fields."""
    kind = type(of)
    name = kind.__name__ if kind.__module__.startswith("jaxcollapse.") else f"{kind.__module__}.{kind.__qualname__}"
    fields = {field.name: _plain(getattr(of, field.name)) for field in dataclasses.fields(of)}
    return {"kind": name, **fields}


def _as_numpy(leaf: jax.Array) -> np.ndarray:
    is_key = jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return np.asarray(jax.random.key_data(leaf) if is_key else leaf)


def _plain(value: Any) -> Any:
    """Return a value in the form that JSON can write; a hash replaces what has no such form."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Schedule():
            return {"sizes": np.asarray(value.sizes).tolist()}
        case tuple() | list():
            return [_plain(of) for of in value]
        case Mapping():
            return {str(name): _plain(of) for name, of in value.items()}
        case np.ndarray() | np.generic() if value.dtype.kind in "biuf" and value.size <= LISTED:
            return value.tolist()
        case np.ndarray() if value.dtype.kind in "iuf":
            kind = "<i4" if value.dtype.kind in "iu" else "<f4"
            return {"packed": _packed(value, kind), "dtype": kind, "shape": list(value.shape)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _parts(value)
    return {"hash": _hash_of(value), "of": f"{type(value).__module__}.{type(value).__qualname__}"}


def _hash_of(value: Any) -> str:
    """Return a hash of the content of an array or of the code of a function, else of the name of the value's type."""
    if isinstance(value, np.ndarray):
        content = str(value.dtype).encode() + str(value.shape).encode() + value.tobytes()
    elif (code := getattr(value, "__code__", None)) is not None:
        content = code.co_code + repr([of for of in code.co_consts if not hasattr(of, "co_code")]).encode()
    else:
        content = getattr(value, "__qualname__", type(value).__qualname__).encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _rebuilt(plain: Mapping[str, Any], classes: Mapping[str, Any]) -> Any:
    """Return the dataclass that :func:`_parts` described, an instance of one of the classes given by name."""
    fields = dict(plain)
    kind = fields.pop("kind")
    if kind not in classes:
        raise ValueError(f"{kind} is not a part of jaxcollapse; make the process yourself and pass it to jc.run")
    return classes[kind](**{name: _value(of) for name, of in fields.items()})


def _value(plain: Any) -> Any:
    """Return the value that :func:`_plain` described."""
    if isinstance(plain, list) and any(isinstance(of, dict) for of in plain):
        return tuple(_value(of) for of in plain)
    if isinstance(plain, dict) and "hash" in plain:
        raise ValueError(f"{plain['of']} was written as a hash only; make the process yourself and pass it to jc.run")
    if isinstance(plain, dict) and "packed" in plain:
        return _unpacked(plain["packed"], plain["dtype"]).reshape(plain["shape"])
    if isinstance(plain, dict):
        return _rebuilt(plain, PARTS | LEARNERS) if "kind" in plain else Schedule(plain["sizes"])
    return plain


def _packed(array: np.ndarray, kind: str = "<f4") -> str:
    return base64.b64encode(zlib.compress(np.asarray(array, kind).tobytes())).decode("ascii")


def _unpacked(text: str, kind: str = "<f4") -> np.ndarray:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), kind)


def versions_of(provenance: Mapping[str, Any]) -> dict[str, str]:
    """Return what determines the bits of a run besides its configuration: the backend, and versions of packages."""
    versions = provenance["versions"]
    return {
        "platform": provenance["device"]["platform"],
        "jax": versions["jax"],
        "jaxlib": versions["jaxlib"],
        "jaxcollapse": versions["jaxcollapse"],
    }

"""The cell of signatures: how everything public is called.

What was public in the version that the reference was written from must be there with the same parameters. Names
that came later are no difference.
"""

from __future__ import annotations

import inspect

from digests import cleaned

import jaxcollapse as jc

MODULES = (
    *("analysis", "decoding", "engine", "estimators", "languages", "learners", "memory", "regimes", "runs"),
    *("sampling", "saving", "schedules", "statistics", "theory"),
)
NAMES_ONLY = "sampling"
RESULTS = ("Trace", "Summary", "CollapseTimes", "Schedule", "Report", "TextReport", "languages.Language")
"""Classes that users hold in their hands; and those of jc.analysis. Their public members are listed as well."""
TABLES = (
    *("statistics.STATISTICS", "statistics.TEXT_STATISTICS", "regimes.REGIMES", "learners.LEARNERS"),
    "theory.ORACLES",
)
"""Tables whose keys users write."""


def signature_of(of):
    """Parameters with their kinds and defaults, as text."""
    if isinstance(of, property):
        return "a property"
    try:
        signature = inspect.signature(of)
    except (TypeError, ValueError):
        return "no signature"
    empty = inspect.Signature.empty
    parameters = [one.replace(annotation=empty) for one in signature.parameters.values()]
    return cleaned(str(signature.replace(parameters=parameters, return_annotation=empty)))


def _public(module):
    """The names of a module that are its own."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    own = (name for name in vars(module) if not name.startswith("_"))
    return sorted(name for name in own if getattr(getattr(module, name), "__module__", None) == module.__name__)


def names():
    """Every public name, with dots."""
    found = sorted(jc.__all__)
    for module in MODULES:
        found += [f"{module}.{name}" for name in _public(getattr(jc, module))]
    results = [*RESULTS, *(f"analysis.{name}" for name in jc.analysis.__all__)]
    for name in results:
        if inspect.isclass(of := _found(name)):
            members = {*getattr(of, "__annotations__", {}), *(member for member in dir(of))}
            inherited = {member for base in (dict, list, tuple, object) if issubclass(of, base) for member in dir(base)}
            found += [f"{name}.{member}" for member in sorted(members - inherited) if not member.startswith("_")]
    return [*dict.fromkeys(found), *TABLES]


def _found(name):
    of = jc
    for part in name.split("."):
        of = of.__dict__[part] if part in vars(of) and isinstance(vars(of)[part], property) else getattr(of, part)
    return of


def described(name):
    """What is told of one name."""
    try:
        owner, _, member = name.rpartition(".")
        of_class = _found(owner) if owner else None
        if inspect.isclass(of_class) and member in (getattr(of_class, "__annotations__", {})):
            return "a field"
        of = _found(name)
    except AttributeError:
        return "missing"
    if name in TABLES:
        return " ".join(of)
    if inspect.ismodule(of):
        return "a module"
    if name.startswith(NAMES_ONLY + "."):
        return "a name"
    return signature_of(of) if callable(of) or isinstance(of, property) else type(of).__name__


def cell(frozen=None):
    """All signatures; of a frozen table the names that it has."""
    return {name: described(name) for name in (frozen or names())}

"""Ask an imported package what its files do not tell: hidden modules, inheritance, and missing docstrings."""

from __future__ import annotations

import abc
import enum
import importlib
import inspect
import pkgutil
import types
from collections.abc import Iterable, Iterator


def imported(package: types.ModuleType) -> list[types.ModuleType]:
    """Import every module of a package, ``__main__`` and compiled ones aside, and return them all."""
    names = [found.name for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    wanted = [name for name in names if not name.endswith((".__main__", "._counts"))]
    return [package, *map(importlib.import_module, wanted)]


def hidden_modules(modules: Iterable[types.ModuleType]) -> list[str]:
    """Return the modules that their package shows something else for, of the same name."""
    by_name = {module.__name__: module for module in modules}
    hidden = []
    for name, module in by_name.items():
        parent, _, last = name.rpartition(".")
        if parent in by_name and vars(by_name[parent]).get(last) is not module:
            hidden.append(name)
    return hidden


def classes(modules: Iterable[types.ModuleType]) -> list[type]:
    """Return the classes that are defined in modules, not those that are imported there."""
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__ == module.__name__
    ]


def is_abstract(kind: type) -> bool:
    """Return whether a class is made to be inherited from: it has abstract methods, or derives from ABC or Protocol."""
    return inspect.isabstract(kind) or abc.ABC in kind.__bases__ or vars(kind).get("_is_protocol", False)


def concrete_bases(kinds: Iterable[type]) -> list[str]:
    """Return the classes that inherit from a concrete class among them; exceptions, enumerations and tuples aside."""
    kinds = list(kinds)
    apart = (BaseException, enum.Enum, tuple)
    return [
        f"{kind.__module__}.{kind.__qualname__} inherits from {base.__qualname__}"
        for kind in kinds
        for base in kind.__bases__
        if base in kinds and not issubclass(base, apart) and not is_abstract(base)
    ]


def undocumented(modules: Iterable[types.ModuleType]) -> Iterator[str]:
    """Yield modules, public classes, functions, methods and properties without a docstring, own or inherited."""
    for module in modules:
        if not (module.__doc__ or "").strip(". \n"):
            yield module.__name__
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
                continue
            if isinstance(value, type):
                if _without_docstring(value):
                    yield f"{module.__name__}.{name}"
                yield from (f"{module.__name__}.{name}.{member}" for member in _undocumented_members(value))
            elif inspect.isfunction(inspect.unwrap(value)) and not inspect.getdoc(value) and not _is_lambda(value):
                yield f"{module.__name__}.{name}"


def _is_lambda(value: object) -> bool:
    return getattr(value, "__name__", "") == "<lambda>"


def _without_docstring(kind: type) -> bool:
    """Dataclasses and named tuples without a docstring are given their signature as one."""
    text = vars(kind).get("__doc__") or ""
    return not text or text.startswith(f"{kind.__name__}(")


def _undocumented_members(kind: type) -> Iterator[str]:
    for name, value in vars(kind).items():
        if name.startswith("_") or not isinstance(value, types.FunctionType | property | classmethod | staticmethod):
            continue
        if not any(getattr(vars(base).get(name), "__doc__", None) for base in kind.__mro__):
            yield name

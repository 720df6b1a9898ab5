"""How a setting's value is read from a flag, and checked in a file, by the setting's type."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

from jaxcollapse import check

Settings = TypeVar("Settings")
SCALARS: dict[Any, str] = {int: "a whole number", float: "a number", str: "a string"}
"""How messages name the types of single values."""
REGISTRY = ConstructorRegistry()
"""The rules by which tyro reads flags."""


def types_of(command: Any) -> dict[str, Any]:
    """Map the name of every setting of a command, nested groups included, to its type."""
    found: dict[str, Any] = {}
    for name, of in get_type_hints(command).items():
        found |= types_of(of) if dataclasses.is_dataclass(of) else {name: of}
    return found


def replaced(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """Return settings in which these values stand, by the names of the settings, nested groups included."""
    changes = {}
    for field in dataclasses.fields(settings):  # type: ignore[arg-type]
        old = getattr(settings, field.name)
        changes[field.name] = replaced(old, values) if dataclasses.is_dataclass(old) else values.get(field.name, old)
    return dataclasses.replace(settings, **changes)  # type: ignore[type-var]


def _parts(of: Any) -> tuple[list[Any], Any, tuple[str, ...]]:
    """Return the types in a union without None, or in a list; ``list``, ``tuple`` or None; the last type's choices."""
    kinds = [of]
    if get_origin(of) in (Union, types.UnionType):
        kinds = [kind for kind in get_args(of) if kind is not type(None)]
    of_many = get_origin(kinds[0]) if get_origin(kinds[0]) in (list, tuple) else None
    kinds = list(get_args(kinds[0])[:1]) if of_many else kinds
    return kinds, of_many, get_args(kinds[-1]) if get_origin(kinds[-1]) is Literal else ()


@REGISTRY.primitive_rule
def _rule(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec | None:
    """Read numbers, strings, choices and lists of these from flags; ``bool | ...`` means True without a value."""
    kinds, of_many, choices = _parts(info.type)
    if info.type is bool or not (choices or kinds[-1] in (*SCALARS, bool)):
        return None

    def read(words: list[str]) -> Any:
        values = [word if choices else _converted(kinds[-1], word) for word in words]
        if of_many and not values and kinds[0] is not float:  # only a list of levels may be empty
            raise ValueError("expected at least one argument")
        value = values if of_many else values[0] if values else True
        check_value("value", Literal[choices] if values and bool in kinds else info.type, value)
        return of_many(values) if of_many else value

    def written(value: Any) -> list[str]:
        return list(map(str, value)) if isinstance(value, list | tuple) else [str(value)]

    one = "|".join(choices) or kinds[-1].__name__.upper()
    nargs: Any = "*" if of_many else 1 if bool not in kinds else (0, 1) if choices else 0
    metavar = {"*": f"{one} ...", 1: one, 0: ""}.get(nargs, f"[{one}]")
    return PrimitiveConstructorSpec(nargs, metavar, read, lambda value: True, written)


def _converted(kind: Any, word: str) -> Any:
    """Return the value that a word of the command line stands for; the word itself if it stands for none."""
    try:
        return kind(word)
    except ValueError:
        return word


def check_value(name: str, of: Any, value: Any) -> None:
    """Raise a ValueError, which names the setting, for a value that is not of the type of the setting."""
    kinds, of_many, choices = _parts(of)
    scalar = str if choices else kinds[-1]
    if bool in kinds:
        if not isinstance(value, bool) and value not in choices:
            among = "".join(f", {choice!r}" for choice in choices)
            raise ValueError(f"{name} must be one of true, false{among}, got {value!r}")
    elif scalar in SCALARS:
        entries = value if of_many and isinstance(value, list) else [None] if of_many else [value]
        if not all(_is(scalar, entry) for entry in entries):
            what = f"a list, each entry {SCALARS[scalar]}" if of_many else SCALARS[scalar]
            raise ValueError(f"{name} must be {what}, got {value!r}")
        for entry in entries if choices else ():
            check.choice(name, str(entry), choices)


def _is(kind: Any, value: Any) -> bool:
    """Return whether a value is of a type; a whole number is a number, and True and False are none."""
    return isinstance(value, int | float if kind is float else kind) and not isinstance(value, bool)

"""The table of mutants, and what several of them are made with."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

MUTANTS: dict[str, Callable[[], None]] = {}
"""What is wrong, and the function that makes it so."""

REGIME_OF: dict[str, str | None] = {}
"""The regime that a mutant concerns, by its name in ``jaxcollapse.regimes.REGIMES``; None for all."""

SHOWN_BY: dict[str, str] = {}
"""A word in the names of the campaign's variants that show a mutant, which are therefore tried first; empty for all."""

BETWEEN_CHAINS = ("there are only 64 different chains",)
"""Mutants under which each chain on its own still has the right law."""

METHODS = ("draw_real", "first", "remember", "collect", "absorbed")
"""The methods of a regime that simulate."""


def mutant(
    sentence: str, regime: str | None = None, shown_by: str = ""
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Enter the decorated function in the table as the one that makes ``sentence`` true."""

    def enter(patch: Callable[[], None]) -> Callable[[], None]:
        assert sentence not in MUTANTS
        MUTANTS[sentence], REGIME_OF[sentence], SHOWN_BY[sentence] = patch, regime, shown_by
        return patch

    return enter


def everywhere(right: Callable[..., Any], wrong: Callable[..., Any]) -> None:
    """Put ``wrong`` in the place of ``right`` in all modules of the package that have imported it by its name."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] == "jaxcollapse"]
    for module in modules:
        for name in [name for name, value in vars(module).items() if value is right]:
            setattr(module, name, wrong)


def empty_like(tree: Any) -> Any:
    """Return a pytree of the same form that is zero everywhere."""
    return jax.tree.map(jnp.zeros_like, tree)


def through_a_twin(kind: type, twin_of: Callable[[Any], Any]) -> None:
    """Let another regime do the simulating for the regimes of class ``kind``."""
    for method in METHODS:
        right = getattr(kind, method)
        setattr(kind, method, lambda self, *args, right=right: right(twin_of(self), *args))


def twin(self: Any, kind: type, **changes: Any) -> Any:
    """Return a regime of class ``kind`` with the fields of ``self``, some of them changed, and nothing checked."""
    made = object.__new__(kind)
    for field in dataclasses.fields(self):
        object.__setattr__(made, field.name, changes.get(field.name, getattr(self, field.name)))
    return made

"""The settings of regimes as users give them: by name, with defaults, refused where no chosen regime has them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxcollapse import check, schedules
from jaxcollapse.contract import Process
from jaxcollapse.regimes import REGIMES, make

DEFAULTS: dict[str, Callable[[int], Any]] = {
    "real": lambda n: max(1, n // 10),
    "budget": lambda n: n,
    "share": lambda n: 0.1,
}
"""The value of a setting that the regime itself has no default for, as a function of ``n``."""


class Plan(NamedTuple):
    """What a report simulates, checked.

    Attributes:
      regimes: the regimes by their names on the command line.
      given: the settings of regimes as the user gave them; None for those that were not given.
      n: tokens a generation.
      run: the last generation, the number of chains and the seed: ``generations``, ``chains`` and ``seed``.
    """

    regimes: dict[str, Any]
    given: Mapping[str, Any]
    n: int
    run: dict[str, int]


def settings_of(name: str) -> set[str]:
    """Return the names of what can be set for a regime besides ``n``; ``growth`` can be set for every regime.

    Example:
      >>> sorted(settings_of("most-recent"))
      ['growth', 'reuse', 'window']
    """
    fields = {field.name for field in dataclasses.fields(REGIMES[name]) if not field.name.endswith("capacity")}
    return fields - {"n", "generations"} | {"growth"}


def names_of(regimes: str | Sequence[str]) -> list[str]:
    """Return the names of regimes as a list, each once.

    Raises:
      ValueError: for an unknown name, for one that comes twice, and for none.

    Example:
      >>> names_of("mixture")
      ['mixture']
    """
    names = [regimes] if isinstance(regimes, str) else list(regimes)
    for name in names:
        check.choice("regime", name, REGIMES)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"regimes must name each regime once, got {names!r}")
    return names


def regimes_of(
    names: Sequence[str], *, n: int, generations: int, given: Mapping[str, Any], dashes: str = ""
) -> dict[str, Any]:
    """Return the regimes of these names; each takes of the given settings (None: not given) those that it has.

    Args:
      names: keys of :data:`~jaxcollapse.regimes.REGIMES`.
      n: tokens a generation.
      generations: the last generation of the run.
      given: settings by name; ``growth`` makes ``n`` grow by this factor a generation.
      dashes: the prefix of a setting's name where it was given, for messages.

    Raises:
      ValueError: for a setting that none of them has, and for values that a regime refuses.

    Example:
      >>> regimes_of(["mixture"], n=50, generations=9, given={"share": None})
      {'mixture': Mixture(n=50, share=0.1, capacity=64)}
    """
    for key, value in given.items():
        if value is not None and not any(key in settings_of(name) for name in names):
            these = " or ".join(names)
            raise ValueError(f"{key}={value!r} is not a setting of {these}; leave {dashes}{key} out")
    values = {key: DEFAULTS[key](n) if key in DEFAULTS and given.get(key) is None else given.get(key) for key in given}
    values |= {key: default(n) for key, default in DEFAULTS.items() if key not in values}
    if values.get("window") is not None:
        check.static_whole_number("window", values["window"])
    growth = values.pop("growth", None)
    # A regime that keeps a prefix of every generation must know how many there will be.
    longest = generations if values.get("reuse") == "prefix" else None
    sizes = n if growth is None else _growing(n, growth, generations)
    made = {name: make(name, n=sizes, generations=longest, **values) for name in names}
    for regime in made.values():
        regime.check_run(generations)
    return made


def _growing(n: int, growth: Any, generations: int) -> schedules.Schedule:
    growth = check.real_number("growth", growth, 0, 1e6, "n grows above 1 and shrinks below")
    try:
        return schedules.geometric(n, growth, generations)
    except ValueError:
        raise ValueError(
            f"growth={growth:g} makes n exceed {check.LARGEST} within {generations} generations; lower it"
        ) from None


def remembered(process: Process) -> tuple[int, int, int]:
    """Return what one chain keeps besides its last model, in numbers and in bytes; and how many numbers that model has.

    A number is a token, or the count of a word in a pool.

    Example:
      >>> import jaxcollapse as jc
      >>> remembered(jc.recursive_training([0.5, 0.5], jc.MostRecent(n=4, window=2)))  # two models, and their sizes
      (10, 40, 5)
    """
    begin = lambda process, key, chain: process.init(key, chain, keep_first=False)
    state = jax.eval_shape(begin, process, jax.random.key(0), jnp.int32(0))
    kept, model = jax.tree.leaves(state.memory), jax.tree.leaves(state.model)
    size = lambda leaves: sum(leaf.size for leaf in leaves)
    return size(kept), sum(leaf.size * leaf.dtype.itemsize for leaf in kept), size(model)


def memory_sentence(process: Process) -> str:
    """Return what a chain must remember, as a sentence; empty where that is no more than its last model."""
    numbers, in_bytes, of_model = remembered(process)
    if numbers <= 1.05 * of_model:  # a few sizes more are not worth a line
        return ""
    unit = next((u for u in ((30, "GiB"), (20, "MiB")) if in_bytes >= 1 << u[0]), (10, "KiB"))
    shown = f"{in_bytes / (1 << unit[0]):,.1f} {unit[1]}"
    return f"each chain remembers {numbers:,} tokens or counts ({shown}) besides the {of_model:,} of its last model"

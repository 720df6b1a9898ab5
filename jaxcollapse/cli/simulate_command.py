"""One setting from its options, and the table of its means beside exact values."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import warnings
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from jaxcollapse.cli.options import DEFAULTS, NO_MEAN, language_of, process_of, settings


class Setting(NamedTuple):
    """What is to be simulated.

    Attributes:
      process: the language under the regime.
      generations: the last one.
      heading: the language, the regime and the sizes, in words.
    """

    process: Any
    generations: int
    heading: str

    def told(self, chains: int, seed: int) -> str:
        """What is run in one line; and one more where a chain remembers more than its last model."""
        from jaxcollapse.reporting.settings import memory_sentence

        memory = memory_sentence(self.process)
        return f"{self.heading}, {chains} chains, seed {seed}" + (f"\n{memory}" if memory else "")


class Row(NamedTuple):
    """A mean; ``exact`` is None where theory does not reach."""

    statistic: str
    generation: int
    mean: float
    error: float
    exact: float | None


def setting_of(options: argparse.Namespace, *, dashes: str = "--") -> Setting:
    """The setting that options name; ``dashes`` stand before their names in messages.

    Raises:
      ValueError: for a language or a regime that is refused.
      OSError: when a text cannot be read.
    """
    from jaxcollapse import check
    from jaxcollapse.reporting.settings import regimes_of
    from jaxcollapse.reporting.wording import title, tokens_a_generation

    language = language_of(options)
    n = check.static_whole_number("n", DEFAULTS["n"] if options.n is None else options.n)
    generations = check.static_whole_number("generations", options.generations)
    made = regimes_of([options.regime], n=n, generations=generations, given=settings(options), dashes=dashes)
    regime = made[options.regime]
    size = tokens_a_generation({"n": n, "growth": options.growth})
    process, told = process_of(options, language, regime)
    heading = f"{language.name}: {title(options.regime, regime)}, {size}" + (f", {told}" if told else "")
    return Setting(process, generations, heading)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """A run's warning that it was interrupted is left out: the command says so itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="interrupted")
        yield


def interrupted(result: Any) -> bool:
    """Whether a run was."""
    return bool(json.loads(result.provenance)["interrupted"])


def rows_of(result: Any, process: Any, names: Iterable[str]) -> list[Row]:
    """Means and errors of these statistics at every generation recorded, those that are tables left out."""
    from jaxcollapse import Trace, analysis
    from jaxcollapse.reporting.exact_curves import exact

    rows = []
    for name in names:
        curve = analysis.ensemble(result, name, levels=()) if isinstance(result, Trace) else result[name]
        if name in NO_MEAN or curve.mean.ndim != 1:
            continue
        expected = exact(process, name, max(int(curve.generation[-1]), 1))
        for m, mean, error in zip(curve.generation, curve.mean, curve.standard_error, strict=True):
            rows.append(Row(name, int(m), mean, error, None if expected is None else expected[m]))
    return rows


def show(rows: Iterable[Row]) -> None:
    """Print some of the generations."""
    from jaxcollapse.reporting.wording import GENERATIONS_SHOWN

    rows = list(rows)
    if not rows:
        return
    recorded = sorted({row.generation for row in rows})
    shown = {next((m for m in recorded if m >= moment), recorded[-1]) for moment in (*GENERATIONS_SHOWN, recorded[-1])}
    print(f"\n{'statistic':<16}{'generation':>10}{'mean':>14}{'std. error':>12}{'exact':>14}")
    for name, m, mean, error, by_theory in rows:
        if m in shown:
            about = "-" if math.isnan(error) else f"{error:.2g}"
            print(f"{name:<16}{m:>10}{mean:>14.6g}{about:>12}{'-' if by_theory is None else f'{by_theory:.6g}':>14}")

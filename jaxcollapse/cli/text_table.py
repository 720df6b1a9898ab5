"""Run a simulation; put its means beside exact values, as rows and as a printed table."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

from jaxcollapse import Trace, analysis, runs
from jaxcollapse.reporting.exact_curves import exact
from jaxcollapse.reporting.wording import GENERATIONS_SHOWN

NO_MEAN = {"spectrum": "it is a table a generation", "winner": "it is the number of a token"}
"""The statistics that have no row, and why."""


class Row(NamedTuple):
    """The mean of a statistic at a generation, its standard error, and its exact value, None beyond theory's reach."""

    statistic: str
    generation: int
    mean: float
    error: float
    exact: float | None


def run_quietly(*arguments: Any, **options: Any) -> Any:
    """Call :func:`jaxcollapse.run` without its warning that it was interrupted, for the command says so itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="interrupted")
        return runs.run(*arguments, **options)


def interrupted(result: Any) -> bool:
    """Return whether the run that made this result was interrupted."""
    return bool(json.loads(result.provenance)["interrupted"])


def rows_of(result: Any, process: Any, names: Iterable[str]) -> list[Row]:
    """Return the means of these statistics at every generation recorded; statistics that are tables are left out."""
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
    """Print the rows of some of the generations."""
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

"""The files of a report: tables as CSV, texts, and, last, how they were made as JSON."""

from __future__ import annotations

import csv
import io
import json
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from jaxcollapse.reporting.report_results import Curve
from jaxcollapse.runs.provenance import provenance


def write_all(folder: pathlib.Path, texts: Mapping[str, str], document: Mapping[str, Any], seconds: float) -> None:
    """Write texts by their file names and, last, ``report.json``: the document and the provenance."""
    for name, text in texts.items():
        with open(folder / name, "w", newline="", encoding="utf-8") as file:
            file.write(text)
    whole = {**document, "provenance": provenance() | {"seconds": round(seconds, 1)}}
    sizes_of_schedule = lambda schedule: np.asarray(schedule).tolist()
    text = json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False, default=sizes_of_schedule)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")


def csv_text(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    r"""Return a table as the text of a CSV file.

    Example:
      >>> csv_text(["m", "mean"], [[0, "0.5"]])
      'm,mean\r\n0,0.5\r\n'
    """
    file = io.StringIO()
    written = csv.writer(file)
    written.writerow(head)
    written.writerows(rows)
    return file.getvalue()


def curves_csv(columns: Iterable[str], curves: Iterable[tuple[Sequence[Any], Curve]], *, theory: bool) -> str:
    """Return curves as the text of a CSV file, with their means by theory if wanted.

    Args:
      columns: the heads of the first columns.
      curves: curves, each after its entries in the first columns.
      theory: whether there are columns for the mean by theory and its kind.
    """
    curves = list(curves)
    quantiles = [f"quantile_{level:g}" for level in curves[0][1].simulated.levels]
    head = [*columns, "generation", "mean", "standard_error", *quantiles, *["theory", "kind"] * theory]

    def rows() -> Iterator[list[Any]]:
        for first, curve in curves:
            of = curve.simulated
            for m in of.generation:
                exact = "" if curve.exact is None else number(curve.exact[m])
                numbers = map(number, (of.mean[m], of.standard_error[m], *of.quantiles[:, m]))
                yield [*first, m, *numbers, *[exact, curve.kind] * theory]

    return csv_text(head, rows())


def number(value: Any) -> str:
    """Return a number as text that reads back as the same ``float64``."""
    return repr(float(value))


def finite(value: Any) -> Any:
    """Return numbers as JSON has them, alone or in lists: None for NaN and infinity."""
    if isinstance(value, list | tuple):
        return [finite(of) for of in value]
    return (float(value) if np.isfinite(value) else None) if isinstance(value, float) else value


def writable(out: str | os.PathLike[str]) -> pathlib.Path:
    """Return the output folder, made if need be and proven writable before an hour is spent.

    Raises:
      OSError: when nothing can be written there.
    """
    folder = pathlib.Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OSError(f"out={str(folder)!r} cannot be written ({error.strerror}); choose another folder") from None
    return folder

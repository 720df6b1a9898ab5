"""What every figure script shares: data are made, written, and drawn from the file; drawing never simulates.

    .venv/bin/python figures/figure_2.py            # data/figure_2.json and figure_2.png
    .venv/bin/python figures/figure_2.py --draw     # the figure alone, from the committed data
    .venv/bin/python figures/figure_2.py --quick    # fewer chains, into figures/quick/

A script has ``simulate(quick) -> dict`` of numbers, arrays, texts and dictionaries of them, and
``draw(data) -> Figure``; one has ``table(data) -> str`` too, Markdown.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import time
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from jaxcollapse.reporting.plotting import PALETTE, STYLE
from jaxcollapse.runs.provenance import provenance

HERE = pathlib.Path(__file__).resolve().parent
DIGITS = 6
"""Significant digits that are written; the standard errors are far larger."""
SEED = 20240408
EXACT: dict[str, Any] = {"color": "black", "linewidth": 1.3, "linestyle": (0, (4, 3))}
"""Theory is drawn on top of what is simulated: black, dashed, thin."""
BOUND: dict[str, Any] = {"color": "0.45", "linewidth": 1.2, "linestyle": ":"}
MARKERS = "os^DvPX*"

__all__ = ["BOUND", "EXACT", "MARKERS", "PALETTE", "SEED", "band", "letters", "main"]


def main(
    name: str,
    simulate: Callable[[bool], dict[str, Any]],
    draw: Callable[[dict[str, Any]], Figure],
    table: Callable[[dict[str, Any]], str] | None = None,
) -> None:
    """Run a script: data, then the figure, and a table where there is one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="fewer chains, into figures/quick/")
    parser.add_argument("--draw", action="store_true", help="draw the data that are there")
    options = parser.parse_args()
    folder = HERE / "quick" if options.quick else HERE
    data = folder / "data" / f"{name}.json"
    began = time.perf_counter()
    if not options.draw:
        made = simulate(options.quick)
        document = {
            "data": _plain(made),
            "made_with": provenance() | {"seconds": round(time.perf_counter() - began, 1)},
        }
        data.parent.mkdir(parents=True, exist_ok=True)
        data.write_text(json.dumps(document, allow_nan=False) + "\n", encoding="utf-8")
    found = _arrays(json.loads(data.read_text(encoding="utf-8"))["data"])
    if table is not None:
        (folder / f"{name}.md").write_text(table(found), encoding="utf-8")
    with mpl.rc_context(STYLE):
        figure = draw(found)
        FigureCanvasAgg(figure)
        figure.savefig(folder / f"{name}.png", dpi=160)
    print(f"{name}: {time.perf_counter() - began:.0f} s")


def _plain(value: Any) -> Any:
    """What JSON holds; NaN and infinity become null."""
    if isinstance(value, dict):
        return {str(key): _plain(of) for key, of in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(of) for of in value]
    if isinstance(value, str | bool | int) or value is None:
        return value
    array = np.asarray(value)
    if array.ndim:
        return [_plain(of) for of in array.tolist()]
    if array.dtype.kind in "iub":
        return array.item()
    return float(f"{float(array):.{DIGITS}g}") if np.isfinite(array) else None


def _arrays(value: Any) -> Any:
    """Lists of numbers as arrays, null as NaN."""
    if isinstance(value, dict):
        return {key: _arrays(of) for key, of in value.items()}
    if not isinstance(value, list):
        return value
    try:
        return np.array(value, dtype=np.float64)
    except (TypeError, ValueError):  # ragged, or of texts or dictionaries
        return [_arrays(of) for of in value]


def band(axes: Axes, x: Any, mean: Any, error: Any, color: str, label: str | None = None, **style: Any) -> None:
    """A mean with the 95% interval of the mean."""
    mean, error = np.asarray(mean, float), np.asarray(error, float)
    axes.fill_between(x, mean - 1.96 * error, mean + 1.96 * error, color=color, alpha=0.25, linewidth=0)
    axes.plot(x, mean, color=color, label=label, **style)


def letters(panels: Any) -> None:
    """(a), (b), ... in the corner of each panel."""
    for letter, axes in zip("abcdefghijklmnop", np.ravel(panels), strict=False):
        axes.set_title(f"({letter})", loc="left", fontsize=11, fontweight="bold")

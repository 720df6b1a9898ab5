"""Figures of a language model that writes; nothing here simulates."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from jaxcollapse.reporting.plotting import COLOURS, MARKERS, THOUSANDS
from jaxcollapse.reporting.results import tokens_a_generation

if TYPE_CHECKING:
    from jaxcollapse.reporting.texts import TextReport

LETTERS, LINES = 24, 15
"""Of a column of text in a figure."""


def curves(found: TextReport) -> Figure:
    """What is forgotten, generation by generation."""
    figure = Figure(figsize=(8.8, 7.2), layout="constrained")
    panels = figure.subplots(2, 2)
    unit = found.units[:-1]
    scored = "cross_entropy" in next(iter(found.regimes.values())).curves
    last = ("cross_entropy", f"held-out cross-entropy (nats a {unit})", "predicting the rest of the book")
    shown = [
        ("ngrams", "different n-grams", "n-grams in the text"),
        ("contexts", "different contexts", "contexts that can still be reached"),
        ("entropy_rate", f"entropy rate (nats a {unit})", "entropy given the context"),
        last if scored else ("support", f"different {found.units}", "vocabulary"),
    ]
    for axes, (name, label, title) in zip(panels.flat, shown, strict=True):
        for i, (regime, result) in enumerate(found.regimes.items()):
            of = result.curves[name].simulated
            style = {"color": COLOURS[regime], "marker": MARKERS[regime], "markersize": 5}
            axes.fill_between(of.generation, of.quantiles[0], of.quantiles[-1], color=COLOURS[regime], alpha=0.25, lw=0)
            often = max(1, len(of.generation) // 10)
            axes.plot(of.generation, of.mean, label=result.title, markevery=(i % often, often), **style)
        axes.set(xlabel="generation m (0 is the book)", ylabel=label, title=title)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.margins(x=0.02)
        if name in ("ngrams", "contexts", "support"):
            axes.set_ylim(bottom=0)
            axes.yaxis.set_major_formatter(THOUSANDS)
    chains = found.configuration["chains"]
    panels[0, 0].fill_between([], [], [], color="0.5", alpha=0.25, lw=0, label=f"90% of {chains} chains")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle(f"{found.language.name}, {tokens_a_generation(found.configuration)}", parse_math=False)
    return figure


def texts(found: TextReport) -> Figure:
    """What the models write, side by side."""
    columns = 1 + max(len(result.texts) for result in found.regimes.values())
    figure = Figure(figsize=(2.1 * columns, 0.3 + 2.75 * len(found.regimes)), layout="constrained")
    figure.suptitle(f"{found.language.name}, {tokens_a_generation(found.configuration)}", fontsize=11, parse_math=False)
    parts = figure.subfigures(len(found.regimes), 1, squeeze=False)[:, 0]
    for part, result in zip(parts, found.regimes.values(), strict=True):
        part.suptitle(result.title, x=0.01, ha="left", fontsize=11, fontweight="bold")
        shown = [("the book itself", found.book), *((f"m = {m}", text) for m, text in result.texts.items())]
        for axes, (head, text) in zip(part.subplots(1, columns, squeeze=False)[0], shown, strict=True):
            axes.set_axis_off()
            axes.set_title(head, loc="left", fontsize=10)
            lines = "\n".join(textwrap.wrap(text, LETTERS)[:LINES])
            plain = {"family": "monospace", "fontsize": 7.5, "parse_math": False}
            axes.text(0, 1, lines, va="top", transform=axes.transAxes, **plain)
    return figure


FIGURES: dict[str, Callable[[TextReport], Figure]] = {"curves": curves, "texts": texts}
"""The figures of a report, by file name."""

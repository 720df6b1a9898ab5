"""Figures of a language model that writes; nothing here simulates."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from jaxcollapse.reporting.plotting import COLOURS, MARKERS, blank, thousands, whole_numbers
from jaxcollapse.reporting.report_results import TextReport
from jaxcollapse.reporting.wording import tokens_a_generation

if TYPE_CHECKING:  # matplotlib is slow to import, and only those who draw need it
    from matplotlib.figure import Figure

LETTERS, LINES = 24, 15
"""The width and the height of a column of text in a figure."""


def curves(found: TextReport) -> Figure:
    """Draw what is forgotten, generation by generation."""
    figure = blank(8.8, 7.2)
    panels = figure.subplots(2, 2)
    unit = found.units[:-1]
    last = ("cross_entropy", f"held-out cross-entropy (nats a {unit})", "predicting the rest of the book")
    shown = [
        ("ngrams", "different n-grams", "n-grams in the text"),
        ("contexts", "different contexts", "contexts that can still be reached"),
        ("entropy_rate", f"entropy rate (nats a {unit})", "entropy given the context"),
        last if found.is_scored else ("support", f"different {found.units}", "vocabulary"),
    ]
    for axes, (name, label, title) in zip(panels.flat, shown, strict=True):
        for i, (regime, result) in enumerate(found.regimes.items()):
            of = result.curves[name].simulated
            style = {"color": COLOURS[regime], "marker": MARKERS[regime], "markersize": 5}
            axes.fill_between(of.generation, of.quantiles[0], of.quantiles[-1], color=COLOURS[regime], alpha=0.25, lw=0)
            often = max(1, len(of.generation) // 10)
            axes.plot(of.generation, of.mean, label=result.title, markevery=(i % often, often), **style)
        axes.set(xlabel="generation m (0 is the book)", ylabel=label, title=title)
        whole_numbers(axes.xaxis, min_n_ticks=1)
        axes.margins(x=0.02)
        if name in ("ngrams", "contexts", "support"):
            axes.set_ylim(bottom=0)
            thousands(axes.yaxis)
    chains = found.configuration["chains"]
    panels[0, 0].fill_between([], [], [], color="0.5", alpha=0.25, lw=0, label=f"90% of {chains} chains")
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle(f"{found.language.name}, {tokens_a_generation(found.configuration)}", parse_math=False)
    return figure


def texts(found: TextReport) -> Figure:
    """Draw what the models write, side by side."""
    columns = 1 + max(len(result.texts) for result in found.regimes.values())
    figure = blank(2.1 * columns, 0.3 + 2.75 * len(found.regimes))
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

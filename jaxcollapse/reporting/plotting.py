"""What the figures of reports share. Simulation is drawn in colour with its band, theory in black beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxcollapse.regimes import REGIMES
from jaxcollapse.reporting.report_results import Curve

if TYPE_CHECKING:  # matplotlib is slow to import, and only those who draw need it
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by colour-blind readers; wine and indigo of Tol's stand for their yellow,
# which is too pale on white, and their black, which is the theory's. Markers differ too.
PALETTE = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#332288")
COLOURS = dict(zip(REGIMES, PALETTE, strict=True))
MARKERS = dict(zip(REGIMES, "os^DvPX*", strict=True))
THEORY: dict[str, Any] = {"color": "black", "linewidth": 1.2, "linestyle": (0, (4, 3))}
"""How curves by theory are drawn."""
STYLE: Any = {
    "font.size": 11,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "0.9",
    "legend.frameon": False,
    "legend.fontsize": 10,
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "svg.hashsalt": "jaxcollapse",
}
"""Matplotlib's parameters for every figure."""


def save_figures(found: Any, figures: Mapping[str, Callable[[Any], Figure]]) -> None:
    """Draw the figures of a report and write them into its folder as PNG and SVG, by their names."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    for name, draw in figures.items():
        with mpl.rc_context(STYLE):
            figure = draw(found)
            FigureCanvasAgg(figure)
            for suffix in ("png", "svg"):
                # No date in the file: the same numbers give the same bytes.
                metadata = {"Date": None} if suffix == "svg" else {}
                figure.savefig(found.folder / f"{name}.{suffix}", metadata=metadata)


def blank(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def whole_numbers(axis: Axis, **options: Any) -> None:
    """Let the ticks of an axis stand at whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True, **options))


def thousands(axis: Axis) -> None:
    """Write the numbers of an axis as in 50,000."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def draw_curve(
    axes: Axes, curve: Curve, label: str, name: str, first: int, alpha: float, turn: int, turns: int
) -> None:
    """Draw the mean of a regime with the band of 90% of its chains, and its curve by theory in black.

    Args:
      axes: what is drawn on.
      curve: what is drawn.
      label: its text in the legend.
      name: the regime, by which colour and marker are chosen.
      first: the first generation that is drawn.
      alpha: the opacity of the band.
      turn, turns: the number of the curve, and of how many consecutive curves the markers take turns.
    """
    simulated = curve.simulated
    m = simulated.generation[first:]
    low, high = simulated.quantiles[0][first:], simulated.quantiles[-1][first:]
    axes.fill_between(m, low, high, color=COLOURS[name], alpha=alpha, linewidth=0)
    shown = np.unique(np.geomspace(1, len(m), 12 * turns).round().astype(int) - 1)[turn % turns :: turns].tolist()
    style: Any = {"color": COLOURS[name], "marker": MARKERS[name], "markersize": 7 if MARKERS[name] == "*" else 5}
    axes.plot(m, simulated.mean[first:], markevery=shown, label=label, **style)
    if curve.exact is not None:
        axes.plot(m, curve.exact[first:], **THEORY)

"""Figures. Simulation is drawn in colour with its band, theory in black beside it; nothing here simulates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from jaxcollapse.regimes import REGIMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from jaxcollapse.reporting.results import Curve, RegimeResult, Report

# Okabe and Ito's colours, told apart by colour-blind readers; markers differ too.
COLOURS = dict(zip(REGIMES, ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"), strict=False))
MARKERS = dict(zip(REGIMES, "os^DvP", strict=False))
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
THOUSANDS = FuncFormatter(lambda value, _: f"{value:,.0f}")


def save_all(found: Report) -> None:
    """Write every figure of a report as PNG and SVG."""
    for name, draw in FIGURES.items():
        with mpl.rc_context(STYLE):
            figure = draw(found)
            FigureCanvasAgg(figure)
            for suffix in ("png", "svg"):
                # No date in the file: the same numbers give the same bytes.
                metadata = {"Date": None} if suffix == "svg" else {}
                figure.savefig(found.folder / f"{name}.{suffix}", metadata=metadata)


def _blank(columns: int = 1) -> tuple[Figure, Any]:
    figure = Figure(figsize=(4.2 + 4.2 * columns, 4.9), layout="constrained")
    return figure, figure.subplots(1, columns)


def _label(result: RegimeResult) -> str:
    real = getattr(result.regime, "real", None)
    return _plain(result) if real is None else f"{_plain(result)}: {real:,} real tokens kept"


def _plain(result: RegimeResult) -> str:
    return result.name.replace("-", " ")


def draw_curve(axes: Axes, curve: Curve, label: str, colour: str, marker: str, first: int = 0) -> None:
    """One regime's mean with the band of 90% of the chains, and its exact curve in black."""
    simulated = curve.simulated
    m = simulated.generation[first:]
    low, high = simulated.quantiles[0][first:], simulated.quantiles[-1][first:]
    axes.fill_between(m, low, high, color=colour, alpha=0.25, linewidth=0)
    shown = np.unique(np.geomspace(1, len(m), 12).round().astype(int) - 1).tolist()
    axes.plot(m, simulated.mean[first:], color=colour, marker=marker, markevery=shown, markersize=5, label=label)
    if curve.exact is not None:
        axes.plot(m, curve.exact[first:], color="black", linewidth=1.2, linestyle=(0, (4, 3)))


def _theory_entry(axes: Axes, text: str) -> None:
    axes.plot([], [], color="black", linewidth=1.2, linestyle=(0, (4, 3)), label=text)


def _band_entry(axes: Axes, curves: list[Curve]) -> None:
    quantiles = [curve.simulated.quantiles for curve in curves]
    widest = max(float((levels[-1] - levels[0]).max()) for levels in quantiles)
    range_ = max(float(levels.max()) for levels in quantiles)
    thin = " (narrower than the line)" if widest < 0.015 * range_ else ""
    text = f"90% of {curves[0].simulated.chains} chains{thin}"
    axes.fill_between([], [], [], color="0.5", alpha=0.25, linewidth=0, label=text)


def _early_generations_wide(axes: Axes, last: int) -> None:
    """A logarithmic axis that still holds m = 0: most of the loss happens at once."""
    axes.set_xscale("symlog", linthresh=1, linscale=0.5)
    ticks = [0] + [tick * 10**power for power in range(7) for tick in (1, 2, 5) if tick * 10**power <= last]
    if last >= 1.3 * ticks[-1]:
        ticks.append(last)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.set_xlim(0, last)


def _setting(found: Report) -> str:
    return f"{found.language.name}, {found.configuration['n']:,} tokens a generation"


def vocabulary(found: Report) -> Figure:
    """Surviving vocabulary by generation."""
    figure, axes = _blank()
    units = found.units
    kinds = set()
    for name, result in found.regimes.items():
        curve = result.curves["support"]
        kinds.add(curve.kind)
        draw_curve(axes, curve, _label(result), COLOURS[name], MARKERS[name])
    approximate = "branching approximation" in kinds
    _theory_entry(axes, "theory: exact, or branching approximation (fully synthetic)" if approximate else "exact")
    _band_entry(axes, [result.curves["support"] for result in found.regimes.values()])
    total = found.language.support
    axes.axhline(total / 2, color="0.6", linewidth=1, linestyle=":")
    axes.annotate("half", (0.98, total / 2), xycoords=("axes fraction", "data"), ha="right", va="bottom", color="0.4")
    axes.set(
        xlabel="generation m (0 is the language itself)",
        ylabel=f"{units} that the model can still write",
        title=f"Vocabulary left when a model is trained on its own output\n{_setting(found)}",
        ylim=(0, 1.05 * total),
    )
    _early_generations_wide(axes, found.configuration["generations"])
    axes.yaxis.set_major_formatter(THOUSANDS)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    share = axes.secondary_yaxis("right", functions=(lambda x: 100 * x / total, lambda x: x * total / 100))
    share.set_ylabel(f"share of the language's {total:,} {units} (%)")
    axes.legend(loc="best")
    return figure


def distance(found: Report) -> Figure:
    """Squared distance of the model from the language."""
    figure, axes = _blank()
    for name, result in found.regimes.items():
        draw_curve(axes, result.curves["l2_truth"], _label(result), COLOURS[name], MARKERS[name], first=1)
    _theory_entry(axes, "exact mean")
    _band_entry(axes, [result.curves["l2_truth"] for result in found.regimes.values()])
    axes.set(
        xlabel="generation m (1 is the first model)",
        ylabel=r"$\|p^{(m)} - p\|_2^2$, squared distance from the language",
        title=f"How far the model has drifted from the language\n{_setting(found)}",
    )
    axes.set_ylim(bottom=0)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3), useMathText=True)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.margins(x=0.02)
    axes.legend(loc="best")
    return figure


def words(found: Report) -> Figure:
    """Which words die first: survival by frequency."""
    figure, (left, right) = _blank(2)
    units = found.units
    result = found.worst
    shown = [i for i, band in enumerate(found.bands) if band.words]
    generation = np.arange(result.survival.shape[1])
    for rank, i in enumerate(shown):
        # From dark (frequent) to light; the lightest fifth of the map is too pale on white.
        colour = mpl.colormaps["viridis"](0.8 * rank / max(1, len(shown) - 1))
        spread = 2 * result.survival_error[i]
        low, high = np.clip(result.survival[i] - spread, 0, 1), np.clip(result.survival[i] + spread, 0, 1)
        left.fill_between(generation, low, high, color=colour, alpha=0.3, linewidth=0)
        left.plot(generation, result.survival[i], color=colour, linewidth=2.2, label=found.bands[i].label)
        left.plot(generation, result.survival_exact[i], color="black", linewidth=1, linestyle=(0, (4, 3)))
    _theory_entry(left, result.survival_kind)
    left.set(
        xlabel="generation m",
        ylabel=f"share of the {units} still alive",
        title=f"{_plain(result)}, by frequency (bands: two standard errors)",
        ylim=(-0.02, 1.05),
    )
    _early_generations_wide(left, generation[-1])
    left.legend(title=f"{units} per million", loc="center left", bbox_to_anchor=(1.0, 0.5))

    last = generation[-1]
    for name, result in found.regimes.items():
        middle = [1e6 * np.sqrt(found.bands[i].low * found.bands[i].high) for i in shown]
        edges = [(1e6 * found.bands[i].low, 1e6 * found.bands[i].high) for i in shown]
        spread = np.abs(np.array(edges).T - middle)
        right.errorbar(
            middle,
            result.survival[shown, last],
            xerr=spread,
            yerr=2 * result.survival_error[shown, last],
            fmt=MARKERS[name],
            color=COLOURS[name],
            elinewidth=1,
            label=f"{_plain(result)}, simulated",
        )
        label = f"{_plain(result)}, {result.survival_kind}"
        hollow = {"marker": MARKERS[name], "linestyle": "", "fillstyle": "none", "markersize": 12}
        right.plot(middle, result.survival_exact[shown, last], color="black", label=label, **hollow)
    right.set(
        xscale="log",
        xlabel=f"frequency ({units} per million; bars span the band)",
        ylabel=f"share alive at generation {last}",
        title=f"after {last} generation{'s' if last > 1 else ''}",
        ylim=(-0.02, 1.05),
    )
    # Below the axes, for its marks would pass for data.
    right.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, columnspacing=1, fontsize=9)
    figure.suptitle(f"Which {units} die first: {_setting(found)}")
    return figure


def decay(found: Report) -> Figure:
    """Exponential decay of diversity at a small sample size, fitted and exact."""
    figure, axes = _blank()
    result = found.decay
    simulated = result.curve.simulated
    m, mean, error = simulated.generation, simulated.mean, simulated.standard_error
    floor = result.curve.exact[-1] / 3 if result.curve.exact is not None else mean[mean > 0].min()
    shown = np.where(mean > floor, mean, np.nan)  # a logarithm has no place for collapsed chains
    band = np.maximum(shown - 1.96 * error, floor), shown + 1.96 * error
    axes.fill_between(
        m, *band, color=COLOURS["fully-synthetic"], alpha=0.3, linewidth=0, label="95% interval of the mean"
    )
    axes.plot(m, shown, color=COLOURS["fully-synthetic"], label=f"mean of {simulated.chains:,} chains")
    if result.fit.identifiable:
        window = np.arange(result.fit.window[0], result.fit.window[1] + 1)
        low, high = result.fit.rate_interval
        text = f"fit: rate {result.fit.rate:.5f} ({result.fit.level:.0%}: {low:.5f} to {high:.5f})"
        axes.plot(window, result.fit.curve(window), color="#56B4E9", linewidth=4, alpha=0.8, zorder=1, label=text)
    else:
        axes.plot([], [], " ", label="fit: rate not identifiable from these data")
    if result.curve.exact is not None:
        text = f"exact: rate {result.exact_rate:.5f} = $-\\ln(1 - 1/{result.n})$"
        axes.plot(m, result.curve.exact, color="black", linewidth=1.2, linestyle=(0, (4, 3)), label=text)
    axes.set(
        yscale="log",
        xlabel="generation m",
        ylabel=r"heterozygosity $1 - \sum_i p_i^2$" + "\n(chance that two tokens differ)",
        title=f"Decay of diversity\n{found.language.name}, fully synthetic, {result.n} tokens a generation",
        xlim=(0, m[-1]),
    )
    axes.set_ylim(bottom=floor)
    axes.legend(loc="lower left")
    return figure


FIGURES: dict[str, Callable[[Report], Figure]] = {
    "vocabulary": vocabulary,
    "distance": distance,
    "words": words,
    "decay": decay,
}
"""The figures of a report, by file name."""

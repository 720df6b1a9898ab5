"""Figures. Simulation is drawn in colour with its band, theory in black beside it; nothing here simulates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from jaxcollapse.regimes import REGIMES
from jaxcollapse.reporting.results import SHORT, details, tokens_a_generation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from jaxcollapse.reporting.results import Curve, RegimeResult, Report

# Okabe and Ito's colours, told apart by colour-blind readers; wine and indigo of Tol's stand for their yellow,
# which is too pale on white, and their black, which is the theory's. Markers differ too.
PALETTE = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#332288")
COLOURS = dict(zip(REGIMES, PALETTE, strict=True))
MARKERS = dict(zip(REGIMES, "os^DvPX*", strict=True))
FEW = 3
"""Regimes whose legend has room among the curves."""
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
    save_figures(found, FIGURES_OF_CONTEXTS if found.of_contexts else FIGURES)


def save_figures(found: Any, figures: Mapping[str, Callable[[Any], Figure]]) -> None:
    """Write figures of a report into its folder as PNG and SVG, by their names."""
    for name, draw in figures.items():
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
    real = "{:,} real tokens kept" if result.regime.closed else "{:,} new real tokens a generation"
    settings = details(result.regime, SHORT | {"real": real})
    if result.sizes:
        settings.append(f"sizes {result.sizes}")
    return f"{_plain(result)}: {', '.join(settings)}" if settings else _plain(result)


def _plain(result: RegimeResult) -> str:
    return result.name.replace("-", " ")


def _draw_curves(axes: Axes, found: Report, curve: Callable[[RegimeResult], Curve], first: int = 0) -> None:
    """Every regime's mean with the band of 90% of the chains, and its curve by theory in black."""
    # Where many curves meet, their markers take turns and their bands are paler.
    turns, alpha = (1, 0.25) if len(found.regimes) <= FEW else (3, 0.12)
    for i, (name, result) in enumerate(found.regimes.items()):
        _draw_curve(axes, curve(result), _label(result), name, first, alpha, i, turns)


def _draw_curve(
    axes: Axes, curve: Curve, label: str, name: str, first: int, alpha: float, turn: int, turns: int
) -> None:
    simulated = curve.simulated
    m = simulated.generation[first:]
    low, high = simulated.quantiles[0][first:], simulated.quantiles[-1][first:]
    axes.fill_between(m, low, high, color=COLOURS[name], alpha=alpha, linewidth=0)
    shown = np.unique(np.geomspace(1, len(m), 12 * turns).round().astype(int) - 1)[turn % turns :: turns].tolist()
    style: Any = {"color": COLOURS[name], "marker": MARKERS[name], "markersize": 7 if MARKERS[name] == "*" else 5}
    axes.plot(m, simulated.mean[first:], markevery=shown, label=label, **style)
    if curve.exact is not None:
        axes.plot(m, curve.exact[first:], color="black", linewidth=1.2, linestyle=(0, (4, 3)))


def _theory_entry(axes: Axes, text: str) -> None:
    axes.plot([], [], color="black", linewidth=1.2, linestyle=(0, (4, 3)), label=text)


def _legend(figure: Figure, axes: Axes, found: Report) -> None:
    """Among few curves; below the axes where there are many."""
    if len(found.regimes) <= FEW:
        axes.legend(loc="best")
        return
    figure.set_size_inches(figure.get_figwidth(), figure.get_figheight() + 0.28 * (len(found.regimes) // 2 + 1))
    figure.legend(loc="outside lower center", ncols=2, fontsize=9, columnspacing=1.5)


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
    return f"{_name(found)}, {tokens_a_generation(found.configuration)}"


def _name(found: Report) -> str:
    """The language's name, in which no dollar begins a formula."""
    return found.language.name.replace("$", r"\$")


def vocabulary(found: Report) -> Figure:
    """Surviving vocabulary by generation."""
    figure, axes = _blank()
    units = found.units
    _draw_curves(axes, found, lambda result: result.left)
    kinds = {result.left.kind for result in found.regimes.values()}
    if "branching approximation" in kinds:
        both = "exact, or branching approximation (fully synthetic)" if "exact" in kinds else "branching approximation"
        _theory_entry(axes, f"theory: {both}")
    elif "exact" in kinds:
        _theory_entry(axes, "exact, where it is known" if "" in kinds else "exact")
    _band_entry(axes, [result.left for result in found.regimes.values()])
    of_contexts = found.of_contexts
    total = found.worst.left.simulated.mean[0]
    axes.axhline(total / 2, color="0.6", linewidth=1, linestyle=":")
    x, side = (0.98, "right") if len(found.regimes) <= FEW else (0.02, "left")  # clear of what stays near a half
    axes.annotate("half", (x, total / 2), xycoords=("axes fraction", "data"), ha=side, va="bottom", color="0.4")
    axes.set(
        xlabel="generation m (0 is the language itself)",
        ylabel=f"{units} that may still follow a context (mean)"
        if of_contexts
        else f"{units} that the model can still write",
        title=f"{'Choice' if of_contexts else 'Vocabulary'} left when a model is trained on its own output\n"
        + _setting(found),
        ylim=(0, 1.05 * total),
    )
    _early_generations_wide(axes, found.configuration["generations"])
    axes.yaxis.set_major_formatter(THOUSANDS)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    share = axes.secondary_yaxis("right", functions=(lambda x: 100 * x / total, lambda x: x * total / 100))
    amount = f"{total:,.1f} on average" if of_contexts else f"{total:,.0f} {units}"
    share.set_ylabel(f"share of the language's {amount} (%)")
    _legend(figure, axes, found)
    return figure


def distance(found: Report) -> Figure:
    """Squared distance of the model from the language."""
    figure, axes = _blank()
    _draw_curves(axes, found, lambda result: result.curves["l2_truth"], first=1)
    known = [result.curves["l2_truth"].exact is not None for result in found.regimes.values()]
    if any(known):
        _theory_entry(axes, "exact mean" if all(known) else "exact mean, where it is known")
    _band_entry(axes, [result.curves["l2_truth"] for result in found.regimes.values()])
    axes.set(
        xlabel="generation m (1 is the first model)",
        ylabel=r"$\|p^{(m)} - p\|_2^2$, squared distance from the language" + ", mean" * (found.of_contexts),
        title=f"How far the model has drifted from the language\n{_setting(found)}",
    )
    if len(found.regimes) <= FEW:
        axes.set_ylim(bottom=0)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3), useMathText=True)
    else:  # from regimes that settle to those that collapse
        axes.set_yscale("log")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.margins(x=0.02)
    _legend(figure, axes, found)
    return figure


def survival(found: Report) -> Figure:
    """Which words die first, or which contexts lose most: survival by frequency."""
    figure, (left, right) = _blank(2)
    of_contexts, units = found.of_contexts, found.banded
    result = found.worst
    shown = [i for i, band in enumerate(found.bands) if band.count]
    generation = np.arange(result.survival.shape[1])
    for rank, i in enumerate(shown):
        # From dark (frequent) to light; the lightest fifth of the map is too pale on white.
        colour = mpl.colormaps["viridis"](0.8 * rank / max(1, len(shown) - 1))
        spread = 2 * result.survival_error[i]
        low, high = np.clip(result.survival[i] - spread, 0, 1), np.clip(result.survival[i] + spread, 0, 1)
        left.fill_between(generation, low, high, color=colour, alpha=0.3, linewidth=0)
        left.plot(generation, result.survival[i], color=colour, linewidth=2.2, label=found.bands[i].label)
        if result.survival_exact is not None:
            left.plot(generation, result.survival_exact[i], color="black", linewidth=1, linestyle=(0, (4, 3)))
    if result.survival_exact is not None:
        _theory_entry(left, result.survival_kind)
    left.set(
        xlabel="generation m",
        ylabel="share left of all that may follow them" if of_contexts else f"share of the {units} still alive",
        title=f"{_plain(result)}, by frequency (bands: two standard errors)",
        ylim=(-0.02, 1.05),
    )
    _early_generations_wide(left, generation[-1])
    per_million = f"{'uses' if of_contexts else units} per million"
    left.legend(title=per_million, loc="center left", bbox_to_anchor=(1.0, 0.5))

    last, few = generation[-1], len(found.regimes) <= FEW
    middle = np.array([1e6 * np.sqrt(found.bands[i].low * found.bands[i].top) for i in shown])
    edges = np.array([(1e6 * found.bands[i].low, 1e6 * found.bands[i].top) for i in shown])
    if not few:
        for edge in np.unique(edges):
            right.axvline(edge, color="0.8", linewidth=1, zorder=0)
        right.grid(visible=False, axis="x", which="both")
    for rank, (name, result) in enumerate(found.regimes.items()):
        # Few regimes stand in the middle of a band that is drawn as a bar, many beside one another.
        part = (rank + 1) / (len(found.regimes) + 1)
        at = middle if few else edges[:, 0] * (edges[:, 1] / edges[:, 0]) ** part
        right.errorbar(
            at,
            result.survival[shown, last],
            xerr=np.abs(edges.T - middle) if few else None,
            yerr=2 * result.survival_error[shown, last],
            fmt=MARKERS[name],
            color=COLOURS[name],
            elinewidth=1,
            label=f"{_plain(result)}, simulated" if few else _plain(result),
        )
        if result.survival_exact is not None:
            hollow = {"marker": MARKERS[name], "linestyle": "", "fillstyle": "none", "markersize": 12}
            label = f"{_plain(result)}, {result.survival_kind}" if few else None
            right.plot(at, result.survival_exact[shown, last], color="black", label=label, **hollow)
    if not few:
        figure.set_size_inches(figure.get_figwidth(), figure.get_figheight() + 0.2 * (len(found.regimes) // 2))
    kinds = [result.survival_kind for result in found.regimes.values() if result.survival_kind]
    if kinds and not few:
        label = "hollow, black: " + ", or ".join(dict.fromkeys(kinds))
        right.plot([], [], marker="o", linestyle="", fillstyle="none", markersize=12, color="black", label=label)
    spans = "bars span the band" if few else "a band's regimes side by side"
    right.set(
        xscale="log",
        xlabel=f"frequency ({per_million}; {spans})",
        ylabel=f"share {'left' if of_contexts else 'alive'} at generation {last}",
        title=f"after {last} generation{'s' if last > 1 else ''}",
        ylim=(-0.02, 1.05),
    )
    # Below the axes, for its marks would pass for data.
    right.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.14 if few else -0.16), ncols=2, columnspacing=1, fontsize=9
    )
    figure.suptitle(f"Which {units} {'lose most' if of_contexts else 'die first'}: {_setting(found)}")
    return figure


def decay(found: Report) -> Figure:
    """Exponential decay of diversity at a small sample size, fitted and exact."""
    figure, axes = _blank()
    result = found.decay
    assert result is not None  # contexts have no such figure
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
        title=f"Decay of diversity\n{_name(found)}, fully synthetic, {result.n} tokens a generation",
        xlim=(0, m[-1]),
    )
    axes.set_ylim(bottom=floor)
    axes.legend(loc="lower left")
    return figure


FIGURES: dict[str, Callable[[Report], Figure]] = {
    "vocabulary": vocabulary,
    "distance": distance,
    "words": survival,
    "decay": decay,
}
"""The figures of a report, by file name."""
FIGURES_OF_CONTEXTS = {"vocabulary": vocabulary, "distance": distance, "contexts": survival}
"""Those of a report on contexts."""

"""Figures of words or contexts: what is left of them, by generation and by frequency; nothing here simulates."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from jaxcollapse.reporting.plotting import COLOURS, MARKERS, THEORY, blank, draw_curve, thousands, whole_numbers
from jaxcollapse.reporting.report_results import Curve, RegimeResult, Report
from jaxcollapse.reporting.wording import SHORT, Wording, details, tokens_a_generation

if TYPE_CHECKING:  # matplotlib is slow to import, and only those who draw need it
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW = 3
"""The number of regimes whose legend has room among the curves."""


def _panels(columns: int = 1) -> tuple[Figure, Any]:
    figure = blank(4.2 + 4.2 * columns, 4.9)
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
    """Draw one curve of each regime."""
    # Where many curves meet, their markers take turns and their bands are paler.
    turns, alpha = (1, 0.25) if len(found.regimes) <= FEW else (3, 0.12)
    for i, (name, result) in enumerate(found.regimes.items()):
        draw_curve(axes, curve(result), _label(result), name, first, alpha, i, turns)


def _theory_entry(axes: Axes, text: str) -> None:
    axes.plot([], [], label=text, **THEORY)


def _legend(figure: Figure, axes: Axes, found: Report) -> None:
    """Place the legend among few curves, and below the axes where there are many."""
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
    """Make the axis of generations logarithmic but for m = 0: most of the loss happens at once."""
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
    """Return the language's name, in which no dollar begins a formula."""
    return found.language.name.replace("$", r"\$")


def vocabulary(found: Report, wording: Wording) -> Figure:
    """Draw the surviving vocabulary, or what may still follow a context, by generation."""
    figure, axes = _panels()
    _draw_curves(axes, found, lambda result: result.left)
    kinds = {result.left.kind for result in found.regimes.values()}
    if "branching approximation" in kinds:
        both = "exact, or branching approximation (fully synthetic)" if "exact" in kinds else "branching approximation"
        _theory_entry(axes, f"theory: {both}")
    elif "exact" in kinds:
        _theory_entry(axes, "exact, where it is known" if "" in kinds else "exact")
    _band_entry(axes, [result.left for result in found.regimes.values()])
    total = found.worst.left.simulated.mean[0]
    axes.axhline(total / 2, color="0.6", linewidth=1, linestyle=":")
    x, side = (0.98, "right") if len(found.regimes) <= FEW else (0.02, "left")  # clear of what stays near a half
    axes.annotate("half", (x, total / 2), xycoords=("axes fraction", "data"), ha=side, va="bottom", color="0.4")
    axes.set(
        xlabel="generation m (0 is the language itself)",
        ylabel=wording.axis,
        title=f"{wording.lost.capitalize()} left when a model is trained on its own output\n{_setting(found)}",
        ylim=(0, 1.05 * total),
    )
    _early_generations_wide(axes, found.configuration["generations"])
    thousands(axes.yaxis)
    whole_numbers(axes.yaxis, nbins=6)
    share = axes.secondary_yaxis("right", functions=(lambda x: 100 * x / total, lambda x: x * total / 100))
    share.set_ylabel(f"share of the language's {wording.amount.format(total)} (%)")
    _legend(figure, axes, found)
    return figure


def distance(found: Report, wording: Wording) -> Figure:
    """Draw the squared distance of the model from the language by generation."""
    figure, axes = _panels()
    _draw_curves(axes, found, lambda result: result.curves["l2_truth"], first=1)
    known = [result.curves["l2_truth"].exact is not None for result in found.regimes.values()]
    if any(known):
        _theory_entry(axes, "exact mean" if all(known) else "exact mean, where it is known")
    _band_entry(axes, [result.curves["l2_truth"] for result in found.regimes.values()])
    axes.set(
        xlabel="generation m (1 is the first model)",
        ylabel=r"$\|p^{(m)} - p\|_2^2$, squared distance from the language" + wording.distance,
        title=f"How far the model has drifted from the language\n{_setting(found)}",
    )
    if len(found.regimes) <= FEW:
        axes.set_ylim(bottom=0)
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3), useMathText=True)
    else:  # from regimes that settle to those that collapse
        axes.set_yscale("log")
    whole_numbers(axes.xaxis, min_n_ticks=1)
    axes.margins(x=0.02)
    _legend(figure, axes, found)
    return figure


def survival(found: Report, wording: Wording) -> Figure:
    """Draw which words die first, or which contexts lose most: survival by frequency."""
    figure, (left, right) = _panels(2)
    shown = [i for i, band in enumerate(found.bands) if band.count]
    last = found.worst.survival.shape[1] - 1
    _survival_by_generation(left, found, wording, shown)
    _survival_at_the_end(right, found, wording, shown, last)
    if len(found.regimes) > FEW:
        figure.set_size_inches(figure.get_figwidth(), figure.get_figheight() + 0.2 * (len(found.regimes) // 2))
    figure.suptitle(f"Which {found.banded} {wording.fate}: {_setting(found)}")
    return figure


def _survival_by_generation(axes: Axes, found: Report, wording: Wording, shown: list[int]) -> None:
    """Draw one curve for each band that is shown, in the regime in which most is lost."""
    import matplotlib as mpl

    result = found.worst
    generation = np.arange(result.survival.shape[1])
    for rank, i in enumerate(shown):
        # From dark (frequent) to light; the lightest fifth of the map is too pale on white.
        colour = mpl.colormaps["viridis"](0.8 * rank / max(1, len(shown) - 1))
        spread = 2 * result.survival_error[i]
        low, high = np.clip(result.survival[i] - spread, 0, 1), np.clip(result.survival[i] + spread, 0, 1)
        axes.fill_between(generation, low, high, color=colour, alpha=0.3, linewidth=0)
        axes.plot(generation, result.survival[i], color=colour, linewidth=2.2, label=found.bands[i].label)
        if result.survival_exact is not None:
            axes.plot(generation, result.survival_exact[i], **THEORY | {"linewidth": 1})
    if result.survival_exact is not None:
        _theory_entry(axes, result.survival_kind)
    axes.set(
        xlabel="generation m",
        ylabel=wording.share,
        title=f"{_plain(result)}, by frequency (bands: two standard errors)",
        ylim=(-0.02, 1.05),
    )
    _early_generations_wide(axes, generation[-1])
    axes.legend(title=wording.per_million, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _survival_at_the_end(axes: Axes, found: Report, wording: Wording, shown: list[int], last: int) -> None:
    """Draw one mark for each band that is shown and each regime, at the last generation."""
    few = len(found.regimes) <= FEW
    middle = np.array([1e6 * np.sqrt(found.bands[i].low * found.bands[i].top) for i in shown])
    edges = np.array([(1e6 * found.bands[i].low, 1e6 * found.bands[i].top) for i in shown])
    if not few:
        for edge in np.unique(edges):
            axes.axvline(edge, color="0.8", linewidth=1, zorder=0)
        axes.grid(visible=False, axis="x", which="both")
    for rank, (name, result) in enumerate(found.regimes.items()):
        # Few regimes stand in the middle of a band that is drawn as a bar, many beside one another.
        part = (rank + 1) / (len(found.regimes) + 1)
        at = middle if few else edges[:, 0] * (edges[:, 1] / edges[:, 0]) ** part
        axes.errorbar(
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
            hollow: Any = {"marker": MARKERS[name], "linestyle": "", "fillstyle": "none", "markersize": 12}
            label = f"{_plain(result)}, {result.survival_kind}" if few else None
            axes.plot(at, result.survival_exact[shown, last], color="black", label=label, **hollow)
    kinds = [result.survival_kind for result in found.regimes.values() if result.survival_kind]
    if kinds and not few:
        label = "hollow, black: " + ", or ".join(dict.fromkeys(kinds))
        axes.plot([], [], marker="o", linestyle="", fillstyle="none", markersize=12, color="black", label=label)
    spans = "bars span the band" if few else "a band's regimes side by side"
    axes.set(
        xscale="log",
        xlabel=f"frequency ({wording.per_million}; {spans})",
        ylabel=f"share {wording.share_at_the_end} at generation {last}",
        title=f"after {last} generation{'s' if last > 1 else ''}",
        ylim=(-0.02, 1.05),
    )
    # Below the axes, for its marks would pass for data.
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14 if few else -0.16), ncols=2, columnspacing=1, fontsize=9)


def decay(found: Report) -> Figure:
    """Draw the exponential decay of diversity at a small sample size, fitted and exact."""
    figure, axes = _panels()
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
        axes.plot(m, result.curve.exact, label=text, **THEORY)
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

"""Two figures of the campaign: are the deviations what chance makes them, and where are they largest?"""

from __future__ import annotations

import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from . import cells, checks


def save(findings, folder: pathlib.Path) -> None:
    """Write `deviations.png` and `regimes.png`."""
    deviations(findings, folder / "deviations.png")
    regimes(findings, folder / "regimes.png")


def deviations(findings, path: pathlib.Path) -> None:
    """Worst deviations in standard errors, beside what the largest of so many normal ones would be."""
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    bins = np.linspace(0, 7, 57)
    for kind, colour, name in (("engine", "#0072B2", "simulation"), ("twin", "#D55E00", "slow twin")):
        z = [abs(f.z) for f in findings if f.kind == kind and f.z]
        axes.hist(
            z,
            bins,
            density=True,
            histtype="step",
            linewidth=1.8,
            color=colour,
            label=f"{name} against theory ({len(z):,})",
        )
    # Generations are dependent: between one and all of them count.
    x = np.linspace(0, 7, 400)
    for count, style in ((1, ":"), (cells.GENERATIONS, "--")):
        density = count * 2 * stats.norm.pdf(x) * (2 * stats.norm.cdf(x) - 1) ** (count - 1)
        axes.plot(
            x, density, "k" + style, linewidth=1, label=f"largest of {count} normal deviation{'s' if count > 1 else ''}"
        )
    axes.set(
        xlabel="worst deviation over the generations (standard errors)",
        ylabel="density over cells and statistics",
        xlim=(0, 7),
        title="Simulation minus theory, in standard errors",
    )
    axes.legend(frameon=False, fontsize=8.5)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def regimes(findings, path: pathlib.Path) -> None:
    """The largest share of the allowed deviation, by regime and statistic; above 1 is a rejection."""
    variants = [v for v in cells.VARIANTS if any(f.variant == v for f in findings)]
    table = np.full((len(variants), len(checks.RECORD)), np.nan)
    for f in findings:
        if f.kind == "engine":
            at = variants.index(f.variant), checks.RECORD.index(f.statistic)
            table[at] = np.nanmax([table[at], f.used])
    figure, axes = plt.subplots(figsize=(8.2, 0.27 * len(variants) + 1.7), layout="constrained")
    image = axes.imshow(table, vmin=0, vmax=1, cmap="viridis_r", aspect="auto")
    for (row, column), value in np.ndenumerate(table):
        text = "-" if np.isnan(value) else f"{value:.2f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, color="white" if value > 0.55 else "black")
    axes.set_xticks(range(len(checks.RECORD)), checks.RECORD, rotation=20, ha="right", fontsize=8.5)
    axes.set_yticks(range(len(variants)), variants, fontsize=8.5)
    axes.set_title(
        "How near to rejection the simulation came\n(deviation over what is allowed at a rate of one in a million)",
        fontsize=10,
    )
    figure.colorbar(image, ax=axes, label="share of the allowed deviation", shrink=0.6)
    figure.savefig(path, dpi=150)
    plt.close(figure)

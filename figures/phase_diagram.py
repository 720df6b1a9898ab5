"""What is left of diversity, for every regime, over the synthetic tokens a generation and the generation.

Diversity: the expected heterozygosity E[1 - sum p_i^2], relative to the truth's; exact (`theory.heterozygosity`), and
independent of the truth's shape. N = 100 real tokens where there are any; elsewhere N is just the unit of n.
Simulated (circles): 52 of 600 tokens with mass, S_0 = 0.1 (`languages.seddik`). Random sampling's recursion is followed
for 300 generations; its diversity is accumulation's, as is checked there, and drawn beyond. Subsamples: n tokens of all
that was written, with replacement.
"""

import jax
import matplotlib as mpl
import numpy as np
from common import SEED, letters, main
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

import jaxcollapse as jc

REAL, WINDOW, SHARE, LAST, CAPACITY = 100, 5, 0.05, 1000, 2048
KNOWN = 300
"""Generations to which random sampling is followed, and of the simulation."""
REGIMES = {
    "fully synthetic": lambda n, **room: jc.FullySynthetic(n=n, **room),
    "most recent 5 models, afresh": lambda n, **room: jc.MostRecent(n=n, window=WINDOW, **room),
    "most recent 5, tokens reused": lambda n, **room: jc.MostRecent(n=n, window=WINDOW, reuse=True, **room),
    "accumulate": lambda n, **room: jc.Accumulate(n=n, **room),
    "randomly sampled": lambda n, **room: jc.RandomlySampled(n=n, **room),
    "accumulate, subsample $n$": lambda n, **room: jc.AccumulateSubsample(
        n=n, budget=n, replacement=True, **_twice(room)
    ),
    "partially: same 100 real": lambda n, **room: jc.PartiallySynthetic(n=n, real=REAL, **room),
    "fresh: 100 new real each time": lambda n, **room: jc.FreshReal(n=n, real=REAL, **room),
    "mixture: 5% of $n$ real": lambda n, **room: jc.Mixture(n=n, share=SHARE, **room),
}
LEVELS = {0.1: "white", 0.5: "white", 0.9: "black", 0.99: "black"}


def _twice(room):
    return room | {f"budget_{name}": value for name, value in room.items()}


def simulate(quick):
    truth, chains = jc.languages.seddik(), (32 if quick else 128)
    sizes = np.unique(np.geomspace(10, 10_000, 9 if quick else 25).round().astype(int))
    generations = np.unique(np.geomspace(1, LAST, 40).round().astype(int))
    maps, checks, worst = {}, {}, 0.0
    for i, (name, regime) in enumerate(REGIMES.items()):
        known = KNOWN if name == "randomly sampled" else LAST
        curves = np.array(
            [jc.theory.heterozygosity(jc.recursive_training(truth, regime(int(n))), known) for n in sizes]
        )
        curves /= curves[:, :1]
        if known < LAST:
            assert np.allclose(curves, maps["accumulate"][:, : known + 1], rtol=1e-9)
            curves = np.concatenate([curves, maps["accumulate"][:, known + 1 :]], axis=1)
        maps[name] = curves
        checks[name] = []
        if quick and i > 0:
            continue
        for size in (20, 200, 2000):
            process = jc.recursive_training(truth, regime(size, capacity=CAPACITY))
            key = jax.random.fold_in(jax.random.key(SEED), 10_000 * i + size)
            options = {"chains": chains, "generations": KNOWN, "record": "heterozygosity", "every": 3}
            seen = np.asarray(jc.simulate(key, process, **options)["heterozygosity"], float) / (1 - truth.simpson)
            exact = jc.theory.heterozygosity(jc.recursive_training(truth, regime(size)), KNOWN)[::3] / (
                1 - truth.simpson
            )
            mean, error = seen.mean(axis=0), seen.std(axis=0, ddof=1) / np.sqrt(chains)
            for m in (3, 30, 300):
                row = m // 3
                # Where most chains have collapsed, a mean rests on too few to know its own error; 1e-6 is rounding.
                if chains * exact[row] > 20:
                    worst = max(worst, abs(mean[row] - exact[row]) / (error[row] + 1e-6))
                    assert worst < 6, (name, size, m, mean[row], exact[row], error[row])
                checks[name].append([size / REAL, m, mean[row], error[row], exact[row]])
    shown = {name: curves[:, generations] for name, curves in maps.items()}
    found = {"maps": shown, "checks": checks, "chains": chains, "largest_distance": worst}
    return found | {"share_of_real": sizes / REAL, "generations": generations}


def _places(lines, checks, x, y):
    """Where to write each level: on its line, as far as can be from the circles, the edges and the other labels."""
    taken = [*np.log10(np.reshape(checks, (-1, 5))[:, :2]), np.log10([50, 1.5]), np.log10([15, 1.5])]
    found = []
    for pieces in lines.allsegs:
        line = np.log10(np.concatenate(pieces))
        edges = np.concatenate([line - np.log10([x[0], y[0]]), np.log10([x[-1], y[-1]]) - line], axis=1).min(axis=1)
        others = np.linalg.norm(line[:, None] - np.array(taken), axis=2).min(axis=1)
        best = line[np.argmax(np.minimum(2 * edges, others))]
        if edges.max() > 0.15:
            taken.append(best)
            found.append(tuple(10**best))
    return found


def draw(data):
    figure = Figure(figsize=(9, 9.2), layout="constrained")
    panels = figure.subplots(3, 3, sharex=True, sharey=True)
    norm = mpl.colors.Normalize(0, 1)
    x, y = data["share_of_real"], data["generations"]
    for axes, (name, of) in zip(panels.flat, data["maps"].items(), strict=True):
        shades = axes.pcolormesh(x, y, of.T, cmap="viridis", norm=norm, shading="gouraud", rasterized=True)
        present = [level for level in LEVELS if of.min() < level < of.max()]
        if present:
            lines = axes.contour(
                x, y, of.T, levels=present, colors=[LEVELS[level] for level in present], linewidths=1.3
            )
            places = _places(lines, data["checks"][name], x, y)
            for text in axes.clabel(lines, fmt="%g", fontsize=10.5, inline=False, manual=places):
                edge = "black" if mpl.colors.to_hex(text.get_color()) == "#ffffff" else "white"
                text.set_path_effects([withStroke(linewidth=2.5, foreground=edge)])
        box = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 2}
        axes.text(0.96, 0.05, f"least: {of.min():.3f}", transform=axes.transAxes, ha="right", fontsize=10, bbox=box)
        points = np.reshape(data["checks"][name], (-1, 5))
        style = {"cmap": "viridis", "norm": norm, "edgecolors": "black", "linewidths": 0.5, "s": 75, "zorder": 4}
        axes.scatter(points[:, 0], points[:, 1], c=points[:, 2], **style)
        axes.set(xscale="log", yscale="log", xlim=(x[0], x[-1]), ylim=(1, y[-1]))
        axes.grid(False)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    letters(panels)
    for axes, name in zip(panels.flat, data["maps"], strict=True):
        axes.set_title(name, fontsize=10, loc="right")
    panels[2, 1].set_xlabel("tokens of models a generation, $n$, divided by $N$ = 100", fontsize=12)
    figure.supylabel("generation, $m$", fontsize=12)
    bar = figure.colorbar(shades, ax=panels, location="bottom", aspect=45, pad=0.02)
    bar.set_label(f"diversity left, $h_m / h_0$: exact; in circles simulated, mean of {data['chains']} chains")
    return figure


if __name__ == "__main__":
    main("phase_diagram", simulate, draw)

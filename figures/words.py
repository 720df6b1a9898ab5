"""Which words die: survival against frequency in English, by generation, with the curve of theory.

The 50,000 most frequent words of English (wordfreq, a snapshot from before models wrote the web), a million tokens a
generation. Left: trained on its own output alone. Right: beside 100,000 real tokens that are kept.
"""

import jax
import numpy as np
from common import EXACT, MARKERS, PALETTE, SEED, letters, main
from matplotlib import colormaps
from matplotlib.figure import Figure

import jaxcollapse as jc

N, REAL = 10**6, 100_000
MOMENTS = [1, 2, 5, 10, 30, 100]
BINS = 24


def simulate(quick):
    chains, last = (2, 10) if quick else (16, 100)
    language = jc.languages.from_wordfreq("en")
    edges = np.geomspace(language.p.min() * 0.999, 1e-3, BINS + 1)
    bins = np.digitize(language.p, edges) - 1
    count = np.array([(bins == b).sum() for b in range(BINS)])
    middle = np.array([np.exp(np.log(language.p[bins == b]).mean()) if count[b] else np.nan for b in range(BINS)])
    moments = [m for m in MOMENTS if m <= last]
    alive_in = jc.statistics.band_support(*edges)
    panels = []
    for i, regime in enumerate((jc.FullySynthetic(n=N), jc.PartiallySynthetic(n=N, real=REAL))):
        process = jc.recursive_training(language, regime)
        key = jax.random.fold_in(jax.random.key(SEED), i)
        trace = jc.simulate(key, process, chains=chains, generations=last, record=alive_in)
        # A word lives or dies almost independently of the others, so chains times words are the trials.
        alive = np.asarray(trace[alive_in.name], float)[:, moments]  # [chains, moments, bins]
        share = alive.mean(axis=0) / np.maximum(count, 1)
        error = np.sqrt(np.maximum(share * (1 - share), 0) / np.maximum(chains * count, 1))
        at = np.geomspace(edges[0], edges[-1], 120)
        if i == 0:
            theory = jc.theory.survival_branching(process, last, at)[moments]
            of_words = jc.theory.survival_branching(process, last, language.p)[moments]
        else:  # what the kept corpus holds, lives; what it lacks never comes back
            theory = np.repeat(1 - np.exp(REAL * np.log1p(-at))[None], len(moments), axis=0)
            of_words = np.repeat(1 - np.exp(REAL * np.log1p(-language.p))[None], len(moments), axis=0)
        expected = np.array([[row[bins == b].mean() if count[b] else 0 for b in range(BINS)] for row in of_words])
        spread = np.sqrt(np.array([[(row * (1 - row))[bins == b].sum() for b in range(BINS)] for row in of_words]))
        few = np.maximum(chains * count, 1)
        # The branching approximation is off by m/(6n) of itself at most, far below a standard error here.
        assert np.all(np.abs(share - expected) <= 6 * spread * np.sqrt(chains) / few + 3 / few + 1e-4)
        panels.append({"share": share, "error": error, "theory": theory, "lost": 1 - of_words.mean(axis=1)})
    order = np.argsort(-language.p)
    named = [{"word": language.tokens[k], "p": language.p[k]} for k in order[[99, 999, 29_999, 49_999]]]
    curves = {"middle": middle, "count": count, "moments": moments, "at": at, "panels": panels, "named": named}
    return {"chains": chains, "n": N, "real": REAL, **curves}


def draw(data):
    figure = Figure(figsize=(8.8, 4.9), layout="constrained")
    both = figure.subplots(1, 2, sharey=True)
    titles = [
        "trained on its own output alone",
        f"with {data['real']:,} real tokens kept",
    ]
    for axes, panel, title in zip(both, data["panels"], titles, strict=True):
        only = [0] if panel is data["panels"][1] else range(len(data["moments"]))
        for rank in only:
            m = int(data["moments"][rank])
            colour = (
                colormaps["viridis"](0.85 * rank / max(1, len(data["moments"]) - 1)) if len(only) > 1 else PALETTE[1]
            )
            label = f"m = {m}" if len(only) > 1 else "every generation m"
            shown = data["count"] > 0
            style = {"color": colour, "fmt": MARKERS[rank], "markersize": 5, "elinewidth": 1}
            x = 1e6 * data["middle"][shown]
            axes.errorbar(x, panel["share"][rank][shown], 1.96 * panel["error"][rank][shown], label=label, **style)
            axes.plot(1e6 * data["at"], panel["theory"][rank], **{**EXACT, "linewidth": 1})
        kind = "theory (branching)" if len(only) > 1 else "exact: $1 - (1 - p)^N$"
        axes.plot([], [], **EXACT, label=kind)
        axes.set(xscale="log", xlabel="frequency, occurrences per million words", title=title)
        axes.legend(loc="lower right", fontsize=10)
        axes.set_xlim(0.25, 6000 if len(only) > 1 else 1500)
    both[0].set(ylabel="share of the words still alive", ylim=(-0.02, 1.05))
    for of in data["named"]:
        for axes in both:
            axes.axvline(1e6 * of["p"], color="0.85", linewidth=0.8, zorder=0)
        both[1].annotate(of["word"], (1e6 * of["p"], 0.55), rotation=90, ha="right", va="center", color="0.35")
    letters(both)
    return figure


if __name__ == "__main__":
    main("words", simulate, draw)

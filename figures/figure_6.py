"""The paper's figure 6: a window of the most recent models, or all models so far, against the last one alone.

Paper: 600 tokens, 52 with mass, S_0 = 0.1 (shape not given), n = 10, 500 generations, 100 runs; K = 1, two larger K
that it does not name, and random sampling. Here: K = 1, 2, 5, the 52 tokens by Zipf's law (`languages.seddik`; those
without mass can never be drawn and are left out), tokens drawn afresh, thousands of runs, and the exact curves.
"""

import jax
import numpy as np
from common import EXACT, PALETTE, SEED, band, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

N, LAST, THIN = 10, 500, 50
REGIMES = {
    "last model, $K = 1$": jc.FullySynthetic(n=N),
    "last $K = 2$ models": jc.MostRecent(n=N, window=2),
    "last $K = 5$ models": jc.MostRecent(n=N, window=5),
    "randomly sampled": jc.RandomlySampled(n=N),
}
SHOWN = np.unique(np.geomspace(1, LAST, 64).round().astype(int))
EDGES = np.unique(np.geomspace(1, LAST + 1, 24).round().astype(int))


def agree(curve, exact, uncollapsed):
    """Six standard errors; where fewer than 100 chains still vary, their law is skewed: add 20 chains of distance 2."""
    slack = np.where(uncollapsed >= 100, 6 * curve.standard_error + 1e-6, 6 * curve.standard_error + 40 / curve.chains)
    assert np.all(np.abs(curve.mean - exact) <= slack)


def simulate(quick):
    p = jc.languages.seddik(vocab=52, support=52, simpson=0.1)
    chains, found = (200 if quick else 4000), {}
    for i, (name, regime) in enumerate(REGIMES.items()):
        if quick and i == 1:
            continue  # each regime is a compilation
        process, key = jc.recursive_training(p, regime), jax.random.fold_in(jax.random.key(SEED), i)
        trace = jc.simulate(key, process, chains=chains, generations=LAST, record=("simpson", "l1_first"))
        curves = {of: jc.analysis.ensemble(trace, of, levels=()) for of in ("simpson", "l1_first")}
        dirac = np.asarray(trace["simpson"]) > 0.99  # of ten tokens nine alike give 0.82
        exact = {"simpson": jc.theory.simpson(process, LAST)}
        if i < 2:  # beyond K = 2 the joint law of a window is too large a table
            exact["l1_first"] = jc.theory.l1_first(process, LAST)
        for of, curve in exact.items():
            agree(curves[of], curve, np.sum(~dirac, axis=0))
        time = np.where(dirac.any(axis=1), dirac.argmax(axis=1), LAST + 1)
        left = [not row[at:].all() for row, at in zip(dirac, time, strict=True)]  # nothing follows LAST + 1: False
        found[name] = {
            **{of: {"mean": c.mean[SHOWN], "error": c.standard_error[SHOWN]} for of, c in curves.items()},
            "exact": {of: curve[SHOWN] for of, curve in exact.items()},
            "runs": {of: np.round(np.asarray(trace[of])[:THIN, SHOWN], 3) for of in curves},
            "times": np.histogram(time[time <= LAST], EDGES)[0] / chains,
            "seen": np.mean(time <= LAST),
            "left_again": np.sum(left) / max(np.sum(time <= LAST), 1),
        }
        if i == 0:
            law = np.diff(jc.theory.collapse_probability(process, LAST), prepend=0)
            found[name]["law"] = np.add.reduceat(law, EDGES[:-1])
    return {"chains": chains, "shown": SHOWN, "edges": EDGES, "truth": p.simpson, "regimes": found}


def draw(data):
    figure = Figure(figsize=(10.5, 8), layout="constrained")
    panels = figure.subplots(3, len(data["regimes"]), sharex=True, sharey="row")
    truth = {"color": "0.3", "linewidth": 1, "linestyle": ":"}
    m, edges = data["shown"], np.maximum(data["edges"] - 0.5, 0.7)
    for i, of in enumerate(data["regimes"].values()):
        color, column = PALETTE[i], panels[:, i]
        column[0].axhline(data["truth"], **truth)
        for axes, what in zip(column, ("simpson", "l1_first"), strict=False):
            axes.plot(m, of["runs"][what].T, color=color, linewidth=0.4, alpha=0.25, rasterized=True)
            band(axes, m, of[what]["mean"], of[what]["error"], color, marker="os^D"[i], markevery=6, markersize=5)
            if what in of["exact"]:
                axes.plot(m, of["exact"][what], **EXACT)
        column[2].stairs(of["times"], edges, color=color, fill=True, alpha=0.6)
        if "law" in of:
            column[2].stairs(of["law"], edges, **EXACT)
        share = "all" if of["seen"] == 1 else f"{of['seen']:.1%}"
        text = f"{share} had a Dirac\nmass by $m$ = 500;"
        text += "\nnone can leave it" if i == 0 else f"\n{of['left_again']:.0%} of these\nleft it again"
        column[2].text(0.03, 0.97, text, transform=column[2].transAxes, va="top", fontsize=11)
    letters(panels)
    for axes, name in zip(panels[0], data["regimes"], strict=True):
        axes.set_title(name, loc="center", fontsize=12)
    panels[0, 0].set(
        ylabel=r"concentration $\sigma_m = \Sigma_i\, p_i^2$", ylim=(0, 1.02), xscale="log", xlim=(0.7, 520)
    )
    panels[1, 0].set(ylabel=r"deviation $\|p^{(m)} - p^{(1)}\|_1$", ylim=(-0.03, 2.03))
    panels[2, 0].set(
        ylabel="share of chains", ylim=(0, 1.75 * max(max(of["times"]) for of in data["regimes"].values()))
    )
    panels[2, 0].set_xticks([1, 10, 100], ["1", "10", "100"])
    for axes in panels[2]:
        axes.set_axisbelow(True)
        axes.set_xlabel("first Dirac mass, $T$\n(generation, bins of equal ratio)")
    for axes in panels[1]:
        axes.set_xlabel("generation $m$")
        axes.tick_params(labelbottom=True)
    axes = panels[0, -1]
    thin, marked = {"color": "0.4", "linewidth": 0.6}, {"color": "0.4", "marker": "o", "markersize": 5}
    handles = [axes.plot([], [], **of)[0] for of in (thin, marked, EXACT, truth)]
    mean = f"mean of {int(data['chains']):,}, with 95% band of the mean"
    labels = [f"{THIN} single chains", mean, "exact, where known", "the truth, $S_0$"]
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


if __name__ == "__main__":
    main("figure_6", simulate, draw)

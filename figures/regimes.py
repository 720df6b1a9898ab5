"""Every regime side by side on one real corpus: how many words are left, and how far the model has drifted.

The 10,000 most frequent words of English (wordfreq), 20,000 tokens a generation; regimes with real data have 2,000
of them.
"""

import jax
import numpy as np
from common import EXACT, MARKERS, PALETTE, SEED, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

N, REAL, LAST = 20_000, 2_000, 100
REGIMES = {
    "fully synthetic": jc.FullySynthetic(n=N),
    "most recent, K = 5": jc.MostRecent(n=N, window=5),
    "randomly sampled": jc.RandomlySampled(n=N),
    "accumulate and subsample": jc.AccumulateSubsample(n=N, budget=N),
    "accumulate": jc.Accumulate(n=N),
    f"partially synthetic, {REAL:,} real": jc.PartiallySynthetic(n=N, real=REAL),
    f"fresh real, {REAL:,} a generation": jc.FreshReal(n=N, real=REAL),
    "mixture, a tenth real": jc.Mixture(n=N, share=0.1),
}


def simulate(quick):
    chains = 4 if quick else 32
    last = 20 if quick else LAST
    language = jc.languages.from_wordfreq("en", words=10_000)
    found = {}
    for i, (name, regime) in enumerate(REGIMES.items()):
        process = jc.recursive_training(language, regime)
        key = jax.random.fold_in(jax.random.key(SEED), i)
        trace = jc.simulate(key, process, chains=chains, generations=last, record=("support", "l2_truth"))
        words = jc.analysis.ensemble(trace, "support", levels=())
        distance = jc.analysis.ensemble(trace, "l2_truth", levels=(0.05, 0.95))
        exact = jc.theory.l2_truth(process, last)
        # With 32 chains the law of a mean over its error is Student's: eight of its standard errors are one in 10^8.
        assert np.all(np.abs(distance.mean - exact) <= (20 if quick else 8) * distance.standard_error + 1e-7)
        found[name] = {
            "words": words.mean,
            "words_error": words.standard_error,
            "distance": distance.mean,
            "low": distance.quantiles[0],
            "high": distance.quantiles[1],
            "exact": exact,
            "half_life": jc.analysis.half_life(words.mean),
        }
    return {"chains": chains, "last": last, "words": len(language), "regimes": found}


def draw(data):
    figure = Figure(figsize=(8.6, 8.4), layout="constrained")
    top, bottom = panels = figure.subplots(2, 1)
    last = int(data["last"])
    m = np.arange(last + 1)
    for i, (name, of) in enumerate(data["regimes"].items()):
        turn = np.unique(np.geomspace(1, last, 22).round().astype(int))[i % 3 :: 3].tolist()
        style = {"color": PALETTE[i], "marker": MARKERS[i], "markevery": turn, "markersize": 6}
        top.plot(m, of["words"], label=name, **style)
        bottom.fill_between(m[1:], of["low"][1:], of["high"][1:], color=PALETTE[i], alpha=0.15, linewidth=0)
        bottom.plot(m[1:], of["distance"][1:], **{**style, "markevery": [k - 1 for k in turn]})
        bottom.plot(m[1:], of["exact"][1:], **{**EXACT, "linewidth": 0.9})
    top.set(ylabel=f"words that can still be written, of {int(data['words']):,}", ylim=(0, None))
    top.set_xscale("symlog", linthresh=1, linscale=0.4)
    top.set_xticks([0, 1, 2, 5, 10, 20, 50, 100][: 5 if last < 50 else None])
    bottom.set(xscale="log", yscale="log", ylabel=r"squared distance $\|p^{(m)} - p\|_2^2$")
    bottom.set_xticks([1, 2, 5, 10, 20, 50, 100][: 5 if last < 50 else None])
    bottom.set_xticks([], minor=True)
    for axes in panels:
        axes.xaxis.set_major_formatter("{x:.0f}")
        axes.set(xlabel="generation $m$", xlim=(0 if axes is top else 1, last))
    bottom.plot([], [], **EXACT, label="exact mean")
    bottom.fill_between([], [], [], color="0.5", alpha=0.3, label=f"90% of {int(data['chains'])} chains")
    bottom.legend(loc="upper left")
    letters(panels)
    figure.legend(*top.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=10)
    return figure


if __name__ == "__main__":
    main("regimes", simulate, draw)

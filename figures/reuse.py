"""What reuse changes: equation (5), read literally, trains later generations on the same samples again.

Eight tokens (Zipf), n = 12. A window of K = 3 generations whose samples are drawn afresh or kept; randomly sampled
generations with samples drawn afresh, copied from a pool, or taken as the prefix of one fixed sequence (eq. 5 to the
letter).
"""

import jax
import numpy as np
from common import EXACT, MARKERS, PALETTE, SEED, band, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

LAST, LONG = 60, 300
REGIMES = {
    "window": {
        "drawn afresh": jc.MostRecent(n=12, window=3),
        "reused": jc.MostRecent(n=12, window=3, reuse=True),
    },
    "random": {
        "drawn afresh": jc.RandomlySampled(n=12),
        "reused, a pool": jc.RandomlySampled(n=12, reuse="pool"),
        "reused, prefixes": jc.RandomlySampled(n=12, reuse="prefix", generations=LAST),
    },
}


def simulate(quick):
    chains, key, p = (1000 if quick else 20_000), jax.random.key(SEED), jc.languages.zipf(8)
    found = {"chains": chains, "window": {}, "random": {}}
    for family, members in REGIMES.items():
        for name, regime in members.items():
            process = jc.recursive_training(p, regime)
            trace = jc.simulate(key, process, chains=chains, generations=LAST, record=("heterozygosity", "collapsed"))
            curve = jc.analysis.ensemble(trace, "heterozygosity", levels=())
            exact = jc.theory.heterozygosity(process, LAST)
            # Six standard errors at 61 generations: a chance of 1e-7 each. The 1e-6 is float32's.
            assert np.all(np.abs(curve.mean - exact) <= 6 * curve.standard_error + 1e-6)
            now = np.asarray(trace["collapsed"], bool)
            ever = np.logical_or.accumulate(now, axis=1)
            one = {"mean": curve.mean, "error": curve.standard_error, "exact": exact, "ever": ever.mean(axis=0)}
            if family == "window":
                times = jc.collapse_times(key, process, chains=chains, max_generations=LONG)
                one["first"] = jc.analysis.survival(times).survival[: LONG + 1]
                one["final"] = jc.analysis.survival(times, final=True).survival[: LONG + 1]
                # Of the Dirac masses that came soon enough to be watched for 20 generations more.
                soon = ever[:, LAST - 20]
                one["left_again"] = float((soon & (ever & ~now).any(axis=1)).sum() / soon.sum())
            found[family][name] = one
    return found


def draw(data):
    figure = Figure(figsize=(8.6, 7.4), layout="constrained")
    (a, b), (c, d) = panels = figure.subplots(2, 2)
    generation = np.arange(LAST + 1)
    titles = {"window": "a window of K = 3 generations", "random": "randomly sampled generations"}
    for axes, (family, title) in zip((a, b), titles.items(), strict=True):
        for i, (name, of) in enumerate(data[family].items()):
            style = {"marker": MARKERS[i], "markevery": (3 * i, 10), "markersize": 5}
            band(axes, generation, of["mean"], of["error"], PALETTE[i], name, **style)
            axes.plot(generation, of["exact"], **EXACT)
        axes.plot([], [], **EXACT, label="exact")
        axes.set(xlabel="generation $m$", ylabel=r"heterozygosity $1 - \sum_i p_i^2$", title=title, ylim=(0, 0.85))
        axes.legend(loc="upper right" if family == "window" else "lower left")
    for i, (name, of) in enumerate(data["window"].items()):
        x = np.arange(len(of["final"]))
        c.plot(x, of["final"], color=PALETTE[i], marker=MARKERS[i], markevery=(10 * i, 40), markersize=5, label=name)
        c.plot(np.arange(len(of["first"])), of["first"], color=PALETTE[i], linestyle=":")
    c.plot([], [], color="0.4", label="before the final Dirac mass")
    c.plot([], [], color="0.4", linestyle=":", label="before the first")
    left = data["window"]["drawn afresh"]["left_again"]
    c.annotate(
        f"afresh, {left:.0%} of the first\nDirac masses are left again",
        (0.98, 0.36),
        xycoords="axes fraction",
        ha="right",
        fontsize=10,
    )
    c.set(xlabel="generation $m$", ylabel="share of the chains", title="collapse, K = 3", xlim=(0, 200), ylim=(0, 1.03))
    c.legend(loc="upper right", fontsize=9)
    for i, (name, of) in enumerate(data["random"].items()):
        d.plot(
            generation,
            100 * of["ever"],
            color=PALETTE[i],
            marker=MARKERS[i],
            markevery=(3 * i, 10),
            markersize=5,
            label=name,
        )
    d.set(xlabel="generation $m$", ylabel="runs with a Dirac mass so far (%)", title="randomly sampled generations")
    d.legend(loc="upper left")
    letters(panels)
    return figure


if __name__ == "__main__":
    main("reuse", simulate, draw)

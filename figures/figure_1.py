"""The paper's figure 1: many contexts at once, each a point of the triangle, wander to its corners.

Paper: 3 tokens, 81 contexts (all texts of length 4), n = 1000 tokens a generation, which must be the total, fully
synthetic, one run. Here the 1000 tokens are shared out evenly, 12 or 13 a context; each context's p is a draw from the
flat Dirichlet law. The second row, over many runs, is ours.
"""

import jax
import numpy as np
from common import EXACT, PALETTE, SEED, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

CONTEXTS, TOKENS, LAST, SHOWN = 3**4, 1000, 40, (0, 10, 20, 30, 40)
AREA, DOTS = 7, {"color": PALETTE[1], "alpha": 0.65, "linewidths": 0, "clip_on": False}


def simulate(quick):
    chains = 400 if quick else 10_000
    p = np.array([jc.languages.dirichlet(3, seed=SEED + j).p for j in range(CONTEXTS)])
    process = jc.recursive_training(p, jc.FullySynthetic(n=TOKENS))
    sizes = process.learner.sizes(TOKENS)
    where, collapsed = jc.statistics.trajectory(0, 1, 2), jc.statistics.each("collapsed")
    run = lambda chains, *record: jc.simulate(
        jax.random.key(SEED), process, chains=chains, generations=LAST, record=record
    )
    one = np.asarray(run(1, where)[where.name])[0]  # [generations + 1, contexts, 3]: chain 0 of those below
    many = run(chains, "heterozygosity", collapsed)
    of_runs = {
        "collapsed": np.asarray(many[collapsed.name], np.float64).mean(axis=2),
        "heterozygosity": np.asarray(many["heterozygosity"], np.float64),
    }
    share = [jc.theory.collapse_probability(alone, LAST) for alone in process.apart()]
    all_exact = {"collapsed": np.mean(share, axis=0), "heterozygosity": jc.theory.heterozygosity(process, LAST)}
    found = {}
    for name, exact in all_exact.items():
        curve = jc.analysis.ensemble(of_runs[name], levels=(0.025, 0.975))
        # Means of hundreds of independent runs are normal: six standard errors are missed once in 10^9. float32: 1e-6.
        assert np.all(np.abs(curve.mean - exact) <= 6 * curve.standard_error + 1e-6)
        low, high = curve.quantiles
        of = {"mean": curve.mean, "error": curve.standard_error, "low": low, "high": high}
        found[name] = of | {"exact": exact, "one": of_runs[name][0]}
    drawn = jc.recursive_training(p, jc.FullySynthetic(n=TOKENS), jc.learners.Contexts(drawn=True))
    curves = [found["heterozygosity"]["mean"], all_exact["heterozygosity"], jc.theory.heterozygosity(drawn, LAST)]
    found["heterozygosity"]["half_life"] = [jc.analysis.half_life(curve) for curve in curves]  # the last: sizes drawn
    return {"chains": chains, "sizes": sizes, "shown": SHOWN, "one": one[list(SHOWN)].swapaxes(0, 1), **found}


def triangle(axes, points, m):
    """Points of the simplex, larger where contexts coincide."""
    corners = np.array([[0, 0], [1, 0], [0.5, np.sqrt(3) / 2]])
    axes.plot(*corners[[0, 1, 2, 0]].T, color="0.6", linewidth=1)
    places, many = np.unique(points, axis=0, return_counts=True)
    axes.scatter(*(places @ corners).T, s=AREA * many, **DOTS, zorder=3)
    for k, (x, y) in enumerate([(-0.19, 0), (1.19, 0), (0.5, 1.07)]):
        axes.text(x, y, str(k + 1), ha="center", va="center")
    axes.set(aspect="equal", xlim=(-0.27, 1.27), ylim=(-0.56, 1.16), title=f"$m = {m:.0f}$")
    collapsed = np.sum(points.max(axis=1) == 1)
    axes.text(0.5, -0.2, f"{collapsed} of {len(points)}\ncollapsed", ha="center", va="top", fontsize=11)
    axes.axis("off")


def draw(data):
    figure = Figure(figsize=(8.6, 6.9), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(0.83, 1))
    triangles, (share, diversity) = top.subplots(1, 5), bottom.subplots(1, 2)
    for i, axes in enumerate(triangles):
        triangle(axes, data["one"][:, i], data["shown"][i])
    top.suptitle(
        "one run: 81 contexts of 12 or 13 tokens a generation; at corner $k$ only token $k$ is left", fontsize=12
    )
    dots = [triangles[0].scatter([], [], s=AREA * k, **DOTS) for k in (1, 5, 20)]
    top.legend(
        dots, ["1 context", "5 at one point", "20 at one point"], loc="outside lower center", ncols=3, fontsize=11
    )
    generation = np.arange(LAST + 1)
    for i, (axes, name) in enumerate(((share, "collapsed"), (diversity, "heterozygosity"))):
        of, color = data[name], PALETTE[1 + i]
        axes.fill_between(generation, of["low"], of["high"], color=color, alpha=0.2, linewidth=0, label="95% of runs")
        label = f"mean of {int(data['chains']):,} runs"
        axes.plot(generation, of["mean"], color=color, marker="os"[i], markevery=5, markersize=6, label=label)
        axes.plot(generation, of["exact"], **EXACT, label="exact")
        axes.plot(generation[::2], of["one"][::2], "x", color="0.25", markersize=5, label="the run above")
        axes.set(xlabel="generation $m$", xlim=(-0.5, LAST + 0.5))
    share.set(ylim=(0, 1.02), ylabel="share of contexts collapsed")
    share.legend(loc="lower right")
    half, ticks = data["heterozygosity"]["half_life"], [0.01, 0.02, 0.05, 0.1, 0.2, 0.5]
    diversity.set(yscale="log", ylim=(0.005, 0.8), ylabel=r"heterozygosity $1 - \Sigma_i\, p_i^2$")
    diversity.set_yticks(ticks, [str(tick) for tick in ticks])
    diversity.set_yticks([], minor=True)
    note = f"halved in {half[0]:.2f}\ngenerations\n(exact: {half[1]:.2f})"
    diversity.text(0.04, 0.05, note, transform=diversity.transAxes)
    diversity.legend(loc="upper right")
    letters([*triangles, share, diversity])
    return figure


if __name__ == "__main__":
    main("figure_1", simulate, draw)

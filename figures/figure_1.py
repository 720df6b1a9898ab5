"""The paper's figure 1: many contexts at once, each a point of the triangle, wander to its corners.

Paper: 3 tokens, 81 contexts (all texts of length 4), n = 1000 tokens a generation, which must be the total, fully
synthetic, one run. Contexts do not act on each other, so each is here a language of its own, of 12 or 13 tokens a
generation (1000 in all); its p is a draw from the flat Dirichlet law. The second row, over many runs, is ours.
"""

import jax
import jax.numpy as jnp
import numpy as np
from common import EXACT, PALETTE, SEED, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

CONTEXTS, TOKENS, LAST, SHOWN = 3**4, 1000, 40, (0, 10, 20, 30, 40)
SIZES = np.full(CONTEXTS, TOKENS // CONTEXTS) + (np.arange(CONTEXTS) < TOKENS % CONTEXTS)
AREA, DOTS = 7, {"color": PALETTE[1], "alpha": 0.65, "linewidths": 0, "clip_on": False}
STATISTICS = {"collapsed": jc.theory.collapse_probability, "heterozygosity": jc.theory.heterozygosity}


def simulate(quick):
    chains = 400 if quick else 10_000
    p = np.array([jc.languages.dirichlet(3, seed=SEED + j).p for j in range(CONTEXTS)])
    keys = jax.random.split(jax.random.key(SEED), CONTEXTS)  # independent contexts need keys of their own
    where = jc.statistics.trajectory(0, 1, 2)

    def run(chains, record):
        def context(key, p, n):
            process = jc.recursive_training(p, jc.FullySynthetic(n=n, capacity=16))
            return jc.simulate(key, process, chains=chains, generations=LAST, record=record)

        return jax.jit(jax.vmap(context))(keys, jnp.asarray(p, jnp.float32), jnp.asarray(SIZES))

    one = run(1, where)[where.name][:, 0]  # [contexts, generations + 1, 3]: chain 0 of those below
    many = run(chains, tuple(STATISTICS))
    processes = [jc.recursive_training(p[j], jc.FullySynthetic(n=int(SIZES[j]))) for j in range(CONTEXTS)]
    found = {}
    for name, theory in STATISTICS.items():
        shares = np.asarray(many[name], np.float64).mean(axis=0)  # of one run, over its contexts
        curve = jc.analysis.ensemble(shares, levels=(0.025, 0.975))
        exact = np.mean([theory(of, LAST) for of in processes], axis=0)
        # Means of hundreds of independent runs are normal: six standard errors are missed once in 10^9. float32: 1e-6.
        assert np.all(np.abs(curve.mean - exact) <= 6 * curve.standard_error + 1e-6)
        low, high = curve.quantiles
        error = curve.standard_error
        found[name] = {"mean": curve.mean, "error": error, "low": low, "high": high, "exact": exact, "one": shares[0]}
        if name == "heterozygosity":
            found[name]["half_life"] = jc.analysis.half_life(curve.mean), jc.analysis.half_life(exact)
    return {"chains": chains, "sizes": SIZES, "shown": SHOWN, "one": np.asarray(one)[:, list(SHOWN)], **found}


def triangle(axes, points, m):
    """Points of the simplex, larger where contexts coincide."""
    corners = np.array([[0, 0], [1, 0], [0.5, np.sqrt(3) / 2]])
    axes.plot(*corners[[0, 1, 2, 0]].T, color="0.6", linewidth=1)
    places, many = np.unique(points, axis=0, return_counts=True)
    axes.scatter(*(places @ corners).T, s=AREA * many, **DOTS, zorder=3)
    for k, (x, y) in enumerate([(-0.24, 0), (1.24, 0), (0.5, 1.09)]):
        axes.text(x, y, str(k + 1), ha="center", va="center")
    axes.set(aspect="equal", xlim=(-0.35, 1.35), ylim=(-0.62, 1.18), title=f"$m = {m:.0f}$")
    collapsed = np.sum(points.max(axis=1) == 1)
    axes.text(0.5, -0.25, f"{collapsed} of {len(points)}\ncollapsed", ha="center", va="top", fontsize=11)
    axes.axis("off")


def draw(data):
    figure = Figure(figsize=(8.6, 6.8), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=(0.8, 1))
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

"""The paper's figure 2: the mean collapse time against the sample size, with the exact curve it never had.

Paper: n in {10, 50, 100, ..., 400}, 600 tokens, several p whose shapes it does not give, 100 runs, the lower bound (8).
Here: 52 of 600 tokens with mass and S_0 = 1/52 (uniform), 0.1 and 0.4 (`languages.seddik`), as many runs and a hundred
times as many.
"""

import jax
import numpy as np
from common import BOUND, EXACT, MARKERS, PALETTE, SEED, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

SIZES = [10, 50, 100, 150, 200, 250, 300, 350, 400]
SIMPSON = [1 / 52, 0.1, 0.4]


def simulate(quick):
    chains, found = (1000 if quick else 10_000), []
    for i, simpson in enumerate(SIMPSON):
        p = jc.languages.seddik(vocab=600, support=52, simpson=simpson)
        key = jax.random.fold_in(jax.random.key(SEED), i)
        processes = [jc.recursive_training(p, jc.FullySynthetic(n=n)) for n in SIZES]
        times = [jc.collapse_times(key, of, chains=chains, max_generations=10**6) for of in processes]
        assert all(of.observed.all() for of in times)
        each = np.array([of.time for of in times], float)  # [sizes, chains]
        exact = [jc.theory.expected_collapse_time(of) for of in processes]
        fit = jc.analysis.fit_power_law(SIZES, each)
        few = each[:, :100]
        found.append(
            {
                "simpson": simpson,
                "p": np.sort(p.p)[::-1][:52],
                "mean": each.mean(axis=1),
                "error": each.std(axis=1, ddof=1) / np.sqrt(chains),
                "of_100": few.mean(axis=1),
                "error_of_100": few.std(axis=1, ddof=1) / 10,
                "exact": exact,
                "lower": [jc.theory.bounds.expected_collapse_time(of).lower for of in processes],
                "upper": [jc.theory.bounds.expected_collapse_time(of).upper for of in processes],
                "diffusion": [jc.theory.expected_collapse_time_diffusion(of) for of in processes],
                "fit": fit.as_dict(),
                "exact_exponent": fit.of(exact)["exponent"],
            }
        )
    return {"chains": chains, "sizes": SIZES, "languages": found}


def draw(data):
    figure = Figure(figsize=(8.6, 7.6), layout="constrained")
    panels = figure.subplot_mosaic("ac;bb", height_ratios=(0.8, 1))
    languages, times, ratio = panels["a"], panels["b"], panels["c"]
    sizes = data["sizes"]
    for i, (of, color, marker) in enumerate(zip(data["languages"], PALETTE, MARKERS, strict=False)):
        label, fit = f"$S_0$ = {of['simpson']:.2g}", of["fit"]
        languages.semilogy(np.arange(1, 53), of["p"], color=color, marker=marker, markevery=(3 * i, 10), label=label)
        low, high = fit["exponent_interval"]
        slope = f"{label}: E $T \\propto n^{{{fit['exponent']:.3f}}}$ ({low:.3f} to {high:.3f})"
        few = {"color": color, "fmt": "none", "elinewidth": 1, "alpha": 0.7}
        times.errorbar(sizes + 4 * (i - 1), of["of_100"], 1.96 * of["error_of_100"], **few)
        times.plot(sizes + 4 * (i - 1), of["mean"], marker, color=color, label=slope, markersize=6)
        times.plot(sizes, of["exact"], **EXACT)
        times.plot(sizes, of["lower"], **{**BOUND, "color": color})
        near = {"color": color, "marker": marker, "markersize": 5, "linestyle": ""}
        ratio.errorbar(sizes + 8 * (i - 1), of["mean"] / of["exact"], 1.96 * of["error"] / of["exact"], **near)
    languages.set(
        xlabel="token, most frequent first", ylabel="probability $p_i$", title="three languages", ylim=(1e-4, 1)
    )
    languages.legend(loc="upper right")
    ratio.axhline(1, **EXACT)
    ratio.set(xlabel="tokens a generation, $n$", ylabel="E $T$, simulated / exact", title="simulation against theory")
    times.plot([], [], **EXACT, label="exact")
    times.errorbar([], [], [], color="0.5", fmt="none", elinewidth=1, label="95% interval of 100 runs, as in the paper")
    times.plot([], [], **BOUND, label="the paper's lower bound (8)")
    times.set(xlabel="tokens a generation, $n$", ylabel="generations to collapse, E $T$")
    times.set_title(f"time to collapse, {data['chains']:,} chains a point, with the fitted power of $n$")
    times.set(xlim=(0, None), ylim=(0, None))
    times.legend(loc="upper left")
    letters([languages, ratio, times])
    return figure


if __name__ == "__main__":
    main("figure_2", simulate, draw)

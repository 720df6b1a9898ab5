"""The chance that a chain has not yet collapsed, against generation: exact, simulated, and every bound on it.

Fully synthetic training. Truth: 52 of 600 tokens with mass, S_0 = 0.1 (`languages.seddik`). n = 100 tokens a
generation, and n = 10, where n is below the support s~ = 52, so that min(s~, n) in place of s~ makes a difference.
Bounds: (7) of Seddik et al. (2024) as printed, and with the constant n^2/(2(n - 1)) in place of n and
min(s~, n) in place of s~.
"""

import jax
import numpy as np
from common import BOUND, EXACT, PALETTE, SEED, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

SIZES = {"100": 1000, "10": 100}
"""Tokens a generation, and the last generation shown."""


def simulate(quick):
    truth, chains, found = jc.languages.seddik(), (30_000 if quick else 400_000), {}
    for size, last in SIZES.items():
        n = int(size)
        process = jc.recursive_training(truth, jc.FullySynthetic(n=n))
        key = jax.random.fold_in(jax.random.key(SEED), n)
        times = jc.collapse_times(key, process, chains=chains, max_generations=10**6)
        assert bool(times.observed.all())
        curve, fit = jc.analysis.survival(times), jc.analysis.fit_exponential(times)
        exact = 1 - jc.theory.collapse_probability(process, last)
        seen = np.append(curve.survival, np.zeros(last + 1))[: last + 1]
        # The number of chains left is binomial; where fewer than 30 are expected the normal law is no guide.
        enough = (chains * exact > 30) & (chains * (1 - exact) > 30)
        error = np.sqrt(exact * (1 - exact) / chains)
        distance = float(np.max(np.abs(seen - exact)[enough] / error[enough]))
        assert distance < 6, distance
        printed = jc.theory.bounds.collapse_probability(process, last)
        sharp = jc.theory.bounds.collapse_probability(process, last, sharp=True)
        for of in (printed, sharp):
            assert np.all(1 - of.upper <= exact + 1e-12)
            assert np.all(exact <= 1 - of.lower + 1e-12)
        # What the fit makes of the exact law: collapses by generations lived, in its tail.
        whole = 1 - jc.theory.collapse_probability(process, 4 * last)
        first = int(np.argmax(whole <= jc.analysis.tail_share(chains)))
        at = np.linspace(0, last, 41).astype(int)
        at = at[at < len(curve.survival)]
        found[size] = {
            "generation": np.arange(0, last + 1, last // 100),
            "exact": exact[:: last // 100],
            "lower": 1 - printed.upper[:: last // 100],
            "upper": 1 - printed.lower[:: last // 100],
            "sharp_lower": 1 - sharp.upper[:: last // 100],
            "sharp_upper": 1 - sharp.lower[:: last // 100],
            "at": at,
            "simulated": curve.survival[at],
            "low": curve.low[at],
            "high": curve.high[at],
            "exact_at": exact[at],
            "largest_distance": distance,
            "fit": fit.as_dict(),
            "fit_of_exact": -np.log1p(-whole[first] / whole[first:].sum()),
            "rate": -np.log1p(-1 / n),
            "mean": np.mean(np.asarray(times.time, float)),
            "exact_mean": jc.theory.expected_collapse_time(process),
        }
    return {"chains": chains, "support": truth.support, "sizes": found}


def draw(data):
    figure = Figure(figsize=(9, 8.4), layout="constrained")
    panels = figure.subplots(2, 2, height_ratios=(1.25, 1))
    paper = {**BOUND, "color": PALETTE[4], "linewidth": 1.8}
    sharp = {"color": PALETTE[2], "markersize": 8, "linewidth": 1.6, "linestyle": "-."}
    for (above, below), (size, of) in zip(panels.T, data["sizes"].items(), strict=True):
        m, at, last, rate, fit = of["generation"], of["at"], of["generation"][-1], of["rate"], of["fit"]
        points = {"fmt": "o", "color": PALETTE[1], "markersize": 4, "elinewidth": 1.2}
        some = of["simulated"] > 0
        for axes, by, by_at in ((above, 1, 1), (below, of["exact"], of["exact_at"])):
            axes.plot(m, of["upper"] / by, marker="^", markevery=12, markersize=5, **paper)
            axes.plot(m, of["lower"] / by, marker="v", markevery=12, markersize=5, **paper)
            axes.plot(
                m[1:], of["sharp_upper"][1:] / np.broadcast_to(by, m.shape)[1:], marker="2", markevery=12, **sharp
            )
            axes.plot(
                m[1:], of["sharp_lower"][1:] / np.broadcast_to(by, m.shape)[1:], marker="1", markevery=12, **sharp
            )
            spread = np.abs(np.stack([of["simulated"] - of["low"], of["high"] - of["simulated"]]) / by_at)
            axes.errorbar(at[some], (of["simulated"] / by_at)[some], spread[:, some], **points)
            axes.plot(m, of["exact"] / by, **EXACT)
            axes.set(yscale="log", xlim=(0, last), xlabel="generation, $m$")
        shifted = of["exact"][-1] * np.exp(rate * (last - m)) / 6
        shown = (m > 0.55 * last) & (m < 0.97 * last)
        above.plot(m[shown], shifted[shown], color=PALETTE[6], linewidth=2)
        low, high = fit["rate_interval"]
        text = f"rate of the tail, $-\\ln(1 - 1/n)$: {rate:.5f}\nfitted from $m$ = {fit['window'][0]:.0f} on:\n"
        text += f"{fit['rate']:.5f} ({low:.5f} to {high:.5f})\nso fitted, exact curve: {of['fit_of_exact']:.5f}"
        above.text(0.03, 0.03, text, transform=above.transAxes, color=PALETTE[6], fontsize=10)
        above.set(ylim=(5e-7, 2), ylabel="chance not yet collapsed, $1 - \\rho_m$")
        above.set_title(f"$n$ = {size} tokens a generation")
        below.set(ylim=(0.2, 60), ylabel="divided by the exact chance", yticks=[0.3, 1, 3, 10, 30])
        below.set_yticks([], minor=True)
        below.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        for name, style, up in (
            ("upper", paper, 1),
            ("sharp_upper", sharp, -1),
            ("lower", paper, -1),
            ("sharp_lower", sharp, 1),
        ):
            ratio = of[name][-1] / of["exact"][-1]
            where = {"ha": "right", "va": "bottom" if up > 0 else "top"}
            below.text(0.98 * last, ratio * 1.1**up, f"{ratio:.2g} times", color=style["color"], fontsize=10, **where)
    handles = [
        panels[0, 0].plot([], [], **EXACT)[0],
        panels[0, 0].errorbar([], [], [], fmt="o", color=PALETTE[1], markersize=4),
        panels[0, 0].plot([], [], marker="^", markersize=5, **paper)[0],
        panels[0, 0].plot([], [], marker="2", **sharp)[0],
        panels[0, 0].plot([], [], color=PALETTE[6], linewidth=2)[0],
    ]
    texts = [
        "exact",
        f"simulation, {data['chains']:,} chains, 95% interval",
        "the paper's bounds (7), above and below",
        r"sharpened: $n^2/(2(n-1))$ for $n$; min($\tilde s$, $n$) for $\tilde s$ = 52",
        "slope of the tail, $-\\ln(1 - 1/n)$",
    ]
    figure.legend(handles, texts, loc="outside lower center", ncols=2)
    letters(panels)
    return figure


if __name__ == "__main__":
    main("collapse_bounds", simulate, draw)

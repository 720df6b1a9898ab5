"""Mean collapse times of hundreds of languages on one line: the diffusion limit, and how far it is off at finite n.

Fully synthetic training, n = 50, 200 and 1000 tokens a generation. Languages of at most 100 tokens: Zipf of many
exponents, uniform of many sizes, geometric of many ratios, and draws from symmetric Dirichlet distributions.
Diffusion limit: E T = -2 n sum_i (1 - p_i) ln(1 - p_i). Its excess, where all n p_i are well above 1, is about
(1/3) ln n + 0.6 generations.
"""

import functools

import jax
import numpy as np
from common import EXACT, MARKERS, PALETTE, SEED, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

VOCABULARY = 100
FAMILIES = ["Zipf", "uniform", "geometric", "Dirichlet"]
SIZES = {"50": 2500, "200": 1500, "1000": 800}
"""Tokens a generation, and chains for each language."""


def languages(quick):
    """Families and laws, the latter padded with zeros to one length: ``[languages, 100]``."""
    step, some = (8 if quick else 1), jc.languages
    zipf = [some.zipf(VOCABULARY, exponent).p for exponent in np.linspace(0.3, 4.5, 80)]
    uniform = [some.uniform(size).p for size in range(2, 42)]
    geometric = [ratio ** np.arange(VOCABULARY) for ratio in np.linspace(0.03, 0.9, 80)]
    draws = [some.dirichlet(VOCABULARY, of, seed=seed).p for seed, of in enumerate(np.geomspace(0.003, 0.5, 110))]
    kinds = [zipf[::step], uniform[::step], geometric[::step], draws[::step]]
    laws = np.array([np.pad(p / p.sum(), (0, VOCABULARY - len(p))) for kind in kinds for p in kind])
    return np.repeat(np.arange(4), [len(kind) for kind in kinds]), laws


@functools.partial(jax.jit, static_argnames=("chains", "capacity"))
def collapse_times(keys, laws, n, chains, capacity):
    """Collapse times ``[languages, chains]``: one compilation for as many languages as there are."""

    def of(key, p):
        process = jc.recursive_training(p, jc.FullySynthetic(n=n, capacity=capacity))
        return jc.collapse_times(key, process, chains=chains, max_generations=10**6)

    return jax.vmap(of)(keys, laws)


def simulate(quick):
    family, laws = languages(quick)
    unit = 2 * np.sum(-(1 - laws) * np.log1p(-np.minimum(laws, 1 - 1e-12)), axis=1)
    found, worst = {}, 0.0
    for size, chains in SIZES.items():
        n, chains = int(size), (400 if quick else chains)
        if quick and n == 1000:
            continue
        # At the largest n every third language is enough, and exact means, a linear system each, are taken where cheap.
        which = np.arange(len(laws))[:: 3 if n == 1000 else 1]
        keys = jax.random.split(jax.random.fold_in(jax.random.key(SEED), n), len(laws))[which]
        times = collapse_times(keys, laws[which].astype(np.float32), n, chains, capacity=200 if quick else n)
        assert bool(times.observed.all())
        each = np.asarray(times.time, float)
        mean, error = each.mean(axis=1), each.std(axis=1, ddof=1) / np.sqrt(chains)
        checked = np.arange(len(which))[:: {50: 1, 200: 6, 1000: 8}[n]]
        processes = [jc.recursive_training(laws[i], jc.FullySynthetic(n=n)) for i in which[checked]]
        exact = np.array([jc.theory.expected_collapse_time(of) for of in processes])
        # Exact means of T: within 6 standard errors, plus what 32-bit probabilities may change.
        worst = max(worst, float(np.max(np.abs(mean[checked] - exact) / (error[checked] + 1e-6 * exact))))
        assert worst < 6, worst
        names = {"family": family[which], "unit": unit[which], "mean": mean, "error": error, "chains": chains}
        found[size] = names | {"checked": checked, "exact": exact}
    return {"families": FAMILIES, "languages": len(laws), "sizes": found, "largest_distance": worst}


def draw(data):
    figure = Figure(figsize=(8.6, 9.4), layout="constrained")
    line, off = figure.subplots(2, 1, height_ratios=(1.15, 1))
    shown = []
    line.plot([0, 2], [0, 2], **EXACT, label="diffusion limit, $y = x$")
    for i, (size, of) in enumerate(data["sizes"].items()):
        n, x, color = int(size), of["unit"], PALETTE[i]
        ratio = of["mean"] / (n * x) - 1
        shown.append(100 * ratio)
        near = of["checked"].astype(int)
        for kind in range(4):
            these = of["family"] == kind
            style = {"marker": MARKERS[kind], "linestyle": "", "color": color, "alpha": 0.6, "markeredgewidth": 0}
            line.plot(x[these], of["mean"][these] / n, markersize=5, **style)
            off.plot(x[these], 100 * ratio[these], markersize=3.5, **style | {"alpha": 0.3})
        # Some thirty languages of like diversity together: the sum of their mean times by that of their limits.
        groups = np.array_split(np.argsort(x), max(3, len(x) // 30))
        place = [x[group].mean() for group in groups]
        middle = np.array([of["mean"][group].sum() / (n * x[group].sum()) - 1 for group in groups])
        bar = np.array([1.96 * np.hypot.reduce(of["error"][group]) / (n * x[group].sum()) for group in groups])
        many = {"markersize": 9, "markeredgecolor": "black", "elinewidth": 2, "capsize": 3, "zorder": 4}
        off.errorbar(place, 100 * middle, 100 * bar, fmt="DXP"[i], color=color, **many)
        off.plot(x[near], 100 * (of["exact"] / (n * x[near]) - 1), "_", color="black", markersize=7, zorder=3)
        at = np.linspace(0.15, 2, 100)
        off.plot(at, -100 * (np.log(n) / 3 + 0.6) / (n * at), color=color, linewidth=1.8, linestyle=["-", "-.", ":"][i])
        label = f"$n$ = {n:,}: {len(x)} languages, {of['chains']:,} chains each"
        line.plot([], [], "s", color=color, markersize=8, label=label)
        off.plot([], [], "DXP"[i], color=color, linestyle=["-", "-.", ":"][i], label=f"$n$ = {n:,}")
    for kind, name in enumerate(data["families"]):
        line.plot([], [], MARKERS[kind], color="0.4", label=name)
    line.set(xlim=(0, 2.03), ylim=(0, 2.05), ylabel="mean collapse time / $n$  (generations per token)")
    line.set_title(f"simulated collapse times of {data['languages']} languages: one line")
    line.legend(loc="upper left")
    off.axhline(0, **EXACT)
    off.plot([], [], "_", color="black", markersize=8, label="exact mean")
    off.set(xlim=(0, 2.03), ylim=(-12, 10), ylabel="simulated / diffusion limit $-$ 1, in %")
    off.set(xlabel=r"diversity of the truth on the diffusion's scale, $-2\sum_i (1 - p_i)\,\ln(1 - p_i)$")
    off.set_title(
        r"lines: $-(\frac{1}{3}\ln n + 0.6)$ generations; large marks: means of some 30 languages, 95% interval",
        fontsize=10.5,
    )
    hidden = sum(np.sum(~((y > -12) & (y < 10))) for y in shown)
    off.text(0.02, 9.3, f"{hidden} points outside", va="top", fontsize=10)
    off.legend(loc="upper right", ncols=4, columnspacing=1.2)
    letters([line, off])
    return figure


if __name__ == "__main__":
    main("collapse_time_law", simulate, draw)

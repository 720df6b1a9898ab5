"""The paper's figure 3: with a fixed real corpus the models concentrate a little, and stay near the first one.

Paper: partially synthetic, 600 tokens, 52 with mass, S_0 = 0.1 (shape not given), N = 100 real tokens, several n, 50
generations, 100 runs, eq. (9) dashed. Here: the tokens by Zipf's law (`languages.seddik`), n = 10, 100 and 1000, tens
of thousands of chains, eq. (9) as printed and with its sign mended, and a bound on the deviation that fits the page.
"""

import jax
import numpy as np
from common import BOUND, EXACT, MARKERS, PALETTE, SEED, band, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

REAL, LAST, EARLY, THIN = 100, 50, 8, 50
SYNTHETIC = [*np.unique(np.geomspace(10, 300, 40).round().astype(int)).tolist(), 400, 500]


def compare(trace, name, exact):
    """The mean beside the exact one. Six standard errors are missed once in 10^9; 1e-6 is for float32."""
    curve = jc.analysis.ensemble(trace, name, levels=())
    assert np.all(np.abs(curve.mean - exact) <= 6 * curve.standard_error + 1e-6)
    return {"mean": curve.mean, "error": curve.standard_error, "exact": exact}


def simulate(quick):
    p = jc.languages.seddik(vocab=600, support=52, simpson=0.1)
    chains, more = (1000, 1000) if quick else (10_000, 100_000)
    sizes, found = ([10, 100, 300] if quick else [10, 100, 1000]), []
    bounds, theory = jc.theory.bounds, jc.theory
    for i, n in enumerate(sizes):
        regime = jc.PartiallySynthetic(n=n, real=REAL, capacity=max(sizes) if quick else None)
        process = jc.recursive_training(p, regime)
        key = jax.random.fold_in(jax.random.key(SEED), i)
        trace = jc.simulate(key, process, chains=chains, generations=LAST, record=("simpson", "l1_first"))
        of = {"n": n, "printed": bounds.theorem_2(process, LAST, as_printed=True)}
        of |= {"log10_theorem_3": bounds.log_theorem_3(process) / np.log(10), "bound": bounds.elementary(process, LAST)}
        assert np.allclose(bounds.theorem_2(process, LAST), theory.simpson(process, LAST), atol=1e-12)
        for name, exact in (("simpson", theory.simpson(process, LAST)), ("l1_first", theory.l1_first(process, LAST))):
            runs = np.round(np.asarray(trace[name])[:THIN], 4)
            of[name] = {**compare(trace, name, exact), "runs": runs}
        # The sign in eq. (9) moves S_m by a thousandth, and for the first few generations only: many short chains.
        again = jax.random.fold_in(key, 0)
        early = trace if quick else jc.simulate(again, process, chains=more, generations=EARLY, record="simpson")
        of["early"] = compare(early, "simpson", theory.simpson(process, early.generations))
        found.append(of)
    known = {of["n"]: of["l1_first"]["exact"][-1] for of in found}  # that of n = 1000 takes a while
    every = sorted({n for n in SYNTHETIC if not quick or n <= 300} | set(sizes))
    many = [jc.recursive_training(p, jc.PartiallySynthetic(n=n, real=REAL)) for n in every]
    against = {
        "n": every,
        "exact": [known.get(n) or theory.l1_first(of, LAST)[-1] for n, of in zip(every, many, strict=True)],
        "bound": [bounds.elementary(of, LAST)[-1] for of in many],
        "corpus": theory.l1_truth(many[0], 1)[1],
    }
    return {"chains": chains, "more": more, "sizes": found, "against": against}


def draw(data):
    figure = Figure(figsize=(8.8, 9.4), layout="constrained")
    panels = figure.subplot_mosaic("aabbcc;ddeeff;ggghhh", height_ratios=(1, 1, 1.15))
    m = np.arange(LAST + 1)
    first, most = slice(1, EARLY + 1), 0.4
    bound = {**BOUND, "linewidth": 1.8}
    printed = {**BOUND, "linewidth": 2.2, "linestyle": "-."}
    for i, of in enumerate(data["sizes"]):
        color, look = PALETTE[i], {"marker": MARKERS[i], "markersize": 5, "markevery": 10}
        for letter, name in zip(("abc"[i], "def"[i]), ("simpson", "l1_first"), strict=True):
            axes, curve = panels[letter], of[name]
            axes.plot(m[1:], curve["runs"][:, 1:].T, color=color, linewidth=0.4, alpha=0.25, rasterized=True)
            band(axes, m[1:], curve["mean"][1:], curve["error"][1:], color, **look)
            axes.plot(m[1:], curve["exact"][1:], **EXACT)
            axes.set(xlabel="generation $m$", xlim=(0, LAST))
        panels["def"[i]].plot(m[1:], of["bound"][1:], **bound)
        power = f"10$^{{{of['log10_theorem_3']:.0f}}}$"
        text = f"bound of Theorem 3:\n{power}, off the scale"
        panels["def"[i]].text(0.04, 0.97, text, transform=panels["def"[i]].transAxes, va="top", fontsize=10)
        panels["abc"[i]].set_title(f"$n$ = {of['n']:.0f}")
        panels["abc"[i]].set(ylim=(0.05, 0.26))
        panels["def"[i]].set(ylim=(0, 0.72))
        curve, at = of["early"], m[first] + 0.15 * (i - 1)
        off, spread = 1000 * (curve["mean"] - curve["exact"])[first], 1960 * curve["error"][first]
        most = max(most, np.max(np.abs(off) + spread))
        points = {"fmt": MARKERS[i], "color": color, "markersize": 5, "elinewidth": 1}
        panels["g"].errorbar(at, off, spread, **points, label=f"simulated, $n$ = {of['n']:.0f}")
        panels["g"].plot(m[first], 1000 * (of["printed"][first] - curve["exact"][first]), **{**printed, "color": color})
        at_last = of["l1_first"]
        panels["h"].plot(of["n"], at_last["mean"][-1], MARKERS[i], color=color, markersize=8)
    panels["a"].set_ylabel(r"concentration $\sigma_m = \Sigma_i\, p_i^2$")
    panels["d"].set_ylabel(r"deviation $\|p^{(m)} - p^{(1)}\|_1$")
    panels["g"].axhline(0, **EXACT)
    panels["g"].plot([], [], **printed, label="eq. (9) as printed")
    panels["g"].set(xlabel="generation $m$", ylabel="mean $\\sigma_m$ less exact $S_m$,\nin thousandths")
    panels["g"].set_title("the printed sign, tested", fontsize=11)
    panels["g"].set(ylim=(-2.1 - most, 1.1 * most), xlim=(0.6, EARLY + 0.4))
    panels["g"].legend(loc="lower right", title=f"{int(data['more']):,} chains an $n$, 95% intervals")
    against = data["against"]
    panels["h"].set_xscale("log")
    panels["h"].set_xticks([10, 100, 1000][: 2 + (max(against["n"]) > 300)])
    panels["h"].xaxis.set_major_formatter("{x:.0f}")
    panels["h"].axhline(against["corpus"], color="0.3", linewidth=1.2)
    note = "the corpus's own error, E $\\|p^{(1)} - p\\|_1$"
    panels["h"].text(9, against["corpus"] + 0.01, note, va="bottom")
    panels["h"].plot(against["n"], against["exact"], **EXACT)
    panels["h"].plot(against["n"], against["bound"], **bound)
    panels["h"].set(ylim=(0, 0.56), xlabel="synthetic tokens a generation, $n$ (100 real)")
    panels["h"].set_ylabel(f"deviation at $m$ = {LAST}")
    panels["h"].set_title("where the deviation levels off", fontsize=11)
    shown = panels["a"]
    thin, marked = {"color": "0.4", "linewidth": 0.6}, {"color": "0.4", "marker": "o", "markersize": 5}
    handles = [shown.plot([], [], **of)[0] for of in (thin, marked, EXACT, bound)]
    mean = f"mean of {int(data['chains']):,}, 95% band"
    labels = [f"{THIN} chains", mean, "exact", r"bound $\sqrt{\min(\tilde s, N)\, D_m}$"]
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    letters([panels[letter] for letter in "abcdefgh"])
    return figure


if __name__ == "__main__":
    main("figure_3", simulate, draw)

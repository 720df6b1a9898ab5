"""The paper's figure 4: the same as figure 3 for truths that are more or less concentrated already.

Paper: partially synthetic, n = 10, N = 100, several p of growing S_0 whose shapes it does not give, 100 runs. Here: 52
of 600 tokens by Zipf laws of S_0 = 1/52 (uniform), 0.1, 0.3 and 0.6 (`languages.seddik`), 50 generations, tens of
thousands of chains; and the rise of the concentration, the squared deviation from the first model, on its own scale.
"""

import jax
import numpy as np
from common import BOUND, EXACT, MARKERS, PALETTE, SEED, band, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc

N, REAL, LAST, THIN = 10, 100, 50, 30
SIMPSON = [1 / 52, 0.1, 0.3, 0.6]
STATISTICS = {"simpson": jc.theory.simpson, "l1_first": jc.theory.l1_first, "l2_first": jc.theory.l2_first}


def setting(simpson):
    p = jc.languages.seddik(vocab=600, support=52, simpson=simpson)
    return jc.recursive_training(p, jc.PartiallySynthetic(n=N, real=REAL))


def simulate(quick):
    chains, found = (1000 if quick else 20_000), []
    for i, simpson in enumerate(SIMPSON):
        process, key = setting(simpson), jax.random.fold_in(jax.random.key(SEED), i)
        trace = jc.simulate(key, process, chains=chains, generations=LAST, record=tuple(STATISTICS))
        of = {"truth": simpson}
        for name, theory in STATISTICS.items():
            curve, exact = jc.analysis.ensemble(trace, name, levels=()), theory(process, LAST)
            # Six standard errors of a mean of a thousand or more are missed once in 10^9; 1e-6 for float32.
            assert np.all(np.abs(curve.mean - exact) <= 6 * curve.standard_error + 1e-6)
            of[name] = {"mean": curve.mean, "error": curve.standard_error, "exact": exact}
        for name in ("simpson", "l1_first"):
            of[name]["runs"] = np.round(np.asarray(trace[name])[:THIN], 4)
        found.append(of)
    truths = np.linspace(1 / 52, 0.95, 40)
    each = [setting(float(simpson)) for simpson in truths]
    against = {
        "truth": truths,
        "exact": [jc.theory.l1_first(of, LAST)[-1] for of in each],
        "bound": [jc.theory.bounds.elementary(of, LAST)[-1] for of in each],
        "uniform": jc.theory.bounds.elementary_uniform(each[0]),
        "theorem_3": np.exp(jc.theory.bounds.log_theorem_3(each[0])),
    }
    return {"chains": chains, "languages": found, "against": against}


def draw(data):
    figure = Figure(figsize=(8.8, 7.8), layout="constrained")
    panels = figure.subplots(2, 2)
    (concentration, deviation), (rise, last) = panels
    m, chains = np.arange(LAST + 1), f"{int(data['chains']):,}"
    for i, of in enumerate(data["languages"]):
        label = f"$S_0$ = {of['truth']:.2g}"
        style = {"marker": MARKERS[i], "markersize": 6, "markevery": (2 * i, 10)}
        for axes, name, first in ((concentration, "simpson", 0), (deviation, "l1_first", 1), (rise, "l2_first", 1)):
            curve = of[name]
            if "runs" in curve:
                thin = {"color": PALETTE[i], "linewidth": 0.4, "alpha": 0.25, "rasterized": True}
                axes.plot(m[first:], curve["runs"][:, first:].T, **thin)
            scale = 1000 if axes is rise else 1
            at, mean, error = m[first:], scale * curve["mean"][first:], scale * curve["error"][first:]
            band(axes, at, mean, error, PALETTE[i], label if axes is concentration else None, **style)
            axes.plot(m[first:], scale * curve["exact"][first:], **EXACT)
        at_last = of["l1_first"]
        point = {"fmt": MARKERS[i], "color": PALETTE[i], "markersize": 7}
        last.errorbar(of["truth"], at_last["mean"][-1], 1.96 * at_last["error"][-1], **point)
    concentration.set(ylabel=r"concentration $\sigma_m = \Sigma_i\, p_i^2$", ylim=(0, 0.8))
    deviation.set(ylabel=r"deviation $\|p^{(m)} - p^{(1)}\|_1$", ylim=(0, 0.18))
    rise.set(ylabel=r"$S_m - S_1 = \mathrm{E}\,\|p^{(m)} - p^{(1)}\|_2^2$, in thousandths", ylim=(0, None))
    for axes in (concentration, deviation, rise):
        axes.set(xlabel="generation $m$", xlim=(0, LAST))
    against = data["against"]
    last.plot(against["truth"], against["exact"], **EXACT)
    last.plot(against["truth"], against["bound"], **{**BOUND, "linewidth": 1.8}, label=r"bound $\sqrt{\tilde s\, D_m}$")
    text = f"bound of Theorem 3: {against['theorem_3']:,.0f},\noff the scale"
    last.text(0.97, 0.87, text, transform=last.transAxes, ha="right", va="top", fontsize=10)
    last.set(xlabel="concentration of the truth, $S_0$", ylabel=f"mean deviation at $m$ = {LAST}", ylim=(0, 0.25))
    last.legend(loc="upper right")
    handles, labels = concentration.get_legend_handles_labels()
    handles.append(concentration.plot([], [], color="0.4", linewidth=0.6)[0])
    handles.append(concentration.plot([], [], **EXACT)[0])
    labels += [f"{THIN} single chains a language", "exact"]
    title = f"10 synthetic beside 100 real tokens; marked: means of {chains} chains, with 95% bands"
    figure.legend(
        handles, labels, title=title, loc="outside upper center", ncols=6, columnspacing=1.2, handletextpad=0.5
    )
    letters(panels)
    return figure


if __name__ == "__main__":
    main("figure_4", simulate, draw)

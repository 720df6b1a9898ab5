"""What decoding does to collapse, and what smoothing and priors do against it, on the words of English.

The 10,000 most frequent words (wordfreq), 20,000 tokens a generation: trained on its own output alone, and beside 2,000
real tokens that are kept. Every treatment is applied in each generation; additive smoothing adds 0.1 token of each
word, the discount is half a token, the prior counts as 2,000 tokens.
"""

import jax
import numpy as np
from common import MARKERS, PALETTE, SEED, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc
from jaxcollapse import decoding, estimators
from jaxcollapse.learners import Estimated

N, REAL, LAST = 20_000, 2_000, 50
DECODINGS = {
    "as it is": (),
    "temperature 0.8": decoding.Temperature(0.8),
    "temperature 1.2": decoding.Temperature(1.2),
    "nucleus 0.9": decoding.Nucleus(0.9),
    "min-p 0.001": decoding.MinP(0.001),
}
SHOWN = list(DECODINGS)[:4]


def treatments(language):
    found = {name: Estimated(decoding=of) for name, of in DECODINGS.items()}
    found["additive 0.1"] = Estimated(estimator=estimators.Additive(0.1))
    found["discount 0.5"] = Estimated(estimator=estimators.Discount(0.5))
    found["prior at the truth"] = Estimated(estimator=estimators.Prior(language, 2000.0))
    found["additive and nucleus"] = Estimated(estimator=estimators.Additive(0.1), decoding=decoding.Nucleus(0.9))
    return found


def simulate(quick):
    chains, last = (4, 12) if quick else (16, LAST)
    language = jc.languages.from_wordfreq("en", words=10_000)
    regimes = {
        "its own output alone": jc.FullySynthetic(n=N),
        f"{REAL:,} real tokens kept": jc.PartiallySynthetic(n=N, real=REAL),
    }
    found = {}
    chosen = treatments(language)
    for name in SHOWN if quick else chosen:
        learner = chosen[name]
        found[name] = {}
        for of, regime in regimes.items():
            process = jc.recursive_training(language, regime, learner)
            key = jax.random.key(SEED)
            trace = jc.simulate(
                key, process, chains=chains, generations=last, record=("support", "l2_truth", "entropy")
            )
            words = np.asarray(trace["support"], float)
            halves = 1 + np.array([jc.analysis.half_life(chain[1:]) for chain in words])  # of the first model's words
            distance = jc.analysis.ensemble(trace, "l2_truth", levels=())
            entropy = jc.analysis.ensemble(trace, "entropy", levels=())
            reached = bool(np.isfinite(halves).all())
            found[name][of] = {
                "words": words.mean(axis=0),
                "half": halves.mean() if reached else np.nan,
                "half_error": halves.std(ddof=1) / np.sqrt(chains) if reached else np.nan,
                "distance": distance.mean[-1],
                "distance_error": distance.standard_error[-1],
                "effective": np.exp(entropy.mean[-1]),
                "effective_error": np.exp(entropy.mean[-1]) * entropy.standard_error[-1],
            }
            try:
                exact = jc.theory.l2_truth(process, last)[-1]
            except TypeError:  # decoded, or not affine
                continue
            found[name][of]["exact"] = exact
            # With 16 chains Student's law has 15 degrees of freedom: ten of its standard errors are 5e-8.
            limit = 40 if quick else 10
            assert abs(distance.mean[-1] - exact) <= limit * distance.standard_error[-1] + 1e-7
    own = jc.theory.l2_truth(jc.recursive_training(language, jc.FullySynthetic(n=N)), 1)[1]
    return {"chains": chains, "last": last, "own": own, "effective": np.exp(language.entropy), "treatments": found}


def draw(data):
    figure = Figure(figsize=(8.8, 8.2), layout="constrained")
    panels = figure.subplot_mosaic("aa;bc", height_ratios=(0.8, 1))
    top, left, right = (panels[name] for name in "abc")
    last, rows = int(data["last"]), data["treatments"]
    alone = next(iter(next(iter(rows.values()))))
    for i, name in enumerate(SHOWN):
        of = rows[name][alone]
        half = (
            f": half by m = {of['half']:.2f} ± {1.96 * of['half_error']:.2f}" if of["half"] else f": not half by {last}"
        )
        turn = np.unique(np.geomspace(1, last, 16).round().astype(int)).tolist()
        top.plot(of["words"], color=PALETTE[i], marker=MARKERS[i], markevery=turn[i % 3 :: 3], label=name + half)
    top.set_xscale("symlog", linthresh=1, linscale=0.4)
    top.set_xticks([tick for tick in (0, 1, 2, 5, 10, 20, 50) if tick <= last])
    top.xaxis.set_major_formatter("{x:.0f}")
    top.set(xlabel="generation $m$", ylabel="words with mass, of 10,000", xlim=(0, last), ylim=(0, None))
    top.set_title("decoding, trained on its own output alone (half of the first model's words)")
    top.legend(loc="upper right")
    at = np.arange(len(rows))[::-1]
    for axes, what in ((left, "distance"), (right, "effective")):
        for j, regime in enumerate(next(iter(rows.values()))):
            value = np.array([of[regime][what] for of in rows.values()], float)
            error = np.array([of[regime][f"{what}_error"] for of in rows.values()], float)
            style = {"fmt": MARKERS[j], "color": PALETTE[j], "markersize": 6}
            axes.errorbar(value, at + 0.12 - 0.24 * j, xerr=1.96 * error, label=regime, **style)
            if what == "distance":
                exact = np.array([of[regime].get("exact", np.nan) for of in rows.values()], float)
                label = "exact" if j else None
                axes.plot(exact, at + 0.12 - 0.24 * j, "|", color="black", markersize=13, label=label)
        axes.set_xscale("log")
        axes.set_yticks(at, list(rows) if axes is left else [""] * len(rows))
    left.axvline(data["own"], color="0.5", linestyle=":", linewidth=1)
    right.axvline(data["effective"], color="0.5", linestyle=":", linewidth=1)
    left.set(xlabel=r"$\|p^{(m)} - p\|_2^2$ (dotted: of one corpus)")
    right.set(xlabel="effective words, exp(entropy) (dotted: English)")
    left.set_title(f"distance from English, m = {last}")
    right.set_title(f"diversity, m = {last}")
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    letters([top, left, right])
    return figure


if __name__ == "__main__":
    main("mitigation", simulate, draw)

"""Regime, estimator and decoding against half-life of diversity, final deviation, bias and cost: a table and a figure.

The 2,000 most frequent words of English (wordfreq), 2,000 tokens a generation, 50 generations. Whatever is added counts
as a tenth of these: 200 real tokens, 0.1 of a token of each word, a prior of 200 tokens. Every treatment is applied in
each generation. Within a regime all of them start from the same real corpora.
"""

import jax
import jax.numpy as jnp
import numpy as np
from common import MARKERS, PALETTE, SEED, letters, main
from matplotlib.figure import Figure
from scipy import special
from tables import ranked, treatments_table

import jaxcollapse as jc
from jaxcollapse import decoding, estimators
from jaxcollapse.learners import Estimated

WORDS, N, REAL, LAST = 2_000, 2_000, 200, 50
REGIMES = {
    "fully synthetic": jc.FullySynthetic(n=N),
    "partially synthetic": jc.PartiallySynthetic(n=N, real=REAL),
    "fresh real": jc.FreshReal(n=N, real=REAL),
    "last 4 models": jc.MostRecent(n=N, window=4),
    "accumulate": jc.Accumulate(n=N),
}
AS_IT_IS = "as it is"
ADDITIVE, DISCOUNT, PRIOR = "additive 0.1", "discount 0.5", "prior at the truth"
TREATMENTS = {
    AS_IT_IS: (AS_IT_IS, {}),
    ADDITIVE: (ADDITIVE, {}),
    DISCOUNT: (DISCOUNT, {}),
    PRIOR: (PRIOR, {}),
    "temperature 1.2": (AS_IT_IS, {"temperature": 1.2}),
    "temperature 0.8": (AS_IT_IS, {"temperature": 0.8}),
    "nucleus 0.9": (AS_IT_IS, {"nucleus": 0.9}),
    "top-k 200": (AS_IT_IS, {"k": 200}),
    "min-p 0.02": (AS_IT_IS, {"share": 0.02}),
    "additive, nucleus 0.9": (ADDITIVE, {"nucleus": 0.9}),
    "additive, temperature 0.8": (ADDITIVE, {"temperature": 0.8}),
    "prior, temperature 0.8": (PRIOR, {"temperature": 0.8}),
}


def model(view):
    """The whole of p^(m), by word."""
    return jnp.zeros(WORDS, jnp.float32).at[view.tokens].set(view.p, mode="drop")


def decoded(temperature=1.0, k=WORDS, nucleus=1.0, share=0.0):
    """Every decoding, the ones that are not asked for at the edge where they change no bit: one form, compiled once."""
    return decoding.Temperature(temperature), decoding.TopK(k), decoding.Nucleus(nucleus), decoding.MinP(share)


@jax.jit
def write(p, steps):
    """What models ``p [chains, words]`` write: the same, decoded."""
    return jax.vmap(lambda one: decoding.apply(steps, one))(p)


def mean(values):
    return [values.mean(), values.std(ddof=1) / np.sqrt(len(values))]


def squared_bias(apart):
    """``||E d||^2`` of independent ``d [chains, words]``: the mean of all ``<d_a, d_b>``, a not b; its jackknife error.

    Unlike the squared norm of the mean it is not too large by the mean's variance, and so may be negative. Where there
    is no bias the jackknife's error is too large, by a factor of sqrt(2) (Efron and Stein, 1981).
    """
    chains, total = len(apart), apart.sum(axis=0)
    own = np.sum(apart**2, axis=1)
    value = (total @ total - own.sum()) / (chains * (chains - 1))
    without = np.sum((total - apart) ** 2, axis=1) - (own.sum() - own)
    left = without / ((chains - 1) * (chains - 2))
    return [value, np.sqrt((chains - 1) / chains * np.sum((left - left.mean()) ** 2))]


def exact(process, last):
    """What theory knows of an affine estimator without decoding: deviation at 1 and at the end, and squared bias."""
    deviation = jc.theory.l2_truth(process, last)
    with_truth = jc.theory.products(process, last)[:, 0]
    # E p^(m) lies between the truth and the uniform distribution, and so is told by its product with the truth.
    return deviation[1], deviation[last], (with_truth[last] - with_truth[0]) ** 2 / (1 - with_truth[0] - 1 / WORDS)


def simulate(quick):
    chains, last = (16, 12) if quick else (48, LAST)
    language = jc.languages.from_wordfreq("en", words=WORDS)
    estimator = {
        AS_IT_IS: estimators.Additive(0.0),
        ADDITIVE: estimators.Additive(REAL / WORDS),
        DISCOUNT: estimators.Discount(0.5),
        PRIOR: estimators.Prior(language, float(REAL)),
    }
    # Were the chains' values normal, Student's law would pass the first limit less than once in 10^8. The second is for
    # a weighted chi-square, where there is no bias: once in 10^6 (Laurent and Massart, 2000, lemma 1).
    limit, limit_of_bias = (12, 36) if quick else (8, 18)
    truth, cells = np.float32(language.p).astype(float), {}
    for i, (name, regime) in enumerate(list(REGIMES.items())[: 1 if quick else None]):
        cells[name] = {}
        plain = None
        for treatment, (of, steps) in TREATMENTS.items():
            if quick and of in (DISCOUNT, PRIOR):
                continue
            learner = Estimated(estimator=estimator[of], decoding=decoded(**steps))
            process = jc.recursive_training(language, regime, learner)
            key = jax.random.fold_in(jax.random.key(SEED), i)
            record = ("hill_1", "l2_truth", model)
            trace = jc.simulate(key, process, chains=chains, generations=last, record=record)
            words, distance = (np.asarray(trace[what], float) for what in record[:2])
            halves = 1 + np.array([jc.analysis.half_life(chain[1:]) for chain in words])  # of the first model's
            written = np.asarray(write(trace["model"][:, 1], learner.decoding), float)
            plain = distance[:, -1] if treatment == AS_IT_IS else plain
            ratio = distance[:, -1].mean() / plain.mean()
            found = {
                "reached": np.isfinite(halves).sum(),
                "half": mean(halves) if np.isfinite(halves).all() else [np.nan, np.nan],
                "words": mean(words[:, -1]),
                "first": mean(distance[:, 1]),
                "end": mean(distance[:, -1]),
                "ratio": [ratio, mean(distance[:, -1] - ratio * plain)[1] / plain.mean()],
                "bias": squared_bias(np.asarray(trace["model"][:, -1], float) - truth),
                "wrong": mean(50 * np.abs(written - truth).sum(axis=1)),
                "rich": mean(np.exp(special.entr(written).sum(axis=1))),
            }
            if not steps and of != DISCOUNT:
                known = exact(jc.recursive_training(language, regime, Estimated(estimator=estimator[of])), last)
                for what, value in zip(("first", "end", "bias"), known, strict=True):
                    off, error = abs(found[what][0] - value), found[what][1]
                    assert off <= (limit_of_bias if what == "bias" else limit) * error + 1e-7, (name, treatment, what)
                    found[what].append(value)
            cells[name][treatment] = found
    return {"chains": chains, "last": last, "effective": np.exp(language.entropy), "cells": cells}


def table(data):
    settings = (
        f"The {WORDS:,} most frequent words of English, {N:,} tokens a generation; {REAL} real ones beside them where "
        f"the regime has some. The prior counts as {REAL} tokens too, additive smoothing is 0.1 of a token of each "
        f"word, likewise {REAL} in all. Every treatment is applied in each generation."
    )
    return treatments_table(data, settings)


PANELS = {"half": "half-life", "end": "final deviation", "bias": "bias, squared", "wrong": "cost at once"}
LEAST = 1e-6
"""Where the axis of the bias begins."""


def column(row, order, what):
    """Value, error and what is exact (NaN where nothing is), each ``[treatments]``."""
    padded = [[*row[of][what], np.nan][:3] for of in order]
    return np.array(padded, float).T


def draw(data):
    cells, last, order = data["cells"], int(data["last"]), ranked(data["cells"])
    figure = Figure(figsize=(8.8, 9.8), layout="constrained")
    panels = dict(zip(PANELS, figure.subplots(1, 4, sharey=True), strict=True))
    at, beyond = np.arange(len(order), dtype=float)[::-1], 1.8 * last
    for j, (regime, row) in enumerate(cells.items()):
        y = at + 0.16 * ((len(cells) - 1) / 2 - j)
        style = {"marker": MARKERS[j], "color": PALETTE[j], "markersize": 5, "linestyle": "none"}
        hollow = style | {"markerfacecolor": "white"}
        exact_style = {"marker": "|", "color": "black", "markersize": 11, "linestyle": "none"}
        for what, axes in panels.items():
            value, error, known = column(row, order, what)
            shown = value > 2 * error if what == "bias" else np.isfinite(value)
            axes.errorbar(value[shown], y[shown], xerr=1.96 * error[shown], label=regime, **style)
            if what == "half":
                some = np.array([row[of]["reached"] > 0 for of in order])
                for chosen, marks in ((~shown & ~some, style), (~shown & some, hollow)):
                    axes.plot(np.full(chosen.sum(), beyond), y[chosen], **marks)
            elif what == "bias":
                most = np.maximum(value + 1.96 * error, 3 * LEAST)[~shown]
                axes.errorbar(most, y[~shown], xerr=0.55 * most, xuplims=True, capsize=2, **hollow)
                axes.plot(np.where(known > LEAST, known, np.nan), y, **exact_style)
            else:
                axes.axvline(row[AS_IT_IS][what][0], color=PALETTE[j], linewidth=0.9, linestyle=":")
                axes.plot(known if what == "end" else [], y if what == "end" else [], **exact_style)
            if what == "end":
                axes.hlines(y, column(row, order, "first")[0], value, color=PALETTE[j], linewidth=1, alpha=0.6)
    for what, axes in panels.items():
        for place in at[::2]:
            axes.axhspan(place - 0.5, place + 0.5, color="0.95", zorder=0)
        axes.grid(axis="y", visible=False)
        axes.set(ylim=(-0.5, len(order) - 0.5), xscale="linear" if what == "wrong" else "log")
        axes.set_title(PANELS[what], loc="right", fontsize=11)
    ticks = [tick for tick in (2, 5, 10, 20) if tick < last]
    panels["half"].set_yticks(at, order)
    panels["half"].set_xticks([*ticks, beyond], [*map(str, ticks), f">{last}"])
    panels["half"].set_xticks([], minor=True)
    panels["half"].set(xlabel="generation $m$ of half\nthe effective words", xlim=(1.4, 1.5 * beyond))
    panels["end"].set(xlabel=rf"$\mathrm{{E}}\|p^{{({last})}} - p\|_2^2$" + "\n(line: from $m = 1$)")
    panels["bias"].set(xlabel=rf"$\|\mathrm{{E}}p^{{({last})}} - p\|_2^2$" + "\n(arrow: at most)", xlim=(LEAST, 2))
    panels["wrong"].set(xlabel="wrong words in what\nmodel 1 writes, %")
    panels["end"].set_xticks([1e-3, 1e-2, 1e-1, 1])
    panels["bias"].set_xticks([1e-6, 1e-4, 1e-2, 1])
    panels["end"].plot([], [], **exact_style, label="exact")
    panels["end"].plot([], [], color="0.4", linestyle=":", label="as it is")
    figure.legend(*panels["end"].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    letters(list(panels.values()))
    return figure


if __name__ == "__main__":
    main("treatments", simulate, draw, table)

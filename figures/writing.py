"""A model of letters writes Genesis, and the next one learns from what it wrote.

Order 2 (the next character depends on the last two), 20,000 characters a generation, from the first nine tenths of
Genesis in the King James version; the last tenth is held out. Beside the copying model on its own text alone: 5,000
real characters kept, all text of all generations kept, Kneser-Ney smoothing (0.75), temperature 0.8.
"""

import textwrap

import jax
import numpy as np
from common import MARKERS, PALETTE, SEED, band, letters, main
from matplotlib.figure import Figure

import jaxcollapse as jc
from jaxcollapse.learners import NGram
from jaxcollapse.reporting.texts import texts_of

N, ORDER, LAST = 20_000, 2, 40
RECORD = ("ngrams", "entropy_rate")
READ = ("its own text alone", "temperature 0.8")
LETTERS, LINES = 28, 7


def simulate(quick):
    chains, last = (2, 5) if quick else (16, LAST)
    book, held_out = jc.languages.from_king_james("Genesis").split(0.1)
    score = jc.statistics.cross_entropy(held_out, order=ORDER)
    copying = NGram(order=ORDER)
    rows = {
        "its own text alone": (jc.FullySynthetic(n=N), copying),
        "5,000 real characters kept": (jc.PartiallySynthetic(n=N, real=5000), copying),
        "all text kept": (jc.Accumulate(n=N), NGram(order=ORDER, room=N * last)),
        "Kneser-Ney": (jc.FullySynthetic(n=N), NGram(order=ORDER, estimator=jc.estimators.KneserNey(0.75))),
        "temperature 0.8": (jc.FullySynthetic(n=N), NGram(order=ORDER, decoding=jc.decoding.Temperature(0.8))),
    }
    key, found, texts = jax.random.key(SEED), {}, {}
    for name in list(rows)[: 2 if quick else None]:
        process = jc.recursive_training(book, *rows[name])
        trace = jc.run(key, process, chains=chains, generations=last, record=(*RECORD, score), progress=False)
        curves = {of: jc.analysis.ensemble(trace, of, levels=()) for of in trace}
        found[name] = {of: {"mean": c.mean, "error": c.standard_error} for of, c in curves.items()}
        if name in READ:
            texts[name] = {str(m): text for m, text in texts_of(key, process, book, last).items()}
    return {"chains": chains, "last": last, "texts": texts, "rows": found}


def draw(data):
    texts = data["texts"]
    figure = Figure(figsize=(8.8, 4.1 + 1.65 * len(texts)), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=(0.42 * len(texts), 1))
    for part, (name, written) in zip(above.subfigures(len(texts), 1, squeeze=False)[:, 0], texts.items(), strict=True):
        part.suptitle(name, x=0.01, ha="left", fontsize=11, fontweight="bold")
        shown = list(written.items())[:4]
        for axes, (m, text) in zip(part.subplots(1, len(shown)), shown, strict=True):
            axes.set_axis_off()
            axes.set_title("$m$ = 0: a model of Genesis" if m == "0" else f"$m$ = {m}", loc="left", fontsize=10)
            lines = "\n".join(textwrap.wrap(text.strip(), LETTERS)[:LINES])
            axes.text(0, 1, lines, family="monospace", fontsize=7.6, va="top", transform=axes.transAxes)
    panels = below.subplots(1, 3)
    generation = np.arange(int(data["last"]) + 1)
    shown = (
        ("ngrams", "different n-grams", "what is left"),
        ("entropy_rate", "entropy rate (nats a character)", "how varied it is"),
        ("cross_entropy", "cross-entropy (nats a character)", "predicting Genesis"),
    )
    for axes, (name, label, title) in zip(panels, shown, strict=True):
        for i, (row, of) in enumerate(data["rows"].items()):
            style = {"marker": MARKERS[i], "markersize": 5, "markevery": (2 * i % 8, 8)}
            band(axes, generation, of[name]["mean"], of[name]["error"], PALETTE[i], row, **style)
        axes.set(xlabel="generation $m$", ylabel=label, xlim=(0, data["last"]))
        axes.set_title(title, fontsize=11)
        if name == "ngrams":
            axes.set_yscale("log")
    below.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    letters(panels)
    return figure


if __name__ == "__main__":
    main("writing", simulate, draw)

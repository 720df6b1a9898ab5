"""The time of a generation against the size of the vocabulary: it follows the tokens that are left.

    .venv/bin/python benchmarks/time_against_vocabulary.py [--language zipf] [--quick] [--folder benchmarks/results]

Writes ``time_against_vocabulary.png`` and ``.json``. Generation 1 looks at the whole vocabulary and is told in the
JSON alone. NumPy's ``Generator.multinomial`` looks at all of it in every generation.
"""

import argparse
import json
import pathlib
import time

import jax
import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

import jaxcollapse as jc
from jaxcollapse.reporting.plotting import PALETTE, STYLE
from jaxcollapse.runs.provenance import provenance

N = 10_000
WINDOWS = ((2, 16), (20, 60))
"""First and last generation of each stretch that is timed."""
OF_NUMPY = (2, 6)
"""The same for NumPy, whose times hardly change."""
RECORD = "support"


def vocabularies(quick):
    return [int(s) for s in np.geomspace(10**2, 10**6, 5 if quick else 9).round()]


def truth(language, s):
    return np.full(s, 1 / s, np.float32) if language == "uniform" else jc.languages.zipf(s).p


def of_ours(p, chains, repeats):
    """Seconds a generation of a chain: of generation 1, then of each window; the least of the repeats."""
    process = jc.recursive_training(p, jc.FullySynthetic(n=N))
    times = []
    for repeat in range(repeats + 1):
        key = jax.random.key(repeat)
        began = time.perf_counter()
        state, _ = jax.block_until_ready(jc.engine.start(key, process, chains=chains, record=RECORD))
        row, done = [time.perf_counter() - began], 1
        for first, last in WINDOWS:
            if first > done + 1:
                state, _ = jc.engine.advance(key, process, state, generations=first - done - 1, record=RECORD)
            jax.block_until_ready(state)
            began = time.perf_counter()
            state, trace = jc.engine.advance(key, process, state, generations=last - first + 1, record=RECORD)
            jax.block_until_ready((state, trace))
            row.append((time.perf_counter() - began) / (last - first + 1))
            done = last
        times.append(row)
    # The first repeat compiles.
    return (np.min(times[1:], axis=0) / chains).tolist()


def of_numpy(p, chains, repeats):
    """The same for ``Generator.multinomial``, all chains at once, in one window."""
    p, times, generations = np.asarray(p, float), [], OF_NUMPY[1] - OF_NUMPY[0] + 1
    for repeat in range(repeats):
        rng = np.random.default_rng(repeat)
        x = rng.multinomial(N, p / p.sum(), size=chains)
        began = time.perf_counter()
        for _ in range(generations):
            x = rng.multinomial(N, x / N)
            (x > 0).sum(axis=1)
        times.append((time.perf_counter() - began) / (generations * chains))
    return min(times)


def measure(options):
    rows = []
    for s in vocabularies(options.quick):
        p = truth(options.language, s)
        first, *windows = of_ours(p, options.chains, options.repeats)
        row = {"s": s, "generation_1_s": first}
        row |= {f"generations_{a}_to_{b}_s": seconds for (a, b), seconds in zip(WINDOWS, windows, strict=True)}
        row["numpy_s"] = of_numpy(p, min(options.chains, 2), options.repeats)
        rows.append(row)
        print({name: value if name == "s" else f"{1e6 * value:.1f} us" for name, value in row.items()}, flush=True)
    return rows


def draw(rows, language, path):
    s = [row["s"] for row in rows]
    (early, late), series = WINDOWS, lambda name: [1e6 * row[name] for row in rows]
    span = "generations {} to {}".format
    lines = (
        ("NumPy Generator.multinomial,\n" + span(*OF_NUMPY), series("numpy_s"), PALETTE[0], "^", "--"),
        ("jaxcollapse, " + span(*early), series("generations_{}_to_{}_s".format(*early)), PALETTE[1], "o", "-"),
        ("jaxcollapse, " + span(*late), series("generations_{}_to_{}_s".format(*late)), PALETTE[2], "s", "-"),
    )
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.8, 4.9), layout="constrained")
        axes = figure.subplots()
        for label, values, colour, marker, line in lines:
            axes.plot(s, values, line, color=colour, marker=marker, markersize=6, linewidth=2, label=label)
        axes.axvline(N, color="0.5", linewidth=1, linestyle=":", zorder=1.8)
        axes.set(xscale="log", yscale="log")
        low, high = axes.get_ylim()
        axes.set_ylim(low / 1.5, high)
        axes.annotate("s = n", (N, low / 1.5), (4, 6), textcoords="offset points", color="0.35", fontsize=10)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(LogLocator(numticks=12))
            axis.set_minor_formatter(NullFormatter())
        axes.set(
            xlabel="Size of the vocabulary, s (tokens)",
            ylabel="Time of one generation of one chain (µs)",
            title=f"Fully synthetic, {language} truth, n = {N:,} tokens a generation",
        )
        axes.legend(loc="upper left")
        FigureCanvasAgg(figure)
        figure.savefig(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--language", choices=("uniform", "zipf"), default="uniform")
    parser.add_argument("--quick", action="store_true", help="fewer vocabularies")
    parser.add_argument("--chains", type=int, default=16)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(__file__).parent / "results")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    rows = measure(options)
    record = {"n": N, "language": options.language, "chains": options.chains, "rows": rows, **provenance()}
    text = json.dumps(record, indent=1) + "\n"
    (options.folder / "time_against_vocabulary.json").write_text(text, encoding="utf-8")
    draw(rows, options.language, options.folder / "time_against_vocabulary.png")


if __name__ == "__main__":
    main()

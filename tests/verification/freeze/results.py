"""Cells of what is done with results: analysis, files, languages, and what the command line prints."""

from __future__ import annotations

import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import tables
from digests import cleaned, digests, of_summary, of_times, of_trace, raised
from tables import KEY

import jaxcollapse as jc

QUICK = {"results/analysis", "results/languages"}


def _text(value):
    """Numbers to 12 digits within lists and dictionaries, as one text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_text(of)}" for name, of in value.items()) + "}"
    if isinstance(value, list | tuple | np.ndarray):
        return "[" + ", ".join(_text(of) for of in value) + "]"
    if isinstance(value, float | np.floating):
        return f"{float(value):.11e}"
    return str(value)


def _values():
    """A curve of 300 chains and their collapse times, made by NumPy."""
    generator = np.random.default_rng(7)
    values = np.exp(-0.1 * np.arange(40)) * (1 + 0.3 * generator.normal(size=(300, 40)))
    sizes = np.array([10.0, 20, 40, 80])
    return values, generator.geometric(0.05, 300), sizes, generator.normal(size=(4, 200)) + 0.3 * sizes[:, None] ** 1.5


def _analysis():
    a = jc.analysis
    values, times, sizes, draws = _values()
    curve = a.ensemble(values)
    survival = a.survival(times)
    power, line = a.fit_power_law(sizes, draws), a.fit_polynomial(sizes, draws, degree=2)
    found = {
        "ensemble": curve._asdict(),
        "fit_exponential": a.fit_exponential(values).as_dict(),
        "fit_exponential, floor": a.fit_exponential(values, floor=True, window=(2, 30)).as_dict(),
        "fit_power_law": power.as_dict(),
        "fit_power_law, in words": str(power),
        "fit_polynomial": line.as_dict(),
        "compare": [(fit.model.name, weight) for fit, weight in a.compare(power, line)],
        "half_life": a.half_life(curve.mean),
        "lost_after": a.lost_after(curve.mean, 10),
        "survival": [survival.survival, survival.low, survival.high, survival.at_risk],
        "survival, mean": survival.mean(up_to=20),
        "survival, quantile": survival.quantile(0.5),
        "survival, hazard": survival.hazard(5)._asdict(),
        "tail_share": a.tail_share(5000),
    }
    return {name: _text(of) for name, of in found.items()}


def _of_times():
    """Analysis of simulated times and traces."""
    process = jc.recursive_training(jc.languages.uniform(6), jc.FullySynthetic(n=10))
    times = jc.collapse_times(KEY, process, chains=500, max_generations=1000)
    trace = jc.simulate(KEY, process, chains=500, generations=30, record="heterozygosity")
    found = {
        "survival": jc.analysis.survival(times, final=True).mean(),
        "fit of times": jc.analysis.fit_exponential(times).as_dict(),
        "fit of a trace": jc.analysis.fit_exponential(trace, "heterozygosity").as_dict(),
    }
    return of_times(times) | {name: _text(of) for name, of in found.items()}


def _described(dataset):
    """Axes, names and units of a dataset, without its provenance."""
    lines = []
    for name, of in [*dataset.coords.items(), *dataset.data_vars.items()]:
        lines.append(f"{name} {of.dims} {of.dtype} {of.shape} {sorted(of.attrs.items())}")
    rest = sorted((name, of) for name, of in dataset.attrs.items() if name != "provenance")
    return "\n".join([*lines, str(rest)])


def _files(learner):
    """To files and back."""
    process = tables.process_of("fully-synthetic", learner)
    record = (*tables.fewer_statistics_of(learner), "entropy", jc.statistics.hill(2), jc.statistics.tail_mass(0.1))
    trace = jc.run(KEY, process, chains=4, generations=4, every=2, record=record, progress=False)
    summary = jc.summarize(KEY, process, chains=40, generations=4, record=("support", "spectrum"))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace.nc")
        jc.saving.save(trace, path)
        loaded = jc.saving.load(path)
        jc.saving.save(summary, path)
        again = jc.saving.load(path)
    kept = str(loaded.provenance == trace.provenance)
    found = of_trace(loaded) | of_summary(again) | {"provenance is kept": kept}
    return found | {"trace": _described(trace.to_xarray()), "summary": _described(summary.to_xarray())}


def _languages():
    of = jc.languages
    text = of.from_tokens(["the", "cat", "sat", "on", "the", "mat", "and", "the", "cat", "ate", "the", "rat"])
    front, held_out = text.split(0.25)
    p, frequencies = text.contexts(order=1)
    made = {
        "uniform": of.uniform(7),
        "zipf": of.zipf(50, exponent=1.1),
        "dirichlet": of.dirichlet(20, 0.5, seed=3),
        "seddik": of.seddik(),
        "from_counts": of.from_counts({"a": 5, "b": 2, "c": 1}),
        "from_tokens": text,
        "front": front,
    }
    found = {}
    for name, one in made.items():
        found |= {f"{name} p": one.p, f"{name} tokens": " ".join(map(str, one.tokens)) + " of " + one.name}
        found |= {f"{name} numbers": _text([one.entropy, one.simpson, one.support])}
    found |= {"text": np.asarray(text.text), "held out": np.asarray(held_out), "contexts": p, "often": frequencies}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "novel.txt"
        path.write_text("It was the best of times,\nit was the worst of times. \u00c9t\u00e9!\n", encoding="utf-8")
        for unit in ("word", "character"):
            one = of.from_text(path, unit=unit, ordered=True)
            found |= {f"from_text {unit}": np.asarray(one.text), f"from_text {unit} tokens": " ".join(one.tokens)}
    for name, work in {
        "king james": lambda: of.from_king_james("Ruth"),
        "wordfreq": lambda: of.from_wordfreq("en"),
    }.items():
        try:
            found[name] = work().p
        except Exception as error:
            found[name] = raised(error)["raises"]
    return found


COMMANDS = {
    "simulate": "simulate --regime most-recent --window 5 --language zipf:30 --n 50 --chains 8 --generations 6",
    "simulate contexts": "simulate novel.txt --model contexts --n 300 --chains 4 --generations 3 --additive 0.1",
    "simulate n-grams": "simulate novel.txt --model ngram --order 2 --n 60 --chains 4 --generations 3 --record ngrams",
    "wrong": "simulate --regime most-resent",
    "simulate to a file": "simulate --language zipf:30 --n 50 --real 9 --regime partially-synthetic --chains 8"
    " --generations 6 --out out.csv",
}


def _command(name):
    """What a command prints, and the files that it writes."""
    root = str(pathlib.Path(jc.__file__).resolve().parents[1])
    environment = os.environ | {"PYTHONPATH": root, "COLUMNS": "100"}
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "novel.txt").write_text("In the beginning was the Word, and the Word was with. " * 9)
        done = subprocess.run(
            [sys.executable, "-m", "jaxcollapse", *COMMANDS[name].split()],
            env=environment,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
        )
        files = {path.name: path.read_text() for path in pathlib.Path(folder).iterdir() if path.name != "novel.txt"}
    errors = [line for line in done.stderr.splitlines() if line.strip()]
    told = {"printed": done.stdout, "returned": str(done.returncode), "last error": errors[-1] if errors else ""}
    return {of: cleaned(text) for of, text in (told | files).items()}


_SMALL = {"progress": False, "regimes": ("fully-synthetic", "mixture"), "seed": 1}
_FIT = {"fit_n": 20, "fit_chains": 200}
REPORTS = {
    "words": lambda out: jc.report(jc.languages.zipf(30), n=50, generations=6, chains=4, out=out, **_FIT, **_SMALL),
    "contexts": lambda out: jc.report(tables.song(), order=1, n=60, generations=4, chains=3, out=out, **_FIT, **_SMALL),
    "texts": lambda out: jc.report_text(tables.song(), order=1, generations=3, chains=2, out=out, **_SMALL),
}


def _report(name):
    """The numbers and texts that a report writes, its figures apart."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        REPORTS[name](folder)
        for path in sorted(pathlib.Path(folder).iterdir()):
            if path.suffix == ".json":
                told = json.loads(path.read_text())
                told.pop("provenance", None)
                found[path.name] = _text(told)
            elif path.suffix in (".csv", ".txt"):
                found[path.name] = path.read_text()
            else:
                found[path.name] = "is there"
    return found


def _provenance():
    """The form of a provenance: its keys, and the run that it tells of."""
    process = tables.process_of("fresh-real, weight", "additive")
    made = json.loads(jc.run(KEY, process, chains=2, generations=2, progress=False).provenance)
    keys = {name: sorted(of) if isinstance(of, dict) else type(of).__name__ for name, of in made.items()}
    return digests({"keys": str(keys), "run": json.dumps(made["run"], sort_keys=True)})


def cells():
    """All of this file, by name."""
    return {
        "results/analysis": _analysis,
        "results/analysis of simulations": _of_times,
        "results/files": functools.partial(_files, "labels"),
        "results/files of contexts": functools.partial(_files, "contexts"),
        "results/languages": _languages,
        "results/provenance": _provenance,
        **{f"report/{name}": functools.partial(_report, name) for name in REPORTS},
        **{f"command line/{name}": functools.partial(_command, name) for name in COMMANDS},
    }

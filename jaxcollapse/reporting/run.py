"""One call simulates the chosen regimes on a language, puts the exact curves beside them, fits a decay
rate at a size where one run can tell it, and writes figures, numbers and a summary to a folder.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from jaxcollapse import analysis, check, engine, languages, memory, runs, statistics, theory
from jaxcollapse.languages import Language
from jaxcollapse.learners import NGram
from jaxcollapse.process import SMALLEST, Process, recursive_training
from jaxcollapse.regimes import make
from jaxcollapse.reporting import exact
from jaxcollapse.reporting.files import key_for, writable, write_all
from jaxcollapse.reporting.results import Band, Curve, DecayResult, RegimeResult, Report
from jaxcollapse.reporting.settings import names_of, regimes_of, told
from jaxcollapse.reporting.summary import summarise

CURVES = ("support", "l2_truth", "heterozygosity", "entropy")


def report(
    language: Language | None = None,
    *,
    regimes: Sequence[str] = ("fully-synthetic", "partially-synthetic"),
    n: int | None = None,
    real: int | None = None,
    window: int | None = None,
    reuse: bool | str | None = None,
    budget: int | None = None,
    replacement: bool | None = None,
    share: float | None = None,
    weight: float | None = None,
    growth: float | None = None,
    learner: Any = None,
    generations: int = 100,
    chains: int = 16,
    seed: int = 0,
    out: str | os.PathLike[str] = "report",
    fit_n: int = 100,
    fit_chains: int = 2000,
    progress: bool = True,
) -> Report:
    """Simulate a language's collapse, compare it with theory, and write a folder of figures and numbers.

    Args:
      language: the truth; by default 50 000 words of English (needs the extra ``english``).
      regimes: names from :data:`~jaxcollapse.regimes.REGIMES`.
      n: tokens a generation; by default as many as the text had, or a million.
      real: real tokens, kept or new in each generation; by default a tenth of ``n``.
      window, reuse, budget, replacement, share, weight: as in the regimes that have them, for all of these; by
        default ``budget`` is ``n`` and ``share`` 0.1.
      growth: ``n`` grows by this factor in every generation.
      learner: how models are trained and how they write, for instance :class:`~jaxcollapse.learners.Estimated`; by
        default by maximum likelihood. The decay rate is always fitted for that.
      generations: the last generation.
      chains: independent runs of each regime.
      seed: of all randomness.
      out: the folder, made if need be.
      fit_n, fit_chains: tokens a generation and chains of the run whose decay rate is fitted; it lasts
        three times ``fit_n`` generations.
      progress: whether to show a progress bar on standard error.

    Returns:
      A :class:`Report`. The folder holds ``vocabulary``, ``distance``, ``words`` and ``decay`` as PNG and
      SVG, ``curves.csv``, ``words.csv``, ``report.json`` and ``summary.txt``.

    Raises:
      ValueError, TypeError: for bad settings, and for one that none of the regimes has.
      OSError: when the folder cannot be written; this is tried before anything is simulated.
      MemoryError: when the run would not fit.

    Example:
      >>> import tempfile, jaxcollapse as jc
      >>> folder = tempfile.mkdtemp()
      >>> settings = {"n": 500, "generations": 10, "regimes": ["partially-synthetic"], "fit_chains": 100}
      >>> found = jc.report(jc.languages.zipf(200), **settings, out=folder, progress=False)
      >>> sorted(found.regimes), (found.folder / "vocabulary.png").exists()
      (['partially-synthetic'], True)
    """
    from jaxcollapse import plotting  # matplotlib is slow to import and only figures need it

    began = time.perf_counter()
    generations = check.static_whole_number("generations", generations)
    chains = check.static_whole_number("chains", chains, least=2, remedy="errors need at least two")
    fit_n = check.static_whole_number("fit_n", fit_n, least=2)
    fit_chains = check.static_whole_number("fit_chains", fit_chains, least=analysis.results.FEWEST_CHAINS)
    seed = check.static_whole_number("seed", seed, least=0)
    names = names_of(regimes)
    if isinstance(learner, NGram):
        raise TypeError("models that write have a report of their own: jc.report_text(language, learner=...)")
    language = languages.from_wordfreq("en") if language is None else language
    if not isinstance(language, Language):
        raise TypeError(f"language must come from jc.languages, got {type(language).__name__}")
    if np.count_nonzero(language.p.astype(np.float32) >= SMALLEST) < 2:
        raise ValueError(f"language {language.name!r} has a single token: there is nothing to lose")
    n = check.static_whole_number("n", language.source.get("tokens_counted", 1_000_000) if n is None else n)
    given = {
        "real": real,
        "window": window,
        "reuse": reuse,
        "budget": budget,
        "replacement": replacement,
        "share": share,
        "weight": weight,
        "growth": growth,
    }
    made = regimes_of(names, n=n, generations=generations, given=given)
    processes = {name: recursive_training(language, regime, learner) for name, regime in made.items()}
    folder = writable(out)

    drawn = np.asarray(next(iter(processes.values())).p) > 0
    language = dataclasses.replace(language, p=np.where(drawn, language.p, 0) / language.p[drawn].sum())
    bands = frequency_bands(language)
    edges = (*(band.low for band in reversed(bands)), bands[0].high)
    band_support = statistics.band_support(*edges)
    record = (*CURVES, band_support)
    for process in processes.values():
        memory.refuse_what_does_not_fit(process, chains, generations, record)
    key = jax.random.key(seed)
    results = {}
    total = generations * len(processes) + 3 * fit_n
    with tqdm(total=total, unit="generation", disable=not progress, leave=False, dynamic_ncols=True) as bar:
        for name, process in processes.items():
            bar.set_description(name)
            trace = runs.run(
                key_for(key, name),
                process,
                chains=chains,
                generations=generations,
                record=record,
                progress=bar.update,
            )
            results[name] = _result(name, process, trace, bands, band_support.name)
        bar.set_description("decay rate")
        decay = _decay(language, fit_n, fit_chains, key_for(key, "decay rate"), bar.update)

    used = {key: value for regime in made.values() for key, value in vars(regime).items() if key in given}
    used = {key: value for key, value in (used | {"growth": growth}).items() if value is not None}
    configuration = {
        "language": {"name": language.name, "tokens": len(language), "source": dict(language.source)},
        "regimes": names,
        "n": n,
        **used,
        **({} if learner is None else {"learner": getattr(learner, "told", repr(learner))}),
        "generations": generations,
        "chains": chains,
        "seed": seed,
        "fit_n": fit_n,
        "fit_chains": fit_chains,
    }
    found = Report(folder, language, results, bands, decay, "", configuration)
    found = dataclasses.replace(found, summary=summarise(found))
    plotting.save_all(found)
    write_all(found, time.perf_counter() - began)
    return found


def frequency_bands(language: Language) -> tuple[Band, ...]:
    """The words of a language by frequency, in decades (or in finer steps when it spans few), most frequent first.

    Example:
      >>> [band.words for band in frequency_bands(languages.zipf(1000))]
      [1, 12, 120, 867]
    """
    p = language.p.astype(np.float32)  # as the simulation has them
    low, high = np.log10(p[p > 0].min()), np.log10(p.max())
    step = next((step for step in (1, 0.5, 0.25) if high - low >= 2 * step), 0.1)
    # A hair below the round numbers: a word of frequency 1e-5 belongs to the band that starts there.
    exponents = np.arange(np.floor(low / step), np.floor(high / step) + 3) * step
    edges = (10.0**exponents * (1 - 1e-6)).astype(np.float32)
    bands = []
    for below, above in itertools.pairwise(edges):
        inside = np.flatnonzero((p >= below) & (p < above))
        ranked = inside[np.argsort(-language.p[inside], kind="stable")]
        shown = ranked[np.unique(np.linspace(0, len(ranked) - 1, 6).round().astype(int))] if inside.size else ranked
        words = tuple(language.tokens[i] for i in shown)
        bands.append(Band(float(below), float(above), int(inside.size), words))
    while not bands[-1].words:
        bands.pop()
    while not bands[0].words:
        bands.pop(0)
    return tuple(reversed(bands))


def _result(
    name: str, process: Process, trace: engine.Trace, bands: tuple[Band, ...], band_support: str
) -> RegimeResult:
    generations = trace.generations
    curves = {each: Curve(analysis.ensemble(trace, each), *exact.curve(process, each, generations)) for each in CURVES}
    words = np.array([max(band.words, 1) for band in bands])
    alive = analysis.ensemble(trace, band_support, levels=())
    share, error = (part[:, ::-1].T / words[:, None] for part in (alive.mean, alive.standard_error))
    p = np.asarray(process.p, dtype=np.float64)
    members = [np.flatnonzero((p >= np.float32(band.low)) & (p < np.float32(band.high))) for band in bands]
    different, back = np.unique(p, return_inverse=True)
    alive_, kind = exact.survival(process, generations, different)
    expected = None
    if alive_ is not None:
        nothing = np.zeros(generations + 1)
        expected = np.stack([alive_[:, back[inside]].mean(axis=1) if inside.size else nothing for inside in members])
    return RegimeResult(name, process.regime, curves, share, error, expected, kind, told(process))


def _decay(language: Language, n: int, chains: int, key: jax.Array, progress: Any) -> DecayResult:
    process = recursive_training(language, make("fully-synthetic", n=n))
    trace = runs.run(key, process, chains=chains, generations=3 * n, record="heterozygosity", progress=progress)
    curve = Curve(analysis.ensemble(trace, "heterozygosity"), theory.heterozygosity(process, 3 * n), "exact")
    return DecayResult(n, curve, analysis.fit_exponential(trace, "heterozygosity"), float(-np.log1p(-1 / n)))

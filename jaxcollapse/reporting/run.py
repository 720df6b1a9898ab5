"""One call simulates the chosen regimes on a language, puts the exact curves beside them, fits a decay
rate at a size where one run can tell it, and writes figures, numbers and a summary to a folder.
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from jaxcollapse import analysis, check, languages, runs, theory
from jaxcollapse.engine import memory
from jaxcollapse.languages.language import Language
from jaxcollapse.learners import Contexts, NGram
from jaxcollapse.process.construction import recursive_training
from jaxcollapse.regimes import make
from jaxcollapse.reporting import bands, exact
from jaxcollapse.reporting.files import key_for, writable, write_all
from jaxcollapse.reporting.results import Curve, DecayResult, RegimeResult, Report
from jaxcollapse.reporting.settings import names_of, regimes_of, told
from jaxcollapse.reporting.summary import summarise


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
    order: int | None = None,
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
      language: the truth; by default 50 000 words of English (needs the extra ``english``), and with ``order``
        Genesis in the King James version (needs the extra ``book``).
      regimes: names from :data:`~jaxcollapse.regimes.REGIMES`.
      n: tokens a generation; by default as many as the text had, or a million.
      real: real tokens, kept or new in each generation; by default a tenth of ``n``.
      window, reuse, budget, replacement, share, weight: as in the regimes that have them, for all of these; by
        default ``budget`` is ``n`` and ``share`` 0.1.
      growth: ``n`` grows by this factor in every generation.
      learner: how models are trained and how they write, for instance :class:`~jaxcollapse.learners.Estimated`; by
        default by maximum likelihood. The decay rate is always fitted for that.
      order: report on what follows each context of so many tokens, in a language with a text, instead of on words;
        contexts keep their frequencies (:class:`~jaxcollapse.learners.Contexts`), ``learner`` is that of one, and no
        decay rate is fitted. By default none.
      generations: the last generation.
      chains: independent runs of each regime.
      seed: of all randomness.
      out: the folder, made if need be.
      fit_n, fit_chains: tokens a generation and chains of the run whose decay rate is fitted; it lasts
        three times ``fit_n`` generations.
      progress: whether to show a progress bar on standard error.

    Returns:
      A :class:`Report`. The folder holds ``vocabulary``, ``distance``, ``words`` and ``decay`` as PNG and
      SVG, ``curves.csv``, ``words.csv``, ``report.json`` and ``summary.txt``; with ``order`` there is ``contexts``
      instead of ``words``, and no ``decay``.

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
    from jaxcollapse.reporting import plotting  # matplotlib is slow to import and only figures need it

    began = time.perf_counter()
    generations = check.static_whole_number("generations", generations)
    chains = check.static_whole_number("chains", chains, least=2, remedy="errors need at least two")
    if order is None:
        fit_n = check.static_whole_number("fit_n", fit_n, least=2)
        fit_chains = check.static_whole_number("fit_chains", fit_chains, least=analysis.estimates.FEWEST_CHAINS)
    else:
        order = check.static_whole_number("order", order, least=0)
    seed = check.static_whole_number("seed", seed, least=0)
    names = names_of(regimes)
    if isinstance(learner, NGram):
        raise TypeError("models that write have a report of their own: jc.report_text(language, learner=...)")
    if isinstance(learner, Contexts):
        raise TypeError("learner must be that of one context; say order=1 for contexts of one token")
    if language is None:
        language = languages.from_wordfreq("en") if order is None else languages.from_king_james()
    if not isinstance(language, Language):
        raise TypeError(f"language must come from jc.languages, got {type(language).__name__}")
    of = bands.OfWords(language) if order is None else bands.OfContexts(language, order)
    of_text = language.source.get("tokens_counted", 1_000_000) if language.text is None else len(language.text)
    n = check.static_whole_number("n", of_text if n is None else n)
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
    processes = {name: of.process(regime, learner) for name, regime in made.items()}
    folder = writable(out)
    record = (*of.curves, of.record)
    for process in processes.values():
        memory.refuse_what_does_not_fit(process, chains, generations, record)
    key = jax.random.key(seed)
    results = {}
    total = generations * len(processes) + 3 * fit_n * (order is None)
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
            curves = {
                each: Curve(analysis.ensemble(trace, each), *exact.curve(process, each, generations))
                for each in trace
                if each != of.record.name
            }
            survival = of.survival(process, trace)
            results[name] = RegimeResult(name, made[name], curves, *survival, told(process), of.sizes(process))
        bar.set_description("decay rate")
        decay = None
        if order is None:
            decay = _decay(of.language, fit_n, fit_chains, key_for(key, "decay rate"), bar.update)

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
        **({"order": order} if decay is None else {"fit_n": fit_n, "fit_chains": fit_chains}),
    }
    found = Report(folder, of.language, results, of.bands, decay, "", configuration)
    found = dataclasses.replace(found, summary=summarise(found))
    plotting.save_all(found)
    write_all(found, time.perf_counter() - began)
    return found


def _decay(language: Language, n: int, chains: int, key: jax.Array, progress: Any) -> DecayResult:
    process = recursive_training(language, make("fully-synthetic", n=n))
    trace = runs.run(key, process, chains=chains, generations=3 * n, record="heterozygosity", progress=progress)
    curve = Curve(analysis.ensemble(trace, "heterozygosity"), theory.heterozygosity(process, 3 * n), "exact")
    return DecayResult(n, curve, analysis.fit_exponential(trace, "heterozygosity"), float(-np.log1p(-1 / n)))

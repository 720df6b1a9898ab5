"""The two calls that users make: a report on words or contexts, and a report on a text."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxcollapse import check, languages
from jaxcollapse.analysis.estimates import FEWEST_CHAINS
from jaxcollapse.languages.language import Language
from jaxcollapse.learners import Contexts, NGram
from jaxcollapse.reporting.banded import Banded
from jaxcollapse.reporting.of_contexts import OfContexts
from jaxcollapse.reporting.of_text import OfText
from jaxcollapse.reporting.of_words import OfWords
from jaxcollapse.reporting.pipeline import make_report
from jaxcollapse.reporting.report_results import Report, TextReport
from jaxcollapse.reporting.settings import Plan, names_of, regimes_of


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
    run = _checked(generations=generations, chains=chains, seed=seed)
    if order is None:
        fit_n = check.static_whole_number("fit_n", fit_n, least=2)
        fit_chains = check.static_whole_number("fit_chains", fit_chains, least=FEWEST_CHAINS)
    else:
        order = check.static_whole_number("order", order, least=0)
    names = names_of(regimes)
    if isinstance(learner, NGram):
        raise TypeError("models that write have a report of their own: jc.report_text(language, learner=...)")
    if isinstance(learner, Contexts):
        raise TypeError("learner must be that of one context; say order=1 for contexts of one token")
    if language is None:
        language = languages.from_wordfreq("en") if order is None else languages.from_king_james()
    _check_language(language)
    subject: Banded
    if order is None:
        subject = OfWords(language, learner, fit_n=fit_n, fit_chains=fit_chains)
    else:
        subject = OfContexts(language, order, learner)
    if n is None:
        n = language.source.get("tokens_counted", 1_000_000) if language.text is None else len(language.text)
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
    return make_report(subject, _plan(names, n, given, run), out=out, progress=progress)


def report_text(
    language: Language | None = None,
    *,
    order: int = 2,
    learner: NGram | None = None,
    held_out: Any = 0.1,
    regimes: Sequence[str] = ("fully-synthetic", "partially-synthetic"),
    n: int | None = None,
    generations: int = 20,
    chains: int = 8,
    seed: int = 0,
    out: str | os.PathLike[str] = "report",
    progress: bool = True,
    **settings: Any,
) -> TextReport:
    """Train n-gram models on a book, and each generation on what the one before wrote; write texts and figures.

    Args:
      language: with a text (``jc.languages.from_text(path, unit="character", ordered=True)``); by default Genesis in
        the King James version (needs the extra ``book``).
      order: tokens of context.
      learner: instead of ``NGram(order)``, with smoothing or decoding.
      held_out: the share of the text, at its end, that no model learns from and all are tested on; or tokens by
        their index, of another text; or 0.
      regimes: names from :data:`~jaxcollapse.regimes.REGIMES`.
      n: tokens a generation; by default as many as the models learn from in the book.
      generations: the last generation.
      chains: independent runs of each regime.
      seed: of all randomness.
      out: the folder, made if need be.
      progress: whether to show a progress bar on standard error.
      settings: of regimes, as for :func:`~jaxcollapse.report`.

    Returns:
      A :class:`TextReport`. The folder holds ``texts.txt``, ``curves`` and ``texts`` as PNG and SVG, ``curves.csv``,
      ``report.json`` and ``summary.txt``.

    Raises:
      ValueError, TypeError: for bad settings, and for a language without a text.
      OSError: when the folder cannot be written; this is tried before anything is simulated.
      MemoryError: when the run would not fit.

    Example:
      >>> import tempfile, jaxcollapse as jc
      >>> song = jc.languages.from_tokens(list("la li la lu la li la la lu la la li " * 20), name="song")
      >>> settings = {"order": 1, "n": 100, "generations": 1, "regimes": ["fully-synthetic"], "chains": 2}
      >>> found = jc.report_text(song, **settings, out=tempfile.mkdtemp(), progress=False)
      >>> sorted(found.regimes["fully-synthetic"].texts), (found.folder / "texts.png").exists()
      ([0, 1], True)
    """
    run = _checked(generations=generations, chains=chains, seed=seed)
    names = names_of(regimes)
    language = languages.from_king_james() if language is None else language
    _check_language(language)
    learner = NGram(order=order) if learner is None else learner
    if not isinstance(learner, NGram):
        raise TypeError(f"learner must be a jc.learners.NGram, got {learner!r}")
    if np.ndim(held_out) == 0:
        check.real_numbers("held_out", held_out, 0, 0.9)
        language, held_out = language.split(float(held_out)) if held_out else (language, np.zeros(0, np.int32))
    text = learner.text_of(language)
    plan = _plan(names, len(text) if n is None else n, settings, run)
    if learner.room is None and any("extend" in regime.requires(frozenset()) for regime in plan.regimes.values()):
        pooled = max(regime.total("n", run["generations"]) for regime in plan.regimes.values())
        learner = dataclasses.replace(learner, room=pooled)
    return make_report(OfText(language, learner, held_out), plan, out=out, progress=progress)


def _checked(*, generations: Any, chains: Any, seed: Any) -> dict[str, int]:
    return {
        "generations": check.static_whole_number("generations", generations),
        "chains": check.static_whole_number("chains", chains, least=2, remedy="errors need at least two"),
        "seed": check.static_whole_number("seed", seed, least=0),
    }


def _plan(names: Sequence[str], n: Any, given: Mapping[str, Any], run: dict[str, int]) -> Plan:
    n = check.static_whole_number("n", n)
    return Plan(regimes_of(names, n=n, generations=run["generations"], given=given), given, n, run)


def _check_language(language: Any) -> None:
    if not isinstance(language, Language):
        raise TypeError(f"language must come from jc.languages, got {type(language).__name__}")

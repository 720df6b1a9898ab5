"""The report of a language model that writes: what it writes, generation after generation, and what it forgets."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import pathlib
import textwrap
import time
import unicodedata
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from jaxcollapse import analysis, check, engine, runs, statistics
from jaxcollapse.contract import Process
from jaxcollapse.engine import memory
from jaxcollapse.languages.language import Language
from jaxcollapse.learners import NGram
from jaxcollapse.process.construction import recursive_training
from jaxcollapse.reporting.files import finite, key_for, writable
from jaxcollapse.reporting.results import MOMENTS, Curve, OfRegime, tokens_a_generation
from jaxcollapse.reporting.settings import names_of, regimes_of
from jaxcollapse.runs import provenance

MEASURED = ("ngrams", "contexts", "entropy_rate", "type_token_ratio", "support")
SHOWN = (0, 1, 5, 20)
"""Generations whose text is shown."""
LETTERS, LINES = 26, 12
"""Of a column of text in the summary."""
LARGEST_SCORED = 2**22
"""Entries of the table by which a held-out text is scored; beyond, it is not."""


@dataclasses.dataclass(frozen=True)
class TextResult(OfRegime):
    """What was found for one regime.

    Attributes:
      name, regime, curves: as in :class:`~jaxcollapse.reporting.results.OfRegime`.
      texts: what chain 0 writes, by generation; 0 is the truth, a model of the book itself.
    """

    texts: dict[int, str]


@dataclasses.dataclass(frozen=True)
class TextReport:
    """What :func:`report_text` found and wrote.

    Attributes:
      folder: where the files are.
      language: what the models learn from, with its text.
      book: the beginning of the text itself.
      regimes: results by the regime's name.
      summary: what is printed.
      configuration: every setting, as written to ``report.json``.
    """

    folder: pathlib.Path
    language: Language
    book: str
    regimes: dict[str, TextResult]
    summary: str
    configuration: dict[str, Any]

    @property
    def units(self) -> str:
        """What the tokens are, in the plural."""
        return {"character": "characters", "word": "words"}.get(self.language.source.get("unit", ""), "tokens")


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
    from jaxcollapse import languages
    from jaxcollapse.reporting import plotting, plotting_texts

    began = time.perf_counter()
    generations = check.static_whole_number("generations", generations)
    chains = check.static_whole_number("chains", chains, least=2, remedy="errors need at least two")
    seed = check.static_whole_number("seed", seed, least=0)
    names = names_of(regimes)
    language = languages.from_king_james() if language is None else language
    if not isinstance(language, Language):
        raise TypeError(f"language must come from jc.languages, got {type(language).__name__}")
    learner = NGram(order=order) if learner is None else learner
    if not isinstance(learner, NGram):
        raise TypeError(f"learner must be a jc.learners.NGram, got {learner!r}")
    if np.ndim(held_out) == 0:
        check.real_numbers("held_out", held_out, 0, 0.9)
        language, held_out = language.split(float(held_out)) if held_out else (language, np.zeros(0, np.int32))
    learner = learner.of_language(language)
    assert language.text is not None  # or of_language would have refused it
    n = check.static_whole_number("n", len(language.text) if n is None else n)
    made = regimes_of(names, n=n, generations=generations, given=settings)
    if learner.room is None and any("add" in regime.verbs for regime in made.values()):
        pooled = max(regime.total("n", generations) for regime in made.values())
        learner = dataclasses.replace(learner, room=pooled)
    processes = {name: recursive_training(language, regime, learner) for name, regime in made.items()}
    folder = writable(out)
    record: list[Any] = list(MEASURED)
    if len(held_out) > learner.order and len(language) ** (learner.order + 1) <= LARGEST_SCORED:
        record.append(statistics.cross_entropy(held_out, order=learner.order))
    for process in processes.values():
        memory.refuse_what_does_not_fit(process, chains, generations, tuple(record))
    key = jax.random.key(seed)
    results = {}
    with tqdm(
        total=generations * len(made), unit="generation", disable=not progress, leave=False, dynamic_ncols=True
    ) as bar:
        for name, process in processes.items():
            bar.set_description(name)
            of_regime = key_for(key, name)
            trace = runs.run(
                of_regime, process, chains=chains, generations=generations, record=tuple(record), progress=bar.update
            )
            curves = {each: Curve(analysis.ensemble(trace, each), None, "") for each in trace}
            texts = texts_of(of_regime, process, language, generations)
            results[name] = TextResult(name, made[name], curves, texts)
    configuration = {
        "language": {"name": language.name, "tokens": len(language), "source": dict(language.source)},
        "learned_from": len(language.text),
        "held_out": len(held_out),
        "learner": learner.told,
        "model": {name: getattr(learner, name) for name in ("order", "documents", "room", "method")},
        "regimes": names,
        "n": n,
        **{name: value for name, value in settings.items() if value is not None},
        "generations": generations,
        "chains": chains,
        "seed": seed,
    }
    book = _joined(language, language.text[: _long(language)])
    found = TextReport(folder, language, book, results, "", configuration)
    found = dataclasses.replace(found, summary=_summary(found))
    plotting.save_figures(found, plotting_texts.FIGURES)
    _write(found, time.perf_counter() - began)
    return found


def texts_of(key: jax.Array, process: Process, language: Language, generations: int) -> dict[int, str]:
    """What chain 0 of a run writes at some generations; its models are those of the run, bit for bit."""

    def write(model: Any, m: int) -> str:
        tokens = process.learner.written(jax.random.fold_in(key_for(key, "texts"), m), model, _long(language))
        return _joined(language, tokens)

    shown = sorted({m for m in SHOWN if m <= generations} | ({generations} if generations < SHOWN[-1] else set()))
    texts = {0: write(process.learner.truth(process.p), 0)}
    state, _ = engine.start(key, process, chains=1, record="support")
    for m in shown[1:]:
        if m > int(state.m):
            state, _ = engine.advance(key, process, state, generations=m - int(state.m), record="support", every=m)
        texts[m] = write(jax.tree.map(lambda of: of[0], state.model), m)
    return texts


def _long(language: Language) -> int:
    """Tokens that fill a column."""
    letters = LETTERS * LINES
    return letters if language.source.get("unit") != "word" else letters // 4


def _joined(language: Language, tokens: Any) -> str:
    written = language.between.join(language.tokens[int(token)] for token in tokens)
    # What steers a terminal is shown as a dot.
    return "".join("\u00b7" if unicodedata.category(letter) in ("Cc", "Cf") else letter for letter in written)


def side_by_side(texts: dict[str, str], letters: int = LETTERS, lines: int = LINES) -> str:
    """Texts in columns, each under its head.

    Example:
      >>> print(side_by_side({"one": "to be or not", "two": "that is"}, letters=6, lines=2))
      one     | two
      to be   | that
      or not  | is
    """
    columns = [[head, *textwrap.wrap(text, letters)[:lines]] for head, text in texts.items()]
    high = max(len(column) for column in columns)
    rows = zip(*([*column, *[""] * (high - len(column))] for column in columns), strict=True)
    return "\n".join(" | ".join(cell.ljust(letters + 1) for cell in row).rstrip() for row in rows)


def _summary(found: TextReport) -> str:
    settings = found.configuration
    generations = settings["generations"]
    moments = sorted({m for m in MOMENTS if m <= generations} | {generations})
    score = "cross_entropy" in next(iter(found.regimes.values())).curves
    held = f", tested on the {settings['held_out']:,} after them" if score else ""
    lines = [
        f"{found.language.name}: models learn from {settings['learned_from']:,} {found.units}{held}; "
        f"{settings['chains']} chains, {tokens_a_generation(settings)}, seed {settings['seed']}"
    ]
    head = ("n-grams", "contexts", "entropy rate", "kinds/length", "cross-entropy")[: 5 if score else 4]
    for result in found.regimes.values():
        lines += [
            "",
            f"{result.title}: different n-grams and contexts, entropy rate{' and held-out cross-entropy' * score} in "
            f"nats a {found.units[:-1]} (mean over chains)",
            "generation".ljust(12) + "".join(name.rjust(16) for name in head),
        ]
        curves = [result.curves[name].simulated.mean for name in (*MEASURED[:4], *["cross_entropy"] * score)]
        for m in moments:
            cells = (f"{curve[m]:,.0f}" if i < 2 else f"{curve[m]:.4f}" for i, curve in enumerate(curves))
            lines.append(f"{m:<12}" + "".join(cell.rjust(16) for cell in cells))
        half = analysis.half_life(curves[0][1:])
        after = f"{1 + half:.1f}" if np.isfinite(half) else f"more than {generations}"
        lines.append(f"half of the first model's n-grams are left at m = {after}")
        columns = {"the book itself": found.book} | {f"m = {m}": text for m, text in result.texts.items()}
        lines += ["", side_by_side(columns)]
    return "\n".join(lines)


def _write(found: TextReport, seconds: float) -> None:
    """``texts.txt``, ``curves.csv``, ``summary.txt`` and, last, ``report.json``."""
    with open(found.folder / "texts.txt", "w", encoding="utf-8") as file:
        file.write(f"{found.language.name}\n\n{found.book}\n")
        for result in found.regimes.values():
            for m, text in result.texts.items():
                file.write(f"\n{result.title}, generation {m}\n\n{text}\n")
    with open(found.folder / "curves.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        levels = next(iter(found.regimes.values())).curves["ngrams"].simulated.levels
        rows.writerow(
            [
                "regime",
                "statistic",
                "generation",
                "mean",
                "standard_error",
                *(f"quantile_{level:g}" for level in levels),
            ]
        )
        for name, result in found.regimes.items():
            for statistic, curve in result.curves.items():
                of = curve.simulated
                for m in of.generation:
                    numbers = (of.mean[m], of.standard_error[m], *of.quantiles[:, m])
                    rows.writerow([name, statistic, m, *(repr(float(x)) for x in numbers)])
    (found.folder / "summary.txt").write_text(found.summary + "\n", encoding="utf-8")
    half = lambda result: analysis.half_life(result.curves["ngrams"].simulated.mean[1:])
    document = {
        "configuration": found.configuration,
        "regimes": {name: {"ngrams_half_life": finite(half(result))} for name, result in found.regimes.items()},
        "texts": {name: {str(m): text for m, text in result.texts.items()} for name, result in found.regimes.items()},
        "provenance": provenance.provenance() | {"seconds": round(seconds, 1)},
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    (found.folder / "report.json").write_text(text + "\n", encoding="utf-8")

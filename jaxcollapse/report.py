"""The main job: how fast a vocabulary dies when a model is trained on its own output.

One call simulates the chosen regimes on a language, puts the exact curves beside them, fits a decay
rate at a size where one run can tell it, and writes figures, numbers and a summary to a folder.
"""

from __future__ import annotations

import csv
import dataclasses
import itertools
import json
import os
import pathlib
import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from tqdm import tqdm

from jaxcollapse import analysis, check, engine, languages, provenance, runs, statistics, theory
from jaxcollapse.languages import Language
from jaxcollapse.process import Process, recursive_training
from jaxcollapse.regimes import REGIMES, FullySynthetic, PartiallySynthetic

CURVES = ("support", "l2_truth", "heterozygosity", "entropy")
MOMENTS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
LOSSES = (1, 10, 100)


@dataclasses.dataclass(frozen=True)
class Band:
    """Words of like frequency.

    Attributes:
      low, high: true probabilities, ``low <= p < high``.
      words: how many.
      examples: some of them, from frequent to rare.
    """

    low: float
    high: float
    words: int
    examples: tuple[str, ...]

    @property
    def label(self) -> str:
        """The frequencies in words per million."""
        return f"{_short(self.low * 1e6)} to {_short(self.high * 1e6)}"


@dataclasses.dataclass(frozen=True)
class Curve:
    """One statistic of one regime: what was simulated and what is exact.

    Attributes:
      simulated: mean, standard error and quantiles over chains.
      exact: ``[generations + 1]``, or None where theory does not reach.
      kind: ``"exact"``, ``"branching approximation"`` or ``""``.
    """

    simulated: analysis.Ensemble
    exact: np.ndarray | None
    kind: str


@dataclasses.dataclass(frozen=True)
class RegimeResult:
    """All that was found for one regime.

    Attributes:
      curves: by statistic.
      survival: the share of each band's words alive, mean over chains, ``[bands, generations + 1]``.
      survival_error: its standard error.
      survival_exact: the same by theory.
      survival_kind: as :attr:`Curve.kind`.
    """

    regime: Any
    curves: dict[str, Curve]
    survival: np.ndarray
    survival_error: np.ndarray
    survival_exact: np.ndarray
    survival_kind: str


@dataclasses.dataclass(frozen=True)
class DecayResult:
    """The decay of heterozygosity at a small sample size, fitted and exact."""

    n: int
    curve: Curve
    fit: analysis.ExponentialFit
    exact_rate: float


@dataclasses.dataclass(frozen=True)
class Report:
    """What :func:`report` found and wrote.

    Attributes:
      folder: where the files are.
      language: the truth.
      regimes: results by the regime's name.
      bands: words by frequency, most frequent first.
      decay: the fitted and the exact decay rate.
      summary: the table that is printed.
      configuration: every setting, as written to ``report.json``.
    """

    folder: pathlib.Path
    language: Language
    regimes: dict[str, RegimeResult]
    bands: tuple[Band, ...]
    decay: DecayResult
    summary: str
    configuration: dict[str, Any]


def report(
    language: Language | None = None,
    *,
    regimes: Sequence[str] = ("fully-synthetic", "partially-synthetic"),
    n: int | None = None,
    real: int | None = None,
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
      real: real tokens that the partially synthetic regime keeps; by default a tenth of ``n``.
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
      ValueError, TypeError: for bad settings.
      OSError: when the folder cannot be written; this is tried before anything is simulated.
      MemoryError: when the run would not fit.

    Example:
      >>> import tempfile, jaxcollapse as jc
      >>> folder = tempfile.mkdtemp()
      >>> found = jc.report(jc.languages.zipf(200), n=500, generations=10, fit_chains=100, out=folder, progress=False)
      >>> sorted(found.regimes), (found.folder / "vocabulary.png").exists()
      (['fully-synthetic', 'partially-synthetic'], True)
    """
    from jaxcollapse import plotting  # matplotlib is slow to import and only figures need it

    began = time.perf_counter()
    generations = check.static_whole_number("generations", generations)
    chains = check.static_whole_number("chains", chains, least=2, remedy="errors need at least two")
    fit_n = check.static_whole_number("fit_n", fit_n, least=2)
    fit_chains = check.static_whole_number("fit_chains", fit_chains, least=analysis.fits.FEWEST_CHAINS)
    seed = check.static_whole_number("seed", seed, least=0)
    names = [regimes] if isinstance(regimes, str) else list(regimes)
    for name in names:
        check.choice("regime", name, REGIMES)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"regimes must name each regime once, got {names!r}")
    language = languages.from_wordfreq("en") if language is None else language
    if not isinstance(language, Language):
        raise TypeError(f"language must come from jc.languages, got {type(language).__name__}")
    n = check.static_whole_number("n", language.source.get("tokens_counted", 1_000_000) if n is None else n)
    real = check.static_whole_number("real", max(1, n // 10) if real is None else real)
    processes = {name: recursive_training(language, _regime(name, n, real)) for name in names}
    folder = _writable(out)

    bands = frequency_bands(language)
    edges = (*(band.low for band in reversed(bands)), bands[0].high)
    record = (*CURVES, statistics.band_support(*edges))
    for process in processes.values():
        engine.refuse_what_does_not_fit(process, chains, generations, record)
    key = jax.random.key(seed)
    results = {}
    total = generations * len(processes) + 3 * fit_n
    with tqdm(total=total, unit="generation", disable=not progress, leave=False, dynamic_ncols=True) as bar:
        for i, (name, process) in enumerate(processes.items()):
            bar.set_description(name)
            trace = runs.in_pieces(
                jax.random.fold_in(key, i),
                process,
                chains=chains,
                generations=generations,
                record=record,
                progress=bar.update,
            )
            results[name] = _result(process, trace, bands, generations)
        bar.set_description("decay rate")
        decay = _decay(language, fit_n, fit_chains, jax.random.fold_in(key, len(processes)), bar.update)

    configuration = {
        "language": {"name": language.name, "tokens": len(language), "source": dict(language.source)},
        "regimes": names,
        "n": n,
        "real": real,
        "generations": generations,
        "chains": chains,
        "seed": seed,
        "fit_n": fit_n,
        "fit_chains": fit_chains,
    }
    found = Report(folder, language, results, bands, decay, "", configuration)
    found = dataclasses.replace(found, summary=summarise(found))
    _write_curves(found)
    _write_words(found)
    plotting.save_all(found)
    (folder / "summary.txt").write_text(found.summary + "\n", encoding="utf-8")
    _write_json(found, time.perf_counter() - began)
    return found


def _regime(name: str, n: int, real: int) -> Any:
    if REGIMES[name] is PartiallySynthetic:
        return PartiallySynthetic(n=n, real=real)
    return REGIMES[name](n=n)


def _writable(out: str | os.PathLike[str]) -> pathlib.Path:
    """The output folder, proven writable before an hour is spent."""
    folder = pathlib.Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OSError(f"out={str(folder)!r} cannot be written ({error.strerror}); choose another folder") from None
    return folder


def frequency_bands(language: Language) -> tuple[Band, ...]:
    """The words of a language by frequency, in decades (or in finer steps when it spans few), most frequent first.

    Example:
      >>> [band.words for band in frequency_bands(languages.zipf(1000))]
      [1, 12, 120, 867]
    """
    p = language.p[language.p > 0]
    low, high = np.log10(p.min()), np.log10(p.max())
    step = next(step for step in (1, 0.5, 0.25, 0.1) if high - low >= 2 * step or step == 0.1)
    # A hair below the round numbers: a word of frequency 1e-5 belongs to the band that starts there.
    exponents = np.arange(np.floor(low / step), np.floor(high / step) + 2) * step
    edges = 10.0**exponents * (1 - 1e-6)
    bands = []
    for below, above in itertools.pairwise(edges):
        inside = np.flatnonzero((language.p >= below) & (language.p < above))
        if inside.size:
            ranked = inside[np.argsort(-language.p[inside], kind="stable")]
            shown = ranked[np.unique(np.linspace(0, len(ranked) - 1, 6).round().astype(int))]
            words = tuple(language.tokens[i] for i in shown)
            bands.append(Band(float(below), float(above), int(inside.size), words))
        elif bands:
            bands.append(Band(float(below), float(above), 0, ()))
    return tuple(reversed(bands))


def _exact(process: Process, name: str, generations: int) -> tuple[np.ndarray | None, str]:
    try:
        return theory.ORACLES[name](process, generations), "exact"
    except theory.OutOfRange:
        if name == "support":
            return theory.support_branching(process, generations), "branching approximation"
        return None, ""


def _result(process: Process, trace: engine.Trace, bands: tuple[Band, ...], generations: int) -> RegimeResult:
    curves = {name: Curve(analysis.ensemble(trace, name), *_exact(process, name, generations)) for name in CURVES}
    words = np.array([max(band.words, 1) for band in bands])
    alive = analysis.ensemble(trace, "band_support", levels=())
    share, error = (part[:, ::-1].T / words[:, None] for part in (alive.mean, alive.standard_error))
    p = np.asarray(process.p, dtype=np.float64)
    members = [np.flatnonzero((p >= np.float32(band.low)) & (p < np.float32(band.high))) for band in bands]
    different, back = np.unique(p, return_inverse=True)
    try:
        each, kind = theory.survival(process, generations, different), "exact"
    except theory.OutOfRange:
        each, kind = theory.survival_branching(process, generations, different), "branching approximation"
    nothing = np.zeros(generations + 1)
    expected = np.stack([each[:, back[inside]].mean(axis=1) if inside.size else nothing for inside in members])
    return RegimeResult(process.regime, curves, share, error, expected, kind)


def _decay(language: Language, n: int, chains: int, key: jax.Array, progress: Any) -> DecayResult:
    process = recursive_training(language, FullySynthetic(n=n))
    trace = runs.in_pieces(key, process, chains=chains, generations=3 * n, record="heterozygosity", progress=progress)
    curve = Curve(analysis.ensemble(trace, "heterozygosity"), theory.heterozygosity(process, 3 * n), "exact")
    return DecayResult(n, curve, analysis.fit_exponential(trace, "heterozygosity"), float(-np.log1p(-1 / n)))


def summarise(found: Report) -> str:
    """The report as a short text table."""
    language, settings = found.language, found.configuration
    generations = settings["generations"]
    lines = [
        f"{language.name}: {language.support:,} {_units(language)}, {settings['chains']} chains of "
        f"{generations} generations, {settings['n']:,} tokens a generation, seed {settings['seed']}",
        "",
        f"Surviving {_units(language)} by generation (mean over chains; exact in brackets, ~ approximate)",
    ]
    moments = [m for m in MOMENTS if m <= generations]
    if moments[-1] != generations:
        moments.append(generations)
    names = list(found.regimes)
    width = max(26, *(len(_title(found, name)) + 2 for name in names))
    lines.append("generation".ljust(12) + "".join(_title(found, name).rjust(width) for name in names))
    for m in moments:
        cells = (_alive(found.regimes[name].curves["support"], m).rjust(width) for name in names)
        lines.append(f"{m:<12}" + "".join(cells))
    halves = (
        _half(analysis.half_life(found.regimes[name].curves["support"].simulated.mean), generations) for name in names
    )
    lines.append("half-life".ljust(12) + "".join(half.rjust(width) for half in halves))
    for m in LOSSES:
        if m <= generations:
            means = (found.regimes[name].curves["support"].simulated.mean for name in names)
            lost = "".join(f"{analysis.lost_after(mean, m):.1%}".rjust(width) for mean in means)
            lines.append(f"lost by {m}".ljust(12) + lost)
    lines += ["", *_words_table(found), "", *_decay_lines(found.decay)]
    return "\n".join(lines)


def _words_table(found: Report) -> list[str]:
    """Which words die first, in the regime where they die most."""
    name = min(found.regimes, key=lambda name: found.regimes[name].curves["support"].simulated.mean[-1])
    result = found.regimes[name]
    generations = found.configuration["generations"]
    moments = [m for m in LOSSES if m <= generations]
    if generations not in moments:
        moments.append(generations)
    head = "per million".ljust(22) + f"{_units(found.language)}".rjust(10)
    lines = [
        f"Which {_units(found.language)} die first: chance to survive by frequency, {_title(found, name)} (simulated)",
        head + "".join(f"m={m}".rjust(8) for m in moments) + "   for instance",
    ]
    for i, band in enumerate(found.bands):
        if band.words:
            chances = "".join(_chance(result.survival[i, m]).rjust(8) for m in moments)
            shown = ", ".join(_visible(word) for word in band.examples[:4])
            lines.append(f"{band.label:<22}{band.words:>10,}{chances}   {shown}")
    return lines


def _decay_lines(decay: DecayResult) -> list[str]:
    fit = decay.fit
    lines = [f"Decay of heterozygosity, fully synthetic, n = {decay.n} ({fit.chains} chains)"]
    if fit.identifiable:
        low, high = fit.rate_interval
        lines.append(f"fitted {fit.rate:.5f} per generation, {fit.level:.0%} interval {low:.5f} to {high:.5f}")
    else:
        lines.append(f"fitted {fit}")
    lines.append(f"exact  {decay.exact_rate:.5f} = -ln(1 - 1/{decay.n})")
    return lines


def _units(language: Language) -> str:
    return "characters" if language.source.get("unit") == "character" else "words"


def _title(found: Report, name: str) -> str:
    regime = found.regimes[name].regime
    return f"{name} (+{regime.real:,} real)" if isinstance(regime, PartiallySynthetic) else name


def _alive(curve: Curve, m: int) -> str:
    shown = f"{curve.simulated.mean[m]:,.1f}"
    if curve.exact is None:
        return shown
    near = "" if curve.kind == "exact" else "~"
    return f"{shown} [{near}{curve.exact[m]:,.1f}]"


def _half(value: float, generations: int) -> str:
    return f"{value:.1f}" if np.isfinite(value) else f"more than {generations}"


def _chance(value: float) -> str:
    return f"{value:.0%}" if value > 0.995 or value < 0.0005 else f"{value:.1%}"


def _visible(token: str) -> str:
    return repr(token) if not token.strip() else token


def _short(per_million: float) -> str:
    rounded = float(f"{per_million:.3g}")
    return f"{rounded:,.0f}" if rounded >= 1000 else f"{rounded:g}"


def _write_curves(found: Report) -> None:
    with open(found.folder / "curves.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        levels = next(iter(found.regimes.values())).curves["support"].simulated.levels
        quantiles = [f"quantile_{level:g}" for level in levels]
        rows.writerow(
            ["regime", "n", "statistic", "generation", "mean", "standard_error", *quantiles, "theory", "kind"]
        )
        runs_ = [(name, found.configuration["n"], r.curves) for name, r in found.regimes.items()]
        runs_.append(("fully-synthetic", found.decay.n, {"heterozygosity": found.decay.curve}))
        for name, n, curves in runs_:
            for statistic, curve in curves.items():
                simulated = curve.simulated
                for m in simulated.generation:
                    exact = "" if curve.exact is None else repr(float(curve.exact[m]))
                    numbers = (simulated.mean[m], simulated.standard_error[m], *simulated.quantiles[:, m])
                    rows.writerow([name, n, statistic, m, *(repr(float(x)) for x in numbers), exact, curve.kind])


def _write_words(found: Report) -> None:
    with open(found.folder / "words.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["regime", "per_million_from", "per_million_to", "words", "generation", "survival", "theory", "kind"]
        )
        for name, result in found.regimes.items():
            for i, band in enumerate(found.bands):
                if band.words:
                    for m in range(found.configuration["generations"] + 1):
                        found_ = (result.survival, result.survival_error, result.survival_exact)
                        shares = [repr(float(values[i, m])) for values in found_]
                        low, high = (float(f"{edge * 1e6:.4g}") for edge in (band.low, band.high))
                        rows.writerow([name, low, high, band.words, m, *shares, result.survival_kind])


def _write_json(found: Report, seconds: float) -> None:
    def finite(value: float) -> float | None:
        return float(value) if np.isfinite(value) else None

    generations = found.configuration["generations"]
    regimes = {}
    for name, result in found.regimes.items():
        mean = result.curves["support"].simulated.mean
        regimes[name] = {
            "regime": {k: v for k, v in dataclasses.asdict(result.regime).items() if v is not None},
            "vocabulary_half_life": finite(analysis.half_life(mean)),
            "lost_after": {str(m): finite(analysis.lost_after(mean, m)) for m in LOSSES if m <= generations},
            "theory": {statistic: curve.kind or "none" for statistic, curve in result.curves.items()},
            "scheme": "labels",
        }
    fit = dataclasses.asdict(found.decay.fit)
    fit = {k: finite(v) if isinstance(v, float) else v for k, v in fit.items()}
    fit["rate_interval"] = [finite(edge) for edge in found.decay.fit.rate_interval]
    document = {
        "configuration": found.configuration,
        "regimes": regimes,
        "decay": {"n": found.decay.n, "exact_rate": found.decay.exact_rate, "fit": fit},
        "bands": [dataclasses.asdict(band) for band in found.bands],
        "provenance": provenance.provenance() | {"seconds": round(seconds, 1)},
    }
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    (found.folder / "report.json").write_text(text + "\n", encoding="utf-8")

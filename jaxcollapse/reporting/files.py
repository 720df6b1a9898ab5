"""A report as files: numbers as CSV, and how they were made as JSON."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import pathlib
import zlib
from typing import Any

import jax
import numpy as np

from jaxcollapse import analysis
from jaxcollapse.reporting.results import LOSSES, Report
from jaxcollapse.runs import provenance


def write_all(found: Report, seconds: float) -> None:
    """Write ``curves.csv``, ``words.csv`` or ``contexts.csv``, ``summary.txt`` and, last, ``report.json``."""
    _write_curves(found)
    _write_bands(found)
    (found.folder / "summary.txt").write_text(found.summary + "\n", encoding="utf-8")
    _write_json(found, seconds)


def _write_curves(found: Report) -> None:
    with open(found.folder / "curves.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        levels = next(iter(found.regimes.values())).curves["support"].simulated.levels
        quantiles = [f"quantile_{level:g}" for level in levels]
        rows.writerow(
            ["regime", "n", "statistic", "generation", "mean", "standard_error", *quantiles, "theory", "kind"]
        )
        runs_ = [(name, found.configuration["n"], r.curves) for name, r in found.regimes.items()]
        if found.decay is not None:
            runs_.append(("fully-synthetic", found.decay.n, {"heterozygosity": found.decay.curve}))
        for name, n, curves in runs_:
            for statistic, curve in curves.items():
                simulated = curve.simulated
                for m in simulated.generation:
                    exact = "" if curve.exact is None else repr(float(curve.exact[m]))
                    numbers = (simulated.mean[m], simulated.standard_error[m], *simulated.quantiles[:, m])
                    rows.writerow([name, n, statistic, m, *(repr(float(x)) for x in numbers), exact, curve.kind])


def _write_bands(found: Report) -> None:
    kind = "contexts" if found.of_contexts else "words"
    with open(found.folder / f"{kind}.csv", "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        head = ("regime", "per_million_from", "per_million_to", kind, "generation")
        rows.writerow([*head, "survival", "standard_error", "theory", "kind"])
        for name, result in found.regimes.items():
            for i, band in enumerate(found.bands):
                if band.count:
                    for m in range(found.configuration["generations"] + 1):
                        by_theory = result.survival_exact
                        shares = [repr(float(values[i, m])) for values in (result.survival, result.survival_error)]
                        shares.append("" if by_theory is None else repr(float(by_theory[i, m])))
                        low, high = (float(f"{edge * 1e6:.4g}") for edge in (band.low, band.top))
                        rows.writerow([name, low, high, band.count, m, *shares, result.survival_kind])


def _write_json(found: Report, seconds: float) -> None:
    generations = found.configuration["generations"]
    regimes = {}
    for name, result in found.regimes.items():
        mean = result.left.simulated.mean
        regimes[name] = {
            "regime": {k: v for k, v in dataclasses.asdict(result.regime).items() if v is not None},
            **({"sizes": result.sizes} if result.sizes else {}),
            "choice_half_life" if result.sizes else "vocabulary_half_life": finite(analysis.half_life(mean)),
            "lost_after": {str(m): finite(analysis.lost_after(mean, m)) for m in LOSSES if m <= generations},
            "remembered": result.remembered,
            "theory": {statistic: curve.kind or "none" for statistic, curve in result.curves.items()},
        }
    decay: dict[str, Any] = {}
    if found.decay is not None:
        fit = {name: finite(value) for name, value in found.decay.fit.as_dict().items()}
        decay = {"decay": {"n": found.decay.n, "exact_rate": found.decay.exact_rate, "fit": fit}}
    document = {
        "configuration": found.configuration,
        "regimes": regimes,
        **decay,
        "bands": [dataclasses.asdict(band) for band in found.bands],
        "provenance": provenance.provenance() | {"seconds": round(seconds, 1)},
    }
    plain = lambda sizes: np.asarray(sizes).tolist()  # of a schedule
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False, default=plain)
    (found.folder / "report.json").write_text(text + "\n", encoding="utf-8")


def finite(value: Any) -> Any:
    """Numbers as JSON has them: None for NaN and infinity."""
    if isinstance(value, list | tuple):
        return [finite(of) for of in value]
    return (float(value) if np.isfinite(value) else None) if isinstance(value, float) else value


def key_for(key: jax.Array, name: str) -> jax.Array:
    """A key by name, so that what else is in the report changes nothing."""
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def writable(out: str | os.PathLike[str]) -> pathlib.Path:
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

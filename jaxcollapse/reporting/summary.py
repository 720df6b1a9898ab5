"""A report on words or contexts as sentences and tables."""

from __future__ import annotations

import numpy as np

from jaxcollapse import analysis
from jaxcollapse.reporting.report_results import Curve, DecayResult, Report
from jaxcollapse.reporting.wording import LOSSES, Wording, generations_shown, tokens_a_generation

ABREAST = 3
"""The number of regimes that stand side by side in a table."""


def summarise(found: Report, wording: Wording) -> str:
    """Return the report as a short text."""
    language, settings = found.language, found.configuration
    generations = settings["generations"]
    lines = [
        f"{language.name}: {language.support:,} {found.units}, {settings['chains']} chains of "
        f"{generations} generation{'s' if generations > 1 else ''}, "
        f"{tokens_a_generation(settings)}, seed {settings['seed']}",
        *(f"{result.title}: {result.remembered}" for result in found.regimes.values() if result.remembered),
        "",
        f"{wording.left} by generation (mean over chains; exact in brackets, ~ approximate)",
    ]
    every = list(found.regimes)
    for i in range(0, len(every), ABREAST):
        if i:
            lines.append("")
        lines += _survivors(found, every[i : i + ABREAST])
    lines += ["", *_bands_table(found, wording)]
    if found.decay is not None:
        lines += ["", *_decay_lines(found.decay)]
    return "\n".join(lines)


def _survivors(found: Report, names: list[str]) -> list[str]:
    """Return the table of what is left by generation, one column for each regime."""
    generations = found.configuration["generations"]
    results = [found.regimes[name] for name in names]
    width = max(26, *(len(result.title) + 2 for result in results))
    means = [result.left.simulated.mean for result in results]
    rows = {"generation": [result.title for result in results]}
    rows |= {str(m): [_alive(result.left, m) for result in results] for m in generations_shown(generations)}
    rows["half-life"] = [_half(analysis.half_life(mean), generations) for mean in means]
    for m in LOSSES:
        if m <= generations:
            rows[f"lost by {m}"] = [f"{analysis.lost_after(mean, m):.1%}" for mean in means]
    return [head.ljust(12) + "".join(cell.rjust(width) for cell in cells) for head, cells in rows.items()]


def _bands_table(found: Report, wording: Wording) -> list[str]:
    """Return the table of what survives by frequency, in the regime where most is lost."""
    result = found.worst
    generations = found.configuration["generations"]
    shown_at = sorted({m for m in LOSSES if m <= generations} | {generations})
    head = "uses per million".ljust(22) + found.banded.rjust(10)
    lines = [
        f"Which {found.banded} {wording.fate}: {wording.survival} by frequency, {result.title} (simulated)",
        head + "".join(f"m={m}".rjust(8) for m in shown_at) + "   for instance",
    ]
    for i, band in enumerate(found.bands):
        if band.count:
            chances = "".join(_chance(result.survival[i, m]).rjust(8) for m in shown_at)
            shown = ", ".join(_visible(word) for word in band.examples[:4])
            lines.append(f"{band.label:<22}{band.count:>10,}{chances}   {shown}")
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
    return token if token and token.isprintable() and token == token.strip() else repr(token)

"""A report as a short text."""

from __future__ import annotations

import numpy as np

from jaxcollapse import analysis
from jaxcollapse.reporting.results import LOSSES, MOMENTS, Curve, DecayResult, Report, tokens_a_generation

ABREAST = 3
"""Regimes side by side in a table."""


def summarise(found: Report) -> str:
    """The report as a short text table."""
    language, settings = found.language, found.configuration
    generations = settings["generations"]
    lines = [
        f"{language.name}: {language.support:,} {found.units}, {settings['chains']} chains of "
        f"{generations} generation{'s' if generations > 1 else ''}, "
        f"{tokens_a_generation(settings)}, seed {settings['seed']}",
        *(f"{result.title}: {result.remembered}" for result in found.regimes.values() if result.remembered),
        "",
        f"{_what(found)} by generation (mean over chains; exact in brackets, ~ approximate)",
    ]
    moments = [m for m in MOMENTS if m <= generations]
    if moments[-1] != generations:
        moments.append(generations)
    every = list(found.regimes)
    for i in range(0, len(every), ABREAST):
        if i:
            lines.append("")
        lines += _survivors(found, every[i : i + ABREAST], moments)
    lines += ["", *_bands_table(found)]
    if found.decay is not None:
        lines += ["", *_decay_lines(found.decay)]
    return "\n".join(lines)


def _what(found: Report) -> str:
    if found.of_contexts:
        return f"Of the {found.units} that may follow a context, how many are left, mean by the contexts' frequency,"
    return f"Surviving {found.units}"


def _survivors(found: Report, names: list[str], moments: list[int]) -> list[str]:
    """The vocabulary left by generation, one column for each regime."""
    generations = found.configuration["generations"]
    width = max(26, *(len(found.regimes[name].title) + 2 for name in names))
    lines = ["generation".ljust(12) + "".join(found.regimes[name].title.rjust(width) for name in names)]
    for m in moments:
        cells = (_alive(found.regimes[name].left, m).rjust(width) for name in names)
        lines.append(f"{m:<12}" + "".join(cells))
    halves = (_half(analysis.half_life(found.regimes[name].left.simulated.mean), generations) for name in names)
    lines.append("half-life".ljust(12) + "".join(half.rjust(width) for half in halves))
    for m in LOSSES:
        if m <= generations:
            means = (found.regimes[name].left.simulated.mean for name in names)
            lost = "".join(f"{analysis.lost_after(mean, m):.1%}".rjust(width) for mean in means)
            lines.append(f"lost by {m}".ljust(12) + lost)
    return lines


def _bands_table(found: Report) -> list[str]:
    """Which words die first, or which contexts lose most, in the regime where most is lost."""
    result = found.worst
    generations = found.configuration["generations"]
    moments = [m for m in LOSSES if m <= generations]
    if generations not in moments:
        moments.append(generations)
    head = "uses per million".ljust(22) + found.banded.rjust(10)
    question = f"Which {found.units} die first: chance to survive"
    if found.of_contexts:
        question = "Which contexts lose most: share left of all that may follow them,"
    lines = [
        f"{question} by frequency, {result.title} (simulated)",
        head + "".join(f"m={m}".rjust(8) for m in moments) + "   for instance",
    ]
    for i, band in enumerate(found.bands):
        if band.count:
            chances = "".join(_chance(result.survival[i, m]).rjust(8) for m in moments)
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

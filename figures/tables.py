"""Tables in Markdown, from the data of a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

SURE = 4.0
"""Standard errors below 1 that a ratio must be to be called less: of 55 ratios of 1, one is in 300 tables."""


def plus_minus(value: Any, scale: float = 1.0) -> str:
    """``[value, error]``, with two digits of the error, and what is exact in brackets: ``[value, error, exact]``."""
    parts = [float(part) * scale for part in value]
    if parts[1] <= 1e-9 * abs(parts[0]):  # every chain ended alike
        return f"{parts[0]:.4g} ± 0"
    places = max(0, 1 - int(np.floor(np.log10(parts[1]))))
    shown = [f"{part:.{places}f}" if float(f"{part:.{places}f}") else "0" for part in parts]
    return f"{shown[0]} ± {shown[1]}" + "".join(f" ({exact})" for exact in shown[2:])


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table, and an empty one."""
    return [*(f"| {' | '.join(row)} |" for row in (header, ["---"] * len(header), *rows)), ""]


def ranked(cells: dict[str, Any]) -> list[str]:
    """Treatments, those first that leave the least deviation: by the mean over regimes of the ratio's logarithm."""
    logs = {of: np.mean([np.log(row[of]["ratio"][0]) for row in cells.values()]) for of in next(iter(cells.values()))}
    return sorted(logs, key=logs.__getitem__)


def treatments_table(data: dict[str, Any], settings: str) -> str:
    """``treatments.md``: what mitigates, at a glance, and then every cell."""
    cells, last = data["cells"], int(data["last"])
    order, first = ranked(cells), next(iter(cells))
    less = {of: [bool(_less(row[of]["ratio"])) for row in cells.values()] for of in order if of != "as it is"}
    some = [f"{of} ({sum(found)} of {len(cells)} regimes)" for of, found in less.items() if 0 < sum(found) < len(found)]
    lines = [
        "# What mitigates collapse, and what it costs",
        "",
        f"{settings} Values are ± one standard error over {int(data['chains'])} chains; exact values, where there are "
        "some, in brackets. Rows are sorted by what is left of the final deviation. Made by `figures/treatments.py`.",
        "",
        f"Less final deviation than without treatment in every regime: {_names(of for of in less if all(less[of]))}. "
        f"In some: {_names(some)}. In none: {_names(of for of in less if not any(less[of]))}.",
        "",
        "## At a glance",
        "",
        f"The deviation at m = {last} over that of the same regime as it is; bold where it is less, by more than "
        f"{SURE:g} standard errors. On the right what is paid before any collapse, by whoever reads the first model "
        "(fully synthetic): how many of its words are wrong, and how many it has in effect. "
        f"English has {data['effective']:.0f}.",
        "",
        *markdown(
            ["treatment", *cells, "wrong words, %", "effective words"],
            [
                [of, *(_ratio(row[of]["ratio"]) for row in cells.values())]
                + [plus_minus(cells[first][of][what]) for what in ("wrong", "rich")]
                for of in order
            ],
        ),
        "## Every cell",
        "",
        "Half-life: the generation at which the effective words, exp(entropy), are half of the first model's. "
        f"Deviation: E‖p^(m) - p‖² in thousandths. Bias: ‖E p^({last}) - p‖² likewise, estimated without bias, so it "
        "may come out negative. Wrong words: half the L1 distance of what model 1 writes, decoded, from English.",
        "",
    ]
    header = ["treatment", "half-life", f"effective words, m = {last}", f"deviation, m = {last}", "squared bias"]
    header += ["*cost:* deviation, m = 1", "*cost:* wrong words, %", "*cost:* effective words of the first text"]
    for regime, row in cells.items():
        lines += [f"### {regime}", ""]
        rows = []
        for of in sorted(row, key=lambda of, row=row: row[of]["end"][0]):
            cell = row[of]
            numbers = [_half(cell, last, int(data["chains"])), plus_minus(cell["words"])]
            numbers += [plus_minus(cell[what], 1000) for what in ("end", "bias", "first")]
            rows.append([of, *numbers, plus_minus(cell["wrong"]), plus_minus(cell["rich"])])
        lines += markdown(header, rows)
    return "\n".join(lines)


def _less(ratio: Any) -> bool:
    return ratio[0] + SURE * ratio[1] < 1


def _ratio(ratio: Any) -> str:
    if not ratio[1]:
        return "1" if ratio[0] == 1 else f"{ratio[0]:.3g}"
    return f"**{plus_minus(ratio)}**" if _less(ratio) else plus_minus(ratio)


def _half(cell: dict[str, Any], last: int, chains: int) -> str:
    reached = int(cell["reached"])
    if reached == chains:
        return plus_minus(cell["half"])
    return f"not by {last}" + (f", but in {reached} of {chains} chains" if reached else "")


def _names(names: Any) -> str:
    return "; ".join(names) or "none"

"""`python tests/verification/campaign [--seed N] [--cells N] [--out FOLDER]`: the whole campaign."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "contract"))  # every_other
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))  # verdict, twin, mutants and blind

import jax
import numpy as np
import verdict

import jaxcollapse as jc
from campaign import cells, checks, draws, figures, limits, power, published, whole_laws


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--cells", type=int, default=20 * len(cells.VARIANTS))
    parser.add_argument("--null-seeds", type=int, default=1000)
    parser.add_argument("--mutants", type=int, help="how many of them to try (default: all)")
    parser.add_argument("--out", default="verification", type=pathlib.Path)
    parser.add_argument("--mutant", help="run until this mutant is caught, and print what caught it")
    options = parser.parse_args()
    if options.mutant:
        print(json.dumps(power.catch(options.mutant, options.seed + 1)))
        return 0
    return campaign(options)


def campaign(options) -> int:
    began = time.perf_counter()
    options.out.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []

    def say(text: str = "") -> None:
        print(text, flush=True)
        lines.append(text)

    def since() -> str:
        return f"[{time.perf_counter() - began:5.0f} s]"

    say(f"jaxcollapse {jc.__version__}, jax {jax.__version__}, {jax.default_backend()}; seed {options.seed}")
    say(f"Every check rejects a right program with probability {verdict.RATE:g} at most (proven for bounded means and")
    say("for counts of outcomes), so the false-alarm rate of the whole is at most that times the number of checks.\n")

    findings = []
    for cell in cells.draw(options.seed, options.cells):
        for finding in checks.judge(cell, options.seed):
            findings.append(finding)
            if not finding.passed:
                say(f"REJECTED {finding.kind} {finding.cell}: {finding.statistic} at m={finding.m}: "
                    f"{finding.mean:.5f} against {finding.exact:.5f}")  # fmt: skip
    write_table(options.out / "cells.csv", findings)
    say(f"{since()} {options.cells} cells, {checks.CHAINS:,} chains each ({checks.TWINS} of the twin)")
    for line in by_regime(findings):
        say(line)

    checked = sum(finding.checks for finding in findings)
    failed = [finding for finding in findings if not finding.passed]
    for title, cases, judge in (
        ("whole laws by enumeration, first Dirac mass", whole_laws.CASES, whole_laws.judge),
        ("limits in which regimes coincide", limits.LIMITS, limits.judge),
    ):
        say(f"\n{since()} {title}")
        for case in cases:
            found = list(judge(case, options.seed))
            checked += sum(count for _, count, _ in found)
            wrong = [what for what, _, agrees in found if not agrees]
            failed += wrong
            count = sum(count for _, count, _ in found)
            say(f"  {case:<58} {count:>5} checks  {'REJECTED ' + str(wrong) if wrong else 'agree'}")

    say(f"\n{since()} published numbers")
    for what, known, found, agrees in published.judge(options.seed):
        checked += 1
        failed += [] if agrees else [what]
        say(f"  {'agrees  ' if agrees else 'REJECTED'} {what}: {float(known):.4g}, found {float(found):.4g}")

    say(f"\n{since()} draws: {draws.DRAWS:.0e} of each, {draws.COMMUTING_POINTS:.0e} points with the dead and without")
    drawn, started = [], time.perf_counter()
    for finding in draws.judge(options.seed):
        drawn.append(finding)
        checked += finding.checks
        failed += [] if finding.passed else [finding.what]
        say(f"  {'agrees  ' if finding.passed else 'REJECTED'} {finding.what}: {finding.found}")
    write_rows(options.out / "draws.csv", [finding._asdict() for finding in drawn])
    say(f"  {sum(finding.checks for finding in drawn)} checks in {time.perf_counter() - started:.0f} s")

    say(f"\n{since()} size: the slice of make test under {options.null_seeds} keys")
    null = power.null_run(options.seed, options.null_seeds)
    say(f"  {null['checks a seed']} checks a key; keys with an alarm: {null['seeds with an alarm']} "
        f"(at most {null['expected at most']:.2f} expected)")  # fmt: skip
    for rate, share in null["alarms by nominal rate"].items():
        say(f"  nominal rate {rate:g}: {share:.2e} of the checks rejected")
    failed += [] if null["passed"] else ["the null run"]

    say(f"\n{since()} power: mutants written by another hand")
    mutants = power.all_mutants(options.seed, options.mutants, say)
    failed += [row["mutant"] for row in mutants if not row["caught"]]
    write_rows(options.out / "mutants.csv", mutants)

    figures.save(findings, options.out)
    rate = checked * verdict.RATE
    say(f"\n{since()} {checked:,} checks (null run and mutants apart); false alarm of the whole: at most {rate:.2g}")
    caught = sum(row["caught"] for row in mutants)
    say(f"{caught} of {len(mutants)} mutants caught")
    say("PASSED" if not failed else f"FAILED: {len(failed)}")
    (options.out / "summary.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if failed else 0


def by_regime(findings) -> list[str]:
    """A line a regime: cells, checks, and the nearest to rejection."""
    head = f"  {'regime':<40}{'cells':>6}{'checks':>8}{'engine':>9}{'twin':>9}{'both':>9}"
    lines = [head + "   nearest to rejection (share of what is allowed)"]
    for variant in cells.VARIANTS:
        mine = [finding for finding in findings if finding.variant == variant]
        if not mine:
            continue
        worst = max((finding for finding in mine if finding.kind != "both"), key=lambda finding: finding.used)
        passed = {
            kind: f"{sum(f.passed for f in mine if f.kind == kind)}/{sum(f.kind == kind for f in mine)}"
            for kind in ("engine", "twin", "both")
        }
        counts = f"{len({f.cell for f in mine}):>6}{sum(f.checks for f in mine):>8}"
        kinds = "".join(f"{passed[kind]:>9}" for kind in passed)
        lines.append(f"  {variant:<40}{counts}{kinds}   {worst.kind} {worst.statistic} {worst.used:.2f}")
    return lines


def write_table(path: pathlib.Path, findings) -> None:
    write_rows(path, [dataclasses.asdict(finding) for finding in findings])


def write_rows(path: pathlib.Path, rows: list[dict]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


if __name__ == "__main__":
    np.seterr(all="warn", under="ignore")  # chances below 1e-308 may well be zero
    sys.exit(main())

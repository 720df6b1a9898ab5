"""``jaxcollapse simulate``: one setting, and the mean of each statistic beside its exact value."""

from __future__ import annotations

import csv
import dataclasses
import os
from typing import Annotated

import jax
import tyro

from jaxcollapse.cli.simulation_settings import SimulationSettings
from jaxcollapse.cli.text_table import NO_MEAN, interrupted, rows_of, run_quietly, show
from jaxcollapse.statistics import named

MEANS = ", ".join(name for name in named() if name not in NO_MEAN)
Recorded = Annotated[tuple[str, ...], tyro.conf.arg(metavar="STATISTIC ...", help=f"any of: {MEANS}")]


@dataclasses.dataclass(frozen=True)
class Simulate:
    """Simulate one regime and print the mean over chains, its standard error and the exact value."""

    # a text file of any size, the language to study
    text: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="[TEXT]")] = None
    simulation: Annotated[SimulationSettings, tyro.conf.arg(name="")] = dataclasses.field(
        default_factory=SimulationSettings
    )
    record: Recorded = ("heterozygosity", "support")
    out: str | None = None  # a CSV file for every generation; without it, some are printed
    quiet: bool = False  # no progress bar

    def execute(self) -> None:
        """Simulate, then print the table or write it; raise KeyboardInterrupt afterwards if the run was interrupted."""
        plan = self.simulation.plan(self.text, fewest_chains=2, remedy="errors need at least two")
        for name in set(NO_MEAN) & set(self.record):
            raise ValueError(
                f"the statistic {name!r} has no mean to print, {NO_MEAN[name]}; record it with jaxcollapse run"
            )
        # The file is opened before the work, lest the work be lost.
        with open(self.out or os.devnull, "w", newline="", encoding="utf-8") as file:
            print(plan.heading, flush=True)
            sizes = {"chains": plan.chains, "generations": plan.generations}
            key = jax.random.key(plan.seed)
            trace = run_quietly(key, plan.process, **sizes, record=self.record, progress=not self.quiet)
            rows = rows_of(trace, plan.process, self.record)
            written = csv.writer(file)
            written.writerow(["statistic", "generation", "mean", "standard_error", "exact"])
            written.writerows(rows)
        if self.out:
            print(f"{len(rows)} rows are in {self.out}")
        else:
            show(rows)
        if interrupted(trace):
            raise KeyboardInterrupt("interrupted; what is printed is what was done")

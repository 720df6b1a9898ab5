"""``jaxcollapse run``: a run of any length from a file, from flags, or from both."""

from __future__ import annotations

import dataclasses
import math
import os
from typing import Annotated, Any, Literal

import jax
import tyro
from tyro.constructors import PrimitiveConstructorSpec

from jaxcollapse import saving
from jaxcollapse.cli.config_file import read_config
from jaxcollapse.cli.setting_types import replaced, types_of
from jaxcollapse.cli.several_processes import ProcessSettings
from jaxcollapse.cli.simulation_settings import Plan, SimulationSettings
from jaxcollapse.cli.text_table import NO_MEAN, interrupted, rows_of, run_quietly, show
from jaxcollapse.statistics import named

EXAMPLE = """\
language = "zipf:1000:1.1"          # or "en"; or text = "novel.txt"
regime = "partially-synthetic"
n = 500
real = 50
chains = 2000
generations = 40
record = ["heterozygosity", "support"]
every = 10
"""
EPILOG = f"""
example of CONFIG.toml: keys are the flags, with _ for -; flags win over it, and paths are as in flags
{"".join(f"  {line}" for line in EXAMPLE.splitlines(keepends=True))}
  jaxcollapse run config.toml --chains 1000000 --checkpoint half-done --out run.nc
  jaxcollapse run config.toml --chains 1000000 --checkpoint half-done --out run.nc --resume

exit codes:
  0    all is done
  1    what was asked for cannot be done, or a checkpoint or --out cannot be written
  2    the flags are not understood
  130  interrupted; what is done is in the checkpoint and in --out, if these were given
"""
OF_ONE_CALL = ("resume", "quiet", *types_of(ProcessSettings))
"""What no file holds."""
OPTIONS = ("record", "every", "keep", "levels", "until", "piece", "chunk", "checkpoint", "checkpoint_seconds")
"""What goes to :func:`jaxcollapse.run` under its own name, where it is given."""


def _ends(words: list[str]) -> str | dict[str, float]:
    """Return what the words after --until stand for: ``collapsed``, or statistics and their standard errors."""
    if words == ["collapsed"]:
        return "collapsed"
    if "collapsed" in words or not words:
        raise ValueError("give collapsed alone, or standard errors")
    errors = {}
    for word in words:
        name, _, error = word.partition("=")
        try:
            errors[name] = float(error)
        except ValueError:
            raise ValueError(f"must be collapsed or as support=0.01, got {word!r}") from None
    return errors


Recorded = Annotated[tuple[str, ...], tyro.conf.arg(metavar="STATISTIC ...", help=f"any of: {', '.join(named())}")]
Ends = Annotated[
    Any,  # a string, numbers by name, or None
    PrimitiveConstructorSpec("*", "END ...", _ends, lambda value: True, lambda value: [str(value)]),
]


@dataclasses.dataclass(frozen=True)
class Run:
    """Simulate one regime as simulate does, from a TOML file, flags or both, with checkpoints."""

    # a file of settings; its keys are the flags
    config: Annotated[tyro.conf.Positional[str | None], tyro.conf.arg(metavar="[CONFIG.toml]")] = None
    text: str | None = None  # a text file of any size, the language to study
    simulation: Annotated[SimulationSettings, tyro.conf.arg(name="")] = dataclasses.field(
        default_factory=lambda: SimulationSettings(chains=1000)
    )
    record: Recorded = ("heterozygosity", "support")
    every: int | None = None  # record each so many-th generation (default: 1)
    keep: Literal["ensemble", "chains"] = "ensemble"  # means, errors and quantiles only, or every value of every chain
    # of quantiles, which go to --out (default: 0.05 0.25 0.5 0.75 0.95); none saves time
    levels: list[float] | None = None
    # 'collapsed': no further than all chains need to collapse for ever (fully-synthetic); or STATISTIC=ERROR ...: as
    # many chains as give these standard errors, --chains at most (in a file: until = "collapsed", or a
    # table as {support = 0.01})
    until: Ends = None
    piece: int | None = None  # generations between pauses (default: some twenty pauses)
    chunk: int | None = None  # chains in flight (default: as many as memory likes)
    checkpoint: str | None = None  # the folder where to keep what is done, to go on with --resume
    checkpoint_seconds: float | None = None  # seconds between checkpoints, at least (default: 30)
    resume: bool = False  # go on with what the checkpoint holds, if it holds anything
    out: str | None = None  # a netCDF file, FILE.nc, for the results (needs the extra 'results')
    quiet: bool = False  # no progress bar
    several_processes: ProcessSettings = dataclasses.field(default_factory=ProcessSettings)

    def defaults_of_file(self) -> Run:
        """Return the command that the file alone describes; the flags' text or language displaces both of the file."""
        types = {name: of for name, of in types_of(Run).items() if name not in ("config", *OF_ONE_CALL)}
        held = read_config(str(self.config), types, OF_ONE_CALL)
        if self.text is not None or self.simulation.language.language is not None:
            held = {name: value for name, value in held.items() if name not in ("text", "language")}
        if "record" in held:
            held["record"] = tuple(held["record"])
        return replaced(Run(), held)

    def execute(self) -> None:
        """Run, save the results and print the table; raise KeyboardInterrupt afterwards if the run was interrupted."""
        self.several_processes.join()
        if self.resume and self.checkpoint is None:
            raise ValueError("--resume goes on with a checkpoint; say with --checkpoint FOLDER where it is")
        for name in set(NO_MEAN) & set(self.record if self.out is None else ()):
            raise ValueError(
                f"the statistic {name!r} has no mean to print, {NO_MEAN[name]}; give --out FILE.nc to keep it"
            )
        plan = self.simulation.plan(self.text, dashes="" if self.config else "--")
        seconds = self.checkpoint_seconds
        if seconds is not None and not 0 <= seconds < math.inf:
            raise ValueError(f"checkpoint_seconds must be a number of seconds, 0 or more, got {seconds}")
        out = None if self.out is None else _writable(self.out, every_process=self.keep == "chains")
        first = jax.process_index() == 0
        if first:
            print(plan.heading, flush=True)
        result = self._result(plan)
        stopped = interrupted(result)
        try:
            if out is not None and (first or self.keep == "chains"):
                saving.save(result, out)
        finally:  # means are not lost where a file cannot be written
            if first:
                self._tell(result, plan, stopped)
        if first and out is not None:
            print(f"\nResults are in {out}")
        if stopped:
            kept = "" if out is None else f"; what is done is in {out}"
            raise KeyboardInterrupt(f"interrupted{kept}; {self._how_to_go_on()}")

    def _result(self, plan: Plan) -> Any:
        """Return what :func:`jaxcollapse.run` returns; put its advice in terms of the command line."""
        given = {name: value for name in OPTIONS if (value := getattr(self, name)) is not None}
        given |= {"chains": plan.chains, "generations": plan.generations, "resume": self.resume}
        try:
            return run_quietly(jax.random.key(plan.seed), plan.process, **given, progress=not self.quiet)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"interrupted, without results; {self._how_to_go_on()}") from None
        except ValueError as error:
            raise ValueError(str(error).replace("pass resume=True", "add --resume")) from None

    def _tell(self, result: Any, plan: Plan, stopped: bool) -> None:
        """Print the table, and whose means it holds where these are not all the chains that were wanted."""
        show(rows_of(result, plan.process, self.record))
        if result.chains != plan.chains:
            several = jax.process_count() > 1
            whose = "that are whole" if stopped else "of this process" if several else "that were wanted"
            print(f"\nMeans are those of {result.chains} chains, {whose}.")

    def _how_to_go_on(self) -> str:
        """Return how an interrupted run goes on, as the end of a sentence."""
        resumed = "the same command with --resume goes on"
        return resumed if self.checkpoint else "with --checkpoint FOLDER it could go on later"


def _writable(path: str, *, every_process: bool) -> str:
    """Return the file that this process writes; refuse it before the work, lest the work be lost."""
    saving.check_packages()
    stem, suffix = os.path.splitext(path)
    if suffix != ".nc":
        raise ValueError(f"out must be a file that ends in .nc, for it is netCDF, got {path!r}")
    if every_process and jax.process_count() > 1:
        path = f"{stem}-process-{jax.process_index()}{suffix}"
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"cannot write {path}: there is no folder {folder}")
    if os.path.isdir(path):
        raise IsADirectoryError(f"cannot write {path}: it is a folder; name a file in it")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"cannot write {path}: the folder {folder} may not be written to")
    return path

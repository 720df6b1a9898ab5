"""The command line: ``jaxcollapse report``, ``jaxcollapse simulate`` and ``jaxcollapse run``."""

from __future__ import annotations

import argparse
import csv
import difflib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from jaxcollapse import check
from jaxcollapse.cli import run_command, simulate_command
from jaxcollapse.cli.options import (
    NO_MEAN,
    add_language,
    add_learner,
    add_settings,
    add_simulation,
    add_sizes,
    filled,
    language_of,
    learner_of,
    settings,
)

DESCRIPTION = """\
What happens to a language when a model is trained, generation after generation, on text that earlier
generations wrote. Simulates many independent chains exactly and shows the exact theory beside them."""

EPILOG = """\
examples:
  jaxcollapse report                              50,000 words of English, a million tokens a generation
  jaxcollapse report novel.txt --chains 64        the words of your own text, as many tokens as it has
  jaxcollapse report novel.txt --model ngram --order 2   models that write, and what they write in the end
  jaxcollapse report novel.txt --model contexts   which characters may follow which, and how that is lost
  jaxcollapse report --language zipf:1000:1.1 --n 5000 --generations 300
  jaxcollapse simulate --language uniform:10 --n 50 --record heterozygosity collapsed
  jaxcollapse simulate --language uniform:10 --n 50 --regime most-recent --window 5
  jaxcollapse run config.toml --chains 1000000 --checkpoint half-done --out run.nc
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawTextHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        words = [word for word in message.split() if word.startswith("--")]
        if message.startswith("unrecognized arguments") and words:
            known = [option for action in self._all_actions() for option in action.option_strings]
            word = words[0].split("=")[0]
            near = difflib.get_close_matches(word, known, n=1)
            hint = "another command has it" if word in known else f"did you mean {near[0]}?" if near else ""
            message += f"; {hint}" if hint else ""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")

    def _all_actions(self) -> list[argparse.Action]:
        found = list(self._actions)
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    found += parser._actions
        return found


def _parser() -> _Parser:
    from jaxcollapse import __version__
    from jaxcollapse.regimes import REGIMES

    parser = _Parser(prog="jaxcollapse", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"jaxcollapse {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="{report,simulate,run}")

    report = commands.add_parser(
        "report",
        help="figures, numbers and a table: how fast a vocabulary dies",
        description="Simulate the collapse of a language; write figures (PNG, SVG) and numbers (CSV, JSON).",
    )
    add_language(report)
    two = list(REGIMES)[:2]
    report.add_argument(
        "--regimes",
        nargs="+",
        choices=REGIMES,
        default=two,
        metavar="NAME",
        help=f"{filled('any of', REGIMES)}\n(default: {' '.join(two)})",
    )
    add_sizes(report, n="default: as many as TEXT has, or a million", generations=100)
    report.set_defaults(generations=None)
    report.add_argument("--chains", type=int, help="independent runs of each regime (default: 16; ngram: 8)")
    report.add_argument("--seed", type=int, default=0, help="of all randomness (default: 0)")
    report.add_argument("--out", default="report", help="folder to write (default: report)")
    report.add_argument("--fit-n", type=int, help="words: tokens a generation where the rate is fitted (default: 100)")
    report.add_argument("--fit-chains", type=int, help="words: chains of that fit (default: 2000)")
    report.add_argument(
        "--held-out", type=float, help="ngram: share of TEXT, at its end, that models are tested on (default: 0.1)"
    )

    simulate = commands.add_parser(
        "simulate",
        help="one setting: the mean of each statistic beside its exact value",
        description="Simulate one regime and print the mean over chains, its standard error and the exact value.",
    )
    add_language(simulate)
    add_simulation(simulate, chains=256, leave_out=NO_MEAN)
    simulate.add_argument("--out", help="a CSV file for every generation; without it, some are printed")
    for command in (report, simulate):
        add_settings(command)
        add_learner(command)
    run_command.add(commands)
    return parser


def _report(options: argparse.Namespace) -> None:
    from jaxcollapse.reporting import report, report_text

    language = language_of(options)
    given: dict[str, Any] = {
        "regimes": options.regimes,
        "n": options.n,
        **settings(options),
        "seed": options.seed,
        "out": options.out,
        "progress": not options.quiet,
    }
    own = ("generations", "chains", "fit_n", "fit_chains")
    given |= {name: value for name in own if (value := getattr(options, name)) is not None}
    for name in ("fit_n", "fit_chains"):
        if name in given and options.model != "words":
            raise ValueError(f"{name.replace('_', '-')} is for reports on words; leave it out")
    found: Any
    if options.model == "ngram":
        share = 0.1 if options.held_out is None else options.held_out
        check.real_numbers("held_out", share, 0, 0.9)
        language, held_out = language.split(share) if share else (language, 0)
        found = report_text(language, learner=learner_of(options, language), held_out=held_out, **given)
    elif options.held_out is not None:
        raise ValueError("held-out is for models that write; say --model ngram")
    else:
        if options.model == "contexts":
            given["order"] = 1 if options.order is None else options.order
        found = report(language, learner=learner_of(options, language), **given)
    print(found.summary)
    print(f"\nFigures and numbers are in {found.folder}/")


def _simulate(options: argparse.Namespace) -> None:
    import jax

    from jaxcollapse import runs

    setting = simulate_command.setting_of(options)
    chains = check.static_whole_number("chains", options.chains, least=2, remedy="errors need at least two")
    seed = check.static_whole_number("seed", options.seed, least=0)
    for name in set(NO_MEAN) & set(options.record):
        raise ValueError(
            f"the statistic {name!r} has no mean to print, {NO_MEAN[name]}; record it with jaxcollapse run"
        )
    with open(options.out or os.devnull, "w", newline="", encoding="utf-8") as file:  # before the work, lest it be lost
        print(setting.told(chains, seed), flush=True)
        with simulate_command.interruptible():
            trace = runs.run(
                jax.random.key(seed),
                setting.process,
                chains=chains,
                generations=setting.generations,
                record=options.record,
                progress=not options.quiet,
            )
        rows = simulate_command.rows_of(trace, setting.process, options.record)
        written = csv.writer(file)
        written.writerow(["statistic", "generation", "mean", "standard_error", "exact"])
        written.writerows(rows)
    if options.out:
        print(f"{len(rows)} rows are in {options.out}")
    else:
        simulate_command.show(rows)
    if simulate_command.interrupted(trace):
        raise KeyboardInterrupt("interrupted; what is printed is what was done")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 1 for bad input, 2 for bad usage, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        {"report": _report, "simulate": _simulate, "run": run_command.run}[options.command](options)
    except KeyboardInterrupt as stop:
        print(f"jaxcollapse: {stop or 'interrupted'}", file=sys.stderr)
        return 130
    except OSError as error:
        reason = f"{error.filename!r}: {error.strerror}" if error.filename and error.strerror else str(error)
        print(f"jaxcollapse: {reason}", file=sys.stderr)
        return 1
    except (ValueError, TypeError, MemoryError, ImportError) as error:
        print(f"jaxcollapse: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The command line: ``jaxcollapse report`` and ``jaxcollapse simulate``."""

from __future__ import annotations

import argparse
import csv
import difflib
import os
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn

DESCRIPTION = """\
What happens to a language when a model is trained, generation after generation, on text that earlier
generations wrote. Simulates many independent chains exactly and shows the exact theory beside them."""

EPILOG = """\
examples:
  jaxcollapse report                              50,000 words of English, a million tokens a generation
  jaxcollapse report novel.txt --chains 64        the words of your own text, as many tokens as it has
  jaxcollapse report --language zipf:1000:1.1 --n 5000 --generations 300
  jaxcollapse simulate --language uniform:10 --n 50 --record heterozygosity collapsed
  jaxcollapse simulate --language uniform:10 --n 50 --regime most-recent --window 5
"""

LANGUAGES = """\
a language instead of TEXT: 'en', 'de', 'fr', ... (word frequencies, needs the extra 'english'),
zipf:VOCABULARY[:EXPONENT], uniform:VOCABULARY, dirichlet:VOCABULARY[:CONCENTRATION[:SEED]],
or seddik (600 tokens, 52 of them with mass, as in the paper); default: en"""


SETTINGS: dict[str, dict[str, Any]] = {
    "real": {"type": int, "help": "real tokens, kept for ever or new each generation (default: a tenth of n)"},
    "window": {"type": int, "help": "generations that are trained on (default: 2)"},
    "reuse": {
        "nargs": "?",
        "const": True,
        "choices": ("pool", "prefix"),
        "help": "train on tokens that each model wrote once, not on new ones;\n"
        "randomly-sampled: from their pool (as without a value), or prefixes of each model's text\n"
        "(default: new tokens)",
    },
    "budget": {"type": int, "help": "tokens of the pool that a model is trained on (default: n)"},
    "replacement": {
        "action": "store_const",
        "const": True,
        "help": "take these with replacement (default: a subset of the pool)",
    },
    "share": {"type": float, "help": "chance that a token is real (default: 0.1)"},
    "weight": {"type": float, "help": "how often a real token counts (default: once, as every token)"},
    "growth": {"type": float, "metavar": "RATIO", "help": "n grows by this factor a generation (default: it does not)"},
}
"""Options of regimes, by the name that the setting has in Python."""
NO_MEAN = {"spectrum": "it is a table a generation", "winner": "it is the number of a token"}


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawTextHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        words = [word for word in message.split() if word.startswith("--")]
        if message.startswith("unrecognized arguments") and words:
            known = [option for action in self._all_actions() for option in action.option_strings]
            near = difflib.get_close_matches(words[0].split("=")[0], known, n=1)
            message += f"; did you mean {near[0]}?" if near else ""
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
    from jaxcollapse.statistics import STATISTICS

    parser = _Parser(prog="jaxcollapse", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"jaxcollapse {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="{report,simulate}")

    report = commands.add_parser(
        "report",
        help="figures, numbers and a table: how fast a vocabulary dies",
        description="Simulate the collapse of a language; write figures (PNG, SVG) and numbers (CSV, JSON).",
    )
    _add_language(report)
    known = textwrap.fill("any of: " + ", ".join(REGIMES), 80)
    two = list(REGIMES)[:2]
    report.add_argument(
        "--regimes",
        nargs="+",
        choices=REGIMES,
        default=two,
        metavar="NAME",
        help=f"{known}\n(default: {' '.join(two)})",
    )
    _add_sizes(report, n="default: as many as TEXT has, or a million", generations=100)
    report.add_argument("--chains", type=int, default=16, help="independent runs of each regime (default: 16)")
    report.add_argument("--seed", type=int, default=0, help="of all randomness (default: 0)")
    report.add_argument("--out", default="report", help="folder to write (default: report)")
    report.add_argument(
        "--fit-n", type=int, default=100, help="tokens a generation where the rate is fitted (default: 100)"
    )
    report.add_argument("--fit-chains", type=int, default=2000, help="chains of that fit (default: 2000)")

    simulate = commands.add_parser(
        "simulate",
        help="one setting: the mean of each statistic beside its exact value",
        description="Simulate one regime and print the mean over chains, its standard error and the exact value.",
    )
    _add_language(simulate)
    simulate.add_argument(
        "--regime",
        choices=REGIMES,
        default=two[0],
        metavar="NAME",
        help=known.replace("any", "one") + f"\n(default: {two[0]})",
    )
    _add_sizes(simulate, n="default: 1000", generations=50)
    simulate.add_argument("--chains", type=int, default=256, help="independent runs (default: 256)")
    simulate.add_argument("--seed", type=int, default=0, help="of all randomness (default: 0)")
    simulate.add_argument(
        "--record",
        nargs="+",
        default=["heterozygosity", "support"],
        metavar="STATISTIC",
        help=textwrap.fill("any of: " + ", ".join(name for name in STATISTICS if name not in NO_MEAN), 80)
        + "\n(default: heterozygosity support)",
    )
    simulate.add_argument("--out", help="a CSV file for every generation; without it, some are printed")
    for command in (report, simulate):
        _add_settings(command)
    return parser


def _add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="?", metavar="TEXT", help="a text file of any size, the language to study")
    parser.add_argument("--language", metavar="NAME", help=LANGUAGES)
    parser.add_argument(
        "--words", type=int, help="keep the most frequent words only (default: 50000 of a NAME, all of a TEXT)"
    )
    parser.add_argument("--unit", choices=("word", "character"), default="word", help="tokens of TEXT (default: word)")
    parser.add_argument("--encoding", default="utf-8", help="of TEXT (default: utf-8)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def _add_settings(parser: argparse.ArgumentParser) -> None:
    from jaxcollapse.regimes import REGIMES
    from jaxcollapse.reporting.settings import settings_of

    group = parser.add_argument_group("settings that some regimes have")
    for name, options in SETTINGS.items():
        having = [regime for regime in REGIMES if name in settings_of(regime)]
        whose = "all regimes" if len(having) == len(REGIMES) else ", ".join(having)
        group.add_argument(f"--{name}", **{**options, "help": f"{whose}:\n{options['help']}"})


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    return {name: getattr(options, name) for name in SETTINGS}


def _add_sizes(parser: argparse.ArgumentParser, *, n: str, generations: int) -> None:
    parser.add_argument("--n", type=int, help=f"tokens a generation is trained on ({n})")
    parser.add_argument("--generations", type=int, default=generations, help=f"the last one (default: {generations})")


def language_of(options: argparse.Namespace) -> Any:
    """The language that the options name.

    Raises:
      ValueError: for a name that is not one, or when both a text and a name are given.
    """
    from jaxcollapse import languages

    if options.text is not None:
        if options.language is not None:
            raise ValueError(f"give TEXT or --language, not both: got {options.text!r} and {options.language!r}")
        language = languages.from_text(options.text, unit=options.unit, encoding=options.encoding)
    else:
        language = named_language(options.language or "en", options.words)
    return language if options.words is None else language.most_frequent(options.words)


def named_language(name: str, words: int | None = None) -> Any:
    """A language by its name on the command line, as ``zipf:1000:1.1`` or ``en``.

    Raises:
      ValueError: when the name or its numbers are not understood.

    Example:
      >>> named_language("zipf:3")
      Language('zipf(3, 1)', 3 tokens, simpson=0.405)
    """
    from jaxcollapse import languages

    kind, *numbers = name.split(":")
    makers: dict[str, tuple[Any, tuple[type, ...]]] = {
        "zipf": (languages.zipf, (int, float)),
        "uniform": (languages.uniform, (int,)),
        "dirichlet": (languages.dirichlet, (int, float, int)),
        "seddik": (languages.seddik, (int, int, float)),
    }
    if kind not in makers:
        if numbers:
            raise ValueError(f"unknown language {name!r}; known: {', '.join(makers)}, or a code such as en")
        return languages.from_wordfreq(kind, words=50_000 if words is None else words)
    make, types = makers[kind]
    if len(numbers) > len(types) or (not numbers and kind != "seddik"):
        raise ValueError(f"language {name!r} must have 1 to {len(types)} numbers after {kind}:, as {kind}:100")
    try:
        parsed = [convert(number) for convert, number in zip(types, numbers, strict=False)]
    except ValueError:
        raise ValueError(f"language {name!r} has a number that is not one; write it as {kind}:100") from None
    return make(*parsed)


def _report(options: argparse.Namespace) -> None:
    from jaxcollapse.reporting import report

    found = report(
        language_of(options),
        regimes=options.regimes,
        n=options.n,
        **_settings(options),
        generations=options.generations,
        chains=options.chains,
        seed=options.seed,
        out=options.out,
        fit_n=options.fit_n,
        fit_chains=options.fit_chains,
        progress=not options.quiet,
    )
    print(found.summary)
    print(f"\nFigures and numbers are in {found.folder}/")


def _simulate(options: argparse.Namespace) -> None:
    import jax
    from tqdm import tqdm

    from jaxcollapse import analysis, check, recursive_training, runs
    from jaxcollapse.reporting.exact import exact
    from jaxcollapse.reporting.results import MOMENTS, title, tokens_a_generation
    from jaxcollapse.reporting.settings import regimes_of, told

    language = language_of(options)
    n = check.static_whole_number("n", 1000 if options.n is None else options.n)
    generations = check.static_whole_number("generations", options.generations)
    given = _settings(options)
    made = regimes_of([options.regime], n=n, generations=generations, given=given, dashes="--")
    regime = made[options.regime]
    process = recursive_training(language, regime)
    chains = check.static_whole_number("chains", options.chains, least=2, remedy="errors need at least two")
    seed = check.static_whole_number("seed", options.seed, least=0)
    for name in set(NO_MEAN) & set(options.record):
        raise ValueError(f"the statistic {name!r} has no mean to print, {NO_MEAN[name]}; record it from Python")
    rows = []
    with open(options.out or os.devnull, "w", newline="", encoding="utf-8") as file:  # before the work, lest it be lost
        size = tokens_a_generation({"n": n, "growth": options.growth})
        print(f"{language.name}: {title(options.regime, regime)}, {size}, {chains} chains, seed {seed}", flush=True)
        if memory := told(process):
            print(memory, flush=True)
        key = jax.random.key(seed)
        with tqdm(total=generations, unit="generation", disable=options.quiet, leave=False, dynamic_ncols=True) as bar:
            trace = runs.run(
                key, process, chains=chains, generations=generations, record=options.record, progress=bar.update
            )
        for name in options.record:
            curve = analysis.ensemble(trace, name)
            expected = exact(process, name, generations)
            for m in curve.generation:
                rows.append((name, m, curve.mean[m], curve.standard_error[m], "" if expected is None else expected[m]))
        table = csv.writer(file)
        table.writerow(["statistic", "generation", "mean", "standard_error", "exact"])
        table.writerows(rows)
    if options.out:
        print(f"{len(rows)} rows are in {options.out}")
        return
    print(f"\n{'statistic':<16}{'generation':>10}{'mean':>14}{'std. error':>12}{'exact':>14}")
    for name, m, mean, error, by_theory in rows:
        if m in MOMENTS or m == generations:
            shown = "-" if by_theory == "" else f"{by_theory:.6g}"
            print(f"{name:<16}{m:>10}{mean:>14.6g}{error:>12.2g}{shown:>14}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status: 0, 1 for bad input, 2 for bad usage, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    try:
        {"report": _report, "simulate": _simulate}[options.command](options)
    except KeyboardInterrupt:
        print("jaxcollapse: interrupted", file=sys.stderr)
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

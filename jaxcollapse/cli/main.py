"""The command line: ``jaxcollapse report``, ``jaxcollapse simulate`` and ``jaxcollapse run``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any, Union

import tyro

from jaxcollapse import check
from jaxcollapse.cli import run_command
from jaxcollapse.cli.parsing import UsageError, parse
from jaxcollapse.cli.report_command import Report
from jaxcollapse.cli.run_command import Run
from jaxcollapse.cli.setting_types import types_of
from jaxcollapse.cli.simulate_command import Simulate
from jaxcollapse.version import __version__

DESCRIPTION = """\
What happens to a language when a model is trained, generation after generation, on text that earlier
generations wrote. Simulates many independent chains exactly and shows the exact theory beside them."""
EPILOG = """
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
COMMANDS = {"report": Report, "simulate": Simulate, "run": Run}
TYPES: dict[str, Any] = types_of(Report) | types_of(Simulate) | types_of(Run) | {"help": None, "version": None}
FLAGS = {f"--{name.replace('_', '-')}": of for name, of in TYPES.items() if name != "config"}
"""The flags of all commands, and their types."""
ANY_COMMAND: Any = Union[tuple(Annotated[of, tyro.conf.subcommand(name)] for name, of in COMMANDS.items())]  # noqa: UP007


def _parsed(arguments: Sequence[str]) -> Report | Simulate | Run:
    """Return the command that the arguments describe; flags win over the file of a run, and the file over defaults."""
    first = arguments[0] if arguments else ""
    if first == "--version":
        print(f"jaxcollapse {__version__}")
        sys.exit(0)
    if not first:
        raise UsageError(f"a command is required: {', '.join(COMMANDS)}")
    if not first.startswith("-"):
        try:
            check.choice("command", first, COMMANDS)
        except ValueError as error:
            raise UsageError(str(error)) from None
    epilog = {"run": run_command.EPILOG}.get(first, "" if first in COMMANDS else EPILOG)
    command = parse(ANY_COMMAND, arguments, "jaxcollapse", flags=FLAGS, epilog=epilog, description=DESCRIPTION)
    if first == "run" and command.config is not None:
        default = command.defaults_of_file()
        command = parse(Run, arguments[1:], "jaxcollapse run", flags=FLAGS, default=default)
    return command


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return the exit status: 0, 1 for bad input, 2 for bad usage, 130 when interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        _parsed(arguments).execute()
    except UsageError as error:
        program = " ".join(["jaxcollapse", *(word for word in arguments[:1] if word in COMMANDS)])
        print(f"{program}: {error}; see {program} --help", file=sys.stderr)
        return 2
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

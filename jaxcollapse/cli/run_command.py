"""``jaxcollapse run``: a run of any length from a file, from flags, or from both."""

from __future__ import annotations

import argparse
import math
import os
import pathlib
import tomllib
from collections.abc import Callable
from typing import Any

from jaxcollapse import check
from jaxcollapse.cli import simulate_command
from jaxcollapse.cli.options import DEFAULTS, NO_MEAN, add_language, add_learner, add_settings, add_simulation

CALL = ("help", "config", "resume", "quiet", "distributed", "coordinator", "processes", "process")
"""Arguments of one call, which no file holds."""
OPTIONS = ("chains", "generations", "record", "every", "keep", "levels", "until", "piece", "chunk", "checkpoint")
"""What goes to :func:`jaxcollapse.run` under its own name."""
TYPES: dict[Any, tuple[str, Callable[[Any], bool]]] = {
    int: ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    float: ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    None: ("a string", lambda value: isinstance(value, str)),
}
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
EPILOG = f"""\
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


class Interrupted(KeyboardInterrupt):
    """With a sentence on how to go on."""


def add(commands: Any) -> None:
    """The command's parser."""
    run = commands.add_parser(
        "run",
        help="long runs: a file of settings, checkpoints, many devices, results in a file",
        description="Simulate one regime as simulate does, from a TOML file, flags or both, with checkpoints.",
        epilog=EPILOG,
    )
    run.add_argument("config", nargs="?", metavar="CONFIG.toml", help="a file of settings; its keys are the flags")
    add_language(run, text="--text")
    add_simulation(run, chains=1000)
    run.add_argument("--every", type=int, help="record each so many-th generation (default: 1)")
    run.add_argument(
        "--keep",
        choices=("ensemble", "chains"),
        help="means, errors and quantiles only, or every value of every chain (default: ensemble)",
    )
    run.add_argument(
        "--levels",
        type=float,
        nargs="*",
        metavar="LEVEL",
        help="of quantiles, which go to --out (default: 0.05 0.25 0.5 0.75 0.95); none saves time",
    )
    run.add_argument(
        "--until",
        type=_end,
        nargs="+",
        metavar="END",
        help="'collapsed': no further than all chains need to collapse for ever (fully-synthetic); or\n"
        "STATISTIC=ERROR ...: as many chains as give these standard errors, --chains at most\n"
        '(in a file: until = "collapsed", or a table as {support = 0.01})',
    )
    run.add_argument("--piece", type=int, help="generations between pauses (default: some twenty pauses)")
    run.add_argument("--chunk", type=int, help="chains in flight (default: as many as memory likes)")
    run.add_argument("--checkpoint", metavar="FOLDER", help="where to keep what is done, to go on with --resume")
    run.add_argument(
        "--checkpoint-seconds", type=float, metavar="SECONDS", help="between checkpoints, at least (default: 30)"
    )
    run.add_argument("--resume", action="store_true", help="go on with what the checkpoint holds, if it holds anything")
    run.add_argument("--out", metavar="FILE.nc", help="a netCDF file for the results (needs the extra 'results')")
    add_settings(run)
    add_learner(run)
    many = run.add_argument_group("several processes, each started with the same command")
    many.add_argument("--distributed", action="store_true", help="join the others; the cluster says which they are, or")
    many.add_argument("--coordinator", metavar="HOST:PORT", help="where process 0 listens")
    many.add_argument("--processes", type=int, metavar="N", help="how many")
    many.add_argument("--process", type=int, metavar="I", help="which one this is, from 0")
    # What is not given must be seen to be so, for the file comes before the defaults.
    run.set_defaults(parser=run, **dict.fromkeys(_keys(run)))


def run(options: argparse.Namespace) -> None:
    """Do what options say.

    Raises:
      OSError, ValueError, TypeError, MemoryError, ImportError: with the sentence for the user.
      Interrupted: when the run was; what is done is written.
    """
    _join(options)
    options = _merged(options)
    if options.resume and options.checkpoint is None:
        raise ValueError("--resume goes on with a checkpoint; say with --checkpoint FOLDER where it is")
    for name in set(NO_MEAN) & set(options.record if options.out is None else ()):
        raise ValueError(f"the statistic {name!r} has no mean to print, {NO_MEAN[name]}; give --out FILE.nc to keep it")
    setting = simulate_command.setting_of(options, dashes="" if options.config else "--")
    chains = check.static_whole_number("chains", options.chains)
    seed = check.static_whole_number("seed", options.seed, least=0)
    seconds = options.checkpoint_seconds
    if seconds is not None and not 0 <= seconds < math.inf:
        raise ValueError(f"checkpoint_seconds must be a number of seconds, 0 or more, got {seconds}")
    import jax

    from jaxcollapse import runs

    out = None if options.out is None else _out(options.out, options.keep)
    first = jax.process_index() == 0
    if first:
        print(setting.told(chains, seed), flush=True)
    given = {name: getattr(options, name) for name in (*OPTIONS, "checkpoint_seconds")}
    given = {name: value for name, value in given.items() if value is not None}
    try:
        with simulate_command.interruptible():
            result = runs.run(
                jax.random.key(seed), setting.process, **given, resume=options.resume, progress=not options.quiet
            )
    except KeyboardInterrupt:
        raise Interrupted(f"interrupted, without results; {_how_to_go_on(options)}") from None
    except ValueError as error:
        raise ValueError(str(error).replace("pass resume=True", "add --resume")) from None
    stopped = simulate_command.interrupted(result)
    try:
        if out is not None and (first or options.keep == "chains"):
            from jaxcollapse import saving

            saving.save(result, out)
    finally:  # means are not lost where a file cannot be written
        if first:
            _tell(result, setting, options, stopped)
    if first and out is not None:
        print(f"\nResults are in {out}")
    if stopped:
        kept = "" if out is None else f"; what is done is in {out}"
        raise Interrupted(f"interrupted{kept}; {_how_to_go_on(options)}")


def _tell(result: Any, setting: simulate_command.Setting, options: argparse.Namespace, stopped: bool) -> None:
    """The table, and what else it takes to read it."""
    import jax

    simulate_command.show(simulate_command.rows_of(result, setting.process, options.record))
    if result.chains != options.chains:
        whose = "that are whole" if stopped else "of this process" if jax.process_count() > 1 else "that were wanted"
        print(f"\nMeans are those of {result.chains} chains, {whose}.")


def _how_to_go_on(options: argparse.Namespace) -> str:
    if options.checkpoint is None:
        return "with --checkpoint FOLDER it could go on later"
    return "the same command with --resume goes on"


def _join(options: argparse.Namespace) -> None:
    """The other processes, before anything touches a device."""
    which = {name: getattr(options, name) for name in ("coordinator", "processes", "process")}
    missing = [f"--{name}" for name, value in which.items() if value is None]
    if not options.distributed:
        if len(missing) < 3:
            options.parser.error("--coordinator, --processes and --process need --distributed")
        return
    if 0 < len(missing) < 3:
        options.parser.error(f"--distributed wants {' and '.join(missing)} too, or lets the cluster say all")
    import jax

    try:
        if missing:
            jax.distributed.initialize()
        else:
            check.whole_number("processes", options.processes)
            check.whole_number("process", options.process, least=0, most=options.processes - 1)
            jax.distributed.initialize(options.coordinator, options.processes, options.process)
    except (RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or ["it gives no reason"])[0]
        raise ValueError(f"the processes could not be joined: {reason}") from None


def _merged(options: argparse.Namespace) -> argparse.Namespace:
    """Flags, or else what the file says, or else defaults."""
    values = DEFAULTS | {"chains": 1000, "keep": "ensemble", "model": "words", "encoding": "utf-8"}
    values = dict.fromkeys(_keys(options.parser)) | values
    flags = {name: value for name, value in vars(options).items() if value is not None}
    if "until" in flags:
        flags["until"] = _ends(options)
    held = {} if options.config is None else _of_file(options.config, options.parser)
    if "text" in flags or "language" in flags:  # either is what to study
        held = {name: value for name, value in held.items() if name not in ("text", "language")}
    return argparse.Namespace(**{"config": None} | values | held | flags)


def _of_file(path: str, parser: argparse.ArgumentParser) -> dict[str, Any]:
    """What a file says, once keys and types are right."""
    content = pathlib.Path(path).read_bytes()
    actions = {action.dest: action for action in parser._actions}
    try:
        held = tomllib.loads(content.decode("utf-8-sig"))
        for key, value in held.items():
            if key in CALL[2:]:
                raise ValueError(f"{key} belongs to one call, not to a file; give it as --{key}")
            check.choice("key", key, _keys(parser))
            _check(actions[key], value)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path!r} is not UTF-8 near byte {error.start}; TOML must be") from None
    except tomllib.TOMLDecodeError as error:
        last = len(content.splitlines())
        where = str(error).replace("at end of document", f"at the end, line {last}")
        raise ValueError(f"{path!r} is not TOML: {where}") from None
    except ValueError as error:
        raise ValueError(f"{path!r}: {error}") from None
    return held


def _check(action: argparse.Action, value: Any) -> None:
    """Refuse a value that a flag would not give."""
    key = action.dest
    if key == "until":  # jc.run looks at it
        return
    choices = list(action.choices or ())
    if action.const is True:
        if not isinstance(value, bool) and value not in choices:
            among = "".join(f", {choice!r}" for choice in choices)
            raise ValueError(f"{key} must be one of true, false{among}, got {value!r}")
        return
    what, right = TYPES[action.type]
    if action.nargs in ("+", "*"):
        if not isinstance(value, list) or not all(map(right, value)):
            raise ValueError(f"{key} must be a list, each entry {what}, got {value!r}")
        return
    if not right(value):
        raise ValueError(f"{key} must be {what}, got {value!r}")
    if choices:
        check.choice(key, value, choices)


def _keys(parser: argparse.ArgumentParser) -> list[str]:
    """What a file may hold."""
    return [action.dest for action in parser._actions if action.dest not in CALL]


def _end(text: str) -> str | tuple[str, float]:
    """``collapsed``, or a statistic and its error."""
    name, _, error = text.partition("=")
    if text == "collapsed":
        return text
    try:
        return name, float(error)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be collapsed or as support=0.01, got {text!r}") from None


def _ends(options: argparse.Namespace) -> Any:
    if options.until == ["collapsed"]:
        return "collapsed"
    if "collapsed" in options.until:
        options.parser.error("argument --until: give collapsed alone, or standard errors")
    return dict(options.until)


def _out(path: str, keep: str) -> str:
    """The file that this process writes; refused before the work, lest it be lost."""
    import jax

    from jaxcollapse import saving

    saving.check_packages()
    stem, suffix = os.path.splitext(path)
    if suffix != ".nc":
        raise ValueError(f"out must be a file that ends in .nc, for it is netCDF, got {path!r}")
    if keep == "chains" and jax.process_count() > 1:
        path = f"{stem}-process-{jax.process_index()}{suffix}"
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"cannot write {path}: there is no folder {folder}")
    if os.path.isdir(path):
        raise IsADirectoryError(f"cannot write {path}: it is a folder; name a file in it")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"cannot write {path}: the folder {folder} may not be written to")
    return path

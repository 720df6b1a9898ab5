"""Make dataclasses from the words of a command line with tyro; whatever is wrong with them is said in one sentence."""

from __future__ import annotations

import contextlib
import difflib
import io
import os
import re
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tyro

from jaxcollapse.cli.setting_types import REGISTRY


class UsageError(Exception):
    """A command line that is not understood."""


def parse(of: Any, words: Sequence[str], prog: str, *, flags: Mapping[str, Any], epilog: str = "", **how: Any) -> Any:
    """Return the dataclass, of a type or of a union of commands, that the words of a command line describe.

    The nearest to a misspelt flag is sought among `flags`, which map the flags of all commands to their types; the
    epilog stands below the help; `how` goes to :func:`tyro.cli`.

    Raises:
      UsageError: where the words are not understood.
      SystemExit: with status 0, after the help is printed.
    """
    for flag, equals, value in (word.partition("=") for word in words):
        if equals and flags.get(flag) in (bool, bool | None):  # tyro would take the value for a word of its own
            raise UsageError(f"argument {flag}: takes no value, got {value!r}")
    markers = (tyro.conf.OmitArgPrefixes, tyro.conf.FlagCreatePairsOff)
    how |= {"prog": prog, "args": words, "registry": REGISTRY, "config": markers, "return_unknown_args": True}
    said = io.StringIO()  # tyro draws no boxes and uses no colours where it does not write to a terminal
    try:
        with _narrow(), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            found, unknown = tyro.cli(of, **how)
    except SystemExit as stop:
        if not stop.code:
            print(_readable(said.getvalue()) + epilog, end="")
            raise
        raise UsageError(_first_sentence(said.getvalue())) from None
    if unknown:
        raise UsageError(f"unrecognized arguments: {' '.join(unknown)}{_hint(unknown, flags)}")
    return found


@contextlib.contextmanager
def _narrow() -> Iterator[None]:
    """Tell tyro of a terminal of 120 columns at most, for in a wider one it sets the help in several columns."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = str(min(shutil.get_terminal_size().columns, 120))
    try:
        yield
    finally:
        del os.environ["COLUMNS"]
        os.environ |= {} if before is None else {"COLUMNS": before}


def _hint(unknown: Sequence[str], flags: Mapping[str, Any]) -> str:
    """Return which flag was meant, or that another command has it."""
    misspelt = [word.split("=")[0] for word in unknown if word.startswith("--")]
    if misspelt and misspelt[0] in flags:
        return "; another command has it"
    near = difflib.get_close_matches(misspelt[0], flags, n=1) if misspelt else []
    return f"; did you mean {near[0]}?" if near else ""


def _readable(said: str) -> str:
    """Return tyro's help without bullets, inner rules, defaults that are None, and lines over 100 characters."""
    said = re.sub(r"\s+\(default:\s+(None|False)\)", "", said).replace("\N{BULLET}", " ")
    lines = [line.rstrip() for line in said.splitlines() if not line.startswith("  ---")]
    return "\n".join(line if line.startswith(" ") else textwrap.fill(line, 100) for line in lines) + "\n"


def _first_sentence(said: str) -> str:
    """Return in one line what tyro says of an error, which stands between the first two rules."""
    first = [*re.split(r"^ +-+ *$", said, maxsplit=2, flags=re.MULTILINE), said][1]
    first = (
        " ".join(first.split()).replace("Error parsing ", "argument ").replace(". Expected", ", expected").rstrip(".")
    )
    return first[:1].lower() + first[1:]

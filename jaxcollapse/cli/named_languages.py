"""Languages by their names on the command line, such as ``zipf:1000:1.1`` or ``en``."""

from __future__ import annotations

from typing import Any

from jaxcollapse import languages

MAKERS: dict[str, tuple[Any, tuple[type, ...]]] = {
    "zipf": (languages.zipf, (int, float)),
    "uniform": (languages.uniform, (int,)),
    "dirichlet": (languages.dirichlet, (int, float, int)),
    "seddik": (languages.seddik, (int, int, float)),
}
"""What makes a language, and the types of the numbers that follow its name."""


def named_language(name: str, words: int | None = None, unit: str = "word") -> Any:
    """Return the language of a name.

    Args:
      name: a maker and its numbers, ``kjv`` and perhaps a book, or a code such as ``en``.
      words: how many of a code's most frequent words there are; None: 50,000.
      unit: what the tokens of the King James text are, ``"word"`` or ``"character"``.

    Raises:
      ValueError: when the name or its numbers are not understood.

    Example:
      >>> named_language("zipf:3")
      Language('zipf(3, 1)', 3 tokens, simpson=0.405)
    """
    kind, *numbers = name.split(":")
    if kind == "kjv":
        return languages.from_king_james(":".join(numbers) or None, unit=unit)
    if kind not in MAKERS:
        if numbers:
            raise ValueError(f"unknown language {name!r}; known: {', '.join(MAKERS)}, or a code such as en")
        return languages.from_wordfreq(kind, words=50_000 if words is None else words)
    make, types = MAKERS[kind]
    if len(numbers) > len(types) or (not numbers and kind != "seddik"):
        raise ValueError(f"language {name!r} must have 1 to {len(types)} numbers after {kind}:, as {kind}:100")
    try:
        parsed = [convert(number) for convert, number in zip(types, numbers, strict=False)]
    except ValueError:
        raise ValueError(f"language {name!r} has a number that is not one; write it as {kind}:100") from None
    return make(*parsed)

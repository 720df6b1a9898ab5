"""Options that several commands have, and what they stand for."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Container, Iterable
from typing import Any

LANGUAGES = """\
a language instead of TEXT: 'en', 'de', 'fr', ... (word frequencies, needs the extra 'english'),
zipf:VOCABULARY[:EXPONENT], uniform:VOCABULARY, dirichlet:VOCABULARY[:CONCENTRATION[:SEED]],
seddik (600 tokens, 52 of them with mass, as in the paper), or kjv[:BOOK] (the King James text, as
kjv:Ruth, needs the extra 'book'); default: en, and kjv:Genesis for models
with contexts"""


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
ESTIMATORS: dict[str, dict[str, Any]] = {
    "additive": {"metavar": "ALPHA", "help": "each model is trained on ALPHA tokens more of each kind"},
    "prior": {
        "metavar": "TOKENS",
        "help": "... on so many tokens more, spread as the language itself is (contexts: as single tokens are)",
    },
    "discount": {"metavar": "D", "help": "D of each count (0 to 1) is taken away and shared out evenly"},
    "kneser-ney": {"metavar": "D", "help": "... and shared out as shorter contexts go (--model ngram)"},
}
"""Options of the estimator, one at most."""
DECODINGS: dict[str, dict[str, Any]] = {
    "temperature": {"metavar": "T", "help": "models write at this temperature (1: as they are, 0: greedy)"},
    "top-k": {"metavar": "K", "type": int, "help": "... the K most probable tokens only"},
    "nucleus": {"metavar": "MASS", "help": "... the fewest tokens that have this mass"},
    "min-p": {"metavar": "SHARE", "help": "... tokens this share as probable as the most probable one, or more"},
}
"""Options of the decoding, applied in this order."""
MODELS = ("words", "contexts", "ngram")
"""What a model is: a table of single tokens, one for each context, or one that writes text."""
DEFAULTS: dict[str, Any] = {
    "regime": "fully-synthetic",
    "n": 1000,
    "generations": 50,
    "seed": 0,
    "record": ("heterozygosity", "support"),
}
"""Of a simulation of one regime."""
NO_MEAN = {"spectrum": "it is a table a generation", "winner": "it is the number of a token"}


def add_language(parser: argparse.ArgumentParser, *, text: str = "text") -> None:
    """TEXT or --language, and what belongs to them; ``text`` is ``"--text"`` where the place is taken."""
    place: dict[str, Any] = {} if text.startswith("-") else {"nargs": "?"}
    parser.add_argument(text, metavar="TEXT", help="a text file of any size, the language to study", **place)
    parser.add_argument("--language", metavar="NAME", help=LANGUAGES)
    parser.add_argument(
        "--words", type=int, help="keep the most frequent words only (default: 50000 of a NAME, all of a TEXT)"
    )
    parser.add_argument(
        "--unit",
        choices=("word", "character"),
        help="tokens of TEXT (default: word, and character for models with contexts)",
    )
    parser.add_argument("--encoding", default="utf-8", help="of TEXT (default: utf-8)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def add_sizes(parser: argparse.ArgumentParser, *, n: str, generations: int) -> None:
    """Tokens and generations."""
    parser.add_argument("--n", type=int, help=f"tokens a generation is trained on ({n})")
    parser.add_argument("--generations", type=int, default=generations, help=f"the last one (default: {generations})")


def add_simulation(parser: argparse.ArgumentParser, *, chains: int, leave_out: Container[str] = ()) -> None:
    """One regime, sizes, chains, seed and statistics, some of which are left out of the help."""
    from jaxcollapse.regimes import REGIMES
    from jaxcollapse.statistics import named

    parser.add_argument(
        "--regime",
        choices=REGIMES,
        default=DEFAULTS["regime"],
        metavar="NAME",
        help=f"{filled('one of', REGIMES)}\n(default: {DEFAULTS['regime']})",
    )
    add_sizes(parser, n=f"default: {DEFAULTS['n']}", generations=DEFAULTS["generations"])
    parser.add_argument("--chains", type=int, default=chains, help=f"independent runs (default: {chains})")
    parser.add_argument("--seed", type=int, default=DEFAULTS["seed"], help="of all randomness (default: 0)")
    known = [name for name in named() if name not in leave_out]
    parser.add_argument(
        "--record",
        nargs="+",
        default=DEFAULTS["record"],
        metavar="STATISTIC",
        help=f"{filled('any of', known)}\n(default: {' '.join(DEFAULTS['record'])})",
    )


def filled(what: str, names: Iterable[str]) -> str:
    """A list of names in lines."""
    return textwrap.fill(f"{what}: " + ", ".join(names), 80)


def add_settings(parser: argparse.ArgumentParser) -> None:
    """What some regimes have."""
    from jaxcollapse.regimes import REGIMES
    from jaxcollapse.reporting.settings import settings_of

    group = parser.add_argument_group("settings that some regimes have")
    for name, options in SETTINGS.items():
        having = [regime for regime in REGIMES if name in settings_of(regime)]
        whose = "all regimes" if len(having) == len(REGIMES) else ", ".join(having)
        group.add_argument(f"--{name}", **{**options, "help": f"{whose}:\n{options['help']}"})


def add_learner(parser: argparse.ArgumentParser) -> None:
    """What models are, and how they are estimated and decoded."""
    group = parser.add_argument_group("models")
    group.add_argument(
        "--model",
        choices=MODELS,
        default=MODELS[0],
        help="words: frequencies of tokens (default); contexts: those of what follows each context of a text, which\n"
        "occurs as often as in the text, always; ngram: the same, in a text that the model writes itself",
    )
    group.add_argument("--order", type=int, help="how many tokens are looked back at (default: 2; contexts: 1)")
    group.add_argument("--documents", type=int, help="ngram: how many a generation's text consists of (default: 1)")
    group = parser.add_argument_group("smoothing (one at most) and decoding (in this order), in every generation")
    for name, of in (ESTIMATORS | DECODINGS).items():
        group.add_argument(f"--{name}", **{"type": float, **of})


def learner_of(options: argparse.Namespace, language: Any, regimes: Iterable[Any] = ()) -> Any:
    """The learner that the options name; None for the default one. A pool of texts has room for these regimes.

    Raises:
      ValueError: for two estimators at once, and for numbers out of range.
    """
    from jaxcollapse.learners import Estimated, NGram, decoding, estimators

    writes = options.model == "ngram"
    of_ngrams = {name: getattr(options, name) for name in ("order", "documents") if getattr(options, name) is not None}
    if "documents" in of_ngrams and not writes:
        raise ValueError("documents is for models that write; say --model ngram")
    if "order" in of_ngrams and options.model == "words":
        raise ValueError("order is for models with contexts; say --model ngram, or --model contexts")
    given = {name: getattr(options, name.replace("-", "_"), None) for name in ESTIMATORS | DECODINGS}
    given = {name: value for name, value in given.items() if value is not None}
    if not given and not writes:
        return None
    if "kneser-ney" in given and not writes:
        raise ValueError("kneser-ney is for models that write; say --model ngram, or --discount here")
    smoothing = [name for name in given if name in ESTIMATORS]
    if len(smoothing) > 1:
        raise ValueError(f"give one of {', '.join(ESTIMATORS)}, got {' and '.join(smoothing)}")
    truth = lambda: _prior(language, of_ngrams.get("order", 2)) if writes else language
    makers: dict[str, Any] = {
        "additive": estimators.Additive,
        "prior": lambda mass: estimators.Prior(truth(), mass),
        "discount": estimators.Discount,
        "kneser-ney": estimators.KneserNey,
        "temperature": decoding.Temperature,
        "top-k": decoding.TopK,
        "nucleus": decoding.Nucleus,
        "min-p": decoding.MinP,
    }
    steps = tuple(makers[name](given[name]) for name in DECODINGS if name in given)
    parts: dict[str, Any] = {"decoding": steps}
    if smoothing:
        parts["estimator"] = makers[smoothing[0]](given[smoothing[0]])
    if not writes:
        return Estimated(**parts)
    pooled = [regime.total("n", options.generations) for regime in regimes if "add" in regime.verbs]
    return NGram(**of_ngrams, **parts, room=max(pooled, default=None))


def process_of(options: argparse.Namespace, language: Any, regime: Any) -> tuple[Any, str]:
    """The process that the options name, and what is not plain about its learner, in words.

    Raises:
      As :func:`learner_of`, and for what does not go with contexts.
    """
    from jaxcollapse import recursive_training
    from jaxcollapse.process import many_contexts

    learner = learner_of(options, language, [regime])
    told = "" if learner is None else learner.told
    if options.model != "contexts":
        return recursive_training(language, regime, learner), told
    order = 1 if options.order is None else options.order
    p, frequencies = language.contexts(order)
    process = many_contexts.of_table(p, frequencies, regime, learner)
    how = f"{process.contexts:,} contexts of order {order}, sizes {process.learner.sharing}"
    return process, ", ".join(part for part in (how, told) if part)


def _prior(language: Any, order: int) -> Any:
    """What follows each context in the language's own text, ``[contexts, vocabulary]``."""
    from jaxcollapse.learners import NGram
    from jaxcollapse.learners.ngrams.probability_table import frequencies_of

    return frequencies_of(NGram(order=order).of_language(language).text, order, len(language))


def settings(options: argparse.Namespace) -> dict[str, Any]:
    """These, as they were given."""
    return {name: getattr(options, name) for name in SETTINGS}


def language_of(options: argparse.Namespace) -> Any:
    """The language that the options name.

    Raises:
      ValueError: for a name that is not one, or when both a text and a name are given.
    """
    from jaxcollapse import languages

    of_text = options.model != "words"
    unit = options.unit or ("character" if of_text else "word")
    if options.text is not None:
        if options.language is not None:
            raise ValueError(f"give TEXT or --language, not both: got {options.text!r} and {options.language!r}")
        language = languages.from_text(options.text, unit=unit, encoding=options.encoding, ordered=of_text)
    else:
        language = named_language(options.language or ("kjv:Genesis" if of_text else "en"), options.words, unit)
    return language if options.words is None else language.most_frequent(options.words)


def named_language(name: str, words: int | None = None, unit: str = "word") -> Any:
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
    if kind == "kjv":
        return languages.from_king_james(":".join(numbers) or None, unit=unit)
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

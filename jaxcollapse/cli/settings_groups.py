"""The settings that several commands share: each field is one setting, its flag, its key in a file, and its help."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from jaxcollapse import languages
from jaxcollapse.cli.named_languages import named_language
from jaxcollapse.learners import Estimated, NGram, decoding, estimators
from jaxcollapse.learners.ngrams.probability_table import frequencies_of
from jaxcollapse.regimes import REGIMES

if TYPE_CHECKING:
    RegimeName = str
else:
    RegimeName = Literal[tuple(REGIMES)]
ESTIMATORS: dict[str, Any] = {
    "additive": estimators.Additive,
    "prior": estimators.Prior,
    "discount": estimators.Discount,
    "kneser-ney": estimators.KneserNey,
}
"""What the settings of smoothing stand for, one at most."""
DECODINGS: dict[str, Any] = {
    "temperature": decoding.Temperature,
    "top-k": decoding.TopK,
    "nucleus": decoding.Nucleus,
    "min-p": decoding.MinP,
}
"""What the settings of decoding stand for, in the order in which they are applied."""


@dataclasses.dataclass(frozen=True)
class LanguageSettings:
    """The language to study, unless it is TEXT, and how TEXT is read."""

    # a language instead of TEXT: 'en', 'de', 'fr', ... (word frequencies, needs the extra 'english'),
    # zipf:VOCABULARY[:EXPONENT], uniform:VOCABULARY, dirichlet:VOCABULARY[:CONCENTRATION[:SEED]], seddik (600
    # tokens, 52 of them with mass, as in the paper), or kjv[:BOOK] (the King James text, as kjv:Ruth, needs the
    # extra 'book') (default: en, and kjv:Genesis for models with contexts)
    language: str | None = None
    words: int | None = None  # keep the most frequent words only (default: 50000 of a named language, all of a TEXT)
    # tokens of TEXT (default: word, and character for models with contexts)
    unit: Literal["word", "character"] | None = None
    encoding: str = "utf-8"  # of TEXT

    def make(self, text: str | None, model: str) -> Any:
        """Return the language of a text file or of a name; models with contexts need the text in order.

        Raises:
          ValueError: for a name that is not one, or when both a text and a name are given.
          OSError: when the text cannot be read.
        """
        ordered = model != "words"
        unit = self.unit or ("character" if ordered else "word")
        if text is None:
            language = named_language(self.language or ("kjv:Genesis" if ordered else "en"), self.words, unit)
        elif self.language is None:
            language = languages.from_text(text, unit=unit, encoding=self.encoding, ordered=ordered)
        else:
            raise ValueError(f"give TEXT or --language, not both: got {text!r} and {self.language!r}")
        return language if self.words is None else language.most_frequent(self.words)


@dataclasses.dataclass(frozen=True)
class RegimeSettings:
    """What some regimes have."""

    # partially-synthetic, fresh-real: real tokens, kept for ever or new each generation (default: a tenth of n)
    real: int | None = None
    window: int | None = None  # most-recent: generations that are trained on (default: 2)
    # most-recent, randomly-sampled: train on tokens that each model wrote once, not on new ones; randomly-sampled: from
    # their pool (as without a value), or prefixes of each model's text (default: new tokens)
    reuse: bool | Literal["pool", "prefix"] | None = None
    budget: int | None = None  # accumulate-subsample: tokens of the pool that a model is trained on (default: n)
    replacement: bool | None = None  # accumulate-subsample: take these with replacement (default: a subset of the pool)
    share: float | None = None  # mixture: chance that a token is real (default: 0.1)
    weight: float | None = None  # fresh-real: how often a real token counts (default: once, as every token)
    growth: float | None = None  # all regimes: n grows by this factor a generation (default: it does not)


@dataclasses.dataclass(frozen=True)
class LearnerSettings:
    """What models are; smoothing (one at most) and decoding (in this order), in every generation."""

    # words: frequencies of tokens; contexts: those of what follows each context of a text, which occurs as often as in
    # the text, always; ngram: the same, in a text that the model writes itself
    model: Literal["words", "contexts", "ngram"] = "words"
    order: int | None = None  # how many tokens are looked back at (default: 2; contexts: 1)
    documents: int | None = None  # ngram: how many a generation's text consists of (default: 1)
    additive: float | None = None  # each model is trained on so many tokens more of each kind
    # ... on so many tokens more, spread as the language itself is (contexts: as single tokens are)
    prior: float | None = None
    discount: float | None = None  # so much of each count (0 to 1) is taken away and shared out evenly
    kneser_ney: float | None = None  # ... and shared out as shorter contexts go (--model ngram)
    temperature: float | None = None  # models write at this temperature (1: as they are, 0: greedy)
    top_k: int | None = None  # ... so many tokens only, the most probable ones
    nucleus: float | None = None  # ... the fewest tokens that have this mass
    min_p: float | None = None  # ... tokens this share as probable as the most probable one, or more

    def make(self, language: Any, regimes: Iterable[Any] = (), generations: int = 0) -> Any:
        """Return the learner, None for the default one; a pool of texts has room for these regimes and generations.

        Raises:
          ValueError: for two estimators at once, for what the model does not have, and for numbers out of range.
        """
        writes = self.model == "ngram"
        values = dataclasses.asdict(self).items()
        given = {name.replace("_", "-"): value for name, value in values if value is not None}
        if "documents" in given and not writes:
            raise ValueError("documents is for models that write; say --model ngram")
        if "order" in given and self.model == "words":
            raise ValueError("order is for models with contexts; say --model ngram, or --model contexts")
        if "kneser-ney" in given and not writes:
            raise ValueError("kneser-ney is for models that write; say --model ngram, or --discount here")
        smoothing = [name for name in ESTIMATORS if name in given]
        if len(smoothing) > 1:
            raise ValueError(f"give one of {', '.join(ESTIMATORS)}, got {' and '.join(smoothing)}")
        parts: dict[str, Any] = {"decoding": tuple(DECODINGS[name](given[name]) for name in DECODINGS if name in given)}
        for name in smoothing:
            truth = [self._prior(language)] if name == "prior" else []
            parts["estimator"] = ESTIMATORS[name](*truth, given[name])
        if not writes:
            return Estimated(**parts) if smoothing or parts["decoding"] else None
        parts |= {name: given[name] for name in ("order", "documents") if name in given}
        pooled = [regime.total("n", generations) for regime in regimes if "extend" in regime.requires(frozenset())]
        return NGram(**parts, room=max(pooled, default=None))

    def _prior(self, language: Any) -> Any:
        """Return what models are drawn to: the language, or what follows each context in its text ``[contexts, d]``."""
        if self.model != "ngram":
            return language
        order = 2 if self.order is None else self.order
        return frequencies_of(NGram(order=order).text_of(language), order, len(language))

"""The learner of n-grams, which writes a text token by token, each given the tokens before it."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check, native, sampling
from jaxcollapse.contract import Corpora, Learner, Regime, Status, View, Workload
from jaxcollapse.languages import Language
from jaxcollapse.learners import smoothing_settings, token_tables
from jaxcollapse.learners.estimators import MaximumLikelihood
from jaxcollapse.learners.ngrams import context_index, probability_table
from jaxcollapse.learners.ngrams.context_index import ContextIndex
from jaxcollapse.learners.ngrams.ordered_corpora import OrderedCorpora
from jaxcollapse.learners.ngrams.probability_table import ProbabilityTable
from jaxcollapse.pytrees import static
from jaxcollapse.sampling import Labels
from jaxcollapse.sampling.token_frame import TokenFrame, token_frame

Model = ContextIndex | ProbabilityTable
"""A model: an index of the text that tokens are copied from, or a table where probabilities are smoothed or decoded."""


class TextLanguage(NamedTuple):
    """A language that is a text.

    Attributes:
      p: the frequencies of tokens in the text, ``float32 [vocabulary]``.
      text: the tokens of the text, ``int32 [length]``.
    """

    p: Array
    text: Array


class TrueText(NamedTuple):
    """The truth as a model: the frequencies of a text's tokens, and the text by context."""

    p: Array
    contexts: ContextIndex


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, eq=False)
class NGram(Learner):
    """The learner of n-grams: the next token depends on the ``order`` tokens before it, and a corpus is a text.

    A model is trained on a text and writes one. Each document begins in the context of a uniformly random place of the
    text that the model was trained on, and each next token is drawn given the present context. So contexts occur as
    often as the model visits them, and they can vanish. With order 0 tokens have the distribution of
    :class:`Categorical`.

    The truth is a text too, that of the language (``jc.languages.from_text(path, ordered=True)``). Texts are rings
    (the last token is followed by the first), so every context of a text has a continuation; the ``order`` n-grams
    where two documents meet were drawn by no model.

    By maximum likelihood and without decoding a model is a sorted index of its text (:mod:`jaxcollapse.ngrams`), which
    has three numbers for each token at any order and vocabulary, and draws are exact. With an estimator or a decoding a
    model is a table of ``vocabulary ** (order + 1)`` probabilities; a context without data is estimated from the
    frequencies of its longest suffix that has data.

    Regimes that need exchangeable tokens are refused: those that subsample a pool, weigh tokens, or average models.

    Attributes:
      order: the number of tokens of a context, 0 or more; static.
      estimator: an estimator of :mod:`jaxcollapse.learners.estimators`; maximum likelihood by default.
      decoding: decodings of :mod:`jaxcollapse.learners.decoding`, applied one after the other; none by default.
      documents: the number of documents of a corpus, which are written in parallel; static. One long text by default.
      room: the capacity of a pool in tokens, for :class:`~jaxcollapse.Accumulate`; static.
      method: how a text is sorted, "table" or "sort", by default the faster one; static. The result is the same.
      text: the tokens of the truth, ``int32 [length]``, where the language is given as probabilities only.
      vocabulary: the number of tokens; static, set by :func:`jaxcollapse.recursive_training`.

    Raises:
      ValueError: for sizes that are no whole numbers, an unknown method, and in ``recursive_training`` for a language
        without a text, one not longer than the order, and a table larger than 2^25 entries.

    Source: Shannon (1948), section 3, for the walk.

    Example:
      >>> import jax, jaxcollapse as jc
      >>> song = jc.languages.from_tokens(list("la li la lu la li la la lu "), name="song")
      >>> process = jc.recursive_training(song, jc.FullySynthetic(n=200), jc.learners.NGram(order=2))
      >>> state, trace = jc.engine.start(jax.random.key(0), process, chains=1, record=("ngrams", "contexts"))
      >>> int(trace["contexts"][0, 0])  # of the song itself
      7
      >>> written = process.learner.written(jax.random.key(1), jax.tree.map(lambda of: of[0], state.model), 12)
      >>> set("".join(song.tokens[i] for i in written).split()) <= {"l", "la", "li", "lu", "a", "i", "u"}
      True
    """

    order: int = static(default=2)
    estimator: Any = dataclasses.field(default_factory=MaximumLikelihood)
    decoding: Any = ()
    documents: int = static(default=1)
    room: int | None = static()
    method: str | None = static()
    text: Any = dataclasses.field(default=None, repr=False)
    vocabulary: int | None = static()

    def __post_init__(self) -> None:
        check.static_whole_number("order", self.order, least=0, most=1000)
        check.static_whole_number("documents", self.documents)
        if self.room is not None:
            check.static_whole_number("room", self.room, most=check.LARGEST)
        if self.method is not None:
            check.choice("method", self.method, context_index.METHODS)
        if isinstance(self.text, list | tuple):
            object.__setattr__(self, "text", np.asarray(self.text, np.int32))
        object.__setattr__(self, "decoding", smoothing_settings.as_tuple(self.decoding))

    @property
    def corpora(self) -> Corpora:
        return OrderedCorpora(self.room)

    def bind(self, language: Any, regime: Regime) -> tuple[NGram, TextLanguage]:
        """Return this learner for the tokens of a language, and the language as a text.

        Raises:
          TypeError: for an estimator or a decoding that is none.
          ValueError: for a language without a text, a text that is not longer than the order, tokens outside the
            vocabulary, and a regime with a pool for which the learner has no ``room``.
        """
        tokens = self.text_of(language)
        p = language.p if isinstance(language, TextLanguage) else check.distribution(language)
        vocabulary = p.shape[0]
        smoothing_settings.validate(self.estimator, self.decoding)
        self._check_text(tokens, vocabulary)
        if vocabulary < 2:
            raise ValueError("a text of one token has nothing to lose; give a language of two tokens or more")
        if self.method == "table" and vocabulary ** (self.order + 1) > context_index.LARGEST_TABLE:
            raise ValueError(
                f"method='table' with order={self.order} and {vocabulary} tokens counts more than "
                f"{context_index.LARGEST_TABLE:,} n-grams; leave method out, or take 'sort'"
            )
        if not self.copies:
            probability_table.check_size(self.order, vocabulary)
            self.estimator.check_vocabulary(vocabulary, vocabulary**self.order)
        if "unbounded" in regime.requires(self.corpora.provides) and self.room is None:
            raise ValueError(
                f"{type(regime).__name__} pools texts: give NGram(room=) as many tokens as the pool will hold, "
                "n times the generations"
            )
        learner = dataclasses.replace(self, vocabulary=vocabulary, text=None)
        return learner, TextLanguage(p, jnp.asarray(tokens, jnp.int32))

    def text_of(self, language: Any) -> Any:
        """Return the tokens of a language's text or, if the language is probabilities, of this learner's text.

        Raises:
          ValueError: where there is no text.
        """
        tokens = language.text if isinstance(language, Language | TextLanguage) else self.text
        if tokens is None:
            raise ValueError(
                "a model of n-grams learns from a text: load one by jc.languages.from_text(path, ordered=True) or "
                f"jc.languages.from_tokens(tokens), got {language!r:.80}"
            )
        return tokens

    def _check_text(self, tokens: Any, vocabulary: int) -> None:
        """Refuse a concrete text that is no vector of tokens of the vocabulary, or not longer than the order."""
        if not check.concrete(tokens):
            return
        tokens = np.asarray(tokens)
        if tokens.ndim != 1 or (tokens.size and tokens.dtype.kind not in "iu"):
            raise ValueError(
                f"text must be token indices [length], got {tokens.dtype}{list(tokens.shape)}; "
                "jc.languages.from_tokens makes them"
            )
        if len(tokens) <= self.order:
            raise ValueError(f"order={self.order} needs a text of more tokens than that, got {len(tokens)}; lower it")
        if tokens.min() < 0 or tokens.max() >= vocabulary:
            raise ValueError(
                f"text has token {tokens.max() if tokens.min() >= 0 else tokens.min()}, and p has {vocabulary} "
                "entries; give the language that the text is of"
            )

    def check_run(self, regime: Regime, generations: int) -> None:
        """Raise ValueError where a pool would outgrow its capacity in a run of so many generations."""
        if self.room is None or "unbounded" not in regime.requires(self.corpora.provides):
            return
        pooled = regime.items_pooled(generations)
        if pooled > self.room:
            raise ValueError(
                f"room={self.room} is too small for {generations} generations of {type(regime).__name__}, which "
                f"pool up to {pooled:,} tokens; raise it"
            )

    @property
    def copies(self) -> bool:
        """Return whether models are indices of their texts, from which tokens are copied."""
        return isinstance(self.estimator, MaximumLikelihood) and not self.decoding

    @property
    def label(self) -> str:
        """Return the order, the estimator and the decoding in a few words: ``"order 2, top-k 50"``."""
        shaped = smoothing_settings.label(self.estimator, self.decoding)
        return ", ".join(part for part in (f"order {self.order}", shaped) if part)

    def probabilities(self, language: TextLanguage) -> Array:
        return language.p

    def truth(self, language: TextLanguage) -> TrueText:
        whole = Labels(language.text, jnp.int32(language.text.shape[0]))
        return TrueText(language.p, context_index.context_index(whole, self.order, self._vocabulary, self.method))

    def write(self, key: Array, model: Model | TrueText, truth: TrueText, size: Array, capacity: int) -> Labels:
        source = model.contexts if isinstance(model, TrueText) else model
        many = min(self.documents, capacity)
        if isinstance(source, ContextIndex):
            return context_index.write(key, source, size, capacity, many)
        return probability_table.write(key, source, size, capacity, many, self.order)

    def fit(self, key: Array, corpus: Labels, previous: Model | None) -> Model:
        if self.copies:
            return context_index.context_index(corpus, self.order, self._vocabulary, self.method)
        return probability_table.tabulated(corpus, self.order, self._vocabulary, self.estimator, self.decoding)

    def view(self, model: Model | TrueText, truth: TrueText, frame: TokenFrame) -> View:
        """Return the view of the token frequencies in the text that a model was trained on."""
        if isinstance(model, TrueText):
            return token_tables.view_of_truth(model.contexts, truth.p, frame)
        return token_tables.view_of_table(model, self._frequencies(model, frame), truth.p, frame)

    def frame(self, real: Labels, truth: TrueText, closed: bool) -> tuple[Labels, TokenFrame]:
        return real, token_frame(jnp.arange(truth.p.shape[0], dtype=jnp.int32))

    def with_first(self, frame: TokenFrame, model: Model) -> TokenFrame:
        return frame._replace(first=self._frequencies(model, frame).p)

    def fixed_token(self, source: Model | TrueText | Labels) -> Array:
        if isinstance(source, TrueText):
            source = source.contexts
        if isinstance(source, ContextIndex):
            return sampling.only_token(Labels(source.tokens, source.size))
        if isinstance(source, Labels):
            return sampling.only_token(source)
        return probability_table.only_token(source)

    def status(self, model: Model | None = None) -> Array:
        if model is not None:
            return jnp.int32(0)
        invalid = smoothing_settings.is_invalid(self.estimator, self.decoding)
        return jnp.where(invalid, jnp.int32(Status.LEARNER.value), jnp.int32(0))

    def workload(self, language: TextLanguage, regime: Regime) -> Workload:
        items, entries = regime.corpus_capacity, self._vocabulary ** (self.order + 1)
        by_table = context_index.method_for(self.order, self._vocabulary, items) == "table"
        counted = by_table and not native.enabled()
        has_table = counted or not self.copies
        return Workload(items + (entries if has_table else 0), multithreaded=self.copies and native.enabled())

    def written(self, key: Array, model: Model | TrueText, tokens: int) -> np.ndarray:
        """Return a text of so many tokens that a model, or the truth, writes, ``int32 [tokens]``, for people to read.

        Raises:
          ValueError: for a number of tokens below 1, and for the models of several chains.
        """
        tokens = check.static_whole_number("tokens", tokens)
        model = model.contexts if isinstance(model, TrueText) else model
        if jnp.ndim(model.size if isinstance(model, ContextIndex) else model.text.size) != 0:
            raise ValueError("model must be that of one chain; take one: jax.tree.map(lambda of: of[0], state.model)")
        alone = dataclasses.replace(self, documents=1)
        write = jax.jit(lambda key, model: alone.write(key, model, model, jnp.int32(tokens), tokens).labels)
        return np.asarray(write(key, model))

    def _frequencies(self, model: Model, frame: TokenFrame) -> token_tables.Table:
        """Return the table of the token frequencies in the text that a model was trained on."""
        tokens, size = (model.tokens, model.size) if isinstance(model, ContextIndex) else model.text
        return token_tables.frequencies(Labels(tokens, size), frame.width)

    @property
    def _vocabulary(self) -> int:
        """Return the number of tokens, which is set once the learner is bound."""
        assert self.vocabulary is not None, "recursive_training says how many tokens there are"
        return self.vocabulary

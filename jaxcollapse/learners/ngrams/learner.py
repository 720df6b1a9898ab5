"""A language model of n-grams, which writes text by walking its own statistics."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check, native, sampling
from jaxcollapse.learners.categorical import Categorical
from jaxcollapse.learners.estimators import MaximumLikelihood
from jaxcollapse.learners.ngrams import context_index, probability_table, text
from jaxcollapse.learners.ngrams.context_index import Concordance
from jaxcollapse.learners.ngrams.probability_table import Table
from jaxcollapse.learners.ngrams.text import Text
from jaxcollapse.learners.shaping import Shaped
from jaxcollapse.process.one_context import Table as Shown

Model = Concordance | Table
"""What is copied from, or a table where probabilities are smoothed or decoded."""


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, eq=False)
class NGram(Shaped):
    """The next token depends on the ``order`` tokens before it; a corpus is a text.

    A model is trained on a text and writes one: each document begins where a uniformly random place of the text that
    the model was trained on does, and goes on as contexts of that text go on. So contexts are visited as often as the
    model's own writing visits them, and can vanish. Order 0 is the law of :class:`Categorical`.

    The truth is a text too: that of the language (``jc.languages.from_text(path, ordered=True)``). Texts are rings
    (the last token is followed by the first), so no context that a text has is without continuation; ``order``
    n-grams where two documents meet are no model's own.

    By maximum likelihood and without decoding a model is a concordance of its text (:mod:`jaxcollapse.ngrams`): memory
    for three numbers a token at any order and vocabulary, drawn in integers. With an estimator or a decoding it is a
    table of ``vocabulary ** (order + 1)`` probabilities; a context without data is estimated from the frequencies of
    its longest ending that has some.

    Regimes that treat tokens one by one have no meaning for a text and are refused: those that pool and subsample,
    weigh, or take means of models.

    Attributes:
      order: tokens of context, 0 or more; static.
      estimator: one of :mod:`jaxcollapse.learners.estimators`; maximum likelihood by default.
      decoding: of :mod:`jaxcollapse.learners.decoding`, applied one after the other.
      documents: how many a corpus consists of, written side by side; static. One long text by default.
      room: tokens that a pool may hold, for :class:`~jaxcollapse.Accumulate`; static.
      method: how a text is sorted, "table" or "sort", by default the faster one; static. The result is the same.
      text: the truth's tokens, ``int32 [length]``; set by :func:`jaxcollapse.recursive_training`.
      vocabulary: static; likewise.

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

    order: int = dataclasses.field(default=2, metadata={"static": True})
    estimator: Any = dataclasses.field(default_factory=MaximumLikelihood)
    decoding: Any = ()
    documents: int = dataclasses.field(default=1, metadata={"static": True})
    room: int | None = dataclasses.field(default=None, metadata={"static": True})
    method: str | None = dataclasses.field(default=None, metadata={"static": True})
    text: Any = dataclasses.field(default=None, repr=False)
    vocabulary: int | None = dataclasses.field(default=None, metadata={"static": True})

    def __post_init__(self) -> None:
        check.static_whole_number("order", self.order, least=0, most=1000)
        check.static_whole_number("documents", self.documents)
        if self.room is not None:
            check.static_whole_number("room", self.room, most=check.LARGEST)
        if self.method is not None:
            check.choice("method", self.method, context_index.METHODS)
        if isinstance(self.text, list | tuple):
            object.__setattr__(self, "text", np.asarray(self.text, np.int32))
        super().__post_init__()

    def of_language(self, language: Any) -> NGram:
        """This learner with the text of a language as its truth.

        Raises:
          ValueError: for what has no text.
        """
        if self.text is not None and not hasattr(language, "text"):
            return self
        tokens = getattr(language, "text", None)
        if tokens is None:
            raise ValueError(
                "a model of n-grams learns from a text: load one by jc.languages.from_text(path, ordered=True) or "
                f"jc.languages.from_tokens(tokens), got {language!r:.80}"
            )
        return dataclasses.replace(self, text=jnp.asarray(tokens, jnp.int32))

    def suited(self, regime: Any, vocabulary: int) -> NGram:
        """This learner for so many tokens.

        Raises:
          ValueError, TypeError: for a text that is not longer than the order, tokens that there are not, a regime
            that has no meaning for texts, and what is no estimator or decoding.
        """
        self.judge()
        if check.concrete(self.text):
            tokens = np.asarray(self.text)
            if tokens.ndim != 1 or (tokens.size and tokens.dtype.kind not in "iu"):
                raise ValueError(
                    f"text must be token indices [length], got {tokens.dtype}{list(tokens.shape)}; "
                    "jc.languages.from_tokens makes them"
                )
            if len(tokens) <= self.order:
                raise ValueError(
                    f"order={self.order} needs a text of more tokens than that, got {len(tokens)}; lower it"
                )
            if tokens.min() < 0 or tokens.max() >= vocabulary:
                raise ValueError(
                    f"text has token {tokens.max() if tokens.min() >= 0 else tokens.min()}, and p has {vocabulary} "
                    "entries; give the language that the text is of"
                )
        if vocabulary < 2:
            raise ValueError("a text of one token has nothing to lose; give a language of two tokens or more")
        if self.method == "table" and vocabulary ** (self.order + 1) > context_index.LARGEST_TABLE:
            raise ValueError(
                f"method='table' with order={self.order} and {vocabulary} tokens counts more than "
                f"{context_index.LARGEST_TABLE:,} n-grams; leave method out, or take 'sort'"
            )
        if not self.copies:
            probability_table.refuse(self.order, vocabulary)
            prior = jnp.shape(getattr(self.estimator, "prior", np.zeros(vocabulary)))
            if prior not in ((vocabulary,), (vocabulary**self.order, vocabulary)):
                raise ValueError(f"prior must have one entry a token, [{vocabulary}], or a row a context, got {prior}")
        if "add" in regime.verbs and self.room is None:
            raise ValueError(
                f"{type(regime).__name__} pools texts: give NGram(room=) as many tokens as the pool will hold, "
                "n times the generations"
            )
        return dataclasses.replace(self, vocabulary=vocabulary)

    def refuse(self, regime: Any, generations: int) -> None:
        """Raise where a pool would outgrow its room."""
        if "add" in regime.verbs and self.room is not None:
            known = check.concrete(getattr(regime.n, "sizes", regime.n))  # of a schedule, all
            pooled = regime.total("n", generations) if known else regime.capacity * generations
            if pooled > self.room:
                raise ValueError(
                    f"room={self.room} is too small for {generations} generations of {type(regime).__name__}, which "
                    f"pool up to {pooled:,} tokens; raise it"
                )

    @property
    def copies(self) -> bool:
        """Whether models are concordances."""
        return isinstance(self.estimator, MaximumLikelihood) and not self.decoding

    @property
    def told(self) -> str:
        """In a few words, for titles: ``"order 2, top-k 50"``."""
        return ", ".join(part for part in (f"order {self.order}", super().told) if part)

    def truth(self, p: Array) -> Concordance:
        assert self.text is not None, "recursive_training gives the text"
        whole = Text(self.text, jnp.int32(self.text.shape[0]))
        return context_index.concordance(whole, self.order, self._vocabulary, self.method)

    def sample(self, key: Array, model: Model, size: Array, slots: int) -> Text:
        many = min(self.documents, slots)
        if isinstance(model, Concordance):
            return context_index.write(key, model, size, slots, many)
        return probability_table.write(key, model, size, slots, many, self.order)

    def fit(self, key: Array, corpus: Text, previous: Any) -> Model:
        if self.copies:
            return context_index.concordance(corpus, self.order, self._vocabulary, self.method)
        return probability_table.tabulated(corpus, self.order, self._vocabulary, self.estimator, self.decoding)

    def written(self, key: Array, model: Model, tokens: int) -> np.ndarray:
        """So many tokens that one model writes, ``int32 [tokens]``, for people to read.

        Raises:
          ValueError: for a number of tokens that is none, and for the models of several chains.
        """
        tokens = check.static_whole_number("tokens", tokens)
        if jnp.ndim(model.size if isinstance(model, Concordance) else model.text.size) != 0:
            raise ValueError("model must be that of one chain; take one: jax.tree.map(lambda of: of[0], state.model)")
        alone = dataclasses.replace(self, documents=1)
        return np.asarray(jax.jit(alone.sample, static_argnames="slots")(key, model, jnp.int32(tokens), tokens).tokens)

    def merge(self, first: Text, second: Text) -> Text:
        return text.join(first, second)

    def reserve(self, corpus: Text, slots: int) -> Text:
        return text.reserved(corpus, slots)

    def pick(self, stack: Text, rows: Array, places: Array, size: Array) -> Text:
        return text.picked(stack, rows, places, size)

    def pool(self, corpus: Text, width: int) -> Text:
        assert self.room is not None, "suited says that a pool needs room"
        return text.reserved(corpus, self.room)

    def add(self, pool: Text, corpus: Text) -> Text:
        return text.appended(pool, corpus)

    def compact(self, corpus: Text, vocabulary: int) -> tuple[Text, Array]:
        return corpus, jnp.arange(vocabulary, dtype=jnp.int32)

    def dirac(self, model: Model | Text) -> Array:
        if isinstance(model, Concordance):
            return text.only_token(Text(model.token, model.size))
        if isinstance(model, Text):
            return text.only_token(model)
        return probability_table.only_token(model)

    def table(self, model: Model, width: int) -> Shown:
        """How often each token stands in the text that the model was trained on."""
        tokens, size = (model.token, model.size) if isinstance(model, Concordance) else model.text
        return Categorical().table(sampling.Labels(tokens, size), width)

    @property
    def spreads(self) -> bool:
        """Whether a kernel sorts and walks, chain by chain."""
        return self.copies and native.will_do()

    def in_flight(self, room: int, vocabulary: int) -> int:
        counted = context_index.method_for(self.order, vocabulary, room) == "table" and not native.will_do()
        return room + (vocabulary ** (self.order + 1) if counted or not self.copies else 0)

    @property
    def _vocabulary(self) -> int:
        assert self.vocabulary is not None, "recursive_training says how many tokens there are"
        return self.vocabulary

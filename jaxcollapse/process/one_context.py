"""The contract, and the process it makes: recursive training = learner x regime.

An experiment is a Markov chain on models: *generate, collect, train*, again. A **learner** knows how
a model is trained on a corpus and how it writes one; a **regime** knows which earlier generations
feed the next one, and nothing about tokens. Everything here is one chain without a batch axis, pure,
and inside JAX: :mod:`jaxcollapse.engine` folds keys, scans over generations and maps over chains.

Generations are numbered by ``m``: 0 is the truth, 1 the first model, trained on real data.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, ClassVar, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check
from jaxcollapse.exact import fixed, threefry

Model = Any
"""What a learner trains: a pytree whose structure only the learner knows."""
Corpus = Any
"""What a learner writes and is trained on: likewise."""
Memory = Any
"""What a regime keeps from generation to generation besides the last model."""


class Table(NamedTuple):
    """The next-token probabilities of one model, as a learner shows them; ``width`` entries.

    Attributes:
      p: probabilities, ``float32 [width]``.
      q: ``1 - p``, exact near ``p = 1``, where ``1 - p`` in float32 is not.
      surprisal: ``-ln p`` in nats, 0 where ``p`` is 0.
      counts: ``int32 [width]`` out of ``total``, or None for a model that is not a table of counts.
      total: the number of tokens counted, ``int32 []``, or None.
    """

    p: Array
    q: Array
    surprisal: Array
    counts: Array | None
    total: Array | None


class Learner(Protocol):
    """How a model is trained and how it writes. A pytree: numbers are leaves, capacities are static.

    The verbs from ``pick`` on are wanted by some regimes only (each names them in ``verbs``); a learner
    without them is refused there. And a learner may make runs cheaper, if it likes: ``suited(regime,
    vocabulary)`` is the learner with choices that suit a regime; ``settles_at`` a generation (static) after
    which ``settle(models, width)`` keeps models in another form; and where ``narrows(model)``, ``left(model)``
    counts the tokens that a model can still write and ``narrow(model, width)`` leaves out others, so that
    drawing from it draws what drawing from the whole would, bit for bit. A learner with numbers that can be wrong says
    so by ``fault()``, and one whose models are not the frequencies of their corpora says by ``recurrence(past, corpus)``
    what they are, if their second moments are to be known.
    """

    is_frequency_table: ClassVar[bool] = False

    def recurrence(self, past: Any, corpus: Any) -> Any:
        """Say what a model is in terms of its corpus, for :mod:`jaxcollapse.theory`; TypeError where it is unknown."""
        raise TypeError(f"theory knows the learner Categorical only, got {type(self).__name__}")

    def truth(self, p: Array) -> Model:
        """The language itself as a model to sample from; ``p`` is ``float32 [vocabulary]``."""

    def sample(self, key: Array, model: Any, size: Array, slots: int) -> Corpus:
        """``size`` tokens (traced) written by a model, the truth or a mean, in room for ``slots`` (static)."""

    def merge(self, first: Corpus, second: Corpus) -> Corpus:
        """Both corpora in one."""

    def reserve(self, corpus: Corpus, slots: int) -> Corpus:
        """The same corpus in room for ``slots``."""

    def fit(self, key: Array, corpus: Corpus, previous: Model | None) -> Model:
        """A model trained on a corpus; ``previous`` (None at generation 1) is for warm starts."""

    def compact(self, corpus: Corpus, vocabulary: int) -> tuple[Corpus, Array]:
        """Rename the tokens of the first real data when none but these can occur again.

        Called once a chain, for closed regimes only. Returns the corpus and the token of each table
        entry, ``int32 [width]``, padded with ``vocabulary``; a learner may return the corpus as it
        is with ``arange(vocabulary)``.
        """

    def table(self, model: Model, width: int) -> Table:
        """What statistics look at, with an entry for each of ``width`` names."""

    def dirac(self, model: Any) -> Array:
        """The only token that a model, the truth, a pool or a mean can write, ``int32 []``; -1 if there are several."""

    def pick(self, stack: Corpus, rows: Array, places: Array, size: Array) -> Corpus:
        """A corpus whose slot ``j`` copies place ``places[j]`` of corpus ``rows[j]`` of a stack."""

    def pool(self, corpus: Corpus, width: int) -> Any:
        """A pool that holds a corpus and can grow without end."""

    def add(self, pool: Any, corpus: Corpus) -> Any:
        """The pool with a corpus more."""

    def subsample(self, key: Array, pool: Any, size: Array, slots: int, replacement: bool) -> Corpus:
        """``size`` tokens of the pool; without replacement at most all of it, every subset as likely."""

    def blend(self, mean: Any, model: Any, width: int | None = None) -> Any:
        """The mean of models with one more (a model, the truth or a corpus); None begins one."""

    def weigh(self, first: Corpus, second: Corpus, weight: Array) -> Corpus:
        """Both corpora in one, each token of the first counting as ``weight`` tokens."""


class Regime(Protocol):
    """Which earlier generations feed the next one. Uses the learner's verbs only.

    :class:`jaxcollapse.regimes.Base` has the sizes and all members that need no thought.

    Attributes:
      closed: static; True when no token can occur that is not in the real data drawn for generation 1.
      settles: static; False when a chain that is not absorbed in generation 1 never will be, for real data
        are kept or drawn for ever.
      verbs: static; the learner's verbs that are wanted beside the first eight.
      room: static; the most tokens that a generation is trained on (of a pool: the most that are drawn).
    """

    @property
    def closed(self) -> bool: ...

    @property
    def settles(self) -> bool: ...

    @property
    def verbs(self) -> tuple[str, ...]: ...

    @property
    def room(self) -> int: ...

    def draw_real(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        """The real data that generation 1 needs."""

    def begin(self, key: Array, learner: Learner, truth: Model, real: Corpus, width: int) -> tuple[Corpus, Memory]:
        """What generation 1 is trained on, and what to keep of it; ``width`` names can occur."""

    def remember(self, learner: Learner, memory: Memory, model: Model, m: Array) -> Memory:
        """What to keep once generation ``m`` is trained; of one form from ``m = 1`` on."""

    def collect(
        self, key: Array, learner: Learner, truth: Model, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        """What generation ``m >= 2`` is trained on; ``model`` is generation ``m - 1``."""

    def absorbed(self, learner: Learner, truth: Model, model: Model, memory: Memory, m: Array) -> Array:
        """Whether every later generation is the Dirac mass that generation ``m`` is, ``bool []``."""

    def faults(self, m: Any) -> Array:
        """Whether a traced size at ``m`` is outside its capacity, ``bool []``; concrete ones were checked in Python."""

    def refuse(self, generations: int) -> None:
        """Raise ValueError where a run of so many generations cannot be held."""

    def recurrence(self, past: Any, m: int) -> Any:
        """The definition for the theory: how p^(m) comes from p^(0..m-1); see :mod:`jaxcollapse.theory.second_moments`."""


class Status(enum.IntFlag):
    """What was wrong with a chain's traced inputs; its statistics are then NaN, or -1 for integers."""

    OK = 0
    SIZE = 1  #: a size, share or weight is outside its range or capacity, or a pool outgrew its room
    TRUTH = 2  #: p has a NaN or negative entry, or does not sum to one
    LEARNER = 4  #: a number of the learner, such as a temperature, is outside its range


class State(NamedTuple):
    """One chain between two generations.

    Attributes:
      m: the generation of ``model``, ``int32 []``; the same for all chains.
      chain: the chain's number, ``int32 []``: it is data, never a position in a batch.
      model: p^(m).
      memory: what the regime keeps.
      tokens: the token that each table entry stands for, ``int32 [width]``.
      first: p^(1) as ``float32 [width]``; width 0 when no statistic asked for it.
      forgotten: what p^(1) gave to tokens that have no entry any more, accumulated with :data:`DISTANCE` as
        bound; and its squares.
      status: a :class:`Status`, ``int32 []``.
    """

    m: Array
    chain: Array
    model: Model
    memory: Memory
    tokens: Array
    first: Array
    forgotten: tuple[fixed.U64, fixed.U64]
    status: Array


class View(NamedTuple):
    """What a statistic may look at: a model beside the truth and beside generation 1.

    All arrays are ``[width]``, one entry for each token that the chain can still produce (in token
    order, so ``width`` may be smaller than the vocabulary); entries with ``p = 0`` may be padding.

    Attributes:
      tokens: index in the vocabulary, ``int32``; ``vocabulary`` for padding.
      p, q, surprisal, counts, total: as in :class:`Table`; ``counts`` and ``total`` are None for the truth.
      truth: true probabilities, 0 for padding.
      truth_surprisal: ``-ln truth``, 0 where that is 0.
      unlisted: true mass of tokens that have no entry, accumulated with :data:`DISTANCE` as bound.
      unlisted_square: the sum of their squared true probabilities, likewise.
      first: p^(1), or None where no statistic asked for it.
      forgotten: what p^(1) gave to tokens that have no entry, accumulated likewise; and its squares.
      model: the learner's own model, for statistics of its own.
    """

    tokens: Array
    p: Array
    q: Array
    surprisal: Array
    counts: Array | None
    total: Array | None
    truth: Array
    truth_surprisal: Array
    unlisted: fixed.U64
    unlisted_square: fixed.U64
    first: Array | None
    forgotten: tuple[fixed.U64, fixed.U64]
    model: Model


SMALLEST = 2.0**-62
"""Tokens below this probability are never drawn, and count as absent from the truth."""
WEIGHT = 30
"""Probabilities in 62-bit fixed point: ``p = hi 2^-30 + lo 2^-62``."""
DISTANCE = 4.0
"""Bound of the sums behind distances between distributions."""


def _rest(every: Array, listed: Array) -> fixed.U64:
    return fixed.subtract(fixed.accumulate(every, DISTANCE), fixed.accumulate(listed, DISTANCE))


class _Role(enum.IntEnum):
    """The last fold of a key: what the random words are for."""

    COLLECT = 0
    FIT = 1
    BEGIN = 2


def _for(key: Array, role: _Role) -> Array:
    return threefry.fold_in(key, role.value)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True, eq=False)
class Process:
    """A learner trained recursively under a regime; a pytree whose numbers are leaves.

    Attributes:
      p: the truth, ``float32 [vocabulary]``; of many contexts ``[contexts, vocabulary]``, and then the process is a
        :class:`~jaxcollapse.process.many_contexts.ManyContexts`.
      regime: what each generation is trained on.
      learner: how it is trained and how it writes.
    """

    many: ClassVar[bool] = False

    p: Array
    regime: Any
    learner: Any

    def components(self) -> list[tuple[float, Process]]:
        """Return the processes of single contexts that this one consists of, each after its frequency: itself alone."""
        return [(1.0, self)]

    @property
    def vocabulary(self) -> int:
        """The number of tokens, seen or not."""
        return self.p.shape[-1]

    @property
    def in_flight(self) -> int:
        """Numbers that a chain works on in a generation, static: the tokens drawn, unless the learner needs fewer."""
        of_learner = getattr(self.learner, "in_flight", lambda room, vocabulary: room)
        return int(of_learner(self.regime.room, self.vocabulary))

    def refuse(self, generations: int) -> None:
        """Raise ValueError where a run of so many generations cannot be held."""
        self.regime.refuse(generations)
        if hasattr(self.learner, "refuse"):
            self.learner.refuse(self.regime, generations)

    def init(self, key: Array, chain: Array, *, keep_first: bool = True) -> State:
        """Generation 1: real data, and the model trained on it.

        Args:
          key: the key of this chain and generation, consumed.
          chain: the chain's number.
          keep_first: static; whether statistics will ask for p^(1).
        """
        truth = self.learner.truth(self.p)
        real = self.regime.draw_real(_for(key, _Role.COLLECT), self.learner, truth)
        if self.regime.closed:
            real, tokens = self.learner.compact(real, self.vocabulary)
        else:
            tokens = jnp.arange(self.vocabulary, dtype=jnp.int32)
        width = tokens.shape[0]
        corpus, memory = self.regime.begin(_for(key, _Role.BEGIN), self.learner, truth, real, width)
        model = self.learner.fit(_for(key, _Role.FIT), corpus, None)
        memory = self.regime.remember(self.learner, memory, model, jnp.int32(1))
        first = self.learner.table(model, width).p if keep_first else jnp.zeros(0, jnp.float32)
        nothing = (fixed.zero(), fixed.zero())
        return State(jnp.int32(1), chain, model, memory, tokens, first, nothing, self._status())

    def step(self, key: Array, state: State) -> State:
        """From generation ``m`` to ``m + 1``: generate, collect, train.

        Args:
          key: the key of this chain and of generation ``m + 1``, consumed.
          state: generation ``m``.
        """
        m = state.m + 1
        truth = self.learner.truth(self.p)
        key_collect, key_fit = _for(key, _Role.COLLECT), _for(key, _Role.FIT)
        corpus, memory = self.regime.collect(key_collect, self.learner, truth, state.model, state.memory, m)
        model = self.learner.fit(key_fit, corpus, state.model)
        memory = self.regime.remember(self.learner, memory, model, m)
        return state._replace(m=m, model=model, memory=memory, status=state.status | self._size_fault(m))

    def absorbed(self, state: State) -> Array:
        """Whether nothing can change any more: final collapse, ``bool []``."""
        truth = self.learner.truth(self.p)
        at_rest = self.regime.absorbed(self.learner, truth, state.model, state.memory, state.m)
        return at_rest & (state.status == 0)

    def is_dirac(self, state: State) -> Array:
        """Whether the model can write one token only, ``bool []``."""
        return self.learner.dirac(state.model) >= 0

    def truth_is_dirac(self) -> Array:
        """Whether the truth has one token only, ``bool []``."""
        return self.learner.dirac(self.learner.truth(self.p)) >= 0

    @property
    def settles_at(self) -> int:
        """The generation, static, after which the learner keeps models in another form; 0 where it never does."""
        return getattr(self.learner, "settles_at", 0)

    def settle(self, state: State) -> State:
        """The same state in the form that suits later generations; its draws need other random numbers."""
        width = state.tokens.shape[0]
        model, memory = (self.learner.settle(of, width) for of in (state.model, state.memory))
        return state._replace(model=model, memory=memory)

    @property
    def runs(self) -> bool:
        """Whether :meth:`run` may be called once the learner has settled: nothing but the last model is needed."""
        return self.regime.closed and getattr(self.regime, "forgets", False) and getattr(self.learner, "runs", False)

    @property
    def spreads(self) -> bool:
        """Whether a kernel shares the chains in flight out among the cores of a CPU, static."""
        return (self.runs and self.settles_at <= 1) or getattr(self.learner, "spreads", False)

    def run(self, key: Array, state: State, most: Array, longest: int) -> tuple[State, Array]:
        """Several generations at once, until the model can write one token only.

        Args:
          key: the key of this chain, from which those of its generations are folded.
          state: generation ``m``.
          most: how many generations at most, ``int32 []``.
          longest: static; no more than this.

        Returns:
          The state and the number of generations that it is further; a chain stops where a size is at fault.
        """
        after = state.m + 1 + jnp.arange(longest, dtype=jnp.int32)
        sizes = jnp.broadcast_to(self.regime.size("n", after), (longest,))
        bad = jax.vmap(self._size_fault)(after) != 0
        sound = jnp.where(jnp.any(bad), jnp.argmax(bad) + 1, longest).astype(jnp.int32)
        most = jnp.minimum(most, sound)
        model, done = self.learner.run(key, state.model, state.m, most, sizes, self.regime.capacity)
        fault = jnp.where(jnp.any(bad) & (done == sound), Status.SIZE.value, 0).astype(jnp.int32)
        return state._replace(m=state.m + done, model=model, status=state.status | fault), done

    def narrows(self, state: State) -> bool:
        """Whether tokens that died may be left out, static: none returns, and no other model is remembered."""
        forgets = self.regime.closed and getattr(self.regime, "forgets", False)
        return forgets and getattr(self.learner, "narrows", lambda model: False)(state.model)

    def left(self, state: State) -> Array:
        """How many tokens the model can still write, ``int32 []``."""
        return self.learner.left(state.model)

    def narrow(self, state: State, width: int) -> State:
        """The same state with entries for ``width`` tokens only: those that are left, and padding."""
        model, kept = self.learner.narrow(state.model, width)
        tokens = state.tokens.at[kept].get(mode="fill", fill_value=self.vocabulary)
        if state.first.shape[0] == 0:
            return state._replace(model=model, tokens=tokens)
        first = state.first.at[kept].get(mode="fill", fill_value=0)
        gone = (_rest(state.first, first), _rest(state.first * state.first, first * first))
        forgotten = (fixed.add(state.forgotten[0], gone[0]), fixed.add(state.forgotten[1], gone[1]))
        return state._replace(model=model, tokens=tokens, first=first, forgotten=forgotten)

    def view(self, state: State) -> View:
        """The model of a state, for statistics."""
        table = self.learner.table(state.model, state.tokens.shape[0])
        truth = self.p.at[state.tokens].get(mode="fill", fill_value=0)
        unlisted = unlisted_square = fixed.zero()
        if state.tokens.shape[0] < self.vocabulary:
            # Integers subtract exactly; in floats nearly all digits would cancel.
            unlisted = _rest(self.p, truth)
            unlisted_square = _rest(self.p * self.p, truth * truth)
        return View(
            **table._asdict(),
            tokens=state.tokens,
            truth=truth,
            truth_surprisal=fixed.minus_log(truth),
            unlisted=unlisted,
            unlisted_square=unlisted_square,
            first=state.first if state.first.shape[0] else None,
            forgotten=state.forgotten,
            model=state.model,
        )

    def view_truth(self, state: State) -> View:
        """The truth, generation 0, beside the generation 1 of a chain; width is the vocabulary."""
        first = None
        if state.first.shape[0]:
            first = jnp.zeros(self.vocabulary, jnp.float32).at[state.tokens].set(state.first, mode="drop")
        surprisal = fixed.minus_log(self.p)
        weights = fixed.from_float(self.p, WEIGHT)
        rest = fixed.subtract(fixed.sum_of(weights), weights)
        return View(
            tokens=jnp.arange(self.vocabulary, dtype=jnp.int32),
            p=self.p,
            q=fixed.to_float(rest, WEIGHT),
            surprisal=surprisal,
            counts=None,
            total=None,
            truth=self.p,
            truth_surprisal=surprisal,
            unlisted=fixed.zero(),
            unlisted_square=fixed.zero(),
            first=first,
            forgotten=(fixed.zero(), fixed.zero()),
            model=self.learner.truth(self.p),
        )

    def measure(self, statistics: tuple[Any, ...], view: View) -> dict[str, Array]:
        """Statistics of a view, by name."""
        known = getattr(self.learner, "order", None)
        for statistic in statistics:
            if known is not None and statistic.order > known:
                raise ValueError(f"it looks at contexts of order={statistic.order}, the learner at {known}; lower it")
        return {statistic.name: jnp.asarray(statistic.of(view)) for statistic in statistics}

    def _status(self) -> Array:
        sound = jnp.all(self.p >= 0) & (jnp.abs(fixed.total(self.p, 2.0) - 1) < 2e-5)
        status = self._size_fault(1) | (~sound * Status.TRUTH.value).astype(jnp.int32)
        if hasattr(self.learner, "fault"):
            status |= (self.learner.fault() * Status.LEARNER.value).astype(jnp.int32)
        return status

    def _size_fault(self, m: Any) -> Array:
        return (self.regime.faults(m) * Status.SIZE.value).astype(jnp.int32)


def canonical(process: Process) -> Process:
    """The same numbers as ``float32`` and ``int32`` arrays, so that equal kinds share a compilation."""

    def leaf_type(leaf: Any) -> Array:
        array = jnp.asarray(leaf)
        if jnp.issubdtype(array.dtype, jnp.floating):
            return array.astype(jnp.float32)
        if jnp.issubdtype(array.dtype, jnp.integer) and jnp.iinfo(array.dtype).max > check.LARGEST:
            # A traced size that is too wide must not wrap around to one that fits.
            array = jnp.clip(array, max(jnp.iinfo(array.dtype).min, -check.LARGEST), check.LARGEST)
        return array.astype(jnp.int32)

    return jax.tree.map(leaf_type, process)


def recursive_training(p: Any, regime: Any, learner: Any = None) -> Process:
    """The process in which each generation's model is trained on what ``regime`` collects.

    Args:
      p: the truth: a :class:`~jaxcollapse.languages.Language` or a vector ``[vocabulary]``; or many contexts,
        ``[contexts, vocabulary]``, a distribution a row. Kept as ``float32``, and 0 below 2^-62; a traced one is
        judged in the run (:class:`Status`).
      regime: for instance ``FullySynthetic(n=500)``.
      learner: how a model is trained; by default :class:`~jaxcollapse.learners.Categorical`. For many contexts
        :class:`~jaxcollapse.learners.Contexts`; another learner is that of one context, all being equally frequent.

    Returns:
      A :class:`Process`: a pytree, so ``p``, ``n`` and ``real`` can be swept by ``jax.vmap``.

    Raises:
      ValueError: when a concrete ``p`` is not a distribution.
      TypeError: when ``regime`` is not a regime or ``learner`` not a learner.

    Example:
      >>> import jaxcollapse as jc
      >>> process = jc.recursive_training([0.5, 0.3, 0.2], jc.FullySynthetic(n=10))
      >>> process.vocabulary
      3
    """
    from jaxcollapse.learners import Categorical, Contexts

    learner = Categorical() if learner is None else learner
    if np.ndim(p) == 2 or isinstance(learner, Contexts):
        from jaxcollapse.process.many_contexts import many_contexts

        return many_contexts(p, regime, learner)
    if hasattr(learner, "of_language"):
        learner = learner.of_language(p)
    methods = ("draw_real", "begin", "remember", "collect", "absorbed", "faults", "refuse")
    members = (*methods, "closed", "settles", "verbs", "room")
    _must_have("regime", regime, members, "FullySynthetic(n=500)")
    _must_have(
        "learner",
        learner,
        ("truth", "sample", "merge", "reserve", "compact", "fit", "table", "dirac"),
        "learners.Categorical()",
    )
    for verb in regime.verbs:
        if not hasattr(learner, verb):
            raise TypeError(
                f"{type(regime).__name__} needs a learner that can {verb}, and {learner!r} cannot; "
                "learners.Categorical can"
            )
    vocabulary = np.shape(p)[0] if np.ndim(p) == 1 else 1  # what is no vector is refused below
    if hasattr(learner, "suited"):
        learner = learner.suited(regime, vocabulary)
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(p)):
        p = jnp.asarray(p).astype(jnp.float32)
        if p.ndim != 1 or p.size == 0:
            raise ValueError(f"p must be a non-empty vector of probabilities [vocabulary], got shape {p.shape}")
        p = jnp.where(p < SMALLEST, jnp.minimum(p, 0), p)
    else:
        p = check.probabilities("p", p).astype(np.float32)
        p = jnp.asarray(np.where(p < SMALLEST, np.float32(0), p))
    return Process(p, regime, learner)


def _must_have(name: str, value: Any, verbs: tuple[str, ...], example: str) -> None:
    if isinstance(value, type) or not all(hasattr(value, verb) for verb in verbs):
        raise TypeError(f"{name} must be a {name} such as {example}, got {value!r}")

"""The contract: what a learner, its corpora, a regime, a process and a scheme are. Each speaks of one chain, without a batch axis.

An experiment is a Markov chain on models: *generate, collect, train*, again. A **learner** knows how a model is trained
on a corpus and how it writes one; a **regime** knows which earlier generations feed the next one; a **process** joins
them; a **scheme** advances many chains at once. Generation ``m = 0`` is the truth, ``m = 1`` the first model. A corpus is
a list of items (tokens, or documents), and sizes count items. Everything here is pure and runs inside JAX.
"""

from __future__ import annotations

import abc
import dataclasses
import enum
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check

Model = Corpus = Pool = Average = Memory = Frame = Any  # pytrees, which only their owner looks into


class Role(enum.IntEnum):
    """The last fold of a generation's key: what its random bits are for."""

    COLLECT = 0
    FIT = 1
    BEGIN = 2


class Status(enum.IntFlag):
    """What was wrong with a chain; its statistics are then NaN, or -1 for integers."""

    OK = 0
    SIZE = 1  #: a size, share or weight is outside its range or capacity, or a pool outgrew its capacity
    TRUTH = 2  #: p has a NaN or negative entry, or does not sum to one
    LEARNER = 4  #: a number of the learner, such as a temperature, is outside its range
    FIT = 8  #: a model could not be fitted


class State(NamedTuple):
    """One chain between two generations.

    Attributes:
      m: the generation of ``model``, ``int32 []``; the same for all chains.
      chain: the chain's number, ``int32 []``: it is data, never a position in a batch.
      model: p^(m). memory: what the regime keeps. frame: what the learner needs to show a model beside the truth.
      status: a :class:`Status`, ``int32 []``.
    """

    m: Array
    chain: Array
    model: Model
    memory: Memory
    frame: Frame
    status: Array


class View(NamedTuple):
    """What a statistic may look at. A field is None where the learner has no such thing.

    Arrays are ``[width]``, an entry for each token that the chain can still produce, in the order of tokens; ``width``
    may be smaller than the vocabulary, and entries with ``p = 0`` may be padding.

    Attributes:
      model: the learner's own model.
      tokens: index in the vocabulary, ``int32``; the vocabulary's size for padding.
      p, q, surprisal: probabilities, ``1 - p`` (exact near ``p = 1``), and ``-ln p`` (0 where ``p`` is 0), ``float32``.
      counts, total: of which ``p`` are the frequencies, ``int32 [width]`` and ``int32 []``; None for the truth.
      truth, truth_surprisal: true probabilities (0 for padding) and their surprisals, ``float32``.
      dropped_truth: true mass of tokens without an entry, and the sum of its squares, as fixed-point sums.
      first, dropped_first: p^(1), and what it gave to tokens without an entry; None unless a statistic requires it.
      score: a function from documents ``[..., length]`` to the log-probability of each token given those before it.
    """

    model: Model
    tokens: Array | None = None
    p: Array | None = None
    q: Array | None = None
    surprisal: Array | None = None
    counts: Array | None = None
    total: Array | None = None
    truth: Array | None = None
    truth_surprisal: Array | None = None
    dropped_truth: Any = None
    first: Array | None = None
    dropped_first: Any = None
    score: jax.tree_util.Partial | None = None


@dataclasses.dataclass(frozen=True)
class Statistic:
    """A named function of a model.

    Attributes:
      name: what it is recorded under.
      of: from the view of one chain to a number or an array.
      requires: the fields of :class:`View` without which it means nothing.
      over: of many contexts, ``"mean"`` (numbers are averaged by the contexts' frequencies, truth values hold where they
        hold in all contexts), ``"each"`` (``[contexts, ...]`` is recorded) or ``"joint"`` (``of`` sees all contexts).
      keep_first: whether p^(1) is kept for it although it does not require it.
    """

    name: str
    of: Callable[[View], Array]
    requires: frozenset[str] = frozenset({"p"})
    over: str = "mean"
    keep_first: bool = False


class Workload(NamedTuple):
    """What one generation of one chain costs: numbers worked on at once, and whether a kernel shares chains among cores."""

    entries: int
    multithreaded: bool = False


class Sources(NamedTuple):
    """What a regime may draw from besides the models of its chain: the truth."""

    truth: Model


class Corpora(abc.ABC):
    """Operations on corpora, static and without numbers. ``provides`` names those of the second group that mean something."""

    provides: ClassVar[frozenset[str]] = frozenset()

    @abc.abstractmethod
    def length(self, corpus: Corpus) -> Array:
        """Return the number of items, ``int32 []``."""

    @abc.abstractmethod
    def concatenate(self, first: Corpus, second: Corpus) -> Corpus:
        """Join two corpora, with the capacities of both."""

    @abc.abstractmethod
    def resize(self, corpus: Corpus, capacity: int) -> Corpus:
        """Return the same corpus with room for ``capacity`` items."""

    # gather(stack, rows, positions, size): item j of the result copies item positions[j] of corpus rows[j] of a stack
    # exchangeable: the order of items means nothing, so that any of them may be gathered
    # pool(corpus, frame, capacity): a pool that can grow, up to `capacity` items (None: "unbounded" pools of counts)
    # extend(pool, corpus); subsample(key, pool, size, capacity, replace): items of the pool, with or without replacement
    # reweight(first, second, weight): both corpora in one, each item of the first counting `weight` times


class Learner(abc.ABC):
    """How a model is trained and how it writes: a pytree whose numbers are leaves. Four methods and ``corpora`` suffice."""

    provides: ClassVar[frozenset[str]] = frozenset()  # "average": `average` and `include` mean something
    is_frequency_table: ClassVar[bool] = False  # a model is the frequencies of its corpus, written as they are
    joint: ClassVar[bool] = False  # `fit` takes the corpora of all contexts at once, `[contexts, ...]`

    @property
    @abc.abstractmethod
    def corpora(self) -> Corpora:
        """The operations on this learner's corpora."""

    @abc.abstractmethod
    def truth(self, language: Any) -> Model:
        """Return the language as a model to draw real items from."""

    @abc.abstractmethod
    def write(self, key: Array, model: Model | Average, truth: Model, size: Array, capacity: int) -> Corpus:
        """Write ``size`` synthetic items (traced) in room for ``capacity`` (static); ``model`` may be the truth."""

    @abc.abstractmethod
    def fit(self, key: Array, corpus: Corpus | Pool, previous: Model | None) -> Model:
        """Train a model on a corpus; ``previous`` is the last model, None at generation 1."""

    @abc.abstractmethod
    def view(self, model: Model, truth: Model, frame: Frame) -> View:
        """Show a model, or the truth itself, to statistics."""

    def draw(self, key: Array, truth: Model, size: Array, capacity: int) -> Corpus:
        """Draw ``size`` real items."""
        return self.write(key, truth, truth, size, capacity)

    def bind(self, language: Any, regime: Regime) -> tuple[Learner, Any]:
        """Return this learner with static settings that suit a language and a regime, and the language as arrays."""
        return self, check.language(language)

    def probabilities(self, language: Any) -> Array | None:
        """Return the true probabilities of tokens, ``float32 [vocabulary]``; None where the language has none."""
        return language if isinstance(language, jax.Array | np.ndarray) else None

    def frame(self, real: Corpus, truth: Model, closed: bool) -> tuple[Corpus, Frame]:
        """Return the first real data, renamed where ``closed`` says that no other token can occur, and a frame."""
        return real, ()

    def with_first(self, frame: Frame, model: Model) -> Frame:
        """Return the frame with p^(1) in it, for statistics that compare with it."""
        return frame

    def fixed_token(self, source: Any) -> Array:
        """Return the only token that a model, truth, corpus, pool or average can write; -1 if unknown or several."""
        return jnp.int32(-1)

    def status(self, model: Model | None = None) -> Array:
        """Return the :class:`Status` of traced settings or, given a model, of its fit, ``int32 []``."""
        return jnp.int32(0)

    def untrained(self, truth: Model) -> Model:
        """Return the model that never saw an item, for contexts whose corpora may be empty."""
        raise TypeError(f"{type(self).__name__} has no model of an empty corpus")

    def average(self, source: Model | Corpus, frame: Frame) -> Average:
        """Begin an average of laws, of which ``write`` writes."""
        raise TypeError(f"{type(self).__name__} has no average of models")

    def include(self, average: Average, source: Model | Corpus) -> Average:
        """Return the average with one more."""
        raise TypeError(f"{type(self).__name__} has no average of models")

    def check_run(self, regime: Regime, generations: int) -> None:
        """Raise ValueError where a run of so many generations cannot be held."""

    def workload(self, language: Any, regime: Regime) -> Workload:
        """Return what a generation costs; schemes advance few chains at a time where that is much."""
        return Workload(regime.corpus_capacity)

    def scheme(self, regime: Regime) -> Scheme | None:
        """Return a scheme that advances chains of this learner faster than the plain one, if there is one."""
        return None

    @property
    def label(self) -> str:
        """The settings in a few words, for titles; empty where there is nothing to say."""
        return ""

    def recurrence(self, past: Any, corpus: Any) -> Any:
        """Return the model in terms of its corpus, for the theory of second moments."""
        raise TypeError(f"theory knows the learner Categorical only, got {type(self).__name__}")


class Regime(abc.ABC):
    """Which earlier generations feed the next one; knows nothing of items. See :class:`jaxcollapse.regimes.Base`.

    Attributes:
      closed: static; True when no token can occur that is not in the real data of generation 1.
      memoryless: static; True when nothing but the last model is needed.
      collapses: static; False when real data are kept or drawn for ever, so that collapse need not come.
      sizes, least: the fields that are sizes with the fields of their capacities, and the least that each may be.
    """

    closed: bool = False
    memoryless: ClassVar[bool] = False
    collapses: ClassVar[bool] = True
    sizes: ClassVar[Mapping[str, str]] = {}
    least: ClassVar[Mapping[str, int]] = {}

    @property
    @abc.abstractmethod
    def corpus_capacity(self) -> int:
        """The most items that a generation is trained on; of a pool, the most that are drawn."""

    def requires(self, provided: frozenset[str]) -> tuple[str, ...]:
        """Return what is needed of a learner and its corpora, which provide ``provided``."""
        return ()

    @abc.abstractmethod
    def size(self, name: str, m: Any) -> Array:
        """Return a size at generation ``m``, ``int32 []``."""

    def is_invalid(self, m: Any) -> Array:
        """Return whether a traced size at ``m`` is outside its capacity, ``bool []``."""
        return jnp.asarray(False)

    def check_run(self, generations: int) -> None:
        """Raise ValueError where a run of so many generations cannot be held."""

    def items_pooled(self, generations: int) -> int:
        """Return how many items a pool holds after so many generations; 0 without a pool."""
        return 0

    @abc.abstractmethod
    def draw_real(self, key: Array, learner: Learner, truth: Model) -> Corpus:
        """Draw the real data that generation 1 needs."""

    @abc.abstractmethod
    def first(
        self, key: Array, learner: Learner, sources: Sources, real: Corpus, frame: Frame
    ) -> tuple[Corpus, Memory]:
        """Return what generation 1 is trained on, and what to keep of it."""

    @abc.abstractmethod
    def collect(
        self, key: Array, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        """Return what generation ``m >= 2`` is trained on, and the memory; ``model`` is generation ``m - 1``."""

    def remember(self, learner: Learner, memory: Memory, model: Model, m: Array) -> Memory:
        """Return what to keep once generation ``m`` is trained; of one structure from ``m = 1`` on."""
        return memory

    def absorbed(self, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array) -> Array:
        """Return whether every later generation is the one token that generation ``m`` is, ``bool []``."""
        return learner.fixed_token(model) >= 0

    def recurrence(self, past: Any, m: int) -> Any:
        """Return how p^(m) comes from earlier generations, for the theory."""
        raise TypeError(f"theory needs a regime that says its recurrence, and {type(self).__name__} does not")


class Process(abc.ABC):
    """One chain in four phases, from which ``init`` and ``step`` follow. Given a generation's key, each folds its role.

    Attributes:
      language: the truth as arrays. regime, learner: what is joined. scheme: static; how many chains are advanced.
    """

    language: Any
    regime: Regime
    learner: Any
    scheme: Scheme
    many: ClassVar[bool] = False  # whether there are several contexts or models side by side

    @abc.abstractmethod
    def begin(self, key: Array) -> tuple[Corpus, Memory, Frame]:
        """Return what generation 1 is trained on."""

    @abc.abstractmethod
    def collect(self, key: Array, model: Model, memory: Memory, m: Array) -> tuple[Corpus, Memory]:
        """Return what generation ``m >= 2`` is trained on."""

    @abc.abstractmethod
    def fit(self, key: Array, corpus: Corpus, previous: Model | None) -> Model:
        """Train."""

    @abc.abstractmethod
    def remember(self, memory: Memory, model: Model, m: Array) -> Memory:
        """Return what to keep of generation ``m``."""

    def init(self, key: Array, chain: Array, *, keep_first: bool = True) -> State:
        """Make generation 1 from the key of this chain and generation; ``keep_first`` is static."""
        m = jnp.int32(1)
        corpus, memory, frame = self.begin(key)
        model = self.fit(key, corpus, None)
        memory = self.remember(memory, model, m)
        frame = self.with_first(frame, model) if keep_first else frame
        return State(m, chain, model, memory, frame, self.first_status() | self.status(model, m))

    def step(self, key: Array, state: State) -> State:
        """Go from generation ``m`` to ``m + 1`` with the key of this chain and of generation ``m + 1``."""
        m = state.m + 1
        corpus, memory = self.collect(key, state.model, state.memory, m)
        model = self.fit(key, corpus, state.model)
        memory = self.remember(memory, model, m)
        return state._replace(m=m, model=model, memory=memory, status=state.status | self.status(model, m))

    def measure(self, statistics: tuple[Statistic, ...], state: State, *, truth: bool = False) -> dict[str, Array]:
        """Return statistics of a state, or of generation 0, by name; NaN, False or -1 where the status is bad."""

        def sound(value: Array) -> Array:
            nothing = jnp.nan if jnp.issubdtype(value.dtype, jnp.floating) else -(value.dtype != jnp.bool_)
            return jnp.where(state.status == 0, value, jnp.asarray(nothing, value.dtype))

        view = self.view_truth(state) if truth else self.view(state)
        return jax.tree.map(sound, self.evaluate(statistics, view))

    @property
    def vocabulary(self) -> int:
        """The number of tokens, seen or not."""
        return self.p.shape[-1]

    # What is asked of a process and of its states; see process/one_context.py, and process/many_contexts.py.
    # with_first(frame, model), first_status(), status(model, m); view(state), view_truth(state), evaluate(statistics,
    # view); is_fixed(state), truth_is_fixed(), absorbed(state); check_run(generations), workload(), components()


class RecordSchedule(NamedTuple):
    """Generations to go through, and which of them to record; static, and relative, so that equal ones compile once.

    Attributes:
      first: how many to the first that is recorded. rows: how many are recorded.
      every: how many from one of them to the next. rest: how many after the last.
    """

    first: int
    rows: int
    every: int
    rest: int

    @property
    def generations(self) -> int:
        """How many generations the schedule goes through."""
        return self.first + max(self.rows - 1, 0) * self.every + self.rest


class Scheme(abc.ABC):
    """How a batch of chains ``[chains, ...]`` is advanced: the one seam for speed. Static, hashable, in the provenance."""

    @abc.abstractmethod
    def batch(self, process: Process, chains: int, backend: str) -> int:
        """Return how many chains are advanced together; 1 is one after another, without a batch axis."""

    @abc.abstractmethod
    def advance(
        self,
        key: Array,
        process: Process,
        states: State,
        schedule: RecordSchedule,
        record: tuple,
        *,
        final: bool = False,
    ) -> tuple[State, dict[str, Array]]:
        """Advance, and record ``[chains, rows, ...]``; ``final`` says that of the last states only the status is wanted."""

    @abc.abstractmethod
    def passage(self, key: Array, process: Process, chains: Array, horizon: Array) -> Any:
        """Return when chains collapse, as :class:`jaxcollapse.CollapseTimes`."""

    def breakpoints(self, after: int, until: int) -> tuple[int, ...]:
        """Return the generations in between at which ``convert`` changes the structure of states."""
        return ()

    def convert(self, process: Process, states: State, m: int) -> State:
        """Return states of generation ``m`` (static) in the structure that later generations have."""
        return states

    def compact(self, process: Process, states: State) -> State:
        """Return states in arrays as small as their values allow; on the host only."""
        return states

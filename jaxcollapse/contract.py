"""The contract: what a learner, its corpora, a regime, a process and a scheme are, for one chain without a batch axis.

An experiment is a Markov chain on models: *generate, collect, train*, again. A **learner** knows how a model is trained
on a corpus and how it writes one; a **regime** knows which earlier generations feed the next one; a **process** joins
them; a **scheme** advances many chains. Generation ``m = 0`` is the truth, ``m = 1`` the first model. A corpus is a
list of items (tokens, or documents), and sizes count items. Everything here is pure and runs inside JAX.
"""

from __future__ import annotations

import abc
import dataclasses
import enum
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxcollapse import check

# Pytrees, which only their owner looks into.
Model: TypeAlias = Any
Corpus: TypeAlias = Any
Pool: TypeAlias = Any
Average: TypeAlias = Any
Memory: TypeAlias = Any
Frame: TypeAlias = Any


class Role(enum.IntEnum):
    """The last fold of a generation's key: what its random bits are for."""

    COLLECT = 0
    FIT = 1
    BEGIN = 2


class Status(enum.IntFlag):
    """The flags that say what was wrong with a chain; its statistics are then NaN, False, or -1."""

    OK = 0
    SIZE = 1  #: a size, share or weight is outside its range or capacity, or a pool outgrew its capacity
    TRUTH = 2  #: p has a NaN or negative entry, or does not sum to one
    LEARNER = 4  #: a number of the learner, such as a temperature, is outside its range
    FIT = 8  #: a model could not be fitted


class State(NamedTuple):
    """One chain between two generations; ``chain`` is its number, which is data and not its position in a batch."""

    m: Array  # the generation of `model`, int32 []; the same for all chains
    chain: Array  # int32 []
    model: Model  # p^(m)
    memory: Memory  # what the regime keeps
    frame: Frame  # what the learner needs to compare a model with the truth
    status: Array  # a Status, int32 []


class View(NamedTuple):
    """What a statistic may use of one model; a field is None where the learner has no such thing.

    Arrays are ``[width]``: an entry for each token that the chain can still produce, in increasing order, then padding.
    """

    model: Model  # the model itself, in the learner's own form
    tokens: Any = None  # index in the vocabulary, int32; the vocabulary's size for padding
    p: Any = None  # probabilities, float32
    q: Any = None  # 1 - p, exact near p = 1
    surprisal: Any = None  # -ln p in nats, and 0 where p is 0
    counts: Any = None  # the token counts whose frequencies are p, int32; None for the truth
    total: Any = None  # the sum of the counts, int32 []
    truth: Any = None  # true probabilities, 0 for padding
    truth_surprisal: Any = None  # -ln of the true probabilities in nats, and 0 where they are 0
    dropped_truth: Any = None  # the true mass of tokens without an entry, and the sum of its squares, in fixed point
    first: Any = None  # p^(1); None unless a recorded statistic asks for it
    dropped_first: Any = None  # the same of p^(1)
    score: jax.tree_util.Partial | None = None  # documents [..., length] -> ln p of each token given those before it


@dataclasses.dataclass(frozen=True)
class Statistic:
    """A named function of the view of a model."""

    name: str  # the name under which it is recorded
    of: Callable[[View], Array]  # maps the view of one chain to a number or an array
    requires: frozenset[str] = frozenset({"p"})  # the fields of View without which it cannot be computed
    # Of contexts: "mean" by frequency (of truth values: all), "each", or "joint", where `of` sees all contexts at once.
    over: str = "mean"
    keep_first: bool = False  # whether p^(1) is kept for it although it does not require it
    long_name: str = ""  # its description for axes and files; the name where empty
    units: str = ""  # nats, tokens, counts, or nothing


class Workload(NamedTuple):
    """What one generation of one chain costs."""

    entries: int  # how many numbers are in memory at once
    multithreaded: bool = False  # whether a compiled kernel distributes the chains of a batch over the cores


class Sources(NamedTuple):
    """The models that a regime may draw from besides those of its chain."""

    truth: Model


class Corpora(abc.ABC):
    """Operations on corpora, static and without numbers; ``provides`` names the optional ones that exist."""

    provides: ClassVar[frozenset[str]] = frozenset()
    length: Callable[..., Array]  # (corpus): the number of items, int32 []
    concatenate: Callable[..., Corpus]  # (first, second): both, with the capacities of both
    resize: Callable[..., Corpus]  # (corpus, capacity): the same items in arrays of another capacity
    # The operations below are optional.
    gather: Callable[..., Corpus]  # (stack, rows, positions, size): item j is item positions[j] of corpus rows[j]
    # "exchangeable" in `provides`: the order of items means nothing, so that any of them may be gathered
    pool: Callable[..., Pool]  # (corpus, frame, capacity): a new pool; "unbounded": with capacity None it never fills
    extend: Callable[..., Pool]  # (pool, corpus): the pool with the items of the corpus added
    subsample: Callable[..., Corpus]  # (key, pool, size, capacity, replace): items of the pool drawn at random
    reweight: Callable[..., Corpus]  # (first, second, weight): each item of the first counts `weight` times


class Learner(abc.ABC):
    """How a model is trained and how it writes: a pytree whose numbers are leaves. Only five members are abstract."""

    provides: ClassVar[frozenset[str]] = frozenset()  # "average": `average` and `include` exist
    is_frequency_table: ClassVar[bool] = False  # a model is the frequencies of its corpus, written as they are
    joint: ClassVar[bool] = False  # `fit` takes the corpora of all contexts at once, [contexts, ...]
    average: Callable[..., Average]  # (source, frame): an average of one distribution, which `write` writes from
    include: Callable[..., Average]  # (average, source): the average with the distribution of `source` included
    untrained: Callable[..., Model]  # (truth): the model before any training, for contexts whose corpora may be empty

    @property
    @abc.abstractmethod
    def corpora(self) -> Corpora:
        """Return the operations on this learner's corpora."""

    @abc.abstractmethod
    def truth(self, language: Any) -> Model:
        """Return the language as a model that real items are drawn from."""

    @abc.abstractmethod
    def write(self, key: Array, model: Model | Average, truth: Model, size: Array, capacity: int) -> Corpus:
        """Write ``size`` (traced) synthetic items into ``capacity`` (static) slots; ``model`` may be the truth."""

    @abc.abstractmethod
    def fit(self, key: Array, corpus: Corpus | Pool, previous: Model | None) -> Model:
        """Train a model on a corpus; ``previous`` is the last model, None at generation 1."""

    @abc.abstractmethod
    def view(self, model: Model, truth: Model, frame: Frame) -> View:
        """Return what statistics see of a model, or of the truth itself."""

    def draw(self, key: Array, truth: Model, size: Array, capacity: int) -> Corpus:
        """Draw ``size`` (traced) real items of the truth into ``capacity`` (static) slots."""
        return self.write(key, truth, truth, size, capacity)

    def bind(self, language: Any, regime: Regime) -> tuple[Learner, Any]:
        """Return this learner with static settings that suit a language and a regime, and the language as arrays."""
        return self, check.language(language)

    def probabilities(self, language: Any) -> Any:
        """Return the true probabilities of tokens, ``float32 [vocabulary]``; None where the language has none."""
        return language if isinstance(language, jax.Array | np.ndarray) else None

    def frame(self, real: Corpus, truth: Model, closed: bool) -> tuple[Corpus, Frame]:
        """Return the first real data and a frame; where ``closed``, only the tokens of these data can ever occur."""
        return real, ()

    def with_first(self, frame: Frame, model: Model) -> Frame:
        """Return the frame with p^(1) stored in it, for statistics that compare later models with it."""
        return frame

    def fixed_token(self, source: Any) -> Array:
        """Return the only token that a model, truth, corpus, pool or average can write; -1 if unknown or several."""
        return jnp.int32(-1)

    def status(self, model: Model | None = None) -> Array:
        """Return the :class:`Status` of traced settings or, given a model, of its fit, ``int32 []``."""
        return jnp.int32(0)

    def check_run(self, regime: Regime, generations: int) -> None:  # noqa: B027
        """Raise ValueError where the learner cannot hold a run of so many generations."""

    def workload(self, language: Any, regime: Regime) -> Workload:
        """Return what a generation costs; the higher the cost, the fewer chains are advanced at a time."""
        return Workload(regime.corpus_capacity)

    def scheme(self, regime: Regime) -> Scheme | None:
        """Return a scheme that advances chains of this learner faster than the plain one, if there is one."""
        return None

    @property
    def label(self) -> str:
        """Return the settings in a few words, for titles; an empty text where no setting differs from the default."""
        return ""

    def recurrence(self, past: Any, corpus: Any) -> Any:
        """Return the model in terms of its corpus, for the theory of second moments."""
        raise TypeError(f"theory knows the learner Categorical only, got {type(self).__name__}")


class Regime(abc.ABC):
    """Which earlier generations feed the next one, whatever items are. Most derive from ``regimes.base.Base``."""

    memoryless: ClassVar[bool] = False  # static: True when nothing but the last model is needed
    collapses: ClassVar[bool] = True  # static: False when real data are kept or drawn for ever
    sizes: ClassVar[Mapping[str, str]] = {}  # the fields that are sizes, with the fields of their capacities
    least: ClassVar[Mapping[str, int]] = {}  # the least value of a size, where that is not 1
    size: Callable[..., Array]  # (name, m): a size at generation m, int32 []
    draw_real: Callable[..., Corpus]  # (key, learner, truth): the real data that generation 1 needs
    first: Callable[..., tuple[Corpus, Memory]]  # (key, learner, sources, real, frame): what generation 1 is trained on

    @property
    def closed(self) -> bool:
        """Return whether only tokens of the real data of generation 1 can ever occur; static."""
        return False

    @property
    @abc.abstractmethod
    def corpus_capacity(self) -> int:
        """Return the most items that a generation is trained on, static; of a pool, the most that are drawn from it."""

    def requires(self, provided: frozenset[str]) -> tuple[str, ...]:
        """Return the operations that the regime needs of a learner and its corpora, which provide ``provided``."""
        return ()

    def is_invalid(self, m: Any) -> Array:
        """Return whether a traced size at generation ``m`` is outside its capacity, ``bool []``."""
        return jnp.asarray(False)

    def check_run(self, generations: int) -> None:  # noqa: B027
        """Raise ValueError where the regime cannot hold a run of so many generations."""

    def items_pooled(self, generations: int) -> int:
        """Return how many items the pool holds after so many generations; 0 in a regime without a pool."""
        return 0

    @abc.abstractmethod
    def collect(
        self, key: Array, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array
    ) -> tuple[Corpus, Memory]:
        """Return what generation ``m >= 2`` is trained on, and the memory; ``model`` is generation ``m - 1``."""

    def remember(self, learner: Learner, memory: Memory, model: Model, m: Array) -> Memory:
        """Return the memory after generation ``m`` is trained; it has one structure from ``m = 1`` on."""
        return memory

    def absorbed(self, learner: Learner, sources: Sources, model: Model, memory: Memory, m: Array) -> Array:
        """Return whether every later model consists of the one token of generation ``m``, ``bool []``."""
        return learner.fixed_token(model) >= 0

    def recurrence(self, past: Any, m: int) -> Any:
        """Return how p^(m) arises from earlier generations, for the theory of second moments."""
        raise TypeError(f"theory needs a regime that says its recurrence, and {type(self).__name__} does not")


class Process(abc.ABC):
    """One chain in four phases, which ``init`` and ``step`` call; a pytree. Each phase folds its role into the key."""

    language: Any  # the truth as arrays
    regime: Regime
    learner: Any  # a Learner, or a combination of several
    scheme: Scheme  # static: how many chains are advanced
    many: ClassVar[bool] = False  # whether there are several contexts side by side

    # The phases take the generation's key. They and the other members are described in process/one_context.py.
    begin: Callable[..., tuple[Corpus, Memory, Frame]]  # (key): what generation 1 is trained on
    collect: Callable[..., tuple[Corpus, Memory]]  # (key, model, memory, m): what generation m >= 2 is trained on
    fit: Callable[..., Model]  # (key, corpus, previous)
    remember: Callable[..., Memory]  # (memory, model, m)
    with_first: Callable[..., Frame]  # (frame, model)
    first_status: Callable[[], Array]  # the status of the truth and of settings
    status: Callable[..., Array]  # (model, m): the status of a fit and of the sizes at m
    view: Callable[[State], View]  # the model of a state
    view_truth: Callable[[State], View]  # generation 0, beside the p^(1) of a chain
    evaluate: Callable[..., dict[str, Array]]  # (statistics, view)
    is_fixed: Callable[[State], Array]  # the model can write one token only, bool []
    truth_is_fixed: Callable[[], Array]
    absorbed: Callable[[State], Array]  # nothing can change any more, bool []
    is_constant: Callable[[], bool]  # a model that is fixed stays the same for ever, static
    check_run: Callable[[int], None]
    workload: Callable[[], Workload]
    components: Callable[[], list[tuple[float, Process]]]  # contexts, each a process with its frequency
    p: Any  # true probabilities, float32 [vocabulary] or [contexts, vocabulary], where the language has them
    vocabulary: Any  # the number of tokens, seen or not, int

    def init(self, key: Array, chain: Array, *, keep_first: bool = True) -> State:
        """Return the chain at generation 1, given its key of that generation; ``keep_first`` (static) keeps p^(1)."""
        m = jnp.int32(1)
        corpus, memory, frame = self.begin(key)
        model = self.fit(key, corpus, None)
        memory = self.remember(memory, model, m)
        frame = self.with_first(frame, model) if keep_first else frame
        return State(m, chain, model, memory, frame, self.first_status() | self.status(model, m))

    def step(self, key: Array, state: State) -> State:
        """Advance the chain from generation ``m`` to ``m + 1``, given its key of generation ``m + 1``."""
        m = state.m + 1
        corpus, memory = self.collect(key, state.model, state.memory, m)
        model = self.fit(key, corpus, state.model)
        memory = self.remember(memory, model, m)
        return state._replace(m=m, model=model, memory=memory, status=state.status | self.status(model, m))

    def measure(self, statistics: tuple[Statistic, ...], state: State, *, truth: bool = False) -> dict[str, Array]:
        """Return the statistics of a state, or of generation 0, by name; NaN, False or -1 where the status is bad."""

        def sound(value: Array) -> Array:
            nothing = jnp.nan if jnp.issubdtype(value.dtype, jnp.floating) else -(value.dtype != jnp.bool_)
            return jnp.where(state.status == 0, value, jnp.asarray(nothing, value.dtype))

        view = self.view_truth(state) if truth else self.view(state)
        return jax.tree.map(sound, self.evaluate(statistics, view))


class Scheme(abc.ABC):
    """How a batch of chains ``[chains, ...]`` is advanced: the one seam for speed. Static, hashable, in provenance."""

    @abc.abstractmethod
    def batch(self, process: Process, chains: int, backend: str) -> int:
        """Return how many chains are advanced together; with 1 they go one by one, without a batch axis."""

    @abc.abstractmethod
    def advance(
        self, key: Array, process: Process, states: State, schedule: Any, record: tuple[Statistic, ...], *, final: bool
    ) -> tuple[State, dict[str, Array]]:
        """Advance by a ``RecordSchedule`` and record ``[chains, rows, ...]``; if ``final``, last states are unused."""

    @abc.abstractmethod
    def passage(self, key: Array, process: Process, chains: Array, horizon: Array) -> Any:
        """Return when chains collapse, as :class:`jaxcollapse.CollapseTimes`."""

    def breakpoints(self, after: int, until: int) -> tuple[int, ...]:
        """Return the generations between these two at which ``convert`` changes the structure of states."""
        return ()

    def convert(self, process: Process, states: State, m: int) -> State:
        """Return states of generation ``m`` (static) in the structure that later generations have."""
        return states

    def compact(self, process: Process, states: State) -> State:
        """Return states in arrays as small as their values allow; called on the host only, outside compiled code."""
        return states
